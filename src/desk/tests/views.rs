//! Saved views: one's own, and those that are shared.

use super::*;

const AGENT: &str = "tickets:read,tickets:write";

fn view(bench: &Bench, name: &str, more: &[(&str, Value)]) -> Result<Row, Error> {
    let names = [
        ("Name", text(name)),
        ("EntitySet", text("tickets")),
        ("Query", text("$filter=IsClosed eq false")),
    ];
    bench.create(set::SAVED_VIEWS, &[&names[..], more].concat())
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.user("Bob", Role::Administrator);
    bench.as_user(1, AGENT);
    bench
}

#[test]
fn a_view_belongs_to_who_makes_it_and_names_a_set_they_may_read() {
    let bench = bench();
    let row = view(&bench, "Mine", &[]).unwrap();
    let names = ["EntitySet", "OwnerId", "IsShared", "Position"];
    let seen: Vec<String> = names.iter().map(|name| bench.show(&row, name)).collect();
    assert_eq!(seen, ["Tickets", "1", "false", "0"]);
    for set in ["Users", "Nothing"] {
        let refusal = refused(bench.change(set::SAVED_VIEWS, 1, &[("EntitySet", text(set))]));
        let want = format!("InvalidValue 'EntitySet' does not fit: there is no set '{set}'");
        assert_eq!(refusal, want, "what one may not read is not there");
    }
}

#[test]
fn sharing_and_the_views_of_others_need_more() {
    let mut bench = bench();
    let shared = [("IsShared", Value::Bool(true))];
    let needs = Error::Forbidden { scope: "settings:write".into() };
    assert_eq!(view(&bench, "All", &shared), Err(needs.clone()));
    view(&bench, "Mine", &[]).unwrap();
    assert_eq!(bench.change(set::SAVED_VIEWS, 1, &shared), Err(needs.clone()));
    assert_eq!(view(&bench, "For Bob", &[("OwnerId", Value::Int(2))]), Err(needs.clone()));
    bench.as_user(2, AGENT);
    let renamed = [("Name", text("His"))];
    assert_eq!(
        refused(bench.change(set::SAVED_VIEWS, 1, &renamed)),
        "NotFound there is no SavedView 1"
    );
    assert_eq!(refused(bench.remove(set::SAVED_VIEWS, 1)), "NotFound there is no SavedView 1");
    bench.as_user(2, "tickets:read,tickets:write,settings:write");
    assert_eq!(bench.change(set::SAVED_VIEWS, 1, &renamed).unwrap_err().status(), 404);
    view(&bench, "All", &shared).unwrap();
    view(&bench, "For Ann", &[("OwnerId", Value::Int(1)), shared[0].clone()]).unwrap();
    assert_eq!(
        refused(view(&bench, "Lost", &[("OwnerId", Value::Int(9))])),
        "InvalidValue 'OwnerId' does not fit: there is no Users(9)"
    );
    bench.as_user(1, AGENT);
    assert_eq!(bench.change(set::SAVED_VIEWS, 2, &renamed), Err(needs.clone()));
    assert_eq!(bench.remove(set::SAVED_VIEWS, 2), Err(needs));
    bench.change(set::SAVED_VIEWS, 3, &[("IsShared", Value::Bool(false))]).unwrap();
    bench.remove(set::SAVED_VIEWS, 1).unwrap();
}

#[test]
fn who_leaves_leaves_what_they_shared() {
    let mut bench = bench();
    view(&bench, "Mine", &[]).unwrap();
    bench.as_user(1, "tickets:read,tickets:write,settings:write");
    view(&bench, "Ours", &[("IsShared", Value::Bool(true))]).unwrap();
    bench.caller = Principal::system();
    bench.remove(set::USERS, 1).unwrap();
    assert_eq!(bench.list(set::SAVED_VIEWS, &["Name", "OwnerId"]), ["Ours -"]);
}

/// A token of the workspace took what belongs to nobody for its own, also what somebody deleted had shared.
#[test]
fn what_belongs_to_nobody_is_shared_and_is_nobodys_own() {
    let mut bench = bench();
    bench.caller = Principal { user_id: None, ..bench.caller.clone() };
    assert_eq!(
        refused(view(&bench, "Mine", &[])),
        "InvalidValue 'IsShared' does not fit: a view of nobody in particular is everybody's: it \
         takes true, or name its 'OwnerId'"
    );
    let needs = Error::Forbidden { scope: "settings:write".into() };
    let shared = [("IsShared", Value::Bool(true))];
    assert_eq!(view(&bench, "Ours", &shared), Err(needs.clone()));
    let narrow = std::mem::replace(&mut bench.caller, Principal::system());
    view(&bench, "Ours", &shared).unwrap();
    assert!(bench.change(set::SAVED_VIEWS, 1, &[("IsShared", Value::Bool(false))]).is_err());
    bench.caller = narrow;
    assert_eq!(bench.change(set::SAVED_VIEWS, 1, &[("Name", text("His"))]), Err(needs.clone()));
    assert_eq!(bench.remove(set::SAVED_VIEWS, 1), Err(needs));
}

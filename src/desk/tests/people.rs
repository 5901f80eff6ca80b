//! Customers, staff, teams and who is in them: changed and deleted.

use super::*;
use crate::{auth::Visit, desk::users};

const LAST: &str = "Conflict 'User' conflicts: this is the last active administrator; make another \
                    one first";

fn customer(bench: &Bench, name: &str, address: &str) -> Result<Row, Error> {
    bench.create(set::CUSTOMERS, &[("Name", text(name)), ("Email", text(address))])
}

#[test]
fn a_customer_is_made_with_defaults_and_changed() {
    let bench = Bench::new();
    let row = customer(&bench, "Mia", "mia@example.com").unwrap();
    assert_eq!(bench.show(&row, "IsVip"), "false");
    bench.at("2026-11-22T00:00:00Z");
    let names = [("IsVip", Value::Bool(true)), ("TimeZone", text("Europe/Berlin"))];
    let after = bench.change(set::CUSTOMERS, 1, &names).unwrap();
    assert_eq!(bench.show(&row, "UpdatedDateTime"), "2026-11-22T00:00:00Z");
    assert_eq!(bench.show(&row, "CreatedDateTime"), START);
    assert_eq!(bench.change(set::CUSTOMERS, 1, &names).unwrap(), after, "nothing differs");
}

#[test]
fn a_person_needs_a_name_an_address_of_their_own_and_a_known_zone() {
    let bench = Bench::new();
    customer(&bench, "Mia", "mia@example.com").unwrap();
    customer(&bench, "Max", "max@example.com").unwrap();
    for (name, value, want) in [
        ("Name", text(" "), "'Name' does not fit: it is a text in one line that is not blank"),
        (
            "Name",
            text("\u{200b}\u{202e}"),
            "'Name' does not fit: it is a text in one line that is not blank",
        ),
        ("Email", text("mia"), "'Email' does not fit: it takes an address such as mia@example.com"),
        (
            "TimeZone",
            text("Middle/Earth"),
            "'TimeZone' does not fit: it takes a time zone such as UTC or Europe/Berlin",
        ),
    ] {
        let refusal = refused(bench.change(set::CUSTOMERS, 2, &[(name, value)]));
        assert_eq!(refusal, format!("InvalidValue {want}"));
    }
    let taken = bench.change(set::CUSTOMERS, 2, &[("Email", text("MIA@example.com"))]);
    assert_eq!(
        refused(taken),
        "Conflict 'Email' conflicts: another Customer has this value, which must be unique"
    );
    bench.change(set::CUSTOMERS, 2, &[("Email", Value::Null)]).unwrap();
    assert_eq!(
        refused(bench.create(set::CUSTOMERS, &[])),
        "InvalidValue 'Name' does not fit: it must be given"
    );
}

#[test]
fn who_is_still_named_is_not_deleted() {
    let mut bench = Bench::new();
    let (ann, bob) = (bench.user("Ann", Role::Administrator), bench.user("Bob", Role::Agent));
    bench
        .ticket(&[("RequesterEmail", text("mia@example.com")), ("AssigneeId", bob.into())])
        .unwrap();
    let on = [("TicketId", Value::Int(1)), ("Body", text("x"))];
    bench
        .create(set::COMMENTS, &[&on[..], &[("AuthorCustomerId", Value::Int(1))]].concat())
        .unwrap();
    let team = bench.create(set::TEAMS, &[("Name", text("Net"))]).unwrap();
    bench.create(set::TEAM_MEMBERS, &[("TeamId", Value::Int(1)), ("UserId", bob.into())]).unwrap();
    bench.update(1, &[("TeamId", Value::Int(1))]).unwrap();
    bench.as_user(bob, "comments:create");
    bench.create(set::COMMENTS, &on).unwrap();
    bench.create(set::COMMENTS, &on).unwrap();
    bench.caller = Principal::system();
    let before = bench.trace();
    assert_eq!(
        refused(bench.remove(set::CUSTOMERS, 1)),
        "Conflict 'Customer' conflicts: it is named by 1 ticket and 1 comment; delete these first, or \
         clear its name and address"
    );
    assert_eq!(
        refused(bench.remove(set::USERS, bob)),
        "Conflict 'User' conflicts: it is named by 1 ticket, 2 comments and 1 place in a team; disable \
         this person instead with 'IsActive'"
    );
    assert_eq!(
        refused(bench.remove(set::TEAMS, 1)),
        "Conflict 'Team' conflicts: it is named by 1 ticket; archive it instead with 'IsArchived'"
    );
    assert_eq!(bench.trace(), before);
    bench.update(1, &[("TeamId", Value::Null)]).unwrap();
    bench.remove(set::TEAMS, 1).unwrap();
    assert!(bench.list(set::TEAM_MEMBERS, &["UserId"]).is_empty(), "members go with their team");
    assert_eq!(refused(bench.remove(set::TEAMS, 1)), "NotFound there is no Team 1");
    drop(team);
    assert_eq!(refused(bench.remove(set::USERS, ann)), LAST);
}

#[test]
fn nobody_is_in_a_team_twice_or_in_one_that_is_not_there() {
    let bench = Bench::new();
    let ann = bench.user("Ann", Role::Agent);
    bench.create(set::TEAMS, &[("Name", text("Net"))]).unwrap();
    let join = |team: i64, user: i64| {
        bench.create(set::TEAM_MEMBERS, &[("TeamId", team.into()), ("UserId", user.into())])
    };
    join(1, ann).unwrap();
    assert_eq!(join(1, ann).unwrap_err().status(), 409);
    assert_eq!(refused(join(2, ann)), "InvalidValue 'TeamId' does not fit: there is no Teams(2)");
    assert_eq!(refused(join(1, 9)), "InvalidValue 'UserId' does not fit: there is no Users(9)");
    let key = Key::new(&[Value::Int(1), Value::Int(ann)]);
    let at = (set::TEAM_MEMBERS, key);
    block_on(bench.desk.delete(&bench.caller, at, Precondition::default())).unwrap();
    assert!(bench.list(set::TEAM_MEMBERS, &["UserId"]).is_empty());
}

#[test]
fn the_last_administrator_who_can_do_anything_stays_one() {
    let bench = Bench::new();
    let ann = bench.user("Ann", Role::Administrator);
    let off = [("IsActive", Value::Bool(false))];
    let demoted = [("Role", text("Agent"))];
    assert_eq!(refused(bench.change(set::USERS, ann, &off)), LAST);
    assert_eq!(refused(bench.change(set::USERS, ann, &demoted)), LAST);
    assert_eq!(refused(bench.remove(set::USERS, ann)), LAST);
    let bob = bench.user("Bob", Role::Administrator);
    bench.change(set::USERS, bob, &off).unwrap();
    assert_eq!(refused(bench.change(set::USERS, ann, &demoted)), LAST, "a disabled one is none");
    bench.remove(set::USERS, bob).unwrap();
    bench.user("Cleo", Role::Administrator);
    bench.change(set::USERS, ann, &demoted).unwrap();
    bench.remove(set::USERS, ann).unwrap();
}

/// A token with `users:write` and little else could make its owner an administrator.
#[test]
fn nobody_gives_or_takes_more_rights_than_they_have() {
    let mut bench = Bench::new();
    let (ann, bob) =
        (bench.user("Ann", Role::Administrator), bench.user("Bob", Role::ReadOnlyAgent));
    bench.user("Cleo", Role::Administrator);
    bench.as_user(bob, "users:read,users:write,users:delete,tickets:read,customers:read");
    let before = bench.trace();
    for (id, change) in [
        (bob, ("Role", text("Agent"))),
        (bob, ("Role", text("Administrator"))),
        (ann, ("Role", text("ReadOnlyAgent"))),
        (ann, ("IsActive", Value::Bool(false))),
        (ann, ("Email", text("mine@example.net"))),
    ] {
        let refusal = bench.change(set::USERS, id, &[change]).unwrap_err();
        assert_eq!(refusal.code(), "ExceedsRights");
    }
    assert_eq!(bench.remove(set::USERS, ann).unwrap_err().code(), "ExceedsRights");
    assert_eq!(bench.trace(), before);
    bench.change(set::USERS, ann, &[("Name", text("Anna"))]).unwrap();
    let unknown = bench.change(set::USERS, bob, &[("Role", text("Boss"))]);
    assert!(
        refused(unknown).starts_with("InvalidValue 'Role' does not fit: there is no role 'Boss'")
    );
}

#[test]
fn the_tokens_of_somebody_disabled_stop_at_once_and_work_again_later() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let bob = bench.user("Bob", Role::Agent);
    let request = crate::desk::tokens::Request {
        owner_id: Some(bob),
        ..crate::desk::tokens::Request::new("t", Role::Agent)
    };
    let (_, secret) = block_on(bench.desk.mint_token(&bench.caller, request)).unwrap();
    let scopes = || bench.desk.authenticate(&Visit::here(secret.expose())).unwrap().scopes;
    assert_eq!(scopes(), Role::Agent.scopes());
    let set_active = |is_active| {
        block_on(bench.desk.set_user_active(&bench.caller, "BOB@example.net", is_active)).unwrap()
    };
    set_active(false);
    assert_eq!(scopes(), Scopes::NONE);
    set_active(true);
    assert_eq!(scopes(), Role::Agent.scopes());
    block_on(bench.desk.set_user_role(&bench.caller, "2", Role::ReadOnlyAgent)).unwrap();
    assert_eq!(scopes(), Role::ReadOnlyAgent.scopes());
    assert_eq!(
        refused(bench.remove(set::USERS, bob)),
        "Conflict 'User' conflicts: it is named by 1 access token; disable this person instead with \
         'IsActive'"
    );
}

#[test]
fn a_member_of_staff_is_found_by_id_or_address() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    let find = |who| users::find(&*bench.desk.snapshot(), who).map(|row| bench.show(&row, "Name"));
    assert_eq!(find("1"), Ok("Ann".into()));
    assert_eq!(find("ANN@example.net"), Ok("Ann".into()));
    assert_eq!(
        refused(find("eve@example.net")),
        "InvalidValue 'User' does not fit: nobody has the id or address 'eve@example.net'"
    );
}

/// Another administrator is worth as much as an administrator's token, which asks for the password.
#[test]
fn a_session_confirms_before_it_makes_an_administrator() {
    let mut bench = Bench::new();
    let (ann, bob) = (bench.user("Ann", Role::Administrator), bench.user("Bob", Role::Agent));
    let all = crate::auth::Scopes::all().to_string();
    bench.as_user(ann, &all);
    let sure = bench.caller.clone();
    bench.caller.confirmed = crate::auth::Confirmed::Person(false);
    let raise = [("Role", text("Administrator"))];
    let denied = bench.change(set::USERS, bob, &raise).unwrap_err();
    assert_eq!(denied, Error::ConfirmationRequired);
    let new = [("Name", text("Cleo")), ("Email", text("c@x.example")), raise[0].clone()];
    assert_eq!(bench.create(set::USERS, &new).unwrap_err(), Error::ConfirmationRequired);
    bench.change(set::USERS, bob, &[("Role", text("ReadOnlyAgent"))]).unwrap();
    bench.caller = sure;
    bench.change(set::USERS, bob, &raise).unwrap();
    bench.create(set::USERS, &new).unwrap();
}

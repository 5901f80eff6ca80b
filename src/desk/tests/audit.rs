//! The audit log, and what is counted of tokens, through the verbs.

use super::*;
use crate::{
    auth::Visit,
    desk::{
        audit::{self, Entry, Event},
        get,
        tokens::Request,
    },
    model::props::token_use,
};

fn at_any(id: Option<i64>) -> (Key, Precondition) {
    (Key::Int(id.unwrap()), Precondition::default())
}

/// A token of the workspace itself.
fn mint(bench: &Bench) -> Principal {
    let request = Request::new("t", Role::Agent);
    let (_, secret) = block_on(bench.desk.mint_token(&bench.caller, request)).unwrap();
    bench.desk.authenticate(&Visit::here(secret.expose())).unwrap()
}

/// Each row as `event subject-set subject-id count`.
fn rows(bench: &Bench) -> Vec<String> {
    bench.list(set::AUDIT_EVENTS, &["Event", "EntitySet", "EntityId", "Count"])
}

#[test]
fn what_is_refused_is_told_in_few_words_if_it_is_told() {
    let told = |error: Error| {
        Entry::of_refusal(&error)
            .map(|entry| format!("{} {}", entry.event.name(), entry.detail.unwrap_or_default()))
    };
    let (asked, held) = ("users:write,audit:read".to_owned(), String::new());
    let target = "ExpiresDateTime".to_owned();
    for (error, want) in [
        (Error::Forbidden { scope: "users:read".into() }, Some("ScopeDenied users:read")),
        (Error::ExceedsRights { asked, held }, Some("Refused ExceedsRights")),
        (
            Error::PolicyForbids { target, reason: "too late".into() },
            Some("Refused PolicyForbids: ExpiresDateTime"),
        ),
        (Error::ConfirmationRequired, Some("Refused ConfirmationRequired")),
        (Error::NotFound { what: "x".into() }, None),
    ] {
        assert_eq!(told(error).as_deref(), want);
    }
}

#[test]
fn use_of_a_token_is_stored_by_the_flush_and_only_while_it_exists() {
    let bench = Bench::new();
    let (caller, other) = (mint(&bench), mint(&bench));
    let caller = Principal { agent: Some("curl/8".into()), ..caller };
    let gone = Principal { token_id: Some(99), ..other.clone() };
    for caller in [&caller, &caller, &caller, &gone] {
        bench.desk.note_use(caller);
    }
    bench.desk.note(&caller, Entry::new(Event::ScopeDenied).detail("users:read"));
    let before = bench.desk.snapshot();
    assert_eq!(before.rows(set::TOKEN_USES).count(), 0);
    block_on(bench.desk.flush(false)).unwrap();
    let snapshot = bench.desk.snapshot();
    let stored: Vec<Row> = snapshot.rows(set::TOKEN_USES).collect();
    let [row] = stored.as_slice() else { panic!("{stored:?}") };
    let value = |prop| get(helpdesk(), row, prop);
    assert_eq!(value(token_use::TOKEN_ID).as_int(), caller.token_id);
    assert_eq!(value(token_use::LAST_USED).as_instant(), Some(bench.clock.now()));
    assert_eq!(value(token_use::ADDRESS), text("127.0.0.1"));
    assert_eq!(value(token_use::AGENT), text("curl/8"));
    assert_eq!(value(token_use::USE_COUNT), Value::Int(3));
    assert_eq!(value(token_use::DENIED_COUNT), Value::Int(1));
    let token = snapshot.row(set::ACCESS_TOKENS, &Key::Int(1)).unwrap();
    assert!(token.version < row.version, "use changes no token");
    assert_eq!(rows(&bench).last().unwrap(), "ScopeDenied - - 1");
    bench.desk.note_use(&caller);
    block_on(bench.desk.flush(true)).unwrap();
    let row = bench.desk.snapshot().row(set::TOKEN_USES, &Key::Int(1)).unwrap();
    assert_eq!(get(helpdesk(), &row, token_use::USE_COUNT), Value::Int(4));
}

#[test]
fn a_flush_with_nothing_to_tell_writes_nothing() {
    let bench = Bench::new();
    let before = bench.desk.snapshot().seq();
    block_on(bench.desk.flush(true)).unwrap();
    assert_eq!(bench.desk.snapshot().seq(), before);
}

/// `event set id name detail` of the rows from the `first` one on.
fn told(bench: &Bench, first: usize) -> Vec<String> {
    let names = ["Event", "EntitySet", "EntityId", "EntityName", "Detail"];
    bench.list(set::AUDIT_EVENTS, &names).split_off(first)
}

#[test]
fn every_change_is_one_row_that_names_properties_and_not_what_is_in_them() {
    let bench = Bench::new();
    bench.create(set::CUSTOMERS, &[("Email", text("a@b.example")), ("Name", text("A"))]).unwrap();
    bench.ticket(&[("Title", text("Printer")), ("RequesterId", Value::Int(1))]).unwrap();
    bench.update(1, &[("Title", text("Printer")), ("Priority", text("High"))]).unwrap();
    bench.update(1, &[("Priority", text("High"))]).unwrap();
    bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), ("Body", text("hello"))]).unwrap();
    bench.create(set::TEAMS, &[("Name", text("First line"))]).unwrap();
    bench.change(set::TEAMS, 1, &[("Name", text("Second line"))]).unwrap();
    bench.delete(1).unwrap();
    bench.act(1, crate::model::actions::RESTORE, &[]).unwrap();
    bench.remove(set::TEAMS, 1).unwrap();
    assert_eq!(
        told(&bench, 0),
        [
            "Created Customers 1 - -",
            "Created Tickets 1 - -",
            "Changed Tickets 1 - PriorityId",
            "Created Comments 1 - Tickets changed: 1",
            "Created Teams 1 First line -",
            "Changed Teams 1 Second line Name",
            "Deleted Tickets 1 - Comments deleted: 1; DeletedTickets created: 1",
            "Created Tickets 1 - Comments created: 1; DeletedTickets deleted: 1",
            "Deleted Teams 1 Second line -",
        ]
    );
    let verified = audit::verify(&*bench.desk.snapshot());
    assert_eq!((verified.rows, verified.faults), (9, vec![]));
}

#[test]
fn what_concerns_access_has_its_own_events_and_tells_the_values() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.user("Root", Role::Administrator);
    let change = |names: &[(&str, Value)]| bench.change(set::USERS, 1, names).unwrap();
    change(&[("Role", text("Administrator")), ("Name", text("Anna"))]);
    change(&[("IsActive", false.into())]);
    change(&[("IsActive", true.into())]);
    change(&[("Name", text("Ann"))]);
    let caller = mint(&bench);
    block_on(bench.desk.revoke_token(&bench.caller, at_any(caller.token_id))).unwrap();
    let rows = told(&bench, 0);
    let begins = [
        "Created Users 1 Ann Role Agent, IsActive true",
        "Created Users 2 Root Role Administrator, IsActive true",
        "RoleChanged Users 1 Anna Name, Role from Agent to Administrator",
        "UserDisabled Users 1 Anna IsActive from true to false",
        "UserEnabled Users 1 Anna IsActive from false to true",
        "Changed Users 1 Ann Name",
        "TokenMinted AccessTokens 1 t",
        "TokenRevoked AccessTokens 1 t",
    ];
    assert_eq!(rows.len(), begins.len(), "{rows:#?}");
    for (row, begin) in rows.iter().zip(begins) {
        assert!(row.starts_with(begin), "{row} {begin}");
    }
}

#[test]
fn everything_a_token_did_is_found_by_its_id_also_after_its_end() {
    let mut bench = Bench::new();
    let ann = bench.user("Ann", Role::Agent);
    let admin = bench.caller.clone();
    let token = Principal { user_id: Some(ann), ..mint(&bench) };
    bench.caller = token.clone();
    bench.ticket(&[("Title", text("Printer"))]).unwrap();
    bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), ("Body", text("hello"))]).unwrap();
    let view = [("Name", text("Mine")), ("EntitySet", text("Tickets")), ("Query", text(""))];
    bench.create(set::SAVED_VIEWS, &view).unwrap();
    mint(&bench);
    bench.caller = admin;
    block_on(bench.desk.revoke_token(&bench.caller, at_any(token.token_id))).unwrap();
    let snapshot = bench.desk.snapshot();
    let by = Value::from(token.token_id);
    let rows =
        snapshot.rows_where(set::AUDIT_EVENTS, crate::model::props::audit::ACTOR_TOKEN_ID, &by);
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let names = ["Event", "EntitySet", "ActorUserId", "ActorName", "ActorKeyPrefix"];
            names.map(|name| bench.show(row, name)).join(" ")
        })
        .collect();
    let prefix = token.prefix.unwrap();
    let want =
        ["Created Tickets", "Created Comments", "Created SavedViews", "TokenMinted AccessTokens"];
    assert_eq!(rows, want.map(|event| format!("{event} 1 Ann {prefix}")));
}

#[test]
fn a_session_is_told_with_its_person_and_no_token() {
    let mut bench = Bench::new();
    let ann = bench.user("Ann", Role::Agent);
    bench.as_user(ann, "tickets:write");
    bench.caller.session_id = Some(bench.session(ann));
    bench.ticket(&[("Title", text("Printer"))]).unwrap();
    let names = ["ActorName", "ActorTokenId", "ActorSessionId"];
    assert_eq!(bench.list(set::AUDIT_EVENTS, &names), ["System - -", "Ann - 1"]);
}

#[test]
fn what_was_refused_leaves_no_row() {
    let bench = Bench::new();
    bench.create(set::TEAMS, &[("Name", text(" "))]).unwrap_err();
    bench.change(set::TEAMS, 7, &[("Name", text("x"))]).unwrap_err();
    assert_eq!(told(&bench, 0), Vec::<String>::new());
}

#[test]
fn a_purge_is_one_row() {
    let bench = Bench::new();
    for title in ["a", "b"] {
        bench.ticket(&[("Title", text(title))]).unwrap();
    }
    bench.delete(1).unwrap();
    bench.delete(2).unwrap();
    bench.at("2027-11-21T22:00:00Z");
    assert_eq!(block_on(bench.desk.purge()), Ok(2));
    assert_eq!(told(&bench, 4), ["Deleted - - - DeletedTickets whose time was up: 2"]);
}

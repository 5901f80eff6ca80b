//! The audit log, and what is counted of tokens, through the verbs.

use super::*;
use crate::{
    auth::Visit,
    desk::{
        audit::{Entry, Event},
        get,
        tokens::Request,
    },
    model::props::token_use,
};

/// A token of the workspace itself.
fn mint(bench: &Bench) -> Principal {
    let request = Request {
        name: "t".into(),
        role: Role::Agent,
        scopes: None,
        expires: None,
        owner_id: None,
    };
    let (_, secret) = block_on(bench.desk.mint_token(&bench.caller, request)).unwrap();
    bench.desk.authenticate(&Visit::here(secret.expose())).unwrap()
}

/// Each row as `event subject-set subject-id count`.
fn rows(bench: &Bench) -> Vec<String> {
    bench.list(set::AUDIT_EVENTS, &["Event", "EntitySet", "EntityId", "Count"])
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

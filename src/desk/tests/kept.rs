use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{
    desk::tokens,
    model::props::kept_answer,
    query::once::{Answer, Effect, Kept, Once, Told, key},
    store::Edit,
};

/// A change under that key, answered with how often an answer was written.
fn once(key: &str) -> Once {
    let written = AtomicUsize::new(0);
    let answer = move |source: &dyn crate::query::Source, effect: Effect<'_>| {
        let there = match effect {
            Effect::Entity(row) => source.row(row.set, &row.key(helpdesk())).is_some(),
            Effect::Nothing => true,
            Effect::Value(_) | Effect::Secret(_) => false,
        };
        assert!(there, "the answer is not written from what the change made");
        let body = Some(written.fetch_add(1, Ordering::Relaxed).to_string());
        Answer { status: 201, headers: vec![("etag".into(), "W/\"1\"".into())], body }
    };
    let scopes = "tickets:read".to_owned();
    Once { key: key.to_owned(), fingerprint: [7; 32], scopes, answer: Arc::new(answer) }
}

/// The same bench for a change under that key.
fn under(bench: &Bench, key: &str) -> Bench {
    Bench {
        desk: bench.desk.once(once(key)),
        clock: bench.clock.clone(),
        caller: Principal::system(),
    }
}

fn kept(bench: &Bench, key: &str) -> Option<Kept> {
    bench.desk.kept(key).unwrap()
}

#[test]
fn a_change_and_its_answer_are_kept_together() {
    let bench = Bench::new();
    assert_eq!(kept(&bench, "k"), None);
    under(&bench, "k").ticket(&[("Title", text("x"))]).unwrap();
    let answer = Answer {
        status: 201,
        headers: vec![("etag".into(), "W/\"1\"".into())],
        body: Some("0".into()),
    };
    let scopes = Some("tickets:read".to_owned());
    let told = Kept { fingerprint: [7; 32], scopes, told: Told::Answer(answer) };
    assert_eq!(kept(&bench, "k"), Some(told));
    under(&bench, "l").update(1, &[("Title", text("x"))]).unwrap();
    assert!(kept(&bench, "l").is_some(), "a change that changes nothing is answered once, too");
    under(&bench, "m").delete(1).unwrap();
    assert!(kept(&bench, "m").is_some());
}

/// A client went away while its change waited to be written, and came back before it was.
#[test]
fn a_change_is_not_made_again_under_its_key() {
    let bench = Bench::new();
    let late = under(&bench, "k");
    under(&bench, "k").ticket(&[("Title", text("x"))]).unwrap();
    let before = bench.trace();
    assert_eq!(late.ticket(&[("Title", text("x"))]).unwrap_err(), Error::IdempotencyKeyInUse);
    assert_eq!(late.delete(1).unwrap_err(), Error::IdempotencyKeyInUse);
    assert_eq!(bench.trace(), before);
}

#[test]
fn a_refused_change_leaves_its_key_free() {
    let bench = Bench::new();
    let before = bench.trace();
    let twice = under(&bench, "k");
    assert_eq!(twice.update(1, &[("Title", text("x"))]).unwrap_err().status(), 404);
    assert_eq!((bench.trace(), kept(&bench, "k")), (before, None));
    twice.ticket(&[("Title", text("x"))]).unwrap();
    assert!(kept(&bench, "k").is_some());
}

#[test]
fn of_a_minted_token_only_its_id_is_kept() {
    let bench = Bench::new();
    let request = tokens::Request::new("x", Role::Agent);
    let minting = under(&bench, "k");
    let (row, _) = block_on(minting.desk.mint_token(&minting.caller, request)).unwrap();
    let id = row.key(helpdesk()).as_int().unwrap();
    assert_eq!(kept(&bench, "k").unwrap().told, Told::Secret(id));
    let names = ["Status", "Headers", "SecretOf", "Body"];
    assert_eq!(bench.list(set::KEPT_ANSWERS, &names), [format!("409  {id} -")]);
}

#[test]
fn answers_are_forgotten_when_their_time_is_up() {
    let bench = Bench::new();
    under(&bench, "k").ticket(&[("Title", text("x"))]).unwrap();
    bench.at("2026-11-22T22:00:00Z");
    under(&bench, "l").ticket(&[("Title", text("y"))]).unwrap();
    for (at, forgotten) in
        [("2026-11-23T21:59:59Z", 0), ("2026-11-23T22:00:00Z", 1), ("2026-11-24T22:00:00Z", 1)]
    {
        bench.at(at);
        assert_eq!(block_on(bench.desk.forget_answers()), Ok(forgotten), "{at}");
    }
    assert_eq!(bench.desk.snapshot().rows(set::KEPT_ANSWERS).count(), 0);
    let titles = bench.list(set::TICKETS, &["Title"]);
    assert_eq!(titles, ["x", "y"], "what was done stays done");
}

#[test]
fn many_are_forgotten_in_several_steps() {
    let bench = Bench::new();
    let all = commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
        for at in 0..2_500 {
            let mut edit = Edit::new(helpdesk(), set::KEPT_ANSWERS);
            edit.set(helpdesk(), kept_answer::KEY, key("token 1", &at.to_string()).as_str());
            edit.set(helpdesk(), kept_answer::FINGERPRINT, Value::Binary([0; 32].into()));
            edit.set(helpdesk(), kept_answer::CREATED, draft.now());
            edit.set(helpdesk(), kept_answer::STATUS, 204);
            edit.set(helpdesk(), kept_answer::HEADERS, "");
            draft.put(set::KEPT_ANSWERS, edit)?;
        }
        Ok(draft.seq())
    })
    .unwrap();
    bench.at("2026-12-21T22:00:00Z");
    assert_eq!(block_on(bench.desk.forget_answers()), Ok(2_500));
    assert_eq!(bench.trace().0, all + 3);
}

#[test]
fn one_caller_has_no_more_kept_than_allowed() {
    let clock = Clock::fixed(START.parse().unwrap());
    let store = Arc::new(MemoryStore::new(helpdesk(), TimeZone::UTC, clock.clone()));
    let settings = Settings { idempotency_keys_max: 3, ..Settings::default() };
    let desk = Desk::new(helpdesk(), store, clock.clone(), settings);
    let bench = Bench { desk, clock, caller: Principal::system() };
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, seed::fill).unwrap();
    let asked = |who: &str, at: &str| bench.desk.kept(&key(who, at)).map(|kept| kept.is_some());
    for at in ["a", "b", "c"] {
        assert_eq!(asked("token 1", at), Ok(false));
        under(&bench, &key("token 1", at)).ticket(&[("Title", text("x"))]).unwrap();
    }
    let full = asked("token 1", "d").unwrap_err();
    assert_eq!(full.status(), 429);
    assert!(full.to_string().contains("'idempotency_keys_max'"), "{full}");
    assert_eq!((asked("token 1", "a"), asked("token 2", "d")), (Ok(true), Ok(false)));
    bench.at("2026-12-21T22:00:00Z");
    block_on(bench.desk.forget_answers()).unwrap();
    assert_eq!(asked("token 1", "d"), Ok(false));
}

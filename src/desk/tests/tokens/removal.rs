use super::*;
use crate::{
    desk::tokens::{Done, RemoveExpired},
    model::actions,
    query::once::{Answer, Effect, Once, Told},
};

fn delete(bench: &Bench, caller: &Principal, id: i64) -> Result<(), Error> {
    let at = (set::ACCESS_TOKENS, Key::Int(id));
    block_on(bench.desk.delete(caller, at, Precondition::default()))
}

#[test]
fn a_deleted_token_is_ended_and_off_the_list_with_all_that_was_kept_for_it() {
    let bench = Bench::new();
    let (row, secret) = mint(&bench, request(Role::Administrator)).unwrap();
    let prefix = bench.show(&row, "KeyPrefix");
    let parent = comes(&bench, &secret).unwrap();
    let (_, child) = mint_as(&bench, &parent, request(Role::Agent)).unwrap();
    bench.desk.note_use(&parent);
    block_on(bench.desk.flush(true)).unwrap();
    block_on(bench.desk.rotate_token(&bench.caller, at_any(1), None)).unwrap();
    delete(&bench, &bench.caller, 1).unwrap();
    assert_eq!(denied(&bench, &secret), Denial::Invalid);
    assert_eq!(denied(&bench, &child), Denial::Revoked(START.parse().unwrap()));
    let source = bench.desk.snapshot();
    for kept in [set::ROTATED_SECRETS, set::TOKEN_USES] {
        assert_eq!(source.rows(kept).count(), 0);
    }
    assert_eq!(bench.list(set::ACCESS_TOKENS, &["Id", "State"]), ["2 revoked"]);
    let told = audited(&bench);
    assert!(told.last().unwrap().starts_with("TokenDeleted 1 tsr_admin_"), "{told:?}");
    assert!(
        told.contains(&format!(
            "TokenMinted 1 {prefix}, of the workspace; role Administrator; \
        scopes {}; until 2026-12-21T22:00:00Z",
            Scopes::all()
        )),
        "{told:?}"
    );
    assert_eq!(delete(&bench, &bench.caller, 1).unwrap_err().code(), "NotFound");
}

#[test]
fn agents_delete_their_own_alone() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.user("Bob", Role::Agent);
    mint(&bench, Request { owner_id: Some(1), ..request(Role::Agent) }).unwrap();
    let forbidden = Error::Forbidden { scope: "tokens:write".into() };
    assert_eq!(delete(&bench, &signed_in(&bench, 2), 1).unwrap_err(), forbidden);
    delete(&bench, &signed_in(&bench, 1), 1).unwrap();
}

/// What `RemoveExpired` tells.
fn remove(bench: &Bench, caller: &Principal, given: &[(usize, Value)]) -> Result<String, Error> {
    let at = (None, Precondition::default());
    let done = block_on(bench.desk.act_on_tokens(caller, actions::REMOVE_EXPIRED, at, given))?;
    let Done::Complex(told) = done else { panic!("no value") };
    Ok(told.values.iter().map(plain).collect::<Vec<_>>().join(" "))
}

#[test]
fn what_has_ended_goes_only_as_previewed() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        mint(&bench, Request { name: name.into(), ..request(Role::Agent) }).unwrap();
    }
    let (preview, expecting) = ((1, Value::Bool(true)), |count| (0, Value::Int(count)));
    let all = Principal::system();
    assert_eq!(remove(&bench, &all, std::slice::from_ref(&preview)).unwrap(), "0   true");
    revoke(&bench, &all, 2).unwrap();
    let soon = Value::Instant("2026-11-22T00:00:00Z".parse().unwrap());
    change(&bench, &all, 3, &[("ExpiresDateTime", soon)]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    assert_eq!(remove(&bench, &all, &[preview, expecting(9)]).unwrap(), "2 2|3 b|c true");
    for wrong in [vec![], vec![expecting(1)], vec![expecting(3)]] {
        let refusal = refused(remove(&bench, &all, &wrong));
        assert!(
            refusal.starts_with("Conflict 'ExpectedCount' conflicts: 2 have ended"),
            "{refusal}"
        );
    }
    assert_eq!(bench.desk.snapshot().rows(set::ACCESS_TOKENS).count(), 3);
    assert_eq!(remove(&bench, &all, &[expecting(2)]).unwrap(), "2 2|3 b|c false");
    assert_eq!(bench.list(set::ACCESS_TOKENS, &["Name"]), ["a"]);
    let narrow = Principal { scopes: "tokens:mint,tokens:read".parse().unwrap(), ..all };
    for given in [vec![expecting(0)], vec![(1, Value::Bool(true))]] {
        let refusal = remove(&bench, &narrow, &given).unwrap_err();
        assert_eq!(refusal, Error::Forbidden { scope: "tokens:write".into() });
    }
}

#[test]
fn a_family_too_large_for_one_transaction_ends_all_the_same() {
    let bench = Bench::new();
    for kind in ["revoked", "deleted"] {
        let (row, secret) = mint(&bench, request(Role::Administrator)).unwrap();
        let (id, parent) = (row.key(helpdesk()).as_int().unwrap(), comes(&bench, &secret).unwrap());
        let mut child = String::new();
        for _ in 0..2_100 {
            child = mint_as(&bench, &parent, request(Role::ReadOnlyAgent)).unwrap().1;
        }
        match kind {
            "revoked" => drop(revoke(&bench, &bench.caller, id).unwrap()),
            _ => delete(&bench, &bench.caller, id).unwrap(),
        }
        assert!(matches!(denied(&bench, &child), Denial::Revoked(_)));
        let left = bench.list(set::ACCESS_TOKENS, &["RevokedDateTime"]);
        assert!(left.iter().all(|at| at != "-"), "{kind}");
    }
}

#[test]
fn what_an_ended_token_brought_forth_is_not_looked_at_again() {
    let bench = Bench::new();
    let make = |secret: &str| {
        let parent = comes(&bench, secret).unwrap();
        mint_as(&bench, &parent, request(Role::Administrator)).unwrap().1
    };
    let (_, first) = mint(&bench, request(Role::Administrator)).unwrap();
    let second = make(&first);
    let third = make(&second);
    make(&third);
    revoke(&bench, &bench.caller, 3).unwrap();
    let order = || -> Vec<String> {
        let all = bench.list(set::AUDIT_EVENTS, &["Event", "EntityId"]);
        all.into_iter()
            .filter_map(|line| Some(line.strip_prefix("TokenRevoked ")?.into()))
            .collect()
    };
    assert_eq!(order(), ["3", "4"]);
    make(&second);
    revoke(&bench, &bench.caller, 1).unwrap();
    // Each behind those that were made with it, but for the one that was asked for.
    assert_eq!(order(), ["3", "4", "1", "5", "2"]);
}

#[test]
fn what_somebody_else_removed_meanwhile_was_not_as_expected() {
    let bench = Bench::new();
    for _ in 0..2 {
        mint(&bench, request(Role::Agent)).unwrap();
    }
    bench.at("2026-12-21T22:00:00Z");
    let source = bench.desk.snapshot();
    let (all, now) = (Principal::system(), bench.desk.now());
    let verb = RemoveExpired::new(&all, Some(2), &*source, now).unwrap();
    delete(&bench, &all, 1).unwrap();
    let run = move |draft: &mut dyn Draft| verb.run(draft).map(|_| ());
    assert_eq!(
        refused(commit_blocking(&**bench.desk.store(), Actor::SYSTEM, run)),
        "Conflict 'ExpectedCount' conflicts: some of them are gone meanwhile; look with 'Preview' \
         which are left"
    );
    assert_eq!(bench.desk.snapshot().rows(set::ACCESS_TOKENS).count(), 1);
}

/// The answer under the key came with the first thousand, and a server killed then told of all.
#[test]
fn the_answer_to_a_large_removal_is_kept_when_all_are_gone() {
    let bench = Bench::new();
    for _ in 0..2_100 {
        mint(&bench, request(Role::Agent)).unwrap();
    }
    bench.at("2026-12-21T22:00:00Z");
    let answer = |source: &dyn crate::query::Source, _: Effect<'_>| {
        let left = source.rows(set::ACCESS_TOKENS).count();
        Answer { status: 200, headers: Vec::new(), body: Some(left.to_string()) }
    };
    let (key, scopes) = ("k".to_owned(), String::new());
    let once = Once { key, fingerprint: [0; 32], scopes, answer: Arc::new(answer) };
    let verb = bench.desk.once(once);
    let found = block_on(verb.remove_expired_tokens(&bench.caller, Some(2_100))).unwrap();
    assert_eq!(found.tokens.len(), 2_100);
    let kept = bench.desk.kept("k").unwrap().map(|kept| kept.told);
    let told = Answer { status: 200, headers: Vec::new(), body: Some("0".into()) };
    assert_eq!(kept, Some(Told::Answer(told)));
}

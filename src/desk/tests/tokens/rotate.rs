use super::*;

fn rotate(bench: &Bench, caller: &Principal, id: i64, hours: i64) -> Result<(Row, String), Error> {
    block_on(bench.desk.rotate_token(caller, at_any(id), Some(hours)))
        .map(|(row, secret)| (row, secret.expose().to_owned()))
}

#[test]
fn both_secrets_work_until_the_overlap_ends() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    let (row, second) = rotate(&bench, &bench.caller, 1, 24).unwrap();
    assert_ne!(first, second);
    assert!(second.starts_with("tsr_agent_") && second.starts_with(&bench.show(&row, "KeyPrefix")));
    let seen =
        of(&bench, 1, &["State", "RotatedDateTime", "OverlapEndsDateTime", "ExpiresDateTime"]);
    assert_eq!(seen, "rotating 2026-11-21T22:00:00Z 2026-11-22T22:00:00Z 2026-12-21T22:00:00Z");
    bench.at("2026-11-22T21:59:59Z");
    let (by_first, by_second) = (comes(&bench, &first).unwrap(), comes(&bench, &second).unwrap());
    let (prefix, confirmed) = (by_first.prefix.clone(), Confirmed::FormerSecret);
    assert_eq!(by_first, Principal { prefix, confirmed, ..by_second });
    bench.at("2026-11-22T22:00:00Z");
    assert_eq!(denied(&bench, &first), Denial::Rotated("2026-11-22T22:00:00Z".parse().unwrap()));
    assert!(comes(&bench, &second).is_ok());
    assert_eq!(of(&bench, 1, &["State"]), "active");
    let told = audited(&bench).pop().unwrap();
    assert!(told.starts_with("TokenRotated 1 KeyPrefix: tsr_agent_"), "{told}");
    assert!(told.ends_with("the former works until 2026-11-22T22:00:00Z"), "{told}");
}

#[test]
fn an_overlap_is_a_week_at_most_and_may_be_none() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    for bad in [-1, 169, i64::MAX] {
        assert_eq!(
            refused(rotate(&bench, &bench.caller, 1, bad)),
            "InvalidValue 'OverlapHours' does not fit: it takes 0 to 168 hours"
        );
    }
    let (_, second) = rotate(&bench, &bench.caller, 1, 168).unwrap();
    let (_, third) = rotate(&bench, &bench.caller, 1, 0).unwrap();
    // None ends all former secrets, also one that had a week.
    for former in [&first, &second] {
        assert_eq!(denied(&bench, former), Denial::Rotated(START.parse().unwrap()));
    }
    assert!(comes(&bench, &third).is_ok());
    assert_eq!(of(&bench, 1, &["State", "OverlapEndsDateTime"]), format!("active {START}"));
}

#[test]
fn a_shorter_overlap_holds_for_all_former_secrets_and_a_longer_one_for_the_last() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    let (_, second) = rotate(&bench, &bench.caller, 1, 2).unwrap();
    let (_, third) = rotate(&bench, &bench.caller, 1, 1).unwrap();
    let (_, fourth) = rotate(&bench, &bench.caller, 1, 3).unwrap();
    assert!([&first, &second, &third, &fourth].iter().all(|secret| comes(&bench, secret).is_ok()));
    bench.at("2026-11-21T23:00:00Z");
    for former in [&first, &second] {
        assert_eq!(
            denied(&bench, former),
            Denial::Rotated("2026-11-21T23:00:00Z".parse().unwrap())
        );
    }
    bench.at("2026-11-22T00:59:59Z");
    assert!(comes(&bench, &third).is_ok());
    bench.at("2026-11-22T01:00:00Z");
    assert!(comes(&bench, &third).is_err() && comes(&bench, &fourth).is_ok());
}

/// The oldest of more secrets than are kept was forgotten while it still worked.
#[test]
fn of_many_former_secrets_the_oldest_are_forgotten_once_they_have_ended() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    for _ in 0..16 {
        rotate(&bench, &bench.caller, 1, 1).unwrap();
    }
    assert!(comes(&bench, &first).is_ok());
    let told = refused(rotate(&bench, &bench.caller, 1, 1));
    assert!(told.starts_with("Conflict 'OverlapHours'") && told.contains("still work"), "{told}");
    bench.at("2026-11-21T23:00:00Z");
    assert!(matches!(denied(&bench, &first), Denial::Rotated(_)));
    rotate(&bench, &bench.caller, 1, 1).unwrap();
    assert_eq!(denied(&bench, &first), Denial::Invalid);
    assert_eq!(bench.desk.snapshot().rows(set::ROTATED_SECRETS).count(), 16);
    rotate(&bench, &bench.caller, 1, 0).unwrap();
}

/// A program with less rights than another token of its owner took that one over, because what it may do
/// and its end were compared, but not where it works from and what becomes of it later.
#[test]
fn a_program_rotates_its_own_token_and_its_line_alone() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let hers = || Request { owner_id: Some(1), ..request(Role::Administrator) };
    let made = |caller: &Principal| comes(&bench, &mint_as(&bench, caller, hers()).unwrap().1);
    let parent = made(&bench.caller).unwrap();
    let own = made(&parent).unwrap();
    let child = made(&own).unwrap();
    made(&child).unwrap();
    made(&parent).unwrap();
    made(&bench.caller).unwrap();
    mint(&bench, Request { is_service: true, responsible_id: Some(1), ..request(Role::Agent) })
        .unwrap();
    for (id, whose) in [(1, "parent"), (5, "sibling"), (6, "other"), (7, "service")] {
        let refusal = refused(rotate(&bench, &own, id, 0));
        assert!(refusal.starts_with("PolicyForbids 'Rotate' is against"), "{whose}: {refusal}");
    }
    for id in [2, 3, 4] {
        rotate(&bench, &own, id, 1).unwrap();
    }
    revoke(&bench, &bench.caller, 4).unwrap();
    assert!(refused(rotate(&bench, &bench.caller, 4, 0)).starts_with("Conflict"));
}

#[test]
fn a_person_rotates_their_own_tokens_and_who_administers_those_of_the_workspace() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let service =
        Request { is_service: true, responsible_id: Some(2), ..request(Role::ReadOnlyAgent) };
    mint(&bench, service).unwrap();
    mint(&bench, Request { owner_id: Some(2), ..request(Role::Agent) }).unwrap();
    mint(&bench, request(Role::Agent)).unwrap();
    let (ann, bob) = (signed_in(&bench, 1), signed_in(&bench, 2));
    for id in [1, 3] {
        let forbidden = Error::Forbidden { scope: "tokens:write".into() };
        assert_eq!(rotate(&bench, &bob, id, 0).unwrap_err(), forbidden);
        rotate(&bench, &ann, id, 0).unwrap();
    }
    let (_, secret) = rotate(&bench, &ann, 1, 0).unwrap();
    assert!(secret.starts_with("tsr_svc_"));
    // With the secret of Bob's token she would be him.
    let refusal = refused(rotate(&bench, &ann, 2, 0));
    assert!(refusal.contains("is given to its owner only; revoke this one"), "{refusal}");
    rotate(&bench, &bob, 2, 0).unwrap();
    rotate(&bench, &Principal::system(), 2, 0).unwrap();
}

/// Whoever had stolen the secret before could rotate, and take the token from its owner.
#[test]
fn a_replaced_secret_decides_about_no_token() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let hers = Request { owner_id: Some(1), ..request(Role::Administrator) };
    let (_, first) = mint(&bench, hers).unwrap();
    let (_, second) = rotate(&bench, &signed_in(&bench, 1), 1, 24).unwrap();
    let (thief, owner) = (comes(&bench, &first).unwrap(), comes(&bench, &second).unwrap());
    let tries = |caller: &Principal| {
        let rename = change(&bench, caller, 1, &[("Name", text("other"))]);
        let minted = mint_as(&bench, caller, request(Role::Agent));
        [rotate(&bench, caller, 1, 24).map(|_| ()), rename.map(|_| ()), minted.map(|_| ())]
    };
    for refused_one in tries(&thief) {
        let refused_one = refused(refused_one);
        assert!(refused_one.starts_with("PolicyForbids 'Secret'"), "{refused_one}");
    }
    assert!(tries(&owner).iter().all(Result::is_ok));
    assert!(revoke(&bench, &thief, 1).is_ok());
}

#[test]
fn a_session_confirms_before_it_rotates_much() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let hers = |role| Request { owner_id: Some(1), ..request(role) };
    mint(&bench, hers(Role::Administrator)).unwrap();
    let service = Request { is_service: true, responsible_id: Some(1), ..request(Role::Agent) };
    mint(&bench, service).unwrap();
    mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
    mint(&bench, hers(Role::Agent)).unwrap();
    let sure = signed_in(&bench, 1);
    let unsure = Principal { confirmed: Confirmed::Person(false), ..sure.clone() };
    for id in [1, 2, 3] {
        assert_eq!(rotate(&bench, &unsure, id, 0).unwrap_err(), Error::ConfirmationRequired);
        rotate(&bench, &sure, id, 0).unwrap();
    }
    rotate(&bench, &unsure, 4, 0).unwrap();
}

#[test]
fn use_of_a_replaced_secret_ends_the_token_where_the_policy_says_so() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Administrator)).unwrap();
    let (_, second) = rotate(&bench, &bench.caller, 1, 0).unwrap();
    let parent = comes(&bench, &second).unwrap();
    let (_, child) = mint_as(&bench, &parent, request(Role::Agent)).unwrap();
    assert!(comes(&bench, &first).is_err());
    assert!(comes(&bench, &second).is_ok());
    policy(&bench, &[("OnRetiredSecret", text("Revoke"))]).unwrap();
    assert_eq!(denied(&bench, &first), Denial::Rotated(START.parse().unwrap()));
    let revoked = Denial::Revoked(START.parse().unwrap());
    assert_eq!((denied(&bench, &second), denied(&bench, &child)), (revoked.clone(), revoked));
    let told = audited(&bench);
    assert!(told.iter().any(|line| line.ends_with("a secret was used that had been replaced")));
    block_on(bench.desk.flush(true)).unwrap();
    let all = bench.list(set::AUDIT_EVENTS, &["Event", "ActorTokenId"]);
    assert!(all.contains(&"RetiredSecretUsed 1".to_owned()), "{all:?}");
    assert_eq!(of(&bench, 1, &["DeniedCount"]), "3");
}

#[test]
fn it_is_told_when_a_former_secret_was_used_last() {
    let bench = Bench::new();
    let told = |bench: &Bench| {
        block_on(bench.desk.flush(false)).unwrap();
        of(bench, 1, &["LastUsedDateTime", "FormerLastUsedDateTime", "FormerLastUsedAddress"])
    };
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    bench.desk.note_use(&comes(&bench, &first).unwrap());
    assert_eq!(told(&bench), format!("{START} - -"));
    let (_, second) = rotate(&bench, &bench.caller, 1, 24).unwrap();
    bench.at("2026-11-21T22:10:00Z");
    bench.desk.note_use(&comes(&bench, &first).unwrap());
    let (at, here) = ("2026-11-21T22:10:00Z", "127.0.0.1");
    assert_eq!(told(&bench), format!("{at} {at} {here}"));
    bench.at("2026-11-21T22:20:00Z");
    bench.desk.note_use(&comes(&bench, &second).unwrap());
    assert_eq!(told(&bench), format!("2026-11-21T22:20:00Z {at} {here}"));
}

#[test]
fn an_overlap_is_ended_early_by_who_decides_about_the_token() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    let (_, second) = rotate(&bench, &bench.caller, 1, 168).unwrap();
    let (_, third) = rotate(&bench, &bench.caller, 1, 168).unwrap();
    let end = |caller: &Principal| block_on(bench.desk.end_overlap(caller, at_any(1)));
    // Who comes with a secret that was replaced decides about nothing.
    let replaced = comes(&bench, &second).unwrap();
    assert!(refused(end(&replaced)).starts_with("PolicyForbids "));
    let agent = bench.user("Ada", Role::Agent);
    let forbidden = Error::Forbidden { scope: "tokens:write".into() };
    assert_eq!(end(&signed_in(&bench, agent)).unwrap_err(), forbidden);
    bench.at("2026-11-22T00:00:00Z");
    end(&bench.caller).unwrap();
    assert_eq!(of(&bench, 1, &["State", "OverlapEndsDateTime"]), "active 2026-11-22T00:00:00Z");
    for former in [&first, &second] {
        assert_eq!(
            denied(&bench, former),
            Denial::Rotated("2026-11-22T00:00:00Z".parse().unwrap())
        );
    }
    assert!(comes(&bench, &third).is_ok());
    let told = audited(&bench).pop().unwrap();
    let want = "OverlapEndsDateTime: 2026-11-28T22:00:00Z -> 2026-11-22T00:00:00Z";
    assert!(told.starts_with("TokenChanged 1 ") && told.ends_with(want), "{told}");
    // Once more changes nothing, and a token that ended has nothing to end.
    let before = audited(&bench).len();
    end(&bench.caller).unwrap();
    assert_eq!(audited(&bench).len(), before);
    revoke(&bench, &bench.caller, 1).unwrap();
    assert!(refused(end(&bench.caller)).starts_with("Conflict "));
}

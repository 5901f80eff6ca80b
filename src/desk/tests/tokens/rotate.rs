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
    assert_eq!(
        comes(&bench, &first).unwrap(),
        Principal {
            prefix: comes(&bench, &first).unwrap().prefix,
            ..comes(&bench, &second).unwrap()
        }
    );
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
    assert_eq!(denied(&bench, &second), Denial::Rotated(START.parse().unwrap()));
    assert!(comes(&bench, &first).is_ok() && comes(&bench, &third).is_ok());
    assert_eq!(of(&bench, 1, &["State"]), "rotating");
}

#[test]
fn of_many_former_secrets_the_oldest_are_forgotten() {
    let bench = Bench::new();
    let (_, first) = mint(&bench, request(Role::Agent)).unwrap();
    let mut second = None;
    for _ in 0..16 {
        let (_, secret) = rotate(&bench, &bench.caller, 1, 1).unwrap();
        second.get_or_insert(secret);
    }
    assert!(comes(&bench, &first).is_ok());
    rotate(&bench, &bench.caller, 1, 1).unwrap();
    assert_eq!(denied(&bench, &first), Denial::Invalid);
    assert!(comes(&bench, &second.unwrap()).is_ok());
    assert_eq!(bench.desk.snapshot().rows(set::ROTATED_SECRETS).count(), 16);
}

#[test]
fn a_program_rotates_its_own_token_and_gains_nothing_from_others() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    let hers = |names: &str, hours: i64| Request {
        owner_id: Some(1),
        scopes: Some(names.parse().unwrap()),
        expires: bench.desk.now().plus_micros(hours * 3_600_000_000).map(End::At),
        ..request(Role::Agent)
    };
    let narrow = mint(&bench, hers("tickets:read,tokens:mint", 1)).unwrap().1;
    mint(&bench, hers("tickets:write", 1)).unwrap();
    mint(&bench, hers("tickets:read", 2)).unwrap();
    mint(&bench, hers("tickets:read", 1)).unwrap();
    let narrow = comes(&bench, &narrow).unwrap();
    assert!(refused(rotate(&bench, &narrow, 2, 0)).starts_with("ExceedsRights"));
    assert!(refused(rotate(&bench, &narrow, 3, 0)).starts_with("PolicyForbids 'ExpiresDateTime'"));
    rotate(&bench, &narrow, 4, 0).unwrap();
    rotate(&bench, &narrow, 1, 0).unwrap();
    rotate(&bench, &signed_in(&bench, 1), 2, 0).unwrap();
    revoke(&bench, &bench.caller, 4).unwrap();
    assert!(refused(rotate(&bench, &bench.caller, 4, 0)).starts_with("Conflict"));
}

#[test]
fn only_administrators_rotate_what_is_not_theirs() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let service =
        Request { is_service: true, responsible_id: Some(2), ..request(Role::ReadOnlyAgent) };
    mint(&bench, service).unwrap();
    let forbidden = Error::Forbidden { scope: "tokens:write".into() };
    assert_eq!(rotate(&bench, &signed_in(&bench, 2), 1, 0).unwrap_err(), forbidden);
    let (_, secret) = rotate(&bench, &signed_in(&bench, 1), 1, 0).unwrap();
    assert!(secret.starts_with("tsr_svc_"));
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

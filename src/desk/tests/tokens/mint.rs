use super::*;

#[test]
fn a_token_made_with_a_token_ends_with_it_and_never_may_more() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let wish = Request {
        owner_id: Some(1),
        scopes: Some("tickets:read,users:read,tokens:mint".parse().unwrap()),
        expires: Some(End::At("2026-11-22T22:00:00Z".parse().unwrap())),
        ..request(Role::Administrator)
    };
    let (_, parent) = mint(&bench, wish).unwrap();
    let ann = comes(&bench, &parent).unwrap();
    let asked = |names: &str| Request {
        scopes: Some(names.parse().unwrap()),
        ..request(Role::Administrator)
    };
    let refusal = refused(mint_as(&bench, &ann, asked("tickets:read,audit:read")));
    assert_eq!(
        refusal,
        "ExceedsRights asked for 'audit:read', which is more than what can be given: \
         'tickets:read,users:read,tokens:mint'"
    );
    let late = Request {
        expires: Some(End::At("2026-11-22T22:00:01Z".parse().unwrap())),
        ..asked("tickets:read")
    };
    assert_eq!(
        refused(mint_as(&bench, &ann, late)),
        "PolicyForbids 'ExpiresDateTime' is against the policy: 2026-11-22T22:00:01Z is later than \
         the token it is made with lasts; the latest is 2026-11-22T22:00:00Z"
    );
    let (_, child) = mint_as(&bench, &ann, asked("tickets:read,users:read")).unwrap();
    assert_eq!(
        of(&bench, 2, &["ParentId", "OwnerId", "ExpiresDateTime"]),
        "1 1 2026-11-22T22:00:00Z"
    );
    change(&bench, &bench.caller, 1, &[("Scopes", texts(&["tickets:read"]))]).unwrap();
    assert_eq!(comes(&bench, &child).unwrap().scopes.to_string(), "tickets:read");
    assert_eq!(of(&bench, 2, &["EffectiveScopes"]), "tickets:read");
    revoke(&bench, &bench.caller, 1).unwrap();
    assert_eq!(denied(&bench, &child), Denial::Revoked(START.parse().unwrap()));
    assert_eq!(of(&bench, 2, &["State", "EffectiveScopes"]), "revoked ");
}

#[test]
fn the_line_of_tokens_is_no_longer_than_it_may_be() {
    let bench = Bench::new();
    let all = || request(Role::Administrator);
    let (_, mut secret) = mint(&bench, all()).unwrap();
    for _ in 1..8 {
        let caller = comes(&bench, &secret).unwrap();
        secret = mint_as(&bench, &caller, all()).unwrap().1;
    }
    let last = comes(&bench, &secret).unwrap();
    assert_eq!(last.scopes, Scopes::all());
    assert_eq!(
        refused(mint_as(&bench, &last, all())),
        "PolicyForbids 'ParentId' is against the policy: tokens made with tokens may go 8 deep; \
         make this one with an earlier one"
    );
    revoke(&bench, &bench.caller, 1).unwrap();
    assert_eq!(denied(&bench, &secret), Denial::Revoked(START.parse().unwrap()));
    let states = bench.list(set::ACCESS_TOKENS, &["RevokedDateTime"]);
    assert!(states.iter().all(|at| at == START), "{states:?}");
}

#[test]
fn a_token_for_somebody_else_is_within_what_both_may_do() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let (ann, bob) = (signed_in(&bench, 1), signed_in(&bench, 2));
    let for_other = |id| Request { owner_id: Some(id), ..request(Role::ReadOnlyAgent) };
    assert_eq!(
        mint_as(&bench, &bob, for_other(1)).unwrap_err(),
        Error::Forbidden { scope: "tokens:write".into() }
    );
    let wide = Request { owner_id: Some(2), ..request(Role::Administrator) };
    assert!(
        refused(mint_as(&bench, &ann, wide)).starts_with("ExceedsRights asked for 'tickets:delete")
    );
    let agent = Request { owner_id: Some(2), ..request(Role::Agent) };
    let (_, secret) = mint_as(&bench, &ann, agent).unwrap();
    assert_eq!(comes(&bench, &secret).unwrap().scopes, Role::Agent.scopes());
    // Who made it falls, and with her what she gave.
    bench.user("Eve", Role::Administrator);
    set_user(&bench, 1, user::ROLE, text("ReadOnlyAgent"));
    assert_eq!(comes(&bench, &secret).unwrap().scopes, Role::ReadOnlyAgent.scopes());
    set_user(&bench, 1, user::IS_ACTIVE, false.into());
    assert_eq!(comes(&bench, &secret).unwrap().scopes, Scopes::NONE);
}

#[test]
fn only_administrators_make_service_tokens_with_somebody_responsible() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let service =
        |responsible_id| Request { is_service: true, responsible_id, ..request(Role::Agent) };
    let (ann, bob) = (signed_in(&bench, 1), signed_in(&bench, 2));
    let forbidden = Error::Forbidden { scope: "tokens:write".into() };
    assert_eq!(mint_as(&bench, &bob, service(Some(2))).unwrap_err(), forbidden);
    let narrow = Principal { scopes: "tokens:mint,tokens:read".parse().unwrap(), ..ann.clone() };
    assert_eq!(mint_as(&bench, &narrow, service(Some(1))).unwrap_err(), forbidden);
    for (wish, want) in [
        (service(None), "'ResponsibleId' does not fit: a service token needs somebody"),
        (service(Some(9)), "'ResponsibleId' does not fit: there is no active Users(9)"),
        (Request { owner_id: Some(1), ..service(Some(1)) }, "'OwnerId' does not fit: a service"),
        (Request { is_service: false, ..service(Some(1)) }, "'ResponsibleId' does not fit: only a"),
    ] {
        let refusal = mint(&bench, wish).unwrap_err().to_string();
        assert!(refusal.starts_with(want), "{refusal}");
    }
    let (_, secret) = mint_as(&bench, &ann, service(None)).unwrap();
    assert!(secret.starts_with("tsr_svc_"));
    assert_eq!(of(&bench, 1, &["Kind", "OwnerName", "ResponsibleName"]), "svc System Ann");
    // It outlasts who made it.
    bench.user("Eve", Role::Administrator);
    set_user(&bench, 1, user::IS_ACTIVE, false.into());
    assert_eq!(comes(&bench, &secret).unwrap().scopes, Role::Agent.scopes());
    // What belongs to the workspace, its administrators decide about.
    assert_eq!(revoke(&bench, &bob, 1).unwrap_err(), forbidden);
    revoke(&bench, &signed_in(&bench, 3), 1).unwrap();
}

#[test]
fn one_person_has_no_more_tokens_that_work_than_the_setting_allows() {
    let mut bench = Bench::new();
    let settings = crate::desk::Settings { tokens_per_owner_max: 3, ..bench.desk.settings() };
    let store = Arc::clone(bench.desk.store());
    bench.desk = Desk::new(helpdesk(), store, bench.clock.clone(), settings);
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let bob = signed_in(&bench, 2);
    let short = || Request {
        expires: Some(End::At("2026-11-22T22:00:00Z".parse().unwrap())),
        ..request(Role::Agent)
    };
    mint_as(&bench, &bob, short()).unwrap();
    mint_as(&bench, &bob, request(Role::Agent)).unwrap();
    // One that an administrator makes for him counts as his, and so does one made with a token.
    let his = Request { owner_id: Some(2), ..request(Role::Agent) };
    let (_, secret) = mint_as(&bench, &signed_in(&bench, 1), his.clone()).unwrap();
    let program = comes(&bench, &secret).unwrap();
    for caller in [&bob, &program, &signed_in(&bench, 1)] {
        assert_eq!(
            refused(mint_as(&bench, caller, his.clone())),
            "PolicyForbids 'OwnerId' is against the policy: Users(2) has 3 access tokens that work, and \
             'tokens_per_owner_max' allows no more; revoke those nobody needs, or have the setting raised"
        );
    }
    revoke(&bench, &bob, 2).unwrap();
    mint_as(&bench, &bob, request(Role::Agent)).unwrap();
    assert!(mint_as(&bench, &bob, request(Role::Agent)).is_err());
    bench.at("2026-11-22T22:00:00Z");
    mint_as(&bench, &signed_in(&bench, 2), request(Role::Agent)).unwrap();
    for _ in 0..5 {
        mint(&bench, request(Role::Agent)).unwrap();
    }
}

#[test]
fn a_session_confirms_before_it_makes_much() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let ann = Principal { confirmed: Confirmed::Person(false), ..signed_in(&bench, 1) };
    let service = Request { is_service: true, ..request(Role::ReadOnlyAgent) };
    for wish in [request(Role::Administrator), service] {
        assert_eq!(mint_as(&bench, &ann, wish).unwrap_err(), Error::ConfirmationRequired);
    }
    mint_as(&bench, &ann, request(Role::Agent)).unwrap();
    let ann = Principal { confirmed: Confirmed::Person(true), ..ann };
    mint_as(&bench, &ann, request(Role::Administrator)).unwrap();
}

#[test]
fn what_a_read_only_administrator_makes_reads_and_lasts_72_hours() {
    let bench = Bench::new();
    bench.user("Rea", Role::ReadOnlyAdministrator);
    let session = signed_in(&bench, 1);
    let own = Request { owner_id: Some(1), ..request(Role::ReadOnlyAdministrator) };
    let (_, secret) = mint(&bench, own).unwrap();
    let by_token = comes(&bench, &secret).unwrap();
    for rea in [session, by_token] {
        let made = |wish| mint_as(&bench, &rea, wish);
        let (row, _) = made(request(Role::Administrator)).unwrap();
        assert_eq!(bench.show(&row, "Scopes").replace('|', ","), Scopes::reading().to_string());
        assert_eq!(bench.show(&row, "ExpiresDateTime"), "2026-11-24T22:00:00Z");
        let (row, _) = made(request(Role::Agent)).unwrap();
        let want = Role::Agent.scopes().intersection(Scopes::reading()).to_string();
        assert_eq!(bench.show(&row, "Scopes").replace('|', ","), want);
        let more =
            Request { scopes: Some("tickets:write".parse().unwrap()), ..request(Role::Agent) };
        assert!(refused(made(more)).starts_with("ExceedsRights asked for 'tickets:write'"));
        let mints = "tickets:read,tokens:mint".parse().unwrap();
        let mints = Request { scopes: Some(mints), ..request(Role::ReadOnlyAdministrator) };
        assert!(refused(made(mints)).starts_with("ExceedsRights asked for 'tokens:mint'"));
        let longer = End::At("2026-11-25T22:00:00Z".parse().unwrap());
        let longer = Request { expires: Some(longer), ..request(Role::ReadOnlyAgent) };
        assert!(refused(made(longer)).contains("always lasts 72 hours"));
        // Beyond that it changes nothing, not even its own.
        let row = made(request(Role::ReadOnlyAgent)).unwrap().0;
        let id = row.key(helpdesk()).as_int().unwrap();
        let forbidden = Error::Forbidden { scope: "tokens:write".into() };
        assert_eq!(change(&bench, &rea, id, &[("Name", text("x"))]).unwrap_err(), forbidden);
        assert_eq!(revoke(&bench, &rea, id).unwrap_err(), forbidden);
    }
    // Any token may end itself.
    let rea = comes(&bench, &secret).unwrap();
    revoke(&bench, &rea, 1).unwrap();
}

#[test]
fn a_last_day_ends_where_the_caller_is() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    set_user(&bench, 1, user::TIME_ZONE, text("America/New_York"));
    let wish = || Request {
        expires: Some(End::Of("2026-12-01".parse().unwrap())),
        ..request(Role::ReadOnlyAgent)
    };
    let (row, _) = mint_as(&bench, &signed_in(&bench, 1), wish()).unwrap();
    assert_eq!(bench.show(&row, "ExpiresDateTime"), "2026-12-02T04:59:59Z");
    let (row, _) = mint(&bench, wish()).unwrap();
    assert_eq!(bench.show(&row, "ExpiresDateTime"), "2026-12-01T23:59:59Z");
}

#[test]
fn making_one_is_told_to_the_audit_log_without_its_secret() {
    let bench = Bench::new();
    let wish = Request { addresses: vec!["10.0.0.0/8".into()], ..request(Role::ReadOnlyAgent) };
    let (row, secret) = mint(&bench, wish).unwrap();
    let prefix = bench.show(&row, "KeyPrefix");
    assert_eq!(
        audited(&bench),
        [format!(
            "TokenMinted 1 {prefix}, of the workspace; role ReadOnlyAgent; scopes \
             tickets:read,customers:read; until 2026-12-21T22:00:00Z; from 10.0.0.0/8"
        )]
    );
    assert!(!audited(&bench)[0].contains(&secret[secret.len() - 20..]));
}

use super::*;

#[test]
fn only_people_of_the_roles_that_may_make_tokens() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    policy(&bench, &[("MintingRoles", texts(&["Administrator"]))]).unwrap();
    assert_eq!(
        refused(mint_as(&bench, &signed_in(&bench, 2), request(Role::ReadOnlyAgent))),
        "PolicyForbids 'MintingRoles' is against the policy: Agent may not make access tokens; it \
         takes Administrator"
    );
    mint_as(&bench, &signed_in(&bench, 1), request(Role::ReadOnlyAgent)).unwrap();
    policy(&bench, &[("MintingRoles", texts(&[]))]).unwrap();
    assert!(mint_as(&bench, &signed_in(&bench, 1), request(Role::ReadOnlyAgent)).is_err());
    mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
}

#[test]
fn a_policy_that_is_none_is_refused() {
    let bench = Bench::new();
    for (name, value, want) in [
        ("MintingRoles", texts(&["Boss"]), "there is no role 'Boss'"),
        ("MintingRoles", texts(&["ReadOnlyAgent"]), "ReadOnlyAgent may not make access tokens"),
        ("LifetimeMaxHours", Value::Int(0), "it takes 1 to 8760"),
        ("LifetimeMaxHours", Value::Int(8761), "it takes 1 to 8760"),
        ("LifetimeDefaultHours", Value::Int(0), "it takes 1 to 8760"),
        ("ScopesNeedingAddresses", texts(&["tickets:reed"]), "did you mean 'tickets:read'"),
        ("IdleDays", Value::Int(-1), "it takes 0 to 3650"),
        ("OnRetiredSecret", text("Ignore"), "it takes Alert or Revoke"),
    ] {
        let refusal = refused(policy(&bench, &[(name, value)]));
        assert!(refusal.starts_with(&format!("InvalidValue '{name}'")), "{refusal}");
        assert!(refusal.contains(want), "{refusal}");
    }
    assert_eq!(bench.remove(set::TOKEN_POLICIES, 1).unwrap_err().code(), "MethodNotAllowed");
    let agent = bench.with_scopes("tickets:read,settings:read");
    assert_eq!(
        policy(&agent, &[]).unwrap_err(),
        Error::Forbidden { scope: "settings:write".into() }
    );
}

#[test]
fn a_name_sent_often_is_stored_once_and_in_its_order() {
    let bench = Bench::new();
    let scopes = ["tickets:write", "customers:read", "tickets:read"].repeat(20_000);
    let roles = ["Agent", "Administrator"].repeat(20_000);
    let lists = [("ScopesNeedingAddresses", texts(&scopes)), ("MintingRoles", texts(&roles))];
    policy(&bench, &lists).unwrap();
    let columns = ["ScopesNeedingAddresses", "MintingRoles"];
    assert_eq!(
        bench.list(set::TOKEN_POLICIES, &columns),
        ["tickets:read|tickets:write|customers:read Administrator|Agent"]
    );
    policy(&bench, &[("MintingRoles", texts(&["Administrator", "Agent"]))]).unwrap();
    assert_eq!(audited(&bench).len(), 1, "nothing differs");
}

#[test]
fn a_change_of_policy_is_told_once_to_the_audit_log() {
    let bench = Bench::new();
    policy(&bench, &[("LifetimeDefaultHours", Value::Int(48)), ("IdleDays", Value::Int(0))])
        .unwrap();
    policy(&bench, &[("IdleDays", Value::Int(0))]).unwrap();
    assert_eq!(
        audited(&bench),
        ["PolicyChanged 1 LifetimeDefaultHours: none -> 48; IdleDays: 90 -> 0"]
    );
    let (row, _) = mint(&bench, request(Role::Agent)).unwrap();
    assert_eq!(bench.show(&row, "ExpiresDateTime"), "2026-11-23T22:00:00Z");
}

#[test]
fn scopes_that_need_addresses_are_without_force_where_there_are_none() {
    let bench = Bench::new();
    let (_, before) = mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
    policy(&bench, &[("ScopesNeedingAddresses", texts(&["customers:read"]))]).unwrap();
    assert_eq!(comes(&bench, &before).unwrap().scopes.to_string(), "tickets:read");
    assert_eq!(of(&bench, 1, &["EffectiveScopes"]), "tickets:read");
    assert_eq!(
        refused(mint(&bench, request(Role::ReadOnlyAgent))),
        "PolicyForbids 'AllowedAddresses' is against the policy: a token with 'customers:read' \
         needs a list of where it works from, and not of everywhere"
    );
    let bound = Request { addresses: vec!["127.0.0.1".into()], ..request(Role::ReadOnlyAgent) };
    let (_, secret) = mint(&bench, bound).unwrap();
    assert_eq!(comes(&bench, &secret).unwrap().scopes, Role::ReadOnlyAgent.scopes());
    let emptied = change(&bench, &bench.caller, 2, &[("AllowedAddresses", texts(&[]))]);
    assert!(refused(emptied).starts_with("PolicyForbids 'AllowedAddresses'"));
}

#[test]
fn a_list_that_holds_everything_is_no_list_of_where_a_token_works() {
    let bench = Bench::new();
    let lists: [(&[&str], bool); 7] = [
        (&["127.0.0.0/8"], true),
        (&["0.0.0.0/1", "127.0.0.0/8"], true),
        (&["0.0.0.0/0"], false),
        (&["127.0.0.1", "::/0"], false),
        (&["128.0.0.0/1", "0.0.0.0/1"], false),
        (&["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"], false),
        (&["::ffff:0:0/96", "10.0.0.0/8"], false),
    ];
    let mut secrets = Vec::new();
    for (list, _) in lists {
        let addresses = list.iter().map(|text| (*text).to_owned()).collect();
        let asked = Request { addresses, ..request(Role::ReadOnlyAgent) };
        secrets.push(mint(&bench, asked).unwrap().1);
    }
    policy(&bench, &[("ScopesNeedingAddresses", texts(&["customers:read"]))]).unwrap();
    for (id, ((list, counts), secret)) in (1..).zip(lists.into_iter().zip(&secrets)) {
        let scopes = comes(&bench, secret).unwrap().scopes;
        assert_eq!(scopes.has("customers:read"), counts, "{list:?}");
        let told = of(&bench, id, &["EffectiveScopes"]);
        assert_eq!(told.contains("customers:read"), counts, "{list:?}");
    }
}

/// A list of everything counts for nothing, so a program may not put a real one in its place either.
#[test]
fn a_list_that_holds_everything_is_refused_and_replaced_by_a_person_only() {
    let bench = Bench::new();
    bench.user("Bob", Role::Agent);
    let of_all = || Request {
        owner_id: Some(1),
        addresses: vec!["0.0.0.0/0".into()],
        ..request(Role::Agent)
    };
    let (_, secret) = mint(&bench, of_all()).unwrap();
    policy(&bench, &[("ScopesNeedingAddresses", texts(&["customers:read"]))]).unwrap();
    let told = refused(mint(&bench, of_all()));
    assert!(told.starts_with("PolicyForbids 'AllowedAddresses'"), "{told}");
    let set = |caller: &Principal, list| {
        change(&bench, caller, 1, &[("AllowedAddresses", texts(&[list]))])
    };
    let program = comes(&bench, &secret).unwrap();
    let told = refused(set(&program, "127.0.0.0/8"));
    assert!(told.starts_with("PolicyForbids 'AllowedAddresses'"), "{told}");
    assert!(told.contains("sign in"), "{told}");
    set(&signed_in(&bench, 1), "127.0.0.0/8").unwrap();
    let told = refused(set(&signed_in(&bench, 1), "0.0.0.0/0"));
    assert!(told.contains("not of everywhere"), "{told}");
}

#[test]
fn a_token_in_the_address_opens_only_what_reads_and_only_by_choice() {
    let bench = Bench::new();
    let (_, reads) = mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
    let (_, writes) = mint(&bench, request(Role::Agent)).unwrap();
    let come = |secret: &str, is_read| {
        let address = IpAddr::from([127, 0, 0, 1]);
        let proof = Proof::TokenInAddress(secret);
        bench.desk.authenticate(&Visit { proof, address, agent: None, is_read })
    };
    assert_eq!(come(&reads, true), Err(Error::TokenInQuery));
    policy(&bench, &[("AllowTokenInAddress", true.into())]).unwrap();
    assert_eq!(come(&reads, true).unwrap().scopes, Role::ReadOnlyAgent.scopes());
    assert_eq!(come(&reads, false), Err(Error::TokenInQuery));
    assert_eq!(come(&writes, true), Err(Error::TokenInQuery));
}

#[test]
fn idle_tokens_end_but_not_those_whose_children_work() {
    let bench = Bench::new();
    let (_, parent) = mint(&bench, year(&bench)).unwrap();
    let parent = comes(&bench, &parent).unwrap();
    let (_, child) = mint_as(&bench, &parent, year(&bench)).unwrap();
    mint(&bench, year(&bench)).unwrap();
    bench.at("2027-02-10T22:00:00Z");
    let caller = comes(&bench, &child).unwrap();
    bench.desk.note_use(&caller);
    block_on(bench.desk.flush(true)).unwrap();
    bench.at("2027-02-19T22:00:00Z");
    assert_eq!(block_on(bench.desk.revoke_idle()), Ok(0));
    bench.at("2027-02-19T22:00:01Z");
    assert_eq!(block_on(bench.desk.revoke_idle()), Ok(1));
    assert_eq!(bench.list(set::ACCESS_TOKENS, &["State"]), ["active", "active", "revoked"]);
    let told = audited(&bench).pop().unwrap();
    assert!(told.ends_with("nobody used it for 90 days"), "{told}");
    policy(&bench, &[("IdleDays", Value::Int(0))]).unwrap();
    bench.at("2027-11-21T21:00:00Z");
    assert_eq!(block_on(bench.desk.revoke_idle()), Ok(0));
}

/// A workspace from before had neither a policy nor noted any use: its tokens were all revoked at the upgrade.
#[test]
fn idle_days_count_from_the_last_change_of_the_policy_at_the_earliest() {
    let bench = Bench::empty();
    mint(&bench, year(&bench)).unwrap();
    bench.at("2027-05-01T00:00:00Z");
    assert_eq!(block_on(bench.desk.revoke_idle()), Ok(0));
    block_on(bench.desk.seed()).unwrap();
    for (at, want) in [("2027-07-29T23:59:59Z", 0), ("2027-07-30T00:00:00Z", 0)] {
        bench.at(at);
        assert_eq!(block_on(bench.desk.revoke_idle()), Ok(want), "{at}");
    }
    policy(&bench, &[("IdleDays", Value::Int(7))]).unwrap();
    for (at, want) in [("2027-08-06T00:00:00Z", 0), ("2027-08-06T00:00:01Z", 1)] {
        bench.at(at);
        assert_eq!(block_on(bench.desk.revoke_idle()), Ok(want), "{at}");
    }
}

fn year(bench: &Bench) -> Request {
    let ends = bench.desk.now().plus_micros(8_760 * 3_600_000_000).map(End::At);
    Request { expires: ends, ..request(Role::Administrator) }
}

use super::*;

#[test]
fn a_token_only_gets_narrower() {
    let bench = Bench::new();
    mint(&bench, request(Role::Agent)).unwrap();
    let set = |names: &[(&str, Value)]| change(&bench, &bench.caller, 1, names);
    assert!(
        refused(set(&[("Scopes", texts(&["tickets:read", "tickets:delete"]))]))
            .starts_with("ExceedsRights asked for 'tickets:delete'")
    );
    assert!(refused(set(&[("Scopes", texts(&[]))])).contains("revoke it instead"));
    assert!(refused(set(&[("Scopes", texts(&["tickets:reed"]))])).contains("did you mean"));
    let at = |text: &str| Value::Instant(text.parse().unwrap());
    assert_eq!(
        refused(set(&[("ExpiresDateTime", at("2026-12-21T22:00:01Z"))])),
        "PolicyForbids 'ExpiresDateTime' is against the policy: a token never lasts longer than it \
         was made for; the latest is 2026-12-21T22:00:00Z"
    );
    assert!(refused(set(&[("ExpiresDateTime", at(START))])).contains("has passed"));
    let names: [(&str, Value); 4] = [
        ("Name", text(" figures ")),
        ("Purpose", text("Power BI")),
        ("Scopes", texts(&["tickets:read"])),
        ("ExpiresDateTime", at("2026-12-01T00:00:00Z")),
    ];
    set(&names).unwrap();
    let seen = of(&bench, 1, &["Name", "Purpose", "Scopes", "ExpiresDateTime", "Kind"]);
    assert_eq!(seen, "figures Power BI tickets:read 2026-12-01T00:00:00Z agent");
    let told = audited(&bench).pop().unwrap();
    assert!(told.starts_with("TokenChanged 1 Name: report -> figures; Purpose: none -> Power BI"));
    assert!(told.ends_with("ExpiresDateTime: 2026-12-21T22:00:00Z -> 2026-12-01T00:00:00Z"));
    // Back is no way.
    assert!(set(&[("ExpiresDateTime", at("2026-12-21T22:00:00Z"))]).is_err());
    let (seq, rows) = (bench.desk.snapshot().seq(), audited(&bench).len());
    set(&[("Name", text("figures")), ("Scopes", texts(&["tickets:read"]))]).unwrap();
    assert_eq!((bench.desk.snapshot().seq(), audited(&bench).len()), (seq, rows));
}

#[test]
fn agents_change_their_own_and_administrators_any() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    bench.user("Eve", Role::Agent);
    let bobs = Request { owner_id: Some(2), ..request(Role::Agent) };
    mint(&bench, bobs).unwrap();
    let rename = |id| change(&bench, &signed_in(&bench, id), 1, &[("Name", text(&id.to_string()))]);
    assert_eq!(rename(3).unwrap_err(), Error::Forbidden { scope: "tokens:write".into() });
    rename(2).unwrap();
    rename(1).unwrap();
    for name in ["OwnerId", "Role", "KeyPrefix", "Kind", "State", "ParentId"] {
        let prop = [(name, Value::Null)];
        assert_eq!(change(&bench, &bench.caller, 1, &prop).unwrap_err().code(), "ReadOnlyProperty");
    }
    revoke(&bench, &bench.caller, 1).unwrap();
    assert!(refused(rename(2)).starts_with("Conflict 'AccessToken' conflicts: it was revoked at"));
}

#[test]
fn a_wider_list_of_addresses_needs_the_password_again() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let wish =
        Request { owner_id: Some(2), addresses: vec!["10.0.0.0/8".into()], ..request(Role::Agent) };
    let (_, secret) = mint(&bench, wish).unwrap();
    let set = |caller: &Principal, list: &[&str]| {
        change(&bench, caller, 1, &[("AllowedAddresses", texts(list))])
    };
    let bob = signed_in(&bench, 2);
    let unsure = Principal { confirmed: Confirmed::Person(false), ..bob.clone() };
    for wider in [&[][..], &["10.0.0.0/8", "192.0.2.1"]] {
        assert_eq!(set(&unsure, wider).unwrap_err(), Error::ConfirmationRequired);
    }
    set(&unsure, &["10.0.0.0/9", "10.128.0.0/9"]).unwrap();
    assert!(!audited(&bench).pop().unwrap().contains("wider"));
    set(&bob, &["10.0.0.0/8", "192.0.2.1"]).unwrap();
    assert_eq!(
        audited(&bench).pop().unwrap(),
        "TokenChanged 1 AllowedAddresses: [10.0.0.0/9 10.128.0.0/9] -> [10.0.0.0/8 192.0.2.1] (wider)"
    );
    // A stolen token does not free itself, nor others of its owner.
    let token = comes_from(&bench, &secret, "10.1.2.3").unwrap();
    assert!(refused(set(&token, &[])).starts_with("PolicyForbids 'AllowedAddresses'"));
    set(&token, &["10.0.0.0/8"]).unwrap();
    set(&signed_in(&bench, 1), &[]).unwrap();
    assert_eq!(of(&bench, 1, &["AllowedAddresses"]), "");
}

/// A token of an administrator that was bound to one network made a list of its parent, or of another of
/// its owner's tokens, empty, and was free.
#[test]
fn no_program_widens_a_list_of_any_token() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let bound = || Request {
        owner_id: Some(1),
        addresses: vec!["10.0.0.0/8".into()],
        ..request(Role::Administrator)
    };
    let made = |caller: &Principal| mint_as(&bench, caller, bound()).unwrap().1;
    let comes = |secret: &str| comes_from(&bench, secret, "10.0.0.1").unwrap();
    let parent = comes(&made(&bench.caller));
    let own = comes(&made(&parent));
    made(&own);
    made(&parent);
    made(&bench.caller);
    for (id, whose) in ["parent", "own", "child", "sibling", "other"].iter().enumerate() {
        let id = i64::try_from(id + 1).unwrap();
        let set = |list| change(&bench, &own, id, &[("AllowedAddresses", texts(list))]);
        for wider in [&[][..], &["10.0.0.0/7"], &["10.0.0.0/8", "::1"]] {
            let refusal = refused(set(wider));
            assert!(refusal.starts_with("PolicyForbids 'AllowedAddresses'"), "{whose}: {refusal}");
            assert!(refusal.contains("/session/confirm"), "{whose}: {refusal}");
        }
        set(&["10.0.0.0/9", "10.128.0.0/9"]).unwrap();
        let set =
            |list| change(&bench, &signed_in(&bench, 1), id, &[("AllowedAddresses", texts(list))]);
        set(&[]).unwrap();
    }
}

#[test]
fn a_replacement_puts_back_what_it_leaves_out_where_that_may_be() {
    let bench = Bench::new();
    let (row, _) =
        mint(&bench, Request { purpose: Some("p".into()), ..request(Role::Agent) }).unwrap();
    let replace = |names: &[(&str, Value)]| bench.replace(set::ACCESS_TOKENS, 1, names);
    let refusal = refused(replace(&[("Name", text("n"))]));
    assert!(refusal.contains("a replacement needs it"), "{refusal}");
    let ends = row.record.get(helpdesk().structure(row.type_id), token::EXPIRES);
    let all =
        [("Name", text("n")), ("Scopes", texts(&["tickets:read"])), ("ExpiresDateTime", ends)];
    replace(&all).unwrap();
    assert_eq!(of(&bench, 1, &["Name", "Purpose", "Scopes"]), "n - tickets:read");
}

/// A token without a list gave itself one, and had the scopes again that the policy held back.
#[test]
fn a_first_list_that_brings_scopes_back_needs_the_password_again() {
    let bench = Bench::new();
    bench.user("Bob", Role::Agent);
    let his = Request { owner_id: Some(1), ..request(Role::Agent) };
    let (_, secret) = mint(&bench, his).unwrap();
    policy(&bench, &[("ScopesNeedingAddresses", texts(&["customers:read"]))]).unwrap();
    let set = |caller: &Principal| {
        change(&bench, caller, 1, &[("AllowedAddresses", texts(&["10.0.0.0/8"]))])
    };
    let told = refused(set(&comes(&bench, &secret).unwrap()));
    assert!(told.starts_with("PolicyForbids 'AllowedAddresses'"), "{told}");
    set(&signed_in(&bench, 1)).unwrap();
}

#[test]
fn a_purpose_is_one_line_without_commands_for_a_terminal() {
    let bench = Bench::new();
    for bad in ["a\nb", "\u{1b}[2J", "\u{9b}31m"] {
        let asked = Request { purpose: Some(bad.into()), ..request(Role::Agent) };
        let told = refused(mint(&bench, asked));
        assert!(told.starts_with("InvalidValue 'Purpose'"), "{bad:?}: {told}");
    }
    mint(&bench, request(Role::Agent)).unwrap();
    let told = refused(change(&bench, &bench.caller, 1, &[("Purpose", text("a\u{1b}b"))]));
    assert!(told.starts_with("InvalidValue 'Purpose'"), "{told}");
}

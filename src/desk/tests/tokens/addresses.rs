use super::*;
use crate::{desk::tokens::Done, model::actions};

#[test]
fn a_token_works_only_from_where_it_may() {
    let bench = Bench::new();
    let list = ["10.0.0.0/8", "2001:db8::1"].map(str::to_owned).to_vec();
    let (_, secret) =
        mint(&bench, Request { addresses: list, ..request(Role::Administrator) }).unwrap();
    for inside in ["10.9.9.9", "::ffff:10.0.0.1", "2001:db8::1"] {
        assert!(comes_from(&bench, &secret, inside).is_ok(), "{inside}");
    }
    for (outside, seen) in [("::ffff:11.0.0.1", "11.0.0.1"), ("2001:db8::2", "2001:db8::2")] {
        let want = Err(Error::AddressNotAllowed { address: seen.into() });
        assert_eq!(comes_from(&bench, &secret, outside), want);
    }
    // Where it works from learns only who knows the secret; and what it makes works from nowhere else.
    let stranger = crate::auth::PlainToken::mint(crate::auth::Kind::Admin, [9; 32]);
    assert_eq!(denied(&bench, stranger.expose()), Denial::Invalid);
    let parent = comes_from(&bench, &secret, "10.0.0.1").unwrap();
    let (_, child) = mint_as(&bench, &parent, request(Role::Agent)).unwrap();
    assert!(comes_from(&bench, &child, "10.0.0.1").is_ok());
    assert!(matches!(comes(&bench, &child), Err(Error::AddressNotAllowed { .. })));
    // Nor do those further down, whatever becomes of their own list or of one between.
    let child_caller = comes_from(&bench, &child, "10.0.0.1").unwrap();
    let (_, grandchild) = mint_as(&bench, &child_caller, request(Role::ReadOnlyAgent)).unwrap();
    for id in [2, 3] {
        assert!(matches!(comes(&bench, &grandchild), Err(Error::AddressNotAllowed { .. })));
        let list = texts(&["127.0.0.1", "10.0.0.0/8"]);
        change(&bench, &bench.caller, id, &[("AllowedAddresses", list)]).unwrap();
    }
    assert!(matches!(comes(&bench, &grandchild), Err(Error::AddressNotAllowed { .. })));
    assert!(comes_from(&bench, &grandchild, "10.0.0.1").is_ok());
    block_on(bench.desk.flush(true)).unwrap();
    assert_eq!(of(&bench, 1, &["DeniedCount"]), "2");
    let all = bench.list(set::AUDIT_EVENTS, &["Event", "ActorTokenId", "Detail"]);
    assert!(all.iter().any(|line| line.starts_with("AddressDenied 1 11.0.0.1")), "{all:?}");
}

/// Whoever has a network of version 6 has 2^64 addresses to come from.
#[test]
fn a_flood_from_one_network_is_one_row_and_hides_nobody() {
    let bench = Bench::new();
    let list = vec!["10.0.0.0/8".to_owned()];
    let limited = |addresses| Request { addresses, ..request(Role::Agent) };
    let (_, stolen) = mint(&bench, limited(list.clone())).unwrap();
    let (_, other) = mint(&bench, limited(list)).unwrap();
    for host in 0..2000 {
        assert!(comes_from(&bench, &stolen, &format!("2001:db8::{host:x}")).is_err());
    }
    assert!(comes_from(&bench, &other, "192.0.2.1").is_err());
    block_on(bench.desk.flush(true)).unwrap();
    let all = bench.list(set::AUDIT_EVENTS, &["Event", "ActorTokenId", "Count"]);
    let mut denied: Vec<_> =
        all.into_iter().filter(|line| line.starts_with("AddressDenied")).collect();
    denied.sort();
    assert_eq!(denied, ["AddressDenied 1 2000", "AddressDenied 2 1"]);
}

#[test]
fn a_record_from_before_there_were_lists_works_from_everywhere() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
        let mut edit = Edit::of(helpdesk(), &draft.row(set::ACCESS_TOKENS, &Key::Int(1)).unwrap());
        edit.set(helpdesk(), token::ALLOWED_ADDRESSES, Value::Null);
        draft.put(set::ACCESS_TOKENS, edit).map(|_| ())
    })
    .unwrap();
    assert!(comes_from(&bench, &secret, "203.0.113.7").is_ok());
    // A collection is never null.
    assert_eq!(of(&bench, 1, &["AllowedAddresses"]), "");
}

#[test]
fn a_list_tells_whom_it_would_deny_before_it_is_saved() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Administrator)).unwrap();
    let caller = comes_from(&bench, &secret, "::ffff:192.0.2.7").unwrap();
    bench.desk.note_use(&caller);
    block_on(bench.desk.flush(true)).unwrap();
    let ask = |caller: &Principal, list: &[&str], of: Option<i64>| {
        let given: Vec<(usize, Value)> = [Some((0, texts(list))), of.map(|id| (1, Value::Int(id)))]
            .into_iter()
            .flatten()
            .collect();
        let at = (None, Precondition::default());
        let done =
            block_on(bench.desk.act_on_tokens(caller, actions::CHECK_ADDRESSES, at, &given))?;
        let Done::Complex(told) = done else { panic!("no value") };
        Ok::<String, Error>(told.values.iter().map(plain).collect::<Vec<_>>().join(" "))
    };
    let here = Principal { address: Some("10.0.0.1".parse().unwrap()), ..caller.clone() };
    let got = |list: &[&str], of| ask(&here, list, of).unwrap();
    assert_eq!(
        got(&["10.0.0.0/8", "::ffff:10.0.0.1"], None),
        "10.0.0.0/8|10.0.0.1 10.0.0.1 false - -"
    );
    assert_eq!(got(&["192.0.2.0/24"], Some(1)), "192.0.2.0/24 10.0.0.1 true 192.0.2.7 false");
    assert_eq!(got(&["10.0.0.1"], Some(1)), "10.0.0.1 10.0.0.1 false 192.0.2.7 true");
    assert_eq!(got(&[], Some(1)), " 10.0.0.1 false 192.0.2.7 false");
    let bad = refused(ask(&here, &["10.0.0.1/8"], None));
    assert!(bad.contains("it takes 10.0.0.0/8 or 10.0.0.1"), "{bad}");
    let stranger = Principal {
        token_id: Some(9),
        scopes: "tokens:mint".parse().unwrap(),
        confirmed: Confirmed::Program,
        ..Principal::system()
    };
    assert_eq!(
        ask(&stranger, &[], Some(1)),
        Err(Error::Forbidden { scope: "tokens:write".into() })
    );
}

//! Between the moment somebody comes and the turn of what they want, what they came with may end.

use super::*;

const MONTH_LATER: &str = "2026-12-21T22:00:00Z";

/// An administrator (1) with a token (1) and one made with that (2): whoever comes with the second.
fn came(bench: &Bench) -> Principal {
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Administrator);
    let of_ann = Request { owner_id: Some(1), ..request(Role::Administrator) };
    let (_, first) = mint(bench, of_ann.clone()).unwrap();
    let (_, second) = mint_as(bench, &comes(bench, &first).unwrap(), of_ann).unwrap();
    comes(bench, &second).unwrap()
}

/// What becomes of a new user, a new token and a change of the policy after this happened.
#[track_caller]
fn check(meanwhile: impl Fn(&Bench), want: &str) {
    let bench = Bench::new();
    let caller = came(&bench);
    meanwhile(&bench);
    let trace = bench.trace();
    let user = [("Name", "Eve"), ("Email", "eve@x.example"), ("Role", "Agent")];
    let user = Bench::given(set::USERS, &user.map(|(name, value)| (name, text(value))));
    let created = block_on(bench.desk.create(&caller, set::USERS, user)).map(|_| ());
    let minted = mint_as(&bench, &caller, request(Role::Agent)).map(|_| ());
    let changes = Bench::given(set::TOKEN_POLICIES, &[("IdleDays", Value::Int(0))]);
    let at = (set::TOKEN_POLICIES, Key::Int(1));
    let any = Precondition::default();
    let ruled = block_on(bench.desk.update(&caller, at, any.clone(), changes)).map(|_| ());
    let deleted = block_on(bench.desk.delete(&caller, (set::ACCESS_TOKENS, Key::Int(1)), any));
    for done in [created, minted, ruled, deleted] {
        assert_eq!(done.map_or_else(|error| refused::<()>(Err(error)), |()| "done".into()), want);
    }
    assert_eq!(bench.trace() == trace, want != "done");
}

#[test]
fn whoever_lost_what_they_came_with_changes_nothing() {
    let revoked = format!("TokenRevoked the access token was revoked at {START}");
    check(|_| {}, "done");
    for id in [1, 2] {
        check(|bench| drop(revoke(bench, &bench.caller, id).unwrap()), &revoked);
    }
    let delete = |bench: &Bench, id| bench.remove(set::ACCESS_TOKENS, id).unwrap();
    check(|bench| delete(bench, 1), &revoked);
    check(|bench| delete(bench, 2), "InvalidToken the access token is not valid");
    let expired = format!("TokenExpired the access token expired at {MONTH_LATER}");
    check(|bench| bench.at(MONTH_LATER), &expired);
}

#[test]
fn whoever_lost_some_of_the_rights_they_came_with_comes_again() {
    let lacks = |scope: &str| {
        format!(
            "InsufficientScope this needs the scope '{scope}', which is not in force for you; Me() tells what is"
        )
    };
    let narrow = |bench: &Bench, id| {
        let few = Scopes::all().without("users:write".parse().unwrap());
        let names: Vec<&str> = few.names().collect();
        change(bench, &bench.caller, id, &[("Scopes", texts(&names))]).unwrap();
    };
    check(|bench| narrow(bench, 2), &lacks("users:write"));
    check(|bench| narrow(bench, 1), &lacks("users:write"));
    let of_ann = |bench: &Bench, prop, value| set_user(bench, 1, prop, value);
    check(|bench| of_ann(bench, user::IS_ACTIVE, Value::Bool(false)), &lacks("tickets:read"));
    check(|bench| of_ann(bench, user::ROLE, text("Agent")), &lacks("tickets:delete"));
    let needing = |bench: &Bench| {
        policy(bench, &[("ScopesNeedingAddresses", texts(&["users:write"]))]).unwrap();
    };
    check(needing, &lacks("users:write"));
}

#[test]
fn a_secret_that_was_replaced_changes_nothing_unless_it_still_works() {
    let rotate = |bench: &Bench, hours| {
        block_on(bench.desk.rotate_token(&bench.caller, at_any(2), Some(hours))).unwrap();
    };
    let want =
        format!("TokenRotated this secret was replaced by a new one and worked until {START}");
    check(|bench| rotate(bench, 0), &want);
    check(|bench| rotate(bench, 24), "done");
    let twice = |bench: &Bench| {
        rotate(bench, 24);
        rotate(bench, 0);
    };
    check(twice, &want);
}

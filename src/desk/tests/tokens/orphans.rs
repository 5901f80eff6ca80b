use super::*;

/// A service token of the workspace, answered for by Bob, an agent; and Ann, who may do everything.
fn bench() -> (Bench, String) {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.user("Bob", Role::Agent);
    let service = Request {
        is_service: true,
        responsible_id: Some(2),
        expires: Some(End::At("2027-06-01T00:00:00Z".parse().unwrap())),
        ..request(Role::Agent)
    };
    let secret = mint(&bench, service).unwrap().1;
    (bench, secret)
}

const SEEN: [&str; 2] = ["OrphanedDateTime", "ExpiresDateTime"];
const FULL: &str = "- 2027-06-01T00:00:00Z";
const ORPHANED: &str = "2026-11-21T22:00:00Z 2026-12-21T22:00:00Z";

#[test]
fn a_service_token_is_orphaned_when_nobody_answers_for_it() {
    let changes: [(&str, Value); 2] =
        [("IsActive", Value::Bool(false)), ("Role", text("ReadOnlyAgent"))];
    for one in changes {
        let (bench, secret) = bench();
        bench.change(set::USERS, 2, &[one]).unwrap();
        assert_eq!(of(&bench, 1, &SEEN), ORPHANED);
        assert_eq!(
            audited(&bench).pop().unwrap(),
            "TokenOrphaned 1 ExpiresDateTime: 2027-06-01T00:00:00Z -> 2026-12-21T22:00:00Z"
        );
        assert!(comes(&bench, &secret).is_ok());
        bench.at("2026-12-21T22:00:00Z");
        assert!(matches!(denied(&bench, &secret), Denial::Expired(_)));
    }
    let (bench, _) = bench();
    bench.remove(set::USERS, 2).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), ORPHANED);
}

#[test]
fn whoever_deletes_somebody_orphaned_their_tokens() {
    let (mut bench, _) = bench();
    bench.caller = signed_in(&bench, 1);
    bench.remove(set::USERS, 2).unwrap();
    let told = bench.list(set::AUDIT_EVENTS, &["Event", "ActorName"]);
    assert!(told.contains(&"TokenOrphaned Ann".to_owned()), "{told:?}");
}

#[test]
fn who_may_more_than_before_still_answers() {
    let (bench, _) = bench();
    bench.change(set::USERS, 2, &[("Role", text("Administrator"))]).unwrap();
    bench.change(set::USERS, 2, &[("Name", text("Robert"))]).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), FULL);
}

#[test]
fn coming_back_does_not_adopt_but_somebody_may() {
    let (bench, _) = bench();
    bench.change(set::USERS, 2, &[("IsActive", false.into())]).unwrap();
    bench.change(set::USERS, 2, &[("IsActive", true.into())]).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), ORPHANED);
    let adopt = |by: i64, who: i64| {
        change(&bench, &signed_in(&bench, by), 1, &[("ResponsibleId", Value::Int(who))])
    };
    assert_eq!(adopt(2, 2).unwrap_err(), Error::Forbidden { scope: "tokens:write".into() });
    assert!(refused(adopt(1, 9)).contains("there is no active Users(9)"));
    adopt(1, 1).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), FULL);
    assert_eq!(of(&bench, 1, &["ResponsibleName"]), "Ann");
    let told = audited(&bench).pop().unwrap();
    assert_eq!(told, "TokenChanged 1 ResponsibleId: 2 -> 1");
}

#[test]
fn an_orphan_adopted_again_by_the_same_person_gets_its_life_back() {
    let (bench, _) = bench();
    bench.change(set::USERS, 2, &[("IsActive", false.into())]).unwrap();
    bench.change(set::USERS, 2, &[("IsActive", true.into())]).unwrap();
    // A replacement names everybody and means nothing by it.
    let all = [
        ("Name", text("n")),
        ("Scopes", texts(&["tickets:read"])),
        ("ExpiresDateTime", Value::Instant("2026-12-21T22:00:00Z".parse().unwrap())),
        ("ResponsibleId", Value::Int(2)),
    ];
    bench.replace(set::ACCESS_TOKENS, 1, &all).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), ORPHANED);
    change(&bench, &signed_in(&bench, 1), 1, &[("ResponsibleId", Value::Int(2))]).unwrap();
    assert_eq!(of(&bench, 1, &SEEN), FULL);
}

/// A change that named the same person adopted the token alone, and meant nothing beside a new name.
#[test]
fn a_change_that_names_somebody_adopts_whatever_else_it_says() {
    let person = ("ResponsibleId", Value::Int(2));
    let name = ("Name", text("figures"));
    let scopes = ("Scopes", texts(&["tickets:read"]));
    for changes in [
        vec![person.clone(), name.clone()],
        vec![name.clone(), scopes.clone(), person.clone()],
        vec![("Name", text("report")), person.clone()],
    ] {
        let (bench, _) = bench();
        bench.change(set::USERS, 2, &[("IsActive", false.into())]).unwrap();
        bench.change(set::USERS, 2, &[("IsActive", true.into())]).unwrap();
        change(&bench, &signed_in(&bench, 1), 1, &changes).unwrap();
        assert_eq!(of(&bench, 1, &SEEN), FULL);
        bench.change(set::USERS, 2, &[("IsActive", false.into())]).unwrap();
        change(&bench, &signed_in(&bench, 1), 1, std::slice::from_ref(&name)).unwrap();
        assert_eq!(of(&bench, 1, &SEEN), ORPHANED);
    }
}

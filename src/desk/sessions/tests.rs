//! Sessions, run on a store in memory whose clock stands still until it is moved.

use super::*;
use crate::{
    auth::{Confirmed, Password, Proof, Role},
    desk::tests::{Bench, block_on, refused},
    model::{Precondition, Value, props::audit},
};

const PASSWORD: &str = "correct horse battery";

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

/// Somebody at an address of their own, so that tries of one do not stand against another.
fn visitor(last: u8) -> Visitor {
    Visitor { address: [192, 0, 2, last].into(), agent: Some("a browser".into()) }
}

/// Ann with a password, signed in with a link.
fn ann(bench: &Bench, role: Role) -> (i64, SignedIn) {
    let id = bench.user("Ann", role);
    (id, by_link(bench, "ann@example.net").unwrap())
}

fn by_link(bench: &Bench, who: &str) -> Result<SignedIn, Error> {
    let link = link(bench, &Principal::system(), who)?;
    use_link(bench, &link.secret, None)
}

fn link(bench: &Bench, caller: &Principal, who: &str) -> Result<MadeLink, Error> {
    let key = users::find(&*bench.desk.snapshot(), who)?.key(helpdesk());
    block_on(bench.desk.make_link(caller, (key, Precondition::default())))
}

fn use_link(bench: &Bench, secret: &Secret, email: Option<&str>) -> Result<SignedIn, Error> {
    let given = LinkUse {
        secret: secret.expose().to_owned(),
        password: password(PASSWORD),
        name: email.map(|_| "First".to_owned()),
        email: email.map(str::to_owned),
    };
    block_on(bench.desk.use_link(visitor(1), given))
}

fn sign_in(bench: &Bench, email: &str, with: &str) -> Result<SignedIn, Error> {
    block_on(bench.desk.sign_in(visitor(2), (email, password(with)), None))
}

fn enter(bench: &Bench, secret: &Secret) -> Result<Principal, Error> {
    let proof = Proof::Session(secret.expose());
    let visit = Visit { proof, ..Visit::here("") };
    bench.desk.authenticate(&visit)
}

#[track_caller]
fn check_over(bench: &Bench, secret: &Secret) {
    let error = enter(bench, secret).unwrap_err();
    assert_eq!(error, Error::Unauthenticated(Denial::NoSession));
}

/// What the audit log has of people, oldest first.
fn events(bench: &Bench) -> Vec<String> {
    let snapshot = bench.desk.snapshot();
    let all = snapshot.rows(set::AUDIT_EVENTS);
    let text = |row: &Row, prop| get(helpdesk(), row, prop).as_text().unwrap_or("-").to_owned();
    let line = |row: Row| {
        let [event, actor, name] =
            [audit::EVENT, audit::ACTOR_NAME, audit::SUBJECT_NAME].map(|prop| text(&row, prop));
        format!("{event} {actor} {name}")
    };
    all.map(line)
        .filter(|line| !line.starts_with("Created") && !line.starts_with("Changed"))
        .collect()
}

#[test]
fn a_session_ends_after_eight_idle_hours_and_never_comes_back() {
    let bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Agent);
    bench.at("2026-11-22T05:59:00Z");
    enter(&bench, &ann.secret).unwrap();
    bench.at("2026-11-22T13:58:59Z");
    enter(&bench, &ann.secret).unwrap();
    bench.at("2026-11-22T21:58:59Z");
    check_over(&bench, &ann.secret);
    bench.at("2026-11-22T14:00:00Z");
    check_over(&bench, &ann.secret);
    block_on(bench.desk.keep_sessions()).unwrap();
    assert_eq!(bench.desk.snapshot().rows(set::SESSIONS).count(), 0);
    check_over(&bench, &ann.secret);
}

#[test]
fn a_session_ends_a_day_after_it_began_however_busy_it_is() {
    let bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Agent);
    for hour in ["22T02", "22T08", "22T14", "22T20", "22T21"] {
        bench.at(&format!("2026-11-{hour}:59:59Z"));
        enter(&bench, &ann.secret).unwrap();
    }
    bench.at("2026-11-22T22:00:00Z");
    check_over(&bench, &ann.secret);
    sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
}

#[test]
fn who_is_signed_in_is_told_when_that_ends_if_nothing_more_is_asked() {
    let bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Agent);
    for (at, want) in [
        ("2026-11-21T23:00:00Z", "2026-11-22T07:00:00Z"),
        ("2026-11-22T06:00:00Z", "2026-11-22T14:00:00Z"),
        ("2026-11-22T13:59:00Z", "2026-11-22T21:59:00Z"),
        ("2026-11-22T21:00:00Z", "2026-11-22T22:00:00Z"),
    ] {
        bench.at(at);
        let caller = enter(&bench, &ann.secret).unwrap();
        let told = bench.desk.me(&caller).unwrap();
        let ends = told.values[usize::from(crate::model::props::caller::EXPIRES.0)].as_instant();
        assert_eq!(ends, Some(want.parse().unwrap()), "{at}");
    }
}

#[test]
fn use_is_kept_in_memory_and_written_now_and_then() {
    let bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Agent);
    let seen = || {
        let snapshot = bench.desk.snapshot();
        let row = snapshot.rows(set::SESSIONS).next().unwrap();
        (snapshot.seq(), times(&*snapshot, &row).last_seen.to_string())
    };
    let before = seen();
    bench.at("2026-11-21T22:10:00Z");
    for _ in 0..100 {
        enter(&bench, &ann.secret).unwrap();
    }
    assert_eq!(seen(), before, "no request writes");
    let own = bench.desk.own_sessions(&ann.caller).unwrap();
    assert_eq!(own[0].last_seen.to_string(), "2026-11-21T22:10:00Z");
    block_on(bench.desk.keep_sessions()).unwrap();
    let after = seen();
    assert_eq!(after, (before.0 + 1, "2026-11-21T22:10:00Z".into()));
    block_on(bench.desk.keep_sessions()).unwrap();
    assert_eq!(seen(), after, "there is nothing to write");
}

#[test]
fn whoever_may_not_sign_in_costs_as_much_work_as_a_wrong_password() {
    let bench = Bench::new();
    let (_, _) = ann(&bench, Role::Administrator);
    let bob = bench.user("Bob", Role::Agent);
    by_link(&bench, "bob@example.net").unwrap();
    bench.change(set::USERS, bob, &[("IsActive", Value::Bool(false))]).unwrap();
    bench.user("Cleo", Role::Agent);
    let checks = || bench.desk.people().checks.done();
    let long = "x".repeat(300);
    for (email, with) in [
        ("ann@example.net", "wrong password"),
        ("ann@example.net", &long),
        ("bob@example.net", PASSWORD),
        ("cleo@example.net", PASSWORD),
        ("nobody@example.net", PASSWORD),
    ] {
        let before = (checks(), bench.trace());
        let at = visitor(u8::try_from(before.0).unwrap());
        let refusal = block_on(bench.desk.sign_in(at, (email, password(with)), None));
        assert_eq!(
            refused(refusal.map(|_| ())),
            "SignInFailed nobody signs in with this address and this password"
        );
        assert_eq!((checks(), bench.trace()), (before.0 + 1, before.1), "{email}");
    }
    block_on(bench.desk.flush(true)).unwrap();
    let mut failed = events(&bench);
    failed.retain(|event| event.starts_with("SignInFailed"));
    failed.sort();
    let nobody = "SignInFailed - -";
    assert_eq!(
        failed,
        ["SignInFailed - -", nobody, nobody, "SignInFailed - Ann", "SignInFailed - Ann"]
    );
}

#[test]
fn one_more_than_twenty_sessions_ends_the_oldest() {
    let bench = Bench::new();
    let (_, first) = ann(&bench, Role::Agent);
    let second = sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
    for _ in 2..20 {
        sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
    }
    enter(&bench, &first.secret).unwrap();
    let last = sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
    check_over(&bench, &first.secret);
    enter(&bench, &second.secret).unwrap();
    assert_eq!(bench.desk.own_sessions(&last.caller).unwrap().len(), 20);
}

#[test]
fn a_confirmation_ends_after_five_minutes() {
    let bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Agent);
    let is_confirmed = || enter(&bench, &ann.secret).unwrap().confirmed == Confirmed::Person(true);
    assert!(!is_confirmed());
    block_on(bench.desk.confirm(&ann.caller, password(PASSWORD))).unwrap();
    bench.at("2026-11-21T22:04:59Z");
    assert!(is_confirmed());
    bench.at("2026-11-21T22:05:00Z");
    assert!(!is_confirmed());
}

#[test]
fn a_link_works_for_half_an_hour_and_only_for_who_may_decide_about_that_person() {
    let mut bench = Bench::new();
    let (_, ann) = ann(&bench, Role::Administrator);
    let bob = bench.user("Bob", Role::Agent);
    let make = |caller: &Principal| link(&bench, caller, "bob@example.net");
    let unconfirmed = enter(&bench, &ann.secret).unwrap();
    assert_eq!(make(&unconfirmed).unwrap_err(), Error::ConfirmationRequired);
    block_on(bench.desk.confirm(&ann.caller, password(PASSWORD))).unwrap();
    let given = make(&enter(&bench, &ann.secret).unwrap()).unwrap();
    bench.at("2026-11-21T22:29:59Z");
    let used = LinkUse {
        secret: given.secret.expose().to_owned(),
        password: password(PASSWORD),
        name: None,
        email: None,
    };
    assert_eq!(format!("{used:?}"), "LinkUse(..)");
    use_link(&bench, &given.secret, None).unwrap();
    // With a link a stolen token would become a password, which outlasts it.
    let request = crate::desk::tokens::Request::new("report", Role::Administrator);
    let (_, secret) = block_on(bench.desk.mint_token(&Principal::system(), request)).unwrap();
    let program = bench.desk.authenticate(&Visit::here(secret.expose())).unwrap();
    let refusal = refused(make(&program));
    assert!(refusal.starts_with("PolicyForbids 'MakeSetupLink'"), "{refusal}");
    let given = make(&Principal::system()).unwrap();
    bench.at("2026-11-21T22:59:59Z");
    assert!(refused(use_link(&bench, &given.secret, None)).starts_with("InvalidValue 'Secret'"));
    bench.as_user(bob, "users:read,users:write");
    for (who, code) in [("ann@example.net", "ExceedsRights"), ("nobody@x", "InvalidValue")] {
        let refusal = link(&bench, &bench.caller, who).unwrap_err();
        assert_eq!(refusal.code(), code);
    }
    bench.as_user(bob, "users:read");
    let refusal = link(&bench, &bench.caller, "bob@example.net").unwrap_err();
    assert_eq!(refusal.code(), "InsufficientScope");
}

#[test]
fn the_first_link_is_void_once_an_administrator_has_a_password() {
    let bench = Bench::new();
    let former = bench.desk.make_first_link().unwrap();
    let link = bench.desk.make_first_link().unwrap();
    let first = |link: &MadeLink| use_link(&bench, &link.secret, Some("first@example.net"));
    assert!(refused(first(&former)).starts_with("InvalidValue 'Secret'"), "replaced");
    bench.at("2026-11-21T22:30:00Z");
    assert!(refused(first(&link)).starts_with("InvalidValue 'Secret'"), "too old");
    let link = bench.desk.make_first_link().unwrap();
    let other = ann(&bench, Role::Administrator).1;
    assert!(refused(first(&link)).starts_with("InvalidValue 'Secret'"), "not needed");
    assert!(bench.desk.make_first_link().is_none());
    enter(&bench, &other.secret).unwrap();
}

#[test]
fn what_people_do_is_in_the_audit_log_with_who_did_it() {
    let bench = Bench::new();
    let (id, ann) = ann(&bench, Role::Administrator);
    block_on(bench.desk.confirm(&ann.caller, password(PASSWORD))).unwrap();
    block_on(bench.desk.sign_out(&ann.caller)).unwrap();
    bench.user("Bob", Role::Administrator);
    sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
    bench.change(set::USERS, id, &[("Role", Value::text("Agent"))]).unwrap();
    bench.change(set::USERS, id, &[("IsActive", Value::Bool(false))]).unwrap();
    bench.change(set::USERS, id, &[("IsActive", Value::Bool(true))]).unwrap();
    assert_eq!(
        events(&bench),
        [
            "SetupLinkMade System Ann",
            "PasswordChanged Ann Ann",
            "SignedIn Ann Ann",
            "Confirmed Ann Ann",
            "SignedOut Ann Ann",
            "SignedIn Ann Ann",
            "RoleChanged System Ann",
            "UserDisabled System Ann",
            "UserEnabled System Ann",
        ]
    );
}

#[test]
fn whoever_is_deleted_leaves_no_session_and_no_password() {
    let bench = Bench::new();
    let (id, ann) = ann(&bench, Role::Agent);
    bench.remove(set::USERS, id).unwrap();
    check_over(&bench, &ann.secret);
    let snapshot = bench.desk.snapshot();
    assert_eq!(snapshot.rows(set::SESSIONS).count() + snapshot.rows(set::CREDENTIALS).count(), 0);
}

/// What becomes of a new user after this happened to an administrator who had come before.
#[track_caller]
fn check_still(meanwhile: impl Fn(&Bench, &SignedIn), want: &str) {
    let bench = Bench::new();
    bench.user("Bob", Role::Administrator);
    let (_, ann) = ann(&bench, Role::Administrator);
    block_on(bench.desk.confirm(&enter(&bench, &ann.secret).unwrap(), password(PASSWORD))).unwrap();
    let caller = enter(&bench, &ann.secret).unwrap();
    meanwhile(&bench, &ann);
    let trace = bench.trace();
    let given = [("Name", "Eve"), ("Email", "eve@x.example"), ("Role", "Agent")];
    let given = Bench::given(set::USERS, &given.map(|(name, text)| (name, Value::text(text))));
    let created = block_on(bench.desk.create(&caller, set::USERS, given));
    assert_eq!(created.map_or_else(|error| error.code().to_owned(), |_| "done".into()), want);
    assert_eq!(bench.trace() == trace, want != "done");
}

#[test]
fn whoever_is_signed_out_or_demoted_before_their_turn_changes_nothing() {
    check_still(|_, _| {}, "done");
    let sign_out = |bench: &Bench, ann: &SignedIn| {
        block_on(bench.desk.sign_out(&enter(bench, &ann.secret).unwrap())).unwrap();
    };
    check_still(sign_out, "SessionEnded");
    let disable = |bench: &Bench, _: &SignedIn| {
        let by = Principal::system();
        block_on(bench.desk.set_user_active(&by, "ann@example.net", false)).unwrap();
    };
    check_still(disable, "SessionEnded");
    let demote = |bench: &Bench, _: &SignedIn| {
        let by = Principal::system();
        block_on(bench.desk.set_user_role(&by, "ann@example.net", Role::Agent)).unwrap();
    };
    check_still(demote, "InsufficientScope");
    check_still(|bench, _| bench.at("2026-11-21T22:04:59Z"), "done");
    check_still(|bench, _| bench.at("2026-11-21T22:05:00Z"), "ConfirmationRequired");
    check_still(|bench, _| bench.at("2026-11-22T06:00:00Z"), "SessionEnded");
    check_still(|bench, _| bench.at("2026-11-22T22:00:00Z"), "SessionEnded");
}

#[test]
fn a_session_that_was_ended_ends_no_others() {
    let bench = Bench::new();
    let (_, one) = ann(&bench, Role::Agent);
    let two = sign_in(&bench, "ann@example.net", PASSWORD).unwrap();
    let stolen = enter(&bench, &one.secret).unwrap();
    let id = stolen.session_id.unwrap();
    block_on(bench.desk.end_session(&enter(&bench, &two.secret).unwrap(), id)).unwrap();
    let other = enter(&bench, &two.secret).unwrap().session_id.unwrap();
    for ended in [
        block_on(bench.desk.end_other_sessions(&stolen)),
        block_on(bench.desk.end_session(&stolen, other)),
    ] {
        assert_eq!(ended.unwrap_err().code(), "SessionEnded");
    }
    block_on(bench.desk.sign_out(&stolen)).unwrap();
    enter(&bench, &two.secret).unwrap();
}

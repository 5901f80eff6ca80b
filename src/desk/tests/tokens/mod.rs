//! Access tokens, from their making to their end.

mod addresses;
mod change;
mod door;
mod lattice;
mod mint;
mod orphans;
mod policy;
mod removal;
mod retired;
mod rotate;
mod still;
mod verbs;

use core::net::IpAddr;

use super::*;
use crate::{
    auth::{Confirmed, Proof, Visit, expiry::End},
    desk::tokens::Request,
    error::Denial,
    model::props::{policy as rule, token, user},
    store::Edit,
};

fn request(role: Role) -> Request {
    Request::new("report", role)
}

fn mint(bench: &Bench, request: Request) -> Result<(Row, String), Error> {
    mint_as(bench, &bench.caller, request)
}

fn mint_as(bench: &Bench, caller: &Principal, request: Request) -> Result<(Row, String), Error> {
    block_on(bench.desk.mint_token(caller, request))
        .map(|(row, secret)| (row, secret.expose().to_owned()))
}

/// Who comes with that secret.
fn comes(bench: &Bench, secret: &str) -> Result<Principal, Error> {
    bench.desk.authenticate(&Visit::here(secret))
}

fn comes_from(bench: &Bench, secret: &str, address: &str) -> Result<Principal, Error> {
    let address: IpAddr = address.parse().unwrap();
    let proof = Proof::Token(secret);
    bench.desk.authenticate(&Visit { proof, address, agent: None, is_read: true })
}

/// A member of staff, signed in, with the password given just now.
fn signed_in(bench: &Bench, id: i64) -> Principal {
    let source = bench.desk.snapshot();
    let row = source.row(set::USERS, &Key::Int(id)).unwrap();
    let role: Role = bench.show(&row, "Role").parse().unwrap();
    Principal {
        session_id: Some(bench.session(id)),
        confirmed: Confirmed::Person(true),
        user_id: Some(id),
        role: Some(role),
        scopes: role.scopes(),
        ..Principal::system()
    }
}

fn at_any(id: i64) -> (Key, Precondition) {
    (Key::Int(id), Precondition::default())
}

fn revoke(bench: &Bench, caller: &Principal, id: i64) -> Result<Row, Error> {
    block_on(bench.desk.revoke_token(caller, at_any(id)))
}

/// Changes a token as a client would.
fn change(
    bench: &Bench,
    caller: &Principal,
    id: i64,
    names: &[(&str, Value)],
) -> Result<Row, Error> {
    let changes = Bench::given(set::ACCESS_TOKENS, names);
    let at = (set::ACCESS_TOKENS, Key::Int(id));
    block_on(bench.desk.update(caller, at, Precondition::default(), changes))
}

fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::text(item)).collect())
}

/// Properties of the token of that id.
fn of(bench: &Bench, id: i64, names: &[&str]) -> String {
    let row = bench.desk.snapshot().row(set::ACCESS_TOKENS, &Key::Int(id)).unwrap();
    names.iter().map(|name| bench.show(&row, name)).collect::<Vec<_>>().join(" ")
}

/// What the audit log says of tokens: event, subject and detail.
fn audited(bench: &Bench) -> Vec<String> {
    let all = bench.list(set::AUDIT_EVENTS, &["Event", "EntityId", "Detail"]);
    let is_ours = |line: &String| line.starts_with("Token") || line.starts_with("Policy");
    all.into_iter().filter(is_ours).collect()
}

/// Sets what the workspace allows.
fn policy(bench: &Bench, names: &[(&str, Value)]) -> Result<Row, Error> {
    bench.change(set::TOKEN_POLICIES, 1, names)
}

fn denied(bench: &Bench, secret: &str) -> Denial {
    match bench.desk.authenticate(&Visit::here(secret)) {
        Err(Error::Unauthenticated(denial)) => denial,
        other => panic!("{other:?}"),
    }
}

fn set_user(bench: &Bench, id: i64, prop: Prop, value: Value) {
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| {
        let row = draft.row(set::USERS, &Key::Int(id)).unwrap();
        let mut edit = Edit::of(helpdesk(), &row);
        edit.set(helpdesk(), prop, value.clone());
        draft.put(set::USERS, edit).map(|_| ())
    })
    .unwrap();
}

#[test]
fn a_minted_token_opens_the_door_with_its_rights_until_it_ends() {
    let bench = Bench::new();
    let (row, secret) = mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
    let caller = bench.desk.authenticate(&Visit::here(&secret)).unwrap();
    assert_eq!(caller.scopes, Role::ReadOnlyAgent.scopes());
    assert_eq!((caller.token_id, caller.user_id), (Some(1), None));
    assert!(secret.starts_with(caller.prefix.as_deref().unwrap()));
    assert_eq!(bench.show(&row, "Kind"), "ro");
    assert_eq!(bench.show(&row, "Scopes"), "tickets:read|customers:read");
    assert_eq!(bench.show(&row, "ExpiresDateTime"), "2026-12-21T22:00:00Z");
    bench.at("2026-12-21T21:59:59Z");
    assert!(bench.desk.authenticate(&Visit::here(&secret)).is_ok());
    bench.at("2026-12-21T22:00:00Z");
    assert_eq!(denied(&bench, &secret), Denial::Expired("2026-12-21T22:00:00Z".parse().unwrap()));
}

#[test]
fn the_secret_is_nowhere_in_the_store() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
    let random = &secret.as_bytes()[secret.len() - 40..];
    for commit in bench.desk.store().changes_since(0).unwrap() {
        let bytes = commit.unwrap().to_bytes(helpdesk());
        assert!(!bytes.windows(random.len()).any(|window| window == random));
    }
}

#[test]
fn an_unknown_secret_learns_nothing() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
    let stranger = crate::auth::PlainToken::mint(crate::auth::Kind::Agent, [9; 32]);
    for bad in ["", "password", &secret[1..], stranger.expose()] {
        assert_eq!(denied(&bench, bad), Denial::Invalid);
    }
}

#[test]
fn a_revoked_token_says_so_also_when_its_time_is_up() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
    let revoked = revoke(&bench, &bench.caller, 1).unwrap();
    bench.at("2027-12-21T22:00:00Z");
    assert_eq!(denied(&bench, &secret), Denial::Revoked(START.parse().unwrap()));
    assert_eq!(revoke(&bench, &bench.caller, 1).unwrap(), revoked);
}

#[test]
fn only_its_own_owner_and_administrators_revoke_a_token() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.user("Bob", Role::Agent);
    for owner_id in [Some(1), Some(2), None, Some(1), Some(1)] {
        mint(&bench, Request { owner_id, ..request(Role::Agent) }).unwrap();
    }
    let agent = |token_id, user_id| Principal {
        token_id: Some(token_id),
        user_id,
        scopes: Role::Agent.scopes(),
        confirmed: Confirmed::Program,
        ..Principal::system()
    };
    let revoke = |caller: Principal, id| revoke(&bench, &caller, id);
    let forbidden = Err(Error::Forbidden { scope: "tokens:write".into() });
    assert_eq!(revoke(agent(2, Some(2)), 1), forbidden);
    assert_eq!(revoke(agent(3, None), 1), forbidden);
    // Whether a token exists is not told to who may not see the list.
    assert_eq!(revoke(agent(2, Some(2)), 99), forbidden);
    assert!(revoke(agent(4, Some(1)), 1).is_ok());
    assert!(revoke(agent(5, Some(2)), 5).is_ok());
    assert_eq!(refused(revoke(Principal::system(), 99)), "NotFound there is no AccessToken 99");
}

#[test]
fn rights_follow_the_owner_at_every_request() {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    let wish = Request { owner_id: Some(1), ..request(Role::Agent) };
    let (_, secret) = mint(&bench, wish).unwrap();
    let scopes = || bench.desk.authenticate(&Visit::here(&secret)).unwrap().scopes;
    assert_eq!(scopes(), Role::Agent.scopes());
    set_user(&bench, 1, user::ROLE, text("ReadOnlyAgent"));
    assert_eq!(scopes(), Role::ReadOnlyAgent.scopes());
    set_user(&bench, 1, user::ROLE, text("Wizard"));
    assert_eq!(scopes(), Scopes::NONE);
    set_user(&bench, 1, user::ROLE, text("Administrator"));
    set_user(&bench, 1, user::IS_ACTIVE, Value::Bool(false));
    assert_eq!(scopes(), Scopes::NONE);
}

#[test]
fn asking_for_more_than_one_has_names_both() {
    let bench = Bench::new().with_scopes("tickets:read,tokens:mint");
    let wish = Request {
        scopes: Some("tickets:read,tickets:delete".parse().unwrap()),
        ..request(Role::Administrator)
    };
    assert_eq!(
        mint(&bench, wish).unwrap_err(),
        Error::ExceedsRights {
            asked: "tickets:delete".into(),
            held: "tickets:read,tokens:mint".into()
        }
    );
    let bench = bench.with_scopes("tickets:read");
    let refusal = mint(&bench, request(Role::ReadOnlyAgent)).unwrap_err();
    assert_eq!(refusal, Error::Forbidden { scope: "tokens:mint".into() });
}

#[test]
fn a_wish_that_makes_no_token_is_refused() {
    let bench = Bench::new();
    let base = || request(Role::Agent);
    let at = |text: &str| Some(End::At(text.parse().unwrap()));
    for (wish, want) in [
        (Request { name: " ".into(), ..base() }, "'Name'"),
        (Request { scopes: Some(Scopes::NONE), ..base() }, "'Scopes'"),
        (
            Request { scopes: Some("audit:read".parse().unwrap()), ..base() },
            "asked for 'audit:read'",
        ),
        (Request { expires: at("2028-11-21T22:00:00Z"), ..base() }, "8760"),
        (Request { expires: at("2026-11-21T22:00:00Z"), ..base() }, "has passed"),
        (Request { owner_id: Some(77), ..base() }, "asked for"),
    ] {
        let refusal = mint(&bench, wish).unwrap_err().to_string();
        assert!(refusal.contains(want), "{refusal}");
    }
    assert_eq!(bench.desk.snapshot().rows(set::ACCESS_TOKENS).count(), 0);
}

#[test]
fn fewer_scopes_than_the_role_make_a_custom_token() {
    let bench = Bench::new();
    let wish = Request { scopes: Some("tickets:read".parse().unwrap()), ..request(Role::Agent) };
    let (row, secret) = mint(&bench, wish).unwrap();
    assert_eq!(bench.show(&row, "Kind"), "custom");
    assert!(secret.starts_with("tsr_custom_"));
    assert_eq!(row.record.get(helpdesk().structure(row.type_id), token::OWNER_ID), Value::Null);
}

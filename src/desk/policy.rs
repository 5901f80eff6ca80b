//! What a workspace allows of access tokens: one row, made with the workspace.

use std::collections::BTreeSet;

use super::{
    audit::{Entry, Event, record},
    get, invalid,
    plain::{Leaving, Rules, Turn, alone, differs},
    value::show,
};
use crate::{
    auth::{Role, Scopes, expiry::TOKEN_HOURS_MAX},
    error::Error,
    model::{Key, Model, Prop, Value, props::policy, set},
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// The one policy.
pub const KEY: Key = Key::Int(1);

/// Makes the policy with its defaults, where there is none.
///
/// # Errors
/// Those of the store.
pub fn ensure(draft: &mut dyn Draft) -> Result<(), Error> {
    if draft.row(set::TOKEN_POLICIES, &KEY).is_some() {
        return Ok(());
    }
    let (model, now) = (draft.model(), draft.now());
    let mut edit = Edit::new(model, set::TOKEN_POLICIES);
    for (prop, property) in model.entity_type(set::TOKEN_POLICIES).props() {
        edit.set(model, prop, property.default.clone());
    }
    edit.set(model, policy::ID, KEY.as_int());
    let id = KEY.as_int().unwrap_or(0);
    edit.set(model, policy::GUID, draft.new_guid(set::TOKEN_POLICIES, now, id));
    edit.set(model, policy::CREATED, now);
    edit.set(model, policy::UPDATED, now);
    draft.put(set::TOKEN_POLICIES, edit).map(|_| ())
}

/// When the policy was last changed, or made.
#[must_use]
pub fn in_force_since(source: &dyn Source) -> Option<Timestamp> {
    let row = source.row(set::TOKEN_POLICIES, &KEY)?;
    [policy::CREATED, policy::UPDATED]
        .into_iter()
        .filter_map(|prop| get(source.model(), &row, prop).as_instant())
        .max()
}

/// A property of the policy in force; its default where there is no row yet.
#[must_use]
pub fn value(source: &dyn Source, prop: Prop) -> Value {
    let model = source.model();
    match source.row(set::TOKEN_POLICIES, &KEY) {
        Some(row) => get(model, &row, prop),
        None => model.entity_type(set::TOKEN_POLICIES).property_at(prop).default.clone(),
    }
}

/// It is changed as a whole or in part, and never deleted.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release: alone };

/// Longest that tokens may lie idle, days; longer than any of them lives says the same as never.
const IDLE_DAYS_MAX: i64 = 3_650;

/// What use of a rotated-out secret may do.
const ON_RETIRED: [&str; 2] = ["Alert", "Revoke"];

/// The properties that say something.
const TOLD: [Prop; 7] = [
    policy::MINTING_ROLES,
    policy::LIFETIME_MAX_HOURS,
    policy::LIFETIME_DEFAULT_HOURS,
    policy::SCOPES_NEEDING_ADDRESSES,
    policy::IDLE_DAYS,
    policy::ALLOW_TOKEN_IN_ADDRESS,
    policy::ON_RETIRED_SECRET,
];

fn settle(draft: &mut dyn Draft, turn: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    let model = draft.model();
    check(model, edit)?;
    let Some(before) = turn.before else { return Ok(()) };
    let mut told = Vec::new();
    for prop in TOLD.into_iter().filter(|prop| differs(model, turn, edit, *prop)) {
        let name = model.entity_type(set::TOKEN_POLICIES).property_at(prop).name;
        let (old, new) = (show(&get(model, before, prop)), show(&edit.get(prop)));
        told.push(format!("{name}: {old} -> {new}"));
    }
    if told.is_empty() {
        return Ok(());
    }
    let entry = Entry::new(Event::PolicyChanged).on(model, before).detail(told.join("; "));
    record(draft, turn.caller, &entry)
}

/// Refuses what is no policy, and puts the rest in one form.
fn check(model: &Model, edit: &mut Edit) -> Result<(), Error> {
    let names = |prop| -> Vec<Value> { edit.get(prop).items().to_vec() };
    for name in names(policy::MINTING_ROLES) {
        let role = name.as_text().unwrap_or_default().parse::<Role>();
        let role = role.map_err(|error| match error {
            Error::InvalidValue { reason, .. } => invalid("MintingRoles", reason),
            other => other,
        })?;
        if !role.scopes().has("tokens:mint") {
            let reason = format!("{role} may not make access tokens at all");
            return Err(invalid("MintingRoles", reason));
        }
    }
    let scopes = names(policy::SCOPES_NEEDING_ADDRESSES);
    Scopes::from_names(scopes.iter().filter_map(Value::as_text)).map_err(|error| match error {
        Error::InvalidValue { reason, .. } => invalid("ScopesNeedingAddresses", reason),
        other => other,
    })?;
    // Every request reads these lists: however often a name is sent, it is stored once.
    let once = |given: &[Value], known: &mut dyn Iterator<Item = &'static str>| -> Value {
        let given: BTreeSet<&str> = given.iter().filter_map(Value::as_text).collect();
        Value::List(known.filter(|name| given.contains(name)).map(Value::text).collect())
    };
    let roles = once(&names(policy::MINTING_ROLES), &mut Role::ALL.iter().map(|role| role.name()));
    edit.set(model, policy::MINTING_ROLES, roles);
    let scopes = once(&scopes, &mut Scopes::all().names());
    edit.set(model, policy::SCOPES_NEEDING_ADDRESSES, scopes);
    let within =
        |prop, target: &str, range: std::ops::RangeInclusive<i64>| match edit.get(prop).as_int() {
            Some(number) if !range.contains(&number) => {
                let (least, most) = range.into_inner();
                Err(invalid(target, format!("it takes {least} to {most}")))
            }
            Some(_) | None => Ok(()),
        };
    let hours = i64::from(TOKEN_HOURS_MAX);
    within(policy::LIFETIME_MAX_HOURS, "LifetimeMaxHours", 1..=hours)?;
    within(policy::LIFETIME_DEFAULT_HOURS, "LifetimeDefaultHours", 1..=hours)?;
    within(policy::IDLE_DAYS, "IdleDays", 0..=IDLE_DAYS_MAX)?;
    let on_retired = edit.get(policy::ON_RETIRED_SECRET);
    if on_retired.as_text().is_some_and(|name| !ON_RETIRED.contains(&name)) {
        return Err(invalid("OnRetiredSecret", "it takes Alert or Revoke"));
    }
    Ok(())
}

fn check_leaving(_: &dyn Source, _: &Leaving<'_>) -> Result<(), Error> {
    Err(Error::MethodNotAllowed { allow: "GET, HEAD, PATCH, PUT" })
}

/// Names of the roles whose people may make tokens.
#[must_use]
pub fn minting_roles(source: &dyn Source) -> Value {
    value(source, policy::MINTING_ROLES)
}

/// The longest life of a token, hours.
#[must_use]
pub fn lifetime_max_hours(source: &dyn Source) -> u32 {
    hours(source, policy::LIFETIME_MAX_HOURS).unwrap_or(TOKEN_HOURS_MAX)
}

/// The life of a token where none is asked for, hours; none for a calendar month.
#[must_use]
pub fn lifetime_default_hours(source: &dyn Source) -> Option<u32> {
    hours(source, policy::LIFETIME_DEFAULT_HOURS)
}

fn hours(source: &dyn Source, prop: Prop) -> Option<u32> {
    value(source, prop).as_int().and_then(|hours| u32::try_from(hours).ok())
}

/// Days without use after which a token is revoked; 0 for never.
#[must_use]
pub fn idle_days(source: &dyn Source) -> i64 {
    value(source, policy::IDLE_DAYS).as_int().unwrap_or(0).max(0)
}

/// Whether a token that only reads may come in the address.
#[must_use]
pub fn allows_token_in_address(source: &dyn Source) -> bool {
    value(source, policy::ALLOW_TOKEN_IN_ADDRESS).is_true()
}

/// Whether use of a secret that was replaced ends the token.
#[must_use]
pub fn revokes_on_retired_secret(source: &dyn Source) -> bool {
    value(source, policy::ON_RETIRED_SECRET).as_text() == Some("Revoke")
}

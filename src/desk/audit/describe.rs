//! The row of a transaction that wrote none itself: what it made, changed or deleted, read off its
//! changes, so that no verb can forget it.
//!
//! Names properties, never what somebody wrote into them; the values of access itself are told.

use std::collections::{BTreeMap, HashSet};

use super::{Entry, Event, record};
use crate::{
    auth::Principal,
    desk::{get, pickers, value::show},
    error::Error,
    model::{
        Key, Model, Prop, Row, SetId, Value,
        props::{audit, policy, token, user},
        set,
    },
    store::Draft,
};

/// What is done to one entity, where the verb knows which.
pub(in crate::desk) type Subject = Option<(SetId, Option<Key>)>;

/// Writes the row of a finished transaction, unless it wrote one or changed nothing that shows.
///
/// # Errors
/// Those of the store.
pub(in crate::desk) fn close(
    draft: &mut dyn Draft,
    caller: &Principal,
    subject: &Subject,
) -> Result<(), Error> {
    let Some(entry) = describe(draft, subject) else { return Ok(()) };
    record(draft, caller, &entry)
}

/// One entity before and after.
struct Turn {
    set: SetId,
    before: Option<Row>,
    after: Option<Row>,
}

fn describe(draft: &dyn Draft, subject: &Subject) -> Option<Entry> {
    let mut seen = HashSet::new();
    let mut turns = Vec::new();
    for touch in draft.touched() {
        if touch.set == set::AUDIT_EVENTS {
            if tells(draft, touch.key, subject) {
                return None;
            }
            continue;
        }
        let is_shown = !draft.model().set(touch.set).hidden && touch.set != set::TICKET_HISTORY;
        if is_shown && seen.insert((touch.set, touch.key)) {
            let (before, after) = (touch.former.cloned(), draft.row(touch.set, touch.key));
            turns.push((touch.key, Turn { set: touch.set, before, after }));
        }
    }
    turns.retain(|(_, turn)| turn.before.is_some() || turn.after.is_some());
    let is_subject = |(key, turn): &(&Key, Turn)| match subject {
        Some((set, Some(wanted))) => turn.set == *set && *key == wanted,
        Some((set, None)) => turn.set == *set,
        None => true,
    };
    let at = turns.iter().position(is_subject).unwrap_or(0);
    let (_, main) = if turns.is_empty() { return None } else { turns.swap_remove(at) };
    Some(entry(draft.model(), &main, turns.iter().map(|(_, turn)| turn)))
}

/// Whether a row that the transaction wrote itself tells what was done; one about an entity of another set,
/// which only changed along with it, does not.
fn tells(draft: &dyn Draft, key: &Key, subject: &Subject) -> bool {
    let model = draft.model();
    let row = draft.row(set::AUDIT_EVENTS, key);
    let told = row.map(|row| get(model, &row, audit::SUBJECT_SET));
    match (subject, told) {
        (Some((set, _)), Some(Value::Text(told))) => model.set(*set).name == &*told,
        (Some(_) | None, _) => true,
    }
}

fn entry<'a>(model: &Model, main: &Turn, others: impl Iterator<Item = &'a Turn>) -> Entry {
    let event = event(model, main);
    let mut entry = Entry::new(event);
    let told = changes(model, main);
    if let Some(row) = main.after.as_ref().or(main.before.as_ref()) {
        entry = entry.on(model, row);
        if is_named(main.set)
            && let Some(prop) = model.entity_type(main.set).property("Name")
            && let Some(name) = get(model, row, prop).as_text()
        {
            entry = entry.called(name);
        }
    }
    let detail: Vec<String> = [told].into_iter().flatten().chain(sums(model, others)).collect();
    if detail.is_empty() { entry } else { entry.detail(detail.join("; ")) }
}

/// Sets whose entities are called by their names: of access and its surroundings.
fn is_named(set: SetId) -> bool {
    [set::USERS, set::ACCESS_TOKENS, set::TEAMS].contains(&set) || pickers::SETS.contains(&set)
}

/// What happened, by the narrowest name there is for it.
fn event(model: &Model, turn: &Turn) -> Event {
    let (before, after) = match (&turn.before, &turn.after) {
        (None, _) if turn.set == set::ACCESS_TOKENS => return Event::TokenMinted,
        (_, None) if turn.set == set::ACCESS_TOKENS => return Event::TokenDeleted,
        (None, _) => return Event::Created,
        (_, None) => return Event::Deleted,
        (Some(before), Some(after)) => (before, after),
    };
    let becomes = |prop| {
        let (before, after) = (get(model, before, prop), get(model, after, prop));
        (before != after).then_some(after)
    };
    match turn.set {
        set::USERS => match (becomes(user::IS_ACTIVE), becomes(user::ROLE)) {
            (Some(active), _) if active.is_true() => Event::UserEnabled,
            (Some(_), _) => Event::UserDisabled,
            (None, Some(_)) => Event::RoleChanged,
            (None, None) => Event::Changed,
        },
        set::ACCESS_TOKENS => match becomes(token::REVOKED) {
            Some(Value::Null) | None => Event::TokenChanged,
            Some(_) => Event::TokenRevoked,
        },
        set::TOKEN_POLICIES => Event::PolicyChanged,
        _ => Event::Changed,
    }
}

/// The names of what differs, and the values where they are facts of access.
fn changes(model: &Model, turn: &Turn) -> Option<String> {
    let structure = model.entity_type(turn.set);
    let value = |row: Option<&Row>, prop| row.map_or(Value::Null, |row| get(model, row, prop));
    let differs = |prop: Prop| {
        let (before, after) = (turn.before.as_ref(), turn.after.as_ref());
        let text = |row: Option<&Row>| row.and_then(|row| row.record.text_ref(structure, prop));
        value(before, prop) != value(after, prop) || text(before) != text(after)
    };
    let is_change = turn.before.is_some() && turn.after.is_some();
    let tell = |prop: Prop| {
        let name = structure.property_at(prop).name;
        if !is_fact(turn.set, prop) {
            return is_change.then(|| name.to_owned());
        }
        let (before, after) = (value(turn.before.as_ref(), prop), value(turn.after.as_ref(), prop));
        let (before, after) = (show(&before), show(&after));
        Some(if is_change {
            format!("{name} from {before} to {after}")
        } else {
            format!("{name} {}", if turn.after.is_some() { after } else { before })
        })
    };
    let told: Vec<String> = structure
        .props()
        .filter(|(prop, property)| {
            property.tag().is_some()
                && !property.hidden
                && property.name != "UpdatedDateTime"
                && differs(*prop)
        })
        .filter_map(|(prop, _)| tell(prop))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// Whether a property says who may do what.
fn is_fact(set: SetId, prop: Prop) -> bool {
    match set {
        set::USERS => [user::ROLE, user::IS_ACTIVE].contains(&prop),
        set::ACCESS_TOKENS => {
            [token::ROLE, token::SCOPES, token::OWNER_ID, token::EXPIRES].contains(&prop)
        }
        set::TOKEN_POLICIES => ![policy::ID, policy::GUID, policy::CREATED].contains(&prop),
        _ => false,
    }
}

/// How many entities of which sets went along.
fn sums<'a>(model: &Model, turns: impl Iterator<Item = &'a Turn>) -> Vec<String> {
    let mut counts = BTreeMap::<(SetId, &str), usize>::new();
    for turn in turns {
        let what = match (&turn.before, &turn.after) {
            (None, _) => "created",
            (_, None) => "deleted",
            (Some(_), Some(_)) => "changed",
        };
        *counts.entry((turn.set, what)).or_default() += 1;
    }
    let told = counts
        .iter()
        .map(|((set, what), count)| format!("{} {what}: {count}", model.set(*set).name));
    told.collect()
}

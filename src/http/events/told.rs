//! What transactions did, as far as it is told: which entities of which sets, and whether they came, changed or went.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use crate::{
    model::{Key, Model, Record, SetId, Value, set},
    store::{Change, Commit, Seq},
    time::Timestamp,
};

/// Entities that one event names at most; of more only the sets are told.
pub(super) const NAMED_MAX: usize = 500;

/// What became of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Created,
    Changed,
    Deleted,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Changed => "Changed",
            Self::Deleted => "Deleted",
        }
    }

    /// What both together come to.
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Created, Self::Changed) => Self::Created,
            (Self::Deleted, Self::Created) => Self::Changed,
            (Self::Created | Self::Changed | Self::Deleted, next) => next,
        }
    }
}

/// Something happened to an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) set: SetId,
    pub(super) key: Key,
    pub(super) kind: Kind,
    /// The ticket it is part of, where it is part of one and still there.
    pub(super) ticket_id: Option<i64>,
}

/// What one transaction did.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) seq: Seq,
    pub(super) happened: Vec<Happened>,
}

impl Told {
    pub(super) fn of(commit: &Commit, model: &Model) -> Self {
        let all = commit.changes.iter().filter_map(|change| match change {
            Change::Put { set, key, record } => put(model, (*set, key, record), commit.at),
            Change::Delete { set, key } if !model.set(*set).hidden => {
                let (set, key) = (*set, key.clone());
                Some(Happened { set, key, kind: Kind::Deleted, ticket_id: None })
            }
            Change::Delete { .. } | Change::Text { .. } => None,
        });
        Self { seq: commit.seq, happened: merge(all) }
    }
}

fn put(
    model: &Model,
    (set, key, record): (SetId, &Key, &Record),
    at: Timestamp,
) -> Option<Happened> {
    let key = key.clone();
    if set == set::TOKEN_USES {
        // Its figures are told with the token.
        return Some(Happened {
            set: set::ACCESS_TOKENS,
            key,
            kind: Kind::Changed,
            ticket_id: None,
        });
    }
    if model.set(set).hidden {
        return None;
    }
    let structure = model.entity_type(set);
    let value = |name| structure.property(name).map(|prop| record.get(structure, prop));
    // An imported entity may be older than its transaction, but its Guid is not.
    let is_new = match (value("CreatedDateTime"), value("Guid")) {
        (Some(created), _) if created.as_instant() == Some(at) => true,
        (_, Some(Value::Guid(guid))) => {
            i64::try_from(guid.as_u128() >> 80) == Ok(at.micros() / 1000)
        }
        _ => false,
    };
    let kind = if is_new { Kind::Created } else { Kind::Changed };
    let ticket_id = value("TicketId").and_then(|value| value.as_int());
    Some(Happened { set, key, kind, ticket_id })
}

/// Each entity once, in the order in which they were first met.
pub(super) fn merge(all: impl IntoIterator<Item = Happened>) -> Vec<Happened> {
    let (mut merged, mut places) = (Vec::<Happened>::new(), HashMap::new());
    for next in all {
        match places.get(&(next.set, next.key.clone())) {
            None => {
                places.insert((next.set, next.key.clone()), merged.len());
                merged.push(next);
            }
            Some(place) => {
                let known: &mut Happened = &mut merged[*place];
                known.kind = known.kind.then(next.kind);
                known.ticket_id = next.ticket_id.or(known.ticket_id);
            }
        }
    }
    merged
}

/// An event that names each entity, or of many only the sets.
pub(super) fn event(model: &Model, happened: &[Happened], seq: Seq) -> String {
    if happened.len() > NAMED_MAX {
        let mut sets: Vec<SetId> = happened.iter().map(|happened| happened.set).collect();
        sets.sort_unstable();
        sets.dedup();
        let names: Vec<&str> = sets.into_iter().map(|set| model.set(set).name).collect();
        return written("reset", Some(seq), &json!({ "EntitySets": names }));
    }
    let all: Vec<Json> = happened.iter().map(|happened| named(model, happened)).collect();
    written("change", Some(seq), &json!({ "Changes": all }))
}

fn named(model: &Model, happened: &Happened) -> Json {
    let Happened { set, key, kind, ticket_id } = happened;
    let mut named = json!({ "EntitySet": model.set(*set).name, "Kind": kind.name() });
    if let Some(id) = key.as_int() {
        named["Id"] = id.into();
    }
    if let Some(id) = ticket_id {
        named["TicketId"] = (*id).into();
    }
    named
}

/// An event in the format of server-sent events.
///
/// Source: HTML Living Standard, 9.2.5.
pub(super) fn written(name: &str, seq: Option<Seq>, data: &Json) -> String {
    let id = seq.map_or_else(String::new, |seq| format!("id: {seq}\n"));
    format!("event: {name}\n{id}data: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::helpdesk;

    fn happened(id: i64, kind: Kind) -> Happened {
        Happened { set: set::TICKETS, key: Key::Int(id), kind, ticket_id: None }
    }

    #[track_caller]
    fn check(kinds: &[Kind], want: Kind) {
        let merged = merge(kinds.iter().map(|kind| happened(7, *kind)));
        assert_eq!(merged, [happened(7, want)], "{kinds:?}");
    }

    #[test]
    fn several_changes_of_an_entity_come_to_one() {
        use Kind::{Changed, Created, Deleted};
        check(&[Created, Changed], Created);
        check(&[Changed, Changed], Changed);
        check(&[Created, Changed, Deleted], Deleted);
        check(&[Deleted, Created], Changed);
        let two = merge([happened(2, Created), happened(1, Created), happened(2, Changed)]);
        assert_eq!(two, [happened(2, Created), happened(1, Created)]);
    }

    #[test]
    fn an_event_names_entities_and_of_many_only_their_sets() {
        let comment =
            Happened { set: set::COMMENTS, ticket_id: Some(7), ..happened(3, Kind::Created) };
        let some = [happened(7, Kind::Changed), comment];
        insta::assert_snapshot!(event(helpdesk(), &some, 9), @r#"
        event: change
        id: 9
        data: {"Changes":[{"EntitySet":"Tickets","Id":7,"Kind":"Changed"},{"EntitySet":"Comments","Id":3,"Kind":"Created","TicketId":7}]}
        "#);
        let many: Vec<Happened> = (0..501).map(|id| happened(id, Kind::Changed)).collect();
        insta::assert_snapshot!(event(helpdesk(), &many, 9), @r#"
        event: reset
        id: 9
        data: {"EntitySets":["Tickets"]}
        "#);
    }
}

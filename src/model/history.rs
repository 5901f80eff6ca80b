//! What changed on a ticket, when, by whom, and how long the former state lasted.

use super::{declare::reference, schema::StructType, value::Value};

/// The entity type behind `TicketHistory`.
pub(super) fn ticket_history() -> StructType {
    StructType {
        name: "TicketHistoryEntry",
        doc: "One change of one tracked property of a ticket; creation writes one for each",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![reference("Ticket", "Tickets", "TicketId")],
    }
}

/// Microseconds as hours.
pub(super) fn hours(micros: i64) -> Value {
    Value::Double(crate::time::hours(micros))
}

/// Properties of `TicketHistoryEntry`.
pub mod props {
    use crate::model::{
        Entity, Index, Value,
        declare::{computed, stored},
        helpdesk::set,
        person::{customer, user},
        types::Primitive::{DateTimeOffset, Double, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid),
        TICKET_ID => stored(3, "TicketId", Int64).indexed(Index::Many),
        PROPERTY => stored(4, "Property", String).max(32).doc("Status, Assignee, Team, Priority or Category; Ticket for its deletion and return"),
        FROM_ID => stored(5, "FromId", Int64).nullable(),
        FROM_TEXT => stored(6, "FromText", String).nullable().doc("Its name at that time"),
        TO_ID => stored(7, "ToId", Int64).nullable(),
        TO_TEXT => stored(8, "ToText", String).nullable().doc("Its name at that time"),
        CHANGED => stored(9, "ChangedDateTime", DateTimeOffset),
        CHANGED_BY_KIND => stored(10, "ChangedByKind", String).max(16).doc("User, Customer or System"),
        CHANGED_BY_ID => stored(11, "ChangedById", Int64).nullable(),
        CHANGED_BY_NAME => computed("ChangedByName", String, changed_by).from_others(&[CHANGED_BY_KIND, CHANGED_BY_ID], &[set::USERS, set::CUSTOMERS]).nullable(),
        ACTOR_TOKEN_ID => stored(12, "ActorTokenId", Int64).nullable().doc("The access token that did it"),
        FORMER_STATE_MICROS => stored(13, "FormerStateMicros", Int64).nullable().hidden(),
        FORMER_STATE_HOURS => computed("FormerStateHours", Double, former_state_hours).from(&[FORMER_STATE_MICROS]).nullable().doc("How long the former value had stood"),
        CREATED => stored(14, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(15, "UpdatedDateTime", DateTimeOffset),
    }

    fn changed_by(entry: &dyn Entity) -> Value {
        let id = entry.value(CHANGED_BY_ID);
        match entry.value(CHANGED_BY_KIND).as_text() {
            Some("User") if !id.is_null() => entry.look_up(set::USERS, &id, user::NAME),
            Some("Customer") => entry.look_up(set::CUSTOMERS, &id, customer::NAME),
            _ => Value::text("System"),
        }
    }

    fn former_state_hours(entry: &dyn Entity) -> Value {
        entry.value(FORMER_STATE_MICROS).as_int().map_or(Value::Null, super::hours)
    }
}

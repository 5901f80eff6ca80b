//! What was said on a ticket: public comments and internal notes.

use super::{declare::reference, schema::StructType};

/// The entity type behind `Comments`.
pub(super) fn comment() -> StructType {
    StructType {
        name: "Comment",
        doc: "A public comment or an internal note on a ticket",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![
            reference("Ticket", "Tickets", "TicketId"),
            reference("AuthorUser", "Users", "AuthorUserId"),
            reference("AuthorCustomer", "Customers", "AuthorCustomerId"),
        ],
    }
}

/// Properties of `Comment`.
pub mod props {
    use crate::model::{
        Entity, Index, Value,
        declare::{computed, long_text, stored},
        helpdesk::set,
        person::{customer, user},
        types::Primitive::{Boolean, DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique),
        TICKET_ID => stored(3, "TicketId", Int64).on_create().indexed(Index::Many),
        AUTHOR_KIND => stored(4, "AuthorKind", String).max(16).on_create().doc("User, Customer or System"),
        AUTHOR_USER_ID => stored(5, "AuthorUserId", Int64).nullable().on_create(),
        AUTHOR_CUSTOMER_ID => stored(6, "AuthorCustomerId", Int64).nullable().on_create(),
        AUTHOR_NAME => computed("AuthorName", String, author_name).from_others(&[AUTHOR_KIND, AUTHOR_USER_ID, AUTHOR_CUSTOMER_ID], &[set::USERS, set::CUSTOMERS]).nullable().doc("Who wrote it"),
        BODY => long_text(7, "Body").writable().doc("The text as it was written"),
        IS_INTERNAL => stored(8, "IsInternal", Boolean).writable().doc("A note for staff only"),
        EXTERNAL_REFERENCE => stored(9, "ExternalReference", String).nullable().max(512).on_create().doc("Identifier in the system it came from; unique on its ticket"),
        CREATED => stored(10, "CreatedDateTime", DateTimeOffset),
        UPDATED => stored(11, "UpdatedDateTime", DateTimeOffset).ordered(),
    }

    fn author_name(comment: &dyn Entity) -> Value {
        match comment.value(AUTHOR_KIND).as_text() {
            Some("User") => comment.look_up(set::USERS, &comment.value(AUTHOR_USER_ID), user::NAME),
            Some("Customer") => {
                comment.look_up(set::CUSTOMERS, &comment.value(AUTHOR_CUSTOMER_ID), customer::NAME)
            }
            _ => Value::text("System"),
        }
    }
}

//! Deleted tickets: what is left of each until it is brought back or its time is up.

use super::{declare::reference, schema::StructType};

/// The entity type behind `DeletedTickets`.
pub(super) fn deleted_ticket() -> StructType {
    StructType {
        name: "DeletedTicket",
        doc: "A ticket that was deleted with its comments and can still be brought back",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![
            reference("Requester", "Customers", "RequesterId"),
            reference("DeletedBy", "Users", "DeletedById"),
        ],
    }
}

/// Properties of `DeletedTicket`.
pub mod props {
    use crate::model::{
        Entity, Index, Value,
        declare::{computed, long_text, look_up, stored},
        helpdesk::set,
        person::user,
        types::Primitive::{DateTimeOffset, Guid, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", Int64).doc("Number the ticket had and gets back"),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique).doc("Identifier the ticket had and gets back"),
        TITLE => stored(3, "Title", String).nullable().max(1000),
        REQUESTER_ID => stored(4, "RequesterId", Int64).nullable(),
        REQUESTER_NAME => look_up("RequesterName", String, "Requester", "Name").doc("Who asked"),
        COMMENT_COUNT => stored(5, "CommentCount", Int64).doc("Number of public comments deleted with it"),
        CREATED => stored(6, "CreatedDateTime", DateTimeOffset).doc("When the ticket was created"),
        UPDATED => stored(7, "UpdatedDateTime", DateTimeOffset).doc("When the ticket was last changed"),
        DELETED => stored(8, "DeletedDateTime", DateTimeOffset),
        DELETED_BY_ID => stored(9, "DeletedById", Int64).nullable().doc("Who deleted it; null for the workspace itself"),
        DELETED_BY_NAME => computed("DeletedByName", String, deleted_by).from_others(&[DELETED_BY_ID], &[set::USERS]).nullable().doc("Name of who deleted it"),
        CONTENTS => long_text(10, "Contents").hidden(),
    }

    fn deleted_by(entry: &dyn Entity) -> Value {
        let id = entry.value(DELETED_BY_ID);
        if id.is_null() {
            return Value::text("System");
        }
        entry.look_up(set::USERS, &id, user::NAME)
    }
}

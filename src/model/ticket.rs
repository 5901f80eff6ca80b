//! Tickets, and their tags as a set of their own.

use super::{
    declare::{children, reference},
    schema::{Prop, StructType},
};

/// The entity type behind `Tickets`.
pub(super) fn ticket() -> StructType {
    StructType {
        name: "Ticket",
        doc: "A request to the helpdesk, from first contact to its resolution",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![
            reference("Requester", "Customers", "RequesterId"),
            reference("Assignee", "Users", "AssigneeId"),
            reference("Team", "Teams", "TeamId"),
            reference("StatusDetail", "Statuses", "StatusId"),
            reference("PriorityDetail", "Priorities", "PriorityId"),
            reference("CategoryDetail", "Categories", "CategoryId"),
            reference("TypeDetail", "Types", "TypeId"),
            reference("SourceDetail", "Sources", "SourceId"),
            reference("ResolutionDetail", "Resolutions", "ResolutionId"),
            reference("MergedInto", "Tickets", "MergedIntoId"),
            children("Comments", "Comments", "TicketId"),
            children("TagDetails", "TicketTags", "TicketId"),
            children("History", "TicketHistory", "TicketId"),
        ],
    }
}

/// The entity type behind `TicketTags`: one entity for each tag of each ticket.
pub(super) fn ticket_tag() -> StructType {
    StructType {
        name: "TicketTag",
        doc: "One tag of one ticket, for tools that relate tables",
        base: None,
        key: vec![tag::TICKET_ID, tag::TAG],
        properties: tag::properties(),
        navigations: vec![reference("Ticket", "Tickets", "TicketId")],
    }
}

/// Properties of `Ticket`.
pub mod props {
    use super::Prop;
    use crate::{
        model::{
            Entity, Index, Value,
            declare::{computed, count, long_text, look_up, stored, stored_as},
            types::{
                Primitive::{Boolean, Date, DateTimeOffset, Double, Guid, Int32, Int64, String},
                Type,
            },
        },
        time::Timestamp,
    };

    crate::properties! {
        ID => stored(1, "Id", Int64).doc("Number of the ticket"),
        GUID => stored(2, "Guid", Guid).indexed(Index::Unique).doc("Identifier that is unique everywhere"),
        TITLE => stored(3, "Title", String).nullable().max(1000).writable().searched().doc("What it is about, in one line"),
        DESCRIPTION => long_text(4, "Description").nullable().writable().doc("What the requester wrote"),
        STATUS_ID => stored(5, "StatusId", Int64).writable(),
        STATUS => look_up("Status", String, "StatusDetail", "Name").required().writable().doc("Name of the status"),
        STATUS_KIND => look_up("StatusKind", String, "StatusDetail", "Kind").required().doc("New, Open, Pending, Resolved or Closed"),
        PRIORITY_ID => stored(6, "PriorityId", Int64).nullable().writable(),
        PRIORITY => look_up("Priority", String, "PriorityDetail", "Name").writable().doc("Name of the priority"),
        PRIORITY_POSITION => look_up("PriorityPosition", Int32, "PriorityDetail", "Position").doc("Order of the priority, lowest first"),
        CATEGORY_ID => stored(7, "CategoryId", Int64).nullable().writable(),
        CATEGORY => look_up("Category", String, "CategoryDetail", "Name").writable().doc("Name of the category"),
        TYPE_ID => stored(8, "TypeId", Int64).nullable().writable(),
        TYPE => look_up("Type", String, "TypeDetail", "Name").writable().doc("Name of the type"),
        SOURCE_ID => stored(9, "SourceId", Int64).nullable().writable(),
        SOURCE => look_up("Source", String, "SourceDetail", "Name").writable().doc("How it came in"),
        RESOLUTION_ID => stored(10, "ResolutionId", Int64).nullable().writable(),
        RESOLUTION => look_up("Resolution", String, "ResolutionDetail", "Name").writable().doc("How it ended"),
        REQUESTER_ID => stored(11, "RequesterId", Int64).nullable().writable().indexed(Index::Many),
        REQUESTER_NAME => look_up("RequesterName", String, "Requester", "Name").doc("Who asks"),
        REQUESTER_EMAIL => look_up("RequesterEmail", String, "Requester", "Email").writable().needs("customers:read").doc("Address of who asks"),
        ASSIGNEE_ID => stored(12, "AssigneeId", Int64).nullable().writable().indexed(Index::Many),
        ASSIGNEE_NAME => look_up("AssigneeName", String, "Assignee", "Name").doc("The agent it is with"),
        ASSIGNEE_EMAIL => look_up("AssigneeEmail", String, "Assignee", "Email").writable().needs("users:read").doc("Address of the agent it is with"),
        TEAM_ID => stored(13, "TeamId", Int64).nullable().writable().indexed(Index::Many),
        TEAM_NAME => look_up("TeamName", String, "Team", "Name").writable().doc("The team it is with"),
        TAGS => stored_as(14, "Tags", Type::Collection(Box::new(Type::Primitive(String)))).max(256).writable().doc("Tags, case kept, each once"),
        TAGS_TEXT => computed("TagsText", String, |ticket| tags_text(&ticket.value(TAGS))).from(&[TAGS]).doc("The tags joined by '; '"),
        EXTERNAL_REFERENCE => stored(15, "ExternalReference", String).nullable().max(512).writable().indexed(Index::Unique).doc("Identifier in the system it came from; unique"),
        MERGED_INTO_ID => stored(16, "MergedIntoId", Int64).nullable().doc("The ticket it was merged into"),
        IS_CLOSED => computed("IsClosed", Boolean, |ticket| Value::Bool(ticket.value(STATUS_KIND).as_text() == Some("Closed"))).from(&[STATUS_KIND]).doc("Whether the status is of kind Closed"),
        COMMENT_COUNT => count("CommentCount", "Comments", "IsInternal").doc("Number of public comments"),
        REOPEN_COUNT => stored(17, "ReopenCount", Int64).doc("How often it was reopened"),
        CREATED => stored(18, "CreatedDateTime", DateTimeOffset).ordered(),
        CREATED_DATE => computed("CreatedDate", Date, |ticket| ticket.date_of(ticket.value(CREATED).as_instant())).day_of(CREATED).doc("Day in the workspace's time zone"),
        UPDATED => stored(19, "UpdatedDateTime", DateTimeOffset).ordered().doc("Last change to the ticket or its comments"),
        DUE => stored(20, "DueDateTime", DateTimeOffset).nullable().writable(),
        FIRST_RESPONSE => stored(21, "FirstResponseDateTime", DateTimeOffset).nullable().doc("First public comment by staff"),
        RESOLVED => stored(22, "ResolvedDateTime", DateTimeOffset).nullable(),
        RESOLVED_DATE => computed("ResolvedDate", Date, |ticket| ticket.date_of(ticket.value(RESOLVED).as_instant())).day_of(RESOLVED).nullable().doc("Day in the workspace's time zone"),
        CLOSED => stored(23, "ClosedDateTime", DateTimeOffset).nullable(),
        CLOSED_DATE => computed("ClosedDate", Date, |ticket| ticket.date_of(ticket.value(CLOSED).as_instant())).day_of(CLOSED).nullable().doc("Day in the workspace's time zone"),
        FIRST_RESPONSE_HOURS => computed("FirstResponseHours", Double, |ticket| hours_since_created(ticket, FIRST_RESPONSE)).hours_between(&[CREATED, FIRST_RESPONSE]).nullable().doc("From creation to the first response"),
        RESOLUTION_HOURS => computed("ResolutionHours", Double, |ticket| hours_since_created(ticket, RESOLVED)).hours_between(&[CREATED, RESOLVED]).nullable().doc("From creation to the resolution"),
    }

    fn tags_text(tags: &Value) -> Value {
        let tags: Vec<&str> = tags.items().iter().filter_map(Value::as_text).collect();
        Value::text(&tags.join("; "))
    }

    fn hours_since_created(ticket: &dyn Entity, until: Prop) -> Value {
        let at = |prop| ticket.value(prop).as_instant().map(Timestamp::micros);
        match (at(CREATED), at(until)) {
            (Some(from), Some(to)) => super::super::history::hours(to - from),
            _ => Value::Null,
        }
    }
}

/// Properties of `TicketTag`.
pub mod tag {
    use crate::model::{
        declare::stored,
        types::Primitive::{Int64, String},
    };

    crate::properties! {
        TICKET_ID => stored(1, "TicketId", Int64),
        TAG => stored(2, "Tag", String).max(256).doc("The tag, case kept"),
    }
}

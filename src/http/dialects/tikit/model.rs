//! Tikit's entity sets and columns, declared as names for what our model keeps.
//!
//! A column of ours keeps its place in the record, its type, its index and the scope it asks for: a
//! name of theirs can never show more. What we have nothing for is null, and such a set is empty.

mod columns;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use columns::{
    cdm_user, comment, file, group, no_picker, picker_properties, platform_user, sla, status,
    support_group, ticket,
};

use crate::model::{
    Contents, EntitySet, Model, Navigation, Prop, Property, Searched, SetId, SetScopes, StructId,
    StructType,
    declare::{children, reference},
    helpdesk, set as our,
};

static TIKIT: LazyLock<Model> = LazyLock::new(declare);

/// The model of Tikit's API.
#[must_use]
pub fn tikit() -> &'static Model {
    &TIKIT
}

/// The set of ours that a set of theirs shows; `None` where we have nothing.
#[must_use]
pub fn ours(set: SetId) -> Option<SetId> {
    SETS.get(usize::from(set.0)).and_then(|set| set.ours)
}

/// What a column of theirs tells of a row of ours, where no column of ours is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeOf {
    /// Whether a ticket's status is of a closed kind.
    Closed,
    /// Whether a ticket went into another.
    IsMerged,
    /// Whether a comment is no internal note.
    IsPublic,
}

/// What a column tells that is neither one of ours nor the same in every row.
pub(super) fn made_of(set: SetId, prop: Prop) -> Option<MadeOf> {
    match (TIKIT.set(set).name, TIKIT.entity_type(set).property_at(prop).name) {
        ("Ticket", "Closed") => Some(MadeOf::Closed),
        ("Ticket", "IsMerged") => Some(MadeOf::IsMerged),
        ("Comments", "IsPublic") => Some(MadeOf::IsPublic),
        _ => None,
    }
}

/// One entity set and its type, which have one name.
struct Set {
    name: &'static str,
    doc: &'static str,
    ours: Option<SetId>,
    /// What reading it takes, where it shows no set of ours.
    scope: &'static str,
    properties: fn() -> Vec<Property>,
    navigations: fn() -> Vec<Navigation>,
}

const TICKET: Set = Set {
    name: "Ticket",
    doc: "A ticket",
    ours: Some(our::TICKETS),
    scope: "",
    properties: ticket::properties,
    navigations: ticket_navigations,
};

/// Status, which is looked up by its position below.
const STATUS: SetId = SetId(1);

/// The sets in the order of the service document.
const SETS: [Set; 18] = [
    TICKET,
    Set { properties: status::properties, ..picker("Status", our::STATUSES) },
    picker("Priority", our::PRIORITIES),
    picker("Category", our::CATEGORIES),
    picker("Source", our::SOURCES),
    picker("TicketType", our::TYPES),
    empty("Impact", "tickets:read"),
    empty("Urgency", "tickets:read"),
    empty("Escalation", "tickets:read"),
    Set {
        name: "SupportGroup",
        doc: "A team",
        ours: Some(our::TEAMS),
        scope: "",
        properties: support_group,
        navigations: Vec::new,
    },
    Set { properties: group, ..empty("Group", "teams:read") },
    Set { properties: group, ..empty("TicketTemplate", "tickets:read") },
    Set {
        name: "CdmUser",
        doc: "Somebody who asks",
        ours: Some(our::CUSTOMERS),
        scope: "",
        properties: cdm_user,
        navigations: || vec![children("Tickets", "Ticket", "RequesterId")],
    },
    Set {
        name: "PlatformUser",
        doc: "A member of staff",
        ours: Some(our::USERS),
        scope: "",
        properties: platform_user,
        navigations: || vec![children("Tickets", "Ticket", "AssigneeId")],
    },
    Set {
        name: "Comments",
        doc: "What was said on a ticket",
        ours: Some(our::COMMENTS),
        scope: "",
        properties: comment::properties,
        navigations: || vec![reference("Ticket", "Ticket", "TicketId")],
    },
    Set { properties: file, ..empty("FileAttachment", "attachments:read") },
    Set { properties: sla, ..empty("TicketSla", "tickets:read") },
    Set { properties: group, ..empty("LifeCycle", "tickets:read") },
];

const fn picker(name: &'static str, ours: SetId) -> Set {
    let (properties, navigations) = (picker_properties as fn() -> _, Vec::new as fn() -> _);
    Set {
        name,
        doc: "A list tickets choose from",
        ours: Some(ours),
        scope: "",
        properties,
        navigations,
    }
}

const fn empty(name: &'static str, scope: &'static str) -> Set {
    let (properties, navigations) = (no_picker as fn() -> _, Vec::new as fn() -> _);
    Set { name, doc: "Always empty", ours: None, scope, properties, navigations }
}

fn declare() -> Model {
    let (structs, sets) =
        (0..).zip(&SETS).map(|(id, set)| (structure(set), entity_set(id, set))).unzip();
    Model { namespace: "Tikit", enums: vec![], structs, sets, actions: vec![], functions: vec![] }
}

fn structure(set: &Set) -> StructType {
    StructType {
        name: set.name,
        doc: set.doc,
        base: None,
        key: vec![Prop(0)],
        properties: (set.properties)(),
        navigations: (set.navigations)(),
    }
}

/// To be read by those who may read ours; written by nobody.
fn entity_set(id: u16, set: &Set) -> EntitySet {
    let there = set.ours.map(|there| helpdesk().set(there));
    let read = there.map_or(set.scope, |there| there.scopes.read);
    EntitySet {
        name: set.name,
        ty: StructId(id),
        // Nothing is stored under the number 0.
        contents: there.map_or(Contents::Stored { code: 0 }, |there| there.contents),
        scopes: SetScopes { read, read_own: None, create: None, write: None, delete: None },
        guard: there.and_then(|there| there.guard),
        searched: Searched::TEXTS,
        hidden: false,
    }
}

fn ticket_navigations() -> Vec<Navigation> {
    vec![
        reference("Requester", "CdmUser", "RequesterId"),
        reference("Assignee", "PlatformUser", "AssigneeId"),
        reference("SupportGroup", "SupportGroup", "SupportGroupId"),
        reference("Group", "Group", "GroupId"),
        reference("Status", "Status", "StatusId"),
        reference("Priority", "Priority", "PriorityId"),
        reference("Category", "Category", "CategoryId"),
        reference("Source", "Source", "SourceId"),
        reference("TicketType", "TicketType", "TicketTypeId"),
        reference("Impact", "Impact", "ImpactId"),
        reference("Urgency", "Urgency", "UrgencyId"),
        reference("Escalation", "Escalation", "EscalationId"),
        reference("Template", "TicketTemplate", "TemplateId"),
        reference("Lifecycle", "LifeCycle", "LifecycleId"),
        children("Comments", "Comments", "TicketId"),
        children("FileAttachments", "FileAttachment", "TicketId"),
        children("TicketSlas", "TicketSla", "TicketId"),
    ]
}

//! The columns of each type: those of ours under their names here, and those we have nothing for.

use super::STATUS;
use crate::model::{
    Entity, Primitive, Prop, Property, SetId, Value, Write, declare::computed, helpdesk, props,
    set as our,
};
use Primitive::{Boolean, DateTimeOffset, Guid, Int64, String};

/// A property of ours by another name.
fn named(set: SetId, prop: Prop, name: &'static str) -> Property {
    let property = helpdesk().entity_type(set).property_at(prop).clone();
    Property { name, write: Write::Never, ..property }
}

/// A column we have nothing for.
fn none(name: &'static str, ty: Primitive) -> Property {
    computed(name, ty, |_| Value::Null).from(&[]).nullable()
}

fn no(name: &'static str) -> Property {
    computed(name, Boolean, |_| Value::Bool(false)).from(&[])
}

fn nones(ty: Primitive, names: &[&'static str]) -> Vec<Property> {
    names.iter().map(|name| none(name, ty)).collect()
}

/// The columns every type ends with: ours of `set`, or nothing.
fn audit(ours: Option<(SetId, [Prop; 3])>) -> Vec<Property> {
    let [modified, created, guid] = match ours {
        Some((set, [modified, created, guid])) => [
            named(set, modified, "ModifiedDate"),
            named(set, created, "CreatedDate"),
            named(set, guid, "Guid"),
        ],
        None => [
            none("ModifiedDate", DateTimeOffset),
            none("CreatedDate", DateTimeOffset),
            none("Guid", Guid),
        ],
    };
    let [modified_by, created_by] = ["ModifiedById", "CreatedById"].map(|name| none(name, Int64));
    vec![modified, modified_by, created, created_by, guid, no("IsDeleted")]
}

/// A key for entities there are none of.
fn no_id() -> Property {
    Property { nullable: false, ..none("Id", Int64) }
}

/// Columns of a ticket.
pub(super) mod ticket {
    use super::{
        Boolean, Entity, Int64, Prop, Property, String, Value, audit, computed, named, none, nones,
        our, props::ticket as ours,
    };

    const STATUS_ID: Prop = Prop(1);
    const MERGED_INTO: Prop = Prop(2);

    pub(in super::super) fn properties() -> Vec<Property> {
        let same = |prop, name| named(our::TICKETS, prop, name);
        let mut all = vec![
            same(ours::ID, "Id"),
            same(ours::STATUS_ID, "StatusId"),
            same(ours::MERGED_INTO_ID, "MergedIntoId").hidden(),
            same(ours::TITLE, "Title"),
            same(ours::DESCRIPTION, "Description"),
            computed("Closed", Boolean, is_closed).doc("Whether its status is of a closed kind"),
            computed("IsMerged", Boolean, is_merged).doc("Whether it went into another ticket"),
            same(ours::DUE, "DueDate"),
            same(ours::RESOLVED, "ResolutionDate"),
            same(ours::REQUESTER_ID, "RequesterId"),
            same(ours::ASSIGNEE_ID, "AssigneeId"),
            same(ours::TEAM_ID, "SupportGroupId"),
            same(ours::CATEGORY_ID, "CategoryId"),
            same(ours::PRIORITY_ID, "PriorityId"),
            same(ours::SOURCE_ID, "SourceId"),
            same(ours::TYPE_ID, "TicketTypeId"),
        ];
        let keys =
            ["GroupId", "EscalationId", "ImpactId", "UrgencyId", "TemplateId", "LifecycleId"];
        all.extend(keys.map(|name| none(name, Int64)));
        let texts = [
            "TriageConversationId",
            "TriageActivityId",
            "LinkToMessage",
            "CardTemplateJson",
            "CardAnswerJson",
            "Message",
        ];
        all.extend(nones(String, &texts));
        all.extend(audit(Some((our::TICKETS, [ours::UPDATED, ours::CREATED, ours::GUID]))));
        all
    }

    fn is_closed(ticket: &dyn Entity) -> Value {
        let kind = ticket.look_up(super::STATUS, &ticket.value(STATUS_ID), super::status::KIND);
        Value::Bool(kind.as_text() == Some("Closed"))
    }

    fn is_merged(ticket: &dyn Entity) -> Value {
        Value::Bool(!ticket.value(MERGED_INTO).is_null())
    }
}

/// Columns of a picker. All pickers are stored alike, so those of priorities stand for all.
pub(super) fn picker_properties() -> Vec<Property> {
    use props::picker as ours;
    let same = |prop, name| named(our::PRIORITIES, prop, name);
    let mut all = vec![
        same(ours::ID, "Id"),
        same(ours::NAME, "Value"),
        same(ours::POSITION, "Position"),
        same(ours::IS_ARCHIVED, "IsArchived"),
        same(ours::IS_DEFAULT, "IsDefault"),
        no("IsSystem"),
        none("ParentId", Int64),
    ];
    all.extend(audit(Some((our::PRIORITIES, [ours::UPDATED, ours::CREATED, ours::GUID]))));
    all
}

/// A picker's columns where there is none.
pub(super) fn no_picker() -> Vec<Property> {
    let mut all = vec![no_id(), none("Value", String), none("Position", Primitive::Int32)];
    all.extend(["IsArchived", "IsDefault", "IsSystem"].map(no));
    all.push(none("ParentId", Int64));
    all.extend(audit(None));
    all
}

/// A status: a picker, and inside its kind.
pub(super) mod status {
    use super::{Prop, Property, named, our, picker_properties, props};

    pub(super) const KIND: Prop = Prop(1);

    pub(in super::super) fn properties() -> Vec<Property> {
        let mut all = picker_properties();
        all.insert(1, named(our::STATUSES, props::status::KIND, "Kind").hidden());
        all
    }
}

pub(super) fn support_group() -> Vec<Property> {
    use props::team as ours;
    let same = |prop, name| named(our::TEAMS, prop, name);
    let mut all = vec![
        same(ours::ID, "Id"),
        same(ours::NAME, "Name"),
        same(ours::DESCRIPTION, "Description"),
        same(ours::IS_ARCHIVED, "IsArchived"),
        none("TeamsChannelId", String),
        none("ApplicationRoleId", Int64),
    ];
    all.extend(audit(Some((our::TEAMS, [ours::UPDATED, ours::CREATED, ours::GUID]))));
    all
}

pub(super) fn group() -> Vec<Property> {
    let mut all = vec![no_id()];
    all.extend(nones(String, &["Name", "Description"]));
    all.push(none("ApplicationRoleId", Int64));
    all.extend(audit(None));
    all
}

pub(super) fn cdm_user() -> Vec<Property> {
    use props::customer as ours;
    let same = |prop, name| named(our::CUSTOMERS, prop, name);
    let mut all = vec![same(ours::ID, "Id"), same(ours::NAME, "Name")];
    // Scripts know the address by any of these.
    let address = ["EMailAddress", "Email", "UserName", "UserPrincipalName"];
    all.extend(address.map(|name| same(ours::EMAIL, name)));
    all.extend([
        same(ours::NOTES, "Notes"),
        same(ours::COMPANY, "CompanyName"),
        same(ours::DEPARTMENT, "Department"),
        same(ours::PHONE, "OfficePhone"),
        same(ours::TIME_ZONE, "TeamsTimeZoneName"),
        none("PlatformUserId", Int64),
    ]);
    let texts = [
        "Type",
        "Salutation",
        "FirstName",
        "MiddleName",
        "LastName",
        "HomePhone",
        "MobilePhone",
        "AadObjectId",
        "TeamsUserId",
        "HelpTeamsUserId",
        "ServiceUrl",
        "JobTitle",
        "EmployeeId",
        "StreetAddress",
        "City",
        "State",
        "ZipCode",
        "Country",
        "Office",
    ];
    all.extend(nones(String, &texts));
    all.extend(nones(Boolean, &["BlockSignIn", "IsExternalUser"]));
    all.extend(audit(Some((our::CUSTOMERS, [ours::UPDATED, ours::CREATED, ours::GUID]))));
    all
}

pub(super) fn platform_user() -> Vec<Property> {
    use props::user as ours;
    let same = |prop, name| named(our::USERS, prop, name);
    let mut all = vec![same(ours::ID, "Id"), same(ours::NAME, "FullName")];
    all.extend(["Email", "EMailAddress", "UserName"].map(|name| same(ours::EMAIL, name)));
    all.extend(nones(String, &["GivenName", "FamilyName"]));
    all.extend(audit(Some((our::USERS, [ours::UPDATED, ours::CREATED, ours::GUID]))));
    all
}

/// Columns of a comment.
pub(super) mod comment {
    use super::{
        Boolean, Prop, Property, Value, audit, computed, named, our, props::comment as ours,
    };

    const IS_INTERNAL: Prop = Prop(1);

    pub(in super::super) fn properties() -> Vec<Property> {
        let same = |prop, name| named(our::COMMENTS, prop, name);
        let mut all = vec![
            same(ours::ID, "Id"),
            // By this name the set's guard knows it.
            same(ours::IS_INTERNAL, "IsInternal").hidden(),
            same(ours::TICKET_ID, "TicketId"),
            same(ours::BODY, "Body"),
            computed("IsPublic", Boolean, |comment| {
                Value::Bool(!comment.value(IS_INTERNAL).is_true())
            }),
        ];
        let mut audit = audit(Some((our::COMMENTS, [ours::UPDATED, ours::CREATED, ours::GUID])));
        for property in &mut audit {
            if property.name == "CreatedById" {
                *property = same(ours::AUTHOR_USER_ID, "CreatedById");
            }
        }
        all.extend(audit);
        all
    }
}

pub(super) fn file() -> Vec<Property> {
    let mut all = vec![no_id(), none("TicketId", Int64), none("FileSize", Int64)];
    all.extend(nones(String, &["FileName", "ContentUrl", "MediaType", "FileExtension"]));
    all.extend(audit(None));
    all
}

pub(super) fn sla() -> Vec<Property> {
    let mut all = vec![no_id(), none("TicketId", Int64)];
    all.extend(audit(None));
    all
}

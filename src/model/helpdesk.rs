//! The model this product serves: its entity sets, what each asks for, and their order.

use std::sync::LazyLock;

use super::{
    actions::actions,
    audit::audit_event,
    by_day::{by_day, figures},
    caller::{caller, functions},
    comment::comment,
    deleted::deleted_ticket,
    guard::Guard,
    history::ticket_history,
    kept::{
        credential_type, kept_answer_type, rotated_secret_type, session_type, signing_key_type,
        token_use_type,
    },
    minted::minted_token,
    person::{customer_type, user_type},
    picker::{picker, status_type},
    policy::token_policy,
    schema::{Contents, EntitySet, Model, SetScopes, StructId},
    searched::Searched,
    setup_link::setup_link,
    team::{team, team_member},
    ticket::{ticket, ticket_tag},
    token::access_token,
    token_answers::{address_check, removed_tokens},
    view::saved_view,
};

static HELPDESK: LazyLock<Model> = LazyLock::new(declare);

/// The helpdesk's model; declared once, the same for everybody.
#[must_use]
pub fn helpdesk() -> &'static Model {
    &HELPDESK
}

/// Index of each entity set, in the order of the service document.
pub mod set {
    use crate::model::schema::SetId;

    /// `Tickets`.
    pub const TICKETS: SetId = SetId(0);
    /// `Comments`.
    pub const COMMENTS: SetId = SetId(1);
    /// `TicketTags`.
    pub const TICKET_TAGS: SetId = SetId(2);
    /// `Customers`.
    pub const CUSTOMERS: SetId = SetId(3);
    /// `Users`.
    pub const USERS: SetId = SetId(4);
    /// `Teams`.
    pub const TEAMS: SetId = SetId(5);
    /// `TeamMembers`.
    pub const TEAM_MEMBERS: SetId = SetId(6);
    /// `Statuses`.
    pub const STATUSES: SetId = SetId(7);
    /// `Priorities`.
    pub const PRIORITIES: SetId = SetId(8);
    /// `Categories`.
    pub const CATEGORIES: SetId = SetId(9);
    /// `Types`.
    pub const TYPES: SetId = SetId(10);
    /// `Sources`.
    pub const SOURCES: SetId = SetId(11);
    /// `Resolutions`.
    pub const RESOLUTIONS: SetId = SetId(12);
    /// `TicketHistory`.
    pub const TICKET_HISTORY: SetId = SetId(13);
    /// `AccessTokens`.
    pub const ACCESS_TOKENS: SetId = SetId(14);
    /// `SavedViews`.
    pub const SAVED_VIEWS: SetId = SetId(15);
    /// `DeletedTickets`.
    pub const DELETED_TICKETS: SetId = SetId(16);
    /// `AuditEvents`.
    pub const AUDIT_EVENTS: SetId = SetId(17);
    /// `TokenPolicies`.
    pub const TOKEN_POLICIES: SetId = SetId(18);
    /// Hidden: how tokens were used.
    pub const TOKEN_USES: SetId = SetId(19);
    /// Hidden: secrets taken out of use by rotation.
    pub const ROTATED_SECRETS: SetId = SetId(20);
    /// Hidden: who is signed in.
    pub const SESSIONS: SetId = SetId(21);
    /// Hidden: what people sign in with.
    pub const CREDENTIALS: SetId = SetId(22);
    /// Hidden: answers to changes with an idempotency key.
    pub const KEPT_ANSWERS: SetId = SetId(23);
    /// Hidden: keys that sign.
    pub const SIGNING_KEYS: SetId = SetId(24);
    /// `TicketsByDay`.
    pub const TICKETS_BY_DAY: SetId = SetId(25);
}

fn declare() -> Model {
    let declared = vec![
        (ticket(), EntitySet { searched: OF_TICKETS, ..stored("Tickets", 1, TICKETS) }),
        (
            comment(),
            EntitySet { guard: NOTES, searched: OF_COMMENTS, ..stored("Comments", 2, COMMENTS) },
        ),
        (ticket_tag(), unfolded("TicketTags", "Tickets", "Tags", "tickets:read")),
        (
            customer_type(),
            EntitySet { searched: OF_CUSTOMERS, ..stored("Customers", 3, CUSTOMERS) },
        ),
        (user_type(), stored("Users", 4, USERS)),
        (team(), stored("Teams", 5, TEAMS)),
        (team_member(), stored("TeamMembers", 6, TEAM_MEMBERS)),
        (status_type(), stored("Statuses", 7, PICKER)),
        (picker("Priority", "How urgent a ticket is"), stored("Priorities", 8, PICKER)),
        (picker("Category", "What a ticket is about"), stored("Categories", 9, PICKER)),
        (picker("TicketType", "What sort of request it is"), stored("Types", 10, PICKER)),
        (picker("Source", "How a ticket came in"), stored("Sources", 11, PICKER)),
        (picker("Resolution", "How a ticket ended"), stored("Resolutions", 12, PICKER)),
        (ticket_history(), stored("TicketHistory", 13, read_only("tickets:read"))),
        (access_token(), EntitySet { guard: OWN_TOKENS, ..stored("AccessTokens", 14, TOKENS) }),
        (saved_view(), EntitySet { guard: OWN, ..stored("SavedViews", 15, SAVED_VIEWS) }),
        (deleted_ticket(), stored("DeletedTickets", 16, DELETED_TICKETS)),
        (audit_event(), stored("AuditEvents", 17, read_only("audit:read"))),
        (token_policy(), stored("TokenPolicies", 18, TOKEN_POLICIES)),
        (token_use_type(), hidden("TokenUses", 19)),
        (rotated_secret_type(), hidden("RotatedSecrets", 20)),
        (session_type(), hidden("Sessions", 21)),
        (credential_type(), hidden("Credentials", 22)),
        (kept_answer_type(), hidden("KeptAnswers", 23)),
        (signing_key_type(), hidden("SigningKeys", 24)),
        (by_day(), tickets_by_day()),
    ];
    let mut model = Model {
        namespace: "Tessera",
        enums: vec![],
        structs: vec![],
        sets: vec![],
        actions: actions(),
        functions: functions(),
    };
    for (id, (structure, set)) in (0..).zip(declared) {
        model.structs.push(structure);
        model.sets.push(EntitySet { ty: StructId(id), ..set });
    }
    // After the entity types, whose indices are stored.
    model.structs.extend([
        minted_token(),
        caller(),
        removed_tokens(),
        address_check(),
        setup_link(),
    ]);
    model
}

const TICKETS: SetScopes = SetScopes {
    read: "tickets:read",
    read_own: None,
    create: Some("tickets:create"),
    write: Some("tickets:write"),
    delete: Some("tickets:delete"),
};

/// A ticket is found by what was said about it, too.
const OF_TICKETS: Searched = Searched {
    own: &["Title", "Description", "Tags", "RequesterName", "ExternalReference"],
    through: &[("Comments", "Body")],
    is_indexed: true,
};

const OF_COMMENTS: Searched = Searched { own: &["Body"], through: &[], is_indexed: true };

const OF_CUSTOMERS: Searched = Searched {
    own: &["Name", "Email", "Company", "Department", "Phone", "Notes"],
    through: &[],
    is_indexed: true,
};

/// Who may create comments may change their own; that is looked at where the author is known.
const COMMENTS: SetScopes = SetScopes {
    read: "comments:read",
    read_own: None,
    create: Some("comments:create"),
    write: Some("comments:create"),
    delete: Some("comments:delete"),
};

const NOTES: Option<Guard> = Some(Guard::Flagged { property: "IsInternal", scope: "notes:read" });

const CUSTOMERS: SetScopes = SetScopes {
    read: "customers:read",
    read_own: None,
    create: Some("customers:write"),
    write: Some("customers:write"),
    delete: Some("customers:delete"),
};

const USERS: SetScopes = SetScopes {
    read: "users:read",
    read_own: None,
    create: Some("users:write"),
    write: Some("users:write"),
    delete: Some("users:delete"),
};

const TEAMS: SetScopes = SetScopes {
    read: "teams:read",
    read_own: None,
    create: Some("teams:write"),
    write: Some("teams:write"),
    delete: Some("teams:delete"),
};

/// There is nothing to change about who is in a team; to take somebody out of one is to change the team.
const TEAM_MEMBERS: SetScopes = SetScopes {
    read: "teams:read",
    read_own: None,
    create: Some("teams:write"),
    write: None,
    delete: Some("teams:write"),
};

/// Pickers are read with the tickets that name them.
const PICKER: SetScopes = SetScopes {
    read: "tickets:read",
    read_own: None,
    create: Some("settings:write"),
    write: Some("settings:write"),
    delete: Some("settings:write"),
};

/// Views of others, and sharing one's own, need more; that is looked at where the owner is known.
const SAVED_VIEWS: SetScopes = SetScopes {
    read: "tickets:read",
    read_own: None,
    create: Some("tickets:write"),
    write: Some("tickets:write"),
    delete: Some("tickets:write"),
};

const OWN: Option<Guard> = Some(Guard::OwnerOrShared { owner: "OwnerId", shared: "IsShared" });

/// Who may make tokens may change and end their own; that is looked at where the owner is known.
const TOKENS: SetScopes = SetScopes {
    read: "tokens:read",
    read_own: Some("tokens:mint"),
    create: None,
    write: Some("tokens:mint"),
    delete: Some("tokens:mint"),
};

const TOKEN_POLICIES: SetScopes =
    SetScopes { write: Some("settings:write"), ..read_only("settings:read") };

const OWN_TOKENS: Option<Guard> = Some(Guard::Own { owner: "OwnerId", scope: "tokens:read" });

const DELETED_TICKETS: SetScopes =
    SetScopes { delete: Some("tickets:delete"), ..read_only("tickets:delete") };

/// A set no verb changes.
const fn read_only(read: &'static str) -> SetScopes {
    SetScopes { read, read_own: None, create: None, write: None, delete: None }
}

fn stored(name: &'static str, code: u16, scopes: SetScopes) -> EntitySet {
    EntitySet {
        name,
        ty: StructId(0),
        contents: Contents::Stored { code },
        scopes,
        guard: None,
        searched: Searched::TEXTS,
        hidden: false,
    }
}

/// A set for the product itself; the scope is never asked for.
fn hidden(name: &'static str, code: u16) -> EntitySet {
    EntitySet { hidden: true, ..stored(name, code, read_only("settings:read")) }
}

fn unfolded(
    name: &'static str,
    set: &'static str,
    property: &'static str,
    read: &'static str,
) -> EntitySet {
    let contents = Contents::Unfolded { set, property };
    EntitySet {
        name,
        ty: StructId(0),
        contents,
        scopes: read_only(read),
        guard: None,
        searched: Searched::TEXTS,
        hidden: false,
    }
}

fn tickets_by_day() -> EntitySet {
    let contents = Contents::Computed { from: "Tickets", by: figures };
    EntitySet { contents, ..stored("TicketsByDay", 0, read_only("dashboard:read")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Binding, ME, Prop, Property, actions, props};

    #[test]
    fn every_name_in_the_model_leads_somewhere() {
        assert_eq!(helpdesk().faults(), Vec::<String>::new());
    }

    #[test]
    fn the_constants_name_their_sets_and_properties() {
        let model = helpdesk();
        assert_eq!(model.find_set("AccessTokens"), Some(set::ACCESS_TOKENS));
        assert_eq!(model.find_set("tickethistory"), Some(set::TICKET_HISTORY));
        assert_eq!(model.find_set("Resolutions"), Some(set::RESOLUTIONS));
        assert_eq!(model.find_set("DeletedTickets"), Some(set::DELETED_TICKETS));
        assert_eq!(model.find_set("TicketsByDay"), Some(set::TICKETS_BY_DAY));
        assert_eq!(model.find_action(set::TICKETS, Binding::Entity, "merge"), Some(actions::MERGE));
        assert_eq!(
            model.find_action(set::DELETED_TICKETS, Binding::Entity, "Restore"),
            Some(actions::RESTORE)
        );
        assert_eq!(model.find_action(set::TICKETS, Binding::Collection, "Merge"), None);
        assert_eq!(model.find_function("me"), Some(ME));
        let named = |set, prop: Prop| model.entity_type(set).property_at(prop).name;
        assert_eq!(named(set::TICKETS, props::ticket::RESOLUTION_HOURS), "ResolutionHours");
        assert_eq!(named(set::STATUSES, props::status::KIND), "Kind");
    }

    #[test]
    fn no_storage_number_is_used_twice() {
        let model = helpdesk();
        let codes: Vec<u16> = model
            .sets
            .iter()
            .filter_map(|set| match set.contents {
                Contents::Stored { code } => Some(code),
                Contents::Unfolded { .. } | Contents::Computed { .. } => None,
            })
            .collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
        for structure in &model.structs {
            let tags: Vec<u16> = structure.properties.iter().filter_map(Property::tag).collect();
            assert_eq!(
                tags.iter().collect::<BTreeSet<_>>().len(),
                tags.len(),
                "{}",
                structure.name
            );
        }
    }
}

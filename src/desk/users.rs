//! Staff.

use super::{
    get, invalid, people,
    plain::{self, Leaving, Rules, Turn, check_not_blank, differs},
    references::{Reference, check_none},
    sessions, tokens, views,
};
use crate::{
    auth::{Owner, Principal, Role, Scopes},
    error::Error,
    model::{
        Key, Prop, Row, Value, helpdesk,
        props::{comment, member, ticket, token, user},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

/// Nobody gives, takes or deletes more rights than they have, and one administrator stays.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release };

const REFERENCES: [Reference; 4] = [
    Reference { names: ("ticket", "tickets"), set: set::TICKETS, by: ticket::ASSIGNEE_ID },
    Reference { names: ("comment", "comments"), set: set::COMMENTS, by: comment::AUTHOR_USER_ID },
    Reference {
        names: ("place in a team", "places in teams"),
        set: set::TEAM_MEMBERS,
        by: member::USER_ID,
    },
    Reference {
        names: ("access token", "access tokens"),
        set: set::ACCESS_TOKENS,
        by: token::OWNER_ID,
    },
];

/// What somebody's rights and mail hang on.
const WEIGHTY: [Prop; 3] = [user::EMAIL, user::ROLE, user::IS_ACTIVE];

fn settle(draft: &mut dyn Draft, turn: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    let model = draft.model();
    check_not_blank(model, edit, user::NAME)?;
    if differs(model, turn, edit, user::EMAIL)
        && let Some(address) = edit.get(user::EMAIL).as_text()
    {
        people::check_address("Email", address)?;
    }
    people::check_zone("TimeZone", &edit.get(user::TIME_ZONE))?;
    if !WEIGHTY.iter().any(|prop| differs(model, turn, edit, *prop)) {
        return Ok(());
    }
    if let Some(row) = turn.before {
        check_reach(draft, turn.caller, row)?;
    }
    if let Some(role) = edit.get(user::ROLE).as_text() {
        let role = role.parse::<Role>()?;
        role.scopes().grant(turn.caller.scopes)?;
        if role == Role::Administrator && differs(model, turn, edit, user::ROLE) {
            turn.caller.require_confirmation()?;
        }
    }
    let stays = edit.get(user::IS_ACTIVE).is_true()
        && edit.get(user::ROLE).as_text() == Some(Role::Administrator.name());
    let Some(row) = turn.before else { return Ok(()) };
    if !stays {
        check_not_last(draft, row)?;
    }
    follow(draft, turn.caller, row, edit)
}

/// What a change to somebody brings with it for what hangs on them: tokens they answer for, and sessions.
///
/// # Errors
/// Those of the store.
pub(crate) fn follow(
    draft: &mut dyn Draft,
    caller: &Principal,
    row: &Row,
    edit: &Edit,
) -> Result<(), Error> {
    // Who may do less than before no longer answers for what was given under the former role.
    let role = edit.get(user::ROLE).as_text().and_then(|text| text.parse::<Role>().ok());
    let held = role_of(draft, row).map_or(Scopes::NONE, Role::scopes);
    let is_less = !held.is_subset(role.map_or(Scopes::NONE, Role::scopes));
    let (id, is_active) = (get(draft.model(), row, user::ID), edit.get(user::IS_ACTIVE).is_true());
    if is_less || !is_active {
        tokens::leave(draft, caller, &id)?;
    }
    if is_active {
        return Ok(());
    }
    // Whoever may do nothing any more is signed out everywhere.
    sessions::shut_out(draft, id.as_int().unwrap_or_default())
}

fn check_leaving(source: &dyn Source, leaving: &Leaving<'_>) -> Result<(), Error> {
    check_reach(source, leaving.caller, leaving.row)?;
    check_not_last(source, leaving.row)?;
    check_none(source, leaving, &REFERENCES, "disable this person instead with 'IsActive'")
}

fn release(draft: &mut dyn Draft, leaving: &Leaving<'_>) -> Result<(), Error> {
    let id = get(draft.model(), leaving.row, user::ID);
    tokens::leave(draft, leaving.caller, &id)?;
    sessions::forget(draft, id.as_int().unwrap_or_default());
    views::leave(draft, &id)
}

/// Refuses to decide about somebody who may do more than the caller, disabled or not.
pub(super) fn check_reach(source: &dyn Source, caller: &Principal, row: &Row) -> Result<(), Error> {
    match role_of(source, row) {
        Some(role) => role.scopes().grant(caller.scopes).map(|_| ()),
        None => Ok(()),
    }
}

/// Refuses to lose the last administrator who can still do anything.
fn check_not_last(source: &dyn Source, row: &Row) -> Result<(), Error> {
    let model = source.model();
    let is_one = |row: &Row| {
        role_of(source, row) == Some(Role::Administrator)
            && get(model, row, user::IS_ACTIVE).is_true()
    };
    let id = get(model, row, user::ID);
    let mut others = source.rows(set::USERS).filter(|other| get(model, other, user::ID) != id);
    if !is_one(row) || others.any(|other| is_one(&other)) {
        return Ok(());
    }
    let reason = "this is the last active administrator; make another one first".to_owned();
    Err(Error::Conflict { target: "User".into(), reason })
}

fn role_of(source: &dyn Source, row: &Row) -> Option<Role> {
    get(source.model(), row, user::ROLE).as_text().and_then(|text| text.parse().ok())
}

/// A member of staff to be created.
#[derive(Clone)]
pub struct Create(plain::Create);

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ExceedsRights` for a role with more rights than the caller's, `InvalidValue`.
    pub fn new(caller: &Principal, name: &str, address: &str, role: Role) -> Result<Self, Error> {
        caller.require("users:write")?;
        role.scopes().grant(caller.scopes)?;
        let given = vec![
            (user::NAME, Value::text(name)),
            (user::EMAIL, Value::text(address)),
            (user::ROLE, role.name().into()),
        ];
        plain::Create::new(helpdesk(), caller, (set::USERS, RULES), given).map(Self)
    }

    /// Creates it, active.
    ///
    /// # Errors
    /// `Conflict` if the address is taken, whatever its letter case; `InvalidValue`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        self.0.run(draft)
    }
}

/// The member of staff of that id or address.
///
/// # Errors
/// `InvalidValue` naming what was looked for.
pub fn find(source: &dyn Source, id_or_address: &str) -> Result<Row, Error> {
    let found = match id_or_address.parse() {
        Ok(id) => source.row(set::USERS, &Key::Int(id)),
        Err(_) => source
            .rows_where(set::USERS, user::EMAIL, &Value::text(id_or_address))
            .into_iter()
            .next(),
    };
    found.ok_or_else(|| invalid("User", format!("nobody has the id or address '{id_or_address}'")))
}

/// What bounds the rights of tokens of this user now; `None` is the workspace itself.
#[must_use]
pub fn owner(source: &dyn Source, user_id: Option<i64>) -> Owner {
    let Some(id) = user_id else { return Owner::Workspace };
    let Some(row) = source.row(set::USERS, &Key::Int(id)) else { return Owner::Gone };
    let is_active = get(source.model(), &row, user::IS_ACTIVE).is_true();
    match role_of(source, &row) {
        Some(role) if is_active => Owner::Staff(role),
        Some(_) | None => Owner::Gone,
    }
}

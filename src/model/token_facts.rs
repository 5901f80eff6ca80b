//! What is told of an access token beside what is stored with it.

use super::{
    access::{Kind, Register, Role, Scopes, Standing, State, is_bound},
    helpdesk::set,
    kept::token_use,
    person::user,
    policy::props as policy,
    schema::{Entity, Prop, SetId},
    token::props as token,
    value::Value,
};
use crate::time::Timestamp;

pub(super) fn owner_name(entity: &dyn Entity) -> Value {
    let owner = entity.value(token::OWNER_ID);
    if owner.is_null() {
        return Value::text("System");
    }
    entity.look_up(set::USERS, &owner, user::NAME)
}

pub(super) fn responsible_name(entity: &dyn Entity) -> Value {
    entity.look_up(set::USERS, &entity.value(token::RESPONSIBLE_ID), user::NAME)
}

pub(super) fn state(entity: &dyn Entity) -> Value {
    let (standing, now) = (own(entity), entity.now());
    Value::text(State::name(standing.state(&Behind(entity), now)))
}

pub(super) fn effective_scopes(entity: &dyn Entity) -> Value {
    let scopes = own(entity).in_force(&Behind(entity), entity.now());
    Value::List(scopes.names().map(Value::text).collect())
}

pub(super) fn last_used(entity: &dyn Entity) -> Value {
    used(entity, token_use::LAST_USED)
}

pub(super) fn last_used_address(entity: &dyn Entity) -> Value {
    used(entity, token_use::ADDRESS)
}

pub(super) fn last_used_agent(entity: &dyn Entity) -> Value {
    used(entity, token_use::AGENT)
}

pub(super) fn former_last_used(entity: &dyn Entity) -> Value {
    used(entity, token_use::FORMER_LAST_USED)
}

pub(super) fn former_last_used_address(entity: &dyn Entity) -> Value {
    used(entity, token_use::FORMER_ADDRESS)
}

pub(super) fn use_count(entity: &dyn Entity) -> Value {
    counted(entity, token_use::USE_COUNT)
}

pub(super) fn denied_count(entity: &dyn Entity) -> Value {
    counted(entity, token_use::DENIED_COUNT)
}

fn used(entity: &dyn Entity, prop: Prop) -> Value {
    entity.look_up(set::TOKEN_USES, &entity.value(token::ID), prop)
}

fn counted(entity: &dyn Entity, prop: Prop) -> Value {
    Value::Int(used(entity, prop).as_int().unwrap_or(0))
}

/// The token itself.
fn own(entity: &dyn Entity) -> Standing {
    standing(|prop| entity.value(prop))
}

/// A token as its properties tell it.
fn standing(get: impl Fn(Prop) -> Value) -> Standing {
    let instant = |prop| get(prop).as_instant();
    let addresses = get(token::ALLOWED_ADDRESSES);
    Standing {
        scopes: scopes(&get(token::SCOPES)),
        owner_id: get(token::OWNER_ID).as_int(),
        created_by_id: get(token::CREATED_BY_ID).as_int(),
        parent_id: get(token::PARENT_ID).as_int(),
        is_service: get(token::KIND).as_text() == Some(Kind::Svc.name()),
        has_addresses: is_bound(|| addresses.items().iter().filter_map(Value::as_text)),
        // A token without an end is none that was ever made: it has ended.
        expires: instant(token::EXPIRES).unwrap_or(Timestamp::MIN),
        revoked: instant(token::REVOKED),
        overlap_ends: instant(token::OVERLAP_ENDS),
    }
}

fn scopes(names: &Value) -> Scopes {
    Scopes::stored(names.items().iter().filter_map(Value::as_text))
}

/// Who stands behind a token, looked up from it.
struct Behind<'a>(&'a dyn Entity);

impl Behind<'_> {
    fn look(&self, set: SetId, id: i64, prop: Prop) -> Value {
        self.0.look_up(set, &Value::Int(id), prop)
    }
}

impl Register for Behind<'_> {
    fn token(&self, id: i64) -> Option<Standing> {
        let get = |prop| self.look(set::ACCESS_TOKENS, id, prop);
        (!get(token::ID).is_null()).then(|| standing(get))
    }

    fn person(&self, id: i64) -> Scopes {
        if !self.look(set::USERS, id, user::IS_ACTIVE).is_true() {
            return Scopes::NONE;
        }
        let role = self.look(set::USERS, id, user::ROLE);
        let role = role.as_text().and_then(|name| name.parse::<Role>().ok());
        role.map_or(Scopes::NONE, Role::scopes)
    }

    fn needing_addresses(&self) -> Scopes {
        scopes(&self.look(set::TOKEN_POLICIES, 1, policy::SCOPES_NEEDING_ADDRESSES))
    }
}

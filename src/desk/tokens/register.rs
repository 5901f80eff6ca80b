//! Who stands behind a token, found in the rows of a state; made to be quick.

use crate::{
    auth::{Kind, Role, Scopes, Standing},
    desk::{get, policy},
    model::{
        Key, Model, Opened, Register, Row, StructType, is_bound,
        props::{policy as rule, token, user},
        set,
    },
    query::Source,
    time::Timestamp,
};

/// The rows of a state, as a register.
#[derive(Clone, Copy)]
pub struct Rows<'a>(pub &'a dyn Source);

impl Register for Rows<'_> {
    fn token(&self, id: i64) -> Option<Standing> {
        let row = self.0.row(set::ACCESS_TOKENS, &Key::Int(id))?;
        Some(standing(self.0.model(), &row))
    }

    fn person(&self, id: i64) -> Scopes {
        role(self.0, id).map_or(Scopes::NONE, Role::scopes)
    }

    fn needing_addresses(&self) -> Scopes {
        let row = self.0.row(set::TOKEN_POLICIES, &policy::KEY);
        row.map_or(Scopes::NONE, |row| {
            let structure = self.0.model().structure(row.type_id);
            Scopes::stored(row.record.texts(structure, rule::SCOPES_NEEDING_ADDRESSES))
        })
    }
}

/// The role of an active member of staff.
pub(super) fn role(source: &dyn Source, id: i64) -> Option<Role> {
    let row = source.row(set::USERS, &Key::Int(id))?;
    let structure = source.model().structure(row.type_id);
    let role = row.record.text(structure, user::ROLE)?.parse().ok()?;
    get(source.model(), &row, user::IS_ACTIVE).is_true().then_some(role)
}

/// What the rights of a token hang on.
#[must_use]
pub fn standing(model: &Model, row: &Row) -> Standing {
    told(&row.record.open(model.structure(row.type_id)))
}

/// As [`standing`], of an opened record.
pub(super) fn told(row: &Opened<'_>) -> Standing {
    let instant = |prop| row.get(prop).as_instant();
    Standing {
        scopes: Scopes::stored(row.texts(token::SCOPES)),
        owner_id: row.get(token::OWNER_ID).as_int(),
        created_by_id: row.get(token::CREATED_BY_ID).as_int(),
        parent_id: row.get(token::PARENT_ID).as_int(),
        is_service: row.text(token::KIND) == Some(Kind::Svc.name()),
        has_addresses: is_bound(|| row.texts(token::ALLOWED_ADDRESSES)),
        // A token without an end is none we made: it has ended.
        expires: instant(token::EXPIRES).unwrap_or(Timestamp::MIN),
        revoked: instant(token::REVOKED),
        overlap_ends: instant(token::OVERLAP_ENDS),
    }
}

/// Whether a token belongs to a service of the workspace.
pub(super) fn is_service(structure: &StructType, row: &Row) -> bool {
    row.record.text(structure, token::KIND) == Some(Kind::Svc.name())
}

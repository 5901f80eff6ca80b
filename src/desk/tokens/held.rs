//! What a token that was let in may do when its change has its turn.

use super::register::{Rows, standing};
use crate::{
    auth::{Scopes, State},
    desk::get,
    error::{Denial, Error},
    model::{
        Key, Row, Value,
        props::{rotated_secret, token},
        set,
    },
    query::Source,
    time::Timestamp,
};

/// The rights in force at `now` of the token of that id, whose secret began with `prefix` when it came.
///
/// # Errors
/// `Unauthenticated` as at the door, once it has ended or its secret was replaced without an overlap.
pub(in crate::desk) fn held(
    source: &dyn Source,
    (id, prefix): (i64, Option<&str>),
    now: Timestamp,
) -> Result<Scopes, Error> {
    let denied = |denial| Err(Error::Unauthenticated(denial));
    let Some(row) = source.row(set::ACCESS_TOKENS, &Key::Int(id)) else {
        return denied(Denial::Invalid);
    };
    if let Some(until) = retired(source, &row, prefix).filter(|until| *until <= now) {
        return denied(Denial::Rotated(until));
    }
    let token = standing(source.model(), &row);
    match token.state(&Rows(source), now) {
        State::Active | State::Rotating(_) => Ok(token.in_force(&Rows(source), now)),
        State::Expired(at) => denied(Denial::Expired(at)),
        State::Revoked(at) => denied(Denial::Revoked(at)),
    }
}

/// Until when the secret works that was replaced last, if that was after the token came.
fn retired(source: &dyn Source, row: &Row, prefix: Option<&str>) -> Option<Timestamp> {
    let model = source.model();
    let present = row.record.text(model.structure(row.type_id), token::KEY_PREFIX);
    if prefix.is_none() || prefix == present {
        return None;
    }
    let id: Value = get(model, row, token::ID);
    let former = source.rows_where(set::ROTATED_SECRETS, rotated_secret::TOKEN_ID, &id);
    let last = former.iter().max_by_key(|row| get(model, row, rotated_secret::ID).as_int())?;
    get(model, last, rotated_secret::UNTIL).as_instant()
}

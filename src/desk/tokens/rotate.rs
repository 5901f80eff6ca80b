//! A token gets a new secret; the one before works on for a while, so that nothing stops meanwhile.

use super::{Rows, called, check_alive, check_minting_role, mint::stored, reach, register};
use crate::{
    auth::{Kind, PlainToken, Principal},
    desk::{
        audit::{Entry, Event, record},
        get, invalid, later,
    },
    error::Error,
    id::random_bytes,
    model::{
        Key, Precondition, Register, Row, Value,
        props::{rotated_secret, token},
        set,
    },
    query::Source,
    store::{Draft, Edit},
    time::Timestamp,
};

/// How long the former secret works too where nothing is said, hours.
pub const OVERLAP_HOURS: i64 = 24;
/// The longest it may, hours: a week.
const OVERLAP_HOURS_MAX: i64 = 168;
/// Former secrets kept of one token. They are kept to tell who uses one from who guesses; of more rotations
/// than this nobody runs the oldest.
const FORMER_MAX: usize = 16;

const MICROS_PER_HOUR: i64 = 3_600_000_000;

/// A token to be given a new secret.
#[derive(Clone, Debug)]
pub struct Rotate {
    caller: Principal,
    key: Key,
    precondition: Precondition,
    overlap_hours: i64,
}

impl Rotate {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`; `InvalidValue` for an overlap that is too long.
    pub fn new(
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        overlap_hours: Option<i64>,
    ) -> Result<Self, Error> {
        caller.require("tokens:mint")?;
        let overlap_hours = overlap_hours.unwrap_or(OVERLAP_HOURS);
        if !(0..=OVERLAP_HOURS_MAX).contains(&overlap_hours) {
            let reason = format!("it takes 0 to {OVERLAP_HOURS_MAX} hours");
            return Err(invalid("OverlapHours", reason));
        }
        Ok(Self { caller: caller.clone(), key, precondition, overlap_hours })
    }

    /// Makes the new secret; everything else about the token stays as it is.
    ///
    /// # Errors
    /// As for [`reach::decide`]; `PreconditionFailed`; `Conflict` for a token that has ended;
    /// `ExceedsRights` and `PolicyForbids` where the caller would get more than it has.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<(Row, PlainToken), Error> {
        let before = reach::decide(draft, &self.caller, &self.key)?;
        self.precondition.check(before.version)?;
        let now = draft.now();
        check_alive(draft, &before, now)?;
        check_minting_role(draft, &self.caller)?;
        self.check_reach(draft, &before)?;
        let model = draft.model();
        let structure = model.structure(before.type_id);
        let kind = before.record.text(structure, token::KIND);
        let kind = Kind::ALL.into_iter().find(|known| kind == Some(known.name()));
        let secret = PlainToken::mint(kind.unwrap_or(Kind::Custom), random_bytes());
        let until = now.plus_micros(self.overlap_hours * MICROS_PER_HOUR).unwrap_or(Timestamp::MAX);
        let overlap_ends = self.keep_former(draft, &before, until)?;
        let model = draft.model();
        let mut edit = Edit::of(model, &before);
        edit.set(model, token::HASH, stored(&secret.hash()));
        edit.set(model, token::KEY_PREFIX, secret.key_prefix());
        edit.set(model, token::ROTATED, now);
        edit.set(model, token::OVERLAP_ENDS, overlap_ends);
        edit.set(model, token::UPDATED, later(draft, &before, token::UPDATED));
        let after = draft.put(set::ACCESS_TOKENS, edit)?;
        let (old, new) = (prefix(draft, &before), prefix(draft, &after));
        let detail = format!("KeyPrefix: {old} -> {new}; the former works until {until}");
        let entry = Entry::new(Event::TokenRotated).on(draft.model(), &after);
        let name = called(draft.model(), &after);
        record(draft, &self.caller, &entry.called(&name).detail(detail))?;
        Ok((after, secret))
    }

    /// A program may rotate its own token. With the secret of another it would hold that one's rights, and
    /// for as long: it must have both already.
    fn check_reach(&self, draft: &dyn Draft, before: &Row) -> Result<(), Error> {
        if self.caller.token_id.is_none() || reach::is_this(&self.caller, &self.key) {
            return Ok(());
        }
        let other = register::standing(draft.model(), before);
        other.in_force(&Rows(draft), draft.now()).grant(self.caller.scopes)?;
        let own = self.caller.token_id.and_then(|id| Rows(draft).token(id));
        match own.filter(|own| own.expires < other.expires) {
            None => Ok(()),
            Some(own) => Err(Error::PolicyForbids {
                target: "ExpiresDateTime".into(),
                reason: format!(
                    "it lasts until {}, longer than the token it would be rotated with: {}",
                    other.expires, own.expires
                ),
            }),
        }
    }

    /// Keeps the secret so far until then; when the last of the former ones ends.
    fn keep_former(
        &self,
        draft: &mut dyn Draft,
        before: &Row,
        until: Timestamp,
    ) -> Result<Timestamp, Error> {
        let token_id = Value::from(self.key.as_int());
        let former = draft.rows_where(set::ROTATED_SECRETS, rotated_secret::TOKEN_ID, &token_id);
        let ends = |row: &Row| get(draft.model(), row, rotated_secret::UNTIL).as_instant();
        let last = former.iter().filter_map(ends).max();
        let surplus = (former.len() + 1).saturating_sub(FORMER_MAX);
        let keys: Vec<Key> =
            former.iter().take(surplus).map(|row| row.key(draft.model())).collect();
        for key in keys {
            draft.delete(set::ROTATED_SECRETS, &key);
        }
        let (model, id) = (draft.model(), draft.next_id(set::ROTATED_SECRETS)?);
        let mut edit = Edit::new(model, set::ROTATED_SECRETS);
        edit.set(model, rotated_secret::ID, id);
        edit.set(model, rotated_secret::HASH, get(model, before, token::HASH));
        edit.set(model, rotated_secret::TOKEN_ID, token_id);
        edit.set(model, rotated_secret::UNTIL, until);
        draft.put(set::ROTATED_SECRETS, edit)?;
        Ok(last.map_or(until, |last| last.max(until)))
    }
}

fn prefix(source: &dyn Source, row: &Row) -> String {
    let text = get(source.model(), row, token::KEY_PREFIX);
    text.as_text().unwrap_or_default().to_owned()
}

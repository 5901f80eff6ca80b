//! A token gets a new secret; the one before works on for a while, so that nothing stops meanwhile.

use super::{Rows, called, check_alive, check_minting_role, mint::stored, reach, standing};
use crate::{
    auth::{Confirmed, Kind, PlainToken, Principal, Role},
    desk::{
        audit::{Entry, Event, record},
        get, invalid, later,
    },
    error::Error,
    id::random_bytes,
    model::{
        Key, Precondition, Row, Value, helpdesk,
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
pub const OVERLAP_HOURS_MAX: i64 = 168;
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
        caller.require_present_secret()?;
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
    /// `Forbidden` and `NotFound` for who may not decide about it; `PreconditionFailed`; `Conflict` for a token that has ended;
    /// `PolicyForbids` for a token that is neither the caller's nor of its line; `ConfirmationRequired`.
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
        self.keep_former(draft, &before, until)?;
        let model = draft.model();
        let mut edit = Edit::of(model, &before);
        edit.set(model, token::HASH, stored(&secret.hash()));
        edit.set(model, token::KEY_PREFIX, secret.key_prefix());
        edit.set(model, token::ROTATED, now);
        edit.set(model, token::OVERLAP_ENDS, until);
        edit.set(model, token::UPDATED, later(draft, &before, token::UPDATED));
        let after = draft.put(set::ACCESS_TOKENS, edit)?;
        let (old, new) = (prefix(draft, &before), prefix(draft, &after));
        let detail = format!("KeyPrefix: {old} -> {new}; the former works until {until}");
        let entry = Entry::new(Event::TokenRotated).on(draft.model(), &after);
        let name = called(draft.model(), &after);
        record(draft, &self.caller, &entry.called(&name).detail(detail))?;
        Ok((after, secret))
    }

    /// Who holds the secret of a token is the token. So a program gets only its own and those made with it,
    /// directly or further down, a person their own, and who administers those of the workspace too.
    fn check_reach(&self, draft: &dyn Draft, before: &Row) -> Result<(), Error> {
        let owner = get(draft.model(), before, token::OWNER_ID).as_int();
        match (self.caller.confirmed, owner) {
            (Confirmed::Operator, _) => return Ok(()),
            (Confirmed::Program | Confirmed::FormerSecret, _) => {
                let is_own = reach::is_this(&self.caller, &self.key);
                return if is_own || self.is_of_line(draft, before) {
                    Ok(())
                } else {
                    Err(not_given(
                        "a token gives a new secret only to itself and to tokens made with it",
                    ))
                };
            }
            (Confirmed::Person(_), Some(owner)) if self.caller.user_id != Some(owner) => {
                return Err(not_given("the secret of a person's token is given to its owner only"));
            }
            (Confirmed::Person(_), None) if !self.caller.is_administrator() => {
                return Err(Error::Forbidden { scope: "tokens:write".into() });
            }
            (Confirmed::Person(_), _) => {}
        }
        let role = get(draft.model(), before, token::ROLE);
        if owner.is_none() || role.as_text() == Some(Role::Administrator.name()) {
            self.caller.require_confirmation()?;
        }
        Ok(())
    }

    fn is_of_line(&self, draft: &dyn Draft, before: &Row) -> bool {
        let token = standing(draft.model(), before);
        self.caller.token_id.is_some_and(|id| token.descends_from(&Rows(draft), id))
    }

    /// Keeps the secret so far until then, and none of the ones before it longer.
    fn keep_former(
        &self,
        draft: &mut dyn Draft,
        before: &Row,
        until: Timestamp,
    ) -> Result<(), Error> {
        let token_id = Value::from(self.key.as_int());
        let former = draft.rows_where(set::ROTATED_SECRETS, rotated_secret::TOKEN_ID, &token_id);
        let surplus = (former.len() + 1).saturating_sub(FORMER_MAX);
        let model = helpdesk();
        for row in &former[..surplus] {
            let ends = get(model, row, rotated_secret::UNTIL).as_instant();
            if ends.is_some_and(|ends| ends > draft.now()) && until > draft.now() {
                let reason = format!(
                    "{FORMER_MAX} secrets before this one still work; wait until one ends, or end all with \
                     'OverlapHours' 0"
                );
                return Err(Error::Conflict { target: "OverlapHours".into(), reason });
            }
            draft.delete(set::ROTATED_SECRETS, &row.key(model));
        }
        for row in &former[surplus..] {
            let ends = get(model, row, rotated_secret::UNTIL).as_instant();
            if ends.is_none_or(|ends| ends > until) {
                let mut edit = Edit::of(model, row);
                edit.set(model, rotated_secret::UNTIL, until);
                draft.put(set::ROTATED_SECRETS, edit)?;
            }
        }
        let id = draft.next_id(set::ROTATED_SECRETS)?;
        let mut edit = Edit::new(model, set::ROTATED_SECRETS);
        edit.set(model, rotated_secret::ID, id);
        edit.set(model, rotated_secret::HASH, get(model, before, token::HASH));
        edit.set(model, rotated_secret::TOKEN_ID, token_id);
        edit.set(model, rotated_secret::UNTIL, until);
        draft.put(set::ROTATED_SECRETS, edit)?;
        Ok(())
    }
}

fn not_given(reason: &str) -> Error {
    let other =
        "revoke this one and make another, or rotate it at the machine with 'tessera token rotate'";
    Error::PolicyForbids { target: "Rotate".into(), reason: format!("{reason}; {other}") }
}

fn prefix(source: &dyn Source, row: &Row) -> String {
    let text = get(source.model(), row, token::KEY_PREFIX);
    text.as_text().unwrap_or_default().to_owned()
}

//! What may change about a token: its name, and less of what it may do. Only where it works from may be
//! widened, by somebody who has just given the password.

use super::{
    Rows, called, check_alive,
    mint::{addresses, check_name, check_purpose, check_responsible, names},
    reach, register,
};
use crate::{
    auth::{Networks, Principal, Scopes},
    desk::{
        Moment, Properties,
        audit::{Entry, Event, record},
        body::Body,
        get, invalid, later,
        value::show,
    },
    error::Error,
    model::{Key, Model, Precondition, Prop, Register, Row, Value, is_bound, props::token, set},
    store::{Draft, Edit},
    time::Timestamp,
};

/// Changes to a token.
#[derive(Clone, Debug)]
pub struct Change {
    caller: Principal,
    key: Key,
    precondition: Precondition,
    body: Body,
    is_replacement: bool,
}

impl Change {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `ReadOnlyProperty`, `InvalidValue`.
    pub fn new(
        model: &Model,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        changes: Properties,
    ) -> Result<Self, Error> {
        caller.require("tokens:mint")?;
        caller.require_present_secret()?;
        let body = Body::new(model.entity_type(set::ACCESS_TOKENS), changes, Moment::Change)?;
        if let Some(name) = body.get(token::NAME).and_then(Value::as_text) {
            check_name(name)?;
        }
        Ok(Self { caller: caller.clone(), key, precondition, body, is_replacement: false })
    }

    /// As a replacement, which names everything, meant or not.
    #[must_use]
    pub fn as_replacement(self) -> Self {
        Self { is_replacement: true, ..self }
    }

    /// Makes them; where nothing differs, nothing is written.
    ///
    /// # Errors
    /// `Forbidden` and `NotFound` for who may not decide about it; `PreconditionFailed`; `Conflict` for a token that has ended;
    /// `ExceedsRights` and `PolicyForbids` for more than it has; for a wider list of addresses
    /// `PolicyForbids` for a program and `ConfirmationRequired`.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let before = reach::decide(draft, &self.caller, &self.key)?;
        self.precondition.check(before.version)?;
        let model = draft.model();
        let unchanged = Edit::of(model, &before);
        let (mut edit, mut told) = (unchanged.clone(), Vec::new());
        for (prop, value) in self.body.iter() {
            if *value == read(model, &before, prop) && !self.is_adoption(model, &before, prop) {
                continue;
            }
            let is_wider = self.set(draft, (&before, &mut edit), (prop, value))?;
            let name = model.entity_type(set::ACCESS_TOKENS).property_at(prop).name;
            let (old, new) = (show(&read(model, &before, prop)), show(&edit.get(prop)));
            let widened = if is_wider { " (wider)" } else { "" };
            told.push(format!("{name}: {old} -> {new}{widened}"));
        }
        if edit == unchanged {
            return Ok(before);
        }
        check_alive(draft, &before, draft.now())?;
        self.check_policy(draft, &edit)?;
        let at = later(draft, &before, token::UPDATED);
        edit.set(draft.model(), token::UPDATED, at);
        let after = draft.put(set::ACCESS_TOKENS, edit)?;
        let entry = Entry::new(Event::TokenChanged).on(draft.model(), &after);
        let name = called(draft.model(), &after);
        record(draft, &self.caller, &entry.called(&name).detail(told.join("; ")))?;
        Ok(after)
    }

    /// Whether somebody who was responsible before is to be so again. Whoever names them in a change means
    /// that; a replacement has to name them and says nothing with it.
    fn is_adoption(&self, model: &Model, before: &Row, prop: Prop) -> bool {
        let is_orphan = !get(model, before, token::ORPHANED).is_null();
        prop == token::RESPONSIBLE_ID && is_orphan && !self.is_replacement
    }

    /// Sets one property, if it may be that; whether that makes the token wider.
    fn set(
        &self,
        draft: &dyn Draft,
        (before, edit): (&Row, &mut Edit),
        (prop, value): (Prop, &Value),
    ) -> Result<bool, Error> {
        let model = draft.model();
        match prop {
            token::SCOPES => {
                let scopes = narrower(model, before, value)?;
                edit.set(model, prop, names(scopes));
            }
            token::EXPIRES => {
                let at = value.as_instant().unwrap_or(Timestamp::MIN);
                check_earlier(draft, before, at)?;
                edit.set(model, prop, at);
                let full = get(model, before, token::FULL_EXPIRES).as_instant();
                edit.set(model, token::FULL_EXPIRES, full.map(|full| full.min(at)));
            }
            token::ALLOWED_ADDRESSES => {
                let texts = value.items().iter().filter_map(Value::as_text);
                let new = Networks::of_token(texts)?;
                let stored = read(model, before, prop);
                let texts = stored.items().iter().filter_map(Value::as_text);
                // A list that nobody can read lets nobody in, so any other is wider.
                let old = Networks::read(texts);
                edit.set(model, prop, addresses(&new));
                let is_wider = !old.is_some_and(|old| old.allow_all_of(&new));
                if is_wider || brings_scopes_back(draft, before) {
                    self.caller.require_person("AllowedAddresses")?;
                }
                return Ok(is_wider);
            }
            token::RESPONSIBLE_ID => adopt(draft, (before, edit), value)?,
            token::NAME => {
                let name = value.as_text().unwrap_or_default();
                edit.set(model, prop, name.trim());
            }
            token::PURPOSE => {
                check_purpose(value.as_text())?;
                edit.set(model, prop, value.clone());
            }
            other => edit.set(model, other, value.clone()),
        }
        Ok(false)
    }

    /// Refuses to take the list away from scopes that need one; they would be without force.
    fn check_policy(&self, draft: &dyn Draft, edit: &Edit) -> Result<(), Error> {
        let texts = |prop| edit.get(prop);
        let list = texts(token::ALLOWED_ADDRESSES);
        let has_addresses = is_bound(|| list.items().iter().filter_map(Value::as_text));
        if self.body.get(token::ALLOWED_ADDRESSES).is_none() || has_addresses {
            return Ok(());
        }
        let scopes = texts(token::SCOPES);
        let scopes = Scopes::stored(scopes.items().iter().filter_map(Value::as_text));
        let needing = scopes.intersection(Rows(draft).needing_addresses());
        if needing.is_empty() {
            return Ok(());
        }
        let reason = format!(
            "a token with '{needing}' needs a list of where it works from, and not of everywhere"
        );
        Err(Error::PolicyForbids { target: "AllowedAddresses".into(), reason })
    }
}

/// Whether a list would bring scopes into force that the policy holds back for want of one.
fn brings_scopes_back(draft: &dyn Draft, before: &Row) -> bool {
    let standing = register::standing(draft.model(), before);
    let held_back = standing.scopes.intersection(Rows(draft).needing_addresses());
    !standing.has_addresses && !held_back.is_empty()
}

fn narrower(model: &Model, before: &Row, value: &Value) -> Result<Scopes, Error> {
    let held = register::standing(model, before).scopes;
    let asked = Scopes::from_names(value.items().iter().filter_map(Value::as_text))?;
    if asked.is_empty() {
        return Err(invalid(
            "Scopes",
            "a token without any scope opens nothing; revoke it instead",
        ));
    }
    asked.grant(held)
}

fn check_earlier(draft: &dyn Draft, before: &Row, at: Timestamp) -> Result<(), Error> {
    if at <= draft.now() {
        return Err(invalid(
            "ExpiresDateTime",
            format!("{at} has passed; revoke the token instead"),
        ));
    }
    let latest = get(draft.model(), before, token::EXPIRES).as_instant();
    match latest.filter(|latest| at > *latest) {
        None => Ok(()),
        Some(latest) => Err(Error::PolicyForbids {
            target: "ExpiresDateTime".into(),
            reason: format!(
                "a token never lasts longer than it was made for; the latest is {latest}"
            ),
        }),
    }
}

/// Gives a service token somebody who answers for it, and with that its full life back.
fn adopt(draft: &dyn Draft, (before, edit): (&Row, &mut Edit), value: &Value) -> Result<(), Error> {
    let model = draft.model();
    if !register::is_service(model.structure(before.type_id), before) {
        let reason = "only a service token has somebody responsible; its owner answers for this";
        return Err(invalid("ResponsibleId", reason));
    }
    let id = value.as_int();
    let id = id.ok_or_else(|| invalid("ResponsibleId", "a service token needs somebody"))?;
    edit.set(model, token::RESPONSIBLE_ID, check_responsible(draft, id)?);
    if !edit.get(token::ORPHANED).is_null() {
        if let Some(full) = edit.get(token::FULL_EXPIRES).as_instant() {
            edit.set(model, token::EXPIRES, full);
        }
        edit.set(model, token::ORPHANED, Value::Null);
        edit.set(model, token::FULL_EXPIRES, Value::Null);
    }
    Ok(())
}

/// A stored property as clients read it.
fn read(model: &Model, row: &Row, prop: Prop) -> Value {
    match (get(model, row, prop), prop) {
        (Value::Null, token::ALLOWED_ADDRESSES) => Value::List([].into()),
        (value, _) => value,
    }
}

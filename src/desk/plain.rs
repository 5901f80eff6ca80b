//! Entities that stand for themselves: what making, changing and deleting them have in common.
//!
//! What a set asks beyond that are its [`Rules`], in a file of their own; which these are is not known
//! here.

use super::{Moment, Properties, body::Body, get, invalid, later};
use crate::{
    auth::Principal,
    error::Error,
    id::guid_at,
    model::{Key, Model, Precondition, Prop, Row, SetId, StructType, Value, helpdesk},
    query::Source,
    store::{Draft, Edit, Seq, Snapshot},
};

/// What one set asks of its entities.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// Refuses, or completes, an entity that is about to be stored.
    pub(super) settle: fn(&mut dyn Draft, &Turn<'_>, &mut Edit) -> Result<(), Error>,
    /// Refuses a deletion.
    pub(super) check_leaving: fn(&dyn Source, &Leaving<'_>) -> Result<(), Error>,
    /// Deletes or changes what goes with an entity that is about to be deleted.
    pub(super) release: fn(&mut dyn Draft, &Leaving<'_>) -> Result<(), Error>,
}

/// One entity about to be deleted.
pub(super) struct Leaving<'a> {
    /// Who wants it.
    pub(super) caller: &'a Principal,
    /// What it is.
    pub(super) row: &'a Row,
    /// The last transaction of a state in which nothing named it; 0 before any was looked at.
    pub(super) seen: Seq,
}

/// The release of what takes nothing along.
#[expect(clippy::unnecessary_wraps, reason = "it is one of several that may refuse")]
pub(super) fn alone(_: &mut dyn Draft, _: &Leaving<'_>) -> Result<(), Error> {
    Ok(())
}

/// One entity's turn to be made or changed.
pub(super) struct Turn<'a> {
    /// Who wants it.
    pub(super) caller: &'a Principal,
    /// Where.
    pub(super) set: SetId,
    /// What it was; `None` if it is new.
    pub(super) before: Option<&'a Row>,
}

/// An entity to be made.
#[derive(Clone)]
pub(super) struct Create {
    rules: Rules,
    set: SetId,
    caller: Principal,
    body: Body,
}

impl Create {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `ReadOnlyProperty`, `InvalidValue`.
    pub(super) fn new(
        model: &Model,
        caller: &Principal,
        (set, rules): (SetId, Rules),
        given: Properties,
    ) -> Result<Self, Error> {
        let body = Body::new(model.entity_type(set), given, Moment::Creation)?;
        Ok(Self { rules, set, caller: caller.clone(), body })
    }

    /// Makes it.
    ///
    /// # Errors
    /// `Conflict` for a value that is taken, and what the rules refuse.
    pub(super) fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let (model, now, set) = (helpdesk(), draft.now(), self.set);
        let structure = model.entity_type(set);
        let mut edit = Edit::new(model, set);
        for (prop, property) in structure.props() {
            edit.set(model, prop, property.default.clone());
        }
        for (prop, value) in self.body.iter() {
            edit.set(model, prop, value.clone());
        }
        let mut guid = guid_at(now);
        if let [only] = structure.key.as_slice() {
            let id = draft.next_id(set)?;
            edit.set(model, *only, id);
            guid = draft.new_guid(set, now, id);
        }
        put_named(model, structure, &mut edit, ("Guid", guid.into()));
        put_named(model, structure, &mut edit, ("CreatedDateTime", now.into()));
        put_named(model, structure, &mut edit, (UPDATED, now.into()));
        (self.rules.settle)(draft, &Turn { caller: &self.caller, set, before: None }, &mut edit)?;
        check_complete(structure, &edit)?;
        let key = edit.key(model);
        if draft.row(set, &key).is_some() {
            let reason = format!("there is such a {} already", structure.name);
            return Err(Error::Conflict { target: structure.name.to_owned(), reason });
        }
        draft.put(set, edit)
    }
}

/// Changes to an entity.
#[derive(Clone)]
pub(super) struct Update {
    rules: Rules,
    set: SetId,
    caller: Principal,
    key: Key,
    precondition: Precondition,
    body: Body,
}

impl Update {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `ReadOnlyProperty`, `InvalidValue`.
    pub(super) fn new(
        model: &Model,
        caller: &Principal,
        (set, rules): (SetId, Rules),
        (key, precondition, changes): (Key, Precondition, Properties),
    ) -> Result<Self, Error> {
        let body = Body::new(model.entity_type(set), changes, Moment::Change)?;
        Ok(Self { rules, set, caller: caller.clone(), key, precondition, body })
    }

    /// Makes them; where nothing differs, nothing is written.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `Conflict`, and what the rules refuse.
    pub(super) fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let (model, set) = (helpdesk(), self.set);
        let before = existing(draft, set, &self.key)?;
        self.precondition.check(before.version)?;
        let unchanged = Edit::of(model, &before);
        let mut edit = unchanged.clone();
        for (prop, value) in self.body.iter() {
            edit.set(model, prop, value.clone());
        }
        let turn = Turn { caller: &self.caller, set, before: Some(&before) };
        (self.rules.settle)(draft, &turn, &mut edit)?;
        if edit == unchanged {
            return Ok(before);
        }
        put_updated(draft, &before, &mut edit);
        draft.put(set, edit)
    }
}

/// An entity to be deleted.
#[derive(Clone)]
pub(super) struct Delete {
    rules: Rules,
    set: SetId,
    caller: Principal,
    key: Key,
    precondition: Precondition,
    seen: Seq,
}

impl Delete {
    /// Checks nothing yet.
    pub(super) fn new(
        caller: &Principal,
        (set, rules): (SetId, Rules),
        (key, precondition): (Key, Precondition),
    ) -> Self {
        Self { rules, set, caller: caller.clone(), key, precondition, seen: 0 }
    }

    /// Looks beforehand whether it may go, which can mean to look through all tickets; not on the
    /// committer's thread, nor on one of an async runtime.
    ///
    /// # Errors
    /// As for [`Delete::run`].
    pub(super) fn look(mut self, snapshot: &dyn Snapshot) -> Result<Self, Error> {
        self.check(snapshot)?;
        self.seen = snapshot.seq();
        Ok(self)
    }

    /// Deletes it, unless something that was written since [`Delete::look`] stands against it.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, and what the rules refuse.
    pub(super) fn run(&self, draft: &mut dyn Draft) -> Result<(), Error> {
        let row = self.check(draft)?;
        let leaving = Leaving { caller: &self.caller, row: &row, seen: self.seen };
        (self.rules.release)(draft, &leaving)?;
        draft.delete(self.set, &self.key);
        Ok(())
    }

    fn check(&self, source: &dyn Source) -> Result<Row, Error> {
        let row = existing(source, self.set, &self.key)?;
        self.precondition.check(row.version)?;
        let leaving = Leaving { caller: &self.caller, row: &row, seen: self.seen };
        (self.rules.check_leaving)(source, &leaving)?;
        Ok(row)
    }
}

/// The entity of that key.
///
/// # Errors
/// `NotFound`.
pub(super) fn existing(source: &dyn Source, set: SetId, key: &Key) -> Result<Row, Error> {
    source.row(set, key).ok_or_else(|| missing(source.model(), set, key))
}

/// What is said of an entity that is not there, or not for this caller.
pub(super) fn missing(model: &Model, set: SetId, key: &Key) -> Error {
    let name = model.entity_type(set).name;
    let id = key.as_int().map_or_else(|| " with this key".into(), |id| format!(" {id}"));
    Error::NotFound { what: format!("{name}{id}") }
}

/// Dates a change of `before`.
pub(super) fn put_updated(draft: &dyn Draft, before: &Row, edit: &mut Edit) {
    let model = draft.model();
    let structure = model.structure(before.type_id);
    if let Some(prop) = structure.property(UPDATED) {
        let at = later(draft, before, prop);
        edit.set(model, prop, at);
    }
}

const UPDATED: &str = "UpdatedDateTime";

fn put_named(model: &Model, structure: &StructType, edit: &mut Edit, (name, value): (&str, Value)) {
    if let Some(prop) = structure.property(name) {
        edit.set(model, prop, value);
    }
}

/// Refuses an entity without what it must have.
fn check_complete(structure: &StructType, edit: &Edit) -> Result<(), Error> {
    for (prop, property) in structure.props() {
        if property.tag().is_some() && !property.nullable && edit.get(prop).is_null() {
            return Err(invalid(property.name, "it must be given"));
        }
    }
    Ok(())
}

/// Refuses a text that says nothing; a missing one is refused elsewhere.
pub(super) fn check_not_blank(model: &Model, edit: &Edit, prop: Prop) -> Result<(), Error> {
    let value = edit.get(prop);
    let Some(text) = value.as_text() else { return Ok(()) };
    if text.chars().all(|c| c.is_whitespace() || is_unseen(c)) || text.chars().any(char::is_control)
    {
        let name = model.structure(edit.type_id()).property_at(prop).name;
        return Err(invalid(name, "it is a text in one line that is not blank"));
    }
    Ok(())
}

/// Whether a character takes part in a text without being seen: joiners, marks of direction, blanks of
/// no width. They have their use between letters; a text of nothing else looks empty.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a change gives a property another value; of a new entity everything is new.
pub(super) fn differs(model: &Model, turn: &Turn<'_>, edit: &Edit, prop: Prop) -> bool {
    turn.before.is_none_or(|row| get(model, row, prop) != edit.get(prop))
}

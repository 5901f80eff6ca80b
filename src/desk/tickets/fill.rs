//! What a client's body means for a ticket's properties.

use std::collections::HashSet;

use crate::{
    desk::{body::Body, get, invalid, lookups, name_of, people, pickers},
    error::Error,
    model::{Origin, Prop, Row, StructType, Value, helpdesk, props::ticket, set},
    store::{Draft, Edit},
};

/// Tags a ticket may be given.
pub const TAGS_MAX: usize = 1000;

/// Writes what a body gives into an edit: stored properties, and ids for the names beside them.
///
/// A long text that is what it was `before` is left alone, so that it does not look like a change.
pub(super) fn fill(
    draft: &mut dyn Draft,
    edit: &mut Edit,
    before: Option<&Row>,
    body: &Body,
) -> Result<(), Error> {
    let model = helpdesk();
    if let Some(address) = body.get(ticket::REQUESTER_EMAIL).and_then(Value::as_text) {
        people::customer_for(draft, "RequesterEmail", address)?;
    }
    let structure = model.entity_type(set::TICKETS);
    for (prop, value) in body.iter() {
        if before.is_some_and(|row| is_same_text(structure, row, prop, value)) {
            continue;
        }
        match structure.property_at(prop).origin {
            Origin::Stored { .. } | Origin::LongText { .. } => {
                edit.set(model, prop, value.clone());
            }
            Origin::LookUp { .. } | Origin::Count { .. } | Origin::Computed(..) => {}
        }
    }
    for (look_up, id) in lookups::ids(draft, structure, body)? {
        let prop = look_up.id;
        if id.is_null() && !structure.property_at(prop).nullable {
            return Err(invalid(name_of(model, set::TICKETS, prop), "it cannot be null"));
        }
        if before.is_none_or(|row| get(model, row, prop) != id) {
            let said = if body.get(look_up.name).is_some() { look_up.name } else { prop };
            let said = structure.property_at(said).name;
            lookups::check_offered(draft, look_up.target, (said, &id))?;
        }
        edit.set(model, prop, id);
    }
    Ok(())
}

/// Gives a new ticket the default of each list its body says nothing of; how it ends is not known yet.
///
/// # Errors
/// `InvalidValue` where there is no status at all.
pub(super) fn complete(draft: &dyn Draft, edit: &mut Edit, body: &Body) -> Result<(), Error> {
    let model = draft.model();
    for look_up in lookups::of(model, model.entity_type(set::TICKETS)) {
        let is_list = pickers::SETS.contains(&look_up.target) && look_up.target != set::RESOLUTIONS;
        let is_said = body.get(look_up.id).or(body.get(look_up.name)).is_some();
        if is_list && !is_said {
            let entry = pickers::default_of(draft, look_up.target);
            edit.set(model, look_up.id, entry.map_or(Value::Null, |row| get(model, &row, Prop(0))));
        }
    }
    if edit.get(ticket::STATUS_ID).is_null() {
        return Err(invalid("Status", "there is no status yet; create one first"));
    }
    Ok(())
}

/// Whether a long text of `row` is the one given.
fn is_same_text(structure: &StructType, row: &Row, prop: Prop, value: &Value) -> bool {
    let text = row.record.text_ref(structure, prop).zip(value.as_text());
    text.is_some_and(|(kept, given)| kept.vouches_for(given))
}

/// Tags as they are kept: in order, each once, none empty.
///
/// # Errors
/// `InvalidValue`, and `LimitExceeded` for more than [`TAGS_MAX`].
pub(crate) fn tags(given: &Value) -> Result<Value, Error> {
    let given = given.items();
    if given.len() > TAGS_MAX {
        let (limit, max) = ("tags_max", TAGS_MAX as u64);
        return Err(Error::LimitExceeded { limit, max, target: "Tags".into() });
    }
    let mut known = HashSet::with_capacity(given.len());
    let mut kept = Vec::with_capacity(given.len());
    for tag in given {
        let text = tag.as_text().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| invalid("Tags", "a tag is a text that is not empty"))?;
        if known.insert(text) {
            kept.push(tag.clone());
        }
    }
    Ok(Value::List(kept.into()))
}

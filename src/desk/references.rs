//! What still names an entity that somebody wants to delete.

use super::get;
use crate::{
    error::Error,
    model::{Prop, Row, SetId},
    query::Source,
};

/// Entities of a set that may name another by one of their properties.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference {
    /// What they are called, one and several.
    pub(super) names: (&'static str, &'static str),
    /// Their set.
    pub(super) set: SetId,
    /// The property that holds the other's id.
    pub(super) by: Prop,
}

/// Refuses to delete what is referred to; `instead` says what to do.
///
/// Where no index helps it looks at all entities of the set, on the committer's thread.
///
/// # Errors
/// `Conflict` that says how many of which there are.
pub(super) fn check_none(
    source: &dyn Source,
    row: &Row,
    references: &[Reference],
    instead: &str,
) -> Result<(), Error> {
    let model = source.model();
    let id = get(model, row, Prop(0));
    let mut found = Vec::new();
    for reference in references {
        let structure = model.entity_type(reference.set);
        let count = match structure.property_at(reference.by).index() {
            crate::model::Index::None => {
                source.rows(reference.set).filter(|row| get(model, row, reference.by) == id).count()
            }
            _ => source.rows_where(reference.set, reference.by, &id).len(),
        };
        let (one, several) = reference.names;
        match count {
            0 => {}
            1 => found.push(format!("1 {one}")),
            count => found.push(format!("{count} {several}")),
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let target = model.structure(row.type_id).name.to_owned();
    let reason = format!("it is named by {}; {instead}", join(&found));
    Err(Error::Conflict { target, reason })
}

/// `1 ticket, 2 comments and 1 access token`.
fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

//! What still names an entity that somebody wants to delete.

use super::{get, plain::Leaving};
use crate::{
    error::Error,
    model::{Index, Prop, SetId, Value},
    query::Source,
    store::Seq,
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
/// Where no index helps it looks at all entities of the set. That is done once beforehand, beside the
/// committer; in the transaction only what was written since is looked into, and everything is counted
/// only if that finds something. Columns with a bitmap for each value will tell at once.
///
/// # Errors
/// `Conflict` that says how many of which there are.
pub(super) fn check_none(
    source: &dyn Source,
    leaving: &Leaving<'_>,
    references: &[Reference],
    instead: &str,
) -> Result<(), Error> {
    let (model, row) = (source.model(), leaving.row);
    let id = get(model, row, Prop(0));
    if leaving.seen > 0
        && references.iter().all(|reference| reference.count(source, &id, leaving.seen) == 0)
    {
        return Ok(());
    }
    let mut found = Vec::new();
    for reference in references {
        let (one, several) = reference.names;
        match reference.count(source, &id, 0) {
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

impl Reference {
    /// How many name that id; where no index tells, among those written after `since` alone.
    fn count(&self, source: &dyn Source, id: &Value, since: Seq) -> usize {
        let model = source.model();
        match model.entity_type(self.set).property_at(self.by).index() {
            Index::None => source
                .rows_since(self.set, since)
                .filter(|row| get(model, row, self.by) == *id)
                .count(),
            Index::Unique | Index::UniqueIgnoringCase | Index::Many => {
                source.rows_where(self.set, self.by, id).len()
            }
        }
    }
}

/// `1 ticket, 2 comments and 1 access token`.
fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        desk::tests::{Bench, text},
        model::{props::ticket, set},
    };

    const BY: Reference =
        Reference { names: ("ticket", "tickets"), set: set::TICKETS, by: ticket::CATEGORY_ID };

    #[test]
    fn only_what_was_written_since_is_looked_into() {
        let bench = Bench::new();
        bench.create(set::CATEGORIES, &[("Name", text("Net"))]).unwrap();
        bench.ticket(&[("Category", text("Net"))]).unwrap();
        let before = bench.desk.snapshot().seq();
        let count = |since| BY.count(&*bench.desk.snapshot(), &Value::Int(1), since);
        assert_eq!((count(0), count(before - 1), count(before)), (1, 1, 0));
        bench.ticket(&[]).unwrap();
        assert_eq!((count(0), count(before)), (1, 0));
        bench.update(1, &[("Title", text("x"))]).unwrap();
        assert_eq!((count(0), count(before)), (1, 1));
    }
}

//! Every stored entity as a line in the shape the feed returns, in an order that import can take.

use std::io::Write;

use super::Failure;
use crate::{
    error::Error,
    model::{SetId, set},
    odata::json::{push_json_text, push_plain},
    query::{Context, Source, value},
    time::Timestamp,
};

/// The sets that are exported, in the order that import needs: what is named comes first, and the
/// history before its tickets, so that import does not begin it anew.
pub const EXPORTED: [SetId; 14] = [
    set::STATUSES,
    set::PRIORITIES,
    set::CATEGORIES,
    set::TYPES,
    set::SOURCES,
    set::RESOLUTIONS,
    set::TEAMS,
    set::USERS,
    set::TEAM_MEMBERS,
    set::SAVED_VIEWS,
    set::CUSTOMERS,
    set::TICKET_HISTORY,
    set::TICKETS,
    set::COMMENTS,
];

/// Writes all entities of `sets`, each a line that begins with `@odata.type`; how many there were.
///
/// # Errors
/// Where `out` takes no more, or the store cannot read a long text.
pub fn export(
    source: &dyn Source,
    sets: &[SetId],
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Failure> {
    let mut count = 0;
    let mut line = Vec::new();
    for set in sets {
        for row in source.rows(*set) {
            line.clear();
            push_entity(source, &row, &mut line).map_err(Failure::Store)?;
            out.write_all(&line)?;
            count += 1;
            progress(count);
        }
    }
    out.flush()?;
    Ok(count)
}

fn push_entity(
    source: &dyn Source,
    row: &crate::model::Row,
    line: &mut Vec<u8>,
) -> Result<(), Error> {
    let model = source.model();
    let structure = model.structure(row.type_id);
    // Nothing that is exported looks at the time.
    let ctx = Context { source, now: Timestamp::MIN, deadline: None, it: None, found: None };
    line.extend(b"{\"@odata.type\":");
    push_json_text(line, &format!("#{}.{}", model.namespace, structure.name));
    for (prop, property) in structure.props().filter(|(_, property)| !property.hidden) {
        line.push(b',');
        push_json_text(line, property.name);
        line.push(b':');
        push_plain(line, &value(&ctx, row, prop)?, &property.ty, model);
    }
    line.extend(b"}\n");
    Ok(())
}

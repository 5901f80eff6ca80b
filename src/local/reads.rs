//! `tessera export`, `tessera backup` and `tessera query`.

use std::{io::Write, sync::Arc};

use super::{
    Failure,
    failure::line,
    ground::{Ground, wait},
    import::find_set,
};
use crate::{
    auth::Principal,
    model::SetId,
    store,
    transfer::{self, EXPORTED},
};

/// Writes one set, or everything, as JSON Lines, all as of one transaction.
pub(super) fn export(
    ground: &Ground,
    set: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let sets: Vec<SetId> = match set {
        Some(name) => vec![find_set(ground.desk.model(), name)?],
        None => EXPORTED.to_vec(),
    };
    // Taken before the snapshot, so that no long text it shows is removed meanwhile.
    let _texts_stay = ground.engine.hold();
    match transfer::export(&*ground.desk.snapshot(), &sets, out, &mut |_| {}) {
        Ok(_) => Ok(()),
        Err(transfer::Failure::File(error)) => Err(Failure::of_output(&error)),
        Err(transfer::Failure::Store(error)) => Err(Failure::new(error)),
    }
}

/// Writes the whole state as one stream; whoever takes it compares it.
pub(super) fn backup(ground: &Ground, out: &mut dyn Write) -> Result<(), Failure> {
    store::backup::write(&ground.engine, ground.pace, out).map(drop).map_err(Failure::of_store)
}

/// Writes the answer to a query.
pub(super) fn query(ground: &Ground, address: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let (feed, operator) = (Arc::clone(&ground.feed), Principal::system());
    let answer =
        wait(async move { feed.ask(operator, &ground.origin, address, ground.deadline).await })?;
    out.write_all(&answer).map_err(|error| Failure::of_output(&error))?;
    // CSV ends its last line itself.
    if answer.ends_with(b"\n") { Ok(()) } else { line(out, "") }
}

/// Writes how a query would be answered.
pub(super) fn explain(ground: &Ground, address: &str, out: &mut dyn Write) -> Result<(), Failure> {
    let steps = ground.feed.explain(Principal::system(), address)?;
    out.write_all(steps.as_bytes()).map_err(|error| Failure::of_output(&error))
}

//! `tessera import`, one file of it.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
};

use serde::{Deserialize, Serialize};

use super::{Failure, Ground, failure::line};
use crate::{
    error::nearest,
    model::{Model, SetId},
    transfer::{self, Options, Progress, REASONS_TOLD, Summary, import, is_importable},
};

/// What became of one file or several, by the names of sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Lines read, blank ones aside.
    pub lines: u64,
    /// Entities created, updated and unchanged, by set, in the order of the model.
    pub sets: Vec<(String, [u64; 3])>,
    /// Lines refused.
    pub refused: u64,
    /// The first of them, or all if they were asked for, each with its number and what is wrong with it.
    pub refusals: Vec<String>,
    /// Names of members that nobody knew, with how often they came.
    pub unknown: BTreeMap<String, u64>,
}

impl Tally {
    fn of(model: &Model, summary: Summary) -> Self {
        let sets = summary.sets.iter().map(|(set, tally)| {
            let counts = [tally.created, tally.updated, tally.unchanged];
            (model.set(*set).name.to_owned(), counts)
        });
        Self {
            lines: summary.lines,
            sets: sets.collect(),
            refused: summary.refused,
            refusals: summary.refusals.iter().map(ToString::to_string).collect(),
            unknown: summary.unknown,
        }
    }

    /// Adds what became of the next file; its refusals are told apart.
    pub fn add(&mut self, next: Self) {
        self.lines += next.lines;
        self.refused += next.refused;
        for (set, counts) in next.sets {
            match self.sets.iter_mut().find(|(name, _)| *name == set) {
                Some((_, sums)) => {
                    for (sum, count) in sums.iter_mut().zip(counts) {
                        *sum += count;
                    }
                }
                None => self.sets.push((set, counts)),
            }
        }
        for (name, count) in next.unknown {
            *self.unknown.entry(name).or_default() += count;
        }
    }
}

/// Imports what `input` holds and writes its [`Tally`].
pub(super) fn run(
    ground: &Ground,
    (set, all_errors): (&str, bool),
    input: &mut (dyn Read + Send),
    (out, progress): (&mut dyn Write, &mut dyn FnMut(Progress)),
) -> Result<(), Failure> {
    let model = ground.desk.model();
    let reasons = if all_errors { usize::MAX } else { REASONS_TOLD };
    let options = Options { model, set: find_set(model, set)?, reasons };
    let done = import(&*ground.engine, input, options, progress);
    let summary = done.map_err(|failure| match failure {
        transfer::Failure::File(error) => Failure::new(format!("the file fails: {error}")),
        transfer::Failure::Store(error) => Failure::new(error),
    })?;
    line(out, &serde_json::to_string(&Tally::of(model, summary))?)
}

/// The set of that name, if it can be imported or exported.
///
/// # Errors
/// What would have worked.
pub fn find_set(model: &Model, name: &str) -> Result<SetId, Failure> {
    if let Some(set) = model.find_set(name).filter(|set| is_importable(model, *set)) {
        return Ok(set);
    }
    let known: Vec<&str> = model
        .set_ids()
        .filter(|(set, _)| is_importable(model, *set))
        .map(|(_, set)| set.name)
        .collect();
    let hint = nearest(name, known.iter().copied()).map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean '{near}'?"),
    );
    Err(Failure::new(format!("'{name}' is no set that can be imported or exported; {hint}")))
}

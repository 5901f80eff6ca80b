//! The data folder of a command: opened, seeded, and closed when the command ends.

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use super::Failure;
use crate::{
    config::Config,
    desk::{Desk, Settings, seed},
    error::Error,
    model::helpdesk,
    store::{
        Actor, Embedded, Fault, Store, commit_blocking,
        embedded::{Opened, Options},
        files::{Files, RealFiles},
    },
    time::{Clock, Timestamp},
};

/// A checkpoint has the journal it spares kept for long; an image only what a start has to repeat.
const IMAGES_FOR_A_CHECKPOINT: u64 = 4;

/// An open helpdesk.
pub(super) struct Workspace {
    pub engine: Arc<Embedded>,
    pub desk: Desk,
    pub opened: Opened,
}

impl Workspace {
    /// Opens the data folder of `config` to serve it, making it if there is none.
    ///
    /// # Errors
    /// One line that says what to do: folder in use, damage, newer format, no room.
    pub(super) fn open(config: &Config, should_recover: bool) -> Result<Self, Failure> {
        let mut options = options(config);
        options.recover = should_recover;
        options.search_writer_bytes = Some(config.search_writer_bytes);
        Self::open_with(config, options).map_err(|refusal| match refusal {
            Refusal::Locked(fault) => Failure::of_store(fault),
            Refusal::Failed(failure) => failure,
        })
    }

    /// As [`Workspace::open`] for one command, which keeps no search index; tells apart that another
    /// process has the folder.
    ///
    /// # Errors
    /// As there.
    pub(super) fn try_open(config: &Config) -> Result<Self, Refusal> {
        Self::open_with(config, options(config))
    }

    /// As [`Workspace::try_open`] for an import. A checkpoint of all there is so far takes about as long as
    /// what led to the next: there is one where the journal would else grow past its limit, and no other.
    ///
    /// # Errors
    /// As there.
    pub(super) fn try_open_to_fill(config: &Config) -> Result<Self, Refusal> {
        let mut options = options(config);
        options.image_journal_bytes = options.checkpoint_journal_bytes;
        options.checkpoint_journal_bytes =
            options.checkpoint_journal_bytes.max(options.history_bytes_max);
        Self::open_with(config, options)
    }

    fn open_with(config: &Config, options: Options) -> Result<Self, Refusal> {
        let (engine, opened) = Embedded::open(helpdesk(), &real_files(), options)?;
        let engine = Arc::new(engine);
        // What had ended then has ended, though the clock was set back while nobody looked.
        if let Some(last) = last_change(&engine) {
            Clock::Real.go_on_from(last);
        }
        commit_blocking(&*engine, Actor::SYSTEM, seed::fill)
            .map_err(|error| Refusal::Failed(error.into()))?;
        let number = |setting: u64| u32::try_from(setting).unwrap_or(u32::MAX);
        let settings = Settings {
            token_hours_max: number(config.token_lifetime_max_hours),
            deleted_ticket_days: number(config.deleted_ticket_days),
            audit_days: number(config.audit_days),
            idempotency_hours: number(config.idempotency_hours),
            idempotency_keys_max: config.idempotency_keys_max,
            session_idle_hours: number(config.session_idle_hours),
            session_hours_max: number(config.session_hours_max),
            password_checks_max: number(config.password_checks_max),
            tokens_per_owner_max: number(config.tokens_per_owner_max),
        };
        let desk = Desk::new(helpdesk(), Arc::clone(&engine) as _, Clock::Real, settings);
        Ok(Self { engine, desk, opened })
    }
}

/// When the last transaction was committed, if the journal still has it.
fn last_change(engine: &Embedded) -> Option<Timestamp> {
    let before = engine.snapshot().seq().checked_sub(1)?;
    engine.changes_since(before).ok()?.last()?.ok().map(|commit| commit.at)
}

/// Why a data folder could not be opened.
pub(super) enum Refusal {
    /// Another process has it.
    Locked(Fault),
    /// Everything else.
    Failed(Failure),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Locked { .. } => Self::Locked(fault),
            fault => Self::Failed(Failure::of_store(fault)),
        }
    }
}

/// Refuses a folder that holds no data, so that a misspelt `--data` does not make an empty helpdesk.
///
/// # Errors
/// One line that says how data comes to be.
pub(super) fn must_exist(data: &Path) -> Result<(), Failure> {
    if data.join("format").is_file() {
        return Ok(());
    }
    let data = data.display();
    Err(Failure::new(format!(
        "'{data}' holds no data; name its folder with --data, or make one with 'tessera serve' or 'tessera import'"
    )))
}

/// The files of this machine.
pub(super) fn real_files() -> Arc<dyn Files> {
    Arc::new(RealFiles)
}

/// What the engine is told, from the settings.
pub(super) fn options(config: &Config) -> Options {
    let size = |setting: u64| usize::try_from(setting).unwrap_or(usize::MAX);
    let mut options = Options::new(&config.data);
    options.zone = config.time_zone.clone();
    options.queue_max = size(config.queue_max);
    options.block_transactions_max = size(config.block_transactions_max);
    options.overlay_bytes_max = config.overlay_bytes_max;
    options.records_cache_bytes = config.records_cache_bytes;
    options.journal.segment_bytes = config.segment_bytes;
    options.journal.transaction_bytes_max = config.transaction_bytes_max;
    options.checkpoint_journal_bytes = config.checkpoint_journal_bytes;
    options.image_journal_bytes = config.checkpoint_journal_bytes / IMAGES_FOR_A_CHECKPOINT;
    // The answer begins when its snapshot is taken; a piece under way then ends soon after.
    let reading = config.answer_timeout_secs.max(config.query_deadline_secs);
    options.text_grace = Duration::from_secs(reading + 5);
    options.history = Duration::from_hours(config.history_days * 24);
    options.history_bytes_max = config.history_bytes_max;
    options
}

/// Waits for a verb.
///
/// # Errors
/// Those of the verb.
pub(super) fn wait<T>(verb: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(verb)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_tells_when_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let at: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let clock = Clock::fixed(at);
        let open = || {
            let options = Options { clock: clock.clone(), ..Options::new(dir.path()) };
            Embedded::open(helpdesk(), &real_files(), options).unwrap().0
        };
        let engine = open();
        assert_eq!(last_change(&engine), None);
        commit_blocking(&engine, Actor::SYSTEM, seed::fill).unwrap();
        drop(engine);
        clock.set("2026-11-22T22:00:00Z".parse().unwrap());
        assert_eq!(last_change(&open()), Some(at));
    }
}

//! Backups that make themselves: one every so many hours, the oldest removed, the newest never.
//!
//! When the next is due follows from the names in the folder, so a restart neither hastens nor delays it.

use std::{
    any::Any,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use jiff::civil;

use super::{Pace, Report, Stop, Target, save, write};
use crate::{
    store::{
        Embedded, Fault,
        files::{Files, RealFiles},
    },
    time::Timestamp,
};

const PREFIX: &str = "tessera-";
const SUFFIX: &str = ".backup";
const NAMED: &str = "%Y%m%dT%H%M%SZ";
/// How often the clock is looked at; it may jump, and a machine may sleep.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const HOUR_MICROS: i64 = 3_600_000_000;

/// What the settings ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Folder of the backups; made if it is not there.
    pub dir: PathBuf,
    /// Hours from one to the next; 0 for none.
    pub every_hours: u64,
    /// How many are kept.
    pub keep: u64,
}

/// The running schedule; it ends, and gives up a backup under way, when it is stopped or dropped.
#[derive(Debug)]
pub struct Schedule {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Schedule {
    /// Starts making backups of `engine`; nothing where the plan asks for none.
    ///
    /// # Errors
    /// `Io` if there can be no thread for it.
    pub fn start(engine: &Arc<Embedded>, plan: Plan) -> Result<Self, Fault> {
        let stop = Arc::<Stop>::default();
        if plan.every_hours == 0 {
            return Ok(Self { stop, thread: None });
        }
        let mut worker = Worker::new(Arc::clone(engine), plan, Arc::clone(&stop));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("backups".into())
            .spawn(move || {
                while !stopped.wait(LOOK_EVERY) {
                    worker.look();
                }
            })
            .map_err(|error| Fault::Io("cannot start the backups".into(), error.to_string()))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// What ends it without waiting, for whoever is told first.
    #[must_use]
    pub fn stopper(&self) -> Arc<Stop> {
        Arc::clone(&self.stop)
    }

    /// Makes no further backup, and waits until one under way has been given up.
    pub fn stop(&mut self) {
        self.stop.tell();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the scheduled backups ended with a panic");
        }
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Makes a backup when one is due.
struct Worker {
    engine: Arc<Embedded>,
    plan: Plan,
    due: Timestamp,
    stop: Arc<Stop>,
}

impl Worker {
    fn new(engine: Arc<Embedded>, plan: Plan, stop: Arc<Stop>) -> Self {
        let now = engine.options().clock.now();
        let newest = list(&plan.dir).ok().and_then(|found| found.last().map(|(at, _)| *at));
        // One from the future tells nothing but that the clock was wrong once.
        let newest = newest.filter(|at| *at <= now);
        if let Some(at) = newest {
            engine.note_backup(at);
        }
        let due = newest.map_or(now, |at| later(at, plan.every_hours));
        Self { engine, plan, due, stop }
    }

    /// Makes the backup that is due, if one is; after a failure the next is due in an hour.
    fn look(&mut self) {
        self.look_with(Self::make);
    }

    fn look_with(&mut self, make: impl FnOnce(&Self, Timestamp) -> Result<Report, Fault>) {
        let now = self.engine.options().clock.now();
        if now < self.due {
            // The clock may have been set back.
            self.due = self.due.min(later(now, self.plan.every_hours));
            return;
        }
        // A panic is one failure, and not the end of all backups to come.
        let outcome = catch_unwind(AssertUnwindSafe(|| make(self, now))).unwrap_or_else(|panic| {
            let why = panic_message(&*panic);
            Err(Fault::Io("the backup panicked".into(), why.to_owned()))
        });
        match outcome {
            Ok(report) => {
                let Report { seq, bytes, .. } = report;
                tracing::info!(seq, bytes, "scheduled backup written and verified");
                self.engine.note_backup(now);
                self.due = later(now, self.plan.every_hours);
            }
            Err(_) if self.stop.is_told() => {
                tracing::info!("the scheduled backup was given up: the server stops");
            }
            Err(fault) => {
                tracing::error!("the scheduled backup failed, the next try is in an hour: {fault}");
                self.due = later(now, 1);
            }
        }
    }

    /// Makes a backup named after `now`, then removes what is too old.
    fn make(&self, now: Timestamp) -> Result<Report, Fault> {
        let (engine, dir) = (&self.engine, &self.plan.dir);
        RealFiles.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
        clear(dir)?;
        let path = dir.join(name_of(now));
        let (pace, stop) = (Pace::Beside, &*self.stop);
        let target = Target { path: &path, replace: true, pace, stop };
        let report = save(engine.model(), target, |out| write(engine, pace, out).map(drop))?;
        if let Err(fault) = retain(&self.plan, &path) {
            tracing::warn!("old backups stay: {fault}");
        }
        Ok(report)
    }
}

/// What a panic said.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

fn later(at: Timestamp, hours: u64) -> Timestamp {
    let micros = i64::try_from(hours).ok().and_then(|hours| hours.checked_mul(HOUR_MICROS));
    micros.and_then(|micros| at.plus_micros(micros)).unwrap_or(Timestamp::MAX)
}

/// Removes what a killed backup left. Only one schedule works in a folder.
fn clear(dir: &Path) -> Result<(), Fault> {
    let fault = |error: io::Error| Fault::io("clear", dir, &error);
    for entry in fs::read_dir(dir).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.strip_suffix(".partial").and_then(time_of).is_some() {
            fs::remove_file(&path).map_err(|error| Fault::io("remove", &path, &error))?;
        }
    }
    Ok(())
}

/// Removes the oldest beyond those to be kept; never `newest`, and nothing with another kind of name.
fn retain(plan: &Plan, newest: &Path) -> Result<(), Fault> {
    let mut found = list(&plan.dir)?;
    found.retain(|(_, path)| path != newest);
    let keep = usize::try_from(plan.keep.saturating_sub(1)).unwrap_or(usize::MAX);
    for (_, path) in found.iter().take(found.len().saturating_sub(keep)) {
        fs::remove_file(path).map_err(|error| Fault::io("remove", path, &error))?;
    }
    Ok(())
}

/// The backups in `dir` with the times they are named after, oldest first.
fn list(dir: &Path) -> Result<Vec<(Timestamp, PathBuf)>, Fault> {
    let fault = |error: io::Error| Fault::io("read", dir, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let at = entry.file_name().to_str().and_then(time_of);
        if let Some(at) = at.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())) {
            found.push((at, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// `tessera-20261122T013000Z.backup`.
fn name_of(at: Timestamp) -> String {
    format!("{PREFIX}{}{SUFFIX}", at.utc().strftime(NAMED))
}

fn time_of(name: &str) -> Option<Timestamp> {
    let text = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let at: civil::DateTime = civil::DateTime::strptime(NAMED, text).ok()?;
    let at: Timestamp = format!("{at}Z").parse().ok()?;
    (name_of(at) == name).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::helpdesk, store::embedded::Options, time::Clock};

    #[track_caller]
    fn check(name: &str, want: Option<&str>) {
        assert_eq!(time_of(name).map(|at| at.to_string()).as_deref(), want, "{name}");
    }

    #[test]
    fn only_names_of_our_own_pattern_are_ours() {
        check("tessera-20261122T013000Z.backup", Some("2026-11-22T01:30:00Z"));
        for other in [
            "tessera-20261122T013000Z.backup.partial",
            "tessera-2026.backup",
            "tessera-20261322T013000Z.backup",
            "tessera-20261122T013000.backup",
            "Tessera-20261122T013000Z.backup",
            "mine.backup",
        ] {
            check(other, None);
        }
    }

    struct Desk {
        _dir: tempfile::TempDir,
        engine: Arc<Embedded>,
        clock: Clock,
        plan: Plan,
    }

    fn desk() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::fixed("2026-11-22T00:00:00Z".parse().unwrap());
        let mut options = Options::new(&dir.path().join("data"));
        options.journal.segment_bytes = 1 << 20;
        options.clock = clock.clone();
        let (engine, _) = Embedded::open(helpdesk(), &(Arc::new(RealFiles) as _), options).unwrap();
        let plan = Plan { dir: dir.path().join("backups"), every_hours: 6, keep: 2 };
        Desk { _dir: dir, engine: Arc::new(engine), clock, plan }
    }

    impl Desk {
        fn worker(&self) -> Worker {
            Worker::new(Arc::clone(&self.engine), self.plan.clone(), Arc::default())
        }

        fn at(&self, time: &str, worker: &mut Worker) -> Vec<String> {
            self.clock.set(format!("2026-11-{time}:00Z").parse().unwrap());
            worker.look();
            self.names()
        }

        fn names(&self) -> Vec<String> {
            let short = |(at, _): (Timestamp, PathBuf)| at.to_string()[8..16].to_owned();
            list(&self.plan.dir).unwrap_or_default().into_iter().map(short).collect()
        }
    }

    #[test]
    fn backups_are_made_when_due_and_the_oldest_go() {
        let desk = desk();
        let mut worker = desk.worker();
        assert_eq!(desk.engine.last_backup(), None);
        assert_eq!(desk.at("22T00:00", &mut worker), ["22T00:00"]);
        assert_eq!(desk.at("22T05:59", &mut worker), ["22T00:00"]);
        assert_eq!(desk.at("22T06:00", &mut worker), ["22T00:00", "22T06:00"]);
        let mine = desk.plan.dir.join("mine.backup");
        std::fs::write(&mine, "mine").unwrap();
        assert_eq!(desk.at("22T13:00", &mut worker), ["22T06:00", "22T13:00"]);
        // A new start goes by the names it finds.
        let mut worker = desk.worker();
        assert_eq!(desk.at("22T18:59", &mut worker), ["22T06:00", "22T13:00"]);
        assert_eq!(desk.at("22T19:00", &mut worker), ["22T13:00", "22T19:00"]);
        assert_eq!(desk.engine.last_backup(), Some("2026-11-22T19:00:00Z".parse().unwrap()));
        assert!(mine.exists());
    }

    #[test]
    fn a_failed_backup_is_tried_again_in_an_hour_and_nothing_is_removed() {
        let desk = desk();
        let mut worker = desk.worker();
        desk.at("22T00:00", &mut worker);
        desk.at("22T06:00", &mut worker);
        // Its name is taken by a folder.
        let taken = desk.plan.dir.join("tessera-20261122T120000Z.backup");
        std::fs::create_dir(&taken).unwrap();
        assert_eq!(desk.at("22T12:00", &mut worker), ["22T00:00", "22T06:00"]);
        assert_eq!(desk.at("22T12:59", &mut worker), ["22T00:00", "22T06:00"]);
        assert_eq!(desk.engine.last_backup(), Some("2026-11-22T06:00:00Z".parse().unwrap()));
        assert_eq!(desk.at("22T13:00", &mut worker), ["22T06:00", "22T13:00"]);
    }

    /// A panic while a backup was made ended the thread, and with it all backups until the next start.
    #[test]
    fn a_panic_is_a_failure_like_any_other() {
        let desk = desk();
        let mut worker = desk.worker();
        worker.look_with(|_, _| panic!("at the disco"));
        assert_eq!(desk.at("22T00:59", &mut worker), [""; 0]);
        assert_eq!(desk.at("22T01:00", &mut worker), ["22T01:00"]);
    }

    #[test]
    fn a_clock_set_back_neither_stops_the_backups_nor_costs_the_newest() {
        let desk = desk();
        let mut worker = desk.worker();
        desk.at("25T00:00", &mut worker);
        desk.at("25T06:00", &mut worker);
        // Only a new process follows a clock that was set back.
        desk.clock.begin("2026-11-22T00:00:00Z".parse().unwrap());
        assert_eq!(desk.at("22T00:00", &mut worker), ["25T00:00", "25T06:00"]);
        assert_eq!(desk.at("22T06:00", &mut worker), ["22T06:00", "25T06:00"]);
        let mut worker = desk.worker();
        assert_eq!(desk.at("22T07:00", &mut worker), ["22T07:00", "25T06:00"]);
    }
}

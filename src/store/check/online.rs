//! The check of an engine that is at work: everything as of one transaction, and no write waits for it.
//!
//! The snapshot at that transaction is compared with what checkpoint and journal make, and with the
//! records, which already have what came after it.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{Report, Scope, read_texts, told::Told};
use crate::{
    model::{Key, SetId},
    query::Source,
    store::{
        Embedded, Fault, Root, Seq, Snapshot,
        change::set_code,
        checkpoint,
        journal::verify_to,
        records::{Found, Place},
    },
};

/// How often a check begins anew because a checkpoint removed what it was about to read.
const TRIES: u32 = 3;
/// How long the records may take to come up with the snapshot.
const RECORDS_PATIENCE: Duration = Duration::from_mins(1);
const RECORDS_PAUSE: Duration = Duration::from_millis(50);
/// Rows looked at between two questions whether the engine closes.
const ROWS_AT_ONCE: u64 = 4096;

impl Embedded {
    /// Compares journal, checkpoint, records and long texts with each other as of the newest transaction,
    /// while others go on reading and writing.
    ///
    /// Reads everything once; takes memory for each entity changed since the last checkpoint. Where it finds
    /// something wrong, the next start trusts no record before it has read all.
    ///
    /// # Errors
    /// `Damaged` where reading cannot go on, `Closed` if the engine closes meanwhile, `Io`.
    pub fn check(&self) -> Result<Report, Fault> {
        let mut tries = 1;
        loop {
            let newest = self.newest_checkpoint()?;
            match self.check_now() {
                Err(fault) if tries < TRIES && self.newest_checkpoint()? != newest => {
                    tracing::info!("the check begins anew, a checkpoint was written: {fault}");
                    tries += 1;
                }
                Ok(report) if !report.faults.is_empty() => {
                    self.doubt_records()?;
                    return Ok(report);
                }
                done => return done,
            }
        }
    }

    fn newest_checkpoint(&self) -> Result<Option<Seq>, Fault> {
        Ok(checkpoint::list(&self.options().checkpoints_dir())?.last().map(|(seq, _)| *seq))
    }

    fn check_now(&self) -> Result<Report, Fault> {
        let (model, options) = (self.model(), self.options());
        // In this order: the snapshot has what the checkpoint has, and its texts stay.
        let checkpoint = checkpoint::list(&options.checkpoints_dir())?.pop();
        let _texts_stay = self.hold();
        let root = self.root();
        let last = root.seq();
        let (files, reader) = self.journal();
        let mut report = Report {
            scope: Scope::UpTo(last),
            journal: verify_to(files, &options.journal_dir(), last)?,
            applied: last,
            checkpoint_seq: checkpoint.as_ref().map_or(0, |(seq, _)| *seq),
            ..Report::default()
        };
        self.go_on()?;
        let told = Told::read(model, checkpoint.as_ref(), reader, last)?;
        self.go_on()?;
        super::compare(model, &root, &told, &mut report);
        self.compare_records(&root, &mut report)?;
        for (set, _) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
            self.go_on()?;
            read_texts(model, &root, set, &mut report);
        }
        Ok(report)
    }

    /// Whether there is still somebody to check for.
    fn go_on(&self) -> Result<(), Fault> {
        if self.is_closing() { Err(Fault::Closed) } else { Ok(()) }
    }

    /// Waits until the records have all that `root` has.
    fn wait_for_records(&self, root: &Root) -> Result<(), Fault> {
        let started = Instant::now();
        while self.applied() < root.seq() {
            self.go_on()?;
            if started.elapsed() > RECORDS_PATIENCE {
                let (has, wants) = (self.applied(), root.seq());
                return Err(Fault::Io(
                    "cannot check the records".into(),
                    format!("they have transaction {has} and do not come up with {wants}"),
                ));
            }
            std::thread::sleep(RECORDS_PAUSE);
        }
        Ok(())
    }

    /// Every record is a row of `root` or newer; every row of `root` is a record, or was changed since.
    fn compare_records(&self, root: &Root, report: &mut Report) -> Result<(), Fault> {
        self.wait_for_records(root)?;
        let model = self.model();
        let (mut matched, mut looked) = (HashMap::<SetId, u64>::new(), 0_u64);
        let mut strays = Vec::new();
        self.records().for_each_row(&mut |Found { set, key, version, record }| {
            looked += 1;
            if looked.is_multiple_of(ROWS_AT_ONCE) {
                self.go_on()?;
            }
            if version > root.seq() {
                return Ok(());
            }
            let row = root.row(set, &key);
            if row.is_some_and(|row| row.version == version && row.record == record) {
                *matched.entry(set).or_default() += 1;
            } else {
                strays.push((set, key, version));
            }
            Ok(())
        })?;
        for (set, key, version) in strays {
            report.faults.push(format!(
                "{}: the records hold version {version} of an entity that the journal does not make",
                name(model.set(set).name, &key)
            ));
        }
        for (set, declared) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
            let found = matched.get(&set).copied().unwrap_or(0);
            if found < root.counts(set).rows {
                self.find_missing(root, (set, declared.name), report)?;
            }
        }
        Ok(())
    }

    /// Tells the rows of `set` that were not changed since and still are no records.
    fn find_missing(
        &self,
        root: &Root,
        (set, set_name): (SetId, &str),
        report: &mut Report,
    ) -> Result<(), Fault> {
        let model = self.model();
        for row in root.rows(set) {
            let key = row.key(model);
            let place = Place::Row { set, key: key.clone(), version: row.version };
            if self.records().has(&place)? {
                continue;
            }
            // Asked after it was missed: a record goes only after its successor was published.
            let is_current =
                self.root().row(set, &key).is_some_and(|now| now.version == row.version);
            if is_current {
                report.faults.push(format!(
                    "{}: the records do not hold its version {}, which the journal makes",
                    name(set_name, &key),
                    row.version
                ));
            }
        }
        Ok(())
    }
}

fn name(set: &str, key: &Key) -> String {
    key.as_int().map_or_else(|| set.to_owned(), |id| format!("{set}({id})"))
}

#[cfg(test)]
mod tests {
    use std::{
        path::Path,
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
    };

    use super::*;
    use crate::{
        model::{helpdesk, props::ticket, set},
        store::{
            Actor, Edit, commit_blocking,
            embedded::Options,
            files::{Files, RealFiles},
            records::Step,
        },
    };

    fn open(dir: &Path) -> Embedded {
        let mut options = Options::new(dir);
        options.journal.segment_bytes = 64 << 10;
        options.checkpoint_journal_bytes = 256 << 10;
        options.history_bytes_max = 256 << 10;
        let files: Arc<dyn Files> = Arc::new(RealFiles);
        Embedded::open(helpdesk(), &files, options).unwrap().0
    }

    fn put(engine: &Embedded, id: i64, title: &str) {
        let title = title.to_owned();
        let put = move |draft: &mut dyn crate::store::Draft| {
            let model = helpdesk();
            let mut edit = Edit::new(model, set::TICKETS);
            edit.set(model, ticket::ID, id);
            edit.set(model, ticket::TITLE, title.as_str());
            edit.set(model, ticket::DESCRIPTION, format!("{title} ").repeat(100).as_str());
            edit.set(model, ticket::UPDATED, draft.now());
            draft.put(set::TICKETS, edit).map(drop)
        };
        commit_blocking(engine, Actor::SYSTEM, put).unwrap();
    }

    #[test]
    fn nothing_is_amiss_while_others_write_checkpoints_and_trim() {
        let dir = tempfile::tempdir().unwrap();
        let (engine, stop) = (open(dir.path()), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for at in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    put(&engine, at % 50 + 1, &format!("printer {at}"));
                }
            });
            let started = Instant::now();
            let mut checkpoint_seq = 0;
            while checkpoint_seq == 0 || started.elapsed() < Duration::from_secs(2) {
                assert!(started.elapsed() < Duration::from_mins(1), "no checkpoint");
                // Checkpoints here come faster than anybody has them; then it gives up and says why.
                let Ok(report) = engine.check() else { continue };
                assert_eq!(report.faults, Vec::<String>::new());
                assert_eq!(report.scope, Scope::UpTo(report.journal.last_seq));
                checkpoint_seq = report.checkpoint_seq;
            }
            stop.store(true, Ordering::Relaxed);
        });
        let report = engine.check().unwrap();
        assert_eq!((report.faults, report.texts), (Vec::new(), 50));
    }

    #[test]
    fn a_record_too_many_and_one_too_few_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        (1..=3).for_each(|id| put(&engine, id, "printer"));
        assert_eq!(engine.check().unwrap().faults, Vec::<String>::new());
        let root = engine.root();
        let row = root.row(set::TICKETS, &Key::Int(2)).unwrap();
        let place = |id, version| Place::Row { set: set::TICKETS, key: Key::Int(id), version };
        let steps = [
            Step::Remove(place(2, row.version)),
            Step::Write(place(9, 1), row.record.as_bytes().into()),
        ];
        engine.records().write(&steps, &engine.records().applied().unwrap()).unwrap();
        assert_eq!(
            engine.check().unwrap().faults,
            [
                "Tickets(9): the records hold version 1 of an entity that the journal does not make",
                "Tickets(2): the records do not hold its version 2, which the journal makes",
            ]
        );
        // The next start finds it too, and makes the records anew.
        drop(root);
        drop(engine);
        assert_eq!(open(dir.path()).check().unwrap().faults, Vec::<String>::new());
    }

    #[test]
    fn what_the_journal_does_not_make_is_told_by_count_and_hash() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        put(&engine, 1, "printer");
        let (_, reader) = engine.journal();
        let told = Told::read(helpdesk(), None, reader, 0).unwrap();
        let mut report = Report::default();
        super::super::compare(helpdesk(), &engine.root(), &told, &mut report);
        let [fault] = &report.faults[..] else { unreachable!("{:?}", report.faults) };
        assert!(fault.starts_with("Tickets: the records have 1 entities (hash "), "{fault}");
        assert!(fault.contains("the journal makes 0 (hash 0000000000000000)"), "{fault}");
    }
}

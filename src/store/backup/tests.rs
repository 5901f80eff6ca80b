use std::sync::Arc;

use super::*;
use crate::{
    error::Error,
    model::{helpdesk, props::ticket, set},
    store::{Actor, Draft, Edit, commit_blocking, embedded::Options, files::RealFiles},
};

fn open(dir: &Path) -> Embedded {
    let mut options = Options::new(dir);
    options.journal.segment_bytes = 1 << 20;
    Embedded::open(helpdesk(), &(Arc::new(RealFiles) as _), options).unwrap().0
}

/// Makes or replaces a ticket.
fn put(id: i64, title: &str) -> impl FnMut(&mut dyn Draft) -> Result<(), Error> + Send + 'static {
    let title = title.to_owned();
    move |draft| {
        let mut edit = Edit::new(helpdesk(), set::TICKETS);
        edit.set(helpdesk(), ticket::ID, id);
        edit.set(helpdesk(), ticket::TITLE, title.as_str());
        edit.set(helpdesk(), ticket::DESCRIPTION, title.repeat(50).as_str());
        draft.put(set::TICKETS, edit).map(drop)
    }
}

fn filled(dir: &Path, count: i64) -> Embedded {
    let engine = open(dir);
    commit_blocking(&engine, Actor::SYSTEM, move |draft| {
        (1..=count).try_for_each(|id| put(id, "printer")(draft))
    })
    .unwrap();
    commit_blocking(&engine, Actor::SYSTEM, move |draft| {
        Ok(draft.delete(set::TICKETS, &crate::model::Key::Int(count)))
    })
    .unwrap();
    engine
}

/// Calls back once, while the first piece is written.
struct Meanwhile<'a> {
    bytes: Vec<u8>,
    act: Option<Box<dyn FnOnce() + 'a>>,
}

impl Write for Meanwhile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.bytes.is_empty()
            && let Some(act) = self.act.take()
        {
            act();
        }
        self.bytes.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn verified(bytes: &[u8]) -> Result<Report, Fault> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    verify(helpdesk(), file.path(), Pace::Full)
}

#[test]
fn a_backup_says_what_the_engine_says() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path(), 300);
    let mut bytes = Vec::new();
    let report = write(&engine, Pace::Full, &mut bytes).unwrap();
    let tickets = report.sets.iter().find(|(name, _)| *name == "Tickets").unwrap().1;
    assert_eq!(tickets, engine.root().counts(set::TICKETS));
    assert_eq!((report.seq, report.bytes), (2, bytes.len() as u64));
    assert_eq!(verified(&bytes), Ok(report));
}

#[test]
fn what_is_committed_meanwhile_is_in_the_backup() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(dir.path(), 2000);
    let act = || {
        for id in (1..60).chain(5000..5010) {
            commit_blocking(&engine, Actor::SYSTEM, put(id, "changed")).unwrap();
        }
        commit_blocking(&engine, Actor::SYSTEM, move |draft| {
            Ok(draft.delete(set::TICKETS, &crate::model::Key::Int(7)))
        })
        .unwrap();
    };
    let mut out = Meanwhile { bytes: Vec::new(), act: Some(Box::new(act)) };
    let report = write(&engine, Pace::Full, &mut out).unwrap();
    assert_eq!(report.seq, engine.root().seq());
    assert!(report.seq > 60, "{}", report.seq);
    assert_eq!(verified(&out.bytes), Ok(report));
}

/// A stop ended only the writing: who waited for it waited until the backup had been read back twice.
#[test]
fn a_backup_that_is_stopped_while_it_is_read_back_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let engine = filled(&dir.path().join("data"), 300);
    let (path, stop) = (dir.path().join("backup"), Stop::default());
    let target = Target { path: &path, replace: false, pace: Pace::Beside, stop: &stop };
    let stopped = save(helpdesk(), target, |out| {
        write(&engine, Pace::Beside, out)?;
        stop.tell();
        Ok::<_, Fault>(())
    });
    let stopped = stopped.unwrap_err().to_string();
    assert!(
        stopped.starts_with("cannot read") && stopped.ends_with("the server stops"),
        "{stopped}"
    );
    let left: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["data"]);
}

/// Restoring refused a transaction over the limit of the machine it ran on, although it had been written once.
#[test]
fn a_transaction_written_under_a_raised_limit_is_restored_under_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let mut raised = Options::new(&dir.path().join("data"));
    raised.journal.segment_bytes = 1 << 20;
    raised.journal.transaction_bytes_max = 64 << 20;
    let engine = Embedded::open(helpdesk(), &(Arc::new(RealFiles) as _), raised).unwrap().0;
    commit_blocking(&engine, Actor::SYSTEM, put(1, "printer")).unwrap();
    let act = || {
        let title = "large".repeat(100);
        let large =
            move |draft: &mut dyn Draft| (1..2000).try_for_each(|id| put(id, &title)(draft));
        commit_blocking(&engine, Actor::SYSTEM, large).unwrap();
    };
    let mut out = Meanwhile { bytes: Vec::new(), act: Some(Box::new(act)) };
    let report = write(&engine, Pace::Full, &mut out).unwrap();
    assert_eq!(report.seq, 2, "the large one is in the tail");
    let file = dir.path().join("backup");
    std::fs::write(&file, &out.bytes).unwrap();
    let options = Options::new(&dir.path().join("new"));
    assert_eq!(restore(helpdesk(), &(Arc::new(RealFiles) as _), &file, options), Ok(report));
}

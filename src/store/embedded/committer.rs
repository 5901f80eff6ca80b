//! The one thread that decides the order of changes: drains, runs, journals, publishes, answers.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::JoinHandle,
};

use tokio::sync::oneshot;

use super::{
    Options, Shared,
    applier::{Applier, Block},
    follower::touched_by,
    imager::Imager,
};
use crate::{
    error::Error,
    model::{Key, SetId},
    store::{
        Actor, Change, Commit, Fault, Root, Seq, Snapshot, Transaction, checkpoint,
        checkpoint::Written, draft::Work, journal::Journal, patient::become_patient,
        records::Applied,
    },
    time::Timestamp,
};

/// Journal bytes after which a block is closed, however few transactions it has.
const BLOCK_BYTES: usize = 8 << 20;

/// A transaction and who waits for it.
pub(super) struct Request {
    pub transaction: Transaction,
    pub answer: oneshot::Sender<Result<Seq, Error>>,
}

type Answer = oneshot::Sender<Result<Seq, Error>>;

struct Committer {
    shared: Arc<Shared>,
    journal: Journal,
    applier: Applier,
    options: Options,
    requests: Receiver<Request>,
    /// Where a checkpoint tells up to which transaction it covers everything.
    reports: Sender<Result<Written, Fault>>,
    reported: Receiver<Result<Written, Fault>>,
    /// Texts in the root that the records get with that transaction.
    fresh: VecDeque<(Seq, SetId, Key, u16)>,
    checkpointing: Option<JoinHandle<()>>,
    /// Set when nobody brings the records up any more; memory would only grow.
    is_stopped: bool,
    bytes_since_checkpoint: u64,
    /// The size of the newest checkpoint.
    checkpoint_bytes: u64,
    imager: Imager,
}

/// A block in the making.
struct Draw {
    root: Root,
    entries: Vec<Vec<u8>>,
    bytes: usize,
    blocks: Vec<Block>,
    fresh: Vec<(Seq, SetId, Key, u16)>,
    /// What the keeper of the search index is told.
    touched: Vec<(SetId, Key)>,
    answers: Vec<(Answer, Result<Seq, Error>)>,
    /// When the last of its transactions was committed.
    at: Timestamp,
}

/// Starts the thread; it ends when the queue is closed and empty.
pub(super) fn start(
    shared: Arc<Shared>,
    journal: Journal,
    applier: Applier,
    options: Options,
    checkpoint_seq: Seq,
) -> Result<(SyncSender<Request>, JoinHandle<()>), Fault> {
    let (queue, requests) = sync_channel(options.queue_max.max(1));
    let (reports, reported) = channel();
    let covered = checkpoint_seq + 1 >= journal.last_seq();
    let checkpoint = options.checkpoints_dir().join(checkpoint::name_of(checkpoint_seq));
    let committer = Committer {
        bytes_since_checkpoint: if covered { 0 } else { journal.bytes_behind(checkpoint_seq) },
        checkpoint_bytes: checkpoint::bytes_of(&checkpoint),
        imager: Imager::new(options.image_journal_bytes),
        shared,
        journal,
        applier,
        options,
        requests,
        reports,
        reported,
        fresh: VecDeque::new(),
        checkpointing: None,
        is_stopped: false,
    };
    let thread = std::thread::Builder::new()
        .name("committer".into())
        .spawn(move || committer.run())
        .map_err(|error| Fault::Io("cannot start the committer".into(), error.to_string()))?;
    Ok((queue, thread))
}

impl Committer {
    fn run(mut self) {
        self.imager.after(&self.shared, 0);
        while let Ok(first) = self.requests.recv() {
            let mut draw = self.draw();
            self.run_transaction(first, &mut draw);
            while draw.answers.len() < self.options.block_transactions_max
                && draw.bytes < BLOCK_BYTES
                && let Ok(next) = self.requests.try_recv()
            {
                self.run_transaction(next, &mut draw);
            }
            self.settle(draw);
            while let Ok(report) = self.reported.try_recv() {
                self.report(report);
            }
            self.checkpoint_if_due();
        }
        if let Some(thread) = self.checkpointing.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint ended with a panic");
        }
        while let Ok(report) = self.reported.try_recv() {
            self.report(report);
        }
        self.imager.finish();
        self.applier.finish();
    }

    fn draw(&mut self) -> Draw {
        let mut root = Root::clone(&self.shared.root.load());
        let applied = self.shared.applied.load(Ordering::Acquire);
        let known = self.fresh.iter().take_while(|(seq, ..)| *seq <= applied).count();
        root.forget_texts(
            self.fresh.drain(..known).map(|(seq, set, key, tag)| (set, key, tag, seq)),
        );
        Draw {
            root,
            entries: vec![],
            bytes: 0,
            blocks: vec![],
            fresh: vec![],
            touched: vec![],
            answers: vec![],
            at: self.options.clock.now(),
        }
    }

    /// Runs one transaction on the state so far; refused or panicking, it leaves no trace.
    fn run_transaction(&self, request: Request, draw: &mut Draw) {
        self.shared.counts.queue.fall();
        let Transaction { actor, mut run } = request.transaction;
        let result = self.attempt(draw, actor, &mut |work| run(work));
        let result = result.and_then(|done| match done {
            None => Ok(draw.root.seq()),
            Some((root, commit)) => self.accept(draw, root, &commit),
        });
        draw.answers.push((request.answer, result));
    }

    fn attempt(
        &self,
        draw: &Draw,
        actor: Actor,
        run: &mut dyn FnMut(&mut Work) -> Result<(), Error>,
    ) -> Result<Option<(Root, Commit)>, Error> {
        let (seq, now) = (draw.root.seq() + 1, self.options.clock.now());
        let mut work = Work::on(draw.root.clone(), self.shared.model, seq, now, actor);
        match catch_unwind(AssertUnwindSafe(|| run(&mut work))) {
            Ok(Ok(())) => Ok(work.finish()),
            Ok(Err(refusal)) => Err(refusal),
            Err(_) => Err(Error::internal(&"a transaction panicked")),
        }
    }

    fn accept(&self, draw: &mut Draw, root: Root, commit: &Commit) -> Result<Seq, Error> {
        let entry = commit.to_bytes(self.shared.model);
        let (found, max) = (entry.len() as u64, self.options.journal.transaction_bytes_max);
        if found > max {
            let limit = "transaction_bytes_max";
            return Err(Fault::TooLarge { limit, max, found }.into());
        }
        draw.bytes += entry.len();
        let mut block = Block::default();
        block.add(self.shared.model, &draw.root, commit, found);
        block.applied = Applied::of(&root, self.shared.model);
        draw.blocks.push(block);
        draw.fresh.extend(commit.changes.iter().filter_map(|change| match change {
            Change::Text { set, key, tag, .. } => Some((commit.seq, *set, key.clone(), *tag)),
            Change::Put { .. } | Change::Delete { .. } => None,
        }));
        if self.shared.news.is_some() {
            draw.touched.extend(touched_by(commit, self.shared.model));
        }
        draw.at = commit.at;
        draw.entries.push(entry);
        draw.root = root;
        Ok(commit.seq)
    }

    /// Journals and publishes the block, then answers everybody in it.
    fn settle(&mut self, draw: Draw) {
        let Draw { mut root, entries, bytes, blocks, fresh, touched, answers, at } = draw;
        let written = if self.is_stopped {
            Err(Fault::SyncFailed)
        } else if entries.is_empty() {
            Ok(())
        } else {
            self.journal.append(&entries).map(|first| {
                debug_assert_eq!(first + entries.len() as u64, root.seq() + 1);
            })
        };
        self.count(&written, &answers, entries.len());
        if let Err(fault) = written {
            tracing::warn!("{} transactions refused: {fault}", entries.len());
            for (answer, _) in answers {
                // Whoever no longer waits does not need the answer.
                let _ = answer.send(Err(fault.clone().into()));
            }
            return;
        }
        let seq = root.seq();
        if !entries.is_empty() {
            self.bytes_since_checkpoint += bytes as u64;
            self.fresh.extend(fresh);
            root.fold();
            let root = Arc::new(root);
            self.shared.root.store(Arc::clone(&root));
            if let Some(news) = &self.shared.news {
                news.tell(touched, root, at);
            }
            if self.shared.pending_bytes.fetch_add(bytes as u64, Ordering::AcqRel) == 0 {
                self.shared.counts.moved();
            }
            for block in blocks {
                if !self.applier.send(block) && !self.is_stopped {
                    tracing::error!("the applier has ended: writing stops until a restart");
                    self.is_stopped = true;
                    self.shared.counts.wrote(Some(&Fault::SyncFailed));
                }
            }
            self.shared.published.send_replace(seq);
        }
        for (answer, result) in answers {
            let _ = answer.send(result);
        }
        self.imager.after(&self.shared, bytes as u64);
    }

    /// Counts a block of `entries` and its answers.
    fn count(
        &self,
        written: &Result<(), Fault>,
        answers: &[(Answer, Result<Seq, Error>)],
        entries: usize,
    ) {
        let counts = &self.shared.counts;
        match written {
            Ok(()) if entries == 0 => {}
            Ok(()) => {
                counts.blocks.add(1);
                counts.transactions.add(entries as u64);
                counts.syncs.add(self.journal.synced_in());
                counts.journal_bytes.store(self.journal.bytes(), Ordering::Relaxed);
                counts.wrote(None);
            }
            Err(fault) => counts.wrote(Some(fault)),
        }
        let refused =
            |(_, result): &&(Answer, Result<Seq, Error>)| written.is_err() || result.is_err();
        counts.refused.add(answers.iter().filter(refused).count() as u64);
    }

    /// Journal after which a checkpoint is due. One takes time as its size does, so a large state has
    /// fewer of them; as many as the journal's own limit needs.
    fn checkpoint_due(&self) -> u64 {
        let worth = (2 * self.checkpoint_bytes).min(self.options.history_bytes_max / 2);
        self.options.checkpoint_journal_bytes.max(worth)
    }

    /// Starts a checkpoint beside the work if enough was written since the last.
    fn checkpoint_if_due(&mut self) {
        let is_due = self.bytes_since_checkpoint >= self.checkpoint_due();
        if !is_due || self.checkpointing.is_some() {
            return;
        }
        self.bytes_since_checkpoint = 0;
        self.shared.pins.fetch_add(1, Ordering::AcqRel);
        let (shared, reports) = (Arc::clone(&self.shared), self.reports.clone());
        let (root, dir) = (shared.root.load_full(), self.options.checkpoints_dir());
        let spawned = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
            // Readers may wait for who makes these first, so they are made with no patience.
            root.gather_live();
            become_patient();
            let written =
                catch_unwind(AssertUnwindSafe(|| checkpoint::write(&root, &dir, &shared.stopping)));
            let panicked =
                |_| Err(Fault::Io("cannot write a checkpoint".into(), "it panicked".into()));
            let result = written.unwrap_or_else(panicked);
            shared.pins.fetch_sub(1, Ordering::AcqRel);
            // The committer may have ended meanwhile.
            let _ = reports.send(result);
        });
        match spawned {
            Ok(thread) => self.checkpointing = Some(thread),
            Err(error) => {
                self.shared.pins.fetch_sub(1, Ordering::AcqRel);
                tracing::warn!("no checkpoint: {error}");
            }
        }
    }

    fn report(&mut self, report: Result<Written, Fault>) {
        self.checkpointing = None;
        match report {
            Ok(Written { seq, bytes }) => {
                self.checkpoint_bytes = bytes;
                tracing::info!(seq, "checkpoint written and verified");
                self.shared.counts.checkpointed(seq, self.options.clock.now());
                if let Err(fault) = self.trim(seq) {
                    tracing::warn!("the journal was not trimmed: {fault}");
                }
                let bytes = self.journal.bytes();
                self.shared.counts.journal_bytes.store(bytes, Ordering::Relaxed);
            }
            Err(Fault::Closed) => {
                tracing::debug!("a checkpoint was given up, for the store closes");
            }
            Err(fault) => {
                tracing::warn!("no checkpoint: {fault}");
                // Tried again before long, but not at once.
                let due = self.checkpoint_due();
                self.bytes_since_checkpoint = self.bytes_since_checkpoint.max(due - due / 8);
            }
        }
    }

    /// Removes journal segments that the checkpoint at `covered` and the history settings spare.
    fn trim(&mut self, covered: Seq) -> Result<(), Fault> {
        let keep_from = if self.journal.bytes() > self.options.history_bytes_max {
            covered + 1
        } else {
            self.first_within_history(covered)?
        };
        let held = self.shared.held().iter().min().map_or(covered, |held| covered.min(*held));
        self.journal.remove_before(keep_from.min(held + 1))
    }

    /// The first transaction up to `covered` that is young enough to be kept; times only ever grow by and large.
    fn first_within_history(&self, covered: Seq) -> Result<Seq, Fault> {
        let kept_micros = i64::try_from(self.options.history.as_micros()).unwrap_or(i64::MAX);
        let oldest = self.options.clock.now().micros().saturating_sub(kept_micros);
        let (mut low, mut high) = (self.journal.first_seq(), covered + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.journal.reader().entries(middle, covered)?.next().transpose()?;
            let is_young = entry.is_none_or(|(seq, bytes)| {
                Commit::from_bytes(seq, &bytes, self.shared.model)
                    .map_or(true, |commit| commit.at.micros() >= oldest)
            });
            if is_young { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }
}

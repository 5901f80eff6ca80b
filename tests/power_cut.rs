//! The journal on a disk that loses power: what was confirmed is there, exactly once, and every state starts.
//!
//! Runs 200 seeds; `TESSERA_POWER_CUT_SEEDS` asks for more. A failure names its seed.

use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use tessera::store::{
    fault::Fault,
    files::{self, Access, File, Files, sim::SimFiles},
    journal::{Journal, JournalConfig, Open, Recovery, Seq, verify},
};

const DIR: &str = "/data/journal";
const CONFIG: JournalConfig = JournalConfig {
    segment_bytes: 64 << 10,
    transaction_bytes_max: 1 << 20,
    first_seq: 1,
    confirmed: 0,
};

fn seeds() -> Range<u64> {
    let asked = std::env::var("TESSERA_POWER_CUT_SEEDS").ok();
    0..asked.map_or(200, |count| count.parse().expect("TESSERA_POWER_CUT_SEEDS is a number"))
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length.div_ceil(8))
            .flat_map(|_| self.roll().to_le_bytes())
            .take(to_len(length))
            .collect()
    }

    /// One block's entries: mostly a few small ones, sometimes many pages, sometimes more than a segment.
    fn entries(&mut self) -> Vec<Vec<u8>> {
        match self.below(16) {
            0 => (0..=self.below(200)).map(|_| self.some(100)).collect(),
            1 => vec![self.some(100_000)],
            2..=5 => vec![self.some(20_000), self.some(9000)],
            _ => (0..=self.below(3)).map(|_| self.some(3000)).collect(),
        }
    }

    fn some(&mut self, bound: u64) -> Vec<u8> {
        let length = self.below(bound);
        self.bytes(length)
    }
}

fn to_len(length: u64) -> usize {
    usize::try_from(length).expect("lengths here are small")
}

type Wrap = fn(SimFiles) -> Arc<dyn Files>;

fn honest(disk: SimFiles) -> Arc<dyn Files> {
    Arc::new(disk)
}

fn open(files: Arc<dyn Files>, mode: Open) -> Result<(Journal, Recovery), Fault> {
    Journal::open(files, Path::new(DIR), CONFIG, mode)
}

/// What the journal must hold.
#[derive(Default)]
struct Known {
    /// Entry `n` has the sequence number `n + 1`.
    entries: Vec<Vec<u8>>,
    /// The one block nobody knows about: there as a whole, or not at all.
    maybe: Vec<Vec<u8>>,
    /// Entries before this may be gone.
    trimmed: Seq,
}

impl Known {
    fn last_seq(&self) -> Seq {
        self.entries.len() as Seq
    }

    /// From now on it is settled whether the unknown block is there.
    fn opened(&mut self, last_seq: Seq) -> Result<(), String> {
        let unknown = std::mem::take(&mut self.maybe);
        if last_seq == self.last_seq() + unknown.len() as Seq {
            self.entries.extend(unknown);
        }
        if last_seq == self.last_seq() {
            return Ok(());
        }
        Err(format!("confirmed up to {}, found up to {last_seq}", self.last_seq()))
    }

    fn compare(&self, journal: &Journal) -> Result<(), String> {
        let first = journal.first_seq();
        if first > self.trimmed.max(1) {
            return Err(format!("kept from {}, found from {first}", self.trimmed));
        }
        let mut expected = (first..).zip(&self.entries[to_len(first - 1)..]);
        for found in journal.read_from(first).map_err(|fault| fault.to_string())? {
            let (seq, bytes) = found.map_err(|fault| fault.to_string())?;
            if expected.next() != Some((seq, &bytes)) {
                return Err(format!("entry {seq} is not what was written"));
            }
        }
        expected.next().map_or(Ok(()), |(seq, _)| Err(format!("entry {seq} is missing")))
    }

    /// Opens without mishaps and compares everything.
    fn check(&mut self, disk: &SimFiles, wrap: Wrap) -> Result<Journal, String> {
        let (journal, recovery) = open(wrap(disk.clone()), Open::Strict)
            .map_err(|fault| format!("start refused: {fault}"))?;
        self.opened(recovery.last_seq)?;
        self.compare(&journal)?;
        let summary = verify(disk, Path::new(DIR)).map_err(|fault| fault.to_string())?;
        if (summary.last_seq, summary.torn) != (recovery.last_seq, None) {
            return Err("the check sees something else than the start left".into());
        }
        Ok(journal)
    }

    /// Writes until something gives way or enough is written.
    fn write(
        &mut self,
        journal: &mut Journal,
        disk: &SimFiles,
        dice: &mut Dice,
    ) -> Result<(), String> {
        for _ in 0..dice.below(40) {
            let entries = if dice.below(16) == 0 { forged(disk, dice) } else { dice.entries() };
            match journal.append(&entries) {
                Ok(first) if first == self.last_seq() + 1 => self.entries.extend(entries),
                Ok(first) => return Err(format!("{first} was given out twice")),
                Err(fault) if fault == Fault::SyncFailed || !disk.has_power() => {
                    self.maybe = entries;
                    let again = journal.append(&[vec![]]);
                    return if again.is_err() {
                        Ok(())
                    } else {
                        Err("it wrote on after a failed sync".into())
                    };
                }
                Err(Fault::Full | Fault::Io(..)) => {
                    if dice.below(3) == 0 {
                        disk.set_capacity(None);
                    }
                }
                Err(fault) => return Err(format!("unexpected: {fault}")),
            }
            if dice.below(24) == 0 {
                let keep = dice.below(self.last_seq() + 2);
                self.trimmed = self.trimmed.max(keep);
                if journal.remove_before(keep).is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Bytes of the journal itself as an entry, placed so that its blocks start where blocks start.
fn forged(disk: &SimFiles, dice: &mut Dice) -> Vec<Vec<u8>> {
    let names = disk.list(Path::new(DIR)).unwrap_or_default();
    let newest = names.iter().rfind(|name| name.ends_with(".journal"));
    let content = newest.and_then(|name| files::read(disk, &Path::new(DIR).join(name)).ok());
    let mut content = content.unwrap_or_default();
    content.truncate(to_len(dice.below(30_000)));
    vec![vec![b' '; 4096 - 48 - 4 - 4], content]
}

/// What goes wrong while the journal is written.
fn mishap(disk: &SimFiles, dice: &mut Dice) {
    match dice.below(8) {
        0 => {}
        1 => disk.fail_write(1 + dice.below(20), io::ErrorKind::StorageFull),
        2 => disk.fail_write(1 + dice.below(20), io::ErrorKind::Other),
        3 => disk.fail_sync(1 + dice.below(30)),
        4 => disk.set_capacity(Some(disk.used() + dice.below(150_000))),
        _ => disk.cut_power_after(dice.below(80)),
    }
}

/// The power comes back, or only the process was killed.
fn after(disk: SimFiles, dice: &mut Dice) -> SimFiles {
    if dice.below(4) == 0 {
        disk.restart();
        return disk;
    }
    disk.crash(dice.roll())
}

/// A journal written through `cycles` mishaps.
fn trial(seed: u64, cycles: u64, wrap: Wrap) -> Result<(SimFiles, Known), String> {
    let mut dice = Dice(seed);
    let mut disk = SimFiles::new(seed);
    let mut known = Known::default();
    for _ in 0..cycles {
        let mut journal = known.check(&disk, wrap)?;
        mishap(&disk, &mut dice);
        known.write(&mut journal, &disk, &mut dice)?;
        drop(journal);
        disk = after(disk, &mut dice);
        // The start itself is cut short, too, while it cuts the torn tail or makes its first segment.
        for _ in 0..dice.below(4) {
            disk.cut_power_after(dice.below(9));
            if let Ok((_, recovery)) = open(wrap(disk.clone()), Open::Strict) {
                known.opened(recovery.last_seq)?;
            }
            disk = after(disk, &mut dice);
        }
    }
    known.check(&disk, wrap)?;
    Ok((disk, known))
}

#[test]
fn no_confirmed_entry_is_lost_and_every_state_starts() {
    let (mut entries, mut bytes) = (0, 0);
    for seed in seeds() {
        let (disk, known) =
            trial(seed, 8, honest).unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        entries += known.entries.len();
        bytes += disk.used();
    }
    assert!(
        entries > to_len(seeds().end) * 20 && bytes > 0,
        "the trials wrote next to nothing: {entries} entries"
    );
}

/// A file layer that leaves out one kind of sync.
#[derive(Debug)]
struct Forgetful {
    disk: SimFiles,
    forgets: Forgets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forgets {
    Data,
    All,
    Names,
}

#[derive(Debug)]
struct ForgetfulFile {
    file: Box<dyn File>,
    forgets: Forgets,
}

impl Files for Forgetful {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.disk.create_dir_all(dir)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let file = self.disk.open(path, access)?;
        Ok(Box::new(ForgetfulFile { file, forgets: self.forgets }))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if self.forgets == Forgets::Names { Ok(()) } else { self.disk.sync_dir(dir) }
    }
}

impl File for ForgetfulFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(bytes, offset)
    }
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn allocate(&self, len: u64) -> io::Result<()> {
        self.file.allocate(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.forgets == Forgets::Data { Ok(()) } else { self.file.sync_data() }
    }
    fn sync_all(&self) -> io::Result<()> {
        if self.forgets == Forgets::All { Ok(()) } else { self.file.sync_all() }
    }
}

/// The simulation must catch a journal that leaves out a sync, or it proves nothing.
#[track_caller]
fn check_caught(at_least: usize, wrap: Wrap) {
    let caught = (0..100).filter(|seed| trial(*seed, 8, wrap).is_err()).count();
    assert!(caught >= at_least, "only {caught} of 100 seeds noticed");
}

#[test]
fn a_journal_without_its_syncs_is_caught_losing_data() {
    check_caught(90, |disk| Arc::new(Forgetful { disk, forgets: Forgets::Data }));
    // Little hangs on the others: the first block's sync covers the head, too.
    check_caught(1, |disk| Arc::new(Forgetful { disk, forgets: Forgets::All }));
    check_caught(40, |disk| Arc::new(Forgetful { disk, forgets: Forgets::Names }));
}

/// Segment files and their sizes.
fn segments(disk: &SimFiles) -> Vec<(PathBuf, u64)> {
    let paths = disk
        .list(Path::new(DIR))
        .expect("the journal is there")
        .into_iter()
        .map(|name| Path::new(DIR).join(name));
    let size = |path: &Path| disk.open(path, Access::Read).and_then(|file| file.size());
    paths.map(|path| (path.clone(), size(&path).expect("listed files open"))).collect()
}

/// Opens a disk with one flipped byte: refused by name, or everything there, or short of the last block alone.
fn check_flip(
    disk: &SimFiles,
    known: &Known,
    last_block: u64,
    path: &Path,
    offset: u64,
) -> Result<(), String> {
    match open(honest(disk.clone()), Open::Strict) {
        Err(Fault::Damaged { file, offset: at, reason: _ }) => {
            if Path::new(&file) != path || at > offset {
                return Err(format!("the damage was said to be in {file} at {at}"));
            }
            let (journal, recovery) =
                open(honest(disk.clone()), Open::Recover).map_err(|fault| fault.to_string())?;
            let lost = |seq| {
                recovery
                    .lost
                    .iter()
                    .any(|lost| (lost.first..=lost.last.unwrap_or(Seq::MAX)).contains(&seq))
            };
            let first = journal.first_seq();
            let sound =
                (first..).zip(&known.entries[to_len(first - 1)..]).filter(|(seq, _)| !lost(*seq));
            let found = journal.read_from(first).map_err(|fault| fault.to_string())?;
            let found: Vec<_> = found.map(Result::unwrap).collect();
            if recovery.lost.len() > 1 || !sound.eq(found.iter().map(|(seq, bytes)| (*seq, bytes)))
            {
                return Err(format!("recovery lost {:?}", recovery.lost));
            }
            Ok(())
        }
        Err(fault) => Err(fault.to_string()),
        Ok((journal, recovery)) if recovery.last_seq == known.last_seq() => known.compare(&journal),
        Ok((journal, recovery)) if recovery.last_seq + last_block == known.last_seq() => {
            let kept = known.entries[..to_len(recovery.last_seq)].to_vec();
            Known { entries: kept, maybe: vec![], trimmed: known.trimmed }.compare(&journal)
        }
        Ok((_, recovery)) => Err(format!("ended at {} in silence", recovery.last_seq)),
    }
}

#[test]
fn a_flipped_byte_is_refused_by_file_and_offset_or_does_no_harm() {
    let mut refused = 0;
    for seed in seeds() {
        let (disk, mut known) =
            trial(seed, 2, honest).unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        let mut dice = Dice(!seed);
        let mut journal = known.check(&disk, honest).unwrap();
        let last_block = dice.entries();
        journal.append(&last_block).unwrap();
        known.entries.extend(last_block.clone());
        let segments = segments(&disk);
        for _ in 0..40 {
            let (path, size) = &segments[to_len(dice.below(segments.len() as u64))];
            let (offset, mask) = (dice.below(*size), 1 << dice.below(8));
            let flipped = disk.fork(seed);
            flipped.flip(path, offset, mask).unwrap();
            refused += u64::from(verify(&flipped, Path::new(DIR)).is_err());
            check_flip(&flipped, &known, last_block.len() as u64, path, offset).unwrap_or_else(
                |reason| panic!("seed {seed}, byte {offset} of {}: {reason}", path.display()),
            );
        }
    }
    assert!(refused > seeds().end, "next to no flip hit anything: {refused}");
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_goes_on_when_there_is_room() {
    let disk = SimFiles::new(1);
    let mut known = Known::default();
    let mut journal = known.check(&disk, honest).unwrap();
    let put = |journal: &mut Journal, known: &mut Known, length: u64| {
        let entry = Dice(known.last_seq()).bytes(length);
        let put = journal.append(std::slice::from_ref(&entry));
        known.entries.extend(put.is_ok().then_some(entry));
        put
    };
    // The segment has 15 pages for blocks; nothing but what is reserved already can be had.
    disk.set_capacity(Some(disk.used()));
    for _ in 0..4 {
        put(&mut journal, &mut known, 12_000).unwrap();
    }
    assert_eq!(put(&mut journal, &mut known, 16_000), Err(Fault::Full));
    assert_eq!(put(&mut journal, &mut known, 8000), Ok(5), "what still fits is taken");
    put(&mut journal, &mut known, 10).unwrap();
    for _ in 0..3 {
        assert_eq!(put(&mut journal, &mut known, 10), Err(Fault::Full));
    }
    known.compare(&journal).unwrap();
    disk.set_capacity(None);
    assert_eq!(put(&mut journal, &mut known, 10), Ok(7));
    known.check(&disk, honest).unwrap();
    known.check(&disk.crash(1), honest).unwrap();
}

#[test]
fn a_failed_sync_stops_writing_until_the_journal_is_opened_again() {
    for seed in seeds() {
        let disk = SimFiles::new(seed);
        let mut known = Known::default();
        let mut journal = known.check(&disk, honest).unwrap();
        let mut dice = Dice(seed);
        for _ in 0..3 {
            let entries = dice.entries();
            journal.append(&entries).unwrap();
            known.entries.extend(entries);
        }
        disk.fail_sync(1);
        known.maybe = dice.entries();
        assert_eq!(journal.append(&known.maybe), Err(Fault::SyncFailed));
        assert_eq!(journal.append(&[vec![1]]), Err(Fault::SyncFailed));
        known.compare(&journal).unwrap();
        // Opened again without a cut: what looks written may be in memory alone, and must be written once more.
        let mut journal = known.check(&disk, honest).unwrap();
        journal.append(&[vec![2]]).unwrap();
        known.entries.push(vec![2]);
        known
            .check(&disk.crash(seed), honest)
            .unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
    }
}

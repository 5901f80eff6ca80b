//! The journal as its writer and its readers see it, on a disk that behaves.

use std::path::Path;

use super::*;
use crate::store::{
    files::{Access, sim::SimFiles},
    journal::{Summary, format::SegmentHead, recover::PREPARED, verify},
};

const DIR: &str = "/data/journal";
const SMALL: JournalConfig = JournalConfig {
    segment_bytes: 32 << 10,
    transaction_bytes_max: 1 << 20,
    first_seq: 1,
    confirmed: 0,
};

fn open(files: &SimFiles, mode: Open) -> Result<(Journal, Recovery), Fault> {
    Journal::open(Arc::new(files.clone()), Path::new(DIR), SMALL, mode)
}

/// An entry that tells its number, `length` bytes long.
fn entry(seq: Seq, length: usize) -> Vec<u8> {
    seq.to_le_bytes().into_iter().cycle().take(length).collect()
}

fn fill(journal: &mut Journal, count: u64, length: usize) {
    for _ in 0..count {
        let seq = journal.last_seq() + 1;
        assert_eq!(journal.append(&[entry(seq, length)]), Ok(seq));
    }
}

#[track_caller]
fn check_entries(journal: &Journal, from: Seq, want: impl IntoIterator<Item = Seq>, length: usize) {
    let found: Vec<(Seq, Vec<u8>)> = journal.read_from(from).unwrap().map(Result::unwrap).collect();
    let want: Vec<(Seq, Vec<u8>)> = want.into_iter().map(|seq| (seq, entry(seq, length))).collect();
    assert!(found == want, "{:?}", found.iter().map(|(seq, _)| seq).collect::<Vec<_>>());
}

fn summary(files: &SimFiles) -> Result<Summary, Fault> {
    verify(files, Path::new(DIR))
}

fn segments(files: &SimFiles) -> Vec<String> {
    files.list(Path::new(DIR)).unwrap()
}

#[test]
fn entries_come_back_in_order_after_many_segments_and_a_restart() {
    let files = SimFiles::new(1);
    let (mut journal, recovery) = open(&files, Open::Strict).unwrap();
    assert_eq!(recovery, Recovery::default());
    assert_eq!((journal.first_seq(), journal.last_seq()), (1, 0));
    fill(&mut journal, 40, 5000);
    check_entries(&journal, 1, 1..=40, 5000);
    check_entries(&journal, 17, 17..=40, 5000);
    check_entries(&journal, 41, [], 5000);
    drop(journal);
    let (mut journal, recovery) = open(&files, Open::Strict).unwrap();
    assert_eq!(recovery, Recovery { last_seq: 40, torn: None, lost: vec![], last_gap: 0 });
    fill(&mut journal, 5, 5000);
    check_entries(&journal, 1, 1..=45, 5000);
    let summary = summary(&files).unwrap();
    assert_eq!((summary.entries, summary.blocks, summary.last_seq), (45, 45, 45));
    assert_eq!(summary.bytes, journal.bytes());
    assert_eq!(summary.segments, 15);
}

#[test]
fn one_block_holds_many_entries_and_an_append_of_none_writes_nothing() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    let entries: Vec<_> = (1..=1024).map(|seq| entry(seq, 20)).collect();
    assert_eq!(journal.append(&entries), Ok(1));
    assert_eq!(journal.append(&[]), Ok(1025));
    assert_eq!(journal.append(&[entry(1025, 20)]), Ok(1025));
    assert_eq!(summary(&files).unwrap().blocks, 2);
    check_entries(&journal, 1000, 1000..=1025, 20);
}

#[test]
fn a_block_larger_than_a_segment_gets_room_and_an_entry_over_the_limit_does_not() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 1, 200_000);
    fill(&mut journal, 1, 100_000);
    fill(&mut journal, 3, 200_000);
    let too_large =
        Fault::TooLarge { limit: "transaction_bytes_max", max: 1 << 20, found: (1 << 20) + 1 };
    assert_eq!(journal.append(&[vec![], entry(6, (1 << 20) + 1)]), Err(too_large));
    fill(&mut journal, 3, 100);
    let (journal, recovery) = open(&files, Open::Strict).unwrap();
    assert_eq!(recovery.last_seq, 8);
    check_entries(&journal, 6, 6..=8, 100);
}

#[test]
fn trimming_removes_whole_segments_and_never_the_active_one() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 20, 5000);
    let before = journal.bytes();
    journal.remove_before(9).unwrap();
    assert!(journal.bytes() < before);
    assert_eq!(journal.first_seq(), 7);
    check_entries(&journal, 9, 9..=20, 5000);
    assert_eq!(journal.read_from(6).unwrap_err(), Fault::Trimmed { first: 7 });
    journal.remove_before(Seq::MAX).unwrap();
    assert_eq!(journal.first_seq(), 19);
    let (journal, recovery) = open(&files, Open::Strict).unwrap();
    assert_eq!((recovery.last_seq, journal.first_seq()), (20, 19));
}

#[test]
fn a_new_journal_starts_where_it_is_told_to() {
    let files = SimFiles::new(1);
    let config = JournalConfig { first_seq: 501, ..SMALL };
    let start = || Journal::open(Arc::new(files.clone()), Path::new(DIR), config, Open::Strict);
    let (mut journal, recovery) = start().unwrap();
    assert_eq!((recovery.last_seq, journal.first_seq()), (500, 501));
    fill(&mut journal, 2, 10);
    assert_eq!(start().unwrap().1.last_seq, 502);
}

#[test]
fn a_reader_sees_confirmed_entries_while_others_are_written() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 3, 3000);
    let reader = journal.reader();
    let mut entries = reader.entries(1, 3).unwrap();
    assert_eq!(entries.next(), Some(Ok((1, entry(1, 3000)))));
    fill(&mut journal, 30, 3000);
    assert_eq!(entries.map(|found| found.unwrap().0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(reader.entries(30, 33).unwrap().count(), 4);
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let files = SimFiles::new(1);
    drop(open(&files, Open::Strict).unwrap());
    let path = Path::new(DIR).join(name_of(1));
    let file = files.open(&path, Access::Write).unwrap();
    let mut page = SegmentHead::new(1, 1, 0).page();
    page[8] = 2;
    let crc = crc32c::crc32c(&page[..36]);
    page[36..40].copy_from_slice(&crc.to_le_bytes());
    file.write_at(&page, 0).unwrap();
    let newer = Fault::Newer { found: 2, supported: 1 };
    assert_eq!(open(&files, Open::Strict).unwrap_err(), newer);
    assert_eq!(open(&files, Open::Recover).unwrap_err(), newer);
    assert_eq!(summary(&files).unwrap_err(), newer);
}

#[test]
fn a_segment_prepared_but_never_used_is_no_damage() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 3, 5000);
    for content in [vec![], vec![0; 32 << 10], vec![7; 5000]] {
        let files = files.fork(2);
        files.open(&Path::new(DIR).join(PREPARED), Access::Create).unwrap();
        let file = files.open(&Path::new(DIR).join(name_of(4)), Access::Create).unwrap();
        file.write_at(&content, 0).unwrap();
        let (mut journal, recovery) = open(&files, Open::Strict).unwrap();
        assert_eq!(recovery.last_seq, 3);
        assert_eq!(recovery.torn.is_some(), content.contains(&7));
        fill(&mut journal, 10, 5000);
        check_entries(&journal, 1, 1..=13, 5000);
        assert_eq!(open(&files, Open::Strict).unwrap().1.last_seq, 13);
    }
}

#[test]
fn real_files_keep_a_journal_too() {
    use crate::store::files::RealFiles;
    let temp = tempfile::tempdir().unwrap();
    let start = || Journal::open(Arc::new(RealFiles), temp.path(), SMALL, Open::Strict).unwrap();
    let (mut journal, _) = start();
    fill(&mut journal, 20, 5000);
    drop(journal);
    let (mut journal, recovery) = start();
    assert_eq!(recovery.last_seq, 20);
    fill(&mut journal, 1, 5000);
    check_entries(&journal, 1, 1..=21, 5000);
}

/// A journal of four segments, three entries of two pages in each but the last.
fn damaged(harm: impl Fn(&SimFiles)) -> SimFiles {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 11, 5000);
    assert_eq!(segments(&files).len(), 4);
    harm(&files);
    files
}

#[track_caller]
fn check_damage(harm: impl Fn(&SimFiles), file: Seq, offset: u64, sound: &[Seq]) {
    let files = damaged(harm);
    let path = Path::new(DIR).join(name_of(file)).display().to_string();
    for fault in [open(&files, Open::Strict).unwrap_err(), summary(&files).unwrap_err()] {
        match fault {
            Fault::Damaged { file, offset: at, reason: _ } => {
                assert_eq!((file, at), (path.clone(), offset));
            }
            other => panic!("{other}"),
        }
    }
    let (mut journal, recovery) = open(&files, Open::Recover).unwrap();
    assert_eq!(recovery.last_seq, *sound.last().unwrap());
    let lost: Vec<Seq> =
        recovery.lost.iter().flat_map(|lost| lost.first..=lost.last.unwrap()).collect();
    let missing: Vec<Seq> = (1..=recovery.last_seq).filter(|seq| !sound.contains(seq)).collect();
    assert_eq!(lost, missing);
    check_entries(&journal, 1, sound.iter().copied(), 5000);
    let (from, next) = (journal.last_seq() + 1, journal.last_seq() + 6);
    fill(&mut journal, 6, 5000);
    drop(journal);
    let (journal, _) = open(&files, Open::Strict).unwrap();
    check_entries(&journal, 1, sound.iter().copied().chain(from..=next), 5000);
    check_entries(&journal, from, from..=next, 5000);
    let gaps: Vec<Seq> = summary(&files).unwrap().gaps.into_iter().flatten().collect();
    assert_eq!(gaps, missing);
}

fn flip(files: &SimFiles, segment: Seq, offset: u64) {
    files.flip(&Path::new(DIR).join(name_of(segment)), offset, 1).unwrap();
}

#[test]
fn damage_is_named_and_recovery_keeps_the_rest() {
    // A block in the middle of a segment, the first, the last, and the one before the end of the journal.
    check_damage(
        |files| flip(files, 4, 4096 + 8192 + 100),
        4,
        4096 + 8192,
        &[1, 2, 3, 4, 6, 7, 8, 9, 10, 11],
    );
    check_damage(|files| flip(files, 1, 4096), 1, 4096, &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    check_damage(
        |files| flip(files, 4, 4096 + 16384 + 20),
        4,
        4096 + 16384,
        &[1, 2, 3, 4, 5, 7, 8, 9, 10, 11],
    );
    check_damage(|files| flip(files, 10, 4096 + 5), 10, 4096, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11]);
    // Heads: the first segment's, one in the middle, the last.
    let all: Vec<Seq> = (1..=11).collect();
    check_damage(|files| flip(files, 1, 10), 1, 0, &all);
    check_damage(|files| flip(files, 7, 30), 7, 0, &all);
    check_damage(|files| flip(files, 10, 37), 10, 0, &all);
    // Two places, and a head together with a block.
    let twice = |files: &SimFiles| {
        flip(files, 4, 9000);
        flip(files, 7, 5);
        flip(files, 7, 5000);
    };
    check_damage(twice, 4, 4096, &[1, 2, 3, 5, 6, 8, 9, 10, 11]);
}

#[test]
fn a_missing_segment_is_damage() {
    let without = |first: Seq| {
        move |files: &SimFiles| files.remove(&Path::new(DIR).join(name_of(first))).unwrap()
    };
    check_damage(without(4), 1, 4096 + 3 * 8192, &[1, 2, 3, 7, 8, 9, 10, 11]);
    check_damage(without(7), 4, 4096 + 3 * 8192, &[1, 2, 3, 4, 5, 6, 10, 11]);
}

#[test]
fn a_segment_of_another_journal_is_damage() {
    let other = damaged(|_| ());
    for first in [4, 10] {
        let files = damaged(|_| ());
        let path = Path::new(DIR).join(name_of(first));
        let content = crate::store::files::read(&other, &path).unwrap();
        files.open(&path, Access::Write).unwrap().write_at(&content, 0).unwrap();
        match open(&files, Open::Strict).unwrap_err() {
            Fault::Damaged { file, offset, reason: _ } => {
                assert_eq!((file, offset), (path.display().to_string(), 0));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_torn_block_that_carries_copies_of_older_blocks_is_still_torn() {
    let files = SimFiles::new(1);
    let (mut journal, _) = open(&files, Open::Strict).unwrap();
    fill(&mut journal, 1, 100);
    let path = Path::new(DIR).join(name_of(1));
    let mut copy = crate::store::files::read(&files, &path).unwrap();
    copy.truncate(8192);
    // The copy starts on a page of its own, as the blocks in it did.
    journal.append(&[vec![b' '; PAGE_LEN - 56], copy]).unwrap();
    flip(&files, 1, 8192 + 20);
    let (journal, recovery) = open(&files, Open::Strict).unwrap();
    let file = path.display().to_string();
    assert_eq!(recovery.torn, Some(TornTail { file, offset: 8192, bytes: 3 * PAGE }));
    check_entries(&journal, 1, [1], 100);
}

#[test]
fn recovery_keeps_the_damaged_file_aside() {
    let files = damaged(|files| flip(files, 4, 4100));
    open(&files, Open::Recover).unwrap();
    let aside = format!("{}.damaged", name_of(4));
    assert!(segments(&files).contains(&aside), "{:?}", segments(&files));
    flip(&files, 4, 4100);
    let (_, recovery) = open(&files, Open::Recover).unwrap();
    assert_eq!(
        recovery.lost.iter().map(|lost| (lost.first, lost.last)).collect::<Vec<_>>(),
        [(4, Some(4))]
    );
    assert!(segments(&files).contains(&format!("{aside}-2")));
}

#[test]
fn a_recovery_cut_short_at_any_call_can_be_done_again() {
    for calls in 0..40 {
        for seed in 0..10 {
            let files = damaged(|files| {
                flip(files, 4, 4100);
                flip(files, 7, 4100 + 8192);
            });
            files.cut_power_after(calls);
            let _ = open(&files, Open::Recover);
            let files = files.crash(seed);
            let (journal, _) = open(&files, Open::Recover).unwrap();
            check_entries(&journal, 1, [1, 2, 3, 5, 6, 7, 9, 10, 11], 5000);
        }
    }
}

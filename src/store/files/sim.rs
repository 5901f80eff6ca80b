//! A disk in memory that loses power on purpose: what was not synced survives in any part, or not at all.
//!
//! Everything it does follows from its seed. It is harsher than any real disk: unsynced 4 KiB blocks, lengths and
//! names are kept or lost one by one, in any combination, and a block may be torn at its 512-byte sectors.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Access, File, Files};

mod disk;

use disk::{Change, Disk, Link};

/// Unit of loss, bytes.
pub const BLOCK: usize = 4096;

/// A simulated disk; clones share it.
#[derive(Clone, Debug)]
pub struct SimFiles(Arc<Mutex<Disk>>);

impl SimFiles {
    /// An empty disk whose accidents follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::of(Disk::new(seed))
    }

    fn of(disk: Disk) -> Self {
        Self(Arc::new(Mutex::new(disk)))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The disk as found after a power cut now: synced things, and any part of the rest. Faults asked for are gone.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        Self::of(self.disk().crash(seed))
    }

    /// Goes on with everything programs saw, synced or not, as after a killed process; faults asked for are gone.
    pub fn restart(&self) {
        self.disk().restart();
    }

    /// An independent copy of the disk as programs see it now.
    #[must_use]
    pub fn fork(&self, seed: u64) -> Self {
        Self::of(self.disk().fork(seed))
    }

    /// Bytes all files may take together; `None` for no end.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.disk().capacity = bytes;
    }

    /// Bytes all files take together.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.disk().used()
    }

    /// The `nth` write from now (1 = the next) fails with `kind` after a part of it was written.
    pub fn fail_write(&self, nth: u64, kind: io::ErrorKind) {
        self.disk().fail_write = Some((nth, kind));
    }

    /// The `nth` sync from now (1 = the next) fails; what it covered is lost or kept, and later syncs do not retry it.
    pub fn fail_sync(&self, nth: u64) {
        self.disk().fail_sync = Some(nth);
    }

    /// Cuts the power during the call after the next `calls` that change something; from then on every call fails.
    pub fn cut_power_after(&self, calls: u64) {
        self.disk().power = Some(calls);
    }

    /// Whether the power is still on.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.disk().powered().is_ok()
    }

    /// How many calls changed something so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.disk().calls
    }

    /// Flips the bits of `mask` in one durable byte, as a decaying disk does.
    ///
    /// # Errors
    /// `NotFound` where there is no such file.
    pub fn flip(&self, path: &Path, offset: u64, mask: u8) -> io::Result<()> {
        let file = self.open(path, Access::Write)?;
        let mut byte = [0];
        file.read_at(&mut byte, offset)?;
        file.write_at(&[byte[0] ^ mask], offset)?;
        file.sync_all()
    }

    /// A call that changes something, done in full or, when the power goes, without anyone learning of it.
    fn change<T>(&self, act: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        let mut disk = self.disk();
        let dying = disk.tick()?;
        let done = act(&mut disk);
        if dying { Err(disk::power_off()) } else { done }
    }

    /// A sync; nothing is certain when the power goes during it.
    fn sync(&self, act: impl FnOnce(&mut Disk) -> io::Result<()>) -> io::Result<()> {
        let mut disk = self.disk();
        if disk.tick()? { Err(disk::power_off()) } else { act(&mut disk) }
    }
}

impl Files for SimFiles {
    /// Directories exist as soon as they are named: losing them is not part of the simulation.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.change(|disk| {
            disk.dirs.insert(dir.to_owned());
            Ok(())
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let disk = self.disk();
        disk.powered()?;
        let names: Vec<String> = disk
            .names
            .keys()
            .filter(|path| path.parent() == Some(dir))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect();
        if names.is_empty() && !disk.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(names)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let known = {
            let disk = self.disk();
            disk.powered()?;
            disk.names.get(path).copied()
        };
        let inode = match (access, known) {
            (Access::Read | Access::Write, None) => return Err(io::ErrorKind::NotFound.into()),
            (Access::Read | Access::Write, Some(inode)) => inode,
            (Access::Create, Some(inode)) => self.change(|disk| {
                disk.apply(inode, Change::SetLen(0));
                Ok(inode)
            })?,
            (Access::Create, None) => self.change(|disk| Ok(disk.create(path)))?,
        };
        Ok(Box::new(SimFile { files: self.clone(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|disk| {
            let inode = disk.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            disk.names.insert(to.to_owned(), inode);
            disk.links.push(Link::Rename(from.to_owned(), to.to_owned(), inode));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|disk| {
            let inode = disk.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
            disk.links.push(Link::Remove(path.to_owned(), inode));
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.sync(|disk| disk.sync_dir(dir))
    }
}

#[derive(Debug)]
struct SimFile {
    files: SimFiles,
    inode: u64,
}

impl File for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let disk = self.files.disk();
        disk.powered()?;
        Ok(disk.content(self.inode).read(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.files.change(|disk| disk.write(self.inode, bytes, offset))
    }

    fn size(&self) -> io::Result<u64> {
        let disk = self.files.disk();
        disk.powered()?;
        Ok(disk.content(self.inode).len)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.files.change(|disk| {
            disk.apply(self.inode, Change::SetLen(len));
            Ok(())
        })
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.files.change(|disk| {
            if len.saturating_sub(disk.content(self.inode).len) > disk.room() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            disk.apply(self.inode, Change::Allocate(len));
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.files.sync(|disk| disk.sync_data(self.inode))
    }

    fn sync_all(&self) -> io::Result<()> {
        self.files.sync(|disk| disk.sync_all(self.inode))
    }
}

/// The names of a disk.
type Names = BTreeMap<PathBuf, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/d/x";

    fn synced(bytes: &[u8]) -> SimFiles {
        let files = SimFiles::new(3);
        let file = files.open(Path::new(PATH), Access::Create).unwrap();
        file.write_at(bytes, 0).unwrap();
        file.sync_all().unwrap();
        files.sync_dir(Path::new("/d")).unwrap();
        files
    }

    fn content(files: &SimFiles) -> Option<Vec<u8>> {
        super::super::read(files, Path::new(PATH)).ok()
    }

    #[test]
    fn what_was_synced_survives_every_cut() {
        let files = synced(&[7; 9000]);
        for seed in 0..100 {
            assert_eq!(content(&files.crash(seed)), Some(vec![7; 9000]));
        }
    }

    #[test]
    fn unsynced_blocks_are_kept_and_lost_in_every_combination() {
        let files = synced(&[1; 8192]);
        let file = files.open(Path::new(PATH), Access::Write).unwrap();
        file.write_at(&[2; 8192], 0).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let bytes = content(&files.crash(seed)).unwrap();
            seen.insert((bytes[0], bytes[4095], bytes[4096], bytes[8191]));
        }
        for want in [(1, 1, 1, 1), (2, 2, 2, 2), (1, 1, 2, 2), (2, 2, 1, 1)] {
            assert!(seen.contains(&want), "{want:?} never happened");
        }
        assert!(seen.len() > 4, "no block was torn at its sectors");
    }

    #[test]
    fn unsynced_names_and_renames_may_be_lost() {
        let files = synced(b"x");
        files.rename(Path::new(PATH), Path::new("/d/y")).unwrap();
        let outcomes: std::collections::BTreeSet<_> =
            (0..50).map(|seed| files.crash(seed).list(Path::new("/d")).unwrap()).collect();
        assert_eq!(outcomes, [vec!["x".to_owned()], vec!["y".to_owned()]].into());
    }

    #[test]
    fn a_failed_sync_is_not_made_good_by_the_next() {
        let lost = (0..50).any(|seed| {
            let files = SimFiles::new(seed);
            let file = files.open(Path::new(PATH), Access::Create).unwrap();
            files.sync_dir(Path::new("/d")).unwrap();
            file.write_at(&[1; BLOCK], 0).unwrap();
            files.fail_sync(1);
            file.sync_data().unwrap_err();
            file.sync_data().unwrap();
            content(&files.crash(seed)).unwrap() != [1; BLOCK]
        });
        assert!(lost);
    }

    #[test]
    fn a_full_disk_takes_no_more_and_a_removal_makes_room() {
        let files = synced(&[1; 8192]);
        files.set_capacity(Some(10_000));
        let file = files.open(Path::new("/d/y"), Access::Create).unwrap();
        assert_eq!(file.allocate(4096).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(file.write_at(&[1; 4096], 0).unwrap_err().kind(), io::ErrorKind::StorageFull);
        files.remove(Path::new(PATH)).unwrap();
        file.allocate(4096).unwrap();
        file.write_at(&[1; 4096], 0).unwrap();
    }

    #[test]
    fn without_power_nothing_answers() {
        let files = synced(b"x");
        files.cut_power_after(0);
        let file = files.open(Path::new(PATH), Access::Write).unwrap();
        file.write_at(b"y", 0).unwrap_err();
        file.write_at(b"y", 0).unwrap_err();
        assert!(content(&files).is_none());
        assert!(content(&files.crash(1)).is_some());
    }
}

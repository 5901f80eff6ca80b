//! The state behind the simulated disk: what programs see, what is durable, and the changes in between.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{BLOCK, Names};

const SECTOR: usize = 512;

type Page = Arc<[u8; BLOCK]>;

/// One unsynced change of a file; each is kept or lost on its own.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// One block's new bytes, and how far the file reaches with it.
    Page { number: u64, page: Page, end: u64 },
    /// A cut or an empty lengthening.
    SetLen(u64),
    /// Room reserved.
    Allocate(u64),
}

/// One unsynced change of the names.
#[derive(Clone, Debug)]
pub(super) enum Link {
    Create(PathBuf, u64),
    Remove(PathBuf, u64),
    Rename(PathBuf, PathBuf, u64),
}

impl Link {
    fn path(&self) -> &Path {
        match self {
            Self::Create(path, _) | Self::Remove(path, _) | Self::Rename(path, _, _) => path,
        }
    }

    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create(path, inode) => {
                names.insert(path.clone(), *inode);
            }
            Self::Remove(path, inode) => {
                if names.get(path) == Some(inode) {
                    names.remove(path);
                }
            }
            Self::Rename(from, to, inode) => {
                if names.get(from) == Some(inode) {
                    names.remove(from);
                }
                names.insert(to.clone(), *inode);
            }
        }
    }
}

/// A file's bytes; blocks never written read as zeros.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) len: u64,
    pages: BTreeMap<u64, Page>,
}

impl Content {
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let rest = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(rest);
        let mut done = 0;
        while done < length {
            let (number, within) = place(offset + done as u64);
            let part = (BLOCK - within).min(length - done);
            let target = &mut buffer[done..done + part];
            match self.pages.get(&number) {
                Some(page) => target.copy_from_slice(&page[within..within + part]),
                None => target.fill(0),
            }
            done += part;
        }
        length
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Page { number, page, end } => {
                self.pages.insert(*number, Arc::clone(page));
                self.len = self.len.max(*end);
            }
            Change::SetLen(len) => self.set_len(*len),
            Change::Allocate(len) => self.len = self.len.max(*len),
        }
    }

    fn set_len(&mut self, len: u64) {
        let (number, within) = place(len);
        self.pages.split_off(&len.div_ceil(BLOCK as u64));
        if let Some(page) = self.pages.get_mut(&number) {
            Arc::make_mut(page)[within..].fill(0);
        }
        self.len = len;
    }

    fn page(&self, number: u64) -> [u8; BLOCK] {
        self.pages.get(&number).map_or([0; BLOCK], |page| **page)
    }
}

fn place(offset: u64) -> (u64, usize) {
    let block = BLOCK as u64;
    (offset / block, usize::try_from(offset % block).unwrap_or(0))
}

#[derive(Clone, Debug, Default)]
struct Inode {
    now: Content,
    durable: Content,
    changes: Vec<Change>,
}

/// A small generator (splitmix64): the same accidents for the same seed.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % (bound.max(1) as u64)).unwrap_or(0)
    }
}

#[derive(Debug)]
pub(super) struct Disk {
    pub(super) names: Names,
    pub(super) dirs: BTreeSet<PathBuf>,
    pub(super) links: Vec<Link>,
    pub(super) capacity: Option<u64>,
    pub(super) fail_write: Option<(u64, io::ErrorKind)>,
    pub(super) fail_sync: Option<u64>,
    pub(super) power: Option<u64>,
    pub(super) calls: u64,
    durable_names: Names,
    inodes: BTreeMap<u64, Inode>,
    off: bool,
    dice: Dice,
}

pub(super) fn power_off() -> io::Error {
    io::Error::other("the power is off")
}

fn unconfirmed() -> io::Error {
    io::Error::other("the disk did not confirm")
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            names: Names::new(),
            dirs: BTreeSet::new(),
            links: Vec::new(),
            capacity: None,
            fail_write: None,
            fail_sync: None,
            power: None,
            calls: 0,
            durable_names: Names::new(),
            inodes: BTreeMap::new(),
            off: false,
            dice: Dice(seed),
        }
    }

    pub(super) fn powered(&self) -> io::Result<()> {
        if self.off { Err(power_off()) } else { Ok(()) }
    }

    /// Counts a call that changes something; `true` when the power goes during it.
    pub(super) fn tick(&mut self) -> io::Result<bool> {
        self.powered()?;
        self.calls += 1;
        match &mut self.power {
            Some(0) => self.off = true,
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(self.off)
    }

    pub(super) fn content(&self, inode: u64) -> &Content {
        &self.inodes[&inode].now
    }

    pub(super) fn used(&self) -> u64 {
        self.names.values().map(|inode| self.content(*inode).len).sum()
    }

    pub(super) fn room(&self) -> u64 {
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used()))
    }

    pub(super) fn create(&mut self, path: &Path) -> u64 {
        let inode = self.inodes.keys().next_back().map_or(1, |last| last + 1);
        self.inodes.insert(inode, Inode::default());
        self.names.insert(path.to_owned(), inode);
        self.links.push(Link::Create(path.to_owned(), inode));
        inode
    }

    pub(super) fn apply(&mut self, inode: u64, change: Change) {
        let inode = self.inodes.entry(inode).or_default();
        inode.now.apply(&change);
        inode.changes.push(change);
    }

    /// Writes as far as the faults asked for and the room allow.
    pub(super) fn write(&mut self, inode: u64, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut length = bytes.len();
        let mut done = Ok(());
        match &mut self.fail_write {
            Some((1, kind)) => {
                done = Err((*kind).into());
                self.fail_write = None;
                length = self.dice.below(bytes.len() / BLOCK + 1) * BLOCK;
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        let reach = self.content(inode).len.saturating_add(self.room());
        if offset + length as u64 > reach {
            done = Err(io::ErrorKind::StorageFull.into());
            length = usize::try_from(reach.saturating_sub(offset)).unwrap_or(0);
        }
        let mut written = 0;
        while written < length {
            let at = offset + written as u64;
            let (number, within) = place(at);
            let part = (BLOCK - within).min(length - written);
            let mut page = self.content(inode).page(number);
            page[within..within + part].copy_from_slice(&bytes[written..written + part]);
            self.apply(inode, Change::Page { number, page: Arc::new(page), end: at + part as u64 });
            written += part;
        }
        done
    }

    /// Whether the sync that is due now was asked to fail.
    fn sync_fails(&mut self) -> bool {
        match &mut self.fail_sync {
            Some(1) => {
                self.fail_sync = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    pub(super) fn sync_all(&mut self, inode: u64) -> io::Result<()> {
        let fails = self.sync_fails();
        let inode = self.inodes.entry(inode).or_default();
        settle(inode, &mut self.dice, |_, dice| !fails || dice.below(2) == 0);
        if fails { Err(unconfirmed()) } else { Ok(()) }
    }

    /// As [`Disk::sync_all`], but reserved room nobody wrote to stays uncertain.
    pub(super) fn sync_data(&mut self, inode: u64) -> io::Result<()> {
        let reserved: Vec<Change> = self.inodes.entry(inode).or_default().changes.clone();
        let reserved = reserved.into_iter().filter(|change| matches!(change, Change::Allocate(_)));
        let fails = self.sync_fails();
        let inode = self.inodes.entry(inode).or_default();
        settle(inode, &mut self.dice, |change, dice| match change {
            Change::Allocate(_) => false,
            Change::Page { .. } | Change::SetLen(_) => !fails || dice.below(2) == 0,
        });
        inode.changes.extend(reserved);
        if fails { Err(unconfirmed()) } else { Ok(()) }
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) -> io::Result<()> {
        if self.sync_fails() {
            // Unlike blocks, names stay due: a file system that cannot write them turns read-only.
            return Err(unconfirmed());
        }
        let (due, rest) = std::mem::take(&mut self.links)
            .into_iter()
            .partition(|link| link.path().parent() == Some(dir));
        self.links = rest;
        for link in Vec::<Link>::from_iter(due) {
            link.apply(&mut self.durable_names);
        }
        Ok(())
    }

    pub(super) fn restart(&mut self) {
        self.off = false;
        (self.power, self.fail_write, self.fail_sync, self.capacity) = (None, None, None, None);
    }

    pub(super) fn crash(&self, seed: u64) -> Self {
        let mut after = Self::new(seed);
        after.dirs.clone_from(&self.dirs);
        let mut names = self.durable_names.clone();
        // One toss decides how unlucky this cut is, so that "all lost" and "all kept" happen too.
        let lost_of_8 = after.dice.below(9);
        for link in &self.links {
            if after.dice.below(8) >= lost_of_8 {
                link.apply(&mut names);
            }
        }
        for number in names.values() {
            let mut inode = self.inodes[number].clone();
            settle(&mut inode, &mut after.dice, |_, dice| dice.below(8) >= lost_of_8);
            inode.now = inode.durable.clone();
            after.inodes.insert(*number, inode);
        }
        after.names.clone_from(&names);
        after.durable_names = names;
        after
    }

    pub(super) fn fork(&self, seed: u64) -> Self {
        let mut copy = Self::new(seed);
        copy.dirs.clone_from(&self.dirs);
        copy.names.clone_from(&self.names);
        copy.durable_names.clone_from(&self.names);
        for number in self.names.values() {
            let now = self.content(*number).clone();
            copy.inodes.insert(*number, Inode { durable: now.clone(), now, changes: Vec::new() });
        }
        copy
    }
}

/// Makes durable the changes that `keep` says survive, some of their blocks torn if others are lost; forgets the rest.
fn settle(inode: &mut Inode, dice: &mut Dice, mut keep: impl FnMut(&Change, &mut Dice) -> bool) {
    let changes = std::mem::take(&mut inode.changes);
    let kept: Vec<bool> = changes.iter().map(|change| keep(change, dice)).collect();
    let certain = changes
        .iter()
        .zip(&kept)
        .all(|(change, kept)| *kept || matches!(change, Change::Allocate(_)));
    for (change, _) in changes.iter().zip(&kept).filter(|(_, kept)| **kept) {
        match change {
            Change::Page { number, page, end } if !certain && dice.below(8) == 0 => {
                let page = tear(&inode.durable.page(*number), page, dice);
                inode.durable.apply(&Change::Page { number: *number, page, end: *end });
            }
            Change::Page { .. } | Change::SetLen(_) | Change::Allocate(_) => {
                inode.durable.apply(change);
            }
        }
    }
}

/// A block of which only some sectors reached the disk.
fn tear(old: &[u8; BLOCK], new: &[u8; BLOCK], dice: &mut Dice) -> Page {
    let mut page = *old;
    for (target, source) in page.chunks_mut(SECTOR).zip(new.chunks(SECTOR)) {
        if dice.below(2) == 0 {
            target.copy_from_slice(source);
        }
    }
    Arc::new(page)
}

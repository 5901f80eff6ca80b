//! The bytes of an image: written piece by piece, and read back without trust in what was found.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use crate::{
    hash::{Digest, Stream},
    model::{Model, SetId},
    query::Source,
    store::{
        Fault, Root,
        change::{set_code, set_of_code},
        columns::{
            Columns,
            codec::{In, Out, damaged, sound},
            image::shape,
        },
        files::os,
        records::Applied,
    },
};

const MAGIC: &[u8; 8] = b"TSRCOL\x00\x01";
/// Read and written at once: BLAKE3 is fast on long pieces only.
const BUFFER_BYTES: usize = 1 << 20;
/// Written between two syncs, so that the journal's own never waits for much of ours.
const SYNC_EVERY: usize = 4 << 20;
/// Room that is left to the journal: an image is never what fills the disk.
const ROOM_LEFT: u64 = 256 << 20;

/// How an image is written.
pub(in crate::store) enum Pace<'a> {
    /// As fast as it goes: nobody else is there.
    Full,
    /// Rests after each piece as long as it took, so that others hardly notice, leaves them room on the
    /// disk, and gives up when told.
    Beside(&'a AtomicBool),
}

impl Pace<'_> {
    fn is_over(&self) -> bool {
        match self {
            Self::Full => false,
            Self::Beside(is_over) => is_over.load(Ordering::Acquire),
        }
    }
}

/// The columns of each set, at what the records had when they were written.
pub(in crate::store) struct Loaded {
    pub(in crate::store) applied: Applied,
    pub(in crate::store) sets: Vec<(SetId, Columns)>,
}

/// Writes `root` to a new file and syncs it; how many bytes that are.
pub(in crate::store) fn write(root: &Root, path: &Path, pace: &Pace<'_>) -> Result<u64, Fault> {
    let fault = |error: io::Error| {
        if pace.is_over() { Fault::Closed } else { Fault::io("write", path, &error) }
    };
    let file = File::create(path).map_err(fault)?;
    let steady = Steady { file, path, pace, unsynced: 0, since: Instant::now() };
    let hashed = Hashed { inner: steady, hasher: Stream::default() };
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, hashed);
    write_sets(root, &mut Out::new(&mut buffer)).map_err(fault)?;
    let hashed = buffer.into_inner().map_err(|error| fault(error.into_error()))?;
    let Hashed { inner: Steady { mut file, .. }, hasher } = hashed;
    file.write_all(&hasher.finish()).map_err(fault)?;
    file.sync_all().map_err(|_| Fault::SyncFailed)?;
    Ok(file.metadata().map_or(0, |about| about.len()))
}

fn write_sets(root: &Root, out: &mut Out<'_>) -> io::Result<()> {
    let model = root.model();
    out.raw(MAGIC)?;
    out.raw(&shape(model))?;
    out.list(&Applied::of(root, model).to_bytes())?;
    for (set, code) in stored(model) {
        out.u16(code)?;
        root.columns(set).write_to(out)?;
    }
    Ok(())
}

/// Every set with rows of its own, and its number.
pub(super) fn stored(model: &Model) -> impl Iterator<Item = (SetId, u16)> {
    model.set_ids().filter_map(|(set, _)| Some((set, set_code(model, set)?)))
}

/// Nothing of it is used before the digest over all of it was right; `fits` says whether its position
/// is of any use, before all of it is read.
pub(in crate::store) fn read(
    model: &'static Model,
    file: File,
    fits: &dyn Fn(&Applied) -> io::Result<()>,
) -> io::Result<Loaded> {
    let digest_bytes = size_of::<Digest>() as u64;
    let size = file.metadata()?.len();
    let rest = size.checked_sub(digest_bytes).ok_or_else(|| damaged("it ends too early"))?;
    let hashed = Hashed { inner: file.take(rest), hasher: Stream::default() };
    let mut buffer = BufReader::with_capacity(BUFFER_BYTES, hashed);
    let mut input = In::new(&mut buffer, rest);
    let loaded = read_sets(model, &mut input, fits)?;
    sound(input.rest() == 0, "it goes on behind its end")?;
    let Hashed { inner, hasher } = buffer.into_inner();
    let (mut file, mut digest): (File, Digest) = (inner.into_inner(), [0; 32]);
    file.read_exact(&mut digest)?;
    sound(digest == hasher.finish(), "its digest is wrong")?;
    Ok(loaded)
}

fn read_sets(
    model: &'static Model,
    input: &mut In<'_>,
    fits: &dyn Fn(&Applied) -> io::Result<()>,
) -> io::Result<Loaded> {
    sound(input.array()? == *MAGIC, "it is not an image of this format")?;
    sound(input.array()? == shape(model), "another version wrote it")?;
    let applied = Applied::from_bytes(&input.list()?);
    let applied = applied.ok_or_else(|| damaged("its position is not readable"))?;
    fits(&applied)?;
    let mut sets = Vec::new();
    for (set, code) in stored(model) {
        let is_it = input.u16()? == code && set_of_code(model, code) == Some(set);
        sound(is_it, "a set is another")?;
        sets.push((set, Columns::read_from(model, set, input)?));
    }
    Ok(Loaded { applied, sets })
}

/// A file that is written at a pace, and synced now and then.
struct Steady<'a> {
    file: File,
    path: &'a Path,
    pace: &'a Pace<'a>,
    unsynced: usize,
    /// When this piece was begun.
    since: Instant,
}

impl Steady<'_> {
    fn rest(&mut self) -> io::Result<()> {
        self.unsynced = 0;
        let Pace::Beside(_) = self.pace else { return Ok(()) };
        self.file.sync_data()?;
        let has_room = |room: crate::store::gauges::Room| room.free >= ROOM_LEFT;
        if !os::room(self.path).is_none_or(has_room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        std::thread::sleep(self.since.elapsed());
        if self.pace.is_over() {
            return Err(io::Error::other("the engine closes"));
        }
        self.since = Instant::now();
        Ok(())
    }
}

impl Write for Steady<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsynced += written;
        if self.unsynced >= SYNC_EVERY {
            self.rest()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file and the digest of what went through.
struct Hashed<T> {
    inner: T,
    hasher: Stream,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.add(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.add(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

//! The columns of all sets at a clean stop, in one file, so that the next start need not read every record.
//!
//! Whoever starts takes the image away before anything can be changed: one that is there was written by a
//! stop behind which nothing happened. Layout in `docs/storage.md`. Lost or refused, the records are read.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::tz::TimeZone;

use super::{
    Fault, Root, Seq,
    change::{set_code, set_of_code},
    columns::{
        Columns,
        codec::{In, Out, damaged, sound},
        image::shape,
    },
    files::{Files, RealFiles},
    records::Applied,
    root::Texts,
};
use crate::{
    hash::{Digest, Stream},
    model::{Model, SetId},
    query::Source,
};

const MAGIC: &[u8; 8] = b"TSRCOL\x00\x01";
const NAME: &str = "image";
const TAKEN: &str = "image.taken";
const UNFINISHED: &str = "image.unfinished";
/// Read and written at once: BLAKE3 is fast on long pieces only.
const BUFFER_BYTES: usize = 1 << 20;

/// Where the image of a data folder is, and what this process knows of it.
#[derive(Debug)]
pub(super) struct Image {
    dir: PathBuf,
    /// The transaction of the one this process took and started from.
    seq: Option<Seq>,
}

/// The columns of each set, at what the records had when they were written.
struct Loaded {
    applied: Applied,
    sets: Vec<(SetId, Columns)>,
}

impl Image {
    /// Takes the image in `dir` away, if there is one: from here on the folder may be changed.
    ///
    /// # Errors
    /// `Io` where it cannot be taken away; it would outlive what is written from now on.
    pub(super) fn take(dir: &Path) -> Result<Self, Fault> {
        remove(&dir.join(TAKEN))?;
        remove(&dir.join(UNFINISHED))?;
        let (from, to) = (dir.join(NAME), dir.join(TAKEN));
        match fs::rename(&from, &to) {
            Ok(()) => RealFiles.sync_dir(dir).map_err(|error| Fault::io("sync", dir, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Fault::io("rename", &from, &error)),
        }
        Ok(Self { dir: dir.to_owned(), seq: None })
    }

    /// The state that the image shows, where it is exactly the one of records and journal; else one line
    /// in the log says why not.
    pub(super) fn load(
        &mut self,
        model: &'static Model,
        zone: &TimeZone,
        texts: &Arc<dyn Texts>,
        expected: &Applied,
    ) -> Option<Root> {
        let file = match File::open(self.dir.join(TAKEN)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return self.refuse(&error),
        };
        match read(model, file, expected) {
            Ok(Loaded { applied, sets }) => {
                let root = Root::of(model, zone.clone(), Arc::clone(texts), (&applied, sets));
                if Applied::of(&root, model) != applied {
                    return self.refuse(&damaged("its sets are not what was counted"));
                }
                self.seq = Some(applied.seq);
                Some(root)
            }
            Err(error) => self.refuse(&error),
        }
    }

    /// Whether this process started from it.
    pub(super) fn is_used(&self) -> bool {
        self.seq.is_some()
    }

    fn refuse(&self, reason: &io::Error) -> Option<Root> {
        tracing::warn!("the records are read, for the image of the columns is not used: {reason}");
        let _ = fs::remove_file(self.dir.join(TAKEN));
        None
    }

    /// Removes what was taken and is not to be used.
    pub(super) fn discard(&self) -> Result<(), Fault> {
        remove(&self.dir.join(TAKEN))
    }

    /// Leaves an image of `root` for the next start; to be called when nothing will be written any more
    /// and the records have all of it.
    ///
    /// # Errors
    /// `Full`, `Io`, `SyncFailed`; then there is none, and the next start reads the records.
    pub(super) fn leave(self, root: &Root) -> Result<(), Fault> {
        let dir = &self.dir;
        RealFiles.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
        let seq = super::Snapshot::seq(root);
        let finished = if self.seq == Some(seq) {
            dir.join(TAKEN)
        } else {
            // On a small disk there is no room for two.
            remove(&dir.join(TAKEN))?;
            let unfinished = dir.join(UNFINISHED);
            if let Err(fault) = write(root, &unfinished) {
                let _ = fs::remove_file(&unfinished);
                return Err(fault);
            }
            unfinished
        };
        let path = dir.join(NAME);
        fs::rename(&finished, &path).map_err(|error| Fault::io("rename", &path, &error))?;
        RealFiles.sync_dir(dir).map_err(|error| Fault::io("sync", dir, &error))
    }
}

fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Fault::io("remove", path, &error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn write(root: &Root, path: &Path) -> Result<(), Fault> {
    let fault = |error: io::Error| Fault::io("write", path, &error);
    let file = File::create(path).map_err(fault)?;
    let hashed = Hashed { inner: file, hasher: Stream::default() };
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, hashed);
    write_sets(root, &mut Out::new(&mut buffer)).map_err(fault)?;
    let hashed = buffer.into_inner().map_err(|error| fault(error.into_error()))?;
    let Hashed { inner: mut file, hasher } = hashed;
    file.write_all(&hasher.finish()).map_err(fault)?;
    file.sync_all().map_err(|_| Fault::SyncFailed)
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
fn stored(model: &Model) -> impl Iterator<Item = (SetId, u16)> {
    model.set_ids().filter_map(|(set, _)| Some((set, set_code(model, set)?)))
}

/// Nothing of it is used before the digest over all of it was right.
fn read(model: &'static Model, file: File, expected: &Applied) -> io::Result<Loaded> {
    let digest_bytes = size_of::<Digest>() as u64;
    let size = file.metadata()?.len();
    let rest = size.checked_sub(digest_bytes).ok_or_else(|| damaged("it ends too early"))?;
    let hashed = Hashed { inner: file.take(rest), hasher: Stream::default() };
    let mut buffer = BufReader::with_capacity(BUFFER_BYTES, hashed);
    let mut input = In::new(&mut buffer, rest);
    let loaded = read_sets(model, &mut input, expected)?;
    sound(input.rest() == 0, "it goes on behind its end")?;
    let Hashed { inner, hasher } = buffer.into_inner();
    let (mut file, mut digest): (File, Digest) = (inner.into_inner(), [0; 32]);
    file.read_exact(&mut digest)?;
    sound(digest == hasher.finish(), "its digest is wrong")?;
    Ok(loaded)
}

fn read_sets(model: &'static Model, input: &mut In<'_>, expected: &Applied) -> io::Result<Loaded> {
    sound(input.array()? == *MAGIC, "it is not an image of this format")?;
    sound(input.array()? == shape(model), "another version wrote it")?;
    let applied = Applied::from_bytes(&input.list()?);
    let applied = applied.ok_or_else(|| damaged("its position is not readable"))?;
    sound(applied == *expected, "records and journal are at another position")?;
    let mut sets = Vec::new();
    for (set, code) in stored(model) {
        let is_it = input.u16()? == code && set_of_code(model, code) == Some(set);
        sound(is_it, "a set is another")?;
        sets.push((set, Columns::read_from(model, set, input)?));
    }
    Ok(Loaded { applied, sets })
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

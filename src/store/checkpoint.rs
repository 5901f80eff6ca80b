//! The whole state at one transaction, in one file that vouches for itself.
//!
//! A checkpoint counts only after it was read back and every set hashes as the snapshot it was
//! written from. Layout in `docs/storage.md`: a gzip stream of magic, position, places with their
//! bytes, and a digest over all of it. A backup holds the same stream ([`write_to`], [`read_from`]).

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use super::{
    Fault, Root, Seq, Snapshot,
    change::{Change, set_code},
    files::{Files, RealFiles},
    records::{Applied, Place},
};
use crate::{
    hash::{Digest, SetHash},
    model::{Model, Prop, Property, Record},
    query::Source,
};

const MAGIC: &[u8] = b"TSRCKP\x00\x01";
const END: u32 = u32::MAX;
/// Read and written at once.
const BUFFER_BYTES: usize = 1 << 20;
/// Packed and unpacked at once.
const PIECES_BYTES: usize = 64 << 10;

/// A checkpoint under its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// The transaction it shows.
    pub(super) seq: Seq,
    /// The size of its file.
    pub(super) bytes: u64,
}

/// Writes `root` into `dir`, reads it back, compares, and only then gives it its name; older ones go.
///
/// # Errors
/// `Full`, `Io`, `Damaged` if what was read back is not what was written, `Closed` once `is_over`.
pub(super) fn write(root: &Root, dir: &Path, is_over: &AtomicBool) -> Result<Written, Fault> {
    // Its own entry must be durable too before any journal goes.
    RealFiles.create_dir_all(dir).map_err(|error| Fault::io("create", dir, &error))?;
    let (seq, unfinished) = (root.seq(), dir.join("unfinished"));
    if let Err(fault) = write_verified(root, &unfinished, is_over) {
        // On a full disk it would be in the way.
        let _ = fs::remove_file(&unfinished);
        return Err(fault);
    }
    let path = dir.join(name_of(seq));
    fs::rename(&unfinished, &path).map_err(|error| Fault::io("rename", &path, &error))?;
    RealFiles.sync_dir(dir).map_err(|error| Fault::io("sync", dir, &error))?;
    for (older, path) in list(dir)? {
        if older < seq {
            fs::remove_file(&path).map_err(|error| Fault::io("remove", &path, &error))?;
        }
    }
    Ok(Written { seq, bytes: bytes_of(&path) })
}

/// The size of the file of a checkpoint; 0 where there is none.
pub(super) fn bytes_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |about| about.len())
}

/// The name of the checkpoint at that transaction.
pub(super) fn name_of(seq: Seq) -> String {
    format!("{seq:020}.checkpoint")
}

fn write_verified(root: &Root, path: &Path, is_over: &AtomicBool) -> Result<(), Fault> {
    write_file(root, path, is_over)?;
    let (found, counted) = verify(root.model(), path, is_over)?;
    let expected = Applied::of(root, root.model());
    if found == expected && counted == hashes(&expected) {
        return Ok(());
    }
    let file = path.display().to_string();
    let reason = "what was read back is not what was written".to_owned();
    Err(Fault::Damaged { file, offset: 0, reason })
}

/// The checkpoints in `dir` by transaction, oldest first.
///
/// # Errors
/// `Io` if the folder cannot be read.
pub(super) fn list(dir: &Path) -> Result<Vec<(Seq, PathBuf)>, Fault> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Fault::io("read", dir, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Fault::io("read", dir, &error))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(seq) = name.strip_suffix(".checkpoint").and_then(|digits| digits.parse().ok()) {
            found.push((seq, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a checkpoint, handing on each change that brings a piece of it back and the transaction that made it; returns the position once its digest was right.
///
/// # Errors
/// `Damaged` if it is not what was written, `Io`, and whatever `take` returns.
pub(super) fn read(
    model: &Model,
    path: &Path,
    take: &mut dyn FnMut(Change, Seq) -> Result<(), Fault>,
) -> Result<Applied, Fault> {
    let file = File::open(path).map_err(|error| Fault::io("open", path, &error))?;
    read_from(model, BufReader::with_capacity(BUFFER_BYTES, file), path, take)
}

/// As [`read`], from a stream; `path` is what faults name.
///
/// # Errors
/// As [`read`].
pub(super) fn read_from(
    model: &Model,
    input: impl Read,
    path: &Path,
    take: &mut dyn FnMut(Change, Seq) -> Result<(), Fault>,
) -> Result<Applied, Fault> {
    let inner = BufReader::with_capacity(PIECES_BYTES, GzDecoder::new(input));
    let mut input = Input { inner, hasher: crate::hash::Stream::default(), path };
    if input.bytes(MAGIC.len())? != MAGIC {
        return Err(input.damaged("it is not a checkpoint of this format"));
    }
    let position = input.part()?.ok_or_else(|| input.damaged("it has no position"))?;
    let applied = Applied::from_bytes(&position)
        .ok_or_else(|| input.damaged("its position is not readable"))?;
    applied.check_known(model)?;
    while let Some(place) = input.part()? {
        let bytes = input.part()?.ok_or_else(|| input.damaged("it ends inside a piece"))?;
        let (change, seq) = piece(model, &place, &bytes).map_err(|reason| input.damaged(reason))?;
        take(change, seq)?;
    }
    let digest = input.hasher.finish();
    let mut found: Digest = [0; 32];
    let read = input.inner.read_exact(&mut found);
    if read.is_err() || found != digest {
        return Err(input.damaged("its digest is wrong"));
    }
    Ok(applied)
}

fn piece(model: &Model, place: &[u8], bytes: &[u8]) -> Result<(Change, Seq), &'static str> {
    match Place::from_bytes(model, place).ok_or("a place is not readable")? {
        Place::Row { set, key, version } => {
            Ok((Change::Put { set, key, record: Record::from_bytes(bytes)? }, version))
        }
        Place::Text { set, key, tag, version } => {
            let text = std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?.into();
            Ok((Change::Text { set, key, tag, text }, version))
        }
    }
}

/// The position a checkpoint claims, and the hash of each set as its pieces make it.
fn verify(
    model: &Model,
    path: &Path,
    is_over: &AtomicBool,
) -> Result<(Applied, Vec<(u16, SetHash)>), Fault> {
    let mut counted: Vec<(u16, SetHash)> = model
        .set_ids()
        .filter_map(|(set, _)| Some((set_code(model, set)?, SetHash::default())))
        .collect();
    let applied = read(model, path, &mut |change, version| {
        if let Change::Put { set, key, record } = change {
            let code = set_code(model, set).unwrap_or(0);
            if let Some((_, hash)) = counted.iter_mut().find(|(known, _)| *known == code) {
                hash.add(&super::root::hash_parts(model, set, &key, version, &record).parts());
            }
        }
        go_on(is_over)
    })?;
    Ok((applied, counted))
}

fn hashes(applied: &Applied) -> Vec<(u16, SetHash)> {
    applied.counts.iter().map(|(code, counts)| (*code, counts.hash)).collect()
}

fn write_file(root: &Root, path: &Path, is_over: &AtomicBool) -> Result<(), Fault> {
    let fault = |error: std::io::Error| Fault::io("write", path, &error);
    let file = UntilOver { file: File::create(path).map_err(fault)?, is_over };
    let written = write_to(root, BufWriter::with_capacity(BUFFER_BYTES, file), path);
    go_on(is_over)?;
    let UntilOver { file, .. } =
        written?.into_inner().map_err(|error| fault(error.into_error()))?;
    file.sync_all().map_err(|_| Fault::SyncFailed)
}

fn go_on(is_over: &AtomicBool) -> Result<(), Fault> {
    if is_over.load(Ordering::Acquire) { Err(Fault::Closed) } else { Ok(()) }
}

/// A file that is written until it is over.
struct UntilOver<'a> {
    file: File,
    is_over: &'a AtomicBool,
}

impl Write for UntilOver<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        go_on(self.is_over).map_err(std::io::Error::other)?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes `root` as a checkpoint to a stream and gives the stream back; `path` is what faults name.
///
/// # Errors
/// `Full`, `Io`.
pub(super) fn write_to<W: Write>(root: &Root, out: W, path: &Path) -> Result<W, Fault> {
    let fault = |error: std::io::Error| Fault::io("write", path, &error);
    // The packer clears a buffer of its own at each call, which costs more than what it packs of a short piece.
    let encoder = GzEncoder::new(out, Compression::fast());
    let encoder = BufWriter::with_capacity(PIECES_BYTES, encoder);
    let mut output = Output { inner: encoder, hasher: crate::hash::Stream::default(), path };
    let model = root.model();
    output.raw(MAGIC)?;
    output.part(&Applied::of(root, model).to_bytes())?;
    for (set, _) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
        let structure = model.entity_type(set);
        let texts: Vec<(Prop, &Property)> =
            structure.props().filter(|(_, property)| property.is_long()).collect();
        for row in root.rows(set) {
            let key = row.key(model);
            for (prop, property) in &texts {
                let (Some(text), Some(tag)) =
                    (row.record.text_ref(structure, *prop), property.tag())
                else {
                    continue;
                };
                let value = root.read_text(&row, *prop).map_err(|error| {
                    Fault::Io("cannot read a long text".into(), error.to_string())
                })?;
                let place = Place::Text { set, key: key.clone(), tag, version: text.seq };
                output.part(&place.to_bytes(model))?;
                output.part(value.as_text().unwrap_or_default().as_bytes())?;
            }
            let place = Place::Row { set, key, version: row.version };
            output.part(&place.to_bytes(model))?;
            output.part(row.record.as_bytes())?;
        }
    }
    output.raw(&END.to_le_bytes())?;
    let digest = output.hasher.finish();
    let mut encoder = output.inner;
    encoder.write_all(&digest).map_err(fault)?;
    let encoder = encoder.into_inner().map_err(|error| fault(error.into_error()))?;
    encoder.finish().map_err(fault)
}

struct Output<'a, W> {
    inner: W,
    hasher: crate::hash::Stream,
    path: &'a Path,
}

impl<W: Write> Output<'_, W> {
    fn raw(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.hasher.add(bytes);
        self.inner.write_all(bytes).map_err(|error| Fault::io("write", self.path, &error))
    }

    fn part(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let length = u32::try_from(bytes.len()).unwrap_or(END);
        self.raw(&length.to_le_bytes())?;
        self.raw(bytes)
    }
}

struct Input<'a, R> {
    inner: R,
    hasher: crate::hash::Stream,
    path: &'a Path,
}

impl<R: Read> Input<'_, R> {
    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        let read = self.inner.by_ref().take(length as u64).read_to_end(&mut bytes);
        if read.is_err() || bytes.len() < length {
            return Err(self.damaged("it ends too early"));
        }
        self.hasher.add(&bytes);
        Ok(bytes)
    }

    /// The next part; `None` at the end mark.
    fn part(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let mut length = [0; 4];
        length.copy_from_slice(&self.bytes(4)?);
        match u32::from_le_bytes(length) {
            END => Ok(None),
            length => self.bytes(length as usize).map(Some),
        }
    }

    fn damaged(&self, reason: &str) -> Fault {
        Fault::Damaged {
            file: self.path.display().to_string(),
            offset: 0,
            reason: reason.to_owned(),
        }
    }
}

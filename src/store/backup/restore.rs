//! From a backup to a data folder: unpacked beside it, opened and compared, then renamed all at once.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Pace, Report,
    file::{parent, partial_name},
    frame::{Head, Kind, Piece, Reader, SectionReader},
    report,
    tail::Entries,
};
use crate::{
    model::Model,
    query::Source,
    store::{
        Embedded, Fault, Root,
        change::set_code,
        checkpoint,
        embedded::Options,
        files::{Files, RealFiles},
        journal::{BLOCK_BYTES_MAX, Journal, JournalConfig, Open},
        lock::{self, Lock},
        records::Applied,
    },
};

/// Transactions in one block of the new journal.
const BLOCK_ENTRIES: usize = 1024;
/// Bytes after which a block is closed, however few they are.
const BLOCK_BYTES: usize = 4 << 20;

type Input = Reader<BufReader<File>>;

/// Makes the folder `options.dir` of the backup in the file at `backup`. The folder is not there or empty until
/// everything was unpacked, opened by the engine and compared; then it is whole, all at once.
///
/// # Errors
/// `Damaged` naming the offset, `Newer`, `Full`, `Io` (also where the folder holds something, or another restore is
/// making it); nothing is left behind then.
pub fn restore(
    model: &'static Model,
    files: &Arc<dyn Files>,
    backup: &Path,
    options: Options,
) -> Result<Report, Fault> {
    let file = File::open(backup).map_err(|error| Fault::io("open", backup, &error))?;
    let input = BufReader::with_capacity(256 << 10, file);
    let reader = Reader::open(input, backup, Pace::Full)?;
    let target = free_folder(&options.dir)?;
    let partial = partial_name(&target)?;
    let lock = Lock::hold(&partial)?;
    let options = Options { dir: partial.clone(), recover: false, ..options };
    let made = clear(&partial)
        .and_then(|()| unpack(files, reader, &options))
        .and_then(|unpacked| prove(model, files, options, lock.clone(), backup, unpacked))
        .and_then(|report| {
            put_in_place(&partial, &target)?;
            Ok(report)
        });
    if made.is_err() {
        let _ = fs::remove_dir_all(&partial);
    }
    made
}

/// The folder by its real name, if it is empty or not there yet.
fn free_folder(dir: &Path) -> Result<PathBuf, Fault> {
    let refusal =
        |why: &str| Fault::Io(format!("cannot restore to '{}'", dir.display()), why.into());
    match fs::read_dir(dir) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(refusal("it is not empty; name a folder that is not there yet"));
            }
            fs::canonicalize(dir).map_err(|error| Fault::io("find", dir, &error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let above = parent(dir);
            RealFiles
                .create_dir_all(&above)
                .map_err(|error| Fault::io("create", &above, &error))?;
            Ok(dir.to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Err(refusal("it is a file; name a folder that is not there yet"))
        }
        Err(error) => Err(Fault::io("read", dir, &error)),
    }
}

/// Removes what a killed restore left, but for the lock that is held.
fn clear(partial: &Path) -> Result<(), Fault> {
    let fault = |error: io::Error| Fault::io("clear", partial, &error);
    for entry in fs::read_dir(partial).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.file_name().is_some_and(|name| name == lock::NAME) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(fault)?;
    }
    Ok(())
}

/// What the frame of the backup said.
struct Unpacked {
    head: Head,
    last: Applied,
    bytes: u64,
}

/// Writes checkpoint and journal as the engine wants to find them.
fn unpack(files: &Arc<dyn Files>, mut reader: Input, options: &Options) -> Result<Unpacked, Fault> {
    lock::check_format(&options.dir)?;
    let (head, start) = (reader.head(), reader.offset());
    let piece = reader.next()?;
    if piece.kind != Kind::Checkpoint {
        return Err(reader.damaged(start, "it has no checkpoint"));
    }
    let piece = unpack_checkpoint(&mut reader, piece, options)?;
    let start = reader.offset();
    let dir = options.journal_dir();
    let config = JournalConfig {
        first_seq: head.checkpoint + 1,
        confirmed: 0,
        // What could be written once can be restored, whatever is the limit here.
        transaction_bytes_max: BLOCK_BYTES_MAX,
        ..options.journal
    };
    let mut journal = Journal::open(Arc::clone(files), &dir, config, Open::Strict)?.0;
    let piece = match piece.kind {
        Kind::Journal => unpack_journal(&mut reader, piece, &mut journal)?,
        Kind::Checkpoint | Kind::End => piece,
    };
    let last = Applied::from_bytes(&piece.payload).filter(|_| piece.kind == Kind::End);
    let last = last.ok_or_else(|| reader.damaged(start, "its end is not readable"))?;
    Ok(Unpacked { head, last, bytes: reader.offset() })
}

fn unpack_checkpoint(reader: &mut Input, first: Piece, options: &Options) -> Result<Piece, Fault> {
    let dir = options.checkpoints_dir();
    RealFiles.create_dir_all(&dir).map_err(|error| Fault::io("create", &dir, &error))?;
    let path = dir.join(checkpoint::name_of(reader.head().checkpoint));
    let fault = |error: io::Error| Fault::io("write", &path, &error);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(fault)?);
    let mut piece = first;
    while piece.kind == Kind::Checkpoint {
        file.write_all(&piece.payload).map_err(fault)?;
        piece = reader.next()?;
    }
    let file = file.into_inner().map_err(|error| fault(error.into_error()))?;
    file.sync_all().map_err(fault)?;
    RealFiles.sync_dir(&dir).map_err(|error| Fault::io("sync", &dir, &error))?;
    Ok(piece)
}

fn unpack_journal(reader: &mut Input, first: Piece, journal: &mut Journal) -> Result<Piece, Fault> {
    let (start, next) = (reader.offset(), journal.last_seq() + 1);
    let mut entries = Entries::new(SectionReader::new(reader, first), next);
    let stopped = loop {
        match next_block(&mut entries) {
            Ok(block) if block.is_empty() => break None,
            Ok(block) => {
                // One as large as a block may be gets a block of its own.
                let is_large = block.last().is_some_and(|entry| entry.len() >= BLOCK_BYTES);
                let (before, large) = block.split_at(block.len() - usize::from(is_large));
                journal.append(before)?;
                journal.append(large)?;
            }
            Err(reason) => break Some(reason),
        }
    };
    let section = entries.into_inner();
    match stopped {
        None => section.end(),
        Some(reason) => {
            let fault = section.damaged(start, reason);
            Err(section.fault_or(fault))
        }
    }
}

fn next_block<R: io::Read>(entries: &mut Entries<R>) -> Result<Vec<Vec<u8>>, &'static str> {
    let (mut block, mut bytes) = (Vec::new(), 0);
    while block.len() < BLOCK_ENTRIES
        && bytes < BLOCK_BYTES
        && let Some(entry) = entries.read()?
    {
        bytes += entry.bytes.len();
        block.push(entry.bytes);
    }
    Ok(block)
}

/// Opens what was unpacked, and compares: every set as it was, every long text as its record vouches for.
fn prove(
    model: &'static Model,
    files: &Arc<dyn Files>,
    options: Options,
    lock: Lock,
    backup: &Path,
    unpacked: Unpacked,
) -> Result<Report, Fault> {
    let Unpacked { head, last, bytes } = unpacked;
    let damaged = |reason: String| {
        let file = backup.display().to_string();
        Fault::Damaged { file, offset: 0, reason }
    };
    let leftover = options.records_dir().with_extension("damaged");
    let (engine, _) =
        Embedded::open_under(model, files, options, lock).map_err(|fault| match fault {
            Fault::Damaged { reason, .. } => damaged(reason),
            other => other,
        })?;
    let root = engine.root();
    if Applied::of(&root, model) != last {
        return Err(damaged("its sets do not hash as they did when it was written".into()));
    }
    if let Some(text) = unreadable_text(model, &root) {
        return Err(damaged(format!("{text} is not what its record vouches for")));
    }
    drop(root);
    engine.close();
    // Set aside as it was opened: there were no records yet.
    if leftover.exists() {
        fs::remove_dir_all(&leftover).map_err(|error| Fault::io("remove", &leftover, &error))?;
    }
    Ok(report(model, head, &last, bytes))
}

fn unreadable_text(model: &Model, root: &Root) -> Option<String> {
    for (set, declared) in model.set_ids().filter(|(set, _)| set_code(model, *set).is_some()) {
        let structure = model.entity_type(set);
        let long: Vec<_> = structure.props().filter(|(_, property)| property.is_long()).collect();
        if long.is_empty() {
            continue;
        }
        for row in root.rows(set) {
            for (prop, property) in &long {
                if root.read_text(&row, *prop).is_err() {
                    let key = row.key(model).as_int().unwrap_or_default();
                    return Some(format!("{}({key})/{}", declared.name, property.name));
                }
            }
        }
    }
    None
}

fn put_in_place(partial: &Path, target: &Path) -> Result<(), Fault> {
    RealFiles.sync_dir(partial).map_err(|error| Fault::io("sync", partial, &error))?;
    fs::rename(partial, target).map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => Fault::Io(
            format!("cannot restore to '{}'", target.display()),
            "a disk is mounted there; name a folder in it".into(),
        ),
        _ => Fault::io("rename", partial, &error),
    })?;
    let above = parent(target);
    RealFiles.sync_dir(&above).map_err(|error| Fault::io("sync", &above, &error))
}

//! The only door to the file system for the journal, so that a test can put a failing disk behind it.
//!
//! Knows nothing of what is in the files.

pub(in crate::store) mod os;
pub mod sim;

use std::{
    fmt::Debug,
    fs, io,
    path::{Path, PathBuf},
};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// An existing file, to read.
    Read,
    /// An existing file, to read and write.
    Write,
    /// A new file, to read and write; an existing one is emptied.
    Create,
}

/// A file system. Names and renames are durable only after [`Files::sync_dir`].
pub trait Files: Send + Sync + Debug {
    /// Makes a directory and its parents; they are durable on return.
    ///
    /// # Errors
    /// What the operating system answers.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;

    /// Names of the entries of `dir`, sorted.
    ///
    /// # Errors
    /// `NotFound` where there is no such directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Opens a file.
    ///
    /// # Errors
    /// `NotFound` where it must exist and does not.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>>;

    /// Gives a file another name; a file that had it is replaced, all at once.
    ///
    /// # Errors
    /// What the operating system answers.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file's name away; open handles keep working.
    ///
    /// # Errors
    /// `NotFound` where there is no such file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in `dir` durable.
    ///
    /// # Errors
    /// After a failure nobody knows which names are on the disk.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file. Writes are durable only after a sync.
pub trait File: Send + Debug {
    /// Fills `buffer` from `offset` as far as the file goes; returns how much that was.
    ///
    /// # Errors
    /// What the operating system answers.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of `bytes` at `offset`; after an error any part of them may be there.
    ///
    /// # Errors
    /// `StorageFull` where there is no room.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// What the operating system answers.
    fn size(&self) -> io::Result<u64>;

    /// Cuts the file to `len` bytes, or lengthens it with zeros that take no room yet.
    ///
    /// # Errors
    /// What the operating system answers.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Reserves room so that the file is at least `len` bytes long; new bytes read as zeros.
    ///
    /// # Errors
    /// `StorageFull` where there is not that much room; the file may have grown by a part of it.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Makes the bytes (and the length needed to read them) durable.
    ///
    /// # Errors
    /// After a failure nobody knows what is on the disk; trying again proves nothing.
    fn sync_data(&self) -> io::Result<()>;

    /// Makes the bytes, the length and the reserved room durable.
    ///
    /// # Errors
    /// As for [`File::sync_data`].
    fn sync_all(&self) -> io::Result<()>;
}

/// The operating system's files. New ones are readable by their owner alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut missing: Vec<&Path> = dir
            .ancestors()
            .take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists())
            .collect();
        while let Some(dir) = missing.pop() {
            match os::owner_only_dirs(&mut fs::DirBuilder::new()).create(dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => self.sync_dir(&parent(dir))?,
            }
        }
        if dir.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            // A name that is not text is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let mut options = fs::OpenOptions::new();
        os::owner_only_files(&mut options).read(true);
        match access {
            Access::Read => {}
            Access::Write => {
                options.write(true);
            }
            Access::Create => {
                options.write(true).create(true).truncate(true);
            }
        }
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        os::sync_dir(dir)
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

#[derive(Debug)]
struct RealFile(fs::File);

impl File for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            match os::read_at(&self.0, &mut buffer[read..], offset + read as u64) {
                Ok(0) => break,
                Ok(bytes) => read += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        os::write_all_at(&self.0, bytes, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.size()? >= len || os::reserve(&self.0, len)? {
            return Ok(());
        }
        write_zeros(self, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Lengthens `file` to `len` bytes by writing zeros, which takes the room for certain.
fn write_zeros(file: &dyn File, len: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = file.size()?;
    while at < len {
        let part = usize::try_from(len - at).unwrap_or(usize::MAX).min(zeros.len());
        file.write_at(&zeros[..part], at)?;
        at += part as u64;
    }
    Ok(())
}

/// The whole of a file.
///
/// # Errors
/// What the operating system answers.
pub fn read(files: &dyn Files, path: &Path) -> io::Result<Vec<u8>> {
    let file = files.open(path, Access::Read)?;
    let mut bytes = vec![0; usize::try_from(file.size()?).unwrap_or(usize::MAX)];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every file layer must do when nothing fails.
    fn check(files: &dyn Files, root: &Path) {
        let dir = root.join("a/b");
        files.create_dir_all(&dir).unwrap();
        let (one, two) = (dir.join("one"), dir.join("two"));
        assert_eq!(files.open(&one, Access::Write).unwrap_err().kind(), io::ErrorKind::NotFound);

        let file = files.open(&one, Access::Create).unwrap();
        file.write_at(b"hello", 4094).unwrap();
        assert_eq!(file.size().unwrap(), 4099);
        file.allocate(8192).unwrap();
        file.allocate(100).unwrap();
        assert_eq!(file.size().unwrap(), 8192);
        let mut buffer = [9; 8];
        assert_eq!(file.read_at(&mut buffer, 4093).unwrap(), 8);
        assert_eq!(&buffer, b"\0hello\0\0");
        assert_eq!(file.read_at(&mut buffer, 8190).unwrap(), 2);
        assert_eq!(file.read_at(&mut buffer, 9000).unwrap(), 0);

        file.set_len(4096).unwrap();
        file.set_len(4100).unwrap();
        assert_eq!(read(files, &one).unwrap()[4092..], *b"\0\0he\0\0\0\0");
        file.sync_data().unwrap();
        file.sync_all().unwrap();

        files.rename(&one, &two).unwrap();
        files.sync_dir(&dir).unwrap();
        assert_eq!(files.list(&dir).unwrap(), ["two"]);
        let again = files.open(&two, Access::Create).unwrap();
        assert_eq!((again.size().unwrap(), file.size().unwrap()), (0, 0));
        files.remove(&two).unwrap();
        assert_eq!(files.list(&dir).unwrap(), [""; 0]);
        again.write_at(b"still", 0).unwrap();
        assert_eq!(again.size().unwrap(), 5);
        assert_eq!(files.list(&root.join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn real_and_simulated_files_behave_alike() {
        let temp = tempfile::tempdir().unwrap();
        check(&RealFiles, temp.path());
        check(&sim::SimFiles::new(1), Path::new("/sim"));
    }

    #[test]
    fn zeros_reserve_room_where_the_file_system_cannot() {
        let files = sim::SimFiles::new(1);
        let file = files.open(Path::new("/x"), Access::Create).unwrap();
        write_zeros(file.as_ref(), 3 << 20).unwrap();
        assert_eq!(file.size().unwrap(), 3 << 20);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_created_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("data");
        RealFiles.create_dir_all(&dir).unwrap();
        RealFiles.open(&dir.join("x"), Access::Create).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join("x"))), (0o700, 0o600));
    }
}

//! What operating systems do differently about files, each with its substitute where one lacks it.

use std::{fs, io, path::Path};

use crate::store::gauges::Room;

/// Lets new directories be entered by their owner alone. Elsewhere than on Unix they inherit the
/// rights of the folder they are in.
pub(in crate::store) fn owner_only_dirs(builder: &mut fs::DirBuilder) -> &mut fs::DirBuilder {
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder
}

/// Lets new files be read by their owner alone; elsewhere as for [`owner_only_dirs`].
pub(in crate::store) fn owner_only_files(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes a file that is there readable by its owner alone; elsewhere as for [`owner_only_dirs`].
pub(in crate::store) fn make_owner_only(file: &fs::File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Whether `path` still names that open file. Elsewhere than on Unix a file that is open and locked
/// cannot be renamed, so that it does.
pub(in crate::store) fn is_still(file: &fs::File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let same = |here: fs::Metadata, there: fs::Metadata| {
            (here.dev(), here.ino()) == (there.dev(), there.ino())
        };
        file.metadata().is_ok_and(|here| fs::metadata(path).is_ok_and(|there| same(here, there)))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Reads at most one buffer from a place; 0 at the end.
#[cfg(unix)]
pub(in crate::store) fn read_at(
    file: &fs::File,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Reads at most one buffer from a place; 0 at the end.
#[cfg(windows)]
pub(in crate::store) fn read_at(
    file: &fs::File,
    buffer: &mut [u8],
    offset: u64,
) -> io::Result<usize> {
    match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
        // What Windows calls reading behind the end.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        read => read,
    }
}

/// Writes all of `bytes` to a place.
#[cfg(unix)]
pub(in crate::store) fn write_all_at(file: &fs::File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Writes all of `bytes` to a place.
#[cfg(windows)]
pub(in crate::store) fn write_all_at(
    file: &fs::File,
    mut bytes: &[u8],
    mut offset: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_write(file, bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Which run of the machine this is; what one run has in memory and not on the disk is lost with it.
/// None where the system does not tell.
#[cfg(target_os = "linux")]
pub(in crate::store) fn boot_id() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.to_owned())
}

/// Which run of the machine this is: not known here.
#[cfg(not(target_os = "linux"))]
pub(in crate::store) fn boot_id() -> Option<String> {
    None
}

/// What tells a file from its copies; none where the system does not tell.
#[cfg(unix)]
pub(in crate::store) fn identity(file: &fs::File) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let about = file.metadata().ok()?;
    Some(format!("{}:{}", about.dev(), about.ino()))
}

/// What tells a file from its copies: not known here.
#[cfg(not(unix))]
pub(in crate::store) fn identity(_: &fs::File) -> Option<String> {
    None
}

/// When the system last changed anything of a file, its name and times included, in seconds since 1970; nobody
/// can set it. None where the system does not tell.
#[cfg(unix)]
pub(in crate::store) fn changed_at(file: &fs::File) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    Some(file.metadata().ok()?.ctime())
}

/// When the system last changed anything of a file: not known here.
#[cfg(not(unix))]
pub(in crate::store) fn changed_at(_: &fs::File) -> Option<i64> {
    None
}

/// Makes the names in a directory durable. On Windows the file system's own journal has to do.
pub(in crate::store) fn sync_dir(dir: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(dir)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = dir;
    Ok(())
}

/// Asks the file system for room; `false` where it cannot reserve any.
#[cfg(target_os = "linux")]
pub(in crate::store) fn reserve(file: &fs::File, len: u64) -> io::Result<bool> {
    use rustix::{fs::FallocateFlags, io::Errno};
    loop {
        match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, len) {
            Ok(()) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Elsewhere than on Linux nothing is reserved; zeros are written instead.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the other form of it can fail")]
pub(in crate::store) fn reserve(_: &fs::File, _: u64) -> io::Result<bool> {
    Ok(false)
}

/// Room on the file system of `path`; one system call.
#[cfg(unix)]
pub(in crate::store) fn room(path: &Path) -> Option<Room> {
    let found = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(Room { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
}

/// Room on the file system of `path`: not known here, so nothing is refused for want of it in advance; a write that
/// finds none is.
#[cfg(not(unix))]
pub(in crate::store) fn room(_: &Path) -> Option<Room> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_folder_has_room_and_a_missing_one_tells_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let found = room(temp.path()).unwrap();
        assert!(found.free <= found.total && found.total > 0, "{found:?}");
        assert_eq!(room(&temp.path().join("none")), None);
    }
}

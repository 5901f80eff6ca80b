//! Where the socket is, and how it comes to be without a moment in which others may use it.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, Permissions},
    io::{self, ErrorKind},
    os::{
        fd::AsRawFd,
        unix::{
            ffi::OsStrExt,
            fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        },
    },
    path::{Path, PathBuf},
};

/// The folder that holds the socket and nothing else; for the owner alone.
const FOLDER: &str = "local";
const NAME: &str = "tessera.sock";
/// The longest path of a socket that every Unix takes, bytes.
const PATH_BYTES_MAX: usize = 103;

/// The socket's path in the data folder `data`.
pub(super) fn path(data: &Path) -> PathBuf {
    data.join(FOLDER).join(NAME)
}

/// Makes the folder, or sees to it that it is for its owner alone, and removes what a killed server left
/// there. The caller holds the lock of the data.
pub(super) fn prepare(data: &Path) -> io::Result<()> {
    let folder = data.join(FOLDER);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != our_uid() {
        let what = format!("'{}' is not a folder of our own", folder.display());
        return Err(io::Error::new(ErrorKind::PermissionDenied, what));
    }
    if found.mode() & 0o777 != 0o700 {
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
    }
    match fs::remove_file(path(data)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Hands `usable` a path of the socket that is short enough to bind or connect to.
///
/// # Errors
/// Those of `usable`; `InvalidFilename` where the path is too long and nothing shortens it.
pub(super) fn with_address<T>(
    data: &Path,
    usable: impl FnOnce(&Path) -> io::Result<T>,
) -> io::Result<T> {
    let path = path(data);
    if path.as_os_str().as_bytes().len() <= PATH_BYTES_MAX {
        return usable(&path);
    }
    // Linux lets a folder be named by its open handle, however long its path is.
    let folder = File::open(data.join(FOLDER))?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    if !short.exists() {
        let what = format!("'{}' is too long for the path of a socket", path.display());
        return Err(io::Error::new(ErrorKind::InvalidFilename, what));
    }
    usable(&short.join(OsStr::new(NAME)))
}

/// Whose process this is.
pub(super) fn our_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The superuser, who may do everything anyway.
pub(super) const ROOT: u32 = 0;

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_folder_is_for_its_owner_even_if_it_was_open_before() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        fs::write(path(data.path()), "left over").unwrap();
        prepare(data.path()).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert!(!path(data.path()).exists());
        prepare(data.path()).unwrap();
    }

    #[test]
    fn a_link_in_its_place_is_refused() {
        let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), data.path().join(FOLDER)).unwrap();
        let error = prepare(data.path()).unwrap_err();
        assert!(error.to_string().ends_with("is not a folder of our own"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_path_too_long_for_a_socket_is_shortened() {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("d".repeat(150));
        fs::create_dir(&data).unwrap();
        prepare(&data).unwrap();
        assert!(UnixListener::bind(path(&data)).is_err(), "this path is not too long");
        let _listener = with_address(&data, |short| UnixListener::bind(short)).unwrap();
        assert!(path(&data).exists());
        with_address(&data, |short| std::os::unix::net::UnixStream::connect(short)).unwrap();
    }
}

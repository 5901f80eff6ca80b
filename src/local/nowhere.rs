//! Where there is no socket that its owner alone may use: commands work while the server is stopped.

use std::{convert::Infallible, io, path::Path, time::Duration};

use super::{Call, Ends, Failure, Ground};

const WHY: &str = "on this system commands work while the server is stopped";

/// There is none.
pub struct Connection(Infallible);

/// Connects to nothing.
///
/// # Errors
/// Always.
pub fn connect(_: &Path) -> Result<Connection, String> {
    Err(WHY.to_owned())
}

impl Connection {
    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn run(self, _: &Call, _: Ends<'_>) -> Result<(), Failure> {
        match self.0 {}
    }
}

/// There is none.
pub struct Server(Infallible);

impl Server {
    /// Binds nothing.
    ///
    /// # Errors
    /// Always.
    pub fn bind(_: &Path) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, WHY))
    }

    /// Never called.
    pub async fn serve(self, _: Ground, _: impl Future<Output = ()>, _: Duration) {
        match self.0 {}
    }
}

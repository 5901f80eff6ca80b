//! A server over an empty folder, its log as talkative as it gets useful, with a token.

use super::{server::Server, token};

/// See the module.
pub(crate) struct Edge {
    pub(crate) server: Server,
    pub(crate) secret: String,
    _dir: tempfile::TempDir,
}

impl Edge {
    /// With these settings in its environment.
    #[track_caller]
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = token(dir.path());
        let server = Server::start_with(dir.path(), &["--log-level", "debug"], settings);
        Self { server, secret, _dir: dir }
    }

    /// Waits until the server has logged this.
    #[track_caller]
    pub(crate) fn until_logged(&self, text: &str) {
        self.server.until_logged(text);
    }
}

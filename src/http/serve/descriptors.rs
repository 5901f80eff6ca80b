//! How many files and connections the system lets the process hold open.

use crate::config::Config;

/// What the data, the log and connections on their way out need beside `connections_max`.
#[cfg(unix)]
const RESERVE: u64 = 512;

/// Raises the limit as far as it may be and has to be; warns where that is not enough.
#[cfg(unix)]
pub(super) fn see_to(config: &Config) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = config.connections_max + RESERVE;
    let limit = getrlimit(Resource::Nofile);
    // No number means no limit.
    let Some(current) = limit.current.filter(|current| *current < wanted) else { return };
    let possible = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = Rlimit { current: Some(possible), maximum: limit.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { possible } else { current };
    if now < wanted {
        tracing::warn!(
            "the system lets this process open {now} files, fewer than the {wanted} that connections_max \
             {} may need; raise the limit ('ulimit -n', LimitNOFILE=) or lower connections_max",
            config.connections_max
        );
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub(super) fn see_to(_: &Config) {}

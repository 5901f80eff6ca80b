//! When the process is told to stop: at the first signal in good order, at the second at once.

use std::{io, sync::mpsc};

use tokio::sync::oneshot;

/// Resolves at the first signal to stop; calls `at_once` at the next, with the exit status that
/// signal habitually means.
///
/// Signals are waited for by a thread of their own, so that nothing the server does is in their way.
///
/// # Errors
/// Signals that cannot be handled.
pub fn stop_signal(
    at_once: impl FnOnce(u8) + Send + 'static,
) -> io::Result<impl Future<Output = ()>> {
    let (first, stopped) = oneshot::channel();
    let (ready, is_ready) = mpsc::channel();
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(ready.send(Err(error))),
        };
        runtime.block_on(async {
            let mut signals = match Signals::new() {
                Ok(signals) => signals,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            signals.next().await;
            let _ = first.send(());
            at_once(signals.next().await);
        });
    })?;
    is_ready.recv().map_err(io::Error::other)??;
    Ok(async move {
        // The thread ends the process before it ends itself.
        let _ = stopped.await;
    })
}

/// SIGTERM and SIGINT.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.terminate.recv() => 128 + 15,
            _ = self.interrupt.recv() => 128 + 2,
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "other systems can fail here")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        128 + 2
    }
}

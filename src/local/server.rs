//! The server's end: one thread for each call, few at once, only for the owner of the process and root.

use std::{
    io::{self, BufWriter, Write},
    os::unix::net::UnixStream,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    pin::pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use tokio::{
    net::UnixListener,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{
    Call, Ends, Failure, Ground,
    frame::{self, Frame, Hello, Input, Kind, PIECE_BYTES_MAX, Pieces, Told},
    socket,
};

/// Calls running at once; one more is refused.
const CALLS_MAX: u32 = 8;
/// How long a caller may take to say what it wants.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// How long a caller may take to send or accept the next bytes: a pager may be waiting for its reader.
const CALLER_PATIENCE: Duration = Duration::from_mins(5);
/// How long calls that were cut off get to notice it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Characters of a failure's line that are sent.
const MESSAGE_CHARS_MAX: usize = 2048;

/// The socket of a server, bound. Its owner holds the lock of the data until it is dropped.
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    permits: Arc<Semaphore>,
    /// Connections of running calls, to cut them off.
    running: Mutex<Vec<Weak<UnixStream>>>,
}

impl Server {
    /// Binds the socket in the data folder `data`, whose lock this process holds; inside a runtime.
    ///
    /// # Errors
    /// What kept it from being bound.
    pub fn bind(data: &Path) -> io::Result<Self> {
        socket::prepare(data)?;
        let listener = socket::with_address(data, |address| UnixListener::bind(address))?;
        Ok(Self {
            listener,
            path: socket::path(data),
            permits: Arc::new(Semaphore::new(CALLS_MAX as usize)),
            running: Mutex::default(),
        })
    }

    /// Answers calls until `stop`; those running then get `drain` to finish, and are cut off after it.
    pub async fn serve(self, ground: Ground, stop: impl Future<Output = ()>, drain: Duration) {
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => accepted,
            };
            let taken = accepted.and_then(|(stream, _)| self.take(stream, &ground));
            if let Err(error) = taken {
                tracing::warn!("a local call could not be taken: {error}");
                // Most likely there is no file descriptor left; one comes free in time.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!("'{}' stays: {error}", self.path.display());
        }
        drop(self.listener);
        let running = CALLS_MAX as usize - self.permits.available_permits();
        if running > 0 {
            tracing::info!(running, "waiting for local calls");
        }
        let all = || self.permits.acquire_many(CALLS_MAX);
        if tokio::time::timeout(drain, all()).await.is_err() {
            tracing::warn!("local calls still running after drain_secs are cut off");
            let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for stream in running.iter().filter_map(Weak::upgrade) {
                // It may have ended by itself meanwhile.
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
            let _ = tokio::time::timeout(LAST_WORDS, all()).await;
        }
    }

    /// Gives a connection a thread, or a line that says why not.
    fn take(&self, stream: tokio::net::UnixStream, ground: &Ground) -> io::Result<()> {
        let caller = stream.peer_cred()?.uid();
        let stream = stream.into_std()?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(REQUEST_PATIENCE))?;
        stream.set_write_timeout(Some(REQUEST_PATIENCE))?;
        if caller != socket::our_uid() && caller != socket::ROOT {
            tracing::warn!(uid = caller, "a local call of another user was refused");
            let who = "only the user who runs the server, and root, may call it";
            return refuse(&stream, who);
        }
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            return refuse(
                &stream,
                &format!("{CALLS_MAX} commands run on the server already; try again"),
            );
        };
        let stream = Arc::new(stream);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|stream| stream.strong_count() > 0);
        running.push(Arc::downgrade(&stream));
        drop(running);
        let ground = ground.clone();
        let work = move || converse(&stream, &ground, permit);
        std::thread::Builder::new().name("local call".into()).spawn(work)?;
        Ok(())
    }
}

fn refuse(stream: &UnixStream, why: &str) -> io::Result<()> {
    frame::write_json(stream, Kind::Hello, &Hello::ours())?;
    fail(stream, 1, why)
}

fn fail(stream: &UnixStream, code: u8, why: &str) -> io::Result<()> {
    let message = why.chars().take(MESSAGE_CHARS_MAX).collect();
    frame::write_json(stream, Kind::Failed, &Told { code, message })
}

/// One connection from its first byte to its last; a call's end frees its place.
fn converse(stream: &UnixStream, ground: &Ground, _place: OwnedSemaphorePermit) {
    let ended = match receive(stream) {
        Ok(call) => answer(stream, ground, &call),
        Err(why) => {
            tracing::debug!("no local call: {why}");
            fail(stream, 1, &why)
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a local caller went away: {error}");
    }
}

/// Hears what is wanted, or says why that cannot be heard.
fn receive(stream: &UnixStream) -> Result<Call, String> {
    let hello = expect(stream, Kind::Hello)?;
    frame::write_json(stream, Kind::Hello, &Hello::ours()).map_err(|error| error.to_string())?;
    let (theirs, ours) = (
        serde_json::from_slice::<Hello>(&hello).map_err(|_| NONSENSE.to_owned())?.version,
        Hello::ours().version,
    );
    if theirs != ours {
        return Err(format!(
            "the server is version {ours}, this command is {theirs}; restart the server with this version"
        ));
    }
    let call = expect(stream, Kind::Call)?;
    serde_json::from_slice(&call).map_err(|_| {
        "the server does not know this command; restart it with this version".to_owned()
    })
}

const NONSENSE: &str = "the server was sent what is no local call";

fn expect(stream: &UnixStream, wanted: Kind) -> Result<Vec<u8>, String> {
    match frame::read(stream) {
        Ok(Frame { kind, bytes }) if kind == wanted => Ok(bytes),
        Ok(_) | Err(frame::Broken::Garbage) => Err(NONSENSE.to_owned()),
        Err(broken @ (frame::Broken::Closed | frame::Broken::Io(_))) => Err(broken.to_string()),
    }
}

/// Runs a call and sends what it writes, then how it ended.
fn answer(stream: &UnixStream, ground: &Ground, call: &Call) -> io::Result<()> {
    stream.set_read_timeout(Some(CALLER_PATIENCE))?;
    stream.set_write_timeout(Some(CALLER_PATIENCE))?;
    let started = Instant::now();
    let mut out = BufWriter::with_capacity(PIECE_BYTES_MAX, Pieces::new(stream, Kind::Output));
    let mut input = Input::new(stream);
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let ends = Ends {
            out: &mut out,
            input: &mut input,
            progress: &mut |at| {
                // Whoever cannot be told will not take the end either.
                let _ = frame::write_json(stream, Kind::Progress, &(at.lines, at.bytes));
            },
        };
        call.run(ground, ends)
    }));
    let ran = ran.unwrap_or_else(|_| Err(Failure::new("the server failed; its log says how")));
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    // A call may tell a failed write in its own words.
    let ran = if out.get_ref().is_broken() { Err(Failure::ClosedPipe) } else { ran };
    let outcome = match &ran {
        Ok(()) => "done",
        Err(Failure::Failed(_) | Failure::NewerFormat(_)) => "failed",
        Err(Failure::ClosedPipe) => "left alone",
    };
    tracing::info!(command = call.name(), took_ms, "local call {outcome}");
    if ran == Err(Failure::ClosedPipe) {
        // What is still buffered would fail once more.
        drop(out.into_parts());
        return Ok(());
    }
    out.flush()?;
    match ran {
        Ok(()) => frame::write(stream, Kind::Done, b""),
        Err(Failure::Failed(message)) => fail(stream, 1, &message),
        Err(Failure::NewerFormat(message)) => fail(stream, 3, &message),
        Err(Failure::ClosedPipe) => Ok(()),
    }
}

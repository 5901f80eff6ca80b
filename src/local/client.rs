//! The command's end: sends a call to the server that has the folder, and passes on what comes back.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read},
    net::Shutdown,
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::Path,
    thread,
    time::Duration,
};

use super::{
    Call, Ends, Failure,
    frame::{self, Broken, Frame, Hello, Kind, PIECE_BYTES_MAX, Told},
    socket,
};
use crate::transfer::Progress;

/// How long a server may take to say who it is.
const HELLO_PATIENCE: Duration = Duration::from_secs(10);

/// A connection to the server that has the data open.
pub struct Connection(UnixStream);

/// Connects to the server that has the data folder `data` open.
///
/// # Errors
/// One line on why there is none to talk to.
pub fn connect(data: &Path) -> Result<Connection, String> {
    let path = socket::path(data);
    let what = path.display();
    let (stream, server) = reach(data).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            "no server takes commands there: another command is at work, or a server is starting or ending; \
             try again"
                .to_owned()
        }
        ErrorKind::ConnectionRefused => {
            format!("nobody listens at '{what}', so it is left over; restart the server")
        }
        _ => format!("cannot connect to '{what}': {error}"),
    })?;
    // A folder that others may write to could hold somebody else's socket.
    let owner = std::fs::metadata(data).map_or(socket::ROOT, |about| about.uid());
    if ![socket::our_uid(), socket::ROOT, owner].contains(&server) {
        return Err(format!("'{what}' belongs to another user ({server}), so it is not trusted"));
    }
    Ok(Connection(stream))
}

/// The connection, and whose process is at its other end.
fn reach(data: &Path) -> io::Result<(UnixStream, u32)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = socket::with_address(data, |address| {
        runtime.block_on(tokio::net::UnixStream::connect(address))
    })?;
    let server = stream.peer_cred()?.uid();
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok((stream, server))
}

impl Connection {
    /// Has the server run `call`.
    ///
    /// # Errors
    /// The call's own failure, or one line on how the server was lost.
    pub fn run(self, call: &Call, ends: Ends<'_>) -> Result<(), Failure> {
        let Self(stream) = self;
        let asked = serde_json::to_vec(call)?;
        if asked.len() > frame::CALL_BYTES_MAX {
            return Err(Failure::new("the command is too long to be sent to the server"));
        }
        // A server that refuses at once may close before everything is written; it has said why by then.
        let _ = frame::write_json(&stream, Kind::Hello, &Hello::ours())
            .and_then(|()| frame::write(&stream, Kind::Call, &asked));
        greet(&stream)?;
        let Ends { out, input, progress } = ends;
        thread::scope(|scope| {
            let stream = &stream;
            let sending = call.has_input().then(|| scope.spawn(move || send(stream, input)));
            let heard = listen(stream, out, progress);
            // Whatever is still being sent is of no use any more.
            let _ = stream.shutdown(Shutdown::Both);
            match sending.map(thread::ScopedJoinHandle::join) {
                Some(Ok(Err(unreadable))) => Err(Failure::new(unreadable)),
                Some(Ok(Ok(())) | Err(_)) | None => heard,
            }
        })
    }
}

/// Hears the server's version; it compares them itself, and says so if they differ.
fn greet(stream: &UnixStream) -> Result<(), Failure> {
    stream.set_read_timeout(Some(HELLO_PATIENCE))?;
    match frame::read(stream) {
        Ok(Frame { kind: Kind::Hello, .. }) => {}
        Ok(_) | Err(Broken::Garbage) => return Err(Failure::new(STRANGE)),
        Err(Broken::Closed | Broken::Io(_)) => return Err(Failure::new(LOST)),
    }
    // From here on the call takes what it takes.
    Ok(stream.set_read_timeout(None)?)
}

const STRANGE: &str =
    "the server answers in a way this version does not know; restart it with this version";
const LOST: &str = "the server ended the command before it was done: it was stopped, or waited too long for its input or output";

/// Passes on what comes until the call has ended.
fn listen(
    stream: &UnixStream,
    out: &mut dyn io::Write,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let mut from = BufReader::with_capacity(PIECE_BYTES_MAX, stream);
    loop {
        let Frame { kind, bytes } = match frame::read(&mut from) {
            Ok(frame) => frame,
            Err(Broken::Garbage) => return Err(Failure::new(STRANGE)),
            Err(Broken::Closed | Broken::Io(_)) => return Err(Failure::new(LOST)),
        };
        match kind {
            Kind::Output => {
                out.write_all(&bytes).map_err(|error| Failure::of_output(&error))?;
                if from.buffer().is_empty() {
                    // Nothing more at the moment: show what there is.
                    out.flush().map_err(|error| Failure::of_output(&error))?;
                }
            }
            Kind::Progress => {
                if let Ok((lines, bytes)) = serde_json::from_slice(&bytes) {
                    progress(Progress { lines, bytes });
                }
            }
            Kind::Done => return Ok(()),
            Kind::Failed => {
                let Told { code, message } = serde_json::from_slice(&bytes)?;
                return Err(match code {
                    3 => Failure::NewerFormat(message),
                    _ => Failure::Failed(message),
                });
            }
            Kind::Hello | Kind::Call | Kind::Input | Kind::End => {
                return Err(Failure::new(STRANGE));
            }
        }
    }
}

/// Sends the file; an error is one of reading it, for a server that goes away says why itself.
fn send(stream: &UnixStream, input: &mut (dyn Read + Send)) -> io::Result<()> {
    let mut input = BufReader::with_capacity(PIECE_BYTES_MAX, input);
    loop {
        let piece = match input.fill_buf() {
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                // Without its end the server knows that this was not all.
                let _ = stream.shutdown(Shutdown::Write);
                return Err(error);
            }
        };
        let length = piece.len();
        let kind = if length == 0 { Kind::End } else { Kind::Input };
        if frame::write(stream, kind, piece).is_err() || length == 0 {
            return Ok(());
        }
        input.consume(length);
    }
}

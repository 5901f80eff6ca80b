//! Log lines to standard error, written by a thread of their own so that no request waits for it.

use std::{
    io::{self, IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tracing_subscriber::{
    filter::Targets, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{LogFormat, LogLevel};

/// Lines waiting to be written; more are counted and left out.
const QUEUE_MAX: usize = 8192;
/// After the lines that were waiting were written, those that come within this time are written together: to be
/// woken for each would cost the requests that write them more than all else about them.
const TOGETHER: Duration = Duration::from_millis(5);
/// Bytes written with one call.
const BATCH_BYTES: usize = 64 * 1024;
/// How long the end of the program waits for standard error.
const FLUSH: Duration = Duration::from_secs(2);

/// Starts logging; keep what it returns until the program ends, so that the last lines get out.
///
/// A second call in one process changes nothing.
#[must_use]
pub fn start(format: LogFormat, level: LogLevel) -> Guard {
    let (lines, guard) = writer(io::stderr());
    let level = match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_writer(lines);
    // Other crates' finest lines tell what passes through them, secrets too, and some are written when a
    // thread is half gone, where nothing can be logged any more.
    let outside = level.min(tracing::Level::INFO);
    let filter = Targets::new().with_default(outside).with_target(env!("CARGO_CRATE_NAME"), level);
    // An error here means that somebody else logs already, which is just as well.
    let _ = match format {
        LogFormat::Human => {
            let plain = builder.with_ansi(io::stderr().is_terminal()).with_target(false);
            plain.finish().with(filter).try_init()
        }
        LogFormat::Json => {
            let json = builder.json().flatten_event(true).with_target(false);
            json.finish().with(filter).try_init()
        }
    };
    guard
}

/// Waits, when dropped, until the lines so far are written.
#[derive(Debug)]
pub struct Guard {
    end: Option<Sender<()>>,
    flushed: Receiver<()>,
    thread: Option<JoinHandle<()>>,
    lines: Lines,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.end.take();
        // Wakes the thread, which looks for the end after every line.
        let _ = self.lines.sender.try_send(Vec::new());
        if self.flushed.recv_timeout(FLUSH).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// The near end of the queue.
#[derive(Clone, Debug)]
struct Lines {
    sender: SyncSender<Vec<u8>>,
    lost: Arc<AtomicU64>,
}

fn writer(out: impl Write + Send + 'static) -> (Lines, Guard) {
    let (sender, receiver) = sync_channel(QUEUE_MAX);
    let (end, ended) = channel();
    let (flush, flushed) = channel();
    let lines = Lines { sender, lost: Arc::default() };
    let lost = Arc::clone(&lines.lost);
    let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
        drain(out, &receiver, &ended, &lost);
        let _ = flush.send(());
    });
    let guard = Guard { end: Some(end), flushed, thread: thread.ok(), lines: lines.clone() };
    (lines, guard)
}

/// Writes lines until the guard goes, as many with one call as are waiting.
fn drain(mut out: impl Write, lines: &Receiver<Vec<u8>>, ended: &Receiver<()>, lost: &AtomicU64) {
    let mut batch = Vec::new();
    loop {
        let Ok(line) = lines.recv() else { return };
        batch.extend_from_slice(&line);
        while batch.len() < BATCH_BYTES
            && let Ok(line) = lines.try_recv()
        {
            batch.extend_from_slice(&line);
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            // Writing to a Vec cannot fail.
            let _ = writeln!(batch, "{lost} log lines were left out: nobody reads fast enough");
        }
        // There is nowhere to tell that the log cannot be written.
        let _ = out.write_all(&batch);
        let _ = out.flush();
        let is_full = batch.len() >= BATCH_BYTES;
        batch.clear();
        if matches!(ended.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)) {
            while let Ok(line) = lines.try_recv() {
                let _ = out.write_all(&line);
            }
            return;
        }
        if !is_full {
            std::thread::sleep(TOGETHER);
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, text: Vec::with_capacity(256) }
    }
}

/// One line in the making; sent when dropped.
struct Line<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        match self.lines.sender.try_send(text) {
            Err(TrySendError::Full(_)) => {
                self.lines.lost.fetch_add(1, Ordering::Relaxed);
            }
            // After the end there is nobody to write.
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_in_order_before_the_guard_is_gone() {
        let memory = Memory::default();
        let (lines, guard) = writer(memory.clone());
        for number in 0..1000 {
            writeln!(lines.make_writer(), "{number}").unwrap();
        }
        drop(guard);
        let want: String = (0..1000).fold(String::new(), |all, n| format!("{all}{n}\n"));
        assert_eq!(String::from_utf8(memory.0.lock().unwrap().clone()).unwrap(), want);
    }
}

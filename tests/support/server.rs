//! The binary as a server on a free port: read until it listens, killed when dropped.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;

use super::{client::Client, tessera, token};

/// How long a start, an end or anything else may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// Tests send more with one token than clients do; limits are for those that say so.
const UNLIMITED: [(&str, &str); 5] = [
    ("TESSERA_RATE_ADMIN_PER_MINUTE", "0"),
    ("TESSERA_RATE_SERVICE_PER_MINUTE", "0"),
    ("TESSERA_RATE_OTHER_PER_MINUTE", "0"),
    ("TESSERA_RATE_SESSION_PER_MINUTE", "0"),
    ("TESSERA_CONCURRENT_PER_TOKEN", "0"),
];

/// A server on a new folder with one ticket, and a client that may do everything.
pub(crate) fn with_a_ticket() -> (TempDir, Server, Client) {
    let dir = tempfile::tempdir().unwrap();
    let token = token(dir.path());
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let ticket = json!({"Title": "Printer", "RequesterEmail": "ann@example.com", "Tags": ["a"]});
    client.post("/odata/Tickets", &ticket).expect(201);
    (dir, server, client)
}

/// A running server. Its log is shown when the test fails.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// A server that ended before it listened.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) log: String,
}

impl Server {
    /// Serves the data in `dir`.
    #[track_caller]
    pub(crate) fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[], &[])
    }

    /// Serves with further arguments, and settings in the environment.
    #[track_caller]
    pub(crate) fn start_with(dir: &Path, args: &[&str], settings: &[(&str, &str)]) -> Self {
        match Self::try_start(dir, args, settings) {
            Ok(server) => server,
            Err(Ended { code, log }) => panic!("the server ended with {code:?}: {log}"),
        }
    }

    /// As [`Server::start_with`], for servers that may refuse to start.
    pub(crate) fn try_start(
        dir: &Path,
        args: &[&str],
        settings: &[(&str, &str)],
    ) -> Result<Self, Ended> {
        Self::listening(Self::spawn(dir, args, settings))
    }

    /// Waits until the process listens or has ended.
    pub(crate) fn listening(mut child: Child) -> Result<Self, Ended> {
        let log = Arc::new(Mutex::new(String::new()));
        let (tell, listening) = mpsc::channel();
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let url = line.strip_prefix("listening on ");
                if let Some((_, address)) = url.and_then(|url| url.split_once("://")) {
                    let _ = tell.send(address.to_owned());
                }
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let told = listening.recv_timeout(PATIENCE);
        let address = told.clone().unwrap_or_default();
        let mut server = Self { child, address, log, reader: Some(reader) };
        match told {
            Ok(_) => Ok(server),
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("no server after {PATIENCE:?}"),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let code = server.wait().code();
                Err(Ended { code, log: server.log() })
            }
        }
    }

    /// Starts the process and does not wait for it to listen.
    pub(crate) fn spawn(dir: &Path, args: &[&str], settings: &[(&str, &str)]) -> Child {
        Self::spawn_on("127.0.0.1:0", dir, args, settings)
    }

    /// As [`Server::spawn`], for an address of its own.
    pub(crate) fn spawn_on(
        address: &str,
        dir: &Path,
        args: &[&str],
        settings: &[(&str, &str)],
    ) -> Child {
        let mut command = tessera(&["serve", "--listen", address]);
        command.arg("--data").arg(dir).args(args).envs(UNLIMITED).envs(settings.iter().copied());
        command.spawn().unwrap()
    }

    /// A client with connections of its own.
    pub(crate) fn client(&self, token: &str) -> Client {
        Client::new(&self.address, token)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory, bytes; 0 where the system does not tell.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it has logged this.
    #[track_caller]
    pub(crate) fn until_logged(&self, text: &str) {
        let started = Instant::now();
        while !self.log().contains(text) {
            assert!(started.elapsed() < PATIENCE, "not logged within {PATIENCE:?}: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it at once, with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.wait();
    }

    /// Asks it to end (SIGTERM), waits until it has, and gives its log.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        self.log()
    }

    /// Sends it a signal.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        let (name, pid) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
    }

    /// Waits for its end; its exit status and its log.
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let status = self.wait();
        (status.code(), self.log())
    }

    /// A connection of which nothing is known but that it is open.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status
    }

    /// Sends bytes as they are and gives everything that comes back until the server closes.
    pub(crate) fn raw(&self, request: &str) -> String {
        self.raw_bytes(request.as_bytes())
    }

    /// As [`Server::raw`], for bytes that are no text.
    pub(crate) fn raw_bytes(&self, request: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let tail = log.len().saturating_sub(4000);
            let tail = (tail..=log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
            eprintln!("--- end of the server's log\n{}", &log[tail..]);
        }
    }
}

//! The HTTP edge through a socket: limits, timeouts, the end of the server, and what every answer carries.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use tessera::{
    config::{Config, PublicUrl},
    http::{App, serve},
};
use tokio::sync::oneshot;

/// A server on a free port, told to stop when dropped.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(change: impl FnOnce(&mut Config)) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut config = Config { listen, ..Config::default() };
        change(&mut config);
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, address) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = serve::listen(&config).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let stopped = async { stopped.await.unwrap_or(()) };
                serve::serve(listener, Arc::new(App::in_memory(config)), stopped).await;
            });
        });
        Self { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Everything the server says to `request` until it closes.
    fn ask(&self, request: &str) -> String {
        let mut stream = self.connect();
        // The server may close before it has read everything.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn get(&self, address: &str) -> String {
        self.ask(&format!("GET {address} HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n"))
    }

    /// Tells the server to stop and waits for its end.
    fn end(&mut self) -> Duration {
        let started = Instant::now();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        started.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

#[track_caller]
fn check(answer: &str, status: u16, contains: &[&str]) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    for part in contains {
        assert!(answer.contains(part), "{part:?} is not in {answer}");
    }
}

#[test]
fn every_answer_carries_the_security_headers() {
    let server = Server::start(|_| ());
    let both = ["x-content-type-options: nosniff", "referrer-policy: no-referrer"];
    for (address, status) in
        [("/", 200), ("/ui/style.css", 200), ("/healthz", 200), ("/readyz", 200), ("/no", 404)]
    {
        let answer = server.get(address);
        check(&answer, status, &both);
        check(&answer, status, &["content-security-policy: default-src 'none'; "]);
        assert!(!answer.contains("odata-version"), "{answer}");
    }
    check(
        &server.get("/"),
        200,
        &["style-src 'self'", "cache-control: no-cache", "<h1>Tessera</h1>"],
    );
    let feed = server.get("/odata");
    assert_eq!(feed.matches("odata-version: 4.0").count(), 1, "{feed}");
    check(&feed, feed[9..12].parse().unwrap(), &both);
    check(&feed, feed[9..12].parse().unwrap(), &["cache-control: no-store"]);
}

#[test]
fn a_browser_is_held_to_https_where_that_is_the_public_address() {
    let header = "strict-transport-security: max-age=31536000";
    assert!(!Server::start(|_| ()).get("/").contains(header));
    let server = Server::start(|config| {
        config.public_url = PublicUrl::new("https://desk.example.com");
    });
    check(&server.get("/"), 200, &[header]);
}

#[test]
fn errors_have_one_body_and_say_what_to_do_next() {
    let server = Server::start(|_| ());
    let unknown = r#""message":"there is no resource '/healtz'; did you mean '/healthz'?","target":"/healtz"}"#;
    check(&server.get("/healtz"), 404, &["content-type: application/json", unknown]);
    let post =
        "POST /healthz HTTP/1.1\r\nHost: desk\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    check(&server.ask(post), 405, &["allow: GET, HEAD", r#""code":"MethodNotAllowed""#]);
}

#[test]
fn head_is_get_without_the_body() {
    let server = Server::start(|_| ());
    let answer = server.ask("HEAD / HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n");
    check(&answer, 200, &["content-type: text/html"]);
    let length = answer.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
    assert!(length.parse::<u64>().unwrap() > 1000, "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn too_long_is_said_with_a_body_while_it_can_be_understood() {
    let server = Server::start(|config| config.query_bytes_max = 1000);
    let query = |len: usize| format!("/odata/Tickets?{}", "a".repeat(len));
    check(&server.get(&query(1001)), 414, &[r#""code":"UriTooLong""#, "odata-version: 4.0"]);
    let answer = server.get(&query(1000));
    assert!(!answer.starts_with("HTTP/1.1 414"), "{answer}");
    check(&server.get(&query(66_000)), 414, &["content-length: 0"]);
    let header = format!("GET / HTTP/1.1\r\nHost: desk\r\nX: {}\r\n\r\n", "a".repeat(140_000));
    check(&server.ask(&header), 431, &[]);
    check(&server.ask("GET /odata/T x HTTP/1.1\r\n\r\n"), 400, &[]);
}

#[test]
fn a_half_sent_request_does_not_keep_its_connection() {
    let server = Server::start(|config| config.header_timeout_secs = 1);
    let started = Instant::now();
    server.ask("GET / HTTP/1.1\r\nHost:");
    let took = started.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_secs(10)).contains(&took), "{took:?}");
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let server = Server::start(|config| config.connections_max = 1);
    let mut first = server.connect();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    assert!(first.read(&mut [0; 64]).unwrap() > 0);
    let mut second = server.connect();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0; 64]).is_err());
    drop(first);
    second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    assert!(second.read(&mut [0; 64]).unwrap() > 0);
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let mut server = Server::start(|config| config.drain_secs = 20);
    let mut idle = server.connect();
    idle.write_all(b"GET /readyz HTTP/1.1\r\nHost: desk\r\n\r\n").unwrap();
    assert!(idle.read(&mut [0; 1024]).unwrap() > 0);
    let took = server.end();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(idle.read(&mut [0; 64]).unwrap_or(0), 0);
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_deadline() {
    let mut server = Server::start(|config| config.drain_secs = 1);
    let mut stuck = server.connect();
    stuck.write_all(b"GET / HTTP/1.1\r\nHost:").unwrap();
    // One whole exchange on another connection shows that the first was accepted.
    check(&server.get("/healthz"), 200, &[]);
    let took = server.end();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_network_address_needs_encryption_or_an_explicit_word() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listen = |change: fn(&mut Config)| {
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut config = Config { listen: address, ..Config::default() };
        change(&mut config);
        runtime.block_on(serve::listen(&config)).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(
        listen(|_| ()),
        Err("0.0.0.0:0 is reachable from other machines and nothing encrypts the traffic; set \
             public_url to the https address of a proxy before it, or pass --insecure-http"
            .to_owned())
    );
    assert_eq!(listen(|config| config.insecure_http = true), Ok(()));
}

//! TLS through curl: both versions of HTTP, a certificate renewed while serving, pairs that are none.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use support::{run, run_in, server::Server, token};

/// How long a change may take to show on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A certificate for `localhost` and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { certificate: cert.pem(), key: signing_key.serialize_pem() }
    }
}

/// A folder for data, certificate and key.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn with(pair: &Pair) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.data()).unwrap();
        place.show(pair);
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn data(&self) -> PathBuf {
        self.file("data")
    }

    /// Puts the pair where the server looks for it.
    fn show(&self, pair: &Pair) {
        fs::write(self.file("shown.pem"), &pair.certificate).unwrap();
        fs::write(self.file("key.pem"), &pair.key).unwrap();
    }

    #[track_caller]
    fn serve(&self, settings: &[(&str, &str)]) -> Server {
        let (certificate, key) = (self.file("shown.pem"), self.file("key.pem"));
        let mut all = vec![
            ("TESSERA_TLS_CERTIFICATE", certificate.to_str().unwrap()),
            ("TESSERA_TLS_KEY", key.to_str().unwrap()),
        ];
        all.extend(settings);
        Server::start_with(&self.data(), &[], &all)
    }

    /// What curl prints for an address of the server, which must show the certificate of `pair`.
    fn curl(&self, server: &Server, pair: &Pair, args: &[&str], path: &str) -> String {
        let trusted = self.file("trusted.pem");
        fs::write(&trusted, &pair.certificate).unwrap();
        let port = server.address.rsplit(':').next().unwrap();
        let done = Command::new("curl")
            .args(["-sS", "--max-time", "60", "--noproxy", "*", "--cacert"])
            .arg(trusted)
            .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
            .args(args)
            .arg(format!("https://localhost:{port}{path}"))
            .output()
            .unwrap();
        let (out, err) = (done.stdout, done.stderr);
        String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err)
    }
}

/// Prints the version of HTTP and the status behind the answer.
const SUMMARY: [&str; 4] = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"];

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn both_versions_of_http_are_spoken_over_tls_and_links_say_https() {
    let pair = Pair::new();
    let place = Place::with(&pair);
    let secret = token(&place.data());
    let server = place.serve(&[]);
    let check = |args: &[&str], want: &str| {
        let args = [&SUMMARY, args].concat();
        assert_eq!(place.curl(&server, &pair, &args, "/healthz"), want, "{args:?}");
    };
    check(&["--http2"], "2 200");
    check(&["--http1.1"], "1.1 200");
    check(&["--http2", "--tls-max", "1.2"], "2 200");
    let authorization = format!("Authorization: Bearer {secret}");
    let port = server.address.rsplit(':').next().unwrap();
    for version in ["--http2", "--http1.1"] {
        let args = [version, "-i", "-H", &authorization];
        let answer = place.curl(&server, &pair, &args, "/odata/");
        let context = format!(r#""@odata.context":"https://localhost:{port}/odata/$metadata""#);
        assert!(answer.contains(&context), "{answer}");
        assert!(answer.contains("strict-transport-security: max-age=31536000"), "{answer}");
    }
    #[cfg(unix)]
    {
        let answer = run(&place.data(), &["query", "Tickets"]).ok();
        let context = format!(r#""@odata.context":"https://{}/odata/"#, server.address);
        assert!(answer.contains(&context), "{answer}");
    }
    // An answer of several parts and frames arrives whole.
    let metadata =
        place.curl(&server, &pair, &["--http2", "-H", &authorization], "/odata/$metadata");
    assert!(metadata.len() > 10_000 && metadata.trim_end().ends_with("</edmx:Edmx>"), "{metadata}");
    server.stop();
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_is_not() {
    let (first, second) = (Pair::new(), Pair::new());
    let place = Place::with(&first);
    let server = place.serve(&[]);
    let shows = |pair| place.curl(&server, pair, &SUMMARY, "/healthz") == "2 200";
    assert!(shows(&first) && !shows(&second));
    place.show(&second);
    until("the second certificate is shown", || shows(&second));
    fs::write(place.file("shown.pem"), "no certificate").unwrap();
    let complaint = "the former TLS certificate stays in use: tls_certificate";
    until("the broken file is noticed", || server.log().contains(complaint));
    assert!(shows(&second));
    place.show(&first);
    until("the first certificate is shown again", || shows(&first));
    let log = server.stop();
    assert_eq!(log.matches(complaint).count(), 1, "{log}");
    let secret = first.key.lines().nth(1).unwrap();
    assert!(
        !log.contains(secret) && !log.contains("PRIVATE KEY\"") && !log.contains("-----"),
        "{log}"
    );
}

/// A start that must be refused: what it says, with the folder cut off.
fn refusal(place: &Place, certificate: &str, key: &str) -> String {
    let path = |name: &str| match name {
        "" => String::new(),
        name => place.file(name).display().to_string(),
    };
    let (certificate, key) = (path(certificate), path(key));
    let settings =
        [("TESSERA_TLS_CERTIFICATE", certificate.as_str()), ("TESSERA_TLS_KEY", key.as_str())];
    let done = run_in(&place.data(), &["serve", "--listen", "127.0.0.1:0"], &settings);
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{}", done.err);
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 0, "it began before it refused");
    let line = done.err.strip_prefix("tessera: ").and_then(|line| line.strip_suffix('\n')).unwrap();
    assert!(!line.contains('\n'), "{line}");
    line.replace(&format!("{}/", place.dir.path().display()), "")
}

#[test]
fn a_pair_that_cannot_be_used_stops_the_start_with_one_line() {
    let (pair, other) = (Pair::new(), Pair::new());
    let place = Place::with(&pair);
    fs::write(place.file("other.pem"), &other.key).unwrap();
    fs::write(place.file("empty.pem"), "").unwrap();
    let broken = pair.certificate.replace("MII", "MIJ");
    fs::write(place.file("broken.pem"), broken).unwrap();
    let check = |certificate: &str, key: &str, want: &str| {
        let got = refusal(&place, certificate, key);
        assert!(got.starts_with(want), "{certificate} {key}: {got}");
    };
    check("shown.pem", "", "tls_certificate is set but tls_key is not; set both, or neither");
    check("", "key.pem", "tls_key is set but tls_certificate is not; set both, or neither");
    check("none.pem", "key.pem", "cannot read tls_certificate 'none.pem': No such file");
    check("shown.pem", "none.pem", "cannot read tls_key 'none.pem': No such file");
    check(
        "key.pem",
        "key.pem",
        "tls_certificate 'key.pem' holds no certificate; name a PEM file with a section 'BEGIN CERTIFICATE'",
    );
    check("empty.pem", "key.pem", "tls_certificate 'empty.pem' holds no certificate; ");
    check(
        "shown.pem",
        "shown.pem",
        "tls_key 'shown.pem' holds no private key; name a PEM file with a section 'BEGIN PRIVATE KEY'",
    );
    check(
        "shown.pem",
        "other.pem",
        "tls_certificate 'shown.pem' cannot be used with tls_key 'other.pem': the key belongs to another \
         certificate; name the pair of one certificate, its own certificate first in the chain",
    );
    check("broken.pem", "key.pem", "tls_certificate 'broken.pem' cannot be used with ");
}

#[test]
fn a_network_address_is_fine_with_tls() {
    let place = Place::with(&Pair::new());
    let (certificate, key) = (place.file("shown.pem"), place.file("key.pem"));
    let args =
        ["--tls-certificate", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let child = Server::spawn_on("0.0.0.0:0", &place.data(), &args, &[]);
    let log = Server::listening(child).unwrap().stop();
    assert!(log.contains("listening on https://0.0.0.0:"), "{log}");
}

#[test]
fn a_handshake_that_never_ends_or_is_none_loses_its_connection() {
    let place = Place::with(&Pair::new());
    let server = place.serve(&[("TESSERA_HANDSHAKE_TIMEOUT_SECS", "1")]);
    // Silence, the first bytes of a handshake, and a request without TLS.
    for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n"] {
        let mut stream = server.connect();
        stream.write_all(said).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    server.stop();
}

#[test]
fn the_key_may_be_of_any_usual_kind() {
    let place = Place::with(&Pair::new());
    let check = |args: &[&str]| {
        let path = |name| place.file(name).display().to_string();
        let (key, certificate) = (path("key.pem"), path("shown.pem"));
        let fixed = ["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext"];
        let names = ["subjectAltName=DNS:localhost", "-keyout", &key, "-out", &certificate];
        let done = Command::new("openssl").args(fixed).args(names).args(args).output();
        let Ok(done) = done else { return eprintln!("skipped: openssl is not installed") };
        assert!(done.status.success(), "{done:?}");
        let pair = Pair { certificate: fs::read_to_string(Path::new(&certificate)).unwrap(), key };
        let server = place.serve(&[]);
        assert_eq!(place.curl(&server, &pair, &SUMMARY, "/healthz"), "2 200", "{args:?}");
        server.stop();
    };
    check(&["-newkey", "rsa:2048"]);
    check(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    check(&["-newkey", "ed25519"]);
}

//! Revoked tokens and replaced secrets under load: what is over is over for the very next request, and
//! what goes on goes on without one failing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    sync::{
        Mutex, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use support::{
    minted::{Minted, mint, mint_many, rotate},
    number_from,
    server::Server,
    splitmix::SplitMix,
    token,
};

const READERS: usize = 32;
const REVOKERS: usize = 4;
/// How many tokens before and behind the next to be revoked readers choose from.
const NEAR: u64 = 16;

/// Tokens with the moment each revocation was answered, microseconds since the start; 0 before that.
struct Field {
    tokens: Vec<Minted>,
    answered: Vec<AtomicU64>,
    next: AtomicUsize,
    started: Instant,
    over: AtomicBool,
    accepted: AtomicU64,
    refused: AtomicU64,
    late: Mutex<Vec<String>>,
}

impl Field {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap().max(1)
    }

    /// Revokes one after the other until there is none left.
    fn revoke(&self, server: &Server, secret: &str) {
        let client = server.client(secret);
        loop {
            let at = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(token) = self.tokens.get(at) else { break };
            let address = format!("/odata/AccessTokens({})/Tessera.Revoke", token.id);
            client.post(&address, &json!({})).ok();
            self.answered[at].store(self.now(), Ordering::SeqCst);
        }
    }

    /// Asks with tokens about to be revoked and just revoked, until there is none left.
    fn read(&self, server: &Server, seed: u64) {
        let (client, mut random) = (server.client(""), SplitMix::new(seed));
        while !self.over.load(Ordering::SeqCst) {
            let near = self.next.load(Ordering::SeqCst) as u64 + random.next() % (2 * NEAR);
            let at = usize::try_from(near.saturating_sub(NEAR)).unwrap().min(self.tokens.len() - 1);
            let bearer = format!("Bearer {}", self.tokens[at].secret);
            let began = self.now();
            let answer =
                client.send("GET", "/odata/Me()", &[("Authorization", &bearer)], None).unwrap();
            let answered = self.answered[at].load(Ordering::SeqCst);
            match answer.status {
                200 => self.accepted.fetch_add(1, Ordering::Relaxed),
                _ => self.refused.fetch_add(1, Ordering::Relaxed),
            };
            let was_over = answered != 0 && answered < began;
            if (answer.status == 200 && was_over)
                || (answer.status != 200 && answer.code() != "TokenRevoked")
            {
                let late =
                    format!("{at}: revoked at {answered}, asked at {began}: {}", answer.body);
                self.late.lock().unwrap().push(late);
            }
        }
    }
}

#[test]
fn a_revoked_token_is_refused_from_the_next_request_on() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start(dir.path());
    let count = usize::try_from(number_from("TESSERA_REVOCATIONS", 1_000)).unwrap();
    let tokens = mint_many(&server.client(&secret), count);
    let field = Field {
        answered: tokens.iter().map(|_| AtomicU64::new(0)).collect(),
        tokens,
        next: AtomicUsize::new(0),
        started: Instant::now(),
        over: AtomicBool::new(false),
        accepted: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        late: Mutex::default(),
    };
    std::thread::scope(|scope| {
        for seed in 0..READERS as u64 {
            let (field, server) = (&field, &server);
            scope.spawn(move || field.read(server, seed));
        }
        let revokers: Vec<_> =
            (0..REVOKERS).map(|_| scope.spawn(|| field.revoke(&server, &secret))).collect();
        let ended: Vec<_> = revokers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        field.over.store(true, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok));
    });
    let late = field.late.into_inner().unwrap();
    assert!(late.is_empty(), "{} of them, such as {}", late.len(), late[0]);
    let (accepted, refused) = (field.accepted.into_inner(), field.refused.into_inner());
    assert!(accepted > 100 && refused > 100, "{accepted} accepted, {refused} refused");
    for token in field.tokens.iter().step_by(97) {
        let answer = server.client(&token.secret).get("/odata/Me()").expect(401);
        assert_eq!(answer.code(), "TokenRevoked");
    }
}

/// Requests a second, and for how long.
const RATE: u64 = 200;
const CALLERS: u64 = 4;
const LONG: Duration = Duration::from_secs(4);

#[test]
fn a_client_that_takes_the_new_secret_during_the_overlap_sees_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start(dir.path());
    let all = server.client(&secret);
    let former = mint(&all, &json!({"Name": "report", "Role": "Agent"}));
    let in_use = RwLock::new(former.secret.clone());
    let (sent, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let started = Instant::now();
    let present = std::thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let client = server.client("");
                for turn in 0.. {
                    let due = Duration::from_millis(1_000 * CALLERS / RATE * turn);
                    if due >= LONG {
                        break;
                    }
                    std::thread::sleep(due.saturating_sub(started.elapsed()));
                    let bearer = format!("Bearer {}", in_use.read().unwrap());
                    let path = "/odata/Tickets?$top=1";
                    let answer = client.send("GET", path, &[("Authorization", &bearer)], None);
                    let answer = answer.unwrap();
                    sent.fetch_add(1, Ordering::Relaxed);
                    if answer.status != 200 {
                        failed.lock().unwrap().push(answer.body);
                    }
                }
            });
        }
        std::thread::sleep(LONG / 4);
        let present = rotate(&all, former.id, &json!({"OverlapHours": 1}));
        // Both work until the client has the new one in its settings.
        std::thread::sleep(LONG / 4);
        present.secret.clone_into(&mut in_use.write().unwrap());
        present
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} failed, such as {}", failed.len(), failed[0]);
    assert_eq!(sent.into_inner(), RATE * LONG.as_secs());
    // Where the overlap has ended, so has the former secret; the newest works.
    assert_ne!(present.secret, former.secret);
    let newest = rotate(&all, former.id, &json!({"OverlapHours": 0}));
    server.client(&newest.secret).get("/odata/Me()").expect(200);
    let over = server.client(&present.secret).get("/odata/Me()").expect(401);
    assert_eq!(over.code(), "TokenRotated");
}

//! What it costs to tell who comes with a token, in process, among 10,000 of them.
//!
//! `cargo bench --bench token_check` prints medians; a plain program, so that it needs nothing else.

#![expect(clippy::unwrap_used, reason = "a measurement may stop where it cannot go on")]
#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::{hint::black_box, sync::Arc, time::Instant};

use jiff::tz::TimeZone;
use tessera::{
    auth::{Kind, PlainToken, Principal, Role, Visit, expiry::End},
    desk::{Desk, Settings, seed, tokens, tokens::Request, users},
    model::{Key, Precondition, helpdesk},
    store::{Actor, MemoryStore, commit_blocking},
    time::Clock,
};

const TOKENS: usize = 10_000;
const ROUNDS: usize = 400;
/// Checks timed together: the clock is too coarse for one.
const AT_ONCE: u32 = 250;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clock = Clock::fixed("2026-11-21T22:00:00Z".parse().unwrap());
    let store = Arc::new(MemoryStore::new(helpdesk(), TimeZone::UTC, clock.clone()));
    // One owner of them all, whose number is not what is measured.
    let settings = Settings { tokens_per_owner_max: 100_000, ..Settings::default() };
    let desk = Desk::new(helpdesk(), store, clock.clone(), settings);
    commit_blocking(&**desk.store(), Actor::SYSTEM, seed::fill).unwrap();
    let all = Principal::system();
    let ada = users::Create::new(&all, "Ada", "ada@x.example", Role::Agent).unwrap();
    runtime.block_on(desk.create_user(&all, ada)).unwrap();
    let mint = |wish: Request| {
        let (row, secret) = runtime.block_on(desk.mint_token(&all, wish)).unwrap();
        (row.key(helpdesk()), secret.expose().to_owned())
    };
    let hers = || Request { owner_id: Some(1), ..Request::new("t", Role::Agent) };
    let secrets: Vec<String> = (4..TOKENS).map(|_| mint(hers()).1).collect();
    let (_, admin) = mint(Request::new("admin", Role::Administrator));
    let soon = End::At("2026-11-21T22:00:01Z".parse().unwrap());
    let (_, expired) = mint(Request { expires: Some(soon), ..hers() });
    let (key, revoked) = mint(hers());
    end(&desk, &runtime, key);
    let list = ["10.0.0.0/8", "192.0.2.0/24", "127.0.0.1"].map(str::to_owned).to_vec();
    let (_, bound) = mint(Request { addresses: list, ..hers() });
    clock.set("2026-11-21T22:00:02Z".parse().unwrap());
    let unknown = PlainToken::mint(Kind::Agent, [7; 32]);
    let any: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for (name, shown) in [
        ("valid, of an agent", &any[..]),
        ("valid, of the workspace, all scopes", &[admin.as_str()]),
        ("valid, from three networks", &[bound.as_str()]),
        ("unknown", &[unknown.expose()]),
        ("expired", &[expired.as_str()]),
        ("revoked", &[revoked.as_str()]),
        ("not a token", &["password"]),
    ] {
        let (median, p99) = measure(&desk, shown);
        println!("{name:<38} {median:>6.0} ns   99 % of rounds under {p99:>6.0} ns");
    }
}

fn end(desk: &Desk, runtime: &tokio::runtime::Runtime, key: Key) {
    let at = (key, Precondition::default());
    runtime.block_on(desk.revoke_token(&Principal::system(), at)).unwrap();
}

/// Nanoseconds of one check: the median of the rounds, and what 99 of 100 stay under.
fn measure(desk: &Desk, secrets: &[&str]) -> (f64, f64) {
    let (snapshot, now) = (desk.snapshot(), desk.now());
    let mut next = secrets.iter().cycle();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..AT_ONCE {
                let visit = Visit::here(next.next().unwrap());
                black_box(tokens::visit(&*snapshot, black_box(&visit), now));
            }
            started.elapsed().as_secs_f64() * 1e9 / f64::from(AT_ONCE)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    (rounds[ROUNDS / 2], rounds[ROUNDS * 99 / 100])
}

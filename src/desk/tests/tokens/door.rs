use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{
    auth::PlainToken,
    desk::tokens::{Visited, visit},
    model::Kind,
    query::Source,
};

/// A snapshot that counts what is looked up in it, and how often all of a set is looked at.
struct Counting<'a> {
    inner: &'a dyn Source,
    found: AtomicUsize,
    walked: AtomicUsize,
}

impl Source for Counting<'_> {
    crate::asks_another_source!(inner: model zone long_text);

    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
        self.walked.fetch_add(1, Ordering::Relaxed);
        self.inner.rows(set)
    }

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.found.fetch_add(1, Ordering::Relaxed);
        self.inner.row(set, key)
    }

    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
        self.found.fetch_add(1, Ordering::Relaxed);
        self.inner.rows_where(set, property, value)
    }
}

/// What came of a visit, and how often something was looked up for it.
fn looked_up(bench: &Bench, secret: &str) -> (&'static str, usize) {
    let snapshot = bench.desk.snapshot();
    let source =
        Counting { inner: &*snapshot, found: AtomicUsize::new(0), walked: AtomicUsize::new(0) };
    let told = match visit(&source, &Visit::here(secret), bench.desk.now()) {
        Visited::Known(_) => "known",
        Visited::Refused(_, error) | Visited::Stranger(error) => error.code(),
    };
    assert_eq!(source.walked.into_inner(), 0, "{told}");
    (told, source.found.into_inner())
}

#[test]
fn whatever_comes_of_a_secret_takes_two_look_ups_at_most() {
    for others in [0, 300] {
        let bench = Bench::new();
        let (_, works) = mint(&bench, request(Role::Agent)).unwrap();
        let (_, revoked) = mint(&bench, request(Role::Agent)).unwrap();
        revoke(&bench, &bench.caller, 2).unwrap();
        let soon = End::At("2026-11-21T22:00:01Z".parse().unwrap());
        let ends = Request { expires: Some(soon), ..request(Role::Agent) };
        let (_, expired) = mint(&bench, ends).unwrap();
        for _ in 0..others {
            mint(&bench, request(Role::ReadOnlyAgent)).unwrap();
        }
        bench.at("2026-11-21T22:00:02Z");
        let unknown = PlainToken::mint(Kind::Agent, [9; 32]);
        let mut slip = works.clone();
        slip.replace_range(slip.len() - 1.., if works.ends_with('0') { "1" } else { "0" });
        let told =
            [&*works, &*revoked, &*expired, unknown.expose(), &*slip].map(|s| looked_up(&bench, s));
        // A slip of the pen is seen without asking, by anybody: the checksum is no secret.
        let want = [
            ("known", 2),
            ("TokenRevoked", 1),
            ("TokenExpired", 1),
            ("InvalidToken", 2),
            ("InvalidToken", 0),
        ];
        assert_eq!(told, want, "beside {others} others");
    }
}

#[test]
fn a_token_ends_at_its_time_and_no_clock_brings_it_back() {
    let bench = Bench::new();
    let end = "2026-11-22T10:00:00Z";
    let wish = Request { expires: Some(End::At(end.parse().unwrap())), ..request(Role::Agent) };
    let (_, secret) = mint(&bench, wish).unwrap();
    let is_over = || match comes(&bench, &secret) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error, Error::Unauthenticated(Denial::Expired(end.parse().unwrap())));
            true
        }
    };
    for (clock, over) in [
        ("2026-11-22T09:00:00Z", false),
        ("2026-11-22T08:00:00Z", false),
        ("2026-11-22T09:59:59Z", false),
        ("2026-11-22T10:00:00Z", true),
        ("2026-11-22T09:00:00Z", true),
        ("2026-11-22T11:00:00Z", true),
        ("2026-11-22T09:59:59Z", true),
    ] {
        bench.at(clock);
        assert_eq!(is_over(), over, "{clock}");
    }
}

#[test]
fn a_revoked_token_stays_so_when_the_clock_is_set_back_and_forth() {
    let bench = Bench::new();
    let (_, secret) = mint(&bench, request(Role::Agent)).unwrap();
    revoke(&bench, &bench.caller, 1).unwrap();
    for clock in ["2026-11-21T21:00:00Z", "2026-11-21T23:00:00Z", "2026-11-20T22:00:00Z"] {
        bench.at(clock);
        assert_eq!(denied(&bench, &secret), Denial::Revoked(START.parse().unwrap()), "{clock}");
    }
}

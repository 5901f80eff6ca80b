//! Import and export over a store in memory.

mod demo;
mod import;
mod names;
mod pages;
mod people;
mod round_trip;
mod views;

use std::{path::PathBuf, sync::Arc};

use jiff::tz::TimeZone;

use super::{EXPORTED, Options, REASONS_TOLD, Summary, export, import as import_file};
use crate::{
    desk::seed,
    model::{Key, Row, SetId, Value, helpdesk, set},
    query::{Context, value},
    store::{Actor, MemoryStore, Store, commit_blocking},
    time::{Clock, Timestamp},
};

const START: &str = "2026-11-21T22:00:00Z";

struct Bench {
    store: Arc<dyn Store>,
    clock: Clock,
}

impl Bench {
    fn empty() -> Self {
        let clock = Clock::fixed(START.parse().unwrap());
        let store = Arc::new(MemoryStore::new(helpdesk(), TimeZone::UTC, clock.clone()));
        Self { store, clock }
    }

    fn seeded() -> Self {
        let bench = Self::empty();
        commit_blocking(&*bench.store, Actor::SYSTEM, seed::fill).unwrap();
        bench
    }

    fn at(&self, text: &str) {
        self.clock.set(text.parse::<Timestamp>().unwrap());
    }

    fn import(&self, set: SetId, text: &str) -> Summary {
        let options = Options { model: helpdesk(), set, reasons: REASONS_TOLD };
        import_file(&*self.store, text.as_bytes(), options, &mut |_| {}).unwrap()
    }

    fn tickets(&self, text: &str) -> Summary {
        self.import(set::TICKETS, text)
    }

    fn export(&self) -> String {
        let mut out = Vec::new();
        export(&*self.store.snapshot(), &EXPORTED, &mut out, &mut |_| {}).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn show(&self, set: SetId, id: i64, names: &[&str]) -> String {
        let row = self.store.snapshot().row(set, &Key::Int(id)).unwrap();
        self.line(&row, names)
    }

    fn list(&self, set: SetId, names: &[&str]) -> Vec<String> {
        self.store.snapshot().rows(set).map(|row| self.line(&row, names)).collect()
    }

    fn line(&self, row: &Row, names: &[&str]) -> String {
        let source = self.store.snapshot();
        let ctx = Context {
            source: &*source,
            now: self.clock.now(),
            deadline: None,
            it: None,
            found: None,
        };
        let text = |name: &&str| {
            let prop = helpdesk().structure(row.type_id).property(name).unwrap();
            plain(&value(&ctx, row, prop).unwrap())
        };
        names.iter().map(text).collect::<Vec<_>>().join(" ")
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::List(items) => items.iter().map(plain).collect::<Vec<_>>().join("|"),
        other => crate::query::literal::to_text(other, None).unwrap_or_default(),
    }
}

/// Real tickets, where they are at hand: they must be wherever everything must run.
fn real_tickets(name: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/titanium-support");
    match std::fs::read(folder.join(name)) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "../shared/data is missing: {error}");
            eprintln!("not run: ../shared/data/titanium-support is not here");
            None
        }
    }
}

#[track_caller]
fn reasons(summary: &Summary) -> Vec<String> {
    summary.refusals.iter().map(ToString::to_string).collect()
}

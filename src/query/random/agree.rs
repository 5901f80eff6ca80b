//! Asks two sources the same and says where their answers part; makes what parts them small.
//!
//! `TESSERA_CASES` says how many cases are run, `TESSERA_SEED` from which seed on.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use super::{
    answers,
    plain::Plain,
    plans::{self, Case, Cases, context},
    reports::Report,
    world::{Op, World},
};
use crate::{
    model::Key,
    query::{Page, Plan, Source, list, list::reference},
};

/// Pages of one feed that are looked at; more than any world has rows.
const PAGES_MAX: usize = 500;
/// How long a failure is made smaller.
const SHRINKING: Duration = Duration::from_mins(1);

/// One of this many cases is a report.
const REPORT_IN: u64 = 5;

/// What is asked of two sources.
trait Question: Clone + std::fmt::Debug {
    /// Where they answer differently; `None` if they agree.
    fn difference(&self, base: &dyn Source, other: &dyn Source) -> Option<String>;

    /// The same over other data, unless what it is about is gone.
    fn moved(&self, base: &Plain) -> Option<Self>;

    /// The same with one thing less, each thing once.
    fn simpler(&self) -> Vec<Self>;
}

impl Question for Case {
    fn difference(&self, base: &dyn Source, other: &dyn Source) -> Option<String> {
        difference(self, base, other)
    }

    fn moved(&self, base: &Plain) -> Option<Self> {
        plans::moved(self, base)
    }

    fn simpler(&self) -> Vec<Self> {
        plans::simpler(self)
    }
}

impl Question for Report {
    fn difference(&self, base: &dyn Source, other: &dyn Source) -> Option<String> {
        answers::difference(self, base, other, PAGES_MAX)
    }

    fn moved(&self, base: &Plain) -> Option<Self> {
        answers::moved(self, base)
    }

    fn simpler(&self) -> Vec<Self> {
        answers::simpler(self)
    }
}

/// Where two sources answer differently, page after page; `None` if they agree.
fn difference(case: &Case, base: &dyn Source, other: &dyn Source) -> Option<String> {
    let mut plan = case.plan.clone();
    for page in 0..PAGES_MAX {
        let wanted = reference(&plan, &case.start, &context(base, case.it.as_ref()));
        let found = list(&plan, &case.start, &context(other, case.it.as_ref()));
        let wanted = match (wanted, found) {
            (Ok(wanted), Ok(found)) if wanted == found => wanted,
            // A faster way need not ask the rows that the reference asks in vain.
            (Err(_), Ok(_)) => return None,
            (Err(wanted), Err(found)) if wanted.code() == found.code() => return None,
            (wanted, found) => {
                let show = |page: &Page| show(page, base);
                let (wanted, found) = (wanted.as_ref().map(show), found.as_ref().map(show));
                return Some(format!("page {page}\n  wanted {wanted:?}\n  found  {found:?}"));
            }
        };
        let next = wanted.next?;
        let top = plan.top.map(|top| top - wanted.rows.len() as u64);
        plan = Plan { after: Some(next), skip: 0, top, ..plan };
    }
    Some(format!("no end after {PAGES_MAX} pages"))
}

/// A page in a line: keys with versions, count, next.
fn show(page: &Page, source: &dyn Source) -> String {
    let of = |row: &crate::model::Row| match row.key(source.model()) {
        Key::Int(id) => format!("{id}v{}", row.version),
        key @ Key::Bytes(_) => format!("{key:?}v{}", row.version),
    };
    let rows: Vec<String> = page.rows.iter().map(of).collect();
    format!("[{}] count {:?} next {:?}", rows.join(" "), page.count, page.next)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// How much is tried.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Cases, where the environment does not say how many.
    pub cases: u64,
    /// The variable that says it.
    pub variable: &'static str,
    /// Cases over one world: making its rows costs more than asking about them.
    pub of_a_world: u64,
    /// How many times the entities of a small world.
    pub factor: usize,
}

/// Worlds so small that many are tried.
pub(crate) const SMALL: Load =
    Load { cases: 20_000, variable: "TESSERA_CASES", of_a_world: 50, factor: 1 };
/// Worlds with more rows than a chunk of columns holds.
pub(crate) const LARGE: Load =
    Load { cases: 20, variable: "TESSERA_LARGE_CASES", of_a_world: 10, factor: 500 };

/// Tries so many cases on all cores; `build` makes the other source.
#[track_caller]
pub(crate) fn check<S: Source>(load: Load, build: impl Fn(&World) -> S + Sync) {
    let cases = number(load.variable, load.cases);
    let seed = number("TESSERA_SEED", 20_261_122);
    let worlds = cases.div_ceil(load.of_a_world);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= worlds {
                return None;
            }
            let of_world = load.of_a_world.min(cases - at * load.of_a_world);
            let failure =
                check_world(seed.wrapping_add(at), Load { cases: of_world, ..load }, &build);
            if failure.is_some() {
                next.store(worlds, Ordering::Relaxed);
                return failure;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures[0]);
}

/// Whether any of so many cases shows that `build` makes a source that answers wrongly.
pub(super) fn is_noticed<S: Source>(load: Load, build: impl Fn(&World) -> S) -> bool {
    (0..load.cases.div_ceil(load.of_a_world)).any(|seed| {
        let world = World::times(seed, load.factor);
        let (base, other) = (world.plain(), build(&world));
        let mut made = Cases::new(&world, &base, !seed);
        (1..=load.of_a_world).any(|at| match at % REPORT_IN {
            0 => made.report().difference(&base, &other).is_some(),
            _ => made.case().difference(&base, &other).is_some(),
        })
    })
}

/// Runs the cases over one world; what is wrong.
fn check_world<S: Source>(seed: u64, load: Load, build: &impl Fn(&World) -> S) -> Option<String> {
    let world = World::times(seed, load.factor);
    let (base, other) = (world.plain(), build(&world));
    let mut made = Cases::new(&world, &base, !seed);
    (1..=load.cases).find_map(|at| {
        let told = if at % REPORT_IN == 0 {
            told(&world, &made.report(), (&base, &other), build)
        } else {
            told(&world, &made.case(), (&base, &other), build)
        };
        told.map(|told| format!("TESSERA_SEED={seed} {}={at} shows it.\n{told}", load.variable))
    })
}

/// What is wrong with an answer, if anything is, and the least that shows it.
fn told<S: Source, Q: Question>(
    world: &World,
    question: &Q,
    (base, other): (&Plain, &S),
    build: &impl Fn(&World) -> S,
) -> Option<String> {
    question.difference(base, other)?;
    let (world, question, difference) = shrink(world, question, build);
    let zone = world.zone.iana_name().unwrap_or("?");
    let mut text = format!("{difference}\n{question:#?}\nin {zone}\n");
    for op in &world.ops {
        writeln!(text, "{}", tell(op, &world)).unwrap();
    }
    Some(text)
}

/// A deed in a line, with the names of what is not null.
fn tell(op: &Op, world: &World) -> String {
    match op {
        Op::Put { set, type_id, values } => {
            let properties = world.model.structure(*type_id).properties.iter().zip(values);
            let named = properties.filter(|(_, value)| !value.is_null());
            let named: Vec<String> =
                named.map(|(property, value)| format!("{}: {value:?}", property.name)).collect();
            let name = world.model.structure(*type_id).name;
            format!("put {} {name} {{ {} }}", world.model.set(*set).name, named.join(", "))
        }
        Op::Delete { set, key } => format!("delete {} {key:?}", world.model.set(*set).name),
    }
}

/// The least data and the least question that still differ.
fn shrink<S: Source, Q: Question>(
    world: &World,
    case: &Q,
    build: &impl Fn(&World) -> S,
) -> (World, Q, String) {
    let differs = |world: &World, case: &Q| -> Option<(Q, String)> {
        let base: Plain = world.plain();
        let case = case.moved(&base)?;
        let found = case.difference(&base, &build(world))?;
        Some((case, found))
    };
    let (mut world, mut case) = (world.clone(), case.clone());
    let mut told = String::from("it differs only now and then");
    let began = Instant::now();
    loop {
        let mut is_smaller = false;
        for less in case.simpler() {
            if let Some((less, text)) = differs(&world, &less) {
                (case, told, is_smaller) = (less, text, true);
                break;
            }
        }
        for size in [world.ops.len() / 4, 8, 1] {
            let mut at = 0;
            while size > 0 && at < world.ops.len() && began.elapsed() < SHRINKING {
                let mut less = world.clone();
                less.ops.drain(at..less.ops.len().min(at + size));
                match differs(&less, &case) {
                    Some((moved, text)) => {
                        (world, case, told, is_smaller) = (less, moved, text, true);
                    }
                    None => at += size,
                }
            }
        }
        if !is_smaller || began.elapsed() >= SHRINKING {
            return (world, case, told);
        }
    }
}

//! The verbs against a tiny model of what a ticket's dates are.

use proptest::prelude::*;

use super::*;
use crate::model::{
    actions::{ADD_NOTE, CLOSE, MERGE, REOPEN, REPLY},
    props::status::KINDS,
};

const HOUR: i64 = 3_600_000_000;

/// What somebody does to the ticket.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Set(usize),
    Close,
    Reopen,
    Merge,
    Reply,
    ReplyAndSet(usize),
    Note,
    CustomerWrites,
    /// Refused: it must leave nothing behind.
    ReplyInVain,
    DeleteAndRestore,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..KINDS.len()).prop_map(Deed::Set),
        1 => Just(Deed::Close),
        1 => Just(Deed::Reopen),
        1 => Just(Deed::Merge),
        1 => Just(Deed::Reply),
        1 => (0..KINDS.len()).prop_map(Deed::ReplyAndSet),
        1 => Just(Deed::Note),
        1 => Just(Deed::CustomerWrites),
        1 => Just(Deed::ReplyInVain),
        1 => Just(Deed::DeleteAndRestore),
    ]
}

/// What is told of the ticket, in hours since the start.
#[derive(Clone, Debug, Default, PartialEq)]
struct Ticket {
    kind: usize,
    first_response: Option<i64>,
    resolved: Option<i64>,
    closed: Option<i64>,
    reopened: i64,
    is_merged: bool,
    comments: i64,
}

const RESOLVED: usize = 3;
const CLOSED: usize = 4;

impl Ticket {
    fn set(&mut self, kind: usize, hour: i64) {
        let was_done = self.kind >= RESOLVED;
        if kind == self.kind {
            return;
        }
        self.kind = kind;
        if kind < RESOLVED {
            (self.resolved, self.closed) = (None, None);
            self.reopened += i64::from(was_done);
            self.is_merged &= !was_done;
            return;
        }
        self.resolved = self.resolved.or(Some(hour));
        self.closed = if kind == CLOSED { Some(hour) } else { None };
    }

    fn reply(&mut self, hour: i64) {
        self.comments += 1;
        self.first_response = self.first_response.or(Some(hour));
    }

    fn after(mut self, deed: Deed, hour: i64) -> Self {
        match deed {
            Deed::Set(kind) => self.set(kind, hour),
            Deed::Close => self.set(CLOSED, hour),
            Deed::Reopen if self.kind >= RESOLVED => self.set(1, hour),
            Deed::Merge => {
                self.is_merged = true;
                self.set(CLOSED, hour);
            }
            Deed::Reply => self.reply(hour),
            Deed::ReplyAndSet(kind) => {
                self.reply(hour);
                self.set(kind, hour);
            }
            Deed::CustomerWrites => self.comments += 1,
            Deed::Reopen | Deed::Note | Deed::ReplyInVain | Deed::DeleteAndRestore => {}
        }
        self
    }
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.create(set::CUSTOMERS, &[("Name", text("Mia"))]).unwrap();
    bench.caller.user_id = Some(1);
    bench.ticket(&[]).unwrap();
    bench.ticket(&[]).unwrap();
    bench
}

fn do_it(bench: &mut Bench, deed: Deed) {
    let body = || ("Body", text("x"));
    let done = match deed {
        Deed::Set(kind) => bench.update(1, &[("Status", text(KINDS[kind]))]),
        Deed::Close => bench.act(1, CLOSE, &[]),
        Deed::Reopen => bench.act(1, REOPEN, &[]),
        Deed::Merge => bench.act(1, MERGE, &[("IntoId", Value::Int(2))]),
        Deed::Reply => bench.act(1, REPLY, &[body()]),
        Deed::ReplyAndSet(kind) => bench.act(1, REPLY, &[body(), ("Status", text(KINDS[kind]))]),
        Deed::Note => bench.act(1, ADD_NOTE, &[body()]),
        Deed::CustomerWrites => {
            bench.caller.user_id = None;
            let by = ("AuthorCustomerId", Value::Int(1));
            let done = bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), body(), by]);
            bench.caller.user_id = Some(1);
            done
        }
        Deed::ReplyInVain => {
            let before = bench.trace();
            bench.act(1, REPLY, &[body(), ("Status", text("Nowhere"))]).unwrap_err();
            assert_eq!(bench.trace(), before, "what is refused leaves nothing behind");
            return;
        }
        Deed::DeleteAndRestore => {
            bench.delete(1).unwrap();
            bench.act(1, crate::model::actions::RESTORE, &[])
        }
    };
    done.unwrap();
}

fn told(bench: &Bench) -> Ticket {
    let start: Timestamp = START.parse().unwrap();
    let row = bench.desk.snapshot().row(set::TICKETS, &Key::Int(1)).unwrap();
    let hour = |name| {
        let at = bench.show(&row, name).parse::<Timestamp>().ok()?;
        Some((at.micros() - start.micros()) / HOUR)
    };
    let number = |name| bench.show(&row, name).parse().unwrap();
    let kind = bench.show(&row, "StatusKind");
    Ticket {
        kind: KINDS.iter().position(|known| *known == kind).unwrap(),
        first_response: hour("FirstResponseDateTime"),
        resolved: hour("ResolvedDateTime"),
        closed: hour("ClosedDateTime"),
        reopened: number("ReopenCount"),
        is_merged: bench.show(&row, "MergedIntoId") != "-",
        comments: number("CommentCount"),
    }
}

fn check(deeds: &[Deed]) {
    let (mut bench, mut want) = (bench(), Ticket::default());
    let start: Timestamp = START.parse().unwrap();
    for (hour, deed) in (1..).zip(deeds) {
        bench.clock.set(start.plus_micros(hour * HOUR).unwrap());
        do_it(&mut bench, *deed);
        want = want.after(*deed, hour);
        assert_eq!(told(&bench), want, "after {deed:?} as number {hour} of {deeds:?}");
    }
    let updates = bench.list(set::TICKETS, &["UpdatedDateTime"]);
    assert!(updates.iter().all(|at| at.parse::<Timestamp>().is_ok()));
}

#[test]
fn every_change_of_kind_dates_what_it_means() {
    for from in 0..KINDS.len() {
        for to in 0..KINDS.len() {
            check(&[Deed::Set(from), Deed::Set(to)]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_a_ticket_its_dates_tell(deeds in prop::collection::vec(deed(), 0..12)) {
        check(&deeds);
    }
}

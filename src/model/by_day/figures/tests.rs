use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

/// Team, priority, category; the days it was created, resolved and closed.
#[derive(Clone, Copy, Debug)]
struct Ticket(Ids, i32, Option<i32>, Option<i32>);

impl Ticket {
    fn value(&self, property: Prop) -> Value {
        let id = |at: usize| self.0[at].map_or(Value::Null, Value::Int);
        let noon = |day: i32| {
            let begin = Date::from_days(day).start_utc();
            Value::Instant(begin.plus_micros(43_200_000_000).unwrap())
        };
        match property {
            ticket::TEAM_ID => id(0),
            ticket::PRIORITY_ID => id(1),
            ticket::CATEGORY_ID => id(2),
            ticket::CREATED => noon(self.1),
            ticket::RESOLVED => self.2.map_or(Value::Null, noon),
            ticket::CLOSED => self.3.map_or(Value::Null, noon),
            other => panic!("{other:?} is read"),
        }
    }
}

struct Tickets<'a>(&'a [Ticket], i32);

impl Entities for Tickets<'_> {
    fn each(&self, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        for ticket in self.0 {
            take(&props.iter().map(|prop| ticket.value(*prop)).collect::<Vec<_>>());
        }
    }

    fn day_of(&self, instant: Timestamp) -> Date {
        instant.date_in(&jiff::tz::TimeZone::UTC)
    }

    fn today(&self) -> Date {
        Date::from_days(self.1)
    }
}

/// 2026-11-01.
const NOVEMBER: i32 = 20_758;

/// One entity as `id created resolved open`.
fn told(values: &[Value]) -> String {
    let at = |prop: Prop| &values[usize::from(prop.0)];
    let count = |prop| at(prop).as_int().unwrap();
    let id = at(props::ID).as_text().unwrap();
    assert!(matches!(at(props::DATE), Value::Date(date) if id.starts_with(&date.to_string())));
    let counts = [props::CREATED_COUNT, props::RESOLVED_COUNT, props::OPEN_COUNT].map(count);
    format!("{id} {} {} {}", counts[0], counts[1], counts[2])
}

fn all(tickets: &[Ticket], today: i32, first: Option<&str>) -> Vec<String> {
    let figures = figures(&Tickets(tickets, today));
    let key = first.map(|first| Key::new(&[Value::text(first)]));
    figures.entities(key.as_ref()).map(|values| told(&values)).collect()
}

#[track_caller]
fn check(tickets: &[Ticket], want: &[&str]) {
    assert_eq!(all(tickets, NOVEMBER + 3, None), want);
}

const PLAIN: Ids = [Some(3), Some(2), None];

#[test]
fn a_ticket_counts_from_the_day_it_was_created_to_the_day_before_it_was_done() {
    check(&[], &[]);
    check(
        &[Ticket(PLAIN, NOVEMBER, Some(NOVEMBER + 2), Some(NOVEMBER + 3))],
        &["2026-11-01.3.2. 1 0 1", "2026-11-02.3.2. 0 0 1", "2026-11-03.3.2. 0 1 0"],
    );
    let closed_only = Ticket([None; 3], NOVEMBER + 1, None, Some(NOVEMBER + 3));
    check(&[closed_only], &["2026-11-02... 1 0 1", "2026-11-03... 0 0 1"]);
    check(&[Ticket(PLAIN, NOVEMBER, Some(NOVEMBER), None)], &["2026-11-01.3.2. 1 1 0"]);
}

#[test]
fn what_is_open_counts_up_to_today_and_no_further() {
    check(
        &[Ticket(PLAIN, NOVEMBER + 2, None, None)],
        &["2026-11-03.3.2. 1 0 1", "2026-11-04.3.2. 0 0 1"],
    );
    check(&[Ticket(PLAIN, NOVEMBER + 4, None, None)], &[]);
}

#[test]
fn a_ticket_that_was_done_before_it_began_was_never_open() {
    check(
        &[Ticket(PLAIN, NOVEMBER + 2, Some(NOVEMBER), None)],
        &["2026-11-01.3.2. 0 1 0", "2026-11-03.3.2. 1 0 0"],
    );
}

#[test]
fn tickets_are_counted_by_team_priority_and_category() {
    let of = |team, category| [Some(team), None, category];
    let tickets = [
        Ticket(of(2, Some(1)), NOVEMBER + 3, None, None),
        Ticket(of(10, None), NOVEMBER + 3, None, None),
        Ticket(of(2, Some(1)), NOVEMBER + 3, None, None),
        Ticket(of(2, None), NOVEMBER + 3, Some(NOVEMBER + 3), None),
    ];
    check(&tickets, &["2026-11-04.10.. 1 0 1", "2026-11-04.2.. 1 1 0", "2026-11-04.2..1 2 0 2"]);
}

#[test]
fn figures_are_found_from_any_key_on() {
    let other = [Some(3), Some(2), Some(1)];
    let tickets = [
        Ticket(PLAIN, NOVEMBER, None, None),
        Ticket(other, NOVEMBER + 1, Some(NOVEMBER + 2), None),
    ];
    let today = NOVEMBER + 2;
    let whole = all(&tickets, today, None);
    assert_eq!(whole.len(), 5);
    for first in
        ["", "2025", "2026-11-01", "2026-11-02.", "2026-11-02.3.2.0", "2026-11-03.3.2.", "3", "x"]
    {
        let want: Vec<&String> = whole.iter().filter(|told| told.as_str() >= first).collect();
        assert_eq!(all(&tickets, today, Some(first)).iter().collect::<Vec<_>>(), want, "{first}");
    }
}

/// The same, ticket by ticket and day by day.
fn naive(tickets: &[Ticket], today: i32) -> Vec<String> {
    let mut counts = BTreeMap::<String, [i64; 3]>::new();
    for Ticket(ids, created, resolved, closed) in tickets {
        let ids = ids.map(|id| id.map_or_else(String::new, |id| id.to_string()));
        let done = resolved.iter().chain(closed).min();
        for day in NOVEMBER..=today {
            let key = format!("{}.{}", Date::from_days(day), ids.join("."));
            let counts = counts.entry(key).or_default();
            counts[0] += i64::from(day == *created);
            counts[1] += i64::from(Some(day) == *resolved);
            counts[2] += i64::from(day >= *created && done.is_none_or(|done| day < *done));
        }
    }
    let told = counts.iter().filter(|(_, counts)| **counts != [0; 3]);
    told.map(|(id, [created, resolved, open])| format!("{id} {created} {resolved} {open}"))
        .collect()
}

proptest! {
    #[test]
    fn figures_are_those_of_counting_every_ticket_on_every_day(
        tickets in prop::collection::vec(
            ((prop::option::of(9..12_i64), prop::option::of(1..3_i64)),
             (0..20_i32, prop::option::of(0..20_i32), prop::option::of(0..20_i32))),
            0..30,
        ),
        today in 0..20_i32,
        first in 0..200_usize,
    ) {
        let tickets: Vec<Ticket> = tickets.into_iter().map(|((team, priority), (created, resolved, closed))| {
            let day = |day: i32| NOVEMBER + day;
            Ticket([team, priority, None], day(created), resolved.map(day), closed.map(day))
        }).collect();
        let (want, today) = (naive(&tickets, NOVEMBER + today), NOVEMBER + today);
        prop_assert_eq!(&all(&tickets, today, None), &want);
        if let Some(from) = want.get(first) {
            let id = from.split(' ').next().unwrap();
            prop_assert_eq!(&all(&tickets, today, Some(id))[..], &want[first..]);
        }
    }
}

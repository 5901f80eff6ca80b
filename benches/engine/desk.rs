//! A helpdesk in memory with as many tickets as asked for, the same each time.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tessera::{
    desk::seed,
    error::Error,
    model::{
        Value, helpdesk,
        props::{comment, customer, team, ticket},
        set,
    },
    store::{Actor, Draft, Edit, MemoryStore, Snapshot, Store, commit_blocking},
    time::{Clock, Timestamp},
};

/// Entities written in one transaction.
const AT_ONCE: i64 = 1_000;
const BEGIN: i64 = 1_672_531_200_000_000;
const THREE_YEARS: i64 = 94_608_000_000_000;
const SUBJECTS: [&str; 8] = [
    "printer",
    "laptop",
    "VPN connection",
    "shared mailbox",
    "badge reader",
    "Teams call",
    "scanner",
    "monitor",
];
const TROUBLE: [&str; 5] = [
    "is not responding",
    "fails with error",
    "keeps disconnecting",
    "was lost",
    "crashes on start",
];

/// splitmix64 of a number.
fn mix(number: i64) -> i64 {
    let mut z = number.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 1).cast_signed()
}

fn guid(number: i64) -> Value {
    let number = u128::from(number.cast_unsigned()) << 64;
    Value::Guid(tessera::id::Guid::from_u128(number))
}

/// The newest state of a store with so many tickets and comments.
pub(crate) fn filled(tickets: i64, comments_a_ticket: i64) -> Arc<dyn Snapshot> {
    let store = MemoryStore::new(helpdesk(), TimeZone::UTC, Clock::default());
    commit_blocking(&store, Actor::SYSTEM, seed::fill).unwrap();
    let customers = tickets / 20 + 1;
    put(&store, customers, add_customer);
    put(&store, 8, add_team);
    put(&store, tickets, move |draft, id| add_ticket(draft, id, customers));
    put(&store, tickets * comments_a_ticket, move |draft, id| add_comment(draft, id, tickets));
    store.snapshot()
}

fn put(
    store: &MemoryStore,
    count: i64,
    add: impl Fn(&mut dyn Draft, i64) -> Result<(), Error> + Copy + Send + 'static,
) {
    for from in (1..=count).step_by(usize::try_from(AT_ONCE).unwrap()) {
        commit_blocking(store, Actor::SYSTEM, move |draft| {
            (from..=count.min(from + AT_ONCE - 1)).try_for_each(|id| add(draft, id))
        })
        .unwrap();
    }
}

fn add_customer(draft: &mut dyn Draft, id: i64) -> Result<(), Error> {
    let mut edit = Edit::new(helpdesk(), set::CUSTOMERS);
    edit.set(helpdesk(), customer::ID, id);
    edit.set(helpdesk(), customer::GUID, guid(id));
    edit.set(helpdesk(), customer::NAME, format!("Customer {id}").as_str());
    edit.set(helpdesk(), customer::EMAIL, format!("customer{id}@example.org").as_str());
    draft.put(set::CUSTOMERS, edit).map(drop)
}

fn add_team(draft: &mut dyn Draft, id: i64) -> Result<(), Error> {
    let mut edit = Edit::new(helpdesk(), set::TEAMS);
    edit.set(helpdesk(), team::ID, id);
    edit.set(helpdesk(), team::GUID, guid(id));
    edit.set(helpdesk(), team::NAME, format!("Team {id}").as_str());
    draft.put(set::TEAMS, edit).map(drop)
}

fn add_ticket(draft: &mut dyn Draft, id: i64, customers: i64) -> Result<(), Error> {
    let of = |what: i64, count: i64| mix(id * 16 + what) % count;
    let word = |what: i64, words: &[&'static str]| {
        words[usize::try_from(mix(id * 16 + what).cast_unsigned() % words.len() as u64).unwrap()]
    };
    let created = BEGIN + THREE_YEARS / 1_000_000 * (id % 1_000_000) + of(0, 3_600_000_000);
    // Most are resolved or closed, as in a desk that is used.
    let status = [1, 2, 2, 3, 4, 4, 5, 5, 5, 5][usize::try_from(of(1, 10)).unwrap()];
    let resolved = (status > 3).then(|| Timestamp::from_micros(created + of(2, 400_000_000_000)));
    let title = format!("{} {} ({})", word(3, &SUBJECTS), word(4, &TROUBLE), of(5, 90_000));
    let mut edit = Edit::new(helpdesk(), set::TICKETS);
    let tags: Vec<Value> =
        (0..of(6, 3)).map(|at| Value::text(SUBJECTS[usize::try_from(at).unwrap()])).collect();
    for (prop, value) in [
        (ticket::ID, id.into()),
        (ticket::GUID, guid(id)),
        (ticket::TITLE, Value::text(&title)),
        (ticket::STATUS_ID, i64::from(status).into()),
        (ticket::PRIORITY_ID, (1 + of(7, 4)).into()),
        (ticket::SOURCE_ID, (1 + of(8, 4)).into()),
        (ticket::REQUESTER_ID, (1 + of(9, customers)).into()),
        (ticket::TEAM_ID, (1 + of(10, 8)).into()),
        (ticket::TAGS, Value::List(tags.into())),
        (ticket::REOPEN_COUNT, 0.into()),
        (ticket::CREATED, Timestamp::from_micros(created).into()),
        (ticket::UPDATED, Timestamp::from_micros(created + of(11, 400_000_000_000)).into()),
        (ticket::RESOLVED, resolved.into()),
    ] {
        edit.set(helpdesk(), prop, value);
    }
    draft.put(set::TICKETS, edit).map(drop)
}

fn add_comment(draft: &mut dyn Draft, id: i64, tickets: i64) -> Result<(), Error> {
    let created = Timestamp::from_micros(BEGIN + mix(id) % THREE_YEARS);
    let mut edit = Edit::new(helpdesk(), set::COMMENTS);
    for (prop, value) in [
        (comment::ID, id.into()),
        (comment::GUID, guid(id)),
        (comment::TICKET_ID, (1 + (id - 1) % tickets).into()),
        (comment::AUTHOR_KIND, "System".into()),
        (comment::IS_INTERNAL, (id % 5 == 3).into()),
        (comment::CREATED, created.into()),
        (comment::UPDATED, created.into()),
    ] {
        edit.set(helpdesk(), prop, value);
    }
    draft.put(set::COMMENTS, edit).map(drop)
}

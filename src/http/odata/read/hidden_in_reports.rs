//! Random `$apply` of callers who may not read everything: what they may not read is refused as if it did not
//! exist, and shows in no figure. Two helpdesks that differ in nothing but that answer the same, by the columns
//! and by the reference alike.

use super::start;
use crate::{
    error::Error,
    model::{Value, helpdesk, set},
    odata::{
        Limits,
        check::{Applied, Checker, Place, Target},
        url::parse_target,
    },
    query::{
        Context, Rights, Source,
        apply::{Item, apply},
        list,
        random::Dice,
    },
    store::{Actor, Edit, Snapshot, Store, commit_blocking, memory::MemoryStore},
    time::{Clock, Timestamp},
};

/// Texts that are asked.
const CASES: usize = 1500;
const SCOPES: [&str; 5] =
    ["comments:read", "notes:read", "customers:read", "users:read", "teams:read"];

/// What can be grouped by, with the scopes it takes beside `tickets:read`.
const PATHS: [(&str, &[&str]); 16] = [
    ("Status", &[]),
    ("TeamName", &[]),
    ("RequesterName", &[]),
    ("AssigneeName", &[]),
    ("CommentCount", &[]),
    ("Title", &[]),
    ("Id", &[]),
    ("RequesterEmail", &["customers:read"]),
    ("AssigneeEmail", &["users:read"]),
    ("Requester/Email", &["customers:read"]),
    ("Requester/Company", &["customers:read"]),
    ("Requester/Name", &["customers:read"]),
    ("Assignee/Email", &["users:read"]),
    ("Assignee/Role", &["users:read"]),
    ("Team/Name", &["teams:read"]),
    ("Team/Description", &["teams:read"]),
];
/// What else has a value.
const VALUES: [(&str, &[&str]); 8] = [
    ("length(Title)", &[]),
    ("Comments/$count", &["comments:read"]),
    ("Comments/$count($filter=IsInternal)", &["comments:read"]),
    ("Comments/$count($filter=contains(Body,'o'))", &["comments:read"]),
    ("$root/Customers(2)/Email", &["customers:read"]),
    ("$root/Comments(31)/Body", &["comments:read"]),
    ("Comments(31)/Body", &["comments:read"]),
    ("Requester/Tickets/$count($filter=Team ne null)", &["customers:read", "teams:read"]),
];

/// Conditions on what was made of tickets, with a variable of their own behind `$root`.
const BEHIND: [(&str, &[&str]); 4] = [
    ("$root/Customers(2)/Tickets/$count($filter=TeamId eq 2) gt 1", &["customers:read"]),
    ("$root/Teams(2)/Tickets/any(t:t/Id gt Cnt and t/Team ne null)", &["teams:read"]),
    ("$root/Tickets(4)/Comments/$count($filter=IsInternal) lt Cnt", &["comments:read"]),
    (
        "$root/Teams(3)/Tickets/any(t:t/Comments/any(c:c/Body eq 'body1' and c/Id gt t/Id))",
        &["teams:read", "comments:read"],
    ),
];

struct Caller(Vec<&'static str>);

impl Rights for Caller {
    fn has(&self, scope: &str) -> bool {
        scope == "tickets:read" || self.0.contains(&scope)
    }
}

/// Asked by the reference alone.
struct Plainly<'a>(&'a dyn Source);

impl Source for Plainly<'_> {
    crate::asks_another_source!(0: model zone rows row rows_where long_text);
}

/// A helpdesk in which everything that the caller may not read is `other`.
fn desk(caller: &Caller, other: bool) -> MemoryStore {
    let model = helpdesk();
    let store = MemoryStore::new(model, jiff::tz::TimeZone::UTC, Clock::Real);
    let hides = |scope: &str| other && !caller.has(scope);
    let (customers, users) = (hides("customers:read"), hides("users:read"));
    let (teams, comments) = (hides("teams:read"), hides("comments:read"));
    let notes = other && !(caller.has("notes:read") && caller.has("comments:read"));
    commit_blocking(&store, Actor::SYSTEM, move |draft| {
        let mut put = |set, named: &[(&str, Value)]| -> Result<(), Error> {
            let mut edit = Edit::new(model, set);
            for (name, value) in named {
                let prop = model.entity_type(set).property(name);
                edit.set(model, prop.unwrap(), value.clone());
            }
            draft.put(set, edit).map(drop)
        };
        let text = |word: &str, id: i64, is_other: bool| {
            Value::text(&format!("{}{word}{}", if is_other { "other " } else { "" }, id % 3))
        };
        for id in 1..=4 {
            put(set::STATUSES, &[("Id", id.into()), ("Name", text("status", id, false))])?;
            let named = [
                ("Id", id.into()),
                ("Name", text("team", id, false)),
                ("Description", text("about", id, teams)),
            ];
            put(set::TEAMS, &named)?;
            let named = [
                ("Id", id.into()),
                ("Name", text("agent", id, false)),
                ("Email", Value::text(&format!("{id}@{}", if users { "b" } else { "a" }))),
                ("Role", text("role", id, users)),
            ];
            put(set::USERS, &named)?;
            let named = [
                ("Id", id.into()),
                ("Name", text("customer", id, false)),
                ("Email", Value::text(&format!("{id}@{}", if customers { "d" } else { "c" }))),
                ("Company", text("company", id, customers)),
            ];
            put(set::CUSTOMERS, &named)?;
        }
        for id in 1..=24 {
            let mut named = vec![
                ("Id", Value::Int(id)),
                ("Title", text("title", id, false)),
                ("StatusId", (id % 4 + 1).into()),
                ("TeamId", (id % 3 + 1).into()),
                ("CreatedDateTime", Timestamp::MIN.into()),
            ];
            if id % 5 > 0 {
                named.extend([("RequesterId", (id % 4 + 1).into()), ("AssigneeId", 2.into())]);
            }
            put(set::TICKETS, &named)?;
            for number in 0..id % 3 + i64::from(notes) {
                let is_note = number == id % 3 || (number == 1 && id % 2 == 0);
                let named = [
                    ("Id", (id * 10 + number).into()),
                    ("TicketId", id.into()),
                    ("Body", text("body", id, comments || (notes && is_note))),
                    ("IsInternal", is_note.into()),
                ];
                put(set::COMMENTS, &named)?;
            }
        }
        Ok(())
    })
    .unwrap();
    store
}

/// A random text, and the scopes that what it names takes.
fn written(dice: &mut Dice) -> (String, Vec<&'static str>) {
    let mut scopes = Vec::new();
    let mut one = |dice: &mut Dice, of: &[(&'static str, &'static [&'static str])]| {
        let (name, takes) = *dice.pick(of);
        scopes.extend(takes);
        name
    };
    let all = [&PATHS[..], &VALUES[..]].concat();
    let (p, q) = (one(dice, &PATHS), one(dice, &PATHS));
    let written = match dice.below(10) {
        0 => format!("groupby(({p},{q}),aggregate($count as Cnt))"),
        1 => {
            let (a, b) = (one(dice, &all), one(dice, &all));
            format!(
                "groupby(({p}),aggregate({a} with max as A,{b} with countdistinct as B,{q} with min as C))"
            )
        }
        2 => format!("compute({} as X)/groupby((X,{p},{q}))", one(dice, &all)),
        3 => format!("filter({} ne null)/groupby(({p},{q}))", one(dice, &all)),
        4 => {
            let (a, b) = (one(dice, &all), one(dice, &all));
            format!("orderby({a} desc,{p})/top(5)/aggregate({b} with min as B,{q} with max as C)")
        }
        5 => format!("topcount(4,{})/groupby(({p},{q}))", one(dice, &all)),
        6 => format!("groupby(({p}),bottomcount(1,{}))/orderby({q})", one(dice, &all)),
        7 => {
            let a = one(dice, &all);
            format!("concat(groupby(({p},{q})),aggregate({a} with max as A))")
        }
        8 => {
            let behind = one(dice, &BEHIND);
            format!("groupby(({p},{q}),aggregate($count as Cnt))/filter({behind})")
        }
        _ => format!("orderby({},{p})/skip(2)/filter({q} ne 'x' or Id gt 3)", one(dice, &all)),
    };
    (written, scopes)
}

/// What an `$apply` gives over a source: values of tuples, keys of entities.
fn answer(applied: &Applied, at: &crate::odata::check::CollectionPath, of: &dyn Source) -> String {
    let now = Timestamp::MIN;
    let ctx = Context { source: of, now, deadline: None, it: None, found: None };
    let start = start(&ctx, at).unwrap();
    let items = match applied {
        Applied::Plan(plan) => {
            list(plan, &start, &ctx).map(|page| page.rows.into_iter().map(Item::Row).collect())
        }
        Applied::Entities { apply: plan, .. } | Applied::Groups { apply: plan, .. } => {
            apply(plan, &start, &ctx).map(|answer| answer.items)
        }
    };
    let items: Vec<String> = match items {
        Ok(items) => items
            .iter()
            .map(|item: &Item| match item {
                Item::Row(row) => format!("{:?}", row.key(of.model())),
                Item::Tuple(values) => format!("{values:?}"),
            })
            .collect(),
        Err(error) => return error.to_string(),
    };
    items.join("\n")
}

#[test]
fn what_one_may_not_read_shows_in_no_report() {
    let (mut dice, limits) = (Dice::new(20_261_122), Limits::default());
    let (mut refused, mut answered, mut other) = (0, 0, 0);
    while refused + answered + other < CASES {
        let scopes: Vec<&str> = SCOPES.into_iter().filter(|_| dice.once_in(2)).collect();
        let caller = Caller(scopes);
        let desks: Vec<_> = [false, true].map(|other| desk(&caller, other).snapshot()).into();
        for _ in 0..30 {
            let (text, takes) = written(&mut dice);
            let what = format!("{text} with {:?}", caller.0);
            let query = format!("$apply={}", text.replace(' ', "%20"));
            let (path, options) = parse_target("Tickets", Some(&query), &limits).unwrap();
            let checker = Checker::new(helpdesk(), &caller, limits);
            let target = checker.target(&path, Some(&options.aliases)).unwrap();
            let Target::Collection(at) = target else { panic!("{what}") };
            let applied = checker.applied(&at, &options, Place::Collection);
            let is_hidden = takes.iter().any(|scope| !caller.has(scope));
            let applied = match applied {
                Ok(applied) if !is_hidden => applied.unwrap(),
                Err(Error::UnknownProperty { name, suggestion, .. }) if is_hidden => {
                    assert_ne!(suggestion, Some(name), "{what}");
                    refused += 1;
                    continue;
                }
                // What does not fit, such as two things of one name, fits nobody.
                Err(Error::TypeMismatch { .. } | Error::InvalidOption { .. }) => {
                    other += 1;
                    continue;
                }
                told => panic!("{what}: {told:?}"),
            };
            let source = |desk: &std::sync::Arc<dyn Snapshot>| -> [String; 2] {
                let columns: &dyn Source = &**desk;
                [answer(&applied, &at, columns), answer(&applied, &at, &Plainly(columns))]
            };
            let answers: Vec<String> = desks.iter().flat_map(source).collect();
            assert!(answers.iter().all(|one| *one == answers[0]), "{what}: {answers:#?}");
            answered += 1;
        }
    }
    assert!(refused > CASES / 4 && answered > CASES / 4, "{refused} {answered} {other}");
}

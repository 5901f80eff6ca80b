//! The verbs, run on a store in memory.

mod actions;
mod audit;
mod beforehand;
mod chain;
mod comments;
mod deleted;
mod kept;
mod lists;
mod model;
mod people;
mod races;
mod replace;
mod tickets;
mod tokens;
mod users;
mod views;

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Desk, Properties, Settings, seed, users::Create as NewUser};
use crate::{
    auth::{Confirmed, Principal, Role, Scopes},
    error::Error,
    model::{
        ActionId, Key, Precondition, Prop, Row, SetId, Tags, Value, helpdesk, props::session, set,
    },
    query::resolve,
    store::{Actor, Draft, Edit, MemoryStore, commit_blocking},
    time::{Clock, Timestamp},
};

pub(super) const START: &str = "2026-11-21T22:00:00Z";

/// A helpdesk in memory whose clock stands still until it is moved.
pub(super) struct Bench {
    pub(super) desk: Desk,
    pub(super) clock: Clock,
    pub(super) caller: Principal,
}

impl Bench {
    /// A seeded workspace; whoever calls is the workspace itself.
    pub(super) fn new() -> Self {
        let bench = Self::empty();
        commit_blocking(&**bench.desk.store(), Actor::SYSTEM, seed::fill).unwrap();
        bench
    }

    /// A workspace with nothing in it.
    pub(super) fn empty() -> Self {
        let clock = Clock::fixed(START.parse().unwrap());
        let store = Arc::new(MemoryStore::new(helpdesk(), TimeZone::UTC, clock.clone()));
        let desk = Desk::new(helpdesk(), store, clock.clone(), Settings::default());
        Self { desk, clock, caller: Principal::system() }
    }

    /// Whoever calls from now on has only these scopes.
    pub(super) fn with_scopes(mut self, scopes: &str) -> Self {
        self.caller.scopes = scopes.parse::<Scopes>().unwrap();
        self
    }

    pub(super) fn at(&self, text: &str) {
        self.clock.set(text.parse::<Timestamp>().unwrap());
    }

    pub(super) fn given(set: SetId, names: &[(&str, Value)]) -> Properties {
        let structure = helpdesk().entity_type(set);
        names.iter().map(|(name, v)| (structure.property(name).unwrap(), v.clone())).collect()
    }

    pub(super) fn create(&self, set: SetId, names: &[(&str, Value)]) -> Result<Row, Error> {
        block_on(self.desk.create(&self.caller, set, Self::given(set, names)))
    }

    pub(super) fn ticket(&self, names: &[(&str, Value)]) -> Result<Row, Error> {
        self.create(set::TICKETS, names)
    }

    pub(super) fn update(&self, id: i64, names: &[(&str, Value)]) -> Result<Row, Error> {
        self.update_if(id, Precondition::default(), names)
    }

    pub(super) fn update_if(
        &self,
        id: i64,
        expected: Precondition,
        names: &[(&str, Value)],
    ) -> Result<Row, Error> {
        let at = (set::TICKETS, Key::Int(id));
        let changes = Self::given(set::TICKETS, names);
        block_on(self.desk.update(&self.caller, at, expected, changes))
    }

    pub(super) fn delete(&self, id: i64) -> Result<(), Error> {
        let at = (set::TICKETS, Key::Int(id));
        block_on(self.desk.delete(&self.caller, at, Precondition::default()))
    }

    /// Whoever calls from now on is that member of staff, with these scopes.
    pub(super) fn as_user(&mut self, id: i64, scopes: &str) {
        self.caller = Principal {
            user_id: Some(id),
            scopes: scopes.parse::<Scopes>().unwrap(),
            confirmed: Confirmed::Person(true),
            ..Principal::system()
        };
    }

    pub(super) fn change(
        &self,
        set: SetId,
        id: i64,
        names: &[(&str, Value)],
    ) -> Result<Row, Error> {
        let (at, any) = ((set, Key::Int(id)), Precondition::default());
        block_on(self.desk.update(&self.caller, at, any, Self::given(set, names)))
    }

    pub(super) fn replace(
        &self,
        set: SetId,
        id: i64,
        names: &[(&str, Value)],
    ) -> Result<Row, Error> {
        let (at, any) = ((set, Key::Int(id)), Precondition::default());
        block_on(self.desk.replace(&self.caller, at, any, Self::given(set, names)))
    }

    pub(super) fn remove(&self, set: SetId, id: i64) -> Result<(), Error> {
        block_on(self.desk.delete(&self.caller, (set, Key::Int(id)), Precondition::default()))
    }

    pub(super) fn act(
        &self,
        id: i64,
        action: ActionId,
        names: &[(&str, Value)],
    ) -> Result<Row, Error> {
        let parameters = &helpdesk().action(action).parameters;
        let at = |name: &str| parameters.iter().position(|known| known.name == name).unwrap();
        let given = names.iter().map(|(name, value)| (at(name), value.clone())).collect();
        let on = (Key::Int(id), Precondition::default());
        block_on(self.desk.act(&self.caller, action, on, given))
    }

    /// Several properties of the ticket of that id.
    pub(super) fn see(&self, id: i64, names: &[&str]) -> String {
        let row = self.desk.snapshot().row(set::TICKETS, &Key::Int(id)).unwrap();
        names.iter().map(|name| self.show(&row, name)).collect::<Vec<_>>().join(" ")
    }

    /// Every set and how many rows it has, and the last transaction: to see that nothing was done.
    pub(super) fn trace(&self) -> (u64, Vec<usize>) {
        let snapshot = self.desk.snapshot();
        let sets = helpdesk().set_ids();
        (snapshot.seq(), sets.map(|(set, _)| snapshot.rows(set).count()).collect())
    }

    /// Adds a member of staff; its id.
    pub(super) fn user(&self, name: &str, role: Role) -> i64 {
        let address = format!("{}@example.net", name.to_lowercase());
        let verb = NewUser::new(&Principal::system(), name, &address, role).unwrap();
        let row = block_on(self.desk.create_user(&Principal::system(), verb)).unwrap();
        row.key(helpdesk()).as_int().unwrap()
    }

    /// A session of that member of staff, confirmed just now; its id.
    pub(super) fn session(&self, user_id: i64) -> i64 {
        let run = move |draft: &mut dyn Draft| {
            let (now, id) = (draft.now(), draft.next_id(set::SESSIONS)?);
            let mut edit = Edit::new(helpdesk(), set::SESSIONS);
            edit.set(helpdesk(), session::ID, id);
            edit.set(helpdesk(), session::HASH, Value::Binary(id.to_be_bytes()[..].into()));
            edit.set(helpdesk(), session::USER_ID, user_id);
            for at in [session::CREATED, session::LAST_SEEN, session::CONFIRMED] {
                edit.set(helpdesk(), at, now);
            }
            draft.put(set::SESSIONS, edit).map(|_| id)
        };
        commit_blocking(&**self.desk.store(), Actor::SYSTEM, run).unwrap()
    }

    /// A property of any kind of the newest version of a row, as text.
    pub(super) fn show(&self, row: &Row, name: &str) -> String {
        let source = self.desk.snapshot();
        let row = source.row(row.set, &row.key(helpdesk())).unwrap();
        let prop: Prop = helpdesk().structure(row.type_id).property(name).unwrap();
        let ctx = resolve::Context {
            source: &*source,
            now: self.clock.now(),
            deadline: None,
            it: None,
            found: None,
        };
        plain(&resolve::value(&ctx, &row, prop).unwrap())
    }

    /// Several properties of all rows of a set, a row a line.
    pub(super) fn list(&self, set: SetId, names: &[&str]) -> Vec<String> {
        let rows: Vec<Row> = self.desk.snapshot().rows(set).collect();
        let line =
            |row: &Row| names.iter().map(|name| self.show(row, name)).collect::<Vec<_>>().join(" ");
        rows.iter().map(line).collect()
    }
}

/// A value as a test writes it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Instant(at) => at.to_string(),
        Value::List(items) => items.iter().map(plain).collect::<Vec<_>>().join("|"),
        other => format!("{other:?}"),
    }
}

pub(super) fn text(text: &str) -> Value {
    Value::text(text)
}

pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Code and message of a refusal.
#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    let error = result.unwrap_err();
    format!("{} {error}", error.code())
}

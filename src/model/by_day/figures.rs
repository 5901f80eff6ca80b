//! Counts tickets by day. What is kept grows with the tickets, not with the days: a day on which nothing
//! happened is made from the one before when it is read.

use std::{collections::HashMap, sync::Arc};

use super::props;
use crate::{
    model::{
        computed::{Computed, Entities},
        key::Key,
        schema::Prop,
        ticket::props as ticket,
        value::Value,
    },
    time::Date,
};

/// The figures of all tickets.
pub(in crate::model) fn figures(tickets: &dyn Entities) -> Arc<dyn Computed> {
    let mut found: HashMap<Ids, Vec<Happened>> = HashMap::new();
    tickets.each(&READ, &mut |ticket| {
        let [team, priority, category, dates @ ..] = ticket else { return };
        let ids = [team, priority, category].map(Value::as_int);
        let day = |at: usize| {
            let instant = dates.get(at).and_then(Value::as_instant);
            instant.map(|instant| tickets.day_of(instant).days())
        };
        let days = found.entry(ids).or_default();
        for happened in happened(day(0), day(1), day(2)).into_iter().flatten() {
            match days.last_mut() {
                Some(last) if last.day == happened.day => last.add(&happened),
                Some(_) | None => days.push(happened),
            }
        }
    });
    let mut groups: Vec<Group> =
        found.into_iter().map(|(ids, days)| Group::new(ids, days)).collect();
    groups.sort_by(|one, other| one.suffix.cmp(&other.suffix));
    let first = groups.iter().filter_map(|group| group.days.first()).map(|day| day.date).min();
    let today = tickets.today().days();
    Arc::new(ByDay { groups, first: first.unwrap_or(today), today })
}

/// What is read of a ticket: what it is counted by, and the times of its life.
const READ: [Prop; 6] = [
    ticket::TEAM_ID,
    ticket::PRIORITY_ID,
    ticket::CATEGORY_ID,
    ticket::CREATED,
    ticket::RESOLVED,
    ticket::CLOSED,
];

/// Team, priority and category.
type Ids = [Option<i64>; 3];

/// What the tickets of a group brought about on one day.
#[derive(Clone, Copy, Debug, Default)]
struct Happened {
    day: i32,
    created: u32,
    resolved: u32,
    /// How many more are open at its end than at its beginning.
    opened: i32,
}

impl Happened {
    fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.resolved += other.resolved;
        self.opened += other.opened;
    }
}

/// What one ticket brought about: when it was created, when it was resolved, and when it was done with.
fn happened(
    created: Option<i32>,
    resolved: Option<i32>,
    closed: Option<i32>,
) -> [Option<Happened>; 3] {
    let done = resolved.into_iter().chain(closed).min();
    let none = Happened::default();
    let over = |(created, done): (i32, i32)| Happened {
        // Where it was brought here from elsewhere, it may be done before it began.
        day: done.max(created),
        opened: -1,
        ..none
    };
    [
        created.map(|day| Happened { day, created: 1, opened: 1, ..none }),
        resolved.map(|day| Happened { day, resolved: 1, ..none }),
        created.zip(done).map(over),
    ]
}

/// The end of one day on which something happened.
#[derive(Clone, Copy, Debug)]
struct Day {
    date: i32,
    created: u32,
    resolved: u32,
    open: u32,
}

/// The tickets that share team, priority and category.
struct Group {
    ids: Ids,
    /// What follows the date in an id.
    suffix: String,
    /// By day; only those on which something happened.
    days: Vec<Day>,
}

impl Group {
    fn new(ids: Ids, mut happened: Vec<Happened>) -> Self {
        happened.sort_unstable_by_key(|happened| happened.day);
        let (mut days, mut open) = (Vec::<Day>::new(), 0_i32);
        for Happened { day, created, resolved, opened } in happened {
            open += opened;
            let now = Day { date: day, created, resolved, open: u32::try_from(open).unwrap_or(0) };
            match days.last_mut() {
                Some(last) if last.date == day => {
                    last.created += created;
                    last.resolved += resolved;
                    last.open = now.open;
                }
                Some(_) | None => days.push(now),
            }
        }
        days.shrink_to_fit();
        let suffix = ids.map(|id| format!(".{}", id.map_or_else(String::new, |id| id.to_string())));
        Self { ids, suffix: suffix.concat(), days }
    }

    /// What there is to tell of a day; none where all counts are 0.
    fn on(&self, day: i32) -> Option<Day> {
        let (first, last) = (self.days.first()?, self.days.last()?);
        if day < first.date || day > last.date && last.open == 0 {
            return None;
        }
        let behind = self.days.partition_point(|known| known.date <= day);
        let known = self.days.get(behind.checked_sub(1)?)?;
        let told = if known.date == day {
            *known
        } else {
            Day { date: day, created: 0, resolved: 0, open: known.open }
        };
        (told.created + told.resolved + told.open > 0).then_some(told)
    }
}

/// All groups, by what follows the date in their ids, up to today.
struct ByDay {
    groups: Vec<Group>,
    first: i32,
    today: i32,
}

impl ByDay {
    /// The entity of a group for a day, if there is something to tell.
    fn entity(&self, day: i32, at: usize) -> Option<Vec<Value>> {
        let group = self.groups.get(at)?;
        let told = group.on(day)?;
        let mut values = vec![Value::Null; props::properties().len()];
        let mut set = |prop: Prop, value: Value| values[usize::from(prop.0)] = value;
        set(props::ID, id(day, &group.suffix));
        set(props::DATE, Value::Date(Date::from_days(day)));
        for (prop, id) in
            [props::TEAM_ID, props::PRIORITY_ID, props::CATEGORY_ID].into_iter().zip(group.ids)
        {
            set(prop, id.map_or(Value::Null, Value::Int));
        }
        set(props::CREATED_COUNT, Value::Int(told.created.into()));
        set(props::RESOLVED_COUNT, Value::Int(told.resolved.into()));
        set(props::OPEN_COUNT, Value::Int(told.open.into()));
        Some(values)
    }

    /// The first day and group that are not before a key.
    fn place(&self, key: &Key) -> (i32, usize) {
        let before = |text: Value| Key::new(&[text]) < *key;
        // An id begins with its day, and a beginning sorts before what it begins.
        let (mut low, mut high) = (self.first, self.today.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if before(id(middle, "")) { low = middle + 1 } else { high = middle }
        }
        let day = low - 1;
        if day < self.first {
            return (self.first, 0);
        }
        (day, self.groups.partition_point(|group| before(id(day, &group.suffix))))
    }
}

impl Computed for ByDay {
    fn entities(&self, first: Option<&Key>) -> Box<dyn Iterator<Item = Vec<Value>> + '_> {
        let (day, group) = first.map_or((self.first, 0), |key| self.place(key));
        let of_day = move |at: i32| {
            let begin = if at == day { group } else { 0 };
            (begin..self.groups.len()).filter_map(move |group| self.entity(at, group))
        };
        Box::new((day..=self.today).flat_map(of_day))
    }
}

fn id(day: i32, suffix: &str) -> Value {
    Value::text(&format!("{}{suffix}", Date::from_days(day)))
}

#[cfg(test)]
mod tests;

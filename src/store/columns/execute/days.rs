//! A condition on the day of an instant: a day is a range of instants. Comparisons with constants are
//! found among the days, anything else is asked once for each.
//!
//! Days of the workspace's zone begin at its midnights, and anew wherever the zone changes its offset;
//! a zone may so have a day twice. Days of UTC, as `year()` and the like see them, are the same all over.

use std::{cell::RefCell, cmp::Ordering, ops::Range, rc::Rc};

use jiff::tz::TimeZone;

use super::{
    compare::{Comparison, one_of, property},
    cuts::{Cuts, Ranges},
    table::{Table, verdict},
    tree::{self, Rewrite},
    way::Leaf,
};
use crate::{
    model::{Origin, Primitive, Prop, Reads as Declared, SetId, Type, Value},
    query::{Expr, Function, compare::compare},
    time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp},
};

/// Days that are asked one by one: over fifty years of the zone's and of UTC's.
const DAYS_MAX: usize = 40_000;

/// What is known of the days of one query's instants, for all of its conditions.
#[derive(Default)]
pub(super) struct Known {
    mornings: RefCell<Vec<(Column, Mornings)>>,
    parts: RefCell<Vec<(Column, Expr, Rc<Parts>)>>,
}

/// Where days begin; nothing where these are too many.
type Mornings = Option<Rc<[i64]>>;

/// Which column it is of.
type Column = (SetId, Prop);

impl Known {
    /// Where the days begin of a column's instants; nothing where these are too many.
    fn mornings(&self, only: Prop, table: Table<'_>) -> Mornings {
        let of = (table.set, only);
        if let Some((_, known)) = self.mornings.borrow().iter().find(|(known, _)| *known == of) {
            return known.clone();
        }
        let zone = table.ctx.source.zone();
        let found = match table.column(only)?.bounds() {
            Some((least, most)) => mornings(least, most, zone).map(Rc::from),
            None => Some(Rc::from([])),
        };
        self.mornings.borrow_mut().push((of, found.clone()));
        found
    }

    /// What `part` is on each of these days, where it is the day itself, or its year, month or day.
    fn parts(&self, part: &Expr, only: Prop, table: Table<'_>) -> Option<Rc<Parts>> {
        let is_plain = match part {
            Expr::Call { args, .. } => args.len() == 1 && property(&args[0]).is_some(),
            part => property(part).is_some(),
        };
        if !is_plain {
            return None;
        }
        let of = (table.set, only);
        let is_it = |known: &&(Column, Expr, Rc<Parts>)| known.0 == of && known.1 == *part;
        if let Some((_, _, known)) = self.parts.borrow().iter().find(is_it) {
            return Some(Rc::clone(known));
        }
        let begins = self.mornings(only, table)?;
        let mut values = Vec::with_capacity(begins.len());
        each_morning(&begins, table, |begin| {
            values.push(table.value_for(part, only, instant(begin)).ok()?);
            Some(())
        })?;
        let ascends = |pair: &[Value]| compare(&pair[0], &pair[1]).is_some_and(Ordering::is_le);
        let is_ascending = values.windows(2).all(ascends);
        let parts = Rc::new(Parts { begins, values, is_ascending });
        self.parts.borrow_mut().push((of, part.clone(), Rc::clone(&parts)));
        Some(parts)
    }
}

/// What something is on each of some days.
struct Parts {
    begins: Rc<[i64]>,
    values: Vec<Value>,
    /// So that those less than a constant, equal to it and greater stand together.
    is_ascending: bool,
}

impl Parts {
    /// Where the day begins, or what is before the first.
    fn begin(&self, at: usize) -> i64 {
        if at == 0 { i64::MIN } else { self.begins[at] }
    }

    /// Of which days it is equal to `value`, from the first to behind the last.
    fn equal_to(&self, value: &Value) -> Range<usize> {
        let is_less = |known: &Value| compare(known, value).is_some_and(Ordering::is_lt);
        let is_reached = |known: &Value| compare(known, value).is_some_and(Ordering::is_le);
        self.values.partition_point(is_less)..self.values.partition_point(is_reached)
    }

    fn compared(&self, test: &Comparison<'_>) -> Cuts {
        let holds = |at: usize| {
            let holds = test.holds(self.values.get(at)?);
            Some((self.begin(at), Some(holds)))
        };
        let begins: Vec<(i64, Option<bool>)> = if self.is_ascending {
            let Range { start, end } = self.equal_to(test.right);
            [0, start, end].into_iter().filter_map(holds).collect()
        } else {
            (0..self.values.len()).filter_map(holds).collect()
        };
        let begins = if begins.is_empty() { vec![(i64::MIN, None)] } else { begins };
        Cuts::new(begins, Some(test.holds(&Value::Null)))
    }

    fn one_of(&self, items: &[&Value]) -> Option<Cuts> {
        let range = |item: &&Value| {
            let Range { start, end } = self.equal_to(item);
            let last = if end < self.values.len() { self.begins[end] - 1 } else { i64::MAX };
            (start < end).then(|| (self.begin(start), last))
        };
        let ranges = items.iter().filter_map(range).collect();
        self.is_ascending.then(|| Cuts::within(ranges, items.iter().any(|item| item.is_null())))
    }
}

/// A way for a condition that asks an instant only for its day.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let column = table.column(only)?;
    if *column.ty() != Type::Primitive(Primitive::DateTimeOffset) || !is_by_day(expr, only, table) {
        return None;
    }
    let cuts = compared(expr, only, table).or_else(|| asked(expr, only, table))?;
    let told = format!("{} in a range of days", table.name(only));
    Some(Box::new(Ranges { cuts, column, table, told }))
}

/// For comparisons with constants.
fn compared(expr: &Expr, only: Prop, table: Table<'_>) -> Option<Cuts> {
    if let Some(test) = Comparison::of(expr) {
        return Some(table.days().parts(test.left, only, table)?.compared(&test));
    }
    let (left, items) = one_of(expr)?;
    table.days().parts(left, only, table)?.one_of(&items)
}

/// For anything else: asked once for each day.
fn asked(expr: &Expr, only: Prop, table: Table<'_>) -> Option<Cuts> {
    let null = verdict(&table.value_for(expr, only, Value::Null).ok()?);
    let mut begins = vec![(i64::MIN, None)];
    let mornings = table.days().mornings(only, table)?;
    each_morning(&mornings, table, |begin| {
        begins.push((begin, verdict(&table.value_for(expr, only, instant(begin)).ok()?)));
        Some(())
    })?;
    Some(Cuts::new(begins, null))
}

/// Hands on one after the other, until there is no time left.
fn each_morning(
    mornings: &[i64],
    table: Table<'_>,
    mut take: impl FnMut(i64) -> Option<()>,
) -> Option<()> {
    for some in mornings.chunks(64) {
        table.ctx.in_time().ok()?;
        some.iter().try_for_each(|begin| take(*begin))?;
    }
    Some(())
}

fn instant(micros: i64) -> Value {
    Value::Instant(Timestamp::from_micros(micros))
}

/// Whether nothing of the instant is asked but its day, in UTC or in the workspace's zone.
pub(super) fn is_by_day(expr: &Expr, instant: Prop, table: Table<'_>) -> bool {
    struct Days<'a>(Table<'a>, Prop);
    impl Rewrite for Days<'_> {
        fn expr(&mut self, expr: &Expr) -> Option<Expr> {
            let is_day = match expr {
                Expr::Call { function, args } => {
                    let of_day = matches!(
                        function,
                        Function::Date | Function::Year | Function::Month | Function::Day
                    );
                    of_day && args.first().and_then(property) == Some(self.1)
                }
                expr => property(expr).is_some_and(|prop| {
                    let property = self.0.structure().properties.get(usize::from(prop.0));
                    let origin = property.map(|property| property.origin);
                    matches!(origin, Some(Origin::Computed(_, Declared::DayOf(of))) if of == self.1)
                }),
            };
            is_day.then_some(Expr::Literal(Value::Null))
        }
    }
    tree::rewritten(expr, &mut Days(table, instant))
        .is_some_and(|rest| super::reads::Reads::of(&rest, &table).is_nothing())
}

/// Where days begin from `least` to `most`, `least` itself first; nothing where these are too many.
fn mornings(least: i64, most: i64, zone: &TimeZone) -> Option<Vec<i64>> {
    let days = usize::try_from(most.checked_sub(least)? / MICROS_PER_DAY).ok()?;
    if days > DAYS_MAX / 2 {
        return None;
    }
    let mut all = vec![least];
    for zone in [zone, &TimeZone::UTC] {
        let mut at = least;
        while at <= most {
            let instant = jiff::Timestamp::from_microsecond(at).ok()?;
            let change = zone.following(instant).next();
            let change = change.map_or(i64::MAX, |change| change.timestamp().as_microsecond());
            let offset = i64::from(zone.to_offset(instant).seconds()) * MICROS_PER_SEC;
            let local = at.checked_add(offset)?;
            let mut next = (local.div_euclid(MICROS_PER_DAY) + 1) * MICROS_PER_DAY - offset;
            while next < change && next <= most {
                all.push(next);
                next += MICROS_PER_DAY;
            }
            at = change;
            if at <= most {
                all.push(at);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(zone: &str, least: &str, most: &str) {
        let zone = TimeZone::get(zone).unwrap();
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().micros();
        let (least, most) = (micros(least), micros(most));
        let mornings = mornings(least, most, &zone).unwrap();
        let begin_of = |at: i64| mornings[mornings.partition_point(|begin| *begin <= at) - 1];
        for at in (least..=most).step_by(13 * 60 * 1_000_000 + 1) {
            for zone in [&zone, &TimeZone::UTC] {
                let day = |at| Timestamp::from_micros(at).date_in(zone);
                assert_eq!(day(at), day(begin_of(at)), "{at}");
            }
        }
    }

    #[test]
    fn a_day_begins_wherever_the_date_changes() {
        check("UTC", "2026-01-01T00:00:00Z", "2026-01-09T12:00:00Z");
        check("Europe/Berlin", "2026-03-20T05:00:00Z", "2026-04-02T05:00:00Z");
        check("Europe/Berlin", "2026-10-20T05:00:00Z", "2026-11-02T05:00:00Z");
        // Midnight came twice, and a whole day never.
        check("America/Sao_Paulo", "2018-02-14T00:00:00Z", "2018-02-21T00:00:00Z");
        check("Pacific/Apia", "2011-12-25T00:00:00Z", "2012-01-03T00:00:00Z");
        check("America/Havana", "2026-10-28T00:00:00Z", "2026-11-05T00:00:00Z");
    }
}

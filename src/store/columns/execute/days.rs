//! A condition on the day of an instant: asked once for each day, which is a range of instants.
//!
//! Days of the workspace's zone begin at its midnights, and anew wherever the zone changes its offset;
//! a zone may so have a day twice. Days of UTC, as `year()` and the like see them, are the same all over.

use jiff::tz::TimeZone;

use super::{
    compare::property,
    cuts::{Cuts, Ranges},
    table::{Table, verdict},
    tree::{self, Rewrite},
    way::Leaf,
};
use crate::{
    model::{Origin, Primitive, Prop, Reads as Declared, Type, Value},
    query::{Expr, Function},
    store::columns::{cells::Cells, column::Column},
    time::{MICROS_PER_DAY, MICROS_PER_SEC, Timestamp},
};

/// Days that are asked one by one: over fifty years of the zone's and of UTC's.
const DAYS_MAX: usize = 40_000;

/// A way for a condition that asks an instant only for its day.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let column = table.column(only)?;
    if *column.ty() != Type::Primitive(Primitive::DateTimeOffset) || !is_by_day(expr, only, table) {
        return None;
    }
    let null = verdict(&table.value_for(expr, only, Value::Null).ok()?);
    let mut begins = vec![(i64::MIN, None)];
    if let Some((least, most)) = bounds(column) {
        for begin in mornings(least, most, table.ctx.source.zone())? {
            let at = Value::Instant(Timestamp::from_micros(begin));
            begins.push((begin, verdict(&table.value_for(expr, only, at).ok()?)));
        }
    }
    let told = format!("{} in a range of days", table.name(only));
    Some(Box::new(Ranges { cuts: Cuts::new(begins, null), column, table, told }))
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

/// Between which two all numbers of a column are.
fn bounds(column: &Column) -> Option<(i64, i64)> {
    let bounds = (0..column.chunks()).filter_map(|chunk| match column.chunk(chunk) {
        Cells::Ints(ints) => ints.bounds(),
        _ => None,
    });
    bounds.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
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

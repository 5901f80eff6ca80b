//! A row's properties wherever they come from, and the rows its navigation leads to.
//!
//! Knows the model and a [`Source`]; nothing of expressions, texts or rights.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use super::{search::Found, source::Source};
use crate::{
    error::Error,
    model::{
        Entity, Key, Model, Nav, Opened, Origin, Prop, Relation, Row, SetId, StructType, Type,
        Value,
    },
    time::Timestamp,
};

/// What every step of one evaluation shares: the rows, and one "now" for all of them.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where rows are found.
    pub source: &'a dyn Source,
    /// The answer to `now()`.
    pub now: Timestamp,
    /// When the work is given up; none where nothing else waits for its end.
    pub deadline: Option<Instant>,
    /// Within an expansion: the entity the whole request is about, for [`super::Var::IT`].
    pub it: Option<&'a Row>,
    /// What the searches of one answer found so far; none where each is run once anyway.
    pub found: Option<&'a Found>,
}

impl<'a> Context<'a> {
    /// The model of the rows.
    #[must_use]
    pub fn model(&self) -> &'a Model {
        self.source.model()
    }

    /// The row's own type, which may be derived from its set's.
    #[must_use]
    pub fn structure(&self, row: &Row) -> &'a StructType {
        self.model().structure(row.type_id)
    }

    /// Whether there is time left; loops over rows ask every so often.
    ///
    /// # Errors
    /// `Overloaded` once the deadline has passed.
    pub fn in_time(&self) -> Result<(), Error> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Error::Overloaded {
                reason: "the query took longer than 'query_deadline_secs'",
                retry_after: Duration::from_secs(10),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// A property of a row, by its index in the row's own type; null where that type has none such.
///
/// # Errors
/// `Internal` if the store cannot read a long text.
pub fn value(ctx: &Context<'_>, row: &Row, prop: Prop) -> Result<Value, Error> {
    let structure = ctx.structure(row);
    let Some(property) = structure.properties.get(usize::from(prop.0)) else {
        return Ok(Value::Null);
    };
    match property.origin {
        Origin::Stored { .. } => match (row.record.get(structure, prop), &property.ty) {
            // A record from before the property existed; a collection is empty, never null.
            (Value::Null, Type::Collection(_)) => Ok(Value::List([].into())),
            (value, _) => Ok(value),
        },
        Origin::LongText { .. } => ctx.source.long_text(row, prop),
        Origin::LookUp { navigation, property } => {
            let target = structure.navigation(navigation).and_then(|nav| one(ctx, row, nav));
            target.map_or(Ok(Value::Null), |there| named(ctx, &there, property))
        }
        Origin::Count { navigation, unless } => {
            ctx.in_time()?;
            if let Some(count) = counted(ctx, row, navigation, unless) {
                return Ok(Value::Int(count));
            }
            let mut count = 0;
            let rows = structure.navigation(navigation).map(|nav| related(ctx, row, nav));
            for there in rows.unwrap_or_default() {
                ctx.in_time()?;
                count += i64::from(!named(ctx, &there, unless)?.is_true());
            }
            Ok(Value::Int(count))
        }
        Origin::Computed(of, _) => {
            View { ctx, row, opened: None, failure: RefCell::new(None) }.value_of(of)
        }
    }
}

/// As [`value`] of a row whose record is `opened`, for who reads many of its properties.
///
/// # Errors
/// As [`value`].
pub fn value_opened(
    ctx: &Context<'_>,
    row: &Row,
    opened: &Opened<'_>,
    prop: Prop,
) -> Result<Value, Error> {
    let property = opened.structure().properties.get(usize::from(prop.0));
    match property.map(|property| (property.origin, &property.ty)) {
        Some((Origin::Stored { .. }, ty)) => match (opened.get(prop), ty) {
            (Value::Null, Type::Collection(_)) => Ok(Value::List([].into())),
            (value, _) => Ok(value),
        },
        Some((Origin::Computed(of, _), _)) => {
            View { ctx, row, opened: Some(opened), failure: RefCell::new(None) }.value_of(of)
        }
        Some((Origin::LongText { .. } | Origin::LookUp { .. } | Origin::Count { .. }, _))
        | None => value(ctx, row, prop),
    }
}

/// The rows a navigation property leads to, by key; at most one if it is to-one.
///
/// The property that holds the key, here or there, must be a stored one.
#[must_use]
pub fn related(ctx: &Context<'_>, row: &Row, nav: Nav) -> Vec<Row> {
    let structure = ctx.structure(row);
    let Some(navigation) = structure.navigations.get(usize::from(nav.0)) else { return vec![] };
    let Some(target) = ctx.model().target(navigation) else { return vec![] };
    let there = ctx.model().entity_type(target);
    match navigation.relation {
        Relation::Reference { by } => {
            let key = structure.property(by).map(|prop| row.record.get(structure, prop));
            let key = key.filter(|key| !key.is_null() && there.key.len() == 1);
            key.and_then(|key| ctx.source.row(target, &Key::new(&[key]))).into_iter().collect()
        }
        Relation::Children { by } => match (structure.key.as_slice(), there.property(by)) {
            ([own], Some(prop)) => {
                ctx.source.rows_where(target, prop, &row.record.get(structure, *own))
            }
            _ => vec![],
        },
    }
}

/// Whether a to-many navigation property of `owner` leads to `row`, which is of the set it leads to.
pub(super) fn leads_to(ctx: &Context<'_>, owner: &Row, nav: Nav, row: &Row) -> bool {
    let structure = ctx.structure(owner);
    let Some(navigation) = structure.navigations.get(usize::from(nav.0)) else { return false };
    let there = ctx.structure(row);
    match (navigation.relation, structure.key.as_slice()) {
        (Relation::Children { by }, [own]) if ctx.model().target(navigation) == Some(row.set) => {
            let by = there.property(by).map(|by| row.record.get(there, by));
            by.is_some_and(|by| !by.is_null() && by == owner.record.get(structure, *own))
        }
        (Relation::Children { .. } | Relation::Reference { .. }, _) => false,
    }
}

/// How many rows a to-many navigation property leads to, where the source can tell without reading them.
fn counted(ctx: &Context<'_>, row: &Row, navigation: &str, unless: &str) -> Option<i64> {
    let structure = ctx.structure(row);
    let navigation = structure.navigation_at(structure.navigation(navigation)?);
    let target = ctx.model().target(navigation)?;
    let there = ctx.model().entity_type(target);
    let Relation::Children { by } = navigation.relation else { return None };
    let [own] = structure.key.as_slice() else { return None };
    let (by, unless) = (there.property(by)?, there.property(unless)?);
    let is_stored = |prop| matches!(there.property_at(prop).origin, Origin::Stored { .. });
    if !is_stored(by) || !is_stored(unless) {
        return None;
    }
    let key = row.record.get(structure, *own);
    i64::try_from(ctx.source.count_where(target, by, &key, Some(unless))).ok()
}

/// The row a to-one navigation property leads to.
#[must_use]
pub fn one(ctx: &Context<'_>, row: &Row, nav: Nav) -> Option<Row> {
    related(ctx, row, nav).into_iter().next()
}

fn named(ctx: &Context<'_>, row: &Row, property: &str) -> Result<Value, Error> {
    ctx.structure(row).property(property).map_or(Ok(Value::Null), |prop| value(ctx, row, prop))
}

/// What a computed property sees. Its functions cannot fail, so a failure waits here.
struct View<'a> {
    ctx: &'a Context<'a>,
    row: &'a Row,
    opened: Option<&'a Opened<'a>>,
    failure: RefCell<Option<Error>>,
}

impl View<'_> {
    fn value_of(self, of: fn(&dyn Entity) -> Value) -> Result<Value, Error> {
        let value = of(&self);
        self.failure.into_inner().map_or(Ok(value), Err)
    }

    fn keep(&self, value: Result<Value, Error>) -> Value {
        value.unwrap_or_else(|error| {
            self.failure.replace(Some(error));
            Value::Null
        })
    }
}

impl Entity for View<'_> {
    fn value(&self, property: Prop) -> Value {
        self.keep(match self.opened {
            Some(opened) => value_opened(self.ctx, self.row, opened, property),
            None => value(self.ctx, self.row, property),
        })
    }

    fn look_up(&self, set: SetId, id: &Value, property: Prop) -> Value {
        if id.is_null() {
            return Value::Null;
        }
        let row = self.ctx.source.row(set, &Key::new(std::slice::from_ref(id)));
        row.map_or(Value::Null, |row| self.keep(value(self.ctx, &row, property)))
    }

    fn now(&self) -> Timestamp {
        self.ctx.now
    }

    fn date_of(&self, instant: Option<Timestamp>) -> Value {
        instant.map_or(Value::Null, |at| Value::Date(at.date_in(self.ctx.source.zone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Contents, Index, helpdesk, props, set},
        query::fixture::{THINGS, context, show, source},
    };

    #[track_caller]
    fn check(id: i64, property: &str, want: &str) {
        let source = source();
        let ctx = context(&source);
        let row = source.row(THINGS, &Key::Int(id)).unwrap();
        let prop = ctx.structure(&row).property(property).unwrap();
        assert_eq!(show(&value(&ctx, &row, prop)), want);
    }

    #[test]
    fn every_origin_gives_its_value_or_null() {
        check(1, "Int32", "7");
        check(1, "Tags", "['a','b']");
        check(1, "Body", "'long text'");
        check(1, "GroupName", "'first'");
        check(1, "PartCount", "2");
        check(1, "Day", "2026-06-30");
        check(1, "Shout", "'LONG TEXT FIRST'");
        check(2, "Int32", "null");
        check(2, "Body", "null");
        check(2, "GroupName", "null");
        check(2, "PartCount", "0");
        check(2, "Day", "null");
        check(3, "GroupName", "null");
        check(3, "Weight", "9");
    }

    #[test]
    fn a_property_of_a_derived_type_is_null_on_the_base() {
        let source = source();
        let ctx = context(&source);
        let (thing, big) = (Key::Int(1), Key::Int(3));
        let weight = ctx.structure(&source.row(THINGS, &big).unwrap()).property("Weight").unwrap();
        let row = source.row(THINGS, &thing).unwrap();
        assert_eq!(value(&ctx, &row, weight).unwrap(), Value::Null);
    }

    #[test]
    fn dates_follow_the_zone_of_the_workspace() {
        let zone = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
        let source = source().in_zone(zone);
        let ctx = context(&source);
        let row = source.row(THINGS, &Key::Int(1)).unwrap();
        let day = ctx.structure(&row).property("Day").unwrap();
        assert_eq!(show(&value(&ctx, &row, day)), "2026-07-01");
    }

    #[test]
    fn navigation_leads_to_the_rows_by_key() {
        let source = source();
        let ctx = context(&source);
        let ids = |id: i64, nav: &str| -> Vec<Option<i64>> {
            let row = source.row(THINGS, &Key::Int(id)).unwrap();
            let nav = ctx.structure(&row).navigation(nav).unwrap();
            related(&ctx, &row, nav).iter().map(|row| row.key(ctx.model()).as_int()).collect()
        };
        assert_eq!(ids(1, "Parts"), [Some(1), Some(2), Some(3)]);
        assert_eq!(ids(1, "Group"), [Some(1)]);
        assert_eq!((ids(2, "Group"), ids(3, "Group")), (vec![], vec![]));
        assert_eq!(ids(2, "Parts"), []);
    }

    #[test]
    fn the_helpdesk_finds_related_rows_without_looking_at_all() {
        let model = helpdesk();
        for navigation in model.structs.iter().flat_map(|structure| &structure.navigations) {
            let target = model.target(navigation).unwrap();
            let there = model.entity_type(target);
            let Relation::Children { by } = navigation.relation else { continue };
            let prop = there.property(by).unwrap();
            match model.set(target).contents {
                Contents::Stored { .. } => {
                    assert_ne!(there.property_at(prop).index(), Index::None, "{}", navigation.name);
                }
                Contents::Unfolded { .. } => assert_eq!(prop, Prop(0), "{}", navigation.name),
                Contents::Computed { .. } => panic!("{} leads to computed rows", navigation.name),
            }
        }
    }

    #[test]
    fn the_helpdesk_keeps_its_references_in_stored_properties() {
        let model = helpdesk();
        for structure in &model.structs {
            for navigation in &structure.navigations {
                let target = model.entity_type(model.target(navigation).unwrap());
                let (holder, by) = match navigation.relation {
                    Relation::Reference { by } => (structure, by),
                    Relation::Children { by } => (target, by),
                };
                let property = holder.property_at(holder.property(by).unwrap());
                assert!(property.tag().is_some(), "{}.{by}", holder.name);
            }
        }
        let ticket = model.entity_type(set::TICKETS);
        assert!(ticket.property_at(props::ticket::ID).tag().is_some());
    }
}

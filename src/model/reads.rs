//! What computed properties say they read is all they read: looked at while they do.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;

use super::{
    Entity, Model, Origin, Primitive, Prop, Reads, SetId, StructType, Type, Value, helpdesk,
};
use crate::time::{Date, Timestamp, hours};

/// An entity of anything, as its seed has it, that remembers what of it was read.
struct Watched<'a> {
    model: &'a Model,
    structure: &'a StructType,
    seed: u64,
    seen: RefCell<Vec<Prop>>,
    /// The sets of which others were looked up.
    others: RefCell<Vec<SetId>>,
    /// Whether the time was asked for.
    knows_time: Cell<bool>,
}

/// Words that computed properties tell from others.
const WORDS: [&str; 8] =
    ["User", "Customer", "System", "Closed", "Open", "svc", "agent", "tickets:read"];

/// A number that looks like any other.
fn mixed(seed: u64, salt: u64) -> u64 {
    let mixed =
        (seed ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 29)
}

fn invented(ty: &Type, seed: u64) -> Value {
    let small = i64::try_from(seed % 5).unwrap_or(0);
    if seed.is_multiple_of(7) {
        return Value::Null;
    }
    match ty {
        Type::Primitive(Primitive::Boolean) => Value::Bool(seed.is_multiple_of(2)),
        Type::Primitive(Primitive::String) => {
            Value::text(WORDS[usize::try_from(seed % 8).unwrap_or(0)])
        }
        Type::Primitive(Primitive::DateTimeOffset) => {
            let micros = i64::try_from(seed % 4_000_000_000_000_000).unwrap_or(0);
            Value::Instant(Timestamp::from_micros(micros))
        }
        Type::Primitive(primitive) if primitive.integer_range().is_some() => Value::Int(small),
        Type::Collection(item) => {
            let items = 0..u64::try_from(small).unwrap_or(0);
            Value::List(items.map(|at| invented(item, mixed(seed, at))).collect())
        }
        Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) => Value::Null,
    }
}

impl Entity for Watched<'_> {
    fn value(&self, property: Prop) -> Value {
        self.seen.borrow_mut().push(property);
        let ty = &self.structure.property_at(property).ty;
        invented(ty, mixed(self.seed, property.0.into()))
    }

    fn look_up(&self, set: SetId, id: &Value, property: Prop) -> Value {
        self.others.borrow_mut().push(set);
        // Or it would depend on more than that set.
        let origin = self.model.entity_type(set).property_at(property).origin;
        assert!(matches!(origin, Origin::Stored { .. }), "{set:?} {property:?}");
        let Value::Int(id) = id else { return Value::Null };
        let ty = &self.model.entity_type(set).property_at(property).ty;
        let salt = id.unsigned_abs() << 16 | u64::from(property.0);
        invented(ty, mixed(self.seed ^ u64::from(set.0) << 48, salt))
    }

    fn now(&self) -> Timestamp {
        self.knows_time.set(true);
        Timestamp::from_micros(1_700_000_000_000_000)
    }

    fn date_of(&self, instant: Option<Timestamp>) -> Value {
        // Half a day off, so that it is no day of UTC.
        let day = |at: Timestamp| at.micros().div_euclid(86_400_000_000) * 2 + 1;
        instant.map_or(Value::Null, |at| {
            Value::Date(Date::from_days(i32::try_from(day(at)).unwrap_or(0)))
        })
    }
}

fn check(model: &Model, seed: u64) {
    for structure in &model.structs {
        for property in &structure.properties {
            let Origin::Computed(of, reads) = property.origin else { continue };
            let entity = Watched {
                model,
                structure,
                seed,
                seen: RefCell::default(),
                others: RefCell::default(),
                knows_time: Cell::default(),
            };
            let value = of(&entity);
            let reached = entity.seen.take();
            let name = format!("{}.{}", structure.name, property.name);
            let others = entity.others.take();
            let may_look_into = |set: &SetId| match reads {
                Reads::Anything => true,
                Reads::Only(_, sets) => sets.contains(set),
                Reads::Hours(_) | Reads::DayOf(_) => false,
            };
            assert!(others.iter().all(may_look_into), "{name} {others:?}");
            assert!(matches!(reads, Reads::Anything) || !entity.knows_time.get(), "{name}");
            match reads {
                Reads::Anything => {}
                Reads::Only(known, _) => {
                    assert!(reached.iter().all(|prop| known.contains(prop)), "{name} {reached:?}");
                }
                Reads::Hours(instants) => {
                    assert!(reached.iter().all(|prop| instants.contains(prop)), "{name}");
                    let at = |prop| entity.value(prop).as_instant().map(Timestamp::micros);
                    let (from, until) = (at(instants[0]), at(instants[1]));
                    let between = from.zip(until).map(|(from, until)| until - from);
                    assert_eq!(
                        value,
                        between.map_or(Value::Null, |micros| Value::Double(hours(micros))),
                        "{name}"
                    );
                }
                Reads::DayOf(instant) => {
                    assert_eq!(reached, [instant], "{name}");
                    assert_eq!(value, entity.date_of(entity.value(instant).as_instant()), "{name}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn computed_properties_read_what_they_say(seed: u64) {
        check(helpdesk(), seed);
    }
}

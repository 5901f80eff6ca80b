//! Random data of a model: what is put and deleted in which order, and the plain rows that come of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use jiff::tz::TimeZone;

use super::{dice::Dice, plain::Plain, pool};
use crate::{
    id::Guid,
    model::{
        Index, Key, Model, Primitive, Prop, Property, Relation, Row, SetId, StructId, StructType,
        Type, Value, helpdesk,
    },
    query::{fixture, memory::MemorySource},
};

static FIXTURE: LazyLock<Model> = LazyLock::new(fixture::model);

/// One thing done to the data.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// An entity is put in place of whatever has its key.
    Put {
        /// Its set.
        set: SetId,
        /// Its own type.
        type_id: StructId,
        /// By property index; long texts among them.
        values: Vec<Value>,
    },
    /// An entity is taken away, if it is there.
    Delete {
        /// Its set.
        set: SetId,
        /// Its key.
        key: Key,
    },
}

/// What a [`Op`] makes, for a store of any kind; the version counts the puts.
pub(crate) enum Made {
    /// A record, with the numbers and texts of its long texts.
    Put {
        /// The row as it must be found again.
        row: Row,
        /// Its key.
        key: Key,
        /// Its long texts by their numbers.
        texts: Vec<(u16, Arc<str>)>,
    },
    /// The end of an entity.
    Delete {
        /// Its set.
        set: SetId,
        /// Its key.
        key: Key,
    },
}

/// Data of a model, made again from its seed.
#[derive(Clone)]
pub(crate) struct World {
    /// The model.
    pub model: &'static Model,
    /// The workspace's time zone.
    pub zone: TimeZone,
    /// Its sets, that of most questions first.
    pub sets: Vec<SetId>,
    /// What was done, oldest first.
    pub ops: Vec<Op>,
}

/// Sets of the helpdesk and how many entities each has at most.
const DESK: [(&str, usize); 10] = [
    ("Tickets", 24),
    ("Comments", 40),
    ("Customers", 5),
    ("Users", 4),
    ("Teams", 3),
    ("TeamMembers", 8),
    ("Statuses", 5),
    ("Priorities", 3),
    ("Categories", 3),
    ("TicketHistory", 12),
];
/// Those of the small model of these tests.
const SMALL: [(&str, usize); 3] = [("Things", 24), ("Groups", 4), ("Parts", 30)];

impl World {
    /// Some data: of the helpdesk or of the small model, as the seed says.
    pub(crate) fn new(seed: u64) -> Self {
        Self::times(seed, 1)
    }

    /// As [`World::new`], with so many times as many entities.
    pub(crate) fn times(seed: u64, factor: usize) -> Self {
        let mut dice = Dice::new(seed);
        let (model, sizes): (&'static Model, &[_]) =
            if dice.once_in(3) { (&FIXTURE, &SMALL) } else { (helpdesk(), &DESK) };
        let zone = *dice.pick(&["UTC", "Europe/Paris", "Pacific/Auckland"]);
        let zone = TimeZone::get(zone).unwrap();
        let ids: BTreeMap<SetId, Vec<i64>> = sizes
            .iter()
            .map(|(name, most)| (model.find_set(name).unwrap(), ids(*most * factor, &mut dice)))
            .collect();
        let sets = sizes.iter().map(|(name, _)| *name).chain(["TicketTags"]);
        let sets = sets.filter_map(|name| model.find_set(name)).collect();
        let ops = Maker { model, ids, dice }.ops();
        Self { model, zone, sets, ops }
    }

    /// What the deeds make, one after the other.
    pub(crate) fn play(&self, mut each: impl FnMut(Made)) {
        let mut source = MemorySource::new(self.model.clone());
        for op in &self.ops {
            each(match op {
                Op::Put { set, type_id, values } => {
                    let row = source.put_as(*set, *type_id, values);
                    let structure = self.model.structure(*type_id);
                    let texts = structure.props().filter(|(_, property)| property.is_long());
                    let text =
                        |(prop, property): (Prop, &Property)| match &values[usize::from(prop.0)] {
                            Value::Text(text) => Some((property.tag()?, Arc::clone(text))),
                            _ => None,
                        };
                    let texts = texts.filter_map(text).collect();
                    Made::Put { key: row.key(self.model), row, texts }
                }
                Op::Delete { set, key } => Made::Delete { set: *set, key: key.clone() },
            });
        }
    }

    /// The rows, plain.
    pub(crate) fn plain(&self) -> Plain {
        let mut rows = MemorySource::new(self.model.clone()).in_zone(self.zone.clone());
        for op in &self.ops {
            match op {
                Op::Put { set, type_id, values } => {
                    rows.put_as(*set, *type_id, values);
                }
                Op::Delete { set, key } => {
                    rows.remove(*set, key);
                }
            }
        }
        Plain::new(rows)
    }
}

/// Ids of a set: mostly from 1 on, now and then with gaps, and the greatest there is.
fn ids(most: usize, dice: &mut Dice) -> Vec<i64> {
    let count = dice.below(most + 1);
    let step = *dice.pick(&[1, 1, 1, 3]);
    let mut ids: Vec<i64> = (0..count).map(|at| 1 + step * i64::try_from(at).unwrap()).collect();
    if dice.once_in(6) {
        ids.push(crate::model::ID_MAX);
    }
    if dice.once_in(2) {
        dice.shuffle(&mut ids);
    }
    ids
}

struct Maker {
    model: &'static Model,
    ids: BTreeMap<SetId, Vec<i64>>,
    dice: Dice,
}

impl Maker {
    fn ops(&mut self) -> Vec<Op> {
        let all: Vec<(SetId, i64)> =
            self.ids.iter().flat_map(|(set, ids)| ids.iter().map(|id| (*set, *id))).collect();
        let mut ops: Vec<Op> = all.iter().map(|(set, id)| self.put(*set, *id)).collect();
        if all.is_empty() {
            return ops;
        }
        for _ in 0..self.dice.below(all.len()) {
            let (set, id) = *self.dice.pick(&all);
            let put = self.put(set, id);
            let op = if self.dice.once_in(3) { self.delete(&put) } else { put };
            ops.push(op);
        }
        ops
    }

    /// The end of what a put makes.
    fn delete(&self, put: &Op) -> Op {
        let Op::Put { set, type_id, values } = put else { return put.clone() };
        let key = self.model.structure(*type_id).key.iter();
        let key: Vec<Value> = key.map(|prop| values[usize::from(prop.0)].clone()).collect();
        Op::Delete { set: *set, key: Key::new(&key) }
    }

    fn put(&mut self, set: SetId, id: i64) -> Op {
        let declared = self.model.set(set).ty;
        let all = (0..self.model.structs.len()).map(|at| StructId(u16::try_from(at).unwrap()));
        let own: Vec<StructId> = all.filter(|own| self.model.is_a(*own, declared)).collect();
        let type_id = *self.dice.pick(&own);
        let structure = self.model.structure(type_id);
        let values = structure.props().map(|(prop, property)| {
            if structure.key.as_slice() == [prop] {
                return id.into();
            }
            self.value(structure, property, set, id)
        });
        Op::Put { set, type_id, values: values.collect() }
    }

    fn value(&mut self, of: &StructType, property: &Property, set: SetId, id: i64) -> Value {
        let is_of_key = of.key.iter().any(|key| of.property_at(*key).name == property.name);
        let is_unique = matches!(property.index(), Index::Unique | Index::UniqueIgnoringCase);
        let (model, dice) = (self.model, &mut self.dice);
        if property.tag().is_none() || (property.nullable && dice.once_in(3)) {
            return Value::Null;
        }
        if is_unique {
            return unique(&property.ty, set, id, dice);
        }
        if let Some(target) = reference(model, of, property.name) {
            let there = self.ids.get(&target).map_or(&[][..], Vec::as_slice);
            let is_nowhere = there.is_empty() || dice.once_in(12);
            return if is_nowhere { Value::Int(404) } else { (*dice.pick(there)).into() };
        }
        // A record from before a property existed does not have it.
        let is_kept = is_of_key || is_in_order(&property.ty);
        if !is_kept && !property.is_long() && dice.once_in(40) {
            return Value::Null;
        }
        pool::of_property(property, model, dice)
    }
}

/// Whether rows are kept in the order of such properties: those are there from the first record on.
fn is_in_order(ty: &Type) -> bool {
    *ty == Type::Primitive(Primitive::DateTimeOffset)
}

/// A value no other entity of the set has.
fn unique(ty: &Type, set: SetId, id: i64, dice: &mut Dice) -> Value {
    if *ty == Type::Primitive(Primitive::String) {
        let end = dice.word(&["@x.example", "@X.Example", "ß", "İ"]);
        return Value::text(&format!("{}{id}{end}", dice.word(&["a", "A", "é", ""])));
    }
    let number = (u128::from(set.0) << 64) | u128::from(id.unsigned_abs());
    Value::Guid(Guid::from_u128(number))
}

/// The set a property refers to.
fn reference(model: &Model, of: &StructType, name: &str) -> Option<SetId> {
    let refers =
        |relation: &Relation| matches!(relation, Relation::Reference { by } if *by == name);
    let navigation = of.navigations.iter().find(|navigation| refers(&navigation.relation))?;
    model.target(navigation)
}

//! What can be told of every property before anybody asks: its name as it is written, and how its value is
//! found. Made once for a model.

use std::sync::Arc;

use super::{ahead::Counted, outline::reference};
use crate::model::{
    Model, Origin, Primitive, Prop, Property, Reads, Relation, SetId, StructId, StructType, Type,
};

/// What is known of the properties of all types of a model. A copy shares everything.
#[derive(Clone, Debug)]
pub struct Drafts(Arc<[Arc<[Draft]>]>);

/// What is known of one property.
#[derive(Debug)]
pub(super) struct Draft {
    /// `,"Name":`
    pub(super) name: Box<[u8]>,
    pub(super) how: How,
    /// The sets on whose rows the value depends, besides the row itself; none where it may depend on anything.
    pub(super) reads: Option<Box<[SetId]>>,
}

/// How a value is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// In the record.
    Stored,
    /// In the record under that number, as a text.
    Text(u16),
    /// In the record under that number, as an integer; the type may have to be written as a text.
    Int { tag: u16, is_long: bool },
    /// In the record under that number, as an instant.
    Instant(u16),
    /// Entities alike in what is stored as `alike` are alike in this property; `there` is where it is stored.
    By { alike: Alike, there: Option<(SetId, Prop)> },
    /// The day of the instant stored under that number.
    DayOf(u16),
    /// The hours from the instant stored under one number to that under another.
    Hours(u16, u16),
    /// In a record of its own.
    LongText,
    /// By counting.
    Count(Counted),
    /// In any other way.
    Otherwise,
}

/// A stored property that decides others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alike {
    pub(super) prop: Prop,
    /// The number it is stored under.
    pub(super) tag: u16,
    /// Whether it is an integer; else its bytes decide.
    pub(super) is_number: bool,
}

impl Drafts {
    /// Those of `model`.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let of_type = |structure: &StructType| {
            structure.props().map(|(prop, _)| Draft::of(model, structure, prop)).collect()
        };
        Self(model.structs.iter().map(of_type).collect())
    }

    /// Those of one type, by property.
    pub(super) fn of_type(&self, id: StructId) -> Arc<[Draft]> {
        self.0.get(usize::from(id.0)).cloned().unwrap_or_default()
    }
}

impl Draft {
    fn of(model: &Model, structure: &StructType, prop: Prop) -> Self {
        // Names are identifiers: nothing to escape.
        let name = structure.property_at(prop).name;
        let name = format!(",\"{name}\":").into_bytes().into();
        let reads = reads(model, structure, prop).map(Into::into);
        Self { name, how: How::of(model, structure, prop), reads }
    }

    /// The stored property that decides this one, itself included.
    pub(super) fn alike(&self, prop: Prop) -> Option<Alike> {
        match self.how {
            How::By { alike, .. } => Some(alike),
            How::Int { tag, .. } => Some(Alike { prop, tag, is_number: true }),
            How::Stored
            | How::Text(_)
            | How::Instant(_)
            | How::DayOf(_)
            | How::Hours(..)
            | How::LongText
            | How::Count(_)
            | How::Otherwise => None,
        }
    }
}

impl How {
    fn of(model: &Model, structure: &StructType, prop: Prop) -> Self {
        let property = structure.property_at(prop);
        let decided = match property.origin {
            Origin::Stored { tag, .. } => Some(Self::stored((prop, property), tag)),
            Origin::Count { navigation, unless } => {
                Self::count(model, structure, (navigation, unless))
            }
            Origin::Computed(_, Reads::DayOf(of)) => stored_tag(structure, of).map(Self::DayOf),
            Origin::Computed(_, Reads::Hours([from, until])) => {
                let tags = stored_tag(structure, *from).zip(stored_tag(structure, *until));
                tags.map(|(from, until)| Self::Hours(from, until))
            }
            Origin::LookUp { .. } | Origin::Computed(..) => decides(structure, prop)
                .map(|alike| Self::By { alike, there: there(model, structure, prop) }),
            Origin::LongText { .. } => Some(Self::LongText),
        };
        decided.unwrap_or(Self::Otherwise)
    }

    fn stored((prop, property): (Prop, &Property), tag: u16) -> Self {
        match &property.ty {
            Type::Primitive(Primitive::String) => Self::Text(tag),
            Type::Primitive(Primitive::DateTimeOffset) => Self::Instant(tag),
            Type::Primitive(primitive) if primitive.integer_range().is_some() => {
                Self::Int { tag, is_long: *primitive == Primitive::Int64 }
            }
            // Read into parts only once for all that are alike.
            Type::Collection(_) => {
                Self::By { alike: Alike { prop, tag, is_number: false }, there: None }
            }
            Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) => Self::Stored,
        }
    }

    fn count(model: &Model, structure: &StructType, named: (&str, &str)) -> Option<Self> {
        let navigation = structure.navigation_at(structure.navigation(named.0)?);
        let set = model.target(navigation)?;
        let there = model.entity_type(set);
        let Relation::Children { by } = navigation.relation else { return None };
        let (by, unless) = (there.property(by)?, there.property(named.1)?);
        let [own] = structure.key.as_slice() else { return None };
        let is_known = stored_tag(there, by).and(stored_tag(there, unless)).is_some();
        is_known.then_some(Self::Count(Counted { set, by, own: *own, unless }))
    }
}

/// The stored property on which alone another depends, by what leads to it.
fn decides(structure: &StructType, prop: Prop) -> Option<Alike> {
    let property = structure.property_at(prop);
    match property.origin {
        Origin::Stored { tag, .. } => {
            let is_number = matches!(&property.ty,
                Type::Primitive(primitive) if primitive.integer_range().is_some());
            let decides = is_number || matches!(property.ty, Type::Collection(_));
            decides.then_some(Alike { prop, tag, is_number })
        }
        Origin::LookUp { navigation, property: _ } => {
            let by = reference(structure, structure.navigation(navigation)?)?;
            decides(structure, by).filter(|alike| alike.is_number)
        }
        Origin::Computed(_, Reads::Only([one], _)) => decides(structure, *one),
        Origin::LongText { .. } | Origin::Count { .. } | Origin::Computed(..) => None,
    }
}

/// The sets on whose rows the value of a property depends, besides the row itself; none where it may depend on
/// anything.
fn reads(model: &Model, structure: &StructType, prop: Prop) -> Option<Vec<SetId>> {
    let property = structure.property_at(prop);
    if is_complex(&property.ty) {
        // Of what is within, the caller may not know everything.
        return None;
    }
    let each = |structure: &StructType, props: &[Prop]| -> Option<Vec<SetId>> {
        let sets = props.iter().map(|prop| reads(model, structure, *prop));
        sets.collect::<Option<Vec<_>>>().map(|sets| sets.concat())
    };
    Some(match property.origin {
        Origin::Stored { .. } | Origin::LongText { .. } => Vec::new(),
        Origin::Count { navigation, unless } => {
            let (set, there, by) = led_to(model, structure, navigation)?;
            let Relation::Children { .. } = by else { return None };
            [vec![set], each(there, &[there.property(unless)?])?].concat()
        }
        Origin::LookUp { navigation, property } => {
            let (set, there, by) = led_to(model, structure, navigation)?;
            let Relation::Reference { by } = by else { return None };
            let (own, others) = (structure.property(by)?, there.property(property)?);
            [vec![set], each(structure, &[own])?, each(there, &[others])?].concat()
        }
        Origin::Computed(_, Reads::Only(read, others)) => {
            [each(structure, read)?, others.to_vec()].concat()
        }
        Origin::Computed(_, Reads::Hours(read)) => each(structure, read)?,
        Origin::Computed(_, Reads::DayOf(read)) => each(structure, &[read])?,
        Origin::Computed(_, Reads::Anything) => return None,
    })
}

fn is_complex(ty: &Type) -> bool {
    match ty {
        Type::Complex(_) => true,
        Type::Collection(item) => is_complex(item),
        Type::Primitive(_) | Type::Enum(_) => false,
    }
}

/// What a navigation property leads to: the set, its type, and how.
fn led_to<'m>(
    model: &'m Model,
    structure: &StructType,
    navigation: &str,
) -> Option<(SetId, &'m StructType, Relation)> {
    let navigation = structure.navigation_at(structure.navigation(navigation)?);
    let set = model.target(navigation)?;
    Some((set, model.entity_type(set), navigation.relation))
}

/// Where a property that is looked up is stored.
fn there(model: &Model, structure: &StructType, prop: Prop) -> Option<(SetId, Prop)> {
    let Origin::LookUp { navigation, property } = structure.property_at(prop).origin else {
        return None;
    };
    let set = model.target(structure.navigation_at(structure.navigation(navigation)?))?;
    let there = model.entity_type(set);
    let prop = there.property(property)?;
    let is_single = !matches!(there.property_at(prop).ty, Type::Collection(_));
    (there.key.len() == 1 && is_single && stored_tag(there, prop).is_some()).then_some((set, prop))
}

/// The number a property is stored under, in the record itself.
fn stored_tag(structure: &StructType, prop: Prop) -> Option<u16> {
    match structure.property_at(prop).origin {
        Origin::Stored { tag, .. } => Some(tag),
        Origin::LongText { .. }
        | Origin::LookUp { .. }
        | Origin::Count { .. }
        | Origin::Computed(..) => None,
    }
}

//! One property of the entities of one place: how its value is found, decided once for all of them.

use super::{
    Json, Level, Writer, ahead::Ahead, kept::Kept, outline::reference, push_json_text,
    value::push_value,
};
use crate::{
    error::Error,
    model::{
        Key, Model, Opened, Origin, Primitive, Prop, Reads, Relation, Row, SetId, StructType, Type,
        Value,
    },
    query::value_opened,
};

/// One property.
pub(super) struct Cell {
    prop: Prop,
    /// `"Name":`
    name: Box<[u8]>,
    how: How,
}

/// How a value is found.
enum How {
    /// In the record.
    Stored,
    /// In the record, as a text.
    Text,
    /// Entities alike in that stored integer are alike in this property; kept as it is written.
    By { by: Prop, there: Option<(SetId, Prop)>, kept: Kept },
    /// The day of a stored instant.
    DayOf(Prop),
    /// In a record of its own.
    LongText(Ahead),
    /// By counting entities of that set whose property `by` is the key `own`, without those `unless`.
    Count { set: SetId, by: Prop, own: Prop, unless: Prop },
    /// In any other way.
    Otherwise,
}

/// An entity being written.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) row: &'a Row,
    /// It, and those that come next.
    pub(super) rows: &'a [Row],
    pub(super) opened: &'a Opened<'a>,
}

impl Cell {
    pub(super) fn of(model: &Model, structure: &StructType, prop: Prop) -> Self {
        // Names are identifiers: nothing to escape.
        let name = structure.property_at(prop).name;
        let name = format!("\"{name}\":").into_bytes().into();
        Self { prop, name, how: How::of(model, structure, prop) }
    }

    pub(super) fn write(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        at: At<'_>,
    ) -> Result<(), Error> {
        let property = at.opened.structure().property_at(self.prop);
        let is_full = writer.format.level == Level::Full;
        let text = match &mut self.how {
            How::By { by, there, kept } if !is_full => {
                let key = at.opened.get(*by).as_int();
                if kept.get(key).is_none() {
                    let mut text = Vec::new();
                    let found = looked_up(writer, self.prop, at, (*by, *there))?;
                    push_value(writer, &mut text, &found, &property.ty);
                    kept.put(key, &text);
                }
                let text = kept.get(key).unwrap_or(b"null");
                if !(writer.format.omits_nulls && text == b"null") {
                    begin(json, &self.name);
                    json.bytes.extend_from_slice(text);
                }
                return Ok(());
            }
            how if is_full || writer.format.ascii => {
                let found = how.value(writer, self.prop, at)?;
                writer.member(json, property.name, &found, &property.ty);
                return Ok(());
            }
            How::Text => at.opened.text(self.prop),
            How::LongText(ahead) => ahead.next(writer, self.prop, at.rows)?,
            how => {
                let found = how.value(writer, self.prop, at)?;
                if !(writer.format.omits_nulls && found.is_null()) {
                    begin(json, &self.name);
                    push_value(writer, &mut json.bytes, &found, &property.ty);
                }
                return Ok(());
            }
        };
        match text {
            Some(text) => {
                begin(json, &self.name);
                push_json_text(&mut json.bytes, text);
            }
            None if writer.format.omits_nulls => {}
            None => {
                begin(json, &self.name);
                json.bytes.extend_from_slice(b"null");
            }
        }
        Ok(())
    }
}

fn begin(json: &mut Json, name: &[u8]) {
    json.comma();
    json.bytes.extend_from_slice(name);
}

/// The property of an entity that its property `by` leads to, which is stored `there`.
fn looked_up(
    writer: &Writer<'_>,
    prop: Prop,
    at: At<'_>,
    (by, there): (Prop, Option<(SetId, Prop)>),
) -> Result<Value, Error> {
    let Some((set, property)) = there else {
        return value_opened(&writer.ctx, at.row, at.opened, prop);
    };
    let key = at.opened.get(by);
    if key.is_null() {
        return Ok(Value::Null);
    }
    let found = writer.ctx.source.stored_value(set, &Key::new(&[key]), property);
    Ok(found.unwrap_or(Value::Null))
}

impl How {
    fn of(model: &Model, structure: &StructType, prop: Prop) -> Self {
        let property = structure.property_at(prop);
        let decided = match property.origin {
            Origin::Stored { .. } if property.ty == Type::Primitive(Primitive::String) => {
                Some(Self::Text)
            }
            Origin::Stored { .. } => Some(Self::Stored),
            Origin::Count { navigation, unless } => {
                Self::count(model, structure, (navigation, unless))
            }
            Origin::Computed(_, Reads::DayOf(of)) => {
                is_stored(structure, of).then_some(Self::DayOf(of))
            }
            Origin::LookUp { .. } | Origin::Computed(..) => decides(structure, prop).map(|by| {
                let there = there(model, structure, prop);
                Self::By { by, there, kept: Kept::default() }
            }),
            Origin::LongText { .. } => Some(Self::LongText(Ahead::default())),
        };
        decided.unwrap_or(Self::Otherwise)
    }

    fn count(model: &Model, structure: &StructType, named: (&str, &str)) -> Option<Self> {
        let navigation = structure.navigation_at(structure.navigation(named.0)?);
        let set = model.target(navigation)?;
        let there = model.entity_type(set);
        let Relation::Children { by } = navigation.relation else { return None };
        let (by, unless) = (there.property(by)?, there.property(named.1)?);
        let [own] = structure.key.as_slice() else { return None };
        let is_known = is_stored(there, by) && is_stored(there, unless);
        is_known.then_some(Self::Count { set, by, own: *own, unless })
    }

    fn value(&mut self, writer: &Writer<'_>, prop: Prop, at: At<'_>) -> Result<Value, Error> {
        let (opened, source) = (at.opened, writer.ctx.source);
        Ok(match self {
            Self::Stored | Self::Text => {
                match (opened.get(prop), &opened.structure().property_at(prop).ty) {
                    // A record from before the property existed; a collection is empty, never null.
                    (Value::Null, Type::Collection(_)) => Value::List([].into()),
                    (value, _) => value,
                }
            }
            Self::By { by, there, .. } => looked_up(writer, prop, at, (*by, *there))?,
            Self::DayOf(of) => match opened.get(*of) {
                Value::Instant(at) => Value::Date(at.date_in(source.zone())),
                _ => Value::Null,
            },
            Self::LongText(ahead) => {
                ahead.next(writer, prop, at.rows)?.map_or(Value::Null, Value::text)
            }
            Self::Count { set, by, own, unless } => {
                let count = source.count_where(*set, *by, &opened.get(*own), Some(*unless));
                Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
            }
            Self::Otherwise => value_opened(&writer.ctx, at.row, opened, prop)?,
        })
    }
}

/// The stored integer on which alone a property depends, by what leads to it.
fn decides(structure: &StructType, prop: Prop) -> Option<Prop> {
    let property = structure.property_at(prop);
    match property.origin {
        Origin::Stored { .. } => {
            let is_integer = matches!(&property.ty,
                Type::Primitive(primitive) if primitive.integer_range().is_some());
            is_integer.then_some(prop)
        }
        Origin::LookUp { navigation, property: _ } => {
            let by = reference(structure, structure.navigation(navigation)?)?;
            decides(structure, by)
        }
        Origin::Computed(_, Reads::Only([one])) => decides(structure, *one),
        Origin::LongText { .. } | Origin::Count { .. } | Origin::Computed(..) => None,
    }
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
    (there.key.len() == 1 && is_single && is_stored(there, prop)).then_some((set, prop))
}

fn is_stored(structure: &StructType, prop: Prop) -> bool {
    let origin = structure.property_at(prop).origin;
    matches!(origin, Origin::Stored { .. })
}

#[cfg(test)]
mod tests {
    use crate::{
        odata::{
            Limits,
            check::{Checker, Everything},
            context::Addresses,
            json::{Format, Level, Onward, Pieces, Text, Writer},
        },
        query::{
            Page, Shape, Source,
            fixture::{THINGS, context, source},
            value,
        },
    };

    #[track_caller]
    fn check(format: Format) {
        let mut source = source();
        for id in 10..400_i64 {
            let group = if id % 7 == 0 { None } else { Some(id % 3) };
            let body = (id % 5 > 0).then(|| "\"long\" ü ".repeat(usize::try_from(id).unwrap()));
            let named = [
                ("Id", id.into()),
                ("GroupId", group.into()),
                ("Body", body.as_deref().into()),
                ("String", format!("{id}\n").as_str().into()),
            ];
            let ty = if id % 11 == 0 { "BigThing" } else { "Thing" };
            source.put_named("Things", ty, &named).unwrap();
        }
        let ctx = context(&source);
        let checker = Checker::new(source.model(), &Everything, Limits::default());
        let addresses = Addresses { model: source.model(), root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows: 10, rows_max: 10 };
        let writer = Writer { ctx, checker: &checker, addresses, format, onward };
        let rows: Vec<_> = source.rows(THINGS).collect();
        let mut want = Vec::new();
        for row in &rows {
            let structure = ctx.structure(row);
            let members = structure.props().filter_map(|(prop, property)| {
                let found = value(&ctx, row, prop).unwrap();
                let text = writer.json_text(&found, &property.ty);
                let is_told = !(format.omits_nulls && found.is_null());
                is_told.then(|| format!("\"{}\":{text}", property.name))
            });
            want.push(format!("{{{}}}", members.collect::<Vec<_>>().join(",")));
        }
        let ty = source.model().set(THINGS).ty;
        let all = source.model().structure(ty).props().map(|(prop, _)| prop).collect();
        let shape = Shape { properties: all, ..Shape::default() };
        let page = Page { rows, count: None, next: None };
        let mut pieces = Pieces::new((THINGS, ty), shape, page, None);
        let mut told = Vec::new();
        while !pieces.is_done() {
            told.extend(pieces.next(&writer, 1000).unwrap());
        }
        let want = format!("{{\"value\":[{}]}}", want.join(","));
        assert_eq!(String::from_utf8(told).unwrap(), want);
    }

    /// How a value is found is decided once for a page; it must be what each row by itself has.
    #[test]
    fn a_page_says_of_each_property_what_the_row_has() {
        let format = Format { level: Level::None, ..Format::default() };
        check(format);
        check(Format { omits_nulls: true, ..format });
        check(Format { ascii: true, ..format });
        check(Format { ieee754: true, ..format });
    }
}

//! Properties of the entities of one place: how each value is found, decided once for all of them.

use std::hash::{DefaultHasher, Hasher};

use super::{
    Json, Level, Writer,
    ahead::Ahead,
    drafts::{Alike, Draft, How},
    kept::Kept,
    outline::Left,
    push_json_text,
    value::{in_quotes, push_int, push_value},
};
use crate::{
    error::Error,
    model::{Key, Opened, Prop, Property, Row, Value},
    query::value_opened,
    time::{Timestamp, hours},
};

/// What is written by itself.
pub(super) enum Cell {
    /// One property.
    One { prop: Prop, ahead: Ahead },
    /// Properties that follow one another and are alike where one that is stored is; kept as they are written.
    Run { alike: Alike, props: Vec<Prop>, kept: Kept },
}

/// An entity being written.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) row: &'a Row,
    /// It, and those that come next.
    pub(super) rows: Left<'a>,
    pub(super) opened: &'a Opened<'a>,
    /// What is known of its properties.
    pub(super) drafts: &'a [Draft],
}

impl Cell {
    /// The cells of these properties, in their order.
    pub(super) fn all(
        writer: &Writer<'_>,
        drafts: &[Draft],
        props: impl Iterator<Item = Prop>,
    ) -> Vec<Self> {
        let mut cells: Vec<Self> = Vec::new();
        for prop in props {
            let known = drafts.get(usize::from(prop.0));
            let alike = known.and_then(|draft| draft.alike(prop)).filter(|_| !is_special(writer));
            let Some(alike) = alike else {
                cells.push(Self::One { prop, ahead: Ahead::default() });
                continue;
            };
            match cells.last_mut() {
                Some(Self::Run { alike: known, props, .. }) if *known == alike => props.push(prop),
                Some(_) | None => {
                    cells.push(Self::Run { alike, props: vec![prop], kept: Kept::default() });
                }
            }
        }
        for cell in &mut cells {
            // An integer by itself is written sooner than it is looked for.
            if let Self::Run { alike, props, .. } = cell
                && alike.is_number
                && let [prop] = props.as_slice()
                && *prop == alike.prop
            {
                *cell = Self::One { prop: *prop, ahead: Ahead::default() };
            }
        }
        cells
    }

    pub(super) fn write(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        at: At<'_>,
    ) -> Result<(), Error> {
        match self {
            Self::One { prop, ahead } => one(json, writer, at, (*prop, ahead)),
            Self::Run { alike, props, kept } => run(json, writer, at, (*alike, props, kept)),
        }
    }
}

/// Whether values are written one by one, because more is told of them or every character is looked at.
fn is_special(writer: &Writer<'_>) -> bool {
    writer.format.level == Level::Full || writer.format.ascii
}

fn one(
    json: &mut Json,
    writer: &Writer<'_>,
    at: At<'_>,
    (prop, ahead): (Prop, &mut Ahead),
) -> Result<(), Error> {
    let draft = at.draft(prop);
    if is_special(writer) {
        let (found, property) = (found(writer, at, (prop, ahead))?, at.property(prop));
        writer.member(json, property.name, &found, &property.ty);
        return Ok(());
    }
    let name = (&*draft.name, writer.format.omits_nulls);
    match draft.how {
        How::Text(tag) => {
            let text = at.opened.part(tag).and_then(|part| std::str::from_utf8(part).ok());
            member(json, name, text, push_json_text);
        }
        How::LongText => member(json, name, ahead.next(writer, prop, at.rows)?, push_json_text),
        How::Int { tag, is_long } if !(is_long && writer.format.ieee754) => {
            member(json, name, at.opened.number(tag), push_int);
        }
        How::Instant(tag) => {
            let instant = at.opened.number(tag).map(Timestamp::from_micros);
            member(json, name, instant, |bytes, instant| {
                in_quotes(bytes, |bytes| instant.push_to(bytes));
            });
        }
        How::Hours(from, until) => {
            member(json, name, at.between(from, until), |bytes, found| {
                push_value(writer, bytes, &found, &at.property(prop).ty);
            });
        }
        How::DayOf(tag) => {
            let instant = at.opened.number(tag).map(Timestamp::from_micros);
            let day = instant.map(|instant| instant.date_in(writer.ctx.source.zone()));
            member(json, name, day, |bytes, day| in_quotes(bytes, |bytes| day.push_to(bytes)));
        }
        How::Stored | How::Int { .. } | How::By { .. } | How::Count(_) | How::Otherwise => {
            let found = found(writer, at, (prop, ahead))?;
            let found = (!found.is_null()).then_some(found);
            let ty = &at.property(prop).ty;
            member(json, name, found, |bytes, found| push_value(writer, bytes, &found, ty));
        }
    }
    Ok(())
}

/// A property with its value, null without one, or nothing where nulls are left out.
fn member<T>(
    json: &mut Json,
    (name, omits_nulls): (&[u8], bool),
    value: Option<T>,
    push: impl FnOnce(&mut Vec<u8>, T),
) {
    match value {
        Some(value) => {
            json.part(name);
            push(&mut json.bytes, value);
        }
        None if omits_nulls => {}
        None => {
            json.part(name);
            json.bytes.extend_from_slice(b"null");
        }
    }
}

/// Properties that are alike where `alike` is.
fn run(
    json: &mut Json,
    writer: &Writer<'_>,
    at: At<'_>,
    (alike, props, kept): (Alike, &[Prop], &mut Kept),
) -> Result<(), Error> {
    let payload = if alike.is_number { None } else { at.opened.part(alike.tag) };
    let number = match payload {
        None => at.opened.number(alike.tag).filter(|_| alike.is_number),
        Some(payload) => Some(digest(payload)),
    };
    // In front of what is kept by a digest stands what it is the digest of.
    if let Some(text) = kept.get(number).and_then(|kept| behind(kept, payload)) {
        json.part(text);
        return Ok(());
    }
    let from = json.bytes.len();
    for prop in props {
        let found = found(writer, at, (*prop, &mut Ahead::default()))?;
        if !(writer.format.omits_nulls && found.is_null()) {
            json.part(&at.draft(*prop).name);
            push_value(writer, &mut json.bytes, &found, &at.property(*prop).ty);
        }
    }
    let written = json.bytes.get(from..).unwrap_or_default();
    // What stands first in its entity lost the comma, which others need.
    let comma: &[u8] = if written.first() == Some(&b'"') { b"," } else { b"" };
    match payload {
        None => kept.put(number, &[comma, written]),
        Some(head) if head.len() <= HEAD_MAX => {
            kept.put(number, &[&length(head).to_le_bytes(), head, comma, written]);
        }
        Some(_) => {}
    }
    Ok(())
}

/// Longest collection, bytes as stored, whose text is kept.
const HEAD_MAX: usize = 256;

fn length(head: &[u8]) -> u32 {
    u32::try_from(head.len()).unwrap_or(u32::MAX)
}

/// What stands behind `head` and its length, if they are in front; all of it without a head.
fn behind<'a>(kept: &'a [u8], head: Option<&[u8]>) -> Option<&'a [u8]> {
    let Some(head) = head else { return Some(kept) };
    let (found, rest) = kept.split_first_chunk()?;
    if u32::from_le_bytes(*found) == length(head) { rest.strip_prefix(head) } else { None }
}

fn digest(payload: &[u8]) -> i64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(payload);
    hasher.finish().cast_signed()
}

/// The value of a property of an entity.
fn found(
    writer: &Writer<'_>,
    at: At<'_>,
    (prop, ahead): (Prop, &mut Ahead),
) -> Result<Value, Error> {
    let (opened, source) = (at.opened, writer.ctx.source);
    Ok(match at.draft(prop).how {
        How::By { alike, there: Some((set, property)) } => {
            let key = opened.get(alike.prop);
            if key.is_null() {
                Value::Null
            } else {
                let found = source.stored_value(set, &Key::new(&[key]), property);
                found.unwrap_or(Value::Null)
            }
        }
        How::DayOf(tag) => match opened.number(tag).map(Timestamp::from_micros) {
            Some(at) => Value::Date(at.date_in(source.zone())),
            None => Value::Null,
        },
        How::Hours(from, until) => at.between(from, until).unwrap_or(Value::Null),
        How::LongText => ahead.next(writer, prop, at.rows)?.map_or(Value::Null, Value::text),
        How::Count(of) => {
            let count = ahead.count(writer, of, at.rows);
            Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
        }
        How::Stored
        | How::Text(_)
        | How::Int { .. }
        | How::Instant(_)
        | How::By { there: None, .. }
        | How::Otherwise => value_opened(&writer.ctx, at.row, opened, prop)?,
    })
}

impl<'a> At<'a> {
    fn draft(&self, prop: Prop) -> &'a Draft {
        &self.drafts[usize::from(prop.0)]
    }

    /// The hours from one instant to another, both by their numbers.
    fn between(&self, from: u16, until: u16) -> Option<Value> {
        let micros = self.opened.number(until)? - self.opened.number(from)?;
        Some(Value::Double(hours(micros)))
    }

    fn property(&self, prop: Prop) -> &'a Property {
        self.opened.structure().property_at(prop)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        model::{Prop, Row},
        odata::{
            Limits,
            check::{Checker, Everything},
            context::Addresses,
            json::{Format, Level, Onward, Pieces, Text, Tools, Writer},
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
        let tools = &Tools::of(source.model(), 1 << 20);
        let writer = Writer { ctx, checker: &checker, addresses, format, onward, tools };
        let rows: Vec<_> = source.rows(THINGS).collect();
        let ty = source.model().set(THINGS).ty;
        let all: Vec<Prop> = source.model().structure(ty).props().map(|(prop, _)| prop).collect();
        agree(&writer, &rows, &all);
        // Whatever stands first in an entity, and beside what.
        let some: Vec<Row> = rows.into_iter().step_by(9).collect();
        for first in 1..all.len() {
            agree(&writer, &some, &all[first..]);
            agree(&writer, &some, &all[first..=first]);
        }
    }

    /// What is written of these properties is what each row has by itself.
    #[track_caller]
    fn agree(writer: &Writer<'_>, rows: &[Row], props: &[Prop]) {
        let (ctx, format) = (writer.ctx, writer.format);
        let ty = ctx.model().set(THINGS).ty;
        let own = ctx.model().structure(ty).properties.len();
        let is_selected = props.len() < own;
        let is_meant =
            |prop: Prop| props.contains(&prop) || (!is_selected && usize::from(prop.0) >= own);
        let mut want = Vec::new();
        for row in rows {
            let structure = ctx.structure(row);
            let meant = structure.props().filter(|(prop, _)| is_meant(*prop));
            let members = meant.filter_map(|(prop, property)| {
                let found = value(&ctx, row, prop).unwrap();
                let text = writer.json_text(&found, &property.ty);
                let is_told = !(format.omits_nulls && found.is_null());
                is_told.then(|| format!("\"{}\":{text}", property.name))
            });
            want.push(format!("{{{}}}", members.collect::<Vec<_>>().join(",")));
        }
        let shape = Shape { properties: props.to_vec(), is_selected, ..Shape::default() };
        let page = Page { rows: rows.to_vec(), count: None, next: None };
        let mut pieces = Pieces::new((THINGS, ty), shape, page, None);
        let mut told = Vec::new();
        while !pieces.is_done() {
            told.extend(pieces.next(writer, 1000).unwrap());
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

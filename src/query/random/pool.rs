//! Random values of a type: few of each, so that they meet, and the awkward ones among them.

use std::sync::Arc;

use super::dice::Dice;
use crate::{
    id::Guid,
    model::{Complex, Model, Primitive, Property, StructId, Type, Value},
    time::{Date, MICROS_PER_DAY, TimeOfDay, Timestamp},
};

/// Letters whose case or form is awkward, texts that are alike up to a point, and plain ones.
const TEXTS: [&str; 34] = [
    "",
    "a",
    "A",
    "b",
    "ab",
    "aB",
    "AB",
    "ä",
    "Ä",
    "a\u{308}",
    "ß",
    "ẞ",
    "ss",
    "SS",
    "Straße",
    "STRASSE",
    "İ",
    "i\u{307}",
    "ı",
    "I",
    "i",
    "ſ",
    "s",
    "Σ",
    "σ",
    "ς",
    "é",
    "e\u{301}",
    "😀",
    "\u{0}a",
    " a ",
    "it's 100 %",
    "Printer jam",
    "printer",
];
const DECIMALS: [&str; 9] = ["0", "-0.0", "1", "1.0", "1.50", "-2.25", "0.1", "12.5", "100"];
const DOUBLES: [f64; 9] =
    [0.0, -0.0, 0.5, 1.0, -1.5, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
const DURATIONS: [i64; 7] = [0, 1, -1_000_000, 90_000_000, 3_600_000_000, MICROS_PER_DAY, i64::MAX];
/// 2026-02-27T23:30:00Z: another day in some zones, and the end of a month is near.
const BEGIN: i64 = 1_772_235_000 * 1_000_000;

/// A value such as the data hold for this property; never null.
pub(super) fn of_property(property: &Property, model: &Model, dice: &mut Dice) -> Value {
    let words: &[&'static str] = match property.name {
        "Kind" | "StatusKind" => &["New", "Open", "Pending", "Resolved", "Closed"],
        "AuthorKind" | "ChangedByKind" => &["User", "Customer", "System"],
        "Status" | "Priority" | "Category" | "Name" => &["Open", "open", "High", "Ärger", "Σς", ""],
        _ => &[],
    };
    if words.is_empty() || dice.once_in(8) {
        return of_type(&property.ty, model, dice);
    }
    Value::text(dice.word(words))
}

/// A value of a type; never null itself, but items of a collection may be.
pub(super) fn of_type(ty: &Type, model: &Model, dice: &mut Dice) -> Value {
    match ty {
        Type::Primitive(primitive) => of_primitive(*primitive, dice),
        Type::Enum(id) => {
            let members = &model.enums[usize::from(id.0)].members;
            let (one, other) = (dice.pick(members).1, dice.pick(members).1);
            let is_both = model.enums[usize::from(id.0)].is_flags && dice.once_in(2);
            Value::Enum(if is_both { one | other } else { one })
        }
        Type::Complex(id) => complex(*id, model, dice),
        Type::Collection(item) => {
            let may_be_null = **item == Type::Primitive(Primitive::Int64);
            let mut items: Vec<Value> = Vec::new();
            for _ in 0..dice.below(4) {
                let is_null = may_be_null && dice.once_in(6);
                let value = if is_null { Value::Null } else { of_type(item, model, dice) };
                // Tags stand once each.
                if !items.contains(&value) {
                    items.push(value);
                }
            }
            Value::List(items.into())
        }
    }
}

/// An instance of the type or of one derived from it.
fn complex(id: StructId, model: &Model, dice: &mut Dice) -> Value {
    let all = (0..model.structs.len()).map(|at| StructId(u16::try_from(at).unwrap()));
    let own: Vec<StructId> = all.filter(|own| model.is_a(*own, id)).collect();
    let type_id = *dice.pick(&own);
    let properties = &model.structure(type_id).properties;
    let values = properties.iter().map(|property| of_type(&property.ty, model, dice)).collect();
    Value::Complex(Arc::new(Complex { type_id, values }))
}

fn of_primitive(primitive: Primitive, dice: &mut Dice) -> Value {
    if let Some((least, greatest)) = primitive.integer_range() {
        let number = match dice.below(24) {
            0 => *dice.pick(&[least, greatest, 0, 1 << 53]),
            1 => dice.between(-300, 70_000),
            _ => dice.between(-2, 6),
        };
        return Value::Int(number.clamp(least, greatest));
    }
    match primitive {
        Primitive::Boolean => Value::Bool(dice.once_in(2)),
        Primitive::Decimal => Value::Decimal(dice.pick(&DECIMALS).parse().unwrap()),
        Primitive::Double | Primitive::Single => Value::Double(*dice.pick(&DOUBLES)),
        Primitive::Binary => {
            Value::Binary(vec![dice.below(3).try_into().unwrap(); dice.below(12)].into())
        }
        Primitive::Guid => Value::Guid(Guid::from_u128(dice.below(9) as u128)),
        Primitive::Date => {
            Value::Date(Date::from_days(20_511 + i32::try_from(dice.below(4)).unwrap()))
        }
        Primitive::DateTimeOffset => Value::Instant(instant(dice)),
        Primitive::TimeOfDay => Value::TimeOfDay(TimeOfDay::from_micros(instant(dice).micros())),
        Primitive::Duration => Value::Duration(*dice.pick(&DURATIONS)),
        Primitive::String => text(dice),
        Primitive::Byte
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64
        | Primitive::SByte => Value::Null,
    }
}

fn instant(dice: &mut Dice) -> Timestamp {
    let micros = match dice.below(40) {
        0 => *dice.pick(&[Timestamp::MIN.micros(), Timestamp::MAX.micros(), 0, -1]),
        1..=4 => BEGIN + dice.between(-5, 5),
        5..=9 => BEGIN + dice.between(0, 90) * MICROS_PER_DAY + dice.between(0, MICROS_PER_DAY),
        _ => BEGIN + dice.between(0, 5) * (MICROS_PER_DAY / 4),
    };
    Timestamp::from_micros(micros)
}

fn text(dice: &mut Dice) -> Value {
    if dice.once_in(12) {
        // About the 256 bytes that count when rows are sorted; one letter may lie across the end.
        let end = *dice.pick(&["", "a", "b", "é", "éa", "😀"]);
        return Value::text(&("x".repeat(252 + dice.below(5)) + end));
    }
    let (one, other) = (dice.word(&TEXTS), dice.word(&TEXTS));
    match dice.below(6) {
        0 => Value::text(&format!("{one}{other}")),
        // Where there are many rows, many texts of their own.
        1 | 2 => Value::text(&format!("{one}{}{other}", dice.below(100_000))),
        _ => Value::text(one),
    }
}

/// A piece of such a text, mostly a short one.
pub(super) fn piece(dice: &mut Dice) -> Value {
    let whole = text(dice);
    let chars: Vec<char> = whole.as_text().unwrap_or_default().chars().collect();
    let (from, length) = (dice.below(chars.len()), 1 + dice.below(3));
    let piece: String = chars.iter().skip(from).take(length).collect();
    Value::text(&if dice.once_in(2) { piece.to_lowercase() } else { piece })
}

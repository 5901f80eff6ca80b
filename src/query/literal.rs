//! Values as texts, for `cast` to and from `Edm.String`: the form they have in payloads.
//!
//! Source: OData 4.01 ABNF, section 7 (values within payloads).

use std::fmt::Write;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE},
};
use rust_decimal::Decimal;

use crate::{
    id::Guid,
    model::{EnumType, Primitive, Value},
    time::MICROS_PER_SEC,
};

/// Reads base64url with or without padding.
const EITHER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text of a primitive or enumeration value; `None` for null, complex values and collections.
///
/// `enumeration` names the members of an enumeration value; without it the number is the text.
#[must_use]
pub fn to_text(value: &Value, enumeration: Option<&EnumType>) -> Option<String> {
    Some(match value {
        Value::Null | Value::Complex(_) | Value::List(_) => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Double(number) => double_text(*number),
        Value::Text(text) => text.to_string(),
        Value::Guid(guid) => guid.hyphenated().to_string(),
        Value::Instant(at) => at.to_string(),
        Value::Date(date) => date.to_string(),
        Value::TimeOfDay(time) => time.to_string(),
        Value::Duration(micros) => duration_text(*micros),
        Value::Binary(bytes) => URL_SAFE.encode(bytes),
        Value::Enum(number) => enumeration
            .and_then(|enumeration| enum_text(*number, enumeration))
            .unwrap_or_else(|| number.to_string()),
    })
}

/// The value of a primitive type that `text` stands for; `None` where it stands for none.
#[must_use]
pub fn from_text(text: &str, ty: Primitive) -> Option<Value> {
    match ty {
        Primitive::String => Some(Value::text(text)),
        Primitive::Boolean => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Primitive::Byte
        | Primitive::SByte
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64 => {
            let (least, greatest) = ty.integer_range()?;
            let number: i64 = text.parse().ok()?;
            (least..=greatest).contains(&number).then_some(Value::Int(number))
        }
        Primitive::Decimal => decimal(text).map(Value::Decimal),
        Primitive::Double => double(text).map(Value::Double),
        Primitive::Single => double(text).and_then(single).map(Value::Double),
        Primitive::Guid => (text.len() == 36).then(|| text.parse::<Guid>().ok())?.map(Value::Guid),
        // A date and time without an offset is in UTC.
        Primitive::DateTimeOffset => {
            text.parse().or_else(|_| format!("{text}Z").parse()).ok().map(Value::Instant)
        }
        Primitive::Date => text.parse().ok().map(Value::Date),
        Primitive::TimeOfDay => text.parse().ok().map(Value::TimeOfDay),
        Primitive::Duration => duration(text).map(Value::Duration),
        Primitive::Binary => EITHER.decode(text).ok().map(|bytes| Value::Binary(bytes.into())),
    }
}

/// The number of one or several comma-separated members or numbers, as the type allows.
#[must_use]
pub fn enum_number(text: &str, enumeration: &EnumType) -> Option<i64> {
    let mut parts = text.split(',').map(|part| {
        let part = part.trim();
        let member = enumeration.members.iter().find(|(name, _)| *name == part);
        member.map(|(_, number)| *number).or_else(|| part.parse().ok())
    });
    let number = parts.try_fold(0, |all, part| Some(all | part?))?;
    let is_several = text.contains(',');
    let is_fit = if is_several { enumeration.is_flags } else { has_number(number, enumeration) };
    is_fit.then_some(number)
}

/// Whether a number is one of the type: any for flags, else that of a member.
#[must_use]
pub fn has_number(number: i64, enumeration: &EnumType) -> bool {
    enumeration.is_flags || enumeration.members.iter().any(|(_, member)| *member == number)
}

/// The member of that number; of flags all members that make it up, comma-separated.
fn enum_text(number: i64, enumeration: &EnumType) -> Option<String> {
    let members = &enumeration.members;
    if let Some((name, _)) = members.iter().find(|(_, member)| *member == number) {
        return Some((*name).to_owned());
    }
    let is_part = |member: i64| member != 0 && number & member == member;
    let parts: Vec<_> = members.iter().filter(|(_, member)| is_part(*member)).collect();
    let covered = parts.iter().fold(0, |all, (_, member)| all | member);
    let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
    (enumeration.is_flags && covered == number).then(|| names.join(","))
}

fn double_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 { "INF".into() } else { "-INF".into() }
    } else {
        format!("{number:?}")
    }
}

fn double(text: &str) -> Option<f64> {
    match text {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// The nearest value of single precision; `None` where that type does not reach so far.
#[must_use]
pub fn single(number: f64) -> Option<f64> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is meant")]
    let nearest = f64::from(number as f32);
    (nearest.is_infinite() <= number.is_infinite()).then_some(nearest)
}

/// Digits with a point or an exponent.
#[must_use]
pub fn decimal(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// A duration as XML Schema writes it: `P1DT2H3M4.5S`, `-PT0.000001S`, `PT0S`.
#[must_use]
pub fn duration_text(micros: i64) -> String {
    let size = micros.unsigned_abs();
    let per_sec = MICROS_PER_SEC.unsigned_abs();
    let (secs, fraction) = (size / per_sec, size % per_sec);
    let mut days = String::new();
    let mut clock = String::new();
    // Writing to a String cannot fail.
    let part = |text: &mut String, number: u64, unit: char| {
        let _ = if number > 0 { write!(text, "{number}{unit}") } else { Ok(()) };
    };
    part(&mut days, secs / 86_400, 'D');
    part(&mut clock, secs / 3600 % 24, 'H');
    part(&mut clock, secs / 60 % 60, 'M');
    if fraction > 0 {
        let digits = format!("{fraction:06}");
        let _ = write!(clock, "{}.{}S", secs % 60, digits.trim_end_matches('0'));
    } else {
        part(&mut clock, secs % 60, 'S');
    }
    if size == 0 {
        clock.push_str("0S");
    }
    let (sign, mark) = (if micros < 0 { "-" } else { "" }, if clock.is_empty() { "" } else { "T" });
    format!("{sign}P{days}{mark}{clock}")
}

/// Reads a duration such as `-P1DT2H3M4.5S` into microseconds; digits beyond the sixth are cut.
#[must_use]
pub fn duration(text: &str) -> Option<i64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (days, clock) = rest.split_once('T').map_or((rest, None), |(d, c)| (d, Some(c)));
    let mut total: i128 = 0;
    let mut is_empty = true;
    let mut take = |text: &mut &str, unit: char, secs: i128| -> Option<()> {
        if let Some((number, rest)) = text.split_once(unit) {
            total += micros(number, unit == 'S')? * secs;
            *text = rest;
            is_empty = false;
        }
        Some(())
    };
    let mut days = days;
    take(&mut days, 'D', 86_400)?;
    let mut clock_rest = clock.unwrap_or_default();
    for (unit, secs) in [('H', 3600), ('M', 60), ('S', 1)] {
        take(&mut clock_rest, unit, secs)?;
    }
    let is_whole = days.is_empty() && clock_rest.is_empty() && clock != Some("") && !is_empty;
    i64::try_from(sign * total).ok().filter(|_| is_whole)
}

/// Seconds in microseconds; only they may have a fraction.
fn micros(number: &str, may_have_fraction: bool) -> Option<i128> {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if may_have_fraction && !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (number, "0"),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || whole.len() > 15 {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(whole.parse::<i128>().ok()? * i128::from(MICROS_PER_SEC) + six.parse::<i128>().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(micros: i64, want: &str) {
        assert_eq!(duration_text(micros), want);
        assert_eq!(duration(want), Some(micros));
    }

    #[test]
    fn durations_are_written_as_short_as_they_can_be() {
        check(0, "PT0S");
        check(1, "PT0.000001S");
        check(-1_500_000, "-PT1.5S");
        check(60_000_000, "PT1M");
        check(86_400_000_000, "P1D");
        check(93_784_500_000, "P1DT2H3M4.5S");
        check(11 * 86_400_000_000 + 1_000_000, "P11DT1S");
        check(i64::MAX, "P106751991DT4H54.775807S");
        check(i64::MIN, "-P106751991DT4H54.775808S");
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in [
            "",
            "P",
            "PT",
            "P1DT",
            "1D",
            "P1H",
            "PT1D",
            "PT1",
            "P1.5D",
            "PT1.S",
            "PT.5S",
            "P-1D",
            "PT1S1M",
            "P1Y",
            "P106751992D",
            "PT99999999999999999S",
            "pt1s",
        ] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn members_are_named_and_numbered() {
        let members = vec![("None", 0), ("Red", 1), ("Green", 2), ("Blue", 4)];
        let flags = EnumType { name: "Colours", is_flags: true, members };
        let single = EnumType { is_flags: false, ..flags.clone() };
        let text = |number| to_text(&Value::Enum(number), Some(&flags));
        assert_eq!(text(5).as_deref(), Some("Red,Blue"));
        assert_eq!(text(0).as_deref(), Some("None"));
        assert_eq!(text(9).as_deref(), Some("9"));
        assert_eq!(enum_number("Red, Blue", &flags), Some(5));
        assert_eq!(enum_number("8", &flags), Some(8));
        assert_eq!(enum_number("Red,Blue", &single), None);
        assert_eq!(enum_number("Blue", &single), Some(4));
        assert_eq!(enum_number("8", &single), None);
        assert_eq!(enum_number("red", &single), None);
    }

    proptest! {
        #[test]
        fn durations_come_back(micros: i64) {
            prop_assert_eq!(duration(&duration_text(micros)), Some(micros));
        }

        #[test]
        fn no_text_makes_reading_panic(text in "[-P0-9DTHMS.eINFa+:Z]{0,24}") {
            for kind in Primitive::ALL {
                let _ = from_text(&text, kind);
            }
        }

        #[test]
        fn doubles_and_binaries_come_back(number: f64, bytes: Vec<u8>) {
            for (value, kind) in [
                (Value::Double(number), Primitive::Double),
                (Value::Binary(bytes.into()), Primitive::Binary),
            ] {
                let text = to_text(&value, None).unwrap();
                let back = from_text(&text, kind);
                prop_assert!(number.is_nan() || back == Some(value));
            }
        }
    }
}

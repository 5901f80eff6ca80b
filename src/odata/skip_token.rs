//! `$skiptoken`: where the next page continues, opaque to clients, signed, and good for one query only.
//!
//! Base64url of a signature and a JSON array of texts: how many entities are still wanted (empty: all), then a letter
//! and a text for each value of [`crate::query::Plan::after`]. It grants nothing, so it never expires.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{options::SystemOption, url::decode};
use crate::{
    error::Error,
    hash::{Digest, sign},
    id::Guid,
    model::Value,
    time::{Date, TimeOfDay, Timestamp},
};

/// A place in an ordered collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    /// Behind which row: values of the order, then of the key.
    pub after: Vec<Value>,
    /// How many entities are still wanted, over all further pages.
    pub top: Option<u64>,
}

/// Bytes of a signature: nobody guesses 128 bits, and the text goes into an address.
const SIGNATURE: usize = 16;

/// What positions are good for: one query of one workspace.
#[derive(Clone, Copy)]
pub struct Seal<'a> {
    /// The workspace's key.
    pub key: &'a Digest,
    /// The path as it came, without scheme and host.
    pub path: &'a str,
    /// The query as it came, with or without a position in it.
    pub query: Option<&'a str>,
}

impl Seal<'_> {
    /// The text for a position.
    #[must_use]
    pub fn encode(&self, position: &Position) -> String {
        let mut parts = vec![position.top.map_or_else(String::new, |top| top.to_string())];
        parts.extend(position.after.iter().map(part));
        let place = serde_json::json!(parts).to_string();
        let mut bytes = self.signature(place.as_bytes()).to_vec();
        bytes.extend(place.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a text that [`Seal::encode`] made for the same query.
    ///
    /// # Errors
    /// `InvalidOption` for any other text.
    pub fn decode(&self, token: &str) -> Result<Position, Error> {
        self.read(token).ok_or_else(|| Error::InvalidOption {
            option: "$skiptoken".to_owned(),
            reason: "it is not one of ours; follow '@odata.nextLink' as it is".to_owned(),
        })
    }

    /// Whether the query has a position of ours in it, which is for this query.
    #[must_use]
    pub fn is_continued(&self) -> bool {
        let mut tokens = self.options().filter(|(name, _)| is_skip_token(name));
        match (tokens.next(), tokens.next()) {
            (Some((_, token)), None) => self.read(&token).is_some(),
            (None | Some(_), _) => false,
        }
    }

    fn read(&self, token: &str) -> Option<Position> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signature, place) = bytes.split_at_checked(SIGNATURE)?;
        let ours = self.signature(place);
        // All of it is looked at, so that the time tells nothing.
        let differ = ours.iter().zip(signature).fold(0, |differ, (a, b)| differ | (a ^ b));
        if differ != 0 {
            return None;
        }
        let parts: Vec<String> = serde_json::from_slice(place).ok()?;
        let (top, values) = parts.split_first()?;
        let top = if top.is_empty() { None } else { Some(top.parse().ok()?) };
        let after = values.iter().map(|part| value(part)).collect::<Option<_>>()?;
        Some(Position { after, top })
    }

    fn signature(&self, place: &[u8]) -> [u8; SIGNATURE] {
        let mut options: Vec<(String, String)> =
            self.options().filter(|(name, _)| tells_rows(name)).collect();
        options.sort_unstable();
        let (path, mut signed) = (decoded(self.path), Vec::new());
        let names = options.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        for part in [path.as_bytes()].into_iter().chain(names).chain([place]) {
            signed.extend((part.len() as u64).to_le_bytes());
            signed.extend(part);
        }
        // A key of its own, for the workspace signs other things too.
        let all = sign(&sign(self.key, b"$skiptoken"), &signed);
        std::array::from_fn(|at| all[at])
    }

    /// Names (in lower case, without `$`) and values of the query, however they were encoded.
    fn options(&self) -> impl Iterator<Item = (String, String)> {
        let pieces = self.query.unwrap_or_default().split('&').filter(|piece| !piece.is_empty());
        pieces.map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let name = decoded(name);
            (name.strip_prefix('$').unwrap_or(&name).to_ascii_lowercase(), decoded(value))
        })
    }
}

/// As clients may change it on its way: escaped or not, with blanks as `+` or not.
fn decoded(raw: &str) -> String {
    decode(&raw.replace('+', " "), "").unwrap_or_else(|_| raw.to_owned())
}

fn is_skip_token(name: &str) -> bool {
    SystemOption::named(name) == Some(SystemOption::SkipToken)
}

/// Whether an option has a say in which rows there are and what is told of them.
fn tells_rows(name: &str) -> bool {
    match SystemOption::named(name) {
        Some(SystemOption::Skip | SystemOption::SkipToken | SystemOption::Format) => false,
        Some(_) => true,
        None => name.starts_with('@'),
    }
}

fn part(value: &Value) -> String {
    match value {
        Value::Null => "n".to_owned(),
        Value::Bool(flag) => format!("b{flag}"),
        Value::Int(number) => format!("i{number}"),
        Value::Decimal(number) => format!("m{number}"),
        Value::Double(number) => format!("f{:x}", number.to_bits()),
        Value::Text(text) => format!("s{text}"),
        Value::Guid(guid) => format!("g{guid}"),
        Value::Instant(at) => format!("t{}", at.micros()),
        Value::Date(date) => format!("y{}", date.days()),
        Value::TimeOfDay(time) => format!("h{}", time.micros()),
        Value::Duration(micros) => format!("p{micros}"),
        Value::Binary(bytes) => format!("x{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        Value::Enum(number) => format!("e{number}"),
        // Neither has an order, so no position holds one.
        Value::Complex(_) | Value::List(_) => "?".to_owned(),
    }
}

fn value(part: &str) -> Option<Value> {
    let kind = part.chars().next()?;
    let text = &part[kind.len_utf8()..];
    Some(match kind {
        'n' if text.is_empty() => Value::Null,
        'b' => Value::Bool(text.parse().ok()?),
        'i' => Value::Int(text.parse().ok()?),
        'm' => Value::Decimal(text.parse().ok()?),
        'f' => Value::Double(f64::from_bits(u64::from_str_radix(text, 16).ok()?)),
        's' => Value::text(text),
        'g' => Value::Guid(Guid::try_parse(text).ok()?),
        't' => Value::Instant(Timestamp::from_micros(text.parse().ok()?)),
        'y' => Value::Date(Date::from_days(text.parse().ok()?)),
        'h' => Value::TimeOfDay(TimeOfDay::from_micros(text.parse().ok()?)),
        'p' => Value::Duration(text.parse().ok()?),
        'x' => Value::Binary(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.into()),
        'e' => Value::Enum(text.parse().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEAL: Seal<'static> = Seal {
        key: &[7; 32],
        path: "/odata/Products",
        query: Some("$filter=Id%20gt%205&$orderby=Name"),
    };
    const POSITION: Position = Position { after: Vec::new(), top: Some(5) };

    #[test]
    fn a_position_comes_back_whatever_its_values() {
        let after = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Decimal("1.50".parse().unwrap()),
            Value::Double(-0.0),
            Value::Double(f64::NAN),
            Value::text("ü\"\u{0}"),
            Value::Guid(Guid::from_bytes([7; 16])),
            Value::Instant(Timestamp::MAX),
            Value::Date(Date::from_days(-1)),
            Value::TimeOfDay(TimeOfDay::from_micros(1)),
            Value::Duration(-5),
            Value::Binary([0, 255].into()),
            Value::Enum(3),
        ];
        for top in [None, Some(0), Some(u64::MAX)] {
            let position = Position { after: after.clone(), top };
            assert_eq!(SEAL.decode(&SEAL.encode(&position)), Ok(position));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let of = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let ours = SEAL.encode(&POSITION);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&ours).unwrap();
        let mut bad =
            vec![String::new(), "x".into(), "!!".into(), "abc".into(), format!("{ours}=")];
        bad.extend((0..bytes.len()).map(|end| of(&bytes[..end])));
        bad.push(of(&bytes[SIGNATURE..]));
        for at in 0..bytes.len() {
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            bad.push(of(&wrong));
        }
        for bad in bad {
            assert_eq!(SEAL.decode(&bad).unwrap_err().code(), "InvalidQueryOption", "{bad}");
        }
    }

    #[test]
    fn what_was_signed_for_something_else_is_no_position() {
        for place in ["[]", "{}", "[1]", r#"["-1"]"#, r#"["","i"]"#, r#"["","nx"]"#, r#"["","?"]"#]
        {
            let bytes = [&SEAL.signature(place.as_bytes())[..], place.as_bytes()].concat();
            assert_eq!(SEAL.read(&BASE64_URL_SAFE_NO_PAD.encode(bytes)), None, "{place}");
        }
    }

    /// Whether a position made for [`SEAL`] is one for this query too, told by both ways to ask.
    #[track_caller]
    fn check(path: &str, query: &str, is_good: bool) {
        let token = SEAL.encode(&POSITION);
        let query = query.replace("TOKEN", &token);
        let seal = Seal { path, query: Some(&query), ..SEAL };
        assert_eq!(seal.decode(&token).is_ok(), is_good, "{path} {query}");
        assert_eq!(seal.is_continued(), is_good && query.contains(&token), "{path} {query}");
    }

    #[test]
    fn a_position_is_good_for_its_query_however_that_is_written() {
        for query in [
            "$filter=Id gt 5&$orderby=Name&$skiptoken=TOKEN",
            "%24filter=Id%20gt+5&%24orderby=Name&%24skiptoken=TOKEN",
            "SkipToken=TOKEN&OrderBy=Name&filter=Id+gt+5",
            "$orderby=Name&$filter=Id gt 5&$format=json&$skip=3&mine=x&$skiptoken=TOKEN",
            "$filter=Id gt 5&$orderby=Name",
        ] {
            check("/odata/Products", query, true);
        }
        check("/odata/Produc%74s", "$filter=Id gt 5&$orderby=Name&$skiptoken=TOKEN", true);
    }

    #[test]
    fn a_position_is_good_for_no_other_query() {
        for query in [
            "$skiptoken=TOKEN",
            "$filter=Id gt 5&$skiptoken=TOKEN",
            "$filter=Id gt 6&$orderby=Name&$skiptoken=TOKEN",
            "$filter=Id gt 5&$orderby=Name desc&$skiptoken=TOKEN",
            "$filter=Id gt 5&$orderby=Name&$top=5&$skiptoken=TOKEN",
            "$filter=Id gt 5&$orderby=Name&@p=5&$skiptoken=TOKEN",
            "$filter=Id gt 5&$orderby=Name&$orderby=Name&$skiptoken=TOKEN",
        ] {
            check("/odata/Products", query, false);
        }
        let same = "$filter=Id gt 5&$orderby=Name&$skiptoken=TOKEN";
        check("/odata/Categories", same, false);
        check("/api/Products", same, false);
        let token = SEAL.encode(&POSITION);
        assert!(Seal { key: &[8; 32], ..SEAL }.decode(&token).is_err());
        let twice = format!("{}&$skiptoken={token}&skiptoken={token}", SEAL.query.unwrap());
        assert!(!Seal { query: Some(&twice), ..SEAL }.is_continued());
    }
}

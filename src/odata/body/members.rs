//! The members of a JSON object in their order, their values not yet looked into.

use std::{collections::HashSet, fmt};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Name and value of each member; no name twice.
pub(super) struct Members<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads one object and nothing after it; says what is wrong otherwise.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, String> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err("it is empty; send a JSON object".to_owned());
        }
        // A mark before the text is what some editors leave.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The text of `@odata.type`.
    pub(super) fn type_annotation(&self) -> Option<&'a str> {
        let is_type = |name: &str| name == "@odata.type" || name == "@type";
        let (_, raw) = self.0.iter().find(|(name, _)| is_type(name))?;
        // A type name holds nothing that JSON would escape.
        raw.get().strip_prefix('"')?.strip_suffix('"')
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &'de RawValue)> = Vec::new();
                let mut known = HashSet::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if !known.insert(name.clone()) {
                        return Err(A::Error::custom(format!("'{name}' is given twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    /// Each name was compared with all before it, which took minutes for a body of allowed length.
    #[test]
    fn a_name_given_twice_is_found_among_many_soon() {
        let mut text = String::from("{");
        for number in 0..200_000 {
            write!(text, "\"m{number}\":1,").unwrap();
        }
        let started = std::time::Instant::now();
        let whole = format!("{text}\"last\":1}}");
        assert_eq!(Members::read(whole.as_bytes()).unwrap().0.len(), 200_001);
        let twice = Members::read(format!("{text}\"m0\":1}}").as_bytes()).err().unwrap();
        assert!(twice.contains("'m0' is given twice"), "{twice}");
        assert!(started.elapsed().as_secs() < 10);
    }
}

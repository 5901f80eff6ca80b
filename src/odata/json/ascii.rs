//! JSON for readers that would take UTF-8 for something else: every other character escaped.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes `value` as JSON in which everything beyond ASCII is `\uXXXX`.
pub fn push_ascii_json(bytes: &mut Vec<u8>, value: &impl Serialize) {
    // Writing to memory cannot fail.
    let _ = value.serialize(&mut Serializer::with_formatter(bytes, Ascii));
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        for c in fragment.chars() {
            if c.is_ascii() {
                writer.write_all(&[c as u8])?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_back_as_it_was() {
        for (text, want) in [
            ("plain", r#""plain""#),
            ("é", r#""\u00e9""#),
            ("a\"\\\n€", r#""a\"\\\n\u20ac""#),
            ("😀", r#""\ud83d\ude00""#),
        ] {
            let mut bytes = Vec::new();
            push_ascii_json(&mut bytes, &text);
            assert_eq!(String::from_utf8(bytes.clone()).unwrap(), want);
            assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
        }
    }
}

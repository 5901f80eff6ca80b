//! Entities, or what `$apply` made of them, as CSV: a line with the names, then one for each entity, with texts no spreadsheet takes for formulas.
//!
//! Source: RFC 4180. Does not know where the entities come from, nor how many there are.

use super::{check::Member, json::Writer, text::print};
use crate::{
    error::Error,
    model::{Primitive, Prop, StructId, Type, Value},
    query::{Computed, apply::Item, computed, value},
};

/// Tells readers, first of all Excel, that what follows is UTF-8.
pub const BOM: &[u8] = "\u{feff}".as_bytes();

/// What makes a spreadsheet run a text as a formula where a cell begins with it; the last four are the wide
/// letters of East Asia, which are taken for the first four there.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Stands between the items of a collection.
const BETWEEN: &str = "; ";

/// The columns of one answer.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The type the entities are declared to be of; what only a derived type has gets no column.
    pub ty: StructId,
    /// In their order.
    pub columns: Vec<Column>,
}

/// What one column shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// A declared property.
    Declared(Prop),
    /// One of `$compute`.
    Computed(Computed),
    /// A value of what `$apply` made, under its path.
    Made {
        /// `Status`, `Team/Name`.
        name: String,
        /// Its position.
        at: usize,
        /// Its type.
        ty: Type,
    },
}

/// The columns of what `$apply` made: a path is the name of its column.
#[must_use]
pub fn made(members: &[Member]) -> Vec<Column> {
    fn add(columns: &mut Vec<Column>, members: &[Member], before: &str) {
        for member in members {
            match member {
                Member::Value { name, at, ty, is_declared: _ } => {
                    let (name, ty) = (format!("{before}{name}"), ty.clone());
                    columns.push(Column::Made { name, at: *at, ty });
                }
                Member::Inner { name, members } => {
                    add(columns, members, &format!("{before}{name}/"));
                }
            }
        }
    }
    let mut columns = Vec::new();
    add(&mut columns, members, "");
    columns
}

impl Sheet {
    /// The line with the names.
    pub fn head(&self, bytes: &mut Vec<u8>, writer: &Writer<'_>) {
        let structure = writer.addresses.model.structure(self.ty);
        let name = |column| match column {
            &Column::Declared(prop) => structure.property_at(prop).name,
            Column::Computed(computed) => computed.name.as_str(),
            Column::Made { name, .. } => name.as_str(),
        };
        let names: Vec<&str> = self.columns.iter().map(name).collect();
        // Names are identifiers: nothing to quote.
        bytes.extend(names.join(",").as_bytes());
        bytes.extend(b"\r\n");
    }

    /// The line of one entity, or of what was made of some.
    ///
    /// # Errors
    /// As [`value()`] and [`computed()`].
    pub fn line(&self, bytes: &mut Vec<u8>, writer: &Writer<'_>, item: &Item) -> Result<(), Error> {
        writer.ctx.in_time()?;
        let structure = writer.addresses.model.structure(self.ty);
        let begin = bytes.len();
        for (at, column) in self.columns.iter().enumerate() {
            if at > 0 {
                bytes.push(b',');
            }
            let (value, ty) = match (column, item) {
                (Column::Declared(prop), Item::Row(row)) => {
                    (value(&writer.ctx, row, *prop)?, &structure.property_at(*prop).ty)
                }
                (Column::Computed(property), Item::Row(row)) => {
                    (computed(property, row, &writer.ctx)?, &property.ty)
                }
                (Column::Made { at, ty, .. }, Item::Tuple(values)) => {
                    (values.get(*at).cloned().unwrap_or(Value::Null), ty)
                }
                (Column::Declared(_) | Column::Computed(_), Item::Tuple(_))
                | (Column::Made { .. }, Item::Row(_)) => continue,
            };
            push_cell(bytes, writer, &value, ty);
        }
        if bytes.len() == begin {
            // Most readers pass over a line with nothing in it.
            bytes.extend(b"\"\"");
        }
        bytes.extend(b"\r\n");
        Ok(())
    }
}

/// One value; nothing at all for null.
pub fn push_cell(bytes: &mut Vec<u8>, writer: &Writer<'_>, value: &Value, ty: &Type) {
    let model = writer.addresses.model;
    match value {
        Value::Null => {}
        Value::Text(text) => push_text(bytes, text),
        Value::List(items) => {
            let item_ty = match ty {
                Type::Collection(item) => item,
                single => single,
            };
            if let Type::Complex(_) = item_ty {
                push_quoted(bytes, &writer.json_text(value, ty));
                return;
            }
            let items: Vec<String> = items.iter().map(|item| print(item, item_ty, model)).collect();
            let joined = items.join(BETWEEN);
            match item_ty {
                Type::Primitive(Primitive::String) => push_text(bytes, &joined),
                _ => push_quoted(bytes, &joined),
            }
        }
        Value::Complex(_) => push_quoted(bytes, &writer.json_text(value, ty)),
        Value::Bool(_)
        | Value::Int(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Guid(_)
        | Value::Instant(_)
        | Value::Date(_)
        | Value::TimeOfDay(_)
        | Value::Duration(_)
        | Value::Binary(_)
        | Value::Enum(_) => push_quoted(bytes, &print(value, ty, model)),
    }
}

/// What people wrote: an empty text is told from null, and what looks like a formula begins with an apostrophe.
fn push_text(bytes: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        bytes.extend(b"\"\"");
    } else if text.starts_with(FORMULA) {
        push_quoted(bytes, &format!("'{text}"));
    } else {
        push_quoted(bytes, text);
    }
}

/// In quotes where a reader would lose something without.
fn push_quoted(bytes: &mut Vec<u8>, text: &str) {
    let is_special = |c: char| matches!(c, ',' | '"' | '\r' | '\n');
    if !text.contains(is_special) && text.trim_matches(' ').len() == text.len() {
        bytes.extend(text.as_bytes());
        return;
    }
    bytes.push(b'"');
    bytes.extend(text.replace('"', "\"\"").as_bytes());
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let mut bytes = Vec::new();
        push_text(&mut bytes, text);
        assert_eq!(String::from_utf8(bytes).unwrap(), want);
    }

    #[test]
    fn a_text_is_quoted_where_it_must_be() {
        check("plain", "plain");
        check("", "\"\"");
        check("a,b", "\"a,b\"");
        check("say \"hi\"", "\"say \"\"hi\"\"\"");
        check("a\nb", "\"a\nb\"");
        check("a\r\nb", "\"a\r\nb\"");
        check(" a", "\" a\"");
        check("a ", "\"a \"");
        check("a;b ü", "a;b ü");
    }

    #[test]
    fn a_text_that_looks_like_a_formula_begins_with_an_apostrophe() {
        check("=1+1", "'=1+1");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+49 30 1", "'+49 30 1");
        check("-", "'-");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "\"'\r=1\"");
        check("\n=1", "\"'\n=1\"");
        check("=\"a\",1", "\"'=\"\"a\"\",1\"");
        check("＝1", "'＝1");
        check("a=1", "a=1");
        check("'=1", "'=1");
    }
}

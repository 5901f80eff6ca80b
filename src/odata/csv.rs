//! Entities, or what `$apply` made of them, as CSV: a line with the names, then one for each entity, with texts no spreadsheet takes for formulas.
//!
//! Source: RFC 4180. Does not know where the entities come from, nor how many there are.

use std::borrow::Cow;

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
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Behind these a spreadsheet may begin another cell, where it separates lists by `;`, as in most of Europe: quotes
/// in the middle of a line mean nothing to it then.
const SEPARATORS: [char; 4] = [';', '\t', '\r', '\n'];

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
                push_text(bytes, &writer.json_text(value, ty));
                return;
            }
            let items: Vec<String> = items.iter().map(|item| print(item, item_ty, model)).collect();
            let joined = items.join(BETWEEN);
            match item_ty {
                Type::Primitive(Primitive::String) => push_text(bytes, &joined),
                _ => push_quoted(bytes, &joined),
            }
        }
        Value::Complex(_) => push_text(bytes, &writer.json_text(value, ty)),
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

/// What people wrote: an empty text is told from null, and what looks like a formula stands behind an apostrophe.
fn push_text(bytes: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        bytes.extend(b"\"\"");
    } else if text.starts_with(SEPARATORS) {
        push_quoted(bytes, &format!("'{}", guarded(text)));
    } else {
        push_quoted(bytes, &guarded(text));
    }
}

/// The text with an apostrophe before whatever could be a formula where a cell may begin.
fn guarded(text: &str) -> Cow<'_, str> {
    if !text.contains(FORMULA) {
        return text.into();
    }
    let mut kept = String::with_capacity(text.len() + 1);
    let mut begins_cell = true;
    for (at, c) in text.char_indices() {
        if begins_cell && FORMULA.contains(&c) {
            kept.push('\'');
        }
        kept.push(c);
        // Blanks do not keep it from being one, nor quotes that are taken off again.
        let is_passed_over = c.is_whitespace() || c == '"' && at > 0;
        begins_cell = SEPARATORS.contains(&c) || begins_cell && is_passed_over;
    }
    kept.into()
}

/// In quotes where a reader would lose something without.
fn push_quoted(bytes: &mut Vec<u8>, text: &str) {
    let is_special = |c: char| matches!(c, ',' | '"') || SEPARATORS.contains(&c);
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
        check("a b ü", "a b ü");
        // With `;` between the cells of a line, as Excel has it in most of Europe.
        check("a;b ü", "\"a;b ü\"");
        check("a\tb", "\"a\tb\"");
    }

    #[test]
    fn a_text_that_looks_like_a_formula_begins_with_an_apostrophe() {
        check("=1+1", "'=1+1");
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+49 30 1", "'+49 30 1");
        check("-", "'-");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "\"'\t'=1\"");
        check("\r=1", "\"'\r'=1\"");
        check("\n=1", "\"'\n'=1\"");
        check("\n\na", "\"'\n\na\"");
        check(" =1", "\" '=1\"");
        check("=\"a\",1", "\"'=\"\"a\"\",1\"");
        check("＝1", "'＝1");
        check("a=1", "a=1");
        check("'=1", "'=1");
        check("a, -1 \"=1\"", "\"a, -1 \"\"=1\"\"\"");
    }

    #[test]
    fn a_formula_behind_what_may_end_a_cell_begins_with_an_apostrophe() {
        // Excel that separates by `;` split such texts there, and ran what came behind.
        check("x;=HYPERLINK(\"http://x\")", "\"x;'=HYPERLINK(\"\"http://x\"\")\"");
        check("x\n=1+1", "\"x\n'=1+1\"");
        check("x\r\n@a", "\"x\r\n'@a\"");
        check("x\t+1", "\"x\t'+1\"");
        check("vip; -1", "\"vip; '-1\"");
        check("x;\"=1;y", "\"x;\"\"'=1;y\"");
        check("x;;＝1", "\"x;;'＝1\"");
        check("x\n\ny; a=1", "\"x\n\ny; a=1\"");
    }
}

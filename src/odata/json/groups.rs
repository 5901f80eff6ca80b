//! What `$apply` made of entities, as JSON objects: values, and objects for what paths lead through.

use std::vec::IntoIter;

use super::{Json, Level, Text, Writer};
use crate::{
    error::Error,
    model::{SetId, StructId, Type, Value},
    odata::check::Member,
    query::apply::{Answer, Item},
};

/// A page of it on its way out.
pub struct Groups {
    of: (SetId, StructId),
    members: Vec<Member>,
    count: Option<u64>,
    /// Those not yet written; one is let go once it is.
    items: IntoIter<Item>,
    next_link: Option<String>,
    /// The last byte of the piece before; none before the first.
    last: Option<u8>,
    is_done: bool,
}

impl Groups {
    /// What was made of entities declared to be of `of`; nothing of it is written yet.
    #[must_use]
    pub fn new(
        of: (SetId, StructId),
        members: Vec<Member>,
        answer: Answer,
        next_link: Option<String>,
    ) -> Self {
        let Answer { items, count, next: _ } = answer;
        let (last, is_done) = (None, false);
        Self { of, members, count, items: items.into_iter(), next_link, last, is_done }
    }

    /// Everything before the first item.
    fn begin(&self, json: &mut Json, writer: &Writer<'_>) {
        json.bytes.push(b'{');
        if writer.format.level != Level::None {
            json.text("@odata.context", &writer.addresses.groups(self.of, &self.members));
        }
        if let Some(count) = self.count {
            json.number("@odata.count", count);
        }
        json.name("value");
        json.bytes.push(b'[');
    }
}

impl Text for Groups {
    fn is_done(&self) -> bool {
        self.is_done
    }

    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        let room = enough.min(1 << 20) + (4 << 10);
        let before = self.last.unwrap_or(b'{');
        let mut json = Json { bytes: Vec::with_capacity(room), before };
        if self.last.is_none() {
            self.begin(&mut json, writer);
        }
        while json.bytes.len() < enough
            && let Some(item) = self.items.next()
        {
            let Item::Tuple(values) = item else { continue };
            json.comma();
            json.inner(|json| writer.values(json, &self.members, &values))?;
        }
        if self.items.len() == 0 && !self.is_done {
            self.is_done = true;
            json.bytes.push(b']');
            if let Some(link) = &self.next_link {
                json.text("@odata.nextLink", link);
            }
            json.bytes.push(b'}');
        }
        self.last = json.bytes.last().copied().or(self.last);
        Ok(json.bytes)
    }

    fn whole(mut self, writer: &Writer<'_>) -> Result<Vec<u8>, Error> {
        self.next(writer, usize::MAX)
    }
}

impl Writer<'_> {
    /// The members of one tuple.
    pub(super) fn values(
        &self,
        json: &mut Json,
        members: &[Member],
        values: &[Value],
    ) -> Result<(), Error> {
        self.ctx.in_time()?;
        for member in members {
            match member {
                Member::Inner { name, members } => {
                    json.name(name);
                    json.inner(|json| self.values(json, members, values))?;
                }
                Member::Value { name, at, ty, is_declared } => {
                    let value = values.get(*at).unwrap_or(&Value::Null);
                    self.dynamic(json, (name, ty, *is_declared), value);
                }
            }
        }
        Ok(())
    }

    /// A value that `$metadata` may say nothing about: then its type stands beside it as beside a computed one.
    fn dynamic(
        &self,
        json: &mut Json,
        (name, ty, is_declared): (&str, &Type, bool),
        value: &Value,
    ) {
        if is_declared {
            self.member(json, name, value, ty);
        } else if !(self.format.omits_nulls && value.is_null()) {
            self.computed_value(json, (name, ty), value);
        }
    }
}

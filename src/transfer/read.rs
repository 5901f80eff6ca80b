//! A line as values: JSON against the model, before anything is looked up.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value as Json, error::Category};

use super::{
    fields::{Field, Fields, set_of_context, set_of_type},
    is_importable,
};
use crate::{
    model::{
        Model, Primitive, Prop, SetId, Type, Value,
        props::{comment, history, ticket},
        set,
    },
    odata::body::takes,
    query::literal::from_text,
};

const MICROS_PER_HOUR: f64 = 3_600_000_000.0;

/// What a line says of one entity.
#[derive(Debug, Default)]
pub(super) struct Entity {
    given: Vec<(Prop, Value)>,
    /// The address of who wrote a comment.
    pub(super) author_email: Option<Arc<str>>,
    /// The external reference of the ticket a comment is on, where `TicketId` is a text.
    pub(super) ticket_reference: Option<Arc<str>>,
    /// The comments that came with a ticket.
    pub(super) comments: Vec<Entity>,
}

impl Entity {
    /// An entity of which just that is said.
    pub(super) fn of(given: Vec<(Prop, Value)>) -> Self {
        Self { given, ..Self::default() }
    }

    /// What was given for a property; `None` if nothing was.
    pub(super) fn get(&self, prop: Prop) -> Option<&Value> {
        self.given.iter().find(|(at, _)| *at == prop).map(|(_, value)| value)
    }

    /// The text given for a property.
    pub(super) fn text(&self, prop: Prop) -> Option<&str> {
        self.get(prop).and_then(Value::as_text)
    }

    /// The number given for a property.
    pub(super) fn int(&self, prop: Prop) -> Option<i64> {
        self.get(prop).and_then(Value::as_int)
    }

    /// All that was given.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Prop, &Value)> {
        self.given.iter().map(|(prop, value)| (*prop, value))
    }

    fn add(&mut self, prop: Prop, name: &str, value: Value) -> Result<(), String> {
        match self.get(prop) {
            None => self.given.push((prop, value)),
            Some(other) if *other == value => {}
            Some(_) => return Err(format!("'{name}' says something else than another member")),
        }
        Ok(())
    }
}

/// Names nobody knew, with how often they came.
pub(super) type Unknown = BTreeMap<String, u64>;

/// Reads lines of one import.
pub(super) struct Reader {
    model: &'static Model,
    fields: Fields,
    set: SetId,
}

impl Reader {
    /// A reader of lines that are of `set` unless they say otherwise.
    pub(super) fn new(model: &'static Model, set: SetId) -> Self {
        Self { model, fields: Fields::new(model), set }
    }

    /// Reads a line of one entity; the set it is for, and what it says.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn line(
        &self,
        line: &[u8],
        unknown: &mut Unknown,
    ) -> Result<(SetId, Entity), String> {
        let members = members(line)?;
        let set = self.set_of(&members, self.set)?;
        self.one(set, members, unknown)
    }

    /// The set of lines that do not say theirs.
    pub(super) fn set(&self) -> SetId {
        self.set
    }

    /// The set of the entity that has these members: by its type, else by the context of the feed.
    ///
    /// # Errors
    /// Where entities of that set cannot be imported.
    pub(super) fn set_of(&self, members: &Members, otherwise: SetId) -> Result<SetId, String> {
        let find = |names: [&str; 2]| {
            let mut found = members.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
            found.next().map(|(_, given)| given)
        };
        let importable = |set: &SetId| is_importable(self.model, *set);
        if let Some(given) = find(["@odata.type", "@type"]) {
            let found = given.as_str().and_then(|name| set_of_type(self.model, name));
            return found
                .filter(importable)
                .ok_or_else(|| format!("entities of type {given} cannot be imported"));
        }
        let context = find(["@odata.context", "@context"]).and_then(Json::as_str);
        match context.and_then(|context| set_of_context(self.model, context)) {
            Some(set) if importable(&set) => Ok(set),
            Some(set) => {
                let name = self.model.set(set).name;
                Err(format!("entities of {name} cannot be imported"))
            }
            None => Ok(otherwise),
        }
    }

    /// Whether any of the members means something in `set`.
    pub(super) fn knows_any(&self, set: SetId, members: &Members) -> bool {
        members.0.iter().any(|(name, _)| self.fields.get(set, name).is_some())
    }

    /// Reads the members of one entity.
    ///
    /// # Errors
    /// What is wrong with them; also if none of them means anything, so that nothing empty is made.
    pub(super) fn one(
        &self,
        set: SetId,
        members: Members,
        unknown: &mut Unknown,
    ) -> Result<(SetId, Entity), String> {
        if self.knows_any(set, &members) {
            return Ok((set, self.entity(set, members, false, unknown)?));
        }
        let name = self.model.set(set).name;
        Err(format!(
            "it has no member that {name} have; name another set with --set, or in the line with '@odata.type'"
        ))
    }

    /// `is_text_id`: numbers that identify comments are references, as those of their ticket are.
    fn entity(
        &self,
        set: SetId,
        members: Members,
        is_text_id: bool,
        unknown: &mut Unknown,
    ) -> Result<Entity, String> {
        let mut entity = Entity::default();
        entity.given.reserve(members.0.len());
        let (mut comments, mut has_text_id) = (None, false);
        for (name, json) in members.0 {
            if name.contains('@') {
                continue;
            }
            let Some(field) = self.fields.get(set, &name) else {
                let name = if set == self.set {
                    name
                } else {
                    format!("{}/{name}", self.model.set(set).name)
                };
                *unknown.entry(name).or_default() += 1;
                continue;
            };
            match field {
                Field::Derived => {}
                Field::Comments => comments = Some(json),
                Field::AuthorEmail => entity.author_email = text_or_null(&name, json)?,
                Field::FormerStateHours => {
                    let micros = json.as_f64().map(|hours| Value::Int(micros_of(hours)));
                    let value = micros.unwrap_or(Value::Null);
                    entity.add(history::FORMER_STATE_MICROS, &name, value)?;
                }
                Field::Keep(prop) => {
                    if let Some(reference) = reference(set, prop, &json, is_text_id) {
                        has_text_id |= set == set::TICKETS;
                        match reference {
                            Reference::Own(at, text) => entity.add(at, &name, text)?,
                            Reference::Ticket(text) => entity.ticket_reference = Some(text),
                        }
                        continue;
                    }
                    let ty = &self.model.entity_type(set).property_at(prop).ty;
                    let value = value_of(json, ty).map_err(|wants| format!("'{name}' {wants}"))?;
                    entity.add(prop, &name, value)?;
                }
            }
        }
        if let Some(json) = comments {
            entity.comments = self.comments(json, has_text_id, unknown)?;
        }
        Ok(entity)
    }

    fn comments(
        &self,
        json: Json,
        is_text_id: bool,
        unknown: &mut Unknown,
    ) -> Result<Vec<Entity>, String> {
        let Json::Array(items) = json else {
            return if json.is_null() { Ok(Vec::new()) } else { Err(COMMENTS.to_owned()) };
        };
        let mut comments = Vec::with_capacity(items.len());
        for item in items {
            let Json::Object(members) = item else { return Err(COMMENTS.to_owned()) };
            let members = Members(members.into_iter().collect());
            let entity = self.entity(set::COMMENTS, members, is_text_id, unknown);
            comments.push(entity.map_err(|reason| format!("in 'Comments', {reason}"))?);
        }
        Ok(comments)
    }
}

const COMMENTS: &str = "'Comments' takes a list of objects";

/// A key from the system an entity came from.
enum Reference {
    /// Of the entity itself, to be kept in that property.
    Own(Prop, Value),
    /// Of the ticket a comment is on.
    Ticket(Arc<str>),
}

/// The reference that a value given as key stands for, if it does.
fn reference(set: SetId, prop: Prop, json: &Json, is_text_id: bool) -> Option<Reference> {
    let text = match json {
        Json::String(text) => text.clone(),
        Json::Number(number) if is_text_id => number.to_string(),
        _ => return None,
    };
    match (set, prop) {
        (set::TICKETS, ticket::ID) => {
            Some(Reference::Own(ticket::EXTERNAL_REFERENCE, Value::text(&text)))
        }
        (set::COMMENTS, comment::ID) => {
            Some(Reference::Own(comment::EXTERNAL_REFERENCE, Value::text(&text)))
        }
        (set::COMMENTS, comment::TICKET_ID) if json.is_string() => {
            Some(Reference::Ticket(text.into()))
        }
        _ => None,
    }
}

/// Hours as they are written back to the microseconds they came from.
#[allow(clippy::cast_possible_truncation)] // saturates, and exact up to 285 years
fn micros_of(hours: f64) -> i64 {
    (hours * MICROS_PER_HOUR).round() as i64
}

fn text_or_null(name: &str, json: Json) -> Result<Option<Arc<str>>, String> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text.into())),
        _ => Err(format!("'{name}' takes a text")),
    }
}

/// A JSON value as one of type `ty`; the error says what it takes.
fn value_of(json: Json, ty: &Type) -> Result<Value, String> {
    let primitive = match ty {
        Type::Primitive(primitive) => *primitive,
        Type::Collection(item) => {
            return match json {
                Json::Array(items) => {
                    let items = items.into_iter().map(|json| value_of(json, item));
                    Ok(Value::List(items.collect::<Result<Vec<_>, _>>()?.into()))
                }
                Json::Null => Ok(Value::Null),
                _ => Err("takes a list".to_owned()),
            };
        }
        Type::Enum(_) | Type::Complex(_) => return Err("cannot be imported".to_owned()),
    };
    let is_bare = match primitive {
        Primitive::Boolean
        | Primitive::Byte
        | Primitive::Decimal
        | Primitive::Double
        | Primitive::Int16
        | Primitive::Int32
        | Primitive::Int64
        | Primitive::SByte
        | Primitive::Single => true,
        Primitive::Binary
        | Primitive::Date
        | Primitive::DateTimeOffset
        | Primitive::Duration
        | Primitive::Guid
        | Primitive::String
        | Primitive::TimeOfDay => false,
    };
    let value = match json {
        Json::Null => return Ok(Value::Null),
        Json::String(text) if primitive == Primitive::String => Some(Value::Text(text.into())),
        Json::String(text) if !is_bare => from_text(&text, primitive),
        Json::Bool(flag) if primitive == Primitive::Boolean => Some(Value::Bool(flag)),
        Json::Number(number) if is_bare => from_text(&number.to_string(), primitive),
        _ => None,
    };
    value.ok_or_else(|| format!("takes {}", takes(primitive)))
}

/// The members of an object in their order.
pub(super) struct Members(pub(super) Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::with_capacity(32);
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// The members of a line.
///
/// # Errors
/// That it is no object, and from where on.
pub(super) fn members(line: &[u8]) -> Result<Members, String> {
    serde_json::from_slice(line.trim_ascii_end()).map_err(|error| {
        let text = error.to_string();
        // A line of the object, where it stands on several.
        let place = match error.line() {
            0 | 1 => format!("at byte {}", error.column().max(1)),
            number => format!("at byte {} of its line {number}", error.column()),
        };
        let reason = match (error.classify(), text.split(" at line ").next()) {
            (Category::Data, _) => "it is something else",
            (Category::Eof, _) => "it ends too early",
            (Category::Syntax | Category::Io, Some("expected ident" | "expected value") | None) => {
                "it stops making sense"
            }
            (Category::Syntax | Category::Io, Some(reason)) => reason,
        };
        format!("it is not a JSON object: {reason}, {place}")
    })
}

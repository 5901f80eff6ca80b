//! What of an entity is said besides its properties: type, id, version, links and actions.

use super::{Json, Level, Writer, push_json_text, value};
use crate::{
    error::Error,
    hash::Digest,
    model::{Binding, Nav, Row, StructType, Value},
    odata::{
        context::next_link,
        print_url::encode_query,
        skip_token::{Position, Seal},
    },
    query::{Expand, ExpandKind, Shape},
};

/// How an expanded collection goes on beyond its page.
#[derive(Clone, Copy)]
pub struct Onward<'a> {
    /// What signs positions.
    pub key: &'a Digest,
    /// The path of the service root, without a slash at its end.
    pub root: &'a str,
    /// The `$format` of the request, which holds for what is told later too.
    pub format: Option<&'a str>,
    /// Entities in one expanded collection at most.
    pub rows: u64,
    /// The same where a collection cannot go on, whatever size of pages the client prefers.
    pub rows_max: u64,
}

impl Writer<'_> {
    /// What the caller may do with the entity. Source: OData JSON Format 4.0, 15.
    pub(super) fn actions(&self, json: &mut Json, row: &Row) -> Result<(), Error> {
        let model = self.addresses.model;
        let on_entity = model.actions_on(row.set, Binding::Entity);
        for action in on_entity.filter(|action| self.checker.may_do(action)) {
            let name = format!("{}.{}", model.namespace, action.name);
            json.annotation("#", &name);
            json.inner(|json| {
                json.text("title", action.name);
                json.text("target", &format!("{}/{name}", self.addresses.id(row)));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Type, id, entity tag, and where the entity is read and changed.
    pub(super) fn control(&self, json: &mut Json, annotation: Option<&str>, row: &Row) {
        let level = self.format.level;
        if level == Level::None {
            return;
        }
        if let Some(annotation) = annotation {
            json.text("@odata.type", annotation);
        }
        if level == Level::Full {
            json.text("@odata.id", &self.addresses.id(row));
        }
        if self.addresses.model.has_versions(row.set) {
            json.name("@odata.etag");
            // As `etag` has it, its quotes escaped.
            json.bytes.extend_from_slice(b"\"W/\\\"");
            value::push_hex(&mut json.bytes, row.version);
            json.bytes.extend_from_slice(b"\\\"\"");
        }
        if level == Level::Full {
            if self.is_editable(row) {
                json.text("@odata.editLink", &self.addresses.edit(row));
            }
            json.text("@odata.readLink", &self.addresses.id(row));
        }
    }

    /// Whether the caller may change or delete entities like this one.
    fn is_editable(&self, row: &Row) -> bool {
        let scopes = self.addresses.model.set(row.set).scopes;
        let mut verbs = [scopes.write, scopes.delete].into_iter().flatten();
        verbs.any(|scope| self.checker.rights.has(scope))
    }

    /// The entity tag of a row that has a version of its own.
    #[must_use]
    pub fn etag(&self, row: &Row) -> Option<String> {
        row.etag(self.addresses.model)
    }

    /// The navigation properties whose links are told: those that were selected, or all where all
    /// metadata is asked for. Source: OData 4.01 Part 1, 11.2.5.1.
    pub(super) fn linked(&self, structure: &StructType, shape: &Shape) -> Vec<Nav> {
        match self.format.level {
            Level::None => Vec::new(),
            Level::Full if !shape.is_selected => self.checker.visible_navs(structure),
            Level::Minimal | Level::Full => shape.links.clone(),
        }
    }

    pub(super) fn link(&self, json: &mut Json, name: &str, row: &Row) {
        json.annotation(name, "@odata.navigationLink");
        push_json_text(&mut json.bytes, &format!("{}/{name}", self.addresses.edit(row)));
    }

    /// Where an expanded collection of that name goes on: behind a row, with so many still wanted, or from
    /// its start.
    pub(super) fn goes_on(
        &self,
        expand: &Expand,
        name: &str,
        row: &Row,
        place: Option<(Vec<Value>, Option<u64>)>,
    ) -> String {
        let reference = if expand.kind == ExpandKind::References { "/$ref" } else { "" };
        let behind = self.addresses.behind(expand);
        let address = format!("{}/{name}{behind}{reference}", self.addresses.edit(row));
        let mut query = expand.written.as_deref().unwrap_or_default().to_owned();
        let mut add = |name: &str, value: &str| {
            let and = if query.is_empty() { "" } else { "&" };
            query.extend([and, name, "=", value]);
        };
        if let Some(format) = self.onward.format {
            add("$format", &encode_query(format));
        }
        let Some((after, top)) = place else {
            add("$skip", &expand.plan.skip.to_string());
            return format!("{address}?{query}");
        };
        let below = address.strip_prefix(self.addresses.root).unwrap_or_default();
        let path = format!("{}/{below}", self.onward.root);
        let seal = Seal { key: self.onward.key, path: &path, query: Some(&query) };
        next_link(&address, Some(&query), &seal.encode(&Position { after, top }))
    }
}

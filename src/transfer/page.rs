//! What a line of a file holds: one entity, or a page of the feed, which is taken apart.

use serde_json::Value as Json;

use super::read::{Entity, Members, Reader, Unknown, members};
use crate::model::SetId;

/// How the pages of the feed name the rest of what was asked for.
const NEXT: [&str; 2] = ["@odata.nextLink", "@nextLink"];

/// What was read of an entity, with its place in the page if it came in one.
pub(super) type Told = (Option<u64>, Result<(SetId, Entity), String>);

impl Reader {
    /// The entities of a line.
    pub(super) fn entities(&self, line: &[u8], unknown: &mut Unknown) -> Vec<Told> {
        let members = match members(line) {
            Ok(members) => members,
            Err(reason) => return vec![(None, Err(reason))],
        };
        let set = match self.set_of(&members, self.set()) {
            Ok(set) => set,
            Err(reason) => return vec![(None, Err(reason))],
        };
        let items = match self.page(set, members) {
            Ok(items) => items,
            Err(members) => return vec![(None, self.one(set, members, unknown))],
        };
        for name in items.next {
            *unknown.entry(name).or_default() += 1;
        }
        let read = |item| match item {
            Json::Object(members) => {
                let members = Members(members.into_iter().collect());
                let set = self.set_of(&members, set)?;
                self.one(set, members, unknown)
            }
            _ => Err("it is not a JSON object".to_owned()),
        };
        (1..).map(Some).zip(items.entities.into_iter().map(read)).collect()
    }

    /// The entities of a page: an object with a list called `value` and nothing an entity has.
    fn page(&self, set: SetId, mut members: Members) -> Result<Page, Members> {
        let is_value = |(name, json): &(String, Json)| name == "value" && json.is_array();
        let Some(at) = members.0.iter().position(is_value) else { return Err(members) };
        if self.knows_any(set, &members) {
            return Err(members);
        }
        let entities = match members.0.swap_remove(at) {
            (_, Json::Array(entities)) => entities,
            _ => Vec::new(),
        };
        let names = members.0.into_iter().map(|(name, _)| name);
        Ok(Page { entities, next: names.filter(|name| NEXT.contains(&name.as_str())).collect() })
    }
}

/// A page of the feed.
struct Page {
    entities: Vec<Json>,
    /// The link to the rest, as it is named, where this is not all.
    next: Vec<String>,
}

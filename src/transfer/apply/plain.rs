//! Pickers, teams and their members, people, and history: entities that stand for themselves.

use super::{Work, refusal};
use crate::{
    auth::{Principal, Role},
    desk::{get, pickers, users},
    error::Error,
    model::{
        ID_MAX, Key, Prop, Row, SetId, Value,
        props::{customer, history, member, picker, status, team, user, view},
        set,
    },
    store::Edit,
    transfer::read::Entity,
};

impl Work<'_> {
    /// Makes or changes an entity that stands for itself.
    pub(super) fn plain(&mut self, id: SetId, entity: &Entity) -> Result<(), Error> {
        let before = self.same(id, entity);
        self.put(id, before.as_ref(), entity).map(|_| ())
    }

    /// Makes an entity that is known by name or address alone, under the id beside it if that is free; its id.
    pub(super) fn make(
        &mut self,
        set: SetId,
        beside: Option<&Value>,
        mut given: Vec<(Prop, Value)>,
    ) -> Result<i64, Error> {
        let is_free = |id: &i64| (1..=ID_MAX).contains(id) && self.row(set, *id).is_none();
        let id = beside.and_then(Value::as_int).filter(is_free);
        if let (Some(id), [key]) = (id, self.model.entity_type(set).key.as_slice()) {
            given.push((*key, id.into()));
        }
        let row = self.put(set, None, &Entity::of(given))?;
        Ok(self.id_of(&row))
    }

    fn put(&mut self, id: SetId, before: Option<&Row>, entity: &Entity) -> Result<Row, Error> {
        let mut edit = self.start(id, before, entity)?;
        self.fill(&mut edit, before, entity)?;
        if before.is_none() {
            self.complete(id, &mut edit);
        }
        self.check(id, &edit)?;
        if let (set::USERS, Some(row)) = (id, before) {
            users::follow(self.draft, &Principal::system(), row, &edit)?;
        }
        let updated = self.updated_of(id);
        let is_given = entity.get(updated).is_some_and(|at| !at.is_null());
        let (row, outcome) = self.finish(id, edit, before, (updated, is_given))?;
        self.count(id, outcome);
        Ok(row)
    }

    /// The entity a line is about: of that key, else of that name or address.
    fn same(&mut self, id: SetId, entity: &Entity) -> Option<Row> {
        let key: Vec<Value> = self
            .model
            .entity_type(id)
            .key
            .iter()
            .filter_map(|prop| entity.get(*prop).filter(|value| !value.is_null()).cloned())
            .collect();
        if key.len() == self.model.entity_type(id).key.len() {
            return self.draft.row(id, &Key::new(&key));
        }
        let by = match id {
            set::USERS => user::EMAIL,
            set::CUSTOMERS if entity.text(customer::EMAIL).is_some() => customer::EMAIL,
            set::CUSTOMERS => {
                let id = self.without_address(entity.text(customer::NAME)?)?;
                return self.row(set::CUSTOMERS, id);
            }
            set::TEAMS => team::NAME,
            set::SAVED_VIEWS => {
                // A view is known by its name among those of its owner.
                let owner = entity.get(view::OWNER_ID).cloned().unwrap_or(Value::Null);
                let name = entity.text(view::NAME)?;
                let is_it = |row: &Row| {
                    get(self.model, row, view::OWNER_ID) == owner
                        && get(self.model, row, view::NAME).as_text() == Some(name)
                };
                return self.draft.rows(id).find(is_it);
            }
            set if pickers::SETS.contains(&set) => picker::NAME,
            _ => return None,
        };
        let name = entity.get(by).filter(|name| !name.is_null())?;
        self.draft.rows_where(id, by, name).into_iter().next()
    }

    /// Gives a new entity what it must have and the line left out.
    fn complete(&self, id: SetId, edit: &mut Edit) {
        let mut defaults: Vec<(_, Value)> = Vec::new();
        match id {
            set::USERS => {
                defaults.push((user::ROLE, Role::Agent.name().into()));
                defaults.push((user::IS_ACTIVE, true.into()));
            }
            set::CUSTOMERS => {
                let address = edit.get(customer::EMAIL);
                let name = address.as_text().and_then(|address| address.split('@').next());
                defaults.push((customer::NAME, name.into()));
                defaults.push((customer::IS_VIP, false.into()));
            }
            set::TEAMS => defaults.push((team::IS_ARCHIVED, false.into())),
            set::SAVED_VIEWS => {
                defaults.push((view::IS_SHARED, false.into()));
                defaults.push((view::POSITION, 0.into()));
            }
            set::TICKET_HISTORY => {
                defaults.push((history::CHANGED_BY_KIND, "System".into()));
            }
            set if pickers::SETS.contains(&set) => {
                defaults.push((picker::POSITION, pickers::next_position(self.draft, set).into()));
                defaults.push((picker::IS_DEFAULT, false.into()));
                defaults.push((picker::IS_ARCHIVED, false.into()));
            }
            _ => {}
        }
        if id == set::STATUSES {
            let name = edit.get(picker::NAME);
            let kind = pickers::kind_by_name(name.as_text().unwrap_or_default());
            defaults.push((status::KIND, kind.into()));
        }
        for (prop, value) in defaults {
            if edit.get(prop).is_null() {
                edit.set(self.model, prop, value);
            }
        }
    }

    /// Refuses what no such entity may say.
    fn check(&self, id: SetId, edit: &Edit) -> Result<(), Error> {
        let text = |prop| edit.get(prop).as_text().unwrap_or_default().to_owned();
        match id {
            set::USERS => {
                text(user::ROLE).parse::<Role>()?;
                if text(user::EMAIL).is_empty() {
                    return Err(refusal("Email", "staff have an address"));
                }
            }
            set::STATUSES if !status::KINDS.contains(&text(status::KIND).as_str()) => {
                let reason = format!("it is one of {}", status::KINDS.join(", "));
                return Err(refusal("Kind", reason));
            }
            set::SAVED_VIEWS => {
                let owner = edit.get(view::OWNER_ID).as_int();
                if let Some(id) = owner.filter(|id| self.row(set::USERS, *id).is_none()) {
                    return Err(refusal("OwnerId", format!("there is no Users({id})")));
                }
                let name = text(view::ENTITY_SET);
                if self.model.find_set(&name).is_none() {
                    return Err(refusal("EntitySet", format!("there is no set '{name}'")));
                }
            }
            set::TEAM_MEMBERS => {
                for (name, prop, of) in [
                    ("TeamId", member::TEAM_ID, set::TEAMS),
                    ("UserId", member::USER_ID, set::USERS),
                ] {
                    let id = edit.get(prop).as_int().unwrap_or_default();
                    if self.row(of, id).is_none() {
                        let of = self.model.set(of).name;
                        return Err(refusal(name, format!("there is no {of}({id})")));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The list entry or team of exactly that name, made if there is none. The id beside it is what the
    /// helpdesk it came from calls it: it chooses among namesakes, and is taken for a new one if it is free.
    pub(super) fn named(
        &mut self,
        (id, beside): (SetId, Option<&Value>),
        property: &str,
        name: &str,
        kind: Option<&str>,
    ) -> Result<i64, Error> {
        if name.is_empty() {
            return Err(refusal(property, "a name is not empty; leave it out or give null"));
        }
        let by = if id == set::TEAMS { team::NAME } else { picker::NAME };
        let found = self.draft.rows_where(id, by, &Value::text(name));
        let ids: Vec<i64> = found.iter().map(|row| self.id_of(row)).collect();
        let chosen = beside.and_then(Value::as_int).filter(|beside| ids.contains(beside));
        match (chosen, ids.as_slice()) {
            (Some(id), _) | (None, &[id]) => Ok(id),
            (None, []) => {
                let mut given = vec![(by, Value::text(name))];
                if let Some(kind) = kind.filter(|kind| status::KINDS.contains(kind)) {
                    given.push((status::KIND, Value::text(kind)));
                }
                self.make(id, beside, given)
            }
            (None, several) => {
                let reason =
                    format!("{} entities have this name; give the id of one", several.len());
                Err(refusal(property, reason))
            }
        }
    }
}

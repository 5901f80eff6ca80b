//! What each name in a line means for each set.

use std::collections::HashMap;

use crate::model::{
    Contents, Model, Origin, Prop, SetId, Write,
    props::{comment, history, ticket},
    set,
};

/// What to do with a member of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A property to be kept.
    Keep(Prop),
    /// A property that follows from others.
    Derived,
    /// `FormerStateHours`, kept as microseconds.
    FormerStateHours,
    /// The comments of a ticket.
    Comments,
    /// The address of who wrote a comment.
    AuthorEmail,
}

/// The fields of every set.
pub(super) struct Fields(Vec<HashMap<&'static str, Field>>);

/// Properties that follow from others but say who or what to make where that is unknown.
const TELLING: [(SetId, Prop); 4] = [
    (set::TICKETS, ticket::REQUESTER_NAME),
    (set::TICKETS, ticket::ASSIGNEE_NAME),
    (set::TICKETS, ticket::STATUS_KIND),
    (set::COMMENTS, comment::AUTHOR_NAME),
];

impl Fields {
    /// The fields of `model`.
    pub(super) fn new(model: &Model) -> Self {
        Self(model.set_ids().map(|(set, _)| of_set(model, set)).collect())
    }

    /// What `name` means in `set`; `None` where nobody knows it.
    pub(super) fn get(&self, set: SetId, name: &str) -> Option<Field> {
        self.0.get(usize::from(set.0))?.get(name).copied()
    }
}

fn of_set(model: &Model, id: SetId) -> HashMap<&'static str, Field> {
    let mut fields = HashMap::new();
    for (prop, property) in model.entity_type(id).props().filter(|(_, property)| !property.hidden) {
        let kept = match property.origin {
            Origin::Stored { .. } | Origin::LongText { .. } => true,
            Origin::LookUp { .. } => property.write != Write::Never,
            Origin::Count { .. } | Origin::Computed(..) => false,
        };
        let kept = kept || TELLING.contains(&(id, prop));
        fields.insert(property.name, if kept { Field::Keep(prop) } else { Field::Derived });
    }
    match id {
        set::TICKETS => {
            fields.insert("Comments", Field::Comments);
            fields.insert("Team", Field::Keep(ticket::TEAM_NAME));
        }
        set::COMMENTS => {
            fields.insert("AuthorEmail", Field::AuthorEmail);
        }
        set::TICKET_HISTORY => {
            let name = model.entity_type(id).property_at(history::FORMER_STATE_HOURS).name;
            fields.insert(name, Field::FormerStateHours);
        }
        _ => {}
    }
    fields
}

/// The stored set whose entities are of that type, as `@odata.type` names it.
pub(super) fn set_of_type(model: &Model, annotation: &str) -> Option<SetId> {
    let name = annotation.rsplit(['#', '.']).next()?;
    let is_it = |(id, set): &(SetId, &crate::model::EntitySet)| {
        matches!(set.contents, Contents::Stored { .. }) && model.entity_type(*id).name == name
    };
    model.set_ids().find(is_it).map(|(id, _)| id)
}

/// The set that the context of an answer names: `https://desk/odata/$metadata#Tickets(Id,Title)`.
pub(super) fn set_of_context(model: &Model, context: &str) -> Option<SetId> {
    let (_, of) = context.split_once("$metadata#")?;
    model.find_set(of.split(['(', '/']).next()?)
}

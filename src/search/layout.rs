//! Which properties are in the index, and under which fields; all of it from the model.

use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions,
};

use super::splitter;
use crate::model::{Contents, Key, Model, Origin, Prop, Relation, Row, SetId, Value};

/// The fast field that holds an entity's own id.
pub(super) const OWN: &str = "key";

/// The fields of the index.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) schema: Schema,
    /// Set and key, to find an entity's document again.
    pub(super) entity: Field,
    pub(super) own: Field,
    /// Searched texts.
    pub(super) texts: Vec<(SetId, Prop, Field)>,
    /// Properties that hold the id of the entity that is found through this one.
    pub(super) parents: Vec<(SetId, Prop, Field)>,
    codes: Vec<Option<u16>>,
}

impl Layout {
    /// What `model` asks for.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut builder = SchemaBuilder::new();
        let entity = builder.add_bytes_field("entity", BytesOptions::default().set_indexed());
        let own = builder.add_i64_field(OWN, FAST);
        let (mut texts, mut parents) = (Vec::new(), Vec::new());
        for (set, declared) in model.set_ids().filter(|(_, set)| set.searched.is_indexed) {
            let structure = model.entity_type(set);
            for prop in declared.searched.own.iter().filter_map(|name| structure.property(name)) {
                let name = field_name(model, set, prop);
                match structure.property_at(prop).origin {
                    Origin::Stored { .. } | Origin::LongText { .. } => {
                        texts.push((set, prop, builder.add_text_field(&name, indexed())));
                    }
                    Origin::LookUp { .. } | Origin::Count { .. } | Origin::Computed(..) => {}
                }
            }
            for (name, _) in declared.searched.through {
                let found = structure.navigation(name).map(|nav| structure.navigation_at(nav));
                let Some(navigation) = found else { continue };
                let (Relation::Children { by }, Some(target)) =
                    (navigation.relation, model.target(navigation))
                else {
                    continue;
                };
                let Some(prop) = model.entity_type(target).property(by) else { continue };
                if !parents.iter().any(|(set, known, _)| (*set, *known) == (target, prop)) {
                    let name = field_name(model, target, prop);
                    parents.push((target, prop, builder.add_i64_field(&name, FAST)));
                }
            }
        }
        let code = |contents| match contents {
            Contents::Stored { code } => Some(code),
            Contents::Unfolded { .. } | Contents::Computed { .. } => None,
        };
        let codes = model.sets.iter().map(|set| code(set.contents)).collect();
        Self { schema: builder.build(), entity, own, texts, parents, codes }
    }

    /// Whether entities of a set have documents.
    #[must_use]
    pub fn has(&self, set: SetId) -> bool {
        self.texts.iter().any(|(known, ..)| *known == set)
    }

    /// All sets whose entities have documents.
    #[must_use]
    pub fn sets(&self) -> Vec<SetId> {
        let mut sets: Vec<SetId> = self.texts.iter().map(|(set, ..)| *set).collect();
        sets.dedup();
        sets
    }

    /// Whether two versions of an entity have the same document.
    #[must_use]
    pub fn is_same(&self, model: &Model, before: &Row, now: &Row) -> bool {
        let structure = model.structure(now.type_id);
        let mut props = self.texts.iter().chain(&self.parents).filter(|(set, ..)| *set == now.set);
        before.type_id == now.type_id
            && props.all(|(_, prop, _)| {
                if structure.property_at(*prop).is_long() {
                    let text = |row: &Row| row.record.text_ref(structure, *prop);
                    text(before) == text(now)
                } else {
                    let value = |row: &Row| -> Value { row.record.get(structure, *prop) };
                    value(before) == value(now)
                }
            })
    }

    pub(super) fn text(&self, set: SetId, prop: Prop) -> Option<Field> {
        find(&self.texts, set, prop)
    }

    /// The name of the fast field of a property.
    pub(super) fn parent(&self, set: SetId, prop: Prop) -> Option<&str> {
        find(&self.parents, set, prop).map(|field| self.schema.get_field_name(field))
    }

    /// What an entity's document is found by.
    pub(super) fn entity(&self, set: SetId, key: &Key) -> Vec<u8> {
        let code = self.codes.get(usize::from(set.0)).copied().flatten().unwrap_or(0);
        let mut bytes = code.to_be_bytes().to_vec();
        bytes.extend(key.to_bytes());
        bytes
    }
}

fn find(fields: &[(SetId, Prop, Field)], set: SetId, prop: Prop) -> Option<Field> {
    let mut found = fields.iter().filter(|(at, known, _)| (*at, *known) == (set, prop));
    found.next().map(|(.., field)| *field)
}

/// A dot in a name would mean a path to tantivy.
fn field_name(model: &Model, set: SetId, prop: Prop) -> String {
    format!("{}_{}", model.set(set).name, model.entity_type(set).property_at(prop).name)
}

/// Words with their positions; neither the text nor anything for an order by relevance.
fn indexed() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(splitter::NAME)
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    TextOptions::default().set_indexing_options(indexing)
}

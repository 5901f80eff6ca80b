//! What a resource path leads to, once its names are known.

use crate::{
    model::{ActionId, FunctionId, Model, Nav, Prop, SetId, StructId, Type},
    query::{Expr, Lookup, Step},
};

/// Everything a path can lead to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The service root.
    ServiceDocument,
    /// `$metadata`
    Metadata,
    /// Several entities.
    Collection(CollectionPath),
    /// `/$count` of several entities.
    Count(CollectionPath),
    /// One entity, which may not exist.
    Entity(EntityPath),
    /// `/$ref` of several entities: their ids.
    References(CollectionPath),
    /// `/$ref` of one entity: its id.
    Reference(EntityPath),
    /// A property of one entity.
    Property(PropertyPath),
    /// `/$value` of a primitive property.
    RawValue(PropertyPath),
    /// `/$count` of a collection property.
    PropertyCount(PropertyPath),
    /// An action on one entity or a whole set.
    Action(ActionPath),
    /// A function of the service.
    Function(FunctionId),
}

/// A path to one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityPath {
    /// Where it starts.
    pub root: Lookup,
    /// Where it goes from there.
    pub steps: Vec<EntityStep>,
    /// The set of the entity it leads to.
    pub set: SetId,
    /// The type that entity is declared to be here.
    pub ty: StructId,
}

impl EntityPath {
    /// Every set the path comes through, the last included.
    #[must_use]
    pub fn sets(&self, model: &Model) -> Vec<SetId> {
        let (mut sets, mut ty) = (vec![self.root.set], model.set(self.root.set).ty);
        for step in &self.steps {
            let set = match step {
                EntityStep::ToOne { navigation, .. } => {
                    model.target(model.structure(ty).navigation_at(*navigation))
                }
                EntityStep::Member { lookup, .. } => Some(lookup.set),
                EntityStep::Cast(to) => {
                    ty = *to;
                    None
                }
            };
            if let Some(set) = set {
                sets.push(set);
                ty = model.set(set).ty;
            }
        }
        sets
    }
}

/// One step from an entity to an entity.
#[derive(Clone, Debug, PartialEq)]
pub enum EntityStep {
    /// Along a to-one navigation.
    ToOne {
        /// The navigation property.
        navigation: Nav,
        /// What must hold of the entity there, over variable 0.
        guard: Option<Expr>,
    },
    /// To one of the entities a to-many navigation leads to.
    Member {
        /// The navigation property.
        navigation: Nav,
        /// Which of them.
        lookup: Lookup,
    },
    /// Only if the entity is of that type.
    Cast(StructId),
}

/// A path to several entities.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionPath {
    /// The entity and its to-many navigation; `None` for a whole set.
    pub of: Option<(EntityPath, Nav)>,
    /// The set of the entities.
    pub set: SetId,
    /// The type they are declared to be here; others are left out by `filter`.
    pub ty: StructId,
    /// Over variable 0: what the caller may see, type casts, and `$filter` segments.
    pub filter: Option<Expr>,
    /// Whether a `$filter` segment chose among them.
    pub is_chosen: bool,
}

/// A path to a property of one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyPath {
    /// The entity.
    pub entity: EntityPath,
    /// From there to the property; ends in one.
    pub steps: Vec<Step>,
    /// The names of those steps, for the context URL.
    pub names: Vec<String>,
    /// Its type.
    pub ty: Type,
}

/// A path to an action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPath {
    /// What it is done to.
    pub on: Bound,
    /// What is done to it.
    pub action: ActionId,
}

/// What an action is done to.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// One entity.
    Entity(EntityPath),
    /// A set as a whole.
    Set(SetId),
}

impl PropertyPath {
    /// The first property on the way, which belongs to the entity itself.
    #[must_use]
    pub fn first(&self) -> Option<Prop> {
        self.steps.iter().find_map(|step| match step {
            Step::Property(prop) => Some(*prop),
            Step::Navigation(_) | Step::Cast(_) | Step::Find(_) => None,
        })
    }
}

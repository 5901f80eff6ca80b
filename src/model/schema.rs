//! The shape of a model: types, properties, navigation, sets. Data only; knows no store and no text.

mod property;

use std::sync::Arc;

pub use self::property::{Entity, Index, Kept, Origin, Property, Reads, Write};
use super::{
    computed::{Computed, Entities},
    guard::Guard,
    operation::{Action, Function},
    searched::Searched,
};

/// Index of a structured type (entity or complex) in [`Model::structs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StructId(pub u16);
/// Index of an enumeration type in [`Model::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnumId(pub u16);
/// Index of an entity set in [`Model::sets`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetId(pub u16);
/// Index of an action in [`Model::actions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub u16);
/// Index of a function in [`Model::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u16);
/// Index of a property in its type, inherited properties first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prop(pub u16);
/// Index of a navigation property in its type, inherited ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nav(pub u16);

/// An enumeration type. Source: OData CSDL 4.01, 10.
#[derive(Clone, Debug)]
pub struct EnumType {
    /// Name without namespace.
    pub name: &'static str,
    /// Whether several members may be set at once (`IsFlags`).
    pub is_flags: bool,
    /// Members with their numbers.
    pub members: Vec<(&'static str, i64)>,
}

/// An entity type or a complex type.
#[derive(Clone, Debug)]
pub struct StructType {
    /// Name without namespace.
    pub name: &'static str,
    /// One sentence for `$metadata` and people.
    pub doc: &'static str,
    /// The type it is derived from; its properties stand first in `properties`.
    pub base: Option<StructId>,
    /// Key properties; empty for complex types.
    pub key: Vec<Prop>,
    /// All properties, inherited first.
    pub properties: Vec<Property>,
    /// All navigation properties, inherited first.
    pub navigations: Vec<Navigation>,
}

/// How a navigation property finds its entities.
#[derive(Clone, Copy, Debug)]
pub enum Relation {
    /// To one: a property here holds the key there.
    Reference {
        /// Name of the property here.
        by: &'static str,
    },
    /// To many: a property there holds the key here.
    Children {
        /// Name of the property there.
        by: &'static str,
    },
}

/// A navigation property.
#[derive(Clone, Debug)]
pub struct Navigation {
    /// Name, `PascalCase`.
    pub name: &'static str,
    /// Name of the target entity set.
    pub target: &'static str,
    /// How its entities are found.
    pub relation: Relation,
}

/// What an entity set holds.
#[derive(Clone, Copy, Debug)]
pub enum Contents {
    /// Entities of its own, stored under a number that is never used again.
    Stored {
        /// That number, from 1.
        code: u16,
    },
    /// One entity per item of a collection property of another set: key and item.
    Unfolded {
        /// The other set's name.
        set: &'static str,
        /// The collection property's name there.
        property: &'static str,
    },
    /// Entities computed from all those of another set. No navigation property leads to them.
    Computed {
        /// The other set's name.
        from: &'static str,
        /// Computes them; what comes of it is kept for as long as that set does not change, a day at most.
        by: fn(&dyn Entities) -> Arc<dyn Computed>,
    },
}

/// Scopes an entity set asks for; `None`: there is no verb that does it.
#[derive(Clone, Copy, Debug)]
pub struct SetScopes {
    /// To read it.
    pub read: &'static str,
    /// To read what [`Guard::Own`] leaves of it, where `read` is not held.
    pub read_own: Option<&'static str>,
    /// To create in it.
    pub create: Option<&'static str>,
    /// To change it.
    pub write: Option<&'static str>,
    /// To delete from it.
    pub delete: Option<&'static str>,
}

/// An entity set.
#[derive(Clone, Debug)]
pub struct EntitySet {
    /// Name, plural, `PascalCase`.
    pub name: &'static str,
    /// The type of its entities; may be derived further.
    pub ty: StructId,
    /// What it holds.
    pub contents: Contents,
    /// What it asks for.
    pub scopes: SetScopes,
    /// Entities that need more than the read scope.
    pub guard: Option<Guard>,
    /// What a search of it looks at.
    pub searched: Searched,
    /// Whether it exists only inside: never served, named or imported.
    pub hidden: bool,
}

/// A whole model: what `$metadata` tells and every other layer asks.
#[derive(Clone, Debug)]
pub struct Model {
    /// Namespace of all its types.
    pub namespace: &'static str,
    /// Enumeration types.
    pub enums: Vec<EnumType>,
    /// Entity types and complex types; a base stands before what is derived from it.
    pub structs: Vec<StructType>,
    /// Entity sets.
    pub sets: Vec<EntitySet>,
    /// Actions.
    pub actions: Vec<Action>,
    /// Functions of the service.
    pub functions: Vec<Function>,
}

impl Model {
    /// The type of that index.
    #[must_use]
    pub fn structure(&self, id: StructId) -> &StructType {
        &self.structs[usize::from(id.0)]
    }

    /// The set of that index.
    #[must_use]
    pub fn set(&self, id: SetId) -> &EntitySet {
        &self.sets[usize::from(id.0)]
    }

    /// The declared entity type of a set.
    #[must_use]
    pub fn entity_type(&self, id: SetId) -> &StructType {
        self.structure(self.set(id).ty)
    }

    /// The set of exactly that name, else the one that matches ignoring case; no hidden one.
    #[must_use]
    pub fn find_set(&self, name: &str) -> Option<SetId> {
        let shown = |set: &EntitySet| if set.hidden { "" } else { set.name };
        find(self.sets.iter().map(shown), name).filter(|_| !name.is_empty()).map(SetId)
    }

    /// Whether `id` is `ancestor` or derived from it.
    #[must_use]
    pub fn is_a(&self, id: StructId, ancestor: StructId) -> bool {
        id == ancestor || self.structure(id).base.is_some_and(|base| self.is_a(base, ancestor))
    }

    /// The target set of a navigation property.
    #[must_use]
    pub fn target(&self, navigation: &Navigation) -> Option<SetId> {
        self.find_set(navigation.target)
    }

    /// All sets with their indices.
    pub fn set_ids(&self) -> impl Iterator<Item = (SetId, &EntitySet)> {
        (0u16..).map(SetId).zip(&self.sets)
    }
}

impl StructType {
    /// The property of exactly that name, else the one that matches ignoring case; hidden ones too.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Prop> {
        find(self.properties.iter().map(|property| property.name), name).map(Prop)
    }

    /// The navigation property of exactly that name, else the one that matches ignoring case.
    #[must_use]
    pub fn navigation(&self, name: &str) -> Option<Nav> {
        find(self.navigations.iter().map(|navigation| navigation.name), name).map(Nav)
    }

    /// The property of that index.
    #[must_use]
    pub fn property_at(&self, index: Prop) -> &Property {
        &self.properties[usize::from(index.0)]
    }

    /// The navigation property of that index.
    #[must_use]
    pub fn navigation_at(&self, index: Nav) -> &Navigation {
        &self.navigations[usize::from(index.0)]
    }

    /// All properties with their indices.
    pub fn props(&self) -> impl Iterator<Item = (Prop, &Property)> {
        (0u16..).map(Prop).zip(&self.properties)
    }

    /// All navigation properties with their indices.
    pub fn navs(&self) -> impl Iterator<Item = (Nav, &Navigation)> {
        (0u16..).map(Nav).zip(&self.navigations)
    }
}

/// The position of exactly that name, else of the one that matches ignoring case.
pub(super) fn find<'a>(
    mut names: impl Iterator<Item = &'a str> + Clone,
    name: &str,
) -> Option<u16> {
    let mut again = names.clone();
    let exact = names.position(|candidate| candidate == name);
    let any = || again.position(|candidate| candidate.eq_ignore_ascii_case(name));
    exact.or_else(any).and_then(|at| u16::try_from(at).ok())
}

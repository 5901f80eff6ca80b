//! What can be done or asked beside reading and changing entities. Data only; runs nothing.

use super::schema::{ActionId, FunctionId, Model, SetId, StructId, find};
use super::types::Type;

/// Something that can be done with one entity, or with a whole set.
///
/// Source: OData CSDL 4.01, 12.
#[derive(Clone, Debug)]
pub struct Action {
    /// Name without namespace.
    pub name: &'static str,
    /// One sentence for `$metadata` and people.
    pub doc: &'static str,
    /// Name of the set it belongs to.
    pub set: &'static str,
    /// What of that set it is done to.
    pub binding: Binding,
    /// What it is told, beside what it is done to.
    pub parameters: Vec<Parameter>,
    /// What it answers with.
    pub returns: Returns,
    /// Scope it asks for; none for what every known caller may do.
    pub scope: Option<&'static str>,
}

/// What an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// One entity of the set.
    Entity,
    /// The set as a whole; not a part of it, nor what a navigation leads to.
    Collection,
}

/// What an action answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// Nothing.
    Nothing,
    /// An entity of the set of that name.
    Entity(&'static str),
    /// A value of the complex type of that name.
    Complex(&'static str),
}

/// What an action is told.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Name, `PascalCase`.
    pub name: &'static str,
    /// One sentence for `$metadata` and people; may be empty where the name says it.
    pub doc: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it may be null or left out, which is the same.
    pub nullable: bool,
    /// Greatest length in characters of a text.
    pub max_length: Option<u32>,
}

/// A question to the service itself: takes nothing, changes nothing, open to every known caller.
///
/// Source: OData CSDL 4.01, 12.3 and 13.6.
#[derive(Clone, Debug)]
pub struct Function {
    /// Name without namespace, and that of its import.
    pub name: &'static str,
    /// One sentence for `$metadata` and people.
    pub doc: &'static str,
    /// Name of the complex type it answers with.
    pub returns: &'static str,
}

impl Model {
    /// The action of that index.
    #[must_use]
    pub fn action(&self, id: ActionId) -> &Action {
        &self.actions[usize::from(id.0)]
    }

    /// The actions that are done to `set` or to entities of it.
    pub fn actions_on(
        &self,
        set: SetId,
        binding: Binding,
    ) -> impl Iterator<Item = &Action> + Clone {
        let set = self.set(set).name;
        self.actions.iter().filter(move |action| action.set == set && action.binding == binding)
    }

    /// The action on `set` of exactly that name, else the one that matches ignoring case.
    #[must_use]
    pub fn find_action(&self, set: SetId, binding: Binding, name: &str) -> Option<ActionId> {
        let set = self.set(set).name;
        let is_bound = |action: &Action| action.set == set && action.binding == binding;
        let name_of = |action: &Action| if is_bound(action) { action.name } else { "" };
        let found = find(self.actions.iter().map(name_of), name);
        found.filter(|_| !name.is_empty()).map(ActionId)
    }

    /// The function of that index.
    #[must_use]
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[usize::from(id.0)]
    }

    /// The function of exactly that name, else the one that matches ignoring case.
    #[must_use]
    pub fn find_function(&self, name: &str) -> Option<FunctionId> {
        find(self.functions.iter().map(|function| function.name), name).map(FunctionId)
    }

    /// The complex type of exactly that name.
    #[must_use]
    pub fn find_complex(&self, name: &str) -> Option<StructId> {
        let is_it = |ty: &super::StructType| ty.name == name && ty.key.is_empty();
        let at = self.structs.iter().position(is_it)?;
        u16::try_from(at).ok().map(StructId)
    }
}

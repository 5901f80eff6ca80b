//! What can be done with an entity beside changing its properties. Data only; runs nothing.

use super::types::Type;

/// Something that can be done with one entity beside changing its properties.
///
/// Source: OData CSDL 4.01, 12.
#[derive(Clone, Debug)]
pub struct Action {
    /// Name without namespace.
    pub name: &'static str,
    /// One sentence for `$metadata` and people.
    pub doc: &'static str,
    /// Name of the set whose entities it is bound to.
    pub set: &'static str,
    /// What it is told, beside the entity.
    pub parameters: Vec<Parameter>,
    /// Name of the set the entity it answers with is in; `None`: it answers with nothing.
    pub returns: Option<&'static str>,
    /// Scope it asks for.
    pub scope: &'static str,
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

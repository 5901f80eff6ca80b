//! What was written against what is declared: names resolved, types agreed, rights applied.
//!
//! Takes trees from the parser and gives targets, plans and shapes. What the caller may not read
//! does not exist here, so that nothing behind this module can tell of it. Reads no data.

mod apply;
mod compute;
mod expand;
mod expr;
mod function;
mod key;
mod lists;
mod literal;
mod member;
mod named;
mod operator;
mod options;
mod path;
mod rooted;
mod search;
mod select;
mod structured;
mod target;
mod ty;

#[cfg(test)]
mod tests;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

pub use apply::{Applied, Member};
pub use options::Place;
pub use target::{ActionPath, Bound, CollectionPath, EntityPath, EntityStep, PropertyPath, Target};

use super::{Limits, ast};
use crate::{
    error::{Error, nearest},
    model::{
        Action, EnumId, Guard, Model, Nav, Prop, Property, Relation, SetId, StructId, StructType,
        Value,
    },
    query::{BinaryOp, Expr, Path, Rights, Step, Var},
};

/// `@p=…` of a request, by name.
pub type Aliases = BTreeMap<String, ast::Expr>;

/// Checks one request of one caller.
pub struct Checker<'a> {
    /// What is declared.
    pub model: &'a Model,
    /// What the caller may do.
    pub rights: &'a dyn Rights,
    /// How large a query may become once its aliases are put in.
    pub limits: Limits,
    nodes: Cell<usize>,
    aliases: Cell<usize>,
    /// Constants in lists that aliases put in.
    items: Cell<usize>,
    /// Words of `$search`.
    words: Cell<usize>,
    /// Within `$expand`: what the whole request is about.
    outermost: Cell<Option<(SetId, StructId)>>,
    /// How many `$expand` the place being checked is within.
    expanded: Cell<usize>,
    /// What the `$expand` being checked names of what is around it.
    named: RefCell<expand::Outside>,
    /// Bytes of all texts for addresses of expanded collections.
    addresses: Cell<usize>,
    /// Binary constants that were read.
    binaries: RefCell<BTreeMap<String, Value>>,
}

/// Rights to everything, to tell what a path is before anyone knows who asks.
#[derive(Clone, Copy, Debug)]
pub struct Everything;

impl Rights for Everything {
    fn has(&self, _: &str) -> bool {
        true
    }
}

impl<'a> Checker<'a> {
    /// A checker for one request.
    #[must_use]
    pub fn new(model: &'a Model, rights: &'a dyn Rights, limits: Limits) -> Self {
        let zero = || Cell::new(0);
        let (nodes, aliases, items, expanded) = (zero(), zero(), zero(), zero());
        Self {
            model,
            rights,
            limits,
            nodes,
            aliases,
            items,
            words: zero(),
            outermost: Cell::new(None),
            expanded,
            named: RefCell::default(),
            addresses: zero(),
            binaries: RefCell::default(),
        }
    }

    /// Runs `check` on what is within an `$expand` of `of`: there `$it` is what the request is about.
    fn within_expand<T>(&self, of: (SetId, StructId), check: impl FnOnce() -> T) -> T {
        let before = self.outermost.get();
        self.outermost.set(Some(before.unwrap_or(of)));
        let checked = check();
        self.outermost.set(before);
        checked
    }

    /// Whether the caller may know of a property.
    #[must_use]
    pub fn is_visible(&self, property: &Property) -> bool {
        !property.hidden && property.scope.is_none_or(|scope| self.rights.has(scope))
    }

    /// Whether the caller may read a set.
    #[must_use]
    pub fn is_readable(&self, set: SetId) -> bool {
        let declared = self.model.set(set);
        let may = |scope: &'static str| self.rights.has(scope);
        !declared.hidden && (may(declared.scopes.read) || declared.scopes.read_own.is_some_and(may))
    }

    /// Whether the caller may do an action at all; whether to this entity is for its verb to tell.
    #[must_use]
    pub fn may_do(&self, action: &Action) -> bool {
        action.scope.is_none_or(|scope| self.rights.has(scope))
    }

    /// The set a navigation property leads to, if the caller may read it.
    #[must_use]
    pub fn readable_target(&self, structure: &StructType, navigation: Nav) -> Option<SetId> {
        let target = self.model.target(structure.navigation_at(navigation))?;
        self.is_readable(target).then_some(target)
    }

    /// That an entity is the caller's own. Whoever is nobody in particular owns nothing, not even what
    /// nobody owns.
    fn own(&self, structure: &StructType, owner: &str, path: impl Fn(Prop) -> Expr) -> Expr {
        match structure.property(owner).zip(self.rights.user_id()) {
            Some((owner, id)) => Expr::Binary {
                op: BinaryOp::Eq,
                left: Box::new(path(owner)),
                right: Box::new(Expr::Literal(id.into())),
            },
            None => Expr::Literal(false.into()),
        }
    }

    /// What must hold of an entity of `set`, named by `var`, for the caller to see it.
    #[must_use]
    pub fn guard(&self, set: SetId, var: Var) -> Option<Expr> {
        let declared = self.model.set(set);
        let structure = self.model.structure(declared.ty);
        let path = |prop| Expr::Path(Path { from: var, steps: vec![Step::Property(prop)] });
        // A guard that names nothing hides everything.
        match declared.guard? {
            Guard::Flagged { scope, .. } if self.rights.has(scope) => None,
            Guard::Flagged { property, .. } => {
                let guarded = structure.property(property);
                let guarded = guarded.map_or(Expr::Literal(true.into()), path);
                Some(Expr::Not(Box::new(guarded)))
            }
            Guard::OwnerOrShared { owner, shared } => {
                let shared = structure.property(shared).map_or(Expr::Literal(false.into()), path);
                Some(Expr::Or(vec![self.own(structure, owner, path), shared]))
            }
            Guard::Own { scope, .. } if self.rights.has(scope) => None,
            Guard::Own { owner, .. } => Some(self.own(structure, owner, path)),
        }
    }

    /// All properties of a type the caller may know of, in their order.
    #[must_use]
    pub fn visible_props(&self, structure: &StructType) -> Vec<Prop> {
        let visible = structure.props().filter(|(_, property)| self.is_visible(property));
        visible.map(|(prop, _)| prop).collect()
    }

    /// All navigation properties of a type that lead to sets the caller may read.
    #[must_use]
    pub fn visible_navs(&self, structure: &StructType) -> Vec<Nav> {
        let navs = structure.navs().map(|(nav, _)| nav);
        navs.filter(|nav| self.readable_target(structure, *nav).is_some()).collect()
    }

    pub(super) fn find_property(&self, structure: &StructType, name: &str) -> Option<Prop> {
        structure.property(name).filter(|prop| self.is_visible(structure.property_at(*prop)))
    }

    pub(super) fn find_navigation(
        &self,
        structure: &StructType,
        name: &str,
    ) -> Option<(Nav, SetId)> {
        let nav = structure.navigation(name)?;
        Some((nav, self.readable_target(structure, nav)?))
    }

    /// The error for a name the type does not have.
    fn unknown(&self, structure: &StructType, name: &str, target: &str) -> Error {
        Error::UnknownProperty {
            entity_type: structure.name.to_owned(),
            name: name.to_owned(),
            suggestion: nearest(name, self.names(structure)),
            target: target.to_owned(),
        }
    }

    /// Names of all properties and navigation properties the caller may know of.
    fn names(&self, structure: &'a StructType) -> Vec<&'a str> {
        let props = self.visible_props(structure).into_iter();
        let navs = self.visible_navs(structure).into_iter();
        props
            .map(|prop| structure.property_at(prop).name)
            .chain(navs.map(|nav| structure.navigation_at(nav).name))
            .collect()
    }

    fn is_to_many(structure: &StructType, navigation: Nav) -> bool {
        match structure.navigation_at(navigation).relation {
            Relation::Reference { .. } => false,
            Relation::Children { .. } => true,
        }
    }

    /// The entity or complex type of a qualified name; none of a hidden set.
    fn find_struct(&self, name: &str) -> Option<StructId> {
        let name = self.in_namespace(name).filter(|name| !name.is_empty())?;
        let hidden = self.model.sets.iter().filter(|set| set.hidden);
        let hidden: Vec<&str> = hidden.map(|set| self.model.structure(set.ty).name).collect();
        let shown = |ty: &StructType| if hidden.contains(&ty.name) { "" } else { ty.name };
        let names: Vec<&str> = self.model.structs.iter().map(shown).collect();
        find(&names, name).map(StructId)
    }

    /// The enumeration type of a qualified name.
    fn find_enum(&self, name: &str) -> Option<EnumId> {
        let name = self.in_namespace(name)?;
        let names: Vec<&str> = self.model.enums.iter().map(|known| known.name).collect();
        find(&names, name).map(EnumId)
    }

    fn in_namespace<'n>(&self, name: &'n str) -> Option<&'n str> {
        let (namespace, name) = name.rsplit_once('.')?;
        namespace.eq_ignore_ascii_case(self.model.namespace).then_some(name)
    }

    /// The type a cast segment names, if it is `from` or derived from it.
    pub(super) fn cast_target(&self, from: StructId, name: &str) -> Option<StructId> {
        self.find_struct(name).filter(|to| self.model.is_a(*to, from))
    }

    /// Counts one node of an expression; aliases may make a query larger than it was written.
    fn count_node(&self, target: &str) -> Result<(), Error> {
        self.count_nodes(1, target)
    }

    fn count_nodes(&self, nodes: usize, target: &str) -> Result<(), Error> {
        add_within(&self.nodes, nodes, (Limits::NODES, self.limits.nodes), target)
    }

    /// Counts one constant of a list that an alias put in; lists that are written are as long as the text.
    fn count_item(&self, target: &str) -> Result<(), Error> {
        add_within(&self.items, 1, (Limits::IN_ITEMS, self.limits.in_items), target)
    }

    /// Counts what is searched for.
    fn count_words(&self, words: usize, target: &str) -> Result<(), Error> {
        add_within(&self.words, words, (Limits::SEARCH_WORDS, self.limits.search_words), target)
    }

    /// Counts one alias put in, since aliases within aliases multiply.
    fn count_alias(&self, target: &str) -> Result<(), Error> {
        add_within(&self.aliases, 1, (Limits::ALIASES, self.limits.aliases), target)
    }
}

/// Adds to what was used of a limit.
fn add_within(
    used: &Cell<usize>,
    more: usize,
    (limit, max): (&'static str, usize),
    target: &str,
) -> Result<(), Error> {
    used.set(used.get().saturating_add(more));
    if used.get() <= max {
        return Ok(());
    }
    Err(Error::LimitExceeded { limit, max: max as u64, target: target.to_owned() })
}

/// The position of exactly that name, else of the one that matches ignoring case.
fn find(names: &[&str], name: &str) -> Option<u16> {
    let exact = names.iter().position(|known| *known == name);
    let any = || names.iter().position(|known| known.eq_ignore_ascii_case(name));
    exact.or_else(any).and_then(|at| u16::try_from(at).ok())
}

/// The names of all functions an expression may call, in lower case.
pub fn function_names() -> impl Iterator<Item = &'static str> {
    function::names()
}

fn not_implemented<T>(feature: &str) -> Result<T, Error> {
    Err(Error::NotImplemented { feature: feature.to_owned() })
}

/// Both conditions, where there are two.
fn and(left: Option<Expr>, right: Option<Expr>) -> Option<Expr> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Expr::And(vec![left, right])),
        (left, right) => left.or(right),
    }
}

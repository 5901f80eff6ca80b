//! Resource paths against the model: from the service root to what is asked for.

use super::{
    ActionPath, Aliases, Bound, Checker, CollectionPath, EntityPath, EntityStep, PropertyPath,
    Target, and, expr::Scope,
};
use crate::{
    error::{Error, nearest},
    model::{Binding, FunctionId, Nav, SetId, StructId, Type},
    odata::{
        ast::{Args, Expr as Ast},
        path::{PathSegment, ResourcePath},
    },
    query::{Expr, KeyRef, Lookup, Path, Step, Var},
};

/// Where a path has got to.
enum At {
    Collection(CollectionPath),
    Entity(EntityPath),
    Property(PropertyPath),
    Action(ActionPath),
    Function(FunctionId),
}

impl Checker<'_> {
    /// What `path` leads to for this caller.
    ///
    /// `aliases` are those of the query; `None` before it was read, when keys made of them are not
    /// looked at.
    ///
    /// # Errors
    /// `UnknownResource`, `Forbidden` where only the scope of the set is missing, `TypeMismatch` for
    /// a key that does not fit, `NotImplemented`.
    pub fn target(&self, path: &ResourcePath, aliases: Option<&Aliases>) -> Result<Target, Error> {
        let mut segments = path.segments.as_slice();
        let mut at = match segments {
            [] => return Ok(Target::ServiceDocument),
            [PathSegment::Metadata] => return Ok(Target::Metadata),
            [PathSegment::Name(name), rest @ ..] => {
                segments = rest;
                self.root(name)?
            }
            [first, ..] => return Err(unexpected(first)),
        };
        while let Some((segment, rest)) = segments.split_first() {
            if let ([], Some(target)) = (rest, last(&at, segment)) {
                return Ok(target);
            }
            let taken;
            (at, taken) = self.step(at, segments, aliases)?;
            segments = &segments[taken..];
        }
        Ok(match at {
            At::Collection(path) => Target::Collection(path),
            At::Entity(path) => Target::Entity(path),
            At::Property(path) => Target::Property(path),
            At::Action(path) => Target::Action(path),
            At::Function(id) => Target::Function(id),
        })
    }

    /// A set, or a function of the service.
    fn root(&self, name: &str) -> Result<At, Error> {
        let Some(set) = self.model.find_set(name) else {
            let function = self.model.find_function(name);
            return function.map(At::Function).ok_or_else(|| {
                let readable = self.model.set_ids().filter(|(id, _)| self.is_readable(*id));
                let functions = self.model.functions.iter().map(|function| function.name);
                let known = readable.map(|(_, set)| set.name).chain(functions);
                Error::UnknownResource { name: name.to_owned(), suggestion: nearest(name, known) }
            });
        };
        if !self.is_readable(set) {
            return Err(Error::Forbidden { scope: self.model.set(set).scopes.read.to_owned() });
        }
        Ok(At::Collection(self.collection_of(None, set)))
    }

    fn collection_of(&self, of: Option<(EntityPath, Nav)>, set: SetId) -> CollectionPath {
        let ty = self.model.set(set).ty;
        CollectionPath { of, set, ty, filter: self.guard(set, Var(0)), is_chosen: false }
    }

    /// Takes one segment, or as many as a key written as segments has.
    fn step(
        &self,
        at: At,
        segments: &[PathSegment],
        aliases: Option<&Aliases>,
    ) -> Result<(At, usize), Error> {
        let segment = &segments[0];
        Ok(match (at, segment) {
            (At::Collection(path), PathSegment::Parens(args)) => {
                // `Tickets()` is what some clients write for `Tickets`.
                if *args == Args::Positional(Vec::new()) {
                    return Ok((At::Collection(path), 1));
                }
                let structure = self.model.structure(path.ty);
                let by = self.key(structure, args, aliases)?;
                (At::Entity(entity_of(path, by)), 1)
            }
            (At::Collection(path), PathSegment::Name(name)) => {
                match self.action_on_set(&path, name) {
                    Some(action) => (At::Action(action), 1),
                    None => self.key_segments(path, name, segments)?,
                }
            }
            (At::Collection(path), PathSegment::Qualified(name)) => {
                self.qualified_after_set(path, name, segments)?
            }
            (At::Collection(path), PathSegment::Filter(written)) => {
                (At::Collection(self.chosen(path, written, aliases)?), 1)
            }
            (At::Entity(path), PathSegment::Name(name)) => (self.member(path, name)?, 1),
            (At::Entity(path), PathSegment::Qualified(name)) => (self.qualified(path, name)?, 1),
            // `Reply()` is what some clients write for `Reply`, and `Me` what some write for `Me()`.
            (
                at @ (At::Action(_) | At::Function(_)),
                PathSegment::Parens(Args::Positional(args)),
            ) if args.is_empty() => (at, 1),
            (At::Property(mut path), PathSegment::Name(name)) => {
                let Type::Complex(id) = path.ty else { return Err(no_resource(name)) };
                let structure = self.model.structure(id);
                let prop = self.find_property(structure, name);
                let prop = prop.ok_or_else(|| self.no_member(id, name))?;
                path.steps.push(Step::Property(prop));
                path.names.push(structure.property_at(prop).name.to_owned());
                path.ty = structure.property_at(prop).ty.clone();
                (At::Property(path), 1)
            }
            (At::Property(mut path), PathSegment::Qualified(name)) => {
                let Type::Complex(id) = path.ty else { return Err(no_resource(name)) };
                let to = self.cast_target(id, name).ok_or_else(|| no_resource(name))?;
                path.steps.push(Step::Cast(to));
                path.names.push(format!(
                    "{}.{}",
                    self.model.namespace,
                    self.model.structure(to).name
                ));
                path.ty = Type::Complex(to);
                (At::Property(path), 1)
            }
            (_, segment) => return Err(unexpected(segment)),
        })
    }

    /// Those of the entities for which a `$filter` segment holds. Before the aliases are known, and who
    /// asks, it is not looked at.
    fn chosen(
        &self,
        path: CollectionPath,
        written: &Ast,
        aliases: Option<&Aliases>,
    ) -> Result<CollectionPath, Error> {
        let condition = match aliases {
            Some(aliases) => {
                let of = (path.set, path.ty);
                Some(Scope::new(self, of, "$filter", aliases).condition(written)?)
            }
            None => None,
        };
        Ok(CollectionPath { filter: and(path.filter, condition), is_chosen: true, ..path })
    }

    fn key_segments(
        &self,
        path: CollectionPath,
        name: &str,
        segments: &[PathSegment],
    ) -> Result<(At, usize), Error> {
        let structure = self.model.structure(path.ty);
        let texts: Vec<&str> = segments
            .iter()
            .take(structure.key.len())
            .map_while(|segment| match segment {
                PathSegment::Name(text) | PathSegment::Qualified(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        if texts.len() < structure.key.len() {
            return Err(no_resource(name));
        }
        let by = self.segment_key(structure, &texts)?;
        Ok((At::Entity(entity_of(path, by)), texts.len()))
    }

    /// A type cast, an action on the set, or a key.
    fn qualified_after_set(
        &self,
        path: CollectionPath,
        name: &str,
        segments: &[PathSegment],
    ) -> Result<(At, usize), Error> {
        if let Some(to) = self.cast_target(path.ty, name) {
            return Ok((At::Collection(cast_collection(path, to)), 1));
        }
        if let Some(bare) = self.in_namespace(name) {
            if let Some(action) = self.action_on_set(&path, bare) {
                return Ok((At::Action(action), 1));
            }
            // Nobody means a key by the name of something that is done elsewhere.
            let is_elsewhere = |binding| self.model.find_action(path.set, binding, bare).is_some();
            if is_elsewhere(Binding::Entity) || is_elsewhere(Binding::Collection) {
                return Err(no_resource(name));
            }
        }
        self.key_segments(path, name, segments)
    }

    /// The action of that name, if the path leads to a set as a whole.
    fn action_on_set(&self, path: &CollectionPath, name: &str) -> Option<ActionPath> {
        let is_set = path.of.is_none() && !path.is_chosen;
        let is_whole = is_set && path.ty == self.model.set(path.set).ty;
        let action = self.model.find_action(path.set, Binding::Collection, name)?;
        is_whole.then_some(ActionPath { on: Bound::Set(path.set), action })
    }

    /// A type cast or an action on an entity.
    fn qualified(&self, mut path: EntityPath, name: &str) -> Result<At, Error> {
        if let Some(to) = self.cast_target(path.ty, name) {
            path.steps.push(EntityStep::Cast(to));
            path.ty = to;
            return Ok(At::Entity(path));
        }
        let Some(bare) = self.in_namespace(name) else { return Err(no_resource(name)) };
        // The very name is known, only not here.
        if self.model.find_action(path.set, Binding::Collection, bare).is_some() {
            return Err(no_resource(name));
        }
        let names = self.model.actions_on(path.set, Binding::Entity).map(|action| action.name);
        let suggestion =
            nearest(bare, names).map(|known| format!("{}.{known}", self.model.namespace));
        self.action_on_entity(path, bare)
            .ok_or_else(|| Error::UnknownResource { name: name.to_owned(), suggestion })
    }

    fn action_on_entity(&self, path: EntityPath, name: &str) -> Option<At> {
        let action = self.model.find_action(path.set, Binding::Entity, name)?;
        Some(At::Action(ActionPath { on: Bound::Entity(path), action }))
    }

    /// A property, a navigation property, or an action without its namespace.
    fn member(&self, mut path: EntityPath, name: &str) -> Result<At, Error> {
        let structure = self.model.structure(path.ty);
        if let Some(prop) = self.find_property(structure, name) {
            let property = structure.property_at(prop);
            return Ok(At::Property(PropertyPath {
                entity: path,
                steps: vec![Step::Property(prop)],
                names: vec![property.name.to_owned()],
                ty: property.ty.clone(),
            }));
        }
        let Some((navigation, set)) = self.find_navigation(structure, name) else {
            let ty = path.ty;
            return self.action_on_entity(path, name).ok_or_else(|| self.no_member(ty, name));
        };
        if Self::is_to_many(structure, navigation) {
            return Ok(At::Collection(self.collection_of(Some((path, navigation)), set)));
        }
        path.steps.push(EntityStep::ToOne { navigation, guard: self.guard(set, Var(0)) });
        path.set = set;
        path.ty = self.model.set(set).ty;
        Ok(At::Entity(path))
    }

    fn no_member(&self, ty: StructId, name: &str) -> Error {
        let suggestion = nearest(name, self.names(self.model.structure(ty)));
        Error::UnknownResource { name: name.to_owned(), suggestion }
    }
}

/// What a path that ends in this segment leads to.
fn last(at: &At, segment: &PathSegment) -> Option<Target> {
    match (at, segment) {
        (At::Collection(path), PathSegment::Ref) => Some(Target::References(path.clone())),
        (At::Entity(path), PathSegment::Ref) => Some(Target::Reference(path.clone())),
        (At::Collection(path), PathSegment::Count) => Some(Target::Count(path.clone())),
        (At::Property(path), PathSegment::Count) => {
            matches!(path.ty, Type::Collection(_)).then(|| Target::PropertyCount(path.clone()))
        }
        (At::Property(path), PathSegment::Value) => {
            let is_single = matches!(path.ty, Type::Primitive(_) | Type::Enum(_));
            is_single.then(|| Target::RawValue(path.clone()))
        }
        _ => None,
    }
}

/// One entity of a collection.
fn entity_of(path: CollectionPath, by: KeyRef) -> EntityPath {
    let CollectionPath { of, set, ty, filter, is_chosen: _ } = path;
    let lookup = Lookup { set, by, guard: filter };
    match of {
        None => EntityPath { root: lookup, steps: Vec::new(), set, ty },
        Some((mut entity, navigation)) => {
            entity.steps.push(EntityStep::Member { navigation, lookup });
            EntityPath { set, ty, ..entity }
        }
    }
}

fn cast_collection(path: CollectionPath, to: StructId) -> CollectionPath {
    let itself = Path { from: Var(0), steps: Vec::new() };
    let filter = and(path.filter, Some(Expr::IsEntityOf { path: itself, of: to }));
    CollectionPath { ty: to, filter, ..path }
}

fn no_resource(name: &str) -> Error {
    Error::UnknownResource { name: name.to_owned(), suggestion: None }
}

/// A segment that cannot stand where it does, or that nobody answers yet.
fn unexpected(segment: &PathSegment) -> Error {
    let feature = match segment {
        PathSegment::Name(name) | PathSegment::Qualified(name) => return no_resource(name),
        PathSegment::Parens(_) => return no_resource("()"),
        PathSegment::Metadata => return no_resource("$metadata"),
        PathSegment::Count => return no_resource("$count"),
        PathSegment::Value => return no_resource("$value"),
        PathSegment::Batch => "$batch",
        PathSegment::Entity => "$entity",
        PathSegment::All => "$all",
        PathSegment::CrossJoin(_) => "$crossjoin",
        PathSegment::Ref => "$ref",
        PathSegment::Query => "$query",
        PathSegment::Each => "$each",
        PathSegment::Filter(_) => "$filter behind anything but entities",
    };
    Error::NotImplemented { feature: feature.to_owned() }
}

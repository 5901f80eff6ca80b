//! Entities that are named by their keys: behind `$root`, and among those a property leads to.

use super::{
    expr::Scope,
    member::{Found, Many, Subject},
    not_implemented,
};
use crate::{
    error::{Error, nearest},
    model::{Contents, Nav, SetId, StructId},
    odata::ast::{Args, Expr as Ast, Segment},
    query::{Collection, Find, Lookup, Path, Step, Var},
};

impl Scope<'_> {
    /// An entity that is named whatever the query is about: `Teams(3)` and what follows it.
    /// Source: OData 4.01 Part 2, 5.1.1.14.3.
    pub(super) fn rooted<'s>(
        &mut self,
        segments: &'s [Segment],
    ) -> Result<(Found, &'s [Segment]), Error> {
        let [Segment::Name(name), rest @ ..] = segments else {
            return Err(self.mismatch("'$root/' goes on with an entity set".to_owned()));
        };
        let checker = self.checker;
        let set = checker.model.find_set(name).filter(|set| checker.is_readable(*set));
        let set = set.ok_or_else(|| {
            let readable = checker.model.set_ids().filter(|(id, _)| checker.is_readable(*id));
            Error::UnknownProperty {
                entity_type: "$root".to_owned(),
                name: name.clone(),
                suggestion: nearest(name, readable.map(|(_, set)| set.name)),
                target: self.option.to_owned(),
            }
        })?;
        let declared = checker.model.set(set);
        let [Segment::Parens(args), rest @ ..] = rest else {
            let name = declared.name;
            return Err(self.mismatch(format!("'$root/{name}' takes a key: '$root/{name}(…)'")));
        };
        if matches!(declared.contents, Contents::Computed { .. }) {
            return not_implemented(&format!("'{}' behind '$root'", declared.name));
        }
        let start = Path { from: Var::ROOT, steps: Vec::new() };
        Ok((self.keyed(start, None, (set, declared.ty), args)?, rest))
    }

    /// The one entity of a set, or of those that a navigation property leads to, that has a key.
    fn keyed(
        &mut self,
        mut path: Path,
        navigation: Option<Nav>,
        (set, ty): (SetId, StructId),
        args: &Args,
    ) -> Result<Found, Error> {
        let checker = self.checker;
        let written: Vec<&Ast> = match args {
            Args::Positional(values) => values.iter().collect(),
            Args::Named(pairs) => pairs.iter().map(|(_, value)| value).collect(),
        };
        for value in written {
            if let Ast::Alias(name) = value {
                checker.count_alias(self.option)?;
                checker.named.borrow_mut().aliases.insert(name.clone());
            }
        }
        let structure = checker.model.structure(ty);
        let by = checker.key(structure, args, Some(self.aliases)).map_err(|error| match error {
            Error::TypeMismatch { reason, .. } => self.mismatch(reason),
            other => other,
        })?;
        let lookup = Lookup { set, by, guard: checker.guard(set, Var(0)) };
        path.steps.push(Step::Find(Find { navigation, lookup }.into()));
        Ok(Found::One(path, Subject::Entity(set, ty)))
    }

    /// One of the entities that a to-many navigation property leads to, by its key.
    pub(super) fn member_by_key(&mut self, many: Many, args: &Args) -> Result<Found, Error> {
        let Many { over: Collection { mut path, .. }, item, is_plain } = many;
        match (path.steps.pop(), item) {
            (Some(Step::Navigation(nav)), Subject::Entity(set, ty)) if is_plain => {
                self.keyed(path, Some(nav), (set, ty), args)
            }
            _ => Err(self.mismatch("a key follows a navigation property".to_owned())),
        }
    }
}

//! Paths within expressions: properties, navigation, variables, casts and counts.

use super::{
    and,
    compute::Known,
    expr::Scope,
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::{Error, nearest},
    model::{Contents, Nav, Primitive, SetId, StructId, StructType, Type},
    odata::ast::{self, Args, Expr as Ast, Segment},
    query::{Collection, Expr, Find, Lookup, Path, Step, Var},
};

/// What a variable, or a path on its way, stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// An entity of a set.
    Entity(SetId, StructId),
    /// A single value.
    Value(Type),
}

/// Several items.
pub(super) struct Many {
    pub(super) over: Collection,
    pub(super) item: Subject,
    /// Whether it is a collection property as it stands, which is a value too.
    is_plain: bool,
}

/// Where a path leads.
enum Found {
    One(Path, Subject),
    Many(Many),
    Count(Collection),
    /// A computed property or an alias, of which nothing is known but the value.
    Value(Typed),
}

impl<'a> Scope<'a> {
    /// A path with a value.
    pub(super) fn path(&mut self, written: &ast::Path) -> Result<Typed, Error> {
        match self.find(written)? {
            Found::One(path, Subject::Entity(set, ty)) => {
                Ok(Typed::new(Expr::Path(path), Ty::Entity(set, ty)))
            }
            Found::One(path, Subject::Value(ty)) => Ok(Typed::new(Expr::Path(path), Ty::from(&ty))),
            Found::Many(Many { over, item: Subject::Value(ty), is_plain: true }) => {
                let ty = Ty::Collection(Box::new(Ty::from(&ty)));
                Ok(Typed::new(Expr::Path(over.path), ty))
            }
            Found::Many(Many { item: Subject::Entity(..), .. }) => {
                Err(self
                    .mismatch("ask a collection with 'any' or count it with '$count'".to_owned()))
            }
            Found::Many(_) => not_implemented("a filtered collection as a value"),
            Found::Count(over) => {
                Ok(Typed::new(Expr::Count(over), Ty::Primitive(Primitive::Int64)))
            }
            Found::Value(typed) => Ok(typed),
        }
    }

    /// A path to several items.
    pub(super) fn collection(&mut self, written: &ast::Path) -> Result<Many, Error> {
        match self.find(written)? {
            Found::Many(many) => Ok(many),
            Found::One(..) | Found::Count(_) | Found::Value(_) => {
                Err(self.mismatch("'any' and 'all' follow a collection".to_owned()))
            }
        }
    }

    fn find(&mut self, written: &ast::Path) -> Result<Found, Error> {
        let is_root = matches!(written.segments.first(), Some(Segment::Root));
        if let Some(names) = self.result.as_ref().filter(|_| !is_root) {
            let found = names.find(written).map(|at| Found::Value(names.value(at)));
            return found.ok_or_else(|| names.unknown(written, self.option));
        }
        let (mut found, rest) = self.start(&written.segments)?;
        for segment in rest {
            self.checker.count_node(self.option)?;
            found = match found {
                Found::One(path, subject) => self.step(path, subject, segment)?,
                Found::Many(many) => self.step_of_many(many, segment)?,
                Found::Count(_) => {
                    return Err(self.mismatch("nothing can follow '$count'".to_owned()));
                }
                Found::Value(_) => {
                    return Err(self.mismatch("nothing can follow a computed value".to_owned()));
                }
            };
        }
        Ok(found)
    }

    fn start<'s>(&mut self, segments: &'s [Segment]) -> Result<(Found, &'s [Segment]), Error> {
        match segments {
            [Segment::It, rest @ ..] => match self.checker.outermost.get() {
                Some((set, ty)) => {
                    self.checker.named.borrow_mut().is_it = true;
                    let path = Path { from: Var::IT, steps: Vec::new() };
                    Ok((Found::One(path, Subject::Entity(set, ty)), rest))
                }
                None => self.variable(0, rest),
            },
            [Segment::This, rest @ ..] => self.variable(self.implicit, rest),
            [Segment::Root, rest @ ..] => self.rooted(rest),
            [Segment::Alias(name), rest @ ..] => Ok((self.aliased(name)?, rest)),
            [Segment::Name(name), rest @ ..] => {
                let named = |variable: &super::expr::Variable| {
                    variable.name.as_deref() == Some(name.as_str())
                };
                match self.variables.iter().rposition(named) {
                    Some(at) => self.variable(at, rest),
                    None => self.variable(self.implicit, segments),
                }
            }
            _ => self.variable(self.implicit, segments),
        }
    }

    /// An entity that is named whatever the query is about: `Teams(3)` and what follows it.
    /// Source: OData 4.01 Part 2, 5.1.1.14.3.
    fn rooted<'s>(&mut self, segments: &'s [Segment]) -> Result<(Found, &'s [Segment]), Error> {
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
    fn member_by_key(&mut self, many: Many, args: &Args) -> Result<Found, Error> {
        let Many { over: Collection { mut path, .. }, item, is_plain } = many;
        match (path.steps.pop(), item) {
            (Some(Step::Navigation(nav)), Subject::Entity(set, ty)) if is_plain => {
                self.keyed(path, Some(nav), (set, ty), args)
            }
            _ => Err(self.mismatch("a key follows a navigation property".to_owned())),
        }
    }

    /// A variable, or the computed property of it that comes next.
    fn variable<'s>(
        &mut self,
        at: usize,
        rest: &'s [Segment],
    ) -> Result<(Found, &'s [Segment]), Error> {
        if at == 0
            && let [Segment::Name(name), after @ ..] = rest
            && let Some(known) = self.computed_named(name)
        {
            self.checker.count_nodes(known.nodes, self.option)?;
            self.reach(known.depth)?;
            return Ok((self.found(known.typed.clone()), after));
        }
        let var = Var(u8::try_from(at).unwrap_or(u8::MAX));
        let subject = self.variables[at].subject.clone();
        Ok((Found::One(Path { from: var, steps: Vec::new() }, subject), rest))
    }

    /// The computed property of that name; no two differ by letter case alone.
    fn computed_named(&self, name: &str) -> Option<&'a Known> {
        self.computed.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// What is put in for a name: where it is a collection, that can be asked like any other.
    fn found(&self, typed: Typed) -> Found {
        match (typed.expr, typed.ty) {
            (Expr::Path(path), Ty::Collection(item)) => match value_type(&item) {
                Some(item) => {
                    let over =
                        Collection { path, var: self.next_variable(), filter: None, search: None };
                    Found::Many(Many { over, item: Subject::Value(item), is_plain: true })
                }
                None => Found::Value(Typed::new(Expr::Path(path), Ty::Collection(item))),
            },
            (expr, ty) => Found::Value(Typed::new(expr, ty)),
        }
    }

    /// The path an alias stands for, to go on from.
    fn aliased(&mut self, name: &str) -> Result<Found, Error> {
        let aliases = self.aliases;
        match aliases.get(name) {
            Some(Ast::Path(path)) => self.within_alias(name, |scope| scope.find(path)),
            Some(Ast::Alias(other)) => self.within_alias(name, |scope| scope.aliased(other)),
            Some(_) => Err(self.mismatch(format!("'@{name}' is no path that could go on"))),
            None => {
                Err(self.mismatch(format!("'@{name}' has no value, so no path goes on from it")))
            }
        }
    }

    fn step(&mut self, path: Path, subject: Subject, segment: &Segment) -> Result<Found, Error> {
        match segment {
            Segment::Name(name) => match subject {
                Subject::Entity(_, ty) | Subject::Value(Type::Complex(ty)) => {
                    self.member(path, ty, name)
                }
                Subject::Value(ty) => Err(Error::UnknownProperty {
                    entity_type: self.checker.type_name(&Ty::from(&ty)),
                    name: name.clone(),
                    suggestion: None,
                    target: self.option.to_owned(),
                }),
            },
            Segment::Qualified(name) => self.cast(path, subject, name),
            Segment::Annotation(_) => not_implemented("annotations in expressions"),
            Segment::Parens(_) => not_implemented("custom functions in expressions"),
            Segment::Count { .. } => {
                Err(self
                    .mismatch("'$count' counts a collection, this is a single value".to_owned()))
            }
            Segment::Filter(_) => Err(self.mismatch(
                "'$filter' chooses from a collection, this is a single value".to_owned(),
            )),
            Segment::It | Segment::This | Segment::Root | Segment::Alias(_) | Segment::Star => {
                Err(self.mismatch("a path goes on with a name".to_owned()))
            }
        }
    }

    fn member(&self, mut path: Path, ty: StructId, name: &str) -> Result<Found, Error> {
        let checker = self.checker;
        let structure: &StructType = checker.model.structure(ty);
        if let Some(prop) = checker.find_property(structure, name) {
            path.steps.push(Step::Property(prop));
            return Ok(match &structure.property_at(prop).ty {
                Type::Collection(item) => {
                    let var = self.next_variable();
                    let over = Collection { path, var, filter: None, search: None };
                    let item = Subject::Value((**item).clone());
                    Found::Many(Many { over, item, is_plain: true })
                }
                single => Found::One(path, Subject::Value(single.clone())),
            });
        }
        let unknown = || checker.unknown(structure, name, self.option);
        let (nav, set) = checker.find_navigation(structure, name).ok_or_else(unknown)?;
        let ty = checker.model.set(set).ty;
        path.steps.push(Step::Navigation(nav));
        if super::Checker::is_to_many(structure, nav) {
            let var = self.next_variable();
            let filter = checker.guard(set, var).map(Box::new);
            let over = Collection { path, var, filter, search: None };
            return Ok(Found::Many(Many { over, item: Subject::Entity(set, ty), is_plain: true }));
        }
        // A single entity cannot be left out of a path, so one that may be hidden is not walked to.
        if checker.guard(set, Var(0)).is_some() {
            return Err(unknown());
        }
        Ok(Found::One(path, Subject::Entity(set, ty)))
    }

    fn next_variable(&self) -> Var {
        Var(u8::try_from(self.variables.len()).unwrap_or(u8::MAX))
    }

    fn cast(&self, mut path: Path, subject: Subject, name: &str) -> Result<Found, Error> {
        let (to, subject) = self.cast_subject(subject, name)?;
        path.steps.push(Step::Cast(to));
        Ok(Found::One(path, subject))
    }

    fn cast_subject(&self, subject: Subject, name: &str) -> Result<(StructId, Subject), Error> {
        let checked = |from| {
            self.checker.cast_target(from, name).ok_or_else(|| {
                self.mismatch(format!("'{name}' is no type derived from the one it follows"))
            })
        };
        match subject {
            Subject::Entity(set, from) => {
                let to = checked(from)?;
                Ok((to, Subject::Entity(set, to)))
            }
            Subject::Value(Type::Complex(from)) => {
                let to = checked(from)?;
                Ok((to, Subject::Value(Type::Complex(to))))
            }
            Subject::Value(ty) => {
                let own = self.checker.type_name(&Ty::from(&ty));
                Err(self.mismatch(format!("{own} has no derived types")))
            }
        }
    }

    fn step_of_many(&mut self, mut many: Many, segment: &Segment) -> Result<Found, Error> {
        match segment {
            Segment::Count { filter, search } => {
                if let Some(filter) = filter {
                    self.add_filter(&mut many, filter)?;
                }
                if let Some(search) = search {
                    let Subject::Entity(set, _) = many.item else {
                        return Err(self.mismatch("'$search' finds entities".to_owned()));
                    };
                    let search = self.checker.search(set, search, self.option)?;
                    many.over.search = Some(Box::new(search));
                }
                Ok(Found::Count(many.over))
            }
            Segment::Filter(filter) => {
                self.add_filter(&mut many, filter)?;
                Ok(Found::Many(many))
            }
            Segment::Qualified(name) => {
                let (to, item) = self.cast_subject(many.item, name)?;
                many.over.path.steps.push(Step::Cast(to));
                many.item = item;
                many.is_plain = false;
                Ok(Found::Many(many))
            }
            Segment::Parens(args) => self.member_by_key(many, args),
            Segment::Annotation(_) => not_implemented("annotations in expressions"),
            Segment::Name(name) => Err(self.mismatch(format!(
                "'{name}' follows a collection; ask with 'any' or 'all', or count with '$count'"
            ))),
            Segment::It | Segment::This | Segment::Root | Segment::Alias(_) | Segment::Star => {
                Err(self.mismatch("a path goes on with a name".to_owned()))
            }
        }
    }

    fn add_filter(&mut self, many: &mut Many, written: &Ast) -> Result<(), Error> {
        let filter =
            self.with_variable(None, many.item.clone(), |scope, _| scope.condition(written))?;
        let so_far = many.over.filter.take().map(|filter| *filter);
        many.over.filter = and(so_far, Some(filter)).map(Box::new);
        many.is_plain = false;
        Ok(())
    }
}

/// The declared type of an item of a collection.
fn value_type(ty: &Ty) -> Option<Type> {
    match ty {
        Ty::Primitive(primitive) => Some(Type::Primitive(*primitive)),
        Ty::Enum(id) => Some(Type::Enum(*id)),
        Ty::Complex(id) => Some(Type::Complex(*id)),
        Ty::Null | Ty::Collection(_) | Ty::Entity(..) => None,
    }
}

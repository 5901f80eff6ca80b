//! Paths within expressions: properties, navigation, variables, casts and counts.

use super::{
    and,
    compute::Known,
    expr::{Bare, Scope},
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Primitive, SetId, StructId, StructType, Type},
    odata::ast::{self, Expr as Ast, Segment},
    query::{Collection, Expr, Path, Step, Var},
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
    pub(super) is_plain: bool,
}

/// Where a path leads.
pub(super) enum Found {
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
        let (mut found, rest) = self.start(written)?;
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

    /// What a path begins with, and the rest of it.
    fn start<'s>(&mut self, written: &'s ast::Path) -> Result<(Found, &'s [Segment]), Error> {
        let segments = written.segments.as_slice();
        match segments {
            [Segment::It, ..] if self.is_made => {
                let reason = "'$it' is an entity, and $apply made something else of them";
                Err(self.mismatch(reason.to_owned()))
            }
            [Segment::It, rest @ ..] => match self.checker.outermost.get() {
                Some((set, ty)) => {
                    self.checker.named.borrow_mut().is_it = true;
                    let path = Path { from: Var::IT, steps: Vec::new() };
                    Ok((Found::One(path, Subject::Entity(set, ty)), rest))
                }
                None => self.variable(0, rest),
            },
            [Segment::This, rest @ ..] => self.bare(written, rest),
            [Segment::Root, rest @ ..] => self.rooted(rest),
            [Segment::Alias(name), rest @ ..] => Ok((self.aliased(name)?, rest)),
            [Segment::Name(name), rest @ ..] => {
                let named = |variable: &super::expr::Variable| {
                    variable.name.as_deref() == Some(name.as_str())
                };
                match self.variables.iter().rposition(named) {
                    Some(at) => self.variable(at, rest),
                    None => self.bare(written, segments),
                }
            }
            _ => self.bare(written, segments),
        }
    }

    /// `rest` of what a bare name belongs to; the whole path where that is what was made.
    fn bare<'s>(
        &mut self,
        written: &'s ast::Path,
        rest: &'s [Segment],
    ) -> Result<(Found, &'s [Segment]), Error> {
        match &self.bare {
            Bare::Variable(at) => self.variable(*at, rest),
            Bare::Made(names) => match names.find(written) {
                Some(at) => Ok((Found::Value(names.value(at)), &[])),
                None => Err(names.unknown(written, self.option)),
            },
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
            return Ok((self.found(known.typed.clone())?, after));
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
    fn found(&self, typed: Typed) -> Result<Found, Error> {
        Ok(match (typed.expr, typed.ty) {
            (Expr::Path(path), Ty::Collection(item)) => match value_type(&item) {
                Some(item) => {
                    let over =
                        Collection { path, var: self.next_variable()?, filter: None, search: None };
                    Found::Many(Many { over, item: Subject::Value(item), is_plain: true })
                }
                None => Found::Value(Typed::new(Expr::Path(path), Ty::Collection(item))),
            },
            (expr, ty) => Found::Value(Typed::new(expr, ty)),
        })
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
                    let var = self.next_variable()?;
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
            let var = self.next_variable()?;
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

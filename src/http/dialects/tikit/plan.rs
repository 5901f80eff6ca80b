//! A question by Tikit's names as the same one by ours, so that it is answered as fast.
//!
//! What we have nothing for is a constant, what is computed there is said of ours. Where ours has no way to
//! say something there is no such question, and rows are looked at one by one.

use super::model::{MadeOf, made_of, ours, tikit};
use crate::{
    model::{
        Entity, Nav, Origin, Prop, Reads, Relation, Row, SetId, Value, helpdesk, props, set as our,
    },
    query::{
        BinaryOp, Collection, Expr, Order, Path, Plan, Search, Shape, Start, Step, Var,
        apply::{Aggregate, Stage},
        search::Place,
    },
    time::Timestamp,
};

/// The plan by our names; nothing of its shape, as only the rows are asked for.
pub(super) fn plan(theirs: &Plan) -> Option<Plan> {
    let mut names = Names::of(theirs.set);
    let order = theirs
        .order
        .iter()
        .map(|order| Some(Order { expr: names.expr(&order.expr)?, descending: order.descending }));
    let order = order.collect::<Option<_>>()?;
    Some(Plan {
        set: ours(theirs.set)?,
        filter: all_or(theirs.filter.as_ref(), |filter| names.expr(filter))?,
        search: all_or(theirs.search.as_ref(), |found| search(theirs.set, found))?,
        order,
        shape: Shape::default(),
        ..theirs.clone()
    })
}

/// The rows it starts from.
pub(super) fn start(theirs: &Start) -> Option<Start> {
    Some(match theirs {
        Start::Set => Start::Set,
        Start::Related(row, navigation) => {
            Start::Related(row_of_ours(row)?, self::navigation(row.set, *navigation)?.0)
        }
    })
}

/// A row of theirs as the one of ours that it is.
pub(super) fn row_of_ours(row: &Row) -> Option<Row> {
    let set = ours(row.set)?;
    Some(Row { set, type_id: helpdesk().set(set).ty, ..row.clone() })
}

/// A search with the places of ours; what we have nothing for has no words.
pub(super) fn search(set: SetId, theirs: &Search) -> Option<Search> {
    let place = |place: &Place| match place {
        Place::Own(prop) => match property(set, *prop) {
            Some(prop) => Some(Some(Place::Own(prop))),
            None => constant(set, *prop).map(|_| None),
        },
        Place::Through { navigation, property: there, guard } => {
            let (navigation, target) = self::navigation(set, *navigation)?;
            let mut names = Names::of(target);
            Some(Some(Place::Through {
                navigation,
                property: property(target, *there)?,
                guard: all_or(guard.as_ref(), |guard| names.expr(guard))?,
            }))
        }
    };
    let places: Option<Vec<Option<Place>>> = theirs.places.iter().map(place).collect();
    Some(Search { term: theirs.term.clone(), places: places?.into_iter().flatten().collect() })
}

/// The filters, keys and aggregates of a grouping.
pub(super) fn grouping(
    set: SetId,
    (filters, keys, aggregates): (&[Stage], &[Expr], &[Aggregate]),
) -> Option<(Vec<Stage>, Vec<Expr>, Vec<Aggregate>)> {
    let mut names = Names::of(set);
    let filters = filters.iter().map(|stage| Some(Stage::Filter(names.expr(stage.condition()?)?)));
    let filters = filters.collect::<Option<_>>()?;
    let keys = keys.iter().map(|key| names.expr(key)).collect::<Option<_>>()?;
    let aggregates = aggregates.iter().map(|Aggregate { method, of }| {
        Some(Aggregate { method: *method, of: all_or(of.as_ref(), |of| names.expr(of))? })
    });
    Some((filters, keys, aggregates.collect::<Option<_>>()?))
}

/// The property of ours in the same place of the record.
pub(super) fn property(set: SetId, prop: Prop) -> Option<Prop> {
    let tag = tikit().entity_type(set).property_at(prop).tag()?;
    let there = helpdesk().entity_type(ours(set)?);
    there.props().find(|(_, property)| property.tag() == Some(tag)).map(|(prop, _)| prop)
}

/// The navigation property of ours that leads to the same rows, and the set of theirs it leads to.
fn navigation(set: SetId, navigation: Nav) -> Option<(Nav, SetId)> {
    let (theirs, there) = (tikit().entity_type(set), helpdesk().entity_type(ours(set)?));
    let navigation = theirs.navigation_at(navigation);
    let target = tikit().target(navigation)?;
    let target_of_ours = ours(target)?;
    let name = |set, prop: Option<Prop>| {
        let prop = property(set, prop?)?;
        Some(helpdesk().entity_type(ours(set)?).property_at(prop).name)
    };
    let is_it = |relation: &Relation| match (navigation.relation, relation) {
        (Relation::Reference { by }, Relation::Reference { by: own }) => {
            name(set, theirs.property(by)) == Some(own)
        }
        (Relation::Children { by }, Relation::Children { by: own }) => {
            name(target, tikit().entity_type(target).property(by)) == Some(own)
        }
        (Relation::Reference { .. }, Relation::Children { .. })
        | (Relation::Children { .. }, Relation::Reference { .. }) => false,
    };
    let mut found = there
        .navs()
        .filter(|(_, own)| is_it(&own.relation) && helpdesk().target(own) == Some(target_of_ours));
    Some((found.next()?.0, target))
}

/// What a property is in every row, where it is made of nothing.
fn constant(set: SetId, prop: Prop) -> Option<Value> {
    match tikit().entity_type(set).property_at(prop).origin {
        Origin::Computed(made, Reads::Only([], [])) => Some(made(&Nothing)),
        Origin::Computed(..)
        | Origin::Stored { .. }
        | Origin::LongText { .. }
        | Origin::LookUp { .. }
        | Origin::Count { .. } => None,
    }
}

/// Whether a reference can lead anywhere: we have what it would be held in, and what it leads to.
fn is_dead_end(set: SetId, navigation: Nav) -> bool {
    let structure = tikit().entity_type(set);
    let navigation = structure.navigation_at(navigation);
    match navigation.relation {
        Relation::Reference { by } => {
            let by = structure.property(by).and_then(|prop| constant(set, prop));
            by == Some(Value::Null) || tikit().target(navigation).and_then(ours).is_none()
        }
        Relation::Children { .. } => false,
    }
}

/// Nothing where there is nothing, what `of` says where there is something.
#[expect(clippy::option_option, reason = "there may be nothing to say, or no way to say it")]
fn all_or<T, U>(what: Option<&T>, of: impl FnOnce(&T) -> Option<U>) -> Option<Option<U>> {
    what.map_or(Some(None), |what| of(what).map(Some))
}

/// An entity that nothing is read of.
struct Nothing;

impl Entity for Nothing {
    fn value(&self, _: Prop) -> Value {
        Value::Null
    }

    fn look_up(&self, _: SetId, _: &Value, _: Prop) -> Value {
        Value::Null
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn date_of(&self, _: Option<Timestamp>) -> Value {
        Value::Null
    }
}

/// Where a path of theirs leads, by our names.
enum Led {
    /// There, to entities of that set of theirs or to a value.
    There(Path, Option<SetId>),
    /// To the same for all.
    Same(Value),
    /// To what is computed of the entity at the path's end.
    Made(Path, MadeOf),
}

/// What variables stand for: entities of a set of theirs, or values.
struct Names(Vec<Option<SetId>>);

impl Names {
    /// Those of a question about a set.
    fn of(set: SetId) -> Self {
        Self(vec![Some(set)])
    }

    fn exprs(&mut self, exprs: &[Expr]) -> Option<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&mut self, expr: &Expr) -> Option<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn expr(&mut self, expr: &Expr) -> Option<Expr> {
        Some(match expr {
            Expr::Literal(value) => Expr::Literal(value.clone()),
            Expr::List(items) => Expr::List(self.exprs(items)?),
            Expr::Path(path) => match self.led(path)? {
                Led::There(path, _) => Expr::Path(path),
                Led::Same(value) => Expr::Literal(value),
                Led::Made(path, what) => made(path, what),
            },
            Expr::Exists(path) => match self.led(path)? {
                Led::There(path, _) => Expr::Exists(path),
                Led::Same(_) => Expr::Literal(Value::Bool(false)),
                Led::Made(..) => return None,
            },
            Expr::Not(operand) => Expr::Not(self.boxed(operand)?),
            Expr::Negate(operand) => Expr::Negate(self.boxed(operand)?),
            Expr::And(terms) => Expr::And(self.exprs(terms)?),
            Expr::Or(terms) => Expr::Or(self.exprs(terms)?),
            Expr::Binary { op, left, right } => {
                Expr::Binary { op: *op, left: self.boxed(left)?, right: self.boxed(right)? }
            }
            Expr::OneOf { needle, values } => {
                Expr::OneOf { needle: self.boxed(needle)?, values: values.clone() }
            }
            Expr::In { needle, list } => {
                Expr::In { needle: self.boxed(needle)?, list: self.boxed(list)? }
            }
            Expr::Call { function, args } => {
                Expr::Call { function: *function, args: self.exprs(args)? }
            }
            Expr::Cast { value, to } => Expr::Cast { value: self.boxed(value)?, to: to.clone() },
            Expr::IsOf { value, of } => Expr::IsOf { value: self.boxed(value)?, of: of.clone() },
            // No type of theirs is derived from another.
            Expr::IsEntityOf { .. } => return None,
            Expr::Case(pairs) => {
                let pairs = pairs.iter().map(|(a, b)| Some((self.expr(a)?, self.expr(b)?)));
                Expr::Case(pairs.collect::<Option<_>>()?)
            }
            Expr::Quantified { quantifier, over, var, predicate } => {
                let (over, item) = self.over(over)?;
                let predicate = all_or(predicate.as_ref(), |predicate| {
                    self.under((*var, item), |names| names.boxed(predicate))
                })?;
                Expr::Quantified { quantifier: *quantifier, over, var: *var, predicate }
            }
            Expr::Count(over) => Expr::Count(self.over(over)?.0),
        })
    }

    /// A collection, and what its items are.
    fn over(&mut self, over: &Collection) -> Option<(Collection, Option<SetId>)> {
        let Led::There(path, item) = self.led(&over.path)? else { return None };
        let filter = all_or(over.filter.as_ref(), |filter| {
            self.under((over.var, item), |names| names.boxed(filter))
        })?;
        // Places of a search have other names there.
        if over.search.is_some() {
            return None;
        }
        Some((Collection { path, var: over.var, filter, search: None }, item))
    }

    /// With one more variable.
    fn under<T>(
        &mut self,
        (var, item): (Var, Option<SetId>),
        say: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        // A variable has the number of those around it.
        if usize::from(var.0) != self.0.len() {
            return None;
        }
        self.0.push(item);
        let said = say(self);
        self.0.pop();
        said
    }

    fn led(&self, path: &Path) -> Option<Led> {
        let mut at = *self.0.get(usize::from(path.from.0))?;
        let mut steps = Vec::new();
        let of_ours = |steps| Path { from: path.from, steps };
        for (number, step) in path.steps.iter().enumerate() {
            let (set, is_last) = (at?, number + 1 == path.steps.len());
            match step {
                Step::Property(prop) => {
                    if let Some(prop) = property(set, *prop) {
                        steps.push(Step::Property(prop));
                        at = None;
                    } else if let Some(value) = constant(set, *prop) {
                        let is_there = steps.is_empty() || value.is_null();
                        return (is_last && is_there).then_some(Led::Same(value));
                    } else {
                        let what = made_of(set, *prop).filter(|_| is_last)?;
                        return Some(Led::Made(of_ours(steps), what));
                    }
                }
                Step::Navigation(nav) if is_dead_end(set, *nav) => {
                    return Some(Led::Same(Value::Null));
                }
                Step::Navigation(nav) => {
                    let (nav, target) = navigation(set, *nav)?;
                    steps.push(Step::Navigation(nav));
                    at = Some(target);
                }
                Step::Cast(_) | Step::Find(_) => return None,
            }
        }
        Some(Led::There(of_ours(steps), at))
    }
}

/// What is computed of the entity a path leads to; null where there is none.
fn made(path: Path, what: MadeOf) -> Expr {
    let below = |steps: &[Step]| {
        let steps = path.steps.iter().chain(steps).cloned().collect();
        Box::new(Expr::Path(Path { from: path.from, steps }))
    };
    let is =
        |left, op, right: Value| Expr::Binary { op, left, right: Box::new(Expr::Literal(right)) };
    // A comparison of these two is never unknown.
    let value = match what {
        MadeOf::Closed => {
            let ticket = helpdesk().entity_type(our::TICKETS);
            let status = ticket.navigation("StatusDetail").map(Step::Navigation);
            let kind = Step::Property(props::status::KIND);
            let steps: Vec<Step> = status.into_iter().chain([kind]).collect();
            is(below(&steps), BinaryOp::Eq, Value::text("Closed"))
        }
        MadeOf::IsMerged => {
            let merged = below(&[Step::Property(props::ticket::MERGED_INTO_ID)]);
            is(merged, BinaryOp::Ne, Value::Null)
        }
        MadeOf::IsPublic => {
            let internal = below(&[Step::Property(props::comment::IS_INTERNAL)]);
            is(internal, BinaryOp::Ne, Value::Bool(true))
        }
    };
    if path.steps.is_empty() { value } else { Expr::Case(vec![(Expr::Exists(path), value)]) }
}

#[cfg(test)]
mod tests;

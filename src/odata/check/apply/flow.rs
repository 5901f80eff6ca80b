//! One transformation after the other: what comes in, and what each makes of it.

use super::{
    super::{
        Aliases, Checker,
        compute::{Known, written_type},
        expr::Scope,
        not_implemented,
        options::orders,
        ty::{Ty, Typed},
    },
    fields::{self, Field},
};
use crate::{
    error::Error,
    model::{SetId, StructId, Type, Value},
    odata::ast::{ComputeItem, Direction, End, Expr as Ast, OrderItem, Search, Transformation},
    query::{BinaryOp, Expr, Order, apply::Stage},
};

/// What passes from one transformation to the next.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// Entities, with computed properties.
    Entities(Vec<Known>),
    /// What was made of them.
    Tuples(Vec<Field>),
}

/// What tells items apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Identity {
    /// Nothing: there may be equal ones, and their order is the one they come in.
    Nothing,
    /// The key of the entity.
    Key,
    /// The values at these positions.
    At(Vec<usize>),
}

/// A sequence of transformations being checked.
#[derive(Clone)]
pub(super) struct Flow<'a> {
    pub(super) checker: &'a Checker<'a>,
    pub(super) of: (SetId, StructId),
    pub(super) aliases: &'a Aliases,
    pub(super) input: Input,
    pub(super) stages: Vec<Stage>,
    pub(super) identity: Identity,
    /// The order items come in, most significant first, before their identity.
    pub(super) order: Vec<Order>,
    /// Whether what came in first is still what passes.
    pub(super) is_kept: bool,
}

impl<'a> Flow<'a> {
    /// Entities of a set, declared to be of a type.
    pub(super) fn new(
        checker: &'a Checker<'a>,
        of: (SetId, StructId),
        aliases: &'a Aliases,
    ) -> Self {
        Self {
            checker,
            of,
            aliases,
            input: Input::Entities(Vec::new()),
            stages: Vec::new(),
            identity: Identity::Key,
            order: Vec::new(),
            is_kept: true,
        }
    }

    /// Only those a condition is true of, where there is one.
    pub(super) fn begin(&mut self, filter: Option<Expr>) {
        self.stages.extend(filter.map(Stage::Filter));
    }

    /// The same input, before any transformation.
    pub(super) fn nested(&self, written: &[Transformation]) -> Result<Self, Error> {
        let mut inner = Self { stages: Vec::new(), is_kept: true, ..self.clone() };
        inner.steps(written)?;
        Ok(inner)
    }

    /// An expression over what passes now; `option` is what errors call it.
    pub(super) fn scope<'s>(&'s self, option: &'s str) -> Scope<'s> {
        let scope = Scope::new(self.checker, self.of, option, self.aliases);
        match &self.input {
            Input::Entities(known) => scope.knowing(known),
            Input::Tuples(fields) => scope.about(fields::names(fields)),
        }
    }

    pub(super) fn steps(&mut self, written: &[Transformation]) -> Result<(), Error> {
        written.iter().try_for_each(|transformation| self.step(transformation))
    }

    fn step(&mut self, written: &Transformation) -> Result<(), Error> {
        match written {
            Transformation::Identity => {}
            Transformation::Filter(condition) => self.filter(condition, "$apply")?,
            Transformation::Search(search) => self.search(search)?,
            Transformation::Compute(items) => self.compute(items, "$apply")?,
            Transformation::Aggregate(items) => self.aggregate(items)?,
            Transformation::GroupBy { keys, then } => self.group_by(keys, then)?,
            Transformation::Extreme { end, count, by } => self.extreme(*end, *count, by)?,
            Transformation::OrderBy(items) => {
                let order = self.orders(items, "$apply")?;
                self.stages.push(Stage::Order(order.clone()));
                self.sorted(order);
            }
            Transformation::Skip(count) => self.stages.push(Stage::Skip(*count)),
            Transformation::Top(count) => self.top(*count),
            Transformation::Concat(branches) => self.concat(branches)?,
        }
        Ok(())
    }

    fn search(&mut self, written: &Search) -> Result<(), Error> {
        match &self.input {
            Input::Entities(_) => {
                let search = self.checker.search(self.of.0, written, "$apply")?;
                self.stages.push(Stage::Search(search));
                Ok(())
            }
            Input::Tuples(_) => not_implemented("search in what $apply made"),
        }
    }

    pub(super) fn filter(&mut self, condition: &Ast, option: &str) -> Result<(), Error> {
        let condition = self.scope(option).condition(condition)?;
        self.stages.push(Stage::Filter(condition));
        Ok(())
    }

    /// Adds computed properties, each knowing those before it.
    pub(super) fn compute(&mut self, items: &[ComputeItem], option: &str) -> Result<(), Error> {
        if let Input::Entities(known) = &mut self.input {
            let known = std::mem::take(known);
            let all = self.checker.computed_after(known, self.of, items, self.aliases)?;
            self.input = Input::Entities(all);
            return Ok(());
        }
        for item in items {
            let typed = self.scope(option).expr(&item.expr)?;
            let ty = self.value_type(&typed, &item.alias, option)?;
            if let Input::Tuples(fields) = &mut self.input {
                let field = Field { names: vec![item.alias.clone()], ty, is_declared: false };
                fields::push(fields, field)?;
            }
            self.stages.push(Stage::Compute(vec![typed.expr]));
        }
        Ok(())
    }

    /// The type of a single value that is given a name.
    pub(super) fn value_type(
        &self,
        typed: &Typed,
        name: &str,
        option: &str,
    ) -> Result<Type, Error> {
        match &typed.ty {
            Ty::Primitive(_) | Ty::Enum(_) | Ty::Null => {
                written_type(&self.scope(option), &typed.ty)
            }
            Ty::Complex(_) | Ty::Collection(_) | Ty::Entity(..) => Err(Error::TypeMismatch {
                target: option.to_owned(),
                reason: format!(
                    "'{name}' must be a single value, not {}",
                    self.checker.type_name(&typed.ty)
                ),
            }),
        }
    }

    /// `topcount` and `bottomcount`; what is null stands last in both.
    fn extreme(&mut self, end: End, count: u64, by: &Ast) -> Result<(), Error> {
        let direction = match end {
            End::Top => Direction::Descending,
            End::Bottom => Direction::Ascending,
        };
        let by = self.orders(&[OrderItem { expr: by.clone(), direction }], "$apply")?;
        let is_null = |order: &Order| {
            let (left, right) = (order.expr.clone(), Expr::Literal(Value::Null));
            let (left, right) = (Box::new(left), Box::new(right));
            Order { expr: Expr::Binary { op: BinaryOp::Eq, left, right }, descending: false }
        };
        let order: Vec<Order> = by.iter().map(is_null).chain(by.iter().cloned()).collect();
        self.stages.push(Stage::First { order: order.clone(), count });
        self.sorted(order);
        Ok(())
    }

    fn top(&mut self, count: u64) {
        match self.stages.last_mut() {
            // Sorting all for the first of them would hold them all.
            Some(last @ Stage::Order(_)) => {
                if let Stage::Order(order) = last {
                    *last = Stage::First { order: std::mem::take(order), count };
                }
            }
            Some(_) | None => self.stages.push(Stage::Top(count)),
        }
    }

    /// Items come in this order now, and equal ones as before.
    fn sorted(&mut self, order: Vec<Order>) {
        let before = std::mem::replace(&mut self.order, order);
        self.order.extend(before);
    }

    pub(super) fn orders(&self, items: &[OrderItem], option: &str) -> Result<Vec<Order>, Error> {
        orders(self.scope(option), items)
    }

    /// Results joined one after the other; what one of them does not have is null there.
    fn concat(&mut self, branches: &[Vec<Transformation>]) -> Result<(), Error> {
        let mut flows = Vec::with_capacity(branches.len());
        for branch in branches {
            flows.push(self.nested(branch)?);
        }
        let is_same = flows.iter().all(|flow| match (&flow.input, &self.input) {
            (Input::Entities(own), Input::Entities(before)) => own.len() == before.len(),
            (Input::Tuples(own), Input::Tuples(before)) => flow.is_kept && own == before,
            (Input::Entities(_), Input::Tuples(_)) | (Input::Tuples(_), Input::Entities(_)) => {
                false
            }
        });
        if !is_same {
            let fields = self.union(&flows)?;
            for flow in &mut flows {
                let Input::Tuples(own) = &flow.input else { continue };
                let place = |field: &Field| own.iter().position(|mine| mine.names == field.names);
                let places: Vec<Option<usize>> = fields.iter().map(place).collect();
                let is_moved = (0..).map(Some).zip(&places).any(|(at, place)| at != *place);
                if is_moved || own.len() != fields.len() {
                    flow.stages.push(Stage::Arrange(places));
                }
            }
            self.input = Input::Tuples(fields);
            self.is_kept = false;
        }
        self.stages.push(Stage::Concat(flows.into_iter().map(|flow| flow.stages).collect()));
        (self.identity, self.order) = (Identity::Nothing, Vec::new());
        Ok(())
    }

    /// The fields of all branches, each once.
    fn union(&self, flows: &[Self]) -> Result<Vec<Field>, Error> {
        let mut all: Vec<Field> = Vec::new();
        for flow in flows {
            let Input::Tuples(own) = &flow.input else {
                return not_implemented("concat of entities with groups");
            };
            for field in own {
                match all.iter().find(|known| known.names == field.names) {
                    None => fields::push(&mut all, field.clone())?,
                    Some(known) if known.ty == field.ty => {}
                    Some(known) => {
                        let name = |ty: &Type| self.checker.type_name(&Ty::from(ty));
                        return Err(Error::TypeMismatch {
                            target: "$apply".to_owned(),
                            reason: format!(
                                "'{}' is {} in one part of 'concat' and {} in another",
                                field.names.join("/"),
                                name(&known.ty),
                                name(&field.ty)
                            ),
                        });
                    }
                }
            }
        }
        Ok(all)
    }
}

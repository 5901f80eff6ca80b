//! Runs stages: what can be passed on is, what must be seen whole is held.

use std::rc::Rc;

use super::{Item, Stage, accumulate::Sums, group, held::Held, rank::Best};
use crate::{
    error::Error,
    model::{Row, SetId, Value},
    query::{
        eval::{Binding, eval},
        expr::{Expr, Path},
        plan::Order,
        resolve::Context,
        search::seek,
    },
};

/// Items on their way.
pub(super) type Items<'a> = Box<dyn Iterator<Item = Result<Item, Error>> + 'a>;

/// Items between two looks at the clock; one can be a long text to search.
const ITEMS_BETWEEN: usize = 64;

/// What every stage of one run shares.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) ctx: &'a Context<'a>,
    /// The set of the entities.
    pub(super) set: SetId,
    pub(super) held_max: u64,
}

impl<'a> Run<'a> {
    /// Nothing held yet.
    pub(super) fn held(self) -> Held {
        Held::new(self.held_max)
    }

    /// Entities as items, with an eye on the clock.
    pub(super) fn rows(self, rows: impl Iterator<Item = Row> + 'a) -> Items<'a> {
        Box::new(rows.enumerate().map(move |(at, row)| {
            self.in_time(at)?;
            Ok(Item::Row(row))
        }))
    }

    /// Looks at the clock every so often.
    pub(super) fn in_time(self, at: usize) -> Result<(), Error> {
        if at.is_multiple_of(ITEMS_BETWEEN) { self.ctx.in_time() } else { Ok(()) }
    }

    /// All stages, one after the other.
    pub(super) fn stages(self, stages: &'a [Stage], items: Items<'a>) -> Result<Items<'a>, Error> {
        stages.iter().try_fold(items, |items, stage| self.stage(stage, items))
    }

    fn stage(self, stage: &'a Stage, items: Items<'a>) -> Result<Items<'a>, Error> {
        Ok(match stage {
            Stage::Filter(condition) => Box::new(items.filter_map(move |item| match item {
                Ok(item) => match self.value(condition, &item) {
                    Ok(value) => value.is_true().then_some(Ok(item)),
                    Err(error) => Some(Err(error)),
                },
                Err(error) => Some(Err(error)),
            })),
            Stage::Search(search) => {
                let sought = seek(search, self.set, self.ctx)?;
                Box::new(items.filter_map(move |item| match item {
                    Ok(Item::Row(row)) => match sought.holds(&row, self.ctx) {
                        Ok(is_found) => is_found.then_some(Ok(Item::Row(row))),
                        Err(error) => Some(Err(error)),
                    },
                    other => Some(other),
                }))
            }
            Stage::Compute(exprs) => Box::new(items.map(move |item| self.computed(exprs, item?))),
            Stage::Aggregate(aggregates) => {
                let mut sums = Sums::new(aggregates);
                let mut held = self.held();
                for item in items {
                    sums.add(self, &item?, &mut held)?;
                }
                Box::new(std::iter::once(Ok(Item::Tuple(sums.end()?))))
            }
            Stage::Group { keys, then, keeps } => group::group(self, (keys, then, *keeps), items)?,
            Stage::Order(order) => all(self.sorted(order, None, items)?),
            Stage::First { order, count } => all(self.sorted(order, Some(*count), items)?),
            Stage::Skip(count) => {
                let mut left = *count;
                Box::new(items.filter(move |item| {
                    let is_skipped = item.is_ok() && left > 0;
                    left -= u64::from(is_skipped);
                    !is_skipped
                }))
            }
            Stage::Top(count) => {
                Box::new(items.take(usize::try_from(*count).unwrap_or(usize::MAX)))
            }
            Stage::Concat(branches) => self.concat(branches, items)?,
            Stage::Arrange(places) => Box::new(items.map(move |item| Ok(arranged(places, item?)))),
        })
    }

    /// The value of an expression of a stage.
    pub(super) fn value(self, expr: &Expr, item: &Item) -> Result<Value, Error> {
        let value = match item {
            Item::Row(row) => eval(expr, self.ctx, &mut vec![Binding::Row(row.clone())]),
            Item::Tuple(values) => match expr {
                Expr::Path(Path { from, steps }) if steps.is_empty() => {
                    return Ok(values.get(usize::from(from.0)).cloned().unwrap_or(Value::Null));
                }
                _ => {
                    let mut bindings = values.iter().cloned().map(Binding::Value).collect();
                    eval(expr, self.ctx, &mut bindings)
                }
            },
        };
        value.map_err(|error| match error {
            Error::InvalidOption { reason, .. } => {
                Error::InvalidOption { option: "$apply".to_owned(), reason }
            }
            other => other,
        })
    }

    fn computed(self, exprs: &[Expr], item: Item) -> Result<Item, Error> {
        // All of one stage see what came in, not one another.
        let added: Vec<Value> =
            exprs.iter().map(|expr| self.value(expr, &item)).collect::<Result<_, _>>()?;
        Ok(match item {
            Item::Tuple(mut values) => {
                values.extend(added);
                Item::Tuple(values)
            }
            Item::Row(row) => Item::Row(row),
        })
    }

    /// All in order, or the first of it; equal ones as they came.
    fn sorted(
        self,
        order: &[Order],
        count: Option<u64>,
        items: Items<'a>,
    ) -> Result<Vec<Item>, Error> {
        let (mut held, mut best) = (self.held(), Best::new(order, count));
        for (at, item) in items.enumerate() {
            self.in_time(at)?;
            best.add(self, item?, &mut held)?;
        }
        Ok(best.end())
    }

    /// One branch after the other over the same items, which are kept once.
    fn concat(self, branches: &'a [Vec<Stage>], items: Items<'a>) -> Result<Items<'a>, Error> {
        let (mut held, mut whole) = (self.held(), Vec::new());
        for item in items {
            let item = item?;
            held.item(&item)?;
            whole.push(item);
        }
        let (whole, mut made): (Rc<[Item]>, _) = (whole.into(), self.held());
        let mut branches = branches.iter();
        let mut open: Items<'a> = Box::new(std::iter::empty());
        // What is made is not held here, but counted: branches multiply where they follow one another.
        Ok(Box::new(std::iter::from_fn(move || {
            loop {
                if let Some(item) = open.next() {
                    return Some(item.and_then(|item| made.more().map(|()| item)));
                }
                let begun = self.begun(branches.next()?, Rc::clone(&whole));
                match begun {
                    Ok(items) => open = items,
                    Err(error) => return Some(Err(error)),
                }
            }
        })))
    }

    /// A branch at its start.
    fn begun(self, branch: &'a [Stage], whole: Rc<[Item]>) -> Result<Items<'a>, Error> {
        self.ctx.in_time()?;
        let items = (0..whole.len()).map(move |at| {
            self.in_time(at)?;
            Ok(whole[at].clone())
        });
        self.stages(branch, Box::new(items))
    }
}

/// Items that are held.
pub(super) fn all<'a>(items: Vec<Item>) -> Items<'a> {
    Box::new(items.into_iter().map(Ok))
}

fn arranged(places: &[Option<usize>], item: Item) -> Item {
    match item {
        Item::Tuple(values) => {
            let value = |place: &Option<usize>| {
                place.and_then(|at| values.get(at)).cloned().unwrap_or(Value::Null)
            };
            Item::Tuple(places.iter().map(value).collect())
        }
        Item::Row(row) => Item::Row(row),
    }
}

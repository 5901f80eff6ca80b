//! Random plans over a world: any set or navigation, filter, order and place in the feed.

use std::collections::BTreeMap;

use super::{
    dice::Dice,
    exprs::{Bound, Maker},
    plain::Plain,
    reach::{self, Reach},
    searches,
    world::World,
};
use crate::{
    model::{Key, Nav, Relation, Row, SetId, StructId, Type, Value},
    query::{Context, Expr, Find, KeyRef, Lookup, Order, Plan, Search, Shape, Source, Start, list},
    time::Timestamp,
};

/// Deeds of a world beyond which nothing is found by its key.
const OPS_MAX: usize = 1_000;

/// A plan and the rows it starts from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What is asked.
    pub plan: Plan,
    /// Of which rows.
    pub start: Start,
    /// What the whole request is about, if that is another row.
    pub it: Option<Row>,
}

/// Makes cases over one world.
pub(crate) struct Cases<'a> {
    pub(super) world: &'a World,
    pub(super) base: &'a Plain,
    pub(super) reaches: BTreeMap<StructId, Reach>,
    pub(super) dice: Dice,
    /// What is found by its key.
    pub(super) finds: Vec<Find>,
    /// Of the case being made.
    pub(super) it: Option<Row>,
}

/// What both ways of answering share.
pub(crate) fn context<'a>(source: &'a dyn Source, it: Option<&'a Row>) -> Context<'a> {
    // 2026-03-01, among the instants of the data.
    let now = Timestamp::from_micros(1_772_323_200_000_000);
    Context { source, now, it, found: None, deadline: None }
}

impl<'a> Cases<'a> {
    /// Cases over `world`, of which `base` holds the rows.
    pub(crate) fn new(world: &'a World, base: &'a Plain, seed: u64) -> Self {
        let (reaches, dice) = (reach::of(world.model), Dice::new(seed));
        let mut cases = Self { world, base, reaches, dice, it: None, finds: Vec::new() };
        // What is asked of them is asked for each row.
        if world.ops.len() > OPS_MAX {
            return cases;
        }
        cases.finds = world.sets.clone().into_iter().flat_map(|set| cases.finds(set)).collect();
        cases
    }

    /// Some entities of a set by their keys, of which some may be seen only under a condition.
    fn finds(&mut self, set: SetId) -> Vec<Find> {
        let model = self.world.model;
        let keys: Vec<Key> = self.base.rows(set).map(|row| row.key(model)).collect();
        let some = (0..3).filter(|_| !keys.is_empty()).map(|_| self.dice.pick(&keys).clone());
        let some: Vec<Key> = some.chain([Key::Int(9_999)]).collect();
        let find = |key| {
            let guarded = self.dice.once_in(3);
            let guard = guarded.then(|| self.about(model.set(set).ty).truth(0));
            Find { navigation: None, lookup: Lookup { set, by: KeyRef::Key(key), guard } }
        };
        some.into_iter().map(find).collect()
    }

    /// Another case.
    pub(crate) fn case(&mut self) -> Case {
        let (start, set) = self.start();
        let ty = self.world.model.set(set).ty;
        self.it = self.other_row();
        let filter = if self.dice.once_in(6) { None } else { Some(self.filter(set, &start)) };
        let order = (0..*self.dice.pick(&[0, 0, 1, 1, 1, 2, 3])).map(|_| self.order(ty)).collect();
        // So that no feed has more than some dozens of pages.
        let scale = 1 + self.base.rows(set).count() as u64 / 30;
        let few =
            [0, 1, 2, 3, 5, 50].map(|count| Some(if scale == 1 { count } else { count * scale }));
        let few = [&few[..], &[None; 3]].concat();
        let mut plan = Plan {
            order,
            skip: *self.dice.pick(&[0, 0, 0, 1, 2 * scale, 7 * scale, 1000]),
            top: *self.dice.pick(&few),
            count: self.dice.once_in(2),
            page_size: *self.dice.pick(&few[1..]),
            ..everything(set, filter)
        };
        if self.dice.once_in(10) {
            plan.search = Some(self.search(ty));
        }
        if self.dice.once_in(8) {
            plan.after = self.place(&plan, &start);
            plan.skip = 0;
        }
        Case { plan, start, it: self.it.clone() }
    }

    /// Now and then a row that is not the one asked about.
    fn other_row(&mut self) -> Option<Row> {
        let set = *self.dice.pick(&self.world.sets);
        let rows: Vec<Row> = self.base.rows(set).collect();
        let is_some = self.dice.once_in(6) && !rows.is_empty();
        is_some.then(|| self.dice.pick(&rows).clone())
    }

    pub(super) fn about(&mut self, ty: StructId) -> Maker<'_> {
        Maker {
            model: self.world.model,
            reaches: &self.reaches,
            scope: vec![Bound::Of(ty)],
            finds: &self.finds,
            it: self.it.as_ref().map(|row| row.type_id),
            dice: &mut self.dice,
        }
    }

    /// A condition; mostly one that is true of some rows and not of all.
    pub(super) fn filter(&mut self, set: SetId, start: &Start) -> Expr {
        let ty = self.world.model.set(set).ty;
        let base = self.base;
        let found = |it: Option<&Row>, filter| {
            let page = list(&everything(set, filter), start, &context(base, it));
            page.map_or(0, |page| page.rows.len())
        };
        let all = found(None, None);
        loop {
            let depth = u8::try_from(self.dice.below(4)).unwrap();
            let filter = self.about(ty).truth(depth);
            if self.dice.once_in(3) {
                return filter;
            }
            let count = found(self.it.as_ref(), Some(filter.clone()));
            if count > 0 && count < all {
                return filter;
            }
        }
    }

    fn search(&mut self, ty: StructId) -> Search {
        let (model, reaches) = (self.world.model, &self.reaches);
        searches::search((model, ty), &mut self.dice, |dice, bound| {
            Maker { model, reaches, scope: vec![bound], finds: &[], it: None, dice }.truth(0)
        })
    }

    /// A whole set, or what a row leads to, and the set the rows are of.
    pub(super) fn start(&mut self) -> (Start, SetId) {
        let set = *self.dice.pick(&self.world.sets);
        let first = if self.dice.once_in(2) { self.world.sets[0] } else { set };
        if !self.dice.once_in(4) {
            return (Start::Set, first);
        }
        let structure = self.world.model.entity_type(first);
        let many =
            structure.navs().filter(|(_, nav)| matches!(nav.relation, Relation::Children { .. }));
        let many: Vec<(Nav, SetId)> =
            many.filter_map(|(nav, of)| Some((nav, self.world.model.target(of)?))).collect();
        let rows: Vec<_> = self.base.rows(first).collect();
        if many.is_empty() || rows.is_empty() {
            return (Start::Set, first);
        }
        let (nav, target) = *self.dice.pick(&many);
        (Start::Related(self.dice.pick(&rows).clone(), nav), target)
    }

    pub(super) fn order(&mut self, ty: StructId) -> Order {
        let kinds: Vec<Type> =
            self.reaches[&ty].single.iter().map(|place| place.property.ty.clone()).collect();
        let kind = self.dice.pick(&kinds).clone();
        let descending = self.dice.once_in(2);
        let depth = u8::from(self.dice.once_in(4));
        let mut maker = self.about(ty);
        let expr =
            if matches!(kind, Type::Complex(_)) { maker.count(1) } else { maker.of(&kind, depth) };
        Order { expr, descending }
    }

    /// A place in the feed that may be nobody's: that of a row, sometimes with another's key.
    fn place(&mut self, plan: &Plan, start: &Start) -> Option<Vec<Value>> {
        let skip = self.dice.below(12) as u64 * (1 + self.base.rows(plan.set).count() as u64 / 30);
        let first = Plan { skip, page_size: Some(1), top: None, count: false, ..plan.clone() };
        let mut after = list(&first, start, &context(self.base, self.it.as_ref())).ok()?.next?;
        if self.dice.once_in(2)
            && let Some(Value::Int(id)) = after.last_mut()
        {
            *id += self.dice.between(-2, 2);
        }
        Some(after)
    }
}

/// All rows of a set that a filter leaves.
pub(super) fn everything(set: SetId, filter: Option<Expr>) -> Plan {
    Plan {
        set,
        filter,
        search: None,
        order: vec![],
        skip: 0,
        top: None,
        count: false,
        page_size: None,
        after: None,
        shape: Shape::default(),
    }
}

/// A row as it is in other data, unless it is gone.
fn again(row: &Row, base: &Plain) -> Option<Row> {
    base.row(row.set, &row.key(base.model()))
}

/// The same start in other data.
pub(super) fn start_again(start: &Start, base: &Plain) -> Option<Start> {
    Some(match start {
        Start::Set => Start::Set,
        Start::Related(row, nav) => Start::Related(again(row, base)?, *nav),
    })
}

/// The same case over other data, unless its row is gone.
pub(super) fn moved(case: &Case, base: &Plain) -> Option<Case> {
    let it = match &case.it {
        Some(row) => Some(again(row, base)?),
        None => None,
    };
    Some(Case { start: start_again(&case.start, base)?, plan: case.plan.clone(), it })
}

/// Every case with one thing less.
pub(super) fn simpler(case: &Case) -> Vec<Case> {
    let plan = &case.plan;
    let mut plans = vec![
        Plan { skip: 0, ..plan.clone() },
        Plan { top: None, ..plan.clone() },
        Plan { count: false, ..plan.clone() },
        Plan { page_size: None, ..plan.clone() },
        Plan { after: None, ..plan.clone() },
        Plan { filter: None, ..plan.clone() },
        Plan { search: None, ..plan.clone() },
    ];
    let parts = plan.filter.iter().flat_map(parts);
    plans.extend(parts.map(|part| Plan { filter: Some(part), ..plan.clone() }));
    if plan.after.is_none() {
        plans.extend((0..plan.order.len()).map(|at| {
            let mut order = plan.order.clone();
            order.remove(at);
            Plan { order, ..plan.clone() }
        }));
    }
    plans.retain(|simpler| simpler != plan);
    plans.into_iter().map(|plan| Case { plan, ..case.clone() }).collect()
}

/// What stands in an expression's place with one thing less.
fn parts(expr: &Expr) -> Vec<Expr> {
    let some = |terms: &[Expr], of: fn(Vec<Expr>) -> Expr| -> Vec<Expr> {
        let mut found = terms.to_vec();
        for at in 0..terms.len() {
            for part in parts(&terms[at]) {
                let mut less = terms.to_vec();
                less[at] = part;
                found.push(of(less));
            }
            if terms.len() > 2 {
                let mut less = terms.to_vec();
                less.remove(at);
                found.push(of(less));
            }
        }
        found
    };
    match expr {
        Expr::And(terms) => some(terms, Expr::And),
        Expr::Or(terms) => some(terms, Expr::Or),
        Expr::Not(inner) => {
            let deeper = parts(inner).into_iter().map(|part| Expr::Not(part.into()));
            std::iter::once((**inner).clone()).chain(deeper).collect()
        }
        Expr::Case(pairs) => pairs.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).collect(),
        Expr::Quantified { quantifier, over, var, predicate: Some(predicate) } => {
            let deeper = parts(predicate).into_iter().map(|part| Some(Box::new(part)));
            let less = deeper.map(|predicate| (over.clone(), predicate));
            let unfiltered = crate::query::Collection { filter: None, ..over.clone() };
            let less = less.chain([(unfiltered, Some(predicate.clone()))]);
            less.map(|(over, predicate)| Expr::Quantified {
                quantifier: *quantifier,
                over,
                var: *var,
                predicate,
            })
            .filter(|less| less != expr)
            .collect()
        }
        _ => vec![],
    }
}

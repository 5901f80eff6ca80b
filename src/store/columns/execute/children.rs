//! Conditions on what a to-many navigation leads to: asked of the set it leads to, and told by the
//! reference there. `any`, `all`, and how many there are compared with a constant.

use std::cell::OnceCell;

use roaring::RoaringBitmap;

use super::{
    compare::{Comparison, property},
    found::{Found, each_chunk},
    keys::ByKey,
    table::{Table, is_integer},
    tree::{self, Rewrite},
    way::{Leaf, Way},
};
use crate::{
    error::Error,
    model::{Index, Nav, Origin, Prop, Relation, Value},
    query::{BinaryOp, Collection, Expr, Path, Quantifier, Step, Var},
    store::columns::column::Column,
};

/// The children of all rows that count, each by the key of its parent.
pub(super) struct Children<'a> {
    there: Table<'a>,
    /// Whose rows they are children of.
    parent: Table<'a>,
    by: Prop,
    key: &'a Column,
    column: &'a Column,
    /// All of these must be as told with it for a child to count.
    terms: Vec<(Way<'a>, Must)>,
}

/// How a term must come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    BeTrue,
    /// False or unknown.
    NotBeTrue,
}

impl<'a> Children<'a> {
    fn new(nav: Nav, parent: Table<'a>) -> Option<Self> {
        let navigation = parent.structure().navigations.get(usize::from(nav.0))?;
        let there = parent.beside(parent.model().target(navigation)?)?;
        let Relation::Children { by } = navigation.relation else { return None };
        let by = there.structure().property(by)?;
        let column = there.column(by).filter(|column| is_integer(column))?;
        let key = parent.key_column()?;
        Some(Self { there, parent, by, key, column, terms: Vec::new() })
    }

    /// Those of a collection that is a navigation of the row itself.
    fn over(over: &Collection, parent: Table<'a>) -> Option<Self> {
        let Path { from: Var(0), steps } = &over.path else { return None };
        let [Step::Navigation(nav)] = steps.as_slice() else { return None };
        if over.search.is_some() {
            return None;
        }
        let mut children = Self::new(*nav, parent)?;
        if let Some(filter) = &over.filter {
            children.must(filter, over.var, Must::BeTrue)?;
        }
        Some(children)
    }

    fn must(&mut self, expr: &Expr, var: Var, must: Must) -> Option<()> {
        let expr = of_item(expr, var)?;
        self.terms.push((Way::of(&expr, self.there), must));
        Some(())
    }

    /// Those that count among these.
    fn counting(&self, among: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let mut left = among.clone();
        for (way, must) in &self.terms {
            let yes = way.which(true, &left)?;
            match must {
                Must::BeTrue => left = yes,
                Must::NotBeTrue => left -= yes,
            }
        }
        Ok(left)
    }

    /// How many count, by the key of their parent; of the parents in `within` at least.
    fn counts(&self, within: &RoaringBitmap) -> Result<ByKey, Error> {
        let is_indexed = self.there.structure().property_at(self.by).index() == Index::Many;
        let found = if is_indexed && within.len() <= self.parent.limits().parents {
            let mut all = RoaringBitmap::new();
            for key in within.iter().filter_map(|at| self.key.int(at)) {
                all.extend(self.there.columns.where_equal(self.by, &Value::Int(key)));
            }
            self.counting(&all)?
        } else {
            self.counting(self.there.live())?
        };
        let mut counts = ByKey::default();
        each_chunk(&found, self.there.ctx, |_, rows| {
            for key in rows.iter().filter_map(|at| self.column.int(*at)) {
                *counts.at(key) += 1;
            }
            Ok(())
        })?;
        Ok(counts)
    }

    pub(super) fn cost(&self) -> u64 {
        let terms = self.terms.iter().map(|(way, _)| way.cost());
        let both = self.there.columns.count().saturating_add(self.parent.columns.count());
        terms.fold(both, u64::saturating_add)
    }

    fn told(&self) -> String {
        let set = self.parent.model().set(self.there.set).name;
        let terms = self.terms.iter().map(|(way, must)| match must {
            Must::BeTrue => way.told(),
            Must::NotBeTrue => format!("not ({})", way.told()),
        });
        let terms: Vec<String> = terms.collect();
        if terms.is_empty() { set.to_owned() } else { format!("{set} with ({})", terms.join("; ")) }
    }
}

/// The expression about an item of a collection as one about a row; none where it asks about more.
fn of_item(expr: &Expr, var: Var) -> Option<Expr> {
    struct OfItem(Var);
    impl Rewrite for OfItem {
        fn path(&mut self, path: &Path) -> Option<Path> {
            let from = match path.from {
                from if from == self.0 => Var(0),
                Var(0) => return None,
                other => other,
            };
            Some(Path { from, steps: path.steps.clone() })
        }
    }
    let binds = |bound: Var| bound == Var(0) || bound == var;
    let is_bound_again = |part: &Expr| match part {
        Expr::Quantified { var: bound, over, .. } => {
            binds(*bound) || (over.filter.is_some() && binds(over.var))
        }
        Expr::Count(over) => over.filter.is_some() && binds(over.var),
        _ => false,
    };
    let outer = |part: &Expr| {
        let from = tree::path(part).map(|path| path.from);
        from.is_some_and(|from| from != var && from.0 < var.0)
    };
    if var == Var(0) || tree::any(expr, &is_bound_again) || tree::any(expr, &outer) {
        return None;
    }
    tree::rewritten(expr, &mut OfItem(var))
}

/// How many a number told by a to-many navigation is of: `Comments/$count`, or a property like it.
pub(super) fn counted<'a>(expr: &Expr, table: Table<'a>) -> Option<Children<'a>> {
    if let Expr::Count(over) = expr {
        return Children::over(over, table);
    }
    let origin = table.structure().properties.get(usize::from(property(expr)?.0))?.origin;
    let Origin::Count { navigation, unless } = origin else { return None };
    let mut children = Children::new(table.structure().navigation(navigation)?, table)?;
    let unless = children.there.structure().property(unless)?;
    let path = Path { from: Var(1), steps: vec![Step::Property(unless)] };
    children.must(&Expr::Path(path), Var(1), Must::NotBeTrue)?;
    Some(children)
}

impl Children<'_> {
    /// How many each row has, by its own key.
    pub(super) fn numbers(&self, within: &RoaringBitmap) -> Result<ByKey, Error> {
        self.counts(within)
    }
}

/// A way over a to-many navigation, if the condition asks about one.
pub(super) fn way<'a>(expr: &Expr, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let (children, test) = match (expr, Comparison::of(expr)) {
        (Expr::Quantified { quantifier, over, var, predicate }, _) => {
            let mut children = Children::over(over, table)?;
            let (must, wanted) = match quantifier {
                Quantifier::Any => (Must::BeTrue, Test::Some),
                Quantifier::All => (Must::NotBeTrue, Test::None),
            };
            match predicate {
                Some(predicate) => children.must(predicate, *var, must)?,
                // Without one all of them are true.
                None if *quantifier == Quantifier::All => return None,
                None => {}
            }
            (children, wanted)
        }
        (_, Some(Comparison { left, op, right })) => {
            (counted(left, table)?, Test::Compares(op, right.clone()))
        }
        _ => return None,
    };
    Some(Box::new(Counted { children, test, all: OnceCell::new() }))
}

/// What must be so of the number of children that count.
enum Test {
    Some,
    None,
    Compares(BinaryOp, Value),
}

/// A condition on the number of children.
struct Counted<'a> {
    children: Children<'a>,
    test: Test,
    all: OnceCell<ByKey>,
}

impl Counted<'_> {
    fn holds(&self, count: u32) -> bool {
        match &self.test {
            Test::Some => count > 0,
            Test::None => count == 0,
            Test::Compares(op, right) => {
                // What is compared stands there already; only the rule is needed.
                let left = &Expr::Literal(Value::Null);
                Comparison { left, op: *op, right }.holds(&Value::Int(count.into()))
            }
        }
    }
}

impl Leaf for Counted<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let some;
        let counts = if let Some(all) = self.all.get() {
            all
        } else if within.len() <= self.children.parent.limits().parents {
            some = self.children.counts(within)?;
            &some
        } else {
            let all = self.children.counts(self.children.parent.live())?;
            self.all.get_or_init(|| all)
        };
        let mut found = Found::default();
        each_chunk(within, self.children.parent.ctx, |_, rows| {
            for at in rows {
                let count = self.children.key.int(*at).map_or(0, |key| counts.get(key));
                if self.holds(count) == wanted {
                    found.push(*at);
                }
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        self.children.cost()
    }

    fn told(&self) -> String {
        let told = self.children.told();
        match self.test {
            Test::Some => format!("any of {told}"),
            Test::None => format!("none of {told}"),
            Test::Compares(..) => format!("as many of {told}"),
        }
    }
}

//! A condition on what a reference leads to: asked of the set it leads to, and its rows told by the key.

use std::cell::OnceCell;

use roaring::RoaringBitmap;

use super::{
    found::{Found, each_chunk, place},
    keys::ByKey,
    table::{Table, is_integer, verdict},
    tree::{self, Rewrite},
    way::{Leaf, Way},
};
use crate::{
    error::Error,
    model::{Nav, Origin, Prop, Relation, Value},
    query::{Expr, Path, Step, Var},
    store::columns::{cells::Cells, column::Column},
};

const TRUE: u32 = 1;
const FALSE: u32 = 2;
const UNKNOWN: u32 = 3;

/// A condition that reads nothing but what a to-one navigation leads to.
struct Target<'a> {
    there: Table<'a>,
    way: Way<'a>,
    /// What it is where the navigation leads nowhere.
    nowhere: Option<bool>,
    prop: Prop,
    column: &'a Column,
    table: Table<'a>,
    answers: OnceCell<ByKey>,
}

/// Puts what the target is asked in the place of what the row is asked about its target.
struct FromTarget<'a> {
    table: Table<'a>,
    there: Table<'a>,
    prop: Prop,
}

impl FromTarget<'_> {
    fn leads(&self, nav: Nav) -> bool {
        let structure = self.table.structure();
        let Some(navigation) = structure.navigations.get(usize::from(nav.0)) else { return false };
        match navigation.relation {
            Relation::Reference { by } => {
                structure.property(by) == Some(self.prop)
                    && self.table.model().target(navigation) == Some(self.there.set)
            }
            Relation::Children { .. } => false,
        }
    }
}

impl Rewrite for FromTarget<'_> {
    fn path(&mut self, path: &Path) -> Option<Path> {
        if path.from != Var(0) {
            return Some(path.clone());
        }
        let (first, rest) = path.steps.split_first()?;
        let mut steps = rest.to_vec();
        match first {
            Step::Navigation(nav) if self.leads(*nav) => {}
            Step::Property(prop) => {
                let structure = self.table.structure();
                let property = structure.properties.get(usize::from(prop.0))?;
                let Origin::LookUp { navigation, property } = property.origin else { return None };
                if !self.leads(structure.navigation(navigation)?) {
                    return None;
                }
                steps.insert(0, Step::Property(self.there.structure().property(property)?));
            }
            Step::Navigation(_) | Step::Cast(_) | Step::Find(_) => return None,
        }
        Some(Path { from: Var(0), steps })
    }
}

/// A way over the set that `only` refers to, where the condition asks nothing else.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    // A lambda that takes the row's own variable for something else is left to the reference.
    if tree::any(expr, &|part| {
        matches!(part, Expr::Quantified { var: Var(0), .. }) || filters(part)
    }) {
        return None;
    }
    let column = table.column(only).filter(|column| is_integer(column))?;
    let structure = table.structure();
    let by = |relation| match relation {
        Relation::Reference { by } => structure.property(by) == Some(only),
        Relation::Children { .. } => false,
    };
    let navigation = structure.navigations.iter().find(|nav| by(nav.relation))?;
    let there = table.beside(table.model().target(navigation)?)?;
    there.key_column()?;
    let asked = tree::rewritten(expr, &mut FromTarget { table, there, prop: only })?;
    let nowhere = verdict(&table.value_for(expr, only, Value::Null).ok()?);
    let way = Way::of(&asked, there);
    let answers = OnceCell::new();
    Some(Box::new(Target { there, way, nowhere, prop: only, column, table, answers }))
}

/// Whether the filter of a collection takes variable 0 for its items.
fn filters(expr: &Expr) -> bool {
    match expr {
        Expr::Quantified { over, .. } | Expr::Count(over) => {
            over.filter.is_some() && over.var == Var(0)
        }
        _ => false,
    }
}

impl Target<'_> {
    fn answers(&self) -> Result<&ByKey, Error> {
        if let Some(answers) = self.answers.get() {
            return Ok(answers);
        }
        let (live, mut answers) = (self.there.live(), ByKey::default());
        let yes = self.way.which(true, live)?;
        let no = self.way.which(false, &(live - &yes))?;
        for at in live {
            let answer = match (yes.contains(at), no.contains(at)) {
                (true, _) => TRUE,
                (false, true) => FALSE,
                (false, false) => UNKNOWN,
            };
            *answers.at(self.there.columns.id(at)) = answer;
        }
        Ok(self.answers.get_or_init(|| answers))
    }
}

impl Leaf for Target<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let answers = self.answers()?;
        let holds = |key: Option<i64>| {
            let answer = match key.map_or(0, |key| answers.get(key)) {
                TRUE => Some(true),
                FALSE => Some(false),
                UNKNOWN => None,
                _ => self.nowhere,
            };
            answer == Some(wanted)
        };
        let mut found = Found::default();
        each_chunk(within, self.table.ctx, |chunk, rows| {
            if let Cells::Ints(ints) = self.column.chunk(chunk) {
                let rows = rows.iter().filter(|at| holds(ints.get(place(**at))));
                rows.for_each(|at| found.push(*at));
            } else if holds(None) {
                found.push_all(rows);
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        let own = self.table.columns.count().saturating_add(self.there.columns.count());
        own.saturating_add(self.way.cost())
    }

    fn is_by_row(&self) -> bool {
        // Rows there are asked one by one, not rows here.
        false
    }

    fn told(&self) -> String {
        let set = self.table.model().set(self.there.set).name;
        let name = self.table.name(self.prop);
        format!("{name} leads to {set} with ({})", self.way.told())
    }
}

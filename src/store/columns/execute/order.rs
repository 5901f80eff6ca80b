//! The order of a plan, each sort key with the way its rows are found in it.

use std::borrow::Cow;

use roaring::RoaringBitmap;

use super::{
    children,
    compare::property,
    rank::{Ranking, of_order},
    reads::{Reads, can_fail, folded},
    rows::{Asked, behind},
    table::{Table, is_integer},
    tree,
};
use crate::{
    model::{Prop, Value},
    query::{
        Expr, Order,
        compare::{is_alike, sorting},
    },
    store::columns::{
        column::{Column, Kind},
        distinct::Distinct,
        sorted::Sorted,
    },
};

/// Values of a property up to which its rows are gone through value by value.
const GROUPS_MAX: usize = 256;
/// Rows of others that may be looked at to know all these values: a moment's work.
const GROUPS_ASKED_MAX: u64 = 1024;

/// One sort key.
pub(super) struct SortKey<'a> {
    pub(super) how: How<'a>,
    pub(super) ranking: Ranking<'a>,
    pub(super) descending: bool,
    told: String,
}

/// How rows are found in the order of a sort key.
pub(super) enum How<'a> {
    /// It is the key of the set.
    Key,
    /// Its order is kept.
    Kept { sorted: &'a Sorted, column: &'a Column },
    /// It has few values: the rows of each, ascending.
    Groups(Vec<Group<'a>>),
    /// By comparing rows.
    Compare,
}

/// The rows that have one value.
pub(super) struct Group<'a> {
    pub(super) value: Value,
    pub(super) rows: Cow<'a, RoaringBitmap>,
}

impl<'a> SortKey<'a> {
    pub(super) fn new(order: &Order, table: Table<'a>) -> Self {
        let expr = folded(&order.expr, table.ctx);
        let reads = Reads::of(&expr, &table);
        let descending = order.descending;
        let told = told(&expr, &reads, table);
        let of_property = property(&expr).and_then(|prop| Some((prop, table.column(prop)?)));
        let groups = || groups(&expr, &reads, table);
        let key = |how, ranking| Self { how, ranking, descending, told: told.clone() };
        let ranking = |column: &'a Column| match column.kind {
            Kind::Flag | Kind::Number => Some(Ranking::Numbers(column)),
            Kind::Text => Some(Ranking::Texts(column)),
            Kind::Guid | Kind::Ref | Kind::Raw => None,
        };
        if let Some((prop, column)) = of_property
            && let Some(ranking) = ranking(column)
        {
            let how = if table.structure().key == [prop] && is_integer(column) {
                How::Key
            } else if let Some(sorted) = table.columns.ordered(prop) {
                How::Kept { sorted, column }
            } else {
                groups().map_or(How::Compare, How::Groups)
            };
            return key(how, ranking);
        }
        if !can_fail(&expr, table.ctx) {
            let counted = children::counted(&expr, table);
            if let Some(ranking) = counted.and_then(|all| Ranking::of_counts(all, table)) {
                return key(How::Compare, ranking);
            }
            if let Some(groups) = groups() {
                let ranking = Ranking::asked(Asked { expr, reads }, table);
                return key(How::Groups(groups), ranking);
            }
        }
        key(How::Compare, Ranking::asked(Asked { expr, reads }, table))
    }

    /// Whether a token's value can be that of a row in this order, as far as that is known beforehand.
    pub(super) fn fits(&self, value: &Value) -> bool {
        match &self.how {
            How::Groups(groups) => groups.iter().all(|group| is_alike(&group.value, value)),
            How::Key | How::Kept { .. } => !value.is_null(),
            How::Compare => true,
        }
    }

    pub(super) fn told(&self) -> String {
        let backwards = if self.descending { ", backwards" } else { "" };
        let how = match &self.how {
            How::Key => "by key",
            How::Kept { .. } => "kept",
            How::Groups(_) => "value by value",
            How::Compare => "compared",
        };
        format!("{} {how}{backwards}", self.told)
    }
}

fn told(expr: &Expr, reads: &Reads, table: Table<'_>) -> String {
    if let Some(prop) = property(expr) {
        return table.name(prop).to_owned();
    }
    if reads.is_nothing() {
        return "a constant".to_owned();
    }
    let names: Vec<&str> = reads.props.iter().map(|prop| table.name(*prop)).collect();
    format!("a value of {}", names.join(", "))
}

/// The rows of each value of an expression that depends on one property with few values, in its order. It is
/// asked before anybody knows what the read weighs, so there are none where that looks at many rows.
fn groups<'a>(expr: &Expr, reads: &Reads, table: Table<'a>) -> Option<Vec<Group<'a>>> {
    if tree::asks_behind_found(expr) {
        return None;
    }
    if reads.is_nothing() {
        let value = of_order(table.value_for(expr, Prop(0), Value::Null)).ok()?;
        return Some(vec![Group { value, rows: Cow::Borrowed(table.live()) }]);
    }
    let prop = reads.only()?;
    let few: Distinct<'a> = table.few(table.column(prop)?)?;
    let asked = behind(expr, &table).saturating_mul(few.len() as u64);
    if few.len() > GROUPS_MAX || asked > GROUPS_ASKED_MAX {
        return None;
    }
    let mut groups = Vec::new();
    let nulls = few.nulls(table.live());
    if !nulls.is_empty() {
        let value = of_order(table.value_for(expr, prop, Value::Null)).ok()?;
        groups.push(Group { value, rows: Cow::Owned(nulls) });
    }
    for (value, rows) in few.iter() {
        let value = of_order(table.value_for(expr, prop, value)).ok()?;
        groups.push(Group { value, rows: Cow::Borrowed(rows) });
    }
    groups.sort_by(|a, b| sorting(&a.value, &b.value));
    let mut merged: Vec<Group<'a>> = Vec::with_capacity(groups.len());
    for group in groups {
        match merged.last_mut() {
            Some(last) if sorting(&last.value, &group.value).is_eq() => {
                *last.rows.to_mut() |= &*group.rows;
            }
            Some(_) | None => merged.push(group),
        }
    }
    Some(merged)
}

//! How a condition is turned into the rows for which it is true, and those for which it is false.
//!
//! Logic is three-valued: what is in neither is unknown. A condition given here cannot fail.

use roaring::RoaringBitmap;

use super::{
    by_value::Values,
    children, cuts, days, index,
    memo::Memo,
    reads::Reads,
    rows::{Once, Rows},
    table::Table,
    target, texts, tree,
};
use crate::{error::Error, model::Value, query::Expr};

/// One way to find the rows of a condition that is not made of others.
pub(super) trait Leaf {
    /// Those of `within` for which the condition is `wanted`.
    ///
    /// # Errors
    /// `Overloaded` at the deadline; `Internal` if the store cannot read a long text.
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error>;

    /// All rows for which it is true, where they are kept as such.
    ///
    /// # Errors
    /// As [`Leaf::which`].
    fn kept(&self) -> Result<Option<&RoaringBitmap>, Error> {
        Ok(None)
    }

    /// About how many rows of a column are looked at to find out.
    fn cost(&self) -> u64;

    /// Whether each row is asked by itself, so that it is better asked only of those that matter.
    fn is_by_row(&self) -> bool {
        false
    }

    /// The way in words.
    fn told(&self) -> String;
}

/// A condition with the way each of its parts is found.
pub(super) enum Way<'a> {
    /// The same for all rows.
    Known(Option<bool>),
    /// `not`
    Not(Box<Way<'a>>),
    /// `and` where `decisive` is false, `or` where it is true; the cheapest first.
    Join { terms: Vec<Way<'a>>, decisive: bool },
    /// Anything else.
    Leaf(Box<dyn Leaf + 'a>),
}

impl<'a> Way<'a> {
    /// The best way there is for `expr`, which cannot fail. Past the deadline it is any: whoever asks for
    /// ways looks at the clock before it takes one.
    pub(super) fn of(expr: &Expr, table: Table<'a>) -> Self {
        if table.ctx.in_time().is_err() {
            return Self::Known(None);
        }
        match expr {
            Expr::Literal(value) => Self::Known(super::table::verdict(value)),
            Expr::Not(operand) => Self::Not(Box::new(Self::of(operand, table))),
            Expr::And(terms) => Self::join(terms, false, table),
            Expr::Or(terms) => Self::join(terms, true, table),
            _ => leaf(expr, table),
        }
    }

    fn join(terms: &[Expr], decisive: bool, table: Table<'a>) -> Self {
        let mut terms: Vec<Self> = terms.iter().map(|term| Self::of(term, table)).collect();
        terms.sort_by_cached_key(Self::cost);
        Self::Join { terms, decisive }
    }

    /// As [`Leaf::which`].
    ///
    /// # Errors
    /// As [`Leaf::which`].
    pub(super) fn which(
        &self,
        wanted: bool,
        within: &RoaringBitmap,
    ) -> Result<RoaringBitmap, Error> {
        if within.is_empty() {
            return Ok(RoaringBitmap::new());
        }
        match self {
            Self::Known(known) if *known == Some(wanted) => Ok(within.clone()),
            Self::Known(_) => Ok(RoaringBitmap::new()),
            Self::Not(operand) => operand.which(!wanted, within),
            Self::Join { terms, decisive } if *decisive == wanted => some(terms, wanted, within),
            Self::Join { terms, .. } => all(terms, wanted, within),
            Self::Leaf(leaf) => leaf.which(wanted, within),
        }
    }

    /// As [`Leaf::kept`].
    ///
    /// # Errors
    /// As [`Leaf::which`].
    pub(super) fn kept(&self) -> Result<Option<&RoaringBitmap>, Error> {
        match self {
            Self::Leaf(leaf) => leaf.kept(),
            Self::Known(_) | Self::Not(_) | Self::Join { .. } => Ok(None),
        }
    }

    /// As [`Leaf::cost`].
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Known(_) => 0,
            Self::Not(operand) => operand.cost(),
            Self::Join { terms, .. } => terms.iter().map(Self::cost).fold(0, u64::saturating_add),
            Self::Leaf(leaf) => leaf.cost(),
        }
    }

    /// As [`Leaf::is_by_row`].
    pub(super) fn is_by_row(&self) -> bool {
        match self {
            Self::Known(_) => false,
            Self::Not(operand) => operand.is_by_row(),
            Self::Join { terms, .. } => terms.iter().any(Self::is_by_row),
            Self::Leaf(leaf) => leaf.is_by_row(),
        }
    }

    /// As [`Leaf::told`].
    pub(super) fn told(&self) -> String {
        match self {
            Self::Known(Some(true)) => "all rows".into(),
            Self::Known(_) => "no row".into(),
            Self::Not(operand) => format!("not ({})", operand.told()),
            Self::Join { terms, decisive } => {
                let terms: Vec<String> = terms.iter().map(Self::told).collect();
                if *decisive { format!("any of ({})", terms.join("; ")) } else { terms.join("; ") }
            }
            Self::Leaf(leaf) => leaf.told(),
        }
    }
}

/// One term that is `wanted` suffices: the next is asked only of rows for which none was so far.
fn some(terms: &[Way<'_>], wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
    let (mut found, mut rest) = (RoaringBitmap::new(), within.clone());
    for term in terms {
        let more = term.which(wanted, &rest)?;
        rest -= &more;
        found |= more;
    }
    Ok(found)
}

/// All terms must be `wanted`: the next is asked only of rows for which all were so far.
fn all(terms: &[Way<'_>], wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
    let mut left: Option<RoaringBitmap> = None;
    for term in terms {
        left = Some(term.which(wanted, left.as_ref().unwrap_or(within))?);
    }
    Ok(left.unwrap_or_else(|| within.clone()))
}

fn leaf<'a>(expr: &Expr, table: Table<'a>) -> Way<'a> {
    let reads = Reads::of(expr, &table);
    let asks_behind_found = tree::asks_behind_found(expr);
    if reads.is_nothing() && asks_behind_found {
        return Way::Leaf(Box::new(Once::new(expr, table)));
    }
    if reads.is_nothing() {
        let row = table.partial(std::iter::empty());
        let value = crate::query::eval(expr, table.ctx, &mut vec![crate::query::Binding::Row(row)]);
        // Only the deadline can have come in between, and it comes again at the next look.
        return Way::Known(super::table::verdict(&value.unwrap_or(Value::Null)));
    }
    if let Some(leaf) = children::way(expr, table) {
        return Way::Leaf(leaf);
    }
    // Other ways may ask a value or two before it is known whether there is time for that.
    let only = reads.only().filter(|_| !asks_behind_found);
    let Some((only, column)) = only.and_then(|prop| Some((prop, table.column(prop)?))) else {
        return Way::Leaf(Box::new(Rows::new(expr, reads, table)));
    };
    let few = table.few(column);
    let leaf = match few {
        Some(few) if few.len() <= Values::FEW => None,
        Some(_) | None => target::way(expr, only, table),
    };
    let leaf = leaf
        .or_else(|| few.map(|few| Values::boxed(expr, only, few, table)))
        .or_else(|| index::way(expr, only, table))
        .or_else(|| cuts::way(expr, only, table))
        .or_else(|| texts::way(expr, only, table))
        .or_else(|| days::way(expr, only, table))
        .or_else(|| Memo::way(expr, only, table));
    Way::Leaf(leaf.unwrap_or_else(|| Box::new(Rows::new(expr, reads, table))))
}

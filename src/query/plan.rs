//! A checked plan: which rows, in which order, how many, and what of each.

use std::sync::Arc;

use super::{expr::Expr, search::Search};
use crate::model::{Nav, Prop, Row, SetId, StructId, Type, Value};

/// What to read from one collection of entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The entity set the rows belong to.
    pub set: SetId,
    /// Rows that count: `$filter`, type casts, and what the caller may see.
    pub filter: Option<Expr>,
    /// `$search`, which rows must hold beside the filter.
    pub search: Option<Search>,
    /// Most significant first; the executor adds the key, so that the order is total.
    pub order: Vec<Order>,
    /// Rows left out at the start.
    pub skip: u64,
    /// Rows wanted at most, over all pages.
    pub top: Option<u64>,
    /// Whether the number of all rows that count is wanted, paging aside.
    pub count: bool,
    /// Rows in one page at most; `None` where the collection is not paged.
    pub page_size: Option<u64>,
    /// Continue behind this row: the values of `order` for it, then of its key.
    pub after: Option<Vec<Value>>,
    /// What of each row is wanted.
    pub shape: Shape,
}

impl Plan {
    /// Every row of `set`, by key, and nothing of them.
    #[must_use]
    pub fn of(set: SetId) -> Self {
        Self {
            set,
            filter: None,
            search: None,
            order: Vec::new(),
            skip: 0,
            top: None,
            count: false,
            page_size: None,
            after: None,
            shape: Shape::default(),
        }
    }
}

/// Which rows a plan starts from.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// All of its set.
    Set,
    /// Those a to-many navigation of a row leads to.
    Related(Row, Nav),
}

/// One sort key; null comes before every value ascending, after it descending.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What is compared. Text compares by its first 256 bytes.
    pub expr: Expr,
    /// Largest first.
    pub descending: bool,
}

/// What of each row is wanted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Properties, in the order they are written. Of derived types all further ones are written too,
    /// unless `is_selected`.
    pub properties: Vec<Prop>,
    /// Whether `$select` named them; then the context URL lists them.
    pub is_selected: bool,
    /// Properties of `$compute`, written after the declared ones.
    pub computed: Vec<Computed>,
    /// Navigation properties named in `$select`: their links are written.
    pub links: Vec<Nav>,
    /// Navigation properties whose entities come along.
    pub expand: Vec<Expand>,
}

/// One property of `$compute`.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// Its name, which no property of the entity has.
    pub name: String,
    /// Its type: single values, or collections of them.
    pub ty: Type,
    /// Its value, over variable 0.
    pub expr: Expr,
}

/// One `$expand` item.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    /// The type that has the navigation property; entities of no such type come without.
    pub of: StructId,
    /// The navigation property.
    pub navigation: Nav,
    /// The type its entities are declared to be here; others are left out by the plan.
    pub ty: StructId,
    /// What of its entities is wanted. Page size and position are the writer's to set.
    pub plan: Plan,
    /// Entities, references or a number.
    pub kind: ExpandKind,
    /// What the plan was made of, for the address at which a collection goes on; nothing is read from it.
    /// `None` where no address can say it: such a collection comes whole.
    pub written: Option<Arc<str>>,
}

/// What an expansion brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpandKind {
    /// The entities.
    Entities,
    /// Only their ids.
    References,
    /// Only their number.
    Count,
}

/// One page of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The number of all rows that count, if it was asked for.
    pub count: Option<u64>,
    /// Where the next page continues (see [`Plan::after`]); only if a further row exists.
    pub next: Option<Vec<Value>>,
}

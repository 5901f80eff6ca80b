//! `$apply` back to text; reading it again gives the same transformations.

use std::fmt::{self, Display, Formatter};

use super::ast::{AggregateItem, End, Transformation};

/// Transformations with slashes between.
pub(super) fn sequence(transformations: &[Transformation]) -> String {
    list(transformations, "/")
}

fn list<T: Display>(items: &[T], between: &str) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    texts.join(between)
}

impl Display for Transformation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::Filter(expr) => write!(f, "filter({expr})"),
            Self::Search(search) => write!(f, "search({search})"),
            Self::Compute(items) => write!(f, "compute({})", list(items, ",")),
            Self::Aggregate(items) => write!(f, "aggregate({})", list(items, ",")),
            Self::GroupBy { keys, then } if then.is_empty() => {
                write!(f, "groupby(({}))", list(keys, ","))
            }
            Self::GroupBy { keys, then } => {
                write!(f, "groupby(({}),{})", list(keys, ","), sequence(then))
            }
            Self::Extreme { end: End::Top, count, by } => write!(f, "topcount({count},{by})"),
            Self::Extreme { end: End::Bottom, count, by } => {
                write!(f, "bottomcount({count},{by})")
            }
            Self::OrderBy(items) => write!(f, "orderby({})", list(items, ",")),
            Self::Skip(count) => write!(f, "skip({count})"),
            Self::Top(count) => write!(f, "top({count})"),
            Self::Concat(branches) => {
                let branches: Vec<String> = branches.iter().map(|all| sequence(all)).collect();
                write!(f, "concat({})", branches.join(","))
            }
        }
    }
}

impl Display for AggregateItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{} with {method} as {}", self.expr, self.alias),
            None => write!(f, "{} as {}", self.expr, self.alias),
        }
    }
}

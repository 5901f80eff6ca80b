//! The names of what a transformation made of entities: there are no properties then, only these.

use super::ty::{Ty, Typed};
use crate::{
    error::{Error, nearest},
    model::Type,
    odata::ast::{Path, Segment},
    query::{self, Expr, Var},
};

/// Names told in a message at most.
const NAMES_TOLD: usize = 20;

/// One value: its path and its type.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    pub(super) ty: Type,
}

/// All of them; expressions know each as the variable of its position.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) list: Vec<Named>,
}

/// The variable at a position.
pub(super) fn variable(at: usize) -> Expr {
    let var = Var(u8::try_from(at).unwrap_or(u8::MAX));
    Expr::Path(query::Path { from: var, steps: Vec::new() })
}

impl Names {
    /// Where exactly that path is, else the one that matches ignoring case.
    pub(super) fn find(&self, written: &Path) -> Option<usize> {
        let is_like = |named: &Named, alike: fn(&str, &str) -> bool| {
            named.names.len() == written.segments.len()
                && named.names.iter().zip(&written.segments).all(|(name, segment)| match segment {
                    Segment::Name(segment) => alike(name, segment),
                    _ => false,
                })
        };
        let exact = self.list.iter().position(|named| is_like(named, |a, b| a == b));
        exact.or_else(|| {
            self.list.iter().position(|named| is_like(named, str::eq_ignore_ascii_case))
        })
    }

    /// The value at a position.
    pub(super) fn value(&self, at: usize) -> Typed {
        let ty = self.list.get(at).map_or(Ty::Null, |named| Ty::from(&named.ty));
        Typed::new(variable(at), ty)
    }

    /// The error for a path that is none of them.
    pub(super) fn unknown(&self, written: &Path, option: &str) -> Error {
        let known: Vec<String> = self.list.iter().map(|named| named.names.join("/")).collect();
        let written = written.to_string();
        let suggestion = nearest(&written, known.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        let more = if known.len() > NAMES_TOLD { ", …" } else { "" };
        let known = known[..known.len().min(NAMES_TOLD)].join(", ");
        let order = if option == "$filter" && suggestion.is_empty() {
            "; $filter comes after $apply, filter(…) in it before"
        } else {
            ""
        };
        Error::InvalidOption {
            option: option.to_owned(),
            reason: format!(
                "the result has no '{written}', it has {known}{more}{suggestion}{order}"
            ),
        }
    }
}

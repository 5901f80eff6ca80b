//! What a tuple has: names, types, positions; and the shape it is told in.

use super::super::named::{Named, Names};
use crate::{error::Error, model::Type, query::Var};

/// Name of the limit on what a tuple has, as errors give it.
const PROPERTIES_MAX: &str = "apply_properties_max";

/// Values a tuple has at most: each is a variable of the expressions after it, and those are numbered
/// in one byte.
const FIELDS: usize = 128;

// Behind `$root` an expression has variables of its own; the last numbers mean something else.
const _: () = assert!(FIELDS < Var::ROOT.0 as usize);

/// One value of a tuple.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// Its path: `Status`, `Team/Name`.
    pub(super) names: Vec<String>,
    pub(super) ty: Type,
    /// Whether the model declares it; computed and aggregated ones it does not.
    pub(super) is_declared: bool,
}

/// A part of what is told of a tuple.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    /// A value.
    Value {
        /// Its name.
        name: String,
        /// Its position in the tuple.
        at: usize,
        /// Its type.
        ty: Type,
        /// Whether the model declares it.
        is_declared: bool,
    },
    /// Values of one entity or complex value that a path leads through.
    Inner {
        /// The name of the navigation or complex property.
        name: String,
        /// What it has.
        members: Vec<Member>,
    },
}

/// The names of tuples, as expressions use them.
pub(super) fn names(fields: &[Field]) -> Names {
    let named = |field: &Field| Named { names: field.names.clone(), ty: field.ty.clone() };
    Names { list: fields.iter().map(named).collect() }
}

/// Adds a field.
///
/// # Errors
/// `InvalidOption` where its name is taken, `LimitExceeded` where there are too many.
pub(super) fn push(fields: &mut Vec<Field>, field: Field) -> Result<(), Error> {
    let clashes = |known: &Field| {
        let mut pairs = known.names.iter().zip(&field.names);
        pairs.all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    if fields.iter().any(clashes) {
        return Err(taken(&field.names.join("/")));
    }
    if fields.len() >= FIELDS {
        return Err(Error::LimitExceeded {
            limit: PROPERTIES_MAX,
            max: FIELDS as u64,
            target: "$apply".to_owned(),
        });
    }
    fields.push(field);
    Ok(())
}

/// The error for a name that is there already.
pub(super) fn taken(name: &str) -> Error {
    Error::InvalidOption {
        option: "$apply".to_owned(),
        reason: format!("there is already a '{name}'; choose another name after 'as'"),
    }
}

/// What is told of tuples, by position in `chosen`: paths with the same beginning stand in one object.
pub(super) fn members(fields: &[Field], chosen: &[usize]) -> Vec<Member> {
    let mut members = Vec::new();
    for at in chosen {
        if let Some(field) = fields.get(*at) {
            add(&mut members, &field.names, (*at, field));
        }
    }
    members
}

fn add(members: &mut Vec<Member>, names: &[String], (at, field): (usize, &Field)) {
    match names {
        [] => {}
        [name] => members.push(Member::Value {
            name: name.clone(),
            at,
            ty: field.ty.clone(),
            is_declared: field.is_declared,
        }),
        [first, rest @ ..] => {
            let known = members.iter_mut().find_map(|member| match member {
                Member::Inner { name, members } if name == first => Some(members),
                Member::Inner { .. } | Member::Value { .. } => None,
            });
            if let Some(inner) = known {
                add(inner, rest, (at, field));
                return;
            }
            let mut inner = Vec::new();
            add(&mut inner, rest, (at, field));
            members.push(Member::Inner { name: first.clone(), members: inner });
        }
    }
}

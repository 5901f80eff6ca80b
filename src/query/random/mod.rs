//! Random data and random plans that fit them, made again from a seed, and what must hold of any two
//! ways to answer. Values and expressions that fit nothing are in `untyped`.

mod agree;
mod answers;
mod dice;
mod exprs;
mod plain;
mod plans;
mod pool;
mod reach;
mod reports;
mod searches;
mod untyped;
mod values;
mod ways;
mod world;
mod wrong;

pub(crate) use agree::{LARGE, Load, SMALL, check};
pub(crate) use dice::Dice;
pub(crate) use plain::Plain;
pub(crate) use plans::{Cases, context};
pub(crate) use world::{Made, Op, World};

use std::fmt::Write as _;

use crate::query::{Page, list};

/// Random plans that find nothing, or fail, prove nothing: most of them must find some rows and leave some out.
#[test]
fn random_plans_find_some_rows_and_leave_some_out() {
    let (mut whole, mut part, mut none, mut failed) = (0, 0, 0, 0);
    for seed in 0..60 {
        let world = World::new(seed);
        let base = world.plain();
        let mut cases = plans::Cases::new(&world, &base, seed);
        for _ in 0..20 {
            let case = cases.case();
            if case.plan.filter.is_none() {
                continue;
            }
            let ask = |filter| {
                let plan = plans::everything(case.plan.set, filter);
                list(&plan, &case.start, &plans::context(&base, case.it.as_ref()))
            };
            let all = ask(None).unwrap().rows.len();
            match ask(case.plan.filter.clone()) {
                _ if all == 0 => {}
                Err(_) => failed += 1,
                Ok(Page { rows, .. }) if rows.is_empty() => none += 1,
                Ok(Page { rows, .. }) if rows.len() == all => whole += 1,
                Ok(_) => part += 1,
            }
        }
    }
    let all = whole + part + none + failed;
    assert!(
        part * 3 > all && failed * 10 < all,
        "{whole} all, {part} some, {none} none, {failed} failed"
    );
}

/// Every operator and function is among them, or nothing is known about it.
#[test]
fn random_plans_hold_every_operator_and_function() {
    let mut text = String::new();
    for seed in 0..200 {
        let world = World::new(seed);
        let base = world.plain();
        let mut cases = plans::Cases::new(&world, &base, seed);
        for _ in 0..20 {
            write!(text, "{:?}", cases.case().plan).unwrap();
        }
    }
    let words = "Eq Ne Gt Ge Lt Le Has Add Sub Mul Div DivBy Mod Concat Contains EndsWith IndexOf Length \
                 StartsWith Substring HasSubset HasSubsequence MatchesPattern ToLower ToUpper Trim Date Day \
                 FractionalSeconds Hour MaxDateTime MinDateTime Minute Month Now Second Time \
                 TotalOffsetMinutes TotalSeconds Year Ceiling Floor Round";
    let shapes = [
        "Exists(",
        "IsEntityOf",
        "IsOf",
        "Cast {",
        "Cast(",
        "Negate(",
        "Not(",
        "And(",
        "Or(",
        "In {",
        "OneOf {",
        "Case(",
        "quantifier: Any",
        "quantifier: All",
        "Count(",
        "Search {",
        "Var(2)",
        "Navigation(",
        "search: Some(Search",
        "Find(Find { navigation: None",
        "Find(Find { navigation: Some",
    ];
    let operators =
        words.split_whitespace().map(|word| [format!("op: {word},"), format!("function: {word},")]);
    for [operator, function] in operators {
        assert!(text.contains(&operator) || text.contains(&function), "none has {operator}");
    }
    for shape in shapes {
        assert!(text.contains(shape), "none has {shape}");
    }
}

//! Conditions on the texts of a property of many values: one search over all bytes of a chunk.

use std::{collections::BTreeMap, sync::Arc};

use memchr::memmem::Finder;
use roaring::RoaringBitmap;

use super::{
    compare::{Comparison, property},
    found::{Found, each_chunk, place},
    table::Table,
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Prop, Value},
    query::{BinaryOp, Expr, Function},
    store::columns::{
        CHUNK_POSITIONS,
        arena::Arena,
        cells::Cells,
        column::{Column, Kind},
    },
};

/// A text in so many of a chunk's rows is looked for in each of them rather than in all at once.
const FEW_ROWS: usize = 512;
/// So few texts are made lower one by one rather than all of a chunk.
const FEW_LOWERED: usize = 64;

/// How a text must stand to the one looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Contains,
    StartsWith,
    EndsWith,
    Equal,
    /// True of null, too.
    Differs,
}

/// A condition on one property that is a text.
struct Texts<'a> {
    test: Test,
    wanted: Arc<str>,
    is_lower: bool,
    prop: Prop,
    column: &'a Column,
    table: Table<'a>,
}

/// A way for a test of a text, as it is or in lower case, against a constant.
pub(super) fn way<'a>(expr: &Expr, only: Prop, table: Table<'a>) -> Option<Box<dyn Leaf + 'a>> {
    let column = table.column(only).filter(|column| column.kind == Kind::Text)?;
    let (test, of, wanted) = match (expr, Comparison::of(expr)) {
        (Expr::Call { function, args }, _) => {
            let [of, Expr::Literal(Value::Text(wanted))] = args.as_slice() else { return None };
            (named(*function)?, of, wanted)
        }
        (_, Some(Comparison { left, op, right: Value::Text(wanted) })) => {
            let test = match op {
                BinaryOp::Eq => Test::Equal,
                BinaryOp::Ne => Test::Differs,
                _ => return None,
            };
            (test, left, wanted)
        }
        _ => return None,
    };
    let (of, is_lower) = match of {
        Expr::Call { function: Function::ToLower, args } => (args.first()?, true),
        plain => (plain, false),
    };
    let wanted = Arc::clone(wanted);
    let texts = Texts { test, wanted, is_lower, prop: only, column, table };
    (property(of) == Some(only)).then(|| -> Box<dyn Leaf + 'a> { Box::new(texts) })
}

fn named(function: Function) -> Option<Test> {
    match function {
        Function::Contains => Some(Test::Contains),
        Function::StartsWith => Some(Test::StartsWith),
        Function::EndsWith => Some(Test::EndsWith),
        _ => None,
    }
}

impl Texts<'_> {
    fn holds(&self, finder: &Finder<'_>, text: Option<&[u8]>) -> Option<bool> {
        let wanted = finder.needle();
        match (self.test, text) {
            (Test::Contains, text) => text.map(|text| finder.find(text).is_some()),
            (Test::StartsWith, text) => text.map(|text| text.starts_with(wanted)),
            (Test::EndsWith, text) => text.map(|text| text.ends_with(wanted)),
            (Test::Equal, text) => Some(text == Some(wanted)),
            (Test::Differs, text) => Some(text != Some(wanted)),
        }
    }

    /// The texts of a chunk in the form they are asked in, where many of them are asked and that is soon
    /// made.
    fn form<'c>(&self, cells: &'c Cells, rows: usize, lower: &'c mut Vec<u8>) -> Option<Form<'c>> {
        let Cells::Texts(texts) = cells else { return None };
        let arena = texts.exact();
        if !self.is_lower {
            return Some(Form { arena, bytes: arena.block().bytes(), other: None });
        }
        let other = texts.lower().filter(|_| rows > FEW_LOWERED)?;
        lower.clear();
        lower.extend_from_slice(arena.block().bytes());
        lower.make_ascii_lowercase();
        Some(Form { arena, bytes: lower, other: Some(other).filter(|other| !other.is_empty()) })
    }

    fn holds_at(&self, finder: &Finder<'_>, at: u32) -> Option<bool> {
        match self.column.text(at) {
            Some(text) if self.is_lower => self.holds(finder, Some(text.to_lowercase().as_bytes())),
            text => self.holds(finder, text.map(str::as_bytes)),
        }
    }

    /// Adds those of `rows` in whose text it is found, as far as these are as they stand in the block.
    fn search(finder: &Finder<'_>, form: &Form<'_>, rows: &[u32], found: &mut Found) {
        let mut rows = rows.iter().peekable();
        let (bytes, ends) = (form.bytes, form.arena.block().ends());
        let mut from = 0;
        while let Some(hit) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
            let (start, end) = (from + hit, from + hit + finder.needle().len());
            let owner = ends.partition_point(|limit| (*limit as usize) <= start);
            let Some(limit) = ends.get(owner).map(|limit| *limit as usize) else { break };
            if end > limit {
                // It reaches over the border of two texts.
                from = start + 1;
                continue;
            }
            from = limit;
            while rows.next_if(|at| place(**at) < owner).is_some() {}
            if let Some(at) = rows.next_if(|at| place(**at) == owner)
                && !form.is_apart(owner)
            {
                found.push(*at);
            }
        }
    }
}

/// The texts of a chunk in one form.
struct Form<'c> {
    arena: &'c Arena,
    /// Those of the arena's block in that form.
    bytes: &'c [u8],
    /// Those that are otherwise in it, by place.
    other: Option<&'c BTreeMap<u16, Box<str>>>,
}

impl Form<'_> {
    /// A text that is not over the block.
    fn text(&self, place: usize) -> Option<&[u8]> {
        let range = self.arena.block().range(place)?;
        self.other(place).map(str::as_bytes).or_else(|| self.bytes.get(range))
    }

    fn other(&self, place: usize) -> Option<&str> {
        self.other?.get(&u16::try_from(place).ok()?).map(|text| &**text)
    }

    /// Whether a text is not as it stands in the block.
    fn is_apart(&self, place: usize) -> bool {
        self.arena.is_over(place) || self.other(place).is_some()
    }

    /// Those of `rows` whose texts are not as they stand in the block.
    fn apart(&self, rows: &[u32]) -> Vec<u32> {
        let Some(first) = rows.first() else { return Vec::new() };
        let begin = first - first % CHUNK_POSITIONS;
        let other = self.other.into_iter().flat_map(BTreeMap::keys).copied();
        let mut apart: Vec<u32> =
            self.arena.over().chain(other).map(|place| begin + u32::from(place)).collect();
        apart.retain(|at| rows.binary_search(at).is_ok());
        apart.sort_unstable();
        apart.dedup();
        apart
    }
}

impl Leaf for Texts<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let (mut found, mut lower) = (Found::default(), Vec::new());
        let finder = Finder::new(self.wanted.as_bytes());
        let at_once = wanted && self.test == Test::Contains && !self.wanted.is_empty();
        each_chunk(within, self.table.ctx, |chunk, rows| {
            let form = self.form(self.column.chunk(chunk), rows.len(), &mut lower);
            let Some(form) = form else {
                let holds = |at: &&u32| self.holds_at(&finder, **at) == Some(wanted);
                rows.iter().filter(holds).for_each(|at| found.push(*at));
                return Ok(());
            };
            let holds = |at: &&u32| {
                let is_over = form.arena.is_over(place(**at));
                let holds = if is_over {
                    self.holds_at(&finder, **at)
                } else {
                    self.holds(&finder, form.text(place(**at)))
                };
                holds == Some(wanted)
            };
            if !at_once || rows.len() <= FEW_ROWS {
                rows.iter().filter(holds).for_each(|at| found.push(*at));
            } else {
                Self::search(&finder, &form, rows, &mut found);
                form.apart(rows).iter().filter(holds).for_each(|at| found.push(*at));
            }
            Ok(())
        })?;
        Ok(found.rows())
    }

    fn cost(&self) -> u64 {
        self.table.columns.count()
    }

    fn told(&self) -> String {
        let name = self.table.name(self.prop);
        let copy = if self.is_lower { " in lower case" } else { "" };
        let how = match self.test {
            Test::Contains => "searched",
            Test::StartsWith => "compared at its beginning",
            Test::EndsWith => "compared at its end",
            Test::Equal | Test::Differs => "compared",
        };
        format!("{name}{copy} {how}, chunk by chunk")
    }
}

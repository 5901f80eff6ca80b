//! A condition on a property with few values: asked once for each value, and the rows of those united.

use std::cell::OnceCell;

use roaring::{MultiOps, RoaringBitmap};

use super::{
    compare::{Comparison, is_property},
    rows::{ROW_COST, behind},
    table::{Table, verdict},
    way::Leaf,
};
use crate::{
    error::Error,
    model::{Prop, Value},
    query::Expr,
    store::columns::distinct::Distinct,
};

/// A condition that reads one property with few values.
pub(super) struct Values<'a> {
    expr: Expr,
    prop: Prop,
    few: Distinct<'a>,
    table: Table<'a>,
    /// About how many rows of others are looked at for each value.
    behind: u64,
    answers: OnceCell<Answers<'a>>,
}

/// What the condition is for null, and for each value.
struct Answers<'a> {
    null: Option<bool>,
    values: Vec<(Option<bool>, &'a RoaringBitmap)>,
}

impl<'a> Values<'a> {
    /// So few that no other way could be better.
    pub(super) const FEW: usize = 64;

    pub(super) fn boxed(
        expr: &Expr,
        prop: Prop,
        few: Distinct<'a>,
        table: Table<'a>,
    ) -> Box<dyn Leaf + 'a> {
        let behind = behind(expr, &table);
        Box::new(Self { expr: expr.clone(), prop, few, table, behind, answers: OnceCell::new() })
    }

    fn answers(&self) -> Result<&Answers<'a>, Error> {
        if let Some(answers) = self.answers.get() {
            return Ok(answers);
        }
        let plain = Comparison::of(&self.expr).filter(|test| is_property(test.left, self.prop));
        let answer = |value: Value| -> Result<Option<bool>, Error> {
            if let Some(test) = &plain {
                return Ok(Some(test.holds(&value)));
            }
            let value = self.table.value_for(&self.expr, self.prop, value)?;
            Ok(verdict(&value))
        };
        let null = answer(Value::Null)?;
        let values = self.few.iter().enumerate().map(|(count, (value, rows))| {
            if count % 64 == 0 {
                self.table.ctx.in_time()?;
            }
            Ok((answer(value)?, rows))
        });
        let values = values.collect::<Result<_, Error>>()?;
        Ok(self.answers.get_or_init(|| Answers { null, values }))
    }
}

/// The rows of `within` that are in any of `sets`.
fn united(sets: &[&RoaringBitmap], within: &RoaringBitmap) -> RoaringBitmap {
    match sets {
        [] => RoaringBitmap::new(),
        [only] => *only & within,
        [first, rest @ ..] if sets.len() <= 4 => {
            let mut all = *first & within;
            for set in rest {
                all |= *set & within;
            }
            all
        }
        many => many.iter().copied().union() & within,
    }
}

impl Leaf for Values<'_> {
    fn which(&self, wanted: bool, within: &RoaringBitmap) -> Result<RoaringBitmap, Error> {
        let answers = self.answers()?;
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for (answer, rows) in &answers.values {
            if *answer == Some(wanted) { yes.push(*rows) } else { no.push(*rows) }
        }
        if answers.null != Some(wanted) {
            return Ok(united(&yes, within));
        }
        // Null counts, so it is all but the rows of the other values.
        Ok(match no.as_slice() {
            [] => within.clone(),
            no => within - united(no, within),
        })
    }

    fn kept(&self) -> Result<Option<&RoaringBitmap>, Error> {
        let answers = self.answers()?;
        let mut yes = answers.values.iter().filter(|(answer, _)| *answer == Some(true));
        Ok(match (answers.null, yes.next(), yes.next()) {
            (Some(true), ..) | (_, _, Some(_)) => None,
            (_, only, None) => only.map(|(_, rows)| *rows),
        })
    }

    fn cost(&self) -> u64 {
        let asked = self.few.len() as u64 + 1;
        let behind = self.behind.saturating_mul(asked).saturating_mul(ROW_COST);
        (asked + self.table.columns.count() / 1024).saturating_add(behind)
    }

    fn told(&self) -> String {
        let name = self.table.name(self.prop);
        let all = self.few.len();
        if self.behind > 0 && self.answers.get().is_none() {
            // To say in how many would be to look at all of these.
            return format!("{name} in some of {all} values, bitmap");
        }
        match self.answers() {
            Ok(answers) => {
                let yes = answers.values.iter().filter(|(answer, _)| *answer == Some(true));
                let null = if answers.null == Some(true) { " or null" } else { "" };
                format!("{name} in {} of {all} values{null}, bitmap", yes.count())
            }
            Err(_) => format!("{name} in some of {all} values, bitmap"),
        }
    }
}

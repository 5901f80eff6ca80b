//! Rows by a value of a property: by an index where there is one.

use super::{
    Columns,
    cells::Cell,
    column::{Column, Kind},
};
use crate::{
    id::told_id,
    model::{Index, Key, Prop, Value},
};

/// Rows of other values that a walk passes for each value it counts: to look for one takes as long as to pass
/// some dozen.
const BETWEEN: usize = 16;

impl Columns {
    /// The positions of the rows whose stored property has that value, by key. Where the model asks for
    /// an index, it is found by it, and null is never found; else every row is looked at.
    pub(crate) fn where_equal(&self, prop: Prop, value: &Value) -> Vec<u32> {
        if self.id_prop() == Some(prop) {
            let key = value.as_int().map(Key::Int);
            return key.and_then(|key| self.find(&key)).into_iter().collect();
        }
        let mut found = self.equal(prop, value);
        if !self.keys_ascend() && found.len() > 1 {
            self.sort_by_key(&mut found);
        }
        found
    }

    /// How many rows have that value, without those of which `unless` is true.
    pub(crate) fn count_equal(&self, prop: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        let flags = unless.and_then(|unless| self.column(unless));
        let flags = flags.filter(|column| column.kind == Kind::Flag);
        let is_left_out = |at: u32| flags.is_some_and(|flags| flags.int(at) == Some(1));
        let column = self.column(prop);
        if let Some(distinct) = column.and_then(Column::distinct).filter(|_| !value.is_null()) {
            let Some(found) = distinct.get(value) else { return 0 };
            let flags = flags.and_then(|flags| flags.distinct()?.get(&Value::Bool(true)));
            return found.len() - flags.map_or(0, |flags| found.intersection_len(flags));
        }
        // Under a number stand only those that have it: nothing to look at again.
        let column = column.filter(|column| column.kind == Kind::Number);
        if let Some((lookup, rank)) =
            column.and_then(|column| Some((column.lookup.as_ref()?, column.number_of(value)?)))
        {
            let found = lookup.sorted.range(rank, rank);
            return found.filter(|at| !is_left_out(*at)).count() as u64;
        }
        let found = self.where_equal(prop, value).into_iter();
        found.filter(|at| !is_left_out(*at)).count() as u64
    }

    /// [`Columns::count_equal`] for each of `values`, in any order, by one walk along an index; none where two
    /// are the same, or much lies between them.
    pub(crate) fn counts_equal(
        &self,
        prop: Prop,
        values: &[Value],
        unless: Option<Prop>,
    ) -> Option<Vec<u64>> {
        let column = self.column(prop).filter(|column| column.kind == Kind::Number)?;
        if column.distinct().is_some() || values.len() < 2 {
            return None;
        }
        let sorted = &column.lookup.as_ref()?.sorted;
        let ranks = values.iter().enumerate();
        let ranks = ranks.map(|(place, value)| Some((column.number_of(value)?, place)));
        let mut ranks: Vec<(i64, usize)> = ranks.collect::<Option<_>>()?;
        ranks.sort_unstable();
        if !ranks.is_sorted_by(|(a, _), (b, _)| a < b) {
            return None;
        }
        let flags = unless.and_then(|unless| self.column(unless));
        let flags = flags.filter(|column| column.kind == Kind::Flag);
        let is_left_out = |at: u32| flags.is_some_and(|flags| flags.int(at) == Some(1));
        let mut counts = vec![0; ranks.len()];
        let (mut now, mut passed) = (0, 0);
        for (rank, at) in sorted.from(ranks.first()?.0, 0) {
            while ranks.get(now).is_some_and(|(wanted, _)| *wanted < rank) {
                now += 1;
            }
            match ranks.get(now) {
                None => break,
                Some((wanted, place)) if *wanted == rank => {
                    counts[*place] += u64::from(!is_left_out(at));
                }
                Some(_) => passed += 1,
            }
            if passed > ranks.len() * BETWEEN {
                return None;
            }
        }
        Some(counts)
    }

    /// Hands these properties of every row to `take`, by key; false, and none, where one of them is not
    /// kept as it is.
    pub(crate) fn values(&self, props: &[Prop], take: &mut dyn FnMut(&[Value])) -> bool {
        let kept = |prop: &Prop| self.column(*prop).filter(|column| column.kind != Kind::Ref);
        let Some(columns) = props.iter().map(kept).collect::<Option<Vec<_>>>() else {
            return false;
        };
        let mut values = vec![Value::Null; props.len()];
        for at in self.by_key() {
            for (value, column) in values.iter_mut().zip(&columns) {
                *value = column.value(at);
            }
            take(&values);
        }
        true
    }

    /// The row whose id a Guid tells, if it has it: such a row is found by nothing else.
    fn told(&self, column: &Column, value: &Value) -> Option<u32> {
        let Value::Guid(guid) = self.id_column.map(|_| value)? else { return None };
        let at = self.find(&Key::Int(told_id(guid.as_bytes())))?;
        (column.cell(at) == Cell::Guid(*guid.as_bytes())).then_some(at)
    }

    fn equal(&self, prop: Prop, value: &Value) -> Vec<u32> {
        let Some(column) = self.column(prop) else { return vec![] };
        let is_indexed = column.lookup.is_some();
        if value.is_null() && is_indexed {
            return vec![];
        }
        if let Some(distinct) = column.distinct().filter(|_| !value.is_null()) {
            return distinct
                .get(value)
                .map_or_else(Vec::new, |positions| positions.iter().collect());
        }
        if let Some(lookup) = &column.lookup {
            let found = column.with_cell(value, |wanted| {
                let Some(rank) = lookup.rank(wanted) else { return vec![] };
                let is_it = |at: &u32| match lookup.index {
                    // A number is its own rank.
                    Index::Many if matches!(wanted, Cell::Number(_)) => true,
                    Index::None | Index::Many | Index::Unique | Index::UniqueIgnoringCase => {
                        lookup.is_same(column.cell(*at), wanted)
                    }
                };
                lookup.sorted.range(rank, rank).filter(is_it).collect()
            });
            let mut found = found.unwrap_or_default();
            if let Some(told) = self.told(column, value) {
                let place = found.partition_point(|at| *at < told);
                found.insert(place, told);
            }
            return found;
        }
        self.live().iter().filter(|at| column.value(*at) == *value).collect()
    }
}

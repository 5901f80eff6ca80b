//! Where a plan finds its rows: a snapshot of the store, or plain rows in a test.

use jiff::tz::TimeZone;

use super::{
    apply::Grouping,
    explain::{self, Explained},
    list::reference,
    plan::{Page, Plan, Start},
    resolve::Context,
    search::{Hits, Search},
};
use crate::{
    error::Error,
    hash::Digest,
    model::{Key, Model, Prop, Row, SetId, Value},
};

/// Takes a long text, `None` for null.
pub type TakeText<'a> = dyn FnMut(Result<Option<&str>, Error>) + 'a;

/// Rows that do not change while they are read.
pub trait Source: Send + Sync {
    /// The model its rows follow.
    fn model(&self) -> &Model;

    /// The workspace's time zone, for calendar dates.
    fn zone(&self) -> &TimeZone;

    /// All rows of a set, by key.
    fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_>;

    /// The rows of a set whose keys come after `key`, by key.
    fn rows_after<'a>(&'a self, set: SetId, key: &'a Key) -> Box<dyn Iterator<Item = Row> + 'a> {
        let model = self.model();
        Box::new(self.rows(set).skip_while(move |row| row.key(model) <= *key))
    }

    /// The rows of a set that a transaction after `seq` wrote, by key. Looks at all, but into none.
    fn rows_since(&self, set: SetId, seq: u64) -> Box<dyn Iterator<Item = Row> + '_> {
        Box::new(self.rows(set).filter(move |row| row.version > seq))
    }

    /// Hands the stored properties `props` of every row of a set to `take`, by key, without making rows
    /// where the source can do without.
    fn values(&self, set: SetId, props: &[Prop], take: &mut dyn FnMut(&[Value])) {
        values_by_row(self, set, props, take);
    }

    /// Makes what the rows of a set are made of, where they are not kept. Whoever does not ask for it waits
    /// for it later, without a look at the clock.
    ///
    /// # Errors
    /// `Overloaded` if it is not there by the deadline.
    fn ready(&self, set: SetId, ctx: &Context<'_>) -> Result<(), Error> {
        let _ = (set, ctx);
        Ok(())
    }

    /// The row with that key.
    fn row(&self, set: SetId, key: &Key) -> Option<Row>;

    /// As [`Source::row`], for an answer under way: perhaps it is made when it is looked at, and until then
    /// keeps what it is made of.
    fn row_late(&self, set: SetId, key: &Key) -> Option<Row> {
        self.row(set, key)
    }

    /// A stored property of the row with that key, without making the row where the source can do
    /// without; `None` where there is no such row.
    fn stored_value(&self, set: SetId, key: &Key, property: Prop) -> Option<Value> {
        let row = self.row(set, key)?;
        Some(row.record.get(self.model().structure(row.type_id), property))
    }

    /// The rows whose stored property has that value, by key; by an index where the model asks for one.
    /// For `Index::UniqueIgnoringCase` letter case is ignored.
    fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row>;

    /// Grows with every change of one of these sets, as states of this source follow one another; none where
    /// that is not known.
    fn changed(&self, sets: &[SetId]) -> Option<u64> {
        let _ = sets;
        None
    }

    /// Differs between two states of a stored set that differ in anything; none where that is not known.
    fn mark(&self, set: SetId) -> Option<Digest> {
        let _ = set;
        None
    }

    /// How many rows [`Source::rows_where`] finds, without those whose stored property `unless` is true.
    fn count_where(&self, set: SetId, property: Prop, value: &Value, unless: Option<Prop>) -> u64 {
        let model = self.model();
        let is_left_out = |row: &Row| {
            let structure = model.structure(row.type_id);
            unless.is_some_and(|unless| row.record.get(structure, unless).is_true())
        };
        self.rows_where(set, property, value).iter().filter(|row| !is_left_out(row)).count() as u64
    }

    /// [`Source::count_where`] for each of `values`; in one go where the source is faster so.
    fn counts_where(
        &self,
        set: SetId,
        property: Prop,
        values: &[Value],
        unless: Option<Prop>,
    ) -> Vec<u64> {
        values.iter().map(|value| self.count_where(set, property, value, unless)).collect()
    }

    /// A long text of a row; null where it has none.
    ///
    /// # Errors
    /// `Internal` if the store cannot read it.
    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error>;

    /// Whether what touches few rows by its estimate takes but a moment: not while long texts could be long in
    /// coming, nor where nobody knows what a query costs.
    fn is_at_hand(&self) -> bool {
        false
    }

    /// Hands the long text of each of `rows`, which are of one set, to `take`, in their order, as
    /// [`Source::long_text`] gives it; all at once where the source is faster so.
    fn long_texts(&self, rows: &[Row], property: Prop, take: &mut TakeText<'_>) {
        for row in rows {
            let text = self.long_text(row, property);
            take(text.as_ref().map(Value::as_text).map_err(Clone::clone));
        }
    }

    /// One page of a plan; `ctx` is of this source. Sources that know a faster way than
    /// [`super::list::reference()`] take it, and find the same rows.
    ///
    /// # Errors
    /// As [`super::list::reference()`].
    fn list(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Result<Page, Error> {
        reference(plan, start, ctx)
    }

    /// As [`Source::list`] where that looks at no more than about `most` rows; else none, and few were
    /// looked at.
    ///
    /// # Errors
    /// As [`Source::list`].
    fn list_light(
        &self,
        (plan, start): (&Plan, &Start),
        ctx: &Context<'_>,
        most: u64,
    ) -> Result<Option<Page>, Error> {
        if self.estimate(plan, start, ctx) > most {
            return Ok(None);
        }
        self.list(plan, start, ctx).map(Some)
    }

    /// How [`Source::list`] would find the page, and about how many rows it would look at.
    fn explain(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> Explained {
        explain::reference(plan, start, ctx)
    }

    /// About how many rows [`Source::list`] would look at; 0 where that is not known.
    fn estimate(&self, plan: &Plan, start: &Start, ctx: &Context<'_>) -> u64 {
        let _ = (plan, start, ctx);
        0
    }

    /// The rows of `set` that a search finds, by an index; none where each row must be looked at.
    /// An index may be a little behind; it finds nothing the caller may not see by now.
    ///
    /// # Errors
    /// `Overloaded` where there is an index that is not ready, or past the deadline.
    fn search(
        &self,
        set: SetId,
        search: &Search,
        ctx: &Context<'_>,
    ) -> Result<Option<Hits>, Error> {
        let _ = (set, search, ctx);
        Ok(None)
    }

    /// About how many rows of columns could be looked at while [`Source::search`] finds its rows; 0 where
    /// each row must be looked at. Told before it is run, from how often the index has the words.
    fn search_cost(&self, set: SetId, search: &Search, ctx: &Context<'_>) -> u64 {
        let _ = (set, search, ctx);
        0
    }

    /// The tuples of a grouping, keys first, in the order of their keys; `None` where the reference
    /// is to make them. Must agree with [`super::apply::reference`], doubles but for their last digits.
    fn grouped(
        &self,
        grouping: &Grouping<'_>,
        ctx: &Context<'_>,
    ) -> Option<Result<Vec<Vec<Value>>, Error>> {
        let _ = (grouping, ctx);
        None
    }
}

/// [`Source::values`] from the rows, one after the other.
pub fn values_by_row<S: Source + ?Sized>(
    source: &S,
    set: SetId,
    props: &[Prop],
    take: &mut dyn FnMut(&[Value]),
) {
    let model = source.model();
    let mut values = vec![Value::Null; props.len()];
    for row in source.rows(set) {
        let opened = row.record.open(model.structure(row.type_id));
        for (value, prop) in values.iter_mut().zip(props) {
            *value = opened.get(*prop);
        }
        take(&values);
    }
}

/// What a caller may do, as far as a query must know.
pub trait Rights: Sync {
    /// Whether the caller holds `scope`, such as `tickets:read`.
    fn has(&self, scope: &str) -> bool;

    /// The scopes the caller holds, names with commas between; as text, to be kept and compared later.
    fn scopes(&self) -> String {
        String::new()
    }

    /// The user the caller is or acts for, if there is one.
    fn user_id(&self) -> Option<i64> {
        None
    }
}

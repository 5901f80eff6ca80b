//! A source for tests that asks another one for most of what it is asked.

/// Within an `impl Source`: the methods named ask the source in that field the same. For sources of tests
/// that are another one but for what they are about.
#[doc(hidden)]
#[macro_export]
macro_rules! asks_another_source {
    ($inner:tt: $($method:ident)*) => { $($crate::asks_another_source!(@$method $inner);)* };
    (@model $inner:tt) => {
        fn model(&self) -> &$crate::model::Model {
            self.$inner.model()
        }
    };
    (@zone $inner:tt) => {
        fn zone(&self) -> &jiff::tz::TimeZone {
            self.$inner.zone()
        }
    };
    (@rows $inner:tt) => {
        fn rows(
            &self,
            set: $crate::model::SetId,
        ) -> Box<dyn Iterator<Item = $crate::model::Row> + '_> {
            self.$inner.rows(set)
        }
    };
    (@row $inner:tt) => {
        fn row(
            &self,
            set: $crate::model::SetId,
            key: &$crate::model::Key,
        ) -> Option<$crate::model::Row> {
            self.$inner.row(set, key)
        }
    };
    (@rows_where $inner:tt) => {
        fn rows_where(
            &self,
            set: $crate::model::SetId,
            property: $crate::model::Prop,
            value: &$crate::model::Value,
        ) -> Vec<$crate::model::Row> {
            self.$inner.rows_where(set, property, value)
        }
    };
    (@long_text $inner:tt) => {
        fn long_text(
            &self,
            row: &$crate::model::Row,
            property: $crate::model::Prop,
        ) -> Result<$crate::model::Value, $crate::error::Error> {
            self.$inner.long_text(row, property)
        }
    };
}

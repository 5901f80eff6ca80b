//! Constants found by value: the list of an `in`, however long, at the cost of a few comparisons.

use super::compare::{compare, equal, kind, sorting};
use crate::model::Value;

/// Constants without an order of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueSet {
    /// Single values of one kind each, sorted and each once: only within a kind is the order of
    /// numbers exact.
    kinds: Vec<Vec<Value>>,
    /// Complex values and collections; few, if any.
    others: Vec<Value>,
    has_null: bool,
}

impl ValueSet {
    /// The set of these values.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = Value>) -> Self {
        let mut set = Self::default();
        let mut kinds: Vec<(u8, Vec<Value>)> = Vec::new();
        for value in values {
            match value {
                Value::Null => set.has_null = true,
                Value::Complex(_) | Value::List(_) => set.others.push(value),
                single => match kinds.iter_mut().find(|(known, _)| *known == kind(&single)) {
                    Some((_, values)) => values.push(single),
                    None => kinds.push((kind(&single), vec![single])),
                },
            }
        }
        kinds.sort_by_key(|(kind, _)| *kind);
        for (_, mut values) in kinds {
            values.sort_by(sorting);
            values.dedup_by(|a, b| equal(a, b));
            set.kinds.push(values);
        }
        set
    }

    /// Whether some item equals `needle` as `eq` has it; null equals null.
    #[must_use]
    pub fn contains(&self, needle: &Value) -> bool {
        match needle {
            Value::Null => self.has_null,
            Value::Complex(_) | Value::List(_) => {
                self.others.iter().any(|item| equal(needle, item))
            }
            _ => self.kinds.iter().any(|values| {
                let at = values.partition_point(|item| {
                    compare(item, needle).is_some_and(std::cmp::Ordering::is_lt)
                });
                values.get(at).is_some_and(|item| equal(needle, item))
            }),
        }
    }

    /// Every item once, null among them.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        let null = self.has_null.then_some(&Value::Null);
        null.into_iter().chain(self.kinds.iter().flatten()).chain(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let near = prop_oneof![-2..3_i64, (1_i64 << 53) - 1..(1 << 53) + 3];
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            near.clone().prop_map(Value::Int),
            (near, 0..2_u32).prop_map(|(n, scale)| Value::Decimal(Decimal::new(n, scale))),
            prop_oneof![Just(f64::NAN), Just(0.0), Just(-0.0), Just(9_007_199_254_740_992.0)]
                .prop_map(Value::Double),
            "[ab]{0,2}".prop_map(|text| Value::text(&text)),
            prop::collection::vec((0..2_i64).prop_map(Value::Int), 0..2)
                .prop_map(|items| Value::List(items.into())),
        ]
    }

    proptest! {
        #[test]
        fn a_set_holds_what_equals_an_item(
            values in prop::collection::vec(any_value(), 0..12),
            needle in any_value(),
        ) {
            let set = ValueSet::new(values.clone());
            let is_equal = values.iter().any(|item| equal(&needle, item));
            prop_assert_eq!(set.contains(&needle), is_equal);
            let is_told = set.iter().any(|item| equal(&needle, item));
            prop_assert_eq!(is_told, is_equal);
        }
    }
}

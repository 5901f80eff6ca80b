//! Values put together for an answer, and told in words for the audit log.

use crate::{
    error::Error,
    model::{Complex, Model, Prop, Value},
};

/// Properties of a complex value.
pub(super) type Fields = Vec<(Prop, Value)>;

/// A value of the complex type of that name; what is not given is null.
///
/// # Errors
/// `Internal` if the model has no such type.
pub(super) fn complex(model: &Model, name: &str, fields: Fields) -> Result<Complex, Error> {
    let type_id = model.find_complex(name);
    let type_id =
        type_id.ok_or_else(|| Error::internal(&format!("the model has no type '{name}'")))?;
    let mut values = vec![Value::Null; model.structure(type_id).properties.len()];
    for (prop, value) in fields {
        values[usize::from(prop.0)] = value;
    }
    Ok(Complex { type_id, values })
}

/// A value as the audit log tells it.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Instant(at) => at.to_string(),
        Value::Text(text) => text.to_string(),
        Value::List(items) if items.is_empty() => "none".to_owned(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" "))
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value, want: &str) {
        assert_eq!(show(value), want);
    }

    #[test]
    fn values_are_told_in_words() {
        let list = |items: &[&str]| Value::List(items.iter().map(|item| (*item).into()).collect());
        check(&Value::Null, "none");
        check(&list(&[]), "none");
        check(&list(&["tickets:read", "users:read"]), "[tickets:read users:read]");
        check(&true.into(), "true");
        check(&7.into(), "7");
        check(&"Agent".into(), "Agent");
    }
}

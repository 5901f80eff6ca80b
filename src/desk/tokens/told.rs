//! Values that actions on tokens answer with, and what they are told.

use crate::{
    auth::PlainToken,
    desk::{get, value::complex},
    error::Error,
    model::{
        ActionId, Complex, Model, Row, Value,
        props::{minted, token},
    },
};

/// A new secret, told this once.
pub(super) fn secret(model: &Model, row: &Row, secret: &PlainToken) -> Result<Complex, Error> {
    let fields = vec![
        (minted::ID, get(model, row, token::ID)),
        (minted::KEY_PREFIX, get(model, row, token::KEY_PREFIX)),
        (minted::EXPIRES, get(model, row, token::EXPIRES)),
        (minted::SECRET, secret.expose().into()),
    ];
    complex(model, "MintedToken", fields)
}

/// What an action was told, by the names of its parameters.
pub(super) struct Told<'a> {
    /// The model.
    pub(super) model: &'a Model,
    /// The action.
    pub(super) action: ActionId,
    /// The values, by the parameter's position.
    pub(super) given: &'a [(usize, Value)],
}

impl Told<'_> {
    /// The value of a parameter; null where none was given.
    pub(super) fn value(&self, name: &str) -> Value {
        let parameters = &self.model.action(self.action).parameters;
        let at = parameters.iter().position(|parameter| parameter.name == name);
        let found = self.given.iter().find(|(given, _)| Some(*given) == at);
        found.map_or(Value::Null, |(_, value)| value.clone())
    }

    /// A text, empty where none was given.
    pub(super) fn text(&self, name: &str) -> String {
        self.value(name).as_text().unwrap_or_default().to_owned()
    }
}

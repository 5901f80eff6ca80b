//! Bodies of `/session`: one flat object of texts. What is wrong is said without what was sent.

use serde_json::{Map, Value};

use crate::{
    auth::{Password, password::CHARS_MIN},
    error::{Error, nearest},
    http::{App, Request, cross_site::only_json},
};

/// The members of a body, each taken once. Holds passwords, so it does not print.
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads the body, which may have members of these names and no other.
    ///
    /// # Errors
    /// `UnsupportedMediaType`, `BodyTooLarge`, `InvalidBody`.
    pub(super) async fn read(
        app: &App,
        request: &mut Request,
        takes: &[&str],
    ) -> Result<Self, Error> {
        only_json(&request.headers)?;
        let bytes = request.body_bytes(app.config.body_bytes_max).await?;
        match serde_json::from_slice(&bytes) {
            Ok(members) => Self::of(members, takes),
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let reason = format!("it is no JSON object as of line {line}, column {column}");
                Err(Error::InvalidBody { reason })
            }
        }
    }

    fn of(members: Map<String, Value>, takes: &[&str]) -> Result<Self, Error> {
        let Some(name) = members.keys().find(|name| !takes.contains(&name.as_str())) else {
            return Ok(Self(members));
        };
        let quoted: Vec<String> = takes.iter().map(|name| format!("'{name}'")).collect();
        let takes_only = format!("it takes nothing but {}", quoted.join(", "));
        let reason = match nearest(name, takes.iter().copied()) {
            Some(near) => format!("there is no '{name}' here; did you mean '{near}'? {takes_only}"),
            // A longer one may be a password or a link that was put in the wrong place.
            None if name.chars().count() < CHARS_MIN => {
                format!("there is no '{name}' here; {takes_only}")
            }
            None => takes_only,
        };
        Err(Error::InvalidBody { reason })
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `InvalidValue` where it is not.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Error> {
        let missing = || invalid(name, "it must be given");
        self.optional(name)?.ok_or_else(missing)
    }

    /// A password that must be there.
    ///
    /// # Errors
    /// As for [`Members::text`].
    pub(super) fn password(&mut self, name: &str) -> Result<Password, Error> {
        self.text(name).map(Password::new)
    }

    /// A text that may be null or left out.
    ///
    /// # Errors
    /// `InvalidValue` for what is no text.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(invalid(name, "it takes a text"))
            }
        }
    }
}

fn invalid(name: &str, reason: &str) -> Error {
    Error::InvalidValue { target: name.to_owned(), reason: reason.to_owned() }
}

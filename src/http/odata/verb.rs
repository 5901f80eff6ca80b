//! Which methods a resource takes, told by the model alone: before anyone knows who asks.

use warp::http::Method;

use crate::{
    error::Error,
    model::{Model, Type, Write},
    odata::check::{PropertyPath, Target},
};

/// What a request wants done. `HEAD` comes as `GET`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    /// A `POST` to `…/$query`: reads as `Get` does.
    Query,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// The verb of a method, if the target takes it from anybody at all.
    pub(super) fn of(method: &Method, target: &Target, model: &Model) -> Result<Self, Error> {
        let allow = allow(target, model);
        let verb = match *method {
            Method::GET => Some(Self::Get),
            Method::POST => Some(Self::Post),
            Method::PUT => Some(Self::Put),
            Method::PATCH => Some(Self::Patch),
            Method::DELETE => Some(Self::Delete),
            _ => None,
        };
        let is_taken = allow.split(", ").any(|taken| taken == method.as_str());
        verb.filter(|_| is_taken).ok_or(Error::MethodNotAllowed { allow })
    }
}

/// What reads and nothing else take.
pub(super) const READ: &str = "GET, HEAD";

/// The methods a target takes, for `Allow`.
pub(super) fn allow(target: &Target, model: &Model) -> &'static str {
    match target {
        Target::Collection(path) if path.is_chosen => READ,
        Target::Collection(path) => match model.set(path.set).scopes.create {
            Some(_) => "GET, HEAD, POST",
            None => READ,
        },
        Target::Entity(path) => {
            let scopes = model.set(path.set).scopes;
            match (scopes.write, scopes.delete) {
                (Some(_), Some(_)) => "GET, HEAD, PATCH, PUT, DELETE",
                (Some(_), None) => "GET, HEAD, PATCH, PUT",
                (None, Some(_)) => "GET, HEAD, DELETE",
                (None, None) => READ,
            }
        }
        Target::Property(path) if is_writable(path, model) => match path.ty {
            Type::Collection(_) => "GET, HEAD, POST, PUT, DELETE",
            Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) => {
                "GET, HEAD, PATCH, PUT, DELETE"
            }
        },
        Target::RawValue(path) if is_writable(path, model) => "GET, HEAD, PUT, DELETE",
        Target::Action(_) => "POST",
        Target::ServiceDocument
        | Target::Metadata
        | Target::Count(_)
        | Target::References(_)
        | Target::Reference(_)
        | Target::Property(_)
        | Target::RawValue(_)
        | Target::PropertyCount(_)
        | Target::Function(_) => READ,
    }
}

/// Of a complex value only the whole is declared writable or not.
fn is_writable(path: &PropertyPath, model: &Model) -> bool {
    let structure = model.structure(path.entity.ty);
    let is_always = |prop| structure.property_at(prop).write == Write::Always;
    model.set(path.entity.set).scopes.write.is_some() && path.first().is_some_and(is_always)
}

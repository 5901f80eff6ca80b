//! Every route of the server with what it asks of a caller, for the documentation and for tests.

use super::{Surface, assets::PAGES, dialects::tikit, metrics, odata::routes::of_model};
use crate::{
    error::Error,
    model::{ActionId, Prop, SetId, StructId, Type, helpdesk},
};

/// One method at one address.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The address; keys stand as aliases, such as `/odata/Tickets(@Id)`.
    pub path: String,
    /// Who gets in.
    pub door: Door,
    /// What it takes in its body.
    pub takes: Takes,
    /// The set it is about, in the model of its surface.
    pub set: Option<SetId>,
    /// The property it is about, of the type of that set.
    pub property: Option<Prop>,
}

/// Who gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody.
    Open,
    /// Whoever is signed in, and what asks is not a page of another site.
    Session,
    /// Who presents what is asked for there and holds all of these; none for any known caller.
    Token(Vec<Need>),
}

/// A scope that must be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The scope.
    pub scope: &'static str,
    /// The scope that does instead of it, for what is the caller's own.
    pub or_own: Option<&'static str>,
    /// What who does not hold it is told.
    pub refusal: Refusal,
}

/// What who lacks a scope is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 403, naming the scope.
    Scope,
    /// As for a name that is not declared.
    Unknown,
}

/// What a route takes in its body.
#[derive(Clone, Debug)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A new entity of that type.
    New(StructId),
    /// Changes to an entity of that type.
    Changes(StructId),
    /// A value of a property.
    Value(Type),
    /// The bare text of a value.
    Text,
    /// The parameters of an action.
    Parameters(ActionId),
}

/// Every route there is.
///
/// # Errors
/// Those of an address of a model that cannot be read.
pub fn all() -> Result<Vec<Route>, Error> {
    let mut routes: Vec<Route> = Surface::ALL.into_iter().flat_map(fixed).collect();
    routes.extend(of_model("/odata", helpdesk())?);
    routes.extend(of_model(tikit::ROOT, tikit::model::tikit())?);
    Ok(routes)
}

/// The routes of a surface that no model declares.
fn fixed(surface: Surface) -> Vec<Route> {
    match surface {
        Surface::Page => PAGES.iter().flat_map(|page| read(page, &Door::Open)).collect(),
        Surface::Asset => read("/ui/(build)/(file)", &Door::Open),
        Surface::Alive => read("/healthz", &Door::Open),
        Surface::Ready => read("/readyz", &Door::Open),
        Surface::Connect => read("/connect/(file)", &Door::Open),
        Surface::Metrics => {
            let need = Need { scope: metrics::SCOPE, or_own: None, refusal: Refusal::Scope };
            read("/metrics", &Door::Token(vec![need]))
        }
        Surface::Session => session(),
        Surface::Events => read("/events", &Door::Token(Vec::new())),
        Surface::OData | Surface::Tikit | Surface::Unknown => Vec::new(),
    }
}

/// The routes of people and their sessions.
fn session() -> Vec<Route> {
    let route = |method, path: &str, door: &Door| Route {
        method,
        path: path.to_owned(),
        door: door.clone(),
        takes: Takes::Nothing,
        set: None,
        property: None,
    };
    let mut routes = read("/session", &Door::Session);
    routes.extend(read("/session/all", &Door::Session));
    for (method, path, door) in [
        ("POST", "/session", Door::Open),
        ("DELETE", "/session", Door::Open),
        ("DELETE", "/session/all", Door::Session),
        ("DELETE", "/session/(id)", Door::Session),
        ("POST", "/session/confirm", Door::Session),
        ("POST", "/session/password", Door::Session),
        ("POST", "/session/setup", Door::Open),
    ] {
        routes.push(route(method, path, &door));
    }
    routes
}

/// An address to read.
fn read(path: &str, door: &Door) -> Vec<Route> {
    let (path, door) = (path.to_owned(), door.clone());
    let get = Route { method: "GET", path, door, takes: Takes::Nothing, set: None, property: None };
    vec![Route { method: "HEAD", ..get.clone() }, get]
}

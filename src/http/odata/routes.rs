//! Every address that a model opens, and the scopes each method there asks for: what the documentation
//! tells and tests knock at.
//!
//! Decides nothing. Addresses are read as those of requests are, methods are those of `Allow`.

use super::verb;
use crate::{
    error::Error,
    http::routes::{Door, Need, Refusal, Route, Takes},
    model::{Binding, Model, Prop, Relation, SetId, StructType, Type},
    odata::{
        Limits,
        check::{Bound, Checker, EntityPath, Everything, PropertyPath, Target},
        path,
    },
};

/// The routes of a feed of `model` at `root`; keys are written as aliases, such as `Tickets(@Id)`.
///
/// # Errors
/// Those of an address of the model that cannot be read.
pub(in crate::http) fn of_model(root: &str, model: &Model) -> Result<Vec<Route>, Error> {
    let mut routes = Vec::new();
    for below in addresses(model) {
        let parsed = path::parse(&below, &Limits::default())?;
        let target = Checker::new(model, &Everything, Limits::default()).target(&parsed, None)?;
        for method in verb::allow(&target, model).split(", ") {
            routes.push(Route {
                method,
                path: format!("{root}{below}"),
                door: Door::Token(needs(model, &target, method)),
                takes: takes(model, &target, method),
                set: set_of(&target),
                property: property_of(&target),
            });
        }
    }
    Ok(routes)
}

/// Every kind of address there is, once: navigation is followed one step.
fn addresses(model: &Model) -> Vec<String> {
    let mut all = vec!["/".to_owned(), "/$metadata".to_owned()];
    all.extend(model.functions.iter().map(|function| format!("/{}()", function.name)));
    for (set, declared) in model.set_ids().filter(|(_, set)| !set.hidden) {
        let path = format!("/{}", declared.name);
        all.extend([path.clone(), format!("{path}/$count")]);
        all.extend(actions(model, set, Binding::Collection, &path));
        let structure = model.entity_type(set);
        let entity = format!("{path}{}", key(structure));
        all.push(entity.clone());
        all.extend(actions(model, set, Binding::Entity, &entity));
        all.extend(properties(structure, &entity));
        all.extend(navigations(model, structure, &entity));
    }
    all
}

fn key(structure: &StructType) -> String {
    let names = structure.key.iter().map(|prop| structure.property_at(*prop).name);
    match names.collect::<Vec<_>>().as_slice() {
        [one] => format!("(@{one})"),
        several => {
            let pairs: Vec<String> = several.iter().map(|name| format!("{name}=@{name}")).collect();
            format!("({})", pairs.join(","))
        }
    }
}

fn actions(model: &Model, set: SetId, binding: Binding, path: &str) -> Vec<String> {
    let namespace = model.namespace;
    let named = model.actions_on(set, binding).map(|action| action.name);
    named.map(|name| format!("{path}/{namespace}.{name}")).collect()
}

fn properties(structure: &StructType, entity: &str) -> Vec<String> {
    let mut all = Vec::new();
    for property in structure.properties.iter().filter(|property| !property.hidden) {
        let path = format!("{entity}/{}", property.name);
        match property.ty {
            Type::Primitive(_) | Type::Enum(_) => all.push(format!("{path}/$value")),
            Type::Collection(_) => all.push(format!("{path}/$count")),
            Type::Complex(_) => {}
        }
        all.push(path);
    }
    all
}

fn navigations(model: &Model, structure: &StructType, entity: &str) -> Vec<String> {
    let mut all = Vec::new();
    for navigation in &structure.navigations {
        let path = format!("{entity}/{}", navigation.name);
        match navigation.relation {
            Relation::Reference { .. } => {}
            Relation::Children { .. } => {
                let there = model.target(navigation).map(|set| model.entity_type(set));
                all.push(format!("{path}/$count"));
                all.extend(there.map(|there| format!("{path}{}", key(there))));
            }
        }
        all.push(path);
    }
    all
}

/// What reading a set takes.
fn reads(model: &Model, set: SetId, refusal: Refusal) -> Need {
    let scopes = model.set(set).scopes;
    Need { scope: scopes.read, or_own: scopes.read_own, refusal }
}

/// What coming along a path takes: the set it starts at is known to all, what it goes on to is not.
fn along(model: &Model, path: &EntityPath) -> Vec<Need> {
    let mut needs = Vec::new();
    for (at, set) in path.sets(model).into_iter().enumerate() {
        let refusal = if at == 0 { Refusal::Scope } else { Refusal::Unknown };
        needs.push(reads(model, set, refusal));
    }
    needs
}

fn along_property(model: &Model, path: &PropertyPath) -> Vec<Need> {
    let mut needs = along(model, &path.entity);
    let structure = model.structure(path.entity.ty);
    let scope = path.first().and_then(|prop| structure.property_at(prop).scope);
    needs.extend(scope.map(|scope| Need { scope, or_own: None, refusal: Refusal::Unknown }));
    needs
}

/// Everything a request must hold to get past the rights of its target.
fn needs(model: &Model, target: &Target, method: &str) -> Vec<Need> {
    let need = |scope| Need { scope, or_own: None, refusal: Refusal::Scope };
    let mut needs = match target {
        Target::ServiceDocument | Target::Metadata | Target::Function(_) => Vec::new(),
        Target::Collection(path) | Target::Count(path) | Target::References(path) => match &path.of
        {
            // Who creates need not be able to read what is there.
            Some((parent, _)) if method == "POST" => along(model, parent),
            None if method == "POST" => Vec::new(),
            Some((parent, _)) => {
                let mut needs = along(model, parent);
                needs.push(reads(model, path.set, Refusal::Unknown));
                needs
            }
            None => vec![reads(model, path.set, Refusal::Scope)],
        },
        Target::Entity(path) | Target::Reference(path) => along(model, path),
        Target::Property(path) | Target::RawValue(path) | Target::PropertyCount(path) => {
            along_property(model, path)
        }
        Target::Action(path) => {
            let mut needs = match &path.on {
                Bound::Entity(entity) => along(model, entity),
                Bound::Set(_) => Vec::new(),
            };
            needs.extend(model.action(path.action).scope.map(need));
            needs
        }
    };
    let scopes = set_of(target).map(|set| model.set(set).scopes);
    let of_change =
        scopes.filter(|_| !matches!(target, Target::Action(_))).and_then(|scopes| {
            match (method, target) {
                ("POST", Target::Collection(_)) => scopes.create,
                ("DELETE", Target::Entity(_)) => scopes.delete,
                ("POST" | "PATCH" | "PUT" | "DELETE", _) => scopes.write,
                _ => None,
            }
        });
    needs.extend(of_change.map(need));
    each_once(needs)
}

/// What is known of a scope by then, further steps need not tell again.
fn each_once(needs: Vec<Need>) -> Vec<Need> {
    let mut once: Vec<Need> = Vec::new();
    for need in needs {
        if once.iter().all(|before| before.scope != need.scope) {
            once.push(need);
        }
    }
    once
}

/// The set of the entities that a target is about.
fn set_of(target: &Target) -> Option<SetId> {
    match target {
        Target::ServiceDocument | Target::Metadata | Target::Function(_) => None,
        Target::Collection(path) | Target::Count(path) | Target::References(path) => Some(path.set),
        Target::Entity(path) | Target::Reference(path) => Some(path.set),
        Target::Property(path) | Target::RawValue(path) | Target::PropertyCount(path) => {
            Some(path.entity.set)
        }
        Target::Action(path) => match &path.on {
            Bound::Entity(entity) => Some(entity.set),
            Bound::Set(set) => Some(*set),
        },
    }
}

/// The property that a target is.
fn property_of(target: &Target) -> Option<Prop> {
    match target {
        Target::Property(path) | Target::RawValue(path) | Target::PropertyCount(path) => {
            path.first()
        }
        Target::ServiceDocument
        | Target::Metadata
        | Target::Collection(_)
        | Target::Count(_)
        | Target::References(_)
        | Target::Reference(_)
        | Target::Entity(_)
        | Target::Action(_)
        | Target::Function(_) => None,
    }
}

fn takes(model: &Model, target: &Target, method: &str) -> Takes {
    match (method, target) {
        ("POST", Target::Collection(path)) => Takes::New(model.set(path.set).ty),
        ("PATCH" | "PUT", Target::Entity(path)) => Takes::Changes(path.ty),
        ("POST" | "PATCH" | "PUT", Target::Property(path)) => Takes::Value(path.ty.clone()),
        ("PUT", Target::RawValue(_)) => Takes::Text,
        ("POST", Target::Action(path)) => Takes::Parameters(path.action),
        _ => Takes::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::helpdesk;

    /// The needs of one method at one address, those that make a name unknown in parentheses.
    #[track_caller]
    fn check(method: &str, path: &str, want: &str) {
        let routes = of_model("", helpdesk()).unwrap();
        let is_it = |route: &&Route| route.method == method && route.path == path;
        let route = routes.iter().find(is_it).unwrap_or_else(|| panic!("no {method} {path}"));
        let Door::Token(needs) = &route.door else { panic!("{route:?}") };
        let name = |need: &Need| match need.refusal {
            Refusal::Scope => need.scope.to_owned(),
            Refusal::Unknown => format!("({})", need.scope),
        };
        assert_eq!(needs.iter().map(name).collect::<Vec<_>>().join(" "), want, "{method} {path}");
    }

    #[test]
    fn each_method_asks_for_what_it_does_and_what_it_passes() {
        check("GET", "/", "");
        check("GET", "/Me()", "");
        check("HEAD", "/Tickets", "tickets:read");
        check("POST", "/Tickets", "tickets:create");
        check("GET", "/Tickets(@Id)/RequesterEmail", "tickets:read (customers:read)");
        check("PATCH", "/Tickets(@Id)/Title", "tickets:read tickets:write");
        check("GET", "/Tickets(@Id)/Comments/$count", "tickets:read (comments:read)");
        check("POST", "/Tickets(@Id)/Comments", "tickets:read comments:create");
        check("DELETE", "/Comments(@Id)/Ticket", "comments:read (tickets:read) tickets:delete");
        check("POST", "/Tickets(@Id)/Tessera.AddNote", "tickets:read notes:write");
        check("DELETE", "/TeamMembers(TeamId=@TeamId,UserId=@UserId)", "teams:read teams:write");
    }

    #[test]
    fn nothing_hidden_has_an_address() {
        let routes = of_model("/odata", helpdesk()).unwrap();
        assert!(routes.len() > 1_000, "{}", routes.len());
        for set in helpdesk().sets.iter().filter(|set| set.hidden) {
            let path = format!("/odata/{}", set.name);
            assert!(!routes.iter().any(|route| route.path.starts_with(&path)), "{path}");
        }
        assert!(!routes.iter().any(|route| route.path == "/odata/AccessTokens(@Id)/Hash"));
    }
}

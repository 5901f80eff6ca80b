//! The feed asked from within the process: no connection, no secret, the same answers.

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::BodyExt;

use super::{Asked, Feed, read};
use crate::{
    error::Error,
    model::{Contents, Index, Model, Nav, Prop, Relation, SetId, StructId, StructType},
    odata::{
        check::{Applied, Checker, Place, Target},
        path,
        service::Service,
        url,
    },
    query::{Context, Plan, Shape, Start, apply::Apply},
};

impl<S: Service> Feed<S> {
    /// The answer to a `GET` of `address`, as it follows the root; blanks in it need no escape.
    /// With a `deadline` it waits for its turn like everybody else; without one nobody else is there.
    ///
    /// # Errors
    /// Those a client would get.
    pub async fn ask(
        self: &Arc<Self>,
        caller: S::Caller,
        origin: &str,
        address: &str,
        deadline: Option<Duration>,
    ) -> Result<Bytes, Error> {
        let asked = self.asked(caller, origin, address)?;
        let turn = if deadline.is_some() { Some(self.turn(None).await?) } else { None };
        let deadline = deadline.and_then(|most| Instant::now().checked_add(most));
        let (resource, query) = split(address);
        let address = read::Address {
            origin: origin.to_owned(),
            path: format!("{}/{resource}", self.settings.root),
            query: query.map(str::to_owned),
        };
        let response = read::here(self, asked, address, deadline)?;
        // What is left of a long answer takes turns of its own.
        drop(turn);
        let body = response.into_body().collect().await;
        Ok(body.map_err(|error| Error::internal(&error))?.to_bytes())
    }

    /// How `address` would be answered, step by step.
    ///
    /// # Errors
    /// Those a client would get, before anything is read.
    pub fn explain(self: &Arc<Self>, caller: S::Caller, address: &str) -> Result<String, Error> {
        let asked = self.asked(caller, "", address)?;
        let model = self.service.model();
        let checker = Checker::new(model, &asked.caller, self.settings.limits);
        let (path, plan) = match checker.target(&asked.path, Some(&asked.options.aliases))? {
            Target::Collection(path) => {
                let plan = match checker.applied(&path, &asked.options, Place::Collection)? {
                    Some(applied) => told_plan(applied, path.set),
                    None => checker.collection(&path, &asked.options)?,
                };
                (path, plan)
            }
            Target::References(path) => {
                let plan = checker.references(&path, &asked.options)?;
                (path, plan)
            }
            Target::Count(path) => {
                let plan = match checker.applied(&path, &asked.options, Place::Count)? {
                    Some(applied) => told_plan(applied, path.set),
                    None => checker.count(&path, &asked.options)?,
                };
                (path, plan)
            }
            Target::ServiceDocument | Target::Metadata => {
                return Ok("answer from the model; no row is read\n".to_owned());
            }
            Target::Entity(_)
            | Target::Reference(_)
            | Target::Property(_)
            | Target::RawValue(_)
            | Target::PropertyCount(_) => {
                return Ok("look up one row by its key\n".to_owned());
            }
            Target::Function(_) => return Ok("call a function; no query is run\n".to_owned()),
            Target::Action(_) => return Err(Error::MethodNotAllowed { allow: "POST" }),
        };
        let snapshot = self.service.snapshot();
        let name = model.set(path.set).name;
        let mut text = match path.of {
            None => {
                let (now, source) = (self.service.now(), &*snapshot);
                let ctx = Context { source, now, deadline: None, it: None, found: None };
                let page_size = Some(plan.page_size.unwrap_or(self.settings.page_size));
                let paged = Plan { page_size, ..plan.clone() };
                let told = source.explain(&paged, &Start::Set, &ctx);
                let cost = format!("looks at about {} rows", told.rows);
                let lines = told.steps.into_iter().chain([cost]);
                lines.fold(String::new(), |text, line| text + &line + "\n")
            }
            Some((entity, navigation)) => {
                let how = reached(model, model.structure(entity.ty), navigation);
                format!("look up one row by its key, then its rows of {name} {how}\n")
            }
        };
        describe(&mut text, (model, path.ty), &plan, &asked, self.settings.page_size);
        Ok(text)
    }

    pub(super) fn asked(
        &self,
        caller: S::Caller,
        origin: &str,
        address: &str,
    ) -> Result<Asked<S::Caller>, Error> {
        let limits = self.settings.limits;
        let (resource, query) = split(address);
        Ok(Asked {
            path: path::parse(&format!("/{resource}"), &limits)?,
            options: url::parse_query(query.unwrap_or_default(), &limits)?,
            root: format!("{origin}{}/", self.settings.root),
            caller,
            pass: None,
        })
    }
}

/// Path and query; a leading slash or `/odata/` is taken off.
fn split(address: &str) -> (&str, Option<&str>) {
    let address = address.trim_start_matches('/');
    let address = address.strip_prefix("odata/").unwrap_or(address);
    match address.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (address, None),
    }
}

/// What is told of a result of `$apply`: its transformations as they were written, and its page.
fn told_plan(applied: Applied, set: SetId) -> Plan {
    let (apply, shape) = match applied {
        Applied::Plan(plan) => return plan,
        Applied::Entities { apply, shape } => (apply, shape),
        Applied::Groups { apply, .. } => (apply, Shape::default()),
    };
    let Apply { order, skip, top, count, .. } = apply;
    let (filter, search, page_size, after) = (None, None, None, None);
    Plan { set, filter, search, order, skip, top, count, page_size, after, shape }
}

/// How the rows behind a navigation of `from` are found.
fn reached(model: &Model, from: &StructType, navigation: Nav) -> &'static str {
    const ALL: &str = "by looking at all of them";
    let navigation = from.navigation_at(navigation);
    let Some(target) = model.target(navigation) else { return ALL };
    let there = model.entity_type(target);
    match (navigation.relation, model.set(target).contents) {
        (Relation::Reference { .. }, _) => "by key",
        (Relation::Children { by }, Contents::Stored { .. }) => match there.property(by) {
            Some(prop) if there.property_at(prop).index() != Index::None => "by an index",
            Some(_) | None => ALL,
        },
        (Relation::Children { by }, Contents::Unfolded { .. }) => {
            if there.property(by) == Some(Prop(0)) { "from the row they are part of" } else { ALL }
        }
        (Relation::Children { .. }, Contents::Computed { .. }) => ALL,
    }
}

/// What is done with the rows once they are found.
fn describe<C>(
    text: &mut String,
    (model, ty): (&Model, StructId),
    plan: &Plan,
    asked: &Asked<C>,
    page_size: u64,
) {
    let structure = model.structure(ty);
    // Writing to a text cannot fail.
    let mut line = |what: String| {
        let _ = writeln!(text, "{what}");
    };
    for transformation in asked.options.apply.iter().flatten() {
        line(format!("make of them {transformation}"));
    }
    if let Some(filter) = &asked.options.filter {
        line(format!("keep those for which {filter}"));
    }
    if plan.filter.is_some() && asked.options.filter.is_none() {
        line("keep those the caller may see".to_owned());
    }
    if plan.count {
        line("count them".to_owned());
    }
    if !plan.order.is_empty() {
        let keys = plan.order.len();
        line(format!("order them by {keys} expressions, then by key"));
    }
    if plan.skip > 0 {
        line(format!("leave out the first {}", plan.skip));
    }
    let most = plan.top.unwrap_or(u64::MAX).min(plan.page_size.unwrap_or(page_size));
    line(format!("answer with at most {most} in one page"));
    for expand in &plan.shape.expand {
        let name = structure.navigation_at(expand.navigation).name;
        let how = reached(model, structure, expand.navigation);
        line(format!("for each, read the rows of {name} {how}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Origin, helpdesk, set};

    #[test]
    fn the_way_to_related_rows_is_what_the_model_says() {
        let model = helpdesk();
        let check = |of, name: &str, want: &str| {
            let structure = model.entity_type(of);
            let navigation = structure.navigation(name).unwrap();
            assert_eq!(reached(model, structure, navigation), want, "{name}");
        };
        check(set::TICKETS, "Comments", "by an index");
        check(set::TICKETS, "Requester", "by key");
        check(set::TICKETS, "TagDetails", "from the row they are part of");
        check(set::TEAMS, "Tickets", "by an index");

        let mut bare = model.clone();
        for property in bare.structs.iter_mut().flat_map(|structure| &mut structure.properties) {
            if let Origin::Stored { index, .. } = &mut property.origin {
                *index = Index::None;
            }
        }
        let teams = bare.entity_type(set::TEAMS);
        let tickets = teams.navigation("Tickets").unwrap();
        assert_eq!(reached(&bare, teams, tickets), "by looking at all of them");
    }
}

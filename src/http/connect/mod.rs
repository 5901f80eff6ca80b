//! `/connect/`: files that open this server's feed in Power BI and Excel.
//!
//! They tell the server's own address and names from the model, both of which anybody may know; so
//! they need no token, and hold none.

mod odc;
mod power_query;

use serde_json::json;
use warp::http::{HeaderValue, header};

use super::{App, Request, Response, credentials, respond};
use crate::{
    error::{Error, nearest},
    model::{EntitySet, Model},
    odata::service::Service,
};

const BELOW: &str = "/connect/";
/// The set a file is for that must name one.
const DEFAULT_SET: &str = "Tickets";

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    /// Opens Power BI Desktop at the feed.
    PowerBi,
    /// Opens Excel with a query of one set.
    Excel,
    /// A query of one set to paste into Power BI, ready for incremental refresh.
    PowerQuery,
}

impl File {
    const ALL: [Self; 3] = [Self::PowerBi, Self::Excel, Self::PowerQuery];

    fn name(self) -> &'static str {
        match self {
            Self::PowerBi => "powerbi.pbids",
            Self::Excel => "excel.odc",
            Self::PowerQuery => "powerquery.m",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::PowerBi => "opens Power BI Desktop at the feed",
            Self::Excel => "opens Excel with a query of one entity set",
            Self::PowerQuery => "a query for Power BI, ready for incremental refresh",
        }
    }
}

/// Where the feed is, and which of its sets is meant.
struct Feed<'a> {
    /// The service root, absolute, with a slash at its end.
    root: String,
    model: &'a Model,
    set: Option<&'a EntitySet>,
}

impl Feed<'_> {
    fn set_name(&self) -> &str {
        self.set.map_or(DEFAULT_SET, |set| set.name)
    }

    /// Whether entities of the set tell when they were created.
    fn is_dated(&self) -> bool {
        let set = self.model.find_set(self.set_name());
        set.is_some_and(|set| self.model.entity_type(set).property(power_query::CREATED).is_some())
    }
}

/// Answers a request below `/connect/`.
///
/// # Errors
/// 404 for a file there is not, 400 for a set there is not or a `Host` that no address can be made of.
pub fn answer(app: &App, request: &Request) -> Result<Response, Error> {
    let name = request.path().strip_prefix(BELOW).unwrap_or_default();
    let file = File::ALL.into_iter().find(|file| file.name() == name);
    if file.is_none() && !name.is_empty() {
        return Err(Error::UnknownResource {
            name: request.path().to_owned(),
            suggestion: nearest(name, File::ALL.map(File::name))
                .map(|name| BELOW.to_owned() + &name),
        });
    }
    request.only_get()?;
    if credentials::presented(request) == Err(Error::TokenInQuery) {
        return Err(Error::TokenInQuery);
    }
    let model = app.feed.service().model();
    let set = asked_set(model, request.query().unwrap_or_default())?;
    let origin = request.origin(app.config.public_url.as_ref())?;
    let feed = Feed { root: format!("{origin}/odata/"), model, set };
    match file {
        None => Ok(respond::json(200, index(&origin, &feed))),
        Some(File::PowerBi) => {
            let response = respond::with_type(200, "application/json", data_source(&feed));
            Ok(named(response, &format!("attachment; filename=\"tessera{}.pbids\"", suffix(&feed))))
        }
        Some(File::Excel) => {
            let body = odc::connection(feed.set_name(), &power_query::query(&feed))?;
            let response = respond::with_type(200, "text/x-ms-odc; charset=utf-8", body);
            Ok(named(
                response,
                &format!("attachment; filename=\"tessera-{}.odc\"", feed.set_name()),
            ))
        }
        Some(File::PowerQuery) => {
            let response = respond::text(200, power_query::script(&feed));
            Ok(named(response, &format!("inline; filename=\"tessera-{}.m\"", feed.set_name())))
        }
    }
}

/// The set that `?set=` names, exactly or ignoring case.
fn asked_set<'a>(model: &'a Model, query: &str) -> Result<Option<&'a EntitySet>, Error> {
    let mut found = None;
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let (name, value) = (credentials::decoded(name), credentials::decoded(value));
        if name != "set" {
            return Err(Error::UnknownOption { suggestion: Some("set".to_owned()), name });
        }
        if found.is_some() {
            return Err(Error::DuplicateOption { name });
        }
        let set = model.find_set(&value).ok_or_else(|| {
            let near = nearest(&value, shown(model));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
            Error::InvalidOption {
                option: "set".to_owned(),
                reason: format!("there is no entity set '{value}'{hint}"),
            }
        })?;
        found = Some(model.set(set));
    }
    Ok(found)
}

/// The sets that are served.
fn shown(model: &Model) -> impl Iterator<Item = &'static str> {
    model.sets.iter().filter(|set| !set.hidden).map(|set| set.name)
}

/// What there is to have, and for which sets.
fn index(origin: &str, feed: &Feed<'_>) -> String {
    let query = feed.set.map_or_else(String::new, |set| format!("?set={}", set.name));
    let files = File::ALL.map(|file| {
        let url = format!("{origin}{BELOW}{}{query}", file.name());
        json!({ "name": file.name(), "url": url, "about": file.about() })
    });
    let sets: Vec<&str> = shown(feed.model).collect();
    json!({ "feed": feed.root, "files": files, "sets": sets }).to_string()
}

/// A Power BI data source file: the feed, or one set of it.
fn data_source(feed: &Feed<'_>) -> String {
    let url = format!("{}{}", feed.root, feed.set.map_or("", |set| set.name));
    let details = json!({ "protocol": "odata", "address": { "url": url } });
    let connection = json!({ "details": details, "options": {}, "mode": "Import" });
    let file = json!({ "version": "0.1", "connections": [connection] });
    format!("{file:#}\n")
}

fn suffix(feed: &Feed<'_>) -> String {
    feed.set.map_or_else(String::new, |set| format!("-{}", set.name))
}

fn named(mut response: Response, disposition: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests;

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
    odata::{service::Service, text::percent_encode},
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
    /// Options of a query on that set, as they follow the question mark; empty for all of it.
    query: String,
}

impl Feed<'_> {
    fn set_name(&self) -> &str {
        self.set.map_or(DEFAULT_SET, |set| set.name)
    }

    /// The address of the set, or of the query on it.
    fn address(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{}{mark}{}", self.root, self.set_name(), self.query)
    }

    /// Whether the rows tell when they were created: all of a set do whose entities do, those of a query perhaps.
    fn is_dated(&self) -> bool {
        if !self.query.is_empty() {
            return false;
        }
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
    let (set, query) = asked(model, request.query().unwrap_or_default())?;
    let origin = request.origin(app.config.public_url.as_ref())?;
    let feed = Feed { root: format!("{origin}/odata/"), model, set, query };
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

/// The set that `set` names, exactly or ignoring case, and the options on it that `query` tells.
fn asked<'a>(model: &'a Model, options: &str) -> Result<(Option<&'a EntitySet>, String), Error> {
    let (mut set, mut query) = (None, None);
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let (name, value) = (credentials::decoded(name), credentials::decoded(value));
        let again = match name.as_str() {
            "set" => set.replace(named_set(model, &value)?).is_some(),
            "query" => query.replace(as_written(value)?).is_some(),
            _ => {
                let suggestion =
                    nearest(&name, ["set", "query"]).or_else(|| Some("set".to_owned()));
                return Err(Error::UnknownOption { name, suggestion });
            }
        };
        if again {
            return Err(Error::DuplicateOption { name });
        }
    }
    if set.is_none() && query.is_some() {
        let reason = "it is about one entity set, which 'set' names".to_owned();
        return Err(Error::InvalidOption { option: "query".to_owned(), reason });
    }
    Ok((set, query.unwrap_or_default()))
}

fn named_set<'a>(model: &'a Model, name: &str) -> Result<&'a EntitySet, Error> {
    let set = model.find_set(name).ok_or_else(|| {
        let near = nearest(name, shown(model));
        let hint = near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
        Error::InvalidOption {
            option: "set".to_owned(),
            reason: format!("there is no entity set '{name}'{hint}"),
        }
    })?;
    Ok(model.set(set))
}

/// A query that can stand in an address as it is. What it means is told by the feed, to who may read it.
fn as_written(query: String) -> Result<String, Error> {
    if query.to_ascii_lowercase().contains("access_token=") {
        return Err(Error::TokenInQuery);
    }
    let stands = |c: char| c.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(c);
    match query.chars().find(|c| !stands(*c)) {
        None => Ok(query),
        Some(c) => Err(Error::InvalidOption {
            option: "query".to_owned(),
            reason: format!("{c:?} cannot stand in an address; escape the options, then the whole"),
        }),
    }
}

/// The sets that are served.
fn shown(model: &Model) -> impl Iterator<Item = &'static str> {
    model.sets.iter().filter(|set| !set.hidden).map(|set| set.name)
}

/// What there is to have, and for which sets.
fn index(origin: &str, feed: &Feed<'_>) -> String {
    let mut query = feed.set.map_or_else(String::new, |set| format!("?set={}", set.name));
    if !feed.query.is_empty() {
        query.push_str("&query=");
        query.push_str(&percent_encode(&feed.query));
    }
    let files = File::ALL.map(|file| {
        let url = format!("{origin}{BELOW}{}{query}", file.name());
        json!({ "name": file.name(), "url": url, "about": file.about() })
    });
    let sets: Vec<&str> = shown(feed.model).collect();
    json!({ "feed": feed.root, "files": files, "sets": sets }).to_string()
}

/// A Power BI data source file: the feed, or one set of it.
fn data_source(feed: &Feed<'_>) -> String {
    let url = feed.set.map_or_else(|| feed.root.clone(), |_| feed.address());
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

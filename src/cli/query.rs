//! `tessera query`.

use std::sync::Arc;

use super::{
    Failure,
    args::Query,
    out::Out,
    workspace::{Workspace, wait},
};
use crate::{
    auth::Principal,
    http::{App, Helpdesk},
};

/// Prints the answer to a query, or with `--explain` how it would be found.
///
/// # Errors
/// What a client would be told; data that cannot be opened.
pub fn run(args: &Query, out: &mut Out) -> Result<(), Failure> {
    let config = args.data.load()?;
    let workspace = Workspace::open_existing(&config)?;
    let origin = match &config.public_url {
        Some(url) => url.as_str().to_owned(),
        None => format!("http://{}", config.listen),
    };
    let app = App::new(config, Helpdesk::new(workspace.desk.clone(), None));
    let operator = Principal::system();
    if args.explain {
        return out.bytes(app.feed.explain(operator, &args.query)?.as_bytes());
    }
    let feed = Arc::clone(&app.feed);
    let answer = wait(async move { feed.ask(operator, &origin, &args.query).await })?;
    out.bytes(&answer)?;
    out.line("")
}

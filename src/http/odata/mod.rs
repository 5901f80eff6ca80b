//! The feed at `/odata`.

use std::sync::Arc;

use super::{App, Manner, Request, Response, respond};
use crate::error::Error;

/// Answers a request below `/odata`.
pub async fn handle(app: Arc<App>, request: Request) -> Response {
    let _ = &app;
    let manner = Manner::of(&request.headers);
    std::future::ready(respond::error(
        &Error::NotImplemented { feature: "the feed".to_owned() },
        manner,
    ))
    .await
}

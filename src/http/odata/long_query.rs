//! `POST …/$query`: a read whose options come in the body, for those that no address has room for.
//!
//! Source: OData 4.01 Part 2, "Passing Query Options in the Request Body".

use warp::http::{Method, header};

use super::verb::Verb;
use crate::{
    error::Error,
    http::{Request, credentials},
    odata::{
        check::Target,
        path::{PathSegment, ResourcePath},
    },
};

const SEGMENT: &str = "$query";

/// Whether the path ends so; the segment is taken off.
pub(super) fn is_meant(path: &mut ResourcePath) -> bool {
    path.segments.pop_if(|last| *last == PathSegment::Query).is_some()
}

/// The verb of a method there, if what stands before it can be read.
pub(super) fn verb(method: &Method, target: &Target) -> Result<Verb, Error> {
    if let Target::Action(_) = target {
        return Err(Error::UnknownResource { name: SEGMENT.to_owned(), suggestion: None });
    }
    if *method == Method::POST {
        Ok(Verb::Query)
    } else {
        Err(Error::MethodNotAllowed { allow: "POST" })
    }
}

/// Reads the body, and has the request read as a `GET` of what stands before `$query` with the options
/// of both. Its next links are those of that `GET`.
///
/// # Errors
/// 415 for a body that says it is something else, 400 for one that is not UTF-8 or holds a token, 413.
pub(super) async fn take(request: &mut Request, bytes_max: u64) -> Result<(), Error> {
    let media = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !matches!(media.as_str(), "" | "text/plain" | "application/x-www-form-urlencoded") {
        return Err(Error::UnsupportedMediaType {
            reason: "the body of '$query' is what stands behind the '?' elsewhere; send \
                     'Content-Type: text/plain'"
                .to_owned(),
        });
    }
    let body = request.body_bytes(bytes_max).await?;
    let body = std::str::from_utf8(&body).map_err(|error| Error::Encoding {
        part: "body".to_owned(),
        reason: format!("it is not UTF-8 from byte {} on", error.valid_up_to()),
    })?;
    let body = body.trim();
    let body = body.strip_prefix('?').unwrap_or(body);
    if credentials::names_token(body) {
        return Err(Error::TokenInQuery);
    }
    let pieces = [request.query().unwrap_or_default(), body];
    let pieces: Vec<&str> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
    let query = pieces.join("&");
    let path = request.path().trim_end_matches('/');
    let path = path.rsplit_once('/').map_or(path, |(path, _)| path).to_owned();
    request.read_as(path, query);
    Ok(())
}

//! gzip and zstd of answers while they are sent: which coding a client takes, and which answers get it.
//!
//! The work is done in pieces between which other requests get their turn, and an answer that comes bit by bit is
//! sent on bit by bit. Knows nothing of what is in an answer but its headers.

mod encoded;
mod kept;

use std::sync::Arc;

use hyper::body::Body as _;
use warp::{
    Reply,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

use self::encoded::Encoded;
pub use self::kept::Kept;
use super::Response;
use crate::error::Error;

/// Bodies shorter than this are sent as they are: the coding would cost more than it saves.
const WORTH_BYTES: u64 = 1024;

/// How an answer's body may be coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Zstd,
    Gzip,
}

/// What the client takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The coding it likes best of those we know; none for the body as it is.
    coding: Option<Coding>,
    /// True where it does not take the body as it is.
    is_must: bool,
}

impl Wish {
    /// What `Accept-Encoding` says; without it, the body as it is.
    ///
    /// Source: RFC 9110, 12.5.3.
    ///
    /// # Errors
    /// `NotAcceptable` where neither a coding we know nor none is taken.
    pub fn of(headers: &HeaderMap) -> Result<Self, Error> {
        let (mut zstd, mut gzip, mut plain, mut other) = (None, None, None, None);
        for line in headers.get_all(header::ACCEPT_ENCODING) {
            for entry in line.to_str().unwrap_or_default().split(',') {
                let (name, quality) = entry.split_once(';').unwrap_or((entry, "q=1"));
                let Some(quality) = thousandths(quality.trim()) else { continue };
                match name.trim().to_ascii_lowercase().as_str() {
                    "zstd" => zstd = Some(quality),
                    "gzip" | "x-gzip" => gzip = Some(quality),
                    "identity" => plain = Some(quality),
                    "*" => other = Some(quality),
                    _ => {}
                }
            }
        }
        let quality = |named: Option<u16>| named.or(other).unwrap_or(0);
        // The first wins where both are liked as much: zstd costs less and saves more.
        let (coding, best) = if quality(gzip) > quality(zstd) {
            (Coding::Gzip, quality(gzip))
        } else {
            (Coding::Zstd, quality(zstd))
        };
        let is_must = plain.or(other.filter(|quality| *quality == 0)) == Some(0);
        if best > 0 && plain.is_none_or(|plain| plain <= best) {
            Ok(Self { coding: Some(coding), is_must })
        } else if is_must {
            let reason =
                "answers come as they are, as gzip or as zstd; take one in 'Accept-Encoding'";
            Err(Error::NotAcceptable { reason: reason.to_owned() })
        } else {
            Ok(Self::default())
        }
    }
}

/// `q=0.5` as 500; `None` for what is no such weight.
fn thousandths(weight: &str) -> Option<u16> {
    let (name, value) = weight.split_once('=')?;
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let is_digits = rest.bytes().all(|b| b.is_ascii_digit()) && rest.len() <= 3;
    let parts: u16 = format!("{rest:0<3}").parse().ok()?;
    match whole {
        _ if !name.trim_end().eq_ignore_ascii_case("q") || !is_digits => None,
        "0" => Some(parts),
        "1" if parts == 0 => Some(1000),
        _ => None,
    }
}

/// The answer as the client wants it: coded where that is worth it and safe, else as it is.
///
/// An answer that must not be stored may hold a secret, whose length must not depend on what else is in the body: it
/// stays as it is, even for a client that does not take that.
#[must_use]
pub fn apply(mut response: Response, wish: Wish) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        vary(response.headers_mut());
    }
    if !is_fit(&response) {
        return response;
    }
    vary(response.headers_mut());
    let Some(coding) = wish.coding else { return response };
    let size = response.body().size_hint().exact();
    if size == Some(0) || !wish.is_must && size.is_some_and(|size| size < WORTH_BYTES) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let name = match coding {
        Coding::Zstd => "zstd",
        Coding::Gzip => "gzip",
    };
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    parts.headers.remove(header::CONTENT_LENGTH);
    weaken(&mut parts.headers);
    let kept = parts.extensions.get::<Arc<Kept>>().and_then(|kept| kept.coded(coding));
    let body = match kept {
        Some(coded) => coded.into(),
        None => warp::reply::stream(Encoded::new(body, coding)).into_response().into_body(),
    };
    Response::from_parts(parts, body)
}

/// Whether the answer may be coded at all.
fn is_fit(response: &Response) -> bool {
    let status = response.status();
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    !status.is_informational()
        && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED, StatusCode::PARTIAL_CONTENT]
            .contains(&status)
        && !headers.contains_key(header::CONTENT_ENCODING)
        && text(header::CACHE_CONTROL).is_none_or(|cache| !cache.contains("no-store"))
        && text(header::CONTENT_TYPE).is_some_and(is_compressible)
}

/// Whether bodies of this type get shorter.
fn is_compressible(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media.starts_with("text/")
        || media.ends_with("+json")
        || media.ends_with("+xml")
        || ["application/json", "application/xml", "application/javascript", "multipart/mixed"]
            .contains(&media.as_str())
}

/// Adds `Accept-Encoding` to what the answer differs by.
fn vary(headers: &mut HeaderMap) {
    let known: Vec<&str> =
        headers.get_all(header::VARY).iter().filter_map(|value| value.to_str().ok()).collect();
    let is_named = |name: &str| {
        let name = name.trim();
        name == "*" || name.eq_ignore_ascii_case("accept-encoding")
    };
    if known.iter().any(|line| line.split(',').any(is_named)) {
        return;
    }
    let all = known.into_iter().chain(["Accept-Encoding"]).collect::<Vec<_>>().join(", ");
    if let Ok(value) = HeaderValue::from_str(&all) {
        headers.insert(header::VARY, value);
    }
}

/// Makes a strong entity tag weak: the bytes are no longer those it stands for.
fn weaken(headers: &mut HeaderMap) {
    let tag = headers.get(header::ETAG).and_then(|value| value.to_str().ok());
    if let Some(tag) = tag.filter(|tag| !tag.starts_with("W/"))
        && let Ok(weak) = HeaderValue::from_str(&format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
}

#[cfg(test)]
mod tests;

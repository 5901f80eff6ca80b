//! Refuses writes, and streams that are held open, that a page of another site had a browser ask for, by what the browser
//! adds by itself.
//!
//! Source: `Sec-Fetch-Site` (W3C Fetch Metadata) where there is one, else `Origin` (RFC 6454, 7). Where
//! there is neither, no browser sent it.

use warp::http::{HeaderMap, Method, header};

use super::{Request, credentials};
use crate::{config::PublicUrl, error::Error};

/// Refuses a request that changes something and that another site may be behind.
///
/// # Errors
/// `CrossSite`; `UnsupportedMediaType` where a session sends a body that is not JSON.
pub(super) fn check(request: &Request, public_url: Option<&PublicUrl>) -> Result<(), Error> {
    let is_safe = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || credentials::is_deliberate(&request.headers) {
        return Ok(());
    }
    only_ours(request, public_url)?;
    // A form of another site can send other types, but not this one.
    if !request.session.is_empty() && has_body(&request.headers) {
        only_json(&request.headers)?;
    }
    Ok(())
}

/// Refuses a request that another site may be behind, also one that only reads: for what is held open long.
///
/// # Errors
/// `CrossSite`.
pub(super) fn only_ours(request: &Request, public_url: Option<&PublicUrl>) -> Result<(), Error> {
    let is_ours = credentials::is_deliberate(&request.headers)
        || match site(&request.headers) {
            Site::Same => true,
            Site::Other => false,
            Site::Unsaid => is_own_origin(request, public_url),
        };
    if is_ours { Ok(()) } else { Err(Error::CrossSite) }
}

/// Refuses a body that is not said to be JSON.
///
/// # Errors
/// `UnsupportedMediaType`.
pub(super) fn only_json(headers: &HeaderMap) -> Result<(), Error> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let first = types.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = first.split(';').next().unwrap_or_default().trim();
    if media.eq_ignore_ascii_case("application/json") && types.next().is_none() {
        return Ok(());
    }
    let reason = "send the body as 'Content-Type: application/json'".to_owned();
    Err(Error::UnsupportedMediaType { reason })
}

/// What the browser says about whose page it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// One of ours, or nobody's: typed or opened by hand.
    Same,
    /// Somebody else's, or what nobody can make out.
    Other,
    /// It does not say.
    Unsaid,
}

fn site(headers: &HeaderMap) -> Site {
    let mut said = headers.get_all("sec-fetch-site").iter();
    match (said.next(), said.next()) {
        (None, _) => Site::Unsaid,
        (Some(site), None) if matches!(site.as_bytes(), b"same-origin" | b"none") => Site::Same,
        (Some(_), _) => Site::Other,
    }
}

/// Whether the page came from us; without an `Origin` there was no page.
fn is_own_origin(request: &Request, public_url: Option<&PublicUrl>) -> bool {
    if !request.headers.contains_key(header::ORIGIN) {
        return true;
    }
    let Some(origin) = request.header("origin").and_then(normal) else { return false };
    let is_it =
        |own: Result<String, Error>| own.ok().and_then(|own| normal(&own)) == Some(origin.clone());
    (public_url.is_some() && is_it(request.origin(public_url))) || is_it(request.origin(None))
}

/// Scheme, host and port of an address, written one way; none of what has no host, such as `null`.
fn normal(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (scheme, rest) = (scheme.to_ascii_lowercase(), rest.to_ascii_lowercase());
    let host = rest.split('/').next().filter(|host| !host.is_empty())?;
    let usual = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    Some(format!("{scheme}://{}", host.strip_suffix(usual).unwrap_or(host)))
}

/// Whether a body comes that a page may have made: one of a length, or one that is said to be something.
/// One without either is made piece by piece, which a browser asks us about first.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length.as_bytes() != b"0")
        || headers.contains_key(header::CONTENT_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{credentials::PlainSecret, request::fake};

    /// What comes of a `POST` by cookie with these headers.
    #[track_caller]
    fn check(headers: &[(&'static str, &str)], public_url: Option<&str>, want: &str) {
        let host = [("host", "desk.example:8420")];
        let all = [&host[..], headers].concat();
        let mut request = fake::request(Method::POST, "/odata/Tickets", &all, &[]);
        request.session = vec![PlainSecret::new("tss_a".into())];
        let public_url = public_url.and_then(PublicUrl::new);
        let got = super::check(&request, public_url.as_ref());
        assert_eq!(got.map_or_else(|error| error.code(), |()| "ok"), want, "{headers:?}");
    }

    #[test]
    fn what_the_browser_says_of_the_page_decides() {
        for (said, want) in [
            ("same-origin", "ok"),
            ("none", "ok"),
            ("same-site", "CrossSiteRequest"),
            ("cross-site", "CrossSiteRequest"),
            ("Same-Origin", "CrossSiteRequest"),
            ("", "CrossSiteRequest"),
        ] {
            check(&[("sec-fetch-site", said)], None, want);
            check(&[("sec-fetch-site", said), ("origin", "http://desk.example:8420")], None, want);
        }
        check(&[("sec-fetch-site", "none"), ("sec-fetch-site", "none")], None, "CrossSiteRequest");
    }

    #[test]
    fn else_the_origin_does_and_without_one_there_was_no_page() {
        check(&[], None, "ok");
        for (origin, want) in [
            ("http://desk.example:8420", "ok"),
            ("HTTP://Desk.Example:8420", "ok"),
            ("https://desk.example:8420", "CrossSiteRequest"),
            ("http://desk.example", "CrossSiteRequest"),
            ("http://evil.example:8420", "CrossSiteRequest"),
            ("http://desk.example:8420.evil.example", "CrossSiteRequest"),
            ("null", "CrossSiteRequest"),
            ("", "CrossSiteRequest"),
        ] {
            check(&[("origin", origin)], None, want);
        }
        let public = Some("https://desk.example.com/help");
        check(&[("origin", "https://desk.example.com")], public, "ok");
        check(&[("origin", "https://desk.example.com:443")], public, "ok");
        check(&[("origin", "https://other.example.com")], public, "CrossSiteRequest");
    }

    #[test]
    fn a_token_in_a_header_of_its_own_may_come_from_anywhere() {
        let other = ("sec-fetch-site", "cross-site");
        check(&[("authorization", "Bearer tsr_a"), other], None, "ok");
        check(&[("x-api-key", "tsr_a"), other], None, "ok");
        check(&[("authorization", "Bearer "), other], None, "CrossSiteRequest");
        check(&[("authorization", "Basic dHNyX2E6"), other], None, "CrossSiteRequest");
        check(&[("x-api-key", " "), other], None, "CrossSiteRequest");
    }

    #[test]
    fn a_session_sends_json_and_nothing_else() {
        for (media, want) in [
            ("application/json", "ok"),
            ("Application/JSON; charset=utf-8", "ok"),
            ("text/plain", "UnsupportedMediaType"),
            ("application/x-www-form-urlencoded", "UnsupportedMediaType"),
            ("multipart/form-data; boundary=x", "UnsupportedMediaType"),
            ("application/jsonp", "UnsupportedMediaType"),
            ("", "UnsupportedMediaType"),
        ] {
            check(&[("content-type", media)], None, want);
            check(&[("content-type", media), ("content-length", "7")], None, want);
        }
        check(&[("content-length", "7")], None, "UnsupportedMediaType");
        check(&[("transfer-encoding", "chunked")], None, "ok");
        check(&[("content-length", "0")], None, "ok");
    }
}

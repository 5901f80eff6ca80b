//! Turns results into answers: error bodies, text, JSON, and the headers every answer carries.

use std::time::Duration;

use serde_json::json;
use warp::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::Surface;
use crate::{
    error::{Denial, Error},
    odata::json::push_ascii_json,
};

/// An answer ready to be sent.
pub type Response = warp::reply::Response;

/// Headers of most answers, with some room.
const HEADERS: usize = 16;

/// What the log line may call the caller; a handler leaves it in the answer's extensions.
#[derive(Clone, Debug)]
pub struct TokenPrefix(pub String);

/// The code of the error an answer tells; left in its extensions, to be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub &'static str);

/// How an error must be said to this caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// True for a web page's script, which must not make the browser ask for a password.
    browser: bool,
    /// True for a reader that would take UTF-8 for something else.
    ascii: bool,
}

impl Manner {
    /// The manner for a request with these headers.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        // Over plain HTTP from another machine a browser says neither: our page sends the one, a session the other.
        let is_ours =
            headers.contains_key("x-requested-with") || headers.contains_key(header::COOKIE);
        Self { browser: is_from_browser(headers) || is_ours, ascii: wants_ascii(headers) }
    }
}

/// True where a browser sent the request for a page.
#[must_use]
pub fn is_from_browser(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN)
}

/// True where JSON must keep to ASCII: Windows PowerShell reads what names no charset as Latin-1,
/// and others say themselves that they do not take UTF-8.
#[must_use]
pub fn wants_ascii(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    text(header::USER_AGENT).is_some_and(|agent| agent.contains("WindowsPowerShell/"))
        || text(header::ACCEPT_CHARSET).is_some_and(|charsets| {
            let is_taken = |entry: &str| {
                let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
                let name = name.trim();
                (name == "*" || name.eq_ignore_ascii_case("utf-8")) && weight.trim() != "q=0"
            };
            !charsets.split(',').any(is_taken)
        })
}

/// An error as an answer: its status, the headers it asks for and the OData error body.
#[must_use]
pub fn error(error: &Error, manner: Manner) -> Response {
    let mut response = json(error.status(), body(error, manner));
    response.extensions_mut().insert(Refused(error.code()));
    let headers = response.headers_mut();
    for challenge in challenges(error, manner) {
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            headers.append(header::WWW_AUTHENTICATE, value);
        }
    }
    if let Error::MethodNotAllowed { allow } = error {
        headers.insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if let Some(delay) = retry_after(error) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
    }
    response
}

/// `{"error":{"code","message","target","details","innererror"}}`.
///
/// Source: OData JSON Format 4.01, 21.1.
fn body(error: &Error, manner: Manner) -> Vec<u8> {
    let mut inside = json!({ "code": error.code(), "message": error.to_string() });
    inside["details"] = json!([]);
    if let Some(target) = error.target() {
        // Once more as a list, for programs that look there for the properties at fault.
        inside["target"] = target.into();
        inside["details"] =
            json!([{ "code": error.code(), "message": error.to_string(), "target": target }]);
    }
    if let Error::Syntax { option, offset, expected } = error {
        inside["innererror"] = json!({ "option": option, "offset": offset, "expected": expected });
    }
    let body = json!({ "error": inside });
    if !manner.ascii {
        return body.to_string().into_bytes();
    }
    let mut bytes = Vec::new();
    push_ascii_json(&mut bytes, &body);
    bytes
}

/// The values of `WWW-Authenticate`.
fn challenges(error: &Error, manner: Manner) -> Vec<String> {
    if let Error::Forbidden { scope } = error {
        return vec![format!(
            r#"Bearer realm="tessera", error="insufficient_scope", scope="{scope}""#
        )];
    }
    let Error::Unauthenticated(denial) = error else {
        return Vec::new();
    };
    let bearer = match denial {
        Denial::Missing
        | Denial::NoSession
        | Denial::NotSignedIn
        | Denial::SignIn
        | Denial::OwnPassword => r#"Bearer realm="tessera""#.to_owned(),
        Denial::Invalid | Denial::Expired(_) | Denial::Revoked(_) | Denial::Rotated(_) => format!(
            r#"Bearer realm="tessera", error="invalid_token", error_description="{denial}""#
        ),
    };
    let mut all = vec![bearer];
    if !manner.browser {
        all.push(r#"Basic realm="tessera", charset="UTF-8""#.to_owned());
    }
    all
}

fn retry_after(error: &Error) -> Option<Duration> {
    if let Error::Overloaded { retry_after, .. } | Error::TooManyRequests { retry_after, .. } =
        error
    {
        return Some(*retry_after);
    }
    if *error == Error::IdempotencyKeyInUse {
        return Some(Duration::from_secs(1));
    }
    // A person has to look at it first.
    (*error == Error::WritesStopped).then_some(Duration::from_mins(1))
}

/// A JSON answer; set `content-type` again where the format has parameters.
#[must_use]
pub fn json(status: u16, body: impl Into<bytes::Bytes>) -> Response {
    with_type(status, "application/json", body)
}

/// A plain text answer.
#[must_use]
pub fn text(status: u16, body: impl Into<bytes::Bytes>) -> Response {
    with_type(status, "text/plain; charset=utf-8", body)
}

/// An answer of any type. A status outside 100 to 999 becomes 500.
#[must_use]
pub fn with_type(
    status: u16,
    content_type: &'static str,
    body: impl Into<bytes::Bytes>,
) -> Response {
    let mut response = empty(status);
    *response.body_mut() = body.into().into();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Says what the body is; a text that cannot stand in a header leaves what was said before.
pub fn set_type(response: &mut Response, content_type: &str) {
    if let Ok(value) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
}

/// An answer without a body, such as 204 or 304.
#[must_use]
pub fn empty(status: u16) -> Response {
    let mut response = Response::default();
    // All that answers carry has room at once.
    *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

const NOSNIFF: (HeaderName, &str) = (header::X_CONTENT_TYPE_OPTIONS, "nosniff");
/// Nothing of ours is for another site's pages to embed.
const SAME_ORIGIN: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
/// No window that another site opened, or that opened us, gets hold of the page.
const OPENER: (HeaderName, &str) =
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
const REFERRER: (HeaderName, &str) = (header::REFERRER_POLICY, "no-referrer");
const API_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// What the page may load and do: only what comes from here, and no text of anybody becomes markup or a script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
     connect-src 'self'; font-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'; require-trusted-types-for 'script'; trusted-types tessera";
/// Source: OData 4.01 Part 1, 8.1.5: the one version this service speaks.
const ODATA_VERSION: HeaderName = HeaderName::from_static("odata-version");

/// Lets the client keep what it read, but no cache that others share, and ask each time whether its entity tag still
/// holds. A `Cache-Control` already there is kept; an error is not for keeping.
pub fn revalidate(response: &mut Response) {
    let status = response.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        let value = HeaderValue::from_static("private, no-cache");
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(value);
    }
}

/// Puts on what every answer of `surface` carries; a `Cache-Control` already there is kept.
pub fn finish(response: &mut Response, surface: Surface) {
    let headers = response.headers_mut();
    for (name, value) in [NOSNIFF, REFERRER, SAME_ORIGIN] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = match surface {
        Surface::Page | Surface::Asset => PAGE_POLICY,
        Surface::Alive
        | Surface::Ready
        | Surface::Metrics
        | Surface::Connect
        | Surface::Session
        | Surface::Events
        | Surface::OData
        | Surface::Tikit
        | Surface::Unknown => API_POLICY,
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if surface == Surface::Page {
        headers.insert(OPENER.0, HeaderValue::from_static(OPENER.1));
    }
    if matches!(surface, Surface::OData | Surface::Tikit) {
        headers.insert(ODATA_VERSION, HeaderValue::from_static("4.0"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Has browsers speak only TLS to this host for a year.
///
/// Source: RFC 6797, 6.1.
pub fn require_https(response: &mut Response) {
    let value = HeaderValue::from_static("max-age=31536000");
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn text_of(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec())
            .unwrap()
    }

    #[track_caller]
    fn check(error: &Error, browser: bool, name: &str, want: &[&str]) {
        let response = super::error(error, Manner { browser, ..Manner::default() });
        let got: Vec<_> =
            response.headers().get_all(name).iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(got, want, "{error:?}");
    }

    #[tokio::test]
    async fn an_error_body_has_code_message_target_and_place() {
        let syntax = Error::Syntax {
            option: "$filter".into(),
            offset: 3,
            expected: "a comparison operator".into(),
        };
        let response = error(&syntax, Manner::default());
        assert_eq!((response.status().as_u16(), response.headers().len()), (400, 1));
        insta::assert_snapshot!(text_of(response).await, @r#"{"error":{"code":"InvalidSyntax","details":[{"code":"InvalidSyntax","message":"$filter stops making sense at byte 3: expected a comparison operator","target":"$filter"}],"innererror":{"expected":"a comparison operator","offset":3,"option":"$filter"},"message":"$filter stops making sense at byte 3: expected a comparison operator","target":"$filter"}}"#);
        insta::assert_snapshot!(text_of(error(&Error::TokenInQuery, Manner::default())).await, @r#"{"error":{"code":"TokenInQuery","details":[],"message":"a token in the address ends up in logs; send it as 'Authorization: Bearer', as the password of HTTP Basic, or as 'X-Api-Key'"}}"#);
    }

    #[test]
    fn a_refusal_names_both_doors_and_a_code_only_for_what_was_sent() {
        let basic = r#"Basic realm="tessera", charset="UTF-8""#;
        let missing = Error::Unauthenticated(Denial::Missing);
        let name = "www-authenticate";
        check(&missing, false, name, &[r#"Bearer realm="tessera""#, basic]);
        check(&missing, true, name, &[r#"Bearer realm="tessera""#]);
        let invalid = r#"Bearer realm="tessera", error="invalid_token", error_description="the access token is not valid""#;
        check(&Error::Unauthenticated(Denial::Invalid), false, name, &[invalid, basic]);
        let scope = r#"Bearer realm="tessera", error="insufficient_scope", scope="notes:read""#;
        check(&Error::Forbidden { scope: "notes:read".into() }, false, name, &[scope]);
        check(&Error::TokenInQuery, false, name, &[]);
    }

    #[test]
    fn no_browser_is_made_to_ask_for_a_password() {
        for (name, value, is_browser) in [
            ("sec-fetch-site", "same-origin", true),
            ("origin", "http://desk.example", true),
            ("x-requested-with", "tessera", true),
            ("cookie", "tessera=tss_1", true),
            ("accept", "application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert_eq!(Manner::of(&headers).browser, is_browser, "{name}");
        }
    }

    #[test]
    fn what_to_do_next_is_in_the_headers() {
        check(&Error::MethodNotAllowed { allow: "GET, HEAD" }, false, "allow", &["GET, HEAD"]);
        for (millis, want) in [(0, "1"), (300, "1"), (5_000, "5")] {
            let retry_after = Duration::from_millis(millis);
            check(
                &Error::Overloaded { reason: "full", retry_after },
                false,
                "retry-after",
                &[want],
            );
        }
        check(&Error::WritesStopped, false, "retry-after", &["60"]);
    }

    #[test]
    fn every_answer_is_finished_once() {
        let mut response = text(200, "x");
        response.headers_mut().insert("odata-version", HeaderValue::from_static("4.01"));
        finish(&mut response, Surface::OData);
        finish(&mut response, Surface::OData);
        let mut got: Vec<String> = response
            .headers()
            .iter()
            .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
            .collect();
        got.sort();
        insta::assert_snapshot!(got.join("\n"), @r"
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'
        content-type: text/plain; charset=utf-8
        cross-origin-resource-policy: same-origin
        odata-version: 4.0
        referrer-policy: no-referrer
        x-content-type-options: nosniff
        ");
    }
}

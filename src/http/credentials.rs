//! The doors: finds the secret a request presents, and refuses it where it must not be.
//!
//! Knows nothing of whose secret it is, nor whether it is any good.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use warp::http::{HeaderMap, Method, header};

use super::{Request, respond::is_from_browser};
use crate::{
    auth::{
        Proof, Visit,
        secret::{self, TOKEN_START},
    },
    error::{Denial, Error},
};

/// Bytes kept of what a program calls itself.
const AGENT_BYTES: usize = 512;

/// A secret as it was sent. Prints as `PlainSecret(..)`.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainSecret(String);

impl PlainSecret {
    /// A secret that was sent like this.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself; never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(..)")
    }
}

/// Where a secret was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`, as password or user name.
    Basic,
    /// `X-Api-Key`.
    ApiKey,
    /// The session's cookie.
    Cookie,
    /// `?access_token=`, where the policy of the workspace lets it in.
    Address,
}

/// One secret and the door it came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The secret.
    pub secret: PlainSecret,
    /// The first of the doors it came through.
    pub door: Door,
}

impl Presented {
    /// The visit this is part of.
    #[must_use]
    pub fn visit<'a>(&'a self, request: &'a Request) -> Visit<'a> {
        let secret = self.secret.expose();
        let proof = match self.door {
            Door::Bearer | Door::Basic | Door::ApiKey => Proof::Token(secret),
            Door::Cookie => Proof::Session(secret),
            Door::Address => Proof::TokenInAddress(secret),
        };
        Visit {
            proof,
            address: request.client.to_canonical(),
            agent: request.header("user-agent").map(|name| name.get(..AGENT_BYTES).unwrap_or(name)),
            is_read: request.method == Method::GET,
        }
    }
}

/// The secret presented by a request.
///
/// # Errors
/// 400 for a token in the query and for two different credentials; 401 where there is none or what
/// came cannot be read.
pub fn presented(request: &Request) -> Result<Presented, Error> {
    among(&request.headers, request.query(), &request.session)
}

/// The secret among these headers, this raw query and the values of the session's cookie.
fn among(
    headers: &HeaderMap,
    query: Option<&str>,
    session: &[PlainSecret],
) -> Result<Presented, Error> {
    if query.is_some_and(names_token) {
        return Err(Error::TokenInQuery);
    }
    let mut found: Option<Presented> = None;
    let cookies = session.iter().map(|secret| (Door::Cookie, secret.clone()));
    let headers = all(headers)?.into_iter().map(|(door, text)| (door, PlainSecret(text)));
    for (door, secret) in headers.chain(cookies) {
        if found.as_ref().is_some_and(|first| first.secret != secret) {
            return Err(Error::AmbiguousCredentials);
        }
        found.get_or_insert(Presented { secret, door });
    }
    found.ok_or(Error::Unauthenticated(Denial::Missing))
}

/// As [`presented`], but a token in the address may pass, if it stands there alone as `IN_ADDRESS` and
/// nothing else is presented; whether it opens anything is for the policy. It is taken out of the request,
/// so that no link and nothing kept repeats it.
///
/// # Errors
/// As for [`presented`].
pub fn take(request: &mut Request) -> Result<Presented, Error> {
    let is_it = |option: &&str| decoded(option.split('=').next().unwrap_or_default()) == IN_ADDRESS;
    let query = request.query().unwrap_or_default().to_owned();
    let mut found = query.split('&').filter(is_it);
    let (Some(option), None) = (found.next(), found.next()) else {
        return presented(request);
    };
    let secret = decoded(option.split_once('=').map_or("", |(_, value)| value));
    let rest: Vec<&str> = query.split('&').filter(|option| !is_it(option)).collect();
    let rest = rest.join("&");
    let is_alone = request.session.is_empty() && all(&request.headers)?.is_empty();
    if names_token(&rest) || !is_alone {
        return Err(Error::TokenInQuery);
    }
    request.set_query(Some(rest.as_str()).filter(|rest| !rest.is_empty()))?;
    Ok(Presented { secret: PlainSecret(secret), door: Door::Address })
}

/// The option that a token may come as.
const IN_ADDRESS: &str = "access_token";

/// Every credential that is not empty, `Authorization` first.
fn all(headers: &HeaderMap) -> Result<Vec<(Door, String)>, Error> {
    let invalid = Error::Unauthenticated(Denial::Invalid);
    let mut all = Vec::new();
    for value in headers.get_all(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| invalid.clone())?.trim();
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            all.push((Door::Bearer, rest.to_owned()));
        } else if scheme.eq_ignore_ascii_case("basic") && !is_from_browser(headers) {
            // A browser sends Basic by itself, even for somebody else's page: it proves no will.
            let secret = if rest.is_empty() { Some(String::new()) } else { basic(rest) };
            all.push((Door::Basic, secret.ok_or_else(|| invalid.clone())?));
        }
    }
    for value in headers.get_all("x-api-key") {
        let text = value.to_str().map_err(|_| invalid.clone())?.trim();
        all.push((Door::ApiKey, text.to_owned()));
    }
    all.retain(|(_, secret)| !secret.is_empty());
    Ok(all)
}

/// The secret in `user:password`: the one that looks like a token, else the password, else the user.
fn basic(encoded: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    let is_token = |text: &&str| text.starts_with(TOKEN_START);
    let secret = [password, user].into_iter().find(is_token);
    Some(secret.unwrap_or(if password.is_empty() { user } else { password }).to_owned())
}

/// True where an option of the raw query is named like a token or begins like one.
#[must_use]
pub fn names_token(query: &str) -> bool {
    query.split('&').any(|option| {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let name = decoded(name);
        let is_name = ["token", "access_token", "api_key", "apikey"]
            .iter()
            .any(|known| name.trim().eq_ignore_ascii_case(known));
        is_name || [&*name, &*decoded(value)].iter().any(|text| secret::begins(text.trim()))
    })
}

/// Whether a request carries a secret in a header that no page of another site can make a browser send.
#[must_use]
pub fn is_deliberate(headers: &HeaderMap) -> bool {
    let is_bearer = |value: &warp::http::HeaderValue| {
        let text = value.to_str().unwrap_or_default().trim();
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        scheme.eq_ignore_ascii_case("bearer") && !rest.trim().is_empty()
    };
    headers.get_all(header::AUTHORIZATION).iter().any(is_bearer)
        || headers
            .get_all("x-api-key")
            .iter()
            .any(|value| !value.as_bytes().trim_ascii().is_empty())
}

/// Percent escapes and `+` undone as far as they can be; good enough to look for a token.
#[must_use]
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte =
            escape.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        out.push(byte.unwrap_or(if bytes[at] == b'+' { b' ' } else { bytes[at] }));
        at += if byte.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ok("Door secret")` or the code of the error.
    #[track_caller]
    fn check(headers: &[(&'static str, &str)], query: Option<&str>, want: Result<&str, &str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let got = among(&map, query, &[]);
        let got = got
            .as_ref()
            .map(|found| format!("{:?} {}", found.door, found.secret.expose()))
            .map_err(Error::code);
        assert_eq!(got.as_deref().map_err(|code| *code), want, "{headers:?} {query:?}");
    }

    fn basic_header(user_and_password: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(user_and_password))
    }

    #[test]
    fn each_door_opens() {
        check(&[("authorization", "Bearer tsr_a")], None, Ok("Bearer tsr_a"));
        check(&[("authorization", "bearer   tsr_a ")], None, Ok("Bearer tsr_a"));
        check(&[("x-api-key", "tsr_a")], Some("$top=1"), Ok("ApiKey tsr_a"));
        for (pair, want) in [
            ("me:tsr_a", "Basic tsr_a"),
            ("tsr_a:", "Basic tsr_a"),
            ("tsr_a:x", "Basic tsr_a"),
            ("tsr_a:tsr_b", "Basic tsr_b"),
            ("me:word", "Basic word"),
            ("me:", "Basic me"),
            ("me:a:b", "Basic a:b"),
        ] {
            check(&[("authorization", &basic_header(pair))], None, Ok(want));
        }
    }

    #[test]
    fn nothing_and_emptiness_are_missing_and_nonsense_is_invalid() {
        check(&[], None, Err("Unauthenticated"));
        for empty in ["Bearer", "Bearer ", "Basic", "Basic Og==", "Negotiate abc", ""] {
            check(&[("authorization", empty)], None, Err("Unauthenticated"));
        }
        check(&[("x-api-key", "")], None, Err("Unauthenticated"));
        for bad in ["Basic ???", "Basic bm9jb2xvbg==", "Basic /w=="] {
            check(&[("authorization", bad)], None, Err("InvalidToken"));
        }
    }

    #[test]
    fn two_different_credentials_are_refused_and_the_same_twice_is_one() {
        let bearer = ("authorization", "Bearer tsr_a");
        check(&[bearer, ("x-api-key", "tsr_a")], None, Ok("Bearer tsr_a"));
        check(&[bearer, ("x-api-key", "tsr_b")], None, Err("AmbiguousCredentials"));
        check(&[bearer, ("authorization", "Bearer tsr_b")], None, Err("AmbiguousCredentials"));
        check(&[bearer, ("x-api-key", " ")], None, Ok("Bearer tsr_a"));
    }

    #[test]
    fn a_browser_does_not_get_in_by_basic() {
        let header = basic_header("me:tsr_a");
        let basic = ("authorization", header.as_str());
        for sign in [("sec-fetch-site", "same-origin"), ("origin", "https://a.example")] {
            check(&[basic, sign], None, Err("Unauthenticated"));
            check(&[("x-api-key", "tsr_b"), basic, sign], None, Ok("ApiKey tsr_b"));
            check(&[("authorization", "Bearer tsr_b"), sign], None, Ok("Bearer tsr_b"));
        }
    }

    #[test]
    fn a_token_in_the_query_is_refused_however_it_is_written() {
        for query in [
            "token=x",
            "$top=1&Access_Token=x",
            "api%5Fkey=x",
            "APIKEY",
            "a=tsr_x",
            "a=%74sr_x",
            "tsr_x",
            "a=+tsr_x",
            "a=tss_x",
            "tsl_x",
        ] {
            check(&[("authorization", "Bearer tsr_a")], Some(query), Err("TokenInQuery"));
        }
        for query in ["", "$skiptoken=x", "$filter=Title eq 'tsr_x'", "a=%zz%7", "tokens=1", "%"] {
            check(&[("authorization", "Bearer tsr_a")], Some(query), Ok("Bearer tsr_a"));
        }
    }

    #[test]
    fn the_cookie_is_a_door_of_its_own_and_goes_with_no_other() {
        let session = |text: &str| PlainSecret(text.to_owned());
        let code = |found: Result<Presented, Error>| found.map(|_| ()).map_err(|e| e.code());
        let none = HeaderMap::new();
        let found = among(&none, None, &[session("tss_a")]).unwrap();
        assert_eq!((found.door, found.secret.expose()), (Door::Cookie, "tss_a"));
        assert!(among(&none, None, &[session("tss_a"), session("tss_a")]).is_ok());
        let ambiguous = Err("AmbiguousCredentials");
        assert_eq!(code(among(&none, None, &[session("tss_a"), session("tss_b")])), ambiguous);
        for (name, value) in [("authorization", "Bearer tsr_a"), ("x-api-key", "tsr_a")] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(code(among(&headers, None, &[session("tss_a")])), ambiguous);
            assert!(is_deliberate(&headers));
        }
        assert!(!is_deliberate(&none));
    }

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", PlainSecret("tsr_a".into())), "PlainSecret(..)");
    }
}

//! The cookie of a session: its name, how it is set, taken away and read.

use warp::http::{HeaderMap, HeaderValue, header};

use super::{Response, credentials::PlainSecret};
use crate::{auth::session::Secret, error::Error};

/// Where TLS is spoken a browser takes this name from us alone, and only with the attributes below.
///
/// Source: RFC 6265bis, 4.1.3.2.
const NAME_HTTPS: &str = "__Host-tessera";
const NAME_HTTP: &str = "tessera";

fn name(is_https: bool) -> &'static str {
    if is_https { NAME_HTTPS } else { NAME_HTTP }
}

/// Every value the request gives the cookie; empty ones do not count.
#[must_use]
pub fn values(headers: &HeaderMap, is_https: bool) -> Vec<PlainSecret> {
    let name = name(is_https).as_bytes();
    // As bytes: whatever stands in the cookies of others on this host, ours is found.
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let ours = pairs.filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        (pair[..at].trim_ascii() == name).then(|| pair[at + 1..].trim_ascii())
    });
    let quoted = |value| String::from_utf8_lossy(value).trim_matches('"').to_owned();
    ours.map(quoted).filter(|value| !value.is_empty()).map(PlainSecret::new).collect()
}

/// Sets the cookie. It ends with the browser's own session; the server ends it earlier.
///
/// # Errors
/// `Internal` if a secret of ours cannot stand in a header.
pub fn set(response: &mut Response, secret: &Secret, is_https: bool) -> Result<(), Error> {
    put(response, &format!("{}={}", name(is_https), secret.expose()), is_https)
}

/// Takes the cookie away.
///
/// # Errors
/// As for [`set`].
pub fn remove(response: &mut Response, is_https: bool) -> Result<(), Error> {
    put(response, &format!("{}=; Max-Age=0", name(is_https)), is_https)
}

fn put(response: &mut Response, pair: &str, is_https: bool) -> Result<(), Error> {
    let secure = if is_https { "; Secure" } else { "" };
    let line = format!("{pair}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&line).map_err(|error| Error::internal(&error))?;
    value.set_sensitive(true);
    response.headers_mut().append(header::SET_COOKIE, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::session::Opens, http::respond};

    #[track_caller]
    fn check(lines: &[&str], is_https: bool, want: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            // Each letter a byte, as headers are sent.
            let bytes: Vec<u8> = line.chars().map(|c| u8::try_from(c).unwrap()).collect();
            headers.append("cookie", HeaderValue::from_bytes(&bytes).unwrap());
        }
        let got = values(&headers, is_https);
        let got: Vec<&str> = got.iter().map(PlainSecret::expose).collect();
        assert_eq!(got, want, "{lines:?}");
    }

    #[test]
    fn the_cookie_is_found_among_others_by_its_whole_name() {
        check(&["a=1; tessera=tss_x; b=2"], false, &["tss_x"]);
        check(&["tessera=\"tss_x\""], false, &["tss_x"]);
        check(&["tessera=tss_x;tessera=tss_y"], false, &["tss_x", "tss_y"]);
        check(&["a=1", "tessera=tss_x"], false, &["tss_x"]);
        check(&["xtessera=tss_x; Tessera=tss_y; tessera=; tessera"], false, &[]);
        check(&["tessera=tss_x; __Host-tessera=tss_y"], true, &["tss_y"]);
        check(&["tessera=tss_x; __Host-tessera=tss_y"], false, &["tss_x"]);
        check(&[], true, &[]);
    }

    #[test]
    fn cookies_of_others_hide_nothing_whatever_they_hold() {
        check(&["lang=\u{e4}; tessera=tss_x"], false, &["tss_x"]);
        check(&["\u{ff}; tessera=tss_x; \u{fe}=\u{fd}"], false, &["tss_x"]);
        check(&["tessera=tss_\u{ff}"], false, &["tss_\u{fffd}"]);
    }

    #[test]
    fn only_this_site_sends_it_and_no_script_reads_it() {
        let secret = Secret::new(Opens::Session, [0; 32]);
        let line = |is_https| {
            let mut response = respond::empty(204);
            set(&mut response, &secret, is_https).unwrap();
            remove(&mut response, is_https).unwrap();
            let all = response.headers().get_all("set-cookie").iter();
            all.map(|value| value.to_str().unwrap().replace(secret.expose(), "S"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            line(true),
            [
                "__Host-tessera=S; Path=/; HttpOnly; SameSite=Strict; Secure",
                "__Host-tessera=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure"
            ]
        );
        assert_eq!(
            line(false),
            [
                "tessera=S; Path=/; HttpOnly; SameSite=Strict",
                "tessera=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
            ]
        );
    }
}

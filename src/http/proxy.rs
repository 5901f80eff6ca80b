//! Who is behind a proxy: client address, scheme and host from `X-Forwarded-*` and `Forwarded`.
//!
//! Only headers of trusted proxies count, read from the right: each proxy adds what it saw at the
//! end, so the right-most address that is no trusted proxy is the client, and what stands left of it
//! is the client's own invention. Knows no connection.

use std::net::IpAddr;

use warp::http::HeaderMap;

use super::address::{Scheme, is_host};
use crate::{config::Networks, error::Error};

/// What is known of the client and of the address it used; nothing where the connection tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The client.
    pub client: IpAddr,
    /// The scheme the client used.
    pub scheme: Option<Scheme>,
    /// The host the client used, with its port.
    pub host: Option<String>,
}

/// One stretch of the way here, as the proxy at its end saw it.
#[derive(Clone, Debug, Default)]
struct Hop {
    /// Who sent; `None` where it is hidden or makes no sense.
    from: Option<IpAddr>,
    scheme: Option<Scheme>,
    host: Option<String>,
}

/// The client of a request that `peer` sent with these headers.
///
/// A trusted proxy that sends none of them asks for itself. One that sends any must name the client in
/// each kind it sends: nobody may pass for the proxy by headers that make no sense. Where both kinds are
/// there, one of them may have passed the proxy untouched, so only what both say counts.
///
/// # Errors
/// `InvalidHeader` where they name no client, or not the same.
pub fn seen(peer: IpAddr, headers: &HeaderMap, trusted: &Networks) -> Result<Via, Error> {
    let peer = peer.to_canonical();
    let nothing = Via { client: peer, scheme: None, host: None };
    if !trusted.contains(peer) {
        return Ok(nothing);
    }
    match (habitual(headers, trusted)?, standard(headers, trusted)?) {
        (None, None) => Ok(nothing),
        (Some(via), None) | (None, Some(via)) => Ok(via),
        (Some(a), Some(b)) if a.client == b.client => Ok(Via {
            client: a.client,
            scheme: a.scheme.filter(|_| a.scheme == b.scheme),
            host: if a.host == b.host { a.host } else { None },
        }),
        (Some(_), Some(_)) => Err(refusal(
            FORWARDED,
            "it names another client than X-Forwarded-For; the proxy must set one of the two and remove \
             the other",
        )),
    }
}

const FORWARDED: &str = "Forwarded";
const X_FORWARDED_FOR: &str = "X-Forwarded-For";

fn refusal(name: &'static str, reason: &str) -> Error {
    Error::InvalidHeader { name, reason: reason.to_owned() }
}

/// `X-Forwarded-For`, `-Proto` and `-Host`; of a list in the latter two the nearest proxy's word.
fn habitual(headers: &HeaderMap, trusted: &Networks) -> Result<Option<Via>, Error> {
    let names = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
    if !names.iter().any(|name| headers.contains_key(*name)) {
        return Ok(None);
    }
    let [addresses, schemes, hosts] = names.map(|name| list(headers, name));
    let hops = addresses.iter().map(|text| Hop { from: node(text), ..Hop::default() });
    let (client, _) = outermost(hops.rev(), trusted).ok_or_else(|| {
        let reason = "a trusted proxy forwards this request and the header names no client; the proxy must \
                      add the address of its client to it, or remove every X-Forwarded-For, -Proto and -Host";
        refusal(X_FORWARDED_FOR, reason)
    })?;
    let scheme = schemes.last().and_then(|text| Scheme::named(text));
    let host = hosts.last().filter(|text| is_host(text)).map(|text| (*text).to_owned());
    Ok(Some(Via { client, scheme, host }))
}

/// `Forwarded`.
///
/// Source: RFC 7239, 4.
fn standard(headers: &HeaderMap, trusted: &Networks) -> Result<Option<Via>, Error> {
    if !headers.contains_key(FORWARDED) {
        return Ok(None);
    }
    let lines = headers.get_all(FORWARDED).iter().rev();
    // A line that makes no sense ends the way: nothing left of it can be told apart.
    let lines = lines.map(|line| line.to_str().ok().and_then(elements));
    let hops =
        lines.flat_map(|line| line.unwrap_or_else(|| vec![Hop::default()]).into_iter().rev());
    let (client, hop) = outermost(hops, trusted).ok_or_else(|| {
        let reason = "a trusted proxy forwards this request and the header names no client; the proxy must \
                      add an element with 'for' to it, or remove it";
        refusal(FORWARDED, reason)
    })?;
    Ok(Some(Via { client, scheme: hop.scheme, host: hop.host }))
}

/// Goes back along the hops, nearest first, to the first that no trusted proxy sent, or else to the
/// farthest. Nothing where a hop on the way there is hidden, or where there is none.
fn outermost(hops: impl Iterator<Item = Hop>, trusted: &Networks) -> Option<(IpAddr, Hop)> {
    let mut last = None;
    for hop in hops {
        let from = hop.from?;
        last = Some((from, hop));
        if !trusted.contains(from) {
            break;
        }
    }
    last
}

/// The parts of every line of a comma-separated header, in order, without empty ones.
fn list<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter();
    let parts = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    // What is no UTF-8 stays in its place as something that makes no sense.
    let parts = parts.map(|part| str::from_utf8(part).unwrap_or("?"));
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`; nothing for `unknown`, `_hidden` and the rest.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(text.parse::<std::net::SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

/// `forwarded-element *( OWS "," OWS forwarded-element )`; nothing when the line is not that.
fn elements(line: &str) -> Option<Vec<Hop>> {
    let mut hops = Vec::new();
    let (mut rest, mut hop, mut is_empty) = (line, Hop::default(), true);
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with([',', ';']) {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            is_empty = false;
            match name.to_ascii_lowercase().as_str() {
                "for" => hop.from = node(&value),
                "proto" => hop.scheme = Scheme::named(&value),
                "host" => hop.host = Some(value).filter(|value| is_host(value)),
                name if is_token(name) => {}
                _ => return None,
            }
            rest = after.trim_start_matches([' ', '\t']);
        }
        let next = rest.chars().next();
        if matches!(next, None | Some(',')) && !std::mem::replace(&mut is_empty, true) {
            hops.push(std::mem::take(&mut hop));
        }
        match next {
            None => return Some(hops),
            Some(',' | ';') => rest = &rest[1..],
            Some(_) => return None,
        }
    }
}

/// `token / quoted-string` and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Addresses with a port are often left unquoted, against the grammar; nothing depends on it.
        let end = text.find([',', ';', ' ', '\t', '"']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use warp::http::HeaderValue;

    use super::*;
    use crate::config::Sources;

    fn trusted() -> Networks {
        let flags = vec![("trusted_proxies", "10.0.0.0/8, fd00::/8".to_owned())];
        Sources { flags, ..Sources::default() }.load().unwrap().trusted_proxies
    }

    /// Who seems to ask when `peer` sends these lines: `client scheme host`.
    /// `!` and the header where the request is refused.
    #[track_caller]
    fn check(peer: &str, lines: &[(&'static str, &str)], want: &str) {
        let lines: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        check_bytes(peer, &lines, want);
    }

    #[track_caller]
    fn check_bytes(peer: &str, lines: &[(&'static str, &[u8])], want: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let got = match seen(peer.parse().unwrap(), &headers, &trusted()) {
            Ok(via) => {
                let scheme = via.scheme.map_or("-", Scheme::name);
                format!("{} {scheme} {}", via.client, via.host.as_deref().unwrap_or("-"))
            }
            Err(error) => format!("!{}", error.target().unwrap_or_default()),
        };
        assert_eq!(got, want, "{peer} {lines:?}");
    }

    const FOR: &str = "x-forwarded-for";
    const PROTO: &str = "x-forwarded-proto";
    const HOST: &str = "x-forwarded-host";
    const FWD: &str = "forwarded";

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let all = [
            (FOR, "1.1.1.1"),
            (PROTO, "https"),
            (HOST, "a"),
            (FWD, "for=1.1.1.1;host=a;proto=https"),
        ];
        check("9.9.9.9", &all, "9.9.9.9 - -");
        check("::1", &all, "::1 - -");
        check("10.0.0.1", &all, "1.1.1.1 https a");
        check("::ffff:10.0.0.1", &all, "1.1.1.1 https a");
        check("10.0.0.1", &[], "10.0.0.1 - -");
    }

    #[test]
    fn the_right_most_untrusted_address_is_the_client() {
        for (value, want) in [
            ("1.1.1.1", "1.1.1.1"),
            ("6.6.6.6, 1.1.1.1", "1.1.1.1"),
            ("6.6.6.6,1.1.1.1 , 10.0.0.9,", "1.1.1.1"),
            ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
            ("10.0.0.8, 1.1.1.1, 10.0.0.9", "1.1.1.1"),
            ("1.1.1.1:443", "1.1.1.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:1.1.1.1", "1.1.1.1"),
            ("6.6.6.6, ::ffff:10.0.0.9", "6.6.6.6"),
        ] {
            check("10.0.0.1", &[(FOR, value)], &format!("{want} - -"));
        }
        check("fd00::1", &[(FOR, "6.6.6.6"), (FOR, "1.1.1.1, fd00::2")], "1.1.1.1 - -");
        check_bytes("10.0.0.1", &[(FOR, b"\xff, 1.1.1.1")], "1.1.1.1 - -");
    }

    /// Each of these once passed for the proxy itself.
    #[test]
    fn nobody_passes_for_the_proxy_by_headers_that_make_no_sense() {
        let real = (FOR, "6.6.6.6");
        for value in [
            "6.6.6.6, unknown",
            "6.6.6.6, unknown, 10.0.0.9",
            "6.6.6.6, 10.0.0.9x",
            "6.6.6.6, 010.0.0.9",
            "_hidden",
            ",",
            "",
        ] {
            check("10.0.0.1", &[(FOR, value)], "!X-Forwarded-For");
            check("10.0.0.1", &[(FOR, value), (FWD, "for=6.6.6.6")], "!X-Forwarded-For");
        }
        check_bytes("10.0.0.1", &[(FOR, b"6.6.6.6, \xff")], "!X-Forwarded-For");
        check("10.0.0.1", &[(PROTO, "https")], "!X-Forwarded-For");
        check("10.0.0.1", &[(HOST, "a")], "!X-Forwarded-For");
        check("10.0.0.1", &[(HOST, "a"), (FWD, "for=6.6.6.6;host=a")], "!X-Forwarded-For");
        for value in [
            "for=6.6.6.6, for=_hidden;proto=https",
            "for=6.6.6.6, for=unknown, for=10.0.0.9",
            "for=6.6.6.6, proto=https",
            "for=6.6.6.6;x=\", for=1.1.1.1",
            "for=6.6.6.6;x=\", for=\"1.1.1.1\"",
            "for=6.6.6.6;x=\"\\\", for=1.1.1.1;y=\"z\"",
            "proto=https",
            "for=",
            "for 1.1.1.1",
            "junk",
            "",
        ] {
            check("10.0.0.1", &[(FWD, value)], "!Forwarded");
            check("10.0.0.1", &[real, (FWD, value)], "!Forwarded");
        }
        check_bytes("10.0.0.1", &[(FOR, b"6.6.6.6"), (FWD, b"for=6.6.6.6;x=\xff")], "!Forwarded");
        check("10.0.0.1", &[real, (FWD, "for=9.9.9.9")], "!Forwarded");
        check("10.0.0.1", &[real, (FWD, "for=10.0.0.1")], "!Forwarded");
        check("9.9.9.9", &[real, (FWD, "junk")], "9.9.9.9 - -");
    }

    #[test]
    fn scheme_and_host_are_the_nearest_proxys_word() {
        let from = (FOR, "1.1.1.1");
        check("10.0.0.1", &[from, (PROTO, "HTTPS"), (HOST, "desk:1")], "1.1.1.1 https desk:1");
        check("10.0.0.1", &[from, (PROTO, "http, https"), (HOST, "evil, a")], "1.1.1.1 https a");
        check("10.0.0.1", &[from, (PROTO, "gopher"), (HOST, "a/b")], "1.1.1.1 - -");
    }

    #[test]
    fn the_standard_header_is_read_by_its_grammar() {
        for (value, want) in [
            ("for=1.1.1.1", "1.1.1.1 - -"),
            ("For=\"1.1.1.1:80\";Proto=https ; Host=\"a:1\"", "1.1.1.1 https a:1"),
            ("for=\"[2001:db8::1]:80\";by=_x", "2001:db8::1 - -"),
            ("for=6.6.6.6;host=evil, for=1.1.1.1;host=a", "1.1.1.1 - a"),
            ("for=1.1.1.1;host=a;proto=https, for=10.0.0.9;host=b;proto=http", "1.1.1.1 https a"),
            ("for=1.1.1.1,,", "1.1.1.1 - -"),
        ] {
            check("10.0.0.1", &[(FWD, value)], want);
        }
        check("10.0.0.1", &[(FWD, "for=6.6.6.6;x=\""), (FWD, "for=1.1.1.1")], "1.1.1.1 - -");
        check("10.0.0.1", &[(FWD, "for=6.6.6.6;x=\""), (FWD, "for=10.0.0.9")], "!Forwarded");
    }

    #[test]
    fn of_two_ways_to_say_it_only_what_both_say_counts() {
        let real = [(FOR, "1.1.1.1"), (PROTO, "https"), (HOST, "a")];
        let with = |line| [real[0], real[1], real[2], (FWD, line)];
        check("10.0.0.1", &with("for=1.1.1.1;host=evil;proto=http"), "1.1.1.1 - -");
        check("10.0.0.1", &with("for=1.1.1.1;host=evil;proto=https"), "1.1.1.1 https -");
        check("10.0.0.1", &with("for=6.6.6.6;host=a;proto=https"), "!Forwarded");
    }
}

//! What the headers ask for: format, version, preferences, preconditions.
//!
//! Source: OData 4.01 Part 1, 8.1 and 8.2; JSON Format 4.01, 3.

mod accept;
mod csv;
mod prefer;

use warp::http::{HeaderMap, header};

use accept::Accepted;
pub use accept::JsonType;
pub use csv::{CsvType, csv};
pub use prefer::{Answer, Preference, Preferences, preferences};

use crate::{error::Error, http::respond, model::Tags};

/// Everything of a header that may come in several lines.
#[must_use]
pub fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.collect::<Vec<_>>().join(",")
}

/// The entity tags of `If-Match` or `If-None-Match`.
#[must_use]
pub fn tags(headers: &HeaderMap, name: &str) -> Tags {
    Tags::read(headers.get_all(name).iter().map(|value| value.to_str().ok()))
}

/// The JSON format asked for by `$format`, else by `Accept`.
///
/// # Errors
/// `NotAcceptable` where nothing we write is asked for.
pub fn json(headers: &HeaderMap, format: Option<&str>) -> Result<JsonType, Error> {
    let is_utf8_asked = headers.contains_key(header::ACCEPT_CHARSET)
        && accept::takes_utf8(&joined(headers, "accept-charset"));
    let chosen = match format {
        Some(format) => accept::from_option(format, is_utf8_asked),
        None => accept::from_header(&joined(headers, "accept"), is_utf8_asked),
    };
    let mut json = chosen.ok_or_else(|| Error::NotAcceptable {
        reason: "this resource comes as application/json, which takes the parameters \
                 odata.metadata (none, minimal or full), IEEE754Compatible and charset=utf-8; a \
                 collection of entities comes as text/csv too; ask for that in 'Accept' or '$format'"
            .to_owned(),
    })?;
    json.format.omits_nulls = preferences(headers).omit.is_some();
    json.format.ascii = !json.names_charset() && respond::wants_ascii(headers);
    Ok(json)
}

/// Whether `$metadata` can be XML for this client.
///
/// # Errors
/// `NotImplemented` where only JSON will do, `NotAcceptable` where neither will.
pub fn metadata(headers: &HeaderMap, format: Option<&str>) -> Result<(), Error> {
    let asked = match format {
        Some(format) if format.eq_ignore_ascii_case("xml") => "application/xml".to_owned(),
        Some(format) if format.eq_ignore_ascii_case("json") => "application/json".to_owned(),
        Some(format) => format.to_owned(),
        None => joined(headers, "accept"),
    };
    if asked.trim().is_empty() {
        return Ok(());
    }
    let entries = Accepted::all(&asked);
    let takes = |media: &[&str]| {
        entries.iter().any(|entry| entry.quality > 0.0 && media.contains(&entry.media.as_str()))
    };
    if takes(&["application/xml", "text/xml", "application/*", "text/*", "*/*"]) {
        return Ok(());
    }
    if takes(&["application/json"]) {
        return Err(Error::NotImplemented {
            feature: "'$metadata' as JSON; ask for application/xml".to_owned(),
        });
    }
    Err(Error::NotAcceptable {
        reason: "'$metadata' comes as application/xml; ask for that in 'Accept'".to_owned(),
    })
}

/// Refuses versions we do not speak.
///
/// # Errors
/// `InvalidHeader` naming the header.
pub fn versions(headers: &HeaderMap) -> Result<(), Error> {
    let is_named = |name| headers.contains_key(name);
    if !is_named("odata-maxversion") && !is_named("odata-version") {
        return Ok(());
    }
    let text = joined(headers, "odata-maxversion");
    let max = joined_version(&text);
    if !text.is_empty() && max.is_none_or(|max| max < (4, 0)) {
        return Err(Error::InvalidHeader {
            name: "OData-MaxVersion",
            reason: "answers are of version 4.0; ask for that or more".to_owned(),
        });
    }
    let text = joined(headers, "odata-version");
    let is_known = matches!(joined_version(&text), Some((4, 0 | 1)));
    if !text.is_empty() && !is_known {
        return Err(Error::InvalidHeader {
            name: "OData-Version",
            reason: "bodies are read in version 4.0 or 4.01".to_owned(),
        });
    }
    Ok(())
}

/// `4.0` and `4.01`.
fn joined_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Refuses bodies that are not JSON. Windows PowerShell calls a JSON text a form unless told
/// otherwise, so a form that begins like an object is read all the same.
///
/// # Errors
/// `UnsupportedMediaType` saying how to send JSON, `Encoding` for what is not UTF-8.
pub fn body_type(headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
    let text = joined(headers, header::CONTENT_TYPE.as_str());
    let media = text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_object = || body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let charset = Accepted::of(&text).parameters.into_iter().find(|(name, _)| name == "charset");
    let is_utf8 = charset.is_none_or(|(_, charset)| charset.eq_ignore_ascii_case("utf-8"));
    let is_read = match media.as_str() {
        "application/json" | "text/json" => is_utf8,
        "application/x-www-form-urlencoded" | "" => is_object() && is_utf8,
        _ => false,
    };
    match std::str::from_utf8(body) {
        Ok(_) if is_read => Ok(()),
        Err(error) if is_read => Err(Error::Encoding {
            part: "body".to_owned(),
            reason: format!(
                "it is not UTF-8 from byte {} on (in PowerShell: -ContentType 'application/json; \
                 charset=utf-8')",
                error.valid_up_to()
            ),
        }),
        _ => Err(Error::UnsupportedMediaType {
            reason: "the body must be JSON in UTF-8; send 'Content-Type: application/json' (in \
                     PowerShell: -ContentType application/json)"
                .to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    const MASHUP: &str = "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7";

    #[track_caller]
    fn check(accept: &str, want: &str) {
        let got = json(&headers(&[("accept", accept)]), None);
        let got = got.map_or_else(|error| error.code().to_owned(), |json| json.content_type);
        assert_eq!(got, want, "{accept}");
    }

    #[test]
    fn json_is_written_as_it_was_asked_for() {
        check(MASHUP, "application/json;odata.metadata=minimal");
        check("*/*", "application/json");
        check("text/html,application/xhtml+xml,*/*;q=0.8", "application/json");
        check(
            "application/json;metadata=full;IEEE754Compatible=true",
            "application/json;odata.metadata=full;IEEE754Compatible=true",
        );
        check(
            "application/json; odata.streaming=true; charset=UTF-8",
            "application/json;charset=utf-8",
        );
        check(
            "application/json;odata.metadata=none;q=0.1,application/json;q=0.5",
            "application/json",
        );
        check("", "application/json");
        for level in ["none", "minimal", "full"] {
            let json = format!("application/json;odata.metadata={level}");
            check(&json, &json);
            check(&json.replace("odata.", "").to_ascii_uppercase(), &json);
            check(&format!("{json};q=0.001,text/html"), &json);
        }
        check(
            "application/json;IEEE754Compatible=false;ExponentialDecimals=true",
            "application/json",
        );
        check("application/json;metadata=\"none\"", "application/json;odata.metadata=none");
        check("text/html,application/*;q=0.3", "application/json");
        check("application/json;metadata=full;q=0.3,*/*;q=0.4", "application/json");
        check(
            "application/json;metadata=full;q=0.5,*/*;q=0.4",
            "application/json;odata.metadata=full",
        );
        check(
            "application/*;q=0.1,*/*;q=0,application/json;metadata=none;q=0.05",
            "application/json",
        );
        for bad in [
            "application/xml",
            "text/plain",
            "application/json;q=0",
            "application/json;odata.metadata=most",
            "application/json;x=1",
            "image/*",
            "application/json;charset=latin1",
            "application/json;odata=verbose",
            "application/json;q=0,*/*",
            "application/*;q=0,*/*;q=0.5",
            "*/*;q=0",
            "application/json;q=2",
            "application/json;q=nan",
        ] {
            check(bad, "NotAcceptable");
        }
    }

    #[test]
    fn the_format_option_wins_over_the_header() {
        let xml = headers(&[("accept", "application/xml")]);
        for (format, want) in [
            ("json", Ok("application/json")),
            ("JSON;odata.metadata=full", Ok("application/json;odata.metadata=full")),
            (
                "json; metadata=none;charset=utf-8",
                Ok("application/json;odata.metadata=none;charset=utf-8"),
            ),
            ("json;odata.metadata=most", Err("NotAcceptable")),
            ("jsonx;odata.metadata=full", Err("NotAcceptable")),
            ("*/*", Ok("application/json")),
            ("application/json;odata.metadata=none", Ok("application/json;odata.metadata=none")),
            ("atom", Err("NotAcceptable")),
            ("xml", Err("NotAcceptable")),
        ] {
            let got = json(&xml, Some(format));
            let got = got.as_ref().map(|json| json.content_type.as_str()).map_err(Error::code);
            assert_eq!(got, want, "{format}");
        }
    }

    #[test]
    fn readers_that_do_not_expect_utf8_get_escapes() {
        let windows =
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1";
        let core =
            "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.5.0";
        for (pairs, want, is_ascii) in [
            (&[("user-agent", windows)][..], "application/json", true),
            (&[("user-agent", core)], "application/json", false),
            (&[("accept-charset", "iso-8859-1")], "application/json", true),
            (&[("accept-charset", "iso-8859-1, *;q=0.1")], "application/json", false),
            (&[("accept-charset", "utf-8;q=0")], "application/json", true),
            (
                &[("accept-charset", "utf-8"), ("user-agent", windows)],
                "application/json;charset=utf-8",
                false,
            ),
            (
                &[("accept", "application/json;charset=UTF-8"), ("user-agent", windows)],
                "application/json;charset=utf-8",
                false,
            ),
        ] {
            let got = json(&headers(pairs), None).unwrap();
            assert_eq!(
                (got.content_type.as_str(), got.format.ascii),
                (want, is_ascii),
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn metadata_is_xml_unless_only_json_will_do() {
        for (accept, want) in [
            (MASHUP, Ok(())),
            ("", Ok(())),
            ("*/*", Ok(())),
            ("application/json,*/*;q=0.1", Ok(())),
            ("application/json", Err("NotImplemented")),
            ("text/html", Err("NotAcceptable")),
        ] {
            let got = metadata(&headers(&[("accept", accept)]), None);
            assert_eq!(got.map_err(|error| error.code()), want, "{accept}");
        }
        assert!(metadata(&headers(&[("accept", "application/json")]), Some("xml")).is_ok());
    }

    #[test]
    fn old_versions_are_refused() {
        for (name, value, is_fine) in [
            ("odata-maxversion", "4.0", true),
            ("odata-maxversion", "4.01", true),
            ("odata-maxversion", "5.0", true),
            ("odata-maxversion", "3.0", false),
            ("odata-maxversion", "x", false),
            ("odata-version", "4.01", true),
            ("odata-version", "3.0", false),
            ("maxdataserviceversion", "3.0", true),
        ] {
            assert_eq!(versions(&headers(&[(name, value)])).is_ok(), is_fine, "{name}: {value}");
        }
    }

    #[test]
    fn a_body_is_json_whatever_powershell_calls_it() {
        let of = |media, body: &[u8]| body_type(&headers(&[("content-type", media)]), body).is_ok();
        assert!(of("application/json; charset=utf-8", b""));
        assert!(of("application/x-www-form-urlencoded", b" {\"a\":1}"));
        assert!(!of("application/x-www-form-urlencoded", b"a=1"));
        assert!(!of("application/json;charset=latin1", b"{}"));
        assert!(!of("text/xml", b"{}"));
        let error = body_type(&headers(&[("content-type", "text/xml")]), b"").unwrap_err();
        assert!(error.to_string().contains("-ContentType application/json"));
    }
}

//! What the headers ask for: format, version, preferences, preconditions.
//!
//! Source: OData 4.01 Part 1, 8.1 and 8.2; JSON Format 4.01, 3.

use warp::http::{HeaderMap, header};

use crate::{
    error::Error,
    odata::json::{Format, Level},
};

/// A payload's format and how `Content-Type` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonType {
    /// The parameters that change the payload.
    pub format: Format,
    /// The media type with the parameters that were asked for, and no others.
    pub content_type: String,
}

/// What `Prefer` asks for and we can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `odata.maxpagesize`
    pub page_size: Option<u64>,
    /// `return`
    pub answer: Option<Answer>,
}

/// Whether a change is answered with what it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `return=minimal`: 204.
    Minimal,
    /// `return=representation`: the entity.
    Representation,
}

/// One entry of `Accept`.
struct Accepted<'a> {
    media: String,
    parameters: Vec<(String, &'a str)>,
    quality: f32,
}

/// Everything of a header that may come in several lines.
#[must_use]
pub fn joined(headers: &HeaderMap, name: &str) -> String {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.collect::<Vec<_>>().join(",")
}

/// The JSON format asked for by `$format`, else by `Accept`.
///
/// # Errors
/// `NotAcceptable` where nothing we write is asked for.
pub fn json(headers: &HeaderMap, format: Option<&str>) -> Result<JsonType, Error> {
    let refused = || Error::NotAcceptable {
        reason: "this resource comes as application/json; ask for that in 'Accept' or '$format'"
            .to_owned(),
    };
    let charset = joined(headers, "accept-charset").to_ascii_lowercase().contains("utf-8");
    if let Some(format) = format {
        let accepted = if format.eq_ignore_ascii_case("json") {
            Some(accepted("application/json"))
        } else {
            format.contains('/').then(|| accepted(format))
        };
        let json = accepted.as_ref().and_then(|accepted| json_type(accepted, charset));
        return json.ok_or_else(refused);
    }
    let accept = joined(headers, "accept");
    if accept.trim().is_empty() {
        return Ok(plain_json(charset));
    }
    let mut best: Option<(f32, JsonType)> = None;
    for entry in split_outside_quotes(&accept, ',') {
        let entry = accepted(entry);
        if let Some(json) = json_type(&entry, charset)
            && entry.quality > best.as_ref().map_or(0.0, |(quality, _)| *quality)
        {
            best = Some((entry.quality, json));
        }
    }
    best.map(|(_, json)| json).ok_or_else(refused)
}

/// Whether `$metadata` can be XML for this client.
///
/// # Errors
/// `NotImplemented` where only JSON will do, `NotAcceptable` where neither will.
pub fn metadata(headers: &HeaderMap, format: Option<&str>) -> Result<(), Error> {
    let asked = match format {
        Some("xml" | "XML") => "application/xml".to_owned(),
        Some("json" | "JSON") => "application/json".to_owned(),
        Some(format) => format.to_owned(),
        None => joined(headers, "accept"),
    };
    if asked.trim().is_empty() {
        return Ok(());
    }
    let entries: Vec<Accepted<'_>> =
        split_outside_quotes(&asked, ',').into_iter().map(accepted).collect();
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

/// Reads `Prefer`; what is unknown or makes no sense is passed over.
#[must_use]
pub fn preferences(headers: &HeaderMap) -> Preferences {
    let mut preferences = Preferences::default();
    let prefer = joined(headers, "prefer");
    for item in split_outside_quotes(&prefer, ',') {
        let item = item.split(';').next().unwrap_or(item);
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        match name.strip_prefix("odata.").unwrap_or(&name) {
            "maxpagesize" if preferences.page_size.is_none() => {
                preferences.page_size = value.parse().ok().filter(|size| *size > 0);
            }
            "return" if preferences.answer.is_none() => {
                preferences.answer = match value {
                    "minimal" => Some(Answer::Minimal),
                    "representation" => Some(Answer::Representation),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    preferences
}

/// Refuses bodies that are not JSON. Windows PowerShell calls a JSON text a form unless told
/// otherwise, so a form that begins like an object is read all the same.
///
/// # Errors
/// `UnsupportedMediaType` saying how to send JSON.
pub fn body_type(headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
    let text = joined(headers, header::CONTENT_TYPE.as_str());
    let media = text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let is_object = || body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    let charset = accepted(&text).parameters.into_iter().find(|(name, _)| name == "charset");
    let is_utf8 = charset.is_none_or(|(_, charset)| charset.eq_ignore_ascii_case("utf-8"));
    match media.as_str() {
        "application/json" | "text/json" if is_utf8 => Ok(()),
        "application/x-www-form-urlencoded" | "" if is_object() && is_utf8 => Ok(()),
        _ => Err(Error::UnsupportedMediaType {
            reason: "the body must be JSON in UTF-8; send 'Content-Type: application/json' (in \
                     PowerShell: -ContentType application/json)"
                .to_owned(),
        }),
    }
}

/// `media/type;name=value;q=0.5`
fn accepted(entry: &str) -> Accepted<'_> {
    let mut parts = split_outside_quotes(entry, ';').into_iter();
    let media = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let mut quality = 1.0;
    let mut parameters = Vec::new();
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
        if name == "q" {
            quality = value.parse().unwrap_or(0.0);
        } else if !name.is_empty() {
            parameters.push((name, value));
        }
    }
    Accepted { media, parameters, quality }
}

/// The JSON an entry asks for; `None` where it asks for something else or for what we do not know.
fn json_type(entry: &Accepted<'_>, mut charset: bool) -> Option<JsonType> {
    match entry.media.as_str() {
        "application/json" => {}
        "application/*" | "*/*" if entry.parameters.is_empty() => return Some(plain_json(charset)),
        _ => return None,
    }
    let mut format = Format::default();
    let mut parameters = String::new();
    for (name, value) in &entry.parameters {
        let value = value.to_ascii_lowercase();
        match (name.as_str(), value.as_str()) {
            ("odata.metadata" | "metadata", level) => {
                format.level = match level {
                    "none" => Level::None,
                    "minimal" => Level::Minimal,
                    "full" => Level::Full,
                    _ => return None,
                };
                parameters.push_str(";odata.metadata=");
                parameters.push_str(level);
            }
            ("ieee754compatible", "true") => {
                format.ieee754 = true;
                parameters.push_str(";IEEE754Compatible=true");
            }
            ("ieee754compatible", "false")
            | ("odata.streaming" | "streaming", "true" | "false") => {}
            ("charset", "utf-8") => charset = true,
            _ => return None,
        }
    }
    if charset {
        parameters.push_str(";charset=utf-8");
    }
    Some(JsonType { format, content_type: format!("application/json{parameters}") })
}

fn plain_json(charset: bool) -> JsonType {
    let content_type = if charset { "application/json;charset=utf-8" } else { "application/json" };
    JsonType { format: Format::default(), content_type: content_type.to_owned() }
}

/// Pieces between separators that do not stand within double quotes.
fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(|c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    })
    .collect()
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
        for bad in [
            "application/xml",
            "text/plain",
            "application/json;q=0",
            "application/json;odata.metadata=most",
            "application/json;x=1",
            "image/*",
        ] {
            check(bad, "NotAcceptable");
        }
    }

    #[test]
    fn the_format_option_wins_over_the_header() {
        let xml = headers(&[("accept", "application/xml")]);
        for (format, want) in [
            ("json", Ok("application/json")),
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
    fn preferences_are_taken_with_and_without_prefix() {
        let of = |prefer| preferences(&headers(&[("prefer", prefer)]));
        assert_eq!(of("odata.maxpagesize=5").page_size, Some(5));
        assert_eq!(of("respond-async, maxpagesize=7; x=y, return=minimal").page_size, Some(7));
        assert_eq!(of("return=minimal, return=representation").answer, Some(Answer::Minimal));
        for nonsense in ["maxpagesize=0", "maxpagesize=-1", "maxpagesize", "return=x", ",;="] {
            assert_eq!(of(nonsense), Preferences::default(), "{nonsense}");
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

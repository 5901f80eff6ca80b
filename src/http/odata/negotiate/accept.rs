//! `Accept`, `Accept-Charset` and `$format`: which JSON is wanted most.
//!
//! Source: RFC 9110, 12.5; OData JSON Format 4.01, 3.

use crate::odata::json::{Format, Level};

const CHARSET: &str = ";charset=utf-8";

/// A payload's format and how `Content-Type` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonType {
    /// The parameters that change the payload.
    pub format: Format,
    /// The media type with the parameters that were asked for, and no others.
    pub content_type: String,
}

impl JsonType {
    /// Whether the answer says that it is UTF-8.
    #[must_use]
    pub fn names_charset(&self) -> bool {
        self.content_type.ends_with(CHARSET)
    }

    fn plain(is_utf8_asked: bool) -> Self {
        let charset = if is_utf8_asked { CHARSET } else { "" };
        Self { format: Format::default(), content_type: format!("application/json{charset}") }
    }
}

/// One entry of `Accept`: `media/type;name=value;q=0.5`.
pub(super) struct Accepted<'a> {
    pub(super) media: String,
    pub(super) parameters: Vec<(String, &'a str)>,
    /// From 0, which refuses, to 1.
    pub(super) quality: f32,
}

impl<'a> Accepted<'a> {
    pub(super) fn all(header: &'a str) -> Vec<Self> {
        split_outside_quotes(header, ',').into_iter().map(Self::of).collect()
    }

    pub(super) fn of(entry: &'a str) -> Self {
        let mut parts = split_outside_quotes(entry, ';').into_iter();
        let media = parts.next().unwrap_or("").trim().to_ascii_lowercase();
        let mut quality = 1.0;
        let mut parameters = Vec::new();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            if name == "q" {
                let weight = value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
                quality = weight.unwrap_or(0.0);
            } else if !name.is_empty() {
                parameters.push((name, value));
            }
        }
        Self { media, parameters, quality }
    }

    /// How closely a wildcard or a plain `application/json` names what a wildcard would get.
    fn closeness(&self) -> Option<u8> {
        match self.media.as_str() {
            _ if !self.parameters.is_empty() => None,
            "application/json" => Some(3),
            "application/*" => Some(2),
            "*/*" => Some(1),
            _ => None,
        }
    }

    /// The JSON asked for; `None` where it is something else, or something we do not know.
    fn json(&self, is_utf8_asked: bool) -> Option<JsonType> {
        if self.media != "application/json" {
            return self.closeness().map(|_| JsonType::plain(is_utf8_asked));
        }
        let mut json = JsonType::plain(false);
        let mut names_charset = is_utf8_asked;
        for (name, value) in &self.parameters {
            let value = value.to_ascii_lowercase();
            match (name.as_str(), value.as_str()) {
                ("odata.metadata" | "metadata", level) => {
                    json.format.level = match level {
                        "none" => Level::None,
                        "minimal" => Level::Minimal,
                        "full" => Level::Full,
                        _ => return None,
                    };
                    json.content_type.extend([";odata.metadata=", level]);
                }
                ("ieee754compatible", "true") => {
                    json.format.ieee754 = true;
                    json.content_type.push_str(";IEEE754Compatible=true");
                }
                // Answers are written front to back in any case, and numbers never have exponents
                // where they need none.
                ("ieee754compatible", "false")
                | ("exponentialdecimals" | "odata.streaming" | "streaming", "true" | "false") => {}
                ("charset", "utf-8") => names_charset = true,
                _ => return None,
            }
        }
        if names_charset {
            json.content_type.push_str(CHARSET);
        }
        Some(json)
    }
}

/// What `$format` names: `json`, with parameters or without, or one media type.
pub(super) fn from_option(format: &str, is_utf8_asked: bool) -> Option<JsonType> {
    let (name, parameters) = match format.split_once(';') {
        Some((name, parameters)) => (name.trim(), format!(";{parameters}")),
        None => (format.trim(), String::new()),
    };
    if name.eq_ignore_ascii_case("json") {
        return Accepted::of(&format!("application/json{parameters}")).json(is_utf8_asked);
    }
    name.contains('/').then(|| Accepted::of(format).json(is_utf8_asked))?
}

/// The JSON of greatest quality; of several the first, for any the plain one.
pub(super) fn from_header(accept: &str, is_utf8_asked: bool) -> Option<JsonType> {
    if accept.trim().is_empty() {
        return Some(JsonType::plain(is_utf8_asked));
    }
    let entries = Accepted::all(accept);
    let closest = entries.iter().filter_map(Accepted::closeness).max();
    let mut best: Option<(f32, JsonType)> = None;
    for entry in &entries {
        // The closest entry says what plain JSON is worth; a wildcard beside it is for the rest.
        let is_outdone = entry.closeness().is_some_and(|closeness| Some(closeness) != closest);
        if !is_outdone
            && let Some(json) = entry.json(is_utf8_asked)
            && entry.quality > best.as_ref().map_or(0.0, |(quality, _)| *quality)
        {
            best = Some((entry.quality, json));
        }
    }
    best.map(|(_, json)| json)
}

/// Whether an entry takes some JSON we write.
pub(super) fn is_json(entry: &Accepted<'_>) -> bool {
    entry.quality > 0.0 && entry.json(false).is_some()
}

/// Whether `Accept-Charset` names UTF-8.
pub(super) fn takes_utf8(charsets: &str) -> bool {
    Accepted::all(charsets).iter().any(|entry| entry.media == "utf-8" && entry.quality > 0.0)
}

/// Pieces between separators that do not stand within double quotes.
pub(super) fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(|c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    })
    .collect()
}

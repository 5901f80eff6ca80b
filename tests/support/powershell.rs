//! `Invoke-RestMethod`, emulated: what it sends and how it reads, by the sources of PowerShell 7 and
//! the habits of Windows PowerShell 5.1.

use regex::Regex;
use serde_json::Value;

use super::wire::exchange;

/// Which PowerShell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    /// 5.1, as Windows brings it.
    Windows,
    /// 7.x.
    Core,
}

/// What `-Body` was given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    /// Nothing.
    None,
    /// A text: sent as it is.
    Text(&'a str),
    /// A hashtable: sent as a form, or with `GET` as the query.
    Table(&'a [(&'a str, &'a str)]),
}

/// What a call came to: one object for each page.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) pages: Vec<Value>,
    pub(crate) content_type: String,
}

/// A call that threw; `details` is `$_.ErrorDetails.Message`.
#[derive(Debug)]
pub(crate) struct Thrown {
    pub(crate) status: u16,
    pub(crate) details: String,
    pub(crate) challenges: Vec<String>,
}

/// One session: `-Headers @{Authorization = "Bearer …"}` and an edition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PowerShell<'a> {
    pub(crate) edition: Edition,
    pub(crate) address: &'a str,
    pub(crate) token: &'a str,
}

impl PowerShell<'_> {
    /// `Invoke-RestMethod $uri`
    pub(crate) fn get(&self, uri: &str) -> Result<Output, Thrown> {
        self.call("GET", uri, Body::None, None, 1)
    }

    /// `Invoke-RestMethod $uri -FollowRelLink`
    pub(crate) fn follow(&self, uri: &str) -> Result<Output, Thrown> {
        self.call("GET", uri, Body::None, None, usize::MAX)
    }

    /// `Invoke-RestMethod $uri -Method … -Body … -ContentType …`
    pub(crate) fn send(
        &self,
        method: &str,
        uri: &str,
        body: Body<'_>,
        content_type: Option<&str>,
    ) -> Result<Output, Thrown> {
        self.call(method, uri, body, content_type, 1)
    }

    fn call(
        &self,
        method: &str,
        uri: &str,
        body: Body<'_>,
        content_type: Option<&str>,
        pages_max: usize,
    ) -> Result<Output, Thrown> {
        let mut headers = vec![("User-Agent", self.user_agent().to_owned())];
        if !self.token.is_empty() {
            headers.push(("Authorization", format!("Bearer {}", self.token)));
        }
        let (mut target, sent) = match body {
            Body::None => (uri.to_owned(), String::new()),
            Body::Text(text) => (uri.to_owned(), text.to_owned()),
            Body::Table(table) if method == "GET" => {
                let separator = if uri.contains('?') { '&' } else { '?' };
                (format!("{uri}{separator}{}", form(table)), String::new())
            }
            Body::Table(table) => (uri.to_owned(), form(table)),
        };
        if let Some(content_type) = content_type {
            headers.push(("Content-Type", content_type.to_owned()));
        } else if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
        }
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut output = Output { pages: Vec::new(), content_type: String::new() };
        loop {
            // Blanks are escaped by the URI class.
            let answer =
                exchange(self.address, method, &target.replace(' ', "%20"), &headers, &sent);
            assert!(
                !(300..400).contains(&answer.status) || answer.status == 304,
                "{target}: after a redirect the token would be gone"
            );
            let ty = answer.headers.get("content-type").map_or("", |value| value.to_str().unwrap());
            let text = self.decoded(ty, &answer.body);
            if !(200..300).contains(&answer.status) {
                let challenges = answer.all("www-authenticate").into_iter().map(str::to_owned);
                let (status, challenges) = (answer.status, challenges.collect());
                return Err(Thrown { status, details: text, challenges });
            }
            ty.clone_into(&mut output.content_type);
            output.pages.push(object(ty, &text));
            match answer.headers.get("link").and_then(|link| next(link.to_str().unwrap())) {
                Some(next) if output.pages.len() < pages_max => target = next,
                _ => return Ok(output),
            }
        }
    }

    fn user_agent(&self) -> &'static str {
        match self.edition {
            Edition::Windows => {
                "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.1"
            }
            Edition::Core => {
                "Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.19045; en-US) PowerShell/7.5.0"
            }
        }
    }

    /// Bytes as text: by the charset that is named, else UTF-8 for JSON in 7 and Latin-1 in 5.1.
    fn decoded(&self, content_type: &str, body: &str) -> String {
        let is_utf8 = content_type.to_ascii_lowercase().contains("charset=utf-8");
        if is_utf8 || self.edition == Edition::Core {
            body.to_owned()
        } else {
            body.bytes().map(char::from).collect()
        }
    }
}

/// The page's next one: only the first `rel` right after its address counts.
pub(crate) fn next(link: &str) -> Option<String> {
    let pattern = Regex::new(r#"<(?<url>.*?)>;\s*rel="?(?<rel>[^",;]*)"?"#).unwrap();
    let found = pattern.captures_iter(link).find(|found| &found["rel"] == "next");
    found.map(|found| found["url"].to_owned())
}

/// JSON by its content type alone; anything else as the text it is.
fn object(content_type: &str, text: &str) -> Value {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    if media != "application/json" || text.is_empty() {
        return Value::String(text.to_owned());
    }
    let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    check_keys(&value);
    value
}

/// `ConvertFrom-Json` throws on names that differ only by case, and on empty ones.
pub(crate) fn check_keys(value: &Value) {
    match value {
        Value::Object(members) => {
            let mut seen = std::collections::BTreeSet::new();
            for (name, member) in members {
                assert!(!name.is_empty(), "an empty name in {value}");
                assert!(seen.insert(name.to_lowercase()), "'{name}' twice, ignoring case: {value}");
                check_keys(member);
            }
        }
        Value::Array(items) => items.iter().for_each(check_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn form(table: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let bytes = text.bytes().map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        });
        bytes.collect::<String>()
    };
    let pairs = table.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

//! One line per request: what was asked, what came of it, how long it took, and never a secret.

use std::{net::IpAddr, time::Duration};

use warp::http::{Method, StatusCode, Uri};

use super::credentials::decoded;
use crate::auth::secret;

/// Longest path written, bytes.
const PATH_BYTES_MAX: usize = 200;
/// Most query options named.
const OPTIONS_MAX: usize = 12;
/// Longest name of an option written, bytes.
const OPTION_BYTES_MAX: usize = 32;

/// What a line tells.
#[derive(Debug)]
pub struct Line<'a> {
    /// Who asked; behind a trusted proxy whom it names.
    pub client: IpAddr,
    /// The method as sent.
    pub method: &'a Method,
    /// The address as sent; of its query only the names are written.
    pub uri: &'a Uri,
    /// The answer's status.
    pub status: StatusCode,
    /// From the end of the headers to the end of the answer.
    pub took: Duration,
    /// The prefix of the token in use, where one was accepted.
    pub token: Option<&'a str>,
    /// Bytes of the answer's body that were sent.
    pub bytes: u64,
    /// False where that is not the whole body.
    pub is_complete: bool,
}

impl Line<'_> {
    /// Writes the line, at level info.
    pub fn write(&self) {
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let micros = u32::try_from(self.took.as_micros()).unwrap_or(u32::MAX);
        tracing::info!(
            client = %self.client,
            method = self.method.as_str(),
            path = safe(self.uri.path(), PATH_BYTES_MAX),
            options = self.uri.query().map(option_names),
            status = self.status.as_u16(),
            duration_ms = f64::from(micros) / 1000.0,
            token = self.token,
            bytes = self.bytes,
            complete = (!self.is_complete).then_some(false),
            "request"
        );
    }
}

/// The names in a raw query, joined by commas.
fn option_names(query: &str) -> String {
    let mut names = String::new();
    for (at, option) in query.split('&').enumerate() {
        if at == OPTIONS_MAX {
            names.push_str(",...");
            break;
        }
        if at > 0 {
            names.push(',');
        }
        let name = option.split('=').next().unwrap_or_default();
        names.push_str(&safe(name, OPTION_BYTES_MAX));
    }
    names
}

/// Printable ASCII of `text`, at most `max` bytes, with everything from a token on left out.
fn safe(text: &str, max: usize) -> String {
    let cut = &text.as_bytes()[..text.len().min(max)];
    let mut out: String =
        cut.iter().map(|b| if b.is_ascii_graphic() { char::from(*b) } else { '?' }).collect();
    let find = |text: &str| secret::find(&text.to_ascii_lowercase());
    let is_hidden = || text.contains('%') && find(&decoded(text)).is_some();
    if let Some(start) = find(&out) {
        out.truncate(start);
        out.push_str("[left out]");
    } else if is_hidden() {
        "[left out]".clone_into(&mut out);
    } else if text.len() > max {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_short_plain_and_without_tokens() {
        for (path, want) in [
            ("/odata/Tickets(7)", "/odata/Tickets(7)"),
            ("/odata/Tickets%20x", "/odata/Tickets%20x"),
            ("/odata/tsr_ro_abc", "/odata/[left out]"),
            ("/odata/TSR_ro_abc", "/odata/[left out]"),
            ("/session/tss_abc", "/session/[left out]"),
            ("/session/tsl_abc", "/session/[left out]"),
            ("/x/%74sr_ro_abc", "[left out]"),
            ("/x/ts%72_ro_abc", "[left out]"),
            ("/\u{9b}31m", "/??31m"),
        ] {
            assert_eq!(safe(path, PATH_BYTES_MAX), want);
        }
        assert_eq!(safe("/123456789", 4), "/123...");
    }

    #[test]
    fn of_a_query_only_names_are_written() {
        assert_eq!(option_names("$filter=Title eq 'a'&$top=5"), "$filter,$top");
        assert_eq!(option_names("tsr_ro_abc"), "[left out]");
        assert_eq!(option_names(""), "");
        assert_eq!(option_names(&"a&".repeat(20)), format!("{},...", ["a"; 12].join(",")));
    }
}

//! `Prefer`, and `Preference-Applied` for what was done of it.
//!
//! Source: RFC 7240; OData 4.01 Part 1, 8.2.8. Read and passed over: `include-annotations` (there
//! are none to leave out or add), `respond-async`, `continue-on-error`, `track-changes`.

use warp::http::{HeaderMap, HeaderName, HeaderValue};

use super::{accept::split_outside_quotes, joined};
use crate::http::Response;

const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What `Prefer` asks for and we can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// `maxpagesize`
    pub page_size: Option<u64>,
    /// `return`
    pub answer: Option<Answer>,
    /// `omit-values`
    pub omit: Option<Omit>,
    /// `wait`, seconds
    pub wait: Option<u64>,
    /// `tessera.explain`
    pub explain: bool,
    /// What was understood, as it was written.
    words: Vec<(Preference, String)>,
}

/// Whether a change is answered with what it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `return=minimal`: 204.
    Minimal,
    /// `return=representation`: the entity.
    Representation,
}

/// Which values may be left out. `$metadata` publishes no default, so a client can fill in none but null,
/// and both come to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omit {
    /// `omit-values=nulls`
    Nulls,
    /// `omit-values=defaults`
    Defaults,
}

/// A preference we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// `maxpagesize`
    PageSize,
    /// `return`
    Answer,
    /// `omit-values`
    OmitValues,
    /// `wait`
    Wait,
    /// `tessera.explain`
    Explain,
}

impl Preferences {
    /// Tells the client that a preference, if it was asked for, was done; in the client's words.
    pub fn put_applied(&self, response: &mut Response, done: Preference) {
        let Some((_, words)) = self.words.iter().find(|(known, _)| *known == done) else { return };
        let headers = response.headers_mut();
        let before = headers.get(&APPLIED).and_then(|value| value.to_str().ok());
        let all = before.map_or_else(|| words.clone(), |before| format!("{before}, {words}"));
        if let Ok(all) = HeaderValue::from_str(&all) {
            headers.insert(APPLIED, all);
        }
    }
}

/// Reads `Prefer`; what is unknown or makes no sense is passed over, and of several the first counts.
#[must_use]
pub fn preferences(headers: &HeaderMap) -> Preferences {
    let mut preferences = Preferences::default();
    if !headers.contains_key("prefer") {
        return preferences;
    }
    let prefer = joined(headers, "prefer");
    for item in split_outside_quotes(&prefer, ',') {
        let item = item.split(';').next().unwrap_or(item);
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim().trim_matches('"');
        let known = match name.strip_prefix("odata.").unwrap_or(&name) {
            "maxpagesize" if preferences.page_size.is_none() => {
                preferences.page_size = value.parse().ok().filter(|size| *size > 0);
                preferences.page_size.map(|_| Preference::PageSize)
            }
            "return" if preferences.answer.is_none() => {
                preferences.answer = match value {
                    "minimal" => Some(Answer::Minimal),
                    "representation" => Some(Answer::Representation),
                    _ => None,
                };
                preferences.answer.map(|_| Preference::Answer)
            }
            "omit-values" if preferences.omit.is_none() => {
                preferences.omit = match value {
                    "nulls" => Some(Omit::Nulls),
                    "defaults" => Some(Omit::Defaults),
                    _ => None,
                };
                preferences.omit.map(|_| Preference::OmitValues)
            }
            "wait" if preferences.wait.is_none() => {
                preferences.wait = value.parse().ok();
                preferences.wait.map(|_| Preference::Wait)
            }
            "tessera.explain" if !preferences.explain => {
                preferences.explain = true;
                Some(Preference::Explain)
            }
            _ => None,
        };
        if let Some(known) = known {
            let words = if value.is_empty() { name } else { format!("{name}={value}") };
            preferences.words.push((known, words));
        }
    }
    preferences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::respond;

    fn of(prefer: &str) -> Preferences {
        preferences(&[("prefer".parse().unwrap(), prefer.parse().unwrap())].into_iter().collect())
    }

    #[test]
    fn preferences_are_taken_with_and_without_prefix() {
        assert_eq!(of("odata.maxpagesize=5").page_size, Some(5));
        assert_eq!(of("respond-async, maxpagesize=7; x=y, return=minimal").page_size, Some(7));
        assert_eq!(of("return=minimal, return=representation").answer, Some(Answer::Minimal));
        assert_eq!(of("Odata.Omit-Values=\"nulls\"").omit, Some(Omit::Nulls));
        assert_eq!(of("omit-values=defaults").omit, Some(Omit::Defaults));
        assert_eq!(of("respond-async, wait=10, wait=20").wait, Some(10));
        assert!(of("maxpagesize=2, Tessera.Explain").explain && !of("explain").explain);
        for nonsense in [
            "wait=",
            "wait=-1",
            "maxpagesize=0",
            "maxpagesize=-1",
            "maxpagesize",
            "return=x",
            "omit-values=x",
            ",;=",
        ] {
            assert_eq!(of(nonsense), Preferences::default(), "{nonsense}");
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        for other in ["odata.include-annotations=\"*\"", "respond-async", "track-changes"] {
            assert_eq!(of(other), Preferences::default(), "{other}");
        }
    }

    #[test]
    fn only_what_was_asked_and_done_is_told_in_the_words_it_was_asked_in() {
        let asked = of("return=minimal,odata.omit-values=nulls,maxpagesize=7;x=y");
        let mut response = respond::empty(200);
        asked.put_applied(&mut response, Preference::OmitValues);
        asked.put_applied(&mut response, Preference::PageSize);
        of("").put_applied(&mut response, Preference::Answer);
        assert_eq!(response.headers()[APPLIED], "odata.omit-values=nulls, maxpagesize=7");
    }
}

//! How a client stands with its limit, and how that is told: in the headers of every answer.

use std::sync::Arc;

use warp::http::{HeaderName, HeaderValue};

use super::{
    bucket::{Bucket, Rate, WINDOW_SECS, whole_secs},
    share::Pass,
};
use crate::http::{Response, respond};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How much of a limit is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests a minute.
    pub per_minute: u64,
    /// Requests that may come at once now.
    pub left: u64,
    /// Seconds until it is as many as may ever be.
    pub full_in_secs: u64,
}

impl Standing {
    pub(super) fn of(bucket: Bucket, rate: Rate, now: u64) -> Self {
        Self {
            per_minute: rate.per_minute(),
            left: bucket.left(now, rate),
            full_in_secs: whole_secs(bucket.full_in(now)),
        }
    }

    /// Source: draft-ietf-httpapi-ratelimit-headers-11.
    fn put(self, response: &mut Response) {
        let Self { per_minute, left, full_in_secs } = self;
        let policy = format!(r#""default";q={per_minute};w={WINDOW_SECS}"#);
        let limit = format!(r#""default";r={left};t={full_in_secs}"#);
        for (name, text) in [(POLICY, policy), (LIMIT, limit)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}

/// What became known of who asks; told with the answer, whatever that is.
#[derive(Debug, Default)]
pub struct Known {
    /// What the log may call them.
    pub name: Option<String>,
    /// How they stand, where there is a limit.
    pub standing: Option<Standing>,
    /// That the request may run; kept until the last of its answer is sent.
    pub pass: Option<Arc<Pass>>,
}

/// In an answer's extensions: what lets its client send another request when it has ended.
#[derive(Clone, Debug)]
pub struct Held(pub Arc<Pass>);

impl Known {
    /// Tells it with `response`.
    pub fn put(self, response: &mut Response) {
        if let Some(standing) = self.standing {
            standing.put(response);
        }
        if let Some(name) = self.name {
            response.extensions_mut().insert(respond::TokenPrefix(name));
        }
        if let Some(pass) = self.pass {
            response.extensions_mut().insert(Held(pass));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_the_limit_and_what_is_left() {
        let mut response = respond::empty(204);
        let standing = Some(Standing { per_minute: 200, left: 49, full_in_secs: 1 });
        Known { standing, ..Known::default() }.put(&mut response);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("ratelimit-policy"), r#""default";q=200;w=60"#);
        assert_eq!(header("ratelimit"), r#""default";r=49;t=1"#);

        let mut silent = respond::empty(204);
        Known::default().put(&mut silent);
        assert!(silent.headers().is_empty());
    }
}

//! An HTTP client that shows statuses, headers and bodies as they are.

use std::fmt::Write as _;

use serde_json::Value;

/// A client with one token, or with none at all if that is empty.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_mins(2)))
            .build();
        Self { agent: config.into(), base: format!("http://{address}"), token: token.to_owned() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same with connections of its own.
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.base.trim_start_matches("http://"), &self.token)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).unwrap()
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], Some(body)).unwrap()
    }

    #[track_caller]
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("PATCH", path, &[], Some(body)).unwrap()
    }

    #[track_caller]
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).unwrap()
    }

    /// Sends a request; an error means that no whole answer came back. `path` may be a whole address.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, ureq::Error> {
        let address =
            if path.starts_with("http://") { path.into() } else { format!("{}{path}", self.base) };
        let mut request = ureq::http::Request::builder().method(method).uri(address);
        if !self.token.is_empty() {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            None => self.agent.run(request.body(())?),
            Some(body) => {
                let request = request.header("Content-Type", "application/json");
                self.agent.run(request.body(body.to_string())?)
            }
        };
        let (parts, mut body) = answer?.into_parts();
        let body = body.with_config().limit(1 << 30).read_to_vec()?;
        // The bare bytes of a value need not be text.
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// The number behind a `$count` address.
    #[track_caller]
    pub(crate) fn count(&self, path: &str) -> u64 {
        self.get(path).expect(200).body.trim().parse().unwrap()
    }

    /// Every entity behind an address, page by page along `@odata.nextLink`.
    #[track_caller]
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let mut page = self.get(&path).expect(200).json();
            next = page["@odata.nextLink"].as_str().map(ToOwned::to_owned);
            match page["value"].take() {
                Value::Array(items) => found.extend(items),
                other => panic!("no page at {path}: {other}"),
            }
        }
        found
    }
}

impl Answer {
    /// The answer, if it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// The answer, if the request was granted.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// The stable code of an error.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// Text as the value of a query option.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$'()*,:/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

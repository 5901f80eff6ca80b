//! Requests exactly as a program sends them: its own headers, no more, and no redirect followed.

use std::io::Read;

use super::client::Answer;

/// One request. `target` may be a path or a whole address.
#[track_caller]
pub(crate) fn exchange(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(std::time::Duration::from_mins(2)))
        .build()
        .into();
    let url =
        if target.contains("://") { target.into() } else { format!("http://{address}{target}") };
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let sent = if body.is_empty() {
        agent.run(request.body(()).unwrap())
    } else {
        agent.run(request.body(body).unwrap())
    };
    let (parts, mut received) = sent.unwrap().into_parts();
    let mut bytes = received.with_config().limit(1 << 30).read_to_vec().unwrap();
    let packed = parts.headers.get("content-encoding").map(|value| value.to_str().unwrap());
    match packed {
        None | Some("identity") => {}
        Some("gzip") => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut plain).unwrap();
            bytes = plain;
        }
        Some(other) => panic!("packed as {other}, which this program did not ask for"),
    }
    let body = String::from_utf8(bytes).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

impl Answer {
    /// Every value of a header, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

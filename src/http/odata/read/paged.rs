//! A page of a collection on its way out: its next link, and what of the preferences was done.

use std::{sync::Arc, time::Instant};

use warp::http::{HeaderValue, header};

use super::{Address, FIRST_BYTES, PIECE_BYTES, Preference, Read, negotiate, stream};
use crate::{
    error::Error,
    http::{Response, respond},
    model::Value,
    odata::{
        check::Checker,
        context::next_link,
        json::{Format, Text},
        service::Service,
        skip_token::Position,
    },
};

/// Longest `Link` header, bytes: it repeats the whole query, and clients and proxies take few KiB of headers.
const LINK_BYTES_MAX: usize = 4 << 10;

impl<S: Service> Read<S> {
    /// Items on the page at most.
    pub(super) fn page_size(&self) -> u64 {
        let settings = &self.feed.settings;
        let wanted = negotiate::preferences(&self.headers).page_size;
        wanted.unwrap_or(settings.page_size).min(settings.page_size_max)
    }

    /// The position this request continues at, if it does.
    ///
    /// # Errors
    /// `InvalidOption` for one that is not of this query.
    pub(super) fn position(&self) -> Result<Option<Position>, Error> {
        let Some(token) = &self.asked.options.skiptoken else { return Ok(None) };
        let key = self.feed.service.signing_key();
        self.address.seal(&key).decode(token).map(Some)
    }

    /// The link to what is behind a page that ends at `after`, and the number of items still wanted.
    pub(super) fn next_link(&self, after: Vec<Value>, top: Option<u64>) -> String {
        let key = self.feed.service.signing_key();
        let token = self.address.seal(&key).encode(&Position { after, top });
        let Address { origin, path, query } = &self.address;
        next_link(&format!("{origin}{path}"), query.as_deref(), &token)
    }

    /// A page with the headers that go with it.
    pub(super) fn paged(
        self: &Arc<Self>,
        checker: &Checker<'_>,
        pieces: impl Text + Send + 'static,
        next: Option<String>,
    ) -> Result<Response, Error> {
        let preferences = negotiate::preferences(&self.headers);
        let mut response = self.page(checker, pieces)?;
        if let Some(next) = next
            && let Some(link) = link(&next)
        {
            response.headers_mut().insert(header::LINK, link);
        }
        preferences.put_applied(&mut response, Preference::OmitValues);
        if preferences.page_size == Some(self.page_size()) {
            preferences.put_applied(&mut response, Preference::PageSize);
        }
        Ok(response)
    }

    /// Entities: whole where that is short or stays within this process, else piece by piece.
    pub(super) fn page(
        self: &Arc<Self>,
        checker: &Checker<'_>,
        mut pieces: impl Text + Send + 'static,
    ) -> Result<Response, Error> {
        let json = negotiate::json(&self.headers, self.asked.options.format.as_deref())?;
        let (format, key) = (json.format, self.feed.service.signing_key());
        let writer = self.writer(checker, format, &key);
        let Some(times) = self.times else {
            let whole = pieces.whole(&writer)?;
            return Ok(super::super::write::json(200, &json.content_type, whole));
        };
        let first = pieces.next(&writer, FIRST_BYTES)?;
        if pieces.is_done() {
            return Ok(super::super::write::json(200, &json.content_type, first));
        }
        let rest = Rest { read: Arc::clone(self), pieces, format, last: times.last };
        let mut response = stream::answer(first, rest, self.turns(), times.last.into());
        respond::set_type(&mut response, &json.content_type);
        Ok(response)
    }
}

/// The header beside `@odata.nextLink`; none where it would be too long for one.
fn link(next: &str) -> Option<HeaderValue> {
    let link = format!("<{next}>; rel=\"next\"");
    if link.len() > LINK_BYTES_MAX {
        return None;
    }
    HeaderValue::from_str(&link).ok()
}

/// What is left of a page.
struct Rest<S: Service, T> {
    read: Arc<Read<S>>,
    pieces: T,
    format: Format,
    last: Instant,
}

impl<S: Service, T: Text + Send + 'static> stream::Rest for Rest<S, T> {
    fn piece(&mut self) -> Result<Vec<u8>, Error> {
        let (read, checker) = (&self.read, self.read.checker());
        let _at_work = read.feed.tools.hands.at_work();
        let soon = Instant::now() + read.feed.settings.query_deadline;
        let key = read.feed.service.signing_key();
        let mut writer = read.writer(&checker, self.format, &key);
        writer.ctx.deadline = Some(soon.min(self.last));
        self.pieces.next(&writer, PIECE_BYTES)
    }

    fn is_done(&self) -> bool {
        self.pieces.is_done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path_bytes: usize, want: bool) {
        let next = format!("http://x/{}", "a".repeat(path_bytes));
        assert_eq!(link(&next).is_some(), want, "{path_bytes}");
    }

    #[test]
    fn a_query_that_is_too_long_for_a_header_is_in_the_body_alone() {
        check(7, true);
        check(LINK_BYTES_MAX - 100, true);
        check(LINK_BYTES_MAX, false);
        check(1 << 20, false);
    }
}

//! The page and what it is made of, embedded in the binary. The one home of rust-embed.
//!
//! Everything the page loads lies below `/ui/BUILD/`, where BUILD stands for the content of all files: such an address
//! never changes its answer, so a browser keeps it. Only the page itself is asked for each time, and it names the
//! addresses of this build. A debug build reads the files from the disk at every request, for whoever works on them.

mod bundle;
mod comments;
mod imports;
mod pages;
mod sheets;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rust_embed::RustEmbed;
use warp::http::{HeaderValue, Method, header};

use self::bundle::{Bundle, File, Source};
pub use self::{
    comments::without_comments,
    pages::{PAGES, is_page},
};
use super::{Request, Response, respond};
use crate::error::Error;

/// For what is asked for each time whether it still holds.
const ASK_FIRST: &str = "no-cache";
/// For what never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// How long what was read of the disk is served: a page asks for all its files in less.
const READ_EVERY: Duration = Duration::from_millis(500);

/// What is served: that of the binary, or in a debug build that of the disk as it was a moment ago.
fn current() -> Arc<Bundle> {
    static READ: Mutex<Option<(Instant, Arc<Bundle>)>> = Mutex::new(None);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    match &*read {
        Some((at, bundle)) if bundle.is_fixed() || at.elapsed() < READ_EVERY => Arc::clone(bundle),
        former => {
            let sources = sources();
            let bundle = match former {
                Some((_, bundle)) if bundle.is_of(&sources) => Arc::clone(bundle),
                Some(_) | None => Arc::new(Bundle::new(sources, !cfg!(debug_assertions))),
            };
            *read = Some((Instant::now(), Arc::clone(&bundle)));
            bundle
        }
    }
}

fn sources() -> Vec<Source> {
    let read = |name: String| {
        let file = Web::get(&name)?;
        Some(Source { name, digest: file.metadata.sha256_hash(), bytes: file.data.into_owned() })
    };
    Web::iter().filter_map(|name| read(name.into_owned())).collect()
}

/// Whether a request of which nothing is known is somebody's who looks at it in a browser.
#[must_use]
pub fn is_for_people(request: &Request) -> bool {
    request.method == Method::GET
        && request.header("accept").is_some_and(|accept| accept.contains("text/html"))
}

/// `GET` of any of [`PAGES`]: the page, which finds out from its address what to show. At any other address it comes
/// with 404, and says so.
///
/// # Errors
/// 405 for other methods.
pub fn page(request: &Request) -> Result<Response, Error> {
    shell(&current(), request)
}

/// `GET /ui/BUILD/...`: a file of the page.
///
/// # Errors
/// 404 where there is none, and for other builds; 405 for other methods.
pub fn asset(request: &Request) -> Result<Response, Error> {
    file(&current(), request)
}

fn shell(bundle: &Bundle, request: &Request) -> Result<Response, Error> {
    let shell = bundle.shell().ok_or_else(|| unknown(request))?;
    if is_page(request.path()) {
        return serve(request, shell, ASK_FIRST);
    }
    let mut response = respond::with_type(404, shell.content_type(), shell.body().plain());
    let cached = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, cached);
    Ok(response)
}

/// A file of another build is not found rather than one of this build in its place: modules of two builds must not
/// meet in one page. The page then loads itself anew.
fn file(bundle: &Bundle, request: &Request) -> Result<Response, Error> {
    let below = request.path().strip_prefix("/ui/").unwrap_or_default();
    let (build, name) = below.split_once('/').unwrap_or((below, ""));
    // On the disk the next file may already be of another build than the page that asks for it.
    let is_served = build == bundle.build() || !bundle.is_fixed();
    let file = bundle.file(name).filter(|_| is_served).ok_or_else(|| unknown(request))?;
    serve(request, file, if bundle.is_fixed() { FOREVER } else { ASK_FIRST })
}

fn unknown(request: &Request) -> Error {
    Error::NotFound { what: format!("page or file '{}'", request.path()) }
}

fn serve(request: &Request, file: &File, cached: &'static str) -> Result<Response, Error> {
    request.only_get()?;
    let is_known = request.header("if-none-match").is_some_and(|known| known.contains(file.tag()));
    let mut response = if is_known {
        respond::empty(304)
    } else {
        let mut response = respond::with_type(200, file.content_type(), file.body().plain());
        response.extensions_mut().insert(Arc::clone(file.body()));
        response
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(file.tag()) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    Ok(response)
}

#[cfg(test)]
mod tests;

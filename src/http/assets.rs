//! The page and what it needs, embedded in the binary. The one home of rust-embed.

use rust_embed::{EmbeddedFile, RustEmbed};
use warp::http::{HeaderValue, header};

use super::{Request, Response, respond};
use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "web/"]
struct Web;

/// `GET /`: the page.
///
/// # Errors
/// 405 for other methods.
pub fn page(request: &Request) -> Result<Response, Error> {
    serve(request, "index.html")
}

/// `GET /ui/...`: a file of the page.
///
/// # Errors
/// 404 where there is none, 405 for other methods.
pub fn asset(request: &Request) -> Result<Response, Error> {
    serve(request, request.path().strip_prefix("/ui/").unwrap_or_default())
}

fn serve(request: &Request, name: &str) -> Result<Response, Error> {
    let unknown = || Error::NotFound { what: format!("page or file '{}'", request.path()) };
    let content_type = content_type(name).ok_or_else(unknown)?;
    let file = Web::get(name).ok_or_else(unknown)?;
    request.only_get()?;
    let tag = entity_tag(&file);
    let mut response = if request.header("if-none-match").is_some_and(|known| known.contains(&tag))
    {
        respond::empty(304)
    } else {
        respond::with_type(200, content_type, file.data.into_owned())
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Only what the page is made of is served.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "html" => Some("text/html; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}

/// A strong entity tag with its quotes.
fn entity_tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let mut eight = [0; 8];
    eight.copy_from_slice(&hash[..8]);
    format!("\"{:016x}\"", u64::from_be_bytes(eight))
}

#[cfg(test)]
mod tests {
    use warp::http::Method;

    use super::*;
    use crate::http::request::fake;

    #[test]
    fn the_page_is_served_and_not_sent_again() {
        let first = page(&fake::request(Method::GET, "/", &[], &[])).unwrap();
        assert_eq!(first.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(first.headers()["cache-control"], "no-cache");
        let tag = first.headers()["etag"].to_str().unwrap();
        let again = fake::request(Method::GET, "/", &[("if-none-match", tag)], &[]);
        assert_eq!(page(&again).unwrap().status(), 304);
    }

    #[test]
    fn only_files_of_the_page_are_served() {
        let style = fake::request(Method::GET, "/ui/style.css", &[], &[]);
        assert_eq!(asset(&style).unwrap().status(), 200);
        for path in ["/ui/", "/ui/x.css", "/ui/../Cargo.toml", "/ui/%2e%2e/x.css", "/ui//etc/x.js"]
        {
            let error = asset(&fake::request(Method::GET, path, &[], &[])).unwrap_err();
            assert_eq!(error.code(), "NotFound", "{path}");
        }
        let post = fake::request(Method::POST, "/ui/style.css", &[], &[]);
        assert_eq!(asset(&post).unwrap_err().code(), "MethodNotAllowed");
    }

    #[test]
    fn the_page_needs_no_script_and_no_stranger() {
        for name in Web::iter() {
            let file = Web::get(&name).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            for banned in ["<script", "style=\"", "src=\"http", "url(http", "@import", "tsr_"] {
                assert!(!text.contains(banned), "{name} contains {banned}");
            }
        }
    }
}

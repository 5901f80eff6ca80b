use super::*;
use crate::http::request::fake;

fn bundle(main: &str, is_fixed: bool) -> Bundle {
    let index = "<head><link href=\"/ui/style.css\"></head><script src=\"/ui/main.js\"></script>";
    let files = [
        ("index.html", index),
        ("main.js", main),
        ("lib/a.js", "export const a = 1;"),
        ("style.css", "p {}"),
        ("notes.txt", "not for serving"),
    ];
    Bundle::new(files.into_iter().map(written).collect(), is_fixed)
}

fn written((name, text): (&str, &str)) -> Source {
    let digest = crate::hash::digest(text.as_bytes());
    Source { name: name.to_owned(), digest, bytes: text.as_bytes().to_vec() }
}

fn get(path: &str, headers: &[(&'static str, &str)]) -> Request {
    fake::request(Method::GET, path, headers, &[])
}

/// Status, `Cache-Control` and body of a file, or the code of the error.
fn asked(bundle: &Bundle, path: &str) -> Result<(u16, String), &'static str> {
    let response = file(bundle, &get(path, &[])).map_err(|error| error.code())?;
    let cached = response.headers()["cache-control"].to_str().unwrap();
    Ok((response.status().as_u16(), cached.to_owned()))
}

#[test]
fn the_page_names_the_addresses_of_its_build_and_what_it_will_need() {
    let bundle = bundle("import { a } from './lib/a.js';", true);
    let build = bundle.build();
    let shell = bundle.shell().unwrap();
    assert_eq!(
        std::str::from_utf8(shell.body().as_bytes()).unwrap(),
        format!(
            "<head><link href=\"/ui/{build}/style.css\">\
             \x20 <link rel=\"modulepreload\" href=\"/ui/{build}/lib/a.js\">\n\
             \x20 <link rel=\"modulepreload\" href=\"/ui/{build}/main.js\">\n\
             </head><script src=\"/ui/{build}/main.js\"></script>"
        )
    );
    let first = super::shell(&bundle, &get("/tickets/7", &[])).unwrap();
    assert_eq!(first.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(first.headers()["cache-control"], "no-cache");
    let tag = first.headers()["etag"].to_str().unwrap();
    let again = super::shell(&bundle, &get("/tickets/7", &[("if-none-match", tag)])).unwrap();
    assert_eq!(again.status(), 304);
}

#[test]
fn an_address_without_a_page_shows_it_with_404_to_people_only() {
    let html = [("accept", "text/html,*/*;q=0.8")];
    let there = super::shell(&bundle("1;", true), &get("/nowhere", &html)).unwrap();
    assert_eq!((there.status().as_u16(), there.headers().contains_key("etag")), (404, false));
    assert!(is_for_people(&get("/nowhere", &html)));
    assert!(!is_for_people(&get("/nowhere", &[("accept", "*/*")])));
    assert!(!is_for_people(&fake::request(Method::POST, "/nowhere", &html, &[])));
}

#[test]
fn a_file_is_kept_for_good_below_its_own_build_and_is_nowhere_else() {
    let (old, new) = (bundle("1;", true), bundle("2;", true));
    assert_ne!(old.build(), new.build());
    assert_eq!(new.build(), bundle("2;", true).build());
    let here = format!("/ui/{}/lib/a.js", new.build());
    assert_eq!(asked(&new, &here), Ok((200, FOREVER.to_owned())));
    assert_eq!(asked(&old, &here), Err("NotFound"));
    let root = format!("/ui/{}", new.build());
    for rest in ["", "/", "/x.js", "/notes.txt", "/index.html", "/../Cargo.toml", "//etc/x.js"] {
        assert_eq!(asked(&new, &format!("{root}{rest}")), Err("NotFound"), "{rest}");
    }
    for path in ["/ui/", "/ui/style.css", "/ui//style.css", "/ui/%2e%2e/x.css"] {
        assert_eq!(asked(&new, path), Err("NotFound"), "{path}");
    }
    let post = fake::request(Method::POST, &here, &[], &[]);
    assert_eq!(file(&new, &post).unwrap_err().code(), "MethodNotAllowed");
}

#[test]
fn files_on_the_disk_are_asked_for_again_whatever_build_the_page_was() {
    let disk = bundle("1;", false);
    for path in [format!("/ui/{}/main.js", disk.build()), "/ui/before/main.js".to_owned()] {
        assert_eq!(asked(&disk, &path), Ok((200, "no-cache".to_owned())));
    }
    assert_eq!(asked(&disk, "/ui/before/gone.js"), Err("NotFound"));
}

#[test]
fn few_modules_run_before_the_page_shows_anything_and_few_more_for_each_page() {
    let bundle = current();
    let text_of = |name: &str| std::str::from_utf8(bundle.file(name)?.body().as_bytes()).ok();
    // One more holds the texts, of one language.
    let first = imports::needed_by("main.js", text_of);
    assert!(first.len() < 20, "{first:#?}");
    let pages = text_of("main.js").unwrap().split("import('./").skip(1);
    let pages = pages.filter_map(|rest| rest.split('\'').next());
    let pages: Vec<&str> = pages.filter(|name| name.starts_with("pages/")).collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in pages {
        let own = imports::needed_by(page, text_of);
        let own: Vec<&String> = own.difference(&first).collect();
        assert!(own.len() <= 12, "{page} needs {} modules: {own:#?}", own.len());
    }
}

#[test]
fn a_bundle_is_made_anew_only_for_other_files() {
    const A: (&str, &str) = ("a.js", "1");
    const B: (&str, &str) = ("b.css", "p {}");
    #[track_caller]
    fn check(files: &[(&str, &str)], want: bool) {
        let bundle = Bundle::new([A, B].map(written).into(), false);
        let files: Vec<_> = files.iter().copied().map(written).collect();
        assert_eq!(bundle.is_of(&files), want);
    }
    check(&[B, A], true);
    check(&[A, B, ("notes.txt", "not served")], true);
    check(&[A], false);
    check(&[A, ("b.css", "p { }")], false);
    check(&[A, ("c.css", "p {}")], false);
}

//! What the page is made of keeps to its rules: small, its own, in two languages, and no text ever becomes markup.
//!
//! The same is seen in a browser by `tests/ui`, which needs Node; this needs nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use tessera::http::assets::without_comments;

/// Scripts and styles together, compressed.
const BYTES_MAX: usize = 150 << 10;
const LINES_MAX: usize = 250;
/// The one file that may turn a text into markup.
const MARKUP: &str = "lib/html.js";
/// The file that refuses templates which would; it names what it refuses.
const REFUSES: &str = "lib/compile.js";

/// Every file below `web/` by its name there.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("web");
    let mut found: Vec<(String, String)> = below(&root)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(found.len() > 3, "the page is not where this test looks");
    found
}

fn below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Files with one of these endings that hold one of these texts.
#[track_caller]
fn check_none(endings: &[&str], banned: &[&str], but: &[&str]) {
    let mut wrong = Vec::new();
    for (name, text) in files() {
        for (at, line) in text.lines().enumerate() {
            let found = banned.iter().find(|banned| line.contains(**banned));
            if let Some(found) =
                found.filter(|_| has_ending(&name, endings) && !but.contains(&name.as_str()))
            {
                wrong.push(format!("web/{name}:{} has {found}", at + 1));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn scripts_and_styles_are_small_together() {
    let (mut sizes, mut styles) = (Vec::new(), String::new());
    let packed = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap().len()
    };
    for (name, text) in files() {
        // Styles come as one file. A browser loads the texts of one language.
        if has_ending(&name, &["css"]) {
            styles += &without_comments(&text);
        } else if has_ending(&name, &["js"]) && !name.ends_with("de.js") {
            sizes.push((packed(&without_comments(&text)), name));
        }
    }
    sizes.push((packed(&styles), "style.css".to_owned()));
    sizes.sort();
    let all: usize = sizes.iter().map(|(size, _)| size).sum();
    assert!(all <= BYTES_MAX, "{all} bytes, more than {BYTES_MAX}; smallest first: {sizes:#?}");
}

#[test]
fn no_file_is_long() {
    let long = files().into_iter().filter(|(name, text)| {
        has_ending(name, &["js", "html"]) && text.lines().count() > LINES_MAX
    });
    assert_eq!(long.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn one_file_alone_makes_markup_of_text() {
    let banned = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
        "setHTMLUnsafe",
        "DOMParser",
        "srcdoc",
        "createPolicy",
        "eval(",
        "new Function",
    ];
    check_none(&["js", "html"], &banned, &[MARKUP, REFUSES]);
}

#[test]
fn markup_has_no_style_and_no_script_of_its_own() {
    check_none(&["js", "html"], &[" style=", "\"javascript:", "'javascript:", "`javascript:"], &[]);
    for (name, text) in files() {
        let handler = text.split_whitespace().find(|word| {
            let rest = word.strip_prefix("on").unwrap_or_default();
            let (event, value) = rest.split_once('=').unwrap_or_default();
            !event.is_empty()
                && event.bytes().all(|byte| byte.is_ascii_lowercase())
                && value.starts_with(['"', '\''])
        });
        assert_eq!(handler.filter(|_| has_ending(&name, &["html"])), None, "{name}");
        if has_ending(&name, &["html"]) {
            let scripts: Vec<&str> = text.matches("<script").collect();
            let own = text.matches("<script type=\"module\" src=\"/ui/").count();
            assert_eq!(scripts.len(), own, "{name} has a script that is not a file of ours");
        }
    }
}

#[test]
fn nothing_is_loaded_from_elsewhere_and_no_secret_is_among_it() {
    let strangers = ["src=\"http", "src=\"//", "url(http", "url(//", "url('http", "url(\"http"];
    check_none(&["js", "html", "css"], &strangers, &[]);
    check_none(&["css"], &["@import"], &[]);
    check_none(&["js"], &["from 'http", "from \"http", "import('http", "fetch('http"], &[]);
    // The page itself links its styles, its script and its icon.
    for (name, text) in files().into_iter().filter(|(name, _)| has_ending(name, &["html"])) {
        for link in text.match_indices("<link").map(|(at, _)| &text[at..]) {
            let link = &link[..link.find('>').unwrap()];
            assert!(link.contains("href=\"/ui/"), "{name}: {link}");
        }
    }
    for (name, text) in files() {
        let secret = text.match_indices("tsr_").find(|(at, _)| {
            let rest = &text[at + 4..];
            rest.chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                .count()
                > 30
        });
        assert_eq!(secret, None, "{name} holds what looks like a token");
    }
}

/// The keys of an object that a file of texts writes down, with their texts' names in braces.
fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut rest, mut key) = (text, None::<String>);
    while let Some(at) = rest.find(['\'', '"', '`', '/']) {
        let quote = rest.as_bytes()[at] as char;
        rest = &rest[at..];
        if quote == '/' {
            let end = match rest.as_bytes().get(1) {
                Some(b'*') => rest.find("*/").map_or(rest.len(), |end| end + 2),
                Some(b'/') => rest.find('\n').unwrap_or(rest.len()),
                _ => 1,
            };
            rest = &rest[end..];
            continue;
        }
        let mut end = 1;
        while rest.as_bytes()[end] as char != quote {
            end += if rest.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        let literal = &rest[1..end];
        rest = &rest[end + 1..];
        if rest.trim_start().starts_with(':') {
            key = Some(literal.to_owned());
            found.entry(literal.to_owned()).or_default();
        } else if let Some(key) = &key {
            let names = literal.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
            found.entry(key.clone()).or_default().extend(names.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_text_is_there_in_both_languages() {
    let texts: BTreeMap<String, String> =
        files().into_iter().filter(|(name, _)| name.starts_with("i18n/")).collect();
    let mut pairs = 0;
    for (name, english) in &texts {
        let other = match name.strip_suffix("en.js") {
            Some(start) => format!("{start}de.js"),
            None if name.ends_with("de.js") => {
                let english = name.replace("de.js", "en.js");
                assert!(texts.contains_key(&english), "{name} has no {english}");
                continue;
            }
            None => continue,
        };
        let german = texts.get(&other).unwrap_or_else(|| panic!("{name} has no {other}"));
        let (english, german) = (keys(english), keys(german));
        assert!(!english.is_empty(), "no text found in {name}");
        let differing = english
            .iter()
            .filter(|(key, names)| german.get(*key) != Some(names))
            .map(|(key, _)| key)
            .chain(german.keys().filter(|key| !english.contains_key(*key)));
        assert_eq!(differing.collect::<Vec<_>>(), Vec::<&String>::new(), "{name} against {other}");
        pairs += 1;
    }
    assert!(pairs > 0);
}

#[test]
fn keys_are_found_with_the_names_in_their_texts() {
    let got =
        keys("/* 'no': 1 */ x = { 'a.b': 'It\\'s {name}', // 'c': 2\n  'd': `{n} of {all}` };");
    let want = [("a.b", vec!["name"]), ("d", vec!["all", "n"])];
    let want = want.map(|(key, names)| {
        (key.to_owned(), names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>())
    });
    assert_eq!(got, BTreeMap::from(want));
}

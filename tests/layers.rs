//! The arrows of the architecture, held: who may name whom, and where each outside crate lives.

#![expect(clippy::unwrap_used, reason = "a test may fail where it cannot go on")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What every module may name.
const GROUND: [&str; 5] = ["error", "time", "id", "hash", "tally"];

/// A top-level module and the modules it may name beside the ground.
const ARROWS: [(&str, &[&str]); 16] = [
    ("error", &[]),
    ("time", &[]),
    ("id", &[]),
    ("hash", &[]),
    ("tally", &[]),
    ("model", &[]),
    ("query", &["model"]),
    ("odata", &["query", "model"]),
    ("auth", &["query", "model"]),
    ("search", &["query", "model"]),
    ("store", &["search", "query", "model"]),
    ("desk", &["auth", "store", "query", "model"]),
    ("transfer", &["desk", "auth", "store", "odata", "query", "model"]),
    ("config", &["auth"]),
    ("http", &["config", "desk", "auth", "store", "odata", "query", "model"]),
    ("local", &["http", "transfer", "config", "desk", "auth", "store", "query", "model"]),
];

/// An outside crate and the paths below `src/` that may name it.
const HOMES: [(&str, &[&str]); 22] = [
    ("nom", &["odata/"]),
    ("quick_xml", &["odata/", "http/connect/"]),
    ("regex", &["query/"]),
    ("sled", &["store/records/"]),
    ("imbl", &["store/root.rs", "store/columns/"]),
    ("roaring", &["store/columns/"]),
    ("memchr", &["store/columns/"]),
    ("tantivy", &["search/"]),
    ("warp", &["http/"]),
    ("hyper", &["http/"]),
    ("prometheus_client", &["http/metrics/"]),
    ("zstd", &["http/compress/"]),
    ("tokio_rustls", &["http/serve/"]),
    ("rustls_pki_types", &["http/serve/"]),
    ("ipnet", &["auth/"]),
    ("rust_embed", &["http/assets/"]),
    ("rand", &["id.rs"]),
    ("rayon", &["odata/json/hands.rs"]),
    ("blake3", &["hash.rs"]),
    ("argon2", &["auth/password.rs"]),
    ("clap", &["cli/"]),
    ("indicatif", &["cli/"]),
];

/// Layers that take values and return values: no files, no network, no waiting.
const PURE: [&str; 4] = ["model", "query", "odata", "auth"];
const IMPURE: [&str; 5] = ["tokio::", "std::fs", "std::net", "std::process", ".await"];

#[test]
fn no_module_names_one_it_must_not_know() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let top = top_of(&path);
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == top) else { continue };
        for named in names_after(&text, "crate::") {
            let known = is_module(&named);
            if known
                && named != top
                && !GROUND.contains(&named.as_str())
                && !allowed.contains(&named.as_str())
            {
                wrong.push(format!("{} names crate::{named}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_outside_crate_has_one_home() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let place = path.display().to_string();
        for (outside, homes) in HOMES {
            let named = text.lines().any(|line| names_crate(line, outside));
            if named && !homes.iter().any(|home| place.starts_with(home)) {
                wrong.push(format!("{place} names {outside}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_inner_layers_do_no_io_and_wait_for_nothing() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if PURE.contains(&top_of(&path).as_str()) {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|word| {
                        code.lines().any(|line| !is_comment(line) && line.contains(**word))
                    })
                    .map(|word| format!("{} has {word}", path.display())),
            );
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_module_stands_in_the_picture() {
    let tops: BTreeSet<String> = sources().iter().map(|(path, _)| top_of(path)).collect();
    let known = |top: &str| ARROWS.iter().any(|(module, _)| *module == top);
    let unknown: Vec<&String> = tops
        .iter()
        .filter(|top| !known(top) && !["cli", "main", "lib", "logging"].contains(&top.as_str()))
        .collect();
    assert!(unknown.is_empty(), "add to ARROWS: {unknown:?}");
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 50, "the sources are not where this test looks");
    found
}

fn collect(root: &Path, dir: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root).unwrap().to_owned(), text));
        }
    }
}

fn top_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn is_module(name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    root.join(name).is_dir() || root.join(format!("{name}.rs")).is_file()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The first names after `crate::`, those in `crate::{a, b}` included.
fn names_after(text: &str, prefix: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.insert(first_word(&word));
                        word.clear();
                    }
                    c if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            names.insert(first_word(&word));
        } else {
            names.insert(first_word(rest));
        }
    }
    names.remove("");
    names
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn names_crate(line: &str, outside: &str) -> bool {
    !is_comment(line)
        && line.match_indices(outside).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let follows = line[at + outside.len()..].starts_with("::");
            follows && !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
        })
}

#[test]
fn the_reader_of_arrows_sees_through_groups() {
    let text = "use crate::{\n error::Error,\n model::{Key, Row},\n time,\n};\ncrate::store::x();\n// crate::http";
    let names: Vec<String> = names_after(text, "crate::").into_iter().collect();
    assert_eq!(names, ["error", "model", "store", "time"]);
    assert!(names_crate("use sled::Db;", "sled") && names_crate("    sled::Config::new()", "sled"));
    assert!(!names_crate("use crate::sled::Db;", "sled") && !names_crate("// sled::Db", "sled"));
}

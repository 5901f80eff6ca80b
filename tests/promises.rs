//! Every test that the documentation names for a promise is there, by that name and in that place.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    path::{Path, PathBuf},
};

const PAGES: [&str; 2] = ["docs/security.md", "docs/reliability.md"];

/// Every source file with its text, by the words of its path: `["desk", "tests", "tokens", "door"]`.
fn sources() -> Vec<(Vec<String>, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["src", "tests"]
        .iter()
        .flat_map(|top| {
            files(&root.join(top))
                .into_iter()
                .map(|path| {
                    let text = fs::read_to_string(&path).unwrap();
                    let below = path.strip_prefix(root.join(top)).unwrap().with_extension("");
                    let words = below
                        .components()
                        .map(|word| word.as_os_str().to_str().unwrap().to_owned());
                    (words.filter(|word| word != "mod" && word != "main").collect(), text)
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    below.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The names in the columns of a page that are headed `Test`.
fn named(page: &str) -> Vec<String> {
    let (mut names, mut column) = (Vec::new(), None);
    for line in page.lines() {
        if !line.starts_with('|') {
            column = None;
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        match column {
            None => {
                column = Some(cells.iter().position(|cell| *cell == "Test").unwrap_or(usize::MAX));
            }
            Some(at) => {
                let quoted = cells.get(at).map_or("", |cell| *cell).split('`').skip(1).step_by(2);
                names.extend(quoted.map(str::to_owned));
            }
        }
    }
    names.retain(|name| {
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_:*".contains(letter))
    });
    names
}

/// Whether there is such a test, or such a module with tests in it.
fn exists(name: &str, sources: &[(Vec<String>, String)]) -> bool {
    let words: Vec<&str> =
        name.split("::").filter(|word| *word != "tests" && *word != "*").collect();
    let Some((last, place)) = words.split_last() else { return false };
    let in_place = |path: &[String], place: &[&str]| {
        let mut rest = path.iter().filter(|word| *word != "tests");
        place.iter().all(|word| rest.any(|there| there == word))
    };
    sources.iter().any(|(path, text)| {
        let is_test = in_place(path, place) && text.contains(&format!("fn {last}("));
        let is_module = in_place(path, &words) && text.contains("#[test]");
        is_test || is_module
    })
}

#[test]
fn every_test_that_keeps_a_promise_is_there() {
    let sources = sources();
    for page in PAGES {
        let text = fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let names = named(&text);
        assert!(names.len() > 25, "{page}: {names:?}");
        let gone: Vec<&String> = names.iter().filter(|name| !exists(name, &sources)).collect();
        assert!(gone.is_empty(), "{page} names what is not there: {gone:#?}");
    }
}

#[test]
fn a_test_that_is_not_there_is_missed() {
    let sources = sources();
    for gone in
        ["promises::no_such_test", "doors::a_test_that_is_not_there_is_missed", "nowhere::tests"]
    {
        assert!(!exists(gone, &sources), "{gone}");
    }
    assert!(exists("promises::a_test_that_is_not_there_is_missed", &sources));
}

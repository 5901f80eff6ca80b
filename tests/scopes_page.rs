//! `docs/scopes.md` is what the routes of the server say, no more and no less.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write;

use regex::Regex;
use tessera::{
    http::{
        dialects::tikit::model::tikit,
        routes::{self, Door, Need, Refusal, Route},
    },
    model::{Guard, helpdesk},
};

const HEAD: &str = "\
# What each address asks for

Made from the declarations the server runs on by `TESSERA_UPDATE_DOCS=1 cargo test --test scopes_page`; a test compares
the two, others knock at every address here with a token that holds everything but one scope. Which role holds which
scope is in [access.md](access.md), what the addresses do in [odata.md](odata.md).

- A key stands as its property: `Tickets(Id)`. `{property}` is any property without a scope of its own.
- `HEAD` asks for what `GET` does, and `/$value`, `/$count` and `/$ref` behind an address for what the address does.
- Whoever lacks a scope gets 403 `InsufficientScope` and its name. A scope in *italics* is needed to know a name of the
  address at all: without it the answer is 404 `UnknownResource`, as for a name that does not exist.
- *any token* is whoever is let in at all: what is told is what the caller may read.
- A path may go on through navigation properties; each set it comes to asks for what reading it asks for.
- A body or option that names a property asks for that property's scope too.
";

fn page() -> String {
    let routes = routes::all().unwrap();
    let mut page = HEAD.to_owned();
    let below = |root: &str, route: &Route| route.path.starts_with(&format!("{root}/"));
    let is_fixed = |route: &&Route| !below("/odata", route) && !below("/api", route);
    table(&mut page, "## Beside the feed", &routes.iter().filter(is_fixed).collect::<Vec<_>>());
    for (root, model, title) in
        [("/odata", helpdesk(), "The feed"), ("/api", tikit(), "Tikit's API")]
    {
        let of_root: Vec<&Route> = routes.iter().filter(|route| below(root, route)).collect();
        let of_no_set = |route: &&Route| route.set.is_none();
        let general: Vec<&Route> = of_root.iter().copied().filter(of_no_set).collect();
        table(&mut page, &format!("## {title} at `{root}`"), &general);
        for set in model.sets.iter().filter(|set| !set.hidden) {
            let start = format!("{root}/{}", set.name);
            let is_below = |route: &&Route| {
                let rest = route.path.strip_prefix(&start);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '(']))
            };
            let of_set: Vec<&Route> = of_root.iter().copied().filter(is_below).collect();
            table(&mut page, &format!("### `{start}`"), &of_set);
            page.push_str(&guarded(set.guard));
        }
    }
    page
}

/// What of a set only some get to see.
fn guarded(guard: Option<Guard>) -> String {
    match guard {
        Some(Guard::Flagged { property, scope }) => {
            format!("\nEntities with `{property}` are there only for who holds `{scope}`.\n")
        }
        Some(Guard::OwnerOrShared { shared, .. }) => {
            format!("\nEverybody sees only their own and those with `{shared}`.\n")
        }
        Some(Guard::Own { scope, .. }) => {
            format!("\nWho does not hold `{scope}` sees only their own.\n")
        }
        None => String::new(),
    }
}

/// One line of a table: address and what it asks for, with the methods that do.
type Line = ((String, String), Vec<&'static str>);

fn table(page: &mut String, title: &str, routes: &[&Route]) {
    let mut lines: Vec<Line> = Vec::new();
    for route in routes {
        let of = (address(route), words(&route.door));
        if let Some(behind) = behind(&route.path) {
            // They need no line of their own, because the address before them has the same.
            let before = |it: &&&Route| it.path == behind && it.method == route.method;
            let same = routes.iter().find(before);
            assert!(same.is_none_or(|same| same.door == route.door), "{route:?}");
            continue;
        }
        if route.method == "HEAD" {
            continue;
        }
        match lines.iter_mut().find(|(line, _)| *line == of) {
            Some((_, methods)) if methods.contains(&route.method) => {}
            Some((_, methods)) => methods.push(route.method),
            None => lines.push((of, vec![route.method])),
        }
    }
    let head = "| Address | Methods | Scopes |\n|---|---|---|\n";
    write!(page, "\n{title}\n\n{head}").unwrap();
    for ((address, words), methods) in lines {
        writeln!(page, "| `{address}` | {} | {words} |", methods.join(", ")).unwrap();
    }
}

/// The address before `/$value` or `/$count`.
fn behind(path: &str) -> Option<&str> {
    path.strip_suffix("/$value").or_else(|| path.strip_suffix("/$count"))
}

/// The address without marks; properties that ask for nothing themselves go by one name.
fn address(route: &Route) -> String {
    let named = Regex::new(r"=@\w+").unwrap();
    let plain = named.replace_all(&route.path, "").replace('@', "");
    let asks_more = match &route.door {
        Door::Open | Door::Session => false,
        Door::Token(needs) => needs.iter().any(|need| need.refusal == Refusal::Unknown),
    };
    match plain.rsplit_once('/') {
        Some((entity, _)) if route.property.is_some() && !asks_more => {
            format!("{entity}/{{property}}")
        }
        _ => plain,
    }
}

fn words(door: &Door) -> String {
    let needs = match door {
        Door::Open => return "open to all".to_owned(),
        Door::Session => return "a session".to_owned(),
        Door::Token(needs) if needs.is_empty() => return "any token".to_owned(),
        Door::Token(needs) => needs,
    };
    let word = |need: &Need| {
        let marks = match need.refusal {
            Refusal::Scope => "",
            Refusal::Unknown => "*",
        };
        let own = need.or_own.map_or_else(String::new, |own| format!(" (one's own: `{own}`)"));
        format!("{marks}`{}`{marks}{own}", need.scope)
    };
    needs.iter().map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_page_of_scopes_is_what_the_server_asks_for() {
    let (path, page) = (format!("{}/docs/scopes.md", env!("CARGO_MANIFEST_DIR")), page());
    if std::env::var_os("TESSERA_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let told = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = told.lines().zip(page.lines()).find(|(told, made)| told != made);
    assert!(
        told == page,
        "docs/scopes.md is behind the model ({differs:?}): run TESSERA_UPDATE_DOCS=1 cargo test --test scopes_page"
    );
}

//! A real customer-service tracker goes in whole, and OData queries bring the right tickets out.
//!
//! The set and what is expected of it are described in `../shared/data/README.md`.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;
use support::{
    client::{Client, encode},
    run,
    server::Server,
    shared, token,
};

const TICKETS: u64 = 3736;
const COMMENTS: u64 = 11_638;
/// What the file and the feed name alike and a ticket must keep as it is.
const COMPARED: [&str; 11] = [
    "Title",
    "Description",
    "Status",
    "Resolution",
    "Priority",
    "Type",
    "Category",
    "RequesterEmail",
    "AssigneeEmail",
    "CreatedDateTime",
    "ResolvedDateTime",
];

/// Where the set lies.
fn set() -> Option<PathBuf> {
    Some(shared()?.join("data/titanium-support"))
}

/// A folder of its own with the imported set, and a token for it; the import runs once.
fn imported(set: &Path) -> (tempfile::TempDir, String) {
    static MASTER: OnceLock<(PathBuf, String)> = OnceLock::new();
    let (master, token) = MASTER.get_or_init(|| {
        let master = Path::new(env!("CARGO_TARGET_TMPDIR")).join("titanium");
        if master.exists() {
            fs::remove_dir_all(&master).unwrap();
        }
        fs::create_dir_all(&master).unwrap();
        import(&master, &set.join("tickets.jsonl.gz"));
        let token = token(&master);
        (master, token)
    });
    let dir = tempfile::tempdir().unwrap();
    copy(master, dir.path());
    (dir, token.clone())
}

/// Imports a file and gives everything that was said about it.
#[track_caller]
fn import(dir: &Path, file: &Path) -> String {
    let done = run(dir, &["import", file.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    done.out + &done.err
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The lines of what is expected that have a member of this name.
fn expected(set: &Path, member: &str) -> Vec<Value> {
    let text = fs::read_to_string(set.join("expected.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| !line[member].is_null()).collect()
}

/// The tickets of the set, as they lie in the file.
fn lines(set: &Path) -> impl Iterator<Item = Value> {
    let file = File::open(set.join("tickets.jsonl.gz")).unwrap();
    let unpacked = BufReader::new(flate2::read::GzDecoder::new(file));
    unpacked.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

#[test]
fn the_set_goes_in_whole() {
    let Some(set) = set() else { return };
    let (dir, token) = imported(&set);
    let server = Server::start(dir.path());
    let client = server.client(&token);
    assert_eq!(client.count("/odata/Tickets/$count"), TICKETS);
    assert_eq!(client.count("/odata/Comments/$count"), COMMENTS);
    assert!(client.count("/odata/Customers/$count?$filter=Email%20ne%20null") >= 1424);
    server.stop();
}

#[test]
fn every_filter_gives_its_count_and_its_ends() {
    let Some(set) = set() else { return };
    let (dir, token) = imported(&set);
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let filters = expected(&set, "filter");
    assert_eq!(filters.len(), 45);
    for line in &filters {
        check_filter(&client, line);
    }
}

#[track_caller]
fn check_filter(client: &Client, line: &Value) {
    let text = line["filter"].as_str().unwrap();
    let count = line["count"].as_u64().unwrap();
    let [first, last] = ["first", "last"].map(|end| line[end].as_array().unwrap());
    let filter = if text.is_empty() { String::new() } else { format!("&$filter={}", encode(text)) };
    let order = encode(line["orderby"].as_str().unwrap());
    let select = "/odata/Tickets?$select=ExternalReference&$count=true";

    let first_page = format!("{select}{filter}&$orderby={order}&$top=5");
    let explained = [("Prefer", "tessera.explain")];
    let page = client.send("GET", &first_page, &explained, None).unwrap().expect(200);
    // Only a text that no column has makes it look into rows.
    let plan = page.header("tessera-plan").to_owned();
    let looks_into_rows = !plan.contains(" rows |") || plan.contains("filter: row by row");
    assert_eq!(looks_into_rows, text.contains("Description"), "{text}: {plan}");
    let page = page.json();
    assert_eq!(page["@odata.count"], count, "{text}");
    assert_eq!(references(&page), *first, "{text}");
    assert_eq!(client.count(&format!("/odata/Tickets/$count?{filter}")), count, "{text}");

    let skip = count.saturating_sub(2);
    let end = format!("{select}{filter}&$orderby={order}&$skip={skip}");
    assert_eq!(references(&client.get(&end).expect(200).json()), *last, "{text}");

    let back = "CreatedDateTime%20desc,ExternalReference%20desc";
    let end = format!("{select}{filter}&$orderby={back}&$top=2");
    let mut backwards = references(&client.get(&end).expect(200).json());
    backwards.reverse();
    assert_eq!(backwards, *last, "{text}");
}

fn references(page: &Value) -> Vec<Value> {
    let tickets = page["value"].as_array().unwrap();
    tickets.iter().map(|ticket| ticket["ExternalReference"].clone()).collect()
}

#[test]
fn every_group_has_its_size() {
    let Some(set) = set() else { return };
    let (dir, token) = imported(&set);
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let groups = expected(&set, "groupby");
    assert_eq!(groups.len(), 7);
    for line in &groups {
        let by = line["groupby"].as_str().unwrap();
        let mut sum = 0;
        for group in line["counts"].as_array().unwrap() {
            let filter = filter_of_group(by, &group[0]);
            let path = format!("/odata/Tickets/$count?$filter={}", encode(&filter));
            assert_eq!(client.count(&path), group[1].as_u64().unwrap(), "{filter}");
            sum += group[1].as_u64().unwrap();
        }
        let is_whole = line["groups"]
            .as_u64()
            .is_none_or(|groups| groups == line["counts"].as_array().unwrap().len() as u64);
        assert!(!is_whole || sum == TICKETS, "{by}: {sum}");
        check_groups(&client, by, line);
    }
}

/// The same figures by `$apply`, in one answer.
#[track_caller]
fn check_groups(client: &Client, by: &str, line: &Value) {
    let is_month = by == "month of CreatedDateTime";
    let keys = if is_month { "Y,M" } else { by };
    let compute = "compute(year(CreatedDateTime) as Y,month(CreatedDateTime) as M)/";
    let compute = if is_month { compute } else { "" };
    let apply = format!("{compute}groupby(({keys}),aggregate($count as N))");
    let found = client.all(&format!("/odata/Tickets?$apply={}", encode(&apply)));
    let of = |group: &Value| match group.get("Y") {
        Some(year) => format!("{year}-{:02}", group["M"].as_u64().unwrap()).into(),
        None => group[by].clone(),
    };
    for wanted in line["counts"].as_array().unwrap() {
        let group = found.iter().find(|group| of(group) == wanted[0]);
        assert_eq!(group.unwrap()["N"], wanted[1], "{by}: {}", wanted[0]);
    }
    if let Some(groups) = line["groups"].as_u64() {
        assert_eq!(found.len() as u64, groups, "{by}");
    }
}

/// The filter that selects one group.
fn filter_of_group(by: &str, value: &Value) -> String {
    match (by, value.as_str()) {
        (_, None) => format!("{by} eq null"),
        ("month of CreatedDateTime", Some(month)) => {
            let (year, month) = month.split_once('-').unwrap();
            let month = month.trim_start_matches('0');
            format!("year(CreatedDateTime) eq {year} and month(CreatedDateTime) eq {month}")
        }
        (_, Some(text)) => format!("{by} eq '{}'", text.replace('\'', "''")),
    }
}

#[test]
fn following_the_links_shows_every_ticket_once() {
    let Some(set) = set() else { return };
    let (dir, token) = imported(&set);
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let orders = ["", "&$orderby=Priority,Title", "&$orderby=ResolvedDateTime%20desc"];
    for order in orders {
        let page_size = [("Prefer", "odata.maxpagesize=300")];
        let mut next = Some(format!("/odata/Tickets?$select=ExternalReference{order}"));
        let (mut pages, mut seen) = (0, BTreeMap::<String, u32>::new());
        while let Some(path) = next {
            let page = client.send("GET", &path, &page_size, None).unwrap().expect(200).json();
            for reference in references(&page) {
                *seen.entry(reference.as_str().unwrap().to_owned()).or_default() += 1;
            }
            pages += 1;
            next = page["@odata.nextLink"].as_str().map(ToOwned::to_owned);
        }
        assert_eq!((seen.len() as u64, pages), (TICKETS, 13), "{order}");
        assert!(seen.values().all(|count| *count == 1), "{order}");
    }
}

#[test]
fn no_text_is_trimmed_or_repaired() {
    let Some(set) = set() else { return };
    let (dir, token) = imported(&set);
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let by_reference = |entities: Vec<Value>| -> BTreeMap<String, Value> {
        let reference = |entity: &Value| entity["ExternalReference"].as_str().unwrap().to_owned();
        entities.into_iter().map(|entity| (reference(&entity), entity)).collect()
    };
    let select = COMPARED.join(",");
    let tickets = client.all(&format!("/odata/Tickets?$select=ExternalReference,{select}"));
    let tickets = by_reference(tickets);
    let comments = by_reference(client.all("/odata/Comments?$select=ExternalReference,Body"));
    assert_eq!(comments.len() as u64, COMMENTS);
    for given in lines(&set) {
        let id = given["Id"].as_str().unwrap();
        let kept = &tickets[id];
        for name in COMPARED {
            assert_eq!(kept[name], given[name], "{name} of {id}");
        }
        for comment in given["Comments"].as_array().unwrap() {
            let kept = &comments[&comment["Id"].to_string()];
            // The tracker has no text where somebody only added a file.
            let body = comment["Body"].as_str().unwrap_or_default();
            assert_eq!(kept["Body"], body, "comment {} of {id}", comment["Id"]);
        }
    }
}

#[test]
fn importing_again_changes_nothing() {
    let Some(set) = set() else { return };
    let (dir, _) = imported(&set);
    let before = run(dir.path(), &["check"]).ok();
    let said = import(dir.path(), &set.join("tickets.jsonl.gz"));
    assert!(said.contains("3736"), "{said}");
    let after = run(dir.path(), &["check"]).ok();
    assert_eq!(before, after, "{said}");
}

#[test]
fn an_export_imports_into_the_same_export() {
    let Some(set) = set() else { return };
    let (dir, _) = imported(&set);
    let tickets = run(dir.path(), &["export", "--set", "Tickets"]).ok();
    assert_eq!(tickets.lines().count() as u64, TICKETS);
    let first = run(dir.path(), &["export"]).ok();
    let empty = tempfile::tempdir().unwrap();
    let file = empty.path().join("export.jsonl");
    fs::write(&file, &first).unwrap();
    let data = empty.path().join("data");
    let said = import(&data, &file);
    let second = run(&data, &["export"]).ok();
    let differ = first.lines().zip(second.lines()).find(|(first, second)| first != second);
    assert_eq!(differ, None, "{said}");
    assert!(first == second, "{said}");
    run(&data, &["check"]).ok();
}

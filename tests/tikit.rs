//! Scripts written for Tikit, run against the real binary with only host and token changed.
//!
//! The contract is collected in `../shared/spec/dialects/tikit.md`.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{fmt::Write, fs, process::Command};

use serde_json::{Value, json};
use support::{
    client::{Client, encode},
    powershell::{Edition, PowerShell},
    run,
    server::Server,
    token,
};
use tessera::{
    http::dialects::tikit::model::{ours, tikit},
    model::{Relation, helpdesk},
};

/// More than a page of the feed holds.
const TICKETS: usize = 1200;

/// A helpdesk in which every text that needs a right of its own says which.
struct Desk {
    server: Server,
    token: String,
    dir: tempfile::TempDir,
}

impl Desk {
    fn start() -> Self {
        Self::with(&[]).0
    }

    /// With further tokens, one for each list of scopes.
    fn with(scopes: &[&str]) -> (Self, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for at in 1..=TICKETS {
            let ticket = json!({
                "Id": at, "Title": format!("Ticket {at}"), "Description": format!("Text of {at}"),
                "Type": if at % 2 == 0 { "Incident" } else { "Service request" },
                "Status": if at % 10 == 0 { "Closed" } else { "Open" },
                "Category": "Hardware", "Source": "Portal", "Team": "needs teams:read",
                "RequesterName": "needs customers:read", "RequesterEmail": "ada@customers.read",
                "AssigneeName": "needs users:read", "AssigneeEmail": "bob@users.read",
                "Comments": if at > 100 { json!([]) } else { json!([
                    {"Body": "needs comments:read", "AuthorEmail": "ada@customers.read"},
                    {"Body": "needs notes:read", "IsInternal": true, "AuthorEmail": "bob@users.read"},
                ]) },
            });
            writeln!(lines, "{ticket}").unwrap();
        }
        let file = dir.path().join("tickets.jsonl");
        fs::write(&file, lines).unwrap();
        run(dir.path(), &["import", file.to_str().unwrap()]).ok();
        let token = token(dir.path());
        let make = |scopes: &&str| {
            let args = ["token", "create", "--name", "weak", "--role", "Administrator", "--scopes"];
            run(dir.path(), &[&args[..], &[*scopes]].concat()).ok().trim_end().to_owned()
        };
        let tokens = scopes.iter().map(make).collect();
        let server = Server::start(dir.path());
        (Self { server, token, dir }, tokens)
    }

    fn client(&self) -> Client {
        self.server.client(&self.token)
    }

    /// The bare body of `curl` with these arguments before the address.
    #[track_caller]
    fn curl(&self, args: &[&str], path: &str) -> Value {
        let bearer = format!("Authorization: Bearer {}", self.token);
        let address = format!("http://{}{path}", self.server.address);
        let common = ["-sS", "--fail-with-body", "-g", "-H", &bearer];
        let done = Command::new("curl").args(common).args(args).arg(address).output().unwrap();
        assert!(done.status.success(), "{path}: {}", String::from_utf8_lossy(&done.stdout));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// The one entity or the first of several.
    #[track_caller]
    fn first(&self, path: &str) -> Value {
        let mut body = self.client().get(path).expect(200).json();
        if body["value"].is_array() { body["value"][0].take() } else { body }
    }
}

#[test]
fn the_samples_for_curl_work() {
    let desk = Desk::start();
    let json = ["-H", "Accept: application/json"];
    let all = desk.curl(&json, "/api/ticket");
    assert_eq!(all["value"].as_array().unwrap().len(), TICKETS);
    assert!(all.get("@odata.nextLink").is_none());
    let one = desk.curl(&json, "/api/ticket/100");
    assert_eq!((&one["Id"], &one["Title"]), (&json!(100), &json!("Ticket 100")));
    assert_eq!((&one["Description"], &one["Closed"]), (&json!("Text of 100"), &json!(true)));
    for path in ["/api/Ticket/100", "/api/TICKET(100)", "/api/ticket(100)", "/api/Ticket(100)"] {
        assert_eq!(desk.curl(&[], path), one, "{path}");
    }
    let made_by_connector = ["-H", "x-requested-by: PowerAutomate"];
    let path = "/api/ticket/100?$expand=Requester,Assignee&$select=Title";
    let expanded = desk.curl(&made_by_connector, path);
    assert_eq!(expanded["Requester"]["EMailAddress"], "ada@customers.read");
    assert_eq!(expanded["Requester"]["Email"], "ada@customers.read");
    assert_eq!(expanded["Assignee"]["Email"], "bob@users.read");
    assert_eq!(expanded["Assignee"]["FullName"], "needs users:read");
}

#[test]
fn the_samples_for_powershell_work() {
    let desk = Desk::start();
    for edition in [Edition::Windows, Edition::Core] {
        let (address, token) = (desk.server.address.as_str(), desk.token.as_str());
        let shell = PowerShell { edition, address, token };
        // Invoke-RestMethod … | Select-Object -ExpandProperty value
        let all = shell.get("/api/ticket").unwrap();
        assert_eq!(all.pages[0]["value"].as_array().unwrap().len(), TICKETS);
        assert_eq!(shell.follow("/api/ticket").unwrap().pages.len(), 1);
        assert_eq!(shell.get("/api/ticket/100").unwrap().pages[0]["Id"], 100);
        let none = shell.get("/api/ticket?$filter=Id eq 0").unwrap();
        assert_eq!(none.pages[0]["value"], json!([]));
        let path = "/api/CdmUser?$filter=UserPrincipalName eq 'ada@customers.read'";
        let found = shell.get(path).unwrap().pages.remove(0);
        assert_eq!(found["value"][0]["Name"], "needs customers:read");
        let unknown = shell.get("/api/ticket/100?$select=Titel").unwrap_err();
        assert_eq!(unknown.status, 400);
        assert!(unknown.details.contains("did you mean 'Title'?"), "{}", unknown.details);
    }
}

#[test]
fn query_options_take_the_names_of_tikit() {
    let desk = Desk::start();
    let ty = desk.first("/api/TicketType?$filter=Value%20eq%20'Incident'");
    let id = ty["Id"].as_i64().unwrap();
    let client = desk.client();
    let half = TICKETS as u64 / 2;
    for (filter, want) in [
        (format!("TicketType eq {id}"), half),
        (format!("{id} eq TicketType"), half),
        (format!("TicketType ne {id}"), half),
        (format!("TicketTypeId eq {id}"), half),
        ("TicketType/Value eq 'Incident'".to_owned(), half),
        ("Status/Value eq 'Closed'".to_owned(), TICKETS as u64 / 10),
        ("Closed eq true".to_owned(), TICKETS as u64 / 10),
        ("Impact eq null and ImpactId eq null and not IsMerged".to_owned(), TICKETS as u64),
        (
            "Requester/Email eq 'ada@customers.read' and IsDeleted eq false".to_owned(),
            TICKETS as u64,
        ),
        ("Assignee/UserName eq 'x'".to_owned(), 0),
    ] {
        let path = format!("/api/Ticket/$count?$filter={}", encode(&filter));
        assert_eq!(client.count(&path), want, "{filter}");
    }
    let path = "/api/Ticket?$top=2&$skip=1&$count=true&$orderby=Id%20desc&$select=Id\
                &$expand=Status($select=Value),Comments";
    let page = client.get(path).expect(200).json();
    let (count, rows) = (&page["@odata.count"], page["value"].as_array().unwrap());
    assert_eq!((count, rows.len(), &rows[0]["Id"]), (&json!(TICKETS), 2, &json!(TICKETS - 1)));
    assert_eq!(rows[0]["Status"]["Value"], "Open");
    assert_eq!(rows[0]["Comments"], json!([]));
    let comments = client.get("/api/ticket/7/Comments").expect(200).json();
    assert_eq!(comments["value"][1]["Body"], "needs notes:read");
    assert_eq!(comments["value"][1]["IsPublic"], false);
}

#[test]
fn lists_and_reports_are_found_by_the_columns() {
    let desk = Desk::start();
    let client = desk.client();
    for query in [
        "$filter=Closed eq true and not IsMerged&$orderby=CreatedDate desc",
        "$filter=Status/Value eq 'Open' and Requester/Email ne null&$orderby=TicketType/Value",
        "$filter=Comments/any(c:c/IsPublic) and ImpactId eq null",
        "$search=ticket AND 7",
    ] {
        let path = format!("/api/Ticket?$top=5&{}", query.replace(' ', "%20"));
        let prefer = [("Prefer", "tessera.explain, wait=50")];
        let page = client.send("GET", &path, &prefer, None).unwrap().expect(200);
        let plan = page.header("tessera-plan");
        assert!(plan.starts_with("Tickets: ") && !plan.contains("row by row"), "{query}: {plan}");
        assert!(!plan.contains("every row"), "{query}: {plan}");
        assert!(!page.json()["value"].as_array().unwrap().is_empty(), "{query}");
    }
    let closed =
        "$apply=groupby((Status/Value,Closed),aggregate($count as Cnt,Id with max as Last))";
    let made =
        client.get(&format!("/api/Ticket?{}", closed.replace(' ', "%20"))).expect(200).json();
    let row = |at: usize| {
        let row = &made["value"][at];
        (row["Status"]["Value"].clone(), row["Closed"].clone(), row["Cnt"].clone())
    };
    let (open, shut) = (TICKETS - TICKETS / 10, TICKETS / 10);
    assert_eq!(row(0), (json!("Closed"), json!(true), json!(shut)));
    assert_eq!(row(1), (json!("Open"), json!(false), json!(open)));
    assert_eq!(made["value"][0]["Last"], json!(TICKETS));
}

#[test]
fn every_list_has_its_columns_and_what_we_lack_is_empty() {
    let desk = Desk::start();
    let client = desk.client();
    for (name, contains) in [
        ("Status", "Open"),
        ("Category", "Hardware"),
        ("Source", "Portal"),
        ("TicketType", "Incident"),
    ] {
        let path = format!("/api/{name}?$filter=IsArchived%20eq%20false");
        let values = client.get(&path).expect(200).json();
        let entry = values["value"].as_array().unwrap().iter().find(|one| one["Value"] == contains);
        let entry = entry.unwrap_or_else(|| panic!("no {contains} in {values}"));
        for column in ["Position", "IsDefault", "CreatedDate", "ModifiedDate", "Guid"] {
            assert!(!entry[column].is_null(), "{name}: {column}");
        }
        assert_eq!((&entry["IsSystem"], &entry["IsDeleted"]), (&json!(false), &json!(false)));
        assert!(entry["CreatedDate"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(desk.first("/api/supportgroup")["Name"], "needs teams:read");
    for name in ["Impact", "Urgency", "Escalation", "Group", "TicketTemplate"] {
        let path = format!("/api/{name}?$filter=IsArchived%20eq%20false");
        let path = if name.starts_with(['G', 'T']) { format!("/api/{name}") } else { path };
        assert_eq!(client.get(&path).expect(200).json()["value"], json!([]), "{name}");
        assert_eq!(client.get(&format!("/api/{name}/1")).expect(404).code(), "NotFound");
    }
    let files = client.get("/api/ticket/100/FileAttachments").expect(200).json();
    assert_eq!(files["value"], json!([]));
}

#[test]
fn the_service_describes_itself_below_its_own_root() {
    let desk = Desk::start();
    let client = desk.client();
    let base = format!("http://{}/api", desk.server.address);
    for path in ["/api", "/api/"] {
        let document = client.get(path).expect(200);
        assert_eq!(document.header("odata-version"), "4.0");
        assert_eq!(document.json()["@odata.context"], format!("{base}/$metadata"));
        assert_eq!(document.json()["value"][0]["name"], "Ticket");
    }
    let metadata = client.get("/api/$metadata").expect(200).body;
    assert!(
        metadata.contains(r#"Namespace="Tikit""#) && metadata.contains(r#"Name="EMailAddress""#)
    );
    assert!(!metadata.contains("IsInternal") && !metadata.contains("MergedIntoId"));
    let ticket = client.get("/api/ticket?$top=1").expect(200).json();
    assert_eq!(ticket["@odata.context"], format!("{base}/$metadata#Ticket"));
    let prefer = [("Prefer", "odata.maxpagesize=700")];
    let page = client.send("GET", "/api/ticket?$select=Id", &prefer, None).unwrap().expect(200);
    let next = page.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(next.starts_with(&format!("{base}/ticket?")), "{next}");
    assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\""));
    assert_eq!(client.get(&next).expect(200).json()["value"].as_array().unwrap().len(), 500);
}

#[test]
fn errors_are_those_of_odata_and_nothing_can_be_written() {
    let desk = Desk::start();
    let client = desk.client();
    assert_eq!(client.get("/api/ticket/9999").expect(404).code(), "NotFound");
    let unknown = client.get("/api/tickt").expect(404);
    assert!(unknown.body.contains("did you mean 'Ticket'?"), "{}", unknown.body);
    let nobody = Client::new(&desk.server.address, "tsr_no");
    assert_eq!(nobody.get("/api/ticket").expect(401).code(), "InvalidToken");
    for (method, path) in [("POST", "ticket"), ("PATCH", "ticket/1"), ("DELETE", "ticket(1)")] {
        let refused = client.send(method, &format!("/api/{path}"), &[], Some(&json!({}))).unwrap();
        assert_eq!((refused.status, refused.header("allow")), (405, "GET, HEAD"), "{method}");
    }
    drop(desk.dir);
}

/// What a right protects says its name, so an answer tells what it must not tell.
#[track_caller]
fn check_says_nothing(answer: &str, rights: &[&str], path: &str) {
    for right in ["customers:read", "users:read", "teams:read", "comments:read", "notes:read"] {
        let words = [format!("needs {right}"), format!("@{}", right.replace(':', "."))];
        let is_told = words.iter().any(|word| answer.contains(word.as_str()));
        assert!(rights.contains(&right) || !is_told, "{path} tells what needs {right}: {answer}");
    }
}

/// Every path and option by which something could be learned with these rights.
fn paths() -> Vec<String> {
    let mut paths = vec!["/api/$metadata".to_owned(), "/api".to_owned()];
    for set in &tikit().sets {
        let (structure, name) = (tikit().structure(set.ty), set.name);
        paths.extend([
            format!("/api/{name}?$top=3"),
            format!("/api/{name}/1"),
            format!("/api/{name}/2"),
        ]);
        for property in &structure.properties {
            let property = property.name;
            paths.push(format!("/api/{name}?$top=3&$select={property}"));
            paths.push(format!("/api/{name}?$top=3&$filter={property}%20ne%20null"));
            paths.push(format!("/api/{name}?$top=3&$orderby={property}"));
            paths.push(format!("/api/{name}/1/{property}"));
            paths.push(format!("/api/{name}/2/{property}/$value"));
        }
        for navigation in &structure.navigations {
            let nav = navigation.name;
            paths.push(format!("/api/{name}?$top=3&$expand={nav}"));
            paths.push(format!("/api/{name}/1/{nav}"));
            paths.push(format!("/api/{name}?$top=3&$filter={nav}%20ne%20null"));
            let there = tikit().entity_type(tikit().target(navigation).unwrap());
            for property in &there.properties {
                let property = property.name;
                let filter = match navigation.relation {
                    Relation::Reference { .. } => format!("{nav}/{property}%20ne%20null"),
                    Relation::Children { .. } => format!("{nav}/any(x:x/{property}%20ne%20null)"),
                };
                paths.push(format!("/api/{name}?$top=3&$filter={filter}"));
            }
        }
    }
    paths
}

#[test]
fn nobody_sees_by_these_names_what_they_may_not_see() {
    let rights =
        ["tickets:read", "tickets:read,comments:read", "customers:read", "teams:read,users:read"];
    let (desk, tokens) = Desk::with(&rights);
    let paths = paths();
    assert!(paths.len() > 1000);
    for (rights, token) in rights.iter().zip(&tokens) {
        let (client, held) = (desk.server.client(token), rights.split(',').collect::<Vec<_>>());
        for path in &paths {
            let answer = client.get(path);
            let is_known = [200, 204, 400, 403, 404].contains(&answer.status);
            assert!(is_known, "{path}: {} {}", answer.status, answer.body);
            check_says_nothing(&answer.body, &held, path);
        }
        for (id, set) in tikit().set_ids() {
            let scope = ours(id).map_or(set.scopes.read, |ours| helpdesk().set(ours).scopes.read);
            let want = if held.contains(&scope) { 200 } else { 403 };
            client.get(&format!("/api/{}", set.name)).expect(want);
        }
    }
    // Without the right to notes they are not counted either.
    let weak = desk.server.client(&tokens[1]);
    assert_eq!(weak.count("/api/Comments/$count"), 100);
    assert_eq!(desk.client().count("/api/Comments/$count"), 200);
    let all = desk.client().get("/api/ticket/1?$expand=*").expect(200).body;
    assert!(all.contains("needs notes:read") && all.contains("needs customers:read"));
}

//! Internal notes, asked for by every path there is: who may not read them gets the very answers of a
//! helpdesk that has none.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{fmt::Write, fs};

use serde_json::{Value, json};
use support::{
    client::{Client, encode},
    run,
    server::Server,
    token,
};

const TICKETS: u64 = 12;
/// Everything an agent reads but notes.
const SCOPES: &str = "tickets:read,comments:read,customers:read,users:read,teams:read,dashboard:read,\
                      tickets:delete";

/// A helpdesk, and who may read everything or everything but notes.
struct Desk {
    _dir: tempfile::TempDir,
    server: Server,
    all: Client,
    weak: Client,
}

impl Desk {
    /// Every second ticket has internal notes, or none has.
    fn new(has_notes: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for at in 1..=TICKETS {
            let day = |day: u64| format!("2026-03-{day:02}T08:00:00Z");
            let mut comments: Vec<Value> = (0..at % 3)
                .map(|number| {
                    json!({
                        "Id": at * 10 + number, "Body": format!("open words {at}"),
                        "AuthorEmail": "ann@example.org",
                        "CreatedDateTime": day(at + number), "UpdatedDateTime": day(at + number),
                    })
                })
                .collect();
            if has_notes && at % 2 == 0 {
                comments.extend((5..8).map(|number| {
                    json!({
                        "Id": at * 10 + number, "Body": format!("SECRET {at}"), "IsInternal": true,
                        "AuthorEmail": "bob@example.org",
                        "CreatedDateTime": day(at + number), "UpdatedDateTime": day(at + number),
                    })
                }));
            }
            let ticket = json!({
                "Id": at, "Title": format!("Ticket {at}"), "Description": "It is down.",
                "Status": if at % 4 == 0 { "Resolved" } else { "Open" }, "Team": "Network",
                "RequesterName": "Ann", "RequesterEmail": "ann@example.org",
                "AssigneeName": "Bob", "AssigneeEmail": "bob@example.org",
                "CreatedDateTime": day(at), "UpdatedDateTime": day(20), "Comments": comments,
            });
            writeln!(lines, "{ticket}").unwrap();
        }
        let file = dir.path().join("tickets.jsonl");
        fs::write(&file, lines).unwrap();
        run(dir.path(), &["import", file.to_str().unwrap()]).ok();
        let all = token(dir.path());
        let args =
            ["token", "create", "--name", "weak", "--role", "Administrator", "--scopes", SCOPES];
        let weak = run(dir.path(), &args).ok().trim_end().to_owned();
        let server = Server::start(dir.path());
        let (all, weak) = (server.client(&all), server.client(&weak));
        Self { _dir: dir, server, all, weak }
    }

    /// An answer, without what no two helpdesks have in common.
    #[track_caller]
    fn told(&self, client: &Client, address: &str) -> String {
        let (path, options) = address.split_once('?').unwrap_or((address, ""));
        let options = options.split('&').filter(|option| !option.is_empty());
        let mut query: Vec<String> = options
            .map(|option| {
                let (name, value) = option.split_once('=').unwrap();
                format!("{name}={}", encode(value))
            })
            .collect();
        let is_plain = path.ends_with("/$count") || address.contains("$format=");
        if !is_plain {
            query.push("$format=application/json;odata.metadata=none".to_owned());
        }
        let path = format!("{}?{}", path.replace(' ', "%20"), query.join("&"));
        let answer = client.send("GET", &path, &[("Prefer", "wait=50")], None).unwrap();
        let body = answer.body.replace(&self.server.address, "HOST");
        let body = match serde_json::from_str(&body) {
            Ok(mut json) => {
                strip(&mut json);
                json.to_string()
            }
            Err(_) => body,
        };
        format!("{} {body}", answer.status)
    }
}

/// Takes out what is another in every helpdesk.
fn strip(json: &mut Value) {
    match json {
        Value::Object(members) => {
            // People are made as the import runs.
            if members.contains_key("Email") {
                members.retain(|name, _| !name.ends_with("DateTime"));
            }
            members.retain(|name, _| !matches!(name.as_str(), "Guid" | "ChangedDateTime"));
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Addresses by which somebody who may read notes learns of them.
const TELLING: [&str; 58] = [
    "/odata/Comments",
    "/odata/Comments/$count",
    "/odata/Comments/$ref",
    "/odata/Comments?$count=true&$top=2",
    "/odata/Comments?$orderby=Body&$top=3",
    "/odata/Comments?$orderby=IsInternal desc,Id",
    "/odata/Comments?$filter=IsInternal",
    "/odata/Comments?$filter=contains(Body,'SECRET')",
    "/odata/Comments?$filter=startswith(tolower(Body),'secret') or Id eq 1",
    "/odata/Comments?$filter=AuthorName eq 'Bob'",
    "/odata/Comments?$search=secret",
    "/odata/Comments?$search=NOT open",
    "/odata/Comments?$skip=8&$top=5",
    "/odata/Comments?$compute=length(Body) as Size&$orderby=Size,Id",
    "/odata/Comments?$format=csv&$select=Id,Body,IsInternal,TicketId",
    "/odata/Comments(25)",
    "/odata/Comments(25)/Body",
    "/odata/Comments(25)/Ticket",
    "/odata/Tickets(2)/Comments",
    "/odata/Tickets(2)/Comments/$count",
    "/odata/Tickets(2)/Comments/$ref",
    "/odata/Tickets(2)/Comments(25)",
    "/odata/Tickets?$expand=Comments",
    "/odata/Tickets?$expand=Comments($count=true;$top=1;$orderby=Id desc)",
    "/odata/Tickets?$expand=Comments/$count",
    "/odata/Tickets?$expand=Comments/$ref",
    "/odata/Tickets?$expand=Comments($search=secret)",
    "/odata/Tickets?$expand=Comments($filter=contains(Body,'SECRET');$count=true)",
    "/odata/Customers(1)?$expand=Tickets($expand=Comments($filter=AuthorUserId eq $it/Id or true))",
    "/odata/Users?$expand=AssignedTickets($expand=Comments($select=Id))",
    "/odata/Tickets?$filter=Comments/any(c:contains(c/Body,'SECRET'))",
    "/odata/Tickets?$filter=Comments/any(c:c/IsInternal)",
    "/odata/Tickets?$filter=Comments/all(c:not c/IsInternal)",
    "/odata/Tickets?$filter=not Comments/any()",
    "/odata/Tickets?$filter=Comments/$count gt 2",
    "/odata/Tickets?$filter=Comments/$count($filter=IsInternal) gt 0",
    "/odata/Tickets?$orderby=Comments/$count desc,Id",
    "/odata/Tickets?$compute=Comments/$count as Cnt&$select=Id,Cnt",
    "/odata/Tickets?$search=secret",
    "/odata/Tickets?$search=sec*",
    "/odata/Tickets?$search=\"secret 4\" OR nowhere",
    "/odata/Tickets?$search=NOT secret",
    "/odata/Tickets/$count?$search=secret",
    "/odata/Tickets/$count?$filter=Comments/any(c:c/IsInternal)",
    "/odata/Tickets/$filter(@f)?@f=Comments/$count gt 2",
    "/odata/Customers?$filter=Tickets/any(t:t/Comments/any(c:c/IsInternal))",
    "/odata/Comments?$apply=aggregate($count as Cnt,Id with max as Last)",
    "/odata/Comments?$apply=groupby((IsInternal),aggregate($count as Cnt))",
    "/odata/Comments?$apply=groupby((Ticket/Status,AuthorName),aggregate($count as Cnt))",
    "/odata/Comments?$apply=search(secret)/aggregate($count as Cnt)",
    "/odata/Comments?$apply=topcount(3,Id)",
    "/odata/Comments?$apply=groupby((TicketId),topcount(1,Id))",
    "/odata/Comments?$apply=concat(aggregate($count as Cnt),groupby((AuthorKind)))",
    "/odata/Comments?$apply=groupby((TicketId),aggregate($count as Cnt))&$format=csv",
    "/odata/Tickets?$apply=aggregate(Comments/$count as Cnt)",
    "/odata/Tickets?$apply=filter(Comments/any(c:c/IsInternal))/groupby((Status),aggregate($count as Cnt))",
    "/odata/Tickets?$apply=groupby((Status),aggregate(Comments/$count as Cnt,Comments/$count with max as Most))",
    "/odata/Tickets?$apply=search(secret)/aggregate($count as Cnt)",
];

/// Addresses that tell nothing of notes to anybody, or by other names.
const OTHERS: [&str; 17] = [
    "/odata/Tickets",
    "/odata/Tickets?$orderby=CommentCount desc,Id&$select=Id,CommentCount",
    "/odata/Tickets?$filter=CommentCount gt 2",
    "/odata/Tickets?$apply=aggregate(CommentCount with sum as Cnt)",
    "/odata/Tickets?$apply=groupby((CommentCount),aggregate($count as Cnt))",
    "/odata/Tickets?$format=csv&$select=Id,Title,CommentCount,UpdatedDateTime",
    "/odata/TicketHistory",
    "/odata/TicketsByDay",
    "/odata/Customers",
    "/odata/Customers?$search=secret",
    "/odata/DeletedTickets",
    "/odata/Tickets?$filter=Comments/any(c:c/Ticket/Comments/any(d:d/Id eq 25))",
    "/odata/Comments(20)/Ticket?$expand=Comments",
    "/api/Comments",
    "/api/Comments?$filter=not IsPublic",
    "/api/Ticket?$expand=Comments&$filter=Comments/any(c:contains(c/Body,'SECRET'))",
    "/api/Ticket?$orderby=Comments/$count desc,Id",
];

#[test]
fn who_may_not_read_notes_gets_the_answers_of_a_helpdesk_without_any() {
    let (with, without) = (Desk::new(true), Desk::new(false));
    for address in TELLING.into_iter().chain(OTHERS) {
        let told = with.told(&with.weak, address);
        assert_eq!(told, without.told(&without.weak, address), "{address}");
        assert!(!told.contains("SECRET"), "{address}: {told}");
        let status = &told[..3];
        assert!(["200", "404"].contains(&status), "{address}: {told}");
    }
    // Or these addresses would prove nothing.
    for address in TELLING {
        let (all, weak) = (with.told(&with.all, address), with.told(&with.weak, address));
        assert!(all.starts_with("200") && all != weak, "{address}: {all}");
    }
}

//! Readers follow next links while writers change, create and delete: what did not change comes once, in order.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use support::{
    client::{Client, encode},
    run,
    server::Server,
    splitmix::SplitMix,
    token,
};

/// Tickets that nobody changes in what is sorted or filtered by.
const STILL: i64 = 150;
/// As many that are changed in everything, and deleted.
const RESTLESS: i64 = 150;
const WRITERS: u64 = 4;
const TITLES: [&str; 5] = ["äpfel", "Printer", "printer", "Zug", ""];
const PRIORITIES: [&str; 3] = ["Low", "High", "Urgent"];
const DAYS: [&str; 4] = ["2026-01-01", "2026-01-02", "2026-02-28", "2026-03-01"];

/// What is read, and in which order; by the set, the options, and the property its rows are known by.
const READ: [(&str, &str, &str); 12] = [
    ("Tickets", "", "Id"),
    ("Tickets", "$orderby=Id desc", "Id"),
    ("Tickets", "$orderby=Title", "Id"),
    ("Tickets", "$orderby=Title desc,Id desc&$filter=contains(Title,'r')", "Id"),
    ("Tickets", "$orderby=PriorityPosition desc", "Id"),
    ("Tickets", "$orderby=DueDateTime,Title desc", "Id"),
    (
        "Tickets",
        "$orderby=DueDateTime desc&$filter=Priority eq 'High' or DueDateTime eq null",
        "Id",
    ),
    ("Tickets", "$filter=Tags/any(t:t eq 'still')&$orderby=length(Title) desc", "Id"),
    ("Tickets", "$filter=TeamName eq 'Still'", "Id"),
    ("Tickets", "$orderby=CreatedDateTime desc&$count=true", "Id"),
    ("TicketTags", "$filter=Tag eq 'still' or Tag eq 'restless'", "TicketId"),
    ("TicketsByDay", "$orderby=OpenCount desc&$filter=TeamName eq 'Still'", "Id"),
];

fn ticket(random: &mut SplitMix, kind: &str) -> Value {
    let mut one =
        |of: &[&str]| of[usize::try_from(random.below(of.len() as u64)).unwrap()].to_owned();
    let (title, priority, due) = (one(&TITLES), one(&PRIORITIES), one(&DAYS));
    let due = if random.below(3) == 0 { Value::Null } else { json!(format!("{due}T12:00:00Z")) };
    let team = if kind == "still" { "Still" } else { "Restless" };
    json!({"Title": title, "Priority": priority, "DueDateTime": due, "Tags": [kind], "TeamName": team})
}

/// A folder with both kinds of tickets, the still ones first, and a token for it.
fn filled() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    let (token, mut random) = (token(dir.path()), SplitMix::new(7));
    let teams =
        ["Still", "Restless"].map(|name| json!({"@odata.type": "#Tessera.Team", "Name": name}));
    let tickets = (0..STILL + RESTLESS).map(|at| {
        let mut ticket = ticket(&mut random, if at < STILL { "still" } else { "restless" });
        let day = DAYS[usize::try_from(random.below(4)).unwrap()];
        ticket["CreatedDateTime"] = json!(format!("{day}T12:00:00Z"));
        ticket
    });
    let lines: String =
        teams.into_iter().chain(tickets).map(|line| line.to_string() + "\n").collect();
    let file = dir.path().join("all.jsonl");
    fs::write(&file, lines).unwrap();
    run(dir.path(), &["import", file.to_str().unwrap()]).ok();
    (dir, token)
}

/// Changes, creates and deletes until told to stop; still tickets get a comment or another description.
fn write(client: &Client, number: u64, (stop, written): (&AtomicBool, &AtomicU64)) {
    let mut random = SplitMix::new(number);
    // Each writer has its own, so that none is deleted under another.
    let mut own: Vec<i64> =
        (STILL + 1..=STILL + RESTLESS).filter(|id| id.unsigned_abs() % WRITERS == number).collect();
    while !stop.load(Ordering::SeqCst) {
        let pick =
            |random: &mut SplitMix, len: usize| usize::try_from(random.below(len as u64)).unwrap();
        let still = 1 + i64::try_from(random.below(STILL.unsigned_abs())).unwrap();
        match random.below(10) {
            0 => drop(
                client
                    .patch(
                        &format!("/odata/Tickets({still})"),
                        &json!({"Description": format!("{still}: {number}")}),
                    )
                    .ok(),
            ),
            1 => drop(
                client
                    .post(&format!("/odata/Tickets({still})/Comments"), &json!({"Body": "b"}))
                    .expect(201),
            ),
            2 if own.len() > 20 => {
                let id = own.swap_remove(pick(&mut random, own.len()));
                client.delete(&format!("/odata/Tickets({id})")).expect(204);
            }
            2..4 => {
                let made =
                    client.post("/odata/Tickets", &ticket(&mut random, "restless")).expect(201);
                own.push(made.json()["Id"].as_i64().unwrap());
            }
            _ => {
                let id = own[pick(&mut random, own.len())];
                client
                    .patch(&format!("/odata/Tickets({id})"), &ticket(&mut random, "restless"))
                    .ok();
            }
        }
        written.fetch_add(1, Ordering::SeqCst);
    }
}

/// What `READ` leads to, page by page: each row by the property it is known by. How many pages there were.
fn read(
    client: &Client,
    (set, options, name): (&str, &str, &str),
    size: u64,
) -> (Vec<String>, u64) {
    let options: Vec<String> = options
        .split('&')
        .filter_map(|option| option.split_once('='))
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let mut next = Some(format!("/odata/{set}?{}", options.join("&")));
    let prefer = format!("maxpagesize={size}");
    let (mut rows, mut pages) = (Vec::new(), 0);
    while let Some(address) = next {
        let page =
            client.send("GET", &address, &[("Prefer", &prefer)], None).unwrap().expect(200).json();
        rows.extend(page["value"].as_array().unwrap().iter().map(|row| row[name].to_string()));
        next = page["@odata.nextLink"].as_str().map(ToOwned::to_owned);
        pages += 1;
        assert!(pages < 10_000, "{set}?{}: pages without end", options.join("&"));
    }
    (rows, pages)
}

/// The rows of still tickets among others: those whose ids are the first, and the days of their team.
fn still(rows: Vec<String>) -> Vec<String> {
    let is_still = |row: &String| row.parse().map_or(true, |id: i64| id <= STILL);
    rows.into_iter().filter(is_still).collect()
}

#[test]
fn no_row_that_stays_is_missed_or_repeated_while_others_are_written() {
    let (dir, token) = filled();
    let server = Server::start(dir.path());
    let client = server.client(&token);
    let want = READ.map(|asked| still(read(&client, asked, 1000).0));
    for (asked, want) in READ.iter().zip(&want) {
        assert!(want.len() > 5, "{asked:?}");
        assert_eq!(want.iter().collect::<BTreeSet<_>>().len(), want.len(), "{asked:?}");
    }
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let seconds = support::number_from("TESSERA_PAGING_SECONDS", 4);
    let (rounds, pages) = std::thread::scope(|scope| {
        let (stop, written, want) = (&stop, &written, &want);
        for number in 0..WRITERS {
            let client = client.apart();
            scope.spawn(move || write(&client, number, (stop, written)));
        }
        let readers: Vec<_> = (0..3)
            .map(|reader| {
                let client = client.apart();
                scope.spawn(move || {
                    // Whatever goes wrong, the writers must end.
                    let _end = StopAtEnd(stop);
                    follow(&client, want, (reader, Duration::from_secs(seconds)))
                })
            })
            .collect();
        let mut sum = (0, 0);
        for reader in readers {
            let (rounds, pages) = reader.join().unwrap();
            sum = (sum.0 + rounds, sum.1 + pages);
        }
        sum
    });
    let written = written.load(Ordering::SeqCst);
    eprintln!("{rounds} times through all pages, {pages} pages, {written} changes meanwhile");
    assert!(written > 100 && pages > 500, "{written} changes, {pages} pages");
}

/// Reads all there is again and again for a while, at least once; how often, and how many pages there were.
fn follow(
    client: &Client,
    want: &[Vec<String>; READ.len()],
    (seed, time): (u64, Duration),
) -> (u64, u64) {
    let (mut random, begun, mut sum) = (SplitMix::new(seed), Instant::now(), (0, 0));
    // Readers begin at different queries, so that each gets its part.
    for at in usize::try_from(seed).unwrap() * 4.. {
        let (asked, want) = (READ[at % READ.len()], &want[at % READ.len()]);
        let (rows, pages) = read(client, asked, 3 + random.below(40));
        assert_eq!(&still(rows), want, "{asked:?}");
        sum = (sum.0 + 1, sum.1 + pages);
        if begun.elapsed() > time && sum.0 >= READ.len() as u64 {
            break;
        }
    }
    sum
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        // The first reader to end, well or not, ends the writing; the others read on what is then still.
        self.0.store(true, Ordering::SeqCst);
    }
}

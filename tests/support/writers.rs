//! Writers that remember what they were told, and the comparison with what is there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    splitmix::SplitMix,
};

/// What a writer knows of something it wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// It is there: we were told so, or saw it.
    There,
    /// The server ended before it answered.
    Unknown,
    /// It did not get there.
    Absent,
}

struct Ticket {
    reference: String,
    id: Option<i64>,
    knowledge: Knowledge,
    /// The version that was acknowledged.
    version: u64,
    /// A version sent and not acknowledged.
    pending: Option<u64>,
    comments: Vec<(String, Knowledge)>,
}

/// A client that creates tickets, changes them and comments on them.
pub(crate) struct Writer {
    number: u64,
    random: SplitMix,
    tickets: Vec<Ticket>,
    pub(crate) acknowledged: u64,
    pub(crate) unanswered: u64,
}

/// The properties of a version of a ticket: each tells the version, one of them a long text of its own.
fn content(reference: &str, version: u64) -> Value {
    let line = format!("{reference} in version {version}; ");
    let long = line.repeat(1 + usize::try_from(version % 40).unwrap());
    json!({"Title": format!("{reference} v{version}"), "Tags": [format!("v{version}")], "Description": long})
}

/// The body of a comment.
fn body(reference: &str) -> String {
    format!("said in {reference}. ").repeat(1 + reference.len() % 9)
}

impl Writer {
    pub(crate) fn new(number: u64, seed: u64) -> Self {
        let random = SplitMix::new(seed ^ number.wrapping_mul(0x1_0000_0001));
        Self { number, random, tickets: Vec::new(), acknowledged: 0, unanswered: 0 }
    }

    /// Writes one thing; whether the server answered.
    pub(crate) fn step(&mut self, client: &Client) -> bool {
        let there: Vec<usize> = (0..self.tickets.len())
            .filter(|at| self.tickets[*at].knowledge == Knowledge::There)
            .collect();
        let answered = if there.is_empty() || self.random.below(10) < 4 {
            self.create(client)
        } else {
            let at = there[usize::try_from(self.random.below(there.len() as u64)).unwrap()];
            if self.random.below(2) == 0 {
                self.change(client, at)
            } else {
                self.comment(client, at)
            }
        };
        let count = if answered { &mut self.acknowledged } else { &mut self.unanswered };
        *count += 1;
        answered
    }

    fn create(&mut self, client: &Client) -> bool {
        let reference = format!("w{}-{}", self.number, self.tickets.len());
        let mut ticket = content(&reference, 0);
        ticket["ExternalReference"] = json!(reference);
        let answer = client.send("POST", "/odata/Tickets", &[], Some(&ticket));
        let answer = granted(answer.ok(), 201);
        let id = answer.as_ref().map(|answer| answer.json()["Id"].as_i64().unwrap());
        let knowledge = if id.is_some() { Knowledge::There } else { Knowledge::Unknown };
        let comments = Vec::new();
        self.tickets.push(Ticket { reference, id, knowledge, version: 0, pending: None, comments });
        id.is_some()
    }

    fn change(&mut self, client: &Client, at: usize) -> bool {
        let ticket = &mut self.tickets[at];
        let version = ticket.version + 1;
        ticket.pending = Some(version);
        let path = format!("/odata/Tickets({})", ticket.id.unwrap());
        let answer = client.send("PATCH", &path, &[], Some(&content(&ticket.reference, version)));
        let Ok(answer) = answer else { return false };
        answer.ok();
        (ticket.version, ticket.pending) = (version, None);
        true
    }

    fn comment(&mut self, client: &Client, at: usize) -> bool {
        let ticket = &mut self.tickets[at];
        let reference = format!("{}-c{}", ticket.reference, ticket.comments.len());
        let comment = json!({"Body": body(&reference), "ExternalReference": reference});
        let path = format!("/odata/Tickets({})/Comments", ticket.id.unwrap());
        let answer = client.send("POST", &path, &[], Some(&comment));
        let is_there = granted(answer.ok(), 201).is_some();
        let knowledge = if is_there { Knowledge::There } else { Knowledge::Unknown };
        ticket.comments.push((reference, knowledge));
        is_there
    }
}

#[track_caller]
fn granted(answer: Option<Answer>, status: u16) -> Option<Answer> {
    answer.map(|answer| answer.expect(status))
}

/// Compares what is there with what a writer knows, and lets it know; how much of it is there.
pub(crate) fn check_writer(
    writer: &mut Writer,
    tickets: &BTreeMap<String, Value>,
    comments: &BTreeMap<String, Value>,
) -> usize {
    let mut count = 0;
    for ticket in &mut writer.tickets {
        let seen = tickets.get(&ticket.reference);
        settle(&mut ticket.knowledge, seen.is_some(), &ticket.reference);
        let Some(seen) = seen else { continue };
        count += 1;
        check_ticket(ticket, seen);
        let mut public = 0;
        for (reference, knowledge) in &mut ticket.comments {
            let seen = comments.get(reference);
            settle(knowledge, seen.is_some(), reference);
            let Some(seen) = seen else { continue };
            assert_eq!(seen["Body"], body(reference));
            assert_eq!(seen["TicketId"].as_i64(), ticket.id, "{reference}");
            public += 1;
        }
        assert_eq!(seen["CommentCount"], public, "{}", ticket.reference);
        count += public;
    }
    count
}

/// What was acknowledged, or once seen, is there; what never came is not there later.
fn settle(knowledge: &mut Knowledge, is_there: bool, reference: &str) {
    match (*knowledge, is_there) {
        (Knowledge::There, false) => panic!("{reference} was acknowledged and is lost"),
        (Knowledge::Absent, true) => panic!("{reference} was not there and came back"),
        (Knowledge::There, true) | (Knowledge::Absent, false) => {}
        (Knowledge::Unknown, true) => *knowledge = Knowledge::There,
        (Knowledge::Unknown, false) => *knowledge = Knowledge::Absent,
    }
}

/// All properties are of one version: the acknowledged one, or the one nobody answered for.
fn check_ticket(ticket: &mut Ticket, seen: &Value) {
    let id = seen["Id"].as_i64();
    assert!(ticket.id.is_none() || ticket.id == id, "{} is now {id:?}", ticket.reference);
    ticket.id = id;
    let versions = [Some(ticket.version), ticket.pending.take()];
    let found = versions.into_iter().flatten().find(|version| {
        let content = content(&ticket.reference, *version);
        ["Title", "Tags", "Description"].iter().all(|name| seen[name] == content[name])
    });
    ticket.version = found.unwrap_or_else(|| panic!("not one of {versions:?}: {seen}"));
}

//! Clients that send each change under an idempotency key until they hear an answer, two with the same
//! keys; and the comparison with what is there.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    client::{Answer, Client},
    splitmix::SplitMix,
};

/// Changes around one ticket: it is made, commented on, noted on and given another title.
const CYCLE: usize = 4;

/// One of two clients that make the same changes.
pub(crate) struct Keyed {
    pair: u64,
    random: SplitMix,
    /// What came back, change by change; all before it was answered, and what comes next may have been sent.
    answers: Vec<String>,
    /// Whether that was the answer to the change itself and not a replay.
    first_heard: Vec<bool>,
    /// The ticket of the present cycle.
    ticket: i64,
    pub(crate) replayed: u64,
}

/// The name of a change; it is in what the change makes, too.
fn key(pair: u64, at: usize) -> String {
    format!("pair-{pair}-change-{at}")
}

/// Everything of an answer that must be the same each time.
fn whole(answer: &Answer) -> String {
    let names = ["etag", "location", "odata-entityid", "content-type"];
    let header = |name: &&str| answer.headers.get(*name).map(|value| format!("{name}: {value:?}"));
    let headers: Vec<String> = names.iter().filter_map(header).collect();
    format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.body)
}

impl Keyed {
    pub(crate) fn new(pair: u64, seed: u64) -> Self {
        let random = SplitMix::new(seed);
        let (answers, first_heard) = (Vec::new(), Vec::new());
        Self { pair, random, answers, first_heard, ticket: 0, replayed: 0 }
    }

    /// Makes the next change, or asks again for one that was answered; whether the server answered.
    pub(crate) fn step(&mut self, client: &Client) -> bool {
        let next = self.answers.len();
        // Of the present cycle, because the address is that of its ticket.
        let again = next - next % CYCLE + usize::try_from(self.random.below(4)).unwrap();
        let at = if again < next { again } else { next };
        let Ok(answer) = self.send(client, at) else { return false };
        if answer.status == 409 {
            assert_eq!(answer.code(), "IdempotencyKeyInUse");
            std::thread::sleep(Duration::from_millis(1));
            return true;
        }
        let is_replayed = answer.headers.contains_key("idempotent-replayed");
        self.replayed += u64::from(is_replayed);
        let whole = whole(&answer);
        if at < next {
            assert!(is_replayed, "{} was made again", key(self.pair, at));
            assert_eq!(whole, self.answers[at], "{}", key(self.pair, at));
        } else {
            let answer = answer.ok();
            if at.is_multiple_of(CYCLE) {
                self.ticket = answer.json()["Id"].as_i64().unwrap();
            }
            self.answers.push(whole);
            self.first_heard.push(!is_replayed);
        }
        true
    }

    fn send(&self, client: &Client, at: usize) -> Result<Answer, ureq::Error> {
        let key = key(self.pair, at);
        let ticket = format!("/odata/Tickets({})", self.ticket);
        let (method, path, body) = match at % CYCLE {
            0 => ("POST", "/odata/Tickets".to_owned(), json!({"Title": key, "Tags": [key]})),
            1 => ("POST", format!("{ticket}/Comments"), json!({"Body": key})),
            2 => ("POST", format!("{ticket}/Tessera.AddNote"), json!({"Body": key})),
            _ => ("PATCH", ticket, json!({"Title": key})),
        };
        client.send(method, &path, &[("Idempotency-Key", &key)], Some(&body))
    }
}

/// Changes whose first answer nobody heard: they were made, and the server was killed before it said so.
pub(crate) fn first_unheard([one, other]: &[Keyed; 2]) -> u64 {
    let both = one.first_heard.iter().zip(&other.first_heard);
    both.filter(|(one, other)| !*one && !*other).count() as u64
}

/// Compares what is there with what two clients of the same keys know; how many tickets and comments
/// are theirs.
pub(crate) fn check_pair(
    [one, other]: [&Keyed; 2],
    tickets: &BTreeMap<String, Value>,
    comments: &BTreeMap<String, Value>,
) -> usize {
    for (at, (first, second)) in one.answers.iter().zip(&other.answers).enumerate() {
        assert_eq!(first, second, "{}", key(one.pair, at));
    }
    let known = one.answers.len().max(other.answers.len());
    let mut count = 0;
    for at in 0..=known {
        let key = key(one.pair, at);
        let made = match at % CYCLE {
            0 => tickets.contains_key(&key),
            1 | 2 => comments.contains_key(&key),
            // It shows in the answers, whose entity tags are the same.
            _ => continue,
        };
        assert!(made || at == known, "{key} was acknowledged and is lost");
        count += usize::from(made);
    }
    count
}

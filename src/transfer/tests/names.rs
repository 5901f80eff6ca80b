//! Names beside ids: the ids are those of the helpdesk a line came from.

use super::*;
use crate::transfer::{demo, import::Tally};

/// Imports tickets twice; how they stand both times.
#[track_caller]
fn check(bench: &Bench, lines: &[&str], names: &[&str], want: &[&str]) {
    for _ in 0..2 {
        assert_eq!(reasons(&bench.tickets(&lines.join("\n"))), Vec::<String>::new());
        assert_eq!(bench.list(set::TICKETS, names), want);
    }
}

// New entries got ids in the order they came in, so that the first line of a feed took the id of another
// entry, whose own line was refused, and the whole file the second time.
#[test]
fn an_unknown_name_is_made_under_the_id_beside_it() {
    check(
        &Bench::seeded(),
        &[
            r#"{"Id":10,"CategoryId":2,"Category":"Software","TeamId":3,"TeamName":"Net"}"#,
            r#"{"Id":11,"CategoryId":1,"Category":"Hardware","TeamId":1,"TeamName":"Desk"}"#,
            r#"{"Id":12,"CategoryId":2}"#,
        ],
        &["CategoryId", "Category", "TeamId", "TeamName"],
        &["2 Software 3 Net", "1 Hardware 1 Desk", "2 Software - -"],
    );
}

#[test]
fn a_known_name_is_its_entry_and_a_taken_id_is_not_taken_away() {
    let bench = Bench::seeded();
    bench.import(
        set::CATEGORIES,
        "{\"Id\":2,\"Name\":\"Access\"}\n{\"Id\":7,\"Name\":\"Software\"}",
    );
    check(
        &bench,
        &[
            r#"{"Id":1,"CategoryId":2,"Category":"Software","StatusId":1,"Status":"Closed"}"#,
            r#"{"Id":2,"CategoryId":7,"Category":"Network","StatusId":2,"Status":"Parked","StatusKind":"Pending"}"#,
            r#"{"Id":3,"CategoryId":0,"Category":"Email","StatusId":null,"Status":"New"}"#,
            r#"{"Id":4,"CategoryId":2,"Category":null}"#,
        ],
        &["CategoryId", "Category", "StatusId", "StatusKind"],
        &["7 Software 5 Closed", "8 Network 6 Pending", "9 Email 1 New", "2 Access 1 New"],
    );
    assert_eq!(bench.list(set::CATEGORIES, &["Id"]).len(), 4);
}

#[test]
fn an_id_beside_a_name_that_several_have_chooses() {
    let bench = Bench::seeded();
    bench.import(set::TEAMS, "{\"Id\":1,\"Name\":\"Net\"}\n{\"Id\":2,\"Name\":\"Net\"}");
    check(&bench, &[r#"{"Id":1,"TeamId":2,"TeamName":"Net"}"#], &["TeamId"], &["2"]);
    assert_eq!(
        reasons(&bench.tickets(r#"{"Id":1,"TeamId":5,"TeamName":"Net"}"#)),
        ["line 1: 'TeamName' does not fit: 2 entities have this name; give the id of one"]
    );
}

// 48 of its 60 tickets were refused.
#[test]
fn the_tickets_of_one_helpdesk_go_whole_into_a_new_one() {
    let demo = Bench::empty();
    commit_blocking(&*demo.store, Actor::SYSTEM, demo::fill).unwrap();
    let tickets = |bench: &Bench| {
        let mut out = Vec::new();
        export(&*bench.store.snapshot(), &[set::TICKETS], &mut out, &mut |_| {}).unwrap();
        String::from_utf8(out).unwrap()
    };
    let exported = tickets(&demo);
    let new = Bench::seeded();
    let first = new.tickets(&exported);
    assert_eq!(reasons(&first), Vec::<String>::new());
    assert_eq!(first.tally(set::TICKETS), Tally { created: 60, updated: 0, unchanged: 0 });
    let (seq, all) = (new.store.snapshot().seq(), new.export());
    let names =
        ["Status", "Priority", "Category", "Type", "RequesterEmail", "AssigneeEmail", "TeamName"];
    assert_eq!(new.list(set::TICKETS, &names), demo.list(set::TICKETS, &names));
    new.at("2026-12-01T00:00:00Z");
    let again = new.tickets(&exported);
    assert_eq!(again.tally(set::TICKETS), Tally { created: 0, updated: 0, unchanged: 60 });
    assert_eq!((new.store.snapshot().seq(), new.export()), (seq, all));
}

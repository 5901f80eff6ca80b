use std::collections::BTreeSet;

use super::*;
use crate::{
    auth::{Role, Visit},
    desk::{Desk, Settings},
    error::Error,
    model::Contents,
    transfer::demo,
};

fn bench() -> Bench {
    let bench = Bench::empty();
    commit_blocking(&*bench.store, Actor::SYSTEM, demo::fill).unwrap();
    bench
}

fn all(bench: &Bench, set: SetId, name: &str) -> BTreeSet<String> {
    bench.list(set, &[name]).into_iter().collect()
}

#[test]
fn the_demo_shows_something_of_everything() {
    let bench = bench();
    assert_eq!(bench.list(set::TICKETS, &["Id"]).len(), 60);
    for (set, name, want) in [
        (set::TICKETS, "Status", 5),
        (set::TICKETS, "Priority", 4),
        (set::TICKETS, "Category", 5),
        (set::TICKETS, "TeamName", 3),
        (set::TICKETS, "RequesterName", 10),
        (set::COMMENTS, "AuthorKind", 2),
        (set::COMMENTS, "IsInternal", 2),
        (set::USERS, "Role", 3),
        (set::CUSTOMERS, "IsVip", 2),
    ] {
        assert_eq!(all(&bench, set, name).len(), want, "{name}");
    }
    assert!(bench.list(set::COMMENTS, &["Id"]).len() > 60);
    let model = helpdesk();
    for (id, set) in model.set_ids() {
        let is_stored = match set.contents {
            Contents::Stored { .. } => true,
            Contents::Unfolded { .. } => false,
            Contents::Computed { .. } => continue,
        };
        let has_rows = bench.store.snapshot().rows(id).next().is_some();
        let empty = [set::ACCESS_TOKENS, set::SAVED_VIEWS, set::DELETED_TICKETS, set::AUDIT_EVENTS];
        let is_empty = empty.contains(&id) || (set.hidden && id != set::SIGNING_KEYS);
        assert_eq!(has_rows, !is_stored || !is_empty, "{}", set.name);
    }
}

/// A description read "for everybody in @": only titles had their place filled in.
#[test]
fn no_text_of_the_demo_holds_a_placeholder() {
    let bench = bench();
    for (set, names) in [
        (set::TICKETS, &["Title", "Description", "TagsText"][..]),
        (set::COMMENTS, &["Body"]),
        (set::CUSTOMERS, &["Name", "Company", "Department"]),
        (set::USERS, &["Name"]),
    ] {
        for text in bench.list(set, names) {
            assert!(!text.contains(['@', '{', '}']), "{text}");
        }
    }
}

#[test]
fn its_times_lie_in_the_last_month_and_after_creation() {
    let bench = bench();
    let names = ["CreatedDateTime", "FirstResponseDateTime", "ResolvedDateTime", "ClosedDateTime"];
    for ticket in bench.list(set::TICKETS, &names) {
        let times: Vec<Timestamp> =
            ticket.split(' ').filter(|at| *at != "-").map(|at| at.parse().unwrap()).collect();
        assert!(times[0] >= "2026-10-21T00:00:00Z".parse().unwrap(), "{ticket}");
        assert!(times.iter().all(|at| (times[0]..START.parse().unwrap()).contains(at)), "{ticket}");
    }
    let overdue = bench.list(set::TICKETS, &["StatusKind", "DueDateTime"]);
    let is_overdue = |line: &&String| {
        let (kind, due) = line.split_once(' ').unwrap();
        ["New", "Open", "Pending"].contains(&kind) && due < START
    };
    let late = overdue.iter().filter(is_overdue).count();
    assert!((3..20).contains(&late), "{late}");
}

#[test]
fn done_tickets_say_when_and_their_history_ends_where_they_are() {
    let bench = bench();
    let last: Vec<String> = bench.list(set::TICKET_HISTORY, &["TicketId", "Property", "ToText"]);
    for ticket in bench.list(set::TICKETS, &["Id", "Status", "ResolvedDateTime", "ClosedDateTime"])
    {
        let parts: Vec<&str> = ticket.split(' ').collect();
        let is_done = ["Resolved", "Closed"].contains(&parts[1]);
        assert_eq!(parts[2] != "-", is_done, "{ticket}");
        assert_eq!(parts[3] != "-", parts[1] == "Closed", "{ticket}");
        let start = format!("{} Status ", parts[0]);
        let end = last.iter().rfind(|line| line.starts_with(&start)).unwrap();
        assert_eq!(end.strip_prefix(&start), Some(parts[1]));
    }
}

#[test]
fn the_demo_is_the_same_each_time_and_goes_only_into_an_empty_workspace() {
    let (one, two) = (bench(), bench());
    let without_guids = |bench: &Bench| {
        let names = ["Id", "Title", "Status", "RequesterName", "AssigneeName", "UpdatedDateTime"];
        bench.list(set::TICKETS, &names)
    };
    assert_eq!(without_guids(&one), without_guids(&two));
    let again = commit_blocking(&*one.store, Actor::SYSTEM, demo::fill);
    assert!(matches!(again, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn the_demos_token_reads_and_lasts_thirty_days() {
    let bench = Bench::empty();
    let desk = Desk::new(helpdesk(), bench.store.clone(), bench.clock.clone(), Settings::default());
    let secret = demo::set_up(&desk).await.unwrap();
    let caller = desk.authenticate(&Visit::here(secret.expose())).unwrap();
    assert_eq!(caller.scopes, Role::ReadOnlyAgent.scopes());
    bench.at("2026-12-21T21:59:59Z");
    assert!(desk.authenticate(&Visit::here(secret.expose())).is_ok());
    bench.at("2026-12-21T22:00:00Z");
    assert!(desk.authenticate(&Visit::here(secret.expose())).is_err());
}

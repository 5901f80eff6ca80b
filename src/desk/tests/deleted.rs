//! Deleted tickets: kept, brought back, removed for good.

use super::*;
use crate::{desk::deleted::PURGE_MAX, model::actions::RESTORE};

/// All that is told of a ticket and its comments.
fn everything(bench: &Bench) -> Vec<String> {
    let names = |set| -> Vec<&str> {
        let properties = &helpdesk().entity_type(set).properties;
        properties.iter().filter(|property| !property.hidden).map(|p| p.name).collect()
    };
    let mut all = bench.list(set::TICKETS, &names(set::TICKETS));
    all.extend(bench.list(set::COMMENTS, &names(set::COMMENTS)));
    all
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.create(set::CATEGORIES, &[("Name", text("Net"))]).unwrap();
    bench.create(set::TEAMS, &[("Name", text("Net"))]).unwrap();
    bench
        .ticket(&[
            ("Title", text("Printer \"2\"")),
            ("Description", text("long\nüber \u{1f5a8}")),
            ("Status", text("Resolved")),
            ("Category", text("Net")),
            ("TeamName", text("Net")),
            ("RequesterEmail", text("mia@example.com")),
            ("AssigneeId", Value::Int(1)),
            ("ExternalReference", text("X-1")),
            ("Tags", Value::List([text("a"), text("B")].into())),
        ])
        .unwrap();
    bench.at("2026-11-21T23:00:00Z");
    for more in [
        ("AuthorCustomerId", Value::Int(1)),
        ("AuthorUserId", Value::Int(1)),
        ("IsInternal", Value::Bool(true)),
    ] {
        let names = [("TicketId", Value::Int(1)), ("Body", text("hello")), more];
        bench.create(set::COMMENTS, &names).unwrap();
    }
    bench.at("2026-11-22T00:00:00Z");
    bench
}

#[test]
fn a_deleted_ticket_is_listed_with_who_deleted_it() {
    let mut bench = bench();
    bench.caller.user_id = Some(1);
    bench.delete(1).unwrap();
    assert!(everything(&bench).is_empty());
    let names = [
        "Id",
        "Title",
        "RequesterName",
        "CommentCount",
        "CreatedDateTime",
        "DeletedDateTime",
        "DeletedByName",
    ];
    assert_eq!(
        bench.list(set::DELETED_TICKETS, &names),
        [format!("1 Printer \"2\" mia 2 {START} 2026-11-22T00:00:00Z Ann")]
    );
    let history = bench.list(set::TICKET_HISTORY, &["Property", "ToText", "ChangedByName"]);
    assert_eq!(history.last().unwrap(), "Ticket Deleted Ann");
}

#[test]
fn a_ticket_comes_back_as_it_was() {
    let bench = bench();
    let before = everything(&bench);
    bench.delete(1).unwrap();
    bench.at("2026-11-23T00:00:00Z");
    bench.act(1, RESTORE, &[]).unwrap();
    assert_eq!(everything(&bench), before);
    assert!(bench.list(set::DELETED_TICKETS, &["Id"]).is_empty());
    let names = ["Property", "FromText", "ToText", "FormerStateHours"];
    let history = bench.list(set::TICKET_HISTORY, &names);
    assert_eq!(history[5..], ["Ticket - Deleted -", "Ticket Deleted Restored 24"]);
    assert_eq!(refused(bench.act(1, RESTORE, &[])), "NotFound there is no DeletedTicket 1");
    bench.delete(1).unwrap();
    bench.act(1, RESTORE, &[]).unwrap();
    assert_eq!(everything(&bench), before);
}

#[test]
fn a_reference_that_was_taken_meanwhile_keeps_the_ticket_away() {
    let bench = bench();
    bench.delete(1).unwrap();
    bench.ticket(&[("ExternalReference", text("X-1"))]).unwrap();
    let before = bench.trace();
    assert_eq!(
        refused(bench.act(1, RESTORE, &[])),
        "Conflict 'ExternalReference' conflicts: another Ticket has this value, which must be unique"
    );
    assert_eq!(bench.trace(), before);
    bench.update(2, &[("ExternalReference", Value::Null)]).unwrap();
    bench.act(1, RESTORE, &[]).unwrap();
}

#[test]
fn what_is_gone_meanwhile_is_not_named_any_more() {
    let bench = bench();
    bench.user("Bob", Role::Administrator);
    bench.delete(1).unwrap();
    bench.remove(set::USERS, 1).unwrap();
    bench.remove(set::CUSTOMERS, 1).unwrap();
    bench.remove(set::TEAMS, 1).unwrap();
    bench.remove(set::CATEGORIES, 1).unwrap();
    bench.remove(set::STATUSES, 4).unwrap();
    bench.act(1, RESTORE, &[]).unwrap();
    let names = ["RequesterId", "AssigneeId", "TeamId", "CategoryId", "Status", "ResolvedDateTime"];
    assert_eq!(bench.see(1, &names), "- - - - New -");
    assert_eq!(
        bench.list(set::COMMENTS, &["AuthorKind", "AuthorUserId", "AuthorCustomerId"]),
        ["Customer - -", "User - -", "System - -"]
    );
    let history = bench.list(set::TICKET_HISTORY, &["Property", "FromId", "ToText"]);
    assert_eq!(history[7..], ["Status 4 New", "Assignee 1 -", "Team 1 -", "Category 1 -"]);
}

#[test]
fn a_deleted_ticket_is_removed_for_good_on_request() {
    let mut bench = bench();
    bench.delete(1).unwrap();
    bench.as_user(1, "tickets:read,tickets:write");
    let needs = Error::Forbidden { scope: "tickets:delete".into() };
    assert_eq!(bench.remove(set::DELETED_TICKETS, 1), Err(needs.clone()));
    assert_eq!(bench.act(1, RESTORE, &[]), Err(needs));
    bench.caller = Principal::system();
    bench.remove(set::DELETED_TICKETS, 1).unwrap();
    assert_eq!(bench.act(1, RESTORE, &[]).unwrap_err().status(), 404);
    assert_eq!(bench.desk.snapshot().rows(set::TICKET_HISTORY).count(), 6, "the history stays");
    let next = bench.ticket(&[]).unwrap();
    assert_eq!(bench.show(&next, "Id"), "2", "no number is given twice");
}

#[test]
fn what_is_kept_long_enough_is_purged_and_nothing_else() {
    let bench = Bench::new();
    let many = i64::try_from(PURGE_MAX).unwrap() + 5;
    for id in 1..=many {
        bench.ticket(&[]).unwrap();
        bench.delete(id).unwrap();
    }
    bench.at("2026-12-01T00:00:00Z");
    bench.ticket(&[]).unwrap();
    bench.delete(many + 1).unwrap();
    bench.at("2026-12-21T21:59:59Z");
    assert_eq!(block_on(bench.desk.purge()), Ok(0));
    bench.at("2026-12-21T22:00:00Z");
    assert_eq!(block_on(bench.desk.purge()), Ok(PURGE_MAX + 5));
    let left = bench.list(set::DELETED_TICKETS, &["DeletedDateTime"]);
    assert_eq!(left, ["2026-12-01T00:00:00Z"]);
    assert_eq!(block_on(bench.desk.purge()), Ok(0));
}

#[test]
fn where_nothing_is_kept_a_ticket_is_gone_at_once() {
    let mut bench = Bench::new();
    let settings = Settings { deleted_ticket_days: 0, ..Settings::default() };
    let store = Arc::clone(bench.desk.store());
    bench.ticket(&[]).unwrap();
    bench.ticket(&[]).unwrap();
    bench.delete(1).unwrap();
    bench.desk = Desk::new(helpdesk(), store, bench.clock.clone(), settings);
    bench.delete(2).unwrap();
    assert_eq!(bench.list(set::DELETED_TICKETS, &["Id"]), ["1"]);
    assert_eq!(block_on(bench.desk.purge()), Ok(1));
    // Only a deletion that could be undone was told of.
    let history = bench.list(set::TICKET_HISTORY, &["TicketId", "Property", "ToText"]);
    assert_eq!(history[history.len() - 2..], ["1 Ticket Deleted", "2 Ticket Deleted"]);
}

#[test]
fn a_ticket_merged_into_a_deleted_one_still_names_it() {
    let bench = Bench::new();
    bench.ticket(&[]).unwrap();
    bench.ticket(&[]).unwrap();
    bench.act(1, crate::model::actions::MERGE, &[("IntoId", Value::Int(2))]).unwrap();
    bench.delete(2).unwrap();
    assert_eq!(bench.see(1, &["MergedIntoId"]), "2");
    bench.delete(1).unwrap();
    bench.act(1, RESTORE, &[]).unwrap();
    assert_eq!(bench.see(1, &["MergedIntoId"]), "2", "it may come back as well");
}

/// 2 was part of 3; while it was deleted, 3 became part of 1, which is part of 2.
#[test]
fn no_circle_of_merged_tickets_comes_of_a_return() {
    let bench = Bench::new();
    let merge = |id, into| {
        bench.act(id, crate::model::actions::MERGE, &[("IntoId", Value::Int(into))]).unwrap();
    };
    for _ in 0..3 {
        bench.ticket(&[]).unwrap();
    }
    merge(1, 2);
    merge(2, 3);
    bench.delete(2).unwrap();
    merge(3, 1);
    bench.act(2, RESTORE, &[]).unwrap();
    let leads = |id| bench.see(id, &["MergedIntoId"]);
    assert_eq!((leads(1), leads(3), leads(2)), ("2".into(), "1".into(), "-".into()));
}

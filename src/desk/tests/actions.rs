//! What can be done with a ticket beside changing its properties.

use super::*;
use crate::model::actions::{ADD_NOTE, ASSIGN, CLOSE, MERGE, REOPEN, REPLY};

const AGENT: &str = "tickets:read,tickets:write,comments:read,comments:write,notes:read,\
                     notes:write,users:read";

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.create(set::TEAMS, &[("Name", text("Net"))]).unwrap();
    bench.ticket(&[("Title", text("Printer"))]).unwrap();
    bench.as_user(1, AGENT);
    bench.at("2026-11-21T23:00:00Z");
    bench
}

#[test]
fn a_reply_is_a_public_comment_and_may_change_the_status() {
    let bench = bench();
    let body = [("Body", text("hello")), ("Status", text("pending"))];
    bench.act(1, REPLY, &body).unwrap();
    assert_eq!(
        bench.list(set::COMMENTS, &["Body", "IsInternal", "AuthorName"]),
        ["hello false Ann"]
    );
    assert_eq!(
        bench.see(1, &["Status", "FirstResponseDateTime", "UpdatedDateTime"]),
        "Pending 2026-11-21T23:00:00Z 2026-11-21T23:00:00Z"
    );
}

#[test]
fn a_note_is_for_staff_and_no_response() {
    let bench = bench();
    bench.act(1, ADD_NOTE, &[("Body", text("psst"))]).unwrap();
    assert_eq!(bench.list(set::COMMENTS, &["Body", "IsInternal"]), ["psst true"]);
    assert_eq!(bench.see(1, &["FirstResponseDateTime", "CommentCount"]), "- 0");
}

#[test]
fn who_is_named_gets_the_ticket_and_nobody_if_nobody_is() {
    let bench = bench();
    let seen = || bench.see(1, &["AssigneeId", "TeamName"]);
    bench.act(1, ASSIGN, &[("AssigneeEmail", text("ann@example.net"))]).unwrap();
    assert_eq!(seen(), "1 -");
    bench.act(1, ASSIGN, &[("TeamName", text("net"))]).unwrap();
    assert_eq!(seen(), "- Net");
    bench.act(1, ASSIGN, &[("AssigneeId", Value::Int(1))]).unwrap();
    assert_eq!(seen(), "1 Net");
    bench.act(1, ASSIGN, &[]).unwrap();
    assert_eq!(seen(), "- Net");
    let odd = [("AssigneeId", Value::Int(9)), ("AssigneeEmail", text("ann@example.net"))];
    assert_eq!(bench.act(1, ASSIGN, &odd).unwrap_err().status(), 400);
}

#[test]
fn closing_and_reopening_take_the_first_status_of_their_kind() {
    let bench = bench();
    let seen = || bench.see(1, &["Status", "ClosedDateTime", "ReopenCount", "CommentCount"]);
    bench.act(1, REOPEN, &[]).unwrap();
    assert_eq!(seen(), "New - 0 0", "it was not closed");
    bench.act(1, CLOSE, &[("Comment", text("done"))]).unwrap();
    assert_eq!(seen(), "Closed 2026-11-21T23:00:00Z 0 1");
    bench.at("2026-11-22T00:00:00Z");
    bench.act(1, CLOSE, &[]).unwrap();
    assert_eq!(seen(), "Closed 2026-11-21T23:00:00Z 0 1", "it is closed already");
    bench.act(1, REOPEN, &[("Comment", text("again"))]).unwrap();
    assert_eq!(seen(), "Open - 1 2");
}

#[test]
fn closing_may_say_how_it_ended() {
    let mut bench = bench();
    bench.caller = Principal::system();
    bench.create(set::RESOLUTIONS, &[("Name", text("Fixed"))]).unwrap();
    bench.act(1, CLOSE, &[("Resolution", text("fixed"))]).unwrap();
    assert_eq!(bench.see(1, &["Status", "Resolution"]), "Closed Fixed");
}

#[test]
fn a_kind_without_a_status_cannot_be_taken() {
    let mut bench = bench();
    bench.caller = Principal::system();
    bench.change(set::STATUSES, 5, &[("IsArchived", Value::Bool(true))]).unwrap();
    assert_eq!(
        refused(bench.act(1, CLOSE, &[])),
        "Conflict 'Status' conflicts: there is no status of kind Closed; create one first"
    );
}

#[test]
fn a_merged_ticket_is_closed_and_reopening_it_parts_it_again() {
    let bench = bench();
    bench.ticket(&[]).unwrap();
    bench.act(1, MERGE, &[("IntoId", Value::Int(2))]).unwrap();
    assert_eq!(bench.see(1, &["Status", "MergedIntoId"]), "Closed 2");
    bench.update(1, &[("Status", text("Resolved"))]).unwrap();
    assert_eq!(bench.see(1, &["MergedIntoId"]), "2");
    bench.update(1, &[("Status", text("New"))]).unwrap();
    assert_eq!(bench.see(1, &["MergedIntoId", "ReopenCount"]), "- 1");
}

#[test]
fn no_ticket_becomes_part_of_itself() {
    let bench = bench();
    bench.ticket(&[]).unwrap();
    bench.ticket(&[]).unwrap();
    let merge = |id, into: i64| bench.act(id, MERGE, &[("IntoId", into.into())]);
    merge(2, 3).unwrap();
    merge(1, 2).unwrap();
    let before = bench.trace();
    for into in [1, 2, 3] {
        let refusal = refused(merge(into, 1));
        let want = "Conflict 'IntoId' conflicts: a ticket cannot become part of itself";
        assert_eq!(refusal, want, "{into}");
    }
    assert_eq!(refused(merge(3, 9)), "InvalidValue 'IntoId' does not fit: there is no Tickets(9)");
    bench.delete(3).unwrap_err();
    assert_eq!(bench.trace(), before);
}

/// However long the chain, all of it was walked while everybody else's changes waited.
#[test]
fn a_merge_follows_a_chain_only_so_far() {
    let bench = bench();
    let merge = |id, into: i64| bench.act(id, MERGE, &[("IntoId", into.into())]);
    let last = i64::try_from(crate::desk::tickets::MERGE_CHAIN_MAX).unwrap() + 1;
    for id in 2..=last + 1 {
        bench.ticket(&[]).unwrap();
        if id <= last {
            merge(id - 1, id).unwrap();
        }
    }
    let before = bench.trace();
    assert_eq!(
        refused(merge(last + 1, 1)),
        "Conflict 'IntoId' conflicts: more than 1000 tickets lead on from Tickets(1), each part of \
         the next; take the last of them"
    );
    assert_eq!(bench.trace(), before);
    merge(last + 1, 2).unwrap();
}

#[test]
fn an_action_needs_the_scopes_of_all_it_does() {
    let mut bench = bench();
    let hello = ("Body", text("x"));
    let open = ("Status", text("Open"));
    let cases = [
        (REPLY, vec![hello.clone()], "comments:create", None),
        (REPLY, vec![hello.clone(), open], "comments:create", Some("tickets:write")),
        (REPLY, vec![hello.clone()], "tickets:write", Some("comments:create")),
        (ADD_NOTE, vec![hello.clone()], "notes:write,comments:create", None),
        (ADD_NOTE, vec![hello.clone()], "notes:write", Some("comments:create")),
        (ADD_NOTE, vec![hello], "comments:write", Some("notes:write")),
        (ASSIGN, vec![("AssigneeId", Value::Int(1))], "tickets:write", None),
        (
            ASSIGN,
            vec![("AssigneeEmail", text("ann@example.net"))],
            "tickets:write",
            Some("users:read"),
        ),
        (CLOSE, vec![], "tickets:create", Some("tickets:write")),
        (CLOSE, vec![("Comment", text("x"))], "tickets:write", Some("comments:create")),
        (REOPEN, vec![], "comments:write", Some("tickets:write")),
        (MERGE, vec![("IntoId", Value::Int(1))], "tickets:create", Some("tickets:write")),
    ];
    for (action, given, scopes, want) in cases {
        bench.as_user(1, scopes);
        let before = bench.trace();
        let refusal = bench.act(1, action, &given).err();
        let forbidden = want.map(|scope| Error::Forbidden { scope: scope.to_owned() });
        assert_eq!(refusal, forbidden, "{action:?} {scopes}");
        assert_eq!(bench.trace() == before, want.is_some(), "{action:?} {scopes}");
    }
}

#[test]
fn what_an_action_must_be_told_is_told() {
    let bench = bench();
    let before = bench.trace();
    for (action, given, want) in [
        (REPLY, vec![], "'Body' does not fit: it must be given"),
        (
            REPLY,
            vec![("Body", text(""))],
            "'Body' does not fit: a comment is a text that is not empty",
        ),
        (
            CLOSE,
            vec![("Comment", text(""))],
            "'Comment' does not fit: a comment is a text that is not empty",
        ),
        (MERGE, vec![], "'IntoId' does not fit: it must be given"),
        (
            REPLY,
            vec![("Body", text("x")), ("Status", text("Opne"))],
            "'Status' does not fit: there is no such entity in Statuses; did you mean 'Open'?",
        ),
        (
            CLOSE,
            vec![("Comment", text("x")), ("Resolution", text("y"))],
            "'Resolution' does not fit: there is no such entity in Resolutions",
        ),
    ] {
        assert_eq!(refused(bench.act(1, action, &given)), format!("InvalidValue {want}"));
    }
    assert_eq!(refused(bench.act(9, CLOSE, &[])), "NotFound there is no Ticket 9");
    assert_eq!(bench.trace(), before, "a refused action leaves no comment behind");
}

#[test]
fn comments_made_with_a_ticket_come_with_it_or_not_at_all() {
    let bench = bench();
    let before = bench.trace();
    let body = |text: &str| Bench::given(set::COMMENTS, &[("Body", Value::text(text))]);
    let create = |comments| {
        let given = Bench::given(set::TICKETS, &[("Title", text("b"))]);
        block_on(bench.desk.create_ticket(&bench.caller, given, comments))
    };
    assert_eq!(create(vec![body("one"), body("")]).unwrap_err().status(), 400);
    let twice =
        || [body("x"), Bench::given(set::COMMENTS, &[("ExternalReference", text("r"))])].concat();
    assert_eq!(create(vec![twice(), twice()]).unwrap_err().status(), 409);
    assert_eq!(bench.trace(), before);
    create(vec![body("one"), body("two")]).unwrap();
    assert_eq!(bench.list(set::COMMENTS, &["TicketId", "Body"]), ["2 one", "2 two"]);
    let at = "2026-11-21T23:00:00Z";
    assert_eq!(
        bench.see(
            2,
            &["FirstResponseDateTime", "CreatedDateTime", "UpdatedDateTime", "CommentCount"]
        ),
        format!("{at} {at} {at} 2")
    );
}

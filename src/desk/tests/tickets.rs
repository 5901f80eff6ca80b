use super::*;
use crate::desk::tickets::TAGS_MAX;
use crate::desk::tokens::Request;

#[test]
fn a_new_ticket_gets_the_default_status_and_its_times() {
    let bench = Bench::new();
    let row = bench.ticket(&[("Title", text("Printer"))]).unwrap();
    for (name, want) in [
        ("Id", "1"),
        ("Title", "Printer"),
        ("Description", "-"),
        ("Status", "New"),
        ("StatusKind", "New"),
        ("Tags", ""),
        ("ReopenCount", "0"),
        ("CreatedDateTime", START),
        ("UpdatedDateTime", START),
        ("ResolvedDateTime", "-"),
        ("CommentCount", "0"),
    ] {
        assert_eq!(bench.show(&row, name), want, "{name}");
    }
}

#[test]
fn names_may_be_written_beside_ids_in_any_letter_case() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    let row = bench
        .ticket(&[
            ("Status", text("pending")),
            ("Priority", text("High")),
            ("PriorityId", Value::Int(3)),
            ("Source", text("EMAIL")),
            ("AssigneeEmail", text("ANN@example.net")),
            ("Category", Value::Null),
        ])
        .unwrap();
    assert_eq!(bench.show(&row, "StatusId"), "3");
    assert_eq!(bench.show(&row, "Source"), "Email");
    assert_eq!(bench.show(&row, "AssigneeName"), "Ann");
    assert_eq!(bench.show(&row, "CategoryId"), "-");
}

#[test]
fn a_name_or_id_that_leads_nowhere_is_refused_with_its_property() {
    let bench = Bench::new();
    for (names, want) in [
        (
            vec![("Status", text("Pendign"))],
            "'Status' does not fit: there is no such entity in Statuses; did you mean 'Pending'?",
        ),
        (
            vec![("AssigneeEmail", text("nobody@example.net"))],
            "'AssigneeEmail' does not fit: there is no such entity in Users",
        ),
        (vec![("TeamId", Value::Int(9))], "'TeamId' does not fit: there is no Teams(9)"),
        (
            vec![("Priority", text("Low")), ("PriorityId", Value::Int(2))],
            "'Priority' does not fit: it is at odds with 'PriorityId'",
        ),
        (
            vec![("Priority", text("Low")), ("PriorityId", Value::Null)],
            "'Priority' does not fit: it is at odds with 'PriorityId'",
        ),
        (
            vec![("StatusId", Value::Null)],
            "'StatusId' does not fit: null is not a value it can have",
        ),
        (
            vec![("RequesterEmail", text("no address"))],
            "'RequesterEmail' does not fit: it takes an address such as mia@example.com",
        ),
        (vec![("Tags", Value::List([text("")].into()))], TAG),
        (vec![("Tags", Value::List([Value::Null].into()))], TAG),
    ] {
        assert_eq!(refused(bench.ticket(&names)), format!("InvalidValue {want}"));
    }
    assert_eq!(bench.desk.snapshot().rows(set::TICKETS).count(), 0);
}

const TAG: &str = "'Tags' does not fit: a tag is a text that is not empty";

#[test]
fn an_ambiguous_name_is_refused_unless_the_id_says_which() {
    let bench = Bench::new();
    for _ in 0..2 {
        commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
            let entry = crate::desk::pickers::Entry { name: "Net", kind: None, is_default: false };
            crate::desk::pickers::add(draft, set::CATEGORIES, entry)
        })
        .unwrap();
    }
    assert_eq!(
        refused(bench.ticket(&[("Category", text("Net"))])),
        "InvalidValue 'Category' does not fit: 2 entities have this name; give the id"
    );
    let row = bench.ticket(&[("Category", text("Net")), ("CategoryId", Value::Int(2))]).unwrap();
    assert_eq!(bench.show(&row, "CategoryId"), "2");
}

#[test]
fn first_contact_makes_a_customer_and_the_second_finds_it() {
    let bench = Bench::new();
    let row = bench.ticket(&[("RequesterEmail", text("mia@example.com"))]).unwrap();
    bench.ticket(&[("RequesterEmail", text("Mia@Example.com"))]).unwrap();
    assert_eq!(bench.show(&row, "RequesterName"), "mia");
    assert_eq!(bench.list(set::CUSTOMERS, &["Id", "Name", "Email"]), ["1 mia mia@example.com"]);
}

#[test]
fn another_requester_may_be_somebody_new() {
    let bench = Bench::new();
    bench.ticket(&[("RequesterEmail", text("mia@example.com"))]).unwrap();
    bench.update(1, &[("RequesterEmail", text("max@example.com"))]).unwrap();
    assert_eq!(bench.list(set::TICKETS, &["RequesterName"]), ["max"]);
    let odd = [("RequesterEmail", text("eve@example.com")), ("RequesterId", Value::Int(1))];
    let before = bench.trace();
    assert_eq!(bench.update(1, &odd).unwrap_err().status(), 400);
    assert_eq!(bench.trace(), before, "nobody is made by what is refused");
}

#[test]
fn what_clients_may_not_write_is_refused_by_name() {
    let bench = Bench::new();
    bench.ticket(&[]).unwrap();
    for name in
        ["Id", "Guid", "ReopenCount", "CreatedDateTime", "RequesterName", "TagsText", "StatusKind"]
    {
        let want = format!("ReadOnlyProperty '{name}' is read-only; leave it out of the body");
        assert_eq!(refused(bench.ticket(&[(name, Value::Int(1))])), want);
        assert_eq!(refused(bench.update(1, &[(name, Value::Int(1))])), want);
    }
    let long = text(&"x".repeat(513));
    assert!(refused(bench.update(1, &[("ExternalReference", long)])).contains("at most 512"));
}

#[test]
fn each_verb_needs_its_scope_and_creating_is_part_of_writing() {
    let bench = Bench::new().with_scopes("tickets:create");
    bench.ticket(&[]).unwrap();
    let needs = |scope| {
        format!(
            "InsufficientScope this needs the scope '{scope}', which is not in force for you; Me() tells what is"
        )
    };
    assert_eq!(refused(bench.update(1, &[])), needs("tickets:write"));
    assert_eq!(refused(bench.delete(1)), needs("tickets:delete"));
    let bench = bench.with_scopes("tickets:write");
    bench.ticket(&[]).unwrap();
    bench.update(1, &[("Title", text("x"))]).unwrap();
    let bench = bench.with_scopes("tickets:read");
    assert_eq!(refused(bench.ticket(&[])), needs("tickets:create"));
}

/// Walks one ticket through statuses, an hour apart; what its times and count are then.
#[track_caller]
fn check_walk(statuses: &[&str], resolved: &str, closed: &str, reopened: &str) {
    let bench = Bench::new();
    bench.at("2026-11-22T00:00:00Z");
    let row = bench.ticket(&[("Status", text(statuses[0]))]).unwrap();
    for (hour, status) in (1..).zip(&statuses[1..]) {
        bench.at(&format!("2026-11-22T{hour:02}:00:00Z"));
        bench.update(1, &[("Status", text(status))]).unwrap();
    }
    let hour = |name| bench.show(&row, name).get(11..13).unwrap_or("-").to_owned();
    let got = [hour("ResolvedDateTime"), hour("ClosedDateTime"), bench.show(&row, "ReopenCount")];
    assert_eq!(got, [resolved, closed, reopened], "{statuses:?}");
}

#[test]
fn statuses_date_resolution_and_closing_and_count_reopening() {
    check_walk(&["New", "Open", "Pending"], "-", "-", "0");
    check_walk(&["Resolved"], "00", "-", "0");
    check_walk(&["Closed"], "00", "00", "0");
    check_walk(&["New", "Resolved", "Closed"], "01", "02", "0");
    check_walk(&["New", "Closed"], "01", "01", "0");
    check_walk(&["New", "Closed", "Resolved"], "01", "-", "0");
    check_walk(&["New", "Resolved", "Open"], "-", "-", "1");
    check_walk(
        &["New", "Resolved", "Closed", "New", "Resolved", "Open", "Closed"],
        "06",
        "06",
        "2",
    );
}

#[test]
fn creation_writes_history_for_each_tracked_property() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.ticket(&[("AssigneeId", Value::Int(1)), ("Priority", text("Low"))]).unwrap();
    let names = ["Property", "FromId", "FromText", "ToId", "ToText", "ChangedDateTime"];
    assert_eq!(
        bench.list(set::TICKET_HISTORY, &names),
        [
            format!("Status - - 1 New {START}"),
            format!("Assignee - - 1 Ann {START}"),
            format!("Team - - - - {START}"),
            format!("Priority - - 1 Low {START}"),
            format!("Category - - - - {START}"),
        ]
    );
}

#[test]
fn a_change_writes_history_with_who_and_how_long_it_had_stood() {
    let mut bench = Bench::new();
    bench.user("Ann", Role::Administrator);
    bench.ticket(&[]).unwrap();
    let wish = Request { owner_id: Some(1), ..Request::new("t", Role::Administrator) };
    for _ in 0..4 {
        block_on(bench.desk.mint_token(&bench.caller, wish.clone())).unwrap();
    }
    bench.caller.user_id = Some(1);
    bench.caller.token_id = Some(4);
    bench.at("2026-11-21T23:30:00Z");
    bench.update(1, &[("Status", text("Open")), ("Title", text("x"))]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    bench.update(1, &[("Status", text("Closed"))]).unwrap();
    let names =
        ["Property", "FromText", "ToText", "ChangedByName", "ActorTokenId", "FormerStateHours"];
    assert_eq!(
        bench.list(set::TICKET_HISTORY, &names)[5..],
        ["Status New Open Ann 4 1.5", "Status Open Closed Ann 4 0.5"]
    );
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let bench = Bench::new();
    let body = [("Title", text("a")), ("Description", text("long")), ("Tags", list(&["x", "y"]))];
    let first = bench.ticket(&body).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    let same = bench.update(1, &body).unwrap();
    let same_status = bench.update(1, &[("Status", text("new"))]).unwrap();
    assert_eq!((&same, &same_status), (&first, &first));
    assert_eq!(bench.show(&first, "UpdatedDateTime"), START);
    let other = bench.update(1, &[("Description", text("longer"))]).unwrap();
    assert_ne!(other.version, first.version);
    assert_eq!(bench.show(&other, "UpdatedDateTime"), "2026-11-22T00:00:00Z");
    assert_eq!(bench.show(&other, "Description"), "longer");
    bench.update(1, &[("Description", Value::Null)]).unwrap();
    assert_eq!(bench.show(&other, "Description"), "-");
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| text(item)).collect())
}

#[test]
fn an_update_is_never_dated_before_the_last() {
    let bench = Bench::new();
    let row = bench.ticket(&[]).unwrap();
    bench.at("2026-11-20T00:00:00Z");
    bench.update(1, &[("Title", text("x"))]).unwrap();
    assert_eq!(bench.show(&row, "UpdatedDateTime"), "2026-11-21T22:00:00.000001Z");
}

#[test]
fn tags_are_kept_in_order_each_once_with_their_case() {
    let bench = Bench::new();
    let row = bench.ticket(&[("Tags", list(&["b", "a", "B", "b", " a"]))]).unwrap();
    assert_eq!(bench.show(&row, "Tags"), "b|a|B| a");
}

#[test]
fn a_stale_version_is_refused_with_the_current_one() {
    let bench = Bench::new();
    let first = bench.ticket(&[]).unwrap();
    let title = |title| [("Title", text(title))];
    let if_match =
        |versions| Precondition { matches: Tags::These(versions), differs: Tags::Unsaid };
    let expected = |version| if_match(vec![version]);
    let second = bench.update_if(1, expected(first.version), &title("a")).unwrap();
    assert_eq!(
        bench.update_if(1, expected(first.version), &title("b")),
        Err(Error::PreconditionFailed { current: format!("W/\"{:x}\"", second.version) })
    );
    let either = if_match(vec![first.version, second.version]);
    bench.update_if(1, either, &title("c")).unwrap();
    assert!(bench.update_if(1, if_match(vec![]), &title("d")).is_err());
    let if_none_match = Precondition { matches: Tags::Unsaid, differs: Tags::Any };
    assert!(bench.update_if(1, if_none_match, &title("d")).is_err());
    assert_eq!(refused(bench.update(9, &title("e"))), "NotFound there is no Ticket 9");
}

#[test]
fn deleting_takes_the_comments_along_and_keeps_the_history() {
    let bench = Bench::new();
    for id in [1, 2] {
        bench.ticket(&[]).unwrap();
        let body = [("TicketId", Value::Int(id)), ("Body", text("x"))];
        bench.create(set::COMMENTS, &body).unwrap();
    }
    bench.delete(1).unwrap();
    assert_eq!(bench.list(set::COMMENTS, &["TicketId"]), ["2"]);
    assert_eq!(bench.desk.snapshot().rows(set::TICKET_HISTORY).count(), 11);
    assert_eq!(refused(bench.delete(1)), "NotFound there is no Ticket 1");
    let next = bench.ticket(&[]).unwrap();
    assert_eq!(bench.show(&next, "Id"), "3");
}

/// The model announced writes of sets no verb writes, and `Allow` and `$metadata` with it.
#[test]
fn the_model_announces_a_scope_for_every_verb_and_for_nothing_else() {
    let bench = Bench::new().with_scopes("");
    let read_only = Error::MethodNotAllowed { allow: "GET, HEAD" };
    for (set, declared) in helpdesk().set_ids() {
        let at = || (set, Key::Int(1));
        let (caller, any) = (&bench.caller, || Precondition::default());
        let created = bench.create(set, &[]).unwrap_err();
        let updated = block_on(bench.desk.update(caller, at(), any(), vec![])).unwrap_err();
        let deleted = block_on(bench.desk.delete(caller, at(), any())).unwrap_err();
        let scopes = declared.scopes;
        for (scope, error) in
            [(scopes.create, created), (scopes.write, updated), (scopes.delete, deleted)]
        {
            let of_scope = |scope: &str| Error::Forbidden { scope: scope.to_owned() };
            assert_eq!(error, scope.map_or(read_only.clone(), of_scope), "{}", declared.name);
        }
    }
}

#[test]
fn tags_are_kept_once_each_up_to_their_limit() {
    let bench = Bench::new();
    let tags = |count: usize| Value::List((0..count).map(|n| text(&format!("t{n}"))).collect());
    let row = bench.ticket(&[("Tags", tags(TAGS_MAX))]).unwrap();
    assert_eq!(bench.show(&row, "Tags").split('|').count(), TAGS_MAX);
    let want = "LimitExceeded Tags passes the limit 'tags_max' of 1000";
    assert_eq!(refused(bench.ticket(&[("Tags", tags(TAGS_MAX + 1))])), want);
    assert_eq!(refused(bench.update(1, &[("Tags", tags(TAGS_MAX + 1))])), want);
}

#[test]
fn a_workspace_without_a_default_takes_the_first_new_status() {
    let bench = Bench::empty();
    assert!(refused(bench.ticket(&[])).contains("there is no status yet"));
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, |draft| {
        for name in ["Closed", "Open", "New"] {
            let entry = crate::desk::pickers::Entry { name, kind: None, is_default: false };
            crate::desk::pickers::add(draft, set::STATUSES, entry)?;
        }
        Ok(())
    })
    .unwrap();
    let row = bench.ticket(&[]).unwrap();
    assert_eq!(bench.show(&row, "Status"), "New");
}

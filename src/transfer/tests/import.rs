use super::*;
use crate::model::ID_MAX;
use crate::transfer::import::Tally;

#[test]
fn a_text_id_is_the_external_reference_and_everything_given_is_kept() {
    let bench = Bench::empty();
    let line = r#"{"Id":"AC-1","Title":" Blank \u0008\r\n","Description":"a\r\nb","Status":"Closed","Priority":"High",
        "Type":"Bug","Category":"SDK","Source":"JIRA web","Resolution":"Fixed","Team":"Inbox","Tags":["a","A"," b"],
        "RequesterName":"Mia","RequesterEmail":"mia@example.com","AssigneeName":"Ann","AssigneeEmail":"ann@example.net",
        "CreatedDateTime":"2011-05-17T00:10:11Z","UpdatedDateTime":"2016-03-08T07:47:43Z","ResolvedDateTime":"2011-05-17T06:42:23Z",
        "DueDateTime":null,"ExternalId":65406,"Links":[],"StatusKind":"Closed","IsClosed":true,"CommentCount":3}"#;
    let summary = bench.tickets(&line.replace('\n', " "));
    assert_eq!(reasons(&summary), Vec::<String>::new());
    let names = summary.unknown.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>();
    assert_eq!(names, ["ExternalId 1", "Links 1"]);
    for (name, want) in [
        ("ExternalReference", "AC-1"),
        ("Title", " Blank \u{8}\r\n"),
        ("Description", "a\r\nb"),
        ("Status", "Closed"),
        ("StatusKind", "Closed"),
        ("TeamName", "Inbox"),
        ("Resolution", "Fixed"),
        ("Tags", "a|A| b"),
        ("RequesterName", "Mia"),
        ("AssigneeEmail", "ann@example.net"),
        ("CreatedDateTime", "2011-05-17T00:10:11Z"),
        ("UpdatedDateTime", "2016-03-08T07:47:43Z"),
        ("ResolvedDateTime", "2011-05-17T06:42:23Z"),
        ("ClosedDateTime", "-"),
        ("FirstResponseDateTime", "-"),
        ("ReopenCount", "0"),
    ] {
        assert_eq!(bench.show(set::TICKETS, 1, &[name]), want, "{name}");
    }
    assert_eq!(bench.list(set::USERS, &["Name", "Role", "IsActive"]), ["Ann Agent true"]);
    assert_eq!(
        bench.list(set::TICKET_HISTORY, &["Property", "ToText", "ChangedDateTime"])[..2],
        ["Status Closed 2011-05-17T00:10:11Z", "Assignee Ann 2011-05-17T00:10:11Z"]
    );
}

#[test]
fn an_unknown_status_gets_its_kind_by_name_or_as_told() {
    let bench = Bench::seeded();
    bench.tickets(concat!(
        "{\"Status\":\"Reopened\"}\n{\"Status\":\"closed\"}\n{\"Status\":\"Parked\",\"StatusKind\":\"Pending\"}\n",
        "{\"Status\":\"Closed\"}\n{\"Title\":null}\n"
    ));
    assert_eq!(
        bench.list(set::TICKETS, &["Id", "Status", "StatusKind"]),
        ["1 Reopened Open", "2 closed Closed", "3 Parked Pending", "4 Closed Closed", "5 New New"]
    );
    assert_eq!(bench.list(set::STATUSES, &["Name"]).len(), 8);
}

#[test]
fn a_bad_line_is_refused_with_its_reason_and_stops_nothing() {
    let bench = Bench::seeded();
    let summary = bench.tickets(
        r##"{"Id":1}

not json
[1]
{"Id":0}
{"Id":1.5}
{"Id":3,"StatusId":99}
{"Id":3,"StatusId":1,"Status":""}
{"Id":3,"Title":7}
{"Id":3,"CreatedDateTime":"2015-05-12T21:25:49.000+0000"}
{"Id":3,"AssigneeName":"Nobody"}
{"Id":3,"Category":"New one","Tags":[""]}
{"Id":3,"Title":"a","Title":"b"}
{"Id":3,"Comments":[{"Body":"first"},{"Id":7}]}
{"@odata.type":"#Tessera.AccessToken","Id":3}
{"@odata.type":"#Tessera.Comment","TicketId":77,"Body":"x"}
{"Id":2,"Status":"Open"} "##,
    );
    assert_eq!(
        reasons(&summary),
        [
            "line 3: it is not a JSON object: it stops making sense, at byte 2",
            "line 4: it is not a JSON object: it is something else, at byte 1",
            "line 5: 'Id' does not fit: it takes a number from 1 to 9007199254740991",
            "line 6: 'Id' takes a whole number from -9223372036854775808 to 9223372036854775807",
            "line 7: 'StatusId' does not fit: there is no Statuses(99)",
            "line 8: 'Status' does not fit: a name is not empty; leave it out or give null",
            "line 9: 'Title' takes text in double quotes",
            "line 10: 'CreatedDateTime' takes a date and time with Z or an offset, such as \"2026-11-21T22:00:00Z\"",
            "line 11: 'AssigneeName' does not fit: nobody on the staff has this name; give 'AssigneeEmail' to make somebody new",
            "line 12: 'Tags' does not fit: a tag is a text that is not empty",
            "line 13: 'Title' says something else than another member",
            "line 14: 'Body' does not fit: a comment has a text",
            "line 15: entities of type \"#Tessera.AccessToken\" cannot be imported",
            "line 16: 'TicketId' does not fit: there is no Tickets(77)",
        ]
    );
    assert_eq!((summary.lines, summary.refused), (16, 14));
    assert_eq!(bench.list(set::TICKETS, &["Id", "Status"]), ["1 New", "2 Open"]);
    // What a refused line had made is gone with it.
    assert_eq!(bench.list(set::CATEGORIES, &["Name"]), Vec::<String>::new());
    assert_eq!(bench.list(set::COMMENTS, &["Body"]), Vec::<String>::new());
    assert_eq!(bench.list(set::TICKET_HISTORY, &["Id"]).len(), 10);
}

#[test]
fn what_is_no_object_is_told_with_the_place_where_it_ceases_to_be_one() {
    let check = |line: &str, want: &str| {
        let told = reasons(&Bench::seeded().tickets(line));
        assert_eq!(told, [format!("line 1: it is not a JSON object: {want}")]);
    };
    check("{\"Id\":1,\n", "it ends too early, at byte 8");
    check("{\"Id\":1 \"Title\":2}", "expected `,` or `}`, at byte 9");
    check("{\"Id\":1}{}", "trailing characters, at byte 9");
    check("{Id:1}", "key must be a string, at byte 2");
    check("Id;Title", "it stops making sense, at byte 1");
    check("7", "it is something else, at byte 1");
}

/// An alternate key would have led to either of two entities.
#[test]
fn a_guid_of_another_entity_is_refused() {
    let bench = Bench::seeded();
    let guid = r#""Guid":"0190a6b2-0000-7000-8000-000000000001""#;
    let again = bench.tickets(&format!("{{\"Id\":1,{guid}}}\n{{\"Id\":1,{guid},\"Title\":\"a\"}}"));
    assert_eq!(reasons(&again), Vec::<String>::new());
    let want = |id: i64, name: &str| {
        format!("line {id}: 'Guid' conflicts: another {name} has this value, which must be unique")
    };
    let other = bench.tickets(&format!("{{\"Id\":2,{guid}}}"));
    assert_eq!(reasons(&other), [want(1, "Ticket")]);
    let line = |id: i64| format!("{{\"Id\":{id},{guid},\"Name\":\"n{id}\"}}\n");
    let teams = bench.import(set::TEAMS, &format!("{}{}", line(1), line(2)));
    assert_eq!(reasons(&teams), [want(2, "Team")]);
}

/// The next id was beyond what clients can read, or overflowed.
#[test]
fn ids_are_used_up_at_the_greatest_and_none_is_beyond_it() {
    let bench = Bench::seeded();
    for (id, name) in [(set::TICKETS, "Title"), (set::CUSTOMERS, "Name"), (set::TEAMS, "Name")] {
        let of = bench.import(
            id,
            &format!("{{\"Id\":9223372036854775807,\"{name}\":\"a\"}}\n{{\"Id\":{ID_MAX},\"{name}\":\"b\"}}\n{{\"{name}\":\"c\"}}\n{{\"Id\":{ID_MAX},\"{name}\":\"d\"}}\n"),
        );
        let set = helpdesk().set(id).name;
        assert_eq!(
            reasons(&of),
            [
                "line 1: 'Id' does not fit: it takes a number from 1 to 9007199254740991"
                    .to_owned(),
                format!("line 3: 'Id' conflicts: the ids of {set} are used up"),
            ]
        );
        assert_eq!(bench.list(id, &["Id", name]), [format!("{ID_MAX} d")]);
    }
}

#[test]
fn only_the_first_refusals_are_told_and_all_are_counted() {
    let summary = Bench::seeded().tickets(&"x\n".repeat(2_500));
    assert_eq!((summary.refused, summary.refusals.len()), (2_500, 20));
    assert_eq!(summary.refusals[19].line, 20);
}

#[test]
fn all_refusals_are_told_in_their_order_if_asked_for() {
    let bench = Bench::seeded();
    let text = "{\"Id\":1}\nx\n{\"Id\":0}\n".repeat(800);
    let options = Options { model: helpdesk(), set: set::TICKETS, reasons: usize::MAX };
    let summary = import_file(&*bench.store, text.as_bytes(), options, &mut |_| {}).unwrap();
    let lines: Vec<u64> = summary.refusals.iter().map(|refusal| refusal.line).collect();
    assert_eq!(lines, (1..=2_400).filter(|line| line % 3 != 1).collect::<Vec<_>>());
}

#[test]
fn running_it_again_changes_nothing_and_a_change_is_an_update() {
    let bench = Bench::empty();
    let text = concat!(
        r#"{"Id":"A-1","Title":"a","Description":"long","Status":"Open","RequesterName":"No Address","Comments":[{"Id":5,"AuthorName":"Somebody","Body":"x"}]}"#,
        "\n",
        r#"{"Id":7,"Title":"b","Status":"Open","Comments":[{"Id":5,"Body":"y","CreatedDateTime":"2020-01-01T00:00:00Z"}]}"#,
        "\n"
    );
    let first = bench.tickets(text);
    assert_eq!(first.tally(set::TICKETS), Tally { created: 2, updated: 0, unchanged: 0 });
    assert_eq!(first.tally(set::COMMENTS).created, 2);
    assert_eq!(first.tally(set::CUSTOMERS).created, 2);
    assert_eq!(first.tally(set::STATUSES).created, 1);
    let before = bench.export();
    let seq = bench.store.snapshot().seq();
    bench.at("2026-11-22T22:00:00Z");
    let again = bench.tickets(text);
    assert_eq!(again.tally(set::TICKETS), Tally { created: 0, updated: 0, unchanged: 2 });
    assert_eq!(again.tally(set::COMMENTS), Tally { created: 0, updated: 0, unchanged: 2 });
    assert_eq!((bench.export(), bench.store.snapshot().seq()), (before, seq));
    let changed = bench.tickets(&text.replace("\"Open\"", "\"Closed\"").replace("long", "longer"));
    assert_eq!(changed.tally(set::TICKETS), Tally { created: 0, updated: 2, unchanged: 0 });
    assert_eq!(
        bench.show(
            set::TICKETS,
            1,
            &["Description", "Status", "ResolvedDateTime", "UpdatedDateTime"]
        ),
        "longer Closed - 2026-11-22T22:00:00Z"
    );
    let names = ["TicketId", "Property", "FromText", "ToText", "FormerStateHours"];
    assert_eq!(bench.list(set::TICKET_HISTORY, &names)[10], "1 Status Open Closed 24.0");
}

#[test]
fn numbers_of_comments_are_references_where_the_ticket_has_a_text_id() {
    let bench = Bench::empty();
    bench.tickets(concat!(
        r#"{"Id":"A-1","Status":"Open","Comments":[{"Id":133784,"Body":"x"},{"Id":"k","Body":"y"}]}"#,
        "\n",
        r#"{"Id":9,"Status":"Open","Comments":[{"Id":70,"Body":"z"},{"Id":"k","Body":"w"}]}"#,
        "\n",
        r##"{"@odata.type":"#Tessera.Comment","TicketId":"A-1","Body":"by reference"}"##,
        "\n",
    ));
    assert_eq!(
        bench.list(set::COMMENTS, &["Id", "TicketId", "ExternalReference", "Body", "AuthorName"]),
        [
            "1 1 133784 x System",
            "2 1 k y System",
            "70 9 - z System",
            "71 9 k w System",
            "72 1 - by reference System",
        ]
    );
}

#[test]
fn lines_may_say_of_which_set_they_are() {
    let bench = Bench::empty();
    let summary = bench.import(
        set::CUSTOMERS,
        concat!(
            "{\"Id\":4,\"Name\":\"Mia\",\"Email\":\"mia@example.com\",\"X\":1}\n",
            "{\"@odata.type\":\"#Tessera.Team\",\"Name\":\"Net\",\"X\":1}\n",
            "{\"@odata.type\":\"#Tessera.User\",\"Email\":\"ann@example.net\",\"Name\":\"Ann\"}\n",
            "{\"@odata.type\":\"#Tessera.TeamMember\",\"TeamId\":1,\"UserId\":1}\n",
            "{\"@odata.type\":\"#Tessera.TeamMember\",\"TeamId\":1,\"UserId\":2}\n",
            "{\"@odata.type\":\"#Tessera.Status\",\"Name\":\"Open\",\"Kind\":\"Ajar\"}\n",
            "{\"@odata.type\":\"#Tessera.User\",\"Email\":\"x@y\",\"Name\":\"X\",\"Role\":\"Boss\"}\n",
        ),
    );
    assert_eq!(
        reasons(&summary),
        [
            "line 5: 'UserId' does not fit: there is no Users(2)",
            "line 6: 'Kind' does not fit: it is one of New, Open, Pending, Resolved, Closed",
            "line 7: 'Role' does not fit: there is no role 'Boss'; there are Administrator, \
             ReadOnlyAdministrator, Agent, ReadOnlyAgent",
        ]
    );
    let names: Vec<_> = summary.unknown.keys().cloned().collect();
    assert_eq!(names, ["Teams/X", "X"]);
    assert_eq!(bench.list(set::TEAM_MEMBERS, &["TeamId", "UserId"]), ["1 1"]);
    assert_eq!(bench.list(set::CUSTOMERS, &["Id", "Name", "IsVip"]), ["4 Mia false"]);
}

#[test]
fn an_import_tells_how_far_it_is() {
    let bench = Bench::seeded();
    let text = "{\"Title\":\"x\"}\n".repeat(2_100);
    let mut seen = Vec::new();
    let options = Options { model: helpdesk(), set: set::TICKETS, reasons: REASONS_TOLD };
    import_file(&*bench.store, text.as_bytes(), options, &mut |progress| seen.push(progress))
        .unwrap();
    let lines: Vec<u64> = seen.iter().map(|progress| progress.lines).collect();
    assert!(lines.len() > 10 && lines.is_sorted() && lines.last() == Some(&2_100), "{lines:?}");
    assert_eq!(seen.last().unwrap().bytes, text.len() as u64);
}

#[test]
fn who_joins_the_staff_later_remains_the_customer_of_earlier_comments() {
    // Went wrong: the second run found a user by the address and made the comments theirs.
    let bench = Bench::seeded();
    let text = concat!(
        r#"{"Id":"A-1","Title":"a","Comments":[{"Id":1,"AuthorName":"Ann","AuthorEmail":"ann@x","Body":"b"}]}"#,
        "\n",
        r#"{"Id":"A-2","Title":"b","AssigneeName":"Ann","AssigneeEmail":"Ann@x"}"#,
        "\n"
    );
    bench.tickets(text);
    let seq = bench.store.snapshot().seq();
    let again = bench.tickets(text);
    assert_eq!(again.tally(set::COMMENTS), Tally { created: 0, updated: 0, unchanged: 1 });
    assert_eq!(bench.store.snapshot().seq(), seq);
}

#[test]
fn comments_without_an_id_are_found_again_by_what_they_say_and_two_alike_stay_two() {
    let bench = Bench::seeded();
    let text = r#"{"Id":"A-1","Title":"a","Comments":[{"Body":"+1"},{"Body":"+1"},{"Body":"b","CreatedDateTime":"2020-01-01T00:00:00Z"}]}"#;
    assert_eq!(bench.tickets(text).tally(set::COMMENTS).created, 3);
    let again = bench.tickets(text);
    assert_eq!(again.tally(set::COMMENTS), Tally { created: 0, updated: 0, unchanged: 3 });
}

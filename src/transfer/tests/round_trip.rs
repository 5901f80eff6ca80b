use super::*;

/// Import, export, import into an empty store (with or without its first lists), export: the same.
#[track_caller]
fn check(first: &Bench) -> String {
    let exported = first.export();
    for second in [Bench::empty(), Bench::seeded()] {
        second.at("2031-01-01T00:00:00Z");
        let summary = second.tickets(&exported);
        assert_eq!(reasons(&summary), Vec::<String>::new());
        assert_eq!(summary.unknown.len(), 0, "{:?}", summary.unknown);
        let again = second.export();
        for (was, is) in exported.lines().zip(again.lines()) {
            assert_eq!(was, is);
        }
        assert_eq!(exported.len(), again.len());
        // And once more into the same store: nothing changes.
        let seq = second.store.snapshot().seq();
        second.tickets(&exported);
        assert_eq!(second.store.snapshot().seq(), seq);
    }
    exported
}

#[test]
fn an_export_imports_into_the_same_again() {
    let bench = Bench::seeded();
    bench.import(
        set::USERS,
        "{\"Id\":3,\"Name\":\"Ann\",\"Email\":\"ann@x\",\"Role\":\"Administrator\",\"IsActive\":false}",
    );
    bench.import(set::TEAMS, "{\"Id\":8,\"Name\":\"Net\",\"Description\":\"\\u0001 <b>\"}");
    bench.import(set::TEAM_MEMBERS, "{\"TeamId\":8,\"UserId\":3}");
    bench.tickets(concat!(
        r#"{"Id":"A-1","Title":"\"q\" \\ é 日本 \u2028","Status":"Waiting","StatusKind":"Pending","RequesterName":"No Address","Tags":["x","X"],"AssigneeId":3,"TeamId":8}"#,
        "\n",
        r#"{"Id":70,"Status":"Closed","ReopenCount":3,"CreatedDateTime":"2001-02-03T04:05:06.123456Z","Comments":[{"AuthorEmail":"ann@x","Body":"","IsInternal":true}]}"#,
        "\n",
    ));
    bench.at("2026-11-22T03:33:33.333333Z");
    bench.tickets(r#"{"Id":70,"Status":"Open","PriorityId":4}"#);
    let exported = check(&bench);
    let first = exported.lines().find(|line| line.contains("Tessera.TicketHistoryEntry")).unwrap();
    assert!(first.starts_with(r##"{"@odata.type":"#Tessera.TicketHistoryEntry","Id":1,"Guid":""##));
    assert!(exported.contains(r#""FormerStateHours":"#));
}

#[test]
fn real_tickets_go_in_and_come_out_the_same() {
    let Some(sample) = real_tickets("sample-200.jsonl") else { return };
    let bench = Bench::seeded();
    let options = Options { model: helpdesk(), set: set::TICKETS, reasons: REASONS_TOLD };
    let summary = import_file(&*bench.store, &sample[..], options, &mut |_| {}).unwrap();
    assert_eq!(reasons(&summary), Vec::<String>::new());
    assert_eq!(summary.tally(set::TICKETS).created, 200);
    let unknown: Vec<_> = summary.unknown.into_iter().collect();
    let names = ["Attachments", "Categories", "Environment", "ExternalId", "Links"];
    assert_eq!(unknown, names.map(|name| (name.to_owned(), 200)));
    check(&bench);
}

#[test]
fn the_whole_real_set_goes_in_packed_as_it_is() {
    let Some(packed) = real_tickets("tickets.jsonl.gz") else { return };
    let bench = Bench::seeded();
    let options = Options { model: helpdesk(), set: set::TICKETS, reasons: REASONS_TOLD };
    let summary = import_file(&*bench.store, &packed[..], options, &mut |_| {}).unwrap();
    assert_eq!(reasons(&summary), Vec::<String>::new());
    assert_eq!(summary.tally(set::TICKETS).created, 3_736);
    assert_eq!(summary.tally(set::COMMENTS).created, 11_638);
    assert_eq!(summary.tally(set::USERS).created, 71);
    let snapshot = bench.store.snapshot();
    assert_eq!(snapshot.rows(set::TICKET_HISTORY).count(), 5 * 3_736);
    let resolved = bench.list(set::TICKETS, &["ExternalReference", "ResolvedDateTime"]);
    assert!(resolved.contains(&"ALOY-1743 -".to_owned()));
}

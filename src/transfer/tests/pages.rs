//! Answers of the feed saved as they came, and lines that are of something else.

use super::*;
use crate::transfer::import::Tally;

const PAGE: &str = r##"{"@odata.context":"http://desk/odata/$metadata#Tickets(Id,Title,Comments())","value":[{"Id":7,"Title":"a","CategoryId":3,"Category":"Net","Comments":[{"Id":4,"Body":"x"}]},{"@odata.type":"#Tessera.Customer","Id":2,"Name":"Mia"},{"Id":9,"Title":7},5,{"value":[]}],"@odata.nextLink":"http://desk/odata/Tickets?$skiptoken=x"}"##;

/// Imports a page in front of a line twice; what became of it both times.
#[track_caller]
fn check(page: &str, next: u64) {
    let bench = Bench::seeded();
    let text = format!("{page}\n{{\"Id\":1}}\n{{\"Nonsense\":1}}\n");
    for created in [2, 0] {
        let summary = bench.tickets(&text);
        assert_eq!(
            reasons(&summary),
            [
                "line 1, entity 3: 'Title' takes text in double quotes".to_owned(),
                "line 1, entity 4: it is not a JSON object".to_owned(),
                format!("line 1, entity 5: {NOTHING}"),
                format!("line {}: {NOTHING}", next + 1),
            ]
        );
        let unchanged = 2 - created;
        assert_eq!(summary.tally(set::TICKETS), Tally { created, updated: 0, unchanged });
        assert_eq!((summary.lines, summary.refused), (7, 4));
        assert_eq!(summary.unknown.get("@odata.nextLink"), Some(&1));
    }
    assert_eq!(bench.list(set::TICKETS, &["Id", "Title", "CategoryId"]), ["1 - -", "7 a 3"]);
    assert_eq!(bench.list(set::CUSTOMERS, &["Id", "Name"]), ["2 Mia"]);
    assert_eq!(bench.list(set::COMMENTS, &["Id", "TicketId"]), ["4 7"]);
}

const NOTHING: &str = "it has no member that Tickets have; name another set with --set, or in the line with '@odata.type'";

// It made an empty ticket, and all was said to be well.
#[test]
fn a_page_of_the_feed_is_taken_apart_on_one_line_and_on_many() {
    check(PAGE, 2);
    let page: serde_json::Value = serde_json::from_str(PAGE).unwrap();
    let pretty = serde_json::to_string_pretty(&page).unwrap();
    check(&pretty, pretty.lines().count() as u64 + 1);
}

#[test]
fn the_context_says_of_which_set_a_page_or_an_entity_is() {
    let bench = Bench::seeded();
    let summary = bench.tickets(concat!(
        r#"{"@odata.context":"https://desk/odata/$metadata#Customers","value":[{"Id":3,"Name":"Mia"}]}"#,
        "\n",
        r#"{"@odata.context":"https://desk/odata/$metadata#Teams/$entity","Id":4,"Name":"Net"}"#,
        "\n",
        r#"{"@odata.context":"https://desk/odata/$metadata#AccessTokens","value":[{"Id":3}]}"#,
        "\n",
        r#"{"@odata.context":"https://desk/odata/$metadata#Tickets","value":[]}"#,
        "\n",
    ));
    assert_eq!(reasons(&summary), ["line 3: entities of AccessTokens cannot be imported"]);
    assert_eq!(summary.lines, 3);
    assert_eq!(bench.list(set::CUSTOMERS, &["Id", "Name"]), ["3 Mia"]);
    assert_eq!(bench.list(set::TEAMS, &["Id", "Name"]), ["4 Net"]);
    assert_eq!(bench.list(set::TICKETS, &["Id"]), Vec::<String>::new());
}

#[test]
fn a_page_of_many_entities_goes_in_whole() {
    let bench = Bench::seeded();
    let entities: Vec<String> = (1..=1_000).map(|id| format!("{{\"Id\":{id}}}")).collect();
    let summary = bench.tickets(&format!("{{\"value\":[{}]}}", entities.join(",")));
    assert_eq!(summary.tally(set::TICKETS).created, 1_000);
}

#[test]
fn a_page_that_is_too_long_is_refused_as_one() {
    let text = "x".repeat(32 << 20);
    let summary = Bench::seeded().tickets(&format!("{{\"value\":[{{\"Title\":\"{text}\"}}]}}"));
    assert_eq!(
        reasons(&summary),
        [
            "line 1: this looks like a page of the feed of more than 33554432 bytes; write its entities one a line"
        ]
    );
}

#[test]
fn a_line_without_any_known_member_makes_nothing() {
    let bench = Bench::seeded();
    let text =
        "{}\n{\"value\":1}\n{\"d\":{\"results\":[]}}\n{\"@odata.type\":\"#Tessera.Ticket\"}\n";
    let summary = bench.tickets(text);
    assert_eq!((summary.lines, summary.refused), (4, 4));
    assert!(reasons(&summary).iter().all(|reason| reason.ends_with(NOTHING)));
    assert_eq!(bench.list(set::TICKETS, &["Id"]), Vec::<String>::new());
}

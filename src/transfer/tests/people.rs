use super::*;

/// Imports tickets with one comment each; who asks, who has it and who wrote.
#[track_caller]
fn check(lines: &[&str], want: &[&str]) {
    let bench = Bench::seeded();
    let summary = bench.tickets(&lines.join("\n"));
    assert_eq!(reasons(&summary), Vec::<String>::new());
    let tickets = bench.list(set::TICKETS, &["RequesterId", "RequesterName", "AssigneeId"]);
    let comments = bench.list(set::COMMENTS, &["AuthorKind", "AuthorName"]);
    let got: Vec<String> = tickets.into_iter().chain(comments).collect();
    assert_eq!(got, want);
}

#[test]
fn a_comment_is_by_the_requester_else_by_staff_else_by_a_customer() {
    check(
        &[r#"{"RequesterName":"Mia","RequesterEmail":"both@x","AssigneeName":"Ann","AssigneeEmail":"both@x",
            "Comments":[{"AuthorEmail":"BOTH@x","Body":"a"}]}"#
            .replace('\n', " ")
            .as_str()],
        &["1 Mia 1", "Customer Mia"],
    );
    check(
        &[r#"{"AssigneeName":"Ann","AssigneeEmail":"ann@x","Comments":[{"AuthorEmail":"Ann@X","Body":"a"},
            {"AuthorName":"Zoe","AuthorEmail":"zoe@x","Body":"b"},{"AuthorEmail":"zoe@x","Body":"c"}]}"#
            .replace('\n', " ")
            .as_str()],
        &["- - 1", "User Ann", "Customer Zoe", "Customer Zoe"],
    );
}

// Importing a file again turned comments of customers into comments of staff, wherever a later line
// had made a member of staff of the same address.
#[test]
fn who_wrote_as_a_customer_stays_one_when_the_file_comes_again() {
    let bench = Bench::seeded();
    let lines = concat!(
        r#"{"Id":"a","Comments":[{"Id":1,"AuthorName":"Ann","AuthorEmail":"ann@x","Body":"a"}]}"#,
        "\n",
        r#"{"Id":"b","AssigneeName":"Ann","AssigneeEmail":"Ann@x"}"#,
    );
    bench.tickets(lines);
    let first = bench.export();
    bench.tickets(lines);
    assert_eq!(bench.export(), first);
    assert_eq!(bench.list(set::COMMENTS, &["AuthorKind", "AuthorName"]), ["Customer Ann"]);
}

#[test]
fn people_without_an_address_are_known_by_their_exact_name() {
    check(
        &[
            r#"{"RequesterName":"Mia","Comments":[{"AuthorName":"Mia","Body":"a"}]}"#,
            r#"{"RequesterName":"mia"}"#,
            r#"{"RequesterName":"Mia","RequesterEmail":"mia@x"}"#,
            r#"{"RequesterName":"Mia","RequesterEmail":null}"#,
            r#"{"RequesterName":null,"RequesterEmail":null}"#,
        ],
        &["1 Mia -", "2 mia -", "3 Mia -", "1 Mia -", "- - -", "Customer Mia"],
    );
}

#[test]
fn an_address_is_one_person_in_any_letter_case_and_keeps_its_first_name() {
    check(
        &[
            r#"{"RequesterName":"Mia","RequesterEmail":"mia@x"}"#,
            r#"{"RequesterName":"M. Other","RequesterEmail":"MIA@X"}"#,
            r#"{"RequesterEmail":"zoe@x"}"#,
        ],
        &["1 Mia -", "1 Mia -", "2 zoe -"],
    );
}

#[test]
fn an_address_is_whoever_has_it_whatever_the_id_beside_it() {
    let bench = Bench::seeded();
    bench.import(set::CUSTOMERS, r#"{"Id":5,"Name":"Mia","Email":"mia@x"}"#);
    let summary = bench.tickets(concat!(
        "{\"RequesterId\":5,\"RequesterEmail\":\"Mia@x\"}\n",
        "{\"RequesterId\":5,\"RequesterEmail\":\"zoe@x\"}\n",
        "{\"RequesterId\":7}\n",
        "{\"RequesterId\":7,\"RequesterEmail\":\"zoe@x\"}\n",
        "{\"RequesterEmail\":\"\"}\n",
        "{\"RequesterId\":9,\"RequesterEmail\":\"kim@x\"}\n",
        "{\"RequesterId\":0,\"RequesterEmail\":\"bob@x\"}\n",
    ));
    assert_eq!(
        reasons(&summary),
        [
            "line 3: 'RequesterId' does not fit: there is no Customers(7)",
            "line 5: 'Email' does not fit: an address is not empty; leave it out or give null",
        ]
    );
    let names = ["RequesterId", "RequesterName"];
    assert_eq!(bench.list(set::TICKETS, &names), ["5 Mia", "6 zoe", "6 zoe", "9 kim", "10 bob"]);
}

#[test]
fn an_id_beside_a_name_chooses_among_namesakes_and_is_kept_for_somebody_new() {
    let bench = Bench::seeded();
    bench.import(
        set::CUSTOMERS,
        "{\"Id\":4,\"Name\":\"Mia\",\"Email\":\"mia@x\"}\n{\"Id\":5,\"Name\":\"Mia\"}",
    );
    bench.import(
        set::USERS,
        "{\"Id\":4,\"Name\":\"Ann\",\"Email\":\"a@x\"}\n{\"Id\":5,\"Name\":\"Ann\",\"Email\":\"b@x\"}\n{\"Id\":6,\"Name\":\"Lin\",\"Email\":\"l@x\"}",
    );
    let text = concat!(
        r#"{"Id":1,"RequesterId":4,"RequesterName":"Mia","AssigneeId":5,"AssigneeName":"Ann"}"#,
        "\n",
        r#"{"Id":2,"RequesterId":77,"RequesterName":"Mia","AssigneeId":5,"AssigneeName":"Lin"}"#,
        "\n",
        r#"{"Id":3,"RequesterId":4,"RequesterName":"Kim","AssigneeId":9,"AssigneeName":"Oda","AssigneeEmail":"o@x"}"#,
        "\n",
        r#"{"Id":4,"RequesterId":70,"RequesterName":"Bob","AssigneeId":6,"AssigneeName":"Ann"}"#,
        "\n",
        r#"{"Id":5,"RequesterId":70,"RequesterName":"Bob"}"#,
    );
    for _ in 0..2 {
        assert_eq!(
            reasons(&bench.tickets(text)),
            [
                "line 4: 'AssigneeName' does not fit: several members of staff have this name; give 'AssigneeEmail'"
            ]
        );
        let names = ["RequesterId", "RequesterName", "AssigneeId", "AssigneeName"];
        assert_eq!(
            bench.list(set::TICKETS, &names),
            ["4 Mia 5 Ann", "5 Mia 6 Lin", "6 Kim 9 Oda", "70 Bob - -"]
        );
    }
}

/// Somebody disabled by an import went on answering for service tokens.
#[test]
fn whoever_an_import_disables_answers_for_no_token_any_more() {
    use crate::desk::{Desk, Settings, tokens::Request};
    let bench = Bench::seeded();
    let ann = r#"{"Id":1,"Name":"Ann","Email":"ann@x","Role":"Administrator"}"#;
    assert_eq!(reasons(&bench.import(set::USERS, ann)), Vec::<String>::new());
    let store = Arc::clone(&bench.store);
    let desk = Desk::new(helpdesk(), store, bench.clock.clone(), Settings::default());
    let wish = Request {
        is_service: true,
        responsible_id: Some(1),
        ..Request::new("feed", crate::auth::Role::ReadOnlyAgent)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let operator = crate::auth::Principal::system();
    runtime.block_on(desk.mint_token(&operator, wish)).unwrap();
    let orphaned = || bench.list(set::ACCESS_TOKENS, &["OrphanedDateTime"]);
    assert_eq!(orphaned(), ["-"]);
    let gone = ann.replace("\"Role\"", "\"IsActive\":false,\"Role\"");
    assert_eq!(reasons(&bench.import(set::USERS, &gone)), Vec::<String>::new());
    assert_eq!(orphaned(), [START]);
}

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
fn an_id_and_an_address_of_somebody_else_do_not_go_together() {
    let bench = Bench::seeded();
    bench.import(set::CUSTOMERS, r#"{"Id":5,"Name":"Mia","Email":"mia@x"}"#);
    let summary = bench.tickets(concat!(
        "{\"RequesterId\":5,\"RequesterEmail\":\"Mia@x\"}\n",
        "{\"RequesterId\":5,\"RequesterEmail\":\"zoe@x\"}\n",
        "{\"RequesterId\":6}\n",
        "{\"RequesterId\":6,\"RequesterEmail\":\"zoe@x\"}\n",
        "{\"RequesterEmail\":\"\"}\n",
    ));
    assert_eq!(
        reasons(&summary),
        [
            "line 2: 'RequesterEmail' does not fit: the address is not that of this id",
            "line 3: 'RequesterEmail' does not fit: there is no Customers(6)",
            "line 5: 'Email' does not fit: an address is not empty; leave it out or give null",
        ]
    );
    assert_eq!(bench.list(set::TICKETS, &["RequesterName"]), ["Mia", "zoe"]);
}

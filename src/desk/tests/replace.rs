//! Replacing all that clients may change of an entity.

use super::*;

#[test]
fn what_is_left_out_goes_back_to_its_default() {
    let bench = Bench::new();
    let names = [
        ("Name", text("Mia")),
        ("Email", text("mia@example.com")),
        ("IsVip", Value::Bool(true)),
        ("Notes", text("x")),
    ];
    let row = bench.create(set::CUSTOMERS, &names).unwrap();
    bench.replace(set::CUSTOMERS, 1, &[("Name", text("Mia")), ("Phone", text("1"))]).unwrap();
    let seen = ["Name", "Email", "IsVip", "Notes", "Phone"].map(|name| bench.show(&row, name));
    assert_eq!(seen, ["Mia", "-", "false", "-", "1"]);
    assert_eq!(
        refused(bench.replace(set::CUSTOMERS, 1, &[])),
        "InvalidValue 'Name' does not fit: a replacement needs it, because it has no default"
    );
}

#[test]
fn a_name_beside_an_id_counts_as_giving_the_id() {
    let bench = Bench::new();
    bench
        .ticket(&[
            ("Title", text("a")),
            ("Description", text("b")),
            ("Priority", text("High")),
            ("Source", text("Email")),
            ("Tags", Value::List([text("x")].into())),
            ("RequesterEmail", text("mia@example.com")),
        ])
        .unwrap();
    assert_eq!(
        refused(bench.replace(set::TICKETS, 1, &[("Title", text("c"))])),
        "InvalidValue 'StatusId' does not fit: a replacement needs it, because it has no default"
    );
    let given = [("Title", text("c")), ("Status", text("Open")), ("Priority", text("Low"))];
    bench.replace(set::TICKETS, 1, &given).unwrap();
    let names = ["Title", "Description", "Status", "Priority", "Source", "TagsText", "RequesterId"];
    assert_eq!(bench.see(1, &names), "c - Open Low -  -");
    assert_eq!(bench.see(1, &["Id", "CreatedDateTime"]), format!("1 {START}"));
}

/// A note replaced by a body alone would have become public.
#[test]
fn a_replaced_comment_says_whether_it_is_a_note() {
    let bench = Bench::new();
    bench.ticket(&[]).unwrap();
    let note = [("Body", text("x")), ("IsInternal", Value::Bool(true))];
    bench.create(set::COMMENTS, &[&note[..], &[("TicketId", Value::Int(1))]].concat()).unwrap();
    let refusal = refused(bench.replace(set::COMMENTS, 1, &[("Body", text("y"))]));
    assert!(refusal.starts_with("InvalidValue 'IsInternal' does not fit"), "{refusal}");
    bench.replace(set::COMMENTS, 1, &note).unwrap();
}

use super::*;
use crate::model::ID_MAX;

fn bench() -> Bench {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.ticket(&[("RequesterEmail", text("mia@example.com"))]).unwrap();
    bench
}

fn comment(bench: &Bench, names: &[(&str, Value)]) -> Result<Row, Error> {
    let mut all = vec![("TicketId", Value::Int(1)), ("Body", text("hello"))];
    for (name, value) in names {
        all.retain(|(known, _)| known != name);
        all.push((name, value.clone()));
    }
    bench.create(set::COMMENTS, &all)
}

#[test]
fn the_author_is_whoever_the_token_belongs_to() {
    let mut bench = bench();
    bench.caller.user_id = Some(1);
    let row = comment(&bench, &[]).unwrap();
    assert_eq!(bench.show(&row, "AuthorKind"), "User");
    assert_eq!(bench.show(&row, "AuthorName"), "Ann");
    comment(&bench, &[("AuthorKind", text("User"))]).unwrap();
    comment(&bench, &[("AuthorUserId", Value::Int(1))]).unwrap();
    assert_eq!(
        refused(comment(&bench, &[("AuthorCustomerId", Value::Int(1))])),
        "InvalidValue 'AuthorKind' does not fit: the author is whoever this access token belongs to"
    );
}

#[test]
fn a_service_says_who_wrote_it_or_it_was_the_system() {
    let bench = bench();
    for (names, want) in [
        (vec![], "System System"),
        (vec![("AuthorKind", text("System"))], "System System"),
        (vec![("AuthorUserId", Value::Int(1))], "User Ann"),
        (
            vec![("AuthorKind", text("Customer")), ("AuthorCustomerId", Value::Int(1))],
            "Customer mia",
        ),
    ] {
        let row = comment(&bench, &names).unwrap();
        let got = format!("{} {}", bench.show(&row, "AuthorKind"), bench.show(&row, "AuthorName"));
        assert_eq!(got, want);
    }
    for names in [
        vec![("AuthorKind", text("User"))],
        vec![("AuthorKind", text("Robot"))],
        vec![("AuthorKind", text("System")), ("AuthorUserId", Value::Int(1))],
        vec![("AuthorUserId", Value::Int(1)), ("AuthorCustomerId", Value::Int(1))],
        vec![("AuthorUserId", Value::Int(9))],
        vec![("AuthorCustomerId", Value::Int(9))],
    ] {
        let refusal = refused(comment(&bench, &names));
        assert!(refusal.starts_with("InvalidValue 'Author"), "{names:?} {refusal}");
    }
}

#[test]
fn the_first_public_answer_by_staff_is_the_first_response() {
    let mut bench = bench();
    let ticket = bench.desk.snapshot().row(set::TICKETS, &Key::Int(1)).unwrap();
    let seen = |bench: &Bench| {
        (bench.show(&ticket, "FirstResponseDateTime"), bench.show(&ticket, "UpdatedDateTime"))
    };
    bench.at("2026-11-21T23:00:00Z");
    comment(&bench, &[("AuthorCustomerId", Value::Int(1))]).unwrap();
    assert_eq!(seen(&bench), ("-".into(), "2026-11-21T23:00:00Z".into()));
    bench.caller.user_id = Some(1);
    bench.at("2026-11-21T23:10:00Z");
    comment(&bench, &[("IsInternal", Value::Bool(true))]).unwrap();
    assert_eq!(seen(&bench).0, "-");
    bench.at("2026-11-21T23:20:00Z");
    comment(&bench, &[]).unwrap();
    bench.at("2026-11-21T23:30:00Z");
    comment(&bench, &[]).unwrap();
    assert_eq!(seen(&bench), ("2026-11-21T23:20:00Z".into(), "2026-11-21T23:30:00Z".into()));
    assert_eq!(bench.show(&ticket, "CommentCount"), "3");
}

#[test]
fn a_note_needs_more_than_a_comment() {
    let bench = bench().with_scopes("comments:create");
    comment(&bench, &[("IsInternal", Value::Bool(false))]).unwrap();
    assert_eq!(
        comment(&bench, &[("IsInternal", Value::Bool(true))]),
        Err(Error::Forbidden { scope: "notes:write".into() })
    );
    let bench = bench.with_scopes("notes:write");
    assert_eq!(
        comment(&bench, &[("IsInternal", Value::Bool(true))]),
        Err(Error::Forbidden { scope: "comments:create".into() })
    );
}

#[test]
fn a_comment_needs_a_ticket_and_a_text() {
    let bench = bench();
    for (names, want) in [
        (vec![("TicketId", Value::Int(9))], "'TicketId' does not fit: there is no Ticket 9"),
        (
            vec![("TicketId", Value::Null)],
            "'TicketId' does not fit: null is not a value it can have",
        ),
        (vec![("Body", text(""))], "'Body' does not fit: a comment is a text that is not empty"),
    ] {
        assert_eq!(refused(comment(&bench, &names)), format!("InvalidValue {want}"));
    }
    assert_eq!(
        refused(bench.create(set::COMMENTS, &[("Body", text("x"))])),
        "InvalidValue 'TicketId' does not fit: a comment belongs to a ticket"
    );
}

#[test]
fn an_external_reference_is_unique_on_its_ticket_only() {
    let bench = bench();
    bench.ticket(&[]).unwrap();
    comment(&bench, &[("ExternalReference", text("c-1"))]).unwrap();
    let again = comment(&bench, &[("ExternalReference", text("c-1"))]);
    assert_eq!(again.unwrap_err().status(), 409);
    comment(&bench, &[("ExternalReference", text("c-1")), ("TicketId", Value::Int(2))]).unwrap();
}

/// A client could use up the ids by giving the greatest.
#[test]
fn the_id_and_guid_of_a_comment_are_given_by_the_desk() {
    let bench = bench();
    for name in ["Id", "Guid"] {
        let want = format!("ReadOnlyProperty '{name}' is read-only; leave it out of the body");
        assert_eq!(refused(comment(&bench, &[(name, Value::Int(ID_MAX))])), want);
    }
}

fn changed(bench: &Bench, id: i64, names: &[(&str, Value)]) -> Result<Row, Error> {
    bench.change(set::COMMENTS, id, names)
}

#[test]
fn a_comment_is_changed_by_its_author_or_who_may_change_any() {
    let mut bench = bench();
    let bob = bench.user("Bob", Role::Agent);
    bench.as_user(1, "comments:create");
    comment(&bench, &[]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    changed(&bench, 1, &[("Body", text("one's own"))]).unwrap();
    let seen = bench.list(set::COMMENTS, &["Body", "CreatedDateTime", "UpdatedDateTime"]);
    assert_eq!(seen, [format!("one's own {START} 2026-11-22T00:00:00Z")]);
    assert_eq!(bench.see(1, &["UpdatedDateTime"]), "2026-11-22T00:00:00Z");
    bench.as_user(bob, "comments:create");
    let others = [("Body", text("somebody else's"))];
    let needs = Error::Forbidden { scope: "comments:write".into() };
    assert_eq!(changed(&bench, 1, &others), Err(needs));
    bench.as_user(bob, "comments:write");
    changed(&bench, 1, &others).unwrap();
    assert_eq!(
        refused(changed(&bench, 1, &[("Body", text(""))])),
        "InvalidValue 'Body' does not fit: a comment is a text that is not empty"
    );
    for name in ["TicketId", "AuthorUserId", "ExternalReference"] {
        assert_eq!(
            changed(&bench, 1, &[(name, Value::Null)]).unwrap_err().code(),
            "ReadOnlyProperty"
        );
    }
}

#[test]
fn a_comment_that_stays_the_same_dates_nothing() {
    let bench = bench();
    let row = comment(&bench, &[]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    let same = [("Body", text("hello")), ("IsInternal", Value::Bool(false))];
    assert_eq!(changed(&bench, 1, &same).unwrap(), row);
    assert_ne!(bench.see(1, &["UpdatedDateTime"]), "2026-11-22T00:00:00Z");
}

#[test]
fn a_note_that_is_made_public_can_be_the_first_response() {
    let mut bench = bench();
    bench.caller.user_id = Some(1);
    comment(&bench, &[("IsInternal", Value::Bool(true))]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    changed(&bench, 1, &[("IsInternal", Value::Bool(false))]).unwrap();
    let response = || bench.see(1, &["FirstResponseDateTime", "CommentCount"]);
    assert_eq!(response(), "2026-11-22T00:00:00Z 1");
    changed(&bench, 1, &[("IsInternal", Value::Bool(true))]).unwrap();
    assert_eq!(response(), "2026-11-22T00:00:00Z 0", "what was said was said");
}

#[test]
fn a_note_is_out_of_reach_for_who_may_not_read_or_write_notes() {
    let mut bench = bench();
    comment(&bench, &[("IsInternal", Value::Bool(true))]).unwrap();
    comment(&bench, &[]).unwrap();
    let rewrite = [("Body", text("x"))];
    let all = "comments:read,comments:write,comments:delete";
    let gone = Error::NotFound { what: "Comment 1".into() };
    bench.as_user(1, all);
    assert_eq!(changed(&bench, 1, &rewrite), Err(gone.clone()));
    assert_eq!(bench.remove(set::COMMENTS, 1), Err(gone));
    let needs = Error::Forbidden { scope: "notes:write".into() };
    assert_eq!(changed(&bench, 2, &[("IsInternal", Value::Bool(true))]), Err(needs.clone()));
    bench.as_user(1, &format!("{all},notes:read"));
    assert_eq!(changed(&bench, 1, &[("IsInternal", Value::Bool(false))]), Err(needs.clone()));
    assert_eq!(bench.remove(set::COMMENTS, 1), Err(needs));
}

#[test]
fn deleting_a_comment_dates_its_ticket() {
    let mut bench = bench();
    comment(&bench, &[]).unwrap();
    bench.at("2026-11-22T00:00:00Z");
    bench.as_user(1, "comments:write");
    let needs = Error::Forbidden { scope: "comments:delete".into() };
    assert_eq!(bench.remove(set::COMMENTS, 1), Err(needs));
    bench.as_user(1, "comments:delete");
    bench.remove(set::COMMENTS, 1).unwrap();
    assert_eq!(bench.see(1, &["UpdatedDateTime", "CommentCount"]), "2026-11-22T00:00:00Z 0");
}

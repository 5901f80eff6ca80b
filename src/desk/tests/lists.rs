//! The lists tickets choose from: changed by people.

use super::*;
use crate::{desk::pickers, model::props::status};

#[test]
fn an_entry_goes_to_the_end_unless_it_says_where() {
    let bench = Bench::new();
    for set in pickers::SETS {
        let mut names = vec![("Name", text("Extra"))];
        if set == set::STATUSES {
            names.push(("Kind", text("Pending")));
        }
        let end = pickers::next_position(&*bench.desk.snapshot(), set);
        let row = bench.create(set, &names).unwrap();
        assert_eq!(bench.show(&row, "Position"), end.to_string());
        assert_eq!(bench.show(&row, "IsDefault"), "false");
    }
}

#[test]
fn a_name_is_there_once_whatever_its_letter_case() {
    let bench = Bench::new();
    let again = bench.create(set::PRIORITIES, &[("Name", text("URGENT"))]);
    assert_eq!(refused(again), "Conflict 'Name' conflicts: Priority 4 has this name");
    let renamed = bench.change(set::PRIORITIES, 1, &[("Name", text("high"))]);
    assert_eq!(refused(renamed), "Conflict 'Name' conflicts: Priority 3 has this name");
    bench.change(set::PRIORITIES, 1, &[("Name", text("LOW"))]).unwrap();
    bench.create(set::CATEGORIES, &[("Name", text("Urgent"))]).unwrap();
}

#[test]
fn there_is_one_default_and_a_new_ticket_gets_it() {
    let bench = Bench::new();
    let mark = |set, id| bench.change(set, id, &[("IsDefault", Value::Bool(true))]);
    mark(set::PRIORITIES, 2).unwrap();
    mark(set::PRIORITIES, 3).unwrap();
    mark(set::STATUSES, 2).unwrap();
    let marks = ["IsDefault"];
    assert_eq!(bench.list(set::PRIORITIES, &marks), ["false", "false", "true", "false"]);
    assert_eq!(bench.list(set::STATUSES, &marks), ["false", "true", "false", "false", "false"]);
    bench.ticket(&[]).unwrap();
    bench.ticket(&[("Priority", Value::Null), ("StatusId", Value::Int(3))]).unwrap();
    let seen = ["Status", "Priority", "Category"];
    assert_eq!(bench.list(set::TICKETS, &seen), ["Open High -", "Pending - -"]);
}

#[test]
fn the_default_status_is_neither_archived_nor_deleted_nor_unmarked() {
    let bench = Bench::new();
    let off = [("IsArchived", Value::Bool(true))];
    let unmarked = [("IsDefault", Value::Bool(false))];
    let cannot = "Conflict 'Status' conflicts: the default cannot be archived; make another one the \
                  default first";
    let needed = "Conflict 'Status' conflicts: tickets need a default status; make another one the \
                  default first";
    assert_eq!(refused(bench.change(set::STATUSES, 1, &off)), cannot);
    assert_eq!(refused(bench.change(set::STATUSES, 1, &unmarked)), needed);
    assert_eq!(refused(bench.remove(set::STATUSES, 1)), needed);
    bench.change(set::STATUSES, 2, &[("IsDefault", Value::Bool(true))]).unwrap();
    bench.change(set::STATUSES, 1, &off).unwrap();
    bench.remove(set::STATUSES, 1).unwrap();
}

#[test]
fn an_archived_entry_stays_on_its_tickets_but_is_chosen_no_more() {
    let bench = Bench::new();
    bench.ticket(&[("Priority", text("High"))]).unwrap();
    bench.ticket(&[]).unwrap();
    bench.change(set::PRIORITIES, 3, &[("IsArchived", Value::Bool(true))]).unwrap();
    let high = [("Priority", text("High"))];
    let want = "InvalidValue 'Priority' does not fit: this entry is archived";
    assert_eq!(refused(bench.ticket(&high)), want);
    assert_eq!(refused(bench.update(2, &high)), want);
    assert_eq!(
        refused(bench.update(2, &[("PriorityId", Value::Int(3))])),
        "InvalidValue 'PriorityId' does not fit: this entry is archived"
    );
    bench.update(1, &[("Priority", text("High")), ("Title", text("x"))]).unwrap();
    assert_eq!(bench.list(set::TICKETS, &["Priority"]), ["High", "-"]);
    assert_eq!(
        refused(bench.remove(set::PRIORITIES, 3)),
        "Conflict 'Priority' conflicts: it is named by 1 ticket; archive it instead with 'IsArchived'"
    );
    bench.remove(set::PRIORITIES, 4).unwrap();
}

#[test]
fn archived_teams_and_disabled_staff_get_no_new_tickets() {
    let bench = Bench::new();
    bench.user("Ann", Role::Agent);
    bench.create(set::TEAMS, &[("Name", text("Net"))]).unwrap();
    bench.ticket(&[("TeamName", text("Net")), ("AssigneeId", Value::Int(1))]).unwrap();
    bench.change(set::TEAMS, 1, &[("IsArchived", Value::Bool(true))]).unwrap();
    bench.change(set::USERS, 1, &[("IsActive", Value::Bool(false))]).unwrap();
    assert_eq!(
        refused(bench.ticket(&[("TeamName", text("Net"))])),
        "InvalidValue 'TeamName' does not fit: this team is archived"
    );
    assert_eq!(
        refused(bench.ticket(&[("AssigneeEmail", text("ann@example.net"))])),
        "InvalidValue 'AssigneeEmail' does not fit: this person is disabled"
    );
    assert_eq!(bench.see(1, &["TeamName", "AssigneeName"]), "Net Ann");
}

/// What a ticket went through is told by its dates; renaming a status does not change the past.
#[test]
fn another_kind_of_a_status_leaves_the_dates_of_its_tickets() {
    let bench = Bench::new();
    bench.ticket(&[("Status", text("Closed"))]).unwrap();
    let before = bench.see(1, &["ResolvedDateTime", "ClosedDateTime", "ReopenCount"]);
    bench.change(set::STATUSES, 5, &[("Kind", text("Open"))]).unwrap();
    assert_eq!(bench.see(1, &["ResolvedDateTime", "ClosedDateTime", "ReopenCount"]), before);
    assert_eq!(bench.see(1, &["StatusKind", "IsClosed"]), "Open false");
    for kind in ["", "Done", "open"] {
        let refusal = refused(bench.change(set::STATUSES, 5, &[("Kind", text(kind))]));
        let kinds = status::KINDS.join(", ");
        assert_eq!(refusal, format!("InvalidValue 'Kind' does not fit: it is one of {kinds}"));
    }
    assert!(refused(bench.create(set::STATUSES, &[("Name", text("X"))])).contains("'Kind'"));
}

/// The position after the greatest there is was no `Edm.Int32` any more, and the feed could not be read.
#[test]
fn a_position_stays_within_its_type() {
    let bench = Bench::new();
    let last = Value::Int(i64::from(i32::MAX));
    bench.create(set::CATEGORIES, &[("Name", text("a")), ("Position", last)]).unwrap();
    bench.create(set::CATEGORIES, &[("Name", text("b"))]).unwrap();
    bench.create(set::CATEGORIES, &[("Name", text("c"))]).unwrap();
    assert_eq!(
        bench.list(set::CATEGORIES, &["Name", "Position"]),
        ["a 2147483647", "b 2147483647", "c 2147483647"]
    );
}

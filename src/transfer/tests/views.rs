//! Saved views go along; what was deleted stays behind.

use super::*;
use crate::{
    auth::Principal,
    desk::{Desk, Settings},
    model::Precondition,
    transfer::is_importable,
};

const VIEW: &str = r#"{"Name":"Open","EntitySet":"Tickets","Query":"$filter=IsClosed eq false"}"#;

#[test]
fn a_view_is_known_by_its_name_and_owner() {
    let bench = Bench::seeded();
    let names = ["Id", "Name", "OwnerId", "IsShared", "Position"];
    for _ in 0..2 {
        assert_eq!(reasons(&bench.import(set::SAVED_VIEWS, VIEW)), Vec::<String>::new());
        assert_eq!(bench.list(set::SAVED_VIEWS, &names), ["1 Open - false 0"]);
    }
    let bad = VIEW.replace("\"Tickets\"", "\"Nothing\"").replace("Open", "Other");
    assert!(
        reasons(&bench.import(set::SAVED_VIEWS, &bad))[0].contains("there is no set 'Nothing'")
    );
    let lost = VIEW.replace('{', "{\"OwnerId\":9,");
    assert!(reasons(&bench.import(set::SAVED_VIEWS, &lost))[0].contains("there is no Users(9)"));
    let exported = bench.export();
    let other = Bench::empty();
    other.import(set::TICKETS, &exported);
    assert_eq!(other.list(set::SAVED_VIEWS, &names), ["1 Open - false 0"]);
}

fn delete(bench: &Bench, set: SetId, id: i64) -> Result<(), crate::error::Error> {
    let store = Arc::clone(&bench.store);
    let desk = Desk::new(helpdesk(), store, bench.clock.clone(), Settings::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (caller, any) = (Principal::system(), Precondition::default());
    runtime.block_on(desk.delete(&caller, (set, Key::Int(id)), any))
}

#[test]
fn a_deleted_ticket_is_not_exported_nor_imported() {
    let bench = Bench::seeded();
    bench.tickets(r#"{"Title":"secret"}"#);
    delete(&bench, set::TICKETS, 1).unwrap();
    assert_eq!(bench.list(set::DELETED_TICKETS, &["Title"]), ["secret"]);
    assert!(!bench.export().contains("secret"));
    assert!(!is_importable(helpdesk(), set::DELETED_TICKETS));
}

/// A ticket of that id could be imported, and deleting it put it over the one that was kept.
#[test]
fn no_ticket_takes_the_id_of_a_deleted_one() {
    let bench = Bench::seeded();
    bench.tickets(r#"{"Id":7,"Title":"first"}"#);
    delete(&bench, set::TICKETS, 7).unwrap();
    let refused = reasons(&bench.tickets(r#"{"Id":7,"Title":"second"}"#));
    let want = "this Id belongs to a deleted ticket; restore or remove it first";
    assert!(refused[0].contains(want), "{refused:?}");
    assert!(bench.list(set::TICKETS, &["Id"]).is_empty());
    assert_eq!(bench.list(set::DELETED_TICKETS, &["Title"]), ["first"]);
    delete(&bench, set::DELETED_TICKETS, 7).unwrap();
    assert_eq!(reasons(&bench.tickets(r#"{"Id":7,"Title":"second"}"#)), Vec::<String>::new());
}

/// Data of a version that let such a ticket in.
#[test]
fn a_deletion_does_not_take_the_place_of_another() {
    let bench = Bench::seeded();
    bench.tickets(r#"{"Id":7,"Title":"first"}"#);
    let row = bench.store.snapshot().row(set::TICKETS, &Key::Int(7)).unwrap();
    delete(&bench, set::TICKETS, 7).unwrap();
    commit_blocking(&*bench.store, Actor::SYSTEM, move |draft| {
        draft.put(set::TICKETS, crate::store::Edit::of(helpdesk(), &row))
    })
    .unwrap();
    let refused = delete(&bench, set::TICKETS, 7).unwrap_err();
    assert_eq!(refused.status(), 409);
    assert!(refused.to_string().contains("belongs to a deleted ticket"), "{refused}");
    assert_eq!(bench.list(set::DELETED_TICKETS, &["Title"]), ["first"]);
}

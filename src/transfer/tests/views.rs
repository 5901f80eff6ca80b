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

#[test]
fn a_deleted_ticket_is_not_exported_nor_imported() {
    let bench = Bench::seeded();
    bench.tickets(r#"{"Title":"secret"}"#);
    let store = Arc::clone(&bench.store);
    let desk = Desk::new(helpdesk(), store, bench.clock.clone(), Settings::default());
    let at = (set::TICKETS, Key::Int(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (caller, any) = (Principal::system(), Precondition::default());
    runtime.block_on(desk.delete(&caller, at, any)).unwrap();
    assert_eq!(bench.list(set::DELETED_TICKETS, &["Title"]), ["secret"]);
    assert!(!bench.export().contains("secret"));
    assert!(!is_importable(helpdesk(), set::DELETED_TICKETS));
}

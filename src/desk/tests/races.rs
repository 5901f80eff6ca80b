use std::thread;

use super::*;
use crate::{
    desk::{plain, rules, tickets},
    store::Store,
};

#[test]
fn thirty_two_writers_of_one_ticket_leave_one_chain() {
    let bench = Bench::new();
    bench.ticket(&[]).unwrap();
    let names = ["Low", "Normal", "High", "Urgent"];
    thread::scope(|scope| {
        for writer in 0..32 {
            let store: Arc<dyn Store> = Arc::clone(bench.desk.store());
            scope.spawn(move || {
                for round in 0..4 {
                    let name = names[(writer + round) % 4];
                    let at = (Key::Int(1), Precondition::default());
                    let changes = Bench::given(set::TICKETS, &[("Priority", text(name))]);
                    let caller = Principal::system();
                    let verb = tickets::Update::new(helpdesk(), &caller, at, changes).unwrap();
                    commit_blocking(&*store, Actor::SYSTEM, move |draft| verb.run(draft)).unwrap();
                }
            });
        }
    });
    let chain: Vec<String> = bench
        .list(set::TICKET_HISTORY, &["Property", "FromText", "ToText"])
        .into_iter()
        .filter(|line| line.starts_with("Priority"))
        .collect();
    assert!(chain.len() > 4);
    for pair in chain.windows(2) {
        let to = pair[0].split(' ').nth(2);
        assert_eq!(pair[1].split(' ').nth(1), to, "{pair:?}");
        assert_ne!(pair[1].split(' ').nth(2), to, "{pair:?}");
    }
    let last = bench.list(set::TICKETS, &["Priority"]);
    assert!(chain.last().unwrap().ends_with(&last[0]));
}

#[test]
fn of_two_creations_with_one_external_reference_one_conflicts() {
    let bench = Bench::new();
    let create = || {
        let given = Bench::given(set::TICKETS, &[("ExternalReference", text("X-1"))]);
        let verb = tickets::Create::new(helpdesk(), &Principal::system(), given, vec![]).unwrap();
        commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| verb.run(draft))
    };
    let results: Vec<_> = thread::scope(|scope| {
        let both = [scope.spawn(create), scope.spawn(create)];
        both.map(|thread| thread.join().unwrap()).into()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let refusal = results.into_iter().find_map(Result::err).unwrap();
    assert_eq!(
        refusal.to_string(),
        "'ExternalReference' conflicts: another Ticket has this value, which must be unique"
    );
    // The refused one left nothing behind, not even history.
    assert_eq!(bench.desk.snapshot().rows(set::TICKET_HISTORY).count(), 5);
}

/// All tickets were looked through while every other change waited; now that is done before, so what
/// comes between must still be seen.
#[test]
fn a_ticket_that_comes_to_name_an_entry_meanwhile_keeps_it() {
    let bench = Bench::new();
    bench.create(set::CATEGORIES, &[("Name", text("Net"))]).unwrap();
    let rules = rules::of(set::CATEGORIES).unwrap();
    let delete = || {
        let at = (Key::Int(1), Precondition::default());
        plain::Delete::new(&Principal::system(), (set::CATEGORIES, rules), at)
    };
    let looked = delete().look(&*bench.desk.snapshot()).unwrap();
    bench.ticket(&[("CategoryId", Value::Int(1))]).unwrap();
    let commit = |verb: plain::Delete| {
        commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| verb.run(draft))
    };
    let want = "Conflict 'Category' conflicts: it is named by 1 ticket; archive it instead with 'IsArchived'";
    assert_eq!(refused(commit(looked)), want);
    assert_eq!(refused(delete().look(&*bench.desk.snapshot()).map(|_| ())), want);
    bench.update(1, &[("CategoryId", Value::Null)]).unwrap();
    let looked = delete().look(&*bench.desk.snapshot()).unwrap();
    bench.ticket(&[]).unwrap();
    commit(looked).unwrap();
    assert_eq!(bench.list(set::CATEGORIES, &["Id"]), Vec::<String>::new());
}

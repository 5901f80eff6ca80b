//! What is read before a transaction is not read in it, and still is what was meant.

use super::*;
use crate::{
    desk::deleted::{Delete, Restore},
    id::Guid,
    model::props::{comment, ticket},
    query::Source,
    store::{Draft, Edit, Seq, Touch},
};

/// A transaction whose long texts cannot be read.
struct Deaf<'a>(&'a mut dyn Draft);

impl Source for Deaf<'_> {
    crate::asks_another_source!(0: model zone rows row rows_where);

    fn long_text(&self, _: &Row, _: Prop) -> Result<Value, Error> {
        Err(Error::internal(&"a long text is read while everybody waits"))
    }
}

impl Draft for Deaf<'_> {
    fn seq(&self) -> Seq {
        self.0.seq()
    }

    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn actor(&self) -> &Actor {
        self.0.actor()
    }

    fn has_changed(&self) -> bool {
        self.0.has_changed()
    }

    fn touched(&self) -> Box<dyn Iterator<Item = Touch<'_>> + '_> {
        self.0.touched()
    }

    fn next_id(&self, set: SetId) -> Result<i64, Error> {
        self.0.next_id(set)
    }

    fn new_guid(&self, set: SetId, at: Timestamp, id: i64) -> Guid {
        self.0.new_guid(set, at, id)
    }

    fn put(&mut self, set: SetId, edit: Edit) -> Result<Row, Error> {
        self.0.put(set, edit)
    }

    fn delete(&mut self, set: SetId, key: &Key) -> bool {
        self.0.delete(set, key)
    }

    fn attempt(
        &mut self,
        part: &mut dyn FnMut(&mut dyn Draft) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.0.attempt(part)
    }
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.ticket(&[("Title", text("Printer")), ("Description", text("long"))]).unwrap();
    bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), ("Body", text("hello"))]).unwrap();
    bench
}

fn delete() -> Delete {
    let at = (Key::Int(1), Precondition::default());
    Delete::new(&Principal::system(), at, &Settings::default()).unwrap()
}

fn restore() -> Restore {
    Restore::new(&Principal::system(), Key::Int(1), Precondition::default()).unwrap()
}

/// Runs a verb in a transaction that can read no long text.
fn deaf<T: Send + 'static>(
    bench: &Bench,
    mut run: impl FnMut(&mut dyn Draft) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| run(&mut Deaf(draft)))
}

fn texts(bench: &Bench) -> Vec<String> {
    let source = bench.desk.snapshot();
    let read = |set: SetId, prop: Prop| -> Vec<String> {
        source.rows(set).map(|row| plain(&source.long_text(&row, prop).unwrap())).collect()
    };
    [read(set::TICKETS, ticket::DESCRIPTION), read(set::COMMENTS, comment::BODY)].concat()
}

/// Each text was read where all changes wait for one another; one may take two seconds.
#[test]
fn a_ticket_goes_and_comes_back_without_reading_in_the_transaction() {
    let bench = bench();
    assert_eq!(deaf(&bench, |draft| delete().run(draft)).unwrap_err().status(), 500);
    let verb = delete().look(&*bench.desk.snapshot(), u64::MAX).unwrap();
    deaf(&bench, move |draft| verb.run(draft)).unwrap();
    assert_eq!(texts(&bench), Vec::<String>::new());
    assert_eq!(deaf(&bench, |draft| restore().run(draft)).unwrap_err().status(), 500);
    let verb = restore().look(&*bench.desk.snapshot()).unwrap();
    deaf(&bench, move |draft| verb.run(draft)).unwrap();
    assert_eq!(texts(&bench), ["long", "hello"]);
}

#[test]
fn what_was_written_meanwhile_is_kept_as_well() {
    let bench = bench();
    let verb = delete().look(&*bench.desk.snapshot(), u64::MAX).unwrap();
    bench.update(1, &[("Description", text("other"))]).unwrap();
    bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), ("Body", text("late"))]).unwrap();
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| verb.run(draft)).unwrap();
    let early = restore().look(&*bench.desk.snapshot()).unwrap();
    bench.act(1, crate::model::actions::RESTORE, &[]).unwrap();
    assert_eq!(texts(&bench), ["other", "hello", "late"]);
    bench.update(1, &[("Description", text("third"))]).unwrap();
    bench.delete(1).unwrap();
    commit_blocking(&**bench.desk.store(), Actor::SYSTEM, move |draft| early.run(draft)).unwrap();
    assert_eq!(texts(&bench), ["third", "hello", "late"]);
}

#[test]
fn a_ticket_too_large_to_be_kept_is_refused_before_anything_is_read() {
    let bench = bench();
    let want = "LimitExceeded the ticket with all its comments passes the limit \
                'transaction_bytes_max' of 1000";
    let looked = delete().look(&*bench.desk.snapshot(), 1000).unwrap();
    let long = "x".repeat(1000);
    bench.create(set::COMMENTS, &[("TicketId", Value::Int(1)), ("Body", text(&long))]).unwrap();
    let before = bench.trace();
    assert_eq!(refused(delete().look(&*bench.desk.snapshot(), 1000).map(|_| ())), want);
    assert_eq!(refused(deaf(&bench, move |draft| looked.run(draft))), want);
    assert_eq!(bench.trace(), before);
}

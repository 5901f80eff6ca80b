//! Which rows a search finds, in tables over a small model.

use proptest::prelude::*;

use super::*;
use crate::{
    model::Key,
    query::{
        Plan, Source, Start,
        fixture::{THINGS, context, model, texts},
        list,
        memory::MemorySource,
    },
};

/// Thing 1 is about a printer, thing 2 about mail, thing 3 has nothing; group 1 is around thing 2.
fn source() -> MemorySource {
    let mut source = MemorySource::new(model());
    let mut put = |set, ty, named: &[(&str, Value)]| {
        source.put_named(set, ty, named).unwrap();
    };
    put("Groups", "Group", &[("Id", 1.into()), ("Name", "Northern Post".into())]);
    put(
        "Things",
        "Thing",
        &[
            ("Id", 1.into()),
            ("String", "The Printer HP-4200".into()),
            ("Body", "is down, since Monday".into()),
            ("Tags", texts(&["paper jam", "vip"])),
        ],
    );
    put(
        "Things",
        "Thing",
        &[("Id", 2.into()), ("String", "No mail".into()), ("GroupId", 1.into())],
    );
    put("Things", "Thing", &[("Id", 3.into())]);
    source
}

/// A search of things by their text, tags, long text and the name of their group.
fn search(term: Term) -> Search {
    let model = model();
    let things = model.entity_type(THINGS);
    let own = ["String", "Body", "Tags"].map(|name| Place::Own(things.property(name).unwrap()));
    let group = Place::Through {
        navigation: things.navigation("Group").unwrap(),
        property: Prop(1),
        guard: None,
    };
    Search { term, places: own.into_iter().chain([group]).collect() }
}

fn has(text: &str) -> Term {
    Term::Words(Words::of(text, true).unwrap())
}

fn not(term: Term) -> Term {
    Term::Not(Box::new(term))
}

#[track_caller]
fn check(term: Term, want: &[i64]) {
    let source = source();
    let ctx = context(&source);
    let search = search(term);
    let found = source.rows(THINGS).filter(|row| search.finds(row, &ctx).unwrap());
    let ids: Vec<i64> = found.filter_map(|row| row.key(&model()).as_int()).collect();
    assert_eq!(ids, want, "{:?}", search.term);
    // The same through a plan.
    let plan = Plan { search: Some(search), ..plan() };
    let page = list(&plan, &Start::Set, &ctx).unwrap();
    let ids: Vec<i64> = page.rows.iter().filter_map(|row| row.key(&model()).as_int()).collect();
    assert_eq!((ids.as_slice(), page.count), (want, Some(want.len() as u64)));
}

fn plan() -> Plan {
    Plan {
        set: THINGS,
        filter: None,
        search: None,
        order: vec![],
        skip: 0,
        top: None,
        count: true,
        page_size: None,
        after: None,
        shape: crate::query::Shape::default(),
    }
}

#[test]
fn words_are_found_in_every_place() {
    check(has("printer"), &[1]);
    check(has("MONDAY"), &[1]);
    check(has("jam"), &[1]);
    check(has("post"), &[2]);
    check(has("p*"), &[1, 2]);
    check(has("scanner"), &[]);
}

#[test]
fn a_phrase_is_within_one_text() {
    check(has("hp 4200"), &[1]);
    // The end of one tag and the beginning of the next, the end of the title and of the text.
    check(has("jam vip"), &[]);
    check(has("4200 is"), &[]);
}

#[test]
fn words_joined_may_stand_in_different_texts() {
    check(Term::And(vec![has("printer"), has("vip")]), &[1]);
    check(Term::And(vec![has("printer"), has("mail")]), &[]);
    check(Term::Or(vec![has("printer"), has("mail")]), &[1, 2]);
    check(not(has("printer")), &[2, 3]);
    check(Term::And(vec![has("mail"), not(has("post"))]), &[]);
    check(Term::And(vec![]), &[1, 2, 3]);
    check(not(Term::Or(vec![has("printer"), not(has("printer"))])), &[]);
}

#[test]
fn guarded_rows_do_not_count() {
    let source = source();
    let ctx = context(&source);
    let mut search = search(has("post"));
    let found = |search: &Search| {
        let row = source.row(THINGS, &Key::Int(2)).unwrap();
        search.finds(&row, &ctx).unwrap()
    };
    assert!(found(&search));
    if let Some(Place::Through { guard, .. }) = search.places.last_mut() {
        *guard = Some(Expr::Literal(false.into()));
    }
    assert!(!found(&search));
}

/// Knows by heart what the search finds.
struct Indexed(MemorySource, Hits);

impl Source for Indexed {
    crate::asks_another_source!(0: model zone rows row rows_where long_text);

    fn search(&self, _: SetId, _: &Search, _: &Context<'_>) -> Result<Option<Hits>, Error> {
        Ok(Some(self.1.clone()))
    }
}

proptest! {
    #[test]
    fn an_index_is_taken_at_its_word_but_for_rows_that_are_gone(
        ids in prop::collection::vec(0..6_i64, 0..5),
        is_all_but: bool,
        descending: bool,
        size in 1..4_u64,
    ) {
        let hits = if is_all_but { Hits::of(ids).others() } else { Hits::of(ids) };
        let want: Vec<i64> = (1..=3).filter(|id| hits.has(&Key::Int(*id))).collect();
        let source = Indexed(source(), hits);
        let ctx = Context { source: &source, ..context(&source.0) };
        let id = Expr::Path(crate::query::fixture::path("Id"));
        let order = vec![crate::query::Order { expr: id, descending }];
        let mut plan =
            Plan { search: Some(search(has("x"))), order, page_size: Some(size), ..plan() };
        let mut seen = vec![];
        loop {
            let page = list(&plan, &Start::Set, &ctx).unwrap();
            prop_assert_eq!(page.count, Some(want.len() as u64));
            seen.extend(page.rows.iter().filter_map(|row| row.key(source.model()).as_int()));
            plan.after = page.next;
            if plan.after.is_none() {
                break;
            }
        }
        if descending {
            seen.reverse();
        }
        prop_assert_eq!(seen, want);
    }
}

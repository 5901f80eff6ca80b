//! The index finds what looking at each text finds.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    model::{
        Key, Row, SetId, Value, helpdesk,
        props::{comment, customer, ticket},
        set,
    },
    query::{
        Context, Expr, Hits, Path as At, Search, Source, Step, Var,
        memory::MemorySource,
        search::{Place, Term, Words},
    },
    time::Timestamp,
};

/// An index in a folder of its own.
struct Kept {
    _dir: tempfile::TempDir,
    writer: Writer,
    reader: Reader,
}

fn kept() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let (writer, reader) = open(dir.path(), helpdesk(), WRITER_BYTES_MIN).unwrap();
    Kept { _dir: dir, writer, reader }
}

impl Kept {
    fn write(&mut self, source: &MemorySource, touched: &[(SetId, i64)]) {
        for (set, id) in touched {
            let key = Key::Int(*id);
            self.writer.remove(*set, &key);
            if let Some(row) = source.row(*set, &key) {
                self.writer.add(&row, &context(source)).unwrap();
            }
        }
        self.writer.commit(Position { seq: 1, at: 0 }).unwrap();
        self.reader.reload().unwrap();
    }
}

fn context(source: &MemorySource) -> Context<'_> {
    Context { source, now: Timestamp::from_micros(0), it: None, found: None, deadline: None }
}

/// Where an agent searches tickets; without the right to internal notes they are guarded.
fn places(sees_notes: bool) -> Vec<Place> {
    let model = helpdesk();
    let tickets = model.entity_type(set::TICKETS);
    let own = [
        ticket::TITLE,
        ticket::DESCRIPTION,
        ticket::TAGS,
        ticket::REQUESTER_NAME,
        ticket::EXTERNAL_REFERENCE,
    ];
    let is_internal = At { from: Var(0), steps: vec![Step::Property(comment::IS_INTERNAL)] };
    let guard = (!sees_notes).then(|| Expr::Not(Box::new(Expr::Path(is_internal))));
    let navigation = tickets.navigation("Comments").unwrap();
    let through = Place::Through { navigation, property: comment::BODY, guard };
    own.into_iter().map(Place::Own).chain([through]).collect()
}

#[track_caller]
fn agree(kept: &Kept, source: &MemorySource, set: SetId, search: &Search) {
    let ctx = context(source);
    let finder = Finder::default();
    finder.open(&kept.reader, 1);
    let hits = finder.find(set, search, &ctx).unwrap().expect("all places are in the index");
    for row in source.rows(set) {
        let want = search.finds(&row, &ctx).unwrap();
        assert_eq!(hits.has(&row.key(helpdesk())), want, "{search:?} {:?}", text_of(&row, &ctx));
    }
}

fn text_of(row: &Row, ctx: &Context<'_>) -> Vec<Value> {
    let structure = ctx.structure(row);
    structure.props().map(|(prop, _)| crate::query::value(ctx, row, prop).unwrap()).collect()
}

/// Texts of few words, so that they meet.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "printer",
        "Print",
        "prints",
        "HP-4200",
        "ärger",
        "ÄRGER",
        "cafe\u{301}",
        "東京",
        "down",
        "it's",
        "İ",
        "ΟΔΟΣ",
        "x_y",
        "👍",
    ]);
    let long = Just("w".repeat(300));
    let item = prop_oneof![20 => word.prop_map(str::to_owned), 1 => long];
    let gap = prop::sample::select(vec![" ", ", ", "-", "\n", "'"]);
    vec((item, gap), 0..6)
        .prop_map(|items| items.into_iter().map(|(word, gap)| word + gap).collect::<String>())
}

fn maybe_text() -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Null), 3 => any_text().prop_map(|text| Value::text(&text))]
}

fn any_term() -> impl Strategy<Value = Term> {
    let open = prop_oneof![
        (any_text(), any::<bool>()).prop_map(|(text, is_open)| {
            let star = if is_open { "*" } else { "" };
            format!("{}{star}", text.trim_end_matches([' ', ',', '-', '\n', '\'']))
        }),
        Just("p*".to_owned()),
        Just("w*".to_owned()),
    ];
    let leaf = open.prop_map(|text| Words::of(&text, true).map_or(Term::And(vec![]), Term::Words));
    leaf.prop_recursive(3, 8, 3, |term| {
        prop_oneof![
            term.clone().prop_map(|term| Term::Not(Box::new(term))),
            vec(term.clone(), 0..3).prop_map(Term::And),
            vec(term, 0..3).prop_map(Term::Or),
        ]
    })
}

/// Makes, changes or deletes a customer, a ticket or a comment.
#[derive(Clone, Debug)]
enum Doing {
    Customer(i64, Value),
    Ticket(i64, [Value; 4], Vec<String>),
    Comment(i64, i64, bool, Value),
    Delete(SetId, i64),
}

fn any_doing() -> impl Strategy<Value = Doing> {
    let id = || 1..4_i64;
    let texts = [maybe_text(), maybe_text(), maybe_text()];
    prop_oneof![
        (id(), maybe_text()).prop_map(|(id, name)| Doing::Customer(id, name)),
        (
            id(),
            texts,
            prop_oneof![Just(Value::Null), id().prop_map(Value::Int)],
            vec(any_text(), 0..3)
        )
            .prop_map(|(id, [a, b, c], of, tags)| Doing::Ticket(id, [a, b, c, of], tags)),
        (id(), id(), any::<bool>(), maybe_text())
            .prop_map(|(id, ticket, hidden, body)| Doing::Comment(id, ticket, hidden, body)),
        (prop::sample::select(vec![set::CUSTOMERS, set::TICKETS, set::COMMENTS]), id())
            .prop_map(|(set, id)| Doing::Delete(set, id)),
    ]
}

fn apply(source: &mut MemorySource, doing: &Doing) -> (SetId, i64) {
    let model = helpdesk();
    let mut put = |set: SetId, named: &[(crate::model::Prop, Value)]| {
        let mut values = vec![Value::Null; model.entity_type(set).properties.len()];
        for (prop, value) in named {
            values[usize::from(prop.0)] = value.clone();
        }
        source.put(set, &values);
    };
    match doing {
        Doing::Customer(id, name) => {
            put(set::CUSTOMERS, &[(customer::ID, (*id).into()), (customer::NAME, name.clone())]);
            (set::CUSTOMERS, *id)
        }
        Doing::Ticket(id, [title, description, reference, requester], tags) => {
            let tags = tags.iter().map(|tag| Value::text(tag)).collect();
            let named = [
                (ticket::ID, (*id).into()),
                (ticket::TITLE, title.clone()),
                (ticket::DESCRIPTION, description.clone()),
                (ticket::EXTERNAL_REFERENCE, reference.clone()),
                (ticket::REQUESTER_ID, requester.clone()),
                (ticket::TAGS, Value::List(tags)),
            ];
            put(set::TICKETS, &named);
            (set::TICKETS, *id)
        }
        Doing::Comment(id, of, is_internal, body) => {
            let named = [
                (comment::ID, (*id).into()),
                (comment::TICKET_ID, (*of).into()),
                (comment::IS_INTERNAL, (*is_internal).into()),
                (comment::BODY, body.clone()),
            ];
            put(set::COMMENTS, &named);
            (set::COMMENTS, *id)
        }
        Doing::Delete(set, id) => {
            source.remove(*set, &Key::Int(*id));
            (*set, *id)
        }
    }
}

proptest! {
    // Each case makes an index on the disk.
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_what_a_look_at_each_text_finds(
        rounds in vec(vec(any_doing(), 0..10), 1..4),
        terms in vec(any_term(), 12),
    ) {
        let (mut kept, mut source) = (kept(), MemorySource::new(helpdesk().clone()));
        for doings in &rounds {
            let touched: Vec<_> = doings.iter().map(|doing| apply(&mut source, doing)).collect();
            kept.write(&source, &touched);
        }
        for term in terms {
            for sees_notes in [false, true] {
                let search = Search { term: term.clone(), places: places(sees_notes) };
                agree(&kept, &source, set::TICKETS, &search);
            }
            let name = vec![Place::Own(customer::NAME)];
            agree(&kept, &source, set::CUSTOMERS, &Search { term: term.clone(), places: name });
            let body = vec![Place::Own(comment::BODY)];
            agree(&kept, &source, set::COMMENTS, &Search { term, places: body });
        }
    }
}

#[test]
fn a_place_that_is_not_in_the_index_is_left_to_a_look_at_each() {
    let (kept, source) = (kept(), MemorySource::new(helpdesk().clone()));
    let finder = Finder::default();
    let term = || Term::Words(Words::of("x", true).unwrap());
    let of_status = Search { term: term(), places: vec![Place::Own(ticket::STATUS)] };
    let ready = finder.find(set::TICKETS, &of_status, &context(&source));
    assert!(matches!(ready, Err(crate::error::Error::Overloaded { .. })), "{ready:?}");
    finder.open(&kept.reader, 0);
    assert_eq!(finder.find(set::TICKETS, &of_status, &context(&source)), Ok(None));
}

#[test]
fn the_end_of_a_phrase_stands_for_so_many_words() {
    let (mut kept, mut source) = (kept(), MemorySource::new(helpdesk().clone()));
    let names: Vec<String> = (0..=reader::PHRASE_ENDS_MAX).map(|n| format!("w{n}")).collect();
    let customer = |text: &str| Doing::Customer(1, Value::text(text));
    let find = |kept: &Kept, source: &MemorySource| {
        let finder = Finder::default();
        finder.open(&kept.reader, 1);
        let term = Term::Words(Words::of("hp-w*", true).unwrap());
        let search = Search { term, places: vec![Place::Own(customer::NAME)] };
        finder.find(set::CUSTOMERS, &search, &context(source)).map(|hits| hits.unwrap())
    };
    let touched = apply(&mut source, &customer(&format!("hp {}", names[1..].join(" "))));
    kept.write(&source, &[touched]);
    assert_eq!(find(&kept, &source), Ok(Hits::of(vec![1])));
    let touched = apply(&mut source, &customer(&format!("hp {}", names.join(" "))));
    kept.write(&source, &[touched]);
    let error = find(&kept, &source).unwrap_err().to_string();
    assert_eq!(error, "$search passes the limit 'search_phrase_ends_max' of 4096");
}

#[test]
fn lack_of_room_is_told_from_damage() {
    // A full disk was taken for damage: the index was set aside and built anew, without end.
    let check = |error: std::io::Error, is_passing: bool| {
        let error = tantivy::TantivyError::from(error);
        let shown = error.to_string();
        assert_eq!(matches!(Trouble::from(error), Trouble::Passing(_)), is_passing, "{shown}");
    };
    for raw in [28, 24, 23, 122, 30] {
        check(std::io::Error::from_raw_os_error(raw), true);
    }
    check(std::io::ErrorKind::NotFound.into(), false);
    check(std::io::ErrorKind::UnexpectedEof.into(), false);
    check(std::io::ErrorKind::InvalidData.into(), false);
    let damage = tantivy::TantivyError::SchemaError("x".into());
    assert!(matches!(Trouble::from(damage), Trouble::Damaged(_)));
}

#[test]
fn what_was_not_committed_leaves_no_files_behind() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = MemorySource::new(helpdesk().clone());
    apply(&mut source, &Doing::Customer(1, "Ann".into()));
    let row = source.row(set::CUSTOMERS, &Key::Int(1)).unwrap();
    let files = || std::fs::read_dir(dir.path()).unwrap().count();
    let (mut writer, _reader) = open(dir.path(), helpdesk(), 0).unwrap();
    writer.commit(Position { seq: 1, at: 0 }).unwrap();
    let before = files();
    for _ in 0..3 {
        writer.add(&row, &context(&source)).unwrap();
        drop(writer);
        writer = open(dir.path(), helpdesk(), 0).unwrap().0;
        assert_eq!(files(), before);
    }
}

/// Its long texts cannot be read.
struct Unreadable(MemorySource);

impl Source for Unreadable {
    crate::asks_another_source!(0: model zone rows row rows_where);

    fn long_text(&self, _: &Row, _: crate::model::Prop) -> Result<Value, crate::error::Error> {
        Err(crate::error::Error::internal(&"gone"))
    }
}

#[test]
fn an_entity_is_found_by_the_texts_that_can_be_read() {
    // One text that could not be read had the whole index built anew, without end.
    let (mut kept, mut source) = (kept(), MemorySource::new(helpdesk().clone()));
    let texts = ["printer".into(), "down".into(), Value::Null, Value::Null];
    apply(&mut source, &Doing::Ticket(1, texts, vec![]));
    let source = Unreadable(source);
    let ctx = Context { source: &source, ..context(&source.0) };
    let row = source.row(set::TICKETS, &Key::Int(1)).unwrap();
    assert!(matches!(kept.writer.add(&row, &ctx), Err(WriteFailure::Source(_))));
    let mut skipped = vec![];
    kept.writer.add_readable(&row, &ctx, |name, _| skipped.push(name)).unwrap();
    assert_eq!(skipped, ["Description"]);
    kept.writer.commit(Position { seq: 1, at: 0 }).unwrap();
    kept.reader.reload().unwrap();
    let finder = Finder::default();
    finder.open(&kept.reader, 1);
    let term = Term::Words(Words::of("printer", true).unwrap());
    let search = Search { term, places: vec![Place::Own(ticket::TITLE)] };
    assert_eq!(finder.find(set::TICKETS, &search, &ctx), Ok(Some(Hits::of(vec![1]))));
}

#[test]
fn a_search_weighs_as_much_as_the_index_has_of_its_words() {
    // It weighed nothing, whatever it found, and so was run among the light ones.
    let (mut kept, mut source) = (kept(), MemorySource::new(helpdesk().clone()));
    for id in 1..=30 {
        let title = if id <= 20 { "printer down" } else { "print" };
        let named = [("Id", Value::Int(id)), ("Title", title.into())];
        source.put_named("Tickets", "Ticket", &named).unwrap();
        let note = [("Id", Value::Int(id)), ("TicketId", Value::Int(1)), ("Body", "jam".into())];
        source.put_named("Comments", "Comment", &note).unwrap();
    }
    let ids = (1..=30).flat_map(|id| [(set::TICKETS, id), (set::COMMENTS, id)]);
    kept.write(&source, &ids.collect::<Vec<_>>());
    let finder = Finder::default();
    let cost = |finder: &Finder, term: Term, sees_notes| {
        let search = Search { term, places: places(sees_notes) };
        finder.cost(set::TICKETS, &search, &context(&source))
    };
    let words = |text: &str| Term::Words(Words::of(text, true).unwrap());
    assert_eq!(cost(&finder, words("printer"), true), 0, "an index that is not there");
    finder.open(&kept.reader, 1);
    let both = Term::And(vec![words("printer"), Term::Not(words("jam").into())]);
    for (term, want) in [
        (words("printer"), 20),
        (words("print"), 10),
        (words("print*"), 30),
        (words("none"), 0),
        (words("jam"), 30),
        (both, 50),
    ] {
        assert_eq!(cost(&finder, term.clone(), true), want, "{term:?}");
    }
    assert!(cost(&finder, words("printer down"), true) > 20);
    assert!(cost(&finder, words("jam"), false) > 10 * 30, "each note has to be looked at");
}

#[test]
fn an_index_is_where_its_last_commit_left_it() {
    let dir = tempfile::tempdir().unwrap();
    let at = || open(dir.path(), helpdesk(), 0).map(|(writer, _)| writer.position());
    assert_eq!(at(), Ok(None));
    let position = Position { seq: 7, at: -3 };
    open(dir.path(), helpdesk(), 0).unwrap().0.commit(position).unwrap();
    assert_eq!(at(), Ok(Some(position)));
}

#[test]
fn a_damaged_index_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = MemorySource::new(helpdesk().clone());
    let touched = apply(&mut source, &Doing::Customer(1, "Ann".into()));
    let (writer, reader) = open(dir.path(), helpdesk(), 0).unwrap();
    let mut kept = Kept { _dir: tempfile::tempdir().unwrap(), writer, reader };
    kept.write(&source, &[touched]);
    drop(kept);
    let files = || std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let largest = files().max_by_key(|file| file.metadata().unwrap().len()).unwrap();
    let segment = files().find(|file| file.extension().is_some_and(|ext| ext == "term")).unwrap();
    for file in [largest, segment] {
        let sound = std::fs::read(&file).unwrap();
        let mut turned = sound.clone();
        turned[3] ^= 1;
        for damaged in [turned, sound[..sound.len() / 2].to_vec(), vec![]] {
            std::fs::write(&file, &damaged).unwrap();
            assert!(open(dir.path(), helpdesk(), 0).is_err(), "{}", file.display());
        }
        std::fs::write(&file, &sound).unwrap();
    }
    assert!(open(dir.path(), helpdesk(), 0).is_ok());
}

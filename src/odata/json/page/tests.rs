//! Pieces of an answer, its expanded collections, and how often what is asked of the source.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{halves::HALF_BYTES, *};
use crate::{
    model::{Key, Value},
    odata::{
        Limits,
        check::{Checker, Everything, Target},
        context::Addresses,
        json::{Format, Hands, Onward, Tools},
        url::parse_target,
    },
    query::{
        Context, Hits, Search, Source,
        fixture::{context, source},
        memory::MemorySource,
        search::Found,
    },
};

/// Makes the answer to an address over rows, with pages of so many expanded entities, and does that with it.
fn answered<T>(
    ctx: Context<'_>,
    (path, query): (&str, &str),
    (rows, rows_max): (u64, u64),
    then: impl FnOnce(Pieces, &Writer<'_>) -> T,
) -> T {
    let model = ctx.source.model();
    let checker = Checker::new(model, &Everything, Limits::default());
    let (path, options) = parse_target(path, Some(query), &checker.limits).unwrap();
    let pieces = match checker.target(&path, None).unwrap() {
        Target::Collection(at) => {
            let plan = checker.collection(&at, &options).unwrap();
            let page = list(&plan, &Start::Set, &ctx).unwrap();
            Pieces::new((at.set, at.ty), plan.shape, page, None)
        }
        Target::Entity(at) => {
            let (shape, key) = (checker.entity(&at, &options).unwrap(), Key::Int(1));
            Pieces::entity((at.set, at.ty), shape, ctx.source.row(at.set, &key).unwrap())
        }
        _ => panic!("{query}"),
    };
    let addresses = Addresses { model, root: "http://x/odata/" };
    let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows, rows_max };
    let format = Format::default();
    let tools = &Tools::of(model, 1 << 20);
    then(pieces, &Writer { ctx, checker: &checker, addresses, format, onward, tools })
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The fixture, with more parts.
fn parts() -> MemorySource {
    let mut source = source();
    for id in 10..20 {
        let part = [("Id", Value::Int(id)), ("ThingId", Value::Int(1 + id % 2))];
        source.put_named("Parts", "Part", &part).unwrap();
    }
    source
}

/// The text of a query for things in pieces that long, or in one.
fn text(query: &str, piece: Option<usize>, rows: (u64, u64)) -> String {
    answered(context(&parts()), ("Things", query), rows, |mut pieces, writer| {
        let Some(piece) = piece else { return text_of(pieces.whole(writer).unwrap()) };
        let mut all = Vec::new();
        while !pieces.is_done() {
            all.extend(pieces.next(writer, piece).unwrap());
        }
        text_of(all)
    })
}

#[test]
fn a_text_is_the_same_in_pieces_however_short() {
    for query in [
        "$select=Id&$count=true",
        "$select=Id&$expand=Parts,Group",
        "$select=Id&$expand=Group($select=Name;$expand=Things($select=Id;$expand=Parts/$ref))",
        "$select=Group&$expand=Parts($count=true;$select=Amount;$expand=Thing($select=Id))",
        "$expand=*($levels=2)&$filter=Id eq 2",
    ] {
        for rows in [1, 3, 100] {
            let whole = text(query, None, (rows, 1000));
            assert!(serde_json::from_str::<serde_json::Value>(&whole).is_ok(), "{whole}");
            for piece in [1, 7, 100] {
                assert_eq!(text(query, Some(piece), (rows, 1000)), whole, "{query} {piece}");
            }
        }
    }
}

/// Says how often rows were looked up by their keys, and how often an index was asked.
struct Counting(MemorySource, AtomicUsize, AtomicUsize);

impl Source for Counting {
    crate::asks_another_source!(0: model zone rows rows_where long_text);

    fn row(&self, set: SetId, key: &Key) -> Option<Row> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.row(set, key)
    }

    fn search(&self, _: SetId, _: &Search, _: &Context<'_>) -> Result<Option<Hits>, Error> {
        self.2.fetch_add(1, Ordering::Relaxed);
        Ok(Some(Hits::everything()))
    }
}

#[test]
fn what_many_entities_are_searched_for_is_searched_once() {
    let mut things = source();
    for group in 5..9 {
        things.put_named("Groups", "Group", &[("Id", Value::Int(group))]).unwrap();
        for id in 0..70 {
            let id = Value::Int(100 * group + id);
            let named = [("Id", id), ("GroupId", Value::Int(group))];
            things.put_named("Things", "Thing", &named).unwrap();
        }
    }
    let source = Counting(things, AtomicUsize::new(0), AtomicUsize::new(0));
    let found = Found::default();
    let ctx = Context { source: &source, found: Some(&found), ..context(&source.0) };
    let query = "$filter=Id ge 5&$expand=Things($search=x;$count=true;$select=Id;$top=1)";
    let text = answered(ctx, ("Groups", query), (10, 10), |pieces, writer| {
        text_of(pieces.whole(writer).unwrap())
    });
    assert_eq!(text.matches(r#""Things@odata.count":70"#).count(), 4, "{text}");
    assert_eq!(source.2.load(Ordering::Relaxed), 1);
}

#[test]
fn what_many_entities_lead_to_is_looked_up_once() {
    let mut things = source();
    for id in 10..60 {
        let named = [("Id", Value::Int(id)), ("GroupId", Value::Int(1))];
        things.put_named("Things", "Thing", &named).unwrap();
    }
    let source = Counting(things, AtomicUsize::new(0), AtomicUsize::new(0));
    let ctx = Context { source: &source, ..context(&source.0) };
    let query = "$select=GroupName&$expand=Group($expand=Things($select=Id;$top=1))";
    let text = answered(ctx, ("Things", query), (10, 10), |pieces, writer| {
        text_of(pieces.whole(writer).unwrap())
    });
    let found = r#""GroupName":"first","Group":{"@odata.etag":"W/\"1\"","Id":1,"#;
    assert_eq!(text.matches(found).count(), 51);
    // For the name and for the entity, and each for the group that there is not.
    assert_eq!(source.1.load(Ordering::Relaxed), 4);
}

#[test]
fn what_has_no_room_is_told_by_its_link() {
    let address = ("Things(1)", "$expand=Parts($skip=1)");
    let text = answered(context(&source()), address, (10, 10), |mut pieces, writer| {
        pieces.room = 0;
        pieces.next(writer, usize::MAX).unwrap()
    });
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["Parts"], serde_json::json!([]));
    assert_eq!(json["Parts@odata.nextLink"], "http://x/odata/Things(1)/Parts?$skip=1");
}

#[test]
fn what_no_address_can_tell_comes_whole_at_every_level() {
    // Two levels down it was refused when the answer was on its way, and so cut off.
    let within = "Parts($select=Id;$filter=ThingId eq $it/Id;$orderby=Id desc;$skip=1)";
    let top = "Parts($select=Id;$filter=ThingId eq $it/Id;$count=true;$top=5)";
    for query in [
        format!("$select=Id&$expand={within}"),
        format!("$select=Id&$expand={top}"),
        format!("$select=Id&$expand=Parts($select=Id;$expand=Thing($select=Id;$expand={within}))"),
        format!("$select=Id&$expand=Group($select=Id;$expand=Things($select=Id;$expand={top}))"),
    ] {
        let whole = text(&query, None, (1000, 1000));
        assert!(!whole.contains("nextLink") && whole.contains(r#""Parts":[{"#), "{whole}");
        for rows_max in [1, 2, 7] {
            for piece in [None, Some(1), Some(100)] {
                assert_eq!(text(&query, piece, (1000, rows_max)), whole, "{query} {rows_max}");
            }
        }
    }
}

#[test]
fn what_no_address_can_tell_is_refused_where_it_has_no_room() {
    let address = ("Things(1)", "$expand=Parts($filter=ThingId eq $it/Id)");
    let refused = |room: u64| {
        answered(context(&parts()), address, (2, 2), |mut pieces, writer| {
            pieces.room = room;
            pieces.next(writer, usize::MAX).err().map(|error| error.to_string())
        })
    };
    let error = "$expand passes the limit 'expand_rows_max' of 100000";
    assert_eq!((refused(4).as_deref(), refused(100)), (Some(error), None));
}

#[test]
fn long_pages_are_the_same_with_help_and_without() {
    let mut long = source();
    for id in 10..1_300_i64 {
        // Some halves are full sooner than they have their rows.
        let body = "\"long\" ü ".repeat(if id / 300 == 2 { 400 } else { 3 });
        let group = if id % 7 == 0 { None } else { Some(id % 3) };
        let named = [
            ("Id", id.into()),
            ("GroupId", group.into()),
            ("Body", Value::text(&body)),
            ("String", Value::text(&format!("{id}\n"))),
        ];
        let ty = if id % 11 == 0 { "BigThing" } else { "Thing" };
        long.put_named("Things", ty, &named).unwrap();
    }
    let told = |query, cores: usize, piece: Option<usize>| {
        let hands = std::sync::Arc::new(Hands::new(cores));
        let tools = &Tools { hands, ..Tools::of(long.model(), 1 << 20) };
        let _at_work = tools.hands.at_work();
        answered(context(&long), ("Things", query), (10, 10), |mut pieces, writer| {
            let writer = &Writer { tools, ..*writer };
            let Some(piece) = piece else { return (text_of(pieces.whole(writer).unwrap()), 1) };
            let (mut all, mut longest) = (Vec::new(), 0);
            while !pieces.is_done() {
                let next = pieces.next(writer, piece).unwrap();
                longest = longest.max(next.len());
                all.extend(next);
            }
            (text_of(all), longest)
        })
    };
    let all_but_one = "$select=Id,GroupId,GroupName,Body,String,PartCount";
    for query in ["", "$skip=100&$count=true", "$top=300", all_but_one, "$expand=Group&$top=300"] {
        let (want, _) = told(query, 1, None);
        for cores in [1, 2, 3] {
            for piece in [1 << 10, 64 << 10, 256 << 10] {
                let (got, longest) = told(query, cores, Some(piece));
                assert!(got == want, "{query} {cores} {piece}");
                let most = if cores == 1 { piece } else { piece.max(HALF_BYTES) };
                assert!(longest <= most + (16 << 10), "{query} {cores} {piece}: {longest}");
            }
        }
    }
    // What is short is one piece, its end included.
    for cores in [1, 2] {
        let short = "$filter=Id lt 300&$select=*";
        assert_eq!(
            told(short, cores, Some(1 << 20)),
            (told(short, 1, None).0, told(short, 1, None).0.len())
        );
    }
    // Whether there was help at all: more is written at once than was asked for.
    assert!(told("", 2, Some(1 << 10)).1 > 64 << 10);
}

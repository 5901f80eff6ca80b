//! Properties of reading and printing: any tree survives, and no text panics or misplaces an error.

use proptest::{collection::vec, option, prelude::*};

use super::{
    Limits, apply,
    ast::{
        AggregateItem, Args, BinaryOp, ComputeItem, Direction, End, Expr, InList, Lambda,
        LambdaKind, Literal, OrderItem, Path, Search, Segment, Transformation,
    },
    filter,
    print_apply::sequence,
    search, select_expand, url,
};
use crate::error::Error;

/// A name no rule gives a meaning to.
fn name() -> impl Strategy<Value = String> {
    "P[a-zA-Z0-9_äß字]{0,4}"
}

fn qualified() -> impl Strategy<Value = String> {
    (name(), name()).prop_map(|(namespace, name)| format!("{namespace}.{name}"))
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Integer),
        "-?[0-9]{1,20}\\.[0-9]{1,3}".prop_map(Literal::Decimal),
        "-?[0-9]{1,3}e[+-]?[0-9]|-INF|INF|NaN".prop_map(Literal::Double),
        ".{0,8}".prop_map(|text| Literal::String(text.into())),
        "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".prop_map(Literal::Guid),
        "-?[1-9][0-9]{3}-0[1-9]-2[0-9]".prop_map(Literal::Date),
        "[12][0-9]{3}-0[1-9]-2[0-9]T0[0-9]:[0-5][0-9](Z|\\+0[0-9]:30)"
            .prop_map(Literal::DateTimeOffset),
        "[01][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,12})?)?".prop_map(Literal::TimeOfDay),
        "-?P[0-9]D(T[0-9]H)?".prop_map(Literal::Duration),
        "([A-Za-z0-9_-]{4}){0,2}".prop_map(Literal::Binary),
        (qualified(), "[A-Z]{1,3}(,-?[0-9])?")
            .prop_map(|(type_name, value)| Literal::Enum { type_name, value }),
        (any::<bool>(), "[A-Za-z0-9(); =]{0,8}")
            .prop_map(|(geography, text)| Literal::Geo { geography, text }),
    ]
}

fn operator() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::{Add, Div, DivBy, Eq, Ge, Gt, Has, Le, Lt, Mod, Mul, Ne, Sub};
    prop::sample::select(vec![Eq, Ne, Gt, Ge, Lt, Le, Has, Add, Sub, Mul, Div, DivBy, Mod])
}

fn args(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Args> {
    prop_oneof![
        vec(expr.clone(), 0..3).prop_map(Args::Positional),
        vec((name(), expr), 1..3).prop_map(Args::Named),
    ]
}

fn first_segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        name().prop_map(Segment::Name),
        qualified().prop_map(Segment::Qualified),
        qualified().prop_map(Segment::Annotation),
        Just(Segment::It),
        Just(Segment::This),
    ]
}

fn next_segments(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<Segment>> {
    prop_oneof![
        name().prop_map(|name| vec![Segment::Name(name)]),
        qualified().prop_map(|name| vec![Segment::Qualified(name)]),
        name().prop_map(|name| vec![Segment::Annotation(name)]),
        (name(), args(expr.clone()))
            .prop_map(|(name, args)| vec![Segment::Name(name), Segment::Parens(args)]),
        expr.prop_map(|expr| vec![Segment::Filter(Box::new(expr))]),
    ]
}

fn path(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Path> {
    let count = (option::of(expr.clone()), option::of(searches()));
    let count =
        count.prop_map(|(filter, search)| Segment::Count { filter: filter.map(Box::new), search });
    (first_segment(), vec(next_segments(expr), 0..3), option::weighted(0.2, count)).prop_map(
        |(first, next, count)| {
            let segments = std::iter::once(first).chain(next.into_iter().flatten()).chain(count);
            Path { segments: segments.collect() }
        },
    )
}

fn source(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Path> {
    (first_segment(), vec(next_segments(expr), 0..2)).prop_map(|(first, next)| {
        let segments = std::iter::once(first).chain(next.into_iter().flatten());
        Path { segments: segments.collect() }
    })
}

fn in_list(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = InList> {
    prop_oneof![
        vec(literal().prop_map(Expr::Literal), 0..3).prop_map(InList::Items),
        vec(expr.clone(), 0..3).prop_map(InList::Items),
        path(expr).prop_map(|path| InList::Collection(Box::new(Expr::Path(path)))),
    ]
}

fn deeper(expr: &BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    let boxed = || expr.clone().prop_map(Box::new);
    let body = || (name(), expr.clone());
    prop_oneof![
        path(expr.clone()).prop_map(Expr::Path),
        (prop_oneof![name(), qualified()], vec(expr.clone(), 0..3))
            .prop_map(|(name, args)| Expr::Call { name, args }),
        vec((expr.clone(), expr.clone()), 1..3).prop_map(Expr::Case),
        (source(expr.clone()), option::of(body())).prop_map(|(source, body)| Expr::Lambda(
            Box::new(Lambda { source, kind: LambdaKind::Any, body })
        )),
        (source(expr.clone()), body()).prop_map(|(source, body)| Expr::Lambda(Box::new(Lambda {
            source,
            kind: LambdaKind::All,
            body: Some(body)
        }))),
        vec(expr.clone(), 2..4).prop_map(Expr::And),
        vec(expr.clone(), 2..4).prop_map(Expr::Or),
        boxed().prop_map(Expr::Not),
        boxed().prop_map(Expr::Negate),
        (operator(), boxed(), boxed()).prop_map(|(op, left, right)| Expr::Binary {
            op,
            left,
            right
        }),
        (boxed(), in_list(expr.clone())).prop_map(|(left, list)| Expr::In { left, list }),
        vec(expr.clone(), 0..3).prop_map(Expr::Array),
        vec((".{0,4}", expr.clone()), 0..3).prop_map(Expr::Object),
    ]
    .boxed()
}

fn exprs() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(Expr::Literal),
        name().prop_map(Expr::Alias),
        name().prop_map(|name| Expr::Path(Path { segments: vec![Segment::Name(name)] })),
    ];
    leaf.prop_recursive(4, 24, 3, |expr| deeper(&expr.boxed()))
}

fn searches() -> impl Strategy<Value = Search> {
    let leaf = prop_oneof![
        "[a-zäß0-9*$,=!/+:][a-z0-9'äß-]{0,4}".prop_map(Search::Word),
        "[a-z][a-zA-Z ();&']{0,6}".prop_map(Search::Phrase),
    ];
    leaf.prop_recursive(3, 12, 3, |term| {
        prop_oneof![
            term.clone().prop_map(|term| Search::Not(Box::new(term))),
            vec(term.clone(), 2..4).prop_map(Search::And),
            vec(term, 2..4).prop_map(Search::Or),
        ]
    })
}

fn transformations() -> impl Strategy<Value = Vec<Transformation>> {
    let item = || (exprs(), name()).prop_map(|(expr, alias)| ComputeItem { expr, alias });
    let aggregate = (exprs(), "sum|average|Ns\\.Own", name())
        .prop_map(|(expr, method, alias)| AggregateItem { expr, method: Some(method), alias });
    let count = name().prop_map(|alias| AggregateItem {
        expr: Expr::Path(Path { segments: vec![Segment::Count { filter: None, search: None }] }),
        method: None,
        alias,
    });
    let order = (exprs(), any::<bool>()).prop_map(|(expr, descending)| OrderItem {
        expr,
        direction: if descending { Direction::Descending } else { Direction::Ascending },
    });
    let path = || vec(name().prop_map(Segment::Name), 1..3).prop_map(|segments| Path { segments });
    let leaf = prop_oneof![
        Just(Transformation::Identity),
        exprs().prop_map(Transformation::Filter),
        searches().prop_map(Transformation::Search),
        vec(item(), 1..3).prop_map(Transformation::Compute),
        vec(prop_oneof![aggregate, count], 1..3).prop_map(Transformation::Aggregate),
        (any::<bool>(), any::<u64>(), exprs()).prop_map(|(is_top, count, by)| {
            Transformation::Extreme { end: if is_top { End::Top } else { End::Bottom }, count, by }
        }),
        vec(order, 1..3).prop_map(Transformation::OrderBy),
        any::<u64>().prop_map(Transformation::Skip),
        any::<u64>().prop_map(Transformation::Top),
    ];
    let nested = leaf.prop_recursive(2, 8, 3, move |inner| {
        let some = vec(inner.clone(), 1..3);
        prop_oneof![
            (vec(path(), 1..3), vec(inner, 0..3))
                .prop_map(|(keys, then)| Transformation::GroupBy { keys, then }),
            vec(some, 2..4).prop_map(Transformation::Concat),
        ]
    });
    vec(nested, 1..4)
}

/// Valid text with one character put in, taken out or replaced.
fn mutated() -> impl Strategy<Value = String> {
    (exprs(), any::<prop::sample::Index>(), option::of(any::<char>()), any::<bool>()).prop_map(
        |(expr, at, put, keep)| {
            let mut chars: Vec<char> = expr.to_string().chars().collect();
            let at = at.index(chars.len());
            chars.splice(at..=at, put.into_iter().chain(keep.then_some(chars[at])));
            chars.into_iter().collect()
        },
    )
}

/// No panic, and an offset that can be shown to the client.
fn well_placed<T>(text: &str, parsed: &Result<T, Error>) -> Result<(), TestCaseError> {
    if let Err(Error::Syntax { offset, .. }) = parsed {
        prop_assert!(text.is_char_boundary(*offset), "{offset} in {text:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn an_expression_prints_and_reads_back(expr in exprs()) {
        let text = expr.to_string();
        prop_assert_eq!(filter::parse(&text, &Limits::default()), Ok(expr), "{}", text);
    }

    #[test]
    fn a_search_prints_and_reads_back(expr in searches()) {
        let text = expr.to_string();
        prop_assert_eq!(search::parse(&text, &Limits::default()), Ok(expr), "{}", text);
    }

    #[test]
    fn transformations_print_and_read_back(transformations in transformations()) {
        let text = sequence(&transformations);
        prop_assert_eq!(apply::parse(&text, &Limits::default()), Ok(transformations), "{}", text);
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let limits = Limits::default();
        well_placed(&text, &filter::parse(&text, &limits))?;
        well_placed(&text, &search::parse(&text, &limits))?;
        well_placed(&text, &apply::parse(&text, &limits))?;
        well_placed(&text, &select_expand::parse_select(&text, &limits))?;
        well_placed(&text, &select_expand::parse_expand(&text, &limits))?;
        let _ = url::parse_target(&text, Some(&text), &limits);
    }

    #[test]
    fn a_slip_never_panics(text in mutated()) {
        let limits = Limits::default();
        well_placed(&text, &filter::parse(&text, &limits))?;
        let grouped = format!("groupby((A),filter({text}))");
        well_placed(&grouped, &apply::parse(&grouped, &limits))?;
        let nested = format!("A($filter={text};$search={text})");
        well_placed(&nested, &select_expand::parse_expand(&nested, &limits))?;
    }
}

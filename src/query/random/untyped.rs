//! Random values and expressions, and what must hold of the evaluator for all of them.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{
    model::{EnumId, Key, Nav, Primitive, Prop, StructId, Type, Value},
    query::{
        BinaryOp, Binding, Collection, Expr, Function, Path, Quantifier, Source, Step, Var, eval,
        fixture::{PLACE, SITE, THINGS, context, lit, path, place, source},
        values::ValueSet,
    },
    time::{Date, TimeOfDay, Timestamp},
};

fn truth() -> impl Strategy<Value = Expr> {
    prop_oneof![Just(lit(true)), Just(lit(false)), Just(Expr::Literal(Value::Null))]
}

fn any_value() -> impl Strategy<Value = Value> {
    let ints = prop_oneof![Just(i64::MIN), Just(i64::MAX), -3..4_i64];
    let texts = prop_oneof![Just("ä😀"), Just(""), Just("a("), Just("P1D"), Just("12")];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        ints.clone().prop_map(Value::Int),
        (ints.clone(), 0..28_u32).prop_map(|(n, scale)| Value::Decimal(Decimal::new(n, scale))),
        Just(Value::Decimal(Decimal::MAX)),
        any::<f64>().prop_map(Value::Double),
        texts.prop_map(Value::text),
        (Timestamp::MIN.micros()..=Timestamp::MAX.micros())
            .prop_map(|micros| Value::Instant(Timestamp::from_micros(micros))),
        (-719_162..=2_932_896).prop_map(|days| Value::Date(Date::from_days(days))),
        ints.clone().prop_map(|n| Value::TimeOfDay(TimeOfDay::from_micros(n))),
        ints.clone().prop_map(Value::Duration),
        ints.prop_map(Value::Enum),
        Just(Value::Binary([0, 255].into())),
        Just(place(SITE, &["a".into()])),
    ];
    prop_oneof![
        4 => leaf.clone(),
        1 => prop::collection::vec(leaf, 0..3).prop_map(|items| Value::List(items.into())),
    ]
}

fn any_path() -> impl Strategy<Value = Path> {
    let step = prop_oneof![
        4 => (0..36_u16).prop_map(|at| Step::Property(Prop(at))),
        1 => (0..3_u16).prop_map(|at| Step::Navigation(Nav(at))),
        1 => (0..6_u16).prop_map(|at| Step::Cast(StructId(at))),
    ];
    (
        prop_oneof![9 => (0..3_u8).prop_map(Var), 1 => Just(Var::IT)],
        prop::collection::vec(step, 0..4),
    )
        .prop_map(|(from, steps)| Path { from, steps })
}

fn any_collection() -> impl Strategy<Value = Path> {
    let known = ["Tags", "Numbers", "Places", "Parts", "Group/Things"].map(path);
    prop_oneof![4 => prop::sample::select(known.to_vec()), 1 => any_path()]
}

fn any_type() -> impl Strategy<Value = Type> {
    let plain = prop_oneof![
        4 => prop::sample::select(Primitive::ALL.to_vec()).prop_map(Type::Primitive),
        1 => (0..2_u16).prop_map(|id| Type::Enum(EnumId(id))),
        1 => Just(Type::Complex(PLACE)),
    ];
    prop_oneof![4 => plain.clone(), 1 => plain.prop_map(|ty| Type::Collection(ty.into()))]
}

fn any_operator() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::{Add, Div, DivBy, Eq, Ge, Gt, Has, Le, Lt, Mod, Mul, Ne, Sub};
    prop::sample::select(vec![Eq, Ne, Gt, Ge, Lt, Le, Has, Add, Sub, Mul, Div, DivBy, Mod])
}

fn any_function() -> impl Strategy<Value = Function> {
    use Function as F;
    prop::sample::select(vec![
        F::Concat,
        F::Contains,
        F::EndsWith,
        F::IndexOf,
        F::Length,
        F::StartsWith,
        F::Substring,
        F::HasSubset,
        F::HasSubsequence,
        F::MatchesPattern,
        F::ToLower,
        F::ToUpper,
        F::Trim,
        F::Date,
        F::Day,
        F::FractionalSeconds,
        F::Hour,
        F::MaxDateTime,
        F::MinDateTime,
        F::Minute,
        F::Month,
        F::Now,
        F::Second,
        F::Time,
        F::TotalOffsetMinutes,
        F::TotalSeconds,
        F::Year,
        F::Ceiling,
        F::Floor,
        F::Round,
    ])
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => any_value().prop_map(Expr::Literal),
        2 => any_path().prop_map(Expr::Path),
        1 => any_path().prop_map(Expr::Exists),
        1 => (any_path(), 0..6_u16)
            .prop_map(|(path, id)| Expr::IsEntityOf { path, of: StructId(id) }),
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let many = || prop::collection::vec(inner.clone(), 0..4);
        let over = || {
            (any_collection(), 0..3_u8, prop::option::of(boxed())).prop_map(
                |(path, var, filter)| Collection { path, var: Var(var), filter, search: None },
            )
        };
        let quantifier = prop_oneof![Just(Quantifier::Any), Just(Quantifier::All)];
        prop_oneof![
            1 => many().prop_map(Expr::List),
            1 => boxed().prop_map(Expr::Not),
            1 => boxed().prop_map(Expr::Negate),
            1 => many().prop_map(Expr::And),
            1 => many().prop_map(Expr::Or),
            6 => (any_operator(), boxed(), boxed())
                .prop_map(|(op, left, right)| Expr::Binary { op, left, right }),
            1 => (boxed(), boxed()).prop_map(|(needle, list)| Expr::In { needle, list }),
            1 => (boxed(), prop::collection::vec(any_value(), 0..4)).prop_map(
                |(needle, values)| Expr::OneOf { needle, values: ValueSet::new(values).into() }
            ),
            8 => (any_function(), many())
                .prop_map(|(function, args)| Expr::Call { function, args }),
            3 => (boxed(), any_type()).prop_map(|(value, to)| Expr::Cast { value, to }),
            1 => (boxed(), any_type()).prop_map(|(value, of)| Expr::IsOf { value, of }),
            1 => prop::collection::vec((inner.clone(), inner.clone()), 1..3).prop_map(Expr::Case),
            1 => (quantifier, over(), 0..3_u8, prop::option::of(boxed())).prop_map(
                |(quantifier, over, var, predicate)| Expr::Quantified {
                    quantifier, over, var: Var(var), predicate,
                }
            ),
            1 => over().prop_map(Expr::Count),
        ]
    })
}

fn any_truth() -> impl Strategy<Value = Expr> {
    truth().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|operand| Expr::Not(operand.into())),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner, 2..4).prop_map(Expr::Or),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn nothing_makes_the_evaluator_panic(expr in any_expr(), id in 1..4_i64) {
        let source = source();
        let ctx = context(&source);
        let row = source.row(THINGS, &Key::Int(id)).unwrap();
        let mut bindings = vec![Binding::Row(row), Binding::Value(Value::Int(7))];
        let before = bindings.clone();
        let _ = eval(&expr, &ctx, &mut bindings);
        prop_assert_eq!(bindings, before);
    }

    #[test]
    fn de_morgan_holds_with_three_values(terms in prop::collection::vec(any_truth(), 2..5)) {
        let source = source();
        let ctx = context(&source);
        let value = |expr: &Expr| eval(expr, &ctx, &mut vec![]).unwrap();
        let negated = || terms.iter().map(|term| Expr::Not(term.clone().into())).collect();
        let not = |expr: Expr| Expr::Not(expr.into());
        prop_assert_eq!(value(&not(Expr::And(terms.clone()))), value(&Expr::Or(negated())));
        prop_assert_eq!(value(&not(Expr::Or(terms.clone()))), value(&Expr::And(negated())));
        prop_assert_eq!(value(&not(not(terms[0].clone()))), value(&terms[0]));
    }
}

//! What the shop can do and tell beside reading and changing its entities.

use tessera::{
    model::{
        Action, Binding, Complex, Function, Model, Parameter, Primitive, Returns, StructType, Type,
        Value,
        declare::{action, complex, parameter, parameters, stored, stored_as},
    },
    time::TimeOfDay,
};

use crate::shop::{COLOUR, collection};

/// Actions, in the order of the shop's verbs.
pub(crate) fn actions() -> Vec<Action> {
    use Primitive as P;
    let told =
        |name, ty, nullable, max_length| Parameter { name, doc: "", ty, nullable, max_length };
    let on_product = |name, parameters, returns, scope| Action {
        name,
        doc: "",
        set: "Products",
        binding: Binding::Entity,
        parameters,
        returns,
        scope,
    };
    let restock = vec![
        told("Count", Type::Primitive(P::Int32), false, None),
        told("Colour", Type::Enum(COLOUR), true, None),
        told("Labels", collection(Type::Primitive(P::String)), true, None),
        Parameter { doc: "Why", ..told("Note", Type::Primitive(P::String), true, Some(10)) },
    ];
    let review = vec![
        told("Text", Type::Primitive(P::String), false, None),
        told("IsHidden", Type::Primitive(P::Boolean), true, None),
    ];
    let products = Returns::Entity("Products");
    vec![
        Action {
            doc: "Puts some on the shelf",
            ..on_product("Restock", restock, products, Some("shop:write"))
        },
        on_product("Review", review, Returns::Entity("Reviews"), Some("reviews:create")),
        on_product("Retire", vec![], Returns::Nothing, Some("shop:retire")),
        action(
            ("Products", "TakeStock"),
            "shop:count",
            Returns::Complex("Stock"),
            "Counts everything",
        )
        .on_set()
        .takes(parameters("Labels", P::String, "Only these").required())
        .takes(parameters("Ids", P::Int64, "Only these"))
        .takes(parameter("IsFinal", P::Boolean, "Whether it is the last count"))
        .takes(parameter("Most", P::Int64, "Count no further").required())
        .takes(parameter("Until", P::DateTimeOffset, "When it ends"))
        .takes(parameter("Key", P::String, "What is told once").max(5)),
        action(("Products", "PickFirst"), "shop:write", products, "Tells the first").on_set(),
    ]
}

/// The functions, in the order of the shop's answers.
pub(crate) fn functions() -> Vec<Function> {
    vec![Function { name: "OpenToday", doc: "Tells when it is open", returns: "Hours" }]
}

/// What was counted: the parameters of `TakeStock`, in their order.
pub(crate) fn stock() -> StructType {
    use Primitive as P;
    let list = |tag, name, item| stored_as(tag, name, collection(Type::Primitive(item)));
    let properties = vec![
        list(1, "Labels", P::String),
        list(2, "Ids", P::Int64),
        stored(3, "IsFinal", P::Boolean).nullable(),
        stored(4, "Most", P::Int64),
        stored(5, "Until", P::DateTimeOffset).nullable(),
        stored(6, "Key", P::String).nullable().doc("Told once"),
    ];
    complex("Stock", "What was counted", properties)
}

pub(crate) fn hours() -> StructType {
    let properties = vec![
        stored(1, "From", Primitive::TimeOfDay),
        stored(2, "Until", Primitive::TimeOfDay).nullable(),
        stored(3, "Guests", Primitive::Int64).needs("guests:read"),
    ];
    complex("Hours", "", properties)
}

/// What `TakeStock` answers with: what it was told.
pub(crate) fn counted(model: &Model, given: Vec<(usize, Value)>) -> Complex {
    let type_id = model.find_complex("Stock").unwrap();
    let empty = || Value::List([].into());
    let null = || Value::Null;
    let mut values = vec![empty(), empty(), null(), null(), null(), null()];
    for (at, value) in given {
        values[at] = value;
    }
    Complex { type_id, values }
}

pub(crate) fn open_today(model: &Model) -> Complex {
    let nine = Value::TimeOfDay(TimeOfDay::from_micros(32_400_000_000));
    let type_id = model.find_complex("Hours").unwrap();
    Complex { type_id, values: vec![nine, Value::Null, Value::Int(7)] }
}

//! What the tests of this folder share: a small model with every kind of property, and short words.

use std::sync::Arc;

use super::{
    expr::{BinaryOp, Expr, Path, Step, Var},
    literal,
    memory::MemorySource,
    resolve::Context,
};
use crate::{
    error::Error,
    model::{
        Complex, Contents, EntitySet, EnumId, EnumType, Model, Navigation, Primitive, Prop,
        Property, Searched, SetId, SetScopes, StructId, StructType, Type, Value,
        declare::{children, computed, count, long_text, look_up, reference, stored, stored_as},
    },
    time::Timestamp,
};

pub(crate) const THINGS: SetId = SetId(0);
pub(super) const PLACE: StructId = StructId(0);
pub(super) const SITE: StructId = StructId(1);
pub(super) const THING: StructId = StructId(2);
pub(super) const BIG_THING: StructId = StructId(3);
pub(super) const COLOURS: EnumId = EnumId(0);
pub(super) const SIZE: EnumId = EnumId(1);

fn structure(
    name: &'static str,
    properties: Vec<Property>,
    navigations: Vec<Navigation>,
) -> StructType {
    let key = if name == "Place" || name == "Site" { vec![] } else { vec![Prop(0)] };
    StructType { name, doc: "", base: None, key, properties, navigations }
}

fn thing() -> Vec<Property> {
    let list = |item| Type::Collection(Box::new(item));
    let mut properties = vec![stored(20, "Id", Primitive::Int64)];
    properties.extend(
        (1..).zip(Primitive::ALL).map(|(tag, kind)| {
            stored(tag, kind.name().trim_start_matches("Edm."), kind).nullable()
        }),
    );
    properties.extend([
        stored_as(21, "Colours", Type::Enum(COLOURS)).nullable(),
        stored_as(22, "Size", Type::Enum(SIZE)).nullable(),
        stored_as(23, "Place", Type::Complex(PLACE)).nullable(),
        stored_as(24, "Tags", list(Type::Primitive(Primitive::String))),
        stored_as(25, "Numbers", list(Type::Primitive(Primitive::Int64))),
        stored_as(26, "Places", list(Type::Complex(PLACE))),
        long_text(27, "Body").nullable(),
        stored(28, "GroupId", Primitive::Int64).nullable(),
        look_up("GroupName", Primitive::String, "Group", "Name"),
        count("PartCount", "Parts", "IsHidden"),
        computed("Day", Primitive::Date, |thing| {
            let at = Prop(1 + 4);
            thing.date_of(thing.value(at).as_instant())
        })
        .day_of(Prop(1 + 4)),
        computed("Shout", Primitive::String, |thing| {
            let (body, name) = (thing.value(Prop(23)), thing.value(Prop(25)));
            let upper = |value: &Value| value.as_text().unwrap_or("-").to_uppercase();
            Value::text(&format!("{} {}", upper(&body), upper(&name)))
        }),
    ]);
    properties
}

pub(super) fn model() -> Model {
    let place = vec![stored(1, "City", Primitive::String), stored(2, "Floor", Primitive::Int32)];
    let mut site = place.clone();
    site.push(stored(3, "Code", Primitive::String));
    let navigations =
        || vec![reference("Group", "Groups", "GroupId"), children("Parts", "Parts", "ThingId")];
    let mut big = thing();
    big.push(stored(29, "Weight", Primitive::Int32).nullable());
    let group = vec![stored(1, "Id", Primitive::Int64), stored(2, "Name", Primitive::String)];
    let part = vec![
        stored(1, "Id", Primitive::Int64),
        stored(2, "ThingId", Primitive::Int64),
        stored(3, "Amount", Primitive::Int32).nullable(),
        stored(4, "IsHidden", Primitive::Boolean),
    ];
    let set = |name, code, ty| EntitySet {
        name,
        ty: StructId(ty),
        contents: Contents::Stored { code },
        scopes: SetScopes { read: "", read_own: None, create: None, write: None, delete: None },
        guard: None,
        searched: Searched::TEXTS,
        hidden: false,
    };
    let enumeration = |name, is_flags, members| EnumType { name, is_flags, members };
    Model {
        namespace: "Test",
        enums: vec![
            enumeration("Colours", true, vec![("Red", 1), ("Green", 2), ("Blue", 4)]),
            enumeration("Size", false, vec![("Small", 1), ("Large", 3)]),
        ],
        structs: vec![
            structure("Place", place, vec![]),
            StructType { base: Some(PLACE), ..structure("Site", site, vec![]) },
            structure("Thing", thing(), navigations()),
            StructType { base: Some(THING), ..structure("BigThing", big, navigations()) },
            structure("Group", group, vec![children("Things", "Things", "GroupId")]),
            structure("Part", part, vec![reference("Thing", "Things", "ThingId")]),
        ],
        sets: vec![set("Things", 1, 2), set("Groups", 2, 4), set("Parts", 3, 5)],
        actions: vec![],
        functions: vec![],
    }
}

pub(super) fn place(type_id: StructId, values: &[Value]) -> Value {
    Value::Complex(Arc::new(Complex { type_id, values: values.to_vec() }))
}

pub(super) fn texts(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| Value::text(item)).collect())
}

/// Thing 1 has everything, thing 2 nothing, thing 3 is a `BigThing`.
pub(crate) fn source() -> MemorySource {
    let mut source = MemorySource::new(model());
    let mut put = |set, ty, named: &[(&str, Value)]| {
        source.put_named(set, ty, named).unwrap();
    };
    put("Groups", "Group", &[("Id", 1.into()), ("Name", "first".into())]);
    let home = [Value::text("Paris"), Value::Int(2)];
    let site = [Value::text("Rome"), Value::Int(0), Value::text("R1")];
    put(
        "Things",
        "Thing",
        &[
            ("Id", 1.into()),
            ("Boolean", true.into()),
            ("Int32", 7.into()),
            ("String", "Ärger".into()),
            ("Double", Value::Double(0.5)),
            ("Decimal", Value::Decimal("12.50".parse().unwrap())),
            ("DateTimeOffset", at("2026-06-30T22:30:00Z")),
            ("Date", Value::Date("2026-06-30".parse().unwrap())),
            ("TimeOfDay", Value::TimeOfDay("22:30:15.25".parse().unwrap())),
            ("Duration", Value::Duration(90_000_000)),
            ("Binary", Value::Binary([1, 2].into())),
            ("Guid", Value::Guid(crate::id::Guid::from_u128(7))),
            ("Colours", Value::Enum(5)),
            ("Size", Value::Enum(3)),
            ("Place", place(PLACE, &home)),
            ("Tags", texts(&["a", "b"])),
            ("Numbers", Value::List([1.into(), Value::Null, 3.into()].into())),
            ("Places", Value::List([place(PLACE, &home), place(SITE, &site)].into())),
            ("Body", "long text".into()),
            ("GroupId", 1.into()),
        ],
    );
    put("Things", "Thing", &[("Id", 2.into())]);
    let big = [("Id", 3.into()), ("Weight", 9.into()), ("GroupId", 404.into())];
    put("Things", "BigThing", &big);
    for (id, amount, hidden) in
        [(1, Value::Int(5), false), (2, Value::Null, false), (3, Value::Int(1), true)]
    {
        let part = [
            ("Id", id.into()),
            ("ThingId", 1.into()),
            ("Amount", amount),
            ("IsHidden", hidden.into()),
        ];
        put("Parts", "Part", &part);
    }
    source
}

pub(crate) fn context(source: &MemorySource) -> Context<'_> {
    Context { source, now: Timestamp::from_micros(0), deadline: None, it: None, found: None }
}

pub(super) fn at(text: &str) -> Value {
    Value::Instant(text.parse().unwrap())
}

pub(super) fn lit(value: impl Into<Value>) -> Expr {
    Expr::Literal(value.into())
}

/// A path by names from a variable of type `from`: `Group/Name`, `Place/Site/Code`.
#[track_caller]
pub(super) fn path_from(var: u8, from: StructId, names: &str) -> Path {
    let model = model();
    let mut at = from;
    let mut steps = vec![];
    for name in names.split('/').filter(|name| !name.is_empty()) {
        let structure = model.structure(at);
        if let Some(prop) = structure.property(name) {
            if let Type::Complex(id) = &structure.property_at(prop).ty {
                at = *id;
            }
            steps.push(Step::Property(prop));
        } else if let Some(nav) = structure.navigation(name) {
            let navigation = structure.navigation_at(nav);
            at = model.set(model.target(navigation).unwrap()).ty;
            steps.push(Step::Navigation(nav));
        } else {
            let found = model.structs.iter().position(|ty| ty.name == name);
            at = StructId(u16::try_from(found.expect(name)).unwrap());
            steps.push(Step::Cast(at));
        }
    }
    Path { from: Var(var), steps }
}

/// A path by names from a thing.
#[track_caller]
pub(super) fn path(names: &str) -> Path {
    path_from(0, THING, names)
}

#[track_caller]
pub(super) fn prop(names: &str) -> Expr {
    Expr::Path(path(names))
}

pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: left.into(), right: right.into() }
}

/// A result as text: values as in a payload, collections in brackets, errors as their reason.
pub(super) fn show(result: &Result<Value, Error>) -> String {
    match result {
        Ok(Value::Null) => "null".into(),
        Ok(Value::Text(text)) => format!("'{text}'"),
        Ok(Value::List(items)) => {
            let items: Vec<String> = items.iter().map(|item| show(&Ok(item.clone()))).collect();
            format!("[{}]", items.join(","))
        }
        Ok(value) => literal::to_text(value, None).unwrap_or_else(|| format!("{value:?}")),
        Err(Error::InvalidOption { option, reason }) => format!("{option}: {reason}"),
        Err(other) => format!("{other:?}"),
    }
}

//! Products and categories: every primitive type, enumerations, complex and derived types, nulls.

use std::sync::{Arc, RwLock};

use crate::operations;
use tessera::{
    auth::{Proof, Visit},
    error::{Denial, Error},
    hash::Digest,
    http::{limit::Client, odata::Gate},
    id::Guid,
    model::{
        Complex, Contents, EntitySet, EnumId, EnumType, FunctionId, Guard, Index, Key, Model,
        Primitive, Prop, Property, Row, Searched, SetId, SetScopes, StructId, StructType, Type,
        Value, Write,
        declare::{children, long_text, reference, stored, stored_as},
    },
    odata::service::{Act, Child, Create, Delete, Outcome, Service, Update},
    query::{Rights, Source, memory::MemorySource},
    time::{Date, TimeOfDay, Timestamp},
};

pub(crate) const PRODUCTS: SetId = SetId(0);
const REVIEWS: SetId = SetId(3);

pub(crate) const COLOUR: EnumId = EnumId(0);
const USES: EnumId = EnumId(1);

const PRODUCT: StructId = StructId(0);
const REVIEW: StructId = StructId(4);
const SIZE: StructId = StructId(5);
const BOX: StructId = StructId(6);

pub(crate) fn model() -> Model {
    let colours = vec![("Red", 1), ("Green", 2), ("Blue", 3)];
    let uses = vec![("Home", 1), ("Work", 2), ("Garden", 4)];
    Model {
        namespace: "Shop",
        enums: vec![
            EnumType { name: "Colour", is_flags: false, members: colours },
            EnumType { name: "Uses", is_flags: true, members: uses },
        ],
        structs: vec![
            product(),
            digital(),
            category(),
            price(),
            review(),
            size(),
            cardboard_box(),
            operations::stock(),
            operations::hours(),
            bin(),
        ],
        sets: vec![
            set("Products", PRODUCT, 1, true),
            set("Categories", StructId(2), 2, false),
            set("Prices", StructId(3), 3, false),
            EntitySet {
                guard: Some(Guard::Flagged { property: "IsHidden", scope: "reviews:moderate" }),
                scopes: SetScopes {
                    create: Some("reviews:create"),
                    ..set("Reviews", StructId(4), 4, false).scopes
                },
                ..set("Reviews", StructId(4), 4, false)
            },
            set("Bins", StructId(9), 5, false),
        ],
        actions: operations::actions(),
        functions: operations::functions(),
    }
}

fn set(name: &'static str, ty: StructId, code: u16, is_writable: bool) -> EntitySet {
    let of = |scope| is_writable.then_some(scope);
    let (create, write) = (of("shop:create"), of("shop:write"));
    let read = if name == "Prices" { "prices:read" } else { "shop:read" };
    let scopes = SetScopes { read, read_own: None, create, write, delete: write };
    let contents = Contents::Stored { code };
    let searched = Searched::TEXTS;
    EntitySet { name, ty, contents, scopes, guard: None, searched, hidden: false }
}

pub(crate) fn collection(item: Type) -> Type {
    Type::Collection(Box::new(item))
}

fn product_properties() -> Vec<Property> {
    use Primitive as P;
    let free = |tag, name, ty| stored(tag, name, ty).nullable().writable();
    vec![
        stored(1, "Id", P::Int64).on_create(),
        stored(2, "Guid", P::Guid).on_create().indexed(Index::Unique),
        stored(3, "Name", P::String).max(20).writable().doc("What it is <called>"),
        free(4, "Photo", P::Binary).max(8),
        free(5, "InStock", P::Boolean),
        free(6, "Shelf", P::Byte),
        free(7, "ReleasedOn", P::Date),
        free(8, "ReleasedAt", P::DateTimeOffset),
        free(9, "Price", P::Decimal),
        free(10, "Weight", P::Double),
        free(11, "Warranty", P::Duration),
        free(12, "Maker", P::Guid),
        free(13, "Pages", P::Int16),
        free(14, "Sales", P::Int32),
        free(15, "Views", P::Int64),
        free(16, "Trend", P::SByte),
        free(17, "Rating", P::Single),
        free(18, "OpensAt", P::TimeOfDay),
        stored_as(19, "Colour", Type::Enum(COLOUR)).nullable().writable(),
        stored_as(20, "Uses", Type::Enum(USES)).nullable().writable(),
        stored_as(21, "Size", Type::Complex(SIZE)).nullable().writable(),
        stored_as(22, "Labels", collection(Type::Primitive(P::String))).writable(),
        stored_as(23, "FormerSizes", collection(Type::Complex(SIZE))).writable(),
        long_text(24, "Description").nullable().writable(),
        stored(25, "CategoryId", P::Int32).nullable().writable(),
        stored(26, "Margin", P::Double).nullable().needs("margins:read").writable(),
        stored(27, "Secret", P::String).nullable().hidden(),
        stored(28, "Stamp", P::DateTimeOffset).nullable(),
    ]
}

fn product() -> StructType {
    StructType {
        name: "Product",
        doc: "Something to buy",
        base: None,
        key: vec![Prop(0)],
        properties: product_properties(),
        navigations: vec![
            reference("Category", "Categories", "CategoryId"),
            children("Prices", "Prices", "ProductId"),
            children("Reviews", "Reviews", "ProductId"),
        ],
    }
}

fn digital() -> StructType {
    let mut properties = product_properties();
    properties.push(stored(40, "Link", Primitive::String).nullable().writable());
    StructType {
        name: "DigitalProduct",
        doc: "A product without a box",
        base: Some(PRODUCT),
        properties,
        ..product()
    }
}

fn category() -> StructType {
    let properties =
        vec![stored(1, "Id", Primitive::Int32), stored(2, "Name", Primitive::String).nullable()];
    let navigations = vec![children("Products", "Products", "CategoryId")];
    StructType {
        name: "Category",
        doc: "",
        base: None,
        key: vec![Prop(0)],
        properties,
        navigations,
    }
}

/// What can hold others of its kind.
fn bin() -> StructType {
    let properties = vec![
        stored(1, "Id", Primitive::Int32),
        stored(2, "WithinId", Primitive::Int32).nullable().indexed(Index::Many),
    ];
    let navigations =
        vec![reference("Within", "Bins", "WithinId"), children("Bins", "Bins", "WithinId")];
    StructType { name: "Bin", doc: "", base: None, key: vec![Prop(0)], properties, navigations }
}

fn price() -> StructType {
    StructType {
        name: "Price",
        doc: "",
        base: None,
        key: vec![Prop(0), Prop(1)],
        properties: vec![
            stored(1, "ProductId", Primitive::Int64),
            stored(2, "Currency", Primitive::String).max(3),
            stored(3, "Amount", Primitive::Decimal),
        ],
        navigations: vec![reference("Product", "Products", "ProductId")],
    }
}

fn review() -> StructType {
    StructType {
        name: "Review",
        doc: "",
        base: None,
        key: vec![Prop(0)],
        properties: vec![
            stored(1, "Id", Primitive::Int64),
            stored(2, "ProductId", Primitive::Int64),
            stored(3, "Text", Primitive::String).max(20).writable(),
            stored(4, "IsHidden", Primitive::Boolean).writable(),
        ],
        navigations: vec![reference("Product", "Products", "ProductId")],
    }
}

fn size_properties() -> Vec<Property> {
    vec![
        stored(1, "Width", Primitive::Double),
        stored(2, "Height", Primitive::Double).nullable(),
        stored(3, "Note", Primitive::String).nullable().max(5),
    ]
}

fn complex(name: &'static str, base: Option<StructId>, properties: Vec<Property>) -> StructType {
    StructType { name, doc: "", base, key: vec![], properties, navigations: vec![] }
}

fn size() -> StructType {
    complex("Size", None, size_properties())
}

fn cardboard_box() -> StructType {
    let mut properties = size_properties();
    properties.push(stored(4, "Depth", Primitive::Double).nullable());
    complex("Box", Some(SIZE), properties)
}

fn of(ty: StructId, values: Vec<Value>) -> Value {
    Value::Complex(Arc::new(Complex { type_id: ty, values }))
}

fn guid(n: u8) -> Value {
    Value::Guid(Guid::from_bytes([n; 16]))
}

/// A box as it is kept.
fn box_value() -> Value {
    of(BOX, vec![Value::Double(1.0), Value::Double(2.0), Value::Null, Value::Double(3.0)])
}

/// A product with everything.
fn lamp() -> Vec<(&'static str, Value)> {
    let half = of(SIZE, vec![Value::Double(1.5), Value::Null, Value::text("ü\"")]);
    vec![
        ("Id", Value::Int(1)),
        ("Guid", guid(1)),
        ("Name", Value::text("Lämp 'O\"")),
        ("Photo", Value::Binary([0xFB, 0xFF, 0x01].into())),
        ("InStock", Value::Bool(true)),
        ("Shelf", Value::Int(255)),
        ("ReleasedOn", Value::Date("2024-02-29".parse().unwrap())),
        ("ReleasedAt", Value::Instant("2024-02-29T12:30:00.5Z".parse().unwrap())),
        ("Price", Value::Decimal("12345678901234567.8900".parse().unwrap())),
        ("Weight", Value::Double(1e300)),
        ("Warranty", Value::Duration(93_784_500_000)),
        ("Maker", guid(9)),
        ("Pages", Value::Int(-32_768)),
        ("Sales", Value::Int(2_147_483_647)),
        ("Views", Value::Int(9_007_199_254_740_993)),
        ("Trend", Value::Int(-128)),
        ("Rating", Value::Double(f64::from(0.1f32))),
        ("OpensAt", Value::TimeOfDay(TimeOfDay::from_micros(27_000_000_000))),
        ("Colour", Value::Enum(2)),
        ("Uses", Value::Enum(5)),
        ("Size", half.clone()),
        ("Labels", Value::List([Value::text("new"), Value::text("a/b")].into())),
        ("FormerSizes", Value::List([half, box_value()].into())),
        ("Description", Value::text("A long text")),
        ("CategoryId", Value::Int(1)),
        ("Margin", Value::Double(0.25)),
        ("Secret", Value::text("hush")),
    ]
}

/// A product with a name and nothing else.
fn plain(id: i64, name: &str) -> Vec<(&'static str, Value)> {
    let empty = || Value::List([].into());
    vec![
        ("Id", Value::Int(id)),
        ("Guid", guid(u8::try_from(id).unwrap())),
        ("Name", Value::text(name)),
        ("Labels", empty()),
        ("FormerSizes", empty()),
    ]
}

/// One product with everything, one with nothing, one derived, and plain ones up to 25.
pub(crate) fn rows() -> MemorySource {
    let mut rows = MemorySource::new(model());
    let mut put = |set: &str, ty: &str, named: &[(&str, Value)]| {
        rows.put_named(set, ty, named).expect("names are declared");
    };
    put("Products", "Product", &lamp());
    put("Products", "Product", &plain(2, "Nothing"));
    let mut song = plain(3, "Song");
    song.extend([
        ("Link", Value::text("https://x.example/")),
        ("Size", box_value()),
        ("Weight", Value::Double(f64::NAN)),
        ("CategoryId", Value::Int(2)),
    ]);
    put("Products", "DigitalProduct", &song);
    for id in 4..=25 {
        let mut plain = plain(id, &format!("Plain {id}"));
        plain.extend([("CategoryId", Value::Int(2)), ("Sales", Value::Int(id % 3))]);
        put("Products", "Product", &plain);
    }
    for (id, name) in [(1, Value::text("Light")), (2, Value::Null)] {
        put("Categories", "Category", &[("Id", Value::Int(id)), ("Name", name)]);
    }
    // 1 holds 11 and 12, 11 holds 111 and so on, down to 1111111.
    for id in [1, 11, 12, 111, 1111, 11111, 111_111, 1_111_111] {
        let parent = if id == 1 { Value::Null } else { Value::Int(id / 10) };
        put("Bins", "Bin", &[("Id", Value::Int(id)), ("WithinId", parent)]);
    }
    for (currency, amount) in [("EUR", "10.50"), ("U/S", "11")] {
        let amount = Value::Decimal(amount.parse().unwrap());
        let key = [("ProductId", Value::Int(1)), ("Currency", Value::text(currency))];
        put("Prices", "Price", &[key[0].clone(), key[1].clone(), ("Amount", amount)]);
    }
    for (id, hidden) in [(1, false), (2, true), (3, false)] {
        let values = [
            ("Id", Value::Int(id)),
            ("ProductId", Value::Int(1)),
            ("Text", Value::text(&format!("Review {id}"))),
            ("IsHidden", Value::Bool(hidden)),
        ];
        put("Reviews", "Review", &values);
    }
    rows
}

/// A caller: the scopes named in the secret, separated by commas.
#[derive(Clone, Debug)]
pub(crate) struct Scopes(Arc<str>);

impl Scopes {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.into())
    }
}

impl Rights for Scopes {
    fn has(&self, scope: &str) -> bool {
        let implies =
            |held: &str| held == scope || (held == "shop:write" && scope == "shop:create");
        self.0.split(',').any(implies)
    }
}

/// The shop as a service: verbs that only put rows where they belong.
pub(crate) struct Shop {
    model: Model,
    rows: RwLock<MemorySource>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self { model: model(), rows: RwLock::new(rows()) }
    }

    fn put(&self, type_id: StructId, mut old: Vec<Value>, new: Vec<(Prop, Value)>) -> Row {
        for (prop, value) in new {
            old[usize::from(prop.0)] = value;
        }
        self.rows.write().unwrap().put_as(PRODUCTS, type_id, &old)
    }

    /// A review of a product, numbered from 100.
    fn review(&self, product: &Value, child: Child) -> Row {
        let mut rows = self.rows.write().unwrap();
        let id = 100 + i64::try_from(rows.rows(REVIEWS).count()).unwrap();
        let mut values = vec![Value::Int(id), product.clone(), Value::text(""), Value::Bool(false)];
        for (prop, value) in child.body {
            values[usize::from(prop.0)] = value;
        }
        rows.put_as(REVIEWS, child.type_id, &values)
    }

    fn existing(&self, set: SetId, key: &Key) -> Result<Row, Error> {
        let row = self.snapshot().row(set, key);
        row.ok_or_else(|| Error::NotFound { what: "product".to_owned() })
    }

    /// What is done to all products: the first is picked, or what was told is told again.
    fn act_on_products(&self, act: Act) -> Outcome {
        if self.model.action(act.action).name == "PickFirst" {
            return Outcome::Entity(self.existing(act.set, &Key::Int(1)).unwrap());
        }
        Outcome::Complex(operations::counted(&self.model, act.given))
    }

    /// All values of a product as they are kept, its long text among them.
    fn values(&self, row: &Row) -> Vec<Value> {
        let structure = self.model.structure(row.type_id);
        let mut values = row.record.unpack(structure);
        for (prop, _) in structure.props().filter(|(_, property)| property.is_long()) {
            let text = self.rows.read().unwrap().long_text(row, prop);
            values[usize::from(prop.0)] = text.unwrap();
        }
        values
    }
}

/// Rows as they are, but for long texts that are [`LOST`].
struct Shelves(MemorySource);

/// A long text that is stored and cannot be read, as from a disk that fails.
pub(crate) const LOST: &str = "lost";

impl Source for Shelves {
    tessera::asks_another_source!(0: model zone rows row rows_where);

    fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
        let text = self.0.long_text(row, property)?;
        if text.as_text() == Some(LOST) {
            return Err(Error::internal(&"the text is lost"));
        }
        Ok(text)
    }
}

impl Gate for Shop {
    fn caller(&self, visit: &Visit<'_>) -> Result<Scopes, Error> {
        match visit.proof {
            Proof::Token("stranger") | Proof::TokenInAddress(_) | Proof::Session(_) => {
                Err(Error::Unauthenticated(Denial::Invalid))
            }
            Proof::Token(name) => Ok(Scopes::of(name)),
        }
    }

    fn refused(&self, _: &Scopes, _: &Error) {}

    fn log_name(&self, _: &Scopes) -> Option<String> {
        None
    }

    fn client(&self, _: &Scopes) -> Option<Client> {
        None
    }
}

impl Service for Shop {
    type Caller = Scopes;

    fn model(&self) -> &Model {
        &self.model
    }

    fn snapshot(&self) -> Arc<dyn Source> {
        Arc::new(Shelves(self.rows.read().unwrap().clone()))
    }

    fn now(&self) -> Timestamp {
        Date::from_days(20_000).start_utc()
    }

    fn signing_key(&self) -> Digest {
        [7; 32]
    }

    async fn create(&self, _: Scopes, create: Create) -> Result<Row, Error> {
        if create.set == REVIEWS {
            let product = create.parent.map_or(Value::Int(1), |(row, _)| {
                row.record.get(self.model.structure(row.type_id), Prop(0))
            });
            return Ok(self.review(&product, Child { type_id: create.type_id, body: create.body }));
        }
        let structure = self.model.structure(create.type_id);
        let mut empty = vec![Value::Null; structure.properties.len()];
        empty[0] = Value::Int(99);
        for name in ["Labels", "FormerSizes"] {
            empty[usize::from(structure.property(name).unwrap().0)] = Value::List([].into());
        }
        let row = self.put(create.type_id, empty, create.body);
        for child in create.children.into_iter().flat_map(|(_, children)| children) {
            self.review(&Value::Int(99), child);
        }
        Ok(row)
    }

    async fn update(&self, caller: Scopes, update: Update) -> Result<Row, Error> {
        let row = self.existing(update.set, &update.key)?;
        update.precondition.check(row.version)?;
        let mut old = self.values(&row);
        if update.replaces {
            let structure = self.model.structure(row.type_id);
            for (prop, property) in structure.props() {
                let is_seen = property.scope.is_none_or(|scope| caller.has(scope));
                if property.write == Write::Always && is_seen {
                    let is_list = matches!(property.ty, Type::Collection(_));
                    let empty = if is_list { Value::List([].into()) } else { Value::Null };
                    old[usize::from(prop.0)] = empty;
                }
            }
        }
        Ok(self.put(row.type_id, old, update.changes))
    }

    async fn delete(&self, _: Scopes, delete: Delete) -> Result<(), Error> {
        let row = self.existing(delete.set, &delete.key)?;
        delete.precondition.check(row.version)?;
        self.rows.write().unwrap().remove(delete.set, &delete.key);
        Ok(())
    }

    async fn act(&self, _: Scopes, act: Act) -> Result<Outcome, Error> {
        let Some(key) = act.key else { return Ok(self.act_on_products(act)) };
        let row = self.existing(act.set, &key)?;
        act.precondition.check(row.version)?;
        let structure = self.model.structure(row.type_id);
        match self.model.action(act.action).name {
            "Restock" => {
                let names = ["Sales", "Colour", "Labels", "Description"];
                let of = |(at, value)| (structure.property(names[at]).unwrap(), value);
                let changes = act.given.into_iter().map(of).collect();
                Ok(Outcome::Entity(self.put(row.type_id, self.values(&row), changes)))
            }
            "Review" => {
                let of = |(at, value)| (Prop(u16::try_from(at).unwrap() + 2), value);
                let body = act.given.into_iter().map(of).collect();
                let product = row.record.get(structure, Prop(0));
                Ok(Outcome::Entity(self.review(&product, Child { type_id: REVIEW, body })))
            }
            _ => {
                self.rows.write().unwrap().remove(act.set, &key);
                Ok(Outcome::Nothing)
            }
        }
    }

    fn call(&self, _: &Scopes, _: FunctionId) -> Result<Complex, Error> {
        Ok(operations::open_today(&self.model))
    }
}

//! Short words for declaring properties, so that a model reads as a table.

use super::operation::{Action, Binding, Parameter, Returns};
use super::schema::{
    Entity, Index, Kept, Navigation, Origin, Prop, Property, Reads, Relation, SetId, StructType,
    Write,
};
use super::types::{Primitive, Type};
use super::value::Value;

fn property(name: &'static str, ty: Type, origin: Origin) -> Property {
    Property {
        name,
        doc: "",
        ty,
        nullable: false,
        max_length: None,
        origin,
        write: Write::Never,
        default: Value::Null,
        scope: None,
        hidden: false,
        kept: Kept::Plainly,
    }
}

/// A property in the record under `tag`.
#[must_use]
pub fn stored(tag: u16, name: &'static str, ty: Primitive) -> Property {
    stored_as(tag, name, Type::Primitive(ty))
}

/// As [`stored`], of any type.
#[must_use]
pub fn stored_as(tag: u16, name: &'static str, ty: Type) -> Property {
    property(name, ty, Origin::Stored { tag, index: Index::None })
}

/// A text kept in a record of its own.
#[must_use]
pub fn long_text(tag: u16, name: &'static str) -> Property {
    property(name, Type::Primitive(Primitive::String), Origin::LongText { tag })
}

/// A property of the entity a to-one navigation leads to; nullable, as the navigation may be.
#[must_use]
pub fn look_up(
    name: &'static str,
    ty: Primitive,
    navigation: &'static str,
    property_there: &'static str,
) -> Property {
    let origin = Origin::LookUp { navigation, property: property_there };
    property(name, Type::Primitive(ty), origin).nullable()
}

/// A function of the entity.
#[must_use]
pub fn computed(name: &'static str, ty: Primitive, of: fn(&dyn Entity) -> Value) -> Property {
    computed_as(name, Type::Primitive(ty), of)
}

/// As [`computed`], of any type.
#[must_use]
pub fn computed_as(name: &'static str, ty: Type, of: fn(&dyn Entity) -> Value) -> Property {
    property(name, ty, Origin::Computed(of, Reads::Anything))
}

/// The number of entities behind a to-many navigation for which `unless` is not true.
#[must_use]
pub fn count(name: &'static str, navigation: &'static str, unless: &'static str) -> Property {
    let origin = Origin::Count { navigation, unless };
    property(name, Type::Primitive(Primitive::Int64), origin)
}

/// To one: the property `by` here holds the key in `target`.
#[must_use]
pub fn reference(name: &'static str, target: &'static str, by: &'static str) -> Navigation {
    Navigation { name, target, relation: Relation::Reference { by } }
}

/// To many: the property `by` in `target` holds the key here.
#[must_use]
pub fn children(name: &'static str, target: &'static str, by: &'static str) -> Navigation {
    Navigation { name, target, relation: Relation::Children { by } }
}

/// A type without a key of its own: values of it are parts of entities, or answers of operations.
#[must_use]
pub fn complex(name: &'static str, doc: &'static str, properties: Vec<Property>) -> StructType {
    StructType { name, doc, base: None, key: vec![], properties, navigations: vec![] }
}

/// Something that can be done with an entity of `set`.
#[must_use]
pub fn action(
    (set, name): (&'static str, &'static str),
    scope: &'static str,
    returns: Returns,
    doc: &'static str,
) -> Action {
    let (binding, parameters) = (Binding::Entity, Vec::new());
    Action { name, doc, set, binding, parameters, returns, scope: Some(scope) }
}

/// What an action is told; it may be left out.
#[must_use]
pub fn parameter(name: &'static str, ty: Primitive, doc: &'static str) -> Parameter {
    Parameter { name, doc, ty: Type::Primitive(ty), nullable: true, max_length: None }
}

/// As [`parameter`], of any number of values.
#[must_use]
pub fn parameters(name: &'static str, item: Primitive, doc: &'static str) -> Parameter {
    let ty = Type::Collection(Box::new(Type::Primitive(item)));
    Parameter { ty, ..parameter(name, item, doc) }
}

impl Action {
    /// It is done to the set as a whole.
    #[must_use]
    pub fn on_set(mut self) -> Self {
        self.binding = Binding::Collection;
        self
    }

    /// Every known caller may do it.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.scope = None;
        self
    }

    /// It is told this too.
    #[must_use]
    pub fn takes(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }
}

impl Parameter {
    /// It must be given.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// At most that many characters.
    #[must_use]
    pub fn max(mut self, length: u32) -> Self {
        self.max_length = Some(length);
        self
    }
}

impl Property {
    /// May be null.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Never null, though it is looked up: the navigation always leads somewhere.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// At most that many characters.
    #[must_use]
    pub fn max(mut self, length: u32) -> Self {
        self.max_length = Some(length);
        self
    }

    /// Clients may set it at any time.
    #[must_use]
    pub fn writable(mut self) -> Self {
        self.write = Write::Always;
        self
    }

    /// Clients may set it when they create the entity.
    #[must_use]
    pub fn on_create(mut self) -> Self {
        self.write = Write::OnCreate;
        self
    }

    /// What it is where a client says nothing.
    #[must_use]
    pub fn default(mut self, value: impl Into<Value>) -> Self {
        self.default = value.into();
        self
    }

    /// Found by an index.
    #[must_use]
    pub fn indexed(mut self, index: Index) -> Self {
        if let Origin::Stored { tag, .. } = self.origin {
            self.origin = Origin::Stored { tag, index };
        }
        self
    }

    /// A computed one reads these properties of its entity at most.
    #[must_use]
    pub fn from(self, reads: &'static [Prop]) -> Self {
        self.reading(Reads::Only(reads, &[]))
    }

    /// A computed one reads these properties of its entity at most, and by them entities of these sets.
    #[must_use]
    pub fn from_others(self, reads: &'static [Prop], sets: &'static [SetId]) -> Self {
        self.reading(Reads::Only(reads, sets))
    }

    /// A computed one is the day of that instant in the workspace's time zone.
    #[must_use]
    pub fn day_of(self, instant: Prop) -> Self {
        self.reading(Reads::DayOf(instant))
    }

    /// A computed one is the hours from the first of these instants to the second.
    #[must_use]
    pub fn hours_between(self, instants: &'static [Prop; 2]) -> Self {
        self.reading(Reads::Hours(instants))
    }

    fn reading(mut self, reads: Reads) -> Self {
        if let Origin::Computed(of, _) = self.origin {
            self.origin = Origin::Computed(of, reads);
        }
        self
    }

    /// A text of many values that is looked into.
    #[must_use]
    pub fn searched(mut self) -> Self {
        self.kept = Kept::Searched;
        self
    }

    /// Entities are often wanted in its order.
    #[must_use]
    pub fn ordered(mut self) -> Self {
        self.kept = Kept::Ordered;
        self
    }

    /// Only for callers with `scope`.
    #[must_use]
    pub fn needs(mut self, scope: &'static str) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Never leaves the store.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Says what it is.
    #[must_use]
    pub fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }
}

/// Declares the properties of a type once: a constant for each, and the list in that order.
#[macro_export]
macro_rules! properties {
    ($($name:ident => $property:expr),+ $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)] // names of the constants below
        enum Position { $($name),+ }
        $(
            #[doc = concat!("Index of the property declared as `", stringify!($name), "`.")]
            pub const $name: $crate::model::Prop = $crate::model::Prop(Position::$name as u16);
        )+
        /// The properties, in the order of their constants.
        #[must_use]
        pub fn properties() -> Vec<$crate::model::Property> {
            vec![$($property),+]
        }
    };
}

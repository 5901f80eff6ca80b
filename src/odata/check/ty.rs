//! The types of expressions, and how they are called in messages.

use super::Checker;
use crate::{
    model::{EnumId, Primitive, SetId, StructId, Type},
    query::Expr,
};

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    /// The constant `null`, which fits everywhere.
    Null,
    /// A primitive value.
    Primitive(Primitive),
    /// A member of an enumeration.
    Enum(EnumId),
    /// A complex value.
    Complex(StructId),
    /// Several values.
    Collection(Box<Ty>),
    /// One entity.
    Entity(SetId, StructId),
}

/// An expression and its type.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) expr: Expr,
    pub(super) ty: Ty,
}

impl Typed {
    pub(super) fn new(expr: Expr, ty: Ty) -> Self {
        Self { expr, ty }
    }

    pub(super) fn boolean(expr: Expr) -> Self {
        Self { expr, ty: Ty::Primitive(Primitive::Boolean) }
    }
}

impl From<&Type> for Ty {
    fn from(ty: &Type) -> Self {
        match ty {
            Type::Primitive(primitive) => Self::Primitive(*primitive),
            Type::Enum(id) => Self::Enum(*id),
            Type::Complex(id) => Self::Complex(*id),
            Type::Collection(item) => Self::Collection(Box::new(Self::from(&**item))),
        }
    }
}

impl Ty {
    pub(super) fn is(&self, primitive: Primitive) -> bool {
        matches!(self, Self::Null) || *self == Self::Primitive(primitive)
    }

    pub(super) fn is_number(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Primitive(primitive) => {
                primitive.integer_range().is_some() || is_fraction(*primitive)
            }
            Self::Enum(_) | Self::Complex(_) | Self::Collection(_) | Self::Entity(..) => false,
        }
    }

    pub(super) fn is_integer(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Primitive(primitive) => primitive.integer_range().is_some(),
            Self::Enum(_) | Self::Complex(_) | Self::Collection(_) | Self::Entity(..) => false,
        }
    }

    /// Whether values of the type have an order.
    pub(super) fn is_ordered(&self) -> bool {
        match self {
            Self::Null | Self::Enum(_) => true,
            Self::Primitive(primitive) => *primitive != Primitive::Binary,
            Self::Complex(_) | Self::Collection(_) | Self::Entity(..) => false,
        }
    }
}

/// Numbers that are not whole.
pub(super) fn is_fraction(primitive: Primitive) -> bool {
    matches!(primitive, Primitive::Decimal | Primitive::Double | Primitive::Single)
}

impl Checker<'_> {
    /// The type as `$metadata` writes it.
    pub(super) fn type_name(&self, ty: &Ty) -> String {
        let qualified = |name: &str| format!("{}.{name}", self.model.namespace);
        match ty {
            Ty::Null => "null".to_owned(),
            Ty::Primitive(primitive) => primitive.name().to_owned(),
            Ty::Enum(id) => qualified(self.model.enums[usize::from(id.0)].name),
            Ty::Complex(id) | Ty::Entity(_, id) => qualified(self.model.structure(*id).name),
            Ty::Collection(item) => format!("Collection({})", self.type_name(item)),
        }
    }
}

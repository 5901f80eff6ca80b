//! What a helpdesk is made of, declared once as data, and the bytes its entities are kept in.
//!
//! The schema part (`schema`, `value`, `record`, `key`, `declare`) would describe any service; the
//! rest of the folder is the one model this product serves. No I/O, no text formats.

pub mod actions;
mod comment;
pub mod declare;
mod deleted;
mod guard;
mod helpdesk;
mod history;
mod key;
mod operation;
mod person;
mod picker;
mod record;
mod schema;
mod team;
mod ticket;
mod token;
mod types;
mod value;
mod version;
mod view;

pub use guard::Guard;
pub use helpdesk::{helpdesk, set};
pub use key::{ID_MAX, Key, sortable};
pub use operation::{Action, Parameter};
pub use record::{Record, Row, TextRef, push_varint};
pub use schema::{
    ActionId, Contents, Entity, EntitySet, EnumId, EnumType, Index, Model, Nav, Navigation, Origin,
    Prop, Property, Relation, SetId, SetScopes, StructId, StructType, Write,
};
pub use types::{Primitive, Type};
pub use value::{Complex, Value};
pub use version::{Precondition, Tags, etag};

/// Property indices of every type, one module each.
pub mod props {
    pub use super::{
        comment::props as comment,
        deleted::props as deleted,
        history::props as history,
        person::{customer, user},
        picker::{props as picker, status},
        team::{member, props as team},
        ticket::{props as ticket, tag},
        token::props as token,
        view::props as view,
    };
}

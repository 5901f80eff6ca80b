//! What a helpdesk is made of, declared once as data, and the bytes its entities are kept in.
//!
//! The schema part (`schema`, `value`, `record`, `key`, `declare`) would describe any service; the
//! rest of the folder is the one model this product serves. No I/O, no text formats.

mod access;
pub mod actions;
mod audit;
mod by_day;
mod caller;
mod comment;
mod computed;
pub mod declare;
mod deleted;
mod faults;
mod guard;
mod helpdesk;
mod history;
mod kept;
mod key;
mod late;
mod minted;
mod opened;
mod operation;
pub mod packer;
mod person;
mod picker;
mod policy;
#[cfg(test)]
mod reads;
mod record;
mod schema;
mod searched;
mod setup_link;
mod team;
mod ticket;
mod token;
mod token_answers;
mod token_facts;
mod types;
mod value;
mod version;
mod view;

pub use access::{GENERATIONS_MAX, Kind, Register, Role, Scopes, Standing, State, is_bound, scope};
pub use caller::ME;
pub use computed::{Computed, Entities};
pub use guard::Guard;
pub use helpdesk::{helpdesk, set};
pub use key::{ID_MAX, Key, sortable};
pub use late::Unpacked;
pub use opened::Opened;
pub use operation::{Action, Binding, Function, Parameter, Returns};
pub use record::{Record, Row, TextRef, push_varint};
pub use schema::{
    ActionId, Contents, Entity, EntitySet, EnumId, EnumType, FunctionId, Index, Kept, Model, Nav,
    Navigation, Origin, Prop, Property, Reads, Relation, SetId, SetScopes, StructId, StructType,
    Write,
};
pub use searched::Searched;
pub use types::{Primitive, Type};
pub use value::{Complex, Value};
pub use version::{Precondition, Tags, etag};

/// Property indices of every type, one module each.
pub mod props {
    pub use super::{
        audit::props as audit,
        by_day::props as by_day,
        caller::props as caller,
        comment::props as comment,
        deleted::props as deleted,
        history::props as history,
        kept::{credential, kept_answer, rotated_secret, session, signing_key, token_use},
        minted::props as minted,
        person::{customer, user},
        picker::{props as picker, status},
        policy::props as policy,
        setup_link::props as setup_link,
        team::{member, props as team},
        ticket::{props as ticket, tag},
        token::props as token,
        token_answers::{check as address_check, removed},
        view::props as view,
    };
}

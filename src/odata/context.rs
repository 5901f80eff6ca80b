//! Addresses in payloads: context URLs, entity ids and next links. All absolute, in the 4.0 form.
//!
//! Source: OData 4.0 Part 1, 10 (context URL); OData 4.01 Part 2, 4 (ids).

use super::{
    check::{Member, PropertyPath},
    text::{percent_encode, print_literal},
    url::decode,
};
use crate::{
    model::{Model, Row, SetId, StructId},
    query::{Expand, Shape},
};

/// Makes addresses below one service root.
#[derive(Clone, Copy)]
pub struct Addresses<'a> {
    /// The model the addresses name.
    pub model: &'a Model,
    /// The service root, absolute, with a slash at its end.
    pub root: &'a str,
}

impl Addresses<'_> {
    /// The context of the service document.
    #[must_use]
    pub fn metadata(&self) -> String {
        format!("{}$metadata", self.root)
    }

    /// The context of several entities of `set`, declared to be of type `ty`.
    #[must_use]
    pub fn collection(&self, (set, ty): (SetId, StructId), shape: &Shape) -> String {
        let list = self.select_list(ty, shape);
        format!("{}#{}{list}", self.metadata(), self.set_path(set, ty))
    }

    /// The context of what was made of entities of `set`, declared to be of type `ty`: it lists what
    /// there is. Source: OData Extension for Data Aggregation 4.0, 4 (representation of results).
    #[must_use]
    pub fn groups(&self, (set, ty): (SetId, StructId), members: &[Member]) -> String {
        format!("{}#{}{}", self.metadata(), self.set_path(set, ty), listed(members))
    }

    /// The context of one entity of `set`, declared to be of type `ty`.
    #[must_use]
    pub fn entity(&self, (set, ty): (SetId, StructId), shape: &Shape) -> String {
        let list = self.select_list(ty, shape);
        format!("{}#{}{list}/$entity", self.metadata(), self.set_path(set, ty))
    }

    /// The context of references to several entities.
    #[must_use]
    pub fn references(&self) -> String {
        format!("{}#Collection($ref)", self.metadata())
    }

    /// The context of the reference to one entity.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}#$ref", self.metadata())
    }

    /// The context of a property of `owner`.
    #[must_use]
    pub fn property(&self, owner: &Row, path: &PropertyPath) -> String {
        format!("{}#{}/{}", self.metadata(), self.entity_path(owner), path.names.join("/"))
    }

    /// The context of a value of a complex type that is no entity's property.
    #[must_use]
    pub fn complex(&self, ty: StructId) -> String {
        let name = self.model.structure(ty).name;
        format!("{}#{}.{name}", self.metadata(), self.model.namespace)
    }

    /// The id of an entity, which is the address to read it at.
    #[must_use]
    pub fn id(&self, row: &Row) -> String {
        format!("{}{}", self.root, self.entity_path(row))
    }

    /// Where an entity is changed, and what its links begin with: the id, and its type where that
    /// is derived from its set's. Source: OData JSON Format 4.01, 4.5.8.
    #[must_use]
    pub fn edit(&self, row: &Row) -> String {
        let mut edit = self.id(row);
        if row.type_id != self.model.set(row.set).ty {
            let name = self.model.structure(row.type_id).name;
            edit.extend(["/", self.model.namespace, ".", name]);
        }
        edit
    }

    fn set_path(&self, set: SetId, ty: StructId) -> String {
        let declared = self.model.set(set);
        if declared.ty == ty {
            return declared.name.to_owned();
        }
        format!("{}/{}.{}", declared.name, self.model.namespace, self.model.structure(ty).name)
    }

    /// `Tickets(7)`, `TicketTags(TicketId=1,Tag='x')`.
    fn entity_path(&self, row: &Row) -> String {
        let structure = self.model.structure(row.type_id);
        let part = |prop| {
            let value = row.record.get(structure, prop);
            percent_encode(&print_literal(&value, &structure.property_at(prop).ty, self.model))
        };
        let key = match structure.key.as_slice() {
            [only] => part(*only),
            several => {
                let named = |prop| format!("{}={}", structure.property_at(prop).name, part(prop));
                several.iter().map(|prop| named(*prop)).collect::<Vec<_>>().join(",")
            }
        };
        format!("{}({key})", self.model.set(row.set).name)
    }

    /// A type as a segment of a path, where it is not the one declared there.
    fn cast_to(&self, declared: StructId, ty: StructId) -> Option<String> {
        let name = self.model.structure(ty).name;
        (declared != ty).then(|| format!("{}.{name}", self.model.namespace))
    }

    /// What follows the navigation property in the path of an expanded collection.
    pub(super) fn behind(&self, expand: &Expand) -> String {
        let cast = self.cast_to(self.model.set(expand.plan.set).ty, expand.ty);
        cast.map_or_else(String::new, |cast| format!("/{cast}"))
    }

    /// What `$select` named, and expanded navigation properties with a selection of their own.
    fn select_list(&self, ty: StructId, shape: &Shape) -> String {
        let structure = self.model.structure(ty);
        let mut names: Vec<String> = Vec::new();
        if shape.is_selected {
            let props = shape.properties.iter();
            names.extend(props.map(|prop| structure.property_at(*prop).name.to_owned()));
        } else if !shape.links.is_empty() || !shape.computed.is_empty() {
            names.push("*".to_owned());
        }
        names.extend(shape.computed.iter().map(|computed| computed.name.clone()));
        let lists: Vec<(&Expand, String)> = shape
            .expand
            .iter()
            .map(|expand| (expand, self.select_list(expand.ty, &expand.plan.shape)))
            .filter(|(_, list)| !list.is_empty())
            .collect();
        for nav in &shape.links {
            let is_it = |(expand, _): &(&Expand, _)| expand.navigation == *nav && expand.of == ty;
            if !lists.iter().any(is_it) {
                names.push(structure.navigation_at(*nav).name.to_owned());
            }
        }
        for (expand, list) in lists {
            let name = self.model.structure(expand.of).navigation_at(expand.navigation).name;
            let (before, behind) = (self.cast_to(ty, expand.of), self.behind(expand));
            names.push(match before {
                Some(cast) => format!("{cast}/{name}{behind}{list}"),
                None => format!("{name}{behind}{list}"),
            });
        }
        if names.is_empty() { String::new() } else { format!("({})", names.join(",")) }
    }
}

/// `(Status,Team(Name),Cnt)`
fn listed(members: &[Member]) -> String {
    let name = |member: &Member| match member {
        Member::Value { name, .. } => name.clone(),
        Member::Inner { name, members } => format!("{name}{}", listed(members)),
    };
    let names: Vec<String> = members.iter().map(name).collect();
    format!("({})", names.join(","))
}

/// The same request with another position: all its options as they came but for `$skip` and
/// `$skiptoken`.
#[must_use]
pub fn next_link(address: &str, raw_query: Option<&str>, token: &str) -> String {
    let mut link = format!("{address}?");
    for piece in raw_query.unwrap_or("").split('&').filter(|piece| !piece.is_empty()) {
        let name = piece.split('=').next().unwrap_or(piece);
        let name = decode(name, "").unwrap_or_default().to_ascii_lowercase();
        if !matches!(name.trim_start_matches('$'), "skip" | "skiptoken") {
            push_safe(&mut link, piece);
            link.push('&');
        }
    }
    link.push_str("$skiptoken=");
    link.push_str(token);
    link
}

/// Bytes that are no part of an address are escaped, whatever the client's library let through.
fn push_safe(link: &mut String, piece: &str) {
    for c in piece.chars() {
        if c.is_ascii_graphic()
            && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        {
            link.push(c);
        } else {
            let mut bytes = [0; 4];
            link.push_str(&percent_encode(c.encode_utf8(&mut bytes)));
        }
    }
}

//! `$metadata`: the model as CSDL XML 4.0, as far as the caller may know of it.
//!
//! Source: OData CSDL XML 4.01; nothing is written that a reader of 4.0 does not know.

mod actions;
mod annotations;
mod xml;

use self::{
    annotations::{Setter, capabilities, describe, restrictions},
    xml::Xml,
};
use super::check::Checker;
use crate::{
    error::Error,
    model::{EnumType, Nav, Primitive, Property, Relation, SetId, StructId, StructType, Type},
    query::Var,
};

/// Digits a decimal has at most, and how many of them after the point.
pub const DECIMAL_DIGITS: (u32, u32) = (28, 10);

const VOCABULARIES: &str =
    "https://docs.oasis-open.org/odata/odata-vocabularies/v4.0/vocabularies/";

/// The document.
///
/// # Errors
/// `Internal` if it could not be written, which memory never refuses.
pub fn csdl_xml(checker: &Checker<'_>) -> Result<Vec<u8>, Error> {
    let served = Served::of(checker);
    let mut xml = Xml::new();
    let edmx = [
        ("Version", Some("4.0")),
        ("xmlns:edmx", Some("http://docs.oasis-open.org/odata/ns/edmx")),
    ];
    xml.element("edmx:Edmx", &edmx, |xml| {
        for namespace in
            ["Org.OData.Core.V1", "Org.OData.Capabilities.V1", "Org.OData.Aggregation.V1"]
        {
            let uri = format!("{VOCABULARIES}{namespace}.xml");
            xml.element("edmx:Reference", &[("Uri", Some(&uri))], |xml| {
                xml.empty("edmx:Include", &[("Namespace", Some(namespace))]);
            });
        }
        xml.element("edmx:DataServices", &[], |xml| {
            let schema = [
                ("Namespace", Some(checker.model.namespace)),
                ("xmlns", Some("http://docs.oasis-open.org/odata/ns/edm")),
            ];
            xml.element("Schema", &schema, |xml| served.schema(xml));
        });
    });
    xml.finish()
}

/// What one caller gets to see.
struct Served<'a> {
    checker: &'a Checker<'a>,
    sets: Vec<SetId>,
    /// In the order they are declared, so that a base comes before what is derived from it.
    structs: Vec<StructId>,
    enums: Vec<usize>,
}

impl<'a> Served<'a> {
    fn of(checker: &'a Checker<'a>) -> Self {
        let model = checker.model;
        let ids = model.set_ids().map(|(id, _)| id);
        let sets: Vec<SetId> = ids.filter(|id| checker.is_readable(*id)).collect();
        let mut served = Self { checker, sets, structs: Vec::new(), enums: Vec::new() };
        for at in 0..model.structs.len() {
            let Ok(id) = u16::try_from(at).map(StructId) else { break };
            let is_served = served.sets.iter().any(|set| {
                let ty = model.set(*set).ty;
                model.is_a(id, ty) || model.is_a(ty, id)
            });
            if is_served {
                served.add(id);
            }
        }
        let mut told: Vec<Type> = Vec::new();
        for action in served.actions() {
            told.extend(action.parameters.iter().map(|parameter| parameter.ty.clone()));
            told.extend(served.answer_type(action));
        }
        let answers = model.functions.iter().filter_map(|known| model.find_complex(known.returns));
        told.extend(answers.map(Type::Complex));
        for ty in &told {
            served.add_type(ty);
        }
        served.structs.sort();
        served.enums.sort_unstable();
        served
    }

    /// A type and all its properties mention.
    fn add(&mut self, id: StructId) {
        if self.structs.contains(&id) {
            return;
        }
        self.structs.push(id);
        let structure = self.checker.model.structure(id);
        for prop in self.checker.visible_props(structure) {
            self.add_type(&structure.property_at(prop).ty);
        }
    }

    /// A type of the model that something mentions.
    fn add_type(&mut self, mut ty: &Type) {
        while let Type::Collection(item) = ty {
            ty = item;
        }
        match ty {
            Type::Enum(id) if !self.enums.contains(&usize::from(id.0)) => {
                self.enums.push(usize::from(id.0));
            }
            Type::Complex(id) => self.add_family(*id),
            Type::Primitive(_) | Type::Enum(_) | Type::Collection(_) => {}
        }
    }

    /// A complex type, its bases and what is derived from it.
    fn add_family(&mut self, of: StructId) {
        let model = self.checker.model;
        for at in 0..model.structs.len() {
            if let Ok(id) = u16::try_from(at).map(StructId)
                && (model.is_a(id, of) || model.is_a(of, id))
            {
                self.add(id);
            }
        }
    }

    fn schema(&self, xml: &mut Xml) {
        let model = self.checker.model;
        for at in &self.enums {
            enum_type(xml, &model.enums[*at]);
        }
        for id in &self.structs {
            self.structure(xml, model.structure(*id));
        }
        for action in self.actions() {
            self.action(xml, action);
        }
        for function in &model.functions {
            self.function(xml, function);
        }
        // An empty container would not be valid.
        if !self.sets.is_empty() || !model.functions.is_empty() {
            xml.element("EntityContainer", &[("Name", Some("Container"))], |xml| {
                capabilities(xml);
                for set in &self.sets {
                    self.entity_set(xml, *set);
                }
                for function in &model.functions {
                    self.function_import(xml, function);
                }
            });
        }
    }

    fn structure(&self, xml: &mut Xml, structure: &StructType) {
        let model = self.checker.model;
        let is_entity = !structure.key.is_empty();
        let base = structure.base.map(|base| model.structure(base));
        let base_name = base.map(|base| self.qualified(base.name));
        let attributes = [("Name", Some(structure.name)), ("BaseType", base_name.as_deref())];
        let name = if is_entity { "EntityType" } else { "ComplexType" };
        let (first_prop, first_nav) =
            base.map_or((0, 0), |base| (base.properties.len(), base.navigations.len()));
        xml.element(name, &attributes, |xml| {
            if is_entity && base.is_none() {
                xml.element("Key", &[], |xml| {
                    for prop in &structure.key {
                        let name = structure.property_at(*prop).name;
                        xml.empty("PropertyRef", &[("Name", Some(name))]);
                    }
                });
            }
            for prop in self.checker.visible_props(structure) {
                if usize::from(prop.0) >= first_prop {
                    let property = structure.property_at(prop);
                    let is_key = structure.key.contains(&prop);
                    // Of a complex value only the whole is written.
                    let setter = Setter::of(property, is_key).filter(|_| is_entity);
                    self.property(xml, property, setter);
                }
            }
            for nav in self.checker.visible_navs(structure) {
                if usize::from(nav.0) >= first_nav {
                    self.navigation(xml, structure, nav);
                }
            }
            if is_entity && base.is_none() && self.checker.alternate_key(structure).is_some() {
                annotations::alternate_key(xml);
            }
            describe(xml, structure.doc);
        });
    }

    fn property(&self, xml: &mut Xml, property: &Property, setter: Option<Setter>) {
        let ty = self.type_name(&property.ty);
        let mut item = &property.ty;
        while let Type::Collection(inner) = item {
            item = inner;
        }
        let max_length = property.max_length.map(|length| length.to_string());
        let (precision, scale) = match item {
            Type::Primitive(Primitive::Decimal) => {
                let (digits, fraction) = DECIMAL_DIGITS;
                (Some(digits.to_string()), Some(fraction.to_string()))
            }
            Type::Primitive(
                Primitive::DateTimeOffset | Primitive::TimeOfDay | Primitive::Duration,
            ) => (Some("6".to_owned()), None),
            Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) | Type::Collection(_) => {
                (None, None)
            }
        };
        // A collection itself is never null, and its items never are either.
        let is_nullable = property.nullable && !matches!(property.ty, Type::Collection(_));
        let attributes = [
            ("Name", Some(property.name)),
            ("Type", Some(ty.as_str())),
            ("Nullable", (!is_nullable).then_some("false")),
            ("MaxLength", max_length.as_deref()),
            ("Precision", precision.as_deref()),
            ("Scale", scale.as_deref()),
        ];
        if property.doc.is_empty() && setter.is_none() {
            xml.empty("Property", &attributes);
        } else {
            xml.element("Property", &attributes, |xml| {
                describe(xml, property.doc);
                if let Some(setter) = setter {
                    setter.describe(xml);
                }
            });
        }
    }

    fn navigation(&self, xml: &mut Xml, structure: &StructType, nav: Nav) {
        let navigation = structure.navigation_at(nav);
        let Some(target) = self.checker.readable_target(structure, nav) else { return };
        let there = self.checker.model.entity_type(target);
        let single = self.qualified(there.name);
        let partner = self.partner(structure, nav, target);
        let (ty, constraint, nullable) = match navigation.relation {
            Relation::Children { .. } => (format!("Collection({single})"), None, None),
            Relation::Reference { by } => {
                let own = structure.property(by).map(|prop| structure.property_at(prop));
                let own = own.filter(|property| self.checker.is_visible(property));
                // An entity the caller may not see looks like none.
                let is_seen = self.checker.guard(target, Var(0)).is_none();
                let nullable =
                    own.filter(|property| !property.nullable && is_seen).map(|_| "false");
                (single, own, nullable)
            }
        };
        let attributes = [
            ("Name", Some(navigation.name)),
            ("Type", Some(ty.as_str())),
            ("Nullable", nullable),
            ("Partner", partner),
        ];
        match (constraint, there.key.as_slice()) {
            (Some(own), [key]) => xml.element("NavigationProperty", &attributes, |xml| {
                let constraint = [
                    ("Property", Some(own.name)),
                    ("ReferencedProperty", Some(there.property_at(*key).name)),
                ];
                xml.empty("ReferentialConstraint", &constraint);
            }),
            _ => xml.empty("NavigationProperty", &attributes),
        }
    }

    /// The navigation property there that leads back by the same property.
    fn partner(&self, structure: &StructType, nav: Nav, target: SetId) -> Option<&'static str> {
        let model = self.checker.model;
        let there = model.entity_type(target);
        let own = structure.navigation_at(nav).relation;
        let leads_back = |back: Nav| {
            let to = self.checker.readable_target(there, back);
            let is_here = to.is_some_and(|set| model.entity_type(set).name == structure.name);
            is_here
                && match (own, there.navigation_at(back).relation) {
                    (Relation::Reference { by }, Relation::Children { by: other })
                    | (Relation::Children { by }, Relation::Reference { by: other }) => by == other,
                    (Relation::Reference { .. }, Relation::Reference { .. })
                    | (Relation::Children { .. }, Relation::Children { .. }) => false,
                }
        };
        let mut back = self.checker.visible_navs(there).into_iter();
        back.find(|nav| leads_back(*nav)).map(|nav| there.navigation_at(nav).name)
    }

    fn entity_set(&self, xml: &mut Xml, set: SetId) {
        let model = self.checker.model;
        let declared = model.set(set);
        let ty = self.qualified(model.structure(declared.ty).name);
        let attributes = [("Name", Some(declared.name)), ("EntityType", Some(ty.as_str()))];
        xml.element("EntitySet", &attributes, |xml| {
            for id in self.structs.iter().filter(|id| model.is_a(**id, declared.ty)) {
                let structure = model.structure(*id);
                let inherited =
                    structure.base.map_or(0, |base| model.structure(base).navigations.len());
                for nav in self.checker.visible_navs(structure) {
                    let is_own = *id == declared.ty || usize::from(nav.0) >= inherited;
                    let Some(target) = self.checker.readable_target(structure, nav) else {
                        continue;
                    };
                    if !is_own {
                        continue;
                    }
                    let name = structure.navigation_at(nav).name;
                    let path = if *id == declared.ty {
                        name.to_owned()
                    } else {
                        format!("{}/{name}", self.qualified(structure.name))
                    };
                    let binding =
                        [("Path", Some(path.as_str())), ("Target", Some(model.set(target).name))];
                    xml.empty("NavigationPropertyBinding", &binding);
                }
            }
            let is_searchable = self.checker.is_searchable(set);
            let levels = self.checker.limits.expand_depth;
            restrictions(xml, (declared.scopes, is_searchable), (self.checker.rights, levels));
        });
    }

    fn qualified(&self, name: &str) -> String {
        format!("{}.{name}", self.checker.model.namespace)
    }

    fn type_name(&self, ty: &Type) -> String {
        let model = self.checker.model;
        match ty {
            Type::Primitive(primitive) => primitive.name().to_owned(),
            Type::Enum(id) => self.qualified(model.enums[usize::from(id.0)].name),
            Type::Complex(id) => self.qualified(model.structure(*id).name),
            Type::Collection(item) => format!("Collection({})", self.type_name(item)),
        }
    }
}

fn enum_type(xml: &mut Xml, declared: &EnumType) {
    let flags = declared.is_flags.then_some("true");
    // Numbers beyond 32 bits need a wider type than the default.
    let is_wide = declared.members.iter().any(|(_, number)| i32::try_from(*number).is_err());
    let attributes = [
        ("Name", Some(declared.name)),
        ("UnderlyingType", is_wide.then_some("Edm.Int64")),
        ("IsFlags", flags),
    ];
    xml.element("EnumType", &attributes, |xml| {
        for (name, number) in &declared.members {
            let number = number.to_string();
            xml.empty("Member", &[("Name", Some(name)), ("Value", Some(&number))]);
        }
    });
}

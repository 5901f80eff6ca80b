//! Actions: what can be done with one entity beside changing its properties.
//!
//! Source: OData CSDL XML 4.01, 12.

use super::{Served, annotations::describe, xml::Xml};
use crate::model::{Action, Parameter, Relation, SetId, StructId, Type};

/// What the entity itself is called among the parameters.
const BINDING: &str = "bindingParameter";

impl Served<'_> {
    /// The actions the caller may call, each name once for each type it is bound to.
    pub(super) fn actions(&self) -> Vec<&Action> {
        let model = self.checker.model;
        let mut known: Vec<(&str, StructId)> = Vec::new();
        let mut actions = Vec::new();
        for action in &model.actions {
            let Some(set) = self.served(action.set) else { continue };
            let bound = (action.name, model.set(set).ty);
            if self.checker.rights.has(action.scope) && !known.contains(&bound) {
                known.push(bound);
                actions.push(action);
            }
        }
        actions
    }

    pub(super) fn action(&self, xml: &mut Xml, action: &Action) {
        let model = self.checker.model;
        let Some(set) = self.served(action.set) else { return };
        // Without the right to read it the caller gets no entity.
        let returned = action.returns.and_then(|name| self.served(name));
        let path = returned.and_then(|returned| self.set_path(set, returned));
        let attributes = [
            ("Name", Some(action.name)),
            ("IsBound", Some("true")),
            ("EntitySetPath", path.as_deref()),
        ];
        xml.element("Action", &attributes, |xml| {
            let bound = self.qualified(model.entity_type(set).name);
            let binding =
                [("Name", Some(BINDING)), ("Type", Some(&*bound)), ("Nullable", Some("false"))];
            xml.empty("Parameter", &binding);
            for parameter in &action.parameters {
                self.parameter(xml, parameter);
            }
            if let Some(returned) = returned {
                let ty = self.qualified(model.entity_type(returned).name);
                xml.empty("ReturnType", &[("Type", Some(&*ty)), ("Nullable", Some("false"))]);
            }
            describe(xml, action.doc);
        });
    }

    fn parameter(&self, xml: &mut Xml, parameter: &Parameter) {
        let ty = self.type_name(&parameter.ty);
        let max_length = parameter.max_length.map(|length| length.to_string());
        let is_nullable = parameter.nullable && !matches!(parameter.ty, Type::Collection(_));
        let attributes = [
            ("Name", Some(parameter.name)),
            ("Type", Some(ty.as_str())),
            ("Nullable", (!is_nullable).then_some("false")),
            ("MaxLength", max_length.as_deref()),
        ];
        // A collection is never null, so that it may be left out must be said.
        let is_optional = parameter.nullable && !is_nullable;
        if parameter.doc.is_empty() && !is_optional {
            xml.empty("Parameter", &attributes);
            return;
        }
        xml.element("Parameter", &attributes, |xml| {
            describe(xml, parameter.doc);
            if is_optional {
                let term = [("Term", Some("Org.OData.Core.V1.OptionalParameter"))];
                xml.element("Annotation", &term, |xml| xml.empty("Record", &[]));
            }
        });
    }

    /// How the set answered from is reached from the entity.
    fn set_path(&self, set: SetId, returned: SetId) -> Option<String> {
        if set == returned {
            return Some(BINDING.to_owned());
        }
        let structure = self.checker.model.entity_type(set);
        let mut navs = self.checker.visible_navs(structure).into_iter();
        let nav = navs.find(|nav| {
            let is_to_many =
                matches!(structure.navigation_at(*nav).relation, Relation::Children { .. });
            is_to_many && self.checker.readable_target(structure, *nav) == Some(returned)
        });
        nav.map(|nav| format!("{BINDING}/{}", structure.navigation_at(nav).name))
    }

    fn served(&self, name: &str) -> Option<SetId> {
        self.checker.model.find_set(name).filter(|set| self.sets.contains(set))
    }
}

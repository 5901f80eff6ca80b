//! Actions and functions: what can be done or asked beside reading and changing entities.
//!
//! Source: OData CSDL XML 4.01, 12.

use super::{Served, annotations::describe, xml::Xml};
use crate::model::{
    Action, Binding, Function, Parameter, Relation, Returns, SetId, StructId, Type,
};

/// What the action is done to is called so among the parameters.
const BINDING: &str = "bindingParameter";

impl Served<'_> {
    /// The actions the caller may call, each name once for each type it is bound to.
    pub(super) fn actions(&self) -> Vec<&Action> {
        let model = self.checker.model;
        let mut known: Vec<(&str, StructId, Binding)> = Vec::new();
        let mut actions = Vec::new();
        for action in &model.actions {
            let Some(set) = self.served(action.set) else { continue };
            let bound = (action.name, model.set(set).ty, action.binding);
            if self.checker.may_do(action) && !known.contains(&bound) {
                known.push(bound);
                actions.push(action);
            }
        }
        actions
    }

    pub(super) fn action(&self, xml: &mut Xml, action: &Action) {
        let model = self.checker.model;
        let Some(set) = self.served(action.set) else { return };
        let (returned, path) = match action.returns {
            Returns::Nothing => (None, None),
            // Without the right to read it the caller gets no entity.
            Returns::Entity(name) => match self.served(name) {
                Some(to) => (Some(model.entity_type(to).name), self.set_path(set, to)),
                None => (None, None),
            },
            Returns::Complex(name) => (Some(name), None),
        };
        let attributes = [
            ("Name", Some(action.name)),
            ("IsBound", Some("true")),
            ("EntitySetPath", path.as_deref()),
        ];
        xml.element("Action", &attributes, |xml| {
            let single = self.qualified(model.entity_type(set).name);
            let bound = match action.binding {
                Binding::Entity => single,
                Binding::Collection => format!("Collection({single})"),
            };
            let binding =
                [("Name", Some(BINDING)), ("Type", Some(&*bound)), ("Nullable", Some("false"))];
            xml.empty("Parameter", &binding);
            for parameter in &action.parameters {
                self.parameter(xml, parameter);
            }
            if let Some(name) = returned {
                self.return_type(xml, name);
            }
            describe(xml, action.doc);
        });
    }

    fn return_type(&self, xml: &mut Xml, name: &str) {
        let ty = self.qualified(name);
        xml.empty("ReturnType", &[("Type", Some(&*ty)), ("Nullable", Some("false"))]);
    }

    pub(super) fn function(&self, xml: &mut Xml, function: &Function) {
        xml.element("Function", &[("Name", Some(function.name))], |xml| {
            self.return_type(xml, function.returns);
            describe(xml, function.doc);
        });
    }

    pub(super) fn function_import(&self, xml: &mut Xml, function: &Function) {
        let name = self.qualified(function.name);
        let attributes = [("Name", Some(function.name)), ("Function", Some(&*name))];
        xml.empty("FunctionImport", &attributes);
    }

    /// The complex type an action answers with.
    pub(super) fn answer_type(&self, action: &Action) -> Option<Type> {
        match action.returns {
            Returns::Nothing | Returns::Entity(_) => None,
            Returns::Complex(name) => self.checker.model.find_complex(name).map(Type::Complex),
        }
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

    /// How the set answered from is reached from what the action is done to.
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

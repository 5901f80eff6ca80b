//! What would make a model unusable, told in words: for tests, which find it before anybody else does.

use super::{
    guard::Guard,
    operation::Returns,
    schema::{Contents, Model, Origin, Relation, SetId, StructType},
};

impl Model {
    /// What would make the model unusable: references to names that do not exist. Empty when sound.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for structure in &self.structs {
            for property in &structure.properties {
                let known = match property.origin {
                    Origin::Stored { .. } | Origin::LongText { .. } | Origin::Computed(..) => true,
                    Origin::LookUp { navigation, property } => {
                        self.leads_to(structure, navigation, property)
                    }
                    Origin::Count { navigation, unless } => {
                        self.leads_to(structure, navigation, unless)
                    }
                };
                if !known {
                    faults.push(format!("{}.{} comes from nowhere", structure.name, property.name));
                }
            }
            for navigation in &structure.navigations {
                let known = match navigation.relation {
                    Relation::Reference { by } => structure.property(by).is_some(),
                    Relation::Children { by } => self
                        .target(navigation)
                        .is_some_and(|set| self.entity_type(set).property(by).is_some()),
                };
                let is_there = self.target(navigation).is_some_and(|set| !self.is_computed(set));
                if !known || !is_there {
                    faults.push(format!("{}.{} leads nowhere", structure.name, navigation.name));
                }
            }
        }
        for set in &self.sets {
            let names = match set.guard {
                None => [None, None],
                Some(Guard::Flagged { property, .. }) => [Some(property), None],
                Some(Guard::OwnerOrShared { owner, shared }) => [Some(owner), Some(shared)],
                Some(Guard::Own { owner, .. }) => [Some(owner), None],
            };
            let comes_from = match set.contents {
                Contents::Stored { .. } => None,
                Contents::Unfolded { set, .. } | Contents::Computed { from: set, .. } => Some(set),
            };
            if comes_from.is_some_and(|from| self.find_set(from).is_none()) {
                faults.push(format!("{} comes from nowhere", set.name));
            }
            let there = self.structure(set.ty);
            if names.into_iter().flatten().any(|name| there.property(name).is_none()) {
                faults.push(format!("{} is guarded by nothing", set.name));
            }
            let own = set.searched.own.iter().all(|name| there.property(name).is_some());
            let mut through = set.searched.through.iter();
            if !own || !through.all(|(nav, name)| self.leads_to(there, nav, name)) {
                faults.push(format!("{} is searched where nothing is", set.name));
            }
        }
        faults.extend(self.faults_of_operations());
        faults
    }

    fn faults_of_operations(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for action in &self.actions {
            let is_known = match action.returns {
                Returns::Nothing => true,
                Returns::Entity(set) => self.find_set(set).is_some(),
                Returns::Complex(name) => self.find_complex(name).is_some(),
            };
            if self.find_set(action.set).is_none() {
                faults.push(format!("{} is an action of nothing", action.name));
            }
            if !is_known {
                faults.push(format!("{} answers with what is not declared", action.name));
            }
        }
        for function in &self.functions {
            if self.find_complex(function.returns).is_none() {
                faults.push(format!("{} answers with what is not declared", function.name));
            }
            if self.find_set(function.name).is_some() {
                faults.push(format!("{} is a function and a set", function.name));
            }
        }
        faults
    }

    fn is_computed(&self, set: SetId) -> bool {
        matches!(self.set(set).contents, Contents::Computed { .. })
    }

    fn leads_to(&self, from: &StructType, navigation: &str, property: &str) -> bool {
        from.navigation(navigation)
            .and_then(|nav| self.target(from.navigation_at(nav)))
            .is_some_and(|set| self.entity_type(set).property(property).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Binding, Function, helpdesk};

    #[test]
    fn an_operation_that_answers_with_something_unknown_is_a_fault() {
        let action = |name, set, returns| Action {
            name,
            doc: "",
            set,
            binding: Binding::Collection,
            parameters: vec![],
            returns,
            scope: None,
        };
        let function = |name, returns| Function { name, doc: "", returns };
        let model = Model {
            actions: vec![
                action("Fine", "Tickets", Returns::Nothing),
                action("Lost", "Nowhere", Returns::Entity("Tickets")),
                action("Odd", "Tickets", Returns::Entity("Nowhere")),
                // An entity type is no complex type.
                action("Rich", "Tickets", Returns::Complex("Ticket")),
            ],
            functions: vec![function("Tickets", "Nothing")],
            ..helpdesk().clone()
        };
        assert_eq!(
            model.faults(),
            [
                "Lost is an action of nothing",
                "Odd answers with what is not declared",
                "Rich answers with what is not declared",
                "Tickets answers with what is not declared",
                "Tickets is a function and a set",
            ]
        );
    }
}

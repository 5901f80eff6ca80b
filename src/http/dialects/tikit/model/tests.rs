use std::collections::BTreeSet;

use super::*;
use crate::model::{Index, Origin, Relation};

#[test]
fn every_name_in_the_model_leads_somewhere() {
    assert_eq!(tikit().faults(), Vec::<std::string::String>::new());
    assert_eq!(tikit().set(STATUS).name, "Status");
}

#[test]
fn no_two_names_differ_only_by_case() {
    for structure in &tikit().structs {
        let properties = structure.properties.iter().map(|property| property.name);
        let names = properties.chain(structure.navigations.iter().map(|nav| nav.name));
        let names: Vec<std::string::String> = names.map(str::to_lowercase).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", structure.name);
    }
}

#[test]
fn what_reads_our_records_asks_for_the_rights_that_ours_asks_for() {
    for (id, set) in tikit().set_ids() {
        let there = ours(id).map(|ours| (helpdesk().set(ours), helpdesk().entity_type(ours)));
        if let Some((there, _)) = there {
            assert_eq!(set.scopes.read, there.scopes.read);
            assert_eq!(set.guard.is_some(), there.guard.is_some());
        }
        for property in &tikit().entity_type(id).properties {
            let Some(tag) = property.tag() else {
                assert!(matches!(property.origin, Origin::Computed(..)), "{}", property.name);
                continue;
            };
            let (_, there) = there.unwrap();
            let same = there.properties.iter().find(|ours| ours.tag() == Some(tag)).unwrap();
            assert_eq!((property.scope, &property.ty), (same.scope, &same.ty));
            assert!(property.hidden || !same.hidden, "{}.{}", set.name, property.name);
        }
    }
}

#[test]
fn all_pickers_are_stored_alike() {
    let tags = |set| -> Vec<_> {
        let properties = &helpdesk().entity_type(set).properties;
        properties.iter().map(|property| (property.name, property.tag())).collect()
    };
    for set in [our::CATEGORIES, our::SOURCES, our::TYPES] {
        assert_eq!(tags(set), tags(our::PRIORITIES));
    }
    assert!(tags(our::STATUSES).starts_with(&tags(our::PRIORITIES)));
}

#[test]
fn related_rows_are_found_by_an_index() {
    for navigation in tikit().structs.iter().flat_map(|structure| &structure.navigations) {
        let Relation::Children { by } = navigation.relation else { continue };
        let target = tikit().target(navigation).unwrap();
        let there = tikit().entity_type(target);
        let index = there.property_at(there.property(by).unwrap()).index();
        assert!(ours(target).is_none() || index != Index::None, "{}", navigation.name);
    }
}

//! What `$metadata` says beyond names and types, in terms of the standard vocabularies.
//!
//! Terms carry their whole name: there are clients that do not look an alias up.

use super::xml::Xml;
use crate::{
    model::{Property, SetScopes, Write},
    odata::check::function_names,
    query::Rights,
};

/// The transformations of `$apply`.
const TRANSFORMATIONS: [&str; 12] = [
    "aggregate",
    "groupby",
    "concat",
    "identity",
    "filter",
    "search",
    "compute",
    "orderby",
    "top",
    "skip",
    "topcount",
    "bottomcount",
];

/// What a type or property is, in words.
pub(super) fn describe(xml: &mut Xml, doc: &str) {
    if !doc.is_empty() {
        xml.empty(
            "Annotation",
            &[("Term", Some("Org.OData.Core.V1.Description")), ("String", Some(doc))],
        );
    }
}

/// Who sets a property, if not any client at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    /// The client, once.
    Creator,
    /// The service.
    Service,
    /// The service, and it is the key. Such a property is not called computed: there are clients
    /// that leave computed properties out of a new entity and then miss its key.
    ServiceAsKey,
}

impl Setter {
    /// Who sets `property`; `None` for any client at any time.
    pub(super) fn of(property: &Property, is_key: bool) -> Option<Self> {
        match property.write {
            Write::Always => None,
            // A key never changes, and says so by being one.
            Write::OnCreate => (!is_key).then_some(Self::Creator),
            Write::Never if is_key => Some(Self::ServiceAsKey),
            Write::Never => Some(Self::Service),
        }
    }

    /// Says so.
    pub(super) fn describe(self, xml: &mut Xml) {
        match self {
            Self::Creator => tag(xml, "Org.OData.Core.V1.Immutable", true),
            Self::Service => tag(xml, "Org.OData.Core.V1.Computed", true),
            Self::ServiceAsKey => {
                let term = [("Term", Some("Org.OData.Core.V1.Permissions"))];
                xml.element("Annotation", &term, |xml| {
                    xml.text("EnumMember", "Org.OData.Core.V1.Permission/Read");
                });
            }
        }
    }
}

/// Every entity type with a Guid of which there is only one is also found by it.
pub(super) fn alternate_key(xml: &mut Xml) {
    xml.element("Annotation", &[("Term", Some("Org.OData.Core.V1.AlternateKeys"))], |xml| {
        xml.element("Collection", &[], |xml| {
            xml.element("Record", &[("Type", Some("Org.OData.Core.V1.AlternateKey"))], |xml| {
                xml.element("PropertyValue", &[("Property", Some("Key"))], |xml| {
                    xml.element("Collection", &[], |xml| {
                        xml.element(
                            "Record",
                            &[("Type", Some("Org.OData.Core.V1.PropertyRef"))],
                            |xml| {
                                for (property, value) in
                                    [("Name", "PropertyPath"), ("Alias", "String")]
                                {
                                    let attributes =
                                        [("Property", Some(property)), (value, Some("Guid"))];
                                    xml.empty("PropertyValue", &attributes);
                                }
                            },
                        );
                    });
                });
            });
        });
    });
}

/// What the service as a whole can do.
pub(super) fn capabilities(xml: &mut Xml) {
    let versions =
        [("Term", Some("Org.OData.Core.V1.ODataVersions")), ("String", Some("4.0 4.01"))];
    xml.empty("Annotation", &versions);
    for (term, is_supported) in [
        ("Org.OData.Capabilities.V1.KeyAsSegmentSupported", true),
        ("Org.OData.Capabilities.V1.AsynchronousRequestsSupported", false),
        ("Org.OData.Capabilities.V1.BatchSupported", false),
        ("Org.OData.Capabilities.V1.CrossJoinSupported", false),
    ] {
        tag(xml, term, is_supported);
    }
    xml.element(
        "Annotation",
        &[("Term", Some("Org.OData.Capabilities.V1.FilterFunctions"))],
        |xml| {
            xml.element("Collection", &[], |xml| {
                for name in function_names() {
                    let name = if name == "matchespattern" { "matchesPattern" } else { name };
                    xml.text("String", name);
                }
            });
        },
    );
    apply_supported(xml);
}

/// What `$apply` takes, for every collection. Nothing is said of hierarchies and `from`: there are none.
fn apply_supported(xml: &mut Xml) {
    record(xml, "Org.OData.Aggregation.V1.ApplySupportedDefaults", |xml| {
        xml.element("PropertyValue", &[("Property", Some("Transformations"))], |xml| {
            xml.element("Collection", &[], |xml| {
                for name in TRANSFORMATIONS {
                    xml.text("String", name);
                }
            });
        });
    });
}

/// What can be done with one entity set, by this caller.
pub(super) fn restrictions(
    xml: &mut Xml,
    (scopes, is_searchable): (SetScopes, bool),
    (rights, levels): (&dyn Rights, usize),
) {
    let may = |scope: Option<&str>| scope.is_some_and(|scope| rights.has(scope));
    for (term, property, is_allowed) in [
        ("Org.OData.Capabilities.V1.InsertRestrictions", "Insertable", may(scopes.create)),
        ("Org.OData.Capabilities.V1.UpdateRestrictions", "Updatable", may(scopes.write)),
        ("Org.OData.Capabilities.V1.DeleteRestrictions", "Deletable", may(scopes.delete)),
        ("Org.OData.Capabilities.V1.SearchRestrictions", "Searchable", is_searchable),
    ] {
        if !is_allowed {
            record(xml, term, |xml| {
                let value = [("Property", Some(property)), ("Bool", Some("false"))];
                xml.empty("PropertyValue", &value);
            });
        }
    }
    record(xml, "Org.OData.Capabilities.V1.ExpandRestrictions", |xml| {
        let levels = levels.to_string();
        let value = [("Property", Some("MaxLevels")), ("Int", Some(levels.as_str()))];
        xml.empty("PropertyValue", &value);
    });
    for term in
        ["Org.OData.Capabilities.V1.TopSupported", "Org.OData.Capabilities.V1.SkipSupported"]
    {
        tag(xml, term, true);
    }
}

fn record(xml: &mut Xml, term: &str, inside: impl FnOnce(&mut Xml)) {
    xml.element("Annotation", &[("Term", Some(term))], |xml| xml.element("Record", &[], inside));
}

/// A term that is so or not.
pub(super) fn tag(xml: &mut Xml, term: &str, is_so: bool) {
    let value = if is_so { "true" } else { "false" };
    xml.empty("Annotation", &[("Term", Some(term)), ("Bool", Some(value))]);
}

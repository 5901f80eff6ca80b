//! `$metadata`: exact for the shop, valid for both models and for every caller.

use std::{io::Write, process::Command};

use tessera::{
    model::{Model, helpdesk},
    odata::{Limits, check::Checker, check::Everything, metadata::csdl_xml},
    query::Rights,
};
use warp::http::Method;

use crate::{
    ask::Server,
    shop::{self, Scopes},
};

fn document(model: &Model, rights: &dyn Rights) -> String {
    let checker = Checker::new(model, rights, Limits::default());
    String::from_utf8(csdl_xml(&checker).unwrap()).unwrap()
}

#[test]
fn the_shop_is_described_exactly() {
    insta::assert_snapshot!(document(&shop::model(), &Everything));
}

#[test]
fn only_what_the_caller_may_read_is_described() {
    let reader = document(&shop::model(), &Scopes::of("shop:read"));
    for absent in ["Prices", "Currency", "Margin", "Secret"] {
        assert!(!reader.contains(&format!("Name=\"{absent}")), "{absent}");
    }
    assert!(!reader.contains("hush"));
    let answer = Server::new().get("/$metadata");
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(answer.body.contains("Name=\"Currency\"") && !answer.body.contains("Margin"));
}

#[test]
fn every_foreign_key_of_the_helpdesk_is_related() {
    let document = document(helpdesk(), &Everything);
    for (property, partner) in
        [("TicketId", "Comments"), ("RequesterId", "Tickets"), ("TeamId", "Members")]
    {
        assert!(document.contains(&format!(
            "<ReferentialConstraint Property=\"{property}\" ReferencedProperty=\"Id\"/>"
        )));
        assert!(document.contains(&format!("Partner=\"{partner}\"")), "{partner}");
    }
    assert!(!document.contains("FormerStateMicros"));
    let tokens = document.split("<EntityType Name=\"AccessToken\"").nth(1).unwrap();
    assert!(!tokens.split("</EntityType>").next().unwrap().contains("\"Hash\""));
    for (_, set) in helpdesk().set_ids().filter(|(_, set)| set.hidden) {
        assert!(!document.contains(&format!("\"{}\"", set.name)), "{}", set.name);
    }
}

/// Properties have defaults when an entity is made; were they published, `omit-values=defaults` would
/// have to leave them out, and must not leave out a null in their place.
#[test]
fn no_default_is_published_that_an_answer_could_leave_out() {
    assert!(!document(helpdesk(), &Everything).contains("DefaultValue"));
    let server = Server::new();
    let ask = |prefer| {
        let answer = server.send(Method::GET, "/Products(1)", &[("prefer", prefer)], "");
        let mut names: Vec<String> = answer.json().as_object().unwrap().keys().cloned().collect();
        names.sort();
        (names, answer.header("preference-applied").map(str::to_owned))
    };
    let (nulls, defaults) = (ask("omit-values=nulls"), ask("omit-values=defaults"));
    assert_eq!(nulls.0, defaults.0);
    assert_eq!(defaults.1.as_deref(), Some("omit-values=defaults"));
}

/// Changes were announced that no verb makes, and keys by which nothing is found for certain.
#[test]
fn the_helpdesk_announces_what_it_does_and_no_more() {
    let document = document(helpdesk(), &Everything);
    let parts = |from: &str, to: &str| -> Vec<String> {
        let parts = document.split(from).skip(1);
        parts.map(|part| part.split(to).next().unwrap().to_owned()).collect()
    };
    for set in parts("<EntitySet ", "</EntitySet>") {
        let name = set.split('"').nth(1).unwrap();
        let takes = |property: &str| !set.contains(&format!("\"{property}\" Bool=\"false\""));
        let all = ["Insertable", "Updatable", "Deletable"].map(takes);
        let want = match name {
            "TicketTags" | "TicketHistory" | "AuditEvents" | "TicketsByDay" => {
                [false, false, false]
            }
            "AccessTokens" => [false, true, true],
            "TokenPolicies" => [false, true, false],
            "TeamMembers" => [true, false, true],
            "DeletedTickets" => [false, false, true],
            _ => [true, true, true],
        };
        assert_eq!(all, want, "{name}");
    }
    for ty in parts("<EntityType ", "</EntityType>") {
        let name = ty.split('"').nth(1).unwrap();
        let is_found = !["TicketHistoryEntry", "TicketTag", "TicketDay"].contains(&name);
        assert_eq!(ty.contains("Org.OData.Core.V1.AlternateKeys"), is_found, "{name}");
    }
}

/// The OASIS schemas lie beside the repository; without them or xmllint there is nothing to prove,
/// which only a run that must prove everything (`CI`) takes amiss.
#[test]
fn the_documents_are_valid_csdl() {
    let must = std::env::var_os("CI").is_some();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/odata-schemas/edmx.xsd");
    let is_there = Command::new("xmllint").arg("--version").output().is_ok();
    if !is_there || !std::path::Path::new(schema).exists() {
        assert!(!must, "xmllint (libxml2-utils) and {schema} are needed here");
        return;
    }
    for (name, document) in [
        ("helpdesk", document(helpdesk(), &Everything)),
        ("helpdesk of a reader", document(helpdesk(), &Scopes::of("tickets:read"))),
        ("helpdesk of nobody", document(helpdesk(), &Scopes::of(""))),
        ("shop", document(&shop::model(), &Everything)),
        ("shop of nobody", document(&shop::model(), &Scopes::of(""))),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(document.as_bytes()).unwrap();
        let checked = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema", schema])
            .arg(file.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(checked.status.success(), "{name}: {said}\n{document}");
    }
}

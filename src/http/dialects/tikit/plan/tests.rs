//! What is said by our names finds the very rows.

use std::sync::Arc;

use super::*;
use crate::{
    http::dialects::tikit::source::Renamed,
    odata::{
        Limits,
        check::{Checker, Everything, Target},
        url::parse_target,
    },
    query::{Context, Page, Source, list, list::reference, random::World},
};

/// Queries with a way to be said by our names.
const QUICK: [(&str, &str); 16] = [
    ("Ticket", "$filter=Closed eq false&$orderby=CreatedDate desc"),
    ("Ticket", "$filter=Closed and not IsMerged&$count=true"),
    ("Ticket", "$filter=contains(tolower(Title),'a')&$orderby=Status/Value,Id desc"),
    ("Ticket", "$filter=Impact eq null and ImpactId eq null and IsDeleted eq false"),
    ("Ticket", "$filter=Requester/Email ne null and Assignee/FullName eq null"),
    ("Ticket", "$filter=Comments/any(c:c/IsPublic)&$orderby=Comments/$count desc"),
    ("Ticket", "$filter=Comments/all(c:c/CreatedById eq null or c/Ticket/Closed)"),
    ("Ticket", "$filter=Impact/Value eq 'x' or TicketTypeId in (1,2) or Impact ne null"),
    ("Ticket", "$filter=isof(DueDate,Edm.DateTimeOffset) and cast(Id,Edm.String) ne '3'"),
    ("Ticket", "$filter=case(Closed:1,true:Id add 1) gt 2 and -Id lt 0&$skip=1"),
    ("Ticket", "$search=printer OR a"),
    ("Comments", "$filter=Ticket/Closed eq true and IsPublic eq true&$orderby=Ticket/DueDate"),
    ("Comments", "$filter=Ticket/IsMerged eq null or Ticket/Closed eq null"),
    ("CdmUser", "$filter=UserName eq EMailAddress and BlockSignIn eq null"),
    ("PlatformUser", "$orderby=FullName&$filter=IsDeleted eq false"),
    ("SupportGroup", "$filter=IsArchived eq false or length(Description) gt 1"),
];
/// Queries about what we have nothing for.
const SLOW: [(&str, &str); 3] = [
    ("Ticket", "$filter=FileAttachments/any()"),
    ("Ticket", "$orderby=TicketSlas/$count"),
    ("Comments", "$filter=Ticket/IsDeleted eq false"),
];

fn planned((set, query): (&str, &str)) -> Plan {
    let checker = Checker::new(tikit(), &Everything, Limits::default());
    let (path, options) = parse_target(set, Some(query), &checker.limits).unwrap();
    let Ok(Target::Collection(at)) = checker.target(&path, None) else { panic!("{set}") };
    checker.collection(&at, &options).unwrap()
}

#[test]
fn a_query_is_said_by_our_names_or_there_is_no_way_to() {
    for query in QUICK {
        assert!(plan(&planned(query)).is_some(), "{query:?}");
    }
    for query in SLOW {
        assert_eq!(plan(&planned(query)), None, "{query:?}");
    }
}

/// All rows in pages of three, and how many there were in all.
fn pages(
    first: &Plan,
    start: &Start,
    ask: impl Fn(&Plan, &Start) -> Page,
) -> (Vec<Row>, Option<u64>) {
    let (mut plan, mut all) = (Plan { page_size: Some(3), ..first.clone() }, Vec::new());
    loop {
        let page = ask(&plan, start);
        all.extend(page.rows);
        let Some(next) = page.next else { return (all, page.count) };
        plan = Plan { after: Some(next), skip: 0, ..plan };
    }
}

#[test]
fn what_is_said_by_our_names_finds_the_same_rows() {
    let mut found = 0;
    let worlds = (0..60).map(World::new).filter(|world| world.model.namespace == "Tessera");
    for world in worlds {
        let source = Renamed::new(Arc::new(world.plain()));
        let now = Timestamp::from_micros(1_772_323_200_000_000);
        let ctx = Context { source: &source, now, deadline: None, it: None, found: None };
        let check = |plan: &Plan, start: &Start| {
            let quick = pages(plan, start, |plan, start| list(plan, start, &ctx).unwrap());
            let slow = pages(plan, start, |plan, start| reference(plan, start, &ctx).unwrap());
            assert_eq!(quick, slow, "{plan:?}");
            quick.0.len()
        };
        for query in QUICK.into_iter().chain(SLOW) {
            found += check(&planned(query), &Start::Set);
        }
        let (tickets, comments) = (planned(("Ticket", "")), planned(("Comments", "$count=true")));
        let to_comments = tikit().entity_type(tickets.set).navigation("Comments").unwrap();
        for row in source.rows(tickets.set) {
            found += check(&comments, &Start::Related(row, to_comments));
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn every_column_can_be_asked_for_by_our_names() {
    for (set, declared) in tikit().set_ids().filter(|(set, _)| ours(*set).is_some()) {
        for (prop, property) in tikit().entity_type(set).props() {
            let path = Path { from: Var(0), steps: vec![Step::Property(prop)] };
            let said = Names::of(set).expr(&Expr::Path(path));
            assert!(said.is_some(), "{}.{}", declared.name, property.name);
        }
    }
}

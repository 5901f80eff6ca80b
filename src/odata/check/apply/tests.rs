//! Reports over the helpdesk's model, with different rights.

use super::*;
use crate::{
    model::helpdesk,
    odata::{Limits, check::Target, url::parse_target},
    query::{
        Expr, Rights,
        apply::{Aggregate, Method, Stage},
    },
};

struct Only(&'static [&'static str]);

impl Rights for Only {
    fn has(&self, scope: &str) -> bool {
        self.0.contains(&scope)
    }
}

const AGENT: Only =
    Only(&["tickets:read", "comments:read", "customers:read", "users:read", "teams:read"]);
const READER: Only = Only(&["tickets:read"]);

fn ask(rights: &Only, query: &str) -> Result<Applied, Error> {
    let limits = Limits::default();
    let (path, options) = parse_target("Tickets", Some(query), &limits)?;
    let checker = Checker::new(helpdesk(), rights, limits);
    let Target::Collection(at) = checker.target(&path, Some(&options.aliases))? else {
        panic!("{query}")
    };
    Ok(checker.applied(&at, &options, Place::Collection)?.unwrap())
}

/// The names of a result, with the positions of its values.
fn told(members: &[Member]) -> String {
    let names: Vec<String> = members
        .iter()
        .map(|member| match member {
            Member::Value { name, at, .. } => format!("{name}={at}"),
            Member::Inner { name, members } => format!("{name}({})", told(members)),
        })
        .collect();
    names.join(",")
}

#[track_caller]
fn check(query: &str, want: &str) {
    let got = match ask(&AGENT, &format!("$apply={query}")) {
        Ok(Applied::Plan(_)) => "a plan".to_owned(),
        Ok(Applied::Entities { .. }) => "entities".to_owned(),
        Ok(Applied::Groups { members, .. }) => told(&members),
        Err(error) => error.to_string(),
    };
    assert_eq!(got, want, "{query}");
}

#[test]
fn a_result_has_what_is_named_and_nothing_else() {
    check("groupby((Status,team/name),aggregate($count as Cnt))", "Status=0,Team(Name=1),Cnt=2");
    check("groupby((Team/Name,Status,Team/Id))", "Team(Name=0,Id=2),Status=1");
    check("groupby((Status))/compute(length(Status) as Len)&$select=len", "Len=1");
    check("groupby((Team/Name,Team/Id,Status))&$select=Team,Status", "Team(Name=0,Id=1),Status=2");
    check("aggregate(ResolutionHours with average as Hours)", "Hours=0");
    check("concat(groupby((Status)),groupby((Priority)))", "Status=0,Priority=1");
    check("filter(Status eq 'Open')/search(printer)", "a plan");
    check("search(a)/search(b)", "entities");
    check("topcount(5,ResolutionHours)", "entities");
    check("groupby((Status),topcount(1,Id))", "entities");
    check("groupby((Status),topcount(1,Id)/aggregate($count as N))", "Status=0,N=1");
}

#[test]
fn the_first_of_an_order_is_all_that_is_held() {
    let Ok(Applied::Entities { apply, .. }) = ask(&AGENT, "$apply=orderby(Id desc)/top(5)") else {
        panic!("entities")
    };
    assert!(matches!(apply.stages.as_slice(), [Stage::First { count: 5, .. }]));
    let Ok(Applied::Groups { apply, .. }) =
        ask(&AGENT, "$apply=groupby((Status),aggregate($count as N))/orderby(N desc)&$top=3")
    else {
        panic!("groups")
    };
    assert!(matches!(apply.stages.as_slice(), [Stage::Group { .. }]));
    assert_eq!((apply.order.len(), apply.top), (1, Some(3)));
}

#[test]
fn what_the_caller_may_not_see_is_not_counted() {
    let counted = |rights: &Only| {
        let applied = ask(rights, "$apply=aggregate(Comments/$count as N)").unwrap();
        let Applied::Groups { apply, .. } = applied else { panic!("groups") };
        match apply.stages.as_slice() {
            [Stage::Aggregate(all)] => match all.as_slice() {
                [Aggregate { method: Method::Tally, of: Some(Expr::Count(over)) }] => {
                    over.filter.is_some()
                }
                _ => panic!("{all:?}"),
            },
            stages => panic!("{stages:?}"),
        }
    };
    assert!(counted(&AGENT));
    assert!(!counted(&Only(&["tickets:read", "comments:read", "notes:read"])));
    for query in [
        "groupby((Team/Name))",
        "groupby((RequesterEmail))",
        "aggregate(Comments/$count as N)",
        "aggregate(Assignee with countdistinct as N)",
        "compute(length(RequesterEmail) as L)/groupby((L))",
        "topcount(1,RequesterEmail)",
    ] {
        let error = ask(&READER, &format!("$apply={query}")).unwrap_err();
        assert_eq!(error.code(), "UnknownProperty", "{query}: {error}");
    }
}

#[test]
fn what_was_made_knows_entities_by_their_keys() {
    let made = "$apply=groupby((TeamId),aggregate($count as Cnt))";
    for more in ["/filter(TeamId eq $root/Teams(3)/Id)", "&$filter=Cnt gt $root/Tickets(3)/Id"] {
        assert!(ask(&AGENT, &format!("{made}{more}")).is_ok(), "{more}");
    }
    let hidden = ask(&READER, &format!("{made}/filter(TeamId eq $root/Teams(3)/Id)"));
    let told = "$apply names 'Teams', which '$root' does not have";
    assert!(hidden.unwrap_err().to_string().starts_with(told));
}

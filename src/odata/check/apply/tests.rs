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
    for more in [
        "/filter(TeamId eq $root/Teams(3)/Id)",
        "&$filter=Cnt gt $root/Tickets(3)/Id",
        "/filter($root/Teams(3)/Tickets/any(t:t/Id gt 3 and t/Title ne null and Cnt gt 3))",
        "/filter($root/Customers(7)/Tickets/$count($filter=TeamId eq 3 and $this/Id gt 4) gt 0)",
        "/filter(@r/Name ne null and @r/Tickets/any())&@r=$root/Teams(3)",
        "/filter($root/Teams(3)/Tickets/any(Cnt:Cnt/Comments/any(c:c/Id gt Cnt/Id)) and Cnt gt 3)",
        "/filter($root/Teams(3)/Tickets/any(t:t/Comments/$count($filter=Id gt t/Id) gt Cnt))",
    ] {
        let told = ask(&AGENT, &format!("{made}{more}"));
        assert!(told.is_ok(), "{more}: {told:?}");
    }
    let hidden = ask(&READER, &format!("{made}/filter(TeamId eq $root/Teams(3)/Id)"));
    let told = "$apply names 'Teams', which '$root' does not have";
    assert!(hidden.unwrap_err().to_string().starts_with(told));
}

#[test]
fn names_behind_root_are_those_of_its_items() {
    #[track_caller]
    fn check(condition: &str, want: &str) {
        let made = "$apply=groupby((TeamId),aggregate($count as Cnt))";
        let Ok(Applied::Groups { apply, .. }) = ask(&AGENT, &format!("{made}/filter({condition})"))
        else {
            panic!("{condition}")
        };
        let [.., Stage::Filter(filter)] = apply.stages.as_slice() else { panic!("{condition}") };
        let told = format!("{filter:?}");
        assert!(told.contains(want), "{condition}: {told}");
    }
    // The group has two values, so the first item behind `$root` is variable 2.
    check("$root/Teams(3)/Tickets/$count($filter=TeamId eq 3) gt 0", "from: Var(2), steps: [Prop");
    check("$root/Teams(3)/Tickets/any(t:t/TeamId eq 3)", "from: Var(2), steps: [Prop");
    check("$root/Teams(3)/Tickets/any(t:Cnt eq 3)", "from: Var(1), steps: []");
    let refuse = |more: &str, want: &str| {
        let made = "$apply=groupby((TeamId),aggregate($count as Cnt))";
        let told = ask(&AGENT, &format!("{made}/{more}")).unwrap_err().to_string();
        assert!(told.contains(want), "{more}: {told}");
    };
    let none = "the result has no 'Title', it has TeamId, Cnt";
    refuse("filter($root/Teams(3)/Tickets/any(t:Title eq 'x'))", none);
    refuse("filter($root/Teams(3)/Tickets/any(t:$this/Id eq 3))", "the result has no '$this/Id'");
    refuse("filter($root/Teams(3)/Tickets/$count($filter=Cnt eq 3) gt 0)", "names 'Cnt'");
    refuse("filter($it/TeamId eq 3)", "'$it' is an entity, and $apply made something else");
    refuse("filter(isof(Edm.Int64))", "of what $apply made take a value and a type");
}

//! What expressions may say, and `$compute`, against the helpdesk's model.

use super::*;
use crate::query::{Computed, ValueSet};

fn plan(query: &str) -> Plan {
    ask(&AGENT, &format!("Tickets?{query}")).unwrap().1.unwrap()
}

#[track_caller]
fn refuse_query(query: &str, want: &str) {
    refuse(&format!("Tickets?{query}"), want);
}

#[test]
fn expressions_reach_everything_the_standard_lets_them() {
    for text in [
        "Comments/any(c:c/Ticket/Comments/all(d:d/Id ge c/Id and d/Id gt $it/Id))",
        "Requester/Tickets/any(t:t/Tags/any(g:g in $it/Tags))",
        "Comments/$count($filter=$this/Id gt $it/Id and Id gt 3) gt 1",
        "Tags/$count($filter=startswith($this,'v')) gt 0",
        "Comments/$filter(Id gt 3)/any(c:c/Id lt 7)",
        "Comments/$count($search=printer NOT jam;$filter=Id gt 3) gt 1",
        "Comments/$filter(Id gt 3)/$count gt 1",
        "Comments/any(c:c/Ticket eq $it)",
        "Requester eq $it/Requester and Requester ne null",
        "Comments/$filter(isof(Tessera.Comment))/any()",
        "Tags eq ['a','b'] and Tags ne []",
        "CreatedDateTime add 'P1D' lt now() and CreatedDateTime sub 'PT1H' lt now()",
        "CreatedDateTime sub '2026-01-01T00:00:00Z' gt 'P1D'",
        "CreatedDate sub 2026-01-01 gt duration'P1D' and CreatedDate add 'P1D' gt 2026-01-01",
        "totalseconds(now() sub CreatedDateTime) divby 3600 gt 1.5",
        "(now() sub CreatedDateTime) mul 2 gt -duration'P1D'",
        "2 mul duration'P1D' eq duration'P4D' div 2",
        "substring(Title,-3) eq 'abc' and substring(Title,-3,2) eq 'ab'",
        "@p/Name eq 'x' and @q/Email eq 'x' and @t/any(t:t eq 'x') and @t/$count gt 1",
        "@i in @l and @i in (@i,null) and (@i eq 7) eq @b",
    ] {
        filter(&format!(
            "{text}&@p=Requester&@q=@p&@t=Tags&@i=StatusId&@l=[1,2]&@b=IsClosed and not (Id gt @i)"
        ));
    }
}

#[test]
fn expressions_that_make_no_sense_are_explained() {
    let one_type = "both sides of a comparison are of one type, not";
    refuse_filter("Requester eq Team", "entities of 'Customers' and 'Teams' are never the same");
    refuse_filter(
        "Tags eq [1]",
        &format!("{one_type} Collection(Edm.String) and Collection(Edm.Int64)"),
    );
    refuse_filter("Title eq {\"a\":1}", "a complex value is not compared with Edm.String");
    refuse_filter("@x/Name eq 'a'", "'@x' has no value, so no path goes on from it");
    refuse_filter("@x/Name eq 'a'&@x=7", "'@x' is no path that could go on");
    refuse_query(
        "$filter=@x/Name eq 'a'&@x=Title",
        "$filter names 'Name', which 'Edm.String' does not have",
    );
    refuse_filter("Title add 'P1D' eq 'x'", "'add' does not take Edm.String and Edm.String");
    refuse_filter(
        "CreatedDateTime mul 2 eq null",
        "'mul' does not take Edm.DateTimeOffset and Edm.Int64",
    );
    refuse("Tickets?$filter=@a/Name eq 'x'&@a=@b&@b=@a", "@a cannot be used: it contains itself");
    refuse_filter("Tags/$count($search=x) gt 1", "'$search' finds entities");
    refuse(
        "Tickets?$filter=null eq {\"a\":1}",
        "a complex value beside one without a type is not implemented",
    );
}

#[test]
fn an_entity_is_named_by_its_key() {
    for text in [
        "TeamId eq $root/Teams(3)/Id",
        "Team eq $root/Teams(@t) and @r/Name ne AssigneeName&@t=3&@r=$root/users(Id=7)",
        "$root/Customers(Guid=0190a6b2-0000-7000-8000-000000000001)/Name eq RequesterName",
        "$root/Customers(7)/Tickets/any(t:t/Title eq Title and t/Id ne $root/Tickets(3)/Id)",
        "$root/Tickets(3)/Comments/$count($filter=Id gt $it/Id) gt 1",
        "$root/TicketTags(TicketId=7,Tag='vip') ne null",
        "Comments(3)/Body eq 'x' and Comments(3)/Ticket/Comments(4) ne null",
        "Comments/any(c:c/Ticket/Comments(3)/Id lt c/Id)",
    ] {
        filter(text);
    }
    refuse_filter("$root/Teams/any()", "'$root/Teams' takes a key: '$root/Teams(…)'");
    refuse_filter("$root/Teams('x')/Id eq 1", "'x' is not a value of type Edm.Int64");
    refuse_query(
        "$filter=Comments(3)(4)/Id eq 1",
        "custom functions in expressions is not implemented",
    );
    refuse_filter("$it/Tags('a') eq 'a'", "a key follows a navigation property");
    for name in ["Me()", "Team(3)"] {
        let told = ask(&AGENT, &format!("Tickets?$filter=$root/{name}/Name eq 'x'")).unwrap_err();
        let bare = name.split('(').next().unwrap();
        let want = format!("$filter names '{bare}', which '$root' does not have");
        assert!(told.to_string().starts_with(&want), "{told}");
    }
    let by_day = "Tickets?$filter=$root/TicketsByDay('x')/OpenCount gt 1";
    let told = ask(&Only(&["tickets:read", "dashboard:read"]), by_day).unwrap_err();
    assert_eq!(told.to_string(), "'TicketsByDay' behind '$root' is not implemented");
}

#[test]
fn what_one_may_not_read_is_not_found_by_its_key() {
    let root = |name: &str| format!("$filter names '{name}', which '$root' does not have");
    refuse_reader("Tickets?$filter=$root/Customers(7)/Name eq 'x'", &root("Customers"));
    refuse_reader("Tickets?$filter=$root/AccessTokens(7)/Name eq 'x'", &root("AccessTokens"));
    refuse_reader(
        "Tickets?$filter=$root/Tickets(7)/Nope eq 'x'",
        "$filter names 'Nope', which 'Ticket' does not have; did you mean 'Type'?",
    );
    // An internal note is looked for like any comment, and found only by who may see it.
    for text in ["$root/Comments(3)/Body eq 'x'", "Comments(3)/Body eq 'x'"] {
        let seen = format!("{:?}", plan(&format!("$filter={text}")).filter);
        assert!(seen.contains("guard: Some(Not("), "{seen}");
    }
}

#[test]
fn within_an_expansion_it_is_what_the_request_is_about() {
    let about_it = "CreatedDateTime gt $it/CreatedDateTime";
    for address in [
        format!("Tickets?$expand=Comments($filter={about_it})"),
        format!("Tickets(7)?$expand=Comments($filter={about_it};$orderby=Id sub $it/Id)"),
        "Tickets?$expand=Comments($compute=Id sub $it/Id as After)".to_owned(),
    ] {
        let told = ask(&AGENT, &address);
        assert!(told.is_ok(), "{address}: {told:?}");
    }
    let expanded = plan(&format!("$expand=Comments($filter={about_it})")).shape.expand;
    let filter = format!("{:?}", expanded[0].plan.filter);
    assert!(filter.contains("from: Var(255)") && filter.contains("from: Var(0)"), "{filter}");
    let own = format!("{:?}", plan("$filter=$it/Id eq $this/Id").filter);
    assert!(!own.contains("Var(255)"), "{own}");
    refuse(
        "Tickets?$expand=Comments($filter=$it/Body eq 'x')",
        "$filter names 'Body', which 'Ticket' does not have",
    );
}

#[test]
fn a_list_of_constants_is_a_set_however_long() {
    let items: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let long = plan(&format!("$filter=Id in ({})", items.join(","))).filter;
    let Some(Expr::OneOf { values, .. }) = long else { panic!() };
    assert_eq!(values.iter().count(), 10_000);
    let set = |query: &str| match plan(query).filter {
        Some(Expr::OneOf { values, .. }) => values,
        other => panic!("{query}: {other:?}"),
    };
    let texts = ValueSet::new(["a".into(), "b".into(), crate::model::Value::Null]);
    assert_eq!(*set("$filter=Title in ('b','a','b',null)"), texts);
    assert_eq!(*set("$filter=Title in @t&@t=['a','b',null]"), texts);
    assert!(matches!(plan("$filter=Id in (1,@x)&@x=StatusId").filter, Some(Expr::In { .. })));
    // What aliases put in is counted, or one list of a short address would become a thousand.
    let half = items[..6_000].join(",");
    assert!(matches!(
        plan(&format!("$filter=Id in @l&@l=[{half}]")).filter,
        Some(Expr::OneOf { .. })
    ));
    refuse_query(
        &format!("$filter=Id in @l or Id in @l&@l=[{half}]"),
        "$filter passes the limit 'query_in_items_max' of 10000",
    );
    let computed = plan("$compute=['a',null] as L").shape.computed;
    assert!(matches!(computed[0].expr, Expr::Literal(crate::model::Value::List(_))));
}

#[test]
fn a_path_may_choose_among_entities() {
    let filter_of = |address: &str| match ask(&AGENT, address).unwrap().0 {
        Target::Collection(at) | Target::Count(at) if at.is_chosen => at.filter,
        other => panic!("{address}: {other:?}"),
    };
    let written = plan("$filter=Id gt 7").filter;
    assert_eq!(filter_of("Tickets/$filter(Id gt 7)"), written);
    assert_eq!(filter_of("Tickets/$filter(@f)/$count?@f=Id gt 7"), written);
    assert_eq!(entity("Tickets/$filter(Id gt 7)/8").root.guard, written);
    accept("Tickets(7)/Comments/$filter(Id gt $it%2FTicketId)/$filter(Body ne null)/$count");
    refuse(
        "Tickets/$filter(Titl eq 'x')",
        "$filter names 'Titl', which 'Ticket' does not have; did you mean 'Title'?",
    );
    refuse(
        "Tickets/$filter(Id)",
        "'$filter' does not fit: a condition is Edm.Boolean, not Edm.Int64; compare it with something",
    );
    refuse(
        "Tickets(7)/Tags/$filter(true)",
        "$filter behind anything but entities is not implemented",
    );
    refuse(
        "AccessTokens/$filter(true)/Mint",
        "this needs the scope 'tokens:read', which is not in force for you; Me() tells what is",
    );
}

#[test]
fn computed_properties_are_known_wherever_a_name_may_stand() {
    let all = plan(
        "$compute=length(Title) as Long,Long mul 2 as Twice,Tags as Words\
         &$filter=Twice gt 8 and Words/any(w:length(w) gt Long and $it/Long gt 1) and Words/$count gt 0\
         &$orderby=Twice desc,Long",
    );
    let names = |plan: &Plan| -> Vec<String> {
        plan.shape.computed.iter().map(|computed| computed.name.clone()).collect()
    };
    assert_eq!(names(&all), ["Long", "Twice", "Words"]);
    let Computed { ty, expr, .. } = &all.shape.computed[1];
    assert_eq!(*ty, crate::model::Type::Primitive(crate::model::Primitive::Int64));
    assert_eq!(all.order[0].expr, *expr);
    assert_eq!(names(&plan("$compute=1 as A,2 as B&$select=Id,b")), ["B"]);
    assert_eq!(names(&plan("$compute=1 as A,2 as B&$select=*")), ["A", "B"]);
    assert_eq!(names(&plan("$compute=1 as A,2 as B&$select=Id")), [""; 0]);
    accept("Tickets/$count?$compute=Id mul 2 as Twice&$filter=Twice gt 7");
    accept("Tickets(7)?$compute=Id mul 2 as Twice&$select=Twice");
    accept("Tickets?$compute=Id add @n as More&@n=7");
    accept(
        "Tickets?$expand=Comments($compute=length(Body) as Long;$filter=Long gt 7;$orderby=Long;$select=Long)",
    );
    accept("Tickets?$expand=Requester($compute=tolower(Email) as Address;$select=Address)");
    accept("Tickets?$compute=RequesterEmail as Title2");
}

#[test]
fn computed_properties_that_cannot_be_are_explained() {
    let taken = |name: &str| {
        format!("$compute cannot be used: 'Ticket' has a property '{name}'; choose another name")
    };
    for name in ["Title", "title", "Comments"] {
        refuse_query(&format!("$compute=1 as {name}"), &taken(name));
    }
    refuse_query("$compute=1 as A,2 as a", "$compute cannot be used: it names 'a' twice");
    refuse_query(
        "$compute=Requester as R",
        "'$compute' does not fit: a computed property is a value, not an entity; name one of its properties",
    );
    refuse_query(
        "$compute=Comments as C",
        "'$compute' does not fit: ask a collection with 'any' or count it with '$count'",
    );
    refuse_query(
        "$compute=Later as A,1 as Later",
        "$compute names 'Later', which 'Ticket' does not have",
    );
    refuse_query(
        "$compute=1 as A&$filter=A/B eq 1",
        "'$filter' does not fit: nothing can follow a computed value",
    );
    refuse_query(
        "$compute=1 as A&$filter=Comments/any(c:c/A eq 1)",
        "$filter names 'A', which 'Comment' does not have",
    );
    refuse_query("$select=A", "$select names 'A', which 'Ticket' does not have");
    refuse(
        "Tickets(7)/Title?$compute=1 as A",
        "$compute cannot be used: this resource does not take it",
    );
    // What the caller may not know of is a free name, and gives nothing away.
    assert!(ask(&READER, "Tickets?$compute=1 as RequesterEmail").is_ok());
    refuse_reader(
        "Tickets?$compute=RequesterEmail as A",
        "$compute names 'RequesterEmail', which 'Ticket' does not have; did you mean 'RequesterId'?",
    );
}

#[test]
fn computed_properties_cannot_run_away() {
    let doubling: Vec<String> =
        (1..20).map(|n| format!("A{m} add A{m} as A{n}", m = n - 1)).collect();
    refuse_query(
        &format!("$compute=Id add Id as A0,{}", doubling.join(",")),
        "$compute passes the limit 'query_nodes_max' of 10000",
    );
    let deeper: Vec<String> =
        (1..10).map(|n| format!("{}A{m} as A{n}", "- ".repeat(50), m = n - 1)).collect();
    refuse_query(
        &format!("$compute=Id add Id as A0,{}", deeper.join(",")),
        "$compute passes the limit 'query_depth_max' of 320",
    );
    let many: Vec<String> = (0..101).map(|n| format!("1 as A{n}")).collect();
    refuse_query(
        &format!("$compute={}", many.join(",")),
        "$compute passes the limit 'query_computed_max' of 100",
    );
    let aliases: Vec<String> = (0..1001).map(|n| format!("@a{n}=1")).collect();
    refuse_query(
        &format!("$top=1&{}", aliases.join("&")),
        "@a1000 passes the limit 'query_aliases_max' of 1000",
    );
}

//! The helpdesk's model asked through the front door of the parser, with different rights.

mod expressions;
mod repeated;

use super::*;
use crate::{
    model::{Key, helpdesk, props, set},
    odata::url::parse_target,
    query::{KeyRef, Plan},
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

/// Checks a whole request as the http layer does.
fn ask(rights: &Only, address: &str) -> Result<(Target, Option<Plan>), Error> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let limits = Limits::default();
    let (path, options) = parse_target(path, Some(query), &limits)?;
    let checker = Checker::new(helpdesk(), rights, limits);
    let target = checker.target(&path, Some(&options.aliases))?;
    let plan = match &target {
        Target::Collection(at) => Some(checker.collection(at, &options)?),
        Target::References(at) => Some(checker.references(at, &options)?),
        Target::Count(at) => Some(checker.count(at, &options)?),
        Target::Entity(at) => {
            checker.entity(at, &options)?;
            None
        }
        Target::ServiceDocument
        | Target::Metadata
        | Target::Reference(_)
        | Target::Property(_)
        | Target::RawValue(_)
        | Target::PropertyCount(_)
        | Target::Action(_)
        | Target::Function(_) => {
            checker.only_options(&options, Place::Other)?;
            None
        }
    };
    Ok((target, plan))
}

#[track_caller]
fn refuse(address: &str, want: &str) {
    assert_eq!(ask(&AGENT, address).unwrap_err().to_string(), want, "{address}");
}

#[track_caller]
fn refuse_reader(address: &str, want: &str) {
    assert_eq!(ask(&READER, address).unwrap_err().to_string(), want, "{address}");
}

#[track_caller]
fn accept(address: &str) {
    if let Err(error) = ask(&AGENT, address) {
        panic!("{address}: {error}");
    }
}

#[track_caller]
fn filter(text: &str) {
    accept(&format!("Tickets?$filter={text}"));
}

#[track_caller]
fn refuse_filter(text: &str, want: &str) {
    refuse(&format!("Tickets?$filter={text}"), &format!("'$filter' does not fit: {want}"));
}

fn entity(address: &str) -> EntityPath {
    match ask(&AGENT, address).unwrap().0 {
        Target::Entity(path) => path,
        other => panic!("{address}: {other:?}"),
    }
}

#[test]
fn an_entity_is_found_by_every_form_of_its_key() {
    let seven = KeyRef::Key(Key::Int(7));
    for address in
        ["Tickets(7)", "tickets(Id=7)", "Tickets/7", "Tickets(@id)?@id=7", "Tickets()(7)"]
    {
        assert_eq!(entity(address).root.by, seven, "{address}");
    }
    let guid = "0190a6b2-0000-7000-8000-000000000001";
    let by = entity(&format!("Tickets(Guid={guid})")).root.by;
    assert!(matches!(by, KeyRef::Alternate(props::ticket::GUID, _)));
    let tag = entity("TicketTags(Tag='O''Neil',TicketId=1)").root.by;
    assert_eq!(tag, entity("TicketTags/1/O'Neil").root.by);
    let member = entity("Tickets(7)/Comments(3)");
    assert!(matches!(member.steps[0], EntityStep::Member { .. }));
    assert_eq!(entity("Tickets(7)/Requester").set, set::CUSTOMERS);
}

#[test]
fn a_key_that_does_not_fit_is_explained() {
    refuse("Tickets('x')", "'path' does not fit: 'x' is not a value of type Edm.Int64");
    refuse("Tickets(7.5)", "'path' does not fit: the key 'Id' is Edm.Int64");
    refuse("Tickets(null)", "'path' does not fit: the key 'Id' is Edm.Int64");
    refuse("Tickets(@id)", "'path' does not fit: the key 'Id' is Edm.Int64");
    refuse("TicketTags(1)", "'path' does not fit: 'TicketTag' is found by (TicketId=…,Tag=…)");
    refuse("Tickets(Title='x')", "'path' does not fit: 'Ticket' is found by (Id=…) or (Guid=…)");
    refuse("Tickets/abc", "there is no resource 'abc'");
    // Its Guid may come twice, from an import.
    refuse(
        "TicketHistory(Guid=0190a6b2-0000-7000-8000-000000000001)",
        "'path' does not fit: 'TicketHistoryEntry' is found by (Id=…)",
    );
}

#[test]
fn paths_lead_to_what_they_name_and_nowhere_else() {
    for address in [
        "",
        "$metadata",
        "Tickets/$count",
        "Tickets(7)/Comments/$count",
        "Tickets(7)/Title",
        "Tickets(7)/Title/$value",
        "Tickets(7)/Tags/$count",
        "Tickets/7/Requester/Name",
    ] {
        accept(address);
    }
    refuse("Tickts", "there is no resource 'Tickts'; did you mean 'Tickets'?");
    refuse("Tickets(7)/Titl", "there is no resource 'Titl'; did you mean 'Title'?");
    refuse("Tickets(7)/Title/x", "there is no resource 'x'");
    refuse("Tickets(7)/Tags/$value", "there is no resource '$value'");
    refuse("Tickets(7)/$count", "there is no resource '$count'");
    refuse(
        "AccessTokens(7)/Hash",
        "this needs the scope 'tokens:read', which is not in force for you; Me() tells what is",
    );
    refuse("$batch", "$batch is not implemented");
    refuse("Tickets(7)/Title/$ref", "$ref is not implemented");
}

#[test]
fn what_may_not_be_read_does_not_exist() {
    let scope =
        "this needs the scope 'comments:read', which is not in force for you; Me() tells what is";
    refuse_reader("Comments", scope);
    for (address, name) in
        [("Tickets(7)/Comments", "Comments"), ("Tickets(7)/RequesterEmail", "RequesterEmail")]
    {
        let error = ask(&READER, address).unwrap_err();
        assert_eq!((error.code(), error.target()), ("UnknownResource", Some(name)), "{address}");
        assert!(!error.to_string().contains(&format!("mean '{name}'")), "{error}");
    }
    for (option, text) in [
        ("$filter", "RequesterEmail eq 'a'"),
        ("$filter", "Requester/Name eq 'a'"),
        ("$filter", "Comments/any()"),
        ("$filter", "Comments/$count gt 1"),
        ("$orderby", "RequesterEmail"),
        ("$select", "RequesterEmail"),
        ("$select", "Comments"),
        ("$expand", "Comments"),
    ] {
        accept(&format!("Tickets?{option}={text}"));
        let error = ask(&READER, &format!("Tickets?{option}={text}")).unwrap_err();
        assert_eq!((error.code(), error.target()), ("UnknownProperty", Some(option)), "{text}");
        assert!(!error.to_string().contains(&format!("mean '{}'", &text[..8])), "{error}");
    }
    let shape = ask(&READER, "Tickets").unwrap().1.unwrap().shape;
    assert!(!shape.properties.contains(&props::ticket::REQUESTER_EMAIL));
    assert!(shape.properties.contains(&props::ticket::REQUESTER_NAME));
    let all = ask(&READER, "Tickets?$expand=*").unwrap().1.unwrap().shape.expand;
    let model = helpdesk();
    let navs = all.iter().map(|e| model.entity_type(set::TICKETS).navigation_at(e.navigation).name);
    assert!(
        navs.into_iter().all(|name| !["Requester", "Assignee", "Team", "Comments"].contains(&name))
    );
}

#[test]
fn internal_notes_are_left_out_wherever_comments_are_reached() {
    let guard = format!("{:?}", props::comment::IS_INTERNAL);
    for address in [
        "Comments",
        "Comments/$count",
        "Tickets(7)/Comments",
        "Tickets?$filter=Comments/any()",
        "Tickets?$filter=Comments/all(c:c/Id gt 1)",
        "Tickets?$orderby=Comments/$count",
        "Tickets?$expand=Comments",
        "Comments(1)",
        "Tickets(7)/Comments(1)/Body",
    ] {
        let blind = format!("{:?}", ask(&AGENT, address).unwrap());
        assert!(blind.contains(&guard), "{address}: {blind}");
        let notes = Only(&["tickets:read", "comments:read", "notes:read"]);
        let seeing = format!("{:?}", ask(&notes, address).unwrap());
        assert!(
            !seeing.contains(&format!("Not(Path(Path {{ from: Var(0), steps: [Property({guard}")),
            "{address}"
        );
        assert!(seeing.len() < blind.len(), "{address}");
    }
}

#[test]
fn filters_with_types_that_fit_are_taken() {
    for text in [
        "IsClosed",
        "Id eq 7 or Id eq 7.0 or Id gt 1e3",
        "Status eq 'Open' and not (Priority eq null)",
        "Guid eq '0190a6b2-0000-7000-8000-000000000001'",
        "CreatedDateTime ge 2026-01-01 and CreatedDateTime lt '2026-02-01T00:00:00Z'",
        "CreatedDate eq 2026-01-01",
        "date(CreatedDateTime) eq CreatedDate",
        "year(CreatedDateTime) eq 2026 and month(CreatedDate) in (1,2)",
        "now() sub CreatedDateTime gt duration'P7D'",
        "CreatedDateTime add duration'P1D' lt now()",
        "StatusId in (1,2,3) and Status in ['Open','New']",
        "Status in @s",
        "'vip' in Tags",
        "Tags/any(t:t eq 'x' or startswith(t,'y'))",
        "Comments/any(c:c/IsInternal eq false and contains(c/Body,$it/Title))",
        "Comments/$count gt 3 and Comments/$count($filter=Body ne null) gt 1",
        "Requester ne null and Requester/Email eq 'x'",
        "concat(concat(Title,' '),Status) eq 'a b'",
        "contains(tolower(Title),'x') and TOLOWER(Title) ne null",
        "substring(Title,1) eq 'x' and length(Title) gt 2 and indexof(Title,'x') lt 3",
        "cast(Id,Edm.String) eq '7' and isof(Id,Edm.Int64) and isof(Tessera.Ticket)",
        "case(IsClosed:1,true:0) eq 1",
        "-Id lt 0 and Id mod 2 eq 0 and (Id add 1) mul 2 gt 3",
        "round(ResolutionHours) gt 1 and floor(ResolutionHours) divby 2 lt 1.5",
        "Status ge 'A' and IsClosed lt true",
        "@p eq 1 and @missing eq null",
    ] {
        filter(&format!("{text}&@p=StatusId&@s=['Open']"));
    }
}

#[test]
fn filters_with_types_that_do_not_fit_are_explained() {
    refuse_filter("Title", "a condition is Edm.Boolean, not Edm.String; compare it with something");
    refuse_filter(
        "StatusId eq Status",
        "both sides of a comparison are of one type, not Edm.Int64 and Edm.String; text stands in single quotes, numbers do not",
    );
    refuse_filter(
        "Title eq 7",
        "both sides of a comparison are of one type, not Edm.String and Edm.Int64; text stands in single quotes, numbers do not",
    );
    refuse_filter("Id eq 'x'", "'x' is not a value of type Edm.Int64");
    refuse_filter(
        "CreatedDateTime eq 'yesterday'",
        "'yesterday' is not a value of type Edm.DateTimeOffset",
    );
    refuse_filter("CreatedDateTime eq 2026-02-30", "2026-02-30 is out of range");
    refuse_filter(
        "CreatedDate eq CreatedDateTime",
        "both sides of a comparison are of one type, not Edm.Date and Edm.DateTimeOffset; use date(…) to compare the days",
    );
    refuse_filter(
        "contains(Id,'1')",
        "'contains' takes text or a collection as argument 1, not Edm.Int64",
    );
    refuse_filter("contains(Title)", "'contains' takes 2 arguments, not 1");
    refuse_filter("substring(Title)", "'substring' takes 2 or 3 arguments, not 1");
    refuse_filter("Title add 1 eq 2", "'add' does not take Edm.String and Edm.Int64");
    refuse_filter(
        "Comments/Body eq 'x'",
        "'Body' follows a collection; ask with 'any' or 'all', or count with '$count'",
    );
    for text in [
        "Comments eq null",
        "[Comments,Comments] eq null",
        "1 in Comments",
        "case(true:Comments) eq null",
        "cast(Comments,Edm.String) eq 'x'",
        "isof(Comments,Edm.String)",
        "length(Comments) eq 1",
        "hassubset(Comments,Comments)",
        "@c ne null&@c=Comments",
    ] {
        refuse_filter(text, "ask a collection with 'any' or count it with '$count'");
    }
    refuse_filter("Title/any(t:t eq 'x')", "'any' and 'all' follow a collection");
    refuse_filter(
        "Title has 'x'",
        "'has' takes two values of one enumeration, not Edm.String and Edm.String",
    );
    refuse_filter("isof(Id,Edm.Thing)", "there is no type 'Edm.Thing'");
}

#[test]
fn unknown_names_suggest_the_nearest() {
    refuse(
        "Tickets?$filter=Titl eq 'x'",
        "$filter names 'Titl', which 'Ticket' does not have; did you mean 'Title'?",
    );
    refuse(
        "Tickets?$filter=Requester/Emai eq 'x'",
        "$filter names 'Emai', which 'Customer' does not have; did you mean 'Email'?",
    );
    refuse(
        "Tickets?$orderby=Titl",
        "$orderby names 'Titl', which 'Ticket' does not have; did you mean 'Title'?",
    );
    refuse(
        "Tickets?$filter=contain(Title,'x')",
        "$filter cannot be used: there is no function 'contain'; did you mean 'contains'?",
    );
    refuse(
        "Tickets?$expand=Requestor",
        "$expand names 'Requestor', which 'Ticket' does not have; did you mean 'Requester'?",
    );
    refuse(
        "Tickets?$expand=Title",
        "$expand cannot be used: 'Title' is not a navigation property; it needs no expanding",
    );
    refuse(
        "Tickets?$filter=geo.length(Title) gt 1",
        "the function 'geo.length' is not implemented",
    );
}

#[test]
fn options_stand_only_where_they_mean_something() {
    refuse(
        "Tickets(7)?$filter=Id eq 7",
        "$filter cannot be used: a single entity does not take it",
    );
    refuse(
        "Tickets?$select=@a&@a=Id",
        "$select cannot be used: it takes names, not the alias '@a'",
    );
    accept("Tickets?$select=@Core.Description,Id");
    refuse("Tickets(7)?$top=1", "$top cannot be used: a single entity does not take it");
    refuse("Tickets/$count?$top=1", "$top cannot be used: '/$count' does not take it");
    refuse("Tickets(7)/Title?$select=Id", "$select cannot be used: this resource does not take it");
    refuse("Tickets(7)?$search=a", "$search cannot be used: a single entity does not take it");
    refuse(
        "Tickets?$expand=Requester($top=1)",
        "$expand cannot be used: $top needs a collection, this is one entity",
    );
    accept("Tickets?$expand=Comments($expand=Ticket($expand=Requester;$select=Id))");
    accept("Tickets?$expand=MergedInto($levels=3)");
    refuse(
        "Tickets?$expand=Comments($levels=max)",
        "$expand cannot be used: $levels needs a navigation property that leads from 'Ticket' to \
         'Ticket' again",
    );
    refuse(
        "Tickets?$expand=Comments,Comments",
        "$expand cannot be used: it names 'Comments' twice",
    );
    refuse("Tickets?$orderby=Tags", "'$orderby' does not fit: Collection(Edm.String) has no order");
    accept("Tickets/$count?$filter=Id gt 1");
    accept(
        "Tickets?$expand=Comments($filter=Id gt 1;$orderby=Id desc;$top=2;$skip=1;$count=true;$select=Body)",
    );
}

#[test]
fn aliases_cannot_run_away() {
    refuse("Tickets?$filter=@a&@a=not @a", "@a cannot be used: it contains itself");
    let doubling =
        (0..20).fold(String::new(), |all, n| format!("{all}&@a{n}=@a{m} or @a{m}", m = n + 1));
    refuse(
        &format!("Tickets?$filter=@a0&@a20=true{doubling}"),
        "$filter passes the limit 'query_aliases_max' of 1000",
    );
}

#[test]
fn a_shape_holds_what_was_selected() {
    let shape = |query: &str| ask(&AGENT, &format!("Tickets?{query}")).unwrap().1.unwrap().shape;
    let chosen = shape("$select=title,Id,Requester");
    assert_eq!(chosen.properties, [props::ticket::ID, props::ticket::TITLE]);
    assert!(chosen.is_selected && chosen.links.len() == 1 && chosen.expand.is_empty());
    let all = shape("$select=*&$expand=Comments");
    assert!(!all.is_selected && all.expand.len() == 1);
    assert_eq!(all.properties.len(), shape("").properties.len());
}

#[test]
fn a_property_as_an_option_is_refused_for_it_would_return_everything() {
    let hint = "there is no query option 'status'; did you mean '$filter=Status eq …'?";
    refuse("Tickets?status=Open", hint);
    refuse("Tickets/$count?status=Open", hint);
    accept("Tickets?api-version=1");
    accept("Tickets(1)?Status=Open");
}

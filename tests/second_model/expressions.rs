//! Expressions beyond comparisons, over the feed: variables, structures, time, aliases, chosen paths.

use warp::http::Method;

use crate::ask::Server;

fn ids(server: &Server, address: &str) -> Vec<i64> {
    let escapes = [("+", "%2B"), ("\"", "%22"), ("{", "%7B"), ("}", "%7D")];
    let escape = |text: String, (plain, escaped)| text.replace(plain, escaped);
    let json = server.json(&escapes.into_iter().fold(address.to_owned(), escape));
    json["value"].as_array().unwrap().iter().map(|row| row["Id"].as_i64().unwrap()).collect()
}

/// The ids a filter leaves among the first three products.
#[track_caller]
fn check(filter: &str, want: &[i64]) {
    let (filter, aliases) = filter.split_once('&').unwrap_or((filter, ""));
    let address = format!("/Products?$select=Id&{aliases}&$filter=Id le 3 and ({filter})");
    assert_eq!(ids(&Server::new(), &address), want, "{filter}");
}

#[test]
fn lambdas_nest_and_see_every_variable() {
    check(
        "Reviews/any() and Reviews/all(r:r/Product/Labels/any(l:l eq 'new' and r/Id le 3))",
        &[1],
    );
    check("Category/Products/any(p:p/Prices/all(q:q/Amount gt 10.1) and p/Id eq $it/Id)", &[1, 3]);
    check("Reviews/$count($filter=Id gt 1 and $it/Id eq 1) eq 1", &[1]);
    check("Reviews/$count($filter=$this/Id gt 1) eq 1", &[1]);
    check("Reviews/$filter(Id gt 1)/$count eq 1", &[1]);
    check("Reviews/any(r:r/Product eq $it)", &[1]);
    check("Labels/$count($filter=startswith($this,'n')) eq 1", &[1]);
    check("FormerSizes/$count($filter=isof(Shop.Box)) eq 1", &[1]);
}

#[test]
fn structures_are_compared_whole() {
    check("Size eq {\"@odata.type\":\"%23Shop.Box\",\"Width\":1,\"Height\":2,\"Depth\":3}", &[3]);
    check("Size eq @s&@s={\"@type\":\"%23Shop.Box\",\"Width\":1,\"Height\":2,\"Depth\":3}", &[3]);
    check(
        "FormerSizes/any(s:s eq {\"@type\":\"%23Shop.Box\",\"Width\":1,\"Height\":2,\"Depth\":3})",
        &[1],
    );
    check("Size ne {\"Width\":1,\"Height\":2}", &[1, 2, 3]);
    check("FormerSizes eq [{\"Width\":1}]", &[]);
    check("Labels eq ['new','a/b']", &[1]);
    check("Labels ne ['new']", &[1, 2, 3]);
    check("Labels eq []", &[2, 3]);
    check("Category eq $it/Category", &[1, 2, 3]);
    check("Category/Id in (null,2)", &[2, 3]);
    check("Uses in ('Home,Garden','Work')", &[1]);
    check("Sales in (7.0,2147483647.0,1e3)", &[1]);
}

#[test]
fn numbers_and_time_are_calculated_with() {
    check("Sales divby 2 eq 1073741823.5", &[1]);
    check("Sales mod 10 eq 7", &[1]);
    check("Sales add Sales gt 4294967293", &[1]);
    check("substring(Name,-3) eq 'ong' and substring(Name,-3,2) eq 'on'", &[3]);
    check("ReleasedAt sub 2024-02-29T12:00:00Z eq duration'PT30M0.5S'", &[1]);
    check("ReleasedAt add 'P1D' gt 2024-03-01T00:00:00Z", &[1]);
    check(
        "ReleasedOn add duration'P1D' eq 2024-03-01 and ReleasedOn sub 'P1D' eq 2024-02-28",
        &[1],
    );
    check("ReleasedOn sub 2024-02-28 eq duration'P1D'", &[1]);
    check("Warranty mul 2 gt 'P2DT4H' and Warranty div 2 lt 'PT14H'", &[1]);
    check("totalseconds(Warranty) eq 93784.5 and -Warranty lt duration'PT0S'", &[1]);
    check("case(Sales gt 5:'many',true:'few') eq 'many'", &[1]);
    check("cast(Sales,Edm.String) eq '2147483647' and cast('255',Edm.Byte) eq Shelf", &[1]);
}

#[test]
fn aliases_stand_for_any_expression() {
    check("@p/Name eq 'Light'&@p=Category", &[1]);
    check("@c/any(l:l eq 'new') and @c/$count eq 2&@c=Labels", &[1]);
    check("@a and not @b&@a=Id gt 1&@b=Id gt @m&@m=2", &[2]);
    check("Id in @l&@l=[1,3]", &[1, 3]);
    let json =
        Server::new().json("/Products(1)?$expand=Prices($filter=Amount gt @a;@a=10.6)&@a=99");
    assert_eq!(json["Prices"].as_array().unwrap().len(), 1);
}

#[test]
fn an_expansion_is_compared_with_what_it_belongs_to() {
    let server = Server::new();
    let amounts = |address: &str| -> Vec<f64> {
        let json = server.json(address);
        let row = json["value"].get(0).unwrap_or(&json);
        row["Prices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["Amount"].as_f64().unwrap())
            .collect()
    };
    let filter = "Prices($filter=Amount gt $it/Id mul 10 add 0.75)";
    assert_eq!(amounts(&format!("/Products?$top=1&$expand={filter}")), [11.0]);
    assert_eq!(amounts(&format!("/Products(1)?$expand={filter}")), [11.0]);
    let this = "Prices($filter=$this/Amount gt 10.6 and $it/Labels/any(l:l eq 'new'))";
    assert_eq!(amounts(&format!("/Products(1)?$expand={this}")), [11.0]);
    let order = "Prices($orderby=Amount mul (0 sub $it/Id))";
    assert_eq!(amounts(&format!("/Products(1)?$expand={order}")), [11.0, 10.5]);
}

#[test]
fn a_path_chooses_among_entities() {
    let server = Server::new();
    assert_eq!(server.get("/Products/$filter(Id le 3)/$count").body, "3");
    assert_eq!(server.get("/Products/$filter(Id le 3)/$count?$filter=Id ge 2").body, "2");
    assert_eq!(ids(&server, "/Products/$filter(@f)/$filter(Id ge 2)?@f=Id le 3"), [2, 3]);
    assert_eq!(server.get("/Categories(1)/Products/$filter(Id eq 1)/$count").body, "1");
    assert_eq!(server.json("/Products/$filter(Id le 3)/2")["Name"], "Nothing");
    assert_eq!(server.get("/Products/$filter(Id le 3)/7").status, 404);
    let first = server.json("/Products/$filter(Id gt 2)?$select=Id");
    let next = first["@odata.nextLink"].as_str().unwrap().split_once("/odata").unwrap().1;
    assert_eq!(ids(&server, next)[0], 13);
    let post = server.send(Method::POST, "/Products/$filter(Id le 3)", &[], "{}");
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(
        server.get("/Products/$filter(Margin gt 1)").error(),
        "400 UnknownProperty: $filter names 'Margin', which 'Product' does not have"
    );
}

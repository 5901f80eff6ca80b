//! Every route of the server and every credential that must not open it. The routes are those the
//! server declares of itself, so that a new one is knocked at without anybody writing so.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{collections::BTreeMap, path::Path, sync::Mutex, time::Duration};

use serde_json::{Value, json};
use support::{
    client::{Answer, Client},
    minted::{mint, rotate},
    people, run,
    server::Server,
    token,
};
use tessera::{
    auth::{Kind, PlainToken, Scopes, scope},
    http::routes::{self, Door, Need, Refusal, Route, Takes},
    model::{Model, Primitive, StructId, Type, Value as Default, Write, helpdesk},
};

/// Threads that knock at once.
const KNOCKERS: usize = 4;

/// A helpdesk with something in every set, and a server over it.
struct House {
    server: Server,
    dir: tempfile::TempDir,
    all: Client,
    /// `Tickets(1)`, or whatever else there is, by set and root.
    entities: BTreeMap<String, String>,
}

impl House {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = token(dir.path());
        let ada =
            ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role", "Agent"];
        run(dir.path(), &ada).ok();
        let server = Server::start(dir.path());
        let all = server.client(&secret);
        for title in ["Printer", "Projector"] {
            let ticket = json!({
                "Title": title, "Tags": ["hall"], "RequesterEmail": "rob@x.example",
                "Comments": [{"Body": "Smoke"}, {"Body": "To us", "IsInternal": true}],
            });
            all.post("/odata/Tickets", &ticket).expect(201);
        }
        all.post("/odata/Teams", &json!({"Name": "Hall"})).expect(201);
        all.post("/odata/TeamMembers", &json!({"TeamId": 1, "UserId": 1})).expect(201);
        let view = json!({"Name": "All", "EntitySet": "Tickets", "Query": "", "IsShared": true});
        all.post("/odata/SavedViews", &view).expect(201);
        all.delete("/odata/Tickets(2)").expect(204);
        let mut entities = BTreeMap::new();
        for (root, model) in models() {
            for set in model.sets.iter().filter(|set| !set.hidden) {
                let path = format!("{root}/{}?$top=1&$format=json;odata.metadata=full", set.name);
                let page = all.get(&path).expect(200).json();
                let id = page["value"][0]["@odata.id"].as_str();
                let id = id.map(|id| id.rsplit('/').next().unwrap().to_owned());
                entities.insert(format!("{root}/{}", set.name), id.unwrap_or_default());
            }
        }
        Self { server, dir, all, entities }
    }

    /// The address of a route, with keys of entities there are.
    fn address(&self, route: &Route) -> String {
        let mut address = String::new();
        let (root, rest) = match route.path.strip_prefix("/odata") {
            Some(rest) => ("/odata", rest),
            None => ("/api", route.path.strip_prefix("/api").unwrap_or_default()),
        };
        if !route.path.contains("(@") && !route.path.contains("=@") {
            return route
                .path
                .replace("(build)/(file)", "none")
                .replace("(file)", "")
                .replace("(id)", "1")
                // Else it would not end.
                .replace("/events", "/events?for_secs=0");
        }
        let mut segments = rest.trim_start_matches('/').split('/');
        let first = segments.next().unwrap();
        let set = format!("{root}/{}", first.split('(').next().unwrap());
        let known = self.entities[&set].as_str();
        address.push_str(root);
        address.push('/');
        address
            .push_str(if known.is_empty() { some_key(first) } else { known.to_owned() }.as_str());
        for segment in segments {
            address.push('/');
            address.push_str(&some_key(segment));
        }
        address
    }

    /// Everything that can be read, but for what the knocking itself leaves behind.
    fn contents(&self) -> String {
        let mut contents = String::new();
        for set in helpdesk().sets.iter().filter(|set| !set.hidden) {
            if !["AccessTokens", "AuditEvents"].contains(&set.name) {
                contents += &self.all.get(&format!("/odata/{}", set.name)).expect(200).body;
            }
        }
        contents
    }

    fn create(&self, scopes: Scopes, more: &[&str]) -> String {
        create(self.dir.path(), scopes, more)
    }
}

fn models() -> [(&'static str, &'static Model); 2] {
    [("/odata", helpdesk()), ("/api", tessera::http::dialects::tikit::model::tikit())]
}

fn create(dir: &Path, scopes: Scopes, more: &[&str]) -> String {
    let scopes = scopes.to_string();
    let args = ["token", "create", "--name", "t", "--role", "Administrator", "--scopes", &scopes];
    run(dir, &[&args[..], more].concat()).ok().trim().to_owned()
}

/// A segment with numbers for keys; texts are keys too in no set but of tags.
fn some_key(segment: &str) -> String {
    let Some((name, key)) = segment.split_once('(') else { return segment.to_owned() };
    if key == ")" {
        return segment.to_owned();
    }
    let pairs = key.trim_end_matches(')').split(',').map(|pair| match pair.split_once('=') {
        Some((name @ "Tag", _)) => format!("{name}='hall'"),
        Some((name, _)) => format!("{name}=1"),
        None => "1".to_owned(),
    });
    format!("{name}({})", pairs.collect::<Vec<_>>().join(","))
}

/// A body that would do what the route is for.
fn body(route: &Route) -> Option<Value> {
    match &route.takes {
        Takes::Nothing | Takes::Text => None,
        Takes::New(ty) => Some(entity(*ty, true)),
        Takes::Changes(ty) => Some(entity(*ty, false)),
        Takes::Value(Type::Collection(item)) => Some(json!({"value": [value(item)]})),
        Takes::Value(ty) => Some(json!({"value": value(ty)})),
        Takes::Parameters(action) => {
            let needed = helpdesk().action(*action).parameters.iter().filter(|it| !it.nullable);
            Some(needed.map(|it| (it.name.to_owned(), value(&it.ty))).collect())
        }
    }
}

fn entity(ty: StructId, is_new: bool) -> Value {
    let properties = helpdesk().structure(ty).properties.iter().filter(|property| {
        let is_needed = !property.nullable && property.default == Default::Null;
        match property.write {
            Write::Never => false,
            Write::OnCreate => is_new && is_needed,
            Write::Always => is_needed && !property.name.ends_with("Id"),
        }
    });
    properties.map(|property| (property.name.to_owned(), value(&property.ty))).collect()
}

fn value(ty: &Type) -> Value {
    match ty {
        Type::Primitive(Primitive::String) => json!("changed"),
        Type::Primitive(Primitive::Boolean) => json!(false),
        Type::Primitive(Primitive::DateTimeOffset) => json!("2026-11-21T22:00:00Z"),
        Type::Collection(_) => json!([]),
        Type::Primitive(_) | Type::Enum(_) | Type::Complex(_) => json!(1),
    }
}

/// What a route says to a client, with a body that would have worked.
fn knock(house: &House, client: &Client, route: &Route) -> Answer {
    let body = body(route);
    client.send(route.method, &house.address(route), &[], body.as_ref()).unwrap()
}

/// Knocks at all of them, several at once; what `wrong` finds, if it finds anything.
fn at_each<'a>(
    routes: &[&'a Route],
    wrong: impl Fn(&'a Route) -> Option<String> + Sync,
) -> Vec<String> {
    let (next, found) = (Mutex::new(routes.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..KNOCKERS {
            scope.spawn(|| {
                loop {
                    let Some(route) = next.lock().unwrap().next() else { break };
                    let what = wrong(route);
                    let name = |what| format!("{} {}: {what}", route.method, route.path);
                    found.lock().unwrap().extend(what.map(name));
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Nothing may be found.
#[track_caller]
fn none(wrong: &[String]) {
    let shown = wrong.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of them, such as\n{shown}", wrong.len());
}

/// The needs of routes that are not open to all.
fn needs(route: &Route) -> Option<&[Need]> {
    match &route.door {
        Door::Open | Door::Session => None,
        Door::Token(needs) => Some(needs),
    }
}

#[test]
fn no_route_opens_to_a_credential_that_does_not_hold() {
    let house = House::open();
    let expired = house.create(Scopes::all(), &["--expires", "1s"]);
    let revoked = house.create(Scopes::all(), &[]);
    let id = house.all.count("/odata/AccessTokens/$count").to_string();
    run(house.dir.path(), &["token", "revoke", &id]).ok();
    let unknown = PlainToken::mint(Kind::Admin, [7; 32]);
    let everything = json!({"Name": "t", "Role": "Administrator"});
    let former = mint(&house.all, &everything);
    rotate(&house.all, former.id, &json!({"OverlapHours": 0}));
    std::thread::sleep(Duration::from_millis(1_100));
    let (all, before) = (routes::all().unwrap(), house.contents());
    let closed: Vec<&Route> = all.iter().filter(|route| needs(route).is_some()).collect();
    assert!(closed.len() > 1_500, "{}", closed.len());
    for (secret, code) in [
        ("", "Unauthenticated"),
        ("tsr_admin_none", "InvalidToken"),
        (unknown.expose(), "InvalidToken"),
        (expired.as_str(), "TokenExpired"),
        (revoked.as_str(), "TokenRevoked"),
        (former.secret.as_str(), "TokenRotated"),
    ] {
        let client = house.server.client(secret);
        let told = client.get("/odata/Tickets(1)").expect(401);
        assert_eq!(told.code(), code);
        none(&at_each(&closed, |route| {
            let answer = knock(&house, &client, route);
            // The same to the letter everywhere: it tells of nothing behind the door.
            let same = route.method == "HEAD" || answer.body == told.body;
            let challenged = answer.headers.contains_key("www-authenticate");
            let right = answer.status == 401 && same && challenged;
            (!right).then(|| format!("{} {}", answer.status, answer.body))
        }));
    }
    assert_eq!(house.contents(), before);
}

#[test]
fn no_route_opens_to_a_token_from_where_it_does_not_work() {
    let house = House::open();
    let elsewhere = json!({
        "Name": "t", "Role": "Administrator", "AllowedAddresses": ["10.0.0.0/8", "2001:db8::/32"],
    });
    let client = house.server.client(&mint(&house.all, &elsewhere).secret);
    let (all, before) = (routes::all().unwrap(), house.contents());
    let closed: Vec<&Route> = all.iter().filter(|route| needs(route).is_some()).collect();
    let told = client.get("/odata/Tickets(1)").expect(403);
    assert_eq!(told.code(), "AddressNotAllowed");
    // Where it would work from is not told.
    assert!(told.body.contains("127.0.0.1") && !told.body.contains("10."), "{}", told.body);
    none(&at_each(&closed, |route| {
        let answer = knock(&house, &client, route);
        let right = answer.status == 403 && (route.method == "HEAD" || answer.body == told.body);
        (!right).then(|| format!("{} {}", answer.status, answer.body))
    }));
    assert_eq!(house.contents(), before);
}

#[test]
fn every_other_scope_there_is_does_not_make_up_for_the_one_that_is_missing() {
    let house = House::open();
    let tokens: BTreeMap<&str, Client> = scope::ALL
        .iter()
        .map(|missing| {
            let scopes = but_for(missing.name);
            (missing.name, house.server.client(&house.create(scopes, &[])))
        })
        .collect();
    let (all, before) = (routes::all().unwrap(), house.contents());
    let mut asked = 0;
    for missing in scope::ALL {
        let asks = |route: &&Route| {
            needs(route).is_some_and(|needs| needs.iter().any(|need| need.scope == missing.name))
        };
        let routes: Vec<&Route> = all.iter().filter(asks).collect();
        asked += routes.len();
        none(&at_each(&routes, |route| {
            let need = needs(route)?.iter().find(|need| need.scope == missing.name)?;
            // What is one's own can be read with less, so that must be missing too.
            let client = match need.or_own {
                None => &tokens[missing.name],
                Some(own) => &house
                    .server
                    .client(&house.create(but_for(missing.name).intersection(but_for(own)), &[])),
            };
            let answer = knock(&house, client, route);
            refused(route, need, &answer)
        }));
    }
    assert!(asked > 3_000, "{asked}");
    assert_eq!(house.contents(), before);
}

/// Every scope but that one and those that bring it along.
fn but_for(name: &str) -> Scopes {
    Scopes::filter(|scope| scope.name != name && scope.implies != Some(name))
}

/// What is wrong with a refusal.
fn refused(route: &Route, need: &Need, answer: &Answer) -> Option<String> {
    let (status, code) = match need.refusal {
        Refusal::Scope => (403, "InsufficientScope"),
        Refusal::Unknown => (404, "UnknownResource"),
    };
    let told = || match need.refusal {
        Refusal::Scope => answer.body.contains(&format!("'{}'", need.scope)),
        Refusal::Unknown => !answer.body.contains(need.scope),
    };
    let right =
        answer.status == status && (route.method == "HEAD" || (answer.code() == code && told()));
    (!right).then(|| format!("without {}: {} {}", need.scope, answer.status, answer.body))
}

#[test]
fn exactly_the_scopes_that_are_told_open_a_route_to_read() {
    let house = House::open();
    let all = routes::all().unwrap();
    let mut by_needs: BTreeMap<String, Vec<&Route>> = BTreeMap::new();
    for route in all.iter().filter(|route| ["GET", "HEAD"].contains(&route.method)) {
        let Some(needs) = needs(route) else { continue };
        let names: Vec<&str> = needs.iter().map(|need| need.scope).collect();
        by_needs.entry(names.join(",")).or_default().push(route);
    }
    for (names, routes) in by_needs {
        // A token opens something, if only the figures.
        let scopes = if names.is_empty() { "mail:send" } else { names.as_str() };
        let client = house.server.client(&house.create(scopes.parse().unwrap(), &[]));
        none(&at_each(&routes, |route| {
            let answer = knock(&house, &client, route);
            let closed = [401, 403].contains(&answer.status)
                || (answer.status == 404 && answer.body.contains("UnknownResource"));
            closed.then(|| format!("with {names}: {} {}", answer.status, answer.body))
        }));
    }
}

#[test]
fn what_is_open_to_all_asks_for_nothing() {
    let house = House::open();
    let all = routes::all().unwrap();
    let open: Vec<&Route> = all.iter().filter(|route| route.door == Door::Open).collect();
    let client = house.server.client("");
    none(&at_each(&open, |route| {
        let answer = knock(&house, &client, route);
        [401, 403].contains(&answer.status).then(|| answer.status.to_string())
    }));
}

#[test]
fn nothing_of_a_session_is_there_without_its_cookie() {
    let house = House::open();
    let ada = people::somebody(&house.server, house.dir.path(), "Bob", "Administrator");
    let client = house.server.client("");
    client.by(&ada, "DELETE", "/session", None).expect(204);
    let all = routes::all().unwrap();
    let of_session: Vec<&Route> = all.iter().filter(|route| route.door == Door::Session).collect();
    assert!(of_session.len() > 7, "{}", of_session.len());
    for cookie in ["a=1", "tessera=tss_none", ada.as_str()] {
        none(&at_each(&of_session, |route| {
            let body = Some(json!({"Password": "x"})).filter(|_| route.method == "POST");
            let answer = client.by(cookie, route.method, &house.address(route), body.as_ref());
            let want = if cookie == "a=1" { "Unauthenticated" } else { "SessionEnded" };
            let right = answer.status == 401 && (route.method == "HEAD" || answer.code() == want);
            (!right).then(|| format!("{cookie}: {} {}", answer.status, answer.body))
        }));
    }
}

#[test]
fn no_route_that_changes_something_opens_to_a_page_of_another_site() {
    let house = House::open();
    let bob = people::somebody(&house.server, house.dir.path(), "Bob", "Administrator");
    let client = house.server.client("");
    let (all, before) = (routes::all().unwrap(), house.contents());
    let is_safe = |route: &Route| ["GET", "HEAD"].contains(&route.method);
    let unsafe_ones: Vec<&Route> = all.iter().filter(|route| !is_safe(route)).collect();
    assert!(unsafe_ones.len() > 300, "{}", unsafe_ones.len());
    none(&at_each(&unsafe_ones, |route| {
        let headers = [("cookie", bob.as_str()), ("sec-fetch-site", "cross-site")];
        let answer =
            client.send(route.method, &house.address(route), &headers, body(route).as_ref());
        let answer = answer.unwrap();
        let right = answer.status == 403 && answer.code() == "CrossSiteRequest";
        (!right).then(|| format!("{} {}", answer.status, answer.body))
    }));
    assert_eq!(house.contents(), before);
    client.by(&bob, "GET", "/session", None).expect(200);
}

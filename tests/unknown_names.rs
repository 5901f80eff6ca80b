//! What a caller may not read is no name for it: naming it in any option, path or body fails exactly
//! as a name that does not exist. The names are those the model declares.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{collections::BTreeMap, path::Path};

use regex::Regex;
use serde_json::{Value, json};
use support::{
    client::{Answer, Client, encode},
    run,
    server::Server,
    token,
};
use tessera::{
    auth::{Scopes, scope},
    http::dialects::tikit::model::tikit,
    model::{EntitySet, Model, Relation, StructType, helpdesk},
};

/// A name that is not for everybody.
struct Secret {
    /// The set whose type has it.
    set: &'static EntitySet,
    name: &'static str,
    /// Who holds this may name it; nobody may if there is none.
    scope: Option<&'static str>,
    /// The set it leads to, if it is a navigation property.
    leads_to: Option<&'static str>,
}

/// Everything in a model that is not for everybody who may read the set it is in.
fn secrets(model: &'static Model) -> Vec<Secret> {
    let mut found = Vec::new();
    for set in model.sets.iter().filter(|set| !set.hidden) {
        let structure = model.structure(set.ty);
        for property in &structure.properties {
            if property.hidden || property.scope.is_some() {
                let scope = if property.hidden { None } else { property.scope };
                found.push(Secret { set, name: property.name, scope, leads_to: None });
            }
        }
        for navigation in &structure.navigations {
            let there = model.set(model.target(navigation).unwrap());
            if there.scopes.read != set.scopes.read && there.scopes.read_own.is_none() {
                let (name, scope) = (navigation.name, Some(there.scopes.read));
                found.push(Secret { set, name, scope, leads_to: Some(there.name) });
            }
        }
    }
    found
}

/// Navigation that leads to `set`: from which set, by which name, and whether to many.
fn ways_to(
    model: &'static Model,
    set: &EntitySet,
) -> Vec<(&'static EntitySet, &'static str, bool)> {
    let mut ways = Vec::new();
    for from in model.sets.iter().filter(|from| !from.hidden) {
        for navigation in &model.structure(from.ty).navigations {
            if navigation.target == set.name {
                let to_many = matches!(navigation.relation, Relation::Children { .. });
                ways.push((from, navigation.name, to_many));
            }
        }
    }
    ways
}

/// Where a name goes in what is asked.
const NAME: &str = "NAME";

/// Everything after the set with which a query can name something of it.
fn namings() -> Vec<String> {
    [
        "$select=NAME",
        "$select=*,NAME",
        "$select=NAME/Name",
        "$filter=NAME eq null",
        "$filter=null ne NAME",
        "$filter=contains(NAME,'a')",
        "$filter=startswith(tolower(NAME),'a') or true",
        "$filter=length(NAME) gt 1",
        "$filter=NAME in ('a','b')",
        "$filter=NAME/Name eq 'a'",
        "$filter=NAME/any(x:x eq 'a')",
        "$filter=NAME/any()",
        "$filter=NAME/all(x:x/Name eq 'a')",
        "$filter=NAME/$count gt 0",
        "$filter=NAME/$count($filter=Id eq 1) gt 0",
        "$filter=not (NAME eq 'a')",
        "$filter=$it/NAME eq 'a'",
        "$filter=@p eq 1&@p=NAME",
        "$orderby=NAME",
        "$orderby=NAME desc,Id",
        "$orderby=NAME/$count",
        "$orderby=NAME/Name",
        "$expand=NAME",
        "$expand=NAME($select=Id)",
        "$expand=NAME($count=true)",
        "$expand=NAME/$count",
        "$expand=NAME/$ref",
        "$compute=NAME as Y",
        "$compute=length(NAME) as Y&$select=Y",
        "$apply=groupby((NAME))",
        "$apply=aggregate(NAME with countdistinct as Y)",
        "$apply=filter(NAME eq 'a')",
        "$search=NAME",
        "NAME=a",
        "$skiptoken=NAME",
    ]
    .iter()
    .map(|form| format!("?{form}"))
    .collect()
}

/// The same through a navigation property `by` of another set.
fn namings_through(by: &str, to_many: bool) -> Vec<String> {
    let mut forms = vec![
        format!("?$expand={by}($select=NAME)"),
        format!("?$expand={by}($expand=NAME)"),
        format!("?$select=Id&$expand={by}($select=Id;$expand=NAME($select=Id))"),
    ];
    if to_many {
        forms.extend([
            format!("?$expand={by}($filter=NAME eq null)"),
            format!("?$expand={by}($orderby=NAME)"),
            format!("?$filter={by}/any(x:x/NAME eq null)"),
            format!("?$filter={by}/all(x:contains(x/NAME,'a'))"),
            format!("?$filter={by}/$count($filter=NAME eq null) gt 0"),
            format!("?$orderby={by}/$count($filter=NAME eq null)"),
            format!("(1)/{by}?$filter=NAME eq null"),
            format!("(1)/{by}?$select=NAME"),
            format!("(1)/{by}/$count?$filter=NAME eq null"),
        ]);
    } else {
        forms.extend([
            format!("?$filter={by}/NAME eq null"),
            format!("?$orderby={by}/NAME"),
            format!("?$select={by}/NAME"),
            format!("(1)/{by}/NAME"),
            format!("(1)/{by}?$select=NAME"),
        ]);
    }
    forms
}

/// Ways to name it in a path below an entity.
fn paths() -> Vec<String> {
    [
        "(1)/NAME",
        "(1)/NAME/$value",
        "(1)/NAME/$count",
        "(1)/NAME(1)",
        "(1)/NAME/$ref",
        "(1)/NAME/Name",
        "/NAME",
    ]
    .iter()
    .map(|form| (*form).to_owned())
    .collect()
}

/// Who may read everything but for what a scope is for.
struct Callers {
    server: Server,
    dir: tempfile::TempDir,
    all: Client,
    known: BTreeMap<Option<&'static str>, Client>,
}

impl Callers {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = token(dir.path());
        let server = Server::start(dir.path());
        let ticket = json!({"Title": "a", "RequesterEmail": "rob@x.example", "Tags": ["b"],
            "Comments": [{"Body": "c"}]});
        let all = server.client(&secret);
        all.post("/odata/Tickets", &ticket).expect(201);
        Self { server, dir, all, known: BTreeMap::new() }
    }

    /// Whether it is none for who may do everything either.
    fn is_no_address(&self, address: &str) -> bool {
        let answer = self.all.get(&escaped(address));
        answer.status >= 400 && answer.code() != "NotFound"
    }

    fn without(&mut self, scope: Option<&'static str>) -> Client {
        let (server, dir) = (&self.server, self.dir.path());
        self.known.entry(scope).or_insert_with(|| server.client(&all_but(dir, scope))).clone()
    }
}

fn all_but(dir: &Path, missing: Option<&str>) -> String {
    let is_held = |held: &scope::Scope| {
        missing != Some(held.name) && held.implies.is_none_or(|n| Some(n) != missing)
    };
    let scopes = Scopes::filter(is_held).to_string();
    let args = ["token", "create", "--name", "t", "--role", "Administrator", "--scopes", &scopes];
    run(dir, &args).ok().trim().to_owned()
}

/// A name nobody declared, as long as another so that places in texts are the same.
fn nobodys(name: &str) -> String {
    "Xqzwvkjh".chars().cycle().take(name.len()).collect()
}

/// What an answer says, with the name it speaks of and a suggestion taken out.
fn told(answer: &Answer, name: &str) -> String {
    if answer.status < 300 {
        return format!("{} {}", answer.status, answer.body);
    }
    let suggestion = Regex::new("; did you mean '[^']*'\\?").unwrap();
    let body = suggestion.replace_all(&answer.body, "");
    format!("{} {}", answer.status, body.replace(name, "NAME"))
}

/// What differs between an answer that may know a name and one that cannot.
#[derive(Default)]
struct Differences {
    found: Vec<String>,
    asked: usize,
}

impl Differences {
    /// Asks for an address by a name, and by one that nobody declared.
    fn get(&mut self, client: &Client, name: &str, address: &str) {
        self.compare(name, address, |address| client.get(&escaped(address)));
    }

    /// Sends a body with a name, and one with a name that nobody declared.
    fn send(&mut self, client: &Client, name: &str, (method, address): (&str, &str), body: &str) {
        self.compare(name, body, |body| {
            let body: Value = serde_json::from_str(body).unwrap();
            client.send(method, address, &[], Some(&body)).unwrap()
        });
    }

    fn compare(&mut self, name: &str, form: &str, ask: impl Fn(&str) -> Answer) {
        let (nobodys, asked) = (nobodys(name), form.replace(NAME, name));
        let other = form.replace(NAME, &nobodys);
        assert_ne!(other, asked, "{name}");
        self.asked += 1;
        // How tokens were used is written down beside this, so that a list of them may change between
        // the two; what is told of a name stays different.
        let differs = || {
            let (got, want) = (told(&ask(&asked), name), told(&ask(&other), &nobodys));
            (got != want).then(|| format!("{asked}\n  {got}\n  {want}"))
        };
        if let Some(found) = differs().and_then(|_| differs()) {
            self.found.push(found);
        }
    }

    /// There must be none, of this many at least.
    #[track_caller]
    fn none(self, of: usize) {
        let shown = self.found.iter().take(12).map(String::as_str).collect::<Vec<_>>().join("\n");
        assert!(self.found.is_empty(), "{} differ, such as\n{shown}", self.found.len());
        assert!(self.asked >= of, "{}", self.asked);
    }
}

/// A target with everything escaped that a client escapes.
fn escaped(address: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let options: Vec<String> = query
        .split('&')
        .map(|option| {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            if option.is_empty() { String::new() } else { format!("{name}={}", encode(value)) }
        })
        .collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", options.join("&")) }
}

fn differences(root: &str, model: &'static Model, differences: &mut Differences) {
    let mut callers = Callers::new();
    for secret in secrets(model) {
        let client = callers.without(secret.scope);
        let set = format!("{root}/{}", secret.set.name);
        for name in [secret.name.to_owned(), secret.name.to_lowercase()] {
            let own = namings().into_iter().chain(paths());
            let mut forms: Vec<String> = own.map(|form| format!("{set}{form}")).collect();
            for (from, by, to_many) in ways_to(model, secret.set) {
                if secret.scope != Some(from.scopes.read) {
                    let through = namings_through(by, to_many).into_iter();
                    forms.extend(through.map(|form| format!("{root}/{}{form}", from.name)));
                }
            }
            // Which addresses there are is no secret: what is wrong with one is told to everybody.
            let is_none = |form: &str| {
                let of_path = form.split('?').next().unwrap().contains(NAME);
                of_path
                    && secret.scope.is_some()
                    && callers.is_no_address(&form.replace(NAME, &name))
            };
            for form in forms.iter().filter(|form| !is_none(form)) {
                differences.get(&client, &name, form);
            }
            // Who may create need not be able to read, so that a body may say what the new has behind it.
            if secret.leads_to.is_none() {
                for body in
                    [r#"{"NAME":null}"#, r#"{"NAME":"a"}"#, r#"{"NAME@odata.bind":"Users(1)"}"#]
                {
                    differences.send(&client, &name, ("POST", &set), body);
                    differences.send(&client, &name, ("PATCH", &format!("{set}(1)")), body);
                    differences.send(&client, &name, ("PUT", &format!("{set}(1)")), body);
                }
            }
        }
    }
}

#[test]
fn a_link_does_not_tell_whether_there_is_what_one_may_not_read() {
    let mut callers = Callers::new();
    for secret in secrets(helpdesk()) {
        let Some(target) = secret.leads_to else { continue };
        let client = callers.without(secret.scope);
        let address = format!("/odata/{}(1)", secret.set.name);
        let mut told = Vec::new();
        for key in ["1", "99", "Email='rob@x.example'", "Email='ben@x.example'"] {
            let link = format!("{}@odata.bind", secret.name);
            let body = json!({ link: format!("{target}({key})") });
            let answer = client.send("PATCH", &address, &[], Some(&body)).unwrap();
            assert!(answer.status >= 400, "{address} {body}: {}", answer.body);
            told.push(answer.body);
        }
        assert!(told.iter().all(|body| *body == told[0]), "{address} {}: {told:?}", secret.name);
    }
}

#[test]
fn a_name_one_may_not_read_fails_like_a_name_nobody_declared() {
    let mut found = Differences::default();
    differences("/odata", helpdesk(), &mut found);
    found.none(2_000);
}

#[test]
fn so_does_one_of_another_api() {
    let mut found = Differences::default();
    differences("/api", tikit(), &mut found);
    found.none(500);
}

#[test]
fn a_suggestion_never_tells_of_a_name_one_may_not_read() {
    let mut callers = Callers::new();
    for secret in secrets(helpdesk()) {
        let client = callers.without(secret.scope);
        let set = format!("/odata/{}", secret.set.name);
        let near = &secret.name[..secret.name.len() - 1];
        // Which addresses there are is no secret and told to everybody, but what is hidden has none.
        let paths = if secret.scope.is_none() { paths() } else { Vec::new() };
        for form in namings().into_iter().chain(paths) {
            let form = form.replace(NAME, near);
            let answer = client.get(&escaped(&format!("{set}{form}")));
            let suggestion = format!("did you mean '{}'", secret.name);
            assert!(!answer.body.contains(&suggestion), "{set}{form}: {}", answer.body);
        }
    }
}

#[test]
fn a_set_that_only_the_product_uses_fails_like_one_nobody_declared() {
    let (mut callers, mut found) = (Callers::new(), Differences::default());
    let client = callers.without(None);
    let metadata = client.get("/odata/$metadata").expect(200).body;
    let service = client.get("/odata/").expect(200).body;
    let hidden: Vec<&EntitySet> = helpdesk().sets.iter().filter(|set| set.hidden).collect();
    assert!(!hidden.is_empty());
    for set in hidden {
        for form in ["NAME", "NAME(1)", "NAME/$count", "NAME/1", "NAME(1)/Id", "Tickets(1)/NAME"] {
            let form = format!("/odata/{form}");
            found.get(&client, set.name, &form);
            for method in ["POST", "PATCH", "PUT", "DELETE"] {
                found.compare(set.name, &form, |path| {
                    client.send(method, path, &[], Some(&json!({}))).unwrap()
                });
            }
        }
        let structure: &StructType = helpdesk().structure(set.ty);
        for form in [
            "?$filter=isof(Tessera.NAME)",
            "?$filter=isof($it,Tessera.NAME)",
            "?$filter=cast($it,Tessera.NAME)/Id eq 1",
            "?$filter=Tessera.NAME/Id eq 1",
            "?$select=Tessera.NAME/Id",
            "?$expand=Tessera.NAME/Owner",
            "?$orderby=Tessera.NAME/Id",
            "/Tessera.NAME",
            "/Tessera.NAME/$count",
            "(1)/Tessera.NAME",
            "(1)/Tessera.NAME/Id",
        ] {
            found.get(&client, structure.name, &format!("/odata/Tickets{form}"));
        }
        let typed = "{\"@odata.type\":\"#Tessera.NAME\",\"Title\":\"a\"}";
        found.send(&client, structure.name, ("POST", "/odata/Tickets"), typed);
        for page in [&metadata, &service] {
            for name in [set.name, structure.name] {
                assert!(!page.contains(&format!("\"{name}\"")), "{name} is told");
            }
        }
    }
    found.none(200);
}

//! Access tokens over HTTP: made, changed, rotated, ended, and what each is told.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use support::{client::Client, run, server::Server, token};

struct House {
    server: Server,
    all: Client,
    dir: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = token(dir.path());
        let ada = ["user", "create", "--name", "Ada", "--email", "ada@x.example", "--role"];
        run(dir.path(), &[&ada[..], &["Agent"]].concat()).ok();
        let server = Server::start(dir.path());
        let all = server.client(&secret);
        Self { server, all, dir }
    }

    /// A token as the feed makes it: its id and a client with it.
    fn mint(&self, by: &Client, wish: &Value) -> (i64, Client) {
        let minted = by.post(MINT, wish).expect(200);
        assert_eq!(minted.header("cache-control"), "no-store");
        let minted = minted.json();
        let secret = minted["Secret"].as_str().unwrap();
        assert!(secret.starts_with(minted["KeyPrefix"].as_str().unwrap()));
        (minted["Id"].as_i64().unwrap(), self.server.client(secret))
    }
}

const MINT: &str = "/odata/AccessTokens/Tessera.Mint";

#[test]
fn a_token_lives_its_life_over_http() {
    let house = House::open();
    let wish = json!({
        "Name": "figures", "Purpose": "Power BI", "Role": "Agent",
        "Scopes": ["tickets:read", "tokens:mint"], "ExpiresDate": "2099-01-01",
    });
    let late = house.all.post(MINT, &wish).expect(403);
    assert_eq!(late.code(), "PolicyForbids");
    let mut wish = wish;
    wish.as_object_mut().unwrap().remove("ExpiresDate");
    let (id, client) = house.mint(&house.all, &wish);
    let path = format!("/odata/AccessTokens({id})");
    let row = house.all.get(&path).expect(200).json();
    for (name, want) in [
        ("State", json!("active")),
        ("OwnerName", json!("System")),
        ("ParentId", json!(1)),
        ("EffectiveScopes", json!(["tickets:read", "tokens:mint"])),
        ("AllowedAddresses", json!([])),
        ("UseCount", json!(0)),
    ] {
        assert_eq!(row[name], want, "{name}: {row}");
    }
    assert!(row.get("Hash").is_none() && row.get("FullExpiresDateTime").is_none());
    client.get("/odata/Tickets").expect(200);
    let narrow = json!({"Scopes": ["tickets:read"], "Name": "less"});
    house.all.patch(&path, &narrow).expect(200);
    client.get("/odata/AccessTokens").expect(403);
    let rotated = house.all.post(&format!("{path}/Tessera.Rotate"), &json!({"OverlapHours": 0}));
    let rotated = rotated.expect(200).json();
    assert_eq!(client.get("/odata/Tickets").expect(401).code(), "TokenRotated");
    let client = house.server.client(rotated["Secret"].as_str().unwrap());
    client.get("/odata/Tickets").expect(200);
    let revoked = house.all.post(&format!("{path}/Tessera.Revoke"), &json!({})).expect(200).json();
    assert_eq!(revoked["State"], "revoked");
    assert_eq!(client.get("/odata/Tickets").expect(401).code(), "TokenRevoked");
    house.all.delete(&path).expect(204);
    assert_eq!(client.get("/odata/Tickets").expect(401).code(), "InvalidToken");
    house.all.get(&path).expect(404);
}

#[test]
fn any_token_ends_itself_and_nobody_gets_a_secret_twice() {
    let house = House::open();
    let (_, client) = house.mint(&house.all, &json!({"Name": "x", "Role": "ReadOnlyAgent"}));
    client.post("/odata/AccessTokens/Tessera.RevokeThis", &json!({})).expect(204);
    assert_eq!(client.get("/odata/Tickets").expect(401).code(), "TokenRevoked");
    let key = [("Idempotency-Key", "once")];
    let wish = json!({"Name": "y", "Role": "ReadOnlyAgent"});
    let ask = || house.all.send("POST", MINT, &key, Some(&wish)).unwrap();
    ask().expect(200);
    let again = ask().expect(409);
    assert_eq!(again.code(), "SecretAlreadyShown");
    assert!(!again.body.contains("tsr_"), "{}", again.body);
}

#[test]
fn what_has_ended_is_looked_at_and_then_removed() {
    let house = House::open();
    for name in ["a", "b"] {
        let (id, _) = house.mint(&house.all, &json!({"Name": name, "Role": "Agent"}));
        house.all.post(&format!("/odata/AccessTokens({id})/Revoke"), &json!({})).expect(200);
    }
    let remove = |body: Value| house.all.post("/odata/AccessTokens/RemoveExpired", &body);
    let preview = remove(json!({"Preview": true})).expect(200).json();
    assert_eq!(
        (&preview["Count"], &preview["Ids"], &preview["Names"], &preview["IsPreview"]),
        (&json!(2), &json!([2, 3]), &json!(["a", "b"]), &json!(true))
    );
    let refused = remove(json!({"ExpectedCount": 1})).expect(409);
    assert!(refused.body.contains("2 have ended"), "{}", refused.body);
    remove(json!({"ExpectedCount": 2})).expect(200);
    assert_eq!(house.all.count("/odata/AccessTokens/$count"), 1);
}

#[test]
fn a_list_of_addresses_is_tried_before_it_shuts_anybody_out() {
    let house = House::open();
    let check = |list: Value| {
        let body = json!({"AllowedAddresses": list});
        house.all.post("/odata/AccessTokens/Tessera.CheckAddresses", &body)
    };
    let told = check(json!(["10.0.0.0/8", "::ffff:192.0.2.1"])).expect(200).json();
    assert_eq!(told["AllowedAddresses"], json!(["10.0.0.0/8", "192.0.2.1"]));
    assert_eq!((&told["Address"], &told["WouldDeny"]), (&json!("127.0.0.1"), &json!(true)));
    assert_eq!(check(json!(["127.0.0.1"])).expect(200).json()["WouldDeny"], false);
    let bad = check(json!(["10.0.0.1/8"])).expect(400);
    assert!(bad.body.contains("10.0.0.0/8 or 10.0.0.1"), "{}", bad.body);
    let wish = json!({"Name": "x", "Role": "Agent", "AllowedAddresses": ["10.0.0.0/8"]});
    let (_, elsewhere) = house.mint(&house.all, &wish);
    let refused = elsewhere.get("/odata/Tickets").expect(403);
    assert_eq!(refused.code(), "AddressNotAllowed");
    assert!(refused.body.contains("127.0.0.1"), "{}", refused.body);
}

#[test]
fn agents_rule_their_own_tokens_and_see_no_others() {
    let house = House::open();
    let secret = run(
        house.dir.path(),
        &["token", "create", "--name", "hers", "--owner", "ada@x.example", "--purpose", "phone"],
    )
    .ok();
    let ada = house.server.client(secret.trim());
    let (id, child) = house.mint(&ada, &json!({"Name": "child", "Role": "ReadOnlyAgent"}));
    assert_eq!(ada.count("/odata/AccessTokens/$count"), 2);
    ada.patch(&format!("/odata/AccessTokens({id})"), &json!({"Name": "renamed"})).expect(200);
    ada.patch("/odata/AccessTokens(1)", &json!({"Name": "mine"})).expect(404);
    ada.post("/odata/AccessTokens(1)/Revoke", &json!({})).expect(404);
    assert_eq!(
        ada.post(MINT, &json!({"Name": "x", "Role": "Administrator"})).expect(403).code(),
        "ExceedsRights"
    );
    ada.delete(&format!("/odata/AccessTokens({id})")).expect(204);
    child.get("/odata/Tickets").expect(401);
    let shown = run(house.dir.path(), &["token", "show", "2"]).ok();
    assert!(shown.contains("Purpose              phone"), "{shown}");
    let new = run(house.dir.path(), &["token", "rotate", "2", "--overlap", "1h"]).ok();
    house.server.client(new.trim()).get("/odata/Tickets").expect(200);
    ada.get("/odata/Tickets").expect(200);
    assert!(run(house.dir.path(), &["token", "list"]).ok().contains(" rotating "));
    // By how the secret begins too; of a whole one no more is told on.
    let shown = run(house.dir.path(), &["token", "show", new.trim()]).ok();
    assert!(
        shown.contains("State                rotating") && !shown.contains(new.trim()),
        "{shown}"
    );
    let former = run(house.dir.path(), &["token", "show", secret.trim()]);
    let want = format!(
        "there is no AccessToken whose secret begins with '{}'",
        &secret[..secret.len() - 44]
    );
    assert!(former.err.contains(&want), "{}", former.err);
    run(house.dir.path(), &["token", "delete", &new[..new.trim().len() - 43]]).ok();
    ada.get("/odata/Tickets").expect(401);
}

#[test]
fn the_policy_of_a_workspace_holds_from_the_next_request_on() {
    let house = House::open();
    let (_, client) = house.mint(&house.all, &json!({"Name": "x", "Role": "ReadOnlyAgent"}));
    let set = |body: Value| house.all.patch("/odata/TokenPolicies(1)", &body);
    set(json!({"ScopesNeedingAddresses": ["customers:read"]})).expect(200);
    client.get("/odata/Tickets").expect(200);
    assert_eq!(client.get("/odata/Customers").expect(403).code(), "InsufficientScope");
    set(json!({"LifetimeMaxHours": 2, "ScopesNeedingAddresses": []})).expect(200);
    let minted = house.all.post(MINT, &json!({"Name": "y", "Role": "Agent"})).expect(200).json();
    let ends: tessera::time::Timestamp =
        minted["ExpiresDateTime"].as_str().unwrap().parse().unwrap();
    let now = tessera::time::Clock::Real.now();
    assert!(ends.micros() - now.micros() <= 2 * 3_600_000_000);
    assert_eq!(set(json!({"OnRetiredSecret": "Shrug"})).expect(400).code(), "InvalidValue");
    assert_eq!(
        house.all.delete("/odata/TokenPolicies(1)").expect(405).header("allow"),
        "GET, HEAD, PATCH, PUT"
    );
}

#[test]
fn a_token_in_the_address_reads_where_the_policy_lets_it_and_no_link_repeats_it() {
    let house = House::open();
    for title in ["a", "b", "c"] {
        house.all.post("/odata/Tickets", &json!({"Title": title})).expect(201);
    }
    let (_, reads) = house.mint(&house.all, &json!({"Name": "r", "Role": "ReadOnlyAgent"}));
    let (_, writes) = house.mint(&house.all, &json!({"Name": "w", "Role": "Agent"}));
    let nobody = house.server.client("");
    let address = |token: &str| format!("/odata/Tickets?$top=2&access_token={token}&$count=true");
    let refused = |client: &Client, path: &str| {
        let answer = client.get(path).expect(400);
        assert_eq!(answer.code(), "TokenInQuery");
        assert!(!answer.body.contains("tsr_"), "{}", answer.body);
    };
    refused(&nobody, &address(reads.token()));
    let set = |allow: bool| {
        let body = json!({"AllowTokenInAddress": allow});
        house.all.patch("/odata/TokenPolicies(1)", &body).expect(200);
    };
    set(true);
    let page = nobody.get(&address(reads.token())).expect(200);
    assert!(!page.body.contains("tsr_") && page.json()["@odata.count"] == 3, "{}", page.body);
    refused(&nobody, &address(writes.token()));
    refused(&house.all, &address(reads.token()));
    refused(&nobody, &format!("{}&access_token=x", address(reads.token())));
    refused(&nobody, &format!("/odata/Tickets?token={}", reads.token()));
    refused(&nobody, &format!("/odata/Tickets?apikey={0}&access_token={0}", reads.token()));
    let metrics = nobody.get(&format!("/metrics?access_token={}", reads.token())).expect(400);
    assert_eq!(metrics.code(), "TokenInQuery");
    let post = nobody.post(&address(reads.token()).replace("$top=2&", ""), &json!({"Title": "x"}));
    assert_eq!(post.expect(400).code(), "TokenInQuery");
    // What continues a page is followed with the token put behind it.
    let sized = format!("/odata/Tickets?access_token={}", reads.token());
    let page = nobody.send("GET", &sized, &[("Prefer", "maxpagesize=2")], None).unwrap();
    let next = page.expect(200).json()["@odata.nextLink"].as_str().unwrap().to_owned();
    assert!(!next.contains("tsr_") && !next.contains("access_token"), "{next}");
    let next = next.split_once("/odata/").unwrap().1.to_owned();
    let rest = nobody.get(&format!("/odata/{next}&access_token={}", reads.token())).expect(200);
    assert_eq!(rest.json()["value"].as_array().unwrap().len(), 1);
    set(false);
    refused(&nobody, &address(reads.token()));
}

//! Requests whose last byte is held back until whoever sent them has lost their rights: nothing comes of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};
use support::{
    minted::{Minted, mint, rotate},
    people::{sign_in, somebody, user},
    server::Server,
    token,
};

/// A request of which everything but the last byte was sent.
struct Held {
    stream: TcpStream,
    last: [u8; 1],
}

impl Held {
    /// Sends what comes before the last byte. The server has then let it in: it asks for the body.
    #[track_caller]
    fn new(server: &Server, who: &str, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        let (body, last) = body.as_bytes().split_at(body.len() - 1);
        let length = body.len() + 1;
        let mut stream = server.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: desk\r\n{who}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(String::from_utf8_lossy(&go_on), "HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body).unwrap();
        Self { stream, last: [last[0]] }
    }

    /// Sends the last byte; the status and the code of the answer.
    #[track_caller]
    fn finish(mut self) -> String {
        self.stream.write_all(&self.last).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap();
        let code = serde_json::from_str::<Value>(body.trim()).ok();
        let code = code.as_ref().and_then(|body| body["error"]["code"].as_str()).unwrap_or("-");
        format!("{status} {code}")
    }
}

fn bearer(token: &Minted) -> String {
    format!("Authorization: Bearer {}", token.secret)
}

/// How many users and tokens there are.
fn made(server: &Server, secret: &str) -> [String; 2] {
    let all = server.client(secret);
    ["Users", "AccessTokens"].map(|set| all.get(&format!("/odata/{set}/$count")).ok().body)
}

#[test]
fn what_was_held_back_until_its_sender_lost_their_rights_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let secret = token(dir.path());
    let server = Server::start(dir.path());
    let all = server.client(&secret);
    let by_session = |name: &str| format!("Cookie: {}", sign_in(&server, name));
    let ann = user(dir.path(), "Ann", "Administrator");
    somebody(&server, dir.path(), "Bob", "Administrator");
    somebody(&server, dir.path(), "Cid", "Administrator");
    user(dir.path(), "Dee", "Administrator");
    let wish = json!({"Name": "t", "Role": "Administrator"});
    let [revoked, narrowed, rotated] = [(); 3].map(|()| mint(&all, &wish));
    let of_ann = mint(&all, &json!({"Name": "t", "Role": "Administrator", "OwnerId": ann}));
    let callers = [
        (bearer(&revoked), "401 TokenRevoked"),
        (bearer(&narrowed), "403 InsufficientScope"),
        (bearer(&rotated), "401 TokenRotated"),
        (bearer(&of_ann), "403 InsufficientScope"),
        (by_session("Bob"), "401 SessionEnded"),
        (by_session("Cid"), "403 InsufficientScope"),
    ];
    let eve = json!({"Name": "Eve", "Email": "eve@x.example", "Role": "Administrator"});
    let token = json!({"Name": "t", "Role": "Agent"});
    let mut held = Vec::new();
    for (who, want) in &callers {
        held.push((want, Held::new(&server, who, "/odata/Users", &eve)));
        held.push((want, Held::new(&server, who, "/odata/AccessTokens/Tessera.Mint", &token)));
    }
    let former = made(&server, &secret);
    all.post(&format!("/odata/AccessTokens({})/Tessera.Revoke", revoked.id), &json!({})).ok();
    let few = json!({"Scopes": ["tickets:read"]});
    all.patch(&format!("/odata/AccessTokens({})", narrowed.id), &few).ok();
    rotate(&all, rotated.id, &json!({"OverlapHours": 0}));
    let user =
        |id: i64, change: Value| drop(all.patch(&format!("/odata/Users({id})"), &change).ok());
    user(ann, json!({"IsActive": false}));
    user(ann + 1, json!({"IsActive": false}));
    user(ann + 2, json!({"Role": "Agent"}));
    for (want, held) in held {
        assert_eq!(held.finish(), *want);
    }
    assert_eq!(made(&server, &secret), former);
}

//! Access tokens made over HTTP, one or thousands.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::client::Client;

/// Clients that make tokens at once.
const MINTERS: usize = 16;

/// A token as it was told at its making.
#[derive(Clone, Debug)]
pub(crate) struct Minted {
    pub(crate) id: i64,
    pub(crate) secret: String,
}

/// Makes a token of `of`, or whatever else the action answers with a secret for.
#[track_caller]
pub(crate) fn mint(client: &Client, body: &Value) -> Minted {
    read(&client.post("/odata/AccessTokens/Tessera.Mint", body).ok().json())
}

/// Gives a token a new secret.
#[track_caller]
pub(crate) fn rotate(client: &Client, id: i64, body: &Value) -> Minted {
    let address = format!("/odata/AccessTokens({id})/Tessera.Rotate");
    read(&client.post(&address, body).ok().json())
}

#[track_caller]
fn read(answer: &Value) -> Minted {
    let secret = answer["Secret"].as_str().unwrap().to_owned();
    Minted { id: answer["Id"].as_i64().unwrap(), secret }
}

/// Makes that many tokens, in the order of their ids.
pub(crate) fn mint_many(client: &Client, count: usize) -> Vec<Minted> {
    let (left, made) = (Mutex::new(0..count), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..MINTERS.min(count) {
            scope.spawn(|| {
                let client = client.apart();
                loop {
                    let Some(at) = left.lock().unwrap().next() else { break };
                    let role = ["ReadOnlyAgent", "Agent", "Administrator"][at % 3];
                    let minted = mint(&client, &json!({"Name": format!("t{at}"), "Role": role}));
                    made.lock().unwrap().push(minted);
                }
            });
        }
    });
    let mut made = made.into_inner().unwrap();
    made.sort_by_key(|minted| minted.id);
    made
}

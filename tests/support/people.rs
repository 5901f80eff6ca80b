//! People who sign in: their set-up links and their cookies.

use std::path::Path;

use serde_json::json;

use super::{
    client::{Answer, Client},
    run,
    server::Server,
};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The secret in the link that a command or a file gave.
#[track_caller]
pub(crate) fn secret_in(link: &str) -> String {
    let (_, secret) = link.trim_end().split_once("/#setup=").expect("a set-up link");
    assert!(secret.starts_with("tsl_") && secret.len() == 47, "{link}");
    secret.to_owned()
}

/// Adds a member of staff without a password; the Id.
#[track_caller]
pub(crate) fn user(dir: &Path, name: &str, role: &str) -> i64 {
    let address = address(name);
    let args = ["user", "create", "--name", name, "--email", &address, "--role", role];
    run(dir, &args).ok().trim().parse().unwrap()
}

/// The address of somebody of that name.
pub(crate) fn address(name: &str) -> String {
    format!("{}@x.example", name.to_lowercase())
}

/// Adds a member of staff who chooses [`PASSWORD`] with a link; the cookie of the session that gives.
#[track_caller]
pub(crate) fn somebody(server: &Server, dir: &Path, name: &str, role: &str) -> String {
    user(dir, name, role);
    let secret = secret_in(&run(dir, &["user", "link", &address(name)]).ok());
    let body = json!({"Secret": secret, "Password": PASSWORD});
    cookie(&server.client("").post("/session/setup", &body).expect(200))
}

/// Signs in; the cookie.
#[track_caller]
pub(crate) fn sign_in(server: &Server, name: &str) -> String {
    cookie(&try_in(&server.client(""), &address(name), PASSWORD).expect(200))
}

/// Tries to sign in.
#[track_caller]
pub(crate) fn try_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/session", &json!({"Email": email, "Password": password}))
}

/// The cookie an answer sets, as it is sent back.
#[track_caller]
pub(crate) fn cookie(answer: &Answer) -> String {
    let (cookie, _) = answer.header("set-cookie").split_once(';').unwrap();
    assert!(cookie.contains("tessera=tss_"), "{cookie}");
    cookie.to_owned()
}

impl Client {
    /// Sends a request with a session's cookie.
    #[track_caller]
    pub(crate) fn by(
        &self,
        cookie: &str,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Answer {
        self.send(method, path, &[("cookie", cookie)], body).unwrap()
    }
}

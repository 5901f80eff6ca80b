//! `/session`: signing in and out, who one is, one's sessions and one's password.
//!
//! A session is shown by its cookie alone; no other credential counts here. Answers are never kept.

mod body;

use serde_json::{Value as Json, json};
use warp::http::Method;

use super::{
    App, Manner, Request, Response, cookie, credentials,
    limit::{Ask, Known},
    odata::Gate,
    respond,
};
use crate::{
    auth::{Principal, Role},
    desk::sessions::{LinkUse, Session, SignedIn, Visitor, Who},
    error::{Denial, Error},
    time::Timestamp,
};
use body::Members;
use credentials::{Door, Presented};

/// What a path below `/session` leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// `/session`: the one that asks.
    Current,
    /// `/session/all`: all of the same person.
    All,
    /// `/session/7`: one of them.
    One(i64),
    /// `/session/confirm`: the password again.
    Confirm,
    /// `/session/password`: another password.
    Password,
    /// `/session/setup`: the first password, with a link.
    Setup,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/session")? {
            "" | "/" => Some(Self::Current),
            "/all" => Some(Self::All),
            "/confirm" => Some(Self::Confirm),
            "/password" => Some(Self::Password),
            "/setup" => Some(Self::Setup),
            id => id.strip_prefix('/')?.parse().ok().filter(|id| *id > 0).map(Self::One),
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Current => "GET, HEAD, POST, DELETE",
            Self::All => "GET, HEAD, DELETE",
            Self::One(_) => "DELETE",
            Self::Confirm | Self::Password | Self::Setup => "POST",
        }
    }
}

/// What is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Get,
    Post,
    Delete,
}

/// Answers a request at `/session` or below. `HEAD` comes as `GET`.
pub async fn answer(app: &App, request: Request) -> Response {
    let manner = Manner::of(&request.headers);
    let mut known = Known::default();
    let answered = respond_to(app, request, &mut known).await;
    let mut response = answered.unwrap_or_else(|error| respond::error(&error, manner));
    known.put(&mut response);
    response
}

async fn respond_to(app: &App, mut request: Request, known: &mut Known) -> Result<Response, Error> {
    let unknown = || Error::NotFound { what: "such address below '/session'".to_owned() };
    let place = Place::of(request.path()).ok_or_else(unknown)?;
    let allow = place.allow();
    let verb = match request.method {
        Method::GET => Some(Verb::Get),
        Method::POST => Some(Verb::Post),
        Method::DELETE => Some(Verb::Delete),
        _ => None,
    };
    let is_taken = allow.split(", ").any(|taken| taken == request.method.as_str());
    let verb = verb.filter(|_| is_taken).ok_or(Error::MethodNotAllowed { allow })?;
    let presented = session(&request)?;
    match (place, verb) {
        (Place::Current, Verb::Post) => sign_in(app, request, (presented, known)).await,
        (Place::Setup, _) => set_up(app, request, known).await,
        (Place::Current, Verb::Delete) => {
            let service = app.feed.service();
            let caller = presented.map(|presented| service.caller(&presented.visit(&request)));
            sign_out(app, caller).await
        }
        (place, verb) => {
            let nobody = Error::Unauthenticated(Denial::NotSignedIn);
            let presented = presented.ok_or(nobody)?;
            let service = app.feed.service();
            let caller = service.caller(&presented.visit(&request))?;
            known.name = service.log_name(&caller);
            app.feed.limiter().admit(service.client(&caller), Ask::Counted, known).await?;
            for_known(app, &mut request, (place, verb), &caller).await
        }
    }
}

/// What somebody signed in asks for.
async fn for_known(
    app: &App,
    request: &mut Request,
    (place, verb): (Place, Verb),
    caller: &Principal,
) -> Result<Response, Error> {
    let desk = app.feed.service().desk();
    match (place, verb) {
        (Place::All, Verb::Get) => {
            let all: Vec<Json> = desk.own_sessions(caller)?.iter().map(session_json).collect();
            Ok(respond::json(200, json!({ "value": all }).to_string()))
        }
        (Place::All, _) => {
            desk.end_other_sessions(caller).await?;
            Ok(respond::empty(204))
        }
        (Place::One(id), _) => {
            desk.end_session(caller, id).await?;
            let mut response = respond::empty(204);
            if caller.session_id == Some(id) {
                cookie::remove(&mut response, app.is_https())?;
            }
            Ok(response)
        }
        (Place::Confirm, _) => {
            let mut members = Members::read(app, request, &["Password"]).await?;
            let password = members.password("Password")?;
            desk.confirm(caller, password).await.map_err(of_own_password)?;
            Ok(respond::empty(204))
        }
        (Place::Password, _) => {
            let mut members = Members::read(app, request, &["Password", "NewPassword"]).await?;
            let passwords = (members.password("Password")?, members.password("NewPassword")?);
            let signed_in =
                desk.change_password(caller, passwords).await.map_err(of_own_password)?;
            let mut response = respond::empty(204);
            cookie::set(&mut response, &signed_in.secret, app.is_https())?;
            Ok(response)
        }
        (Place::Current | Place::Setup, _) => Ok(who_json(&desk.who(caller)?)),
    }
}

async fn sign_in(
    app: &App,
    mut request: Request,
    (former, known): (Option<Presented>, &mut Known),
) -> Result<Response, Error> {
    let mut members = Members::read(app, &mut request, &["Email", "Password"]).await?;
    let (email, password) = (members.text("Email")?, members.password("Password")?);
    let desk = app.feed.service().desk();
    let former = former.as_ref().map(|presented| presented.secret.expose());
    let signed_in = desk.sign_in(visitor(&request), (&email, password), former).await?;
    welcome(app, &signed_in, known)
}

async fn set_up(app: &App, mut request: Request, known: &mut Known) -> Result<Response, Error> {
    let takes = ["Secret", "Password", "Name", "Email"];
    let mut members = Members::read(app, &mut request, &takes).await?;
    let given = LinkUse {
        secret: in_link(&members.text("Secret")?).to_owned(),
        password: members.password("Password")?,
        name: members.optional("Name")?,
        email: members.optional("Email")?,
    };
    let signed_in = app.feed.service().desk().use_link(visitor(&request), given).await?;
    app.feed.service().remove_setup_link_when_done();
    welcome(app, &signed_in, known)
}

/// The secret of a set-up link, which may come with the address before it.
fn in_link(text: &str) -> &str {
    text.rsplit_once("#setup=").map_or(text, |(_, secret)| secret)
}

/// Whoever is signed in need not hear of an address.
fn of_own_password(error: Error) -> Error {
    if error == Error::Unauthenticated(Denial::SignIn) {
        return Error::Unauthenticated(Denial::OwnPassword);
    }
    error
}

/// Ends the session if there is one; the cookie goes in any case.
async fn sign_out(app: &App, caller: Option<Result<Principal, Error>>) -> Result<Response, Error> {
    match caller {
        Some(Ok(caller)) => app.feed.service().desk().sign_out(&caller).await?,
        None | Some(Err(Error::Unauthenticated(_))) => {}
        Some(Err(error)) => return Err(error),
    }
    let mut response = respond::empty(204);
    cookie::remove(&mut response, app.is_https())?;
    Ok(response)
}

/// The session that a request presents, if any.
fn session(request: &Request) -> Result<Option<Presented>, Error> {
    match credentials::presented(request) {
        Ok(presented) => Ok(Some(presented).filter(|presented| presented.door == Door::Cookie)),
        Err(Error::Unauthenticated(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn visitor(request: &Request) -> Visitor {
    let agent = request.header("user-agent").map(Into::into);
    Visitor { address: request.client.to_canonical(), agent }
}

/// Who signed in, with the cookie that says so from now on.
fn welcome(app: &App, signed_in: &SignedIn, known: &mut Known) -> Result<Response, Error> {
    let service = app.feed.service();
    let mut response = who_json(&service.desk().who(&signed_in.caller)?);
    cookie::set(&mut response, &signed_in.secret, app.is_https())?;
    known.name = service.log_name(&signed_in.caller);
    Ok(response)
}

fn who_json(who: &Who) -> Response {
    let scopes: Vec<&str> = who.scopes.names().collect();
    let body = json!({
        "UserId": who.user_id,
        "Name": who.name,
        "Email": who.email,
        "Role": who.role.map(Role::name),
        "Scopes": scopes,
        "SessionId": who.session_id,
        "CreatedDateTime": who.created.to_string(),
        "ExpiresDateTime": who.expires.to_string(),
        "IdleExpiresDateTime": who.idle_expires.to_string(),
        "ConfirmedUntilDateTime": who.confirmed_until.map(|until: Timestamp| until.to_string()),
    });
    respond::json(200, body.to_string())
}

fn session_json(session: &Session) -> Json {
    json!({
        "Id": session.id,
        "CreatedDateTime": session.created.to_string(),
        "LastSeenDateTime": session.last_seen.to_string(),
        "Address": session.address,
        "Agent": session.agent,
        "IsCurrent": session.is_current,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_says_what_is_meant() {
        for (path, want) in [
            ("/session", Some(Place::Current)),
            ("/session/", Some(Place::Current)),
            ("/session/all", Some(Place::All)),
            ("/session/7", Some(Place::One(7))),
            ("/session/setup", Some(Place::Setup)),
            ("/session/0", None),
            ("/session/-1", None),
            ("/session/7/x", None),
            ("/session/All", None),
        ] {
            assert_eq!(Place::of(path), want, "{path}");
        }
    }
}

//! What `--demo` shows: a small, lively helpdesk, the same each time but dated up to now.
//!
//! Goes in by import like anybody's data; nothing in it is about real people.

mod cast;
mod story;

use super::{
    apply::{Memo, apply},
    read::{Reader, Unknown},
};
use crate::{
    auth::{PlainToken, Principal, Role, expiry::End},
    desk::{
        Desk, actor,
        audit::{Entry, Event, record},
        seed,
        tokens::Request,
    },
    error::Error,
    model::{SetId, helpdesk, props, set},
    query::Source,
    store::{Draft, commit},
    time::MICROS_PER_DAY,
};

/// What the token for the demo is called.
const TOKEN_NAME: &str = "Demo";
/// How long it lasts, days.
const TOKEN_DAYS: i64 = 30;

/// Sets that must have nothing in them before the demo is told.
const OURS: [SetId; 7] = [
    set::TICKETS,
    set::COMMENTS,
    set::CUSTOMERS,
    set::USERS,
    set::TEAMS,
    set::CATEGORIES,
    set::TICKET_HISTORY,
];

/// Whether there is nothing that the demo could get mixed up with.
#[must_use]
pub fn is_empty(source: &dyn Source) -> bool {
    OURS.iter().all(|set| source.rows(*set).next().is_none())
}

/// Whether a workspace was filled by [`set_up`]: its token was made there.
#[must_use]
pub fn is_demo(source: &dyn Source) -> bool {
    let structure = source.model().entity_type(set::ACCESS_TOKENS);
    source
        .rows(set::ACCESS_TOKENS)
        .any(|row| row.record.get(structure, props::token::NAME).as_text() == Some(TOKEN_NAME))
}

/// Tells the demo to an empty workspace, and makes the token to look at it: `ReadOnlyAgent`, 30 days.
///
/// # Errors
/// `Conflict` where the workspace is not empty, and those of the store.
pub async fn set_up(desk: &Desk) -> Result<PlainToken, Error> {
    let caller = Principal::system();
    let run = |draft: &mut dyn Draft| {
        fill(draft)?;
        let entry = Entry::new(Event::Imported).detail("the demo");
        record(draft, &Principal::system(), &entry)
    };
    commit(&**desk.store(), actor(&caller), run).await?;
    token(desk).await
}

/// Makes a further token to look at the demo.
///
/// # Errors
/// Those of the store.
pub async fn token(desk: &Desk) -> Result<PlainToken, Error> {
    let ends = desk.now().plus_micros(TOKEN_DAYS * MICROS_PER_DAY);
    let request =
        Request { expires: ends.map(End::At), ..Request::new(TOKEN_NAME, Role::ReadOnlyAgent) };
    let (_, secret) = desk.mint_token(&Principal::system(), request).await?;
    Ok(secret)
}

/// The demo as one transaction.
///
/// # Errors
/// `Conflict` where the workspace is not empty, and those of the store.
pub fn fill(draft: &mut dyn Draft) -> Result<(), Error> {
    if !is_empty(draft) {
        let reason = "the demo goes only into an empty workspace".to_owned();
        return Err(Error::Conflict { target: "Tickets".into(), reason });
    }
    seed::fill(draft)?;
    let lines = story::lines(draft)?;
    let reader = Reader::new(helpdesk(), set::TICKETS);
    let mut memo = Memo::new(helpdesk());
    for line in lines {
        let told = reader.line(line.to_string().as_bytes(), &mut Unknown::new());
        let (set, entity) = told.map_err(|reason| Error::internal(&reason))?;
        apply(draft, &mut memo, set, &entity)?;
    }
    Ok(())
}

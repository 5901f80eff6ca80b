//! The verbs of access tokens as part of the desk.

use super::{
    Change, Delete, EndOverlap, Look, Mint, RemoveExpired, Removed, Request, Revoke, Rotate,
    Visited, check_addresses, idle,
    told::{self, Told},
    visit,
};
use crate::{
    auth::{PlainToken, Principal, Role, Scopes, Visit, expiry::End},
    desk::{
        Desk, Properties, actor,
        audit::{Entry, Event},
        invalid,
        kept::ShowsSecret,
        policy,
        still::Still,
    },
    error::{Denial, Error},
    model::{ActionId, Complex, Key, Precondition, Row, Value, actions},
    store::{Draft, Snapshot, commit},
};

/// What an action on tokens answers with.
pub enum Done {
    /// Nothing.
    Nothing,
    /// The token.
    Row(Row),
    /// A value; it may hold a secret.
    Complex(Complex),
}

impl Desk {
    /// Who comes with a token, and what that allows now. A token that is refused counts as denied; use of
    /// a secret that was replaced ends the token, where the policy says so.
    ///
    /// # Errors
    /// As for [`visit`].
    pub fn admit(&self, presented: &Visit<'_>) -> Result<Principal, Error> {
        let snapshot = self.snapshot();
        match visit(&*snapshot, presented, self.now()) {
            Visited::Known(caller) => Ok(caller),
            Visited::Stranger(error) => Err(error),
            Visited::Refused(token, error) => {
                self.note_refused(&token, &error);
                let is_retired = matches!(error, Error::Unauthenticated(Denial::Rotated(_)));
                if let Some(id) = token.token_id.filter(|_| is_retired)
                    && policy::revokes_on_retired_secret(&*snapshot)
                {
                    self.revoke_behind(id);
                }
                Err(error)
            }
        }
    }

    fn note_refused(&self, token: &Principal, error: &Error) {
        let entry = match error {
            Error::AddressNotAllowed { address } => {
                Entry::new(Event::AddressDenied).detail(address.as_str())
            }
            Error::Unauthenticated(Denial::Rotated(at)) => Entry::new(Event::RetiredSecretUsed)
                .detail(format!("it was replaced, and ended at {at}")),
            _ => return self.note_denied(token),
        };
        self.note(token, entry);
    }

    /// Makes an access token; the secret is told here and never again.
    ///
    /// # Errors
    /// Those of [`Mint`].
    pub async fn mint_token(
        &self,
        caller: &Principal,
        request: Request,
    ) -> Result<(Row, PlainToken), Error> {
        let verb = Mint::new(caller, request, &self.settings())?;
        self.commit_secret(caller, move |draft| verb.run(draft)).await
    }

    /// Gives an access token a new secret.
    ///
    /// # Errors
    /// Those of [`Rotate`].
    pub async fn rotate_token(
        &self,
        caller: &Principal,
        at: (Key, Precondition),
        overlap_hours: Option<i64>,
    ) -> Result<(Row, PlainToken), Error> {
        let verb = Rotate::new(caller, at, overlap_hours)?;
        self.commit_secret(caller, move |draft| verb.run(draft)).await
    }

    /// Ends the secrets that a token had before, and that still work.
    ///
    /// # Errors
    /// Those of [`EndOverlap`].
    pub async fn end_overlap(
        &self,
        caller: &Principal,
        at: (Key, Precondition),
    ) -> Result<Row, Error> {
        let verb = EndOverlap::new(caller, at)?;
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    /// Commits what answers with a secret, which is told once and not kept.
    async fn commit_secret(
        &self,
        caller: &Principal,
        mut run: impl FnMut(&mut dyn Draft) -> Result<(Row, PlainToken), Error> + Send + 'static,
    ) -> Result<(Row, PlainToken), Error> {
        let run =
            move |draft: &mut dyn Draft| run(draft).map(|(row, secret)| ShowsSecret(row, secret));
        let ShowsSecret(row, secret) = self.commit(caller, run).await?;
        Ok((row, secret))
    }

    /// Ends an access token and those made with it.
    ///
    /// # Errors
    /// Those of [`Revoke`].
    pub async fn revoke_token(
        &self,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
    ) -> Result<Row, Error> {
        let verb = Revoke::new(caller, key, precondition);
        let first = verb.clone();
        let ended = self.commit(caller, move |draft| first.run(draft)).await?;
        if !ended.is_all {
            self.revoke_rest(caller, verb.rest()).await?;
        }
        Ok(ended.row)
    }

    /// Ends a token, or what is left of a large family; its answer, if one is kept, is another's.
    async fn revoke_rest(&self, caller: &Principal, verb: Revoke) -> Result<(), Error> {
        let mut is_all = false;
        while !is_all {
            let run = verb.clone();
            let run = move |draft: &mut dyn Draft| run.run(draft);
            is_all = commit(&**self.store(), actor(caller), run).await?.is_all;
        }
        Ok(())
    }

    /// Changes an access token.
    ///
    /// # Errors
    /// Those of [`Change`].
    pub async fn change_token(
        &self,
        caller: &Principal,
        at: (Key, Precondition),
        changes: Properties,
    ) -> Result<Row, Error> {
        let verb = Change::new(self.model(), caller, at, changes)?;
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    /// Puts what is given in the place of all that may be changed of an access token.
    ///
    /// # Errors
    /// Those of [`Change`].
    pub async fn replace_token(
        &self,
        caller: &Principal,
        at: (Key, Precondition),
        whole: Properties,
    ) -> Result<Row, Error> {
        let verb = Change::new(self.model(), caller, at, whole)?.as_replacement();
        self.commit(caller, move |draft| verb.run(draft)).await
    }

    /// Ends an access token and takes it off the list.
    ///
    /// # Errors
    /// Those of [`Delete`].
    pub async fn delete_token(
        &self,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
    ) -> Result<(), Error> {
        let mut verb = Delete::new(caller, key, precondition)?;
        let (still, mut is_first) = (Still::of(self), true);
        while verb.is_large(&*self.snapshot()) {
            let (run, by, still) = (verb.clone(), caller.clone(), still.clone());
            let run = move |draft: &mut dyn Draft| {
                if is_first {
                    still.check(draft, &by)?;
                }
                run.revoke(draft)
            };
            commit(&**self.store(), actor(caller), run).await?;
            (verb, is_first) = (verb.rest(), false);
        }
        let run = move |draft: &mut dyn Draft| verb.run(draft);
        if is_first { self.commit(caller, run).await } else { self.finish(caller, None, run).await }
    }

    /// Takes the tokens that have ended off the list, if there are as many as expected.
    ///
    /// # Errors
    /// Those of [`RemoveExpired`].
    pub async fn remove_expired_tokens(
        &self,
        caller: &Principal,
        expected: Option<i64>,
    ) -> Result<Removed, Error> {
        let (by, now) = (caller.clone(), self.now());
        let look = move |snapshot: &dyn Snapshot| RemoveExpired::new(&by, expected, snapshot, now);
        let verb = self.beforehand(look).await?;
        let first = verb.clone();
        if !verb.is_large() {
            return self.commit(caller, move |draft| first.run(draft)).await;
        }
        let (still, by) = (Still::of(self), caller.clone());
        let run = move |draft: &mut dyn Draft| {
            still.check(draft, &by)?;
            first.run(draft)
        };
        let found = commit(&**self.store(), actor(caller), run).await?;
        for part in RemoveExpired::parts(&found) {
            let verb = verb.clone();
            let run = move |draft: &mut dyn Draft| verb.rest(draft, &part);
            commit(&**self.store(), actor(caller), run).await?;
        }
        // An answer that is kept says that all are gone, so it is kept when they are.
        let told = found.clone();
        self.finish(caller, None, move |_| Ok(told.clone())).await
    }

    /// Ends the tokens that nobody used for as long as the policy allows; how many that were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn revoke_idle(&self) -> Result<usize, Error> {
        let system = Principal::system();
        let now = self.now();
        let look = move |snapshot: &dyn Snapshot| {
            Ok((idle::found(snapshot, now), policy::idle_days(snapshot)))
        };
        let (ids, days) = self.beforehand(look).await?;
        for id in &ids {
            let verb = Revoke::new(&system, Key::Int(*id), Precondition::default());
            let why = format!("nobody used it for {days} days");
            self.revoke_rest(&system, verb.because(why)).await?;
        }
        Ok(ids.len())
    }

    /// Does an action of [`actions::OF_TOKENS`]. Values come by the parameter's position.
    ///
    /// # Errors
    /// Those of the verb.
    pub async fn act_on_tokens(
        &self,
        caller: &Principal,
        action: ActionId,
        (key, precondition): (Option<Key>, Precondition),
        given: &[(usize, Value)],
    ) -> Result<Done, Error> {
        let told = Told { model: self.model(), action, given };
        let no_key = || Error::internal(&"an action on a token came without one");
        match action {
            actions::MINT => {
                let (row, secret) = self.mint_token(caller, request(&told)?).await?;
                told::secret(self.model(), &row, &secret).map(Done::Complex)
            }
            actions::ROTATE => {
                let at = (key.ok_or_else(no_key)?, precondition);
                let overlap = told.value("OverlapHours").as_int();
                let (row, secret) = self.rotate_token(caller, at, overlap).await?;
                told::secret(self.model(), &row, &secret).map(Done::Complex)
            }
            actions::END_OVERLAP => {
                let at = (key.ok_or_else(no_key)?, precondition);
                self.end_overlap(caller, at).await.map(Done::Row)
            }
            actions::REVOKE => {
                let at = (key.ok_or_else(no_key)?, precondition);
                self.revoke_token(caller, at).await.map(Done::Row)
            }
            actions::REVOKE_THIS => {
                let id = caller.token_id.ok_or_else(|| Error::Conflict {
                    target: "RevokeThis".into(),
                    reason: "this request came without an access token".into(),
                })?;
                let at = (Key::Int(id), Precondition::default());
                self.revoke_token(caller, at).await.map(|_| Done::Nothing)
            }
            actions::REMOVE_EXPIRED => {
                let is_preview = told.value("Preview").is_true();
                let found = if is_preview {
                    caller.require("tokens:write")?;
                    let now = self.now();
                    let look = move |state: &dyn Snapshot| Removed::found(state, now, Look::Only);
                    self.beforehand(look).await?
                } else {
                    self.remove_expired_tokens(caller, told.value("ExpectedCount").as_int()).await?
                };
                Ok(Done::Complex(found.told))
            }
            actions::CHECK_ADDRESSES => {
                let (list, of) = (told.value("AllowedAddresses"), told.value("TokenId").as_int());
                let source = self.snapshot();
                check_addresses(&*source, caller, list.items(), of).map(Done::Complex)
            }
            other => {
                Err(Error::internal(&format!("no action on tokens has the index {}", other.0)))
            }
        }
    }
}

/// The token that is asked for.
fn request(told: &Told<'_>) -> Result<Request, Error> {
    let expires = match (told.value("ExpiresDateTime"), told.value("ExpiresDate")) {
        (Value::Instant(_), Value::Date(_)) => {
            return Err(invalid("ExpiresDate", "it does not go with 'ExpiresDateTime'; give one"));
        }
        (Value::Instant(at), _) => Some(End::At(at)),
        (_, Value::Date(day)) => Some(End::Of(day)),
        _ => None,
    };
    let purpose = Some(told.text("Purpose")).filter(|text| !text.is_empty());
    let scopes = match told.value("Scopes") {
        Value::List(names) => Some(Scopes::from_names(names.iter().filter_map(Value::as_text))?),
        _ => None,
    };
    let list = told.value("AllowedAddresses");
    let addresses = list.items().iter().filter_map(Value::as_text).map(str::to_owned);
    Ok(Request {
        purpose,
        scopes,
        expires,
        addresses: addresses.collect(),
        owner_id: told.value("OwnerId").as_int(),
        is_service: told.value("IsService").is_true(),
        responsible_id: told.value("ResponsibleId").as_int(),
        ..Request::new(told.text("Name"), told.text("Role").parse::<Role>()?)
    })
}

//! What a resource needs from whoever holds the data: the model, a snapshot, and the verbs that change.
//!
//! The generic resource code serves anything that implements [`Service`]; it holds no rule itself.

use std::{fmt, sync::Arc};

use crate::{
    error::Error,
    hash::Digest,
    model::{
        ActionId, Complex, FunctionId, Key, Model, Nav, Precondition, Prop, Row, SetId, StructId,
        Value,
    },
    query::{
        Rights, Source,
        once::{Kept, Once},
    },
    time::Timestamp,
};

/// One model with its data, as the generic resource code sees it.
pub trait Service: Send + Sync + 'static {
    /// Who is asking: what they may do, and whatever the verbs want to know of them.
    type Caller: Rights + Clone + Send + Sync + 'static;

    /// The model; the same for everybody.
    fn model(&self) -> &Model;

    /// The newest state; a change that was acknowledged is in it.
    fn snapshot(&self) -> Arc<dyn Source>;

    /// The time now.
    fn now(&self) -> Timestamp;

    /// The key that signs places in long answers; the same for as long as the data is.
    fn signing_key(&self) -> Digest;

    /// Resolves when a search finds everything that is in [`Service::snapshot`] by now.
    fn search_current(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Creates an entity and tells it as it was stored. The scope the set asks for has been checked.
    ///
    /// # Errors
    /// Whatever the verb refuses.
    fn create(
        &self,
        caller: Self::Caller,
        create: Create,
    ) -> impl Future<Output = Result<Row, Error>> + Send {
        let _ = (caller, create);
        std::future::ready(Err(READ_ONLY))
    }

    /// Changes an entity and tells it as it was stored. Its scope has been checked.
    ///
    /// # Errors
    /// `PreconditionFailed` where the precondition does not hold of the version then current,
    /// `NotFound` where the entity is gone, and whatever the verb refuses.
    fn update(
        &self,
        caller: Self::Caller,
        update: Update,
    ) -> impl Future<Output = Result<Row, Error>> + Send {
        let _ = (caller, update);
        std::future::ready(Err(READ_ONLY))
    }

    /// Deletes an entity. Its scope has been checked.
    ///
    /// # Errors
    /// As for [`Service::update`].
    fn delete(
        &self,
        caller: Self::Caller,
        delete: Delete,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let _ = (caller, delete);
        std::future::ready(Err(READ_ONLY))
    }

    /// Does an action to an entity or a set, and tells what the model says that it answers with. Its
    /// scope has been checked.
    ///
    /// # Errors
    /// As for [`Service::update`].
    fn act(
        &self,
        caller: Self::Caller,
        act: Act,
    ) -> impl Future<Output = Result<Outcome, Error>> + Send {
        let _ = (caller, act);
        std::future::ready(Err(READ_ONLY))
    }

    /// Whose idempotency keys are whose; none where no answers are kept.
    fn principal(&self, caller: &Self::Caller) -> Option<String> {
        let _ = caller;
        None
    }

    /// What a change was answered with whose answer is kept under `key`. May read from the disk.
    ///
    /// # Errors
    /// `TooManyRequests` where there is none and the caller has as many kept as one may have.
    fn kept(&self, key: &str) -> Result<Option<Kept>, Error> {
        let _ = key;
        Ok(None)
    }

    /// The same service for one change, which is refused with `IdempotencyKeyInUse` if an answer is kept
    /// under its key by then, and else done and its answer kept, both or neither.
    ///
    /// # Errors
    /// `NotImplemented` where no answers are kept.
    fn once(&self, once: Once) -> Result<Self, Error>
    where
        Self: Sized,
    {
        let _ = once;
        Err(Error::NotImplemented { feature: "'Idempotency-Key'".to_owned() })
    }

    /// Answers a function, from memory: nobody waits for a turn. Any caller may ask.
    ///
    /// # Errors
    /// Whatever the function refuses; `NotImplemented` where there is none.
    fn call(&self, caller: &Self::Caller, function: FunctionId) -> Result<Complex, Error> {
        let _ = caller;
        let name = self.model().function(function).name;
        Err(Error::NotImplemented { feature: format!("the function '{name}'") })
    }
}

const READ_ONLY: Error = Error::MethodNotAllowed { allow: "GET, HEAD" };

/// An entity to be created.
#[derive(Clone, Debug, PartialEq)]
pub struct Create {
    /// The set it goes into.
    pub set: SetId,
    /// Its type: the set's or derived from it.
    pub type_id: StructId,
    /// The properties given, each once, checked against their types; the others were left out.
    pub body: Vec<(Prop, Value)>,
    /// The entity whose to-many navigation it was posted to; its key is not in `body`.
    pub parent: Option<(Row, Nav)>,
    /// Entities to be created with it, by the to-many navigation they belong to, in their order.
    pub children: Vec<(Nav, Vec<Child>)>,
}

/// An entity to be created together with the one it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Its type: that of the navigation's target or derived from it.
    pub type_id: StructId,
    /// As for [`Create::body`]; what ties it to the other is not in it.
    pub body: Vec<(Prop, Value)>,
}

/// Properties of one entity to be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// The set it is in.
    pub set: SetId,
    /// Its key.
    pub key: Key,
    /// What must hold of its version.
    pub precondition: Precondition,
    /// The properties given, each once, checked against their types.
    pub changes: Vec<(Prop, Value)>,
    /// Whether they are all there is: what was left out goes back to its default (`PUT`).
    ///
    /// Source: OData 4.01 Part 1, 11.4.3.
    pub replaces: bool,
}

/// One entity to be deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// The set it is in.
    pub set: SetId,
    /// Its key.
    pub key: Key,
    /// What must hold of its version.
    pub precondition: Precondition,
}

/// An action to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Which action.
    pub action: ActionId,
    /// The set it is done to, or that the entity is in.
    pub set: SetId,
    /// The key of the entity; none where it is done to the set as a whole.
    pub key: Option<Key>,
    /// What must hold of the entity's version; nothing of a set.
    pub precondition: Precondition,
    /// The values given, each once and checked against its type, by the parameter's position. Null and
    /// left out are the same, and are not here.
    pub given: Vec<(usize, Value)>,
    /// Scheme and host that clients reach us by, for links in the answer; no slash at its end.
    pub origin: String,
}

/// What an action answers with.
#[derive(Clone, PartialEq)]
pub enum Outcome {
    /// Nothing.
    Nothing,
    /// An entity of the declared set.
    Entity(Row),
    /// A value of the declared complex type; it may hold a secret.
    Complex(Complex),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Entity(_) => "Entity(..)",
            Self::Complex(_) => "Complex(..)",
        })
    }
}

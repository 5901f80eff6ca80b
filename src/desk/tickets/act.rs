//! The ways in which a ticket goes on: answered, assigned, closed, reopened, merged.

use std::collections::HashSet;

use super::{alter, checked, existing, fill::fill};
use crate::{
    auth::Principal,
    desk::{Moment, Properties, body::Body, comments, get, invalid, pickers},
    error::Error,
    model::{
        Action, ActionId, Key, Model, Precondition, Prop, Row, Value, actions,
        props::{comment, picker, ticket},
        set,
    },
    store::{Draft, Edit},
};

/// Tickets that may lead on, each part of the next, from the one that another is merged into.
pub const MERGE_CHAIN_MAX: usize = 1_000;

/// One action to be done to a ticket.
#[derive(Clone, Debug)]
pub struct Act {
    key: Key,
    precondition: Precondition,
    comment: Option<comments::Create>,
    body: Body,
    step: Step,
}

/// What an action does beside writing a comment and setting properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Close,
    Reopen,
    Merge(i64),
}

/// What an action was told.
struct Told<'a> {
    action: &'a Action,
    given: Vec<(usize, Value)>,
}

impl Told<'_> {
    /// What was given for a parameter; null if nothing was.
    fn get(&self, name: &str) -> Value {
        let is_it = |at: &usize| self.action.parameters.get(*at).is_some_and(|p| p.name == name);
        let found = self.given.iter().find(|(at, _)| is_it(at));
        found.map_or(Value::Null, |(_, value)| value.clone())
    }

    /// The comment given by a parameter, if one is.
    fn comment(&self, name: &str, is_internal: bool) -> Result<Option<Properties>, Error> {
        match self.get(name) {
            Value::Null => Ok(None),
            Value::Text(text) if text.is_empty() => {
                Err(invalid(name, "a comment is a text that is not empty"))
            }
            text => Ok(Some(vec![
                (comment::BODY, text),
                (comment::IS_INTERNAL, Value::Bool(is_internal)),
            ])),
        }
    }

    /// The properties that are set to what parameters of other names give, where they give something.
    fn properties(&self, named: &[(Prop, &str)]) -> Properties {
        let given = named.iter().map(|(prop, name)| (*prop, self.get(name)));
        given.filter(|(_, value)| !value.is_null()).collect()
    }
}

impl Act {
    /// Checks what can be checked without the state.
    ///
    /// # Errors
    /// `Forbidden`, `InvalidValue`.
    pub fn new(
        model: &Model,
        caller: &Principal,
        (key, precondition): (Key, Precondition),
        (id, given): (ActionId, Vec<(usize, Value)>),
    ) -> Result<Self, Error> {
        let action = model.action(id);
        action.scope.map_or(Ok(()), |scope| caller.require(scope))?;
        let told = Told { action, given };
        for parameter in action.parameters.iter().filter(|parameter| !parameter.nullable) {
            if told.get(parameter.name).is_null() {
                return Err(invalid(parameter.name, "it must be given"));
            }
        }
        let (comment, set, step) = match id {
            actions::REPLY => {
                let status = told.properties(&[(ticket::STATUS, "Status")]);
                (told.comment("Body", false)?, status, Step::Nothing)
            }
            actions::ADD_NOTE => (told.comment("Body", true)?, Vec::new(), Step::Nothing),
            actions::ASSIGN => (None, assign(caller, &told)?, Step::Nothing),
            actions::CLOSE => {
                let resolution = told.properties(&[(ticket::RESOLUTION, "Resolution")]);
                (told.comment("Comment", false)?, resolution, Step::Close)
            }
            actions::REOPEN => (told.comment("Comment", false)?, Vec::new(), Step::Reopen),
            actions::MERGE => {
                let into = told.get("IntoId").as_int().unwrap_or_default();
                (None, Vec::new(), Step::Merge(into))
            }
            _ => return Err(Error::NotImplemented { feature: format!("'{}'", action.name) }),
        };
        let body = checked(model, set, Moment::Change)?;
        if !body.is_empty() || step != Step::Nothing {
            caller.require("tickets:write")?;
        }
        let comment =
            comment.map(|given| comments::Create::new(model, caller, given)).transpose()?;
        Ok(Self { key, precondition, comment, body, step })
    }

    /// Does it; the ticket as it is then.
    ///
    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `InvalidValue`, and `Conflict` where no status is of the kind
    /// it takes, or a merge would lead back to the ticket.
    pub fn run(&self, draft: &mut dyn Draft) -> Result<Row, Error> {
        let mut row = existing(draft, &self.key)?;
        self.precondition.check(row.version)?;
        if let Some(comment) = &self.comment {
            comment.run_on(draft, &row)?;
            row = existing(draft, &self.key)?;
        }
        alter(draft, &row, &mut |draft, edit| {
            fill(draft, edit, Some(&row), &self.body)?;
            match self.step {
                Step::Nothing => Ok(()),
                Step::Close => close(draft, edit),
                Step::Reopen => reopen(draft, edit),
                Step::Merge(into) => {
                    merge(draft, edit, into)?;
                    close(draft, edit)
                }
            }
        })
    }
}

/// Who is named gets the ticket, and nobody if nobody is; the team stays unless one is named.
fn assign(caller: &Principal, told: &Told<'_>) -> Result<Properties, Error> {
    if !told.get("AssigneeEmail").is_null() {
        // Whether somebody has an address is not for everybody to find out.
        caller.require("users:read")?;
    }
    let mut set = told.properties(&[
        (ticket::ASSIGNEE_ID, "AssigneeId"),
        (ticket::ASSIGNEE_EMAIL, "AssigneeEmail"),
    ]);
    if set.is_empty() {
        set.push((ticket::ASSIGNEE_ID, Value::Null));
    }
    set.extend(told.properties(&[(ticket::TEAM_ID, "TeamId"), (ticket::TEAM_NAME, "TeamName")]));
    Ok(set)
}

/// Gives it the first status of kind Closed, unless it has one of that kind.
fn close(draft: &dyn Draft, edit: &mut Edit) -> Result<(), Error> {
    if pickers::kind_of(draft, &edit.get(ticket::STATUS_ID)) == "Closed" {
        return Ok(());
    }
    take_kind(draft, edit, "Closed")
}

/// Gives it the first status of kind Open, if it is resolved or closed.
fn reopen(draft: &dyn Draft, edit: &mut Edit) -> Result<(), Error> {
    let kind = pickers::kind_of(draft, &edit.get(ticket::STATUS_ID));
    if kind == "Resolved" || kind == "Closed" { take_kind(draft, edit, "Open") } else { Ok(()) }
}

fn take_kind(draft: &dyn Draft, edit: &mut Edit, kind: &str) -> Result<(), Error> {
    let Some(status) = pickers::first_of_kind(draft, kind) else {
        let reason = format!("there is no status of kind {kind}; create one first");
        return Err(Error::Conflict { target: "Status".into(), reason });
    };
    let model = draft.model();
    edit.set(model, ticket::STATUS_ID, get(model, &status, picker::ID));
    Ok(())
}

/// Makes it part of another ticket, which must not be part of it.
fn merge(draft: &dyn Draft, edit: &mut Edit, into: i64) -> Result<(), Error> {
    if draft.row(set::TICKETS, &Key::Int(into)).is_none() {
        return Err(invalid("IntoId", format!("there is no Tickets({into})")));
    }
    check_chain(draft, edit.get(ticket::ID).as_int(), into)?;
    edit.set(draft.model(), ticket::MERGED_INTO_ID, into);
    Ok(())
}

/// Refuses to let ticket `id` be part of `into` where that is part of `id` already.
///
/// # Errors
/// `Conflict`, also where the chain is longer than is followed.
pub(in crate::desk) fn check_chain(
    draft: &dyn Draft,
    id: Option<i64>,
    into: i64,
) -> Result<(), Error> {
    let model = draft.model();
    let (mut at, mut passed) = (Some(into), HashSet::new());
    while let Some(next) = at {
        if id == Some(next) {
            let reason = "a ticket cannot become part of itself".to_owned();
            return Err(Error::Conflict { target: "IntoId".into(), reason });
        }
        // A circle that was imported is no reason to go round for ever.
        if !passed.insert(next) {
            break;
        }
        if passed.len() > MERGE_CHAIN_MAX {
            let reason = format!(
                "more than {MERGE_CHAIN_MAX} tickets lead on from Tickets({into}), each part of the next; \
                 take the last of them"
            );
            return Err(Error::Conflict { target: "IntoId".into(), reason });
        }
        let row = draft.row(set::TICKETS, &Key::Int(next));
        at = row.and_then(|row| get(model, &row, ticket::MERGED_INTO_ID).as_int());
    }
    Ok(())
}

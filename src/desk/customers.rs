//! Customers: the people who ask.

use super::{
    people,
    plain::{Leaving, Rules, Turn, alone, check_not_blank, differs},
    references::{Reference, check_none},
};
use crate::{
    error::Error,
    model::{
        props::{comment, customer, ticket},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

/// A name, an address of one's own if there is one, and a time zone that exists.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release: alone };

const REFERENCES: [Reference; 2] = [
    Reference { names: ("ticket", "tickets"), set: set::TICKETS, by: ticket::REQUESTER_ID },
    Reference {
        names: ("comment", "comments"),
        set: set::COMMENTS,
        by: comment::AUTHOR_CUSTOMER_ID,
    },
];

fn settle(draft: &mut dyn Draft, turn: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    let model = draft.model();
    check_not_blank(model, edit, customer::NAME)?;
    if differs(model, turn, edit, customer::EMAIL)
        && let Some(address) = edit.get(customer::EMAIL).as_text()
    {
        people::check_address("Email", address)?;
    }
    people::check_zone("TimeZone", &edit.get(customer::TIME_ZONE))
}

fn check_leaving(source: &dyn Source, leaving: &Leaving<'_>) -> Result<(), Error> {
    check_none(source, leaving, &REFERENCES, "delete these first, or clear its name and address")
}

//! Customers: the people who ask.

use super::{
    people,
    plain::{Rules, Turn, check_not_blank, differs},
    references::{Reference, check_none},
};
use crate::{
    auth::Principal,
    error::Error,
    model::{
        Row,
        props::{comment, customer, ticket},
        set,
    },
    store::{Draft, Edit},
};

/// A name, an address of one's own if there is one, and a time zone that exists.
pub(super) const RULES: Rules = Rules { settle, release };

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

fn release(draft: &mut dyn Draft, _: &Principal, row: &Row) -> Result<(), Error> {
    check_none(draft, row, &REFERENCES, "delete these first, or clear its name and address")
}

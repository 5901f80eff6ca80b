//! Teams.

use super::{
    plain::{Leaving, Rules, Turn, check_not_blank},
    references::{Reference, check_none},
};
use crate::{
    error::Error,
    model::{
        props::{member, team, ticket},
        set,
    },
    query::Source,
    store::{Draft, Edit},
};

/// A team has a name; its members go with it, its tickets do not.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release };

const REFERENCES: [Reference; 1] =
    [Reference { names: ("ticket", "tickets"), set: set::TICKETS, by: ticket::TEAM_ID }];

fn settle(draft: &mut dyn Draft, _: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    check_not_blank(draft.model(), edit, team::NAME)
}

fn check_leaving(source: &dyn Source, leaving: &Leaving<'_>) -> Result<(), Error> {
    check_none(source, leaving, &REFERENCES, "archive it instead with 'IsArchived'")
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of several that may refuse")]
fn release(draft: &mut dyn Draft, leaving: &Leaving<'_>) -> Result<(), Error> {
    let id = super::get(draft.model(), leaving.row, team::ID);
    for membership in draft.rows_where(set::TEAM_MEMBERS, member::TEAM_ID, &id) {
        let key = membership.key(draft.model());
        draft.delete(set::TEAM_MEMBERS, &key);
    }
    Ok(())
}

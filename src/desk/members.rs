//! Who is in which team.

use super::{
    invalid,
    plain::{Leaving, Rules, Turn, alone},
};
use crate::{
    error::Error,
    model::{Key, props::member, set},
    query::Source,
    store::{Draft, Edit},
};

/// Team and user exist; nobody is in a team twice, which the key sees to.
pub(super) const RULES: Rules = Rules { settle, check_leaving, release: alone };

fn settle(draft: &mut dyn Draft, _: &Turn<'_>, edit: &mut Edit) -> Result<(), Error> {
    for (name, prop, of) in
        [("TeamId", member::TEAM_ID, set::TEAMS), ("UserId", member::USER_ID, set::USERS)]
    {
        let Some(id) = edit.get(prop).as_int() else {
            return Err(invalid(name, "it must be given"));
        };
        if draft.row(of, &Key::Int(id)).is_none() {
            let of = draft.model().set(of).name;
            return Err(invalid(name, format!("there is no {of}({id})")));
        }
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "it is one of several that may refuse")]
fn check_leaving(_: &dyn Source, _: &Leaving<'_>) -> Result<(), Error> {
    Ok(())
}

//! Which set asks what of its entities: the one place that knows all rule files.

use super::{customers, members, pickers, plain::Rules, policy, teams, users, views};
use crate::model::{SetId, set};

/// The rules of a set; `None` for sets whose verbs are their own, or that have none.
pub(super) fn of(set: SetId) -> Option<Rules> {
    match set {
        set::CUSTOMERS => Some(customers::RULES),
        set::USERS => Some(users::RULES),
        set::TEAMS => Some(teams::RULES),
        set::TEAM_MEMBERS => Some(members::RULES),
        set::SAVED_VIEWS => Some(views::RULES),
        set::TOKEN_POLICIES => Some(policy::RULES),
        set if pickers::SETS.contains(&set) => Some(pickers::RULES),
        _ => None,
    }
}

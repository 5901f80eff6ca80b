//! Figures by day: how many tickets came, were resolved and were open, for tools that cannot group.

mod figures;

pub(super) use figures::figures;

use super::{declare::reference, schema::StructType};

/// The entity type behind `TicketsByDay`.
pub(super) fn by_day() -> StructType {
    StructType {
        name: "TicketDay",
        doc: "What one day brought of the tickets that share a team, a priority and a category now",
        base: None,
        key: vec![props::ID],
        properties: props::properties(),
        navigations: vec![
            reference("Team", "Teams", "TeamId"),
            reference("PriorityDetail", "Priorities", "PriorityId"),
            reference("CategoryDetail", "Categories", "CategoryId"),
        ],
    }
}

/// Properties of `TicketDay`.
pub mod props {
    use crate::model::{
        declare::{look_up, stored},
        types::Primitive::{Date, Int64, String},
    };

    crate::properties! {
        ID => stored(1, "Id", String).max(80).doc("Day, team, priority and category, as in 2026-11-22.3.2."),
        DATE => stored(2, "Date", Date).doc("Day in the workspace's time zone"),
        TEAM_ID => stored(3, "TeamId", Int64).nullable(),
        TEAM_NAME => look_up("TeamName", String, "Team", "Name").doc("The team the tickets are with now"),
        PRIORITY_ID => stored(4, "PriorityId", Int64).nullable(),
        PRIORITY => look_up("Priority", String, "PriorityDetail", "Name").doc("Name of their priority now"),
        CATEGORY_ID => stored(5, "CategoryId", Int64).nullable(),
        CATEGORY => look_up("Category", String, "CategoryDetail", "Name").doc("Name of their category now"),
        CREATED_COUNT => stored(6, "CreatedCount", Int64).doc("Tickets created on that day"),
        RESOLVED_COUNT => stored(7, "ResolvedCount", Int64).doc("Tickets resolved on that day and not opened again since"),
        OPEN_COUNT => stored(8, "OpenCount", Int64).doc("Tickets created by the end of that day and neither resolved nor closed by then"),
    }
}

//! What can be done with a ticket beside changing its properties.

use super::{
    declare::{action, parameter},
    operation::{Action, Returns},
    schema::ActionId,
    types::Primitive::{Int64, String},
};

/// `Tickets(…)/Tessera.Reply`.
pub const REPLY: ActionId = ActionId(0);
/// `Tickets(…)/Tessera.AddNote`.
pub const ADD_NOTE: ActionId = ActionId(1);
/// `Tickets(…)/Tessera.Assign`.
pub const ASSIGN: ActionId = ActionId(2);
/// `Tickets(…)/Tessera.Close`.
pub const CLOSE: ActionId = ActionId(3);
/// `Tickets(…)/Tessera.Reopen`.
pub const REOPEN: ActionId = ActionId(4);
/// `Tickets(…)/Tessera.Merge`.
pub const MERGE: ActionId = ActionId(5);
/// `DeletedTickets(…)/Tessera.Restore`.
pub const RESTORE: ActionId = ActionId(6);

/// All actions, in the order of their constants.
pub(super) fn actions() -> Vec<Action> {
    let on_ticket =
        |name, scope, doc| action(("Tickets", name), scope, Returns::Entity("Tickets"), doc);
    vec![
        on_ticket("Reply", "comments:create", "Adds a public comment by the caller")
            .takes(parameter("Body", String, "The comment").required())
            .takes(parameter("Status", String, "Name of the status it gets").max(512)),
        on_ticket("AddNote", "notes:write", "Adds an internal note by the caller")
            .takes(parameter("Body", String, "The note").required()),
        on_ticket(
            "Assign",
            "tickets:write",
            "Gives it to somebody, or to nobody if nobody is named",
        )
        .takes(parameter("AssigneeId", Int64, "The agent"))
        .takes(parameter("AssigneeEmail", String, "Address of the agent").max(320))
        .takes(parameter("TeamId", Int64, "The team; kept if no team is named"))
        .takes(parameter("TeamName", String, "Name of the team").max(512)),
        on_ticket("Close", "tickets:write", "Gives it the first status of kind Closed")
            .takes(parameter("Resolution", String, "Name of the resolution").max(512))
            .takes(parameter("Comment", String, "A last public comment by the caller")),
        on_ticket("Reopen", "tickets:write", "Gives it the first status of kind Open")
            .takes(parameter("Comment", String, "A public comment by the caller")),
        on_ticket("Merge", "tickets:write", "Closes it as part of another ticket")
            .takes(parameter("IntoId", Int64, "The other ticket").required()),
        action(
            ("DeletedTickets", "Restore"),
            "tickets:delete",
            Returns::Entity("Tickets"),
            "Brings a deleted ticket back with its comments",
        ),
    ]
}

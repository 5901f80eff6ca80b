//! What can be done with tickets, access tokens and staff beside changing their properties.

use super::{
    declare::{action, parameter, parameters},
    operation::{Action, Returns},
    schema::ActionId,
    types::Primitive::{Boolean, Date, DateTimeOffset, Int64, String},
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

/// `AccessTokens/Tessera.Mint`.
pub const MINT: ActionId = ActionId(7);
/// `AccessTokens(…)/Tessera.Rotate`.
pub const ROTATE: ActionId = ActionId(8);
/// `AccessTokens(…)/Tessera.Revoke`.
pub const REVOKE: ActionId = ActionId(9);
/// `AccessTokens/Tessera.RevokeThis`.
pub const REVOKE_THIS: ActionId = ActionId(10);
/// `AccessTokens/Tessera.RemoveExpired`.
pub const REMOVE_EXPIRED: ActionId = ActionId(11);
/// `AccessTokens/Tessera.CheckAddresses`.
pub const CHECK_ADDRESSES: ActionId = ActionId(12);
/// `AccessTokens(…)/Tessera.EndOverlap`.
pub const END_OVERLAP: ActionId = ActionId(13);

/// `Users(…)/Tessera.MakeSetupLink`.
pub const MAKE_SETUP_LINK: ActionId = ActionId(14);
/// `Users(…)/Tessera.EndSessions`.
pub const END_SESSIONS: ActionId = ActionId(15);

/// What can be done with staff.
pub const OF_USERS: [ActionId; 2] = [MAKE_SETUP_LINK, END_SESSIONS];

/// What can be done with access tokens.
pub const OF_TOKENS: [ActionId; 7] =
    [MINT, ROTATE, REVOKE, REVOKE_THIS, REMOVE_EXPIRED, CHECK_ADDRESSES, END_OVERLAP];

/// All actions, in the order of their constants.
pub(super) fn actions() -> Vec<Action> {
    let mut all = on_tickets();
    all.extend(on_tokens());
    all.extend(on_users());
    all
}

fn on_tickets() -> Vec<Action> {
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

fn on_tokens() -> Vec<Action> {
    let on_tokens = |name, scope, returns, doc| action(("AccessTokens", name), scope, returns, doc);
    let minted = Returns::Complex("MintedToken");
    let addresses = || {
        let doc = "Addresses and networks it is to work from; empty for everywhere";
        parameters("AllowedAddresses", String, doc)
    };
    vec![
        on_tokens("Mint", "tokens:mint", minted, "Makes a token and tells its secret, this once")
            .on_set()
            .takes(parameter("Name", String, "What it is called").max(256).required())
            .takes(parameter("Purpose", String, "Which program uses it, and what for").max(1000))
            .takes(parameter("Role", String, "What it may do at most").max(64).required())
            .takes(parameters("Scopes", String, "Fewer scopes than the role's"))
            .takes(parameter("ExpiresDateTime", DateTimeOffset, "When it ends"))
            .takes(parameter("ExpiresDate", Date, "Its last day, where the caller is"))
            .takes(addresses())
            .takes(parameter("OwnerId", Int64, "Whose it is to be, if not the caller's"))
            .takes(parameter("IsService", Boolean, "Whether it is to be the workspace's own"))
            .takes(parameter("ResponsibleId", Int64, "Who answers for a service token")),
        on_tokens("Rotate", "tokens:mint", minted, "Gives it a new secret, told this once").takes(
            parameter("OverlapHours", Int64, "How long the former works too; 24 if not said"),
        ),
        on_tokens("Revoke", "tokens:mint", Returns::Entity("AccessTokens"), "Ends it, for good"),
        on_tokens("RevokeThis", "tokens:mint", Returns::Nothing, "Ends the token of this request")
            .on_set()
            .open(),
        on_tokens(
            "RemoveExpired",
            "tokens:write",
            Returns::Complex("RemovedTokens"),
            "Takes those that have ended off the list",
        )
        .on_set()
        .takes(parameter("ExpectedCount", Int64, "How many there must be, as a preview told"))
        .takes(parameter("Preview", Boolean, "Only tell which they are")),
        on_tokens(
            "CheckAddresses",
            "tokens:mint",
            Returns::Complex("AddressCheck"),
            "Tells whom a list of addresses would deny, before it is saved",
        )
        .on_set()
        .takes(addresses().required())
        .takes(parameter("TokenId", Int64, "The token whose list it is to be")),
        on_tokens(
            "EndOverlap",
            "tokens:mint",
            Returns::Entity("AccessTokens"),
            "Ends the secrets it had before its last rotation; the present one works on",
        ),
    ]
}

fn on_users() -> Vec<Action> {
    vec![
        action(
            ("Users", "MakeSetupLink"),
            "users:write",
            Returns::Complex("SetupLink"),
            "Makes a link to choose a password with, which is told here and never again",
        ),
        action(
            ("Users", "EndSessions"),
            "users:write",
            Returns::Nothing,
            "Signs this person out everywhere",
        ),
    ]
}

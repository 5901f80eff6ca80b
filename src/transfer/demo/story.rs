//! How the demo's month went, as lines to import.

use serde_json::{Value as Json, json};

use super::cast::{ANSWERS, CATEGORIES, CUSTOMERS, NOTES, PLACES, PLOTS, REPLIES, STAFF, TEAMS};
use crate::{
    desk::{get, history::TRACKED, lookups::find},
    error::Error,
    model::{
        Prop, SetId, Value,
        props::{picker, status},
        set,
    },
    query::Source,
    store::Draft,
    time::Timestamp,
};

const TICKETS: i64 = 60;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const PRIORITIES: [&str; 4] = ["Low", "Normal", "High", "Urgent"];
/// Hours until a ticket is due, by priority.
const DUE_HOURS: [i64; 4] = [480, 240, 120, 24];

/// Numbers that look thrown, the same each time (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Lines in the making.
struct Story<'a> {
    source: &'a dyn Source,
    now: Timestamp,
    dice: Dice,
    history: Vec<Json>,
    tickets: Vec<Json>,
    comments: Vec<Json>,
}

/// What is fixed about one ticket.
struct Ticket {
    id: i64,
    created: Timestamp,
    customer: i64,
    agent: i64,
    team: i64,
    priority: usize,
    status: &'static str,
}

/// How one ticket went through its statuses.
struct Course {
    changes: Vec<(Timestamp, Json)>,
    resolved: Option<Timestamp>,
    closed: Option<Timestamp>,
}

/// All lines, in the order of import.
///
/// # Errors
/// `Conflict` where the lists of the workspace are not those it started with.
pub(super) fn lines(draft: &dyn Draft) -> Result<Vec<Json>, Error> {
    let mut lines = people();
    let (history, tickets, comments) = (Vec::new(), Vec::new(), Vec::new());
    let now = draft.now();
    let mut story = Story { source: draft, now, dice: Dice(7), history, tickets, comments };
    for id in 1..=TICKETS {
        story.ticket(id)?;
    }
    lines.append(&mut story.history);
    lines.append(&mut story.tickets);
    lines.append(&mut story.comments);
    Ok(lines)
}

fn people() -> Vec<Json> {
    let mut lines = Vec::new();
    for (id, (name, email, role)) in (1..).zip(STAFF) {
        lines.push(json!({"@odata.type": "#Tessera.User", "Id": id, "Name": name, "Email": email, "Role": role}));
    }
    for (id, (name, members)) in (1..).zip(TEAMS) {
        lines.push(json!({"@odata.type": "#Tessera.Team", "Id": id, "Name": name}));
        for user in members {
            lines.push(json!({"@odata.type": "#Tessera.TeamMember", "TeamId": id, "UserId": user}));
        }
    }
    for (id, (name, email, company, department)) in (1..).zip(CUSTOMERS) {
        lines.push(json!({
            "@odata.type": "#Tessera.Customer", "Id": id, "Name": name, "Email": email,
            "Company": company, "Department": department, "IsVip": id == 3,
        }));
    }
    for (id, name) in (1..).zip(CATEGORIES) {
        lines.push(json!({"@odata.type": "#Tessera.Category", "Id": id, "Name": name}));
    }
    lines
}

impl Story<'_> {
    fn ticket(&mut self, id: i64) -> Result<(), Error> {
        // Seven steps at a time, so that neighbours differ and every sort comes equally often.
        let plot = &PLOTS[usize::try_from(id * 7).unwrap_or(0) % PLOTS.len()];
        let place = self.dice.one(&PLACES);
        let ticket = self.facts(id);
        let created = ticket.created;
        let Course { changes, resolved, closed } = self.course(&ticket)?;
        let (first_response, last) = self.talk(&ticket);
        let updated = changes.iter().map(|(at, _)| *at).fold(last, Timestamp::max);
        let is_assigned = ticket.status != "New";
        let category = plot.category;
        let first = [
            (self.id_of(set::STATUSES, "New")?, Some("New")),
            (ticket.agent, is_assigned.then(|| name_at(&STAFF, ticket.agent, |staff| staff.0))),
            (ticket.team, Some(name_at(&TEAMS, ticket.team, |team| team.0))),
            (
                self.id_of(set::PRIORITIES, PRIORITIES[ticket.priority])?,
                Some(PRIORITIES[ticket.priority]),
            ),
            (i64::try_from(category).unwrap_or(1), Some(CATEGORIES[category - 1])),
        ];
        for (tracked, (to_id, to)) in TRACKED.iter().zip(first) {
            let to_id = to.map(|_| to_id);
            self.history(
                &ticket,
                created,
                json!({"Property": tracked.name, "ToId": to_id, "ToText": to}),
            );
        }
        for (at, change) in changes {
            self.history(&ticket, at, change);
        }
        let source = self.dice.one(&["Email", "Email", "Web", "Phone", "API"]);
        let due = after(created, DUE_HOURS[ticket.priority] * HOUR);
        let is_done = resolved.is_some();
        self.tickets.push(json!({
            "Id": id,
            "Title": plot.title.replace('@', place),
            "Description": format!("{}\n\nOffice: {place}", plot.description.replace('@', place)),
            "Status": ticket.status,
            "Priority": PRIORITIES[ticket.priority],
            "CategoryId": category,
            "Type": plot.sort,
            "Source": source,
            "Resolution": is_done.then(|| self.dice.one(&["Solved", "Solved", "Workaround", "Duplicate"])),
            "RequesterId": ticket.customer,
            "AssigneeId": is_assigned.then_some(ticket.agent),
            "TeamId": ticket.team,
            "Tags": plot.tags,
            "CreatedDateTime": created.to_string(),
            "UpdatedDateTime": updated.to_string(),
            "DueDateTime": due.to_string(),
            "FirstResponseDateTime": text(first_response),
            "ResolvedDateTime": text(resolved),
            "ClosedDateTime": text(closed),
        }));
        Ok(())
    }

    /// Who, when and how far: the older, the further.
    fn facts(&mut self, id: i64) -> Ticket {
        let slot = 30 * DAY / TICKETS;
        let jitter = i64::try_from(self.dice.below(600)).unwrap_or(0) * MINUTE;
        let created = before(self.now, (TICKETS - id) * slot + 20 * MINUTE + jitter.min(slot));
        let status = match id {
            1..=22 => self.dice.one(&["Closed", "Closed", "Closed", "Resolved", "Pending"]),
            23..=42 => self.dice.one(&["Closed", "Resolved", "Resolved", "Open", "Pending"]),
            43..=54 => self.dice.one(&["Open", "Open", "Pending", "Resolved", "New"]),
            _ => self.dice.one(&["New", "New", "New", "Open"]),
        };
        let people =
            |sides: usize, dice: &mut Dice| i64::try_from(dice.below(sides)).unwrap_or(0) + 1;
        Ticket {
            id,
            created,
            customer: people(CUSTOMERS.len(), &mut self.dice),
            agent: people(3, &mut self.dice) + 1,
            team: people(TEAMS.len(), &mut self.dice),
            priority: self.dice.one(&[0, 1, 1, 1, 1, 2, 2, 3]),
            status,
        }
    }

    /// The statuses it passed.
    fn course(&mut self, ticket: &Ticket) -> Result<Course, Error> {
        let path: &[&str] = match ticket.status {
            "New" => &["New"],
            "Open" => &["New", "Open"],
            "Pending" => &["New", "Open", "Pending"],
            "Resolved" => &["New", "Open", "Resolved"],
            _ => &["New", "Open", "Resolved", "Closed"],
        };
        let mut changes = Vec::new();
        let (mut at, mut dates) = (ticket.created, [None, None]);
        for pair in path.windows(2) {
            let hours = if pair[1] == "Open" { 3 } else { 40 };
            let step = (i64::try_from(self.dice.below(hours * 60)).unwrap_or(0) + 10) * MINUTE;
            let next = after(at, step).min(before(self.now, MINUTE)).max(at);
            #[allow(clippy::cast_precision_loss)] // at most a month
            let stood = (next.micros() - at.micros()) as f64 / 3_600_000_000.0;
            changes.push((
                next,
                json!({
                    "Property": "Status",
                    "FromId": self.id_of(set::STATUSES, pair[0])?, "FromText": pair[0],
                    "ToId": self.id_of(set::STATUSES, pair[1])?, "ToText": pair[1],
                    "ChangedByKind": "User", "ChangedById": ticket.agent,
                    "FormerStateHours": stood,
                }),
            ));
            match pair[1] {
                "Resolved" => dates[0] = Some(next),
                "Closed" => dates[1] = Some(next),
                _ => {}
            }
            at = next;
        }
        let [resolved, closed] = dates;
        Ok(Course { changes, resolved, closed })
    }

    /// What was said: the first answer by staff, and the time of the last word.
    fn talk(&mut self, ticket: &Ticket) -> (Option<Timestamp>, Timestamp) {
        let mut last = ticket.created;
        let mut first_response = None;
        if ticket.status == "New" {
            return (first_response, last);
        }
        for turn in 0..=self.dice.below(4) {
            let step = (i64::try_from(self.dice.below(300)).unwrap_or(0) + 15) * MINUTE;
            let at = after(last, step).min(before(self.now, MINUTE)).max(last);
            last = at;
            let is_note = turn > 0 && self.dice.below(4) == 0;
            let is_staff = is_note || turn % 2 == 0;
            let body = match (is_note, is_staff) {
                (true, _) => self.dice.one(&NOTES),
                (false, true) => self.dice.one(&ANSWERS),
                (false, false) => self.dice.one(&REPLIES),
            };
            if is_staff && !is_note {
                first_response = first_response.or(Some(at));
            }
            self.comments.push(json!({
                "@odata.type": "#Tessera.Comment",
                "TicketId": ticket.id,
                "AuthorUserId": is_staff.then_some(ticket.agent),
                "AuthorCustomerId": (!is_staff).then_some(ticket.customer),
                "Body": body,
                "IsInternal": is_note,
                "CreatedDateTime": at.to_string(),
            }));
        }
        (first_response, last)
    }

    /// Adds a row of the history; the ids follow the order.
    fn history(&mut self, ticket: &Ticket, at: Timestamp, change: Json) {
        let mut line = json!({
            "@odata.type": "#Tessera.TicketHistoryEntry",
            "TicketId": ticket.id,
            "ChangedDateTime": at.to_string(),
            "CreatedDateTime": at.to_string(),
            "ChangedByKind": "Customer",
            "ChangedById": ticket.customer,
        });
        if let (Json::Object(line), Json::Object(change)) = (&mut line, change) {
            line.extend(change);
        }
        self.history.push(line);
    }

    /// The id of a list's entry of that name.
    fn id_of(&self, set: SetId, name: &str) -> Result<i64, Error> {
        let row = find(self.source, set, picker::NAME, name).into_iter().next();
        let model = self.source.model();
        let is_kind = |row: &crate::model::Row| {
            set != set::STATUSES || get(model, row, status::KIND) == Value::text(name)
        };
        let id = row.filter(is_kind).and_then(|row| get(model, &row, Prop(0)).as_int());
        id.ok_or_else(|| Error::Conflict {
            target: model.set(set).name.to_owned(),
            reason: format!("the demo needs '{name}', which a new workspace starts with"),
        })
    }
}

fn name_at<T: Copy>(all: &[T], id: i64, name: fn(T) -> &'static str) -> &'static str {
    name(all[usize::try_from(id - 1).unwrap_or(0)])
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

fn after(at: Timestamp, micros: i64) -> Timestamp {
    at.plus_micros(micros).unwrap_or(at)
}

fn before(at: Timestamp, micros: i64) -> Timestamp {
    after(at, -micros)
}

//! Scopes: every right there is, once, and sets of them.

use std::{fmt, str::FromStr, sync::LazyLock};

use crate::error::{Error, nearest};

/// One right.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// `resource:action`.
    pub name: &'static str,
    /// What it allows, in one line.
    pub doc: &'static str,
    /// The narrower scope that comes with it.
    pub implies: Option<&'static str>,
}

const fn scope(name: &'static str, doc: &'static str) -> Scope {
    Scope { name, doc, implies: None }
}

const fn wider(name: &'static str, doc: &'static str, implies: &'static str) -> Scope {
    Scope { name, doc, implies: Some(implies) }
}

/// Every scope. A scope's position is its bit: append only at the end.
pub const ALL: [Scope; 32] = [
    scope("tickets:read", "Read tickets, their history and the lists they choose from"),
    wider("tickets:write", "Create and change tickets", "tickets:create"),
    scope("tickets:delete", "Delete tickets, see deleted ones and bring them back"),
    scope("tickets:create", "Create tickets, but not change them"),
    scope("comments:read", "Read public comments"),
    wider("comments:write", "Create and change comments", "comments:create"),
    scope("comments:delete", "Delete comments"),
    scope("comments:create", "Create comments and change one's own, but no others"),
    scope("attachments:read", "Read attachments"),
    scope("attachments:write", "Add attachments"),
    scope("attachments:delete", "Delete attachments"),
    scope("customers:read", "Read customers, and the addresses of requesters"),
    scope("customers:write", "Create and change customers"),
    scope("customers:delete", "Delete customers"),
    scope("teams:read", "Read teams and who is in them"),
    scope("teams:write", "Create and change teams, and who is in them"),
    scope("teams:delete", "Delete teams"),
    scope("users:read", "Read staff, and the addresses of assignees"),
    scope("users:write", "Create and change staff"),
    scope("users:delete", "Delete staff"),
    scope("notes:read", "Read internal notes"),
    scope("notes:write", "Write internal notes"),
    scope("dashboard:read", "Read figures by day"),
    scope("mail:send", "Send mail"),
    scope("tokens:mint", "Make access tokens, with no more rights than one has"),
    scope("tokens:read", "Read the list of access tokens"),
    scope("tokens:write", "Change and revoke access tokens of others"),
    scope("audit:read", "Read the audit log"),
    scope("webhooks:read", "Read webhooks"),
    scope("webhooks:write", "Create and change webhooks"),
    scope("settings:read", "Read the policy for tokens, and how the server does"),
    scope("settings:write", "Change the policy for tokens, and the lists tickets choose from"),
];

/// [`ALL`] in one place, for those who look into it at every request.
static TABLE: [Scope; 32] = ALL;

/// The bits of scopes that imply another, each with the bit it implies.
static WIDER: LazyLock<Vec<(u64, u64)>> = LazyLock::new(|| {
    let wider = ALL.iter().filter_map(|scope| Some((bit(scope.name), bit(scope.implies?))));
    wider.collect()
});

static READING: LazyLock<Scopes> =
    LazyLock::new(|| Scopes::filter(|scope| scope.name.ends_with(":read")));

/// A set of scopes. Always holds what its members imply.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u64);

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);

    /// Every scope.
    #[must_use]
    pub fn all() -> Self {
        Self((1 << ALL.len()) - 1)
    }

    /// The scopes for which `belongs` is true, and what they imply.
    #[must_use]
    pub fn filter(belongs: impl Fn(&Scope) -> bool) -> Self {
        ALL.iter()
            .filter(|scope| belongs(scope))
            .fold(Self::NONE, |scopes, scope| scopes.union(Self::of(scope)))
    }

    /// The scopes of these names, and what they imply.
    ///
    /// # Errors
    /// `InvalidValue` for a name that is none, with the nearest that is.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut scopes = Self::NONE;
        for name in names {
            let scope = ALL.iter().find(|scope| scope.name == name).ok_or_else(|| unknown(name))?;
            scopes = scopes.union(Self::of(scope));
        }
        Ok(scopes)
    }

    /// The scopes of these names as they were once stored, and what they imply: one that this version
    /// does not know gives nothing. Quick where they come in the order of [`ALL`].
    #[must_use]
    pub fn stored<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut bits, mut next) = (0, 0);
        for name in names {
            let (before, after) = TABLE.split_at(next);
            let is_it = |scope: &Scope| scope.name == name;
            let found = after.iter().position(is_it).map(|at| next + at);
            if let Some(at) = found.or_else(|| before.iter().position(is_it)) {
                bits |= 1 << at;
                next = at + 1;
            }
        }
        for (wider, implied) in WIDER.iter() {
            if bits & wider != 0 {
                bits |= implied;
            }
        }
        Self(bits)
    }

    /// All that only read.
    #[must_use]
    pub fn reading() -> Self {
        *READING
    }

    /// Names in the order of [`ALL`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0u32..).zip(ALL).filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, s)| s.name)
    }

    /// Whether `name` is among them; no unknown name ever is.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        self.names().any(|held| held == name)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `other` has all of these.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Those in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// These, but for `other`; what a taken one implied stays.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These, if `giver` holds them all: what one may hand on.
    ///
    /// # Errors
    /// `ExceedsRights` names what was asked for and not held (but not what only came with it), and
    /// what is held; nothing is lowered silently.
    pub fn grant(self, giver: Self) -> Result<Self, Error> {
        if self.is_subset(giver) {
            return Ok(self);
        }
        let asked = Self(self.0 & !giver.0).without_implied();
        Err(Error::ExceedsRights { asked: asked.to_string(), held: giver.to_string() })
    }

    /// Those that do not come with another of these; together they imply the rest.
    fn without_implied(self) -> Self {
        let implied = |scopes: Self, name: &str| {
            let wider = ALL.iter().find(|scope| scope.name == name);
            Self(scopes.0 | wider.and_then(|scope| scope.implies).map_or(0, bit))
        };
        Self(self.0 & !self.names().fold(Self::NONE, implied).0)
    }

    fn of(scope: &Scope) -> Self {
        Self(bit(scope.name) | scope.implies.map_or(0, bit))
    }
}

/// The bit of the scope of that name.
fn bit(name: &str) -> u64 {
    ALL.iter().position(|scope| scope.name == name).map_or(0, |at| 1 << at)
}

fn unknown(name: &str) -> Error {
    let names = || ALL.iter().map(|scope| scope.name);
    let hint = nearest(name, names()).map_or_else(
        || format!("; there are {}", names().collect::<Vec<_>>().join(", ")),
        |near| format!("; did you mean '{near}'?"),
    );
    Error::InvalidValue {
        target: "Scopes".into(),
        reason: format!("there is no scope '{name}'{hint}"),
    }
}

impl fmt::Display for Scopes {
    /// Names with commas between, as [`FromStr`] reads them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.write_str(&names.join(","))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = Error;

    /// Reads `tickets:read, comments:read`; blanks around names do not count, an empty text is none.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_names(text.split(',').map(str::trim).filter(|name| !name.is_empty()))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Guard, helpdesk};

    #[test]
    fn no_scope_is_declared_twice_and_each_implies_a_declared_one() {
        assert_eq!(ALL.iter().map(|s| s.name).collect::<BTreeSet<_>>().len(), ALL.len());
        for scope in ALL {
            assert!(scope.implies.is_none_or(|name| ALL.iter().any(|s| s.name == name)));
            assert!(!scope.doc.is_empty());
        }
    }

    #[test]
    fn every_scope_the_model_asks_for_exists() {
        let model = helpdesk();
        for set in &model.sets {
            let scopes = set.scopes;
            let wanted =
                [Some(scopes.read), scopes.read_own, scopes.create, scopes.write, scopes.delete];
            let guard = match set.guard {
                Some(Guard::Flagged { scope, .. } | Guard::Own { scope, .. }) => Some(scope),
                Some(Guard::OwnerOrShared { .. }) | None => None,
            };
            for name in wanted.into_iter().chain([guard]).flatten() {
                assert!(Scopes::all().has(name), "{name}");
            }
        }
        for action in &model.actions {
            assert!(action.scope.is_none_or(|name| Scopes::all().has(name)), "{}", action.name);
        }
        for property in model.structs.iter().flat_map(|structure| &structure.properties) {
            assert!(property.scope.is_none_or(|name| Scopes::all().has(name)), "{}", property.name);
        }
    }

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = text.parse::<Scopes>().map_or_else(|e| e.to_string(), |s| s.to_string());
        assert_eq!(got, want);
    }

    #[test]
    fn names_are_read_in_any_order_and_bring_what_they_imply() {
        check("comments:read, tickets:read", "tickets:read,comments:read");
        check("tickets:write", "tickets:write,tickets:create");
        check("comments:write", "comments:write,comments:create");
        check("tickets:create", "tickets:create");
        check("", "");
        check(
            "ticket:read",
            "'Scopes' does not fit: there is no scope 'ticket:read'; did you mean 'tickets:read'?",
        );
        let names = ALL.map(|scope| scope.name).join(", ");
        let want =
            format!("'Scopes' does not fit: there is no scope 'everything'; there are {names}");
        check("everything", &want);
    }

    #[test]
    fn what_one_does_not_hold_cannot_be_handed_on() {
        let held: Scopes = "tickets:read,comments:read".parse().unwrap();
        let asked: Scopes = "tickets:read,tickets:delete".parse().unwrap();
        assert_eq!(
            asked.grant(held),
            Err(Error::ExceedsRights {
                asked: "tickets:delete".into(),
                held: "tickets:read,comments:read".into()
            })
        );
        assert_eq!(held.grant(held), Ok(held));
    }

    /// Whoever asked for `tickets:write` was told to have asked for `tickets:create` as well.
    #[test]
    fn what_was_not_asked_for_is_not_told_to_have_been() {
        let held: Scopes = "tickets:read".parse().unwrap();
        for asked in ["tickets:write", "tickets:create", "tickets:delete,comments:write"] {
            let refused = asked.parse::<Scopes>().unwrap().grant(held);
            let held = held.to_string();
            assert_eq!(refused, Err(Error::ExceedsRights { asked: asked.into(), held }));
        }
    }

    pub(crate) fn any_scopes() -> impl Strategy<Value = Scopes> {
        any::<u64>().prop_map(|bits| {
            Scopes::from_names(
                (0..).zip(ALL).filter(|(at, _)| bits >> at & 1 == 1).map(|(_, s)| s.name),
            )
            .unwrap()
        })
    }

    #[test]
    fn stored_names_are_read_in_any_order_and_unknown_ones_give_nothing() {
        let all: Vec<&str> = ALL.iter().map(|scope| scope.name).collect();
        assert_eq!(Scopes::stored(all.iter().copied()), Scopes::all());
        assert_eq!(Scopes::stored(all.iter().rev().copied()), Scopes::all());
        let some = Scopes::stored(["comments:write", "moon:read", "tickets:read", "tickets:read"]);
        assert_eq!(some.to_string(), "tickets:read,comments:write,comments:create");
        assert!(Scopes::reading().names().all(|name| name.ends_with(":read")));
    }

    proptest! {
        #[test]
        fn sets_of_scopes_behave_as_sets(a in any_scopes(), b in any_scopes()) {
            let both = a.intersection(b);
            prop_assert!(both.is_subset(a) && both.is_subset(b));
            prop_assert!(a.is_subset(a.union(b)));
            prop_assert_eq!(a.is_subset(b), a.names().all(|name| b.has(name)));
            prop_assert_eq!(both.to_string().parse::<Scopes>(), Ok(both));
        }
    }
}

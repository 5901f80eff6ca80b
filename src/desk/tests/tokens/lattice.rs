//! Whatever happens to people, tokens and policies: no token does what somebody behind it cannot do now.

use std::{collections::BTreeMap, sync::LazyLock};

use super::*;
use crate::{
    auth::Standing,
    model::{Register, State},
};

/// A helpdesk reduced to what rights hang on.
#[derive(Default)]
struct World {
    people: Vec<Option<Role>>,
    tokens: BTreeMap<i64, Standing>,
    needing: Scopes,
    now: i64,
}

impl Register for World {
    fn token(&self, id: i64) -> Option<Standing> {
        self.tokens.get(&id).copied()
    }

    fn person(&self, id: i64) -> Scopes {
        let role = self.people.get(usize::try_from(id).unwrap()).copied().flatten();
        role.map_or(Scopes::NONE, Role::scopes)
    }

    fn needing_addresses(&self) -> Scopes {
        self.needing
    }
}

/// Numbers without an end, the same for the same seed.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn below(&mut self, end: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % end).unwrap()
    }

    pub(super) fn scopes(&mut self) -> Scopes {
        let bits = self.0;
        let chosen = EACH.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        let some = chosen.fold(Scopes::NONE, |all, (_, one)| all.union(*one));
        if self.below(3) == 0 { Scopes::all() } else { some }
    }

    pub(super) fn role(&mut self) -> Option<Role> {
        Role::ALL.get(usize::try_from(self.below(5)).unwrap()).copied()
    }
}

/// Each scope, with what it brings.
static EACH: LazyLock<Vec<Scopes>> = LazyLock::new(|| {
    let all = crate::auth::scope::ALL;
    all.iter().map(|scope| Scopes::from_names([scope.name]).unwrap()).collect()
});

const PEOPLE: u64 = 4;
const TOKENS: u64 = 12;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

impl World {
    fn step(&mut self, draw: &mut Draw) {
        self.now += draw.below(3);
        let id = draw.below(TOKENS);
        match draw.below(8) {
            0 | 1 => {
                let (who, role) = (draw.below(PEOPLE), draw.role());
                self.people[usize::try_from(who).unwrap()] = role;
            }
            2 => self.needing = draw.scopes().intersection(draw.scopes()),
            3 => drop(self.tokens.remove(&id)),
            4 => {
                if let Some(token) = self.tokens.get_mut(&id) {
                    token.revoked = Some(at(self.now));
                }
            }
            5 => {
                if let Some(token) = self.tokens.get_mut(&id) {
                    token.scopes = token.scopes.intersection(draw.scopes());
                    token.has_addresses = draw.below(2) == 0;
                }
            }
            _ => drop(self.tokens.insert(id, self.any(draw))),
        }
    }

    /// A token as nobody would make it, too: made with itself, with one that is not there, in a circle.
    fn any(&self, draw: &mut Draw) -> Standing {
        let mut person = || Some(draw.below(PEOPLE + 1)).filter(|id| *id > 0);
        let (owner_id, created_by_id) = (person(), person());
        Standing {
            scopes: draw.scopes(),
            owner_id,
            created_by_id,
            parent_id: Some(draw.below(TOKENS * 2)).filter(|id| *id < TOKENS.cast_signed()),
            is_service: draw.below(4) == 0,
            has_addresses: draw.below(2) == 0,
            expires: at(self.now + draw.below(100)),
            revoked: None,
            overlap_ends: None,
        }
    }

    /// People in any role, and a line of tokens as they are made.
    fn begun(draw: &mut Draw) -> Self {
        let people = (0..=PEOPLE).map(|_| draw.role()).collect();
        let mut world = Self { people, ..Self::default() };
        for id in 0..6 {
            let parent_id = Some(id - 1).filter(|id| *id >= 0 && draw.below(4) > 0);
            world.tokens.insert(id, Standing { parent_id, ..world.any(draw) });
        }
        world
    }

    /// Whether a token may do something, said again from the rules.
    fn may(&self, id: i64, what: Scopes, depth: usize) -> bool {
        let Some(token) = self.tokens.get(&id) else { return false };
        let person = |id: Option<i64>| id.is_none_or(|id| what.is_subset(self.person(id)));
        let maker = token.created_by_id.filter(|id| Some(*id) != token.owner_id);
        depth < 8
            && token.revoked.is_none()
            && at(self.now) < token.expires
            && what.is_subset(token.scopes)
            && person(token.owner_id)
            && (token.is_service || person(maker))
            && (token.has_addresses || what.intersection(self.needing).is_empty())
            && token.parent_id.is_none_or(|parent| self.may(parent, what, depth + 1))
    }

    /// Looks at what each token may do now; how many may do anything, and how many nothing.
    fn check(&self, draw: &mut Draw) -> (u64, u64) {
        let (mut alive, mut dead, now) = (0, 0, at(self.now));
        for (id, token) in &self.tokens {
            let scopes = token.in_force(self, now);
            if scopes.is_empty() {
                dead += 1;
            } else {
                alive += 1;
                assert!(token.state(self, now).is_alive());
                assert!(scopes.is_subset(token.scopes));
                let owner = token.owner_id.map_or(Scopes::all(), |id| self.person(id));
                assert!(scopes.is_subset(owner));
                let parent = token.parent_id.map(|id| self.tokens[&id].in_force(self, now));
                assert!(parent.is_none_or(|parent| scopes.is_subset(parent)));
            }
            if matches!(token.state(self, now), State::Expired(_) | State::Revoked(_)) {
                assert_eq!(scopes, Scopes::NONE);
            }
            // The slow way looks at one scope of each token.
            let what = EACH[usize::try_from(draw.below(32)).unwrap()];
            assert_eq!(what.is_subset(scopes), self.may(*id, what, 0), "{what}");
        }
        (alive, dead)
    }
}

/// 100,000 short sequences, each from a world of its own: all tokens are looked at after the last change.
#[test]
fn no_sequence_of_changes_gives_a_token_more_than_anybody_behind_it() {
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    let (mut alive, mut dead) = (0, 0);
    for _ in 0..100_000 {
        let mut world = World::begun(&mut draw);
        for _ in 0..=draw.below(8) {
            world.step(&mut draw);
        }
        let (some, none) = world.check(&mut draw);
        (alive, dead) = (alive + some, dead + none);
    }
    assert!(alive > 50_000 && dead > 50_000, "{alive} {dead}");
}

/// 500 long sequences of 200 changes: all tokens are looked at after each change.
#[test]
fn no_long_sequence_of_changes_does_either() {
    let mut draw = Draw(0x2545_F491_4F6C_DD1D);
    let (mut alive, mut dead) = (0, 0);
    for _ in 0..500 {
        let mut world = World { people: vec![Some(Role::Administrator); 5], ..World::default() };
        for _ in 0..200 {
            world.step(&mut draw);
            let (some, none) = world.check(&mut draw);
            (alive, dead) = (alive + some, dead + none);
        }
    }
    assert!(alive > 50_000 && dead > 50_000, "{alive} {dead}");
}

//! Whatever happens to people, tokens and policies: no token does what somebody behind it cannot do now.

use std::collections::BTreeMap;

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
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % end).unwrap()
    }

    fn scopes(&mut self) -> Scopes {
        let bits = self.0;
        let chosen = crate::auth::scope::ALL.iter().enumerate();
        let chosen = chosen.filter(|(at, _)| bits >> at & 1 == 1).map(|(_, scope)| scope.name);
        let some = Scopes::from_names(chosen).unwrap();
        if self.below(3) == 0 { Scopes::all() } else { some }
    }

    fn role(&mut self) -> Option<Role> {
        Role::ALL.get(usize::try_from(self.below(5)).unwrap()).copied()
    }
}

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

    /// What a token may do, said again from the rules, one scope at a time.
    fn may(&self, id: i64, scope: &str, depth: usize) -> bool {
        let Some(token) = self.tokens.get(&id) else { return false };
        let person = |id: Option<i64>| id.is_none_or(|id| self.person(id).has(scope));
        let maker = token.created_by_id.filter(|id| Some(*id) != token.owner_id);
        depth < 8
            && token.revoked.is_none()
            && at(self.now) < token.expires
            && token.scopes.has(scope)
            && person(token.owner_id)
            && (token.is_service || person(maker))
            && (token.has_addresses || !self.needing.has(scope))
            && token.parent_id.is_none_or(|parent| self.may(parent, scope, depth + 1))
    }
}

#[test]
fn no_sequence_of_changes_gives_a_token_more_than_anybody_behind_it() {
    let mut draw = Draw(0x2545_F491_4F6C_DD1D);
    let (mut alive, mut dead) = (0, 0);
    for _ in 0..500 {
        let mut world = World { people: vec![Some(Role::Administrator); 5], ..World::default() };
        for step in 0..200 {
            world.step(&mut draw);
            let now = at(world.now);
            for (id, token) in &world.tokens {
                let scopes = token.in_force(&world, now);
                if scopes.is_empty() {
                    dead += 1;
                } else {
                    alive += 1;
                    assert!(token.state(&world, now).is_alive());
                    assert!(scopes.is_subset(token.scopes));
                    let owner = token.owner_id.map_or(Scopes::all(), |id| world.person(id));
                    assert!(scopes.is_subset(owner));
                    let parent = token.parent_id.map(|id| world.tokens[&id].in_force(&world, now));
                    assert!(parent.is_none_or(|parent| scopes.is_subset(parent)));
                }
                if matches!(token.state(&world, now), State::Expired(_) | State::Revoked(_)) {
                    assert_eq!(scopes, Scopes::NONE);
                }
                // The slow way looks at one scope of one token in each step.
                let scope = crate::auth::scope::ALL[(step + usize::try_from(*id).unwrap()) % 32];
                assert_eq!(scopes.has(scope.name), world.may(*id, scope.name, 0), "{}", scope.name);
            }
        }
    }
    assert!(alive > 50_000 && dead > 50_000, "{alive} {dead}");
}

/// The same through the verbs: what is refused stays refused, what is made stays within its makers.
#[test]
fn no_sequence_of_verbs_does_either() {
    for seed in 1..=6_u64 {
        let bench = Bench::new();
        let mut draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for name in ["Ann", "Bob", "Cy", "Dee"] {
            bench.user(name, Role::Administrator);
        }
        let mut secrets: Vec<String> = Vec::new();
        for _ in 0..300 {
            let by = draw.below(3);
            let caller = match secrets.get(usize::try_from(draw.below(12)).unwrap()) {
                Some(secret) if by == 0 => comes(&bench, secret),
                _ if by == 1 => Ok(signed_in(&bench, 1 + draw.below(4))),
                _ => Ok(Principal::system()),
            };
            let Ok(caller) = caller else { continue };
            let id = draw.below(u64::try_from(secrets.len()).unwrap() + 1);
            match draw.below(7) {
                0 => {
                    let role = draw.role().map_or("Agent", Role::name);
                    let at = (set::USERS, Key::Int(1 + draw.below(4)));
                    let new = vec![
                        (user::ROLE, text(role)),
                        (user::IS_ACTIVE, (draw.below(4) > 0).into()),
                    ];
                    drop(block_on(bench.desk.update(&caller, at, Precondition::default(), new)));
                }
                1 => drop(revoke(&bench, &caller, id)),
                2 => {
                    let names: Vec<&str> = draw.scopes().names().collect();
                    drop(change(&bench, &caller, id, &[("Scopes", texts(&names))]));
                }
                3 => bench.clock.set(bench.clock.now().plus_micros(3_600_000_000).unwrap()),
                _ => {
                    let role = draw.role().unwrap_or(Role::Agent);
                    let within = draw.scopes().intersection(role.scopes());
                    let within = if by == 2 { within } else { within.intersection(caller.scopes) };
                    let wish = Request {
                        scopes: Some(within),
                        owner_id: Some(draw.below(5)).filter(|id| *id > 0),
                        is_service: draw.below(5) == 0,
                        ..request(role)
                    };
                    let held = caller.scopes;
                    if let Ok((row, secret)) = mint_as(&bench, &caller, wish) {
                        let now = comes(&bench, &secret).unwrap().scopes;
                        assert!(now.is_subset(held), "{}", bench.show(&row, "Scopes"));
                        secrets.push(secret);
                    }
                }
            }
            check(&bench, &secrets);
        }
        assert!(secrets.len() > 20, "{}", secrets.len());
    }
}

/// What each secret opens, against the people and the token it was made with.
fn check(bench: &Bench, secrets: &[String]) {
    let source = bench.desk.snapshot();
    for secret in secrets.iter().rev().take(6) {
        let Ok(caller) = comes(bench, secret) else { continue };
        let row = source.row(set::ACCESS_TOKENS, &Key::Int(caller.token_id.unwrap())).unwrap();
        let get = |prop| row.record.get(helpdesk().structure(row.type_id), prop);
        let person = |id: i64| crate::desk::users::owner(&*source, Some(id)).scopes();
        if let Some(owner) = get(token::OWNER_ID).as_int() {
            assert!(caller.scopes.is_subset(person(owner)));
        }
        if let Some(maker) = get(token::CREATED_BY_ID).as_int()
            && get(token::KIND).as_text() != Some("svc")
        {
            assert!(caller.scopes.is_subset(person(maker)));
        }
        let names: Vec<&str> = caller.scopes.names().collect();
        assert_eq!(bench.show(&row, "EffectiveScopes"), names.join("|"));
    }
}

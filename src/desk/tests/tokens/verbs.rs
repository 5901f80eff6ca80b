//! Whatever is done through the verbs, by people, by programs and at the machine: what a program gets stays
//! within its line, and nothing a program does makes any token wider.

use std::collections::BTreeMap;

use super::{lattice::Draw, *};
use crate::{auth::Networks, query::Source};

const LISTS: [&[&str]; 6] = [
    &[],
    &["127.0.0.0/8", "10.0.0.0/8"],
    &["127.0.0.0/8"],
    &["127.0.0.1", "10.0.0.0/8"],
    &["127.0.0.1"],
    &["10.0.0.0/9"],
];
/// Addresses that tell the lists apart.
const PLACES: [&str; 5] = ["127.0.0.1", "127.0.0.2", "10.0.0.1", "10.200.0.1", "192.0.2.1"];

const HOUR: i64 = 3_600_000_000;

/// What of a token must not get wider.
#[derive(Debug)]
struct Seen {
    scopes: Scopes,
    /// Of [`PLACES`], those where its own list lets it work.
    places: Vec<&'static str>,
    expires: Timestamp,
    /// The end it was made for, where it is an orphan.
    full: Timestamp,
    is_revoked: bool,
    /// Whose it is, who made it, the token it was made with.
    ids: [Option<i64>; 3],
}

fn seen(row: &Row) -> Seen {
    let get = |prop| row.record.get(helpdesk().structure(row.type_id), prop);
    let list = get(token::ALLOWED_ADDRESSES);
    let list = Networks::read(list.items().iter().filter_map(Value::as_text)).unwrap();
    let works = |place: &&str| list.is_empty() || list.contains(place.parse().unwrap());
    let instant = |prop| get(prop).as_instant();
    let expires = instant(token::EXPIRES).unwrap();
    Seen {
        scopes: Scopes::stored(get(token::SCOPES).items().iter().filter_map(Value::as_text)),
        places: PLACES.into_iter().filter(works).collect(),
        expires,
        full: instant(token::FULL_EXPIRES).unwrap_or(expires),
        is_revoked: instant(token::REVOKED).is_some(),
        ids: [token::OWNER_ID, token::CREATED_BY_ID, token::PARENT_ID].map(|at| get(at).as_int()),
    }
}

/// The token of that id and those before it, from the rows alone.
fn line(source: &dyn Source, id: i64) -> Vec<(i64, Seen)> {
    let (mut line, mut next) = (Vec::new(), Some(id));
    while let Some(id) = next {
        let row = source.row(set::ACCESS_TOKENS, &Key::Int(id)).expect("a line is whole");
        let token = seen(&row);
        next = token.ids[2];
        line.push((id, token));
    }
    line
}

/// What happened, by name, so that the run shows that it did something.
type Counts = BTreeMap<&'static str, u32>;

struct Run {
    bench: Bench,
    draw: Draw,
    /// Every secret anybody got.
    secrets: Vec<String>,
    /// The token that was made last.
    last: i64,
    counts: Counts,
}

impl Run {
    fn new(seed: u64) -> Self {
        let bench = Bench::new();
        for name in ["Ann", "Bob", "Cy", "Dee"] {
            bench.user(name, Role::Administrator);
        }
        let draw = Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self { bench, draw, secrets: Vec::new(), last: 1, counts: Counts::new() }
    }

    fn any<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.draw.below(of.len() as u64)).unwrap()]
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// A program, somebody signed in, or who runs the product at the machine.
    fn caller(&mut self) -> Option<Principal> {
        match self.draw.below(8) {
            0 => Some(Principal::system()),
            1 | 2 => {
                let id = 1 + self.draw.below(4);
                let confirmed = Confirmed::Person(self.draw.below(3) > 0);
                let row = self.bench.desk.snapshot().row(set::USERS, &Key::Int(id))?;
                let is_active = self.bench.show(&row, "IsActive") == "true";
                is_active.then(|| Principal { confirmed, ..signed_in(&self.bench, id) })
            }
            _ => {
                let count = self.secrets.len() as u64;
                let newest = self.draw.below(count.clamp(1, 8));
                let at = usize::try_from(newest).unwrap();
                let at = self.secrets.len().checked_sub(at + 1)?;
                let from = usize::try_from(self.draw.below(5)).unwrap();
                let places = PLACES.iter().cycle().skip(from).take(3);
                let mut tries =
                    places.map(|place| comes_from(&self.bench, &self.secrets[at], place));
                tries.find_map(Result::ok)
            }
        }
    }

    /// A token: the caller's own, the last one, or any.
    fn id(&mut self, caller: &Principal) -> i64 {
        match self.draw.below(3) {
            0 => caller.token_id.unwrap_or(self.last),
            1 => self.last,
            _ => 1 + self.draw.below(u64::try_from(self.last).unwrap() + 1),
        }
    }

    fn wish(&mut self, caller: &Principal) -> Request {
        let role = self.draw.role().unwrap_or(Role::Administrator);
        let scopes = self.draw.scopes().union("tokens:mint".parse().unwrap());
        let scopes = scopes.intersection(role.scopes()).intersection(caller.scopes);
        let hours = self.draw.below(400);
        let until = self.bench.desk.now().plus_micros(hours * HOUR);
        let addresses = self.any(&LISTS).iter().map(ToString::to_string).collect();
        Request {
            scopes: Some(scopes),
            addresses,
            expires: until.map(End::At).filter(|_| hours > 200),
            owner_id: Some(self.draw.below(5)).filter(|id| *id > 0 && hours % 3 == 0),
            is_service: self.draw.below(6) == 0,
            ..request(role)
        }
    }

    /// Does something; the token and its new secret, where it was told one.
    fn act(&mut self, caller: &Principal) -> Option<(Row, String)> {
        let (what, done) = match self.draw.below(16) {
            0..3 => self.act_around(caller),
            3..10 => self.act_on_token(caller),
            10 | 11 => {
                let at = at_any(self.id(caller));
                let hours = self.draw.below(30);
                let told = block_on(self.bench.desk.rotate_token(caller, at, Some(hours)));
                let told = told.map(|(row, secret)| (row, secret.expose().to_owned()));
                return told.ok().inspect(|_| self.count("rotate"));
            }
            _ => {
                let wish = self.wish(caller);
                return mint_as(&self.bench, caller, wish).ok().inspect(|_| self.count("mint"));
            }
        };
        if done {
            self.count(what);
            if caller.token_id.is_some() && what == "addresses" {
                self.count("addresses by a program");
            }
        }
        None
    }

    /// Changes what tokens hang on: people, the policy, the time.
    fn act_around(&mut self, caller: &Principal) -> (&'static str, bool) {
        let (what, at, new) = match self.draw.below(3) {
            0 => {
                let role = self.draw.role().filter(|_| self.draw.below(3) == 0);
                let role = role.unwrap_or(Role::Administrator);
                let is_active = self.draw.below(6) > 0;
                let new =
                    vec![(user::ROLE, text(role.name())), (user::IS_ACTIVE, is_active.into())];
                ("user", (set::USERS, Key::Int(1 + self.draw.below(4))), new)
            }
            1 => {
                let some = self.draw.scopes().intersection(self.draw.scopes());
                let some = some.without("tokens:mint,tokens:write".parse().unwrap());
                let names: Vec<&str> = some.names().collect();
                let new = vec![(rule::SCOPES_NEEDING_ADDRESSES, texts(&names))];
                ("policy", (set::TOKEN_POLICIES, Key::Int(1)), new)
            }
            _ => {
                let clock = &self.bench.clock;
                clock.set(clock.now().plus_micros(self.draw.below(20) * HOUR).unwrap());
                return ("time", true);
            }
        };
        let done = self.bench.desk.update(caller, at, Precondition::default(), new);
        (what, block_on(done).is_ok())
    }

    /// Changes a token, or ends it.
    fn act_on_token(&mut self, caller: &Principal) -> (&'static str, bool) {
        let id = self.id(caller);
        let bench = &self.bench;
        let set = |name, value| change(bench, caller, id, &[(name, value)]).is_ok();
        match self.draw.below(7) {
            0 => ("revoke", self.draw.below(3) == 0 && revoke(bench, caller, id).is_ok()),
            1 => {
                let is_wished = self.draw.below(3) == 0;
                let desk = &bench.desk;
                ("delete", is_wished && block_on(desk.delete_token(caller, at_any(id))).is_ok())
            }
            2 => {
                let row = bench.desk.snapshot().row(set::ACCESS_TOKENS, &Key::Int(id));
                let own = row.map_or(Scopes::NONE, |row| seen(&row).scopes);
                let some = self.draw.scopes();
                let some = if self.draw.below(2) == 0 { some } else { some.intersection(own) };
                ("scopes", set("Scopes", texts(&some.names().collect::<Vec<_>>())))
            }
            3 => {
                let hours = 100 + self.draw.below(800);
                let at = bench.desk.now().plus_micros(hours * HOUR).unwrap();
                ("expires", set("ExpiresDateTime", Value::Instant(at)))
            }
            4 => ("adopt", set("ResponsibleId", Value::Int(1 + self.draw.below(4)))),
            _ => {
                let list = self.draw.below(LISTS.len() as u64);
                let list = texts(LISTS[usize::try_from(list).unwrap()]);
                ("addresses", set("AllowedAddresses", list))
            }
        }
    }

    fn step(&mut self) {
        let Some(caller) = self.caller() else { return };
        let before = self.bench.desk.snapshot();
        let told = self.act(&caller);
        let after = self.bench.desk.snapshot();
        if let Some(own) = caller.token_id {
            check_no_wider(&*before, &*after);
            if let Some((row, secret)) = &told {
                self.check_got(&caller, own, (row, secret));
            }
        }
        if let Some((row, secret)) = told {
            self.last = self.last.max(row.key(helpdesk()).as_int().unwrap());
            self.secrets.push(secret);
        }
        for at in 0..5 {
            // The newest and some older ones.
            let back = if at < 3 { at } else { self.draw.below(40) };
            let at = self.secrets.len().checked_sub(usize::try_from(back).unwrap() + 1);
            if let Some(at) = at {
                let place = self.any(&PLACES);
                self.check_opens(&self.secrets[at], place);
            }
        }
    }

    /// A secret that a program got is its own token's, or that of one further down its line.
    fn check_got(&mut self, caller: &Principal, own: i64, (row, secret): (&Row, &str)) {
        let id = row.key(helpdesk()).as_int().unwrap();
        let line = line(&*self.bench.desk.snapshot(), id);
        assert!(line.iter().any(|(before, _)| *before == own), "{id} by {own}");
        let ends = line.iter().map(|(_, token)| token.expires).min().unwrap();
        self.count("a secret for a program");
        if line.len() > 2 {
            self.count("a secret further down");
        }
        for place in PLACES {
            let Ok(opened) = comes_from(&self.bench, secret, place) else { continue };
            assert!(opened.scopes.is_subset(caller.scopes), "{} by {own}", opened.scopes);
            assert!(line.iter().all(|(_, token)| token.places.contains(&place)), "{id} at {place}");
        }
        assert!(self.bench.desk.now() < ends, "{id} by {own}");
    }

    /// What a secret opens now is within everybody behind it: people, and each token of its line.
    fn check_opens(&self, secret: &str, place: &str) {
        let Ok(opened) = comes_from(&self.bench, secret, place) else { return };
        let (source, now) = (self.bench.desk.snapshot(), self.bench.desk.now());
        let id = opened.token_id.unwrap();
        let person = |id: i64| crate::desk::users::owner(&*source, Some(id)).scopes();
        for (at, token) in line(&*source, id) {
            assert!(opened.scopes.is_subset(token.scopes), "{id} and {at}");
            assert!(token.places.contains(&place) && now < token.expires && !token.is_revoked);
            let row = source.row(set::ACCESS_TOKENS, &Key::Int(at)).unwrap();
            let [owner, maker, _] = token.ids;
            let maker = maker.filter(|_| self.bench.show(&row, "Kind") != "svc");
            for somebody in owner.into_iter().chain(maker) {
                assert!(opened.scopes.is_subset(person(somebody)), "{id} and Users({somebody})");
            }
        }
        let row = source.row(set::ACCESS_TOKENS, &Key::Int(id)).unwrap();
        let names: Vec<&str> = opened.scopes.names().collect();
        assert_eq!(self.bench.show(&row, "EffectiveScopes"), names.join("|"));
    }
}

/// Whatever a program did, no token may more, lasts longer, works from more places or is another's.
fn check_no_wider(before: &dyn Source, after: &dyn Source) {
    for row in after.rows(set::ACCESS_TOKENS) {
        let key = row.key(helpdesk());
        let Some(old) = before.row(set::ACCESS_TOKENS, &key) else { continue };
        if old.version == row.version {
            continue;
        }
        let (was, is) = (seen(&old), seen(&row));
        assert!(is.scopes.is_subset(was.scopes), "{was:?} {is:?}");
        assert!(is.places.iter().all(|place| was.places.contains(place)), "{was:?} {is:?}");
        // Adopting an orphan gives back the life it was made for, and no more.
        assert!(is.expires <= was.full && is.full <= was.full, "{was:?} {is:?}");
        assert!(is.ids == was.ids && is.is_revoked >= was.is_revoked, "{was:?} {is:?}");
    }
}

#[test]
fn no_sequence_of_verbs_gives_a_program_more_than_it_has() {
    let mut all = Counts::new();
    for seed in 1..=40 {
        let mut run = Run::new(seed);
        for _ in 0..400 {
            run.step();
        }
        for (what, count) in run.counts {
            *all.entry(what).or_default() += count;
        }
    }
    for (what, least) in [
        ("mint", 400),
        ("rotate", 150),
        ("a secret for a program", 300),
        ("a secret further down", 50),
        ("addresses", 100),
        ("addresses by a program", 20),
        ("adopt", 10),
        ("delete", 20),
        ("expires", 20),
        ("policy", 50),
        ("revoke", 20),
        ("scopes", 50),
        ("user", 50),
    ] {
        assert!(all.get(what).is_some_and(|count| *count >= least), "{what}: {all:?}");
    }
}

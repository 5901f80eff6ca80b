//! Random expressions whose parts fit, as the check of a query would let them through.

use super::{
    dice::Dice,
    pool,
    reach::{Place, Reach, Way, derived},
    searches,
};
use crate::{
    model::{Model, Primitive, StructId, Type, Value},
    query::{
        BinaryOp, Collection, Expr, Find, Function, Path, Quantifier, Step, Var, values::ValueSet,
    },
};

/// What a variable stands for.
#[derive(Clone)]
pub(super) enum Bound {
    /// An entity or a complex value of the type.
    Of(StructId),
    /// An item of a collection of other values.
    Item(Type),
}

/// Makes expressions about the variables in `scope`.
pub(super) struct Maker<'a> {
    pub(super) model: &'static Model,
    pub(super) reaches: &'a std::collections::BTreeMap<StructId, Reach>,
    pub(super) scope: Vec<Bound>,
    /// Entities by their keys, some of which are not there or not to be seen.
    pub(super) finds: &'a [Find],
    /// The type of what the whole request is about, where these are expressions of an expansion.
    pub(super) it: Option<StructId>,
    pub(super) dice: &'a mut Dice,
}

/// Collections beyond this are not nested: what is asked of them is asked for each row.
const SCOPE_MAX: usize = 3;

/// Types that can be compared with one another.
pub(super) fn is_alike(a: &Type, b: &Type) -> bool {
    let is_number = |ty: &Type| matches!(ty, Type::Primitive(kind) if is_number(*kind));
    a == b || (is_number(a) && is_number(b))
}

fn is_number(kind: Primitive) -> bool {
    kind.integer_range().is_some()
        || matches!(kind, Primitive::Decimal | Primitive::Double | Primitive::Single)
}

/// One of two equal operands.
pub(super) fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: left.into(), right: right.into() }
}

pub(super) fn call(function: Function, args: Vec<Expr>) -> Expr {
    Expr::Call { function, args }
}

impl Maker<'_> {
    /// Something that is true, false or unknown.
    pub(super) fn truth(&mut self, depth: u8) -> Expr {
        if depth == 0 {
            return self.test(0);
        }
        let below = depth - 1;
        match self.dice.below(16) {
            0..=2 => Expr::And(self.truths(below)),
            3 | 4 => Expr::Or(self.truths(below)),
            5 => Expr::Not(self.truth(below).into()),
            6 | 7 => self.quantified(below),
            8 => {
                let pairs =
                    (0..=self.dice.below(2)).map(|_| (self.truth(below), self.truth(below)));
                Expr::Case(pairs.collect())
            }
            _ => self.test(below),
        }
    }

    fn truths(&mut self, depth: u8) -> Vec<Expr> {
        (0..2 + self.dice.below(2)).map(|_| self.truth(depth)).collect()
    }

    /// A condition that is made of no others.
    fn test(&mut self, depth: u8) -> Expr {
        match self.dice.below(20) {
            0..=7 => self.comparison(depth),
            8 => {
                let flag = Type::Primitive(Primitive::Boolean);
                self.of(&flag, 0)
            }
            9 | 10 => self.search(depth),
            11 | 12 => self.within(depth),
            13 => self.is_null(),
            14 => self.exists(),
            15 => self.typed(),
            16 => self.listed(),
            17 => self.has(),
            18 => self.counted(depth),
            _ => Expr::Literal(self.dice.pick(&[true.into(), false.into(), Value::Null]).clone()),
        }
    }

    fn comparison(&mut self, depth: u8) -> Expr {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        let Some((path, ty, place)) = self.place(|_| true) else {
            return Expr::Literal(true.into());
        };
        let right = match self.dice.below(12) {
            0 => Expr::Literal(Value::Null),
            1 | 2 => self.of(&ty, depth),
            _ => Expr::Literal(self.like(place.as_ref(), &ty)),
        };
        let op = *self.dice.pick(&[Eq, Eq, Eq, Ne, Gt, Ge, Lt, Le]);
        let left = if self.dice.once_in(6) { self.of(&ty, depth) } else { path };
        if self.dice.once_in(5) { binary(op, right, left) } else { binary(op, left, right) }
    }

    /// A value such as a place holds, or at least of its type.
    fn like(&mut self, place: Option<&Place>, ty: &Type) -> Value {
        match place {
            Some(place) => pool::of_property(place.property, self.model, self.dice),
            None => pool::of_type(ty, self.model, self.dice),
        }
    }

    /// One text in another.
    fn search(&mut self, depth: u8) -> Expr {
        use Function::{Contains, EndsWith, MatchesPattern, StartsWith, ToLower, ToUpper};
        let text = Type::Primitive(Primitive::String);
        let place = if self.dice.once_in(4) { None } else { self.place(|ty| *ty == text) };
        let mut left = match place {
            Some((path, ..)) => path,
            None => self.of(&text, depth.min(1)),
        };
        if self.dice.once_in(2) {
            left = call(*self.dice.pick(&[ToLower, ToLower, ToLower, ToUpper]), vec![left]);
        }
        let function = *self.dice.pick(&[Contains, Contains, StartsWith, EndsWith, MatchesPattern]);
        let short = [
            "", "a", "s", "ss", "i", "i\u{307}", "ä", "rint", "RINT", "xx", "é", "\u{301}", " ",
            "Σ",
        ];
        let patterns = ["^a", "s+$", "[a-z]", "ß|ss", "^$", "x{3}"];
        let from = if function == MatchesPattern { &patterns[..] } else { &short };
        let right = if function == MatchesPattern || self.dice.once_in(2) {
            Expr::Literal(Value::text(self.dice.word(from)))
        } else {
            Expr::Literal(pool::piece(self.dice))
        };
        let right = if function != MatchesPattern && self.dice.once_in(8) {
            self.of(&text, 0)
        } else {
            right
        };
        call(function, vec![left, right])
    }

    fn within(&mut self, depth: u8) -> Expr {
        let Some((path, ty, place)) = self.place(|_| true) else {
            return Expr::Literal(false.into());
        };
        let needle = if self.dice.once_in(6) { self.of(&ty, depth) } else { path };
        let items = (0..self.dice.below(5)).map(|_| {
            if self.dice.once_in(8) { Value::Null } else { self.like(place.as_ref(), &ty) }
        });
        let items: Vec<Value> = items.collect();
        if self.dice.once_in(3) {
            let list = Expr::List(items.into_iter().map(Expr::Literal).collect()).into();
            return Expr::In { needle: needle.into(), list };
        }
        Expr::OneOf { needle: needle.into(), values: ValueSet::new(items).into() }
    }

    fn is_null(&mut self) -> Expr {
        let Some((path, ..)) = self.place(|_| true) else { return Expr::Literal(Value::Null) };
        let op = if self.dice.once_in(2) { BinaryOp::Eq } else { BinaryOp::Ne };
        binary(op, path, Expr::Literal(Value::Null))
    }

    fn exists(&mut self) -> Expr {
        match self.way(|reach| &reach.one) {
            Some((path, _)) => Expr::Exists(path),
            None => self.is_null(),
        }
    }

    fn typed(&mut self) -> Expr {
        let structs: Vec<StructId> = self.reaches.keys().copied().collect();
        if self.dice.once_in(2)
            && let Some((path, ty)) = self.way(|reach| &reach.one)
        {
            let of =
                *self.dice.pick(&[&[ty][..], &derived(self.model, ty), &structs[..1]].concat());
            return Expr::IsEntityOf { path, of };
        }
        if let Bound::Of(ty) = self.scope[0].clone()
            && self.dice.once_in(2)
        {
            let of = *self.dice.pick(&[&[ty][..], &derived(self.model, ty)].concat());
            return Expr::IsEntityOf { path: Path { from: Var(0), steps: vec![] }, of };
        }
        let Some((path, ty, _)) = self.place(|_| true) else { return Expr::Literal(true.into()) };
        let of = if self.dice.once_in(2) {
            ty
        } else {
            Type::Primitive(*self.dice.pick(&Primitive::ALL))
        };
        Expr::IsOf { value: path.into(), of }
    }

    /// A collection property beside a value or another collection.
    fn listed(&mut self) -> Expr {
        use Function::{Contains, EndsWith, HasSubsequence, HasSubset, StartsWith};
        let Some((path, item, place)) = self.collection() else { return self.is_null() };
        if self.dice.once_in(3) {
            let needle = Expr::Literal(pool::of_type(&item, self.model, self.dice));
            return Expr::In { needle: needle.into(), list: Expr::Path(path).into() };
        }
        let function =
            *self.dice.pick(&[Contains, StartsWith, EndsWith, HasSubset, HasSubsequence]);
        let other = pool::of_type(&place.property.ty, self.model, self.dice);
        call(function, vec![Expr::Path(path), Expr::Literal(other)])
    }

    fn has(&mut self) -> Expr {
        let Some((path, ty, _)) = self.place(|ty| matches!(ty, Type::Enum(_))) else {
            return self.is_null();
        };
        let member = Expr::Literal(pool::of_type(&ty, self.model, self.dice));
        binary(BinaryOp::Has, path, member)
    }

    fn counted(&mut self, depth: u8) -> Expr {
        use BinaryOp::{Eq, Gt, Le, Ne};
        let count = self.count(depth);
        let number = Expr::Literal(self.dice.between(0, 3).into());
        binary(*self.dice.pick(&[Eq, Ne, Gt, Le]), count, number)
    }

    /// How many items a collection has, perhaps only those of a kind.
    pub(super) fn count(&mut self, depth: u8) -> Expr {
        let Some((mut over, bound)) = self.over() else { return Expr::Literal(1.into()) };
        if let Bound::Of(ty) = bound
            && matches!(over.path.steps.last(), Some(Step::Navigation(_)))
            && self.dice.once_in(6)
        {
            let (model, reaches) = (self.model, self.reaches);
            let search = searches::search((model, ty), self.dice, |dice, bound| {
                Maker { model, reaches, scope: vec![bound], finds: &[], it: None, dice }.truth(0)
            });
            over.search = Some(search.into());
        }
        if self.dice.once_in(2) {
            over.filter = Some(self.under(bound, depth.min(1)).into());
        }
        Expr::Count(over)
    }

    pub(super) fn quantified(&mut self, depth: u8) -> Expr {
        let Some((mut over, bound)) = self.over() else { return self.test(depth) };
        let var = over.var;
        if self.dice.once_in(4) {
            // What the caller may see of them.
            over.filter = Some(self.under(bound.clone(), 0).into());
        }
        if self.dice.once_in(8) {
            return Expr::Quantified { quantifier: Quantifier::Any, over, var, predicate: None };
        }
        let quantifier = *self.dice.pick(&[Quantifier::Any, Quantifier::Any, Quantifier::All]);
        let predicate = Some(self.under(bound, depth).into());
        Expr::Quantified { quantifier, over, var, predicate }
    }

    /// A condition that knows one more variable.
    fn under(&mut self, bound: Bound, depth: u8) -> Expr {
        self.scope.push(bound);
        let predicate = self.truth(depth);
        self.scope.pop();
        predicate
    }

    /// A collection with its next variable, and what that stands for.
    fn over(&mut self) -> Option<(Collection, Bound)> {
        if self.scope.len() >= SCOPE_MAX {
            return None;
        }
        let var = Var(u8::try_from(self.scope.len()).unwrap());
        let rows = if self.dice.once_in(3) { None } else { self.way(|reach| &reach.rows) };
        let (path, bound) = if let Some((path, ty)) = rows {
            (path, Bound::Of(ty))
        } else {
            let (path, item, _) = self.collection()?;
            let bound =
                if let Type::Complex(id) = item { Bound::Of(id) } else { Bound::Item(item) };
            (path, bound)
        };
        Some((Collection { path, var, filter: None, search: None }, bound))
    }

    /// A collection property with the type of its items.
    fn collection(&mut self) -> Option<(Path, Type, Place)> {
        let (from, place) = self.among(|reach| &reach.many)?;
        let Type::Collection(item) = &place.property.ty else { return None };
        Some((Path { from, steps: place.steps.clone() }, (**item).clone(), place))
    }

    fn way(&mut self, of: fn(&Reach) -> &Vec<Way>) -> Option<(Path, StructId)> {
        let (from, way) = self.among(of)?;
        Some((Path { from, steps: way.steps }, way.ty))
    }

    /// A path to a value whose type will do.
    fn place(&mut self, will_do: impl Fn(&Type) -> bool) -> Option<(Expr, Type, Option<Place>)> {
        let last = self.scope.len() - 1;
        if let Bound::Item(ty) = self.scope[last].clone()
            && will_do(&ty)
        {
            let from = Var(u8::try_from(last).unwrap());
            return Some((Expr::Path(Path { from, steps: vec![] }), ty, None));
        }
        // Complex values are compared seldom enough that a few tries pass them by.
        for _ in 0..24 {
            let Some((from, place)) = self.among(|reach| &reach.single) else { continue };
            let ty = place.property.ty.clone();
            if will_do(&ty) {
                let path = Path { from, steps: place.steps.clone() };
                return Some((Expr::Path(path), ty, Some(place)));
            }
        }
        None
    }

    /// A path or a constant of a type; a constant where nothing leads to one.
    pub(super) fn leaf(&mut self, ty: &Type) -> Expr {
        if self.dice.once_in(20) {
            return Expr::Literal(Value::Null);
        }
        let path = if self.dice.once_in(3) { None } else { self.place(|own| is_alike(own, ty)) };
        match path {
            Some((path, ..)) => path,
            None => Expr::Literal(pool::of_type(ty, self.model, self.dice)),
        }
    }
}

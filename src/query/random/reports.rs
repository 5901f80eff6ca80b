//! Random `$apply` over a world: any transformations but a search, and page after page of what they give.

use super::{
    exprs::{Bound, Maker, binary, call},
    plans::Cases,
    pool,
    reach::Place,
};
use crate::{
    model::{Primitive, SetId, StructId, Type, Value},
    query::{
        BinaryOp, Expr, Function, Order, Path, Source, Start, Step, Var,
        apply::{Aggregate, Apply, Method, Number, Stage},
    },
};

/// Stages over a set, or over what a row leads to.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// What is asked.
    pub apply: Apply,
    /// Of which rows.
    pub start: Start,
}

/// Values that a tuple has at most.
const TYPES_MAX: usize = 12;
const INT: Type = Type::Primitive(Primitive::Int64);
const DOUBLE: Type = Type::Primitive(Primitive::Double);

/// What passes between stages.
#[derive(Clone)]
struct Flow {
    set: SetId,
    ty: StructId,
    /// Of tuples, the types of their values; none of entities.
    types: Option<Vec<Type>>,
    /// What tells items apart.
    identity: Option<Vec<Expr>>,
}

fn at(number: usize) -> Expr {
    Expr::Path(Path { from: Var(u8::try_from(number).unwrap()), steps: vec![] })
}

fn is_number(ty: &Type) -> bool {
    match ty {
        Type::Primitive(kind) => {
            kind.integer_range().is_some()
                || matches!(kind, Primitive::Decimal | Primitive::Double | Primitive::Single)
        }
        Type::Enum(_) | Type::Complex(_) | Type::Collection(_) => false,
    }
}

impl Cases<'_> {
    /// A report.
    pub(crate) fn report(&mut self) -> Report {
        self.it = None;
        let (start, set) = self.start();
        let entity_type = self.world.model.entity_type(set);
        let key = |prop| Expr::Path(Path { from: Var(0), steps: vec![Step::Property(prop)] });
        let identity = Some(entity_type.key.iter().copied().map(key).collect());
        let mut flow = Flow { set, ty: self.world.model.set(set).ty, types: None, identity };
        let mut stages = Vec::new();
        if self.dice.once_in(2) {
            // What the caller may not see.
            stages.push(Stage::Filter(self.condition(&flow)));
        }
        if self.dice.once_in(2) {
            stages.push(self.groups(&mut flow, 0));
        }
        stages.extend(self.stages(&mut flow, 2));
        let scale = 1 + self.base.rows(set).count() as u64 / 30;
        let apply = Apply {
            set,
            stages,
            order: (0..*self.dice.pick(&[0, 0, 1, 2])).map(|_| self.order_of(&flow)).collect(),
            identity: flow.identity,
            skip: *self.dice.pick(&[0, 0, 0, 1, 3 * scale]),
            top: *self.dice.pick(&[
                None,
                None,
                None,
                Some(0),
                Some(2),
                Some(7 * scale),
                Some(9 * scale),
            ]),
            count: self.dice.once_in(2),
            page_size: *self.dice.pick(&[None, Some(scale), Some(3 * scale), Some(50 * scale)]),
            after: None,
            held_max: *self.dice.pick(&[1_000_000, 1_000_000, 1_000_000, 1_000_000, 3]),
        };
        Report { apply, start }
    }

    fn stages(&mut self, flow: &mut Flow, depth: u8) -> Vec<Stage> {
        (0..self.dice.below(4)).map(|_| self.stage(flow, depth)).collect()
    }

    fn stage(&mut self, flow: &mut Flow, depth: u8) -> Stage {
        match self.dice.below(16) {
            0..=5 => self.keeping(flow),
            6..=8 => self.groups(flow, depth),
            9 => {
                let (made, types) = self.aggregates(flow, 1);
                (flow.types, flow.identity) = (Some(types), Some(vec![]));
                Stage::Aggregate(made)
            }
            10 if depth > 0 => {
                let keys: Vec<Expr> = self.keys(flow).into_iter().map(|(key, _)| key).collect();
                let then = (0..=self.dice.below(2)).map(|_| self.keeping(flow)).collect();
                Stage::Group { keys, then, keeps: true }
            }
            11 | 12 if depth > 0 => self.concat(flow, depth),
            13 | 14 => self.computed(flow),
            _ => self.arranged(flow),
        }
    }

    /// A stage that gives some of what came in, or all of it.
    fn keeping(&mut self, flow: &Flow) -> Stage {
        match self.dice.below(9) {
            0 | 1 => Stage::Filter(self.condition(flow)),
            2 => Stage::Order(vec![self.order_of(flow)]),
            3 => Stage::Order((0..=self.dice.below(2)).map(|_| self.order_of(flow)).collect()),
            4 | 5 => {
                let by = self.order_of(flow);
                let is_null = binary(BinaryOp::Eq, by.expr.clone(), Expr::Literal(Value::Null));
                let nulls_last = Order { expr: is_null, descending: false };
                Stage::First { order: vec![nulls_last, by], count: 1 + self.dice.below(6) as u64 }
            }
            6 => Stage::Skip(self.dice.below(3) as u64),
            _ => Stage::Top(1 + self.dice.below(9) as u64),
        }
    }

    /// `groupby`, with something made of each group or not.
    fn groups(&mut self, flow: &mut Flow, depth: u8) -> Stage {
        let (keys, mut types): (Vec<Expr>, Vec<Type>) = self.keys(flow).into_iter().unzip();
        let identity = (0..keys.len()).map(at).collect();
        let then = match self.dice.below(4) {
            0 => vec![],
            1 if depth > 0 => {
                let mut inner = flow.clone();
                let mut then = self.stages(&mut inner, depth - 1);
                if inner.types.is_none() {
                    let (made, own) = self.aggregates(&inner, 0);
                    then.push(Stage::Aggregate(made));
                    inner.types = Some(own);
                }
                // Groups of what is only chosen are told by what came in.
                let is_made = then.iter().any(|stage| {
                    matches!(stage, Stage::Aggregate(_) | Stage::Group { keeps: false, .. })
                });
                if !is_made {
                    let (made, own) = self.aggregates(&inner, 0);
                    then.push(Stage::Aggregate(made));
                    inner.types = Some(own);
                }
                types.extend(inner.types.unwrap_or_default());
                (flow.types, flow.identity) = (Some(types), None);
                return Stage::Group { keys, then, keeps: false };
            }
            _ => {
                let (made, own) = self.aggregates(flow, 0);
                types.extend(own);
                vec![Stage::Aggregate(made)]
            }
        };
        (flow.types, flow.identity) = (Some(types), Some(identity));
        Stage::Group { keys, then, keeps: false }
    }

    /// The same items in several ways, one after the other.
    fn concat(&mut self, flow: &mut Flow, depth: u8) -> Stage {
        flow.identity = None;
        if self.dice.once_in(2) {
            let mut branch = || (0..self.dice.below(3)).map(|_| self.keeping(flow)).collect();
            return Stage::Concat(vec![branch(), branch(), branch()]);
        }
        let (mut branches, mut all) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let mut inner = flow.clone();
            let mut stages = vec![self.groups(&mut inner, depth - 1)];
            stages.extend(self.stages(&mut inner, 0));
            branches.push((stages, all.len()));
            all.extend(inner.types.unwrap_or_default());
        }
        let ends = [branches[1].1, all.len()];
        let branches = branches.into_iter().zip(ends).map(|((mut stages, begin), end)| {
            let place = |at: usize| (begin..end).contains(&at).then(|| at - begin);
            stages.push(Stage::Arrange((0..all.len()).map(place).collect()));
            stages
        });
        let branches = branches.collect();
        flow.types = Some(all);
        Stage::Concat(branches)
    }

    fn computed(&mut self, flow: &mut Flow) -> Stage {
        let types = flow.types.clone().filter(|types| (1..TYPES_MAX).contains(&types.len()));
        let Some(types) = types else { return self.keeping(flow) };
        let (expr, ty) = self.of_tuple(&types);
        flow.types = Some([types, vec![ty]].concat());
        Stage::Compute(vec![expr])
    }

    fn arranged(&mut self, flow: &mut Flow) -> Stage {
        let types = flow.types.clone().filter(|types| !types.is_empty());
        let Some(types) = types else { return self.keeping(flow) };
        let some: Vec<usize> =
            (0..=self.dice.below(types.len())).map(|_| self.dice.below(types.len())).collect();
        flow.types = Some(some.iter().map(|at| types[*at].clone()).collect());
        flow.identity = None;
        Stage::Arrange(some.into_iter().map(Some).collect())
    }

    /// Up to three things to group by, with their types.
    fn keys(&mut self, flow: &Flow) -> Vec<(Expr, Type)> {
        (0..*self.dice.pick(&[0, 1, 1, 2, 2, 3])).map(|_| self.single(flow)).collect()
    }

    /// A single value of an item, mostly one that is kept.
    fn single(&mut self, flow: &Flow) -> (Expr, Type) {
        if let Some(types) = &flow.types {
            return match types.len() {
                0 => (Expr::Literal(7.into()), INT),
                count => {
                    let number = self.dice.below(count);
                    (at(number), types[number].clone())
                }
            };
        }
        if self.dice.once_in(6) {
            let ty = self.path_to(flow.ty, |_| true).1;
            return (self.about(flow.ty).of(&ty, 1), ty);
        }
        if self.dice.once_in(4) {
            use Function::{Date, Day, Hour, Month, Year};
            let moment = Type::Primitive(Primitive::DateTimeOffset);
            let of = self.path_to(flow.ty, |ty| *ty == moment).0;
            let function = *self.dice.pick(&[Year, Month, Day, Date, Hour]);
            let ty = if function == Date { Type::Primitive(Primitive::Date) } else { INT };
            return (call(function, vec![of]), ty);
        }
        self.path_to(flow.ty, |_| true)
    }

    /// A path to a single value that will do, mostly to one of the entity itself; any where none does.
    fn path_to(&mut self, of: StructId, will_do: impl Fn(&Type) -> bool) -> (Expr, Type) {
        let is_plain =
            |place: &&Place| !matches!(place.property.ty, Type::Complex(_) | Type::Collection(_));
        let all: Vec<&Place> = self.reaches[&of].single.iter().filter(is_plain).collect();
        let is_short = !self.dice.once_in(3);
        let few = all.iter().filter(|place| will_do(&place.property.ty));
        let few: Vec<&Place> =
            few.filter(|place| !is_short || place.steps.len() == 1).copied().collect();
        let place = *self.dice.pick(if few.is_empty() { &all } else { &few });
        let path = Path { from: Var(0), steps: place.steps.clone() };
        (Expr::Path(path), place.property.ty.clone())
    }

    fn aggregates(&mut self, flow: &Flow, least: usize) -> (Vec<Aggregate>, Vec<Type>) {
        let count = least + self.dice.below(3);
        (0..count).map(|_| self.aggregate(flow)).unzip()
    }

    fn aggregate(&mut self, flow: &Flow) -> (Aggregate, Type) {
        if self.dice.once_in(3) {
            return (Aggregate { method: Method::Count, of: None }, INT);
        }
        if flow.types.is_none() && self.dice.once_in(8) {
            let of = Some(self.about(flow.ty).count(0));
            return (Aggregate { method: Method::Tally, of }, INT);
        }
        let (of, ty) = if flow.types.is_none() && self.dice.once_in(2) {
            let duration = Type::Primitive(Primitive::Duration);
            self.path_to(flow.ty, |ty| is_number(ty) || *ty == duration)
        } else {
            self.single(flow)
        };
        let number = match &ty {
            Type::Primitive(Primitive::Duration) => Some(Number::Duration),
            Type::Primitive(Primitive::Decimal) => Some(Number::Decimal),
            Type::Primitive(Primitive::Double | Primitive::Single) => Some(Number::Double),
            _ if is_number(&ty) => Some(Number::Whole),
            _ => None,
        };
        let (method, ty) = match (self.dice.below(5), number) {
            (0, Some(number)) => (Method::Sum(number), ty),
            (1, Some(Number::Whole)) => (Method::Average(Number::Whole), DOUBLE),
            (1, Some(number)) => (Method::Average(number), ty),
            (2, _) => (Method::Min, ty),
            (3, _) => (Method::Max, ty),
            (0 | 1, None) | (4.., _) => (Method::CountDistinct, INT),
        };
        (Aggregate { method, of: Some(of) }, ty)
    }

    fn order_of(&mut self, flow: &Flow) -> Order {
        if flow.types.is_none() {
            return self.order(flow.ty);
        }
        let descending = self.dice.once_in(2);
        Order { expr: self.single(flow).0, descending }
    }

    fn condition(&mut self, flow: &Flow) -> Expr {
        let Some(types) = &flow.types else {
            return self.filter(flow.set, &Start::Set);
        };
        if types.is_empty() {
            return Expr::Literal(true.into());
        }
        if self.dice.once_in(6) {
            return self.knowing(&types[..1], |maker| maker.quantified(1));
        }
        let number = self.dice.below(types.len());
        if !self.dice.once_in(3) || is_number(&types[number]) {
            return self.compared(number, &types[number]);
        }
        self.knowing(&types[..=number], |maker| maker.truth(1))
    }

    /// A value of a tuple beside a constant. What is done with numbers may show how they came about.
    fn compared(&mut self, number: usize, ty: &Type) -> Expr {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        let to = Expr::Literal(pool::of_type(ty, self.world.model, &mut self.dice));
        binary(*self.dice.pick(&[Eq, Ne, Ne, Ge, Gt, Le, Lt]), at(number), to)
    }

    /// Something made of a tuple, and its type.
    fn of_tuple(&mut self, types: &[Type]) -> (Expr, Type) {
        let number = self.dice.below(types.len());
        let ty = types[number].clone();
        if is_number(&ty) || self.dice.once_in(3) {
            return (self.compared(number, &ty), Type::Primitive(Primitive::Boolean));
        }
        let expr = self.knowing(&types[..=number], |maker| maker.of(&ty, 1));
        (expr, ty)
    }

    fn knowing<T>(&mut self, types: &[Type], make: impl FnOnce(&mut Maker<'_>) -> T) -> T {
        make(&mut Maker {
            model: self.world.model,
            reaches: &self.reaches,
            scope: types.iter().cloned().map(Bound::Item).collect(),
            finds: &self.finds,
            it: None,
            dice: &mut self.dice,
        })
    }
}

/// Random reports that give nothing, or fail, prove nothing.
#[test]
fn random_reports_give_something() {
    use super::plans::context;
    use crate::query::apply::apply;
    use std::fmt::Write as _;
    let (mut some, mut none, mut failed, mut behind) = (0, 0, 0, 0);
    let mut text = String::new();
    for seed in 0..60 {
        let world = super::World::new(seed);
        let base = world.plain();
        let mut cases = Cases::new(&world, &base, seed);
        for _ in 0..20 {
            let report = cases.report();
            write!(text, "{:?}", report.apply.stages).unwrap();
            let is_made = |stage: &&Stage| {
                matches!(stage, Stage::Aggregate(_) | Stage::Group { keeps: false, .. })
            };
            let made = report.apply.stages.iter().skip_while(|stage| !is_made(stage));
            let texts = made.map(|stage| match stage {
                Stage::Filter(condition) => format!("{condition:?}"),
                _ => String::new(),
            });
            let root = format!("over: Collection {{ path: Path {{ from: {:?}", Var::ROOT);
            behind += texts.filter(|text| text.contains(&root)).count();
            match apply(&report.apply, &report.start, &context(&base, None)) {
                Ok(answer) if answer.items.is_empty() => none += 1,
                Ok(_) => some += 1,
                Err(_) => failed += 1,
            }
        }
    }
    assert!(
        some * 3 > some + none + failed && failed * 5 < some,
        "{some} some, {none} none, {failed} failed"
    );
    assert!(behind > 0, "{behind} ask groups about what $root leads to");
    let stages = "Filter( Compute( Aggregate( Group Order( First Skip( Top( Concat( Arrange( true";
    let methods = "Tally Sum(Whole) Sum(Duration) Sum(Decimal) Sum(Double) Average(Double) Min Max";
    for part in stages.split(' ').chain(methods.split(' ')).chain(["CountDistinct"]) {
        let part = if part == "true" { "keeps: true" } else { part };
        assert!(text.contains(part), "none has {part}");
    }
}

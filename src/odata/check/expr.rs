//! Expressions: every node of the tree is given a type, and what has none is refused.

use super::{
    Aliases, Checker,
    compute::Known,
    member::Subject,
    named::{Named, Names},
    not_implemented,
    ty::{Ty, Typed},
};
use crate::{
    error::Error,
    model::{Primitive, SetId, StructId, Value},
    odata::{
        Limits,
        ast::{self, Expr as Ast},
    },
    query::{Expr, Var},
};

/// A name an expression may use, besides properties.
pub(super) struct Variable {
    /// `None` for the entity asked about and for items that have no name.
    pub(super) name: Option<String>,
    pub(super) subject: Subject,
}

/// What a bare name belongs to.
pub(super) enum Bare {
    /// The entity or item that the variable of this number stands for.
    Variable(usize),
    /// What was made of entities: a name is a variable of its own.
    Made(Names),
}

/// One option of one request while it is checked.
pub(super) struct Scope<'a> {
    pub(super) checker: &'a Checker<'a>,
    /// What errors call the place.
    pub(super) option: &'a str,
    pub(super) aliases: &'a Aliases,
    /// The computed properties of variable 0.
    pub(super) computed: &'a [Known],
    /// By number of the variable.
    pub(super) variables: Vec<Variable>,
    /// What a bare name belongs to.
    pub(super) bare: Bare,
    /// Whether all this is about what was made of entities.
    pub(super) is_made: bool,
    /// Aliases being put in, so that none contains itself.
    pub(super) open_aliases: Vec<String>,
    depth: usize,
    /// How deep it went so far.
    pub(super) deepest: usize,
}

impl<'a> Scope<'a> {
    /// Expressions about one entity.
    pub(super) fn new(
        checker: &'a Checker<'a>,
        (set, ty): (SetId, StructId),
        option: &'a str,
        aliases: &'a Aliases,
    ) -> Self {
        let it = Variable { name: None, subject: Subject::Entity(set, ty) };
        let (variables, open_aliases) = (vec![it], Vec::new());
        let (computed, depth, deepest) = (&[][..], 0, 0);
        Self {
            checker,
            option,
            aliases,
            computed,
            variables,
            bare: Bare::Variable(0),
            is_made: false,
            open_aliases,
            depth,
            deepest,
        }
    }

    /// The same where these computed properties are known.
    pub(super) fn knowing(self, computed: &'a [Known]) -> Self {
        Self { computed, ..self }
    }

    /// Expressions about what was made of entities: nothing else has a name, and each is a variable. What
    /// `$root` leads to has names of its own.
    pub(super) fn about(mut self, result: Names) -> Self {
        let variable =
            |named: &Named| Variable { name: None, subject: Subject::Value(named.ty.clone()) };
        self.variables = result.list.iter().map(variable).collect();
        self.bare = Bare::Made(result);
        self.is_made = true;
        self
    }

    /// A condition: Boolean or null.
    pub(super) fn condition(&mut self, written: &Ast) -> Result<Expr, Error> {
        let typed = self.expr(written)?;
        if typed.ty.is(Primitive::Boolean) {
            return Ok(typed.expr);
        }
        let name = self.checker.type_name(&typed.ty);
        Err(self
            .mismatch(format!("a condition is Edm.Boolean, not {name}; compare it with something")))
    }

    /// Any expression with a value.
    pub(super) fn expr(&mut self, written: &Ast) -> Result<Typed, Error> {
        self.checker.count_node(self.option)?;
        self.depth += 1;
        self.reach(0)?;
        let typed = self.any_expr(written);
        self.depth -= 1;
        typed
    }

    /// Goes `further` down from where it is: only aliases and computed properties can nest deeper than
    /// the parser lets a text nest.
    pub(super) fn reach(&mut self, further: usize) -> Result<(), Error> {
        let max = self.checker.limits.depth + self.checker.limits.chained;
        let depth = self.depth + further;
        self.deepest = self.deepest.max(depth);
        if depth <= max {
            return Ok(());
        }
        Err(Error::LimitExceeded {
            limit: Limits::DEPTH,
            max: max as u64,
            target: self.option.to_owned(),
        })
    }

    fn any_expr(&mut self, written: &Ast) -> Result<Typed, Error> {
        match written {
            Ast::Literal(literal) => self.checker.literal(literal, self.option),
            Ast::Alias(name) => self.alias(name),
            Ast::Path(path) => self.path(path),
            Ast::Call { name, args } => self.call(name, args),
            Ast::Case(pairs) => self.case(pairs),
            Ast::Lambda(lambda) => self.lambda(lambda),
            Ast::And(terms) => Ok(Typed::boolean(Expr::And(self.conditions(terms)?))),
            Ast::Or(terms) => Ok(Typed::boolean(Expr::Or(self.conditions(terms)?))),
            Ast::Not(operand) => Ok(Typed::boolean(Expr::Not(Box::new(self.condition(operand)?)))),
            Ast::Negate(operand) => self.negate(operand),
            Ast::Binary { op, left, right } => {
                if self.is_structured(left) || self.is_structured(right) {
                    return self.structures(*op, left, right);
                }
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(*op, left, right)
            }
            Ast::In { left, list } => self.is_in(left, list),
            Ast::Array(items) => self.array(items),
            Ast::Object(_) => not_implemented("a complex value anywhere but beside 'eq' and 'ne'"),
        }
    }

    fn conditions(&mut self, terms: &[Ast]) -> Result<Vec<Expr>, Error> {
        terms.iter().map(|term| self.condition(term)).collect()
    }

    /// What an alias stands for; null where the request does not say.
    /// Source: OData 4.01 Part 2, 5.2 (an alias without a value is null).
    fn alias(&mut self, name: &str) -> Result<Typed, Error> {
        let Some(value) = self.aliases.get(name) else {
            return Ok(Typed::new(Expr::Literal(Value::Null), Ty::Null));
        };
        self.within_alias(name, |scope| scope.expr(value))
    }

    /// Runs `check` on what an alias stands for.
    pub(super) fn within_alias<T>(
        &mut self,
        name: &str,
        check: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.checker.count_alias(self.option)?;
        if self.open_aliases.iter().any(|open| open == name) {
            return Err(Error::InvalidOption {
                option: format!("@{name}"),
                reason: "it contains itself".to_owned(),
            });
        }
        self.checker.named.borrow_mut().aliases.insert(name.to_owned());
        self.open_aliases.push(name.to_owned());
        let checked = check(self);
        self.open_aliases.pop();
        checked
    }

    /// `case(…)`: values of one type.
    fn case(&mut self, pairs: &[(Ast, Ast)]) -> Result<Typed, Error> {
        let mut checked: Vec<(Expr, Expr)> = Vec::with_capacity(pairs.len());
        let mut ty = Ty::Null;
        for (condition, value) in pairs {
            let condition = self.condition(condition)?;
            let value = self.expr(value)?;
            let value = self.checker.fit(value, &ty, self.option)?;
            ty = self.common(&ty, &value.ty, "the values of 'case'")?;
            checked.push((condition, value.expr));
        }
        Ok(Typed::new(Expr::Case(checked), ty))
    }

    /// The type two values share: the same, both numbers, or either null.
    pub(super) fn common(&self, left: &Ty, right: &Ty, what: &str) -> Result<Ty, Error> {
        // The empty collection is one of anything.
        if let (Ty::Collection(one), Ty::Collection(another)) = (left, right)
            && let Ok(item) = self.common(one, another, what)
        {
            return Ok(Ty::Collection(Box::new(item)));
        }
        if *left == Ty::Null {
            return Ok(right.clone());
        }
        if *right == Ty::Null || left == right {
            return Ok(left.clone());
        }
        if left.is_number() && right.is_number() {
            return Ok(wider(left, right));
        }
        let name = |ty| self.checker.type_name(ty);
        Err(self.mismatch(format!(
            "{what} are of one type, not {} and {}{}",
            name(left),
            name(right),
            hint(left, right)
        )))
    }

    pub(super) fn mismatch(&self, reason: String) -> Error {
        Error::TypeMismatch { target: self.option.to_owned(), reason }
    }

    /// Runs `body` with one more variable; a bare name belongs to it if it has no name.
    pub(super) fn with_variable<T>(
        &mut self,
        name: Option<String>,
        subject: Subject,
        body: impl FnOnce(&mut Self, Var) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let var = self.next_variable()?;
        let bare = match &name {
            None => Some(std::mem::replace(&mut self.bare, Bare::Variable(self.variables.len()))),
            Some(_) => None,
        };
        self.variables.push(Variable { name, subject });
        let result = body(self, var);
        self.variables.pop();
        if let Some(bare) = bare {
            self.bare = bare;
        }
        result
    }

    /// The variable that comes next.
    pub(super) fn next_variable(&self) -> Result<Var, Error> {
        let next = u8::try_from(self.variables.len()).ok().map(Var);
        next.filter(|var| var.0 < Var::ROOT.0).ok_or_else(|| Error::LimitExceeded {
            limit: Limits::DEPTH,
            max: u64::from(Var::ROOT.0),
            target: self.option.to_owned(),
        })
    }

    fn lambda(&mut self, lambda: &ast::Lambda) -> Result<Typed, Error> {
        let many = self.collection(&lambda.source)?;
        let (over, subject) = (many.over, many.item);
        let quantifier = match lambda.kind {
            ast::LambdaKind::Any => crate::query::Quantifier::Any,
            ast::LambdaKind::All => crate::query::Quantifier::All,
        };
        let (var, predicate) = match &lambda.body {
            None => (over.var, None),
            Some((name, predicate)) => {
                self.with_variable(Some(name.clone()), subject, |scope, var| {
                    Ok((var, Some(Box::new(scope.condition(predicate)?))))
                })?
            }
        };
        Ok(Typed::boolean(Expr::Quantified { quantifier, over, var, predicate }))
    }
}

/// Double before decimal before integer.
fn wider(left: &Ty, right: &Ty) -> Ty {
    let rank = |ty: &Ty| match ty {
        Ty::Primitive(Primitive::Double | Primitive::Single) => 2,
        Ty::Primitive(Primitive::Decimal) => 1,
        _ => 0,
    };
    match rank(left).max(rank(right)) {
        2 => Ty::Primitive(Primitive::Double),
        1 => Ty::Primitive(Primitive::Decimal),
        _ => Ty::Primitive(Primitive::Int64),
    }
}

/// What probably went wrong.
fn hint(left: &Ty, right: &Ty) -> &'static str {
    let pair = |a: Primitive, b: Primitive| {
        let (a, b) = (Ty::Primitive(a), Ty::Primitive(b));
        (*left == a && *right == b) || (*left == b && *right == a)
    };
    let is_text = |ty: &Ty| *ty == Ty::Primitive(Primitive::String);
    if (is_text(left) && right.is_number()) || (is_text(right) && left.is_number()) {
        "; text stands in single quotes, numbers do not"
    } else if pair(Primitive::Date, Primitive::DateTimeOffset) {
        "; use date(…) to compare the days"
    } else {
        ""
    }
}

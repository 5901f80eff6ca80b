//! What an expression reads of the row it is asked of, and whether it can fail.
//!
//! Rows alike in what an expression reads are alike in its value: what navigation leads to follows from
//! a stored property, and what a computed property reads is declared beside it.

use std::collections::BTreeSet;

use super::{table::Table, tree};
use crate::{
    model::{Nav, Origin, Prop, Reads as Declared, Relation, StructType, Value},
    query::{BinaryOp, Context, Expr, Function, Path, Step, Var, eval},
};

/// What an expression reads of its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Stored properties, long texts not among them.
    pub(super) props: BTreeSet<Prop>,
    /// Whether it may read more than that: a long text, or anything.
    pub(super) is_whole: bool,
}

impl Reads {
    /// What `expr` reads of rows of `table`.
    pub(super) fn of(expr: &Expr, table: &Table<'_>) -> Self {
        let mut reads = Self::default();
        reads.add(expr, table.structure());
        reads
    }

    /// The one property that it reads.
    pub(super) fn only(&self) -> Option<Prop> {
        match (self.is_whole, self.props.first()) {
            (false, Some(only)) if self.props.len() == 1 => Some(*only),
            _ => None,
        }
    }

    /// Whether it is the same for all rows.
    pub(super) fn is_nothing(&self) -> bool {
        !self.is_whole && self.props.is_empty()
    }

    fn add(&mut self, expr: &Expr, structure: &StructType) {
        if let Some(path) = tree::path(expr) {
            self.add_path(path, structure);
        }
        for part in tree::parts(expr) {
            self.add(part, structure);
        }
    }

    /// What is bound by a lambda comes from the path its collection follows, which is read there.
    fn add_path(&mut self, path: &Path, structure: &StructType) {
        if path.from != Var(0) {
            return;
        }
        // No type is derived from that of a table, so a cast is the same for all rows.
        let first = path.steps.iter().find(|step| !matches!(step, Step::Cast(_)));
        match first {
            Some(Step::Property(prop)) => self.add_prop(*prop, structure),
            Some(Step::Navigation(nav)) => self.add_nav(*nav, structure),
            Some(Step::Find(find)) => {
                if let Some(nav) = find.navigation {
                    self.add_nav(nav, structure);
                }
            }
            Some(Step::Cast(_)) | None => {}
        }
    }

    fn add_nav(&mut self, nav: Nav, structure: &StructType) {
        let Some(navigation) = structure.navigations.get(usize::from(nav.0)) else { return };
        match navigation.relation {
            Relation::Reference { by } => {
                if let Some(prop) = structure.property(by) {
                    self.add_prop(prop, structure);
                }
            }
            Relation::Children { .. } => self.props.extend(&structure.key),
        }
    }

    fn add_prop(&mut self, prop: Prop, structure: &StructType) {
        let Some(property) = structure.properties.get(usize::from(prop.0)) else { return };
        let by_name = |name| structure.navigation(name);
        match property.origin {
            Origin::Stored { .. } => {
                self.props.insert(prop);
            }
            Origin::LongText { .. } | Origin::Computed(_, Declared::Anything) => {
                self.is_whole = true;
            }
            Origin::LookUp { navigation, .. } | Origin::Count { navigation, .. } => {
                if let Some(nav) = by_name(navigation) {
                    self.add_nav(nav, structure);
                }
            }
            Origin::Computed(_, Declared::Only(read, _)) => {
                for prop in read {
                    self.add_prop(*prop, structure);
                }
            }
            Origin::Computed(_, Declared::DayOf(instant)) => self.add_prop(instant, structure),
            Origin::Computed(_, Declared::Hours(instants)) => {
                for prop in instants {
                    self.add_prop(*prop, structure);
                }
            }
        }
    }
}

/// Whether evaluating it can give an error that is the asker's doing, so that it must not be asked of a
/// row that the reference would not ask it of.
pub(super) fn can_fail(expr: &Expr, ctx: &Context<'_>) -> bool {
    tree::any(expr, &|expr| match expr {
        Expr::Negate(_) | Expr::Call { function: Function::Concat, .. } => true,
        Expr::Binary { op, .. } => match op {
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::DivBy
            | BinaryOp::Mod => true,
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Has => false,
        },
        Expr::Call { function: Function::Substring, args } => {
            !matches!(args.as_slice(), [_, _] | [_, _, Expr::Literal(Value::Int(0..))])
        }
        // A pattern that can be compiled can be run on any text.
        Expr::Call { function: Function::MatchesPattern, args } => match args.split_first() {
            Some((_, pattern)) if pattern.iter().all(is_literal) => {
                let mut args = vec![Expr::Literal(Value::text(""))];
                args.extend(pattern.iter().cloned());
                let call = Expr::Call { function: Function::MatchesPattern, args };
                eval(&call, ctx, &mut vec![]).is_err()
            }
            _ => true,
        },
        _ => false,
    })
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(_))
}

/// Puts values in the place of what is the same whatever it is asked of, unless that is an error.
pub(super) fn folded(expr: &Expr, ctx: &Context<'_>) -> Expr {
    struct Fold<'a>(&'a Context<'a>);
    impl tree::Rewrite for Fold<'_> {
        fn expr(&mut self, expr: &Expr) -> Option<Expr> {
            // One entity that is found by its key is the same for all rows; what it leads to may be many.
            let varies = |part: &Expr| {
                tree::collection_of(part).is_some()
                    || tree::path(part).is_some_and(|path| path.from != Var::ROOT)
            };
            if is_literal(expr) || tree::any(expr, &varies) {
                return None;
            }
            eval(expr, self.0, &mut vec![]).ok().map(Expr::Literal)
        }
    }
    tree::rewritten(expr, &mut Fold(ctx)).unwrap_or_else(|| expr.clone())
}

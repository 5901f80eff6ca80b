//! The options after `$apply`: they see its result and nothing else.

use super::{
    super::{Checker, and, named::variable, not_implemented},
    Applied,
    fields::{self, Field, members},
    flow::{Flow, Identity, Input},
};
use crate::{
    error::Error,
    odata::ast::{QueryOptions, SelectItem},
    query::{
        Expr, Path, Plan, Step, Var,
        apply::{Apply, Stage},
    },
};

impl Flow<'_> {
    /// Puts the options behind the transformations.
    pub(super) fn finish(mut self, options: &QueryOptions) -> Result<Applied, Error> {
        match &self.input {
            Input::Entities(_) => self.entities(options),
            Input::Tuples(_) => {
                if !options.expand.is_empty() {
                    return Err(Error::InvalidOption {
                        option: "$expand".to_owned(),
                        reason:
                            "what $apply made has no related entities; group by what is wanted \
                                 of them, as in groupby((Team/Name))"
                                .to_owned(),
                    });
                }
                if options.search.is_some() {
                    return not_implemented("$search after $apply");
                }
                if !options.compute.is_empty() {
                    self.compute(&options.compute, "$compute")?;
                }
                if let Some(filter) = &options.filter {
                    self.filter(filter, "$filter")?;
                }
                let order = self.orders(&options.orderby, "$orderby")?;
                if !order.is_empty() {
                    self.order = order;
                }
                let Input::Tuples(fields) = &self.input else { return not_implemented("$apply") };
                let chosen = chosen(fields, options.select.as_deref())?;
                let members = members(fields, &chosen);
                Ok(Applied::Groups { apply: self.apply(options), members })
            }
        }
    }

    /// Entities that were only chosen make a plan as any other.
    fn entities(mut self, options: &QueryOptions) -> Result<Applied, Error> {
        let Input::Entities(known) = &self.input else { return not_implemented("$apply") };
        let (known, of) = (known.clone(), (self.of, None));
        let plan = self.checker.plan_knowing(known, of, options, self.aliases)?;
        if let Some(plan) = self.chosen(&plan) {
            return Ok(Applied::Plan(plan));
        }
        self.stages.extend(plan.filter.clone().map(Stage::Filter));
        self.stages.extend(plan.search.clone().map(Stage::Search));
        if !plan.order.is_empty() {
            self.order.clone_from(&plan.order);
        }
        Ok(Applied::Entities { apply: self.apply(options), shape: plan.shape })
    }

    /// The plan with the conditions of all stages, if they are nothing else and one search at most.
    fn chosen(&self, plan: &Plan) -> Option<Plan> {
        let (mut filter, mut search) = (None, plan.search.clone());
        for stage in &self.stages {
            match stage {
                Stage::Filter(condition) => filter = and(filter, Some(condition.clone())),
                Stage::Search(sought) if search.is_none() => search = Some(sought.clone()),
                Stage::Search(_)
                | Stage::Compute(_)
                | Stage::Aggregate(_)
                | Stage::Group { .. }
                | Stage::Order(_)
                | Stage::First { .. }
                | Stage::Skip(_)
                | Stage::Top(_)
                | Stage::Concat(_)
                | Stage::Arrange(_) => return None,
            }
        }
        Some(Plan { filter: and(filter, plan.filter.clone()), search, ..plan.clone() })
    }

    fn apply(mut self, options: &QueryOptions) -> Apply {
        // The page sorts, and holds no more than it needs.
        let is_sorted = self.identity != Identity::Nothing;
        if is_sorted && matches!(self.stages.last(), Some(Stage::Order(_))) {
            self.stages.pop();
        }
        Apply {
            set: self.of.0,
            identity: identity(&self.identity, self.checker, self.of.1),
            stages: self.stages,
            order: self.order,
            skip: options.skip.unwrap_or(0),
            top: options.top,
            count: options.count.unwrap_or(false),
            page_size: None,
            after: None,
            held_max: self.checker.limits.groups as u64,
        }
    }
}

fn identity(
    identity: &Identity,
    checker: &Checker<'_>,
    ty: crate::model::StructId,
) -> Option<Vec<Expr>> {
    match identity {
        Identity::Nothing => None,
        Identity::Key => {
            let key = |prop: &crate::model::Prop| {
                Expr::Path(Path { from: Var(0), steps: vec![Step::Property(*prop)] })
            };
            Some(checker.model.structure(ty).key.iter().map(key).collect())
        }
        Identity::At(places) => Some(places.iter().map(|at| variable(*at)).collect()),
    }
}

/// The positions that `$select` names, in the order of the tuple; all where it is not there.
fn chosen(fields: &[Field], select: Option<&[SelectItem]>) -> Result<Vec<usize>, Error> {
    let Some(items) = select else { return Ok((0..fields.len()).collect()) };
    let names = fields::names(fields);
    let mut chosen = Vec::new();
    for item in items {
        match item {
            SelectItem::All => return Ok((0..fields.len()).collect()),
            SelectItem::AllOperations(_) => {}
            SelectItem::Path { path, options, .. } => {
                if **options != QueryOptions::default() {
                    return not_implemented("options within $select");
                }
                match names.find(path) {
                    Some(at) => chosen.push(at),
                    None => chosen
                        .extend(below(fields, path).ok_or_else(|| names.unknown(path, "$select"))?),
                }
            }
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

/// All values that stand below a path: `Team` is `Team/Name` and whatever else there is of it.
fn below(fields: &[Field], path: &crate::odata::ast::Path) -> Option<Vec<usize>> {
    let written = format!("{path}/");
    let is_below = |field: &Field| {
        let names = field.names.join("/");
        names.get(..written.len()).is_some_and(|start| start.eq_ignore_ascii_case(&written))
    };
    let found: Vec<usize> =
        (0..).zip(fields).filter(|(_, field)| is_below(field)).map(|(at, _)| at).collect();
    (!found.is_empty()).then_some(found)
}

//! System query options against what the path leads to: plans and shapes.

use super::{
    Aliases, Checker, CollectionPath, EntityPath, and, compute::Known, expr::Scope, not_implemented,
};
use crate::{
    error::Error,
    model::{SetId, StructId},
    odata::ast::{self, QueryOptions},
    query::{Expr, Order, Plan, Shape},
};

/// Where options stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a collection of entities.
    Collection,
    /// On `/$count` of entities.
    Count,
    /// On `/$ref` of a collection.
    References,
    /// On a single entity.
    Entity,
    /// On anything else.
    Other,
}

impl Place {
    /// What a message calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Collection => "a collection",
            Self::Count => "'/$count'",
            Self::References => "'/$ref'",
            Self::Entity => "a single entity",
            Self::Other => "this resource",
        }
    }

    fn takes(self, option: &str) -> bool {
        match option {
            "$format" | "$schemaversion" => true,
            "$select" | "$expand" => matches!(self, Self::Collection | Self::Entity),
            "$compute" => self != Self::Other,
            "$filter" | "$search" => {
                matches!(self, Self::Collection | Self::Count | Self::References)
            }
            "$orderby" | "$top" | "$skip" | "$count" | "$skiptoken" => {
                matches!(self, Self::Collection | Self::References)
            }
            "$apply" => matches!(self, Self::Collection | Self::Count),
            "$deltatoken" => self == Self::Collection,
            _ => false,
        }
    }
}

/// Options of the standard that nobody answers yet, wherever they may stand.
const NOT_YET: [&str; 1] = ["$deltatoken"];

impl Checker<'_> {
    /// Refuses options that cannot stand where they do.
    ///
    /// # Errors
    /// `InvalidOption`, or `NotImplemented` for one that could stand there in the standard.
    pub fn only_options(&self, options: &QueryOptions, place: Place) -> Result<(), Error> {
        for option in given(options) {
            if !place.takes(option) {
                return Err(Error::InvalidOption {
                    option: option.to_owned(),
                    reason: format!("{} does not take it", place.name()),
                });
            }
            if NOT_YET.contains(&option) {
                return not_implemented(option);
            }
        }
        Ok(())
    }

    /// The plan for a collection of entities; one with `$apply` is for [`Checker::applied`]. Page size
    /// and position are the caller's to set.
    ///
    /// # Errors
    /// Whatever is wrong with an option.
    pub fn collection(&self, at: &CollectionPath, options: &QueryOptions) -> Result<Plan, Error> {
        self.only_options(options, Place::Collection)?;
        if options.apply.is_some() {
            return not_implemented("$apply here");
        }
        self.no_property_as_option(at.ty, options)?;
        self.plan((at.set, at.ty), at.filter.clone(), options, &options.aliases)
    }

    /// The plan for the ids of a collection of entities, as [`Checker::collection`].
    ///
    /// # Errors
    /// Whatever is wrong with an option.
    pub fn references(&self, at: &CollectionPath, options: &QueryOptions) -> Result<Plan, Error> {
        self.only_options(options, Place::References)?;
        self.no_property_as_option(at.ty, options)?;
        self.plan((at.set, at.ty), at.filter.clone(), options, &options.aliases)
    }

    /// The plan whose count is the answer to `/$count`.
    ///
    /// # Errors
    /// Whatever is wrong with an option.
    pub fn count(&self, at: &CollectionPath, options: &QueryOptions) -> Result<Plan, Error> {
        self.only_options(options, Place::Count)?;
        if options.apply.is_some() {
            return not_implemented("$apply here");
        }
        self.no_property_as_option(at.ty, options)?;
        let plan = self.plan((at.set, at.ty), at.filter.clone(), options, &options.aliases)?;
        Ok(Plan { count: true, top: Some(0), ..plan })
    }

    /// Refuses `Status=Open`: passed over as an option of the client's own, it would return everything.
    pub(super) fn no_property_as_option(
        &self,
        ty: StructId,
        options: &QueryOptions,
    ) -> Result<(), Error> {
        let structure = self.model.structure(ty);
        for (name, _) in &options.custom {
            if let Some(prop) = self.find_property(structure, name) {
                let condition = format!("$filter={} eq …", structure.property_at(prop).name);
                return Err(Error::UnknownOption {
                    name: name.clone(),
                    suggestion: Some(condition),
                });
            }
        }
        Ok(())
    }

    /// What of a single entity is wanted.
    ///
    /// # Errors
    /// Whatever is wrong with an option.
    pub fn entity(&self, at: &EntityPath, options: &QueryOptions) -> Result<Shape, Error> {
        self.only_options(options, Place::Entity)?;
        let of = (at.set, at.ty);
        let computed = self.computed(of, &options.compute, &options.aliases)?;
        self.shape(of, options, &options.aliases, &computed)
    }

    /// A plan for entities of which `filter` holds anyway.
    pub(super) fn plan(
        &self,
        of: (SetId, StructId),
        filter: Option<Expr>,
        options: &QueryOptions,
        aliases: &Aliases,
    ) -> Result<Plan, Error> {
        self.plan_knowing(Vec::new(), (of, filter), options, aliases)
    }

    /// The same where computed properties are known before those of the options.
    pub(super) fn plan_knowing(
        &self,
        known: Vec<Known>,
        (of, filter): ((SetId, StructId), Option<Expr>),
        options: &QueryOptions,
        aliases: &Aliases,
    ) -> Result<Plan, Error> {
        let computed = self.computed_after(known, of, &options.compute, aliases)?;
        let scope = |option| Scope::new(self, of, option, aliases).knowing(&computed);
        let written = match &options.filter {
            Some(filter) => Some(scope("$filter").condition(filter)?),
            None => None,
        };
        Ok(Plan {
            set: of.0,
            filter: and(filter, written),
            search: match &options.search {
                Some(search) => Some(self.search(of.0, search, "$search")?),
                None => None,
            },
            order: orders(scope("$orderby"), &options.orderby)?,
            skip: options.skip.unwrap_or(0),
            top: options.top,
            count: options.count.unwrap_or(false),
            page_size: None,
            after: None,
            shape: self.shape(of, options, aliases, &computed)?,
        })
    }
}

pub(super) fn orders(mut scope: Scope<'_>, items: &[ast::OrderItem]) -> Result<Vec<Order>, Error> {
    let mut orders = Vec::with_capacity(items.len());
    for item in items {
        let typed = scope.expr(&item.expr)?;
        if !typed.ty.is_ordered() {
            let name = scope.checker.type_name(&typed.ty);
            return Err(scope.mismatch(format!("{name} has no order")));
        }
        let descending = match item.direction {
            ast::Direction::Ascending => false,
            ast::Direction::Descending => true,
        };
        orders.push(Order { expr: typed.expr, descending });
    }
    Ok(orders)
}

/// The names of the options that were given.
pub(super) fn given(options: &QueryOptions) -> Vec<&'static str> {
    let QueryOptions {
        filter,
        search,
        orderby,
        top,
        skip,
        count,
        select,
        expand,
        compute,
        apply,
        levels,
        format,
        skiptoken,
        deltatoken,
        id,
        index,
        schemaversion,
        aliases: _,
        custom: _,
    } = options;
    [
        ("$filter", filter.is_some()),
        ("$search", search.is_some()),
        ("$orderby", !orderby.is_empty()),
        ("$top", top.is_some()),
        ("$skip", skip.is_some()),
        ("$count", count.is_some()),
        ("$select", select.is_some()),
        ("$expand", !expand.is_empty()),
        ("$compute", !compute.is_empty()),
        ("$apply", apply.is_some()),
        ("$levels", levels.is_some()),
        ("$format", format.is_some()),
        ("$skiptoken", skiptoken.is_some()),
        ("$deltatoken", deltatoken.is_some()),
        ("$id", id.is_some()),
        ("$index", index.is_some()),
        ("$schemaversion", schemaversion.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, is_given)| is_given.then_some(name))
    .collect()
}

//! `$expand`: which related entities come along, and which of them, told by a plan of their own.
//!
//! `$levels` is written out as `$expand` within `$expand`, so that nothing behind this module knows of it.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use super::{Aliases, Checker, and, not_implemented, options::given};
use crate::{
    error::{Error, nearest},
    model::{Nav, SetId, StructId, StructType},
    odata::{
        Limits,
        ast::{self, ExpandItem, Levels, QueryOptions, Segment},
        print_url,
    },
    query::{Expand, ExpandKind, Expr, Path, Plan, Var},
};

/// Bytes of an address at which an expanded collection can go on: it is repeated for each such collection.
const ADDRESS_BYTES_MAX: usize = 64 << 10;

/// Bytes of all these addresses in one request, as `$levels` and `*` repeat what was written once.
const ADDRESSES_BYTES_MAX: usize = 4 << 20;

/// What the options of an item name of what is around it.
#[derive(Debug, Default)]
pub(super) struct Outside {
    /// `$it`, the entity the whole request is about.
    pub(super) is_it: bool,
    /// Aliases, of the item itself or of the request.
    pub(super) aliases: BTreeSet<String>,
}

impl Outside {
    fn add(&mut self, inner: Self) {
        self.is_it |= inner.is_it;
        self.aliases.extend(inner.aliases);
    }
}

/// What the path of one item names.
struct Named {
    /// The type that has the navigation properties.
    of: StructId,
    /// One, or all there are.
    navigations: Vec<Nav>,
    is_all: bool,
    /// Only entities of this type.
    cast: Option<StructId>,
}

impl Checker<'_> {
    /// All items of one `$expand`; what is named has its own options, `*` is the others.
    pub(super) fn expansions(
        &self,
        of: (SetId, StructId),
        items: &[ExpandItem],
        aliases: &Aliases,
    ) -> Result<Vec<Expand>, Error> {
        let within = self.expanded.get();
        if !items.is_empty() && within >= self.limits.expand_depth {
            return Err(self.too_deep());
        }
        self.expanded.set(within + 1);
        let expansions = self.within_expand(of, || self.expansions_here(of.1, items, aliases));
        self.expanded.set(within);
        expansions
    }

    fn expansions_here(
        &self,
        ty: StructId,
        items: &[ExpandItem],
        aliases: &Aliases,
    ) -> Result<Vec<Expand>, Error> {
        let mut named = Vec::with_capacity(items.len());
        for item in items {
            named.push((item, self.named(ty, &item.path)?));
        }
        let mut expansions: Vec<Expand> = Vec::new();
        for at in 0..named.len() {
            let (item, Named { of, navigations, is_all, cast }) = &named[at];
            for navigation in navigations {
                let is_same =
                    |other: StructId| self.model.is_a(*of, other) || self.model.is_a(other, *of);
                let is_told = |(_, other): &(&ExpandItem, Named)| {
                    !other.is_all && other.navigations == [*navigation] && is_same(other.of)
                };
                if *is_all && named.iter().any(is_told) {
                    continue;
                }
                if expansions.iter().any(|e| e.navigation == *navigation && is_same(e.of)) {
                    let name = self.model.structure(*of).navigation_at(*navigation).name;
                    return Err(invalid(format!("it names '{name}' twice")));
                }
                expansions.extend(self.expand((*of, *navigation, *cast), item, aliases)?);
            }
        }
        Ok(expansions)
    }

    /// `STAR / [ cast "/" ] navigation [ "/" cast ]`
    fn named(&self, ty: StructId, path: &ast::Path) -> Result<Named, Error> {
        let mut of = ty;
        let mut segments = path.segments.iter();
        for segment in segments.by_ref() {
            let structure = self.model.structure(of);
            match segment {
                Segment::Qualified(name) => of = self.cast(of, name)?,
                Segment::Star => {
                    let navigations = self.visible_navs(structure);
                    return Ok(Named { of, navigations, is_all: true, cast: None });
                }
                Segment::Name(name) => {
                    let (navigation, target) = self.expanded_name(structure, name)?;
                    let cast = self.cast_behind(self.model.set(target).ty, name, segments)?;
                    let navigations = vec![navigation];
                    return Ok(Named { of, navigations, is_all: false, cast });
                }
                _ => return not_implemented("annotations in $expand"),
            }
        }
        let name = self.model.structure(of).name;
        Err(invalid(format!("a navigation property must follow '{}.{name}'", self.model.namespace)))
    }

    fn cast_behind<'s>(
        &self,
        mut ty: StructId,
        navigation: &str,
        segments: impl Iterator<Item = &'s Segment>,
    ) -> Result<Option<StructId>, Error> {
        let mut cast = None;
        for segment in segments {
            match segment {
                Segment::Qualified(name) => {
                    ty = self.cast(ty, name)?;
                    cast = Some(ty);
                }
                Segment::Name(name) => {
                    let written = format!("{navigation}($expand={name})");
                    return Err(invalid(format!(
                        "what '{navigation}' leads to is expanded by '{written}'"
                    )));
                }
                Segment::Star => {
                    let written = format!("{navigation}($expand=*)");
                    return Err(invalid(format!(
                        "what '{navigation}' leads to is expanded by '{written}'"
                    )));
                }
                _ => return not_implemented("annotations in $expand"),
            }
        }
        Ok(cast)
    }

    fn cast(&self, from: StructId, name: &str) -> Result<StructId, Error> {
        self.cast_target(from, name).ok_or_else(|| {
            let from = self.model.structure(from).name;
            invalid(format!("'{name}' is no type derived from '{from}'"))
        })
    }

    fn expanded_name(&self, structure: &StructType, name: &str) -> Result<(Nav, SetId), Error> {
        if let Some(found) = self.find_navigation(structure, name) {
            return Ok(found);
        }
        if self.find_property(structure, name).is_some() {
            let reason = format!("'{name}' is not a navigation property; it needs no expanding");
            return Err(invalid(reason));
        }
        let navs = self.visible_navs(structure).into_iter();
        let names = navs.map(|nav| structure.navigation_at(nav).name);
        Err(Error::UnknownProperty {
            entity_type: structure.name.to_owned(),
            name: name.to_owned(),
            suggestion: nearest(name, names),
            target: "$expand".to_owned(),
        })
    }

    /// One navigation property of one item; none if what it leads to is not for the caller.
    fn expand(
        &self,
        (of, navigation, cast): (StructId, Nav, Option<StructId>),
        item: &ExpandItem,
        outer: &Aliases,
    ) -> Result<Option<Expand>, Error> {
        // `$levels` of many navigation properties can make much of little text.
        self.count_node("$expand")?;
        let structure = self.model.structure(of);
        let Some(target) = self.readable_target(structure, navigation) else { return Ok(None) };
        let kind = match item.kind {
            ast::ExpandKind::Entities => ExpandKind::Entities,
            ast::ExpandKind::References => ExpandKind::References,
            ast::ExpandKind::Count => ExpandKind::Count,
        };
        let is_to_many = Self::is_to_many(structure, navigation);
        if kind == ExpandKind::Count && !is_to_many {
            return Err(invalid("only a collection has a '/$count'".to_owned()));
        }
        let ty = cast.unwrap_or(self.model.set(target).ty);
        let mut options = self.unrolled((of, ty), item)?;
        let mut aliases = Cow::Borrowed(outer);
        if !options.aliases.is_empty() {
            aliases.to_mut().append(&mut options.aliases);
        }
        let guard = match cast {
            Some(of) => {
                let itself = Path { from: Var(0), steps: Vec::new() };
                and(self.guard(target, Var(0)), Some(Expr::IsEntityOf { path: itself, of }))
            }
            None => self.guard(target, Var(0)),
        };
        let around = self.named.take();
        let mut plan = self.expansion((target, ty), (guard, is_to_many), &options, &aliases)?;
        if kind == ExpandKind::Count {
            plan = Plan { count: true, top: Some(0), ..plan };
        }
        let named = self.named.replace(around);
        let written = if is_to_many { self.written(options, &aliases, &named) } else { None };
        self.named.borrow_mut().add(named);
        Ok(Some(Expand { of, navigation, ty, plan, kind, written }))
    }

    /// The options as an address tells them; nothing where none can, as at an address of its own `$it`
    /// would be something else, or where that would be too long.
    fn written(
        &self,
        options: QueryOptions,
        aliases: &Aliases,
        named: &Outside,
    ) -> Option<Arc<str>> {
        if named.is_it || self.addresses.get() > ADDRESSES_BYTES_MAX {
            return None;
        }
        let used = aliases.iter().filter(|(name, _)| named.aliases.contains(*name));
        let aliases = used.map(|(name, value)| (name.clone(), value.clone())).collect();
        let text = print_url::query(&QueryOptions { skip: None, aliases, ..options });
        self.addresses.set(self.addresses.get() + text.len());
        (text.len() <= ADDRESS_BYTES_MAX).then(|| text.into())
    }

    fn expansion(
        &self,
        of: (SetId, StructId),
        (guard, is_to_many): (Option<Expr>, bool),
        options: &QueryOptions,
        aliases: &Aliases,
    ) -> Result<Plan, Error> {
        for option in given(options) {
            match option {
                "$select" | "$expand" | "$compute" => {}
                _ if !is_to_many => {
                    return Err(invalid(format!(
                        "{option} needs a collection, this is one entity"
                    )));
                }
                _ => {}
            }
        }
        self.plan(of, guard, options, aliases)
    }

    /// The options of an item, its levels beyond the first as an `$expand` of their own.
    /// Source: OData 4.01 Part 2, 5.1.3 (`$levels`).
    fn unrolled(
        &self,
        (of, ty): (StructId, StructId),
        item: &ExpandItem,
    ) -> Result<QueryOptions, Error> {
        let mut options = (*item.options).clone();
        let left = self.limits.expand_depth.saturating_sub(self.expanded.get());
        let further = match options.levels.take() {
            None => return Ok(options),
            Some(Levels::Max) => left,
            Some(Levels::Number(levels)) => {
                let further = usize::try_from(levels).unwrap_or(usize::MAX).saturating_sub(1);
                if further > left {
                    return Err(self.too_deep());
                }
                further
            }
        };
        let is_all = item.path.segments.contains(&Segment::Star);
        let leads_back =
            self.named(ty, &item.path).is_ok_and(|again| again.of == of) || self.model.is_a(ty, of);
        if !is_all && !leads_back {
            let of = self.model.structure(of).name;
            return Err(invalid(format!(
                "$levels needs a navigation property that leads from '{of}' to '{of}' again"
            )));
        }
        if further > 0 {
            let levels = Some(Levels::Number(further as u64));
            let inner = Box::new(QueryOptions { levels, ..options.clone() });
            options.expand.push(ExpandItem { options: inner, ..item.clone() });
        }
        Ok(options)
    }

    fn too_deep(&self) -> Error {
        Error::LimitExceeded {
            limit: Limits::EXPAND_DEPTH,
            max: self.limits.expand_depth as u64,
            target: "$expand".to_owned(),
        }
    }
}

fn invalid(reason: String) -> Error {
    Error::InvalidOption { option: "$expand".to_owned(), reason }
}

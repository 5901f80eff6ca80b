//! `$select` and `$expand`: what of each entity is written.

use super::{Aliases, Checker, compute::Known, not_implemented, options::given};
use crate::{
    error::{Error, nearest},
    model::{Nav, SetId, StructId, StructType},
    odata::ast::{self, QueryOptions, Segment, SelectItem},
    query::{Expand, ExpandKind, Plan, Shape, Var},
};

impl Checker<'_> {
    /// What of an entity is wanted; all the caller may know of where nothing is selected.
    pub(super) fn shape(
        &self,
        (set, ty): (SetId, StructId),
        options: &QueryOptions,
        aliases: &Aliases,
        computed: &[Known],
    ) -> Result<Shape, Error> {
        let structure = self.model.structure(ty);
        let mut shape = Shape {
            properties: self.visible_props(structure),
            is_selected: false,
            computed: computed.iter().map(Known::computed).collect(),
            links: Vec::new(),
            expand: Vec::new(),
        };
        if let Some(items) = &options.select {
            self.select(structure, items, &mut shape)?;
        }
        for item in &options.expand {
            let within = || self.expand((set, structure), item, aliases);
            for expand in self.within_expand((set, ty), within)? {
                let is_twice =
                    shape.expand.iter().any(|known| known.navigation == expand.navigation);
                if is_twice {
                    let name = structure.navigation_at(expand.navigation).name;
                    return Err(invalid("$expand", format!("it names '{name}' twice")));
                }
                shape.expand.push(expand);
            }
        }
        Ok(shape)
    }

    fn select(
        &self,
        structure: &StructType,
        items: &[SelectItem],
        shape: &mut Shape,
    ) -> Result<(), Error> {
        let mut chosen = Vec::new();
        let mut computed = Vec::new();
        let mut is_all = false;
        for item in items {
            let (path, options) = match item {
                SelectItem::All => {
                    is_all = true;
                    continue;
                }
                // There are no operations.
                SelectItem::AllOperations(_) => continue,
                SelectItem::Path { path, overload: _, options } => (path, options),
            };
            if **options != QueryOptions::default() {
                return not_implemented("options within $select");
            }
            let name = match path.segments.as_slice() {
                [Segment::Name(name)] => name,
                [Segment::Annotation(_)] => continue,
                _ => return not_implemented("a path in $select"),
            };
            if let Some(prop) = self.find_property(structure, name) {
                chosen.push(prop);
            } else if let Some((nav, _)) = self.find_navigation(structure, name) {
                if !shape.links.contains(&nav) {
                    shape.links.push(nav);
                }
            } else if shape.computed.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
                computed.push(name.to_ascii_lowercase());
            } else {
                return Err(self.unknown(structure, name, "$select"));
            }
        }
        if !is_all {
            shape.is_selected = true;
            shape.properties.retain(|prop| chosen.contains(prop));
            shape.computed.retain(|known| computed.contains(&known.name.to_ascii_lowercase()));
        }
        Ok(())
    }

    /// One item of `$expand`; `*` is all there are.
    fn expand(
        &self,
        (_, structure): (SetId, &StructType),
        item: &ast::ExpandItem,
        aliases: &Aliases,
    ) -> Result<Vec<Expand>, Error> {
        let navigations = match item.path.segments.as_slice() {
            [Segment::Star] => self.visible_navs(structure),
            [Segment::Name(name)] => vec![self.expanded(structure, name)?],
            _ => return not_implemented("a path in $expand"),
        };
        let kind = match item.kind {
            ast::ExpandKind::Entities => ExpandKind::Entities,
            ast::ExpandKind::References => ExpandKind::References,
            ast::ExpandKind::Count => ExpandKind::Count,
        };
        let mut items = Vec::with_capacity(navigations.len());
        for navigation in navigations {
            let is_to_many = Self::is_to_many(structure, navigation);
            let Some(target) = self.readable_target(structure, navigation) else { continue };
            if kind == ExpandKind::Count && !is_to_many {
                return Err(invalid("$expand", "only a collection has a '/$count'".to_owned()));
            }
            let plan = self.expansion(target, is_to_many, &item.options, aliases)?;
            items.push(Expand { navigation, plan, kind });
        }
        Ok(items)
    }

    fn expanded(&self, structure: &StructType, name: &str) -> Result<Nav, Error> {
        if let Some((nav, _)) = self.find_navigation(structure, name) {
            return Ok(nav);
        }
        if self.find_property(structure, name).is_some() {
            let reason = format!("'{name}' is not a navigation property; it needs no expanding");
            return Err(invalid("$expand", reason));
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

    fn expansion(
        &self,
        target: SetId,
        is_to_many: bool,
        options: &QueryOptions,
        outer: &Aliases,
    ) -> Result<Plan, Error> {
        for option in given(options) {
            match option {
                "$select" | "$compute" => {}
                "$expand" => return not_implemented("$expand within $expand"),
                "$levels" => {
                    return not_implemented(&format!("{option} within $expand"));
                }
                _ if !is_to_many => {
                    let reason = format!("{option} needs a collection, this is one entity");
                    return Err(invalid("$expand", reason));
                }
                _ => {}
            }
        }
        let ty = self.model.set(target).ty;
        let guard = self.guard(target, Var(0));
        if options.aliases.is_empty() {
            return self.plan((target, ty), guard, options, outer);
        }
        let mut aliases = outer.clone();
        aliases.extend(options.aliases.clone());
        self.plan((target, ty), guard, options, &aliases)
    }
}

fn invalid(option: &str, reason: String) -> Error {
    Error::InvalidOption { option: option.to_owned(), reason }
}

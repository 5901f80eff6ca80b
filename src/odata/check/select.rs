//! `$select`, and with `$expand` what of each entity is written.

use super::{Aliases, Checker, compute::Known, not_implemented};
use crate::{
    error::Error,
    model::{SetId, StructId, StructType},
    odata::ast::{QueryOptions, Segment, SelectItem},
    query::Shape,
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
        shape.expand = self.expansions((set, ty), &options.expand, aliases)?;
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
                // The name of an annotation has a dot; without one it is an alias, which nothing is put in for.
                [Segment::Annotation(name)] if name.contains('.') => continue,
                [Segment::Annotation(name)] => {
                    return Err(Error::InvalidOption {
                        option: "$select".to_owned(),
                        reason: format!("it takes names, not the alias '@{name}'"),
                    });
                }
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
}

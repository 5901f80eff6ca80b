//! What is written of every entity of one place, made ready once for all of them.

use std::{collections::HashMap, sync::Arc};

use super::{
    Json, Level, Writer,
    cell::{At, Cell},
    drafts::Draft,
};
use crate::{
    error::Error,
    model::{Nav, Prop, Relation, Row, StructId, StructType},
    query::{Expand, ExpandKind, Shape},
};

/// Entities looked up that one answer keeps for each property and expanded navigation property: a page has few
/// teams and agents, and of customers no more than rows.
pub(super) const KEPT_MAX: usize = 4096;

/// What is written of the entities of one place.
pub(super) struct Outline {
    /// The type a reader takes them for who is told nothing else.
    declared: StructId,
    /// The type the properties of the shape are of.
    ty: StructId,
    shape: Shape,
    /// Only ids are.
    is_references: bool,
    /// What they are expanded to, in the order it is written.
    pub(super) branches: Vec<Branch>,
    /// What is written of the types that came by.
    sheets: Vec<(StructId, Sheet)>,
    /// Entities written.
    count: usize,
}

/// Entities from one look at the clock to the next.
const IN_ONE_GO: usize = 16;

/// One expanded navigation property.
pub(super) struct Branch {
    pub(super) expand: Expand,
    pub(super) name: &'static str,
    /// Whether its link is written as well.
    pub(super) is_linked: bool,
    /// That of its entities, as a position.
    pub(super) outline: usize,
    /// Where it leads to one: the property that holds the key there.
    pub(super) by: Option<Prop>,
    /// What the keys that came by lead to.
    pub(super) kept: HashMap<i64, Option<Row>>,
}

/// What is written of the entities of one type.
struct Sheet {
    drafts: Arc<[Draft]>,
    cells: Vec<Cell>,
    /// Links of what is not expanded.
    links: Vec<&'static str>,
    /// The type, where a reader could not tell.
    annotation: Option<String>,
}

impl Outline {
    /// Adds the outline of entities with that shape of type `ty`, and those of all that is expanded;
    /// its position.
    pub(super) fn add(
        outlines: &mut Vec<Self>,
        writer: &Writer<'_>,
        declared: StructId,
        (ty, mut shape): (StructId, Shape),
        is_references: bool,
    ) -> usize {
        let expands = std::mem::take(&mut shape.expand);
        let at = outlines.len();
        let (branches, sheets, count) = (Vec::new(), Vec::new(), 0);
        outlines.push(Self { declared, ty, shape, is_references, branches, sheets, count });
        for mut expand in expands {
            let model = writer.addresses.model;
            // One that goes on in this answer has no pages that somebody could prefer short.
            let rows = writer.onward.rows_max;
            expand.plan.page_size =
                Some(if expand.written.is_some() { writer.onward.rows } else { rows });
            let shape = std::mem::take(&mut expand.plan.shape);
            let is_references = expand.kind == ExpandKind::References;
            let declared = model.set(expand.plan.set).ty;
            let outline = Self::add(outlines, writer, declared, (expand.ty, shape), is_references);
            let structure = model.structure(expand.of);
            let name = structure.navigation_at(expand.navigation).name;
            let linked = writer.linked(structure, &outlines[at].shape);
            let is_linked = linked.contains(&expand.navigation);
            let by = reference(structure, expand.navigation);
            let kept = HashMap::new();
            outlines[at].branches.push(Branch { expand, name, is_linked, outline, by, kept });
        }
        at
    }

    /// Whether the entity the request is about can matter to what is written.
    pub(super) fn may_ask_for_it(&self) -> bool {
        !self.branches.is_empty() || !self.shape.computed.is_empty()
    }

    /// Everything of the first of `rows` but what it is expanded to; the others come next.
    pub(super) fn members(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        rows: &[Row],
    ) -> Result<(), Error> {
        let Some(row) = rows.first() else { return Ok(()) };
        if self.is_references {
            json.text("@odata.id", &writer.addresses.id(row));
            return Ok(());
        }
        if self.count.is_multiple_of(IN_ONE_GO) {
            writer.ctx.in_time()?;
        }
        self.count += 1;
        let sheet = self.sheet(writer, row.type_id);
        writer.control(json, sheet.annotation.as_deref(), row);
        let structure = writer.ctx.structure(row);
        let opened = row.record.open(structure);
        let at = At { row, rows, opened: &opened, drafts: &sheet.drafts };
        for cell in &mut sheet.cells {
            cell.write(json, writer, at)?;
        }
        if !self.shape.computed.is_empty() {
            writer.computed(json, &self.shape, row)?;
        }
        for name in self.links(row.type_id) {
            writer.link(json, name, row);
        }
        Ok(())
    }

    fn links(&self, type_id: StructId) -> &[&'static str] {
        let sheet = self.sheets.iter().find(|(known, _)| *known == type_id);
        sheet.map_or(&[], |(_, sheet)| &sheet.links)
    }

    /// What follows all that an entity is expanded to.
    pub(super) fn end(&self, json: &mut Json, writer: &Writer<'_>, row: &Row) -> Result<(), Error> {
        let is_full = writer.format.level == Level::Full && !self.is_references;
        if is_full && !self.shape.is_selected {
            writer.actions(json, row)?;
        }
        json.bytes.push(b'}');
        Ok(())
    }

    fn sheet(&mut self, writer: &Writer<'_>, type_id: StructId) -> &mut Sheet {
        let known = self.sheets.iter().position(|(known, _)| *known == type_id);
        let at = known.unwrap_or_else(|| {
            let sheet = self.sheet_of(writer, type_id);
            self.sheets.push((type_id, sheet));
            self.sheets.len() - 1
        });
        &mut self.sheets[at].1
    }

    fn sheet_of(&self, writer: &Writer<'_>, type_id: StructId) -> Sheet {
        let structure = writer.addresses.model.structure(type_id);
        // A link stands next to what it is a link to.
        let is_expanded = |nav: &Nav| self.branches.iter().any(|b| b.expand.navigation == *nav);
        let links = writer.linked(structure, &self.shape).into_iter();
        let links = links.filter(|nav| !is_expanded(nav));
        let is_told = match writer.format.level {
            Level::None => false,
            Level::Minimal => type_id != self.declared,
            Level::Full => true,
        };
        let drafts = writer.drafts.of_type(type_id);
        Sheet {
            cells: Cell::all(writer, &drafts, self.properties(writer, structure)),
            drafts,
            links: links.map(|nav| structure.navigation_at(nav).name).collect(),
            annotation: is_told.then(|| writer.struct_annotation(type_id)),
        }
    }

    /// The properties of the shape, and those only the entity's own type has.
    fn properties(
        &self,
        writer: &Writer<'_>,
        structure: &StructType,
    ) -> impl Iterator<Item = Prop> {
        let mut props = self.shape.properties.clone();
        let known = writer.addresses.model.structure(self.ty).properties.len();
        if !self.shape.is_selected && structure.properties.len() > known {
            let visible = writer.checker.visible_props(structure).into_iter();
            props.extend(visible.filter(|prop| usize::from(prop.0) >= known));
        }
        props.into_iter()
    }
}

/// The stored property that holds the key of what a to-one navigation property leads to.
pub(super) fn reference(structure: &StructType, navigation: Nav) -> Option<Prop> {
    match structure.navigation_at(navigation).relation {
        Relation::Reference { by } => {
            structure.property(by).filter(|prop| structure.property_at(*prop).tag().is_some())
        }
        Relation::Children { .. } => None,
    }
}

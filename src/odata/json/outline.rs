//! What is written of every entity of one place, made ready once for all of them.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    Json, Level, Writer,
    ahead::ROWS,
    cell::{At, Cell},
    drafts::Draft,
    reused::{Manner, Text},
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
    /// What is known already of those that come next.
    known: VecDeque<Option<Arc<Text>>>,
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
    /// How it is written, where that may be done again.
    manner: Option<Manner>,
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
        let (branches, sheets, known) = (Vec::new(), Vec::new(), VecDeque::new());
        outlines.push(Self {
            declared,
            ty,
            shape,
            is_references,
            branches,
            sheets,
            known,
            count: 0,
        });
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

    /// Whether its entities are told with all they have by themselves, and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        !self.is_references && !self.shape.is_selected && !self.may_ask_for_it()
    }

    /// The same for others of the same page, while nothing is expanded.
    pub(super) fn anew(&self) -> Self {
        Self {
            declared: self.declared,
            ty: self.ty,
            shape: self.shape.clone(),
            is_references: self.is_references,
            branches: Vec::new(),
            sheets: Vec::new(),
            known: VecDeque::new(),
            count: 0,
        }
    }

    /// Entities one behind the other, until they take `enough` bytes; how many.
    pub(super) fn plain(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        rows: &[Row],
        enough: usize,
    ) -> Result<usize, Error> {
        let from = json.bytes.len();
        for (at, row) in rows.iter().enumerate() {
            if json.bytes.len() - from >= enough {
                return Ok(at);
            }
            json.comma();
            json.bytes.push(b'{');
            self.members(json, writer, &rows[at..])?;
            self.end(json, writer, row)?;
        }
        Ok(rows.len())
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
        if self.known.is_empty() {
            self.look_up(writer, rows);
        }
        match self.known.pop_front().flatten() {
            Some(text) => text.push_to(json),
            None => self.own(json, writer, rows)?,
        }
        if !self.shape.computed.is_empty() {
            writer.computed(json, &self.shape, row)?;
        }
        for name in self.links(row.type_id) {
            writer.link(json, name, row);
        }
        Ok(())
    }

    /// Looks for what is known already of the next of `rows`, once for all of them.
    fn look_up(&mut self, writer: &Writer<'_>, rows: &[Row]) {
        for row in rows.iter().take(ROWS) {
            let manner = &self.sheet(writer, row.type_id).manner;
            let known = manner.as_ref().and_then(|manner| writer.tools.reused.get(manner, row));
            self.known.push_back(known);
        }
    }

    /// What the first of `rows` has by itself.
    fn own(&mut self, json: &mut Json, writer: &Writer<'_>, rows: &[Row]) -> Result<(), Error> {
        let Some(row) = rows.first() else { return Ok(()) };
        let known = std::mem::take(&mut self.known);
        let sheet = self.sheet(writer, row.type_id);
        let from = json.bytes.len();
        writer.control(json, sheet.annotation.as_deref(), row);
        let structure = writer.ctx.structure(row);
        let opened = row.record.open(structure);
        let rows = Left { rows, known: &known };
        let at = At { row, rows, opened: &opened, drafts: &sheet.drafts };
        for cell in &mut sheet.cells {
            cell.write(json, writer, at)?;
        }
        if let Some(manner) = &sheet.manner {
            writer.tools.reused.put(manner, row, &json.bytes[from..]);
        }
        self.known = known;
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
        let drafts = writer.tools.drafts.of_type(type_id);
        let props = self.properties(writer, structure);
        Sheet {
            cells: Cell::all(writer, &drafts, props.iter().copied()),
            manner: Manner::of(writer, (self.declared, type_id), &drafts, &props),
            drafts,
            links: links.map(|nav| structure.navigation_at(nav).name).collect(),
            annotation: is_told.then(|| writer.struct_annotation(type_id)),
        }
    }

    /// The properties of the shape, and those only the entity's own type has.
    fn properties(&self, writer: &Writer<'_>, structure: &StructType) -> Vec<Prop> {
        let mut props = self.shape.properties.clone();
        let known = writer.addresses.model.structure(self.ty).properties.len();
        if !self.shape.is_selected && structure.properties.len() > known {
            let visible = writer.checker.visible_props(structure).into_iter();
            props.extend(visible.filter(|prop| usize::from(prop.0) >= known));
        }
        props
    }
}

/// Entities that are written next.
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    /// The one being written, and those behind it.
    rows: &'a [Row],
    /// What is known already of those behind it, as far as was looked.
    known: &'a VecDeque<Option<Arc<Text>>>,
}

impl<'a> Left<'a> {
    /// The first of them, and those behind it that are written property by property.
    pub(super) fn unknown(self) -> Cow<'a, [Row]> {
        let (looked_for, _) = self.rows.split_at((1 + self.known.len()).min(self.rows.len()));
        if self.known.iter().all(Option::is_none) {
            return Cow::Borrowed(looked_for);
        }
        let is_known = std::iter::once(false).chain(self.known.iter().map(Option::is_some));
        let rows = looked_for.iter().zip(is_known).filter(|(_, is_known)| !is_known);
        rows.map(|(row, _)| row.clone()).collect()
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

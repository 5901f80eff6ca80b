//! Entities with all that is expanded, written piece by piece, so that nobody has to hold all of it.
//!
//! What is under way is a stack: at each level of `$expand` one page of rows at most, never all children of
//! all rows. A piece may end between any two entities.

mod halves;

use std::vec::IntoIter;

use self::halves::Help;
use super::{
    Json, Level, Text, Writer,
    outline::{Branch, KEPT_MAX, Outline},
};
use crate::{
    error::Error,
    model::{Relation, Row, SetId, StructId, Value},
    query::{ExpandKind, Page, Plan, Shape, Start, list},
};

/// Room taken for an entity before its length is known.
const ROW_BYTES: usize = 2 << 10;

/// Expanded entities in an answer that is made in one piece; what is beyond is told by next links alone.
const WHOLE_ROWS: u64 = 100_000;

/// Its name, as errors give it, where there is no such link.
const WHOLE: &str = "expand_rows_max";

/// Entities on their way out. The pieces, one after the other, are the text.
pub struct Pieces {
    top: Top,
    of: (SetId, StructId),
    /// Given up for `outlines` when the first piece is written.
    shape: Option<Shape>,
    outlines: Vec<Outline>,
    help: Help,
    stack: Vec<Frame>,
    /// The last byte of the piece before.
    last: u8,
    /// How many expanded entities may still come.
    room: u64,
}

/// What the text is as a whole.
enum Top {
    Entity,
    Page { is_references: bool, count: Option<u64>, next_link: Option<String> },
}

/// Rows being written: the page, or what one entity is expanded to.
struct Frame {
    /// Those not yet written; a row is let go once it is.
    rows: IntoIter<Row>,
    outline: usize,
    /// Whose branches are being written, and the next of them.
    row: Option<(Row, usize)>,
    kind: Kind,
}

/// What rows stand in.
enum Kind {
    /// The entity that is the whole text.
    Root,
    /// The array that is the page.
    Page,
    /// An expanded collection of that name, and where it goes on.
    Many { name: &'static str, rest: Rest },
    /// An expanded entity.
    One,
}

/// What is behind the last row of an expanded collection.
enum Rest {
    Nothing,
    /// More, at that address.
    There(String),
    /// More, which comes here, as no address can tell it.
    Here(Box<Behind>),
}

/// Where an expanded collection goes on in the same answer.
struct Behind {
    /// Outline and number of its branch.
    branch: (usize, usize),
    /// The entity it belongs to.
    row: Row,
    after: Vec<Value>,
    /// Entities still wanted.
    top: Option<u64>,
}

impl Text for Pieces {
    fn is_done(&self) -> bool {
        self.stack.is_empty() && self.help.ready.is_none()
    }

    fn whole(mut self, writer: &Writer<'_>) -> Result<Vec<u8>, Error> {
        (self.room, self.help.is_over) = (WHOLE_ROWS, true);
        self.next(writer, usize::MAX)
    }

    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        let ready = self.help.ready.take();
        let bytes = ready.unwrap_or_else(|| Vec::with_capacity(self.bytes(enough)));
        let mut json = Json { bytes, before: self.last };
        if let Some(shape) = self.shape.take() {
            // What cannot be computed is an error as long as nothing is on its way.
            let rows = self.stack.first().map_or(&[][..], |frame| frame.rows.as_slice());
            writer.try_computed(&shape, rows)?;
            self.begin(&mut json, writer, shape);
        }
        // Only what is computed and what is expanded can ask for it.
        let is_told = self.outlines.iter().any(Outline::may_ask_for_it);
        while !self.is_done() && (json.bytes.len() < enough || self.is_at_end()) {
            if let Some(hand) = self.helped(&json, writer) {
                self.halves(&mut json, writer, hand, enough)?;
                if self.help.ready.is_some() {
                    break;
                }
                continue;
            }
            match if is_told { self.subject() } else { None } {
                Some(subject) => self.step(&mut json, &writer.about(&subject))?,
                None => self.step(&mut json, writer)?,
            }
        }
        self.last = json.bytes.last().copied().unwrap_or(self.last);
        Ok(json.bytes)
    }
}

impl Pieces {
    /// The page of entities declared to be of `of`; nothing of it is written yet.
    #[must_use]
    pub fn new(of: (SetId, StructId), shape: Shape, page: Page, next_link: Option<String>) -> Self {
        let top = Top::Page { is_references: false, count: page.count, next_link };
        Self::of(top, of, shape, page.rows)
    }

    /// As [`Pieces::new`], only the ids.
    #[must_use]
    pub fn references(of: (SetId, StructId), page: Page, next_link: Option<String>) -> Self {
        let top = Top::Page { is_references: true, count: page.count, next_link };
        Self::of(top, of, Shape::default(), page.rows)
    }

    /// One entity.
    #[must_use]
    pub fn entity(of: (SetId, StructId), shape: Shape, row: Row) -> Self {
        Self::of(Top::Entity, of, shape, vec![row])
    }

    fn of(top: Top, of: (SetId, StructId), shape: Shape, rows: Vec<Row>) -> Self {
        let kind = match &top {
            Top::Entity => Kind::Root,
            Top::Page { .. } => Kind::Page,
        };
        let frame = Frame { rows: rows.into_iter(), outline: 0, row: None, kind };
        let (shape, stack) = (Some(shape), vec![frame]);
        Self {
            top,
            of,
            shape,
            outlines: Vec::new(),
            help: Help::default(),
            stack,
            last: b'{',
            room: u64::MAX,
        }
    }

    /// The entity of the page that is being written, or will be next: what the request is about.
    fn subject(&self) -> Option<Row> {
        let page = self.stack.first()?;
        let row = page.row.as_ref().map(|(row, _)| row);
        row.or_else(|| page.rows.as_slice().first()).cloned()
    }

    /// About how long the next piece gets, the entity that fills it included.
    fn bytes(&self, enough: usize) -> usize {
        let rows = self.stack.iter().map(|frame| frame.rows.len() + 1).sum::<usize>();
        let bytes = rows.saturating_mul(ROW_BYTES * (1 + self.branches()));
        bytes.min(enough).min(1 << 20) + 2 * ROW_BYTES
    }

    /// How many expanded navigation properties an entity of the page has.
    fn branches(&self) -> usize {
        let begun = self.outlines.first().map(|outline| outline.branches.len());
        begun.or_else(|| self.shape.as_ref().map(|shape| shape.expand.len())).unwrap_or(0)
    }

    /// Whether nothing but an end is left to write.
    fn is_at_end(&self) -> bool {
        matches!(self.stack.as_slice(), [last] if last.row.is_none() && last.rows.len() == 0)
    }

    /// Everything before the first entity.
    fn begin(&mut self, json: &mut Json, writer: &Writer<'_>, shape: Shape) {
        let addresses = &writer.addresses;
        let is_told = writer.format.level != Level::None;
        json.bytes.push(b'{');
        match &self.top {
            Top::Entity => {
                if is_told {
                    json.text("@odata.context", &addresses.entity(self.of, &shape));
                }
            }
            Top::Page { is_references, count, next_link: _ } => {
                if *is_references {
                    json.text("@odata.context", &addresses.references());
                } else if is_told {
                    json.text("@odata.context", &addresses.collection(self.of, &shape));
                }
                if let Some(count) = count {
                    json.number("@odata.count", *count);
                }
                json.name("value");
                json.bytes.push(b'[');
            }
        }
        let is_references = matches!(self.top, Top::Page { is_references: true, .. });
        Outline::add(&mut self.outlines, writer, self.of.1, (self.of.1, shape), is_references);
    }

    /// Writes one entity up to its first branch, or one branch, or an end.
    fn step(&mut self, json: &mut Json, writer: &Writer<'_>) -> Result<(), Error> {
        let Some(frame) = self.stack.last_mut() else { return Ok(()) };
        let outline = &mut self.outlines[frame.outline];
        if let Some((row, at)) = &mut frame.row {
            if *at < outline.branches.len() {
                let (row, branch) = (row.clone(), (frame.outline, *at));
                *at += 1;
                return self.branch(json, writer, branch, row);
            }
            outline.end(json, writer, row)?;
            frame.row = None;
            return Ok(());
        }
        let rows = frame.rows.as_slice();
        let Some(row) = rows.first() else {
            let Some(frame) = self.stack.pop() else { return Ok(()) };
            return match frame.kind {
                Kind::Many { name, rest: Rest::Here(behind) } => {
                    self.go_on(writer, (frame.outline, name), *behind)
                }
                kind => {
                    self.end(json, kind);
                    Ok(())
                }
            };
        };
        match frame.kind {
            Kind::Root => {}
            Kind::Page | Kind::Many { .. } => {
                json.comma();
                json.bytes.push(b'{');
            }
            Kind::One => json.bytes.push(b'{'),
        }
        outline.members(json, writer, rows)?;
        if outline.branches.is_empty() {
            outline.end(json, writer, row)?;
            drop(frame.rows.next());
        } else {
            frame.row = frame.rows.next().map(|row| (row, 0));
        }
        Ok(())
    }

    /// What follows the last row.
    fn end(&self, json: &mut Json, kind: Kind) {
        match (kind, &self.top) {
            (Kind::Page, Top::Page { next_link, .. }) => {
                json.bytes.push(b']');
                if let Some(link) = next_link {
                    json.text("@odata.nextLink", link);
                }
                json.bytes.push(b'}');
            }
            (Kind::Many { name, rest }, _) => {
                json.bytes.push(b']');
                if let Rest::There(address) = rest {
                    json.annotation(name, "@odata.nextLink");
                    super::push_json_text(&mut json.bytes, &address);
                }
            }
            (Kind::Root | Kind::Page | Kind::One, _) => {}
        }
    }

    /// What one entity is expanded to, its rows yet to be written.
    fn branch(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        (outline, at): (usize, usize),
        row: Row,
    ) -> Result<(), Error> {
        let branch = &mut self.outlines[outline].branches[at];
        let (expand, model) = (&branch.expand, writer.addresses.model);
        if !model.is_a(row.type_id, expand.of) {
            return Ok(());
        }
        if branch.is_linked {
            writer.link(json, branch.name, &row);
        }
        match model.structure(expand.of).navigation_at(expand.navigation).relation {
            Relation::Children { .. } => self.many(json, writer, (outline, at), row),
            Relation::Reference { .. } => {
                let found = branch.one(writer, row)?;
                json.name(branch.name);
                let outline = branch.outline;
                match found {
                    Some(found) => {
                        self.room = self.room.saturating_sub(1);
                        let rows = vec![found].into_iter();
                        self.stack.push(Frame { rows, outline, row: None, kind: Kind::One });
                    }
                    None => json.bytes.extend(b"null"),
                }
                Ok(())
            }
        }
    }

    /// A page of an expanded collection, or its count.
    fn many(
        &mut self,
        json: &mut Json,
        writer: &Writer<'_>,
        at: (usize, usize),
        row: Row,
    ) -> Result<(), Error> {
        let Branch { expand, name, outline, .. } = &self.outlines[at.0].branches[at.1];
        let (name, outline) = (*name, *outline);
        let start = Start::Related(row, expand.navigation);
        let is_full = self.room == 0 && expand.written.is_some();
        let page = if is_full {
            list(&Plan { page_size: Some(1), ..expand.plan.clone() }, &start, &writer.ctx)?
        } else {
            list(&expand.plan, &start, &writer.ctx)?
        };
        let Start::Related(row, _) = start else { return Ok(()) };
        if let Some(count) = page.count {
            json.annotation(name, "@odata.count");
            json.digits(count);
        }
        if expand.kind == ExpandKind::Count {
            return Ok(());
        }
        json.name(name);
        json.bytes.push(b'[');
        if is_full {
            let rest = if page.rows.is_empty() {
                Rest::Nothing
            } else {
                Rest::There(writer.goes_on(expand, name, &row, None))
            };
            let (kind, rows) = (Kind::Many { name, rest }, Vec::new().into_iter());
            self.stack.push(Frame { rows, outline, row: None, kind });
            return Ok(());
        }
        let top = expand.plan.top;
        self.push_many(writer, (at, outline, name), (row, top), page)
    }

    /// The next page of an expanded collection that goes on here.
    fn go_on(
        &mut self,
        writer: &Writer<'_>,
        (outline, name): (usize, &'static str),
        Behind { branch, row, after, top }: Behind,
    ) -> Result<(), Error> {
        let expand = &self.outlines[branch.0].branches[branch.1].expand;
        let plan = Plan { after: Some(after), skip: 0, top, count: false, ..expand.plan.clone() };
        let start = Start::Related(row, expand.navigation);
        let page = list(&plan, &start, &writer.ctx)?;
        let Start::Related(row, _) = start else { return Ok(()) };
        self.push_many(writer, (branch, outline, name), (row, top), page)
    }

    /// The rows of a page of an expanded collection come next; `top` were wanted before it.
    fn push_many(
        &mut self,
        writer: &Writer<'_>,
        (branch, outline, name): ((usize, usize), usize, &'static str),
        (row, top): (Row, Option<u64>),
        Page { rows, next, .. }: Page,
    ) -> Result<(), Error> {
        let expand = &self.outlines[branch.0].branches[branch.1].expand;
        let left = self.room.checked_sub(rows.len() as u64);
        let top = top.map(|top| top.saturating_sub(rows.len() as u64));
        let rest = match next {
            None => Rest::Nothing,
            Some(after) if expand.written.is_some() => {
                Rest::There(writer.goes_on(expand, name, &row, Some((after, top))))
            }
            Some(_) if left.is_none_or(|left| left == 0) => return Err(too_long()),
            Some(after) => Rest::Here(Box::new(Behind { branch, row, after, top })),
        };
        self.room = left.unwrap_or(0);
        let (kind, rows) = (Kind::Many { name, rest }, rows.into_iter());
        self.stack.push(Frame { rows, outline, row: None, kind });
        Ok(())
    }
}

fn too_long() -> Error {
    Error::LimitExceeded { limit: WHOLE, max: WHOLE_ROWS, target: "$expand".to_owned() }
}

impl Branch {
    /// What a to-one navigation property leads to; each key is looked up once.
    fn one(&mut self, writer: &Writer<'_>, row: Row) -> Result<Option<Row>, Error> {
        let structure = writer.ctx.structure(&row);
        let key = self.by.and_then(|by| row.record.get(structure, by).as_int());
        if let Some(found) = key.and_then(|key| self.kept.get(&key)) {
            return Ok(found.clone());
        }
        let start = Start::Related(row, self.expand.navigation);
        let found = list(&self.expand.plan, &start, &writer.ctx)?.rows.into_iter().next();
        if let Some(key) = key {
            if self.kept.len() >= KEPT_MAX {
                self.kept.clear();
            }
            self.kept.insert(key, found.clone());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;

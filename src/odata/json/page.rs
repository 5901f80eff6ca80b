//! Entities with all that is expanded, written piece by piece, so that nobody has to hold all of it.
//!
//! What is under way is a stack: at each level of `$expand` one page of rows at most, never all children of
//! all rows. A piece may end between any two entities.

use std::vec::IntoIter;

use super::{
    Json, Level, Text, Writer,
    outline::{Branch, KEPT_MAX, Outline},
};
use crate::{
    error::Error,
    model::{Relation, Row, SetId, StructId},
    query::{Expand, ExpandKind, Page, Plan, Shape, Start, list},
};

/// Room taken for an entity before its length is known.
const ROW_BYTES: usize = 2 << 10;

/// Expanded entities in an answer that is made in one piece; what is beyond is told by next links alone.
const WHOLE_ROWS: u64 = 100_000;

/// Name of the setting that bounds an expanded collection, as errors give it.
const EXPAND_PAGE_SIZE: &str = "expand_page_size";

/// Entities on their way out. The pieces, one after the other, are the text.
pub struct Pieces {
    top: Top,
    of: (SetId, StructId),
    /// Given up for `outlines` when the first piece is written.
    shape: Option<Shape>,
    outlines: Vec<Outline>,
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
    Many { name: &'static str, rest: Option<String> },
    /// An expanded entity.
    One,
}

impl Text for Pieces {
    fn is_done(&self) -> bool {
        self.stack.is_empty()
    }

    fn whole(mut self, writer: &Writer<'_>) -> Result<Vec<u8>, Error> {
        self.room = WHOLE_ROWS;
        self.next(writer, usize::MAX)
    }

    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        let mut json = Json { bytes: Vec::with_capacity(self.bytes(enough)), before: self.last };
        if let Some(shape) = self.shape.take() {
            // What cannot be computed is an error as long as nothing is on its way.
            let rows = self.stack.first().map_or(&[][..], |frame| frame.rows.as_slice());
            writer.try_computed(&shape, rows)?;
            self.begin(&mut json, writer, shape);
            self.try_whole(writer)?;
        }
        // Only what is computed and what is expanded can ask for it.
        let is_told = self.outlines.iter().any(Outline::may_ask_for_it);
        while !self.is_done() && (json.bytes.len() < enough || self.is_at_end()) {
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
        Self { top, of, shape, outlines: Vec::new(), stack, last: b'{', room: u64::MAX }
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

    /// Whether all that cannot go on elsewhere fits; what is further within is seen when it is its turn.
    fn try_whole(&self, writer: &Writer<'_>) -> Result<(), Error> {
        let (Some(outline), Some(page)) = (self.outlines.first(), self.stack.first()) else {
            return Ok(());
        };
        for branch in outline.branches.iter().filter(|branch| branch.is_whole()) {
            let expand = &branch.expand;
            let rows = page.rows.as_slice().iter();
            for row in rows.filter(|row| writer.addresses.model.is_a(row.type_id, expand.of)) {
                let writer = writer.about(row);
                writer.ctx.in_time()?;
                let start = Start::Related(row.clone(), expand.navigation);
                if list(&expand.plan, &start, &writer.ctx)?.next.is_some() {
                    return Err(too_long(&writer));
                }
            }
        }
        Ok(())
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
            if let Some(frame) = self.stack.pop() {
                self.end(json, frame.kind);
            }
            return Ok(());
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
                if let Some(rest) = rest {
                    json.annotation(name, "@odata.nextLink");
                    super::push_json_text(&mut json.bytes, &rest);
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
        (outline, at): (usize, usize),
        row: Row,
    ) -> Result<(), Error> {
        let Branch { expand, name, outline, .. } = &self.outlines[outline].branches[at];
        let start = Start::Related(row, expand.navigation);
        let is_full = self.room == 0 && expand.written.is_some();
        let page = if is_full {
            list(&Plan { page_size: Some(1), ..expand.plan.clone() }, &start, &writer.ctx)?
        } else {
            list(&expand.plan, &start, &writer.ctx)?
        };
        let Start::Related(row, _) = start else { return Ok(()) };
        if next_is_lost(expand, &page) {
            return Err(too_long(writer));
        }
        if let Some(count) = page.count {
            json.annotation(name, "@odata.count");
            json.digits(count);
        }
        if expand.kind == ExpandKind::Count {
            return Ok(());
        }
        let Page { mut rows, next, .. } = page;
        let rest = if is_full {
            let is_more = !rows.is_empty();
            rows.clear();
            is_more.then(|| writer.goes_on(expand, name, &row, None))
        } else {
            let left = expand.plan.top.map(|top| top.saturating_sub(rows.len() as u64));
            next.map(|after| writer.goes_on(expand, name, &row, Some((after, left))))
        };
        self.room = self.room.saturating_sub(rows.len() as u64);
        json.name(name);
        json.bytes.push(b'[');
        let (kind, rows) = (Kind::Many { name, rest }, rows.into_iter());
        self.stack.push(Frame { rows, outline: *outline, row: None, kind });
        Ok(())
    }
}

/// Whether there is more, and no address for it.
fn next_is_lost(expand: &Expand, page: &Page) -> bool {
    expand.written.is_none() && page.next.is_some()
}

fn too_long(writer: &Writer<'_>) -> Error {
    Error::LimitExceeded {
        limit: EXPAND_PAGE_SIZE,
        max: writer.onward.rows_max,
        target: "$expand".to_owned(),
    }
}

impl Branch {
    /// Whether it is a collection that cannot go on at an address of its own.
    fn is_whole(&self) -> bool {
        let is_told = self.expand.kind != ExpandKind::Count;
        is_told && self.by.is_none() && self.expand.written.is_none()
    }

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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use jiff::tz::TimeZone;

    use super::*;
    use crate::{
        model::{Key, Model, Prop, Value},
        odata::{
            Limits,
            check::{Checker, Everything, Target},
            context::Addresses,
            json::{Format, Onward},
            url::parse_target,
        },
        query::{
            Context, Hits, Search, Source,
            fixture::{THINGS, context, source},
            memory::MemorySource,
            search::Found,
        },
    };

    /// The text of an address in pieces that long, or in one.
    fn text(query: &str, piece: Option<usize>, rows: u64) -> String {
        let mut source = source();
        for id in 10..20 {
            let part = [("Id", Value::Int(id)), ("ThingId", Value::Int(1 + id % 2))];
            source.put_named("Parts", "Part", &part).unwrap();
        }
        let ctx = context(&source);
        let checker = Checker::new(source.model(), &Everything, Limits::default());
        let (path, options) = parse_target("Things", Some(query), &checker.limits).unwrap();
        let Ok(Target::Collection(at)) = checker.target(&path, None) else { panic!("{query}") };
        let plan = checker.collection(&at, &options).unwrap();
        let page = list(&plan, &Start::Set, &ctx).unwrap();
        let addresses = Addresses { model: source.model(), root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows, rows_max: 1000 };
        let format = Format::default();
        let writer = Writer { ctx, checker: &checker, addresses, format, onward };
        let mut pieces = Pieces::new((at.set, at.ty), plan.shape, page, None);
        let Some(piece) = piece else {
            return String::from_utf8(pieces.whole(&writer).unwrap()).unwrap();
        };
        let mut all = Vec::new();
        while !pieces.is_done() {
            all.extend(pieces.next(&writer, piece).unwrap());
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn a_text_is_the_same_in_pieces_however_short() {
        for query in [
            "$select=Id&$count=true",
            "$select=Id&$expand=Parts,Group",
            "$select=Id&$expand=Group($select=Name;$expand=Things($select=Id;$expand=Parts/$ref))",
            "$select=Group&$expand=Parts($count=true;$select=Amount;$expand=Thing($select=Id))",
            "$expand=*($levels=2)&$filter=Id eq 2",
        ] {
            for rows in [1, 3, 100] {
                let whole = text(query, None, rows);
                assert!(serde_json::from_str::<serde_json::Value>(&whole).is_ok(), "{whole}");
                for piece in [1, 7, 100] {
                    assert_eq!(text(query, Some(piece), rows), whole, "{query} {piece}");
                }
            }
        }
    }

    /// Says how often rows were looked up by their keys, and how often an index was asked.
    struct Counting(MemorySource, AtomicUsize, AtomicUsize);

    impl Source for Counting {
        fn model(&self) -> &Model {
            self.0.model()
        }

        fn zone(&self) -> &TimeZone {
            self.0.zone()
        }

        fn rows(&self, set: SetId) -> Box<dyn Iterator<Item = Row> + '_> {
            self.0.rows(set)
        }

        fn row(&self, set: SetId, key: &Key) -> Option<Row> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.row(set, key)
        }

        fn rows_where(&self, set: SetId, property: Prop, value: &Value) -> Vec<Row> {
            self.0.rows_where(set, property, value)
        }

        fn long_text(&self, row: &Row, property: Prop) -> Result<Value, Error> {
            self.0.long_text(row, property)
        }

        fn search(&self, _: SetId, _: &Search, _: &Context<'_>) -> Result<Option<Hits>, Error> {
            self.2.fetch_add(1, Ordering::Relaxed);
            Ok(Some(Hits::everything()))
        }
    }

    #[test]
    fn what_many_entities_are_searched_for_is_searched_once() {
        let mut things = source();
        for group in 5..9 {
            things.put_named("Groups", "Group", &[("Id", Value::Int(group))]).unwrap();
            for id in 0..70 {
                let id = Value::Int(100 * group + id);
                let named = [("Id", id), ("GroupId", Value::Int(group))];
                things.put_named("Things", "Thing", &named).unwrap();
            }
        }
        let source = Counting(things, AtomicUsize::new(0), AtomicUsize::new(0));
        let found = Found::default();
        let ctx = Context { source: &source, found: Some(&found), ..context(&source.0) };
        let checker = Checker::new(source.model(), &Everything, Limits::default());
        let query = "$filter=Id ge 5&$expand=Things($search=x;$count=true;$select=Id;$top=1)";
        let (path, options) = parse_target("Groups", Some(query), &checker.limits).unwrap();
        let Ok(Target::Collection(at)) = checker.target(&path, None) else { panic!() };
        let plan = checker.collection(&at, &options).unwrap();
        let page = list(&plan, &Start::Set, &ctx).unwrap();
        let addresses = Addresses { model: source.model(), root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows: 10, rows_max: 10 };
        let format = Format::default();
        let writer = Writer { ctx, checker: &checker, addresses, format, onward };
        let text = Pieces::new((at.set, at.ty), plan.shape, page, None).whole(&writer).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.matches(r#""Things@odata.count":70"#).count(), 4, "{text}");
        assert_eq!(source.2.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_many_entities_lead_to_is_looked_up_once() {
        let mut things = source();
        for id in 10..60 {
            let named = [("Id", Value::Int(id)), ("GroupId", Value::Int(1))];
            things.put_named("Things", "Thing", &named).unwrap();
        }
        let source = Counting(things, AtomicUsize::new(0), AtomicUsize::new(0));
        let ctx = Context { source: &source, ..context(&source.0) };
        let checker = Checker::new(source.model(), &Everything, Limits::default());
        let query = "$select=GroupName&$expand=Group($expand=Things($select=Id;$top=1))";
        let (path, options) = parse_target("Things", Some(query), &checker.limits).unwrap();
        let Ok(Target::Collection(at)) = checker.target(&path, None) else { panic!() };
        let plan = checker.collection(&at, &options).unwrap();
        let page = list(&plan, &Start::Set, &ctx).unwrap();
        let addresses = Addresses { model: source.model(), root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows: 10, rows_max: 10 };
        let format = Format::default();
        let writer = Writer { ctx, checker: &checker, addresses, format, onward };
        let text = Pieces::new((at.set, at.ty), plan.shape, page, None).whole(&writer).unwrap();
        let text = String::from_utf8(text).unwrap();
        let found = r#""GroupName":"first","Group":{"@odata.etag":"W/\"1\"","Id":1,"#;
        assert_eq!(text.matches(found).count(), 51);
        // For the name and for the entity, and each for the group that there is not.
        assert_eq!(source.1.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn what_has_no_room_is_told_by_its_link() {
        let source = source();
        let ctx = context(&source);
        let checker = Checker::new(source.model(), &Everything, Limits::default());
        let (path, options) =
            parse_target("Things(1)", Some("$expand=Parts($skip=1)"), &checker.limits).unwrap();
        let Ok(Target::Entity(at)) = checker.target(&path, None) else { panic!() };
        let shape = checker.entity(&at, &options).unwrap();
        let addresses = Addresses { model: source.model(), root: "http://x/odata/" };
        let onward = Onward { key: &[7; 32], root: "/odata", format: None, rows: 10, rows_max: 10 };
        let format = Format::default();
        let writer = Writer { ctx, checker: &checker, addresses, format, onward };
        let row = source.row(THINGS, &Key::Int(1)).unwrap();
        let mut pieces = Pieces::entity((at.set, at.ty), shape, row);
        pieces.room = 0;
        let text = pieces.next(&writer, usize::MAX).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(json["Parts"], serde_json::json!([]));
        assert_eq!(json["Parts@odata.nextLink"], "http://x/odata/Things(1)/Parts?$skip=1");
    }
}

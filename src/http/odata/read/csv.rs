//! A collection as CSV: all rows of the query in one answer, page after page of one snapshot.
//!
//! A page at a time is in memory, and each piece is written when the client can take it; there is no next link.

use std::{sync::Arc, time::Instant, vec::IntoIter};

use warp::http::{HeaderValue, header};

use super::{PIECE_BYTES, Position, Read, negotiate::CsvType, start, stream};
use crate::{
    error::Error,
    http::{Response, respond},
    model::SetId,
    odata::{
        ast::{Segment, SelectItem},
        check::{Applied, Checker, CollectionPath},
        csv::{BOM, Column, Sheet, made},
        json::{Format, Writer},
        service::Service,
    },
    query::{
        self, Context, Page, Plan, Shape, Start,
        apply::{Apply, Item},
        list,
    },
};

/// The charset is named, as Windows PowerShell takes anything else for Latin-1.
const TYPE: &str = "text/csv; charset=utf-8";

/// Answers with the rows of `plan`.
pub(super) fn answer<S: Service>(
    read: &Arc<Read<S>>,
    checker: &Checker<'_>,
    (path, plan): (&CollectionPath, Plan),
    csv: CsvType,
) -> Result<Response, Error> {
    check(&plan.shape, plan.count)?;
    let sheet = Sheet { ty: path.ty, columns: columns(read, path, &plan.shape) };
    let plan = Plan { page_size: Some(read.feed.settings.page_size_max), ..plan };
    let ctx = read.ctx();
    let start = start(&ctx, path)?;
    // All pages are read, one after the other.
    read.weigh_entities(plan.top.unwrap_or(u64::MAX))?;
    // The first page tells what the read weighs; it is not looked for again.
    let page = read.list(&plan, &start, &ctx)?;
    let mut rows = Rows::new(sheet, csv, Vec::new());
    rows.take(page, (start, plan));
    sent(read, checker, path.set, rows)
}

/// Answers with what `$apply` leads to: all of it is in memory, which `query_groups_max` bounds.
pub(super) fn applied<S: Service>(
    read: &Arc<Read<S>>,
    checker: &Checker<'_>,
    (path, applied): (&CollectionPath, Applied),
    csv: CsvType,
) -> Result<Response, Error> {
    let behind = read.position()?;
    let (mut apply, columns) = match applied {
        Applied::Plan(mut plan) => {
            if let Some(Position { after, top }) = behind {
                plan = Plan { after: Some(after), top, skip: 0, ..plan };
            }
            return answer(read, checker, (path, plan), csv);
        }
        Applied::Entities { apply, shape } => {
            check(&shape, apply.count)?;
            (apply, columns(read, path, &shape))
        }
        Applied::Groups { apply, members } => {
            check(&Shape::default(), apply.count)?;
            (apply, made(&members))
        }
    };
    if let Some(Position { after, top }) = behind {
        apply = Apply { after: Some(after), top, skip: 0, ..apply };
    }
    let ctx = read.ctx();
    let start = start(&ctx, path)?;
    read.weigh_applied(&apply, &start, &ctx)?;
    let items = query::apply::apply(&apply, &start, &ctx)?.items;
    let sheet = Sheet { ty: path.ty, columns };
    sent(read, checker, path.set, Rows::new(sheet, csv, items))
}

/// Begins to send the rows.
fn sent<S: Service>(
    read: &Arc<Read<S>>,
    checker: &Checker<'_>,
    set: SetId,
    mut rows: Rows,
) -> Result<Response, Error> {
    let (key, set) = (read.feed.service.signing_key(), checker.model.set(set));
    let writer = read.writer(checker, Format::default(), &key);
    let mut response = match read.times {
        None => respond::with_type(200, TYPE, rows.next(&writer, usize::MAX)?),
        Some(times) => {
            let first = rows.next(&writer, PIECE_BYTES)?;
            if rows.is_done {
                respond::with_type(200, TYPE, first)
            } else {
                let rest = Rest { read: Arc::clone(read), rows, last: times.last };
                stream::answer(first, rest, read.turns(), times.last.into())
            }
        }
    };
    respond::set_type(&mut response, TYPE);
    let name = format!("attachment; filename=\"{}.csv\"", set.name);
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// Refuses what has no place in lines and columns.
fn check(shape: &Shape, counts: bool) -> Result<(), Error> {
    let refuse = |option: &str, reason: &str| {
        Err(Error::InvalidOption { option: option.to_owned(), reason: reason.to_owned() })
    };
    if !shape.expand.is_empty() {
        return refuse(
            "$expand",
            "CSV has no place for related entities; ask for them as JSON, or for their own set",
        );
    }
    if !shape.links.is_empty() {
        return refuse("$select", "CSV has no place for links; select no navigation property");
    }
    if counts {
        return refuse("$count", "CSV has no place for a number; ask '/$count' for it");
    }
    Ok(())
}

/// The columns in the order `$select` names them; what it does not name stands behind, in the model's order.
fn columns<S: Service>(read: &Read<S>, path: &CollectionPath, shape: &Shape) -> Vec<Column> {
    let structure = read.feed.service.model().structure(path.ty);
    let declared = shape.properties.iter().map(|prop| Column::Declared(*prop));
    let computed = shape.computed.iter().cloned().map(Column::Computed);
    let mut columns: Vec<Column> = declared.chain(computed).collect();
    let selected = read.asked.options.select.iter().flatten();
    let names: Vec<&String> = selected
        .filter_map(|item| match item {
            SelectItem::Path { path, .. } => match path.segments.as_slice() {
                [Segment::Name(name)] => Some(name),
                _ => None,
            },
            SelectItem::All | SelectItem::AllOperations(_) => None,
        })
        .collect();
    // Sorting keeps the order of what is not named.
    columns.sort_by_key(|column| {
        let is_it = |name: &&String| match column {
            Column::Declared(prop) => structure.property(name) == Some(*prop),
            Column::Computed(computed) => computed.name.eq_ignore_ascii_case(name),
            Column::Made { .. } => false,
        };
        names.iter().position(is_it).unwrap_or(usize::MAX)
    });
    columns
}

/// The rows on their way out.
struct Rows {
    /// What is still to be read; none where all is.
    more: Option<(Start, Plan)>,
    sheet: Sheet,
    csv: CsvType,
    /// Those read and not yet written.
    page: IntoIter<Item>,
    is_begun: bool,
    is_done: bool,
}

impl Rows {
    /// Those items, and nothing behind them.
    fn new(sheet: Sheet, csv: CsvType, items: Vec<Item>) -> Self {
        let page = items.into_iter();
        Self { more: None, sheet, csv, page, is_begun: false, is_done: false }
    }

    /// The next piece: it ends with the line that makes it `enough` bytes long, or with the last one.
    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(enough.min(1 << 20) + (4 << 10));
        if !self.is_begun {
            self.is_begun = true;
            if self.csv.has_bom {
                bytes.extend(BOM);
            }
            self.sheet.head(&mut bytes, writer);
        }
        while bytes.len() < enough {
            match self.page.next() {
                Some(item) => self.sheet.line(&mut bytes, writer, &item)?,
                None if self.more.is_some() => self.read_page(&writer.ctx)?,
                None => break,
            }
        }
        self.is_done = self.page.len() == 0 && self.more.is_none();
        Ok(bytes)
    }

    /// Reads the next page; `more` then says what is behind it.
    fn read_page(&mut self, ctx: &Context<'_>) -> Result<(), Error> {
        let Some((start, plan)) = self.more.take() else { return Ok(()) };
        let page = list(&plan, &start, ctx)?;
        self.take(page, (start, plan));
        Ok(())
    }

    /// Writes the rows of a page of that plan next.
    fn take(&mut self, page: Page, (start, mut plan): (Start, Plan)) {
        plan.skip = 0;
        plan.top = plan.top.map(|top| top.saturating_sub(page.rows.len() as u64));
        plan.after = page.next;
        if plan.after.is_some() {
            self.more = Some((start, plan));
        }
        let items: Vec<Item> = page.rows.into_iter().map(Item::Row).collect();
        self.page = items.into_iter();
    }
}

/// What is left of an answer.
struct Rest<S: Service> {
    read: Arc<Read<S>>,
    rows: Rows,
    last: Instant,
}

impl<S: Service> stream::Rest for Rest<S> {
    fn piece(&mut self) -> Result<Vec<u8>, Error> {
        let (read, checker) = (&self.read, self.read.checker());
        let soon = Instant::now() + read.feed.settings.query_deadline;
        let key = read.feed.service.signing_key();
        let mut writer = read.writer(&checker, Format::default(), &key);
        writer.ctx.deadline = Some(soon.min(self.last));
        self.rows.next(&writer, PIECE_BYTES)
    }

    fn is_done(&self) -> bool {
        self.rows.is_done
    }
}

//! A collection as CSV: all rows of the query in one answer, page after page of one snapshot.
//!
//! A page at a time is in memory, and each piece is written when the client can take it; there is no next link.

use std::{sync::Arc, time::Instant, vec::IntoIter};

use warp::http::{HeaderValue, header};

use super::{PIECE_BYTES, Read, Turns, negotiate::CsvType, start, stream};
use crate::{
    error::Error,
    http::{Response, respond},
    model::Row,
    odata::{
        ast::{Segment, SelectItem},
        check::{Checker, CollectionPath},
        csv::{BOM, Column, Sheet},
        json::{Format, Writer},
        service::Service,
    },
    query::{Context, Plan, Start, list},
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
    check(&plan)?;
    let sheet = Sheet { ty: path.ty, columns: columns(read, path, &plan) };
    let (ctx, set) = (read.ctx(), checker.model.set(path.set));
    let plan = Plan { page_size: Some(read.feed.settings.page_size_max), ..plan };
    let mut rows = Rows::new(start(&ctx, path)?, plan, sheet, csv);
    let key = read.feed.service.signing_key();
    let writer = read.writer(checker, Format::default(), &key);
    let mut response = match read.times {
        None => respond::with_type(200, TYPE, rows.next(&writer, usize::MAX)?),
        Some(times) => {
            let first = rows.next(&writer, PIECE_BYTES)?;
            if rows.is_done {
                respond::with_type(200, TYPE, first)
            } else {
                let rest = Rest { read: Arc::clone(read), rows, last: times.last };
                let turns = Turns::new(&read.feed.gate, read.asked.pass.as_ref());
                stream::answer(first, rest, turns, times.last.into())
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
fn check(plan: &Plan) -> Result<(), Error> {
    let refuse = |option: &str, reason: &str| {
        Err(Error::InvalidOption { option: option.to_owned(), reason: reason.to_owned() })
    };
    if !plan.shape.expand.is_empty() {
        return refuse(
            "$expand",
            "CSV has no place for related entities; ask for them as JSON, or for their own set",
        );
    }
    if !plan.shape.links.is_empty() {
        return refuse("$select", "CSV has no place for links; select no navigation property");
    }
    if plan.count {
        return refuse("$count", "CSV has no place for a number; ask '/$count' for it");
    }
    Ok(())
}

/// The columns in the order `$select` names them; what it does not name stands behind, in the model's order.
fn columns<S: Service>(read: &Read<S>, path: &CollectionPath, plan: &Plan) -> Vec<Column> {
    let structure = read.feed.service.model().structure(path.ty);
    let declared = plan.shape.properties.iter().map(|prop| Column::Declared(*prop));
    let computed = plan.shape.computed.iter().cloned().map(Column::Computed);
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
        };
        names.iter().position(is_it).unwrap_or(usize::MAX)
    });
    columns
}

/// The rows on their way out.
struct Rows {
    start: Start,
    /// What is still to be read.
    plan: Plan,
    sheet: Sheet,
    csv: CsvType,
    /// Those read and not yet written; none before the first page.
    page: Option<IntoIter<Row>>,
    is_done: bool,
}

impl Rows {
    fn new(start: Start, plan: Plan, sheet: Sheet, csv: CsvType) -> Self {
        Self { start, plan, sheet, csv, page: None, is_done: false }
    }

    /// The next piece: it ends with the line that makes it `enough` bytes long, or with the last one.
    fn next(&mut self, writer: &Writer<'_>, enough: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(enough.min(1 << 20) + (4 << 10));
        if self.page.is_none() {
            if self.csv.has_bom {
                bytes.extend(BOM);
            }
            self.sheet.head(&mut bytes, writer);
            self.read_page(&writer.ctx)?;
        }
        while bytes.len() < enough {
            match self.page.as_mut().and_then(Iterator::next) {
                Some(row) => self.sheet.line(&mut bytes, writer, &row)?,
                None if self.plan.after.is_some() => self.read_page(&writer.ctx)?,
                None => break,
            }
        }
        let is_page_written = self.page.as_ref().is_none_or(|page| page.len() == 0);
        self.is_done = is_page_written && self.plan.after.is_none();
        Ok(bytes)
    }

    /// Reads the next page; `plan` then says what is behind it, with no `after` where there is nothing.
    fn read_page(&mut self, ctx: &Context<'_>) -> Result<(), Error> {
        let page = list(&self.plan, &self.start, ctx)?;
        self.plan.skip = 0;
        self.plan.top = self.plan.top.map(|top| top.saturating_sub(page.rows.len() as u64));
        self.plan.after = page.next;
        self.page = Some(page.rows.into_iter());
        Ok(())
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

//! Words to ids, in what the last commit left.

use std::ops::Bound;

use tantivy::{
    DocSet, IndexReader, Searcher, TERMINATED, TantivyError, Term,
    query::{EnableScoring, PhrasePrefixQuery, PhraseQuery, Query, RangeQuery, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{Layout, Trouble};
use crate::{
    error::Error,
    query::{Context, search::Words},
};

/// Words that the open end of a phrase may stand for: of each, all places are held at once.
pub(super) const PHRASE_ENDS_MAX: u32 = 4096;
/// Its name, as errors give it.
const PHRASE_ENDS: &str = "search_phrase_ends_max";

/// Words with one beginning that are looked at to know how many documents have them.
const WORDS_WEIGHED: u32 = 4096;

/// How much longer it takes to see whether a document has words in sequence.
const SEQUENCE_COST: u64 = 8;

/// Documents between two looks at the clock.
const DOCS_BETWEEN: usize = 8192;

/// Greater than every character of a word.
const BEYOND: char = '\u{10FFFF}';

/// Why an index has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be used any more.
    Index(Trouble),
    /// The question, or its time.
    Asked(Error),
}

impl From<TantivyError> for Failure {
    fn from(error: TantivyError) -> Self {
        Self::Index(error.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

/// The reading end of an index.
#[derive(Clone)]
pub struct Reader {
    reader: IndexReader,
    layout: Layout,
}

impl Reader {
    pub(super) fn new(reader: IndexReader, layout: Layout) -> Self {
        Self { reader, layout }
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Shows what was committed last.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn reload(&self) -> Result<(), Trouble> {
        Ok(self.reader.reload()?)
    }

    /// One state of the index, for one search.
    pub(super) fn look(&self) -> Look {
        Look(self.reader.searcher())
    }
}

/// One state of the index.
pub(super) struct Look(Searcher);

impl Look {
    /// What the fast field `told` holds of each document with these words in `field`; each id once.
    pub(super) fn ids(
        &self,
        words: &Words,
        (field, told): (Field, &str),
        ctx: &Context<'_>,
    ) -> Result<Vec<i64>, Failure> {
        let query = self.query(words, field)?;
        let weight = query.weight(EnableScoring::disabled_from_searcher(&self.0))?;
        let mut found = Gather::default();
        for segment in self.0.segment_readers() {
            ctx.in_time()?;
            let column = segment.fast_fields().i64(told)?;
            let mut docs = weight.scorer(segment, 1.0)?;
            let alive = segment.alive_bitset();
            let (mut doc, mut count) = (docs.doc(), 0);
            while doc != TERMINATED {
                if alive.is_none_or(|alive| alive.is_alive(doc))
                    && let Some(id) = column.first(doc)
                {
                    found.push(id);
                }
                count += 1;
                if count % DOCS_BETWEEN == 0 {
                    ctx.in_time()?;
                }
                doc = docs.advance();
            }
        }
        Ok(found.ids)
    }

    fn query(&self, words: &Words, field: Field) -> Result<Box<dyn Query>, Failure> {
        let terms = words.words.iter().map(|word| Term::from_field_text(field, word));
        let terms: Vec<Term> = terms.collect();
        Ok(match (terms.as_slice(), words.is_open) {
            ([term], false) => Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic)),
            ([term], true) => {
                let (first, beyond) = (term.clone(), beyond(words, field));
                Box::new(RangeQuery::new(Bound::Included(first), Bound::Excluded(beyond)))
            }
            (_, false) => Box::new(PhraseQuery::new(terms)),
            (_, true) => {
                let ends = self.ends(words, field)?;
                let mut query = PhrasePrefixQuery::new(terms);
                query.set_max_expansions(ends);
                Box::new(query)
            }
        })
    }

    /// About how many documents are looked at to find these words.
    pub(super) fn cost(&self, words: &Words, field: Field) -> Result<u64, Failure> {
        let (beginning, whole) = match words.words.split_last() {
            Some((last, before)) if words.is_open => (Some(last), before),
            Some(_) | None => (None, words.words.as_slice()),
        };
        let mut least = None;
        for word in whole {
            let docs = self.0.doc_freq(&Term::from_field_text(field, word))?;
            least = Some(least.map_or(docs, |least: u64| least.min(docs)));
        }
        match (least, beginning) {
            (Some(least), None) if whole.len() == 1 => Ok(least),
            (Some(least), _) => Ok(least.saturating_mul(SEQUENCE_COST)),
            (None, Some(beginning)) => self.beginning_cost(beginning, field),
            (None, None) => Ok(0),
        }
    }

    /// About how many times words that begin so stand in documents.
    fn beginning_cost(&self, beginning: &str, field: Field) -> Result<u64, Failure> {
        let beyond = format!("{beginning}{BEYOND}");
        let (mut docs, mut count) = (0_u64, 0);
        for segment in self.0.segment_readers() {
            let index = segment.inverted_index(field)?;
            let range = index.terms().range().ge(beginning.as_bytes()).lt(beyond.as_bytes());
            let mut range = range.into_stream().map_err(TantivyError::from)?;
            while range.advance() {
                docs = docs.saturating_add(range.value().doc_freq.into());
                count += 1;
                if count > WORDS_WEIGHED {
                    return Ok(self.0.num_docs().saturating_mul(SEQUENCE_COST));
                }
            }
        }
        Ok(docs)
    }

    /// How many words begin like the last one, in the part of the index that has most of them.
    fn ends(&self, words: &Words, field: Field) -> Result<u32, Failure> {
        let last = words.words.last().map_or("", String::as_str);
        let beyond = format!("{last}{BEYOND}");
        let mut most = 0;
        for segment in self.0.segment_readers() {
            let index = segment.inverted_index(field)?;
            let range = index.terms().range().ge(last.as_bytes()).lt(beyond.as_bytes());
            let mut range = range.into_stream().map_err(TantivyError::from)?;
            let mut count = 0;
            while range.advance() {
                count += 1;
                if count > PHRASE_ENDS_MAX {
                    let (max, target) = (PHRASE_ENDS_MAX.into(), "$search".to_owned());
                    return Err(Error::LimitExceeded { limit: PHRASE_ENDS, max, target }.into());
                }
            }
            most = most.max(count);
        }
        Ok(most)
    }
}

/// What comes after all words that begin like the last one.
fn beyond(words: &Words, field: Field) -> Term {
    let last = words.words.last().map_or("", String::as_str);
    Term::from_field_text(field, &format!("{last}{BEYOND}"))
}

/// Ids, each once, in no more memory than twice what they need.
#[derive(Default)]
struct Gather {
    ids: Vec<i64>,
    tidy_at: usize,
}

impl Gather {
    fn push(&mut self, id: i64) {
        self.ids.push(id);
        if self.ids.len() > self.tidy_at.max(1 << 16) {
            self.ids.sort_unstable();
            self.ids.dedup();
            self.tidy_at = 2 * self.ids.len();
        }
    }
}

//! From documents to the rows that are found through them: a ticket by its comments, by its requester's name.

use tantivy::schema::Field;

use super::{
    Layout,
    layout::OWN,
    reader::{Failure, Look},
};
use crate::{
    error::Error,
    model::{Key, Nav, Origin, Prop, Relation, SetId, Value},
    query::{
        Context, Expr, Hits, Plan, Search, Start, matches,
        search::{Place, Term, Words},
    },
};

/// How many rows of a column could be looked at while the row of a document is.
const ROW_COST: u64 = 16;

/// Rows between two looks at the clock.
const ROWS_BETWEEN: usize = 64;

/// How the ids for one place are found.
enum Way<'a> {
    /// The documents are those of the rows.
    Own(Field),
    /// The documents tell the rows' ids, in a fast field.
    Told(Field, &'a str),
    /// The documents are those of rows with `back`, which holds the id of the row, if `guard` lets see them.
    Back { field: Field, set: SetId, back: Prop, guard: Option<&'a Expr> },
    /// The rows are those whose property `by` holds the id of a document's.
    By { field: Field, set: SetId, by: Prop, guard: Option<&'a Expr> },
}

/// A search of a set, if the index has all of its places.
pub(super) struct Join<'a> {
    set: SetId,
    term: &'a Term,
    ways: Vec<Way<'a>>,
}

impl<'a> Join<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        set: SetId,
        search: &'a Search,
        ctx: &Context<'_>,
    ) -> Option<Self> {
        let ways = search.places.iter().map(|place| way(layout, set, place, ctx));
        Some(Self { set, term: &search.term, ways: ways.collect::<Option<_>>()? })
    }

    /// The ids it finds.
    pub(super) fn hits(&self, look: &Look, ctx: &Context<'_>) -> Result<Hits, Failure> {
        self.of_term(self.term, look, ctx)
    }

    /// About how many rows of columns could be looked at meanwhile.
    pub(super) fn cost(&self, look: &Look, ctx: &Context<'_>) -> Result<u64, Failure> {
        self.cost_of(self.term, look, ctx)
    }

    fn cost_of(&self, term: &Term, look: &Look, ctx: &Context<'_>) -> Result<u64, Failure> {
        let words = match term {
            Term::Words(words) => words,
            Term::Not(inner) => return self.cost_of(inner, look, ctx),
            Term::And(terms) | Term::Or(terms) => {
                return terms.iter().try_fold(0_u64, |all, term| {
                    Ok(all.saturating_add(self.cost_of(term, look, ctx)?))
                });
            }
        };
        let rows = |set| ctx.source.estimate(&Plan::of(set), &Start::Set, ctx).max(1);
        let mut all = 0_u64;
        for way in &self.ways {
            let (field, each) = match way {
                Way::Own(field) | Way::Told(field, _) => (field, 1),
                Way::Back { field, .. } => (field, ROW_COST),
                // Each leads to as many as all do on average.
                Way::By { field, set, .. } => {
                    (field, ROW_COST.saturating_mul(1 + rows(self.set).div_ceil(rows(*set))))
                }
            };
            all = all.saturating_add(look.cost(words, *field)?.saturating_mul(each));
        }
        Ok(all)
    }

    fn of_term(&self, term: &Term, look: &Look, ctx: &Context<'_>) -> Result<Hits, Failure> {
        Ok(match term {
            Term::Words(words) => self.of_words(words, look, ctx)?,
            Term::Not(inner) => self.of_term(inner, look, ctx)?.others(),
            Term::And(terms) => {
                let mut hits = Hits::everything();
                for term in terms {
                    hits = hits.and(self.of_term(term, look, ctx)?);
                }
                hits
            }
            Term::Or(terms) => {
                let mut hits = Hits::nothing();
                for term in terms {
                    hits = hits.or(self.of_term(term, look, ctx)?);
                }
                hits
            }
        })
    }

    fn of_words(&self, words: &Words, look: &Look, ctx: &Context<'_>) -> Result<Hits, Failure> {
        let mut ids = Vec::new();
        for way in &self.ways {
            match way {
                Way::Own(field) => ids.extend(look.ids(words, (*field, OWN), ctx)?),
                Way::Told(field, told) => ids.extend(look.ids(words, (*field, told), ctx)?),
                Way::Back { field, set, back, guard } => {
                    for (at, id) in look.ids(words, (*field, OWN), ctx)?.into_iter().enumerate() {
                        let of_one = back_from(ctx, (at, id), *set, *back, *guard)?;
                        ids.extend(of_one);
                    }
                }
                Way::By { field, set, by, guard } => {
                    for (at, id) in look.ids(words, (*field, OWN), ctx)?.into_iter().enumerate() {
                        if !is_seen(ctx, (at, id), *set, *guard)? {
                            continue;
                        }
                        let rows = ctx.source.rows_where(self.set, *by, &Value::Int(id));
                        ids.extend(rows.iter().filter_map(|row| row.key(ctx.model()).as_int()));
                    }
                }
            }
        }
        Ok(Hits::of(ids))
    }
}

/// The id that the row with that id tells, if it is there and may be seen.
fn back_from(
    ctx: &Context<'_>,
    (at, id): (usize, i64),
    set: SetId,
    back: Prop,
    guard: Option<&Expr>,
) -> Result<Option<i64>, Error> {
    if at.is_multiple_of(ROWS_BETWEEN) {
        ctx.in_time()?;
    }
    let Some(row) = ctx.source.row(set, &Key::Int(id)) else { return Ok(None) };
    Ok(match row.record.get(ctx.structure(&row), back) {
        Value::Int(id) if matches(guard, &row, ctx)? => Some(id),
        _ => None,
    })
}

fn is_seen(
    ctx: &Context<'_>,
    (at, id): (usize, i64),
    set: SetId,
    guard: Option<&Expr>,
) -> Result<bool, Error> {
    if at.is_multiple_of(ROWS_BETWEEN) {
        ctx.in_time()?;
    }
    let Some(row) = ctx.source.row(set, &Key::Int(id)) else { return Ok(false) };
    matches(guard, &row, ctx)
}

fn way<'a>(layout: &'a Layout, set: SetId, place: &'a Place, ctx: &Context<'_>) -> Option<Way<'a>> {
    let structure = ctx.model().entity_type(set);
    match place {
        Place::Own(prop) => match structure.property_at(*prop).origin {
            Origin::Stored { .. } | Origin::LongText { .. } => {
                layout.text(set, *prop).map(Way::Own)
            }
            Origin::LookUp { navigation, property } => {
                let navigation = structure.navigation(navigation)?;
                let target = ctx.model().target(structure.navigation_at(navigation))?;
                let property = ctx.model().entity_type(target).property(property)?;
                through(layout, set, (navigation, property), None, ctx)
            }
            Origin::Count { .. } | Origin::Computed(..) => None,
        },
        Place::Through { navigation, property, guard } => {
            through(layout, set, (*navigation, *property), guard.as_ref(), ctx)
        }
    }
}

fn through<'a>(
    layout: &'a Layout,
    set: SetId,
    (navigation, property): (Nav, Prop),
    guard: Option<&'a Expr>,
    ctx: &Context<'_>,
) -> Option<Way<'a>> {
    let structure = ctx.model().entity_type(set);
    let navigation = structure.navigation_at(navigation);
    let target = ctx.model().target(navigation)?;
    let field = layout.text(target, property)?;
    Some(match (navigation.relation, guard) {
        (Relation::Reference { by }, _) => {
            Way::By { field, set: target, by: structure.property(by)?, guard }
        }
        (Relation::Children { by }, None) => {
            let back = ctx.model().entity_type(target).property(by)?;
            Way::Told(field, layout.parent(target, back)?)
        }
        (Relation::Children { by }, Some(_)) => {
            let back = ctx.model().entity_type(target).property(by)?;
            Way::Back { field, set: target, back, guard }
        }
    })
}

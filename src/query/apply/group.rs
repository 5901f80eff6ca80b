//! `groupby`: items with equal keys, in the order of the keys.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{
    Item, Stage,
    accumulate::Sums,
    held::{Held, value_bytes},
    pipeline::{Items, Run, all},
    rank::Best,
};
use crate::{
    error::Error,
    model::Value,
    query::{expr::Expr, rank::Rank},
};

/// Keys, what is done with a group, and whether that keeps what came in.
type Grouping<'a> = (&'a [Expr], &'a [Stage], bool);

/// The groups and what is made of each.
pub(super) fn group<'a>(
    run: Run<'a>,
    (keys, then, keeps): Grouping<'a>,
    items: Items<'a>,
) -> Result<Items<'a>, Error> {
    match then {
        [] if !keeps => aggregated(run, keys, &Sums::new(&[]), items),
        [Stage::Aggregate(aggregates)] if !keeps => {
            aggregated(run, keys, &Sums::new(aggregates), items)
        }
        _ => held(run, (keys, then, keeps), items),
    }
}

fn keys_of(run: Run<'_>, keys: &[Expr], item: &Item) -> Result<Vec<Rank>, Error> {
    keys.iter().map(|key| Ok(Rank::ascending(run.value(key, item)?))).collect()
}

/// Groups of which only the aggregates are kept.
fn aggregated<'a>(
    run: Run<'a>,
    keys: &'a [Expr],
    empty: &Sums<'a>,
    items: Items<'a>,
) -> Result<Items<'a>, Error> {
    let mut held = run.held();
    let mut groups: BTreeMap<Vec<Rank>, Sums<'a>> = BTreeMap::new();
    for item in items {
        let item = item?;
        let keys = keys_of(run, keys, &item)?;
        if let Some(sums) = groups.get_mut(&keys) {
            sums.add(run, &item, &mut held)?;
            continue;
        }
        held.more()?;
        held.take(keys.iter().map(|key| value_bytes(&key.value)).sum())?;
        let mut sums = empty.clone();
        sums.add(run, &item, &mut held)?;
        groups.insert(keys, sums);
    }
    Ok(Box::new(groups.into_iter().map(|(keys, sums)| {
        let mut values: Vec<Value> = keys.into_iter().map(|key| key.value).collect();
        values.extend(sums.end()?);
        Ok(Item::Tuple(values))
    })))
}

/// What is kept of a group while others come.
enum Members<'a> {
    All(Vec<Item>),
    /// The first of an order, where nothing else is asked for.
    First(Best<'a>),
}

impl<'a> Members<'a> {
    fn add(&mut self, run: Run<'a>, item: Item, held: &mut Held) -> Result<(), Error> {
        match self {
            Self::All(items) => {
                held.item(&item)?;
                items.push(item);
                Ok(())
            }
            Self::First(best) => best.add(run, item, held),
        }
    }

    fn end(self) -> Vec<Item> {
        match self {
            Self::All(items) => items,
            Self::First(best) => best.end(),
        }
    }
}

/// Groups of whose items more is needed than sums.
fn held<'a>(
    run: Run<'a>,
    (keys, then, keeps): Grouping<'a>,
    items: Items<'a>,
) -> Result<Items<'a>, Error> {
    let (empty, rest): (Box<dyn Fn() -> Members<'a>>, _) = match then {
        [Stage::First { order, count }, rest @ ..] => {
            (Box::new(|| Members::First(Best::new(order, Some(*count)))), rest)
        }
        [Stage::Top(count), rest @ ..] => {
            (Box::new(|| Members::First(Best::new(&[], Some(*count)))), rest)
        }
        all => (Box::new(|| Members::All(Vec::new())), all),
    };
    let (mut held, mut known) = (run.held(), run.held());
    let mut groups: BTreeMap<Vec<Rank>, Members<'a>> = BTreeMap::new();
    for item in items {
        let item = item?;
        let group = match groups.entry(keys_of(run, keys, &item)?) {
            Entry::Occupied(group) => group.into_mut(),
            Entry::Vacant(group) => {
                known.more()?;
                known.take(group.key().iter().map(|key| value_bytes(&key.value)).sum())?;
                group.insert(empty())
            }
        };
        group.add(run, item, &mut held)?;
    }
    let (mut found, mut held) = (Vec::new(), run.held());
    for (at, (keys, members)) in groups.into_iter().enumerate() {
        run.in_time(at)?;
        for item in run.stages(rest, all(members.end()))? {
            let item = match item? {
                Item::Tuple(own) if !keeps => {
                    let keys = keys.iter().map(|key| key.value.clone());
                    Item::Tuple(keys.chain(own).collect())
                }
                item => item,
            };
            held.item(&item)?;
            found.push(item);
        }
    }
    Ok(all(found))
}

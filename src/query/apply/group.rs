//! `groupby`: items with equal keys, in the order of the keys.

use std::collections::BTreeMap;

use super::{
    Item, Stage,
    accumulate::Sums,
    pipeline::{Items, Run, all},
    rank::Rank,
};
use crate::{error::Error, model::Value, query::expr::Expr};

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

/// Groups whose items are all needed.
fn held<'a>(
    run: Run<'a>,
    (keys, then, keeps): Grouping<'a>,
    items: Items<'a>,
) -> Result<Items<'a>, Error> {
    let mut held = run.held();
    let mut groups: BTreeMap<Vec<Rank>, Vec<Item>> = BTreeMap::new();
    for item in items {
        let item = item?;
        held.more()?;
        groups.entry(keys_of(run, keys, &item)?).or_default().push(item);
    }
    let (mut found, mut held) = (Vec::new(), run.held());
    for (at, (keys, members)) in groups.into_iter().enumerate() {
        run.in_time(at)?;
        for item in run.stages(then, all(members))? {
            held.more()?;
            found.push(match item? {
                Item::Tuple(own) if !keeps => {
                    let keys = keys.iter().map(|key| key.value.clone());
                    Item::Tuple(keys.chain(own).collect())
                }
                item => item,
            });
        }
    }
    Ok(all(found))
}

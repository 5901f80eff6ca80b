//! What a query would do, in words, and about how many rows it would look at.

use super::{
    Query,
    order::{How, SortKey},
    rank::Ranking,
    rows::ROW_COST,
};
use crate::query::{explain::Explained, list::limit};

impl Query<'_> {
    /// How the page would be found. Nothing is read but what few-valued properties are asked.
    pub(super) fn explained(&self) -> Explained {
        let filter = self.filter.told();
        let mut steps = Vec::new();
        let set = self.table.model().set(self.plan.set).name;
        let rows = self.among.len();
        steps.push(format!("{set}: {rows} rows"));
        if !filter.is_empty() {
            steps.push(format!("filter: {}", filter.join("; ")));
        }
        if self.plan.count {
            let late = if self.filter.has_late() { "all rows of it asked" } else { "bitmaps" };
            steps.push(format!("count from {late}"));
        }
        steps.push(format!("order: {}", self.told_order()));
        if self.plan.skip > 0 {
            steps.push(format!("leaves out {} rows", self.plan.skip));
        }
        match limit(self.plan) {
            Some(limit) => steps.push(format!("stops after {} rows", limit.saturating_add(1))),
            None => steps.push("takes all rows".to_owned()),
        }
        Explained { steps, rows: self.looked_at() }
    }

    /// Rows looked at, as far as that is known without looking; each as one, whatever it costs.
    fn looked_at(&self) -> u64 {
        let rows = self.among.len();
        let wanted = limit(self.plan).map_or(rows, |limit| limit as u64 + 1);
        let late = if self.filter.has_late() { rows } else { 0 };
        let order = match self.order.first().map(|key| &key.how) {
            None | Some(How::Key | How::Groups(_) | How::Kept { .. }) => 0,
            Some(How::Compare) => rows.saturating_mul(self.passes()),
        };
        let ranks = self.order.iter().map(|key| match key.ranking {
            // The row that is compared is the one that is asked.
            Ranking::Numbers(_) | Ranking::Texts(_) | Ranking::Asked(_) | Ranking::Same { .. } => 0,
            Ranking::Counts { .. } => key.ranking.cost(),
            Ranking::Remembered { .. } => key.ranking.asked_for(rows),
        });
        [self.filter.cost(), late, order, wanted]
            .into_iter()
            .chain(ranks)
            .chain(self.behind_order(rows))
            .fold(0, u64::saturating_add)
    }

    /// Rows of others looked at for each sort key.
    fn behind_order(&self, rows: u64) -> impl Iterator<Item = u64> {
        self.order.iter().map(move |key| key.ranking.behind(rows, &self.table))
    }

    /// How often all rows are gone through to find the page by comparing them.
    fn passes(&self) -> u64 {
        self.plan.skip / self.table.limits().sorted.max(1) as u64 + 1
    }

    fn told_order(&self) -> String {
        let mut told: Vec<String> = self.order.iter().map(SortKey::told).collect();
        if !self.order.iter().any(|key| matches!(key.how, How::Key)) {
            told.push("key".to_owned());
        }
        told.join(", then ")
    }

    /// What that costs: about how many rows of a column could be looked at meanwhile.
    pub(super) fn estimate(&self) -> u64 {
        let rows = self.among.len();
        let wanted = limit(self.plan).map_or(rows, |limit| limit as u64 + 1);
        let late = match (self.filter.has_late(), self.plan.count) {
            (false, _) => 0,
            // It stops behind the page, wherever that is.
            (true, false) => rows.saturating_mul(self.filter.late_cost().saturating_add(8)),
            (true, true) => rows.saturating_mul(self.filter.late_cost().saturating_add(64)),
        };
        let order = match self.order.first().map(|key| &key.how) {
            None | Some(How::Key | How::Groups(_)) => wanted,
            Some(How::Kept { .. }) if self.plan.filter.is_none() => wanted,
            Some(How::Kept { .. }) => wanted.saturating_mul(16).min(rows),
            Some(How::Compare) => {
                let asked = self.order.iter().map(|key| key.ranking.asked_for(rows));
                let asked = asked.fold(0, u64::saturating_add).saturating_mul(ROW_COST);
                rows.saturating_add(asked).saturating_mul(self.passes())
            }
        };
        let ranks = self.order.iter().map(|key| key.ranking.cost());
        let behind = self.behind_order(rows).map(|rows| rows.saturating_mul(ROW_COST));
        let all = [self.filter.cost(), late, order, wanted].into_iter().chain(ranks).chain(behind);
        all.fold(0, u64::saturating_add)
    }
}

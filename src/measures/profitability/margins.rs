//! What an account leaves: gross margin, cost to serve, net margin.

use crate::table::{Table, TableBuilder};
use std::cmp::Reverse;

/// The margins of one account, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margin<'t> {
    pub account: &'t str,
    pub revenue: i64,
    /// Of the goods.
    pub cost: i64,
    /// Revenue less the cost of the goods.
    pub gross: i64,
    pub cost_to_serve: i64,
    /// Gross margin less the cost to serve.
    pub net: i64,
}

impl<'t> Margin<'t> {
    /// Nothing where an amount leaves 64 bits.
    pub fn of(account: &'t str, revenue: i128, cost: i128, cost_to_serve: i128) -> Option<Self> {
        let minor = |amount: i128| i64::try_from(amount).ok();
        let gross = revenue.checked_sub(cost)?;
        Some(Self {
            account,
            revenue: minor(revenue)?,
            cost: minor(cost)?,
            gross: minor(gross)?,
            cost_to_serve: minor(cost_to_serve)?,
            net: minor(gross.checked_sub(cost_to_serve)?)?,
        })
    }

    /// An amount over revenue; nothing unless revenue is above zero.
    fn ratio(&self, amount: i64) -> Option<f64> {
        (self.revenue > 0).then(|| amount as f64 / self.revenue as f64)
    }
}

/// The places of the margins by net margin, the highest first, then by account.
pub fn order(margins: &[Margin]) -> Vec<usize> {
    let mut order: Vec<(Reverse<i64>, &str, usize)> =
        margins.iter().enumerate().map(|(place, margin)| (Reverse(margin.net), margin.account, place)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, place)| place).collect()
}

/// The rank of each margin, from 1.
fn ranks(margins: &[Margin]) -> Vec<i64> {
    let mut ranks = vec![0; margins.len()];
    for (rank, place) in (1i64..).zip(order(margins)) {
        if let Some(found) = ranks.get_mut(place) {
            *found = rank;
        }
    }
    ranks
}

pub fn table(name: &str, margins: &[Margin]) -> Table {
    let money = |value: fn(&Margin) -> i64| margins.iter().map(value).collect::<Vec<i64>>();
    let ratios = |value: fn(&Margin) -> i64| {
        margins.iter().map(|margin| margin.ratio(value(margin))).collect::<Vec<Option<f64>>>()
    };
    TableBuilder::new(name, margins.len())
        .per_account()
        .text("account", margins.iter().map(|margin| margin.account).collect())
        .money("revenue", money(|margin| margin.revenue))
        .money("cost", money(|margin| margin.cost))
        .money("gross_margin", money(|margin| margin.gross))
        .money("cost_to_serve", money(|margin| margin.cost_to_serve))
        .money("net_margin", money(|margin| margin.net))
        .ratios("gross_margin_ratio", ratios(|margin| margin.gross))
        .ratios("net_margin_ratio", ratios(|margin| margin.net))
        .integers("rank", ranks(margins))
        .ratios("cost_to_serve_ratio", ratios(|margin| margin.cost_to_serve))
        .build()
}

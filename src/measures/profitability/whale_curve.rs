//! The whale curve: profit adding up from the most to the least profitable account, rising past the total and
//! falling back to it.
//!
//! Kaplan and Narayanan, *Measuring and Managing Customer Profitability*, Journal of Cost Management, 2001.

use super::margins::{Margin, order};
use crate::table::{Table, TableBuilder};

/// One account on the curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<'t> {
    pub account: &'t str,
    /// Minor units: of the account, and of it and all before it.
    pub net_margin: i64,
    pub cum_net_margin: i64,
    /// Of the total; nothing unless the total is above zero.
    pub cum_share: Option<f64>,
}

/// The curve in a few figures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Whale {
    pub accounts: i64,
    /// Above zero, and below it.
    pub profitable: i64,
    pub unprofitable: i64,
    /// The total, in minor units.
    pub net_margin: i64,
    /// What the profitable accounts earn, over the total; nothing unless the total is above zero.
    pub peak: Option<f64>,
    /// What the unprofitable ones take back, over the total.
    pub erosion: Option<f64>,
    /// What the profitable accounts earn, in minor units.
    pub peak_amount: i64,
    /// The first so many accounts earn as much as all do.
    pub accounts_for_all_profit: Option<i64>,
}

/// Draws the curve; nothing where a sum leaves 64 bits.
pub fn curve<'t>(margins: &[Margin<'t>]) -> Option<(Vec<Point<'t>>, Whale)> {
    let sorted: Vec<&Margin> = order(margins).into_iter().filter_map(|place| margins.get(place)).collect();
    let total = sorted.iter().try_fold(0i64, |sum, margin| sum.checked_add(margin.net))?;
    let share = |sum: i64| (total > 0).then(|| sum as f64 / total as f64);
    let mut points = Vec::with_capacity(sorted.len());
    let mut sum = 0i64;
    for margin in sorted {
        sum = sum.checked_add(margin.net)?;
        let (account, net_margin) = (margin.account, margin.net);
        points.push(Point { account, net_margin, cum_net_margin: sum, cum_share: share(sum) });
    }
    let count = |of: fn(&&Point) -> bool| i64::try_from(points.iter().filter(of).count()).ok();
    // In falling order the sum is highest after the last account above zero; with none it never leaves zero.
    let peak_amount = points.iter().map(|point| point.cum_net_margin).fold(0, i64::max);
    let enough = points.iter().position(|point| point.cum_net_margin >= total);
    let whale = Whale {
        accounts: i64::try_from(points.len()).ok()?,
        profitable: count(|point| point.net_margin > 0)?,
        unprofitable: count(|point| point.net_margin < 0)?,
        net_margin: total,
        peak: share(peak_amount),
        erosion: share(peak_amount.checked_sub(total)?),
        peak_amount,
        accounts_for_all_profit: enough.filter(|_| total > 0).and_then(|place| i64::try_from(place + 1).ok()),
    };
    Some((points, whale))
}

pub fn curve_table(name: &str, points: &[Point]) -> Table {
    TableBuilder::new(name, points.len())
        .integers("position", (1i64..).take(points.len()).collect::<Vec<_>>())
        .text("account", points.iter().map(|point| point.account).collect())
        .money("net_margin", points.iter().map(|point| point.net_margin).collect::<Vec<_>>())
        .money("cum_net_margin", points.iter().map(|point| point.cum_net_margin).collect::<Vec<_>>())
        .ratios("cum_share", points.iter().map(|point| point.cum_share).collect::<Vec<_>>())
        .build()
}

/// The figures, in one row.
pub fn whale_table(name: &str, whale: &Whale) -> Table {
    TableBuilder::new(name, 1)
        .integers("accounts", vec![whale.accounts])
        .integers("profitable_accounts", vec![whale.profitable])
        .integers("unprofitable_accounts", vec![whale.unprofitable])
        .money("net_margin", vec![whale.net_margin])
        .ratios("peak", vec![whale.peak])
        .ratios("erosion", vec![whale.erosion])
        .money("peak_amount", vec![whale.peak_amount])
        .integers("accounts_for_all_profit", vec![whale.accounts_for_all_profit])
        .build()
}

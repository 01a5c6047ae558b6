//! Who the vital few are, how revenue is spread, and how it moved over the years.

use std::cmp::Reverse;

use serde::Serialize;

use super::account::{Account, Accounts, yearly_revenues};
use super::{Listing, part};
use crate::table::Table;

/// The section on class A, and the figures of the ranking.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// Accounts with an accepted line, and those of them with revenue above zero.
    pub accounts: usize,
    pub ranked: usize,
    /// What the ranked accounts bring in together.
    pub revenue: i128,
    /// Class A: how many, how much, and which part of revenue.
    pub vital: usize,
    pub vital_revenue: i128,
    pub vital_share: Option<f64>,
    pub segmented: bool,
    pub vital_few: Listing<Account>,
}

pub(super) fn ranking(pareto: &Table, accounts: &Accounts, top: usize) -> Ranking {
    let ranked = || accounts.values().filter(|account| account.rank.is_some());
    let mut vital_few: Vec<&Account> = ranked().filter(|account| account.vital_few).collect();
    vital_few.sort_by_key(|account| (account.rank, &account.key));
    let revenue = total(ranked());
    let vital_revenue = total(vital_few.iter().copied());
    Ranking {
        accounts: pareto.rows(),
        ranked: ranked().count(),
        revenue,
        vital: vital_few.len(),
        vital_revenue,
        vital_share: part(vital_revenue, revenue),
        segmented: pareto.spec.column("segment").is_some(),
        vital_few: cut(vital_few, top),
    }
}

fn total<'a>(accounts: impl Iterator<Item = &'a Account>) -> i128 {
    accounts.map(|account| i128::from(account.revenue.unwrap_or_default())).sum()
}

/// Copies only what a list shows.
pub(super) fn cut(accounts: Vec<&Account>, top: usize) -> Listing<Account> {
    let shown = Listing::cut(accounts, top);
    Listing { rows: shown.rows.into_iter().cloned().collect(), total: shown.total, more: shown.more }
}

/// How revenue is spread over the accounts of one segment, or of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    pub segment: String,
    /// Whether this row is the whole book.
    pub all: bool,
    pub accounts: Option<i64>,
    pub revenue: Option<i64>,
    pub negative_revenue: Option<i64>,
    pub unassigned_revenue: Option<i64>,
    pub gini: Option<f64>,
    pub hhi: Option<f64>,
    pub effective_accounts: Option<f64>,
    pub n_cutoff: Option<i64>,
    pub top1_share: Option<f64>,
    pub top5_share: Option<f64>,
    pub top10_share: Option<f64>,
    pub top20pct_share: Option<f64>,
}

pub(super) fn concentration(table: &Table, top: usize) -> Listing<Segment> {
    let integers = ["accounts", "revenue", "negative_revenue", "n_cutoff", "unassigned_revenue"]
        .map(|column| table.integers(column));
    let indexes = ["gini", "hhi", "effective_accounts"].map(|column| table.numbers(column));
    let tops = ["top1_share", "top5_share", "top10_share", "top20pct_share"].map(|column| table.numbers(column));
    let row = |(row, segment): (usize, &str)| Segment {
        segment: segment.to_owned(),
        all: row == 0,
        accounts: integers[0][row],
        revenue: integers[1][row],
        negative_revenue: integers[2][row],
        n_cutoff: integers[3][row],
        unassigned_revenue: integers[4][row],
        gini: indexes[0][row],
        hhi: indexes[1][row],
        effective_accounts: indexes[2][row],
        top1_share: tops[0][row],
        top5_share: tops[1][row],
        top10_share: tops[2][row],
        top20pct_share: tops[3][row],
    };
    Listing::cut(table.text("segment").into_iter().enumerate().map(row).collect(), top)
}

/// How the whole book moved over the years of the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Course {
    pub years: Vec<YearTotal>,
    /// How many times one year follows another.
    pub intervals: usize,
    pub first_revenue: i128,
    pub last_revenue: i128,
    /// Growth from the first year to the last, in all and per year; none from zero or below.
    pub change: Option<f64>,
    pub cagr: Option<f64>,
}

/// A year of the whole book.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct YearTotal {
    pub year: i64,
    /// Net of credit notes.
    pub revenue: i128,
    pub change: Option<f64>,
    /// Accounts with revenue above zero.
    pub accounts: usize,
}

pub(super) fn course(growth: &Table, bucket: Option<&Table>, first_year: i64) -> Course {
    let columns = yearly_revenues(growth);
    let unassigned = |year: i64| -> i128 {
        let years =
            bucket.iter().flat_map(|bucket| bucket.integers("fiscal_year").into_iter().zip(bucket.integers("revenue")));
        years
            .filter(|(fiscal_year, _)| *fiscal_year == Some(year))
            .filter_map(|(_, revenue)| revenue)
            .map(i128::from)
            .sum()
    };
    let sums: Vec<i128> = columns
        .iter()
        .zip(first_year..)
        .map(|(revenues, year)| revenues.iter().copied().map(i128::from).sum::<i128>() + unassigned(year))
        .collect();
    let year = |(index, revenues): (usize, &Vec<i64>)| YearTotal {
        year: first_year + index as i64,
        revenue: sums[index],
        change: index.checked_sub(1).and_then(|before| change(sums[before], sums[index])),
        accounts: revenues.iter().filter(|revenue| **revenue > 0).count(),
    };
    let (first, last) = (sums.first().copied().unwrap_or_default(), sums.last().copied().unwrap_or_default());
    let intervals = sums.len().saturating_sub(1);
    let total_change = change(first, last);
    let per_year = |change: f64| (1.0 + change).powf(1.0 / intervals.max(1) as f64) - 1.0;
    Course {
        years: columns.iter().enumerate().map(year).collect(),
        intervals,
        first_revenue: first,
        last_revenue: last,
        change: total_change,
        cagr: total_change.filter(|change| *change >= -1.0).map(per_year),
    }
}

fn change(before: i128, after: i128) -> Option<f64> {
    part(after - before, before)
}

/// The section on the accounts that grew in every year of the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Growers {
    pub total: usize,
    /// How many of them are in class A.
    pub vital: usize,
    pub others: usize,
    pub accounts: Listing<Account>,
}

pub(super) fn growers(accounts: &Accounts, top: usize) -> Growers {
    let mut growers: Vec<&Account> = accounts.values().filter(|account| account.constant_growth).collect();
    growers.sort_by_key(|account| (Reverse(account.last_revenue), &account.key));
    let vital = growers.iter().filter(|account| account.vital_few).count();
    Growers { total: growers.len(), vital, others: growers.len() - vital, accounts: cut(growers, top) }
}

/// The section on the accounts that bought less in the last year than in the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shrinkers {
    pub total: usize,
    /// How many are in class A, and what these alone bought less (a positive amount).
    pub vital: usize,
    pub vital_loss: i128,
    /// What all of them bought less, a positive amount.
    pub loss: i128,
    /// How many of them bought nothing in the last year.
    pub lost: usize,
    /// Accounts that had stopped buying before, and are not listed.
    pub lost_before: usize,
    /// The largest loss first.
    pub accounts: Listing<Account>,
}

pub(super) fn shrinkers(accounts: &Accounts, top: usize) -> Shrinkers {
    let mut shrinkers: Vec<&Account> = accounts.values().filter(|account| is_shrinking(account)).collect();
    shrinkers.sort_by_key(|account| (account.change, &account.key));
    let vital = || shrinkers.iter().filter(|account| account.vital_few);
    let lost_before = |account: &&Account| account.is_lost() && account.previous_revenue <= 0;
    Shrinkers {
        total: shrinkers.len(),
        vital: vital().count(),
        vital_loss: -vital().map(|account| account.change).sum::<i128>(),
        loss: -shrinkers.iter().map(|account| account.change).sum::<i128>(),
        lost: shrinkers.iter().filter(|account| account.is_lost()).count(),
        lost_before: accounts.values().filter(lost_before).count(),
        accounts: cut(shrinkers, top),
    }
}

/// Classes A and B, and those that left or went below zero, which for that reason have no class any
/// more. Small accounts come and go, and would hide what matters.
fn is_shrinking(account: &Account) -> bool {
    let gone = matches!(account.growth_status.as_deref(), Some("lost" | "negative_end"));
    let counts = gone || matches!(account.class.as_deref(), Some("A" | "B"));
    counts && account.previous_revenue > 0 && account.change < 0
}

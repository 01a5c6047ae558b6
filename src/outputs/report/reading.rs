//! What was read and whether it adds up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Listing, part};
use crate::table::Table;

/// Above this many files a table of files tells a reader nothing.
const FILES_SHOWN: usize = 12;

/// Lines or money by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Split {
    pub read: i128,
    pub accepted: i128,
    pub excluded: i128,
    pub quarantined: i128,
}

impl Split {
    /// What was read and is in none of the three outcomes: zero where all is well.
    fn unaccounted(&self) -> i128 {
        self.read - self.accepted - self.excluded - self.quarantined
    }

    fn add(&mut self, other: Self) {
        self.read += other.read;
        self.accepted += other.accepted;
        self.excluded += other.excluded;
        self.quarantined += other.quarantined;
    }
}

/// The section on the sources and their reconciliation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    pub files: usize,
    pub rows: Split,
    pub money: Split,
    /// The parts of the rows read.
    pub accepted_share: Option<f64>,
    pub excluded_share: Option<f64>,
    pub quarantined_share: Option<f64>,
    pub adds_up: bool,
    pub rows_unaccounted: i128,
    pub money_unaccounted: i128,
    /// Quarantined rows whose money could not be read, and which no sum of money holds.
    pub rows_without_amount: i128,
    /// Accepted rows that carry no cost.
    pub rows_without_cost: i128,
    /// Why lines were left out, the largest amount first; none without the table of outcomes.
    pub reasons: Option<Listing<Reason>>,
    /// The files one by one, empty where there are too many to show.
    pub by_file: Vec<FileRow>,
}

/// Lines left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// `excluded` or `quarantined`.
    pub outcome: String,
    /// A code of the ledger, or a rule's own words.
    pub reason: String,
    pub rows: i128,
    pub amount: i128,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRow {
    pub file: String,
    pub rows: Split,
    pub money: Split,
}

pub(super) fn reading(reconciliation: &Table, outcomes: Option<&Table>, top: usize) -> Reading {
    let by_file = files(reconciliation);
    let (mut rows, mut money) = (Split::default(), Split::default());
    for file in &by_file {
        rows.add(file.rows);
        money.add(file.money);
    }
    Reading {
        files: by_file.len(),
        rows,
        money,
        accepted_share: part(rows.accepted, rows.read),
        excluded_share: part(rows.excluded, rows.read),
        quarantined_share: part(rows.quarantined, rows.read),
        adds_up: rows.unaccounted() == 0 && money.unaccounted() == 0,
        rows_unaccounted: rows.unaccounted(),
        money_unaccounted: money.unaccounted(),
        rows_without_amount: sum(reconciliation, "rows_without_amount"),
        rows_without_cost: sum(reconciliation, "rows_without_cost"),
        reasons: outcomes.map(|table| Listing::cut(reasons(table), top)),
        by_file: if by_file.len() <= FILES_SHOWN { by_file } else { Vec::new() },
    }
}

fn files(table: &Table) -> Vec<FileRow> {
    let (rows, money) = (splits(table, "rows"), splits(table, "amount"));
    let figures = rows.into_iter().zip(money);
    let row = |(file, (rows, money)): (&str, _)| FileRow { file: file.to_owned(), rows, money };
    table.text("file").into_iter().zip(figures).map(row).collect()
}

fn splits(table: &Table, what: &str) -> Vec<Split> {
    let column = |outcome| wide(table, &format!("{what}_{outcome}"));
    let (read, accepted) = (column("read"), column("accepted"));
    let (excluded, quarantined) = (column("excluded"), column("quarantined"));
    let split = |row: usize| Split {
        read: read[row],
        accepted: accepted[row],
        excluded: excluded[row],
        quarantined: quarantined[row],
    };
    (0..table.rows()).map(split).collect()
}

fn reasons(table: &Table) -> Vec<Reason> {
    let mut sums: BTreeMap<(&str, &str), (i128, i128)> = BTreeMap::new();
    let keys = table.text("outcome").into_iter().zip(table.text("reason"));
    let figures = wide(table, "rows").into_iter().zip(wide(table, "amount"));
    for (key, (rows, amount)) in keys.zip(figures) {
        let sum = sums.entry(key).or_default();
        sum.0 += rows;
        sum.1 += amount;
    }
    let reason = |((outcome, reason), (rows, amount)): ((&str, &str), _)| Reason {
        outcome: outcome.to_owned(),
        reason: reason.to_owned(),
        rows,
        amount,
    };
    let mut reasons: Vec<Reason> = sums.into_iter().map(reason).collect();
    reasons.sort_by_key(|reason| (Reverse(reason.amount.unsigned_abs()), Reverse(reason.rows)));
    reasons
}

fn wide(table: &Table, column: &str) -> Vec<i128> {
    table.integers(column).into_iter().map(|value| i128::from(value.unwrap_or_default())).collect()
}

fn sum(table: &Table, column: &str) -> i128 {
    wide(table, column).into_iter().sum()
}

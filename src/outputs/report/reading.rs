//! What was read and whether it adds up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Listing, part};
use crate::table::Table;

/// Of the files that lost lines, so many are shown.
const FILES_SHOWN: usize = 5;

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
    /// The parts of the rows and of the money read.
    pub accepted_share: Option<f64>,
    pub excluded_share: Option<f64>,
    pub quarantined_share: Option<f64>,
    pub accepted_money_share: Option<f64>,
    pub excluded_money_share: Option<f64>,
    pub quarantined_money_share: Option<f64>,
    /// What was excluded and quarantined, and its part of the money read.
    pub left_rows: i128,
    pub left_money: i128,
    pub left_money_share: Option<f64>,
    pub adds_up: bool,
    pub rows_unaccounted: i128,
    pub money_unaccounted: i128,
    /// Quarantined rows whose money could not be read, and which no sum of money holds.
    pub rows_without_amount: i128,
    /// Accepted rows that carry no cost.
    pub rows_without_cost: i128,
    /// Why lines were left out, the largest amount first; none without the table of outcomes.
    pub reasons: Option<Listing<Reason>>,
    /// The files that lost lines, those that lost most money first; empty where there is one file only.
    pub by_file: Listing<FileRow>,
}

/// Lines left out for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// `excluded` or `quarantined`.
    pub outcome: String,
    /// A code of the ledger, or a rule's own words.
    pub reason: String,
    pub rows: i128,
    pub amount: i128,
    /// Of the money read.
    pub share: Option<f64>,
    /// In how many files.
    pub files: usize,
    /// Where the first of them stands, in the order of the files; none where that is not known.
    pub example: Option<Place>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub file: String,
    pub line: i64,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileRow {
    pub file: String,
    pub rows: Split,
    pub money: Split,
}

pub(super) fn reading(reconciliation: &Table, outcomes: Option<&Table>, top: usize) -> Reading {
    let mut by_file = files(reconciliation);
    let (mut rows, mut money) = (Split::default(), Split::default());
    for file in &by_file {
        rows.add(file.rows);
        money.add(file.money);
    }
    let count = by_file.len();
    let left = |split: Split| split.excluded + split.quarantined;
    by_file.retain(|file| count > 1 && left(file.rows) > 0);
    by_file.sort_by_key(|file| Reverse((left(file.money).unsigned_abs(), left(file.rows))));
    Reading {
        files: count,
        rows,
        money,
        accepted_share: part(rows.accepted, rows.read),
        excluded_share: part(rows.excluded, rows.read),
        quarantined_share: part(rows.quarantined, rows.read),
        accepted_money_share: part(money.accepted, money.read),
        excluded_money_share: part(money.excluded, money.read),
        quarantined_money_share: part(money.quarantined, money.read),
        left_rows: left(rows),
        left_money: left(money),
        left_money_share: part(left(money), money.read),
        adds_up: rows.unaccounted() == 0 && money.unaccounted() == 0,
        rows_unaccounted: rows.unaccounted(),
        money_unaccounted: money.unaccounted(),
        rows_without_amount: sum(reconciliation, "rows_without_amount"),
        rows_without_cost: sum(reconciliation, "rows_without_cost"),
        reasons: outcomes.map(|table| Listing::cut(reasons(table, money.read), top)),
        by_file: Listing::cut(by_file, FILES_SHOWN),
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

/// The lines left out by outcome and reason, the largest amount first.
fn reasons(table: &Table, money_read: i128) -> Vec<Reason> {
    let mut reasons: BTreeMap<(&str, &str), Reason> = BTreeMap::new();
    let keys = table.text("outcome").into_iter().zip(table.text("reason"));
    let figures = wide(table, "rows").into_iter().zip(wide(table, "amount"));
    let places = table.text("file").into_iter().zip(table.integers("first_line"));
    for ((key, (rows, amount)), (file, line)) in keys.zip(figures).zip(places) {
        let sum = reasons.entry(key).or_insert_with(|| Reason {
            outcome: key.0.to_owned(),
            reason: key.1.to_owned(),
            rows: 0,
            amount: 0,
            share: None,
            files: 0,
            example: None,
        });
        sum.rows += rows;
        sum.amount += amount;
        sum.files += 1;
        // The table is in the order of the files.
        sum.example = sum.example.take().or(line.map(|line| Place { file: file.to_owned(), line }));
    }
    let mut reasons: Vec<Reason> = reasons.into_values().collect();
    for reason in &mut reasons {
        reason.share = part(reason.amount, money_read);
    }
    reasons.sort_by_key(|reason| Reverse((reason.amount.unsigned_abs(), reason.rows)));
    reasons
}

fn wide(table: &Table, column: &str) -> Vec<i128> {
    table.integers(column).into_iter().map(|value| i128::from(value.unwrap_or_default())).collect()
}

fn sum(table: &Table, column: &str) -> i128 {
    wide(table, column).into_iter().sum()
}

//! What else the ledger found in its files that a reader of the figures should know: each part is there where its table
//! is, and says something.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Inputs, Listing};
use crate::table::Table;

/// Pairs of files with lines in common, and control totals that differ, are shown up to so many.
const SHOWN: usize = 5;

/// What was found in the files, beside their lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Findings {
    /// Text in other encodings than UTF-8.
    pub encodings: Vec<Encoding>,
    /// Rows without anything in them, which are no lines.
    pub rows_empty: i128,
    pub lacking: Option<Lacking>,
    pub ambiguous: Option<Ambiguous>,
    /// The accepted lines by currency, the home one included; empty where all are in it.
    pub currencies: Vec<InCurrency>,
    pub moved: Option<Count>,
    pub total_rows: Option<TotalRows>,
    pub credit_notes: Option<CreditNotes>,
    pub duplicates: Option<Duplicates>,
    /// Lines whose key was written otherwise than the key that it was merged into.
    pub merged: Option<Merged>,
    pub control_totals: Option<ControlTotals>,
}

/// How many files are written in an encoding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Encoding {
    pub name: String,
    pub files: usize,
}

/// Files without columns that others have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lacking {
    pub files: usize,
    /// The columns' names, sorted, with commas between them.
    pub columns: String,
}

/// Dates that are other days with day and month swapped, in files that do not show which is right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ambiguous {
    pub dates: i128,
    pub files: usize,
    /// The file with most of them, the first of equals.
    pub most: String,
}

/// Lines and their money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub rows: i128,
    pub amount: i128,
}

impl Count {
    fn add(&mut self, rows: Option<i64>, amount: Option<i64>) {
        self.rows += i128::from(rows.unwrap_or_default());
        self.amount += i128::from(amount.unwrap_or_default());
    }
}

/// Spellings that share a key with another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Merged {
    pub spellings: usize,
    pub rows: i128,
}

/// The accepted lines in one currency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InCurrency {
    pub currency: String,
    pub rows: i128,
    /// In that currency.
    pub amount: i128,
    /// In the currency of the pipeline.
    pub converted: i128,
}

/// Rows that are sums of others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TotalRows {
    pub all: Count,
    /// Those that count as lines all the same.
    pub accepted: i128,
}

/// Credit notes, and those dated by the invoice that they correct.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CreditNotes {
    pub all: Count,
    pub moved: Count,
    pub unmatched: Count,
}

/// Lines that repeat others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Duplicates {
    pub all: Count,
    /// Those with another content than the line that is kept.
    pub differing: i128,
    /// Lines that a rule only flags, and that stay.
    pub flagged: Count,
    /// The pairs of files, those with the largest sum first.
    pub pairs: Listing<Pair>,
}

/// Two files with lines in common, or one with lines twice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub file: String,
    pub kept_file: String,
    pub rows: i128,
    pub amount: i128,
}

/// Sums that were declared, beside those of the lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlTotals {
    pub compared: usize,
    /// Those that differ, which a run accepts for a reason only.
    pub differing: Listing<Difference>,
}

/// A control total that the lines do not give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// A file, a month or a currency.
    pub key: String,
    pub expected: Option<i64>,
    pub found: Option<i64>,
    pub difference: Option<i64>,
    pub because: String,
}

/// Nothing where there is nothing to say.
pub(super) fn findings(inputs: &Inputs, currency: &str) -> Option<Findings> {
    let sum = |table: &Table, column: &str| table.integers(column).into_iter().flatten().map(i128::from).sum();
    let found = Findings {
        encodings: inputs.files.map(encodings).unwrap_or_default(),
        rows_empty: inputs.files.map(|table| sum(table, "rows_empty")).unwrap_or_default(),
        lacking: inputs.files.and_then(lacking),
        ambiguous: inputs.files.and_then(ambiguous),
        currencies: inputs.currencies.map(|table| currencies(table, currency)).unwrap_or_default(),
        moved: inputs.account_map.map(|table| count(table, "rows", "amount")).filter(|moved| moved.rows > 0),
        total_rows: inputs.total_rows.and_then(total_rows),
        credit_notes: inputs.credit_notes.and_then(credit_notes),
        duplicates: inputs.duplicates.and_then(duplicates),
        merged: inputs.merged_keys.and_then(merged),
        control_totals: inputs.control_totals.and_then(control_totals),
    };
    (found != Findings::default()).then_some(found)
}

fn count(table: &Table, rows: &str, amount: &str) -> Count {
    let mut count = Count::default();
    for (rows, amount) in table.integers(rows).into_iter().zip(table.integers(amount)) {
        count.add(rows, amount);
    }
    count
}

fn encodings(files: &Table) -> Vec<Encoding> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for encoding in files.text("encoding") {
        if !encoding.is_empty() && encoding != "utf-8" {
            *counts.entry(encoding).or_default() += 1;
        }
    }
    counts.into_iter().map(|(name, files)| Encoding { name: name.to_owned(), files }).collect()
}

fn lacking(files: &Table) -> Option<Lacking> {
    let lists: Vec<&str> = files.text("columns_missing").into_iter().filter(|list| !list.is_empty()).collect();
    let columns: BTreeSet<&str> = lists.iter().flat_map(|list| list.split(", ")).collect();
    let columns = columns.into_iter().collect::<Vec<_>>().join(", ");
    (!lists.is_empty()).then_some(Lacking { files: lists.len(), columns })
}

fn ambiguous(files: &Table) -> Option<Ambiguous> {
    let dates = files.integers("dates_ambiguous").into_iter().map(Option::unwrap_or_default);
    let mut counts: Vec<(&str, i64)> =
        files.text("file").into_iter().zip(dates).filter(|(_, dates)| *dates > 0).collect();
    // Keeps the order of the files among equals.
    counts.sort_by_key(|(_, dates)| std::cmp::Reverse(*dates));
    let (most, _) = counts.first()?;
    let dates = counts.iter().map(|(_, dates)| i128::from(*dates)).sum();
    Some(Ambiguous { dates, files: counts.len(), most: (*most).to_owned() })
}

fn currencies(table: &Table, home: &str) -> Vec<InCurrency> {
    let mut sums: BTreeMap<&str, (Count, i128)> = BTreeMap::new();
    let keys = table.text("currency").into_iter().zip(table.text("outcome"));
    let own = table.integers("rows").into_iter().zip(table.integers("amount"));
    for (((currency, outcome), (rows, amount)), converted) in keys.zip(own).zip(table.integers("converted")) {
        if outcome == "accepted" {
            let sum = sums.entry(currency).or_default();
            sum.0.add(rows, amount);
            sum.1 += i128::from(converted.unwrap_or_default());
        }
    }
    if sums.keys().all(|currency| *currency == home) {
        return Vec::new();
    }
    let row = |(currency, (Count { rows, amount }, converted)): (&str, (Count, i128))| InCurrency {
        currency: currency.to_owned(),
        rows,
        amount,
        converted,
    };
    let mut rows: Vec<InCurrency> = sums.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.converted.unsigned_abs()));
    rows
}

fn total_rows(table: &Table) -> Option<TotalRows> {
    let of_outcome = table.text("became").into_iter().zip(table.integers("rows"));
    let accepted = of_outcome.filter(|(became, _)| *became == "accepted").filter_map(|(_, rows)| rows);
    let accepted = accepted.map(i128::from).sum();
    let all = count(table, "rows", "amount");
    (all.rows > 0).then_some(TotalRows { all, accepted })
}

fn credit_notes(table: &Table) -> Option<CreditNotes> {
    let notes = CreditNotes {
        all: count(table, "rows", "amount"),
        moved: count(table, "rows_moved", "amount_moved"),
        unmatched: count(table, "rows_unmatched", "amount_unmatched"),
    };
    (notes.all.rows > 0).then_some(notes)
}

fn duplicates(table: &Table) -> Option<Duplicates> {
    let mut sums: BTreeMap<(&str, &str), Count> = BTreeMap::new();
    let (mut flagged, mut all, mut differs) = (Count::default(), Count::default(), 0);
    let files = table.text("file").into_iter().zip(table.text("kept_file"));
    let rows = table.integers("rows_exact").into_iter().zip(table.integers("rows_differing"));
    let lines = files.zip(rows).zip(table.integers("amount")).zip(table.text("then"));
    for (((files, (exact, differing)), amount), then) in lines {
        let rows = exact.unwrap_or_default() + differing.unwrap_or_default();
        // A rule that only flags may see the lines that another one takes out.
        if then == "flag" {
            flagged.add(Some(rows), amount);
            continue;
        }
        sums.entry(files).or_default().add(Some(rows), amount);
        all.add(Some(rows), amount);
        differs += i128::from(differing.unwrap_or_default());
    }
    let pair = |((file, kept_file), Count { rows, amount }): ((&str, &str), Count)| Pair {
        file: file.to_owned(),
        kept_file: kept_file.to_owned(),
        rows,
        amount,
    };
    let mut pairs: Vec<Pair> = sums.into_iter().map(pair).collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse((pair.amount.unsigned_abs(), pair.rows)));
    let pairs = Listing::cut(pairs, SHOWN);
    (all.rows + flagged.rows > 0).then_some(Duplicates { all, differing: differs, flagged, pairs })
}

fn merged(table: &Table) -> Option<Merged> {
    let rows = table.integers("rows").into_iter().flatten().map(i128::from).sum();
    (table.rows() > 0).then_some(Merged { spellings: table.rows(), rows })
}

fn control_totals(table: &Table) -> Option<ControlTotals> {
    let money = ["expected", "found", "difference"].map(|column| table.integers(column));
    let words = table.text("key").into_iter().zip(table.text("accepted_because"));
    let difference = |(row, (key, because)): (usize, (&str, &str))| Difference {
        key: key.to_owned(),
        expected: money[0][row],
        found: money[1][row],
        difference: money[2][row],
        because: because.to_owned(),
    };
    let differing = words.enumerate().map(difference).filter(|total| !total.because.is_empty());
    let mut differing: Vec<Difference> = differing.collect();
    differing.sort_by_key(|total| std::cmp::Reverse(total.difference.map(i64::unsigned_abs)));
    let compared = table.rows();
    (compared > 0).then(|| ControlTotals { compared, differing: Listing::cut(differing, SHOWN) })
}

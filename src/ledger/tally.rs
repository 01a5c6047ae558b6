//! What a pass over lines learns beside their sums: rows and money by file and fate, a few lines as examples.

use super::account_map::Moved;
use super::control_totals::Stated;
use super::credit_notes::{Held, InvoiceDays, Notes};
use super::currency::ByCurrency;
use super::duplicates::told::Pairs;
use super::keys::Respelling;
use super::lines::Run;
use super::total_rows::Found;
use super::year_sums::YearSums;
use crate::dates::DateOrders;
use crate::sources::facts::Seen;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows and money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    pub rows: i64,
    pub amount: i128,
}

impl Count {
    pub fn add(&mut self, amount: Option<i64>) {
        self.rows += 1;
        self.amount += i128::from(amount.unwrap_or_default());
    }

    pub fn plus(self, other: Self) -> Self {
        Self { rows: self.rows + other.rows, amount: self.amount + other.amount }
    }
}

/// Why a line is left out, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Excluded {
    TotalRow,
    /// The `exclude` rule of this number.
    Rule(usize),
    Duplicate,
}

/// What became of the lines of one file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FileTally {
    pub read: Count,
    /// By fiscal year: an as-of day that the data decides is known only after the pass.
    pub accepted: BTreeMap<i32, Count>,
    pub excluded: BTreeMap<Excluded, Count>,
    pub after_as_of: Count,
    #[serde(with = "super::blocks::words::keys")]
    pub quarantined: BTreeMap<&'static str, Count>,
    pub without_amount: i64,
    /// The first lines quarantined for each reason.
    #[serde(with = "super::blocks::words::keys")]
    pub examples: BTreeMap<&'static str, Vec<Example>>,
    /// The first line left out for each reason.
    pub first_excluded: BTreeMap<Excluded, u64>,
    /// Of the accepted lines, by fiscal year as they are.
    pub without_cost: BTreeMap<i32, i64>,
    pub seen: Seen,
    /// What the dates tell of the order of day and month.
    pub dates: DateOrders,
    /// Where a currency is declared.
    pub currencies: ByCurrency,
    pub total_rows: Found,
    /// What the last row states of the others, where control totals ask.
    pub stated: Option<Stated>,
    pub credit_notes: Notes,
}

impl FileTally {
    /// Notes where a line stands that is quarantined, and why.
    pub fn exemplify(&mut self, line: u64, reason: &'static str, detail: &str) {
        let examples = self.examples.entry(reason).or_default();
        if examples.len() < EXAMPLES {
            examples.push(Example { line, detail: detail.to_owned() });
        }
    }

    fn merge(&mut self, other: Self) {
        self.read = self.read.plus(other.read);
        self.after_as_of = self.after_as_of.plus(other.after_as_of);
        self.without_amount += other.without_amount;
        self.seen.merge(other.seen);
        self.dates.merge(other.dates);
        for (year, rows) in &other.without_cost {
            *self.without_cost.entry(*year).or_default() += rows;
        }
        self.total_rows.merge(other.total_rows);
        self.stated = self.stated.or(other.stated);
        self.credit_notes.merge(&other.credit_notes);
        merge_counts(&mut self.accepted, &other.accepted);
        merge_counts(&mut self.excluded, &other.excluded);
        merge_counts(&mut self.quarantined, &other.quarantined);
        for (key, sums) in &other.currencies {
            let sum = self.currencies.entry(*key).or_default();
            *sum = sum.plus(*sums);
        }
        for (reason, examples) in &other.examples {
            let mine = self.examples.entry(reason).or_default();
            mine.extend_from_slice(examples);
            mine.sort_by_key(|example| example.line);
            mine.truncate(EXAMPLES);
        }
        for (rule, line) in &other.first_excluded {
            let first = self.first_excluded.entry(*rule).or_insert(*line);
            *first = (*first).min(*line);
        }
    }
}

fn merge_counts<K: Ord + Copy>(mine: &mut BTreeMap<K, Count>, other: &BTreeMap<K, Count>) {
    for (key, count) in other {
        let sum = mine.entry(*key).or_default();
        *sum = sum.plus(*count);
    }
}

/// How many lines of a file are kept as examples of a reason.
pub const EXAMPLES: usize = 3;

/// Where a line stands, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub line: u64,
    pub detail: String,
}

/// What a pass over some lines has learned.
#[derive(Debug, Default)]
pub struct Tally {
    pub files: Vec<FileTally>,
    /// First and last day of accepted lines, by fiscal year.
    pub days: BTreeMap<i32, (i32, i32)>,
    /// The accepted lines of accounts that the account map names.
    pub moved: Moved,
    /// The first line, by file and line, of an account called as the bucket for lines without one.
    pub bucket_taken: Option<(usize, u64)>,
    /// Kept only where credit notes count on the day of the invoice that they correct.
    pub held: Vec<Held>,
    pub invoice_days: InvoiceDays,
    /// By fiscal year and month, where control totals ask.
    pub months: BTreeMap<(i32, u8), Count>,
    pub accepted_by_month: bool,
    pub duplicates: Pairs,
    /// Where keys are not what is written.
    pub respelling: Option<Respelling>,
}

impl Tally {
    /// Nothing yet of so many files.
    pub fn new(files: usize) -> Self {
        Self { files: vec![FileTally::default(); files], ..Self::default() }
    }

    /// Counts accepted lines. Each run is of one month.
    pub fn accept(&mut self, file: usize, runs: &[Run]) {
        let Some(tally) = self.files.get_mut(file) else { return };
        for same_year in runs.chunk_by(|one, next| one.fiscal_year == next.fiscal_year) {
            let Some(Run { fiscal_year, sums: YearSums { first_day, last_day, .. }, .. }) = same_year.first() else {
                continue;
            };
            let (mut accepted, mut days) = (Count::default(), (*first_day, *last_day));
            for Run { sums, .. } in same_year {
                accepted = accepted.plus(sums.count());
                days = (days.0.min(sums.first_day), days.1.max(sums.last_day));
            }
            let mine = tally.accepted.entry(*fiscal_year).or_default();
            *mine = mine.plus(accepted);
            let mine = self.days.entry(*fiscal_year).or_insert(days);
            *mine = (mine.0.min(days.0), mine.1.max(days.1));
        }
        if self.accepted_by_month {
            for Run { fiscal_year, sums, .. } in runs {
                let month = u8::try_from(sums.months.trailing_zeros()).unwrap_or_default();
                let mine = self.months.entry((*fiscal_year, month)).or_default();
                *mine = mine.plus(sums.count());
            }
        }
    }

    /// Takes in what another pass has learned.
    pub fn merge(&mut self, other: Self) {
        for (mine, other) in self.files.iter_mut().zip(other.files) {
            mine.merge(other);
        }
        self.held.extend(other.held);
        self.invoice_days.merge(&other.invoice_days);
        merge_counts(&mut self.months, &other.months);
        for (pair, count) in &other.duplicates {
            self.duplicates.entry(*pair).or_default().merge(count);
        }
        merge_counts(&mut self.moved, &other.moved);
        if let (Some(mine), Some(other)) = (&mut self.respelling, other.respelling) {
            mine.merge(other);
        }
        self.bucket_taken = self.bucket_taken.into_iter().chain(other.bucket_taken).min();
        for (year, (first, last)) in other.days {
            let mine = self.days.entry(year).or_insert((first, last));
            *mine = (mine.0.min(first), mine.1.max(last));
        }
    }
}

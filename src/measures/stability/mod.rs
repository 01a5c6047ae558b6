//! The stage kind `stability`: how steadily an account buys, and which accounts are about to be lost.

pub mod row;
pub mod statistics;

use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::ledger::books::{Books, DaySum, PartSum};
use crate::ledger::period::Period;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::{Fields, number};
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Table, TableBuilder};
use rayon::prelude::*;
use row::{History, Months, Row, Rule};

pub const MANUAL: &str = include_str!("../../../docs/stages/stability.md");

#[derive(Debug, Clone)]
pub struct Stability {
    pub from: Located<String>,
    /// How many complete months to look back over.
    pub months: i32,
    pub rule: Rule,
}

impl Stability {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, months) = (fields.text("from"), fields.whole("months", 3..=120, 36));
        let overdue_factor = bounded(fields, "overdue_factor", 3.0, "at least 1", |factor| factor >= 1.0);
        let (overdue_days, gap_months) =
            (fields.whole("overdue_days", 0..=366, 30), fields.whole("gap_months", 1..=60, 3));
        let falling = bounded(fields, "falling", -0.25, "below zero", |ratio| ratio < 0.0);
        let rule = Rule {
            overdue_factor: overdue_factor?,
            overdue_days: overdue_days?,
            gap_months: gap_months?,
            falling: falling?,
        };
        Some(Self { from: from?, months: i32::try_from(months?).ok()?, rule })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.ledger(&self.from)?;
        let (name, stability) = (id.value.clone(), self.clone());
        let spec = table(&name, &[], &[]).spec;
        let job = move |inputs: &Inputs| {
            let Ledger { books, period, .. } = inputs.ledger(&stability.from.value)?;
            let months = stability.window(period, &name)?;
            let (accounts, rows) = rows(books, period, months, &stability.rule);
            Ok(Product::Tables(vec![table(&name, &accounts, &rows)]))
        };
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }

    /// The last complete months that the data has. A month without a line of any account after the newest
    /// line is not in: nobody stopped buying because an export ended.
    fn window(&self, period: &Period, stage: &str) -> Result<Months, Failure> {
        let calendar = period.calendar;
        let last = (Months::ordinal(calendar, period.as_of + 1) - 1).min(Months::ordinal(calendar, period.last_date));
        let first = (last - self.months + 1).max(Months::ordinal(calendar, period.first_date));
        if first <= last {
            return Ok(Months { first, last, calendar });
        }
        Err(Failure::Data {
            message: format!(
                "stage `{stage}` needs a complete month up to {}, but the data has none",
                crate::calendar::iso(period.as_of)
            ),
            hint: Some("read older invoices, or declare a later `as_of`".to_owned()),
        })
    }
}

fn bounded(
    fields: &mut Fields,
    key: &'static str,
    default: f64,
    expected: &str,
    accepts: fn(f64) -> bool,
) -> Option<f64> {
    let Some(node) = fields.optional(key) else { return Some(default) };
    let found = number(node, key, fields.problems)?;
    if accepts(found.value) {
        return Some(found.value);
    }
    fields.problems.report(&found.span, format!("`{key}` should be {expected}, found {}", found.value), None);
    None
}

/// One row per account with an account year, in their order.
fn rows<'b>(books: &'b Books, period: &Period, months: Months, rule: &Rule) -> (Vec<&'b str>, Vec<Row>) {
    let mut firsts: Vec<(u32, i32)> = books.years.iter().map(|year| (year.account, year.first_day)).collect();
    // Years of an account stand together, the oldest first.
    firsts.dedup_by_key(|(account, _)| *account);
    let rows = firsts
        .par_iter()
        .map(|(account, first_day)| {
            let history = History {
                first_day: *first_day,
                months: of_account(&books.months, *account, |sum: &PartSum| sum.account),
                days: of_account(&books.days, *account, |sum: &DaySum| sum.account),
            };
            Row::of(&history, months, period.as_of, rule)
        })
        .collect();
    let place = |account: u32| usize::try_from(account).unwrap_or(usize::MAX);
    let accounts = firsts.iter().map(|(account, _)| books.accounts.get(place(*account)).map_or("", String::as_str));
    (accounts.collect(), rows)
}

/// The part of a list sorted by account that is one account's.
fn of_account<T>(sums: &[T], account: u32, account_of: fn(&T) -> u32) -> &[T] {
    let start = sums.partition_point(|sum| account_of(sum) < account);
    let rest = sums.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|sum| account_of(sum) == account)).unwrap_or_default()
}

fn table(name: &str, accounts: &[&str], rows: &[Row]) -> Table {
    TableBuilder::new(name, rows.len())
        .per_account()
        .text("account", accounts.to_vec())
        .integers("months", rows.iter().map(|row| row.months).collect::<Vec<_>>())
        .integers("active_months", rows.iter().map(|row| row.active_months).collect::<Vec<_>>())
        .integers("longest_gap", rows.iter().map(|row| row.longest_gap).collect::<Vec<_>>())
        .money("monthly_mean", rows.iter().map(|row| row.monthly_mean).collect::<Vec<_>>())
        .numbers("monthly_cv", rows.iter().map(|row| row.monthly_cv).collect::<Vec<_>>())
        .money("trend", rows.iter().map(|row| row.trend).collect::<Vec<_>>())
        .ratios("trend_ratio", rows.iter().map(|row| row.trend_ratio).collect::<Vec<_>>())
        .numbers("seasonality", rows.iter().map(|row| row.seasonality).collect::<Vec<_>>())
        .integers("days_since_last", rows.iter().map(|row| row.days_since_last).collect::<Vec<_>>())
        .numbers("rhythm_days", rows.iter().map(|row| row.rhythm_days).collect::<Vec<_>>())
        .integers("longest_silence", rows.iter().map(|row| row.longest_silence).collect::<Vec<_>>())
        .numbers("overdue", rows.iter().map(|row| row.overdue).collect::<Vec<_>>())
        .flags("at_risk", rows.iter().map(|row| row.reason.is_some()).collect())
        .text("at_risk_reason", rows.iter().map(|row| row.reason.map_or("", row::Reason::name)).collect())
        .build()
}

#[cfg(test)]
mod tests;

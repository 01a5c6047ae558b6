//! A scorecard at work: judgements are read, measures are scaled, accounts are scored.

use super::config::{BoundBasis, BoundCriterion, Missing};
use super::judgements::{self, Judgement, judge, means};
use super::overrides::{self, Override, Overrides, TOTAL};
use super::scale::Scale;
use super::sheet::Sheet;
use super::tables;
use crate::failure::Failure;
use crate::product::Inputs;
use crate::table::{ColumnSpec, Meaning, Table};
use std::collections::BTreeSet;

/// A scorecard ready to run.
pub(super) struct Card {
    pub(super) from: String,
    pub(super) judged: Option<Sheet>,
    pub(super) overrides: Option<Overrides>,
    pub(super) criteria: Vec<BoundCriterion>,
    pub(super) groups: Vec<String>,
    pub(super) missing: Missing,
    pub(super) min_coverage: f64,
    pub(super) advice: bool,
}

impl Card {
    /// Scores all accounts.
    ///
    /// # Errors
    /// Where the sheet cannot be read, or a score is missing that must not be.
    pub(super) fn run(&self, inputs: &Inputs, names: &tables::Names, decimals: u32) -> Result<Vec<Table>, Failure> {
        let (of_accounts, period) = inputs.accounts(&self.from)?;
        let accounts = of_accounts.text("account");
        let judgements = self.judgements(&accounts, period.as_of)?;
        let mut overrides = self.overrides(&accounts, period.as_of)?;
        let means = means(&judgements);
        let mut columns = Vec::with_capacity(self.criteria.len());
        for criterion in &self.criteria {
            columns.push(match &criterion.basis {
                BoundBasis::Judged => {
                    let mut scores = vec![None; accounts.len()];
                    for ((_, account), mean) in means.iter().filter(|((name, _), _)| *name == criterion.name) {
                        let row = accounts.binary_search(account).ok();
                        if let Some(score) = row.and_then(|row| scores.get_mut(row)) {
                            *score = Some(*mean);
                        }
                    }
                    (vec![None; accounts.len()], scores)
                }
                BoundBasis::Measured { table, column, scale } => {
                    measured(inputs.table(table)?, column, scale, &accounts, decimals)
                }
            });
        }
        let replaced = self.replace(&mut overrides, &accounts, &mut columns);
        let mut scores = tables::Scores::new(&accounts, &self.criteria, columns, self.missing).with_replaced(replaced);
        if self.missing == Missing::Block {
            scores.refuse_gaps()?;
        }
        for total in overrides.iter_mut().filter(|row| row.is_active() && row.what == TOTAL) {
            if let (Ok(row), Some(value)) = (accounts.binary_search(&total.account.as_str()), total.value) {
                (total.was, total.is) = (scores.fix(row, value), Some(value));
            }
        }
        let mut made = scores.tables(names, &self.groups, self.min_coverage, of_accounts);
        if self.judged.is_some() {
            made.push(judgements::table(&names.judgements, &judgements));
            made.push(judgements::spread_table(&names.judgement_spread, &judgements));
        }
        if self.overrides.is_some() {
            made.push(overrides::table(&names.overrides, &overrides));
        }
        if self.advice {
            made.push(scores.advice(names, &self.groups));
        }
        Ok(made)
    }

    fn judgements(&self, accounts: &[&str], as_of: i32) -> Result<Vec<Judgement>, Failure> {
        let Some(sheet) = &self.judged else { return Ok(Vec::new()) };
        let judged = self.criteria.iter().filter(|criterion| matches!(criterion.basis, BoundBasis::Judged));
        let criteria: BTreeSet<&str> = judged.map(|criterion| criterion.name.as_str()).collect();
        let accounts = accounts.iter().copied().collect();
        Ok(judge(sheet.entries()?, &judgements::Rules { accounts: &accounts, criteria: &criteria, as_of }))
    }

    fn overrides(&self, accounts: &[&str], as_of: i32) -> Result<Vec<Override>, Failure> {
        let Some(overrides) = &self.overrides else { return Ok(Vec::new()) };
        let criteria: BTreeSet<&str> = self.criteria.iter().map(|criterion| criterion.name.as_str()).collect();
        let accounts = accounts.iter().copied().collect();
        Ok(overrides.read(&overrides::Rules { accounts: &accounts, criteria: &criteria, as_of })?)
    }

    /// Puts what overrides say of single criteria in the place of their scores; the rows and columns it was put in.
    fn replace(
        &self,
        overrides: &mut [Override],
        accounts: &[&str],
        columns: &mut [tables::ColumnScores],
    ) -> BTreeSet<(usize, usize)> {
        let mut replaced = BTreeSet::new();
        for acting in overrides.iter_mut().filter(|row| row.is_active()) {
            let column = self.criteria.iter().position(|criterion| criterion.name == acting.what);
            let row = accounts.binary_search(&acting.account.as_str()).ok();
            let Some((row, column)) = row.zip(column) else { continue };
            if let Some(score) = columns.get_mut(column).and_then(|(_, scores)| scores.get_mut(row)) {
                (acting.was, acting.is) = (*score, acting.value);
                *score = acting.value;
                replaced.insert((row, column));
            }
        }
        replaced
    }
}

/// Values and scores of a measured criterion; a category has a score and no value.
fn measured(
    table: &Table,
    column: &ColumnSpec,
    scale: &Scale,
    accounts: &[&str],
    decimals: u32,
) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    if scale.is_for_text() {
        let texts = of_each(table, table.optional_text(&column.name), accounts);
        let score = |text: Option<&str>| text.and_then(|text| scale.score_of_text(text));
        return (vec![None; accounts.len()], texts.into_iter().map(score).collect());
    }
    let values = values_of(table, column, accounts, decimals);
    let scores = scale.scores(&values);
    (values, scores)
}

/// A numeric column by account; money in whole currency units.
pub(crate) fn values_of(table: &Table, column: &ColumnSpec, accounts: &[&str], decimals: u32) -> Vec<Option<f64>> {
    let unit =
        if column.meaning == Meaning::Money { 10f64.powi(i32::try_from(decimals).unwrap_or_default()) } else { 1.0 };
    let values: Vec<Option<f64>> = match column.meaning {
        Meaning::Integer | Meaning::Money => {
            table.each_integer(&column.name).map(|value| value.map(|value| value as f64 / unit)).collect()
        }
        _ => table.numbers(&column.name),
    };
    of_each(table, values, accounts)
}

/// The values of accounts out of a column of a table that has one row per account.
fn of_each<T: Copy>(table: &Table, values: Vec<Option<T>>, accounts: &[&str]) -> Vec<Option<T>> {
    if table.each_text("account").eq(accounts.iter().copied().map(Some)) {
        return values;
    }
    let mut rows: Vec<(&str, Option<T>)> = table.text("account").into_iter().zip(values).collect();
    // They are in order already, unless a query made them.
    rows.sort_by_key(|(account, _)| *account);
    let mut next = 0;
    let mut find = |account: &&str| {
        // Who asks for accounts in their order finds each behind the one before.
        if rows.get(next).is_none_or(|(found, _)| found != account) {
            next = rows.partition_point(|(found, _)| found < account);
        }
        let (_, value) = rows.get(next).filter(|(found, _)| found == account)?;
        next += 1;
        *value
    };
    accounts.iter().map(&mut find).collect()
}

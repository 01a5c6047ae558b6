//! A scorecard at work: judgements are read, measures are scaled, accounts are scored.

use super::config::{BoundBasis, BoundCriterion, Missing};
use super::judgements::{COLUMNS, Rules, judge, means, table as judgement_table};
use super::scale::Scale;
use super::tables;
use crate::failure::Failure;
use crate::product::Inputs;
use crate::sources::Source;
use crate::table::{ColumnSpec, Meaning, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A scorecard ready to run.
pub(super) struct Card {
    pub(super) from: String,
    pub(super) judged: Option<Arc<Source>>,
    pub(super) criteria: Vec<BoundCriterion>,
    pub(super) groups: Vec<String>,
    pub(super) missing: Missing,
    pub(super) min_coverage: f64,
}

impl Card {
    /// Scores all accounts.
    ///
    /// # Errors
    /// Where the sheet cannot be read, or a score is missing that must not be.
    pub(super) fn run(&self, inputs: &Inputs, names: &tables::Names, decimals: u32) -> Result<Vec<Table>, Failure> {
        let (account_years, period) = inputs.account_years(&self.from)?;
        let mut accounts = account_years.text("account");
        accounts.dedup();
        let judgements = match &self.judged {
            None => Vec::new(),
            Some(source) => {
                let rows = source.text_rows(&COLUMNS)?;
                let known: BTreeSet<&str> = accounts.iter().copied().collect();
                let judged = self.criteria.iter().filter(|criterion| matches!(criterion.basis, BoundBasis::Judged));
                let criteria: BTreeSet<&str> = judged.map(|criterion| criterion.name.as_str()).collect();
                let format = &source.config.csv;
                let rules = Rules {
                    accounts: &known,
                    criteria: &criteria,
                    as_of: period.as_of,
                    numbers: format.numbers,
                    date_format: &format.date_format,
                };
                judge(rows, &rules)
            }
        };
        let means = means(&judgements);
        let mut columns = Vec::with_capacity(self.criteria.len());
        for criterion in &self.criteria {
            columns.push(match &criterion.basis {
                BoundBasis::Judged => {
                    let scores =
                        accounts.iter().map(|account| means.get(&(criterion.name.as_str(), *account)).copied());
                    (vec![None; accounts.len()], scores.collect())
                }
                BoundBasis::Measured { table, column, scale } => {
                    measured(inputs.table(table)?, column, scale, &accounts, decimals)
                }
            });
        }
        let scores = tables::Scores::new(&accounts, &self.criteria, columns, self.missing);
        if self.missing == Missing::Block {
            scores.refuse_gaps()?;
        }
        let mut made = scores.tables(names, &self.groups, self.min_coverage);
        if self.judged.is_some() {
            made.push(judgement_table(names.judgements(), &judgements));
        }
        Ok(made)
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
        let texts: BTreeMap<&str, Option<&str>> =
            table.text("account").into_iter().zip(table.optional_text(&column.name)).collect();
        let score = |account: &&str| texts.get(account).copied().flatten().and_then(|text| scale.score_of_text(text));
        return (vec![None; accounts.len()], accounts.iter().map(score).collect());
    }
    let values = values_of(table, column, accounts, decimals);
    let scores = scale.scores(&values);
    (values, scores)
}

/// A numeric column by account; money in whole currency units.
fn values_of(table: &Table, column: &ColumnSpec, accounts: &[&str], decimals: u32) -> Vec<Option<f64>> {
    let unit =
        if column.meaning == Meaning::Money { 10f64.powi(i32::try_from(decimals).unwrap_or_default()) } else { 1.0 };
    let values: Vec<Option<f64>> = match column.meaning {
        Meaning::Integer | Meaning::Money => {
            table.integers(&column.name).into_iter().map(|value| value.map(|value| value as f64 / unit)).collect()
        }
        _ => table.numbers(&column.name),
    };
    let by_account: BTreeMap<&str, Option<f64>> = table.text("account").into_iter().zip(values).collect();
    accounts.iter().map(|account| by_account.get(account).copied().flatten()).collect()
}

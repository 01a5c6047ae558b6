//! What a report says, before it is put into words: figures and short lists from the tables of a run.
//!
//! [`report`] is a pure function. It adds up, joins, sorts and cuts, so that a template only has to
//! show. Money stays in whole minor units; sums are `i128`, which no number of accounts overflows.
//! A section whose table is absent is none.

mod account;
mod backtest;
mod breadth;
mod changes;
mod findings;
mod judging;
mod kam;
mod lifetime_value;
mod missing;
mod profit;
mod quadrants;
mod reading;
mod robustness;
#[cfg(test)]
pub(crate) mod sample;
mod scoring;
mod selection;
mod stability;
mod standing;
mod whitespace;

use serde::Serialize;

pub use account::Account;
pub use backtest::{Backtest, Choice, Skipped, Tally, Year};
pub use breadth::{Breadth, Entrant};
pub use changes::{Changes, Judged, ListChanges, Restated, Row as ChangeRow};
pub use findings::Findings;
pub use judging::{Disagreement, Judging, Override, Overrides, Rater};
pub use kam::Kam;
pub use lifetime_value::{LifetimeValue, Outlook};
pub use missing::{Lack, Missing, Reason as UnusedReason, Sheet};
pub use profit::{Costs, Key, Keys, Profit};
pub use quadrants::{Quadrant, Quadrants};
pub use reading::{FileRow, Place, Reading, Reason, Split};
pub use robustness::{Ask, Doubtful, Drawn, Robustness, Swap};
pub use scoring::{Advice, Criterion, Scores, Weighing};
pub use selection::{Declared as DeclaredSelection, Selection};
pub use stability::{AtRisk, Stability};
pub use standing::{Course, Growers, Ranking, Segment, Shrinkers, YearTotal};
pub use whitespace::{Gap, Whitespace};

use super::locale::Language;
use crate::table::Table;

/// What a report needs to know about the run that no table says.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The pipeline's name.
    pub pipeline: String,
    /// The last day that counts, in days since 1970-01-01.
    pub as_of: i32,
    /// The code of the currency, `EUR`.
    pub currency: String,
    /// How many decimals the minor units of money stand for.
    pub decimals: u32,
    pub language: Language,
    /// The fiscal year of `revenue_y0`.
    pub first_year: i64,
    /// The last complete fiscal year.
    pub last_year: i64,
    /// How many complete years the ranking's revenue spans, the last one included.
    pub ranking_years: u32,
    /// Whether the first accepted line lies after the first month of `first_year`.
    pub late_start: bool,
    /// Whether the last accepted line lies before the last month of `last_year`.
    pub early_end: bool,
    /// The fiscal year of the last day that counts, where it is not over then.
    pub open_year: Option<i64>,
    /// How many complete years breadth and whitespace look at, the last one included.
    pub breadth_years: u32,
    pub whitespace_years: u32,
    /// The month in which a fiscal year starts, from 1.
    pub fiscal_year_starts: u32,
    /// The first and the last day with an accepted line.
    pub first_date: Option<i32>,
    pub last_date: Option<i32>,
    /// The cut-off of class A in percent of revenue.
    pub cutoff: u32,
    /// How far the lifetime value looks ahead, where there is one.
    pub outlook: Option<Outlook>,
    /// How robustness was looked at, where it was.
    pub robustness: Option<Drawn>,
    /// What is declared of the list, where there is one.
    pub selection: Option<DeclaredSelection>,
    /// The rows that a long list shows.
    pub top: usize,
    /// How many complete years profit adds up, the last one included.
    pub profit_years: u32,
}

/// The tables of a run, as far as it has them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    pub reconciliation: Option<&'a Table>,
    pub outcomes: Option<&'a Table>,
    /// What else the ledger tells, as far as it has something to tell.
    pub files: Option<&'a Table>,
    pub currencies: Option<&'a Table>,
    pub account_map: Option<&'a Table>,
    pub total_rows: Option<&'a Table>,
    pub credit_notes: Option<&'a Table>,
    pub duplicates: Option<&'a Table>,
    pub merged_keys: Option<&'a Table>,
    pub control_totals: Option<&'a Table>,
    pub accounts: Option<&'a Table>,
    /// The account years of the lines without an account.
    pub bucket: Option<&'a Table>,
    pub growth: Option<&'a Table>,
    pub pareto: Option<&'a Table>,
    pub concentration: Option<&'a Table>,
    pub profile: Option<&'a Table>,
    pub scorecard: Option<&'a Table>,
    pub contributions: Option<&'a Table>,
    pub weights: Option<&'a Table>,
    pub judgements: Option<&'a Table>,
    pub judgement_spread: Option<&'a Table>,
    pub weight_advice: Option<&'a Table>,
    pub overrides: Option<&'a Table>,
    pub profitability: Option<&'a Table>,
    pub whale: Option<&'a Table>,
    pub cost_rows: Option<&'a Table>,
    pub breadth: Option<&'a Table>,
    pub whitespace: Option<&'a Table>,
    pub stability: Option<&'a Table>,
    pub quadrant: Option<&'a Table>,
    pub quadrants: Option<&'a Table>,
    pub robustness: Option<&'a Table>,
    pub missing_first: Option<&'a Table>,
    pub swaps: Option<&'a Table>,
    pub selection: Option<&'a Table>,
    /// What has changed since an earlier run, and what that is.
    pub changes: Option<&'a Table>,
    pub restatements: Option<&'a Table>,
    pub restated_files: Option<&'a Table>,
    pub changed_judgements: Option<&'a Table>,
    pub comparison: Option<&'a Table>,
    pub backtest: Option<&'a Table>,
    pub backtest_skipped: Option<&'a Table>,
    /// What accounts are worth, and the table of retention or of parameters behind it.
    pub lifetime_value: Option<&'a Table>,
    pub lifetime_basis: Option<&'a Table>,
    /// Managers, who has which key account, what there is to learn, and rows of their sheets that do not count.
    pub kam: Option<&'a Table>,
    pub assignments: Option<&'a Table>,
    pub training_needs: Option<&'a Table>,
    pub unused_rows: Option<&'a Table>,
}

/// The whole report: what a template sees, field by field, under these names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub pipeline: String,
    pub language: Language,
    pub as_of: i32,
    pub currency: String,
    pub decimals: u32,
    pub fiscal_year_starts: u32,
    pub first_year: i64,
    pub last_year: i64,
    /// The first of the years that the ranking's revenue spans.
    pub ranking_year: i64,
    pub first_date: Option<i32>,
    pub last_date: Option<i32>,
    pub late_start: bool,
    pub early_end: bool,
    pub open_year: Option<i64>,
    pub cutoff: u32,
    pub selection: Option<Selection>,
    pub changes: Option<Changes>,
    pub reading: Option<Reading>,
    pub findings: Option<Findings>,
    pub ranking: Option<Ranking>,
    pub concentration: Option<Listing<Segment>>,
    pub course: Option<Course>,
    pub growers: Option<Growers>,
    pub shrinkers: Option<Shrinkers>,
    pub breadth: Option<Breadth>,
    pub whitespace: Option<Whitespace>,
    pub scores: Option<Scores>,
    pub criteria: Option<Vec<Criterion>>,
    pub weighings: Option<Vec<Weighing>>,
    pub weight_advice: Option<Vec<Advice>>,
    pub missing: Option<Missing>,
    pub judging: Option<Judging>,
    pub overrides: Option<Overrides>,
    pub stability: Option<Stability>,
    pub robustness: Option<Robustness>,
    pub backtest: Option<Backtest>,
    pub quadrants: Option<Quadrants>,
    pub lifetime_value: Option<LifetimeValue>,
    pub kam: Option<Kam>,
    /// Whether the last invoice of an account is known.
    pub has_profile: bool,
    pub profit: Option<Profit>,
}

/// A list cut to the rows that a report shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listing<T> {
    pub rows: Vec<T>,
    /// How many rows there are in all.
    pub total: usize,
    /// How many of them are not shown.
    pub more: usize,
}

impl<T> Listing<T> {
    fn cut(mut rows: Vec<T>, top: usize) -> Self {
        let total = rows.len();
        rows.truncate(top);
        Self { more: total - rows.len(), rows, total }
    }
}

/// Draws up the report of a run.
pub fn report(facts: &Facts, inputs: &Inputs) -> Report {
    let accounts = account::gather(inputs);
    let first_of = |years: u32| facts.last_year - i64::from(years.max(1)) + 1;
    Report {
        pipeline: facts.pipeline.clone(),
        language: facts.language,
        as_of: facts.as_of,
        currency: facts.currency.clone(),
        decimals: facts.decimals,
        fiscal_year_starts: facts.fiscal_year_starts,
        first_year: facts.first_year,
        last_year: facts.last_year,
        ranking_year: first_of(facts.ranking_years),
        first_date: facts.first_date,
        last_date: facts.last_date,
        late_start: facts.late_start,
        early_end: facts.early_end,
        open_year: facts.open_year,
        cutoff: facts.cutoff,
        selection: facts
            .selection
            .as_ref()
            .and_then(|declared| selection::selection(inputs, declared, &accounts, facts.top)),
        changes: changes::changes(inputs, &accounts, facts.top),
        reading: inputs.reconciliation.map(|table| reading::reading(table, inputs.outcomes, facts.top)),
        findings: findings::findings(inputs, &facts.currency),
        ranking: inputs.pareto.map(|table| standing::ranking(table, &accounts, facts.top)),
        concentration: inputs.concentration.map(|table| standing::concentration(table, facts.top)),
        course: inputs.growth.map(|table| standing::course(table, inputs.bucket, facts.first_year)),
        growers: inputs.growth.map(|_| standing::growers(&accounts, facts.top)),
        shrinkers: inputs.growth.map(|_| standing::shrinkers(&accounts, facts.top)),
        // Breadth and whitespace are told of classes, which the ranking gives.
        breadth: inputs
            .pareto
            .and(inputs.breadth)
            .map(|table| breadth::breadth(table, &accounts, first_of(facts.breadth_years))),
        whitespace: inputs
            .pareto
            .and(inputs.whitespace)
            .map(|table| whitespace::whitespace(table, &accounts, first_of(facts.whitespace_years), facts.top)),
        scores: inputs.scorecard.map(|table| scoring::scores(table, &accounts, facts.top)),
        criteria: inputs.weights.map(scoring::criteria),
        weighings: inputs.weights.map(scoring::weighings),
        weight_advice: inputs.weight_advice.map(scoring::advice),
        missing: missing::missing(inputs, &accounts, facts.top),
        judging: inputs
            .judgements
            .zip(inputs.judgement_spread)
            .and_then(|(judgements, spread)| judging::judging(judgements, spread, &accounts, facts.top)),
        overrides: inputs.overrides.and_then(|table| judging::overrides(table, &accounts)),
        stability: stability::stability(inputs, &accounts, facts.as_of, facts.top),
        robustness: facts.robustness.and_then(|drawn| robustness::robustness(inputs, drawn, &accounts, facts.top)),
        backtest: backtest::backtest(inputs),
        quadrants: quadrants::quadrants(inputs, &accounts),
        lifetime_value: inputs.lifetime_value.zip(facts.outlook).map(|(table, outlook)| {
            lifetime_value::lifetime_value(table, inputs.lifetime_basis, outlook, &accounts, facts.top)
        }),
        kam: kam::kam(inputs, &accounts, facts.top),
        has_profile: inputs.profile.is_some(),
        profit: inputs.profitability.and_then(|table| profit::profit(table, inputs, &accounts, facts)),
    }
}

/// A part of a whole, none where there is no whole.
fn part(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests;

//! The tables of a backtest: one row per year-end and rule, and the year-ends that could not be looked at.

use super::fared::{Course, Fared, Verdict};
use crate::table::{Table, TableBuilder};
use std::collections::BTreeSet;

/// A rule by which accounts are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The `select` stage.
    Method,
    /// As many as the method chose, by revenue of the year.
    Largest,
    /// Class A of the Pareto analysis.
    ClassA,
    /// Every account with revenue in the year.
    All,
}

impl Rule {
    pub fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Largest => "largest",
            Self::ClassA => "class_a",
            Self::All => "all",
        }
    }
}

/// How the accounts of one rule fared after one year-end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The last day of the fiscal year.
    pub as_of: i32,
    pub rule: Rule,
    pub fared: Fared,
    /// How many of the accounts the method chose too.
    pub in_common: usize,
    /// How the method fared against the rule; nothing for the method itself, and where one of them had no revenue.
    pub verdict: Option<Verdict>,
}

/// The rows of one year-end: the accounts that the method chose beside those of simpler rules. Nothing where a sum of
/// revenue is too large for 64 bits.
pub fn beside(
    course: &Course,
    (fiscal_year, as_of, follow): (i32, i32, i32),
    chosen: &BTreeSet<&str>,
    class_a: Option<BTreeSet<&str>>,
) -> Option<Vec<Row>> {
    let method = course.fared(chosen, fiscal_year, follow)?;
    let all = course.largest(fiscal_year);
    let largest = all.iter().copied().take(chosen.len()).collect();
    let mut rows = vec![Row { as_of, rule: Rule::Method, fared: method, in_common: chosen.len(), verdict: None }];
    let others =
        [(Rule::Largest, Some(largest)), (Rule::ClassA, class_a), (Rule::All, Some(all.into_iter().collect()))];
    for (rule, accounts) in others {
        let Some(accounts): Option<BTreeSet<&str>> = accounts else { continue };
        let fared = course.fared(&accounts, fiscal_year, follow)?;
        let in_common = accounts.intersection(chosen).count();
        rows.push(Row { as_of, rule, fared, in_common, verdict: method.against(&fared) });
    }
    Some(rows)
}

/// One row per year-end and rule, in the order of time.
pub fn backtest(name: &str, rows: &[Row]) -> Table {
    let count = |value: fn(&Row) -> usize| -> Vec<Option<i64>> {
        rows.iter().map(|row| i64::try_from(value(row)).ok()).collect()
    };
    let money = |value: fn(&Fared) -> i64| rows.iter().map(|row| value(&row.fared)).collect::<Vec<i64>>();
    let ratio = |value: fn(&Fared) -> Option<f64>| rows.iter().map(|row| value(&row.fared)).collect::<Vec<_>>();
    TableBuilder::new(name, rows.len())
        .dates("as_of", rows.iter().map(|row| row.as_of).collect::<Vec<_>>())
        .text("rule", rows.iter().map(|row| row.rule.name()).collect())
        .integers("accounts", count(|row| row.fared.accounts))
        .integers("in_common", count(|row| row.in_common))
        .integers("accounts_gone", count(|row| row.fared.gone))
        .integers("followed_years", rows.iter().map(|row| i64::from(row.fared.follow)).collect::<Vec<_>>())
        .money("revenue_before", money(|fared| fared.before))
        .money("revenue_after", money(|fared| fared.after))
        .ratios("revenue_kept", ratio(Fared::kept))
        .ratios("growth_after", ratio(Fared::growth))
        .ratios("margin_after", ratio(Fared::margin))
        .optional_text("verdict", rows.iter().map(|row| row.verdict.map(Verdict::name)).collect())
        .build()
}

/// One row per year-end that could not be looked at, and why.
pub fn skipped(name: &str, years: &[(i32, String)]) -> Table {
    TableBuilder::new(name, years.len())
        .dates("as_of", years.iter().map(|(as_of, _)| *as_of).collect::<Vec<_>>())
        .text("reason", years.iter().map(|(_, reason)| reason.as_str()).collect())
        .build()
}

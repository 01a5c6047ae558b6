//! What a reader should know is not there: criteria without a value, judgements that do not count,
//! accounts without a rating.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::account::{Account, Accounts};
use super::standing::cut;
use super::{Inputs, Listing};
use crate::scoring::scorecard::is_unknown;
use crate::table::Table;

/// Coverage is a sum of weights, so one that is whole may be a hair below it.
const WHOLE: f64 = 1.0 - 1e-9;

/// The section on what is missing; each part is none without its table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// Accounts in the scorecard, and those of them for which every criterion is known.
    pub accounts: usize,
    pub complete: usize,
    /// The mean coverage, and that of class A.
    pub coverage: Option<f64>,
    pub vital_coverage: Option<f64>,
    /// Criteria that some account lacks, those that class A lacks most first.
    pub criteria: Option<Listing<Lack>>,
    pub judgements: Option<Sheet>,
    /// Accounts without a rating, the largest first.
    pub unrated: Listing<Account>,
}

/// How many accounts lack one criterion.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lack {
    pub group: String,
    pub criterion: String,
    /// `measured`, `judged`, or empty where the weights do not say.
    pub source: String,
    pub effective_weight: Option<f64>,
    pub accounts: usize,
    pub vital: usize,
}

/// What became of the sheet of judgements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    pub read: usize,
    pub used: usize,
    /// Why the others are not used, the most frequent reason first.
    pub unused: Vec<Reason>,
}

/// Judgements not used for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub reason: String,
    pub count: usize,
}

pub(super) fn missing(inputs: &Inputs, accounts: &Accounts, top: usize) -> Option<Missing> {
    inputs.scorecard?;
    let scored = || accounts.values().filter(|account| account.rated.is_some());
    let coverage = |account: &Account| account.coverage.unwrap_or_default();
    let mut unrated: Vec<&Account> = scored().filter(|account| account.rated == Some(false)).collect();
    unrated.sort_by_key(|account| account.by_revenue());
    let criteria = |table| lacks(table, inputs.weights, accounts);
    Some(Missing {
        accounts: scored().count(),
        complete: scored().filter(|account| coverage(account) >= WHOLE).count(),
        coverage: mean(scored().map(coverage)),
        vital_coverage: mean(scored().filter(|account| account.vital_few).map(coverage)),
        criteria: inputs.contributions.map(|table| Listing::cut(criteria(table), top)),
        judgements: inputs.judgements.map(sheet),
        unrated: cut(unrated, top),
    })
}

/// Adds in the order of the keys, so that the same accounts give the same digits.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

fn lacks(contributions: &Table, weights: Option<&Table>, accounts: &Accounts) -> Vec<Lack> {
    let mut counts: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    let texts = |column| contributions.each_text(column).map(Option::unwrap_or_default);
    // The rows of an account stand together.
    let mut last = ("", false);
    let rows = texts("account").zip(texts("source")).zip(texts("group").zip(texts("criterion")));
    for ((account, _), criterion) in rows.filter(|((_, source), _)| is_unknown(source)) {
        if last.0 != account {
            last = (account, accounts.get(account).is_some_and(|account| account.vital_few));
        }
        let count = counts.entry(criterion).or_default();
        count.0 += 1;
        count.1 += usize::from(last.1);
    }
    let known = weights.map(declared).unwrap_or_default();
    let lack = |((group, criterion), (accounts, vital)): ((&str, &str), (usize, usize))| {
        let (source, effective_weight) = known.get(&(group, criterion)).copied().unwrap_or_default();
        Lack {
            group: group.to_owned(),
            criterion: criterion.to_owned(),
            source: source.to_owned(),
            effective_weight,
            accounts,
            vital,
        }
    };
    let mut lacks: Vec<Lack> = counts.into_iter().map(lack).collect();
    lacks.sort_by_key(|lack| Reverse((lack.vital, lack.accounts)));
    lacks
}

/// Source and effective weight by group and criterion.
fn declared(weights: &Table) -> BTreeMap<(&str, &str), (&str, Option<f64>)> {
    let keys = weights.text("group").into_iter().zip(weights.text("criterion"));
    let values = weights.text("source").into_iter().zip(weights.numbers("effective_weight"));
    keys.zip(values).collect()
}

fn sheet(judgements: &Table) -> Sheet {
    let used = judgements.flags("used");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (reason, _) in judgements.text("reason").into_iter().zip(&used).filter(|(_, used)| !**used) {
        *counts.entry(reason).or_default() += 1;
    }
    let reason = |(reason, count): (&str, usize)| Reason { reason: reason.to_owned(), count };
    let mut unused: Vec<Reason> = counts.into_iter().map(reason).collect();
    unused.sort_by_key(|reason| Reverse(reason.count));
    Sheet { read: used.len(), used: used.iter().filter(|used| **used).count(), unused }
}

//! Who scores highest, and what a score is made of.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Listing;
use super::account::{Account, Accounts, groups};
use super::standing::cut;
use crate::table::Table;

/// The section on the scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// The groups of criteria, in the order of each account's `group_scores`.
    pub groups: Vec<String>,
    pub rated: usize,
    /// All accounts of the scorecard, rated or not.
    pub total: usize,
    /// The rated accounts, the highest score first.
    pub accounts: Listing<Account>,
}

pub(super) fn scores(scorecard: &Table, accounts: &Accounts, top: usize) -> Scores {
    let is_rated = |account: &&Account| account.rated == Some(true) && account.score.is_some();
    let mut rated: Vec<&Account> = accounts.values().filter(is_rated).collect();
    rated.sort_by_key(|account| (account.score_rank.unwrap_or(i64::MAX), &account.key));
    Scores {
        groups: groups(scorecard).map(|(_, group)| group.to_owned()).collect(),
        rated: rated.len(),
        total: scorecard.rows(),
        accounts: cut(rated, top),
    }
}

/// How one criterion counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Criterion {
    pub group: String,
    pub criterion: String,
    /// `measured` or `judged`.
    pub source: String,
    /// What a measured criterion is measured by, such as `growth.cagr`; else empty.
    pub basis: String,
    /// The group's weight in the total, the criterion's in its group, and its own in the total.
    pub group_weight: Option<f64>,
    pub weight: Option<f64>,
    pub effective_weight: Option<f64>,
    /// The scale in words, or empty.
    pub scale: String,
}

pub(super) fn criteria(weights: &Table) -> Vec<Criterion> {
    let (groups, criteria) = (weights.text("group"), weights.text("criterion"));
    let (sources, bases, scales) = (weights.text("source"), weights.text("basis"), weights.text("scale"));
    let (within, effective) = (weights.numbers("weight"), weights.numbers("effective_weight"));
    let mut group_weights: BTreeMap<&str, f64> = BTreeMap::new();
    for (group, weight) in groups.iter().zip(&effective) {
        *group_weights.entry(group).or_default() += weight.unwrap_or_default();
    }
    let criterion = |row: usize| Criterion {
        group: groups[row].to_owned(),
        criterion: criteria[row].to_owned(),
        source: sources[row].to_owned(),
        basis: bases[row].to_owned(),
        group_weight: group_weights.get(groups[row]).copied(),
        weight: within[row],
        effective_weight: effective[row],
        scale: scales[row].to_owned(),
    };
    (0..weights.rows()).map(criterion).collect()
}

/// How the weights of one level came about, where they are not just declared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weighing {
    /// The group whose criteria are weighed; none for the groups themselves.
    pub group: Option<String>,
    /// `equal`, `rank`, `swing` or `ahp`.
    pub method: String,
    /// How far comparisons in pairs contradict each other, and the table of random indices behind that.
    pub consistency_ratio: Option<f64>,
    pub random_index: Option<String>,
}

pub(super) fn weighings(weights: &Table) -> Vec<Weighing> {
    let groups = weights.text("group");
    let (methods, ratios) = (weights.text("method"), weights.numbers("consistency_ratio"));
    let (of_groups, ratios_of_groups) = (weights.text("group_method"), weights.numbers("group_consistency_ratio"));
    let random_index = weights.optional_text("random_index").into_iter().flatten().next();
    let weighing = |group: Option<&str>, method: &str, consistency_ratio: Option<f64>| Weighing {
        group: group.map(str::to_owned),
        method: method.to_owned(),
        consistency_ratio,
        random_index: consistency_ratio.and(random_index).map(str::to_owned),
    };
    let mut weighings: Vec<Weighing> =
        of_groups.first().map(|method| weighing(None, method, ratios_of_groups[0])).into_iter().collect();
    for row in 0..weights.rows() {
        if row == 0 || groups[row] != groups[row - 1] {
            weighings.push(weighing(Some(groups[row]), methods[row], ratios[row]));
        }
    }
    weighings.retain(|weighing| weighing.method != "direct");
    weighings
}

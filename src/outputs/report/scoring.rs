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

/// What the scores themselves would suggest as the weight of a criterion in the total.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Advice {
    pub criterion: String,
    pub effective_weight: Option<f64>,
    pub entropy_weight: Option<f64>,
    pub critic_weight: Option<f64>,
}

pub(super) fn advice(table: &Table) -> Vec<Advice> {
    let weights = ["effective_weight", "entropy_weight", "critic_weight"].map(|column| table.numbers(column));
    let advice = |(row, criterion): (usize, &str)| Advice {
        criterion: criterion.to_owned(),
        effective_weight: weights[0][row],
        entropy_weight: weights[1][row],
        critic_weight: weights[2][row],
    };
    table.text("criterion").into_iter().enumerate().map(advice).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report;
    use super::super::sample::{book, facts};
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::outputs::report::Inputs;
    use crate::table::TableBuilder;

    #[test]
    fn suggested_weights_in_both_languages() {
        let advice = TableBuilder::new("weight_advice", 2)
            .text("criterion", vec!["revenue", "new_markets"])
            .ratios("effective_weight", vec![0.75, 0.25])
            .ratios("entropy_weight", vec![Some(0.4), Some(0.6)])
            .ratios("critic_weight", vec![None::<f64>, None])
            .build();
        let book = book();
        let inputs = Inputs { weight_advice: Some(&advice), ..book.inputs() };
        let section = |language, from: &str| {
            let text = render(&report(&facts(language), &inputs), language, None).unwrap();
            let section = text.split(from).nth(1).unwrap().split("\n## ").next().unwrap();
            format!("{from}{}", section.trim_end()).replace('\u{a0}', "~")
        };
        insta::assert_snapshot!(section(Language::English, "What the scores"), @"
        What the scores themselves would suggest, by how they differ from account to account; the score does not use it, for they know nothing of what matters:

        | Criterion | Weight in total | By entropy | By CRITIC |
        |:---|---:|---:|---:|
        | Revenue | 75.0% | 40.0% | – |
        | New markets | 25.0% | 60.0% | – |
        ");
        insta::assert_snapshot!(section(Language::Spanish, "Lo que las"), @"
        Lo que las propias puntuaciones sugerirían, por cómo difieren de una cuenta a otra; la puntuación no lo usa, pues nada saben de lo que importa:

        | Criterio | Peso en el total | Por entropía | Por CRITIC |
        |:---|---:|---:|---:|
        | Facturación | 75,0~% | 40,0~% | – |
        | New markets | 25,0~% | 60,0~% | – |
        ");
    }
}

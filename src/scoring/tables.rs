//! The tables of a scorecard: scores, contributions and weights.

use super::advice::advise;
use super::ahp::RANDOM_INDEX;
use super::config::{BoundBasis, BoundCriterion, Missing};
use super::scorecard::{Part, Scored, group_score, part, score};
use crate::failure::Failure;
use crate::table::{PIECE_ROWS, Table, TableBuilder, TableSpec, name_of};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// How the tables of a scorecard are called.
#[derive(Debug, Clone)]
pub struct Names {
    scorecard: String,
    contributions: String,
    weights: String,
    pub(super) judgements: String,
    pub(super) judgement_spread: String,
    pub(super) overrides: String,
    pub(super) weight_advice: String,
}

impl Names {
    pub fn of(id: &str) -> Self {
        let name = |table: &str| name_of(id, "scorecard", table);
        // The sheet of judgements is often called so itself; its table then keeps the stage's id before it.
        Self {
            scorecard: id.to_owned(),
            contributions: name("contributions"),
            weights: name("weights"),
            judgements: name("judgements"),
            judgement_spread: name("judgement_spread"),
            overrides: name("overrides"),
            weight_advice: name("weight_advice"),
        }
    }
}

pub fn specs(names: &Names, groups: &[String], judged: bool, overridden: bool, advice: bool) -> Vec<TableSpec> {
    let scores = Scores::new(&[], &[], Vec::new(), Missing::Renormalise);
    let mut specs: Vec<TableSpec> =
        scores.tables(names, groups, 0.0, &Table::of_accounts(&[])).into_iter().map(|table| table.spec).collect();
    if judged {
        specs.push(super::judgements::table(&names.judgements, &[]).spec);
        specs.push(super::judgements::spread_table(&names.judgement_spread, &[]).spec);
    }
    if overridden {
        specs.push(super::overrides::table(&names.overrides, &[]).spec);
    }
    if advice {
        specs.push(scores.advice(names, groups).spec);
    }
    specs
}

/// Values and scores of one criterion, by account.
pub type ColumnScores = (Vec<Option<f64>>, Vec<Option<f64>>);

/// All accounts scored.
pub struct Scores<'a> {
    accounts: &'a [&'a str],
    criteria: &'a [BoundCriterion],
    columns: Vec<ColumnScores>,
    missing: Missing,
    scored: Vec<Scored>,
    /// Rows and columns whose score an override gives.
    replaced: BTreeSet<(usize, usize)>,
    /// Rows whose whole score an override gives.
    fixed: BTreeSet<usize>,
}

impl<'a> Scores<'a> {
    pub fn new(
        accounts: &'a [&'a str],
        criteria: &'a [BoundCriterion],
        columns: Vec<ColumnScores>,
        missing: Missing,
    ) -> Self {
        let weights: Vec<f64> = criteria.iter().map(|criterion| criterion.effective_weight).collect();
        let of_row = |scores: &mut Vec<Option<f64>>, row: usize| {
            scores.clear();
            scores.extend(columns.iter().map(|(_, scores)| scores.get(row).copied().flatten()));
            score(scores, &weights, missing)
        };
        let scored = (0..accounts.len()).into_par_iter().map_with(Vec::new(), of_row).collect();
        Self { accounts, criteria, columns, missing, scored, replaced: BTreeSet::new(), fixed: BTreeSet::new() }
    }

    /// What each criterion adds to the score of an account.
    fn parts(&self, row: usize, scored: &Scored) -> impl ExactSizeIterator<Item = Part> + Clone {
        let coverage = scored.coverage;
        self.columns.iter().zip(self.criteria).map(move |((_, scores), criterion)| {
            part(scores.get(row).copied().flatten(), criterion.effective_weight, coverage, self.missing)
        })
    }

    /// Says which scores are given by overrides.
    pub fn with_replaced(self, replaced: BTreeSet<(usize, usize)>) -> Self {
        Self { replaced, ..self }
    }

    /// Puts an override in the place of an account's whole score, which is returned.
    pub fn fix(&mut self, row: usize, value: f64) -> Option<f64> {
        let scored = self.scored.get_mut(row)?;
        self.fixed.insert(row);
        (scored.low, scored.high) = (value, value);
        scored.score.replace(value)
    }

    /// For `missing: block`.
    ///
    /// # Errors
    /// Where any account lacks any score.
    pub fn refuse_gaps(&self) -> Result<(), Failure> {
        let gaps: Vec<String> = self
            .accounts
            .iter()
            .enumerate()
            .flat_map(|(row, account)| {
                let has_none = move |scores: &[Option<f64>]| scores.get(row).copied().flatten().is_none();
                let missing = self.criteria.iter().zip(&self.columns).filter(move |(_, (_, scores))| has_none(scores));
                missing.map(move |(criterion, _)| format!("`{account}` has no score for `{}`", criterion.name))
            })
            .collect();
        if gaps.is_empty() {
            return Ok(());
        }
        let shown: Vec<&str> = gaps.iter().take(20).map(String::as_str).collect();
        Err(Failure::Data {
            message: format!("scores are missing, {} in all\n  {}", gaps.len(), shown.join("\n  ")),
            hint: Some("fill in the sheet, or declare `missing: renormalise`".to_owned()),
        })
    }

    /// The scorecard (by account), the contributions (by account, in the order declared) and the weights. `accounts` is the
    /// table of those that were scored.
    pub fn tables(&self, names: &Names, groups: &[String], min_coverage: f64, accounts: &Table) -> Vec<Table> {
        vec![
            self.scorecard(&names.scorecard, groups, min_coverage, accounts),
            self.contributions(&names.contributions, groups, PIECE_ROWS),
            self.weights(&names.weights, groups),
        ]
    }

    fn scorecard(&self, name: &str, groups: &[String], min_coverage: f64, accounts: &Table) -> Table {
        // The last bits of a sum of weights must not decide whether an account is rated.
        let is_rated = |(row, scored): (usize, &Scored)| {
            scored.score.is_some() && (scored.coverage + 1e-9 >= min_coverage || self.fixed.contains(&row))
        };
        let rated: Vec<bool> = self.scored.iter().enumerate().map(is_rated).collect();
        let numbers = |value: fn(&Scored) -> f64| self.scored.iter().map(value).collect::<Vec<f64>>();
        let mut builder = TableBuilder::new(name, self.scored.len())
            .per_account()
            .accounts_of(accounts)
            .numbers("score", self.scored.iter().map(|scored| scored.score).collect::<Vec<_>>())
            .integers("rank", self.ranks(&rated))
            .flags("rated", rated)
            .ratios("coverage", numbers(|scored| scored.coverage))
            .numbers("score_low", numbers(|scored| scored.low))
            .numbers("score_high", numbers(|scored| scored.high));
        for (index, group) in groups.iter().enumerate() {
            let of_group = |(row, scored): (usize, &Scored)| {
                let parts = self.parts(row, scored).zip(self.criteria);
                group_score(parts.filter(|(_, criterion)| criterion.group == index).map(|(part, _)| part))
            };
            let scores: Vec<Option<f64>> = self.scored.iter().enumerate().map(of_group).collect();
            builder = builder.numbers(&format!("{group}_score"), scores);
        }
        builder.build()
    }

    /// Rated accounts by score, then by account.
    fn ranks(&self, rated: &[bool]) -> Vec<Option<i64>> {
        let rows = self.scored.iter().zip(rated).enumerate().filter(|(_, (_, rated))| **rated);
        let mut order: Vec<(f64, usize)> = rows.filter_map(|(row, (scored, _))| Some((scored.score?, row))).collect();
        // Accounts come in their order, so that of those of one score the one above is the first.
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut ranks = vec![None; self.scored.len()];
        for (rank, (_, row)) in (1..).zip(&order) {
            if let Some(found) = ranks.get_mut(*row) {
                *found = Some(rank);
            }
        }
        ranks
    }

    /// Made in pieces of about so many rows.
    fn contributions(&self, name: &str, groups: &[String], piece_rows: usize) -> Table {
        let accounts = (piece_rows / self.criteria.len().max(1)).max(1);
        let pieces: Vec<(usize, &[Scored])> = (0..).step_by(accounts).zip(self.scored.chunks(accounts)).collect();
        let piece = |(first, scored): (usize, &[Scored])| self.contributions_of(name, groups, first, scored);
        let nothing = self.contributions_of(name, groups, 0, &[]);
        Table::of_pieces(nothing, pieces.into_par_iter().map(piece).collect())
    }

    /// A piece of the contributions: those of some accounts, the first of which is in this row.
    fn contributions_of(&self, name: &str, groups: &[String], first: usize, scored: &[Scored]) -> Table {
        let criteria: Vec<&str> = self.criteria.iter().map(|criterion| criterion.name.as_str()).collect();
        let accounts = self.accounts.get(first..first + scored.len()).unwrap_or_default();
        let places = |places: Vec<usize>| -> Vec<u32> {
            let places: Vec<u32> = places.into_iter().filter_map(|place| u32::try_from(place).ok()).collect();
            places.repeat(scored.len())
        };
        let parts = |row, scored| self.parts(row, scored);
        let sources = |row, scored| {
            let parts = self.parts(row, scored).zip(self.criteria).enumerate();
            parts.map(move |(column, (part, criterion))| match self.replaced.contains(&(row, column)) {
                true => "override",
                false => source(&part, criterion),
            })
        };
        TableBuilder::new(name, scored.len() * criteria.len())
            .repeated_text(
                "account",
                accounts,
                cells((first, scored), |row, _| std::iter::repeat_n((row - first) as u32, criteria.len())),
            )
            .repeated_text("group", groups, places(self.criteria.iter().map(|criterion| criterion.group).collect()))
            .repeated_text("criterion", &criteria, places((0..criteria.len()).collect()))
            .text("source", cells((first, scored), sources))
            .numbers(
                "value",
                cells((first, scored), |row, _| self.columns.iter().map(move |(values, _)| *values.get(row)?)),
            )
            .numbers("score", cells((first, scored), |row, scored| parts(row, scored).map(|part| part.score)))
            .numbers("weight", cells((first, scored), |row, scored| parts(row, scored).map(|part| part.weight)))
            .numbers(
                "contribution",
                cells((first, scored), |row, scored| parts(row, scored).map(|part| part.contribution)),
            )
            .build()
    }

    /// What weights the scores themselves would suggest, beside the declared ones.
    pub fn advice(&self, names: &Names, groups: &[String]) -> Table {
        let scores: Vec<Vec<Option<f64>>> = self.columns.iter().map(|(_, scores)| scores.clone()).collect();
        let advice = advise(&scores);
        let weights = |weights: &[f64]| -> Vec<Option<f64>> {
            (0..self.criteria.len()).map(|place| weights.get(place).copied()).collect()
        };
        TableBuilder::new(&names.weight_advice, self.criteria.len())
            .text("group", self.criteria.iter().map(|criterion| group_of(criterion, groups)).collect())
            .text("criterion", self.criteria.iter().map(|criterion| criterion.name.as_str()).collect())
            .ratios(
                "effective_weight",
                self.criteria.iter().map(|criterion| criterion.effective_weight).collect::<Vec<_>>(),
            )
            .ratios("entropy_weight", weights(&advice.entropy))
            .ratios("critic_weight", weights(&advice.critic))
            .build()
    }

    fn weights(&self, name: &str, groups: &[String]) -> Table {
        let texts = |value: fn(&BoundCriterion) -> String| self.criteria.iter().map(value).collect::<Vec<String>>();
        let numbers =
            |value: fn(&BoundCriterion) -> Option<f64>| self.criteria.iter().map(value).collect::<Vec<Option<f64>>>();
        TableBuilder::new(name, self.criteria.len())
            .text("group", self.criteria.iter().map(|criterion| group_of(criterion, groups)).collect())
            .text("criterion", texts(|criterion| criterion.name.clone()))
            .text("source", self.criteria.iter().map(declared_source).collect())
            .text("basis", texts(basis))
            .text("method", texts(|criterion| criterion.weighing.method.name().to_owned()))
            .ratios("weight", numbers(|criterion| Some(criterion.weight)))
            .numbers("consistency_ratio", numbers(|criterion| criterion.weighing.consistency_ratio))
            .text("group_method", texts(|criterion| criterion.group_weighing.method.name().to_owned()))
            .ratios("group_weight", numbers(|criterion| Some(criterion.group_weight)))
            .numbers("group_consistency_ratio", numbers(|criterion| criterion.group_weighing.consistency_ratio))
            .optional_text("random_index", self.criteria.iter().map(random_index).collect())
            .ratios("effective_weight", numbers(|criterion| Some(criterion.effective_weight)))
            .text(
                "scale",
                self.criteria
                    .iter()
                    .zip(&self.columns)
                    .map(|(criterion, (values, _))| scale(criterion, values))
                    .collect(),
            )
            .build()
    }
}

/// A value of each criterion of some accounts, the first of which is in a row.
fn cells<'s, I: ExactSizeIterator>(
    (first, scored): (usize, &'s [Scored]),
    of_row: impl Fn(usize, &'s Scored) -> I,
) -> Vec<I::Item> {
    let mut rows = (first..).zip(scored).map(|(row, scored)| of_row(row, scored)).peekable();
    let mut cells = Vec::with_capacity(scored.len() * rows.peek().map_or(0, ExactSizeIterator::len));
    rows.for_each(|row| cells.extend(row));
    cells
}

fn group_of<'g>(criterion: &BoundCriterion, groups: &'g [String]) -> &'g str {
    groups.get(criterion.group).map_or("", String::as_str)
}

fn declared_source(criterion: &BoundCriterion) -> &'static str {
    match criterion.basis {
        BoundBasis::Measured { .. } => "measured",
        BoundBasis::Judged => "judged",
    }
}

fn source(part: &Part, criterion: &BoundCriterion) -> &'static str {
    match (part.score, part.assumed) {
        (None, _) => "missing",
        (Some(score), true) if score > 1.0 => "neutral",
        (Some(_), true) => "pessimistic",
        (Some(_), false) => declared_source(criterion),
    }
}

fn basis(criterion: &BoundCriterion) -> String {
    match &criterion.basis {
        BoundBasis::Measured { table, column, .. } => format!("{table}.{}", column.name),
        BoundBasis::Judged => String::new(),
    }
}

/// The table of random indices behind the consistency ratios, where there is one.
fn random_index(criterion: &BoundCriterion) -> Option<&'static str> {
    let ratios = [criterion.weighing.consistency_ratio, criterion.group_weighing.consistency_ratio];
    ratios.iter().any(Option::is_some).then_some(RANDOM_INDEX)
}

fn scale(criterion: &BoundCriterion, values: &[Option<f64>]) -> String {
    match &criterion.basis {
        BoundBasis::Measured { column, scale, .. } => scale.describe(column.meaning, values),
        BoundBasis::Judged => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::weights::{Method, Weighing};

    #[test]
    fn contributions_in_pieces_are_those_of_all_accounts() {
        let weighing = Weighing { method: Method::Direct, consistency_ratio: None };
        let criterion = |name: &str| BoundCriterion {
            group: 0,
            name: name.to_owned(),
            weight: 0.5,
            group_weight: 1.0,
            effective_weight: 0.5,
            weighing,
            group_weighing: weighing,
            basis: BoundBasis::Judged,
        };
        let criteria = [criterion("strategy"), criterion("solidarity")];
        let accounts = ["A", "B", "C", "D", "E"];
        let column = |scores: [f64; 5]| (vec![None; 5], scores.map(Some).to_vec());
        let columns = vec![column([1.0, 2.0, 3.0, 4.0, 5.0]), column([6.0, 7.0, 8.0, 9.0, 10.0])];
        // The fourth account is the second of a piece, or the first.
        let replaced = BTreeSet::from([(3, 1)]);
        let scores = Scores::new(&accounts, &criteria, columns, Missing::Renormalise).with_replaced(replaced);
        let all = scores.contributions("contributions", &["group".to_owned()], 100);
        let sources = all.text("account").into_iter().zip(all.text("criterion")).zip(all.text("source"));
        let overridden: Vec<_> = sources.filter(|(_, source)| *source == "override").map(|(cell, _)| cell).collect();
        assert_eq!(overridden, [("D", "solidarity")]);
        for rows in [1, 3, 4, 6] {
            let pieces = scores.contributions("contributions", &["group".to_owned()], rows);
            assert!(pieces.frame.equals_missing(&all.frame), "{rows}");
        }
    }
}

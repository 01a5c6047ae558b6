//! The accounts that could be chosen, as weights see them: scores in columns, and what is missing of each.

use crate::scoring::config::{Missing, Scorecard};
use crate::scoring::scorecard::entering;
use std::collections::BTreeMap;

/// The declared weights of both levels: of the groups, and of the criteria within each.
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    pub groups: Vec<f64>,
    pub criteria: Vec<Vec<f64>>,
}

impl Levels {
    pub fn of(scorecard: &Scorecard) -> Self {
        let criteria = scorecard.groups.iter().map(|group| group.weights.shares.clone()).collect();
        Self { groups: scorecard.weights.shares.clone(), criteria }
    }

    /// Of each criterion its group's weight times its own, in the order declared.
    pub fn effective(&self) -> Vec<f64> {
        let of_group =
            |(group, criteria): (&f64, &Vec<f64>)| criteria.iter().map(|own| group * own).collect::<Vec<f64>>();
        self.groups.iter().zip(&self.criteria).flat_map(of_group).collect()
    }
}

/// Accounts by criteria. Accounts are in the order of their keys, which decides between equals.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Field {
    /// One list of scores per criterion, by account; zero where one does not enter.
    pub columns: Vec<Vec<f64>>,
    /// Which pattern each account has.
    pub pattern: Vec<u32>,
    /// The patterns there are: which criteria enter.
    pub patterns: Vec<Vec<bool>>,
}

impl Field {
    /// From the known scores of each account; what is missing is dealt with by the scorecard's policy.
    pub fn new<'a>(rows: impl Iterator<Item = &'a [Option<f64>]>, criteria: usize, missing: Missing) -> Self {
        let mut field = Self { columns: vec![Vec::new(); criteria], ..Self::default() };
        let mut places: BTreeMap<Vec<bool>, u32> = BTreeMap::new();
        for row in rows {
            let entering: Vec<Option<f64>> = row.iter().map(|score| entering(*score, missing)).collect();
            let next = places.len() as u32;
            let place = *places.entry(entering.iter().map(Option::is_some).collect()).or_insert(next);
            field.pattern.push(place);
            for (column, score) in field.columns.iter_mut().zip(entering) {
                column.push(score.unwrap_or_default());
            }
        }
        let mut patterns: Vec<(Vec<bool>, u32)> = places.into_iter().collect();
        patterns.sort_by_key(|(_, place)| *place);
        field.patterns = patterns.into_iter().map(|(pattern, _)| pattern).collect();
        field
    }

    pub fn len(&self) -> usize {
        self.pattern.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pattern.is_empty()
    }

    /// By what to divide the weighted sum of an account of each pattern: one over the weight that enters. Zero where
    /// a draw left no weight at all to what is known: there is no score then, and the account comes last.
    pub fn divisors(&self, weights: &[f64]) -> Vec<f64> {
        let divisor = |pattern: &Vec<bool>| {
            if pattern.iter().all(|enters| *enters) {
                return 1.0;
            }
            let weight: f64 =
                pattern.iter().zip(weights).filter(|(enters, _)| **enters).map(|(_, weight)| weight).sum();
            if weight > 0.0 { 1.0 / weight } else { 0.0 }
        };
        self.patterns.iter().map(divisor).collect()
    }
}

//! What moved the score of each account: by criterion, out of the published contributions of both sides.

use super::decompose::{Corners, Rules, contributions, decompose};
use super::side::{DeclaredScale, Side};
use crate::scoring::config::Missing;
use crate::scoring::scorecard::is_unknown;
use crate::table::Table;
use std::collections::BTreeMap;
use std::ops::Range;

/// Two sums of the same figures.
const EQUAL: f64 = 1e-6;

/// Below this a part is the noise of sums of floats.
const NOISE: f64 = 1e-12;

/// The driver of a whole score that a person set, in the place of a criterion.
pub const OVERRIDE: &str = "override";

/// A criterion of either scorecard.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion<'t> {
    pub name: &'t str,
    pub was: Option<Weighed<'t>>,
    pub is: Option<Weighed<'t>>,
    scale: Rescaled<'t>,
}

/// A criterion in one scorecard, as its table of weights has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed<'t> {
    pub group: &'t str,
    /// Within its group, of the group, and both multiplied.
    pub weight: f64,
    pub group_weight: f64,
    pub effective_weight: f64,
    /// `measured` or `judged`, and the column that is measured.
    pub source: &'t str,
    pub basis: &'t str,
    /// In the words of the scorecard.
    pub scale: &'t str,
}

/// Whether the same facts get the same score on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rescaled<'t> {
    No,
    /// The scale is another one, and where both have anchors each can score what the other did.
    Scale(&'t DeclaredScale, &'t DeclaredScale),
    /// It measures something else, or only one of the scorecards has it.
    Replaced,
}

/// What moved the score of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Driver<'t> {
    /// Of the criterion, or [`OVERRIDE`].
    pub name: &'t str,
    /// The place of the criterion in [`Drivers::criteria`].
    pub place: Option<usize>,
    /// In points of the score.
    pub customer: f64,
    pub weights: f64,
    /// Nothing where it is not known.
    pub score_was: Option<f64>,
    pub score_is: Option<f64>,
    /// Whether the same facts have another score by the new rules.
    pub rescored: bool,
}

/// The drivers of all accounts.
#[derive(Debug)]
pub struct Drivers<'t> {
    pub criteria: Vec<Criterion<'t>>,
    was: Card<'t>,
    is: Card<'t>,
    old: Rules,
    new: Rules,
}

/// The scores of one side by account.
#[derive(Debug)]
struct Card<'t> {
    blocks: BTreeMap<&'t str, Range<usize>>,
    /// The place of the criterion of each row.
    places: Vec<Option<usize>>,
    sources: Vec<&'t str>,
    values: Vec<Option<f64>>,
    scores: Vec<Option<f64>>,
    contributions: Vec<Option<f64>>,
}

/// One account on one side.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// Known scores by place, the value behind each, and whether it was scored by the scale.
    scores: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
    scaled: Vec<bool>,
    /// What the scorecard says that they add up to.
    sum: f64,
}

impl<'t> Drivers<'t> {
    /// None where one of the sides did not publish what its scores are made of.
    pub fn of(was: &'t Side, is: &'t Side) -> Option<Self> {
        let criteria = criteria(was, is)?;
        let places: BTreeMap<&str, usize> = criteria.iter().map(|criterion| criterion.name).zip(0..).collect();
        let rules = |side: &Side, weighed: fn(&Criterion<'t>) -> Option<Weighed<'t>>| {
            let weight = |criterion| weighed(criterion).map_or(0.0, |weighed| weighed.effective_weight);
            let missing = side.declared.missing.unwrap_or(Missing::Renormalise);
            Rules { weights: criteria.iter().map(weight).collect(), missing }
        };
        Some(Self {
            was: Card::of(was.tables.contributions.as_ref()?, &places),
            is: Card::of(is.tables.contributions.as_ref()?, &places),
            old: rules(was, |criterion| criterion.was),
            new: rules(is, |criterion| criterion.is),
            criteria,
        })
    }

    /// What moved the score of an account from one value to another, in the order of the criteria; the parts add up
    /// to the change. None where the published parts of a score do not give it.
    pub fn drivers(&self, account: &str, was: f64, is: f64) -> Option<Vec<Driver<'t>>> {
        let (before, after) =
            (self.was.facts(account, self.criteria.len())?, self.is.facts(account, self.criteria.len())?);
        // A score that is not the sum of its parts was set as a whole by a person.
        let is_set = |facts: &Facts, score: f64| (facts.sum - score).abs() > EQUAL;
        if is_set(&before, was) || is_set(&after, is) {
            let all = Driver {
                name: OVERRIDE,
                place: None,
                customer: is - was,
                weights: 0.0,
                score_was: Some(was),
                score_is: Some(is),
                rescored: false,
            };
            return Some(vec![all].into_iter().filter(Driver::counts).collect());
        }
        let corners = self.corners(&before, &after);
        for (rules, scores, sum) in [(&self.old, &corners.was, before.sum), (&self.new, &corners.is, after.sum)] {
            let found: f64 = contributions(rules, scores)?.iter().sum();
            if (found - sum).abs() > EQUAL {
                return None;
            }
        }
        let deltas = decompose(&self.old, &self.new, &corners)?;
        let driver = |(place, (criterion, delta)): (usize, (&Criterion<'t>, super::decompose::Delta))| {
            let at = |scores: &[Option<f64>]| scores.get(place).copied().flatten();
            Driver {
                name: criterion.name,
                place: Some(place),
                customer: delta.customer,
                weights: delta.weights,
                score_was: criterion.was.and_then(|_| at(&corners.was)),
                score_is: criterion.is.and_then(|_| at(&corners.is)),
                rescored: at(&corners.was) != at(&corners.was_by_new) || at(&corners.is) != at(&corners.is_by_old),
            }
        };
        let drivers = self.criteria.iter().zip(deltas).enumerate().map(driver);
        Some(drivers.filter(Driver::counts).collect())
    }

    fn corners(&self, before: &Facts, after: &Facts) -> Corners {
        let mut corners = Corners::default();
        for (place, criterion) in self.criteria.iter().enumerate() {
            let score = |facts: &Facts| facts.scores.get(place).copied().flatten();
            let is_scaled = |facts: &Facts| facts.scaled.get(place) == Some(&true);
            let value = |facts: &Facts| facts.values.get(place).copied().flatten().filter(|_| is_scaled(facts));
            let (was, is) = (score(before), score(after));
            let (is_by_old, was_by_new) = match criterion.scale {
                // The value stayed where it was and has another score: its peers moved the scale.
                Rescaled::No if value(before).is_some() && value(before) == value(after) => (was, is),
                Rescaled::No => (is, was),
                Rescaled::Replaced => (was, is),
                // A score that no scale gave is what it is. What a scale without anchors would have given cannot be
                // told, and then all of the change is the scale's.
                Rescaled::Scale(old, new) => {
                    let by = |scale: &DeclaredScale, facts: &Facts| value(facts).and_then(|value| scale.score(value));
                    (
                        if is_scaled(after) { by(old, after).or(was).or(is) } else { is },
                        if is_scaled(before) { by(new, before).or(is).or(was) } else { was },
                    )
                }
            };
            // Of a criterion that a side does not have it has no score: what it would be there changes nothing.
            let (was, is_by_old) = if criterion.was.is_none() { (is, is) } else { (was, is_by_old) };
            let (is, was_by_new) = if criterion.is.is_none() { (was, was) } else { (is, was_by_new) };
            corners.was.push(was);
            corners.is_by_old.push(is_by_old);
            corners.was_by_new.push(was_by_new);
            corners.is.push(is);
        }
        corners
    }
}

impl Driver<'_> {
    fn counts(&self) -> bool {
        self.customer.abs() > NOISE || self.weights.abs() > NOISE
    }
}

/// The criteria of both sides, those of the new one first.
pub fn criteria<'t>(was: &'t Side, is: &'t Side) -> Option<Vec<Criterion<'t>>> {
    let (before, after) = (weighed(was.tables.weights.as_ref()?), weighed(is.tables.weights.as_ref()?));
    let only_before = before.iter().filter(|(name, _)| after.iter().all(|(other, _)| other != name));
    let names = after.iter().chain(only_before).map(|(name, _)| *name);
    let criterion = |name| {
        let of =
            |side: &[(&str, Weighed<'t>)]| side.iter().find(|(other, _)| *other == name).map(|(_, weighed)| *weighed);
        let (old, new) = (of(&before), of(&after));
        let scale = match (old, new) {
            (Some(old), Some(new)) if (old.source, old.basis) == (new.source, new.basis) => {
                match (was.declared.scales.get(name), is.declared.scales.get(name)) {
                    (Some(old), Some(new)) if !old.is(new) => Rescaled::Scale(old, new),
                    _ => Rescaled::No,
                }
            }
            _ => Rescaled::Replaced,
        };
        Criterion { name, was: old, is: new, scale }
    };
    Some(names.map(criterion).collect())
}

impl Criterion<'_> {
    /// Whether the scale is another one, of what is measured as before.
    pub fn is_rescaled(&self) -> bool {
        matches!(self.scale, Rescaled::Scale(..))
    }
}

fn weighed(table: &Table) -> Vec<(&str, Weighed<'_>)> {
    let [names, groups, sources, bases, scales] =
        ["criterion", "group", "source", "basis", "scale"].map(|column| table.text(column));
    let [weights, group_weights, effective] =
        ["weight", "group_weight", "effective_weight"].map(|column| table.numbers(column));
    let row = |row: usize| {
        let number = |values: &[Option<f64>]| values.get(row).copied().flatten();
        Some((
            *names.get(row)?,
            Weighed {
                group: groups.get(row)?,
                weight: number(&weights)?,
                group_weight: number(&group_weights)?,
                effective_weight: number(&effective)?,
                source: sources.get(row)?,
                basis: bases.get(row)?,
                scale: scales.get(row)?,
            },
        ))
    };
    (0..table.rows()).filter_map(row).collect()
}

impl<'t> Card<'t> {
    fn of(table: &'t Table, places: &BTreeMap<&str, usize>) -> Self {
        let mut blocks: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for (row, account) in table.text("account").into_iter().enumerate() {
            // Rows of one account stand together, as the scorecard writes them.
            blocks.entry(account).and_modify(|block| block.end = row + 1).or_insert(row..row + 1);
        }
        Self {
            blocks,
            places: table.text("criterion").into_iter().map(|name| places.get(name).copied()).collect(),
            sources: table.text("source"),
            values: table.numbers("value"),
            scores: table.numbers("score"),
            contributions: table.numbers("contribution"),
        }
    }

    fn facts(&self, account: &str, criteria: usize) -> Option<Facts> {
        let mut facts = Facts {
            scores: vec![None; criteria],
            values: vec![None; criteria],
            scaled: vec![false; criteria],
            sum: 0.0,
        };
        for row in self.blocks.get(account)?.clone() {
            facts.sum += self.contributions.get(row).copied().flatten().unwrap_or_default();
            let source = self.sources.get(row).copied().unwrap_or_default();
            // What the policy put in the place of a missing score is not known.
            if is_unknown(source) {
                continue;
            }
            let Some(place) = self.places.get(row).copied().flatten() else { continue };
            let at = |values: &[Option<f64>]| values.get(row).copied().flatten();
            if let (Some(score), Some(value), Some(scaled)) =
                (facts.scores.get_mut(place), facts.values.get_mut(place), facts.scaled.get_mut(place))
            {
                (*score, *value, *scaled) = (at(&self.scores), at(&self.values), source == "measured");
            }
        }
        Some(facts)
    }
}

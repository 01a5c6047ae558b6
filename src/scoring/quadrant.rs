//! The stage kind `quadrant`: accounts by how attractive they are and how strong the relationship is.

use super::config::{Scorecard, share};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems, Span, did_you_mean};
use crate::pipeline::fields::{Fields, number};
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::stages::Stage;
use crate::table::{Table, TableBuilder, name_of};
use std::collections::{BTreeMap, BTreeSet};

pub const MANUAL: &str = include_str!("../../docs/stages/quadrant.md");

/// The middle of the scale from 1 to 10.
const MIDDLE: f64 = 5.5;

/// What an account is called whose place is not known on one of the axes.
const UNKNOWN: &str = "unknown";

#[derive(Debug, Clone)]
pub struct Quadrant {
    /// The scorecard.
    pub from: Located<String>,
    pub attractiveness: Axis,
    pub relationship: Axis,
    pub names: Names,
}

/// One axis of the matrix: which criteria of the scorecard it weighs, and where high begins.
#[derive(Debug, Clone)]
pub struct Axis {
    pub groups: Vec<Located<String>>,
    pub criteria: Vec<Located<String>>,
    pub threshold: f64,
    /// Which part of the axis' weight has to be known; the scorecard's own where left out.
    pub min_coverage: Option<f64>,
}

/// The names of the quadrants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// High on both axes.
    pub strategic: String,
    /// Attractive, and the relationship is still to be made.
    pub star: String,
    /// A strong relationship with an account that is not attractive, or not any more.
    pub status: String,
    /// Low on both axes.
    pub streamline: String,
}

impl Quadrant {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let attractiveness = axis(fields, "attractiveness");
        let relationship = axis(fields, "relationship");
        let names = names(fields);
        Some(Self { from: from?, attractiveness: attractiveness?, relationship: relationship?, names: names? })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.table_of_kind(&self.from, "scorecard")?;
        let Some(Stage::Scorecard(scorecard)) = scope.declared(&self.from.value) else { return None };
        let attractiveness = self.attractiveness.bind(scorecard, scope.problems);
        let relationship = self.relationship.bind(scorecard, scope.problems);
        let axes = [attractiveness?, relationship?];
        let scorecard = self.from.value.clone();
        let contributions = name_of(&scorecard, "scorecard", "contributions");
        let (main, second) = (id.value.clone(), name_of(&id.value, "quadrant", "quadrants"));
        let names = self.names.clone();
        let specs = vec![table(&main, &[], &[], &names).spec, summary(&second, &[], &axes, &names).spec];
        let job = move |inputs: &Inputs| {
            let accounts = inputs.table(&scorecard)?.text("account");
            let parts = Parts::of(inputs.table(&contributions)?);
            let values = axes.each_ref().map(|axis| parts.means(&accounts, axis));
            let [attractiveness, relationship] = &values;
            let places: Vec<Place> = attractiveness
                .iter()
                .zip(relationship)
                .map(|(attractiveness, relationship)| Place::of([*attractiveness, *relationship], &axes))
                .collect();
            let (main, second) = (table(&main, &accounts, &places, &names), summary(&second, &places, &axes, &names));
            Ok(Product::Tables(vec![main, second]))
        };
        Some(Bound::of(Signature::Tables(specs), job))
    }
}

fn axis(fields: &mut Fields, key: &'static str) -> Option<Axis> {
    let node = fields.required(key)?;
    let owner = node.span.clone();
    let mut fields = Fields::open(node, &owner, format!("axis `{key}`"), fields.problems)?;
    let (groups, criteria) = (optional_texts(&mut fields, "groups"), optional_texts(&mut fields, "criteria"));
    let threshold = match fields.optional("threshold") {
        None => Some(MIDDLE),
        Some(node) => threshold(number(node, "threshold", fields.problems)?, fields.problems),
    };
    let min_coverage = match fields.optional("min_coverage") {
        None => Some(None),
        Some(node) => share(node, fields.problems).map(Some),
    };
    let problems = fields.problems;
    fields.finish();
    let axis = Axis { groups: groups?, criteria: criteria?, threshold: threshold?, min_coverage: min_coverage? };
    if axis.groups.is_empty() && axis.criteria.is_empty() {
        let message = format!("the axis `{key}` names neither groups nor criteria of the scorecard");
        problems.report(&owner, message, format!("such as `{key}: {{groups: growth}}`"));
        return None;
    }
    Some(axis)
}

/// Nothing where the key is left out is an empty list; a mistake is none.
fn optional_texts(fields: &mut Fields, key: &'static str) -> Option<Vec<Located<String>>> {
    let node = fields.optional(key);
    if node.is_none() { Some(Vec::new()) } else { fields.optional_texts(key) }
}

fn threshold(found: Located<f64>, problems: &Problems) -> Option<f64> {
    if (1.0..=10.0).contains(&found.value) {
        return Some(found.value);
    }
    problems.report(&found.span, format!("`threshold` should be from 1 to 10, found {}", found.value), None);
    None
}

fn names(fields: &mut Fields) -> Option<Names> {
    let [strategic, star, status, streamline] = ["strategic", "star", "status", "streamline"].map(str::to_owned);
    let mut names = Names { strategic, star, status, streamline };
    let Some(node) = fields.optional("names") else { return Some(names) };
    let mut fields = Fields::open(node, &node.span, "`names`", fields.problems)?;
    let declared = ["strategic", "star", "status", "streamline"].map(|key| fields.optional_text(key));
    for (name, declared) in names.each_mut().into_iter().zip(declared) {
        if let Some(declared) = declared {
            *name = declared.value;
        }
    }
    let problems = fields.problems;
    fields.finish();
    distinct(&names, &node.span, problems).then_some(names)
}

fn distinct(names: &Names, span: &Span, problems: &Problems) -> bool {
    let mut seen = BTreeSet::from([UNKNOWN]);
    let repeated = names.each().into_iter().find(|name| !seen.insert(name));
    if let Some(name) = repeated {
        let message = format!("two quadrants are called `{name}`");
        problems.report(span, message, format!("`{UNKNOWN}` is for accounts without a place"));
    }
    repeated.is_none()
}

impl Names {
    fn each(&self) -> [&str; 4] {
        [&self.strategic, &self.star, &self.status, &self.streamline]
    }

    fn each_mut(&mut self) -> [&mut String; 4] {
        [&mut self.strategic, &mut self.star, &mut self.status, &mut self.streamline]
    }

    fn of(&self, place: &Place) -> &str {
        match place.levels {
            [Some(Level::High), Some(Level::High)] => &self.strategic,
            [Some(Level::High), Some(Level::Low)] => &self.star,
            [Some(Level::Low), Some(Level::High)] => &self.status,
            [Some(Level::Low), Some(Level::Low)] => &self.streamline,
            [None, _] | [_, None] => UNKNOWN,
        }
    }
}

/// An axis whose criteria are found.
#[derive(Debug, Clone)]
struct BoundAxis {
    /// The effective weight of each criterion, as declared.
    criteria: BTreeMap<String, f64>,
    threshold: f64,
    min_coverage: f64,
}

impl Axis {
    fn bind(&self, scorecard: &Scorecard, problems: &Problems) -> Option<BoundAxis> {
        let groups: Vec<&str> = scorecard.groups.iter().map(|group| group.name.as_str()).collect();
        let criteria = || scorecard.groups.iter().flat_map(|group| &group.criteria);
        let known: Vec<&str> = criteria().map(|criterion| criterion.name.value.as_str()).collect();
        let mut found: Vec<Option<Vec<&str>>> = Vec::new();
        for name in &self.groups {
            let group = scorecard.groups.iter().find(|group| group.name == name.value);
            if group.is_none() {
                report_unknown(name, ("group", "criteria"), &groups, &known, problems);
            }
            found.push(group.map(|group| group.criteria.iter().map(|one| one.name.value.as_str()).collect()));
        }
        for name in &self.criteria {
            let criterion = known.iter().find(|known| **known == name.value);
            if criterion.is_none() {
                report_unknown(name, ("criterion", "groups"), &known, &groups, problems);
            }
            found.push(criterion.map(|criterion| vec![*criterion]));
        }
        let found: Vec<Vec<&str>> = found.into_iter().collect::<Option<_>>()?;
        let weights = scorecard.effective_weights();
        let weighed = |name: &str| weights.get(name).map(|weight| (name.to_owned(), *weight));
        let criteria = found.into_iter().flatten().filter_map(weighed).collect();
        let min_coverage = self.min_coverage.unwrap_or(scorecard.min_coverage);
        Some(BoundAxis { criteria, threshold: self.threshold, min_coverage })
    }
}

/// A name that is no group may be a criterion, and the other way round.
fn report_unknown(
    name: &Located<String>,
    (what, other_key): (&str, &str),
    known: &[&str],
    others: &[&str],
    problems: &Problems,
) {
    let hint = match others.contains(&name.value.as_str()) {
        true => Some(format!("name it in `{other_key}`")),
        false => did_you_mean(&name.value, known.iter().copied()),
    };
    problems.report(&name.span, format!("the scorecard has no {what} `{}`", name.value), hint);
}

/// What each criterion adds to the score of each account, as the scorecard says: by account.
struct Parts<'t> {
    accounts: Vec<&'t str>,
    criteria: Vec<&'t str>,
    sources: Vec<&'t str>,
    weights: Vec<Option<f64>>,
    contributions: Vec<Option<f64>>,
}

impl<'t> Parts<'t> {
    fn of(contributions: &'t Table) -> Self {
        Self {
            accounts: contributions.text("account"),
            criteria: contributions.text("criterion"),
            sources: contributions.text("source"),
            weights: contributions.numbers("weight"),
            contributions: contributions.numbers("contribution"),
        }
    }

    /// The weighted mean of the axis' criteria for each account, over those that entered its score; null where
    /// too little of them is known: one measure would else pass for a whole relationship. The parts stand in the
    /// order of the accounts, as the scorecard makes them.
    fn means(&self, accounts: &[&str], axis: &BoundAxis) -> Vec<Option<f64>> {
        let mut sums = vec![Sum::default(); accounts.len()];
        let mut place = 0;
        let names = self.accounts.iter().zip(&self.criteria).zip(&self.sources);
        for (((account, criterion), source), (weight, contribution)) in
            names.zip(self.weights.iter().zip(&self.contributions))
        {
            while accounts.get(place).is_some_and(|current| current != account) {
                place += 1;
            }
            if let Some((declared, sum)) = axis.criteria.get(*criterion).zip(sums.get_mut(place)) {
                sum.contribution += contribution.unwrap_or_default();
                sum.weight += weight.unwrap_or_default();
                sum.known += if matches!(*source, "measured" | "judged") { *declared } else { 0.0 };
            }
        }
        let whole: f64 = axis.criteria.values().sum();
        // The last bits of a sum of weights must not decide.
        let is_known = |sum: &Sum| sum.weight > 0.0 && sum.known + 1e-9 >= axis.min_coverage * whole;
        sums.into_iter().map(|sum| is_known(&sum).then(|| sum.contribution / sum.weight)).collect()
    }
}

/// What the criteria of an axis add up to for one account.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    contribution: f64,
    weight: f64,
    /// The declared weight of what was measured or judged, and not assumed.
    known: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    High,
    Low,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
        }
    }
}

/// Where an account is on the two axes: attractiveness, relationship.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    values: [Option<f64>; 2],
    levels: [Option<Level>; 2],
}

impl Place {
    fn of(values: [Option<f64>; 2], [attractiveness, relationship]: &[BoundAxis; 2]) -> Self {
        let level = |value: Option<f64>, axis: &BoundAxis| {
            // The last bits of a mean must not decide on which side of the line an account is.
            value.map(|value| if value + 1e-9 >= axis.threshold { Level::High } else { Level::Low })
        };
        Self { values, levels: [level(values[0], attractiveness), level(values[1], relationship)] }
    }
}

fn table(name: &str, accounts: &[&str], places: &[Place], names: &Names) -> Table {
    TableBuilder::new(name, places.len())
        .per_account()
        .text("account", accounts.to_vec())
        .numbers("attractiveness", places.iter().map(|place| place.values[0]).collect::<Vec<_>>())
        .numbers("relationship", places.iter().map(|place| place.values[1]).collect::<Vec<_>>())
        .text("quadrant", places.iter().map(|place| names.of(place)).collect())
        .build()
}

/// One row per quadrant and one for accounts without a place, with where the lines are drawn.
fn summary(name: &str, places: &[Place], axes: &[BoundAxis; 2], names: &Names) -> Table {
    use Level::{High, Low};
    let levels = [Some([High, High]), Some([High, Low]), Some([Low, High]), Some([Low, Low]), None];
    let all: Vec<&str> = names.each().into_iter().chain([UNKNOWN]).collect();
    let level = |axis: usize| levels.map(|levels| levels.and_then(|levels| levels.get(axis).copied()).map(Level::name));
    let accounts = |name: &&str| {
        let count = places.iter().filter(|place| names.of(place) == *name).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    };
    let counts: Vec<i64> = all.iter().map(accounts).collect();
    TableBuilder::new(name, all.len())
        .text("quadrant", all)
        .optional_text("attractiveness", level(0).to_vec())
        .optional_text("relationship", level(1).to_vec())
        .numbers("attractiveness_threshold", vec![axes[0].threshold; levels.len()])
        .numbers("relationship_threshold", vec![axes[1].threshold; levels.len()])
        .integers("accounts", counts)
        .build()
}

#[cfg(test)]
mod tests;

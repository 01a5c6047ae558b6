//! The stage kind `scorecard`: groups of weighted criteria, each measured or judged.

use super::card::Card;
use super::overrides::Overrides;
use super::scale::{Direction, Scale};
use super::sheet::Sheet;
use super::tables;
use super::weights::{Member, Weighing, Weights, stated, weigh};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::{Fields, distinct, number};
use crate::pipeline::node::{Node, Value};
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::is_identifier;
use crate::product::{Inputs, Product};
use crate::table::ColumnSpec;
use std::collections::{BTreeMap, BTreeSet};

pub const MANUAL: &str = include_str!("../../docs/stages/scorecard.md");

/// The declaration of a `scorecard` stage.
#[derive(Debug, Clone)]
pub struct Scorecard {
    /// The account years that say which accounts there are; the first ones above where left out.
    pub from: Option<Located<String>>,
    /// The sheet of judgements.
    pub judged: Option<Located<String>>,
    /// The table of overrides.
    pub overrides: Option<Located<String>>,
    pub missing: Missing,
    /// Below this coverage an account has no rank.
    pub min_coverage: f64,
    /// Whether to print what weights the scores themselves would suggest.
    pub advice: bool,
    /// Of the groups against each other.
    pub weights: Weights,
    pub groups: Vec<Group>,
    span: crate::pipeline::diagnostics::Span,
}

/// What to do where a score is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Renormalise,
    Neutral,
    Pessimistic,
    Block,
}

impl Missing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Renormalise => "renormalise",
            Self::Neutral => "neutral",
            Self::Pessimistic => "pessimistic",
            Self::Block => "block",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Group {
    pub name: String,
    /// Of the criteria against each other.
    pub weights: Weights,
    pub criteria: Vec<Criterion>,
}

#[derive(Debug, Clone)]
pub struct Criterion {
    pub name: Located<String>,
    pub basis: Basis,
}

/// Where the scores of a criterion come from.
#[derive(Debug, Clone)]
pub enum Basis {
    /// A column of a table, and its scale.
    Measured(Located<String>, Scale),
    Judged,
}

/// A criterion ready to be scored.
#[derive(Debug, Clone)]
pub struct BoundCriterion {
    pub group: usize,
    pub name: String,
    /// Within its group, of the group, and both multiplied.
    pub weight: f64,
    pub group_weight: f64,
    pub effective_weight: f64,
    /// How the weight within the group came about, and that of the group.
    pub weighing: Weighing,
    pub group_weighing: Weighing,
    pub basis: BoundBasis,
}

#[derive(Debug, Clone)]
pub enum BoundBasis {
    Measured { table: String, column: ColumnSpec, scale: Scale },
    Judged,
}

impl Scorecard {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, judged) = (fields.optional_text("from"), fields.optional_text("judged"));
        let overrides = fields.optional_text("overrides");
        let policies = [Missing::Renormalise, Missing::Neutral, Missing::Pessimistic, Missing::Block]
            .map(|missing| (missing.name(), missing));
        let missing = fields.choice("missing", &policies, Missing::Renormalise);
        let min_coverage = match fields.optional("min_coverage") {
            None => Some(0.5),
            Some(node) => share(node, fields.problems),
        };
        let advice = fields.flag("advice").unwrap_or_default();
        let weights = fields.optional("weights");
        let groups = fields.required("groups").and_then(|node| groups(node, weights, fields.problems));
        let (weights, groups) = groups?;
        Some(Self {
            from,
            judged,
            overrides,
            missing: missing.unwrap_or(Missing::Renormalise),
            min_coverage: min_coverage.unwrap_or(0.5),
            advice,
            weights,
            groups,
            span: fields.span.clone(),
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let from = self.account_years(scope)?;
        scope.accounts(&from)?;
        let judged = match &self.judged {
            None => Some(None),
            Some(judged) => {
                let source = scope.source(judged);
                source.and_then(|source| Sheet::bind(judged, source, &self.judged_names(), scope.problems)).map(Some)
            }
        };
        let overrides = match &self.overrides {
            None => Some(None),
            Some(overrides) => {
                let source = scope.source(overrides);
                source.and_then(|source| Overrides::bind(overrides, source, scope.problems)).map(Some)
            }
        };
        let criteria = self.criteria(scope);
        let (judged, overrides, criteria) = (judged?, overrides?, criteria?);
        let names = tables::Names::of(&id.value);
        let groups: Vec<String> = self.groups.iter().map(|group| group.name.clone()).collect();
        let specs = tables::specs(&names, &groups, judged.is_some(), overrides.is_some(), self.advice);
        let card = Card {
            from: from.value,
            judged,
            overrides,
            criteria,
            groups,
            missing: self.missing,
            min_coverage: self.min_coverage,
            advice: self.advice,
        };
        let decimals = scope.settings.decimals;
        let job = move |inputs: &Inputs| card.run(inputs, &names, decimals).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    /// The effective weight of each criterion: of its group times within it, adding up to 1.
    pub fn effective_weights(&self) -> BTreeMap<&str, f64> {
        let weights = self.weighed().map(|(group, weight, criterion)| {
            (criterion.name.value.as_str(), self.weights.shares.get(group).copied().unwrap_or_default() * weight)
        });
        weights.collect()
    }

    /// The criteria that the sheet of judgements scores.
    fn judged_names(&self) -> Vec<&str> {
        let criteria = self.groups.iter().flat_map(|group| &group.criteria);
        let judged = criteria.filter(|criterion| matches!(criterion.basis, Basis::Judged));
        judged.map(|criterion| criterion.name.value.as_str()).collect()
    }

    /// The criteria in the order declared, with the place of their group and their weight within it.
    fn weighed(&self) -> impl Iterator<Item = (usize, f64, &Criterion)> {
        self.groups.iter().enumerate().flat_map(|(place, group)| {
            group.weights.shares.iter().zip(&group.criteria).map(move |(weight, criterion)| (place, *weight, criterion))
        })
    }

    /// The account years that say which accounts there are.
    pub fn account_years(&self, scope: &Scope) -> Option<Located<String>> {
        if let Some(from) = &self.from {
            return Some(from.clone());
        }
        let found = scope.first_of_kind("account_years").map(|id| Located::new(id.to_owned(), self.span.clone()));
        if found.is_none() {
            let message = "stage `scorecard` needs the account years that say which accounts there are";
            scope.problems.report(&self.span, message, "declare a stage `account_years` above".to_owned());
        }
        found
    }

    fn criteria(&self, scope: &mut Scope) -> Option<Vec<BoundCriterion>> {
        let mut bound = Vec::new();
        for (place, weight, criterion) in self.weighed() {
            let basis = self.basis(criterion, scope);
            let group = self.groups.get(place).zip(self.weights.shares.get(place));
            bound.push(basis.zip(group).map(|(basis, (group, group_weight))| BoundCriterion {
                group: place,
                name: criterion.name.value.clone(),
                weight,
                group_weight: *group_weight,
                effective_weight: group_weight * weight,
                weighing: group.weights.weighing,
                group_weighing: self.weights.weighing,
                basis,
            }));
        }
        bound.into_iter().collect()
    }

    fn basis(&self, criterion: &Criterion, scope: &mut Scope) -> Option<BoundBasis> {
        match &criterion.basis {
            Basis::Measured(measure, scale) => {
                let (table, column) =
                    if scale.is_for_text() { scope.category(measure)? } else { scope.measure(measure)? };
                Some(BoundBasis::Measured { table, column, scale: scale.clone() })
            }
            Basis::Judged if self.judged.is_some() => Some(BoundBasis::Judged),
            Basis::Judged => {
                let message =
                    format!("the criterion `{}` is judged, but the scorecard names no sheet", criterion.name.value);
                scope.problems.report(
                    &criterion.name.span,
                    message,
                    "declare `judged:` with the id of a `read` stage".to_owned(),
                );
                None
            }
        }
    }
}

pub(super) fn share(node: &Node, problems: &Problems) -> Option<f64> {
    let share = number(node, "min_coverage", problems)?;
    if (0.0..=1.0).contains(&share.value) {
        return Some(share.value);
    }
    let message = format!("`min_coverage` should be from 0 to 1, found {}", share.value);
    problems.report(&share.span, message, "write half as `0.5`".to_owned());
    None
}

fn entries<'n>(node: &'n Node, what: &str, problems: &Problems) -> Option<&'n [(Located<String>, Node)]> {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => Some(entries),
        _ => {
            problems.report(
                &node.span,
                format!("`{what}` should be a map with at least one entry, found {}", node.describe()),
                None,
            );
            None
        }
    }
}

fn groups(node: &Node, weights: Option<&Node>, problems: &Problems) -> Option<(Weights, Vec<Group>)> {
    let entries = entries(node, "groups", problems)?;
    let read: Option<Vec<(Member, Group)>> = entries.iter().map(|(name, node)| group(name, node, problems)).collect();
    let all = read.iter().flatten().flat_map(|(_, group)| &group.criteria).map(|criterion| &criterion.name);
    for name in entries.iter().map(|(name, _)| name) {
        named_well(name, "group", problems);
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for name in all {
        named_well(name, "criterion", problems);
        if !seen.insert(&name.value) {
            let message = format!("the criterion `{}` appears twice", name.value);
            problems.report(&name.span, message, "a sheet of judgements knows criteria by their name alone".to_owned());
        }
    }
    // Two groups of one name would be two columns of one name.
    let distinct = distinct(entries.iter().map(|(name, _)| name), "`groups`", problems);
    let (members, groups): (Vec<Member>, Vec<Group>) = read?.into_iter().unzip();
    let weights = weigh(weights, &members, "the scorecard", problems);
    distinct.then_some((weights, groups))
}

fn named_well(name: &Located<String>, what: &str, problems: &Problems) {
    if !is_identifier(&name.value) {
        let message = format!("the {what} `{}` should be made of letters, digits and `_`", name.value);
        problems.report(&name.span, message, None);
    }
}

fn group<'n>(name: &'n Located<String>, node: &'n Node, problems: &'n Problems) -> Option<(Member<'n>, Group)> {
    let owner = format!("group `{}`", name.value);
    let mut fields = Fields::open(node, &name.span, owner.clone(), problems)?;
    let (weight, weights) = (stated(&mut fields), fields.optional("weights"));
    let entries = fields.required("criteria").and_then(|node| entries(node, "criteria", problems));
    fields.finish();
    let read: Vec<(Member, Option<Criterion>)> =
        entries.unwrap_or_default().iter().filter_map(|(name, node)| criterion(name, node, problems)).collect();
    let (members, criteria): (Vec<Member>, Vec<Option<Criterion>>) = read.into_iter().unzip();
    let weights = weigh(weights, &members, &owner, problems);
    // What has a mistake is left out: the rest is checked all the same.
    let criteria = criteria.into_iter().flatten().collect();
    Some((Member { name, what: "group", weight }, Group { name: name.value.clone(), weights, criteria }))
}

/// A criterion as a member of its group; nothing inside where its basis has a mistake.
fn criterion<'n>(
    name: &'n Located<String>,
    node: &'n Node,
    problems: &'n Problems,
) -> Option<(Member<'n>, Option<Criterion>)> {
    let context = format!("criterion `{}`", name.value);
    let mut fields = Fields::open(node, &name.span, context.clone(), problems)?;
    let weight = stated(&mut fields);
    let (measure, judged) = (fields.optional_text("measure"), fields.flag("judged"));
    let scale = fields.optional("scale");
    fields.finish();
    let basis = match (measure, judged, scale) {
        (Some(measure), None | Some(false), Some(scale)) => {
            let stand_in = Scale::MinMax(Direction::Rising);
            Some(Basis::Measured(measure, Scale::decode(scale, problems).unwrap_or(stand_in)))
        }
        (None, Some(true), None) => Some(Basis::Judged),
        (measure, judged, scale) => {
            let (message, hint) = match (measure.is_some(), judged == Some(true), scale.is_some()) {
                (true, true, _) => ("is both measured and judged", "keep one of the two"),
                (true, false, _) => ("is measured but has no scale", "such as `scale: [[0, 1], [12, 10]]`"),
                (false, true, _) => ("is judged and needs no scale", "a judged score is a score already"),
                (false, false, _) => {
                    ("is neither measured nor judged", "add `measure: table.column` with a `scale`, or `judged: true`")
                }
            };
            problems.report(&name.span, format!("{context} {message}"), hint.to_owned());
            None
        }
    };
    let criterion = basis.map(|basis| Criterion { name: name.clone(), basis });
    Some((Member { name, what: "criterion", weight }, criterion))
}

//! How well a manager fits an account.

use super::sheets::{Levels, Manager};
use crate::pipeline::diagnostics::Problems;
use crate::pipeline::fields::Fields;
use crate::pipeline::node::Node;
use std::collections::{BTreeMap, BTreeSet};

/// What the parts of a fit weigh against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    pub skills: i64,
    pub region: i64,
    pub language: i64,
}

impl Default for Weights {
    fn default() -> Self {
        Self { skills: 60, region: 20, language: 20 }
    }
}

impl Weights {
    /// Reads the declared weights; what is left out weighs nothing.
    pub fn decode(node: &Node, problems: &Problems) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, "`fit`", problems)?;
        let [skills, region, language] = ["skills", "region", "language"].map(|part| fields.whole(part, 0..=100, 0));
        fields.finish();
        let weights = Self { skills: skills?, region: region?, language: language? };
        if weights.skills + weights.region + weights.language > 0 {
            return Some(weights);
        }
        let hint = "such as `fit: {skills: 60, region: 20, language: 20}`".to_owned();
        problems.report(&node.span, "`fit` gives nothing a weight", hint);
        None
    }
}

/// The fit of a manager and an account, and its parts; a part of which nothing is known is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fit {
    /// From 0 to 1.
    pub fit: Option<f64>,
    pub skills: Option<f64>,
    pub region: Option<bool>,
    pub language: Option<bool>,
}

/// Fits are compared in millionths, so that the last bits of a float do not decide.
const MILLION: f64 = 1e6;

impl Fit {
    /// Weighs the parts that are known.
    pub fn of(needs: &BTreeMap<&str, i64>, places: Places, manager: &Manager, weights: Weights) -> Self {
        let skills = skills_met(needs, &manager.levels);
        let region = in_common(places.regions, &manager.regions);
        let language = in_common(places.languages, &manager.languages);
        let as_number = |flag: bool| if flag { 1.0 } else { 0.0 };
        let parts = [
            (skills, weights.skills),
            (region.map(as_number), weights.region),
            (language.map(as_number), weights.language),
        ];
        let known = parts.iter().filter_map(|(part, weight)| part.map(|part| (part, *weight)));
        let (sum, total) =
            known.fold((0.0, 0), |(sum, total), (part, weight)| (sum + part * weight as f64, total + weight));
        Self { fit: (total > 0).then(|| sum / total as f64), skills, region, language }
    }

    /// In whole millionths; a fit of which nothing is known counts as none at all.
    pub fn millionths(&self) -> i64 {
        (self.fit.unwrap_or_default() * MILLION).round() as i64
    }
}

/// Where an account is at home and what is spoken there, as [`super::sheets::names`] has them.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    pub regions: &'a BTreeSet<String>,
    pub languages: &'a BTreeSet<String>,
}

/// Which part of the levels asked for is there; a level above the one asked for does not make up for another.
fn skills_met(needs: &BTreeMap<&str, i64>, levels: &Levels) -> Option<f64> {
    let met = |(skill, need): (&&str, &i64)| levels.get(*skill).copied().unwrap_or_default().min(*need);
    let (met, asked): (i64, i64) = (needs.iter().map(met).sum(), needs.values().sum());
    (asked > 0).then(|| met as f64 / asked as f64)
}

/// Whether two lists share a name; nothing where one of them is empty.
fn in_common(ours: &BTreeSet<String>, theirs: &BTreeSet<String>) -> Option<bool> {
    (!ours.is_empty() && !theirs.is_empty()).then(|| !ours.is_disjoint(theirs))
}

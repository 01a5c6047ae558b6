//! The stage kind `robustness`: whether other weights, or missing scores, would change the list.

mod draws;
mod field;
mod first;
mod flips;
mod simulation;
mod tables;

pub use draws::Draws;
pub use field::{Field, Levels};
pub use simulation::{Counts, Question, simulate};

use super::config::{Basis, Missing, Scorecard};
use super::list::{CLASSES, Line, Rule, between};
use super::overrides::{ACTIVE, TOTAL, decisions};
use super::scorecard::is_unknown;
use crate::failure::Failure;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Span};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::stages::Stage;
use crate::table::{Table, name_of};
use first::{Candidate, List, ask_first};
use std::collections::BTreeSet;
use tables::{Found, Names};

pub const MANUAL: &str = include_str!("../../../docs/stages/robustness.md");

/// Ranks that are told one by one, where the list is so long that twice its length is more.
const RANKS: usize = 500;

/// Accounts on either side of the line that are held against each other.
const PAIRS: usize = 5;

#[derive(Debug, Clone)]
pub struct Robustness {
    /// The scorecard.
    pub from: Located<String>,
    pub rule: Rule,
    /// Where the first class of the rule stands, if it asks for some.
    class_at: Option<Span>,
    pub draws: usize,
    /// How closely weights are drawn around the declared ones: the greater, the closer.
    pub concentration: f64,
    pub seed: u64,
}

impl Robustness {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let chosen = fields.required("chosen").and_then(|node| Rule::decode(node, fields.problems));
        let draws = fields.whole("draws", 100..=1_000_000, 10_000);
        let concentration = match fields.optional("concentration") {
            None => Some(50.0),
            Some(node) => between(node, "concentration", (1.0, 1e6), fields.problems),
        };
        let seed = fields.whole("seed", 0..=u32::MAX.into(), 1);
        let (rule, class_at) = chosen?;
        Some(Self {
            from: from?,
            rule,
            class_at,
            draws: usize::try_from(draws?).ok()?,
            concentration: concentration?,
            seed: u64::try_from(seed?).ok()?,
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.table_of_kind(&self.from, "scorecard")?;
        let Some(Stage::Scorecard(scorecard)) = scope.declared(&self.from.value) else { return None };
        let pareto = match &self.class_at {
            None => None,
            Some(class_at) => Some(pareto(class_at, scope)?),
        };
        let of_scorecard = |table: &str| name_of(&self.from.value, "scorecard", table);
        let job = Job {
            scorecard: self.from.value.clone(),
            contributions: of_scorecard("contributions"),
            overrides: scorecard.overrides.as_ref().map(|_| of_scorecard("overrides")),
            pareto,
            criteria: criteria(scorecard),
            levels: Levels::of(scorecard),
            missing: scorecard.missing,
            min_coverage: scorecard.min_coverage,
            robustness: self.clone(),
        };
        let names = Names::of(&id.value);
        let specs = tables::tables(&names, &Found::nothing()).into_iter().map(|table| table.spec).collect();
        let job = move |inputs: &Inputs| job.run(inputs, &names).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }

    /// Whether accounts of class A, B and C can be chosen.
    pub fn able(&self) -> [bool; 3] {
        CLASSES.map(|class| self.rule.classes.is_empty() || self.rule.classes.iter().any(|able| able == class))
    }
}

/// The table of the classes.
fn pareto(class_at: &Span, scope: &mut Scope) -> Option<String> {
    let pareto = scope.first_table_of_kind("pareto", 0);
    if pareto.is_none() {
        let message = "stage `robustness` chooses by class, but no stage above gives classes";
        scope.problems.report(class_at, message, "declare a stage `pareto` above".to_owned());
    }
    pareto
}

/// A criterion and where its scores come from.
fn criteria(scorecard: &Scorecard) -> Vec<(String, &'static str)> {
    let of_group = scorecard.groups.iter().flat_map(|group| &group.criteria);
    let source = |basis: &Basis| if matches!(basis, Basis::Judged) { "judged" } else { "measured" };
    of_group.map(|criterion| (criterion.name.value.clone(), source(&criterion.basis))).collect()
}

/// A stage whose scorecard is found.
struct Job {
    scorecard: String,
    contributions: String,
    overrides: Option<String>,
    /// The table of the classes, where the rule asks for some.
    pareto: Option<String>,
    criteria: Vec<(String, &'static str)>,
    levels: Levels,
    missing: Missing,
    min_coverage: f64,
    robustness: Robustness,
}

impl Job {
    fn run(&self, inputs: &Inputs, names: &Names) -> Result<Vec<Table>, Failure> {
        let scorecard = inputs.table(&self.scorecard)?;
        let (accounts, scores) = (scorecard.text("account"), scorecard.numbers("score"));
        let rated = scorecard.flags("rated");
        let known = known(inputs.table(&self.contributions)?);
        let pareto = self.pareto.as_ref().map(|pareto| inputs.table(pareto)).transpose()?;
        let able = self.robustness.rule.able(pareto);
        let overrides = self.overrides.as_ref().map(|overrides| inputs.table(overrides)).transpose()?;
        let decisions = overrides.map(decisions).unwrap_or_default();
        let can =
            |account: &str| able.as_ref().is_none_or(|able| able.contains(account)) && !decisions.contains_key(account);
        let rows: Vec<usize> = (0..accounts.len()).filter(|row| can(accounts[*row])).collect();
        let fixed = overrides.map(fixed).unwrap_or_default();
        let width = self.criteria.len();
        let candidates: Vec<Candidate> = rows
            .iter()
            .map(|row| Candidate {
                account: accounts[*row],
                known: &known[row * width..(row + 1) * width],
                rated: rated[*row],
                fixed: fixed.contains(accounts[*row]),
            })
            .collect();
        let scores: Vec<f64> = rows.iter().map(|row| scores[*row].unwrap_or_default()).collect();
        let line = self.robustness.rule.line.beside(&decisions);
        self.find(line, &candidates, &scores).map(|found| tables::tables(names, &found))
    }

    fn find<'a>(&'a self, line: Line, candidates: &[Candidate<'a>], scores: &[f64]) -> Result<Found<'a>, Failure> {
        let weights = self.levels.effective();
        let entering: Vec<usize> = (0..candidates.len()).filter(|place| candidates[*place].rated).collect();
        // Candidates are in the order of their accounts, which decides between equals.
        let (order, length) = line.ranked(&entering, scores);
        let mut ranks = vec![None; candidates.len()];
        for (rank, place) in order.iter().enumerate() {
            ranks[*place] = Some(rank + 1);
        }
        let inside: Vec<bool> = ranks.iter().map(|rank| rank.is_some_and(|rank| rank <= length)).collect();
        let at = |rank: Option<usize>| {
            rank.and_then(|rank| order.get(rank)).map(|place| (scores[*place], candidates[*place].account))
        };
        let list = List { line, last: at(length.checked_sub(1)), next: at(Some(length)), length };

        // A score that a person gave is the same under all weights: as if each criterion had it.
        let rows: Vec<Vec<Option<f64>>> = entering
            .iter()
            .map(|place| match candidates[*place] {
                Candidate { fixed: true, .. } => vec![Some(scores[*place]); weights.len()],
                candidate => candidate.known.to_vec(),
            })
            .collect();
        let field = Field::new(rows.iter().map(Vec::as_slice), weights.len(), self.missing);
        let place_in_field = |place: &usize| entering.binary_search(place).unwrap_or_default();
        let (on, off) = order.split_at(length);
        let near =
            |side: &mut dyn Iterator<Item = &usize>| side.take(PAIRS).map(place_in_field).collect::<Vec<usize>>();
        let (on, off) = (near(&mut on.iter().rev()), near(&mut off.iter()));
        let pairs: Vec<(usize, usize)> = on.iter().flat_map(|on| off.iter().map(move |off| (*on, *off))).collect();
        let question =
            Question { draws: self.robustness.draws, line, ranks: (2 * length).min(RANKS).min(field.len()), pairs };
        let draws = Draws::new(&self.levels, self.robustness.concentration, self.robustness.seed)?;
        let counts = simulate(&field, &draws, &question);
        let inside_field: Vec<bool> = entering.iter().map(|place| inside[*place]).collect();
        Ok(Found {
            accounts: entering.iter().map(|place| candidates[*place].account).collect(),
            ranks: entering.iter().map(|place| ranks[*place].unwrap_or_default()).collect(),
            flips: flips::flips(&field, &weights, line, &inside_field),
            chosen: inside_field,
            asks: ask_first(candidates, &inside, &list, &weights, (self.missing, self.min_coverage)),
            candidates: candidates.iter().map(|candidate| candidate.account).collect(),
            criteria: &self.criteria,
            weights,
            question,
            counts,
        })
    }
}

/// Accounts whose whole score a person gave.
fn fixed(overrides: &Table) -> BTreeSet<&str> {
    let rows = overrides.text("account").into_iter().zip(overrides.text("what")).zip(overrides.text("status"));
    let acting = rows.filter(|((_, what), status)| *what == TOTAL && *status == ACTIVE);
    acting.map(|((account, _), _)| account).collect()
}

/// The known scores of all accounts, one after another: what was assumed is as missing as what was left out.
fn known(contributions: &Table) -> Vec<Option<f64>> {
    let sources = contributions.text("source").into_iter();
    sources.zip(contributions.numbers("score")).map(|(source, score)| score.filter(|_| !is_unknown(source))).collect()
}

//! The stage kind `robustness`: whether other weights, or missing scores, would change the list.

mod draws;
mod field;
mod first;
mod flips;
mod simulation;
mod tables;

pub use draws::Draws;
pub use field::{Field, Levels};
pub use simulation::{Counts, Line, Question, simulate};

use super::config::{Basis, Missing, Scorecard};
use crate::failure::Failure;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::pipeline::fields::{Fields, number, whole};
use crate::pipeline::node::Node;
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

/// The classes of `pareto`.
const CLASSES: [&str; 3] = ["A", "B", "C"];

#[derive(Debug, Clone)]
pub struct Robustness {
    /// The scorecard.
    pub from: Located<String>,
    pub line: Line,
    /// Only accounts of these classes can be chosen; of any where there are none.
    pub classes: Vec<Located<String>>,
    pub draws: usize,
    /// How closely weights are drawn around the declared ones: the greater, the closer.
    pub concentration: f64,
    pub seed: u64,
}

impl Robustness {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let chosen = fields.required("chosen").and_then(|node| chosen(node, fields.problems));
        let draws = fields.whole("draws", 100..=1_000_000, 10_000);
        let concentration = match fields.optional("concentration") {
            None => Some(50.0),
            Some(node) => between(node, "concentration", (1.0, 1e6), fields.problems),
        };
        let seed = fields.whole("seed", 0..=u32::MAX.into(), 1);
        let (line, classes) = chosen?;
        Some(Self {
            from: from?,
            line,
            classes,
            draws: usize::try_from(draws?).ok()?,
            concentration: concentration?,
            seed: u64::try_from(seed?).ok()?,
        })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.table_of_kind(&self.from, "scorecard")?;
        let Some(Stage::Scorecard(scorecard)) = scope.declared(&self.from.value) else { return None };
        let classes = match self.classes.first() {
            None => None,
            Some(class) => Some(self.pareto(class, scope)?),
        };
        let of_scorecard = |table: &str| name_of(&self.from.value, "scorecard", table);
        let job = Job {
            scorecard: self.from.value.clone(),
            contributions: of_scorecard("contributions"),
            overrides: scorecard.overrides.as_ref().map(|_| of_scorecard("overrides")),
            classes,
            criteria: criteria(scorecard),
            levels: Levels::of(scorecard),
            missing: scorecard.missing,
            min_coverage: scorecard.min_coverage,
            robustness: self.clone(),
        };
        let names = Names::of(&id.value);
        let specs = tables::tables(&names, &Found::nothing()).into_iter().map(|table| table.spec).collect();
        let job = move |inputs: &Inputs| job.run(inputs, &names).map(Product::Tables);
        Some(Bound { signature: Signature::Tables(specs), job: Box::new(job) })
    }

    /// Whether accounts of class A, B and C can be chosen.
    pub fn able(&self) -> [bool; 3] {
        CLASSES.map(|class| self.classes.is_empty() || self.classes.iter().any(|able| able.value == class))
    }

    /// The table of the classes, and those that can be chosen.
    fn pareto(&self, class: &Located<String>, scope: &mut Scope) -> Option<(String, BTreeSet<String>)> {
        let Some(pareto) = scope.first_table_of_kind("pareto", 0) else {
            let message = format!("{} chooses by class, but no stage above gives classes", "stage `robustness`");
            scope.problems.report(&class.span, message, "declare a stage `pareto` above".to_owned());
            return None;
        };
        Some((pareto, self.classes.iter().map(|class| class.value.clone()).collect()))
    }
}

/// A criterion and where its scores come from.
fn criteria(scorecard: &Scorecard) -> Vec<(String, &'static str)> {
    let of_group = scorecard.groups.iter().flat_map(|group| &group.criteria);
    let source = |basis: &Basis| if matches!(basis, Basis::Judged) { "judged" } else { "measured" };
    of_group.map(|criterion| (criterion.name.value.clone(), source(&criterion.basis))).collect()
}

fn chosen(node: &Node, problems: &Problems) -> Option<(Line, Vec<Located<String>>)> {
    let mut fields = Fields::open(node, &node.span, "`chosen`", problems)?;
    let (top, score) = (fields.optional("top"), fields.optional("score"));
    let classes = match fields.optional("class") {
        None => Some(Vec::new()),
        Some(_) => fields.optional_texts("class"),
    };
    fields.finish();
    let mut known = true;
    for class in classes.iter().flatten().filter(|class| !CLASSES.contains(&class.value.as_str())) {
        let message = format!("there is no class `{}`", class.value);
        problems.report(&class.span, message, did_you_mean(&class.value, CLASSES));
        known = false;
    }
    let line = match (top, score) {
        (Some(top), None) => {
            whole(top, "top", 1..=1_000_000, problems).and_then(|top| usize::try_from(top).ok()).map(Line::Top)
        }
        (None, Some(score)) => between(score, "score", (1.0, 10.0), problems).map(Line::Score),
        (top, _) => {
            let found = if top.is_some() { "both" } else { "neither" };
            let message = format!("`chosen` should say either `top` or `score`, found {found}");
            problems.report(&node.span, message, "such as `chosen: {top: 20}` or `chosen: {score: 6.5}`".to_owned());
            None
        }
    };
    Some((line?, classes?)).filter(|_| known)
}

fn between(node: &Node, key: &str, (low, high): (f64, f64), problems: &Problems) -> Option<f64> {
    let found = number(node, key, problems)?;
    if (low..=high).contains(&found.value) {
        return Some(found.value);
    }
    problems.report(&found.span, format!("`{key}` should be from {low} to {high}, found {}", node.raw), None);
    None
}

/// A stage whose scorecard is found.
struct Job {
    scorecard: String,
    contributions: String,
    overrides: Option<String>,
    classes: Option<(String, BTreeSet<String>)>,
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
        let fixed = self.fixed(inputs)?;
        let able = self.able(inputs)?;
        let rows: Vec<usize> =
            (0..accounts.len()).filter(|row| able.as_ref().is_none_or(|able| able.contains(accounts[*row]))).collect();
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
        self.find(&candidates, &scores).map(|found| tables::tables(names, &found))
    }

    /// Accounts whose whole score a person gave.
    fn fixed<'t>(&self, inputs: &'t Inputs) -> Result<BTreeSet<&'t str>, Failure> {
        let Some(overrides) = &self.overrides else { return Ok(BTreeSet::new()) };
        let overrides = inputs.table(overrides)?;
        let rows = overrides.text("account").into_iter().zip(overrides.text("what")).zip(overrides.text("status"));
        let acting = rows.filter(|((_, what), status)| *what == super::overrides::TOTAL && *status == "active");
        Ok(acting.map(|((account, _), _)| account).collect())
    }

    /// Accounts of the classes that can be chosen; nothing where all can.
    fn able<'t>(&self, inputs: &'t Inputs) -> Result<Option<BTreeSet<&'t str>>, Failure> {
        let Some((table, classes)) = &self.classes else { return Ok(None) };
        let table = inputs.table(table)?;
        let of_class = table.text("account").into_iter().zip(table.text("class"));
        Ok(Some(of_class.filter(|(_, class)| classes.contains(*class)).map(|(account, _)| account).collect()))
    }

    fn find<'a>(&'a self, candidates: &[Candidate<'a>], scores: &[f64]) -> Result<Found<'a>, Failure> {
        let line = self.robustness.line;
        let weights = self.levels.effective();
        let entering: Vec<usize> = (0..candidates.len()).filter(|place| candidates[*place].rated).collect();
        let mut order = entering.clone();
        // Candidates are in the order of their accounts, which the sort keeps between equals.
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let length = match line {
            Line::Top(count) => count.min(order.len()),
            // The last bits of a sum must not decide.
            Line::Score(score) => order.iter().filter(|place| scores[**place] + 1e-9 >= score).count(),
        };
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

/// The known scores of all accounts, one after another: what was assumed is as missing as what was left out.
fn known(contributions: &Table) -> Vec<Option<f64>> {
    let is_known = |source: &str| !matches!(source, "missing" | "neutral" | "pessimistic");
    let sources = contributions.text("source").into_iter();
    sources.zip(contributions.numbers("score")).map(|(source, score)| score.filter(|_| is_known(source))).collect()
}

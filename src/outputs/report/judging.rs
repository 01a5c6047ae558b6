//! Who judged what, where raters disagree, and what people decided in place of computed scores.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Listing;
use super::account::{Accounts, called};
use crate::scoring::overrides::{ACTIVE, DECISION};
use crate::table::Table;

/// Raters this far apart, in points of ten, do not mean the same.
const APART: f64 = 3.0;

/// The section on judgements that count.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judging {
    pub scores: usize,
    /// Those who judged most, first.
    pub raters: Listing<Rater>,
    /// How many criteria of an account several raters judged, and in how many they are far apart.
    pub shared: usize,
    pub apart: usize,
    /// Those in which raters differ, the furthest apart first.
    pub disagreements: Listing<Disagreement>,
}

/// What one rater gave that counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rater {
    /// Empty where the sheet names nobody.
    pub rater: String,
    pub scores: usize,
    pub accounts: usize,
    pub mean: f64,
    pub newest: Option<i32>,
}

/// What several raters said of one criterion of an account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    pub name: String,
    pub criterion: String,
    pub raters: i64,
    pub lowest: f64,
    pub highest: f64,
    pub score: f64,
}

/// What a rater gave, before it is counted.
#[derive(Debug, Default)]
struct Given<'a> {
    accounts: BTreeSet<&'a str>,
    scores: Vec<f64>,
    newest: Option<i32>,
}

pub(super) fn judging(judgements: &Table, spread: &Table, accounts: &Accounts, top: usize) -> Option<Judging> {
    let used = judgements.flags("used");
    let figures = judgements.numbers("score").into_iter().zip(judgements.dates("date"));
    let keys = judgements.text("rater").into_iter().zip(judgements.text("account"));
    let mut raters: BTreeMap<&str, Given> = BTreeMap::new();
    for (((rater, account), (score, date)), _) in keys.zip(figures).zip(&used).filter(|(_, used)| **used) {
        let entry = raters.entry(rater).or_default();
        entry.accounts.insert(account);
        entry.scores.extend(score);
        entry.newest = entry.newest.max(date);
    }
    let scores: usize = raters.values().map(|given| given.scores.len()).sum();
    let rater = |(rater, given): (&str, Given)| Rater {
        rater: rater.to_owned(),
        scores: given.scores.len(),
        accounts: given.accounts.len(),
        mean: given.scores.iter().sum::<f64>() / given.scores.len() as f64,
        newest: given.newest,
    };
    let mut raters: Vec<Rater> = raters.into_iter().map(rater).collect();
    raters.sort_by(|a, b| (b.scores, &a.rater).cmp(&(a.scores, &b.rater)));
    let spreads = spread.numbers("spread");
    let several = spread.integers("raters").into_iter().zip(&spreads).filter(|(raters, _)| *raters > Some(1));
    let apart = several.clone().filter(|(_, spread)| spread.is_some_and(|spread| spread >= APART)).count();
    (scores > 0).then(|| Judging {
        scores,
        raters: Listing::cut(raters, top),
        shared: several.count(),
        apart,
        disagreements: Listing::cut(disagreements(spread, accounts), top),
    })
}

fn disagreements(spread: &Table, accounts: &Accounts) -> Vec<Disagreement> {
    let (keys, criteria) = (spread.text("account"), spread.text("criterion"));
    let (raters, spreads) = (spread.integers("raters"), spread.numbers("spread"));
    let (lowest, highest, scores) = (spread.numbers("lowest"), spread.numbers("highest"), spread.numbers("score"));
    let mut rows: Vec<usize> = (0..spread.rows()).filter(|row| spreads[*row] > Some(0.0)).collect();
    // The table is in order of account and criterion, which a stable sort keeps among equals.
    rows.sort_by(|a, b| spreads[*b].unwrap_or_default().total_cmp(&spreads[*a].unwrap_or_default()));
    let disagreement = |row: usize| Disagreement {
        name: called(keys[row], accounts),
        criterion: criteria[row].to_owned(),
        raters: raters[row].unwrap_or_default(),
        lowest: lowest[row].unwrap_or_default(),
        highest: highest[row].unwrap_or_default(),
        score: scores[row].unwrap_or_default(),
    };
    rows.into_iter().map(disagreement).collect()
}

/// The section on overrides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Overrides {
    pub active: Vec<Override>,
    /// Those that do not act, with the reason as their status.
    pub resting: Vec<Override>,
}

/// A person's word in place of what was computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Override {
    pub name: String,
    /// A criterion, `score` for the whole, or `decision` for the list.
    pub what: String,
    pub value: Option<f64>,
    /// `always` or `never` on the list.
    pub decision: Option<String>,
    pub who: String,
    pub why: String,
    pub until: Option<i32>,
    pub status: String,
    pub was: Option<f64>,
    pub is: Option<f64>,
}

pub(super) fn overrides(table: &Table, accounts: &Accounts) -> Option<Overrides> {
    let (active, resting): (Vec<Override>, Vec<Override>) =
        decided(table, accounts).into_iter().partition(|row| row.status == ACTIVE);
    (table.rows() > 0).then_some(Overrides { active, resting })
}

/// The rows of the overrides, also those that do not act.
pub(super) fn decided(table: &Table, accounts: &Accounts) -> Vec<Override> {
    let (keys, what, status) = (table.text("account"), table.text("what"), table.text("status"));
    let (who, why, until) = (table.text("who"), table.text("why"), table.dates("until"));
    let (value, was, is) = (table.numbers("value"), table.numbers("was"), table.numbers("is"));
    let decision = table.optional_text("decision");
    let row = |row: usize| Override {
        name: called(keys[row], accounts),
        what: what[row].to_owned(),
        value: value[row],
        decision: decision[row].map(str::to_owned),
        who: who[row].to_owned(),
        why: why[row].to_owned(),
        until: until[row],
        status: status[row].to_owned(),
        was: was[row],
        is: is[row],
    };
    (0..table.rows()).map(row).collect()
}

/// The accounts on whose scores an override acts.
pub(super) fn overridden(table: &Table) -> BTreeSet<&str> {
    let rows = table.text("account").into_iter().zip(table.text("status")).zip(table.text("what"));
    rows.filter(|((_, status), what)| *status == ACTIVE && *what != DECISION).map(|((account, _), _)| account).collect()
}

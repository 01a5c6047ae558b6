//! Why an account stands where it stands: from its invoices to its score, out of the tables that a run has left.

mod account;
mod json;
mod reach;
mod told;

pub use account::find;
pub use json::as_json;
pub use told::as_text;

use crate::failure::Failure;
use crate::outputs::runs::Run;
use crate::scoring::list::Rule;
use crate::scoring::overrides::Decision;
use crate::table::{Table, name_of};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// All that a run says of one account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explained {
    pub pipeline: String,
    pub run: String,
    pub as_of: String,
    pub currency: String,
    pub decimals: u32,
    pub account: String,
    pub name: Option<String>,
    pub segment: Option<String>,
    /// The fiscal years with accepted lines, the oldest first.
    pub years: Vec<Year>,
    pub growth: Option<Growth>,
    pub standing: Option<Standing>,
    pub margin: Option<Margin>,
    pub score: Option<Score>,
    pub selection: Option<Selection>,
    pub overrides: Vec<Override>,
    pub robustness: Option<Robustness>,
    /// The missing scores that could bring the account onto the list or off it, the first to ask for first.
    pub ask_first: Vec<Ask>,
    /// Tables that would say more, and that the run did not publish.
    pub absent: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Year {
    pub year: i64,
    /// Whole minor units.
    pub revenue: i64,
    /// Over the year before; nothing where one of the two is not complete, or the one before not above zero.
    pub growth: Option<f64>,
    pub invoices: Option<i64>,
    pub lines: Option<i64>,
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    pub cagr: Option<f64>,
    pub intervals: Option<i64>,
    pub status: String,
    pub constant: bool,
}

/// The place of an account by revenue.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub revenue: i64,
    pub rank: Option<i64>,
    /// How many accounts are ranked.
    pub ranked: usize,
    pub share: Option<f64>,
    pub cum_share: Option<f64>,
    pub class: String,
    pub cutoff: i64,
    /// The least revenue with which the account is in class A, all others as they are.
    pub needed: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Margin {
    pub gross: Option<i64>,
    pub cost_to_serve: Option<i64>,
    pub net: Option<i64>,
    pub ratio: Option<f64>,
    pub rank: Option<i64>,
    pub accounts: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    pub score: Option<f64>,
    pub rank: Option<i64>,
    pub rated: bool,
    /// How many accounts are rated.
    pub rated_accounts: usize,
    pub coverage: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub groups: Vec<(String, Option<f64>)>,
    pub criteria: Vec<Criterion>,
    pub reach: Option<Reach>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    pub group: String,
    pub criterion: String,
    /// `measured`, `judged`, `override`, `missing`, `neutral` or `pessimistic`.
    pub source: String,
    pub value: Option<f64>,
    /// Whether the value is a fraction, to be shown as a percentage.
    pub is_ratio: bool,
    pub score: Option<f64>,
    pub weight: f64,
    pub contribution: f64,
}

/// What it would take to come onto the list, or to fall off it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    pub rule: Rule,
    pub listed: bool,
    /// What a person decided, whatever the score.
    pub decided: Option<Decision>,
    /// Among the accounts that can be chosen; nothing where the account cannot be, whatever its score.
    pub rank: Option<usize>,
    /// How far the score is from where that changes, in points; nothing where no score changes it.
    pub gap: Option<f64>,
    /// Single scores that would change it, the smallest step first: the criterion, its score now and then.
    pub steps: Vec<(String, f64, f64)>,
}

/// What a stage `select` decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// `key`, `entered`, `left`, `waiting`, `watch` or `none`.
    pub status: String,
    pub key: bool,
    pub rank: Option<i64>,
    pub waiting_position: Option<i64>,
    /// In words, in the language of the pipeline, and as codes.
    pub reasons: Vec<String>,
    pub codes: Vec<String>,
    pub without_hysteresis: bool,
    pub manager: Option<String>,
    /// Days since 1970-01-01.
    pub since: Option<i32>,
    pub review: Option<i32>,
    pub decided: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    pub what: String,
    pub value: Option<f64>,
    /// `always` or `never`, where it is about the list and not about a score.
    pub decision: Option<String>,
    pub who: String,
    pub why: String,
    /// Days since 1970-01-01.
    pub until: Option<i32>,
    pub status: String,
    pub was: Option<f64>,
}

/// What drawn weights make of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Robustness {
    /// With the weights as declared.
    pub chosen: bool,
    /// Part of the draws in which it is on the list.
    pub p_key: Option<f64>,
    pub rank_p05: Option<i64>,
    pub rank_p50: Option<i64>,
    pub rank_p95: Option<i64>,
    pub flip: Option<Flip>,
}

/// The smallest change of one weight that brings the account onto the list or off it.
#[derive(Debug, Clone, PartialEq)]
pub struct Flip {
    pub criterion: String,
    /// What to add to the effective weight of the criterion, and what it is then: fractions.
    pub delta: f64,
    pub weight: f64,
}

/// A missing score that could change the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub criterion: String,
    /// Whether the account would come onto the list from the turning score on; else it would fall off it below.
    pub enters: bool,
    pub turning_score: Option<f64>,
    /// The part of the scale that changes the list.
    pub part_of_scale: Option<f64>,
}

/// The tables of a run, found by the kinds of its stages; it keeps what it did not find.
struct Tables<'r> {
    run: &'r Run,
    absent: RefCell<BTreeSet<String>>,
}

impl<'r> Tables<'r> {
    /// The record of the first stage of a kind.
    fn stage(&self, kind: &str) -> Option<&'r Value> {
        let stages = self.run.record.get("stages")?.as_array()?;
        stages.iter().find(|stage| stage.get("kind").and_then(Value::as_str) == Some(kind))
    }

    /// A table of the first stage of a kind: its main one, or one of its further ones.
    fn table(&self, kind: &str, further: Option<&str>) -> Result<Option<Table>, Failure> {
        let Some(id) = self.stage(kind).and_then(|stage| stage.get("id")?.as_str()) else { return Ok(None) };
        let name = further.map_or_else(|| id.to_owned(), |table| name_of(id, kind, table));
        let made = self.stage(kind).and_then(|stage| stage.get("tables")?.as_array()).into_iter().flatten();
        let is_made = made.filter_map(|table| table.get("name")?.as_str()).any(|made| made == name);
        let table = self.run.table(&name)?;
        if is_made && table.is_none() {
            self.absent.borrow_mut().insert(name);
        }
        Ok(table)
    }

    /// What the pipeline declares for a key of the first stage of a kind.
    fn declared(&self, kind: &str, key: &str) -> Option<&'r Value> {
        let stages = self.run.record.get("settings")?.get("stages")?.as_array()?;
        stages.iter().find_map(|stage| stage.get(kind))?.get(key)
    }

    /// A setting of the pipeline, as it was written.
    fn setting(&self, key: &str) -> Option<&'r str> {
        self.run.record.get("settings")?.get(key)?.as_str()
    }

    /// Which accounts are on the list of the first scorecard, as a selection has it or robustness.
    fn rule(&self, selection: Option<&Selection>) -> Rule {
        let scorecard = self.stage("scorecard").and_then(|stage| stage.get("id")?.as_str()).unwrap_or_default();
        let settings = self.run.record.get("settings").unwrap_or(&Value::Null);
        let selected = selection.and_then(|selection| Rule::of_selection(settings, selection.key));
        selected.or_else(|| Rule::of_content(settings, scorecard)).unwrap_or_default()
    }
}

/// The row of an account.
fn row_of(table: &Table, account: &str) -> Option<usize> {
    table.text("account").iter().position(|key| *key == account)
}

/// Gathers what the run says of an account.
///
/// # Errors
/// Where a table of the run is damaged.
pub fn explain(run: &Run, account: &str) -> Result<Explained, Failure> {
    let tables = Tables { run, absent: RefCell::default() };
    let text = |key: &str| run.record.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, segment) = account::name(&tables, account)?;
    let standing = account::standing(&tables, account)?;
    let selection = account::selection(&tables, account)?;
    let explained = Explained {
        pipeline: run.pipeline().to_owned(),
        run: run.id().to_owned(),
        as_of: text("as_of"),
        currency: text("currency"),
        decimals: tables.setting("decimals").and_then(|decimals| decimals.parse().ok()).unwrap_or(2),
        account: account.to_owned(),
        name,
        segment,
        years: account::years(&tables, account)?,
        growth: account::growth(&tables, account)?,
        standing,
        margin: account::margin(&tables, account)?,
        score: account::score(&tables, account, selection.as_ref())?,
        selection,
        overrides: account::overrides(&tables, account)?,
        robustness: account::robustness(&tables, account)?,
        ask_first: account::ask_first(&tables, account)?,
        absent: BTreeSet::new(),
    };
    Ok(Explained { absent: tables.absent.into_inner(), ..explained })
}

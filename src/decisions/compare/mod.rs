//! The stage kind `compare`: what has changed since an earlier run, and why.

pub mod changes;
pub mod comparison;
pub mod decompose;
pub mod drivers;
pub mod reasons;
pub mod restated;
pub mod side;
pub mod tables;

use crate::calendar::parse_day;
use crate::failure::Failure;
use crate::outputs::history::Review;
use crate::outputs::locale::Language;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, did_you_mean};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::stages::Stage;
use crate::table::{Table, name_of};
use changes::{Kind, Membership, standings};
use drivers::Drivers;
use rayon::prelude::*;
use reasons::{Weights, Words};
use side::{Declared, Side, Tables};
use std::collections::{BTreeMap, BTreeSet};
use tables::{Change, Found, Names};

pub const MANUAL: &str = include_str!("../../../docs/stages/compare.md");

/// The declaration of a `compare` stage.
#[derive(Debug, Clone)]
pub struct Compare {
    /// The scorecard.
    pub from: Located<String>,
    /// The stage that says who is on the list; where left out, the list is the best by score.
    pub selection: Option<Located<String>>,
    pub history: Located<String>,
    /// The earlier run to compare with, by its id or its as-of day; the last one where left out.
    pub with: Option<Located<String>>,
}

/// The names of the tables of this run.
#[derive(Debug, Clone, Default)]
struct Sources {
    scorecard: String,
    judgements: Option<String>,
    overrides: Option<String>,
    selection: Option<String>,
    pareto: Option<String>,
    account_years: Option<String>,
    file_years: Option<String>,
    accounts: Option<String>,
}

impl Compare {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, history) = (fields.text("from"), fields.text("history"));
        let (selection, with) = (fields.optional_text("selection"), fields.optional_text("with"));
        Some(Self { from: from?, selection, history: history?, with })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let scorecard = scope.table_of_kind(&self.from, "scorecard").is_some();
        let selection = match &self.selection {
            None => Some(None),
            Some(selection) => scope.table_of_kind(selection, "select").map(|spec| Some(spec.name.clone())),
        };
        let known = scope.history(&self.history).and_then(|reviews| self.find(reviews, scope));
        let (selection, ()) = (selection?, known?);
        if !scorecard {
            return None;
        }
        let Some(Stage::Scorecard(card)) = scope.declared(&self.from.value) else { return None };
        // They know the as-of day, for the list as for the comparison.
        let years = card.account_years(scope)?;
        scope.accounts(&years)?;
        let further =
            |table: &str| Some(name_of(&self.from.value, "scorecard", table)).filter(|name| scope.is_table(name));
        let (judgements, overrides) = (further("judgements"), further("overrides"));
        let sources = Sources {
            scorecard: self.from.value.clone(),
            judgements,
            overrides,
            selection,
            pareto: scope.first_table_of_kind("pareto", 0),
            account_years: scope.first_table_of_kind("account_years", 0),
            file_years: scope.first_named_table("ledger", "file_years"),
            accounts: scope.first_table_of_kind("accounts", 0),
        };
        let names = Names::of(&id.value);
        let specs = tables::tables(&names, &Found::default()).into_iter().map(|table| table.spec).collect();
        let declared = Declared::of_content(scope.content, &self.from.value);
        let (compare, language) = (self.clone(), scope.settings.language);
        let pipeline = scope.settings.name.clone();
        let job = move |inputs: &Inputs| {
            let as_of = inputs.accounts(&years.value)?.1.as_of;
            let Some(review) = compare.review(inputs, as_of)? else {
                return Ok(Product::Tables(tables::tables(&names, &Found::default())));
            };
            let was = Side::published(&review.run, Some(&sources.scorecard))?;
            let is = Side {
                run: None,
                pipeline: pipeline.clone(),
                as_of: Some(as_of),
                declared: declared.clone(),
                tables: sources.tables(inputs)?,
                lacking: BTreeMap::new(),
            };
            Ok(Product::Tables(tables::tables(&names, &compared(&was, &is, language)?)))
        };
        Some(Bound::of(Signature::Tables(specs), job))
    }

    /// Reports a run to compare with that the history does not hold.
    fn find(&self, reviews: &[String], scope: &Scope) -> Option<()> {
        let Some(with) = &self.with else { return Some(()) };
        if reviews.iter().any(|review| is_meant(&with.value, review)) {
            return Some(());
        }
        let message = format!("`{}` holds no run `{}`", self.history.value, with.value);
        let hint = did_you_mean(&with.value, reviews.iter().map(String::as_str));
        let hint = hint.or_else(|| Some("give a run id, or the as-of day of a run, or leave `with` out".to_owned()));
        scope.problems.report(&with.span, message, hint);
        None
    }

    /// The earlier run to compare with; none for the first run.
    fn review<'i>(&self, inputs: &'i Inputs, as_of: i32) -> Result<Option<&'i Review>, Failure> {
        let history = inputs.history(&self.history.value)?;
        let Some(with) = &self.with else { return Ok(history.previous(as_of)) };
        let found = history.before(as_of).iter().rfind(|review| is_meant(&with.value, review.run.id()));
        found.map(Some).ok_or_else(|| Failure::Data {
            message: format!(
                "the run `{}` is not of a day before this run's, {}",
                with.value,
                crate::calendar::iso(as_of)
            ),
            hint: Some("a run is compared with earlier ones; `vitalfew diff` compares any two".to_owned()),
        })
    }
}

/// Whether a run is meant by its id or by its as-of day, with which the id starts.
fn is_meant(asked: &str, run: &str) -> bool {
    asked == run || parse_day(asked, "%Y-%m-%d").is_some() && run.starts_with(asked)
}

impl Sources {
    fn tables(&self, inputs: &Inputs) -> Result<Tables, Failure> {
        // Frames share their columns: to hold one more costs nothing.
        let table = |name: &str| inputs.table(name).cloned();
        let optional =
            |name: &Option<String>| -> Result<Option<Table>, Failure> { name.as_deref().map(table).transpose() };
        let of_scorecard = |further: &str| table(&name_of(&self.scorecard, "scorecard", further));
        Ok(Tables {
            scorecard: Some(table(&self.scorecard)?),
            contributions: Some(of_scorecard("contributions")?),
            weights: Some(of_scorecard("weights")?),
            judgements: optional(&self.judgements)?,
            overrides: optional(&self.overrides)?,
            selection: optional(&self.selection)?,
            pareto: optional(&self.pareto)?,
            account_years: optional(&self.account_years)?,
            file_years: optional(&self.file_years)?,
            accounts: optional(&self.accounts)?,
        })
    }
}

/// Holds two runs against each other.
///
/// # Errors
/// Where the words of the program cannot be loaded.
pub fn compared<'t>(was: &'t Side, is: &'t Side, language: Language) -> Result<Found<'t>, Failure> {
    let words = Words::of(language)?;
    let (before, now) = Membership::of(was, is);
    let (old, new) = (standings(was, &before), standings(is, &now));
    let drivers = Drivers::of(was, is);
    let weights = drivers.as_ref().map(|drivers| Weights::between(&drivers.criteria));
    let accounts: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let change = |account: &&'t str| {
        let (was, is) = (old.get(account).copied(), new.get(account).copied());
        let scores = was.and_then(|was| was.score).zip(is.and_then(|is| is.score));
        let found = drivers.as_ref().zip(scores).and_then(|(drivers, (was, is))| drivers.drivers(account, was, is));
        let reasons = match found.as_ref().zip(weights.as_ref()) {
            Some((found, weights)) => words.reasons(found, weights)?,
            None => None,
        };
        Ok(Change {
            account,
            kind: Kind::of(was.as_ref(), is.as_ref()),
            was,
            is,
            delta: scores.map(|(was, is)| is - was),
            drivers: found,
            reasons,
        })
    };
    let changes = accounts.par_iter().map(change).collect::<Result<Vec<_>, Failure>>()?;
    let years = restated::years(was, is);
    let restated = |key, was: Option<&'t Table>, is: Option<&'t Table>| {
        let both = was.zip(is).filter(|_| !years.is_empty());
        both.map(|(was, is)| restated::restated(was, is, key, &years)).unwrap_or_default()
    };
    let same_money = was.declared.has_same_money(&is.declared);
    let (restatements, restated_files) = match same_money {
        false => (Vec::new(), Vec::new()),
        true => (
            restated("account", was.tables.account_years.as_ref(), is.tables.account_years.as_ref()),
            restated("file", was.tables.file_years.as_ref(), is.tables.file_years.as_ref()),
        ),
    };
    let sheets = was.tables.judgements.as_ref().zip(is.tables.judgements.as_ref());
    Ok(Found {
        changes,
        restatements,
        restated_files,
        judgements: sheets.map(|(was, is)| restated::judged(was, is)).unwrap_or_default(),
        facts: comparison::facts(was, is, (&before, &now), &words)?,
    })
}

#[cfg(test)]
mod tests;

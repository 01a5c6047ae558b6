//! The stage kind `backtest`: how the accounts chosen at past year-ends fared afterwards.
//!
//! The same stages judge the past: those above `select` are run again on the ledger as it was closed at each year-end,
//! and the reviews follow one another, so that an account leaves and enters as it would have.

pub mod fared;
pub mod tables;

use super::select::{Before, Choosing};
use crate::calendar::{FiscalCalendar, iso};
use crate::failure::Failure;
use crate::ledger::period::Period;
use crate::measures::accounts::attribute;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::replay::Replay;
use crate::stages::Stage;
use crate::table::{Table, name_of};
use fared::Course;
use std::collections::BTreeSet;

pub const MANUAL: &str = include_str!("../../../docs/stages/backtest.md");

#[derive(Debug, Clone)]
pub struct Backtest {
    /// The `select` stage.
    pub from: Located<String>,
    /// How many past year-ends at most.
    pub years: i32,
    /// How many years after each are looked at.
    pub follow: i32,
}

impl Backtest {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let (years, follow) = (fields.whole("years", 1..=30, 5), fields.whole("follow", 1..=10, 1));
        // A mistake in a number is no reason not to check the wiring.
        let number = |number: Option<i64>| number.and_then(|number| i32::try_from(number).ok()).unwrap_or(1);
        Some(Self { from: from?, years: number(years), follow: number(follow) })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.table_of_kind(&self.from, "select")?;
        let Some(Stage::Select(select)) = scope.declared(&self.from.value) else { return None };
        let Some(Stage::Scorecard(scorecard)) = scope.declared(&select.from.value) else { return None };
        let account_years = scorecard.account_years(scope)?;
        scope.account_years(&account_years)?;
        let account_years = account_years.value;
        let choosing = select.choosing(&self.from.value, scope)?;
        let pareto = scope.first_of_kind("pareto");
        let classes = scope.first_table_of_kind("pareto", 0);
        let replay = scope.replay(&self.from.value, pareto)?;
        refuse_what_has_no_past(id, &replay, scope)?;
        let skipped = name_of(&id.value, "backtest", "backtest_skipped");
        let specs = vec![tables::backtest(&id.value, &[]).spec, tables::skipped(&skipped, &[]).spec];
        let names = (id.value.clone(), skipped);
        let job = Job { names, years: self.years, follow: self.follow, account_years, choosing, classes, replay };
        let job = move |inputs: &Inputs| job.run(inputs).map(Product::Tables);
        Some(Bound::of(Signature::Tables(specs), job))
    }
}

/// Reports the stages whose past cannot be told from what is known today.
fn refuse_what_has_no_past(id: &Located<String>, replay: &Replay, scope: &Scope) -> Option<()> {
    let mut sound = true;
    for stage in replay.undatable() {
        let message =
            format!("stage `{}` runs `{stage}` again, which reads a table of the ledger that has no past", id.value);
        let hint = "what a ledger tells of its files and lines it tells of all of them, also of later ones";
        scope.problems.report(&id.span, message, hint.to_owned());
        sound = false;
    }
    for ledger in replay.ledgers() {
        let Some(Stage::Ledger(config)) = scope.declared(ledger) else { continue };
        if config.credit_notes.as_ref().is_some_and(|notes| notes.corrects.is_some()) {
            let message = format!(
                "stage `{}` needs to know what was known when, but `{ledger}` counts credit notes on the day of the invoice",
                id.value
            );
            let hint = "with `dated: own` a credit note counts when it was written";
            scope.problems.report(&id.span, message, hint.to_owned());
            sound = false;
        }
    }
    sound.then_some(())
}

/// A stage ready to run.
struct Job {
    names: (String, String),
    years: i32,
    follow: i32,
    account_years: String,
    choosing: Choosing,
    /// The table of the classes, where there is one.
    classes: Option<String>,
    replay: Replay,
}

impl Job {
    fn run(&self, inputs: &Inputs) -> Result<Vec<Table>, Failure> {
        let (account_years, period) = inputs.account_years(&self.account_years)?;
        let course = Course::of(account_years);
        let mut before: Option<Before> = None;
        let (mut rows, mut skipped) = (Vec::new(), Vec::new());
        for fiscal_year in self.year_ends(period) {
            let as_of = period.calendar.last_day(fiscal_year);
            match self.review(inputs, fiscal_year, period.calendar, before.as_ref()) {
                Ok((selection, class_a)) => {
                    let chosen = keys(&selection);
                    let class_a = class_a.as_ref().map(|accounts| accounts.iter().map(String::as_str).collect());
                    let of_year = tables::beside(&course, (fiscal_year, as_of, self.follow), &chosen, class_a);
                    rows.extend(of_year.ok_or_else(too_large)?);
                    before = Some(Before::of(&selection));
                }
                // What the data do not reach back for is no mistake of the run.
                Err(Failure::Data { message, .. }) => {
                    skipped.push((as_of, message.lines().next().unwrap_or_default().to_owned()));
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(vec![tables::backtest(&self.names.0, &rows), tables::skipped(&self.names.1, &skipped)])
    }

    /// The fiscal years that enough complete years followed, oldest first.
    fn year_ends(&self, period: &Period) -> std::ops::RangeInclusive<i32> {
        let last = period.last_year - self.follow;
        (last - self.years + 1).max(period.first_year())..=last
    }

    /// The selection as of a year-end, and class A as of then.
    fn review(
        &self,
        inputs: &Inputs,
        fiscal_year: i32,
        calendar: FiscalCalendar,
        before: Option<&Before>,
    ) -> Result<(Table, Option<BTreeSet<String>>), Failure> {
        let mut ledgers = Vec::new();
        for id in self.replay.ledgers() {
            let past = inputs.ledger(id)?.closed_at(fiscal_year);
            let as_of = iso(calendar.last_day(fiscal_year));
            let nothing =
                || Failure::Data { message: format!("`{id}` has no line in the year up to {as_of}"), hint: None };
            ledgers.push((id.as_str(), past.ok_or_else(nothing)?));
        }
        let past = self.replay.run(inputs, ledgers)?;
        let selection = self.choosing.selection(&past, before)?;
        let class_a = match &self.classes {
            None => None,
            Some(classes) => {
                let of_class = attribute(past.table(classes)?, "class").into_iter().filter(|(_, class)| *class == "A");
                Some(of_class.map(|(account, _)| account.to_owned()).collect())
            }
        };
        Ok((selection, class_a))
    }
}

/// The accounts that a selection has on its list.
fn keys(selection: &Table) -> BTreeSet<&str> {
    let accounts = selection.text("account").into_iter().zip(selection.flags("key"));
    accounts.filter(|(_, key)| *key).map(|(account, _)| account).collect()
}

fn too_large() -> Failure {
    Failure::run("a sum of revenue is too large for 64 bits")
}

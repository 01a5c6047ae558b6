//! The stage kind `select`: who is on the list of key accounts, with reasons, from one review to the next.

mod before;
mod config;
mod decide;
mod people;
mod places;
mod reason;
mod rule;
mod runner;
mod tables;
mod words;

pub use config::{Capacity, Groups, Required, Review, Select};
pub use decide::{Before, Candidate, Day, Decision, Member, Status, decide};
pub use reason::{Limit, Reason, Standing};
pub use rule::{Each, Requirement, Rule};

use crate::failure::Failure;
use crate::measures::accounts::attribute;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, did_you_mean};
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::Settings;
use crate::product::{Inputs, Product};
use crate::scoring::card::values_of;
use crate::scoring::overrides::decisions;
use crate::stages::Stage;
use crate::table::{ColumnSpec, Table, name_of};
use people::{Assigned, Room};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tables::Row;
use words::Words;

pub const MANUAL: &str = include_str!("../../../docs/stages/select.md");

impl Select {
    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let choosing = self.choosing(&id.value, scope)?;
        let spec = tables::table(&choosing.name, &[], &[], 0, true).spec;
        let job = move |inputs: &Inputs| choosing.run(inputs).map(|table| Product::Tables(vec![table]));
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }

    /// Finds what the stage of this id reads.
    pub(super) fn choosing(&self, id: &str, scope: &mut Scope) -> Option<Choosing> {
        let from = scope.table_of_kind(&self.from, "scorecard").map(|_| ());
        let history = match &self.history {
            None => Some(()),
            Some(history) => scope.history(history).map(|_| ()),
        };
        let pareto = self.pareto(scope);
        let require: Vec<Option<(String, ColumnSpec)>> =
            self.require.iter().map(|required| scope.measure(&required.measure)).collect();
        let groups = match &self.groups {
            None => Some(()),
            Some(groups) => groups.bind(scope),
        };
        let room = match &self.capacity {
            Some(Capacity::Of(managers)) => Room::bind(managers, scope).map(Some),
            Some(Capacity::Accounts(_)) | None => Some(None),
        };
        let assigned = match &self.assigned {
            None => Some(None),
            Some(assigned) => Assigned::bind(assigned, scope).map(Some),
        };
        from.and(history).and(groups)?;
        let Some(Stage::Scorecard(scorecard)) = scope.declared(&self.from.value) else { return None };
        // They know the as-of day.
        let years = scorecard.account_years(scope)?;
        scope.accounts(&years)?;
        let overrides = scorecard.overrides.as_ref().map(|_| name_of(&self.from.value, "scorecard", "overrides"));
        Some(Choosing {
            name: name_of(id, "select", "selection"),
            select: self.clone(),
            years: years.value,
            overrides,
            pareto: pareto?,
            require: require.into_iter().collect::<Option<_>>()?,
            room: room?,
            assigned: assigned?,
            settings: scope.settings.clone(),
        })
    }

    /// The table of the classes, which must be there where the rule asks for some.
    fn pareto(&self, scope: &mut Scope) -> Option<Option<String>> {
        let pareto = scope.first_table_of_kind("pareto", 0);
        match self.classes.first() {
            Some(class) if pareto.is_none() => {
                let message = "stage `select` chooses by class, but no stage above gives classes";
                scope.problems.report(&class.span, message, "declare a stage `pareto` above".to_owned());
                None
            }
            _ => Some(pareto),
        }
    }

    /// The days of a run: its own, the review day whose decision is to stand, and the next one.
    pub fn days(&self, settings: &Settings, as_of: i32) -> (Day, Option<i32>) {
        match self.review {
            Review::EveryRun => (Day { as_of, review: as_of }, None),
            Review::Months(months) => {
                let (review, next) = settings.calendar.period_ends(as_of, months);
                (Day { as_of, review }, Some(next))
            }
        }
    }
}

impl Groups {
    /// Checks that the accounts are there and have the column.
    fn bind(&self, scope: &mut Scope) -> Option<()> {
        let accounts = scope.table_of_kind(&self.accounts, "accounts")?;
        if accounts.column(&self.column.value).is_some() {
            return Some(());
        }
        let names: Vec<&str> = accounts.columns.iter().map(|column| column.name.as_str()).collect();
        let message = format!("`{}` has no column `{}`", self.accounts.value, self.column.value);
        scope.problems.report(&self.column.span, message, did_you_mean(&self.column.value, names));
        None
    }
}

/// A stage whose tables are found.
pub(super) struct Choosing {
    name: String,
    select: Select,
    /// The account years behind the scorecard.
    years: String,
    overrides: Option<String>,
    pareto: Option<String>,
    /// The tables and columns of the requirements.
    require: Vec<(String, ColumnSpec)>,
    room: Option<Room>,
    assigned: Option<Assigned>,
    settings: Settings,
}

impl Choosing {
    fn run(&self, inputs: &Inputs) -> Result<Table, Failure> {
        let as_of = self.as_of(inputs)?;
        let before = match &self.select.history {
            None => None,
            Some(history) => before::before(inputs.history(&history.value)?, as_of, &self.name)?,
        };
        self.selection(inputs, before.as_ref())
    }

    fn as_of(&self, inputs: &Inputs) -> Result<i32, Failure> {
        Ok(inputs.accounts(&self.years)?.1.as_of)
    }

    /// The list after a list before.
    ///
    /// # Errors
    /// Where a table of people or groups cannot be used.
    pub(super) fn selection(&self, inputs: &Inputs, before: Option<&Before>) -> Result<Table, Failure> {
        let select = &self.select;
        let (day, _) = select.days(&self.settings, self.as_of(inputs)?);
        let rule = self.rule()?;
        let scorecard = inputs.table(&select.from.value)?;
        let classes = self.pareto.as_ref().map(|pareto| inputs.table(pareto)).transpose()?;
        let classes: BTreeMap<&str, &str> = classes.map(|table| attribute(table, "class")).unwrap_or_default();
        let groups = self.groups(inputs)?;
        let overrides = self.overrides.as_ref().map(|overrides| inputs.table(overrides)).transpose()?;
        let decided = overrides.map(decisions).unwrap_or_default();
        let accounts = scorecard.text("account");
        let measures = self.measures(inputs, &accounts)?;
        let figures =
            scorecard.numbers("score").into_iter().zip(scorecard.flags("rated")).zip(scorecard.numbers("coverage"));
        let candidates: Vec<Candidate> = accounts
            .iter()
            .zip(figures)
            .zip(&measures)
            .map(|((account, ((score, rated), coverage)), measures)| Candidate {
                account,
                score,
                rated,
                coverage: coverage.unwrap_or_default(),
                class: classes.get(account).copied().filter(|class| *class != "none"),
                group: groups.get(account).copied().filter(|group| !group.is_empty()),
                measures,
                decided: decided.get(account).copied(),
            })
            .collect();
        let decisions = decide(&rule, &candidates, before, day);
        let managers = self.assigned.as_ref().map(Assigned::managers).transpose()?.unwrap_or_default();
        let currency = (self.settings.currency.as_str(), self.settings.decimals);
        let words = Words::of(&rule, self.settings.language, currency)?;
        let of_account: BTreeMap<&str, &Candidate> =
            candidates.iter().map(|candidate| (candidate.account, candidate)).collect();
        let row = |decision: &Decision| {
            let candidate = of_account.get(decision.account);
            Ok(Row {
                score: candidate.and_then(|candidate| candidate.score),
                class: candidate.and_then(|candidate| candidate.class),
                reasons: words.all(&decision.reasons)?,
                manager: managers.get(decision.account).map(String::as_str),
            })
        };
        // Words take longer than all else.
        let rows = decisions.par_iter().map(row).collect::<Result<Vec<Row>, Failure>>()?;
        Ok(tables::table(&self.name, &decisions, &rows, day.review, day.decides(before)))
    }

    /// The rule, once the room of the managers is known.
    fn rule(&self) -> Result<Rule, Failure> {
        let select = &self.select;
        let require = select.require.iter().zip(&self.require).map(|(required, (_, column))| Requirement {
            measure: required.measure.value.clone(),
            meaning: column.meaning,
            at_least: required.at_least,
        });
        let capacity = match (&select.capacity, &self.room) {
            (Some(Capacity::Accounts(accounts)), _) => Some(*accounts),
            (_, Some(room)) => Some(room.accounts()?),
            (_, None) => None,
        };
        Ok(Rule {
            enter: select.enter,
            leave: select.leave,
            classes: select.classes.iter().map(|class| class.value.clone()).collect(),
            coverage: select.coverage,
            require: require.collect(),
            at_most: select.at_most,
            at_most_each: select.groups.as_ref().map(|groups| groups.places.clone()),
            capacity,
            entries: select.entries,
        })
    }

    /// The group of each account that has one.
    fn groups<'t>(&self, inputs: &'t Inputs) -> Result<BTreeMap<&'t str, &'t str>, Failure> {
        let Some(Groups { column, accounts, places }) = &self.select.groups else { return Ok(BTreeMap::new()) };
        let groups = attribute(inputs.table(&accounts.value)?, &column.value);
        if let Each::Of(limited) = places {
            let known: BTreeSet<&str> = groups.values().copied().filter(|group| !group.is_empty()).collect();
            if let Some(unknown) = limited.keys().find(|group| !known.contains(group.as_str())) {
                return Err(Failure::Data {
                    message: format!(
                        "`at_most_each` limits `{unknown}`, but no account has that as its `{}`",
                        column.value
                    ),
                    hint: did_you_mean(unknown, known.into_iter().collect::<Vec<_>>()),
                });
            }
        }
        Ok(groups)
    }

    /// What the rule requires, by account: in its order.
    fn measures(&self, inputs: &Inputs, accounts: &[&str]) -> Result<Vec<Vec<Option<f64>>>, Failure> {
        let mut measures = vec![Vec::with_capacity(self.require.len()); accounts.len()];
        for (table, column) in &self.require {
            let values = values_of(inputs.table(table)?, column, accounts, self.settings.decimals);
            measures.iter_mut().zip(values).for_each(|(measures, value)| measures.push(value));
        }
        Ok(measures)
    }
}

#[cfg(test)]
mod tests;

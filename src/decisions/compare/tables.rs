//! The tables of a comparison.

use super::changes::{Kind, Standing};
use super::comparison::Fact;
use super::drivers::Driver;
use super::restated::{Judged, Restated};
use crate::table::{Table, TableBuilder, name_of};

/// How the tables are called.
#[derive(Debug, Clone)]
pub struct Names {
    changes: String,
    change_drivers: String,
    restatements: String,
    restated_files: String,
    changed_judgements: String,
    comparison: String,
}

impl Names {
    pub fn of(id: &str) -> Self {
        let name = |table: &str| name_of(id, "compare", table);
        Self {
            changes: name("changes"),
            change_drivers: name("change_drivers"),
            restatements: name("restatements"),
            restated_files: name("restated_files"),
            changed_judgements: name("changed_judgements"),
            comparison: name("comparison"),
        }
    }
}

/// What happened to one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Change<'t> {
    pub account: &'t str,
    pub kind: Kind,
    pub was: Option<Standing<'t>>,
    pub is: Option<Standing<'t>>,
    /// In points; none where one of the two scores is.
    pub delta: Option<f64>,
    /// What moved the score, where that can be told; in the order of the criteria.
    pub drivers: Option<Vec<Driver<'t>>>,
    pub reasons: Option<String>,
}

impl Change<'_> {
    fn part(&self, part: fn(&Driver) -> f64) -> Option<f64> {
        self.drivers.as_ref().map(|drivers| drivers.iter().map(part).sum())
    }

    /// Whether the run had lines of it.
    pub fn data_was(&self) -> bool {
        self.was.is_some_and(|was| was.in_data)
    }

    /// Whether the run has lines of it.
    pub fn data_is(&self) -> bool {
        self.is.is_some_and(|is| is.in_data)
    }

    /// Whether it was on the list; nothing where nobody says.
    pub fn key_was(&self) -> Option<bool> {
        self.was.and_then(|was| was.is_key)
    }

    /// Whether it is on the list.
    pub fn key_is(&self) -> Option<bool> {
        self.is.and_then(|is| is.is_key)
    }

    pub fn customer(&self) -> Option<f64> {
        self.part(|driver| driver.customer)
    }

    pub fn weights(&self) -> Option<f64> {
        self.part(|driver| driver.weights)
    }
}

/// All that a comparison finds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found<'t> {
    /// By account.
    pub changes: Vec<Change<'t>>,
    pub restatements: Vec<Restated<'t>>,
    pub restated_files: Vec<Restated<'t>>,
    pub judgements: Vec<Judged<'t>>,
    pub facts: Vec<Fact>,
}

/// In the order of the manual.
pub fn tables(names: &Names, found: &Found) -> Vec<Table> {
    vec![
        changes(&names.changes, &found.changes),
        change_drivers(&names.change_drivers, &found.changes),
        restated(&names.restatements, "account", &found.restatements),
        restated(&names.restated_files, "file", &found.restated_files),
        changed_judgements(&names.changed_judgements, &found.judgements),
        comparison(&names.comparison, &found.facts),
    ]
}

fn changes(name: &str, changes: &[Change]) -> Table {
    let numbers = |value: fn(&Change) -> Option<f64>| changes.iter().map(value).collect::<Vec<_>>();
    let integers = |value: fn(&Change) -> Option<i64>| changes.iter().map(value).collect::<Vec<_>>();
    TableBuilder::new(name, changes.len())
        .per_account()
        .text("account", changes.iter().map(|change| change.account).collect())
        .text("change", changes.iter().map(|change| change.kind.name()).collect())
        .optional_text("was", changes.iter().map(|change| change.was.and_then(|was| was.status)).collect())
        .optional_text("is", changes.iter().map(|change| change.is.and_then(|is| is.status)).collect())
        .flags("data_was", changes.iter().map(Change::data_was).collect())
        .flags("data_is", changes.iter().map(Change::data_is).collect())
        .optional_flags("key_was", changes.iter().map(Change::key_was).collect())
        .optional_flags("key_is", changes.iter().map(Change::key_is).collect())
        .numbers("score_was", numbers(|change| change.was.and_then(|was| was.score)))
        .numbers("score_is", numbers(|change| change.is.and_then(|is| is.score)))
        .numbers("delta", numbers(|change| change.delta))
        .numbers("delta_customer", numbers(|change| change.customer()))
        .numbers("delta_weights", numbers(|change| change.weights()))
        .integers("rank_was", integers(|change| change.was.and_then(|was| was.rank)))
        .integers("rank_is", integers(|change| change.is.and_then(|is| is.rank)))
        .optional_text("class_was", changes.iter().map(|change| change.was.and_then(|was| was.class)).collect())
        .optional_text("class_is", changes.iter().map(|change| change.is.and_then(|is| is.class)).collect())
        .optional_text("top_reasons", changes.iter().map(|change| change.reasons.as_deref()).collect())
        .build()
}

fn change_drivers(name: &str, changes: &[Change]) -> Table {
    let rows: Vec<(&str, &Driver)> = changes
        .iter()
        .flat_map(|change| change.drivers.iter().flatten().map(|driver| (change.account, driver)))
        .collect();
    let numbers = |value: fn(&Driver) -> Option<f64>| rows.iter().map(|(_, driver)| value(driver)).collect::<Vec<_>>();
    TableBuilder::new(name, rows.len())
        .text("account", rows.iter().map(|(account, _)| *account).collect())
        .text("criterion", rows.iter().map(|(_, driver)| driver.name).collect())
        .numbers("score_was", numbers(|driver| driver.score_was))
        .numbers("score_is", numbers(|driver| driver.score_is))
        .numbers("delta_customer", numbers(|driver| Some(driver.customer)))
        .numbers("delta_weights", numbers(|driver| Some(driver.weights)))
        .build()
}

fn restated(name: &str, key: &str, rows: &[Restated]) -> Table {
    TableBuilder::new(name, rows.len())
        .text(key, rows.iter().map(|row| row.name).collect())
        .integers("fiscal_year", rows.iter().map(|row| row.fiscal_year).collect::<Vec<_>>())
        .money("was", rows.iter().map(|row| row.was).collect::<Vec<_>>())
        .money("is", rows.iter().map(|row| row.is).collect::<Vec<_>>())
        .money("difference", rows.iter().map(Restated::difference).collect::<Vec<_>>())
        .build()
}

fn changed_judgements(name: &str, rows: &[Judged]) -> Table {
    TableBuilder::new(name, rows.len())
        .text("account", rows.iter().map(|row| row.account).collect())
        .text("criterion", rows.iter().map(|row| row.criterion).collect())
        .text("rater", rows.iter().map(|row| row.rater).collect())
        .numbers("was", rows.iter().map(|row| row.was).collect::<Vec<_>>())
        .numbers("is", rows.iter().map(|row| row.is).collect::<Vec<_>>())
        .build()
}

fn comparison(name: &str, facts: &[Fact]) -> Table {
    TableBuilder::new(name, facts.len())
        .text("what", facts.iter().map(|fact| fact.what).collect())
        .optional_text("name", facts.iter().map(|fact| fact.name.as_deref()).collect())
        .optional_text("was", facts.iter().map(|fact| fact.was.as_deref()).collect())
        .optional_text("is", facts.iter().map(|fact| fact.is.as_deref()).collect())
        .optional_text("not_compared", facts.iter().map(|fact| fact.not_compared).collect())
        .optional_text("words", facts.iter().map(|fact| fact.words.as_deref()).collect())
        .build()
}

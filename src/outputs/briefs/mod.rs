//! The stage kind `briefs`: a page about each key account, to be taken into a meeting.

mod facts;
mod names;
mod page;

use super::document::{Declared, declared};
use super::markdown::{Wording, render_briefs};
use super::tables::inside_run;
use crate::decisions::select::Select;
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::measures::parts::{of_account, over};
use crate::measures::window::Window;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::Settings;
use crate::product::{Inputs, OutputFile, Product};
use crate::stages::Stage;
use crate::table::{Meaning, Table};
use facts::Sheet;
use page::{Bought, FACTS, Sources};
use serde_json::{Map, Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

pub const MANUAL: &str = include_str!("../../../docs/stages/briefs.md");

/// What a table says that knows who gets a brief.
const SELECTION: [(&str, Meaning); 3] = [("account", Meaning::Text), ("status", Meaning::Text), ("key", Meaning::Flag)];

#[derive(Debug, Clone)]
pub struct Briefs {
    /// The stage whose table says who is on the list, and who waits.
    pub from: Located<String>,
    /// A folder of the run.
    pub to: Option<Located<String>>,
}

/// A stage ready to run.
struct Job {
    names: Names,
    settings: Settings,
    declared: Declared,
    /// What knows the review days.
    days: Option<Select>,
    to: String,
}

/// The names of the tables that there are.
#[derive(Debug, Clone, Default)]
struct Names {
    selection: String,
    facts: Vec<(&'static str, String)>,
    accounts: Option<String>,
    assignments: Option<String>,
    contributions: Option<String>,
    weights: Option<String>,
    change_drivers: Option<String>,
    whitespace: Option<String>,
    overrides: Option<String>,
    restatements: Option<String>,
    /// A ledger that keeps categories.
    ledger: Option<String>,
}

impl Briefs {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let to = fields.text("to").and_then(|to| inside_run(to, fields));
        Some(Self { from: from?, to })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let hint = "a stage `select` says who is on the list, and who waits";
        let selection = scope.table_with(&self.from, &SELECTION, hint);
        // The days that a brief speaks of are those of the ledger.
        if scope.first_table_of_kind("ledger", 0).is_none() {
            let message = "stage `briefs` needs a ledger that says up to which day its figures go";
            scope.problems.report(&id.span, message, "declare a stage `ledger` above".to_owned());
            return None;
        }
        let selection = selection?.name.clone();
        let to = self.to.as_ref()?.value.clone();
        let days = match scope.declared(&self.from.value) {
            Some(Stage::Select(select)) => Some(select.as_ref().clone()),
            _ => None,
        };
        let job = Job {
            names: names(selection, scope),
            settings: scope.settings.clone(),
            declared: declared(scope),
            days,
            to: to.clone(),
        };
        let job = move |inputs: &Inputs| job.files(inputs).map(Product::Files);
        Some(Bound::of(Signature::Files(vec![to]), job))
    }
}

/// The first stage of each kind above provides the table.
fn names(selection: String, scope: &mut Scope) -> Names {
    let facts = FACTS.into_iter().filter_map(|name| {
        let kind = if name == "changes" { "compare" } else { name };
        scope.first_table_of_kind(kind, 0).map(|table| (name, table))
    });
    let facts = facts.collect();
    let mut named = |kind: &str, table: &str| scope.first_named_table(kind, table);
    Names {
        selection,
        facts,
        assignments: named("kam", "assignments"),
        contributions: named("scorecard", "contributions"),
        weights: named("scorecard", "weights"),
        change_drivers: named("compare", "change_drivers"),
        overrides: named("scorecard", "overrides"),
        restatements: named("compare", "restatements"),
        accounts: scope.first_table_of_kind("accounts", 0),
        whitespace: scope.first_table_of_kind("whitespace", 0),
        ledger: ledger(scope),
    }
}

/// The first ledger whose categories a stage above asks for.
fn ledger(scope: &mut Scope) -> Option<String> {
    let asked = scope.stages_above().find_map(|stage| match stage {
        Stage::Whitespace(whitespace) => Some(whitespace.from.clone()),
        Stage::Breadth(breadth) => Some(breadth.from.clone()),
        _ => None,
    })?;
    scope.ledger(&asked).filter(|roles| roles.category).map(|_| asked.value)
}

impl Job {
    /// A page for each account that gets one.
    fn files(&self, inputs: &Inputs) -> Result<Vec<OutputFile>, Failure> {
        let accounts = page::accounts(inputs.table(&self.names.selection)?);
        let sources = sources(inputs, &self.names, &accounts)?;
        let frame = self.frame(inputs)?;
        let pages: Vec<Map<String, Value>> =
            accounts.iter().map(|account| page::page(account, &sources, &frame)).collect();
        let wording = Wording {
            language: self.settings.language,
            currency: &self.settings.currency,
            decimals: self.settings.decimals,
            fiscal_year_starts: self.settings.calendar.starts.into(),
        };
        let texts = render_briefs(&pages, &wording).map_err(|error| Failure::run(error.to_string()))?;
        let file = |(account, text): (&&str, String)| OutputFile {
            path: format!("{}/{}.md", self.to, names::name(account)),
            bytes: text.into_bytes(),
        };
        Ok(accounts.iter().zip(texts).map(file).collect())
    }

    /// What is the same in all briefs: days and years.
    fn frame(&self, inputs: &Inputs) -> Result<Map<String, Value>, Failure> {
        let period = inputs.period().ok_or_else(|| Failure::run("no ledger has run"))?;
        let first = |years: i32| period.last_year - years.max(1) + 1;
        let next_review = self.days.as_ref().and_then(|select| select.days(&self.settings, period.as_of).1);
        let frame = json!({
            "pipeline": self.settings.name,
            "currency": self.settings.currency,
            "as_of": period.as_of,
            "last_year": period.last_year,
            "next_review": next_review,
            "ranking_year": first(self.declared.ranking_years),
            "profit_year": first(self.declared.profit_years),
            "breadth_year": first(self.declared.breadth_years),
            "whitespace_year": first(self.declared.whitespace_years),
        });
        Ok(frame.as_object().cloned().unwrap_or_default())
    }
}

/// What the tables say of these accounts.
fn sources<'t>(inputs: &'t Inputs, names: &'t Names, accounts: &BTreeSet<&str>) -> Result<Sources<'t>, Failure> {
    let table = |name: &Option<String>| -> Result<Option<&'t Table>, Failure> {
        name.as_ref().map(|name| inputs.table(name)).transpose()
    };
    let sheet = |name: &Option<String>| table(name).map(|table| table.map(|table| Sheet::of(table, accounts)));
    let facts = names.facts.iter().map(|(name, table)| Ok((*name, Sheet::of(inputs.table(table)?, accounts))));
    Ok(Sources {
        accounts: sheet(&names.accounts)?,
        selection: Some(Sheet::of(inputs.table(&names.selection)?, accounts)),
        facts: facts.collect::<Result<_, Failure>>()?,
        assignments: sheet(&names.assignments)?,
        contributions: sheet(&names.contributions)?,
        change_drivers: sheet(&names.change_drivers)?,
        whitespace: sheet(&names.whitespace)?,
        overrides: sheet(&names.overrides)?,
        restatements: sheet(&names.restatements)?,
        judged: table(&names.weights)?.map(judged).unwrap_or_default(),
        bought: match &names.ledger {
            None => BTreeMap::new(),
            Some(ledger) => bought(inputs.ledger(ledger)?, accounts)?,
        },
    })
}

/// The criteria that people judge.
fn judged(weights: &Table) -> BTreeSet<&str> {
    let criteria = weights.text("criterion").into_iter().zip(weights.text("source"));
    criteria.filter(|(_, source)| *source == "judged").map(|(criterion, _)| criterion).collect()
}

/// What these accounts buy by category, the most first, then by category.
///
/// # Errors
/// Where a sum leaves 64 bits.
fn bought<'l>(ledger: &'l Ledger, wanted: &BTreeSet<&str>) -> Result<BTreeMap<&'l str, Vec<Bought<'l>>>, Failure> {
    let (books, last) = (&ledger.books, ledger.period.last_year);
    let mut bought = BTreeMap::new();
    for (place, account) in (0u32..).zip(&books.accounts).filter(|(_, account)| wanted.contains(account.as_str())) {
        let parts = of_account(&books.categories, place);
        let previous: BTreeMap<u32, i64> =
            over(parts, Window { first: last - 1, last: last - 1 })?.into_iter().collect();
        let row = |(part, revenue): (u32, i64)| Bought {
            category: usize::try_from(part)
                .ok()
                .and_then(|part| books.category_names.get(part))
                .map_or("", String::as_str),
            revenue,
            previous: previous.get(&part).copied().unwrap_or_default(),
        };
        let mut rows: Vec<Bought> = over(parts, Window { first: last, last })?.into_iter().map(row).collect();
        rows.sort_by_key(|row| (Reverse(row.revenue), row.category));
        bought.insert(account.as_str(), rows);
    }
    Ok(bought)
}

#[cfg(test)]
mod tests;

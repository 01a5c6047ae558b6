//! What is held against what: the two runs, and what of them is not the same or cannot be compared.

use super::changes::Membership;
use super::drivers::criteria;
use super::side::Side;
use crate::calendar::iso;
use std::collections::BTreeSet;

/// One thing that differs between the sides, or that both are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// `run`, `as_of`, `currency`, `decimals`, `fiscal_year_starts`, `list`, `missing`, `years`, `table`, `criterion`,
    /// `weight`, `measure` or `scale`.
    pub what: &'static str,
    /// Of the criterion or the table.
    pub name: Option<String>,
    pub was: Option<String>,
    pub is: Option<String>,
    /// The tables and columns that say nothing because of it, with a space between.
    pub not_compared: Option<&'static str>,
}

/// What says nothing where the money of the two runs is not the same.
const MONEY: &str = "restatements restated_files";

/// Weights that are shown as equal and are.
const EQUAL: f64 = 1e-9;

/// The runs first, then all that is not the same on both sides.
pub fn facts(was: &Side, is: &Side, (before, now): (&Membership, &Membership)) -> Vec<Fact> {
    let fact = |what, was: Option<String>, is: Option<String>| Fact { what, name: None, was, is, not_compared: None };
    let mut facts =
        vec![fact("run", was.run.clone(), is.run.clone()), fact("as_of", was.as_of.map(iso), is.as_of.map(iso))];
    let differing = |what, was: &str, is: &str, not_compared: Option<&'static str>| {
        let (was, is) = (Some(was.to_owned()), Some(is.to_owned()));
        (was != is).then_some(Fact { not_compared, ..fact(what, was, is) })
    };
    let (old, new) = (&was.declared, &is.declared);
    facts.extend(differing("currency", &old.currency, &new.currency, Some(MONEY)));
    facts.extend(differing("decimals", &old.decimals, &new.decimals, Some(MONEY)));
    facts.extend(differing("fiscal_year_starts", &old.fiscal_year_starts, &new.fiscal_year_starts, Some(MONEY)));
    if before != now {
        let unknown = [before, now].contains(&&Membership::Unknown);
        let not_compared = unknown.then_some("entered left");
        facts.push(Fact { not_compared, ..fact("list", before.describe(), now.describe()) });
    }
    if let (Some(old), Some(new)) = (old.missing, new.missing) {
        facts.extend(differing("missing", old.name(), new.name(), None));
    }
    facts.extend(years(was, is));
    facts.extend(lacking(was, is));
    facts.extend(of_criteria(was, is));
    facts
}

/// The closed years that one side has no lines of.
fn years(was: &Side, is: &Side) -> Option<Fact> {
    let closed = was.last_closed_year()?;
    let years = |side: &Side| -> Option<BTreeSet<i64>> {
        let years = side.tables.account_years.as_ref()?.integers("fiscal_year").into_iter().flatten();
        Some(years.filter(|year| *year <= closed).collect())
    };
    let (old, new) = (years(was)?, years(is)?);
    let only = |mine: &BTreeSet<i64>, others: &BTreeSet<i64>| {
        let years: Vec<String> = mine.difference(others).map(ToString::to_string).collect();
        (!years.is_empty()).then(|| years.join(", "))
    };
    let (was, is) = (only(&old, &new), only(&new, &old));
    (was.is_some() || is.is_some()).then_some(Fact { what: "years", name: None, was, is, not_compared: Some(MONEY) })
}

/// The tables that only one side has, and what says nothing without them.
fn lacking(was: &Side, is: &Side) -> Vec<Fact> {
    let (old, new) = (&was.tables, &is.tables);
    let drivers = "delta_customer delta_weights top_reasons change_drivers";
    let tables = [
        ("scorecard", &old.scorecard, &new.scorecard, "score rank"),
        ("contributions", &old.contributions, &new.contributions, drivers),
        ("weights", &old.weights, &new.weights, drivers),
        ("judgements", &old.judgements, &new.judgements, "changed_judgements"),
        ("pareto", &old.pareto, &new.pareto, "class"),
        ("account_years", &old.account_years, &new.account_years, MONEY),
        ("file_years", &old.file_years, &new.file_years, "restated_files"),
    ];
    let differing = tables.into_iter().filter(|(_, old, new, _)| old.is_some() != new.is_some());
    let fact = |(name, old, new, not_compared): (&'static str, &Option<_>, &Option<_>, &'static str)| {
        let state = |table: &Option<_>, side: &Side| match table {
            Some(_) => None,
            None => Some(side.lacking.get(name).map_or("not_made", |lack| lack.name()).to_owned()),
        };
        let (was, is) = (state(old, was), state(new, is));
        Fact { what: "table", name: Some(name.to_owned()), was, is, not_compared: Some(not_compared) }
    };
    differing.map(fact).collect()
}

/// Criteria that only one side has, and those that are weighed, measured or scaled otherwise.
fn of_criteria(was: &Side, is: &Side) -> Vec<Fact> {
    let mut facts = Vec::new();
    for criterion in criteria(was, is).unwrap_or_default() {
        let fact = |what, was: Option<String>, is: Option<String>| Fact {
            what,
            name: Some(criterion.name.to_owned()),
            was,
            is,
            not_compared: None,
        };
        // A fraction with at most four decimals of a percent.
        let weight = |weight: f64| format!("{}", (weight * 1e6).round() / 1e6);
        let (Some(old), Some(new)) = (criterion.was, criterion.is) else {
            let effective = |side: Option<super::drivers::Weighed>| side.map(|side| weight(side.effective_weight));
            facts.push(fact("criterion", effective(criterion.was), effective(criterion.is)));
            continue;
        };
        if (old.effective_weight - new.effective_weight).abs() > EQUAL {
            facts.push(fact("weight", Some(weight(old.effective_weight)), Some(weight(new.effective_weight))));
        }
        if (old.source, old.basis) != (new.source, new.basis) {
            let basis = |side: super::drivers::Weighed| {
                Some(if side.basis.is_empty() { side.source } else { side.basis }.to_owned())
            };
            facts.push(fact("measure", basis(old), basis(new)));
        } else if criterion.is_rescaled() {
            facts.push(fact("scale", Some(old.scale.to_owned()), Some(new.scale.to_owned())));
        }
    }
    facts
}

//! What is held against what: the two runs, and what of them is not the same or cannot be compared.

use super::changes::Membership;
use super::drivers::{Weighed, criteria};
use super::reasons::Words;
use super::side::{Declared, Side};
use crate::calendar::iso;
use crate::failure::Failure;
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
    /// A sentence; none of the runs themselves.
    pub words: Option<String>,
}

/// What says nothing where the money of the two runs is not the same.
const MONEY: &str = "restatements restated_files";

/// Weights that are shown as equal and are.
const EQUAL: f64 = 1e-9;

/// A fact without words.
fn bare(what: &'static str, was: Option<String>, is: Option<String>) -> Fact {
    Fact { what, name: None, was, is, not_compared: None, words: None }
}

/// The runs first, then all that is not the same on both sides.
///
/// # Errors
/// Where a message lacks its words, which would be a mistake of the program.
pub fn facts(
    was: &Side,
    is: &Side,
    (before, now): (&Membership, &Membership),
    words: &Words,
) -> Result<Vec<Fact>, Failure> {
    let mut facts =
        vec![bare("run", was.run.clone(), is.run.clone()), bare("as_of", was.as_of.map(iso), is.as_of.map(iso))];
    let (old, new) = (&was.declared, &is.declared);
    type Setting = fn(&Declared) -> &str;
    let settings: [(&'static str, &'static str, Setting); 3] = [
        ("currency", "compared.currency", |declared| &declared.currency),
        ("decimals", "compared.decimals", |declared| &declared.decimals),
        ("fiscal_year_starts", "compared.fiscal_year_starts", |declared| &declared.fiscal_year_starts),
    ];
    for (what, key, setting) in settings {
        let (was, is) = (setting(old).to_owned(), setting(new).to_owned());
        if was != is {
            let told = words.fill(key, &[("was", was.clone()), ("is", is.clone())])?;
            facts.push(Fact { not_compared: Some(MONEY), words: Some(told), ..bare(what, Some(was), Some(is)) });
        }
    }
    if before != now {
        let is_unknown = [before, now].contains(&&Membership::Unknown);
        let key = if is_unknown { "compared.list_unknown" } else { "compared.list" };
        let not_compared = is_unknown.then_some("was is change");
        let told = Some(words.fill(key, &[])?);
        facts.push(Fact { not_compared, words: told, ..bare("list", before.describe(), now.describe()) });
    }
    if let Some((old, new)) = old.missing.zip(new.missing).filter(|(old, new)| old != new) {
        let (was, is) = (old.name().to_owned(), new.name().to_owned());
        let told = words.fill("compared.missing", &[("was", was.clone()), ("is", is.clone())])?;
        facts.push(Fact { words: Some(told), ..bare("missing", Some(was), Some(is)) });
    }
    facts.extend(years(was, is, words)?);
    facts.extend(lacking(was, is, words)?);
    facts.extend(of_criteria(was, is, words)?);
    Ok(facts)
}

/// The closed years that one side has no lines of.
fn years(was: &Side, is: &Side, words: &Words) -> Result<Option<Fact>, Failure> {
    let closed = was.last_closed_year().unwrap_or(i64::MIN);
    let years = |side: &Side| -> Option<BTreeSet<i64>> {
        let years = side.tables.account_years.as_ref()?.integers("fiscal_year").into_iter().flatten();
        Some(years.filter(|year| *year <= closed).collect())
    };
    let Some((old, new)) = years(was).zip(years(is)) else { return Ok(None) };
    let only = |mine: &BTreeSet<i64>, others: &BTreeSet<i64>| {
        let years: Vec<String> = mine.difference(others).map(ToString::to_string).collect();
        (!years.is_empty()).then(|| years.join(", "))
    };
    let (was, is) = (only(&old, &new), only(&new, &old));
    let told = match (&was, &is) {
        (None, None) => return Ok(None),
        (Some(was), None) => words.fill("compared.years_before", &[("was", was.clone())])?,
        (None, Some(is)) => words.fill("compared.years_now", &[("is", is.clone())])?,
        (Some(was), Some(is)) => words.fill("compared.years_both", &[("was", was.clone()), ("is", is.clone())])?,
    };
    Ok(Some(Fact { not_compared: Some(MONEY), words: Some(told), ..bare("years", was, is) }))
}

/// The tables that only one side has, and what says nothing without them.
fn lacking(was: &Side, is: &Side, words: &Words) -> Result<Vec<Fact>, Failure> {
    let (old, new) = (&was.tables, &is.tables);
    let drivers = "delta_customer delta_weights top_reasons change_drivers";
    let tables = [
        ("scorecard", &old.scorecard, &new.scorecard, "score_was score_is delta rank_was rank_is change_drivers"),
        ("contributions", &old.contributions, &new.contributions, drivers),
        ("weights", &old.weights, &new.weights, drivers),
        ("judgements", &old.judgements, &new.judgements, "changed_judgements"),
        ("pareto", &old.pareto, &new.pareto, "class_was class_is"),
        ("account_years", &old.account_years, &new.account_years, MONEY),
        ("file_years", &old.file_years, &new.file_years, "restated_files"),
    ];
    let mut facts = Vec::new();
    for (name, old, new, not_compared) in tables {
        let (key, side) = match (old, new) {
            (None, Some(_)) => ("compared.table_before", was),
            (Some(_), None) => ("compared.table_now", is),
            _ => continue,
        };
        let lack = side.lacking.get(name).map_or("not_made", |lack| lack.name());
        let told = words.fill(key, &[("name", name.to_owned()), ("why", words.word("lack", lack))])?;
        let state = |table: &Option<_>| table.is_none().then(|| lack.to_owned());
        let fact = bare("table", state(old), state(new));
        facts.push(Fact { name: Some(name.to_owned()), not_compared: Some(not_compared), words: Some(told), ..fact });
    }
    Ok(facts)
}

/// Criteria that only one side has, and those that are weighed, measured or scaled otherwise.
fn of_criteria(was: &Side, is: &Side, words: &Words) -> Result<Vec<Fact>, Failure> {
    let mut facts = Vec::new();
    for criterion in criteria(was, is).unwrap_or_default() {
        let name = ("name", words.criterion(criterion.name));
        // A fraction with at most four decimals of a percent.
        let plain = |weight: f64| format!("{}", (weight * 1e6).round() / 1e6);
        let weight = |side: Option<Weighed>| side.map(|side| plain(side.effective_weight));
        let share = |key, side: Weighed| (key, words.share(side.effective_weight));
        let mut tell = |what, (was, is), key, values: &[(&'static str, String)]| -> Result<(), Failure> {
            let (name, told) = (Some(criterion.name.to_owned()), Some(words.fill(key, values)?));
            facts.push(Fact { name, words: told, ..bare(what, was, is) });
            Ok(())
        };
        let weights = (weight(criterion.was), weight(criterion.is));
        let (old, new) = match (criterion.was, criterion.is) {
            (Some(old), Some(new)) => (old, new),
            (None, Some(new)) => {
                tell("criterion", weights, "compared.criterion_now", &[name, share("is", new)])?;
                continue;
            }
            (Some(old), None) => {
                tell("criterion", weights, "compared.criterion_before", &[name, share("was", old)])?;
                continue;
            }
            (None, None) => continue,
        };
        if (old.effective_weight - new.effective_weight).abs() > EQUAL {
            tell("weight", weights, "compared.weight", &[name.clone(), share("was", old), share("is", new)])?;
        }
        let basis = |side: Weighed| (if side.basis.is_empty() { side.source } else { side.basis }).to_owned();
        let mut differ = |what, key, was: String, is: String| {
            let values = [name.clone(), ("was", was.clone()), ("is", is.clone())];
            tell(what, (Some(was), Some(is)), key, &values)
        };
        if (old.source, old.basis) != (new.source, new.basis) {
            differ("measure", "compared.measure", basis(old), basis(new))?;
        } else if criterion.is_rescaled() {
            differ("scale", "compared.scale", old.scale.to_owned(), new.scale.to_owned())?;
        }
    }
    Ok(facts)
}

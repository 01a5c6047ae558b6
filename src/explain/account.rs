//! One account in the tables of a run.

use super::reach::{least_revenue, reach};
use super::row_of;
use super::{
    Ask, Criterion, Flip, Growth, Margin, Override, Reach, Robustness, Score, Selection, Standing, Tables, Year,
};
use crate::failure::Failure;
use crate::outputs::runs::Run;
use crate::outputs::terminal::plain;
use crate::pipeline::diagnostics::nearest;
use crate::scoring::overrides::decisions;
use crate::table::Table;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// How many accounts a message names that fit what was asked for.
const FITTING: usize = 10;

/// The account that is meant by its key, or by a part of its key or name that no other account has.
///
/// # Errors
/// Where none or several fit, or a table of the run is damaged.
pub fn find(run: &Run, asked: &str) -> Result<String, Failure> {
    let tables = Tables { run, absent: RefCell::default() };
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for kind in ["scorecard", "pareto", "account_years", "growth", "profile"] {
        if let Some(table) = tables.table(kind, None)? {
            names.extend(table.text("account").into_iter().map(|key| (key.to_owned(), String::new())));
        }
    }
    if let Some(table) = tables.table("select", Some("selection"))? {
        names.extend(table.text("account").into_iter().map(|key| (key.to_owned(), String::new())));
    }
    if names.is_empty() {
        return Err(Failure::Arguments {
            message: format!("the run `{}` has published no table of accounts", run.id()),
            hint: Some("add a stage `parquet` with the tables of the pipeline".to_owned()),
        });
    }
    if let Some(table) = tables.table("accounts", None)?.filter(|table| table.spec.column("name").is_some()) {
        for (key, name) in table.text("account").into_iter().zip(table.text("name")) {
            if let Some(known) = names.get_mut(key) {
                name.trim().clone_into(known);
            }
        }
    }
    if names.contains_key(asked) {
        return Ok(asked.to_owned());
    }
    let part = asked.trim().to_lowercase();
    let fits = |text: &str| !part.is_empty() && text.to_lowercase().contains(&part);
    let fitting: Vec<(&String, &String)> = names.iter().filter(|(key, name)| fits(key) || fits(name)).collect();
    match fitting.as_slice() {
        [(key, _)] => Ok((*key).clone()),
        [] => {
            let known = names.iter().flat_map(|(key, name)| [key.as_str(), name.as_str()]);
            let hint = nearest(asked, known.filter(|text| !text.is_empty()));
            let hint = hint.map(|found| format!("did you mean `{}`?", plain(found)));
            Err(Failure::Arguments {
                message: format!("no account of the run `{}` is called `{}`", run.id(), plain(asked)),
                hint: hint.or_else(|| Some("give its key, or a part of its name".to_owned())),
            })
        }
        several => {
            let shown = several.iter().take(FITTING).map(|(key, name)| match name.is_empty() {
                true => format!("\n  {}", plain(key)),
                false => format!("\n  {}  {}", plain(key), plain(name)),
            });
            let more = several.len().saturating_sub(FITTING);
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            let shown: String = shown.collect();
            let message = format!("`{}` is a part of {} accounts:{shown}{more}", plain(asked), several.len());
            Err(Failure::Arguments { message, hint: Some("give the key of one of them".to_owned()) })
        }
    }
}

/// Name and segment.
pub(super) fn name(tables: &Tables, account: &str) -> Result<(Option<String>, Option<String>), Failure> {
    let Some(table) = tables.table("accounts", None)? else { return Ok((None, None)) };
    let row = row_of(&table, account);
    let text = |column: &str| {
        let value = table.spec.column(column).and(row).and_then(|row| table.text(column).get(row).copied());
        value.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Ok((text("name"), text("segment")))
}

/// A cell of a table of which the run may have published another version: nothing where the column is not there.
fn integer(table: &Table, column: &str, row: usize) -> Option<i64> {
    table.spec.column(column)?;
    table.integers(column).get(row).copied().flatten()
}

fn number(table: &Table, column: &str, row: usize) -> Option<f64> {
    table.spec.column(column)?;
    table.numbers(column).get(row).copied().flatten()
}

fn text(table: &Table, column: &str, row: usize) -> Option<String> {
    table.spec.column(column)?;
    table.text(column).get(row).copied().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn day(table: &Table, column: &str, row: usize) -> Option<i32> {
    table.spec.column(column)?;
    table.dates(column).get(row).copied().flatten()
}

fn flag(table: &Table, column: &str, row: usize) -> bool {
    table.spec.column(column).is_some() && table.flags(column).get(row) == Some(&true)
}

/// The rows of an account.
fn rows(table: &Table, account: &str) -> Vec<usize> {
    let keys = table.text("account").into_iter().enumerate();
    keys.filter(|(_, key)| *key == account).map(|(row, _)| row).collect()
}

pub(super) fn years(tables: &Tables, account: &str) -> Result<Vec<Year>, Failure> {
    let Some(table) = tables.table("account_years", None)? else { return Ok(Vec::new()) };
    let year = |row: usize| {
        Some(Year {
            year: integer(&table, "fiscal_year", row)?,
            revenue: integer(&table, "revenue", row).unwrap_or_default(),
            growth: None,
            invoices: integer(&table, "invoices", row),
            lines: integer(&table, "lines", row),
            complete: flag(&table, "complete", row),
        })
    };
    let mut years: Vec<Year> = rows(&table, account).into_iter().filter_map(year).collect();
    let complete = years.iter().filter(|year| year.complete);
    let revenue: BTreeMap<i64, i64> = complete.map(|year| (year.year, year.revenue)).collect();
    for year in years.iter_mut().filter(|year| year.complete) {
        let before = revenue.get(&(year.year - 1)).filter(|before| **before > 0);
        year.growth = before.map(|before| year.revenue as f64 / *before as f64 - 1.0);
    }
    Ok(years)
}

pub(super) fn growth(tables: &Tables, account: &str) -> Result<Option<Growth>, Failure> {
    let Some(table) = tables.table("growth", None)? else { return Ok(None) };
    Ok(row_of(&table, account).map(|row| Growth {
        cagr: number(&table, "cagr", row),
        intervals: integer(&table, "growth_intervals", row),
        status: text(&table, "growth_status", row).unwrap_or_default(),
        constant: flag(&table, "constant_growth", row),
    }))
}

pub(super) fn standing(tables: &Tables, account: &str) -> Result<Option<Standing>, Failure> {
    let Some(table) = tables.table("pareto", None)? else { return Ok(None) };
    let Some(row) = row_of(&table, account) else { return Ok(None) };
    let revenues: Vec<i64> = table.integers("revenue").into_iter().map(Option::unwrap_or_default).collect();
    let declared = |key: &str| tables.declared("pareto", key).and_then(Value::as_str);
    let cutoff = declared("cutoff").and_then(|cutoff| cutoff.parse().ok()).unwrap_or(80);
    // Where the account that crosses the cut-off is left out, more revenue can also lead out of class A.
    let is_told = declared("crossing") != Some("exclude");
    Ok(Some(Standing {
        revenue: revenues.get(row).copied().unwrap_or_default(),
        rank: integer(&table, "rank", row),
        ranked: revenues.iter().filter(|revenue| **revenue > 0).count(),
        share: number(&table, "share", row),
        cum_share: number(&table, "cum_share", row),
        class: text(&table, "class", row).unwrap_or_default(),
        cutoff,
        needed: is_told.then(|| least_revenue(&revenues, row, cutoff)).flatten(),
    }))
}

pub(super) fn margin(tables: &Tables, account: &str) -> Result<Option<Margin>, Failure> {
    let Some(table) = tables.table("profitability", None)? else { return Ok(None) };
    Ok(row_of(&table, account).map(|row| Margin {
        gross: integer(&table, "gross_margin", row),
        cost_to_serve: integer(&table, "cost_to_serve", row),
        net: integer(&table, "net_margin", row),
        ratio: number(&table, "net_margin_ratio", row),
        rank: integer(&table, "rank", row),
        accounts: table.rows(),
    }))
}

pub(super) fn score(tables: &Tables, account: &str, selection: Option<&Selection>) -> Result<Option<Score>, Failure> {
    let Some(card) = tables.table("scorecard", None)? else { return Ok(None) };
    let Some(row) = row_of(&card, account) else { return Ok(None) };
    let criteria = criteria(tables, account)?;
    let mut groups: Vec<(String, Option<f64>)> = Vec::new();
    for criterion in &criteria {
        if groups.iter().all(|(group, _)| *group != criterion.group) {
            let score = number(&card, &format!("{}_score", criterion.group), row);
            groups.push((criterion.group.clone(), score));
        }
    }
    let rule = tables.rule(selection);
    let pareto = if rule.classes.is_empty() { None } else { tables.table("pareto", None)? };
    let is_told = rule.classes.is_empty() || pareto.is_some();
    let decided = tables.table("scorecard", Some("overrides"))?;
    let decisions = decided.as_ref().map(decisions).unwrap_or_default();
    let fixed = overrides(tables, account)?.iter().any(|row| row.what == "score" && row.status == "active");
    Ok(Some(Score {
        score: number(&card, "score", row),
        rank: integer(&card, "rank", row),
        rated: flag(&card, "rated", row),
        rated_accounts: card.flags("rated").into_iter().filter(|rated| *rated).count(),
        coverage: number(&card, "coverage", row).unwrap_or_default(),
        low: number(&card, "score_low", row),
        high: number(&card, "score_high", row),
        // No single criterion moves a score that somebody has decided.
        reach: is_told
            .then(|| {
                let places = rule.places(&card, pareto.as_ref(), &decisions);
                let criteria = if fixed { &[] } else { criteria.as_slice() };
                Reach {
                    decided: decisions.get(account).map(|decided| decided.decision),
                    ..reach(account, rule, &places, criteria)
                }
            })
            .filter(|reach| is_as_selected(reach, selection)),
        groups,
        criteria,
    }))
}

/// Whether the score alone says what was decided; a selection asks for more than a score, and has its reasons.
fn is_as_selected(reach: &Reach, selection: Option<&Selection>) -> bool {
    let rank = |rank: Option<usize>| rank.and_then(|rank| i64::try_from(rank).ok());
    let is_same = |selection: &Selection| {
        reach.decided.is_none()
            && reach.listed == selection.key
            && reach.rank.is_some()
            && rank(reach.rank) == selection.rank
    };
    selection.is_none_or(is_same)
}

/// What a stage `select` decided of an account.
pub(super) fn selection(tables: &Tables, account: &str) -> Result<Option<Selection>, Failure> {
    let Some(table) = tables.table("select", Some("selection"))? else { return Ok(None) };
    let parts = |column: &str, row: usize, between: &str| -> Vec<String> {
        text(&table, column, row).unwrap_or_default().split(between).map(str::to_owned).collect()
    };
    Ok(row_of(&table, account).map(|row| Selection {
        status: text(&table, "status", row).unwrap_or_default(),
        key: flag(&table, "key", row),
        rank: integer(&table, "rank", row),
        waiting_position: integer(&table, "waiting_position", row),
        reasons: parts("reasons", row, "; "),
        codes: parts("reason_codes", row, " "),
        without_hysteresis: flag(&table, "would_be_without_hysteresis", row),
        manager: text(&table, "manager", row),
        since: day(&table, "since", row),
        review: day(&table, "review", row),
        decided: flag(&table, "decided", row),
    }))
}

fn criteria(tables: &Tables, account: &str) -> Result<Vec<Criterion>, Failure> {
    let Some(table) = tables.table("scorecard", Some("contributions"))? else { return Ok(Vec::new()) };
    let mut ratios: BTreeSet<String> = BTreeSet::new();
    if let Some(weights) = tables.table("scorecard", Some("weights"))? {
        // The words of a scale know whether its values are fractions; the type of the column does not.
        let scales = weights.text("criterion").into_iter().zip(weights.text("scale"));
        ratios.extend(scales.filter(|(_, scale)| scale.contains('%')).map(|(name, _)| name.to_owned()));
    }
    let criterion = |row: usize| {
        let criterion = text(&table, "criterion", row)?;
        Some(Criterion {
            group: text(&table, "group", row)?,
            source: text(&table, "source", row).unwrap_or_default(),
            value: number(&table, "value", row),
            is_ratio: ratios.contains(&criterion),
            score: number(&table, "score", row),
            weight: number(&table, "weight", row).unwrap_or_default(),
            contribution: number(&table, "contribution", row).unwrap_or_default(),
            criterion,
        })
    };
    Ok(rows(&table, account).into_iter().filter_map(criterion).collect())
}

pub(super) fn overrides(tables: &Tables, account: &str) -> Result<Vec<Override>, Failure> {
    let Some(table) = tables.table("scorecard", Some("overrides"))? else { return Ok(Vec::new()) };
    let acting = |row: usize| Override {
        what: text(&table, "what", row).unwrap_or_default(),
        value: number(&table, "value", row),
        decision: text(&table, "decision", row),
        who: text(&table, "who", row).unwrap_or_default(),
        why: text(&table, "why", row).unwrap_or_default(),
        until: day(&table, "until", row),
        status: text(&table, "status", row).unwrap_or_default(),
        was: number(&table, "was", row),
    };
    Ok(rows(&table, account).into_iter().map(acting).collect())
}

pub(super) fn robustness(tables: &Tables, account: &str) -> Result<Option<Robustness>, Failure> {
    let Some(table) = tables.table("robustness", None)? else { return Ok(None) };
    let flip = |row: usize| {
        Some(Flip {
            criterion: text(&table, "flip_criterion", row)?,
            delta: number(&table, "flip_delta", row)?,
            weight: number(&table, "flip_weight", row)?,
        })
    };
    Ok(row_of(&table, account).map(|row| Robustness {
        chosen: flag(&table, "chosen", row),
        p_key: number(&table, "p_key", row),
        rank_p05: integer(&table, "rank_p05", row),
        rank_p50: integer(&table, "rank_p50", row),
        rank_p95: integer(&table, "rank_p95", row),
        flip: flip(row),
    }))
}

pub(super) fn ask_first(tables: &Tables, account: &str) -> Result<Vec<Ask>, Failure> {
    let Some(table) = tables.table("robustness", Some("missing_first"))? else { return Ok(Vec::new()) };
    let ask = |row: usize| {
        Some(Ask {
            criterion: text(&table, "criterion", row)?,
            enters: flag(&table, "could_enter", row),
            turning_score: number(&table, "turning_score", row),
            part_of_scale: number(&table, "part_of_scale", row),
        })
    };
    Ok(rows(&table, account).into_iter().filter_map(ask).collect())
}

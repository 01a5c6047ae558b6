//! What a brief says of one account: rows of the tables, put side by side.

use super::facts::Sheet;
use crate::scoring::scorecard::is_unknown;
use crate::table::Table;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of the lists of a brief, which is one page.
const ROWS: usize = 5;

/// The tables with one row per account, by the names that the template has for them.
pub const FACTS: [&str; 11] = [
    "growth",
    "pareto",
    "profile",
    "profitability",
    "breadth",
    "stability",
    "lifetime_value",
    "scorecard",
    "quadrant",
    "robustness",
    "changes",
];

/// All that briefs are made of.
#[derive(Debug, Default)]
pub struct Sources<'t> {
    pub accounts: Option<Sheet<'t>>,
    pub selection: Option<Sheet<'t>>,
    /// Of [`FACTS`], those that there are.
    pub facts: BTreeMap<&'static str, Sheet<'t>>,
    pub assignments: Option<Sheet<'t>>,
    pub contributions: Option<Sheet<'t>>,
    pub change_drivers: Option<Sheet<'t>>,
    pub whitespace: Option<Sheet<'t>>,
    pub overrides: Option<Sheet<'t>>,
    pub restatements: Option<Sheet<'t>>,
    /// The criteria that people judge.
    pub judged: BTreeSet<&'t str>,
    /// What each account buys, the most first.
    pub bought: BTreeMap<&'t str, Vec<Bought<'t>>>,
}

/// What an account buys of a category, in the last complete year and in the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bought<'t> {
    pub category: &'t str,
    pub revenue: i64,
    pub previous: i64,
}

/// The accounts that get a brief: key, entered and waiting ones.
pub fn accounts(selection: &Table) -> BTreeSet<&str> {
    let states = selection.text("status").into_iter().zip(selection.flags("key"));
    let is_wanted = |(status, is_key): (&str, bool)| is_key || matches!(status, "key" | "entered" | "waiting");
    let rows = selection.text("account").into_iter().zip(states);
    rows.filter(|(_, state)| is_wanted(*state)).map(|(account, _)| account).collect()
}

/// The brief of an account, as the template sees it.
pub fn page(account: &str, sources: &Sources, frame: &Map<String, Value>) -> Map<String, Value> {
    let row = |sheet: Option<&Sheet>| sheet.and_then(|sheet| sheet.row(account)).map_or(Value::Null, Value::Object);
    let rows = |sheet: Option<&Sheet>| sheet.map(|sheet| sheet.rows(account)).unwrap_or_default();
    let mut page = frame.clone();
    page.extend(FACTS.map(|name| (name.to_owned(), row(sources.facts.get(name)))));
    let attributes = sources.accounts.as_ref().and_then(|sheet| sheet.row(account)).unwrap_or_default();
    let criteria = criteria(rows(sources.contributions.as_ref()), &rows(sources.change_drivers.as_ref()));
    let unknown = |row: &&Map<String, Value>| is_unknown(text(row, "source"));
    let (questions, unmeasured): (Vec<&str>, Vec<&str>) = criteria
        .iter()
        .filter(unknown)
        .map(|row| text(row, "criterion"))
        .partition(|criterion| sources.judged.contains(criterion));
    let is_active = |row: &Map<String, Value>| text(row, "status") == crate::scoring::overrides::ACTIVE;
    let overrides: Vec<_> = rows(sources.overrides.as_ref()).into_iter().filter(is_active).collect();
    page.extend([
        ("account".to_owned(), account.into()),
        ("name".to_owned(), called(account, &attributes).into()),
        ("segment".to_owned(), filled(&attributes, "segment")),
        ("region".to_owned(), filled(&attributes, "region")),
        ("selection".to_owned(), row(sources.selection.as_ref())),
        ("assignment".to_owned(), row(sources.assignments.as_ref())),
        ("years".to_owned(), years(page.get("growth"), frame)),
        ("questions".to_owned(), json!(questions)),
        ("unmeasured".to_owned(), json!(unmeasured)),
        ("criteria".to_owned(), json!(criteria)),
        ("gaps".to_owned(), first(rows(sources.whitespace.as_ref()))),
        ("overrides".to_owned(), json!(overrides)),
        ("restatements".to_owned(), first(rows(sources.restatements.as_ref()))),
        ("bought".to_owned(), bought(sources.bought.get(account).map(Vec::as_slice).unwrap_or_default())),
    ]);
    page
}

fn text<'m>(row: &'m Map<String, Value>, key: &str) -> &'m str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A text that is not blank.
fn filled(row: &Map<String, Value>, key: &str) -> Value {
    let text = text(row, key).trim();
    if text.is_empty() { Value::Null } else { text.into() }
}

/// The name with the key behind it, or the key.
fn called(account: &str, attributes: &Map<String, Value>) -> String {
    match filled(attributes, "name").as_str().filter(|name| *name != account) {
        Some(name) => format!("{name} ({account})"),
        None => account.to_owned(),
    }
}

/// The first rows, and how many there are beside.
fn first(mut rows: Vec<Map<String, Value>>) -> Value {
    let total = rows.len();
    rows.truncate(ROWS);
    json!({"more": total - rows.len(), "rows": rows})
}

fn bought(all: &[Bought]) -> Value {
    let total: i128 = all.iter().map(|row| i128::from(row.revenue)).sum();
    let share = |revenue: i64| (total > 0).then(|| revenue as f64 / total as f64);
    let row = |row: &Bought| json!({"category": row.category, "revenue": row.revenue, "previous": row.previous, "share": share(row.revenue)});
    let rows: Vec<Value> = all.iter().take(ROWS).map(row).collect();
    json!({"more": all.len() - rows.len(), "rows": rows})
}

/// The criteria in the order declared, each with how its contribution has moved since the last review; behind them what
/// has moved the score beside, such as an override or a criterion that there is no longer.
fn criteria(contributions: Vec<Map<String, Value>>, drivers: &[Map<String, Value>]) -> Vec<Map<String, Value>> {
    let number = |row: &Map<String, Value>, key: &str| row.get(key).and_then(Value::as_f64);
    let moved =
        |driver: &Map<String, Value>| Some(number(driver, "delta_customer")? + number(driver, "delta_weights")?);
    let mut moves: BTreeMap<&str, Option<f64>> =
        drivers.iter().map(|row| (text(row, "criterion"), moved(row))).collect();
    let with_move = |mut row: Map<String, Value>| {
        let moved = moves.remove(text(&row, "criterion")).flatten();
        row.insert("moved".to_owned(), moved.into());
        row
    };
    let mut criteria: Vec<Map<String, Value>> = contributions.into_iter().map(with_move).collect();
    criteria.extend(moves.into_iter().map(|(criterion, moved)| {
        let row = json!({"group": "", "criterion": criterion, "weight": null, "score": null, "moved": moved});
        row.as_object().cloned().unwrap_or_default()
    }));
    criteria
}

/// The years of the growth window, the oldest first.
fn years(growth: Option<&Value>, frame: &Map<String, Value>) -> Value {
    let Some(growth) = growth.and_then(Value::as_object) else { return json!([]) };
    let last = frame.get("last_year").and_then(Value::as_i64).unwrap_or_default();
    let revenues: Vec<&Value> = (0..).map_while(|year| growth.get(&format!("revenue_y{year}"))).collect();
    let first = last - i64::try_from(revenues.len()).unwrap_or_default() + 1;
    let year = |(place, (year, revenue)): (usize, (i64, &&Value))| {
        let growth = growth.get(&format!("growth_y{place}")).cloned().unwrap_or_default();
        json!({"year": year, "revenue": revenue, "growth": growth})
    };
    let years: Vec<Value> = (first..).zip(&revenues).enumerate().map(year).collect();
    json!(years)
}

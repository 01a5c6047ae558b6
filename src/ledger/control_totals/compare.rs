//! Totals that somebody states against those of the lines.

use super::{Bound, By, Of};
use crate::calendar::FiscalCalendar;
use crate::failure::Failure;
use crate::ledger::amounts::LARGEST;
use crate::ledger::currency::Fate;
use crate::ledger::tally::{Count, Excluded, FileTally};
use crate::ledger::total_rows;
use crate::money::{NumberFormat, to_plain};
use crate::pipeline::settings::Settings;
use crate::sources::{Source, TextRow};
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use std::collections::{BTreeMap, BTreeSet};

/// A ledger's lines, as far as totals are checked against them.
pub struct Lines<'a> {
    /// Names and tallies of the files.
    pub files: Vec<(&'a str, &'a FileTally)>,
    /// By fiscal year and month.
    pub months: &'a BTreeMap<(i32, u8), Count>,
    /// The fiscal year of the as-of day.
    pub as_of_year: i32,
    pub settings: &'a Settings,
}

/// A total and what there is.
struct Check {
    key: String,
    expected: Option<Total>,
    found: Option<Count>,
}

/// What somebody states.
#[derive(Debug, Clone, Copy)]
struct Total {
    amount: i64,
    rows: Option<i64>,
}

impl Check {
    fn matches(&self) -> bool {
        match (self.expected, self.found) {
            (Some(expected), Some(found)) => {
                i128::from(expected.amount) == found.amount && expected.rows.is_none_or(|rows| rows == found.rows)
            }
            _ => false,
        }
    }
}

/// Checks the totals.
///
/// # Errors
/// Where one does not match and nobody says why, or the table of the totals cannot be read.
pub fn check(name: &str, bound: &Bound, lines: &Lines) -> Result<Table, Failure> {
    let checks = match &bound.source {
        None => stated(lines),
        Some((source, columns)) => {
            let expected = expected(source, columns, bound.by, lines)?;
            let found = found(bound, lines);
            let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            let check = |key: &String| Check {
                key: key.clone(),
                expected: expected.get(key).copied(),
                found: found.get(key).copied(),
            };
            keys.into_iter().map(check).collect()
        }
    };
    let because = |check: &Check| {
        let accepted = bound.accept.iter().find(|accept| accept.key == check.key);
        accepted.filter(|_| !check.matches()).map(|accept| accept.because.as_str())
    };
    // A file that states no total cannot be checked: that is told, and no mismatch.
    let is_wrong = |check: &&Check| {
        !check.matches() && because(check).is_none() && !(bound.asks_files() && check.expected.is_none())
    };
    let wrong: Vec<&Check> = checks.iter().filter(is_wrong).collect();
    if !wrong.is_empty() {
        return Err(mismatch(&wrong, bound, lines.settings.decimals));
    }
    table(name, bound.by, &checks, &because).ok_or_else(|| Failure::Run {
        message: "the money of a control total has more than 18 digits".to_owned(),
        hint: None,
    })
}

/// What each file states of itself.
fn stated(lines: &Lines) -> Vec<Check> {
    let check = |(name, tally): &(&str, &FileTally)| match tally.stated {
        Some(stated) => Check {
            key: (*name).to_owned(),
            expected: Some(Total { amount: stated.amount, rows: None }),
            found: Some(stated.found),
        },
        None => Check { key: (*name).to_owned(), expected: None, found: Some(read(tally)) },
    };
    lines.files.iter().map(check).collect()
}

/// Rows and money read, without the rows that were taken out as totals.
fn read(tally: &FileTally) -> Count {
    let totals = [tally.excluded.get(&Excluded::TotalRow), tally.quarantined.get(total_rows::REASON)];
    let sum = totals.into_iter().flatten().fold(Count::default(), |sum, count| sum.plus(*count));
    Count { rows: tally.read.rows - sum.rows, amount: tally.read.amount - sum.amount }
}

fn accepted_of(tally: &FileTally) -> Count {
    tally.accepted.values().fold(Count::default(), |sum, count| sum.plus(*count))
}

fn found(bound: &Bound, lines: &Lines) -> BTreeMap<String, Count> {
    let of = |tally: &FileTally| match bound.of {
        Of::Read => read(tally),
        Of::Accepted => accepted_of(tally),
    };
    match bound.by {
        By::File => lines.files.iter().map(|(name, tally)| ((*name).to_owned(), of(tally))).collect(),
        By::Month => {
            // What lies after the as-of day is read, and not accepted.
            let counts = |year: i32| bound.of == Of::Read || year <= lines.as_of_year;
            let months = lines.months.iter().filter(|((year, _), _)| counts(*year));
            months.map(|((year, month), count)| (month_name(lines.settings.calendar, *year, *month), *count)).collect()
        }
        By::Currency if lines.files.iter().any(|(_, tally)| !tally.currencies.is_empty()) => {
            in_currencies(bound, lines)
        }
        // Without a currency of its own, every line is in that of the pipeline.
        By::Currency => {
            let all = lines.files.iter().map(|(_, tally)| of(tally)).fold(Count::default(), Count::plus);
            BTreeMap::from([(lines.settings.currency.clone(), all)])
        }
    }
}

/// The lines by their own currency, in its money; those whose currency is not known are in none.
fn in_currencies(bound: &Bound, lines: &Lines) -> BTreeMap<String, Count> {
    let mut found: BTreeMap<String, Count> = BTreeMap::new();
    for ((currency, fate), lines) in lines.files.iter().flat_map(|(_, tally)| &tally.currencies) {
        let counts = match bound.of {
            Of::Read => !matches!(fate, Fate::ExcludedTotal | Fate::QuarantinedTotal),
            Of::Accepted => matches!(fate, Fate::Accepted(_)),
        };
        if let Some(currency) = currency.filter(|_| counts) {
            let sum = found.entry(currency.code().to_owned()).or_default();
            *sum = sum.plus(Count { rows: lines.rows, amount: lines.own });
        }
    }
    found
}

/// The calendar month of a month of a fiscal year, `2024-01`.
fn month_name(calendar: FiscalCalendar, fiscal_year: i32, month: u8) -> String {
    let starts = i32::from(calendar.starts);
    let months = (fiscal_year - i32::from(starts > 1)) * 12 + starts - 1 + i32::from(month);
    format!("{:04}-{:02}", months.div_euclid(12), months.rem_euclid(12) + 1)
}

/// The totals of a table by what they are of.
fn expected(source: &Source, columns: &[String], by: By, lines: &Lines) -> Result<BTreeMap<String, Total>, Failure> {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    let mut mistakes: Vec<String> = Vec::new();
    for row in source.text_rows(&names)? {
        let place = format!("{}:{}", row.file, row.line);
        match total(source, &row, names.get(1).copied().unwrap_or_default(), by, lines) {
            Ok((key, total)) => {
                if totals.insert(key.clone(), total).is_some() {
                    mistakes.push(format!("{place}: `{key}` has a total already"));
                }
            }
            Err(mistake) => mistakes.push(format!("{place}: {mistake}")),
        }
    }
    if mistakes.is_empty() {
        return Ok(totals);
    }
    Err(Failure::Data {
        message: format!("the control totals cannot be used\n  {}", mistakes.join("\n  ")),
        hint: Some("one row for each total, with its key and its amount".to_owned()),
    })
}

fn total(
    source: &Source,
    row: &TextRow,
    amount_column: &str,
    by: By,
    lines: &Lines,
) -> Result<(String, Total), String> {
    if let Some(defect) = &row.defect {
        return Err(defect.detail.clone());
    }
    let cell = |place: usize| row.cells.get(place).and_then(Option::as_deref).unwrap_or_default().trim();
    let (key, amount, rows) = (cell(0), cell(1), cell(2));
    if key.is_empty() {
        return Err(format!("the {} is empty", by.name()));
    }
    let key = match by {
        By::File => file_named(key, lines),
        By::Month => month(key).ok_or_else(|| format!("`{key}` is no month such as `2024-01`"))?,
        By::Currency => key.to_ascii_uppercase(),
    };
    let is_text = source.files.iter().any(|file| file.name == row.file && file.is_text(amount_column));
    let numbers = if is_text { source.config.csv.numbers } else { NumberFormat::PLAIN };
    let amount = numbers
        .parse(amount.as_bytes(), lines.settings.decimals)
        .ok()
        .filter(|amount| amount.unsigned_abs() < LARGEST)
        .ok_or_else(|| format!("`{amount}` is no amount"))?;
    let rows = match rows {
        "" => None,
        rows => Some(rows.parse::<i64>().map_err(|_| format!("`{rows}` is no number of rows"))?),
    };
    Ok((key, Total { amount, rows }))
}

/// The name of the file that a total means: as reports write it, or without its folders where that names one file.
fn file_named(key: &str, lines: &Lines) -> String {
    let names = || lines.files.iter().map(|(name, _)| *name);
    if names().any(|name| name == key) {
        return key.to_owned();
    }
    let mut ending = names().filter(|name| name.rsplit('/').next() == Some(key));
    match (ending.next(), ending.next()) {
        (Some(name), None) => name.to_owned(),
        _ => key.to_owned(),
    }
}

/// A month from `2024-01`, or from a day such as `2024-01-31`.
fn month(text: &str) -> Option<String> {
    let day = match text.len() {
        7 => format!("{text}-01"),
        _ => text.get(..10)?.to_owned(),
    };
    crate::calendar::parse_day(&day, "%Y-%m-%d").and_then(|_| day.get(..7).map(str::to_owned))
}

fn mismatch(wrong: &[&Check], bound: &Bound, decimals: u32) -> Failure {
    let what = match bound.of {
        Of::Read => "read",
        Of::Accepted => "accepted",
    };
    let money = |amount: i128| {
        i64::try_from(amount).map_or_else(|_| "too much".to_owned(), |amount| to_plain(amount, decimals))
    };
    let verb = if wrong.len() == 1 { "total does not match" } else { "totals do not match" };
    let mut message = format!("{} control {verb} what was {what}", wrong.len());
    for check in wrong {
        message.push_str(&format!("\n  {}: ", check.key));
        message.push_str(&match (check.expected, check.found) {
            (Some(expected), Some(found)) => {
                let amount = i128::from(expected.amount);
                let mut told = format!(
                    "expected {}, found {}, difference {}",
                    money(amount),
                    money(found.amount),
                    money(found.amount - amount)
                );
                if let Some(rows) = expected.rows.filter(|rows| *rows != found.rows) {
                    told.push_str(&format!("; expected {rows} rows, found {}", found.rows));
                }
                told
            }
            (Some(expected), None) => format!("expected {}, found nothing", money(expected.amount.into())),
            (None, found) => {
                format!("found {}, and no control total", money(found.unwrap_or_default().amount))
            }
        });
    }
    let key = wrong.first().map_or("", |check| check.key.as_str());
    let hint =
        format!("read what is missing, or accept a difference with its reason: `accept: [{{key: {key}, because: …}}]`");
    Failure::Data { message, hint: Some(hint) }
}

pub fn spec(name: &str) -> TableSpec {
    use Meaning::{Integer, Money, Text};
    let columns = [
        ("scope", Text),
        ("key", Text),
        ("expected", Money),
        ("found", Money),
        ("difference", Money),
        ("rows_expected", Integer),
        ("rows_found", Integer),
        ("accepted_because", Text),
    ];
    TableSpec::new(name, columns.into_iter().map(|(name, meaning)| ColumnSpec::new(name, meaning)).collect())
}

fn table<'a>(name: &str, by: By, checks: &[Check], because: &dyn Fn(&Check) -> Option<&'a str>) -> Option<Table> {
    let fits = |amount: i128| i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST);
    let mut found = Vec::with_capacity(checks.len());
    let mut differences = Vec::with_capacity(checks.len());
    for check in checks {
        found.push(check.found.map(|count| fits(count.amount).ok_or(())).transpose().ok()?);
        let difference = check.expected.zip(check.found).map(|(total, count)| count.amount - i128::from(total.amount));
        differences.push(difference.map(|amount| fits(amount).ok_or(())).transpose().ok()?);
    }
    Some(
        TableBuilder::new(name, checks.len())
            .text("scope", vec![by.name(); checks.len()])
            .text("key", checks.iter().map(|check| check.key.as_str()).collect())
            .money("expected", checks.iter().map(|check| check.expected.map(|total| total.amount)).collect::<Vec<_>>())
            .money("found", found)
            .money("difference", differences)
            .integers(
                "rows_expected",
                checks.iter().map(|check| check.expected.and_then(|total| total.rows)).collect::<Vec<_>>(),
            )
            .integers("rows_found", checks.iter().map(|check| check.found.map(|count| count.rows)).collect::<Vec<_>>())
            .optional_text("accepted_because", checks.iter().map(because).collect())
            .build(),
    )
}

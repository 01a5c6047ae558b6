//! From the tally of a scan to a ledger: the as-of day is decided, the lines are reconciled.

use super::amounts::LARGEST;
use super::books::Books;
use super::currency;
use super::further::{self, Kept};
use super::limit::Limit;
use super::pass::Scanned;
use super::period::Period;
use super::quarantine::Gathering;
use super::scan::Scan;
use super::tally::{Count, EXAMPLES, Excluded, FileTally, Tally};
use super::{Ledger, Totals, file_years, files, total_rows};
use crate::calendar::iso;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use std::collections::BTreeMap;

/// How the tables of a ledger are called.
#[derive(Debug, Clone)]
pub struct Names {
    reconciliation: String,
    outcomes: String,
    pub quarantine: String,
    files: String,
    pub account_map: String,
    pub currencies: String,
    total_rows: String,
    file_years: String,
    pub credit_notes: String,
    pub duplicates: String,
    pub control_totals: String,
    pub merged_keys: String,
}

impl Names {
    pub fn of(id: &str) -> Self {
        let name = |table: &str| crate::table::name_of(id, "ledger", table);
        Self {
            reconciliation: name("reconciliation"),
            outcomes: name("outcomes"),
            quarantine: name("quarantine"),
            files: name("files"),
            account_map: name("account_map"),
            currencies: name("currencies"),
            total_rows: name("total_rows"),
            file_years: name("file_years"),
            credit_notes: name("credit_notes"),
            duplicates: name("duplicates"),
            control_totals: name("control_totals"),
            merged_keys: name("merged_keys"),
        }
    }
}

/// The tables that a ledger makes, the quarantine aside.
pub fn specs(names: &Names, kept: Kept) -> Vec<TableSpec> {
    let columns =
        |columns: &[(&str, Meaning)]| columns.iter().map(|(name, meaning)| ColumnSpec::new(*name, *meaning)).collect();
    use Meaning::{Integer, Money, Text};
    let mut specs = vec![
        TableSpec::new(
            &names.reconciliation,
            columns(&[
                ("file", Text),
                ("rows_read", Integer),
                ("rows_accepted", Integer),
                ("rows_excluded", Integer),
                ("rows_quarantined", Integer),
                ("amount_read", Money),
                ("amount_accepted", Money),
                ("amount_excluded", Money),
                ("amount_quarantined", Money),
                ("rows_without_amount", Integer),
                ("rows_without_cost", Integer),
            ]),
        ),
        TableSpec::new(
            &names.outcomes,
            columns(&[
                ("file", Text),
                ("outcome", Text),
                ("reason", Text),
                ("rows", Integer),
                ("amount", Money),
                ("first_line", Integer),
            ]),
        ),
        files::spec(&names.files),
        total_rows::spec(&names.total_rows),
        file_years::spec(&names.file_years),
    ];
    specs.extend(kept.specs(names));
    specs
}

/// Closes the books: decides the as-of day, moves what lies after it out, and checks the quarantine.
///
/// # Errors
/// Where too many lines are quarantined, none is accepted, or the data completes no fiscal year.
pub fn ledger(
    (scanned, quarantine): (Scanned, Gathering),
    scan: &Scan,
    limit: Limit,
    (names, kept): (&Names, Kept),
) -> Result<Ledger, Failure> {
    let Scanned { tally, years, ids, taken_up } = scanned;
    let name_of = |file: usize| scan.files.get(file).map_or("", |file| file.name.as_str());
    if scan.rates.is_none() {
        currency::refuse_mixture(&tally.files, &scan.settings.currency)?;
    }
    if let Some(map) = scan.account_map {
        map.refuse_unknown_parents(&tally.moved)?;
    }
    refuse_account_called_as_bucket(&tally, scan.bucket, &name_of)?;
    // Before all else: lines in quarantine are the likeliest reason for whatever fails below.
    check_limit(limit, &tally, &name_of)?;
    let period = period(&tally, scan.settings)?;
    let as_of_year = period.calendar.place(period.as_of).0;
    let files: Vec<FileTally> = tally.files.iter().map(|file| up_to(file, as_of_year)).collect();
    let rows: Vec<Row> =
        files.iter().enumerate().map(|(index, file)| row(name_of(index), file)).collect::<Result<_, _>>()?;
    let totals = totals(&rows)?;
    let books = Books::of(years, &ids, as_of_year)?;
    let books = match scan.bucket {
        None => books,
        Some(bucket) => books.set_apart(bucket),
    };
    let named: Vec<(&str, &FileTally)> = files.iter().enumerate().map(|(index, file)| (name_of(index), file)).collect();
    let total_rows = total_rows::table(&names.total_rows, named.iter().map(|(name, file)| (*name, &file.total_rows)));
    let mut tables = vec![
        reconciliation(&names.reconciliation, &rows),
        outcomes(&names.outcomes, &files, scan.reasons, &name_of)?,
        files::table(&names.files, scan.files, scan.plans, &files),
        total_rows.ok_or_else(|| too_large("the money of a file"))?,
        file_years::table(&names.file_years, &named)?,
    ];
    tables.extend(further::tables(names, kept, (&tally, &files), scan, as_of_year)?);
    let names_of_files = scan.files.iter().map(|file| file.name.clone()).collect();
    let quarantine = quarantine.close(&names.quarantine, names_of_files);
    Ok(Ledger { books, roles: scan.roles, period, tables, quarantine, totals, taken_up })
}

fn period(tally: &Tally, settings: &Settings) -> Result<Period, Failure> {
    let calendar = settings.calendar;
    let newest = tally.days.values().map(|(_, last)| *last).max().ok_or_else(|| nothing_accepted(tally))?;
    let as_of = match settings.as_of {
        AsOf::Day(day) => day,
        AsOf::Latest => {
            refuse_gap(tally, newest, calendar.place(newest).0)?;
            calendar.last_day(calendar.last_year_reached(newest))
        }
    };
    let days = tally.days.range(..=calendar.place(as_of).0).map(|(_, days)| *days);
    let span = days.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let Some((first_date, last_date)) = span else {
        return Err(Failure::Data {
            message: format!("the lines, up to {}, complete no fiscal year", iso(newest)),
            hint: Some("give the last day that counts: `as_of: 2025-12-31` or `--as-of 2025-12-31`".to_owned()),
        });
    };
    let last_year = calendar.last_complete_year(as_of);
    if last_date < calendar.first_day(last_year) {
        return Err(Failure::Data {
            message: format!(
                "the lines end on {}, before the last fiscal year that {} completes",
                iso(last_date),
                iso(as_of)
            ),
            hint: Some(
                "every account would seem lost; give an earlier as-of day, or read the newer invoices".to_owned(),
            ),
        });
    }
    Ok(Period { calendar, as_of, first_date, last_date, last_year })
}

/// With `as_of: latest` the newest line decides for the whole book, so a single line far ahead of all others is
/// taken for the typing error that it is.
fn refuse_gap(tally: &Tally, newest: i32, newest_year: i32) -> Result<(), Failure> {
    let before = tally.days.range(..newest_year).next_back().map(|(year, _)| *year);
    match before {
        Some(before) if before < newest_year - 6 => Err(Failure::Data {
            message: format!(
                "the newest line is dated {}, but no line lies in the five fiscal years before",
                iso(newest)
            ),
            hint: Some("correct its date, or give the last day that counts with `as_of`".to_owned()),
        }),
        _ => Ok(()),
    }
}

fn nothing_accepted(tally: &Tally) -> Failure {
    let read: i64 = tally.files.iter().map(|file| file.read.rows).sum();
    let after: i64 = tally.files.iter().map(|file| file.after_as_of.rows).sum();
    if read == 0 {
        return Failure::Data { message: "the files have no lines but their headers".to_owned(), hint: None };
    }
    let mut message = format!("none of {read} lines was accepted");
    if after > 0 {
        message.push_str(&format!("; {after} of them lie after the as-of day"));
    }
    let hint = "`vitalfew stages ledger` says what excludes and quarantines lines".to_owned();
    Failure::Data { message, hint: Some(hint) }
}

/// The tally of a file with the fiscal years after the as-of day moved from accepted to excluded.
fn up_to(file: &FileTally, as_of_year: i32) -> FileTally {
    let mut file = file.clone();
    let later = file.accepted.split_off(&(as_of_year + 1));
    file.without_cost.split_off(&(as_of_year + 1));
    file.currencies = currency::up_to(&file.currencies, as_of_year);
    file.after_as_of = later.values().fold(file.after_as_of, |sum, count| sum.plus(*count));
    file
}

struct Row<'a> {
    file: &'a str,
    read: (i64, i64),
    accepted: (i64, i64),
    excluded: (i64, i64),
    quarantined: (i64, i64),
    without_amount: i64,
    without_cost: i64,
}

fn row<'a>(name: &'a str, file: &FileTally) -> Result<Row<'a>, Failure> {
    let sum = |counts: &mut dyn Iterator<Item = &Count>| counts.fold(Count::default(), |sum, count| sum.plus(*count));
    let excluded = sum(&mut file.excluded.values()).plus(file.after_as_of);
    Ok(Row {
        file: name,
        read: whole(file.read)?,
        accepted: whole(sum(&mut file.accepted.values()))?,
        excluded: whole(excluded)?,
        quarantined: whole(sum(&mut file.quarantined.values()))?,
        without_amount: file.without_amount,
        without_cost: file.without_cost.values().sum(),
    })
}

pub fn whole(count: Count) -> Result<(i64, i64), Failure> {
    let amount = i64::try_from(count.amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST);
    let amount = amount.ok_or_else(|| too_large("the money of a file"))?;
    Ok((count.rows, amount))
}

fn totals(rows: &[Row]) -> Result<Totals, Failure> {
    let sum = |part: fn(&Row) -> (i64, i64)| {
        let counts = rows.iter().map(part).map(|(rows, amount)| Count { rows, amount: amount.into() });
        whole(counts.fold(Count::default(), Count::plus))
    };
    let (rows_read, amount_read) = sum(|row| row.read)?;
    let (rows_accepted, amount_accepted) = sum(|row| row.accepted)?;
    let (rows_excluded, amount_excluded) = sum(|row| row.excluded)?;
    let (rows_quarantined, amount_quarantined) = sum(|row| row.quarantined)?;
    let totals = Totals {
        rows_read,
        rows_accepted,
        rows_excluded,
        rows_quarantined,
        amount_read,
        amount_accepted,
        amount_excluded,
        amount_quarantined,
    };
    let balanced = rows_read == rows_accepted + rows_excluded + rows_quarantined
        && i128::from(amount_read)
            == i128::from(amount_accepted) + i128::from(amount_excluded) + i128::from(amount_quarantined);
    if balanced { Ok(totals) } else { Err(Failure::run(format!("the lines do not reconcile: {totals:?}"))) }
}

/// Lines of a real account and lines without one must not be added up under one name.
fn refuse_account_called_as_bucket<'a>(
    tally: &Tally,
    bucket: Option<&str>,
    name_of: &dyn Fn(usize) -> &'a str,
) -> Result<(), Failure> {
    let (Some((file, line)), Some(bucket)) = (tally.bucket_taken, bucket) else { return Ok(()) };
    let message = format!(
        "{}:{line}: the account `{bucket}` has the name that lines without an account are kept as",
        name_of(file)
    );
    Err(Failure::Data { message, hint: Some("give `keep_as` a name that no account has".to_owned()) })
}

fn check_limit<'a>(limit: Limit, tally: &Tally, name_of: &dyn Fn(usize) -> &'a str) -> Result<(), Failure> {
    let read: i64 = tally.files.iter().map(|file| file.read.rows).sum();
    let bad: i64 = tally.files.iter().flat_map(|file| file.quarantined.values()).map(|count| count.rows).sum();
    if limit.allows(bad, read) {
        return Ok(());
    }
    let mut message = format!("{bad} of {read} lines are quarantined, more than the limit of {}", limit.describe());
    let mut reasons: BTreeMap<&str, i64> = BTreeMap::new();
    for (reason, count) in tally.files.iter().flat_map(|file| &file.quarantined) {
        *reasons.entry(reason).or_default() += count.rows;
    }
    let mut reasons: Vec<(&str, i64)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, rows)| (-rows, *reason));
    for (reason, rows) in reasons {
        message.push_str(&format!("\n  {rows} × {reason}"));
        let files = tally.files.iter().enumerate();
        let examples = files
            .flat_map(|(file, tally)| tally.examples.get(reason).into_iter().flatten().map(move |line| (file, line)));
        for (file, example) in examples.take(EXAMPLES) {
            message.push_str(&format!("\n      {}:{}: {}", name_of(file), example.line, example.detail));
        }
    }
    let hint = "mend the files, `exclude` what does not belong in the ledger, or raise `quarantine_limit`".to_owned();
    Err(Failure::Data { message, hint: Some(hint) })
}

fn reconciliation(name: &str, rows: &[Row]) -> Table {
    let integers = |value: fn(&Row) -> i64| rows.iter().map(value).collect::<Vec<i64>>();
    TableBuilder::new(name, rows.len())
        .text("file", rows.iter().map(|row| row.file).collect())
        .integers("rows_read", integers(|row| row.read.0))
        .integers("rows_accepted", integers(|row| row.accepted.0))
        .integers("rows_excluded", integers(|row| row.excluded.0))
        .integers("rows_quarantined", integers(|row| row.quarantined.0))
        .money("amount_read", integers(|row| row.read.1))
        .money("amount_accepted", integers(|row| row.accepted.1))
        .money("amount_excluded", integers(|row| row.excluded.1))
        .money("amount_quarantined", integers(|row| row.quarantined.1))
        .integers("rows_without_amount", integers(|row| row.without_amount))
        .integers("rows_without_cost", integers(|row| row.without_cost))
        .build()
}

fn outcomes<'a>(
    name: &str,
    files: &[FileTally],
    reasons: &[String],
    name_of: &dyn Fn(usize) -> &'a str,
) -> Result<Table, Failure> {
    // File, outcome, reason, rows and money, and the first line.
    type Outcome<'a> = (&'a str, &'a str, &'a str, (i64, i64), Option<i64>);
    let mut rows: Vec<Outcome> = Vec::new();
    let place = |line: Option<u64>| line.and_then(|line| i64::try_from(line).ok());
    for (index, file) in files.iter().enumerate() {
        for (excluded, count) in &file.excluded {
            let reason = match excluded {
                Excluded::TotalRow => total_rows::REASON,
                Excluded::Rule(rule) => reasons.get(*rule).map_or("", String::as_str),
                Excluded::Duplicate => "duplicate",
            };
            let first = place(file.first_excluded.get(excluded).copied());
            rows.push((name_of(index), "excluded", reason, whole(*count)?, first));
        }
        if file.after_as_of.rows > 0 {
            rows.push((name_of(index), "excluded", "after_as_of", whole(file.after_as_of)?, None));
        }
        for (reason, count) in &file.quarantined {
            let example = file.examples.get(reason).and_then(|examples| examples.first());
            rows.push((
                name_of(index),
                "quarantined",
                reason,
                whole(*count)?,
                place(example.map(|example| example.line)),
            ));
        }
    }
    Ok(TableBuilder::new(name, rows.len())
        .text("file", rows.iter().map(|row| row.0).collect())
        .text("outcome", rows.iter().map(|row| row.1).collect())
        .text("reason", rows.iter().map(|row| row.2).collect())
        .integers("rows", rows.iter().map(|row| row.3.0).collect::<Vec<i64>>())
        .money("amount", rows.iter().map(|row| row.3.1).collect::<Vec<i64>>())
        .integers("first_line", rows.iter().map(|row| row.4).collect::<Vec<Option<i64>>>())
        .build())
}

/// What to say where a sum does not fit.
pub fn too_large(what: &str) -> Failure {
    Failure::Run {
        message: format!("{what} has more than 18 digits"),
        hint: Some("keep fewer `decimals`, or leave the absurd amounts out with an `exclude` rule".to_owned()),
    }
}

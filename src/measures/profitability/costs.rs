//! The table of costs to serve: which of its rows count, and what they say about each account.

use crate::calendar::{FiscalCalendar, parse_day};
use crate::measures::window::Window;
use crate::money::{NotMoney, from_decimal};
use crate::sources::written::Written;
use crate::sources::{Source, TextRow};
use crate::table::{Table, TableBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of the table, in the order in which they are read.
pub const COLUMNS: [&str; 5] = ["account", "period", "activity", "amount", "count"];

/// How many of them must be there.
pub const REQUIRED: usize = 4;

/// Decimal places of a count: hours of support need not be whole.
const COUNT_PLACES: u32 = 4;

const ISO: &str = "%Y-%m-%d";

/// One row of the table, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    pub file: String,
    pub line: u64,
    pub account: String,
    pub period: String,
    pub activity: String,
    /// Minor units; below zero for a cost that was taken back.
    pub amount: Option<i64>,
    /// Why the row does not count; nothing where it does.
    pub unused: Option<&'static str>,
}

/// What rows are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub accounts: &'a BTreeSet<&'a str>,
    pub calendar: FiscalCalendar,
    pub window: Window,
    pub decimals: u32,
    /// What an activity costs each time, in minor units.
    pub activities: &'a BTreeMap<String, i64>,
}

/// How a file writes its amounts and its periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub amounts: Written,
    pub periods: Written,
}

impl Form {
    /// As typed columns read.
    pub fn plain() -> Self {
        Self { amounts: Written::plain(), periods: Written::plain() }
    }
}

/// The form of each file.
pub fn forms(source: &Source) -> BTreeMap<&str, Form> {
    let form = |file: &str| Form {
        amounts: Written::of(source, file, "amount"),
        periods: Written::of(source, file, "period"),
    };
    source.files.iter().map(|file| (file.name.as_str(), form(&file.name))).collect()
}

/// Reads the rows of the table and decides which count.
pub fn judge(rows: Vec<TextRow>, rules: &Rules, forms: &BTreeMap<&str, Form>) -> Vec<CostRow> {
    let plain = Form::plain();
    rows.into_iter()
        .map(|row| {
            let form = forms.get(row.file.as_str()).unwrap_or(&plain);
            read(row, rules, form)
        })
        .collect()
}

fn read(row: TextRow, rules: &Rules, form: &Form) -> CostRow {
    let cell = |place: usize| row.cells.get(place).and_then(Option::as_deref).unwrap_or_default();
    // Blanks around a key are part of it in the ledger; only where no account is called so are they a slip.
    let account = if rules.accounts.contains(cell(0)) { cell(0) } else { cell(0).trim() };
    let period = cell(1).trim();
    let activity = cell(2).trim();
    let counted = cell(3).trim().is_empty() && !cell(4).trim().is_empty();
    let amount = match rules.activities.get(activity) {
        Some(rate) if counted => times(*rate, number(form, cell(4), COUNT_PLACES)),
        _ => number(form, cell(3), rules.decimals),
    };
    let year = fiscal_year(period, &form.periods, rules.calendar);
    let in_window = |year: i32| rules.window.place(year.into()).is_some();
    let unused = if row.defect.is_some() {
        Some("unreadable_row")
    } else if account.is_empty() {
        Some("missing_account")
    } else {
        match (year, amount) {
            (None, _) => Some("unreadable_period"),
            // Of another year it need not be known here: an account may have come after the as-of day.
            (Some(year), _) if !in_window(year) => Some("outside_window"),
            _ if !rules.accounts.contains(account) => Some("unknown_account"),
            (_, Err(_)) if counted && !rules.activities.contains_key(activity) => Some("activity_without_rate"),
            (_, Err(NotMoney::Unreadable)) => Some("unreadable_amount"),
            (_, Err(NotMoney::OutOfRange)) => Some("amount_out_of_range"),
            _ => None,
        }
    };
    CostRow {
        account: account.to_owned(),
        period: period.to_owned(),
        activity: activity.to_owned(),
        amount: amount.ok(),
        unused,
        line: row.line,
        file: row.file,
    }
}

fn number(form: &Form, text: &str, places: u32) -> Result<i64, NotMoney> {
    form.amounts.number(text, places).and_then(|value| i64::try_from(value).map_err(|_| NotMoney::OutOfRange))
}

/// A rate so many times, rounded half away from zero.
fn times(rate: i64, count: Result<i64, NotMoney>) -> Result<i64, NotMoney> {
    from_decimal(i128::from(rate) * i128::from(count?), COUNT_PLACES, 0)
}

/// The fiscal year of a day, of a month such as `2025-03`, or of a year, which is the fiscal year of that name.
pub fn fiscal_year(period: &str, written: &Written, calendar: FiscalCalendar) -> Option<i32> {
    let iso = |text: &str| parse_day(text, ISO);
    let year_of = |day: i32| calendar.place(day).0;
    written.day(period).map(year_of).or_else(|| match period.len() {
        4 => iso(&format!("{period}-01-01")).and_then(|_| period.parse().ok()),
        7 => iso(&format!("{period}-01")).map(year_of),
        _ => None,
    })
}

/// The cost of each account, in minor units.
pub fn by_account(rows: &[CostRow]) -> BTreeMap<&str, i128> {
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.unused.is_none()) {
        *sums.entry(&row.account).or_default() += i128::from(row.amount.unwrap_or_default());
    }
    sums
}

/// All rows, by file and line.
pub fn table(name: &str, rows: &[CostRow]) -> Table {
    let texts = |value: fn(&CostRow) -> &str| rows.iter().map(value).collect::<Vec<&str>>();
    TableBuilder::new(name, rows.len())
        .text("file", texts(|row| &row.file))
        .integers("line", rows.iter().map(|row| i64::try_from(row.line).ok()).collect::<Vec<_>>())
        .text("account", texts(|row| &row.account))
        .text("period", texts(|row| &row.period))
        .text("activity", texts(|row| &row.activity))
        .money("amount", rows.iter().map(|row| row.amount).collect::<Vec<_>>())
        .flags("used", rows.iter().map(|row| row.unused.is_none()).collect())
        .text("reason", texts(|row| row.unused.unwrap_or_default()))
        .build()
}

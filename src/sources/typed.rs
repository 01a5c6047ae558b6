//! Tables of declared columns: every row is taken, and every cell must be what its column says.

use super::written::{self, Written};
use super::{Source, TextRow};
use crate::failure::Failure;
use crate::money::NotMoney;
use crate::outputs::terminal::cut;
use crate::pipeline::columns::{entries, meaning};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::{Fields, distinct};
use crate::pipeline::node::{Node, Value};
use crate::pipeline::settings::is_identifier;
use crate::table::{Meaning, Table, TableBuilder, TableSpec};
use std::collections::BTreeMap;

/// The first amount that is too large: decimals of 18 digits are what every reader of Parquet takes.
const LARGEST: u64 = 10u64.pow(18);

/// So many mistakes of a table are listed.
const LISTED: usize = 20;

/// So much of a cell is shown.
const SHOWN: usize = 40;

/// The declaration of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    pub columns: Vec<DeclaredColumn>,
    /// Whether there is one row per account.
    pub per_account: bool,
}

/// A column of a table: what it is called in the files, what it is called from there on, and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredColumn {
    pub source: Located<String>,
    pub name: Located<String>,
    pub meaning: Meaning,
}

/// Reads the keys `columns` and `key`; nothing within where the stage declares no table.
pub fn decode(fields: &mut Fields) -> Option<Option<Declared>> {
    let (node, key) = (fields.optional("columns"), fields.optional("key"));
    let sound = fields.choice("key", &[("account", ())], ()).is_some();
    let problems = fields.problems;
    let Some(node) = node else {
        if let Some(key) = key {
            let message = "a `read` stage has a key only where it makes a table";
            problems.report(&key.span, message, "declare its `columns`".to_owned());
        }
        return (sound && key.is_none()).then_some(None);
    };
    let entries = entries(node, problems)?;
    let columns: Vec<Option<DeclaredColumn>> =
        entries.iter().map(|(source, node)| column(source, node, problems)).collect();
    let columns: Vec<DeclaredColumn> = columns.into_iter().collect::<Option<_>>()?;
    let names = columns.iter().map(|column| &column.name);
    let distinct = distinct(names, "the names of `columns`", problems);
    let is_key = |column: &DeclaredColumn| column.name.value == "account" && column.meaning == Meaning::Text;
    if let Some(key) = key
        && !columns.iter().any(is_key)
    {
        let message = "the key is `account`, but no column is declared to be a text of that name";
        problems.report(&key.span, message, "such as `columns: {customer_id: {as: account, type: text}}`".to_owned());
        return None;
    }
    (sound && distinct).then_some(Some(Declared { columns, per_account: key.is_some() }))
}

fn column(source: &Located<String>, node: &Node, problems: &Problems) -> Option<DeclaredColumn> {
    let (name, meaning) = match &node.value {
        Value::Map(_) => {
            let mut fields = Fields::open(node, &source.span, format!("column `{}`", source.value), problems)?;
            let name = fields.optional_text("as").unwrap_or_else(|| source.clone());
            let found = fields.required("type").and_then(|node| meaning(node, &source.value, problems));
            fields.finish();
            (name, found?)
        }
        _ => (source.clone(), meaning(node, &source.value, problems)?),
    };
    if !is_identifier(&name.value) {
        let message = format!("the column `{}` cannot be called so in a table", name.value);
        let hint = "give it a name of letters, digits and `_`: `{as: name, type: text}`".to_owned();
        problems.report(&name.span, message, hint);
        return None;
    }
    Some(DeclaredColumn { source: source.clone(), name, meaning: meaning.value })
}

impl Declared {
    /// The table that the files will be, where all of them have its columns.
    pub fn spec(&self, name: &str, source: &Source, problems: &Problems) -> Option<TableSpec> {
        let columns: Vec<&Located<String>> = self.columns.iter().map(|column| &column.source).collect();
        written::require(source, &columns, problems)?;
        Some(self.table(name, &[]).spec)
    }

    /// Reads the table.
    ///
    /// # Errors
    /// Where a file cannot be read, a cell is not what its column says, or the key does not hold.
    pub fn read(&self, name: &str, source: &Source, decimals: u32) -> Result<Table, Failure> {
        let wanted: Vec<&str> = self.columns.iter().map(|column| column.source.value.as_str()).collect();
        let written: BTreeMap<&str, Vec<Written>> = source
            .files
            .iter()
            .map(|file| (file.name.as_str(), wanted.iter().map(|name| Written::of(source, &file.name, name)).collect()))
            .collect();
        let mut mistakes = Vec::new();
        let mut rows: Vec<(Vec<Option<Cell>>, TextRow)> = Vec::new();
        for row in source.text_rows(&wanted)? {
            if let Some(defect) = &row.defect {
                mistakes.push(format!("{}:{}: {}", row.file, row.line, defect.detail));
                continue;
            }
            let written = written.get(row.file.as_str()).map(Vec::as_slice).unwrap_or_default();
            let cells = self.columns.iter().zip(&row.cells).zip(written).map(|((column, text), written)| {
                let text = text.as_deref()?;
                let cell = cell(text, column.meaning, written, decimals);
                if let Err(expected) = &cell {
                    let (file, line, column) = (&row.file, row.line, &column.source.value);
                    let found = cut(text, SHOWN);
                    mistakes.push(format!("{file}:{line}: `{column}` should be {expected}, found `{found}`"));
                }
                cell.ok().flatten()
            });
            let cells = cells.collect();
            rows.push((cells, row));
        }
        if self.per_account {
            self.sort_by_account(&mut rows, &mut mistakes);
        }
        if mistakes.is_empty() {
            let rows: Vec<Vec<Option<Cell>>> = rows.into_iter().map(|(cells, _)| cells).collect();
            return Ok(self.table(name, &rows));
        }
        let count = mistakes.len();
        let list = mistakes.into_iter().take(LISTED).collect::<Vec<_>>().join("\n  ");
        let mistakes = if count == 1 { "1 mistake" } else { &format!("{count} mistakes") };
        let message = format!("the table `{name}` is not what it declares, {mistakes} in all\n  {list}");
        let hint = "mend the rows, or declare what they hold: a `text` takes everything".to_owned();
        Err(Failure::Data { message, hint: Some(hint) })
    }

    fn sort_by_account(&self, rows: &mut [(Vec<Option<Cell>>, TextRow)], mistakes: &mut Vec<String>) {
        let Some(place) = self.columns.iter().position(|column| column.name.value == "account") else { return };
        let account = |row: &(Vec<Option<Cell>>, TextRow)| match row.0.get(place) {
            Some(Some(Cell::Text(account))) if !account.trim().is_empty() => Some(account.clone()),
            _ => None,
        };
        // Stable: of equal accounts the first of the files stays the first.
        rows.sort_by_cached_key(account);
        for row in rows.iter().filter(|row| account(row).is_none()) {
            mistakes.push(format!("{}:{}: the account is empty", row.1.file, row.1.line));
        }
        for [earlier, later] in rows.array_windows() {
            if let Some(name) = account(later).filter(|_| account(earlier) == account(later)) {
                let (at, first, name) = (&later.1, &earlier.1, cut(&name, SHOWN));
                let message = format!("the account `{name}` stands at {}:{} already", first.file, first.line);
                mistakes.push(format!("{}:{}: {message}", at.file, at.line));
            }
        }
    }

    fn table(&self, name: &str, rows: &[Vec<Option<Cell>>]) -> Table {
        let mut builder = TableBuilder::new(name, rows.len());
        if self.per_account {
            builder = builder.per_account();
        }
        for (place, column) in self.columns.iter().enumerate() {
            let cells = || rows.iter().map(move |row| row.get(place).and_then(Option::as_ref));
            let texts = || cells().map(|cell| cell.and_then(Cell::text)).collect::<Vec<_>>();
            let wholes = || cells().map(|cell| cell.and_then(Cell::whole)).collect::<Vec<_>>();
            let numbers = || cells().map(|cell| cell.and_then(Cell::number)).collect::<Vec<_>>();
            let name = &column.name.value;
            builder = match column.meaning {
                Meaning::Text => builder.optional_text(name, texts()),
                Meaning::Integer => builder.integers(name, wholes()),
                Meaning::Money => builder.money(name, wholes()),
                Meaning::Number => builder.numbers(name, numbers()),
                Meaning::Ratio => builder.ratios(name, numbers()),
                Meaning::Date => builder.dates(name, cells().map(|cell| cell.and_then(Cell::day)).collect::<Vec<_>>()),
                Meaning::Flag => builder.optional_flags(name, cells().map(|cell| cell.and_then(Cell::flag)).collect()),
            };
        }
        builder.build()
    }
}

/// The value of a cell.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    /// An integer, or an amount in minor units.
    Whole(i64),
    Number(f64),
    Day(i32),
    Flag(bool),
}

impl Cell {
    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn whole(&self) -> Option<i64> {
        if let Self::Whole(whole) = self { Some(*whole) } else { None }
    }

    fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    fn day(&self) -> Option<i32> {
        if let Self::Day(day) = self { Some(*day) } else { None }
    }

    fn flag(&self) -> Option<bool> {
        if let Self::Flag(flag) = self { Some(*flag) } else { None }
    }
}

/// The value of a cell; nothing where it is blank, unless blanks are text.
///
/// # Errors
/// What it should be.
fn cell(text: &str, meaning: Meaning, written: &Written, decimals: u32) -> Result<Option<Cell>, String> {
    if meaning == Meaning::Text {
        return Ok(Some(Cell::Text(text.to_owned())));
    }
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match meaning {
        Meaning::Text => Ok(Cell::Text(text.to_owned())),
        Meaning::Integer => written.whole(text).map(Cell::Whole).ok_or("a whole number".to_owned()),
        Meaning::Money => match written.number(text, decimals).map(i64::try_from) {
            Ok(Ok(amount)) if amount.unsigned_abs() < LARGEST => Ok(Cell::Whole(amount)),
            Ok(_) | Err(NotMoney::OutOfRange) => Err("an amount of at most 18 digits".to_owned()),
            Err(NotMoney::Unreadable) => Err("an amount".to_owned()),
        },
        Meaning::Number | Meaning::Ratio => written.float(text).map(Cell::Number).ok_or("a number".to_owned()),
        Meaning::Date => {
            let expected = || format!("a date of the form {}", written.dates.describe());
            written.day(text).map(Cell::Day).ok_or_else(expected)
        }
        Meaning::Flag => match text.to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Cell::Flag(true)),
            "false" | "no" | "0" => Ok(Cell::Flag(false)),
            _ => Err("`true`, `yes`, `1`, `false`, `no` or `0`".to_owned()),
        },
    }
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates::DateFormats;
    use crate::money::NumberFormat;

    fn cell(text: &str, meaning: Meaning) -> Result<Option<Cell>, String> {
        let numbers = NumberFormat { decimal: b',', thousands: Some(b'.') };
        let written =
            Written { numbers, dates: DateFormats::parse(&["%d.%m.%Y"]).unwrap(), typed: false, sheet: false };
        super::cell(text, meaning, &written, 2)
    }

    #[test]
    fn cells_are_what_their_column_says() {
        for (text, meaning, expected) in [
            ("1.234,5", Meaning::Money, Cell::Whole(123_450)),
            ("-0,005", Meaning::Money, Cell::Whole(-1)),
            ("1.234", Meaning::Integer, Cell::Whole(1234)),
            ("12,0", Meaning::Integer, Cell::Whole(12)),
            ("0,1", Meaning::Ratio, Cell::Number(0.1)),
            ("12345,678", Meaning::Number, Cell::Number(12_345.678)),
            ("-123456789012345678,25", Meaning::Number, Cell::Number(-123_456_789_012_345_678.25)),
            ("31.12.2025", Meaning::Date, Cell::Day(20_453)),
            (" Yes ", Meaning::Flag, Cell::Flag(true)),
            ("0", Meaning::Flag, Cell::Flag(false)),
            ("  ", Meaning::Text, Cell::Text("  ".to_owned())),
        ] {
            assert_eq!(cell(text, meaning), Ok(Some(expected)), "{text}");
        }
        assert_eq!(cell("  ", Meaning::Money), Ok(None));
    }

    #[test]
    fn what_is_not_is_refused() {
        for (text, meaning, expected) in [
            ("1.5", Meaning::Integer, "a whole number"),
            ("12,5", Meaning::Integer, "a whole number"),
            ("99999999999999999999", Meaning::Integer, "a whole number"),
            ("1,234.50", Meaning::Money, "an amount"),
            ("10000000000000000", Meaning::Money, "an amount of at most 18 digits"),
            ("1e3", Meaning::Number, "a number"),
            ("NaN", Meaning::Ratio, "a number"),
            ("2025-12-31", Meaning::Date, "a date of the form `%d.%m.%Y`"),
            ("maybe", Meaning::Flag, "`true`, `yes`, `1`, `false`, `no` or `0`"),
        ] {
            assert_eq!(cell(text, meaning), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn stored_numbers_and_days_have_their_own_form() {
        let written = Written { numbers: NumberFormat::PLAIN, dates: DateFormats::iso(), typed: true, sheet: false };
        let cell = |text, meaning| super::cell(text, meaning, &written, 2).unwrap().unwrap();
        assert_eq!(cell("1.005", Meaning::Money), Cell::Whole(101));
        assert_eq!(cell("1e-7", Meaning::Number), Cell::Number(1e-7));
        assert_eq!(cell("0.30000000000000004", Meaning::Ratio), Cell::Number(0.1 + 0.2));
        assert_eq!(cell("1.25", Meaning::Money), Cell::Whole(125));
        assert_eq!(cell("2025-12-31T23:59:59", Meaning::Date), Cell::Day(20_453));
    }
}

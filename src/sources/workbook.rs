//! Sheets of workbooks as sources of lines.

use super::book::{Book, Row};
use super::facts::{Facts, Seen};
use super::form::{Form, Header, Sheet};
use super::headers::alike;
use super::layout::{SEARCHED, named};
use super::sheet_cells::Cell;
use super::{Batch, Defect, Error, Lines, Origin, SourceColumn, SourceFile};
use crate::pipeline::diagnostics::did_you_mean;
use arrow::array::{ArrayRef, Date32Array, StringBuilder};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

const BATCH_ROWS: usize = 16_384;

/// What is needed to read a sheet again.
#[derive(Debug, Clone)]
pub struct Known {
    sheet: String,
    /// The row of the header, from 1.
    header_line: u64,
    /// The decimal sign in which numbers are written out, as the `read` stage reads them.
    decimal: u8,
}

/// The sheets of a workbook that a `read` stage asks for, and their columns.
///
/// # Errors
/// Where the file is no workbook, is locked or damaged, lacks the sheet, or a sheet has no header.
pub fn open(
    path: &Path,
    name: &str,
    form: &Form,
    decimal: u8,
) -> Result<Vec<(Vec<SourceColumn>, Known, Facts)>, Error> {
    let mut book = Book::open(path, name)?;
    let sheets = chosen(&mut book, name, form)?;
    let learn = |sheet: String| {
        let shown = shown(name, &sheet);
        let (line, columns) = header(&mut book, &shown, &sheet, &form.header, decimal)?;
        let facts =
            Facts { format: book.format(), sheet: Some(sheet.clone()), header_line: Some(line), ..Facts::default() };
        Ok((columns, Known { sheet, header_line: line, decimal }, facts))
    };
    sheets.into_iter().map(learn).collect()
}

/// The name of a sheet among files.
pub fn shown(file: &str, sheet: &str) -> String {
    format!("{file}!{sheet}")
}

/// Reads a sheet in batches of text columns. A column whose cells are days is one of days, and a batch ends where
/// that changes: a day of a sheet is one, and no text that could be read in two ways.
///
/// # Errors
/// Where the file cannot be read or `visit` fails.
pub fn scan<E: From<Error>>(
    file: &SourceFile,
    known: &Known,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<Seen, E> {
    let name = file.name.strip_suffix(&known.sheet).and_then(|name| name.strip_suffix('!')).unwrap_or(&file.name);
    let mut book = Book::open(&file.path, name)?;
    let mut pending = Pending { own: file.own_columns(), columns, rows: Vec::new(), days: vec![None; columns.len()] };
    let mut seen = Seen::default();
    let mut last = known.header_line;
    let mut failed: Option<E> = None;
    let mut take = |row: Row| -> Result<(), E> {
        if row.line <= known.header_line || row.is_empty() {
            return Ok(());
        }
        seen.rows_empty += i64::try_from(row.line - last - 1).unwrap_or_default();
        last = row.line;
        if pending.rows.len() == BATCH_ROWS || !pending.fits(&row) {
            pending.hand_on(visit)?;
        }
        pending.push(row);
        Ok(())
    };
    book.rows(&file.name, &known.sheet, known.decimal, &mut |row| match take(row) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    pending.hand_on(visit)?;
    Ok(seen)
}

/// Rows on their way into a batch.
struct Pending<'a> {
    own: &'a [SourceColumn],
    columns: &'a [usize],
    rows: Vec<Row>,
    /// Of each column asked for, whether it holds days so far; nothing where it holds nothing.
    days: Vec<Option<bool>>,
}

impl Pending<'_> {
    /// Whether the row has days where the rows before have days, and only there.
    fn fits(&self, row: &Row) -> bool {
        self.columns.iter().zip(&self.days).all(|(column, days)| match (row.cell(*column).is_day(), days) {
            (Some(day), Some(days)) => day == *days,
            _ => true,
        })
    }

    fn push(&mut self, row: Row) {
        for (column, days) in self.columns.iter().zip(&mut self.days) {
            *days = days.or(row.cell(*column).is_day());
        }
        self.rows.push(row);
    }

    fn hand_on<E>(&mut self, visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let defects: Vec<Defect> =
            self.rows.iter().enumerate().filter_map(|(place, row)| self.defect(place, row)).collect();
        let lines: Vec<u64> = self.rows.iter().map(|row| row.line).collect();
        let cells = self.columns.iter().zip(&self.days);
        let columns = cells.map(|(column, days)| self.cells(*column, *days == Some(true), &defects)).collect();
        visit(Batch {
            columns,
            rows: self.rows.len(),
            defects,
            lines: Lines::Numbered(&lines),
            origin: Origin::Sheet { rows: &self.rows, columns: self.own },
        })?;
        self.rows.clear();
        self.days.fill(None);
        Ok(())
    }

    fn defect(&self, place: usize, row: &Row) -> Option<Defect> {
        let surplus = row.cells.iter().skip(self.own.len()).position(|cell| !cell.is_blank());
        if let Some(surplus) = surplus {
            let (column, last) = (letters(self.own.len() + surplus), letters(self.own.len().saturating_sub(1)));
            let detail = format!("a value in column {column} where the header ends in column {last}");
            return Some(Defect { row: place, reason: "too_many_fields", detail });
        }
        let error = self.columns.iter().find_map(|column| match row.cell(*column) {
            Cell::Error(error) => Some((self.own.get(*column)?, error)),
            _ => None,
        });
        error.map(|(column, error)| Defect {
            row: place,
            reason: "error_cell",
            detail: format!("`{}` holds the error `{error}`", column.name),
        })
    }

    fn cells(&self, column: usize, days: bool, defects: &[Defect]) -> ArrayRef {
        let is_defect = |row: usize| defects.binary_search_by_key(&row, |defect| defect.row).is_ok();
        let cells = self.rows.iter().enumerate();
        let cells = cells.map(|(place, row)| if is_defect(place) { &Cell::Empty } else { row.cell(column) });
        if days {
            let days = cells.map(|cell| if let Cell::Day(day) = cell { Some(*day) } else { None });
            return Arc::new(days.collect::<Date32Array>());
        }
        let mut builder = StringBuilder::with_capacity(self.rows.len(), self.rows.len() * 12);
        cells.for_each(|cell| builder.append_option(cell.text()));
        Arc::new(builder.finish())
    }
}

/// A column as a sheet calls it: A, B, …, Z, AA.
fn letters(column: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(column % 26).unwrap_or_default());
    if column < 26 { letter.to_string() } else { format!("{}{letter}", letters(column / 26 - 1)) }
}

/// The sheets that are asked for.
fn chosen(book: &mut Book, name: &str, form: &Form) -> Result<Vec<String>, Error> {
    let all = book.sheets();
    match &form.sheet {
        Sheet::Named(wanted) if all.contains(wanted) => Ok(vec![wanted.clone()]),
        Sheet::Named(wanted) => {
            let hint = did_you_mean(wanted, all.iter().map(String::as_str));
            Err(Error { message: format!("`{name}` has no sheet `{wanted}`"), hint })
        }
        Sheet::Number(number) => match number.checked_sub(1).and_then(|place| all.get(place)) {
            Some(sheet) => Ok(vec![sheet.clone()]),
            None => {
                let plural = if all.len() == 1 { "sheet" } else { "sheets" };
                Err(Error::new(format!("`{name}` has {} {plural}, and none of number {number}", all.len())))
            }
        },
        Sheet::Only | Sheet::All => {
            let mut filled = Vec::new();
            for sheet in all {
                let mut empty = true;
                book.rows(name, &sheet, b'.', &mut |row| {
                    empty = row.is_empty();
                    if empty { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
                })?;
                if !empty {
                    filled.push(sheet);
                }
            }
            match filled.as_slice() {
                [] => Err(Error::new(format!("`{name}` has nothing in its sheets"))),
                [_, _, ..] if form.sheet == Sheet::Only => {
                    // A sheet of text, such as one that says how to fill in the other, is no table.
                    let mut tables = Vec::new();
                    for sheet in &filled {
                        let row = header_row(book, name, sheet, &form.header, b'.')?;
                        let names = row.map_or(0, |row| row.cells.iter().filter(|cell| !cell.is_blank()).count());
                        tables.extend((names > 1).then(|| sheet.clone()));
                    }
                    if tables.len() == 1 {
                        return Ok(tables);
                    }
                    let names: Vec<String> = filled.iter().map(|name| format!("`{name}`")).collect();
                    let message = format!("`{name}` has several sheets: {}", names.join(", "));
                    Err(Error::with_hint(message, "declare the `sheet`, or `sheet: all`"))
                }
                _ => Ok(filled),
            }
        }
    }
}

/// The row of the header, where there is one.
fn header_row(book: &mut Book, name: &str, sheet: &str, header: &Header, decimal: u8) -> Result<Option<Row>, Error> {
    let mut found: Option<Row> = None;
    book.rows(name, sheet, decimal, &mut |row| {
        let fits = match header {
            Header::First => !row.is_empty(),
            Header::Line(line) => row.line == *line && !row.is_empty(),
            Header::Has(names) => {
                let has = |name: &String| row.cells.iter().any(|cell| cell.is_called(|text| alike(text, name)));
                names.iter().all(has)
            }
        };
        let beyond = match header {
            Header::First => false,
            Header::Line(line) => row.line >= *line,
            Header::Has(_) => row.line >= SEARCHED as u64,
        };
        if fits {
            found = Some(row);
        }
        if fits || beyond { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found)
}

/// The row of the header and its columns.
fn header(
    book: &mut Book,
    name: &str,
    sheet: &str,
    header: &Header,
    decimal: u8,
) -> Result<(u64, Vec<SourceColumn>), Error> {
    let Some(row) = header_row(book, name, sheet, header, decimal)? else {
        return Err(match header {
            Header::First => Error::new(format!("`{name}` is empty")),
            Header::Line(line) => Error::new(format!("row {line} of `{name}`, where its header is declared, is empty")),
            Header::Has(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                Error::new(format!(
                    "none of the first {SEARCHED} rows of `{name}` has the columns {}",
                    names.join(", ")
                ))
            }
        });
    };
    let texts: Vec<String> = row.cells.iter().map(|cell| cell.text().unwrap_or_default()).collect();
    let width = texts.iter().rposition(|text| !text.trim().is_empty()).map_or(0, |last| last + 1);
    let texts: Vec<&str> = texts.iter().take(width).map(String::as_str).collect();
    Ok((row.line, named(name, &texts)?))
}

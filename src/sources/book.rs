//! Workbooks as files: Excel's `.xlsx`, `.xlsm`, `.xlsb` and `.xls`, and `.ods`, told by what they hold and not by
//! their names.

#![expect(clippy::disallowed_methods, reason = "reads a source")]

use super::sheet_cells::{Cell, cell};
use super::{Error, SourceColumn, cannot_read};
use calamine::{Data, DataRef, Ods, Reader, SheetType, Xls, Xlsb, Xlsx, XlsxError, open_workbook_from_rs};
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A row of a sheet, up to its last cell that is not empty.
pub struct Row {
    /// From 1, as the sheet counts.
    pub line: u64,
    pub cells: Vec<Cell>,
}

impl Row {
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }

    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// The row as a JSON object under the names of the header; surplus cells are numbered.
    pub fn json(&self, columns: &[SourceColumn]) -> String {
        let cells = (0..columns.len().max(self.cells.len())).map(|place| {
            let name = columns.get(place).map_or_else(|| format!("field {}", place + 1), |column| column.name.clone());
            (name, self.cell(place).text().unwrap_or_default().into())
        });
        serde_json::Value::Object(cells.collect()).to_string()
    }
}

type Stream = BufReader<File>;

/// An open workbook.
pub enum Book {
    Xlsx(Box<Xlsx<Stream>>),
    Xlsb(Box<Xlsb<Stream>>),
    Xls(Box<Xls<Stream>>),
    Ods(Box<Ods<Stream>>),
}

impl Book {
    /// # Errors
    /// Where the file cannot be read, is no workbook, is locked or damaged.
    pub fn open(path: &Path, name: &str) -> Result<Self, Error> {
        let failed = |error: std::io::Error| cannot_read(name, &error);
        let stream = || File::open(path).map(BufReader::new).map_err(failed);
        let mut start = Vec::new();
        stream()?.take(512).read_to_end(&mut start).map_err(failed)?;
        let damaged = |error: String| unusable(name, &error);
        match start.as_slice() {
            [b'P', b'K', ..] => {
                let format = zipped_format(name, stream()?)?;
                guarded(|| match format {
                    Zipped::Xlsx => Ok(Self::Xlsx(Box::new(opened(stream)?))),
                    Zipped::Xlsb => Ok(Self::Xlsb(Box::new(opened(stream)?))),
                    Zipped::Ods => Ok(Self::Ods(Box::new(opened(stream)?))),
                })
                .map_err(damaged)
            }
            [0xd0, 0xcf, 0x11, 0xe0, ..] => {
                // A workbook of today's format that has a password lies in a container of yesterday's.
                let locked =
                    guarded(|| match open_workbook_from_rs::<Xlsx<_>, _>(stream().map_err(|error| error.message)?) {
                        Err(XlsxError::Password) => Err(XlsxError::Password.to_string()),
                        _ => Ok(()),
                    });
                locked.map_err(damaged)?;
                guarded(|| Ok(Self::Xls(Box::new(opened(stream)?)))).map_err(damaged)
            }
            [] => Err(Error::new(format!("`{name}` is empty"))),
            _ => {
                let text = String::from_utf8_lossy(&start).trim_start().to_lowercase();
                let hint = if text.starts_with('<') {
                    "it holds text with tags, as some programs write it: save it as `.xlsx`"
                } else {
                    "if it holds delimited text, declare `format: csv`"
                };
                Err(Error::with_hint(format!("`{name}` is no workbook"), hint))
            }
        }
    }

    pub fn format(&self) -> &'static str {
        match self {
            Self::Xlsx(_) => "xlsx",
            Self::Xlsb(_) => "xlsb",
            Self::Xls(_) => "xls",
            Self::Ods(_) => "ods",
        }
    }

    /// The names of all sheets that can hold a table.
    pub fn sheets(&self) -> Vec<String> {
        let sheets = match self {
            Self::Xlsx(book) => book.sheets_metadata(),
            Self::Xlsb(book) => book.sheets_metadata(),
            Self::Xls(book) => book.sheets_metadata(),
            Self::Ods(book) => book.sheets_metadata(),
        };
        let sheets = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        sheets.map(|sheet| sheet.name.clone()).collect()
    }

    /// Hands on the rows of a sheet that have a cell, in their order, until told to stop.
    ///
    /// # Errors
    /// Where the sheet cannot be read to where it was told to stop.
    pub fn rows(
        &mut self,
        name: &str,
        sheet: &str,
        decimal: u8,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let damaged = |error: String| unusable(name, &error);
        let range = match self {
            Self::Xlsx(book) => return streamed_rows(book, sheet, decimal, visit).map_err(damaged),
            Self::Xlsb(book) => guarded(|| book.worksheet_range(sheet).map_err(|error| error.to_string())),
            Self::Xls(book) => guarded(|| book.worksheet_range(sheet).map_err(|error| error.to_string())),
            Self::Ods(book) => guarded(|| book.worksheet_range(sheet).map_err(|error| error.to_string())),
        };
        let range = range.map_err(damaged)?;
        let (first_row, first_column) = range.start().unwrap_or_default();
        let ods = matches!(self, Self::Ods(_));
        for (place, cells) in range.rows().enumerate() {
            let before = (0..first_column).map(|_| Cell::Empty);
            let cells = before.chain(cells.iter().map(|data| cell(data, decimal, ods))).collect();
            let line = u64::from(first_row) + place as u64 + 1;
            if visit(Row { line, cells }).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The rows of a sheet as its cells come from the file: no more than one is held.
fn streamed_rows(
    book: &mut Xlsx<Stream>,
    sheet: &str,
    decimal: u8,
    visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
) -> Result<(), String> {
    let mut cells = guarded(|| book.worksheet_cells_reader(sheet).map_err(|error| error.to_string()))?;
    let mut row: Option<Row> = None;
    loop {
        let next = guarded(|| cells.next_cell().map_err(|error| error.to_string()))?;
        let next = next.map(|next| (next.get_position(), next));
        let line = next.as_ref().map(|((line, _), _)| u64::from(*line) + 1);
        if let Some(ready) = row.take_if(|row| Some(row.line) != line) {
            if line.is_some_and(|line| line < ready.line) {
                return Err(format!("row {} stands behind row {}", line.unwrap_or_default(), ready.line));
            }
            if visit(ready).is_break() {
                return Ok(());
            }
        }
        let (Some(line), Some(((_, column), next))) = (line, next) else { return Ok(()) };
        let data: Data = match next.get_value() {
            DataRef::Empty => continue,
            value => value.clone().into(),
        };
        let row = row.get_or_insert_with(|| Row { line, cells: Vec::new() });
        let column = column as usize;
        if row.cells.len() <= column {
            row.cells.resize_with(column + 1, || Cell::Empty);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = cell(&data, decimal, false);
        }
    }
}

fn opened<B: Reader<Stream>>(stream: impl Fn() -> Result<Stream, Error>) -> Result<B, String>
where
    B::Error: std::fmt::Display,
{
    let stream = stream().map_err(|error| error.message)?;
    open_workbook_from_rs(stream).map_err(|error: B::Error| error.to_string())
}

/// What a damaged file makes a library do must not end the program.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("its parts do not fit together".to_owned()))
}

fn unusable(name: &str, error: &str) -> Error {
    if error == XlsxError::Password.to_string() {
        return Error::with_hint(format!("`{name}` is protected by a password"), "save it without one");
    }
    // The library knows the errors that formulas have always had, and refuses a sheet with one of the newer kinds.
    if let Some(shown) = error.strip_prefix("Unsupported cell error value ") {
        let message = format!("a formula of `{name}` shows the error `{}`", shown.trim_matches('\''));
        return Error::with_hint(message, "mend it, or save the sheet with its values alone");
    }
    Error::with_hint(format!("`{name}` is not readable as a workbook: {error}"), "the file may be cut off or damaged")
}

/// The formats that are archives of XML.
enum Zipped {
    Xlsx,
    Xlsb,
    Ods,
}

/// The unpacked size from which an archive is looked at twice, and how many times its packed size it may be then.
const LARGE: u64 = 1 << 30;
const RATIO: u64 = 200;

fn zipped_format(name: &str, stream: impl Read + Seek) -> Result<Zipped, Error> {
    let mut archive = guarded(|| zip::ZipArchive::new(stream).map_err(|error| error.to_string()))
        .map_err(|error| unusable(name, &error))?;
    let (mut packed, mut unpacked) = (0u64, 0u64);
    for place in 0..archive.len() {
        let file = archive.by_index_raw(place).map_err(|error| unusable(name, &error.to_string()))?;
        packed = packed.saturating_add(file.compressed_size());
        unpacked = unpacked.saturating_add(file.size());
    }
    if unpacked > LARGE && unpacked / RATIO > packed {
        let message = format!("`{name}` holds {unpacked} bytes packed into {packed}, which no workbook does");
        return Err(Error::with_hint(message, "an archive that is made to fill the memory looks like this"));
    }
    let is = |name: &str, part: &str| name.replace('\\', "/").eq_ignore_ascii_case(part);
    let has = |part: &str| archive.file_names().flatten().any(|name| is(&name, part));
    match (has("xl/workbook.bin"), has("content.xml"), has("[Content_Types].xml")) {
        (true, _, _) => Ok(Zipped::Xlsb),
        (_, true, _) => Ok(Zipped::Ods),
        (_, _, true) => Ok(Zipped::Xlsx),
        _ => {
            let hint = "unpack it, and read what is in it";
            Err(Error::with_hint(format!("`{name}` is an archive and no workbook"), hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_newer_kind_is_named() {
        let error = unusable("book.xlsx", &XlsxError::CellError("#SPILL!".to_owned()).to_string());
        assert_eq!(error.message, "a formula of `book.xlsx` shows the error `#SPILL!`");
    }
}

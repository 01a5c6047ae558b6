//! Delimited text in UTF-8.

#![expect(clippy::disallowed_methods, reason = "reads a source")]

use super::facts::Seen;
use super::{Batch, Defect, Error, Lines, Origin, SourceColumn, SourceFile, Stored, cannot_read};
use crate::money::NumberFormat;
use ::csv::{ByteRecord, Reader, ReaderBuilder};
use arrow::array::{ArrayRef, StringBuilder};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// Rows per batch: enough to spread the cost of a batch, few enough to stay in the cache.
const BATCH_ROWS: usize = 16_384;

/// How the text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    pub delimiter: u8,
    pub numbers: NumberFormat,
    /// `strftime` format of dates.
    pub date_format: String,
}

fn reader(path: &Path, name: &str, options: &CsvOptions) -> Result<Reader<File>, Error> {
    let file = File::open(path).map_err(|error| cannot_read(name, &error))?;
    // Rows of the wrong length are this program's to report, so the reader lets them through.
    Ok(ReaderBuilder::new()
        .delimiter(options.delimiter)
        .has_headers(true)
        .flexible(true)
        .buffer_capacity(1 << 18)
        .from_reader(file))
}

/// The columns that the header names, all of them text.
///
/// # Errors
/// Where the file cannot be read, has no header, or names a column twice.
pub fn columns(path: &Path, name: &str, options: &CsvOptions) -> Result<Vec<SourceColumn>, Error> {
    let mut reader = reader(path, name, options)?;
    let header = reader.headers().map_err(|error| not_csv(name, &error))?;
    if header.is_empty() {
        return Err(Error::with_hint(
            format!("`{name}` is empty"),
            "a CSV file starts with a line that names its columns",
        ));
    }
    let others = [b',', b';', b'\t', b'|'].into_iter().filter(|sign| *sign != options.delimiter);
    let only = header.get(0).filter(|_| header.len() == 1).unwrap_or_default();
    if let Some(sign) = others.into_iter().find(|sign| only.as_bytes().contains(sign)) {
        let sign = if sign == b'\t' { "tab".to_owned() } else { char::from(sign).to_string() };
        return Err(Error::with_hint(
            format!("the header of `{name}` is a single column, `{}`", only.replace('\t', " ")),
            format!("if those are several, declare `delimiter: \"{sign}\"`"),
        ));
    }
    let mut columns: Vec<SourceColumn> = Vec::with_capacity(header.len());
    for column in header {
        if columns.iter().any(|earlier| earlier.name == column) {
            return Err(Error::with_hint(
                format!("`{name}` names the column `{column}` twice"),
                "rename one of the two in the header",
            ));
        }
        columns.push(SourceColumn { name: column.to_owned(), stored: Stored::Text });
    }
    Ok(columns)
}

fn not_csv(name: &str, error: &::csv::Error) -> Error {
    match error.kind() {
        ::csv::ErrorKind::Io(error) => cannot_read(name, error),
        ::csv::ErrorKind::Utf8 { .. } => {
            Error::with_hint(format!("the header of `{name}` is not valid UTF-8"), "save the file as UTF-8")
        }
        _ => Error::new(format!("`{name}` is not valid CSV: {error}")),
    }
}

/// Reads the file in batches of text columns; an empty field is null.
///
/// # Errors
/// Where the file cannot be read or `visit` fails.
pub fn scan<E: From<Error>>(
    file: &SourceFile,
    options: &CsvOptions,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<Seen, E> {
    let mut reader = reader(&file.path, &file.name, options)?;
    let text = File::open(&file.path).map_err(|error| cannot_read(&file.name, &error))?;
    let mut records: Vec<ByteRecord> = vec![ByteRecord::new(); BATCH_ROWS];
    loop {
        let mut rows = 0;
        while let Some(record) = records.get_mut(rows) {
            if !reader.read_byte_record(record).map_err(|error| not_csv(&file.name, &error))? {
                break;
            }
            if let Some(lines) = swallowed(record, options.delimiter, file.columns.len()) {
                let line = Starts { text: &text, records: std::slice::from_ref(record) }.line(0);
                return Err(E::from(unclosed(&file.name, line, lines)));
            }
            rows += 1;
        }
        let records = records.get(..rows).unwrap_or_default();
        if records.is_empty() {
            return Ok(Seen::default());
        }
        visit(batch(records, columns, &file.columns, &text))?;
    }
}

/// How many lines a quote has swallowed that was opened and not closed where it should be: a field that holds
/// whole lines, each with as many delimiters as a line of the file. Such lines are in no count, so nothing less
/// than the file can be refused.
fn swallowed(record: &ByteRecord, delimiter: u8, columns: usize) -> Option<usize> {
    if columns < 3 || !record.as_slice().contains(&b'\n') {
        return None;
    }
    let is_line = |text: &[u8]| text.iter().filter(|byte| **byte == delimiter).count() + 1 >= columns;
    let lines =
        record.iter().flat_map(|field| field.split(|byte| *byte == b'\n').skip(1)).filter(|text| is_line(text)).count();
    (lines > 0).then_some(lines)
}

fn unclosed(name: &str, line: u64, lines: usize) -> Error {
    let plural = if lines == 1 { "line" } else { "lines" };
    Error::with_hint(
        format!("`{name}`, line {line}: a quote is opened here that swallows {lines} {plural} behind it"),
        "close the quote, or write a quote inside a field twice",
    )
}

fn batch<'a>(records: &'a [ByteRecord], columns: &[usize], all: &'a [SourceColumn], text: &'a File) -> Batch<'a> {
    let defects: Vec<Defect> =
        records.iter().enumerate().filter_map(|(row, record)| defect(row, record, all.len())).collect();
    let cells = columns.iter().map(|column| cells(records, *column, &defects)).collect();
    Batch {
        columns: cells,
        rows: records.len(),
        defects,
        lines: Lines::Text(Starts { text, records }),
        origin: Origin::Records { records, columns: all },
    }
}

/// Where records start in the text of their file.
pub(crate) struct Starts<'a> {
    text: &'a File,
    records: &'a [ByteRecord],
}

impl Starts<'_> {
    /// The line on which a record starts. The reader tells where the record before ended, and only the text
    /// itself tells how many line ends lie between: the second half of one of Windows, or empty lines. Few
    /// records are asked for their line, so that looking there costs less than counting along.
    pub(crate) fn line(&self, row: usize) -> u64 {
        let position = self.records.get(row).and_then(ByteRecord::position);
        position.map_or(0, |position| position.line() + line_ends_at(self.text, position.byte()).unwrap_or_default())
    }
}

/// How many line ends stand at a place of a file before anything else.
fn line_ends_at(mut text: &File, byte: u64) -> std::io::Result<u64> {
    text.seek(SeekFrom::Start(byte))?;
    let (mut count, mut bytes) = (0, [0; 64]);
    loop {
        let read = text.read(&mut bytes)?;
        for byte in bytes.iter().take(read) {
            match byte {
                b'\n' => count += 1,
                b'\r' => {}
                _ => return Ok(count),
            }
        }
        if read == 0 {
            return Ok(count);
        }
    }
}

fn defect(row: usize, record: &ByteRecord, expected: usize) -> Option<Defect> {
    let fields = record.len();
    if fields != expected {
        let reason = if fields < expected { "too_few_fields" } else { "too_many_fields" };
        return Some(Defect { row, reason, detail: format!("{fields} fields where the header has {expected}") });
    }
    let bytes = record.as_slice();
    if bytes.is_ascii() {
        return None;
    }
    let broken = record.iter().position(|field| std::str::from_utf8(field).is_err())?;
    Some(Defect { row, reason: "not_utf8", detail: format!("field {} is not valid UTF-8", broken + 1) })
}

fn cells(records: &[ByteRecord], column: usize, defects: &[Defect]) -> ArrayRef {
    let mut builder = StringBuilder::with_capacity(records.len(), records.len() * 12);
    let mut defects = defects.iter().map(|defect| defect.row).peekable();
    for (row, record) in records.iter().enumerate() {
        let defective = defects.next_if_eq(&row).is_some();
        let field = record.get(column).filter(|field| !defective && !field.is_empty());
        builder.append_option(field.and_then(|field| std::str::from_utf8(field).ok()));
    }
    Arc::new(builder.finish())
}

/// A record as a JSON object under the names of the header; surplus fields are numbered.
pub fn json(record: &ByteRecord, columns: &[SourceColumn]) -> String {
    let named = record.iter().enumerate().map(|(index, field)| {
        let name = columns.get(index).map_or_else(|| format!("field {}", index + 1), |column| column.name.clone());
        (name, String::from_utf8_lossy(field).into_owned().into())
    });
    serde_json::Value::Object(named.collect()).to_string()
}

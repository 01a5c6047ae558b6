//! Files of invoice lines and of other tables: finding them, learning their columns, reading them in batches.
//!
//! One file per format. A source hands out batches of Arrow columns as they are stored; what the values
//! mean is the business of whoever reads them. Text comes through `stream`, unpacked and decoded.

pub mod book;
pub mod cells;
pub mod compression;
pub mod csv;
pub mod division;
pub mod encoding;
pub mod facts;
pub mod form;
pub mod headers;
pub mod hive;
pub mod layout;
pub mod parquet;
pub mod read;
pub mod records;
pub mod sheet_cells;
pub mod stream;
pub mod typed;
pub mod workbook;
pub mod written;

use crate::sources::cells::key_of_row;
use arrow::array::{ArrayRef, StringArray};
use facts::{Facts, Seen};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that cannot be used as a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    pub message: String,
    pub hint: Option<String>,
}

impl Error {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub fn with_hint(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

/// How the values of a column are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Text,
    Integer,
    Float,
    /// With so many decimal places.
    Decimal(u32),
    Date,
    Flag,
    /// A type that no column of a ledger can have, such as a list; its name.
    Other(String),
}

/// A column of a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceColumn {
    pub name: String,
    pub stored: Stored,
}

/// What a format needs to read a file again.
#[derive(Debug, Clone)]
pub enum Format {
    Csv(csv::Known),
    Parquet(parquet::Footer),
    Sheet(workbook::Known),
}

/// A file whose columns are known; of a workbook, one of its sheets.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: PathBuf,
    /// The path below the pipeline's root, with forward slashes: the same wherever the root is.
    pub name: String,
    pub bytes: u64,
    /// Those of the file, and behind them those of its folders.
    pub columns: Vec<SourceColumn>,
    /// The value that each column of the folders has in every line.
    pub folders: Vec<Option<String>>,
    pub format: Format,
    pub facts: Facts,
}

impl SourceFile {
    /// The place of a column; case and blanks of its name are forgiven where exactly one column fits.
    pub fn column(&self, name: &str) -> Option<usize> {
        match headers::find(&self.columns, name) {
            headers::Found::At(place) => Some(place),
            headers::Found::Nothing | headers::Found::Several(_) => None,
        }
    }

    /// The columns that stand in the file itself.
    pub fn own_columns(&self) -> &[SourceColumn] {
        self.columns.get(..self.columns.len() - self.folders.len()).unwrap_or_default()
    }

    /// Whether a column of this name is there and stored as text.
    pub fn is_text(&self, name: &str) -> bool {
        let column = self.column(name).and_then(|place| self.columns.get(place));
        column.is_some_and(|column| column.stored == Stored::Text)
    }

    /// How many parts of the file can be read side by side.
    pub fn parts(&self) -> usize {
        match &self.format {
            Format::Csv(known) => known.parts(),
            Format::Sheet(_) => 1,
            Format::Parquet(footer) => footer.row_groups(),
        }
    }
}

/// The same files, the large texts among them divided into parts of about so many bytes.
///
/// # Errors
/// Where a file cannot be read.
pub fn divided(files: &[SourceFile], bytes: u64) -> Result<Vec<SourceFile>, Error> {
    let divided = |file: &SourceFile| {
        let format = match &file.format {
            Format::Csv(known) if file.bytes >= bytes.saturating_mul(2) => Format::Csv(known.divided(file, bytes)?),
            format => format.clone(),
        };
        Ok(SourceFile { format, ..file.clone() })
    };
    files.iter().map(divided).collect()
}

/// A line that its format could not deliver whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    pub row: usize,
    pub reason: &'static str,
    pub detail: String,
}

/// Where the rows of a batch come from, to show them as they stand in the file.
pub(crate) enum Origin<'a> {
    Records { records: records::Found<'a>, columns: &'a [SourceColumn] },
    RowGroup(parquet::Place<'a>),
    Sheet { rows: &'a [book::Row], columns: &'a [SourceColumn] },
}

/// Some consecutive lines of a file.
pub struct Batch<'a> {
    /// The columns asked for, in the order asked; all of the same length.
    pub columns: Vec<ArrayRef>,
    pub rows: usize,
    /// Lines with defects, by row; their cells are empty.
    pub defects: Vec<Defect>,
    pub(crate) lines: Lines<'a>,
    pub(crate) origin: Origin<'a>,
}

/// The numbers that a person would count the lines of a batch by.
pub(crate) enum Lines<'a> {
    /// Row after row from this one.
    From(u64),
    /// Records may span several lines of text, and empty rows lie between them.
    Numbered(&'a [u64]),
}

impl Batch<'_> {
    /// The number of a row in its file, from 1: of a text file the line on which it starts, else the row.
    pub fn line(&self, row: usize) -> u64 {
        match &self.lines {
            Lines::From(first) => first + u64::try_from(row).unwrap_or_default(),
            Lines::Numbered(lines) => lines.get(row).copied().unwrap_or_default(),
        }
    }

    /// Whole rows as JSON objects, all columns of the file, for the rows given in ascending order.
    ///
    /// # Errors
    /// Where the file cannot be read again.
    pub fn raw(&self, rows: &[usize]) -> Result<Vec<String>, Error> {
        match &self.origin {
            Origin::Records { records, columns } => {
                Ok(rows.iter().map(|row| csv::json(records.record(*row), columns)).collect())
            }
            Origin::RowGroup(place) => place.json(rows),
            Origin::Sheet { rows: all, columns } => {
                Ok(rows.iter().map(|row| all.get(*row).map_or_else(String::new, |row| row.json(columns))).collect())
            }
        }
    }
}

/// Reads some columns of one part of a file, batch by batch, each handed to `visit`; says what only reading shows.
///
/// # Errors
/// Where the file cannot be read or `visit` fails.
pub fn scan<E: From<Error>>(
    file: &SourceFile,
    part: usize,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<Seen, E> {
    let own = file.own_columns().len();
    let stored: Vec<usize> = columns.iter().copied().filter(|column| *column < own).collect();
    if stored.len() == columns.len() {
        return scan_stored(file, part, columns, visit);
    }
    scan_stored(file, part, &stored, &mut |mut batch| {
        let mut read = std::mem::take(&mut batch.columns).into_iter();
        let rows = batch.rows;
        let column = |column: &usize| match column.checked_sub(own) {
            Some(folder) => {
                let value = file.folders.get(folder)?.as_deref();
                Some(Arc::new(std::iter::repeat_n(value, rows).collect::<StringArray>()) as ArrayRef)
            }
            None => read.next(),
        };
        batch.columns = columns.iter().filter_map(column).collect();
        visit(batch)
    })
}

fn scan_stored<E: From<Error>>(
    file: &SourceFile,
    part: usize,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<Seen, E> {
    match &file.format {
        Format::Csv(known) => csv::scan(file, known, part, columns, visit),
        Format::Parquet(footer) => parquet::scan(file, footer, part, columns, visit).map(|()| Seen::default()),
        Format::Sheet(known) => workbook::scan(file, known, columns, visit),
    }
}

/// Learns the columns of one file, and of each sheet of a workbook that is asked for.
///
/// # Errors
/// Where the file cannot be read, is empty, or is not of its format.
pub fn open(path: &Path, name: &str, config: &read::Read) -> Result<Vec<SourceFile>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| cannot_read(name, &error))?;
    let folders = hive::columns(name)?;
    let file = |name: String, mut columns: Vec<SourceColumn>, format: Format, facts: Facts| {
        for (folder, _) in &folders {
            if columns.iter().any(|column| column.name == *folder) {
                return Err(Error::with_hint(
                    format!("`{name}` has the column `{folder}`, and so has a folder that it lies in"),
                    "rename one of the two",
                ));
            }
        }
        columns.extend(folders.iter().map(|(name, _)| SourceColumn { name: name.clone(), stored: Stored::Text }));
        let folders = folders.iter().map(|(_, value)| value.clone()).collect();
        Ok(SourceFile { path: path.to_owned(), name, bytes: metadata.len(), columns, folders, format, facts })
    };
    match config.format_of(name)? {
        read::FileFormat::Csv => {
            let (columns, known, facts) = csv::open(path, name, &config.form)?;
            Ok(vec![file(name.to_owned(), columns, Format::Csv(known), facts)?])
        }
        read::FileFormat::Parquet => {
            let footer = parquet::Footer::load(path, name)?;
            let facts = Facts { format: "parquet", ..Facts::default() };
            Ok(vec![file(name.to_owned(), footer.columns(), Format::Parquet(footer), facts)?])
        }
        read::FileFormat::Workbook => {
            let sheets = workbook::open(path, name, &config.form, config.csv.numbers.decimal)?;
            let sheet = |(columns, known, facts): (Vec<SourceColumn>, workbook::Known, Facts)| {
                let shown = workbook::shown(name, facts.sheet.as_deref().unwrap_or_default());
                file(shown, columns, Format::Sheet(known), facts)
            };
            sheets.into_iter().map(sheet).collect()
        }
    }
}

pub(crate) fn cannot_read(name: &str, error: &std::io::Error) -> Error {
    let message = format!("cannot read `{name}`: {error}");
    // What is wrong with the content of a file, and not with its place.
    let hint = (error.kind() == std::io::ErrorKind::InvalidData).then(|| "export or copy the file anew".to_owned());
    Error { message, hint }
}

/// The files of a `read` stage: found, sorted by path, their columns known.
#[derive(Debug, Clone)]
pub struct Source {
    pub config: Arc<read::Read>,
    pub files: Vec<SourceFile>,
}

impl Source {
    /// Reads some columns of all files as text: for tables of a few thousand rows, not for invoice lines. A
    /// column that a file does not have is empty there.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn text_rows(&self, columns: &[&str]) -> Result<Vec<TextRow>, Error> {
        let mut rows = Vec::new();
        for file in &self.files {
            let places: Vec<Option<usize>> = columns.iter().map(|name| file.column(name)).collect();
            let present: Vec<usize> = places.iter().flatten().copied().collect();
            for part in 0..file.parts() {
                scan(file, part, &present, &mut |batch| -> Result<(), Error> {
                    rows.extend(text_of_batch(&batch, &places, &file.name)?);
                    Ok(())
                })?;
            }
        }
        Ok(rows)
    }
}

/// The files of several sources in the order of their names, each with the declaration it is read by.
///
/// # Errors
/// The names of files that two of the sources have.
pub fn united(sources: &[&Source]) -> Result<Vec<(SourceFile, Arc<read::Read>)>, Vec<String>> {
    let mut files: Vec<(SourceFile, Arc<read::Read>)> = sources
        .iter()
        .flat_map(|source| source.files.iter().map(|file| (file.clone(), Arc::clone(&source.config))))
        .collect();
    files.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    let mut seen = BTreeSet::new();
    // What two paths lead to is one file, also by a link.
    let again = |(file, _): &&(SourceFile, Arc<read::Read>)| {
        !seen.insert((file.path.canonicalize().unwrap_or_else(|_| file.path.clone()), file.facts.sheet.clone()))
    };
    let twice: Vec<String> = files.iter().filter(again).map(|(file, _)| file.name.clone()).collect();
    if twice.is_empty() { Ok(files) } else { Err(twice) }
}

/// A row of a small table: its cells as text, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextRow {
    pub file: String,
    pub line: u64,
    /// In the order of the columns asked for; nothing where a cell is empty.
    pub cells: Vec<Option<String>>,
    /// What is wrong with the row as a whole, where something is.
    pub defect: Option<Defect>,
}

fn text_of_batch(batch: &Batch<'_>, places: &[Option<usize>], file: &str) -> Result<Vec<TextRow>, Error> {
    let mut rows = Vec::with_capacity(batch.rows);
    for row in 0..batch.rows {
        let mut read = batch.columns.iter();
        let cells = places.iter().map(|place| match place.and_then(|_| read.next()) {
            Some(column) => key_of_row(column, row),
            None => Ok(None),
        });
        let cells = cells.collect::<Result<Vec<_>, Error>>()?;
        let defect = batch.defects.iter().find(|defect| defect.row == row).cloned();
        rows.push(TextRow { file: file.to_owned(), line: batch.line(row), cells, defect });
    }
    Ok(rows)
}

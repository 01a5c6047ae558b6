//! The table of files by fiscal year: what tells later which file changed a year that was closed.

use super::tables::whole;
use super::tally::FileTally;
use crate::failure::Failure;
use crate::table::{Table, TableBuilder, TableSpec};

pub fn spec(name: &str) -> TableSpec {
    built(name, &[]).spec
}

/// One row per file and fiscal year with accepted lines, by file in the order read and by year.
///
/// # Errors
/// Where the money of a file has too many digits.
pub fn table(name: &str, files: &[(&str, &FileTally)]) -> Result<Table, Failure> {
    let mut rows = Vec::new();
    for (file, tally) in files {
        for (year, count) in &tally.accepted {
            let (lines, revenue) = whole(*count)?;
            rows.push((*file, i64::from(*year), lines, revenue));
        }
    }
    Ok(built(name, &rows))
}

/// File, fiscal year, lines and revenue.
fn built(name: &str, rows: &[(&str, i64, i64, i64)]) -> Table {
    TableBuilder::new(name, rows.len())
        .text("file", rows.iter().map(|row| row.0).collect())
        .integers("fiscal_year", rows.iter().map(|row| row.1).collect::<Vec<_>>())
        .integers("lines", rows.iter().map(|row| row.2).collect::<Vec<_>>())
        .money("revenue", rows.iter().map(|row| row.3).collect::<Vec<_>>())
        .build()
}

//! The table of files: how each was found to be written.

use super::plan::FilePlan;
use super::tally::FileTally;
use crate::sources::SourceFile;
use crate::sources::form::delimiter_name;
use crate::table::{Table, TableBuilder, TableSpec};

pub fn spec(name: &str) -> TableSpec {
    table(name, &[], &[], &[]).spec
}

/// One row per file, and per sheet of a workbook.
pub fn table(name: &str, files: &[SourceFile], plans: &[FilePlan], tallies: &[FileTally]) -> Table {
    let delimiter = |file: &SourceFile| file.facts.delimiter.map(delimiter_name);
    let header_line = |file: &SourceFile| file.facts.header_line.and_then(|line| i64::try_from(line).ok());
    let missing = |plan: &FilePlan| (!plan.missing.is_empty()).then(|| plan.missing.join(", "));
    TableBuilder::new(name, files.len())
        .text("file", files.iter().map(|file| file.name.as_str()).collect())
        .text("format", files.iter().map(|file| file.facts.format).collect())
        .optional_text("compression", files.iter().map(|file| file.facts.compression).collect())
        .optional_text("encoding", tallies.iter().map(|tally| tally.seen.encoding).collect())
        .optional_text("delimiter", files.iter().map(delimiter).collect())
        .optional_text("sheet", files.iter().map(|file| file.facts.sheet.as_deref()).collect())
        .integers("header_line", files.iter().map(header_line).collect())
        .integers("rows_empty", tallies.iter().map(|tally| tally.seen.rows_empty).collect::<Vec<_>>())
        .optional_text("columns_missing", plans.iter().map(missing).collect())
        .integers("dates_ambiguous", tallies.iter().map(|tally| tally.dates.ambiguous()).collect::<Vec<_>>())
        .build()
}

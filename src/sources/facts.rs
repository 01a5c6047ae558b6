//! How a file is written: what is told of each file, beside its lines.

use crate::ledger::blocks::words::Word;
use serde::{Deserialize, Serialize};

/// What the beginning of a file shows, and its name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// `csv`, `parquet`, or the format of a workbook.
    pub format: &'static str,
    pub compression: Option<&'static str>,
    /// Between the fields of a line of text.
    pub delimiter: Option<u8>,
    /// The name of the sheet of a workbook.
    pub sheet: Option<String>,
    /// The line with the names of the columns, from 1; a Parquet file has none.
    pub header_line: Option<u64>,
}

/// What only reading to the end shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    #[serde(with = "crate::ledger::blocks::words::optional")]
    pub encoding: Option<Word>,
    /// Rows without anything in them: they are no lines.
    pub rows_empty: i64,
}

impl Seen {
    /// Takes in what another part of the file has shown.
    pub fn merge(&mut self, other: Self) {
        self.encoding = self.encoding.or(other.encoding);
        self.rows_empty += other.rows_empty;
    }
}

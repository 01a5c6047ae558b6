//! How many quarantined lines a run bears.

use crate::money::{NumberFormat, to_plain};
use crate::pipeline::diagnostics::{Located, Problems};

/// How many lines may be quarantined before the run fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    Rows(i64),
    /// In hundredths of a percent of the rows read.
    BasisPoints(i64),
}

impl Limit {
    /// Reads a share or a number of rows.
    pub fn parse(text: &Located<String>, problems: &Problems) -> Option<Self> {
        let parsed = match text.value.strip_suffix('%') {
            Some(percent) => NumberFormat::PLAIN
                .parse(percent.as_bytes(), 2)
                .ok()
                .filter(|points| (0..=10_000).contains(points))
                .map(Self::BasisPoints),
            None => text.value.parse().ok().filter(|rows| *rows >= 0).map(Self::Rows),
        };
        if parsed.is_none() {
            let message = format!(
                "`quarantine_limit` should be a share such as `1%` or a number of rows, found `{}`",
                text.value
            );
            problems.report(&text.span, message, None);
        }
        parsed
    }

    pub fn allows(self, quarantined: i64, read: i64) -> bool {
        match self {
            Self::Rows(rows) => quarantined <= rows,
            Self::BasisPoints(points) => i128::from(quarantined) * 10_000 <= i128::from(points) * i128::from(read),
        }
    }

    pub fn describe(self) -> String {
        match self {
            Self::Rows(rows) => format!("{rows} rows"),
            Self::BasisPoints(points) => {
                format!("{}%", to_plain(points, 2).trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

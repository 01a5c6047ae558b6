//! The ledger: every line read becomes accepted, excluded or quarantined, and the accepted ones are summed.

pub mod account_map;
pub mod amounts;
pub mod blocks;
pub mod books;
pub mod cells;
pub mod coder;
pub mod columns;
pub mod config;
pub mod control_totals;
pub mod counted;
pub mod credit_notes;
pub mod currency;
pub mod days;
pub mod distinct;
pub mod duplicates;
pub mod expression;
pub mod file_years;
pub mod files;
pub mod further;
pub mod ids;
pub mod interner;
pub mod job;
pub mod judge;
pub mod key;
pub mod keys;
pub mod limit;
pub mod lines;
pub mod names;
pub mod packed;
pub mod parallel;
pub mod pass;
pub mod past;
pub mod period;
pub mod piece;
pub mod plan;
pub mod quarantine;
pub mod rates;
pub mod scan;
pub mod set_aside;
pub mod shard;
pub mod slabs;
pub mod sums;
pub mod tables;
pub mod tally;
pub mod total;
pub mod total_rows;
pub mod waist;
pub mod year_sums;

use crate::table::Table;
use books::Books;
use period::Period;
use quarantine::Quarantine;

/// Which optional columns a ledger declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    pub cost: bool,
    pub invoice: bool,
    pub product: bool,
    pub category: bool,
    pub region: bool,
}

/// A ledger after its lines have passed.
#[derive(Debug)]
pub struct Ledger {
    /// What the accepted lines add up to, up to the as-of day.
    pub books: Books,
    pub roles: Roles,
    pub period: Period,
    /// Reconciliation, outcomes and files.
    pub tables: Vec<Table>,
    /// The lines that cannot be used: too many for a table in memory.
    pub quarantine: Quarantine,
    pub totals: Totals,
    /// How many files were not read, because an earlier run has learned what they hold.
    pub taken_up: usize,
}

/// Rows and money over all files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub rows_read: i64,
    pub rows_accepted: i64,
    pub rows_excluded: i64,
    pub rows_quarantined: i64,
    pub amount_read: i64,
    pub amount_accepted: i64,
    pub amount_excluded: i64,
    pub amount_quarantined: i64,
}

/// A code as a place in a list.
pub fn index(code: u32) -> usize {
    // Codes have 32 bits, and so have places at the least.
    code as usize
}

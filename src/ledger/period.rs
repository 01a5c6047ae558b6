//! What time a ledger covers.

use crate::calendar::FiscalCalendar;

/// The time that a ledger covers, and the last day that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub calendar: FiscalCalendar,
    /// Days since 1970-01-01.
    pub as_of: i32,
    /// The first and last day of accepted lines.
    pub first_date: i32,
    pub last_date: i32,
    /// The last fiscal year that ended on or before `as_of`.
    pub last_year: i32,
}

impl Period {
    /// The fiscal year of the first accepted line.
    pub fn first_year(&self) -> i32 {
        self.calendar.place(self.first_date).0
    }
}

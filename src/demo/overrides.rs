//! A few words of people that stand in place of computed scores.

use super::Error;
use super::books::Books;
use super::sheet::Sheet;

/// The rank of an account by size, what is replaced, and the rest of the row.
const OVERRIDES: [(u64, &str); 7] = [
    (12, "strategy,9,m.oliveira,\"framework contract signed, first orders in spring\",2025-11-15,2026-12-31"),
    (
        25,
        "score,6.5,sales board,merger under way: kept level until the new owner has bought for a year,2025-09-01,2026-06-30",
    ),
    (17, "culture_of_innovation,8,k.lindqvist,joint product launch,2024-07-01,2025-06-30"),
    (6, "decision,always,sales board,supplies our pilot line: the plant depends on it,2025-02-01,2026-12-31"),
    (31, "decision,never,credit control,in payment default since autumn,2025-10-15,2026-06-30"),
    (44, "decision,always,former head of sales,promised at the fair,2024-04-01,2025-03-31"),
    // Nobody says why: such a row does not act.
    (9, "solidarity,7,j.verbeek,,2025-12-01,2026-12-31"),
];

impl Books<'_> {
    pub(super) fn write_overrides(&self, sheet: &mut Sheet) -> Result<(), Error> {
        for (rank, rest) in OVERRIDES {
            if let Some(account) = self.accounts.iter().find(|account| account.rank == rank) {
                sheet.row(&[&account.id, &rest])?;
            }
        }
        Ok(())
    }
}

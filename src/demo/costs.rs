//! What it costs to serve the accounts: visits, support and rush orders, in proportion to what they buy.

use super::Error;
use super::accounts::{Account, Course};
use super::books::Books;
use super::drawing::mix;
use super::sheet::{Fixed, Sheet};
use super::words::LAST_YEAR;

/// Costs are kept for the last years only.
pub(super) const COSTED_YEARS: usize = 3;

/// Large accounts, by rank, that cost more to serve than they leave, or about as much.
const DEAR: [u64; 4] = [3, 7, 16, 28];

/// What an account takes to serve, in thousandths of what it buys.
fn per_mille(account: &Account) -> i64 {
    let spread = (mix(account.hash, 9) % 60) as i64;
    match account.rank {
        rank if DEAR.contains(&rank) => 330 + 2 * spread,
        _ if mix(account.hash, 10).is_multiple_of(12) => 300 + 3 * spread,
        0..60 => 35 + spread,
        _ => 15 + spread,
    }
}

/// The costs of one account in one year, in cents.
struct Year<'a> {
    account: &'a Account,
    year: u32,
    hash: u64,
    cost: i64,
}

impl Year<'_> {
    fn row(&self, sheet: &mut Sheet, period: &str, activity: &str, cents: i64) -> Result<(), Error> {
        if cents == 0 {
            return Ok(());
        }
        sheet.row(&[&self.account.id, &period, &activity, &Fixed(cents, 2)])
    }

    /// Half for visits, each in a month of its own; most of the rest for support, all year round.
    fn large(&self, sheet: &mut Sheet) -> Result<(), Error> {
        let (half, visits) = (self.cost / 2, 2 + self.hash % 5);
        for visit in 0..visits {
            let month = 1 + (12 * visit + self.hash / 5 % 12) / visits;
            self.row(sheet, &format!("{}-{month:02}", self.year), "visits", half / visits as i64)?;
        }
        self.row(sheet, &self.year.to_string(), "support", self.cost * 7 / 20)?;
        let day = format!("{}-{:02}-{:02}", self.year, 1 + self.hash / 60 % 12, 1 + self.hash / 720 % 28);
        self.row(sheet, &day, "rush orders", self.cost * 3 / 20)
    }

    fn small(&self, sheet: &mut Sheet) -> Result<(), Error> {
        self.row(sheet, &self.year.to_string(), "support", self.cost)
    }

    /// An account that buys nothing any more is visited now and then to win it back; one that is new has bought nothing yet.
    fn lost(&self, sheet: &mut Sheet) -> Result<(), Error> {
        if self.account.course == Course::Newcomer || !self.hash.is_multiple_of(3) {
            return Ok(());
        }
        let month = format!("{}-{:02}", self.year, 1 + self.hash / 3 % 12);
        self.row(sheet, &month, "visits", 18_000 + (self.hash / 36 % 300) as i64 * 100)
    }
}

impl Books<'_> {
    /// Remembers what an account buys in a month, in cents.
    pub(super) fn remember(&mut self, account: usize, month: u32, cents: i64) {
        let Some(back) = (12 * self.size.years - 1).checked_sub(month) else { return };
        if let Some(sum) = self.bought[account].get_mut(back as usize / 12) {
            *sum += cents;
        }
    }

    pub(super) fn write_costs(&self, sheet: &mut Sheet) -> Result<(), Error> {
        for (account, bought) in self.accounts.iter().zip(&self.bought) {
            for back in (0..COSTED_YEARS.min(self.size.years as usize)).rev() {
                let year = LAST_YEAR - back as u32;
                let hash = mix(account.hash, 20_000 + u64::from(year));
                let cost = bought[back].max(0) * per_mille(account) / 1_000 * (90 + (hash % 21) as i64) / 100;
                let year = Year { account, year, hash, cost };
                match cost {
                    0 => year.lost(sheet)?,
                    _ if account.rank < 60 => year.large(sheet)?,
                    _ => year.small(sheet)?,
                }
            }
        }
        let first = &self.accounts[0].id;
        // An account and a month that do not exist, an amount left open, a name left out: a sheet kept by hand has them.
        sheet.row(&[&format!("{first}-OLD"), &"2025-05,visits,240.00"])?;
        sheet.row(&[first, &"2025-13,support,85.50"])?;
        sheet.row(&[first, &"2025-06-17,rush orders,to follow"])?;
        sheet.row(&[&",2025-09,visits,180.00"])
    }
}

//! The products, categories and regions of an account's years: found among the sums of a ledger, and added up.

use super::window::Window;
use crate::failure::Failure;
use crate::ledger::books::AccountYear;
use crate::ledger::books::PartSum;

/// The accounts that have an account year, each once, in order; years are sorted by account.
pub fn accounts(years: &[AccountYear]) -> Vec<u32> {
    let mut accounts: Vec<u32> = years.iter().map(|year| year.account).collect();
    accounts.dedup();
    accounts
}

/// The sums of one account among those of all, which are sorted by account.
pub fn of_account(parts: &[PartSum], account: u32) -> &[PartSum] {
    let first = parts.partition_point(|part| part.account < account);
    let end = parts.partition_point(|part| part.account <= account);
    parts.get(first..end).unwrap_or_default()
}

/// What each part of an account comes to over the years of a window, in minor units, in the order of the parts.
///
/// # Errors
/// Where a sum leaves 64 bits.
pub fn over(parts: &[PartSum], window: Window) -> Result<Vec<(u32, i64)>, Failure> {
    let within = parts.iter().filter(|part| window.place(part.fiscal_year.into()).is_some());
    let mut amounts: Vec<(u32, i64)> = within.map(|part| (part.part, part.amount)).collect();
    amounts.sort_unstable();
    let mut sums: Vec<(u32, i64)> = Vec::with_capacity(amounts.len());
    for (part, amount) in amounts {
        match sums.last_mut() {
            Some((last, sum)) if *last == part => *sum = sum.checked_add(amount).ok_or_else(too_large)?,
            _ => sums.push((part, amount)),
        }
    }
    Ok(sums)
}

/// The failure of a sum of money that whole minor units in 64 bits cannot hold.
pub fn too_large() -> Failure {
    Failure::run("a sum of revenue is too large for 64 bits")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ledger::books::Books;

    /// An account year of which only account, year and revenue matter.
    pub(in crate::measures) fn year(account: u32, fiscal_year: i32, revenue: i64) -> AccountYear {
        AccountYear {
            account,
            fiscal_year: i16::try_from(fiscal_year).unwrap(),
            revenue,
            cost: 0,
            lines: 1,
            invoices: 1,
            products: 0,
            returns: 0,
            months: 1,
            first_day: 0,
            last_day: 0,
        }
    }

    /// Parts from (account, fiscal year, part, amount), sorted as the books have them.
    pub(in crate::measures) fn parts(rows: &[(u32, i32, u32, i64)]) -> Vec<PartSum> {
        let mut parts: Vec<PartSum> = rows
            .iter()
            .map(|(account, fiscal_year, part, amount)| PartSum {
                account: *account,
                fiscal_year: *fiscal_year,
                part: *part,
                amount: *amount,
            })
            .collect();
        parts.sort_unstable();
        parts
    }

    /// Books with these accounts and nothing else yet.
    pub(in crate::measures) fn books(accounts: &[&str], years: Vec<AccountYear>) -> Books {
        Books { accounts: accounts.iter().map(|name| (*name).to_owned()).collect(), years, ..Books::default() }
    }

    #[test]
    fn sums_of_one_account_over_a_window() {
        let all = parts(&[(0, 2024, 3, 5), (1, 2022, 3, 100), (1, 2023, 3, 7), (1, 2024, 1, 1), (1, 2024, 3, -2)]);
        let window = Window { first: 2023, last: 2024 };
        // Account 1: part 1 has 1, part 3 has 7 − 2; 2022 lies before the window.
        assert_eq!(over(of_account(&all, 1), window).unwrap(), [(1, 1), (3, 5)]);
        assert_eq!(over(of_account(&all, 0), window).unwrap(), [(3, 5)]);
        assert!(of_account(&all, 2).is_empty());
    }

    #[test]
    fn a_sum_past_64_bits_is_an_error() {
        let all = parts(&[(0, 2023, 0, i64::MAX), (0, 2024, 0, 1)]);
        assert!(over(&all, Window { first: 2023, last: 2024 }).is_err());
        assert!(over(&all, Window { first: 2024, last: 2024 }).is_ok());
    }

    #[test]
    fn accounts_come_once() {
        assert_eq!(accounts(&[year(0, 2023, 1), year(0, 2024, 1), year(2, 2024, 1)]), [0, 2]);
    }
}

//! The complete fiscal years that a measure looks at, and each account's values in them.

use crate::failure::Failure;
use crate::ledger::period::Period;
use crate::table::Table;

/// Consecutive complete fiscal years, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: i32,
    pub last: i32,
}

impl Window {
    /// The last `years` complete fiscal years.
    ///
    /// # Errors
    /// Where the data does not reach back that far: growth over years that were never exported would make
    /// every account a newcomer.
    pub fn last(years: i32, period: &Period, stage: &str) -> Result<Self, Failure> {
        let window = Self { first: period.last_year - years + 1, last: period.last_year };
        if period.first_year() <= window.first {
            return Ok(window);
        }
        let available = period.last_year - period.first_year() + 1;
        let available = if available > 0 { available.to_string() } else { "none".to_owned() };
        Err(Failure::Data {
            message: format!(
                "stage `{stage}` needs {years} complete fiscal years up to {}, but the data has {available}",
                crate::calendar::iso(period.as_of)
            ),
            hint: Some("declare fewer `years`, or read older invoices".to_owned()),
        })
    }

    pub fn years(self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or_default()
    }

    /// The place of a fiscal year in the window.
    pub fn place(self, fiscal_year: i64) -> Option<usize> {
        let place = usize::try_from(fiscal_year - i64::from(self.first)).ok()?;
        (place < self.years()).then_some(place)
    }
}

/// One row of values per account, accounts in the order of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountValues<'t> {
    pub accounts: Vec<&'t str>,
    /// As long as the window, for each account; zero in years without lines.
    pub values: Vec<Vec<i64>>,
}

/// Spreads a column of the account years over the years of a window.
pub fn by_account<'t>(account_years: &'t Table, column: &str, window: Window) -> AccountValues<'t> {
    let mut accounts: Vec<&str> = Vec::new();
    let mut values: Vec<Vec<i64>> = Vec::new();
    let rows = account_years.text("account").into_iter().zip(account_years.integers("fiscal_year"));
    for ((account, fiscal_year), value) in rows.zip(account_years.integers(column)) {
        if accounts.last() != Some(&account) {
            accounts.push(account);
            values.push(vec![0; window.years()]);
        }
        let place = fiscal_year.and_then(|fiscal_year| window.place(fiscal_year));
        let cell = place.and_then(|place| values.last_mut()?.get_mut(place));
        if let Some(cell) = cell {
            *cell = value.unwrap_or_default();
        }
    }
    AccountValues { accounts, values }
}

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountValues<'t> {
    pub accounts: Vec<&'t str>,
    /// Those of one account after those of another, each as long as the window; zero in years without lines.
    values: Vec<i64>,
    years: usize,
}

impl AccountValues<'_> {
    /// The values of each account, oldest first.
    pub fn of_each(&self) -> impl ExactSizeIterator<Item = &[i64]> {
        self.values.chunks_exact(self.years.max(1))
    }
}

/// Spreads a column of the account years over the years of a window.
pub fn by_account<'t>(account_years: &'t Table, column: &str, window: Window) -> AccountValues<'t> {
    let (runs, years) = (account_years.text_runs("account"), window.years());
    let mut values = vec![0; runs.len() * years];
    let mut rows = account_years.each_integer("fiscal_year").zip(account_years.each_integer(column));
    for ((_, count), values) in runs.iter().zip(values.chunks_exact_mut(years.max(1))) {
        for (fiscal_year, value) in rows.by_ref().take(*count) {
            let place = fiscal_year.and_then(|fiscal_year| window.place(fiscal_year));
            place
                .and_then(|place| values.get_mut(place))
                .into_iter()
                .for_each(|cell| *cell = value.unwrap_or_default());
        }
    }
    AccountValues { accounts: runs.into_iter().map(|(account, _)| account).collect(), values, years }
}

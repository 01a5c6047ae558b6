//! The stage kind `account_years`: one row per account and fiscal year.

use crate::failure::Failure;
use crate::ledger::books::{AccountYear, Books};
use crate::ledger::parallel::side_by_side;
use crate::ledger::{Ledger, Roles, index};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{self, Inputs, Product};
use crate::stages::Stage;
use crate::table::{Meaning, PIECE_ROWS, Table, TableBuilder};
use rayon::prelude::*;
use std::collections::BTreeMap;

pub const MANUAL: &str = include_str!("../../docs/stages/account_years.md");

#[derive(Debug, Clone)]
pub struct AccountYears {
    pub from: Located<String>,
}

impl AccountYears {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        fields.text("from").map(|from| Self { from })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let roles = scope.ledger(&self.from)?;
        let bucket = match scope.declared(&self.from.value) {
            Some(Stage::Ledger(ledger)) => ledger.bucket.as_ref().map(|name| name.value.clone()),
            _ => None,
        };
        let (name, from) = (id.value.clone(), self.from.value.clone());
        let spec = of_years(&name, &[], &[], roles, i32::MIN).spec;
        let is_memory_limited = scope.settings.memory_limit.is_some();
        let signature = Signature::AccountYears { roles, spec, bucket: bucket.clone() };
        let job = move |inputs: &Inputs| {
            let Ledger { books, period, .. } = inputs.ledger(&from)?;
            let parts = (in_order(books), books.accounts.as_slice());
            let threads = is_memory_limited.then(|| inputs.threads());
            let table = account_years(&name, parts, (roles, period.last_year), threads)?;
            let years = product::AccountYears::of(table, bucket.as_deref(), *period)?;
            Ok(Product::AccountYears(Box::new(years)))
        };
        Some(Bound::of(signature, job))
    }
}

/// The years of all accounts and of the bucket, one after the other in the order of accounts.
fn in_order(books: &Books) -> [&[AccountYear]; 3] {
    let bucket = books.bucket.first().map_or(u32::MAX, |year| year.account);
    let (before, after) = books.years.split_at(books.years.partition_point(|year| year.account < bucket));
    [before, &books.bucket, after]
}

/// The waist as a table, sorted by account and fiscal year. What the ledger has no column for is null.
///
/// Where memory is limited, its pieces are made by so many threads of their own, which take up what those that read lines
/// have let go; rayon's do not. Without a limit it is rayon's that make them, as the stages to come then find more room.
fn account_years(
    name: &str,
    (years, accounts): ([&[AccountYear]; 3], &[String]),
    (roles, last_complete_year): (Roles, i32),
    own_threads: Option<usize>,
) -> Result<Table, Failure> {
    let pieces: Vec<&[AccountYear]> = years.iter().flat_map(|years| years.chunks(PIECE_ROWS)).collect();
    let piece = |years: &[AccountYear]| of_years(name, years, accounts, roles, last_complete_year);
    let of_thread = |next: &mut dyn Iterator<Item = usize>| {
        Ok(next.filter_map(|place| Some((place, piece(pieces.get(place)?)))).collect::<Vec<_>>())
    };
    let made = match own_threads {
        None => pieces.par_iter().map(|years| piece(years)).collect(),
        Some(threads) => {
            let made = side_by_side(pieces.len(), threads, of_thread)?;
            let in_order: BTreeMap<usize, Table> = made.into_iter().flatten().collect();
            in_order.into_values().collect()
        }
    };
    Ok(Table::of_pieces(piece(&[]), made))
}

/// A piece of that table.
fn of_years(name: &str, years: &[AccountYear], accounts: &[String], roles: Roles, last_complete_year: i32) -> Table {
    let first = years.first().map_or(0, |year| year.account);
    let last = years.last().map_or(0, |year| year.account + 1);
    let accounts = accounts.get(index(first)..index(last)).unwrap_or_default();
    let integers = |value: fn(&AccountYear) -> i64| years.iter().map(value).collect::<Vec<i64>>();
    let days = |value: fn(&AccountYear) -> i32| years.iter().map(value).collect::<Vec<i32>>();
    let mut builder = TableBuilder::new(name, years.len())
        .repeated_text("account", accounts, years.iter().map(|year| year.account - first).collect())
        .integers("fiscal_year", integers(|year| year.fiscal_year.into()))
        .money("revenue", integers(|year| year.revenue));
    builder = match roles.cost {
        true => builder.money("cost", integers(|year| year.cost)),
        false => builder.nothing("cost", Meaning::Money),
    };
    builder = builder.integers("lines", integers(|year| year.lines.into()));
    builder = match roles.invoice {
        true => builder.integers("invoices", integers(|year| year.invoices.into())),
        false => builder.nothing("invoices", Meaning::Integer),
    };
    builder = match roles.product {
        true => builder.integers("products", integers(|year| year.products.into())),
        false => builder.nothing("products", Meaning::Integer),
    };
    builder
        .integers("returns", integers(|year| year.returns.into()))
        .integers("active_months", integers(|year| year.months.count_ones().into()))
        .dates("first_date", days(|year| year.first_day))
        .dates("last_date", days(|year| year.last_day))
        .flags("complete", years.iter().map(|year| i32::from(year.fiscal_year) <= last_complete_year).collect())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_of_their_own_make_the_same_table() {
        // Three years of each account, in several pieces, of which some are short.
        let accounts: Vec<String> = (0..180_000).map(|account| format!("{account:06}")).collect();
        let years: Vec<AccountYear> = (0..540_000)
            .map(|year| AccountYear {
                account: year / 3,
                fiscal_year: 2020 + (year % 3) as i16,
                revenue: year.into(),
                ..AccountYear::default()
            })
            .collect();
        let roles = Roles { cost: true, invoice: false, product: false, ..Roles::default() };
        let made = |own_threads| {
            let parts = ([&years[..200_000], &[], &years[200_000..]], accounts.as_slice());
            account_years("account_years", parts, (roles, 2021), own_threads).unwrap()
        };
        let table = made(None);
        let revenue = table.integers("revenue");
        assert!(revenue.into_iter().eq((0..540_000).map(Some)));
        assert!(made(Some(3)).frame.equals_missing(&table.frame));
    }
}

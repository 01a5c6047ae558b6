//! The stage kind `account_years`: one row per account and fiscal year.

use crate::ledger::books::{AccountYear, Books};
use crate::ledger::{Ledger, Roles};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{self, Inputs, Product};
use crate::stages::Stage;
use crate::table::{Meaning, Table, TableBuilder};
use rayon::prelude::*;

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
        let spec = account_years(&name, &[&[]; 3], &[], roles, i32::MIN).spec;
        let signature = Signature::AccountYears { roles, spec, bucket: bucket.clone() };
        let job = move |inputs: &Inputs| {
            let Ledger { books, period, .. } = inputs.ledger(&from)?;
            let table = account_years(&name, &in_order(books), &books.accounts, roles, period.last_year);
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
fn account_years(
    name: &str,
    years: &[&[AccountYear]; 3],
    accounts: &[String],
    roles: Roles,
    last_complete_year: i32,
) -> Table {
    let mut builder = TableBuilder::new(name, years.iter().map(|years| years.len()).sum())
        .repeated_text("account", accounts, values(years, |year| year.account))
        .integers("fiscal_year", values(years, |year| i64::from(year.fiscal_year)))
        .money("revenue", values(years, |year| year.revenue));
    builder = match roles.cost {
        true => builder.money("cost", values(years, |year| year.cost)),
        false => builder.nothing("cost", Meaning::Money),
    };
    builder = builder.integers("lines", values(years, |year| i64::from(year.lines)));
    builder = match roles.invoice {
        true => builder.integers("invoices", values(years, |year| i64::from(year.invoices))),
        false => builder.nothing("invoices", Meaning::Integer),
    };
    builder = match roles.product {
        true => builder.integers("products", values(years, |year| i64::from(year.products))),
        false => builder.nothing("products", Meaning::Integer),
    };
    builder
        .integers("returns", values(years, |year| i64::from(year.returns)))
        .integers("active_months", values(years, |year| i64::from(year.months.count_ones())))
        .dates("first_date", values(years, |year| year.first_day))
        .dates("last_date", values(years, |year| year.last_day))
        .flags("complete", values(years, |year| year.fiscal_year <= last_complete_year))
        .build()
}

/// One value of each year.
fn values<T: Send>(years: &[&[AccountYear]; 3], value: impl Fn(&AccountYear) -> T + Send + Sync) -> Vec<T> {
    let [before, bucket, after] = years;
    before.par_iter().chain(bucket.par_iter()).chain(after.par_iter()).map(value).collect()
}

//! The stage kind `account_years`: one row per account and fiscal year.

use crate::ledger::books::AccountYear;
use crate::ledger::{Ledger, Roles};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{self, Inputs, Product};
use crate::stages::Stage;
use crate::table::{Table, TableBuilder};

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
        let spec = account_years(&name, &[], &[], roles, i32::MIN).spec;
        let signature = Signature::AccountYears { roles, spec, bucket: bucket.clone() };
        let job = move |inputs: &Inputs| {
            let Ledger { books, period, .. } = inputs.ledger(&from)?;
            let mut years = [books.years.as_slice(), books.bucket.as_slice()].concat();
            years.sort_unstable_by_key(|year| (year.account, year.fiscal_year));
            let table = account_years(&name, &years, &books.accounts, roles, period.last_year);
            let years = product::AccountYears::of(table, bucket.as_deref(), *period)?;
            Ok(Product::AccountYears(Box::new(years)))
        };
        Some(Bound::of(signature, job))
    }
}

/// The waist as a table, sorted by account and fiscal year. What the ledger has no column for is null.
pub fn account_years(
    name: &str,
    years: &[AccountYear],
    accounts: &[String],
    roles: Roles,
    last_complete_year: i32,
) -> Table {
    let account = |code: u32| accounts.get(usize::try_from(code).unwrap_or(usize::MAX)).map_or("", String::as_str);
    let integers = |value: fn(&AccountYear) -> i64| years.iter().map(value).collect::<Vec<i64>>();
    let declared = |declared: bool, value: fn(&AccountYear) -> i64| -> Vec<Option<i64>> {
        years.iter().map(|year| declared.then(|| value(year))).collect()
    };
    TableBuilder::new(name, years.len())
        .text("account", years.iter().map(|year| account(year.account)).collect())
        .integers("fiscal_year", integers(|year| year.fiscal_year.into()))
        .money("revenue", integers(|year| year.revenue))
        .money("cost", declared(roles.cost, |year| year.cost))
        .integers("lines", integers(|year| year.lines))
        .integers("invoices", declared(roles.invoice, |year| year.invoices))
        .integers("products", declared(roles.product, |year| year.products))
        .integers("returns", integers(|year| year.returns))
        .integers("active_months", integers(|year| year.months.count_ones().into()))
        .dates("first_date", years.iter().map(|year| year.first_day).collect::<Vec<i32>>())
        .dates("last_date", years.iter().map(|year| year.last_day).collect::<Vec<i32>>())
        .flags("complete", years.iter().map(|year| year.fiscal_year <= last_complete_year).collect())
        .build()
}

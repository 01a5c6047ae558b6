//! The stage kind `profile`: how an account buys.

use super::window::Window;
use crate::ledger::period::Period;
use crate::money::rounded_quotient;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::table::{Table, TableBuilder};

pub const MANUAL: &str = include_str!("../../docs/stages/profile.md");

#[derive(Debug, Clone)]
pub struct Profile {
    pub from: Located<String>,
}

impl Profile {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        fields.text("from").map(|from| Self { from })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.account_years(&self.from)?;
        let (name, from) = (id.value.clone(), self.from.value.clone());
        let spec = table(&name, &[]).spec;
        let job = move |inputs: &Inputs| {
            let (account_years, period) = inputs.account_years(&from)?;
            Window::last(1, period, &name)?;
            Ok(Product::Tables(vec![table(&name, &rows(account_years, period))]))
        };
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }
}

/// How one account buys: counts of the last complete fiscal year, dates over the whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row<'t> {
    pub account: &'t str,
    pub revenue: i64,
    pub lines: i64,
    /// Null where the ledger has no such column.
    pub invoices: Option<i64>,
    pub products: Option<i64>,
    pub active_months: i64,
    pub first_date: i32,
    pub last_date: i32,
    pub days_since_last: i64,
}

impl Row<'_> {
    /// Revenue per invoice, rounded half away from zero.
    fn average_invoice(&self) -> Option<i64> {
        self.invoices.filter(|invoices| *invoices > 0).map(|invoices| rounded_quotient(self.revenue, invoices))
    }
}

fn rows<'t>(account_years: &'t Table, period: &Period) -> Vec<Row<'t>> {
    let column = |name: &str| account_years.integers(name);
    let (years, revenue, lines, invoices) =
        (column("fiscal_year"), column("revenue"), column("lines"), column("invoices"));
    let (products, months) = (column("products"), column("active_months"));
    let (first, last) = (account_years.dates("first_date"), account_years.dates("last_date"));
    let at = |values: &[Option<i64>], row: usize| values.get(row).copied().flatten();
    let mut rows: Vec<Row> = Vec::new();
    for (index, account) in account_years.text("account").into_iter().enumerate() {
        let day = |days: &[Option<i32>]| days.get(index).copied().flatten().unwrap_or_default();
        if rows.last().is_none_or(|row| row.account != account) {
            // Without a line in the last year the counts are zero, and unknown stays unknown.
            let counted = |values: &[Option<i64>]| at(values, index).map(|_| 0);
            let (invoices, products) = (counted(&invoices), counted(&products));
            rows.push(Row { account, invoices, products, first_date: day(&first), ..Row::default() });
        }
        let Some(row) = rows.last_mut() else { continue };
        row.last_date = day(&last);
        row.days_since_last = i64::from(period.as_of) - i64::from(row.last_date);
        if at(&years, index) == Some(period.last_year.into()) {
            row.revenue = at(&revenue, index).unwrap_or_default();
            row.lines = at(&lines, index).unwrap_or_default();
            row.invoices = at(&invoices, index);
            row.products = at(&products, index);
            row.active_months = at(&months, index).unwrap_or_default();
        }
    }
    rows
}

fn table(name: &str, rows: &[Row]) -> Table {
    TableBuilder::new(name, rows.len())
        .per_account()
        .text("account", rows.iter().map(|row| row.account).collect())
        .integers("lines", rows.iter().map(|row| row.lines).collect::<Vec<_>>())
        .integers("invoices", rows.iter().map(|row| row.invoices).collect::<Vec<_>>())
        .integers("products", rows.iter().map(|row| row.products).collect::<Vec<_>>())
        .integers("active_months", rows.iter().map(|row| row.active_months).collect::<Vec<_>>())
        .money("average_invoice", rows.iter().map(Row::average_invoice).collect::<Vec<_>>())
        .dates("first_date", rows.iter().map(|row| row.first_date).collect::<Vec<_>>())
        .dates("last_date", rows.iter().map(|row| row.last_date).collect::<Vec<_>>())
        .integers("days_since_last", rows.iter().map(|row| row.days_since_last).collect::<Vec<_>>())
        .build()
}

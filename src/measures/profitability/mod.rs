//! The stage kind `profitability`: what each account leaves after the cost of goods and the cost to serve it.

pub mod costs;
pub mod margins;
pub mod rates;
pub mod whale_curve;

use super::window::{Window, by_account};
use crate::failure::Failure;
use crate::ledger::period::Period;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{Inputs, Product};
use crate::sources::Source;
use crate::sources::written::sheet;
use crate::table::{Table, name_of};
use costs::{COLUMNS, CostRow, REQUIRED, Rules};
use margins::Margin;
use rates::{DeclaredRate, Rate};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const MANUAL: &str = include_str!("../../../docs/stages/profitability.md");

#[derive(Debug, Clone)]
pub struct Profitability {
    pub from: Located<String>,
    /// Over how many complete fiscal years.
    pub years: i32,
    /// The table of costs to serve.
    pub costs: Option<Located<String>>,
    /// What a line, an invoice and a return cost.
    pub rates: Vec<DeclaredRate>,
    /// What activities that the table of costs counts cost each time, as written.
    pub activities: Vec<(String, Located<String>)>,
}

impl Profitability {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let years = fields.whole("years", 1..=30, 1);
        let costs = fields.optional_text("costs");
        let rates = match fields.optional("rates") {
            None => Some(Vec::new()),
            Some(node) => rates::decode(node, fields.problems),
        };
        let activities = match fields.optional("activities") {
            None => Some(Vec::new()),
            Some(node) => rates::decode_activities(node, fields.problems),
        };
        let years = i32::try_from(years?).ok()?;
        Some(Self { from: from?, years, costs, rates: rates?, activities: activities? })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let roles = scope.account_years(&self.from);
        let costs = match &self.costs {
            None => Some(None),
            Some(costs) => {
                let columns = COLUMNS.get(..REQUIRED).unwrap_or_default();
                let source = scope.source(costs);
                source.and_then(|source| sheet(costs, source, "the table of costs", columns, scope.problems)).map(Some)
            }
        };
        let (roles, decimals) = (roles?, scope.settings.decimals);
        let rates = rates::bind(&self.rates, roles, decimals, scope.problems);
        let activities = rates::bind_activities(&self.activities, decimals, scope.problems);
        if !roles.cost {
            let message = format!("stage `{}` needs the cost of goods, but the ledger declares no `cost`", id.value);
            let hint = "add `cost:` to the `columns` of the ledger, with the column that has the cost of a line";
            scope.problems.report(&self.from.span, message, hint.to_owned());
            return None;
        }
        let job = Job {
            names: Names::of(&id.value),
            from: self.from.value.clone(),
            years: self.years,
            costs: costs?,
            rates: rates?,
            activities: activities?,
            decimals,
        };
        let signature = Signature::Tables(job.specs());
        Some(Bound::of(signature, move |inputs: &Inputs| job.run(inputs).map(Product::Tables)))
    }
}

/// The names of the tables.
struct Names {
    margins: String,
    whale_curve: String,
    whale: String,
    cost_rows: String,
}

impl Names {
    fn of(id: &str) -> Self {
        let name = |table| name_of(id, "profitability", table);
        Self {
            margins: id.to_owned(),
            whale_curve: name("whale_curve"),
            whale: name("whale"),
            cost_rows: name("cost_rows"),
        }
    }
}

/// A stage ready to run.
struct Job {
    names: Names,
    from: String,
    years: i32,
    costs: Option<Arc<Source>>,
    rates: Vec<Rate>,
    activities: BTreeMap<String, i64>,
    decimals: u32,
}

impl Job {
    fn specs(&self) -> Vec<crate::table::TableSpec> {
        let names = &self.names;
        let mut specs = vec![
            margins::table(&names.margins, &[]).spec,
            whale_curve::curve_table(&names.whale_curve, &[]).spec,
            whale_curve::whale_table(&names.whale, &whale_curve::Whale::default()).spec,
        ];
        specs.extend(self.costs.iter().map(|_| costs::table(&names.cost_rows, &[]).spec));
        specs
    }

    fn run(&self, inputs: &Inputs) -> Result<Vec<Table>, Failure> {
        let (account_years, period) = inputs.account_years(&self.from)?;
        let window = Window::last(self.years, period, &self.names.margins)?;
        let rows = match &self.costs {
            None => None,
            Some(source) => Some(cost_rows(source, account_years, period, window, (self.decimals, &self.activities))?),
        };
        let serving = rows.as_deref().map(costs::by_account).unwrap_or_default();
        let margins = margins_of(account_years, window, &serving, &self.rates).ok_or_else(too_large)?;
        let (curve, whale) = whale_curve::curve(&margins).ok_or_else(too_large)?;
        let mut tables = vec![
            margins::table(&self.names.margins, &margins),
            whale_curve::curve_table(&self.names.whale_curve, &curve),
            whale_curve::whale_table(&self.names.whale, &whale),
        ];
        tables.extend(rows.map(|rows| costs::table(&self.names.cost_rows, &rows)));
        Ok(tables)
    }
}

fn too_large() -> Failure {
    Failure::run("a sum of revenue, costs or margins is too large for 64 bits")
}

fn cost_rows(
    source: &Source,
    account_years: &Table,
    period: &Period,
    window: Window,
    (decimals, activities): (u32, &BTreeMap<String, i64>),
) -> Result<Vec<CostRow>, Failure> {
    let accounts = account_years.text("account").into_iter().collect();
    let rules = Rules { accounts: &accounts, calendar: period.calendar, window, decimals, activities };
    let forms = costs::forms(source);
    Ok(costs::judge(source.text_rows(&COLUMNS)?, &rules, &forms))
}

/// What each account leaves over a window, in the order of the account years; nothing where a sum leaves 64 bits.
///
/// `serving` has what the table of costs says of each account, in minor units.
pub fn margins_of<'t>(
    account_years: &'t Table,
    window: Window,
    serving: &BTreeMap<&str, i128>,
    rates: &[Rate],
) -> Option<Vec<Margin<'t>>> {
    let sums = |column| -> Vec<i128> {
        let by_account = by_account(account_years, column, window);
        by_account.of_each().map(|years| years.iter().copied().map(i128::from).sum()).collect()
    };
    let accounts = by_account(account_years, "revenue", window).accounts;
    let mut to_serve: Vec<i128> =
        accounts.iter().map(|account| serving.get(account).copied().unwrap_or_default()).collect();
    for rate in rates {
        for (sum, count) in to_serve.iter_mut().zip(sums(rate.driver.column())) {
            *sum = sum.checked_add(count.checked_mul(rate.amount.into())?)?;
        }
    }
    let money = sums("revenue").into_iter().zip(sums("cost")).zip(to_serve);
    accounts
        .into_iter()
        .zip(money)
        .map(|(account, ((revenue, cost), to_serve))| Margin::of(account, revenue, cost, to_serve))
        .collect()
}

#[cfg(test)]
mod tests;

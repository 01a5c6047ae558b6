//! Who earns the profit, and who is key by revenue and not by profit.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::account::Accounts;
use super::{Facts, Inputs, part};
use crate::measures::pareto::{Class, Crossing, Rule, rank};
use crate::table::Table;

/// How many accounts of each kind the table shows at most.
const SHOWN: usize = 5;

/// The section on profit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profit {
    /// The first of the fiscal years that it adds up; the last is that of the report.
    pub first_year: i64,
    pub revenue: i128,
    pub cost: i128,
    pub cost_to_serve: i128,
    pub net_margin: i128,
    pub net_margin_ratio: Option<f64>,
    /// Accounts with a net margin above zero, and below it.
    pub profitable: Option<i64>,
    pub unprofitable: Option<i64>,
    /// The first so many accounts earn as much as all do; none unless all together earn something.
    pub accounts_for_all_profit: Option<i64>,
    /// What the profitable accounts earn, and what the others take back (positive amounts).
    pub earned: i128,
    pub given_back: i128,
    /// The same over the total; none unless the total is above zero.
    pub peak: Option<f64>,
    pub erosion: Option<f64>,
    /// None without a table of costs.
    pub costs: Option<Costs>,
    /// None without a ranking by revenue.
    pub keys: Option<Keys>,
}

/// What became of the table of costs to serve.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Costs {
    pub read: usize,
    pub used: usize,
    /// Of other years than those added up.
    pub other_years: usize,
    /// Without an account, a period or an amount that can be read; and the amounts of those that have one.
    pub unusable: usize,
    pub unusable_amount: i128,
}

/// The accounts that are key by one of revenue and profit and not by the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Keys {
    /// In class A, but not among the accounts that make the cutoff's part of all net margins above zero.
    pub by_revenue_only: usize,
    /// The reverse.
    pub by_profit_only: usize,
    /// Those by revenue only, the lowest net margin first; then those by profit only, the highest first.
    pub accounts: Vec<Key>,
}

/// One account that is key by revenue only, or by profit only.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Key {
    pub name: String,
    /// `revenue` or `profit`.
    pub by: &'static str,
    pub revenue: i64,
    pub cost_to_serve: i64,
    pub net_margin: i64,
    pub net_margin_ratio: Option<f64>,
    /// By net margin.
    pub rank: i64,
}

pub(super) fn profit(margins: &Table, inputs: &Inputs, accounts: &Accounts, facts: &Facts) -> Option<Profit> {
    let whale = inputs.whale?;
    let figure = |column: &str| whale.integers(column).first().copied().flatten();
    let share = |column: &str| whale.numbers(column).first().copied().flatten();
    let (revenue, net_margin) = (sum(margins, "revenue"), sum(margins, "net_margin"));
    let earned = i128::from(figure("peak_amount").unwrap_or_default());
    Some(Profit {
        first_year: facts.last_year - i64::from(facts.profit_years.max(1)) + 1,
        revenue,
        cost: sum(margins, "cost"),
        cost_to_serve: sum(margins, "cost_to_serve"),
        net_margin,
        net_margin_ratio: part(net_margin, revenue),
        profitable: figure("profitable_accounts"),
        unprofitable: figure("unprofitable_accounts"),
        accounts_for_all_profit: figure("accounts_for_all_profit"),
        earned,
        given_back: earned - net_margin,
        peak: share("peak"),
        erosion: share("erosion"),
        costs: inputs.cost_rows.map(costs),
        keys: inputs.pareto.map(|_| keys(margins, accounts, facts)),
    })
}

fn sum(table: &Table, column: &str) -> i128 {
    table.integers(column).into_iter().flatten().map(i128::from).sum()
}

fn costs(table: &Table) -> Costs {
    let mut costs = Costs { read: table.rows(), ..Costs::default() };
    let rows = table.flags("used").into_iter().zip(table.text("reason")).zip(table.integers("amount"));
    for ((used, reason), amount) in rows {
        if used {
            costs.used += 1;
        } else if reason == "outside_window" {
            costs.other_years += 1;
        } else {
            costs.unusable += 1;
            costs.unusable_amount += i128::from(amount.unwrap_or_default());
        }
    }
    costs
}

/// Key by profit is what class A is, over net margins: the accounts that cover the cutoff's part of those above zero.
fn keys(margins: &Table, accounts: &Accounts, facts: &Facts) -> Keys {
    let names = margins.text("account");
    let whole =
        |column: &str| -> Vec<i64> { margins.integers(column).into_iter().map(Option::unwrap_or_default).collect() };
    let (revenues, to_serve, nets, ranks) =
        (whole("revenue"), whole("cost_to_serve"), whole("net_margin"), whole("rank"));
    let ratios = margins.numbers("net_margin_ratio");
    let rule = Rule { cutoff: facts.cutoff.into(), b_cutoff: 100, crossing: Crossing::Include };
    let mut kinds: BTreeMap<&str, Vec<Key>> = BTreeMap::new();
    for (row, by_profit) in rank(&names, &nets, rule).into_iter().map(|row| row.class == Class::A).enumerate() {
        let account = accounts.get(names[row]);
        let by = match (account.is_some_and(|account| account.vital_few), by_profit) {
            (true, false) => "revenue",
            (false, true) => "profit",
            _ => continue,
        };
        kinds.entry(by).or_default().push(Key {
            name: account.map_or(names[row], |account| &account.name).to_owned(),
            by,
            revenue: revenues[row],
            cost_to_serve: to_serve[row],
            net_margin: nets[row],
            net_margin_ratio: ratios[row],
            rank: ranks[row],
        });
    }
    let mut by_revenue = kinds.remove("revenue").unwrap_or_default();
    let mut by_profit = kinds.remove("profit").unwrap_or_default();
    by_revenue.sort_by_key(|key| Reverse(key.rank));
    by_profit.sort_by_key(|key| key.rank);
    let (by_revenue_only, by_profit_only) = (by_revenue.len(), by_profit.len());
    let shown = SHOWN.min(facts.top);
    by_revenue.truncate(shown);
    by_revenue.extend(by_profit.into_iter().take(shown));
    Keys { by_revenue_only, by_profit_only, accounts: by_revenue }
}

//! Activity rates: what a line, an invoice and a return cost, whoever causes them.
//!
//! Activity-based costing in its plainest form: Cooper and Kaplan, *Profit Priorities from Activity-Based
//! Costing*, Harvard Business Review, May 1991.

use crate::ledger::Roles;
use crate::money::NumberFormat;
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::{Fields, distinct};
use crate::pipeline::node::{Node, Value};
use std::collections::BTreeMap;

/// What is counted and charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    Line,
    Invoice,
    /// A line with a negative amount.
    Return,
}

impl Driver {
    const ALL: [Self; 3] = [Self::Line, Self::Invoice, Self::Return];

    fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Invoice => "invoice",
            Self::Return => "return",
        }
    }

    /// The column of the account years that counts it.
    pub fn column(self) -> &'static str {
        match self {
            Self::Line => "lines",
            Self::Invoice => "invoices",
            Self::Return => "returns",
        }
    }
}

/// A rate as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredRate {
    pub driver: Driver,
    pub amount: Located<String>,
}

/// A rate in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub driver: Driver,
    pub amount: i64,
}

pub fn decode(node: &Node, problems: &Problems) -> Option<Vec<DeclaredRate>> {
    let mut fields = Fields::open(node, &node.span, "`rates`", problems)?;
    let rates: Vec<Option<DeclaredRate>> = Driver::ALL
        .into_iter()
        .filter_map(|driver| fields.optional(driver.name()).map(|node| declared(driver, node, problems)))
        .collect();
    fields.finish();
    if rates.is_empty() {
        problems.report(&node.span, "`rates` has no rate", "such as `rates: {line: 1.20, invoice: 8.50}`".to_owned());
    }
    rates.into_iter().collect()
}

/// Rates of activities of the user's own, such as a visit: how often they happened, the table of costs says.
pub fn decode_activities(node: &Node, problems: &Problems) -> Option<Vec<(String, Located<String>)>> {
    let Value::Map(entries) = &node.value else {
        let message = format!("`activities` should be a map of rates, found {}", node.describe());
        problems.report(&node.span, message, "such as `activities: {visit: 85}`".to_owned());
        return None;
    };
    let distinct = distinct(entries.iter().map(|(name, _)| name), "`activities`", problems);
    let rates: Vec<Option<(String, Located<String>)>> =
        entries.iter().map(|(name, node)| Some((name.value.clone(), written(&name.value, node, problems)?))).collect();
    rates.into_iter().collect::<Option<_>>().filter(|_| distinct)
}

/// The rates of activities in minor units.
pub fn bind_activities(
    declared: &[(String, Located<String>)],
    decimals: u32,
    problems: &Problems,
) -> Option<BTreeMap<String, i64>> {
    let rates: Vec<Option<(String, i64)>> =
        declared.iter().map(|(name, text)| Some((name.clone(), amount(name, text, decimals, problems)?))).collect();
    rates.into_iter().collect()
}

fn declared(driver: Driver, node: &Node, problems: &Problems) -> Option<DeclaredRate> {
    written(driver.name(), node, problems).map(|amount| DeclaredRate { driver, amount })
}

fn written(name: &str, node: &Node, problems: &Problems) -> Option<Located<String>> {
    if matches!(node.value, Value::Integer(_) | Value::Number(_)) && !node.raw.starts_with('-') {
        return Some(Located::new(node.raw.clone(), node.span.clone()));
    }
    let message = format!("the rate `{name}` should be an amount of zero or more, found {}", node.describe());
    problems.report(&node.span, message, "in the currency, such as `8.50`".to_owned());
    None
}

/// Turns rates into minor units and checks that the ledger counts what they charge.
pub fn bind(declared: &[DeclaredRate], roles: Roles, decimals: u32, problems: &Problems) -> Option<Vec<Rate>> {
    let rate = |declared: &DeclaredRate| {
        let amount = amount(declared.driver.name(), &declared.amount, decimals, problems);
        if declared.driver == Driver::Invoice && !roles.invoice {
            let message = "a rate per `invoice` needs the number of invoices, but the ledger declares no `invoice`";
            let hint = "add `invoice:` to the `columns` of the ledger, or leave the rate out";
            problems.report(&declared.amount.span, message, hint.to_owned());
            return None;
        }
        Some(Rate { driver: declared.driver, amount: amount? })
    };
    let rates: Vec<Option<Rate>> = declared.iter().map(rate).collect();
    rates.into_iter().collect()
}

/// A rate finer than the currency would have to be rounded, and the costs of the accounts would no longer add up
/// to rate times count.
fn amount(name: &str, written: &Located<String>, decimals: u32, problems: &Problems) -> Option<i64> {
    let text = &written.value;
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    if u32::try_from(places).is_ok_and(|places| places > decimals) {
        let message = format!("the rate `{name}` has more decimal places than the pipeline keeps, found `{text}`");
        problems.report(&written.span, message, format!("the pipeline declares `decimals: {decimals}`"));
        return None;
    }
    let amount = NumberFormat::PLAIN.parse(text.as_bytes(), decimals).ok();
    if amount.is_none() {
        let message = format!("the rate `{name}` should be a plain decimal number, found `{text}`");
        problems.report(&written.span, message, "such as `8.50`".to_owned());
    }
    amount
}

//! The stage kind `lifetime_value`: what an account is worth over the years to come.
//!
//! By contract, from margin and retention, or by the purchases of accounts that come and go without notice.

pub mod bg_nbd;
pub mod contractual;
pub mod fit;
pub mod gamma_gamma;
pub mod non_contractual;
pub mod purchases;
pub mod special;

use crate::ledger::sums::Details;
use crate::pipeline::check::Bound;
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::{Fields, number};
use crate::pipeline::scope::Scope;
use contractual::Contractual;
use non_contractual::NonContractual;
use std::ops::RangeInclusive;

pub const MANUAL: &str = include_str!("../../../docs/stages/lifetime_value.md");

#[derive(Debug, Clone)]
pub enum LifetimeValue {
    Contractual(Contractual),
    NonContractual(NonContractual),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Contractual,
    BgNbd,
}

/// The keys that only one of the models has.
const CONTRACTUAL_KEYS: [&str; 4] = ["margin", "by", "accounts", "shrink"];
const BG_NBD_KEYS: [&str; 5] = ["unit", "until", "margin_rate", "minimum_repeat_buyers", "max_correlation"];

impl LifetimeValue {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let models = [("contractual", Model::Contractual), ("bg_nbd", Model::BgNbd)];
        match fields.choice("model", &models, Model::Contractual) {
            Some(Model::Contractual) => {
                refuse(fields, &BG_NBD_KEYS, "bg_nbd");
                Contractual::decode(fields).map(Self::Contractual)
            }
            Some(Model::BgNbd) => {
                refuse(fields, &CONTRACTUAL_KEYS, "contractual");
                NonContractual::decode(fields).map(Self::NonContractual)
            }
            None => {
                // Which keys are wrong cannot be told without the model.
                for key in ["from", "discount", "horizon"].iter().chain(&CONTRACTUAL_KEYS).chain(&BG_NBD_KEYS) {
                    fields.optional(key);
                }
                None
            }
        }
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        match self {
            Self::Contractual(config) => config.bind(id, scope),
            Self::NonContractual(config) => config.bind(id, scope),
        }
    }

    /// How far values look ahead: the unit, how many of them (none without end), and the discount per year.
    pub fn outlook(&self) -> (&'static str, Option<u32>, Option<f64>) {
        match self {
            Self::Contractual(config) => ("year", config.terms.horizon, Some(config.terms.discount)),
            Self::NonContractual(config) => {
                (config.terms.unit.name(), Some(config.terms.horizon), config.terms.discount)
            }
        }
    }

    /// The days of the ledger, for the model that needs them.
    pub fn details(&self) -> Option<(&Located<String>, Details)> {
        match self {
            Self::Contractual(_) => None,
            Self::NonContractual(config) => Some((&config.from, Details { days: true, ..Details::default() })),
        }
    }
}

fn refuse(fields: &mut Fields, keys: &[&'static str], model: &str) {
    for key in keys {
        if let Some(node) = fields.optional(key) {
            let message = format!("`{key}` belongs to `model: {model}`");
            fields.problems.report(&node.span, message, format!("leave it out, or declare `model: {model}`"));
        }
    }
}

/// A number within a range, or the default where the key is left out.
fn number_within(
    fields: &mut Fields,
    key: &'static str,
    range: RangeInclusive<f64>,
    default: Option<f64>,
) -> Option<Option<f64>> {
    let Some(node) = fields.optional(key) else { return Some(default) };
    let value = number(node, key, fields.problems)?.value;
    if range.contains(&value) {
        return Some(Some(value));
    }
    let message = format!("`{key}` should be a number from {} to {}, found {value}", range.start(), range.end());
    fields.problems.report(&node.span, message, None);
    None
}

/// A whole number above zero, or none where the key is left out.
fn optional_whole(fields: &mut Fields, key: &'static str, most: i64) -> Option<Option<u32>> {
    let Some(node) = fields.optional(key) else { return Some(None) };
    let value = crate::pipeline::fields::whole(node, key, 1..=most, fields.problems)?;
    u32::try_from(value).ok().map(Some)
}

/// A value in whole minor units, rounded half away from zero.
fn whole_money(value: f64) -> Result<i64, crate::failure::Failure> {
    let rounded = value.round();
    // Doubles from 2^63 on, and what is not a number, have no place in `i64`.
    if rounded.abs() < 9.2e18 {
        return Ok(rounded as i64);
    }
    Err(crate::failure::Failure::run("a lifetime value is too large for 64 bits"))
}

#[cfg(test)]
mod tests;

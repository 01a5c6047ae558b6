//! What differs between two runs, for a program.

use super::Sides;
use crate::calendar::iso;
use crate::decisions::compare::changes::{Kind, Standing};
use crate::decisions::compare::restated::Restated;
use crate::decisions::compare::side::Side;
use crate::decisions::compare::tables::{Change, Found};
use crate::money::to_plain;
use serde_json::{Value, json};

/// One JSON object; money is text in units of the currency, so that no digit is lost. Accounts of which nothing has
/// changed are left out.
pub fn as_json(sides: &Sides, found: &Found) -> String {
    let run = |side: &Side| json!({"run": side.run, "pipeline": side.pipeline, "as_of": side.as_of.map(iso)});
    let decimals = sides.is.declared.decimals.parse().unwrap_or(2);
    let money = |minor: Option<i64>| minor.map(|minor| to_plain(minor, decimals));
    let restated = |key: &str, rows: &[Restated]| -> Vec<Value> {
        let row = |row: &Restated| {
            json!({
                key: row.name, "fiscal_year": row.fiscal_year, "was": money(row.was), "is": money(row.is),
                "difference": money(Some(row.difference())),
            })
        };
        rows.iter().map(row).collect()
    };
    let changed = found.changes.iter().filter(|change| change.kind != Kind::Same);
    let value = json!({
        "was": run(&sides.was),
        "is": run(&sides.is),
        "currency": sides.is.declared.currency,
        "changes": changed.map(change).collect::<Vec<Value>>(),
        "restatements": restated("account", &found.restatements),
        "restated_files": restated("file", &found.restated_files),
        "changed_judgements": found.judgements.iter().map(|row| json!({
            "account": row.account, "criterion": row.criterion, "rater": row.rater, "was": row.was, "is": row.is,
        })).collect::<Vec<Value>>(),
        "comparison": found.facts.iter().map(|fact| json!({
            "what": fact.what, "name": fact.name, "was": fact.was, "is": fact.is, "not_compared": fact.not_compared,
        })).collect::<Vec<Value>>(),
    });
    format!("{value:#}\n")
}

fn change(change: &Change) -> Value {
    let standing = |standing: &Standing| {
        json!({
            "in_data": standing.in_data, "status": standing.status, "key": standing.is_key, "score": standing.score, "rank": standing.rank,
            "class": standing.class,
        })
    };
    json!({
        "account": change.account,
        "change": change.kind.name(),
        "was": change.was.as_ref().map(standing),
        "is": change.is.as_ref().map(standing),
        "delta": change.delta,
        "delta_customer": change.customer(),
        "delta_weights": change.weights(),
        "top_reasons": change.reasons,
        "drivers": change.drivers.as_ref().map(|drivers| drivers.iter().map(|driver| json!({
            "criterion": driver.name, "score_was": driver.score_was, "score_is": driver.score_is,
            "delta_customer": driver.customer, "delta_weights": driver.weights,
        })).collect::<Vec<Value>>()),
    })
}

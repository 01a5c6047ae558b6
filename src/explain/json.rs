//! What a run says of an account, for a program.

use super::{Criterion, Explained, Score, Year};
use crate::calendar::iso;
use crate::money::to_plain;
use crate::scoring::overrides::Decision;
use serde_json::{Value, json};

/// One JSON object; money is text in units of the currency, so that no digit is lost.
pub fn as_json(explained: &Explained) -> String {
    let money = |minor: Option<i64>| minor.map(|minor| to_plain(minor, explained.decimals));
    let year = |year: &Year| {
        json!({
            "year": year.year, "revenue": money(Some(year.revenue)), "growth": year.growth,
            "invoices": year.invoices, "lines": year.lines, "complete": year.complete,
        })
    };
    let value = json!({
        "account": explained.account,
        "name": explained.name,
        "segment": explained.segment,
        "pipeline": explained.pipeline,
        "run": explained.run,
        "as_of": explained.as_of,
        "currency": explained.currency,
        "years": explained.years.iter().map(year).collect::<Vec<Value>>(),
        "growth": explained.growth.as_ref().map(|growth| json!({
            "cagr": growth.cagr, "intervals": growth.intervals, "status": growth.status, "constant": growth.constant,
        })),
        "standing": explained.standing.as_ref().map(|standing| json!({
            "revenue": money(Some(standing.revenue)), "rank": standing.rank, "ranked": standing.ranked,
            "share": standing.share, "cum_share": standing.cum_share, "class": standing.class,
            "cutoff": standing.cutoff, "class_a_from": money(standing.needed),
        })),
        "margin": explained.margin.as_ref().map(|margin| json!({
            "gross_margin": money(margin.gross), "cost_to_serve": money(margin.cost_to_serve),
            "net_margin": money(margin.net), "net_margin_ratio": margin.ratio, "rank": margin.rank,
        })),
        "score": explained.score.as_ref().map(score_as_json),
        "selection": explained.selection.as_ref().map(|selection| json!({
            "status": selection.status, "key": selection.key, "rank": selection.rank,
            "waiting_position": selection.waiting_position, "reasons": selection.reasons,
            "reason_codes": selection.codes, "would_be_without_hysteresis": selection.without_hysteresis,
            "manager": selection.manager, "since": selection.since.map(iso), "review": selection.review.map(iso),
            "decided": selection.decided,
        })),
        "overrides": explained.overrides.iter().map(|row| json!({
            "what": row.what, "value": row.value, "decision": row.decision, "who": row.who, "why": row.why,
            "until": row.until.map(iso), "status": row.status, "was": row.was,
        })).collect::<Vec<Value>>(),
        "robustness": explained.robustness.as_ref().map(|robustness| json!({
            "p_key": robustness.p_key, "rank_p05": robustness.rank_p05, "rank_p50": robustness.rank_p50,
            "rank_p95": robustness.rank_p95, "chosen": robustness.chosen,
            "flip": robustness.flip.as_ref().map(|flip| json!({
                "criterion": flip.criterion, "delta": flip.delta, "weight": flip.weight,
            })),
        })),
        "ask_first": explained.ask_first.iter().map(|ask| json!({
            "criterion": ask.criterion, "enters": ask.enters, "turning_score": ask.turning_score,
            "part_of_scale": ask.part_of_scale,
        })).collect::<Vec<Value>>(),
        "not_published": explained.absent,
    });
    format!("{value:#}\n")
}

fn score_as_json(score: &Score) -> Value {
    let criterion = |criterion: &Criterion| {
        json!({
            "group": criterion.group, "criterion": criterion.criterion, "source": criterion.source,
            "value": criterion.value, "score": criterion.score, "weight": criterion.weight,
            "contribution": criterion.contribution,
        })
    };
    let step = |(name, now, then): &(String, f64, f64)| json!({"criterion": name, "from": now, "to": then});
    json!({
        "score": score.score, "rank": score.rank, "rated": score.rated, "rated_accounts": score.rated_accounts,
        "coverage": score.coverage, "score_low": score.low, "score_high": score.high,
        "groups": score.groups.iter().map(|(group, score)| (group.clone(), json!(score))).collect::<serde_json::Map<_, _>>(),
        "criteria": score.criteria.iter().map(criterion).collect::<Vec<Value>>(),
        "reach": score.reach.as_ref().map(|reach| json!({
            "list": reach.rule.describe(), "listed": reach.listed,
            "decided": reach.decided.map(Decision::name), "rank": reach.rank, "gap": reach.gap,
            "one_of": reach.steps.iter().map(step).collect::<Vec<Value>>(),
        })),
    })
}

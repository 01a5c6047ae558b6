//! The table of a selection.

use super::decide::Decision;
use crate::table::{Table, TableBuilder};

/// What the table says of an account beside what was decided.
#[derive(Debug, Clone, Default)]
pub(super) struct Row<'a> {
    pub score: Option<f64>,
    pub class: Option<&'a str>,
    /// In the language of the pipeline.
    pub reasons: String,
    pub manager: Option<&'a str>,
}

/// One row per account, by account.
pub(super) fn table(name: &str, decisions: &[Decision], rows: &[Row], review: i32, decided: bool) -> Table {
    let whole = |value: Option<usize>| value.and_then(|value| i64::try_from(value).ok());
    let codes = |decision: &Decision| {
        let codes: Vec<&str> = decision.reasons.iter().map(super::reason::Reason::code).collect();
        codes.join(" ")
    };
    TableBuilder::new(name, decisions.len())
        .per_account()
        .text("account", decisions.iter().map(|decision| decision.account).collect())
        .text("status", decisions.iter().map(|decision| decision.status.name()).collect())
        .flags("key", decisions.iter().map(|decision| decision.key).collect())
        .numbers("score", rows.iter().map(|row| row.score).collect::<Vec<_>>())
        .optional_text("class", rows.iter().map(|row| row.class).collect())
        .integers("rank", decisions.iter().map(|decision| whole(decision.rank)).collect::<Vec<_>>())
        .text("reasons", rows.iter().map(|row| row.reasons.as_str()).collect())
        .text("reason_codes", decisions.iter().map(codes).collect())
        .flags("would_be_without_hysteresis", decisions.iter().map(|decision| decision.without_hysteresis).collect())
        .integers(
            "waiting_position",
            decisions.iter().map(|decision| whole(decision.waiting_position)).collect::<Vec<_>>(),
        )
        .optional_text("manager", rows.iter().map(|row| row.manager).collect())
        .dates("since", decisions.iter().map(|decision| decision.since).collect::<Vec<_>>())
        .dates("review", vec![review; decisions.len()])
        .flags("decided", vec![decided; decisions.len()])
        .build()
}

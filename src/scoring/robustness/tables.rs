//! The tables of the stage `robustness`.

use super::first::Ask;
use super::flips::Flip;
use super::simulation::{Counts, Question};
use crate::scoring::list::Line;
use crate::table::{Table, TableBuilder, name_of};

/// How the tables are called.
#[derive(Debug, Clone)]
pub struct Names {
    robustness: String,
    rank_acceptability: String,
    missing_first: String,
    swaps: String,
}

impl Names {
    pub fn of(id: &str) -> Self {
        let name = |table: &str| name_of(id, "robustness", table);
        Self {
            robustness: id.to_owned(),
            rank_acceptability: name("rank_acceptability"),
            missing_first: name("missing_first"),
            swaps: name("swaps"),
        }
    }
}

/// All that was found, by account.
#[derive(Debug)]
pub struct Found<'a> {
    /// The accounts that were ranked, in the order of their keys.
    pub accounts: Vec<&'a str>,
    pub chosen: Vec<bool>,
    /// Among them, under the declared weights.
    pub ranks: Vec<usize>,
    pub flips: Vec<Option<Flip>>,
    pub question: Question,
    pub counts: Counts,
    /// The accounts that could be chosen, also those that are not rated.
    pub candidates: Vec<&'a str>,
    pub asks: Vec<Ask>,
    /// Names and sources.
    pub criteria: &'a [(String, &'static str)],
    /// Effective, by criterion.
    pub weights: Vec<f64>,
}

impl Found<'_> {
    /// What the tables are declared from.
    pub fn nothing() -> Self {
        let question = Question { draws: 1, line: Line::Top(1), ranks: 0, pairs: Vec::new() };
        Self {
            accounts: Vec::new(),
            chosen: Vec::new(),
            ranks: Vec::new(),
            flips: Vec::new(),
            question,
            counts: Counts::default(),
            candidates: Vec::new(),
            asks: Vec::new(),
            criteria: &[],
            weights: Vec::new(),
        }
    }
}

/// The tables `robustness`, `rank_acceptability`, `missing_first` and `swaps`.
pub fn tables(names: &Names, found: &Found) -> Vec<Table> {
    vec![
        robustness(&names.robustness, found),
        acceptability(&names.rank_acceptability, found),
        missing_first(&names.missing_first, found),
        swaps(&names.swaps, found),
    ]
}

fn share(count: u32, found: &Found) -> f64 {
    f64::from(count) / found.question.draws as f64
}

fn robustness(name: &str, found: &Found) -> Table {
    let percentile =
        |place: usize| -> Vec<i64> { found.counts.percentiles.iter().map(|ranks| i64::from(ranks[place])).collect() };
    let criterion =
        |flip: &Option<Flip>| flip.and_then(|flip| found.criteria.get(flip.criterion)).map(|(name, _)| name);
    let delta = |flip: &Option<Flip>| flip.map(|flip| flip.delta);
    let weight = |flip: &Option<Flip>| flip.and_then(|flip| Some(found.weights.get(flip.criterion)? + flip.delta));
    TableBuilder::new(name, found.accounts.len())
        .per_account()
        .text("account", found.accounts.clone())
        .flags("chosen", found.chosen.clone())
        .integers("rank", found.ranks.iter().map(|rank| i64::try_from(*rank).ok()).collect::<Vec<_>>())
        .ratios("p_key", found.counts.chosen.iter().map(|count| share(*count, found)).collect::<Vec<_>>())
        .integers("rank_p05", percentile(0))
        .integers("rank_p50", percentile(1))
        .integers("rank_p95", percentile(2))
        .optional_text("flip_criterion", found.flips.iter().map(criterion).collect())
        .ratios("flip_delta", found.flips.iter().map(delta).collect::<Vec<_>>())
        .ratios("flip_weight", found.flips.iter().map(weight).collect::<Vec<_>>())
        .build()
}

/// Ranks that an account never had have no row.
fn acceptability(name: &str, found: &Found) -> Table {
    let ranks = found.question.ranks.max(1);
    let cell = |(place, count): (usize, &u32)| (place / ranks, (place % ranks + 1) as i64, *count);
    let cells: Vec<(usize, i64, u32)> =
        found.counts.acceptability.iter().enumerate().filter(|(_, count)| **count > 0).map(cell).collect();
    let account = |place: usize| found.accounts.get(place).copied().unwrap_or_default();
    TableBuilder::new(name, cells.len())
        .text("account", cells.iter().map(|(place, _, _)| account(*place)).collect())
        .integers("rank", cells.iter().map(|(_, rank, _)| *rank).collect::<Vec<_>>())
        .ratios("share", cells.iter().map(|(_, _, count)| share(*count, found)).collect::<Vec<_>>())
        .build()
}

fn missing_first(name: &str, found: &Found) -> Table {
    let asks = &found.asks;
    let criterion = |ask: &Ask| found.criteria.get(ask.criterion).map_or(("", ""), |(name, source)| (name, source));
    let account = |ask: &Ask| found.candidates.get(ask.candidate).copied().unwrap_or_default();
    let weight = |ask: &Ask| found.weights.get(ask.criterion).copied();
    TableBuilder::new(name, asks.len())
        .text("account", asks.iter().map(account).collect())
        .text("criterion", asks.iter().map(|ask| criterion(ask).0).collect())
        .text("source", asks.iter().map(|ask| criterion(ask).1).collect())
        .flags("could_enter", asks.iter().map(|ask| ask.enters).collect())
        .flags("could_leave", asks.iter().map(|ask| !ask.enters).collect())
        .numbers("turning_score", asks.iter().map(|ask| ask.turning).collect::<Vec<_>>())
        .ratios("part_of_scale", asks.iter().map(|ask| ask.part).collect::<Vec<_>>())
        .ratios("effective_weight", asks.iter().map(weight).collect::<Vec<_>>())
        .build()
}

/// The pairs that swap most often first.
fn swaps(name: &str, found: &Found) -> Table {
    let account = |place: usize| found.accounts.get(place).copied().unwrap_or_default();
    let pairs = found.question.pairs.iter().zip(&found.counts.swaps);
    let mut pairs: Vec<(u32, &str, &str)> =
        pairs.map(|((one, other), count)| (*count, account(*one), account(*other))).collect();
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    TableBuilder::new(name, pairs.len())
        .text("account", pairs.iter().map(|(_, account, _)| *account).collect())
        .text("other", pairs.iter().map(|(_, _, other)| *other).collect())
        .ratios("share", pairs.iter().map(|(count, _, _)| share(*count, found)).collect::<Vec<_>>())
        .build()
}

//! The answer in words for a terminal: who enters the list, who leaves it, who moves, and why.

use super::{Compared, Tables};
use crate::outputs::terminal::{fitted, plain};
use crate::table::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Which accounts are on the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// The best by score, so many.
    Best(usize),
    /// Rated accounts of this score and above.
    Score(f64),
}

impl Rule {
    pub fn describe(self) -> String {
        match self {
            Self::Best(count) => format!("the {count} best by score"),
            Self::Score(score) => format!("a score of {score} and above"),
        }
    }
}

/// How many criteria are named as reasons, and how many accounts that stay are shown.
const REASONS: usize = 3;
const MOVES: usize = 10;

/// How many accounts that enter or leave are shown.
const CHANGES: usize = 50;

/// Columns of a name.
const NAME: usize = 34;

/// Where an account stands in one scorecard.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing {
    score: Option<f64>,
    /// Nothing where the account is not rated.
    rank: Option<i64>,
    coverage: f64,
    listed: bool,
}

/// What the change does to one account.
struct Move<'a> {
    account: &'a str,
    was: Option<Standing>,
    is: Option<Standing>,
}

impl Move<'_> {
    fn delta(&self) -> f64 {
        let score = |standing: Option<Standing>| standing.and_then(|standing| standing.score);
        score(self.was).zip(score(self.is)).map_or(0.0, |(was, is)| is - was)
    }

    fn listed(&self) -> (bool, bool) {
        let listed = |standing: Option<Standing>| standing.is_some_and(|standing| standing.listed);
        (listed(self.was), listed(self.is))
    }
}

/// Says what changes, in lines of at most 80 columns where names and criteria allow it.
pub fn answer(compared: &Compared, rule: Rule) -> String {
    let (was, is) = (standings(&compared.was, rule), standings(&compared.is, rule));
    let accounts: BTreeSet<&str> = was.keys().chain(is.keys()).copied().collect();
    let moves: Vec<Move> = accounts
        .into_iter()
        .map(|account| Move { account, was: was.get(account).copied(), is: is.get(account).copied() })
        .collect();
    let of = |listed: (bool, bool)| -> Vec<&Move> {
        let mut found: Vec<&Move> = moves.iter().filter(|found| found.listed() == listed).collect();
        found.sort_by_key(|found| (rank(found.is).unwrap_or(i64::MAX), rank(found.was), found.account));
        found
    };
    let (entered, left) = (of((false, true)), of((true, false)));
    let mut stayed = of((true, true));
    stayed.retain(|found| found.was != found.is);
    stayed.sort_by(|a, b| b.delta().abs().total_cmp(&a.delta().abs()).then(a.account.cmp(b.account)));
    let sections = [("enter", &entered, CHANGES), ("leave", &left, CHANGES), ("stay and move", &stayed, MOVES)];
    let shown = sections.iter().flat_map(|(_, found, most)| found.iter().take(*most)).map(|found| found.account);
    let drivers = drivers(compared, &shown.collect());
    let names: BTreeMap<&str, &str> = match &compared.accounts {
        Some(table) if table.spec.column("name").is_some() => {
            table.text("account").into_iter().zip(table.text("name")).collect()
        }
        _ => BTreeMap::new(),
    };
    let listed = |side: fn((bool, bool)) -> bool| moves.iter().filter(|found| side(found.listed())).count();
    let mut text = String::new();
    let changed = moves.iter().filter(|found| found.was != found.is).count();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "the list, {}: {} accounts, now {}; {} of {} accounts have another score or rank",
        rule.describe(),
        listed(|(was, _)| was),
        listed(|(_, is)| is),
        changed,
        moves.len()
    );
    for (heading, found, most) in sections {
        let _ = writeln!(text, "\n{} {heading}", found.len());
        found.iter().take(most).for_each(|found| show(&mut text, found, &names, &drivers));
        if found.len() > most {
            let _ = writeln!(text, "  and {} more", found.len() - most);
        }
    }
    text
}

fn rank(standing: Option<Standing>) -> Option<i64> {
    standing.and_then(|standing| standing.rank)
}

fn standings(tables: &Tables, rule: Rule) -> BTreeMap<&str, Standing> {
    let card = &tables.scorecard;
    let (accounts, coverage) = (card.text("account"), card.numbers("coverage"));
    let scored = card.numbers("score").into_iter().zip(card.integers("rank")).zip(coverage);
    let standing = |((score, rank), coverage): ((Option<f64>, Option<i64>), Option<f64>)| {
        let listed = match rule {
            Rule::Best(count) => rank.and_then(|rank| usize::try_from(rank).ok()).is_some_and(|rank| rank <= count),
            Rule::Score(least) => rank.is_some() && score.is_some_and(|score| score >= least),
        };
        Standing { score, rank, coverage: coverage.unwrap_or_default(), listed }
    };
    accounts.into_iter().zip(scored.map(standing)).collect()
}

/// A criterion of one account in both scorecards: what it adds, its weight and its score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Part {
    contribution: f64,
    weight: f64,
    score: Option<f64>,
}

/// Why a score moves: by criterion, how much, and the two parts.
type Driver<'a> = (&'a str, Part, Part);

/// What moves the scores of some accounts, the largest part first.
fn drivers<'a>(compared: &'a Compared, accounts: &BTreeSet<&str>) -> BTreeMap<&'a str, Vec<Driver<'a>>> {
    let (was, is) = (parts(&compared.was.contributions, accounts), parts(&compared.is.contributions, accounts));
    let keys: BTreeSet<(&str, &str)> = was.keys().chain(is.keys()).copied().collect();
    let mut drivers: BTreeMap<&str, Vec<Driver>> = BTreeMap::new();
    for (account, criterion) in keys {
        let part = |of: &BTreeMap<(&str, &str), Part>| of.get(&(account, criterion)).copied().unwrap_or_default();
        let driver = (criterion, part(&was), part(&is));
        if driver.1 != driver.2 {
            drivers.entry(account).or_default().push(driver);
        }
    }
    let size = |driver: &Driver| (driver.2.contribution - driver.1.contribution).abs();
    for driver in drivers.values_mut() {
        driver.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.0.cmp(b.0)));
    }
    drivers
}

fn parts<'a>(contributions: &'a Table, accounts: &BTreeSet<&str>) -> BTreeMap<(&'a str, &'a str), Part> {
    let keys = contributions.text("account").into_iter().zip(contributions.text("criterion"));
    let numbers = contributions
        .numbers("contribution")
        .into_iter()
        .zip(contributions.numbers("weight"))
        .zip(contributions.numbers("score"));
    keys.zip(numbers)
        .filter(|((account, _), _)| accounts.contains(account))
        .map(|(key, ((contribution, weight), score))| {
            let or_nothing = |value: Option<f64>| value.unwrap_or_default();
            (key, Part { contribution: or_nothing(contribution), weight: or_nothing(weight), score })
        })
        .collect()
}

fn show(text: &mut String, found: &Move, names: &BTreeMap<&str, &str>, drivers: &BTreeMap<&str, Vec<Driver>>) {
    let name = names.get(found.account).map_or_else(
        || found.account.to_owned(),
        |name| if name.is_empty() { found.account.to_owned() } else { format!("{} {name}", found.account) },
    );
    let score = |standing: Option<Standing>| {
        standing.and_then(|standing| standing.score).map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"))
    };
    let place = |standing| rank(standing).map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    let _ = writeln!(
        text,
        "  {}  {:>7} → {:<7}  rank {:>4} → {}",
        fitted(&name, NAME),
        score(found.was),
        score(found.is),
        place(found.was),
        place(found.is)
    );
    if let (Some(was), Some(is)) = (found.was, found.is)
        && was.rank.is_some() != is.rank.is_some()
    {
        let rated = if is.rank.is_some() { "now rated" } else { "no longer rated" };
        let (was, is) = (percent(was.coverage), percent(is.coverage));
        let _ = writeln!(text, "      {rated}: {is} of the weight is known, was {was}");
    }
    for (criterion, was, is) in drivers.get(found.account).into_iter().flatten().take(REASONS) {
        let because = match (was.score, is.score) {
            (Some(before), Some(after)) if before != after => format!("scored {before:.1} → {after:.1}"),
            (None, Some(after)) => format!("now scored, {after:.1}"),
            (Some(before), None) => format!("no longer scored, was {before:.1}"),
            (Some(score), Some(_)) => {
                format!("scored {score:.1}, weight {} → {}", percent(was.weight), percent(is.weight))
            }
            (None, None) => continue,
        };
        let _ = writeln!(text, "      {:+.2}  {}: {because}", is.contribution - was.contribution, plain(criterion));
    }
}

fn percent(weight: f64) -> String {
    format!("{:.1}%", weight * 100.0)
}

//! The answer in words for a terminal: who enters the list, who leaves it, who moves, and why.

use super::{Compared, Tables};
use crate::failure::Failure;
use crate::outputs::locale::Language;
use crate::outputs::markdown::Catalogue;
use crate::outputs::terminal::{fitted, plain};
use crate::scoring::overrides::{Decided, decisions};
use crate::table::Table;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// How many criteria are named as reasons, and how many accounts that stay are shown.
const REASONS: usize = 3;
const MOVES: usize = 10;

/// How many accounts that enter or leave are shown.
const CHANGES: usize = 50;

/// Columns of a name.
const NAME: usize = 34;

/// Where an account stands in one scorecard.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Standing<'a> {
    score: Option<f64>,
    rated: bool,
    /// Among those that can be chosen.
    rank: Option<usize>,
    coverage: f64,
    listed: bool,
    /// Where the list is of some classes only.
    class: Option<&'a str>,
    /// What a person decided, whatever the score.
    decided: Option<Decided<'a>>,
}

/// What the change does to one account.
struct Move<'a> {
    account: &'a str,
    was: Option<Standing<'a>>,
    is: Option<Standing<'a>>,
}

impl Move<'_> {
    fn delta(&self) -> f64 {
        let score = |standing: Option<Standing>| standing.and_then(|standing| standing.score);
        score(self.was).zip(score(self.is)).map_or(0.0, |(was, is)| is - was)
    }

    fn rated(&self) -> (bool, bool) {
        let rated = |standing: Option<Standing>| standing.is_some_and(|standing| standing.rated);
        (rated(self.was), rated(self.is))
    }

    fn listed(&self) -> (bool, bool) {
        let listed = |standing: Option<Standing>| standing.is_some_and(|standing| standing.listed);
        (listed(self.was), listed(self.is))
    }
}

/// Says what changes, in lines of at most 80 columns where names and criteria allow it.
///
/// # Errors
/// Where the words of the program cannot be loaded.
pub fn answer(compared: &Compared) -> Result<String, Failure> {
    let catalogue = Catalogue::of(Language::English).map_err(|error| Failure::run(error.to_string()))?;
    let (was, is) = (standings(&compared.was), standings(&compared.is));
    let accounts: BTreeSet<&str> = was.keys().chain(is.keys()).copied().collect();
    let moves: Vec<Move> = accounts
        .into_iter()
        .map(|account| Move { account, was: was.get(account).copied(), is: is.get(account).copied() })
        .collect();
    let of = |listed: (bool, bool)| -> Vec<&Move> {
        let mut found: Vec<&Move> = moves.iter().filter(|found| found.listed() == listed).collect();
        found.sort_by_key(|found| (rank(found.is).unwrap_or(usize::MAX), rank(found.was), found.account));
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
    let reasons: BTreeMap<&str, &str> = match &compared.is.selection {
        Some(table) => table.text("account").into_iter().zip(table.text("reasons")).collect(),
        None => BTreeMap::new(),
    };
    let listed = |side: fn((bool, bool)) -> bool| moves.iter().filter(|found| side(found.listed())).count();
    let mut text = String::new();
    let changed = moves.iter().filter(|found| found.was != found.is).count();
    // Writing to a string does not fail.
    let accounts = |count: usize| format!("{count} account{}", if count == 1 { "" } else { "s" });
    let (before, after) = (listed(|(was, _)| was), listed(|(_, is)| is));
    let _ = match (compared.was.describe(), compared.is.describe()) {
        (was, is) if was == is => writeln!(text, "the list, {is}: {}, now {after}", accounts(before)),
        (was, is) => {
            writeln!(text, "the list, {was}: {}\nnow {is}: {}", accounts(before), accounts(after))
        }
    };
    let _ = writeln!(text, "{changed} of {} have another score or rank", accounts(moves.len()));
    for (heading, found, most) in sections {
        let rated = found.iter().filter(|found| found.rated() == (false, true)).count();
        let unrated = found.iter().filter(|found| found.rated() == (true, false)).count();
        let because = match (rated, unrated) {
            (0, 0) => String::new(),
            (0, unrated) => format!(", of them {unrated} no longer rated"),
            (rated, _) => format!(", of them {rated} now rated"),
        };
        let _ = writeln!(text, "\n{} {heading}{because}", found.len());
        for found in found.iter().take(most) {
            let name = match names.get(found.account).filter(|name| !name.is_empty()) {
                Some(name) => format!("{} {name}", found.account),
                None => found.account.to_owned(),
            };
            show(&mut text, found, &name, reasons.get(found.account).copied());
            let drivers = drivers.get(found.account).into_iter().flatten();
            // What moves a score is no reason where it counts for the first time, or no longer.
            let (was, is) = found.rated();
            drivers.filter(|_| was == is).take(REASONS).for_each(|driver| because_of(&mut text, driver, &catalogue));
        }
        if found.len() > most {
            let _ = writeln!(text, "  and {} more", found.len() - most);
        }
    }
    Ok(text)
}

fn rank(standing: Option<Standing>) -> Option<usize> {
    standing.and_then(|standing| standing.rank)
}

fn standings(tables: &Tables) -> BTreeMap<&str, Standing<'_>> {
    let card = &tables.scorecard;
    let decisions = tables.overrides.as_ref().map(decisions).unwrap_or_default();
    let places = tables.rule.places(card, tables.pareto.as_ref(), &decisions);
    let classes: BTreeMap<&str, &str> = match &tables.pareto {
        Some(pareto) => pareto.text("account").into_iter().zip(pareto.text("class")).collect(),
        None => BTreeMap::new(),
    };
    let scored = card.numbers("score").into_iter().zip(card.flags("rated")).zip(card.numbers("coverage"));
    let standing = |(account, ((score, rated), coverage))| {
        let (rank, listed) = (places.rank(account), places.is_listed(account));
        let coverage: Option<f64> = coverage;
        let (coverage, class) = (coverage.unwrap_or_default(), classes.get(account).copied());
        let decided = decisions.get(account).copied();
        (account, Standing { score, rated, rank, coverage, listed, class, decided })
    };
    let mut standings: BTreeMap<&str, Standing> = card.text("account").into_iter().zip(scored).map(standing).collect();
    for (account, (listed, rank)) in tables.selection.iter().flat_map(selected) {
        // An account that is no longer in the data can be on the list until the next review.
        let gone = Standing { score: None, rated: false, rank, coverage: 0.0, listed, class: None, decided: None };
        let standing = standings.entry(account).or_insert(gone);
        (standing.listed, standing.rank) = (listed, rank);
    }
    standings
}

/// Who is on the list of a selection, and the rank of each account. Between reviews, it is who would be if it were
/// decided today: nothing else would show what a change does.
fn selected(selection: &Table) -> Vec<(&str, (bool, Option<usize>))> {
    let listed = selection.text("reason_codes").into_iter().zip(selection.flags("key")).map(|(codes, key)| {
        let says = |code: &str| codes.split(' ').any(|said| said == code);
        says("would_enter") || (key && !says("would_leave"))
    });
    let ranks = selection.integers("rank").into_iter().map(|rank| rank.and_then(|rank| usize::try_from(rank).ok()));
    selection.text("account").into_iter().zip(listed.zip(ranks)).collect()
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

fn show(text: &mut String, found: &Move, name: &str, reasons: Option<&str>) {
    let score = |standing: Option<Standing>| {
        standing.and_then(|standing| standing.score).map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"))
    };
    let place = |standing| rank(standing).map_or_else(|| "–".to_owned(), |rank| rank.to_string());
    let _ = writeln!(
        text,
        "  {}  {:>7} → {:<7}  rank {:>4} → {}",
        fitted(name, NAME),
        score(found.was),
        score(found.is),
        place(found.was),
        place(found.is)
    );
    let is_new = found.listed().0 != found.listed().1;
    if let Some(reasons) = reasons.filter(|_| is_new) {
        for reason in reasons.split("; ") {
            let _ = writeln!(text, "      {}", plain(reason));
        }
        return;
    }
    let (Some(was), Some(is)) = (found.was, found.is) else { return };
    if was.decided != is.decided && is_new {
        let _ = match is.decided {
            Some(Decided { decision, who, why, .. }) => {
                writeln!(text, "      {} on the list, decided {}: {}", decision.name(), plain(who), plain(why))
            }
            None => writeln!(text, "      no longer decided by a person"),
        };
    } else if was.rated != is.rated {
        let rated = if is.rated { "now rated" } else { "no longer rated" };
        let (was, is) = (percent(was.coverage), percent(is.coverage));
        let _ = writeln!(text, "      {rated}: {is} of the weight is known, was {was}");
    } else if was.class != is.class {
        let class = |class: Option<&str>| plain(class.unwrap_or("–"));
        let _ = writeln!(text, "      now of class {}, was of class {}", class(is.class), class(was.class));
    } else if found.listed() == (true, false) && found.delta() >= 0.0 {
        let _ = writeln!(text, "      others passed it: its own score did not fall");
    } else if found.listed() == (false, true) && found.delta() <= 0.0 {
        let _ = writeln!(text, "      others fell behind it: its own score did not rise");
    }
}

/// A criterion that moves the score.
fn because_of(text: &mut String, (criterion, was, is): &Driver, catalogue: &Catalogue) {
    let because = match (was.score, is.score) {
        (Some(before), Some(after)) if before != after => format!("scored {before:.1} → {after:.1}"),
        (None, Some(after)) => format!("now scored, {after:.1}"),
        (Some(before), None) => format!("no longer scored, was {before:.1}"),
        (Some(score), Some(_)) => {
            format!("scored {score:.1}, weight {} → {}", percent(was.weight), percent(is.weight))
        }
        (None, None) => return,
    };
    let criterion = plain(&catalogue.label("criterion", criterion));
    let _ = writeln!(text, "      {:+.2}  {criterion}: {because}", is.contribution - was.contribution);
}

fn percent(weight: f64) -> String {
    format!("{:.1}%", weight * 100.0)
}

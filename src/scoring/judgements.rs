//! Judged scores: which entries of a sheet count, what they say about each account, and where raters disagree.

use super::sheet::Entry;
use crate::table::{Table, TableBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// One score of a sheet, and whether it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub account: String,
    pub criterion: String,
    pub rater: String,
    /// From 1 to 10.
    pub score: Option<f64>,
    pub date: Option<i32>,
    pub expires: Option<i32>,
    pub note: String,
    /// Why it does not count; nothing where it does.
    pub unused: Option<&'static str>,
    pub file: String,
    pub line: u64,
    /// The cell that is to blame where it does not count, else that of the score; empty where there are no cells.
    pub cell: String,
}

/// What entries are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub accounts: &'a BTreeSet<&'a str>,
    pub criteria: &'a BTreeSet<&'a str>,
    pub as_of: i32,
}

/// Decides which entries of a sheet count: per account, criterion and rater the newest one that is dated on or
/// before the as-of day and has not expired.
pub fn judge(entries: Vec<Entry>, rules: &Rules) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = entries.into_iter().map(|entry| read(entry, rules)).collect();
    let mut sheets: BTreeMap<(String, String, String), Vec<usize>> = BTreeMap::new();
    for (index, judgement) in judgements.iter().enumerate().filter(|(_, judgement)| judgement.unused.is_none()) {
        let key = (judgement.account.clone(), judgement.criterion.clone(), judgement.rater.clone());
        sheets.entry(key).or_default().push(index);
    }
    for sheet in sheets.values() {
        let date = |index: &usize| judgements.get(*index).and_then(|judgement| judgement.date);
        let newest = sheet.iter().map(date).max().flatten();
        let current: Vec<usize> = sheet.iter().copied().filter(|index| date(index) == newest).collect();
        for index in sheet {
            let reason = if !current.contains(index) {
                "superseded"
            } else if current.len() > 1 {
                // Two scores of one rater on one day contradict each other, and nobody can tell which is meant.
                "duplicate"
            } else {
                continue;
            };
            if let Some(judgement) = judgements.get_mut(*index) {
                judgement.unused = Some(reason);
            }
        }
    }
    judgements
}

fn read(entry: Entry, rules: &Rules) -> Judgement {
    let in_range = |score: i64| (10_000..=100_000).contains(&score);
    let cells = &entry.cells;
    let unused = if entry.broken {
        Some(("unreadable_row", &cells.score))
    } else if entry.account.is_empty() {
        Some(("missing_account", &cells.account))
    } else if !rules.accounts.contains(entry.account.as_str()) {
        Some(("unknown_account", &cells.account))
    } else if !rules.criteria.contains(entry.criterion.as_str()) {
        Some(("unknown_criterion", &cells.criterion))
    } else {
        match (entry.score, entry.date, entry.expires) {
            (None | Some(None), _, _) => Some(("unreadable_score", &cells.score)),
            (Some(Some(score)), _, _) if !in_range(score) => Some(("score_out_of_range", &cells.score)),
            (_, Some(None), _) => Some(("unreadable_date", &cells.date)),
            (_, _, Some(None)) => Some(("unreadable_date", &cells.expires)),
            (_, Some(Some(date)), _) if date > rules.as_of => Some(("after_as_of", &cells.date)),
            (_, _, Some(Some(expires))) if expires < rules.as_of => Some(("expired", &cells.expires)),
            _ => None,
        }
    };
    Judgement {
        score: entry.score.flatten().map(|score| score as f64 / 10_000.0),
        date: entry.date.flatten(),
        expires: entry.expires.flatten(),
        cell: unused.map_or(&cells.score, |(_, cell)| cell).clone(),
        unused: unused.map(|(reason, _)| reason),
        account: entry.account,
        criterion: entry.criterion,
        rater: entry.rater,
        note: entry.note,
        file: entry.file,
        line: entry.line,
    }
}

/// The mean over raters of what counts, by criterion and account.
pub fn means(judgements: &[Judgement]) -> BTreeMap<(&str, &str), f64> {
    let mut scores: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for judgement in judgements.iter().filter(|judgement| judgement.unused.is_none()) {
        let sum = scores.entry((&judgement.criterion, &judgement.account)).or_default();
        *sum = (sum.0 + judgement.score.unwrap_or_default(), sum.1 + 1.0);
    }
    scores.into_iter().map(|(key, (sum, count))| (key, sum / count)).collect()
}

/// What the raters of one account and criterion said, where any of it counts.
#[derive(Debug, Clone, PartialEq)]
struct Spread<'a> {
    account: &'a str,
    criterion: &'a str,
    scores: Vec<f64>,
}

impl Spread<'_> {
    fn mean(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len() as f64
    }

    fn lowest(&self) -> f64 {
        self.scores.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn highest(&self) -> f64 {
        self.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The sample standard deviation; nothing of a single rater.
    fn stddev(&self) -> Option<f64> {
        let (mean, count) = (self.mean(), self.scores.len());
        let squares: f64 = self.scores.iter().map(|score| (score - mean).powi(2)).sum();
        (count > 1).then(|| (squares / (count - 1) as f64).sqrt())
    }
}

fn spreads(judgements: &[Judgement]) -> Vec<Spread<'_>> {
    let mut scores: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for judgement in judgements.iter().filter(|judgement| judgement.unused.is_none()) {
        scores.entry((&judgement.account, &judgement.criterion)).or_default().extend(judgement.score);
    }
    scores.into_iter().map(|((account, criterion), scores)| Spread { account, criterion, scores }).collect()
}

/// How far raters are apart: one row per account and criterion with a judgement that counts.
pub fn spread_table(name: &str, judgements: &[Judgement]) -> Table {
    let spreads = spreads(judgements);
    let numbers = |value: fn(&Spread<'_>) -> f64| spreads.iter().map(value).collect::<Vec<f64>>();
    TableBuilder::new(name, spreads.len())
        .text("account", spreads.iter().map(|spread| spread.account).collect())
        .text("criterion", spreads.iter().map(|spread| spread.criterion).collect())
        .integers("raters", spreads.iter().map(|spread| i64::try_from(spread.scores.len()).ok()).collect::<Vec<_>>())
        .numbers("score", numbers(|spread| spread.mean()))
        .numbers("lowest", numbers(|spread| spread.lowest()))
        .numbers("highest", numbers(|spread| spread.highest()))
        .numbers("spread", numbers(|spread| spread.highest() - spread.lowest()))
        .numbers("stddev", spreads.iter().map(Spread::stddev).collect::<Vec<_>>())
        .build()
}

/// All scores of the sheets, by account, criterion, rater and place.
pub fn table(name: &str, judgements: &[Judgement]) -> Table {
    let mut sorted: Vec<&Judgement> = judgements.iter().collect();
    sorted.sort_by(|a, b| {
        (&a.account, &a.criterion, &a.rater, &a.file, a.line).cmp(&(
            &b.account,
            &b.criterion,
            &b.rater,
            &b.file,
            b.line,
        ))
    });
    let texts = |value: fn(&Judgement) -> &str| sorted.iter().map(|judgement| value(judgement)).collect::<Vec<&str>>();
    TableBuilder::new(name, sorted.len())
        .text("account", texts(|judgement| &judgement.account))
        .text("criterion", texts(|judgement| &judgement.criterion))
        .text("rater", texts(|judgement| &judgement.rater))
        .numbers("score", sorted.iter().map(|judgement| judgement.score).collect::<Vec<_>>())
        .dates("date", sorted.iter().map(|judgement| judgement.date).collect::<Vec<_>>())
        .dates("expires", sorted.iter().map(|judgement| judgement.expires).collect::<Vec<_>>())
        .flags("used", sorted.iter().map(|judgement| judgement.unused.is_none()).collect())
        .text("note", texts(|judgement| &judgement.note))
        .text("reason", texts(|judgement| judgement.unused.unwrap_or_default()))
        .text("file", texts(|judgement| &judgement.file))
        .integers("line", sorted.iter().map(|judgement| i64::try_from(judgement.line).ok()).collect::<Vec<_>>())
        .text("cell", texts(|judgement| &judgement.cell))
        .build()
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Cells;
    use super::*;
    use crate::calendar::parse_day;

    fn day(text: &str) -> Option<Option<i32>> {
        (!text.is_empty()).then(|| parse_day(text, "%Y-%m-%d"))
    }

    /// Account, criterion, score, rater, date and expiry of each entry.
    fn sheet(rows: &[[&str; 6]]) -> Vec<Judgement> {
        let accounts = BTreeSet::from(["A", "B"]);
        let criteria = BTreeSet::from(["strategy"]);
        let rules = Rules { accounts: &accounts, criteria: &criteria, as_of: day("2025-12-31").unwrap().unwrap() };
        let entry = |([account, criterion, score, rater, date, expires], line): (&[&str; 6], u64)| Entry {
            account: (*account).to_owned(),
            criterion: (*criterion).to_owned(),
            rater: (*rater).to_owned(),
            note: String::new(),
            score: (!score.is_empty()).then(|| score.parse::<f64>().ok().map(|score| (score * 1e4) as i64)),
            date: day(date),
            expires: day(expires),
            file: "scores.csv".to_owned(),
            line,
            cells: Cells {
                account: format!("A{line}"),
                criterion: format!("B{line}"),
                score: format!("C{line}"),
                date: format!("E{line}"),
                expires: format!("F{line}"),
            },
            broken: *account == "#",
        };
        judge(rows.iter().zip(2..).map(entry).collect(), &rules)
    }

    fn reasons(rows: &[[&str; 6]]) -> Vec<&'static str> {
        sheet(rows).iter().map(|judgement| judgement.unused.unwrap_or_default()).collect()
    }

    #[test]
    fn every_reason_for_not_counting_and_the_cell_to_blame() {
        let found = sheet(&[
            ["A", "strategy", "7", "Ana", "2025-01-01", ""],
            ["#", "", "", "", "", ""],
            ["", "strategy", "7", "", "", ""],
            ["C", "strategy", "7", "", "", ""],
            ["A", "sympathy", "7", "", "", ""],
            ["A", "strategy", "", "", "", ""],
            ["A", "strategy", "seven", "", "", ""],
            ["A", "strategy", "11", "", "", ""],
            ["A", "strategy", "0.9", "", "", ""],
            ["A", "strategy", "7", "Eva", "31/12/2024", ""],
            ["A", "strategy", "7", "Eva", "", "soon"],
            ["A", "strategy", "7", "Eva", "2026-01-01", ""],
            ["A", "strategy", "7", "Eva", "2025-01-01", "2025-12-30"],
            ["A", "strategy", "7", "Eva", "2024-01-01", "2025-12-31"],
        ]);
        let found: Vec<(&str, &str)> =
            found.iter().map(|found| (found.unused.unwrap_or_default(), found.cell.as_str())).collect();
        assert_eq!(
            found,
            [
                ("", "C2"),
                ("unreadable_row", "C3"),
                ("missing_account", "A4"),
                ("unknown_account", "A5"),
                ("unknown_criterion", "B6"),
                ("unreadable_score", "C7"),
                ("unreadable_score", "C8"),
                ("score_out_of_range", "C9"),
                ("score_out_of_range", "C10"),
                ("unreadable_date", "E11"),
                ("unreadable_date", "F12"),
                ("after_as_of", "E13"),
                ("expired", "F14"),
                ("", "C15"),
            ]
        );
    }

    #[test]
    fn the_newest_unexpired_score_of_each_rater_counts_and_raters_average() {
        let rows = [
            ["A", "strategy", "2", "Ana", "2024-01-01", ""],
            ["A", "strategy", "6", "Ana", "2025-01-01", ""],
            ["A", "strategy", "9", "Eva", "", ""],
            ["A", "strategy", "1", "Ana", "2025-06-01", "2025-07-01"],
        ];
        assert_eq!(reasons(&rows), ["superseded", "", "", "expired"]);
        let judgements = sheet(&rows);
        assert_eq!(means(&judgements), BTreeMap::from([(("strategy", "A"), 7.5)]));
    }

    #[test]
    fn two_scores_of_one_rater_on_one_day_count_for_nothing() {
        let rows = [
            ["A", "strategy", "2", "Ana", "2025-01-01", ""],
            ["A", "strategy", "9", "Ana", "2025-01-01", ""],
            ["A", "strategy", "5", "Ana", "2024-01-01", ""],
        ];
        assert_eq!(reasons(&rows), ["duplicate", "duplicate", "superseded"]);
    }

    #[test]
    fn spreads_by_hand() {
        let rows = [
            ["A", "strategy", "2", "Ana", "", ""],
            ["A", "strategy", "4", "Ana", "2025-01-01", ""],
            ["A", "strategy", "5", "Eva", "", ""],
            ["A", "strategy", "9", "Zoe", "", ""],
            ["B", "strategy", "7.5", "Eva", "", ""],
        ];
        let table = spread_table("judgement_spread", &sheet(&rows));
        assert_eq!(table.text("account"), ["A", "B"]);
        assert_eq!(table.integers("raters"), [Some(3), Some(1)]);
        // (4 + 5 + 9) / 3 = 6; deviations -2, -1, 3: √(14 / 2) = √7.
        assert_eq!(table.numbers("score"), [Some(6.0), Some(7.5)]);
        assert_eq!(table.numbers("lowest"), [Some(4.0), Some(7.5)]);
        assert_eq!(table.numbers("highest"), [Some(9.0), Some(7.5)]);
        assert_eq!(table.numbers("spread"), [Some(5.0), Some(0.0)]);
        assert_eq!(table.numbers("stddev"), [Some(7f64.sqrt()), None]);
    }
}

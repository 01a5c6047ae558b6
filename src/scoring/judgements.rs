//! Judged scores: which rows of a sheet count, and what they say about each account.

use crate::calendar::parse_day;
use crate::money::NumberFormat;
use crate::sources::TextRow;
use crate::table::{Table, TableBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of a sheet, in the order in which they are read. The first three must be there.
pub const COLUMNS: [&str; 7] = ["account", "criterion", "score", "rater", "date", "expires", "note"];

/// One row of a sheet, and whether it counts.
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
    pub file: String,
    pub line: u64,
    /// Why the row does not count; nothing where it does.
    pub unused: Option<&'static str>,
}

/// What rows are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub accounts: &'a BTreeSet<&'a str>,
    pub criteria: &'a BTreeSet<&'a str>,
    pub as_of: i32,
    pub numbers: NumberFormat,
    pub date_format: &'a str,
}

/// Reads the rows of a sheet and decides which count: per account, criterion and rater the newest one that
/// is dated on or before the as-of day and has not expired.
pub fn judge(rows: Vec<TextRow>, rules: &Rules) -> Vec<Judgement> {
    let mut judgements: Vec<Judgement> = rows.into_iter().map(|row| read(row, rules)).collect();
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

fn read(row: TextRow, rules: &Rules) -> Judgement {
    let cell = |place: usize| {
        row.cells.get(place).cloned().flatten().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let day = |place: usize| cell(place).map(|text| parse_day(&text, rules.date_format));
    let score = cell(2).map(|text| rules.numbers.parse(text.as_bytes(), 4).ok());
    let (date, expires) = (day(4), day(5));
    let account = cell(0).unwrap_or_default();
    let criterion = cell(1).unwrap_or_default();
    let in_range = |score: i64| (10_000..=100_000).contains(&score);
    let unused = if row.defect.is_some() {
        Some("unreadable_row")
    } else if account.is_empty() {
        Some("missing_account")
    } else if !rules.accounts.contains(account.as_str()) {
        Some("unknown_account")
    } else if !rules.criteria.contains(criterion.as_str()) {
        Some("unknown_criterion")
    } else {
        match (score, date, expires) {
            (None | Some(None), _, _) => Some("unreadable_score"),
            (Some(Some(score)), _, _) if !in_range(score) => Some("score_out_of_range"),
            (_, Some(None), _) | (_, _, Some(None)) => Some("unreadable_date"),
            (_, Some(Some(date)), _) if date > rules.as_of => Some("after_as_of"),
            (_, _, Some(Some(expires))) if expires < rules.as_of => Some("expired"),
            _ => None,
        }
    };
    Judgement {
        account,
        criterion,
        rater: cell(3).unwrap_or_default(),
        score: score.flatten().map(|score| score as f64 / 10_000.0),
        date: date.flatten(),
        expires: expires.flatten(),
        note: cell(6).unwrap_or_default(),
        file: row.file,
        line: row.line,
        unused,
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

/// All rows of the sheets, by account, criterion, rater and place.
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
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: &[[&str; 7]]) -> Vec<Judgement> {
        let accounts = BTreeSet::from(["A", "B"]);
        let criteria = BTreeSet::from(["strategy"]);
        let as_of = parse_day("2025-12-31", "%Y-%m-%d").unwrap();
        let rules = Rules {
            accounts: &accounts,
            criteria: &criteria,
            as_of,
            numbers: NumberFormat::PLAIN,
            date_format: "%Y-%m-%d",
        };
        let rows = rows.iter().zip(2..).map(|(cells, line)| TextRow {
            file: "scores.csv".to_owned(),
            line,
            cells: cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect(),
            defect: None,
        });
        judge(rows.collect(), &rules)
    }

    fn reasons(rows: &[[&str; 7]]) -> Vec<&'static str> {
        sheet(rows).iter().map(|judgement| judgement.unused.unwrap_or_default()).collect()
    }

    #[test]
    fn every_reason_for_not_counting() {
        let found = reasons(&[
            ["A", "strategy", "7", "Ana", "2025-01-01", "", ""],
            ["", "strategy", "7", "", "", "", ""],
            ["C", "strategy", "7", "", "", "", ""],
            ["A", "sympathy", "7", "", "", "", ""],
            ["A", "strategy", "", "", "", "", ""],
            ["A", "strategy", "seven", "", "", "", ""],
            ["A", "strategy", "11", "", "", "", ""],
            ["A", "strategy", "0.9", "", "", "", ""],
            ["A", "strategy", "7", "Eva", "31/12/2024", "", ""],
            ["A", "strategy", "7", "Eva", "2026-01-01", "", ""],
            ["A", "strategy", "7", "Eva", "2025-01-01", "2025-12-30", ""],
            ["A", "strategy", "7", "Eva", "2024-01-01", "2025-12-31", ""],
        ]);
        assert_eq!(
            found,
            [
                "",
                "missing_account",
                "unknown_account",
                "unknown_criterion",
                "unreadable_score",
                "unreadable_score",
                "score_out_of_range",
                "score_out_of_range",
                "unreadable_date",
                "after_as_of",
                "expired",
                ""
            ]
        );
    }

    #[test]
    fn the_newest_unexpired_score_of_each_rater_counts_and_raters_average() {
        let rows = [
            ["A", "strategy", "2", "Ana", "2024-01-01", "", ""],
            ["A", "strategy", "6", "Ana", "2025-01-01", "", ""],
            ["A", "strategy", "9", "Eva", "", "", ""],
            ["A", "strategy", "1", "Ana", "2025-06-01", "2025-07-01", ""],
        ];
        assert_eq!(reasons(&rows), ["superseded", "", "", "expired"]);
        let judgements = sheet(&rows);
        assert_eq!(means(&judgements), BTreeMap::from([(("strategy", "A"), 7.5)]));
    }

    #[test]
    fn two_scores_of_one_rater_on_one_day_count_for_nothing() {
        let rows = [
            ["A", "strategy", "2", "Ana", "2025-01-01", "", ""],
            ["A", "strategy", "9", "Ana", "2025-01-01", "", ""],
            ["A", "strategy", "5", "Ana", "2024-01-01", "", ""],
        ];
        assert_eq!(reasons(&rows), ["duplicate", "duplicate", "superseded"]);
    }
}

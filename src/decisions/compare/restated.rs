//! What was published and is no longer so: revenue of closed years by account and by file, and judgements.

use super::side::Side;
use crate::table::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Revenue of one account or file in a closed year, in whole minor units; none where it has no line there.
#[derive(Debug, Clone, PartialEq)]
pub struct Restated<'t> {
    pub name: &'t str,
    pub fiscal_year: i64,
    pub was: Option<i64>,
    pub is: Option<i64>,
}

impl Restated<'_> {
    pub fn difference(&self) -> i64 {
        self.is.unwrap_or_default() - self.was.unwrap_or_default()
    }
}

/// A judgement that another score counts for, or that does not count on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<'t> {
    pub account: &'t str,
    pub criterion: &'t str,
    pub rater: &'t str,
    pub was: Option<f64>,
    pub is: Option<f64>,
}

/// Before and now.
type Pair<T> = (Option<T>, Option<T>);

/// The years that were closed on the old side and that both sides have lines of.
pub fn years(was: &Side, is: &Side) -> BTreeSet<i64> {
    let closed = was.last_closed_year().unwrap_or(i64::MIN);
    let years = |side: &Side| -> BTreeSet<i64> {
        let table = side.tables.account_years.as_ref();
        table
            .into_iter()
            .flat_map(|table| table.integers("fiscal_year"))
            .flatten()
            .filter(|year| *year <= closed)
            .collect()
    };
    years(was).intersection(&years(is)).copied().collect()
}

/// By account or file, then by year; `key` is the column of the name.
pub fn restated<'t>(was: &'t Table, is: &'t Table, key: &str, years: &BTreeSet<i64>) -> Vec<Restated<'t>> {
    let mut revenue: BTreeMap<(&str, i64), Pair<i64>> = BTreeMap::new();
    for (name, year, amount) in rows(was, key) {
        if years.contains(&year) {
            revenue.entry((name, year)).or_default().0 = Some(amount);
        }
    }
    for (name, year, amount) in rows(is, key) {
        if years.contains(&year) {
            revenue.entry((name, year)).or_default().1 = Some(amount);
        }
    }
    let restated = |((name, fiscal_year), (was, is))| Restated { name, fiscal_year, was, is };
    revenue.into_iter().map(restated).filter(|restated| restated.difference() != 0).collect()
}

fn rows<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = (&'t str, i64, i64)> {
    let figures = table.integers("fiscal_year").into_iter().zip(table.integers("revenue"));
    let names = table.text(key).into_iter();
    names.zip(figures).filter_map(|(name, (year, revenue))| Some((name, year?, revenue?)))
}

/// By account, criterion and rater.
pub fn judged<'t>(was: &'t Table, is: &'t Table) -> Vec<Judged<'t>> {
    let mut scores: BTreeMap<(&str, &str, &str), Pair<f64>> = BTreeMap::new();
    for (key, score) in used(was) {
        scores.entry(key).or_default().0 = score;
    }
    for (key, score) in used(is) {
        scores.entry(key).or_default().1 = score;
    }
    let judged = |((account, criterion, rater), (was, is))| Judged { account, criterion, rater, was, is };
    scores.into_iter().map(judged).filter(|judged| judged.was != judged.is).collect()
}

/// The judgements that count: one at most of each account, criterion and rater.
fn used(table: &Table) -> impl Iterator<Item = ((&str, &str, &str), Option<f64>)> {
    let keys = table.text("account").into_iter().zip(table.text("criterion")).zip(table.text("rater"));
    let scores = table.numbers("score").into_iter().zip(table.flags("used"));
    let used = keys.zip(scores).filter(|(_, (_, used))| *used);
    used.map(|(((account, criterion), rater), (score, _))| ((account, criterion, rater), score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_day;
    use crate::table::TableBuilder;

    fn table(rows: &[(&str, i64, i64)]) -> Table {
        TableBuilder::new("account_years", rows.len())
            .text("account", rows.iter().map(|row| row.0).collect())
            .integers("fiscal_year", rows.iter().map(|row| row.1).collect::<Vec<_>>())
            .money("revenue", rows.iter().map(|row| row.2).collect::<Vec<_>>())
            .build()
    }

    fn side(as_of: &str, rows: &[(&str, i64, i64)]) -> Side {
        let mut side = Side { as_of: parse_day(as_of, "%Y-%m-%d"), ..Side::default() };
        side.declared.fiscal_year_starts = "1".to_owned();
        side.tables.account_years = Some(table(rows));
        side
    }

    #[test]
    fn only_closed_years_of_both_sides_are_restated() {
        let was =
            side("2025-09-30", &[("A", 2022, 5), ("A", 2023, 100), ("A", 2024, 200), ("A", 2025, 50), ("B", 2024, 7)]);
        let is =
            side("2025-12-31", &[("A", 2023, 100), ("A", 2024, 180), ("A", 2025, 90), ("C", 2023, -3), ("D", 2024, 0)]);
        let years = years(&was, &is);
        // 2022 is no longer read, and 2025 was not over.
        assert_eq!(years, BTreeSet::from([2023, 2024]));
        let found = restated(
            was.tables.account_years.as_ref().unwrap(),
            is.tables.account_years.as_ref().unwrap(),
            "account",
            &years,
        );
        let row = |name, fiscal_year, was, is| Restated { name, fiscal_year, was, is };
        assert_eq!(
            found,
            [row("A", 2024, Some(200), Some(180)), row("B", 2024, Some(7), None), row("C", 2023, None, Some(-3))]
        );
        assert_eq!(found.iter().map(Restated::difference).collect::<Vec<_>>(), [-20, -7, -3]);
    }

    #[test]
    fn judgements_that_count_otherwise() {
        let sheet = |rows: &[(&str, &str, f64, bool)]| {
            TableBuilder::new("judgements", rows.len())
                .text("account", rows.iter().map(|row| row.0).collect())
                .text("criterion", rows.iter().map(|_| "strategy").collect())
                .text("rater", rows.iter().map(|row| row.1).collect())
                .numbers("score", rows.iter().map(|row| row.2).collect::<Vec<_>>())
                .flags("used", rows.iter().map(|row| row.3).collect())
                .build()
        };
        let was = sheet(&[
            ("A", "ana", 4.0, true),
            ("A", "ben", 5.0, true),
            ("B", "ana", 6.0, true),
            ("C", "ana", 2.0, false),
        ]);
        let is = sheet(&[
            ("A", "ana", 4.0, false),
            ("A", "ana", 7.0, true),
            ("A", "ben", 5.0, true),
            ("B", "ana", 6.0, false),
        ]);
        let row = |account, was, is| Judged { account, criterion: "strategy", rater: "ana", was, is };
        assert_eq!(judged(&was, &is), [row("A", Some(4.0), Some(7.0)), row("B", Some(6.0), None)]);
    }
}

//! What has changed since an earlier run.

use std::collections::BTreeSet;

use serde::Serialize;

use super::account::{Accounts, called};
use super::{Inputs, Listing};
use crate::calendar::parse_day;
use crate::table::Table;

/// What is less than this is shown as no change of a score.
const SHOWN: f64 = 0.005;

/// How many rows of the lists that are only looked through.
const SHORT: usize = 10;

/// The section on changes, where a stage compares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// The as-of day of the earlier run; none for the first run.
    pub since: Option<i32>,
    /// None where one of the runs does not say who is on the list.
    pub list: Option<ListChanges>,
    /// Accounts with a score in both runs, those whose score moved, and for which of the two reasons; both can be.
    pub scored: usize,
    pub moved: usize,
    pub by_customer: usize,
    pub by_weights: usize,
    /// Accounts of another class, those that came into class A or left it first.
    pub classes: Listing<Row>,
    /// Accounts that are new, and those that are gone, by name.
    pub new: Listing<String>,
    pub gone: Listing<String>,
    /// The largest difference first, and what all differences come to.
    pub restatements: Listing<Restated>,
    pub restated: i128,
    pub files: Listing<Restated>,
    /// Those of accounts on the list first.
    pub judgements: Listing<Judged>,
    /// Sentences on what is not the same in both runs, or cannot be compared.
    pub differing: Vec<String>,
}

/// The list before and now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListChanges {
    pub before: usize,
    pub now: usize,
    /// By rank now, and by rank before.
    pub entered: Listing<Row>,
    pub left: Listing<Row>,
    /// Those that stayed and whose score moved, the furthest first.
    pub stayed: Listing<Row>,
}

/// One account before and now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    /// Whether it was not there before, or is not there now.
    pub is_new: bool,
    pub is_gone: bool,
    pub score_was: Option<f64>,
    pub score_is: Option<f64>,
    pub rank_was: Option<i64>,
    pub rank_is: Option<i64>,
    pub class_was: Option<String>,
    pub class_is: Option<String>,
    pub reasons: Option<String>,
}

/// Revenue of a closed year that is no longer what was published.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Restated {
    /// Of the account or the file.
    pub name: String,
    pub year: i64,
    pub was: Option<i64>,
    pub is: Option<i64>,
    pub difference: i64,
}

/// A judgement that is another one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub name: String,
    pub criterion: String,
    pub rater: String,
    pub was: Option<f64>,
    pub is: Option<f64>,
}

pub(super) fn changes(inputs: &Inputs, accounts: &Accounts, top: usize) -> Option<Changes> {
    let (changes, comparison) = (inputs.changes?, inputs.comparison?);
    let name = |key: &str| called(key, accounts);
    let told = Told::of(changes, name);
    let listed = |rows: Vec<usize>| Listing::cut(rows.into_iter().map(|row| name(told.accounts[row])).collect(), top);
    let all = || 0..told.accounts.len();
    let moved = |parts: &[Option<f64>]| parts.iter().flatten().filter(|part| part.abs() >= SHOWN).count();
    let [customer, weights] = ["delta_customer", "delta_weights"].map(|column| changes.numbers(column));
    let restatements = inputs.restatements.map(|table| restated(table, "account", name)).unwrap_or_default();
    let files = inputs.restated_files.map(|table| restated(table, "file", str::to_owned)).unwrap_or_default();
    let judgements = inputs.changed_judgements.map(|table| judged(table, &told, name)).unwrap_or_default();
    let as_of = comparison.text("what").iter().position(|what| *what == "as_of");
    let was = comparison.optional_text("was");
    let class_of = |row: &usize| (told.classes[0][*row], told.classes[1][*row]);
    let other_class = |row: &usize| matches!(class_of(row), (Some(was), Some(is)) if was != is);
    let of_class_a = |row: &usize| [class_of(row).0, class_of(row).1].contains(&Some("A"));
    let mut classes = told.sorted(all().filter(other_class).collect(), 1);
    classes.sort_by_key(|row| !of_class_a(row));
    Some(Changes {
        since: as_of.and_then(|row| parse_day(was.get(row).copied().flatten()?, "%Y-%m-%d")),
        list: told.list(top),
        scored: told.deltas.iter().flatten().count(),
        moved: moved(&told.deltas),
        by_customer: moved(&customer),
        by_weights: moved(&weights),
        classes: Listing::cut(classes.into_iter().map(|row| told.row(row)).collect(), top.min(SHORT)),
        new: listed(all().filter(|row| told.is_new(*row)).collect()),
        gone: listed(all().filter(|row| told.is_gone(*row)).collect()),
        restated: restatements.iter().map(|row| i128::from(row.difference)).sum(),
        restatements: Listing::cut(restatements, top),
        files: Listing::cut(files, top),
        judgements: Listing::cut(judgements, top.min(SHORT)),
        differing: comparison.optional_text("words").into_iter().flatten().map(str::to_owned).collect(),
    })
}

/// The columns of the table of changes; pairs are before and now.
struct Told<'t, N> {
    name: N,
    accounts: Vec<&'t str>,
    kinds: Vec<&'t str>,
    data: [Vec<bool>; 2],
    statuses: [Vec<Option<&'t str>>; 2],
    keys: [Vec<bool>; 2],
    scores: [Vec<Option<f64>>; 2],
    ranks: [Vec<Option<i64>>; 2],
    classes: [Vec<Option<&'t str>>; 2],
    deltas: Vec<Option<f64>>,
    reasons: Vec<Option<&'t str>>,
}

impl<'t, N: Fn(&str) -> String> Told<'t, N> {
    fn of(changes: &'t Table, name: N) -> Self {
        Self {
            name,
            accounts: changes.text("account"),
            kinds: changes.text("change"),
            data: ["data_was", "data_is"].map(|column| changes.flags(column)),
            statuses: ["was", "is"].map(|column| changes.optional_text(column)),
            keys: ["key_was", "key_is"].map(|column| changes.flags(column)),
            scores: ["score_was", "score_is"].map(|column| changes.numbers(column)),
            ranks: ["rank_was", "rank_is"].map(|column| changes.integers(column)),
            classes: ["class_was", "class_is"].map(|column| changes.optional_text(column)),
            deltas: changes.numbers("delta"),
            reasons: changes.optional_text("top_reasons"),
        }
    }

    fn is_new(&self, row: usize) -> bool {
        self.data[1][row] && !self.data[0][row]
    }

    fn is_gone(&self, row: usize) -> bool {
        self.data[0][row] && !self.data[1][row]
    }

    fn list(&self, top: usize) -> Option<ListChanges> {
        if self.statuses.iter().any(|side| side.iter().all(Option::is_none)) {
            return None;
        }
        let rows = |rows: Vec<usize>| Listing::cut(rows.into_iter().map(|row| self.row(row)).collect(), top);
        let of_kind = |kind: &str| (0..self.kinds.len()).filter(|row| self.kinds[*row] == kind).collect::<Vec<_>>();
        let size = |row: &usize| self.deltas[*row].unwrap_or_default().abs();
        let is_stayer = |row: &usize| self.keys[0][*row] && self.keys[1][*row] && size(row) >= SHOWN;
        let mut stayed: Vec<usize> = (0..self.kinds.len()).filter(is_stayer).collect();
        // Equal ones stay in the order of accounts.
        stayed.sort_by(|a, b| size(b).total_cmp(&size(a)));
        Some(ListChanges {
            before: self.keys[0].iter().filter(|is_key| **is_key).count(),
            now: self.keys[1].iter().filter(|is_key| **is_key).count(),
            entered: rows(self.sorted(of_kind("entered"), 1)),
            left: rows(self.sorted(of_kind("left"), 0)),
            stayed: rows(stayed),
        })
    }

    /// By the rank of one side, then by account.
    fn sorted(&self, mut rows: Vec<usize>, side: usize) -> Vec<usize> {
        rows.sort_by_key(|row| (self.ranks[side][*row].unwrap_or(i64::MAX), self.accounts[*row]));
        rows
    }

    fn row(&self, row: usize) -> Row {
        let class = |side: usize| self.classes[side][row].filter(|class| *class != "none").map(str::to_owned);
        Row {
            name: (self.name)(self.accounts[row]),
            is_new: self.is_new(row),
            is_gone: self.is_gone(row),
            score_was: self.scores[0][row],
            score_is: self.scores[1][row],
            rank_was: self.ranks[0][row],
            rank_is: self.ranks[1][row],
            class_was: class(0),
            class_is: class(1),
            reasons: self.reasons[row].map(str::to_owned),
        }
    }
}

fn restated(table: &Table, key: &str, name: impl Fn(&str) -> String) -> Vec<Restated> {
    let (names, years) = (table.text(key), table.integers("fiscal_year"));
    let [was, is, differences] = ["was", "is", "difference"].map(|column| table.integers(column));
    let mut rows: Vec<usize> = (0..names.len()).collect();
    let size = |row: &usize| differences[*row].unwrap_or_default().unsigned_abs();
    rows.sort_by_key(|row| (std::cmp::Reverse(size(row)), names[*row], years[*row]));
    let row = |row: usize| Restated {
        name: name(names[row]),
        year: years[row].unwrap_or_default(),
        was: was[row],
        is: is[row],
        difference: differences[row].unwrap_or_default(),
    };
    rows.into_iter().map(row).collect()
}

fn judged<N>(table: &Table, told: &Told<N>, name: impl Fn(&str) -> String) -> Vec<Judged> {
    let [names, criteria, raters] = ["account", "criterion", "rater"].map(|column| table.text(column));
    let [was, is] = ["was", "is"].map(|column| table.numbers(column));
    let is_key = |row: usize| told.keys[0][row] || told.keys[1][row];
    let keys = told.accounts.iter().enumerate().filter(|(row, _)| is_key(*row)).map(|(_, account)| *account);
    let keys: BTreeSet<&str> = keys.collect();
    let mut rows: Vec<usize> = (0..names.len()).collect();
    rows.sort_by_key(|row| !keys.contains(names[*row]));
    let row = |row: usize| Judged {
        name: name(names[row]),
        criterion: criteria[row].to_owned(),
        rater: raters[row].to_owned(),
        was: was[row],
        is: is[row],
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report;
    use super::super::sample::{book, facts};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::table::TableBuilder;

    fn table() -> Table {
        TableBuilder::new("changes", 6)
            .text("account", vec!["C-1", "C-2", "C-3", "C-4", "C-5", "C-9"])
            .text("change", vec!["moved", "left", "entered", "new", "same", "left"])
            .optional_text("was", vec![Some("key"), Some("key"), None, None, Some("none"), Some("key")])
            .optional_text("is", vec![Some("key"), Some("left"), Some("entered"), Some("none"), Some("none"), None])
            .flags("data_was", vec![true, true, false, false, true, true])
            .flags("data_is", vec![true, true, true, true, true, false])
            .optional_flags("key_was", vec![Some(true), Some(true), None, None, Some(false), Some(true)])
            .optional_flags("key_is", vec![Some(true), Some(false), Some(true), Some(false), Some(false), None])
            .numbers("score_was", vec![Some(8.0), Some(7.0), None, None, Some(3.0), Some(6.0)])
            .numbers("score_is", vec![Some(7.5), Some(7.0), Some(9.0), Some(2.0), Some(3.001), None])
            .numbers("delta", vec![Some(-0.5), Some(0.0), None, None, Some(0.001), None])
            .numbers("delta_customer", vec![Some(-0.7), Some(0.01), None, None, Some(0.001), None])
            .numbers("delta_weights", vec![Some(0.2), Some(-0.01), None, None, Some(0.0), None])
            .integers("rank_was", vec![Some(1), Some(2), None, None, Some(4), Some(3)])
            .integers("rank_is", vec![Some(2), Some(3), Some(1), Some(5), Some(4), None])
            .optional_text("class_was", vec![Some("A"), Some("A"), None, None, Some("none"), Some("B")])
            .optional_text("class_is", vec![Some("A"), Some("B"), Some("A"), Some("C"), Some("C"), None])
            .optional_text("top_reasons", vec![Some("why"), None, None, None, None, None])
            .build()
    }

    fn comparison() -> Table {
        TableBuilder::new("comparison", 3)
            .text("what", vec!["run", "as_of", "weight"])
            .optional_text("was", vec![Some("r"), Some("2025-09-30"), Some("0.5")])
            .optional_text("words", vec![None, None, Some("Growth weighs 40%; it was 50%.")])
            .build()
    }

    #[test]
    fn what_a_reader_is_told() {
        let restatements = TableBuilder::new("restatements", 3)
            .text("account", vec!["C-1", "C-1", "C-9"])
            .integers("fiscal_year", vec![2023, 2024, 2024])
            .money("was", vec![Some(500), Some(1000), None])
            .money("is", vec![Some(510), Some(400), Some(600)])
            .money("difference", vec![10, -600, 600])
            .build();
        let book = book();
        let (table, comparison) = (table(), comparison());
        let inputs = Inputs {
            changes: Some(&table),
            comparison: Some(&comparison),
            restatements: Some(&restatements),
            ..book.inputs()
        };
        let changes = report(&facts(Language::English), &inputs).changes.unwrap();
        assert_eq!(changes.since, parse_day("2025-09-30", "%Y-%m-%d"));
        let list = changes.list.unwrap();
        assert_eq!((list.before, list.now), (3, 2));
        let ranks = |listing: &Listing<Row>| -> Vec<(Option<i64>, Option<i64>)> {
            listing.rows.iter().map(|row| (row.rank_was, row.rank_is)).collect()
        };
        assert_eq!(ranks(&list.entered), [(None, Some(1))]);
        assert_eq!(ranks(&list.left), [(Some(2), Some(3)), (Some(3), None)]);
        assert_eq!(ranks(&list.stayed), [(Some(1), Some(2))]);
        assert_eq!((list.entered.rows[0].is_new, list.left.rows[1].is_gone), (true, true));
        // One of the three that have both scores moved by half a point; C-5 by less than is shown.
        assert_eq!((changes.scored, changes.moved, changes.by_customer, changes.by_weights), (3, 1, 2, 2));
        // C-2 from A to B at no. 3, C-5 from none to C at no. 4.
        assert_eq!(ranks(&changes.classes), [(Some(2), Some(3)), (Some(4), Some(4))]);
        assert_eq!((changes.new.total, changes.gone.rows), (2, vec!["C-9".to_owned()]));
        let differences: Vec<i64> = changes.restatements.rows.iter().map(|row| row.difference).collect();
        assert_eq!((differences, changes.restated), (vec![-600, 600, 10], 10));
        assert_eq!(changes.differing, ["Growth weighs 40%; it was 50%."]);
    }

    #[test]
    fn the_first_run_is_told_as_such() {
        let book = book();
        let table = table().rows_where([false; 6].into_iter()).unwrap();
        let comparison = comparison().rows_where([false; 3].into_iter()).unwrap();
        let inputs = Inputs { changes: Some(&table), comparison: Some(&comparison), ..book.inputs() };
        let changes = report(&facts(Language::English), &inputs).changes.unwrap();
        assert_eq!((changes.since, changes.list, changes.new.total), (None, None, 0));
        assert!(report(&facts(Language::English), &book.inputs()).changes.is_none());
    }
}

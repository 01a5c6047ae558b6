//! Tables by account: what each of them says of one account, as a template sees it.

use crate::table::{Meaning, Table};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The values of a column.
#[derive(Debug)]
enum Values<'t> {
    Text(Vec<Option<&'t str>>),
    Whole(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Day(Vec<Option<i32>>),
    Flag(Vec<Option<bool>>),
}

impl Values<'_> {
    /// Null is null; money stays in minor units and days are counted from 1970-01-01, as the filters of a template want it.
    fn at(&self, row: usize) -> Value {
        match self {
            Self::Text(values) => values.get(row).copied().flatten().into(),
            Self::Whole(values) => values.get(row).copied().flatten().into(),
            Self::Number(values) => values.get(row).copied().flatten().into(),
            Self::Day(values) => values.get(row).copied().flatten().into(),
            Self::Flag(values) => values.get(row).copied().flatten().into(),
        }
    }
}

/// A table with its rows by account.
#[derive(Debug)]
pub struct Sheet<'t> {
    columns: Vec<(&'t str, Values<'t>)>,
    rows: BTreeMap<&'t str, Vec<usize>>,
}

impl<'t> Sheet<'t> {
    /// A table with a column `account`, as far as it is about these accounts.
    pub fn of(table: &'t Table, wanted: &BTreeSet<&str>) -> Self {
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let keys = table.text("account").into_iter().enumerate();
        for (row, account) in keys.filter(|(_, account)| wanted.contains(account)) {
            rows.entry(account).or_default().push(row);
        }
        let values = |name: &str, meaning: Meaning| match meaning {
            Meaning::Text => Values::Text(table.optional_text(name)),
            Meaning::Integer | Meaning::Money => Values::Whole(table.integers(name)),
            Meaning::Number | Meaning::Ratio => Values::Number(table.numbers(name)),
            Meaning::Date => Values::Day(table.dates(name)),
            Meaning::Flag => Values::Flag(table.optional_flags(name)),
        };
        let columns = table.spec.columns.iter();
        let columns = columns.map(|column| (column.name.as_str(), values(&column.name, column.meaning))).collect();
        Self { columns, rows }
    }

    /// What the table says of an account, row by row.
    pub fn rows(&self, account: &str) -> Vec<Map<String, Value>> {
        let row =
            |row: &usize| self.columns.iter().map(|(name, values)| ((*name).to_owned(), values.at(*row))).collect();
        self.rows.get(account).into_iter().flatten().map(row).collect()
    }

    /// The only row about an account.
    pub fn row(&self, account: &str) -> Option<Map<String, Value>> {
        self.rows(account).into_iter().next()
    }
}

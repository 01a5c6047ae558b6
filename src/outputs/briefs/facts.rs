//! Tables by account: what each of them says of one account, as a template sees it.

use crate::table::Table;
use polars::prelude::AnyValue;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A table with its rows by account.
#[derive(Debug)]
pub struct Sheet<'t> {
    table: &'t Table,
    rows: BTreeMap<&'t str, Vec<usize>>,
}

impl<'t> Sheet<'t> {
    /// A table with a column `account`, as far as it is about these accounts.
    pub fn of(table: &'t Table, wanted: &BTreeSet<&str>) -> Self {
        let mut rows: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let keys = table.each_text("account").map(Option::unwrap_or_default).enumerate();
        for (row, account) in keys.filter(|(_, account)| wanted.contains(account)) {
            rows.entry(account).or_default().push(row);
        }
        Self { table, rows }
    }

    /// What the table says of an account, row by row.
    pub fn rows(&self, account: &str) -> Vec<Map<String, Value>> {
        let columns = || self.table.frame.columns().iter();
        let row =
            |row: &usize| columns().map(|column| (column.name().to_string(), value(column.get(*row).ok()))).collect();
        self.rows.get(account).into_iter().flatten().map(row).collect()
    }

    /// The only row about an account.
    pub fn row(&self, account: &str) -> Option<Map<String, Value>> {
        self.rows(account).into_iter().next()
    }
}

/// Null is null; money stays in minor units and days are counted from 1970-01-01, as the filters of a template want it.
fn value(cell: Option<AnyValue>) -> Value {
    match cell {
        Some(AnyValue::String(text)) => text.into(),
        // That of a column in which all values are the same.
        Some(AnyValue::StringOwned(text)) => text.as_str().into(),
        Some(AnyValue::Int64(whole)) => whole.into(),
        Some(AnyValue::Float64(number)) => number.into(),
        Some(AnyValue::Date(day)) => day.into(),
        Some(AnyValue::Boolean(flag)) => flag.into(),
        _ => Value::Null,
    }
}

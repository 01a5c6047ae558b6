//! A customer list that says several things of one account: which holds, and a table of what did not.

use crate::table::{Table, TableBuilder, TableSpec};
use std::collections::BTreeMap;

/// One row of a customer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub account: String,
    /// In the order of the attributes declared.
    pub attributes: Vec<Option<String>>,
    /// When the row was true, where the list has a column for that; the oldest where it is empty.
    pub day: i32,
}

/// A value that the list gives to an account, and something to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict<'r> {
    pub kind: &'static str,
    pub account: &'r str,
    pub attribute: &'r str,
    pub value: Option<&'r str>,
    /// Whether it is the one that holds.
    pub used: bool,
    pub rows: i64,
}

/// Puts rows in order: by account and day, and those of one day as the files have them. The last row of an
/// account holds.
pub fn in_order(rows: &mut [Listed]) {
    rows.sort_by(|a, b| (&a.account, a.day).cmp(&(&b.account, b.day)));
}

/// The row of each account that holds, of rows in order.
pub fn holding(rows: &[Listed]) -> impl Iterator<Item = &Listed> {
    rows.chunk_by(|a, b| a.account == b.account).filter_map(<[Listed]>::last)
}

/// Accounts with several values of an attribute, by account; then names that several accounts have, by name.
pub fn conflicts<'r>(rows: &'r [Listed], attributes: &'r [String]) -> Vec<Conflict<'r>> {
    let mut conflicts = Vec::new();
    let mut named: BTreeMap<&str, Vec<Conflict>> = BTreeMap::new();
    for rows in rows.chunk_by(|a, b| a.account == b.account) {
        let Some(last) = rows.last() else { continue };
        for (place, attribute) in attributes.iter().enumerate() {
            let cell = |row: &'r Listed| row.attributes.get(place).and_then(Option::as_deref);
            let mut counts: BTreeMap<Option<&str>, i64> = BTreeMap::new();
            for row in rows {
                *counts.entry(cell(row)).or_default() += 1;
            }
            let used = cell(last);
            let conflict = |kind, (value, rows): (Option<&'r str>, i64)| {
                let account = last.account.as_str();
                Conflict { kind, account, attribute, value, used: value == used, rows }
            };
            if let Some(name) = used.filter(|_| attribute == "name") {
                let rows = counts.get(&used).copied().unwrap_or_default();
                named.entry(name).or_default().push(conflict("shared_name", (used, rows)));
            }
            if counts.len() > 1 {
                conflicts.extend(counts.into_iter().map(|count| conflict("several_values", count)));
            }
        }
    }
    conflicts.extend(named.into_values().filter(|accounts| accounts.len() > 1).flatten());
    conflicts
}

/// One row per value.
pub fn table(name: &str, conflicts: &[Conflict]) -> Table {
    TableBuilder::new(name, conflicts.len())
        .text("kind", conflicts.iter().map(|conflict| conflict.kind).collect())
        .text("account", conflicts.iter().map(|conflict| conflict.account).collect())
        .text("attribute", conflicts.iter().map(|conflict| conflict.attribute).collect())
        .optional_text("value", conflicts.iter().map(|conflict| conflict.value).collect())
        .flags("used", conflicts.iter().map(|conflict| conflict.used).collect())
        .integers("rows", conflicts.iter().map(|conflict| conflict.rows).collect::<Vec<i64>>())
        .build()
}

/// The columns of that table.
pub fn spec(name: &str) -> TableSpec {
    table(name, &[]).spec
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(account: &str, day: i32, attributes: &[&str]) -> Listed {
        let cell = |text: &&str| (!text.is_empty()).then(|| (*text).to_owned());
        Listed { account: account.to_owned(), attributes: attributes.iter().map(cell).collect(), day }
    }

    #[test]
    fn the_latest_row_of_an_account_holds_and_the_last_of_equal_days() {
        let mut rows = vec![
            listed("B", 5, &["Bea", "North"]),
            listed("A", 9, &["Ana", "South"]),
            listed("A", 9, &["Anna", ""]),
            listed("A", 1, &["Old", "South"]),
        ];
        in_order(&mut rows);
        let held: Vec<&Listed> = holding(&rows).collect();
        assert_eq!(held, [&listed("A", 9, &["Anna", ""]), &listed("B", 5, &["Bea", "North"])]);
    }

    #[test]
    fn what_did_not_hold_is_told_and_equal_rows_are_no_conflict() {
        let mut rows = vec![
            listed("A", 0, &["Ana", "South"]),
            listed("A", 0, &["Ana", "South"]),
            listed("A", 0, &["Anna", "South"]),
            listed("B", 0, &["Anna", ""]),
            listed("B", 0, &["Anna", ""]),
            listed("C", 0, &["", ""]),
            listed("D", 0, &["", ""]),
        ];
        in_order(&mut rows);
        let attributes = ["name".to_owned(), "segment".to_owned()];
        let told: Vec<_> = conflicts(&rows, &attributes)
            .into_iter()
            .map(|conflict| (conflict.kind, conflict.account, conflict.value, conflict.used, conflict.rows))
            .collect();
        assert_eq!(
            told,
            [
                ("several_values", "A", Some("Ana"), false, 2),
                ("several_values", "A", Some("Anna"), true, 1),
                ("shared_name", "A", Some("Anna"), true, 1),
                ("shared_name", "B", Some("Anna"), true, 2),
            ]
        );
    }
}

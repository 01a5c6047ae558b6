//! The stage kind `accounts`: names, segments and other attributes of accounts.

use super::account_conflicts::{self, Listed, conflicts, holding, in_order};
use crate::failure::Failure;
use crate::ledger::keys::KeyRule;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::{Fields, distinct, text};
use crate::pipeline::node::Value;
use crate::pipeline::scope::{Scope, shared};
use crate::pipeline::settings::is_identifier;
use crate::product::{Inputs, Product};
use crate::sources::written::{Written, require};
use crate::sources::{Source, TextRow};
use crate::table::{Table, TableBuilder, name_of};
use std::collections::BTreeMap;

pub const MANUAL: &str = include_str!("../../docs/stages/accounts.md");

#[derive(Debug, Clone)]
pub struct Accounts {
    pub from: Located<String>,
    /// The column with the key of the account.
    pub account: Located<String>,
    /// Attributes: the name they get, and the column they come from.
    pub attributes: Vec<(Located<String>, Located<String>)>,
    /// The column with the day of a row, by which the latest of an account holds.
    pub latest: Option<Located<String>>,
    /// How keys are made of what is written, where they are not the same.
    pub keys: Option<KeyRule>,
}

impl Accounts {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let account = fields.text("account");
        let latest = fields.optional_text("latest");
        let keys = KeyRule::decode(fields);
        let node = fields.required("attributes")?;
        let Value::Map(entries) = &node.value else {
            let message = format!("`attributes` should be a map, found {}", node.describe());
            fields.problems.report(
                &node.span,
                message,
                "such as `{name: customer_name, segment: industry}`".to_owned(),
            );
            return None;
        };
        // Names that a table cannot have would keep its columns from being declared.
        let mut sound = distinct(entries.iter().map(|(name, _)| name), "`attributes`", fields.problems);
        let mut attributes = Vec::new();
        for (name, column) in entries {
            if !is_identifier(&name.value) || name.value == "account" {
                sound = false;
                let message = format!("the attribute `{}` cannot be called so", name.value);
                fields.problems.report(
                    &name.span,
                    message,
                    "use letters, digits and `_`, and another name than `account`".to_owned(),
                );
            }
            attributes.push(text(column, &name.value, fields.problems).map(|column| (name.clone(), column)));
        }
        let attributes = attributes.into_iter().collect::<Option<_>>().filter(|_| sound);
        Some(Self { from: from?, account: account?, attributes: attributes?, latest, keys })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let source = scope.source(&self.from)?;
        let columns: Vec<&Located<String>> = std::iter::once(&self.account)
            .chain(self.attributes.iter().map(|(_, column)| column))
            .chain(&self.latest)
            .collect();
        require(source, &columns, scope.problems)?;
        let (name, source) = (id.value.clone(), shared(source));
        let second = name_of(&name, "accounts", "account_conflicts");
        let columns: Vec<String> = columns.iter().map(|column| column.value.clone()).collect();
        let attributes: Vec<String> = self.attributes.iter().map(|(name, _)| name.value.clone()).collect();
        let specs = vec![table(&name, &attributes, &[]).spec, account_conflicts::spec(&second)];
        let latest = self.latest.as_ref().map(|column| column.value.clone());
        let rule = self.keys;
        let job = move |_: &Inputs| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let day = |row: &TextRow| match &latest {
                None => Ok(i32::MIN),
                Some(column) => day_of(row, column, &source),
            };
            let mut rows = listed(source.text_rows(&columns)?, attributes.len(), &day)?;
            if let Some(rule) = rule {
                rows.iter_mut().for_each(|row| row.account = rule.key(&row.account).into_owned());
            }
            in_order(&mut rows);
            let held: Vec<&Listed> = holding(&rows).collect();
            let conflicts = account_conflicts::table(&second, &conflicts(&rows, &attributes));
            Ok(Product::Tables(vec![table(&name, &attributes, &held), conflicts]))
        };
        Some(Bound::of(Signature::Tables(specs), job))
    }
}

/// The day of a row, which is in its last cell; the oldest where that is empty.
fn day_of(row: &TextRow, column: &str, source: &Source) -> Result<i32, String> {
    let Some(text) = row.cells.last().and_then(Option::as_deref).filter(|text| !text.trim().is_empty()) else {
        return Ok(i32::MIN);
    };
    let day = Written::of(source, &row.file, column).day(text);
    day.ok_or_else(|| format!("`{text}` is no day of the declared format"))
}

/// The rows of the list.
///
/// # Errors
/// Where a row has no key, no day that can be read, or could not be read itself; with all such rows.
fn listed(
    rows: Vec<TextRow>,
    attributes: usize,
    day: &dyn Fn(&TextRow) -> Result<i32, String>,
) -> Result<Vec<Listed>, Failure> {
    let mut listed = Vec::with_capacity(rows.len());
    let mut mistakes = Vec::new();
    for row in rows {
        let place = format!("{}:{}", row.file, row.line);
        let account = row.cells.first().cloned().flatten();
        match (&row.defect, account, day(&row)) {
            (Some(defect), _, _) => mistakes.push(format!("{place}: {}", defect.detail)),
            (None, None, _) => mistakes.push(format!("{place}: the account is empty")),
            (None, Some(_), Err(mistake)) => mistakes.push(format!("{place}: {mistake}")),
            (None, Some(account), Ok(day)) => {
                let attributes = row.cells.into_iter().skip(1).take(attributes).collect();
                listed.push(Listed { account, attributes, day });
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(listed);
    }
    let what = format!("the table of accounts has unusable rows, {} in all", mistakes.len());
    Err(Failure::rows(&what, &mistakes, "each row needs the key of an account, and a day where `latest` is declared"))
}

fn table(name: &str, attributes: &[String], rows: &[&Listed]) -> Table {
    let accounts = rows.iter().map(|row| row.account.as_str()).collect();
    let mut builder = TableBuilder::new(name, rows.len()).per_account().text("account", accounts);
    for (place, attribute) in attributes.iter().enumerate() {
        let values = rows.iter().map(|row| row.attributes.get(place).and_then(Option::as_deref)).collect();
        builder = builder.optional_text(attribute, values);
    }
    builder.build()
}

/// One attribute of each account of an accounts table.
pub fn attribute<'t>(accounts: &'t Table, column: &str) -> BTreeMap<&'t str, &'t str> {
    accounts.text("account").into_iter().zip(accounts.text(column)).collect()
}

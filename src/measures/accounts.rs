//! The stage kind `accounts`: names, segments and other attributes of accounts.

use crate::failure::Failure;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::{Fields, distinct, text};
use crate::pipeline::node::Value;
use crate::pipeline::scope::{Scope, shared};
use crate::pipeline::settings::is_identifier;
use crate::product::{Inputs, Product};
use crate::sources::TextRow;
use crate::sources::written::require;
use crate::table::{Table, TableBuilder};
use std::collections::BTreeMap;

pub const MANUAL: &str = include_str!("../../docs/stages/accounts.md");

#[derive(Debug, Clone)]
pub struct Accounts {
    pub from: Located<String>,
    /// The column with the key of the account.
    pub account: Located<String>,
    /// Attributes: the name they get, and the column they come from.
    pub attributes: Vec<(Located<String>, Located<String>)>,
}

impl Accounts {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let account = fields.text("account");
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
        Some(Self { from: from?, account: account?, attributes: attributes? })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let source = scope.source(&self.from)?;
        let columns: Vec<&Located<String>> =
            std::iter::once(&self.account).chain(self.attributes.iter().map(|(_, column)| column)).collect();
        require(source, &columns, scope.problems)?;
        let (name, source) = (id.value.clone(), shared(source));
        let columns: Vec<String> = columns.iter().map(|column| column.value.clone()).collect();
        let attributes: Vec<String> = self.attributes.iter().map(|(name, _)| name.value.clone()).collect();
        let spec = table(&name, &attributes, &BTreeMap::new()).spec;
        let job = move |_: &Inputs| {
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let rows = keyed(source.text_rows(&columns)?)?;
            Ok(Product::Tables(vec![table(&name, &attributes, &rows)]))
        };
        Some(Bound { signature: Signature::Tables(vec![spec]), job: Box::new(job) })
    }
}

/// The rows by account.
///
/// # Errors
/// Where an account has no key or stands twice with different attributes.
fn keyed(rows: Vec<TextRow>) -> Result<BTreeMap<String, Vec<Option<String>>>, Failure> {
    let mut keyed: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for row in rows {
        let place = format!("{}:{}", row.file, row.line);
        if let Some(defect) = row.defect {
            mistakes.push(format!("{place}: {}", defect.detail));
            continue;
        }
        let mut cells = row.cells.into_iter();
        let Some(account) = cells.next().flatten() else {
            mistakes.push(format!("{place}: the account is empty"));
            continue;
        };
        let attributes: Vec<Option<String>> = cells.collect();
        if keyed.get(&account).is_some_and(|known| *known != attributes) {
            mistakes.push(format!("{place}: the account `{account}` stands twice, with different attributes"));
            continue;
        }
        keyed.insert(account, attributes);
    }
    if mistakes.is_empty() {
        return Ok(keyed);
    }
    let count = mistakes.len();
    let shown: Vec<String> = mistakes.into_iter().take(20).collect();
    let message = format!("the table of accounts has unusable rows, {count} in all\n  {}", shown.join("\n  "));
    Err(Failure::Data { message, hint: Some("an account needs a key and one set of attributes".to_owned()) })
}

fn table(name: &str, attributes: &[String], rows: &BTreeMap<String, Vec<Option<String>>>) -> Table {
    let mut builder = TableBuilder::new(name, rows.len()).per_account().text("account", rows.keys().collect());
    for (place, attribute) in attributes.iter().enumerate() {
        let values = rows.values().map(|cells| cells.get(place).and_then(Option::as_deref)).collect();
        builder = builder.optional_text(attribute, values);
    }
    builder.build()
}

/// One attribute of each account of an accounts table.
pub fn attribute<'t>(accounts: &'t Table, column: &str) -> BTreeMap<&'t str, &'t str> {
    accounts.text("account").into_iter().zip(accounts.text(column)).collect()
}

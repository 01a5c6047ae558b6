//! Control totals: what somebody else says was sent, against what was read.

pub mod compare;

use super::tally::Count;
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::{Node, Value};
use crate::pipeline::scope::Scope;
use crate::sources::Source;
use serde::{Deserialize, Serialize};

/// What a ledger is checked against.
#[derive(Debug, Clone)]
pub struct Config {
    /// Nothing where the last row of each file states its total.
    pub table: Option<Statement>,
    pub of: Of,
    pub accept: Vec<Accept>,
}

/// A small table with a total in each row, and its columns.
#[derive(Debug, Clone)]
pub struct Statement {
    pub source: Located<String>,
    pub by: By,
    /// What the total is of.
    pub key: Located<String>,
    pub amount: Located<String>,
    pub rows: Option<Located<String>>,
}

/// What a total is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    File,
    Month,
    Currency,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Month => "month",
            Self::Currency => "currency",
        }
    }
}

/// Which lines a total is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// All but the total rows that are taken out.
    Read,
    Accepted,
}

/// A difference that is known.
#[derive(Debug, Clone)]
pub struct Accept {
    pub key: String,
    pub because: String,
}

impl Config {
    /// `control_totals`, where a ledger has them.
    pub fn decode(parent: &mut Fields) -> Option<Option<Self>> {
        let Some(node) = parent.optional("control_totals") else { return Some(None) };
        let problems = parent.problems;
        let mut fields = Fields::open(node, &node.span, "`control_totals`", problems)?;
        let from = fields.text("from");
        let keys = [(By::File, "file"), (By::Month, "month"), (By::Currency, "currency")];
        let mut named: Vec<(By, Located<String>)> =
            keys.into_iter().filter_map(|(by, key)| Some((by, fields.optional_text(key)?))).collect();
        let (amount, rows) = (fields.optional_text("amount"), fields.optional_text("rows"));
        let of = fields.choice("of", &[("read", Of::Read), ("accepted", Of::Accepted)], Of::Read);
        let accept = match fields.optional("accept") {
            None => Some(Vec::new()),
            Some(node) => accepted(node, problems),
        };
        fields.finish();
        let from = from?;
        let table = if from.value == "total_rows" {
            if let Some(column) = named.iter().map(|(_, column)| column).chain(&amount).chain(&rows).next() {
                let message = "total rows state the totals of their files, and no column does";
                problems.report(
                    &column.span,
                    message,
                    "leave the columns away, or read the totals of a table".to_owned(),
                );
                return None;
            }
            None
        } else {
            let (Some((by, key)), true) = (named.pop(), named.is_empty()) else {
                let message = "`control_totals` of a table need one of `file`, `month` and `currency`: the column that says what a total is of";
                problems.report(
                    &node.span,
                    message,
                    "such as `{from: totals, file: file_name, amount: total}`".to_owned(),
                );
                return None;
            };
            let Some(amount) = amount else {
                problems.report(&node.span, "`control_totals` of a table need the key `amount`", None);
                return None;
            };
            Some(Statement { source: from, by, key, amount, rows })
        };
        Some(Some(Self { table, of: of?, accept: accept? }))
    }

    /// Finds the table of the totals and its columns.
    pub fn bind(&self, scope: &mut Scope) -> Option<Bound> {
        let (source, by) = match &self.table {
            None => (None, By::File),
            Some(Statement { source, by, key, amount, rows }) => {
                let found = scope.source(source)?;
                let mut complete = true;
                for column in [Some(key), Some(amount), rows.as_ref()].into_iter().flatten() {
                    for file in found.files.iter().filter(|file| file.column(&column.value).is_none()) {
                        let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
                        let message = format!("the control totals `{}` have no column `{}`", file.name, column.value);
                        scope.problems.report(&column.span, message, did_you_mean(&column.value, names));
                        complete = false;
                    }
                }
                if !complete {
                    return None;
                }
                let columns = [Some(key), Some(amount), rows.as_ref()].into_iter().flatten();
                (Some((found.clone(), columns.map(|column| column.value.clone()).collect())), *by)
            }
        };
        Some(Bound { source, by, of: self.of, accept: self.accept.clone() })
    }
}

fn accepted(node: &Node, problems: &Problems) -> Option<Vec<Accept>> {
    let Value::List(items) = &node.value else {
        let message = format!("`accept` should be a list, found {}", node.describe());
        problems.report(&node.span, message, "such as `- {key: jan.csv, because: sent twice}`".to_owned());
        return None;
    };
    let accept = |item: &Node| {
        let mut fields = Fields::open(item, &item.span, "a difference in `accept`", problems)?;
        let (key, because) = (fields.text("key"), fields.text("because"));
        fields.finish();
        Some(Accept { key: key?.value, because: because?.value })
    };
    let accepted: Vec<Option<Accept>> = items.iter().map(accept).collect();
    accepted.into_iter().collect()
}

/// Control totals whose table is found.
#[derive(Debug, Clone)]
pub struct Bound {
    /// The table and its columns: key, amount and perhaps rows. Without it the files themselves state their totals.
    source: Option<(Source, Vec<String>)>,
    by: By,
    of: Of,
    accept: Vec<Accept>,
}

impl Bound {
    /// Whether the last row of each file states its total.
    pub fn asks_files(&self) -> bool {
        self.source.is_none()
    }

    /// Which lines are summed by month, where any are.
    pub fn months(&self) -> Option<Of> {
        (self.by == By::Month).then_some(self.of)
    }
}

/// What the last row of a file states, and what the lines before it add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    pub amount: i64,
    pub found: Count,
}

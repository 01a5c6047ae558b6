//! The small tables about people: how many accounts each manager has room for, and who looks after which account.

use crate::failure::Failure;
use crate::pipeline::diagnostics::{Located, did_you_mean};
use crate::pipeline::scope::{Scope, shared};
use crate::sources::Source;
use crate::sources::written::Written;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The columns that are read.
const CAPACITY: &str = "capacity";
const ASSIGNED: [&str; 2] = ["account", "manager"];

/// The table of the managers, once it has its column.
pub(super) struct Room {
    source: Arc<Source>,
}

/// The table of who looks after which account, once it has its columns.
pub(super) struct Assigned {
    source: Arc<Source>,
}

/// The files of a `read` stage, which must have these columns.
fn source(reference: &Located<String>, what: &str, columns: &[&str], scope: &mut Scope) -> Option<Arc<Source>> {
    let source = scope.source(reference)?;
    let mut complete = true;
    for file in &source.files {
        for column in columns.iter().filter(|column| file.column(column).is_none()) {
            let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("the table of {what} `{}` has no column `{column}`", file.name);
            scope.problems.report(&reference.span, message, did_you_mean(column, names));
            complete = false;
        }
    }
    complete.then(|| shared(source))
}

impl Room {
    pub(super) fn bind(reference: &Located<String>, scope: &mut Scope) -> Option<Self> {
        source(reference, "managers", &[CAPACITY], scope).map(|source| Self { source })
    }

    /// How many accounts all managers have room for.
    ///
    /// # Errors
    /// Where the table cannot be read, or a capacity is no whole number from 0 on; with all such rows.
    pub(super) fn accounts(&self) -> Result<usize, Failure> {
        let (mut sum, mut mistakes) = (0usize, Vec::new());
        for row in self.source.text_rows(&[CAPACITY])? {
            let cell = row.cells.first().and_then(Option::as_deref).unwrap_or_default().trim();
            let whole = Written::of(&self.source, &row.file, CAPACITY).whole(cell);
            let accounts = whole.and_then(|whole| usize::try_from(whole).ok()).and_then(|whole| sum.checked_add(whole));
            match (&row.defect, accounts) {
                (Some(defect), _) => mistakes.push(format!("{}:{}: {}", row.file, row.line, defect.detail)),
                (None, Some(accounts)) => sum = accounts,
                (None, None) => mistakes.push(format!("{}:{}: `{cell}` is no number of accounts", row.file, row.line)),
            }
        }
        if mistakes.is_empty() {
            return Ok(sum);
        }
        let what = format!("the table of managers has unusable rows, {} in all", mistakes.len());
        Err(Failure::rows(&what, &mistakes, "a capacity is a whole number of accounts, such as `8`, or `0`"))
    }
}

impl Assigned {
    pub(super) fn bind(reference: &Located<String>, scope: &mut Scope) -> Option<Self> {
        source(reference, "assignments", &ASSIGNED, scope).map(|source| Self { source })
    }

    /// The manager of each account; a row without a manager says nothing.
    ///
    /// # Errors
    /// Where the table cannot be read, a row has no account, or an account has two managers; with all such rows.
    pub(super) fn managers(&self) -> Result<BTreeMap<String, String>, Failure> {
        let (mut managers, mut mistakes) = (BTreeMap::<String, String>::new(), Vec::new());
        for row in self.source.text_rows(&ASSIGNED)? {
            let mut cells = row.cells.into_iter();
            let (account, manager) = (cells.next().flatten(), cells.next().flatten().unwrap_or_default());
            let (place, manager) = (format!("{}:{}", row.file, row.line), manager.trim());
            match (row.defect, account) {
                (Some(defect), _) => mistakes.push(format!("{place}: {}", defect.detail)),
                (None, None) => mistakes.push(format!("{place}: the account is empty")),
                (None, Some(_)) if manager.is_empty() => {}
                (None, Some(account)) => match managers.get(&account) {
                    Some(known) if known != manager => {
                        mistakes.push(format!("{place}: `{account}` has `{known}` already, and now `{manager}`"));
                    }
                    _ => {
                        managers.insert(account, manager.to_owned());
                    }
                },
            }
        }
        if mistakes.is_empty() {
            return Ok(managers);
        }
        let what = format!("the table of assignments has unusable rows, {} in all", mistakes.len());
        Err(Failure::rows(&what, &mistakes, "each row needs an account, and each account has one manager"))
    }
}

//! The small tables about people: how many accounts each manager has room for, and who looks after which account.

use crate::failure::Failure;
use crate::pipeline::diagnostics::Located;
use crate::pipeline::scope::Scope;
use crate::sources::Source;
use crate::sources::written::{Written, sheet};
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

impl Room {
    pub(super) fn bind(reference: &Located<String>, scope: &mut Scope) -> Option<Self> {
        let source = scope.source(reference)?;
        let source = sheet(reference, source, "the table of managers", &[CAPACITY], scope.problems)?;
        Some(Self { source })
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
        let source = scope.source(reference)?;
        let source = sheet(reference, source, "the table of assignments", &ASSIGNED, scope.problems)?;
        Some(Self { source })
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

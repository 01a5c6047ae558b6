//! The list as it was published last, out of the history.

use super::decide::{Before, Member};
use super::reason::KEPT;
use crate::failure::Failure;
use crate::outputs::history::History;
use crate::table::{Meaning, Table};

/// The columns that the next review reads.
const READ: [(&str, Meaning); 6] = [
    ("account", Meaning::Text),
    ("key", Meaning::Flag),
    ("reason_codes", Meaning::Text),
    ("waiting_position", Meaning::Integer),
    ("since", Meaning::Date),
    ("review", Meaning::Date),
];

/// The list of the newest earlier run that published one, and that run's id.
///
/// # Errors
/// Where its table is damaged, or is no table of a selection.
pub(super) fn before(history: &History, as_of: i32, table: &str) -> Result<Option<Before>, Failure> {
    for review in history.before(as_of).iter().rev() {
        if let Some(found) = review.run.table(table)? {
            return read(&found, review.run.id()).map(Some);
        }
    }
    Ok(None)
}

fn read(table: &Table, run: &str) -> Result<Before, Failure> {
    let lacks = |(name, meaning): &&(&str, Meaning)| table.spec.column(name).is_none_or(|it| it.meaning != *meaning);
    if let Some((column, _)) = READ.iter().find(lacks) {
        return Err(Failure::Run {
            message: format!("the table `{}` of the earlier run `{run}` has no column `{column}`", table.name()),
            hint: Some("it is no table of a `select` stage; take the run out of the history".to_owned()),
        });
    }
    Ok(Before::of(table))
}

impl Before {
    /// The list of a selection, as the review after it sees it.
    pub fn of(table: &Table) -> Self {
        let (keys, waiting) = (table.flags("key"), table.integers("waiting_position"));
        let (since, codes) = (table.dates("since"), table.text("reason_codes"));
        let member = |(row, account): (usize, &str)| {
            let waiting = waiting[row].and_then(|position| usize::try_from(position).ok());
            let kept = codes[row].split(' ').any(|code| code == KEPT);
            (account.to_owned(), Member { key: keys[row], since: since[row], waiting, kept })
        };
        // All rows have the same review; a list of nobody says nothing of when it was decided.
        let review = table.dates("review").into_iter().flatten().max().unwrap_or(i32::MIN);
        Self { review, members: table.text("account").into_iter().enumerate().map(member).collect() }
    }
}

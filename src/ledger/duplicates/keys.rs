//! The parts of keys bound to the columns of one file.

use crate::dates::DateFormats;
use crate::ledger::config::Cells;
use crate::ledger::expression::{Entry, Formula};
use crate::ledger::plan::{Binder, Need, Place, Role};
use crate::sources::{SourceColumn, Stored};

/// How to get the keys of lines out of a file.
#[derive(Debug, Clone)]
pub struct KeyPlan {
    pub read: Vec<usize>,
    pub expressions: Vec<Formula>,
    pub entries: Vec<(String, Entry, Option<usize>)>,
    pub dates: DateFormats,
    /// The `exclude` rules: an excluded line is no duplicate, and keeps none out.
    pub rules: Vec<Place>,
    /// Where the newest file wins.
    pub date: Option<Place>,
    /// Columns that this file does not have and other files do.
    pub missing: Vec<String>,
    /// One per rule on duplicates.
    pub keys: Vec<KeyPlaces>,
}

/// The key of one rule on duplicates.
#[derive(Debug, Clone)]
pub struct KeyPlaces {
    /// The names of all columns, where every column is part of the key.
    pub names: Option<Vec<String>>,
    pub places: Vec<Place>,
    pub condition: Option<Place>,
}

/// Binds what a pass over the keys of a file needs.
pub fn bind_keys(mut binder: Binder, cells: &Cells) -> Option<KeyPlan> {
    let rules: Vec<Option<Place>> =
        cells.rules.iter().map(|rule| binder.bind(rule, Role::Condition, Need::Somewhere)).collect();
    let newest = cells.duplicates.iter().any(|rule| rule.is_newest);
    let role = Role::of_date(binder.config);
    let date = if newest { binder.bind(&cells.date, role, Need::Always).map(Some) } else { Some(None) };
    let mut keys = Vec::with_capacity(cells.duplicates.len());
    for rule in &cells.duplicates {
        let condition = binder.bind_optional(rule.condition.as_ref(), Role::Condition);
        let (names, places) = match &rule.key {
            None => {
                let (names, places) = every_column(&mut binder);
                (Some(names), Some(places))
            }
            Some(parts) => {
                let place = |part| binder.bind(part, Role::Key, Need::Somewhere);
                let places: Vec<Option<Place>> = parts.iter().map(place).collect();
                (None, places.into_iter().collect())
            }
        };
        keys.push(places.zip(condition).map(|(places, condition)| KeyPlaces { names, places, condition }));
    }
    Some(KeyPlan {
        rules: rules.into_iter().collect::<Option<_>>()?,
        date: date?,
        keys: keys.into_iter().collect::<Option<_>>()?,
        dates: binder.config.csv.dates.clone(),
        read: binder.read,
        expressions: binder.expressions,
        entries: binder.entries,
        missing: binder.missing,
    })
}

/// All columns by name, so that files which have them in another order have the same keys. Lists and the like have
/// no text to compare.
fn every_column(binder: &mut Binder) -> (Vec<String>, Vec<Place>) {
    let comparable = |(_, column): &(usize, &SourceColumn)| !matches!(column.stored, Stored::Other(_));
    let mut columns: Vec<(usize, &SourceColumn)> = binder.file.columns.iter().enumerate().filter(comparable).collect();
    columns.sort_by_key(|(_, column)| &column.name);
    columns.into_iter().map(|(index, column)| (column.name.clone(), Place::Read(binder.place(index)))).unzip()
}

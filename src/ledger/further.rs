//! The tables of a ledger that it makes only where its keys ask for them.

use super::account_map::AccountMap;
use super::books::Overflow;
use super::scan::Scan;
use super::tables::{Names, too_large, whole};
use super::tally::{FileTally, Tally};
use super::{control_totals, credit_notes, currency, duplicates, keys};
use crate::failure::Failure;
use crate::table::{Table, TableSpec};

/// Which of the tables that depend on keys a ledger makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub account_map: bool,
    pub currencies: bool,
    pub credit_notes: bool,
    pub duplicates: bool,
    pub control_totals: bool,
    pub merged_keys: bool,
}

impl Kept {
    pub fn specs(self, names: &Names) -> Vec<TableSpec> {
        let mut specs = Vec::new();
        if self.account_map {
            specs.push(AccountMap::spec(&names.account_map));
        }
        if self.currencies {
            specs.push(currency::spec(&names.currencies));
        }
        if self.credit_notes {
            specs.push(credit_notes::spec(&names.credit_notes));
        }
        if self.duplicates {
            specs.push(duplicates::told::spec(&names.duplicates));
        }
        if self.control_totals {
            specs.push(control_totals::compare::spec(&names.control_totals));
        }
        if self.merged_keys {
            specs.push(keys::spec(&names.merged_keys));
        }
        specs
    }
}

/// The tables themselves, in the order of their specs; `files` are the tallies up to the as-of day.
///
/// # Errors
/// Where a control total does not match, or money has too many digits.
pub fn tables(
    names: &Names,
    kept: Kept,
    (tally, files): (&Tally, &[FileTally]),
    scan: &Scan,
    as_of_year: i32,
) -> Result<Vec<Table>, Failure> {
    let name_of = |file: usize| scan.files.get(file).map_or("", |file| file.name.as_str());
    let named = || files.iter().enumerate().map(|(index, file)| (name_of(index), file));
    let mut tables = Vec::new();
    if let Some(map) = scan.account_map {
        let table = map.table(&names.account_map, &tally.moved, as_of_year);
        tables.push(table.map_err(|Overflow| too_large("the money that a row of the account map moves"))?);
    }
    if kept.currencies {
        let table = currency::table(&names.currencies, named().map(|(name, file)| (name, &file.currencies)));
        tables.push(table.map_err(|Overflow| too_large("the money of a file in a currency"))?);
    }
    if kept.credit_notes {
        let notes: Vec<(&str, credit_notes::Notes)> =
            named().map(|(name, file)| (name, file.credit_notes)).filter(|(_, notes)| notes.found.rows > 0).collect();
        let money = |count| whole(count).ok().map(|(_, amount)| amount);
        let table = credit_notes::table(&names.credit_notes, &notes, money);
        tables.push(table.ok_or_else(|| too_large("the money of a file"))?);
    }
    if kept.duplicates {
        let table = duplicates::told::table(&names.duplicates, &tally.duplicates, scan.duplicates, &name_of);
        tables.push(table.ok_or_else(|| too_large("the money of a file"))?);
    }
    if let Some(bound) = scan.control_totals {
        let lines = control_totals::compare::Lines {
            files: named().collect(),
            months: &tally.months,
            as_of_year,
            settings: scan.settings,
        };
        tables.push(control_totals::compare::check(&names.control_totals, bound, &lines)?);
    }
    tables.extend(tally.respelling.as_ref().map(|respelling| respelling.table(&names.merged_keys)));
    Ok(tables)
}

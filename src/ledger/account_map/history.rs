//! The rows of an account map in order, and whom each account counts for from which day on.

use super::index;
use crate::calendar::iso;
use std::collections::{BTreeMap, BTreeSet};

/// One row of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MapRow {
    /// `file:line`
    pub(super) place: String,
    pub(super) child: String,
    /// Nothing where the account stands alone.
    pub(super) parent: Option<String>,
    /// The first and last day; open where not declared.
    pub(super) since: i32,
    pub(super) until: i32,
}

impl MapRow {
    pub(super) fn same_content(&self, other: &Self) -> bool {
        (&self.child, &self.parent, self.since, self.until) == (&other.child, &other.parent, other.since, other.until)
    }
}

/// From a day on, an account counts for the topmost one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) from: i32,
    pub(super) top: u32,
    /// The row by which it leaves its own name, where it does.
    pub(super) row: Option<u32>,
}

/// A row without a last day ends before the next one of its child begins; declared days must not overlap.
pub(super) fn end_before_the_next(rows: &mut [MapRow], mistakes: &mut Vec<String>) {
    for place in 1..rows.len() {
        let [earlier, later] = &mut rows[place - 1..=place] else { continue };
        if earlier.child != later.child {
            continue;
        }
        if earlier.until == i32::MAX && earlier.since < later.since {
            earlier.until = later.since - 1;
        } else if later.since <= earlier.until {
            let day = if later.since == i32::MIN { "at first".to_owned() } else { format!("on {}", iso(later.since)) };
            let shown = |row: &MapRow| row.parent.as_ref().map_or("none".to_owned(), |parent| format!("`{parent}`"));
            mistakes.push(format!(
                "{}: `{}` has two parents {day}: {} here and {} in {}",
                later.place,
                later.child,
                shown(later),
                shown(earlier),
                earlier.place
            ));
        }
    }
}

/// The rows of a map, to walk from account to account.
pub(super) struct History<'a> {
    pub(super) rows: &'a [MapRow],
    pub(super) names: &'a [String],
}

impl<'a> History<'a> {
    pub(super) fn place(&self, name: &str) -> Option<u32> {
        self.names.binary_search_by(|known| known.as_str().cmp(name)).ok().and_then(|place| u32::try_from(place).ok())
    }

    fn name(&self, account: u32) -> &'a str {
        self.names.get(index(account)).map_or("", String::as_str)
    }

    /// The rows of a child, by first day.
    pub(super) fn of(&self, account: u32) -> &'a [MapRow] {
        &self.rows[self.range(account)]
    }

    fn range(&self, account: u32) -> std::ops::Range<usize> {
        let name = self.name(account);
        let first = self.rows.partition_point(|row| row.child.as_str() < name);
        first..self.rows.partition_point(|row| row.child.as_str() <= name)
    }

    /// The row of a child that holds on a day and names a parent, and that parent.
    fn parent(&self, account: u32, day: i32) -> Option<(u32, u32)> {
        let range = self.range(account);
        let rows = &self.rows[range.clone()];
        let place = rows.partition_point(|row| row.since <= day).checked_sub(1)?;
        let row = rows.get(place).filter(|row| row.until >= day)?;
        Some((u32::try_from(range.start + place).ok()?, self.place(row.parent.as_ref()?)?))
    }

    /// The days on which anything changes for an account or for one that may be above it.
    fn changes(&self, account: u32) -> BTreeSet<i32> {
        let mut days = BTreeSet::from([i32::MIN]);
        let (mut seen, mut next) = (BTreeSet::from([account]), vec![account]);
        while let Some(account) = next.pop() {
            for row in self.of(account) {
                days.extend([row.since, row.until.saturating_add(1)]);
                let parent = row.parent.as_ref().and_then(|parent| self.place(parent));
                next.extend(parent.filter(|parent| seen.insert(*parent)));
            }
        }
        days
    }

    /// From which day on an account counts for whom. Accounts that count for each other in a circle are put into
    /// `cycles`, each circle once, with the first day on which it was met.
    pub(super) fn steps(&self, account: u32, cycles: &mut BTreeMap<Vec<u32>, i32>) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for day in self.changes(account) {
            let row = self.parent(account, day).map(|(row, _)| row);
            let mut path = vec![account];
            let mut top = account;
            while let Some((_, parent)) = self.parent(top, day) {
                if let Some(start) = path.iter().position(|passed| *passed == parent) {
                    let mut cycle: Vec<u32> = path.split_off(start);
                    let least = cycle.iter().enumerate().min_by_key(|(_, account)| **account).map_or(0, |(at, _)| at);
                    cycle.rotate_left(least);
                    let first = cycles.entry(cycle).or_insert(day);
                    *first = day.min(*first);
                    break;
                }
                path.push(parent);
                top = parent;
            }
            if steps.last().is_none_or(|last| (last.top, last.row) != (top, row)) {
                steps.push(Step { from: day, top, row });
            }
        }
        steps
    }

    pub(super) fn tell_cycle(&self, cycle: &[u32], day: i32) -> String {
        let rows = cycle.iter().filter_map(|account| self.rows.get(index(self.parent(*account, day)?.0)));
        let places: Vec<&str> = rows.map(|row| row.place.as_str()).collect();
        let names: Vec<String> =
            cycle.iter().chain(cycle.first()).map(|account| format!("`{}`", self.name(*account))).collect();
        let since = if day == i32::MIN { String::new() } else { format!(" from {} on", iso(day)) };
        format!("{}: {} count for each other in a circle{since}", places.join(", "), names.join(" → "))
    }
}

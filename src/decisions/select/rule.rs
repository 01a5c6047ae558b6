//! The rule of the list: what it asks of an account, and how many places it has.

use crate::scoring::list::{EQUAL, Line};
use crate::table::Meaning;
use std::collections::BTreeMap;

/// What an account must fulfil to be on the list, and the places that there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The line over which an account comes onto the list, and the one under which it leaves it; both of one kind.
    pub enter: Line,
    pub leave: Line,
    /// Accounts of any class where there are none.
    pub classes: Vec<String>,
    /// The least part of the weight that must be known, 0 to 1.
    pub coverage: Option<f64>,
    pub require: Vec<Requirement>,
    /// Places in all, and in each group of accounts.
    pub at_most: Option<usize>,
    pub at_most_each: Option<Each>,
    /// How many accounts the managers have room for.
    pub capacity: Option<usize>,
    /// How many accounts may enter at one review, the first one excepted.
    pub entries: Option<usize>,
}

/// The least value of a measure, in whole currency units where it is money.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// As `table.column`.
    pub measure: String,
    pub meaning: Meaning,
    pub at_least: f64,
}

/// Places of each group of accounts.
#[derive(Debug, Clone, PartialEq)]
pub enum Each {
    /// So many in every group, that of the accounts without one included.
    Same(usize),
    /// So many in the groups that are named; any number in the others.
    Of(BTreeMap<String, usize>),
}

impl From<Line> for Rule {
    /// The accounts over a line, and nothing else.
    fn from(line: Line) -> Self {
        Self {
            enter: line,
            leave: line,
            classes: Vec::new(),
            coverage: None,
            require: Vec::new(),
            at_most: None,
            at_most_each: None,
            capacity: None,
            entries: None,
        }
    }
}

impl Rule {
    pub(super) fn is_of_class(&self, class: Option<&str>) -> bool {
        self.classes.is_empty() || class.is_some_and(|class| self.classes.iter().any(|able| able == class))
    }

    /// The places of a group.
    pub(super) fn each(&self, group: Option<&str>) -> Option<usize> {
        match self.at_most_each.as_ref()? {
            Each::Same(places) => Some(*places),
            Each::Of(groups) => groups.get(group?).copied(),
        }
    }
}

/// Whether a value is not below the least one; the last bits of a sum do not decide.
pub(super) fn reaches(value: f64, least: f64) -> bool {
    value + EQUAL >= least
}

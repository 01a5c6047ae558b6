//! The places on the list while they are given away.

use super::reason::{Limit, Reason};
use super::rule::Rule;
use std::collections::BTreeMap;

/// What is taken so far.
pub(super) struct Places<'r, 'a> {
    rule: &'r Rule,
    taken: usize,
    by_group: BTreeMap<Option<&'a str>, usize>,
    /// Nothing where entries are not counted.
    entries: Option<usize>,
}

impl<'r, 'a> Places<'r, 'a> {
    pub(super) fn of(rule: &'r Rule, counts_entries: bool) -> Self {
        Self { rule, taken: 0, by_group: BTreeMap::new(), entries: counts_entries.then_some(0) }
    }

    /// Gives away a place.
    pub(super) fn take(&mut self, group: Option<&'a str>, enters: bool) {
        self.taken += 1;
        *self.by_group.entry(group).or_default() += 1;
        if let Some(entries) = self.entries.as_mut().filter(|_| enters) {
            *entries += 1;
        }
    }

    /// The limits on an account of a group, each with what is taken of it.
    fn limits(&self, group: Option<&'a str>) -> Vec<(Limit<'a>, usize)> {
        let of_group = self.by_group.get(&group).copied().unwrap_or_default();
        let each = self.rule.each(group).map(|places| (Limit::Each(group, places), of_group));
        let at_most = self.rule.at_most.map(|places| (Limit::AtMost(places), self.taken));
        let capacity = self.rule.capacity.map(|places| (Limit::Capacity(places), self.taken));
        let entries = self.rule.entries.zip(self.entries).map(|(places, taken)| (Limit::Entries(places), taken));
        [at_most, each, capacity, entries].into_iter().flatten().collect()
    }

    /// The limits that leave no place to an account of a group.
    pub(super) fn full(&self, group: Option<&'a str>, enters: bool) -> Vec<Reason<'a>> {
        let is_asked = |limit: &Limit| enters || !matches!(limit, Limit::Entries(_));
        let limits = self.limits(group).into_iter();
        let full = limits.filter(|(limit, taken)| is_asked(limit) && *taken >= limit.places());
        full.map(|(limit, _)| Reason::Full(limit)).collect()
    }

    /// The limits that are passed already.
    pub(super) fn exceeded(&self, group: Option<&'a str>) -> Vec<Reason<'a>> {
        let passed = self.limits(group).into_iter().filter(|(limit, taken)| *taken > limit.places());
        passed.map(|(limit, taken)| Reason::Exceeds(limit, taken)).collect()
    }
}

impl Limit<'_> {
    pub(super) fn places(&self) -> usize {
        match self {
            Self::AtMost(places) | Self::Each(_, places) | Self::Capacity(places) | Self::Entries(places) => *places,
        }
    }
}

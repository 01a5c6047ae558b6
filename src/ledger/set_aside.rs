//! Lines that are none of the ledger, whatever stands in them: total rows, what a rule excludes, duplicates. And what
//! is told of lines beside their fate: credit notes, stated totals, months.

use super::cells::Gap;
use super::columns::Columns;
use super::control_totals::{Bound, Of, Stated};
use super::credit_notes::credited;
use super::currency::Money;
use super::duplicates::told::Lost;
use super::judge::Verdict;
use super::scan::Worker;
use super::tally::Excluded;
use super::total_rows::{self, Kind, Match, Then};
use arrow::array::{Array, BooleanArray};

/// Whether a rule holds for a row; what is neither true nor false does not.
pub fn holds(rule: &BooleanArray, row: usize) -> bool {
    rule.is_valid(row) && rule.value(row)
}

impl Worker<'_> {
    /// The amount of a credit note, which is below zero however its file writes it.
    pub(super) fn credit(&mut self, index: usize, amount: Result<i64, Gap>, money: &mut Money) -> Result<i64, Gap> {
        let turned = money.own.is_some_and(|own| own > 0);
        money.own = money.own.map(credited);
        money.is_credit_note = true;
        let amount = amount.map(credited);
        let notes = &mut self.tally(index).credit_notes;
        notes.found.add(amount.as_ref().ok().copied());
        notes.turned += i64::from(turned);
        amount
    }

    /// The sum that a row equals, where it equals one, and whether the row lacks nothing.
    #[inline]
    pub(super) fn total(&mut self, columns: &Columns, row: usize, own: i64) -> Option<(Match, bool)> {
        let running = self.running.as_mut()?;
        let found = running.recognise(own).map(|found| (found, columns.is_complete(row)));
        running.pass(
            own,
            match found {
                None => Kind::Line,
                Some((_, true)) if !self.scan.total_rows.complete => Kind::Coincidence,
                Some(_) => Kind::Total,
            },
        );
        found
    }

    /// What becomes of a line that is set aside before anybody looks at its parts; nothing where it is not.
    #[inline]
    pub(super) fn set_aside(
        &mut self,
        index: usize,
        columns: &Columns,
        row: usize,
        amount: Option<i64>,
        total: Option<(Match, bool)>,
        lost: &[Lost],
    ) -> Option<Verdict> {
        if let Some((found, complete)) = total
            && (!complete || self.scan.total_rows.complete)
        {
            match self.scan.total_rows.then {
                Then::Flag => {}
                Then::Exclude => return Some(Verdict::Excluded(Excluded::TotalRow)),
                Then::Quarantine => return Some(Verdict::Quarantined(total_rows::REASON, found.describe())),
            }
        }
        if let Some(rule) = columns.rules.iter().position(|rule| holds(rule, row)) {
            return Some(Verdict::Excluded(Excluded::Rule(rule)));
        }
        if lost.is_empty() { None } else { self.lose(index, columns, row, amount, lost) }
    }

    /// Counts a line for which others stand, and says what becomes of it where it does not stay.
    fn lose(
        &mut self,
        index: usize,
        columns: &Columns,
        row: usize,
        amount: Option<i64>,
        lost: &[Lost],
    ) -> Option<Verdict> {
        let day = columns.days.day(row).ok();
        let mut verdict = None;
        for lost in lost {
            let pair = self.tally.duplicates.entry((lost.rule, index, lost.kept_file)).or_default();
            pair.add(lost.is_exact, amount, day);
            let then = self.scan.duplicates.get(lost.rule).map(|rule| rule.then);
            verdict = verdict.or_else(|| match then? {
                Then::Flag => None,
                Then::Exclude => Some(Verdict::Excluded(Excluded::Duplicate)),
                Then::Quarantine => Some(Verdict::Quarantined("duplicate", lost.detail.clone())),
            });
        }
        verdict
    }

    /// Counts a line that was read in its month, where control totals ask; total rows that are taken out are no lines.
    #[inline]
    pub(super) fn count_month(&mut self, columns: &Columns, row: usize, amount: Option<i64>, verdict: &Verdict) {
        let is_total =
            matches!(verdict, Verdict::Excluded(Excluded::TotalRow) | Verdict::Quarantined(total_rows::REASON, _));
        if is_total || self.scan.control_totals.and_then(Bound::months) != Some(Of::Read) {
            return;
        }
        if let Some(month) = columns.days.day(row).ok().and_then(|day| self.places.get(day)) {
            self.tally.months.entry(month).or_default().add(amount);
        }
    }

    /// Notes what a row says of all rows before it: the last one of a file states the total where it lacks something.
    pub(super) fn state(
        &mut self,
        index: usize,
        columns: &Columns,
        row: usize,
        own: i64,
        total: Option<(Match, bool)>,
    ) {
        if !self.scan.control_totals.is_some_and(Bound::asks_files) {
            return;
        }
        let found = total.map(|(found, _)| found);
        let states = !columns.is_complete(row) && found.is_none_or(|found| found.of == total_rows::Of::File);
        let before = self.running.as_ref().filter(|_| states).map(|running| running.before(own, found));
        self.tally(index).stated = before.map(|found| Stated { amount: own, found });
    }
}

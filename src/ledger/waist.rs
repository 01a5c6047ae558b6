//! The waist: invoice lines become one row per account and fiscal year.
//!
//! A [`Waist`] takes the accepted lines of one thread and keeps sums. It stays small enough for the caches of a
//! processor: when it is full, all it holds goes into the [`super::total::Total`] of all threads and it begins anew. Every
//! operation is commutative, so neither the order of files nor the number of threads can show in the result.

use super::distinct::Distinct;
use super::ids::Id;
use super::index;
use super::interner::Interner;
use super::sums::{Details, FineSums};
use serde::{Deserialize, Serialize};

/// So many account years, and so many pairs for the distinct counts, fill a waist.
const FULL_YEARS: usize = 1 << 15;
const FULL_PAIRS: usize = 1 << 19;

/// An accepted line, its strings already coded.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub account: u32,
    pub fiscal_year: i32,
    /// 0 for the first month of the fiscal year.
    pub month: u8,
    pub day: i32,
    /// Minor units.
    pub amount: i64,
    /// Minor units; nothing where costs are declared and the line has none.
    pub cost: Option<i64>,
    pub invoice: Option<Id>,
    pub product: Option<Id>,
    pub category: Option<Id>,
    pub region: Option<Id>,
}

/// The sums of one account in one fiscal year. Money in 128 bits, so that no order of lines can overflow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearSums {
    pub revenue: i128,
    pub cost: i128,
    pub lines: i64,
    /// Lines with a negative amount: credit notes and returns.
    pub returns: i64,
    pub account: u32,
    pub first_day: i32,
    pub last_day: i32,
    pub fiscal_year: i16,
    /// One bit per month of the fiscal year.
    pub months: u16,
}

impl YearSums {
    /// Takes in other sums of the same account and fiscal year.
    fn merge(&mut self, other: &Self) {
        self.revenue += other.revenue;
        self.cost += other.cost;
        self.lines += other.lines;
        self.returns += other.returns;
        self.months |= other.months;
        self.first_day = self.first_day.min(other.first_day);
        self.last_day = self.last_day.max(other.last_day);
    }
}

/// Accounts and their years, found by both.
#[derive(Debug, Default)]
pub struct AccountYears {
    pub accounts: Interner,
    pub years: Vec<YearSums>,
    /// By account, the slot of the year that it was asked for last: lines come by the month.
    last: Vec<u32>,
    /// By slot, the slot of another year of the same account. The years of an account are a short list.
    further: Vec<u32>,
}

/// No slot.
const NONE: u32 = u32::MAX;

impl AccountYears {
    /// The place of the sums of an account and fiscal year, made on first sight.
    #[inline]
    fn slot(&mut self, account: u32, fiscal_year: i16, day: i32) -> u32 {
        let last = self.last.get(index(account)).copied().unwrap_or(NONE);
        match self.years.get(index(last)) {
            Some(year) if year.fiscal_year == fiscal_year => last,
            _ => self.other_slot(account, fiscal_year, day, last),
        }
    }

    /// The same behind the last year of the account; what is found comes to the front of its list.
    fn other_slot(&mut self, account: u32, fiscal_year: i16, day: i32, last: u32) -> u32 {
        let further = |list: &[u32], slot: u32| list.get(index(slot)).copied().unwrap_or(NONE);
        let (mut before, mut slot) = (last, further(&self.further, last));
        while self.years.get(index(slot)).is_some_and(|year| year.fiscal_year != fiscal_year) {
            (before, slot) = (slot, further(&self.further, slot));
        }
        if slot == NONE {
            slot = self.new_slot(account, fiscal_year, day);
        } else {
            let behind = further(&self.further, slot);
            self.further.get_mut(index(before)).into_iter().for_each(|further| *further = behind);
        }
        self.further.get_mut(index(slot)).into_iter().for_each(|further| *further = last);
        if index(account) >= self.last.len() {
            self.last.resize(index(account) + 1, NONE);
        }
        self.last.get_mut(index(account)).into_iter().for_each(|last| *last = slot);
        slot
    }

    fn new_slot(&mut self, account: u32, fiscal_year: i16, day: i32) -> u32 {
        if self.years.len() == self.years.capacity() {
            // Less than twice as many: these are most of the memory of a run with many accounts.
            self.years.reserve_exact(self.years.len() / 4 + 64);
        }
        self.years.push(YearSums {
            revenue: 0,
            cost: 0,
            lines: 0,
            returns: 0,
            account,
            first_day: day,
            last_day: day,
            fiscal_year,
            months: 0,
        });
        self.further.push(NONE);
        u32::try_from(self.years.len() - 1).unwrap_or(NONE)
    }

    fn clear(&mut self) {
        self.accounts.clear();
        self.years.clear();
        self.last.clear();
        self.further.clear();
    }

    /// How many bytes of memory they take, about.
    pub fn bytes(&self) -> usize {
        let lists = (self.last.capacity() + self.further.capacity()) * size_of::<u32>();
        self.accounts.bytes() + self.years.capacity() * size_of::<YearSums>() + lists
    }

    /// Takes in a year of an account; the slot of its sums.
    pub fn add(&mut self, account: u32, year: &YearSums) -> u32 {
        let slot = self.slot(account, year.fiscal_year, year.first_day);
        self.years.get_mut(index(slot)).into_iter().for_each(|mine| mine.merge(year));
        slot
    }

    /// Takes in years of accounts, with the codes that they have here; the slots of their sums. One step after the other,
    /// for the reason that [`Waist::add`] gives.
    pub fn merge(&mut self, years: &[(u32, &YearSums)]) -> Vec<u32> {
        let slot = |(account, year): &(u32, &YearSums)| self.slot(*account, year.fiscal_year, year.first_day);
        let slots: Vec<u32> = years.iter().map(slot).collect();
        for ((_, year), slot) in years.iter().zip(&slots) {
            self.years.get_mut(index(*slot)).into_iter().for_each(|mine| mine.merge(year));
        }
        slots
    }
}

/// Accepted lines of one thread, summed.
#[derive(Debug, Default)]
pub struct Waist {
    pub sums: AccountYears,
    /// Pairs of account year and thing, as [`Distinct`] makes them; some are there more than once.
    pub invoices: Vec<u64>,
    pub products: Vec<u64>,
    /// Which finer sums are kept, and the sums.
    details: Details,
    pub fine: FineSums,
}

impl Waist {
    /// An empty waist that keeps the finer sums asked for beside the years.
    pub fn keeping(details: Details) -> Self {
        Self { details, ..Self::default() }
    }

    /// Empties it; its memory stays for what comes next.
    pub fn clear(&mut self) {
        self.sums.clear();
        self.invoices.clear();
        self.products.clear();
        self.fine = FineSums::default();
    }

    /// Whether it is time to put it into the total.
    pub fn is_full(&self) -> bool {
        self.sums.years.len() >= FULL_YEARS || self.invoices.len() + self.products.len() >= FULL_PAIRS
    }

    /// Adds lines, their accounts in the codes of this waist.
    ///
    /// One step after the other for all of them, and not all steps line by line: much of the time goes into waiting
    /// for memory, and lookups of one step do not depend on each other and wait side by side.
    pub fn add(&mut self, lines: &[Line]) {
        let sums = &mut self.sums;
        let year = |line: &Line| i16::try_from(line.fiscal_year).unwrap_or(i16::MAX);
        let slots: Vec<u32> = lines.iter().map(|line| sums.slot(line.account, year(line), line.day)).collect();
        let placed = || lines.iter().zip(slots.iter().copied());
        for (line, slot) in placed() {
            let Some(year) = sums.years.get_mut(index(slot)) else { continue };
            year.revenue += i128::from(line.amount);
            year.cost += i128::from(line.cost.unwrap_or_default());
            year.lines += 1;
            year.returns += i64::from(line.amount < 0);
            year.months |= 1 << line.month;
            year.first_day = year.first_day.min(line.day);
            year.last_day = year.last_day.max(line.day);
        }
        gather(&mut self.invoices, placed().filter_map(|(line, slot)| Some((slot, line.invoice?))));
        gather(&mut self.products, placed().filter_map(|(line, slot)| Some((slot, line.product?))));
        if self.details.any() {
            placed().for_each(|(line, slot)| self.fine.add(self.details, slot, line));
        }
    }
}

/// Takes in pairs; neighbours are often equal.
fn gather(pairs: &mut Vec<u64>, new: impl Iterator<Item = (u32, Id)>) {
    let mut last = pairs.last().copied();
    for (slot, thing) in new {
        let pair = Distinct::pair(slot, thing);
        if last != Some(pair) {
            pairs.push(pair);
            last = Some(pair);
        }
    }
}

impl FineSums {
    fn add(&mut self, details: Details, slot: u32, line: &Line) {
        let amount = i128::from(line.amount);
        if details.months {
            self.months.add(slot, line.month.into(), amount);
        }
        if let Some(product) = line.product.filter(|_| details.products) {
            self.products.add(slot, product.bits(), amount);
        }
        if let Some(category) = line.category.filter(|_| details.categories) {
            self.categories.add(slot, category.bits(), amount);
        }
        if let Some(region) = line.region.filter(|_| details.regions) {
            self.regions.add(slot, region.bits(), amount);
        }
        if details.days {
            self.days.add(line.account, line.day.cast_unsigned().into(), amount);
        }
    }
}

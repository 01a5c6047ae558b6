//! The waist: invoice lines become one row per account and fiscal year.
//!
//! A [`Waist`] takes the accepted lines of one thread and keeps sums. No account is looked up in it but by its code, and one
//! that comes back may have another: to find it among all that were there would take as long as to put its sums into the
//! [`super::total::Total`] of all threads twice. There they go, shard by shard, when the waist is full, which is soon: what
//! it holds is to stay in the cache of its thread. Every operation is commutative, so neither the order of files nor the
//! number of threads can show in the result.

use super::distinct::Distinct;
use super::ids::Id;
use super::index;
use super::key::{Hashed, Label};
use super::lines::{Lines, Run};
use super::names::Names;
use super::shard::Record;
use super::sums::{Details, FineSums};
use super::year_sums::YearSums;
use std::ops::Range;

/// As many shards as make each of them small in the total, and few enough that a full waist has some for each.
pub const SHARDS: u8 = 128;

/// So many sums, and so many pairs for the distinct counts, fill a waist.
const FULL_SUMS: usize = 1 << 13;
const FULL_PAIRS: usize = 1 << 20;

/// The accounts of a waist by code.
#[derive(Debug, Default)]
pub struct Accounts {
    list: Vec<Account>,
    pub long: Names,
}

#[derive(Debug, Clone, Copy)]
struct Account {
    label: Label,
    /// The shard that the hash of the name tells.
    shard: u8,
}

impl Accounts {
    /// Adds an account; its code.
    #[inline]
    pub fn push(&mut self, name: &str) -> u32 {
        let Hashed { key, hash } = Hashed::of(name);
        // By bits that tables do not look at.
        let shard = (hash >> 32) as u8 % SHARDS;
        self.list.push(Account { label: Label::of(key, name, &mut self.long), shard });
        u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
    }

    /// The name of the account with a code.
    pub fn text(&self, code: u32) -> &str {
        self.list.get(index(code)).map_or("", |account| account.label.text(&self.long))
    }

    fn clear(&mut self) {
        self.list.clear();
        self.long.clear();
    }
}

/// The sums of the accounts of one shard in one fiscal year. An account may be there more than once.
#[derive(Debug, Default)]
pub struct Part {
    pub records: Vec<Record>,
    /// Pairs of a record's number and a thing, as [`Distinct`] makes them; some are there more than once.
    pub invoices: Vec<u64>,
    pub products: Vec<u64>,
    /// By the number of a record. Seldom asked for, and so out of the way.
    pub fine: Box<FineSums>,
}

impl Part {
    fn clear(&mut self) {
        self.records.clear();
        self.invoices.clear();
        self.products.clear();
        *self.fine = FineSums::default();
    }
}

/// No slot.
const NONE: u32 = u32::MAX;

/// The sums of one fiscal year.
#[derive(Debug)]
pub struct Year {
    pub fiscal_year: i32,
    /// By shard.
    pub parts: Vec<Part>,
    /// By the code of an account, the number of its record.
    slots: Vec<u32>,
}

impl Year {
    fn new(fiscal_year: i32) -> Self {
        let parts = std::iter::repeat_with(Part::default).take(SHARDS.into()).collect();
        Self { fiscal_year, parts, slots: Vec::new() }
    }
}

/// Accepted lines of one thread, summed.
#[derive(Debug, Default)]
pub struct Waist {
    pub accounts: Accounts,
    /// How many records there are.
    held: usize,
    /// Few, because lines come by the month.
    years: Vec<Year>,
    /// Which finer sums are kept.
    details: Details,
}

impl Waist {
    /// An empty waist that keeps the finer sums asked for beside the years.
    pub fn keeping(details: Details) -> Self {
        Self { details, ..Self::default() }
    }

    /// Empties it. The memory of its fiscal years stays for what comes next, as that is mostly of the same ones.
    pub fn clear(&mut self) {
        self.accounts.clear();
        self.held = 0;
        self.years.retain(|year| year.parts.iter().any(|part| !part.records.is_empty()));
        for year in &mut self.years {
            year.slots.clear();
            year.parts.iter_mut().for_each(Part::clear);
        }
    }

    /// Whether it is time to put it into the total.
    pub fn is_full(&self) -> bool {
        let parts = self.years.iter().flat_map(|year| &year.parts);
        let pairs: usize = parts.map(|part| part.invoices.len() + part.products.len()).sum();
        self.held.max(self.accounts.list.len()) >= FULL_SUMS || pairs >= FULL_PAIRS
    }

    /// All sums.
    pub fn years(&self) -> &[Year] {
        &self.years
    }

    /// Adds lines. Where sums by thing are kept, each run is of one line.
    pub fn add(&mut self, lines: &Lines) {
        let mut next = 0;
        for Run { account, fiscal_year, sums } in &lines.runs {
            let of_run = next..next + index(sums.lines);
            next = of_run.end;
            let place = self.years.iter().position(|year| year.fiscal_year == *fiscal_year).unwrap_or_else(|| {
                self.years.push(Year::new(*fiscal_year));
                self.years.len() - 1
            });
            let Some(Year { parts, slots, .. }) = self.years.get_mut(place) else { continue };
            let Some(Account { label, shard }) = self.accounts.list.get(index(*account)).copied() else { continue };
            let Some(part) = parts.get_mut(usize::from(shard)) else { continue };
            let known = slots.get(index(*account)).copied().unwrap_or(NONE);
            let slot = match part.records.get_mut(index(known)) {
                Some(record) => {
                    record.sums.merge(sums);
                    known
                }
                None => {
                    let slot = u32::try_from(part.records.len()).unwrap_or(NONE);
                    part.records.push(Record { account: label, sums: *sums });
                    self.held += 1;
                    slots.resize(slots.len().max(index(*account) + 1), NONE);
                    slots.get_mut(index(*account)).into_iter().for_each(|place| *place = slot);
                    slot
                }
            };
            gather(&mut part.invoices, slot, &lines.invoices, &of_run);
            gather(&mut part.products, slot, &lines.products, &of_run);
            if self.details.any() {
                let things = [&lines.products, &lines.categories, &lines.regions];
                let things = things.map(|things| things.get(of_run.start).copied().flatten());
                part.fine.add(self.details, slot, sums, things);
            }
        }
    }
}

/// Takes in the pairs of a run's lines, where they have things; neighbours are often equal.
#[inline]
fn gather(pairs: &mut Vec<u64>, slot: u32, things: &[Option<Id>], run: &Range<usize>) {
    for thing in things.get(run.clone()).unwrap_or_default().iter().flatten() {
        let pair = Distinct::pair(slot, *thing);
        if pairs.last() != Some(&pair) {
            pairs.push(pair);
        }
    }
}

impl FineSums {
    /// Adds a run, and where sums by thing are kept, the things of its only line.
    fn add(&mut self, details: Details, slot: u32, run: &YearSums, [product, category, region]: [Option<Id>; 3]) {
        let amount = run.revenue.get();
        if details.months {
            self.months.add(slot, run.months.trailing_zeros().into(), amount);
        }
        if let Some(product) = product.filter(|_| details.products) {
            self.products.add(slot, product.bits(), amount);
        }
        if let Some(category) = category.filter(|_| details.categories) {
            self.categories.add(slot, category.bits(), amount);
        }
        if let Some(region) = region.filter(|_| details.regions) {
            self.regions.add(slot, region.bits(), amount);
        }
        if details.days {
            self.days.add(slot, run.first_day.cast_unsigned().into(), amount);
        }
    }
}

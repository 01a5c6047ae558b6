//! The waist: invoice lines become one row per account and fiscal year.
//!
//! A [`Waist`] takes the accepted lines of one thread and keeps sums. Nothing is looked up in it but what stands beside:
//! it lays sums where those of the same shard lie. When it is full, all it holds goes into the [`super::total::Total`] of
//! all threads, shard by shard, and it begins anew. Every operation is commutative, so neither the order of files nor the
//! number of threads can show in the result.

use super::distinct::Distinct;
use super::ids::Id;
use super::index;
use super::key::{Hashed, Label};
use super::names::Names;
use super::sums::{Details, FineSums};
use super::year_sums::YearSums;

/// As many shards as make each of them small in the total, and few enough that a full waist has some for each.
pub const SHARDS: usize = 128;

/// So many accounts or account years, and so many pairs for the distinct counts, fill a waist.
const FULL_YEARS: usize = 1 << 16;
const FULL_PAIRS: usize = 1 << 20;

/// An accepted line, its strings already coded.
#[derive(Debug, Clone, Copy, Default)]
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

/// An account as a waist knows it.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub label: Label,
    pub hash: u64,
}

/// The accounts of a waist by shard, which the hash of the name tells. One that comes back may have several codes: to find
/// it among all that were there would take as long as to put its sums into the total twice.
#[derive(Debug)]
pub struct Accounts {
    shards: Vec<Vec<Account>>,
    pub long: Names,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { shards: vec![Vec::new(); SHARDS], long: Names::default() }
    }
}

impl Accounts {
    /// Adds an account; its code.
    #[inline]
    pub fn push(&mut self, name: &str) -> u32 {
        let Hashed { key, hash } = Hashed::of(name);
        let shard = shard_of(hash);
        let Some(accounts) = self.shards.get_mut(shard) else { return u32::MAX };
        let code = accounts.len() * SHARDS + shard;
        accounts.push(Account { label: Label::of(key, name, &mut self.long), hash });
        u32::try_from(code).unwrap_or(u32::MAX)
    }

    /// The name of the account with a code.
    pub fn text(&self, code: u32) -> &str {
        let (shard, place) = placed(code);
        self.of_shard(shard).get(place).map_or("", |account| account.label.text(&self.long))
    }

    pub fn of_shard(&self, shard: usize) -> &[Account] {
        self.shards.get(shard).map(Vec::as_slice).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.shards.iter_mut().for_each(Vec::clear);
        self.long.clear();
    }
}

/// The shard of an account, by the hash of its name: by bits that tables do not look at.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

/// The shard that a code tells, and the place of the account in it.
fn placed(code: u32) -> (usize, usize) {
    (index(code) % SHARDS, index(code) / SHARDS)
}

/// The sums of the accounts of one shard in one fiscal year.
#[derive(Debug, Default)]
pub struct Part {
    /// By slot: the place of the account among those of the shard, and its sums.
    pub sums: Vec<(u32, YearSums)>,
    /// By place of the account, its slot.
    slots: Vec<u32>,
    /// Pairs of slot and thing, as [`Distinct`] makes them; some are there more than once.
    pub invoices: Vec<u64>,
    pub products: Vec<u64>,
    /// By slot.
    pub fine: FineSums,
}

/// No slot.
const NONE: u32 = u32::MAX;

impl Part {
    /// Takes in sums of an account; its slot.
    #[inline]
    fn add(&mut self, account: usize, sums: YearSums) -> u32 {
        match self.slots.get(account) {
            Some(slot) if *slot != NONE => {
                self.sums.get_mut(index(*slot)).into_iter().for_each(|(_, mine)| mine.merge(&sums));
                *slot
            }
            _ => self.push(account, sums),
        }
    }

    #[inline]
    fn push(&mut self, account: usize, sums: YearSums) -> u32 {
        let slot = u32::try_from(self.sums.len()).unwrap_or(NONE);
        self.sums.push((u32::try_from(account).unwrap_or(NONE), sums));
        if account >= self.slots.len() {
            self.slots.resize(account + 1, NONE);
        }
        self.slots.get_mut(account).into_iter().for_each(|place| *place = slot);
        slot
    }

    fn clear(&mut self) {
        self.sums.clear();
        self.slots.clear();
        self.invoices.clear();
        self.products.clear();
        self.fine = FineSums::default();
    }
}

/// Accepted lines of one thread, summed.
#[derive(Debug, Default)]
pub struct Waist {
    pub accounts: Accounts,
    /// By fiscal year and shard; few, because lines come by the month.
    years: Vec<(i32, Vec<Part>)>,
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
        self.years.retain(|(_, parts)| parts.iter().any(|part| !part.sums.is_empty()));
        self.years.iter_mut().flat_map(|(_, parts)| parts).for_each(Part::clear);
    }

    /// Whether it is time to put it into the total.
    pub fn is_full(&self) -> bool {
        let parts = || self.years.iter().flat_map(|(_, parts)| parts);
        let accounts: usize = self.accounts.shards.iter().map(Vec::len).sum();
        let years: usize = parts().map(|part| part.sums.len()).sum();
        let pairs: usize = parts().map(|part| part.invoices.len() + part.products.len()).sum();
        accounts.max(years) >= FULL_YEARS || pairs >= FULL_PAIRS
    }

    /// All sums, by fiscal year and shard.
    pub fn years(&self) -> &[(i32, Vec<Part>)] {
        &self.years
    }

    /// Adds lines, their accounts in the codes of this waist. Neighbours of one account are summed first: the lines of an
    /// invoice stand together.
    pub fn add(&mut self, lines: &[Line]) {
        for lines in lines.chunk_by(|one, next| one.account == next.account && one.fiscal_year == next.fiscal_year) {
            let Some(Line { account, fiscal_year, .. }) = lines.first() else { continue };
            let (shard, account) = placed(*account);
            let place = self.years.iter().position(|(year, _)| year == fiscal_year).unwrap_or_else(|| {
                self.years.push((*fiscal_year, std::iter::repeat_with(Part::default).take(SHARDS).collect()));
                self.years.len() - 1
            });
            let Some(part) = self.years.get_mut(place).and_then(|(_, parts)| parts.get_mut(shard)) else { continue };
            let slot = part.add(account, YearSums::of(lines));
            gather(&mut part.invoices, slot, lines.iter().filter_map(|line| line.invoice));
            gather(&mut part.products, slot, lines.iter().filter_map(|line| line.product));
            if self.details.any() {
                lines.iter().for_each(|line| part.fine.add(self.details, slot, line));
            }
        }
    }
}

/// Takes in pairs; neighbours are often equal.
#[inline]
fn gather(pairs: &mut Vec<u64>, slot: u32, things: impl Iterator<Item = Id>) {
    for thing in things {
        let pair = Distinct::pair(slot, thing);
        if pairs.last() != Some(&pair) {
            pairs.push(pair);
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
            self.days.add(slot, line.day.cast_unsigned().into(), amount);
        }
    }
}

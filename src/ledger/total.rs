//! The sums of all threads, in shards.
//!
//! An account belongs to the shard that its name tells. A thread that empties its [`Waist`] goes from shard to shard and
//! locks one at a time, so that threads seldom wait for each other, and what it touches of a shard is close together.

use super::blocks::{Block, Fine};
use super::counted::Counted;
use super::distinct::Distinct;
use super::ids::{Identifier, Ids};
use super::index;
use super::interner::Interner;
use super::sums::{FineSums, Sums};
use super::waist::{AccountYears, Waist, YearSums};
use crate::failure::Failure;
use crate::scratch::{Memory, Scratch};
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As many shards as make each of them small, and few enough that a full waist has some for each.
const SHARDS: usize = 128;

/// The slots of a shard have so many bits in a pair of [`Distinct`].
const SLOTS: usize = 1 << 24;

/// How much memory sums may take.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Pairs for the distinct counts are put aside where all sums take more bytes.
    bytes: usize,
    /// Whether a run fails where they do so without any pairs.
    is_declared: bool,
}

impl Room {
    /// That of a run that may take so many bytes: half of them, for what is made of the sums takes the other half.
    pub fn of(memory_limit: Option<u64>) -> Self {
        let half = memory_limit.map(|limit| usize::try_from(limit / 2).unwrap_or(usize::MAX));
        Self { bytes: half.unwrap_or(1 << 30), is_declared: half.is_some() }
    }
}

/// The sums of the accounts of one shard.
#[derive(Debug, Default)]
pub struct Shard {
    pub sums: AccountYears,
    pub invoices: Distinct,
    pub products: Distinct,
    pub fine: FineSums,
    /// Years that were counted in an earlier run: the slot, its invoices and its products.
    pub settled: Vec<(u32, (u32, u32))>,
}

impl Shard {
    fn pairs(&self) -> usize {
        self.invoices.bytes() + self.products.bytes()
    }

    fn bytes(&self) -> usize {
        self.sums.bytes() + self.fine.bytes() + self.pairs()
    }

    fn refuse_too_many(&self) -> Result<(), Failure> {
        let fits = self.sums.years.len() <= SLOTS;
        fits.then_some(()).ok_or_else(|| Failure::run("the accounts have too many years to count what each has seen"))
    }
}

/// The sums of all accounts.
#[derive(Debug)]
pub struct Total {
    shards: Vec<Mutex<Shard>>,
    /// The keys of invoices, products, categories and regions.
    pub ids: Arc<Mutex<Ids>>,
    /// The bytes of all shards in memory, and those of their pairs.
    held: AtomicUsize,
    pairs: AtomicUsize,
    room: Room,
    scratch: Arc<dyn Scratch>,
    /// The shard that the next thread begins with.
    turn: AtomicUsize,
}

impl Default for Total {
    /// Nothing yet, all of it in memory.
    fn default() -> Self {
        Self::new(Arc::default(), Room::of(None), Arc::new(Memory::default()))
    }
}

impl Total {
    /// Nothing yet, with keys that are known already.
    pub fn new(ids: Arc<Mutex<Ids>>, room: Room, scratch: Arc<dyn Scratch>) -> Self {
        let shards = std::iter::repeat_with(Mutex::default).take(SHARDS).collect();
        let (held, pairs, turn) = Default::default();
        Self { shards, ids, held, pairs, room, scratch, turn }
    }

    /// Takes in the sums of a waist.
    ///
    /// # Errors
    /// Where pairs are put aside and cannot be written, or a shard has too many account years.
    pub fn take(&self, waist: &Waist) -> Result<(), Failure> {
        let accounts = &waist.sums.accounts;
        let years = &waist.sums.years;
        let of_account: Vec<usize> = accounts.hashes().map(shard_of).collect();
        let of_code = |code: u32| of_account.get(index(code)).copied().unwrap_or_default();
        let of_year: Vec<usize> = years.iter().map(|year| of_code(year.account)).collect();
        let of_slot = |slot: u32| of_year.get(index(slot)).copied().unwrap_or_default();
        let year_places = Routed::of(0..u32::try_from(years.len()).unwrap_or(u32::MAX), |slot| of_slot(*slot));
        let invoices = Routed::of(waist.invoices.iter().copied(), |pair| of_slot(Distinct::slot(*pair)));
        let products = Routed::of(waist.products.iter().copied(), |pair| of_slot(Distinct::slot(*pair)));
        let fine = waist.fine.by_slot().map(|sums| Routed::of(sums.iter(), |(slot, _, _)| of_slot(*slot)));
        let days = Routed::of(waist.fine.days.iter(), |(account, _, _)| of_code(*account));
        // By the codes and slots of the waist, those of the shards.
        let mut codes = vec![u32::MAX; accounts.len()];
        let mut slots = vec![u32::MAX; years.len()];
        let first = self.turn.fetch_add(SHARDS / 2 + 1, Ordering::Relaxed);
        for shard in (first..first + SHARDS).map(|shard| shard % SHARDS) {
            let Some(mine) = self.shards.get(shard).filter(|_| !year_places.of_shard(shard).is_empty()) else {
                continue;
            };
            let mut mine = mine.lock().unwrap_or_else(PoisonError::into_inner);
            let before = (mine.bytes(), mine.pairs());
            let of_shard = year_places.of_shard(shard);
            let mut new: Vec<u32> = of_shard.iter().filter_map(|slot| Some(years.get(index(*slot))?.account)).collect();
            new.sort_unstable();
            new.dedup();
            let names: Vec<&str> = new.iter().map(|code| accounts.text(*code)).collect();
            for (code, there) in new.iter().zip(mine.sums.accounts.codes(&names)) {
                codes.get_mut(index(*code)).into_iter().for_each(|code| *code = there);
            }
            let new: Vec<(u32, &YearSums)> = of_shard
                .iter()
                .filter_map(|slot| years.get(index(*slot)))
                .map(|year| (at(&codes, year.account), year))
                .collect();
            for (slot, there) in of_shard.iter().zip(mine.sums.merge(&new)) {
                slots.get_mut(index(*slot)).into_iter().for_each(|slot| *slot = there);
            }
            mine.refuse_too_many()?;
            let moved = |pair: &u64| Distinct::moved(*pair, at(&slots, Distinct::slot(*pair)));
            mine.invoices.extend(invoices.of_shard(shard).iter().map(moved));
            mine.products.extend(products.of_shard(shard).iter().map(moved));
            for (mine, fine) in mine.fine.by_slot_mut().into_iter().zip(&fine) {
                fine.of_shard(shard)
                    .iter()
                    .for_each(|(slot, part, amount)| mine.add(at(&slots, *slot), *part, *amount));
            }
            for (account, day, amount) in days.of_shard(shard) {
                mine.fine.days.add(at(&codes, *account), *day, *amount);
            }
            self.account_for(&mut mine, before)?;
        }
        Ok(())
    }

    /// Keeps count of the memory that a shard takes, which was so much before, and of that of its pairs; puts its pairs
    /// aside where there is no room.
    fn account_for(&self, shard: &mut Shard, (bytes, pairs): (usize, usize)) -> Result<(), Failure> {
        let add = |count: &AtomicUsize, now: usize, before: usize| {
            let sum = count.fetch_add(now, Ordering::Relaxed) + now;
            count.fetch_sub(before, Ordering::Relaxed);
            sum - before.min(sum)
        };
        let pairs_before = shard.pairs();
        let (held, held_pairs) = (add(&self.held, shard.bytes(), bytes), add(&self.pairs, pairs_before, pairs));
        if held <= self.room.bytes {
            return Ok(());
        }
        if self.room.is_declared && held - held_pairs.min(held) > self.room.bytes {
            return Err(no_room(self.room.bytes));
        }
        // Few pairs are not worth a place of their own.
        if pairs_before > self.room.bytes / (8 * SHARDS) {
            shard.invoices.put_aside(&*self.scratch)?;
            shard.products.put_aside(&*self.scratch)?;
            add(&self.held, 0, pairs_before);
            add(&self.pairs, 0, pairs_before);
        }
        Ok(())
    }

    /// Takes in another total with the same ids.
    ///
    /// # Errors
    /// As for [`Total::take`], and where pairs put aside cannot be read.
    pub fn merge(&mut self, other: Self) -> Result<(), Failure> {
        for (mine, other) in self.shards.iter_mut().zip(other.shards) {
            let mine = mine.get_mut().unwrap_or_else(PoisonError::into_inner);
            let other = other.into_inner().unwrap_or_else(PoisonError::into_inner);
            mine.merge(other, &*self.scratch)?;
        }
        *self.held.get_mut() += other.held.into_inner();
        *self.pairs.get_mut() += other.pairs.into_inner();
        Ok(())
    }

    /// Takes in what an earlier run has made of a block. No line of its fiscal years may come in any other way.
    pub fn settle(&self, block: &Block) {
        let mut years = block.years.iter();
        let mut slots: Vec<(usize, u32)> = Vec::with_capacity(block.years.len());
        let mut codes: Vec<(usize, u32)> = Vec::with_capacity(block.accounts.len());
        // The accounts of a block are in the order of their shards, so that each is locked once.
        let mut locked: Option<(usize, MutexGuard<Shard>)> = None;
        for (account, count) in &block.accounts {
            let shard = shard_of(Interner::hash_of(account));
            let Some(mine) = self.shards.get(shard) else { continue };
            if locked.as_ref().is_none_or(|(other, _)| *other != shard) {
                // The one of before has to be let go first: two threads must not wait for each other.
                drop(locked.take());
                locked = Some((shard, mine.lock().unwrap_or_else(PoisonError::into_inner)));
            }
            let Some((_, mine)) = &mut locked else { continue };
            let code = mine.sums.accounts.code(account);
            codes.push((shard, code));
            for year in years.by_ref().take(index(*count)) {
                let slot = mine.sums.add(code, &year.sums);
                mine.settled.push((slot, (year.invoices, year.products)));
                slots.push((shard, slot));
            }
        }
        drop(locked);
        let mut identifier = Identifier::new(&self.ids);
        let names: Vec<u64> = block.names.iter().map(|name| identifier.id(name).bits()).collect();
        let add = |fine: &[Fine],
                   places: &[(usize, u32)],
                   part_of: &dyn Fn(u32) -> u64,
                   kind: fn(&mut FineSums) -> &mut Sums| {
            for (place, part, amount) in fine {
                let Some((shard, slot)) = places.get(index(*place)) else { continue };
                let Some(mine) = self.shards.get(*shard) else { continue };
                let mut mine = mine.lock().unwrap_or_else(PoisonError::into_inner);
                kind(&mut mine.fine).add(*slot, part_of(*part), *amount);
            }
        };
        let named = |place: u32| names.get(index(place)).copied().unwrap_or_default();
        add(&block.months_of_years, &slots, &u64::from, |fine| &mut fine.months);
        add(&block.products, &slots, &named, |fine| &mut fine.products);
        add(&block.categories, &slots, &named, |fine| &mut fine.categories);
        add(&block.regions, &slots, &named, |fine| &mut fine.regions);
        add(&block.days_of_accounts, &codes, &u64::from, |fine| &mut fine.days);
    }

    /// Counts what is distinct, now that all lines have passed.
    ///
    /// # Errors
    /// Where pairs put aside cannot be read.
    pub fn counted(self) -> Result<(Vec<Counted>, Ids), Failure> {
        let shards = self
            .shards
            .into_par_iter()
            .map(|shard| Counted::of(shard.into_inner().unwrap_or_else(PoisonError::into_inner), &*self.scratch));
        let shards = shards.collect::<Result<Vec<Counted>, Failure>>()?;
        let ids = std::mem::take(&mut *self.ids.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((shards, ids))
    }
}

impl Shard {
    fn merge(&mut self, other: Self, scratch: &dyn Scratch) -> Result<(), Failure> {
        if self.sums.years.is_empty() {
            *self = other;
            return Ok(());
        }
        let names: Vec<&str> = other.sums.accounts.texts().collect();
        let codes = self.sums.accounts.codes(&names);
        let years = other.sums.years.iter().map(|year| (at(&codes, year.account), year));
        let slots = self.sums.merge(&years.collect::<Vec<_>>());
        self.refuse_too_many()?;
        self.invoices.merge(other.invoices, &slots, scratch)?;
        self.products.merge(other.products, &slots, scratch)?;
        for (mine, other) in self.fine.by_slot_mut().into_iter().zip(other.fine.by_slot()) {
            other.iter().for_each(|(slot, part, amount)| mine.add(at(&slots, slot), part, amount));
        }
        for (account, day, amount) in other.fine.days.iter() {
            self.fine.days.add(at(&codes, account), day, amount);
        }
        self.settled.extend(other.settled.into_iter().map(|(slot, counts)| (at(&slots, slot), counts)));
        Ok(())
    }
}

fn no_room(bytes: usize) -> Failure {
    let half = bytesize::ByteSize::b(u64::try_from(bytes).unwrap_or(u64::MAX)).display().si();
    Failure::Run {
        message: format!("the sums of the accounts take more than half of `memory_limit`, {half}"),
        hint: Some("raise it: the other half is for the tables that are made of the sums".to_owned()),
    }
}

/// The shard of an account, by the hash of its name: of bits that its table does not look at.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() % SHARDS
}

/// What a code or slot is elsewhere.
fn at(list: &[u32], place: u32) -> u32 {
    list.get(index(place)).copied().unwrap_or(u32::MAX)
}

/// Things in the order of their shards.
struct Routed<T> {
    things: Vec<T>,
    /// Where those of each shard end.
    ends: Vec<usize>,
}

impl<T: Copy> Routed<T> {
    /// Sorts things by shard: counted, and then put where they belong.
    fn of(things: impl Iterator<Item = T> + Clone, shard: impl Fn(&T) -> usize) -> Self {
        let mut ends = vec![0usize; SHARDS];
        let mut count = 0;
        for thing in things.clone() {
            ends.get_mut(shard(&thing)).into_iter().for_each(|end| *end += 1);
            count += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // For now where it begins.
            sum += std::mem::replace(end, sum);
        }
        let mut sorted = things.clone().next().map(|first| vec![first; count]).unwrap_or_default();
        for thing in things {
            let Some(next) = ends.get_mut(shard(&thing)) else { continue };
            sorted.get_mut(*next).into_iter().for_each(|place| *place = thing);
            *next += 1;
        }
        Self { things: sorted, ends }
    }

    fn of_shard(&self, shard: usize) -> &[T] {
        let start = shard.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(shard).copied().unwrap_or_default();
        self.things.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::books::Books;
    use crate::ledger::waist::Line;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// What a plain map keeps of an account year: money, lines, invoices and products.
    type Plain<'a> = (i64, i64, BTreeSet<&'a str>, BTreeSet<&'a str>);

    #[test]
    fn sums_without_room_are_told() {
        let total =
            Total::new(Arc::default(), Room { bytes: 1_000_000, is_declared: true }, Arc::new(Memory::default()));
        let mut waist = Waist::default();
        for number in 0..10_000 {
            let account = waist.sums.accounts.code(&format!("account {number}"));
            waist.add(&[Line {
                account,
                fiscal_year: 2024,
                month: 0,
                day: 0,
                amount: 1,
                cost: None,
                invoice: None,
                product: None,
                category: None,
                region: None,
            }]);
        }
        insta::assert_snapshot!(total.take(&waist).unwrap_err().render(false), @"
        error: the sums of the accounts take more than half of `memory_limit`, 1.0 MB
        hint: raise it: the other half is for the tables that are made of the sums
        ");
    }

    proptest! {
        /// However lines are spread over waists and totals, and whatever is put aside, the books are those of a map.
        #[test]
        fn the_books_are_those_of_a_plain_map(
            lines in proptest::collection::vec(
                ("[a-d]{1,2}", 2020i32..2024, -50i64..100, "[AB]?[0-9]{0,2}", "p[0-9]|[xy]", 0usize..4), 1..300),
            bytes in prop_oneof![Just(0usize), Just(20_000), Just(usize::MAX)],
        ) {
            let ids: Arc<Mutex<Ids>> = Arc::default();
            let scratch: Arc<dyn Scratch> = Arc::new(Memory::default());
            let total = || Total::new(Arc::clone(&ids), Room { bytes, is_declared: false }, Arc::clone(&scratch));
            let (mut one, other) = (total(), total());
            let mut expected: BTreeMap<(&str, i32), Plain> = BTreeMap::new();
            let mut waist = Waist::default();
            for (account, year, amount, invoice, product, end) in &lines {
                let id = |key: &str| Some(ids.lock().unwrap().id(key));
                let code = waist.sums.accounts.code(account);
                waist.add(&[Line {
                    account: code, fiscal_year: *year, month: 3, day: 19_000, amount: *amount, cost: None,
                    invoice: id(invoice), product: id(product), category: None, region: None,
                }]);
                if *end < 2 {
                    [&one, &other][*end].take(&waist).unwrap();
                    waist = Waist::default();
                }
                let plain = expected.entry((account, *year)).or_default();
                plain.0 += amount;
                plain.1 += 1;
                plain.2.insert(invoice);
                plain.3.insert(product);
            }
            other.take(&waist).unwrap();
            one.merge(other).unwrap();
            let books = one.counted().and_then(|(shards, ids)| Books::of(&shards, &ids, 2022, i32::MAX)).unwrap();
            let found: Vec<_> = books.years.iter().map(|year| {
                let account = books.accounts[year.account as usize].as_str();
                (account, year.fiscal_year, year.revenue, i64::from(year.lines), year.invoices, year.products)
            }).collect();
            let count = |set: &BTreeSet<&str>| set.len() as u32;
            let expected: Vec<_> = expected.iter().filter(|((_, year), _)| *year <= 2022).map(|((account, year), plain)| {
                (*account, *year, plain.0, plain.1, count(&plain.2), count(&plain.3))
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

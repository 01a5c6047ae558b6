//! The sums of all threads, by fiscal year and in shards.
//!
//! An account belongs to the shard that its name tells. A thread that empties its [`Waist`] goes from shard to shard and
//! locks one at a time, so that threads seldom wait for each other, and what it touches of a shard is close together.

use super::counted::{CountedShard, CountedYear};
use super::ids::Ids;
use super::shard::Shard;
use super::waist::{SHARDS, Waist, Year};
use crate::failure::Failure;
use crate::scratch::{Memory, Scratch};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// How much memory sums may take.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Pairs for the distinct counts are put aside where all sums take more bytes.
    bytes: usize,
    /// Whether a run fails where they do so without any pairs.
    is_declared: bool,
}

impl Room {
    /// That of a run that may take so many bytes: a third of them, for the tables that are made of sums take twice as much
    /// as those.
    pub fn of(memory_limit: Option<u64>) -> Self {
        let third = memory_limit.map(|limit| usize::try_from(limit / 3).unwrap_or(usize::MAX));
        Self { bytes: third.unwrap_or(1 << 30), is_declared: third.is_some() }
    }
}

/// The shards of all fiscal years.
type Years = BTreeMap<i32, Vec<Mutex<Shard>>>;

/// The sums of all accounts.
#[derive(Debug)]
pub struct Total {
    /// Locked as a whole only for a fiscal year that has not been there.
    years: RwLock<Years>,
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
        let (years, held, pairs, turn) = Default::default();
        Self { years, ids, held, pairs, room, scratch, turn }
    }

    /// All years, with at least these.
    fn years(&self, wanted: impl Iterator<Item = i32>) -> RwLockReadGuard<'_, Years> {
        let read = || self.years.read().unwrap_or_else(PoisonError::into_inner);
        let known = read();
        let new: Vec<i32> = wanted.filter(|year| !known.contains_key(year)).collect();
        if new.is_empty() {
            return known;
        }
        drop(known);
        let mut years = self.years.write().unwrap_or_else(PoisonError::into_inner);
        for year in new {
            years.entry(year).or_insert_with(|| std::iter::repeat_with(Mutex::default).take(SHARDS.into()).collect());
        }
        drop(years);
        read()
    }

    /// Takes in the sums of a waist.
    ///
    /// # Errors
    /// Where pairs are put aside and cannot be written, there are too many accounts, or no room for their sums.
    pub fn take(&self, waist: &Waist) -> Result<(), Failure> {
        let years = self.years(waist.years().iter().map(|year| year.fiscal_year));
        for Year { fiscal_year, parts, .. } in waist.years() {
            let shards = years.get(fiscal_year).map(Vec::as_slice).unwrap_or_default();
            let first = self.turn.fetch_add(shards.len() / 2 + 1, Ordering::Relaxed);
            for shard in (first..first + shards.len()).map(|shard| shard % shards.len()) {
                let Some(part) = parts.get(shard).filter(|part| !part.records.is_empty()) else { continue };
                let Some(mine) = shards.get(shard) else { continue };
                let mut mine = lock(mine);
                let before = (mine.bytes(), mine.pairs());
                mine.take(part, &waist.accounts.long)?;
                self.count(before, (mine.bytes(), mine.pairs()));
                drop(mine);
                if self.held.load(Ordering::Relaxed) > self.room.bytes {
                    self.make_room(&years)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps count of the memory that a shard takes and that of its pairs.
    fn count(&self, before: (usize, usize), now: (usize, usize)) {
        for (count, before, now) in [(&self.held, before.0, now.0), (&self.pairs, before.1, now.1)] {
            count.fetch_add(now, Ordering::Relaxed);
            count.fetch_sub(before, Ordering::Relaxed);
        }
    }

    /// Puts pairs aside, where they are what takes the room.
    fn make_room(&self, years: &Years) -> Result<(), Failure> {
        let (held, pairs) = (self.held.load(Ordering::Relaxed), self.pairs.load(Ordering::Relaxed));
        if self.room.is_declared && held.saturating_sub(pairs) > self.room.bytes {
            return Err(no_room(self.room.bytes));
        }
        // Few pairs are not worth places of their own: less than a sixteenth of the room, or than half of what a shard has
        // on average. A shard that another thread has at hand will be seen again.
        let few = pairs / (2 * usize::from(SHARDS) * years.len().max(1));
        if pairs < self.room.bytes / 16 {
            return Ok(());
        }
        for mut shard in years.values().flatten().filter_map(|shard| shard.try_lock().ok()) {
            if shard.pairs() > few {
                let before = (shard.bytes(), shard.pairs());
                shard.invoices.put_aside(&*self.scratch)?;
                shard.products.put_aside(&*self.scratch)?;
                self.count(before, (shard.bytes(), shard.pairs()));
            }
        }
        Ok(())
    }

    /// Takes in another total with the same ids.
    ///
    /// # Errors
    /// As for [`Total::take`], and where pairs put aside cannot be read.
    pub fn merge(&mut self, other: Self) -> Result<(), Failure> {
        let Self { years, .. } = other;
        let mine = self.years.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (fiscal_year, others) in years.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match mine.entry(fiscal_year) {
                Entry::Vacant(place) => {
                    place.insert(others);
                }
                Entry::Occupied(mut shards) => {
                    for (mine, other) in shards.get_mut().iter_mut().zip(others) {
                        mine.get_mut().unwrap_or_else(PoisonError::into_inner).merge(own(other), &*self.scratch)?;
                    }
                }
            }
        }
        // What the other had put aside is in memory again.
        let sizes = mine.values_mut().flatten().map(|shard| {
            let shard = shard.get_mut().unwrap_or_else(PoisonError::into_inner);
            (shard.bytes(), shard.pairs())
        });
        let all = sizes.fold((0, 0), |(bytes, pairs), shard| (bytes + shard.0, pairs + shard.1));
        (*self.held.get_mut(), *self.pairs.get_mut()) = all;
        if *self.held.get_mut() > self.room.bytes { self.make_room(&self.years(std::iter::empty())) } else { Ok(()) }
    }

    /// Counts what is distinct, now that all lines have passed: the fiscal years in their order.
    ///
    /// # Errors
    /// Where pairs put aside cannot be read.
    pub fn counted(self) -> Result<Vec<CountedYear>, Failure> {
        let counted = |(fiscal_year, shards): (i32, Vec<Mutex<Shard>>)| {
            let shards = shards.into_par_iter().map(|shard| CountedShard::of(own(shard), &*self.scratch));
            Ok(CountedYear { fiscal_year, shards: shards.collect::<Result<_, Failure>>()? })
        };
        self.years.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().map(counted).collect()
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // A thread that panicked fails the run.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn own(shard: Mutex<Shard>) -> Shard {
    shard.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn no_room(bytes: usize) -> Failure {
    let third = bytesize::ByteSize::b(u64::try_from(bytes).unwrap_or(u64::MAX)).display().si();
    Failure::Run {
        message: format!("the sums of the accounts take more than a third of `memory_limit`, {third}"),
        hint: Some("raise it: the rest is for the tables that are made of the sums".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::books::Books;
    use crate::ledger::lines::{Line, Lines, Run};
    use crate::ledger::year_sums::YearSums;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// What a plain map keeps of an account year: money, lines, invoices and products.
    type Plain<'a> = (i64, i64, BTreeSet<&'a str>, BTreeSet<&'a str>);

    /// Account, fiscal year, amount, invoice and product of a line, and what happens behind it.
    type Told = (String, i32, i64, String, String, usize);

    #[test]
    fn sums_without_room_are_told() {
        let total =
            Total::new(Arc::default(), Room { bytes: 1_000_000, is_declared: true }, Arc::new(Memory::default()));
        let mut waist = Waist::default();
        for number in 0..10_000 {
            let account = waist.accounts.push(&format!("account {number}"));
            waist.add(&Lines::of(&[Line { account, fiscal_year: 2024, amount: 1, ..Line::default() }]));
        }
        insta::assert_snapshot!(total.take(&waist).unwrap_err().render(false), @"
        error: the sums of the accounts take more than a third of `memory_limit`, 1.0 MB
        hint: raise it: the rest is for the tables that are made of the sums
        ");
    }

    proptest! {
        /// However lines are spread over waists and totals, and whatever is put aside, the books are those of a map.
        #[test]
        fn the_books_are_those_of_a_plain_map(
            lines in proptest::collection::vec(
                ("[a-d]|[ab]{15,17}", 2020i32..2024, -50i64..100, "[AB]?[0-9]{0,2}", "p[0-9]|[xy]", 0usize..5), 1..300),
            bytes in prop_oneof![Just(0usize), Just(20_000), Just(usize::MAX)],
        ) {
            let ids: Arc<Mutex<Ids>> = Arc::default();
            let scratch: Arc<dyn Scratch> = Arc::new(Memory::default());
            let total = || Total::new(Arc::clone(&ids), Room { bytes, is_declared: false }, Arc::clone(&scratch));
            let (mut one, other) = (total(), total());
            let mut expected: BTreeMap<(&str, i32), Plain> = BTreeMap::new();
            let (mut waist, mut returning, mut ready) = (Waist::default(), BTreeMap::new(), Lines::default());
            // Lines of one account and year that follow each other are a run, as long as none ends a waist.
            let is_run = |one: &Told, next: &Told| one.0 == next.0 && one.1 == next.1 && one.5 >= 2;
            for run in lines.chunk_by(is_run) {
                let Some((account, fiscal_year, .., end)) = run.last() else { continue };
                let code = match *end {
                    4 => *returning.entry(account.as_str()).or_insert_with(|| waist.accounts.push(account)),
                    _ => waist.accounts.push(account),
                };
                let amounts: Vec<i64> = run.iter().map(|line| line.2).collect();
                let id = |key: &String| Some(ids.lock().unwrap().id(key));
                ready.runs.push(Run {
                    account: code, fiscal_year: *fiscal_year, sums: YearSums::of_day(19_000, 3, &amounts, &[])
                });
                ready.invoices.extend(run.iter().map(|line| id(&line.3)));
                ready.products.extend(run.iter().map(|line| id(&line.4)));
                // Many runs come at a time.
                if *end != 3 {
                    waist.add(&ready);
                    ready.clear();
                }
                if *end < 2 {
                    [&one, &other][*end].take(&waist).unwrap();
                    waist.clear();
                    returning.clear();
                }
                for (_, _, amount, invoice, product, _) in run {
                    let plain = expected.entry((account, *fiscal_year)).or_default();
                    plain.0 += amount;
                    plain.1 += 1;
                    plain.2.insert(invoice);
                    plain.3.insert(product);
                }
            }
            waist.add(&ready);
            other.take(&waist).unwrap();
            one.merge(other).unwrap();
            let shards = one.years.get_mut().unwrap().values_mut().flatten().map(|shard| shard.get_mut().unwrap());
            let sizes: Vec<(usize, usize)> = shards.map(|shard| (shard.bytes(), shard.pairs())).collect();
            prop_assert_eq!(*one.held.get_mut(), sizes.iter().map(|(bytes, _)| bytes).sum::<usize>());
            prop_assert_eq!(*one.pairs.get_mut(), sizes.iter().map(|(_, pairs)| pairs).sum::<usize>());
            let books = one.counted().and_then(|years| Books::of(years, &ids.lock().unwrap(), 2022)).unwrap();
            let found: Vec<_> = books.years.iter().map(|year| {
                let account = books.accounts[year.account as usize].as_str();
                (account, i32::from(year.fiscal_year), year.revenue, i64::from(year.lines), year.invoices, year.products)
            }).collect();
            let count = |set: &BTreeSet<&str>| set.len() as u32;
            let expected: Vec<_> = expected.iter().filter(|((_, year), _)| *year <= 2022).map(|((account, year), plain)| {
                (*account, *year, plain.0, plain.1, count(&plain.2), count(&plain.3))
            }).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

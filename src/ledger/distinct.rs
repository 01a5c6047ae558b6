//! Exact distinct counts: how many different things each account year has seen.
//!
//! Pairs of an account year and a thing are appended to a list, which is sorted and rid of what it has twice when it has
//! grown much. Where few are there twice, as with invoices, it goes on so: sorting reads memory in its order, which a hash
//! set of millions of pairs does not. Where most are, as with products bought every month, those to come are looked up in
//! a set, which stays small. Either can be put aside where memory is short, and is taken up again in the end.

use super::ids::Id;
use super::slabs::Slabs;
use crate::failure::Failure;
use crate::scratch::{Place, Scratch};
use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// A list of pairs is let grow to this length before it is sorted.
const SHORT: usize = 1 << 12;

/// A list is sorted again when it has grown to so many times its length: with some pairs twice, and with hardly any.
const GROWTH: (usize, usize) = (8, 32);

/// Pairs of a slot and a thing that have been seen. A slot has 24 bits, and a thing the 40 of an [`Id`].
#[derive(Debug)]
pub struct Distinct {
    /// Those that were sorted, once each.
    known: Vec<u64>,
    /// All that came since, some of them more than once.
    new: Slabs,
    /// How many there are when they are sorted.
    full: usize,
    /// Those of a list that had most of them twice, and all that came since.
    set: HashSet<u64, FixedState>,
    /// Where lists have been put aside.
    aside: Vec<Place>,
}

impl Default for Distinct {
    fn default() -> Self {
        let (known, new, set, aside) = Default::default();
        Self { known, new, full: SHORT, set, aside }
    }
}

impl Distinct {
    /// The pair of a slot and a thing.
    pub fn pair(slot: u32, thing: Id) -> u64 {
        u64::from(slot) << Id::BITS | thing.bits()
    }

    /// The slot of a pair.
    pub fn slot(pair: u64) -> u32 {
        (pair >> Id::BITS) as u32
    }

    /// A pair, its slot replaced.
    pub fn moved(pair: u64, slot: u32) -> u64 {
        u64::from(slot) << Id::BITS | pair & ((1 << Id::BITS) - 1)
    }

    /// Takes in pairs.
    pub fn extend(&mut self, pairs: impl ExactSizeIterator<Item = u64>) {
        if !self.set.is_empty() {
            self.set.extend(pairs);
            return;
        }
        self.new.extend(pairs);
        let before = self.known.len() + self.new.len();
        if before >= self.full {
            self.tidy();
            let growth = if self.known.len() * 8 < before * 7 { GROWTH.0 } else { GROWTH.1 };
            self.full = SHORT.max(self.known.len() * growth);
            if self.known.len() * 2 <= before {
                self.set.extend(std::mem::take(&mut self.known));
            }
        }
    }

    /// How many bytes of memory the pairs take.
    pub fn bytes(&self) -> usize {
        let set = self.set.capacity() * (size_of::<u64>() + 1);
        self.known.capacity() * size_of::<u64>() + self.new.bytes() + set
    }

    /// Takes in the pairs of another, by what its slots are here.
    ///
    /// # Errors
    /// Where the scratch cannot be read.
    pub fn merge(&mut self, mut other: Self, slots: &[u32], scratch: &dyn Scratch) -> Result<(), Failure> {
        other.take_up(scratch)?;
        other.tidy();
        let slot = |pair: u64| slots.get(super::index(Self::slot(pair))).copied().unwrap_or(u32::MAX);
        self.extend(other.known.into_iter().map(|pair| Self::moved(pair, slot(pair))));
        Ok(())
    }

    /// Makes all pairs known ones.
    fn tidy(&mut self) {
        self.known.reserve_exact(self.new.len() + self.set.len());
        self.known.extend(std::mem::take(&mut self.new));
        self.known.extend(std::mem::take(&mut self.set));
        // The stable sort takes what has been sorted before as one run.
        self.known.sort();
        self.known.dedup();
    }

    /// Puts the pairs aside, where they take no memory.
    ///
    /// # Errors
    /// Where the scratch cannot be written.
    pub fn put_aside(&mut self, scratch: &dyn Scratch) -> Result<(), Failure> {
        self.tidy();
        if self.known.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = self.known.iter().flat_map(|pair| pair.to_le_bytes()).collect();
        self.aside.push(scratch.append(&bytes)?);
        (self.known, self.full) = (Vec::new(), SHORT);
        Ok(())
    }

    /// Takes up what was put aside.
    fn take_up(&mut self, scratch: &dyn Scratch) -> Result<(), Failure> {
        for place in std::mem::take(&mut self.aside) {
            let bytes = scratch.read(&place)?;
            self.new.extend(bytes.as_chunks().0.iter().map(|pair| u64::from_le_bytes(*pair)));
        }
        Ok(())
    }

    /// How many things each slot has seen, up to the last one that has seen any.
    ///
    /// # Errors
    /// Where the scratch cannot be read.
    pub fn counts(mut self, scratch: &dyn Scratch) -> Result<Vec<u32>, Failure> {
        self.take_up(scratch)?;
        let pairs = || self.known.iter().chain(self.new.iter()).chain(&self.set);
        let slots = || pairs().map(|pair| super::index(Self::slot(*pair)));
        let mut counts = vec![0; slots().max().map_or(0, |last| last + 1)];
        slots().for_each(|slot| counts.get_mut(slot).into_iter().for_each(|count| *count += 1));
        if self.known.is_empty() && self.new.is_empty() {
            return Ok(counts);
        }
        // Put together by slot, they are many short lists, which takes less time than to sort a long one.
        let mut free: Vec<usize> =
            counts.iter().scan(0, |sum, count| Some(std::mem::replace(sum, *sum + super::index(*count)))).collect();
        let mut grouped = vec![0; self.known.len() + self.new.len() + self.set.len()];
        for pair in pairs() {
            let Some(free) = free.get_mut(super::index(Self::slot(*pair))) else { continue };
            grouped.get_mut(*free).into_iter().for_each(|place| *place = *pair);
            *free += 1;
        }
        let mut rest = grouped.as_mut_slice();
        for count in &mut counts {
            let (of_slot, others) =
                std::mem::take(&mut rest).split_at_mut_checked(super::index(*count)).unwrap_or_default();
            rest = others;
            of_slot.sort_unstable();
            *count = u32::try_from(of_slot.chunk_by(|one, next| one == next).count()).unwrap_or(u32::MAX);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::ids::Ids;
    use super::*;
    use crate::scratch::Memory;
    use std::collections::BTreeSet;

    #[test]
    fn lists_that_are_sorted_on_the_way_and_put_aside_count_the_same() {
        let (scratch, mut ids) = (Memory::default(), Ids::default());
        let things: Vec<Id> = (0..500).map(|number| ids.id(&format!("{number}"))).collect();
        let mut distinct = Distinct::default();
        // Slot 0 sees all things often enough to be sorted in between, slot 2 the first two, slot 1 nothing.
        for round in 0..3 * SHORT / 500 {
            distinct.extend(things.iter().map(|thing| Distinct::pair(0, *thing)));
            if round % 50 == 0 {
                distinct.put_aside(&scratch).unwrap();
            }
        }
        assert!(distinct.known.len() + distinct.new.len() <= SHORT);
        assert!(!distinct.set.is_empty());
        distinct.extend(things.iter().take(2).map(|thing| Distinct::moved(Distinct::pair(0, *thing), 2)));
        assert_eq!(distinct.counts(&scratch).unwrap(), [500, 0, 2]);
    }

    /// Hardly any pair comes twice, so that sorted ones and new ones stand beside each other.
    #[test]
    fn sorted_pairs_and_new_ones_are_counted_together() {
        let (scratch, mut ids) = (Memory::default(), Ids::default());
        let mut pair = |slot: u32, number: usize| Distinct::pair(slot, ids.id(&format!("{number}")));
        let mut distinct = Distinct::default();
        let mut other = Distinct::default();
        let mut expected = BTreeSet::new();
        for (round, number) in (0..3 * SHORT).step_by(100).enumerate() {
            // Each hundred has five of the hundred before.
            let of_slot = |slot: u32| (number.saturating_sub(5)..number + 100).map(move |number| (slot, number));
            for (slot, list) in [(0, &mut distinct), (1, &mut other)] {
                let pairs: Vec<u64> = of_slot(slot).map(|(slot, number)| pair(slot, number)).collect();
                list.extend(pairs.iter().copied());
                expected.extend(of_slot(2 * slot));
            }
            if round == 13 {
                other.put_aside(&scratch).unwrap();
            }
        }
        for list in [&distinct, &other] {
            assert!(list.known.len() >= SHORT / 2 && !list.new.is_empty() && list.set.is_empty());
        }
        // What is slot 1 of the other is slot 2 here.
        distinct.merge(other, &[9, 2], &scratch).unwrap();
        assert!(!distinct.known.is_empty() && !distinct.new.is_empty());
        let count = |slot: u32| expected.iter().filter(|(of, _)| *of == slot).count() as u32;
        assert_eq!(distinct.counts(&scratch).unwrap(), [count(0), 0, count(2)]);
    }
}

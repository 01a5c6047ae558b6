//! Exact distinct counts: how many different things each slot has seen.
//!
//! Things and slots are small numbers. Three layers, each the cheapest for what real books look like: most things
//! (invoices) belong to one slot, so the first slot of each thing is kept in an array; things seen in further slots
//! (products) go into a bitmap per slot; and once bitmaps would take too much memory, because the pairs are too sparse,
//! into a list of pairs, which is sorted and rid of what it has twice each time it has doubled. Nothing is counted before
//! the end, so that nothing has to be looked up while lines pass.

use super::index;
use rayon::prelude::*;

/// Bitmaps up to this many words of 64 bits (64 MiB), a list of pairs beyond.
const BITMAP_WORDS: usize = 8 << 20;

/// A list of pairs is let grow to this length before it is sorted.
const SHORT: usize = 1 << 20;

const NO_SLOT: u32 = u32::MAX;

/// Pairs of a slot and a thing that have been seen.
#[derive(Debug)]
pub struct Distinct {
    /// The first slot of each thing.
    first: Vec<u32>,
    further: Further,
    /// How many words of bitmaps, and how many unsorted pairs, there may be.
    limits: (usize, usize),
}

#[derive(Debug)]
enum Further {
    /// One bitmap per slot, as long as its highest thing needs, and the words of all.
    Bitmaps(Vec<Vec<u64>>, usize),
    /// Pairs, some of them more than once, and the length at which they are sorted.
    Pairs(Vec<u64>, usize),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::within(BITMAP_WORDS, SHORT)
    }
}

impl Distinct {
    fn within(bitmap_words: usize, short: usize) -> Self {
        Self { first: Vec::new(), further: Further::Bitmaps(Vec::new(), 0), limits: (bitmap_words, short) }
    }

    /// Takes in a pair.
    #[inline]
    pub fn add(&mut self, slot: u32, thing: u32) {
        let place = index(thing);
        if place >= self.first.len() {
            self.first.resize(place + 1, NO_SLOT);
        }
        match self.first.get_mut(place) {
            Some(first) if *first == slot => {}
            Some(first) if *first == NO_SLOT => *first = slot,
            _ => self.add_further(slot, thing),
        }
    }

    fn add_further(&mut self, slot: u32, thing: u32) {
        let (bitmaps, words) = match &mut self.further {
            Further::Bitmaps(bitmaps, words) => (bitmaps, words),
            Further::Pairs(pairs, full) => {
                if pairs.len() >= *full {
                    pairs.sort_unstable();
                    pairs.dedup();
                    *full = self.limits.1.max(pairs.len() * 2);
                }
                return pairs.push(pair(slot, thing));
            }
        };
        if index(slot) >= bitmaps.len() {
            bitmaps.resize_with(index(slot) + 1, Vec::new);
        }
        let Some(bitmap) = bitmaps.get_mut(index(slot)) else { return };
        let word = index(thing) / 64;
        if word >= bitmap.len() {
            *words += word + 1 - bitmap.len();
            if *words > self.limits.0 {
                let mut pairs = Vec::new();
                each_bit(bitmaps, |slot, thing| pairs.push(pair(slot, thing)));
                let full = self.limits.1.max(pairs.len() * 2);
                self.further = Further::Pairs(pairs, full);
                return self.add_further(slot, thing);
            }
            bitmap.resize(word + 1, 0);
        }
        bitmap.get_mut(word).into_iter().for_each(|word| *word |= 1 << (thing % 64));
    }

    /// Takes in the pairs of another, by what its slots and things are here.
    pub fn merge(&mut self, other: &Self, slots: &[u32], things: &[u32]) {
        let mut visit = |slot: u32, thing: u32| {
            if let (Some(slot), Some(thing)) = (slots.get(index(slot)), things.get(index(thing))) {
                self.add(*slot, *thing);
            }
        };
        for (slot, thing) in other.first.iter().zip(0u32..).filter(|(slot, _)| **slot != NO_SLOT) {
            visit(*slot, thing);
        }
        match &other.further {
            Further::Bitmaps(bitmaps, _) => each_bit(bitmaps, visit),
            Further::Pairs(pairs, _) => pairs.iter().for_each(|pair| {
                let (slot, thing) = halves(*pair);
                visit(slot, thing);
            }),
        }
    }

    /// How many things each of so many slots has seen.
    pub fn counts(self, slots: usize) -> Vec<i64> {
        let mut counts = vec![0; slots];
        let mut count = |slot: u32| counts.get_mut(index(slot)).into_iter().for_each(|count| *count += 1);
        self.first.into_iter().for_each(&mut count);
        match self.further {
            Further::Bitmaps(bitmaps, _) => each_bit(&bitmaps, |slot, _| count(slot)),
            Further::Pairs(mut pairs, _) => {
                pairs.par_sort_unstable();
                pairs.dedup();
                pairs.into_iter().for_each(|pair| count(halves(pair).0));
            }
        }
        counts
    }
}

fn pair(slot: u32, thing: u32) -> u64 {
    u64::from(slot) << 32 | u64::from(thing)
}

fn halves(pair: u64) -> (u32, u32) {
    ((pair >> 32) as u32, pair as u32)
}

fn each_bit(bitmaps: &[Vec<u64>], mut visit: impl FnMut(u32, u32)) {
    for (bitmap, slot) in bitmaps.iter().zip(0u32..) {
        for (word, base) in bitmap.iter().zip((0u32..).step_by(64)) {
            let mut rest = *word;
            while rest != 0 {
                visit(slot, base + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn counts_of(pairs: &BTreeSet<(u32, u32)>) -> Vec<i64> {
        (0..20).map(|slot| pairs.iter().filter(|pair| pair.0 == slot).count() as i64).collect()
    }

    proptest! {
        #[test]
        fn it_counts_as_a_set_of_pairs_whatever_layer_they_are_in(
            pairs in proptest::collection::vec((0u32..20, 0u32..300), 0..400),
            more in proptest::collection::vec((0u32..20, 0u32..300), 0..100),
            bitmap_words in 0usize..40, short in 0usize..50,
        ) {
            let (mut distinct, mut other) = (Distinct::within(bitmap_words, short), Distinct::within(bitmap_words, 9));
            pairs.iter().for_each(|(slot, thing)| distinct.add(*slot, *thing));
            more.iter().for_each(|(slot, thing)| other.add(*slot, *thing));
            // The other has numbered slots from behind, and things from 7 on.
            let slots: Vec<u32> = (0..20).rev().collect();
            let things: Vec<u32> = (0..300).map(|thing| (thing + 7) % 300).collect();
            distinct.merge(&other, &slots, &things);
            let renumbered = more.iter().map(|(slot, thing)| (19 - slot, (thing + 7) % 300));
            let set: BTreeSet<(u32, u32)> = pairs.iter().copied().chain(renumbered).collect();
            prop_assert_eq!(distinct.counts(20), counts_of(&set));
        }
    }
}

//! Exact distinct counts: how many different things each slot has seen.
//!
//! Things and slots are small numbers. Two layers, each the cheapest for what real books look like:
//! most things (invoices) belong to one slot, so the first slot of each thing is kept in an array; things
//! seen in further slots (products) go into a bitmap per slot, and into a hash set once bitmaps would
//! take too much memory, because the pairs are too sparse.

use super::index;
use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// Bitmaps up to this many words of 64 bits (64 MiB), a hash set of pairs beyond.
const BITMAP_WORDS: usize = 8 << 20;

const NO_SLOT: u32 = u32::MAX;

/// Pairs of a slot and a thing that have been seen.
#[derive(Debug)]
pub struct Distinct {
    /// The first slot of each thing.
    first: Vec<u32>,
    further: Further,
    bitmap_words: usize,
}

#[derive(Debug)]
enum Further {
    /// One bitmap per slot, as long as its highest thing needs, and the words of all.
    Bitmaps(Vec<Vec<u64>>, usize),
    Pairs(HashSet<u64, FixedState>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::with_bitmap_words(BITMAP_WORDS)
    }
}

impl Distinct {
    fn with_bitmap_words(bitmap_words: usize) -> Self {
        Self { first: Vec::new(), further: Further::Bitmaps(Vec::new(), 0), bitmap_words }
    }

    /// Whether the pair has not been seen before; it has now.
    #[inline]
    pub fn insert(&mut self, slot: u32, thing: u32) -> bool {
        let place = index(thing);
        if place >= self.first.len() {
            self.first.resize(place + 1, NO_SLOT);
        }
        match self.first.get_mut(place) {
            Some(first) if *first == slot => false,
            Some(first) if *first == NO_SLOT => {
                *first = slot;
                true
            }
            _ => self.insert_further(slot, thing),
        }
    }

    fn insert_further(&mut self, slot: u32, thing: u32) -> bool {
        let (bitmaps, words) = match &mut self.further {
            Further::Pairs(pairs) => return pairs.insert(pair(slot, thing)),
            Further::Bitmaps(bitmaps, words) => (bitmaps, words),
        };
        if index(slot) >= bitmaps.len() {
            bitmaps.resize_with(index(slot) + 1, Vec::new);
        }
        let Some(bitmap) = bitmaps.get_mut(index(slot)) else { return false };
        let (word, bit) = (index(thing) / 64, 1u64 << (thing % 64));
        if word >= bitmap.len() {
            *words += word + 1 - bitmap.len();
            if *words > self.bitmap_words {
                self.further = Further::Pairs(pairs_of(bitmaps));
                return self.insert_further(slot, thing);
            }
            bitmap.resize(word + 1, 0);
        }
        let Some(word) = bitmap.get_mut(word) else { return false };
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Calls `visit` with every pair seen.
    pub fn for_each(&self, mut visit: impl FnMut(u32, u32)) {
        for (slot, thing) in self.first.iter().zip(0u32..).filter(|(slot, _)| **slot != NO_SLOT) {
            visit(*slot, thing);
        }
        match &self.further {
            Further::Bitmaps(bitmaps, _) => each_bit(bitmaps, visit),
            Further::Pairs(pairs) => {
                for pair in pairs {
                    // The two halves of what `pair` joined.
                    visit((pair >> 32) as u32, *pair as u32);
                }
            }
        }
    }
}

fn pair(slot: u32, thing: u32) -> u64 {
    u64::from(slot) << 32 | u64::from(thing)
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

fn pairs_of(bitmaps: &[Vec<u64>]) -> HashSet<u64, FixedState> {
    let mut pairs = HashSet::default();
    each_bit(bitmaps, |slot, thing| {
        pairs.insert(pair(slot, thing));
    });
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_set_of_pairs_whatever_layer_they_are_in(
            pairs in proptest::collection::vec((0u32..20, 0u32..300), 0..400),
            bitmap_words in prop_oneof![Just(0usize), Just(10), Just(BITMAP_WORDS)],
        ) {
            let (mut distinct, mut set) = (Distinct::with_bitmap_words(bitmap_words), BTreeSet::new());
            for (slot, thing) in pairs {
                prop_assert_eq!(distinct.insert(slot, thing), set.insert((slot, thing)));
            }
            let mut found = BTreeSet::new();
            distinct.for_each(|slot, thing| assert!(found.insert((slot, thing)), "a pair came twice"));
            prop_assert_eq!(found, set);
        }
    }
}

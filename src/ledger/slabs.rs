//! Lists of numbers that grow where they are.
//!
//! A `Vec` that grows moves to a place with more room and leaves a hole behind. Thousands of lists of about the same
//! length, as the shards of a total have them, leave holes into which none of the others fits when it grows.

/// So many numbers make a slab: few, because there are many lists, and half of the last slab of each is free.
const LENGTH: usize = 1 << 11;

/// A list. Its first slab grows, so that short lists take no more than they need.
#[derive(Debug, Default)]
pub struct Slabs {
    /// All but the last one are full.
    slabs: Vec<Vec<u64>>,
}

impl Slabs {
    pub fn len(&self) -> usize {
        self.slabs.last().map_or(0, |last| (self.slabs.len() - 1) * LENGTH + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &u64> {
        self.slabs.iter().flatten()
    }

    /// Adds numbers at the end.
    #[inline]
    pub fn extend(&mut self, mut numbers: impl ExactSizeIterator<Item = u64>) {
        while numbers.len() > 0 {
            let is_first = self.slabs.len() == 1;
            let Some(last) = self.slabs.last_mut().filter(|last| last.len() < LENGTH) else {
                self.slabs.push(if self.slabs.is_empty() { Vec::new() } else { Vec::with_capacity(LENGTH) });
                continue;
            };
            let free = LENGTH - last.len();
            let fits = numbers.len().min(free);
            if is_first && fits > last.capacity() - last.len() {
                last.reserve_exact(fits.max(last.len()).min(free));
            }
            last.extend(numbers.by_ref().take(fits));
        }
    }

    /// How many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let last = |last: &Vec<u64>| (self.slabs.len() - 1) * LENGTH + last.capacity();
        self.slabs.last().map_or(0, last) * size_of::<u64>()
    }
}

impl IntoIterator for Slabs {
    type Item = u64;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<u64>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.slabs.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_list_is_what_was_put_into_it(lengths in proptest::collection::vec(0usize..2_500, 0..8)) {
            let (mut list, mut plain) = (Slabs::default(), Vec::new());
            for (length, first) in lengths.iter().zip((0..).step_by(10_000)) {
                let numbers = (first..).take(*length).collect::<Vec<u64>>();
                list.extend(numbers.iter().copied());
                plain.extend(numbers);
            }
            prop_assert_eq!((list.len(), list.is_empty()), (plain.len(), plain.is_empty()));
            prop_assert!(list.bytes() >= plain.len() * 8 && list.bytes() <= plain.len() * 8 + LENGTH * 8);
            prop_assert!(list.iter().eq(&plain));
            prop_assert!(list.into_iter().eq(plain));
        }
    }
}

//! Lists that grow where they are.
//!
//! A `Vec` that grows moves to a place with more room and leaves a hole behind. Thousands of lists of the same length, as
//! the shards of a total have them, leave holes into which none of the others fits when it grows.

/// A list has its values in slabs of so many bytes: few, as many lists have one of which half is free.
const BYTES: usize = 1 << 14;

/// A list. The first slab grows until it is one, so that short lists take no more than they need.
#[derive(Debug)]
pub struct Slabs<T> {
    /// All but the last one are full.
    slabs: Vec<Vec<T>>,
}

impl<T> Default for Slabs<T> {
    fn default() -> Self {
        Self { slabs: Vec::new() }
    }
}

impl<T> Slabs<T> {
    /// How many values a slab has.
    const LENGTH: usize = BYTES / size_of::<T>();

    pub fn len(&self) -> usize {
        self.slabs.last().map_or(0, |last| (self.slabs.len() - 1) * Self::LENGTH + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.slabs.iter().flatten()
    }

    /// Adds values at the end.
    #[inline]
    pub fn extend(&mut self, mut values: impl ExactSizeIterator<Item = T>) {
        while values.len() > 0 {
            let only = self.slabs.len() == 1;
            let Some(last) = self.slabs.last_mut().filter(|last| last.len() < Self::LENGTH) else {
                self.slabs.push(if self.slabs.is_empty() { Vec::new() } else { Vec::with_capacity(Self::LENGTH) });
                continue;
            };
            let free = Self::LENGTH - last.len();
            let fits = values.len().min(free);
            if only && fits > last.capacity() - last.len() {
                last.reserve_exact(fits.max(last.len()).min(free));
            }
            last.extend(values.by_ref().take(fits));
        }
    }

    /// How many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        self.slabs.last().map_or(0, |last| (self.slabs.len() - 1) * BYTES + last.capacity() * size_of::<T>())
    }
}

impl<T> IntoIterator for Slabs<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

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
            let (mut list, mut plain) = (Slabs::<u64>::default(), Vec::new());
            for (length, first) in lengths.iter().zip((0..).step_by(10_000)) {
                let values = (first..).take(*length).collect::<Vec<u64>>();
                list.extend(values.iter().copied());
                plain.extend(values);
            }
            prop_assert_eq!((list.len(), list.is_empty()), (plain.len(), plain.is_empty()));
            prop_assert!(list.bytes() >= plain.len() * 8 && list.bytes() <= plain.len() * 16 + BYTES);
            prop_assert!(list.iter().eq(&plain));
            prop_assert!(list.into_iter().eq(plain));
        }
    }
}

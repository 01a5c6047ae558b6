//! What a string is known by in tables: by itself where it is short, because the ids of real books are.

use super::names::Names;
use foldhash::fast::FixedState;
use std::cmp::Ordering;
use std::hash::BuildHasher;

/// Strings of up to so many bytes are keys as they are.
const SHORT: usize = 15;

/// A short string and its length, or the hash of a long one, which is not enough to tell it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 16]);

impl Key {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let (mut key, length) = ([0; 16], text.len());
        if length > SHORT {
            key[..8].copy_from_slice(&FixedState::default().hash_one(text).to_le_bytes());
            key[SHORT] = u8::MAX;
            return Self(key);
        }
        // Eight bytes from either end, which overlap, and all of it in registers: that takes less time than a copy.
        if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            let [first, last] = [*first, *last].map(|bytes| u128::from(u64::from_le_bytes(bytes)));
            return Self((first | last << (8 * (length - 8)) | (length as u128) << (8 * SHORT)).to_le_bytes());
        }
        key.get_mut(..length).unwrap_or_default().copy_from_slice(text);
        key[SHORT] = u8::try_from(length).unwrap_or_default();
        Self(key)
    }

    /// Whether it is the string.
    #[inline]
    pub fn is_text(self) -> bool {
        self.0[SHORT] != u8::MAX
    }

    /// What strings are sorted by.
    pub fn order(self) -> Order {
        Order(if self.is_text() { u128::from_be_bytes(self.0) } else { u128::MAX })
    }

    /// The same everywhere.
    #[inline]
    pub fn hash(self) -> u64 {
        FixedState::default().hash_one(u128::from_le_bytes(self.0))
    }
}

/// The place of a short string among others, as one number: its bytes, the rest zero, and then its length. A long string has
/// the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(u128);

impl Order {
    /// A short string.
    pub fn text(self) -> Option<String> {
        let bytes = self.0.to_be_bytes();
        // Of a long one, the length is more than there are bytes.
        let text = bytes.get(..usize::from(bytes[SHORT]))?;
        str::from_utf8(text).ok().map(str::to_owned)
    }

    /// How two strings are sorted. What they are is asked only where one of them is long.
    #[inline]
    pub fn compare<'t>(
        (one, text): (Self, impl Fn() -> &'t str),
        (other, other_text): (Self, impl Fn() -> &'t str),
    ) -> Ordering {
        let are_short = one.0 != u128::MAX && other.0 != u128::MAX;
        if are_short { one.cmp(&other) } else { text().cmp(other_text()) }
    }
}

/// What it takes to look a string up, made once.
#[derive(Debug, Clone, Copy)]
pub struct Hashed {
    pub key: Key,
    pub hash: u64,
}

impl Hashed {
    #[inline]
    pub fn of(text: &str) -> Self {
        let key = Key::of(text.as_bytes());
        Self { key, hash: key.hash() }
    }
}

/// A string as a table keeps it: its key, and the number of a long one among the long ones.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    pub key: Key,
    long: u32,
}

impl Label {
    /// The label of a string with this key; a long one is put among the others.
    #[inline]
    pub fn of(key: Key, text: &str, long: &mut Names) -> Self {
        Self { key, long: if key.is_text() { u32::MAX } else { long.push(text) } }
    }

    /// The string.
    #[inline]
    pub fn text<'t>(&'t self, long: &'t Names) -> &'t str {
        if !self.key.is_text() {
            return long.text(self.long);
        }
        let short = self.key.0.get(..usize::from(self.key.0[SHORT])).unwrap_or_default();
        // It was a string when the key was made.
        str::from_utf8(short).unwrap_or_default()
    }

    /// The string where the key is not enough.
    #[inline]
    pub fn long_text<'t>(&self, long: &'t Names) -> &'t str {
        if self.key.is_text() { "" } else { long.text(self.long) }
    }

    /// Whether it is that of a string with this key; what the string is matters only where it is long.
    #[inline]
    pub fn is(&self, key: Key, text: &str, long: &Names) -> bool {
        self.key == key && (key.is_text() || long.text(self.long) == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_are_sorted_as_their_texts(one in "[\\x00ab]{0,17}", other in "[\\x00abé]{0,17}") {
            let order = |text: &str| Hashed::of(text).key.order();
            prop_assert_eq!(order(&one).text(), Some(one.clone()).filter(|text| text.len() <= SHORT));
            prop_assert_eq!(Order::compare((order(&one), || &one), (order(&other), || &other)), one.cmp(&other));
        }

        #[test]
        fn labels_are_their_texts(one in "[ab]{0,17}", other in "[ab]{0,17}") {
            let mut long = Names::default();
            let labels = [&one, &other].map(|text| Label::of(Hashed::of(text).key, text, &mut long));
            prop_assert_eq!(labels.each_ref().map(|label| label.text(&long)), [&one, &other]);
            prop_assert_eq!(labels[0].is(Hashed::of(&other).key, &other, &long), one == other);
        }
    }
}

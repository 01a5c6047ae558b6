//! What a string is known by in tables: by itself where it is short, because the ids of real books are.

use super::names::Names;
use foldhash::fast::FixedState;
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

    /// The same everywhere.
    #[inline]
    pub fn hash(self) -> u64 {
        FixedState::default().hash_one(u128::from_le_bytes(self.0))
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
        fn labels_are_their_texts(one in "[ab]{0,17}", other in "[ab]{0,17}") {
            let mut long = Names::default();
            let labels = [&one, &other].map(|text| Label::of(Hashed::of(text).key, text, &mut long));
            prop_assert_eq!(labels.each_ref().map(|label| label.text(&long)), [&one, &other]);
            prop_assert_eq!(labels[0].is(Hashed::of(&other).key, &other, &long), one == other);
        }
    }
}

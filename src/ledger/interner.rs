//! Strings as small numbers.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Gives every distinct string a code, 0 upwards in order of first sight. The bytes of all strings lie
/// one behind the other, so a string costs its length and about 14 bytes.
#[derive(Debug, Default)]
pub struct Interner {
    bytes: Vec<u8>,
    /// Where each string ends.
    ends: Vec<usize>,
    codes: HashTable<u32>,
    state: FixedState,
}

impl Interner {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The code of a string, a new one where it has not been seen.
    pub fn code(&mut self, text: &str) -> u32 {
        let (bytes, ends, state) = (&mut self.bytes, &mut self.ends, &self.state);
        let hash = state.hash_one(text.as_bytes());
        let entry = self.codes.entry(
            hash,
            |code| slice(bytes, ends, *code) == text.as_bytes(),
            |code| state.hash_one(slice(bytes, ends, *code)),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(found) => *found.get(),
            hashbrown::hash_table::Entry::Vacant(free) => {
                // Memory ends long before four billion distinct strings.
                let code = u32::try_from(ends.len()).unwrap_or(u32::MAX);
                free.insert(code);
                bytes.extend_from_slice(text.as_bytes());
                ends.push(bytes.len());
                code
            }
        }
    }

    /// The code of a string that has been seen.
    pub fn find(&self, text: &str) -> Option<u32> {
        let hash = self.state.hash_one(text.as_bytes());
        self.codes.find(hash, |code| slice(&self.bytes, &self.ends, *code) == text.as_bytes()).copied()
    }

    /// Whether a string has a code.
    pub fn contains(&self, text: &str) -> bool {
        let hash = self.state.hash_one(text.as_bytes());
        self.codes.find(hash, |code| slice(&self.bytes, &self.ends, *code) == text.as_bytes()).is_some()
    }

    /// The string of a code.
    pub fn text(&self, code: u32) -> &str {
        std::str::from_utf8(slice(&self.bytes, &self.ends, code)).unwrap_or_default()
    }

    /// All strings in the order of their codes.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|code| u32::try_from(code).ok()).map(|code| self.text(code))
    }
}

fn slice<'b>(bytes: &'b [u8], ends: &[usize], code: u32) -> &'b [u8] {
    let index = usize::try_from(code).unwrap_or(usize::MAX);
    let start = if index == 0 { 0 } else { ends.get(index - 1).copied().unwrap_or_default() };
    let end = ends.get(index).copied().unwrap_or_default();
    bytes.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn codes_are_those_of_a_map(texts in proptest::collection::vec("[a-cé]{0,4}", 0..300)) {
            let mut interner = Interner::default();
            let mut map: HashMap<String, u32> = HashMap::new();
            for text in &texts {
                let next = u32::try_from(map.len()).unwrap();
                let expected = *map.entry(text.clone()).or_insert(next);
                prop_assert_eq!(interner.find(text), (expected != next).then_some(expected));
                prop_assert_eq!(interner.code(text), expected);
                prop_assert_eq!(interner.text(expected), text);
                prop_assert!(interner.contains(text) && !interner.contains("never seen"));
            }
            prop_assert_eq!(interner.len(), map.len());
        }
    }
}

//! Strings as small numbers.

use super::index;
use super::key::{Hashed, Label};
use super::names::Names;
use hashbrown::HashTable;

/// Gives every distinct string a code, 0 upwards in order of first sight.
#[derive(Debug, Default)]
pub struct Interner {
    labels: Vec<Label>,
    long: Names,
    codes: HashTable<u32>,
}

impl Interner {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The code of a string, a new one where it has not been seen.
    #[inline]
    pub fn code(&mut self, text: &str) -> u32 {
        let hashed = Hashed::of(text);
        self.found(text, hashed).unwrap_or_else(|| self.enter(text, hashed))
    }

    /// The code of the string of a label, where the long strings are these.
    pub fn code_of(&mut self, label: &Label, long: &Names) -> u32 {
        let (text, hashed) = (label.long_text(long), Hashed { key: label.key, hash: label.key.hash() });
        self.found(text, hashed).unwrap_or_else(|| self.enter(text, hashed))
    }

    /// The code of a string that has been seen.
    pub fn find(&self, text: &str) -> Option<u32> {
        self.found(text, Hashed::of(text))
    }

    #[inline]
    fn found(&self, text: &str, Hashed { key, hash }: Hashed) -> Option<u32> {
        let is = |code: &u32| self.labels.get(index(*code)).is_some_and(|label| label.is(key, text, &self.long));
        self.codes.find(hash, is).copied()
    }

    fn enter(&mut self, text: &str, Hashed { key, hash }: Hashed) -> u32 {
        // Memory ends long before four billion distinct strings.
        let code = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        self.labels.push(Label::of(key, text, &mut self.long));
        let labels = &self.labels;
        let hash_of = |code: &u32| labels.get(index(*code)).map_or(0, |label| label.key.hash());
        self.codes.insert_unique(hash, code, hash_of);
        code
    }

    /// Whether a string has a code.
    pub fn contains(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The string of a code.
    pub fn text(&self, code: u32) -> &str {
        self.labels.get(index(code)).map_or("", |label| label.text(&self.long))
    }

    /// The labels of all strings in the order of their codes.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.labels.iter()
    }

    /// All strings in the order of their codes.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.labels.iter().map(|label| label.text(&self.long))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn codes_are_those_of_a_map(texts in proptest::collection::vec("[a-cé]{0,4}|[ab]{14,17}", 0..300)) {
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
            let all: Vec<&str> = interner.texts().collect();
            prop_assert_eq!(all.len(), map.len());
            prop_assert!(all.iter().all(|text| map.contains_key(*text)));
        }
    }
}

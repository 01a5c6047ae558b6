//! Strings as small numbers.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Strings of up to so many bytes stand in the table of codes as they are.
const SHORT: usize = 15;

/// Gives every distinct string a code, 0 upwards in order of first sight. All strings lie one behind the other; what is looked at to find one is the table alone, because the ids of real books are short.
#[derive(Debug, Default)]
pub struct Interner {
    all: String,
    /// Where each string ends.
    ends: Vec<usize>,
    codes: HashTable<(Key, u32)>,
    state: FixedState,
}

/// What a string is known by: a short one by itself and its length, a long one by its hash, which is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key([u8; 16]);

impl Key {
    fn of(text: &[u8], state: &FixedState) -> Self {
        let mut key = [0; 16];
        match (key.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(start), Ok(length)) if text.len() <= SHORT => {
                start.copy_from_slice(text);
                key[SHORT] = length;
            }
            _ => {
                key[..8].copy_from_slice(&state.hash_one(text).to_le_bytes());
                key[SHORT] = u8::MAX;
            }
        }
        Self(key)
    }

    fn is_text(self) -> bool {
        self.0[SHORT] != u8::MAX
    }

    fn hash(self, state: &FixedState) -> u64 {
        state.hash_one(u128::from_le_bytes(self.0))
    }
}

impl Interner {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The code of a string, a new one where it has not been seen.
    #[inline]
    pub fn code(&mut self, text: &str) -> u32 {
        let key = Key::of(text.as_bytes(), &self.state);
        self.code_of(text, key, key.hash(&self.state))
    }

    /// The codes of many strings. The hashes come first, so that the waits for the table overlap.
    pub fn codes(&mut self, texts: &[&str]) -> Vec<u32> {
        let hashed = |text: &&str| {
            let key = Key::of(text.as_bytes(), &self.state);
            (key, key.hash(&self.state))
        };
        let keys: Vec<(Key, u64)> = texts.iter().map(hashed).collect();
        texts.iter().zip(keys).map(|(text, (key, hash))| self.code_of(text, key, hash)).collect()
    }

    /// Forgets all strings.
    pub fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
        self.codes.clear();
    }

    /// How many bytes of memory they take, about.
    pub fn bytes(&self) -> usize {
        let of_codes = self.codes.capacity() * (size_of::<(Key, u32)>() + 1);
        self.all.capacity() + self.ends.capacity() * size_of::<usize>() + of_codes
    }

    /// The hashes of all strings in the order of their codes.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        self.texts().map(Self::hash_of)
    }

    /// The hash of a string, the same in every interner.
    pub fn hash_of(text: &str) -> u64 {
        let state = FixedState::default();
        Key::of(text.as_bytes(), &state).hash(&state)
    }

    #[inline]
    fn code_of(&mut self, text: &str, key: Key, hash: u64) -> u32 {
        match self.codes.find(hash, |known| is(known, key, text, &self.all, &self.ends)) {
            Some((_, code)) => *code,
            None => self.enter(text, key, hash),
        }
    }

    fn enter(&mut self, text: &str, key: Key, hash: u64) -> u32 {
        // Memory ends long before four billion distinct strings.
        let code = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.codes.insert_unique(hash, (key, code), |(key, _)| key.hash(&self.state));
        self.all.push_str(text);
        self.ends.push(self.all.len());
        code
    }

    /// The code of a string that has been seen.
    pub fn find(&self, text: &str) -> Option<u32> {
        let key = Key::of(text.as_bytes(), &self.state);
        let found = self.codes.find(key.hash(&self.state), |known| is(known, key, text, &self.all, &self.ends));
        found.map(|(_, code)| *code)
    }

    /// Whether a string has a code.
    pub fn contains(&self, text: &str) -> bool {
        self.find(text).is_some()
    }

    /// The string of a code.
    pub fn text(&self, code: u32) -> &str {
        slice(&self.all, &self.ends, code)
    }

    /// All strings in the order of their codes.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|code| u32::try_from(code).ok()).map(|code| self.text(code))
    }
}

/// Whether a string that is known is this one.
#[inline]
fn is(known: &(Key, u32), key: Key, text: &str, all: &str, ends: &[usize]) -> bool {
    known.0 == key && (key.is_text() || slice(all, ends, known.1) == text)
}

fn slice<'t>(all: &'t str, ends: &[usize], code: u32) -> &'t str {
    let index = usize::try_from(code).unwrap_or(usize::MAX);
    let start = if index == 0 { 0 } else { ends.get(index - 1).copied().unwrap_or_default() };
    let end = ends.get(index).copied().unwrap_or_default();
    all.get(start..end).unwrap_or_default()
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
            let mut other = Interner::default();
            other.codes(&["b", "never seen", "a"]);
            let codes = other.codes(&interner.texts().collect::<Vec<_>>());
            let hashes: Vec<u64> = other.hashes().collect();
            for (hash, code) in interner.hashes().zip(&codes) {
                prop_assert_eq!(hash, hashes[*code as usize]);
            }
            let there: Vec<&str> = codes.iter().map(|code| other.text(*code)).collect();
            prop_assert_eq!(there, interner.texts().collect::<Vec<_>>());
        }
    }
}

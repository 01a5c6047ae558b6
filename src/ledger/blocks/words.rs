//! Words of the program, such as reasons, as they are kept: each of them is in memory once, however often it is read.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// A word. The name keeps it from being taken for text that is borrowed from what is read.
pub type Word = &'static str;

/// All words read so far. There are as many as the program has.
static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

fn word(text: &str) -> &'static str {
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    words.get(text).copied().unwrap_or_else(|| {
        let word = &*Box::leak(text.to_owned().into_boxed_str());
        words.insert(word);
        word
    })
}

/// A map with words for keys.
pub mod keys {
    use super::{BTreeMap, Deserialize, Deserializer, Serialize, Serializer, word};

    pub fn serialize<V: Serialize, S: Serializer>(map: &BTreeMap<&'static str, V>, to: S) -> Result<S::Ok, S::Error> {
        map.serialize(to)
    }

    pub fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<&'static str, V>, D::Error> {
        let map = BTreeMap::<String, V>::deserialize(from)?;
        Ok(map.into_iter().map(|(key, value)| (word(&key), value)).collect())
    }
}

/// A word that may be missing.
pub mod optional {
    use super::{Deserialize, Deserializer, Serialize, Serializer, word};

    pub fn serialize<S: Serializer>(text: &Option<&'static str>, to: S) -> Result<S::Ok, S::Error> {
        text.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static str>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.as_deref().map(word))
    }
}

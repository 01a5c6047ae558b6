//! Keys as numbers that need no list of all keys.
//!
//! Invoices and products are many, and counting distinct ones asks no more of them than to be told apart. Most of their
//! keys end in digits, `INV-0012345` say: what stands before the digits and how many digits there are is one of a few
//! *forms*, and the digits are a number. Form and number together tell the key, so that no table of all keys is kept or
//! looked through. A key of another make, or of a form too many, gets the next number of a list of names.

use super::interner::Interner;
use crate::notation::plain::eight_digits;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

/// So many digits at the end of a key are its number.
const DIGITS: usize = 9;

/// Nine digits fit.
const NUMBER_BITS: u32 = 30;

/// How many forms there may be, from 1 to this.
const FORMS: u32 = 511;

/// The bit that marks a key of the list of names.
const NAMED: u64 = 1 << 39;

/// A key as a number of 40 bits, the same for equal keys of one [`Ids`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    /// How many bits an id has.
    pub const BITS: u32 = 40;

    fn numbered(form: u32, number: u64) -> Self {
        // Forms begin at 1.
        Self(NonZeroU64::new(u64::from(form) << NUMBER_BITS | number).unwrap_or(NonZeroU64::MIN))
    }

    fn named(code: u32) -> Self {
        Self(NonZeroU64::new(NAMED | u64::from(code)).unwrap_or(NonZeroU64::MIN))
    }

    /// The id of some bits, which are those of an id where there is one.
    pub fn of(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Self)
    }

    pub fn bits(self) -> u64 {
        self.0.get()
    }
}

/// A key in its parts: what stands before its number, how many digits that has, and the number.
fn parts(key: &str) -> (&str, usize, u64) {
    let digits = key.bytes().rev().take(DIGITS).take_while(u8::is_ascii_digit).count();
    // Digits are characters of one byte.
    let (prefix, number) = key.split_at_checked(key.len() - digits).unwrap_or((key, ""));
    (prefix, digits, number.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// The forms and names of all keys so far, for all threads.
#[derive(Debug, Default)]
pub struct Ids {
    /// What stands before the number, and one more character for how many digits it has.
    forms: Interner,
    names: Interner,
}

impl Ids {
    /// The id of a key.
    pub fn id(&mut self, key: &str) -> Id {
        let (prefix, digits, number) = parts(key);
        match self.form(&described(prefix, digits)) {
            Some(form) => Id::numbered(form, number),
            None => self.name(key),
        }
    }

    fn name(&mut self, key: &str) -> Id {
        Id::named(self.names.code(key))
    }

    /// The number of a form, a new one while there is room; without digits there is none. What has none keeps none, so
    /// that a key has one id for good.
    fn form(&mut self, described: &str) -> Option<u32> {
        if described.ends_with('\0') {
            return None;
        }
        let known = self.forms.find(described);
        let has_room = self.forms.len() < FORMS as usize;
        known.or_else(|| has_room.then(|| self.forms.code(described))).map(|code| code + 1)
    }

    /// The key of an id.
    pub fn key(&self, id: Id) -> String {
        let (bits, number) = (id.bits(), id.bits() & ((1 << NUMBER_BITS) - 1));
        let code = |code: u64| u32::try_from(code).unwrap_or(u32::MAX);
        if bits & NAMED != 0 {
            return self.names.text(code(bits & !NAMED)).to_owned();
        }
        let mut described = self.forms.text(code((bits >> NUMBER_BITS) - 1)).chars();
        let digits = described.next_back().map_or(0, |digits| digits as usize);
        format!("{}{number:0digits$}", described.as_str())
    }
}

/// A form as one text.
fn described(prefix: &str, digits: usize) -> String {
    let mut text = String::with_capacity(prefix.len() + 1);
    describe(&mut text, prefix, digits);
    text
}

fn describe(text: &mut String, prefix: &str, digits: usize) {
    text.clear();
    text.push_str(prefix);
    text.push(u8::try_from(digits).unwrap_or_default().into());
}

/// So many forms and names does a thread keep for itself: no more than fit into a cache.
const KEPT: usize = 1 << 16;

/// Gives the ids of keys on one thread, which asks the others only for what it has not seen.
#[derive(Debug)]
pub struct Identifier<'a> {
    all: &'a Mutex<Ids>,
    /// The form of the last key of each length, because the keys of one column have few forms.
    last: Vec<Option<Form>>,
    /// The forms that this thread has seen, and their numbers.
    forms: (Interner, Vec<Option<u32>>),
    names: (Interner, Vec<Id>),
    described: String,
}

/// The form of keys that are longer by some digits than their prefix.
#[derive(Debug, Clone)]
struct Form {
    prefix: String,
    number: u32,
}

/// Keys longer than this are looked at as a whole each time.
const LONG: usize = 64;

impl<'a> Identifier<'a> {
    pub fn new(all: &'a Mutex<Ids>) -> Self {
        let described = String::new();
        Self { all, last: vec![None; LONG], forms: Default::default(), names: Default::default(), described }
    }

    /// The id of a key.
    #[inline]
    pub fn id(&mut self, key: &str) -> Id {
        if let Some(Some(form)) = self.last.get(key.len())
            && let Some(digits) = key.strip_prefix(form.prefix.as_str())
            && let Some(number) = number(digits.as_bytes())
        {
            return Id::numbered(form.number, number);
        }
        self.id_of_form(key)
    }

    fn id_of_form(&mut self, key: &str) -> Id {
        let (prefix, digits, number) = parts(key);
        describe(&mut self.described, prefix, digits);
        if self.forms.0.len() >= KEPT {
            self.forms = Default::default();
        }
        let place = super::index(self.forms.0.code(&self.described));
        if place == self.forms.1.len() {
            self.forms.1.push(lock(self.all).form(&self.described));
        }
        match self.forms.1.get(place).copied().flatten() {
            Some(form) => {
                if let Some(last) = self.last.get_mut(key.len()) {
                    *last = Some(Form { prefix: prefix.to_owned(), number: form });
                }
                Id::numbered(form, number)
            }
            None => self.name(key),
        }
    }

    fn name(&mut self, key: &str) -> Id {
        if self.names.0.len() >= KEPT {
            self.names = Default::default();
        }
        let place = super::index(self.names.0.code(key));
        if place == self.names.1.len() {
            self.names.1.push(lock(self.all).name(key));
        }
        self.names.1.get(place).copied().unwrap_or_else(|| lock(self.all).name(key))
    }
}

fn lock(ids: &Mutex<Ids>) -> std::sync::MutexGuard<'_, Ids> {
    // A thread that panicked fails the run.
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number that up to nine digits are.
#[inline]
fn number(digits: &[u8]) -> Option<u64> {
    let (first, last) = digits.split_last_chunk().map_or((digits, None), |(first, last)| (first, Some(last)));
    let digit = |number: u64, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'));
    let number = first.iter().try_fold(0, digit)?;
    last.map_or(Some(number), |last| Some(number * 100_000_000 + eight_digits(*last)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_key_is_its_form_and_its_number() {
        assert_eq!(parts("INV-0012345"), ("INV-", 7, 12_345));
        assert_eq!(parts("é"), ("é", 0, 0));
        assert_eq!(parts("12345678901"), ("12", 9, 345_678_901));
        assert_eq!(parts("7A"), ("7A", 0, 0));
        assert_eq!(parts(""), ("", 0, 0));
    }

    proptest! {
        #[test]
        fn ids_tell_keys_apart_as_the_keys_themselves_do(
            keys in proptest::collection::vec("[AB\\x00-\\x0a]{0,2}[0-9]{0,12}|[aé]{0,3}[01]{0,2}[x]?", 1..200),
            forms_before in prop_oneof![Just(0u32), Just(FORMS - 2), Just(FORMS)],
        ) {
            let ids = Mutex::new(Ids::default());
            for form in 0..forms_before {
                lock(&ids).id(&format!("form {form} x1"));
            }
            // Two threads share them, key by key; a third one comes later.
            let (mut one, mut two) = (Identifier::new(&ids), Identifier::new(&ids));
            let mut by_id: BTreeMap<Id, &str> = BTreeMap::new();
            for (place, key) in keys.iter().enumerate() {
                let id = if place % 2 == 0 { one.id(key) } else { two.id(key) };
                prop_assert_eq!(*by_id.entry(id).or_insert(key), key.as_str());
                prop_assert!(id.bits() < 1 << Id::BITS);
            }
            let mut late = Identifier::new(&ids);
            for (id, key) in &by_id {
                prop_assert_eq!(late.id(key), *id);
                prop_assert_eq!(one.id(key), *id);
                prop_assert_eq!(lock(&ids).id(key), *id);
                prop_assert_eq!(&lock(&ids).key(*id), key);
            }
        }
    }
}

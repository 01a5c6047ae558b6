//! The sums of a part of all accounts in one fiscal year.

use super::distinct::Distinct;
use super::index;
use super::key::{Hashed, Key, Label};
use super::names::Names;
use super::packed::{pack, unpack};
use super::sums::FineSums;
use super::waist::Part;
use super::year_sums::YearSums;
use crate::failure::Failure;
use crate::scratch::Scratch;
use hashbrown::HashTable;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The slots of a shard have so many bits in a pair of [`Distinct`].
const SLOTS: usize = 1 << 24;

/// An account and its sums: all that is looked at to find them, and what is found, is one line of a processor's cache.
/// These are most of the memory of a run with many accounts.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Record {
    pub account: Label,
    pub sums: YearSums,
}

const _: () = assert!(size_of::<Record>() == 64);

/// Accounts and their sums by slot.
#[derive(Debug, Default)]
pub struct Records {
    list: Vec<Record>,
    /// The names that are too long for a label.
    long: Names,
}

impl Records {
    /// All accounts by slot.
    pub fn accounts(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|record| record.account.text(&self.long))
    }

    /// Their labels by slot, with the names that are too long for one.
    pub fn labels(&self) -> impl Iterator<Item = (&Label, &Names)> {
        self.list.iter().map(|record| (&record.account, &self.long))
    }

    pub fn sums(&self, slot: u32) -> Option<&YearSums> {
        self.list.get(index(slot)).map(|record| &record.sums)
    }

    /// Adds an account; its slot.
    fn push(&mut self, key: Key, name: &str, sums: YearSums) -> u32 {
        if self.list.len() == self.list.capacity() {
            // Less than twice as many, for the sake of memory.
            self.list.reserve_exact(self.list.len() / 4 + 64);
        }
        self.list.push(Record { account: Label::of(key, name, &mut self.long), sums });
        u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
    }

    fn is(&self, slot: u32, key: Key, name: &str) -> bool {
        self.list.get(index(slot)).is_some_and(|record| record.account.is(key, name, &self.long))
    }

    fn key(&self, slot: u32) -> Option<Key> {
        self.list.get(index(slot)).map(|record| record.account.key)
    }

    fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Record>() + self.long.bytes()
    }
}

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.list.len() * 32);
        for (record, name) in self.list.iter().zip(self.accounts()) {
            pack(record.sums.numbers(name.len()), &mut bytes);
            bytes.extend_from_slice(name.as_bytes());
        }
        to.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (mut records, mut bytes) = (Self::default(), <&[u8]>::deserialize(from)?);
        while !bytes.is_empty() {
            let (account, sums) = record(&mut bytes).ok_or_else(|| D::Error::custom("a record is damaged"))?;
            records.push(Hashed::of(account).key, account, sums);
        }
        Ok(records)
    }
}

/// Takes the first account and its sums off; nothing where they are not whole.
fn record<'b>(bytes: &mut &'b [u8]) -> Option<(&'b str, YearSums)> {
    let (sums, length) = YearSums::of_numbers(unpack(bytes)?)?;
    let (name, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some((str::from_utf8(name).ok()?, sums))
}

/// The sums of the accounts whose names have hashes of this shard.
#[derive(Debug, Default)]
pub struct Shard {
    pub records: Records,
    /// The slots by the hash of the account's name.
    slots: HashTable<u32>,
    pub invoices: Distinct,
    pub products: Distinct,
    pub fine: FineSums,
}

impl Shard {
    /// How many bytes its pairs take.
    pub fn pairs(&self) -> usize {
        self.invoices.bytes() + self.products.bytes()
    }

    /// How many bytes all of it takes, about.
    pub fn bytes(&self) -> usize {
        let slots = self.slots.capacity() * (size_of::<u32>() + 1);
        self.records.bytes() + slots + self.fine.bytes() + self.pairs()
    }

    /// The slot of an account, made on first sight.
    #[inline]
    fn slot(&mut self, account: &Label, hash: u64, long: &Names) -> u32 {
        let (key, name) = (account.key, account.long_text(long));
        let found = self.slots.find(hash, |slot| self.records.is(*slot, key, name));
        found.copied().unwrap_or_else(|| self.new_slot(key, hash, name))
    }

    fn new_slot(&mut self, key: Key, hash: u64, name: &str) -> u32 {
        let slot = self.records.push(key, name, YearSums::NONE);
        let rehash = |slot: &u32| self.records.key(*slot).map_or(0, Key::hash);
        self.slots.insert_unique(hash, slot, rehash);
        slot
    }

    /// Takes in sums of accounts, the long names of which are these.
    ///
    /// One step after the other for all of them, and not all steps account by account: much of the time goes into waiting
    /// for memory, and lookups of one step do not depend on each other and wait side by side.
    ///
    /// # Errors
    /// Where there are too many accounts.
    pub fn take(&mut self, part: &Part, long: &Names) -> Result<(), Failure> {
        let hashes: Vec<u64> = part.records.iter().map(|record| record.account.key.hash()).collect();
        // The first that looks like it in the table, which compares seven bits of the hash: nearly always the account itself.
        let first = |hash: &u64| self.slots.find(*hash, |_| true).copied().unwrap_or(u32::MAX);
        let mut slots: Vec<u32> = hashes.iter().map(first).collect();
        for ((slot, Record { account, .. }), hash) in slots.iter_mut().zip(&part.records).zip(hashes) {
            if !self.records.is(*slot, account.key, account.long_text(long)) {
                *slot = self.slot(account, hash, long);
            }
        }
        for (Record { sums, .. }, slot) in part.records.iter().zip(&slots) {
            self.records.list.get_mut(index(*slot)).into_iter().for_each(|record| record.sums.merge(sums));
        }
        self.refuse_too_many()?;
        let moved = |pair: &u64| Distinct::moved(*pair, at(&slots, Distinct::slot(*pair)));
        self.invoices.extend(part.invoices.iter().map(moved));
        self.products.extend(part.products.iter().map(moved));
        self.take_fine(&part.fine, &slots);
        Ok(())
    }

    /// Takes in the sums of the same accounts elsewhere.
    ///
    /// # Errors
    /// Where there are too many accounts, or pairs put aside cannot be read.
    pub fn merge(&mut self, other: Self, scratch: &dyn Scratch) -> Result<(), Failure> {
        if self.records.list.is_empty() {
            *self = other;
            return Ok(());
        }
        let slot = |record: &Record| {
            let slot = self.slot(&record.account, record.account.key.hash(), &other.records.long);
            self.records.list.get_mut(index(slot)).into_iter().for_each(|mine| mine.sums.merge(&record.sums));
            slot
        };
        let slots: Vec<u32> = other.records.list.iter().map(slot).collect();
        self.refuse_too_many()?;
        self.invoices.merge(other.invoices, &slots, scratch)?;
        self.products.merge(other.products, &slots, scratch)?;
        self.take_fine(&other.fine, &slots);
        Ok(())
    }

    fn take_fine(&mut self, fine: &FineSums, slots: &[u32]) {
        for (mine, other) in self.fine.kinds_mut().into_iter().zip(fine.kinds()) {
            other.iter().for_each(|(slot, part, amount)| mine.add(at(slots, slot), part, amount));
        }
    }

    fn refuse_too_many(&self) -> Result<(), Failure> {
        let fits = self.records.list.len() <= SLOTS;
        fits.then_some(()).ok_or_else(|| Failure::run("there are too many accounts to count what each has seen"))
    }
}

/// What a slot is elsewhere.
fn at(slots: &[u32], slot: u32) -> u32 {
    slots.get(index(slot)).copied().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::lines::{Line, Lines};
    use super::super::waist::Waist;
    use super::*;

    /// A record is whole or a mistake. Where whole ones are missing, it is the hash of what was kept that tells.
    #[test]
    fn records_are_read_back_whole_or_not_at_all() {
        let mut records = Records::default();
        for (name, amount) in [("A", 1), ("a name that is too long for a label", -5), ("é", 1 << 60)] {
            let sums = YearSums::of_day(20_000, 3, &[amount], &[amount / 2]);
            records.push(Hashed::of(name).key, name, sums);
        }
        let all = |records: &Records| {
            records.accounts().zip(records.list.iter()).map(|(name, record)| (name.to_owned(), record.sums)).collect()
        };
        let expected: Vec<(String, YearSums)> = all(&records);
        // In front stands how many bytes there are, in one byte.
        let kept = postcard::to_stdvec(&records).unwrap();
        let read = |bytes: &[u8]| {
            let length = [u8::try_from(bytes.len()).unwrap()];
            postcard::from_bytes::<Records>(&[&length, bytes].concat()).ok().map(|records| all(&records))
        };
        let bytes = kept.get(1..).unwrap();
        let whole: Vec<usize> = (0..=bytes.len()).filter(|end| read(&bytes[..*end]).is_some()).collect();
        assert_eq!(whole.len(), 4, "cut off between records: {whole:?}");
        for (end, count) in whole.into_iter().zip(0..) {
            assert_eq!(read(&bytes[..end]).as_deref(), expected.get(..count));
        }
        let (last, before) = bytes.split_last().unwrap();
        assert_eq!((*last, read(&[before, &[0xff]].concat())), ("é".as_bytes()[1], None));
    }

    /// So many accounts in one shard that some look alike in its table, and one that comes under two codes.
    #[test]
    fn accounts_that_look_alike_are_told_apart() {
        let names: Vec<String> =
            (0..200_000).map(|number| format!("{number:0width$}", width = 6 + number % 20)).collect();
        let mut waist = Waist::default();
        for name in &names {
            for _ in 0..2 {
                let account = waist.accounts.push(name);
                waist.add(&Lines::of(&[Line { account, fiscal_year: 2024, amount: 1, ..Line::default() }]));
            }
        }
        let part = waist.years().first().unwrap().parts.first().unwrap();
        let mut expected: Vec<&str> =
            part.records.iter().map(|record| record.account.text(&waist.accounts.long)).collect();
        expected.dedup();
        let mut shard = Shard::default();
        for _ in 0..2 {
            shard.take(part, &waist.accounts.long).unwrap();
        }
        assert!(expected.len() > 1_000);
        assert!(shard.records.accounts().eq(expected.iter().copied()));
        assert!((0..expected.len() as u32).all(|slot| shard.records.sums(slot).unwrap().revenue.get() == 4));
    }
}

//! What a block holds: all that a scan has learned of its files, and all account years of its fiscal years.

use super::super::account_map::Moved;
use super::super::counted::CountedYear;
use super::super::ids::{Id, Identifier, Ids};
use super::super::quarantine::FilePages;
use super::super::sums::Sums;
use super::super::tally::{FileTally, Tally};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What is known of the files of a block beside the sums of their lines.
#[derive(Debug, Serialize, Deserialize)]
pub struct Told {
    /// By file.
    pub tallies: Vec<FileTally>,
    pub pages: Vec<FilePages>,
    pub days: BTreeMap<i32, (i32, i32)>,
    pub moved: Moved,
}

impl Told {
    /// What is known of some files, whose lines alone make some fiscal years.
    pub fn of(tally: &Tally, files: &[usize], years: &BTreeSet<i32>, pages: Vec<FilePages>) -> Self {
        let days = tally.days.iter().filter(|(year, _)| years.contains(year));
        let moved = tally.moved.iter().filter(|((_, _, year), _)| years.contains(year));
        Self {
            tallies: files.iter().filter_map(|file| tally.files.get(*file).cloned()).collect(),
            pages,
            days: days.map(|(year, days)| (*year, *days)).collect(),
            moved: moved.map(|(key, count)| (*key, *count)).collect(),
        }
    }
}

/// What the lines of a block's files add up to, and what is known of them beside.
#[derive(Debug)]
pub struct Block {
    pub told: Told,
    pub years: Vec<CountedYear>,
}

impl Block {
    /// A block as it is kept. The ids of things mean something else in every run, so their keys go with them.
    pub fn kept(told: &Told, years: &[&CountedYear], ids: &Ids) -> impl Serialize {
        let fine = years.iter().flat_map(|year| &year.shards).map(|shard| &shard.fine);
        let things = fine.flat_map(|fine| [&fine.products, &fine.categories, &fine.regions]).flat_map(Sums::iter);
        let things: BTreeSet<u64> = things.map(|(_, thing, _)| thing).collect();
        let keys: Vec<(u64, String)> =
            things.into_iter().filter_map(|thing| Some((thing, ids.key(Id::of(thing)?)))).collect();
        (told, years, keys)
    }

    /// The block of these bytes; nothing where they are of none.
    pub fn read(bytes: &[u8], ids: &Mutex<Ids>) -> Option<Self> {
        let (told, mut years, keys): (Told, Vec<CountedYear>, Vec<(u64, String)>) = postcard::from_bytes(bytes).ok()?;
        if !keys.is_empty() {
            let mut identifier = Identifier::new(ids);
            let here: BTreeMap<u64, u64> =
                keys.iter().map(|(thing, key)| (*thing, identifier.id(key).bits())).collect();
            for sums in years.iter_mut().flat_map(|year| &mut year.shards).flat_map(|shard| shard.fine.of_things()) {
                let moved = |(slot, thing, amount)| Some((slot, *here.get(&thing)?, amount));
                *sums = sums.iter().filter_map(moved).collect();
            }
        }
        Some(Self { told, years })
    }
}

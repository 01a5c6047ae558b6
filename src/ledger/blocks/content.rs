//! What a block holds: all that a scan has learned of its files, and all account years of its fiscal years.

use super::super::account_map::Moved;
use super::super::counted::Counted;
use super::super::ids::{Id, Ids};
use super::super::index;
use super::super::quarantine::FilePages;
use super::super::sums::{FineSums, Sums};
use super::super::tally::{FileTally, Tally};
use super::super::waist::YearSums;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the lines of a block's files add up to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Block {
    /// By file.
    pub tallies: Vec<FileTally>,
    pub pages: Vec<FilePages>,
    pub days: BTreeMap<i32, (i32, i32)>,
    pub moved: Moved,
    /// The accounts, each with how many of the years are its own.
    pub accounts: Vec<(String, u32)>,
    pub years: Vec<Year>,
    /// By place among the years: money by month, and by the place of a name.
    pub months_of_years: Vec<Fine>,
    pub names: Vec<String>,
    pub products: Vec<Fine>,
    pub categories: Vec<Fine>,
    pub regions: Vec<Fine>,
    /// By place among the accounts, and day.
    pub days_of_accounts: Vec<Fine>,
}

/// The sums of an account in a fiscal year, its distinct things counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Year {
    pub sums: YearSums,
    pub invoices: u32,
    pub products: u32,
}

/// Whole, part and money.
pub type Fine = (u32, u32, i128);

impl Block {
    /// What some files add up to, whose lines alone make some fiscal years.
    pub fn of(
        tally: &Tally,
        (shards, ids): (&[Counted], &Ids),
        files: &[usize],
        (years, year_of): (&BTreeSet<i32>, &dyn Fn(i32) -> i32),
        pages: Vec<FilePages>,
    ) -> Self {
        let mut block = Self {
            tallies: files.iter().filter_map(|file| tally.files.get(*file).cloned()).collect(),
            pages,
            days: tally
                .days
                .iter()
                .filter(|(year, _)| years.contains(year))
                .map(|(year, days)| (*year, *days))
                .collect(),
            moved: tally
                .moved
                .iter()
                .filter(|((_, _, year), _)| years.contains(year))
                .map(|(key, count)| (*key, *count))
                .collect(),
            accounts: Vec::new(),
            years: Vec::new(),
            months_of_years: Vec::new(),
            names: Vec::new(),
            products: Vec::new(),
            categories: Vec::new(),
            regions: Vec::new(),
            days_of_accounts: Vec::new(),
        };
        let mut names: BTreeMap<u64, u32> = BTreeMap::new();
        for shard in shards {
            block.take(shard, (years, year_of), &mut names);
        }
        let mut names: Vec<(u32, u64)> = names.into_iter().map(|(id, place)| (place, id)).collect();
        names.sort_unstable();
        block.names = names.into_iter().map(|(_, id)| Id::of(id).map(|id| ids.key(id)).unwrap_or_default()).collect();
        block
    }

    /// Takes in the years of a shard that are those of the block.
    fn take(
        &mut self,
        shard: &Counted,
        (years, year_of): (&BTreeSet<i32>, &dyn Fn(i32) -> i32),
        names: &mut BTreeMap<u64, u32>,
    ) {
        let has_fine = !shard.fine.is_empty();
        // By the slots and codes of the shard, the places here.
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        let mut codes: BTreeMap<u32, u32> = BTreeMap::new();
        for (code, slots) in shard.accounts() {
            let mine = shard.order.get(slots).unwrap_or_default().iter().filter_map(|slot| {
                let year = shard.year(*slot).filter(|year| years.contains(&year.fiscal_year.into()))?;
                let count = |counts: &[u32]| counts.get(index(*slot)).copied().unwrap_or_default();
                let (invoices, products) = (count(&shard.invoices), count(&shard.products));
                Some((*slot, Year { sums: *year, invoices, products }))
            });
            let before = self.years.len();
            for (slot, year) in mine {
                if has_fine {
                    places.insert(slot, length(self.years.len()));
                }
                self.years.push(year);
            }
            let count = length(self.years.len() - before);
            if count > 0 {
                if has_fine {
                    codes.insert(code, length(self.accounts.len()));
                }
                self.accounts.push((shard.sums.accounts.text(code).to_owned(), count));
            }
        }
        let mut name = |id: u64| {
            let next = length(names.len());
            *names.entry(id).or_insert(next)
        };
        let FineSums { months, products, categories, regions, days } = &shard.fine;
        let placed = |sums: &Sums| -> Vec<(u32, u64, i128)> {
            sums.iter().filter_map(|(slot, part, amount)| Some((*places.get(&slot)?, part, amount))).collect()
        };
        let small = |part: u64| u32::try_from(part).unwrap_or(u32::MAX);
        let month = |(place, part, amount)| (place, small(part), amount);
        self.months_of_years.extend(placed(months).into_iter().map(month));
        for (sums, fine) in
            [(products, &mut self.products), (categories, &mut self.categories), (regions, &mut self.regions)]
        {
            fine.extend(placed(sums).into_iter().map(|(place, id, amount)| (place, name(id), amount)));
        }
        let of_codes = days.iter().filter_map(|(code, day, amount)| {
            let is_here = years.contains(&year_of(small(day).cast_signed()));
            is_here.then_some((*codes.get(&code)?, small(day), amount))
        });
        self.days_of_accounts.extend(of_codes);
    }
}

/// A length as a place.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

//! The sums in order: codes become places in sorted lists, so that nothing tells in which order lines came.

use super::cells::LARGEST;
use super::counted::Counted;
use super::ids::{Id, Ids};
use super::index;
use super::sums::{FineSums, Sums};
use super::tables::too_large;
use super::waist::YearSums;
use crate::failure::Failure;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;
use std::ops::Range;

/// What the lines of a ledger add up to, sorted.
#[derive(Debug, Default)]
pub struct Books {
    /// The keys of the accounts, sorted; `account` is a place in this list.
    pub accounts: Vec<String>,
    /// By account and fiscal year.
    pub years: Vec<AccountYear>,
    /// By account, fiscal year and month: 0 for the first month of the fiscal year.
    pub months: Vec<PartSum>,
    /// By account, fiscal year and product, category or region: a place in the list of its names.
    pub products: Vec<PartSum>,
    pub categories: Vec<PartSum>,
    pub regions: Vec<PartSum>,
    pub product_names: Vec<String>,
    pub category_names: Vec<String>,
    pub region_names: Vec<String>,
    /// By account and day.
    pub days: Vec<DaySum>,
    /// The years of the bucket that lines without an account are kept in, by fiscal year. It counts in what the
    /// book comes to and is no account, so nothing else in the books has it.
    pub bucket: Vec<AccountYear>,
}

/// One account in one fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountYear {
    pub account: u32,
    pub fiscal_year: i32,
    pub revenue: i64,
    pub cost: i64,
    pub lines: u32,
    pub invoices: u32,
    pub products: u32,
    /// Lines with a negative amount: credit notes and returns.
    pub returns: u32,
    /// One bit per month of the fiscal year.
    pub months: u16,
    pub first_day: i32,
    pub last_day: i32,
}

/// A sum has more digits than leave: 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// The money of one part of an account's fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartSum {
    pub account: u32,
    pub fiscal_year: i32,
    pub part: u32,
    /// Minor units.
    pub amount: i64,
}

/// The money of an account on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DaySum {
    pub account: u32,
    /// Days since 1970-01-01.
    pub day: i32,
    /// Minor units.
    pub amount: i64,
}

impl Books {
    /// Puts the sums of all threads in order, leaving out the fiscal years after `last_year`, which ends on `last_day`.
    ///
    /// # Errors
    /// Where a sum has more than 18 digits.
    pub fn of(shards: &[Counted], ids: &Ids, last_year: i32, last_day: i32) -> Result<Self, Failure> {
        let accounts = Accounts::of(shards, last_year);
        let parts = |sums: fn(&FineSums) -> &Sums| accounts.parts(shards, sums, last_year);
        let (products, product_names) = named(parts(|fine| &fine.products)?, ids);
        let (categories, category_names) = named(parts(|fine| &fine.categories)?, ids);
        let (regions, region_names) = named(parts(|fine| &fine.regions)?, ids);
        Ok(Self {
            years: accounts.years(shards, last_year)?,
            months: part_sums(parts(|fine| &fine.months)?, |month| u32::try_from(month).unwrap_or(u32::MAX)),
            products,
            categories,
            regions,
            product_names,
            category_names,
            region_names,
            days: accounts.days(shards, last_day)?,
            accounts: accounts.list.into_iter().map(|found| found.name).collect(),
            bucket: Vec::new(),
        })
    }

    /// Takes the bucket of this name out of the accounts.
    pub fn set_apart(mut self, bucket: &str) -> Self {
        let place = self.accounts.iter().position(|account| account == bucket);
        let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else { return self };
        self.bucket = self.years.extract_if(.., |year| year.account == place).collect();
        self.days.retain(|day| day.account != place);
        for parts in [&mut self.months, &mut self.products, &mut self.categories, &mut self.regions] {
            parts.retain(|part| part.account != place);
        }
        self
    }
}

/// Account, fiscal year, part and money.
type Part = (u32, i32, u64, i64);

/// An account with years that count.
struct Found {
    name: String,
    shard: usize,
    code: u32,
    /// Where its slots are in the order of the shard.
    slots: Range<usize>,
}

/// All of them, in order.
struct Accounts {
    list: Vec<Found>,
    /// By shard and code: the place of an account in the list.
    places: Vec<Vec<u32>>,
}

impl Accounts {
    fn of(shards: &[Counted], last_year: i32) -> Self {
        let found = |(number, shard): (usize, &Counted)| {
            let counts = |slot: &u32| shard.year(*slot).is_some_and(|year| i32::from(year.fiscal_year) <= last_year);
            let any = |slots: &Range<usize>| shard.order.get(slots.clone()).unwrap_or_default().iter().any(counts);
            let name = |code| shard.sums.accounts.text(code).to_owned();
            let accounts = shard.accounts().into_iter().filter(|(_, slots)| any(slots));
            accounts.map(|(code, slots)| Found { name: name(code), shard: number, code, slots }).collect::<Vec<_>>()
        };
        let mut list: Vec<Found> = shards.par_iter().enumerate().flat_map_iter(found).collect();
        list.par_sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let mut places: Vec<Vec<u32>> = shards.iter().map(|shard| vec![u32::MAX; shard.sums.accounts.len()]).collect();
        for (account, place) in list.iter().zip(0u32..) {
            let found = places.get_mut(account.shard).and_then(|places| places.get_mut(index(account.code)));
            found.into_iter().for_each(|found| *found = place);
        }
        Self { list, places }
    }

    fn years(&self, shards: &[Counted], last_year: i32) -> Result<Vec<AccountYear>, Failure> {
        let mut years = Vec::with_capacity(shards.iter().map(|shard| shard.order.len()).sum());
        for (found, account) in self.list.iter().zip(0u32..) {
            let Some(shard) = shards.get(found.shard) else { continue };
            for slot in shard.order.get(found.slots.clone()).unwrap_or_default() {
                let count = |counts: &[u32]| counts.get(index(*slot)).copied().unwrap_or_default();
                let year = shard.year(*slot).filter(|year| i32::from(year.fiscal_year) <= last_year);
                let Some(year) = year else { continue };
                years.push(account_year(year, account, (count(&shard.invoices), count(&shard.products)))?);
            }
        }
        Ok(years)
    }

    fn place(&self, shard: usize, code: u32) -> Option<u32> {
        self.places.get(shard)?.get(index(code)).copied().filter(|place| *place != u32::MAX)
    }

    /// The finer sums of one kind, of the years that count, in no order.
    fn parts(&self, shards: &[Counted], sums: fn(&FineSums) -> &Sums, last_year: i32) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            for (slot, part, amount) in sums(&shard.fine).iter() {
                let year = shard.year(slot).filter(|year| i32::from(year.fiscal_year) <= last_year);
                let Some(account) = year.and_then(|year| self.place(number, year.account)) else { continue };
                parts.push((account, year.map_or(last_year, |year| year.fiscal_year.into()), part, whole(amount)?));
            }
        }
        Ok(parts)
    }

    fn days(&self, shards: &[Counted], last_day: i32) -> Result<Vec<DaySum>, Failure> {
        let mut days = Vec::new();
        for (number, shard) in shards.iter().enumerate() {
            for (account, day, amount) in shard.fine.days.iter() {
                let day = u32::try_from(day).unwrap_or_default().cast_signed();
                let Some(account) = self.place(number, account).filter(|_| day <= last_day) else { continue };
                days.push(DaySum { account, day, amount: whole(amount)? });
            }
        }
        days.par_sort_unstable();
        Ok(days)
    }
}

/// Parts in order, as places.
fn part_sums(parts: Vec<Part>, part_of: impl Fn(u64) -> u32) -> Vec<PartSum> {
    let place = |(account, fiscal_year, part, amount)| PartSum { account, fiscal_year, part: part_of(part), amount };
    let mut parts: Vec<PartSum> = parts.into_iter().map(place).collect();
    parts.par_sort_unstable();
    parts
}

/// Parts that are things in order, and the names of the things, sorted.
fn named(parts: Vec<Part>, ids: &Ids) -> (Vec<PartSum>, Vec<String>) {
    let mut things: Vec<u64> = parts.iter().map(|(_, _, part, _)| *part).collect();
    things.par_sort_unstable();
    things.dedup();
    let mut names: Vec<(String, u64)> =
        things.into_iter().filter_map(|bits| Some((ids.key(Id::of(bits)?), bits))).collect();
    names.par_sort_unstable();
    let places: HashMap<u64, u32, FixedState> = names.iter().map(|(_, bits)| *bits).zip(0u32..).collect();
    let parts = part_sums(parts, |part| places.get(&part).copied().unwrap_or(u32::MAX));
    (parts, names.into_iter().map(|(name, _)| name).collect())
}

fn whole(amount: i128) -> Result<i64, Failure> {
    let whole = i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST);
    whole.ok_or_else(|| too_large("the money of an account in a year"))
}

fn account_year(sums: &YearSums, account: u32, (invoices, products): (u32, u32)) -> Result<AccountYear, Failure> {
    // Four billion lines of one account in one year are no book that anybody keeps, and none that would be counted wrong.
    let count = |lines: i64| u32::try_from(lines).map_err(|_| too_large("the number of an account's lines in a year"));

    Ok(AccountYear {
        account,
        fiscal_year: sums.fiscal_year.into(),
        revenue: whole(sums.revenue)?,
        cost: whole(sums.cost)?,
        lines: count(sums.lines)?,
        invoices,
        products,
        returns: count(sums.returns)?,
        months: sums.months,
        first_day: sums.first_day,
        last_day: sums.last_day,
    })
}

//! The sums in order: codes become places in sorted lists, so that nothing tells in which order lines came.

use super::amounts::LARGEST;
use super::counted::CountedYear;
use super::ids::{Id, Ids};
use super::index;
use super::interner::Interner;
use super::sums::{FineSums, Sums};
use super::tables::too_large;
use super::year_sums::YearSums;
use crate::failure::Failure;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

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

/// One account in one fiscal year; there are many, so that it is held in 48 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountYear {
    pub account: u32,
    pub fiscal_year: i16,
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

const _: () = assert!(size_of::<AccountYear>() == 48);

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
    /// Puts the sums of all threads in order, leaving out the fiscal years after `last_year`. The years come in their order.
    ///
    /// # Errors
    /// Where a sum has more than 18 digits.
    pub fn of(years: &[CountedYear], ids: &Ids, last_year: i32) -> Result<Self, Failure> {
        let counting = years.partition_point(|year| year.fiscal_year <= last_year);
        let years = years.get(..counting).unwrap_or_default();
        let accounts = Accounts::of(years);
        let parts = |sums: fn(&FineSums) -> &Sums| accounts.parts(years, sums);
        let (products, product_names) = named(parts(|fine| &fine.products)?, ids);
        let (categories, category_names) = named(parts(|fine| &fine.categories)?, ids);
        let (regions, region_names) = named(parts(|fine| &fine.regions)?, ids);
        Ok(Self {
            years: accounts.years(years)?,
            months: part_sums(parts(|fine| &fine.months)?, |month| u32::try_from(month).unwrap_or(u32::MAX)),
            products,
            categories,
            regions,
            product_names,
            category_names,
            region_names,
            days: days(parts(|fine| &fine.days)?),
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

/// So many accounts are put in order together.
const TOGETHER: usize = 1 << 8;

/// An account.
struct Found {
    name: String,
    shard: usize,
    code: u32,
}

/// Where the sums of an account's year are: its place among the years, and the slot in its shard.
type Place = (u32, u32);

/// The accounts of a shard by code, and where the sums of each are.
struct Grouped {
    places: Vec<Place>,
    /// By code, where its places end.
    ends: Vec<usize>,
    /// By year and slot.
    codes: Vec<Vec<u32>>,
}

impl Grouped {
    fn of(years: &[CountedYear], shard: usize) -> (Interner, Self) {
        let mut accounts = Interner::default();
        let mut codes = Vec::with_capacity(years.len());
        for year in years {
            let names = year.shards.get(shard).into_iter().flat_map(|shard| shard.records.accounts());
            codes.push(names.map(|name| accounts.code(name)).collect::<Vec<u32>>());
        }
        // Counted, and then put where they belong: the years of an account stay in their order.
        let mut ends = vec![0usize; accounts.len()];
        codes.iter().flatten().for_each(|code| ends.get_mut(index(*code)).into_iter().for_each(|count| *count += 1));
        let mut sum = 0;
        for end in &mut ends {
            // For now where it begins.
            sum += std::mem::replace(end, sum);
        }
        let mut places = vec![(0, 0); sum];
        for (year, codes) in (0..).zip(&codes) {
            for (slot, code) in (0..).zip(codes) {
                let Some(end) = ends.get_mut(index(*code)) else { continue };
                places.get_mut(*end).into_iter().for_each(|place| *place = (year, slot));
                *end += 1;
            }
        }
        (accounts, Self { places, ends, codes })
    }

    /// The places of an account.
    fn of_account(&self, code: u32) -> &[Place] {
        let end = |code: usize| self.ends.get(code).copied().unwrap_or_default();
        let start = index(code).checked_sub(1).map_or(0, end);
        self.places.get(start..end(index(code))).unwrap_or_default()
    }
}

/// All of them, in order.
struct Accounts {
    list: Vec<Found>,
    shards: Vec<Grouped>,
    /// By shard and code: the place of an account in the list.
    places: Vec<Vec<u32>>,
}

impl Accounts {
    fn of(years: &[CountedYear]) -> Self {
        let shards = years.iter().map(|year| year.shards.len()).max().unwrap_or_default();
        let grouped: Vec<(Interner, Grouped)> =
            (0..shards).into_par_iter().map(|shard| Grouped::of(years, shard)).collect();
        let (names, shards): (Vec<Interner>, Vec<Grouped>) = grouped.into_iter().unzip();
        let found = |(shard, names): (usize, &Interner)| {
            (0..)
                .zip(names.texts())
                .map(|(code, name)| Found { name: name.to_owned(), shard, code })
                .collect::<Vec<_>>()
        };
        let mut list: Vec<Found> = names.par_iter().enumerate().flat_map_iter(found).collect();
        list.par_sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let mut places: Vec<Vec<u32>> = names.iter().map(|names| vec![u32::MAX; names.len()]).collect();
        for (account, place) in list.iter().zip(0u32..) {
            let found = places.get_mut(account.shard).and_then(|places| places.get_mut(index(account.code)));
            found.into_iter().for_each(|found| *found = place);
        }
        Self { list, shards, places }
    }

    fn years(&self, years: &[CountedYear]) -> Result<Vec<AccountYear>, Failure> {
        let places =
            |found: &Found| self.shards.get(found.shard).map(|shard| shard.of_account(found.code)).unwrap_or_default();
        let mut list = vec![AccountYear::default(); self.shards.iter().map(|shard| shard.places.len()).sum()];
        // Each of many accounts in a row gets its place, so that they can be filled in side by side.
        let mut free = list.as_mut_slice();
        let mut parts = Vec::new();
        for (accounts, first) in self.list.chunks(TOGETHER).zip((0u32..).step_by(TOGETHER)) {
            let count = accounts.iter().map(|found| places(found).len()).sum();
            let (mine, others) = std::mem::take(&mut free).split_at_mut_checked(count).unwrap_or_default();
            parts.push((accounts, first, mine));
            free = others;
        }
        let fill = |(accounts, first, list): (&[Found], u32, &mut [AccountYear])| {
            // They lie all over memory. Nothing but copied, many are waited for at a time.
            let mut sums = Vec::with_capacity(list.len());
            for (found, account) in accounts.iter().zip(first..) {
                for (year, slot) in places(found) {
                    let Some(year) = years.get(index(*year)) else { continue };
                    let Some(shard) = year.shards.get(found.shard) else { continue };
                    let Some(of_year) = shard.records.sums(*slot) else { continue };
                    sums.push(((account, year.fiscal_year), *of_year, shard.counts(*slot)));
                }
            }
            for (filled, (key, sums, counts)) in list.iter_mut().zip(&sums) {
                *filled = account_year(sums, *key, *counts)?;
            }
            Ok(())
        };
        parts.into_par_iter().try_for_each(fill).map(|()| list)
    }

    /// The finer sums of one kind, in no order.
    fn parts(&self, years: &[CountedYear], sums: fn(&FineSums) -> &Sums) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        for (number, year) in years.iter().enumerate() {
            for (place, shard) in year.shards.iter().enumerate() {
                let codes = self.shards.get(place).and_then(|shard| shard.codes.get(number));
                let account = |slot: u32| {
                    let code = codes?.get(index(slot))?;
                    self.places.get(place)?.get(index(*code)).copied()
                };
                for (slot, part, amount) in sums(&shard.fine).iter() {
                    let Some(account) = account(slot) else { continue };
                    parts.push((account, year.fiscal_year, part, whole(amount)?));
                }
            }
        }
        Ok(parts)
    }
}

/// Days in order.
fn days(parts: Vec<Part>) -> Vec<DaySum> {
    let day = |(account, _, day, amount): Part| DaySum {
        account,
        day: u32::try_from(day).unwrap_or_default().cast_signed(),
        amount,
    };
    let mut days: Vec<DaySum> = parts.into_iter().map(day).collect();
    days.par_sort_unstable();
    days
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

fn account_year(
    sums: &YearSums,
    (account, fiscal_year): (u32, i32),
    (invoices, products): (u32, u32),
) -> Result<AccountYear, Failure> {
    // Four billion lines of one account in one year are no book that anybody keeps, and none that would be counted wrong.
    let count = |lines: u32| {
        let counted = (lines < u32::MAX).then_some(lines);
        counted.ok_or_else(|| too_large("the number of an account's lines in a year"))
    };
    Ok(AccountYear {
        account,
        fiscal_year: i16::try_from(fiscal_year).map_err(|_| too_large("the number of a fiscal year"))?,
        revenue: whole(sums.revenue.get())?,
        cost: whole(sums.cost.get())?,
        lines: count(sums.lines)?,
        invoices,
        products,
        returns: count(sums.returns)?,
        months: sums.months,
        first_day: sums.first_day,
        last_day: sums.last_day,
    })
}

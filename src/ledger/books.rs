//! The sums in order: codes become places in sorted lists, so that nothing tells in which order lines came.

use super::amounts::LARGEST;
use super::counted::{CountedShard, CountedYear};
use super::ids::{Id, Ids};
use super::index;
use super::interner::Interner;
use super::key::Order;
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
    pub fn of(mut years: Vec<CountedYear>, ids: &Ids, last_year: i32) -> Result<Self, Failure> {
        years.retain(|year| year.fiscal_year <= last_year);
        let accounts = Accounts::of(years)?;
        let (products, product_names) = named(accounts.parts(|fine| &fine.products)?, ids);
        let (categories, category_names) = named(accounts.parts(|fine| &fine.categories)?, ids);
        let (regions, region_names) = named(accounts.parts(|fine| &fine.regions)?, ids);
        let month = |month| u32::try_from(month).unwrap_or(u32::MAX);
        Ok(Self {
            years: accounts.years(),
            months: part_sums(accounts.parts(|fine| &fine.months)?, month),
            products,
            categories,
            regions,
            product_names,
            category_names,
            region_names,
            days: days(accounts.parts(|fine| &fine.days)?),
            accounts: accounts.names(),
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

/// The accounts of a shard.
struct Grouped {
    names: Interner,
    /// By account, `account` being its code, and then by fiscal year.
    years: Vec<AccountYear>,
    /// By code, where its years end.
    ends: Vec<usize>,
    fine: Vec<Fine>,
}

/// The finer sums of a fiscal year by slot, and the codes of the slots.
struct Fine {
    fiscal_year: i32,
    codes: Vec<u32>,
    sums: FineSums,
}

impl Grouped {
    /// Puts the sums of a shard in order, which come by fiscal year: as they are few, they stay in the cache meanwhile.
    fn of(shards: Vec<(i32, CountedShard)>) -> Result<Self, Failure> {
        let mut names = Interner::default();
        let mut codes_of = |shard: &CountedShard| {
            shard.records.labels().map(|(label, long)| names.code_of(label, long)).collect::<Vec<u32>>()
        };
        let codes: Vec<Vec<u32>> = shards.iter().map(|(_, shard)| codes_of(shard)).collect();
        // Counted, and then put where they belong: the years of an account stay in their order.
        let mut ends = vec![0usize; names.len()];
        codes.iter().flatten().for_each(|code| ends.get_mut(index(*code)).into_iter().for_each(|count| *count += 1));
        let mut sum = 0;
        for end in &mut ends {
            // For now where it begins.
            sum += std::mem::replace(end, sum);
        }
        let mut years = vec![AccountYear::default(); sum];
        for ((fiscal_year, shard), codes) in shards.iter().zip(&codes) {
            for (slot, code) in (0..).zip(codes) {
                let (Some(end), Some(sums)) = (ends.get_mut(index(*code)), shard.records.sums(slot)) else { continue };
                let year = account_year(sums, (*code, *fiscal_year), shard.counts(slot))?;
                years.get_mut(*end).into_iter().for_each(|place| *place = year);
                *end += 1;
            }
        }
        let fine = shards.into_iter().zip(codes);
        let fine = fine.map(|((fiscal_year, shard), codes)| Fine { fiscal_year, codes, sums: shard.fine }).collect();
        Ok(Self { names, years, ends, fine })
    }

    /// The years of an account.
    fn of_account(&self, code: u32) -> &[AccountYear] {
        let end = |code: usize| self.ends.get(code).copied().unwrap_or_default();
        let start = index(code).checked_sub(1).map_or(0, end);
        self.years.get(start..end(index(code))).unwrap_or_default()
    }
}

/// An account, and what it is sorted by.
#[derive(Clone, Copy)]
struct Found {
    order: Order,
    shard: u32,
    code: u32,
}

/// All accounts, in order.
struct Accounts {
    list: Vec<Found>,
    shards: Vec<Grouped>,
}

impl Accounts {
    fn of(years: Vec<CountedYear>) -> Result<Self, Failure> {
        let count = years.iter().map(|year| year.shards.len()).max().unwrap_or_default();
        let mut by_shard: Vec<Vec<(i32, CountedShard)>> = std::iter::repeat_with(Vec::new).take(count).collect();
        for CountedYear { fiscal_year, shards } in years {
            by_shard.iter_mut().zip(shards).for_each(|(years, shard)| years.push((fiscal_year, shard)));
        }
        let shards = by_shard.into_par_iter().map(Grouped::of).collect::<Result<Vec<_>, Failure>>()?;
        let found = |(shard, grouped): (usize, &Grouped)| {
            let shard = u32::try_from(shard).unwrap_or(u32::MAX);
            let labels = (0..).zip(grouped.names.labels());
            labels.map(|(code, label)| Found { order: label.key.order(), shard, code }).collect::<Vec<_>>()
        };
        let mut list: Vec<Found> = shards.par_iter().enumerate().flat_map_iter(found).collect();
        let name = |found: &Found| shards.get(index(found.shard)).map_or("", |shard| shard.names.text(found.code));
        list.par_sort_unstable_by(|one, other| {
            Order::compare((one.order, || name(one)), (other.order, || name(other)))
        });
        Ok(Self { list, shards })
    }

    fn of_shard(&self, found: &Found) -> Option<&Grouped> {
        self.shards.get(index(found.shard))
    }

    fn names(&self) -> Vec<String> {
        let name = |found: &Found| {
            let long = || self.of_shard(found).map(|shard| shard.names.text(found.code).to_owned());
            found.order.text().or_else(long).unwrap_or_default()
        };
        self.list.par_iter().map(name).collect()
    }

    fn years(&self) -> Vec<AccountYear> {
        let years = |found: &Found| self.of_shard(found).map(|shard| shard.of_account(found.code)).unwrap_or_default();
        let count: usize = self.shards.iter().map(|shard| shard.years.len()).sum();
        // Filled with nothing side by side: to be given so much memory takes longer than to copy the years.
        let mut list: Vec<AccountYear> = (0..count).into_par_iter().map(|_| AccountYear::default()).collect();
        // Each of many accounts in a row gets its place, so that they can be filled in side by side.
        let mut free = list.as_mut_slice();
        let mut parts = Vec::new();
        for (accounts, first) in self.list.chunks(TOGETHER).zip((0u32..).step_by(TOGETHER)) {
            let count = accounts.iter().map(|found| years(found).len()).sum();
            let (mine, others) = std::mem::take(&mut free).split_at_mut_checked(count).unwrap_or_default();
            parts.push((accounts, first, mine));
            free = others;
        }
        parts.into_par_iter().for_each(|(accounts, first, list)| {
            let years = accounts
                .iter()
                .zip(first..)
                .flat_map(|(found, account)| years(found).iter().map(move |year| AccountYear { account, ..*year }));
            list.iter_mut().zip(years).for_each(|(place, year)| *place = year);
        });
        list
    }

    /// The finer sums of one kind, in no order.
    fn parts(&self, sums: fn(&FineSums) -> &Sums) -> Result<Vec<Part>, Failure> {
        let fine = || self.shards.iter().flat_map(|shard| &shard.fine);
        if fine().all(|fine| sums(&fine.sums).iter().next().is_none()) {
            return Ok(Vec::new());
        }
        let (places, mut parts) = (self.places(), Vec::new());
        for (shard, places) in self.shards.iter().zip(&places) {
            for Fine { fiscal_year, codes, sums: fine } in &shard.fine {
                for (slot, part, amount) in sums(fine).iter() {
                    let account = codes.get(index(slot)).and_then(|code| places.get(index(*code)));
                    let Some(account) = account else { continue };
                    parts.push((*account, *fiscal_year, part, whole(amount)?));
                }
            }
        }
        Ok(parts)
    }

    /// By shard and code: the place of an account in the list.
    fn places(&self) -> Vec<Vec<u32>> {
        let mut places: Vec<Vec<u32>> = self.shards.iter().map(|shard| vec![u32::MAX; shard.names.len()]).collect();
        for (account, place) in self.list.iter().zip(0u32..) {
            let found = places.get_mut(index(account.shard)).and_then(|places| places.get_mut(index(account.code)));
            found.into_iter().for_each(|found| *found = place);
        }
        places
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

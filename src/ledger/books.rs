//! The sums in order: codes become places in sorted lists, so that nothing tells in which order lines came.

use super::amounts::LARGEST;
use super::counted::{CountedShard, CountedYear};
use super::ids::{Id, Ids};
use super::index;
use super::interner::Interner;
use super::key::{Label, Order};
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
        let accounts = Accounts::of(years);
        let (products, product_names) = named(accounts.parts(|fine| &fine.products)?, ids);
        let (categories, category_names) = named(accounts.parts(|fine| &fine.categories)?, ids);
        let (regions, region_names) = named(accounts.parts(|fine| &fine.regions)?, ids);
        let month = |month| u32::try_from(month).unwrap_or(u32::MAX);
        Ok(Self {
            months: part_sums(accounts.parts(|fine| &fine.months)?, month),
            products,
            categories,
            regions,
            product_names,
            category_names,
            region_names,
            days: days(accounts.parts(|fine| &fine.days)?),
            accounts: accounts.names(),
            years: accounts.years()?,
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

/// The accounts of a shard.
struct Grouped {
    names: Interner,
    /// In their order.
    years: Vec<ShardYear>,
    /// By code, how many years an account has.
    counts: Vec<u32>,
}

/// A fiscal year of a shard, and the codes of its slots.
struct ShardYear {
    fiscal_year: i32,
    codes: Vec<u32>,
    shard: CountedShard,
}

impl Grouped {
    fn of(years: Vec<(i32, CountedShard)>) -> Self {
        let mut names = Interner::default();
        let year = |(fiscal_year, shard): (i32, CountedShard)| {
            let codes = shard.records.labels().map(|(label, long)| names.code_of(label, long)).collect();
            ShardYear { fiscal_year, codes, shard }
        };
        let years: Vec<ShardYear> = years.into_iter().map(year).collect();
        let mut counts = vec![0; names.len()];
        for code in years.iter().flat_map(|year| &year.codes) {
            counts.get_mut(index(*code)).into_iter().for_each(|count| *count += 1);
        }
        Self { names, years, counts }
    }

    /// Puts the years of the accounts into their rooms, which lie all over memory, and lets go of the sums. What is known of
    /// the rooms of one shard stays in the cache.
    fn fill(self, mut rooms: Vec<Room>) -> Result<(), Failure> {
        for ShardYear { fiscal_year, codes, shard } in self.years {
            for (slot, code) in (0..).zip(codes) {
                let (Some((account, room)), Some(sums)) = (rooms.get_mut(index(code)), shard.records.sums(slot)) else {
                    continue;
                };
                let Some((first, rest)) = std::mem::take(room).split_first_mut() else { continue };
                *first = account_year(sums, (*account, fiscal_year), shard.counts(slot))?;
                *room = rest;
            }
        }
        Ok(())
    }
}

/// The place of an account in the list, and what is left of the room for its years.
type Room<'a> = (u32, &'a mut [AccountYear]);

/// An account, what it is sorted by, and how many years it has.
#[derive(Clone, Copy)]
struct Found {
    order: Order,
    shard: u32,
    code: u32,
    years: u32,
}

/// All accounts, in order.
struct Accounts {
    list: Vec<Found>,
    shards: Vec<Grouped>,
}

impl Accounts {
    fn of(years: Vec<CountedYear>) -> Self {
        let count = years.iter().map(|year| year.shards.len()).max().unwrap_or_default();
        let mut by_shard: Vec<Vec<(i32, CountedShard)>> = std::iter::repeat_with(Vec::new).take(count).collect();
        for CountedYear { fiscal_year, shards } in years {
            by_shard.iter_mut().zip(shards).for_each(|(years, shard)| years.push((fiscal_year, shard)));
        }
        let shards: Vec<Grouped> = by_shard.into_par_iter().map(Grouped::of).collect();
        let found = |(shard, grouped): (usize, &Grouped)| {
            let shard = u32::try_from(shard).unwrap_or(u32::MAX);
            let labels = (0..).zip(grouped.names.labels()).zip(&grouped.counts);
            let found = |((code, label), years): ((u32, &Label), &u32)| Found {
                order: label.key.order(),
                shard,
                code,
                years: *years,
            };
            labels.map(found).collect::<Vec<_>>()
        };
        let mut list: Vec<Found> = shards.par_iter().enumerate().flat_map_iter(found).collect();
        let name = |found: &Found| shards.get(index(found.shard)).map_or("", |shard| shard.names.text(found.code));
        list.par_sort_unstable_by(|one, other| {
            Order::compare((one.order, || name(one)), (other.order, || name(other)))
        });
        Self { list, shards }
    }

    fn names(&self) -> Vec<String> {
        let name = |found: &Found| {
            let shard = || self.shards.get(index(found.shard));
            let long = || shard().map(|shard| shard.names.text(found.code).to_owned());
            found.order.text().or_else(long).unwrap_or_default()
        };
        self.list.par_iter().map(name).collect()
    }

    /// The years of all accounts, shard by shard put where they belong.
    fn years(self) -> Result<Vec<AccountYear>, Failure> {
        let Self { list: accounts, shards } = self;
        let count: usize = accounts.iter().map(|found| index(found.years)).sum();
        // Filled with nothing side by side: to be given so much memory takes longer than to fill it.
        let mut list: Vec<AccountYear> = (0..count).into_par_iter().map(|_| AccountYear::default()).collect();
        let nowhere = |shard: &Grouped| std::iter::repeat_with(Room::default).take(shard.names.len()).collect();
        let mut rooms: Vec<Vec<Room>> = shards.iter().map(nowhere).collect();
        let mut free = list.as_mut_slice();
        for (found, account) in accounts.iter().zip(0u32..) {
            let (mine, others) = std::mem::take(&mut free).split_at_mut_checked(index(found.years)).unwrap_or_default();
            let room = rooms.get_mut(index(found.shard)).and_then(|rooms| rooms.get_mut(index(found.code)));
            if let Some(room) = room {
                *room = (account, mine);
            }
            free = others;
        }
        shards.into_par_iter().zip(rooms).try_for_each(|(shard, rooms)| shard.fill(rooms))?;
        Ok(list)
    }

    /// The finer sums of one kind, in no order.
    fn parts(&self, sums: fn(&FineSums) -> &Sums) -> Result<Vec<Part>, Failure> {
        let mut years = self.shards.iter().flat_map(|shard| &shard.years);
        if years.all(|year| sums(&year.shard.fine).iter().next().is_none()) {
            return Ok(Vec::new());
        }
        let (places, mut parts) = (self.places(), Vec::new());
        for (shard, places) in self.shards.iter().zip(&places) {
            for ShardYear { fiscal_year, codes, shard } in &shard.years {
                for (slot, part, amount) in sums(&shard.fine).iter() {
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

//! The waist in order: codes become places in sorted lists, so that nothing tells in which order lines came.

use super::cells::LARGEST;
use super::index;
use super::interner::Interner;
use super::sums::Sums;
use super::waist::{Waist, YearSums};

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
    pub lines: i64,
    pub invoices: i64,
    pub products: i64,
    /// Lines with a negative amount: credit notes and returns.
    pub returns: i64,
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
    /// Puts a waist in order, leaving out the fiscal years after `last_year`, which ends on `last_day`.
    ///
    /// # Errors
    /// [`Overflow`] where a sum does not fit 64 bits.
    pub fn of(mut waist: Waist, last_year: i32, last_day: i32) -> Result<Self, Overflow> {
        let (invoices, products) = waist.count_distinct();
        let (accounts, account_places) = sorted(&waist.accounts);
        let counted = waist.years().iter().zip(invoices.into_iter().zip(products));
        let counted = counted.filter(|(year, _)| year.fiscal_year <= last_year);
        let mut years: Vec<AccountYear> = counted
            .map(|(year, distinct)| account_year(year, place(&account_places, year.account), distinct))
            .collect::<Result<_, _>>()?;
        years.sort_unstable_by_key(|year| (year.account, year.fiscal_year));
        let (product_names, product_places) = sorted(&waist.products);
        let (category_names, category_places) = sorted(&waist.categories);
        let (region_names, region_places) = sorted(&waist.regions);
        let parts = |sums: &Sums, part_of: &dyn Fn(u32) -> u32| -> Result<Vec<PartSum>, Overflow> {
            let mut parts = Vec::new();
            for (slot, part, amount) in sums.iter() {
                let year = waist.years().get(index(slot)).filter(|year| year.fiscal_year <= last_year);
                let Some(YearSums { account, fiscal_year, .. }) = year else { continue };
                let account = place(&account_places, *account);
                parts.push(PartSum { account, fiscal_year: *fiscal_year, part: part_of(part), amount: whole(amount)? });
            }
            parts.sort_unstable();
            Ok(parts)
        };
        Ok(Self {
            months: parts(waist.months(), &|month| month)?,
            products: parts(waist.of_products(), &|code| place(&product_places, code))?,
            categories: parts(waist.of_categories(), &|code| place(&category_places, code))?,
            regions: parts(waist.of_regions(), &|code| place(&region_places, code))?,
            days: days(waist.days(), &account_places, last_day)?,
            accounts,
            years,
            product_names,
            category_names,
            region_names,
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

fn whole(amount: i128) -> Result<i64, Overflow> {
    i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST).ok_or(Overflow)
}

fn account_year(sums: &YearSums, account: u32, (invoices, products): (i64, i64)) -> Result<AccountYear, Overflow> {
    Ok(AccountYear {
        account,
        fiscal_year: sums.fiscal_year,
        revenue: whole(sums.revenue)?,
        cost: whole(sums.cost)?,
        lines: sums.lines,
        invoices,
        products,
        returns: sums.returns,
        months: sums.months,
        first_day: sums.first_day,
        last_day: sums.last_day,
    })
}

fn days(sums: &Sums, account_places: &[u32], last_day: i32) -> Result<Vec<DaySum>, Overflow> {
    let mut days = Vec::new();
    for (account, day, amount) in sums.iter().filter(|(_, day, _)| day.cast_signed() <= last_day) {
        days.push(DaySum { account: place(account_places, account), day: day.cast_signed(), amount: whole(amount)? });
    }
    days.sort_unstable();
    Ok(days)
}

/// The strings of an interner in order, and the place of each code among them.
fn sorted(interner: &Interner) -> (Vec<String>, Vec<u32>) {
    let mut order: Vec<(&str, u32)> = interner.texts().zip(0u32..).collect();
    order.sort_unstable();
    let mut places = vec![0u32; order.len()];
    for ((_, code), place) in order.iter().zip(0u32..) {
        if let Some(found) = places.get_mut(index(*code)) {
            *found = place;
        }
    }
    (order.into_iter().map(|(text, _)| text.to_owned()).collect(), places)
}

fn place(places: &[u32], code: u32) -> u32 {
    places.get(index(code)).copied().unwrap_or(u32::MAX)
}

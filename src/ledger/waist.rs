//! The waist: invoice lines become one row per account and fiscal year.
//!
//! A [`Waist`] takes accepted lines one by one and keeps sums, so memory follows the number of accounts
//! and invoices and not the number of lines. Two waists merge into the one that would have seen the
//! lines of both: every operation is commutative, so neither the order of files nor the number of
//! threads can show in the result.

use super::distinct::Distinct;
use super::index;
use super::interner::Interner;
use super::sums::{Details, Sums};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// An accepted line, its strings already coded.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub account: u32,
    pub fiscal_year: i32,
    /// 0 for the first month of the fiscal year.
    pub month: u8,
    pub day: i32,
    /// Minor units.
    pub amount: i64,
    /// Minor units; nothing where costs are declared and the line has none.
    pub cost: Option<i64>,
    pub invoice: Option<u32>,
    pub product: Option<u32>,
    pub category: Option<u32>,
    pub region: Option<u32>,
}

/// The sums of one account in one fiscal year. Money in 128 bits, so that no order of lines can overflow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearSums {
    pub account: u32,
    pub fiscal_year: i32,
    pub revenue: i128,
    pub cost: i128,
    pub lines: i64,
    /// Lines with a negative amount: credit notes and returns.
    pub returns: i64,
    /// One bit per month of the fiscal year.
    pub months: u16,
    pub first_day: i32,
    pub last_day: i32,
}

/// Accepted lines, summed.
#[derive(Debug, Default)]
pub struct Waist {
    pub accounts: Interner,
    pub invoices: Interner,
    pub products: Interner,
    pub categories: Interner,
    pub regions: Interner,
    years: Vec<YearSums>,
    /// Where the sums of an account and fiscal year are.
    slots: HashMap<(u32, i32), u32, FixedState>,
    seen_invoices: Distinct,
    seen_products: Distinct,
    /// The account year of the line before and its slot: lines of an invoice stand together.
    last: Option<((u32, i32), u32)>,
    /// Which finer sums are kept, and the sums.
    details: Details,
    months: Sums,
    of_products: Sums,
    of_categories: Sums,
    of_regions: Sums,
    days: Sums,
}

impl Waist {
    /// An empty waist that keeps the finer sums asked for beside the years.
    pub fn keeping(details: Details) -> Self {
        Self { details, ..Self::default() }
    }

    /// Adds lines whose codes are those of this waist's interners.
    ///
    /// One step after the other for all of them, and not all steps line by line: most of the time goes into waiting
    /// for memory, and lookups of one step do not depend on each other and wait side by side.
    pub fn add(&mut self, lines: &[Line]) {
        let slots: Vec<u32> = lines.iter().map(|line| self.slot(line.account, line.fiscal_year, line.day)).collect();
        let placed = || lines.iter().zip(slots.iter().copied());
        for (line, slot) in placed() {
            let Some(year) = self.years.get_mut(index(slot)) else { continue };
            year.revenue += i128::from(line.amount);
            year.cost += i128::from(line.cost.unwrap_or_default());
            year.lines += 1;
            year.returns += i64::from(line.amount < 0);
            year.months |= 1 << line.month;
            year.first_day = year.first_day.min(line.day);
            year.last_day = year.last_day.max(line.day);
        }
        for (line, slot) in placed() {
            line.invoice.into_iter().for_each(|invoice| self.seen_invoices.add(slot, invoice));
        }
        for (line, slot) in placed() {
            line.product.into_iter().for_each(|product| self.seen_products.add(slot, product));
        }
        if self.details.any() {
            placed().for_each(|(line, slot)| self.add_details(slot, line));
        }
    }

    fn add_details(&mut self, slot: u32, line: &Line) {
        let (details, amount) = (self.details, line.amount);
        if details.months {
            self.months.add(slot, line.month.into(), amount);
        }
        if let Some(product) = line.product.filter(|_| details.products) {
            self.of_products.add(slot, product, amount);
        }
        if let Some(category) = line.category.filter(|_| details.categories) {
            self.of_categories.add(slot, category, amount);
        }
        if let Some(region) = line.region.filter(|_| details.regions) {
            self.of_regions.add(slot, region, amount);
        }
        if details.days {
            // A day keeps its bits: days before 1970 come back as they went in.
            self.days.add(line.account, line.day.cast_unsigned(), amount);
        }
    }

    /// The place of the sums of an account and fiscal year, made on first sight.
    #[inline]
    fn slot(&mut self, account: u32, fiscal_year: i32, day: i32) -> u32 {
        let key = (account, fiscal_year);
        if let Some((last, slot)) = self.last
            && last == key
        {
            return slot;
        }
        let years = &mut self.years;
        let slot = *self.slots.entry(key).or_insert_with(|| {
            years.push(YearSums {
                account,
                fiscal_year,
                revenue: 0,
                cost: 0,
                lines: 0,
                returns: 0,
                months: 0,
                first_day: day,
                last_day: day,
            });
            u32::try_from(years.len() - 1).unwrap_or(u32::MAX)
        });
        self.last = Some((key, slot));
        slot
    }

    /// Takes in the sums of another waist.
    pub fn merge(&mut self, other: Self) {
        if self.years.is_empty() && self.accounts.is_empty() {
            *self = other;
            return;
        }
        let accounts = self.accounts.take_in(&other.accounts);
        let mut slots = Vec::with_capacity(other.years.len());
        for year in &other.years {
            let account = accounts.get(index(year.account)).copied().unwrap_or_default();
            let slot = self.slot(account, year.fiscal_year, year.first_day);
            slots.push(slot);
            let Some(mine) = self.years.get_mut(index(slot)) else { continue };
            mine.revenue += year.revenue;
            mine.cost += year.cost;
            mine.lines += year.lines;
            mine.returns += year.returns;
            mine.months |= year.months;
            mine.first_day = mine.first_day.min(year.first_day);
            mine.last_day = mine.last_day.max(year.last_day);
        }
        // The two that take long, side by side.
        let ((), products) = rayon::join(
            || {
                let invoices = self.invoices.take_in(&other.invoices);
                self.seen_invoices.merge(&other.seen_invoices, &slots, &invoices);
            },
            || {
                let products = self.products.take_in(&other.products);
                self.seen_products.merge(&other.seen_products, &slots, &products);
                products
            },
        );
        let categories = self.categories.take_in(&other.categories);
        let regions = self.regions.take_in(&other.regions);
        let translated = |codes: &[u32], code: u32| codes.get(index(code)).copied().unwrap_or_default();
        self.months.merge(&other.months, |slot, month| (translated(&slots, slot), month));
        self.of_products
            .merge(&other.of_products, |slot, code| (translated(&slots, slot), translated(&products, code)));
        self.of_categories
            .merge(&other.of_categories, |slot, code| (translated(&slots, slot), translated(&categories, code)));
        self.of_regions.merge(&other.of_regions, |slot, code| (translated(&slots, slot), translated(&regions, code)));
        self.days.merge(&other.days, |account, day| (translated(&accounts, account), day));
    }

    /// How many invoices and products each account year has seen, by slot. They are forgotten with it: what sees which
    /// takes most of the memory of a waist.
    pub fn count_distinct(&mut self) -> (Vec<i64>, Vec<i64>) {
        let slots = self.years.len();
        let [invoices, products] = [&mut self.seen_invoices, &mut self.seen_products].map(std::mem::take);
        self.invoices = Interner::default();
        rayon::join(|| invoices.counts(slots), || products.counts(slots))
    }

    /// The account years by slot, for the finer sums that refer to them.
    pub fn years(&self) -> &[YearSums] {
        &self.years
    }

    pub fn months(&self) -> &Sums {
        &self.months
    }

    pub fn of_products(&self) -> &Sums {
        &self.of_products
    }

    pub fn of_categories(&self) -> &Sums {
        &self.of_categories
    }

    pub fn of_regions(&self) -> &Sums {
        &self.of_regions
    }

    pub fn days(&self) -> &Sums {
        &self.days
    }
}

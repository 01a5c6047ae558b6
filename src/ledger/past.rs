//! A ledger as it was closed at the end of an earlier fiscal year: its sums without what came later.

use super::books::{AccountYear, Books};
use super::period::Period;
use super::quarantine::Gathering;
use super::{Ledger, Totals};
use crate::scratch::Memory;
use std::sync::Arc;

impl Ledger {
    /// The ledger at the end of a fiscal year; nothing where no line lies in that year, for then every account would
    /// seem lost.
    ///
    /// Only the sums are of that day. What the lines went through on their way into the books was told of all of them
    /// together: the ledger of a past day has no tables of files, and no quarantine.
    pub fn closed_at(&self, fiscal_year: i32) -> Option<Self> {
        let calendar = self.period.calendar;
        let as_of = calendar.last_day(fiscal_year);
        let books = self.books.up_to(fiscal_year, as_of);
        let years = || books.years.iter().chain(&books.bucket);
        let (first_date, last_date) =
            (years().map(|year| year.first_day).min()?, years().map(|year| year.last_day).max()?);
        if last_date < calendar.first_day(fiscal_year) {
            return None;
        }
        let period = Period { calendar, as_of, first_date, last_date, last_year: fiscal_year };
        let quarantine = Gathering::new(Arc::new(Memory::default())).close(self.quarantine.name(), Vec::new());
        Some(Self {
            books,
            roles: self.roles,
            period,
            tables: Vec::new(),
            quarantine,
            totals: Totals::default(),
            taken_up: 0,
        })
    }
}

impl Books {
    /// The books without the fiscal years after `last_year`, which ends on `last_day`. The lists of names stay whole:
    /// a name alone tells nothing, and all codes keep their places.
    fn up_to(&self, last_year: i32, last_day: i32) -> Self {
        let years = |years: &[AccountYear]| kept(years, |year| i32::from(year.fiscal_year) <= last_year);
        let parts = |parts| kept(parts, |part: &super::books::PartSum| part.fiscal_year <= last_year);
        Self {
            accounts: self.accounts.clone(),
            years: years(&self.years),
            months: parts(&self.months),
            products: parts(&self.products),
            categories: parts(&self.categories),
            regions: parts(&self.regions),
            product_names: self.product_names.clone(),
            category_names: self.category_names.clone(),
            region_names: self.region_names.clone(),
            days: kept(&self.days, |day| day.day <= last_day),
            bucket: years(&self.bucket),
        }
    }
}

fn kept<T: Copy>(list: &[T], keep: impl Fn(&T) -> bool) -> Vec<T> {
    list.iter().filter(|item| keep(item)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::super::Roles;
    use super::super::lines::{Line, Lines};
    use super::super::sums::Details;
    use super::super::total::Total;
    use super::super::waist::Waist;
    use super::*;
    use crate::calendar::FiscalCalendar;
    use proptest::prelude::*;

    const DETAILS: Details = Details { months: true, products: true, categories: true, regions: true, days: true };

    fn books(waist: &Waist, total: Total, last_year: i32) -> Books {
        total.take(waist).unwrap();
        let ids = Arc::clone(&total.ids);
        let years = total.counted().unwrap();
        Books::of(years, &ids.lock().unwrap(), last_year).unwrap().set_apart("none")
    }

    fn ledger(waist: Waist, total: Total, calendar: FiscalCalendar, last_year: i32) -> Ledger {
        let as_of = calendar.last_day(last_year);
        let books = books(&waist, total, last_year);
        let period = Period { calendar, as_of, first_date: 0, last_date: as_of, last_year };
        let quarantine = Gathering::new(Arc::new(Memory::default())).close("quarantine", Vec::new());
        let roles = Roles { cost: true, invoice: true, product: true, category: true, region: true };
        Ledger { books, roles, period, tables: Vec::new(), quarantine, totals: Totals::default(), taken_up: 0 }
    }

    proptest! {
        /// Books of all lines, taken back to a year, are those that the lines of up to that year make.
        #[test]
        fn the_books_of_a_past_year_are_those_of_its_lines(
            lines in proptest::collection::vec((0u32..4, 17_000i32..19_000, -500i64..2_000, 0u32..3), 1..60),
            starts in 1u8..=12,
            back in 0i32..5,
        ) {
            let calendar = FiscalCalendar { starts };
            let mut waist = Waist::keeping(DETAILS);
            let mut early = Waist::keeping(DETAILS);
            let (total, early_total) = (Total::default(), Total::default());
            // The last name is that of the lines without an account.
            let codes = |waist: &mut Waist| ["b", "a", "c", "none"].map(|name| waist.accounts.push(name));
            let (codes, _) = (codes(&mut waist), codes(&mut early));
            // All names are known to both, from long before.
            let early_days = (0..4).flat_map(|account| (0..3).map(move |thing| (account, 10_000, 100, thing)));
            let lines: Vec<(u32, i32, i64, u32)> = early_days.chain(lines).collect();
            let newest = lines.iter().map(|(_, day, _, _)| calendar.place(*day).0).max().unwrap();
            let year = newest - back;
            for (account, day, amount, thing) in &lines {
                let (fiscal_year, month) = calendar.place(*day);
                let thing = ["z1", "y", "x"].get(*thing as usize).map(|name| {
                    early_total.ids.lock().unwrap().id(name);
                    total.ids.lock().unwrap().id(name)
                });
                let line = Line {
                    account: codes[*account as usize], fiscal_year, month, day: *day, amount: *amount, cost: Some(amount / 2),
                    invoice: None, product: thing, category: thing, region: thing,
                };
                waist.add(&Lines::of(&[line]));
                if fiscal_year <= year {
                    early.add(&Lines::of(&[line]));
                }
            }
            let past = ledger(waist, total, calendar, newest).closed_at(year);
            let days: Vec<i32> = lines.iter().map(|(_, day, _, _)| *day).filter(|day| *day <= calendar.last_day(year)).collect();
            let reached = days.iter().any(|day| calendar.place(*day).0 == year);
            prop_assert_eq!(past.is_some(), reached);
            if let Some(past) = past {
                let expected = books(&early, early_total, year);
                prop_assert_eq!(format!("{:?}", past.books), format!("{expected:?}"));
                let period = Period {
                    calendar, as_of: calendar.last_day(year), last_year: year,
                    first_date: *days.iter().min().unwrap(), last_date: *days.iter().max().unwrap(),
                };
                prop_assert_eq!(past.period, period);
            }
        }
    }
}

//! The sums of all threads once all lines have passed: distinct things are counted, and what tells them apart is let go.

use super::index;
use super::sums::FineSums;
use super::total::Shard;
use super::waist::{AccountYears, YearSums};
use crate::failure::Failure;
use crate::scratch::Scratch;
use std::ops::Range;

/// The sums of a shard, its distinct things counted.
#[derive(Debug)]
pub struct Counted {
    pub sums: AccountYears,
    /// By slot.
    pub invoices: Vec<u32>,
    pub products: Vec<u32>,
    pub fine: FineSums,
    /// The slots by code of the account and fiscal year.
    pub order: Vec<u32>,
}

impl Counted {
    pub fn of(shard: Shard, scratch: &dyn Scratch) -> Result<Self, Failure> {
        let Shard { sums, invoices, products, fine, settled } = shard;
        let slots = sums.years.len();
        let (mut invoices, mut products) = (invoices.counts(slots, scratch)?, products.counts(slots, scratch)?);
        for (slot, counts) in settled {
            invoices.get_mut(index(slot)).into_iter().for_each(|count| *count = counts.0);
            products.get_mut(index(slot)).into_iter().for_each(|count| *count = counts.1);
        }
        let years = sums.years.iter().zip(0u32..);
        let mut order: Vec<(u32, i16, u32)> =
            years.map(|(year, slot)| (year.account, year.fiscal_year, slot)).collect();
        order.sort_unstable();
        let order = order.into_iter().map(|(_, _, slot)| slot).collect();
        Ok(Self { sums, invoices, products, fine, order })
    }

    pub fn year(&self, slot: u32) -> Option<&YearSums> {
        self.sums.years.get(index(slot))
    }

    /// The accounts by their codes, and where the slots of each are in the order.
    pub fn accounts(&self) -> Vec<(u32, Range<usize>)> {
        let account = |slot: &u32| self.year(*slot).map_or(u32::MAX, |year| year.account);
        let runs = self.order.chunk_by(|one, next| account(one) == account(next));
        let places = runs.scan(0, |end, slots| {
            let start = std::mem::replace(end, *end + slots.len());
            Some((slots.first().map_or(u32::MAX, account), start..*end))
        });
        places.collect()
    }
}

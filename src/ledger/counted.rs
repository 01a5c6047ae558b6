//! The sums of all threads once all lines have passed: distinct things are counted, and what tells them apart is let go.

use super::index;
use super::shard::{Records, Shard};
use super::sums::FineSums;
use crate::failure::Failure;
use crate::scratch::Scratch;
use serde::{Deserialize, Serialize};

/// The sums of a fiscal year.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountedYear {
    pub fiscal_year: i32,
    pub shards: Vec<CountedShard>,
}

/// The sums of a shard, its distinct things counted.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountedShard {
    pub records: Records,
    /// By slot, invoices and products, as far as there are any.
    counts: Vec<(u32, u32)>,
    pub fine: FineSums,
}

impl CountedShard {
    /// # Errors
    /// Where pairs put aside cannot be read.
    pub fn of(shard: Shard, scratch: &dyn Scratch) -> Result<Self, Failure> {
        let Shard { records, invoices, products, fine, .. } = shard;
        let (invoices, products) = (invoices.counts(scratch)?, products.counts(scratch)?);
        let count = |counts: &[u32], slot: usize| counts.get(slot).copied().unwrap_or_default();
        let slots = 0..invoices.len().max(products.len());
        let counts = slots.map(|slot| (count(&invoices, slot), count(&products, slot))).collect();
        Ok(Self { records, counts, fine })
    }

    /// How many invoices and products an account has seen.
    pub fn counts(&self, slot: u32) -> (u32, u32) {
        self.counts.get(index(slot)).copied().unwrap_or_default()
    }
}

//! Finer sums than account years, kept only where a stage asks for them.

use super::waist::Overflow;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Which finer sums the stages above the waist need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Details {
    pub months: bool,
    pub products: bool,
    pub categories: bool,
    pub regions: bool,
    pub days: bool,
}

impl Details {
    pub fn any(self) -> bool {
        self.months || self.products || self.categories || self.regions || self.days
    }

    /// What either needs.
    pub fn or(self, other: Self) -> Self {
        Self {
            months: self.months || other.months,
            products: self.products || other.products,
            categories: self.categories || other.categories,
            regions: self.regions || other.regions,
            days: self.days || other.days,
        }
    }
}

/// Money by two codes: the slot of an account year (or an account) and a month, day or thing within it.
#[derive(Debug, Default)]
pub struct Sums {
    sums: HashMap<(u32, u32), i64, FixedState>,
}

impl Sums {
    /// # Errors
    /// [`Overflow`] where a sum leaves `i64`.
    pub fn add(&mut self, whole: u32, part: u32, amount: i64) -> Result<(), Overflow> {
        let sum = self.sums.entry((whole, part)).or_default();
        *sum = sum.checked_add(amount).ok_or(Overflow)?;
        Ok(())
    }

    /// Takes in other sums, their codes translated.
    ///
    /// # Errors
    /// [`Overflow`] where a sum leaves `i64`.
    pub fn merge(&mut self, other: &Self, translate: impl Fn(u32, u32) -> (u32, u32)) -> Result<(), Overflow> {
        for ((whole, part), amount) in &other.sums {
            let (whole, part) = translate(*whole, *part);
            self.add(whole, part, *amount)?;
        }
        Ok(())
    }

    /// All sums, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, i64)> {
        self.sums.iter().map(|((whole, part), amount)| (*whole, *part, *amount))
    }
}

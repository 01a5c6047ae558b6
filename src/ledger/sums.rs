//! Finer sums than account years, kept only where a stage asks for them.

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
    sums: HashMap<(u32, u32), i128, FixedState>,
}

impl Sums {
    pub fn add(&mut self, whole: u32, part: u32, amount: i64) {
        *self.sums.entry((whole, part)).or_default() += i128::from(amount);
    }

    /// Takes in other sums, their codes translated.
    pub fn merge(&mut self, other: &Self, translate: impl Fn(u32, u32) -> (u32, u32)) {
        for ((whole, part), amount) in &other.sums {
            *self.sums.entry(translate(*whole, *part)).or_default() += amount;
        }
    }

    /// All sums, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, i128)> {
        self.sums.iter().map(|((whole, part), amount)| (*whole, *part, *amount))
    }
}

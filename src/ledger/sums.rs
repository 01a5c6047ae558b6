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

/// Money by two numbers: the slot of an account year (or the code of an account) and a month, day or thing within it.
#[derive(Debug, Default)]
pub struct Sums {
    sums: HashMap<(u32, u64), i128, FixedState>,
}

impl Sums {
    pub fn add(&mut self, whole: u32, part: u64, amount: i128) {
        *self.sums.entry((whole, part)).or_default() += amount;
    }

    /// How many bytes of memory they take, about.
    fn bytes(&self) -> usize {
        self.sums.capacity() * (size_of::<((u32, u64), i128)>() + 1)
    }

    /// All sums, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u64, i128)> + Clone {
        self.sums.iter().map(|((whole, part), amount)| (*whole, *part, *amount))
    }
}

/// The finer sums of some account years, each kind empty where nobody asks for it.
#[derive(Debug, Default)]
pub struct FineSums {
    /// By slot of the account year and month of the fiscal year.
    pub months: Sums,
    /// By slot and the id of a thing.
    pub products: Sums,
    pub categories: Sums,
    pub regions: Sums,
    /// By code of the account and day: its bits, so that days before 1970 come back as they went in.
    pub days: Sums,
}

impl FineSums {
    /// How many bytes of memory they take, about.
    pub fn bytes(&self) -> usize {
        self.by_slot().iter().map(|sums| sums.bytes()).sum::<usize>() + self.days.bytes()
    }

    pub fn is_empty(&self) -> bool {
        self.by_slot().iter().all(|sums| sums.sums.is_empty()) && self.days.sums.is_empty()
    }

    /// The sums by slot, kind by kind.
    pub fn by_slot(&self) -> [&Sums; 4] {
        [&self.months, &self.products, &self.categories, &self.regions]
    }

    pub fn by_slot_mut(&mut self) -> [&mut Sums; 4] {
        [&mut self.months, &mut self.products, &mut self.categories, &mut self.regions]
    }
}

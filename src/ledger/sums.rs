//! Finer sums than account years, kept only where a stage asks for them.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

    /// Whether any are by product, category or region, which lines of one account and day may have several of.
    pub fn by_thing(self) -> bool {
        self.products || self.categories || self.regions
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

/// Money by two numbers: the slot of an account year and a month, day or thing within it.
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

impl FromIterator<(u32, u64, i128)> for Sums {
    fn from_iter<I: IntoIterator<Item = (u32, u64, i128)>>(sums: I) -> Self {
        let mut made = Self::default();
        sums.into_iter().for_each(|(whole, part, amount)| made.add(whole, part, amount));
        made
    }
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.iter().collect::<Vec<_>>().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(|sums| sums.into_iter().collect())
    }
}

/// The finer sums of some account years, each kind empty where nobody asks for it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FineSums {
    /// By month of the fiscal year.
    pub months: Sums,
    /// By the id of a thing.
    pub products: Sums,
    pub categories: Sums,
    pub regions: Sums,
    /// By day: its bits, so that days before 1970 come back as they went in.
    pub days: Sums,
}

impl FineSums {
    /// How many bytes of memory they take, about.
    pub fn bytes(&self) -> usize {
        self.kinds().iter().map(|sums| sums.bytes()).sum()
    }

    pub fn kinds(&self) -> [&Sums; 5] {
        [&self.months, &self.products, &self.categories, &self.regions, &self.days]
    }

    pub fn kinds_mut(&mut self) -> [&mut Sums; 5] {
        [&mut self.months, &mut self.products, &mut self.categories, &mut self.regions, &mut self.days]
    }

    /// Those by things.
    pub fn of_things(&mut self) -> [&mut Sums; 3] {
        [&mut self.products, &mut self.categories, &mut self.regions]
    }
}

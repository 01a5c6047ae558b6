//! The sums of one account in one fiscal year.

use super::tally::Count;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Money in 96 bits: as many lines as can be counted, of amounts of 18 digits, in whatever order, cannot overflow it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum([u32; 3]);

impl Sum {
    /// What is cut off is the sign, once more.
    #[inline]
    pub fn of(amount: i128) -> Self {
        Self([amount as u32, (amount >> 32) as u32, (amount >> 64) as u32])
    }

    #[inline]
    pub fn get(self) -> i128 {
        let Self([low, middle, high]) = self;
        i128::from(high.cast_signed()) << 64 | i128::from(u64::from(middle) << 32 | u64::from(low))
    }

    #[inline]
    fn add(&mut self, amount: i128) {
        *self = Self::of(self.get() + amount);
    }
}

impl std::fmt::Debug for Sum {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(to)
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Sum {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i128::deserialize(from).map(Self::of)
    }
}

/// What the lines of one account in one fiscal year add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct YearSums {
    pub revenue: Sum,
    pub cost: Sum,
    /// Counted up to `u32::MAX`, which is more than a book may have.
    pub lines: u32,
    /// Lines with a negative amount: credit notes and returns.
    pub returns: u32,
    pub first_day: i32,
    pub last_day: i32,
    /// One bit per month of the fiscal year.
    pub months: u16,
}

impl YearSums {
    /// The sums of no lines, which any others can be merged into.
    pub const NONE: Self = Self {
        revenue: Sum([0; 3]),
        cost: Sum([0; 3]),
        lines: 0,
        returns: 0,
        first_day: i32::MAX,
        last_day: i32::MIN,
        months: 0,
    };

    /// The sums of lines of one day, in a month of the fiscal year, 0 for the first.
    #[inline]
    pub fn of_day(day: i32, month: u8, amounts: &[i64], costs: &[i64]) -> Self {
        let (revenue, cost) = (sum(amounts), sum(costs));
        let returns = match amounts {
            [amount] => u32::from(*amount < 0),
            _ => amounts.iter().map(|amount| u32::from(*amount < 0)).sum(),
        };
        let lines = u32::try_from(amounts.len()).unwrap_or(u32::MAX);
        let (revenue, cost) = (Sum::of(revenue), Sum::of(cost));
        Self { revenue, cost, lines, returns, first_day: day, last_day: day, months: 1 << month }
    }

    /// Rows and money.
    #[inline]
    pub fn count(&self) -> Count {
        Count { rows: self.lines.into(), amount: self.revenue.get() }
    }

    /// Takes in other sums of the same account and fiscal year.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.revenue.add(other.revenue.get());
        self.cost.add(other.cost.get());
        self.lines = self.lines.saturating_add(other.lines);
        self.returns = self.returns.saturating_add(other.returns);
        self.months |= other.months;
        self.first_day = self.first_day.min(other.first_day);
        self.last_day = self.last_day.max(other.last_day);
    }
}

/// What amounts come to. Many runs are of one line, which takes no loop.
#[inline]
fn sum(amounts: &[i64]) -> i128 {
    match amounts {
        [amount] => i128::from(*amount),
        _ => amounts.iter().map(|amount| i128::from(*amount)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LARGEST: i64 = crate::ledger::amounts::LARGEST as i64;

    proptest! {
        #[test]
        fn sums_of_a_day_are_those_of_its_lines(
            lines in proptest::collection::vec((-LARGEST + 1..LARGEST, -LARGEST + 1..LARGEST), 1..5),
            month in 0u8..12,
        ) {
            let (amounts, costs): (Vec<i64>, Vec<i64>) = lines.iter().copied().unzip();
            let mut expected = YearSums::NONE;
            for (amount, cost) in &lines {
                expected.merge(&YearSums::of_day(20_000, month, &[*amount], &[*cost]));
            }
            let sums = YearSums::of_day(20_000, month, &amounts, &costs);
            prop_assert_eq!(sums, expected);
            let wide = |values: &[i64]| values.iter().map(|value| i128::from(*value)).sum::<i128>();
            prop_assert_eq!((sums.revenue.get(), sums.cost.get()), (wide(&amounts), wide(&costs)));
            let returns = amounts.iter().filter(|amount| **amount < 0).count();
            prop_assert_eq!((sums.lines as usize, sums.returns as usize), (lines.len(), returns));
            prop_assert_eq!((sums.first_day, sums.last_day, sums.months), (20_000, 20_000, 1 << month));
        }

        #[test]
        fn sums_of_96_bits_are_those_of_128(amounts in proptest::collection::vec(-(1i64 << 60)..1 << 60, 0..50)) {
            let mut sum = Sum::default();
            let mut expected = 0i128;
            for amount in amounts {
                // As if every line came often enough to need all bits.
                let amount = i128::from(amount) << 26;
                sum.add(amount);
                expected += amount;
                prop_assert_eq!(sum.get(), expected);
            }
        }
    }

    #[test]
    fn the_largest_sums_there_can_be() {
        let largest = i128::from(u32::MAX) * (10i128.pow(18) - 1);
        for amount in [0, 1, -1, largest, -largest, i128::from(i64::MIN), i128::from(u64::MAX)] {
            assert_eq!(Sum::of(amount).get(), amount);
        }
    }
}

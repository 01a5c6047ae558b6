//! The sums of one account in one fiscal year.

use super::packed::Numbers;
use super::tally::Count;

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

/// What the lines of one account in one fiscal year add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// The sums, and a length, as numbers that are small where they are.
    pub fn numbers(&self, length: usize) -> Numbers {
        let [revenue, cost] = [self.revenue, self.cost].map(|sum| {
            // The sign is the last bit, so that amounts near zero are small on either side of it.
            let sum = sum.get();
            (sum << 1 ^ sum >> 127).cast_unsigned()
        });
        let half = |sum: u128| sum as u64;
        let two = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let span = self.last_day.wrapping_sub(self.first_day).cast_unsigned();
        [
            half(revenue),
            half(revenue >> 64),
            half(cost),
            half(cost >> 64),
            two(self.lines, self.returns),
            u64::from(self.months) | u64::from(span) << 16,
            u64::from(self.first_day.cast_unsigned()),
            length as u64,
        ]
    }

    /// What these numbers are of.
    pub fn of_numbers(numbers: Numbers) -> Option<(Self, usize)> {
        let [revenue, more_revenue, cost, more_cost, lines, months, first_day, length] = numbers;
        let sum = |low: u64, high: u64| {
            let sum = u128::from(low) | u128::from(high) << 64;
            Sum::of((sum >> 1).cast_signed() ^ -(sum & 1).cast_signed())
        };
        let first_day = u32::try_from(first_day).ok()?.cast_signed();
        let sums = Self {
            revenue: sum(revenue, more_revenue),
            cost: sum(cost, more_cost),
            lines: lines as u32,
            returns: (lines >> 32) as u32,
            first_day,
            last_day: first_day.wrapping_add(u32::try_from(months >> 16).ok()?.cast_signed()),
            months: months as u16,
        };
        Some((sums, usize::try_from(length).ok()?))
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

    proptest! {
        #[test]
        fn sums_are_those_of_their_numbers(
            revenue in any::<i128>(), cost in any::<i64>(), days in any::<[i32; 2]>(), counts in any::<[u32; 2]>(), months in 0u16..1 << 12, length in 0usize..1_000,
        ) {
            let ([first_day, last_day], [lines, returns]) = (days, counts);
            let (revenue, cost) = (Sum::of(revenue), Sum::of(cost.into()));
            let sums = YearSums { revenue, cost, lines, returns, first_day, last_day, months };
            prop_assert_eq!(YearSums::of_numbers(sums.numbers(length)), Some((sums, length)));
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

//! When accounts bought and for how much, as the models of customer behaviour see it.

use crate::ledger::books::DaySum;

/// The purchases of one account up to the end of the calibration. All purchases of a day are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buyer {
    /// A place in the ledger's list of accounts.
    pub account: u32,
    pub pattern: Pattern,
    /// Net revenue of all days after the first purchase, minor units.
    pub spend: i128,
}

/// What the BG/NBD model knows of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// x: days with a purchase after the first one.
    pub repeats: u32,
    /// Days from the first purchase to the last: t_x.
    pub recency: u32,
    /// Days from the first purchase to the end of the calibration: T.
    pub age: u32,
}

/// The buyers among the accounts, by account. A day counts as a purchase where its net revenue is not below
/// zero: a delivery free of charge is one, a day of credit notes is none. Credit notes after the first
/// purchase lower what was spent; those before it belong to purchases that the ledger does not know.
///
/// `days` are sorted by account and day, once each.
pub fn buyers(days: &[DaySum], until: i32) -> Vec<Buyer> {
    let mut buyers: Vec<Buyer> = Vec::new();
    let mut first_day = 0;
    for day in days.iter().filter(|day| day.day <= until) {
        match buyers.last_mut().filter(|buyer| buyer.account == day.account) {
            Some(buyer) => {
                buyer.spend += i128::from(day.amount);
                if day.amount >= 0 {
                    buyer.pattern.repeats += 1;
                    buyer.pattern.recency = day.day.abs_diff(first_day);
                }
            }
            None if day.amount >= 0 => {
                first_day = day.day;
                let pattern = Pattern { repeats: 0, recency: 0, age: until.abs_diff(day.day) };
                buyers.push(Buyer { account: day.account, pattern, spend: 0 });
            }
            None => {}
        }
    }
    buyers
}

/// Each pattern once, in order, with the number of buyers that have it: what a likelihood is summed over.
pub fn patterns(buyers: &[Buyer]) -> Vec<(Pattern, f64)> {
    let mut sorted: Vec<Pattern> = buyers.iter().map(|buyer| buyer.pattern).collect();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).filter_map(|same| Some((*same.first()?, same.len() as f64))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(account: u32, day: i32, amount: i64) -> DaySum {
        DaySum { account, day, amount }
    }

    fn pattern(repeats: u32, recency: u32, age: u32) -> Pattern {
        Pattern { repeats, recency, age }
    }

    #[test]
    fn buyers_by_hand() {
        let days = [
            // Bought on days 10, 17 and 31; returned something on day 20. Day 50 is after the calibration.
            day(0, 10, 500),
            day(0, 17, 300),
            day(0, 20, -100),
            day(0, 31, 200),
            day(0, 50, 900),
            // A credit note before the first known purchase is none of it; a free delivery is a purchase.
            day(1, 5, -400),
            day(1, 12, 0),
            // Only after the calibration, and only credit notes.
            day(2, 41, 100),
            day(3, 7, -100),
            // Once, on the last day.
            day(4, 40, 100),
        ];
        let found = buyers(&days, 40);
        assert_eq!(
            found,
            [
                Buyer { account: 0, pattern: pattern(2, 21, 30), spend: 400 },
                Buyer { account: 1, pattern: pattern(0, 0, 28), spend: 0 },
                Buyer { account: 4, pattern: pattern(0, 0, 0), spend: 0 },
            ]
        );
    }

    #[test]
    fn equal_patterns_are_counted() {
        let buyer = |account, pattern| Buyer { account, pattern, spend: 0 };
        let found = patterns(&[
            buyer(0, pattern(1, 2, 9)),
            buyer(1, pattern(0, 0, 9)),
            buyer(2, pattern(1, 2, 9)),
            buyer(3, pattern(1, 2, 8)),
        ]);
        assert_eq!(found, [(pattern(0, 0, 9), 1.0), (pattern(1, 2, 8), 1.0), (pattern(1, 2, 9), 2.0)]);
    }

    proptest! {
        /// A buyer never bought more often than there were days, nor last after the calibration; and the
        /// patterns add up to the buyers.
        #[test]
        fn patterns_are_possible(entries in proptest::collection::btree_map((0u32..5, 0i32..60), -5i64..20, 0..120), until in 0i32..60) {
            let days: Vec<DaySum> = entries.iter().map(|((account, when), amount)| day(*account, *when, *amount)).collect();
            let found = buyers(&days, until);
            prop_assert!(found.windows(2).all(|pair| pair[0].account < pair[1].account));
            for buyer in &found {
                let own: Vec<&DaySum> = days.iter().filter(|day| day.account == buyer.account && day.day <= until && day.amount >= 0).collect();
                prop_assert_eq!(buyer.pattern.repeats as usize + 1, own.len());
                prop_assert_eq!(buyer.pattern.recency as i32, own[own.len() - 1].day - own[0].day);
                prop_assert_eq!(buyer.pattern.age as i32, until - own[0].day);
                prop_assert!(buyer.pattern.repeats <= buyer.pattern.recency && buyer.pattern.recency <= buyer.pattern.age);
            }
            let counted: f64 = patterns(&found).iter().map(|(_, count)| count).sum();
            prop_assert_eq!(counted, found.len() as f64);
        }
    }
}

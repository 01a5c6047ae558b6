//! How accounts fared after a day: what they brought in the year before it, and in the years that followed.

use crate::table::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Two rules that keep revenue this close fared alike: less than the report's decimal shows.
const ALIKE: f64 = 0.0005;

/// Revenue and cost of every account by fiscal year, as they are known today; minor units.
#[derive(Debug)]
pub struct Course<'t> {
    years: BTreeMap<(&'t str, i32), (i64, Option<i64>)>,
}

impl<'t> Course<'t> {
    /// From account years.
    pub fn of(account_years: &'t Table) -> Self {
        let keys = account_years.text("account").into_iter().zip(account_years.integers("fiscal_year"));
        let money = account_years.integers("revenue").into_iter().zip(account_years.integers("cost"));
        let years = keys.zip(money).filter_map(|((account, year), (revenue, cost))| {
            Some(((account, i32::try_from(year?).ok()?), (revenue.unwrap_or_default(), cost)))
        });
        Self { years: years.collect() }
    }

    fn revenue(&self, account: &str, fiscal_year: i32) -> i64 {
        self.years.get(&(account, fiscal_year)).map_or(0, |(revenue, _)| *revenue)
    }

    /// The accounts with revenue in a year, the largest first, equal ones by account.
    pub fn largest(&self, fiscal_year: i32) -> Vec<&'t str> {
        let of_year = self.years.iter().filter(|((_, year), (revenue, _))| *year == fiscal_year && *revenue > 0);
        let mut sized: Vec<(i64, &str)> = of_year.map(|((account, _), (revenue, _))| (*revenue, *account)).collect();
        sized.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        sized.into_iter().map(|(_, account)| account).collect()
    }

    /// How some accounts fared in the years that followed one; nothing where a sum is too large for 64 bits.
    pub fn fared(&self, accounts: &BTreeSet<&str>, fiscal_year: i32, follow: i32) -> Option<Fared> {
        let last = fiscal_year + follow;
        let of_year =
            |year: i32| -> i128 { accounts.iter().map(|account| i128::from(self.revenue(account, year))).sum() };
        let whole = |sum: i128| i64::try_from(sum).ok();
        let followed =
            || (fiscal_year + 1..=last).flat_map(|year| accounts.iter().map(move |account| (*account, year)));
        let known = followed().filter_map(|key| self.years.get(&key));
        let after = followed().map(|(account, year)| i128::from(self.revenue(account, year))).sum();
        let cost = known.map(|(_, cost)| cost.map(i128::from)).sum::<Option<i128>>();
        let gone = accounts.iter().filter(|account| self.revenue(account, last) <= 0).count();
        Some(Fared {
            accounts: accounts.len(),
            gone,
            follow,
            before: whole(of_year(fiscal_year))?,
            after: whole(after)?,
            last: whole(of_year(last))?,
            cost: cost.map_or(Some(None), |cost| whole(cost).map(Some))?,
        })
    }
}

/// How the accounts of one rule fared. Sums in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fared {
    pub accounts: usize,
    /// How many of them brought nothing in the last of the years that followed.
    pub gone: usize,
    /// How many years followed.
    pub follow: i32,
    /// Revenue in the fiscal year that ended with the day of the decision, in all years that followed, and in the last
    /// of them.
    pub before: i64,
    pub after: i64,
    pub last: i64,
    /// The cost of goods in the years that followed; nothing where the ledger has none.
    pub cost: Option<i64>,
}

impl Fared {
    /// Revenue per year that followed, as a part of the revenue before; nothing where there was none.
    pub fn kept(&self) -> Option<f64> {
        (self.before > 0).then(|| self.after as f64 / (f64::from(self.follow) * self.before as f64))
    }

    /// The compound yearly growth from the year before to the last that followed; nothing where the one has no revenue
    /// or the other is below zero.
    pub fn growth(&self) -> Option<f64> {
        let grew = self.before > 0 && self.last >= 0;
        grew.then(|| (self.last as f64 / self.before as f64).powf(1.0 / f64::from(self.follow)) - 1.0)
    }

    /// What was left of the revenue that followed after the cost of goods.
    pub fn margin(&self) -> Option<f64> {
        let cost = self.cost.filter(|_| self.after > 0)?;
        Some((i128::from(self.after) - i128::from(cost)) as f64 / self.after as f64)
    }

    /// Whether these accounts kept more of their revenue than others.
    pub fn against(&self, other: &Self) -> Option<Verdict> {
        let difference = self.kept()? - other.kept()?;
        Some(match difference {
            _ if difference.abs() < ALIKE => Verdict::Alike,
            _ if difference > 0.0 => Verdict::Better,
            _ => Verdict::Worse,
        })
    }
}

/// How the method fared against another rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Better,
    Alike,
    Worse,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Alike => "alike",
            Self::Worse => "worse",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;
    use proptest::prelude::*;

    /// Account years from (account, fiscal year, revenue, cost).
    fn years(rows: &[(&str, i64, i64, Option<i64>)]) -> Table {
        TableBuilder::new("account_years", rows.len())
            .text("account", rows.iter().map(|row| row.0).collect())
            .integers("fiscal_year", rows.iter().map(|row| row.1).collect::<Vec<_>>())
            .money("revenue", rows.iter().map(|row| row.2).collect::<Vec<_>>())
            .money("cost", rows.iter().map(|row| row.3).collect::<Vec<_>>())
            .build()
    }

    #[test]
    fn two_years_after_by_hand() {
        let table = years(&[
            ("a", 2020, 100, Some(60)),
            ("a", 2021, 120, Some(70)),
            ("a", 2022, 144, Some(80)),
            // Lost after a year, then a credit note.
            ("b", 2020, 300, Some(100)),
            ("b", 2021, 100, Some(50)),
            ("b", 2022, -4, Some(0)),
            ("c", 2020, 500, Some(0)),
        ]);
        let course = Course::of(&table);
        let fared = course.fared(&BTreeSet::from(["a", "b"]), 2020, 2).unwrap();
        // 100 + 300 before; 120 + 144 + 100 − 4 = 360 in two years, of them 144 − 4 = 140 in the last.
        let expected = Fared { accounts: 2, gone: 1, follow: 2, before: 400, after: 360, last: 140, cost: Some(200) };
        assert_eq!(fared, expected);
        // 180 a year of 400; √(140 / 400) − 1; (360 − 200) / 360.
        assert_eq!(fared.kept(), Some(0.45));
        assert!((fared.growth().unwrap() - (0.35f64.sqrt() - 1.0)).abs() < 1e-12);
        assert_eq!(fared.margin(), Some(160.0 / 360.0));
        assert_eq!(course.largest(2020), ["c", "b", "a"]);
        assert_eq!(course.largest(2022), ["a"]);
        let gone = course.fared(&BTreeSet::from(["c"]), 2020, 1).unwrap();
        assert_eq!((gone.gone, gone.kept(), gone.growth(), gone.margin()), (1, Some(0.0), Some(-1.0), None));
    }

    #[test]
    fn what_cannot_be_said_is_nothing() {
        let table = years(&[("a", 2020, 0, None), ("a", 2021, 10, None), ("b", 2020, 5, None), ("b", 2021, -1, None)]);
        let course = Course::of(&table);
        let of = |account| course.fared(&BTreeSet::from([account]), 2020, 1).unwrap();
        assert_eq!((of("a").kept(), of("a").growth(), of("a").margin()), (None, None, None));
        assert_eq!((of("b").kept(), of("b").growth()), (Some(-0.2), None));
        assert_eq!(of("a").against(&of("b")), None);
        let nobody = course.fared(&BTreeSet::new(), 2020, 1).unwrap();
        assert_eq!((nobody.accounts, nobody.kept(), nobody.margin()), (0, None, None));
        let huge = years(&[("a", 2020, i64::MAX, None), ("b", 2020, 1, None)]);
        assert_eq!(Course::of(&huge).fared(&BTreeSet::from(["a", "b"]), 2020, 1), None);
    }

    #[test]
    fn a_verdict_needs_a_difference_that_can_be_seen() {
        let kept = |after| Fared { accounts: 1, gone: 0, follow: 1, before: 100_000, after, last: after, cost: None };
        assert_eq!(kept(100_100).against(&kept(100_000)), Some(Verdict::Better));
        assert_eq!(kept(100_000).against(&kept(100_100)), Some(Verdict::Worse));
        assert_eq!(kept(100_049).against(&kept(100_000)), Some(Verdict::Alike));
    }

    proptest! {
        /// Two groups that share no account add up to the group of both.
        #[test]
        fn sums_add_up(rows in proptest::collection::btree_map((0usize..6, 2018i64..2023), -500i64..2_000, 0..30), split in 0usize..6, follow in 1i32..4) {
            let names = ["a", "b", "c", "d", "e", "f"];
            let rows: Vec<(&str, i64, i64, Option<i64>)> =
                rows.iter().map(|((account, year), revenue)| (names[*account], *year, *revenue, Some(revenue / 3))).collect();
            let table = years(&rows);
            let course = Course::of(&table);
            let of = |names: &[&'static str]| course.fared(&names.iter().copied().collect(), 2019, follow).unwrap();
            let (left, right, both) = (of(&names[..split]), of(&names[split..]), of(&names));
            prop_assert_eq!(left.before + right.before, both.before);
            prop_assert_eq!(left.after + right.after, both.after);
            prop_assert_eq!(left.last + right.last, both.last);
            prop_assert_eq!(left.cost.unwrap() + right.cost.unwrap(), both.cost.unwrap());
            prop_assert_eq!(left.gone + right.gone, both.gone);
        }
    }
}

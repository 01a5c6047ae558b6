//! What it would take: the revenue of class A, and the scores that lead onto the list or off it.

use super::{Criterion, Reach};
use crate::table::Table;
use crate::whatif::Rule;

/// How many single scores are named that would do.
const STEPS: usize = 3;

/// The least revenue above zero with which an account would be in class A, the revenue of all others staying as it is.
///
/// With more revenue an account has fewer before it and a larger total, so that class A, once reached, is kept.
pub(super) fn least_revenue(revenues: &[i64], account: usize, cutoff: i64) -> Option<i64> {
    let others = revenues.iter().enumerate().filter(|(row, revenue)| *row != account && **revenue > 0);
    let others: Vec<i64> = others.map(|(_, revenue)| *revenue).collect();
    let total: i128 = others.iter().copied().map(i128::from).sum();
    let in_class_a = |revenue: i64| {
        let before: i128 = others.iter().filter(|other| **other > revenue).copied().map(i128::from).sum();
        100 * before < i128::from(cutoff) * (total + i128::from(revenue))
    };
    // Behind nobody, an account is in class A.
    let (mut low, mut high) = (0, others.iter().copied().max().unwrap_or_default().checked_add(1)?);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if in_class_a(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// How far a rated account is from the end of the list, and which single scores would take it there.
pub(super) fn reach(card: &Table, row: usize, criteria: &[Criterion], rule: Rule) -> Option<Reach> {
    let (scores, ranks) = (card.numbers("score"), card.integers("rank"));
    let (score, rank) = (scores.get(row).copied().flatten()?, ranks.get(row).copied().flatten()?);
    let (listed, line) = match rule {
        Rule::Score(least) => (score >= least, least),
        Rule::Best(count) => {
            let count = i64::try_from(count).ok()?;
            // From within, the first that is off the list; from without, the last on it.
            let other = if rank <= count { count + 1 } else { count };
            let place = ranks.iter().position(|rank| *rank == Some(other))?;
            (rank <= count, scores.get(place).copied().flatten()?)
        }
    };
    let gap = (line - score).abs();
    let sign = if listed { -1.0 } else { 1.0 };
    let present = criteria.iter().filter(|criterion| criterion.weight > 0.0);
    let step = |criterion: &Criterion| {
        let now = criterion.score?;
        let then = now + sign * gap / criterion.weight;
        (1.0..=10.0).contains(&then).then(|| (criterion.criterion.clone(), now, then))
    };
    let mut steps: Vec<(String, f64, f64)> = present.filter_map(step).collect();
    // The order of the criteria decides between equal steps.
    steps.sort_by(|a, b| (a.2 - a.1).abs().total_cmp(&(b.2 - b.1).abs()));
    steps.truncate(STEPS);
    Some(Reach { rule, listed, gap, steps })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;
    use proptest::prelude::*;

    #[test]
    fn the_revenue_of_class_a_by_hand() {
        let revenues = [60, 25, 15, -5];
        // The third: behind both are 85 before it, and 100 · 85 < 80 · (85 + x) from x = 22 on, for 85/0.8 is 106.25.
        assert_eq!(least_revenue(&revenues, 2, 80), Some(22));
        // The second: behind both are 75 before it, which 80% of 75 + x reach from x = 19 on; but from 15 on it is not
        // behind the third, has 60 before it, and 80% of 90 are more than that.
        assert_eq!(least_revenue(&revenues, 1, 80), Some(15));
        assert_eq!(least_revenue(&[40], 0, 80), Some(1));
        assert_eq!(least_revenue(&[40, 0, -3], 1, 80), Some(11));
    }

    proptest! {
        /// In class A by the definition, and with one unit less not.
        #[test]
        fn no_lower_revenue_would_do(
            revenues in proptest::collection::vec(-20i64..200, 1..9),
            cutoff in 1i64..=100,
        ) {
            let is_a = |revenue: i64| {
                let mut all = revenues.clone();
                all[0] = revenue;
                let total: i64 = all.iter().filter(|other| **other > 0).sum();
                let before: i64 = all.iter().filter(|other| **other > revenue).sum();
                100 * before < cutoff * total
            };
            let least = least_revenue(&revenues, 0, cutoff).unwrap();
            prop_assert!(is_a(least));
            prop_assert!(least == 1 || !is_a(least - 1));
        }
    }

    fn criterion(name: &str, score: Option<f64>, weight: f64) -> Criterion {
        Criterion {
            group: "all".to_owned(),
            criterion: name.to_owned(),
            source: "judged".to_owned(),
            value: None,
            is_ratio: false,
            score,
            weight,
            contribution: 0.0,
        }
    }

    #[test]
    fn the_steps_by_hand() {
        let card = TableBuilder::new("scorecard", 4)
            .text("account", vec!["A", "B", "C", "D"])
            .numbers("score", vec![Some(7.0), Some(6.0), Some(5.5), Some(9.0)])
            .integers("rank", vec![Some(1), Some(2), Some(3), None])
            .build();
        let criteria = [criterion("x", Some(6.0), 0.5), criterion("y", Some(9.0), 0.2), criterion("z", None, 0.0)];
        // B is one point behind A: x by 1 / 0.5 = 2, y by 5, which is past 10.
        let behind = reach(&card, 1, &criteria, Rule::Best(1)).unwrap();
        assert_eq!((behind.listed, behind.gap), (false, 1.0));
        assert_eq!(behind.steps, [("x".to_owned(), 6.0, 8.0)]);
        // On a list of two it is half a point before C: x by 1, y by 2.5.
        let before = reach(&card, 1, &criteria, Rule::Best(2)).unwrap();
        assert_eq!((before.listed, before.gap), (true, 0.5));
        assert_eq!(before.steps, [("x".to_owned(), 6.0, 5.0), ("y".to_owned(), 9.0, 6.5)]);
        // All that are ranked are on a list of three, and nobody could take the place; D is not ranked.
        assert_eq!(reach(&card, 1, &criteria, Rule::Best(3)), None);
        assert_eq!(reach(&card, 3, &criteria, Rule::Best(2)), None);
        assert!(reach(&card, 1, &criteria, Rule::Score(6.5)).is_some_and(|reach| !reach.listed && reach.gap == 0.5));
    }
}

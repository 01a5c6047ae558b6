//! What it would take: the revenue of class A, and the scores that lead onto the list or off it.

use super::{Criterion, Reach};
use crate::scoring::list::{Line, Places, Rule};

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

/// How far an account is from the end of the list, and which single scores would take it there.
pub(super) fn reach(account: &str, rule: Rule, places: &Places, criteria: &[Criterion]) -> Reach {
    let (listed, rank) = (places.is_listed(account), places.rank(account));
    let score = rank.and_then(|rank| places.order.get(rank - 1)).map(|(_, score)| *score);
    let line = match rule.line {
        Line::Score(least) => Some(least),
        // From within, the first that is off the list; from without, the last on it.
        Line::Top(_) => {
            let other = if listed { Some(places.length) } else { places.length.checked_sub(1) };
            other.and_then(|other| places.order.get(other)).map(|(_, score)| *score)
        }
    };
    let Some(gap) = score.zip(line).map(|(score, line)| (line - score).abs()) else {
        return Reach { rule, listed, decided: None, rank, gap: None, steps: Vec::new() };
    };
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
    Reach { rule, listed, decided: None, rank, gap: Some(gap), steps }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::overrides::Decisions;
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
            .flags("rated", vec![true, true, true, false])
            .build();
        let pareto = TableBuilder::new("pareto", 4)
            .text("account", vec!["A", "B", "C", "D"])
            .text("class", vec!["C", "A", "A", "A"])
            .build();
        let reach = |account: &str, rule: Rule, criteria: &[Criterion]| {
            let places = rule.places(&card, Some(&pareto), &Decisions::new());
            super::reach(account, rule, &places, criteria)
        };
        let top = |count: usize| Rule::from(Line::Top(count));
        let criteria = [criterion("x", Some(6.0), 0.5), criterion("y", Some(9.0), 0.2), criterion("z", None, 0.0)];
        // B is one point behind A: x by 1 / 0.5 = 2, y by 5, which is past 10.
        let behind = reach("B", top(1), &criteria);
        assert_eq!((behind.listed, behind.rank, behind.gap), (false, Some(2), Some(1.0)));
        assert_eq!(behind.steps, [("x".to_owned(), 6.0, 8.0)]);
        // On a list of two it is half a point before C: x by 1, y by 2.5.
        let before = reach("B", top(2), &criteria);
        assert_eq!((before.listed, before.gap), (true, Some(0.5)));
        assert_eq!(before.steps, [("x".to_owned(), 6.0, 5.0), ("y".to_owned(), 9.0, 6.5)]);
        // All that are ranked are on a list of three, and nobody could take the place; D is not ranked.
        let last = reach("B", top(3), &criteria);
        assert_eq!((last.listed, last.gap), (true, None));
        let unrated = reach("D", top(2), &criteria);
        assert_eq!((unrated.listed, unrated.rank, unrated.gap), (false, None, None));
        let short = reach("B", Line::Score(6.5).into(), &criteria);
        assert_eq!((short.listed, short.gap), (false, Some(0.5)));
        // A is of another class than the list asks for, and so B is before C on a list of one.
        let of_class =
            |account: &str| reach(account, Rule { line: Line::Top(1), classes: vec!["A".to_owned()] }, &criteria);
        assert_eq!((of_class("B").listed, of_class("B").rank, of_class("B").gap), (true, Some(1), Some(0.5)));
        assert_eq!((of_class("A").listed, of_class("A").rank, of_class("A").gap), (false, None, None));
    }
}

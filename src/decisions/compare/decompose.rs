//! The exact decomposition of a change of score: what is known of the customer, and how that is weighed.
//!
//! Both sides have rules r (weights, scales, what to do where scores are missing) and facts x. With c_k(r, x) what
//! criterion k adds to the score, the customer's part is the mean of the change of x under the old and under the
//! new rules, and the rules' part the mean of the change of r with the old and with the new facts. Summed over the
//! criteria the two add up to the change of the score, whatever the rules are. Where all scores are known and scales are
//! the same they are w̄·Δs and s̄·Δw, the bars being midpoints.
//!
//! A score that becomes known takes weight from all the others, which did not move. What that does to the total is
//! therefore told of it and not of them: it counts with how far it is from the mean of those that were known already.

use crate::scoring::config::Missing;
use crate::scoring::scorecard::{Part, part, score};

/// How scores make a total: the effective weight of each criterion, 0 where the scorecard does not have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub weights: Vec<f64>,
    pub missing: Missing,
}

/// The known scores of one account by criterion, old and new facts under old and new scales.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Corners {
    pub was: Vec<Option<f64>>,
    /// The new facts as the old rules would have scored them.
    pub is_by_old: Vec<Option<f64>>,
    /// The old facts as the new rules score them.
    pub was_by_new: Vec<Option<f64>>,
    pub is: Vec<Option<f64>>,
}

/// What one criterion did to the score, in points.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Delta {
    pub customer: f64,
    pub weights: f64,
}

/// The parts of a change by criterion; none where one of the two scores is none, for want of anything known.
pub fn decompose(old: &Rules, new: &Rules, corners: &Corners) -> Option<Vec<Delta>> {
    let (was, is) = (parts(old, &corners.was)?, parts(new, &corners.is)?);
    let by_old = parts(old, &corners.is_by_old);
    let by_new = parts(new, &corners.was_by_new);
    // The facts first and then the rules, or the other way round.
    let facts_first = by_old.map(|middle| (moved(&was, &middle), added(&middle, &is)));
    let rules_first = by_new.map(|middle| (moved(&middle, &is), added(&was, &middle)));
    let (customer, weights) = match (facts_first, rules_first) {
        (Some(one), Some(other)) => (mean(&one.0, &other.0), mean(&one.1, &other.1)),
        // A way over a score that cannot be, where nothing is known, is none.
        (Some(way), None) | (None, Some(way)) => way,
        (None, None) => {
            let half: Vec<f64> = added(&was, &is).iter().map(|added| added / 2.0).collect();
            (half.clone(), half)
        }
    };
    Some(customer.into_iter().zip(weights).map(|(customer, weights)| Delta { customer, weights }).collect())
}

/// What each criterion did to the score by other facts under the same rules.
fn moved(before: &[Part], after: &[Part]) -> Vec<f64> {
    let pairs = || before.iter().zip(after);
    let entering = |part: &Part| part.score.filter(|_| part.weight > 0.0);
    let both = |(before, after): (&Part, &Part)| {
        let scores = entering(before).zip(entering(after));
        scores.map(|(was, is)| ((before.weight + after.weight) / 2.0, was, is))
    };
    let weight: f64 = pairs().filter_map(both).map(|(weight, ..)| weight).sum();
    let sum: f64 = pairs().filter_map(both).map(|(weight, was, is)| weight * (was + is) / 2.0).sum();
    // All that stays known gives weight in proportion to what it has, so that the mean over it is the same either way.
    let known = if weight > 0.0 { sum / weight } else { 0.0 };
    let from_mean = |part: &Part| entering(part).map_or(0.0, |score| part.weight * (score - known));
    let of_one = |(before, after): (&Part, &Part)| match both((before, after)) {
        Some((weight, was, is)) => weight * (is - was),
        None => from_mean(after) - from_mean(before),
    };
    pairs().map(of_one).collect()
}

/// What each criterion adds more than before.
fn added(before: &[Part], after: &[Part]) -> Vec<f64> {
    before.iter().zip(after).map(|(before, after)| after.contribution - before.contribution).collect()
}

fn mean(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(one, other)| (one + other) / 2.0).collect()
}

/// What each criterion adds to the score; none where there is no score.
pub fn contributions(rules: &Rules, scores: &[Option<f64>]) -> Option<Vec<f64>> {
    parts(rules, scores).map(|parts| parts.iter().map(|part| part.contribution).collect())
}

fn parts(rules: &Rules, scores: &[Option<f64>]) -> Option<Vec<Part>> {
    // What has no weight must not count as known, or a score would be divided by nothing.
    let scores: Vec<Option<f64>> =
        scores.iter().zip(&rules.weights).map(|(score, weight)| score.filter(|_| *weight > 0.0)).collect();
    let scored = score(&scores, &rules.weights, rules.missing);
    let part = |(score, weight): (&Option<f64>, &f64)| part(*score, *weight, scored.coverage, rules.missing);
    scored.score.map(|_| scores.iter().zip(&rules.weights).map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICIES: [Missing; 3] = [Missing::Renormalise, Missing::Neutral, Missing::Pessimistic];

    fn rules(weights: &[f64], missing: Missing) -> Rules {
        Rules { weights: weights.to_vec(), missing }
    }

    /// The same scales on both sides.
    fn moved(was: &[Option<f64>], is: &[Option<f64>]) -> Corners {
        let (was, is) = (was.to_vec(), is.to_vec());
        Corners { is_by_old: is.clone(), was_by_new: was.clone(), was, is }
    }

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-12
    }

    #[test]
    fn where_all_is_known_the_parts_are_the_midpoints() {
        let corners = moved(&[Some(4.0), Some(8.0)], &[Some(6.0), Some(7.0)]);
        let (old, new) = ([0.75, 0.25], [0.5, 0.5]);
        let deltas =
            decompose(&rules(&old, Missing::Renormalise), &rules(&new, Missing::Renormalise), &corners).unwrap();
        // The first: 0.625 · (6 − 4) = 1.25 and 5 · (0.5 − 0.75) = −1.25; it added 3 before and 3 after.
        assert!(close(deltas[0].customer, 1.25) && close(deltas[0].weights, -1.25), "{deltas:?}");
        // The second: 0.375 · (7 − 8) = −0.375 and 7.5 · 0.25 = 1.875; it added 2 before and 3.5 after.
        assert!(close(deltas[1].customer, -0.375) && close(deltas[1].weights, 1.875), "{deltas:?}");
    }

    #[test]
    fn a_score_that_becomes_known_is_the_customer_s_doing() {
        let same = rules(&[0.5, 0.5], Missing::Renormalise);
        let corners = moved(&[Some(4.0), None], &[Some(4.0), Some(8.0)]);
        let deltas = decompose(&same, &same, &corners).unwrap();
        // Of 4 alone the score was 4, and with the 8 it is 6: half the weight, 4 from what was known.
        assert_eq!(deltas, [Delta::default(), Delta { customer: 2.0, weights: 0.0 }]);
        // Two known before, with a mean of 5, and one of them moves: 0.4 on average times 2; then 0.2 times 9 − 6.
        let of_three = rules(&[0.4, 0.4, 0.2], Missing::Renormalise);
        let three = moved(&[Some(4.0), Some(6.0), None], &[Some(6.0), Some(6.0), Some(9.0)]);
        let deltas = decompose(&of_three, &of_three, &three).unwrap();
        let customer: Vec<f64> = deltas.iter().map(|delta| delta.customer).collect();
        // The weight of the first is 0.5 before and 0.4 after; what was known has a mean of 5.5 halfway.
        assert!(
            close(customer[0], 0.45 * 2.0) && close(customer[1], 0.0) && close(customer[2], 0.2 * 3.5),
            "{customer:?}"
        );
        // 5 before and 0.4 · 6 + 0.4 · 6 + 0.2 · 9 = 6.6 after.
        assert!(close(customer.iter().sum(), 1.6));
        let neutral = rules(&[0.5, 0.5], Missing::Neutral);
        let deltas = decompose(&neutral, &neutral, &corners).unwrap();
        // The second counted as 5.5: 0.5 · 2.5.
        assert_eq!(deltas, [Delta::default(), Delta { customer: 1.25, weights: 0.0 }]);
    }

    #[test]
    fn another_policy_for_what_is_missing_is_the_rules_doing() {
        let (old, new) = (rules(&[0.5, 0.5], Missing::Renormalise), rules(&[0.5, 0.5], Missing::Pessimistic));
        let corners = moved(&[Some(4.0), None], &[Some(4.0), None]);
        let deltas = decompose(&old, &new, &corners).unwrap();
        // 4 alone before; 2 and 0.5 for the one that is missing after.
        assert_eq!(deltas, [Delta { customer: 0.0, weights: -2.0 }, Delta { customer: 0.0, weights: 0.5 }]);
    }

    #[test]
    fn another_scale_is_the_rules_doing() {
        let same = rules(&[1.0], Missing::Renormalise);
        // The old scale gives 4 and then 5, the new one 6 and then 8: the customer (1 + 2) / 2, the rules (2 + 3) / 2.
        let corners = Corners {
            was: vec![Some(4.0)],
            is_by_old: vec![Some(5.0)],
            was_by_new: vec![Some(6.0)],
            is: vec![Some(8.0)],
        };
        assert_eq!(decompose(&same, &same, &corners).unwrap(), [Delta { customer: 1.5, weights: 2.5 }]);
    }

    #[test]
    fn nothing_that_is_known_makes_no_detour() {
        // All the weight moves from the first to the second, and the account has no score for the second before.
        let (old, new) = (rules(&[1.0, 0.0], Missing::Renormalise), rules(&[0.0, 1.0], Missing::Renormalise));
        let corners = moved(&[Some(4.0), None], &[Some(4.0), Some(9.0)]);
        let deltas = decompose(&old, &new, &corners).unwrap();
        assert_eq!(deltas, [Delta { customer: 0.0, weights: -4.0 }, Delta { customer: 0.0, weights: 9.0 }]);
        // And no score at all after: neither way leads over a score.
        let corners = moved(&[Some(4.0), None], &[None, Some(9.0)]);
        let deltas = decompose(&old, &new, &corners).unwrap();
        assert_eq!(deltas, [Delta { customer: -2.0, weights: -2.0 }, Delta { customer: 4.5, weights: 4.5 }]);
        assert_eq!(decompose(&old, &new, &moved(&[None, None], &[Some(4.0), Some(9.0)])), None);
    }

    type Cell = (Option<f64>, f64, f64);

    fn cells() -> impl Strategy<Value = Vec<(Cell, Cell)>> {
        let cell =
            || (proptest::option::weighted(0.7, 1.0f64..=10.0), prop_oneof![Just(0.0), 0.01f64..1.0], 1.0f64..10.0);
        proptest::collection::vec((cell(), cell()), 1..10)
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_change(cells in cells(), old in 0usize..3, new in 0usize..3) {
            let weights = |side: fn(&(Cell, Cell)) -> f64| -> Vec<f64> {
                let total: f64 = cells.iter().map(side).sum();
                cells.iter().map(|cell| if total > 0.0 { side(cell) / total } else { 1.0 / cells.len() as f64 }).collect()
            };
            let (old, new) = (rules(&weights(|cell| cell.0.1), POLICIES[old]), rules(&weights(|cell| cell.1.1), POLICIES[new]));
            let scores = |side: fn(&(Cell, Cell)) -> Option<f64>| cells.iter().map(side).collect::<Vec<_>>();
            let corners = Corners {
                was: scores(|cell| cell.0.0),
                is_by_old: scores(|cell| cell.1.0.map(|_| cell.0.2)),
                was_by_new: scores(|cell| cell.0.0.map(|_| cell.1.2)),
                is: scores(|cell| cell.1.0),
            };
            let total = |rules: &Rules, scores: &[Option<f64>]| {
                contributions(rules, scores).map(|parts| parts.iter().sum::<f64>())
            };
            let ends = total(&old, &corners.was).zip(total(&new, &corners.is));
            let deltas = decompose(&old, &new, &corners);
            prop_assert_eq!(ends.is_some(), deltas.is_some());
            if let Some(((was, is), deltas)) = ends.zip(deltas) {
                let sum: f64 = deltas.iter().map(|delta| delta.customer + delta.weights).sum();
                prop_assert!((sum - (is - was)).abs() < 1e-9, "{} {}", sum, is - was);
                prop_assert!(deltas.iter().all(|delta| delta.customer.is_finite() && delta.weights.is_finite()));
            }
        }

        #[test]
        fn only_what_changes_has_a_part(cells in cells(), policy in 0usize..3) {
            let total: f64 = cells.iter().map(|cell| cell.0.1).sum();
            prop_assume!(total > 0.0);
            let weights: Vec<f64> = cells.iter().map(|cell| cell.0.1 / total).collect();
            let same = rules(&weights, POLICIES[policy]);
            let was: Vec<Option<f64>> = cells.iter().map(|cell| cell.0.0).collect();
            let is: Vec<Option<f64>> = cells.iter().map(|cell| cell.1.0).collect();
            for delta in decompose(&same, &same, &moved(&was, &is)).into_iter().flatten() {
                prop_assert_eq!(delta.weights, 0.0);
            }
            for delta in decompose(&same, &same, &moved(&was, &was)).into_iter().flatten() {
                prop_assert_eq!(delta, Delta::default());
            }
        }
    }
}

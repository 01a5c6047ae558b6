//! The weighted sum: S = Σ W_g Σ w_k s_k, what is missing, and how far the score could move.

use super::config::Missing;
use super::scale::{HIGHEST, LOWEST};

/// The middle of the scale, for `missing: neutral`.
const NEUTRAL: f64 = 5.5;

/// One criterion of an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Nothing where it was neither measured nor judged.
    pub score: Option<f64>,
    /// The weight it enters with after missing ones are dealt with; zero where it does not enter.
    pub weight: f64,
    pub contribution: f64,
    /// Whether the policy put a score in its place.
    pub assumed: bool,
}

/// The score of an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Nothing where nothing is present.
    pub score: Option<f64>,
    /// The weight of what is present.
    pub coverage: f64,
    /// What the score would be if everything missing were 1, and 10.
    pub low: f64,
    pub high: f64,
}

/// Scores one account. `weights` are the effective weights W_g·w_k, adding up to 1.
pub fn score(scores: &[Option<f64>], weights: &[f64], missing: Missing) -> Scored {
    let present: f64 = scores.iter().zip(weights).filter(|(score, _)| score.is_some()).map(|(_, weight)| weight).sum();
    // A sum of weights that all are present is 1, whatever the last bit says.
    let coverage = if scores.iter().all(Option::is_some) { 1.0 } else { present };
    let total: f64 = scores.iter().zip(weights).map(|(score, weight)| score.map_or(0.0, |score| weight * score)).sum();
    let parts = scores.iter().zip(weights).map(|(score, weight)| part(*score, *weight, coverage, missing));
    let defined = coverage > 0.0 || matches!(missing, Missing::Neutral | Missing::Pessimistic);
    Scored {
        score: defined.then(|| parts.map(|part| part.contribution).sum()),
        coverage,
        low: total + LOWEST * (1.0 - coverage),
        high: total + HIGHEST * (1.0 - coverage),
    }
}

/// Whether a row of the contributions has no score of its own, by its source: it is missing, or the policy put one in its
/// place.
pub fn is_unknown(source: &str) -> bool {
    matches!(source, "missing" | "neutral" | "pessimistic")
}

/// The score with which a criterion enters, a known one or what the policy puts in its place; none where it is left out.
pub fn entering(score: Option<f64>, missing: Missing) -> Option<f64> {
    score.or(match missing {
        Missing::Neutral => Some(NEUTRAL),
        Missing::Pessimistic => Some(LOWEST),
        Missing::Renormalise | Missing::Block => None,
    })
}

/// What a criterion adds to the score of an account, of whose weights `coverage` is present.
pub fn part(score: Option<f64>, weight: f64, coverage: f64, missing: Missing) -> Part {
    let enters =
        |score: f64, weight: f64, assumed| Part { score: Some(score), weight, contribution: weight * score, assumed };
    match (score, missing) {
        (Some(score), Missing::Renormalise | Missing::Block) => enters(score, weight / coverage, false),
        (Some(score), _) => enters(score, weight, false),
        (None, Missing::Neutral) => enters(NEUTRAL, weight, true),
        (None, Missing::Pessimistic) => enters(LOWEST, weight, true),
        (None, Missing::Renormalise | Missing::Block) => {
            Part { score: None, weight: 0.0, contribution: 0.0, assumed: false }
        }
    }
}

/// The weighted mean of the criteria of one group that entered the score.
pub fn group_score(parts: impl Iterator<Item = Part> + Clone) -> Option<f64> {
    let weight: f64 = parts.clone().map(|part| part.weight).sum();
    (weight > 0.0).then(|| parts.map(|part| part.contribution).sum::<f64>() / weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEIGHTS: [f64; 4] = [0.4, 0.2, 0.3, 0.1];

    fn close(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-12
    }

    fn parts(scores: &[Option<f64>], weights: &[f64], missing: Missing) -> Vec<Part> {
        let coverage = score(scores, weights, missing).coverage;
        scores.iter().zip(weights).map(|(score, weight)| part(*score, *weight, coverage, missing)).collect()
    }

    #[test]
    fn everything_present() {
        // 0.4·10 + 0.2·5 + 0.3·4 + 0.1·1 = 6.3
        let scored = score(&[Some(10.0), Some(5.0), Some(4.0), Some(1.0)], &WEIGHTS, Missing::Renormalise);
        assert!(close(scored.score.unwrap(), 6.3));
        assert_eq!(scored.coverage, 1.0);
        assert!(close(scored.low, 6.3) && close(scored.high, 6.3));
    }

    #[test]
    fn the_policies_for_what_is_missing() {
        // Present: 0.4·10 + 0.1·1 = 4.1 over a weight of 0.5.
        let scores = [Some(10.0), None, None, Some(1.0)];
        for (missing, expected) in
            [(Missing::Renormalise, 8.2), (Missing::Neutral, 4.1 + 0.5 * 5.5), (Missing::Pessimistic, 4.6)]
        {
            let scored = score(&scores, &WEIGHTS, missing);
            assert!(close(scored.score.unwrap(), expected), "{missing:?} {scored:?}");
            assert!(close(scored.coverage, 0.5) && close(scored.low, 4.6) && close(scored.high, 9.1));
        }
        assert_eq!(score(&[None; 4], &WEIGHTS, Missing::Renormalise).score, None);
        assert!(close(score(&[None; 4], &WEIGHTS, Missing::Neutral).score.unwrap(), 5.5));
        let nothing = score(&[None; 4], &WEIGHTS, Missing::Renormalise);
        assert!(close(nothing.low, 1.0) && close(nothing.high, 10.0));
    }

    #[test]
    fn group_scores_weigh_what_entered() {
        let parts = parts(&[Some(10.0), Some(4.0), None, Some(1.0)], &WEIGHTS, Missing::Renormalise);
        let group = |places: std::ops::Range<usize>| group_score(parts[places].iter().copied());
        assert!(close(group(0..2).unwrap(), 8.0));
        assert!(close(group(2..4).unwrap(), 1.0));
        assert_eq!(group(2..3), None);
    }

    /// Kracka, Brauers & Zavadskas 2010: columns to be kept small are inverted, every column is divided by
    /// its sum, and all weigh the same. The published scores are the sums of a row over the columns.
    #[test]
    fn published_weighted_sums() {
        let matrix = [
            [33.95, 23.78, 11.45, 39.97, 29.44, 167.10, 3.852],
            [38.9, 4.17, 6.32, 0.01, 4.29, 132.52, 25.184],
            [37.59, 9.36, 8.23, 4.35, 10.22, 136.71, 10.845],
            [30.44, 37.59, 13.91, 74.08, 45.10, 198.34, 2.186],
            [36.21, 14.79, 9.17, 17.77, 17.06, 148.3, 6.610],
            [37.8, 8.55, 7.97, 2.35, 9.25, 134.83, 11.935],
        ];
        let smaller_is_better = [true, true, true, true, false, true, false];
        let published = [0.12040426, 0.3458235, 0.13838192, 0.12841246, 0.12346084, 0.14351701];
        let value =
            |row: &[f64; 7], column: usize| if smaller_is_better[column] { 1.0 / row[column] } else { row[column] };
        let sums: Vec<f64> = (0..7).map(|column| matrix.iter().map(|row| value(row, column)).sum()).collect();
        for (row, expected) in matrix.iter().zip(published) {
            let scores: Vec<Option<f64>> = (0..7).map(|column| Some(value(row, column) / sums[column])).collect();
            let scored = score(&scores, &[1.0 / 7.0; 7], Missing::Block);
            assert!((scored.score.unwrap() - expected).abs() < 1e-8, "{scored:?} {expected}");
        }
    }

    proptest! {
        #[test]
        fn contributions_add_up_and_the_score_lies_between_its_bounds(
            parts in proptest::collection::vec((proptest::option::of(1.0f64..=10.0), 0.01f64..1.0), 1..16),
            policy in 0usize..3,
        ) {
            let missing = [Missing::Renormalise, Missing::Neutral, Missing::Pessimistic][policy];
            let total: f64 = parts.iter().map(|(_, weight)| weight).sum();
            let weights: Vec<f64> = parts.iter().map(|(_, weight)| weight / total).collect();
            let scores: Vec<Option<f64>> = parts.iter().map(|(score, _)| *score).collect();
            let scored = score(&scores, &weights, missing);
            let parts = super::tests::parts(&scores, &weights, missing);
            if let Some(score) = scored.score {
                let sum: f64 = parts.iter().map(|part| part.contribution).sum();
                prop_assert!((sum - score).abs() < 1e-12);
                prop_assert!(score >= scored.low - 1e-9 && score <= scored.high + 1e-9);
                prop_assert!((1.0 - 1e-9..=10.0 + 1e-9).contains(&score));
                let weight: f64 = parts.iter().map(|part| part.weight).sum();
                prop_assert!((weight - 1.0).abs() < 1e-9);
            } else {
                prop_assert!(scores.iter().all(Option::is_none));
            }
        }
    }
}

use super::*;
use crate::scoring::config::Missing;
use crate::scoring::scorecard::score;
use proptest::prelude::*;

type Rows = Vec<Vec<Option<f64>>>;

fn field(rows: &Rows) -> Field {
    Field::new(rows.iter().map(Vec::as_slice), rows[0].len(), Missing::Renormalise)
}

/// The weights after a change of one of them, the others rescaled.
fn changed(weights: &[f64], flip: Flip) -> Vec<f64> {
    let own = weights[flip.criterion];
    let scale = (1.0 - own - flip.delta) / (1.0 - own);
    let mut changed: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
    changed[flip.criterion] = own + flip.delta;
    changed
}

fn scores(rows: &Rows, weights: &[f64]) -> Vec<f64> {
    rows.iter().map(|row| score(row, weights, Missing::Renormalise).score.unwrap_or_default()).collect()
}

fn chosen(rows: &Rows, weights: &[f64], line: Line) -> Vec<bool> {
    let scores = scores(rows, weights);
    let before = |one: usize, other: usize| scores[one] > scores[other] || scores[one] == scores[other] && one < other;
    (0..rows.len())
        .map(|account| match line {
            Line::Score(threshold) => scores[account] >= threshold,
            Line::Top(count) => (0..rows.len()).filter(|other| before(*other, account)).count() < count,
        })
        .collect()
}

/// S = 0.5·4 + 0.5·8 = 6. For T = 7: δ = (7 − 6)/(8 − 4) = 1/4 for the second, −1/4 for the first.
#[test]
fn a_flip_over_a_threshold_by_hand() {
    let rows = vec![vec![Some(4.0), Some(8.0)], vec![Some(7.0), Some(7.0)], vec![Some(2.0), Some(3.0)]];
    let found = flips(&field(&rows), &[0.5, 0.5], Line::Score(7.0), &[false, true, false]);
    assert_eq!(found[0], Some(Flip { criterion: 0, delta: -0.25 }));
    // The same score under all weights, and one that is never so high.
    assert_eq!(found[1..], [None, None]);
    // Weights 0.2, 0.3, 0.5 and scores 10, 5, 4: S = 5.5, without the first 35/8. (6 − 5.5)/(10 − 35/8) = 4/45.
    let rows = vec![vec![Some(10.0), Some(5.0), Some(4.0)]];
    let flip = flips(&field(&rows), &[0.2, 0.3, 0.5], Line::Score(6.0), &[false])[0].unwrap();
    assert!(flip.criterion == 0 && (flip.delta - 4.0 / 45.0).abs() < 1e-12, "{flip:?}");
}

/// a: 4 u + 8 (1 − u), b: 7 u + 6 (1 − u), equal at u = 2/5: δ = −1/10 for the first of two weights of 1/2 puts a
/// before b, and b off a list of one.
#[test]
fn an_overtaking_by_hand() {
    let rows = vec![vec![Some(4.0), Some(8.0)], vec![Some(7.0), Some(6.0)]];
    for flip in flips(&field(&rows), &[0.5, 0.5], Line::Top(1), &[false, true]) {
        let flip = flip.unwrap();
        assert!(flip.criterion == 0 && (flip.delta + 0.1).abs() < 1e-9, "{flip:?}");
    }
    // A list that takes all, and one that takes none.
    assert_eq!(flips(&field(&rows), &[0.5, 0.5], Line::Top(2), &[true, true]), [None, None]);
    assert_eq!(flips(&field(&rows), &[1.0, 0.0], Line::Top(1), &[false, true])[0].map(|flip| flip.criterion), Some(1));
}

fn any_rows(missing: bool) -> impl Strategy<Value = Rows> {
    let cell =
        (1.0f64..=10.0, 0..4).prop_map(move |(score, one_of_four)| (!missing || one_of_four > 0).then_some(score));
    let row = proptest::collection::vec(cell, 4);
    let known = row.prop_filter("one at least is known", |row| row.iter().any(Option::is_some));
    proptest::collection::vec(known, 2..12)
}

fn any_weights() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0.05f64..1.0, 4).prop_map(|weights| {
        let total: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / total).collect()
    })
}

/// Tries changes of every weight, from the smallest on, up to one: the first that flips the account.
fn tried(rows: &Rows, weights: &[f64], line: Line, account: usize, upto: f64) -> Option<Flip> {
    let inside = chosen(rows, weights, line)[account];
    let steps = (1..200).map(|step| f64::from(step) / 200.0).take_while(|size| *size < upto);
    let all =
        steps.flat_map(|size| [size, -size]).flat_map(|delta| (0..4).map(move |criterion| Flip { criterion, delta }));
    // Without any weight on what is known there is no score.
    let feasible = |flip: &Flip| (1e-6..1.0 - 1e-6).contains(&(weights[flip.criterion] + flip.delta));
    all.filter(feasible).find(|flip| chosen(rows, &changed(weights, *flip), line)[account] != inside)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// At the flip the score meets the threshold, a bit beyond it the account has changed sides, a bit before it has
    /// not, and no smaller change of any weight does it.
    #[test]
    fn flips_over_a_threshold(rows in any_rows(true), weights in any_weights(), threshold in 2.0f64..9.0) {
        let line = Line::Score(threshold);
        let inside = chosen(&rows, &weights, line);
        for (account, flip) in flips(&field(&rows), &weights, line, &inside).into_iter().enumerate() {
            if let Some(flip) = flip {
                let at = |part: f64| changed(&weights, Flip { delta: flip.delta * part, ..flip });
                prop_assert!((scores(&rows, &at(1.0))[account] - threshold).abs() < 1e-9);
                prop_assert_eq!(chosen(&rows, &at(1.0 - 1e-6), line)[account], inside[account]);
                let beyond = at(1.0 + 1e-6);
                if beyond.iter().all(|weight| *weight >= 0.0) {
                    prop_assert_ne!(chosen(&rows, &beyond, line)[account], inside[account]);
                }
            }
            let upto = flip.map_or(1.0, |flip| flip.delta.abs() - 1e-6);
            prop_assert_eq!(tried(&rows, &weights, line, account, upto), None);
        }
    }

    /// The same for a list of the best, where all scores move.
    #[test]
    fn overtakings(missing in any::<bool>(), all in any_rows(true), whole in any_rows(false), weights in any_weights(), count in 1usize..6) {
        let rows = if missing { all } else { whole };
        let line = Line::Top(count);
        let inside = chosen(&rows, &weights, line);
        for (account, flip) in flips(&field(&rows), &weights, line, &inside).into_iter().enumerate() {
            if let Some(flip) = flip {
                let at = |part: f64| changed(&weights, Flip { delta: flip.delta * part, ..flip });
                prop_assert_eq!(chosen(&rows, &at(1.0 - 1e-6), line)[account], inside[account], "{:?}", flip);
                let beyond = at(1.0 + 1e-6);
                if beyond.iter().all(|weight| *weight >= 0.0) {
                    prop_assert_ne!(chosen(&rows, &beyond, line)[account], inside[account], "{:?}", flip);
                }
            }
            let upto = flip.map_or(1.0, |flip| flip.delta.abs() - 1e-6);
            prop_assert_eq!(tried(&rows, &weights, line, account, upto), None);
        }
    }
}

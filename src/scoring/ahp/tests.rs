use super::*;
use proptest::prelude::*;

/// Comparisons as they are written: `[(one, other, ratio)]`.
fn compared(pairs: &[(usize, usize, f64)]) -> Vec<Comparison> {
    pairs.iter().map(|(one, other, ratio)| Comparison { one: *one, other: *other, ratio: *ratio }).collect()
}

fn close(found: &[f64], expected: &[f64], tolerance: f64) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance)
}

/// Saaty, *Decision making with the analytic hierarchy process* (2008): which drink is consumed more in the USA;
/// coffee, wine, tea, beer, soda, milk, water.
#[test]
fn published_weights_of_drinks() {
    let above = [
        vec![9.0, 5.0, 2.0, 1.0, 1.0, 0.5],
        vec![1.0 / 3.0, 1.0 / 9.0, 1.0 / 9.0, 1.0 / 9.0, 1.0 / 9.0],
        vec![1.0 / 3.0, 0.25, 1.0 / 3.0, 1.0 / 9.0],
        vec![0.5, 1.0, 1.0 / 3.0],
        vec![2.0, 0.5],
        vec![1.0 / 3.0],
    ];
    let pairs: Vec<(usize, usize, f64)> = above
        .iter()
        .enumerate()
        .flat_map(|(one, row)| row.iter().enumerate().map(move |(step, ratio)| (one, one + 1 + step, *ratio)))
        .collect();
    let found = priorities(7, &compared(&pairs));
    assert!(close(&found.shares, &[0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], 5e-4), "{found:?}");
    assert!((found.consistency_ratio - 0.022).abs() < 5e-4, "{found:?}");
}

/// The choice of a leader, as published in Wikipedia and in the documentation of AHPy: four criteria, and three
/// candidates compared by each of them; Moll, Nell, Sue.
#[test]
fn published_choice_of_a_leader_on_two_levels() {
    // Experience, education, charisma, age.
    let criteria =
        priorities(4, &compared(&[(0, 1, 4.0), (0, 2, 3.0), (0, 3, 7.0), (1, 2, 1.0 / 3.0), (1, 3, 3.0), (2, 3, 5.0)]));
    assert!((criteria.consistency_ratio - 0.044).abs() < 5e-4, "{criteria:?}");
    let candidates = [[0.25, 4.0, 9.0], [3.0, 0.2, 1.0 / 7.0], [5.0, 9.0, 4.0], [1.0 / 3.0, 5.0, 9.0]].map(
        |[moll_nell, moll_sue, nell_sue]| {
            priorities(3, &compared(&[(0, 1, moll_nell), (0, 2, moll_sue), (1, 2, nell_sue)])).shares
        },
    );
    let global = |candidate: usize| -> f64 {
        criteria.shares.iter().zip(&candidates).map(|(weight, of_criterion)| weight * of_criterion[candidate]).sum()
    };
    assert!(close(&[global(0), global(1)], &[0.358, 0.493], 5e-4), "{} {}", global(0), global(1));
    // Published with two decimals.
    assert!((global(2) - 0.15).abs() < 1e-3, "{}", global(2));
}

/// 1 : 2 : 4, the pair between the first and the last left out: what the others say of it is taken.
#[test]
fn missing_pairs_follow_from_the_others() {
    let found = priorities(3, &compared(&[(0, 1, 0.5), (1, 2, 0.5)]));
    assert!(close(&found.shares, &[1.0 / 7.0, 2.0 / 7.0, 4.0 / 7.0], 1e-12), "{found:?}");
    assert_eq!(found.consistency_ratio, 0.0);
    // A chain of fifteen, each twice the one before it.
    let chain: Vec<(usize, usize, f64)> = (0..14).map(|place| (place + 1, place, 2.0)).collect();
    let found = priorities(15, &compared(&chain));
    let total = f64::from((1 << 15) - 1);
    let expected: Vec<f64> = (0..15).map(|place| f64::from(1 << place) / total).collect();
    assert!(found.shares.iter().zip(&expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{found:?}");
    assert_eq!(found.consistency_ratio, 0.0);
}

#[test]
fn one_and_two_cannot_contradict_each_other() {
    assert_eq!(priorities(1, &[]), Priorities { shares: vec![1.0], consistency_ratio: 0.0 });
    let found = priorities(2, &compared(&[(0, 1, 3.0)]));
    assert!(close(&found.shares, &[0.75, 0.25], 1e-12) && found.consistency_ratio == 0.0, "{found:?}");
}

/// All as 1 : 2 : 4 : 8 say, but the first against the last turned round: 8 in place of 1/8.
#[test]
fn the_comparison_that_fits_least_is_found_and_mended() {
    let sound = [(0, 1, 0.5), (0, 2, 0.25), (1, 2, 0.5), (1, 3, 0.25), (2, 3, 0.5), (0, 3, 0.125)];
    assert!(priorities(4, &compared(&sound)).consistency_ratio < 1e-9);
    let mut turned = sound;
    turned[5].2 = 8.0;
    assert!(priorities(4, &compared(&turned)).consistency_ratio > LIMIT);
    let found = mend(4, &compared(&turned)).unwrap();
    assert_eq!((found.place, found.ratio.text()), (5, "1/8".to_owned()));
    assert!(found.consistency_ratio < 1e-9);
}

#[test]
fn a_comparison_that_alone_connects_two_parts_is_never_blamed() {
    // A circle of three that contradicts itself, and a fourth that hangs on it.
    let pairs = compared(&[(2, 3, 9.0), (0, 1, 9.0), (1, 2, 9.0), (0, 2, 1.0)]);
    assert_ne!(mend(4, &pairs).unwrap().place, 0);
    assert_eq!(unconnected(4, &pairs[1..]), [3]);
    assert_eq!(unconnected(4, &pairs), [] as [usize; 0]);
}

proptest! {
    /// Comparisons that are ratios of weights give these weights back, whichever pairs are left out.
    #[test]
    fn consistent_comparisons_give_their_weights_back(
        weights in proptest::collection::vec(1.0f64..9.0, 2..10),
        left_out in proptest::collection::vec(any::<bool>(), 45),
    ) {
        let count = weights.len();
        let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
        // Neighbours stay, so that all are connected.
        let kept = pairs.zip(left_out).filter(|((one, other), left_out)| one + 1 == *other || !left_out);
        let comparisons: Vec<Comparison> = kept
            .map(|((one, other), _)| Comparison { one, other, ratio: weights[one] / weights[other] })
            .collect();
        let found = priorities(count, &comparisons);
        let total: f64 = weights.iter().sum();
        let expected: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        prop_assert!(close(&found.shares, &expected, 1e-9), "{found:?} {expected:?}");
        prop_assert!(found.consistency_ratio < 1e-9);
    }

    /// Any comparisons: weights add up to 1, and no weight is zero.
    #[test]
    fn weights_add_up(ratios in proptest::collection::vec(0usize..17, 3..46)) {
        let scale: Vec<f64> = Ratio::all().map(Ratio::number).collect();
        let count = (2..10).take_while(|count| count * (count - 1) / 2 <= ratios.len()).last().unwrap();
        let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
        let comparisons: Vec<Comparison> =
            pairs.zip(&ratios).map(|((one, other), ratio)| Comparison { one, other, ratio: scale[*ratio] }).collect();
        let found = priorities(count, &comparisons);
        prop_assert!((found.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(found.shares.iter().all(|share| *share > 0.0) && found.consistency_ratio >= 0.0);
        // λmax is what the matrix makes of its own eigenvector.
        let rows = matrix(count, &comparisons);
        let (vector, lambda) = eigenvector(&rows);
        for (row, own) in rows.iter().zip(&vector) {
            let image: f64 = row.iter().zip(&vector).map(|(a, b)| a * b).sum();
            prop_assert!((image - lambda * own).abs() < 1e-9);
        }
    }
}

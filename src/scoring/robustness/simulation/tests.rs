use super::super::field::Levels;
use super::*;
use crate::scoring::config::Missing;
use crate::scoring::scorecard::score;
use proptest::prelude::*;

fn levels() -> Levels {
    Levels { groups: vec![0.5, 0.3, 0.2], criteria: vec![vec![0.6, 0.4], vec![0.25, 0.5, 0.25], vec![1.0]] }
}

const CRITERIA: usize = 6;

fn field(rows: &[Vec<Option<f64>>], missing: Missing) -> Field {
    Field::new(rows.iter().map(Vec::as_slice), CRITERIA, missing)
}

/// Scores by a fixed rule, a part of them missing, never all of an account.
fn rows(accounts: usize) -> Vec<Vec<Option<f64>>> {
    let cell = |number: u64| {
        let hash = number
            .wrapping_add(1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(23)
            .wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let score = 1.0 + 9.0 * (hash >> 11) as f64 / 2f64.powi(53);
        (number.is_multiple_of(6) || !hash.is_multiple_of(5)).then_some(score)
    };
    (0..accounts as u64).map(|row| (0..6).map(|column| cell(row * 6 + column)).collect()).collect()
}

/// The same counts by scoring and sorting all accounts in each draw.
fn plainly(rows: &[Vec<Option<f64>>], missing: Missing, draws: &Draws, question: &Question) -> Counts {
    let mut ranks: Vec<Vec<u32>> = vec![Vec::new(); rows.len()];
    let mut chosen = vec![0; rows.len()];
    let mut swaps = vec![0; question.pairs.len()];
    for draw in 0..question.draws {
        let weights = &draws.block(draw / BLOCK, BLOCK)[draw % BLOCK];
        let scores: Vec<f64> = rows.iter().map(|row| score(row, weights, missing).score.unwrap_or_default()).collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        for (place, account) in order.iter().enumerate() {
            ranks[*account].push(place as u32 + 1);
            chosen[*account] += u32::from(match question.line {
                Line::Top(count) => place < count,
                Line::Score(line) => scores[*account] >= line,
            });
        }
        for (swaps, (one, other)) in swaps.iter_mut().zip(&question.pairs) {
            *swaps += u32::from(scores[*other] > scores[*one]);
        }
    }
    let single = |ranks: &Vec<u32>| -> Vec<u32> {
        let count = |rank: usize| ranks.iter().filter(|found| **found as usize == rank).count() as u32;
        (1..=question.ranks).map(count).collect()
    };
    let acceptability = ranks.iter().flat_map(single).collect();
    let percentile = |mut ranks: Vec<u32>| {
        ranks.sort_unstable();
        [5, 50, 95].map(|percentile: usize| ranks[(question.draws * percentile).div_ceil(100) - 1])
    };
    Counts { chosen, acceptability, swaps, percentiles: ranks.into_iter().map(percentile).collect() }
}

fn question(draws: usize, line: Line, ranks: usize) -> Question {
    Question { draws, line, ranks, pairs: vec![(0, 1), (2, 1), (1, 0)] }
}

#[test]
fn counts_are_those_of_scoring_and_sorting_in_every_draw() {
    let draws = Draws::new(&levels(), 20.0, 7).unwrap();
    for (accounts, missing) in [(3, Missing::Renormalise), (40, Missing::Neutral), (600, Missing::Renormalise)] {
        let rows = rows(accounts);
        for line in [Line::Top(2), Line::Score(6.0)] {
            let question = question(150, line, accounts.min(9));
            let expected = plainly(&rows, missing, &draws, &question);
            assert!(simulate(&field(&rows, missing), &draws, &question) == expected, "{accounts} {line:?}");
        }
    }
}

/// Past 1 024 ranks the percentiles are found in two passes.
#[test]
fn percentiles_of_many_ranks_are_exact() {
    let draws = Draws::new(&levels(), 20.0, 7).unwrap();
    let rows = rows(2_500);
    let question = question(100, Line::Top(100), 5);
    let found = simulate(&field(&rows, Missing::Renormalise), &draws, &question);
    assert!(found == plainly(&rows, Missing::Renormalise, &draws, &question));
}

#[test]
fn threads_never_show() {
    let draws = Draws::new(&levels(), 20.0, 1).unwrap();
    let field = field(&rows(1_300), Missing::Renormalise);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| simulate(&field, &draws, &question(200, Line::Top(20), 40)))
    };
    assert!(on(1) == on(2));
}

#[test]
fn a_field_without_accounts_has_nothing_to_count() {
    let draws = Draws::new(&levels(), 20.0, 1).unwrap();
    let question = Question { draws: 100, line: Line::Top(3), ranks: 0, pairs: Vec::new() };
    assert_eq!(simulate(&field(&[], Missing::Neutral), &draws, &question), Counts::default());
}

#[test]
fn keys_rise_as_scores_fall_and_equals_are_equal() {
    assert_eq!((key_of(10.0), key_of(1.0), key_of(0.0)), (0, u32::MAX, u32::MAX));
    assert_eq!(key_of(5.0 + 1e-13), key_of(5.0));
    assert!(key_of(5.0 + 1e-8) < key_of(5.0));
    let mut ranks = [0; 5];
    sort(&[7, u32::MAX, 7, 0, 1 << 30], &mut ranks, &mut Vec::new(), &mut Vec::new());
    assert_eq!(ranks, [2, 5, 3, 1, 4]);
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
    let row = proptest::collection::vec(proptest::option::weighted(0.8, 1.0f64..=10.0), CRITERIA);
    let known = row.prop_filter("one at least is known", |row| row.iter().any(Option::is_some));
    proptest::collection::vec(known, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn parts_are_parts(rows in any_rows(), concentration in 1.0f64..200.0, top in 1usize..15) {
        let field = field(&rows, Missing::Renormalise);
        let draws = Draws::new(&levels(), concentration, 3).unwrap();
        let question = Question { draws: 128, line: Line::Top(top), ranks: field.len().min(2 * top), pairs: Vec::new() };
        let counts = simulate(&field, &draws, &question);
        prop_assert!(counts.chosen.iter().all(|count| *count <= 128));
        prop_assert_eq!(counts.chosen.iter().sum::<u32>() as usize, 128 * top.min(field.len()));
        for (ranks, percentiles) in counts.acceptability.chunks(question.ranks).zip(&counts.percentiles) {
            let sum: u32 = ranks.iter().sum();
            prop_assert!(sum <= 128 && (question.ranks < field.len() || sum == 128));
            prop_assert!(percentiles.is_sorted() && percentiles[0] >= 1 && percentiles[2] as usize <= field.len());
        }
        // Each rank is somebody's in every draw.
        for rank in 0..question.ranks {
            let sum: u32 = counts.acceptability.iter().skip(rank).step_by(question.ranks).sum();
            prop_assert_eq!(sum, 128);
        }
    }

    /// The closer the draws are to the declared weights, the closer is the ranking to the plain one.
    #[test]
    fn draws_without_spread_give_the_plain_ranking(rows in any_rows(), top in 1usize..15) {
        let weights = levels().effective();
        let scores: Vec<f64> = rows.iter().map(|row| score(row, &weights, Missing::Renormalise).score.unwrap()).collect();
        // Whoever is as good as equal may swap under any spread.
        prop_assume!((0..rows.len()).all(|one| (0..one).all(|other| (scores[one] - scores[other]).abs() > 1e-3)));
        let draws = Draws::new(&levels(), 1e12, 3).unwrap();
        let question = Question { draws: 64, line: Line::Top(top), ranks: 0, pairs: Vec::new() };
        let counts = simulate(&field(&rows, Missing::Renormalise), &draws, &question);
        for (account, percentiles) in counts.percentiles.iter().enumerate() {
            let rank = scores.iter().filter(|score| **score > scores[account]).count() as u32 + 1;
            prop_assert_eq!(*percentiles, [rank; 3]);
            prop_assert_eq!(counts.chosen[account], if rank as usize <= top { 64 } else { 0 });
        }
    }
}

//! What draws of weights cost: 10 000 of them over 15 criteria, on all threads, as in a run.
//!
//! `benches/smaa.py` is the same simulation in NumPy.

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use std::hint::black_box;
use vitalfew::scoring::config::Missing;
use vitalfew::scoring::list::Line;
use vitalfew::scoring::robustness::{Draws, Field, Levels, Question, simulate};

const DRAWS: usize = 10_000;
const TOP: usize = 50;

/// The weights of the shipped pipeline.
fn levels() -> Levels {
    Levels {
        groups: vec![0.40, 0.25, 0.35],
        criteria: vec![
            vec![0.40, 0.20, 0.20, 0.20],
            vec![0.30, 0.20, 0.10, 0.20, 0.20],
            vec![0.25, 0.15, 0.20, 0.15, 0.10, 0.15],
        ],
    }
}

/// Scores from 1 to 10; every tenth account lacks the last three.
fn rows(accounts: usize, criteria: usize) -> Vec<Vec<Option<f64>>> {
    let mut random = Pcg64Mcg::new(2);
    let mut score = || 1.0 + 9.0 * (random.next_u64() >> 11) as f64 / 2f64.powi(53);
    let known = |row: usize, column: usize| !row.is_multiple_of(10) || column < criteria - 3;
    (0..accounts)
        .map(|row| (0..criteria).map(|column| Some(score()).filter(|_| known(row, column))).collect())
        .collect()
}

pub fn robustness(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("robustness");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let draws = Draws::new(&levels(), 50.0, 1).expect("weights can be drawn");
    let criteria = levels().effective().len();
    for accounts in [1_000, 10_000, 100_000] {
        let rows = rows(accounts, criteria);
        let field = Field::new(rows.iter().map(Vec::as_slice), criteria, Missing::Renormalise);
        let question = Question { draws: DRAWS, line: Line::Top(TOP), ranks: 2 * TOP, pairs: Vec::new() };
        group.throughput(Throughput::Elements((DRAWS * accounts) as u64));
        group.bench_function(BenchmarkId::new(format!("{DRAWS} draws of {criteria} weights"), accounts), |bencher| {
            bencher.iter(|| black_box(simulate(&field, &draws, &question)));
        });
    }
    group.finish();
}

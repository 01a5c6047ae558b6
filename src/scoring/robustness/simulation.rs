//! The simulation: every draw of weights ranks all accounts, and what becomes of the ranks is counted.
//!
//! Stochastic multicriteria acceptability analysis (Lahdelma & Salminen, *SMAA-2*, 2001). Only counts are kept, so
//! that memory does not grow with the draws; they are whole numbers, so that no order of threads shows.

use super::draws::{BLOCK, Draws};
use super::field::Field;
use crate::scoring::list::Line;
use crate::scoring::scale::{HIGHEST, LOWEST};
use rayon::prelude::*;

/// Draws that one thread takes at a time, accounts that stay in its nearest memory meanwhile, and accounts whose
/// counts it keeps.
const TASK: usize = 8;
const TILE: usize = 512;
const CHUNK: usize = 1024;

/// Intervals of ranks that are counted in a first pass; a second one looks into those that hold the percentiles.
const INTERVALS: usize = 1024;

const PERCENTILES: [usize; 3] = [5, 50, 95];

/// What to count.
#[derive(Debug, Clone)]
pub struct Question {
    pub draws: usize,
    pub line: Line,
    /// How many ranks to count one by one, from the first.
    pub ranks: usize,
    /// Pairs of accounts: how often the second comes before the first.
    pub pairs: Vec<(usize, usize)>,
}

/// How often what happened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// By account: draws in which it is chosen.
    pub chosen: Vec<u32>,
    /// By account: the least rank that 5, 50 and 95 of 100 draws do not exceed.
    pub percentiles: Vec<[u32; 3]>,
    /// By account, `ranks` each: draws in which it has that rank.
    pub acceptability: Vec<u32>,
    /// By pair.
    pub swaps: Vec<u32>,
}

/// Counts over all draws.
pub fn simulate(field: &Field, draws: &Draws, question: &Question) -> Counts {
    if field.is_empty() || question.draws == 0 {
        let nothing = [0; 3];
        return Counts {
            percentiles: vec![nothing; field.len()],
            chosen: vec![0; field.len()],
            acceptability: vec![0; field.len() * question.ranks],
            swaps: vec![0; question.pairs.len()],
        };
    }
    let shift = (0..).find(|shift| (field.len() - 1) >> shift < INTERVALS).unwrap_or_default();
    let intervals = ((field.len() - 1) >> shift) + 1;
    let mut chunks: Vec<Chunk> =
        (0..field.len()).step_by(CHUNK).map(|from| Chunk::new(from, field.len(), intervals, question.ranks)).collect();
    let mut swaps = vec![0u32; question.pairs.len()];
    for_each_block(field, draws, question, |ranks, cuts| {
        chunks.par_iter_mut().for_each(|chunk| chunk.count(ranks, cuts, field.len(), shift, question.ranks));
        for ranks in ranks.chunks(field.len()) {
            for (swaps, (one, other)) in swaps.iter_mut().zip(&question.pairs) {
                *swaps += u32::from(ranks[*other] < ranks[*one]);
            }
        }
    });
    chunks.par_iter_mut().for_each(|chunk| chunk.find_intervals(intervals, question.draws));
    if shift > 0 {
        chunks.par_iter_mut().for_each(|chunk| chunk.open_intervals(shift));
        for_each_block(field, draws, question, |ranks, _| {
            chunks.par_iter_mut().for_each(|chunk| chunk.look_into_intervals(ranks, field.len(), shift));
        });
    }
    Counts {
        percentiles: chunks.iter().flat_map(|chunk| chunk.percentiles(shift, question.draws)).collect(),
        chosen: chunks.iter().flat_map(|chunk| chunk.chosen.iter().copied()).collect(),
        acceptability: chunks.iter().flat_map(|chunk| chunk.acceptability.iter().copied()).collect(),
        swaps,
    }
}

/// The counts of some accounts, next to each other.
struct Chunk {
    from: usize,
    chosen: Vec<u32>,
    acceptability: Vec<u32>,
    /// By account and interval of ranks.
    intervals: Vec<u32>,
    /// By account and percentile: its interval, and the draws that rank below it.
    found: Vec<[(u32, u32); 3]>,
    /// By account, percentile and place within the interval.
    within: Vec<u32>,
}

impl Chunk {
    fn new(from: usize, of: usize, intervals: usize, ranks: usize) -> Self {
        let count = CHUNK.min(of - from);
        Self {
            from,
            chosen: vec![0; count],
            acceptability: vec![0; count * ranks],
            intervals: vec![0; count * intervals],
            found: vec![[(0, 0); 3]; count],
            within: Vec::new(),
        }
    }

    /// The ranks of this chunk's accounts in every draw of a block.
    fn of<'r>(&self, ranks: &'r [u32], accounts: usize) -> impl Iterator<Item = &'r [u32]> + use<'r> {
        let (from, to) = (self.from, self.from + self.chosen.len());
        ranks.chunks(accounts).map(move |ranks| &ranks[from..to])
    }

    fn count(&mut self, ranks: &[u32], cuts: &[u32], accounts: usize, shift: usize, single: usize) {
        let intervals = self.intervals.len() / self.chosen.len();
        for (ranks, cut) in self.of(ranks, accounts).zip(cuts) {
            for (account, (rank, chosen)) in ranks.iter().zip(&mut self.chosen).enumerate() {
                let place = *rank as usize - 1;
                *chosen += u32::from(rank <= cut);
                self.intervals[account * intervals + (place >> shift)] += 1;
                if place < single {
                    self.acceptability[account * single + place] += 1;
                }
            }
        }
    }

    fn find_intervals(&mut self, intervals: usize, draws: usize) {
        for (found, counts) in self.found.iter_mut().zip(self.intervals.chunks(intervals)) {
            for (found, percentile) in found.iter_mut().zip(PERCENTILES) {
                *found = reach(counts, 0, target(percentile, draws));
            }
        }
    }

    fn open_intervals(&mut self, shift: usize) {
        self.intervals = Vec::new();
        self.within = vec![0; (self.chosen.len() * PERCENTILES.len()) << shift];
    }

    fn look_into_intervals(&mut self, ranks: &[u32], accounts: usize, shift: usize) {
        for ranks in self.of(ranks, accounts) {
            for (account, (rank, found)) in ranks.iter().zip(&self.found).enumerate() {
                let place = *rank as usize - 1;
                for (percentile, (interval, _)) in found.iter().enumerate() {
                    if place >> shift == *interval as usize {
                        let first = (account * PERCENTILES.len() + percentile) << shift;
                        self.within[first + place - ((place >> shift) << shift)] += 1;
                    }
                }
            }
        }
    }

    fn percentiles(&self, shift: usize, draws: usize) -> Vec<[u32; 3]> {
        let mut percentiles = vec![[0; 3]; self.found.len()];
        for (account, (ranks, found)) in percentiles.iter_mut().zip(&self.found).enumerate() {
            for (percentile, (rank, (interval, below))) in ranks.iter_mut().zip(found).enumerate() {
                *rank = (interval << shift) + 1;
                if shift > 0 {
                    let first = (account * PERCENTILES.len() + percentile) << shift;
                    let counts = &self.within[first..first + (1 << shift)];
                    *rank += reach(counts, *below, target(PERCENTILES[percentile], draws)).0;
                }
            }
        }
        percentiles
    }
}

/// How many draws a percentile is made of.
fn target(percentile: usize, draws: usize) -> u32 {
    (draws * percentile).div_ceil(100) as u32
}

/// Where a running sum reaches a target, and the sum before that.
fn reach(counts: &[u32], before: u32, target: u32) -> (u32, u32) {
    let mut sum = before;
    for (place, count) in counts.iter().enumerate() {
        if sum + count >= target {
            return (place as u32, sum);
        }
        sum += count;
    }
    (0, before)
}

/// Ranks all accounts in every draw and shows the ranks block by block, draw after draw, with how many accounts are
/// chosen in each.
fn for_each_block(field: &Field, draws: &Draws, question: &Question, mut see: impl FnMut(&[u32], &[u32])) {
    let accounts = field.len();
    let mut ranks = vec![0u32; BLOCK * accounts];
    let mut cuts = vec![0u32; BLOCK];
    for block in 0..question.draws.div_ceil(BLOCK) {
        let count = BLOCK.min(question.draws - block * BLOCK);
        let weights = draws.block(block, count);
        let (ranks, cuts) = (&mut ranks[..count * accounts], &mut cuts[..count]);
        let tasks = ranks.par_chunks_mut(TASK * accounts).zip(cuts.par_chunks_mut(TASK)).zip(weights.par_chunks(TASK));
        tasks.for_each_init(Scratch::default, |scratch, ((ranks, cuts), weights)| {
            rank(field, weights, question.line, (ranks, cuts), scratch);
        });
        see(ranks, cuts);
    }
}

/// Memory of one thread.
#[derive(Default)]
struct Scratch {
    sums: Vec<f64>,
    keys: Vec<u32>,
    one: Vec<u64>,
    other: Vec<u64>,
}

/// The ranks of all accounts under some draws of weights, and how many are chosen in each.
fn rank(
    field: &Field,
    weights: &[Vec<f64>],
    line: Line,
    (ranks, cuts): (&mut [u32], &mut [u32]),
    scratch: &mut Scratch,
) {
    let accounts = field.len();
    scratch.sums.resize(TILE, 0.0);
    scratch.keys.resize(weights.len() * accounts, 0);
    let divisors: Vec<Vec<f64>> = weights.iter().map(|weights| field.divisors(weights)).collect();
    for from in (0..accounts).step_by(TILE) {
        let to = accounts.min(from + TILE);
        let patterns = &field.pattern[from..to];
        for (draw, (weights, divisors)) in weights.iter().zip(&divisors).enumerate() {
            let sums = &mut scratch.sums[..to - from];
            weigh(&field.columns, weights, from, sums);
            let keys = &mut scratch.keys[draw * accounts + from..draw * accounts + to];
            for ((key, sum), pattern) in keys.iter_mut().zip(sums).zip(patterns) {
                *key = key_of(*sum * divisors[*pattern as usize]);
            }
        }
    }
    let draws = scratch.keys.chunks(accounts).zip(ranks.chunks_mut(accounts)).zip(cuts);
    for ((keys, ranks), cut) in draws {
        sort(keys, ranks, &mut scratch.one, &mut scratch.other);
        *cut = match line {
            Line::Top(count) => count.min(accounts) as u32,
            Line::Score(score) => keys.iter().filter(|key| **key <= key_of(score)).count() as u32,
        };
    }
}

/// Weighted sums of the accounts from `from` on, four criteria at a time: adding to memory is what costs.
fn weigh(columns: &[Vec<f64>], weights: &[f64], from: usize, sums: &mut [f64]) {
    let to = from + sums.len();
    sums.fill(0.0);
    for (columns, weights) in columns.chunks(4).zip(weights.chunks(4)) {
        if let ([a, b, c, d], [wa, wb, wc, wd]) = (columns, weights) {
            let scores = a[from..to].iter().zip(&b[from..to]).zip(&c[from..to]).zip(&d[from..to]);
            for (sum, (((a, b), c), d)) in sums.iter_mut().zip(scores) {
                *sum += (wa * a + wb * b) + (wc * c + wd * d);
            }
        } else {
            for (column, weight) in columns.iter().zip(weights) {
                for (sum, score) in sums.iter_mut().zip(&column[from..to]) {
                    *sum += weight * score;
                }
            }
        }
    }
}

/// A score as a whole number that is the less, the better it is. Its steps are of 2 · 10⁻⁹, so that the last bits of
/// a sum decide nothing: equals stay in the order of their accounts.
fn key_of(score: f64) -> u32 {
    const STEPS: f64 = u32::MAX as f64 / (HIGHEST - LOWEST);
    ((HIGHEST - score) * STEPS + 0.5) as u32
}

/// The rank of each key, from 1, equal ones in their order: a radix sort by 11 bits at a time.
fn sort(keys: &[u32], ranks: &mut [u32], one: &mut Vec<u64>, other: &mut Vec<u64>) {
    const DIGITS: usize = 1 << 11;
    let mut starts = vec![[0u32; 3]; DIGITS];
    let digits = |key: u32| [key as usize % DIGITS, (key >> 11) as usize % DIGITS, (key >> 22) as usize];
    for key in keys {
        let [first, second, third] = digits(*key);
        starts[first][0] += 1;
        starts[second][1] += 1;
        starts[third][2] += 1;
    }
    let mut sums = [0u32; 3];
    for counts in &mut starts {
        for (count, sum) in counts.iter_mut().zip(&mut sums) {
            (*count, *sum) = (*sum, *sum + *count);
        }
    }
    one.resize(keys.len(), 0);
    other.resize(keys.len(), 0);
    let mut place = |pass: usize, key: u32| {
        let next = &mut starts[digits(key)[pass]][pass];
        *next += 1;
        *next as usize - 1
    };
    for (account, key) in keys.iter().enumerate() {
        one[place(0, *key)] = u64::from(*key) << 32 | account as u64;
    }
    for item in one.iter() {
        other[place(1, (item >> 32) as u32)] = *item;
    }
    for item in other.iter() {
        ranks[*item as u32 as usize] = place(2, (item >> 32) as u32) as u32 + 1;
    }
}

#[cfg(test)]
mod tests;

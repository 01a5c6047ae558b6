//! Weights drawn around the declared ones.

use super::field::Levels;
use crate::failure::Failure;
use rand_distr::{Distribution, Gamma};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;

/// How many draws share a stream of random numbers: that of their block, whoever computes it.
pub const BLOCK: usize = 64;

/// Weights of groups from a Dirichlet distribution with parameters concentration × weight, and likewise of the
/// criteria within each group: the declared weights are their mean.
#[derive(Debug, Clone)]
pub struct Draws {
    groups: Level,
    criteria: Vec<Level>,
    seed: u64,
}

#[derive(Debug, Clone)]
struct Level {
    /// Gamma variables divided by their sum are a Dirichlet variable.
    gammas: Vec<Gamma<f64>>,
    declared: Vec<f64>,
}

impl Level {
    fn new(declared: &[f64], concentration: f64) -> Result<Self, Failure> {
        let gamma = |weight: &f64| {
            Gamma::new(concentration * weight, 1.0)
                .map_err(|error| Failure::run(format!("no weights can be drawn around {weight}: {error}")))
        };
        Ok(Self { gammas: declared.iter().map(gamma).collect::<Result<_, _>>()?, declared: declared.to_vec() })
    }

    fn draw(&self, random: &mut Pcg64Mcg) -> Vec<f64> {
        let drawn: Vec<f64> = self.gammas.iter().map(|gamma| gamma.sample(random)).collect();
        let total: f64 = drawn.iter().sum();
        // Of the smallest concentrations all variables can come out as zero.
        if total > 0.0 { drawn.iter().map(|weight| weight / total).collect() } else { self.declared.clone() }
    }
}

impl Draws {
    /// # Errors
    /// Where a weight is none, which the scorecard refuses.
    pub fn new(levels: &Levels, concentration: f64, seed: u64) -> Result<Self, Failure> {
        let criteria = levels.criteria.iter().map(|declared| Level::new(declared, concentration));
        Ok(Self {
            groups: Level::new(&levels.groups, concentration)?,
            criteria: criteria.collect::<Result<_, _>>()?,
            seed,
        })
    }

    /// The effective weights of the first `count` draws of a block.
    pub fn block(&self, block: usize, count: usize) -> Vec<Vec<f64>> {
        let mut random = Pcg64Mcg::seed_from_u64(mixed(self.seed, block as u64));
        let draw = |_| {
            let groups = self.groups.draw(&mut random);
            let criteria: Vec<Vec<f64>> = self.criteria.iter().map(|level| level.draw(&mut random)).collect();
            Levels { groups, criteria }.effective()
        };
        (0..count).map(draw).collect()
    }
}

/// Seeds of neighbouring blocks that have nothing in common (the finalizer of SplitMix64).
fn mixed(seed: u64, block: u64) -> u64 {
    let mut hash = seed ^ block.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Levels {
        Levels { groups: vec![0.6, 0.4], criteria: vec![vec![0.7, 0.3], vec![1.0]] }
    }

    fn all(concentration: f64, count: usize) -> Vec<Vec<f64>> {
        let draws = Draws::new(&levels(), concentration, 1).unwrap();
        (0..count / BLOCK).flat_map(|block| draws.block(block, BLOCK)).collect()
    }

    /// Mean w and variance w (1 − w) / (κ + 1) of a Dirichlet variable: here of the one criterion of the second
    /// group, whose weight is its group's. Within 5 standard errors.
    #[test]
    fn draws_have_the_mean_and_variance_of_their_distribution() {
        let drawn = all(50.0, 6400);
        let count = drawn.len() as f64;
        for (place, declared) in levels().effective().iter().enumerate() {
            let mean = drawn.iter().map(|weights| weights[place]).sum::<f64>() / count;
            assert!((mean - declared).abs() < 5.0 * 0.1 / count.sqrt(), "{place} {mean} {declared}");
        }
        let variance = drawn.iter().map(|weights| (weights[2] - 0.4).powi(2)).sum::<f64>() / count;
        assert!((variance / (0.24 / 51.0) - 1.0).abs() < 0.1, "{variance}");
        assert!(drawn.iter().all(|weights| (weights.iter().sum::<f64>() - 1.0).abs() < 1e-12));
    }

    #[test]
    fn a_block_is_the_same_whoever_asks_and_starts_the_same_when_it_is_cut() {
        let draws = Draws::new(&levels(), 50.0, 1).unwrap();
        assert_eq!(draws.block(3, BLOCK), draws.block(3, BLOCK));
        assert_eq!(draws.block(3, BLOCK)[..5], draws.block(3, 5)[..]);
        assert_ne!(draws.block(3, 1), draws.block(4, 1));
        assert_ne!(draws.block(3, 1), Draws::new(&levels(), 50.0, 2).unwrap().block(3, 1));
    }

    /// The draws are part of the result: another release of the random libraries must not change them unseen.
    #[test]
    fn the_first_draws_of_a_seed_stay_the_same() {
        let drawn = Draws::new(&levels(), 50.0, 1).unwrap().block(0, 2);
        insta::assert_debug_snapshot!(drawn, @"
        [
            [
                0.40518225715821976,
                0.19330028260564747,
                0.4015174602361329,
            ],
            [
                0.3519175324439667,
                0.188495940030178,
                0.4595865275258555,
            ],
        ]
        ");
    }
}

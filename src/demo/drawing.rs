//! Chance from a seed, in whole numbers.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// A hash of two numbers: what it decides can be asked for again without being stored.
pub(super) fn mix(first: u64, second: u64) -> u64 {
    let mut hash = first ^ second.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// A number from 0 up to, not including, `bound`.
pub(super) fn below(draw: &mut Pcg64Mcg, bound: u64) -> u64 {
    ((u128::from(draw.next_u64()) * u128::from(bound)) >> 64) as u64
}

pub(super) fn shuffle<T>(draw: &mut Pcg64Mcg, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(draw, last as u64 + 1) as usize);
    }
}

/// A falling curve over the ranks, as rank to the power of -3/4: taken twice, for the number of lines and for what each
/// is worth, it leaves a fifth of the accounts with about four fifths of the revenue, whatever their number.
pub(super) fn curve(rank: u64, count: u64) -> u64 {
    let place = u128::from(rank + 1 + count / 32);
    ((1 << 120) / place.pow(3)).isqrt().isqrt() as u64
}

/// Hands out whole lines by running total, so that they add up exactly.
pub(super) struct Shares {
    pub(super) lines: u128,
    pub(super) total: u128,
    pub(super) passed: u128,
}

impl Shares {
    pub(super) fn new(lines: u64, total: u128) -> Self {
        let (lines, passed) = (lines.into(), 0);
        Self { lines, total, passed }
    }

    pub(super) fn next(&mut self, weight: u128) -> u64 {
        let before = self.passed * self.lines / self.total;
        self.passed += weight;
        (self.passed * self.lines / self.total - before) as u64
    }
}

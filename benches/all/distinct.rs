//! What exact distinct counts cost: pairs taken in, as waists bring them, and counted in the end. One thread.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use vitalfew::ledger::distinct::Distinct;
use vitalfew::ledger::ids::Id;
use vitalfew::scratch::Memory;

/// As many as a shard sees of some hundred million lines.
const PAIRS: u32 = 2_000_000;

/// Pairs that come at once: what a full waist has for one shard.
const TOGETHER: usize = 4_096;

const SLOTS: u32 = 2_000;

/// Pairs of account years with one of so many things each; the more things, the fewer are there twice.
fn pairs(things: u64) -> Vec<u64> {
    let pair = |number: u32| {
        let random = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (slot, thing) = ((random >> 40) as u32 % SLOTS, (random >> 8) % things);
        Distinct::pair(slot, Id::of(1 << 30 | thing).expect("it is not zero"))
    };
    (0..PAIRS).map(pair).collect()
}

fn taken_in(pairs: &[u64]) -> Distinct {
    let mut distinct = Distinct::default();
    for some in pairs.chunks(TOGETHER) {
        distinct.extend(some.iter().copied());
    }
    distinct
}

pub fn distinct(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("distinct");
    group.sample_size(10).throughput(Throughput::Elements(PAIRS.into()));
    for things in [50, 1_000, 1_000_000] {
        let pairs = pairs(things);
        let id = |what| BenchmarkId::new(what, format!("{things} things for {SLOTS} account years"));
        group.bench_with_input(id("taken in"), &pairs, |bencher, pairs| {
            bencher.iter(|| black_box(taken_in(pairs)));
        });
        group.bench_with_input(id("counted"), &pairs, |bencher, pairs| {
            let count = |distinct: Distinct| distinct.counts(&Memory::default());
            bencher.iter_batched(|| taken_in(pairs), |distinct| black_box(count(distinct)), BatchSize::LargeInput);
        });
    }
    group.finish();
}

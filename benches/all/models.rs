//! What a fit of the models of customer behaviour costs: BG/NBD and Gamma-Gamma, and what to expect of every customer.
//!
//! The customers are drawn from the models themselves, from a seed. All threads are used, as in a run.

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Duration;
use vitalfew::measures::lifetime_value::purchases::{Buyer, Pattern, patterns};
use vitalfew::measures::lifetime_value::{bg_nbd, gamma_gamma};

const DAYS_PER_WEEK: f64 = 7.0;
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// Customers who came over four years, buy every ten weeks on average, and stop after a third of their purchases.
fn buyers(count: u32) -> Vec<Buyer> {
    let mut random = Pcg64Mcg::new(1);
    let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / 2f64.powi(53);
    let mut buyers = Vec::new();
    for account in 0..count {
        let (rate, stops) = (-uniform().ln() / 10.0, 1.0 - uniform().sqrt());
        // Gamma variables of whole shapes are sums of waiting times.
        let spend_rate = -(0..4).map(|_| uniform().ln()).sum::<f64>() / 16.0;
        let age = (uniform() * 1_460.0) as u32;
        let (mut time, mut last, mut repeats, mut spend) = (0.0, 0.0, 0, 0.0);
        loop {
            time -= uniform().ln() / rate * DAYS_PER_WEEK;
            if time > f64::from(age) {
                break;
            }
            (last, repeats) = (time, repeats + 1);
            spend -= (0..6).map(|_| uniform().ln()).sum::<f64>() / spend_rate;
            if uniform() < stops {
                break;
            }
        }
        let pattern = Pattern { repeats, recency: last as u32, age };
        buyers.push(Buyer { account, pattern, spend: (spend * 100.0) as i128 });
    }
    buyers
}

pub fn models(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lifetime value");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_secs(1));
    for size in SIZES {
        let buyers = buyers(size);
        let spender = |buyer: &Buyer| gamma_gamma::Spender {
            purchases: buyer.pattern.repeats,
            mean: buyer.spend as f64 / 100.0 / f64::from(buyer.pattern.repeats),
        };
        let spenders: Vec<gamma_gamma::Spender> =
            buyers.iter().filter(|buyer| buyer.pattern.repeats > 0 && buyer.spend > 0).map(spender).collect();
        group.throughput(Throughput::Elements(size.into()));
        group.bench_with_input(BenchmarkId::new("BG/NBD", size), &buyers, |bencher, buyers| {
            bencher.iter(|| {
                let fitted = bg_nbd::fit(&patterns(buyers), DAYS_PER_WEEK);
                assert!(fitted.is_ok(), "{fitted:?}");
                black_box(fitted)
            });
        });
        group.bench_with_input(BenchmarkId::new("Gamma-Gamma", size), &spenders, |bencher, spenders| {
            bencher.iter(|| {
                let fitted = gamma_gamma::fit(spenders);
                assert!(fitted.is_ok(), "{fitted:?}");
                black_box(fitted)
            });
        });
        let patterns = patterns(&buyers);
        let model = bg_nbd::BgNbd { r: 1.0, alpha: 10.0, a: 1.0, b: 2.0 };
        group.bench_with_input(BenchmarkId::new("expected purchases", size), &patterns, |bencher, patterns| {
            let weeks = |days: u32| f64::from(days) / DAYS_PER_WEEK;
            let expected = |(pattern, _): &(Pattern, f64)| {
                model.expected(52.0, pattern.repeats.into(), weeks(pattern.recency), weeks(pattern.age))
            };
            bencher.iter(|| black_box(patterns.par_iter().map(expected).collect::<Option<Vec<f64>>>()));
        });
    }
    group.finish();
}

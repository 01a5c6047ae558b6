//! What it costs to turn a key into a number, on one thread.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::sync::Mutex;
use vitalfew::ledger::ids::{Identifier, Ids};
use vitalfew::ledger::interner::Interner;

const KEYS: u32 = 1_000_000;

/// So many different ones, in no order.
fn scattered(number: u32, different: u32) -> u32 {
    number.wrapping_mul(2_654_435_761) % different
}

/// A number in letters.
fn letters(number: u32) -> String {
    (0..5).map(|place| char::from(b'A' + (number / 26u32.pow(place) % 26) as u8)).collect()
}

pub fn ids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ids");
    group.sample_size(20).throughput(Throughput::Elements(KEYS.into()));
    let keys = |key: fn(u32) -> String| (0..KEYS).map(key).collect::<Vec<String>>();
    let of_invoices = keys(|number| format!("INV-{:07}", number / 4));
    let of_products = keys(|number| format!("SKU-{:06}", scattered(number, 200_000)));
    let of_letters = keys(|number| format!("SKU-{}", letters(scattered(number, 20_000))));
    for (name, keys) in [("in order", of_invoices), ("scattered", of_products), ("without digits", of_letters)] {
        group.bench_with_input(BenchmarkId::new("Identifier", name), &keys, |bencher, keys| {
            bencher.iter(|| {
                let ids = Mutex::new(Ids::default());
                let mut identifier = Identifier::new(&ids);
                black_box(keys.iter().fold(0, |bits, key| bits ^ identifier.id(key).bits()))
            });
        });
    }
    for accounts in [3_000, 60_000, 500_000] {
        let names: Vec<String> = (0..KEYS).map(|number| format!("ACC-{:06}", scattered(number, accounts))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        group.bench_with_input(BenchmarkId::new("Interner", accounts), &names, |bencher, names| {
            bencher.iter(|| {
                let mut interner = Interner::default();
                black_box(names.iter().fold(0, |codes, name| codes ^ interner.code(name)))
            });
        });
    }
    group.finish();
}

//! What an invoice line costs: the waist alone, and the whole ledger from CSV files on.
//!
//! `cargo bench` prints the time per call and lines per second; the number of threads is one, so that
//! figures of two machines can be compared.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use vitalfew::demo;
use vitalfew::ledger::ids::Ids;
use vitalfew::ledger::total::Total;
use vitalfew::ledger::waist::{Line, Waist};
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::parse;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;

const SIZES: [(u32, u32); 3] = [(100_000, 100), (100_000, 10_000), (1_000_000, 100_000)];

/// Lines of invoices of four lines each, accounts and products spread by a fixed rule.
fn lines(count: u32, accounts: u32) -> Vec<Line> {
    let mut ids = Ids::default();
    (0..count)
        .map(|number| {
            let invoice = number / 4;
            let account = invoice.wrapping_mul(2_654_435_761) % accounts;
            let year = (invoice % 5) as i32;
            Line {
                account,
                fiscal_year: 2021 + year,
                month: (invoice % 12) as u8,
                day: 18_628 + year * 365 + (invoice % 360) as i32,
                amount: i64::from(number % 10_000),
                cost: Some(i64::from(number % 6_000)),
                invoice: Some(ids.id(&format!("INV-{invoice}"))),
                product: Some(ids.id(&format!("SKU-{}", number.wrapping_mul(40_503) % 2_000))),
                category: None,
                region: None,
            }
        })
        .collect()
}

pub fn waist(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("waist");
    group.sample_size(20);
    for (count, accounts) in SIZES {
        let lines = lines(count, accounts);
        group.throughput(Throughput::Elements(count.into()));
        group.bench_with_input(
            BenchmarkId::new(format!("{count} lines"), format!("{accounts} accounts")),
            &lines,
            |bencher, lines| {
                bencher.iter(|| {
                    let total = Total::default();
                    let mut waist = Waist::default();
                    for some in lines.chunks(4_096) {
                        waist.add(some);
                        if waist.is_full() {
                            total.take(&waist).expect("memory has room");
                            waist = Waist::default();
                        }
                    }
                    total.take(&waist).expect("memory has room");
                    black_box(total)
                });
            },
        );
    }
    group.finish();
}

fn plan(root: &std::path::Path, amount: &str) -> Plan {
    let text = format!(
        "name: bench\nroot: {}\ncurrency: EUR\nstages:\n  - read: {{id: invoices, path: \"invoices/*.csv\"}}\n  \
         - ledger:\n      from: invoices\n      columns: {{account: customer_id, invoice: invoice_no, date: invoice_date, \
         amount: {amount}, product: sku}}\n",
        root.display()
    );
    let source = SourceText { name: "bench.yaml".to_owned(), text };
    let (pipeline, problems) = parse(source, &[]).expect("the pipeline is sound");
    check(pipeline, problems).expect("the pipeline fits its files")
}

pub fn ledger(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger");
    group.sample_size(10);
    for (lines, accounts) in [(200_000u64, 300u32), (200_000, 20_000)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        demo::write(folder.path(), &demo::Size { accounts, lines, ..demo::Size::default() }).expect("demo data");
        group.throughput(Throughput::Elements(lines));
        for (name, amount) in [("a column", "cost"), ("an expression", "quantity * unit_price")] {
            let plan = plan(folder.path(), amount);
            let id = BenchmarkId::new(format!("{lines} CSV lines, amount from {name}"), format!("{accounts} accounts"));
            group.bench_with_input(id, &plan, |bencher, plan| {
                let inputs = Inputs::new(1, Progress::hidden());
                bencher.iter(|| black_box((plan.steps[1].job)(&inputs).expect("the ledger closes")));
            });
        }
    }
    group.finish();
}

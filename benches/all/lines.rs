//! What an invoice line costs: from the name of its account on through the waist into the total, and the whole ledger
//! from CSV files on.
//!
//! `cargo bench` prints the time per call and lines per second; the number of threads is one, so that
//! figures of two machines can be compared.

use arrow::array::StringArray;
use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::ops::Range;
use vitalfew::demo;
use vitalfew::failure::Failure;
use vitalfew::ledger::cells::Keys;
use vitalfew::ledger::coder::Coder;
use vitalfew::ledger::ids::Ids;
use vitalfew::ledger::lines::{Line, Lines};
use vitalfew::ledger::total::Total;
use vitalfew::ledger::waist::Waist;
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::parse;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;

const SIZES: [(u32, u32); 3] = [(100_000, 100), (100_000, 10_000), (1_000_000, 100_000)];

/// The lines of an invoice.
const RUN: usize = 4;

/// Lines as they come from a file: the names of their accounts, and the lines, whose accounts have no codes yet.
struct Batch {
    accounts: Keys,
    lines: Lines,
}

/// Lines of invoices of four lines each, accounts and products spread by a fixed rule.
fn batches(count: u32, accounts: u32) -> Vec<Batch> {
    let mut ids = Ids::default();
    let mut batch = |numbers: Range<u32>| {
        let account = |number: u32| format!("ACC-{:06}", (number / 4).wrapping_mul(2_654_435_761) % accounts);
        let names: StringArray = numbers.clone().map(|number| Some(account(number))).collect();
        let mut lines = Lines::of(&numbers.map(|number| line(number, &mut ids)).collect::<Vec<_>>());
        let runs = lines.runs.chunks(RUN).filter_map(|run| {
            let (mut sum, others) = run.split_first().map(|(first, others)| (*first, others))?;
            others.iter().for_each(|line| sum.sums.merge(&line.sums));
            Some(sum)
        });
        lines.runs = runs.collect();
        Batch { accounts: Keys::Text(names), lines }
    };
    (0..count).step_by(4_096).map(|first| batch(first..count.min(first + 4_096))).collect()
}

fn line(number: u32, ids: &mut Ids) -> Line {
    let invoice = number / 4;
    let year = (invoice % 5) as i32;
    Line {
        fiscal_year: 2021 + year,
        month: (invoice % 12) as u8,
        day: 18_628 + year * 365 + (invoice % 360) as i32,
        amount: i64::from(number % 10_000),
        cost: Some(i64::from(number % 6_000)),
        invoice: Some(ids.id(&format!("INV-{invoice:07}"))),
        product: Some(ids.id(&format!("SKU-{:06}", number.wrapping_mul(40_503) % 2_000))),
        ..Line::default()
    }
}

/// What a thread does with its accepted lines: their accounts are coded in the waist at hand, which goes into the total
/// when it is full, and then codes begin anew.
fn summed(batches: &mut [Batch]) -> Result<Total, Failure> {
    let total = Total::default();
    let (mut waist, mut coder) = (Waist::default(), Coder::default());
    for Batch { accounts, lines } in batches {
        let firsts = (0..lines.runs.len()).map(|run| run * RUN);
        let codes = coder.codes(accounts, firsts, |name| waist.accounts.push(name));
        for (run, code) in lines.runs.iter_mut().zip(codes) {
            run.account = code.unwrap_or(run.account);
        }
        waist.add(lines);
        if waist.is_full() {
            total.take(&waist)?;
            waist.clear();
            coder = Coder::default();
        }
    }
    total.take(&waist)?;
    Ok(total)
}

pub fn waist(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("waist");
    group.sample_size(20);
    for (count, accounts) in SIZES {
        let mut batches = batches(count, accounts);
        group.throughput(Throughput::Elements(count.into()));
        let id = BenchmarkId::new(format!("{count} lines"), format!("{accounts} accounts"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| black_box(summed(&mut batches).expect("memory has room")));
        });
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

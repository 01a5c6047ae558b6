//! What the measures cost beside the reading of the lines they are made from: the shipped pipeline on a book
//! of 100 000 accounts and five years, on as many threads as there are processors.

use criterion::{Criterion, SamplingMode};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use vitalfew::demo;
use vitalfew::pipeline::check::{Plan, Step, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::load;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;

const ACCOUNTS: u32 = 100_000;
const LINES: u64 = 3_000_000;

fn plan(root: &Path) -> Plan {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/key_accounts.yaml");
    let set = SourceText { name: "--set".to_owned(), text: format!("root={}", root.display()) };
    let (pipeline, problems) = load(&shipped, &[set]).expect("the pipeline is sound");
    check(pipeline, problems).expect("the pipeline fits its files")
}

/// Whether a step makes measures: neither what it reads nor what it writes.
fn is_measure(step: &Step) -> bool {
    !matches!(step.kind.as_str(), "read" | "ledger" | "accounts" | "account_years" | "parquet" | "markdown")
}

pub fn measures(criterion: &mut Criterion) {
    let root = tempfile::tempdir().expect("a temporary folder");
    let size = demo::Size { accounts: ACCOUNTS, lines: LINES, ..demo::Size::default() };
    demo::write(&root.path().join("data/demo"), &size).expect("demo data");
    let plan = plan(root.path());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut inputs = Inputs::new(threads, Progress::hidden());
    for step in &plan.steps {
        inputs.insert(&step.id, Arc::new((step.job)(&inputs).expect("every stage runs")));
    }
    let mut group = criterion.benchmark_group(format!("{ACCOUNTS} accounts, {LINES} lines, five years"));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let ledger = plan.steps.iter().find(|step| step.kind == "ledger").expect("the pipeline has a ledger");
    group.bench_function("reading the invoices", |bencher| bencher.iter(|| black_box((ledger.job)(&inputs))));
    group.bench_function("all measures", |bencher| {
        bencher.iter(|| {
            for step in plan.steps.iter().filter(|step| is_measure(step)) {
                black_box((step.job)(&inputs).expect("every measure runs"));
            }
        });
    });
    for step in plan.steps.iter().filter(|step| is_measure(step)) {
        group.bench_function(&step.id, |bencher| bencher.iter(|| black_box((step.job)(&inputs))));
    }
    group.finish();
}

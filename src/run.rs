//! Runs a checked pipeline: the only place that drives stages and collects what they make.

#![expect(clippy::disallowed_methods, reason = "keeps the time of a run")]

use crate::calendar::iso;
use crate::failure::Failure;
use crate::fingerprints::{Input, Memory, fingerprints, refuse_changed};
use crate::kept::Kept;
use crate::money::to_plain;
use crate::outputs::history::Review;
use crate::outputs::publish::{Fingerprint, Published, Publisher, content_id};
use crate::outputs::writers::{tasks, writing};
use crate::pipeline::check::{Plan, Signature, Step};
use crate::product::{Inputs, Product};
use crate::progress::Progress;
use crate::reuse::{self, INPUTS, Known, known, remembered, what_is_known};
use crate::table::{Meaning, Table};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that holds the runs of all pipelines.
    pub out: PathBuf,
    pub threads: usize,
    pub progress: Progress,
    /// Whether everything is made anew, also where nothing changed.
    pub fresh: bool,
}

/// A finished run.
#[derive(Debug)]
pub struct Finished {
    pub published: Published,
    /// The paths of the run's files, run.json aside.
    pub files: Vec<String>,
    pub seconds: f64,
}

/// Runs all stages and publishes what they make.
///
/// # Errors
/// Where another run holds the lock, a stage fails, an input changes meanwhile, or a file cannot be written.
pub fn run(plan: &Plan, options: &Options) -> Result<Finished, Failure> {
    let (start, started) = (Instant::now(), jiff::Timestamp::now());
    let publisher = Publisher::begin(&options.out, &plan.settings.name)?;
    let cache = reuse::cache(options, plan);
    let memory = remembered(&cache);
    let inputs = fingerprinted(plan, &memory)?;
    match known(plan, &inputs, &memory, options)? {
        Known::Published(finished) => {
            tracing::info!(run = finished.published.run_id, "nothing changed");
            return Ok(Finished { seconds: round(start.elapsed()), ..finished });
        }
        Known::Unknown(why) => tracing::info!(why, "running all stages"),
    }
    tracing::info!(pipeline = plan.settings.name, files = inputs.len(), "reading");
    let all: Vec<usize> = (0..plan.steps.len()).collect();
    let mut made = Inputs::new(options.threads, options.progress.clone()).with_scratch(publisher.scratch());
    if let Some(known) = what_is_known(&inputs, cache.clone()) {
        made = made.knowing(Arc::new(known));
    }
    let mut stages = BTreeMap::new();
    let done = writing(&publisher, options.threads, |hand| {
        let mut finished = |index: usize, step: &Step, done: &Done| {
            tasks(plan, &done.1).into_iter().for_each(hand);
            stages.insert(index, stage_record(step, done.0, &done.1, plan));
        };
        steps(plan, &all, &mut made, Some(&mut finished))
    })?;
    refuse_changed(&inputs)?;
    let products = || done.iter().map(|(_, product)| product.as_ref());
    let as_of = products().find_map(Product::period).map(|period| period.as_of);
    // Where ledgers end on different days, a stage behind any of them may know the runs before its day.
    let last_day = products().filter_map(Product::period).map(|period| period.as_of).max();
    let history = history(products(), last_day);
    let run_id = run_id(plan, &inputs, &history, as_of);
    let written = publisher.files();
    let seconds = start.elapsed().as_secs_f64();
    let stages = stages.into_values().collect();
    let record = record(plan, options, (&run_id, as_of), (&inputs, &history), stages, &written, (started, seconds));
    publisher.write("run.json", format!("{record:#}\n").as_bytes())?;
    cache.store(INPUTS, &Memory::of(&run_id, &inputs));
    cache.settle();
    let published = publisher.publish(&run_id)?;
    tracing::info!(run = published.run_id, seconds = round(start.elapsed()), "published");
    Ok(Finished { published, files: written.into_keys().collect(), seconds: round(start.elapsed()) })
}

/// The input files as they are now.
///
/// # Errors
/// Where one cannot be read.
pub fn fingerprinted<'a>(plan: &'a Plan, memory: &Memory) -> Result<Vec<Input<'a>>, Failure> {
    fingerprints(plan, memory, SystemTime::now())
}

/// What a step made, and how long it took.
pub type Done = (Duration, Arc<Product>);

/// Runs the steps that are wanted, without publishing anything, on top of what is there already: `inputs` must hold
/// what the others would have made, where a wanted one reads it.
///
/// # Errors
/// Where a stage fails.
pub fn execute(plan: &Plan, wanted: &[usize], inputs: &mut Inputs) -> Result<(), Failure> {
    steps(plan, wanted, inputs, None).map(|_| ())
}

/// Takes what a step made as soon as it is there.
pub type Take<'t> = &'t mut dyn FnMut(usize, &Step, &Done);

/// Runs steps in waves: all steps whose inputs are there run side by side. What each made, in the order of the plan;
/// where `finished` takes it, no more than what is left of it when nobody reads it any more.
pub fn steps(
    plan: &Plan,
    wanted: &[usize],
    inputs: &mut Inputs,
    mut finished: Option<Take>,
) -> Result<Vec<Done>, Failure> {
    let mut done: BTreeMap<usize, Done> = BTreeMap::new();
    while done.len() < wanted.len() {
        let waits = |index: &usize| wanted.contains(index) && !done.contains_key(index);
        let ready: Vec<(usize, &Step)> = wanted
            .iter()
            .filter(|index| waits(index))
            .filter_map(|index| plan.steps.get(*index).map(|step| (*index, step)))
            .filter(|(_, step)| !step.reads.iter().any(waits))
            .collect();
        if ready.is_empty() {
            return Err(Failure::run("stages wait for each other; this is a mistake of the program"));
        }
        let results: Vec<(usize, &Step, Result<Done, Failure>)> = std::thread::scope(|scope| {
            let inputs = &*inputs;
            let running: Vec<_> =
                ready.into_iter().map(|(index, step)| (index, step, scope.spawn(|| timed(step, inputs)))).collect();
            let finish = |(index, step, thread): (usize, _, std::thread::ScopedJoinHandle<_>)| {
                (
                    index,
                    step,
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(Failure::run("a stage panicked; this is a mistake of the program"))),
                )
            };
            running.into_iter().map(finish).collect()
        });
        for (index, step, result) in results {
            let result = result?;
            tracing::info!(stage = step.id, kind = step.kind, seconds = round(result.0), "done");
            inputs.insert(&step.id, Arc::clone(&result.1));
            if let Some(finished) = &mut finished {
                finished(index, step, &result);
            }
            done.insert(index, result);
        }
        if finished.is_some() {
            let_go(plan, wanted, inputs, &mut done);
        }
    }
    Ok(done.into_values().collect())
}

fn timed(step: &Step, inputs: &Inputs) -> Result<Done, Failure> {
    let start = Instant::now();
    let product = (step.job)(inputs)?;
    for (made, declared) in product.tables().iter().zip(step.signature.tables()) {
        if made.spec != *declared {
            return Err(Failure::run(format!(
                "stage `{}` made another table `{}` than it declares",
                step.id,
                made.name()
            )));
        }
    }
    Ok((start.elapsed(), Arc::new(product)))
}

/// Lets go of what no step to come reads, or of which it looks at the accounts alone. Tables that are written have been
/// handed out before.
fn let_go(plan: &Plan, wanted: &[usize], inputs: &mut Inputs, done: &mut BTreeMap<usize, Done>) {
    let to_come = wanted.iter().filter(|index| !done.contains_key(index)).filter_map(|index| plan.steps.get(*index));
    let jobs = to_come.filter(|step| !matches!(step.signature, Signature::Exports(_)));
    let read: BTreeSet<usize> =
        jobs.flat_map(|step| step.reads.iter().filter(|index| !step.accounts_of.contains(index)).copied()).collect();
    for (index, (_, product)) in done.iter_mut().filter(|(index, _)| !read.contains(index)) {
        let Some(step) = plan.steps.get(*index) else { continue };
        *product = Arc::new(product.past());
        inputs.insert(&step.id, Arc::clone(product));
    }
}

/// The earlier runs that this one knows.
pub fn history<'p>(products: impl Iterator<Item = &'p Product>, last_day: Option<i32>) -> Vec<&'p Review> {
    let histories = products.filter_map(|product| match product {
        Product::History(history) => last_day.map(|last_day| history.before(last_day)),
        _ => None,
    });
    histories.flatten().collect()
}

/// The same inputs, earlier runs, pipeline, as-of day and program version give the same id.
pub fn run_id(plan: &Plan, inputs: &[Input], history: &[&Review], as_of: Option<i32>) -> String {
    let pipeline = plan.content.to_string();
    let mut parts: Vec<(&str, &[u8])> =
        vec![("version", env!("CARGO_PKG_VERSION").as_bytes()), ("pipeline", pipeline.as_bytes())];
    parts.extend(plan.texts.iter().map(|(name, text)| (name.as_str(), text.as_slice())));
    for input in inputs {
        parts.push((input.source, input.file.name.as_bytes()));
        parts.push(("content", input.hash.as_bytes()));
    }
    let reviews: Vec<String> = history.iter().map(|review| review.identity()).collect();
    parts.extend(reviews.iter().map(|review| ("review", review.as_bytes())));
    let id = content_id(parts);
    as_of.map_or_else(|| id.clone(), |as_of| format!("{}-{id}", iso(as_of)))
}

fn record(
    plan: &Plan,
    options: &Options,
    (run_id, as_of): (&str, Option<i32>),
    (inputs, history): (&[Input], &[&Review]),
    stages: Vec<Value>,
    files: &BTreeMap<String, Fingerprint>,
    (started, seconds): (jiff::Timestamp, f64),
) -> Value {
    let inputs: Vec<Value> = inputs
        .iter()
        .map(|input| json!({"stage": input.source, "file": input.file.name, "bytes": input.file.bytes, "blake3": input.hash.to_hex().as_str()}))
        .collect();
    let outputs: Vec<Value> = files
        .iter()
        .map(|(path, file)| json!({"file": path, "bytes": file.size, "blake3": file.hash.to_hex().as_str()}))
        .collect();
    json!({
        "program": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "libraries": {
            "polars": polars::VERSION,
            "arrow": arrow::ARROW_VERSION,
            "parquet": ::parquet::file::properties::DEFAULT_CREATED_BY.rsplit(' ').next(),
        },
        "run": run_id,
        "pipeline": plan.settings.name,
        "as_of": as_of.map(iso),
        "currency": plan.settings.currency,
        "started": started.to_string(),
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "threads": options.threads,
        "inputs": inputs,
        "history": history.iter().map(|review| review.run.id()).collect::<Vec<&str>>(),
        "stages": stages,
        "outputs": outputs,
        "settings": plan.content,
    })
}

fn stage_record(step: &Step, time: Duration, product: &Product, plan: &Plan) -> Value {
    let decimals = plan.settings.decimals;
    let mut record = Map::new();
    record.insert("id".to_owned(), step.id.clone().into());
    record.insert("kind".to_owned(), step.kind.clone().into());
    record.insert("seconds".to_owned(), round(time).into());
    if let Product::Ledger(ledger) = product {
        let totals = &ledger.totals;
        record.insert("files_taken_up".to_owned(), ledger.taken_up.into());
        let part = |rows: i64, amount: i64| json!({"rows": rows, "amount": to_plain(amount, decimals)});
        record.insert("read".to_owned(), part(totals.rows_read, totals.amount_read));
        record.insert("accepted".to_owned(), part(totals.rows_accepted, totals.amount_accepted));
        record.insert("excluded".to_owned(), part(totals.rows_excluded, totals.amount_excluded));
        record.insert("quarantined".to_owned(), part(totals.rows_quarantined, totals.amount_quarantined));
    }
    if let Some(period) = product.period() {
        let days = json!({
            "as_of": iso(period.as_of),
            "first_date": iso(period.first_date),
            "last_date": iso(period.last_date),
        });
        record.insert("period".to_owned(), days);
    }
    let mut tables: Vec<Value> = product.tables().iter().map(|table| table_record(table, decimals)).collect();
    if let Product::Ledger(ledger) = product {
        tables.push(json!({"name": ledger.quarantine.name(), "rows": ledger.quarantine.rows(), "money": {}}));
    }
    if !tables.is_empty() {
        record.insert("tables".to_owned(), tables.into());
    }
    record.into()
}

/// The rows of a table, and the sum of each of its columns of money.
fn table_record(table: &Table, decimals: u32) -> Value {
    let money = table.spec.columns.iter().filter(|column| column.meaning == Meaning::Money);
    let sums = money.filter_map(|column| {
        let sum = i64::try_from(table.sum(&column.name)).ok()?;
        Some((column.name.clone(), to_plain(sum, decimals).into()))
    });
    json!({"name": table.name(), "rows": table.rows(), "money": sums.collect::<Map<String, Value>>()})
}

/// Seconds with three decimals.
fn round(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

//! What a run need not make: nothing at all where nothing changed, and else what its ledgers take up from earlier runs.

use crate::calendar::parse_day;
use crate::failure::Failure;
use crate::fingerprints::{self, Input, Memory};
use crate::kept::Kept;
use crate::outputs::cache::Cache;
use crate::outputs::publish::{self, Fingerprint, Published, current_run};
use crate::outputs::runs::Run;
use crate::pipeline::check::Plan;
use crate::product::{self, Inputs};
use crate::progress::Progress;
use crate::run::{Finished, Options, execute, fingerprinted, history, run_id, steps};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The published run that this one would be made again as, where that is known without making it.
pub enum Known {
    /// It is published, current and whole.
    Published(Finished),
    /// Why it has to be made, in words.
    Unknown(String),
}

/// Whether the current run has the same inputs, earlier runs, pipeline and program, and is whole.
///
/// # Errors
/// Where the current run cannot be found out.
pub fn known(plan: &Plan, inputs: &[Input], memory: &Memory, options: &Options) -> Result<Known, Failure> {
    let unknown = |why: &str| Ok(Known::Unknown(why.to_owned()));
    let Some(folder) = current_run(&options.out, &plan.settings.name)? else {
        return unknown("nothing was published before");
    };
    let Ok(run) = Run::find(&options.out, &plan.settings.name) else {
        return unknown("the current run cannot be read");
    };
    if !memory.is_of_this_program() || memory.run != run.id() {
        return unknown("the current run is not the last one of this program");
    }
    if let Some(why) = difference(plan, inputs, &run) {
        return Ok(Known::Unknown(why));
    }
    // What runs know of each other takes no reading of lines.
    let histories: Vec<usize> =
        plan.steps.iter().enumerate().filter(|(_, step)| step.kind == "history").map(|(index, _)| index).collect();
    let done = steps(plan, &histories, &mut Inputs::new(options.threads, Progress::hidden()), None)?;
    let day = |value: Option<&Value>| value.and_then(Value::as_str).and_then(|day| parse_day(day, "%Y-%m-%d"));
    let as_of = day(run.record.get("as_of"));
    let stages = run.record.get("stages").and_then(Value::as_array).into_iter().flatten();
    let last_day = stages.filter_map(|stage| day(stage.get("period")?.get("as_of"))).max();
    let history = history(done.iter().map(|(_, product)| product.as_ref()), last_day);
    if run_id(plan, inputs, &history, as_of) != run.id() {
        return unknown("templates, queries or earlier runs changed");
    }
    let Some(files) = outputs(&run) else { return unknown("the current run cannot be read") };
    if !publish::holds(&run.folder, &files) {
        return unknown("the current run is damaged");
    }
    let run_id = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let published = Published { folder, run_id, unchanged: true, damaged: Vec::new() };
    Ok(Known::Published(Finished { published, files: files.into_keys().collect(), seconds: 0.0 }))
}

/// The first thing in which this run would differ from one that was published, in words.
fn difference(plan: &Plan, inputs: &[Input], run: &Run) -> Option<String> {
    if run.record.get("settings") != Some(&plan.content) {
        return Some("the pipeline changed".to_owned());
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let before: BTreeMap<(String, String), String> = run
        .record
        .get("inputs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|input| ((text(input, "stage"), text(input, "file")), text(input, "blake3")))
        .collect();
    let now: BTreeMap<(String, String), String> = inputs
        .iter()
        .map(|input| ((input.source.to_owned(), input.file.name.clone()), input.hash.to_hex().to_string()))
        .collect();
    let change = now.iter().find_map(|(key, hash)| match before.get(key) {
        None => Some(format!("`{}` is new", key.1)),
        Some(before) => (before != hash).then(|| format!("`{}` changed", key.1)),
    });
    change.or_else(|| before.keys().find(|key| !now.contains_key(key)).map(|key| format!("`{}` is gone", key.1)))
}

/// The files of a published run as its record lists them.
fn outputs(run: &Run) -> Option<BTreeMap<String, Fingerprint>> {
    let listed = run.record.get("outputs")?.as_array()?.iter().map(|output| {
        let hash = blake3::Hash::from_hex(output.get("blake3")?.as_str()?).ok()?;
        Some((output.get("file")?.as_str()?.to_owned(), Fingerprint { size: output.get("bytes")?.as_u64()?, hash }))
    });
    listed.collect()
}

/// Why the pipeline would be run from the beginning, or that it would not.
///
/// # Errors
/// Where an input cannot be read.
pub fn foreseen(plan: &Plan, options: &Options) -> Result<String, Failure> {
    let cache = cache(options, plan);
    let memory = remembered(&cache);
    let inputs = fingerprinted(plan, &memory)?;
    let mut told = match known(plan, &inputs, &memory, options)? {
        Known::Published(finished) => {
            return Ok(format!("nothing changed: {} stays as it is", finished.published.folder.display()));
        }
        Known::Unknown(why) => format!("all stages would run: {why}"),
    };
    let mut made = Inputs::new(options.threads, Progress::hidden());
    if let Some(known) = what_is_known(&inputs, cache) {
        made = made.knowing(Arc::new(known));
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(foresee) = &step.foresee else { continue };
        // The small tables that it looks into.
        execute(plan, &above(plan, index), &mut made)?;
        told.push_str(&format!("\n{}: {}", step.id, foresee(&made)?));
    }
    Ok(told)
}

/// The steps that a step depends on, in their order.
fn above(plan: &Plan, index: usize) -> Vec<usize> {
    let mut needed = vec![index];
    let mut next = 0;
    while let Some(step) = needed.get(next).and_then(|index| plan.steps.get(*index)) {
        let new: Vec<usize> = step.reads.iter().filter(|read| !needed.contains(read)).copied().collect();
        needed.extend(new);
        next += 1;
    }
    needed.retain(|needed| *needed != index);
    needed.sort_unstable();
    needed
}

/// What the inputs were is kept under this name.
pub const INPUTS: &str = "inputs";

pub fn cache(options: &Options, plan: &Plan) -> Arc<Cache> {
    let cache = Cache::of(&options.out, &plan.settings.name);
    Arc::new(if options.fresh { cache.unread() } else { cache })
}

pub fn remembered(cache: &Cache) -> Memory {
    cache.load(INPUTS).map(|bytes| Memory::read(&bytes)).unwrap_or_default()
}

/// What stages may know of the inputs and of earlier runs; nothing where the program cannot be told from another.
pub fn what_is_known(inputs: &[Input], kept: Arc<Cache>) -> Option<product::Known> {
    let program = format!("{} {:?}", env!("CARGO_PKG_VERSION"), fingerprints::program()?);
    let contents = inputs.iter().map(|input| (input.file.path.clone(), input.hash)).collect();
    Some(product::Known { kept, contents, program })
}

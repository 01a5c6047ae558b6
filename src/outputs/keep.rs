//! A run kept as a review: its tables, without its clock, in a folder that stays with the pipeline.

use super::publish::write_new_folder;
use super::runs::Run;
use crate::failure::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Copies the tables of a run, and its run.json without the time and the machine, to `<to>/<run id>`. The quarantine
/// stays behind: it can be as large as the invoices, and no later run looks at it.
///
/// # Errors
/// Where a table is not what the run published, the folder exists already, or it cannot be written.
pub fn keep(run: &Run, to: &Path) -> Result<PathBuf, Failure> {
    let mut record = run.record.clone();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    if let Some(outputs) = record.get_mut("outputs").and_then(Value::as_array_mut) {
        outputs.retain(|output| output.get("file").and_then(Value::as_str).is_some_and(is_kept));
        for output in outputs.iter() {
            let path = output.get("file").and_then(Value::as_str).unwrap_or_default();
            files.push((path.to_owned(), run.bytes(path)?));
        }
    }
    without_clock(&mut record);
    files.push(("run.json".to_owned(), format!("{record:#}\n").into_bytes()));
    let folder = to.join(run.id());
    write_new_folder(&folder, &files)?;
    Ok(folder)
}

fn is_kept(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.ends_with(".parquet") && name != "quarantine.parquet" && !name.ends_with("_quarantine.parquet")
}

/// Two machines that keep the same run keep the same bytes.
fn without_clock(record: &mut Value) {
    let remove = |record: &mut Value, keys: &[&str]| {
        if let Some(record) = record.as_object_mut() {
            record.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    remove(record, &["started", "seconds", "threads"]);
    let stages = record.get_mut("stages").and_then(Value::as_array_mut);
    stages.into_iter().flatten().for_each(|stage| remove(stage, &["seconds"]));
}

//! A run kept as a review: its tables, without its clock, in a folder that stays with the pipeline.

use super::publish::write_new_folder;
use super::runs::{Run, is_plain, run_folders};
use crate::failure::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where a run is kept, and whether it was before.
#[derive(Debug)]
pub struct Kept {
    pub folder: PathBuf,
    pub before: bool,
}

/// Copies the tables of a run, and its run.json without the time and the machine, to `<to>/<run id>`. The quarantine
/// stays behind: it can be as large as the invoices, and no later run looks at it. A run that is kept already, as it
/// is, stays so.
///
/// # Errors
/// Where the run has no id, a table is not what the run published, another run of its day is kept there, the folder
/// holds something else, or it cannot be written.
pub fn keep(run: &Run, to: &Path) -> Result<Kept, Failure> {
    // It names a folder, and must not name one somewhere else.
    if !is_plain(run.id()) {
        return Err(Failure::Run {
            message: format!("the run in `{}` has no id that could name a folder", run.folder.display()),
            hint: Some("the run is damaged; run the pipeline again".to_owned()),
        });
    }
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
    // A folder that is not there has no runs.
    let kept = run_folders(to).unwrap_or_default();
    for other in kept.into_iter().filter_map(|folder| Run::open(folder).ok()) {
        if other.id() == run.id() && other.record == record {
            files
                .iter()
                .filter(|(file, _)| file != "run.json")
                .try_for_each(|(file, _)| other.bytes(file).map(drop))?;
            return Ok(Kept { folder, before: true });
        }
        // Kept runs have no clock, so that nothing would say which of the two stands.
        let day = record.get("as_of").filter(|day| !day.is_null());
        if other.id() != run.id() && day.is_some() && other.record.get("as_of") == day {
            let day = day.and_then(Value::as_str).unwrap_or_default();
            return Err(Failure::Arguments {
                message: format!("`{}` holds another run of {day}: `{}`", to.display(), other.id()),
                hint: Some("a day has one review: take the folder of that run away first".to_owned()),
            });
        }
    }
    write_new_folder(&folder, &files)?;
    Ok(Kept { folder, before: false })
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

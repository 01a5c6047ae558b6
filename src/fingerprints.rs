//! What the input files of a run are: the hash of each, remembered from run to run.
//!
//! A file is not hashed again where nothing about it has changed: device, number, size, and the times of its last
//! writing and of its last change of any kind, which no program can set. Both times must lie well before the moment at
//! which it was hashed: what is written within one tick of the clock has the same time as what was there before. Systems
//! that do not tell all of this get their files hashed each time.

#![expect(clippy::disallowed_methods, reason = "fingerprints the inputs of a run")]

use crate::failure::Failure;
use crate::pipeline::check::{Plan, Signature};
use crate::sources::SourceFile;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// The coarsest tick of a clock of files, in nanoseconds.
const TICK: i64 = 2_000_000_000;

/// An input file as it was when the run began.
#[derive(Debug)]
pub struct Input<'a> {
    /// The id of the stage that reads it.
    pub source: &'a str,
    pub file: &'a SourceFile,
    pub hash: blake3::Hash,
    modified: Option<SystemTime>,
    stamp: Option<Stamp>,
    /// When it was hashed, in nanoseconds since 1970.
    hashed: i64,
}

/// What a system tells of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    number: u64,
    bytes: u64,
    written: i64,
    changed: i64,
}

/// What is remembered of the last run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    format: u32,
    /// The program that ran: another build may make something else, whatever its version.
    program: Option<Stamp>,
    /// The run that it published.
    pub run: String,
    files: BTreeMap<String, Known>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    hash: [u8; blake3::OUT_LEN],
    hashed: i64,
}

const FORMAT: u32 = 2;

impl Memory {
    /// Nothing where the bytes are of another version of the program.
    pub fn read(bytes: &[u8]) -> Self {
        let memory: Option<Self> = postcard::from_bytes(bytes).ok();
        memory.filter(|memory| memory.format == FORMAT).unwrap_or_default()
    }

    /// What to remember of a run.
    pub fn of(run: &str, inputs: &[Input]) -> Self {
        let known = |input: &Input| {
            let known = Known { stamp: input.stamp?, hash: *input.hash.as_bytes(), hashed: input.hashed };
            Some((name_of(input.file), known))
        };
        Self {
            format: FORMAT,
            program: program(),
            run: run.to_owned(),
            files: inputs.iter().filter_map(known).collect(),
        }
    }

    /// Whether the run was of the program that runs now.
    pub fn is_of_this_program(&self) -> bool {
        self.program.is_some() && self.program == program()
    }

    fn hash(&self, file: &SourceFile, stamp: Option<Stamp>) -> Option<Known> {
        let known = self.files.get(&name_of(file))?;
        let is_settled = known.stamp.written.max(known.stamp.changed).checked_add(TICK)? < known.hashed;
        (Some(known.stamp) == stamp && is_settled).then_some(*known)
    }
}

fn name_of(file: &SourceFile) -> String {
    file.path.to_string_lossy().into_owned()
}

/// Fingerprints all input files at this moment.
///
/// # Errors
/// Where one cannot be read.
pub fn fingerprints<'a>(plan: &'a Plan, memory: &Memory, now: SystemTime) -> Result<Vec<Input<'a>>, Failure> {
    let files = plan.steps.iter().flat_map(|step| match &step.signature {
        Signature::Source { source, .. } => source.files.iter().map(|file| (step.id.as_str(), file)).collect(),
        _ => Vec::new(),
    });
    let files: Vec<(&str, &SourceFile)> = files.collect();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok().and_then(|time| i64::try_from(time.as_nanos()).ok());
    let now = now.unwrap_or_default();
    files.into_par_iter().map(|(source, file)| fingerprint(source, file, memory, now)).collect()
}

fn fingerprint<'a>(source: &'a str, file: &'a SourceFile, memory: &Memory, now: i64) -> Result<Input<'a>, Failure> {
    let failed = |error: std::io::Error| Failure::run(format!("cannot read `{}`: {error}", file.name));
    let opened = std::fs::File::open(&file.path).map_err(failed)?;
    let metadata = opened.metadata().map_err(failed)?;
    let (modified, stamp) = (metadata.modified().ok(), stamp(&metadata));
    if let Some(known) = memory.hash(file, stamp) {
        return Ok(Input { source, file, hash: known.hash.into(), modified, stamp, hashed: known.hashed });
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(opened).map_err(failed)?;
    Ok(Input { source, file, hash: hasher.finalize(), modified, stamp, hashed: now })
}

/// A file that was written to while it was read may have given half of each of two contents.
///
/// # Errors
/// Where one was.
pub fn refuse_changed(inputs: &[Input]) -> Result<(), Failure> {
    for input in inputs {
        let metadata = std::fs::metadata(&input.file.path).ok();
        let same = metadata.is_some_and(|now| now.len() == input.file.bytes && now.modified().ok() == input.modified);
        if !same {
            let message = format!("`{}` changed while it was read", input.file.name);
            return Err(Failure::Run { message, hint: Some("run again when the export is finished".to_owned()) });
        }
    }
    Ok(())
}

/// The program that runs now; nothing where the system does not tell it from another build.
pub fn program() -> Option<Stamp> {
    let path = std::env::current_exe().ok()?;
    stamp(&std::fs::metadata::<&Path>(path.as_ref()).ok()?)
}

#[cfg(unix)]
fn stamp(metadata: &Metadata) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let time = |seconds: i64, rest: i64| seconds.checked_mul(1_000_000_000)?.checked_add(rest);
    Some(Stamp {
        device: metadata.dev(),
        number: metadata.ino(),
        bytes: metadata.len(),
        written: time(metadata.mtime(), metadata.mtime_nsec())?,
        changed: time(metadata.ctime(), metadata.ctime_nsec())?,
    })
}

#[cfg(not(unix))]
fn stamp(_metadata: &Metadata) -> Option<Stamp> {
    None
}

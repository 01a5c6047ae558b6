//! Publishes the files of a run: a reader sees a whole run or the one before, whatever happens in between.
//!
//! ```text
//! OUT/<pipeline>/.lock              held while a run is written; never renamed and never removed
//! OUT/<pipeline>/.staging-<process> the files of a run until all of them are written, checked and synced
//! OUT/<pipeline>/.scratch-<process> what a run keeps out of memory while it is made
//! OUT/<pipeline>/runs/<run id>/     a published run, never changed again
//! OUT/<pipeline>/cache              what later runs need not make again (`cache.rs`); may be deleted
//! OUT/<pipeline>/current            a link to the last one, replaced in one rename
//! ```
//!
//! A process killed at any point leaves a staging folder and scratch that the next run removes, or a whole run
//! to which `current` does not point yet. A reader of several files resolves `current` once ([`current_run`])
//! and stays in that folder. Where links are a privilege, `current` is a text file with the same content.

#![expect(clippy::disallowed_methods, reason = "the one module that writes the files of a run")]

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::failure::Failure;
use crate::scratch::{Place, Scratch};

const CURRENT: &str = "current";
const RUNS: &str = "runs";
const STAGING: &str = ".staging-";
const NEXT: &str = ".current-";
const SCRATCH: &str = ".scratch-";

/// The only file of a run with a clock in it, and so the only one that may differ between equal runs.
const RUN_FILE: &str = "run.json";

/// Why a run could not be published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("another run is writing to `{folder}`")]
    Locked { folder: PathBuf },
    #[error("`{name}` cannot be the name of a folder")]
    Name { name: String },
    #[error("`{path}` cannot be the path of a file in a run")]
    Path { path: String },
    #[error("`{path}` is written twice in one run")]
    Twice { path: String },
    #[error("`{path}` no longer holds what was written to it")]
    Changed { path: PathBuf },
    #[error("`{path}` exists already")]
    Exists { path: PathBuf },
    #[error("cannot {action} `{path}`")]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

impl Error {
    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked { .. } => Some("wait for it, or stop it"),
            Self::Name { .. } => Some("use letters, digits, `_` and `-`"),
            Self::Path { .. } => Some("use a relative path with `/` between names, without `..`, `:` and `\\`"),
            Self::Twice { .. } => Some("give each output a `to` of its own"),
            Self::Changed { .. } => Some("check the disk, and that nothing else writes below this folder"),
            Self::Exists { .. } => Some("it may hold work of somebody's; write to another place"),
            Self::Io { .. } => None,
        }
    }

    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

/// The size and the hash of a file as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    pub size: u64,
    pub hash: blake3::Hash,
}

impl Fingerprint {
    /// What no file has: that of one that is not written whole yet.
    const UNWRITTEN: Self = Self { size: u64::MAX, hash: blake3::Hash::from_bytes([0; 32]) };

    fn read(file: &mut File) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        Ok(Self { size: hasher.count(), hash: hasher.finalize() })
    }
}

/// A run that `current` points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub folder: PathBuf,
    /// The name of the folder: the run id asked for, with `-2` and so on where damaged runs stand in its way.
    pub run_id: String,
    /// The same files were published before, and are left as they were.
    pub unchanged: bool,
    /// Folders with this run id whose files are no longer those of the run. They are left as they are.
    pub damaged: Vec<PathBuf>,
}

/// What may fail while a run is published, in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    CreateFolder,
    Write,
    SyncFile,
    SyncFolder,
    Place,
    SyncRuns,
    Link,
    Switch,
    SyncSwitch,
}

impl Step {
    fn action(self) -> &'static str {
        match self {
            Self::CreateFolder | Self::Link => "create",
            Self::Write => "write",
            Self::SyncFile | Self::SyncFolder | Self::SyncRuns | Self::SyncSwitch => "sync",
            Self::Place => "publish",
            Self::Switch => "switch",
        }
    }
}

/// A run in the making. It holds the lock of its pipeline until it is published or dropped.
pub struct Publisher {
    folder: PathBuf,
    staging: PathBuf,
    scratch: Arc<ScratchFile>,
    files: Mutex<BTreeMap<String, Fingerprint>>,
    /// Called before each step. It lets a test fail the step, or look at what a process killed there leaves behind.
    before: Box<dyn Fn(Step) -> io::Result<()> + Send + Sync>,
    _lock: File,
}

impl Publisher {
    /// Creates `out/<pipeline>`, locks it, and removes what killed runs left in it.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] while another run of the pipeline is being written, [`Error::Name`] for a pipeline that
    /// cannot name a folder, and [`Error::Io`].
    pub fn begin(out: &Path, pipeline: &str) -> Result<Self, Error> {
        check_name(pipeline)?;
        let folder = out.join(pipeline);
        let runs = folder.join(RUNS);
        fs::create_dir_all(&runs).map_err(Error::io("create", &runs))?;
        let lock = lock(&folder)?;
        remove_leftovers(&folder)?;
        for created in [out, &folder] {
            sync_folder(created).map_err(Error::io("sync", created))?;
        }

        let staging = folder.join(format!("{STAGING}{}", std::process::id()));
        fs::create_dir(&staging).map_err(Error::io("create", &staging))?;
        let scratch = Arc::new(ScratchFile::new(folder.join(format!("{SCRATCH}{}", std::process::id()))));
        Ok(Self { folder, staging, scratch, files: Mutex::default(), before: Box::new(|_| Ok(())), _lock: lock })
    }

    /// Stages a file of the run and syncs it. Several threads may stage different files at once.
    ///
    /// # Errors
    ///
    /// [`Error::Path`] unless `path` is relative, with `/` between names and no `..`; [`Error::Twice`] for a path
    /// that was staged before; [`Error::Io`].
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        self.stream(path, |file| file.write_all(bytes).map_err(Error::io("write", &self.staging.join(path))))
    }

    /// As [`Publisher::write`], for a file that `write` writes bit by bit.
    ///
    /// # Errors
    ///
    /// As [`Publisher::write`], and those of `write`.
    pub fn stream<E: From<Error>>(
        &self,
        path: &str,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), E>,
    ) -> Result<(), E> {
        check_path(path)?;
        self.reserve(path)?;
        let target = self.staging.join(path);
        if let Some(parent) = target.parent() {
            self.attempt(Step::CreateFolder, parent, || fs::create_dir_all(parent))?;
        }
        let file = self.attempt(Step::Write, &target, || File::create_new(&target))?;
        let mut written = Written { file: BufWriter::new(file), hasher: blake3::Hasher::new() };
        write(&mut written)?;
        written.flush().map_err(Error::io("write", &target))?;
        self.attempt(Step::SyncFile, &target, || written.file.get_ref().sync_all())?;
        let fingerprint = Fingerprint { size: written.hasher.count(), hash: written.hasher.finalize() };
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), fingerprint);
        Ok(())
    }

    /// Called before a file is written, so that one that could not be written whole can never be published.
    fn reserve(&self, path: &str) -> Result<(), Error> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        match files.entry(path.to_owned()) {
            Entry::Occupied(_) => Err(Error::Twice { path: path.to_owned() }),
            Entry::Vacant(entry) => {
                entry.insert(Fingerprint::UNWRITTEN);
                Ok(())
            }
        }
    }

    /// Room outside of memory, which goes with the publisher.
    pub fn scratch(&self) -> Arc<dyn Scratch> {
        Arc::clone(&self.scratch) as Arc<dyn Scratch>
    }

    /// The files staged so far, by path.
    pub fn files(&self) -> BTreeMap<String, Fingerprint> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks whether every staged file is whole, gives the folder its place under `runs`, and switches `current` to it.
    ///
    /// A folder of this run id that holds the same files already, `run.json` aside, is left untouched and becomes
    /// current. One that holds other files has been damaged since, and the run goes beside it.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] for a run id that cannot name a folder, [`Error::Changed`] for a staged file that is not as long
    /// as what was written to it, and [`Error::Io`]. `current` is then what it was, unless only its last sync failed.
    pub fn publish(self, run_id: &str) -> Result<Published, Error> {
        check_name(run_id)?;
        let files = self.files();
        files.iter().try_for_each(|(path, written)| self.check_file(path, *written))?;
        self.sync_folders(&files)?;
        let published = self.place(run_id, &files)?;
        self.switch(&published.run_id)?;
        Ok(published)
    }

    fn check_file(&self, path: &str, written: Fingerprint) -> Result<(), Error> {
        let target = self.staging.join(path);
        let size = fs::metadata(&target).map_err(Error::io("look for", &target))?.len();
        if size == written.size { Ok(()) } else { Err(Error::Changed { path: target }) }
    }

    fn sync_folders(&self, files: &BTreeMap<String, Fingerprint>) -> Result<(), Error> {
        let parents = files.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
        let parents: BTreeSet<PathBuf> = parents.map(|parent| self.staging.join(parent)).collect();
        parents.iter().try_for_each(|parent| self.attempt(Step::SyncFolder, parent, || sync_folder(parent)))
    }

    /// Finds the first folder of this run id that holds these files, or else makes the staging folder the next one.
    fn place(&self, run_id: &str, files: &BTreeMap<String, Fingerprint>) -> Result<Published, Error> {
        let runs = self.folder.join(RUNS);
        let mut damaged = Vec::new();
        let (name, folder, unchanged) = loop {
            let name = if damaged.is_empty() { run_id.to_owned() } else { format!("{run_id}-{}", damaged.len() + 1) };
            let folder = runs.join(&name);
            if !fs::exists(&folder).map_err(Error::io("look for", &folder))? {
                self.attempt(Step::Place, &folder, || fs::rename(&self.staging, &folder))?;
                break (name, folder, false);
            }
            if holds(&folder, files) {
                break (name, folder, true);
            }
            damaged.push(folder);
        };
        // Also of an unchanged run: the process that published it may have been killed before this.
        self.attempt(Step::SyncRuns, &runs, || sync_folder(&runs))?;
        Ok(Published { folder, run_id: name, unchanged, damaged })
    }

    /// A link cannot be changed in place, so that a new one is made and renamed over the old one.
    fn switch(&self, run: &str) -> Result<(), Error> {
        let next = self.next_link();
        let current = self.folder.join(CURRENT);
        self.attempt(Step::Link, &next, || link(&Path::new(RUNS).join(run), &next))?;
        self.attempt(Step::Switch, &current, || fs::rename(&next, &current))?;
        self.attempt(Step::SyncSwitch, &self.folder, || sync_folder(&self.folder))
    }

    fn next_link(&self) -> PathBuf {
        self.folder.join(format!("{NEXT}{}", std::process::id()))
    }

    fn attempt<T>(&self, step: Step, path: &Path, operation: impl FnOnce() -> io::Result<T>) -> Result<T, Error> {
        (self.before)(step).and_then(|()| operation()).map_err(Error::io(step.action(), path))
    }
}

impl Drop for Publisher {
    /// Removes what was not published, still under the lock. What cannot be removed now goes when the next run begins.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.staging);
        let _ = fs::remove_file(self.next_link());
        let _ = fs::remove_file(&self.scratch.path);
    }
}

/// A staged file while it is written.
struct Written {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Scratch in a file of its own, made when the first bytes come.
#[derive(Debug)]
struct ScratchFile {
    path: PathBuf,
    /// The file and its length.
    file: Mutex<Option<(File, u64)>>,
}

impl ScratchFile {
    fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::default() }
    }
}

impl Scratch for ScratchFile {
    fn append(&self, bytes: &[u8]) -> Result<Place, Failure> {
        let mut opened = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            let file = OpenOptions::new().create_new(true).read(true).write(true).open(&self.path);
            *opened = Some((file.map_err(Error::io("create", &self.path))?, 0));
        }
        let Some((file, length)) = opened.as_mut() else { return Err(Failure::run("there is no scratch")) };
        let place = Place::of(*length, bytes);
        let written = file.seek(SeekFrom::Start(*length)).and_then(|_| file.write_all(bytes));
        written.map_err(Error::io("write", &self.path))?;
        *length += bytes.len() as u64;
        Ok(place)
    }

    fn read(&self, place: &Place) -> Result<Vec<u8>, Failure> {
        let mut opened = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; place.length];
        let read = match opened.as_mut() {
            Some((file, _)) => file.seek(SeekFrom::Start(place.at)).and_then(|_| file.read_exact(&mut bytes)),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        read.map_err(Error::io("read", &self.path))?;
        let same = Place::of(place.at, &bytes) == *place;
        if same { Ok(bytes) } else { Err(Error::Changed { path: self.path.clone() }.into()) }
    }
}

/// The folder of the run that `current` points to now, or `None` before the first run.
///
/// # Errors
///
/// [`Error::Io`] where `current` cannot be read or is not what [`Publisher::publish`] makes.
pub fn current_run(out: &Path, pipeline: &str) -> Result<Option<PathBuf>, Error> {
    check_name(pipeline)?;
    let folder = out.join(pipeline);
    let current = folder.join(CURRENT);
    match read_link(&current) {
        Ok(target) => Ok(Some(folder.join(target))),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("read", &current)(source)),
    }
}

/// # Errors
///
/// [`Error::Exists`] where there is something at the path, and [`Error::Io`].
pub fn refuse_existing(path: &Path) -> Result<(), Error> {
    match fs::exists(path).map_err(Error::io("look for", path))? {
        true => Err(Error::Exists { path: path.to_owned() }),
        false => Ok(()),
    }
}

/// Writes a file that belongs to no run, whole or not at all. One that is there already is left as it is.
///
/// # Errors
///
/// [`Error::Exists`], and [`Error::Io`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    refuse_existing(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let staged = folder.join(format!(".{name}-{}", std::process::id()));
    let written = File::create(&staged).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&staged, path)?;
        sync_folder(folder)
    });
    written.map_err(|source| {
        let _ = fs::remove_file(&staged);
        Error::io("write", path)(source)
    })
}

/// Writes the files of a folder that belongs to no run: all of them or none. A folder that is there is left as it is.
///
/// # Errors
///
/// [`Error::Exists`], [`Error::Path`] as for the files of a run, and [`Error::Io`].
pub fn write_new_folder(path: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Error> {
    refuse_existing(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let staged = folder.join(format!(".{name}-{}", std::process::id()));
    let write = |(file, bytes): &(String, Vec<u8>)| {
        check_path(file)?;
        let target = staged.join(file);
        let parent = target.parent().unwrap_or(&staged);
        fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
        let written = File::create_new(&target).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(Error::io("write", &target))?;
        sync_folder(parent).map_err(Error::io("sync", parent))
    };
    let placed = files.iter().try_for_each(write).and_then(|()| {
        let placed = fs::rename(&staged, path).and_then(|()| sync_folder(folder));
        placed.map_err(Error::io("write", path))
    });
    if placed.is_err() {
        let _ = fs::remove_dir_all(&staged);
    }
    placed
}

/// Names content by what it is: 16 hexadecimal characters of the BLAKE3 hash over all names and bytes, in their
/// order. Each is preceded by its length, so that bytes cannot move from one part into the next unnoticed.
pub fn content_id<'a>(parts: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in parts {
        for part in [name.as_bytes(), bytes] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(".lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(Error::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", &path)(source)),
    }
}

/// Whoever holds the lock owns every staging folder: those that are there belong to runs that were killed.
fn remove_leftovers(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(Error::io("list", folder))? {
        let entry = entry.map_err(Error::io("list", folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(STAGING) {
            fs::remove_dir_all(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        } else if name.starts_with(NEXT) || name.starts_with(SCRATCH) {
            fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// Whether `folder` holds these files and no others but its run.json. One that cannot be read does not.
pub fn holds(folder: &Path, files: &BTreeMap<String, Fingerprint>) -> bool {
    let mut found = BTreeSet::new();
    let expected: BTreeSet<&str> = files.keys().map(String::as_str).chain([RUN_FILE]).collect();
    if list(folder, "", &mut found).is_err() || !found.iter().map(String::as_str).eq(expected) {
        return false;
    }
    files.par_iter().all(|(path, written)| {
        let found = folder.join(path);
        if path == RUN_FILE {
            return is_json(&found);
        }
        File::open(&found).and_then(|mut file| Fingerprint::read(&mut file)).is_ok_and(|read| read == *written)
    })
}

/// All that can be said of a file with a clock in it.
fn is_json(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok())
}

/// Gathers the paths below `folder` in the form in which they were staged.
fn list(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !name.is_empty() && name.chars().all(allowed) { Ok(()) } else { Err(Error::Name { name: name.to_owned() }) }
}

/// The same paths on every system, so that a run can be copied from one to another.
fn check_path(path: &str) -> Result<(), Error> {
    let allowed = |name: &str| !matches!(name, "" | "." | "..") && !name.contains(['\\', ':', '\0']);
    if path.split('/').all(allowed) { Ok(()) } else { Err(Error::Path { path: path.to_owned() }) }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems sync the entries of a folder themselves.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link(target: &Path, path: &Path) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(target.to_string_lossy().as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn read_link(path: &Path) -> io::Result<PathBuf> {
    fs::read_link(path)
}

#[cfg(not(unix))]
fn read_link(path: &Path) -> io::Result<PathBuf> {
    fs::read_to_string(path).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use tempfile::{TempDir, tempdir};

    use super::*;

    const PIPELINE: &str = "key_accounts";

    fn begin(out: &TempDir) -> Publisher {
        Publisher::begin(out.path(), PIPELINE).unwrap()
    }

    /// Stages a run whose files all say `text`, so that a reader can tell whether they belong together.
    fn stage(publisher: &Publisher, text: &str) -> Result<(), Error> {
        static CLOCK: AtomicUsize = AtomicUsize::new(0);
        let clock = CLOCK.fetch_add(1, Ordering::Relaxed);
        publisher.write("report.md", text.as_bytes())?;
        publisher.write("tables/growth.parquet", text.as_bytes())?;
        publisher.write("briefs/north/a.md", text.as_bytes())?;
        publisher.write(RUN_FILE, format!("{{\"seconds\": {clock}}}").as_bytes())
    }

    fn finish(publisher: Publisher, text: &str) -> Result<Published, Error> {
        stage(&publisher, text)?;
        publisher.publish(&content_id([("report.md", text.as_bytes())]))
    }

    fn publish(out: &TempDir, text: &str) -> Published {
        finish(begin(out), text).unwrap()
    }

    /// What the current run says, once it is certain that all of it says the same.
    fn read(out: &Path) -> Option<String> {
        let folder = current_run(out, PIPELINE).unwrap()?;
        assert!(is_json(&folder.join(RUN_FILE)));
        let read = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        let text = read("report.md");
        assert_eq!([read("tables/growth.parquet"), read("briefs/north/a.md")], [text.clone(), text.clone()]);
        Some(text)
    }

    fn entries(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for name in entries(from) {
            let (from, to) = (from.join(&name), to.join(&name));
            let kind = fs::symlink_metadata(&from).unwrap().file_type();
            if kind.is_dir() {
                copy(&from, &to);
            } else if kind.is_symlink() {
                link(&fs::read_link(&from).unwrap(), &to).unwrap();
            } else {
                fs::copy(&from, &to).unwrap();
            }
        }
    }

    #[test]
    fn a_run_is_published_whole_and_the_one_before_stays() {
        let out = tempdir().unwrap();
        assert_eq!(read(out.path()), None);
        let first = publish(&out, "first");
        assert_eq!(read(out.path()).as_deref(), Some("first"));
        let second = publish(&out, "second");
        assert_eq!(read(out.path()).as_deref(), Some("second"));

        assert!(!first.unchanged && !second.unchanged && second.damaged.is_empty());
        assert_eq!(current_run(out.path(), PIPELINE).unwrap().as_deref(), Some(second.folder.as_path()));
        assert_eq!(fs::read_to_string(first.folder.join("report.md")).unwrap(), "first");
        assert_eq!(entries(&out.path().join(PIPELINE)), [".lock", "current", "runs"]);
    }

    #[test]
    fn nothing_is_visible_before_it_is_published() {
        let out = tempdir().unwrap();
        let publisher = begin(&out);
        stage(&publisher, "first").unwrap();
        assert_eq!(publisher.files().len(), 4);
        assert_eq!(publisher.files()["report.md"], Fingerprint { size: 5, hash: blake3::hash(b"first") });
        assert_eq!(read(out.path()), None);
        assert!(entries(&out.path().join(PIPELINE).join(RUNS)).is_empty());
        drop(publisher);
        assert_eq!(entries(&out.path().join(PIPELINE)), [".lock", "runs"]);
    }

    #[test]
    fn the_same_run_again_is_left_untouched_and_made_current() {
        let out = tempdir().unwrap();
        let first = publish(&out, "first");
        let clock = fs::read(first.folder.join(RUN_FILE)).unwrap();
        publish(&out, "second");
        let again = publish(&out, "first");
        assert_eq!(again, Published { unchanged: true, ..first.clone() });
        assert_eq!(fs::read(first.folder.join(RUN_FILE)).unwrap(), clock);
        assert_eq!(read(out.path()).as_deref(), Some("first"));
        assert_eq!(entries(&out.path().join(PIPELINE)), [".lock", "current", "runs"]);
    }

    #[test]
    fn a_damaged_run_is_left_and_published_beside() {
        let damages: [fn(&Path) -> io::Result<()>; 5] = [
            |folder| fs::write(folder.join("report.md"), "fIrst"),
            |folder| fs::write(folder.join("tables/extra.parquet"), ""),
            |folder| fs::remove_file(folder.join("briefs/north/a.md")),
            |folder| fs::remove_file(folder.join(RUN_FILE)),
            |folder| fs::write(folder.join(RUN_FILE), "{\"seconds\""),
        ];
        let out = tempdir().unwrap();
        let mut damaged = Vec::new();
        let mut last = publish(&out, "first");
        let run_id = last.run_id.clone();
        for (index, damage) in damages.into_iter().enumerate() {
            damage(&last.folder).unwrap();
            damaged.push(last.folder);
            last = publish(&out, "first");
            assert_eq!(last.run_id, format!("{run_id}-{}", index + 2));
            assert_eq!((last.unchanged, &last.damaged), (false, &damaged));
            assert_eq!(read(out.path()).as_deref(), Some("first"));
            assert!(publish(&out, "first").unchanged);
        }
    }

    #[test]
    fn a_failure_at_any_step_leaves_the_run_before() {
        for failing in 0.. {
            let out = tempdir().unwrap();
            publish(&out, "first");
            let (calls, failed) = (AtomicUsize::new(0), Arc::new(Mutex::new(None)));
            let mut publisher = begin(&out);
            let noted = Arc::clone(&failed);
            publisher.before = Box::new(move |step| {
                if calls.fetch_add(1, Ordering::Relaxed) == failing {
                    *noted.lock().unwrap() = Some(step);
                    return Err(io::Error::other("no space left"));
                }
                Ok(())
            });
            let result = finish(publisher, "second");
            let Some(step) = *failed.lock().unwrap() else {
                assert!(result.is_ok() && failing > 15, "after {failing} steps: {result:?}");
                break;
            };
            assert!(matches!(result, Err(Error::Io { .. })), "{step:?}");
            let expected = if step > Step::Switch { "second" } else { "first" };
            assert_eq!(read(out.path()).as_deref(), Some(expected), "{step:?}");
            assert_eq!(entries(&out.path().join(PIPELINE)), [".lock", "current", "runs"], "{step:?}");
            assert_eq!(publish(&out, "second").unchanged, step > Step::Place, "{step:?}");
            assert_eq!(read(out.path()).as_deref(), Some("second"), "{step:?}");
        }
    }

    #[test]
    fn a_process_killed_at_any_step_leaves_the_run_before() {
        let out = tempdir().unwrap();
        publish(&out, "first");
        let mut publisher = begin(&out);
        let (original, seen) = (out.path().to_owned(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&seen);
        publisher.before = Box::new(move |step| {
            let left_behind = tempdir()?;
            copy(&original, left_behind.path());
            noted.lock().unwrap().push((step, left_behind));
            Ok(())
        });
        finish(publisher, "second").unwrap();

        let seen = std::mem::take(&mut *seen.lock().unwrap());
        assert!(seen.len() > 15);
        for (step, left_behind) in seen {
            let expected = if step > Step::Switch { "second" } else { "first" };
            assert_eq!(read(left_behind.path()).as_deref(), Some(expected), "{step:?}");
            let again = publish(&left_behind, "second");
            assert_eq!((again.unchanged, again.damaged.len()), (step > Step::Place, 0), "{step:?}");
            assert_eq!(read(left_behind.path()).as_deref(), Some("second"), "{step:?}");
            assert_eq!(entries(&left_behind.path().join(PIPELINE)), [".lock", "current", "runs"], "{step:?}");
        }
    }

    #[test]
    fn a_reader_never_sees_half_a_run() {
        let out = tempdir().unwrap();
        publish(&out, "0");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert!(read(out.path()).is_some());
                }
            });
            for text in ["1", "2", "3", "2", "1"].repeat(4) {
                publish(&out, text);
            }
            done.store(true, Ordering::Relaxed);
        });
    }

    #[test]
    fn one_run_of_a_pipeline_writes_at_a_time() {
        let out = tempdir().unwrap();
        let publisher = begin(&out);
        let error = Publisher::begin(out.path(), PIPELINE).err().unwrap();
        assert!(matches!(error, Error::Locked { .. }));
        assert_eq!(error.hint(), Some("wait for it, or stop it"));
        Publisher::begin(out.path(), "another").unwrap();
        stage(&publisher, "first").unwrap();
        drop(publisher);
        publish(&out, "first");
    }

    #[test]
    fn what_killed_runs_left_is_removed() {
        let out = tempdir().unwrap();
        let folder = out.path().join(PIPELINE);
        fs::create_dir_all(folder.join(".staging-1/tables")).unwrap();
        fs::write(folder.join(".staging-1/tables/growth.parquet"), "half").unwrap();
        link(Path::new("runs/none"), &folder.join(".current-1")).unwrap();
        fs::write(folder.join("notes.txt"), "not ours").unwrap();
        publish(&out, "first");
        assert_eq!(entries(&folder), [".lock", "current", "notes.txt", "runs"]);
    }

    #[test]
    fn a_file_that_was_not_written_whole_is_not_published() {
        let out = tempdir().unwrap();
        let publisher = begin(&out);
        publisher.write("report.md", b"first").unwrap();
        fs::write(publisher.staging.join("report.md"), "f").unwrap();
        assert!(matches!(publisher.publish("id"), Err(Error::Changed { .. })));

        let mut publisher = begin(&out);
        publisher.before = Box::new(|step| if step == Step::Write { Err(io::Error::other("full")) } else { Ok(()) });
        assert_eq!(publisher.write("a/b", b"").unwrap_err().to_string().split('`').next(), Some("cannot write "));
        assert!(matches!(publisher.publish("id"), Err(Error::Io { .. })));
        assert_eq!(read(out.path()), None);
    }

    #[test]
    fn a_file_may_be_written_bit_by_bit() {
        let out = tempdir().unwrap();
        let publisher = begin(&out);
        let write = |file: &mut (dyn Write + Send)| -> Result<(), Error> {
            ["fir", "", "st"].iter().try_for_each(|text| file.write_all(text.as_bytes())).unwrap();
            Ok(())
        };
        publisher.stream("lines/a.txt", write).unwrap();
        assert_eq!(publisher.files()["lines/a.txt"], Fingerprint { size: 5, hash: blake3::hash(b"first") });
        let published = publisher.publish("id").unwrap();
        assert_eq!(fs::read_to_string(published.folder.join("lines/a.txt")).unwrap(), "first");

        let publisher = begin(&out);
        let fail = |file: &mut (dyn Write + Send)| -> Result<(), Failure> {
            file.write_all(b"fi").unwrap();
            Err(Failure::run("no more"))
        };
        assert_eq!(publisher.stream("lines/a.txt", fail).unwrap_err().to_string(), "no more");
        assert!(matches!(publisher.publish("id"), Err(Error::Changed { .. })));
    }

    #[test]
    fn scratch_gives_back_what_was_put_there_and_goes_with_its_run() {
        let out = tempdir().unwrap();
        let folder = out.path().join(PIPELINE);
        let publisher = begin(&out);
        let scratch = publisher.scratch();
        assert!(entries(&folder).iter().all(|name| !name.starts_with(SCRATCH)), "made before it is needed");
        let blocks: Vec<Vec<u8>> = (0..20_u8).map(|number| vec![number; usize::from(number) * 1000]).collect();
        let places: Vec<Place> = std::thread::scope(|scope| {
            let threads: Vec<_> = blocks.iter().map(|block| scope.spawn(|| scratch.append(block).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for (block, place) in blocks.iter().zip(&places).rev() {
            assert_eq!(scratch.read(place).unwrap(), *block);
        }

        // A process killed now leaves the scratch, and the next run removes it.
        let left_behind = tempdir().unwrap();
        copy(out.path(), left_behind.path());
        assert!(entries(&left_behind.path().join(PIPELINE)).iter().any(|name| name.starts_with(SCRATCH)));
        publish(&left_behind, "first");
        assert_eq!(entries(&left_behind.path().join(PIPELINE)), [".lock", "current", "runs"]);

        let path = publisher.scratch.path.clone();
        let mut bytes = fs::read(&path).unwrap();
        bytes[usize::try_from(places[7].at).unwrap()] ^= 1;
        fs::write(&path, bytes).unwrap();
        let refused = scratch.read(&places[7]).unwrap_err().to_string();
        assert!(refused.ends_with("no longer holds what was written to it"), "{refused}");
        drop(publisher);
        assert_eq!(entries(&folder), [".lock", "runs"]);
    }

    #[test]
    fn names_and_paths_stay_in_their_folder() {
        let out = tempdir().unwrap();
        for name in ["", ".", "..", "a/b", "a.b", "ñ", "a b"] {
            assert!(matches!(Publisher::begin(out.path(), name), Err(Error::Name { .. })), "{name}");
            assert!(matches!(current_run(out.path(), name), Err(Error::Name { .. })), "{name}");
        }
        let publisher = begin(&out);
        for path in ["", "/a", "../a", "a/../b", "a//b", "a/", "./a", "C:a", "a\\b", "a\0"] {
            assert!(matches!(publisher.write(path, b""), Err(Error::Path { .. })), "{path}");
        }
        publisher.write("a/b..md", b"").unwrap();
        assert!(matches!(publisher.write("a/b..md", b""), Err(Error::Twice { .. })));
        assert!(matches!(publisher.publish("../id"), Err(Error::Name { .. })));
    }

    #[test]
    fn an_id_depends_on_names_bytes_and_their_borders() {
        let id = |parts: &[(&str, &[u8])]| content_id(parts.iter().copied());
        let hash = blake3::hash(b"\x01\0\0\0\0\0\0\0a\x02\0\0\0\0\0\0\0bc").to_hex();
        assert_eq!(id(&[("a", b"bc")]), hash[..16]);
        let ids = [
            id(&[]),
            id(&[("a", b"bc")]),
            id(&[("ab", b"c")]),
            id(&[("a", b""), ("bc", b"")]),
            id(&[("a", b"b"), ("c", b"")]),
        ];
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.len() == 16));
    }
}

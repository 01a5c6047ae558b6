//! What a pipeline keeps from run to run beside its runs. It may be deleted at any time.
//!
//! ```text
//! OUT/<pipeline>/cache/<name>    the hash of the bytes, and the bytes
//! ```

#![expect(clippy::disallowed_methods, reason = "keeps what later runs need not make again")]

use crate::kept::{Content, Kept};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const CACHE: &str = "cache";

/// What a file is called until it is whole.
const NEW: &str = ".new-";

/// The folder of what is kept. Only the run that holds the lock of its pipeline may store and prune, and nothing of that
/// shows before it is settled: a run that fails may have read a file that was written to meanwhile, or found what the
/// kept things do not tell.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    is_read: bool,
    /// What is to be done when the run turns out well.
    pending: Mutex<Vec<Change>>,
}

#[derive(Debug)]
enum Change {
    Store(String),
    Prune(String, BTreeSet<String>),
}

impl Cache {
    /// That of a pipeline.
    pub fn of(out: &Path, pipeline: &str) -> Self {
        Self { folder: out.join(pipeline).join(CACHE), is_read: true, pending: Mutex::default() }
    }

    /// The same, as if nothing had been kept so far.
    pub fn unread(mut self) -> Self {
        self.is_read = false;
        self
    }

    fn write(&self, name: &str, content: &dyn Content) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = fs::File::create(self.staged(name))?;
        file.write_all(&[0; blake3::OUT_LEN])?;
        let mut hashing = Hashing { to: file, hasher: blake3::Hasher::new() };
        content.write(&mut hashing)?;
        let Hashing { to: mut file, hasher } = hashing;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(hasher.finalize().as_bytes())
    }

    /// Puts all that was stored and pruned into effect.
    pub fn settle(&self) {
        for change in self.pending().drain(..) {
            match change {
                Change::Store(name) => {
                    if let Err(error) = fs::rename(self.staged(&name), self.folder.join(&name)) {
                        warn(&name, &error);
                    }
                }
                Change::Prune(beginning, names) => self.forget(&beginning, &names),
            }
        }
    }

    fn forget(&self, beginning: &str, names: &BTreeSet<String>) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let mine = name.strip_prefix(NEW).unwrap_or(&name).starts_with(beginning);
            if mine && !names.contains(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn staged(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{NEW}{name}"))
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Change>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cache {
    /// Removes what was stored and never settled. What a killed process leaves goes with the next pruning.
    fn drop(&mut self) {
        for change in std::mem::take(&mut *self.pending()) {
            if let Change::Store(name) = change {
                let _ = fs::remove_file(self.staged(&name));
            }
        }
    }
}

/// Hashes what is written.
struct Hashing {
    to: fs::File,
    hasher: blake3::Hasher,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn warn(name: &str, error: &io::Error) {
    tracing::warn!(%error, name, "cannot keep what later runs could use");
}

impl Kept for Cache {
    fn load(&self, name: &str) -> Option<Vec<u8>> {
        let mut file = self.is_read.then(|| fs::File::open(self.folder.join(name)).ok()).flatten()?;
        let (mut hash, mut bytes) = ([0; blake3::OUT_LEN], Vec::new());
        file.read_exact(&mut hash).ok()?;
        file.read_to_end(&mut bytes).ok()?;
        (*blake3::hash(&bytes).as_bytes() == hash).then_some(bytes)
    }

    fn store(&self, name: &str, content: &dyn Content) -> bool {
        let stored = self.write(name, content);
        match &stored {
            Ok(()) => self.pending().push(Change::Store(name.to_owned())),
            Err(error) => {
                let _ = fs::remove_file(self.staged(name));
                warn(name, error);
            }
        }
        stored.is_ok()
    }

    fn prune(&self, beginning: &str, names: &BTreeSet<String>) {
        self.pending().push(Change::Prune(beginning.to_owned(), names.clone()));
    }
}

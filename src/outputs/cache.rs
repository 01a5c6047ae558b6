//! What a pipeline keeps from run to run beside its runs. It may be deleted at any time.
//!
//! ```text
//! OUT/<pipeline>/cache/<name>    the hash of the bytes, and the bytes
//! ```

#![expect(clippy::disallowed_methods, reason = "keeps what later runs need not make again")]

use crate::kept::Kept;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const CACHE: &str = "cache";

/// What a file is called until it is whole.
const NEW: &str = ".new-";

/// The folder of what is kept. Only the run that holds the lock of its pipeline may store and prune.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    is_read: bool,
}

impl Cache {
    /// That of a pipeline.
    pub fn of(out: &Path, pipeline: &str) -> Self {
        Self { folder: out.join(pipeline).join(CACHE), is_read: true }
    }

    /// The same, as if nothing had been kept so far.
    pub fn unread(self) -> Self {
        Self { is_read: false, ..self }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let staged = self.folder.join(format!("{NEW}{name}"));
        fs::create_dir_all(&self.folder)?;
        let mut file = fs::File::create(&staged)?;
        file.write_all(blake3::hash(bytes).as_bytes())?;
        file.write_all(bytes)?;
        fs::rename(&staged, self.folder.join(name))
    }
}

impl Kept for Cache {
    fn load(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = self.is_read.then(|| fs::read(self.folder.join(name)).ok()).flatten()?;
        let kept = (bytes.len() >= blake3::OUT_LEN).then(|| bytes.split_off(blake3::OUT_LEN))?;
        (blake3::hash(&kept).as_bytes().as_slice() == bytes).then_some(kept)
    }

    fn store(&self, name: &str, bytes: &[u8]) {
        if let Err(error) = self.write(name, bytes) {
            let _ = fs::remove_file(self.folder.join(format!("{NEW}{name}")));
            tracing::warn!(%error, name, "cannot keep what later runs could use");
        }
    }

    fn prune(&self, beginning: &str, names: &BTreeSet<String>) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let mine = name.strip_prefix(NEW).unwrap_or(&name).starts_with(beginning);
            if mine && !names.contains(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

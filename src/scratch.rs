//! Room outside of memory for what a run needs only while it is made.

use crate::failure::Failure;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

/// Bytes added at the end and read back wherever they are; several threads may do both at once.
pub trait Scratch: Debug + Send + Sync {
    /// Adds bytes and tells where they are.
    ///
    /// # Errors
    /// Where they cannot be written.
    fn append(&self, bytes: &[u8]) -> Result<Place, Failure>;

    /// The bytes of a place, as they were added.
    ///
    /// # Errors
    /// Where they cannot be read, or are no longer what was added.
    fn read(&self, place: &Place) -> Result<Vec<u8>, Failure>;
}

/// Where bytes are, and what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: u64,
    pub length: usize,
    pub hash: blake3::Hash,
}

impl Place {
    pub fn of(at: u64, bytes: &[u8]) -> Self {
        Self { at, length: bytes.len(), hash: blake3::hash(bytes) }
    }
}

/// Scratch in memory, for where no run is written: tests and benches.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Vec<Vec<u8>>>);

impl Scratch for Memory {
    fn append(&self, bytes: &[u8]) -> Result<Place, Failure> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.push(bytes.to_vec());
        Ok(Place::of(u64::try_from(blocks.len()).unwrap_or_default() - 1, bytes))
    }

    fn read(&self, place: &Place) -> Result<Vec<u8>, Failure> {
        let blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let block = usize::try_from(place.at).ok().and_then(|at| blocks.get(at));
        block.cloned().ok_or_else(|| Failure::run("nothing was written there"))
    }
}

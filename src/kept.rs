//! What a run keeps for later ones, to spare them work that would come to the same.

use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io::{self, BufWriter, Write};

/// Bytes by name, kept from run to run. What is gone or damaged is as if it had never been kept, and what cannot be kept
/// is made again: no result depends on it.
pub trait Kept: Debug + Send + Sync {
    /// The bytes as they were kept, or nothing.
    fn load(&self, name: &str) -> Option<Vec<u8>>;

    /// Keeps the bytes of something, in place of those of the same name, once the run has turned out well. Whether they
    /// could be written.
    fn store(&self, name: &str, content: &dyn Content) -> bool;

    /// Forgets all names that begin so and are not among these, once the run has turned out well.
    fn prune(&self, beginning: &str, names: &BTreeSet<String>);
}

/// Something that can be kept: it is written bit by bit, and never in memory as bytes.
pub trait Content {
    /// # Errors
    /// Where it cannot be written.
    fn write(&self, to: &mut dyn Write) -> io::Result<()>;
}

/// So much is written at a time.
const BUFFER: usize = 1 << 18;

/// As postcards: <https://postcard.jamesmunns.com>.
impl<T: Serialize> Content for T {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut to = BufWriter::with_capacity(BUFFER, to);
        postcard::to_io(self, &mut to).map_err(io::Error::other)?;
        to.flush()
    }
}

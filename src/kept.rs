//! What a run keeps for later ones, to spare them work that would come to the same.

use std::collections::BTreeSet;
use std::fmt::Debug;

/// Bytes by name, kept from run to run. What is gone or damaged is as if it had never been kept, and what cannot be kept
/// is made again: no result depends on it.
pub trait Kept: Debug + Send + Sync {
    /// The bytes as they were kept, or nothing.
    fn load(&self, name: &str) -> Option<Vec<u8>>;

    /// Keeps bytes, in place of those of the same name, once the run has turned out well.
    fn store(&self, name: &str, bytes: &[u8]);

    /// Forgets all names that begin so and are not among these, once the run has turned out well.
    fn prune(&self, beginning: &str, names: &BTreeSet<String>);
}

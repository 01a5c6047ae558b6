//! Threads beside rayon's: those that read lines, and where memory is limited, those that make account years.

use crate::failure::Failure;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shares out so many things among threads, each of which takes the next until there is none.
///
/// Plain threads and not rayon's: expressions run on the pool of Polars, and a rayon worker waiting for it would start
/// another part on top of the one at hand.
///
/// # Errors
/// What the work fails with, and where a thread panics.
pub fn side_by_side<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(&mut dyn Iterator<Item = usize>) -> Result<T, Failure> + Sync,
) -> Result<Vec<T>, Failure> {
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|index| *index < count);
        work(&mut std::iter::from_fn(take))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, count.max(1))).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|_| {
                    Err(Failure::run("a thread beside others panicked; this is a mistake of the program"))
                })
            })
            .collect()
    })
}

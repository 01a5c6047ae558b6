//! Threads that write the files of a run while its stages still run.

use super::parquet::Compression;
use super::publish::Publisher;
use super::tables;
use crate::failure::Failure;
use crate::pipeline::check::{Plan, Signature};
use crate::product::Product;
use crate::table::Table;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Something to be written, which holds on to what it writes no longer than that takes.
pub type Task = Box<dyn FnOnce(&Publisher) -> Result<(), Failure> + Send>;

/// What is to be written of a product: the files that it is, the tables that the pipeline asks for, and what every ledger
/// tells about its lines.
pub fn tasks(plan: &Plan, product: &Arc<Product>) -> Vec<Task> {
    let decimals = plan.settings.decimals;
    let table = |table: &Table, path: &str, compression: Compression| -> Task {
        let (table, path) = (table.clone(), path.to_owned());
        Box::new(move |publisher| {
            publisher.stream(&path, move |file| tables::write(table, file, compression, decimals))
        })
    };
    let mut tasks: Vec<Task> = Vec::new();
    match product.as_ref() {
        Product::Ledger(ledger) => {
            let path = |name: &str| format!("{name}.parquet");
            let shared = Arc::clone(product);
            tasks.push(Box::new(move |publisher| write_quarantine(&shared, publisher, decimals)));
            tasks.extend(ledger.tables.iter().map(|of| table(of, &path(of.name()), Compression::Snappy)));
        }
        Product::Files(files) => tasks.extend((0..files.len()).map(|place| -> Task {
            let product = Arc::clone(product);
            Box::new(move |publisher| write_file(&product, place, publisher))
        })),
        _ => {}
    }
    let exports = plan.steps.iter().filter_map(|step| match &step.signature {
        Signature::Exports(exports) => Some(exports),
        _ => None,
    });
    for export in exports.flatten() {
        let made = product.tables().iter().filter(|made| made.name() == export.table);
        tasks.extend(made.map(|made| table(made, &export.path, export.compression)));
    }
    tasks
}

/// A quarantine may be larger than memory, and is written from where it was put.
fn write_quarantine(product: &Product, publisher: &Publisher, decimals: u32) -> Result<(), Failure> {
    let Product::Ledger(ledger) = product else { return Ok(()) };
    let path = format!("{}.parquet", ledger.quarantine.name());
    publisher.stream(&path, |file| tables::stream(&ledger.quarantine, file, decimals))
}

fn write_file(product: &Product, place: usize, publisher: &Publisher) -> Result<(), Failure> {
    let Product::Files(files) = product else { return Ok(()) };
    files.get(place).map_or(Ok(()), |file| Ok(publisher.write(&file.path, &file.bytes)?))
}

/// Does `work`, which hands out what is to be written, and writes that meanwhile on so many threads.
///
/// Plain threads and not rayon's: a stage that waits for rayon would wait for the files too.
///
/// # Errors
/// The failure of the work, and else the first of those of writing, in the order in which tasks were handed out.
pub fn writing<T>(
    publisher: &Publisher,
    threads: usize,
    work: impl FnOnce(&dyn Fn(Task)) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (queue, tasks) = mpsc::channel::<Task>();
    // Tasks are taken in their order, so that whoever fails first has taken all that lie before.
    let tasks = Mutex::new((0usize.., tasks));
    let take = || {
        let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let task = tasks.1.recv().ok()?;
        Some((tasks.0.next()?, task))
    };
    let write = || {
        while let Some((place, task)) = take() {
            task(publisher).map_err(|failure| (place, failure))?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(write)).collect();
        // Where nobody takes tasks any more, one has failed, which is told below.
        let done = work(&|task| drop(queue.send(task)));
        drop(queue);
        let panicked = |_| Err((0, Failure::run("a file could not be written; this is a mistake of the program")));
        let written = writers.into_iter().map(|writer| writer.join().unwrap_or_else(panicked));
        let failed = written.filter_map(Result::err).min_by_key(|(place, _)| *place);
        let done = done?;
        failed.map_or(Ok(done), |(_, failure)| Err(failure))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_out_is_written_and_the_first_failure_told() {
        for threads in 1..4 {
            let out = tempfile::tempdir().unwrap();
            let publisher = Publisher::begin(out.path(), "key_accounts").unwrap();
            let task = |place: usize, fails: bool| -> Task {
                Box::new(move |publisher| match fails {
                    true => Err(Failure::run(format!("{place} failed"))),
                    false => Ok(publisher.write(&place.to_string(), b"")?),
                })
            };
            let run = |fails: fn(usize) -> bool, range: std::ops::Range<usize>| {
                writing(&publisher, threads, |hand| {
                    range.for_each(|place| hand(task(place, fails(place))));
                    Ok("done")
                })
            };
            assert_eq!(run(|_| false, 0..20).unwrap(), "done");
            assert_eq!(publisher.files().len(), 20);
            assert_eq!(run(|place| place % 5 == 3, 20..40).unwrap_err().to_string(), "23 failed");
            let failed = writing(&publisher, threads, |_| Err::<(), _>(Failure::run("no work")));
            assert_eq!(failed.unwrap_err().to_string(), "no work");
        }
    }
}

//! The floor of a run on Parquet: its columns decoded by its own reader, on all threads, and nothing done with them.
//!
//! `VITALFEW_SCAN='inv1/*/*.parquet' cargo bench -- scan`, on invoices as `benches/compare.py` takes them, or on those of
//! Iowa; without the variable there is nothing to read.

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use std::hint::black_box;
use std::path::Path;
use vitalfew::failure::Failure;
use vitalfew::ledger::parallel::side_by_side;
use vitalfew::sources::facts::Facts;
use vitalfew::sources::parquet::Footer;
use vitalfew::sources::{Format, SourceFile, scan as read};

/// The columns of the full job, and how many of them are those of the core job.
const INVOICES: (&[&str], usize) =
    (&["account_id", "invoice_date", "net_amount", "cost", "invoice_id", "product_id"], 4);
const IOWA: (&[&str], usize) = (&["Store Number", "Date", "Sale (Dollars)", "Invoice/Item Number", "Item Number"], 3);

fn opened(path: &Path) -> SourceFile {
    let name = path.display().to_string();
    let footer = Footer::load(path, &name).expect("the file is Parquet");
    let (columns, facts) = (footer.columns(), Facts { format: "parquet", ..Facts::default() });
    let format = Format::Parquet(footer);
    SourceFile { path: path.to_owned(), name, bytes: 0, columns, folders: Vec::new(), format, facts }
}

/// Decodes some columns of all row groups; how many rows there are.
fn decoded(files: &[SourceFile], columns: &[&str], threads: usize) -> Result<usize, Failure> {
    let parts: Vec<(&SourceFile, usize)> =
        files.iter().flat_map(|file| (0..file.parts()).map(move |part| (file, part))).collect();
    let rows = side_by_side(parts.len(), threads, |next| {
        let mut rows = 0;
        for (file, part) in next.filter_map(|place| parts.get(place)) {
            let places: Vec<usize> = columns.iter().filter_map(|column| file.column(column)).collect();
            assert_eq!(places.len(), columns.len(), "`{}` lacks columns", file.name);
            read::<Failure>(file, *part, &places, &mut |batch| {
                rows += black_box(batch).rows;
                Ok(())
            })?;
        }
        Ok(rows)
    })?;
    Ok(rows.iter().sum())
}

pub fn scan(criterion: &mut Criterion) {
    #[expect(clippy::disallowed_methods, reason = "large files are no part of the project")]
    let Ok(pattern) = std::env::var("VITALFEW_SCAN") else { return };
    let paths = glob::glob(&pattern).expect("the pattern is sound");
    let files: Vec<SourceFile> = paths.filter_map(Result::ok).map(|path| opened(&path)).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut group = criterion.benchmark_group("scan");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let is_iowa = files.iter().all(|file| file.column("Store Number").is_some());
    let (full, core) = if is_iowa { IOWA } else { INVOICES };
    for (job, columns) in [("core", &full[..core]), ("full", full)] {
        let rows = decoded(&files, columns, threads).expect("the files can be read");
        group.throughput(Throughput::Elements(rows as u64));
        for threads in [1, threads] {
            let id = BenchmarkId::new(format!("columns of the {job} job, threads"), threads);
            group.bench_function(id, |bencher| {
                bencher.iter(|| decoded(&files, columns, threads).expect("the files can be read"));
            });
        }
    }
    group.finish();
}

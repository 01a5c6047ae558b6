//! What text costs before its lines are judged: finding records, making columns of fields, and finding where a large
//! text may be divided. One thread, but for the division, which takes all.

use criterion::{BenchmarkId, Criterion, Throughput};
use std::hint::black_box;
use std::io::{Cursor, Write};
use std::sync::Arc;
use vitalfew::sources::csv;
use vitalfew::sources::division::{Extent, divide};
use vitalfew::sources::encoding::Decoder;
use vitalfew::sources::form::Form;
use vitalfew::sources::records::Records;
use vitalfew::sources::stream::Text;
use vitalfew::sources::{Error, Format, SourceFile, scan};

const LINES: u32 = 500_000;

/// Records looked for at a time, as the reader of CSV does.
const BATCH_ROWS: usize = 8_192;

/// Invoice lines, their products in quotes or not.
fn text(quotes: bool) -> String {
    let quote = if quotes { "\"" } else { "" };
    let line = |number: u32| {
        let (invoice, account) = (number / 4, number.wrapping_mul(2_654_435_761) % 60_000);
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        let amount = format!("{}.{:02}", number % 10_000, number % 100);
        format!(
            "ACC-{account:06},INV-{invoice:07},1996-{month:02}-{day:02},{quote}SKU-{:06}{quote},{amount},17.25\n",
            number.wrapping_mul(40_503) % 200_000
        )
    };
    let header = "account_id,invoice_id,invoice_date,product_id,net_amount,cost\n".to_owned();
    (0..LINES).map(line).fold(header, |text, line| text + &line)
}

/// A file of this text, and the folder that holds it.
fn file(text: &str) -> (tempfile::NamedTempFile, SourceFile) {
    let mut held = tempfile::NamedTempFile::new().expect("a temporary file");
    held.write_all(text.as_bytes()).expect("the disk has room");
    let (columns, known, facts) = csv::open(held.path(), "bench.csv", &Form::default()).expect("it has a header");
    let (path, name) = (held.path().to_owned(), "bench.csv".to_owned());
    let (bytes, format) = (text.len() as u64, Format::Csv(known));
    (held, SourceFile { path, name, bytes, columns, folders: Vec::new(), format, facts })
}

pub fn records(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("records");
    group.sample_size(20);
    for (name, quotes) in [("without quotes", false), ("with quotes", true)] {
        let text = text(quotes);
        let bytes: Arc<[u8]> = text.as_bytes().into();
        let (_held, file) = file(&text);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("found in memory", name), |bencher| {
            bencher.iter(|| {
                let mut text = Text::of(Box::new(Cursor::new(Arc::clone(&bytes))), Decoder::utf8());
                let (mut records, mut count) = (Records::new(b',', 1), 0);
                while records.read(&mut text, BATCH_ROWS).expect("memory can be read") {
                    count += records.found(text.kept()).count();
                }
                black_box(count)
            });
        });
        for columns in [[0, 2, 4, 5].as_slice(), &[0, 1, 2, 3, 4, 5]] {
            let id = BenchmarkId::new(format!("{} columns of a file", columns.len()), name);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    scan::<Error>(&file, 0, columns, &mut |batch| {
                        black_box(batch.columns);
                        Ok(())
                    })
                });
            });
        }
        let extent = Extent { start: 0, end: file.bytes, delimiter: b',', undecided: true };
        group.bench_function(BenchmarkId::new("divided", name), |bencher| {
            bencher.iter(|| black_box(divide(&file.path, extent, 1 << 20).expect("the file can be read")));
        });
    }
    group.finish();
}

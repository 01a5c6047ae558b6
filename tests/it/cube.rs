//! The sums of account years against a plain Polars query over the same lines, in the types that data bases write: what
//! takes a short way there is compared with what takes none.

use crate::reference::{money, rows};
use crate::support::{Project, Rows};
use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use polars::prelude::{Column, DataFrame, IntoLazy, NamedFrom, Series, col, len, lit};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::io::Write;
use std::sync::Arc;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: invoices, path: \"lines/*.parquet\"}
  - ledger:
      from: invoices
      columns: {account: account, invoice: invoice, date: day, amount: amount, cost: cost, product: product}
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

#[derive(Debug, Clone, Default)]
struct Line {
    account: Option<String>,
    /// Days since 1970-01-01.
    day: Option<i32>,
    /// Cents.
    amount: Option<i64>,
    cost: Option<i64>,
    invoice: Option<String>,
    product: Option<String>,
}

/// How a file stores money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Money {
    /// In 64 bits, and with more digits in 128; both with cents, or with tenths of them that are none.
    Short,
    Long,
    Finer,
    Float,
    /// Whole euros.
    Integer,
}

#[derive(Debug, Clone)]
struct File {
    money: Money,
    lines: Vec<Line>,
    group_rows: usize,
    /// A dictionary of more bytes gives way to plain pages in the middle of a row group.
    dictionary_bytes: usize,
}

fn missing<T: std::fmt::Debug + Clone + 'static>(of: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Option<T>> {
    prop_oneof![1 => Just(None), 15 => of.prop_map(Some)].boxed()
}

fn line(accounts: u8) -> impl Strategy<Value = Line> {
    let account = match accounts {
        0 => missing(Just("the only one".to_owned())),
        1 => missing("ACME-0000[0-9]{2}|[AB]|a name of more than fifteen bytes, [ab]"),
        _ => missing("[A-Z]{3,20}"),
    };
    // 2020-01-01 to 2024-12-31.
    let day = missing(18_262i32..20_089);
    let amount = prop_oneof![8 => -1_000_000i64..1_000_000, 1 => -3_000_000_000_000_000i64..3_000_000_000_000_000];
    let invoice = missing("INV-00000[0-9]{1,2}|[0-9]{10,12}|x");
    let product = missing("P[0-9]{1,2}|[a-c]{1,18}");
    (account, day, missing(amount), missing(-1_000i64..1_000_000), invoice, product).prop_map(
        |(account, day, amount, cost, invoice, product)| Line { account, day, amount, cost, invoice, product },
    )
}

fn file(accounts: u8) -> impl Strategy<Value = File> {
    let money = proptest::sample::select(vec![Money::Short, Money::Long, Money::Finer, Money::Float, Money::Integer]);
    (money, proptest::collection::vec(line(accounts), 0..60), 1usize..40, prop_oneof![Just(8usize), Just(1 << 20)])
        .prop_map(|(money, lines, group_rows, dictionary_bytes)| {
            let lines = lines.into_iter().map(|line| line.stored_as(money)).collect();
            File { money, lines, group_rows, dictionary_bytes }
        })
}

fn files() -> impl Strategy<Value = Vec<File>> {
    (0u8..3).prop_flat_map(|accounts| proptest::collection::vec(file(accounts), 1..4)).prop_map(|mut files| {
        // The last year has a line, or the book would not close.
        let line = Line { account: Some("sure".to_owned()), day: Some(19_509), amount: Some(100), ..Line::default() };
        files.push(File { money: Money::Short, lines: vec![line], group_rows: 1, dictionary_bytes: 8 });
        files
    })
}

impl Line {
    /// The line with amounts that can be stored so.
    fn stored_as(self, money: Money) -> Self {
        let whole = |cents: i64| match money {
            Money::Integer => cents / 100 * 100,
            // Of more than 15 digits a float is none.
            Money::Float => cents % 100_000_000_000_000,
            _ => cents,
        };
        Self { amount: self.amount.map(whole), cost: self.cost.map(whole), ..self }
    }
}

impl File {
    fn column(&self, money: impl Fn(&Line) -> Option<i64>) -> ArrayRef {
        let cents = || self.lines.iter().map(&money);
        let decimals = |factor: i128, digits, scale| {
            let values = cents().map(|cents| cents.map(|cents| i128::from(cents) * factor));
            values.collect::<Decimal128Array>().with_precision_and_scale(digits, scale).unwrap()
        };
        match self.money {
            Money::Short => Arc::new(decimals(1, 18, 2)),
            Money::Long => Arc::new(decimals(1, 38, 2)),
            Money::Finer => Arc::new(decimals(10, 20, 3)),
            Money::Float => {
                Arc::new(cents().map(|cents| cents.map(|cents| cents as f64 / 100.0)).collect::<Float64Array>())
            }
            Money::Integer => Arc::new(cents().map(|cents| cents.map(|cents| cents / 100)).collect::<Int64Array>()),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let text = |key: fn(&Line) -> Option<&String>| -> ArrayRef {
            Arc::new(self.lines.iter().map(|line| key(line).map(String::as_str)).collect::<StringArray>())
        };
        let days: ArrayRef = Arc::new(self.lines.iter().map(|line| line.day).collect::<Date32Array>());
        let columns = [
            ("account", text(|line| line.account.as_ref())),
            ("day", days),
            ("amount", self.column(|line| line.amount)),
            ("cost", self.column(|line| line.cost)),
            ("invoice", text(|line| line.invoice.as_ref())),
            ("product", text(|line| line.product.as_ref())),
        ];
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap();
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(self.group_rows))
            .set_dictionary_page_size_limit(self.dictionary_bytes)
            .set_data_page_row_count_limit(7)
            .set_write_batch_size(3);
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    }
}

/// The cube as an analyst would ask for it.
fn reference(files: &[File]) -> Rows {
    let lines = || files.iter().flat_map(|file| &file.lines);
    let text = |name: &str, key: fn(&Line) -> Option<&String>| -> Column {
        Series::new(name.into(), lines().map(|line| key(line).map(String::as_str)).collect::<Vec<_>>()).into()
    };
    let cents = |name: &str, value: fn(&Line) -> Option<i64>| -> Column {
        Series::new(name.into(), lines().map(value).collect::<Vec<_>>()).into()
    };
    let days: Column = Series::new("day".into(), lines().map(|line| line.day).collect::<Vec<_>>()).into();
    let columns = vec![
        text("account", |line| line.account.as_ref()),
        days.cast(&polars::prelude::DataType::Date).unwrap(),
        cents("amount", |line| line.amount),
        cents("cost", |line| line.cost),
        text("invoice", |line| line.invoice.as_ref()),
        text("product", |line| line.product.as_ref()),
    ];
    let as_of = lit(19_722).cast(polars::prelude::DataType::Date);
    let is_line = col("account").is_not_null().and(col("amount").is_not_null()).and(col("day").lt_eq(as_of));
    let distinct = |name: &str| col(name).drop_nulls().n_unique();
    let cube = DataFrame::new(lines().count(), columns)
        .unwrap()
        .lazy()
        .filter(is_line)
        .with_columns([col("day").dt().year().alias("fiscal_year"), col("day").dt().month().alias("month")])
        .group_by([col("account"), col("fiscal_year")])
        .agg([
            col("amount").sum().alias("revenue"),
            col("cost").sum(),
            len().alias("lines"),
            distinct("invoice").alias("invoices"),
            distinct("product").alias("products"),
            col("amount").lt(lit(0)).sum().alias("returns"),
            col("month").n_unique().alias("active_months"),
            col("day").min().alias("first_date"),
            col("day").max().alias("last_date"),
        ])
        .sort(["account", "fiscal_year"], Default::default())
        .with_columns([lit(true).alias("complete")])
        .collect()
        .unwrap();
    let of_column = |column: &Column| -> Vec<String> {
        let texts = column.cast(&polars::prelude::DataType::String).unwrap();
        let is_money = ["revenue", "cost"].contains(&column.name().as_str());
        let shown = |text: &str| if is_money { money(text.parse().unwrap()) } else { text.to_owned() };
        texts.str().unwrap().iter().map(|text| shown(text.unwrap())).collect()
    };
    let columns: Vec<Vec<String>> = cube.columns().iter().map(of_column).collect();
    let names: Vec<&str> = cube.columns().iter().map(|column| column.name().as_str()).collect();
    rows(&names, (0..cube.height()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect())
}

proptest! {
    #![proptest_config(Config {
        cases: 48,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn account_years_are_what_a_plain_query_makes_of_the_lines(files in files()) {
        let project = Project::new(PIPELINE);
        for (number, file) in files.iter().enumerate() {
            project.write(&format!("lines/{number}.parquet"), file.bytes());
        }
        let run = project.run(&[]);
        prop_assert_eq!(run.table("tables/account_years.parquet"), reference(&files));
    }
}

#[test]
fn a_dictionary_gives_way_to_plain_pages() {
    let lines = (0..40).map(|number| Line { account: Some(format!("account {number}")), ..Line::default() }).collect();
    let file = File { money: Money::Short, lines, group_rows: 40, dictionary_bytes: 8 };
    let mut written = tempfile::tempfile().unwrap();
    written.write_all(&file.bytes()).unwrap();
    let group = SerializedFileReader::new(written).unwrap().metadata().row_group(0).clone();
    let encodings: Vec<_> = group.column(0).encodings().collect();
    assert!(encodings.contains(&Encoding::PLAIN), "{encodings:?}");
    assert!(encodings.contains(&Encoding::RLE_DICTIONARY), "{encodings:?}");
}

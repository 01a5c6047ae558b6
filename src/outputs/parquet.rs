//! Writes a table as Parquet for the readers that sales departments really have.
//!
//! The files stay with what the most conservative readers take: flat, nullable columns, V1 data
//! pages, plain and dictionary encodings, Snappy, row groups of 131,072 rows (fewer where they are very
//! wide), statistics and page indexes. They hold no clock and no Arrow schema, so the same table gives the same bytes.
//!
//! | meaning       | Parquet type                                 |
//! |---------------|----------------------------------------------|
//! | text          | `BYTE_ARRAY`, string                         |
//! | integer       | `INT64`                                      |
//! | money         | `INT64`, `DECIMAL(18, decimals)`             |
//! | number, ratio | `DOUBLE`, always finite, never negative zero |
//! | date          | `INT32`, date                                |
//! | flag          | `BOOLEAN`                                    |
//!
//! Money always has 18 digits, whatever the values: a schema that changed with the data would break
//! the queries over last night's file. 18 are the most that Parquet stores as `INT64`, and so with
//! the minor units as they are; a 19th would need fixed-length bytes, which fewer readers take, to
//! hold amounts of ten thousand billion and more.

use std::cmp::Ordering;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use ::parquet::arrow::ArrowSchemaConverter;
use ::parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use ::parquet::basic::{Compression as Codec, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::SortingColumn;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::ColumnPath;
use arrow::array::{Array, ArrayRef, make_comparator};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use polars::prelude::PolarsError;
use rayon::prelude::*;

use super::footer::Tail;
use super::slice::Slice;
use crate::table::{Meaning, PIECE_ROWS, Table, TableSpec};

/// The digits of every money column; see the head of this file.
pub(super) const MONEY_DIGITS: u8 = 18;

/// The largest amount, in minor units, that has no more than those digits.
pub(super) const LARGEST_MONEY: u64 = 10_u64.pow(MONEY_DIGITS as u32) - 1;

/// Small enough for readers that load a row group whole, large enough to compress well.
const ROW_GROUP_ROWS: usize = 131_072;

/// A row group is held in memory until it is whole, and ends where its values take so much.
const ROW_GROUP_BYTES: usize = 64 << 20;

/// Rows taken from Polars at a time; it divides a row group, so that no batch is split between two, and a piece of a
/// table.
const BATCH_ROWS: usize = 16_384;
const _: () = assert!(ROW_GROUP_ROWS.is_multiple_of(BATCH_ROWS) && PIECE_ROWS.is_multiple_of(BATCH_ROWS));

/// In the form that the format asks for: readers that cannot parse it distrust the statistics.
const CREATED_BY: &str = concat!("vitalfew version ", env!("CARGO_PKG_VERSION"));

/// How a table is written.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// The decimals of the currency: how many digits of a minor unit stand behind the point.
    pub decimals: u8,
    pub compression: Compression,
    /// The columns that get no dictionary.
    pub plain: &'a [String],
    /// The column by which the rows are already sorted, ascending and nulls last: readers skip rows by it.
    pub sorted_by: Option<&'a str>,
}

/// The compression of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Read by everything that reads Parquet.
    #[default]
    Snappy,
    /// Smaller files, for readers of the last few years.
    Zstd,
    None,
}

impl Compression {
    fn codec(self) -> Codec {
        match self {
            Self::Snappy => Codec::SNAPPY,
            Self::Zstd => Codec::ZSTD(ZstdLevel::default()),
            Self::None => Codec::UNCOMPRESSED,
        }
    }
}

/// A value in a table; rows count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub table: String,
    pub column: String,
    pub row: usize,
}

impl fmt::Display for Cell {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, column, row } = self;
        write!(formatter, "row {row} of column `{column}` in table `{table}`")
    }
}

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{cell} is `{value}`, which is not a finite number")]
    NotFinite { cell: Cell, value: f64 },
    #[error("{cell} is `{value}` minor units, which has more than {MONEY_DIGITS} digits")]
    TooLarge { cell: Cell, value: i64 },
    #[error("{cell} comes before the row above it, though the table is declared sorted by this column")]
    NotSorted { cell: Cell },
    #[error("table `{table}` has no column `{column}` to be sorted by")]
    NoSortColumn { table: String, column: String },
    #[error("column `{column}` of table `{table}` is not what its declaration says")]
    Undeclared { table: String, column: String, source: PolarsError },
    #[error("table `{table}` cannot be written as Parquet")]
    Write { table: String, source: ParquetError },
}

/// Writes `table` as one Parquet file: the same bytes for the same table and options.
#[cfg(test)]
pub fn encode(table: &Table, options: &Options<'_>) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::begin(&table.spec, options, Vec::new())?;
    writer.add(table)?;
    writer.finish()
}

/// A Parquet file in the making, of a table that comes in pieces and is never in memory as a whole.
pub struct Writer<W: Write + Send> {
    spec: TableSpec,
    scale: i8,
    schema: SchemaRef,
    order: Option<Order>,
    /// How many rows the pieces so far had.
    rows: usize,
    /// The row groups that are not encoded yet, the last of which may still grow.
    groups: Vec<Group>,
    /// Those that are encoded and not yet written.
    encoded: Vec<Vec<ArrowColumnChunk>>,
    columns: ArrowRowGroupWriterFactory,
    file: SerializedFileWriter<Tail<W>>,
}

/// The rows of a row group before they are encoded.
#[derive(Default)]
struct Group {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Group {
    fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.bytes += batch.get_array_memory_size();
        self.batches.push(batch);
    }

    fn is_full(&self) -> bool {
        self.rows >= ROW_GROUP_ROWS || self.bytes >= ROW_GROUP_BYTES
    }

    /// Encodes its columns side by side.
    fn encoded(self, schema: &Schema, writers: Vec<ArrowColumnWriter>) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        let column = |(place, mut writer): (usize, ArrowColumnWriter)| {
            for batch in &self.batches {
                // Of flat columns there is one leaf each.
                for leaf in compute_leaves(schema.field(place), batch.column(place))? {
                    writer.write(&leaf)?;
                }
            }
            writer.close()
        };
        writers.into_par_iter().enumerate().map(column).collect()
    }
}

impl<W: Write + Send> Writer<W> {
    /// Starts a file, which goes to `file` bit by bit.
    ///
    /// # Errors
    ///
    /// More decimals than digits, or a column to be sorted by that is not there.
    pub fn begin(spec: &TableSpec, options: &Options<'_>, file: W) -> Result<Self, Error> {
        let order = options.sorted_by.map(|name| Order::new(spec, name)).transpose()?;
        let scale = scale(options.decimals);
        let schema = schema(spec, scale);
        let failed = |source| Error::Write { table: spec.name.clone(), source };
        // The Arrow schema is not written: it repeats what the Parquet types say, and names types that older readers do
        // not know.
        let types = ArrowSchemaConverter::new().convert(&schema).map_err(failed)?;
        let properties = Arc::new(properties(options, order.as_ref()));
        let file = Tail::of(file, spec.columns.len());
        let file = SerializedFileWriter::new(file, types.root_schema_ptr(), properties).map_err(failed)?;
        let columns = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema));
        Ok(Self {
            spec: spec.clone(),
            scale,
            schema,
            order,
            rows: 0,
            groups: Vec::new(),
            encoded: Vec::new(),
            columns,
            file,
        })
    }

    /// Adds the next rows, whose texts are copied side by side; numbers stay in the memory of the table until they are encoded.
    ///
    /// # Errors
    /// A number that is not finite, an amount of more than 18 digits, rows that are not in the order that
    /// `sorted_by` promises, a frame that does not match its spec; and where the file cannot be written.
    pub fn add(&mut self, table: &Table) -> Result<(), Error> {
        let starts: Vec<usize> = (0..table.rows()).step_by(BATCH_ROWS).collect();
        let slices = starts.par_iter().map(|start| {
            let rows = *start..table.rows().min(start + BATCH_ROWS);
            let slice = Slice { table, before: self.rows, rows };
            let batch = slice.batch(&self.spec, &self.schema, self.scale);
            (slice, batch)
        });
        // Of several mistakes the first one is told.
        for (slice, batch) in slices.collect::<Vec<_>>() {
            let batch = batch?;
            if let Some(order) = &mut self.order {
                order.check(&slice, &batch)?;
            }
            self.push(batch).map_err(|source| slice.failed(source))?;
        }
        self.rows += table.rows();
        Ok(())
    }

    /// Adds a batch to the last row group, and encodes all of them where they are enough to keep all threads at work.
    fn push(&mut self, mut batch: RecordBatch) -> Result<(), ParquetError> {
        // Pieces of a table may end anywhere, and row groups do not show where.
        while batch.num_rows() > 0 {
            let mut group = self.groups.pop_if(|group| !group.is_full()).unwrap_or_default();
            let rows = batch.num_rows().min(ROW_GROUP_ROWS - group.rows);
            group.push(batch.slice(0, rows));
            batch = batch.slice(rows, batch.num_rows() - rows);
            self.groups.push(group);
        }
        let is_enough = self.groups.len() >= rayon::current_num_threads();
        if is_enough && self.groups.last().is_some_and(Group::is_full) { self.end_groups() } else { Ok(()) }
    }

    /// Encodes the row groups at hand side by side, and writes meanwhile those encoded before.
    fn end_groups(&mut self) -> Result<(), ParquetError> {
        let before = std::mem::take(&mut self.encoded);
        let first = self.file.flushed_row_groups().len() + before.len();
        let groups = std::mem::take(&mut self.groups);
        let (columns, schema, file) = (&self.columns, &self.schema, &mut self.file);
        let encoded = groups.into_par_iter().enumerate().map(|(place, group)| {
            let writers = columns.create_column_writers(first + place)?;
            group.encoded(schema, writers)
        });
        let write = || {
            before.into_iter().try_for_each(|columns| {
                let mut group = file.next_row_group()?;
                columns.into_iter().try_for_each(|column| column.append_to_row_group(&mut group))?;
                group.close().map(|_| ())
            })
        };
        let (written, encoded) = rayon::join(write, || encoded.collect::<Result<_, ParquetError>>());
        // What was to be written comes first in the table.
        written?;
        self.encoded = encoded?;
        Ok(())
    }

    /// Ends the file and gives back where it went.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn finish(mut self) -> Result<W, Error> {
        // The last ones are encoded, and then written.
        let rest = self.end_groups().and_then(|()| self.end_groups());
        let Self { spec, file, .. } = self;
        let end = || -> Result<W, ParquetError> { rest.and_then(|()| file.into_inner())?.finish() };
        end().map_err(|source| Error::Write { table: spec.name.clone(), source })
    }
}

fn properties(options: &Options<'_>, order: Option<&Order>) -> WriterProperties {
    let ascending =
        |order: &Order| vec![SortingColumn { column_idx: order.column as i32, descending: false, nulls_first: false }];
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(options.compression.codec())
        .set_dictionary_enabled(true)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(CREATED_BY.to_owned())
        .set_sorting_columns(order.map(ascending));
    let plain = options.plain.iter().map(|name| ColumnPath::from(name.as_str()));
    plain.fold(properties, |properties, name| properties.set_column_dictionary_enabled(name, false)).build()
}

/// Decimals past what a scale can say stay past what Parquet accepts, and do not wrap around into a negative scale.
fn scale(decimals: u8) -> i8 {
    i8::try_from(decimals).unwrap_or(i8::MAX)
}

/// Every column may be null: whether one is must not depend on the data of a night.
fn schema(spec: &TableSpec, scale: i8) -> SchemaRef {
    let columns = spec.columns.iter();
    let fields = columns.map(|column| Field::new(&column.name, data_type(column.meaning, scale), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Large strings, because the offsets of small ones overflow at two gigabytes; in Parquet both are the same.
fn data_type(meaning: Meaning, scale: i8) -> DataType {
    match meaning {
        Meaning::Text => DataType::LargeUtf8,
        Meaning::Integer => DataType::Int64,
        Meaning::Money => DataType::Decimal64(MONEY_DIGITS, scale),
        Meaning::Number | Meaning::Ratio => DataType::Float64,
        Meaning::Date => DataType::Date32,
        Meaning::Flag => DataType::Boolean,
    }
}

/// The order that the file will claim. It is checked, because readers that trust a wrong claim lose rows in silence.
struct Order {
    column: usize,
    /// The column as of the batch before, for the comparison across the border.
    before: Option<ArrayRef>,
}

impl Order {
    fn new(spec: &TableSpec, name: &str) -> Result<Self, Error> {
        match spec.columns.iter().position(|column| column.name == name) {
            Some(column) => Ok(Self { column, before: None }),
            None => Err(Error::NoSortColumn { table: spec.name.clone(), column: name.to_owned() }),
        }
    }

    fn check(&mut self, slice: &Slice<'_>, batch: &RecordBatch) -> Result<(), Error> {
        let array = batch.column(self.column);
        let ascending = SortOptions { descending: false, nulls_first: false };
        let comparator = |left: &ArrayRef, right: &ArrayRef| {
            make_comparator(left, right, ascending).map_err(|source| slice.failed(source.into()))
        };
        let within = comparator(array, array)?;
        let mut broken = (1..array.len()).find(|&index| within(index - 1, index) == Ordering::Greater);
        if let Some(before) = self.before.replace(Arc::clone(array))
            && comparator(&before, array)?(before.len() - 1, 0) == Ordering::Greater
        {
            broken = Some(0);
        }
        let spec = &slice.table.spec.columns[self.column];
        broken.map_or(Ok(()), |index| Err(Error::NotSorted { cell: slice.cell(spec, index) }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use ::parquet::basic::{ColumnOrder, Encoding};
    use ::parquet::column::page::Page;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::schema::printer::print_schema;
    use arrow::array::AsArray;
    use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int64Type};
    use polars::prelude::Column;

    use super::*;
    use crate::table::{ColumnSpec, TableBuilder, TableSpec};
    use std::ops::Range;

    const OPTIONS: Options<'static> =
        Options { decimals: 2, compression: Compression::Snappy, plain: &[], sorted_by: None };

    /// One column per meaning, with nulls, letters of several alphabets, and amounts below zero.
    fn accounts() -> Table {
        let mut table = TableBuilder::new("accounts", 3)
            .optional_text("account", vec![Some("Ñandú 株式会社 🦀"), Some(""), None])
            .integers("rank", vec![Some(1), None, Some(i64::MIN)])
            .money("revenue", vec![Some(-1), None, Some(LARGEST_MONEY as i64)])
            .numbers("score", vec![Some(7.25), Some(-0.5), None])
            .ratios("share", vec![None, Some(1.0), Some(f64::MIN_POSITIVE)])
            .dates("first_date", vec![Some(-1), Some(20_453), None])
            .flags("key_account", vec![true, false, true])
            .build();
        let flags = Column::new("key_account".into(), [Some(true), Some(false), None]);
        table.frame.replace("key_account", flags).unwrap();
        table
    }

    fn written(table: &Table, options: &Options<'_>) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&encode(table, options).unwrap()).unwrap();
        file
    }

    fn refusal(table: &Table, options: &Options<'_>) -> String {
        encode(table, options).unwrap_err().to_string()
    }

    fn decoded(table: &Table) -> RecordBatch {
        let reader = ParquetRecordBatchReaderBuilder::try_new(written(table, &OPTIONS)).unwrap();
        let mut reader = reader.with_batch_size(table.rows().max(1)).build().unwrap();
        reader.next().unwrap().unwrap()
    }

    #[test]
    fn every_meaning_comes_back_as_it_was() {
        let batch = decoded(&accounts());
        assert_eq!(
            batch.column(0).as_string::<i32>().iter().collect::<Vec<_>>(),
            [Some("Ñandú 株式会社 🦀"), Some(""), None]
        );
        let integers = batch.column(1).as_primitive::<Int64Type>();
        assert_eq!(integers.iter().collect::<Vec<_>>(), [Some(1), None, Some(i64::MIN)]);
        let money = batch.column(2).as_primitive::<Decimal128Type>();
        assert_eq!(money.iter().collect::<Vec<_>>(), [Some(-1), None, Some(999_999_999_999_999_999)]);
        let numbers = batch.column(3).as_primitive::<Float64Type>();
        assert_eq!(numbers.iter().collect::<Vec<_>>(), [Some(7.25), Some(-0.5), None]);
        let ratios = batch.column(4).as_primitive::<Float64Type>();
        assert_eq!(ratios.iter().collect::<Vec<_>>(), [None, Some(1.0), Some(f64::MIN_POSITIVE)]);
        let dates = batch.column(5).as_primitive::<Date32Type>();
        assert_eq!(dates.iter().collect::<Vec<_>>(), [Some(-1), Some(20_453), None]);
        assert_eq!(batch.column(6).as_boolean().iter().collect::<Vec<_>>(), [Some(true), Some(false), None]);
    }

    #[test]
    fn the_schema_depends_on_the_declaration_alone() {
        let expected = "\
message arrow_schema {
  OPTIONAL BYTE_ARRAY account (STRING);
  OPTIONAL INT64 rank;
  OPTIONAL INT64 revenue (DECIMAL(18,2));
  OPTIONAL DOUBLE score;
  OPTIONAL DOUBLE share;
  OPTIONAL INT32 first_date (DATE);
  OPTIONAL BOOLEAN key_account;
}
";
        let full = accounts();
        let empty = Table { spec: full.spec.clone(), frame: full.frame.slice(0, 0) };
        for (table, rows) in [(full, 3), (empty, 0)] {
            let reader = SerializedFileReader::new(written(&table, &OPTIONS)).unwrap();
            let metadata = reader.metadata().file_metadata();
            let mut schema = Vec::new();
            print_schema(&mut schema, metadata.schema());
            assert_eq!(String::from_utf8(schema).unwrap(), expected);
            assert_eq!(metadata.num_rows(), rows);
            assert_eq!(metadata.version(), 1);
            assert_eq!(metadata.created_by(), Some(CREATED_BY));
            assert!(metadata.key_value_metadata().is_none());
        }
    }

    #[test]
    fn pages_are_of_the_first_version_plain_or_by_dictionary_with_statistics() {
        let reader = SerializedFileReader::new(written(&accounts(), &OPTIONS)).unwrap();
        let group = reader.get_row_group(0).unwrap();
        for (index, column) in reader.metadata().row_group(0).columns().iter().enumerate() {
            assert_eq!(column.compression(), Codec::SNAPPY);
            assert!(column.statistics().is_some());
            for page in group.get_column_page_reader(index).unwrap() {
                let page = page.unwrap();
                assert!(matches!(page, Page::DataPage { .. } | Page::DictionaryPage { .. }));
                assert!(matches!(page.encoding(), Encoding::PLAIN | Encoding::RLE_DICTIONARY));
            }
        }
    }

    #[test]
    fn many_rows_are_split_into_bounded_groups_that_say_how_they_are_sorted() {
        let rows = ROW_GROUP_ROWS + BATCH_ROWS + 1;
        let names: Vec<String> = (0..rows).map(|row| format!("A{row:07}")).collect();
        let table = TableBuilder::new("accounts", rows)
            .text("account", names.clone())
            .money("revenue", (0..rows as i64).map(Some).collect())
            .build();
        let options = Options { sorted_by: Some("account"), ..OPTIONS };

        let reader = SerializedFileReader::new(written(&table, &options)).unwrap();
        let groups = reader.metadata().row_groups();
        assert_eq!(groups.iter().map(|group| group.num_rows()).collect::<Vec<_>>(), [131_072, 16_385]);
        let sorting = vec![SortingColumn { column_idx: 0, descending: false, nulls_first: false }];
        assert!(groups.iter().all(|group| group.sorting_columns() == Some(&sorting)));

        let batch = decoded(&table);
        assert!(batch.column(0).as_string::<i32>().iter().eq(names.iter().map(|name| Some(name.as_str()))));
        let money = batch.column(1).as_primitive::<Decimal128Type>();
        assert!(money.iter().eq((0..rows as i128).map(Some)));
    }

    #[test]
    fn the_same_table_gives_the_same_bytes() {
        for compression in [Compression::Snappy, Compression::Zstd, Compression::None] {
            let options = Options { compression, ..OPTIONS };
            assert_eq!(encode(&accounts(), &options).unwrap(), encode(&accounts(), &options).unwrap());
        }
    }

    #[test]
    fn a_frame_of_several_chunks_gives_the_bytes_of_one() {
        let whole = accounts();
        let mut frame = whole.frame.slice(0, 1);
        frame.vstack_mut(&whole.frame.slice(1, 2)).unwrap();
        let chunked = Table { spec: whole.spec.clone(), frame };
        assert_eq!(encode(&chunked, &OPTIONS).unwrap(), encode(&whole, &OPTIONS).unwrap());
    }

    #[test]
    fn numbers_that_are_not_finite_do_not_leave() {
        for (value, name) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
            let mut values = vec![Some(1.0); BATCH_ROWS + 3];
            values[BATCH_ROWS + 1] = Some(value);
            let table = TableBuilder::new("growth", values.len()).ratios("cagr", values).build();
            let expected =
                format!("row 16386 of column `cagr` in table `growth` is `{name}`, which is not a finite number");
            assert_eq!(refusal(&table, &OPTIONS), expected);
        }
    }

    #[test]
    fn amounts_of_more_than_eighteen_digits_do_not_leave() {
        for value in [LARGEST_MONEY as i64 + 1, -(LARGEST_MONEY as i64) - 1, i64::MIN] {
            let table = TableBuilder::new("pareto", 2).money("revenue", vec![0, value]).build();
            let expected = format!(
                "row 2 of column `revenue` in table `pareto` is `{value}` minor units, which has more than 18 digits"
            );
            assert_eq!(refusal(&table, &OPTIONS), expected);
        }
    }

    #[test]
    fn an_order_that_does_not_hold_is_not_claimed() {
        let options = Options { sorted_by: Some("account"), ..OPTIONS };
        let refused = |names: Vec<Option<&str>>| {
            let table = TableBuilder::new("pareto", names.len()).optional_text("account", names).build();
            encode(&table, &options).err().map(|error| error.to_string())
        };
        let out_of_order = |row: usize| {
            Some(format!(
                "row {row} of column `account` in table `pareto` comes before the row above it, though the table is declared sorted by this column"
            ))
        };
        assert_eq!(refused(vec![Some("A"), Some("A"), Some("B"), None, None]), None);
        assert_eq!(refused(vec![None, Some("A")]), out_of_order(2));
        let mut names = vec![Some("B"); BATCH_ROWS + 1];
        names[BATCH_ROWS] = Some("A");
        assert_eq!(refused(names), out_of_order(BATCH_ROWS + 1));
        assert_eq!(
            refusal(&TableBuilder::new("pareto", 0).build(), &options),
            "table `pareto` has no column `account` to be sorted by"
        );
    }

    #[test]
    fn a_frame_that_breaks_its_declaration_is_refused() {
        let table = accounts();
        let mut spec = TableSpec::new("accounts", vec![ColumnSpec::new("account", Meaning::Money)]);
        let refused = |spec: &TableSpec| refusal(&Table { spec: spec.clone(), frame: table.frame.clone() }, &OPTIONS);
        assert_eq!(refused(&spec), "column `account` of table `accounts` is not what its declaration says");
        spec.columns[0].name = "absent".to_owned();
        assert_eq!(refused(&spec), "column `absent` of table `accounts` is not what its declaration says");
    }

    #[test]
    fn a_table_in_pieces_gives_the_bytes_of_the_whole() {
        let texts = |rows: Range<usize>| rows.map(|row| format!("text {}", row * 7 % 1000)).collect::<Vec<_>>();
        let table = |rows: Range<usize>| TableBuilder::new("lines", rows.len()).text("raw", texts(rows)).build();
        let rows = BATCH_ROWS * 2 + 5;
        let mut writer = Writer::begin(&table(0..0).spec, &OPTIONS, Vec::new()).unwrap();
        for piece in [0..BATCH_ROWS, BATCH_ROWS..BATCH_ROWS * 2, BATCH_ROWS * 2..rows] {
            writer.add(&table(piece)).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), encode(&table(0..rows), &OPTIONS).unwrap());
    }

    #[test]
    fn row_groups_are_whole_wherever_pieces_end() {
        let table = |rows: usize| TableBuilder::new("lines", rows).integers("line", vec![1; rows]).build();
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = Writer::begin(&table(0).spec, &OPTIONS, &mut file).unwrap();
        for piece in [ROW_GROUP_ROWS - 1, 2, ROW_GROUP_ROWS + 3, 0, 1] {
            writer.add(&table(piece)).unwrap();
        }
        writer.finish().unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<i64> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(rows, [ROW_GROUP_ROWS as i64, ROW_GROUP_ROWS as i64, 5]);
    }

    #[test]
    fn a_mistake_in_a_later_piece_is_told_by_its_row_in_the_whole() {
        let table = |value: f64| TableBuilder::new("lines", 2).numbers("score", vec![1.0, value]).build();
        let mut writer = Writer::begin(&table(1.0).spec, &OPTIONS, Vec::new()).unwrap();
        writer.add(&table(1.0)).unwrap();
        let refused = writer.add(&table(f64::NAN)).unwrap_err().to_string();
        assert_eq!(refused, "row 4 of column `score` in table `lines` is `NaN`, which is not a finite number");
    }

    #[test]
    fn more_decimals_than_digits_are_refused() {
        let table = TableBuilder::new("pareto", 0).money("revenue", Vec::<i64>::new()).build();
        assert!(encode(&table, &Options { decimals: 18, ..OPTIONS }).is_ok());
        for decimals in [19, 200] {
            let refused = refusal(&table, &Options { decimals, ..OPTIONS });
            assert_eq!(refused, "table `pareto` cannot be written as Parquet");
        }
    }

    #[test]
    fn a_negative_zero_leaves_as_zero() {
        let table = TableBuilder::new("growth", 3).numbers("change", vec![-0.0, 0.0, -1.0]).build();
        let batch = decoded(&table);
        let bits = batch.column(0).as_primitive::<Float64Type>().values().iter().map(|value| value.to_bits());
        assert_eq!(bits.collect::<Vec<_>>(), [0.0, 0.0, -1.0_f64].map(f64::to_bits));
    }

    #[test]
    fn statistics_are_declared_in_the_orders_that_every_reader_knows() {
        // Also for more columns than the short form of a list in the footer can count.
        let wide = (0..40).fold(TableBuilder::new("wide", 1), |table, index| {
            table.numbers(&format!("score_{index}"), vec![1.0]).integers(&format!("rank_{index}"), vec![1])
        });
        for table in [accounts(), wide.build(), TableBuilder::new("empty", 0).build()] {
            let reader = SerializedFileReader::new(written(&table, &OPTIONS)).unwrap();
            let orders = reader.metadata().file_metadata().column_orders().unwrap();
            assert_eq!(orders.len(), table.spec.columns.len());
            assert!(orders.iter().all(|order| matches!(order, ColumnOrder::TYPE_DEFINED_ORDER(_))));
        }
    }
}

//! Parquet files, read row group by row group.

#![expect(clippy::disallowed_methods, reason = "reads a source")]

use super::cells::json_of_row;
use super::{Batch, Error, Lines, Origin, SourceColumn, SourceFile, Stored, cannot_read};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelector,
};
use parquet::basic::{Encoding, Type as PhysicalType};
use parquet::errors::ParquetError;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Few enough that the columns of a batch stay in the cache until its lines are judged.
const BATCH_ROWS: usize = 8_192;

/// What the end of a Parquet file says about the rest.
#[derive(Debug, Clone)]
pub struct Footer {
    metadata: ArrowReaderMetadata,
    /// The first row of each row group, from 0.
    starts: Vec<u64>,
}

impl Footer {
    /// Reads the footer of a file.
    ///
    /// # Errors
    /// Where the file cannot be read or is not Parquet.
    pub fn load(path: &Path, name: &str) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| cannot_read(name, &error))?;
        let metadata =
            ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| not_parquet(name, &error))?;
        let rows =
            metadata.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or_default());
        let starts = rows.scan(0, |next, rows| Some(std::mem::replace(next, *next + rows))).collect();
        Ok(Self { metadata, starts })
    }

    pub fn row_groups(&self) -> usize {
        self.starts.len()
    }

    pub fn columns(&self) -> Vec<SourceColumn> {
        let fields = self.metadata.schema().fields().iter();
        fields.map(|field| SourceColumn { name: field.name().clone(), stored: stored(field.data_type()) }).collect()
    }

    /// The footer with other types for the columns of one row group, which take less time. Text columns are dictionaries
    /// where every page is coded so: then a value is looked at once per row group and not once per row. Decimals that are
    /// stored in 64 bits stay so.
    fn with_quick_types(&self, row_group: usize) -> Result<ArrowReaderMetadata, ParquetError> {
        let schema = self.metadata.schema();
        let group = self.metadata.metadata().row_group(row_group);
        if group.num_columns() != schema.fields().len() {
            return Ok(self.metadata.clone());
        }
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .zip(group.columns())
            .map(|(field, chunk)| {
                let coded = chunk.page_encoding_stats_mask().is_some_and(|mask| {
                    mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
                });
                let quick = match field.data_type() {
                    DataType::Utf8 if coded => {
                        DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
                    }
                    DataType::Decimal128(digits, scale) if chunk.column_type() == PhysicalType::INT64 => {
                        DataType::Decimal64(*digits, *scale)
                    }
                    same => same.clone(),
                };
                field.as_ref().clone().with_data_type(quick)
            })
            .collect();
        let options = ArrowReaderOptions::new()
            .with_schema(Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone())));
        ArrowReaderMetadata::try_new(self.metadata.metadata().clone(), options)
    }
}

fn not_parquet(name: &str, error: &ParquetError) -> Error {
    Error::with_hint(
        format!("`{name}` is not readable as Parquet: {error}"),
        "the file may be cut off, damaged, or of another format",
    )
}

fn stored(data_type: &DataType) -> Stored {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Stored::Text,
        DataType::Dictionary(_, values) => stored(values),
        data_type if data_type.is_integer() => Stored::Integer,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Stored::Float,
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            u32::try_from(*scale).map_or_else(|_| Stored::Other(data_type.to_string()), Stored::Decimal)
        }
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => Stored::Date,
        DataType::Boolean => Stored::Flag,
        other => Stored::Other(other.to_string()),
    }
}

/// Reads one row group in batches.
///
/// # Errors
/// Where the file cannot be read or `visit` fails.
pub fn scan<E: From<Error>>(
    file: &SourceFile,
    footer: &Footer,
    row_group: usize,
    columns: &[usize],
    visit: &mut dyn FnMut(Batch<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error: ParquetError| not_parquet(&file.name, &error);
    let metadata = footer.with_quick_types(row_group).map_err(failed)?;
    let mut order = columns.to_vec();
    order.sort_unstable();
    order.dedup();
    let reader = reader(file, metadata, row_group, Some(&order), None)?;
    let start = footer.starts.get(row_group).copied().unwrap_or_default();
    let mut first = 0;
    for batch in reader {
        let batch = batch.map_err(|error| not_parquet(&file.name, &error.into()))?;
        // The reader delivers columns in the order of the file, once each.
        let column = |index: &usize| order.binary_search(index).ok().map(|place| Arc::clone(batch.column(place)));
        let rows = batch.num_rows();
        visit(Batch {
            columns: columns.iter().filter_map(column).collect(),
            rows,
            defects: Vec::new(),
            lines: Lines::From(start + first + 1),
            origin: Origin::RowGroup(Place {
                file,
                footer,
                row_group,
                first: usize::try_from(first).unwrap_or_default(),
            }),
        })?;
        first += u64::try_from(rows).unwrap_or_default();
    }
    Ok(())
}

fn reader(
    file: &SourceFile,
    metadata: ArrowReaderMetadata,
    row_group: usize,
    columns: Option<&[usize]>,
    selection: Option<RowSelection>,
) -> Result<ParquetRecordBatchReader, Error> {
    let opened = File::open(&file.path).map_err(|error| cannot_read(&file.name, &error))?;
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, metadata);
    if let Some(columns) = columns {
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        builder = builder.with_projection(mask);
    }
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    builder
        .with_row_groups(vec![row_group])
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|error| not_parquet(&file.name, &error))
}

/// The rows of a batch within their file.
pub struct Place<'a> {
    file: &'a SourceFile,
    footer: &'a Footer,
    row_group: usize,
    /// The first row of the batch within the row group.
    first: usize,
}

impl Place<'_> {
    /// Reads whole rows again, all columns, for the rows of the batch given in ascending order.
    pub(super) fn json(&self, rows: &[usize]) -> Result<Vec<String>, Error> {
        let mut selectors = Vec::with_capacity(rows.len() * 2);
        let mut next = 0;
        for row in rows {
            let row = self.first + row;
            selectors.push(RowSelector::skip(row - next));
            selectors.push(RowSelector::select(1));
            next = row + 1;
        }
        let selection = RowSelection::from(selectors);
        let reader = reader(self.file, self.footer.metadata.clone(), self.row_group, None, Some(selection))?;
        let mut json = Vec::with_capacity(rows.len());
        for batch in reader {
            let batch: RecordBatch = batch.map_err(|error| not_parquet(&self.file.name, &error.into()))?;
            json.extend((0..batch.num_rows()).map(|row| json_of_row(&batch, row)));
        }
        Ok(json)
    }
}

//! Tables on their way from Polars to Arrow.

use super::parquet::{Cell, Error, LARGEST_MONEY, MONEY_DIGITS};
use crate::table::{ColumnSpec, Meaning, Table, TableSpec};
use ::parquet::errors::ParquetError;
use arrow::array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Decimal64Array, Float64Array, LargeStringArray, PrimitiveArray,
};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, Date32Type, Decimal64Type, Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use polars::prelude::{ChunkedArray, Float64Chunked, Int64Chunked, PolarsNumericType};
use std::ops::Range;
use std::sync::Arc;

/// Some consecutive rows of a table, on their way from Polars to Arrow.
pub struct Slice<'a> {
    pub table: &'a Table,
    /// The rows that came before the table.
    pub before: usize,
    pub rows: Range<usize>,
}

impl Slice<'_> {
    /// # Errors
    /// A number that is not finite, an amount of more than 18 digits, a frame that does not match its spec.
    pub fn batch(&self, spec: &TableSpec, schema: &SchemaRef, scale: i8) -> Result<RecordBatch, Error> {
        let columns = spec.columns.iter().map(|spec| self.array(spec, scale));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|source| self.failed(source.into()))
    }

    /// Numbers stay where they are, for both libraries lay them out alike; all else is copied.
    fn array(&self, spec: &ColumnSpec, scale: i8) -> Result<ArrayRef, Error> {
        let undeclared =
            |source| Error::Undeclared { table: self.table.name().to_owned(), column: spec.name.clone(), source };
        let column = self.table.frame.column(&spec.name).map_err(undeclared)?;
        let column = column.slice(self.rows.start as i64, self.rows.len());
        Ok(match spec.meaning {
            Meaning::Text => Arc::new(LargeStringArray::from_iter(column.str().map_err(undeclared)?.iter())),
            Meaning::Integer => Arc::new(whole::<_, Int64Type>(column.i64().map_err(undeclared)?)),
            Meaning::Money => Arc::new(self.money(spec, column.i64().map_err(undeclared)?, scale)?),
            Meaning::Number | Meaning::Ratio => Arc::new(self.numbers(spec, column.f64().map_err(undeclared)?)?),
            Meaning::Date => Arc::new(whole::<_, Date32Type>(column.date().map_err(undeclared)?.physical())),
            Meaning::Flag => Arc::new(BooleanArray::from_iter(column.bool().map_err(undeclared)?.iter())),
        })
    }

    fn money(&self, spec: &ColumnSpec, values: &Int64Chunked, scale: i8) -> Result<Decimal64Array, Error> {
        if let Some((index, value)) = first(values, |value| value.unsigned_abs() > LARGEST_MONEY) {
            return Err(Error::TooLarge { cell: self.cell(spec, index), value });
        }
        let array = whole::<_, Decimal64Type>(values).with_precision_and_scale(MONEY_DIGITS, scale);
        array.map_err(|source| self.failed(source.into()))
    }

    fn numbers(&self, spec: &ColumnSpec, values: &Float64Chunked) -> Result<Float64Array, Error> {
        if let Some((index, value)) = first(values, |value| !value.is_finite()) {
            return Err(Error::NotFinite { cell: self.cell(spec, index), value });
        }
        // Only where there is a negative zero are numbers copied: adding zero makes it the common one.
        let negative_zero = first(values, |value| value == 0.0 && value.is_sign_negative());
        Ok(match negative_zero {
            None => whole(values),
            Some(_) => values.iter().map(|value| value.map(|value| value + 0.0)).collect(),
        })
    }

    pub fn cell(&self, spec: &ColumnSpec, index: usize) -> Cell {
        Cell {
            table: self.table.name().to_owned(),
            column: spec.name.clone(),
            row: self.before + self.rows.start + index + 1,
        }
    }

    pub fn failed(&self, source: ParquetError) -> Error {
        Error::Write { table: self.table.name().to_owned(), source }
    }
}

/// The values of a column, as bytes.
struct Shared<P: PolarsNumericType>(ChunkedArray<P>);

impl<P: PolarsNumericType> Shared<P> {
    /// Those of the first chunk, whatever stands where one is missing.
    fn values(&self) -> &[P::Native] {
        self.0.downcast_iter().next().map_or(&[], |chunk| chunk.values().as_slice())
    }
}

impl<P: PolarsNumericType> AsRef<[u8]> for Shared<P> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(self.values())
    }
}

/// Where all lie side by side, the array takes the memory of the column.
fn whole<P: PolarsNumericType, A: ArrowPrimitiveType<Native = P::Native>>(values: &ChunkedArray<P>) -> PrimitiveArray<A>
where
    P::Native: ArrowNativeType,
{
    let shared = Shared(values.clone());
    if shared.values().len() != values.len() {
        return PrimitiveArray::from_iter(values.iter());
    }
    let are_known = values.iter_validities().next().flatten();
    let nulls = are_known.map(|are_known| are_known.iter().collect::<NullBuffer>());
    PrimitiveArray::new(ScalarBuffer::new(Buffer::from(Bytes::from_owner(shared)), 0, values.len()), nulls)
}

/// The first value that is `wrong`, and where it stands.
fn first<P: PolarsNumericType>(
    values: &ChunkedArray<P>,
    wrong: impl Fn(P::Native) -> bool,
) -> Option<(usize, P::Native)> {
    match values.cont_slice() {
        Ok(values) => values.iter().copied().enumerate().find(|(_, value)| wrong(*value)),
        Err(_) => {
            values.iter().enumerate().find_map(|(place, value)| Some((place, value.filter(|value| wrong(*value))?)))
        }
    }
}

//! Columns by name or by SQL expression; expressions are evaluated by Polars, batch by batch.

use crate::money::NumberFormat;
use crate::pipeline::diagnostics::{Located, Problems};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use polars::prelude::{
    AggExpr, AnyValue, Column, DataFrame, DataType, DecimalChunked, Expr, Int128Chunked, IntoColumn, IntoLazy,
    NamedFrom, NewChunkedArray, PlSmallStr, Series,
};
use std::sync::Arc;

/// Decimal places that numbers in text keep inside an expression. A product of two numbers with up to
/// six places each is exact.
const SCALE: u32 = 12;

/// Where a part of a line comes from.
#[derive(Debug, Clone)]
pub enum Cell {
    Column(Located<String>),
    Sql { text: Located<String>, expression: Expr, columns: Vec<String> },
}

impl Cell {
    /// Parses what a pipeline says of a part of a line. What is the name of a column is that column, also
    /// where it would parse as SQL.
    pub fn parse(text: &Located<String>, is_column: bool, problems: &Problems) -> Option<Self> {
        let is_name = text.value.chars().all(|character| character.is_alphanumeric() || "_ .-/#".contains(character));
        let simple = text.value.chars().all(|character| character.is_alphanumeric() || character == '_');
        if is_column || simple {
            return Some(Self::Column(text.clone()));
        }
        let parsed = polars::sql::sql_expr(&text.value);
        let expression = match parsed {
            Ok(expression) => expression,
            Err(_) if is_name => return Some(Self::Column(text.clone())),
            Err(error) => {
                let message = format!("`{}` is neither a column nor a SQL expression: {error}", text.value);
                problems.report(
                    &text.span,
                    message,
                    "put names with blanks or signs inside an expression into double quotes".to_owned(),
                );
                return None;
            }
        };
        if let Some(what) = across_lines(&expression) {
            let message = format!("`{}` {what}, but an expression sees one line at a time", text.value);
            problems.report(&text.span, message, None);
            return None;
        }
        let mut columns: Vec<String> = expression.clone().meta().root_names().iter().map(ToString::to_string).collect();
        columns.sort();
        columns.dedup();
        Some(Self::Sql { text: text.clone(), expression, columns })
    }

    pub fn text(&self) -> &Located<String> {
        match self {
            Self::Column(text) | Self::Sql { text, .. } => text,
        }
    }

    /// The columns of the file that this needs.
    pub fn columns(&self) -> &[String] {
        match self {
            Self::Column(name) => std::slice::from_ref(&name.value),
            Self::Sql { columns, .. } => columns,
        }
    }
}

/// What in an expression needs more than one line, if anything does.
fn across_lines(expression: &Expr) -> Option<&'static str> {
    expression.into_iter().find_map(|part| match part {
        // A list such as that of IN is made of constants and not of lines.
        Expr::Agg(AggExpr::Implode { .. }) => None,
        Expr::Agg(_) | Expr::Len => Some("adds up lines"),
        Expr::Over { .. } => Some("looks at other lines"),
        _ => None,
    })
}

/// How a column of a file enters expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Text,
    /// Text that is read as a number.
    Number(NumberFormat),
    Integer,
    Float,
    Decimal(u32),
    Date,
    Flag,
}

impl Entry {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::String,
            Self::Number(_) => decimal_type(SCALE),
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Decimal(scale) => decimal_type(scale),
            Self::Date => DataType::Date,
            Self::Flag => DataType::Boolean,
        }
    }
}

fn decimal_type(scale: u32) -> DataType {
    DataType::Decimal(38, usize::try_from(scale).unwrap_or_default())
}

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yields {
    Text,
    Number,
    Date,
    Flag,
}

/// What an expression yields over columns of these types.
///
/// # Errors
/// The words of Polars where the expression does not fit the columns.
pub fn type_of(expression: &Expr, entries: &[(String, Entry)]) -> Result<Yields, String> {
    let columns =
        entries.iter().map(|(name, entry)| Column::new_empty(PlSmallStr::from_str(name), &entry.data_type())).collect();
    let frame = DataFrame::new(0, columns).map_err(|error| error.to_string())?;
    let typed = frame
        .lazy()
        .select([expression.clone().alias("value")])
        .collect()
        .map_err(|error| first_line(&error.to_string()))?;
    let column = typed.columns().first().ok_or("it yields nothing")?;
    match column.dtype() {
        DataType::String => Ok(Yields::Text),
        DataType::Date | DataType::Datetime(_, _) => Ok(Yields::Date),
        DataType::Boolean => Ok(Yields::Flag),
        data_type if data_type.is_numeric() => Ok(Yields::Number),
        other => Err(format!("it yields values of type {other}")),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Evaluates expressions over a batch; the result has an Arrow column for each.
///
/// # Errors
/// The words of Polars where an evaluation fails, such as an overflow.
pub fn evaluate(
    expressions: &[Expr],
    columns: &[(String, Entry, ArrayRef)],
    rows: usize,
) -> Result<Vec<ArrayRef>, String> {
    let series =
        columns.iter().map(|(name, entry, values)| to_polars(name, *entry, values)).collect::<Result<_, _>>()?;
    let frame = DataFrame::new(rows, series).map_err(|error| error.to_string())?;
    let names: Vec<String> = (0..expressions.len()).map(|index| format!("expression {index}")).collect();
    let named = expressions.iter().zip(&names).map(|(expression, name)| expression.clone().alias(name.as_str()));
    // With columns and not select: an expression of constants must have a value for every line too.
    let evaluated = frame
        .lazy()
        .with_columns(named.collect::<Vec<_>>())
        .collect()
        .map_err(|error| first_line(&error.to_string()))?;
    names.iter().map(|name| evaluated.column(name).map_err(|error| error.to_string()).and_then(to_arrow)).collect()
}

fn to_polars(name: &str, entry: Entry, values: &ArrayRef) -> Result<Column, String> {
    let name = PlSmallStr::from_str(name);
    let as_type = |data_type: &ArrowType| cast(values, data_type).map_err(|error| error.to_string());
    let series = match entry {
        Entry::Text => Series::new(name, as_type(&ArrowType::Utf8)?.as_string::<i32>().iter().collect::<Vec<_>>()),
        Entry::Number(format) => {
            let texts = as_type(&ArrowType::Utf8)?;
            let read = |text: &str| format.parse(text.as_bytes(), SCALE).ok().map(i128::from);
            decimals(name, texts.as_string::<i32>().iter().map(|text| text.and_then(read)), SCALE)
        }
        Entry::Integer => {
            Series::new(name, as_type(&ArrowType::Int64)?.as_primitive::<Int64Type>().iter().collect::<Vec<_>>())
        }
        Entry::Float => {
            Series::new(name, as_type(&ArrowType::Float64)?.as_primitive::<Float64Type>().iter().collect::<Vec<_>>())
        }
        Entry::Decimal(scale) => {
            let places = i8::try_from(scale).map_err(|error| error.to_string())?;
            let values = as_type(&ArrowType::Decimal128(38, places))?;
            decimals(name, values.as_primitive::<Decimal128Type>().iter(), scale)
        }
        Entry::Date => {
            let days: Vec<Option<i32>> = as_type(&ArrowType::Date32)?.as_primitive::<Date32Type>().iter().collect();
            Series::new(name, days).cast(&DataType::Date).map_err(|error| error.to_string())?
        }
        Entry::Flag => Series::new(name, as_type(&ArrowType::Boolean)?.as_boolean().iter().collect::<Vec<_>>()),
    };
    Ok(series.into_column())
}

fn decimals(name: PlSmallStr, values: impl Iterator<Item = Option<i128>>, scale: u32) -> Series {
    use polars::prelude::IntoSeries;
    let values: Int128Chunked = Int128Chunked::from_iter_options(name, values);
    let values: DecimalChunked = values.into_decimal_unchecked(38, usize::try_from(scale).unwrap_or_default());
    values.into_series()
}

fn to_arrow(column: &Column) -> Result<ArrayRef, String> {
    let failed = |error: polars::prelude::PolarsError| error.to_string();
    let array: ArrayRef = match column.dtype() {
        DataType::String => Arc::new(column.str().map_err(failed)?.iter().collect::<StringArray>()),
        DataType::Boolean => Arc::new(column.bool().map_err(failed)?.iter().collect::<BooleanArray>()),
        DataType::Date | DataType::Datetime(_, _) => {
            let dates = column.cast(&DataType::Date).map_err(failed)?;
            Arc::new(dates.date().map_err(failed)?.physical().iter().collect::<Date32Array>())
        }
        DataType::Decimal(_, scale) => {
            let values = column.decimal().map_err(failed)?;
            let places = i8::try_from(*scale).map_err(|error| error.to_string())?;
            let array: Decimal128Array = values.physical().iter().collect();
            Arc::new(array.with_precision_and_scale(38, places).map_err(|error| error.to_string())?)
        }
        data_type if data_type.is_float() => {
            let floats = column.cast(&DataType::Float64).map_err(failed)?;
            Arc::new(floats.f64().map_err(failed)?.iter().collect::<Float64Array>())
        }
        data_type if data_type.is_integer() => {
            let integers = column.strict_cast(&DataType::Int64).map_err(failed)?;
            Arc::new(integers.i64().map_err(failed)?.iter().collect::<Int64Array>())
        }
        DataType::Null => arrow::array::new_null_array(&ArrowType::Utf8, column.len()),
        other => return Err(format!("an expression cannot yield {other}")),
    };
    debug_assert_eq!(array.len(), column.len(), "{:?}", column.get(0).unwrap_or(AnyValue::Null));
    Ok(array)
}

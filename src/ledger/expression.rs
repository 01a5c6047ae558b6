//! Columns by name or by SQL expression; expressions are evaluated by Polars, batch by batch.

use super::piece::Piece;
use crate::dates::DateFormats;
use crate::notation::Notation;
use crate::notation::plain::Plain;
use crate::pipeline::diagnostics::{Located, Problems};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    new_null_array,
};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType as ArrowType, Date32Type, Decimal128Type, Float64Type, Int64Type};
use polars::prelude::{
    AggExpr, AnyValue, Column, DataFrame, DataType, DecimalChunked, Expr, Int128Chunked, IntoColumn, IntoLazy,
    NamedFrom, NewChunkedArray, PlSmallStr, Series,
};
use std::sync::Arc;

/// Decimal places that numbers in text keep inside an expression. A product of two numbers with up to
/// six places each is exact.
pub const SCALE: u32 = 12;

/// The first number, in units of `10^-SCALE`, that is too large for an expression: 10^20.
const LARGEST: u128 = 10u128.pow(32);

/// Where a part of a line comes from.
#[derive(Debug, Clone)]
pub enum Cell {
    /// The first of these columns that a file has; the text is the first name.
    Column {
        text: Located<String>,
        names: Vec<String>,
    },
    Sql {
        text: Located<String>,
        expression: Expr,
        columns: Vec<String>,
    },
}

impl Cell {
    /// Parses what a pipeline says of a part of a line. What is the name of a column is that column, also
    /// where it would parse as SQL.
    pub fn parse(text: &Located<String>, is_column: bool, problems: &Problems) -> Option<Self> {
        let is_name = text.value.chars().all(|character| character.is_alphanumeric() || "_ .-/#".contains(character));
        let simple = text.value.chars().all(|character| character.is_alphanumeric() || character == '_');
        if is_column || simple {
            return Some(Self::column(text));
        }
        let parsed = polars::sql::sql_expr(&text.value);
        let expression = match parsed {
            Ok(expression) => expression,
            Err(_) if is_name => return Some(Self::column(text)),
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

    fn column(name: &Located<String>) -> Self {
        Self::Column { text: name.clone(), names: vec![name.value.clone()] }
    }

    /// A column that different files call differently.
    pub fn any_of(names: &[Located<String>]) -> Option<Self> {
        let text = names.first()?.clone();
        Some(Self::Column { text, names: names.iter().map(|name| name.value.clone()).collect() })
    }

    /// The columns of an expression; a column by itself is computed from none.
    pub fn computed_from(&self) -> &[String] {
        match self {
            Self::Column { .. } => &[],
            Self::Sql { columns, .. } => columns,
        }
    }

    /// What the pipeline says, as far as it fits a message.
    pub fn text(&self) -> &Located<String> {
        match self {
            Self::Column { text, .. } | Self::Sql { text, .. } => text,
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
    Number(Notation),
    /// Text that is read as a day; what cannot be read as one is null.
    TextDay,
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
            Self::Date | Self::TextDay => DataType::Date,
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

/// An expression that is ready for batches.
#[derive(Debug, Clone)]
pub struct Formula {
    sql: Expr,
    /// What it is a piece of, where it is no more.
    piece: Option<Piece>,
}

impl Formula {
    pub fn of(expression: &Expr) -> Self {
        Self { sql: expression.clone(), piece: Piece::of(expression) }
    }
}

/// A column for expressions to use.
pub struct Operand<'a> {
    pub name: &'a str,
    pub entry: Entry,
    pub values: &'a ArrayRef,
}

/// What expressions yield over a batch.
pub struct Evaluated {
    /// One column for each expression.
    pub columns: Vec<ArrayRef>,
    /// The rows for which an evaluation failed, and the words of Polars; their results are null.
    pub failed: Vec<(usize, String)>,
}

/// Evaluates expressions over a batch.
///
/// # Errors
/// Where a column cannot enter or leave an expression.
pub fn evaluate(
    formulas: &[Formula],
    operands: &[Operand],
    dates: &DateFormats,
    rows: usize,
) -> Result<Evaluated, String> {
    let cut: Vec<Option<ArrayRef>> =
        formulas.iter().map(|formula| formula.piece.as_ref().and_then(|piece| piece.cut(operands))).collect();
    let others = formulas.iter().zip(&cut).filter(|(_, cut)| cut.is_none());
    let others: Vec<Expr> = others.map(|(formula, _)| formula.sql.clone()).collect();
    let (mut failed, mut parts) = (Vec::new(), Vec::new());
    if !others.is_empty() {
        let series = operands.iter().map(|operand| to_polars(operand, dates)).collect::<Result<_, _>>()?;
        let frame = DataFrame::new(rows, series).map_err(|error| error.to_string())?;
        evaluate_rows(&others, &frame, 0, rows, &mut parts, &mut failed)?;
    }
    let mut computed = (0..others.len()).map(|index| {
        let parts: Vec<&dyn Array> =
            parts.iter().filter_map(|part: &Vec<ArrayRef>| part.get(index).map(AsRef::as_ref)).collect();
        concat(&parts).map_err(|error| error.to_string())
    });
    let columns = cut.into_iter().filter_map(|cut| cut.map(Ok).or_else(|| computed.next()));
    Ok(Evaluated { columns: columns.collect::<Result<_, _>>()?, failed })
}

/// Evaluates some rows. Polars gives up a whole frame for one division by zero, so a frame that fails is
/// halved until the rows that are to blame stand alone.
fn evaluate_rows(
    expressions: &[Expr],
    frame: &DataFrame,
    first: usize,
    rows: usize,
    parts: &mut Vec<Vec<ArrayRef>>,
    failed: &mut Vec<(usize, String)>,
) -> Result<(), String> {
    let part = frame.slice(i64::try_from(first).map_err(|error| error.to_string())?, rows);
    match (select(expressions, part), rows) {
        (Ok(columns), _) => parts.push(columns),
        (Err(error), 1) => {
            let nothing = select(expressions, frame.clear()).map_err(|_| error.clone())?;
            parts.push(nothing.iter().map(|column| new_null_array(column.data_type(), 1)).collect());
            failed.push((first, error));
        }
        (Err(_), _) => {
            let half = rows / 2;
            evaluate_rows(expressions, frame, first, half, parts, failed)?;
            evaluate_rows(expressions, frame, first + half, rows - half, parts, failed)?;
        }
    }
    Ok(())
}

fn select(expressions: &[Expr], frame: DataFrame) -> Result<Vec<ArrayRef>, String> {
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

fn to_polars(operand: &Operand, dates: &DateFormats) -> Result<Column, String> {
    let name = PlSmallStr::from_str(operand.name);
    let as_type = |data_type: &ArrowType| cast(operand.values, data_type).map_err(|error| error.to_string());
    let days = |days: Vec<Option<i32>>| {
        Series::new(name.clone(), days).cast(&DataType::Date).map_err(|error| error.to_string())
    };
    let series = match operand.entry {
        Entry::Text => Series::new(name, as_type(&ArrowType::Utf8)?.as_string::<i32>().iter().collect::<Vec<_>>()),
        Entry::Number(notation) => {
            let texts = as_type(&ArrowType::Utf8)?;
            let texts = texts.as_string::<i32>();
            let plain = Plain::of(texts, notation.numbers, SCALE);
            let read = |(row, text): (usize, Option<&str>)| {
                let other = || Some(notation.parse(text?, SCALE).ok()?.value);
                plain.get(row).map(i128::from).or_else(other).filter(|value| value.unsigned_abs() < LARGEST)
            };
            decimals(name, texts.iter().enumerate().map(read), SCALE)
        }
        Entry::TextDay => {
            let texts = as_type(&ArrowType::Utf8)?;
            let read = |text: &str| dates.day(text.trim_ascii());
            days(texts.as_string::<i32>().iter().map(|text| text.and_then(read)).collect())?
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
        Entry::Date => days(as_type(&ArrowType::Date32)?.as_primitive::<Date32Type>().iter().collect())?,
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

//! Tables on their way into a query and out of it.

use crate::money::{NotMoney, from_decimal, from_float};
use crate::table::{ColumnSpec, Meaning, Table, TableSpec};
use polars::error::{PolarsError, PolarsResult};
use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, Int64Chunked, Int128Chunked, IntoColumn, NewChunkedArray, PlSmallStr,
    TimeUnit,
};

/// The digits of a decimal in a query, the most that Polars has.
const DIGITS: usize = 38;

/// The largest amount that leaves: decimals of 18 digits are what every reader of Parquet takes.
const LARGEST: u64 = 10u64.pow(18) - 1;

/// A table as queries see it: money as a decimal number, everything else as it is. Each column is in one piece, because
/// sums of floats are made piece by piece.
///
/// # Errors
/// Where the frame is not that of its spec.
pub fn entering(table: &Table, decimals: u32) -> PolarsResult<DataFrame> {
    let scale = usize::try_from(decimals).unwrap_or_default();
    let columns = table.spec.columns.iter().map(|spec| {
        let column = table.frame.column(&spec.name)?;
        if spec.meaning != Meaning::Money {
            return Ok(column.rechunk());
        }
        let wide = column.i64()?.iter().map(|amount| amount.map(i128::from));
        let wide = Int128Chunked::from_iter_options(PlSmallStr::from_str(&spec.name), wide);
        Ok(wide.into_decimal_unchecked(DIGITS, scale).into_column())
    });
    DataFrame::new(table.rows(), columns.collect::<PolarsResult<_>>()?)
}

/// A table without rows.
///
/// # Errors
/// Where the spec names a column twice.
pub fn empty(spec: &TableSpec) -> PolarsResult<Table> {
    let column =
        |column: &ColumnSpec| Column::new_empty(PlSmallStr::from_str(&column.name), &column.meaning.data_type());
    let frame = DataFrame::new(0, spec.columns.iter().map(column).collect())?;
    Ok(Table { spec: spec.clone(), frame })
}

/// What the values of a column of a result are.
///
/// # Errors
/// What they are where no table holds such values, and what to do.
pub fn meaning_of(data_type: &DataType) -> Result<Meaning, (String, &'static str)> {
    match data_type {
        DataType::String => Ok(Meaning::Text),
        DataType::Decimal(_, _) => Ok(Meaning::Money),
        DataType::Date => Ok(Meaning::Date),
        DataType::Boolean => Ok(Meaning::Flag),
        // The difference of two dates, in days.
        DataType::Duration(_) => Ok(Meaning::Integer),
        data_type if data_type.is_float() => Ok(Meaning::Number),
        data_type if data_type.is_integer() => Ok(Meaning::Integer),
        DataType::Null => Err(("nothing but null".to_owned(), "say of which type: `CAST(NULL AS DOUBLE)`")),
        DataType::Datetime(_, _) => Err(("moments".to_owned(), "`CAST(… AS DATE)` keeps the day")),
        DataType::List(_) => {
            Err(("lists".to_owned(), "in a group each column needs an aggregate around it, such as `MAX` or `FIRST`"))
        }
        other => Err((format!("values of type {other}"), "cast them to a type that tables have")),
    }
}

/// Whether a column of one meaning can be declared to have another.
pub fn can_be(found: Meaning, declared: Meaning) -> bool {
    found == declared || found.is_numeric() && matches!(declared, Meaning::Money | Meaning::Number | Meaning::Ratio)
}

/// A result as a table: money rounded half away from zero to minor units, numbers that are not finite as null.
///
/// # Errors
/// Where a value does not fit its column.
pub fn leaving(frame: &DataFrame, spec: &TableSpec, decimals: u32) -> Result<DataFrame, String> {
    let column = |spec: &ColumnSpec| {
        let column = frame.column(&spec.name).map_err(|error| error.to_string())?;
        leave(column, spec.meaning, decimals).map_err(|error| format!("the column `{}`: {error}", spec.name))
    };
    let columns = spec.columns.iter().map(column).collect::<Result<_, _>>()?;
    DataFrame::new(frame.height(), columns).map_err(|error| error.to_string())
}

fn leave(column: &Column, meaning: Meaning, decimals: u32) -> Result<Column, String> {
    let failed = |error: PolarsError| super::engine::words(&error);
    let as_type = |data_type: &DataType| column.strict_cast(data_type).map_err(failed);
    let name = column.name().clone();
    match (meaning, column.dtype()) {
        (Meaning::Text | Meaning::Date | Meaning::Flag, _) => Ok(column.clone()),
        (Meaning::Integer, DataType::Duration(unit)) => {
            let per_day = 86_400
                * match unit {
                    TimeUnit::Nanoseconds => 1_000_000_000,
                    TimeUnit::Microseconds => 1_000_000,
                    TimeUnit::Milliseconds => 1_000,
                };
            let days = as_type(&DataType::Int64)?;
            let days = days.i64().map_err(failed)?.iter().map(|length| length.map(|length| length / per_day));
            Ok(Int64Chunked::from_iter_options(name, days).into_column())
        }
        (Meaning::Integer, _) => as_type(&DataType::Int64),
        (Meaning::Number | Meaning::Ratio, _) => {
            let numbers = as_type(&DataType::Float64)?;
            let numbers =
                numbers.f64().map_err(failed)?.iter().map(|number| number.filter(|number| number.is_finite()));
            Ok(Float64Chunked::from_iter_options(name, numbers).into_column())
        }
        (Meaning::Money, data_type) => {
            let amounts: Vec<Option<Result<i64, NotMoney>>> = match data_type {
                DataType::Decimal(_, scale) => {
                    let from = u32::try_from(*scale).unwrap_or_default();
                    let values = column.decimal().map_err(failed)?;
                    values
                        .physical()
                        .iter()
                        .map(|value| value.map(|value| from_decimal(value, from, decimals)))
                        .collect()
                }
                data_type if data_type.is_float() => {
                    let values = as_type(&DataType::Float64)?;
                    let finite =
                        values.f64().map_err(failed)?.iter().map(|value| value.filter(|value| value.is_finite()));
                    finite.map(|value| value.map(|value| from_float(value, decimals))).collect()
                }
                _ => {
                    let values = as_type(&DataType::Int64)?;
                    let values = values.i64().map_err(failed)?.iter();
                    values.map(|value| value.map(|value| from_decimal(value.into(), 0, decimals))).collect()
                }
            };
            let amounts = amounts.into_iter().map(|amount| match amount {
                None => Ok(None),
                Some(Ok(amount)) if amount.unsigned_abs() <= LARGEST => Ok(Some(amount)),
                Some(_) => Err("an amount of more than 18 digits".to_owned()),
            });
            Ok(Int64Chunked::from_iter_options(name, amounts.collect::<Result<Vec<_>, _>>()?.into_iter()).into_column())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;

    #[test]
    fn columns_enter_in_one_piece() {
        let table = |values: &[f64]| {
            let texts = values.iter().map(f64::to_string).collect::<Vec<String>>();
            let money = values.iter().map(|value| *value as i64).collect::<Vec<i64>>();
            let builder = TableBuilder::new("scores", values.len()).text("account", texts);
            builder.money("revenue", money).numbers("score", values.to_vec()).build()
        };
        let stacked = Table::of_pieces(table(&[]), vec![table(&[1.0, 2.0]), table(&[3.0])]);
        assert!(stacked.frame.columns().iter().all(|column| column.n_chunks() > 1));
        let frame = entering(&stacked, 2).unwrap();
        assert!(frame.columns().iter().all(|column| column.n_chunks() == 1));
        assert_eq!(frame.column("score").unwrap(), table(&[1.0, 2.0, 3.0]).frame.column("score").unwrap());
    }
}

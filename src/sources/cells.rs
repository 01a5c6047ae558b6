//! Single values of Arrow columns as text: for raw rows, keys and small tables.

use super::Error;
use arrow::array::{Array, ArrayRef, Float32Array, Float64Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Map, Value};

/// The value of a row as text; nothing for null and for the empty string.
///
/// Whole floats are written without a fraction: spreadsheet tools turn integer keys into floats.
///
/// # Errors
/// Where the type of the column has no text form.
pub fn text_of_row(column: &ArrayRef, row: usize) -> Result<Option<String>, Error> {
    if column.is_null(row) {
        return Ok(None);
    }
    if let Some(text) = float_of_row(column, row).and_then(whole_float) {
        return Ok(Some(text));
    }
    let options = FormatOptions::default();
    let formatter =
        ArrayFormatter::try_new(column.as_ref(), &options).map_err(|error| Error::new(error.to_string()))?;
    let text = formatter.value(row).to_string();
    Ok((!text.is_empty()).then_some(text))
}

/// As [`text_of_row`], but NaN is nothing: so tools write what is missing from a column of numbers.
///
/// # Errors
/// As [`text_of_row`].
pub fn key_of_row(column: &ArrayRef, row: usize) -> Result<Option<String>, Error> {
    if float_of_row(column, row).is_some_and(f64::is_nan) { Ok(None) } else { text_of_row(column, row) }
}

fn float_of_row(column: &ArrayRef, row: usize) -> Option<f64> {
    let values = column.as_any();
    let double = values.downcast_ref::<Float64Array>().map(|values| values.value(row));
    double.or_else(|| values.downcast_ref::<Float32Array>().map(|values| f64::from(values.value(row))))
}

/// A float that stands for a whole number, as that number.
pub fn whole_float(value: f64) -> Option<String> {
    (value.fract() == 0.0 && value.abs() < 9e15).then(|| format!("{}", value as i64))
}

/// A row as a JSON object; numbers stay numbers, everything else is text.
pub fn json_of_row(batch: &RecordBatch, row: usize) -> String {
    let schema = batch.schema();
    let entries = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let text = text_of_row(column, row).unwrap_or_else(|error| Some(error.message));
        let numeric = field.data_type().is_numeric();
        let value = match text {
            None if column.is_null(row) => Value::Null,
            None => Value::String(String::new()),
            Some(text) if numeric => serde_json::from_str(&text).map_or(Value::String(text), Value::Number),
            Some(text) => Value::String(text),
        };
        (field.name().clone(), value)
    });
    Value::Object(entries.collect::<Map<String, Value>>()).to_string()
}

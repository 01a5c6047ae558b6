//! The days of a batch, typed.

use super::cells::Gap;
use crate::calendar::parse_iso;
use crate::dates::{DateFormats, DateOrders, NoDay, Reading};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};
use std::ops::Range;

/// The days of a batch.
pub struct Days {
    /// By row, or [`OTHER`].
    known: ScalarBuffer<i32>,
    values: Values,
    /// By row, where texts may tell the order of day and month.
    readings: Vec<Option<Reading>>,
    orders: DateOrders,
}

/// What stands for a day that has to be looked at.
pub const OTHER: i32 = i32::MIN;

enum Values {
    Date(Date32Array),
    /// Days of which `2025-12-31` is the only form, so that nothing is to be told of the order of day and month.
    Iso(StringArray),
    Text(StringArray, DateFormats),
    /// The day numbers of a spreadsheet.
    Number(Float64Array, DateFormats),
}

impl Days {
    /// # Errors
    /// Where the column holds neither dates nor text, and no numbers that are days.
    pub fn of(column: &ArrayRef, formats: &DateFormats) -> Result<Self, String> {
        let as_type = |data_type| cast(column, &data_type).map_err(|error| error.to_string());
        let values = match column.data_type() {
            data_type if data_type.is_temporal() => {
                Values::Date(as_type(DataType::Date32)?.as_primitive::<Date32Type>().clone())
            }
            data_type if data_type.is_numeric() => {
                Values::Number(as_type(DataType::Float64)?.as_primitive::<Float64Type>().clone(), formats.clone())
            }
            _ => {
                let texts = as_type(DataType::Utf8)?.as_string::<i32>().clone();
                if formats.is_iso() { Values::Iso(texts) } else { Values::Text(texts, formats.clone()) }
            }
        };
        let readings = values.readings();
        let known = match &values {
            Values::Date(days) if days.null_count() == 0 => days.values().clone(),
            Values::Date(days) => days.iter().map(|day| day.unwrap_or(OTHER)).collect(),
            Values::Number(numbers, formats) => {
                let day = |number: Option<f64>| number.and_then(|number| formats.read_number(number).ok());
                numbers.iter().map(|number| day(number).map_or(OTHER, |reading| reading.day)).collect()
            }
            Values::Iso(texts) => {
                let day = |text: Option<&str>| text.and_then(|text| parse_iso(text.as_bytes())).unwrap_or(OTHER);
                texts.iter().map(day).collect()
            }
            Values::Text(..) => readings.iter().map(|reading| reading.map_or(OTHER, |reading| reading.day)).collect(),
        };
        Ok(Self { known, values, readings, orders: DateOrders::default() })
    }

    /// By row, its day where it is known, and else [`OTHER`].
    pub fn known(&self) -> &[i32] {
        &self.known
    }

    /// The day of a row.
    ///
    /// # Errors
    /// Why there is none.
    #[inline]
    pub fn day(&self, row: usize) -> Result<i32, Gap> {
        match self.known.get(row) {
            Some(day) if *day != OTHER => Ok(*day),
            _ => self.values.day(row),
        }
    }

    /// Counts the days of rows among those that tell the order of day and month.
    pub fn count(&mut self, rows: Range<usize>) {
        for reading in self.readings.get(rows).unwrap_or_default().iter().flatten() {
            self.orders.add(*reading);
        }
    }

    /// What the days counted tell of the order of day and month.
    pub fn orders(&self) -> DateOrders {
        self.orders
    }
}

impl Values {
    /// The days of texts that may tell the order of day and month, and of no others. Neighbours are often equal.
    fn readings(&self) -> Vec<Option<Reading>> {
        let Self::Text(texts, formats) = self else { return Vec::new() };
        let mut last = ("", None);
        let readings = texts.iter().map(|text| {
            let text = text.unwrap_or_default().trim_ascii();
            if last.0 != text {
                last = (text, formats.read(text).ok());
            }
            last.1
        });
        readings.collect()
    }

    /// The day of a row, looked at closely.
    fn day(&self, row: usize) -> Result<i32, Gap> {
        let gap = |text: &str, error| match error {
            NoDay::Unreadable => Gap::Unreadable(text.to_owned()),
            NoDay::Ambiguous(one, other) => Gap::Ambiguous(text.to_owned(), one, other),
        };
        match self {
            Self::Date(days) if days.is_null(row) => Err(Gap::Missing),
            Self::Date(days) => Ok(days.value(row)),
            Self::Number(numbers, _) if numbers.is_null(row) => Err(Gap::Missing),
            Self::Number(numbers, formats) => {
                let number = numbers.value(row);
                formats.read_number(number).map(|reading| reading.day).map_err(|error| gap(&number.to_string(), error))
            }
            Self::Iso(texts) | Self::Text(texts, _) if texts.is_null(row) => Err(Gap::Missing),
            Self::Iso(texts) => {
                let text = texts.value(row).trim_ascii();
                parse_iso(text.as_bytes())
                    .ok_or_else(|| if text.is_empty() { Gap::Missing } else { gap(text, NoDay::Unreadable) })
            }
            Self::Text(texts, formats) => {
                let text = texts.value(row).trim_ascii();
                if text.is_empty() {
                    return Err(Gap::Missing);
                }
                formats.read(text).map(|reading| reading.day).map_err(|error| gap(text, error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn days(column: ArrayRef) -> Vec<Result<i32, Gap>> {
        let days = Days::of(&column, &DateFormats::iso()).unwrap();
        (0..column.len()).map(|row| days.day(row)).collect()
    }

    #[test]
    fn dates_are_known_and_what_is_none_is_told() {
        let none = Err(Gap::Missing);
        assert_eq!(days(Arc::new(Date32Array::from(vec![1, i32::MIN]))), [Ok(1), Ok(i32::MIN)]);
        let some = Date32Array::from(vec![Some(1), None, Some(i32::MIN), Some(19_722)]);
        assert_eq!(days(Arc::new(some.clone())), [Ok(1), none.clone(), Ok(i32::MIN), Ok(19_722)]);
        assert_eq!(days(Arc::new(some.slice(1, 3))), [none.clone(), Ok(i32::MIN), Ok(19_722)]);
        let texts = [Some("1970-01-02"), Some(" 1970-01-02\t"), Some(" "), None, Some("1970-13-01")];
        let unreadable = Err(Gap::Unreadable("1970-13-01".to_owned()));
        assert_eq!(days(Arc::new(StringArray::from(texts.to_vec()))), [Ok(1), Ok(1), none.clone(), none, unreadable]);
    }
}

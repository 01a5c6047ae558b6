//! The days of a batch, typed.

use super::cells::Gap;
use crate::calendar::parse_iso;
use crate::dates::{DateFormats, DateOrders, NoDay, Reading};
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Float64Type};

/// The days of a batch.
pub struct Days {
    /// By row, where reading it takes no more than a look, and else [`OTHER`]; none at all where every day has to be read.
    known: ScalarBuffer<i32>,
    values: Values,
}

/// What stands for a day that has to be looked at.
const OTHER: i32 = i32::MIN;

enum Values {
    Date(Date32Array),
    /// Days of which `2025-12-31` is the only form, so that nothing is to be told of the order of day and month.
    Iso(StringArray),
    Text(StringArray, DayReader),
    /// The day numbers of a spreadsheet.
    Number(Float64Array, DateFormats),
}

/// Reads days from text, keeping the last one: neighbours are often equal.
#[derive(Debug, Clone)]
struct DayReader {
    formats: DateFormats,
    last: (String, Result<Reading, NoDay>),
    orders: DateOrders,
}

impl DayReader {
    fn new(formats: &DateFormats) -> Self {
        let last = (String::new(), Err(NoDay::Unreadable));
        Self { formats: formats.clone(), last, orders: DateOrders::default() }
    }

    fn read(&mut self, text: &str) -> Result<Reading, NoDay> {
        if self.last.0 != text {
            self.last.1 = self.formats.read(text);
            text.clone_into(&mut self.last.0);
        }
        self.last.1
    }
}

impl Days {
    /// # Errors
    /// Where the column holds neither dates nor text, and no numbers that are days.
    pub fn of(column: &ArrayRef, formats: &DateFormats) -> Result<Self, String> {
        let as_type = |data_type| cast(column, &data_type).map_err(|error| error.to_string());
        let nothing = ScalarBuffer::from(Vec::new());
        Ok(match column.data_type() {
            data_type if data_type.is_temporal() => {
                let days = as_type(DataType::Date32)?;
                let days = days.as_primitive::<Date32Type>().clone();
                let known = match days.null_count() {
                    0 => days.values().clone(),
                    _ => days.iter().map(|day| day.unwrap_or(OTHER)).collect(),
                };
                Self { known, values: Values::Date(days) }
            }
            data_type if data_type.is_numeric() => {
                let numbers = as_type(DataType::Float64)?.as_primitive::<Float64Type>().clone();
                Self { known: nothing, values: Values::Number(numbers, formats.clone()) }
            }
            _ => {
                let texts = as_type(DataType::Utf8)?.as_string::<i32>().clone();
                if !formats.is_iso() {
                    return Ok(Self { known: nothing, values: Values::Text(texts, DayReader::new(formats)) });
                }
                let day = |text: Option<&str>| text.and_then(|text| parse_iso(text.as_bytes())).unwrap_or(OTHER);
                Self { known: texts.iter().map(day).collect(), values: Values::Iso(texts) }
            }
        })
    }

    /// The day of a row.
    ///
    /// # Errors
    /// Why there is none.
    #[inline]
    pub fn day(&mut self, row: usize) -> Result<i32, Gap> {
        match self.known.get(row) {
            Some(day) if *day != OTHER => Ok(*day),
            _ => self.values.day(row),
        }
    }

    /// Counts the day read last among those that tell the order of day and month: of text, no day is known unread.
    #[inline]
    pub fn count(&mut self) {
        if let Values::Text(_, reader) = &mut self.values
            && let Ok(reading) = reader.last.1
        {
            reader.orders.add(reading);
        }
    }

    /// What the days counted tell of the order of day and month.
    pub fn orders(&self) -> DateOrders {
        match &self.values {
            Values::Text(_, reader) => reader.orders,
            Values::Date(_) | Values::Iso(_) | Values::Number(_, _) => DateOrders::default(),
        }
    }
}

impl Values {
    /// The day of a row, looked at closely.
    fn day(&mut self, row: usize) -> Result<i32, Gap> {
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
            Self::Text(texts, reader) => {
                let text = texts.value(row).trim_ascii();
                if text.is_empty() {
                    return Err(Gap::Missing);
                }
                reader.read(text).map(|reading| reading.day).map_err(|error| gap(text, error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn days(column: ArrayRef) -> Vec<Result<i32, Gap>> {
        let mut days = Days::of(&column, &DateFormats::iso()).unwrap();
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

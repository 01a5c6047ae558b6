//! Typed views of the columns of a batch: keys, days and amounts.

use super::expression::SCALE;
use crate::calendar::parse_iso;
use crate::dates::{DateFormats, DateOrders, NoDay, Reading};
use crate::money::{NotMoney, decimal_of_float, from_decimal, from_float};
use crate::notation::plain::Plain;
use crate::notation::{NoAmount, Notation};
use crate::sources::cells::{key_of_row, text_of_row};
use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal64Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal64Type, Decimal128Type, Float64Type, Int32Type, Int64Type};

/// Keys of accounts, invoices or products.
pub enum Keys {
    Text(StringArray),
    Dictionary(DictionaryArray<Int32Type>),
}

impl Keys {
    /// The key of a row; nothing where it is null or blank.
    pub fn text(&self, row: usize) -> Option<&str> {
        let text = match self {
            Self::Text(texts) => texts.is_valid(row).then(|| texts.value(row)),
            Self::Dictionary(dictionary) => {
                dictionary.key(row).map(|key| dictionary.values().as_string::<i32>().value(key))
            }
        };
        text.filter(|text| !is_blank(text))
    }

    /// # Errors
    /// Where the column has no text form.
    pub fn of(column: &ArrayRef) -> Result<Self, String> {
        if let Some(dictionary) = column.as_any().downcast_ref::<DictionaryArray<Int32Type>>()
            && dictionary.values().data_type() == &DataType::Utf8
        {
            return Ok(Self::Dictionary(dictionary.clone()));
        }
        let texts = if column.data_type().is_floating() || column.data_type().is_decimal() {
            // Spreadsheet tools turn whole keys into floats; `13085.0` is the account `13085`.
            let cells = (0..column.len()).map(|row| key_of_row(column, row).map_err(|error| error.message));
            cells.collect::<Result<Vec<_>, _>>()?.into_iter().collect::<StringArray>()
        } else {
            cast(column, &DataType::Utf8).map_err(|error| error.to_string())?.as_string::<i32>().clone()
        };
        Ok(Self::Text(texts))
    }
}

/// Whether there is nothing in a text but blanks.
#[inline]
pub fn is_blank(text: &str) -> bool {
    // Most texts begin with a letter or a digit.
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

/// Why a cell has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    Missing,
    /// An expression has no value because this column has none.
    MissingIn(String),
    /// With the text that cannot be read.
    Unreadable(String),
    OutOfRange(String),
    /// The expression failed, with the words of Polars.
    Failed(String),
    /// A date that two formats read as these days.
    Ambiguous(String, i32, i32),
    /// An amount marked `CR` or `DR`, which nothing declares.
    Credit(String),
    /// An amount with the sign of a currency that is not this one, in which the line is.
    OtherCurrency(String, String),
    /// An amount of no currency or of an unknown one, in words.
    NoCurrency(String),
    /// An amount of another currency that cannot be converted, in words.
    NoRate(String),
}

impl Gap {
    /// The text that has no value, or why there is none.
    pub fn text(&self) -> &str {
        match self {
            Self::Missing => "",
            Self::MissingIn(text)
            | Self::Unreadable(text)
            | Self::OutOfRange(text)
            | Self::Failed(text)
            | Self::Ambiguous(text, _, _)
            | Self::Credit(text)
            | Self::OtherCurrency(text, _)
            | Self::NoCurrency(text)
            | Self::NoRate(text) => text,
        }
    }
}

/// The days of a batch.
pub enum Days {
    Date(Date32Array),
    /// Days of which `2025-12-31` is the only form, so that nothing is to be told of the order of day and month.
    Iso(StringArray),
    Text(StringArray, DayReader),
    /// The day numbers of a spreadsheet.
    Number(Float64Array, DateFormats),
}

/// Reads days from text, keeping the last one: neighbours are often equal.
#[derive(Debug, Clone)]
pub struct DayReader {
    formats: DateFormats,
    last: (String, Result<Reading, NoDay>),
    orders: DateOrders,
}

impl DayReader {
    pub fn new(formats: &DateFormats) -> Self {
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
        match column.data_type() {
            data_type if data_type.is_temporal() => {
                Ok(Self::Date(as_type(DataType::Date32)?.as_primitive::<Date32Type>().clone()))
            }
            data_type if data_type.is_numeric() => {
                let numbers = as_type(DataType::Float64)?.as_primitive::<Float64Type>().clone();
                Ok(Self::Number(numbers, formats.clone()))
            }
            _ => {
                let texts = as_type(DataType::Utf8)?.as_string::<i32>().clone();
                Ok(if formats.is_iso() { Self::Iso(texts) } else { Self::Text(texts, DayReader::new(formats)) })
            }
        }
    }

    #[inline]
    pub fn day(&mut self, row: usize) -> Result<i32, Gap> {
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
                let text = texts.value(row);
                parse_iso(text.as_bytes()).or_else(|| parse_iso(text.as_bytes().trim_ascii())).ok_or_else(|| {
                    let text = text.trim_ascii();
                    if text.is_empty() { Gap::Missing } else { gap(text, NoDay::Unreadable) }
                })
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

    /// Counts the day read last among those that tell the order of day and month.
    #[inline]
    pub fn count(&mut self) {
        if let Self::Text(_, reader) = self
            && let Ok(reading) = reader.last.1
        {
            reader.orders.add(reading);
        }
    }

    /// What the days counted tell of the order of day and month.
    pub fn orders(&self) -> DateOrders {
        match self {
            Self::Text(_, reader) => reader.orders,
            Self::Date(_) | Self::Iso(_) | Self::Number(_, _) => DateOrders::default(),
        }
    }
}

/// The first amount that is too large: decimals of 18 digits are what every reader of Parquet takes.
pub const LARGEST: u64 = 10u64.pow(18);

/// The amounts or costs of a batch.
pub struct Amounts {
    values: Values,
    decimals: u32,
}

enum Values {
    Text(StringArray, Plain, Notation),
    Integer(Int64Array),
    Float(Float64Array),
    Decimal(Decimal128Array, u32),
    /// Of no more than 18 digits.
    ShortDecimal(Decimal64Array, u32),
}

impl Amounts {
    /// # Errors
    /// Where the column holds no numbers and no text.
    pub fn of(column: &ArrayRef, notation: Notation, decimals: u32) -> Result<Self, String> {
        let as_type = |data_type| cast(column, &data_type).map_err(|error| error.to_string());
        let values = match column.data_type() {
            DataType::UInt64 => {
                Values::Decimal(as_type(DataType::Decimal128(20, 0))?.as_primitive::<Decimal128Type>().clone(), 0)
            }
            data_type if data_type.is_integer() => {
                Values::Integer(as_type(DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            DataType::Float32 | DataType::Float16 => Values::Float(widened(&as_type(DataType::Float32)?)),
            DataType::Float64 => Values::Float(column.as_primitive::<Float64Type>().clone()),
            DataType::Decimal64(_, scale) if *scale >= 0 => {
                Values::ShortDecimal(column.as_primitive::<Decimal64Type>().clone(), scale.unsigned_abs().into())
            }
            DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
                let places =
                    u32::try_from(*scale).map_err(|_| format!("decimals of scale {scale} are not supported"))?;
                let wide = column.as_primitive_opt::<Decimal128Type>().cloned();
                let wide = wide.map_or_else(
                    || as_type(DataType::Decimal128(38, *scale)).map(|column| column.as_primitive().clone()),
                    Ok,
                )?;
                Values::Decimal(wide, places)
            }
            _ => {
                let texts = as_type(DataType::Utf8)?.as_string::<i32>().clone();
                let plain = Plain::of(&texts, notation.numbers, decimals);
                Values::Text(texts, plain, notation)
            }
        };
        Ok(Self { values, decimals })
    }

    /// The amount of a row. The sign of a currency beside it must be one of this currency, where one is given.
    ///
    /// # Errors
    /// Why there is none.
    #[inline]
    pub fn amount(&self, row: usize, currency: Option<&str>) -> Result<i64, Gap> {
        // Most amounts are minor units already, plain text, or floats that are near one number of minor units.
        let known = match &self.values {
            Values::Decimal(values, scale) if *scale == self.decimals && values.is_valid(row) => {
                i64::try_from(values.value(row)).ok()
            }
            Values::ShortDecimal(values, scale) if *scale == self.decimals && values.is_valid(row) => {
                Some(values.value(row))
            }
            Values::Text(_, plain, _) => plain.get(row),
            Values::Float(values) if values.is_valid(row) => from_float(values.value(row), self.decimals).ok(),
            _ => None,
        };
        match known.filter(|amount| amount.unsigned_abs() < LARGEST) {
            Some(amount) => Ok(amount),
            None => self.other_amount(row, currency),
        }
    }

    fn other_amount(&self, row: usize, currency: Option<&str>) -> Result<i64, Gap> {
        let (amount, shown): (_, &dyn Fn() -> String) = match &self.values {
            Values::Text(texts, ..) if texts.is_null(row) => return Err(Gap::Missing),
            Values::Integer(values) if values.is_null(row) => return Err(Gap::Missing),
            Values::Float(values) if values.is_null(row) => return Err(Gap::Missing),
            Values::Decimal(values, _) if values.is_null(row) => return Err(Gap::Missing),
            Values::ShortDecimal(values, _) if values.is_null(row) => return Err(Gap::Missing),
            Values::Text(texts, _, notation) => {
                let text = texts.value(row);
                if is_blank(text) {
                    return Err(Gap::Missing);
                }
                let value = read_amount(text, *notation, self.decimals, currency)?;
                (i64::try_from(value).map_err(|_| NotMoney::OutOfRange), &|| text.to_owned())
            }
            Values::Integer(values) => {
                (from_decimal(values.value(row).into(), 0, self.decimals), &|| values.value(row).to_string())
            }
            Values::Float(values) => (from_float(values.value(row), self.decimals), &|| values.value(row).to_string()),
            Values::Decimal(values, scale) => {
                (from_decimal(values.value(row), *scale, self.decimals), &|| values.value_as_string(row))
            }
            Values::ShortDecimal(values, scale) => {
                (from_decimal(values.value(row).into(), *scale, self.decimals), &|| values.value_as_string(row))
            }
        };
        match amount {
            Ok(amount) if amount.unsigned_abs() < LARGEST => Ok(amount),
            Ok(_) | Err(NotMoney::OutOfRange) => Err(Gap::OutOfRange(shown())),
            Err(NotMoney::Unreadable) => Err(Gap::Unreadable(shown())),
        }
    }
}

impl Amounts {
    /// An amount with all its digits, in units of `10^-scale`, for those that [`Amounts::amount`] can read: text to
    /// twelve decimal places, a float to 15 significant digits.
    pub fn exact(&self, row: usize) -> Option<(i128, u32)> {
        match &self.values {
            Values::Text(texts, _, notation) => {
                notation.parse(texts.value(row), SCALE).ok().map(|written| (written.value, SCALE))
            }
            Values::Integer(values) => Some((values.value(row).into(), 0)),
            Values::Float(values) => decimal_of_float(values.value(row)),
            Values::Decimal(values, scale) => Some((values.value(row), *scale)),
            Values::ShortDecimal(values, scale) => Some((values.value(row).into(), *scale)),
        }
    }
}

/// An amount in text, in units of `10^-scale`; the sign of a currency beside it must be one of this currency.
#[inline]
fn read_amount(text: &str, notation: Notation, scale: u32, currency: Option<&str>) -> Result<i128, Gap> {
    let written = notation.parse(text, scale).map_err(|error| match error {
        NoAmount::Not(NotMoney::Unreadable) => Gap::Unreadable(text.to_owned()),
        NoAmount::Not(NotMoney::OutOfRange) => Gap::OutOfRange(text.to_owned()),
        NoAmount::Credit => Gap::Credit(text.to_owned()),
    })?;
    match (written.currency, currency) {
        (Some(codes), Some(currency)) if !codes.contains(&currency) => {
            Err(Gap::OtherCurrency(text.to_owned(), currency.to_owned()))
        }
        _ => Ok(written.value),
    }
}

/// Single floats as the doubles that print the same: `0.1` stays 0.1.
fn widened(column: &ArrayRef) -> Float64Array {
    let singles = column.as_primitive::<arrow::datatypes::Float32Type>();
    singles.iter().map(|single| single.and_then(|single| single.to_string().parse::<f64>().ok())).collect()
}

/// What is wrong with the texts behind a computed amount: the first that is no number, else the first that
/// is empty. A text that is no number is named also where the expression makes do without it: `COALESCE`
/// would turn it into zero.
pub fn gap_behind(texts: &[(&str, &ArrayRef)], notation: Notation, row: usize, currency: Option<&str>) -> Option<Gap> {
    let mut missing = None;
    for (name, column) in texts {
        let text = text_of_row(column, row).ok().flatten().unwrap_or_default();
        if is_blank(&text) {
            missing = missing.or_else(|| Some(Gap::MissingIn((*name).to_owned())));
            continue;
        }
        let place = || format!("{text}` in `{name}");
        match read_amount(&text, notation, SCALE, currency) {
            Ok(_) => {}
            Err(Gap::Unreadable(_)) => return Some(Gap::Unreadable(place())),
            Err(Gap::OutOfRange(_)) => return Some(Gap::OutOfRange(place())),
            Err(Gap::Credit(_)) => return Some(Gap::Credit(place())),
            Err(Gap::OtherCurrency(_, currency)) => return Some(Gap::OtherCurrency(place(), currency)),
            Err(gap) => return Some(gap),
        }
    }
    missing
}

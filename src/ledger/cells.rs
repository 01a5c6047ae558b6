//! The cells of a batch: its keys, and what a cell without a value says.

use crate::sources::cells::key_of_row;
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type};

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

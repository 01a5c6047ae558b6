//! The amounts of a batch, in minor units.

use super::cells::{Gap, is_blank};
use super::expression::SCALE;
use crate::money::{NotMoney, decimal_of_float, from_decimal, from_float};
use crate::notation::plain::{OTHER, Plain};
use crate::notation::{NoAmount, Notation};
use crate::sources::cells::text_of_row;
use arrow::array::{Array, ArrayRef, AsArray, Decimal64Array, Decimal128Array, Float64Array, Int64Array, StringArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal64Type, Decimal128Type, Float64Type, Int64Type};

/// The first amount that is too large: decimals of 18 digits are what every reader of Parquet takes.
pub const LARGEST: u64 = 10u64.pow(18);

/// The amounts or costs of a batch.
pub struct Amounts {
    /// By row, in minor units, where it can be read for all lines alike, and else [`OTHER`].
    known: ScalarBuffer<i64>,
    values: Values,
    decimals: u32,
}

enum Values {
    Text(StringArray, Notation),
    Integer(Int64Array),
    Float(Float64Array),
    Decimal(Decimal128Array, u32),
    /// Of no more than 18 digits.
    ShortDecimal(Decimal64Array, u32),
}

impl Amounts {
    /// Those of a column whose lines are all in this currency, where one is given: beside an amount its sign may stand.
    ///
    /// # Errors
    /// Where the column holds no numbers and no text.
    pub fn of(column: &ArrayRef, notation: Notation, decimals: u32, currency: Option<&str>) -> Result<Self, String> {
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
            _ => Values::Text(as_type(DataType::Utf8)?.as_string::<i32>().clone(), notation),
        };
        Ok(Self { known: values.known(decimals, currency), values, decimals })
    }

    /// By row, its amount where it is known, and else [`OTHER`].
    pub fn known(&self) -> &[i64] {
        &self.known
    }

    /// The amount of a row. The sign of a currency beside it must be one of this currency, where one is given.
    ///
    /// # Errors
    /// Why there is none.
    #[inline]
    pub fn amount(&self, row: usize, currency: Option<&str>) -> Result<i64, Gap> {
        match self.known.get(row) {
            Some(amount) if *amount != OTHER => Ok(*amount),
            _ => self.other_amount(row, currency),
        }
    }

    fn other_amount(&self, row: usize, currency: Option<&str>) -> Result<i64, Gap> {
        let (amount, shown): (_, &dyn Fn() -> String) = match &self.values {
            Values::Text(texts, _) if texts.is_null(row) => return Err(Gap::Missing),
            Values::Integer(values) if values.is_null(row) => return Err(Gap::Missing),
            Values::Float(values) if values.is_null(row) => return Err(Gap::Missing),
            Values::Decimal(values, _) if values.is_null(row) => return Err(Gap::Missing),
            Values::ShortDecimal(values, _) if values.is_null(row) => return Err(Gap::Missing),
            Values::Text(texts, notation) => {
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

    /// An amount with all its digits, in units of `10^-scale`, for those that [`Amounts::amount`] can read: text to
    /// twelve decimal places, a float to 15 significant digits.
    pub fn exact(&self, row: usize) -> Option<(i128, u32)> {
        match &self.values {
            Values::Text(texts, notation) => {
                notation.parse(texts.value(row), SCALE).ok().map(|written| (written.value, SCALE))
            }
            Values::Integer(values) => Some((values.value(row).into(), 0)),
            Values::Float(values) => decimal_of_float(values.value(row)),
            Values::Decimal(values, scale) => Some((values.value(row), *scale)),
            Values::ShortDecimal(values, scale) => Some((values.value(row).into(), *scale)),
        }
    }
}

impl Values {
    /// The amounts that can be read for all lines alike. Nearly all are.
    fn known(&self, decimals: u32, currency: Option<&str>) -> ScalarBuffer<i64> {
        let known = |amount: Option<i64>| amount.filter(is_small).unwrap_or(OTHER);
        let decimal =
            |value: Option<i128>, scale| known(value.and_then(|value| from_decimal(value, scale, decimals).ok()));
        match self {
            Self::ShortDecimal(values, scale)
                if *scale == decimals && values.null_count() == 0 && values.values().iter().all(is_small) =>
            {
                values.values().clone()
            }
            Self::ShortDecimal(values, scale) => {
                values.iter().map(|value| decimal(value.map(i128::from), *scale)).collect()
            }
            Self::Decimal(values, scale) => values.iter().map(|value| decimal(value, *scale)).collect(),
            Self::Integer(values) => values.iter().map(|value| decimal(value.map(i128::from), 0)).collect(),
            Self::Float(values) => {
                values.iter().map(|value| known(value.and_then(|value| from_float(value, decimals).ok()))).collect()
            }
            Self::Text(texts, notation) => {
                let mut amounts = Plain::of(texts, notation.numbers, decimals).into_amounts();
                for (amount, text) in amounts.iter_mut().zip(texts) {
                    *amount = match text {
                        None => OTHER,
                        // Written otherwise, such as with thousands set apart or the sign of the currency.
                        Some(text) if *amount == OTHER && !is_blank(text) => {
                            // Where lines have currencies of their own, any sign has to be looked at.
                            let is_home = |codes: &[&str]| currency.is_some_and(|currency| codes.contains(&currency));
                            let written = notation.parse(text, decimals).ok();
                            let written = written.filter(|written| written.currency.is_none_or(is_home));
                            known(written.and_then(|written| i64::try_from(written.value).ok()))
                        }
                        Some(_) => known(Some(*amount)),
                    };
                }
                amounts.into()
            }
        }
    }
}

/// Whether an amount has no more than the 18 digits that it may have.
fn is_small(amount: &i64) -> bool {
    amount.unsigned_abs() < LARGEST
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::NumberFormat;
    use std::sync::Arc;

    fn amounts(column: ArrayRef) -> Vec<Result<i64, Gap>> {
        let notation = Notation { numbers: NumberFormat { decimal: b'.', thousands: None }, credit: None };
        let amounts = Amounts::of(&column, notation, 2, Some("EUR")).unwrap();
        (0..column.len()).map(|row| amounts.amount(row, Some("EUR"))).collect()
    }

    fn too_large(text: &str) -> Result<i64, Gap> {
        Err(Gap::OutOfRange(text.to_owned()))
    }

    #[test]
    fn decimals_of_64_bits() {
        let column = |values: Vec<Option<i64>>| {
            let values = Decimal64Array::from(values).with_precision_and_scale(18, 2).unwrap();
            amounts(Arc::new(values))
        };
        let largest = 10i64.pow(18) - 1;
        assert_eq!(column(vec![Some(1), Some(-largest), Some(largest)]), [Ok(1), Ok(-largest), Ok(largest)]);
        assert_eq!(column(vec![Some(1), None]), [Ok(1), Err(Gap::Missing)]);
        assert_eq!(column(vec![Some(1), Some(largest + 1)]), [Ok(1), too_large("10000000000000000.00")]);
        assert_eq!(column(vec![Some(i64::MIN)]), [too_large("-92233720368547758.08")]);
        let finer = Decimal64Array::from(vec![Some(15), None]).with_precision_and_scale(18, 3).unwrap();
        assert_eq!(amounts(Arc::new(finer)), [Ok(2), Err(Gap::Missing)]);
    }

    #[test]
    fn decimals_of_128_bits_floats_and_integers() {
        let wide = Decimal128Array::from(vec![Some(1), None, Some(1 << 64)]).with_precision_and_scale(38, 2).unwrap();
        let beyond = too_large("184467440737095516.16");
        assert_eq!(amounts(Arc::new(wide.clone())), [Ok(1), Err(Gap::Missing), beyond.clone()]);
        assert_eq!(amounts(Arc::new(wide.slice(1, 2))), [Err(Gap::Missing), beyond]);
        let floats = Float64Array::from(vec![Some(1.005), None, Some(f64::NAN), Some(1e14)]);
        let none = Err(Gap::Unreadable("NaN".to_owned()));
        assert_eq!(amounts(Arc::new(floats)), [Ok(101), Err(Gap::Missing), none, too_large("100000000000000")]);
        let integers = Int64Array::from(vec![Some(7), None, Some(i64::MIN)]);
        assert_eq!(amounts(Arc::new(integers)), [Ok(700), Err(Gap::Missing), too_large("-9223372036854775808")]);
    }

    #[test]
    fn texts() {
        let texts = StringArray::from(vec![Some("1.5"), Some(" 2 "), Some(""), None, Some("9999999999999999")]);
        let largest = Ok(999_999_999_999_999_900);
        assert_eq!(amounts(Arc::new(texts)), [Ok(150), Ok(200), Err(Gap::Missing), Err(Gap::Missing), largest]);
    }

    #[test]
    fn the_sign_of_the_currency_is_known_where_all_lines_are_in_it() {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["1,234.50", "€ 12.50", "$ 3"]));
        let notation = Notation { numbers: NumberFormat { decimal: b'.', thousands: Some(b',') }, credit: None };
        let known = |currency| Amounts::of(&column, notation, 2, currency).unwrap().known().to_vec();
        assert_eq!(known(Some("EUR")), [123_450, 1_250, OTHER]);
        assert_eq!(known(None), [123_450, OTHER, OTHER]);
        let dollars = Amounts::of(&column, notation, 2, Some("EUR")).unwrap().amount(2, Some("EUR"));
        assert_eq!(dollars, Err(Gap::OtherCurrency("$ 3".to_owned(), "EUR".to_owned())));
    }
}

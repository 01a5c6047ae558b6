//! The cells of a sheet: text, numbers written out, days, errors.

use super::cells::whole_float;
use crate::calendar::{day_of, iso, parse_day};
use calamine::{Data, ExcelDateTime};
use std::borrow::Cow;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Empty,
    /// Text, a number written out, `true` or `false`.
    Text(String),
    /// Days since 1970-01-01.
    Day(i32),
    /// What a formula that failed shows.
    Error(String),
}

impl Cell {
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Day(_) | Self::Error(_) => false,
        }
    }

    /// Whether it is a day or something else; nothing where it is empty.
    pub fn is_day(&self) -> Option<bool> {
        match self {
            Self::Empty => None,
            Self::Day(_) => Some(true),
            Self::Text(_) | Self::Error(_) => Some(false),
        }
    }

    pub fn text(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Text(text) | Self::Error(text) => Some(text.clone()),
            Self::Day(day) => Some(iso(*day)),
        }
    }

    pub fn is_called(&self, fits: impl Fn(&str) -> bool) -> bool {
        self.text().is_some_and(|text| fits(&text))
    }
}

/// The errors of formulas: a workbook of LibreOffice holds them as text.
const ERRORS: [&str; 8] = ["#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#DATA!"];

/// What a cell holds, its numbers with this decimal sign. Formulas are what they gave when the file was saved.
pub fn cell(data: &Data, decimal: u8, errors_are_texts: bool) -> Cell {
    match data {
        Data::Empty => Cell::Empty,
        Data::Int(number) => Cell::Text(number.to_string()),
        Data::Float(number) => Cell::Text(number_text(*number, decimal).into_owned()),
        Data::String(text) if text.is_empty() => Cell::Empty,
        Data::String(text) if errors_are_texts && is_error(text) => Cell::Error(text.clone()),
        Data::String(text) | Data::DurationIso(text) => Cell::Text(text.clone()),
        Data::Bool(flag) => Cell::Text(flag.to_string()),
        Data::DateTime(moment) => {
            moment_of(moment).unwrap_or_else(|| Cell::Text(number_text(moment.as_f64(), decimal).into_owned()))
        }
        Data::DateTimeIso(text) => text
            .get(..10)
            .and_then(|day| parse_day(day, "%Y-%m-%d"))
            .map_or_else(|| Cell::Text(text.clone()), Cell::Day),
        Data::Error(error) => Cell::Error(error.to_string()),
    }
}

fn is_error(text: &str) -> bool {
    ERRORS.contains(&text)
        || text.strip_prefix("Err:").is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The day of a moment; nothing for a time of day, a length of time, and the day 1900-02-29, which Excel has and the
/// calendar has not.
fn moment_of(moment: &ExcelDateTime) -> Option<Cell> {
    if !moment.is_datetime() || moment.as_f64() < 1.0 {
        return None;
    }
    let (year, month, day, ..) = moment.to_ymd_hms_milli();
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    day_of(date.ok()?).map(Cell::Day)
}

/// From this number on, fifteen digits leave less than two decimal places.
const COARSE: f64 = 1e13;

/// A number as the decimal number of 15 significant digits that it stands for, as amounts of floats are read. A large
/// one whose digits a double does not hold is written with an exponent: no amount, and seen.
fn number_text(number: f64, decimal: u8) -> Cow<'static, str> {
    if let Some(whole) = whole_float(number) {
        return whole.into();
    }
    if number.abs() >= COARSE {
        return format!("{number:e}").into();
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    let text = rounded.to_string();
    if decimal == b'.' { text.into() } else { text.replace('.', &char::from(decimal).to_string()).into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{NumberFormat, from_float};
    use calamine::ExcelDateTimeType;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_written_as_what_they_stand_for() {
        for (number, text) in [
            (13_085.0, "13085"),
            (-0.5, "-0.5"),
            (0.1 + 0.2, "0.3"),
            (1.005, "1.005"),
            (4_006_381_333_931.0, "4006381333931"),
            (1e-7, "0.0000001"),
            (12_345_678_901_234.56, "1.234567890123456e13"),
            (1e300, "1e300"),
        ] {
            assert_eq!(number_text(number, b'.'), text);
        }
        assert_eq!(number_text(1234.5, b','), "1234,5");
    }

    #[test]
    fn days_of_both_calendars_of_excel() {
        let moment = |value, is_1904| Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904));
        let shown = |data: &Data| cell(data, b'.', false).text().unwrap();
        // 45292 is 2024-01-01; the other calendar counts 1462 days less.
        assert_eq!(shown(&moment(45_292.0, false)), "2024-01-01");
        assert_eq!(shown(&moment(45_292.999, false)), "2024-01-01");
        assert_eq!(shown(&moment(43_830.0, true)), "2024-01-01");
        assert_eq!(shown(&moment(59.0, false)), "1900-02-28");
        assert_eq!(shown(&moment(61.0, false)), "1900-03-01");
        assert_eq!(cell(&moment(60.0, false), b'.', false), Cell::Text("60".to_owned()));
        assert_eq!(cell(&moment(0.25, false), b'.', false), Cell::Text("0.25".to_owned()));
        let length = ExcelDateTime::new(45_292.0, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(cell(&Data::DateTime(length), b'.', false), Cell::Text("45292".to_owned()));
        assert_eq!(shown(&Data::DateTimeIso("2024-01-01T23:59:59".to_owned())), "2024-01-01");
        assert_eq!(shown(&Data::DateTimeIso("soon".to_owned())), "soon");
    }

    #[test]
    fn errors_are_no_texts() {
        let text = |text: &str| Data::String(text.to_owned());
        assert_eq!(cell(&text("#N/A"), b'.', true), Cell::Error("#N/A".to_owned()));
        assert_eq!(cell(&text("Err:502"), b'.', true), Cell::Error("Err:502".to_owned()));
        assert_eq!(cell(&text("#N/A"), b'.', false), Cell::Text("#N/A".to_owned()));
        assert_eq!(cell(&text(""), b'.', true), Cell::Empty);
        assert_eq!(cell(&Data::Bool(true), b'.', true), Cell::Text("true".to_owned()));
    }

    proptest! {
        /// What is written out is read back as the same amount as the double itself.
        #[test]
        fn a_number_of_a_sheet_is_the_amount_of_its_double(number in -1e8..1e8f64, places in 0..6i32) {
            let number = (number * 10f64.powi(places)).round() / 10f64.powi(places);
            let text = number_text(number, b'.');
            prop_assert_eq!(NumberFormat::PLAIN.parse(text.as_bytes(), 2), from_float(number, 2));
        }
    }
}

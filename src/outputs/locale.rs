//! How numbers, money, percentages and dates are written in the language of a report.
//!
//! Digits, separators and the names of months come from the Unicode CLDR by way of ICU4X, so that
//! a Spanish reader finds `1.234.567,89` and an English one `1,234,567.89`. Spanish does not group
//! numbers of four digits (`1234`), which is the rule of the language and not an omission.
//! Rounding is half away from zero on the shortest decimal that names a float, and a number that
//! rounds to zero has no sign.

use std::fmt::Display;

use fixed_decimal::{Decimal, Sign, SignedRoundingMode, UnsignedRoundingMode};
use icu_calendar::types::RataDie;
use icu_calendar::{Date, Gregorian};
use icu_datetime::FixedCalendarDateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_datetime::options::{Alignment, YearStyle};
use icu_decimal::DecimalFormatter;
use icu_locale_core::{Locale as Tag, locale};
use serde::{Deserialize, Serialize};

type DateFormatter = FixedCalendarDateTimeFormatter<Gregorian, YMD>;

/// What a null is shown as.
pub const NOTHING: &str = "–";

/// Keeps a figure and its unit on one line, as both languages ask for.
const NO_BREAK_SPACE: char = '\u{a0}';

/// 1970-01-01 as the calendar crate counts days, from 0001-01-01 as day 1.
const UNIX_EPOCH: i64 = 719_163;

/// The languages in which a report can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// The language of a code, `en` or `es`; none for any other.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// The code that a pipeline writes for this language.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// English is that of Europe, where the day comes before the month; its numbers are the same.
    fn tag(self) -> Tag {
        match self {
            Self::English => locale!("en-GB"),
            Self::Spanish => locale!("es-ES"),
        }
    }
}

/// The data of a language could not be loaded. It is compiled in, so this names a faulty build.
#[derive(Debug, thiserror::Error)]
#[error("the formats of language `{code}` cannot be loaded: {reason}")]
pub struct LocaleError {
    code: &'static str,
    reason: String,
}

/// Writes numbers and dates in one language.
#[derive(Debug)]
pub struct Locale {
    language: Language,
    numbers: DecimalFormatter,
    dates: DateFormatter,
    short_dates: DateFormatter,
}

impl Locale {
    pub fn new(language: Language) -> Result<Self, LocaleError> {
        let tag = language.tag();
        let missing = |reason: &dyn Display| LocaleError { code: language.code(), reason: reason.to_string() };
        let short = YMD::short().with_year_style(YearStyle::Full).with_alignment(Alignment::Column);
        Ok(Self {
            language,
            numbers: DecimalFormatter::try_new((&tag).into(), Default::default()).map_err(|error| missing(&error))?,
            dates: DateFormatter::try_new((&tag).into(), YMD::long()).map_err(|error| missing(&error))?,
            short_dates: DateFormatter::try_new((&tag).into(), short).map_err(|error| missing(&error))?,
        })
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// A whole number, grouped: `1,234,567`.
    pub fn number(&self, value: impl Into<i128>) -> String {
        self.write(Decimal::from(value.into()))
    }

    /// The digits of an amount in minor units, all of them and no rounding: `1,234,567.89`.
    pub fn amount(&self, minor: impl Into<i128>, decimals: u32) -> String {
        let mut amount = Decimal::from(minor.into());
        let decimals = magnitude(decimals);
        amount.multiply_pow10(-decimals);
        amount.pad_end(-decimals);
        self.write(amount)
    }

    /// An amount with its currency behind it: `1,234,567.89 EUR`.
    pub fn money(&self, minor: impl Into<i128>, decimals: u32, currency: &str) -> String {
        format!("{}{NO_BREAK_SPACE}{currency}", self.amount(minor, decimals))
    }

    /// A number with a fixed count of decimals: `7.25`.
    pub fn decimal(&self, value: f64, decimals: u32) -> String {
        self.rounded(value, 0, decimals)
    }

    /// A ratio as a percentage: `0.123` is `12.3%`, in Spanish `12,3 %`.
    pub fn percent(&self, ratio: f64, decimals: u32) -> String {
        let figure = self.rounded(ratio, 2, decimals);
        match self.language {
            _ if figure == NOTHING => figure,
            Language::English => format!("{figure}%"),
            Language::Spanish => format!("{figure}{NO_BREAK_SPACE}%"),
        }
    }

    /// A day in words, from days since 1970-01-01: `31 December 2025`, `31 de diciembre de 2025`.
    pub fn date(&self, days: i32) -> String {
        self.dates.format(&day(days)).to_string()
    }

    /// A day in figures of a fixed width, for tables: `31/12/2025`.
    pub fn short_date(&self, days: i32) -> String {
        self.short_dates.format(&day(days)).to_string()
    }

    /// Rounds `value · 10^shift` in decimal, so that 12.25% does not become 12.2% for the float
    /// below it. A value that is not finite reads as nothing.
    fn rounded(&self, value: f64, shift: i16, decimals: u32) -> String {
        let Ok(mut decimal) = Decimal::try_from_str(&value.to_string()) else {
            return NOTHING.to_owned();
        };
        let decimals = magnitude(decimals);
        decimal.multiply_pow10(shift);
        decimal.round_with_mode(-decimals, SignedRoundingMode::Unsigned(UnsignedRoundingMode::HalfExpand));
        decimal.trim_start();
        decimal.pad_end(-decimals);
        self.write(decimal)
    }

    fn write(&self, mut decimal: Decimal) -> String {
        if decimal.is_zero() {
            decimal.set_sign(Sign::None);
        }
        self.numbers.format(&decimal).to_string()
    }
}

fn magnitude(decimals: u32) -> i16 {
    i16::try_from(decimals).unwrap_or(i16::MAX)
}

fn day(days: i32) -> Date<Gregorian> {
    Date::from_rata_die(RataDie::new(UNIX_EPOCH + i64::from(days)), Gregorian)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english() -> Locale {
        Locale::new(Language::English).unwrap()
    }

    fn spanish() -> Locale {
        Locale::new(Language::Spanish).unwrap()
    }

    #[test]
    fn languages_are_named_by_their_codes() {
        for language in [Language::English, Language::Spanish] {
            assert_eq!(Language::from_code(language.code()), Some(language));
        }
        assert_eq!(Language::from_code("EN"), None);
    }

    #[test]
    fn whole_numbers_are_grouped() {
        let cases = [
            (0, "0", "0"),
            (7, "7", "7"),
            (1234, "1,234", "1234"),
            (12345, "12,345", "12.345"),
            (-1234567, "-1,234,567", "-1.234.567"),
            (i64::MAX, "9,223,372,036,854,775,807", "9.223.372.036.854.775.807"),
            (i64::MIN, "-9,223,372,036,854,775,808", "-9.223.372.036.854.775.808"),
        ];
        for (value, in_english, in_spanish) in cases {
            assert_eq!(english().number(value), in_english);
            assert_eq!(spanish().number(value), in_spanish);
        }
    }

    #[test]
    fn money_keeps_every_digit() {
        let cases = [
            (123456789, 2, "1,234,567.89\u{a0}EUR", "1.234.567,89\u{a0}EUR"),
            (0, 2, "0.00\u{a0}EUR", "0,00\u{a0}EUR"),
            (-5, 2, "-0.05\u{a0}EUR", "-0,05\u{a0}EUR"),
            (123456789, 4, "12,345.6789\u{a0}EUR", "12.345,6789\u{a0}EUR"),
            (-1200, 0, "-1,200\u{a0}EUR", "-1200\u{a0}EUR"),
            (i64::MIN, 2, "-92,233,720,368,547,758.08\u{a0}EUR", "-92.233.720.368.547.758,08\u{a0}EUR"),
        ];
        for (minor, decimals, in_english, in_spanish) in cases {
            assert_eq!(english().money(minor, decimals, "EUR"), in_english);
            assert_eq!(spanish().money(minor, decimals, "EUR"), in_spanish);
        }
    }

    #[test]
    fn percentages_are_rounded_in_decimal_and_never_minus_zero() {
        let cases = [
            (0.123, "12.3%", "12,3\u{a0}%"),
            (0.1225, "12.3%", "12,3\u{a0}%"),
            (-0.1225, "-12.3%", "-12,3\u{a0}%"),
            (0.0, "0.0%", "0,0\u{a0}%"),
            (-0.0, "0.0%", "0,0\u{a0}%"),
            (-0.0004, "0.0%", "0,0\u{a0}%"),
            (-1.0, "-100.0%", "-100,0\u{a0}%"),
            (123.456, "12,345.6%", "12.345,6\u{a0}%"),
            (1e-300, "0.0%", "0,0\u{a0}%"),
            (f64::NAN, "–", "–"),
            (f64::INFINITY, "–", "–"),
        ];
        for (ratio, in_english, in_spanish) in cases {
            assert_eq!(english().percent(ratio, 1), in_english, "{ratio}");
            assert_eq!(spanish().percent(ratio, 1), in_spanish, "{ratio}");
        }
        assert_eq!(english().percent(1e21, 1), "100,000,000,000,000,000,000,000.0%");
    }

    #[test]
    fn decimals_are_fixed() {
        assert_eq!(english().decimal(7.0, 2), "7.00");
        assert_eq!(spanish().decimal(7.125, 2), "7,13");
        assert_eq!(spanish().decimal(-7.125, 2), "-7,13");
        assert_eq!(english().decimal(0.005, 2), "0.01");
        assert_eq!(english().decimal(-0.001, 2), "0.00");
        assert_eq!(spanish().decimal(1234.5, 1), "1234,5");
        assert_eq!(english().decimal(9999.96, 1), "10,000.0");
        assert_eq!(english().decimal(0.5, 0), "1");
    }

    #[test]
    fn dates_are_written_in_words_and_in_figures() {
        let cases = [
            (20453, "31 December 2025", "31 de diciembre de 2025", "31/12/2025"),
            (0, "1 January 1970", "1 de enero de 1970", "01/01/1970"),
            (-1, "31 December 1969", "31 de diciembre de 1969", "31/12/1969"),
            (19782, "29 February 2024", "29 de febrero de 2024", "29/02/2024"),
        ];
        for (days, in_english, in_spanish, short) in cases {
            assert_eq!(english().date(days), in_english);
            assert_eq!(spanish().date(days), in_spanish);
            assert_eq!(english().short_date(days), short);
            assert_eq!(spanish().short_date(days), short);
        }
    }

    #[test]
    fn impossible_days_do_not_stop_a_report() {
        assert!(!english().date(i32::MAX).is_empty());
        assert!(!spanish().short_date(i32::MIN).is_empty());
    }
}

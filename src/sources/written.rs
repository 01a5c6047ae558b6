//! How the cells of a small table are written: as declared where they are text, plainly where they are typed.

use super::Source;
use crate::calendar::parse_day;
use crate::dates::DateFormats;
use crate::money::{NotMoney, NumberFormat};
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use std::sync::Arc;

const ISO: &str = "%Y-%m-%d";

/// How one column of one file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub(super) numbers: NumberFormat,
    pub(super) dates: DateFormats,
    pub(super) typed: bool,
    /// Of a sheet, where days that are no text come in the form of ISO.
    pub(super) sheet: bool,
}

impl Written {
    /// How a column is written in the file of that name.
    pub fn of(source: &Source, file: &str, column: &str) -> Self {
        let typed = !source.files.iter().any(|known| known.name == file && known.is_text(column));
        let sheet = source.files.iter().any(|known| known.name == file && known.facts.sheet.is_some());
        let declared = &source.config.csv;
        let written = if typed { Self::plain() } else { Self::text(declared.numbers, declared.dates.clone()) };
        Self { sheet, ..written }
    }

    /// As typed columns read.
    pub fn plain() -> Self {
        Self { numbers: NumberFormat::PLAIN, dates: DateFormats::iso(), typed: true, sheet: false }
    }

    /// Text in a declared form.
    pub fn text(numbers: NumberFormat, dates: DateFormats) -> Self {
        Self { numbers, dates, typed: false, sheet: false }
    }

    /// A day; a moment counts on its day.
    pub fn day(&self, text: &str) -> Option<i32> {
        let text = text.trim();
        let text = if self.typed { text.split_once('T').map_or(text, |(day, _)| day) } else { text };
        let of_a_cell = self.sheet.then(|| parse_day(text, ISO)).flatten();
        of_a_cell.or_else(|| self.dates.day(text))
    }

    /// A number in units of `10^-scale`.
    ///
    /// # Errors
    /// As [`NumberFormat::parse_wide`].
    pub fn number(&self, text: &str, scale: u32) -> Result<i128, NotMoney> {
        let read = |text: &str| self.numbers.parse_wide(text.as_bytes(), scale);
        // A float column writes its small and large values with an exponent.
        match text.parse::<f64>() {
            Ok(value) if self.typed && value.is_finite() => read(&value.to_string()),
            _ => read(text),
        }
    }
}

/// Decimal places that count in a number that becomes a float.
const PLACES: u32 = 12;

impl Written {
    /// A number without a fraction; `12.0` is one.
    pub fn whole(&self, text: &str) -> Option<i64> {
        let (scaled, one) = (self.number(text, PLACES).ok()?, 10i128.pow(PLACES));
        (scaled % one == 0).then(|| i64::try_from(scaled / one).ok())?
    }

    /// The float that is nearest to a number.
    pub fn float(&self, text: &str) -> Option<f64> {
        if self.typed {
            return text.parse().ok().filter(|value: &f64| value.is_finite());
        }
        let (scaled, one) = (self.number(text, PLACES).ok()?, 10u128.pow(PLACES));
        let (sign, size) = (if scaled < 0 { "-" } else { "" }, scaled.unsigned_abs());
        format!("{sign}{}.{:012}", size / one, size % one).parse().ok()
    }
}

/// Reports every column that a file of a small table lacks.
pub fn require(source: &Source, columns: &[&Located<String>], problems: &Problems) -> Option<()> {
    let mut complete = Some(());
    for column in columns {
        for file in source.files.iter().filter(|file| file.column(&column.value).is_none()) {
            let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("`{}` has no column `{}`", file.name, column.value);
            problems.report(&column.span, message, did_you_mean(&column.value, names));
            complete = None;
        }
    }
    complete
}

/// A small table whose columns have names of their own, such as `the table of costs`, once every file has them.
pub fn sheet(
    reference: &Located<String>,
    source: &Source,
    what: &str,
    columns: &[&str],
    problems: &Problems,
) -> Option<Arc<Source>> {
    let mut complete = true;
    for column in columns {
        for file in source.files.iter().filter(|file| file.column(column).is_none()) {
            let names: Vec<&str> = file.columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("{what} `{}` has no column `{column}`", file.name);
            problems.report(&reference.span, message, did_you_mean(column, names));
            complete = false;
        }
    }
    complete.then(|| Arc::new(source.clone()))
}

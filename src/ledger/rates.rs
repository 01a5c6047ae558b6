//! The table of exchange rates: what a pipeline declares of it, its rows judged, and the rate of a day.

use super::currency::Currency;
use crate::calendar::{date_of, iso};
use crate::failure::Failure;
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::Node;
use crate::pipeline::scope::{Scope, shared};
use crate::sources::written::{Written, require};
use crate::sources::{Source, TextRow};
use arrow::datatypes::i256;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Decimal places that a rate keeps.
const PLACES: u32 = 18;

/// What `rates` declares.
#[derive(Debug, Clone)]
pub struct RateKeys {
    pub from: Located<String>,
    /// The columns of the table.
    pub date: Located<String>,
    pub source: Located<String>,
    pub target: Located<String>,
    pub rate: Located<String>,
    pub by: By,
    /// Whether a rate the other way round serves where there is none.
    pub inverse: bool,
}

/// Which rate of a currency a line gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// That of its day, or the newest of so many days before.
    Day { look_back: i32 },
    /// The mean of the rates of its calendar month.
    MonthAverage,
}

impl RateKeys {
    pub fn decode(node: &Node, problems: &Problems) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, "`rates`", problems)?;
        let (from, date) = (fields.text("from"), fields.text("date"));
        let (source, target, rate) = (fields.text("source"), fields.text("target"), fields.text("rate"));
        let by = fields.choice("by", &[("day", false), ("month_average", true)], false);
        let back = fields.optional("look_back").map(|node| node.span.clone());
        let look_back = fields.whole("look_back", 0..=366, 7).and_then(|days| i32::try_from(days).ok());
        let inverse = fields.flag("inverse").unwrap_or_default();
        fields.finish();
        if let (Some(true), Some(span)) = (by, back) {
            let message = "`look_back` goes with `by: day`";
            problems.report(&span, message, "a month has the mean of its own rates or none".to_owned());
        }
        let by = if by? { By::MonthAverage } else { By::Day { look_back: look_back? } };
        Some(Self { from: from?, date: date?, source: source?, target: target?, rate: rate?, by, inverse })
    }

    /// Finds the table and its columns.
    pub fn bind(&self, scope: &mut Scope) -> Option<Arc<Source>> {
        let source = scope.source(&self.from)?;
        require(source, &self.columns(), scope.problems)?;
        Some(shared(source))
    }

    fn columns(&self) -> [&Located<String>; 4] {
        [&self.date, &self.source, &self.target, &self.rate]
    }

    /// Reads the rates that bring other currencies to one.
    ///
    /// # Errors
    /// Where the table cannot be read or has a row that cannot be used, with all such rows.
    pub fn read(&self, table: &Source, home: Currency) -> Result<RateTable, Failure> {
        let names = self.columns().map(|column| column.value.as_str());
        let mut mistakes = Vec::new();
        let mut read: BTreeMap<(Currency, Currency, i32), (i128, String)> = BTreeMap::new();
        let mut forms: BTreeMap<String, [Written; 2]> = BTreeMap::new();
        for row in table.text_rows(&names)? {
            let [days, rates] = forms
                .entry(row.file.clone())
                .or_insert_with(|| [names[0], names[3]].map(|column| Written::of(table, &row.file, column)));
            let place = format!("{}:{}", row.file, row.line);
            let (key, rate) = match judged(&row, days, rates) {
                Ok(judged) => judged,
                Err(mistake) => {
                    mistakes.push(format!("{place}: {mistake}"));
                    continue;
                }
            };
            match read.entry(key) {
                Entry::Vacant(free) => {
                    free.insert((rate, place));
                }
                Entry::Occupied(taken) => {
                    let ((source, target, day), first) = (key, &taken.get().1);
                    let pair = format!("`{}` to `{}` on {}", source.code(), target.code(), iso(day));
                    mistakes.push(format!("{place}: {pair} stands in {first} already"));
                }
            }
        }
        if !mistakes.is_empty() {
            let hint = "a rate needs a day, two currencies and a number above zero, and each pair one rate per day";
            return Err(Failure::rows("the table of rates has rows that cannot be used", &mistakes, hint));
        }
        let rates = read.into_iter().map(|((source, target, day), (rate, _))| (source, target, day, rate));
        Ok(RateTable::new(rates, home, self.by, self.inverse))
    }
}

type Pair = (Currency, Currency, i32);

/// The pair, day and rate of a row, in units of `10^-PLACES`; or what is wrong with it.
fn judged(row: &TextRow, days: &Written, rates: &Written) -> Result<(Pair, i128), String> {
    if let Some(defect) = &row.defect {
        return Err(defect.detail.clone());
    }
    let cell = |place: usize| row.cells.get(place).and_then(Option::as_deref).unwrap_or_default();
    if let Some(empty) =
        (0..).zip(["day", "source", "target", "rate"]).find(|(place, _)| cell(*place).trim().is_empty())
    {
        return Err(format!("the {} is empty", empty.1));
    }
    let day = days.day(cell(0)).ok_or_else(|| format!("`{}` is no day of the declared format", cell(0)))?;
    let currency = |text: &str| Currency::read(text).ok_or_else(|| format!("`{text}` is no code of a currency"));
    let (source, target) = (currency(cell(1))?, currency(cell(2))?);
    let rate = rates.number(cell(3), PLACES).map_err(|_| format!("`{}` is no rate", cell(3)))?;
    if rate <= 0 || rate >= 10i128.pow(30) {
        return Err(format!("the rate `{}` should be above zero and below 10^12", cell(3)));
    }
    Ok(((source, target, day), rate))
}

/// What one unit of a currency is worth, as a fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    numerator: i128,
    denominator: i128,
}

impl Rate {
    /// The mean of rates in units of `10^-PLACES`, or one over it.
    fn mean(rates: &[i128], inverse: bool) -> Self {
        let sum: i128 = rates.iter().sum();
        let parts = i128::try_from(rates.len()).unwrap_or(1) * 10i128.pow(PLACES);
        let common = common_divisor(sum, parts).max(1);
        let (numerator, denominator) = (sum / common, parts / common);
        if inverse { Self { numerator: denominator, denominator: numerator } } else { Self { numerator, denominator } }
    }

    /// `value × 10^-scale` at this rate, in units of `10^-decimals`, rounded half away from zero; none where it
    /// leaves 64 bits.
    pub fn convert(self, value: i128, scale: u32, decimals: u32) -> Option<i64> {
        let wide = i256::from_i128;
        let power = |places: u32| 10i128.checked_pow(places).map(wide);
        let dividend = wide(value).checked_mul(wide(self.numerator))?.checked_mul(power(decimals)?)?;
        let divisor = wide(self.denominator).checked_mul(power(scale)?)?;
        let (quotient, rest) = dividend.checked_div_rem(divisor)?;
        let (quotient, rest) = (quotient.to_i128()?, rest.checked_abs()?);
        let up = rest >= divisor.checked_sub(rest)?;
        i64::try_from(if up { quotient.checked_add(value.signum())? } else { quotient }).ok()
    }
}

fn common_divisor(mut one: i128, mut other: i128) -> i128 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// The rates that bring other currencies to that of the pipeline.
#[derive(Debug, Clone)]
pub struct RateTable {
    by: By,
    /// By currency: days or months in order, each with its rate.
    direct: BTreeMap<Currency, Vec<(i32, Rate)>>,
    inverse: BTreeMap<Currency, Vec<(i32, Rate)>>,
}

impl RateTable {
    /// From (source, target, day, rate), sorted.
    fn new(
        rates: impl Iterator<Item = (Currency, Currency, i32, i128)>,
        home: Currency,
        by: By,
        inverse: bool,
    ) -> Self {
        let mut direct: BTreeMap<Currency, BTreeMap<i32, Vec<i128>>> = BTreeMap::new();
        let mut inverted: BTreeMap<Currency, BTreeMap<i32, Vec<i128>>> = BTreeMap::new();
        for (source, target, day, rate) in rates {
            let place = by.place(day);
            if target == home {
                direct.entry(source).or_default().entry(place).or_default().push(rate);
            } else if source == home && inverse {
                inverted.entry(target).or_default().entry(place).or_default().push(rate);
            }
        }
        let means = |rates: BTreeMap<Currency, BTreeMap<i32, Vec<i128>>>, inverse: bool| {
            let mean = |(place, rates): (i32, Vec<i128>)| (place, Rate::mean(&rates, inverse));
            rates.into_iter().map(|(currency, rates)| (currency, rates.into_iter().map(mean).collect())).collect()
        };
        Self { by, direct: means(direct, false), inverse: means(inverted, true) }
    }

    /// The rate of a currency on a day.
    pub fn find(&self, currency: Currency, day: i32) -> Option<Rate> {
        let place = self.by.place(day);
        let back = match self.by {
            By::Day { look_back } => look_back,
            By::MonthAverage => 0,
        };
        let newest = |rates: &BTreeMap<Currency, Vec<(i32, Rate)>>| {
            let rates = rates.get(&currency)?;
            let until = rates.partition_point(|(known, _)| *known <= place);
            let (known, rate) = rates.get(until.checked_sub(1)?)?;
            (*known >= place.saturating_sub(back)).then_some(*rate)
        };
        newest(&self.direct).or_else(|| newest(&self.inverse))
    }

    /// The time in which a rate for a day was looked for, in words.
    pub fn when(&self, day: i32) -> String {
        match self.by {
            By::Day { look_back: 0 } => format!("on {}", iso(day)),
            By::Day { look_back } => format!("from {} to {}", iso(day.saturating_sub(look_back)), iso(day)),
            By::MonthAverage => format!("in {}", iso(day).get(..7).unwrap_or_default()),
        }
    }
}

impl By {
    /// What rates are kept by: the day, or the calendar month as a number.
    fn place(self, day: i32) -> i32 {
        match self {
            Self::Day { .. } => day,
            Self::MonthAverage => {
                let date = date_of(day);
                i32::from(date.year()) * 12 + i32::from(date.month())
            }
        }
    }
}

//! Lines in several currencies: which one a line is in, what a pipeline says of rates, and the sums by currency.

use super::amounts::LARGEST;
use super::books::Overflow;
use super::cells::{Gap, Keys};
use super::rates::{Rate, RateTable};
use super::tally::FileTally;
use crate::failure::Failure;
use crate::table::{Table, TableBuilder, TableSpec};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The code of a currency: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a code; blanks around it and small letters are forgiven.
    pub fn read(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Self(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    pub fn code(&self) -> &str {
        // Three ASCII letters are text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What an amount of a line is worth in the currency of the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// It is in that currency.
    Same,
    At(Rate),
    Unknown(Gap),
}

impl Exchange {
    /// Converts an amount, once: from all its digits, rounded half away from zero. What cannot be read stays so.
    ///
    /// # Errors
    /// The gap of the amount, else what is missing to convert it, or [`Gap::OutOfRange`].
    pub fn convert(
        &self,
        own: Result<i64, Gap>,
        exact: impl FnOnce() -> Option<(i128, u32)>,
        decimals: u32,
    ) -> Result<i64, Gap> {
        let own = own?;
        match self {
            Self::Same => Ok(own),
            Self::Unknown(gap) => Err(gap.clone()),
            Self::At(rate) => {
                let converted = exact().and_then(|(value, scale)| rate.convert(value, scale, decimals));
                let fits = converted.filter(|amount| amount.unsigned_abs() < LARGEST);
                fits.ok_or_else(|| Gap::OutOfRange(crate::money::to_plain(own, decimals)))
            }
        }
    }
}

/// The money of a line before it is judged.
#[derive(Debug)]
pub struct Money {
    /// Nothing where none is declared; nothing within where it is not known.
    pub currency: Option<Option<Currency>>,
    pub exchange: Exchange,
    /// The amount in the currency of the line, where it can be read.
    pub own: Option<i64>,
    pub is_credit_note: bool,
}

impl Money {
    /// The code of the currency that an amount must be in: nothing where the line's is not known.
    pub fn code<'m>(&'m self, home: &'m str) -> Option<&'m str> {
        match &self.currency {
            None => Some(home),
            Some(currency) => currency.as_ref().map(Currency::code),
        }
    }
}

/// Finds the currency of each line and its rate.
#[derive(Debug)]
pub struct Exchanger<'a> {
    home: Currency,
    rates: Option<&'a RateTable>,
    /// The rate found last: neighbours are often equal.
    last: Option<(Currency, i32, Exchange)>,
}

impl<'a> Exchanger<'a> {
    pub fn new(home: Currency, rates: Option<&'a RateTable>) -> Self {
        Self { home, rates, last: None }
    }

    /// The currency of a line, where it has a known one, and what its amounts are worth on its day.
    pub fn of(&mut self, keys: &Keys, row: usize, day: Option<i32>) -> (Option<Currency>, Exchange) {
        let Some(text) = keys.text(row) else {
            return (None, Exchange::Unknown(Gap::NoCurrency("the currency is empty".to_owned())));
        };
        let Some(currency) = Currency::read(text) else {
            return (None, Exchange::Unknown(Gap::NoCurrency(format!("`{text}` is no code of a currency"))));
        };
        (Some(currency), self.exchange(currency, day))
    }

    fn exchange(&mut self, currency: Currency, day: Option<i32>) -> Exchange {
        if currency == self.home {
            return Exchange::Same;
        }
        let Some(day) = day else {
            return Exchange::Unknown(Gap::NoRate("a rate needs a day".to_owned()));
        };
        if let Some((last_currency, last_day, exchange)) = &self.last
            && (*last_currency, *last_day) == (currency, day)
        {
            return exchange.clone();
        }
        let found = self.rates.and_then(|rates| rates.find(currency, day));
        let exchange = found.map_or_else(|| Exchange::Unknown(Gap::NoRate(self.missing(currency, day))), Exchange::At);
        self.last = Some((currency, day, exchange.clone()));
        exchange
    }

    fn missing(&self, currency: Currency, day: i32) -> String {
        let (from, to) = (currency.code(), self.home.code());
        match self.rates {
            None => format!("there are no rates to bring `{from}` to `{to}`"),
            Some(rates) => format!("no rate brings `{from}` to `{to}` {}", rates.when(day)),
        }
    }
}

/// What became of a line, as far as the sums by currency tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fate {
    /// In a fiscal year: the as-of day is decided after the pass.
    Accepted(i32),
    Excluded,
    Quarantined,
    /// A row that sums up others, taken out by exclusion or into the quarantine.
    ExcludedTotal,
    QuarantinedTotal,
}

/// The lines of one file, currency and fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exchanged {
    pub rows: i64,
    /// In the currency of the lines, each rounded to the decimals of the pipeline.
    pub own: i128,
    /// In the currency of the pipeline, of the lines that could be brought there.
    pub converted: i128,
    pub converted_rows: i64,
}

impl Exchanged {
    pub fn add(&mut self, own: Option<i64>, converted: Option<i64>) {
        self.rows += 1;
        self.own += i128::from(own.unwrap_or_default());
        self.converted += i128::from(converted.unwrap_or_default());
        self.converted_rows += i64::from(converted.is_some());
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            own: self.own + other.own,
            converted: self.converted + other.converted,
            converted_rows: self.converted_rows + other.converted_rows,
        }
    }
}

/// The lines by currency, none for lines whose currency is not known, and by fate.
pub type ByCurrency = BTreeMap<(Option<Currency>, Fate), Exchanged>;

/// Refuses lines in another currency than the pipeline's where nothing says what they are worth.
///
/// # Errors
/// Where a line was quarantined for want of a rate.
pub fn refuse_mixture(files: &[FileTally], home: &str) -> Result<(), Failure> {
    let mut foreign: BTreeMap<&str, Exchanged> = BTreeMap::new();
    for ((currency, fate), sums) in files.iter().flat_map(|file| &file.currencies) {
        if let Some(currency) = currency
            && currency.code() != home
            && *fate != Fate::Excluded
        {
            let sum = foreign.entry(currency.code()).or_default();
            *sum = sum.plus(*sums);
        }
    }
    if foreign.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = foreign.iter().map(|(code, sums)| format!("{} in `{code}`", rows(sums.rows))).collect();
    let message = format!(
        "the lines are not all in `{home}`, the currency of the pipeline: {}, and there are no `rates`",
        told.join(", ")
    );
    let hint = "amounts of different currencies are never added: declare `rates`, or `exclude` the others";
    Err(Failure::Data { message, hint: Some(hint.to_owned()) })
}

fn rows(rows: i64) -> String {
    if rows == 1 { "1 line".to_owned() } else { format!("{rows} lines") }
}

/// The table of a ledger that tells the lines of each file by currency and outcome.
///
/// # Errors
/// [`Overflow`] where a sum has more digits than leave.
pub fn table<'a>(name: &str, files: impl Iterator<Item = (&'a str, &'a ByCurrency)>) -> Result<Table, Overflow> {
    let whole =
        |amount: i128| i64::try_from(amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST).ok_or(Overflow);
    let mut rows: Vec<Row> = Vec::new();
    for (file, currencies) in files {
        let mut sums: BTreeMap<(Option<&str>, &str), Exchanged> = BTreeMap::new();
        for ((currency, fate), exchanged) in currencies {
            let outcome = match fate {
                Fate::Accepted(_) => "accepted",
                Fate::Excluded | Fate::ExcludedTotal => "excluded",
                Fate::Quarantined | Fate::QuarantinedTotal => "quarantined",
            };
            let sum = sums.entry((currency.as_ref().map(Currency::code), outcome)).or_default();
            *sum = sum.plus(*exchanged);
        }
        rows.extend(sums.into_iter().map(|((currency, outcome), sums)| (file, currency, outcome, sums)));
    }
    let own = rows.iter().map(|row| whole(row.3.own)).collect::<Result<Vec<i64>, Overflow>>()?;
    let converted = rows.iter().map(|row| whole(row.3.converted)).collect::<Result<Vec<i64>, Overflow>>()?;
    Ok(build(name, &rows, own, converted))
}

/// The columns of that table.
pub fn spec(name: &str) -> TableSpec {
    build(name, &[], Vec::new(), Vec::new()).spec
}

/// The lines of a file, currency and outcome.
type Row<'a> = (&'a str, Option<&'a str>, &'a str, Exchanged);

fn build(name: &str, rows: &[Row], own: Vec<i64>, converted: Vec<i64>) -> Table {
    TableBuilder::new(name, rows.len())
        .text("file", rows.iter().map(|row| row.0).collect())
        .optional_text("currency", rows.iter().map(|row| row.1).collect())
        .text("outcome", rows.iter().map(|row| row.2).collect())
        .integers("rows", rows.iter().map(|row| row.3.rows).collect::<Vec<i64>>())
        .money("amount", own)
        .integers("rows_converted", rows.iter().map(|row| row.3.converted_rows).collect::<Vec<i64>>())
        .money("converted", converted)
        .build()
}

/// Moves the lines accepted in fiscal years after the as-of day to the excluded ones.
pub fn up_to(currencies: &ByCurrency, as_of_year: i32) -> ByCurrency {
    let mut counted = ByCurrency::new();
    for ((currency, fate), exchanged) in currencies {
        let fate = match fate {
            Fate::Accepted(year) if *year > as_of_year => Fate::Excluded,
            fate => *fate,
        };
        let sum = counted.entry((*currency, fate)).or_default();
        *sum = sum.plus(*exchanged);
    }
    counted
}

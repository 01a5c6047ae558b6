//! The filters and functions that a template has, in the language of the report.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Kwargs, StringInput};
use minijinja::{Environment, Error, ErrorKind, State, Value};

use super::catalogue::{Catalogue, heading};
use super::escape::escape;
use crate::outputs::locale::{Locale, NOTHING};

/// Everything that the filters need in order to write a value.
#[derive(Debug)]
pub(super) struct Writer {
    pub locale: Locale,
    pub catalogue: Catalogue,
    pub currency: String,
    pub decimals: u32,
    /// Whether fiscal years are calendar years, and need no name of their own.
    pub calendar_years: bool,
}

pub(super) fn register(environment: &mut Environment, writer: Writer) {
    let writer = Arc::new(writer);
    let filter = |write: fn(&Writer, &Value) -> Result<String, Error>| {
        let writer = Arc::clone(&writer);
        move |state: &State, value: &Value| or_nothing(state, value, |value| write(&writer, value))
    };
    environment.add_filter("number", filter(|writer, value| Ok(writer.locale.number(whole(value)?))));
    environment.add_filter("amount", filter(Writer::amount));
    environment.add_filter("money", filter(Writer::money));
    environment.add_filter("date", filter(|writer, value| Ok(writer.locale.date(days(value)?))));
    environment.add_filter("short_date", filter(|writer, value| Ok(writer.locale.short_date(days(value)?))));
    environment.add_filter("numerals", filter(|writer, value| Ok(numerals(&writer.locale, &value.to_string()))));
    environment.add_filter("year", filter(|writer, value| writer.period("name", whole(value)?, None)));
    let filter = |usual: u32, write: fn(&Locale, f64, u32) -> String| {
        let writer = Arc::clone(&writer);
        move |state: &State, value: &Value, decimals: Option<u32>| {
            or_nothing(state, value, |value| Ok(write(&writer.locale, float(value)?, decimals.unwrap_or(usual))))
        }
    };
    environment.add_filter("percent", filter(1, Locale::percent));
    environment.add_filter("score", filter(2, Locale::decimal));
    let shared = Arc::clone(&writer);
    environment.add_function("t", move |state: &State, key: &str, values: Kwargs| {
        shared.message(state, key, &values).map(safe)
    });
    let shared = Arc::clone(&writer);
    environment.add_function("word", move |kind: &str, code: &str| safe(shared.word(kind, code)));
    let shared = Arc::clone(&writer);
    environment.add_function("question", move |criterion: &str| shared.question(criterion).map(safe));
    environment.add_function("period", move |form: &str, first: i64, last: Option<i64>| {
        writer.period(form, first.into(), last.map(i128::from)).map(safe)
    });
}

impl Writer {
    fn amount(&self, value: &Value) -> Result<String, Error> {
        Ok(self.locale.amount(whole(value)?, self.decimals))
    }

    fn money(&self, value: &Value) -> Result<String, Error> {
        Ok(self.locale.money(whole(value)?, self.decimals, &escape(&self.currency)))
    }

    fn message(&self, state: &State, key: &str, values: &Kwargs) -> Result<String, Error> {
        let mut texts = BTreeMap::new();
        let mut count = None;
        for name in values.args() {
            let value: &Value = &values.get(name)?;
            defined(state, value)?;
            if name == "count" {
                count = Some(whole(value)?);
            }
            texts.insert(name, self.text(value)?);
        }
        self.catalogue.fill(key, count, &texts).map_err(invalid)
    }

    /// A value as it stands in a message. Floats have to come through a filter, which knows what
    /// they are.
    fn text(&self, value: &Value) -> Result<String, Error> {
        match value {
            _ if value.is_none() => Ok(NOTHING.to_owned()),
            _ if value.is_safe() => Ok(value.to_string()),
            _ if value.is_number() => Ok(self.locale.number(whole(value)?)),
            _ => Ok(escape(&value.to_string())),
        }
    }

    /// The word for a code; a group, criterion or skill of the user's own reads as a heading.
    fn word(&self, kind: &str, code: &str) -> String {
        match self.catalogue.word(&format!("{kind}.{code}")) {
            Some(word) => word.to_owned(),
            None if code.is_empty() => NOTHING.to_owned(),
            None if matches!(kind, "group" | "criterion" | "skill") => escape(&heading(code)),
            None => escape(code),
        }
    }

    /// The question behind a criterion; of one that the messages do not know, a general one.
    fn question(&self, criterion: &str) -> Result<String, Error> {
        if let Some(question) = self.catalogue.word(&format!("question.{criterion}")) {
            return Ok(question.to_owned());
        }
        let values = BTreeMap::from([("criterion", escape(&self.catalogue.label("criterion", criterion)))]);
        self.catalogue.fill("question.other", None, &values).map_err(invalid)
    }

    /// One fiscal year or several, in a form such as `name`, `of` or `in`.
    fn period(&self, form: &str, first: i128, last: Option<i128>) -> Result<String, Error> {
        let last = last.unwrap_or(first);
        let calendar = if self.calendar_years { "calendar" } else { "fiscal" };
        let years = BTreeMap::from([("first", first.to_string()), ("last", last.to_string())]);
        let count = last - first + 1;
        self.catalogue.fill(&format!("period.{form}.{calendar}"), Some(count), &years).map_err(invalid)
    }
}

/// A text of ours with its numbers in the language's way: `-2.5% → 1` is `-2,5 % → 1` in Spanish.
fn numerals(locale: &Locale, text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    let word = |word: &str| {
        let (word, comma) = word.strip_suffix(',').map_or((word, ""), |word| (word, ","));
        let (number, is_percent) = word.strip_suffix('%').map_or((word, false), |number| (number, true));
        let places = number.split_once('.').map_or(0, |(_, places)| places.len());
        let (Ok(value), Ok(places)) = (number.parse::<f64>(), u32::try_from(places)) else {
            return format!("{}{comma}", escape(word));
        };
        match is_percent {
            true => format!("{}{comma}", locale.percent(value / 100.0, places)),
            false => format!("{}{comma}", locale.decimal(value, places)),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Null reads as a dash; what does not exist is a mistake in the template.
fn or_nothing(
    state: &State,
    value: &Value,
    write: impl FnOnce(&Value) -> Result<String, Error>,
) -> Result<Value, Error> {
    defined(state, value)?;
    if value.is_none() { Ok(safe(NOTHING.to_owned())) } else { write(value).map(safe) }
}

/// Fails with the engine's own error, which knows the expression that came to nothing.
fn defined(state: &State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() { StringInput::new(state, value).map(|_| ()) } else { Ok(()) }
}

fn safe(text: String) -> Value {
    Value::from_safe_string(text)
}

fn invalid(reason: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}

fn whole(value: &Value) -> Result<i128, Error> {
    i128::try_from(value.clone()).map_err(|_| invalid(format!("`{value}` is not a whole number")))
}

fn days(value: &Value) -> Result<i32, Error> {
    i32::try_from(value.clone()).map_err(|_| invalid(format!("`{value}` is not a day, counted from 1970-01-01")))
}

fn float(value: &Value) -> Result<f64, Error> {
    f64::try_from(value.clone()).map_err(|_| invalid(format!("`{value}` is not a number")))
}

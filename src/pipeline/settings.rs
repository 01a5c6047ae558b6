//! What holds for a whole pipeline: its name, root, as-of day, fiscal year, currency, language and memory.

use super::diagnostics::{Located, Problems};
use super::fields::Fields;
use crate::calendar::{FiscalCalendar, parse_day};
use crate::outputs::locale::Language;
use bytesize::ByteSize;
use std::path::PathBuf;

/// The last day that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// The last day of the last fiscal year that the data completes.
    Latest,
    /// Days since 1970-01-01.
    Day(i32),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub name: String,
    /// Where relative paths start.
    pub root: PathBuf,
    pub as_of: AsOf,
    pub calendar: FiscalCalendar,
    /// An ISO 4217 code, such as `EUR`.
    pub currency: String,
    /// Decimal places of the currency's minor unit, as the sources carry them.
    pub decimals: u32,
    pub language: Language,
    /// How many bytes of memory a run may take, where it is declared.
    pub memory_limit: Option<u64>,
}

impl Settings {
    /// Reads the settings. What is wrong is reported and stands as its default, so that the stages can be
    /// checked all the same; a pipeline with a reported mistake never runs.
    pub fn decode(fields: &mut Fields) -> Self {
        let name = fields.text("name").and_then(|name| folder_name(name, fields.problems));
        let root = fields.optional_text("root").map_or_else(|| PathBuf::from("."), |root| PathBuf::from(root.value));
        let as_of = fields.optional_text("as_of").and_then(|text| as_of(&text, fields.problems));
        let starts = fields.whole("fiscal_year_starts", 1..=12, 1);
        let currency = fields.text("currency").and_then(|code| currency(code, fields.problems));
        let decimals = fields.whole("decimals", 0..=6, 2);
        let languages = [("en", Language::English), ("es", Language::Spanish)];
        let memory_limit = fields.optional_text("memory_limit").and_then(|size| memory(&size, fields.problems));
        let language = fields.choice("language", &languages, Language::English);
        Self {
            name: name.unwrap_or_default(),
            root,
            as_of: as_of.unwrap_or(AsOf::Latest),
            calendar: FiscalCalendar { starts: starts.and_then(|starts| u8::try_from(starts).ok()).unwrap_or(1) },
            currency: currency.unwrap_or_default(),
            decimals: decimals.and_then(|decimals| u32::try_from(decimals).ok()).unwrap_or(2),
            language: language.unwrap_or_default(),
            memory_limit,
        }
    }
}

/// Letters, digits and `_`, starting with a letter: safe in file names, SQL and columns.
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

fn folder_name(name: Located<String>, problems: &Problems) -> Option<String> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '-';
    if name.value.chars().all(allowed) {
        return Some(name.value);
    }
    let message = format!("the name `{}` should be made of letters, digits, `_` and `-`", name.value);
    problems.report(&name.span, message, "it names the folder of the pipeline's runs".to_owned());
    None
}

fn as_of(text: &Located<String>, problems: &Problems) -> Option<AsOf> {
    if text.value == "latest" {
        return Some(AsOf::Latest);
    }
    if let Some(day) = parse_day(&text.value, "%Y-%m-%d") {
        return Some(AsOf::Day(day));
    }
    let message = format!("`as_of` should be `latest` or a day, found `{}`", text.value);
    problems.report(&text.span, message, "write a day that exists as year-month-day, such as `2025-12-31`".to_owned());
    None
}

/// The least memory that may be declared: a run of a handful of lines takes about half of it.
const LEAST_MEMORY: ByteSize = ByteSize::mb(64);

fn memory(size: &Located<String>, problems: &Problems) -> Option<u64> {
    let hint = "such as `2GB`; a run of few lines takes about 40 MB".to_owned();
    match size.value.parse::<ByteSize>() {
        Ok(bytes) if bytes >= LEAST_MEMORY => return Some(bytes.as_u64()),
        Ok(_) => {
            let message = format!("`memory_limit` should be 64MB or more, found `{}`", size.value);
            problems.report(&size.span, message, hint);
        }
        Err(_) => {
            let message = format!("`memory_limit` should be a size, found `{}`", size.value);
            problems.report(&size.span, message, hint);
        }
    }
    None
}

fn currency(code: Located<String>, problems: &Problems) -> Option<String> {
    if code.value.len() == 3 && code.value.chars().all(|letter| letter.is_ascii_uppercase()) {
        return Some(code.value);
    }
    let message = format!("`currency` should be a code of three capital letters, found `{}`", code.value);
    problems.report(&code.span, message, "such as `EUR` or `USD`".to_owned());
    None
}

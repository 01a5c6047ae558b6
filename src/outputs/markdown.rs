//! Puts a [`Report`] into words: markdown from a template and a catalogue of messages.
//!
//! A template sees the fields of [`Report`] by their names. It has
//! - the filters `number`, `amount`, `money`, `percent`, `score`, `date`, `short_date` and `year`,
//!   which write a value in the report's language and null as `–`;
//! - `t(key, …)`, a message of the catalogue with its placeholders filled;
//! - `word(kind, code)`, the catalogue's word for a code, or the code itself where it has none;
//! - `question(criterion)`, what to find out in order to judge it;
//! - `period(form, first, last)`, one or several fiscal years in a sentence;
//! - the blocks of the built-in template, by `{% extends "key_accounts" %}`.
//!
//! Text of the data is escaped wherever it is shown, in anybody's template: a customer's name can
//! neither break a table nor become a link. What the filters and messages return is marked safe.

mod catalogue;
mod escape;
mod functions;

use std::error::Error as _;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use rayon::prelude::*;
use serde::Serialize;

pub use self::catalogue::Catalogue;
use self::functions::Writer;
use super::locale::{Language, Locale, LocaleError};
use super::report::Report;

/// The name under which the built-in template is found and can be extended.
pub const BUILT_IN: &str = "key_accounts";

const BUILT_IN_TEXT: &str = include_str!("templates/key_accounts.md.j2");

/// The template of a brief.
const BRIEF: &str = "brief";

const BRIEF_TEXT: &str = include_str!("templates/brief.md.j2");

/// Work that a template may do. The built-in one shows lists of a thousand rows within it, and a loop
/// without an end is stopped after a second or so.
const FUEL: u64 = 5_000_000;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Locale(#[from] LocaleError),
    #[error("the messages of language `{language}` cannot be read: {reason}")]
    Messages { language: &'static str, reason: String },
    /// A mistake in a template, with the line where it shows (0 where that is unknown).
    #[error("template `{name}`, line {line}: {reason}")]
    Template { name: String, line: usize, reason: String },
}

/// Renders a report in a language, with the built-in template or with a named text of the user's.
///
/// # Errors
/// A template that does not parse, names something that does not exist, or does not come to an end.
pub fn render(report: &Report, language: Language, template: Option<(&str, &str)>) -> Result<String, Error> {
    render_within(report, language, template, FUEL)
}

/// Checks the syntax of a user's template; what it names is known only where a report is rendered.
///
/// # Errors
/// A template that does not parse.
pub fn parse(name: &str, text: &str) -> Result<(), Error> {
    let checked = environment().and_then(|mut environment| environment.add_template(name, text));
    checked.map_err(|error| template_error(name, &error))
}

/// What briefs are written with.
#[derive(Debug, Clone, Copy)]
pub struct Wording<'a> {
    pub language: Language,
    pub currency: &'a str,
    pub decimals: u32,
    /// The month in which a fiscal year starts, from 1.
    pub fiscal_year_starts: u32,
}

/// Renders a brief for each page, side by side.
///
/// # Errors
/// A mistake in the template or the messages, which a test would have found.
pub fn render_briefs<P: Serialize + Sync>(pages: &[P], wording: &Wording) -> Result<Vec<String>, Error> {
    let mut environment = ready(wording, FUEL)?;
    environment.add_template(BRIEF, BRIEF_TEXT).map_err(|error| template_error(BRIEF, &error))?;
    let template = environment.get_template(BRIEF).map_err(|error| template_error(BRIEF, &error))?;
    let text = |page: &P| template.render(Serde(page)).map_err(|error| template_error(BRIEF, &error));
    pages.par_iter().map(text).collect()
}

fn render_within(
    report: &Report,
    language: Language,
    template: Option<(&str, &str)>,
    fuel: u64,
) -> Result<String, Error> {
    let wording = Wording {
        language,
        currency: &report.currency,
        decimals: report.decimals,
        fiscal_year_starts: report.fiscal_year_starts,
    };
    let (name, text) = template.unwrap_or((BUILT_IN, BUILT_IN_TEXT));
    let mut environment = ready(&wording, fuel)?;
    environment
        .add_template(name, text)
        .and_then(|()| environment.get_template(name))
        .and_then(|template| template.render(Serde(report)))
        .map_err(|error| template_error(name, &error))
}

/// An environment with the filters and functions of a language.
fn ready<'source>(wording: &Wording, fuel: u64) -> Result<Environment<'source>, Error> {
    let writer = Writer {
        locale: Locale::new(wording.language)?,
        catalogue: Catalogue::of(wording.language)?,
        currency: wording.currency.to_owned(),
        decimals: wording.decimals,
        calendar_years: wording.fiscal_year_starts == 1,
    };
    let mut environment = environment().map_err(|error| template_error(BUILT_IN, &error))?;
    environment.set_fuel(Some(fuel));
    functions::register(&mut environment, writer);
    Ok(environment)
}

fn environment<'source>() -> Result<Environment<'source>, minijinja::Error> {
    let mut environment = Environment::new();
    // With debugging on, an error names the expression that is undefined and not just its line.
    environment.set_debug(true);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(escape::formatter);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    environment.add_template(BUILT_IN, BUILT_IN_TEXT)?;
    Ok(environment)
}

/// The innermost error is the one that says what is wrong; those around it say which block or
/// template it was in.
fn template_error(name: &str, error: &minijinja::Error) -> Error {
    let mut cause = error;
    while let Some(inner) = cause.source().and_then(|source| source.downcast_ref::<minijinja::Error>()) {
        cause = inner;
    }
    let reason = match (cause.kind(), cause.detail()) {
        (ErrorKind::OutOfFuel, _) => "too much work, as of a loop without an end".to_owned(),
        (
            ErrorKind::UndefinedError
            | ErrorKind::InvalidOperation
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownTest
            | ErrorKind::TemplateNotFound,
            Some(detail),
        ) => detail.to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    Error::Template {
        name: cause.name().or(error.name()).unwrap_or(name).to_owned(),
        line: cause.line().or(error.line()).unwrap_or_default(),
        reason,
    }
}

#[cfg(test)]
mod rendered;
#[cfg(test)]
mod tests;

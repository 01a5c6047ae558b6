//! A YAML document as a tree in which every key and value knows its place.
//!
//! The only module that names the YAML library. Typed decoding happens in [`super::fields`]: serde
//! would stop at the first mistake, and a pipeline's reader wants all of them.

use super::diagnostics::{Located, Problem, SourceText, Span};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, NonFiniteFloatPolicy, Spanned};
use std::fmt;

/// What a YAML value can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Located<String>, Node)>),
}

/// A YAML value, its place, and for scalars the text as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub value: Value,
    pub span: Span,
    pub raw: String,
}

impl Node {
    /// What kind of value this is, for messages.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::List(items) if items.is_empty() => "an empty list".to_owned(),
            Value::Map(entries) if entries.is_empty() => "an empty map".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            _ => format!("`{}`", self.raw),
        }
    }

    /// The values of the tree without their places: what identifies a pipeline's content.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Flag(_) | Value::Integer(_) | Value::Number(_) | Value::Text(_) => self.raw.clone().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.value.clone(), value.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// Parses one document.
///
/// # Errors
/// The first mistake in the syntax, with its place; past it a YAML reader cannot go on.
pub fn parse(source: &SourceText, index: usize) -> Result<Node, Problem> {
    let options = serde_yaml::options! {
        // Equal keys are reported by the decoder, all of them, with the name of what they belong to.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // So are numbers that are not finite.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    };
    match serde_yaml::from_str_with_options::<Spanned<Parsed>>(&source.text, options) {
        Ok(parsed) => Ok(locate(parsed, &source.text, index)),
        Err(error) => {
            let span =
                error.location().map_or_else(|| start_of(index), |location| span_of(&location, index, &source.text));
            let text = error.without_snippet().to_string();
            let message = text.split(" at line ").next().unwrap_or(&text).trim_end_matches(':').to_owned();
            Err(Problem { span, message: format!("this is not valid YAML: {message}"), hint: None })
        }
    }
}

fn start_of(index: usize) -> Span {
    Span { source: index, line: 1, column: 1, bytes: 0..0 }
}

fn span_of(location: &Location, source: usize, text: &str) -> Span {
    let line = usize::try_from(location.line()).unwrap_or_default();
    let column = usize::try_from(location.column()).unwrap_or_default();
    let span = location.span();
    let start = span.byte_offset().and_then(|offset| usize::try_from(offset).ok());
    let start = start.unwrap_or_else(|| offset_of(text, line, column)).min(text.len());
    let length = span.byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    Span { source, line, column, bytes: start..(start + length).min(text.len()) }
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    before + rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>()
}

fn locate(parsed: Spanned<Parsed>, text: &str, index: usize) -> Node {
    let span = span_of(&parsed.referenced, index, text);
    let raw = text.get(span.bytes.clone()).unwrap_or_default().to_owned();
    let value = match parsed.value {
        Parsed::Null => Value::Null,
        Parsed::Flag(flag) => Value::Flag(flag),
        Parsed::Integer(integer) => Value::Integer(integer),
        Parsed::Number(number) => Value::Number(number),
        Parsed::Text(content) => return Node { value: Value::Text(content.clone()), span, raw: content },
        Parsed::List(items) => Value::List(items.into_iter().map(|item| locate(item, text, index)).collect()),
        Parsed::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = span_of(&key.referenced, index, text);
                    (Located::new(key.value, span), locate(value, text, index))
                })
                .collect(),
        ),
    };
    Node { value, span, raw }
}

/// What the YAML library fills; [`locate`] turns it into nodes with spans of ours.
enum Parsed {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Parsed>>),
    Map(Vec<(Spanned<String>, Spanned<Parsed>)>),
}

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParsedVisitor)
    }
}

struct ParsedVisitor;

impl<'de> Visitor<'de> for ParsedVisitor {
    type Value = Parsed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_none<E>(self) -> Result<Parsed, E> {
        Ok(Parsed::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Parsed, D::Error> {
        Parsed::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Parsed, E> {
        Ok(Parsed::Flag(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Parsed, E> {
        Ok(Parsed::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Parsed, E> {
        // Whole numbers past i64 exist in no setting; as a float they fail its range with a clear message.
        Ok(i64::try_from(integer).map_or(Parsed::Number(integer as f64), Parsed::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Parsed, E> {
        Ok(Parsed::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Parsed, E> {
        Ok(Parsed::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Parsed, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Parsed::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Parsed, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Parsed::Map(entries))
    }
}

//! Typed reading of YAML nodes that reports every mistake and goes on.

use super::diagnostics::{Located, Problems, Span, did_you_mean};
use super::node::{Node, Value};
use std::ops::RangeInclusive;

/// The entries of a map, taken one by one; whatever is left at [`Fields::finish`] is an unknown key.
pub struct Fields<'n> {
    /// What the map describes, for messages: "stage `growth`".
    context: String,
    pub span: Span,
    entries: Vec<(&'n Located<String>, &'n Node)>,
    asked: Vec<&'static str>,
    pub problems: &'n Problems,
}

impl<'n> Fields<'n> {
    /// Opens a map; nothing at all counts as an empty one. Reports equal keys, and a value that is no map.
    pub fn open(node: &'n Node, owner: &Span, context: impl Into<String>, problems: &'n Problems) -> Option<Self> {
        let context = context.into();
        let entries: Vec<(&Located<String>, &Node)> = match &node.value {
            Value::Null => Vec::new(),
            Value::Map(entries) => entries.iter().map(|(key, value)| (key, value)).collect(),
            _ => {
                let message = format!("{context} should be a map, found {}", node.describe());
                problems.report(&node.span, message, "write its keys as `key: value`, one per line".to_owned());
                return None;
            }
        };
        distinct(entries.iter().map(|(key, _)| *key), &context, problems);
        Some(Self { context, span: owner.clone(), entries, asked: Vec::new(), problems })
    }

    /// The value of a key that may be left out; an empty value counts as left out.
    pub fn optional(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let found = self.entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| *node);
        found.filter(|node| node.value != Value::Null)
    }

    /// The value of a key that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<&'n Node> {
        let found = self.optional(key);
        if found.is_none() {
            let message = format!("{} needs the key `{key}`", self.context);
            self.problems.report(&self.span, message, None);
        }
        found
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for (key, _) in &self.entries {
            if !self.asked.contains(&key.value.as_str()) {
                let message = format!("unknown key `{}` in {}", key.value, self.context);
                self.problems.report(&key.span, message, did_you_mean(&key.value, self.asked.iter().copied()));
            }
        }
    }

    pub fn text(&mut self, key: &'static str) -> Option<Located<String>> {
        let problems = self.problems;
        self.required(key).and_then(|node| text(node, key, problems))
    }

    pub fn optional_text(&mut self, key: &'static str) -> Option<Located<String>> {
        let problems = self.problems;
        self.optional(key).and_then(|node| text(node, key, problems))
    }

    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let node = self.optional(key)?;
        if let Value::Flag(flag) = node.value {
            return Some(flag);
        }
        self.problems.report(&node.span, format!("`{key}` should be true or false, found {}", node.describe()), None);
        None
    }

    /// A whole number within a range, or the default where the key is left out.
    pub fn whole(&mut self, key: &'static str, range: RangeInclusive<i64>, default: i64) -> Option<i64> {
        let problems = self.problems;
        match self.optional(key) {
            None => Some(default),
            Some(node) => whole(node, key, range, problems),
        }
    }

    pub fn number(&mut self, key: &'static str) -> Option<Located<f64>> {
        let problems = self.problems;
        self.required(key).and_then(|node| number(node, key, problems))
    }

    /// One of a few words, or the default where the key is left out.
    pub fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)], default: T) -> Option<T> {
        let Some(node) = self.optional(key) else { return Some(default) };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| node.raw == *word) {
            return Some(*choice);
        }
        let words = choices.iter().map(|(word, _)| *word);
        // A sign that cannot be seen has a name beside it.
        let visible = words.clone().filter(|word| !word.contains('\t'));
        let expected: Vec<String> = visible.map(|word| format!("`{word}`")).collect();
        let message = format!("`{key}` should be one of {}, found {}", expected.join(", "), node.describe());
        self.problems.report(
            &node.span,
            message,
            super::diagnostics::nearest(&node.raw, words).map(|word| format!("did you mean `{word}`?")),
        );
        None
    }

    /// One text or a list of texts.
    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Located<String>>> {
        let node = self.required(key)?;
        self.texts_of(node, key)
    }

    pub fn optional_texts(&mut self, key: &'static str) -> Option<Vec<Located<String>>> {
        let node = self.optional(key)?;
        self.texts_of(node, key)
    }

    fn texts_of(&self, node: &'n Node, key: &str) -> Option<Vec<Located<String>>> {
        match &node.value {
            Value::List(items) if items.is_empty() => {
                self.problems.report(
                    &node.span,
                    format!("`{key}` should name at least one, found an empty list"),
                    None,
                );
                None
            }
            Value::List(items) => items.iter().map(|item| text(item, key, self.problems)).collect(),
            _ => Some(vec![text(node, key, self.problems)?]),
        }
    }
}

/// Reports the keys of a map that stand there twice; whether there are none.
pub fn distinct<'n>(
    keys: impl Iterator<Item = &'n Located<String>> + Clone,
    context: &str,
    problems: &Problems,
) -> bool {
    let mut distinct = true;
    for (index, key) in keys.clone().enumerate() {
        if keys.clone().take(index).any(|earlier| earlier.value == key.value) {
            let message = format!("key `{}` appears twice in {context}", key.value);
            problems.report(&key.span, message, "keep one of the two".to_owned());
            distinct = false;
        }
    }
    distinct
}

/// A scalar as text. Numbers and dates are taken as they were written: an id `007` stays `007`.
pub fn text(node: &Node, what: &str, problems: &Problems) -> Option<Located<String>> {
    match &node.value {
        Value::Null | Value::List(_) | Value::Map(_) => {
            problems.report(&node.span, format!("`{what}` should be a text, found {}", node.describe()), None);
            None
        }
        Value::Text(text) if text.is_empty() => {
            problems.report(&node.span, format!("`{what}` should be a text, found an empty one"), None);
            None
        }
        _ => Some(Located::new(node.raw.clone(), node.span.clone())),
    }
}

pub fn number(node: &Node, what: &str, problems: &Problems) -> Option<Located<f64>> {
    let value = match node.value {
        Value::Integer(integer) => Some(integer as f64),
        Value::Number(number) if number.is_finite() => Some(number),
        _ => None,
    };
    if value.is_none() {
        problems.report(&node.span, format!("`{what}` should be a number, found {}", node.describe()), None);
    }
    value.map(|value| Located::new(value, node.span.clone()))
}

pub fn whole(node: &Node, what: &str, range: RangeInclusive<i64>, problems: &Problems) -> Option<i64> {
    if let Value::Integer(integer) = node.value
        && range.contains(&integer)
    {
        return Some(integer);
    }
    let (low, high) = (range.start(), range.end());
    let message = format!("`{what}` should be a whole number from {low} to {high}, found {}", node.describe());
    problems.report(&node.span, message, None);
    None
}

//! The messages of a language: texts with placeholders, some of them by number.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Error;
use crate::outputs::locale::Language;

/// The messages of one language by key.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Catalogue {
    messages: BTreeMap<String, Message>,
}

/// A text, or texts of which `count` chooses one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Message {
    Plain(String),
    Counted { zero: Option<String>, one: String, other: String },
}

impl Message {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Plain(text) => vec![text],
            Self::Counted { zero, one, other } => zero.iter().chain([one, other]).map(String::as_str).collect(),
        }
    }

    /// The text for a count. English and Spanish have a form for one and a form for the rest; zero
    /// has its own where a message would rather say `none`.
    fn text(&self, count: Option<i128>) -> Option<&str> {
        match (self, count) {
            (Self::Plain(text), _) => Some(text),
            (Self::Counted { zero: Some(zero), .. }, Some(0)) => Some(zero),
            (Self::Counted { one, .. }, Some(1)) => Some(one),
            (Self::Counted { other, .. }, Some(_)) => Some(other),
            (Self::Counted { .. }, None) => None,
        }
    }

    fn placeholders(&self) -> BTreeSet<&str> {
        self.texts().into_iter().flat_map(pieces).filter_map(Piece::placeholder).collect()
    }
}

/// A stretch of a text: words, or the name of a value to put in their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece<'a> {
    Words(&'a str),
    Placeholder(&'a str),
}

impl<'a> Piece<'a> {
    fn placeholder(self) -> Option<&'a str> {
        match self {
            Self::Words(_) => None,
            Self::Placeholder(name) => Some(name),
        }
    }
}

/// Cuts a text at its `{placeholders}`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((words, (name, after))) =
        rest.split_once('{').and_then(|(words, tail)| tail.split_once('}').map(|placeholder| (words, placeholder)))
    {
        pieces.extend([Piece::Words(words), Piece::Placeholder(name)]);
        rest = after;
    }
    pieces.push(Piece::Words(rest));
    pieces
}

impl Catalogue {
    /// The messages of a language, which are part of the program.
    ///
    /// # Errors
    /// Where they cannot be parsed; a test holds that they can.
    pub fn of(language: Language) -> Result<Self, Error> {
        let text = match language {
            Language::English => include_str!("../messages/en.json"),
            Language::Spanish => include_str!("../messages/es.json"),
        };
        serde_json::from_str(text)
            .map_err(|error| Error::Messages { language: language.code(), reason: error.to_string() })
    }

    /// The text of a message without placeholders, if there is such a message.
    pub fn word(&self, key: &str) -> Option<&str> {
        self.messages.get(key)?.text(None)
    }

    /// What a group, a criterion or a column is called: the catalogue's word, or the identifier as a heading.
    pub fn label(&self, kind: &str, code: &str) -> String {
        self.word(&format!("{kind}.{code}")).map_or_else(|| heading(code), str::to_owned)
    }

    /// Fills a message. The values are text that may stand in markdown as it is.
    ///
    /// # Errors
    /// Where there is no such message, or it has other placeholders.
    pub fn fill(&self, key: &str, count: Option<i128>, values: &BTreeMap<&str, String>) -> Result<String, String> {
        let message = self.messages.get(key).ok_or_else(|| format!("there is no message `{key}`"))?;
        let placeholders = message.placeholders();
        if let Some(name) = values.keys().find(|name| **name != "count" && !placeholders.contains(**name)) {
            return Err(format!("message `{key}` has no placeholder `{name}`"));
        }
        let text = message.text(count).ok_or_else(|| format!("message `{key}` needs a whole number `count`"))?;
        let piece = |piece| match piece {
            Piece::Words(words) => Ok(words),
            Piece::Placeholder(name) => {
                values.get(name).map(String::as_str).ok_or_else(|| format!("message `{key}` needs a value `{name}`"))
            }
        };
        pieces(text).into_iter().map(piece).collect()
    }
}

/// An identifier of a pipeline as a heading: `new_markets` is `New markets`.
pub(super) fn heading(identifier: &str) -> String {
    let words = identifier.replace('_', " ");
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::sheet::ROLES;

    const TEMPLATE: &str =
        concat!(include_str!("../templates/key_accounts.md.j2"), include_str!("../templates/brief.md.j2"));

    /// What else says messages.
    const OTHERS: [&str; 5] = [
        include_str!("../scoresheet.rs"),
        include_str!("../scoresheet/workbook.rs"),
        include_str!("../../decisions/compare/comparison.rs"),
        include_str!("../../decisions/compare/reasons.rs"),
        include_str!("../../decisions/select/words.rs"),
    ];

    fn both() -> [Catalogue; 2] {
        [Language::English, Language::Spanish].map(|language| Catalogue::of(language).unwrap())
    }

    #[test]
    fn both_languages_have_the_same_messages_with_the_same_placeholders() {
        let [english, spanish] = both();
        let shape = |catalogue: &Catalogue| -> Vec<(String, String)> {
            let shape = |(key, message): (&String, &Message)| (key.clone(), format!("{:?}", message.placeholders()));
            catalogue.messages.iter().map(shape).collect()
        };
        assert_eq!(shape(&english), shape(&spanish));
        let counted = |catalogue: &Catalogue| -> Vec<bool> {
            catalogue.messages.values().map(|message| matches!(message, Message::Counted { .. })).collect()
        };
        assert_eq!(counted(&english), counted(&spanish));
    }

    /// Keys are used as `t('key'`, and families of keys as `word('family'` or `period('form'`.
    #[test]
    fn the_template_or_another_writer_uses_every_message() {
        let [english, _] = both();
        let used = |key: &str| {
            let mut parts = key.splitn(3, '.');
            let (family, form) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            TEMPLATE.contains(&format!("t('{key}'"))
                || TEMPLATE.contains(&format!("word('{family}'"))
                || family == "sheet" && ROLES.contains(&form)
                || OTHERS
                    .iter()
                    .any(|text| text.contains(&format!("\"{key}\"")) || text.contains(&format!("word(\"{family}\"")))
                || family == "question" && english.word(&format!("criterion.{form}")).is_some()
                || family == "period" && (TEMPLATE.contains(&format!("period('{form}'")) || form == "name")
        };
        let unused: Vec<&String> = english.messages.keys().filter(|key| !used(key)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn the_template_uses_no_message_that_is_not_there() {
        let [english, _] = both();
        let keys = TEMPLATE.split(" t('").skip(1).chain(TEMPLATE.split("=t('").skip(1));
        let missing: Vec<&str> = keys
            .filter_map(|rest| rest.split_once('\'').map(|(key, _)| key))
            .filter(|key| !english.messages.contains_key(*key))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn a_message_says_which_value_it_lacks_or_does_not_know() {
        let catalogue: Catalogue = serde_json::from_str(
            r#"{"plain": "{name} said", "number": {"zero": "none", "one": "{count} line", "other": "{count} lines"}}"#,
        )
        .unwrap();
        let values = |pairs: &[(&'static str, &str)]| -> BTreeMap<&str, String> {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        assert_eq!(catalogue.fill("plain", None, &values(&[("name", "Ada")])), Ok("Ada said".to_owned()));
        assert_eq!(catalogue.fill("number", Some(0), &values(&[("count", "0")])), Ok("none".to_owned()));
        assert_eq!(catalogue.fill("number", Some(1), &values(&[("count", "1")])), Ok("1 line".to_owned()));
        assert_eq!(catalogue.fill("number", Some(2), &values(&[("count", "2")])), Ok("2 lines".to_owned()));
        let error = |key, pairs: &[_]| catalogue.fill(key, None, &values(pairs)).unwrap_err();
        assert_eq!(error("plain", &[]), "message `plain` needs a value `name`");
        assert_eq!(error("plain", &[("name", "Ada"), ("age", "36")]), "message `plain` has no placeholder `age`");
        assert_eq!(error("number", &[]), "message `number` needs a whole number `count`");
        assert_eq!(error("other", &[]), "there is no message `other`");
    }
}

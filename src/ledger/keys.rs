//! One key for the spellings of one thing: keys trimmed and normalised where a ledger asks, and what that merged.

use super::cells::{Keys, is_blank};
use super::columns::Columns;
use super::interner::Interner;
use crate::pipeline::fields::Fields;
use crate::table::{Table, TableBuilder, TableSpec};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::datatypes::Int32Type;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a key is made of what is written. Without any of it, a key is what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyRule {
    /// Blanks around a key do not count.
    trim: bool,
    /// A letter and its accent are one character, whether they are written as one or as two (NFC).
    compose: bool,
    /// Any run of blanks is one blank.
    collapse: bool,
    case: Case,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Case {
    #[default]
    Keep,
    Lower,
    Upper,
}

impl KeyRule {
    /// Reads the map `keys`, where there is one.
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let node = fields.optional("keys")?;
        let mut keys = Fields::open(node, &node.span, "`keys`", fields.problems)?;
        let trim = keys.flag("trim").unwrap_or_default();
        let compose = keys.choice("normalise", &[("none", false), ("nfc", true)], false);
        let collapse = keys.choice("inner_spaces", &[("keep", false), ("collapse", true)], false);
        let cases = [("keep", Case::Keep), ("lower", Case::Lower), ("upper", Case::Upper)];
        let case = keys.choice("case", &cases, Case::Keep);
        keys.finish();
        Some(Self { trim, compose: compose?, collapse: collapse?, case: case? })
    }

    /// The key of what is written.
    pub fn key<'t>(&self, written: &'t str) -> Cow<'t, str> {
        if self.keeps(written) {
            return Cow::Borrowed(written);
        }
        let text = if self.trim { written.trim() } else { written };
        let text = if self.collapse { collapsed(text) } else { text.to_owned() };
        let text = match self.case {
            Case::Keep => text,
            Case::Lower => text.to_lowercase(),
            Case::Upper => text.to_uppercase(),
        };
        let text = match ComposingNormalizerBorrowed::new_nfc().normalize(&text) {
            Cow::Owned(composed) if self.compose => composed,
            _ => text,
        };
        if text == written { Cow::Borrowed(written) } else { Cow::Owned(text) }
    }

    /// Whether a text of plain letters is sure to be its own key, which most are.
    fn keeps(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let at_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
        let blank = |pair: &[u8]| pair.iter().all(u8::is_ascii_whitespace);
        let odd_blank = |byte: &u8| byte.is_ascii_whitespace() && *byte != b' ';
        bytes.is_ascii()
            && !(self.trim && (at_end(bytes.first()) || at_end(bytes.last())))
            && !(self.collapse && (bytes.windows(2).any(blank) || bytes.iter().any(odd_blank)))
            && !(self.case == Case::Lower && bytes.iter().any(u8::is_ascii_uppercase))
            && !(self.case == Case::Upper && bytes.iter().any(u8::is_ascii_lowercase))
            // Unicode knows one more blank in ASCII than the standard library has for bytes.
            && !bytes.contains(&0x0b)
    }
}

/// A text with one blank for any run of blanks.
fn collapsed(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut after_blank = false;
    for letter in text.chars() {
        let blank = letter.is_whitespace();
        if !blank {
            collapsed.push(letter);
        } else if !after_blank {
            collapsed.push(' ');
        }
        after_blank = blank;
    }
    collapsed
}

/// The parts of a line that have keys, as pipelines call them.
const PARTS: [&str; 5] = ["account", "invoice", "product", "category", "region"];

/// Puts the key in place of every spelling, and remembers which were not their key.
#[derive(Debug)]
pub struct Respelling {
    rule: KeyRule,
    parts: [Spellings; 5],
}

/// What has been written in one part of the lines.
#[derive(Debug, Default)]
struct Spellings {
    /// What was written as its key is.
    exact: Interner,
    /// By what was written: its key, and in how many lines.
    altered: BTreeMap<String, (String, i64)>,
    /// The dictionary last seen, and its values respelled.
    dictionary: Option<(ArrayRef, Arc<StringArray>)>,
}

impl Respelling {
    pub fn of(rule: KeyRule) -> Self {
        Self { rule, parts: Default::default() }
    }

    /// Respells all keys of a batch.
    pub fn respell(&mut self, columns: &mut Columns) {
        let [account, invoice, product, category, region] = &mut self.parts;
        columns.account = account.respelled(self.rule, &columns.account);
        let parts = [
            (invoice, &mut columns.invoice),
            (product, &mut columns.product),
            (category, &mut columns.category),
            (region, &mut columns.region),
        ];
        for (spellings, keys) in parts {
            *keys = keys.take().map(|keys| spellings.respelled(self.rule, &keys));
        }
        // The invoice that a credit note corrects is an invoice of another line, and counted there.
        columns.corrects = columns.corrects.take().map(|keys| Spellings::default().respelled(self.rule, &keys));
    }

    /// Takes in what another thread has seen.
    pub fn merge(&mut self, other: Self) {
        for (mine, other) in self.parts.iter_mut().zip(other.parts) {
            for text in other.exact.texts() {
                mine.exact.code(text);
            }
            for (written, (key, rows)) in other.altered {
                mine.altered.entry(written).or_insert((key, 0)).1 += rows;
            }
        }
    }

    /// Every spelling that shares its key with another: one row each, by part, key and spelling.
    pub fn table(&self, name: &str) -> Table {
        let mut rows: Vec<(&str, &str, &str, i64)> = Vec::new();
        for (part, spellings) in PARTS.iter().zip(&self.parts) {
            let mut by_key: BTreeMap<&str, Vec<(&str, i64)>> = BTreeMap::new();
            for (written, (key, rows)) in &spellings.altered {
                by_key.entry(key).or_default().push((written, *rows));
            }
            for (key, altered) in by_key {
                if altered.len() > 1 || spellings.exact.contains(key) {
                    rows.extend(altered.into_iter().map(|(written, count)| (*part, key, written, count)));
                }
            }
        }
        table(name, &rows)
    }
}

pub fn spec(name: &str) -> TableSpec {
    table(name, &[]).spec
}

fn table(name: &str, rows: &[(&str, &str, &str, i64)]) -> Table {
    TableBuilder::new(name, rows.len())
        .text("part", rows.iter().map(|row| row.0).collect())
        .text("key", rows.iter().map(|row| row.1).collect())
        .text("written_as", rows.iter().map(|row| row.2).collect())
        .integers("rows", rows.iter().map(|row| row.3).collect::<Vec<_>>())
        .build()
}

impl Spellings {
    fn respelled(&mut self, rule: KeyRule, keys: &Keys) -> Keys {
        match keys {
            Keys::Text(texts) => {
                let texts = texts.iter().map(|text| text.map(|text| self.count(rule, text, 1)));
                Keys::Text(texts.collect())
            }
            Keys::Dictionary(dictionary) => {
                let values = self.values(rule, dictionary.values());
                let mut rows = vec![0; values.len()];
                let places = (0..dictionary.len()).filter_map(|row| dictionary.key(row));
                places.for_each(|place| {
                    if let Some(rows) = rows.get_mut(place) {
                        *rows += 1
                    }
                });
                for (written, rows) in dictionary.values().as_string::<i32>().iter().zip(rows) {
                    if let Some(written) = written.filter(|_| rows > 0) {
                        self.count(rule, written, rows);
                    }
                }
                // As many values as before: the places stay what they are.
                let respelled = DictionaryArray::<Int32Type>::try_new(dictionary.keys().clone(), values);
                respelled.map_or_else(|_| Keys::Dictionary(dictionary.clone()), Keys::Dictionary)
            }
        }
    }

    /// The values of a dictionary respelled, the same ones for batches that share it.
    fn values(&mut self, rule: KeyRule, values: &ArrayRef) -> Arc<StringArray> {
        if let Some((known, respelled)) = &self.dictionary
            && known.to_data().ptr_eq(&values.to_data())
        {
            return Arc::clone(respelled);
        }
        let texts = values.as_string::<i32>().iter().map(|text| text.map(|text| rule.key(text)));
        let respelled = Arc::new(texts.collect::<StringArray>());
        self.dictionary = Some((Arc::clone(values), Arc::clone(&respelled)));
        respelled
    }

    /// Counts lines with a spelling and gives its key. What is blank is no key.
    fn count<'t>(&mut self, rule: KeyRule, written: &'t str, rows: i64) -> Cow<'t, str> {
        if let Some((key, count)) = self.altered.get_mut(written) {
            *count += rows;
            return Cow::Owned(key.clone());
        }
        let key = rule.key(written);
        if is_blank(written) {
            return key;
        }
        match &key {
            Cow::Borrowed(_) => {
                self.exact.code(written);
            }
            Cow::Owned(key) => {
                self.altered.insert(written.to_owned(), (key.clone(), rows));
            }
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: KeyRule = KeyRule { trim: true, compose: true, collapse: true, case: Case::Upper };

    #[test]
    fn a_rule_does_what_it_says_and_no_more() {
        let nothing = KeyRule::default();
        let cases = [
            (nothing, " Caf\u{e9}  x "),
            (KeyRule { trim: true, ..nothing }, "Caf\u{e9}  x"),
            (KeyRule { collapse: true, ..nothing }, " Caf\u{e9} x "),
            (KeyRule { case: Case::Lower, ..nothing }, " caf\u{e9}  x "),
            (ALL, "CAF\u{c9} X"),
        ];
        for (rule, key) in cases {
            assert_eq!(rule.key(" Caf\u{e9}  x "), key, "{rule:?}");
        }
        assert_eq!(KeyRule { compose: true, ..nothing }.key("Cafe\u{301}"), "Caf\u{e9}");
        assert_eq!(nothing.key("Cafe\u{301}"), "Cafe\u{301}");
        assert_eq!(ALL.key("\u{a0}007\u{a0}\u{a0}A\u{202f}"), "007 A");
        // Zeros in front are part of a key.
        assert_ne!(ALL.key("007"), ALL.key("7"));
    }

    #[test]
    fn what_merged_is_listed_and_what_stands_alone_is_not() {
        let mut first = Respelling::of(KeyRule { trim: true, ..KeyRule::default() });
        let mut second = Respelling::of(KeyRule { trim: true, ..KeyRule::default() });
        let keys = |texts: &[&str]| Keys::Text(texts.iter().map(|text| Some(*text)).collect());
        first.parts[0].respelled(first.rule, &keys(&["A", "A ", "A ", " B", "C ", " "]));
        second.parts[0].respelled(second.rule, &keys(&["A ", " B ", "D"]));
        first.merge(second);
        let table = first.table("merged_keys");
        assert_eq!(table.text("key"), ["A", "B", "B"]);
        assert_eq!(table.text("written_as"), ["A ", " B", " B "]);
        assert_eq!(table.integers("rows"), [3, 1, 1].map(Some));
    }

    #[test]
    fn dictionaries_are_respelled_and_counted_by_the_row() {
        let mut spellings = Spellings::default();
        let dictionary: DictionaryArray<Int32Type> =
            vec![Some("a "), Some("a"), None, Some("a "), Some("b")].into_iter().collect();
        let keys = Keys::Dictionary(dictionary);
        let respelled = spellings.respelled(ALL, &keys);
        let texts: Vec<Option<&str>> = (0..5).map(|row| respelled.text(row)).collect();
        assert_eq!(texts, [Some("A"), Some("A"), None, Some("A"), Some("B")]);
        assert_eq!(spellings.altered["a "], ("A".to_owned(), 2));
        assert_eq!(spellings.altered["b"], ("B".to_owned(), 1));
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_itself(text in "[ \t\u{a0}aAéE\u{301}ß1]{0,8}") {
            let key = ALL.key(&text).into_owned();
            prop_assert_eq!(ALL.key(&key).into_owned(), key.clone());
            prop_assert!(!key.starts_with(char::is_whitespace) && !key.contains("  "));
        }

        #[test]
        fn the_quick_look_agrees_with_the_long_one(text in "[ \t\u{b}aA1]{0,6}") {
            for case in [Case::Keep, Case::Lower, Case::Upper] {
                for bits in 0..4u8 {
                    let rule = KeyRule { trim: bits & 1 > 0, collapse: bits & 2 > 0, compose: true, case };
                    if rule.keeps(&text) {
                        // With a letter beyond ASCII behind it, the long way is taken.
                        let long = rule.key(&format!("{text}\u{e9}")).into_owned();
                        let end = if case == Case::Upper { '\u{c9}' } else { '\u{e9}' };
                        prop_assert_eq!(long.trim_end_matches(end), text.as_str());
                    }
                }
            }
        }
    }
}

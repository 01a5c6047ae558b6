//! The keys of batches as codes.

use super::cells::{Keys, is_blank};
use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, StringArray};
use arrow::datatypes::Int32Type;
use std::ops::Range;

/// Turns the keys of batches into codes, looking at each distinct value of a dictionary once.
#[derive(Debug)]
pub struct Coder<C> {
    /// The dictionary last seen, and the code of each of its values once it was needed: none where it is blank.
    values: Option<ArrayRef>,
    codes: Vec<Option<Option<C>>>,
}

impl<C> Default for Coder<C> {
    fn default() -> Self {
        Self { values: None, codes: Vec::new() }
    }
}

impl<C: Copy> Coder<C> {
    /// The codes of rows in their order, by what codes a key; nothing where the key is null or blank. Of equal texts side by
    /// side one is coded.
    pub fn codes<'k>(
        &mut self,
        keys: &'k Keys,
        rows: impl Iterator<Item = usize>,
        code: impl FnMut(&'k str) -> C,
    ) -> Vec<Option<C>> {
        match keys {
            Keys::Text(texts) => rows.map(of_texts(texts, code)).collect(),
            Keys::Dictionary(dictionary) => rows.map(self.of_dictionary(dictionary, code)).collect(),
        }
    }

    /// Runs of rows that stand together, and their codes: they have the same key, and none but the first one `begins`
    /// something else.
    pub fn runs<'k>(
        &mut self,
        keys: &'k Keys,
        rows: Range<usize>,
        begins: &[bool],
        code: impl FnMut(&'k str) -> C,
    ) -> Vec<Run<C>> {
        match keys {
            Keys::Text(texts) => {
                let firsts = firsts(rows.clone(), begins, |row| text_of(texts, row), is_same);
                runs(&firsts, rows.end, of_texts(texts, code))
            }
            Keys::Dictionary(dictionary) => {
                let key = |row: usize| dictionary.is_valid(row).then(|| dictionary.keys().value(row));
                let firsts = firsts(rows.clone(), begins, key, |one, next| one == next);
                runs(&firsts, rows.end, self.of_dictionary(dictionary, code))
            }
        }
    }

    /// What gives the codes of rows.
    fn of_dictionary<'k>(
        &mut self,
        dictionary: &'k DictionaryArray<Int32Type>,
        mut code: impl FnMut(&'k str) -> C,
    ) -> impl FnMut(usize) -> Option<C> {
        self.enter(dictionary.values());
        let values = dictionary.values().as_string::<i32>();
        move |row| {
            let key = dictionary.key(row)?;
            let of_value = || Some(values.value(key)).filter(|text| !is_blank(text)).map(&mut code);
            *self.codes.get_mut(key)?.get_or_insert_with(of_value)
        }
    }

    /// Gets ready for the values of a dictionary.
    fn enter(&mut self, values: &ArrayRef) {
        let same = self.values.as_ref().is_some_and(|known| known.to_data().ptr_eq(&values.to_data()));
        if !same {
            self.codes.clear();
            self.codes.resize(values.len(), None);
            self.values = Some(values.clone());
        }
    }
}

/// Rows that stand together, and the code of their key.
pub type Run<C> = (Range<usize>, Option<C>);

/// The runs that begin in these rows.
fn runs<C>(firsts: &[usize], end: usize, mut code: impl FnMut(usize) -> Option<C>) -> Vec<Run<C>> {
    let ends = firsts.iter().skip(1).copied().chain([end]);
    firsts.iter().zip(ends).map(|(first, end)| (*first..end, code(*first))).collect()
}

/// What gives the codes of rows. Neighbours are often equal, as the accounts and invoices of lines are.
fn of_texts<'k, C: Copy>(texts: &'k StringArray, mut code: impl FnMut(&'k str) -> C) -> impl FnMut(usize) -> Option<C> {
    let mut last = ("", None);
    move |row| {
        let text = text_of(texts, row);
        if !is_same(text, last.0) {
            last = (text, (!is_blank(text)).then(|| code(text)));
        }
        last.1
    }
}

/// The text of a row; nothing is as good as none.
#[inline]
fn text_of(texts: &StringArray, row: usize) -> &str {
    if texts.is_valid(row) { texts.value(row) } else { "" }
}

/// The rows that have another key than the row before, or begin something else. Where a run ends cannot be guessed, so that
/// nothing branches on it.
#[inline]
fn firsts<K: Copy>(
    rows: Range<usize>,
    begins: &[bool],
    key: impl Fn(usize) -> K,
    is_same: impl Fn(K, K) -> bool,
) -> Vec<usize> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut firsts = vec![0; rows.len()];
    let (mut count, mut last) = (0, key(rows.start));
    for row in rows.clone() {
        let this = key(row);
        let is_first = !is_same(this, last) | (row == rows.start) | begins.get(row).is_none_or(|begins| *begins);
        firsts.get_mut(count).into_iter().for_each(|first| *first = row);
        count += usize::from(is_first);
        last = this;
    }
    firsts.truncate(count);
    firsts
}

/// Whether two texts are the same: `==`, but without a call for those that are as long as ids of real books.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    let word = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let ends = |text: &str| [word(text.as_bytes().first_chunk()), word(text.as_bytes().last_chunk())];
    match one.len() {
        length if length != other.len() => false,
        8..=16 => {
            let ([a, b], [c, d]) = (ends(one), ends(other));
            (a ^ c) | (b ^ d) == 0
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Texts and dictionaries of them, in some order: a run ends where the key changes or something begins.
        #[test]
        fn runs_are_those_of_a_look_at_each_row(
            rows in proptest::collection::vec((0usize..5, any::<bool>()), 1..40),
            first in 0usize..3,
        ) {
            let texts = [None, Some(" "), Some("A-000001"), Some("A-000002"), Some("a text that is longer than two words")];
            let keys: Vec<Option<&str>> = rows.iter().map(|(text, _)| texts[*text]).collect();
            let begins: Vec<bool> = rows.iter().map(|(_, begins)| *begins).collect();
            let rows = first.min(keys.len())..keys.len();
            let mut expected: Vec<(Range<usize>, Option<&str>)> = Vec::new();
            for row in rows.clone() {
                let key = keys[row];
                match expected.last_mut() {
                    Some((run, last)) if !begins[row] && *last == key => run.end = row + 1,
                    _ => expected.push((row..row + 1, key)),
                }
            }
            let coded = |expected: &[(Range<usize>, Option<&str>)]| -> Vec<(Range<usize>, Option<usize>)> {
                let code = |key: &Option<&str>| key.filter(|key| !is_blank(key)).map(str::len);
                expected.iter().map(|(rows, key)| (rows.clone(), code(key))).collect()
            };
            let of_texts = Keys::Text(keys.iter().copied().collect());
            let of_dictionary = Keys::Dictionary(keys.iter().copied().collect());
            for keys in [of_texts, of_dictionary] {
                let mut coder = Coder::default();
                prop_assert_eq!(coder.runs(&keys, rows.clone(), &begins, str::len), coded(&expected));
                let each: Vec<Option<usize>> = coder.codes(&keys, rows.clone(), str::len);
                let of_runs = coded(&expected).into_iter().flat_map(|(rows, code)| rows.map(move |_| code));
                prop_assert!(each.into_iter().eq(of_runs));
            }
        }

        #[test]
        fn the_same_texts_are_the_same(one in "[ab]{0,18}", other in "[ab]{0,18}", place in 0usize..18) {
            prop_assert_eq!(is_same(&one, &other), one == other);
            prop_assert!(is_same(&one, &one.clone()));
            let mut changed = one.clone().into_bytes();
            changed.get_mut(place).into_iter().for_each(|byte| *byte = b'c');
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(is_same(&one, &changed), one == changed);
        }
    }
}

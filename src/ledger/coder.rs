//! The keys of batches as codes.

use super::cells::{Keys, is_blank};
use arrow::array::{Array, ArrayRef, AsArray};

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
    /// The codes of rows in their order, by what codes a key; nothing where the key is null or blank.
    pub fn codes<'k>(
        &mut self,
        keys: &'k Keys,
        rows: impl Iterator<Item = usize>,
        mut code: impl FnMut(&'k str) -> C,
    ) -> Vec<Option<C>> {
        match keys {
            Keys::Text(texts) => {
                let text = |row: usize| texts.is_valid(row).then(|| texts.value(row)).filter(|text| !is_blank(text));
                rows.map(|row| text(row).map(&mut code)).collect()
            }
            Keys::Dictionary(dictionary) => {
                let values = dictionary.values();
                self.enter(values);
                let values = values.as_string::<i32>();
                let of_value = |key: usize| {
                    let text = Some(values.value(key)).filter(|text| !is_blank(text));
                    text.map(&mut code)
                };
                let mut of_value = of_value;
                let codes = &mut self.codes;
                let code = |row| {
                    let key = dictionary.key(row)?;
                    *codes.get_mut(key)?.get_or_insert_with(|| of_value(key))
                };
                rows.map(code).collect()
            }
        }
    }

    /// The same where neighbours are often equal, as the accounts and invoices of lines are: of equal texts side by side one
    /// is coded.
    pub fn codes_of_runs<'k>(
        &mut self,
        keys: &'k Keys,
        rows: impl Iterator<Item = usize>,
        mut code: impl FnMut(&'k str) -> C,
    ) -> Vec<Option<C>> {
        let Keys::Text(texts) = keys else { return self.codes(keys, rows, code) };
        let mut last = ("", None);
        let of_row = |row: usize| {
            let text = if texts.is_valid(row) { texts.value(row) } else { "" };
            if !is_same(text, last.0) {
                last = (text, (!is_blank(text)).then(|| code(text)));
            }
            last.1
        };
        rows.map(of_row).collect()
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

/// Whether two texts are the same: `==`, but without a call for those that are as long as ids of real books.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    let ends = |text: &str| (text.as_bytes().first_chunk::<8>().copied(), text.as_bytes().last_chunk::<8>().copied());
    match one.len() {
        length if length != other.len() => false,
        8..=16 => ends(one) == ends(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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

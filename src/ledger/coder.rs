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
    /// The codes of rows in their order; nothing where the key is null or blank. `code` codes many keys at once.
    pub fn codes(
        &mut self,
        keys: &Keys,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        code: impl FnOnce(&[&str]) -> Vec<C>,
    ) -> Vec<Option<C>> {
        match keys {
            Keys::Text(texts) => {
                const BLANK: usize = usize::MAX;
                let (mut different, mut places) = (Vec::new(), Vec::with_capacity(rows.len()));
                let mut last = "";
                for row in rows {
                    let text = if texts.is_null(row) { "" } else { texts.value(row) };
                    // Neighbours are often equal.
                    if text != last {
                        if is_blank(text) {
                            places.push(BLANK);
                            continue;
                        }
                        different.push(text);
                        last = text;
                    }
                    // The first text differs from none at all unless it is empty, and so blank.
                    places.push(if text.is_empty() { BLANK } else { different.len() - 1 });
                }
                let codes = code(&different);
                places.into_iter().map(|place| codes.get(place).copied()).collect()
            }
            Keys::Dictionary(dictionary) => {
                self.enter(dictionary.values());
                let values = dictionary.values().as_string::<i32>();
                let (mut new, mut texts) = (Vec::new(), Vec::new());
                for key in rows.clone().filter_map(|row| dictionary.key(row)) {
                    let Some(coded @ None) = self.codes.get_mut(key) else { continue };
                    *coded = Some(None);
                    let text = values.value(key);
                    if !is_blank(text) {
                        new.push(key);
                        texts.push(text);
                    }
                }
                for (key, code) in new.into_iter().zip(code(&texts)) {
                    self.codes.get_mut(key).into_iter().for_each(|coded| *coded = Some(Some(code)));
                }
                rows.map(|row| self.codes.get(dictionary.key(row)?).copied().flatten().flatten()).collect()
            }
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

//! The keys of batches as codes.

use super::cells::{Keys, is_blank};
use super::waist::Accounts;
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

impl Coder<u32> {
    /// The codes of all accounts of a batch, new ones for those that this has not just seen: for each value of a
    /// dictionary one, for texts one for all neighbours that are equal, because the lines of an invoice stand together.
    pub fn accounts(&mut self, keys: &Keys, rows: usize, known: &mut Accounts) -> Vec<Option<u32>> {
        let Keys::Text(texts) = keys else { return self.codes(keys, 0..rows, |text| known.push(text)) };
        let mut last = ("", None);
        let code = |row: usize| {
            let text = if texts.is_valid(row) { texts.value(row) } else { "" };
            if text != last.0 {
                last = (text, (!is_blank(text)).then(|| known.push(text)));
            }
            last.1
        };
        (0..rows).map(code).collect()
    }
}

//! The keys of batches as codes.

use super::cells::{Keys, is_blank};
use super::interner::Interner;
use arrow::array::{Array, ArrayRef, AsArray};

/// Turns the keys of batches into codes, looking at each distinct value of a dictionary once.
#[derive(Debug, Default)]
pub struct Coder {
    /// The dictionary last seen, and the code of each of its values once it was needed.
    values: Option<ArrayRef>,
    codes: Vec<Option<Coded>>,
    /// The key of the row before: neighbours are often equal.
    last: Option<(String, u32)>,
}

/// The code of a key; blank keys have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coded {
    Blank,
    Code(u32),
}

impl Coder {
    /// Gets ready for the keys of a batch.
    pub fn enter(&mut self, keys: &Keys) {
        let Keys::Dictionary(dictionary) = keys else { return };
        let values = dictionary.values();
        let same = self.values.as_ref().is_some_and(|known| known.to_data().ptr_eq(&values.to_data()));
        if !same {
            self.codes.clear();
            self.codes.resize(values.len(), None);
            self.values = Some(values.clone());
        }
    }

    /// The codes of rows in their order; nothing where the key is null or blank.
    pub fn codes(&mut self, keys: &Keys, rows: &[usize], interner: &mut Interner) -> Vec<Option<u32>> {
        match keys {
            Keys::Text(texts) => {
                let (mut different, mut places) = (Vec::new(), Vec::with_capacity(rows.len()));
                for row in rows {
                    let text = (!texts.is_null(*row)).then(|| texts.value(*row)).filter(|text| !is_blank(text));
                    // Neighbours are often equal.
                    if text.is_some() && text != different.last().copied() {
                        different.extend(text);
                    }
                    places.push(text.map(|_| different.len() - 1));
                }
                let codes = interner.codes(&different);
                places.into_iter().map(|place| place.and_then(|place| codes.get(place).copied())).collect()
            }
            Keys::Dictionary(dictionary) => {
                let values = dictionary.values().as_string::<i32>();
                let (mut new, mut texts) = (Vec::new(), Vec::new());
                for key in rows.iter().filter_map(|row| dictionary.key(*row)) {
                    let Some(coded @ None) = self.codes.get_mut(key) else { continue };
                    *coded = Some(Coded::Blank);
                    let text = values.value(key);
                    if !is_blank(text) {
                        new.push(key);
                        texts.push(text);
                    }
                }
                for (key, code) in new.into_iter().zip(interner.codes(&texts)) {
                    self.codes.get_mut(key).into_iter().for_each(|coded| *coded = Some(Coded::Code(code)));
                }
                let code = |row: &usize| match self.codes.get(dictionary.key(*row)?) {
                    Some(Some(Coded::Code(code))) => Some(*code),
                    _ => None,
                };
                rows.iter().map(code).collect()
            }
        }
    }

    /// The code of a row; nothing where the key is null or blank.
    #[inline]
    pub fn code(&mut self, keys: &Keys, row: usize, interner: &mut Interner) -> Option<u32> {
        match keys {
            Keys::Text(texts) => {
                let text = (!texts.is_null(row)).then(|| texts.value(row)).filter(|text| !is_blank(text))?;
                if let Some((last, code)) = &self.last
                    && last == text
                {
                    return Some(*code);
                }
                let code = interner.code(text);
                let (last, last_code) = self.last.get_or_insert_default();
                last.clear();
                last.push_str(text);
                *last_code = code;
                Some(code)
            }
            Keys::Dictionary(dictionary) => {
                let key = dictionary.key(row)?;
                let place = self.codes.get_mut(key)?;
                let coded = *place.get_or_insert_with(|| {
                    let text = dictionary.values().as_string::<i32>().value(key);
                    if is_blank(text) { Coded::Blank } else { Coded::Code(interner.code(text)) }
                });
                match coded {
                    Coded::Blank => None,
                    Coded::Code(code) => Some(code),
                }
            }
        }
    }
}

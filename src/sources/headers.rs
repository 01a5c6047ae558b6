//! Names of columns as different exports write them: `Net Amount`, `net_amount` and `NET  AMOUNT` are one name.

use super::SourceColumn;
use icu_normalizer::ComposingNormalizerBorrowed;

/// What a header has of a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Nothing,
    /// The place of the column.
    At(usize),
    /// More than one column would do, and none is written exactly so.
    Several(Vec<&'a str>),
}

/// Looks for a column by its name: as it is written, else without regard to case and blanks, where exactly one
/// column fits.
pub fn find<'a>(columns: &'a [SourceColumn], name: &str) -> Found<'a> {
    if let Some(place) = columns.iter().position(|column| column.name == name) {
        return Found::At(place);
    }
    let wanted = folded(name);
    let alike: Vec<usize> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| folded(&column.name) == wanted)
        .map(|(place, _)| place)
        .collect();
    match alike.as_slice() {
        _ if wanted.is_empty() => Found::Nothing,
        [] => Found::Nothing,
        [place] => Found::At(*place),
        _ => Found::Several(alike.iter().filter_map(|place| Some(columns.get(*place)?.name.as_str())).collect()),
    }
}

/// Whether two names differ in case and blanks only.
pub fn alike(one: &str, other: &str) -> bool {
    one == other || folded(one) == folded(other)
}

/// A name in small letters, its letters composed, with one `_` for any run of blanks and `_`, and none at the ends.
/// Without a blank between them words are not taken apart: `price_1_0` and `price_10` are two columns.
fn folded(name: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(name);
    let lower = composed.to_lowercase();
    let words = lower.split(|letter: char| letter.is_whitespace() || letter == '_').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Stored;

    fn columns(names: &[&str]) -> Vec<SourceColumn> {
        names.iter().map(|name| SourceColumn { name: (*name).to_owned(), stored: Stored::Text }).collect()
    }

    #[test]
    fn case_and_blanks_are_forgiven() {
        let header = columns(&["Net Amount", " Importe ", "GRO\u{308}ßE", "price_10", "id"]);
        for (name, place) in
            [("Net Amount", 0), ("net_amount", 0), ("NET\u{a0} amount", 0), ("importe", 1), ("größe", 2), ("ID", 4)]
        {
            assert_eq!(find(&header, name), Found::At(place), "{name}");
        }
        for name in ["netamount", "net-amount", "price_1_0", "_", " ", "amount"] {
            assert_eq!(find(&header, name), Found::Nothing, "{name}");
        }
    }

    #[test]
    fn the_exact_name_wins_and_else_two_are_too_many() {
        let header = columns(&["amount", "Amount", "_"]);
        assert_eq!(find(&header, "Amount"), Found::At(1));
        assert_eq!(find(&header, "AMOUNT"), Found::Several(vec!["amount", "Amount"]));
        assert_eq!(find(&header, "_"), Found::At(2));
    }
}

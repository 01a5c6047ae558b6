//! Columns that stand in the names of folders: `year=2024/month=01/part.csv`.

use super::Error;

/// What writers of such folders put for null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The columns in a path below the root: name and value, outermost first.
///
/// # Errors
/// Where two folders of the path name the same column.
pub fn columns(path: &str) -> Result<Vec<(String, Option<String>)>, Error> {
    let mut columns: Vec<(String, Option<String>)> = Vec::new();
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    for folder in folders.split('/') {
        let Some((name, value)) = folder.split_once('=').filter(|(name, _)| !name.is_empty()) else { continue };
        let (name, value) = (decoded(name), decoded(value));
        if columns.iter().any(|(earlier, _)| *earlier == name) {
            return Err(Error::with_hint(
                format!("two folders of `{path}` name the column `{name}`"),
                "rename one of the two",
            ));
        }
        columns.push((name, Some(value).filter(|value| !value.is_empty() && value != NULL)));
    }
    Ok(columns)
}

/// A text with its `%20` as letters; what does not become text stays as it is written.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let is_hex = behind.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match behind.get(..2).and_then(hex).filter(|_| *byte == b'%' && is_hex) {
            Some(letter) => {
                bytes.push(letter);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> String {
        match columns(path) {
            Ok(columns) => {
                let shown =
                    columns.iter().map(|(name, value)| format!("{name}: {}", value.as_deref().unwrap_or("null")));
                shown.collect::<Vec<_>>().join(", ")
            }
            Err(error) => error.message,
        }
    }

    #[test]
    fn folders_of_a_key_and_a_value_are_columns() {
        for (path, expected) in [
            ("invoices/year=2024/month=01/part.csv", "year: 2024, month: 01"),
            ("plain/part.csv", ""),
            ("part=1.csv", ""),
            ("=1/part.csv", ""),
            ("region=S%C3%BCd%20West/a=b=c/part.csv", "region: Süd West, a: b=c"),
            ("rate=100%/odd=%zz%f/part.csv", "rate: 100%, odd: %zz%f"),
            ("broken=%ff/part.csv", "broken: %ff"),
            ("region=/country=__HIVE_DEFAULT_PARTITION__/part.csv", "region: null, country: null"),
            ("year=2024/year=2025/part.csv", "two folders of `year=2024/year=2025/part.csv` name the column `year`"),
        ] {
            assert_eq!(shown(path), expected);
        }
    }
}

//! What the file of an account is called: readable, the same in every run, and safe on every file system.

use icu_normalizer::DecomposingNormalizer;

/// A key of up to so many characters can be a name as it is; of a longer one a part is shown.
const LONGEST: usize = 40;

/// Digits of the hash of a key: two of a million keys share them once in a hundred books.
const DIGITS: usize = 12;

/// Names that some systems keep for devices.
const RESERVED: [&str; 4] = ["CON", "PRN", "AUX", "NUL"];
const NUMBERED: [&str; 2] = ["COM", "LPT"];

/// What stands between the readable part and the hash; no key with it is a name as it is.
const BETWEEN: &str = "--";

/// The name of the file of an account, without its ending.
///
/// A key of capital letters, digits and single `-` or `_` within is the name itself. Any other gets its letters in small
/// and a hash behind: so no two keys share a name, also where capitals and small letters are the same.
pub fn name(key: &str) -> String {
    if is_plain(key) {
        return key.to_owned();
    }
    let hash = blake3::hash(key.as_bytes()).to_hex();
    let hash = hash.as_str().get(..DIGITS).unwrap_or_default();
    format!("{}{BETWEEN}{hash}", slug(key))
}

fn is_plain(key: &str) -> bool {
    let is_word = |sign: char| sign.is_ascii_uppercase() || sign.is_ascii_digit();
    let within = key.len() <= LONGEST && key.chars().all(|sign| is_word(sign) || matches!(sign, '-' | '_'));
    within && key.starts_with(is_word) && key.ends_with(is_word) && !key.contains(BETWEEN) && !is_reserved(key)
}

fn is_reserved(key: &str) -> bool {
    let is_digit = |number: &str| number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit());
    RESERVED.contains(&key) || NUMBERED.iter().any(|name| key.strip_prefix(name).is_some_and(is_digit))
}

/// The letters and digits of a key, without accents and in small, with a `-` for all that is between them.
fn slug(key: &str) -> String {
    let mut slug = String::new();
    for sign in DecomposingNormalizer::new_nfd().normalize(key).chars() {
        match sign {
            // An accent of the letter before.
            '\u{300}'..='\u{36f}' => {}
            _ if sign.is_ascii_alphanumeric() => slug.push(sign.to_ascii_lowercase()),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() == LONGEST {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "account".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn plain_codes_are_names_and_others_are_readable() {
        for key in ["C0001", "7", "A-1_B", "2025"] {
            assert_eq!(name(key), key);
        }
        for (key, readable) in [
            ("Talleres Peñaclara S.A.", "talleres-penaclara-s-a"),
            ("c0001", "c0001"),
            ("../../etc/passwd", "etc-passwd"),
            ("..", "account"),
            ("", "account"),
            ("a/b\\c:d\0e", "a-b-c-d-e"),
            ("CON", "con"),
            ("COM1", "com1"),
            ("lpt9", "lpt9"),
            ("-rf", "rf"),
            ("A--B", "a-b"),
            ("A-", "a"),
            (".hidden", "hidden"),
            ("trailing. ", "trailing"),
            ("株式会社", "account"),
            ("\u{202e}gpj.exe", "gpj-exe"),
        ] {
            let found = name(key);
            let (slug, hash) = found.split_once("--").unwrap();
            assert_eq!((slug, hash.len()), (readable, 12), "{key}");
        }
        assert_eq!(name("COM10"), "COM10");
        assert_eq!(name(&"x".repeat(5_000)).len(), 40 + 2 + 12);
        assert_eq!(name("Acme"), "acme--43cb71620787");
    }

    #[test]
    fn keys_that_differ_in_case_or_in_a_sign_have_different_names() {
        let keys = ["acme", "Acme", "ACME", "acme ", "ácme", "a.c", "a c", "A-C", "a-c", "CON", "con"];
        let names: BTreeSet<String> = keys.iter().map(|key| name(key).to_lowercase()).collect();
        assert_eq!(names.len(), keys.len(), "{names:?}");
    }

    proptest! {
        #[test]
        fn any_key_has_a_safe_name(key in any::<String>(), other in "[A-Za-z.-]{0,6}", another in "[A-Za-z.-]{0,6}") {
            let found = name(&key);
            prop_assert!(found.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_')));
            prop_assert!(!found.is_empty() && found.len() <= 54 && !found.starts_with('-') && !found.ends_with('-'));
            prop_assert!(!is_reserved(&found.to_uppercase()));
            prop_assert!(other == another || name(&other).to_lowercase() != name(&another).to_lowercase());
        }
    }
}

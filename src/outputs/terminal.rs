//! Text from data on a terminal: signs that would steer it are shown and not sent, and what is too wide is cut.

use unicode_width::UnicodeWidthChar;

/// What stands in place of the rest of a text that was cut.
const CUT: char = '…';

/// The text with every sign that moves the cursor, changes colours or reverses the writing shown as Rust writes it:
/// a line break as `\n`, an escape as `\u{1b}`.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        if steers(sign) { plain.extend(sign.escape_default()) } else { plain.push(sign) }
    }
    plain
}

/// Whether a sign moves the cursor, changes colours or reverses the writing.
pub fn steers(sign: char) -> bool {
    sign.is_control() || is_invisible(sign)
}

/// Signs of no width that change how their neighbours are read: marks of direction, joiners, line separators.
fn is_invisible(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// How many columns of a terminal a text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(|sign| sign.width().unwrap_or_default()).sum()
}

/// A text made [`plain`] and cut to so many columns.
pub fn cut(text: &str, columns: usize) -> String {
    let plain = plain(text);
    if width(&plain) <= columns {
        return plain;
    }
    let mut kept = String::new();
    let mut taken = 1;
    for sign in plain.chars() {
        taken += sign.width().unwrap_or_default();
        if taken > columns {
            break;
        }
        kept.push(sign);
    }
    if columns > 0 {
        kept.push(CUT);
    }
    kept
}

/// As [`cut`], and filled up with blanks to exactly so many columns.
pub fn fitted(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&text))));
    text
}

/// What fits the terminals that there are.
pub const COLUMNS: usize = 80;

/// Lines of at most [`COLUMNS`] columns, indented by so many and broken between words.
pub fn wrapped(words: &str, indent: usize) -> String {
    let blank = " ".repeat(indent);
    let mut lines = String::new();
    let mut line = blank.clone();
    for word in words.split(' ') {
        let is_empty = line.len() == indent;
        if width(&line) + usize::from(!is_empty) + width(word) > COLUMNS && !is_empty {
            lines.push_str(line.trim_end());
            lines.push('\n');
            line.clone_from(&blank);
        } else if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(line.trim_end());
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mred\nb\u{202e}c\té"), "a\\u{1b}[31mred\\nb\\u{202e}c\\té");
        assert_eq!(plain("Durand, Petit & Associés <Ateliers>"), "Durand, Petit & Associés <Ateliers>");
    }

    #[test]
    fn what_is_too_wide_is_cut() {
        for (text, columns, expected) in [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("日本語", 5, "日本…"),
            ("日本語", 6, "日本語"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(cut(text, columns), expected, "{text} {columns}");
        }
        assert_eq!(fitted("ab", 4), "ab  ");
        assert_eq!(fitted("日本語", 4), "日… ");
    }

    #[test]
    fn words_are_broken_between_lines() {
        let words = ["ab"; 30].join(" ");
        // 2 + 26 · 3 − 1 columns; one word more would make 82.
        assert_eq!(wrapped(&words, 2), format!("  {}\n  ab ab ab ab\n", ["ab"; 26].join(" ")));
        let long = "x".repeat(90);
        assert_eq!(wrapped(&format!("a {long} b"), 1), format!(" a\n {long}\n b\n"));
        assert_eq!(wrapped("", 2), "\n");
    }

    proptest! {
        #[test]
        fn a_fitted_text_has_its_width(text in any::<String>(), columns in 0usize..40) {
            let fitted = fitted(&text, columns);
            prop_assert_eq!(width(&fitted), columns);
            prop_assert!(!fitted.chars().any(char::is_control));
        }
    }
}

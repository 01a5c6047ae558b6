//! Text of the data as markdown that shows it and does nothing else.

use std::borrow::Cow;

use minijinja::{AutoEscape, Output, State, Value};

use crate::outputs::locale::NOTHING;

/// Writes a value into a report: safe strings as they are, everything else escaped, null as a dash.
/// Only a template that turns escaping off, in so many words, gets raw text.
pub(super) fn formatter(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_none() {
        out.write_str(NOTHING)?;
    } else if value.is_safe() || value.is_number() || matches!(state.auto_escape(), AutoEscape::None) {
        write!(out, "{value}")?;
    } else {
        out.write_str(&escape(&value.to_string()))?;
    }
    Ok(())
}

/// Escapes text so that markdown shows it letter for letter, on one line.
///
/// Runs of white space, line breaks among them, become one space, and other control characters and
/// those that reverse the direction of writing become `U+FFFD`, since a reader should see that there
/// was something. `<`, `>` and `&` become entities rather than take a backslash, because a backslash
/// does not count inside a block of HTML; `&` only where it could start an entity, so that
/// `Smith & Sons` stays legible.
pub(super) fn escape(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let mark = list_mark(&text);
    for (index, character) in text.char_indices() {
        let next = text[index + character.len_utf8()..].chars().next();
        match replacement(character, next, Some(index) == mark) {
            Some(replacement) => escaped.push_str(&replacement),
            None => escaped.push(character),
        }
    }
    escaped
}

fn replacement(character: char, next: Option<char>, is_mark: bool) -> Option<Cow<'static, str>> {
    match character {
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '&' if next.is_some_and(|next| next.is_alphanumeric() || next == '#') => Some("&amp;".into()),
        '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' => Some(format!("\\{character}").into()),
        _ if is_mark => Some(format!("\\{character}").into()),
        _ if character.is_control() || reverses(character) => Some("\u{fffd}".into()),
        _ => None,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a character stands that would open a list, rule a line or underline a heading, if the text
/// were to start a line.
fn list_mark(text: &str) -> Option<usize> {
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let mut tail = text[digits..].chars();
    let mark = tail.next()?;
    let rest = tail.as_str();
    let ends = rest.is_empty() || rest.starts_with(' ');
    let opens = match mark {
        '-' => digits == 0 && (ends || rest.starts_with('-')),
        '+' => digits == 0 && ends,
        '=' => digits == 0 && rest.chars().all(|character| character == '='),
        '.' | ')' => digits > 0 && ends,
        _ => false,
    };
    opens.then_some(digits)
}

fn reverses(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn hostile_text_is_shown_and_does_nothing() {
        let cases = [
            ("a|b", r"a\|b"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("[x](javascript:y)", r"\[x\](javascript:y)"),
            ("![x](y)", r"\!\[x\](y)"),
            ("two\nlines\r\n\tand more", "two lines and more"),
            ("line\u{2028}separator\u{85}next", "line separator next"),
            ("`code` ```", r"\`code\` \`\`\`"),
            ("**bold** _it_ ~~no~~", r"\*\*bold\*\* \_it\_ \~\~no\~\~"),
            (r"back\slash\|", r"back\\slash\\\|"),
            ("# heading", r"\# heading"),
            ("- item", r"\- item"),
            ("+ item", r"\+ item"),
            ("=====", r"\====="),
            ("1. item", r"1\. item"),
            ("12) item", r"12\) item"),
            ("---", r"\---"),
            ("    code", "code"),
            ("bell\u{7}nul\0", "bell\u{fffd}nul\u{fffd}"),
            ("abc\u{202e}gpj", "abc\u{fffd}gpj"),
            ("&lt;", "&amp;lt;"),
            ("&#60;", r"&amp;\#60;"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected);
        }
    }

    #[test]
    fn plain_text_stays_legible() {
        for text in ["", "Smith & Sons", "Müller-Lüdenscheidt (C-17)", "L'Oréal S.A.", "100 %", "3M", "O'Neill, 50/50"]
        {
            assert_eq!(escape(text), text);
        }
    }
}

//! Amounts as people and systems write them in text: with the sign of a currency, with the minus behind, in
//! parentheses, with blanks between thousands.
//!
//! Almost all amounts are plain numbers, so the plain reader goes first, and what it refuses comes here.

pub mod plain;
mod signs;

use crate::money::{NotMoney, NumberFormat};
pub use signs::Codes;
use std::borrow::Cow;

/// How amounts are written in a text source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notation {
    pub numbers: NumberFormat,
    /// What a source means by `CR` beside an amount, where it is declared.
    pub credit: Option<Credit>,
}

/// The sign of an amount that is marked as a credit; a debit has the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credit {
    Positive,
    Negative,
}

/// An amount read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// In units of `10^-scale`.
    pub value: i128,
    /// The currencies that the sign beside it can stand for, where there is one.
    pub currency: Option<Codes>,
}

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAmount {
    Not(NotMoney),
    /// It is marked `CR` or `DR`, and nothing says what that means.
    Credit,
}

/// What stands around the digits of an amount.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    currency: Option<Codes>,
    /// Whether a sign or parentheses say negative.
    negative: Option<bool>,
    /// Whether it is marked as a credit, and not as a debit.
    credit: Option<bool>,
}

impl Notation {
    pub const PLAIN: Self = Self { numbers: NumberFormat::PLAIN, credit: None };

    /// Reads an amount in units of `10^-scale`, rounded half away from zero: a plain number as
    /// [`NumberFormat::parse_wide`] takes it, or one with marks around it.
    ///
    /// # Errors
    /// Where it is neither, too large, or `CR` or `DR` has no declared meaning.
    #[inline]
    pub fn parse(self, text: &str, scale: u32) -> Result<Written, NoAmount> {
        match self.numbers.parse_wide(text.as_bytes(), scale) {
            Ok(value) => Ok(Written { value, currency: None }),
            Err(NotMoney::Unreadable) => self.marked(text, scale),
            Err(error) => Err(NoAmount::Not(error)),
        }
    }

    #[cold]
    fn marked(self, text: &str, scale: u32) -> Result<Written, NoAmount> {
        let (marks, digits) = unmarked(text);
        let ends = [digits.bytes().next(), digits.bytes().next_back()];
        if !ends.iter().all(|end| end.is_some_and(|end| end.is_ascii_digit())) {
            return Err(NoAmount::Not(NotMoney::Unreadable));
        }
        let plain = self.plain(digits);
        let value = self.numbers.parse_wide(plain.as_bytes(), scale).map_err(NoAmount::Not)?;
        let negative = match (marks.negative, marks.credit, self.credit) {
            (negative, None, _) => negative.unwrap_or_default(),
            // A credit of minus twelve may be meant as either.
            (Some(_), Some(_), _) => return Err(NoAmount::Not(NotMoney::Unreadable)),
            (None, Some(_), None) => return Err(NoAmount::Credit),
            (None, Some(is_credit), Some(credit)) => is_credit == (credit == Credit::Negative),
        };
        Ok(Written { value: if negative { -value } else { value }, currency: marks.currency })
    }

    /// Digits with the declared thousands separator alone: any blank stands for a blank, and a typographic
    /// apostrophe for an apostrophe.
    fn plain(self, digits: &str) -> Cow<'_, str> {
        match self.numbers.thousands {
            Some(b' ') => digits.replace(char::is_whitespace, " ").into(),
            Some(b'\'') => digits.replace('\u{2019}', "'").into(),
            _ => digits.into(),
        }
    }
}

/// Takes the marks off both ends of an amount, at most one of each kind.
fn unmarked(text: &str) -> (Marks, &str) {
    let (mut marks, mut rest) = (Marks::default(), text.trim());
    loop {
        let less = if let Some((currency, less)) = signs::strip(rest).filter(|_| marks.currency.is_none()) {
            marks.currency = Some(currency);
            less
        } else if let Some((negative, less)) = sign(rest).filter(|_| marks.negative.is_none()) {
            marks.negative = Some(negative);
            less
        } else if let Some((credit, less)) = credit(rest).filter(|_| marks.credit.is_none()) {
            marks.credit = Some(credit);
            less
        } else {
            return (marks, rest);
        };
        rest = less.trim();
    }
}

/// A minus at either end, parentheses, or a plus in front: whether it says negative, and what is left.
fn sign(text: &str) -> Option<(bool, &str)> {
    // The minus of a keyboard, that of typography, and the dash that word processors put in its place.
    const MINUS: [char; 3] = ['-', '\u{2212}', '\u{2013}'];
    let parentheses = || text.strip_prefix('(')?.strip_suffix(')');
    let negative = text.strip_prefix(MINUS).or_else(|| text.strip_suffix(MINUS)).or_else(parentheses);
    negative.map(|rest| (true, rest)).or_else(|| Some((false, text.strip_prefix('+')?)))
}

/// `CR` or `DR` at either end: whether it is a credit, and what is left.
fn credit(text: &str) -> Option<(bool, &str)> {
    let mark = |found: &str| match found {
        "CR" | "Cr" | "cr" => Some(true),
        "DR" | "Dr" | "dr" => Some(false),
        _ => None,
    };
    let front = text.split_at_checked(2).and_then(|(found, rest)| Some((mark(found)?, rest)));
    let end = || {
        let (rest, found) = text.split_at_checked(text.len().checked_sub(2)?)?;
        Some((mark(found)?, rest))
    };
    front
        .or_else(end)
        .filter(|(_, rest)| !rest.starts_with(char::is_alphabetic) && !rest.ends_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::to_plain;
    use proptest::prelude::*;

    const UNREADABLE: Result<(i128, Option<&str>), NoAmount> = Err(NoAmount::Not(NotMoney::Unreadable));

    fn notation(decimal: u8, thousands: Option<u8>, credit: Option<Credit>) -> Notation {
        Notation { numbers: NumberFormat { decimal, thousands }, credit }
    }

    /// The minor units, and the first code of the sign.
    fn read(notation: Notation, text: &str) -> Result<(i128, Option<&'static str>), NoAmount> {
        notation.parse(text, 2).map(|written| (written.value, written.currency.map(|codes| codes[0])))
    }

    #[test]
    fn marks_that_need_no_declaration() {
        for (text, minor, code) in [
            ("12.50", 1250, None),
            ("\u{a0}12.50\u{202f}", 1250, None),
            ("12.50-", -1250, None),
            ("12.50 -", -1250, None),
            ("- 12.50", -1250, None),
            ("\u{2212}12.50", -1250, None),
            ("\u{2013}12.50", -1250, None),
            ("(12.50)", -1250, None),
            ("( 12.50 )", -1250, None),
            ("€ 12.50", 1250, Some("EUR")),
            ("€12.50", 1250, Some("EUR")),
            ("12.50 €", 1250, Some("EUR")),
            ("-€12.50", -1250, Some("EUR")),
            ("€-12.50", -1250, Some("EUR")),
            ("€ +12.50", 1250, Some("EUR")),
            ("12.50-€", -1250, Some("EUR")),
            ("12.50 € -", -1250, Some("EUR")),
            ("(€12.50)", -1250, Some("EUR")),
            ("€ (12.50)", -1250, Some("EUR")),
            ("EUR 12", 1200, Some("EUR")),
            ("12 kr", 1200, Some("DKK")),
            ("$0.005", 1, Some("USD")),
            ("(0.005)", -1, None),
        ] {
            assert_eq!(read(Notation::PLAIN, text), Ok((minor, code)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_stays_none() {
        for text in [
            "",
            " ",
            "-",
            "€",
            "€ -",
            "()",
            "--1",
            "-1-",
            "(-1)",
            "-(1)",
            "((1))",
            "(1",
            "1)",
            "+1+",
            "1+",
            "€1€",
            "€ 1 EUR",
            "1e3",
            "1 e3",
            "1E3 €",
            "NaN",
            "inf",
            "####",
            "#REF!",
            "#N/A",
            "1.234,5.6",
            "1,234.5",
            "1 234",
            "1\u{a0}234",
            "1'234",
            "12.",
            ".5",
            "€ .5",
            "5 %",
            "12 ABC",
            "twelve",
            "1.2.3",
            "0x1",
            "١٢",
            "12-13",
            "12 13",
            "1.5\n2.5",
        ] {
            assert_eq!(read(Notation::PLAIN, text), UNREADABLE, "{text}");
        }
        let german = notation(b',', Some(b'.'), None);
        for text in ["1,234.5", "€ 1.23", "1.234,5.6", "1 234,5", "1.2345,6", "(1.234,5.6)"] {
            assert_eq!(read(german, text), UNREADABLE, "{text}");
        }
        let large = "9".repeat(40);
        assert_eq!(read(Notation::PLAIN, &format!("€ {large}")), Err(NoAmount::Not(NotMoney::OutOfRange)));
    }

    #[test]
    fn separators_are_those_declared() {
        assert_eq!(read(notation(b',', Some(b'.'), None), "€ 1.234,50"), Ok((123_450, Some("EUR"))));
        let french = notation(b',', Some(b' '), None);
        for text in ["1 234 567,89", "1\u{a0}234\u{a0}567,89", "1\u{202f}234\u{202f}567,89", "1\u{2009}234 567,89"] {
            assert_eq!(read(french, text), Ok((123_456_789, None)), "{text}");
        }
        for text in ["12 34,5", "1  234,5", "1 234'567", "1.234,5"] {
            assert_eq!(read(french, text), UNREADABLE, "{text}");
        }
        let swiss = notation(b'.', Some(b'\''), None);
        for text in ["CHF 1'234.50", "1\u{2019}234.50 CHF"] {
            assert_eq!(read(swiss, text), Ok((123_450, Some("CHF"))), "{text}");
        }
    }

    #[test]
    fn credits_and_debits_are_read_as_declared_and_only_then() {
        for text in ["12.50 CR", "12.50CR", "CR 12.50", "Cr 12.50", "EUR 12.50 CR", "12.50 DR", "12.50 DR €"] {
            let minor = if text.contains("DR") { -1250 } else { 1250 };
            let read = |credit| read(notation(b'.', None, credit), text).map(|(minor, _)| minor);
            assert_eq!(read(Some(Credit::Positive)), Ok(minor), "{text}");
            assert_eq!(read(Some(Credit::Negative)), Ok(-minor), "{text}");
            assert_eq!(read(None), Err(NoAmount::Credit), "{text}");
        }
        for text in ["-12.50 CR", "(12.50) CR", "12.50 CR CR", "12.50 CR DR", "CRX 12.50", "CR", "12.50 CRED"] {
            assert_eq!(read(notation(b'.', None, Some(Credit::Negative)), text), UNREADABLE, "{text}");
        }
    }

    /// An amount in some notation, and the notation.
    fn written() -> impl Strategy<Value = (String, Notation, i64)> {
        let marks =
            (0usize..6, 0usize..5, any::<bool>(), proptest::sample::select(vec!["", " ", "\u{a0}", "\u{202f}"]));
        let forms = proptest::sample::select(vec![
            (b'.', None),
            (b'.', Some(b',')),
            (b',', Some(b'.')),
            (b',', Some(b' ')),
            (b'.', Some(b'\'')),
        ]);
        (-1_000_000_000_000i64..1_000_000_000_000, forms, marks).prop_map(
            |(minor, (decimal, thousands), (currency, sign, behind, blank))| {
                let plain = to_plain(minor.abs(), 2);
                let (whole, fraction) = plain.split_once('.').unwrap();
                let mut number = String::new();
                for (place, digit) in whole.chars().enumerate() {
                    if place > 0
                        && (whole.len() - place).is_multiple_of(3)
                        && let Some(separator) = thousands
                    {
                        number.push(if separator == b' ' { '\u{202f}' } else { char::from(separator) });
                    }
                    number.push(digit);
                }
                number = format!("{number}{}{fraction}", char::from(decimal));
                if minor < 0 {
                    number = match sign {
                        0 => format!("-{number}"),
                        1 => format!("\u{2212}{blank}{number}"),
                        2 => format!("{number}{blank}-"),
                        3 => format!("({number})"),
                        // Two words must not run into one another.
                        _ if behind => format!("CR {number}"),
                        _ => format!("{number} CR"),
                    };
                }
                let currency = ["", "€", "EUR", "kr", "$", "zł"][currency];
                number = match (currency, behind) {
                    ("", _) => format!("{blank}{number}{blank}"),
                    (_, true) => format!("{number}{blank}{currency}"),
                    (_, false) => format!("{currency}{blank}{number}"),
                };
                (number, notation(decimal, thousands, Some(Credit::Negative)), minor)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_in_any_notation_is_read_back((text, notation, minor) in written()) {
            let read = notation.parse(&text, 2).map(|written| written.value);
            prop_assert_eq!(read, Ok(minor.into()), "{}", text);
        }

        #[test]
        fn the_marks_never_change_a_plain_number(text in "[-+(]?[0-9]{1,4}[.,]?[0-9]{0,4}[-)]?") {
            if let Ok(value) = NumberFormat::PLAIN.parse_wide(text.as_bytes(), 2) {
                prop_assert_eq!(Notation::PLAIN.parse(&text, 2), Ok(Written { value, currency: None }));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,12}") {
            let _ = notation(b',', Some(b' '), Some(Credit::Positive)).parse(&text, 2);
        }
    }
}

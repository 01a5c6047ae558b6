//! Plain amounts in whole columns of text, all digits of each taken together and not one by one.
//!
//! Nearly all amounts are an optional minus, digits, and perhaps a decimal sign with digits behind it. What is anything
//! else is left to [`NumberFormat`], which says the same of these.

use crate::money::NumberFormat;
use arrow::array::StringArray;

/// The plain amounts of a column, in minor units.
#[derive(Debug)]
pub struct Plain(Vec<i64>);

/// What stands for a cell that is not plain: no amount of so few digits.
pub const OTHER: i64 = i64::MIN;

/// The longest amount but for its minus: two words.
const LONGEST: usize = 16;

/// A word with the same byte everywhere.
const fn bytes(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

impl Plain {
    /// Those that have no more decimal places than the scale.
    pub fn of(texts: &StringArray, numbers: NumberFormat, scale: u32) -> Self {
        let (values, offsets) = (texts.value_data(), texts.value_offsets());
        let scale = usize::try_from(scale).unwrap_or(usize::MAX);
        let cells = offsets.windows(2).map(|ends| {
            let [start, end] = *ends else { return OTHER };
            amount(values, start as usize, end as usize, numbers.decimal, scale).unwrap_or(OTHER)
        });
        Self(cells.collect())
    }

    /// By row, the amount of a plain one, and [`OTHER`] elsewhere.
    pub fn into_amounts(self) -> Vec<i64> {
        self.0
    }

    /// The amount of a row, where it is a plain one.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i64> {
        self.0.get(row).copied().filter(|amount| *amount != OTHER)
    }
}

/// The amount that stands somewhere in a text. Nothing also at the very beginning of the text.
#[inline]
fn amount(text: &[u8], start: usize, end: usize, decimal: u8, scale: usize) -> Option<i64> {
    let is_negative = text.get(start) == Some(&b'-');
    let length = (end - start).checked_sub(usize::from(is_negative)).filter(|length| (1..=LONGEST).contains(length))?;
    // The last byte is the highest of the second word. What stands before the amount becomes zeros.
    let (words, _) = text.get(..end)?.last_chunk::<LONGEST>()?.as_chunks();
    let [first, second] = [*words.first()?, *words.last()?].map(|word| u64::from_le_bytes(word) ^ bytes(b'0'));
    let (first, second) = match length {
        ..8 => (0, second & u64::MAX << (8 * (8 - length))),
        8 => (0, second),
        _ => (first & u64::MAX << (8 * (16 - length)), second),
    };
    // The lowest bit is that of the first byte that is a decimal sign; above it there may be some that are none.
    let sign = second ^ bytes(decimal ^ b'0');
    let point = (sign.wrapping_sub(bytes(1)) & !sign & bytes(0x80)).trailing_zeros() as usize / 8;
    let (first, second, places) = if point == 8 {
        (first, second, 0)
    } else if point < 7 && point + length > 8 {
        // The digits before the decimal sign take its place.
        let behind = u64::MAX << (8 * (point + 1));
        (first << 8, (second & !(behind >> 8)) << 8 | first >> 56 | second & behind, 7 - point)
    } else {
        return None;
    };
    if !are_digits(first) || !are_digits(second) {
        return None;
    }
    let number = eight(first) * 100_000_000 + eight(second);
    let amount = i64::try_from(number).ok()?.checked_mul(*POWERS.get(scale.checked_sub(places)?)?)?;
    Some(if is_negative { -amount } else { amount })
}

/// Powers of ten.
const POWERS: [i64; 13] = {
    let (mut powers, mut place) = ([1; 13], 1);
    while place < powers.len() {
        powers[place] = powers[place - 1] * 10;
        place += 1;
    }
    powers
};

/// The number that eight characters are, where all of them are digits.
#[inline]
pub fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(text) ^ bytes(b'0');
    are_digits(digits).then(|| eight(digits))
}

/// Whether no byte is above nine: such a one gets the highest bit, or has it.
#[inline]
fn are_digits(digits: u64) -> bool {
    (digits.wrapping_add(bytes(0x7f - 9)) | digits) & bytes(0x80) == 0
}

/// The number of eight digits, the first in the lowest byte: neighbours become pairs, these fours, and these eight.
#[inline]
fn eight(digits: u64) -> u64 {
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    (fours * 10_000 + (fours >> 32)) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a column has in its second cell, and the same by the long way.
    fn both(text: &str, numbers: NumberFormat, scale: u32) -> (Option<i64>, Option<i64>) {
        let column = StringArray::from(vec!["98765432101234567890", text, "5"]);
        let plain = Plain::of(&column, numbers, scale);
        assert_eq!(plain.get(0), None);
        (plain.get(1), numbers.parse(text.as_bytes(), scale).ok())
    }

    #[test]
    fn plain_amounts_are_read() {
        for (text, minor) in [
            ("0", 0),
            ("-0.00", 0),
            ("1", 100),
            ("1.5", 150),
            ("-1.50", -150),
            ("007.1", 710),
            ("28562.19", 2_856_219),
            ("9999999999999.99", 999_999_999_999_999),
            ("1234567890123456", 123_456_789_012_345_600),
            ("-9999999999999.99", -999_999_999_999_999),
        ] {
            assert_eq!(both(text, NumberFormat::PLAIN, 2), (Some(minor), Some(minor)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "-.5",
            "+1",
            " 1",
            "1 ",
            "1.005",
            "1,5",
            "1.2.3",
            "1..2",
            "1e3",
            "99999999999999999",
        ] {
            assert_eq!(both(text, NumberFormat::PLAIN, 2).0, None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Any letters, and those next to digits in the table of ASCII above all.
        #[test]
        fn what_is_read_is_what_the_long_way_reads(
            text in prop_oneof![
                3 => "-?[0-9]{0,9}[.,]?[0-9]{0,3}", 2 => "[-+0-9.,/:;<\\x00-\\x20]{0,18}", 1 => "[0-9.é\u{2212}]{0,12}", 1 => ".{0,17}",
            ],
            comma: bool, scale in 0u32..=12,
        ) {
            let german = NumberFormat { decimal: b',', thousands: Some(b'.') };
            let (plain, read) = both(&text, if comma { german } else { NumberFormat::PLAIN }, scale);
            prop_assert!(plain.is_none() || plain == read, "{text}: {plain:?}, {read:?}");
        }

        #[test]
        fn amounts_of_a_ledger_are_plain(minor in -999_999_999_999_999i64..=999_999_999_999_999, scale in 0u32..=4) {
            let text = crate::money::to_plain(minor, scale);
            prop_assert_eq!(both(&text, NumberFormat::PLAIN, scale), (Some(minor), Some(minor)));
        }
    }
}

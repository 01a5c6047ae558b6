//! Exact money: whole minor units in `i64`, and the one door through which amounts come in.
//!
//! Whatever carries more digits than the currency keeps is rounded half away from zero, once, here.

/// Why a value is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMoney {
    /// It is not a number of the declared form.
    Unreadable,
    /// It is a number that whole minor units cannot hold.
    OutOfRange,
}

/// How numbers are written in a text source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFormat {
    /// The decimal sign: `.` or `,`.
    pub decimal: u8,
    /// The thousands separator, if the source uses one.
    pub thousands: Option<u8>,
}

impl NumberFormat {
    pub const PLAIN: Self = Self { decimal: b'.', thousands: None };

    /// Reads a decimal number in units of `10^-scale`, rounded half away from zero.
    ///
    /// # Errors
    /// [`NotMoney::Unreadable`] for anything but an optional sign, digits (in groups of three where a
    /// thousands separator is used) and at most one decimal sign with digits behind it; surrounding
    /// blanks are allowed, exponents are not. [`NotMoney::OutOfRange`] past `i64`.
    pub fn parse(self, text: &[u8], scale: u32) -> Result<i64, NotMoney> {
        self.parse_wide(text, scale).and_then(|value| i64::try_from(value).map_err(|_| NotMoney::OutOfRange))
    }

    /// As [`NumberFormat::parse`], up to 38 digits.
    ///
    /// # Errors
    /// As [`NumberFormat::parse`], [`NotMoney::OutOfRange`] past 38 digits.
    pub fn parse_wide(self, text: &[u8], scale: u32) -> Result<i128, NotMoney> {
        let text = text.trim_ascii();
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (whole, fraction) = match digits.iter().position(|byte| *byte == self.decimal) {
            Some(at) => (digits.get(..at).unwrap_or_default(), digits.get(at + 1..)),
            None => (digits, None),
        };
        if whole.is_empty() || fraction.is_some_and(<[u8]>::is_empty) {
            return Err(NotMoney::Unreadable);
        }
        let value = self.whole_part(whole)?;
        let value = append_fraction(value, fraction.unwrap_or_default(), scale)?;
        Ok(if negative { -value } else { value })
    }

    fn whole_part(self, digits: &[u8]) -> Result<i128, NotMoney> {
        let Some(separator) = self.thousands.filter(|separator| digits.contains(separator)) else {
            return append_digits(0, digits);
        };
        let mut value = 0;
        for (index, group) in digits.split(|byte| *byte == separator).enumerate() {
            let fits = if index == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 };
            if !fits {
                return Err(NotMoney::Unreadable);
            }
            value = append_digits(value, group)?;
        }
        Ok(value)
    }
}

/// Digits that 64 bits always hold.
const CHUNK: usize = 18;

/// The number that `value` becomes with digits written behind it.
fn append_digits(mut value: i128, digits: &[u8]) -> Result<i128, NotMoney> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(NotMoney::Unreadable);
    }
    for chunk in digits.chunks(CHUNK) {
        let number = chunk.iter().fold(0i64, |number, digit| number * 10 + i64::from(digit - b'0'));
        value = if value == 0 {
            number.into()
        } else {
            shifted(value, chunk.len())?.checked_add(number.into()).ok_or(NotMoney::OutOfRange)?
        };
    }
    Ok(value)
}

/// `value × 10^places`.
fn shifted(value: i128, places: usize) -> Result<i128, NotMoney> {
    let power = u32::try_from(places).ok().and_then(|places| 10i128.checked_pow(places));
    power.and_then(|power| value.checked_mul(power)).ok_or(NotMoney::OutOfRange)
}

fn append_fraction(value: i128, fraction: &[u8], scale: u32) -> Result<i128, NotMoney> {
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(NotMoney::Unreadable);
    }
    let places = usize::try_from(scale).unwrap_or(usize::MAX);
    let (kept, cut) = fraction.split_at(fraction.len().min(places));
    let number = append_digits(0, kept)?;
    let value = shifted(value, kept.len())?.checked_add(number).ok_or(NotMoney::OutOfRange)?;
    let value = shifted(value, places - kept.len())?;
    let round_up = cut.first().is_some_and(|digit| *digit >= b'5');
    value.checked_add(i128::from(round_up)).ok_or(NotMoney::OutOfRange)
}

/// Whole minor units of a decimal number `value × 10^-from`.
///
/// # Errors
/// [`NotMoney::OutOfRange`] past `i64`.
pub fn from_decimal(value: i128, from: u32, decimals: u32) -> Result<i64, NotMoney> {
    let rescaled = if from <= decimals {
        10i128.checked_pow(decimals - from).and_then(|power| value.checked_mul(power)).ok_or(NotMoney::OutOfRange)?
    } else {
        let power = 10i128.checked_pow(from - decimals).ok_or(NotMoney::OutOfRange)?;
        let (whole, rest) = (value / power, value % power);
        if rest.abs() >= power - rest.abs() { whole + value.signum() } else { whole }
    };
    i64::try_from(rescaled).map_err(|_| NotMoney::OutOfRange)
}

/// Powers of ten, as many as a currency can have decimal places.
const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Whole minor units of a float.
///
/// A float stands for the decimal number of 15 significant digits that it is nearest to, so the double
/// `1.005` is taken as 1.005 and becomes 1.01, though its binary value lies a hair below.
///
/// # Errors
/// [`NotMoney::Unreadable`] for NaN and infinities; [`NotMoney::OutOfRange`] where a double no longer
/// tells minor units apart (from 10^15 of them).
#[inline]
pub fn from_float(value: f64, decimals: u32) -> Result<i64, NotMoney> {
    if !value.is_finite() {
        return Err(NotMoney::Unreadable);
    }
    let scaled = value * POWERS.get(decimals as usize).copied().unwrap_or(f64::INFINITY);
    if scaled.abs() >= 1e15 {
        return Err(NotMoney::OutOfRange);
    }
    // By hand, because it is done for every line: `round` is a call where the processor is not known to have it.
    let whole = scaled as i64;
    let rest = scaled - whole as f64;
    // Far from a tie both readings round the same way; near one, the decimal digits decide.
    if (rest.abs() - 0.5).abs() > 1e-3 {
        return Ok(whole + i64::from(rest > 0.5) - i64::from(rest < -0.5));
    }
    match decimal_of_float(value) {
        Some((digits, scale)) => from_decimal(digits, scale, decimals),
        None => Ok(scaled.round() as i64),
    }
}

/// The decimal number of 15 significant digits that a float stands for, in units of `10^-scale`; none where
/// it is larger than its digits.
pub fn decimal_of_float(value: f64) -> Option<(i128, u32)> {
    let text = format!("{value:.14e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let digits: i128 = mantissa.replace('.', "").parse().ok()?;
    Some((digits, u32::try_from(14 - exponent).ok()?))
}

/// `amount / count` in whole minor units, rounded half away from zero; `count` is above zero.
pub fn rounded_quotient(amount: i64, count: i64) -> i64 {
    let (amount, count) = (i128::from(amount), i128::from(count.max(1)));
    let (quotient, rest) = (amount / count, amount % count);
    let rounded = if rest.abs() * 2 >= count { quotient + amount.signum() } else { quotient };
    // No larger than the amount itself.
    i64::try_from(rounded).unwrap_or_default()
}

/// Minor units as a plain decimal number, `-1234.50`: for files and machines.
pub fn to_plain(amount: i64, decimals: u32) -> String {
    let places = usize::try_from(decimals).unwrap_or_default();
    let digits = format!("{:0width$}", amount.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if places == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> Result<i64, NotMoney> {
        NumberFormat::PLAIN.parse(text.as_bytes(), 2)
    }

    #[test]
    fn plain_numbers() {
        for (text, minor) in [
            ("0", 0),
            ("1", 100),
            ("1.5", 150),
            ("-1.50", -150),
            ("+2", 200),
            (" 3.10 ", 310),
            ("007.1", 710),
            ("0.005", 1),
            ("0.0049999", 0),
            ("-0.005", -1),
            ("1.994", 199),
            ("1.995", 200),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(plain(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn anything_else_is_unreadable() {
        for text in [
            "", " ", "-", ".", "1.", ".5", "1,5", "12,5O", "1e3", "1E3", "NaN", "inf", "####", "1.2.3", "1 000", "--1",
            "1-", "0x1", "١", "1.234,56",
        ] {
            assert_eq!(plain(text), Err(NotMoney::Unreadable), "{text}");
        }
        assert_eq!(plain("92233720368547758.08"), Err(NotMoney::OutOfRange));
        assert_eq!(NumberFormat::PLAIN.parse_wide(b"10000000.00", 12), Ok(10i128.pow(19)));
        assert_eq!(
            NumberFormat::PLAIN.parse_wide(b"12345678901234567890123.5", 2),
            Ok(1_234_567_890_123_456_789_012_350)
        );
        assert_eq!(NumberFormat::PLAIN.parse_wide(&[b'9'; 40], 0), Err(NotMoney::OutOfRange));
        assert_eq!(plain("99999999999999999999"), Err(NotMoney::OutOfRange));
    }

    #[test]
    fn declared_separators() {
        let german = NumberFormat { decimal: b',', thousands: Some(b'.') };
        let read = |text: &str| german.parse(text.as_bytes(), 2);
        assert_eq!(read("1.234.567,89"), Ok(123_456_789));
        assert_eq!(read("1234,5"), Ok(123_450));
        assert_eq!(read("-999"), Ok(-99_900));
        for wrong in ["1.23,4", "1234.567,8", ".123,4", "1..234", "1,234.5", "12.34"] {
            assert_eq!(read(wrong), Err(NotMoney::Unreadable), "{wrong}");
        }
    }

    #[test]
    fn floats_are_read_as_the_decimals_they_stand_for() {
        for (value, minor) in [
            (1.005, 101),
            (-1.005, -101),
            (0.725, 73),
            (2.675, 268),
            (1.0049, 100),
            (341.64, 34_164),
            (-53_594.36, -5_359_436),
            (0.0, 0),
            (-0.0, 0),
            (0.004_999_999, 0),
            (0.005, 1),
            (1e-300, 0),
            (1.5e12, 150_000_000_000_000),
            (999.995, 100_000),
        ] {
            assert_eq!(from_float(value, 2), Ok(minor), "{value}");
        }
        assert_eq!(from_float(f64::NAN, 2), Err(NotMoney::Unreadable));
        assert_eq!(from_float(f64::INFINITY, 2), Err(NotMoney::Unreadable));
        assert_eq!(from_float(1e13, 2), Err(NotMoney::OutOfRange));
        assert_eq!(from_float(2024.994, 4), Ok(20_249_940));
    }

    #[test]
    fn decimals_are_rescaled_half_away_from_zero() {
        assert_eq!(from_decimal(12_345, 4, 2), Ok(123));
        assert_eq!(from_decimal(12_350, 4, 2), Ok(124));
        assert_eq!(from_decimal(-12_350, 4, 2), Ok(-124));
        assert_eq!(from_decimal(15, 0, 2), Ok(1500));
        assert_eq!(from_decimal(i128::MAX, 0, 0), Err(NotMoney::OutOfRange));
        assert_eq!(from_decimal(i128::MAX, 38, 0), Ok(2));
        assert_eq!(from_decimal(1, 0, 38), Err(NotMoney::OutOfRange));
    }

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        for (amount, count, expected) in
            [(10, 4, 3), (-10, 4, -3), (9, 4, 2), (0, 5, 0), (i64::MIN, 1, i64::MIN), (7, 2, 4)]
        {
            assert_eq!(rounded_quotient(amount, count), expected);
        }
    }

    #[test]
    fn plain_text() {
        for (amount, text) in [(0, "0.00"), (-5, "-0.05"), (123_456, "1234.56"), (i64::MIN, "-92233720368547758.08")] {
            assert_eq!(to_plain(amount, 2), text);
        }
        assert_eq!(to_plain(-7, 0), "-7");
        assert_eq!(to_plain(12, 4), "0.0012");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(amount in (i64::MIN + 1)..=i64::MAX, decimals in 0u32..=6) {
            prop_assert_eq!(NumberFormat::PLAIN.parse(to_plain(amount, decimals).as_bytes(), decimals), Ok(amount));
        }

        #[test]
        fn a_float_reads_as_its_decimal_text(cents in -1_000_000_000i64..1_000_000_000, extra in 0i64..10) {
            let text = to_plain(cents * 10 + extra * cents.signum(), 3);
            let float: f64 = text.parse().unwrap();
            prop_assert_eq!(from_float(float, 2), NumberFormat::PLAIN.parse(text.as_bytes(), 2));
        }
    }
}

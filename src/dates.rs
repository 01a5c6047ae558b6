//! Dates as text, in the formats that a source declares, and the day numbers of spreadsheets.
//!
//! A text that two declared formats read as different days is no day: nobody can tell which is meant.

use crate::calendar::{date_of, day_of, day_of_digits, parse_day};
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

/// How one kind of date is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Format {
    Pattern {
        /// A `strftime` format such as `%d/%m/%Y`.
        text: String,
        /// Day and month are numbers and stand before the year, so that the dates of another country look the same.
        swappable: bool,
        /// Where its digits stand, if it has so many always.
        fixed: Option<Fixed>,
    },
    /// The day number of a spreadsheet, counted from this day.
    Serial(Epoch),
}

/// From which day a spreadsheet counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Epoch {
    /// Day 1 is 1900-01-01, and day 60 is 1900-02-29, which never was: Excel keeps a mistake of Lotus 1-2-3.
    Y1900,
    /// Day 0 is 1904-01-01, as on old Macintoshes.
    Y1904,
}

/// The formats that dates of a source may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormats {
    formats: Vec<Format>,
}

/// A day read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub day: i32,
    pub order: Order,
}

/// What a date tells of the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Its format leaves no doubt, or day and month are equal.
    Clear,
    /// It would be another day with day and month swapped.
    Open,
    /// The day is above 12: swapped, there is no such date.
    Settled,
}

/// Why a text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDay {
    Unreadable,
    /// Two declared formats read it as these days.
    Ambiguous(i32, i32),
}

impl DateFormats {
    /// `2025-12-31` alone.
    pub fn iso() -> Self {
        Self { formats: vec![Format::pattern("%Y-%m-%d")] }
    }

    /// Whether `2025-12-31` is the only form that a day can have.
    pub fn is_iso(&self) -> bool {
        matches!(self.formats.as_slice(), [Format::Pattern { text, .. }] if text == "%Y-%m-%d")
    }

    /// Formats as a pipeline writes them: `excel`, `excel-1904`, or of `strftime`.
    ///
    /// # Errors
    /// The first that is none, with its place: it has to name day, month and year, so that what it writes can be
    /// read back.
    pub fn parse(formats: &[&str]) -> Result<Self, usize> {
        let format = |(place, text): (usize, &&str)| match *text {
            "excel" => Ok(Format::Serial(Epoch::Y1900)),
            "excel-1904" => Ok(Format::Serial(Epoch::Y1904)),
            pattern if names_a_day(pattern) => Ok(Format::pattern(pattern)),
            _ => Err(place),
        };
        Ok(Self { formats: formats.iter().enumerate().map(format).collect::<Result<_, _>>()? })
    }

    /// The formats as a pipeline writes them, for messages.
    pub fn describe(&self) -> String {
        let name = |format: &Format| match format {
            Format::Pattern { text, .. } => format!("`{text}`"),
            Format::Serial(Epoch::Y1900) => "`excel`".to_owned(),
            Format::Serial(Epoch::Y1904) => "`excel-1904`".to_owned(),
        };
        self.formats.iter().map(name).collect::<Vec<_>>().join(" or ")
    }

    /// Whether numbers can be days.
    pub fn has_serials(&self) -> bool {
        self.formats.iter().any(|format| matches!(format, Format::Serial(_)))
    }

    /// Reads a day, strictly, by every format.
    ///
    /// # Errors
    /// Where no format reads it, or two read different days.
    pub fn read(&self, text: &str) -> Result<Reading, NoDay> {
        self.agreed(self.formats.iter().filter_map(|format| match format {
            Format::Pattern { text: pattern, swappable, fixed } => {
                let quick = fixed.as_ref().and_then(|fixed| fixed.day(text.as_bytes()));
                let day = quick.or_else(|| parse_day(text, pattern))?;
                Some(Reading { day, order: if *swappable { order(date_of(day)) } else { Order::Clear } })
            }
            Format::Serial(epoch) => epoch.day(serial(text)?),
        }))
    }

    /// The day of a number in a column of numbers.
    ///
    /// # Errors
    /// As [`DateFormats::read`]; a number is a day only where a spreadsheet's day numbers are declared.
    pub fn read_number(&self, number: f64) -> Result<Reading, NoDay> {
        let whole = number.floor();
        // Past i32 it is no day in any case, and the cast ends there.
        let serial = (number.is_finite() && whole >= 0.0).then_some(whole as i32);
        self.agreed(self.formats.iter().filter_map(|format| match format {
            Format::Pattern { .. } => None,
            Format::Serial(epoch) => epoch.day(serial?),
        }))
    }

    /// The day of a text, where it is one and no other.
    pub fn day(&self, text: &str) -> Option<i32> {
        self.read(text).ok().map(|reading| reading.day)
    }

    fn agreed(&self, readings: impl Iterator<Item = Reading>) -> Result<Reading, NoDay> {
        let mut agreed: Option<Reading> = None;
        for reading in readings {
            match agreed {
                Some(first) if first.day != reading.day => return Err(NoDay::Ambiguous(first.day, reading.day)),
                Some(_) => {}
                None => agreed = Some(reading),
            }
        }
        agreed.ok_or(NoDay::Unreadable)
    }
}

impl Format {
    fn pattern(text: &str) -> Self {
        Self::Pattern { text: text.to_owned(), swappable: is_swappable(text), fixed: Fixed::of(text) }
    }
}

/// A format of four digits of the year, two of the month, two of the day, and signs between them: as nearly all dates
/// are, so that they need not be read by the letters of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fixed {
    /// A zero for each digit, and the signs.
    form: Vec<u8>,
    /// Where the digits of the year, the month and the day stand.
    digits: [usize; 8],
}

impl Fixed {
    fn of(format: &str) -> Option<Self> {
        let (mut form, mut digits, mut letters) = (Vec::new(), [None; 8], format.bytes());
        while let Some(letter) = letters.next() {
            let (place, count) = match letter {
                b'%' => match letters.next()? {
                    b'Y' => (0, 4),
                    b'm' => (4, 2),
                    b'd' => (6, 2),
                    _ => return None,
                },
                b'-' | b'.' | b'/' => {
                    form.push(letter);
                    continue;
                }
                _ => return None,
            };
            for digit in digits.iter_mut().skip(place).take(count) {
                *digit = Some(form.len());
                form.push(b'0');
            }
        }
        let is_whole = form.iter().filter(|letter| **letter == b'0').count() == digits.len();
        let [y1, y2, y3, y4, m1, m2, d1, d2] = digits;
        is_whole.then_some(Self { form, digits: [y1?, y2?, y3?, y4?, m1?, m2?, d1?, d2?] })
    }

    /// The day of a text of this form; nothing also where it has another that the format allows.
    fn day(&self, text: &[u8]) -> Option<i32> {
        let fits = |(form, letter): (&u8, &u8)| if *form == b'0' { letter.is_ascii_digit() } else { letter == form };
        let is_of_form = text.len() == self.form.len() && self.form.iter().zip(text).all(fits);
        is_of_form.then_some(())?;
        day_of_digits(self.digits.map(|place| text.get(place).copied().unwrap_or_default()))
    }
}

/// Whether what a format writes can be read back as the same day. Times of day may be part of it.
fn names_a_day(format: &str) -> bool {
    let example = DateTime::constant(2025, 12, 31, 0, 0, 0, 0);
    let written = jiff::fmt::strtime::format(format, example);
    written.is_ok_and(|text| Date::strptime(format, text).is_ok_and(|date| date == example.date()))
}

/// Whether day and month are written as numbers before the year: nobody writes the year first and then the day.
fn is_swappable(format: &str) -> bool {
    let mut directives = Vec::new();
    let mut letters = format.chars();
    while letters.by_ref().any(|letter| letter == '%') {
        let is_flag = |letter: &char| "-_0^#:.".contains(*letter) || letter.is_ascii_digit();
        directives.extend(letters.by_ref().find(|letter| !is_flag(letter)));
    }
    let place = |wanted: &[char]| directives.iter().position(|directive| wanted.contains(directive));
    let (day, month, year) = (place(&['d', 'e']), place(&['m']), place(&['Y', 'y']));
    let before = |part: Option<usize>| part.zip(year).is_some_and(|(part, year)| part < year);
    place(&['D']).is_some() || (before(day) && before(month))
}

fn order(date: Date) -> Order {
    match date.day() {
        day if day > 12 => Order::Settled,
        day if day == date.month() => Order::Clear,
        _ => Order::Open,
    }
}

impl Epoch {
    /// The day of a number.
    fn day(self, serial: i32) -> Option<Reading> {
        const DAY_ZERO_1900: i32 = -25_568; // 1899-12-31
        const DAY_ZERO_1904: i32 = -24_107; // 1904-01-01
        let day = match (self, serial) {
            (Self::Y1900, 60) => return None,
            (Self::Y1900, ..60) => DAY_ZERO_1900 + serial,
            (Self::Y1900, _) => DAY_ZERO_1900.checked_add(serial)? - 1,
            (Self::Y1904, _) => DAY_ZERO_1904.checked_add(serial)?,
        };
        let day = day_of(date_of(day))?;
        Some(Reading { day, order: Order::Clear })
    }
}

/// A day number in text: digits, and a fraction for the time of day, which does not count. With a zero in front it
/// is something else, such as a date without separators.
fn serial(text: &str) -> Option<i32> {
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    whole.parse().ok().filter(|_| plain)
}

/// From so many dates on that could all be read with day and month swapped, chance is no explanation: of so many
/// days at least one lies after the 12th.
const TOO_MANY_OPEN: i64 = 20;

/// What the dates of a file tell of the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DateOrders {
    open: i64,
    settled: i64,
    /// First and last of the open days.
    span: Option<(i32, i32)>,
}

impl DateOrders {
    #[inline]
    pub fn add(&mut self, reading: Reading) {
        match reading.order {
            Order::Clear => {}
            Order::Settled => self.settled += 1,
            Order::Open => {
                let (first, last) = self.span.unwrap_or((reading.day, reading.day));
                self.span = Some((first.min(reading.day), last.max(reading.day)));
                self.open += 1;
            }
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.open += other.open;
        self.settled += other.settled;
        self.span = match (self.span, other.span) {
            (Some(mine), Some(other)) => Some((mine.0.min(other.0), mine.1.max(other.1))),
            (mine, other) => mine.or(other),
        };
    }

    /// How many dates would be other days with day and month swapped, where there are more than a few of different
    /// days and no date of the file shows which is right; else zero.
    pub fn ambiguous(&self) -> i64 {
        let differ = self.span.is_some_and(|(first, last)| first != last);
        if self.settled == 0 && self.open > TOO_MANY_OPEN && differ { self.open } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::iso;
    use proptest::prelude::*;

    fn formats(formats: &[&str]) -> DateFormats {
        DateFormats::parse(formats).unwrap()
    }

    fn read(declared: &[&str], text: &str) -> String {
        match formats(declared).read(text) {
            Ok(reading) => iso(reading.day),
            Err(NoDay::Unreadable) => "unreadable".to_owned(),
            Err(NoDay::Ambiguous(one, other)) => format!("{} or {}", iso(one), iso(other)),
        }
    }

    #[test]
    fn formats_are_tried_in_order_and_have_to_agree() {
        let european = ["%d/%m/%Y", "%Y-%m-%d"];
        assert_eq!(read(&european, "03/04/2024"), "2024-04-03");
        assert_eq!(read(&european, "2024-04-03"), "2024-04-03");
        assert_eq!(read(&european, "2024-13-03"), "unreadable");
        let both = ["%d/%m/%Y", "%m/%d/%Y"];
        assert_eq!(read(&both, "03/04/2024"), "2024-04-03 or 2024-03-04");
        assert_eq!(read(&both, "13/04/2024"), "2024-04-13");
        assert_eq!(read(&both, "04/13/2024"), "2024-04-13");
        assert_eq!(read(&both, "04/04/2024"), "2024-04-04");
    }

    #[test]
    fn day_numbers_of_spreadsheets() {
        for (serial, day) in [
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("60", "unreadable"),
            ("61", "1900-03-01"),
            ("25569", "1970-01-01"),
            ("45292", "2024-01-01"),
            ("45292.99", "2024-01-01"),
            ("45292,5", "2024-01-01"),
            ("109574", "2199-12-31"),
            ("109575", "unreadable"),
            ("0", "unreadable"),
            ("-5", "unreadable"),
            ("045292", "unreadable"),
            ("45292.", "unreadable"),
            ("4.5292e4", "unreadable"),
            ("99999999999", "unreadable"),
        ] {
            assert_eq!(read(&["excel"], serial), day, "{serial}");
        }
        assert_eq!(read(&["excel-1904"], "0"), "1904-01-01");
        // The two systems are 1462 days apart.
        assert_eq!(read(&["excel-1904"], "43830"), "2024-01-01");
        assert_eq!(read(&["excel", "excel-1904"], "45292"), "2024-01-01 or 2028-01-02");
        assert_eq!(read(&["%Y-%m-%d"], "45292"), "unreadable");
        assert_eq!(read(&["excel", "%d%m%y"], "010124"), "2024-01-01");
    }

    #[test]
    fn numbers_are_days_only_where_told() {
        let day = |declared: &[&str], number: f64| formats(declared).read_number(number).ok().map(|read| iso(read.day));
        assert_eq!(day(&["excel"], 45292.75), Some("2024-01-01".to_owned()));
        assert_eq!(day(&["%Y%m%d"], 20240101.0), None);
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 1e300, 60.5, 20240101.0] {
            assert_eq!(day(&["excel"], wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_digit_years_turn_at_69_and_only_where_told() {
        assert_eq!(read(&["%d/%m/%y"], "31/12/68"), "2068-12-31");
        assert_eq!(read(&["%d/%m/%y"], "31/12/69"), "1969-12-31");
        assert_eq!(read(&["%d/%m/%y"], "31/12/2024"), "unreadable");
        assert_eq!(read(&["%d/%m/%Y"], "31/12/24"), "unreadable");
    }

    #[test]
    fn a_time_of_day_does_not_count() {
        assert_eq!(read(&["%Y-%m-%d %H:%M:%S"], "2024-01-05 23:59:59"), "2024-01-05");
        assert_eq!(read(&["%d.%m.%Y %I:%M %p"], "05.01.2024 11:30 PM"), "2024-01-05");
        assert_eq!(read(&["%Y-%m-%d %H:%M:%S"], "2024-01-05 25:00:00"), "unreadable");
        assert_eq!(read(&["%Y-%m-%d"], "2024-01-05 23:59:59"), "unreadable");
    }

    #[test]
    fn formats_have_to_name_a_day() {
        for wrong in ["%d/%m", "%Y", "dd/mm/yyyy", "%H:%M", "", "%", "excel 1904", "%d/%m/%Y %z"] {
            assert_eq!(DateFormats::parse(&["%Y-%m-%d", wrong]), Err(1), "{wrong}");
        }
    }

    #[test]
    fn only_numbers_before_the_year_can_be_swapped() {
        for (format, swappable) in [
            ("%d/%m/%Y", true),
            ("%m/%d/%y", true),
            ("%-d.%-m.%Y", true),
            ("%D", true),
            ("%d/%m/%Y %H:%M", true),
            ("%Y-%m-%d", false),
            ("%Y%m%d", false),
            ("%d %b %Y", false),
            ("%F", false),
        ] {
            assert_eq!(is_swappable(format), swappable, "{format}");
        }
    }

    #[test]
    fn a_file_whose_dates_settle_nothing_is_told() {
        let orders = |texts: &[&str]| {
            let (formats, mut orders) = (formats(&["%d/%m/%Y"]), DateOrders::default());
            for text in texts {
                orders.add(formats.read(text).unwrap());
            }
            orders
        };
        let firsts: Vec<String> =
            (0..24).map(|month| format!("01/{:02}/{}", month % 12 + 1, 2023 + month / 12)).collect();
        let firsts: Vec<&str> = firsts.iter().map(String::as_str).collect();
        // Of the firsts of 24 months two are January, which swapped is the same day.
        assert_eq!(orders(&firsts).ambiguous(), 22);
        assert_eq!(orders(&firsts[..20]).ambiguous(), 0);
        assert_eq!(orders(&[firsts.as_slice(), &["31/01/2024"]].concat()).ambiguous(), 0);
        assert_eq!(orders(&["02/03/2024"; 40]).ambiguous(), 0);
        let mut both = orders(&firsts[..12]);
        both.merge(orders(&firsts[12..]));
        assert_eq!(both, orders(&firsts));
    }

    proptest! {
        #[test]
        fn no_ambiguous_date_is_ever_a_day(year in 1900i16..2200, month in 1i8..=12, day in 1i8..=12) {
            let text = format!("{day:02}/{month:02}/{year}");
            let read = formats(&["%d/%m/%Y", "%m/%d/%Y"]).read(&text);
            prop_assert_eq!(read.is_ok(), day == month);
        }

        #[test]
        fn fixed_digits_are_read_as_the_format_reads_them(
            format in proptest::sample::select(vec!["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y"]),
            text in prop_oneof![
                4 => "[0-3][0-9][./-][01][0-9][./-](19|20|21|22)[0-9]{2}", 2 => "(19|20)[0-9]{2}[/-]?[01][0-9][/-]?[0-3][0-9]",
                1 => "[0-9/ .+-]{6,11}", 1 => "\\PC{8,10}",
            ],
        ) {
            let fixed = Fixed::of(format).unwrap();
            let read = parse_day(&text, format);
            prop_assert!(fixed.day(text.as_bytes()).is_none_or(|day| Some(day) == read), "{text}");
            if let Some(day) = read {
                let written = date_of(day).strftime(format).to_string();
                prop_assert_eq!(fixed.day(written.as_bytes()), Some(day));
            }
        }

        #[test]
        fn a_serial_is_the_days_since_the_last_of_1899(serial in 61i32..=109_574) {
            let read = formats(&["excel"]).read(&serial.to_string()).unwrap();
            prop_assert_eq!(date_of(read.day), date_of(0).checked_add(jiff::Span::new().days(serial - 25_569)).unwrap());
            prop_assert_eq!(formats(&["excel"]).read_number(f64::from(serial) + 0.5), Ok(read));
        }
    }
}

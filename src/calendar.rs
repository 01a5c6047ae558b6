//! Days, fiscal years, and dates as text.
//!
//! A day is an `i32`: days since 1970-01-01, as Arrow and Parquet count. A fiscal year is named for
//! the calendar year in which it ends.

use jiff::civil::Date;

/// The first and last day that a business record can plausibly carry: 1900-01-01 and 2199-12-31.
/// A day outside is a typing error and is treated as unreadable.
const FIRST_YEAR: i16 = 1900;
const LAST_YEAR: i16 = 2199;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// From the first of March of the year 0 to 1970-01-01.
const DAYS_TO_1970: i32 = 719_468;

/// The day of a date, or `None` outside 1900–2199.
pub fn day_of(date: Date) -> Option<i32> {
    (FIRST_YEAR..=LAST_YEAR).contains(&date.year()).then(|| days_between(EPOCH, date))
}

/// The date of a day.
pub fn date_of(day: i32) -> Date {
    let span = jiff::Span::new().try_days(day);
    span.and_then(|span| EPOCH.checked_add(span)).unwrap_or(Date::MAX)
}

/// A day as `2025-12-31`.
pub fn iso(day: i32) -> String {
    date_of(day).to_string()
}

/// Reads a day written by a `strftime` format such as `%d/%m/%Y`, strictly.
pub fn parse_day(text: &str, format: &str) -> Option<i32> {
    if format == "%Y-%m-%d" {
        return parse_iso(text.as_bytes());
    }
    Date::strptime(format, text).ok().and_then(day_of)
}

/// `2025-12-31` and nothing else: the common form, read without a format.
pub fn parse_iso(text: &[u8]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    digits.iter().all(u8::is_ascii_digit).then_some(())?;
    day_of_digits(digits)
}

/// The day of four digits of the year, two of the month and two of the day, where there is one in 1900–2199.
pub fn day_of_digits([y1, y2, y3, y4, m1, m2, d1, d2]: [u8; 8]) -> Option<i32> {
    let pair = |tens: u8, ones: u8| i32::from(tens & 15) * 10 + i32::from(ones & 15);
    let (year, month, day) = (pair(y1, y2) * 100 + pair(y3, y4), pair(m1, m2), pair(d1, d2));
    if !(i32::from(FIRST_YEAR)..=i32::from(LAST_YEAR)).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = if month == 2 { 28 + i32::from(is_leap) } else { 30 + (month + month / 8) % 2 };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the day that is there in some of them is the last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = years / 4 - years / 100 + years / 400;
    Some(years * 365 + leap_days + (months * 153 + 2) / 5 + day - 1 - DAYS_TO_1970)
}

fn days_between(from: Date, to: Date) -> i32 {
    // Every civil date is within a few million days of any other.
    to.since((jiff::Unit::Day, from)).map_or(0, |span| span.get_days())
}

/// Which months make a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FiscalCalendar {
    /// The first month of the fiscal year, 1–12.
    pub starts: u8,
}

impl FiscalCalendar {
    /// The fiscal year of a day, and the month's place in it: 0 for the first month, 11 for the last.
    pub fn place(self, day: i32) -> (i32, u8) {
        let date = date_of(day);
        let (year, month) = (i32::from(date.year()), i32::from(date.month()));
        let starts = i32::from(self.starts);
        let next = i32::from(starts > 1 && month >= starts);
        let months = (month - starts).rem_euclid(12);
        (year + next, u8::try_from(months).unwrap_or_default())
    }

    /// The last day of a fiscal year.
    pub fn last_day(self, fiscal_year: i32) -> i32 {
        self.first_day(fiscal_year + 1) - 1
    }

    /// The first day of a fiscal year.
    pub fn first_day(self, fiscal_year: i32) -> i32 {
        let year = fiscal_year - i32::from(self.starts > 1);
        let date = Date::new(i16::try_from(year).unwrap_or(LAST_YEAR), i8::try_from(self.starts).unwrap_or(1), 1);
        days_between(EPOCH, date.unwrap_or(EPOCH))
    }

    /// The last days of the fiscal periods of so many months around a day: of the last one that is over by then, and of
    /// the one after it. The periods are counted from the start of the fiscal year.
    pub fn period_ends(self, day: i32, months: u8) -> (i32, i32) {
        let (year, month) = self.place(day + 1);
        let months = months.clamp(1, 12);
        let first = i32::from(month - month % months);
        (self.first_of_month(year, first) - 1, self.first_of_month(year, first + i32::from(months)) - 1)
    }

    /// The first day of a month, counted from 0 at the start of a fiscal year and on into the years after it.
    fn first_of_month(self, fiscal_year: i32, month: i32) -> i32 {
        let month = i32::from(self.starts) - 1 + month;
        let year = fiscal_year - i32::from(self.starts > 1) + month / 12;
        let month = i8::try_from(month % 12 + 1).unwrap_or(1);
        days_between(EPOCH, Date::new(i16::try_from(year).unwrap_or(LAST_YEAR), month, 1).unwrap_or(EPOCH))
    }

    /// The last fiscal year that ended on or before a day.
    pub fn last_complete_year(self, as_of: i32) -> i32 {
        self.place(as_of + 1).0 - 1
    }

    /// The last fiscal year that data reaching up to `newest` completes: a year is complete when the
    /// data reaches its last month.
    pub fn last_year_reached(self, newest: i32) -> i32 {
        let (year, month) = self.place(newest);
        if month == 11 { year } else { year - 1 }
    }

    /// The places of all plausible days, so that a line costs one look-up and no calendar arithmetic.
    pub fn places(self) -> Places {
        let date = |year, month, day| Date::new(year, month, day).unwrap_or(EPOCH);
        let first = days_between(EPOCH, date(FIRST_YEAR, 1, 1));
        let last = days_between(EPOCH, date(LAST_YEAR, 12, 31));
        Places { first, of_day: (first..=last).map(|day| self.place(day)).collect() }
    }
}

/// Fiscal year and month of every plausible day.
pub struct Places {
    first: i32,
    of_day: Vec<(i32, u8)>,
}

impl Places {
    /// `None` for a day outside 1900–2199.
    pub fn get(&self, day: i32) -> Option<(i32, u8)> {
        let index = usize::try_from(day.checked_sub(self.first)?).ok()?;
        self.of_day.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        parse_day(text, "%Y-%m-%d").expect(text)
    }

    #[test]
    fn iso_dates_are_strict() {
        assert_eq!(day("1970-01-01"), 0);
        assert_eq!(day("2000-02-29"), 11016);
        assert_eq!(iso(day("2025-12-31")), "2025-12-31");
        for wrong in ["2023-02-29", "2024-13-05", "24-01-05", "2024-1-5", "2024-01-05 ", "1899-12-31", "2200-01-01", ""]
        {
            assert_eq!(parse_day(wrong, "%Y-%m-%d"), None, "{wrong}");
        }
    }

    #[test]
    fn iso_dates_are_those_of_the_calendar() {
        for year in (FIRST_YEAR - 1)..=(LAST_YEAR + 1) {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let expected = Date::new(year, month, day).ok().and_then(day_of);
                assert_eq!(parse_iso(format!("{year}-{month:02}-{day:02}").as_bytes()), expected);
            }
        }
    }

    #[test]
    fn other_formats_are_strict_too() {
        assert_eq!(parse_day("31/12/2025", "%d/%m/%Y"), Some(day("2025-12-31")));
        for wrong in ["31/02/2024", "12/31/2025", "31/12/25", "31/12/2025x", "31.12.2025"] {
            assert_eq!(parse_day(wrong, "%d/%m/%Y"), None, "{wrong}");
        }
    }

    #[test]
    fn a_fiscal_year_is_named_for_the_calendar_year_in_which_it_ends() {
        let december = FiscalCalendar { starts: 12 };
        assert_eq!(december.place(day("2012-12-01")), (2013, 0));
        assert_eq!(december.place(day("2013-11-30")), (2013, 11));
        assert_eq!(december.place(day("2012-11-30")), (2012, 11));
        assert_eq!(december.last_day(2013), day("2013-11-30"));
        assert_eq!(december.first_day(2013), day("2012-12-01"));
        let january = FiscalCalendar { starts: 1 };
        assert_eq!(january.place(day("2025-12-31")), (2025, 11));
        assert_eq!(january.last_day(2025), day("2025-12-31"));
        let april = FiscalCalendar { starts: 4 };
        assert_eq!(april.place(day("2025-03-31")), (2025, 11));
        assert_eq!(april.place(day("2025-04-01")), (2026, 0));
    }

    #[test]
    fn a_year_is_complete_when_it_has_ended_or_the_data_reaches_its_last_month() {
        let december = FiscalCalendar { starts: 12 };
        assert_eq!(december.last_year_reached(day("2013-11-01")), 2013);
        assert_eq!(december.last_year_reached(day("2013-10-31")), 2012);
        assert_eq!(december.last_year_reached(day("2011-12-09")), 2011);
        assert_eq!(december.last_complete_year(day("2013-11-29")), 2012);
        assert_eq!(december.last_complete_year(day("2013-11-30")), 2013);
    }

    #[test]
    fn periods_end_with_months_of_the_fiscal_year() {
        let ends = |starts: u8, on: &str, months: u8| {
            let (last, next) = FiscalCalendar { starts }.period_ends(day(on), months);
            format!("{} {}", iso(last), iso(next))
        };
        assert_eq!(ends(1, "2025-12-31", 3), "2025-12-31 2026-03-31");
        assert_eq!(ends(1, "2025-12-30", 3), "2025-09-30 2025-12-31");
        assert_eq!(ends(1, "2026-02-10", 3), "2025-12-31 2026-03-31");
        assert_eq!(ends(1, "2024-02-29", 1), "2024-02-29 2024-03-31");
        assert_eq!(ends(1, "2024-02-28", 1), "2024-01-31 2024-02-29");
        assert_eq!(ends(1, "2025-07-01", 6), "2025-06-30 2025-12-31");
        assert_eq!(ends(1, "2025-07-01", 12), "2024-12-31 2025-12-31");
        // FY2026 is December 2025 to November 2026: its quarters end in February, May, August and November.
        assert_eq!(ends(12, "2025-12-31", 3), "2025-11-30 2026-02-28");
        assert_eq!(ends(12, "2026-02-28", 3), "2026-02-28 2026-05-31");
        assert_eq!(ends(4, "2026-01-15", 6), "2025-09-30 2026-03-31");
        assert_eq!(ends(4, "2026-03-31", 12), "2026-03-31 2027-03-31");
    }

    #[test]
    fn places_agree_with_the_calendar() {
        let calendar = FiscalCalendar { starts: 7 };
        let places = calendar.places();
        for day in (day("1900-01-01")..=day("2199-12-31")).step_by(13) {
            assert_eq!(places.get(day), Some(calendar.place(day)));
        }
        assert_eq!(places.get(day("1900-01-01") - 1), None);
        assert_eq!(places.get(day("2199-12-31") + 1), None);
        assert_eq!(places.get(i32::MIN), None);
    }
}

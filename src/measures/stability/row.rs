//! The stability of one account, from its months and days.

use super::statistics;
use crate::calendar::FiscalCalendar;
use crate::ledger::books::{DaySum, PartSum};

/// Consecutive months, both ends included, as numbers that count on through the years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Months {
    pub first: i32,
    pub last: i32,
    pub calendar: FiscalCalendar,
}

impl Months {
    /// The number of the month of a day.
    pub fn ordinal(calendar: FiscalCalendar, day: i32) -> i32 {
        let (fiscal_year, place) = calendar.place(day);
        fiscal_year * 12 + i32::from(place)
    }

    /// The number of the month of a sum.
    fn of(sum: &PartSum) -> i32 {
        // A part of a sum by months is a place in the year, 0 to 11.
        sum.fiscal_year * 12 + i32::try_from(sum.part).unwrap_or_default()
    }
}

/// When an account counts as at risk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Silence of more than so many times the account's rhythm, and of more than so many days, where it is
    /// the longest yet.
    pub overdue_factor: f64,
    pub overdue_days: i64,
    /// Silence of so many months, where it is the longest yet.
    pub gap_months: i64,
    /// A trend below this fraction of revenue a year.
    pub falling: f64,
}

/// Why an account is at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    Overdue,
    Gap,
    Falling,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Gap => "gap",
            Self::Falling => "falling",
        }
    }
}

/// What the ledger knows of one account, sorted by time.
#[derive(Debug, Clone, Copy)]
pub struct History<'b> {
    /// The day of its first line.
    pub first_day: i32,
    pub months: &'b [PartSum],
    pub days: &'b [DaySum],
}

/// The stability of one account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// How many months of the window the account was known.
    pub months: i64,
    pub active_months: i64,
    pub longest_gap: i64,
    /// Minor units.
    pub monthly_mean: Option<i64>,
    pub monthly_cv: Option<f64>,
    /// Minor units a month.
    pub trend: Option<i64>,
    /// Change a year, as a fraction of the mean.
    pub trend_ratio: Option<f64>,
    pub seasonality: Option<f64>,
    pub days_since_last: Option<i64>,
    pub rhythm_days: Option<f64>,
    pub longest_silence: Option<i64>,
    pub overdue: Option<f64>,
    pub reason: Option<Reason>,
}

impl Row {
    pub fn of(history: &History, window: Months, as_of: i32, rule: &Rule) -> Self {
        let start = window.first.max(Months::ordinal(window.calendar, history.first_day));
        let (revenue, active) = spread(history.months, start, window.last);
        let slope = statistics::trend(&revenue);
        let mean = statistics::mean(&revenue).filter(|mean| *mean > 0.0);
        let season_starts = usize::try_from(start.rem_euclid(12)).unwrap_or_default();
        let rhythm = Rhythm::of(history.days, window, as_of);
        let gaps = Gaps::of(&active);
        let mut row = Self {
            months: count(revenue.len()),
            active_months: count(active.iter().filter(|active| **active).count()),
            longest_gap: gaps.before.max(gaps.now),
            monthly_mean: rounded_mean(&revenue),
            monthly_cv: statistics::variation(&revenue),
            // Rounded half away from zero; no slope is steeper than the revenue of two months.
            trend: slope.map(|slope| slope.round() as i64),
            trend_ratio: slope.zip(mean).map(|(slope, mean)| 12.0 * slope / mean),
            seasonality: slope.and_then(|slope| statistics::seasonality(&revenue, season_starts, slope)),
            days_since_last: rhythm.days_since_last,
            rhythm_days: rhythm.days,
            longest_silence: rhythm.longest_silence,
            overdue: rhythm.days_since_last.zip(rhythm.days).map(|(since, days)| since as f64 / days),
            reason: None,
        };
        // Whoever bought after the last complete month is not in a gap any more.
        let is_back = history.months.last().is_some_and(|sum| Months::of(sum) > window.last);
        let silence = if is_back { Gaps::default() } else { gaps };
        row.reason = row.reason(silence, rule);
        row
    }

    /// The first that holds: silence is more urgent than decline. A silence that the account has come back
    /// from before, as from its holidays, is none to worry about.
    fn reason(&self, silence: Gaps, rule: &Rule) -> Option<Reason> {
        let least = rule.overdue_days.max(self.longest_silence.unwrap_or_default());
        let is_overdue = self.overdue.is_some_and(|overdue| overdue > rule.overdue_factor)
            && self.days_since_last.is_some_and(|days| days > least);
        let is_gap = silence.now >= rule.gap_months && silence.now > silence.before;
        // In less than a year the end of a season, or of a first large order, would pass for a decline.
        let is_falling = self.months >= 12 && self.trend_ratio.is_some_and(|ratio| ratio < rule.falling);
        if is_overdue {
            Some(Reason::Overdue)
        } else if is_gap {
            Some(Reason::Gap)
        } else {
            is_falling.then_some(Reason::Falling)
        }
    }
}

/// Revenue of every month from one to another, zero where there is no line, and whether there is one.
fn spread(sums: &[PartSum], first: i32, last: i32) -> (Vec<i64>, Vec<bool>) {
    let months = usize::try_from(last - first + 1).unwrap_or_default();
    let (mut revenue, mut active) = (vec![0; months], vec![false; months]);
    for sum in sums {
        let Ok(place) = usize::try_from(Months::of(sum) - first) else { continue };
        if let (Some(revenue), Some(active)) = (revenue.get_mut(place), active.get_mut(place)) {
            (*revenue, *active) = (sum.amount, true);
        }
    }
    (revenue, active)
}

/// The mean in minor units, rounded half away from zero.
fn rounded_mean(revenue: &[i64]) -> Option<i64> {
    let (total, months) = (statistics::total(revenue), i128::from(count(revenue.len())));
    let rounded = (2 * total + total.signum() * months).checked_div(2 * months)?;
    i64::try_from(rounded).ok()
}

fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

/// Runs of months without a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Gaps {
    /// The longest that has ended.
    before: i64,
    /// The one that reaches the last month, or 0.
    now: i64,
}

impl Gaps {
    fn of(active: &[bool]) -> Self {
        let mut gaps = Self::default();
        for active in active {
            if *active {
                gaps = Self { before: gaps.before.max(gaps.now), now: 0 };
            } else {
                gaps.now += 1;
            }
        }
        gaps
    }
}

/// How often an account buys, and how long ago it last did. A day on which it got as much credited as it
/// bought, or more, is no purchase.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rhythm {
    days: Option<f64>,
    longest_silence: Option<i64>,
    days_since_last: Option<i64>,
}

impl Rhythm {
    fn of(days: &[DaySum], window: Months, as_of: i32) -> Self {
        let recent = days.partition_point(|sum| Months::ordinal(window.calendar, sum.day) < window.first);
        let purchases = |days: &[DaySum]| days.iter().filter(|sum| sum.amount > 0).map(|sum| sum.day).collect();
        let all: Vec<i32> = purchases(days);
        let recent: Vec<i32> = purchases(days.get(recent..).unwrap_or_default());
        let spacing = |first: i32, last: i32| f64::from(last - first) / (recent.len() - 1) as f64;
        Self {
            days: match recent.as_slice() {
                [first, _, .., last] => Some(spacing(*first, *last)),
                _ => None,
            },
            longest_silence: recent.iter().zip(recent.iter().skip(1)).map(|(from, to)| i64::from(to - from)).max(),
            days_since_last: all.last().map(|last| i64::from(as_of) - i64::from(*last)),
        }
    }
}

//! What the months of one account say: variation, robust trend and strength of the season.
//!
//! Months are money in minor units, oldest first, without a gap. All results are floats; the order of
//! every sum is that of the months, so that the same months give the same digits.

/// The months of a year, for the means of the season.
const YEAR: usize = 12;

/// The least months for a variation, a trend and a season.
const FOR_VARIATION: usize = 3;
const FOR_TREND: usize = 6;
const FOR_SEASON: usize = 2 * YEAR;

/// The mean of the months; null without any.
pub fn mean(months: &[i64]) -> Option<f64> {
    (!months.is_empty()).then(|| total(months) as f64 / months.len() as f64)
}

pub fn total(months: &[i64]) -> i128 {
    months.iter().copied().map(i128::from).sum()
}

/// The coefficient of variation: the sample standard deviation over the mean. Null with fewer than three
/// months, and where the mean is not above zero.
pub fn variation(months: &[i64]) -> Option<f64> {
    let mean = mean(months).filter(|mean| *mean > 0.0 && months.len() >= FOR_VARIATION)?;
    let squares: f64 = months.iter().map(|month| (*month as f64 - mean).powi(2)).sum();
    Some((squares / (months.len() - 1) as f64).sqrt() / mean)
}

/// The Theil–Sen slope in minor units a month: the median of the slopes between all pairs of months
/// (Theil 1950, Sen 1968). Up to 29% of the months can be anything without carrying it away. Null with fewer
/// than six months.
pub fn trend(months: &[i64]) -> Option<f64> {
    if months.len() < FOR_TREND {
        return None;
    }
    let mut slopes = Vec::with_capacity(months.len() * (months.len() - 1) / 2);
    for (distance, later) in (1..).map(|distance| (distance, months.iter().skip(distance))).take(months.len() - 1) {
        let rises = months.iter().zip(later).map(|(from, to)| i128::from(*to) - i128::from(*from));
        slopes.extend(rises.map(|rise| rise as f64 / distance as f64));
    }
    median(&mut slopes)
}

/// The middle value, or the mean of the two in the middle; null without any. Puts the values in disorder.
fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    let lower = below.iter().copied().max_by(f64::total_cmp).filter(|_| is_even);
    Some(lower.map_or(upper, |lower| f64::midpoint(lower, upper)))
}

/// The strength of the season, from 0 (none) to 1 (nothing else): 1 - Var(remainder) / Var(detrended), as in
/// Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed., 4.3). The trend is the line of
/// the slope given, the season the means by month of the year, of which `first` is the place of the oldest
/// month. Each variance is divided by its degrees of freedom, n - 12 and n - 1 (Kelley 1935): twelve means
/// of two or three months each would else find half of plain noise to be a season.
///
/// Null with fewer than 24 months, and where the detrended months deviate by less than one minor unit: that
/// is rounding.
pub fn seasonality(months: &[i64], first: usize, slope: f64) -> Option<f64> {
    if months.len() < FOR_SEASON {
        return None;
    }
    let detrended: Vec<f64> =
        months.iter().enumerate().map(|(place, month)| *month as f64 - slope * place as f64).collect();
    let count = detrended.len() as f64;
    let mean = detrended.iter().sum::<f64>() / count;
    let around_mean = squares(detrended.iter().map(|value| value - mean)) / (count - 1.0);
    if around_mean < 1.0 {
        return None;
    }
    let seasons = means_by_month(&detrended, first);
    let remainders = detrended.iter().enumerate().map(|(place, value)| {
        let season = seasons.get((first + place) % YEAR).copied().unwrap_or_default();
        value - season
    });
    let around_season = squares(remainders) / (count - YEAR as f64);
    Some((1.0 - around_season / around_mean).clamp(0.0, 1.0))
}

fn squares(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}

fn means_by_month(values: &[f64], first: usize) -> [f64; YEAR] {
    let mut sums = [(0.0, 0.0); YEAR];
    for (place, value) in values.iter().enumerate() {
        if let Some((sum, count)) = sums.get_mut((first + place) % YEAR) {
            *sum += value;
            *count += 1.0;
        }
    }
    // With two years or more every month of the year is there.
    sums.map(|(sum, count)| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Three years: 100 a month, and 700 each December.
    fn december() -> Vec<i64> {
        (0..36).map(|month| if month % 12 == 11 { 700 } else { 100 }).collect()
    }

    #[test]
    fn variation_by_hand() {
        // Mean 20; squares 100 + 0 + 100 over 2: 100, of which the root is 10.
        assert_eq!(variation(&[10, 20, 30]), Some(0.5));
        assert_eq!(variation(&[7, 7, 7]), Some(0.0));
        // Two months are too few, and a mean of zero or below has no variation.
        assert_eq!(variation(&[10, 20]), None);
        assert_eq!(variation(&[10, -10, 0]), None);
        assert_eq!(variation(&[-10, -20, -30]), None);
        assert_eq!(variation(&[]), None);
    }

    #[test]
    fn trend_by_hand() {
        assert_eq!(trend(&[10, 20, 30, 40, 50, 60]), Some(10.0));
        // One month far off the line: of its five slopes three lie far above 10 and two far below, and the ten
        // of the other months hold the middle.
        assert_eq!(trend(&[10, 20, 30, 9_000, 50, 60]), Some(10.0));
        // The fifteen slopes of 0, 0, 0, 0, 0, 90: ten are 0, five above it.
        assert_eq!(trend(&[0, 0, 0, 0, 0, 90]), Some(0.0));
        assert_eq!(trend(&[60, 50, 40, 30, 20, 10]), Some(-10.0));
        assert_eq!(trend(&[10, 20, 30, 40, 50]), None);
    }

    #[test]
    fn an_even_number_of_slopes_has_its_middle_between_two() {
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [5.0]), Some(5.0));
        assert_eq!(median(&mut []), None);
        // Eight months have 28 slopes. Of 0, 0, 0, 0, 4, 4, 4, 4 twelve are 0 within the halves and sixteen go
        // from one to the other: 4/1, 4/2 twice, 4/3 three times, 4/4 four, 4/5 three, 4/6 two, 4/7 once. The
        // 14th and 15th in order are 4/6 and 4/6, after 4/7.
        assert_eq!(trend(&[0, 0, 0, 0, 4, 4, 4, 4]), Some(2.0 / 3.0));
    }

    #[test]
    fn a_season_that_explains_everything() {
        assert_eq!(trend(&december()), Some(0.0));
        assert_eq!(seasonality(&december(), 0, 0.0), Some(1.0));
        // A fiscal year that starts in July changes the places and not the strength.
        assert_eq!(seasonality(&december(), 6, 0.0), Some(1.0));
        // The same on a rising line of 50 a month.
        let rising: Vec<i64> = december().iter().zip(0..).map(|(month, place)| month + 50 * place).collect();
        assert_eq!(trend(&rising), Some(50.0));
        assert!((seasonality(&rising, 0, 50.0).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn half_a_season_by_hand() {
        // Two years: Januaries 30 and 10, the other months 0. Mean 40/24 = 5/3; squares around it
        // 900 + 100 - 24 · 25/9 = 2800/3, over 23: 2800/69. January's mean is 20: squares 100 + 100, over 12:
        // 50/3. 1 - (50/3) / (2800/69) = 1 - 3450/8400 = 33/56.
        let mut months = vec![0; 24];
        (months[0], months[12]) = (30, 10);
        assert!((seasonality(&months, 0, 0.0).unwrap() - 33.0 / 56.0).abs() < 1e-12);
    }

    #[test]
    fn a_season_that_differs_from_year_to_year_is_none() {
        // January 30 in one year and -30 in the next: its mean is 0, and so are all others.
        let mut months = vec![0; 24];
        (months[0], months[12]) = (30, -30);
        assert_eq!(seasonality(&months, 0, 0.0), Some(0.0));
    }

    #[test]
    fn seasons_need_two_years_and_something_to_explain() {
        assert_eq!(seasonality(&december()[..23], 0, 0.0), None);
        assert_eq!(seasonality(&[500; 36], 0, 0.0), None);
        let line: Vec<i64> = (0..36).map(|month| 1_000 + 10 * month).collect();
        assert_eq!(seasonality(&line, 0, 10.0), None);
    }

    fn naive_trend(months: &[i64]) -> f64 {
        let mut slopes = Vec::new();
        for i in 0..months.len() {
            for j in i + 1..months.len() {
                slopes.push((months[j] - months[i]) as f64 / (j - i) as f64);
            }
        }
        slopes.sort_by(f64::total_cmp);
        let middle = slopes.len() / 2;
        if slopes.len() % 2 == 0 { (slopes[middle - 1] + slopes[middle]) / 2.0 } else { slopes[middle] }
    }

    proptest! {
        #[test]
        fn the_trend_is_the_middle_of_all_slopes(months in proptest::collection::vec(-100_000i64..1_000_000, 6..61)) {
            prop_assert_eq!(trend(&months), Some(naive_trend(&months)));
        }

        #[test]
        fn a_constant_changes_no_slope_and_a_line_adds_its_own(
            months in proptest::collection::vec(-100_000i64..1_000_000, 6..61),
            constant in -1_000_000i64..1_000_000,
            step in -1_000i64..1_000,
        ) {
            let slope = trend(&months).unwrap();
            let raised: Vec<i64> = months.iter().map(|month| month + constant).collect();
            prop_assert_eq!(trend(&raised), Some(slope));
            let tilted: Vec<i64> = months.iter().zip(0..).map(|(month, place)| month + step * place).collect();
            prop_assert!((trend(&tilted).unwrap() - slope - step as f64).abs() < 1e-6);
        }

        #[test]
        fn other_units_change_neither_variation_nor_season(
            months in proptest::collection::vec(0i64..1_000_000, 24..61),
            factor in 2i64..1_000,
            first in 0usize..12,
        ) {
            let scaled: Vec<i64> = months.iter().map(|month| month * factor).collect();
            let (slope, scaled_slope) = (trend(&months).unwrap(), trend(&scaled).unwrap());
            prop_assert!((scaled_slope - slope * factor as f64).abs() <= 1e-9 * scaled_slope.abs());
            let (found, expected) = (variation(&scaled).unwrap(), variation(&months).unwrap());
            prop_assert!((found - expected).abs() < 1e-9);
            let found = seasonality(&scaled, first, scaled_slope).unwrap();
            prop_assert!((found - seasonality(&months, first, slope).unwrap()).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&found));
        }
    }
}

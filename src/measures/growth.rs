//! The stage kind `growth`: how revenue grew over the last complete fiscal years.

use super::window::{AccountValues, Window, by_account};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::product::{AccountYears, Inputs, Product};
use crate::table::{Table, TableBuilder};

pub const MANUAL: &str = include_str!("../../docs/stages/growth.md");

#[derive(Debug, Clone)]
pub struct Growth {
    pub from: Located<String>,
    /// Over how many years; the window has one year more.
    pub years: i32,
    /// Growth above this counts as grown.
    pub threshold: f64,
}

impl Growth {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let (from, years) = (fields.text("from"), fields.whole("years", 1..=30, 3));
        let threshold = match fields.optional("threshold") {
            None => Some(0.0),
            Some(node) => {
                crate::pipeline::fields::number(node, "threshold", fields.problems).map(|threshold| threshold.value)
            }
        };
        Some(Self { from: from?, years: i32::try_from(years?).ok()?, threshold: threshold? })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        scope.account_years(&self.from)?;
        let (name, growth) = (id.value.clone(), self.clone());
        let intervals = usize::try_from(self.years).unwrap_or_default();
        let spec = table(&name, &Table::of_accounts(&[]), &AccountValues::default(), &[], intervals).spec;
        let job = move |inputs: &Inputs| {
            let AccountYears { accounts, names, period, .. } = inputs.all_account_years(&growth.from.value)?;
            let window = Window::last(growth.years + 1, period, &name)?;
            let revenue = by_account(accounts, "revenue", window);
            let rows: Vec<Row> = revenue.of_each().map(|revenue| Row::of(revenue, growth.threshold)).collect();
            Ok(Product::Tables(vec![table(&name, names, &revenue, &rows, intervals)]))
        };
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }
}

/// How an account developed over the window, first that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Inactive,
    NegativeBase,
    New,
    NegativeEnd,
    Lost,
    Short,
    Ok,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::NegativeBase => "negative_base",
            Self::New => "new",
            Self::NegativeEnd => "negative_end",
            Self::Lost => "lost",
            Self::Short => "short",
            Self::Ok => "ok",
        }
    }
}

/// The growth of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub cagr: Option<f64>,
    pub intervals: Option<i64>,
    pub status: Status,
    pub years_grown: i64,
    pub constant: bool,
    pub worst: Option<f64>,
    pub stddev: Option<f64>,
    pub dhs: Option<f64>,
}

impl Row {
    /// From the revenue of each year in minor units, oldest year first.
    pub fn of(revenue: &[i64], threshold: f64) -> Self {
        let known = || each_growth(revenue).flatten();
        let base = revenue.iter().position(|revenue| *revenue != 0);
        let status = status(revenue, base);
        let has_rate = matches!(status, Status::Ok | Status::Short | Status::Lost);
        let intervals = base.filter(|_| has_rate).map(|base| revenue.len() - 1 - base);
        // In the form of a product, where 5% of 100 is 5; as a ratio, 105 / 100 − 1 is a hair above 0.05.
        let grew =
            |(before, after): &(&i64, &i64)| **before > 0 && (*after - *before) as f64 > threshold * **before as f64;
        let years_grown = revenue.iter().zip(revenue.iter().skip(1)).filter(grew).count();
        Self {
            cagr: base
                .zip(intervals)
                .and_then(|(base, intervals)| compound(*revenue.get(base)?, *revenue.last()?, intervals)),
            intervals: intervals.and_then(|intervals| i64::try_from(intervals).ok()),
            status,
            years_grown: i64::try_from(years_grown).unwrap_or_default(),
            constant: years_grown + 1 == revenue.len(),
            worst: known().min_by(f64::total_cmp),
            stddev: sample_stddev(known),
            dhs: revenue.first().zip(revenue.last()).and_then(|(first, last)| dhs(*first, *last)),
        }
    }
}

/// The growth of each year after the first; null where the year before is not above zero.
fn each_growth(revenue: &[i64]) -> impl Iterator<Item = Option<f64>> {
    let years = revenue.iter().zip(revenue.iter().skip(1));
    years.map(|(before, after)| (*before > 0).then(|| *after as f64 / *before as f64 - 1.0))
}

fn status(revenue: &[i64], base: Option<usize>) -> Status {
    let last = revenue.last().copied().unwrap_or_default();
    match base.and_then(|base| Some((base, *revenue.get(base)?))) {
        None => Status::Inactive,
        Some((_, revenue)) if revenue < 0 => Status::NegativeBase,
        Some((base, _)) if base + 1 == revenue.len() => Status::New,
        Some(_) if last < 0 => Status::NegativeEnd,
        Some(_) if last == 0 => Status::Lost,
        Some((base, _)) if base > 0 => Status::Short,
        Some(_) => Status::Ok,
    }
}

/// The compound annual growth rate.
fn compound(first: i64, last: i64, intervals: usize) -> Option<f64> {
    let intervals = u32::try_from(intervals).ok().filter(|intervals| *intervals > 0)?;
    Some((last as f64 / first as f64).powf(1.0 / f64::from(intervals)) - 1.0)
}

fn sample_stddev<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> Option<f64> {
    let count = values().count();
    if count < 2 {
        return None;
    }
    let mean = values().sum::<f64>() / count as f64;
    let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (count as f64 - 1.0)).sqrt())
}

/// Davis, Haltiwanger & Schuh (1996): growth over the mean of both ends, in [−2, 2].
fn dhs(first: i64, last: i64) -> Option<f64> {
    let defined = first >= 0 && last >= 0 && (first > 0 || last > 0);
    defined.then(|| (last as f64 - first as f64) / ((last as f64 + first as f64) / 2.0))
}

fn table(name: &str, names: &Table, revenue: &AccountValues, rows: &[Row], intervals: usize) -> Table {
    let mut builder = TableBuilder::new(name, rows.len()).per_account().accounts_of(names);
    for year in 0..=intervals {
        // An account has a value for each year of the window.
        let revenue: Vec<i64> = revenue.of_each().filter_map(|revenue| revenue.get(year).copied()).collect();
        builder = builder.money(&format!("revenue_y{year}"), revenue);
    }
    for year in 0..intervals {
        let growth: Vec<Option<f64>> = revenue.of_each().map(|revenue| each_growth(revenue).nth(year)?).collect();
        builder = builder.ratios(&format!("growth_y{}", year + 1), growth);
    }
    builder
        .ratios("cagr", rows.iter().map(|row| row.cagr).collect::<Vec<_>>())
        .integers("growth_intervals", rows.iter().map(|row| row.intervals).collect::<Vec<_>>())
        .text("growth_status", rows.iter().map(|row| row.status.name()).collect())
        .integers("years_grown", rows.iter().map(|row| row.years_grown).collect::<Vec<_>>())
        .flags("constant_growth", rows.iter().map(|row| row.constant).collect())
        .ratios("worst_growth", rows.iter().map(|row| row.worst).collect::<Vec<_>>())
        .numbers("growth_stddev", rows.iter().map(|row| row.stddev).collect::<Vec<_>>())
        .numbers("dhs_growth", rows.iter().map(|row| row.dhs).collect::<Vec<_>>())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(revenue: &[i64]) -> Row {
        Row::of(revenue, 0.0)
    }

    #[test]
    fn a_steady_grower_by_hand() {
        // 100 → 110 → 121 → 133.10: ten percent each year.
        let revenue = [10_000, 11_000, 12_100, 13_310];
        assert!(each_growth(&revenue).all(|growth| (growth.unwrap() - 0.1).abs() < 1e-12));
        let row = row(&revenue);
        assert_eq!(row.status, Status::Ok);
        assert!((row.cagr.unwrap() - 0.1).abs() < 1e-12);
        assert_eq!((row.intervals, row.years_grown, row.constant), (Some(3), 3, true));
        assert!(row.stddev.unwrap() < 1e-12);
        // (133.10 − 100) / 116.55
        assert!((row.dhs.unwrap() - 33.1 / 116.55).abs() < 1e-12);
    }

    #[test]
    fn a_dip_breaks_constant_growth() {
        // 100 → 150 → 75 → 150: +50%, −50%, +100%.
        assert!(each_growth(&[100, 150, 75, 150]).eq([Some(0.5), Some(-0.5), Some(1.0)]));
        let row = row(&[100, 150, 75, 150]);
        assert_eq!((row.years_grown, row.constant, row.worst), (2, false, Some(-0.5)));
        assert!((row.cagr.unwrap() - (1.5f64.powf(1.0 / 3.0) - 1.0)).abs() < 1e-15);
        // Mean 1/3; deviations 1/6, −5/6, 2/3; squares 1/36 + 25/36 + 16/36 = 42/36; over 2: 7/12.
        assert!((row.stddev.unwrap() - (7.0f64 / 12.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn every_status() {
        for (revenue, status, cagr, intervals) in [
            ([0, 0, 0, 0], Status::Inactive, None, None),
            ([-5, 10, 20, 30], Status::NegativeBase, None, None),
            ([0, -5, 20, 30], Status::NegativeBase, None, None),
            ([0, 0, 0, 30], Status::New, None, None),
            ([0, 0, 0, -30], Status::NegativeBase, None, None),
            ([10, 20, 30, -1], Status::NegativeEnd, None, None),
            ([10, 20, 30, 0], Status::Lost, Some(-1.0), Some(3)),
            ([0, 20, 30, 0], Status::Lost, Some(-1.0), Some(2)),
            ([0, 0, 20, 30], Status::Short, Some(0.5), Some(1)),
            ([0, 20, 0, 45], Status::Short, Some(0.5), Some(2)),
            ([8, 0, 0, 27], Status::Ok, Some(0.5), Some(3)),
        ] {
            let row = row(&revenue);
            assert_eq!((row.status, row.intervals), (status, intervals), "{revenue:?}");
            match (row.cagr, cagr) {
                (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12, "{revenue:?}"),
                (found, expected) => assert_eq!(found, expected, "{revenue:?}"),
            }
        }
    }

    #[test]
    fn growth_needs_a_positive_year_before() {
        assert!(each_growth(&[0, -10, 0, 10]).eq([None, None, None]));
        let row = row(&[0, -10, 0, 10]);
        assert_eq!((row.years_grown, row.constant, row.worst, row.stddev), (0, false, None, None));
        assert_eq!(row.dhs, Some(2.0));
    }

    #[test]
    fn dhs_handles_entry_and_exit_and_refuses_negative_ends() {
        assert_eq!(row(&[0, 1, 1, 10]).dhs, Some(2.0));
        assert_eq!(row(&[10, 1, 1, 0]).dhs, Some(-2.0));
        assert_eq!(row(&[10, 1, 1, 10]).dhs, Some(0.0));
        assert_eq!(row(&[0, 1, 1, 0]).dhs, None);
        assert_eq!(row(&[-1, 1, 1, 10]).dhs, None);
        assert_eq!(row(&[10, 1, 1, -10]).dhs, None);
    }

    #[test]
    fn the_threshold_is_strict() {
        let row = Row::of(&[100, 105, 110], 0.05);
        assert_eq!((row.years_grown, row.constant), (0, false));
        let row = Row::of(&[100, 106, 113], 0.05);
        assert_eq!((row.years_grown, row.constant), (2, true));
    }
}

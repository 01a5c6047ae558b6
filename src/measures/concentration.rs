//! How concentrated revenue is: the second table of a `pareto` stage.

use super::pareto::{Class, Row};
use crate::table::{Table, TableBuilder, TableSpec};

/// Figures over the ranked accounts of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    pub accounts: i64,
    pub revenue: i64,
    pub negative_revenue: i64,
    pub gini: Option<f64>,
    pub hhi: Option<f64>,
    pub effective_accounts: Option<f64>,
    pub n_cutoff: i64,
    pub top1: Option<f64>,
    pub top5: Option<f64>,
    pub top10: Option<f64>,
    pub top20pct: Option<f64>,
}

/// Computes the figures of a segment; those that need an account above zero are null where there is none.
pub fn figures(rows: &[Row]) -> Figures {
    let mut values: Vec<i64> = rows.iter().filter(|row| row.rank.is_some()).map(|row| row.revenue).collect();
    values.sort_unstable_by(|a, b| b.cmp(a));
    let saturating = |sum: i128| i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX });
    let total: i128 = values.iter().map(|value| i128::from(*value)).sum();
    let negative: i128 = rows.iter().map(|row| i128::from(row.revenue.min(0))).sum();
    let counted = Figures {
        accounts: i64::try_from(values.len()).unwrap_or_default(),
        revenue: saturating(total),
        negative_revenue: saturating(negative),
        n_cutoff: i64::try_from(rows.iter().filter(|row| row.class == Class::A).count()).unwrap_or_default(),
        ..Figures::default()
    };
    if values.is_empty() {
        return counted;
    }
    let count = values.len() as f64;
    // Σ i·x over values ascending, in integers: the sum of floats would depend on their order.
    let weighted: i128 = values.iter().rev().zip(1i128..).map(|(value, place)| place * i128::from(*value)).sum();
    let squares: f64 = values.iter().map(|value| (*value as f64 / total as f64).powi(2)).sum();
    let top = |count: usize| {
        let sum: i128 = values.iter().take(count).map(|value| i128::from(*value)).sum();
        Some(sum as f64 / total as f64)
    };
    Figures {
        gini: Some(2.0 * weighted as f64 / (count * total as f64) - (count + 1.0) / count),
        hhi: Some(10_000.0 * squares),
        effective_accounts: Some(1.0 / squares),
        top1: top(1),
        top5: top(5),
        top10: top(10),
        top20pct: top(values.len().div_ceil(5)),
        ..counted
    }
}

pub fn concentration_spec(name: &str) -> TableSpec {
    concentration(name, &[], 0).spec
}

/// One row per segment, in the order given; the first is the whole book, and only it has revenue without an account.
pub fn concentration(name: &str, segments: &[(&str, &[Row])], unassigned: i64) -> Table {
    let unassigned = std::iter::once(unassigned).chain(std::iter::repeat(0)).take(segments.len());
    let all: Vec<Figures> = segments.iter().map(|(_, rows)| figures(rows)).collect();
    let numbers = |value: fn(&Figures) -> Option<f64>| all.iter().map(value).collect::<Vec<_>>();
    TableBuilder::new(name, segments.len())
        .text("segment", segments.iter().map(|(segment, _)| *segment).collect())
        .integers("accounts", all.iter().map(|figures| figures.accounts).collect::<Vec<_>>())
        .money("revenue", all.iter().map(|figures| figures.revenue).collect::<Vec<_>>())
        .money("negative_revenue", all.iter().map(|figures| figures.negative_revenue).collect::<Vec<_>>())
        .money("unassigned_revenue", unassigned.collect::<Vec<_>>())
        .numbers("gini", numbers(|figures| figures.gini))
        .numbers("hhi", numbers(|figures| figures.hhi))
        .numbers("effective_accounts", numbers(|figures| figures.effective_accounts))
        .integers("n_cutoff", all.iter().map(|figures| figures.n_cutoff).collect::<Vec<_>>())
        .ratios("top1_share", numbers(|figures| figures.top1))
        .ratios("top5_share", numbers(|figures| figures.top5))
        .ratios("top10_share", numbers(|figures| figures.top10))
        .ratios("top20pct_share", numbers(|figures| figures.top20pct))
        .build()
}

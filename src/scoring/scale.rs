//! Scales: how a measured value becomes a score from 1 to 10.

use crate::pipeline::diagnostics::Problems;
use crate::pipeline::fields::{Fields, distinct, number};
use crate::pipeline::node::{Node, Value};
use crate::table::Meaning;

/// The least and the best score.
pub const LOWEST: f64 = 1.0;
pub const HIGHEST: f64 = 10.0;

/// How values become scores.
#[derive(Debug, Clone, PartialEq)]
pub enum Scale {
    /// Declared points (value, score), values ascending: straight lines between them, level outside.
    Anchors(Vec<(f64, f64)>),
    /// By the share of accounts below (ties count half): 1 + 9 p.
    Percentile(Direction),
    /// By the place between the least and the greatest value of all accounts.
    MinMax(Direction),
    /// A score for each text that a column can hold, and for any other text.
    Categories { scores: Vec<(String, f64)>, other: Option<f64> },
}

/// Whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Rising,
    Falling,
}

impl Direction {
    fn of(self, place: f64) -> f64 {
        let place = if self == Self::Rising { place } else { 1.0 - place };
        LOWEST + (HIGHEST - LOWEST) * place
    }
}

impl Scale {
    pub fn decode(node: &Node, problems: &Problems) -> Option<Self> {
        match &node.value {
            Value::List(points) => anchors(node, points, problems),
            Value::Text(name) => relative(name, Direction::Rising, node, problems),
            Value::Map(entries) if entries.iter().any(|(key, _)| key.value == "categories") => {
                categories(node, problems)
            }
            Value::Map(entries) if entries.len() == 1 => {
                let (name, direction) = entries.first()?;
                let direction = match direction.raw.as_str() {
                    "rising" => Direction::Rising,
                    "falling" => Direction::Falling,
                    _ => {
                        let message =
                            format!("a scale should be `rising` or `falling`, found {}", direction.describe());
                        problems.report(&direction.span, message, None);
                        return None;
                    }
                };
                relative(&name.value, direction, node, problems)
            }
            _ => unknown(node, problems),
        }
    }

    /// Whether the scale is for texts and not for numbers.
    pub fn is_for_text(&self) -> bool {
        matches!(self, Self::Categories { .. })
    }

    /// The score of a text; null where the scale knows neither the text nor any other.
    pub fn score_of_text(&self, text: &str) -> Option<f64> {
        let Self::Categories { scores, other } = self else { return None };
        scores.iter().find(|(category, _)| category == text).map(|(_, score)| *score).or(*other)
    }

    /// The scores of all accounts; null where the value is.
    pub fn scores(&self, values: &[Option<f64>]) -> Vec<Option<f64>> {
        match self {
            Self::Categories { .. } => vec![None; values.len()],
            Self::Anchors(points) => values.iter().map(|value| value.map(|value| between(points, value))).collect(),
            Self::Percentile(direction) => percentiles(values, *direction),
            Self::MinMax(direction) => minmax(values, *direction),
        }
    }

    /// The scale in signs that need no translation, `-10% → 1, 0% → 4`: with its cut points, so that the
    /// score of an account can be checked by hand. Relative scales have theirs in the values of all accounts.
    pub fn describe(&self, meaning: Meaning, values: &[Option<f64>]) -> String {
        let value = |value: f64| match meaning {
            Meaning::Ratio => format!("{}%", round(value * 100.0)),
            _ => format!("{}", round(value)),
        };
        match self {
            Self::Anchors(points) => joined(points.iter().map(|(at, score)| (value(*at), *score))),
            Self::Percentile(_) | Self::MinMax(_) => {
                let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let quartiles = quartiles(&sorted);
                // The ends alone make a line.
                let points: Vec<f64> = if matches!(self, Self::MinMax(_)) {
                    quartiles.into_iter().step_by(4).collect()
                } else {
                    quartiles
                };
                let point = |at: f64| (value(shortened(at)), self.score_among(at, &sorted));
                let mut points: Vec<(String, f64)> = points.into_iter().map(point).collect();
                points.dedup();
                joined(points.into_iter())
            }
            Self::Categories { scores, other } => {
                let other = other.map(|score| ("…".to_owned(), score));
                joined(scores.iter().cloned().chain(other))
            }
        }
    }

    /// The score that a relative scale gives to one of the values, which are sorted.
    fn score_among(&self, value: f64, sorted: &[f64]) -> f64 {
        let end = |end: Option<&f64>| end.copied().unwrap_or_default();
        match self {
            Self::Percentile(direction) => {
                let below = sorted.partition_point(|other| *other < value);
                let upto = sorted.partition_point(|other| *other <= value);
                direction.of(middle(below, upto, sorted.len()))
            }
            Self::MinMax(direction) => direction.of(part_of_way(value, end(sorted.first()), end(sorted.last()))),
            Self::Anchors(_) | Self::Categories { .. } => LOWEST,
        }
    }
}

/// Four significant digits: a cut point of the data is shown to be found, not to be computed with.
fn shortened(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

/// The least value, the quartiles (each a value that occurs) and the greatest; nothing where there is none.
fn quartiles(sorted: &[f64]) -> Vec<f64> {
    let last = sorted.len().saturating_sub(1);
    (0..=4).filter_map(|quarter| sorted.get(last * quarter / 4).copied()).collect()
}

/// `at → score` for each cut point, the scores with two decimals at the most.
fn joined(points: impl Iterator<Item = (String, f64)>) -> String {
    let points: Vec<String> = points.map(|(at, score)| format!("{at} → {}", (score * 100.0).round() / 100.0)).collect();
    points.join(", ")
}

/// Hides the last digits of a binary fraction: 0.07 × 100 is shown as 7.
fn round(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

fn unknown<T>(node: &Node, problems: &Problems) -> Option<T> {
    let message = format!("a scale should be a list of points, `percentile` or `minmax`, found {}", node.describe());
    problems.report(
        &node.span,
        message,
        "such as `[[0, 1], [12, 10]]`, `percentile`, `{minmax: falling}` or `{categories: {Retail: 6}}`".to_owned(),
    );
    None
}

fn relative(name: &str, direction: Direction, node: &Node, problems: &Problems) -> Option<Scale> {
    match name {
        "percentile" => Some(Scale::Percentile(direction)),
        "minmax" => Some(Scale::MinMax(direction)),
        _ => unknown(node, problems),
    }
}

fn categories(node: &Node, problems: &Problems) -> Option<Scale> {
    let mut fields = Fields::open(node, &node.span, "a scale of categories", problems)?;
    let (categories, other) = (fields.required("categories"), fields.optional("other"));
    fields.finish();
    let Value::Map(entries) = &categories?.value else {
        problems.report(
            &node.span,
            "`categories` should be a map of texts to scores",
            "such as `{Industry: 9, Retail: 6}`".to_owned(),
        );
        return None;
    };
    let distinct = distinct(entries.iter().map(|(category, _)| category), "`categories`", problems);
    let scores: Vec<Option<(String, f64)>> = entries
        .iter()
        .map(|(category, score)| Some((category.value.clone(), declared_score(score, problems)?)))
        .collect();
    let other = match other {
        None => Some(None),
        Some(score) => declared_score(score, problems).map(Some),
    };
    Some(Scale::Categories { scores: scores.into_iter().collect::<Option<_>>()?, other: other? }).filter(|_| distinct)
}

/// A score from 1 to 10 as a pipeline declares it.
fn declared_score(node: &Node, problems: &Problems) -> Option<f64> {
    let score = number(node, "score", problems)?;
    if (LOWEST..=HIGHEST).contains(&score.value) {
        return Some(score.value);
    }
    problems.report(&score.span, format!("a score should be from 1 to 10, found {}", score.value), None);
    None
}

fn anchors(node: &Node, points: &[Node], problems: &Problems) -> Option<Scale> {
    if points.len() < 2 {
        problems.report(&node.span, "a scale needs at least two points", "such as `[[0, 1], [12, 10]]`".to_owned());
        return None;
    }
    let mut anchors: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    let mut complete = true;
    for point in points {
        let Some((at, score)) = anchor(point, problems) else {
            complete = false;
            continue;
        };
        if let Some((before, _)) = anchors.last()
            && at <= *before
        {
            let message = format!("the points of a scale should rise, but {at} follows {before}");
            problems.report(
                &point.span,
                message,
                "order the points by their first number; for a falling scale let the scores fall".to_owned(),
            );
            complete = false;
        }
        anchors.push((at, score));
    }
    complete.then_some(Scale::Anchors(anchors))
}

fn anchor(point: &Node, problems: &Problems) -> Option<(f64, f64)> {
    let Value::List(pair) = &point.value else {
        problems.report(&point.span, format!("a point should be `[value, score]`, found {}", point.describe()), None);
        return None;
    };
    let [at, score] = pair.as_slice() else {
        let message = format!("a point should be `[value, score]`, found {} numbers", pair.len());
        problems.report(&point.span, message, None);
        return None;
    };
    let (at, score) = (number(at, "value", problems), declared_score(score, problems));
    Some((at?.value, score?))
}

fn between(points: &[(f64, f64)], value: f64) -> f64 {
    let after = points.iter().position(|(at, _)| value < *at);
    let at = |index: usize| points.get(index).copied().unwrap_or((0.0, LOWEST));
    match after {
        Some(0) => at(0).1,
        None => at(points.len().saturating_sub(1)).1,
        Some(after) => {
            let ((low, low_score), (high, high_score)) = (at(after - 1), at(after));
            low_score + (high_score - low_score) * (value - low) / (high - low)
        }
    }
}

fn percentiles(values: &[Option<f64>], direction: Direction) -> Vec<Option<f64>> {
    let known = values.iter().enumerate().filter_map(|(row, value)| Some(((*value)?, row)));
    let mut order: Vec<(f64, usize)> = known.collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut scores = vec![None; values.len()];
    let mut below = 0;
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        let score = direction.of(middle(below, below + equal.len(), order.len()));
        for (_, row) in equal {
            if let Some(found) = scores.get_mut(*row) {
                *found = Some(score);
            }
        }
        below += equal.len();
    }
    scores
}

/// The middle of the places that equal values take among all, as a share.
fn middle(below: usize, upto: usize, count: usize) -> f64 {
    (below + upto) as f64 / 2.0 / count as f64
}

fn minmax(values: &[Option<f64>], direction: Direction) -> Vec<Option<f64>> {
    let known = || values.iter().flatten().copied();
    let (least, greatest) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    values.iter().map(|value| value.map(|value| direction.of(part_of_way(value, least, greatest)))).collect()
}

/// How far a value lies on the way from the least to the greatest; in the middle where there is no way.
fn part_of_way(value: f64, least: f64, greatest: f64) -> f64 {
    if greatest > least { (value - least) / (greatest - least) } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn anchors_by_hand() {
        let scale = Scale::Anchors(vec![(-0.1, 1.0), (0.0, 4.0), (0.1, 7.0), (0.25, 10.0)]);
        let scores =
            scale.scores(&[Some(-0.5), Some(-0.1), Some(-0.05), Some(0.0), Some(0.05), Some(0.175), Some(0.3), None]);
        let expected = [Some(1.0), Some(1.0), Some(2.5), Some(4.0), Some(5.5), Some(8.5), Some(10.0), None];
        for (score, expected) in scores.iter().zip(expected) {
            assert_eq!(score.is_some(), expected.is_some());
            assert!((score.unwrap_or_default() - expected.unwrap_or_default()).abs() < 1e-12, "{score:?} {expected:?}");
        }
        assert_eq!(scale.describe(Meaning::Ratio, &[]), "-10% → 1, 0% → 4, 10% → 7, 25% → 10");
    }

    #[test]
    fn a_falling_scale() {
        let scale = Scale::Anchors(vec![(0.0, 10.0), (90.0, 1.0)]);
        assert_eq!(scale.scores(&[Some(30.0), Some(-1.0), Some(365.0)]), [Some(7.0), Some(10.0), Some(1.0)]);
    }

    #[test]
    fn percentiles_use_mid_ranks() {
        // Of 10, 20, 20, 40: places 0.5/4, 2/4, 2/4, 3.5/4.
        let values = [Some(20.0), Some(10.0), None, Some(40.0), Some(20.0)];
        let rising = Scale::Percentile(Direction::Rising).scores(&values);
        assert_eq!(rising, [Some(5.5), Some(2.125), None, Some(8.875), Some(5.5)]);
        let falling = Scale::Percentile(Direction::Falling).scores(&values);
        assert_eq!(falling, [Some(5.5), Some(8.875), None, Some(2.125), Some(5.5)]);
    }

    #[test]
    fn relative_scales_show_their_cut_points() {
        let values: Vec<Option<f64>> = [30.0, 10.0, 20.0, 50.0, 40.0].map(Some).into_iter().chain([None]).collect();
        let percentile = Scale::Percentile(Direction::Rising);
        // Mid-ranks 0.1, 0.3, 0.5, 0.7, 0.9 of five values.
        assert_eq!(percentile.describe(Meaning::Integer, &values), "10 → 1.9, 20 → 3.7, 30 → 5.5, 40 → 7.3, 50 → 9.1");
        assert_eq!(Scale::MinMax(Direction::Falling).describe(Meaning::Integer, &values), "10 → 10, 50 → 1");
        assert_eq!(percentile.describe(Meaning::Integer, &[None]), "");
    }

    #[test]
    fn categories_have_a_score_each() {
        let scores = vec![("Industry".to_owned(), 9.0), ("Retail".to_owned(), 6.0)];
        let open = Scale::Categories { scores: scores.clone(), other: None };
        assert_eq!(
            ["Industry", "Retail", "Crafts", ""].map(|text| open.score_of_text(text)),
            [Some(9.0), Some(6.0), None, None]
        );
        let closed = Scale::Categories { scores, other: Some(2.0) };
        assert_eq!(closed.score_of_text("Crafts"), Some(2.0));
        assert_eq!(closed.describe(Meaning::Text, &[]), "Industry → 9, Retail → 6, … → 2");
    }

    #[test]
    fn minmax_is_level_where_all_are_equal() {
        assert_eq!(
            Scale::MinMax(Direction::Rising).scores(&[Some(0.0), Some(5.0), Some(10.0)]),
            [Some(1.0), Some(5.5), Some(10.0)]
        );
        assert_eq!(Scale::MinMax(Direction::Falling).scores(&[Some(3.0), Some(3.0)]), [Some(5.5), Some(5.5)]);
        assert_eq!(Scale::MinMax(Direction::Rising).scores(&[None]), [None]);
    }

    proptest! {
        #[test]
        fn scores_stay_from_1_to_10_and_keep_the_order(values in proptest::collection::vec(-1e9f64..1e9, 1..40)) {
            let scales = [
                Scale::Anchors(vec![(-1e6, 1.0), (0.0, 2.0), (5.0, 9.5), (1e8, 10.0)]),
                Scale::Percentile(Direction::Rising),
                Scale::MinMax(Direction::Rising),
            ];
            let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
            for scale in scales {
                let scores = scale.scores(&values);
                for (value, score) in values.iter().zip(&scores) {
                    prop_assert!((1.0..=10.0).contains(&score.unwrap()));
                    for (other_value, other_score) in values.iter().zip(&scores) {
                        if value < other_value {
                            prop_assert!(score.unwrap() <= other_score.unwrap() + 1e-9);
                        }
                    }
                }
            }
        }
    }
}

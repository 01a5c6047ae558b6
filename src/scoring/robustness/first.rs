//! What to ask first: the missing scores that alone could change the list.

use crate::scoring::config::Missing;
use crate::scoring::list::Line;
use crate::scoring::scale::{HIGHEST, LOWEST};
use crate::scoring::scorecard::score;
use rayon::prelude::*;

/// Scores this close are equal.
const EQUAL: f64 = 1e-9;

/// An account of the scorecard that could be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    pub account: &'a str,
    /// By criterion; nothing where it is missing.
    pub known: &'a [Option<f64>],
    pub rated: bool,
    /// Whether a person gave the score as a whole, so that no criterion changes it.
    pub fixed: bool,
}

/// The list as it is.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    pub line: Line,
    /// Score and account of the last on the list, and of the first off it.
    pub last: Option<(f64, &'a str)>,
    pub next: Option<(f64, &'a str)>,
    pub length: usize,
}

/// A missing score that could change the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    pub candidate: usize,
    pub criterion: usize,
    /// From `turning` on the account would enter; else it would leave below that.
    pub enters: bool,
    pub turning: f64,
    /// Which part of the scale from 1 to 10 changes the list.
    pub part: f64,
}

/// All missing scores that could change the list, each by itself and with everything else as it is: those of which
/// most of the scale would come first, then those with the greater weight, then by account and criterion.
pub fn ask_first(
    candidates: &[Candidate],
    inside: &[bool],
    list: &List,
    weights: &[f64],
    (missing, min_coverage): (Missing, f64),
) -> Vec<Ask> {
    let of_candidate = |(place, (candidate, inside)): (usize, (&Candidate, &bool))| {
        let gaps = candidate.known.iter().enumerate().filter(|(_, score)| score.is_none() && !candidate.fixed);
        let ask = |criterion: usize| {
            let with = |value: f64| {
                let mut known = candidate.known.to_vec();
                known[criterion] = Some(value);
                score(&known, weights, missing)
            };
            let (low, high) = (with(LOWEST), with(HIGHEST));
            // A score that is not rated yet has to be by then.
            if !candidate.rated && high.coverage + EQUAL < min_coverage {
                return None;
            }
            let (turning, part) = turn(candidate.account, *inside, list, (low.score?, high.score?))?;
            Some(Ask { candidate: place, criterion, enters: !inside, turning, part })
        };
        gaps.filter_map(|(criterion, _)| ask(criterion)).collect::<Vec<Ask>>()
    };
    let mut asks: Vec<Ask> = candidates.par_iter().zip(inside).enumerate().flat_map_iter(of_candidate).collect();
    let weight = |ask: &Ask| weights.get(ask.criterion).copied().unwrap_or_default();
    // The last bits decide nothing.
    let steps = |ask: &Ask| (ask.part / EQUAL).round() as i64;
    asks.sort_by(|a, b| {
        let by_part = steps(b).cmp(&steps(a)).then(weight(b).total_cmp(&weight(a)));
        by_part.then((a.candidate, a.criterion).cmp(&(b.candidate, b.criterion)))
    });
    asks
}

/// The score of the criterion at which the account comes onto the list or falls off it, and the part of the scale
/// beyond; nothing where it stays where it is.
fn turn(account: &str, inside: bool, list: &List, (low, high): (f64, f64)) -> Option<(f64, f64)> {
    let (line, wins_ties) = match (list.line, inside) {
        (Line::Score(score), _) => (score, true),
        // There is room, once it is rated.
        (Line::Top(count), false) if list.length < count => return Some((LOWEST, 1.0)),
        (Line::Top(_), false) => list.last.map(|(score, last)| (score, account < last))?,
        (Line::Top(_), true) => list.next.map(|(score, next)| (score, account < next))?,
    };
    let is_listed = |score: f64| if wins_ties { score + EQUAL >= line } else { score > line + EQUAL };
    if is_listed(low) == is_listed(high) {
        return (is_listed(low) != inside).then_some((LOWEST, 1.0));
    }
    // The score is a straight line in that of the criterion.
    let place = ((line - low) / (high - low)).clamp(0.0, 1.0);
    Some((LOWEST + (HIGHEST - LOWEST) * place, if inside { place } else { 1.0 - place }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: [f64; 3] = [0.5, 0.3, 0.2];
    const RULES: (Missing, f64) = (Missing::Renormalise, 0.5);

    fn asked(known: &[[Option<f64>; 3]], rated: &[bool], inside: &[bool], list: &List) -> Vec<Ask> {
        let candidates: Vec<Candidate> = known
            .iter()
            .zip(rated)
            .zip(["a", "b", "c", "d"])
            .map(|((known, rated), account)| Candidate { account, known, rated: *rated, fixed: false })
            .collect();
        ask_first(&candidates, inside, list, &WEIGHTS, RULES)
    }

    /// With 6 and 6 known the score is 6 whatever the weights; with s for the last criterion 4.8 + 0.2 s. It meets
    /// 6.2 at s = 7, and 5 at s = 1: the account b never leaves.
    #[test]
    fn a_missing_score_that_lifts_over_a_threshold_by_hand() {
        let known = [[Some(6.0), Some(6.0), None]];
        let list = List { line: Line::Score(6.2), last: None, next: None, length: 0 };
        let asks = asked(&known, &[true], &[false], &list);
        assert_eq!(asks.len(), 1);
        assert!(asks[0].enters && (asks[0].turning - 7.0).abs() < 1e-9 && (asks[0].part - 1.0 / 3.0).abs() < 1e-9);
        let list = List { line: Line::Score(5.0), last: None, next: None, length: 1 };
        assert_eq!(asked(&known, &[true], &[true], &list), []);
        // 4.8 + 0.2 s falls below 5.4 at s = 3: two ninths of the scale.
        let list = List { line: Line::Score(5.4), last: None, next: None, length: 1 };
        let asks = asked(&known, &[true], &[true], &list);
        assert!(!asks[0].enters && (asks[0].turning - 3.0).abs() < 1e-9 && (asks[0].part - 2.0 / 9.0).abs() < 1e-9);
    }

    /// Two gaps of one account whose score is 6 with 6 for either: below it the account leaves, five ninths of the
    /// scale. The greater weight comes first.
    #[test]
    fn the_order_of_asking() {
        let known = [[Some(6.0), None, None], [Some(6.0), Some(6.0), None]];
        let list = List { line: Line::Score(6.0), last: None, next: None, length: 2 };
        let asks = asked(&known, &[true; 2], &[true; 2], &list);
        let order: Vec<(usize, usize)> = asks.iter().map(|ask| (ask.candidate, ask.criterion)).collect();
        assert_eq!(order, [(0, 1), (0, 2), (1, 2)]);
        assert!(asks.iter().all(|ask| (ask.turning - 6.0).abs() < 1e-9 && (ask.part - 5.0 / 9.0).abs() < 1e-9));
    }

    /// Against the last on the list, equals by account; a list with room takes whoever is rated.
    #[test]
    fn a_list_of_the_best() {
        let known = [[Some(6.0), Some(6.0), None]];
        let list =
            |last: (f64, &'static str), count| List { line: Line::Top(count), last: Some(last), next: None, length: 1 };
        // At best 4.8 + 2 = 6.8, which is enough before an account that comes later.
        assert_eq!(asked(&known, &[true], &[false], &list((6.8, "z"), 1)).len(), 1);
        assert_eq!(asked(&known, &[true], &[false], &list((6.8, "Z"), 1)), []);
        let unrated = [[None, Some(2.0), None]];
        let room = asked(&unrated, &[false], &[false], &list((6.8, "z"), 2));
        // Known are 0.3; with the first criterion 0.8 is enough coverage, with the third 0.5.
        assert_eq!(room.iter().map(|ask| (ask.criterion, ask.turning)).collect::<Vec<_>>(), [(0, 1.0), (2, 1.0)]);
    }
}

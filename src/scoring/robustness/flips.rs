//! The smallest change of one weight that brings an account onto the list, or off it.
//!
//! One effective weight w_k becomes u = w_k + δ, and the others are rescaled to 1 − u. The score of an account is
//! then (A + u (x s − A)) / (B + u (x − B)), where A is the weighted sum of the others and B their weight, both over
//! 1 − w_k, and x tells whether k enters at all; with everything known B = x = 1 and the score is a straight line.

use super::field::Field;
use crate::scoring::list::Line;
use rayon::prelude::*;

/// Scores this close are equal: the last bits decide nothing.
const EQUAL: f64 = 1e-9;

/// Into how many steps the way of a weight to zero, and to one, is divided; in each only the accounts near the line
/// are looked at.
const STEPS: usize = 32;

/// What would change whether an account is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flip {
    pub criterion: usize,
    /// To add to the effective weight.
    pub delta: f64,
}

/// The flip of every account, the smallest over all criteria; none where no weight alone decides.
///
/// `inside` says who is chosen under the declared weights. Under [`Line::Top`] the rivals' scores move with the
/// weight too.
pub fn flips(field: &Field, weights: &[f64], line: Line, inside: &[bool]) -> Vec<Option<Flip>> {
    let by_criterion: Vec<Vec<Option<f64>>> = (0..weights.len())
        .into_par_iter()
        .map(|criterion| match line {
            Line::Score(threshold) => crossings(field, weights, criterion, threshold),
            Line::Top(count) => overtakings(field, weights, criterion, count, inside),
        })
        .collect();
    let smallest = |account: usize| {
        let of_criterion = |(criterion, deltas): (usize, &Vec<Option<f64>>)| {
            deltas.get(account).copied().flatten().map(|delta| Flip { criterion, delta })
        };
        // Of equals the first, whatever the last bits say.
        let smaller = |best: Flip, flip: Flip| if flip.delta.abs() < best.delta.abs() - EQUAL { flip } else { best };
        by_criterion.iter().enumerate().filter_map(of_criterion).reduce(smaller)
    };
    (0..field.len()).map(smallest).collect()
}

/// The score of an account by the weight of one criterion: (a + b u) / (c + d u).
#[derive(Debug, Clone, Copy)]
struct Course {
    upper: [f64; 2],
    lower: [f64; 2],
}

impl Course {
    fn at(&self, weight: f64) -> f64 {
        (self.upper[0] + self.upper[1] * weight) / (self.lower[0] + self.lower[1] * weight)
    }
}

/// The courses of all accounts; none where the criterion is the only one.
fn courses(field: &Field, weights: &[f64], criterion: usize) -> Option<Vec<Course>> {
    let others = 1.0 - weights.get(criterion)?;
    let column = field.columns.get(criterion)?;
    if others < EQUAL {
        return None;
    }
    let mut sums = vec![0.0; field.len()];
    for (_, (column, weight)) in field.columns.iter().zip(weights).enumerate().filter(|(place, _)| *place != criterion)
    {
        for (sum, score) in sums.iter_mut().zip(column) {
            *sum += weight / others * score;
        }
    }
    let enter = |pattern: &Vec<bool>| -> (f64, bool) {
        let known =
            pattern.iter().zip(weights).enumerate().filter(|(place, (enters, _))| *place != criterion && **enters);
        let weight: f64 = known.map(|(_, (_, weight))| weight / others).sum();
        let whole = pattern.iter().enumerate().all(|(place, enters)| place == criterion || *enters);
        (if whole { 1.0 } else { weight }, pattern.get(criterion) == Some(&true))
    };
    let patterns: Vec<(f64, bool)> = field.patterns.iter().map(enter).collect();
    let course = |((sum, score), pattern): ((&f64, &f64), &u32)| {
        let (weight, enters) = patterns[*pattern as usize];
        match (enters, weight > 0.0) {
            (true, true) => Course { upper: [*sum, score - sum], lower: [weight, 1.0 - weight] },
            // Where nothing else is known, or this is not, its weight changes nothing.
            (true, false) => Course { upper: [*score, 0.0], lower: [1.0, 0.0] },
            (false, _) => Course { upper: [*sum, 0.0], lower: [weight, 0.0] },
        }
    };
    Some(sums.iter().zip(column).zip(&field.pattern).map(course).collect())
}

/// For each account the change of one weight after which its score is the threshold:
/// δ = (T − S)/(s_k − S_−k) with everything known.
fn crossings(field: &Field, weights: &[f64], criterion: usize, threshold: f64) -> Vec<Option<f64>> {
    let Some((courses, weight)) = courses(field, weights, criterion).zip(weights.get(criterion)) else {
        return vec![None; field.len()];
    };
    let crossing = |course: &Course| {
        let short = threshold * course.lower[0] - course.upper[0];
        let gain = course.upper[1] - threshold * course.lower[1];
        let reached = short / gain;
        (gain != 0.0 && (0.0..=1.0).contains(&reached)).then_some(reached - weight)
    };
    courses.iter().map(crossing).collect()
}

/// For each account the smallest change of one weight after which it has passed the last on the list, or has been
/// passed by the first off it, while the scores of all move with the weight.
fn overtakings(field: &Field, weights: &[f64], criterion: usize, count: usize, inside: &[bool]) -> Vec<Option<f64>> {
    let mut deltas: Vec<Option<f64>> = vec![None; field.len()];
    let Some((courses, weight)) = courses(field, weights, criterion).zip(weights.get(criterion)) else {
        return deltas;
    };
    if count == 0 || count >= field.len() {
        return deltas;
    }
    for end in [0.0, 1.0] {
        let mut inside = inside.to_vec();
        let mut passed = vec![false; field.len()];
        for step in 0..STEPS {
            let at = |step: usize| weight + (end - weight) * step as f64 / STEPS as f64;
            let (from, to) = (at(step), at(step + 1));
            let near = near(&courses, count, from, to);
            walk(&courses, &near, &mut inside, from, to, |account, reached| {
                let delta = reached - weight;
                if !std::mem::replace(&mut passed[account], true)
                    && deltas[account].is_none_or(|least| delta.abs() < least.abs())
                {
                    deltas[account] = Some(delta);
                }
            });
        }
    }
    deltas
}

/// The accounts that could pass the line between two weights. A course only rises or only falls, so that its ends
/// bound it, and the line is bounded by as many of these bounds.
fn near(courses: &[Course], count: usize, from: f64, to: f64) -> Vec<usize> {
    let ends: Vec<(f64, f64)> = courses.iter().map(|course| (course.at(from), course.at(to))).collect();
    let bound = |of: fn(f64, f64) -> f64| {
        let mut bounds: Vec<f64> = ends.iter().map(|(a, b)| of(*a, *b)).collect();
        let (_, bound, _) = bounds.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
        *bound
    };
    let (least, most) = (bound(f64::min), bound(f64::max));
    let is_near = |(a, b): &(f64, f64)| a.max(*b) >= least - EQUAL && a.min(*b) <= most + EQUAL;
    (0..courses.len()).filter(|account| ends.get(*account).is_some_and(is_near)).collect()
}

/// Follows the list from one weight to another, and tells who passes the line where.
fn walk(courses: &[Course], near: &[usize], inside: &mut [bool], from: f64, to: f64, mut tell: impl FnMut(usize, f64)) {
    let mut at = from;
    // Each pair can pass each other once, or twice where something is missing; far fewer do.
    for _ in 0..near.len() * near.len() {
        let Some((leaving, entering, reached)) = next(courses, near, inside, at, to) else { break };
        (inside[leaving], inside[entering]) = (false, true);
        tell(leaving, reached);
        tell(entering, reached);
        at = reached;
    }
}

/// The next weight at which an account off the list passes one on it: who leaves, who enters, and where.
fn next(courses: &[Course], near: &[usize], inside: &[bool], from: f64, to: f64) -> Option<(usize, usize, f64)> {
    let mut found = None;
    let mut reach = to;
    // Whoever has passed at the end of the way has done so at a place before it; there, somebody else may have.
    loop {
        let mut weakest: Option<(f64, usize)> = None;
        let mut strongest: Option<(f64, usize)> = None;
        for account in near {
            let score = courses[*account].at(reach);
            if inside[*account] {
                if weakest.is_none_or(|(least, _)| score <= least) {
                    weakest = Some((score, *account));
                }
            } else if strongest.is_none_or(|(most, _)| score > most) {
                strongest = Some((score, *account));
            }
        }
        let ((least, leaving), (most, entering)) = weakest.zip(strongest)?;
        if most <= least + EQUAL {
            return found;
        }
        let ahead = |weight: f64| courses[entering].at(weight) > courses[leaving].at(weight);
        let (mut before, mut after) = (from, reach);
        // Halved until nothing is left between two numbers.
        for _ in 0..60 {
            let middle = before + (after - before) / 2.0;
            *(if ahead(middle) { &mut after } else { &mut before }) = middle;
        }
        found = Some((leaving, entering, after));
        if after == reach {
            return found;
        }
        reach = after;
    }
}

#[cfg(test)]
mod tests;

//! Weights from pairwise comparisons: Saaty's analytic hierarchy process.
//!
//! The weights are the principal eigenvector of the matrix of comparisons. Pairs that nobody compared are
//! filled in as Harker does (*Alternative modes of questioning in the analytic hierarchy process*, Mathematical
//! Modelling 9, 1987): the row of each counts them on its diagonal, which is as good as to set them to the
//! ratio of the weights that come out. How far the comparisons contradict each other is the consistency ratio.

use super::weights::Member;
use crate::pipeline::diagnostics::{Located, Problems, Span, did_you_mean};
use crate::pipeline::node::{Node, Value};

/// The table of random indices, as reports name it: Saaty, *Theory and Applications of the Analytic Network
/// Process* (2005).
pub const RANDOM_INDEX: &str = "Saaty 2005";

/// Of matrices of 3 to 15 rows.
const RANDOM_INDICES: [f64; 13] = [0.52, 0.89, 1.11, 1.25, 1.35, 1.40, 1.45, 1.49, 1.51, 1.54, 1.56, 1.57, 1.58];

/// How many can be compared: the random indices end here.
const MOST: usize = 15;

/// From here on comparisons contradict each other too much (Saaty).
const LIMIT: f64 = 0.10;

/// The scale of a comparison: from equally important to extremely more important.
const EXTREME: f64 = 9.0;

/// Weights and how far the comparisons behind them contradict each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Priorities {
    /// Adding up to 1.
    pub shares: Vec<f64>,
    pub consistency_ratio: f64,
}

/// How many times more important one is than another, by their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub one: usize,
    pub other: usize,
    pub ratio: f64,
}

/// The weights of `count` members from comparisons that connect them all, each pair at most once.
pub fn priorities(count: usize, comparisons: &[Comparison]) -> Priorities {
    let matrix = matrix(count, comparisons);
    let (shares, lambda) = eigenvector(&matrix);
    Priorities { shares, consistency_ratio: consistency_ratio(count, lambda) }
}

/// The reciprocal matrix in Harker's form: zero where nothing is compared, and that many more on the diagonal.
fn matrix(count: usize, comparisons: &[Comparison]) -> Vec<Vec<f64>> {
    let mut matrix = vec![vec![0.0; count]; count];
    for comparison in comparisons {
        matrix[comparison.one][comparison.other] = comparison.ratio;
        matrix[comparison.other][comparison.one] = 1.0 / comparison.ratio;
    }
    for (place, row) in matrix.iter_mut().enumerate() {
        let missing = row.iter().filter(|cell| **cell == 0.0).count();
        // The cell of the diagonal itself is among them.
        row[place] = missing as f64;
    }
    matrix
}

/// The principal eigenvector, adding up to 1, and its eigenvalue, by power iteration in a fixed order.
fn eigenvector(matrix: &[Vec<f64>]) -> (Vec<f64>, f64) {
    let count = matrix.len();
    // Taking the same off the whole diagonal changes no eigenvector, and the iteration is over sooner.
    let least = (0..count).map(|place| matrix[place][place]).fold(f64::INFINITY, f64::min) - 1.0;
    let product = |vector: &[f64]| -> Vec<f64> {
        let row = |(row, own): (&Vec<f64>, &f64)| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>() - least * own;
        matrix.iter().zip(vector).map(row).collect()
    };
    let mut vector = vec![1.0 / count as f64; count];
    // A chain of 15, the slowest that there is, takes 2 000 steps.
    for _ in 0..100_000 {
        let mut next = product(&vector);
        let total: f64 = next.iter().sum();
        next.iter_mut().for_each(|value| *value /= total);
        let moved = next.iter().zip(&vector).map(|(new, old)| (new / old - 1.0).abs()).fold(0.0, f64::max);
        vector = next;
        if moved < 1e-14 {
            break;
        }
    }
    let lambda = product(&vector).iter().zip(&vector).map(|(new, old)| new / old).sum::<f64>() / count as f64 + least;
    (vector, lambda)
}

/// CR = ((λmax − n)/(n − 1))/RI; zero for one or two, which cannot contradict each other.
fn consistency_ratio(count: usize, lambda: f64) -> f64 {
    let index = count.checked_sub(3).and_then(|place| RANDOM_INDICES.get(place));
    let ratio = |index: &f64| (lambda - count as f64) / (count as f64 - 1.0) / index;
    // λmax is n or more; where it is n the last bits may say less, or a trace more.
    index.map(ratio).filter(|ratio| *ratio > 1e-12).unwrap_or_default()
}

/// The members that comparisons do not connect with the first one.
fn unconnected(count: usize, comparisons: &[Comparison]) -> Vec<usize> {
    let mut connected = vec![false; count];
    if let Some(first) = connected.first_mut() {
        *first = true;
    }
    // Each round reaches at least one more, or none is left to reach.
    for _ in 0..count {
        for comparison in comparisons {
            let either = connected[comparison.one] || connected[comparison.other];
            (connected[comparison.one], connected[comparison.other]) = (either, either);
        }
    }
    (0..count).filter(|place| !connected[*place]).collect()
}

/// The most inconsistent comparison: the one whose change takes away most of the contradiction; and what to put
/// in its place.
#[derive(Debug, Clone, PartialEq)]
struct Mend {
    /// Its place among the comparisons.
    place: usize,
    /// The value of Saaty's scale that contradicts the others least, and the consistency ratio with it.
    ratio: Ratio,
    consistency_ratio: f64,
}

/// A value of Saaty's scale: a whole number from 1 to 9, or one divided by it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ratio {
    value: u32,
    inverse: bool,
}

impl Ratio {
    fn all() -> impl Iterator<Item = Self> {
        let inverses = (2..=9).rev().map(|value| Self { value, inverse: true });
        inverses.chain((1..=9).map(|value| Self { value, inverse: false }))
    }

    fn number(self) -> f64 {
        if self.inverse { 1.0 / f64::from(self.value) } else { f64::from(self.value) }
    }

    fn text(self) -> String {
        if self.inverse { format!("1/{}", self.value) } else { self.value.to_string() }
    }
}

fn mend(count: usize, comparisons: &[Comparison]) -> Option<Mend> {
    let mut best: Option<Mend> = None;
    for place in 0..comparisons.len() {
        for ratio in Ratio::all() {
            let mut mended = comparisons.to_vec();
            mended.get_mut(place)?.ratio = ratio.number();
            let consistency_ratio = priorities(count, &mended).consistency_ratio;
            // Of equals the first, whatever the last bits say.
            if best.as_ref().is_none_or(|best| consistency_ratio < best.consistency_ratio - 1e-9) {
                best = Some(Mend { place, ratio, consistency_ratio });
            }
        }
    }
    best
}

/// Reads comparisons written `one / other: 3` and weighs the members by them.
///
/// `owner` names what is weighed, for messages. Everything wrong is reported, and nothing returned then.
pub(super) fn decode(
    node: &Node,
    accept_inconsistency: bool,
    members: &[Member],
    owner: &str,
    problems: &Problems,
) -> Option<Priorities> {
    let Value::Map(entries) = &node.value else {
        let message = format!("`compare` should be a map of comparisons, found {}", node.describe());
        problems.report(&node.span, message, "such as `{growth / harmony: 3}`".to_owned());
        return None;
    };
    if members.len() > MOST {
        let message = format!("{owner} has {} to compare, and `ahp` is for {MOST} at the most", members.len());
        problems.report(&node.span, message, "divide them into groups, or weigh them by `rank` or `swing`".to_owned());
        return None;
    }
    let mut comparisons: Vec<Comparison> = Vec::new();
    let mut complete = true;
    for (key, value) in entries {
        let (pair, ratio) = (pair(key, members, owner, problems), ratio(value, problems));
        let Some(((one, other), ratio)) = pair.zip(ratio) else {
            complete = false;
            continue;
        };
        let pairs = |comparison: &Comparison| (comparison.one, comparison.other);
        if comparisons.iter().map(pairs).any(|before| before == (one, other) || before == (other, one)) {
            let message = format!("`{}` is compared twice", key.value);
            problems.report(
                &key.span,
                message,
                "keep one of the two: the other way round is one divided by it".to_owned(),
            );
            complete = false;
        }
        comparisons.push(Comparison { one, other, ratio });
    }
    if !complete {
        return None;
    }
    let left = unconnected(members.len(), &comparisons);
    if !left.is_empty() {
        let quoted =
            |place: usize| members.get(place).map_or(String::new(), |member| format!("`{}`", member.name.value));
        let left: Vec<String> = left.into_iter().map(quoted).collect();
        let message = format!("no comparisons of {owner} connect {} with {}", quoted(0), left.join(", "));
        problems.report(&node.span, message, "compare one of the first with one of the others".to_owned());
        return None;
    }
    let found = priorities(members.len(), &comparisons);
    if found.consistency_ratio > LIMIT && !accept_inconsistency {
        report_inconsistency(&found, &comparisons, entries, (members.len(), owner, &node.span), problems);
        return None;
    }
    Some(found)
}

fn report_inconsistency(
    found: &Priorities,
    comparisons: &[Comparison],
    entries: &[(Located<String>, Node)],
    (count, owner, span): (usize, &str, &Span),
    problems: &Problems,
) {
    let message = format!(
        "the comparisons of {owner} contradict each other: their consistency ratio is {:.2}, above {LIMIT:.2} \
         (random index of {RANDOM_INDEX})",
        found.consistency_ratio
    );
    let accept = "declare `accept_inconsistency: true`";
    let mended = mend(count, comparisons).and_then(|mend| Some((entries.get(mend.place)?, mend)));
    let Some(((key, value), mend)) = mended else { return problems.report(span, message, accept.to_owned()) };
    let enough = if mend.consistency_ratio > LIMIT { "still " } else { "" };
    let hint = format!(
        "`{}` is `{}`, which fits the others least; with `{}` the ratio is {enough}{:.2}; or {accept}",
        key.value,
        value.raw,
        mend.ratio.text(),
        mend.consistency_ratio
    );
    problems.report(&key.span, message, hint);
}

/// The places of the two members that a key `one / other` names.
fn pair(key: &Located<String>, members: &[Member], owner: &str, problems: &Problems) -> Option<(usize, usize)> {
    let Some((one, other)) = key.value.split_once('/') else {
        let message = format!("a comparison should be `one / other`, found `{}`", key.value);
        problems.report(&key.span, message, "such as `growth / harmony: 3`".to_owned());
        return None;
    };
    let place = |name: &str| {
        let found = members.iter().position(|member| member.name.value == name);
        if found.is_none() {
            let names: Vec<&str> = members.iter().map(|member| member.name.value.as_str()).collect();
            problems.report(&key.span, format!("{owner} has no `{name}` to compare"), did_you_mean(name, names));
        }
        found
    };
    let (one, other) = (place(one.trim()), place(other.trim()));
    let (one, other) = (one?, other?);
    if one == other {
        problems.report(&key.span, format!("`{}` compares one with itself", key.value), None);
        return None;
    }
    Some((one, other))
}

/// A number from 1/9 to 9, also written as `1/3`.
fn ratio(node: &Node, problems: &Problems) -> Option<f64> {
    let fraction = |text: &str| -> Option<f64> {
        let (above, below) = text.split_once('/')?;
        Some(above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?)
    };
    let found = match &node.value {
        Value::Integer(whole) => Some(*whole as f64),
        Value::Number(number) => Some(*number),
        Value::Text(text) => fraction(text),
        _ => None,
    };
    // Whoever writes 0.11 means a ninth.
    if let Some(found) = found.filter(|found| (0.11..=EXTREME).contains(found)) {
        return Some(found);
    }
    let message = format!("a comparison should be from 1/9 to 9, found {}", node.describe());
    problems.report(&node.span, message, "1 is equally important, 9 extremely more, 1/9 extremely less".to_owned());
    None
}

#[cfg(test)]
mod tests;

//! How weights come about: as declared, equal, from an order, from swings, or from pairwise comparisons.
//!
//! The same keys weigh the criteria of a group and the groups of a scorecard.

use super::ahp;
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::pipeline::fields::{Fields, number, text};
use crate::pipeline::node::{Node, Value};

/// Where weights come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Direct,
    Equal,
    /// Rank-order centroid.
    Rank,
    Swing,
    Ahp,
}

impl Method {
    const ALL: [Self; 5] = [Self::Direct, Self::Equal, Self::Rank, Self::Swing, Self::Ahp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Equal => "equal",
            Self::Rank => "rank",
            Self::Swing => "swing",
            Self::Ahp => "ahp",
        }
    }

    /// How a method is declared that needs more than its name.
    fn example(self) -> &'static str {
        match self {
            Self::Direct | Self::Equal => "",
            Self::Rank => "{method: rank, order: [most_important, next]}",
            Self::Swing => "{method: swing, swings: {most_important: 100, next: 60}}",
            Self::Ahp => "{method: ahp, compare: {one / other: 3}}",
        }
    }
}

/// How the weights of one level came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighing {
    pub method: Method,
    /// How far pairwise comparisons contradict each other; none for other methods.
    pub consistency_ratio: Option<f64>,
}

/// The weights of one level: of the criteria of a group, or of the groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    pub weighing: Weighing,
    /// In the order of the members, adding up to 1.
    pub shares: Vec<f64>,
}

/// A member of a level as its own map declares it.
#[derive(Debug)]
pub(super) struct Member<'n> {
    pub(super) name: &'n Located<String>,
    /// `criterion` or `group`.
    pub(super) what: &'static str,
    /// The key `weight`: none where it is left out, none inside where it has a mistake.
    pub(super) weight: Option<Located<Option<f64>>>,
}

impl Member<'_> {
    fn called(&self) -> String {
        format!("{} `{}`", self.what, self.name.value)
    }
}

/// The key `weight` of a member.
pub(super) fn stated(fields: &mut Fields) -> Option<Located<Option<f64>>> {
    let node = fields.optional("weight")?;
    let weight =
        number(node, "weight", fields.problems).and_then(|weight| positive(&weight, "weight", fields.problems));
    Some(Located::new(weight, node.span.clone()))
}

/// A number that can be a weight: above zero, and not so large that a sum could overflow.
fn positive(found: &Located<f64>, what: &str, problems: &Problems) -> Option<f64> {
    if found.value > 0.0 && found.value <= 1e9 {
        return Some(found.value);
    }
    let (message, hint) = match found.value > 0.0 {
        true => {
            (format!("a {what} should be a thousand million at the most"), format!("only the ratio of {what}s counts"))
        }
        false => (format!("a {what} should be above zero"), "leave out what should not count".to_owned()),
    };
    problems.report(&found.span, format!("{message}, found {}", found.value), hint);
    None
}

/// Weighs the members by the key `weights` of their level, or by their own `weight` where it is left out.
///
/// `owner` names the level, for messages. Where there is a mistake it is reported, and all weigh the same: the
/// rest is checked all the same.
pub(super) fn weigh(node: Option<&Node>, members: &[Member], owner: &str, problems: &Problems) -> Weights {
    let found = match node {
        None => direct(members, problems),
        Some(node) => declared(node, members, owner, problems),
    };
    found.unwrap_or_else(|| equal(members.len()))
}

fn declared(node: &Node, members: &[Member], owner: &str, problems: &Problems) -> Option<Weights> {
    if let Value::Text(word) = &node.value {
        let method = match Method::ALL.into_iter().find(|method| method.name() == word) {
            Some(method @ (Method::Direct | Method::Equal)) => method,
            Some(method) => {
                let message = format!("the method `{word}` needs more than its name");
                problems.report(&node.span, message, format!("such as `weights: {}`", method.example()));
                return None;
            }
            None => {
                let message = format!("`weights` should be `direct`, `equal` or a map with a `method`, found `{word}`");
                problems.report(&node.span, message, did_you_mean(word, Method::ALL.map(Method::name)));
                return None;
            }
        };
        return simple(method, members, owner, problems);
    }
    let context = format!("`weights` of {owner}");
    let mut fields = Fields::open(node, &node.span, context.clone(), problems)?;
    let methods = Method::ALL.map(|method| (method.name(), Some(method)));
    let Some(method) = fields.choice("method", &methods, None)? else {
        let names = did_you_mean("", Method::ALL.map(Method::name));
        problems.report(&node.span, format!("{context} needs the key `method`"), names);
        return None;
    };
    let weights = match method {
        Method::Direct | Method::Equal => simple(method, members, owner, problems),
        Method::Rank => {
            let order = fields.required("order");
            order.and_then(|order| ranked(order, members, owner, problems)).map(|shares| of(method, shares))
        }
        Method::Swing => {
            let swings = fields.required("swings");
            swings.and_then(|swings| swung(swings, members, owner, problems)).map(|shares| of(method, shares))
        }
        Method::Ahp => {
            let (compare, accept) = (fields.required("compare"), fields.flag("accept_inconsistency"));
            let accept = accept.unwrap_or_default();
            let found = compare.and_then(|compare| ahp::decode(compare, accept, members, owner, problems));
            found.map(|found| Weights {
                weighing: Weighing { method, consistency_ratio: Some(found.consistency_ratio) },
                shares: found.shares,
            })
        }
    };
    fields.finish();
    let has_one_source = method == Method::Direct || no_weights_of_their_own(method, members, owner, problems);
    weights.filter(|_| has_one_source)
}

fn simple(method: Method, members: &[Member], owner: &str, problems: &Problems) -> Option<Weights> {
    match method {
        Method::Direct => direct(members, problems),
        _ => no_weights_of_their_own(method, members, owner, problems).then(|| equal(members.len())),
    }
}

fn of(method: Method, shares: Vec<f64>) -> Weights {
    Weights { weighing: Weighing { method, consistency_ratio: None }, shares }
}

fn equal(count: usize) -> Weights {
    of(Method::Equal, vec![1.0 / count as f64; count])
}

fn direct(members: &[Member], problems: &Problems) -> Option<Weights> {
    let mut weights = Vec::new();
    for member in members {
        match &member.weight {
            Some(weight) => weights.push(weight.value),
            None => {
                let message = format!("{} needs the key `weight`", member.called());
                problems.report(&member.name.span, message, None);
                weights.push(None);
            }
        }
    }
    let weights: Vec<f64> = weights.into_iter().collect::<Option<_>>()?;
    Some(of(Method::Direct, normalised(&weights)))
}

fn normalised(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// Two answers to one question are one too many.
fn no_weights_of_their_own(method: Method, members: &[Member], owner: &str, problems: &Problems) -> bool {
    let mut none = true;
    for member in members {
        if let Some(weight) = &member.weight {
            let message = format!("{} has a `weight`, but {owner} is weighed by `{}`", member.called(), method.name());
            problems.report(&weight.span, message, "leave out one of the two".to_owned());
            none = false;
        }
    }
    none
}

/// The places of named members, each of which is named exactly once.
fn places(
    names: &[Located<String>],
    key: &Located<&str>,
    members: &[Member],
    owner: &str,
    problems: &Problems,
) -> Option<Vec<usize>> {
    let known: Vec<&str> = members.iter().map(|member| member.name.value.as_str()).collect();
    let mut found: Vec<Option<usize>> = Vec::new();
    for name in names {
        let place = known.iter().position(|known| *known == name.value);
        if place.is_none() {
            let message = format!("{owner} has no `{}` to weigh", name.value);
            problems.report(&name.span, message, did_you_mean(&name.value, known.iter().copied()));
        } else if found.contains(&place) {
            problems.report(&name.span, format!("`{}` appears twice in `{}`", name.value, key.value), None);
            found.push(None);
            continue;
        }
        found.push(place);
    }
    let left: Vec<String> = (0..known.len())
        .filter(|place| !found.contains(&Some(*place)))
        .filter_map(|place| known.get(place).map(|name| format!("`{name}`")))
        .collect();
    let complete = left.is_empty();
    // What is misspelt is missing for that reason alone.
    if !complete && !found.contains(&None) {
        let message = format!("`{}` leaves out {}", key.value, left.join(", "));
        problems.report(&key.span, message, format!("{owner} is weighed as a whole"));
    }
    found.into_iter().collect::<Option<_>>().filter(|_| complete)
}

/// Rank-order centroid: w_k = (1/n) Σ_{i=k..n} 1/i for the k-th of n; equals share the mean of their places.
pub fn rank_order_centroid(count: usize) -> Vec<f64> {
    let mut weights = vec![0.0; count];
    let mut sum = 0.0;
    for (place, weight) in weights.iter_mut().enumerate().rev() {
        sum += 1.0 / (place + 1) as f64;
        *weight = sum / count as f64;
    }
    weights
}

fn ranked(node: &Node, members: &[Member], owner: &str, problems: &Problems) -> Option<Vec<f64>> {
    let Value::List(items) = &node.value else {
        let message = format!("`order` should be a list, found {}", node.describe());
        problems.report(&node.span, message, "the most important first; equals in a list of their own".to_owned());
        return None;
    };
    let mut names = Vec::new();
    // How many stand at each step of the order.
    let mut steps = Vec::new();
    for item in items {
        let step: Option<Vec<Located<String>>> = match &item.value {
            Value::List(equals) => equals.iter().map(|name| text(name, "order", problems)).collect(),
            _ => text(item, "order", problems).map(|name| vec![name]),
        };
        let step = step?;
        steps.push(step.len());
        names.extend(step);
    }
    let places = places(&names, &Located::new("order", node.span.clone()), members, owner, problems)?;
    let centroid = rank_order_centroid(members.len());
    let mut shares = vec![0.0; members.len()];
    let mut from = 0;
    for step in steps.into_iter().filter(|step| *step > 0) {
        let of_step = centroid.get(from..from + step)?;
        let mean = of_step.iter().sum::<f64>() / step as f64;
        for place in places.get(from..from + step)? {
            *shares.get_mut(*place)? = mean;
        }
        from += step;
    }
    Some(shares)
}

fn swung(node: &Node, members: &[Member], owner: &str, problems: &Problems) -> Option<Vec<f64>> {
    let Value::Map(entries) = &node.value else {
        let message = format!("`swings` should be a map, found {}", node.describe());
        problems.report(&node.span, message, "such as `{most_important: 100, next: 60}`".to_owned());
        return None;
    };
    let names: Vec<Located<String>> = entries.iter().map(|(name, _)| name.clone()).collect();
    let rated = |node: &Node| number(node, "swing", problems).and_then(|swing| positive(&swing, "swing", problems));
    let ratings: Vec<Option<f64>> = entries.iter().map(|(_, node)| rated(node)).collect();
    let places = places(&names, &Located::new("swings", node.span.clone()), members, owner, problems)?;
    let ratings: Vec<f64> = ratings.into_iter().collect::<Option<_>>()?;
    let mut shares = vec![0.0; members.len()];
    for (place, share) in places.into_iter().zip(normalised(&ratings)) {
        *shares.get_mut(place)? = share;
    }
    Some(shares)
}

#[cfg(test)]
mod tests;

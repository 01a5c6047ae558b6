//! What a `select` stage declares.

use super::rule::Each;
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::{Fields, distinct, text, whole};
use crate::pipeline::node::{Node, Value};
use crate::scoring::list::{Line, between, classes};

/// The most places that can be declared.
const PLACES: std::ops::RangeInclusive<i64> = 1..=1_000_000;

#[derive(Debug, Clone)]
pub struct Select {
    /// The scorecard.
    pub from: Located<String>,
    /// The earlier runs; without them every run is the first one.
    pub history: Option<Located<String>>,
    pub enter: Line,
    pub leave: Line,
    pub classes: Vec<Located<String>>,
    pub coverage: Option<f64>,
    pub require: Vec<Required>,
    pub at_most: Option<usize>,
    /// A column of the accounts table, that table, and the places of each group.
    pub groups: Option<Groups>,
    pub capacity: Option<Capacity>,
    pub entries: Option<usize>,
    pub review: Review,
    /// Who looks after which account today.
    pub assigned: Option<Located<String>>,
}

/// The least value of a measure.
#[derive(Debug, Clone)]
pub struct Required {
    pub measure: Located<String>,
    pub at_least: f64,
}

#[derive(Debug, Clone)]
pub struct Groups {
    pub column: Located<String>,
    pub accounts: Located<String>,
    pub places: Each,
}

/// How many accounts the managers have room for.
#[derive(Debug, Clone)]
pub enum Capacity {
    Accounts(usize),
    /// The sum of the column `capacity` of a small table.
    Of(Located<String>),
}

/// When it is decided anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    EveryRun,
    /// At the end of every period of so many months of the fiscal year.
    Months(u8),
}

impl Select {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let problems = fields.problems;
        let (from, history) = (fields.text("from"), fields.optional_text("history"));
        let enter = fields.required("enter").map(|node| (node, Line::decode("enter", node, problems)));
        let leave = fields.optional("leave").map(|node| (node, Line::decode("leave", node, problems)));
        let lines = lines(enter, leave, problems);
        let classes = classes(fields);
        let coverage = match fields.optional("coverage") {
            None => None,
            Some(node) => between(node, "coverage", (0.0, 1.0), problems),
        };
        let require = fields.optional("require").map(|node| requirements(node, problems));
        let (at_most, groups) = (places(fields, "at_most"), groups(fields));
        let capacity = fields.optional("capacity").and_then(|node| capacity(node, problems));
        let entries = places(fields, "entries");
        let periods = [
            ("every_run", Review::EveryRun),
            ("monthly", Review::Months(1)),
            ("quarterly", Review::Months(3)),
            ("half_yearly", Review::Months(6)),
            ("yearly", Review::Months(12)),
        ];
        let review = fields.choice("review", &periods, Review::Months(3));
        let assigned = fields.optional_text("assigned");
        // What has a mistake is left out or gets a value in its stead: the wiring is checked all the same.
        let (enter, leave) = lines.unwrap_or((Line::Top(1), Line::Top(1)));
        Some(Self {
            from: from?,
            history,
            enter,
            leave,
            classes: classes.unwrap_or_default(),
            coverage,
            require: require.unwrap_or_default(),
            at_most,
            groups,
            capacity,
            entries,
            review: review.unwrap_or(Review::EveryRun),
            assigned,
        })
    }
}

/// The two lines, which are one where only `enter` is declared. Between them lies the band in which nothing changes.
fn lines(
    enter: Option<(&Node, Option<Line>)>,
    leave: Option<(&Node, Option<Line>)>,
    problems: &Problems,
) -> Option<(Line, Line)> {
    let (_, enter) = enter?;
    let Some((node, leave)) = leave else { return enter.map(|line| (line, line)) };
    let (enter, leave) = (enter?, leave?);
    let (message, hint) = match (enter, leave) {
        (Line::Score(enter), Line::Score(leave)) if leave > enter => (
            format!("`leave` is {leave}, above `enter`, which is {enter}"),
            "an account leaves at a lower score than it enters",
        ),
        (Line::Top(enter), Line::Top(leave)) if leave < enter => (
            format!("`leave` is the first {leave}, fewer than the {enter} of `enter`"),
            "an account leaves at a worse place than it enters",
        ),
        (Line::Score(_), Line::Score(_)) | (Line::Top(_), Line::Top(_)) => return Some((enter, leave)),
        (Line::Score(_), Line::Top(_)) => {
            ("`enter` is a `score`, but `leave` a `top`".to_owned(), "such as `leave: {score: 6.5}`")
        }
        (Line::Top(_), Line::Score(_)) => {
            ("`enter` is a `top`, but `leave` a `score`".to_owned(), "such as `leave: {top: 50}`")
        }
    };
    problems.report(&node.span, message, hint.to_owned());
    None
}

/// A number of places, or none where the key is left out.
fn places(fields: &mut Fields, key: &'static str) -> Option<usize> {
    fields.optional(key).and_then(|node| places_of(node, key, fields.problems))
}

fn places_of(node: &Node, key: &str, problems: &Problems) -> Option<usize> {
    whole(node, key, PLACES, problems).and_then(|places| usize::try_from(places).ok())
}

fn requirements(node: &Node, problems: &Problems) -> Vec<Required> {
    let items = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let requirement = |node: &Node| {
        let mut fields = Fields::open(node, &node.span, "a requirement", problems)?;
        let (measure, at_least) = (fields.text("measure"), fields.number("at_least"));
        fields.finish();
        Some(Required { measure: measure?, at_least: at_least.map_or(0.0, |at_least| at_least.value) })
    };
    items.iter().filter_map(requirement).collect()
}

fn capacity(node: &Node, problems: &Problems) -> Option<Capacity> {
    match node.value {
        Value::Integer(_) | Value::Number(_) => places_of(node, "capacity", problems).map(Capacity::Accounts),
        _ => text(node, "capacity", problems).map(Capacity::Of),
    }
}

/// Reads `by`, `accounts` and `at_most_each`, which go together or are all left out.
fn groups(fields: &mut Fields) -> Option<Groups> {
    let problems = fields.problems;
    let nodes = ["by", "accounts", "at_most_each"].map(|key| (key, fields.optional(key)));
    let first = nodes.iter().find_map(|(_, node)| *node)?;
    let missing: Vec<String> =
        nodes.iter().filter(|(_, node)| node.is_none()).map(|(key, _)| format!("`{key}`")).collect();
    if !missing.is_empty() {
        let message = format!("places of groups also need {}", missing.join(" and "));
        let hint = "such as `by: segment, accounts: accounts, at_most_each: 12`";
        problems.report(&first.span, message, hint.to_owned());
        return None;
    }
    let [(_, by), (_, accounts), (_, each)] = nodes;
    let (column, accounts) = (text(by?, "by", problems), text(accounts?, "accounts", problems));
    let places = each_of(each?, problems);
    Some(Groups { column: column?, accounts: accounts?, places })
}

/// The places of groups; what has a mistake is reported and left out.
fn each_of(node: &Node, problems: &Problems) -> Each {
    let Value::Map(entries) = &node.value else {
        return Each::Same(places_of(node, "at_most_each", problems).unwrap_or(1));
    };
    distinct(entries.iter().map(|(name, _)| name), "`at_most_each`", problems);
    let of_group = |(name, node): &(Located<String>, Node)| {
        places_of(node, &name.value, problems).map(|places| (name.value.clone(), places))
    };
    Each::Of(entries.iter().filter_map(of_group).collect())
}

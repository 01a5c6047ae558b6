//! The list: which accounts are chosen by their scores. A stage `robustness` or `select` declares it; where none does, it
//! is the best by score.

use super::overrides::{Decision, Decisions};
use crate::pipeline::diagnostics::{Located, Problems, Span, did_you_mean};
use crate::pipeline::fields::{Fields, number, whole};
use crate::pipeline::node::Node;
use crate::table::Table;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many accounts are on the list where nobody says.
const LISTED: usize = 20;

/// The last bits of a sum must not decide.
pub const EQUAL: f64 = 1e-9;

/// The classes of `pareto`.
pub const CLASSES: [&str; 3] = ["A", "B", "C"];

/// Where the list ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Line {
    /// The best by score, so many.
    Top(usize),
    /// Those of this score and above.
    Score(f64),
}

/// Which accounts are on the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub line: Line,
    /// Only accounts of these classes can be on it; of any where there are none.
    pub classes: Vec<String>,
}

impl Default for Rule {
    fn default() -> Self {
        Line::Top(LISTED).into()
    }
}

impl From<Line> for Rule {
    fn from(line: Line) -> Self {
        Self { line, classes: Vec::new() }
    }
}

impl Rule {
    /// Reads a declared rule; with it the place of its first class.
    pub fn decode(node: &Node, problems: &Problems) -> Option<(Self, Option<Span>)> {
        let mut fields = Fields::open(node, &node.span, "`chosen`", problems)?;
        let (top, score) = (fields.optional("top"), fields.optional("score"));
        let classes = classes(&mut fields);
        fields.finish();
        let line = Line::read("chosen", node, (top, score), problems);
        let (line, classes) = (line?, classes?);
        let at = classes.first().map(|class| class.span.clone());
        let classes = classes.into_iter().map(|class| class.value).collect();
        Some((Self { line, classes }, at))
    }

    /// What the first stage `robustness` of a scorecard says, in the content of a pipeline that is sound.
    pub fn of_content(content: &Value, scorecard: &str) -> Option<Self> {
        let stages = content.get("stages").and_then(Value::as_array).into_iter().flatten();
        let mut robustness = stages.filter_map(|stage| stage.get("robustness"));
        let is_its = |stage: &&Value| stage.get("from").and_then(Value::as_str) == Some(scorecard);
        let chosen = robustness.find(is_its)?.get("chosen")?;
        Some(Self { line: Line::of_content(chosen)?, classes: classes_of(chosen) })
    }

    /// The line and the classes of the first stage `select`, in the content of a pipeline that is sound: the line to
    /// leave for accounts that are on the list, else the one to enter.
    pub fn of_selection(content: &Value, on_list: bool) -> Option<Self> {
        let stages = content.get("stages").and_then(Value::as_array).into_iter().flatten();
        let select = stages.filter_map(|stage| stage.get("select")).next()?;
        let leave = select.get("leave").filter(|_| on_list);
        let line = Line::of_content(leave.or_else(|| select.get("enter"))?)?;
        Some(Self { line, classes: classes_of(select) })
    }

    /// The rule in words: `the 40 best by score of class A or B`.
    pub fn describe(&self) -> String {
        let line = match self.line {
            Line::Top(1) => "the best by score".to_owned(),
            Line::Top(count) => format!("the {count} best by score"),
            Line::Score(score) => format!("a score of {score} and above"),
        };
        match self.classes.split_last() {
            None => line,
            Some((last, [])) => format!("{line} of class {last}"),
            Some((last, others)) => format!("{line} of class {} or {last}", others.join(", ")),
        }
    }

    /// The accounts that their class lets be chosen; nothing where all can.
    pub fn able<'t>(&self, pareto: Option<&'t Table>) -> Option<BTreeSet<&'t str>> {
        let of_class = |table: &'t Table| table.text("account").into_iter().zip(table.text("class"));
        let able = pareto.map(of_class).into_iter().flatten();
        let able = able.filter(|(_, class)| self.classes.iter().any(|able| able == class));
        (!self.classes.is_empty()).then(|| able.map(|(account, _)| account).collect())
    }

    /// The places of all accounts of a scorecard; `pareto` gives the classes, where the rule asks for some.
    pub fn places<'t>(&self, scorecard: &'t Table, pareto: Option<&'t Table>, decisions: &Decisions<'t>) -> Places<'t> {
        let accounts = scorecard.text("account");
        let able = self.able(pareto);
        let rated = scorecard.flags("rated");
        let is_free = |account: &str| !decisions.contains_key(account);
        let can = |row: &usize| {
            let account = accounts[*row];
            rated[*row] && is_free(account) && able.as_ref().is_none_or(|able| able.contains(account))
        };
        let rows: Vec<usize> = (0..accounts.len()).filter(can).collect();
        let scores: Vec<f64> = scorecard.numbers("score").into_iter().map(Option::unwrap_or_default).collect();
        let (order, length) = self.line.beside(decisions).ranked(&rows, &scores);
        let ranks = order.iter().enumerate().map(|(place, row)| (accounts[*row], place + 1)).collect();
        let order = order.iter().map(|row| (accounts[*row], scores[*row])).collect();
        Places { order, ranks, length, protected: protected(decisions).collect() }
    }
}

/// The accounts that are on the list by decision.
fn protected<'t>(decisions: &Decisions<'t>) -> impl Iterator<Item = &'t str> {
    decisions.iter().filter(|(_, decided)| decided.decision == Decision::Always).map(|(account, _)| *account)
}

/// The classes that a key `class` names; none where it is left out.
pub fn classes(fields: &mut Fields) -> Option<Vec<Located<String>>> {
    let classes = match fields.optional("class") {
        None => Some(Vec::new()),
        Some(_) => fields.optional_texts("class"),
    };
    let mut known = true;
    for class in classes.iter().flatten().filter(|class| !CLASSES.contains(&class.value.as_str())) {
        let message = format!("there is no class `{}`", class.value);
        fields.problems.report(&class.span, message, did_you_mean(&class.value, CLASSES));
        known = false;
    }
    classes.filter(|_| known)
}

/// The classes that a part of a sound pipeline names.
fn classes_of(content: &Value) -> Vec<String> {
    match content.get("class") {
        Some(Value::Array(classes)) => classes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(class)) => vec![class.clone()],
        _ => Vec::new(),
    }
}

impl Line {
    /// The line of a part of a sound pipeline.
    fn of_content(content: &Value) -> Option<Self> {
        let figure = |key: &str| content.get(key)?.as_str();
        match (figure("top"), figure("score")) {
            (Some(top), _) => top.parse().ok().map(Self::Top),
            (None, score) => score?.parse().ok().map(Self::Score),
        }
    }

    /// The line for the accounts that nobody decided about: those that are always on the list take places of it.
    pub fn beside(self, decisions: &Decisions) -> Self {
        match self {
            Self::Top(count) => Self::Top(count.saturating_sub(protected(decisions).count())),
            Self::Score(score) => Self::Score(score),
        }
    }

    /// Reads a line of a key of its own, such as `enter: {score: 7}`.
    pub fn decode(key: &str, node: &Node, problems: &Problems) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, format!("`{key}`"), problems)?;
        let declared = (fields.optional("top"), fields.optional("score"));
        fields.finish();
        Self::read(key, node, declared, problems)
    }

    /// One of the two ways to say where a list ends.
    fn read(key: &str, node: &Node, declared: (Option<&Node>, Option<&Node>), problems: &Problems) -> Option<Self> {
        match declared {
            (Some(top), None) => {
                whole(top, "top", 1..=1_000_000, problems).and_then(|top| usize::try_from(top).ok()).map(Self::Top)
            }
            (None, Some(score)) => between(score, "score", (1.0, 10.0), problems).map(Self::Score),
            (top, _) => {
                let found = if top.is_some() { "both" } else { "neither" };
                let message = format!("`{key}` should say either `top` or `score`, found {found}");
                let hint = format!("such as `{key}: {{top: 20}}` or `{key}: {{score: 6.5}}`");
                problems.report(&node.span, message, hint);
                None
            }
        }
    }

    /// Rows from the best score to the worst, equals as they come, and how many of the first are on the list.
    pub fn ranked(self, rows: &[usize], scores: &[f64]) -> (Vec<usize>, usize) {
        let mut order = rows.to_vec();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let length = match self {
            Self::Top(count) => count.min(order.len()),
            Self::Score(score) => order.iter().filter(|row| scores[**row] + EQUAL >= score).count(),
        };
        (order, length)
    }
}

/// Who is where among the accounts that can be chosen: those that are rated, of a class that the rule asks for, and
/// that nobody decided about.
#[derive(Debug, Clone, PartialEq)]
pub struct Places<'t> {
    /// Accounts with their scores, the best first.
    pub order: Vec<(&'t str, f64)>,
    /// From 1.
    ranks: BTreeMap<&'t str, usize>,
    /// How many of the first are on the list.
    pub length: usize,
    /// Those that are on it besides, by decision.
    pub protected: BTreeSet<&'t str>,
}

impl Places<'_> {
    /// From 1; nothing for an account that cannot be chosen.
    pub fn rank(&self, account: &str) -> Option<usize> {
        self.ranks.get(account).copied()
    }

    pub fn is_listed(&self, account: &str) -> bool {
        self.protected.contains(account) || self.rank(account).is_some_and(|rank| rank <= self.length)
    }
}

/// A number of a range, which is reported otherwise.
pub fn between(node: &Node, key: &str, (low, high): (f64, f64), problems: &Problems) -> Option<f64> {
    let found = number(node, key, problems)?;
    if (low..=high).contains(&found.value) {
        return Some(found.value);
    }
    problems.report(&found.span, format!("`{key}` should be from {low} to {high}, found {}", node.raw), None);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::overrides::Decided;
    use crate::table::TableBuilder;
    use serde_json::json;

    #[test]
    fn the_rule_of_a_scorecard_is_that_of_its_own_stage() {
        let content = json!({"stages": [
            {"robustness": {"from": "other", "chosen": {"top": "3"}}},
            {"robustness": {"id": "sure", "from": "card", "chosen": {"score": "6.5", "class": ["A", "B"]}}},
            {"robustness": {"id": "more", "from": "one", "chosen": {"top": "1", "class": "C"}}},
        ]});
        let words = |scorecard: &str| Rule::of_content(&content, scorecard).unwrap_or_default().describe();
        assert_eq!(words("card"), "a score of 6.5 and above of class A or B");
        assert_eq!(words("other"), "the 3 best by score");
        assert_eq!(words("one"), "the best by score of class C");
        assert_eq!(words("none"), "the 20 best by score");
    }

    #[test]
    fn the_line_of_a_selection_is_another_for_those_on_the_list() {
        let content = json!({"stages": [
            {"select": {"enter": {"score": "7"}, "leave": {"score": "6.5"}, "class": "A"}},
        ]});
        let words = |on_list: bool| Rule::of_selection(&content, on_list).unwrap().describe();
        assert_eq!(words(false), "a score of 7 and above of class A");
        assert_eq!(words(true), "a score of 6.5 and above of class A");
        let one_line = json!({"stages": [{"pareto": {}}, {"select": {"enter": {"top": "3"}}}]});
        assert_eq!(Rule::of_selection(&one_line, true).unwrap().describe(), "the 3 best by score");
        assert_eq!(Rule::of_selection(&json!({"stages": [{"pareto": {}}]}), true), None);
    }

    #[test]
    fn only_rated_accounts_of_the_classes_have_a_place() {
        let card = TableBuilder::new("scorecard", 5)
            .text("account", vec!["a", "b", "c", "d", "e"])
            .numbers("score", vec![Some(5.0), Some(9.0), Some(8.0), Some(8.0), None])
            .flags("rated", vec![true, true, true, true, false])
            .build();
        let pareto = TableBuilder::new("pareto", 5)
            .text("account", vec!["a", "b", "c", "d", "e"])
            .text("class", vec!["A", "C", "B", "A", "A"])
            .build();
        let rule = Rule { line: Line::Top(2), classes: vec!["A".to_owned(), "B".to_owned()] };
        let places = rule.places(&card, Some(&pareto), &Decisions::new());
        // c and d are equal, and c comes first; b is of class C, and e is not rated.
        assert_eq!(places.order, [("c", 8.0), ("d", 8.0), ("a", 5.0)]);
        assert_eq!((places.length, places.rank("d"), places.rank("b"), places.rank("e")), (2, Some(2), None, None));
        assert!(places.is_listed("d") && !places.is_listed("a") && !places.is_listed("b"));
        let all = Rule::from(Line::Score(8.0)).places(&card, None, &Decisions::new());
        assert_eq!((all.length, all.rank("b"), all.rank("a")), (3, Some(1), Some(4)));
        // b is never on it and e always, which takes one of the two places: one is left for c.
        let decided = |decision| Decided { decision, who: "Eva", why: "so", until: None };
        let decisions = Decisions::from([("b", decided(Decision::Never)), ("e", decided(Decision::Always))]);
        let beside = Rule::from(Line::Top(2)).places(&card, None, &decisions);
        assert_eq!(beside.order, [("c", 8.0), ("d", 8.0), ("a", 5.0)]);
        assert_eq!((beside.length, beside.rank("b"), beside.rank("e")), (1, None, None));
        assert_eq!(
            ["a", "b", "c", "d", "e"].map(|account| beside.is_listed(account)),
            [false, false, true, false, true]
        );
    }
}

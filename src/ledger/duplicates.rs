//! Duplicates: lines that stand twice, in one file or in two.
//!
//! A first pass over the keys alone finds them ([`find`]); while the ledger reads its lines, those that lose are told
//! ([`told`]). A ledger that declares no `duplicates` makes no such pass.

pub mod find;
pub mod keys;
pub mod told;

use super::config::Part;
use super::expression::Cell;
use super::total_rows::{THEN, Then};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::{Node, Value};

/// Which lines are the same, and which of them stays.
#[derive(Debug, Clone)]
pub struct Rule {
    pub key: Key,
    pub keep: Keep,
    pub then: Then,
    /// Lines that the rule speaks of; all where it does not say.
    pub condition: Option<Located<String>>,
    pub compare: Compare,
}

/// What equal lines have in common.
#[derive(Debug, Clone)]
pub enum Key {
    /// Every column.
    All,
    /// Each a column's name or a SQL expression.
    Parts(Vec<Located<String>>),
}

/// Which of equal lines stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    First,
    Last,
    /// That of the file which reaches furthest in time.
    Newest,
}

/// Which of equal lines are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// All but one.
    Lines,
    /// What a file says twice it means twice: only those that another file has as well, the first with the first,
    /// the second with the second.
    Files,
    /// The lines stand there so many times as a whole, so of `n` equal ones the part of `1/copies` stays.
    Copies(i64),
}

/// `duplicates` as a rule or a list of rules.
pub fn decode(parent: &mut Fields) -> Option<Vec<Rule>> {
    let Some(node) = parent.optional("duplicates") else { return Some(Vec::new()) };
    let rules: Vec<Option<Rule>> = match &node.value {
        Value::List(items) => items.iter().map(|item| rule(item, parent.problems)).collect(),
        _ => vec![rule(node, parent.problems)],
    };
    rules.into_iter().collect()
}

fn rule(node: &Node, problems: &Problems) -> Option<Rule> {
    let mut fields = Fields::open(node, &node.span, "a rule of `duplicates`", problems)?;
    let key = match fields.required("key") {
        Some(node) if node.raw == "all" => Some(Key::All),
        Some(_) => fields.texts("key").map(Key::Parts),
        None => None,
    };
    let keep = [("first", Keep::First), ("last", Keep::Last), ("newest", Keep::Newest)];
    let keep = fields.choice("keep", &keep, Keep::First);
    let then = fields.choice("then", &THEN, Then::Quarantine);
    let condition = fields.optional_text("where");
    let across = fields.choice("across", &[("lines", Compare::Lines), ("files", Compare::Files)], Compare::Lines);
    let copies = match fields.optional("copies") {
        None => Some(None),
        Some(_) => fields.whole("copies", 2..=1_000, 2).map(Some),
    };
    fields.finish();
    let compare = match (across?, copies?) {
        (Compare::Files, Some(_)) => {
            let message = "`copies` are of one file, and `across: files` leaves what one file says alone";
            problems.report(&node.span, message, "keep one of the two".to_owned());
            return None;
        }
        (_, Some(copies)) => Compare::Copies(copies),
        (across, None) => across,
    };
    Some(Rule { key: key?, keep: keep?, then: then?, condition, compare })
}

/// The parts of a rule, each parsed; nothing for a key of all columns.
#[derive(Debug, Clone)]
pub struct Cells {
    pub key: Option<Vec<Part>>,
    pub condition: Option<Part>,
    pub is_newest: bool,
}

impl Rule {
    /// Parses the parts; what does not parse is reported and left out.
    pub fn cells(&self, cell: impl Fn(&Located<String>) -> Part, problems: &Problems) -> Cells {
        let key = match &self.key {
            Key::All => None,
            Key::Parts(parts) => Some(parts.iter().map(cell).collect()),
        };
        let condition = self.condition.as_ref().map(|condition| Cell::parse(condition, false, problems));
        Cells { key, condition, is_newest: self.keep == Keep::Newest }
    }
}

//! Declared columns: a map from the name of a column to what its values are.

use super::diagnostics::{Located, Problems, did_you_mean};
use super::fields::{distinct, text};
use super::node::{Node, Value};
use crate::table::Meaning;

/// What the values of a column are, in one word.
pub fn meaning(node: &Node, column: &str, problems: &Problems) -> Option<Located<Meaning>> {
    let word = text(node, column, problems)?;
    let found = Meaning::NAMES.iter().find(|(name, _)| *name == word.value);
    if found.is_none() {
        let message = format!("unknown type `{}` of column `{column}`", word.value);
        problems.report(&word.span, message, did_you_mean(&word.value, Meaning::NAMES.map(|(name, _)| name)));
    }
    found.map(|(_, meaning)| Located::new(*meaning, word.span.clone()))
}

/// A map from columns to words.
pub fn meanings(node: &Node, problems: &Problems) -> Option<Vec<(Located<String>, Located<Meaning>)>> {
    let entries = entries(node, problems)?;
    entries.iter().map(|(column, node)| Some((column.clone(), meaning(node, &column.value, problems)?))).collect()
}

/// The entries of a map of columns, none of which stands twice.
pub fn entries<'n>(node: &'n Node, problems: &Problems) -> Option<&'n [(Located<String>, Node)]> {
    let Value::Map(entries) = &node.value else {
        let message = format!("`columns` should be a map of columns, found {}", node.describe());
        problems.report(&node.span, message, "such as `{account: text, amount: money}`".to_owned());
        return None;
    };
    distinct(entries.iter().map(|(column, _)| column), "`columns`", problems).then_some(entries.as_slice())
}

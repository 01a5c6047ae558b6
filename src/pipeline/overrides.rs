//! `--set key=value`: the same pipeline with another value somewhere.

use super::diagnostics::{Located, Problems, SourceText, Span, did_you_mean};
use super::node::{Node, Value, parse};

/// Applies one argument to the tree of a pipeline. The key is a path of map keys; below `stages` the
/// next part is a stage's id. The value is YAML.
pub fn apply(tree: &mut Node, set: &SourceText, index: usize, problems: &Problems) {
    let Some((path, value)) = set.text.split_once('=').filter(|(path, _)| !path.is_empty()) else {
        let message = format!("`--set` should be `key=value`, found `{}`", set.text);
        problems.report(&whole(set, index), message, "such as `--set currency=USD`".to_owned());
        return;
    };
    let mut node = match parse(&SourceText { name: set.name.clone(), text: value.to_owned() }, index) {
        Ok(node) => node,
        Err(problem) => return problems.report(&whole(set, index), problem.message, problem.hint),
    };
    shift(&mut node, path.len() + 1);
    let key = Located::new(path.to_owned(), Span { bytes: 0..path.len(), ..whole(set, index) });
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["stages", id, rest @ ..] if !rest.is_empty() => match stage(tree, id) {
            Ok(config) => put(config, rest, node, &key, problems),
            Err(ids) => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                problems.report(
                    &key.span,
                    format!("`--set` names the stage `{id}`, which does not exist"),
                    did_you_mean(id, ids),
                );
            }
        },
        ["stages", ..] => {
            let hint = "such as `--set stages.growth.years=2`".to_owned();
            problems.report(&key.span, "`--set stages…` should name a stage's id and a key of it", hint);
        }
        parts => put(tree, parts, node, &key, problems),
    }
}

/// The place of a value counts from the start of the argument and not of the value.
fn shift(node: &mut Node, by: usize) {
    node.span.bytes = node.span.bytes.start + by..node.span.bytes.end + by;
    node.span.column += by;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.span.bytes = key.span.bytes.start + by..key.span.bytes.end + by;
                key.span.column += by;
                shift(value, by);
            }
        }
        _ => {}
    }
}

fn whole(set: &SourceText, index: usize) -> Span {
    Span { source: index, line: 1, column: 1, bytes: 0..set.text.len() }
}

fn stage<'t>(tree: &'t mut Node, id: &str) -> Result<&'t mut Node, Vec<String>> {
    let Value::Map(entries) = &mut tree.value else { return Err(Vec::new()) };
    let stages = entries.iter_mut().find(|(key, _)| key.value == "stages").map(|(_, stages)| &mut stages.value);
    let Some(Value::List(items)) = stages else { return Err(Vec::new()) };
    let mut ids = Vec::new();
    for item in items {
        let Value::Map(entries) = &mut item.value else { continue };
        let Some((kind, config)) = entries.first_mut() else { continue };
        let own = id_of(config).unwrap_or_else(|| kind.value.clone());
        if own == id {
            return Ok(config);
        }
        ids.push(own);
    }
    Err(ids)
}

fn id_of(config: &Node) -> Option<String> {
    let Value::Map(entries) = &config.value else { return None };
    entries.iter().find(|(key, _)| key.value == "id").map(|(_, id)| id.raw.clone())
}

fn put(node: &mut Node, path: &[&str], value: Node, key: &Located<String>, problems: &Problems) {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return;
    };
    if node.value == Value::Null {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        let message = format!("`--set {}` goes into {}, which has no keys", key.value, node.describe());
        return problems.report(&key.span, message, None);
    };
    if let Some((_, next)) = entries.iter_mut().find(|(name, _)| name.value == *first) {
        return put(next, rest, value, key, problems);
    }
    let mut next = Node { value: Value::Null, span: key.span.clone(), raw: String::new() };
    put(&mut next, rest, value, key, problems);
    entries.push((Located::new((*first).to_owned(), key.span.clone()), next));
}

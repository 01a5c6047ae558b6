//! From a YAML file to stages that are wired and checked. Nothing here touches the data of a run.

#![expect(clippy::disallowed_methods, reason = "reads the pipeline file")]

pub mod check;
pub mod columns;
pub mod diagnostics;
pub mod fields;
pub mod node;
pub mod overrides;
pub mod scope;
pub mod settings;

use crate::stages::Stage;
use diagnostics::{Invalid, Located, Problems, SourceText, did_you_mean};
use fields::Fields;
use node::{Node, Value};
use settings::Settings;
use std::path::Path;

/// A stage as declared: its id and its config.
#[derive(Debug)]
pub struct Declared {
    pub id: Located<String>,
    /// The kind as written, also where the config behind it is wrong.
    pub kind: String,
    /// Nothing where the config is wrong; the id still counts as declared.
    pub stage: Option<Stage>,
}

/// A pipeline whose YAML has been read; wiring and columns are not checked yet.
#[derive(Debug)]
pub struct Pipeline {
    /// The file, then the `--set` arguments.
    pub sources: Vec<SourceText>,
    pub settings: Settings,
    pub stages: Vec<Declared>,
    /// The whole pipeline with all overrides, without places and comments: what identifies it.
    pub content: serde_json::Value,
}

/// Reads a pipeline file and applies arguments `key=value` to it.
///
/// # Errors
/// Every mistake that can be found without looking at the data.
pub fn load(path: &Path, sets: &[SourceText]) -> Result<(Pipeline, Problems), Invalid> {
    let name = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let problems = Problems::default();
            problems.report(&Default::default(), format!("cannot read `{name}`: {error}"), None);
            let sources = vec![SourceText { name, text: String::new() }];
            return Err(Invalid { sources, problems: problems.into_sorted() });
        }
    };
    parse(SourceText { name, text }, sets)
}

/// As [`load`], from a text.
///
/// # Errors
/// As [`load`].
pub fn parse(source: SourceText, sets: &[SourceText]) -> Result<(Pipeline, Problems), Invalid> {
    let mut sources = vec![source];
    sources.extend(sets.iter().cloned());
    let problems = Problems::default();
    match decode(&sources, &problems) {
        Some((settings, stages, content)) => Ok((Pipeline { sources, settings, stages, content }, problems)),
        None => Err(Invalid { sources, problems: problems.into_sorted() }),
    }
}

fn decode(sources: &[SourceText], problems: &Problems) -> Option<(Settings, Vec<Declared>, serde_json::Value)> {
    let (file, sets) = sources.split_first()?;
    let mut tree =
        node::parse(file, 0).map_err(|problem| problems.report(&problem.span, problem.message, problem.hint)).ok()?;
    for (index, set) in sets.iter().enumerate() {
        overrides::apply(&mut tree, set, index + 1, problems);
    }
    let mut fields = Fields::open(&tree, &tree.span, "the pipeline", problems)?;
    let settings = Settings::decode(&mut fields);
    let stages = fields.required("stages").map(|node| stages(node, problems)).unwrap_or_default();
    fields.finish();
    let mut content = tree.to_json();
    // How much memory there is decides nothing but how long a run takes.
    content.as_object_mut().into_iter().for_each(|content| _ = content.remove("memory_limit"));
    Some((settings, stages, content))
}

fn stages(node: &Node, problems: &Problems) -> Vec<Declared> {
    let Value::List(items) = &node.value else {
        let message = format!("`stages` should be a list, found {}", node.describe());
        problems.report(&node.span, message, "each stage is a list item: `- growth: {from: account_years}`".to_owned());
        return Vec::new();
    };
    let mut declared: Vec<Declared> = Vec::new();
    for item in items {
        let Some(next) = stage(item, problems) else { continue };
        if declared.iter().any(|earlier| earlier.id.value == next.id.value) {
            let message = format!("the id `{}` is taken by a stage above", next.id.value);
            problems.report(
                &next.id.span,
                message,
                format!("give this stage an `id` of its own, such as `{}_2`", next.id.value),
            );
        }
        declared.push(next);
    }
    declared
}

fn stage(item: &Node, problems: &Problems) -> Option<Declared> {
    let (kind, config) = match &item.value {
        Value::Map(entries) if entries.len() == 1 => entries.first().map(|(kind, config)| (kind, config))?,
        _ => {
            let message = format!("a stage should be a map with one key, its kind; found {}", found(item));
            problems.report(&item.span, message, "indent the keys of a stage below its kind".to_owned());
            return None;
        }
    };
    let context = format!("stage `{}`", kind.value);
    let decoder = Stage::decoder(&kind.value);
    if decoder.is_none() {
        let message = format!("unknown kind of stage `{}`", kind.value);
        problems.report(&kind.span, message, did_you_mean(&kind.value, Stage::KINDS.iter().copied()));
    }
    // A stage with a mistake is declared all the same: those that read it are not to blame.
    let Some(mut fields) = Fields::open(config, &kind.span, context, problems) else {
        return Some(Declared { id: kind.clone(), kind: kind.value.clone(), stage: None });
    };
    let id = fields.optional_text("id").unwrap_or_else(|| kind.clone());
    if !settings::is_identifier(&id.value) {
        let message =
            format!("the id `{}` should be made of letters, digits and `_`, starting with a letter", id.value);
        problems.report(&id.span, message, "ids name tables and files".to_owned());
    }
    let stage = decoder.and_then(|decode| {
        let stage = decode(&mut fields);
        fields.finish();
        stage
    });
    Some(Declared { id, kind: kind.value.clone(), stage })
}

fn found(item: &Node) -> String {
    match &item.value {
        Value::Map(entries) => {
            let keys: Vec<String> = entries.iter().map(|(key, _)| format!("`{}`", key.value)).collect();
            format!("a map with {} keys: {}", keys.len(), keys.join(", "))
        }
        _ => item.describe(),
    }
}

//! The architecture's invariants, as tests over the text of the sources and of the manual.

use crate::support::repository;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::{Invalid, SourceText};
use vitalfew::pipeline::parse;
use vitalfew::stages::Stage;

/// A source file without its tests.
struct SourceFile {
    path: String,
    text: String,
}

fn sources() -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut folders = vec![repository().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(repository()).unwrap().to_str().unwrap().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !is_test(&path) {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                files.push(SourceFile { path: name, text });
            }
        }
    }
    assert!(files.len() > 30, "only {} source files found", files.len());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Files of tests only, which their parent names behind `#[cfg(test)]`.
fn is_test(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let folder = path.parent().unwrap();
    let parents = [folder.join("mod.rs"), folder.with_extension("rs"), folder.join("lib.rs")];
    parents
        .iter()
        .filter_map(|parent| fs::read_to_string(parent).ok())
        .any(|parent| parent.contains(&format!("#[cfg(test)]\nmod {stem};")))
}

/// The code of a file, without comments: what they say binds nobody.
fn code(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    let line = |line: &'_ str| !line.trim_start().starts_with("//");
    file.text.lines().enumerate().map(|(number, line)| (number + 1, line)).filter(move |(_, text)| line(text))
}

/// Fails where a file that `applies` names one of these words.
fn nobody_names(words: &[&str], applies: impl Fn(&str) -> bool, why: &str) {
    let mut found = Vec::new();
    for file in sources().iter().filter(|file| applies(&file.path)) {
        for (number, line) in code(file) {
            let named = words.iter().filter(|word| line.contains(**word));
            found.extend(named.map(|word| format!("{}:{number} names `{word}`", file.path)));
        }
    }
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

#[test]
fn main_is_thin() {
    let main = fs::read_to_string(repository().join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 40, "src/main.rs parses, calls, prints and exits; the rest has another home");
}

#[test]
fn the_domain_takes_frames_and_gives_frames() {
    let folders = ["src/ledger/", "src/measures/", "src/scoring/", "src/decisions/"];
    let is_domain = |path: &str| folders.iter().any(|folder| path.starts_with(folder));
    let outside = [
        "std::fs",
        "std::env",
        "std::io",
        "std::net",
        "std::process",
        "File::",
        "tracing",
        "Instant",
        "SystemTime",
        "Timestamp::now",
        "println!",
        "eprintln!",
    ];
    nobody_names(&outside, is_domain, "domain files have no files, clock, environment or log");
}

#[test]
fn only_one_module_names_the_yaml_library() {
    let others = |path: &str| path != "src/pipeline/node.rs";
    nobody_names(&["serde_yaml", "saphyr"], others, "the YAML library can be replaced in one place");
}

#[test]
fn only_publishing_and_the_demo_data_write_files() {
    let writes = [
        "fs::write",
        "File::create",
        "OpenOptions",
        "fs::rename",
        "fs::remove",
        "fs::create_dir",
        "create_dir_all",
        "fs::copy",
        "set_permissions",
        "File::options",
    ];
    let writers = ["src/outputs/publish.rs", "src/outputs/cache.rs"];
    let others = |path: &str| !writers.contains(&path) && !path.starts_with("src/demo");
    nobody_names(&writes, others, "nothing is seen half-written, because one module writes");
}

#[test]
fn nothing_is_unsafe() {
    nobody_names(&["unsafe ", "unsafe_code"], |_| true, "this program has no need of it");
}

#[test]
fn results_do_not_pass_through_maps_of_random_order() {
    let words =
        ["std::collections::HashMap", "std::collections::HashSet", "collections::{HashMap", "RandomState", "AHash"];
    let folders = ["src/measures/", "src/scoring/", "src/decisions/", "src/outputs/"];
    let results = |path: &str| folders.iter().any(|folder| path.starts_with(folder));
    nobody_names(&words, results, "the same inputs give the same bytes");
}

#[test]
fn nobody_else_spawns_threads_or_prints() {
    let side_by_side = ["src/ledger/parallel.rs", "src/run.rs", "src/outputs/writers.rs"];
    let others = |path: &str| !side_by_side.contains(&path);
    nobody_names(&["thread::spawn", "thread::scope"], others, "stages, lines and files are what runs side by side");
    nobody_names(&["println!", "eprintln!", "print!("], |_| true, "commands return their text; `main` alone writes it");
}

/// A file past 400 lines has a reason, given here.
const LONG_FILES: [(&str, &str); 1] =
    [("src/outputs/publish.rs", "one protocol, whose steps can only be judged side by side")];

#[test]
fn files_are_short() {
    for file in sources() {
        let lines = file.text.lines().count();
        let excused = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        assert!(lines <= 400 || excused, "{} has {lines} lines: divide it, or give the reason in this test", file.path);
        assert!(lines > 400 || !excused, "{} is short again: take it off the list", file.path);
    }
}

/// A page of the manual.
fn manual(kind: &str) -> String {
    let path = repository().join(format!("docs/stages/{kind}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines under a heading of the second level.
fn section<'m>(manual: &'m str, heading: &str) -> &'m str {
    let (_, rest) =
        manual.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no `## {heading}` in\n{manual}"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// The first cells of the tables in a text, without their heads.
fn first_cells(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let is_row = |place: usize| lines.get(place).is_some_and(|line| line.starts_with('|'));
    let is_rule = |place: usize| lines.get(place).is_some_and(|line| line.starts_with("|:"));
    let rows = (0..lines.len()).filter(|place| is_row(*place) && !is_rule(*place) && !is_rule(place + 1));
    rows.filter_map(|place| lines[place].split('|').nth(1)).map(|cell| cell.trim().to_owned()).collect()
}

fn wrapped(stages: &str) -> SourceText {
    let stages: String = stages.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!("name: example\nroot: {}\ncurrency: EUR\nstages:\n{stages}", repository().display());
    SourceText { name: "example.yaml".to_owned(), text }
}

fn plan(stages: &str) -> Result<Plan, Invalid> {
    let (pipeline, problems) = parse(wrapped(stages), &[])?;
    check(pipeline, problems)
}

fn example(kind: &str) -> Plan {
    let manual = manual(kind);
    let example = section(&manual, "Example");
    let (_, rest) = example.split_once("```yaml\n").unwrap_or_else(|| panic!("no YAML in the example of `{kind}`"));
    plan(rest.split("```").next().unwrap_or_default()).unwrap_or_else(|invalid| panic!("{kind}:\n{invalid}"))
}

#[test]
fn every_kind_has_a_page_of_the_manual_and_every_page_a_kind() {
    for kind in Stage::KINDS {
        let manual = manual(kind);
        assert!(manual.starts_with(&format!("# {kind}\n")), "{kind}");
        assert_eq!(Stage::manual(kind), Some(manual.as_str()), "{kind}");
        for heading in ["Computes", "Keys", "Example", "Tables", "Errors"] {
            assert!(!section(&manual, heading).trim().is_empty(), "`## {heading}` of `{kind}` is empty");
        }
    }
    let pages = fs::read_dir(repository().join("docs/stages")).unwrap();
    let pages: BTreeSet<String> =
        pages.map(|page| page.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(pages, Stage::KINDS.iter().map(ToString::to_string).collect());
}

#[test]
fn every_example_of_the_manual_is_a_sound_pipeline_with_its_kind() {
    for kind in Stage::KINDS {
        assert!(example(kind).steps.iter().any(|step| step.kind == *kind), "{kind}");
    }
}

/// A key that no kind knows draws a hint with all keys that this kind knows.
fn known_keys(kind: &str) -> BTreeSet<String> {
    let mistakes = match plan(&format!("- {kind}: {{zzzz: 1}}\n")) {
        Ok(_) => panic!("`{kind}` accepts any key"),
        Err(invalid) => invalid.problems,
    };
    let unknown = mistakes.into_iter().find(|problem| problem.message.starts_with("unknown key")).unwrap();
    unknown.hint.unwrap().split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn the_manual_lists_the_keys_of_every_kind() {
    for kind in Stage::KINDS {
        let manual = manual(kind);
        // The first table of the section; those behind it are of maps within.
        let keys = section(&manual, "Keys").split("\n\n").find(|part| part.trim_start().starts_with('|')).unwrap();
        let listed: BTreeSet<String> = first_cells(keys).iter().map(|key| key.replace('`', "")).collect();
        assert_eq!(listed, known_keys(kind), "{kind}");
    }
}

#[test]
fn the_manual_lists_the_columns_of_every_table() {
    for kind in Stage::KINDS {
        let plan = example(kind);
        let step = plan.steps.iter().find(|step| step.kind == *kind).unwrap();
        let tables = step.signature.published();
        let manual = manual(kind);
        let mut listed = first_cells(section(&manual, "Tables").split("\n### ").next().unwrap_or_default()).into_iter();
        for table in tables {
            let mut columns = table.columns.iter().map(|column| column.name.as_str()).peekable();
            while let Some(column) = columns.next() {
                let cell = listed.next().unwrap_or_else(|| panic!("`{kind}` lists no `{column}`"));
                match cell.as_str() {
                    "as in `attributes`" => columns.by_ref().for_each(drop),
                    "`<group>_score`" => while columns.next_if(|next| next.ends_with("_score")).is_some() {},
                    cell => match cell.split_once("` … `") {
                        // `growth_y1` … `growth_yn`
                        Some((first, _)) => {
                            let stem =
                                first.trim_start_matches('`').trim_end_matches(|digit: char| digit.is_ascii_digit());
                            assert!(column.starts_with(stem), "`{kind}` lists {cell} in place of `{column}`");
                            while columns.next_if(|next| next.starts_with(stem)).is_some() {}
                        }
                        None => assert_eq!(cell, format!("`{column}`"), "{kind}"),
                    },
                }
            }
        }
        assert_eq!(listed.next(), None, "`{kind}` lists more columns than it makes");
    }
}

/// The tables that a ledger makes where its keys ask, each under a heading of its own.
#[test]
fn the_manual_lists_the_columns_of_the_tables_that_keys_of_a_ledger_ask_for() {
    let manual = manual("ledger");
    for (table, heading, keys) in [
        ("credit_notes", "With `credit_notes` as a map", "credit_notes: {dated: own}"),
        ("duplicates", "With `duplicates`", "duplicates: {key: all}"),
        ("control_totals", "With `control_totals`", "control_totals: {from: total_rows}"),
        ("merged_keys", "With `keys`", "keys: {trim: true}"),
    ] {
        let stages = format!(
            "- read: {{id: invoices, path: \"data/demo/invoices/2025-01.csv\"}}\n- ledger:\n    from: invoices\n    \
             columns: {{account: customer_id, date: invoice_date, amount: quantity * unit_price}}\n    {keys}\n"
        );
        let plan = plan(&stages).unwrap_or_else(|invalid| panic!("{table}:\n{invalid}"));
        let spec = plan.steps.iter().flat_map(|step| step.signature.tables()).find(|spec| spec.name == table).unwrap();
        let (_, rest) = manual.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
        let listed = first_cells(rest.split("\n#").next().unwrap_or_default());
        let columns: Vec<String> = spec.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        assert_eq!(listed, columns, "{table}");
    }
}

/// Every reason for quarantine is a word of the report, in both languages.
#[test]
fn every_reason_of_the_manual_has_its_words() {
    let manual = manual("ledger");
    let table = section(&manual, "Errors").split("\n\n").find(|part| part.starts_with("| Reason")).unwrap();
    let reasons: Vec<String> = first_cells(table).iter().flat_map(|cell| cell.split(", ")).map(str::to_owned).collect();
    assert!(reasons.len() > 10, "{reasons:?}");
    for language in ["en", "es"] {
        let path = repository().join(format!("src/outputs/messages/{language}.json"));
        let words: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        for reason in &reasons {
            let key = format!("reason.{}", reason.replace('`', ""));
            assert!(words[&key].is_string(), "no `{key}` in {language}.json");
        }
    }
}

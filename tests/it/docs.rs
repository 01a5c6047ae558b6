//! The page of examples: every file on it is written, every pipeline run, and every result compared.

use crate::support::{Project, Published, Rows, repository};
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

/// What stands before the stages of an example, and behind them where it has no measures of its own.
const HEAD: &str = "name: small\ncurrency: EUR\nas_of: 2024-12-31\nstages:\n";
const TAIL: &str = "  - account_years: {from: ledger}\n  - parquet: {from: account_years, to: tables}\n";

/// A fenced block: what stands behind its fence, and what is in it.
struct Block<'p> {
    /// The heading that it stands under, counted.
    section: usize,
    language: &'p str,
    /// The words behind the language.
    words: Vec<&'p str>,
    /// The lines of the page between the fences, counted from 0.
    lines: Range<usize>,
    content: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let (mut open, mut section) = (false, 0);
    for (place, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(fence) => {
                let mut words = fence.split(' ');
                let (language, lines) = (words.next().unwrap(), place + 1..place + 1);
                blocks.push(Block { section, language, words: words.collect(), lines, content: String::new() });
                open = true;
            }
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.content.push_str(line);
                block.content.push('\n');
                block.lines.end = place + 1;
            }
            None => section += usize::from(line.starts_with("## ")),
        }
    }
    assert!(!open, "the last fence is not closed");
    blocks
}

/// The bytes of a file of the page, in the encoding and packing that the words behind its name say.
fn bytes(content: &str, words: &[&str]) -> Vec<u8> {
    let mut bytes = content.as_bytes().to_vec();
    for word in words {
        bytes = match *word {
            "windows-1252" => encoding_rs::WINDOWS_1252.encode(content).0.into_owned(),
            "utf-16" => [0xfeff].into_iter().chain(content.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            "gzip" => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                packer.write_all(&bytes).unwrap();
                packer.finish().unwrap()
            }
            "workbook" => {
                let mut book = rust_xlsxwriter::Workbook::new();
                let sheet = book.add_worksheet();
                for (row, line) in (0..).zip(content.lines()) {
                    for (column, cell) in (0..).zip(line.split(',')) {
                        match cell.parse::<f64>() {
                            Ok(number) => sheet.write_number(row, column, number).unwrap(),
                            Err(_) => sheet.write_string(row, column, cell).unwrap(),
                        };
                    }
                }
                book.save_to_buffer().unwrap()
            }
            other => panic!("a file cannot be `{other}`"),
        };
    }
    bytes
}

/// A run of the last pipeline, or what it said where it failed.
enum Run {
    Published(Published),
    Failed(String),
}

fn run(project: &Project) -> Run {
    let done = project.vitalfew(&["run", "small.yaml", "--log", "none"]);
    match done.code {
        0 => Run::Published(Published::of(&project.path("out"), "small")),
        code => Run::Failed(format!("exit code {code}\n{}", done.stderr)),
    }
}

/// The columns of a table that the first line of an example names, all of them where it has none yet.
fn shown(table: &Rows, content: &str) -> String {
    let columns: Vec<&str> = content.lines().next().unwrap_or_default().split(" | ").collect();
    if content.is_empty() { table.to_string() } else { table.select(&columns).to_string() }
}

/// The page as it would be if every result on it were what the program makes.
fn corrected(page: &str) -> String {
    let mut results: Vec<(Range<usize>, String)> = Vec::new();
    for section in blocks(page).chunk_by(|one, next| one.section == next.section) {
        let project = Project::new("");
        let mut ran: Option<Run> = None;
        for block in section {
            let line = block.lines.start;
            match (block.language, block.words.as_slice()) {
                ("csv", [name, words @ ..]) => project.write(name, bytes(&block.content, words)),
                ("yaml", []) => {
                    let stages = block.content.lines().map(|line| format!("  {line}\n")).collect::<String>();
                    let tail = if stages.contains("- account_years") { "" } else { TAIL };
                    project.write("small.yaml", format!("{HEAD}{stages}{tail}"));
                    let _ = fs::remove_dir_all(project.path("out"));
                    ran = Some(run(&project));
                }
                ("text", words) => {
                    let result = match (ran.as_ref().expect("a result before any pipeline"), words) {
                        (Run::Published(run), [name]) => shown(&run.table(name), &block.content),
                        (Run::Failed(said), []) => said.clone(),
                        (Run::Published(_), _) => panic!("line {line}: the run should have failed"),
                        (Run::Failed(said), _) => panic!("line {line}: the run failed\n{said}"),
                    };
                    results.push((block.lines.clone(), result));
                }
                ("console", []) => {
                    let command = block.content.lines().next().and_then(|line| line.strip_prefix("$ vitalfew "));
                    let command = command.unwrap_or_else(|| panic!("line {line}: no command of this program"));
                    let done = project.vitalfew(&command.split(' ').collect::<Vec<_>>());
                    assert_eq!(done.code, 0, "line {line}: {}", done.stderr);
                    // The id of a run ends with a hash that every version of the program changes.
                    let current = project.path("out/small/current").canonicalize().unwrap();
                    let id = current.file_name().unwrap().to_str().unwrap();
                    let said = done.stdout.replace(id, "2024-12-31-…");
                    results.push((block.lines.clone(), format!("$ vitalfew {command}\n{said}")));
                }
                (language, words) => panic!("line {line}: what is `{language} {}`?", words.join(" ")),
            }
        }
    }
    let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
    for (place, result) in results.into_iter().rev() {
        lines.splice(place, result.lines().map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_example_of_the_page_of_messy_exports_is_what_the_program_makes() {
    let page = fs::read_to_string(repository().join("docs/messy_exports.md")).unwrap();
    let corrected = corrected(&page);
    if corrected != page {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("messy_exports.md");
        fs::write(&path, &corrected).unwrap();
        let lines = page.lines().zip(corrected.lines());
        let first = lines.enumerate().find(|(_, (old, new))| old != new);
        panic!("docs/messy_exports.md is not what the program makes, first in {first:?}; {} is", path.display());
    }
}

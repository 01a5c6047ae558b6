//! The lines that a published run could not use, told to a person at a terminal or to a program.

use super::runs::Run;
use super::terminal::{cut, plain, steers, width};
use crate::failure::Failure;
use crate::money::to_plain;
use crate::table::name_of;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

/// What fits the terminals that there are.
const COLUMNS: usize = 80;

/// How far what is told of a line stands from the margin.
const INDENT: &str = "    ";

/// How many lines a person is shown who does not say how many.
const SHOWN: usize = 20;

/// Which lines to list, and how.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub reason: Option<String>,
    /// Which files.
    pub file: Option<glob::Pattern>,
    /// At most so many lines; 0 for all of them.
    pub limit: Option<usize>,
    /// The whole rows too.
    pub raw: bool,
    /// One JSON object a line and nothing else.
    pub json: bool,
}

impl Choice {
    fn takes(&self, file: &str, reason: &str) -> bool {
        self.reason.as_ref().is_none_or(|wanted| wanted == reason)
            && self.file.as_ref().is_none_or(|pattern| pattern.matches(file))
    }

    fn limit(&self) -> usize {
        match self.limit {
            Some(0) => usize::MAX,
            Some(limit) => limit,
            None if self.json => usize::MAX,
            None => SHOWN,
        }
    }
}

/// Why the listing ends before its end.
enum Stop {
    /// Nobody reads any more, as behind `head`.
    Closed,
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(Failure::run(format!("cannot write the lines: {error}"))),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Lists the quarantine of a run: how many lines for each reason, then the lines.
///
/// # Errors
/// Where the run is damaged, or `out` cannot be written.
pub fn list(run: &Run, choice: &Choice, out: &mut dyn Write) -> Result<(), Failure> {
    let mut out = BufWriter::new(out);
    match told(run, choice, &mut out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) | Err(Stop::Closed) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

fn told(run: &Run, choice: &Choice, out: &mut dyn Write) -> Result<(), Stop> {
    if !choice.json {
        writeln!(out, "{}, run {}", plain(run.pipeline()), plain(run.id()))?;
    }
    let mut left = choice.limit();
    for (place, ledger) in ledgers(run).iter().enumerate() {
        if place > 0 && !choice.json {
            writeln!(out)?;
        }
        let name = |table: &str| name_of(ledger.id, "ledger", table);
        let mut chosen = usize::MAX;
        if !choice.json {
            chosen = summary(run, ledger, &name("outcomes"), choice, out)?;
        }
        let shown = lines(run, &name("quarantine"), choice, left.min(chosen), out)?;
        left -= shown;
        if !choice.json && shown < chosen {
            let more = chosen - shown;
            writeln!(out, "… and {more} more; `--limit 0` lists all")?;
        }
    }
    Ok(())
}

/// What `run.json` says of a ledger.
struct Ledger<'a> {
    id: &'a str,
    read: i64,
    quarantined: i64,
    /// In plain figures.
    amount: &'a str,
}

fn ledgers(run: &Run) -> Vec<Ledger<'_>> {
    let stages = run.record.get("stages").and_then(Value::as_array).into_iter().flatten();
    let stages = stages.filter(|stage| stage.get("kind").and_then(Value::as_str) == Some("ledger"));
    fn ledger(stage: &Value) -> Option<Ledger<'_>> {
        let rows = |part: &str| stage.get(part)?.get("rows")?.as_i64();
        let amount = stage.get("quarantined")?.get("amount")?.as_str()?;
        Some(Ledger { id: stage.get("id")?.as_str()?, read: rows("read")?, quarantined: rows("quarantined")?, amount })
    }
    stages.filter_map(ledger).collect()
}

/// Tells how many lines there are, and how many for each reason, the largest sums first; how many of them are chosen.
fn summary(run: &Run, ledger: &Ledger, outcomes: &str, choice: &Choice, out: &mut dyn Write) -> Result<usize, Stop> {
    let currency = run.record.get("currency").and_then(Value::as_str).unwrap_or_default();
    let whose = if ledger.id == "ledger" { String::new() } else { format!("`{}`: ", ledger.id) };
    let Ledger { read, quarantined, amount, .. } = ledger;
    if *quarantined == 0 {
        writeln!(out, "{whose}none of {read} lines is quarantined")?;
        return Ok(0);
    }
    let are = if *quarantined == 1 { "is" } else { "are" };
    writeln!(out, "{whose}{quarantined} of {read} lines {are} quarantined, {amount} {}", plain(currency))?;
    let reasons = reasons_of(run, outcomes, choice)?;
    if reasons.is_empty() {
        let all = reasons_of(run, outcomes, &Choice::default())?;
        let all: Vec<String> = all.iter().map(|(reason, _, _)| plain(reason)).collect();
        writeln!(out, "none of them is of that reason and file; reasons are {}", all.join(", "))?;
        return Ok(0);
    }
    // As many as the sum has.
    let decimals = amount.split_once('.').map_or(0, |(_, places)| places.len());
    let decimals = u32::try_from(decimals).unwrap_or_default();
    let rows: Vec<[String; 3]> = reasons
        .iter()
        .map(|(reason, rows, amount)| [rows.to_string(), to_plain(*amount, decimals), plain(reason)])
        .collect();
    let widest =
        |column: usize, head: &str| rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(head.len());
    let heads = ["lines", "amount", "reason"];
    let (first, second) = (widest(0, heads[0]), widest(1, heads[1]));
    writeln!(out)?;
    for [lines, amount, reason] in [heads.map(str::to_owned)].iter().chain(&rows) {
        writeln!(out, "{}", cut(&format!("{lines:>first$}  {amount:>second$}  {reason}"), COLUMNS))?;
    }
    writeln!(out)?;
    Ok(usize::try_from(reasons.iter().map(|(_, rows, _)| rows).sum::<i64>()).unwrap_or_default())
}

/// Reason, rows and money of the chosen lines, the largest sums first.
fn reasons_of(run: &Run, outcomes: &str, choice: &Choice) -> Result<Vec<(String, i64, i64)>, Failure> {
    let Some(table) = run.table(outcomes)? else { return Err(run.damaged(outcomes)) };
    let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let keys = table.text("file").into_iter().zip(table.text("outcome")).zip(table.text("reason"));
    let figures = table.integers("rows").into_iter().zip(table.integers("amount"));
    for (((file, outcome), reason), (rows, amount)) in keys.zip(figures) {
        if outcome == "quarantined" && choice.takes(file, reason) {
            let sum = sums.entry(reason).or_default();
            sum.0 += rows.unwrap_or_default();
            sum.1 += amount.unwrap_or_default();
        }
    }
    let mut reasons: Vec<(String, i64, i64)> =
        sums.into_iter().map(|(reason, (rows, amount))| (reason.to_owned(), rows, amount)).collect();
    reasons.sort_by_key(|(_, rows, amount)| (Reverse(amount.unsigned_abs()), Reverse(*rows)));
    Ok(reasons)
}

/// Lists the chosen lines of a table, at most so many, and returns how many. The file is read bit by bit.
fn lines(run: &Run, table: &str, choice: &Choice, limit: usize, out: &mut dyn Write) -> Result<usize, Stop> {
    let mut shown = 0;
    if limit == 0 {
        return Ok(0);
    }
    let batches = run.batches(table)?.ok_or_else(|| run.damaged(table))?;
    for batch in batches {
        let batch = batch?;
        let columns = Columns::of(&batch).ok_or_else(|| run.damaged(table))?;
        for row in 0..batch.num_rows() {
            let line = columns.line(row);
            if !choice.takes(line.file, line.reason) {
                continue;
            }
            if choice.json {
                line.as_json(table, out)?
            } else {
                line.as_text(choice.raw, out)?
            }
            shown += 1;
            if shown == limit {
                return Ok(shown);
            }
        }
    }
    Ok(shown)
}

/// The columns of the table, some rows of them.
struct Columns<'a> {
    texts: [&'a arrow::array::StringArray; 4],
    lines: &'a arrow::array::Int64Array,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let text = |name: &str| batch.column_by_name(name)?.as_string_opt::<i32>();
        let texts = [text("file")?, text("reason")?, text("detail")?, text("raw")?];
        Some(Self { texts, lines: batch.column_by_name("line")?.as_primitive_opt::<Int64Type>()? })
    }

    fn line(&self, row: usize) -> Line<'a> {
        let text = |column: &'a arrow::array::StringArray| if column.is_valid(row) { column.value(row) } else { "" };
        let [file, reason, detail, raw] = self.texts.map(text);
        Line { file, line: self.lines.is_valid(row).then(|| self.lines.value(row)), reason, detail, raw }
    }
}

struct Line<'a> {
    file: &'a str,
    line: Option<i64>,
    reason: &'a str,
    detail: &'a str,
    raw: &'a str,
}

impl Line<'_> {
    fn as_text(&self, raw: bool, out: &mut dyn Write) -> io::Result<()> {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let reason = plain(self.reason);
        // The file's name gives way: the line and the reason are what is looked for.
        let room = COLUMNS.saturating_sub(width(&line) + 2 + width(&reason));
        writeln!(out, "\u{1b}[1m{}{line}\u{1b}[0m  \u{1b}[33m{reason}\u{1b}[0m", cut(self.file, room))?;
        writeln!(out, "{INDENT}{}", cut(self.detail, COLUMNS - INDENT.len()))?;
        if raw { writeln!(out, "{INDENT}{}", plain(self.raw)) } else { Ok(()) }
    }

    fn as_json(&self, table: &str, out: &mut dyn Write) -> io::Result<()> {
        let raw = serde_json::from_str(self.raw).unwrap_or_else(|_| Value::from(self.raw));
        let line = json!({
            "table": table,
            "file": self.file,
            "line": self.line,
            "reason": self.reason,
            "detail": self.detail,
            "raw": raw,
        });
        writeln!(out, "{}", harmless(&line.to_string()))
    }
}

/// JSON escapes the control signs of ASCII alone; a terminal obeys others too, all of four digits.
fn harmless(json: &str) -> String {
    let mut harmless = String::with_capacity(json.len());
    for sign in json.chars() {
        if steers(sign) {
            harmless.push_str(&format!("\\u{:04x}", u32::from(sign)));
        } else {
            harmless.push(sign);
        }
    }
    harmless
}

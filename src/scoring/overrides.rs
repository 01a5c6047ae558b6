//! Overrides: a person's word in place of a computed score or of the rule that makes the list, with who said it, why,
//! and until when.

use crate::calendar::parse_day;
use crate::dates::DateFormats;
use crate::money::NumberFormat;
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::scoring::sheet::{SCORE_PLACES, fold};
use crate::sources::{Error, Source, TextRow};
use crate::table::{Table, TableBuilder};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of the table of overrides; all but the last two must be there.
const COLUMNS: [&str; 7] = ["account", "what", "value", "who", "why", "until", "since"];
const REQUIRED: usize = 5;

/// What an override names when it means the score of the account as a whole.
pub const TOTAL: &str = "score";

/// What an override names when it means whether the account is on the list.
pub const DECISION: &str = "decision";

/// The status of an override that acts.
pub const ACTIVE: &str = "active";

const ISO: &str = "%Y-%m-%d";

/// Whether an account is on the list, whatever its score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Always,
    Never,
}

impl Decision {
    const ALL: [Self; 2] = [Self::Always, Self::Never];

    /// How the sheet says it, and the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == fold(text))
    }
}

/// A decision that acts, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided<'t> {
    pub decision: Decision,
    pub who: &'t str,
    pub why: &'t str,
    /// The last day on which it acts.
    pub until: Option<i32>,
}

/// The accounts of which a person decided whether they are on the list.
pub type Decisions<'t> = BTreeMap<&'t str, Decided<'t>>;

/// The decisions that act, of the table `overrides` of a scorecard; none where a run published it before there were
/// any.
pub fn decisions(overrides: &Table) -> Decisions<'_> {
    if overrides.spec.column("decision").is_none() {
        return Decisions::new();
    }
    let (who, why, until) = (overrides.text("who"), overrides.text("why"), overrides.dates("until"));
    let rows = overrides.text("account").into_iter().zip(overrides.text("decision")).zip(overrides.text("status"));
    let acting = rows.enumerate().filter(|(_, (_, status))| *status == ACTIVE);
    let decided = acting.filter_map(|(row, ((account, decision), _))| {
        let decision = Decision::named(decision)?;
        Some((account, Decided { decision, who: who[row], why: why[row], until: until[row] }))
    });
    decided.collect()
}

/// One row of the table, and whether it acts.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    pub account: String,
    /// A criterion, [`TOTAL`], or [`DECISION`].
    pub what: String,
    /// From 1 to 10; nothing for a decision.
    pub value: Option<f64>,
    pub decision: Option<Decision>,
    pub who: String,
    pub why: String,
    /// The first and the last day on which it acts.
    pub since: Option<i32>,
    pub until: Option<i32>,
    /// [`ACTIVE`], or why it does not act.
    pub status: &'static str,
    /// The score before and after, where it acts.
    pub was: Option<f64>,
    pub is: Option<f64>,
    pub file: String,
    pub line: u64,
}

impl Override {
    pub fn is_active(&self) -> bool {
        self.status == ACTIVE
    }
}

/// What rows are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    pub accounts: &'a BTreeSet<&'a str>,
    pub criteria: &'a BTreeSet<&'a str>,
    pub as_of: i32,
}

/// The files of a `read` stage as tables of overrides.
#[derive(Debug, Clone)]
pub struct Overrides {
    /// One file each, with the names that it gives to [`COLUMNS`].
    files: Vec<(Source, Vec<String>)>,
}

impl Overrides {
    /// Finds the columns, and reports what is missing.
    pub fn bind(reference: &Located<String>, source: &Source, problems: &Problems) -> Option<Self> {
        let mut complete = true;
        let mut files = Vec::with_capacity(source.files.len());
        for file in &source.files {
            let named = |column: &str| file.columns.iter().find(|found| fold(&found.name) == column);
            for column in COLUMNS.iter().take(REQUIRED).filter(|column| named(column).is_none()) {
                let others = file.columns.iter().filter(|found| !COLUMNS.contains(&fold(&found.name).as_str()));
                let names: Vec<&str> = others.map(|column| column.name.as_str()).collect();
                let message = format!("the table of overrides `{}` has no column `{column}`", file.name);
                let hint = did_you_mean(column, names).or_else(|| Some("every override says who and why".to_owned()));
                problems.report(&reference.span, message, hint);
                complete = false;
            }
            let names = COLUMNS.iter().map(|column| named(column).map_or(*column, |found| &found.name).to_owned());
            let single = Source { config: std::sync::Arc::clone(&source.config), files: vec![file.clone()] };
            files.push((single, names.collect()));
        }
        complete.then_some(Self { files })
    }

    /// Reads all rows and decides which act.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn read(&self, rules: &Rules) -> Result<Vec<Override>, Error> {
        let mut overrides = Vec::new();
        for (source, names) in &self.files {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let declared = &source.config.csv;
            let is_text = names.get(2).is_some_and(|value| source.files.iter().any(|file| file.is_text(value)));
            let numbers = if is_text { declared.numbers } else { NumberFormat::PLAIN };
            let rows = source.text_rows(&names)?;
            overrides.extend(rows.into_iter().map(|row| read(row, rules, numbers, &declared.dates)));
        }
        refuse_contradictions(&mut overrides);
        Ok(overrides)
    }
}

fn read(row: TextRow, rules: &Rules, numbers: NumberFormat, dates: &DateFormats) -> Override {
    let cell = |place: usize| row.cells.get(place).and_then(Option::as_deref).unwrap_or_default().trim();
    let day = |text: &str| dates.day(text).or_else(|| parse_day(text, ISO));
    let account = if rules.accounts.contains(cell(0)) { cell(0) } else { cell(0).trim() };
    let what = named(cell(1), rules.criteria);
    let is_decision = what == Some(DECISION);
    let decision = Decision::named(cell(2)).filter(|_| is_decision);
    let value = numbers.parse(cell(2).as_bytes(), SCORE_PLACES).ok().filter(|_| !is_decision);
    let bound = |place: usize| Some(cell(place)).filter(|text| !text.is_empty()).map(day);
    let (until, since) = (bound(5), bound(6));
    let status = if row.defect.is_some() {
        "unreadable_row"
    } else if account.is_empty() {
        "missing_account"
    } else if !rules.accounts.contains(account) {
        "unknown_account"
    } else if what.is_none() {
        "unknown_what"
    } else {
        match (value, until) {
            (None, _) if is_decision && decision.is_none() => "unknown_decision",
            (None, _) if !is_decision => "unreadable_value",
            (Some(value), _) if !(10_000..=100_000).contains(&value) => "value_out_of_range",
            _ if cell(3).is_empty() => "missing_who",
            _ if cell(4).is_empty() => "missing_why",
            (_, Some(None)) => "unreadable_until",
            _ if since == Some(None) => "unreadable_since",
            (_, Some(Some(until))) if until < rules.as_of => "expired",
            // What somebody said later must not act in a run of an earlier day.
            _ if since.flatten().is_some_and(|since| since > rules.as_of) => "not_yet",
            _ => ACTIVE,
        }
    };
    Override {
        account: account.to_owned(),
        what: what.unwrap_or(cell(1)).to_owned(),
        value: value.map(|value| value as f64 / 10_000.0),
        decision,
        who: cell(3).to_owned(),
        why: cell(4).to_owned(),
        since: since.flatten(),
        until: until.flatten(),
        status,
        was: None,
        is: None,
        line: row.line,
        file: row.file.clone(),
    }
}

/// The criterion, the whole score, or the decision that a text names.
fn named<'a>(text: &str, criteria: &BTreeSet<&'a str>) -> Option<&'a str> {
    let folded = fold(text);
    let exact = criteria.get(text).copied();
    let other = || [TOTAL, DECISION].into_iter().find(|name| *name == folded);
    exact.or_else(other).or_else(|| criteria.iter().copied().find(|name| fold(name) == folded))
}

/// Of two that say something about the same thing nobody can tell which is meant: neither acts.
fn refuse_contradictions(overrides: &mut [Override]) {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for active in overrides.iter().filter(|row| row.is_active()) {
        *counts.entry((active.account.clone(), active.what.clone())).or_default() += 1;
    }
    for row in overrides.iter_mut().filter(|row| row.is_active()) {
        if counts.get(&(row.account.clone(), row.what.clone())).is_some_and(|count| *count > 1) {
            row.status = "duplicate";
        }
    }
}

/// All rows, by account, what they replace, and place.
pub fn table(name: &str, overrides: &[Override]) -> Table {
    let mut sorted: Vec<&Override> = overrides.iter().collect();
    sorted.sort_by(|a, b| (&a.account, &a.what, &a.file, a.line).cmp(&(&b.account, &b.what, &b.file, b.line)));
    let texts = |value: fn(&Override) -> &str| sorted.iter().map(|row| value(row)).collect::<Vec<&str>>();
    TableBuilder::new(name, sorted.len())
        .text("account", texts(|row| &row.account))
        .text("what", texts(|row| &row.what))
        .numbers("value", sorted.iter().map(|row| row.value).collect::<Vec<_>>())
        .optional_text("decision", sorted.iter().map(|row| row.decision.map(Decision::name)).collect())
        .text("who", texts(|row| &row.who))
        .text("why", texts(|row| &row.why))
        .dates("since", sorted.iter().map(|row| row.since).collect::<Vec<_>>())
        .dates("until", sorted.iter().map(|row| row.until).collect::<Vec<_>>())
        .text("status", texts(|row| row.status))
        .numbers("was", sorted.iter().map(|row| row.was).collect::<Vec<_>>())
        .numbers("is", sorted.iter().map(|row| row.is).collect::<Vec<_>>())
        .text("file", texts(|row| &row.file))
        .integers("line", sorted.iter().map(|row| i64::try_from(row.line).ok()).collect::<Vec<_>>())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(rows: &[&[&str]]) -> Vec<&'static str> {
        let accounts = BTreeSet::from(["A", "B"]);
        let criteria = BTreeSet::from(["strategy", "new_markets"]);
        let as_of = parse_day("2025-12-31", ISO).unwrap();
        let rules = Rules { accounts: &accounts, criteria: &criteria, as_of };
        let row = |(cells, line): (&&[&str], u64)| TextRow {
            file: "overrides.csv".to_owned(),
            line,
            cells: cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect(),
            defect: None,
        };
        let mut overrides: Vec<Override> = rows
            .iter()
            .zip(2..)
            .map(|row_line| read(row(row_line), &rules, NumberFormat::PLAIN, &DateFormats::iso()))
            .collect();
        refuse_contradictions(&mut overrides);
        overrides.iter().map(|row| row.status).collect()
    }

    #[test]
    fn every_reason_for_not_acting() {
        let found = statuses(&[
            &["A", "strategy", "8", "Eva", "new contract", "2026-06-30"],
            &["A", "Score", "6.5", "Eva", "new contract", ""],
            &["A", "New markets", "6.5", "Eva", "new contract", "2025-12-31"],
            &["", "strategy", "8", "Eva", "new contract", ""],
            &["C", "strategy", "8", "Eva", "new contract", ""],
            &["B", "sympathy", "8", "Eva", "new contract", ""],
            &["B", "strategy", "high", "Eva", "new contract", ""],
            &["B", "strategy", "10.1", "Eva", "new contract", ""],
            &["B", "strategy", "8", "", "new contract", ""],
            &["B", "strategy", "8", "Eva", "", ""],
            &["B", "strategy", "8", "Eva", "new contract", "soon"],
            &["B", "strategy", "8", "Eva", "new contract", "2025-12-30"],
            &["B", "score", "8", "Eva", "new contract", ""],
            &["B", "score", "8", "Ana", "no", ""],
            &["A", "Decision", "Always", "Eva", "new contract", "2026-06-30"],
            &["B", "decision", "never", "Eva", "insolvent", "2025-12-30"],
            &["B", "decision", "8", "Eva", "insolvent", ""],
            &["B", "decision", "never", "", "insolvent", ""],
            &["A", "new_markets", "7", "Eva", "new contract", "", "2026-01-01"],
            &["B", "new_markets", "7", "Eva", "new contract", "2026-06-30", "2025-12-31"],
            &["B", "decision", "always", "Eva", "new contract", "2026-06-30", "soon"],
        ]);
        let expected = [
            "active",
            "active",
            "active",
            "missing_account",
            "unknown_account",
            "unknown_what",
            "unreadable_value",
            "value_out_of_range",
            "missing_who",
            "missing_why",
            "unreadable_until",
            "expired",
            "duplicate",
            "duplicate",
            "active",
            "expired",
            "unknown_decision",
            "missing_who",
            "not_yet",
            "active",
            "unreadable_since",
        ];
        assert_eq!(found, expected);
    }
}

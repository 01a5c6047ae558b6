//! The lines that lose, met again: beside each the line that stays, and what they differ in.

use super::find::{Loser, Place, losers, parts_of};
use super::keys::KeyPlan;
use super::{Key, Rule};
use crate::failure::Failure;
use crate::ledger::amounts::LARGEST;
use crate::ledger::parallel::side_by_side;

use crate::ledger::total_rows::Then;
use crate::progress::Progress;
use crate::sources::{self, Batch, SourceFile};
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Of so many lines that stay the content is kept, to show what others differ in; of those behind them a hash.
const KEPT_WHOLE: usize = 100_000;

/// A line that stays while others go.
#[derive(Debug, Clone)]
struct Kept {
    place: Place,
    line: u64,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    /// Nobody asks: the lines are equal in every column.
    Equal,
    Whole(Cells),
    Hash(blake3::Hash),
}

/// What stands in a row, by column; without what is empty.
type Cells = BTreeMap<String, String>;

/// The lines that lose, and those that stay for them.
#[derive(Debug, Default)]
pub struct Duplicates {
    losers: Vec<Loser>,
    /// By place.
    kept: Vec<Kept>,
}

/// A line of a batch that loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub row: usize,
    pub rule: usize,
    pub kept_file: usize,
    pub is_exact: bool,
    /// In words, where the line goes into quarantine.
    pub detail: String,
}

impl Duplicates {
    /// Reads the keys of all lines, and then once more the files in which a line stays while others go.
    ///
    /// # Errors
    /// Where a file cannot be read or an expression cannot be evaluated.
    pub fn find(
        rules: &[Rule],
        files: &[SourceFile],
        plans: &[&KeyPlan],
        threads: usize,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        if rules.is_empty() {
            return Ok(Self::default());
        }
        let losers = losers(rules, files, plans, threads, progress)?;
        let compared = |loser: &&Loser| rules.get(loser.rule).is_some_and(|rule| matches!(rule.key, Key::Parts(_)));
        let compared: BTreeSet<Place> = losers.iter().filter(compared).map(|loser| loser.kept).collect();
        let wanted = Wanted {
            kept: losers.iter().map(|loser| loser.kept).collect(),
            whole: compared.iter().take(KEPT_WHOLE).copied().collect(),
            compared,
        };
        let parts = parts_of(files);
        let looked = side_by_side(parts.len(), threads, |next| {
            let mut looked = Vec::new();
            for (file, part) in next.filter_map(|index| parts.get(index)) {
                wanted.look(*file, *part, files, &mut looked)?;
            }
            Ok(looked)
        })?;
        let mut kept: Vec<Kept> = looked.into_iter().flatten().collect();
        kept.sort_unstable_by_key(|kept| kept.place);
        Ok(Self { losers, kept })
    }

    /// The lines of a batch that lose, by row and rule; `first` is the place of its first row.
    ///
    /// # Errors
    /// Where the file cannot be read again.
    pub fn of_batch(
        &self,
        first: Place,
        batch: &Batch,
        rules: &[Rule],
        files: &[SourceFile],
    ) -> Result<Vec<Lost>, Failure> {
        let behind = Place { row: first.row + u64::try_from(batch.rows).unwrap_or_default(), ..first };
        let start = self.losers.partition_point(|loser| loser.place < first);
        let end = self.losers.partition_point(|loser| loser.place < behind);
        let losers = self.losers.get(start..end).unwrap_or_default();
        let mut lost = Vec::with_capacity(losers.len());
        for loser in losers {
            let row = usize::try_from(loser.place.row - first.row).unwrap_or_default();
            let found = self.kept.binary_search_by_key(&loser.kept, |kept| kept.place);
            let (Some(kept), Some(rule)) = (found.ok().and_then(|index| self.kept.get(index)), rules.get(loser.rule))
            else {
                continue;
            };
            let kept_file = usize::try_from(kept.place.file).unwrap_or_default();
            let differences = match &kept.content {
                Content::Equal => Differences::None,
                Content::Whole(theirs) => Differences::of(theirs, &cells(&raw(batch, row)?)),
                Content::Hash(theirs) if *theirs == hash(&cells(&raw(batch, row)?)) => Differences::None,
                Content::Hash(_) => Differences::Some(String::new()),
            };
            let detail = if rule.then == Then::Quarantine {
                let file = files.get(kept_file).map_or("", |file| file.name.as_str());
                differences.describe(&format!("{file}:{}", kept.line))
            } else {
                String::new()
            };
            lost.push(Lost { row, rule: loser.rule, kept_file, is_exact: differences == Differences::None, detail });
        }
        Ok(lost)
    }
}

fn raw(batch: &Batch, row: usize) -> Result<String, Failure> {
    Ok(batch.raw(&[row])?.pop().unwrap_or_default())
}

/// The lines that stay, and of which of them the content is asked.
struct Wanted {
    kept: BTreeSet<Place>,
    compared: BTreeSet<Place>,
    whole: BTreeSet<Place>,
}

impl Wanted {
    /// Finds the lines of one part that stay.
    fn look(&self, file: usize, part: usize, files: &[SourceFile], looked: &mut Vec<Kept>) -> Result<(), Failure> {
        let Some(opened) = files.get(file) else { return Ok(()) };
        let mut first = Place::first_of(file, part)?;
        if self.kept.range(first..=Place { row: u64::MAX, ..first }).next().is_none() {
            return Ok(());
        }
        sources::scan(opened, part, &[0], &mut |batch| {
            let behind = Place { row: first.row + u64::try_from(batch.rows).unwrap_or_default(), ..first };
            for place in self.kept.range(first..behind) {
                let row = usize::try_from(place.row - first.row).unwrap_or_default();
                let content = self.content(*place, &batch, row)?;
                looked.push(Kept { place: *place, line: batch.line(row), content });
            }
            first = behind;
            Ok::<(), Failure>(())
        })?;
        Ok(())
    }

    fn content(&self, place: Place, batch: &Batch, row: usize) -> Result<Content, Failure> {
        if self.whole.contains(&place) {
            Ok(Content::Whole(cells(&raw(batch, row)?)))
        } else if self.compared.contains(&place) {
            Ok(Content::Hash(hash(&cells(&raw(batch, row)?))))
        } else {
            Ok(Content::Equal)
        }
    }
}

/// The cells of a row that was written as a JSON object.
fn cells(raw: &str) -> Cells {
    let Ok(Value::Object(columns)) = serde_json::from_str(raw) else { return Cells::new() };
    let text = |value: Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    let cells = columns.into_iter().filter_map(|(name, value)| Some((name, text(value)?)));
    cells.filter(|(_, text)| !text.trim().is_empty()).collect()
}

fn hash(cells: &Cells) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in cells.iter().flat_map(|(name, text)| [name, text]) {
        hasher.update(&part.len().to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize()
}

/// How many columns that differ are shown.
const SHOWN: usize = 3;

/// What two lines of one key differ in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Differences {
    None,
    /// In words; empty where the other line is known by its hash only.
    Some(String),
}

impl Differences {
    fn of(theirs: &Cells, mine: &Cells) -> Self {
        let names: BTreeSet<&String> = theirs.keys().chain(mine.keys()).collect();
        let differing: Vec<&String> = names.into_iter().filter(|name| theirs.get(*name) != mine.get(*name)).collect();
        if differing.is_empty() {
            return Self::None;
        }
        let cell = |cells: &Cells, name: &String| {
            cells.get(name).map_or_else(|| "nothing".to_owned(), |text| format!("`{text}`"))
        };
        let shown = differing.iter().take(SHOWN);
        let mut shown: Vec<String> = shown
            .map(|name| format!("`{name}` is {} there and {} here", cell(theirs, name), cell(mine, name)))
            .collect();
        match differing.len().saturating_sub(SHOWN) {
            0 => {}
            1 => shown.push("one more column differs".to_owned()),
            more => shown.push(format!("{more} more columns differ")),
        }
        Self::Some(shown.join(", "))
    }

    fn describe(&self, kept: &str) -> String {
        match self {
            Self::None => format!("the same as {kept}"),
            Self::Some(differences) if differences.is_empty() => format!("differs from {kept}"),
            Self::Some(differences) => format!("differs from {kept}: {differences}"),
        }
    }
}

/// The lines of one file that lose against lines of one file, by one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pair {
    pub exact: i64,
    pub differing: i64,
    /// Minor units; lines with an unreadable amount add nothing.
    pub amount: i128,
    pub days: Option<(i32, i32)>,
}

impl Pair {
    pub fn add(&mut self, is_exact: bool, amount: Option<i64>, day: Option<i32>) {
        let rows = i64::from(is_exact);
        let days = day.map(|day| (day, day));
        let amount = amount.unwrap_or_default().into();
        self.merge(&Self { exact: rows, differing: 1 - rows, amount, days });
    }

    pub fn merge(&mut self, other: &Self) {
        self.exact += other.exact;
        self.differing += other.differing;
        self.amount += other.amount;
        self.days = match (self.days, other.days) {
            (Some(mine), Some(other)) => Some((mine.0.min(other.0), mine.1.max(other.1))),
            (mine, other) => mine.or(other),
        };
    }
}

/// Rule, file, file of the lines that stay.
pub type Pairs = BTreeMap<(usize, usize, usize), Pair>;

pub fn spec(name: &str) -> TableSpec {
    use Meaning::{Date, Integer, Money, Text};
    let columns = [
        ("rule", Integer),
        ("file", Text),
        ("kept_file", Text),
        ("then", Text),
        ("rows_exact", Integer),
        ("rows_differing", Integer),
        ("amount", Money),
        ("first_date", Date),
        ("last_date", Date),
    ];
    TableSpec::new(name, columns.into_iter().map(|(name, meaning)| ColumnSpec::new(name, meaning)).collect())
}

/// One row per rule and pair of files; nothing where the money of one has too many digits.
pub fn table<'a>(name: &str, pairs: &Pairs, rules: &[Rule], name_of: &dyn Fn(usize) -> &'a str) -> Option<Table> {
    let amount = |pair: &Pair| i64::try_from(pair.amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST);
    let amounts = pairs.values().map(amount).collect::<Option<Vec<i64>>>()?;
    let then = |rule: &usize| rules.get(*rule).map_or("", |rule| rule.then.name());
    Some(
        TableBuilder::new(name, pairs.len())
            .integers("rule", pairs.keys().map(|(rule, _, _)| i64::try_from(rule + 1).ok()).collect::<Vec<_>>())
            .text("file", pairs.keys().map(|(_, file, _)| name_of(*file)).collect())
            .text("kept_file", pairs.keys().map(|(_, _, kept)| name_of(*kept)).collect())
            .text("then", pairs.keys().map(|(rule, _, _)| then(rule)).collect())
            .integers("rows_exact", pairs.values().map(|pair| pair.exact).collect::<Vec<_>>())
            .integers("rows_differing", pairs.values().map(|pair| pair.differing).collect::<Vec<_>>())
            .money("amount", amounts)
            .dates("first_date", pairs.values().map(|pair| pair.days.map(|days| days.0)).collect::<Vec<_>>())
            .dates("last_date", pairs.values().map(|pair| pair.days.map(|days| days.1)).collect::<Vec<_>>())
            .build(),
    )
}

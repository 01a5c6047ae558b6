//! Accounts that count for others, such as a subsidiary for its parent from the day on which it was bought.
//!
//! The rows of the map are turned, once, into steps for each account that the map names: from which day on it
//! counts for whom, through all parents above it. A line then looks up its account's steps.

mod history;

use super::amounts::LARGEST;
use super::books::Overflow;
use super::index;
use super::tally::Count;
use super::waist::Accounts;
use crate::calendar::iso;
use crate::failure::Failure;
use crate::ledger::keys::KeyRule;
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::Node;
use crate::pipeline::scope::{Scope, shared};
use crate::product::Inputs;
use crate::sources::written::{Written, require};
use crate::sources::{Source, TextRow};
use crate::table::{Table, TableBuilder, TableSpec};
use history::{History, MapRow, Step, end_before_the_next};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What `account_map` declares: the table and its columns.
#[derive(Debug, Clone)]
pub struct MapKeys {
    pub from: Located<String>,
    pub child: Located<String>,
    pub parent: Located<String>,
    pub since: Option<Located<String>>,
    pub until: Option<Located<String>>,
    /// An `accounts` stage whose accounts are known parents.
    pub accounts: Option<Located<String>>,
}

impl MapKeys {
    pub fn decode(node: &Node, problems: &Problems) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, "`account_map`", problems)?;
        let (from, child, parent) = (fields.text("from"), fields.text("child"), fields.text("parent"));
        let (since, until) = (fields.optional_text("since"), fields.optional_text("until"));
        let accounts = fields.optional_text("accounts");
        fields.finish();
        Some(Self { from: from?, child: child?, parent: parent?, since, until, accounts })
    }

    /// Finds the table, its columns and the `accounts` stage.
    pub fn bind(&self, scope: &mut Scope) -> Option<Arc<Source>> {
        let accounts = self.accounts.as_ref().map(|accounts| scope.table_of_kind(accounts, "accounts"));
        let source = scope.source(&self.from)?;
        require(source, &self.columns(), scope.problems)?;
        (accounts != Some(None)).then(|| shared(source))
    }

    fn columns(&self) -> Vec<&Located<String>> {
        [Some(&self.child), Some(&self.parent), self.since.as_ref(), self.until.as_ref()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Reads the map; `bucket` is the name that no account may have, `rule` how accounts are made of what is written.
    ///
    /// # Errors
    /// Where the table cannot be read or contradicts itself, with everything that does.
    pub fn read(
        &self,
        table: &Source,
        (bucket, rule): (Option<&str>, Option<KeyRule>),
        inputs: &Inputs,
    ) -> Result<AccountMap, Failure> {
        let columns: Vec<&str> = self.columns().iter().map(|column| column.value.as_str()).collect();
        // Which of the cells read is which: `since` and `until` may both be left out.
        let since = self.since.as_ref().map(|column| (2, column.value.as_str()));
        let until = self.until.as_ref().map(|column| (columns.len() - 1, column.value.as_str()));
        let mut mistakes = Vec::new();
        let mut rows: Vec<MapRow> = Vec::new();
        for mut row in table.text_rows(&columns)? {
            if let Some(rule) = rule {
                let accounts = row.cells.iter_mut().take(2).flatten();
                accounts.for_each(|account| *account = rule.key(account).into_owned());
            }
            let day = |declared: Option<(usize, &str)>| -> Result<Option<i32>, String> {
                let Some((cell, column)) = declared else { return Ok(None) };
                match row.cells.get(cell).and_then(Option::as_deref).filter(|text| !text.trim().is_empty()) {
                    None => Ok(None),
                    Some(text) => match Written::of(table, &row.file, column).day(text) {
                        Some(day) => Ok(Some(day)),
                        None => Err(format!("`{text}` is no day of the declared format")),
                    },
                }
            };
            match judged(&row, day(since), day(until), bucket) {
                Ok(row) => rows.push(row),
                Err(mistake) => mistakes.push(format!("{}:{}: {mistake}", row.file, row.line)),
            }
        }
        let known: BTreeSet<&str> = match &self.accounts {
            None => BTreeSet::new(),
            Some(accounts) => inputs.table(&accounts.value)?.text("account").into_iter().collect(),
        };
        AccountMap::new(rows, &known, mistakes)
    }
}

fn judged(
    row: &TextRow,
    since: Result<Option<i32>, String>,
    until: Result<Option<i32>, String>,
    bucket: Option<&str>,
) -> Result<MapRow, String> {
    if let Some(defect) = &row.defect {
        return Err(defect.detail.clone());
    }
    let cell = |place: usize| row.cells.get(place).and_then(Option::as_deref).filter(|text| !text.trim().is_empty());
    let (since, until) = (since?.unwrap_or(i32::MIN), until?.unwrap_or(i32::MAX));
    let child = cell(0).ok_or("the child is empty")?;
    // What counts for itself counts for nobody else.
    let parent = cell(1).filter(|parent| *parent != child);
    if until < since {
        return Err(format!("`{child}` ends on {}, before it begins on {}", iso(until), iso(since)));
    }
    if let Some(name) = [Some(child), parent].into_iter().flatten().find(|name| Some(*name) == bucket) {
        return Err(format!("`{name}` is the name that lines without an account are kept as"));
    }
    let place = format!("{}:{}", row.file, row.line);
    Ok(MapRow { place, child: child.to_owned(), parent: parent.map(str::to_owned), since, until })
}

/// Who counts for whom, day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountMap {
    /// By child and first day.
    rows: Vec<MapRow>,
    /// Every account that the map names, sorted; the steps of each, by day.
    names: Vec<String>,
    steps: Vec<Vec<Step>>,
    /// Parents that only lines of their own can make known: the account, and where the map names it.
    doubtful: Vec<(u32, String)>,
}

impl AccountMap {
    fn new(mut rows: Vec<MapRow>, known: &BTreeSet<&str>, mut mistakes: Vec<String>) -> Result<Self, Failure> {
        // Sorting is stable: of equal rows, which exports that overlap have, the first in the file stays.
        rows.sort_by(|a, b| (&a.child, a.since, a.until, &a.parent).cmp(&(&b.child, b.since, b.until, &b.parent)));
        rows.dedup_by(|later, earlier| later.same_content(earlier));
        end_before_the_next(&mut rows, &mut mistakes);
        let named: BTreeSet<&str> =
            rows.iter().flat_map(|row| std::iter::once(&row.child).chain(&row.parent)).map(String::as_str).collect();
        let names: Vec<String> = named.into_iter().map(str::to_owned).collect();
        let history = History { rows: &rows, names: &names };
        let mut cycles: BTreeMap<Vec<u32>, i32> = BTreeMap::new();
        let steps: Vec<Vec<Step>> =
            (0u32..).zip(&names).map(|(account, _)| history.steps(account, &mut cycles)).collect();
        mistakes.extend(cycles.iter().map(|(cycle, day)| history.tell_cycle(cycle, *day)));
        if !mistakes.is_empty() {
            let hint = "give an account one parent at a time, and the topmost none";
            return Err(Failure::rows("the account map cannot be followed", &mistakes, hint));
        }
        let mut doubtful: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
        for row in &rows {
            let parent = row.parent.as_deref().filter(|parent| !known.contains(parent));
            if let Some(parent) = parent.and_then(|parent| history.place(parent))
                && history.of(parent).is_empty()
            {
                doubtful.entry(parent).or_default().push(&row.place);
            }
        }
        let doubtful = doubtful.into_iter().map(|(parent, places)| (parent, places.join(", "))).collect();
        Ok(Self { doubtful, rows, names, steps })
    }

    /// Refuses parents that nothing tells of: neither the map, nor the table of accounts, nor a line of their own.
    ///
    /// # Errors
    /// Where there are such parents, with all of them.
    pub fn refuse_unknown_parents(&self, moved: &Moved) -> Result<(), Failure> {
        let has_lines = |account: u32| moved.keys().any(|(own, _, _)| *own == account);
        let unknown = self.doubtful.iter().filter(|(account, _)| !has_lines(*account));
        let mistakes: Vec<String> =
            unknown.map(|(account, places)| format!("{places}: `{}`", self.name(*account))).collect();
        if mistakes.is_empty() {
            return Ok(());
        }
        let hint = "correct the parent, or give it a row of its own in the map, without a parent";
        Err(Failure::rows("the account map names parents that are no accounts", &mistakes, hint))
    }

    fn name(&self, account: u32) -> &str {
        self.names.get(index(account)).map_or("", String::as_str)
    }

    /// The table of the map: by child and first day, with the accepted lines that each row moved.
    ///
    /// # Errors
    /// [`Overflow`] where a sum has more digits than leave.
    pub fn table(&self, name: &str, moved: &Moved, as_of_year: i32) -> Result<Table, Overflow> {
        let mut sums = vec![Count::default(); self.rows.len()];
        for ((_, row, _), count) in moved.iter().filter(|((_, _, year), _)| *year <= as_of_year) {
            if let Some(sum) = row.and_then(|row| sums.get_mut(index(row))) {
                *sum = sum.plus(*count);
            }
        }
        let whole = |count: &Count| {
            i64::try_from(count.amount).ok().filter(|amount| amount.unsigned_abs() < LARGEST).ok_or(Overflow)
        };
        let amounts = sums.iter().map(whole).collect::<Result<Vec<i64>, Overflow>>()?;
        Ok(self.build(name, &sums, amounts))
    }

    /// The columns of the table.
    pub fn spec(name: &str) -> TableSpec {
        let nothing = Self { rows: Vec::new(), names: Vec::new(), steps: Vec::new(), doubtful: Vec::new() };
        nothing.build(name, &[], Vec::new()).spec
    }

    fn build(&self, name: &str, sums: &[Count], amounts: Vec<i64>) -> Table {
        let open = |day: i32| (day != i32::MIN && day != i32::MAX).then_some(day);
        TableBuilder::new(name, self.rows.len())
            .text("child", self.rows.iter().map(|row| row.child.as_str()).collect())
            .optional_text("parent", self.rows.iter().map(|row| row.parent.as_deref()).collect())
            .dates("since", self.rows.iter().map(|row| open(row.since)).collect::<Vec<Option<i32>>>())
            .dates("until", self.rows.iter().map(|row| open(row.until)).collect::<Vec<Option<i32>>>())
            .integers("rows", sums.iter().map(|count| count.rows).collect::<Vec<i64>>())
            .money("amount", amounts)
            .build()
    }
}

/// The accepted lines of the accounts that a map names: by account, the row that moved them, and fiscal year.
pub type Moved = BTreeMap<(u32, Option<u32>, i32), Count>;

/// Finds for each line the account that it counts for.
#[derive(Debug)]
pub struct Mapper<'a> {
    map: &'a AccountMap,
    /// By the code of an account: its place among the names of the map, once it was needed.
    places: Vec<Option<Option<u32>>>,
    /// By the place of an account in the map: its code, once it was needed.
    codes: Vec<Option<u32>>,
}

/// The account that a line counts for, and what the map did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapped {
    pub account: u32,
    /// The account of the line in the map and the row that moved it, where the map names the account.
    pub by: Option<(u32, Option<u32>)>,
}

impl<'a> Mapper<'a> {
    pub fn new(map: &'a AccountMap) -> Self {
        Self { map, places: Vec::new(), codes: vec![None; map.names.len()] }
    }

    #[inline]
    pub fn of(&mut self, account: u32, day: i32, accounts: &mut Accounts) -> Mapped {
        let own = Mapped { account, by: None };
        if index(account) >= self.places.len() {
            self.places.resize(index(account) + 1, None);
        }
        let Some(place) = self.places.get_mut(index(account)) else { return own };
        let names = &self.map.names;
        let found = *place.get_or_insert_with(|| {
            let name = accounts.text(account);
            names.binary_search_by(|known| known.as_str().cmp(name)).ok().and_then(|place| u32::try_from(place).ok())
        });
        let Some(named) = found else { return own };
        let steps = self.map.steps.get(index(named)).map(Vec::as_slice).unwrap_or_default();
        let step = steps.partition_point(|step| step.from <= day).checked_sub(1).and_then(|place| steps.get(place));
        let Some(step) = step else { return own };
        let code = self.codes.get_mut(index(step.top));
        let top = code.map(|code| *code.get_or_insert_with(|| accounts.push(self.map.name(step.top))));
        Mapped { account: top.unwrap_or(account), by: Some((named, step.row)) }
    }
}

//! The first pass: which lines are the same, and which of them go.

use super::super::cells::Keys;
use super::super::columns::evaluated;
use super::super::days::Days;
use super::super::parallel::side_by_side;
use super::super::plan::Place as Column;
use super::keys::{KeyPlaces, KeyPlan};
use super::{Compare, Keep, Rule};
use crate::failure::Failure;
use crate::ledger::total_rows::Then;
use crate::progress::Progress;
use crate::sources::{self, Batch, SourceFile};
use arrow::array::{Array, AsArray, BooleanArray, new_null_array};
use arrow::datatypes::DataType;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A line among all lines, in the order of files and of their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    pub file: u32,
    pub part: u32,
    /// Within the part, from 0.
    pub row: u64,
}

impl Place {
    /// The first line of a part of a file.
    ///
    /// # Errors
    /// Where there are more files or parts than 32 bits count.
    pub fn first_of(file: usize, part: usize) -> Result<Self, Failure> {
        let number = |index: usize| u32::try_from(index).map_err(|_| Failure::run("there are too many files"));
        Ok(Self { file: number(file)?, part: number(part)?, row: 0 })
    }
}

/// A line that a rule looks at.
///
/// Keys are compared by 128 bits of their hash. Among a billion lines the odds that any two of different keys agree
/// are below one in 10^20, and nobody can make two that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    key: [u8; 16],
    place: Place,
}

/// A line that another one stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loser {
    pub place: Place,
    /// The number of the rule, from 0.
    pub rule: usize,
    pub kept: Place,
}

/// Finds the lines that lose, in the order of the lines and for each in the order of the rules.
///
/// # Errors
/// Where a file cannot be read or an expression cannot be evaluated.
pub fn losers(
    rules: &[Rule],
    files: &[SourceFile],
    plans: &[&KeyPlan],
    threads: usize,
    progress: &Progress,
) -> Result<Vec<Loser>, Failure> {
    let parts = parts_of(files);
    progress.start(parts.len());
    let passes = side_by_side(parts.len(), threads, |next| {
        let mut pass = Pass { seen: rules.iter().map(|_| Vec::new()).collect(), reach: BTreeMap::new() };
        for index in next {
            if let Some((file, part)) = parts.get(index) {
                pass.part(*file, *part, files, plans)?;
                progress.advance();
            }
        }
        Ok(pass)
    })?;
    progress.finish();
    let mut seen: Vec<Vec<Seen>> = rules.iter().map(|_| Vec::new()).collect();
    let mut reach: BTreeMap<u32, i32> = BTreeMap::new();
    for pass in passes {
        seen.iter_mut().zip(pass.seen).for_each(|(all, more)| all.extend(more));
        for (file, day) in pass.reach {
            let last = reach.entry(file).or_insert(day);
            *last = (*last).max(day);
        }
    }
    let mut losers: Vec<Loser> = Vec::new();
    // A line that one rule takes out is no duplicate for the next, and keeps none out.
    let mut gone: BTreeSet<Place> = BTreeSet::new();
    for ((number, rule), mut seen) in rules.iter().enumerate().zip(seen) {
        seen.par_sort_unstable();
        let lost = lost(rule, &seen, &gone, &reach);
        losers.extend(lost.iter().map(|(place, kept)| Loser { place: *place, rule: number, kept: *kept }));
        if rule.then != Then::Flag {
            gone.extend(lost.iter().map(|(place, _)| *place));
        }
    }
    losers.sort_unstable_by_key(|loser| (loser.place, loser.rule));
    Ok(losers)
}

/// All parts of all files, in order.
pub fn parts_of(files: &[SourceFile]) -> Vec<(usize, usize)> {
    let files = files.iter().enumerate();
    files.flat_map(|(file, source)| (0..source.parts()).map(move |part| (file, part))).collect()
}

/// What one thread has seen.
struct Pass {
    /// By rule.
    seen: Vec<Vec<Seen>>,
    /// The last day of each file, where a rule asks.
    reach: BTreeMap<u32, i32>,
}

impl Pass {
    fn part(&mut self, file: usize, part: usize, files: &[SourceFile], plans: &[&KeyPlan]) -> Result<(), Failure> {
        let (Some(opened), Some(plan)) = (files.get(file), plans.get(file)) else { return Ok(()) };
        let mut first = Place::first_of(file, part)?;
        sources::scan(opened, part, &plan.read, &mut |batch| {
            self.batch(first, plan, &batch)
                .map_err(|error| Failure::run(format!("cannot read the lines of `{}`: {error}", opened.name)))?;
            first.row += u64::try_from(batch.rows).unwrap_or_default();
            Ok::<(), Failure>(())
        })?;
        Ok(())
    }

    fn batch(&mut self, first: Place, plan: &KeyPlan, batch: &Batch) -> Result<(), String> {
        let computed = evaluated(&plan.expressions, &plan.entries, &plan.dates, batch)?;
        let nothing = new_null_array(&DataType::Utf8, batch.rows);
        let column = |place: Column| match place {
            Column::Missing => Ok(&nothing),
            Column::Read(place) => batch.columns.get(place).ok_or_else(|| "a column is missing".to_owned()),
            Column::Computed(place) => computed.columns.get(place).ok_or_else(|| "an expression is missing".to_owned()),
        };
        let condition = |place: &Column| match place {
            Column::Missing => Ok(BooleanArray::new_null(batch.rows)),
            place => column(*place)?.as_boolean_opt().cloned().ok_or_else(|| "a rule is not true or false".to_owned()),
        };
        let excludes = plan.rules.iter().map(condition).collect::<Result<Vec<BooleanArray>, String>>()?;
        let is = |flags: &BooleanArray, row: usize| flags.is_valid(row) && flags.value(row);
        let mut defects = batch.defects.iter().peekable();
        let taken: Vec<bool> = (0..batch.rows)
            .map(|row| {
                let whole = defects.next_if(|defect| defect.row == row).is_none();
                whole && !excludes.iter().any(|flags| is(flags, row))
            })
            .collect();
        for (KeyPlaces { names, places, condition: place }, seen) in plan.keys.iter().zip(&mut self.seen) {
            let keys = places.iter().map(|place| Keys::of(column(*place)?)).collect::<Result<Vec<_>, String>>()?;
            let applies = place.as_ref().map(condition).transpose()?;
            for (row, taken) in taken.iter().enumerate() {
                if !taken || applies.as_ref().is_some_and(|flags| !is(flags, row)) {
                    continue;
                }
                if let Some(key) = hash(&keys, names.as_deref(), row) {
                    let row = first.row + u64::try_from(row).unwrap_or_default();
                    seen.push(Seen { key, place: Place { row, ..first } });
                }
            }
        }
        if let Some(date) = plan.date {
            let days = Days::of(column(date)?, &plan.dates)?;
            let last = (0..batch.rows).filter(|row| taken[*row]).filter_map(|row| days.day(row).ok()).max();
            if let Some(day) = last {
                let reach = self.reach.entry(first.file).or_insert(day);
                *reach = (*reach).max(day);
            }
        }
        Ok(())
    }
}

/// The key of a row. A line that lacks a part of a declared key is like no other; where every column counts, what is
/// empty in both is equal, and so is a column that a file does not have.
fn hash(keys: &[Keys], names: Option<&[String]>, row: usize) -> Option<[u8; 16]> {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        // With its length before it, so that no two lists of texts look the same.
        hasher.update(&text.len().to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match names {
        None => {
            for key in keys {
                part(key.text(row)?);
            }
        }
        Some(names) => {
            for (name, text) in names.iter().zip(keys).filter_map(|(name, key)| Some((name, key.text(row)?))) {
                part(name);
                part(text);
            }
        }
    }
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    Some(key)
}

/// The lines of a rule that go, each with the one that stays in its place; `seen` is sorted.
fn lost(rule: &Rule, seen: &[Seen], gone: &BTreeSet<Place>, reach: &BTreeMap<u32, i32>) -> Vec<(Place, Place)> {
    let mut lost = Vec::new();
    for equal in seen.chunk_by(|a, b| a.key == b.key).filter(|equal| equal.len() > 1) {
        let places: Vec<Place> = equal.iter().map(|seen| seen.place).filter(|place| !gone.contains(place)).collect();
        match rule.compare {
            Compare::Lines => pair(places, 1, rule.keep, reach, &mut lost),
            Compare::Copies(copies) => {
                let kept = places.len().div_ceil(usize::try_from(copies).unwrap_or(1));
                pair(places, kept, rule.keep, reach, &mut lost);
            }
            Compare::Files => {
                // The first of each file together, the second of each, and so on.
                let mut rounds: Vec<Vec<Place>> = Vec::new();
                for same_file in places.chunk_by(|a, b| a.file == b.file) {
                    for (round, place) in same_file.iter().enumerate() {
                        match rounds.get_mut(round) {
                            Some(round) => round.push(*place),
                            None => rounds.push(vec![*place]),
                        }
                    }
                }
                for places in rounds {
                    pair(places, 1, rule.keep, reach, &mut lost);
                }
            }
        }
    }
    lost
}

/// Keeps so many of equal lines, and gives each of the others one that was kept.
fn pair(mut places: Vec<Place>, kept: usize, keep: Keep, reach: &BTreeMap<u32, i32>, lost: &mut Vec<(Place, Place)>) {
    match keep {
        Keep::First => {}
        Keep::Last => places.reverse(),
        // Of files that reach equally far, the one whose name comes last: exports carry their day in the name.
        Keep::Newest => {
            places.sort_by_key(|place| (Reverse((reach.get(&place.file), place.file)), place.part, place.row));
        }
    }
    let (stay, go) = places.split_at(kept.min(places.len()));
    lost.extend(go.iter().zip(stay.iter().cycle()).map(|(place, kept)| (*place, *kept)));
}

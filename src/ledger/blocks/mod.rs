//! What a later run need not read again.
//!
//! A *block* is files whose lines lie in fiscal years in which no line of another file lies: monthly exports make one for
//! each year. What a block adds up to depends on no other file, distinct counts included, so that it is kept as it is
//! and taken up by a later run that finds the same files and rules; lines are read of the other files alone. Where one of
//! those turns out to reach into the years of a block, the files of the block are read as well.
//!
//! Nothing is kept where files depend on each other: where duplicates are looked for, where credit notes count on the
//! day of another invoice, and where `keys` brings spellings together.

mod content;
pub mod words;

pub use content::{Block, Told};

use super::counted::CountedYear;
use super::ids::Ids;
use super::quarantine::{FilePages, Gathering};
use super::scan::Scan;
use super::tally::{FileTally, Tally};
use crate::failure::Failure;
use crate::kept::Kept;
use crate::pipeline::settings::AsOf;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// The form in which blocks are kept: another one for any change of what is kept or of what it means.
const FORMAT: u32 = 4;

/// A block is not kept that has a file with more bytes of lines in quarantine.
const LARGEST_PAGES: usize = 16 << 20;

/// Why a ledger keeps nothing, where it does not.
pub fn refused(scan: &Scan) -> Option<&'static str> {
    if !scan.duplicates.is_empty() {
        return Some("`duplicates` compares the lines of all files");
    }
    if scan.keys.is_some() {
        return Some("`keys` brings the spellings of all files together");
    }
    if scan.control_totals.is_some_and(|totals| totals.months().is_some()) {
        return Some("`control_totals` by month count the lines of all files");
    }
    let dated_back = scan.credit_notes.is_some_and(|notes| notes.corrects.is_some());
    dated_back.then_some("credit notes count on the days of the invoices they correct")
}

/// The blocks of earlier runs, and where those of this one are kept.
#[derive(Debug, Clone)]
pub struct Memory {
    pub kept: Arc<dyn Kept>,
    /// What blocks of this ledger are called, and by what rules their lines were judged.
    pub ledger: String,
    pub rules: blake3::Hash,
    /// The content of each file of the ledger, in their order.
    pub contents: Vec<blake3::Hash>,
}

/// A block that has been kept, before it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    name: String,
    /// Name and content of each file.
    files: Vec<(String, [u8; blake3::OUT_LEN])>,
    years: BTreeSet<i32>,
    /// The newest day of its lines, and the as-of day where that left some of them out.
    last_day: i32,
    cut: Option<i32>,
}

/// All blocks of the last run of a ledger.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    format: u32,
    rules: [u8; blake3::OUT_LEN],
    blocks: Vec<Entry>,
}

/// A kept block whose files are all there, unchanged.
#[derive(Debug, Clone)]
pub struct Candidate {
    entry: Entry,
    /// The places of its files among those of the ledger.
    pub files: Vec<usize>,
}

impl Candidate {
    /// Whether a line of these fiscal years would belong to it.
    pub fn reaches(&self, years: &BTreeSet<i32>) -> bool {
        !self.entry.years.is_disjoint(years)
    }
}

impl Memory {
    fn index(&self) -> Index {
        let read = |bytes: Vec<u8>| postcard::from_bytes::<Index>(&bytes).ok();
        let index = self.kept.load(&self.index_name()).and_then(read);
        index.filter(|index| index.format == FORMAT && index.rules == *self.rules.as_bytes()).unwrap_or_default()
    }

    fn index_name(&self) -> String {
        format!("{}.blocks", self.ledger)
    }

    /// The blocks that may stand for the lines of their files.
    pub fn candidates(&self, scan: &Scan) -> Vec<Candidate> {
        let places: BTreeMap<(&str, &[u8; blake3::OUT_LEN]), usize> = scan
            .files
            .iter()
            .zip(&self.contents)
            .enumerate()
            .map(|(place, (file, hash))| ((file.name.as_str(), hash.as_bytes()), place))
            .collect();
        let candidate = |entry: Entry| {
            // Lines after the as-of day have no part in the sums, and this run may look at a later day.
            let is_whole = match (entry.cut, scan.settings.as_of) {
                (None, AsOf::Latest) => true,
                (None, AsOf::Day(day)) => entry.last_day <= day,
                (cut, AsOf::Day(day)) => cut == Some(day),
                (Some(_), AsOf::Latest) => false,
            };
            let files = entry.files.iter().map(|(name, hash)| places.get(&(name.as_str(), hash)).copied());
            let files: Vec<usize> = files.collect::<Option<_>>()?;
            is_whole.then_some(Candidate { entry, files })
        };
        self.index().blocks.into_iter().filter_map(candidate).collect()
    }

    /// Reads a block; nothing where it is gone or damaged.
    pub fn read(&self, candidate: &Candidate, ids: &Mutex<Ids>) -> Option<Block> {
        let block = Block::read(&self.kept.load(&candidate.entry.name)?, ids)?;
        (block.told.tallies.len() == candidate.files.len()).then_some(block)
    }

    /// Keeps the blocks of a run, those taken up from earlier ones as they are.
    ///
    /// # Errors
    /// Where the scratch cannot be read.
    pub fn keep(
        &self,
        scan: &Scan,
        (tally, years, ids): (&Tally, &[CountedYear], &Ids),
        quarantine: &Gathering,
        taken: Vec<Candidate>,
    ) -> Result<(), Failure> {
        let mut blocks: Vec<Entry> = taken.iter().map(|candidate| candidate.entry.clone()).collect();
        let of_taken: BTreeSet<usize> = taken.iter().flat_map(|block| block.files.iter().copied()).collect();
        let is_taken = |file: &usize| of_taken.contains(file);
        let keep = |(files, of_block): (Vec<usize>, BTreeSet<i32>)| {
            let Some(entry) = self.entry(scan, tally, &files, of_block) else { return Ok(None) };
            let pages: Vec<Option<FilePages>> =
                files.iter().map(|file| quarantine.of_file(*file, LARGEST_PAGES)).collect::<Result<_, _>>()?;
            let Some(pages) = pages.into_iter().collect::<Option<Vec<FilePages>>>() else { return Ok(None) };
            let told = Told::of(tally, &files, &entry.years, pages);
            let years: Vec<&CountedYear> =
                years.iter().filter(|year| entry.years.contains(&year.fiscal_year)).collect();
            let is_kept = self.kept.store(&entry.name, &Block::kept(&told, &years, ids));
            Ok::<_, Failure>(is_kept.then_some(entry))
        };
        let new = divided(&tally.files, is_taken).into_par_iter().map(keep).collect::<Result<Vec<_>, _>>()?;
        blocks.extend(new.into_iter().flatten());
        let mut names: BTreeSet<String> = blocks.iter().map(|entry| entry.name.clone()).collect();
        let index = Index { format: FORMAT, rules: *self.rules.as_bytes(), blocks };
        self.kept.store(&self.index_name(), &index);
        names.insert(self.index_name());
        self.kept.prune(&format!("{}.", self.ledger), &names);
        Ok(())
    }

    /// What tells of a block.
    fn entry(&self, scan: &Scan, tally: &Tally, places: &[usize], years: BTreeSet<i32>) -> Option<Entry> {
        let named = places
            .iter()
            .map(|file| Some((scan.files.get(*file)?.name.clone(), *self.contents.get(*file)?.as_bytes())));
        let files: Vec<(String, [u8; blake3::OUT_LEN])> = named.collect::<Option<_>>()?;
        let last_day = years.iter().filter_map(|year| tally.days.get(year)).map(|(_, last)| *last).max();
        let is_late = |file: &usize| tally.files.get(*file).is_some_and(|file| file.after_as_of.rows > 0);
        let cut = match scan.settings.as_of {
            AsOf::Day(day) if places.iter().any(is_late) => Some(day),
            _ => None,
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.rules.as_bytes()).update(format!("{cut:?}").as_bytes());
        for (name, hash) in &files {
            hasher.update(blake3::hash(name.as_bytes()).as_bytes()).update(hash);
        }
        let name = format!("{}.{}", self.ledger, hasher.finalize().to_hex());
        Some(Entry { name, files, years, last_day: last_day.unwrap_or(i32::MIN), cut })
    }
}

/// Of which files the lines would be read, in words, and why of those.
pub fn foreseen(scan: &Scan, memory: Option<Memory>) -> String {
    let all = scan.files.len();
    let read = |count: usize| match count {
        0 => "no lines would be read".to_owned(),
        1 if all == 1 => "the lines of the only file would be read".to_owned(),
        count if count == all => format!("the lines of all {all} files would be read"),
        count => format!("the lines of {count} of {all} files would be read"),
    };
    let memory = match (refused(scan), memory) {
        (Some(why), _) => return format!("{}: {why}", read(all)),
        (None, None) => return format!("{}: nothing is known of earlier runs", read(all)),
        (None, Some(memory)) => memory,
    };
    let index = memory.index();
    if index.blocks.is_empty() {
        return format!("{}: nothing is kept of lines that were judged by these rules", read(all));
    }
    let candidates = memory.candidates(scan);
    let known: BTreeSet<usize> = candidates.iter().flat_map(|block| block.files.iter().copied()).collect();
    let unknown: Vec<usize> = (0..all).filter(|place| !known.contains(place)).collect();
    let before: BTreeMap<&str, &[u8; blake3::OUT_LEN]> =
        index.blocks.iter().flat_map(|block| &block.files).map(|(name, hash)| (name.as_str(), hash)).collect();
    let why = |place: &usize| {
        let (name, hash) = (scan.files.get(*place)?.name.as_str(), memory.contents.get(*place)?);
        match before.get(name) {
            None => Some(format!("`{name}` is new")),
            Some(before) if *before != hash.as_bytes() => Some(format!("`{name}` changed")),
            Some(_) => None,
        }
    };
    if unknown.is_empty() {
        return read(0);
    }
    let mut reasons: Vec<String> = unknown.iter().filter_map(why).collect();
    let others = unknown.len() - reasons.len();
    let more = reasons.len().saturating_sub(TOLD);
    reasons.truncate(TOLD);
    if more > 0 {
        reasons.push(format!("{more} more are new or changed"));
    }
    if others > 0 {
        reasons.push(format!("{others} share fiscal years with those, or with a file that is gone"));
    }
    let further = if unknown.len() < all { "; and of files whose fiscal years those turn out to share" } else { "" };
    let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    format!("{}{why}{further}", read(unknown.len()))
}

/// So many files are named.
const TOLD: usize = 3;

/// The files that were read, in groups that share no fiscal year, and the years of each.
fn divided(tallies: &[FileTally], is_taken: impl Fn(&usize) -> bool) -> Vec<(Vec<usize>, BTreeSet<i32>)> {
    let mut groups: Vec<(Vec<usize>, BTreeSet<i32>)> = Vec::new();
    for (file, tally) in tallies.iter().enumerate().filter(|(file, _)| !is_taken(file)) {
        let years: BTreeSet<i32> = tally.accepted.keys().copied().collect();
        // Files without a year keep each other company: a block for each would be many.
        let is_near = |others: &BTreeSet<i32>| !others.is_disjoint(&years) || others.is_empty() && years.is_empty();
        let (near, mut apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, others)| is_near(others));
        let mut near = near.into_iter();
        let mut group = near.next().unwrap_or_default();
        for (files, years) in near {
            group.0.extend(files);
            group.1.extend(years);
        }
        group.0.push(file);
        group.1.extend(years);
        apart.push(group);
        groups = apart;
    }
    groups.iter_mut().for_each(|(files, _)| files.sort_unstable());
    groups
}

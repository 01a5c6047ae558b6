//! The pass over all files: which parts of them are read side by side, what is not read because an earlier run has learned
//! what it holds, and where all that was learned comes together.

use super::blocks::{self, Candidate, Memory, Told};
use super::counted::CountedYear;
use super::credit_notes;
use super::ids::Ids;
use super::parallel::side_by_side;
use super::quarantine::Gathering;
use super::scan::{Scan, Worker};
use super::tally::Tally;
use super::total::{Room, Total};
use super::total_rows::Running;
use crate::calendar::Places;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::sources::SourceFile;
use rayon::iter::Either;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// A part of a file that is read by itself.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Among all parts of all files.
    pub(super) number: usize,
    pub(super) file: usize,
    /// Of the parts of its file, those that are read one after the other.
    pub(super) within: Range<usize>,
}

/// In which order the parts of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Side by side with all others.
    Any,
    /// Side by side, which has to prove right: total rows are looked for, and there should be none behind the first
    /// part. Where there may be one, the file is read again, one part after the other.
    Hopeful,
    /// One after the other.
    Kept,
}

/// How a scan is done.
pub struct Means<'a> {
    pub threads: usize,
    pub progress: &'a Progress,
    pub scratch: Arc<dyn Scratch>,
    /// What earlier runs have kept, where something may be kept.
    pub memory: Option<&'a Memory>,
}

/// What a scan has learned of all lines.
pub struct Scanned {
    pub tally: Tally,
    /// In their order.
    pub years: Vec<CountedYear>,
    pub ids: Ids,
    /// How many files were not read, because an earlier run has learned what they hold.
    pub taken_up: usize,
}

/// Reads all lines once, side by side; those that cannot be used go into the quarantine.
///
/// # Errors
/// Where a file cannot be read, an expression fails, or the quarantine or the scratch cannot be written.
pub fn run(scan: &Scan, quarantine: &Gathering, means: &Means) -> Result<Scanned, Failure> {
    let parts = scan.parts();
    means.progress.start(parts.len());
    let pass = Pass { scan, quarantine, places: scan.settings.calendar.places(), means, ids: Arc::default() };
    let memory = means.memory.filter(|_| blocks::refused(scan).is_none());
    let kept = memory.map(|memory| memory.candidates(scan)).unwrap_or_default();
    let known: BTreeSet<usize> = kept.iter().flat_map(|block| block.files.iter().copied()).collect();
    let mut learned = pass.learn(&parts, |file| !known.contains(&file))?;
    // Lines of those files may lie in the years of a block.
    let years: BTreeSet<i32> = learned.0.files.iter().flat_map(|file| file.accepted.keys().copied()).collect();
    let (reached, apart): (Vec<Candidate>, Vec<Candidate>) = kept.into_iter().partition(|block| block.reaches(&years));
    let read = |block: Candidate| match memory.and_then(|memory| memory.read(&block, &pass.ids)) {
        Some(content) => Ok((block, content)),
        None => Err(block),
    };
    let (whole, damaged): (Vec<_>, Vec<_>) = apart.into_par_iter().partition_map(|block| match read(block) {
        Ok(whole) => Either::Left(whole),
        Err(damaged) => Either::Right(damaged),
    });
    let again: BTreeSet<usize> = reached.iter().chain(&damaged).flat_map(|block| block.files.iter().copied()).collect();
    if !again.is_empty() {
        let (tally, total) = pass.learn(&parts, |file| again.contains(&file))?;
        learned.0.merge(tally);
        learned.1.merge(total)?;
    }
    let (mut tally, total) = learned;
    credit_notes::settle((&mut tally, &total), scan, &pass.places)?;
    let mut years = total.counted()?;
    let mut taken = Vec::new();
    for (block, content) in whole {
        pass.take_up(&mut tally, &parts, &block, content.told)?;
        years.extend(content.years);
        taken.push(block);
    }
    years.sort_unstable_by_key(|year| year.fiscal_year);
    means.progress.finish();
    let ids = std::mem::take(&mut *pass.ids.lock().unwrap_or_else(PoisonError::into_inner));
    let taken_up = taken.iter().map(|block| block.files.len()).sum();
    if let Some(memory) = memory {
        memory.keep(scan, (&tally, &years, &ids), quarantine, taken)?;
    }
    Ok(Scanned { tally, years, ids, taken_up })
}

/// What has been learned, and where it stood at the end of each part, by the part's number.
type Learned = ((Tally, Total), Vec<(usize, Running)>);

/// What all threads of a pass share.
struct Pass<'a> {
    scan: &'a Scan<'a>,
    quarantine: &'a Gathering,
    places: Places,
    means: &'a Means<'a>,
    ids: Arc<Mutex<Ids>>,
}

impl Pass<'_> {
    /// What the parts of some files hold.
    fn learn(&self, parts: &[Part], is_wanted: impl Fn(usize) -> bool) -> Result<(Tally, Total), Failure> {
        let scan = self.scan;
        let wanted = parts.iter().filter(|part| is_wanted(part.file)).cloned();
        let (hopeful, others): (Vec<Part>, Vec<Part>) =
            wanted.partition(|part| scan.files.get(part.file).map(|file| scan.order(file)) == Some(Order::Hopeful));
        let (mut tally, mut total) = self.tally(&others)?;
        for parts in hopeful.chunk_by(|part, next| part.file == next.file) {
            let (of_file, sums) = self.divided(parts)?;
            tally.merge(of_file);
            total.merge(sums)?;
        }
        Ok((tally, total))
    }

    /// Takes up what an earlier run has learned of the files of a block, its sums aside. Parts are in the order of files.
    fn take_up(&self, tally: &mut Tally, parts: &[Part], block: &Candidate, told: Told) -> Result<(), Failure> {
        let mut learned = self.scan.nothing();
        for ((file, of_file), pages) in block.files.iter().zip(told.tallies).zip(told.pages) {
            let first = parts.partition_point(|part| part.file < *file);
            let of_this = parts.get(first..).unwrap_or_default().iter().take_while(|part| part.file == *file);
            of_this.for_each(|_| self.means.progress.advance());
            let number = parts.get(first).map_or(0, |part| part.number);
            self.quarantine.restore(number, *file, pages)?;
            learned.files.get_mut(*file).into_iter().for_each(|mine| mine.clone_from(&of_file));
        }
        (learned.days, learned.moved) = (told.days, told.moved);
        tally.merge(learned);
        Ok(())
    }

    /// What some parts hold, in whatever order they are read.
    fn tally(&self, parts: &[Part]) -> Result<(Tally, Total), Failure> {
        self.read(parts, |worker, part| worker.part(part, Running::default())).map(|(learned, _)| learned)
    }

    /// What the parts of one file hold, side by side where that is the same as one after the other.
    fn divided(&self, parts: &[Part]) -> Result<(Tally, Total), Failure> {
        let read = self.read(parts, |worker, part| {
            let is_first = part.within.start == 0;
            worker.part(part, if is_first { Running::default() } else { Running::blind() })
        });
        // Of several mistakes in a file the first one is told, as if nobody had read ahead.
        if let Ok((learned, mut passed)) = read {
            passed.sort_by_key(|(number, _)| *number);
            let mut passed = passed.into_iter();
            let first = passed.next();
            if first.is_some_and(|(_, mut running)| passed.all(|(_, part)| running.follow(&part))) {
                return Ok(learned);
            }
        }
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return self.tally(parts) };
        self.quarantine.forget(first.file);
        self.tally(&[Part { within: first.within.start..last.within.end, ..first.clone() }])
    }

    /// Reads parts side by side.
    fn read(
        &self,
        parts: &[Part],
        part: impl Fn(&mut Worker, &Part) -> Result<Option<Running>, Failure> + Sync,
    ) -> Result<Learned, Failure> {
        let room = Room::of(self.scan.settings.memory_limit);
        let total = Total::new(Arc::clone(&self.ids), room, Arc::clone(&self.means.scratch));
        let learned = side_by_side(parts.len(), self.means.threads, |next| {
            let mut worker = Worker::new(self.scan, self.quarantine, &self.places, &total);
            let mut passed = Vec::new();
            for next in next.filter_map(|index| parts.get(index)) {
                passed.extend(part(&mut worker, next)?.map(|running| (next.number, running)));
                self.means.progress.advance();
            }
            total.take(&worker.waist)?;
            Ok((worker.tally, passed))
        })?;
        let mut tally = self.scan.nothing();
        let mut passed = Vec::new();
        for (of_thread, parts) in learned {
            tally.merge(of_thread);
            passed.extend(parts);
        }
        Ok(((tally, total), passed))
    }
}

impl Scan<'_> {
    /// The parts of all files that are read by themselves.
    fn parts(&self) -> Vec<Part> {
        let files = self.files.iter().enumerate().flat_map(|(file, source)| {
            let parts = source.parts();
            let step = if self.order(source) == Order::Kept { parts.max(1) } else { 1 };
            (0..parts).step_by(step).map(move |first| (file, first..parts.min(first + step)))
        });
        files.enumerate().map(|(number, (file, within))| Part { number, file, within }).collect()
    }

    fn order(&self, file: &SourceFile) -> Order {
        match (self.seeks_totals(file), self.asks_totals()) {
            _ if file.parts() <= 1 => Order::Any,
            (false, _) => Order::Any,
            (true, false) => Order::Hopeful,
            (true, true) => Order::Kept,
        }
    }
}

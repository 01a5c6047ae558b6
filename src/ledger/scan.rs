//! The one pass over the invoice lines: files are read side by side, batch by batch, and their lines judged.

use super::account_map::{AccountMap, Mapper};
use super::blocks::{self, Block, Candidate, Memory};
use super::coder::Coder;
use super::columns::columns;
use super::control_totals::{Bound, Of};
use super::counted::Counted;
use super::credit_notes;
use super::currency::{Currency, Exchanger};
use super::duplicates::find::Place;
use super::duplicates::told::Duplicates;
use super::ids::{Id, Identifier, Ids};
use super::judge::Bad;
use super::keys::{KeyRule, Respelling};
use super::parallel::side_by_side;
use super::plan::FilePlan;
use super::quarantine::{Gathering, Line as BadLine, Page};
use super::rates::RateTable;
use super::sums::Details;
use super::tally::{FileTally, Tally};
use super::total::{Room, Total};
use super::total_rows::{self, Running, Then};
use super::waist::{Line, Waist};
use super::{Roles, duplicates};
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::progress::Progress;
use crate::scratch::Scratch;
use crate::sources::{self, Batch, Format, SourceFile};
use rayon::iter::Either;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// What to scan.
pub struct Scan<'a> {
    pub files: &'a [SourceFile],
    /// One per file.
    pub plans: &'a [FilePlan],
    /// Why each `exclude` rule excludes.
    pub reasons: &'a [String],
    pub settings: &'a Settings,
    pub roles: Roles,
    /// Which finer sums are kept.
    pub details: Details,
    /// What lines without an account are kept as, where they are kept.
    pub bucket: Option<&'a str>,
    pub account_map: Option<&'a AccountMap>,
    pub rates: Option<&'a RateTable>,
    pub total_rows: total_rows::Rule,
    pub credit_notes: Option<&'a credit_notes::Config>,
    pub duplicates: &'a [duplicates::Rule],
    /// The lines that the rules on duplicates found.
    pub losers: &'a Duplicates,
    pub control_totals: Option<&'a Bound>,
    pub keys: Option<KeyRule>,
}

/// A part of a file that is read by itself.
#[derive(Debug, Clone)]
struct Part {
    /// Among all parts of all files.
    number: usize,
    file: usize,
    /// Of the parts of its file, those that are read one after the other.
    within: Range<usize>,
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
    pub shards: Vec<Counted>,
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
    let mut learned = pass.learn(&parts, |file| !kept.iter().any(|block| block.files.contains(&file)))?;
    // Lines of those files may lie in the years of a block.
    let years: BTreeSet<i32> = learned.0.files.iter().flat_map(|file| file.accepted.keys().copied()).collect();
    let (reached, apart): (Vec<Candidate>, Vec<Candidate>) = kept.into_iter().partition(|block| block.reaches(&years));
    let read = |block: Candidate| match memory.and_then(|memory| memory.read(&block)) {
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
    whole.par_iter().for_each(|(_, block)| total.settle(block));
    let mut taken = Vec::new();
    for (block, content) in whole {
        pass.take_up(&mut tally, &parts, &block, content)?;
        taken.push(block);
    }
    means.progress.finish();
    let (shards, ids) = total.counted()?;
    let taken_up = taken.iter().map(|block| block.files.len()).sum();
    if let Some(memory) = memory {
        memory.keep(scan, (&tally, &shards, &ids), quarantine, taken)?;
    }
    Ok(Scanned { tally, shards, ids, taken_up })
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

    /// Takes up what an earlier run has learned of the files of a block, its sums aside.
    fn take_up(&self, tally: &mut Tally, parts: &[Part], block: &Candidate, content: Block) -> Result<(), Failure> {
        let mut learned = self.scan.nothing();
        for ((file, of_file), pages) in block.files.iter().zip(content.tallies).zip(content.pages) {
            let first = parts.iter().find(|part| part.file == *file).map_or(0, |part| part.number);
            self.quarantine.restore(first, *file, pages)?;
            learned.files.get_mut(*file).into_iter().for_each(|mine| mine.clone_from(&of_file));
            parts.iter().filter(|part| part.file == *file).for_each(|_| self.means.progress.advance());
        }
        (learned.days, learned.moved) = (content.days, content.moved);
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
    /// The tally before the first line.
    fn nothing(&self) -> Tally {
        let accepted_by_month = self.control_totals.and_then(Bound::months) == Some(Of::Accepted);
        let respelling = self.keys.map(Respelling::of);
        Tally { accepted_by_month, respelling, ..Tally::new(self.files.len()) }
    }

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

    /// Whether something depends on which rows are totals.
    fn asks_totals(&self) -> bool {
        self.total_rows.then != Then::Flag || self.control_totals.is_some_and(Bound::asks_files)
    }

    /// Whether total rows are looked for in a file. It takes the order of its lines, which costs a file of several
    /// row groups that they are read side by side, and data bases write no total rows.
    fn seeks_totals(&self, file: &SourceFile) -> bool {
        self.asks_totals() || !matches!(file.format, Format::Parquet(_))
    }
}

/// Judges the lines of one thread's share of the parts.
pub struct Worker<'a> {
    pub(super) scan: &'a Scan<'a>,
    quarantine: &'a Gathering,
    /// The lines of the part at hand that cannot be used.
    page: Page,
    pub(super) places: &'a Places,
    /// The last day that counts, where it is declared.
    pub(super) as_of: Option<i32>,
    pub(super) tally: Tally,
    pub(super) waist: Waist,
    total: &'a Total,
    /// Accepted lines that are not in the waist yet, and their rows.
    pub(super) accepted: (Vec<usize>, Vec<Line>),
    /// The sums of the file at hand, where total rows are looked for.
    pub(super) running: Option<Running>,
    /// The place of the first line of the batch at hand.
    at: Place,
    pub(super) accounts: Coder<u32>,
    /// Invoices, products, categories and regions.
    pub(super) further: [(Coder<Id>, Identifier<'a>); 4],
    /// The code of the bucket for lines without an account.
    pub(super) bucket: Option<u32>,
    pub(super) mapper: Option<Mapper<'a>>,
    pub(super) exchanger: Option<Exchanger<'a>>,
}

impl<'a> Worker<'a> {
    fn new(scan: &'a Scan<'a>, quarantine: &'a Gathering, places: &'a Places, total: &'a Total) -> Self {
        let as_of = match scan.settings.as_of {
            AsOf::Latest => None,
            AsOf::Day(day) => Some(day),
        };
        let mut waist = Waist::keeping(scan.details);
        let bucket = scan.bucket.map(|name| waist.sums.accounts.code(name));
        let home = Currency::read(&scan.settings.currency);
        Self {
            scan,
            quarantine,
            page: Page::default(),
            places,
            as_of,
            tally: scan.nothing(),
            waist,
            total,
            accepted: Default::default(),
            running: None,
            at: Place::default(),
            accounts: Coder::default(),
            further: std::array::from_fn(|_| (Coder::default(), Identifier::new(&total.ids))),
            bucket,
            mapper: scan.account_map.map(Mapper::new),
            exchanger: home.map(|home| Exchanger::new(home, scan.rates)),
        }
    }

    /// Reads a part, going on from `running` where total rows are looked for, and says how far that has come.
    fn part(&mut self, part: &Part, running: Running) -> Result<Option<Running>, Failure> {
        let scan = self.scan;
        let (Some(file), Some(plan)) = (scan.files.get(part.file), scan.plans.get(part.file)) else {
            return Ok(None);
        };
        self.running = scan.seeks_totals(file).then_some(running);
        for within in part.within.clone() {
            self.at = Place::first_of(part.file, within)?;
            let seen = sources::scan(file, within, &plan.read, &mut |batch| self.batch(part, file, plan, &batch))?;
            self.tally(part.file).seen.merge(seen);
        }
        self.quarantine.take(part.number, part.file, &mut self.page)?;
        Ok(self.running.take())
    }

    fn batch(&mut self, part: &Part, file: &SourceFile, plan: &FilePlan, batch: &Batch) -> Result<(), Failure> {
        let failed = |error: String| Failure::run(format!("cannot read the lines of `{}`: {error}", file.name));
        let mut columns = columns(plan, batch).map_err(failed)?;
        if let Some(respelling) = &mut self.tally.respelling {
            respelling.respell(&mut columns);
        }
        let lost = self.scan.losers.of_batch(self.at, batch, self.scan.duplicates, self.scan.files)?;
        let bad = self.lines(part.file, plan, batch, &mut columns, lost);
        self.at.row += u64::try_from(batch.rows).unwrap_or_default();
        self.put_aside(part, batch, &bad)?;
        if self.waist.is_full() {
            self.empty_waist()?;
        }
        Ok(())
    }

    /// Puts the sums of the waist into the total; the codes of accounts begin anew.
    fn empty_waist(&mut self) -> Result<(), Failure> {
        self.total.take(&self.waist)?;
        self.waist = self.waist.emptied();
        self.accounts = Coder::default();
        self.bucket = self.scan.bucket.map(|name| self.waist.sums.accounts.code(name));
        self.mapper = self.scan.account_map.map(Mapper::new);
        Ok(())
    }

    /// Writes lines of a batch into the quarantine.
    fn put_aside(&mut self, part: &Part, batch: &Batch, bad: &[Bad]) -> Result<(), Failure> {
        if bad.is_empty() {
            return Ok(());
        }
        let rows: Vec<usize> = bad.iter().map(|(row, _, _)| *row).collect();
        for ((row, reason, detail), raw) in bad.iter().zip(batch.raw(&rows)?) {
            let line = batch.line(*row);
            self.tally(part.file).exemplify(line, reason, detail);
            self.page.push(&BadLine { line, reason, detail, raw: &raw });
            if self.page.is_full() {
                self.quarantine.take(part.number, part.file, &mut self.page)?;
            }
        }
        Ok(())
    }

    pub(super) fn tally(&mut self, index: usize) -> &mut FileTally {
        // One per file since the worker began.
        &mut self.tally.files[index]
    }
}

//! The one pass over the invoice lines: files are read side by side, batch by batch, and their lines judged.

use super::account_map::{AccountMap, Mapper};
use super::cells::Coder;
use super::columns::columns;
use super::control_totals::{Bound, Of};
use super::credit_notes;
use super::currency::{Currency, Exchanger};
use super::duplicates::find::Place;
use super::duplicates::told::Duplicates;
use super::judge::Bad;
use super::keys::{KeyRule, Respelling};
use super::parallel::side_by_side;
use super::plan::FilePlan;
use super::quarantine::{Gathering, Line as BadLine, Page};
use super::rates::RateTable;
use super::sums::Details;
use super::tally::{FileTally, Tally};
use super::total_rows::{self, Running, Then};
use super::waist::Waist;
use super::{Roles, duplicates};
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::progress::Progress;
use crate::sources::{self, Batch, Format, SourceFile};
use std::ops::Range;

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

/// Reads all lines once, on `threads` threads; those that cannot be used go into the quarantine.
///
/// # Errors
/// Where a file cannot be read, an expression fails, or the quarantine cannot be written.
pub fn run(scan: &Scan, quarantine: &Gathering, threads: usize, progress: &Progress) -> Result<Tally, Failure> {
    // A file whose order matters is one part, whatever it consists of.
    let chunk = |file: &SourceFile| if scan.seeks_totals(file) { file.parts().max(1) } else { 1 };
    let files = scan.files.iter().enumerate().map(|(index, file)| (index, file.parts(), chunk(file)));
    let parts = files.flat_map(|(file, parts, chunk)| {
        (0..parts).step_by(chunk).map(move |first| (file, first..parts.min(first + chunk)))
    });
    let parts: Vec<Part> = parts.enumerate().map(|(number, (file, within))| Part { number, file, within }).collect();
    progress.start(parts.len());
    let places = scan.settings.calendar.places();
    let tallies = side_by_side(parts.len(), threads, |next| {
        let mut worker = Worker::new(scan, quarantine, &places);
        for part in next.filter_map(|index| parts.get(index)) {
            worker.part(part)?;
            progress.advance();
        }
        Ok(worker.tally)
    })?;
    progress.finish();
    let mut total = scan.nothing();
    for tally in tallies {
        total.merge(tally);
    }
    credit_notes::settle(&mut total, scan, &places);
    Ok(total)
}

impl Scan<'_> {
    /// The tally before the first line.
    fn nothing(&self) -> Tally {
        let accepted_by_month = self.control_totals.and_then(Bound::months) == Some(Of::Accepted);
        let respelling = self.keys.map(Respelling::of);
        Tally { accepted_by_month, respelling, ..Tally::new(self.files.len()) }
    }

    /// Whether total rows are looked for in a file. It takes the order of its lines, which costs a file of several
    /// row groups that they are read side by side, and data bases write no total rows.
    fn seeks_totals(&self, file: &SourceFile) -> bool {
        let asked = self.total_rows.then != Then::Flag || self.control_totals.is_some_and(Bound::asks_files);
        asked || !matches!(file.format, Format::Parquet(_))
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
    /// The sums of the file at hand, where total rows are looked for.
    pub(super) running: Option<Running>,
    /// The place of the first line of the batch at hand.
    at: Place,
    pub(super) accounts: Coder,
    pub(super) invoices: Coder,
    pub(super) products: Coder,
    pub(super) categories: Coder,
    pub(super) regions: Coder,
    /// The code of the bucket for lines without an account.
    pub(super) bucket: Option<u32>,
    pub(super) mapper: Option<Mapper<'a>>,
    pub(super) exchanger: Option<Exchanger<'a>>,
}

impl<'a> Worker<'a> {
    fn new(scan: &'a Scan<'a>, quarantine: &'a Gathering, places: &'a Places) -> Self {
        let as_of = match scan.settings.as_of {
            AsOf::Latest => None,
            AsOf::Day(day) => Some(day),
        };
        let mut waist = Waist::keeping(scan.details);
        let bucket = scan.bucket.map(|name| waist.accounts.code(name));
        let home = Currency::read(&scan.settings.currency);
        let tally = Tally { waist, ..scan.nothing() };
        Self {
            scan,
            quarantine,
            page: Page::default(),
            places,
            as_of,
            tally,
            running: None,
            at: Place::default(),
            accounts: Coder::default(),
            invoices: Coder::default(),
            products: Coder::default(),
            categories: Coder::default(),
            regions: Coder::default(),
            bucket,
            mapper: scan.account_map.map(Mapper::new),
            exchanger: home.map(|home| Exchanger::new(home, scan.rates)),
        }
    }

    fn part(&mut self, part: &Part) -> Result<(), Failure> {
        let scan = self.scan;
        let (Some(file), Some(plan)) = (scan.files.get(part.file), scan.plans.get(part.file)) else {
            return Ok(());
        };
        self.running = scan.seeks_totals(file).then(Running::default);
        for within in part.within.clone() {
            self.at = Place::first_of(part.file, within)?;
            let seen = sources::scan(file, within, &plan.read, &mut |batch| self.batch(part, file, plan, &batch))?;
            self.tally(part.file).seen.merge(seen);
        }
        self.quarantine.take(part.number, part.file, &mut self.page)
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
        self.put_aside(part, batch, &bad)
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

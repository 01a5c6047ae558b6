//! One thread of the pass over the lines: a part of a file is read batch by batch, and its lines are judged.

use super::account_map::{AccountMap, Mapper};
use super::coder::Coder;
use super::columns::columns;
use super::control_totals::{Bound, Of};
use super::credit_notes;
use super::currency::{Currency, Exchanger};
use super::duplicates::find::Place;
use super::duplicates::told::Duplicates;
use super::ids::{Id, Identifier};
use super::judge::Bad;
use super::keys::{KeyRule, Respelling};
use super::lines::Lines;
use super::pass::Part;
use super::plan::FilePlan;
use super::quarantine::{Gathering, Line as BadLine, Page};
use super::rates::RateTable;
use super::sums::Details;
use super::tally::{FileTally, Tally};
use super::total::Total;
use super::total_rows::{self, Running, Then};
use super::waist::Waist;
use super::{Roles, duplicates};
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::sources::{self, Batch, Format, SourceFile};

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

impl Scan<'_> {
    /// The tally before the first line.
    pub(super) fn nothing(&self) -> Tally {
        let accepted_by_month = self.control_totals.and_then(Bound::months) == Some(Of::Accepted);
        let respelling = self.keys.map(Respelling::of);
        Tally { accepted_by_month, respelling, ..Tally::new(self.files.len()) }
    }

    /// Whether something depends on which rows are totals.
    pub(super) fn asks_totals(&self) -> bool {
        self.total_rows.then != Then::Flag || self.control_totals.is_some_and(Bound::asks_files)
    }

    /// Whether total rows are looked for in a file. It takes the order of its lines, which costs a file of several
    /// row groups that they are read side by side, and data bases write no total rows.
    pub(super) fn seeks_totals(&self, file: &SourceFile) -> bool {
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
    pub(super) accepted: (Vec<usize>, Lines),
    /// Whether each line is a run of its own, because its money is summed by what it sells.
    pub(super) one_by_one: bool,
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
    pub(super) fn new(scan: &'a Scan<'a>, quarantine: &'a Gathering, places: &'a Places, total: &'a Total) -> Self {
        let as_of = match scan.settings.as_of {
            AsOf::Latest => None,
            AsOf::Day(day) => Some(day),
        };
        let mut waist = Waist::keeping(scan.details);
        let bucket = scan.bucket.map(|name| waist.accounts.push(name));
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
            one_by_one: scan.details.by_thing(),
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
    pub(super) fn part(&mut self, part: &Part, running: Running) -> Result<Option<Running>, Failure> {
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
        let mut columns = columns(plan, batch, &self.scan.settings.currency).map_err(failed)?;
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
        self.waist.clear();
        self.accounts = Coder::default();
        self.bucket = self.scan.bucket.map(|name| self.waist.accounts.push(name));
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

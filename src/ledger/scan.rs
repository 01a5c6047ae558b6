//! The one pass over the invoice lines: files are read side by side, each line is judged, accepted lines
//! go into the waist.

use super::Roles;
use super::account_map::{AccountMap, Mapper};
use super::cells::{Coder, Gap};
use super::columns::{Columns, amount_of, columns, told};
use super::currency::{Currency, Exchange, Exchanger, Fate, Money};
use super::plan::FilePlan;
use super::quarantine::{Gathering, Line as BadLine, Page};
use super::rates::RateTable;
use super::sums::Details;
use super::tally::{FileTally, Tally};
use super::waist::{Line, Waist};
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::progress::Progress;
use crate::sources::{self, Batch, SourceFile};
use arrow::array::{Array, BooleanArray};
use std::sync::atomic::{AtomicUsize, Ordering};

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
}

/// A part of a file that is read by itself.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Among all parts of all files.
    number: usize,
    file: usize,
    /// Within its file.
    part: usize,
}

/// Reads all lines once, on `threads` threads; those that cannot be used go into the quarantine.
///
/// # Errors
/// Where a file cannot be read, an expression fails, or the quarantine cannot be written.
pub fn run(scan: &Scan, quarantine: &Gathering, threads: usize, progress: &Progress) -> Result<Tally, Failure> {
    let files = scan.files.iter().enumerate();
    let parts = files.flat_map(|(file, source)| (0..source.parts()).map(move |part| (file, part)));
    let parts: Vec<Part> = parts.enumerate().map(|(number, (file, part))| Part { number, file, part }).collect();
    progress.start(parts.len());
    let (next, places) = (AtomicUsize::new(0), scan.settings.calendar.places());
    let work = || {
        let mut worker = Worker::new(scan, quarantine, &places);
        while let Some(part) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            worker.part(part)?;
            progress.advance();
        }
        Ok(worker.tally)
    };
    // Plain threads and not rayon's: expressions run on the pool of Polars, and a rayon worker waiting for
    // it would start another part on top of the one at hand.
    let tallies: Vec<Result<Tally, Failure>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.clamp(1, parts.len().max(1))).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(Failure::run("a thread that read lines panicked"))))
            .collect()
    });
    progress.finish();
    let mut total = Tally::new(scan.files.len());
    for tally in tallies {
        total.merge(tally?);
    }
    Ok(total)
}

/// Judges the lines of one thread's share of the parts.
struct Worker<'a> {
    scan: &'a Scan<'a>,
    quarantine: &'a Gathering,
    /// The lines of the part at hand that cannot be used.
    page: Page,
    places: &'a Places,
    /// The last day that counts, where it is declared.
    as_of: Option<i32>,
    tally: Tally,
    accounts: Coder,
    invoices: Coder,
    products: Coder,
    categories: Coder,
    regions: Coder,
    /// The code of the bucket for lines without an account.
    bucket: Option<u32>,
    mapper: Option<Mapper<'a>>,
    exchanger: Option<Exchanger<'a>>,
}

/// A line that will be quarantined: its row, reason, detail.
type Bad = (usize, &'static str, String);

impl<'a> Worker<'a> {
    fn new(scan: &'a Scan<'a>, quarantine: &'a Gathering, places: &'a Places) -> Self {
        let as_of = match scan.settings.as_of {
            AsOf::Latest => None,
            AsOf::Day(day) => Some(day),
        };
        let mut waist = Waist::keeping(scan.details);
        let bucket = scan.bucket.map(|name| waist.accounts.code(name));
        let home = Currency::read(&scan.settings.currency);
        let tally = Tally { waist, ..Tally::new(scan.files.len()) };
        Self {
            scan,
            quarantine,
            page: Page::default(),
            places,
            as_of,
            tally,
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
        let seen = sources::scan(file, part.part, &plan.read, &mut |batch| self.batch(part, file, plan, &batch))?;
        self.tally(part.file).seen.merge(seen);
        self.quarantine.take(part.number, part.file, &mut self.page)
    }

    fn batch(&mut self, part: &Part, file: &SourceFile, plan: &FilePlan, batch: &Batch) -> Result<(), Failure> {
        let failed = |error: String| Failure::run(format!("cannot read the lines of `{}`: {error}", file.name));
        let mut columns = columns(plan, batch).map_err(failed)?;
        let bad = self.lines(part.file, plan, batch, &mut columns);
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

    /// Judges every line of a batch; those that cannot be used come back.
    fn lines(&mut self, index: usize, plan: &FilePlan, batch: &Batch, columns: &mut Columns) -> Vec<Bad> {
        self.accounts.enter(&columns.account);
        columns.invoice.iter().for_each(|keys| self.invoices.enter(keys));
        columns.product.iter().for_each(|keys| self.products.enter(keys));
        columns.category.iter().for_each(|keys| self.categories.enter(keys));
        columns.region.iter().for_each(|keys| self.regions.enter(keys));
        let mut defects = batch.defects.iter().peekable();
        let mut bad = Vec::new();
        for row in 0..batch.rows {
            let own = amount_of(&columns.amounts, &columns.amount_texts, plan, row);
            let money = self.money(columns, row, own.as_ref().ok().copied());
            let amount = money.exchange.convert(own, || columns.amounts.exact(row), plan.decimals);
            let known = amount.as_ref().ok().copied();
            self.tally(index).read.add(known);
            let defect = defects.next_if(|defect| defect.row == row);
            // The cells of a line that could not be read whole are empty, and no rule may take that for a value.
            let holds = |rule: &BooleanArray| defect.is_none() && rule.is_valid(row) && rule.value(row);
            if let Some(rule) = columns.rules.iter().position(holds) {
                let tally = self.tally(index);
                tally.excluded.entry(rule).or_default().add(known);
                tally.first_excluded.entry(rule).or_insert_with(|| batch.line(row));
                self.by_currency(index, &money, known, Fate::Excluded);
                continue;
            }
            let verdict = match defect {
                Some(defect) => Err((defect.reason, defect.detail.clone())),
                None => self.accept(index, plan, columns, row, (amount, &money.exchange), batch),
            };
            let fate = match verdict {
                Ok(fate) => fate,
                Err((reason, detail)) => {
                    let tally = self.tally(index);
                    tally.quarantined.entry(reason).or_default().add(known);
                    tally.without_amount += i64::from(known.is_none());
                    bad.push((row, reason, detail));
                    Fate::Quarantined
                }
            };
            self.by_currency(index, &money, known, fate);
        }
        bad
    }

    /// The currency of a line and what its amounts are worth; `own` is its amount in that currency.
    #[inline]
    fn money(&mut self, columns: &mut Columns, row: usize, own: Option<i64>) -> Money {
        match (&columns.currency, &mut self.exchanger) {
            (Some(keys), Some(exchanger)) => {
                let (currency, exchange) = exchanger.of(keys, row, columns.days.day(row).ok());
                Money { currency: Some(currency), exchange, own }
            }
            _ => Money { currency: None, exchange: Exchange::Same, own },
        }
    }

    /// Counts a line among those of its currency, where a currency is declared.
    #[inline]
    fn by_currency(&mut self, index: usize, money: &Money, converted: Option<i64>, fate: Fate) {
        if let Some(currency) = money.currency {
            self.tally(index).currencies.entry((currency, fate)).or_default().add(money.own, converted);
        }
    }

    fn tally(&mut self, index: usize) -> &mut FileTally {
        // One per file since the worker began.
        &mut self.tally.files[index]
    }

    /// Puts a line into the waist, or says why it cannot be used.
    #[inline]
    fn accept(
        &mut self,
        index: usize,
        plan: &FilePlan,
        columns: &mut Columns,
        row: usize,
        (amount, exchange): (Result<i64, Gap>, &Exchange),
        batch: &Batch,
    ) -> Result<Fate, (&'static str, String)> {
        let waist = &mut self.tally.waist;
        let account = match self.accounts.code(&columns.account, row, &mut waist.accounts) {
            Some(account) => {
                if self.bucket == Some(account) {
                    let place = Some((index, batch.line(row)));
                    self.tally.bucket_taken = self.tally.bucket_taken.into_iter().chain(place).min();
                }
                account
            }
            None => self.bucket.ok_or_else(|| ("missing_account", "the account is empty".to_owned()))?,
        };
        let day = columns.days.day(row).map_err(|gap| told("date", gap))?;
        let (fiscal_year, month) = self
            .places
            .get(day)
            .ok_or_else(|| ("unreadable_date", format!("`{}` is no plausible day", crate::calendar::iso(day))))?;
        let amount = amount.map_err(|gap| told("amount", gap))?;
        let cost = columns.costs.as_ref().map(|costs| {
            let own = amount_of(costs, &columns.cost_texts, plan, row);
            exchange.convert(own, || costs.exact(row), plan.decimals)
        });
        let cost = match cost {
            None => Some(0),
            Some(Ok(cost)) => Some(cost),
            Some(Err(Gap::Missing | Gap::MissingIn(_))) => None,
            Some(Err(gap)) => return Err(told("cost", gap)),
        };
        let mapped = self.mapper.as_mut().map(|mapper| mapper.of(account, day, &mut waist.accounts));
        let account = mapped.map_or(account, |mapped| mapped.account);
        let tally = &mut self.tally.files[index];
        if self.as_of.is_some_and(|as_of| day > as_of) {
            tally.after_as_of.add(Some(amount));
            return Ok(Fate::Excluded);
        }
        tally.accepted.entry(fiscal_year).or_default().add(Some(amount));
        if cost.is_none() {
            *tally.without_cost.entry(fiscal_year).or_default() += 1;
        }
        if let Some((own, row)) = mapped.and_then(|mapped| mapped.by) {
            self.tally.moved.entry((own, row, fiscal_year)).or_default().add(Some(amount));
        }
        let days = self.tally.days.entry(fiscal_year).or_insert((day, day));
        *days = (days.0.min(day), days.1.max(day));
        let invoice = columns.invoice.as_ref().and_then(|keys| self.invoices.code(keys, row, &mut waist.invoices));
        let product = columns.product.as_ref().and_then(|keys| self.products.code(keys, row, &mut waist.products));
        let category =
            columns.category.as_ref().and_then(|keys| self.categories.code(keys, row, &mut waist.categories));
        let region = columns.region.as_ref().and_then(|keys| self.regions.code(keys, row, &mut waist.regions));
        let cost = cost.unwrap_or_default();
        let line = Line { account, fiscal_year, month, day, amount, cost, invoice, product, category, region };
        waist.add(&line);
        Ok(Fate::Accepted(fiscal_year))
    }
}

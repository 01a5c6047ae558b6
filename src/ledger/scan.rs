//! The one pass over the invoice lines: files are read side by side, each line is judged, accepted lines
//! go into the waist.

use super::account_map::{AccountMap, Mapper};
use super::cells::{Coder, Gap, Keys};
use super::columns::{Columns, amount_of, columns, told};
use super::control_totals::{Bound, Of};
use super::credit_notes::{self, Held, credited, text_of};
use super::currency::{Currency, Exchange, Exchanger, Fate, Money};
use super::duplicates::find::Place;
use super::duplicates::told::{Duplicates, Lost};
use super::parallel::side_by_side;
use super::plan::FilePlan;
use super::quarantine::{Gathering, Line as BadLine, Page};
use super::rates::RateTable;
use super::sums::Details;
use super::tally::{Excluded, FileTally, Tally};
use super::total_rows::{self, Became, Running, Then};
use super::waist::{Line, Waist};
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
        Tally { accepted_by_month, ..Tally::new(self.files.len()) }
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
    as_of: Option<i32>,
    pub(super) tally: Tally,
    /// The sums of the file at hand, where total rows are looked for.
    pub(super) running: Option<Running>,
    /// The place of the first line of the batch at hand.
    at: Place,
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

/// What becomes of a line.
pub enum Verdict {
    /// In a fiscal year.
    Accepted(i32),
    /// A credit note that waits for the day of the invoice it corrects.
    Held,
    AfterAsOf,
    Excluded(Excluded),
    Quarantined(&'static str, String),
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

    /// Judges every line of a batch; those that cannot be used come back.
    fn lines(
        &mut self,
        index: usize,
        plan: &FilePlan,
        batch: &Batch,
        columns: &mut Columns,
        lost: Vec<Lost>,
    ) -> Vec<Bad> {
        self.accounts.enter(&columns.account);
        columns.invoice.iter().for_each(|keys| self.invoices.enter(keys));
        columns.product.iter().for_each(|keys| self.products.enter(keys));
        columns.category.iter().for_each(|keys| self.categories.enter(keys));
        columns.region.iter().for_each(|keys| self.regions.enter(keys));
        let mut defects = batch.defects.iter().peekable();
        let mut lost = lost.into_iter().peekable();
        let (mut bad, home) = (Vec::new(), self.scan.settings.currency.as_str());
        let mut last = None;
        for row in 0..batch.rows {
            let mut money = self.money(columns, row);
            let own = amount_of(&columns.amounts, &columns.amount_texts, plan, row, money.code(home));
            money.own = own.as_ref().ok().copied();
            let mut amount = money.exchange.convert(own, || columns.amounts.exact(row), plan.decimals);
            if self.scan.credit_notes.is_some_and(|notes| notes.is_credit_note(columns, row, money.own)) {
                amount = self.credit(index, amount, &mut money);
            }
            let known = amount.as_ref().ok().copied();
            self.tally(index).read.add(known);
            let defect = defects.next_if(|defect| defect.row == row);
            let total = money.own.and_then(|own| self.total(columns, row, own));
            last = money.own.map(|own| (row, own, total)).or(last);
            let lost: Vec<Lost> = std::iter::from_fn(|| lost.next_if(|lost| lost.row == row)).collect();
            let verdict = match defect {
                // The cells of a line that could not be read whole are empty, and no rule may take that for a value.
                Some(defect) => Verdict::Quarantined(defect.reason, defect.detail.clone()),
                None => match self.set_aside(index, columns, row, known, total, &lost) {
                    Some(verdict) => verdict,
                    None => self
                        .accept(index, plan, columns, row, (amount, &money), batch)
                        .unwrap_or_else(|(reason, detail)| Verdict::Quarantined(reason, detail)),
                },
            };
            self.count_month(columns, row, known, &verdict);
            let (became, fate) = match verdict {
                Verdict::Accepted(year) => (Became::Accepted, Some(Fate::Accepted(year))),
                Verdict::Held => (Became::Accepted, None),
                Verdict::AfterAsOf => {
                    self.tally(index).after_as_of.add(known);
                    (Became::Excluded, Some(Fate::Excluded))
                }
                Verdict::Excluded(why) => {
                    let tally = self.tally(index);
                    tally.excluded.entry(why).or_default().add(known);
                    tally.first_excluded.entry(why).or_insert_with(|| batch.line(row));
                    (Became::Excluded, Some(Fate::Excluded))
                }
                Verdict::Quarantined(reason, detail) => {
                    let tally = self.tally(index);
                    tally.quarantined.entry(reason).or_default().add(known);
                    tally.without_amount += i64::from(known.is_none());
                    bad.push((row, reason, detail));
                    (Became::Quarantined, Some(Fate::Quarantined))
                }
            };
            if let Some(fate) = fate {
                self.by_currency(index, &money, known, fate);
            }
            if let (Some(own), Some((found, complete))) = (money.own, total) {
                self.tally(index).total_rows.record(own, found, complete, became, || batch.line(row));
            }
        }
        if let Some((row, own, total)) = last {
            self.state(index, columns, row, own, total);
        }
        self.tally(index).dates.merge(columns.days.orders());
        bad
    }

    /// The currency of a line and what its amounts are worth, before the amount is read.
    #[inline]
    fn money(&mut self, columns: &mut Columns, row: usize) -> Money {
        match (&columns.currency, &mut self.exchanger) {
            (Some(keys), Some(exchanger)) => {
                let (currency, exchange) = exchanger.of(keys, row, columns.days.day(row).ok());
                Money { currency: Some(currency), exchange, own: None, is_credit_note: false }
            }
            _ => Money { currency: None, exchange: Exchange::Same, own: None, is_credit_note: false },
        }
    }

    /// Counts a line among those of its currency, where a currency is declared.
    #[inline]
    fn by_currency(&mut self, index: usize, money: &Money, converted: Option<i64>, fate: Fate) {
        if let Some(currency) = money.currency {
            self.tally(index).currencies.entry((currency, fate)).or_default().add(money.own, converted);
        }
    }

    pub(super) fn tally(&mut self, index: usize) -> &mut FileTally {
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
        (amount, money): (Result<i64, Gap>, &Money),
        batch: &Batch,
    ) -> Result<Verdict, (&'static str, String)> {
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
        columns.days.count();
        let (fiscal_year, month) = self
            .places
            .get(day)
            .ok_or_else(|| ("unreadable_date", format!("`{}` is no plausible day", crate::calendar::iso(day))))?;
        let amount = amount.map_err(|gap| told("amount", gap))?;
        let cost = columns.costs.as_ref().map(|costs| {
            let own = amount_of(costs, &columns.cost_texts, plan, row, money.code(&self.scan.settings.currency));
            money.exchange.convert(own, || costs.exact(row), plan.decimals)
        });
        let cost = match cost {
            None => Some(0),
            Some(Ok(cost)) => Some(if money.is_credit_note { credited(cost) } else { cost }),
            Some(Err(Gap::Missing | Gap::MissingIn(_))) => None,
            Some(Err(gap)) => return Err(told("cost", gap)),
        };
        if let Some(corrects) = &columns.corrects {
            if money.is_credit_note {
                let text = |keys: &Option<Keys>| text_of(keys, row).map(str::to_owned);
                self.tally.held.push(Held {
                    file: index,
                    account: waist.accounts.text(account).to_owned(),
                    invoice: text(&columns.invoice),
                    product: text(&columns.product),
                    category: text(&columns.category),
                    region: text(&columns.region),
                    corrects: corrects.text(row).map(str::to_owned),
                    day,
                    amount,
                    cost,
                    currency: money.currency,
                    own: money.own,
                });
                return Ok(Verdict::Held);
            }
            if let Some(invoice) = text_of(&columns.invoice, row) {
                self.tally.invoice_days.record(invoice, day);
            }
        }
        let mapped = self.mapper.as_mut().map(|mapper| mapper.of(account, day, &mut waist.accounts));
        let account = mapped.map_or(account, |mapped| mapped.account);
        if self.as_of.is_some_and(|as_of| day > as_of) {
            // An account is no slip of the map only because the run looks at an earlier day.
            if let Some((own, _)) = mapped.and_then(|mapped| mapped.by) {
                self.tally.moved.entry((own, None, fiscal_year)).or_default();
            }
            return Ok(Verdict::AfterAsOf);
        }
        if let Some((own, row)) = mapped.and_then(|mapped| mapped.by) {
            self.tally.moved.entry((own, row, fiscal_year)).or_default().add(Some(amount));
        }
        let invoice = columns.invoice.as_ref().and_then(|keys| self.invoices.code(keys, row, &mut waist.invoices));
        let product = columns.product.as_ref().and_then(|keys| self.products.code(keys, row, &mut waist.products));
        let category =
            columns.category.as_ref().and_then(|keys| self.categories.code(keys, row, &mut waist.categories));
        let region = columns.region.as_ref().and_then(|keys| self.regions.code(keys, row, &mut waist.regions));
        let without_cost = cost.is_none();
        let cost = cost.unwrap_or_default();
        let line = Line { account, fiscal_year, month, day, amount, cost, invoice, product, category, region };
        self.tally.accept(index, &line, without_cost);
        Ok(Verdict::Accepted(fiscal_year))
    }
}

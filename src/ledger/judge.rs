//! The judgement of a line: accepted into the waist, left out for a reason, or quarantined with one.

use super::cells::{Gap, Keys};
use super::columns::{Columns, amount_of, told};
use super::control_totals::{Bound, Of};
use super::credit_notes::{Held, credited, text_of};
use super::currency::{Exchange, Fate, Money};
use super::duplicates::told::Lost;
use super::ids::Id;
use super::plan::FilePlan;
use super::scan::Worker;
use super::set_aside::holds;
use super::tally::{Count, Excluded};
use super::total_rows::{self, Became, Kind};
use super::waist::Line;
use crate::sources::Batch;
use std::ops::Range;

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

/// So many accepted lines are taken into the tally together: few enough to stay in the cache.
const TOGETHER: usize = 1_024;

/// What is told of plain lines.
#[derive(Debug, Default)]
struct Plain {
    /// All of them, and those of a day after the as-of day.
    read: Count,
    late: Count,
    /// The amount of the last one.
    last: i64,
}

/// A line that will be quarantined: its row, reason, detail.
pub type Bad = (usize, &'static str, String);

impl Worker<'_> {
    /// Judges every line of a batch; those that cannot be used come back.
    pub(super) fn lines(
        &mut self,
        index: usize,
        plan: &FilePlan,
        batch: &Batch,
        columns: &mut Columns,
        lost: Vec<Lost>,
    ) -> Vec<Bad> {
        let waist = &mut self.waist;
        // An account that comes back gets another code, unless it is a value of a dictionary.
        let accounts = self.accounts.codes_of_runs(&columns.account, 0..batch.rows, |name| waist.accounts.push(name));
        let is_plain = self.may_be_plain(columns) && lost.is_empty();
        let mut plain = Plain::default();
        let mut defects = batch.defects.iter().peekable();
        let mut lost = lost.into_iter().peekable();
        let (mut bad, home) = (Vec::new(), self.scan.settings.currency.as_str());
        let (mut last, mut row) = (None, 0);
        while row < batch.rows {
            if self.accepted.0.len() >= TOGETHER {
                self.take(index, columns);
            }
            if is_plain {
                let end = defects.peek().map_or(batch.rows, |defect| defect.row);
                let passed = self.plain(columns, row..end, &accounts, &mut plain);
                if passed > 0 {
                    row += passed;
                    last = Some((row - 1, plain.last, None));
                }
                if row == batch.rows {
                    break;
                }
            }
            let account = accounts.get(row).copied().flatten();
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
                        .accept(index, plan, columns, row, (account, amount, &money), batch)
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
                    let fate = if why == Excluded::TotalRow { Fate::ExcludedTotal } else { Fate::Excluded };
                    (Became::Excluded, Some(fate))
                }
                Verdict::Quarantined(reason, detail) => {
                    let tally = self.tally(index);
                    tally.quarantined.entry(reason).or_default().add(known);
                    tally.without_amount += i64::from(known.is_none());
                    bad.push((row, reason, detail));
                    let fate = if reason == total_rows::REASON { Fate::QuarantinedTotal } else { Fate::Quarantined };
                    (Became::Quarantined, Some(fate))
                }
            };
            if let Some(fate) = fate {
                self.by_currency(index, &money, known, fate);
            }
            if let (Some(own), Some((found, complete))) = (money.own, total) {
                self.tally(index).total_rows.record(own, found, complete, became, || batch.line(row));
            }
            row += 1;
        }
        self.take(index, columns);
        let tally = self.tally(index);
        (tally.read, tally.after_as_of) = (tally.read.plus(plain.read), tally.after_as_of.plus(plain.late));
        if let Some((row, own, total)) = last {
            self.state(index, columns, row, own, total);
        }
        self.tally(index).dates.merge(columns.days.orders());
        bad
    }

    /// Whether a line may be plain by the rules of the ledger: judged as it stands, and told of nowhere else.
    fn may_be_plain(&self, columns: &Columns) -> bool {
        let scan = self.scan;
        let counts_months = scan.control_totals.and_then(Bound::months) == Some(Of::Read);
        columns.may_be_plain() && scan.credit_notes.is_none() && scan.account_map.is_none() && !counts_months
    }

    /// Judges rows from the first on, as far as they are plain and there is room, and says how many: they are accepted, or
    /// left out for a day after the as-of day. Most lines are plain, so that no reason is looked for.
    fn plain(
        &mut self,
        columns: &mut Columns,
        rows: Range<usize>,
        accounts: &[Option<u32>],
        told: &mut Plain,
    ) -> usize {
        let home = self.scan.settings.currency.as_str();
        let (start, count) = (rows.start, rows.len().min(TOGETHER - self.accepted.0.len()));
        for row in rows.take(count) {
            let account = accounts.get(row).copied().flatten();
            let Some(line) = account.and_then(|account| self.plain_line(columns, row, account, home)) else {
                return row - start;
            };
            if let Some(running) = &mut self.running {
                if running.recognise(line.amount).is_some() {
                    return row - start;
                }
                running.pass(line.amount, Kind::Line);
            }
            columns.days.count();
            told.last = line.amount;
            told.read.add(Some(line.amount));
            if self.as_of.is_some_and(|as_of| line.day > as_of) {
                told.late.add(Some(line.amount));
            } else {
                self.accepted.0.push(row);
                self.accepted.1.push(line);
            }
        }
        count
    }

    /// A line that has all its parts and to which no rule applies; nothing where it has to be looked at more closely.
    #[inline]
    fn plain_line(&self, columns: &mut Columns, row: usize, account: u32, home: &str) -> Option<Line> {
        let amount = columns.amounts.amount(row, Some(home)).ok()?;
        let day = columns.days.day(row).ok()?;
        let (fiscal_year, month) = self.places.get(day)?;
        let cost = match &columns.costs {
            None => 0,
            Some(costs) => costs.amount(row, Some(home)).ok()?,
        };
        if self.is_bucket(account) || columns.rules.iter().any(|rule| holds(rule, row)) {
            return None;
        }
        let (invoice, product, category, region) = (None, None, None, None);
        Some(Line { account, fiscal_year, month, day, amount, cost: Some(cost), invoice, product, category, region })
    }

    /// Whether an account is called as the bucket for lines without one.
    #[inline]
    fn is_bucket(&self, account: u32) -> bool {
        self.scan.bucket.is_some_and(|bucket| self.waist.accounts.text(account) == bucket)
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

    /// Puts a line into the waist, or says why it cannot be used.
    #[inline]
    fn accept(
        &mut self,
        index: usize,
        plan: &FilePlan,
        columns: &mut Columns,
        row: usize,
        (account, amount, money): (Option<u32>, Result<i64, Gap>, &Money),
        batch: &Batch,
    ) -> Result<Verdict, (&'static str, String)> {
        let account = match account {
            Some(account) => {
                if self.is_bucket(account) {
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
                    account: self.waist.accounts.text(account).to_owned(),
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
        let mapped = self.mapper.as_mut().map(|mapper| mapper.of(account, day, &mut self.waist.accounts));
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
        let (invoice, product, category, region) = (None, None, None, None);
        let line = Line { account, fiscal_year, month, day, amount, cost, invoice, product, category, region };
        self.accepted.0.push(row);
        self.accepted.1.push(line);
        Ok(Verdict::Accepted(fiscal_year))
    }

    /// Takes the accepted lines into the tally and the waist, now that all parts of the line but its further keys are
    /// known. Key after key, for the reason that [`super::waist::Waist::add`] gives.
    fn take(&mut self, index: usize, columns: &Columns) {
        let (rows, lines) = &mut self.accepted;
        let [invoices, products, categories, regions] = &mut self.further;
        let keys = [
            (&columns.invoice, invoices, (|line| &mut line.invoice) as fn(&mut Line) -> &mut Option<Id>),
            (&columns.product, products, |line| &mut line.product),
            (&columns.category, categories, |line| &mut line.category),
            (&columns.region, regions, |line| &mut line.region),
        ];
        for (place, (keys, (coder, identifier), of_line)) in keys.into_iter().enumerate() {
            let Some(keys) = keys else { continue };
            let (rows, code) = (rows.iter().copied(), |key| identifier.id(key));
            // Lines of one invoice stand together.
            let ids = if place == 0 { coder.codes_of_runs(keys, rows, code) } else { coder.codes(keys, rows, code) };
            lines.iter_mut().zip(ids).for_each(|(line, id)| *of_line(line) = id);
        }
        self.tally.accept(index, lines);
        self.waist.add(lines);
        rows.clear();
        lines.clear();
    }
}

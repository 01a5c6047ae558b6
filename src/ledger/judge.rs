//! The judgement of a line: accepted into the waist, left out for a reason, or quarantined with one.

use super::cells::{Gap, Keys};
use super::coder;
use super::columns::{Columns, amount_of, told};
use super::control_totals::{Bound, Of};
use super::credit_notes::{Held, credited, text_of};
use super::currency::{Exchange, Fate, Money};
use super::days;
use super::duplicates::told::Lost;
use super::lines::Run;
use super::plan::FilePlan;
use super::scan::Worker;
use super::set_aside::holds;
use super::tally::{Count, Excluded};
use super::total_rows::{self, Became, Match};
use super::year_sums::YearSums;
use crate::notation::plain::OTHER;
use crate::sources::{Batch, Defect};

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

/// A line as its file has it: an amount in the currency of the line, and the sum before it that the amount equals.
type Last = (usize, i64, Option<(Match, bool)>);

/// What is told of lines while they are judged.
#[derive(Debug, Default)]
struct Told {
    /// All plain ones, and those of a day after the as-of day.
    read: Count,
    late: Count,
    /// The last one that has an amount.
    last: Option<Last>,
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
        let is_plain = self.plain_rows(columns, batch, &lost);
        let begins = self.beginnings(columns, &is_plain);
        let mut told = Told::default();
        let mut defects = batch.defects.iter().peekable();
        let (mut lost, mut bad) = (lost.into_iter().peekable(), Vec::new());
        for first in (0..batch.rows).step_by(TOGETHER) {
            let (rows, accounts) = (first..batch.rows.min(first + TOGETHER), &mut self.waist.accounts);
            // An account that comes back gets another code, unless it is a value of a dictionary.
            let mut runs = self.accounts.runs(&columns.account, rows, &begins, |name| accounts.push(name));
            let mut rest = runs.as_mut_slice();
            while !rest.is_empty() {
                let passed = self.plain(columns, rest, &is_plain, &mut told);
                rest = rest.get_mut(passed..).unwrap_or_default();
                let Some((rows, account)) = rest.first_mut() else { break };
                let row = rows.start;
                let defect = defects.next_if(|defect| defect.row == row);
                let lost: Vec<Lost> = std::iter::from_fn(|| lost.next_if(|lost| lost.row == row)).collect();
                let last = self.other((index, plan, batch), columns, (row, *account), defect, &lost, &mut bad);
                told.last = last.or(told.last);
                rows.start += 1;
                let passed = usize::from(rows.start == rows.end);
                rest = rest.get_mut(passed..).unwrap_or_default();
            }
            self.take(index, columns);
        }
        let tally = self.tally(index);
        (tally.read, tally.after_as_of) = (tally.read.plus(told.read), tally.after_as_of.plus(told.late));
        if let Some((row, own, total)) = told.last {
            self.state(index, columns, row, own, total);
        }
        self.tally(index).dates.merge(columns.days.orders());
        bad
    }

    /// Judges a line that is looked at closely; what its file tells of it, where it has an amount. These are few, and apart
    /// from the others so that those go quickly.
    #[inline(never)]
    fn other(
        &mut self,
        (index, plan, batch): (usize, &FilePlan, &Batch),
        columns: &mut Columns,
        (row, account): (usize, Option<u32>),
        defect: Option<&Defect>,
        lost: &[Lost],
        bad: &mut Vec<Bad>,
    ) -> Option<Last> {
        let mut money = self.money(columns, row);
        let home = money.code(&self.scan.settings.currency);
        let own = amount_of(&columns.amounts, &columns.amount_texts, plan, row, home);
        money.own = own.as_ref().ok().copied();
        let mut amount = money.exchange.convert(own, || columns.amounts.exact(row), plan.decimals);
        if self.scan.credit_notes.is_some_and(|notes| notes.is_credit_note(columns, row, money.own)) {
            amount = self.credit(index, amount, &mut money);
        }
        let known = amount.as_ref().ok().copied();
        self.tally(index).read.add(known);
        let total = money.own.and_then(|own| self.total(columns, row, own));
        let verdict = match defect {
            // The cells of a line that could not be read whole are empty, and no rule may take that for a value.
            Some(defect) => Verdict::Quarantined(defect.reason, defect.detail.clone()),
            None => match self.set_aside(index, columns, row, known, total, lost) {
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
        let own = money.own?;
        if let Some((found, complete)) = total {
            self.tally(index).total_rows.record(own, found, complete, became, || batch.line(row));
        }
        Some((row, own, total))
    }

    /// Which rows are plain but for their accounts: they have all their parts, and no rule of the ledger or of the file
    /// makes something else of them. Most lines are.
    fn plain_rows(&self, columns: &Columns, batch: &Batch, lost: &[Lost]) -> Vec<bool> {
        let scan = self.scan;
        let counts_months = scan.control_totals.and_then(Bound::months) == Some(Of::Read);
        let by_rule = scan.credit_notes.is_none() && scan.account_map.is_none() && !counts_months;
        if !(by_rule && columns.may_be_plain() && lost.is_empty()) {
            return vec![false; batch.rows];
        }
        let known = columns.amounts.known().iter().zip(columns.days.known());
        let mut plain: Vec<bool> = known.map(|(amount, day)| (*amount != OTHER) & (*day != days::OTHER)).collect();
        for (plain, cost) in plain.iter_mut().zip(columns.costs.iter().flat_map(|costs| costs.known())) {
            *plain &= *cost != OTHER;
        }
        for rule in &columns.rules {
            plain.iter_mut().enumerate().for_each(|(row, plain)| *plain &= !holds(rule, row));
        }
        for defect in &batch.defects {
            plain.get_mut(defect.row).into_iter().for_each(|plain| *plain = false);
        }
        plain
    }

    /// Which rows begin a run, whatever their accounts: the lines of one are of one day, and plain.
    fn beginnings(&self, columns: &Columns, is_plain: &[bool]) -> Vec<bool> {
        let days = columns.days.known();
        let pairs = |one: usize| is_plain.iter().skip(one).zip(days.iter().skip(one));
        let begins = pairs(0)
            .zip(pairs(1))
            .map(|((plain, day), (next_plain, next_day))| (day != next_day) | !(plain & next_plain) | self.one_by_one);
        [true].into_iter().chain(begins).collect()
    }

    /// Judges runs from the first on, as far as they are plain, and says how many: their lines are accepted, or left out
    /// for a day after the as-of day. A run in which a line equals a sum keeps that line and those behind it.
    fn plain(
        &mut self,
        columns: &mut Columns,
        runs: &mut [coder::Run<u32>],
        is_plain: &[bool],
        told: &mut Told,
    ) -> usize {
        let mut passed = 0;
        for (rows, account) in runs {
            let may_be_plain = is_plain.get(rows.start).is_some_and(|is_plain| *is_plain);
            let Some(account) = account.filter(|account| may_be_plain && !self.is_bucket(*account)) else { break };
            let day = columns.days.known().get(rows.start).copied().unwrap_or(days::OTHER);
            let Some((fiscal_year, month)) = self.places.get(day) else { break };
            let mut amounts = columns.amounts.known().get(rows.clone()).unwrap_or_default();
            if let Some(running) = &mut self.running {
                amounts = running.pass_lines(amounts);
            }
            let mine = rows.start..rows.start + amounts.len();
            if let Some(last) = amounts.last() {
                let costs = columns.costs.as_ref().and_then(|costs| costs.known().get(mine.clone()));
                let sums = YearSums::of_day(day, month, amounts, costs.unwrap_or_default());
                columns.days.count(mine.clone());
                told.read = told.read.plus(sums.count());
                told.last = Some((mine.end - 1, *last, None));
                if self.as_of.is_some_and(|as_of| day > as_of) {
                    told.late = told.late.plus(sums.count());
                } else {
                    self.accepted.0.extend(mine.clone());
                    self.accepted.1.runs.push(Run { account, fiscal_year, sums });
                }
            }
            rows.start = mine.end;
            if rows.start < rows.end {
                break;
            }
            passed += 1;
        }
        passed
    }

    /// Whether an account is called as the bucket for lines without one.
    #[inline]
    fn is_bucket(&self, account: u32) -> bool {
        self.scan.bucket.is_some_and(|bucket| self.waist.accounts.text(account) == bucket)
    }

    /// The currency of a line and what its amounts are worth, before the amount is read.
    #[inline]
    fn money(&mut self, columns: &Columns, row: usize) -> Money {
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
        columns.days.count(row..row + 1);
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
        if cost.is_none() {
            *self.tally(index).without_cost.entry(fiscal_year).or_default() += 1;
        }
        let sums = YearSums::of_day(day, month, &[amount], &[cost.unwrap_or_default()]);
        self.accepted.0.push(row);
        self.accepted.1.runs.push(Run { account, fiscal_year, sums });
        Ok(Verdict::Accepted(fiscal_year))
    }

    /// Takes the accepted lines into the tally and the waist, now that all parts of them but their things are known. Kind
    /// after kind, so that much of what is waited for is waited for side by side.
    fn take(&mut self, index: usize, columns: &Columns) {
        let (rows, lines) = &mut self.accepted;
        let [invoices, products, categories, regions] = &mut self.further;
        let things = [
            (&columns.invoice, invoices, &mut lines.invoices),
            (&columns.product, products, &mut lines.products),
            (&columns.category, categories, &mut lines.categories),
            (&columns.region, regions, &mut lines.regions),
        ];
        for (keys, (coder, identifier), things) in things {
            if let Some(keys) = keys {
                *things = coder.codes(keys, rows.iter().copied(), |key| identifier.id(key));
            }
        }
        self.tally.accept(index, &lines.runs);
        self.waist.add(lines);
        rows.clear();
        lines.clear();
    }
}

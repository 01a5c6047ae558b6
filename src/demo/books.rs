//! The books: month after month of orders, written as they are drawn.

use super::accounts::{Account, company, judge};
use super::costs::COSTED_YEARS;
use super::drawing::{Shares, below, mix, shuffle};
use super::products::{Product, catalogue, extra, goods};
use super::sheet::{Fixed, Sheet, field};
use super::words::{CRITERIA, FAULTS, Fault, HOSTILE, LAST_YEAR, LONGEST, REGIONS, SEGMENTS};
use super::{Error, Size};
use jiff::civil::{Weekday, date};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::SeedableRng;
use std::fmt::Display;

/// Invoices that reach the books late, so that a year that was closed changes: the rank of the account by size, the month
/// of the invoices and the one whose file has them, both counted back from the first one after the last whole year.
const LATE: [(u64, u32, u32); 2] = [(8, 14, 10), (3, 13, 4)];

/// What an account orders within one month: some documents with some lines, of which some are written already.
pub(super) struct Order {
    pub(super) account: usize,
    pub(super) hash: u64,
    pub(super) documents: u64,
    pub(super) issued: u64,
    pub(super) lines: u64,
}

impl Order {
    /// How many documents not written yet fall on the working day `day` of `days`: they are spread over the month.
    pub(super) fn due(&self, day: u64, days: u64) -> u64 {
        let day_of = |document| (document * days + mix(self.hash, document) % days) / self.documents;
        (self.issued..self.documents).take_while(|document| day_of(*document) <= day).count() as u64
    }

    /// The number of lines of the next document, such that every later one gets at least one and none too many.
    pub(super) fn next_lines(&mut self, draw: &mut Pcg64Mcg) -> u64 {
        self.issued += 1;
        let later = self.documents - self.issued;
        let wanted = 1 + below(draw, LONGEST).min(below(draw, LONGEST));
        let lines = wanted.min(self.lines - later).max(self.lines.saturating_sub(LONGEST * later));
        self.lines -= lines;
        lines
    }
}

/// The books and where the drawing of them stands.
pub(super) struct Books<'a> {
    pub(super) size: &'a Size,
    pub(super) accounts: Vec<Account>,
    pub(super) products: Vec<Product>,
    pub(super) draw: Pcg64Mcg,
    /// The last number of this year's invoices and of its credit notes.
    pub(super) numbers: [u64; 2],
    pub(super) faults: usize,
    pub(super) until_fault: u64,
    /// Lines that are invoiced and not yet in the books, with the month whose file will have them.
    late: Vec<(u32, String)>,
    /// What each account bought in each of the last years, the last one first, in cents.
    pub(super) bought: Vec<[i64; COSTED_YEARS]>,
}

impl<'a> Books<'a> {
    pub(super) fn new(size: &'a Size) -> Self {
        let mut draw = Pcg64Mcg::seed_from_u64(size.seed);
        let mut ranks: Vec<u64> = (0..size.accounts.into()).collect();
        shuffle(&mut draw, &mut ranks);
        let accounts = (0..size.accounts).zip(ranks).map(|(index, rank)| Account::new(index, rank, size)).collect();
        let products = catalogue(size.seed);
        let bought = vec![[0; COSTED_YEARS]; size.accounts as usize];
        Self { size, accounts, products, draw, numbers: [0, 0], faults: 0, until_fault: 400, late: Vec::new(), bought }
    }

    pub(super) fn year(&self, month: u32) -> u32 {
        LAST_YEAR + 1 - self.size.years + month / 12
    }

    pub(super) fn working_days(&self, month: u32) -> Vec<String> {
        let first = date(self.year(month) as i16, (month % 12 + 1) as i8, 1);
        let days = (1..=first.days_in_month()).map(|day| date(first.year(), first.month(), day));
        let holidays = [(1, 1), (5, 1), (12, 25), (12, 26)];
        let open = days.filter(|day| {
            !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
                && !holidays.contains(&(day.month(), day.day()))
        });
        let closing = if month == 12 * self.size.years { 6 } else { 31 };
        open.take(closing).map(|day| day.to_string()).collect()
    }

    pub(super) fn orders(&mut self, month: u32, shares: &mut Shares) -> Vec<Order> {
        let mut orders = Vec::new();
        for (index, account) in self.accounts.iter().enumerate() {
            let lines = shares.next(account.weight(month, 12 * self.size.years));
            let hash = mix(account.hash, 1_000 + u64::from(month));
            if lines > 0 {
                orders.push(Order { account: index, hash, documents: lines * 2 / 7 + 1, issued: 0, lines });
            }
        }
        shuffle(&mut self.draw, &mut orders);
        orders
    }

    pub(super) fn month(&mut self, month: u32, shares: &mut Shares, sheet: &mut Sheet) -> Result<(), Error> {
        if month.is_multiple_of(12) {
            self.numbers = [0, 0];
        }
        for (_, line) in self.late.extract_if(.., |(due, _)| *due == month) {
            sheet.row(&[&line])?;
        }
        let mut orders = self.orders(month, shares);
        let days = self.working_days(month);
        for (index, day) in days.iter().enumerate() {
            // Credit notes go first, for "CN-" sorts before "INV-" within a day.
            for credit in [true, false] {
                for order in &mut orders {
                    let due = order.due(index as u64, days.len() as u64);
                    let documents = if credit { self.credits(order, due, month) } else { due };
                    for _ in 0..documents {
                        self.document(order, day, month, credit, sheet)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// How many of the documents due today are credit notes: one in fifty, or all of them in a month of refund.
    pub(super) fn credits(&mut self, order: &Order, due: u64, month: u32) -> u64 {
        match due {
            0 => 0,
            _ if self.accounts[order.account].is_refund(month, 12 * self.size.years) => due,
            _ => (due + below(&mut self.draw, 50)) / 50,
        }
    }

    pub(super) fn document(
        &mut self,
        order: &mut Order,
        day: &str,
        month: u32,
        credit: bool,
        sheet: &mut Sheet,
    ) -> Result<(), Error> {
        let lines = order.next_lines(&mut self.draw);
        self.numbers[usize::from(credit)] += 1;
        let prefix = if credit { "CN" } else { "INV" };
        // Within a year the numbers keep one width, so that they sort as text.
        let width = self.size.lines.to_string().len().max(6);
        let (year, count) = (self.year(month), self.numbers[usize::from(credit)]);
        let number = format!("{prefix}-{year}-{count:0width$}");
        let freight = !credit && lines > 1 && below(&mut self.draw, 12) == 0;
        let months = 12 * self.size.years;
        let ship_to = self.accounts[order.account].ship_to(month, months, count * 2 + u64::from(credit));
        for position in 1..=lines {
            let fault = self.next_fault();
            let account = &self.accounts[order.account];
            let line = if freight && position == lines {
                extra(&mut self.draw)
            } else {
                goods(&self.products, &mut self.draw, account, month, self.size.years, credit)
            };
            let cents = line.quantity * line.price / 1_000;
            let quantity = if line.quantity % 10 == 0 { Fixed(line.quantity / 10, 0) } else { Fixed(line.quantity, 1) };
            let price = Fixed(line.price / 10_i64.pow(4 - line.decimals), line.decimals);
            let cost = Fixed(line.cost, 2);
            let mut fields: [&dyn Display; 8] =
                [&number, &day, &account.id, &line.sku, &quantity, &price, &cost, &ship_to];
            if let Some(Fault::Text(column, text)) = fault {
                fields[*column] = text;
            }
            match fault {
                Some(Fault::Short) => sheet.row(&fields[..5])?,
                Some(Fault::Long) => sheet.row(&[fields.as_slice(), &[&"see note"]].concat())?,
                Some(Fault::Encoding) => sheet.row_in_another_encoding(&fields)?,
                None if let Some(due) = self.late_until(order.account, month) => {
                    let line: Vec<String> = fields.iter().map(ToString::to_string).collect();
                    self.late.push((due, line.join(",")));
                }
                _ => sheet.row(&fields)?,
            }
            self.remember(order.account, month, cents);
        }
        Ok(())
    }

    /// The month whose file has what this account is invoiced for this month, where that is a later one.
    fn late_until(&self, account: usize, month: u32) -> Option<u32> {
        let (rank, back) = (self.accounts[account].rank, 12 * self.size.years - month);
        let late = LATE.iter().find(|(late, invoiced, _)| (*late, *invoiced) == (rank, back));
        late.map(|(_, invoiced, booked)| month + invoiced - booked)
    }

    /// What is wrong with the next line: about one in nine hundred is broken, in each of the ways by turns.
    pub(super) fn next_fault(&mut self) -> Option<&'static Fault> {
        self.until_fault -= 1;
        if self.until_fault > 0 {
            return None;
        }
        self.until_fault = 600 + below(&mut self.draw, 600);
        self.faults += 1;
        FAULTS.get((self.faults - 1) % FAULTS.len())
    }

    pub(super) fn write_accounts(&self, sheet: &mut Sheet) -> Result<(), Error> {
        let mut named = [0; REGIONS.len()];
        for account in &self.accounts {
            let hostile = HOSTILE.iter().find(|(rank, ..)| *rank == account.rank);
            let region = account.region();
            let (name, segment) = match hostile {
                Some((_, name, _, segment)) => ((*name).to_string(), *segment),
                None => {
                    named[region] += 1;
                    company(region, mix(self.size.seed, 2_000_000_000), named[region] - 1)
                }
            };
            sheet.row(&[&account.id, &field(&name), &SEGMENTS[segment], &REGIONS[region].0])?;
        }
        Ok(())
    }

    pub(super) fn write_scores(&self, sheet: &mut Sheet) -> Result<(), Error> {
        let mut largest: Vec<&Account> = self.accounts.iter().collect();
        largest.sort_unstable_by_key(|account| account.rank);
        for account in largest.iter().filter(|account| account.rank < 60 || account.rank % 40 == 0) {
            for (index, criterion) in CRITERIA.split(' ').enumerate() {
                let hash = mix(account.hash, 10_000 + index as u64);
                if hash % 100 >= 18 + account.rank.min(180) / 3 {
                    judge(account, criterion, hash, sheet)?;
                }
            }
        }
        let first = &self.accounts[0].id;
        // A score off the scale, an account and a criterion that are not known: slips that a sheet kept by hand has.
        sheet.row(&[first, &"corporate_reputation,11,m.oliveira,2025-03-04,,a slip of the finger"])?;
        sheet.row(&[first, &"friendliness,8,j.verbeek,2025-06-11,,\"new, to be agreed\""])?;
        sheet.row(&[&format!("{first}-OLD"), &"strategy,6,k.lindqvist,2025-05-20,,"])
    }
}

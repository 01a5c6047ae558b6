//! The one pass over the invoice lines: files are read side by side, each line is judged, accepted lines
//! go into the waist.

use super::Roles;
use super::cells::{Amounts, Coder, Days, Gap, Keys, gap_behind};
use super::expression::{Entry, Evaluated, Operand, SCALE, evaluate};
use super::plan::{FilePlan, Place};
use super::sums::Details;
use super::tally::{FileTally, Quarantined, Tally};
use super::waist::{Line, Waist};
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::settings::{AsOf, Settings};
use crate::progress::Progress;
use crate::sources::{self, Batch, Source, SourceFile};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to scan.
pub struct Scan<'a> {
    pub source: &'a Source,
    /// One per file.
    pub plans: &'a [FilePlan],
    /// Why each `exclude` rule excludes.
    pub reasons: &'a [String],
    pub settings: &'a Settings,
    pub roles: Roles,
    /// Which finer sums are kept.
    pub details: Details,
}

/// Reads all lines once, on `threads` threads.
///
/// # Errors
/// Where a file cannot be read, an expression fails, or a sum overflows.
pub fn run(scan: &Scan, threads: usize, progress: &Progress) -> Result<Tally, Failure> {
    let parts: Vec<(usize, usize)> = scan
        .source
        .files
        .iter()
        .enumerate()
        .flat_map(|(file, source)| (0..source.parts()).map(move |part| (file, part)))
        .collect();
    progress.start(parts.len());
    let (next, places) = (AtomicUsize::new(0), scan.settings.calendar.places());
    let work = || {
        let mut worker = Worker::new(scan, &places);
        while let Some((file, part)) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            worker.part(*file, *part)?;
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
    let mut total = Tally::new(scan.source.files.len());
    for tally in tallies {
        total.merge(tally?);
    }
    // The order in which threads met the lines must not show.
    total.quarantined.sort_by_key(|line| (line.file, line.line));
    Ok(total)
}

/// Judges the lines of one thread's share of the parts.
struct Worker<'a> {
    scan: &'a Scan<'a>,
    places: &'a Places,
    /// The last day that counts, where it is declared.
    as_of: Option<i32>,
    tally: Tally,
    accounts: Coder,
    invoices: Coder,
    products: Coder,
    categories: Coder,
    regions: Coder,
}

/// The columns of a batch, typed.
struct Columns {
    account: Keys,
    days: Days,
    amounts: Amounts,
    costs: Option<Amounts>,
    invoice: Option<Keys>,
    product: Option<Keys>,
    category: Option<Keys>,
    region: Option<Keys>,
    rules: Vec<BooleanArray>,
    amount_texts: Texts,
    cost_texts: Texts,
}

/// The texts that a computed amount comes from.
struct Texts {
    columns: Vec<(String, ArrayRef)>,
    /// The rows, ascending, in which one of them is neither a number nor empty.
    unreadable: Vec<usize>,
    /// The rows in which the expression failed, and why.
    failed: Vec<(usize, String)>,
}

/// A line that will be quarantined: its row, reason, detail.
type Bad = (usize, &'static str, String);

impl<'a> Worker<'a> {
    fn new(scan: &'a Scan<'a>, places: &'a Places) -> Self {
        let as_of = match scan.settings.as_of {
            AsOf::Latest => None,
            AsOf::Day(day) => Some(day),
        };
        let waist = Waist::keeping(scan.details);
        let tally = Tally { waist, ..Tally::new(scan.source.files.len()) };
        Self {
            scan,
            places,
            as_of,
            tally,
            accounts: Coder::default(),
            invoices: Coder::default(),
            products: Coder::default(),
            categories: Coder::default(),
            regions: Coder::default(),
        }
    }

    fn part(&mut self, index: usize, part: usize) -> Result<(), Failure> {
        let scan = self.scan;
        let (Some(file), Some(plan)) = (scan.source.files.get(index), scan.plans.get(index)) else { return Ok(()) };
        sources::scan(file, part, &plan.read, &mut |batch| self.batch(index, file, plan, &batch))
    }

    fn batch(&mut self, index: usize, file: &SourceFile, plan: &FilePlan, batch: &Batch) -> Result<(), Failure> {
        let failed = |error: String| Failure::run(format!("cannot read the lines of `{}`: {error}", file.name));
        let mut columns = columns(plan, batch).map_err(failed)?;
        let bad = self.lines(index, plan, batch, &mut columns)?;
        if bad.is_empty() {
            return Ok(());
        }
        let rows: Vec<usize> = bad.iter().map(|(row, _, _)| *row).collect();
        let raw = batch.raw(&rows)?;
        self.tally.quarantined.extend(bad.into_iter().zip(raw).map(|((row, reason, detail), raw)| Quarantined {
            file: index,
            line: batch.line(row),
            reason,
            detail,
            raw,
        }));
        Ok(())
    }

    /// Judges every line of a batch; those that cannot be used come back.
    fn lines(
        &mut self,
        index: usize,
        plan: &FilePlan,
        batch: &Batch,
        columns: &mut Columns,
    ) -> Result<Vec<Bad>, Failure> {
        self.accounts.enter(&columns.account);
        columns.invoice.iter().for_each(|keys| self.invoices.enter(keys));
        columns.product.iter().for_each(|keys| self.products.enter(keys));
        columns.category.iter().for_each(|keys| self.categories.enter(keys));
        columns.region.iter().for_each(|keys| self.regions.enter(keys));
        let mut defects = batch.defects.iter().peekable();
        let mut bad = Vec::new();
        for row in 0..batch.rows {
            let amount = amount(&columns.amounts, &columns.amount_texts, plan, row);
            let known = amount.as_ref().ok().copied();
            self.tally(index).read.add(known);
            let defect = defects.next_if(|defect| defect.row == row);
            // The cells of a line that could not be read whole are empty, and no rule may take that for a value.
            let holds = |rule: &BooleanArray| defect.is_none() && rule.is_valid(row) && rule.value(row);
            if let Some(rule) = columns.rules.iter().position(holds) {
                self.tally(index).excluded.entry(rule).or_default().add(known);
                continue;
            }
            let verdict = match defect {
                Some(defect) => Err((defect.reason, defect.detail.clone())),
                None => self.accept(index, plan, columns, row, amount)?,
            };
            if let Err((reason, detail)) = verdict {
                let tally = self.tally(index);
                tally.quarantined.entry(reason).or_default().add(known);
                tally.without_amount += i64::from(known.is_none());
                bad.push((row, reason, detail));
            }
        }
        Ok(bad)
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
        amount: Result<i64, Gap>,
    ) -> Result<Result<(), (&'static str, String)>, Failure> {
        let waist = &mut self.tally.waist;
        let Some(account) = self.accounts.code(&columns.account, row, &mut waist.accounts) else {
            return Ok(Err(("missing_account", "the account is empty".to_owned())));
        };
        let day = match columns.days.day(row) {
            Ok(day) => day,
            Err(gap) => return Ok(Err(told("date", gap))),
        };
        let Some((fiscal_year, month)) = self.places.get(day) else {
            return Ok(Err(("unreadable_date", format!("`{}` is no plausible day", crate::calendar::iso(day)))));
        };
        let amount = match amount {
            Ok(amount) => amount,
            Err(gap) => return Ok(Err(told("amount", gap))),
        };
        let cost = match columns.costs.as_ref().map(|costs| self::amount(costs, &columns.cost_texts, plan, row)) {
            None => Some(0),
            Some(Ok(cost)) => Some(cost),
            Some(Err(Gap::Missing | Gap::MissingIn(_))) => None,
            Some(Err(gap)) => return Ok(Err(told("cost", gap))),
        };
        let tally = &mut self.tally.files[index];
        if self.as_of.is_some_and(|as_of| day > as_of) {
            tally.after_as_of.add(Some(amount));
            return Ok(Ok(()));
        }
        tally.accepted.entry(fiscal_year).or_default().add(Some(amount));
        if cost.is_none() {
            *tally.without_cost.entry(fiscal_year).or_default() += 1;
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
        Ok(Ok(()))
    }
}

/// The amount of a line. Where it is computed, every text behind it has to be a number or empty.
fn amount(amounts: &Amounts, texts: &Texts, plan: &FilePlan, row: usize) -> Result<i64, Gap> {
    if let Some((_, error)) = texts.failed.iter().find(|(failed, _)| *failed == row) {
        return Err(Gap::Failed(error.clone()));
    }
    let amount = amounts.amount(row);
    if texts.columns.is_empty() || (amount.is_ok() && texts.unreadable.binary_search(&row).is_err()) {
        return amount;
    }
    let columns: Vec<(&str, &ArrayRef)> = texts.columns.iter().map(|(name, column)| (name.as_str(), column)).collect();
    gap_behind(&columns, plan.numbers, row).map_or(amount, Err)
}

/// The reason and the detail of a gap.
fn told(what: &str, gap: Gap) -> (&'static str, String) {
    match (what, gap) {
        ("date", Gap::Missing | Gap::MissingIn(_)) => ("missing_date", "the date is empty".to_owned()),
        ("date", Gap::Unreadable(text) | Gap::OutOfRange(text) | Gap::Failed(text)) => {
            ("unreadable_date", format!("`{text}` is no date of the declared format"))
        }
        ("cost", Gap::Unreadable(text) | Gap::OutOfRange(text) | Gap::Failed(text)) => {
            ("unreadable_cost", format!("`{text}` is no cost"))
        }
        ("cost", Gap::Missing | Gap::MissingIn(_)) => ("unreadable_cost", "the cost is empty".to_owned()),
        (_, Gap::Missing) => ("missing_amount", "the amount is empty".to_owned()),
        (_, Gap::MissingIn(column)) => ("missing_amount", format!("`{column}` is empty")),
        (_, Gap::Unreadable(text)) => ("unreadable_amount", format!("`{text}` is no amount")),
        (_, Gap::Failed(error)) => ("unreadable_amount", format!("the expression has no value: {error}")),
        (_, Gap::OutOfRange(text)) => ("amount_out_of_range", format!("`{text}` is too large to be exact")),
    }
}

/// Types the columns of a batch and evaluates the expressions over it.
fn columns(plan: &FilePlan, batch: &Batch) -> Result<Columns, String> {
    let read = |place: usize| batch.columns.get(place).ok_or_else(|| "a column is missing".to_owned());
    let computed = evaluated(plan, batch)?;
    let column = |place: Place| match place {
        Place::Read(place) => read(place),
        Place::Computed(place) => computed.columns.get(place).ok_or_else(|| "an expression is missing".to_owned()),
    };
    let keys = |place: Option<Place>| place.map(|place| Keys::of(column(place)?)).transpose();
    let amounts = |place: Place| Amounts::of(column(place)?, plan.numbers, plan.decimals);
    let rule = |place: &Place| {
        column(*place)?.as_boolean_opt().cloned().ok_or_else(|| "a rule is not true or false".to_owned())
    };
    Ok(Columns {
        account: Keys::of(column(plan.account)?)?,
        days: Days::of(column(plan.date)?, &plan.date_format)?,
        amounts: amounts(plan.amount)?,
        costs: plan.cost.map(amounts).transpose()?,
        invoice: keys(plan.invoice)?,
        product: keys(plan.product)?,
        category: keys(plan.category)?,
        region: keys(plan.region)?,
        rules: plan.rules.iter().map(rule).collect::<Result<_, _>>()?,
        amount_texts: texts(&plan.amount_texts, plan, batch, &computed)?,
        cost_texts: texts(&plan.cost_texts, plan, batch, &Evaluated { columns: Vec::new(), failed: Vec::new() })?,
    })
}

fn evaluated(plan: &FilePlan, batch: &Batch) -> Result<Evaluated, String> {
    if plan.expressions.is_empty() {
        return Ok(Evaluated { columns: Vec::new(), failed: Vec::new() });
    }
    let operand = |(name, entry, place): &'_ (String, Entry, usize)| {
        let values = batch.columns.get(*place).ok_or_else(|| "a column is missing".to_owned())?;
        Ok((name.clone(), *entry, values))
    };
    let operands = plan.entries.iter().map(operand).collect::<Result<Vec<_>, String>>()?;
    let operands: Vec<Operand> =
        operands.iter().map(|(name, entry, values)| Operand { name, entry: *entry, values }).collect();
    evaluate(&plan.expressions, &operands, &plan.date_format, batch.rows)
}

/// The texts behind a computed amount, and where one of them is no number.
fn texts(behind: &[(String, usize)], plan: &FilePlan, batch: &Batch, computed: &Evaluated) -> Result<Texts, String> {
    let mut columns = Vec::with_capacity(behind.len());
    let mut unreadable = Vec::new();
    for (name, place) in behind {
        let column = batch.columns.get(*place).ok_or_else(|| "a column is missing".to_owned())?;
        let texts = cast(column, &DataType::Utf8).map_err(|error| error.to_string())?;
        let is_number =
            |text: &str| text.trim_ascii().is_empty() || plan.numbers.parse_wide(text.as_bytes(), SCALE).is_ok();
        let rows = texts.as_string::<i32>().iter().enumerate();
        unreadable.extend(rows.filter(|(_, text)| text.is_some_and(|text| !is_number(text))).map(|(row, _)| row));
        columns.push((name.clone(), column.clone()));
    }
    unreadable.sort_unstable();
    Ok(Texts { columns, unreadable, failed: computed.failed.clone() })
}

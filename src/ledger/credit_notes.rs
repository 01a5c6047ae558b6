//! Credit notes: which lines are, what sign they carry, and on which day they count.

use super::account_map::Mapper;
use super::cells::Keys;
use super::columns::Columns;
use super::currency::{Currency, Fate};
use super::expression::Cell;
use super::ids::Identifier;
use super::interner::Interner;
use super::lines::{Line, Lines};
use super::scan::Scan;
use super::tally::{Count, Tally};
use super::total::Total;
use super::waist::Waist;
use crate::calendar::Places;
use crate::failure::Failure;
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::Value;
use crate::pipeline::settings::AsOf;
use crate::table::{ColumnSpec, Meaning, Table, TableBuilder, TableSpec};
use serde::{Deserialize, Serialize};

/// What a ledger says of credit notes, where it says more than that they are negative.
#[derive(Debug, Clone)]
pub struct Config {
    pub by: By,
    /// The column with the number of the invoice that a credit note corrects, where it counts on that
    /// invoice's day.
    pub corrects: Option<Located<String>>,
}

/// How a credit note is known.
#[derive(Debug, Clone)]
pub enum By {
    /// By an amount below zero.
    Sign,
    /// By what a column says.
    Type { column: Located<String>, values: Vec<String> },
    /// By how the number of its invoice begins.
    Prefix { prefixes: Vec<Located<String>> },
}

impl Config {
    /// `credit_notes: by_sign`, or a map. Nothing where credit notes are the lines below zero and no more.
    pub fn decode(parent: &mut Fields) -> Option<Option<Self>> {
        let Some(node) = parent.optional("credit_notes") else { return Some(None) };
        let problems = parent.problems;
        if node.raw == "by_sign" {
            return Some(None);
        }
        if !matches!(node.value, Value::Map(_)) {
            let message = format!("`credit_notes` should be `by_sign` or a map, found {}", node.describe());
            let hint = "such as `{by_prefix: C}` or `{by_type_column: doc_type, values: [CN]}`";
            problems.report(&node.span, message, hint.to_owned());
            return None;
        }
        let mut fields = Fields::open(node, &node.span, "`credit_notes`", problems)?;
        let (column, values) = (fields.optional_text("by_type_column"), fields.optional_texts("values"));
        let prefixes = fields.optional_texts("by_prefix");
        let dated = fields.choice("dated", &[("own", false), ("corrected", true)], false);
        let corrects = fields.optional_text("corrects");
        fields.finish();
        let plain = |texts: Vec<Located<String>>| texts.into_iter().map(|text| text.value.trim().to_owned()).collect();
        let by = match (column, values, prefixes) {
            (None, None, None) => Some(By::Sign),
            (None, None, Some(prefixes)) => Some(By::Prefix { prefixes }),
            (Some(column), Some(values), None) => Some(By::Type { column, values: plain(values) }),
            (Some(column), None, None) => {
                let message = "`by_type_column` needs `values`: what the column says of a credit note";
                problems.report(&column.span, message, "such as `values: [CN, \"Credit memo\"]`".to_owned());
                None
            }
            (None, Some(values), _) => {
                let span = values.first().map_or(&node.span, |value| &value.span);
                problems.report(span, "`values` are of a `by_type_column`, and there is none", None);
                None
            }
            (Some(column), _, Some(_)) => {
                let message = "credit notes are known by one thing: `by_type_column` or `by_prefix`";
                problems.report(&column.span, message, "keep one of the two".to_owned());
                None
            }
        };
        let corrects = match (dated?, corrects) {
            (true, None) => {
                let message =
                    "`dated: corrected` needs `corrects`: the column with the number of the corrected invoice";
                problems.report(&node.span, message, None);
                return None;
            }
            (false, Some(column)) => {
                let message = "`corrects` says nothing where credit notes are dated by their own day";
                problems.report(&column.span, message, "add `dated: corrected`".to_owned());
                return None;
            }
            (_, corrects) => corrects,
        };
        Some(Some(Self { by: by?, corrects }))
    }
}

impl Config {
    /// The column that tells credit notes, where one does.
    pub fn kind(&self) -> Option<&Located<String>> {
        match &self.by {
            By::Type { column, .. } => Some(column),
            By::Sign | By::Prefix { .. } => None,
        }
    }

    /// Reports what needs the number of an invoice where a ledger declares none.
    pub fn need_no_invoice(&self, problems: &Problems) {
        if let By::Prefix { prefixes } = &self.by
            && let Some(prefix) = prefixes.first()
        {
            let message = "`by_prefix` looks at the number of the invoice, but the ledger declares no `invoice`";
            problems.report(&prefix.span, message, "add `invoice:` to the `columns` of the ledger".to_owned());
        }
        if let Some(corrects) = &self.corrects {
            let message = "`corrects` names an invoice by its number, but the ledger declares no `invoice`";
            problems.report(&corrects.span, message, "add `invoice:` to the `columns` of the ledger".to_owned());
        }
    }
}

/// The parsed parts of a line that tell of credit notes.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    /// Parts that did not parse are nothing within.
    pub kind: Option<Option<Cell>>,
    pub corrects: Option<Option<Cell>>,
}

impl Config {
    /// Whether a line is a credit note; `own` is its amount as the file has it, where it can be read.
    #[inline]
    pub fn is_credit_note(&self, columns: &Columns, row: usize, own: Option<i64>) -> bool {
        match &self.by {
            By::Sign => own.is_some_and(|own| own < 0),
            By::Type { values, .. } => {
                text_of(&columns.credit_kind, row).is_some_and(|kind| values.iter().any(|value| value == kind.trim()))
            }
            By::Prefix { prefixes } => text_of(&columns.invoice, row).is_some_and(|invoice| {
                prefixes.iter().any(|prefix| invoice.trim_start().starts_with(prefix.value.as_str()))
            }),
        }
    }
}

/// The key of a row, where the ledger declares it.
pub fn text_of(keys: &Option<Keys>, row: usize) -> Option<&str> {
    keys.as_ref().and_then(|keys| keys.text(row))
}

/// An amount or a cost as a credit note carries it: below zero, however the file writes it.
pub fn credited(amount: i64) -> i64 {
    -amount.abs()
}

/// Puts the credit notes that waited into the waist, now that the days of all invoices are known. What they are worth
/// was found on their own day.
///
/// # Errors
/// As for [`Total::take`].
pub fn settle((tally, total): (&mut Tally, &Total), scan: &Scan, places: &Places) -> Result<(), Failure> {
    let mut mapper = scan.account_map.map(Mapper::new);
    let mut waist = Waist::keeping(scan.details);
    let mut identifier = Identifier::new(&total.ids);
    for held in std::mem::take(&mut tally.held) {
        let corrected = held.corrects.as_deref().and_then(|invoice| tally.invoice_days.day(invoice.trim()));
        let day = corrected.unwrap_or(held.day);
        // A day that no place has was refused when its line was judged.
        let (Some((fiscal_year, month)), Some(file)) = (places.get(day), tally.files.get_mut(held.file)) else {
            continue;
        };
        let amount = held.amount;
        let count = if corrected.is_some() { &mut file.credit_notes.moved } else { &mut file.credit_notes.unmatched };
        count.add(Some(amount));
        let is_late = matches!(scan.settings.as_of, AsOf::Day(as_of) if day > as_of);
        if let Some(currency) = held.currency {
            let fate = if is_late { Fate::Excluded } else { Fate::Accepted(fiscal_year) };
            file.currencies.entry((currency, fate)).or_default().add(held.own, Some(amount));
        }
        if is_late {
            file.after_as_of.add(Some(amount));
            continue;
        }
        let accounts = &mut waist.accounts;
        let account = accounts.push(&held.account);
        let mapped = mapper.as_mut().map(|mapper| mapper.of(account, day, accounts));
        if let Some((own, row)) = mapped.and_then(|mapped| mapped.by) {
            tally.moved.entry((own, row, fiscal_year)).or_default().add(Some(amount));
        }
        let mut id = |key: Option<String>| key.map(|key| identifier.id(&key));
        let line = Line {
            account: mapped.map_or(account, |mapped| mapped.account),
            fiscal_year,
            month,
            day,
            amount,
            cost: held.cost,
            invoice: id(held.invoice),
            product: id(held.product),
            category: id(held.category),
            region: id(held.region),
        };
        if line.cost.is_none() {
            *file.without_cost.entry(fiscal_year).or_default() += 1;
        }
        let line = Lines::of(&[line]);
        tally.accept(held.file, &line.runs);
        waist.add(&line);
    }
    total.take(&waist)
}

/// The first day of each invoice.
#[derive(Debug, Default)]
pub struct InvoiceDays {
    invoices: Interner,
    days: Vec<i32>,
}

impl InvoiceDays {
    pub fn record(&mut self, invoice: &str, day: i32) {
        let code = super::index(self.invoices.code(invoice.trim()));
        match self.days.get_mut(code) {
            Some(first) => *first = (*first).min(day),
            None => self.days.push(day),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (invoice, day) in other.invoices.texts().zip(&other.days) {
            self.record(invoice, *day);
        }
    }

    pub fn day(&self, invoice: &str) -> Option<i32> {
        self.invoices.find(invoice).and_then(|code| self.days.get(super::index(code)).copied())
    }
}

/// A credit note that waits for the day of the invoice it corrects, with its strings: it belongs to no waist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub file: usize,
    pub account: String,
    pub invoice: Option<String>,
    pub product: Option<String>,
    pub category: Option<String>,
    pub region: Option<String>,
    pub corrects: Option<String>,
    /// Its own day.
    pub day: i32,
    pub amount: i64,
    pub cost: Option<i64>,
    /// As in [`super::currency::Money`].
    pub currency: Option<Option<Currency>>,
    pub own: Option<i64>,
}

/// The credit notes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notes {
    /// All lines that are, with their money below zero.
    pub found: Count,
    /// Those whose sign the file writes otherwise.
    pub turned: i64,
    /// Those that count on the day of the invoice they correct, and those whose invoice is nowhere.
    pub moved: Count,
    pub unmatched: Count,
}

impl Notes {
    pub fn merge(&mut self, other: &Self) {
        self.found = self.found.plus(other.found);
        self.turned += other.turned;
        self.moved = self.moved.plus(other.moved);
        self.unmatched = self.unmatched.plus(other.unmatched);
    }
}

pub fn spec(name: &str) -> TableSpec {
    use Meaning::{Integer, Money, Text};
    let columns = [
        ("file", Text),
        ("rows", Integer),
        ("amount", Money),
        ("rows_turned", Integer),
        ("rows_moved", Integer),
        ("amount_moved", Money),
        ("rows_unmatched", Integer),
        ("amount_unmatched", Money),
    ];
    TableSpec::new(name, columns.into_iter().map(|(name, meaning)| ColumnSpec::new(name, meaning)).collect())
}

/// One row for each file that has credit notes.
pub fn table(name: &str, files: &[(&str, Notes)], whole: impl Fn(Count) -> Option<i64>) -> Option<Table> {
    let money = |part: fn(&Notes) -> Count| {
        files.iter().map(|(_, notes)| part(notes)).map(&whole).collect::<Option<Vec<i64>>>()
    };
    let rows = |part: fn(&Notes) -> i64| files.iter().map(|(_, notes)| part(notes)).collect::<Vec<i64>>();
    Some(
        TableBuilder::new(name, files.len())
            .text("file", files.iter().map(|(file, _)| *file).collect())
            .integers("rows", rows(|notes| notes.found.rows))
            .money("amount", money(|notes| notes.found)?)
            .integers("rows_turned", rows(|notes| notes.turned))
            .integers("rows_moved", rows(|notes| notes.moved.rows))
            .money("amount_moved", money(|notes| notes.moved)?)
            .integers("rows_unmatched", rows(|notes| notes.unmatched.rows))
            .money("amount_unmatched", money(|notes| notes.unmatched)?)
            .build(),
    )
}

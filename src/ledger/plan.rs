//! The parts of a line bound to the columns of one file.

use super::config::{Cells, Part};
use super::expression::{Cell, Entry, Yields, type_of};
use crate::money::NumberFormat;
use crate::pipeline::diagnostics::{Problems, did_you_mean};
use crate::sources::read::{Read, TextType};
use crate::sources::{SourceFile, Stored};
use polars::prelude::Expr;

/// Where a part of a line is found in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The column at this place among those read.
    Read(usize),
    /// The result of the expression of this number.
    Computed(usize),
}

/// How to get lines out of a file.
#[derive(Debug, Clone)]
pub struct FilePlan {
    /// Indices of the file's columns to read.
    pub read: Vec<usize>,
    pub expressions: Vec<Expr>,
    /// The columns that expressions use: name, how it enters, place among those read.
    pub entries: Vec<(String, Entry, usize)>,
    pub account: Place,
    pub date: Place,
    pub amount: Place,
    pub invoice: Option<Place>,
    pub cost: Option<Place>,
    pub product: Option<Place>,
    pub category: Option<Place>,
    pub region: Option<Place>,
    pub currency: Option<Place>,
    pub rules: Vec<Place>,
    /// Text columns that the amount and the cost are computed from, by place among those read: they tell
    /// why an amount is missing.
    pub amount_texts: Vec<(String, usize)>,
    pub cost_texts: Vec<(String, usize)>,
    pub numbers: NumberFormat,
    pub date_format: String,
    pub decimals: u32,
}

/// What a part of a line has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Date,
    Money,
    Condition,
}

impl Role {
    fn accepts(self, yields: Yields) -> bool {
        match self {
            Self::Key => matches!(yields, Yields::Text | Yields::Number | Yields::Date),
            Self::Date => matches!(yields, Yields::Text | Yields::Date),
            Self::Money => matches!(yields, Yields::Text | Yields::Number),
            Self::Condition => yields == Yields::Flag,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Key => "text or a number",
            Self::Date => "a date",
            Self::Money => "a number",
            Self::Condition => "true or false",
        }
    }
}

/// Binds the parts of a line to the columns of a file, reporting every one that does not fit.
pub fn bind_file(
    file: &SourceFile,
    config: &Read,
    cells: &Cells,
    decimals: u32,
    problems: &Problems,
) -> Option<FilePlan> {
    let money = [cells.amount.as_ref(), cells.cost.as_ref().and_then(Option::as_ref)];
    let money_columns: Vec<&str> = money
        .into_iter()
        .flatten()
        .filter(|cell| matches!(cell, Cell::Sql { .. }))
        .flat_map(|cell| cell.columns().iter().map(String::as_str))
        .collect();
    let mut binder = Binder {
        file,
        config,
        problems,
        money_columns,
        read: Vec::new(),
        expressions: Vec::new(),
        entries: Vec::new(),
    };
    let account = binder.bind(&cells.account, Role::Key);
    let date = binder.bind(&cells.date, Role::Date);
    let amount = binder.bind(&cells.amount, Role::Money);
    let invoice = binder.bind_optional(cells.invoice.as_ref(), Role::Key);
    let cost = binder.bind_optional(cells.cost.as_ref(), Role::Money);
    let product = binder.bind_optional(cells.product.as_ref(), Role::Key);
    let category = binder.bind_optional(cells.category.as_ref(), Role::Key);
    let region = binder.bind_optional(cells.region.as_ref(), Role::Key);
    let currency = binder.bind_optional(cells.currency.as_ref(), Role::Key);
    let rules: Vec<Option<Place>> = cells.rules.iter().map(|rule| binder.bind(rule, Role::Condition)).collect();
    let amount_texts = binder.texts_behind(cells.amount.as_ref());
    let cost_texts = binder.texts_behind(cells.cost.as_ref().and_then(Option::as_ref));
    Some(FilePlan {
        account: account?,
        date: date?,
        amount: amount?,
        invoice: invoice?,
        cost: cost?,
        product: product?,
        category: category?,
        region: region?,
        currency: currency?,
        rules: rules.into_iter().collect::<Option<_>>()?,
        amount_texts,
        cost_texts,
        read: binder.read,
        expressions: binder.expressions,
        entries: binder.entries,
        numbers: config.csv.numbers,
        date_format: config.csv.date_format.clone(),
        decimals,
    })
}

struct Binder<'a> {
    file: &'a SourceFile,
    config: &'a Read,
    problems: &'a Problems,
    /// Columns used in amount and cost expressions: where they are text, the text is a number.
    money_columns: Vec<&'a str>,
    read: Vec<usize>,
    expressions: Vec<Expr>,
    entries: Vec<(String, Entry, usize)>,
}

impl Binder<'_> {
    fn bind_optional(&mut self, cell: Option<&Part>, role: Role) -> Option<Option<Place>> {
        match cell {
            None => Some(None),
            Some(cell) => self.bind(cell, role).map(Some),
        }
    }

    fn bind(&mut self, part: &Part, role: Role) -> Option<Place> {
        let cell = part.as_ref()?;
        match cell {
            Cell::Column(name) => {
                let index = self.find(cell, &name.value)?;
                let yields = self.entry(index, &name.value).map(yields_of);
                let wrong = |data_type| format!("should be {}, but is of type {data_type}", role.expected());
                self.accept(cell, role, yields.map_err(wrong))?;
                Some(Place::Read(self.place(index)))
            }
            Cell::Sql { expression, columns, .. } => {
                let entries: Vec<Option<(String, Entry)>> = columns.iter().map(|name| self.enter(cell, name)).collect();
                let entries: Vec<(String, Entry)> = entries.into_iter().collect::<Option<_>>()?;
                self.accept(
                    cell,
                    role,
                    type_of(expression, &entries).map_err(|error| format!("does not fit its columns: {error}")),
                )?;
                self.expressions.push(expression.clone());
                Some(Place::Computed(self.expressions.len() - 1))
            }
        }
    }

    fn accept(&self, cell: &Cell, role: Role, yields: Result<Yields, String>) -> Option<()> {
        let text = cell.text();
        let mut misfit = false;
        let message = match yields {
            Ok(yields) if role.accepts(yields) => return Some(()),
            Ok(yields) => format!("`{}` should be {}, found {}", text.value, role.expected(), describe(yields)),
            Err(error) => {
                misfit = matches!(cell, Cell::Sql { .. });
                format!("`{}` {error}", text.value)
            }
        };
        let hint = misfit.then(|| {
            "columns of a CSV file are text unless the `read` stage declares `types`, or an amount is computed from them".to_owned()
        });
        self.problems.report(&text.span, format!("{message} (in `{}`)", self.file.name), hint);
        None
    }

    fn find(&self, cell: &Cell, name: &str) -> Option<usize> {
        let found = self.file.column(name);
        if found.is_none() {
            let names: Vec<&str> = self.file.columns.iter().map(|column| column.name.as_str()).collect();
            let message = format!("`{}` has no column `{name}`", self.file.name);
            self.problems.report(&cell.text().span, message, did_you_mean(name, names));
        }
        found
    }

    /// Makes a column available to expressions.
    fn enter(&mut self, cell: &Cell, name: &str) -> Option<(String, Entry)> {
        let index = self.find(cell, name)?;
        let entry = match self.entry(index, name) {
            Ok(entry) => entry,
            Err(data_type) => {
                let message = format!(
                    "the column `{name}` of `{}` is of type {data_type}, which expressions cannot use",
                    self.file.name
                );
                self.problems.report(&cell.text().span, message, None);
                return None;
            }
        };
        let place = self.place(index);
        if !self.entries.iter().any(|(known, _, _)| known == name) {
            self.entries.push((name.to_owned(), entry, place));
        }
        Some((name.to_owned(), entry))
    }

    fn entry(&self, index: usize, name: &str) -> Result<Entry, String> {
        let Some(column) = self.file.columns.get(index) else { return Err("unknown".to_owned()) };
        match &column.stored {
            Stored::Text => Ok(match self.config.type_of(name) {
                Some(TextType::Number) => Entry::Number(self.config.csv.numbers),
                Some(TextType::Date) => Entry::TextDay,
                None if self.money_columns.contains(&name) => Entry::Number(self.config.csv.numbers),
                _ => Entry::Text,
            }),
            Stored::Integer => Ok(Entry::Integer),
            Stored::Float => Ok(Entry::Float),
            Stored::Decimal(scale) => Ok(Entry::Decimal(*scale)),
            Stored::Date => Ok(Entry::Date),
            Stored::Flag => Ok(Entry::Flag),
            Stored::Other(data_type) => Err(data_type.clone()),
        }
    }

    /// The place of a column among those read, which it joins on first sight.
    fn place(&mut self, index: usize) -> usize {
        if let Some(place) = self.read.iter().position(|read| *read == index) {
            return place;
        }
        self.read.push(index);
        self.read.len() - 1
    }

    fn texts_behind(&self, cell: Option<&Cell>) -> Vec<(String, usize)> {
        let Some(Cell::Sql { columns, .. }) = cell else { return Vec::new() };
        self.entries
            .iter()
            .filter(|(name, entry, _)| matches!(entry, Entry::Number(_)) && columns.contains(name))
            .map(|(name, _, place)| (name.clone(), *place))
            .collect()
    }
}

fn describe(yields: Yields) -> &'static str {
    match yields {
        Yields::Text => "text",
        Yields::Number => "a number",
        Yields::Date => "a date",
        Yields::Flag => "true or false",
    }
}

fn yields_of(entry: Entry) -> Yields {
    match entry {
        // A column of text is read by its own rules: strictly, and quarantined where it does not parse.
        Entry::Text | Entry::Number(_) | Entry::TextDay => Yields::Text,
        Entry::Integer | Entry::Float | Entry::Decimal(_) => Yields::Number,
        Entry::Date => Yields::Date,
        Entry::Flag => Yields::Flag,
    }
}

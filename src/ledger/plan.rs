//! The parts of a line bound to the columns of one file.

use super::config::{Cells, Part};
use super::duplicates::keys::{KeyPlan, bind_keys};
use super::expression::{Cell, Entry, Formula, Yields, type_of};
use crate::dates::DateFormats;
use crate::notation::Notation;
use crate::pipeline::diagnostics::{Located, Problems, did_you_mean};
use crate::sources::headers::{self, Found};
use crate::sources::read::{Read, TextType};
use crate::sources::{SourceFile, Stored};
use std::sync::Arc;

/// Where a part of a line is found in a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The column at this place among those read.
    Read(usize),
    /// The result of the expression of this number.
    Computed(usize),
    /// Nowhere: other files have the column, this one does not.
    Missing,
}

/// How to get lines out of a file.
#[derive(Debug, Clone)]
pub struct FilePlan {
    /// Indices of the file's columns to read.
    pub read: Vec<usize>,
    pub expressions: Vec<Formula>,
    /// The columns that expressions use: name, how it enters, place among those read where the file has it.
    pub entries: Vec<(String, Entry, Option<usize>)>,
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
    pub credit_kind: Option<Place>,
    pub corrects: Option<Place>,
    /// Text columns that the amount and the cost are computed from, by place among those read: they tell
    /// why an amount is missing.
    pub amount_texts: Vec<(String, usize)>,
    pub cost_texts: Vec<(String, usize)>,
    /// Columns that this file does not have and other files do, as the pipeline names them.
    pub missing: Vec<String>,
    pub notation: Notation,
    pub dates: DateFormats,
    pub decimals: u32,
    /// For a pass over the keys alone, where duplicates are looked for.
    pub keys: Option<KeyPlan>,
}

/// What a part of a line has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Key,
    Date,
    /// A date, or the day number of a spreadsheet.
    DateOrSerial,
    Money,
    Condition,
}

impl Role {
    /// What a date has to be in a file of this declaration.
    pub fn of_date(config: &Read) -> Self {
        if config.csv.dates.has_serials() { Self::DateOrSerial } else { Self::Date }
    }

    fn accepts(self, yields: Yields) -> bool {
        match self {
            Self::Key => matches!(yields, Yields::Text | Yields::Number | Yields::Date),
            Self::Date => matches!(yields, Yields::Text | Yields::Date),
            Self::DateOrSerial => yields != Yields::Flag,
            Self::Money => matches!(yields, Yields::Text | Yields::Number),
            Self::Condition => yields == Yields::Flag,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Key => "text or a number",
            Self::Date => "a date",
            Self::DateOrSerial => "a date or the day number of a spreadsheet",
            Self::Money => "a number",
            Self::Condition => "true or false",
        }
    }
}

/// What all files of a ledger are bound with.
pub struct Binding<'a> {
    /// Every file and the declaration it is read by: a column that one of them has may be missing from another.
    pub files: &'a [(SourceFile, Arc<Read>)],
    pub cells: &'a Cells,
    pub decimals: u32,
    pub problems: &'a Problems,
}

/// Binds the parts of a line to the columns of a file, reporting every one that does not fit.
pub fn bind_file(file: &SourceFile, config: &Read, binding: &Binding) -> Option<FilePlan> {
    let cells = binding.cells;
    let keys = if cells.duplicates.is_empty() {
        Some(None)
    } else {
        bind_keys(Binder::of(file, config, binding), cells).map(Some)
    };
    let mut binder = Binder::of(file, config, binding);
    let day = Role::of_date(config);
    let account = binder.bind(&cells.account, Role::Key, Need::Always);
    let date = binder.bind(&cells.date, day, Need::Always);
    let amount = binder.bind(&cells.amount, Role::Money, Need::Always);
    let invoice = binder.bind_optional(cells.invoice.as_ref(), Role::Key);
    let cost = binder.bind_optional(cells.cost.as_ref(), Role::Money);
    let product = binder.bind_optional(cells.product.as_ref(), Role::Key);
    let category = binder.bind_optional(cells.category.as_ref(), Role::Key);
    let region = binder.bind_optional(cells.region.as_ref(), Role::Key);
    // Without its currency no amount of a file means anything, so it is missing from none.
    let currency = match &cells.currency {
        None => Some(None),
        Some(cell) => binder.bind(cell, Role::Key, Need::Always).map(Some),
    };
    let rules: Vec<Option<Place>> =
        cells.rules.iter().map(|rule| binder.bind(rule, Role::Condition, Need::Somewhere)).collect();
    let credit_kind = binder.bind_optional(cells.credit_notes.kind.as_ref(), Role::Key);
    let corrects = binder.bind_optional(cells.credit_notes.corrects.as_ref(), Role::Key);
    for name in keys.iter().flatten().flat_map(|keys| &keys.missing) {
        if !binder.missing.contains(name) {
            binder.missing.push(name.clone());
        }
    }
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
        credit_kind: credit_kind?,
        corrects: corrects?,
        amount_texts,
        cost_texts,
        missing: binder.missing,
        read: binder.read,
        expressions: binder.expressions,
        entries: binder.entries,
        notation: config.csv.notation(),
        dates: config.csv.dates.clone(),
        decimals: binding.decimals,
        keys: keys?,
    })
}

/// Which files must have the columns of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Each.
    Always,
    /// One of them; in the others the columns are empty.
    Somewhere,
}

/// A reported mistake; the other parts are still bound.
struct Reported;

/// Binds parts to the columns of one file, and gathers what to read of it.
pub struct Binder<'a> {
    pub file: &'a SourceFile,
    pub config: &'a Read,
    binding: &'a Binding<'a>,
    /// Columns used in amount and cost expressions: where they are text, the text is a number.
    money_columns: Vec<&'a str>,
    pub read: Vec<usize>,
    pub expressions: Vec<Formula>,
    pub entries: Vec<(String, Entry, Option<usize>)>,
    pub missing: Vec<String>,
}

impl<'a> Binder<'a> {
    fn of(file: &'a SourceFile, config: &'a Read, binding: &'a Binding<'a>) -> Self {
        let cells = binding.cells;
        let money = [cells.amount.as_ref(), cells.cost.as_ref().and_then(Option::as_ref)];
        let money_columns: Vec<&str> =
            money.into_iter().flatten().flat_map(Cell::computed_from).map(String::as_str).collect();
        Self {
            file,
            config,
            binding,
            money_columns,
            read: Vec::new(),
            expressions: Vec::new(),
            entries: Vec::new(),
            missing: Vec::new(),
        }
    }

    pub fn bind_optional(&mut self, cell: Option<&Part>, role: Role) -> Option<Option<Place>> {
        match cell {
            None => Some(None),
            Some(cell) => self.bind(cell, role, Need::Somewhere).map(Some),
        }
    }

    pub fn bind(&mut self, part: &Part, role: Role, need: Need) -> Option<Place> {
        let cell = part.as_ref()?;
        match cell {
            Cell::Column { text, names } => {
                let Some(index) = self.find(text, names, need).ok()? else {
                    return Some(Place::Missing);
                };
                let yields = entry(self.file, self.config, &self.money_columns, index, &text.value).map(yields_of);
                let wrong = |data_type| format!("should be {}, but is of type {data_type}", role.expected());
                self.accept(cell, role, yields.map_err(wrong))?;
                Some(Place::Read(self.place(index)))
            }
            Cell::Sql { text, expression, columns } => {
                let entries: Vec<Option<(String, Entry)>> =
                    columns.iter().map(|name| self.enter(text, name, need)).collect();
                let entries: Vec<(String, Entry)> = entries.into_iter().collect::<Option<_>>()?;
                let misfit = |error| format!("does not fit its columns: {error}");
                self.accept(cell, role, type_of(expression, &entries).map_err(misfit))?;
                self.expressions.push(Formula::of(expression));
                Some(Place::Computed(self.expressions.len() - 1))
            }
        }
    }

    fn accept(&self, cell: &Cell, role: Role, yields: Result<Yields, String>) -> Option<()> {
        let (text, is_column) = (cell.text(), matches!(cell, Cell::Column { .. }));
        let (message, hint) = match yields {
            Ok(yields) if role.accepts(yields) => return Some(()),
            Ok(yields) => {
                let message = format!("`{}` should be {}, found {}", text.value, role.expected(), describe(yields));
                (message, (is_column && (role, yields) == (Role::Date, Yields::Number)).then_some(SERIAL))
            }
            Err(error) => (format!("`{}` {error}", text.value), (!is_column).then_some(MISFIT)),
        };
        let hint = hint.map(str::to_owned);
        self.binding.problems.report(&text.span, format!("{message} (in `{}`)", self.file.name), hint);
        None
    }

    /// The place of the first of these columns that the file has; none where it may do without.
    fn find(&mut self, text: &Located<String>, names: &[String], need: Need) -> Result<Option<usize>, Reported> {
        for name in names {
            match headers::find(&self.file.columns, name) {
                Found::At(index) => return Ok(Some(index)),
                Found::Several(alike) => {
                    let alike: Vec<String> = alike.iter().map(|name| format!("`{name}`")).collect();
                    let message = format!("`{name}` could be {} of `{}`", alike.join(" or "), self.file.name);
                    let hint = "write the name exactly as the file does".to_owned();
                    self.binding.problems.report(&text.span, message, hint);
                    return Err(Reported);
                }
                Found::Nothing => {}
            }
        }
        let elsewhere = self.binding.files.iter().any(|(file, _)| names.iter().any(|name| file.column(name).is_some()));
        if elsewhere && need == Need::Somewhere {
            let name = names.first().cloned().unwrap_or_default();
            if !self.missing.contains(&name) {
                self.missing.push(name);
            }
            return Ok(None);
        }
        self.report_missing(text, names, elsewhere);
        Err(Reported)
    }

    /// Says that the file has none of these columns, or once for all files that no file has.
    fn report_missing(&self, text: &Located<String>, names: &[String], elsewhere: bool) {
        let files = self.binding.files;
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let what = format!("column {}", quoted.join(" or "));
        let nowhere = !elsewhere && files.len() > 1;
        let message = if nowhere {
            format!("none of {} files has a {what}", files.len())
        } else {
            format!("`{}` has no {what}", self.file.name)
        };
        let mut columns: Vec<&str> = Vec::new();
        for (file, _) in files.iter().filter(|(file, _)| nowhere || file.name == self.file.name) {
            let new = file.columns.iter().map(|column| column.name.as_str());
            new.for_each(|name| {
                if !columns.contains(&name) {
                    columns.push(name)
                }
            });
        }
        let name = names.first().map_or("", String::as_str);
        self.binding.problems.report(&text.span, message, did_you_mean(name, columns));
    }

    /// Makes a column available to expressions.
    fn enter(&mut self, text: &Located<String>, name: &str, need: Need) -> Option<(String, Entry)> {
        let index = self.find(text, std::slice::from_ref(&name.to_owned()), need).ok()?;
        let found = match index {
            Some(index) => Some((self.file, self.config, index)),
            // What the column is, a file says that has it.
            None => {
                self.binding.files.iter().find_map(|(file, config)| Some((file, config.as_ref(), file.column(name)?)))
            }
        };
        let (file, config, at) = found?;
        let entry = match entry(file, config, &self.money_columns, at, name) {
            Ok(entry) => entry,
            Err(data_type) => {
                let message = format!(
                    "the column `{name}` of `{}` is of type {data_type}, which expressions cannot use",
                    file.name
                );
                self.binding.problems.report(&text.span, message, None);
                return None;
            }
        };
        let place = index.map(|index| self.place(index));
        if !self.entries.iter().any(|(known, _, _)| known == name) {
            self.entries.push((name.to_owned(), entry, place));
        }
        Some((name.to_owned(), entry))
    }

    /// The place of a column among those read, which it joins on first sight.
    pub fn place(&mut self, index: usize) -> usize {
        if let Some(place) = self.read.iter().position(|read| *read == index) {
            return place;
        }
        self.read.push(index);
        self.read.len() - 1
    }

    fn texts_behind(&self, cell: Option<&Cell>) -> Vec<(String, usize)> {
        let columns = cell.map(Cell::computed_from).unwrap_or_default();
        self.entries
            .iter()
            .filter(|(name, entry, _)| matches!(entry, Entry::Number(_)) && columns.contains(name))
            .filter_map(|(name, _, place)| Some((name.clone(), (*place)?)))
            .collect()
    }
}

/// How a column of a file enters expressions that call it `name`; an error is the type that cannot.
fn entry(file: &SourceFile, config: &Read, money_columns: &[&str], index: usize, name: &str) -> Result<Entry, String> {
    let Some(column) = file.columns.get(index) else { return Err("unknown".to_owned()) };
    match &column.stored {
        Stored::Text => Ok(match config.type_of(&column.name) {
            Some(TextType::Number) => Entry::Number(config.csv.notation()),
            Some(TextType::Date) => Entry::TextDay,
            None if money_columns.contains(&name) => Entry::Number(config.csv.notation()),
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

const SERIAL: &str = "the day numbers of a spreadsheet are read with `date_format: excel`";
const MISFIT: &str =
    "columns of a CSV file are text unless the `read` stage declares `types`, or an amount is computed from them";

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

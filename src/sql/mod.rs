//! The stage kind `sql`: a query over the tables above, whose result is a table like any other.

mod columns;
mod engine;
mod statement;

use crate::failure::Failure;
use crate::money::to_plain;
use crate::outputs::terminal::cut;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::columns::meanings;
use crate::pipeline::diagnostics::{Located, Span, did_you_mean};
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::is_identifier;
use crate::product::{Inputs, Product};
use crate::table::{ColumnSpec, Meaning, Table, TableSpec};
use polars::error::PolarsError;
use polars::prelude::{AnyValue, DataFrame, SortMultipleOptions};

pub const MANUAL: &str = include_str!("../../docs/stages/sql.md");

/// So many rows of a result that should be empty are shown.
const SHOWN: usize = 10;

/// Functions of other databases whose values are others in every run.
const FICKLE: [&str; 11] = [
    "now",
    "today",
    "getdate",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "random",
    "rand",
    "uuid",
    "gen_random_uuid",
];

/// The declaration of a `sql` stage.
#[derive(Debug, Clone)]
pub struct Sql {
    pub query: Located<String>,
    /// Whether there is one row per account.
    pub per_account: Option<Located<()>>,
    /// What columns mean, where it is not what their types say.
    pub columns: Vec<(Located<String>, Located<Meaning>)>,
    /// Why no row may be found.
    pub must_be_empty: Option<String>,
}

impl Sql {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let query = fields.text("query");
        let key = fields.optional("key").map(|node| node.span.clone());
        let declared = fields.choice("key", &[("account", ())], ());
        let columns = match fields.optional("columns") {
            None => Some(Vec::new()),
            Some(node) => meanings(node, fields.problems),
        };
        let must_be_empty = fields.optional_text("must_be_empty").map(|reason| reason.value);
        let per_account = key.map(|span| Located::new((), span));
        declared.and(Some(Self { query: query?, per_account, columns: columns?, must_be_empty }))
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let select = statement::parse(&self.query.value, |name| scope.is_table(name))
            .map_err(|refusal| {
                let span = scope.place_of(&self.query.span, refusal.part.as_deref());
                scope.problems.report(&span, refusal.message, refusal.hint);
            })
            .ok()?;
        let specs: Vec<Option<TableSpec>> = select
            .tables
            .iter()
            .map(|name| {
                let span = scope.place_of(&self.query.span, Some(name));
                scope.table(&Located::new(name.clone(), span)).cloned()
            })
            .collect();
        let specs: Vec<TableSpec> = specs.into_iter().collect::<Option<_>>()?;
        let decimals = scope.settings.decimals;
        let result = without_rows(&select.text, &specs, decimals);
        let result = result.map_err(|error| self.report(&error, &specs, scope)).ok()?;
        let spec = self.spec(&id.value, &result, scope)?;
        let job = Job { select, reads: specs, spec: spec.clone(), must_be_empty: self.must_be_empty.clone(), decimals };
        let job = move |inputs: &Inputs| Ok(Product::Tables(vec![job.run(inputs)?]));
        Some(Bound::of(Signature::Tables(vec![spec]), job))
    }

    /// Tells what Polars finds wrong with the query, at the name that it names.
    fn report(&self, error: &PolarsError, specs: &[TableSpec], scope: &Scope) {
        let words = engine::words(error);
        let quoted = |sign: char| words.split(sign).nth(1).map(str::to_owned);
        let is_column = words.contains("unable to find column") || words.starts_with("no column named");
        let (message, hint, part) = if is_column {
            let column = quoted('"').or_else(|| quoted('\'')).unwrap_or_default();
            // The columns that are known where the name stands, else those of all tables of the query.
            let known: Vec<&str> = words.split('"').skip(3).step_by(2).collect();
            let all = || specs.iter().flat_map(|spec| spec.columns.iter().map(|column| column.name.as_str()));
            let known = if known.is_empty() { all().collect() } else { known };
            let message = format!("the query reads a column `{column}`, which is not there");
            (message, did_you_mean(&column, known), Some(column))
        } else if words.starts_with("unsupported function") {
            self.no_function(&quoted('\'').unwrap_or_default())
        } else {
            (format!("the query cannot be run: {words}"), None, None)
        };
        scope.problems.report(&scope.place_of(&self.query.span, part.as_deref()), message, hint);
    }

    /// What to say of a function that Polars does not know, which names it in small letters.
    fn no_function(&self, function: &str) -> (String, Option<String>, Option<String>) {
        let hint = if FICKLE.contains(&function) {
            Some("a table follows from what a run reads, and not from the clock or from chance".to_owned())
        } else {
            // The list of all functions would be longer than the pipeline.
            let hint = did_you_mean(function, polars::sql::keywords::all_functions());
            hint.filter(|hint| hint.starts_with("did you mean"))
        };
        let start = self.query.value.to_ascii_lowercase().find(function);
        let written = start.and_then(|start| self.query.value.get(start..start + function.len()));
        (format!("the query calls `{function}`, which is no function of Polars SQL"), hint, written.map(str::to_owned))
    }

    /// The table that a result will be.
    fn spec(&self, name: &str, result: &DataFrame, scope: &Scope) -> Option<TableSpec> {
        let mut sound = true;
        let mut report = |span: &Span, message: String, hint: Option<String>| {
            scope.problems.report(span, message, hint);
            sound = false;
        };
        let mut found = Vec::with_capacity(result.width());
        for column in result.columns() {
            let column_name = column.name().to_string();
            if !is_identifier(&column_name) {
                let message = format!("the query yields a column `{column_name}`, which no table can have");
                let hint = "give it a name of letters, digits and `_` with `AS`".to_owned();
                report(&self.query.span, message, Some(hint));
                continue;
            }
            match columns::meaning_of(column.dtype()) {
                Ok(meaning) => found.push(ColumnSpec::new(column_name, meaning)),
                Err((what, hint)) => {
                    let span = scope.place_of(&self.query.span, Some(&column_name));
                    let message = format!("the column `{column_name}` holds {what}, which no table can hold");
                    report(&span, message, Some(hint.to_owned()));
                }
            }
        }
        for (column, meaning) in &self.columns {
            match found.iter_mut().find(|found| found.name == column.value) {
                Some(found) if columns::can_be(found.meaning, meaning.value) => found.meaning = meaning.value,
                Some(found) => {
                    let (is, declared) = (found.meaning.name(), meaning.value.name());
                    let message = format!("the column `{}` is declared `{declared}`, but holds `{is}`", column.value);
                    report(&meaning.span, message, Some("a cast in the query makes one of the other".to_owned()));
                }
                None => {
                    let names: Vec<&str> = result.columns().iter().map(|column| column.name().as_str()).collect();
                    let message = format!("the query yields no column `{}`", column.value);
                    report(&column.span, message, did_you_mean(&column.value, names));
                }
            }
        }
        let spec = TableSpec::new(name, found);
        let Some(key) = &self.per_account else { return sound.then_some(spec) };
        match spec.column("account").map(|column| column.meaning) {
            Some(Meaning::Text) => {}
            // What is wrong with it has been reported already.
            None if result.column("account").is_ok() => {}
            _ => {
                let message = "the key is `account`, but the query yields no column of texts `account`".to_owned();
                report(&key.span, message, None);
            }
        }
        sound.then(|| spec.per_account())
    }
}

fn without_rows(query: &str, specs: &[TableSpec], decimals: u32) -> Result<DataFrame, PolarsError> {
    let tables = specs.iter().map(|spec| {
        let table = columns::empty(spec)?;
        Ok((spec.name.clone(), columns::entering(&table, decimals)?))
    });
    engine::run(query, tables.collect::<Result<_, PolarsError>>()?)
}

/// A query whose tables are known.
struct Job {
    select: statement::Select,
    reads: Vec<TableSpec>,
    spec: TableSpec,
    must_be_empty: Option<String>,
    decimals: u32,
}

impl Job {
    fn run(&self, inputs: &Inputs) -> Result<Table, Failure> {
        let name = &self.spec.name;
        let failed = |error: &PolarsError| {
            let message = format!("the query of stage `{name}` failed: {}", engine::words(error));
            Failure::Data { message, hint: None }
        };
        let tables = self.reads.iter().map(|spec| {
            let table = inputs.table(&spec.name)?;
            let frame = columns::entering(table, self.decimals).map_err(|error| failed(&error))?;
            Ok((spec.name.clone(), frame))
        });
        let result = engine::run(&self.select.text, tables.collect::<Result<_, Failure>>()?);
        let result = result.map_err(|error| failed(&error))?;
        let frame = columns::leaving(&result, &self.spec, self.decimals).map_err(|error| {
            let message = format!("the result of stage `{name}` does not fit: {error}");
            Failure::Data { message, hint: None }
        })?;
        let frame = self.sorted(frame).map_err(|error| failed(&error))?;
        let table = Table { spec: self.spec.clone(), frame };
        if self.spec.per_account {
            refuse_repeated(&table)?;
        }
        match &self.must_be_empty {
            Some(reason) if table.rows() > 0 => Err(self.refuse(&table, reason)),
            _ => Ok(table),
        }
    }

    /// By account where it is the key, as the query says where it does, else by all columns from the left.
    fn sorted(&self, frame: DataFrame) -> Result<DataFrame, PolarsError> {
        let by: Vec<&str> = if self.spec.per_account {
            vec!["account"]
        } else if self.select.ordered {
            return Ok(frame);
        } else {
            self.spec.columns.iter().map(|column| column.name.as_str()).collect()
        };
        frame.sort(by, SortMultipleOptions::default().with_maintain_order(true))
    }

    fn refuse(&self, table: &Table, reason: &str) -> Failure {
        let rows = if table.rows() == 1 { "1 row" } else { &format!("{} rows", table.rows()) };
        let mut message = format!("stage `{}` found {rows} where there should be none: {reason}", table.name());
        let names: Vec<&str> = self.spec.columns.iter().map(|column| column.name.as_str()).collect();
        message.push_str(&format!("\n  {}", names.join(" | ")));
        for row in 0..table.rows().min(SHOWN) {
            let cells = self.spec.columns.iter().map(|column| self.cell(table, column, row));
            message.push_str(&format!("\n  {}", cells.collect::<Vec<_>>().join(" | ")));
        }
        if table.rows() > SHOWN {
            message.push_str(&format!("\n  … and {} more", table.rows() - SHOWN));
        }
        Failure::Data { message, hint: None }
    }

    /// A value as it may be shown on a terminal.
    fn cell(&self, table: &Table, column: &ColumnSpec, row: usize) -> String {
        let value = table.frame.column(&column.name).and_then(|column| column.get(row)).unwrap_or(AnyValue::Null);
        match value {
            AnyValue::Null => "null".to_owned(),
            AnyValue::Int64(amount) if column.meaning == Meaning::Money => to_plain(amount, self.decimals),
            AnyValue::Date(day) => crate::calendar::iso(day),
            AnyValue::String(text) => cut(text, 60),
            other => other.to_string(),
        }
    }
}

/// Refuses a table that has an account twice or a row without one; its rows stand by account.
fn refuse_repeated(table: &Table) -> Result<(), Failure> {
    let accounts = table.optional_text("account");
    let mut mistakes = Vec::new();
    let without = accounts.iter().filter(|account| account.is_none_or(|account| account.trim().is_empty())).count();
    if without > 0 {
        mistakes.push(format!("rows without an account: {without}"));
    }
    for group in accounts.chunk_by(|a, b| a == b).filter(|group| group.len() > 1) {
        if let Some(Some(account)) = group.first() {
            let account = cut(account, 60);
            mistakes.push(format!("the account `{account}` stands in {} rows", group.len()));
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    let (count, name) = (mistakes.len(), table.name());
    let list = mistakes.into_iter().take(20).collect::<Vec<_>>().join("\n  ");
    let message = format!("the result of stage `{name}` breaks its key, {count} in all\n  {list}");
    let hint = "a key needs one row per account: group by it, or leave `key` out".to_owned();
    Err(Failure::Data { message, hint: Some(hint) })
}

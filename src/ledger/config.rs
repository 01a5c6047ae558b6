//! The stage kind `ledger`: what is declared, and how it is bound to the columns of the files.

use super::account_map::MapKeys;
use super::currency::Currency;
use super::expression::Cell;
use super::job::Job;
use super::keys::KeyRule;
use super::limit::Limit;
use super::plan::{Binding, FilePlan, bind_file};
use super::quarantine;
use super::rates::RateKeys;
use super::sums::Details;
use super::{Roles, control_totals, credit_notes, duplicates, further, tables, total_rows};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::{Node, Value};
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::Settings;
use crate::product::Inputs;
use crate::sources::read::Read;
use crate::sources::{Source, SourceFile, united};
use std::sync::Arc;

pub const MANUAL: &str = include_str!("../../docs/stages/ledger.md");

/// The declaration of a `ledger` stage.
#[derive(Debug, Clone)]
pub struct Config {
    /// The `read` stages whose files hold the lines.
    pub from: Vec<Located<String>>,
    pub columns: Columns,
    pub exclude: Vec<Rule>,
    pub limit: Limit,
    /// What lines without an account are kept as; nothing where they are quarantined.
    pub bucket: Option<Located<String>>,
    pub account_map: Option<MapKeys>,
    pub rates: Option<RateKeys>,
    pub total_rows: total_rows::Rule,
    pub credit_notes: Option<credit_notes::Config>,
    pub duplicates: Vec<duplicates::Rule>,
    pub control_totals: Option<control_totals::Config>,
    /// How keys are made of what is written, where they are not the same.
    pub keys: Option<KeyRule>,
}

/// Where the parts of a line come from: each a SQL expression or a column by the names it has in different files.
#[derive(Debug, Clone)]
pub struct Columns {
    pub account: Vec<Located<String>>,
    pub date: Vec<Located<String>>,
    pub amount: Vec<Located<String>>,
    pub invoice: Option<Vec<Located<String>>>,
    pub cost: Option<Vec<Located<String>>>,
    pub product: Option<Vec<Located<String>>>,
    pub category: Option<Vec<Located<String>>>,
    pub region: Option<Vec<Located<String>>>,
    pub currency: Option<Vec<Located<String>>>,
}

/// Lines that do not belong in the ledger, and why.
#[derive(Debug, Clone)]
pub struct Rule {
    pub condition: Located<String>,
    pub because: String,
}

impl Config {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.texts("from");
        let columns = fields.required("columns").and_then(|node| Columns::decode(node, fields));
        let exclude = match fields.optional("exclude") {
            None => Some(Vec::new()),
            Some(node) => rules(node, fields.problems),
        };
        let limit = match fields.optional_text("quarantine_limit") {
            None => Some(Limit::BasisPoints(100)),
            Some(text) => Limit::parse(&text, fields.problems),
        };
        let bucket = bucket(fields);
        let account_map = fields.optional("account_map").and_then(|node| MapKeys::decode(node, fields.problems));
        let rates = fields.optional("rates").and_then(|node| RateKeys::decode(node, fields.problems));
        let total_rows = total_rows::Rule::decode(fields).unwrap_or_default();
        let credit_notes = credit_notes::Config::decode(fields).unwrap_or_default();
        let duplicates = duplicates::decode(fields).unwrap_or_default();
        let control_totals = control_totals::Config::decode(fields).unwrap_or_default();
        let keys = KeyRule::decode(fields);
        // What has a mistake gets a value in its stead: the columns are checked all the same.
        let (exclude, limit) = (exclude.unwrap_or_default(), limit.unwrap_or(Limit::Rows(0)));
        Some(Self {
            from: from?,
            columns: columns?,
            exclude,
            limit,
            bucket,
            account_map,
            rates,
            total_rows,
            credit_notes,
            duplicates,
            control_totals,
            keys,
        })
    }

    pub fn roles(&self) -> Roles {
        let columns = &self.columns;
        Roles {
            cost: columns.cost.is_some(),
            invoice: columns.invoice.is_some(),
            product: columns.product.is_some(),
            category: columns.category.is_some(),
            region: columns.region.is_some(),
        }
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let files = self.files(scope)?;
        let first_sight = |cell: &Located<String>| files.iter().any(|(file, _)| file.column(&cell.value).is_some());
        let cells = self.cells(&first_sight, scope.problems);
        let binding =
            Binding { files: &files, cells: &cells, decimals: scope.settings.decimals, problems: scope.problems };
        let mut bound: Vec<(&SourceFile, &Arc<Read>, Option<FilePlan>)> = Vec::new();
        for (file, read) in &files {
            // Files of one export have the same columns, and what holds for one holds for all.
            let same =
                |(other, by, _): &&(&SourceFile, &Arc<Read>, _)| Arc::ptr_eq(by, read) && other.columns == file.columns;
            let known = bound.iter().find(same).map(|(_, _, plan)| plan.clone());
            bound.push((file, read, known.unwrap_or_else(|| bind_file(file, read, &binding))));
        }
        let account_map = self.account_map.as_ref().map(|keys| (keys.clone(), keys.bind(scope)));
        let rates = self.rates.as_ref().map(|keys| (keys.clone(), keys.bind(scope)));
        self.check_currency(scope);
        let plans: Vec<Option<FilePlan>> = bound.into_iter().map(|(_, _, plan)| plan).collect();
        let (files, reads): (Vec<SourceFile>, Vec<Arc<Read>>) = files.into_iter().unzip();
        if let (Some(notes), None) = (&self.credit_notes, &self.columns.invoice) {
            notes.need_no_invoice(scope.problems);
        }
        let control_totals = match &self.control_totals {
            None => Some(None),
            Some(totals) => totals.bind(scope).map(Some),
        };
        let plans: Vec<FilePlan> = plans.into_iter().collect::<Option<_>>()?;
        let (account_map, rates) = (found(account_map)?, found(rates)?);
        let home = Currency::read(&scope.settings.currency)?;
        let roles = self.roles();
        let control_totals = control_totals?;
        let kept = further::Kept {
            account_map: account_map.is_some(),
            currencies: self.columns.currency.is_some(),
            credit_notes: self.credit_notes.is_some(),
            duplicates: !self.duplicates.is_empty(),
            control_totals: control_totals.is_some(),
            merged_keys: self.keys.is_some(),
        };
        let names = tables::Names::of(&id.value);
        let quarantine = quarantine::spec(&names.quarantine);
        let signature = Signature::Ledger { roles, tables: tables::specs(&names, kept), quarantine };
        let details = scope.details(&id.value);
        let mut reads = reads;
        reads.dedup_by(|one, other| Arc::ptr_eq(one, other));
        let job = Arc::new(Job {
            id: id.value.clone(),
            rules: self.rules(scope.settings, details, &reads),
            files,
            plans,
            account_map,
            rates,
            control_totals,
            home,
            roles,
            details,
            settings: scope.settings.clone(),
            reasons: self.exclude.iter().map(|rule| rule.because.clone()).collect(),
            declared: self.clone(),
            names,
            kept,
        });
        let foresee = Arc::clone(&job);
        let foresee = Arc::new(move |inputs: &Inputs| foresee.foresee(inputs));
        Some(Bound::of(signature, move |inputs: &Inputs| job.run(inputs)).with_foresee(foresee))
    }

    /// All that decides what becomes of a line, the tables that it looks into and the as-of day aside.
    fn rules(&self, settings: &Settings, details: Details, reads: &[Arc<Read>]) -> String {
        let Settings { currency, decimals, calendar, .. } = settings;
        format!("{self:?} {reads:?} {currency} {decimals} {calendar:?} {details:?}")
    }

    /// A constant currency must be known and need no rate that is not declared, and rates need a currency.
    fn check_currency(&self, scope: &Scope) {
        let home = &scope.settings.currency;
        let Some(currency) = self.columns.currency.as_ref().and_then(|names| names.first()) else {
            if let Some(rates) = &self.rates {
                let message = "`rates` convert lines from their `currency`, but `columns` declares none";
                scope.problems.report(
                    &rates.from.span,
                    message,
                    "add it to `columns`: a column, or `\"'USD'\"`".to_owned(),
                );
            }
            return;
        };
        let constant = currency.value.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        match constant.map(Currency::read) {
            Some(None) => {
                let message = format!("`{}` is no code of a currency", currency.value);
                scope.problems.report(&currency.span, message, "such as `'EUR'` or `'USD'`".to_owned());
            }
            Some(Some(code)) if code.code() != home && self.rates.is_none() => {
                let message = format!("the lines are in `{}`, but the pipeline is in `{home}`", code.code());
                let hint = format!("declare `rates`, or `currency: {}` for the pipeline", code.code());
                scope.problems.report(&currency.span, message, hint);
            }
            _ => {}
        }
    }

    /// The files of all `read` stages with their declarations, or nothing where a mistake was reported.
    fn files(&self, scope: &mut Scope) -> Option<Vec<(SourceFile, Arc<Read>)>> {
        let sources: Vec<Option<&Source>> = self.from.iter().map(|from| scope.source(from)).collect();
        let sources: Vec<&Source> = sources.into_iter().collect::<Option<_>>()?;
        let span = &self.from.first()?.span;
        match united(&sources) {
            Ok(files) => Some(files),
            Err(twice) => {
                for name in twice {
                    let message = format!("`{name}` is matched by two `read` stages");
                    let hint = "its lines would count twice; let each stage match other files".to_owned();
                    scope.problems.report(span, message, hint);
                }
                None
            }
        }
    }

    /// Parses the parts of a line; what does not parse is reported and left out.
    fn cells(&self, is_column: &dyn Fn(&Located<String>) -> bool, problems: &Problems) -> Cells {
        let column = |text: &Located<String>| Cell::parse(text, is_column(text), problems);
        let cell = |names: &Vec<Located<String>>| match names.as_slice() {
            [text] => column(text),
            names => Cell::any_of(names),
        };
        let optional = |names: &Option<Vec<Located<String>>>| names.as_ref().map(cell);
        let columns = &self.columns;
        let rule = |rule: &Rule| Cell::parse(&rule.condition, false, problems);
        Cells {
            account: cell(&columns.account),
            date: cell(&columns.date),
            amount: cell(&columns.amount),
            invoice: optional(&columns.invoice),
            cost: optional(&columns.cost),
            product: optional(&columns.product),
            category: optional(&columns.category),
            region: optional(&columns.region),
            currency: optional(&columns.currency),
            rules: self.exclude.iter().map(rule).collect(),
            credit_notes: self.credit_notes.as_ref().map_or_else(credit_notes::Cells::default, |notes| {
                credit_notes::Cells { kind: notes.kind().map(column), corrects: notes.corrects.as_ref().map(column) }
            }),
            duplicates: self.duplicates.iter().map(|rule| rule.cells(column, problems)).collect(),
        }
    }
}

/// A further table that a ledger reads, or nothing where it declares none; fails where it was not found.
fn found<K>(table: Option<(K, Option<Arc<Source>>)>) -> Option<Option<(K, Arc<Source>)>> {
    match table {
        None => Some(None),
        Some((keys, source)) => source.map(|source| Some((keys, source))),
    }
}

/// A part of a line, or nothing where it does not parse: that has been reported, and the others are still
/// bound, to find their mistakes too.
pub type Part = Option<Cell>;

/// The parts of a line, each parsed.
#[derive(Debug, Clone)]
pub struct Cells {
    pub account: Part,
    pub date: Part,
    pub amount: Part,
    pub invoice: Option<Part>,
    pub cost: Option<Part>,
    pub product: Option<Part>,
    pub category: Option<Part>,
    pub region: Option<Part>,
    pub currency: Option<Part>,
    pub rules: Vec<Part>,
    pub credit_notes: credit_notes::Cells,
    pub duplicates: Vec<duplicates::Cells>,
}

impl Columns {
    fn decode(node: &Node, parent: &Fields) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, "`columns`", parent.problems)?;
        let (account, date, amount) = (fields.texts("account"), fields.texts("date"), fields.texts("amount"));
        let (invoice, cost, product) =
            (fields.optional_texts("invoice"), fields.optional_texts("cost"), fields.optional_texts("product"));
        let (category, region) = (fields.optional_texts("category"), fields.optional_texts("region"));
        let currency = fields.optional_texts("currency");
        fields.finish();
        Some(Self {
            account: account?,
            date: date?,
            amount: amount?,
            invoice,
            cost,
            product,
            category,
            region,
            currency,
        })
    }
}

fn rules(node: &Node, problems: &Problems) -> Option<Vec<Rule>> {
    let Value::List(items) = &node.value else {
        let message = format!("`exclude` should be a list, found {}", node.describe());
        problems.report(
            &node.span,
            message,
            "such as `- {where: \"sku = 'POSTAGE'\", because: not a product}`".to_owned(),
        );
        return None;
    };
    let rules: Vec<Option<Rule>> = items.iter().map(|item| rule(item, problems)).collect();
    rules.into_iter().collect()
}

fn rule(item: &Node, problems: &Problems) -> Option<Rule> {
    let mut fields = Fields::open(item, &item.span, "an `exclude` rule", problems)?;
    let (condition, because) = (fields.text("where"), fields.text("because"));
    fields.finish();
    Some(Rule { condition: condition?, because: because?.value })
}

/// The name that lines without an account are kept under, where they are kept.
fn bucket(fields: &mut Fields) -> Option<Located<String>> {
    let node = fields.optional("missing_account")?;
    if node.raw == "quarantine" {
        return None;
    }
    if !matches!(node.value, Value::Map(_)) {
        let message = format!("`missing_account` should be `quarantine` or a map, found {}", node.describe());
        fields.problems.report(&node.span, message, "such as `{keep_as: Counter sales}`".to_owned());
        return None;
    }
    let mut keys = Fields::open(node, &node.span, "`missing_account`", fields.problems)?;
    let name = keys.text("keep_as");
    keys.finish();
    let name = name?;
    if name.value.trim() == name.value {
        return Some(name);
    }
    let message = format!("the name `{}` should not begin or end with a blank", name.value);
    fields.problems.report(&name.span, message, None);
    None
}

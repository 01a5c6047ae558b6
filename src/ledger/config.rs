//! The stage kind `ledger`: what is declared, and how it is bound to the columns of the files.

use super::expression::Cell;
use super::plan::{FilePlan, bind_file};
use super::{Roles, scan, tables};
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::{Located, Problems};
use crate::pipeline::fields::Fields;
use crate::pipeline::node::{Node, Value};
use crate::pipeline::scope::Scope;
use crate::product::Product;
use crate::sources::SourceColumn;

pub const MANUAL: &str = include_str!("../../docs/stages/ledger.md");

/// The declaration of a `ledger` stage.
#[derive(Debug, Clone)]
pub struct Config {
    pub from: Located<String>,
    pub columns: Columns,
    pub exclude: Vec<Rule>,
    pub limit: Limit,
}

/// Where the parts of a line come from: each a column's name or a SQL expression.
#[derive(Debug, Clone)]
pub struct Columns {
    pub account: Located<String>,
    pub date: Located<String>,
    pub amount: Located<String>,
    pub invoice: Option<Located<String>>,
    pub cost: Option<Located<String>>,
    pub product: Option<Located<String>>,
    pub category: Option<Located<String>>,
    pub region: Option<Located<String>>,
}

/// Lines that do not belong in the ledger, and why.
#[derive(Debug, Clone)]
pub struct Rule {
    pub condition: Located<String>,
    pub because: String,
}

/// How many lines may be quarantined before the run fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    Rows(i64),
    /// In hundredths of a percent of the rows read.
    BasisPoints(i64),
}

impl Limit {
    pub fn allows(self, quarantined: i64, read: i64) -> bool {
        match self {
            Self::Rows(rows) => quarantined <= rows,
            Self::BasisPoints(points) => i128::from(quarantined) * 10_000 <= i128::from(points) * i128::from(read),
        }
    }

    pub fn describe(self) -> String {
        match self {
            Self::Rows(rows) => format!("{rows} rows"),
            Self::BasisPoints(points) => {
                format!("{}%", crate::money::to_plain(points, 2).trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

impl Config {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let from = fields.text("from");
        let columns = fields.required("columns").and_then(|node| Columns::decode(node, fields));
        let exclude = match fields.optional("exclude") {
            None => Some(Vec::new()),
            Some(node) => rules(node, fields.problems),
        };
        let limit = match fields.optional_text("quarantine_limit") {
            None => Some(Limit::BasisPoints(100)),
            Some(text) => limit(&text, fields.problems),
        };
        // What has a mistake gets a value in its stead: the columns are checked all the same.
        let (exclude, limit) = (exclude.unwrap_or_default(), limit.unwrap_or(Limit::Rows(0)));
        Some(Self { from: from?, columns: columns?, exclude, limit })
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
        let source = scope.source(&self.from)?.clone();
        let first_sight =
            |cell: &Located<String>| source.files.iter().find_map(|file| file.column(&cell.value)).is_some();
        let cells = self.cells(&first_sight, scope.problems);
        let mut bound: Vec<(&[SourceColumn], Option<FilePlan>)> = Vec::new();
        let mut plans = Vec::with_capacity(source.files.len());
        for file in &source.files {
            // Files of one export have the same columns, and what holds for one holds for all.
            let known =
                bound.iter().find(|(columns, _)| *columns == file.columns.as_slice()).map(|(_, plan)| plan.clone());
            let plan = known
                .unwrap_or_else(|| bind_file(file, &source.config, &cells, scope.settings.decimals, scope.problems));
            bound.push((&file.columns, plan.clone()));
            plans.push(plan);
        }
        let plans: Vec<FilePlan> = plans.into_iter().collect::<Option<_>>()?;
        let roles = self.roles();
        let names = tables::Names::of(&id.value);
        let signature = Signature::Ledger { roles, tables: tables::specs(&names) };
        let (settings, limit) = (scope.settings.clone(), self.limit);
        let details = scope.details(&id.value);
        let reasons: Vec<String> = self.exclude.iter().map(|rule| rule.because.clone()).collect();
        let job = move |inputs: &crate::product::Inputs| {
            let scan =
                scan::Scan { source: &source, plans: &plans, reasons: &reasons, settings: &settings, roles, details };
            scan::run(&scan, inputs.threads(), inputs.progress())
                .and_then(|tally| tables::ledger(tally, &scan, limit, &names))
                .map(|ledger| Product::Ledger(Box::new(ledger)))
        };
        Some(Bound { signature, job: Box::new(job) })
    }

    /// Parses the parts of a line; what does not parse is reported and left out.
    fn cells(&self, is_column: &dyn Fn(&Located<String>) -> bool, problems: &Problems) -> Cells {
        let cell = |text: &Located<String>| Cell::parse(text, is_column(text), problems);
        let optional = |text: &Option<Located<String>>| text.as_ref().map(cell);
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
            rules: self.exclude.iter().map(rule).collect(),
        }
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
    pub rules: Vec<Part>,
}

impl Columns {
    fn decode(node: &Node, parent: &Fields) -> Option<Self> {
        let mut fields = Fields::open(node, &node.span, "`columns`", parent.problems)?;
        let (account, date, amount) = (fields.text("account"), fields.text("date"), fields.text("amount"));
        let (invoice, cost, product) =
            (fields.optional_text("invoice"), fields.optional_text("cost"), fields.optional_text("product"));
        let (category, region) = (fields.optional_text("category"), fields.optional_text("region"));
        fields.finish();
        Some(Self { account: account?, date: date?, amount: amount?, invoice, cost, product, category, region })
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

fn limit(text: &Located<String>, problems: &Problems) -> Option<Limit> {
    let parsed = match text.value.strip_suffix('%') {
        Some(percent) => crate::money::NumberFormat::PLAIN
            .parse(percent.as_bytes(), 2)
            .ok()
            .filter(|points| (0..=10_000).contains(points))
            .map(Limit::BasisPoints),
        None => text.value.parse().ok().filter(|rows| *rows >= 0).map(Limit::Rows),
    };
    if parsed.is_none() {
        let message =
            format!("`quarantine_limit` should be a share such as `1%` or a number of rows, found `{}`", text.value);
        problems.report(&text.span, message, None);
    }
    parsed
}

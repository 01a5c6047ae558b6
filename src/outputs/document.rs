//! The stage kind `markdown`: the report.

#![expect(clippy::disallowed_methods, reason = "a template is a file of the pipeline, read when it is checked")]

use super::markdown::{BUILT_IN, parse, render};
use super::report::{DeclaredSelection, Drawn, Facts, Inputs as ReportInputs, Outlook, report};
use super::tables::inside_run;
use crate::decisions::select::Select;
use crate::failure::Failure;
use crate::pipeline::check::{Bound, Signature};
use crate::pipeline::diagnostics::Located;
use crate::pipeline::fields::Fields;
use crate::pipeline::scope::Scope;
use crate::pipeline::settings::Settings;
use crate::product::{Inputs, OutputFile, Product};
use crate::scoring::list::Line;
use crate::stages::Stage;
use crate::table::Table;

pub const MANUAL: &str = include_str!("../../docs/stages/markdown.md");

#[derive(Debug, Clone)]
pub struct Markdown {
    /// The name of the built-in template, or the path of a file below the root.
    pub template: Located<String>,
    pub to: Located<String>,
    /// Rows in the longer lists.
    pub top: usize,
}

/// The names of the tables that a report is drawn up from.
#[derive(Debug, Clone, Default)]
struct Names {
    reconciliation: Option<String>,
    outcomes: Option<String>,
    files: Option<String>,
    currencies: Option<String>,
    account_map: Option<String>,
    total_rows: Option<String>,
    credit_notes: Option<String>,
    duplicates: Option<String>,
    merged_keys: Option<String>,
    control_totals: Option<String>,
    accounts: Option<String>,
    growth: Option<String>,
    pareto: Option<String>,
    concentration: Option<String>,
    profile: Option<String>,
    scorecard: Option<String>,
    contributions: Option<String>,
    weights: Option<String>,
    judgements: Option<String>,
    judgement_spread: Option<String>,
    weight_advice: Option<String>,
    overrides: Option<String>,
    profitability: Option<String>,
    whale: Option<String>,
    cost_rows: Option<String>,
    breadth: Option<String>,
    whitespace: Option<String>,
    stability: Option<String>,
    robustness: Option<String>,
    missing_first: Option<String>,
    swaps: Option<String>,
    selection: Option<String>,
    changes: Option<String>,
    restatements: Option<String>,
    restated_files: Option<String>,
    changed_judgements: Option<String>,
    comparison: Option<String>,
    backtest: Option<String>,
    backtest_skipped: Option<String>,
    quadrant: Option<String>,
    quadrants: Option<String>,
    lifetime_value: Option<String>,
    lifetime_basis: Option<String>,
    kam: Option<String>,
    assignments: Option<String>,
    training_needs: Option<String>,
    unused_rows: Option<String>,
}

impl Markdown {
    pub fn decode(fields: &mut Fields) -> Option<Self> {
        let template = fields.text("template");
        let to = fields.text("to").and_then(|to| inside_run(to, fields));
        let top = fields.whole("top", 1..=1000, 20);
        Some(Self { template: template?, to: to?, top: usize::try_from(top?).ok()? })
    }

    pub fn bind(&self, id: &Located<String>, scope: &mut Scope) -> Option<Bound> {
        let template = match self.template.value.as_str() {
            BUILT_IN => None,
            path => Some((path.to_owned(), self.read(path, scope)?)),
        };
        if scope.first_of_kind("ledger").is_none() {
            let message = "stage `markdown` needs a ledger to report on";
            scope.problems.report(&id.span, message, "declare a stage `ledger` above".to_owned());
            return None;
        }
        let names = names(scope);
        let (settings, to, top) = (scope.settings.clone(), self.to.value.clone(), self.top);
        let declared = declared(scope);
        let job = move |inputs: &Inputs| {
            let facts = facts(&settings, inputs, &names, top, &declared)?;
            let report = report(&facts, &tables(&names, inputs)?);
            let template = template.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
            let text = render(&report, settings.language, template).map_err(|error| Failure::run(error.to_string()))?;
            Ok(Product::Files(vec![OutputFile { path: to.clone(), bytes: text.into_bytes() }]))
        };
        let signature = Signature::Files(vec![self.to.value.clone()]);
        Some(Bound::of(signature, job))
    }

    /// Reads a user's template; its text is part of what identifies a run.
    fn read(&self, path: &str, scope: &mut Scope) -> Option<String> {
        let full = scope.settings.root.join(path);
        match std::fs::read_to_string(&full) {
            Ok(text) => {
                scope.depends_on(path, text.as_bytes());
                let parsed = parse(path, &text);
                parsed.map_err(|error| scope.problems.report(&self.template.span, error.to_string(), None)).ok()?;
                Some(text)
            }
            Err(error) => {
                let message = format!("cannot read the template `{}`: {error}", full.display());
                let hint = format!("the built-in template is `{BUILT_IN}`; other names are paths below the root");
                scope.problems.report(&self.template.span, message, hint);
                None
            }
        }
    }
}

/// The first stage of each kind above provides the table.
fn names(scope: &mut Scope) -> Names {
    let mut named = |kind: &str, table: &str| scope.first_named_table(kind, table);
    let further = Names {
        reconciliation: named("ledger", "reconciliation"),
        outcomes: named("ledger", "outcomes"),
        files: named("ledger", "files"),
        currencies: named("ledger", "currencies"),
        account_map: named("ledger", "account_map"),
        total_rows: named("ledger", "total_rows"),
        credit_notes: named("ledger", "credit_notes"),
        duplicates: named("ledger", "duplicates"),
        merged_keys: named("ledger", "merged_keys"),
        control_totals: named("ledger", "control_totals"),
        judgements: named("scorecard", "judgements"),
        judgement_spread: named("scorecard", "judgement_spread"),
        weight_advice: named("scorecard", "weight_advice"),
        overrides: named("scorecard", "overrides"),
        assignments: named("kam", "assignments"),
        training_needs: named("kam", "training_needs"),
        unused_rows: named("kam", "unused_rows"),
        ..Names::default()
    };
    let mut first = |kind: &str, place: usize| scope.first_table_of_kind(kind, place);
    Names {
        accounts: first("accounts", 0),
        growth: first("growth", 0),
        pareto: first("pareto", 0),
        concentration: first("pareto", 1),
        profile: first("profile", 0),
        scorecard: first("scorecard", 0),
        contributions: first("scorecard", 1),
        weights: first("scorecard", 2),
        profitability: first("profitability", 0),
        whale: first("profitability", 2),
        cost_rows: first("profitability", 3),
        breadth: first("breadth", 0),
        whitespace: first("whitespace", 0),
        stability: first("stability", 0),
        robustness: first("robustness", 0),
        missing_first: first("robustness", 2),
        swaps: first("robustness", 3),
        selection: first("select", 0),
        changes: first("compare", 0),
        restatements: first("compare", 2),
        restated_files: first("compare", 3),
        changed_judgements: first("compare", 4),
        comparison: first("compare", 5),
        backtest: first("backtest", 0),
        backtest_skipped: first("backtest", 1),
        quadrant: first("quadrant", 0),
        quadrants: first("quadrant", 1),
        lifetime_value: first("lifetime_value", 0),
        lifetime_basis: first("lifetime_value", 1),
        kam: first("kam", 0),
        ..further
    }
}

/// What the first stages above of their kinds declare and a report has to say.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    cutoff: i64,
    pub(super) ranking_years: i32,
    pub(super) profit_years: i32,
    pub(super) breadth_years: i32,
    pub(super) whitespace_years: i32,
    outlook: Option<Outlook>,
    robustness: Option<Drawn>,
    select: Option<Select>,
}

pub(super) fn declared(scope: &Scope) -> Declared {
    let mut declared = Declared {
        cutoff: 80,
        ranking_years: 1,
        profit_years: 1,
        breadth_years: 1,
        whitespace_years: 1,
        outlook: None,
        robustness: None,
        select: None,
    };
    let stages: Vec<&Stage> = scope.stages_above().collect();
    // From the last to the first, so that the first of a kind has the last word.
    for stage in stages.into_iter().rev() {
        match stage {
            Stage::Pareto(pareto) => (declared.cutoff, declared.ranking_years) = (pareto.rule.cutoff, pareto.years),
            Stage::Profitability(profitability) => declared.profit_years = profitability.years,
            Stage::Breadth(breadth) => declared.breadth_years = breadth.years,
            Stage::Whitespace(whitespace) => declared.whitespace_years = whitespace.years,
            Stage::Robustness(robustness) => {
                let score = match robustness.rule.line {
                    Line::Score(score) => Some(score),
                    Line::Top(_) => None,
                };
                let (draws, concentration) = (robustness.draws, robustness.concentration);
                declared.robustness = Some(Drawn { draws, concentration, score, classes: robustness.able() });
            }
            Stage::LifetimeValue(lifetime_value) => {
                let (unit, horizon, discount) = lifetime_value.outlook();
                declared.outlook = Some(Outlook { unit, horizon, discount });
            }
            Stage::Select(select) => declared.select = Some(select.as_ref().clone()),
            _ => {}
        }
    }
    declared
}

fn tables<'t>(names: &Names, inputs: &'t Inputs) -> Result<ReportInputs<'t>, Failure> {
    let table = |name: &Option<String>| -> Result<Option<&'t Table>, Failure> {
        name.as_ref().map(|name| inputs.table(name)).transpose()
    };
    Ok(ReportInputs {
        reconciliation: table(&names.reconciliation)?,
        outcomes: table(&names.outcomes)?,
        files: table(&names.files)?,
        currencies: table(&names.currencies)?,
        account_map: table(&names.account_map)?,
        total_rows: table(&names.total_rows)?,
        credit_notes: table(&names.credit_notes)?,
        duplicates: table(&names.duplicates)?,
        merged_keys: table(&names.merged_keys)?,
        control_totals: table(&names.control_totals)?,
        accounts: table(&names.accounts)?,
        bucket: inputs.bucket(),
        growth: table(&names.growth)?,
        pareto: table(&names.pareto)?,
        concentration: table(&names.concentration)?,
        profile: table(&names.profile)?,
        scorecard: table(&names.scorecard)?,
        contributions: table(&names.contributions)?,
        weights: table(&names.weights)?,
        judgements: table(&names.judgements)?,
        judgement_spread: table(&names.judgement_spread)?,
        weight_advice: table(&names.weight_advice)?,
        overrides: table(&names.overrides)?,
        profitability: table(&names.profitability)?,
        whale: table(&names.whale)?,
        cost_rows: table(&names.cost_rows)?,
        breadth: table(&names.breadth)?,
        whitespace: table(&names.whitespace)?,
        stability: table(&names.stability)?,
        robustness: table(&names.robustness)?,
        missing_first: table(&names.missing_first)?,
        swaps: table(&names.swaps)?,
        selection: table(&names.selection)?,
        changes: table(&names.changes)?,
        restatements: table(&names.restatements)?,
        restated_files: table(&names.restated_files)?,
        changed_judgements: table(&names.changed_judgements)?,
        comparison: table(&names.comparison)?,
        backtest: table(&names.backtest)?,
        backtest_skipped: table(&names.backtest_skipped)?,
        quadrant: table(&names.quadrant)?,
        quadrants: table(&names.quadrants)?,
        lifetime_value: table(&names.lifetime_value)?,
        lifetime_basis: table(&names.lifetime_basis)?,
        kam: table(&names.kam)?,
        assignments: table(&names.assignments)?,
        training_needs: table(&names.training_needs)?,
        unused_rows: table(&names.unused_rows)?,
    })
}

fn facts(
    settings: &Settings,
    inputs: &Inputs,
    names: &Names,
    top: usize,
    declared: &Declared,
) -> Result<Facts, Failure> {
    let period = inputs.period().ok_or_else(|| Failure::run("no ledger has run"))?;
    let intervals = match &names.growth {
        None => 0,
        Some(name) => {
            inputs.table(name)?.spec.columns.iter().filter(|column| column.name.starts_with("growth_y")).count()
        }
    };
    let years = |years: i32| u32::try_from(years).unwrap_or(1);
    let first_year = period.last_year - i32::try_from(intervals).unwrap_or_default();
    let (first_line_year, first_line_month) = period.calendar.place(period.first_date);
    let as_of_year = period.calendar.place(period.as_of).0;
    Ok(Facts {
        pipeline: settings.name.clone(),
        as_of: period.as_of,
        currency: settings.currency.clone(),
        decimals: settings.decimals,
        language: settings.language,
        first_year: first_year.into(),
        early_end: period.calendar.place(period.last_date).1 < 11
            && period.calendar.place(period.last_date).0 == period.last_year,
        late_start: first_line_year == first_year && first_line_month > 0,
        open_year: (as_of_year > period.last_year).then(|| as_of_year.into()),
        last_year: period.last_year.into(),
        fiscal_year_starts: settings.calendar.starts.into(),
        first_date: Some(period.first_date),
        last_date: Some(period.last_date),
        cutoff: u32::try_from(declared.cutoff).unwrap_or_default(),
        ranking_years: years(declared.ranking_years),
        profit_years: years(declared.profit_years),
        breadth_years: years(declared.breadth_years),
        whitespace_years: years(declared.whitespace_years),
        outlook: declared.outlook,
        robustness: declared.robustness,
        selection: declared.select.as_ref().map(|select| selection(select, settings, period.as_of)),
        top,
    })
}

fn selection(select: &Select, settings: &Settings, as_of: i32) -> DeclaredSelection {
    let score = |line: Line| match line {
        Line::Score(score) => Some(score),
        Line::Top(_) => None,
    };
    let top = |line: Line| match line {
        Line::Top(count) => Some(count),
        Line::Score(_) => None,
    };
    let classes: Vec<&str> = select.classes.iter().map(|class| class.value.as_str()).collect();
    DeclaredSelection {
        enter_score: score(select.enter),
        leave_score: score(select.leave),
        enter_top: top(select.enter),
        leave_top: top(select.leave),
        classes: classes.join(", "),
        next_review: select.days(settings, as_of).1,
    }
}

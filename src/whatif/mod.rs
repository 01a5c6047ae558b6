//! What another weight, scale or rule would change: the last run's tables, with only the stages run anew that the
//! change reaches, and nothing published.

mod answer;

use crate::calendar::parse_day;
use crate::failure::Failure;
use crate::ledger::period::Period;
use crate::outputs::runs::Run;
use crate::pipeline::check::{Plan, Signature, Step};
use crate::product::{AccountYears, Inputs, Product};
use crate::run::{Options, execute};
use crate::scoring::list::Rule;
use crate::table::{Table, TableSpec, name_of};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

pub use answer::answer;

/// A scorecard as it was published, and as it would be.
#[derive(Debug)]
pub struct Compared {
    pub was: Tables,
    pub is: Tables,
    /// The names of accounts, where the run published them.
    pub accounts: Option<Table>,
    /// Whether the change went so deep that the invoice lines had to be read again.
    pub read_lines: bool,
}

/// The tables of one scorecard.
#[derive(Debug)]
pub struct Tables {
    /// Which accounts are on the list.
    pub rule: Rule,
    pub scorecard: Table,
    pub contributions: Table,
    /// The classes, where the list is of some classes only.
    pub pareto: Option<Table>,
    /// What people decided, where they could.
    pub overrides: Option<Table>,
    /// Who is on the list, where a stage `select` decides it and no other list is asked for.
    pub selection: Option<Table>,
}

impl Tables {
    /// How the list is made, in words.
    fn describe(&self) -> String {
        match &self.selection {
            Some(selection) => format!("as `{}` has it", selection.name()),
            None => self.rule.describe(),
        }
    }
}

/// Runs what a changed pipeline changes of its first scorecard, on top of a run. The list is as asked, else as a stage
/// `select` has it, else as declared.
///
/// # Errors
/// Where the pipeline has no scorecard, the run did not publish it, or a stage fails.
pub fn compare(plan: &Plan, run: &Run, asked: Option<Rule>, options: &Options) -> Result<Compared, Failure> {
    let scorecard = plan.steps.iter().position(|step| step.kind == "scorecard").ok_or_else(|| Failure::Arguments {
        message: format!("the pipeline `{}` has no `scorecard` stage", plan.settings.name),
        hint: Some("`whatif` says what a change would do to the scores".to_owned()),
    })?;
    let tables = |index: usize| plan.steps.get(index).map(|step| step.signature.tables()).unwrap_or_default();
    let [score, contributions, further @ ..] = tables(scorecard) else {
        return Err(Failure::run("a scorecard makes no contributions; this is a mistake of the program"));
    };
    let id = plan.steps.get(scorecard).map(|step| step.id.as_str()).unwrap_or_default();
    let overrides = further.iter().find(|spec| spec.name == name_of(id, "scorecard", "overrides"));
    let declared = |content: &Value| asked.clone().or_else(|| Rule::of_content(content, id));
    let is = declared(&plan.content).unwrap_or_default();
    // Where the run did not say, its list is made as the one now.
    let was = run.record.get("settings").and_then(declared).unwrap_or_else(|| is.clone());
    let of_classes = [&was, &is].iter().any(|rule| !rule.classes.is_empty());
    let pareto = plan.steps.iter().position(|step| step.kind == "pareto").filter(|_| of_classes);
    let classes = pareto.and_then(|index| tables(index).first());
    let decides = |step: &Step| step.kind == "select" && step.reads.contains(&scorecard);
    let select = plan.steps.iter().position(decides).filter(|_| asked.is_none());
    let selection = select.and_then(|index| tables(index).first());
    let was = Tables {
        rule: was,
        scorecard: published(score, run)?,
        contributions: published(contributions, run)?,
        pareto: classes.map(|spec| published(spec, run)).transpose()?,
        overrides: overrides.map(|spec| run.table(&spec.name)).transpose()?.flatten(),
        selection: selection.map(|spec| published(spec, run)).transpose()?,
    };
    let targets: BTreeSet<usize> = pareto.into_iter().chain(select).chain([scorecard]).collect();
    let mut inputs = Inputs::new(options.threads, options.progress.clone());
    let mut wanted = reached(plan, &changed(plan, run), &targets);
    // What the run did not leave is made anew, and then what that reads is needed too: in the end the lines.
    let mut looked_at: BTreeSet<usize> = BTreeSet::new();
    loop {
        let reads = wanted.iter().filter_map(|index| plan.steps.get(*index)).flat_map(|step| step.reads.clone());
        let mut open =
            reads.chain(targets.iter().copied()).filter(|index| !wanted.contains(index) && !looked_at.contains(index));
        let Some(index) = open.next() else { break };
        looked_at.insert(index);
        let Some(step) = plan.steps.get(index) else { continue };
        match restore(step, plan, run)? {
            Some(product) => inputs.insert(&step.id, Arc::new(product)),
            None => {
                wanted.insert(index);
            }
        }
    }
    let read_lines = wanted.iter().any(|index| plan.steps.get(*index).is_some_and(|step| step.kind == "ledger"));
    execute(plan, &wanted.into_iter().collect::<Vec<_>>(), &mut inputs)?;
    let made = |spec: &TableSpec| inputs.table(&spec.name).cloned();
    let is = Tables {
        rule: is,
        scorecard: made(score)?,
        contributions: made(contributions)?,
        pareto: classes.map(made).transpose()?,
        overrides: overrides.map(made).transpose()?,
        selection: selection.map(made).transpose()?,
    };
    let names = plan.steps.iter().find(|step| step.kind == "accounts").and_then(|step| step.signature.tables().first());
    let accounts = names.and_then(|spec| run.table_like(spec).transpose()).transpose()?;
    Ok(Compared { was, is, accounts, read_lines })
}

/// The configs of all stages, by id.
fn configs(content: &Value) -> Map<String, Value> {
    let stages = content.get("stages").and_then(Value::as_array).into_iter().flatten();
    let entries = stages.filter_map(Value::as_object).filter_map(|stage| stage.iter().next());
    let id = |kind: &String, config: &Value| config.get("id").and_then(Value::as_str).unwrap_or(kind).to_owned();
    entries.map(|(kind, config)| (id(kind, config), Value::Array(vec![kind.clone().into(), config.clone()]))).collect()
}

/// The stages that are declared otherwise than in the run, or were not in it; all of them where what holds for the
/// whole pipeline is another. The language is for reports, and where the files lie changes none.
fn changed(plan: &Plan, run: &Run) -> BTreeSet<usize> {
    let settings = |content: &Value| {
        let mut settings = content.as_object().cloned().unwrap_or_default();
        settings.retain(|key, _| !["stages", "language", "root"].contains(&key.as_str()));
        settings
    };
    let before = run.record.get("settings").unwrap_or(&Value::Null);
    if settings(before) != settings(&plan.content) {
        return (0..plan.steps.len()).collect();
    }
    let (was, is) = (configs(before), configs(&plan.content));
    let differs = |(_, step): &(usize, &Step)| was.get(&step.id) != is.get(&step.id);
    plan.steps.iter().enumerate().filter(differs).map(|(index, _)| index).collect()
}

/// The changed stages and all that depend on them, of those that `targets` depend on.
fn reached(plan: &Plan, changed: &BTreeSet<usize>, targets: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut reached = changed.clone();
    let mut needed = targets.clone();
    // A stage reads only stages above it, so one pass down and one pass up see everything.
    for (index, step) in plan.steps.iter().enumerate() {
        if step.reads.iter().any(|read| reached.contains(read)) {
            reached.insert(index);
        }
    }
    for (index, step) in plan.steps.iter().enumerate().rev() {
        if needed.contains(&index) {
            needed.extend(&step.reads);
        }
    }
    reached.intersection(&needed).copied().collect()
}

/// What a stage made when the run was published; nothing where the run did not keep it.
fn restore(step: &Step, plan: &Plan, run: &Run) -> Result<Option<Product>, Failure> {
    Ok(match &step.signature {
        Signature::Source { table: None, .. } => Some(Product::Declared),
        Signature::Source { table: Some(spec), .. } => run.table_like(spec)?.map(|table| Product::Tables(vec![table])),
        Signature::AccountYears { spec, bucket, .. } => match run.table_like(spec)?.zip(period(step, plan, run)) {
            Some((table, period)) => {
                Some(Product::AccountYears(Box::new(AccountYears::of(table, bucket.as_deref(), period)?)))
            }
            None => None,
        },
        Signature::Tables(specs) => {
            let tables = specs.iter().map(|spec| run.table_like(spec)).collect::<Result<Vec<_>, _>>()?;
            tables.into_iter().collect::<Option<Vec<_>>>().map(Product::Tables)
        }
        Signature::Ledger { .. } | Signature::History { .. } | Signature::Files(_) | Signature::Exports(_) => None,
    })
}

fn published(spec: &TableSpec, run: &Run) -> Result<Table, Failure> {
    run.table_like(spec)?.ok_or_else(|| Failure::Arguments {
        message: format!("the run `{}` has no table `{}` with the columns of this pipeline", run.id(), spec.name),
        hint: Some("name its stage in a `parquet` stage, and run the pipeline once more".to_owned()),
    })
}

/// The time that account years cover, as the run recorded it.
fn period(step: &Step, plan: &Plan, run: &Run) -> Option<Period> {
    let stages = run.record.get("stages")?.as_array()?;
    let record = stages.iter().find(|stage| stage.get("id").and_then(Value::as_str) == Some(step.id.as_str()))?;
    let day = |key: &str| parse_day(record.get("period")?.get(key)?.as_str()?, "%Y-%m-%d");
    let (calendar, as_of) = (plan.settings.calendar, day("as_of")?);
    let last_year = calendar.last_complete_year(as_of);
    Some(Period { calendar, as_of, first_date: day("first_date")?, last_date: day("last_date")?, last_year })
}

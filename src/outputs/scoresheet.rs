//! The sheet of judgements to fill in: which accounts are worth judging, and what was said of them last.

mod workbook;

use super::markdown::Catalogue;
use crate::failure::Failure;
use crate::pipeline::check::{Plan, Step};
use crate::product::Inputs;
use crate::progress::Progress;
use crate::run::execute;
use crate::scoring::sheet::Vocabulary;
use crate::table::{Table, name_of};
use std::collections::{BTreeMap, BTreeSet};

/// How far below the line of class A an account is near it, as a share of revenue.
const NEAR: f64 = 0.05;

/// How many of the best scores are worth judging anew where there is no class A to go by its size.
const BEST: i64 = 20;

/// A workbook to write.
#[derive(Debug)]
pub struct Scoresheet {
    pub bytes: Vec<u8>,
    pub as_of: i32,
    pub accounts: usize,
    pub criteria: usize,
}

/// What the workbook shows, before it is one.
struct Content {
    as_of: i32,
    currency: String,
    decimals: u32,
    catalogue: Catalogue,
    criteria: Vec<Criterion>,
    /// The facts that the pipeline knows and that are shown.
    facts: Vec<Fact>,
    rows: Vec<Row>,
}

/// A judged criterion: its name, and what stands above its column.
struct Criterion {
    name: String,
    header: String,
}

/// What is known of an account and shown beside its scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Name,
    Segment,
    Revenue,
    Class,
}

impl Fact {
    fn key(self) -> &'static str {
        match self {
            Self::Name => "sheet.name",
            Self::Segment => "sheet.segment",
            Self::Revenue => "sheet.revenue",
            Self::Class => "sheet.class",
        }
    }
}

/// One account.
#[derive(Debug, Clone, Default, PartialEq)]
struct Row {
    account: String,
    name: String,
    segment: String,
    /// Whole minor units.
    revenue: Option<i64>,
    class: String,
    /// By revenue, from 1.
    rank: Option<i64>,
    /// What counts now, in the order of the criteria: the mean of the raters.
    scores: Vec<Option<f64>>,
    /// Those who gave the scores.
    rater: String,
    /// The newest day of the scores.
    date: Option<i32>,
    /// The first day on which one of them expires.
    expires: Option<i32>,
    note: String,
}

/// Runs the stages that the sheet needs, without publishing anything, and draws it up.
///
/// # Errors
/// Where the pipeline has no judged criteria, or a stage fails.
pub fn scoresheet(plan: &Plan, threads: usize) -> Result<Scoresheet, Failure> {
    let judging = |step: &&Step| step.kind == "scorecard" && named(step, "judgements").is_some();
    let Some(scorecard) = plan.steps.iter().find(judging) else {
        return Err(Failure::Arguments {
            message: format!("the pipeline `{}` has no scorecard with judged criteria", plan.settings.name),
            hint: Some("declare criteria `judged: true`, and `judged:` with the id of a `read` stage".to_owned()),
        });
    };
    let first = |kind: &str| plan.steps.iter().find(|step| step.kind == kind);
    let (pareto, accounts, select) = (first("pareto"), first("accounts"), first("select"));
    let mut inputs = Inputs::new(threads, Progress::hidden());
    execute(plan, &needed(plan, [Some(scorecard), pareto, accounts, select]), &mut inputs)?;
    let table = |name: Option<&str>| name.map(|name| inputs.table(name)).transpose();
    let main = |step: Option<&Step>| {
        table(step.and_then(|step| step.signature.tables().first()).map(|spec| spec.name.as_str()))
    };
    let of_scorecard = |name: &str| {
        table(named(scorecard, name))?.ok_or_else(|| Failure::run(format!("the scorecard made no table `{name}`")))
    };
    let tables = Tables {
        pareto: main(pareto)?,
        accounts: main(accounts)?,
        selection: main(select)?,
        scorecard: inputs.table(&scorecard.id)?,
        judgements: of_scorecard("judgements")?,
        spread: of_scorecard("judgement_spread")?,
    };
    let weights = of_scorecard("weights")?;
    let sources = weights.text("criterion").into_iter().zip(weights.text("source"));
    let judged: Vec<&str> = sources.filter(|(_, source)| *source == "judged").map(|(name, _)| name).collect();
    let as_of = inputs.period().ok_or_else(|| Failure::run("no ledger has run"))?.as_of;
    let catalogue = Catalogue::of(plan.settings.language).map_err(|error| Failure::run(error.to_string()))?;
    let vocabulary = Vocabulary::of(&judged);
    let content = Content {
        as_of,
        currency: plan.settings.currency.clone(),
        decimals: plan.settings.decimals,
        criteria: criteria(&judged, &catalogue, &vocabulary)?,
        facts: facts(&tables, &catalogue, &vocabulary),
        rows: rows(&tables, &judged),
        catalogue,
    };
    let bytes =
        workbook::bytes(&content).map_err(|error| Failure::run(format!("the sheet cannot be written: {error}")))?;
    Ok(Scoresheet { bytes, as_of, accounts: content.rows.len(), criteria: content.criteria.len() })
}

/// The name of one of a scorecard's further tables, where it makes it.
fn named<'s>(step: &'s Step, table: &str) -> Option<&'s str> {
    let name = name_of(&step.id, "scorecard", table);
    step.signature.tables().iter().find(|spec| spec.name == name).map(|spec| spec.name.as_str())
}

/// The steps that these read, directly or through others, and themselves; in the order of the plan.
fn needed<'p>(plan: &'p Plan, wanted: impl IntoIterator<Item = Option<&'p Step>>) -> Vec<usize> {
    let place = |step: &Step| plan.steps.iter().position(|other| other.id == step.id);
    let mut open: Vec<usize> = wanted.into_iter().flatten().filter_map(place).collect();
    let mut needed = BTreeSet::new();
    while let Some(index) = open.pop() {
        if needed.insert(index) {
            open.extend(plan.steps.get(index).into_iter().flat_map(|step| &step.reads));
        }
    }
    needed.into_iter().collect()
}

/// What the judged criteria are called above their columns: as in the report, where the reader understands that.
fn criteria(judged: &[&str], catalogue: &Catalogue, vocabulary: &Vocabulary) -> Result<Vec<Criterion>, Failure> {
    let header = |name: &str| {
        let forms = [catalogue.label("criterion", name), name.to_owned()];
        forms.into_iter().find(|form| vocabulary.role(form).is_none() && vocabulary.criterion(form) == Some(name))
    };
    judged
        .iter()
        .map(|name| match header(name) {
            Some(header) => Ok(Criterion { name: (*name).to_owned(), header }),
            None => Err(Failure::Arguments {
                message: format!("the criterion `{name}` is called like another column of the sheet"),
                hint: Some("give it another name".to_owned()),
            }),
        })
        .collect()
}

/// The facts that there are, without those that would be read back as something else.
fn facts(tables: &Tables, catalogue: &Catalogue, vocabulary: &Vocabulary) -> Vec<Fact> {
    let has = |table: Option<&Table>, column: &str| table.is_some_and(|table| table.spec.column(column).is_some());
    let known = [
        (Fact::Name, has(tables.accounts, "name")),
        (Fact::Segment, has(tables.pareto, "segment") || has(tables.accounts, "segment")),
        (Fact::Revenue, tables.pareto.is_some()),
        (Fact::Class, tables.pareto.is_some()),
    ];
    let is_free = |fact: &Fact| {
        let header = catalogue.word(fact.key()).unwrap_or_default();
        vocabulary.role(header).is_none() && vocabulary.criterion(header).is_none()
    };
    known.into_iter().filter(|(_, is_there)| *is_there).map(|(fact, _)| fact).filter(is_free).collect()
}

/// The tables that the sheet is drawn up from.
struct Tables<'t> {
    pareto: Option<&'t Table>,
    accounts: Option<&'t Table>,
    selection: Option<&'t Table>,
    scorecard: &'t Table,
    judgements: &'t Table,
    spread: &'t Table,
}

/// The accounts worth judging, the largest first: class A, those of class B near the line, those that somebody has
/// judged, the best scores, as many as class A has accounts, and those that are on the list or have to do with it: that
/// left it, wait, or are watched. Without a ranking, all accounts.
fn rows(tables: &Tables, judged: &[&str]) -> Vec<Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    for account in tables.scorecard.text("account") {
        let row = Row { account: account.to_owned(), scores: vec![None; judged.len()], ..Row::default() };
        rows.insert(account, row);
    }
    let mut worth: BTreeSet<&str> = BTreeSet::new();
    let mut best = BEST;
    match tables.pareto {
        None => worth.extend(rows.keys()),
        Some(pareto) => {
            add_standing(&mut rows, pareto);
            let vital = pareto.flags("vital_few");
            let line = pareto.numbers("cum_share").into_iter().zip(&vital).filter(|(_, vital)| **vital);
            let line = line.filter_map(|(share, _)| share).fold(0.0, f64::max);
            let standing = pareto.text("class").into_iter().zip(pareto.numbers("cum_share"));
            let is_near =
                |(class, share): (&str, Option<f64>)| class == "B" && share.is_some_and(|share| share <= line + NEAR);
            let near = standing.map(is_near).zip(&vital).map(|(near, vital)| near || *vital);
            worth.extend(pareto.text("account").into_iter().zip(near).filter(|(_, worth)| *worth).map(|(key, _)| key));
            best = i64::try_from(vital.iter().filter(|vital| **vital).count()).unwrap_or(best);
        }
    }
    let ranks = tables.scorecard.text("account").into_iter().zip(tables.scorecard.integers("rank"));
    worth.extend(ranks.filter(|(_, rank)| rank.is_some_and(|rank| rank <= best)).map(|(account, _)| account));
    worth.extend(tables.judgements.text("account"));
    if let Some(selection) = tables.selection {
        let status = selection.text("account").into_iter().zip(selection.text("status"));
        worth.extend(status.filter(|(_, status)| *status != "none").map(|(account, _)| account));
    }
    if let Some(accounts) = tables.accounts {
        add_names(&mut rows, accounts);
    }
    add_scores(&mut rows, tables, judged);
    let mut rows: Vec<Row> =
        rows.into_iter().filter(|(account, _)| worth.contains(account)).map(|(_, row)| row).collect();
    rows.sort_by(|a, b| (a.rank.unwrap_or(i64::MAX), &a.account).cmp(&(b.rank.unwrap_or(i64::MAX), &b.account)));
    rows
}

fn add_standing(rows: &mut BTreeMap<&str, Row>, pareto: &Table) {
    let segments = pareto.spec.column("segment").map(|_| pareto.text("segment")).unwrap_or_default();
    let figures = pareto.integers("revenue").into_iter().zip(pareto.integers("rank"));
    let figures = figures.zip(pareto.text("class"));
    for (place, (account, ((revenue, rank), class))) in pareto.text("account").into_iter().zip(figures).enumerate() {
        if let Some(row) = rows.get_mut(account) {
            (row.revenue, row.rank) = (revenue, rank);
            row.class = if class == "none" { String::new() } else { class.to_owned() };
            row.segment = segments.get(place).copied().unwrap_or_default().to_owned();
        }
    }
}

fn add_names(rows: &mut BTreeMap<&str, Row>, accounts: &Table) {
    let texts = |column: &str| match accounts.spec.column(column) {
        Some(_) => accounts.text(column),
        None => vec![""; accounts.rows()],
    };
    let names = texts("name").into_iter().zip(texts("segment"));
    for (account, (name, segment)) in accounts.text("account").into_iter().zip(names) {
        if let Some(row) = rows.get_mut(account) {
            row.name = name.trim().to_owned();
            if row.segment.is_empty() {
                row.segment = segment.to_owned();
            }
        }
    }
}

/// The scores that count now, and who gave them when.
fn add_scores(rows: &mut BTreeMap<&str, Row>, tables: &Tables, judged: &[&str]) {
    let keys = tables.spread.text("account").into_iter().zip(tables.spread.text("criterion"));
    for ((account, criterion), score) in keys.zip(tables.spread.numbers("score")) {
        let place = judged.iter().position(|name| *name == criterion);
        let scores = rows.get_mut(account).map(|row| &mut row.scores);
        if let Some(cell) = scores.zip(place).and_then(|(scores, place)| scores.get_mut(place)) {
            *cell = score;
        }
    }
    let judgements = tables.judgements;
    let (dates, expiries) = (judgements.dates("date"), judgements.dates("expires"));
    let texts = judgements.text("rater").into_iter().zip(judgements.text("note"));
    let used = judgements.flags("used");
    let mut raters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut notes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (place, (account, (rater, note))) in judgements.text("account").into_iter().zip(texts).enumerate() {
        let Some(row) = rows.get_mut(account).filter(|_| used.get(place) == Some(&true)) else { continue };
        row.date = row.date.max(dates.get(place).copied().flatten());
        let expires = expiries.get(place).copied().flatten();
        row.expires = match (row.expires, expires) {
            (Some(known), Some(other)) => Some(known.min(other)),
            (known, other) => known.or(other),
        };
        raters.entry(account).or_default().extend(Some(rater).filter(|rater| !rater.is_empty()));
        notes.entry(account).or_default().extend(Some(note).filter(|note| !note.is_empty()));
    }
    let joined = |texts: &BTreeSet<&str>, by: &str| texts.iter().copied().collect::<Vec<&str>>().join(by);
    for (account, row) in rows.iter_mut() {
        row.rater = raters.get(account).map(|raters| joined(raters, ", ")).unwrap_or_default();
        row.note = notes.get(account).map(|notes| joined(notes, "; ")).unwrap_or_default();
    }
}

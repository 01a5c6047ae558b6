//! One side of a comparison: the tables of a run, as far as it has them, and what its pipeline declares.

use crate::calendar::{FiscalCalendar, parse_day};
use crate::failure::Failure;
use crate::outputs::runs::Run;
use crate::scoring::config::Missing;
use crate::scoring::list::Rule;
use crate::scoring::scale::Scale;
use crate::table::{Meaning, Table, name_of};
use serde_json::Value;
use std::collections::BTreeMap;

/// A run, before it is published or after.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// None for the run that is being made.
    pub run: Option<String>,
    pub pipeline: String,
    /// In days since 1970-01-01.
    pub as_of: Option<i32>,
    pub declared: Declared,
    pub tables: Tables,
    /// The tables that were published with other columns than a comparison reads, or that the run made and did not
    /// publish.
    pub lacking: BTreeMap<&'static str, Lack>,
}

/// Why a table of a run cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    NotPublished,
    OtherColumns,
}

impl Lack {
    pub fn name(self) -> &'static str {
        match self {
            Self::NotPublished => "not_published",
            Self::OtherColumns => "other_columns",
        }
    }
}

/// The tables that a comparison reads.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub scorecard: Option<Table>,
    pub contributions: Option<Table>,
    pub weights: Option<Table>,
    pub judgements: Option<Table>,
    pub overrides: Option<Table>,
    pub selection: Option<Table>,
    pub pareto: Option<Table>,
    pub account_years: Option<Table>,
    pub file_years: Option<Table>,
    pub accounts: Option<Table>,
}

use Meaning::{Date, Flag, Integer, Money, Number, Text};

/// What a comparison reads: the kind of the stage, its further table, and the columns.
type Wanted = (&'static str, &'static str, Option<&'static str>, &'static [(&'static str, Meaning)]);

const WANTED: [Wanted; 10] = [
    ("scorecard", "scorecard", None, &[("account", Text), ("score", Number), ("rank", Integer), ("rated", Flag)]),
    (
        "contributions",
        "scorecard",
        Some("contributions"),
        &[
            ("account", Text),
            ("criterion", Text),
            ("source", Text),
            ("value", Number),
            ("score", Number),
            ("contribution", Number),
        ],
    ),
    (
        "weights",
        "scorecard",
        Some("weights"),
        &[
            ("group", Text),
            ("criterion", Text),
            ("source", Text),
            ("basis", Text),
            ("weight", Number),
            ("group_weight", Number),
            ("effective_weight", Number),
            ("scale", Text),
        ],
    ),
    (
        "judgements",
        "scorecard",
        Some("judgements"),
        &[("account", Text), ("criterion", Text), ("rater", Text), ("score", Number), ("used", Flag)],
    ),
    (
        "overrides",
        "scorecard",
        Some("overrides"),
        &[("account", Text), ("decision", Text), ("who", Text), ("why", Text), ("until", Date), ("status", Text)],
    ),
    ("selection", "select", None, &[("account", Text), ("status", Text), ("key", Flag)]),
    ("pareto", "pareto", None, &[("account", Text), ("class", Text)]),
    ("account_years", "account_years", None, &[("account", Text), ("fiscal_year", Integer), ("revenue", Money)]),
    ("file_years", "ledger", Some("file_years"), &[("file", Text), ("fiscal_year", Integer), ("revenue", Money)]),
    ("accounts", "accounts", None, &[("account", Text)]),
];

impl Tables {
    fn slot(&mut self, name: &str) -> &mut Option<Table> {
        match name {
            "scorecard" => &mut self.scorecard,
            "contributions" => &mut self.contributions,
            "weights" => &mut self.weights,
            "judgements" => &mut self.judgements,
            "overrides" => &mut self.overrides,
            "selection" => &mut self.selection,
            "pareto" => &mut self.pareto,
            "account_years" => &mut self.account_years,
            "file_years" => &mut self.file_years,
            _ => &mut self.accounts,
        }
    }
}

/// What the pipeline of a run declares, as far as it bears on a comparison.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    pub currency: String,
    pub decimals: String,
    pub fiscal_year_starts: String,
    /// What the scorecard does where scores are missing.
    pub missing: Option<Missing>,
    /// The scales of the criteria, by name.
    pub scales: BTreeMap<String, DeclaredScale>,
    /// The list that a stage `robustness` declares.
    pub rule: Option<Rule>,
}

/// A scale as a pipeline writes it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredScale {
    content: Value,
    /// Where it has fixed anchors: then any value can be scored by it.
    pub anchors: Option<Scale>,
}

impl DeclaredScale {
    pub(super) fn of(content: &Value) -> Self {
        let number = |value: &Value| value.as_str()?.parse::<f64>().ok();
        let point = |point: &Value| match point.as_array()?.as_slice() {
            [at, score] => Some((number(at)?, number(score)?)),
            _ => None,
        };
        let points = content.as_array().and_then(|points| points.iter().map(point).collect::<Option<Vec<_>>>());
        Self { content: content.clone(), anchors: points.filter(|points| !points.is_empty()).map(Scale::Anchors) }
    }

    /// Whether two scales give the same score to every value; relative ones at least by the same rule.
    pub fn is(&self, other: &Self) -> bool {
        match (&self.anchors, &other.anchors) {
            (Some(Scale::Anchors(mine)), Some(Scale::Anchors(others))) => mine == others,
            _ => self.content == other.content,
        }
    }

    /// The score of a value where anchors give one.
    pub fn score(&self, value: f64) -> Option<f64> {
        self.anchors.as_ref()?.scores(&[Some(value)]).first().copied().flatten()
    }
}

impl Declared {
    /// Out of the content of a pipeline that is sound; of one scorecard.
    pub fn of_content(content: &Value, scorecard: &str) -> Self {
        let setting = |key: &str, default: &str| content.get(key).and_then(Value::as_str).unwrap_or(default).to_owned();
        let stages = content.get("stages").and_then(Value::as_array).into_iter().flatten();
        let id = |config: &Value| config.get("id").and_then(Value::as_str).unwrap_or("scorecard") == scorecard;
        let card = stages.filter_map(|stage| stage.get("scorecard")).find(|config| id(config));
        let missing = card.map(|card| card.get("missing").and_then(Value::as_str).unwrap_or_default());
        let policies = [Missing::Neutral, Missing::Pessimistic, Missing::Block];
        let groups = card.and_then(|card| card.get("groups")?.as_object()).into_iter().flatten();
        let criteria = groups.filter_map(|(_, group)| group.get("criteria")?.as_object()).flatten();
        let scales =
            criteria.filter_map(|(name, criterion)| Some((name.clone(), DeclaredScale::of(criterion.get("scale")?))));
        Self {
            currency: setting("currency", ""),
            decimals: setting("decimals", "2"),
            fiscal_year_starts: setting("fiscal_year_starts", "1"),
            missing: missing
                .map(|name| policies.into_iter().find(|policy| policy.name() == name).unwrap_or(Missing::Renormalise)),
            scales: scales.collect(),
            rule: Rule::of_content(content, scorecard),
        }
    }

    /// Whether the money of two runs can be held against each other, year by year.
    pub fn has_same_money(&self, other: &Self) -> bool {
        self.currency == other.currency
            && self.decimals == other.decimals
            && self.fiscal_year_starts == other.fiscal_year_starts
    }

    pub fn calendar(&self) -> FiscalCalendar {
        FiscalCalendar { starts: self.fiscal_year_starts.parse().unwrap_or(1) }
    }
}

impl Side {
    /// A run as it was published. Of several scorecards that of this id counts, else the first.
    ///
    /// # Errors
    /// Where a table of the run is damaged.
    pub fn published(run: &Run, scorecard: Option<&str>) -> Result<Self, Failure> {
        let stages: Vec<&Value> = run.record.get("stages").and_then(Value::as_array).into_iter().flatten().collect();
        let text = |stage: &Value, key: &str| stage.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut cards = stages.iter().filter(|stage| text(stage, "kind") == "scorecard").map(|stage| text(stage, "id"));
        let first = cards.clone().next();
        let card = cards.find(|id| Some(id.as_str()) == scorecard).or(first).unwrap_or_default();
        let mut tables = Tables::default();
        let mut lacking = BTreeMap::new();
        for (name, kind, further, columns) in WANTED {
            let is_its =
                |stage: &&&Value| text(stage, "kind") == kind && (kind != "scorecard" || text(stage, "id") == card);
            let Some(stage) = stages.iter().find(is_its) else { continue };
            let made =
                stage.get("tables").and_then(Value::as_array).into_iter().flatten().map(|table| text(table, "name"));
            let wanted = further.map(|table| name_of(&text(stage, "id"), kind, table));
            let Some(found) = made.into_iter().find(|made| wanted.as_ref().is_none_or(|wanted| wanted == made)) else {
                continue;
            };
            match run.table(&found)? {
                None => {
                    lacking.insert(name, Lack::NotPublished);
                }
                Some(table) if !has_columns(&table, columns) => {
                    lacking.insert(name, Lack::OtherColumns);
                }
                found => *tables.slot(name) = found,
            }
        }
        let content = run.record.get("settings").unwrap_or(&Value::Null);
        let as_of = run.record.get("as_of").and_then(Value::as_str).and_then(|day| parse_day(day, "%Y-%m-%d"));
        Ok(Self {
            run: Some(run.id().to_owned()),
            pipeline: run.pipeline().to_owned(),
            as_of,
            declared: Declared::of_content(content, &card),
            tables,
            lacking,
        })
    }

    /// The closed fiscal years end with this one.
    pub fn last_closed_year(&self) -> Option<i64> {
        self.as_of.map(|as_of| self.declared.calendar().last_complete_year(as_of).into())
    }
}

fn has_columns(table: &Table, columns: &[(&str, Meaning)]) -> bool {
    let has = |(name, meaning): &(&str, Meaning)| {
        table.spec.column(name).is_some_and(|column| column.meaning.data_type() == meaning.data_type())
    };
    columns.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_pipeline_declares() {
        let content = json!({
            "currency": "EUR", "fiscal_year_starts": "4",
            "stages": [
                {"scorecard": {"groups": {"all": {"criteria": {"x": {"measure": "growth.cagr", "scale": [["0", "1"]]}}}}}},
                {"scorecard": {"id": "other", "missing": "neutral", "groups": {
                    "facts": {"criteria": {
                        "growth": {"scale": [["-0.10", "1"], ["0.10", "10"]]},
                        "share": {"scale": "percentile"},
                        "taste": {"judged": "true"},
                    }},
                }}},
                {"robustness": {"from": "other", "chosen": {"top": "3"}}},
            ],
        });
        let declared = Declared::of_content(&content, "other");
        assert_eq!((declared.currency.as_str(), declared.decimals.as_str()), ("EUR", "2"));
        assert_eq!((declared.calendar().starts, declared.missing), (4, Some(Missing::Neutral)));
        assert_eq!(declared.rule.map(|rule| rule.describe()), Some("the 3 best by score".to_owned()));
        assert_eq!(declared.scales.keys().collect::<Vec<_>>(), ["growth", "share"]);
        assert_eq!(declared.scales["growth"].score(0.0), Some(5.5));
        assert_eq!(declared.scales["share"].score(0.0), None);
        let first = Declared::of_content(&content, "scorecard");
        assert_eq!((first.missing, first.rule), (Some(Missing::Renormalise), None));
        assert_eq!(Declared::of_content(&content, "none").missing, None);
    }

    #[test]
    fn scales_are_the_same_whatever_way_they_are_written() {
        let scale = |content: Value| DeclaredScale::of(&content);
        let one = scale(json!([["-0.10", "1"], ["0", "10"]]));
        assert!(one.is(&scale(json!([["-0.1", "1.0"], ["0.0", "10"]]))));
        assert!(!one.is(&scale(json!([["-0.1", "1.0"], ["0.1", "10"]]))));
        assert!(!one.is(&scale(json!("percentile"))));
        assert!(scale(json!("percentile")).is(&scale(json!("percentile"))));
        assert!(!scale(json!("percentile")).is(&scale(json!({"percentile": "falling"}))));
    }
}

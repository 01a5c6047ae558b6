use super::*;
use crate::demo;
use crate::pipeline::check::{Plan, check};
use crate::pipeline::diagnostics::SourceText;
use crate::pipeline::parse;
use crate::progress::Progress;
use std::sync::Arc;

fn axes(attractiveness: &[&str], relationship: &[&str]) -> [BoundAxis; 2] {
    let weight = |name: &str| match name {
        "revenue" => 0.5,
        "margin" => 0.3,
        _ => 0.2,
    };
    [attractiveness, relationship].map(|criteria| BoundAxis {
        criteria: criteria.iter().map(|name| ((*name).to_owned(), weight(name))).collect(),
        threshold: MIDDLE,
        min_coverage: 0.0,
    })
}

fn default_names() -> Names {
    let [strategic, star, status, streamline] = ["strategic", "star", "status", "streamline"].map(str::to_owned);
    Names { strategic, star, status, streamline }
}

/// Weights and contributions of three criteria for three accounts; 0 is one that did not enter.
fn contributions() -> Table {
    let parts = [
        ("a", "revenue", 0.5, 4.0),
        ("a", "margin", 0.3, 0.6),
        ("a", "trust", 0.2, 1.2),
        ("b", "revenue", 0.0, 0.0),
        ("b", "margin", 0.6, 6.0),
        ("b", "trust", 0.4, 0.4),
        ("c", "revenue", 0.0, 0.0),
        ("c", "margin", 0.0, 0.0),
        ("c", "trust", 1.0, 7.0),
    ];
    TableBuilder::new("contributions", parts.len())
        .text("account", parts.iter().map(|part| part.0).collect())
        .text("criterion", parts.iter().map(|part| part.1).collect())
        .text("source", parts.iter().map(|part| if part.2 > 0.0 { "measured" } else { "missing" }).collect())
        .numbers("weight", parts.iter().map(|part| part.2).collect::<Vec<_>>())
        .numbers("contribution", parts.iter().map(|part| part.3).collect::<Vec<_>>())
        .build()
}

fn means(criteria: &[&str]) -> Vec<Option<f64>> {
    let [axis, _] = axes(criteria, &[]);
    Parts::of(&contributions()).means(&["a", "b", "c"], &axis)
}

#[test]
fn an_axis_is_the_weighted_mean_of_what_entered() {
    // a: (4 + 0.6) / 0.8 = 5.75; b: margin alone, 6 / 0.6 = 10; c: neither.
    let found = means(&["revenue", "margin"]);
    assert!((found[0].unwrap() - 5.75).abs() < 1e-12 && (found[1].unwrap() - 10.0).abs() < 1e-12);
    assert_eq!(found[2], None);
    // a: 1.2 / 0.2 = 6; b: 0.4 / 0.4 = 1; c: 7.
    let found: Vec<f64> = means(&["trust"]).into_iter().flatten().collect();
    assert!(found.iter().zip([6.0, 1.0, 7.0]).all(|(found, expected)| (found - expected).abs() < 1e-12));
}

#[test]
fn an_axis_needs_its_part_of_known_weight() {
    let [mut axis, _] = axes(&["revenue", "margin"], &[]);
    let known = |axis: &BoundAxis| {
        Parts::of(&contributions()).means(&["a", "b", "c"], axis).iter().map(Option::is_some).collect::<Vec<_>>()
    };
    // Known of 0.8: 0.8 for a, 0.3 for b, nothing for c.
    axis.min_coverage = 0.375;
    assert_eq!(known(&axis), [true, true, false]);
    axis.min_coverage = 0.4;
    assert_eq!(known(&axis), [true, false, false]);
    axis.min_coverage = 1.0;
    assert_eq!(known(&axis), [true, false, false]);
}

#[test]
fn an_account_without_parts_has_no_place() {
    let [axis, _] = axes(&["trust"], &[]);
    let found = Parts::of(&contributions()).means(&["a", "aa", "b", "c", "d"], &axis);
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true, false]);
}

fn place(attractiveness: Option<f64>, relationship: Option<f64>) -> Place {
    Place::of([attractiveness, relationship], &axes(&[], &[]))
}

#[test]
fn every_quadrant() {
    let names = default_names();
    for (attractiveness, relationship, expected) in [
        (Some(8.0), Some(7.0), "strategic"),
        (Some(8.0), Some(2.0), "star"),
        (Some(2.0), Some(8.0), "status"),
        (Some(1.0), Some(1.0), "streamline"),
        // On the line is high, also where the last bit of a mean is lost; below it is low.
        (Some(5.5), Some(5.5 - 1e-12), "strategic"),
        (Some(5.499), Some(5.5), "status"),
        (None, Some(9.0), "unknown"),
        (Some(9.0), None, "unknown"),
        (None, None, "unknown"),
    ] {
        assert_eq!(names.of(&place(attractiveness, relationship)), expected, "{attractiveness:?} {relationship:?}");
    }
}

#[test]
fn the_quadrants_add_up_to_the_accounts() {
    let places =
        [place(Some(8.0), Some(8.0)), place(Some(8.0), Some(1.0)), place(Some(9.0), Some(1.0)), place(None, Some(1.0))];
    let summary = summary("quadrants", &places, &axes(&[], &[]), &default_names());
    assert_eq!(summary.text("quadrant"), ["strategic", "star", "status", "streamline", "unknown"]);
    assert_eq!(summary.text("attractiveness"), ["high", "high", "low", "low", ""]);
    assert_eq!(summary.text("relationship"), ["high", "low", "high", "low", ""]);
    assert_eq!(summary.integers("accounts"), [1, 2, 0, 0, 1].map(Some));
}

/// A pipeline over a few invented invoices, with a scorecard of two groups and the keys given.
fn planned(folder: &std::path::Path, quadrant: &str) -> Result<Plan, String> {
    let size = demo::Size { accounts: 12, lines: 600, years: 2, ..demo::Size::default() };
    demo::write(folder, &size).unwrap();
    let text = format!(
        "name: matrix
root: {}
currency: EUR
stages:
  - read: {{id: invoices, path: \"invoices/*.csv\"}}
  - ledger: {{from: invoices, columns: {{account: customer_id, date: invoice_date, amount: cost}}, quarantine_limit: 5%}}
  - account_years: {{from: ledger}}
  - growth: {{from: account_years, years: 1}}
  - profile: {{from: account_years}}
  - scorecard:
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {{weight: 50, measure: growth.cagr, scale: percentile}}
            range: {{weight: 50, measure: profile.lines, scale: percentile}}
        harmony:
          weight: 40
          criteria:
            habit: {{weight: 100, measure: profile.active_months, scale: [[0, 1], [12, 10]]}}
  - quadrant: {quadrant}
",
        folder.display()
    );
    let source = SourceText { name: "matrix.yaml".to_owned(), text };
    let plan = parse(source, &[]).and_then(|(pipeline, problems)| check(pipeline, problems));
    plan.map_err(|invalid| invalid.render(false))
}

#[test]
fn an_axis_of_one_group_is_the_score_of_that_group() {
    let folder = tempfile::tempdir().unwrap();
    let keys = keys("{groups: growth, threshold: 6}", ", names: {star: promising}")
        .replace("{groups: harmony}", "{criteria: [habit, habit]}");
    let plan = planned(folder.path(), &keys).unwrap();
    let mut inputs = Inputs::new(1, Progress::hidden());
    for step in &plan.steps {
        inputs.insert(&step.id, Arc::new((step.job)(&inputs).unwrap()));
    }
    let (scorecard, quadrant) = (inputs.table("scorecard").unwrap(), inputs.table("quadrant").unwrap());
    assert_eq!(quadrant.text("account"), scorecard.text("account"));
    assert!(quadrant.rows() >= 10);
    for (axis, group) in [("attractiveness", "growth_score"), ("relationship", "harmony_score")] {
        let (found, expected) = (quadrant.numbers(axis), scorecard.numbers(group));
        assert!(expected.iter().any(Option::is_some));
        for (found, expected) in found.into_iter().zip(expected) {
            assert_eq!(found.is_some(), expected.is_some());
            assert!((found.unwrap_or_default() - expected.unwrap_or_default()).abs() < 1e-12);
        }
    }
    let axes = quadrant.numbers("attractiveness").into_iter().zip(quadrant.numbers("relationship"));
    for (name, values) in quadrant.text("quadrant").iter().zip(axes) {
        let expected = match (values.0, values.1) {
            (Some(attractiveness), Some(relationship)) => match (attractiveness >= 6.0, relationship >= 5.5) {
                (true, true) => "strategic",
                (true, false) => "promising",
                (false, true) => "status",
                (false, false) => "streamline",
            },
            _ => "unknown",
        };
        assert_eq!(*name, expected);
    }
    let quadrants = inputs.table("quadrants").unwrap();
    let total: i64 = quadrants.integers("accounts").into_iter().flatten().sum();
    assert_eq!(total, i64::try_from(quadrant.rows()).unwrap());
    // What is declared before a run is what the run makes.
    assert_eq!(plan.steps.last().unwrap().signature.tables(), [quadrant.spec.clone(), quadrants.spec.clone()]);
}

/// The keys of a matrix over the scorecard, with one axis given, and more keys where there are any.
fn keys(attractiveness: &str, more: &str) -> String {
    format!("{{from: scorecard, attractiveness: {attractiveness}, relationship: {{groups: harmony}}{more}}}")
}

#[test]
fn mistakes_have_a_place_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let sound = "{groups: growth}";
    for (keys, message, hint) in [
        (keys("{groups: growht}", ""), "the scorecard has no group `growht`", "did you mean `growth`?"),
        (keys("{groups: revenue}", ""), "the scorecard has no group `revenue`", "name it in `criteria`"),
        (keys("{criteria: [revenu]}", ""), "the scorecard has no criterion `revenu`", "did you mean `revenue`?"),
        (keys("{criteria: harmony}", ""), "the scorecard has no criterion `harmony`", "name it in `groups`"),
        (keys("{threshold: 6}", ""), "names neither groups nor criteria", "attractiveness: {groups: growth}"),
        (keys("{groups: growth, threshold: 11}", ""), "`threshold` should be from 1 to 10, found 11", ""),
        (keys("{group: growth, groups: growth}", ""), "unknown key `group` in axis `attractiveness`", "`groups`"),
        (keys("growth", ""), "axis `attractiveness` should be a map", ""),
        (keys(sound, ", names: {star: strategic}"), "two quadrants are called `strategic`", ""),
        (keys(sound, ", names: {status: unknown}"), "two quadrants are called `unknown`", "accounts without a place"),
        (keys(sound, ", names: {stars: x}"), "unknown key `stars` in `names`", "did you mean `star`?"),
        (keys(sound, ", names: 5"), "`names` should be a map", ""),
        (keys(sound, "").replace("relationship", "relation"), "needs the key `relationship`", ""),
        (keys(sound, "").replace("from: scorecard", "from: growth"), "`growth` is a `growth` stage", "`scorecard`"),
    ] {
        let rendered = planned(folder.path(), &keys).err().unwrap_or_default();
        assert!(rendered.contains(message) && rendered.contains(hint), "{keys}\n{rendered}");
        assert!(rendered.contains("matrix.yaml:21:"), "{rendered}");
    }
}

#[test]
fn the_columns_are_those_of_the_manual() {
    let specs = [table("", &[], &[], &default_names()), summary("", &[], &axes(&[], &[]), &default_names())];
    let columns: Vec<String> =
        specs.into_iter().flat_map(|table| table.spec.columns).map(|column| column.name).collect();
    let documented = MANUAL.split("## Tables").nth(1).unwrap().split("## ").next().unwrap();
    let documented: Vec<&str> =
        documented.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(columns, documented);
}

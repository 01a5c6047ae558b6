//! What a run lets go of while it runs: account years, once nobody is left who looks at more than which accounts there are.

use crate::support::Project;
use std::sync::{Arc, Weak};
use vitalfew::pipeline::check::{Plan, Step, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::parse;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;
use vitalfew::run::{Done, steps};

const STAGES: &str = "stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
      missing_account: {keep_as: nobody}
  - account_years: {from: ledger}
  - pareto: {from: account_years}
  - scorecard:
      groups:
        size: {weight: 1, criteria: {share: {weight: 1, measure: pareto.share, scale: [[0, 1], [1, 10]]}}}
  - select: {from: scorecard, enter: {top: 1}}
  - parquet: {from: [account_years, select], to: tables}
";

const LINES: &str = "\
customer,day,amount
B,2022-03-01,10.00
A,2023-03-01,30.00
A,2022-03-01,20.00
,2023-03-01,5.00
";

fn plan(project: &Project) -> Plan {
    let root = project.path("");
    let text = format!("name: small\nroot: {}\ncurrency: EUR\nas_of: 2023-12-31\n{STAGES}", root.display());
    let (pipeline, problems) = parse(SourceText { name: "small.yaml".to_owned(), text }, &[]).unwrap();
    check(pipeline, problems).unwrap()
}

#[test]
fn account_years_go_when_the_last_stage_that_looks_at_them_is_done() {
    let project = Project::new("").with("lines.csv", LINES);
    let plan = plan(&project);
    let wanted: Vec<usize> = (0..plan.steps.len()).collect();
    let mut inputs = Inputs::new(2, Progress::hidden());
    let (mut years, mut held) = (Weak::new(), Vec::new());
    let mut finished = |_: usize, step: &Step, done: &Done| {
        if step.id == "account_years" {
            years = Arc::downgrade(&done.1);
        }
        held.push((step.id.clone(), years.strong_count() > 0));
    };
    steps(&plan, &wanted, &mut inputs, Some(&mut finished)).unwrap();
    for (id, expected) in [("account_years", true), ("pareto", true), ("scorecard", false), ("select", false)] {
        assert!(held.contains(&(id.to_owned(), expected)), "{id}: {held:?}");
    }
    // What is left still tells the accounts, the time, and the bucket, and who asks for more is told.
    let (accounts, period) = inputs.accounts("account_years").unwrap();
    assert_eq!((accounts.text("account"), period.last_year), (vec!["A", "B"], 2023));
    assert_eq!(inputs.bucket().unwrap().text("account"), ["nobody"]);
    let refused = inputs.account_years("account_years").unwrap_err().to_string();
    insta::assert_snapshot!(refused, @"`account_years` was let go, though a stage still looks at it; this is a mistake of the program");
}

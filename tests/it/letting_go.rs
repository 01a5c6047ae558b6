//! What a run lets go of while it runs: account years, once nobody is left who looks at more than which accounts there are.

use crate::support::Project;
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::parse;
use vitalfew::product::{Inputs, Product};
use vitalfew::progress::Progress;
use vitalfew::run::steps;

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

fn plan(project: &Project, stages: &str) -> Plan {
    let root = project.path("");
    let text = format!("name: small\nroot: {}\ncurrency: EUR\nas_of: 2023-12-31\n{stages}", root.display());
    let (pipeline, problems) = parse(SourceText { name: "small.yaml".to_owned(), text }, &[]).unwrap();
    check(pipeline, problems).unwrap()
}

/// The stages, in their order, at whose end the account years were there no more.
fn without(stages: &str) -> Vec<String> {
    let project = Project::new("").with("lines.csv", LINES);
    let plan = plan(&project, stages);
    let wanted: Vec<usize> = (0..plan.steps.len()).collect();
    let mut inputs = Inputs::new(2, Progress::hidden());
    let mut finished = Vec::new();
    let made = steps(&plan, &wanted, &mut inputs, Some(&mut |_, step, _| finished.push(step.id.clone()))).unwrap();
    assert_eq!(made.len(), plan.steps.len());
    // What is left still tells the accounts, the time, and the bucket.
    let (accounts, period) = inputs.accounts("account_years").unwrap();
    assert_eq!((accounts.text("account"), period.last_year), (vec!["A", "B"], 2023));
    assert_eq!(inputs.bucket().unwrap().text("account"), ["nobody"]);
    finished.retain(|id| matches!(inputs.product(id).unwrap(), Product::Past(_)));
    finished
}

#[test]
fn account_years_go_when_the_last_stage_that_looks_at_them_is_done() {
    let gone = without(STAGES);
    assert!(gone.contains(&"account_years".to_owned()), "{gone:?}");
    let project = Project::new("").with("lines.csv", LINES);
    let plan = plan(&project, STAGES);
    let step = |id: &str| plan.steps.iter().position(|step| step.id == id).unwrap();
    let years = step("account_years");
    for (id, only_accounts) in [("pareto", false), ("scorecard", true), ("select", true)] {
        let reader = &plan.steps[step(id)];
        assert!(reader.reads.contains(&years), "{id}");
        assert_eq!(reader.accounts_of.contains(&years), only_accounts, "{id}");
    }
}

#[test]
fn who_did_not_say_what_it_looks_at_is_told() {
    let project = Project::new("").with("lines.csv", LINES);
    let plan = plan(&project, STAGES);
    let wanted: Vec<usize> = (0..plan.steps.len()).collect();
    let mut inputs = Inputs::new(1, Progress::hidden());
    steps(&plan, &wanted, &mut inputs, Some(&mut |_, _, _| ())).unwrap();
    let refused = inputs.account_years("account_years").unwrap_err().to_string();
    insta::assert_snapshot!(refused, @"`account_years` was let go, though a stage still looks at it; this is a mistake of the program");
}

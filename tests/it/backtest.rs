//! `backtest`: choosing at past year-ends with what was known then, and how the chosen accounts fared.

use crate::support::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use vitalfew::pipeline::check::{Plan, check};
use vitalfew::pipeline::diagnostics::SourceText;
use vitalfew::pipeline::load;
use vitalfew::product::Inputs;
use vitalfew::progress::Progress;
use vitalfew::replay::Replay;
use vitalfew::run::execute;

/// Every measure that looks at time in its own way, costs, judgements and overrides with dates.
const MEASURES: &str = "\
name: small
currency: EUR
as_of: latest
fiscal_year_starts: 4
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, cost: cost, product: sku, category: \"SUBSTR(sku, 1, 1)\", region: region}
      missing_account: {keep_as: nobody}
  - account_years: {from: ledger}
  - read: {id: customers, path: accounts.csv}
  - accounts: {from: customers, account: id, attributes: {segment: segment}}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years, by: segment, accounts: accounts}
  - profile: {from: account_years}
  - read: {id: costs, path: costs.csv}
  - profitability: {from: account_years, costs: costs, rates: {line: 0.10}}
  - breadth: {from: ledger}
  - whitespace: {from: ledger, by: segment, accounts: accounts, minimum_peers: 1}
  - stability: {from: ledger, months: 18}
  - lifetime_value: {from: account_years, margin: profitability.net_margin, discount: 0.1}
  - sql: {id: spread, query: \"SELECT account, COUNT(*) AS years FROM account_years GROUP BY account\", key: account}
  - read: {id: sheet, path: sheet.csv}
  - scorecard:
      judged: sheet
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 2, measure: growth.cagr, scale: percentile}
            margin: {weight: 1, measure: profitability.net_margin, scale: percentile}
            rhythm: {weight: 1, measure: stability.days_since_last, scale: {percentile: falling}}
            worth: {weight: 1, measure: lifetime_value.value, scale: percentile}
            years: {weight: 1, measure: spread.years, scale: [[1, 1], [5, 10]]}
        harmony:
          weight: 40
          criteria:
            strategy: {weight: 1, judged: true}
            breadth: {weight: 1, measure: breadth.diversity, scale: percentile}
  - robustness: {from: scorecard, chosen: {top: 2}, draws: 100}
";

fn plan(project: &Project, as_of: &str) -> Plan {
    let set = |text: String| SourceText { name: "--set".to_owned(), text };
    let sets = [set(format!("root={}", project.path("").display())), set(format!("as_of={as_of}"))];
    let (pipeline, problems) = load(&project.path("small.yaml"), &sets).unwrap_or_else(|invalid| panic!("{invalid}"));
    check(pipeline, problems).unwrap_or_else(|invalid| panic!("{invalid}"))
}

/// The tables of all stages below the ledger, as text.
fn tables(inputs: &Inputs, plan: &Plan) -> BTreeMap<String, String> {
    let below = plan.steps.iter().filter(|step| !["read", "ledger", "accounts"].contains(&step.kind.as_str()));
    let tables = below.flat_map(|step| inputs.product(&step.id).unwrap().tables());
    tables.map(|table| (table.name().to_owned(), format!("{:?}", table.frame))).collect()
}

/// Runs the stages of these places; their tables, or why one of them failed.
fn ran(plan: &Plan, wanted: &[usize], inputs: &mut Inputs) -> Result<BTreeMap<String, String>, String> {
    execute(plan, wanted, inputs).map_err(|failure| failure.to_string()).map(|()| tables(inputs, plan))
}

#[derive(Debug, Clone)]
struct Line {
    customer: usize,
    month: u32,
    day: u32,
    amount: i64,
    sku: usize,
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0usize..6, 0u32..48, 1u32..=28, -2_000i64..20_000, 0usize..5);
    let line = line.prop_map(|(customer, month, day, amount, sku)| Line { customer, month, day, amount, sku });
    proptest::collection::vec(line, 40..120)
}

/// A day of the four years from April 2020, that are the fiscal years 2021 to 2024.
fn date(month: u32, day: u32) -> String {
    let month = month + 3;
    format!("{}-{:02}-{day:02}", 2020 + month / 12, month % 12 + 1)
}

fn project(lines: &[Line]) -> Project {
    let (customers, skus) = (["A", "B", "C", "D", "E", ""], ["x1", "x2", "y1", "y2", "z1"]);
    let mut text = "customer,invoice,day,amount,cost,sku,region\n".to_owned();
    for (number, line) in lines.iter().enumerate() {
        let (customer, sku) = (customers[line.customer], skus[line.sku]);
        let (day, cost) = (date(line.month, line.day), line.amount / 2);
        let region = if number % 3 == 0 { "north" } else { "south" };
        writeln!(text, "{customer},{},{day},{}.50,{cost},{sku},{region}", number / 2, line.amount).unwrap();
    }
    let mut costs = "account,period,activity,amount\n".to_owned();
    let mut sheet = "account,criterion,score,rater,date,expires\n".to_owned();
    for (place, customer) in customers.iter().take(5).enumerate() {
        for month in [2, 14, 26, 38] {
            writeln!(costs, "{customer},{},freight,{month}.00", &date(month, 1)[..7]).unwrap();
            let (day, expires) = (date(month + u32::try_from(place).unwrap(), 5), date(month + 10, 5));
            writeln!(sheet, "{customer},strategy,{},Ada,{day},{expires}", (place + month as usize) % 10 + 1).unwrap();
        }
    }
    let accounts = "id,segment\nA,big\nB,big\nC,small\nD,small\nE,small\n";
    let project = Project::new(MEASURES).with("lines.csv", text).with("costs.csv", costs);
    project.with("sheet.csv", sheet).with("accounts.csv", accounts)
}

proptest! {
    #![proptest_config(Config {
        cases: 24,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    /// What the stages make of a ledger taken back to a year-end is what a run makes that is told to end there: of
    /// the same lines, costs and judgements, among which are later ones.
    #[test]
    fn the_past_is_what_a_run_of_that_day_made(lines in lines()) {
        let project = project(&lines);
        let today = plan(&project, "2024-03-31");
        let all: Vec<usize> = (0..today.steps.len()).collect();
        let mut inputs = Inputs::new(1, Progress::hidden());
        // Where a stage cannot be run today, what it reads is there all the same.
        let _ = ran(&today, &all, &mut inputs);
        let Ok(ledger) = inputs.ledger("ledger") else { return Ok(()) };
        for year in 2021..=2024 {
            let mut then = Inputs::new(1, Progress::hidden());
            let run = ran(&plan(&project, &format!("{year}-03-31")), &all, &mut then);
            let Some(past) = ledger.closed_at(year) else {
                prop_assert!(run.is_err(), "{year}");
                continue;
            };
            let replay = Replay::of(&today.steps, all.clone());
            let replayed = replay.run(&inputs, vec![("ledger", past)]);
            let replayed = replayed.map_err(|failure| failure.to_string()).map(|past| tables(&past, &today));
            prop_assert_eq!(&replayed, &run, "{}", year);
        }
    }
}

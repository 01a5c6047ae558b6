//! `backtest`: choosing at past year-ends with what was known then, and how the chosen accounts fared.

use crate::support::{Project, Published};
use insta::assert_snapshot;
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

/// Five years of five accounts, worked by hand below.
const REVENUE: [(&str, [i64; 5]); 5] = [
    ("A", [1_000, 1_000, 1_000, 1_000, 1_000]),
    ("B", [100, 150, 150, 300, 150]),
    ("C", [200, 220, 330, 330, 495]),
    ("D", [400, 200, 300, 300, 300]),
    ("E", [0, 0, 100, 200, 500]),
];

const CHOOSING: &str = "\
name: small
currency: EUR
as_of: 2025-12-31
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount, cost: cost}
  - account_years: {from: ledger}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years}
  - scorecard:
      groups:
        growth:
          weight: 100
          criteria:
            revenue: {weight: 100, measure: growth.cagr, scale: [[-0.5, 1], [0.5, 10]]}
  - history: {path: out/small/runs}
  - select: {from: scorecard, history: history, enter: {top: 2}, leave: {top: 4}, at_most: 2}
  - backtest: {from: select}
  - parquet: {from: [select, backtest], to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

fn book() -> String {
    let mut text = "customer,day,amount,cost\n".to_owned();
    for (customer, revenue) in REVENUE {
        for (year, revenue) in (2021..).zip(revenue).filter(|(_, revenue)| *revenue > 0) {
            // A costs half of its revenue, everybody else a fifth.
            let cost = if customer == "A" { revenue / 2 } else { revenue / 5 };
            writeln!(text, "{customer},{year}-06-30,{revenue}.00,{cost}.00").unwrap();
        }
    }
    text
}

/// At the end of 2022, B grew by 50% and C by 10%, A by nothing, and D fell by half: B and C are the first two. In 2023 C
/// and D grew by 50%, and B fell to the fourth place behind A: it need not leave before the fifth, and D waits as there
/// are two places. In 2024 B and E doubled; C is fourth behind A, stays, and E waits. 2021 has no year before it.
///
/// B and C: 150 + 220, then 150 + 330, 300 + 330, 150 + 495. The two largest are A and C each year: 1220, then 1330,
/// 1330, 1495. Class A, before which lie less than 80%, is A, C, D in 2022 (0, 1000, 1220 of 1570) and in 2023 (0, 1000,
/// 1330 of 1880), and with B in 2024 (1330 for both B and D, of 2130): 1420, 1630 and 1930, then 1630, 1630 and 1945.
/// All, which in 2022 are all but E: 1570, 1880 and 2130, then 1780, 2130 and 2445.
#[test]
fn three_year_ends_by_hand() {
    let project = Project::new(CHOOSING).with("lines.csv", book());
    let run = project.run(&[]);
    assert_snapshot!(run.table("tables/backtest.parquet"), @"
    as_of | rule | accounts | in_common | accounts_gone | followed_years | revenue_before | revenue_after | revenue_kept | growth_after | margin_after | verdict
    2022-12-31 | method | 2 | 2 | 0 | 1 | 370.00 | 480.00 | 1.2972972972972974 | 0.29729729729729737 | 0.8 | null
    2022-12-31 | largest | 2 | 1 | 0 | 1 | 1220.00 | 1330.00 | 1.0901639344262295 | 0.0901639344262295 | 0.5744360902255639 | better
    2022-12-31 | class_a | 3 | 1 | 0 | 1 | 1420.00 | 1630.00 | 1.147887323943662 | 0.147887323943662 | 0.6159509202453988 | better
    2022-12-31 | all | 4 | 2 | 0 | 1 | 1570.00 | 1780.00 | 1.1337579617834395 | 0.13375796178343946 | 0.6314606741573033 | better
    2023-12-31 | method | 2 | 2 | 0 | 1 | 480.00 | 630.00 | 1.3125 | 0.3125 | 0.8 | null
    2023-12-31 | largest | 2 | 1 | 0 | 1 | 1330.00 | 1330.00 | 1.0 | 0.0 | 0.5744360902255639 | better
    2023-12-31 | class_a | 3 | 1 | 0 | 1 | 1630.00 | 1630.00 | 1.0 | 0.0 | 0.6159509202453988 | better
    2023-12-31 | all | 5 | 2 | 0 | 1 | 1880.00 | 2130.00 | 1.1329787234042554 | 0.13297872340425543 | 0.6591549295774648 | better
    2024-12-31 | method | 2 | 2 | 0 | 1 | 630.00 | 645.00 | 1.0238095238095237 | 0.023809523809523725 | 0.8 | null
    2024-12-31 | largest | 2 | 1 | 0 | 1 | 1330.00 | 1495.00 | 1.1240601503759398 | 0.12406015037593976 | 0.5993311036789297 | worse
    2024-12-31 | class_a | 4 | 2 | 0 | 1 | 1930.00 | 1945.00 | 1.0077720207253886 | 0.007772020725388629 | 0.645758354755784 | better
    2024-12-31 | all | 5 | 2 | 0 | 1 | 2130.00 | 2445.00 | 1.147887323943662 | 0.147887323943662 | 0.6773006134969325 | worse
    ");
    assert_snapshot!(run.table("tables/backtest_skipped.parquet"), @"
    as_of | reason
    2021-12-31 | stage `growth` needs 2 complete fiscal years up to 2021-12-31, but the data has 1
    ");
    let report = run.text("report.md");
    let section = report.split("## Has choosing").nth(1).unwrap().split("\n## ").next().unwrap();
    assert_snapshot!(section.replace('\u{a0}', "~"), @r"
     this way served?

    The same rules, applied at earlier year-ends to what was known then, would have chosen some accounts; beside them stand as many of the largest, class A, and all accounts. Kept is the revenue of the year after as a part of that of the year that had just ended, and better is who kept more.
    Of 3 years, the method did better than the largest accounts in 2 and worse in 1.
    In each of 3 years the method did better than class A.

    - 31 December 2022: the 2 accounts chosen kept 129.7% of their revenue, more than the largest accounts (109.0%), more than class A (114.8%), more than all accounts (113.4%).
    - 31 December 2023: the 2 accounts chosen kept 131.3% of their revenue, more than the largest accounts (100.0%), more than class A (100.0%), more than all accounts (113.3%).
    - 31 December 2024: the 2 accounts chosen kept 102.4% of their revenue, less than the largest accounts (112.4%), more than class A (100.8%), less than all accounts (114.8%).

    | As of | Chosen by | Accounts | Of them by the method | Without revenue at the end | Revenue before (EUR) | Revenue after (EUR) | Kept | Margin after |
    |---:|:---|---:|---:|---:|---:|---:|---:|---:|
    | 31/12/2022 | the method | 2 | 2 | 0 | 370.00 | 480.00 | 129.7% | 80.0% |
    | 31/12/2022 | the largest accounts | 2 | 1 | 0 | 1,220.00 | 1,330.00 | 109.0% | 57.4% |
    | 31/12/2022 | class A | 3 | 1 | 0 | 1,420.00 | 1,630.00 | 114.8% | 61.6% |
    | 31/12/2022 | all accounts | 4 | 2 | 0 | 1,570.00 | 1,780.00 | 113.4% | 63.1% |
    | 31/12/2023 | the method | 2 | 2 | 0 | 480.00 | 630.00 | 131.3% | 80.0% |
    | 31/12/2023 | the largest accounts | 2 | 1 | 0 | 1,330.00 | 1,330.00 | 100.0% | 57.4% |
    | 31/12/2023 | class A | 3 | 1 | 0 | 1,630.00 | 1,630.00 | 100.0% | 61.6% |
    | 31/12/2023 | all accounts | 5 | 2 | 0 | 1,880.00 | 2,130.00 | 113.3% | 65.9% |
    | 31/12/2024 | the method | 2 | 2 | 0 | 630.00 | 645.00 | 102.4% | 80.0% |
    | 31/12/2024 | the largest accounts | 2 | 1 | 0 | 1,330.00 | 1,495.00 | 112.4% | 59.9% |
    | 31/12/2024 | class A | 4 | 2 | 0 | 1,930.00 | 1,945.00 | 100.8% | 64.6% |
    | 31/12/2024 | all accounts | 5 | 2 | 0 | 2,130.00 | 2,445.00 | 114.8% | 67.7% |

    One year-end could not be looked at:

    - 31 December 2021: stage \`growth\` needs 2 complete fiscal years up to 2021-12-31, but the data has 1
    ");
}

#[test]
fn two_years_after_by_hand() {
    let pipeline = CHOOSING.replace("backtest: {from: select}", "backtest: {from: select, years: 1, follow: 2}");
    let run = Project::new(&pipeline).with("lines.csv", book()).run(&[]);
    // As of 2023, the first review: C and D. 330 + 300, then 330 + 300 and 495 + 300: 1425 in two years, √(795 / 630) − 1.
    let table = run.table("tables/backtest.parquet");
    assert_snapshot!(table.select(&["as_of", "rule", "accounts", "revenue_before", "revenue_after"]), @"
    as_of | rule | accounts | revenue_before | revenue_after
    2023-12-31 | method | 2 | 630.00 | 1425.00
    2023-12-31 | largest | 2 | 1330.00 | 2825.00
    2023-12-31 | class_a | 3 | 1630.00 | 3425.00
    2023-12-31 | all | 5 | 1880.00 | 4575.00
    ");
    assert_eq!(table.numbers("revenue_kept")[0], Some(1425.0 / 1260.0));
    assert!((table.numbers("growth_after")[0].unwrap() - ((795.0f64 / 630.0).sqrt() - 1.0)).abs() < 1e-12);
    assert_eq!(table.numbers("margin_after")[0], Some(0.8));
}

/// What the backtest chooses is what runs of those days chose that were published one after the other.
#[test]
fn the_choices_are_those_of_the_runs_of_their_days() {
    let project = Project::new(CHOOSING).with("lines.csv", book());
    let mut published = Vec::new();
    // A past run has no year to follow: it only chooses.
    let only = CHOOSING.replace("  - backtest: {from: select}\n", "").replace("[select, backtest]", "[select]");
    project.write("small.yaml", &only);
    for (year, place) in [(2022, 1), (2023, 2), (2024, 3)] {
        let selection = project.run(&["--as-of", &format!("{year}-12-31")]).table("tables/selection.parquet");
        let keys = selection.texts("account").into_iter().zip(selection.texts("key"));
        let keys: Vec<String> = keys.filter(|(_, key)| key == "true").map(|(account, _)| account).collect();
        let revenue = REVENUE.iter().filter(|(account, _)| keys.iter().any(|key| key == account));
        let sum = |year: usize| format!("{}.00", revenue.clone().map(|(_, revenue)| revenue[year]).sum::<i64>());
        published.push((keys.len().to_string(), sum(place), sum(place + 1)));
    }
    project.write("small.yaml", CHOOSING);
    let table = project.run(&[]).table("tables/backtest.parquet");
    let column = |name: &str| table.texts(name).into_iter().step_by(4).collect::<Vec<String>>();
    let judged: Vec<(String, String, String)> = column("accounts")
        .into_iter()
        .zip(column("revenue_before"))
        .zip(column("revenue_after"))
        .map(|((accounts, before), after)| (accounts, before, after))
        .collect();
    assert_eq!(judged, published);
}

/// What comes later changes nothing of what was chosen, and neither does what was published.
#[test]
fn later_lines_and_published_runs_do_not_leak() {
    let project = Project::new(CHOOSING).with("lines.csv", book());
    let choice = |run: &Published| {
        run.table("tables/backtest.parquet").select(&["as_of", "rule", "accounts", "in_common", "revenue_before"])
    };
    let was = choice(&project.run(&[]));
    let later = book().replace("E,2025-06-30,500.00", "E,2025-06-30,90000.00") + "F,2025-03-01,70000.00,1.00\n";
    let changed = Project::new(CHOOSING).with("lines.csv", later).run(&[]);
    assert_eq!(choice(&changed), was);
    let after = |run: &Published| run.table("tables/backtest.parquet").texts("revenue_after");
    // The last row is that of all accounts of 2024: 2445 with 89 500 more of E. F was no account then.
    assert_eq!(after(&changed).last().map(String::as_str), Some("91945.00"));
    assert_eq!(choice(&project.run(&["--out", "again"])), was);
}

/// A word of the board of 2024 acts at the end of that year, and not in the years before: A takes a place on the list
/// then, and of B and C, that had both, B is the better one.
#[test]
fn what_people_said_later_does_not_leak() {
    let reads = "  - read: {id: overruled, path: overrides.csv}\n  - scorecard:\n      overrides: overruled\n";
    let pipeline = CHOOSING.replace("  - scorecard:\n", reads);
    let said = |since: &str| format!("account,what,value,who,why,since\nA,decision,always,board,promised,{since}\n");
    let chosen = |since: &str| {
        let run = Project::new(&pipeline).with("lines.csv", book()).with("overrides.csv", said(since)).run(&[]);
        let table = run.table("tables/backtest.parquet");
        table.texts("revenue_before").into_iter().step_by(4).collect::<Vec<String>>()
    };
    // B and C twice, then A and B: 150 + 220, 150 + 330, 1000 + 300. Without a first day A is there from the start.
    assert_eq!(chosen("2024-06-01"), ["370.00", "480.00", "1300.00"]);
    assert_eq!(chosen("2025-01-01"), ["370.00", "480.00", "630.00"]);
    assert_eq!(chosen("")[0], "1150.00");
}

#[test]
fn data_without_a_past_are_told_with_the_reasons() {
    let lines = book()
        .lines()
        .filter(|line| !line.contains(",2021-") && !line.contains(",2022-") && !line.contains(",2023-"))
        .collect::<Vec<_>>()
        .join("\n");
    let told = |pipeline: &str, lines: &str| {
        let run = Project::new(pipeline).with("lines.csv", lines).run(&[]);
        assert!(run.table("tables/backtest.parquet").rows.is_empty());
        let report = run.text("report.md").replace('\u{a0}', " ");
        let heading = report.lines().find(|line| line.starts_with("## Has choosing")).map(str::to_owned);
        let section = report.split(heading.as_deref().unwrap()).nth(1).unwrap().split("\n## ").next();
        section.unwrap_or_default().trim().to_owned()
    };
    assert_snapshot!(told(CHOOSING, &lines), @r"
    No past year-end could be looked at: the choice of then needs years before it, and a whole year after it.

    One year-end could not be looked at:

    - 31 December 2024: stage \`growth\` needs 2 complete fiscal years up to 2024-12-31, but the data has 1
    ");
    let long = CHOOSING.replace("backtest: {from: select}", "backtest: {from: select, follow: 5}");
    assert_snapshot!(told(&long, &book()), @"No past year-end could be looked at: the choice of then needs years before it, and a whole year after it.");
}

#[test]
fn what_has_no_past_is_refused() {
    let query = "  - sql: {id: told, query: \"SELECT 'A' AS account, COUNT(*) AS files FROM reconciliation\", key: account}\n  - scorecard:";
    let pipeline = CHOOSING.replace("  - scorecard:", query).replace("measure: growth.cagr", "measure: told.files");
    assert_snapshot!(Project::new(&pipeline).with("lines.csv", book()).refused(&[]), @"
    exit code 2
    error: stage `backtest` runs `told` again, which reads a table of the ledger that has no past
      --> small.yaml:21:5
       |
    21 |   - backtest: {from: select}
       |     ^^^^^^^^
       |
       = hint: what a ledger tells of its files and lines it tells of all of them, also of later ones

    1 mistake in `small.yaml`
    ");
    let notes =
        "amount: amount, cost: cost, invoice: customer}\n      credit_notes: {dated: corrected, corrects: customer}";
    let pipeline = CHOOSING.replace("amount: amount, cost: cost}", notes);
    assert_snapshot!(Project::new(&pipeline).with("lines.csv", book()).refused(&[]), @"
    exit code 2
    error: stage `backtest` needs to know what was known when, but `ledger` counts credit notes on the day of the invoice
      --> small.yaml:21:5
       |
    21 |   - backtest: {from: select}
       |     ^^^^^^^^
       |
       = hint: with `dated: own` a credit note counts when it was written

    1 mistake in `small.yaml`
    ");
    let pipeline =
        CHOOSING.replace("backtest: {from: select}", "backtest: {from: scorecard, years: 0, follow: x, ahead: 1}");
    assert_snapshot!(Project::new(&pipeline).with("lines.csv", book()).refused(&[]), @"
    exit code 2
    error: stage `backtest` reads a `select` stage, but `scorecard` is a `scorecard` stage
      --> small.yaml:20:22
       |
    20 |   - backtest: {from: scorecard, years: 0, follow: x, ahead: 1}
       |                      ^^^^^^^^^
       |
       = hint: stages of that kind above: `select`

    error: `years` should be a whole number from 1 to 30, found `0`
      --> small.yaml:20:40
       |
    20 |   - backtest: {from: scorecard, years: 0, follow: x, ahead: 1}
       |                                        ^

    error: `follow` should be a whole number from 1 to 10, found `x`
      --> small.yaml:20:51
       |
    20 |   - backtest: {from: scorecard, years: 0, follow: x, ahead: 1}
       |                                                   ^

    error: unknown key `ahead` in stage `backtest`
      --> small.yaml:20:54
       |
    20 |   - backtest: {from: scorecard, years: 0, follow: x, ahead: 1}
       |                                                      ^^^^^
       |
       = hint: there are: `id`, `from`, `years`, `follow`

    4 mistakes in `small.yaml`
    ");
}

//! `vitalfew whatif`: who enters, who leaves, who moves and why, from the tables of the last run.

use crate::support::{Project, Published};
use insta::assert_snapshot;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2025-12-31
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
  - account_years: {from: ledger}
  - growth: {from: account_years, years: 1}
  - profile: {from: account_years}
  - read: {id: customers, path: accounts.csv}
  - accounts: {from: customers, account: id, attributes: {name: name}}
  - read: {id: sheet, path: sheet.csv}
  - scorecard:
      judged: sheet
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 100, measure: growth.cagr, scale: [[0, 1], [1, 10]]}
        harmony:
          weight: 40
          criteria:
            strategy: {weight: 100, judged: true}
  - parquet: {from: [account_years, growth, accounts, scorecard], to: tables}
";

const LINES: &str = "\
customer,day,amount
A,2024-03-01,100.00
A,2025-03-01,200.00
B,2024-03-01,100.00
B,2025-03-01,150.00
C,2024-03-01,100.00
C,2025-03-01,100.00
D,2024-03-01,100.00
D,2025-03-01,190.00
";

const ACCOUNTS: &str = "id,name\nA,Alder & Sons\nB,\"Birch \u{1b}[31m\"\nC,=Cedar\nD,Dogwood\n";

const SHEET: &str = "account,criterion,score\nA,strategy,2\nB,strategy,8\nC,strategy,9\n";

fn project() -> Project {
    Project::new(PIPELINE).with("lines.csv", LINES).with("accounts.csv", ACCOUNTS).with("sheet.csv", SHEET)
}

fn answer(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["whatif", "small.yaml"], arguments].concat());
    let start = done.stdout.find('\n').map_or(0, |end| end + 1);
    format!("exit code {}\n{}{}", done.code, &done.stdout[start..], done.stderr)
}

#[test]
fn other_weights_say_who_enters_and_why() {
    let project = project();
    project.run(&[]);
    // A: 0.6·10 + 0.4·2 = 6.8; B: 0.6·5.5 + 0.4·8 = 6.5; C: 0.6·1 + 0.4·9 = 4.2; D knows 60% only: 9.1.
    // With 30 and 70, D knows less than half: A 4.4, B 7.25, C 6.6.
    let weights = ["--set", "stages.scorecard.groups.growth.weight=30", "--set"];
    let weights = [&weights[..], &["stages.scorecard.groups.harmony.weight=70"]].concat();
    assert_snapshot!(answer(&project, &[&["--top", "2"], &weights[..]].concat()), @r"
    exit code 0
    the list, the 2 best by score: 2 accounts, now 2
    4 of 4 accounts have another score or rank

    2 enter
      B Birch \u{1b}[31m                     6.50 → 7.25     rank    3 → 1
          +2.40  Strategy: scored 8.0, weight 40.0% → 70.0%
          -1.65  Revenue: scored 5.5, weight 60.0% → 30.0%
      C =Cedar                               4.20 → 6.60     rank    4 → 2
          +2.70  Strategy: scored 9.0, weight 40.0% → 70.0%
          -0.30  Revenue: scored 1.0, weight 60.0% → 30.0%

    2 leave, of them 1 no longer rated
      A Alder & Sons                         6.80 → 4.40     rank    2 → 3
          -3.00  Revenue: scored 10.0, weight 60.0% → 30.0%
          +0.60  Strategy: scored 2.0, weight 40.0% → 70.0%
      D Dogwood                              9.10 → 9.10     rank    1 → –
          no longer rated: 30.0% of the weight is known, was 60.0%

    0 stay and move
    ");
    assert_snapshot!(answer(&project, &[&["--score", "6.5"], &weights[..]].concat()), @r"
    exit code 0
    the list, a score of 6.5 and above: 3 accounts, now 2
    4 of 4 accounts have another score or rank

    1 enter
      C =Cedar                               4.20 → 6.60     rank    4 → 2
          +2.70  Strategy: scored 9.0, weight 40.0% → 70.0%
          -0.30  Revenue: scored 1.0, weight 60.0% → 30.0%

    2 leave, of them 1 no longer rated
      A Alder & Sons                         6.80 → 4.40     rank    2 → 3
          -3.00  Revenue: scored 10.0, weight 60.0% → 30.0%
          +0.60  Strategy: scored 2.0, weight 40.0% → 70.0%
      D Dogwood                              9.10 → 9.10     rank    1 → –
          no longer rated: 30.0% of the weight is known, was 60.0%

    1 stay and move
      B Birch \u{1b}[31m                     6.50 → 7.25     rank    3 → 1
          +2.40  Strategy: scored 8.0, weight 40.0% → 70.0%
          -1.65  Revenue: scored 5.5, weight 60.0% → 30.0%
    ");
}

/// As above, with a list of class A: A and D are the first 390 of 640 in revenue and B comes behind less than 80%, so
/// that C alone is of class B.
fn declared(chosen: &str) -> Project {
    let robustness = format!("  - robustness: {{from: scorecard, chosen: {chosen}, draws: 100}}\n  - parquet");
    let pipeline = PIPELINE.replace("  - profile", "  - pareto: {from: account_years}\n  - profile");
    let pipeline = pipeline.replace("  - parquet", &robustness).replace("[account_years, ", "[account_years, pareto, ");
    let project = project();
    project.write("small.yaml", pipeline);
    project.run(&[]);
    project
}

#[test]
fn the_list_is_the_one_that_the_pipeline_declares() {
    let project = declared("{top: 2, class: A}");
    let weights = ["--set", "stages.scorecard.groups.growth.weight=30", "--set"];
    let weights = [&weights[..], &["stages.scorecard.groups.harmony.weight=70"]].concat();
    // C has the second best score then and is of class B, so that A stays, at no. 2 of class A.
    assert_snapshot!(answer(&project, &weights), @r"
    exit code 0
    the list, the 2 best by score of class A: 2 accounts, now 2
    4 of 4 accounts have another score or rank

    1 enter
      B Birch \u{1b}[31m                     6.50 → 7.25     rank    3 → 1
          +2.40  Strategy: scored 8.0, weight 40.0% → 70.0%
          -1.65  Revenue: scored 5.5, weight 60.0% → 30.0%

    1 leave, of them 1 no longer rated
      D Dogwood                              9.10 → 9.10     rank    1 → –
          no longer rated: 30.0% of the weight is known, was 60.0%

    1 stay and move
      A Alder & Sons                         6.80 → 4.40     rank    2 → 2
          -3.00  Revenue: scored 10.0, weight 60.0% → 30.0%
          +0.60  Strategy: scored 2.0, weight 40.0% → 70.0%
    ");
    assert_snapshot!(answer(&project, &[&["--top", "1"], &weights[..]].concat()), @r"
    exit code 0
    the list, the best by score: 1 account, now 1
    4 of 4 accounts have another score or rank

    1 enter
      B Birch \u{1b}[31m                     6.50 → 7.25     rank    3 → 1
          +2.40  Strategy: scored 8.0, weight 40.0% → 70.0%
          -1.65  Revenue: scored 5.5, weight 60.0% → 30.0%

    1 leave, of them 1 no longer rated
      D Dogwood                              9.10 → 9.10     rank    1 → –
          no longer rated: 30.0% of the weight is known, was 60.0%

    0 stay and move
    ");
    assert_snapshot!(answer(&project, &["--set", "stages.robustness.chosen={score: 6.5}"]), @r"
    exit code 0
    the list, the 2 best by score of class A: 2 accounts
    now a score of 6.5 and above: 3 accounts
    2 of 4 accounts have another score or rank

    1 enter
      B Birch \u{1b}[31m                     6.50 → 6.50     rank    3 → 3
          others fell behind it: its own score did not rise

    0 leave

    0 stay and move
    ");
}

/// With 50% as the cut-off B is of class B.
#[test]
fn another_class_is_a_reason_to_leave() {
    let project = declared("{top: 3, class: [A]}");
    assert_snapshot!(answer(&project, &["--set", "stages.pareto.cutoff=50"]), @r"
    exit code 0
    the list, the 3 best by score of class A: 3 accounts, now 2
    1 of 4 accounts have another score or rank

    0 enter

    1 leave
      B Birch \u{1b}[31m                     6.50 → 6.50     rank    3 → –
          now of class B, was of class A

    0 stay and move
    ");
}

#[test]
fn nothing_changed_says_so() {
    let project = project();
    project.run(&[]);
    assert_snapshot!(answer(&project, &[]), @"
    exit code 0
    the list, the 20 best by score: 4 accounts, now 4
    0 of 4 accounts have another score or rank

    0 enter

    0 leave

    0 stay and move
    ");
}

/// Another measure or scale is computed from the published tables, and gives what a whole run gives.
#[test]
fn the_answer_is_that_of_a_whole_run() {
    let project = project();
    let before = project.run(&[]).files();
    for set in [
        "stages.scorecard.groups.harmony.weight=300",
        "stages.scorecard.missing=neutral",
        "stages.scorecard.groups.growth.criteria.revenue.scale=[[0, 10], [1, 1]]",
        "stages.scorecard.groups.growth.criteria.revenue.measure=growth.dhs_growth",
        "stages.growth.threshold=0.5",
        "stages.ledger.exclude=[{where: \"customer = 'D'\", because: a test}]",
        "decimals=3",
    ] {
        let text = answer(&project, &["--set", set, "--top", "4"]);
        let run = project.run(&["--set", set, "--out", "elsewhere"]).table("tables/scorecard.parquet");
        for row in &run.rows {
            let (account, score) = (row[0].as_deref().unwrap(), row[1].as_deref().unwrap());
            let score: f64 = score.parse().unwrap();
            let moved = text.lines().find(|line| line.starts_with(&format!("  {account} ")));
            let unmoved = "0 of 4 accounts have another score or rank";
            assert!(
                moved.is_none() || moved.is_some_and(|line| line.contains(&format!("→ {score:.2}"))),
                "{set}: {account} {score}\n{text}"
            );
            assert!(moved.is_some() || text.contains(unmoved) || !text.contains("4 of 4 accounts"), "{set}\n{text}");
        }
    }
    assert_eq!(before, Published::of(&project.path("out"), "small").files(), "nothing is published");
}

/// What the run did not keep is made anew, down to the lines where need be; and the answer says so.
#[test]
fn tables_that_were_not_published_are_made_anew() {
    let project = project();
    project.run(&[]);
    let set = ["whatif", "small.yaml", "--set", "stages.growth.threshold=0.5"];
    let from_tables = project.vitalfew(&set).stdout;
    project.write("small.yaml", PIPELINE.replace("account_years, growth, ", ""));
    project.run(&[]);
    let from_lines = project.vitalfew(&set).stdout;
    assert!(from_lines.contains("; the invoice lines were read again; nothing is published\n"), "{from_lines}");
    assert_eq!(from_lines.lines().skip(1).collect::<Vec<_>>(), from_tables.lines().skip(1).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_told_from_tables_is_refused() {
    let project = project();
    assert_snapshot!(answer(&project, &[]), @"
    exit code 2
    error: there is no run `small` below `out`
    hint: give a pipeline's name, a run id of `vitalfew runs`, or the folder of a run
    ");
    project.run(&[]);
    assert_snapshot!(answer(&project, &["--run", "2025"]), @"
    exit code 2
    error: there is no run `2025` below `out`
    hint: there are: `small`
    ");
    project.write("small.yaml", PIPELINE.replace(", scorecard]", "]"));
    project.run(&[]);
    // The hash is another one with every version of the program.
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        assert_snapshot!(answer(&project, &["--set", "stages.scorecard.missing=neutral"]), @"
        exit code 2
        error: the run `2025-12-31-HASH` has no table `scorecard` with the columns of this pipeline
        hint: name its stage in a `parquet` stage, and run the pipeline once more
        ");
    });
    project.write("small.yaml", PIPELINE.split("  - read: {id: sheet").next().unwrap());
    assert_snapshot!(answer(&project, &[]), @"
    exit code 2
    error: the pipeline `small` has no `scorecard` stage
    hint: `whatif` says what a change would do to the scores
    ");
}

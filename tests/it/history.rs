//! Runs of the past: which of them a run knows, and keeping one.

use crate::support::{Project, Published};
use insta::assert_snapshot;
use serde_json::Value;
use std::fs;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2025-12-31
stages:
  - history: {path: reviews}
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
      quarantine_limit: 50%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

fn project(folder: &str) -> Project {
    let lines = "customer,day,amount\nA,2023-03-01,100.00\nA,2024-03-01,100.00\nB,2025-03-01,200.00\n,2025-03-01,1\n";
    Project::new(&PIPELINE.replace("reviews", folder)).with("lines.csv", lines)
}

fn record(run: &Published) -> Value {
    serde_json::from_str(&run.text("run.json")).unwrap()
}

fn known(run: &Published) -> Vec<String> {
    let record = record(run);
    record["history"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()[..10].to_owned()).collect()
}

#[test]
fn a_run_knows_the_runs_of_earlier_days_and_a_second_run_knows_the_same() {
    let project = project("out/small/runs");
    assert!(known(&project.run(&["--as-of", "2024-06-30"])).is_empty());
    let first = project.run(&[]);
    assert_eq!(known(&first), ["2024-06-30"]);
    let again = project.vitalfew(&["run", "small.yaml", "--log", "none"]);
    assert!(again.stdout.starts_with("unchanged"), "{}", again.stdout);
    // Published later, but of a day before: the run of today is another one now.
    project.run(&["--as-of", "2024-12-31"]);
    let third = project.run(&[]);
    assert_eq!(known(&third), ["2024-06-30", "2024-12-31"]);
    assert_ne!(record(&third)["run"], record(&first)["run"]);
    // A later day is none of its business.
    project.run(&["--as-of", "2026-01-31"]);
    assert_eq!(record(&project.run(&[]))["run"], record(&third)["run"]);
}

#[test]
fn of_several_runs_of_a_day_the_last_one_counts() {
    let project = project("out/small/runs");
    project.run(&["--as-of", "2024-12-31"]);
    let second = project.run(&["--as-of", "2024-12-31", "--set", "decimals=3"]);
    assert_eq!(record(&project.run(&[]))["history"], serde_json::json!([record(&second)["run"]]));
}

#[test]
fn a_kept_run_has_its_tables_and_no_clock() {
    let project = project("reviews");
    project.run(&["--as-of", "2024-12-31"]);
    let kept = project.vitalfew(&["keep", "small", "--to", "reviews"]);
    assert_eq!((kept.code, kept.stderr.as_str()), (0, ""));
    let folder = fs::read_dir(project.path("reviews")).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<String> = Vec::new();
    for entry in [&folder, &folder.join("tables")].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        files.push(entry.unwrap().file_name().into_string().unwrap());
    }
    files.sort();
    assert!(files.contains(&"account_years.parquet".to_owned()) && files.contains(&"run.json".to_owned()), "{files:?}");
    assert!(!files.contains(&"quarantine.parquet".to_owned()), "{files:?}");
    let text = fs::read_to_string(folder.join("run.json")).unwrap();
    assert!(!text.contains("seconds") && !text.contains("started") && !text.contains("threads"), "{text}");
    let record: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["outputs"].as_array().unwrap().len(), files.len() - 2, "{files:?}");
    assert_eq!(known(&project.run(&[])), ["2024-12-31"]);

    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH")]}, {
        project.run(&["--as-of", "2024-12-31"]);
        let again = project.vitalfew(&["keep", "small", "--to", "reviews"]);
        assert_eq!((again.code, again.stderr.as_str()), (0, ""));
        assert_snapshot!(again.stdout, @"kept before as reviews/2024-12-31-HASH");
        // Of another run of that day nothing would say which of the two stands.
        project.run(&["--as-of", "2024-12-31", "--set", "decimals=3"]);
        let other = project.vitalfew(&["keep", "small", "--to", "reviews"]);
        assert_snapshot!(format!("exit code {}\n{}", other.code, other.stderr), @"
        exit code 2
        error: `reviews` holds another run of 2024-12-31: `2024-12-31-HASH`
        hint: a day has one review: take the folder of that run away first
        ");
        assert_eq!(fs::read_dir(project.path("reviews")).unwrap().count(), 1);
        // One that was edited is not what was kept.
        fs::write(folder.join("tables/account_years.parquet"), b"PAR1").unwrap();
        project.run(&["--as-of", "2024-12-31"]);
        assert_eq!(project.vitalfew(&["keep", "small", "--to", "reviews"]).code, 1);
        let planned = project.vitalfew(&["plan", "small.yaml"]).stdout;
        assert_snapshot!(planned.lines().take(2).collect::<Vec<_>>().join("\n"), @"
        1. history
             the run 2024-12-31-HASH
        ");
    });
}

#[test]
fn a_damaged_table_is_not_kept() {
    let project = project("reviews");
    project.run(&["--as-of", "2024-12-31"]);
    let current = project.path("out/small/current/tables/account_years.parquet");
    fs::write(current, b"PAR1").unwrap();
    let kept = project.vitalfew(&["keep", "small", "--to", "reviews"]);
    assert_eq!((kept.code, kept.stdout.as_str()), (1, ""));
    assert!(kept.stderr.contains("it is not what the run published"), "{}", kept.stderr);
    assert!(!project.path("reviews").exists());
}

#[test]
fn an_id_that_leads_out_of_the_folder_is_refused() {
    let project = project("reviews");
    for id in ["../outside", "", "a/b", ".."] {
        project.write("foreign/run.json", serde_json::json!({"run": id, "as_of": "2024-12-31"}).to_string());
        let kept = project.vitalfew(&["keep", "foreign/", "--to", "reviews"]);
        let told = kept.stderr.replace(&project.path("").canonicalize().unwrap().display().to_string(), "ROOT");
        insta::allow_duplicates! {
            assert_snapshot!(format!("exit code {}\n{told}", kept.code), @"
            exit code 1
            error: the run in `ROOT/foreign` has no id that could name a folder
            hint: the run is damaged; run the pipeline again
            ");
        }
    }
    assert!(!project.path("reviews").exists() && !project.path("outside").exists());
}

#[test]
fn folders_that_hold_no_runs() {
    let project = project("reviews").with("reviews/notes.txt", "x");
    assert_snapshot!(project.refused(&[]), @"
    exit code 2
    error: `./reviews` holds no runs, but `notes.txt`
     --> small.yaml:5:21
      |
    5 |   - history: {path: reviews}
      |                     ^^^^^^^
      |
      = hint: name the folder that holds the folders of runs, such as `out/key_accounts/runs`

    1 mistake in `small.yaml`
    ");
    fs::remove_file(project.path("reviews/notes.txt")).unwrap();
    // Nothing in it: nothing was published yet.
    assert!(known(&project.run(&[])).is_empty());
    project.write("reviews/one/run.json", "{");
    assert_snapshot!(project.refused(&[]), @"
    exit code 2
    error: cannot read `./reviews/one/run.json`: EOF while parsing an object at line 1 column 1
     --> small.yaml:5:21
      |
    5 |   - history: {path: reviews}
      |                     ^^^^^^^
      |
      = hint: put the file back, or take the folder of that run away

    1 mistake in `small.yaml`
    ");
    project.write("reviews/one/run.json", "{\"run\": \"x\"}");
    assert_snapshot!(project.refused(&[]), @"
    exit code 2
    error: the run in `./reviews/one` does not say its last day
     --> small.yaml:5:21
      |
    5 |   - history: {path: reviews}
      |                     ^^^^^^^
      |
      = hint: it reads no invoice lines; take it out of the folder

    1 mistake in `small.yaml`
    ");
}

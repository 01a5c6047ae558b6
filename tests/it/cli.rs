//! The command line as a user runs it.

use crate::support::{Project, files_below, repository, vitalfew};
use insta::assert_snapshot;
use std::fs::File;

const SMALL: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
  - account_years: {from: ledger}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years}
  - parquet: {from: [account_years, growth, pareto], to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

const LINES: &str = "\
customer,day,amount
Ana,2023-05-01,100.00
Ana,2024-05-01,150.00
Bea,2023-06-01,90.00
Bea,2024-06-01,80.00
Cai,2024-12-31,5.00
Ana,2025-01-07,7.00
";

fn small() -> Project {
    Project::new(SMALL).with("lines.csv", LINES)
}

#[test]
fn help_says_what_there_is_to_do() {
    let done = small().vitalfew(&["--help"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_snapshot!(done.stdout, @"
    Turns years of invoices and a sheet of judgements into the list of key accounts, with reasons

    Usage: vitalfew <COMMAND>

    Commands:
      run         Run a pipeline and publish what it makes
      check       Find every mistake of a pipeline; reads no data beyond the columns of its files
      plan        Show what would run, in order, on which files
      whatif      Say who would enter, leave and move with other weights, scales or rules, and why;
                  publishes nothing
      explain     Say why an account stands where it stands, from its invoices to its score
      diff        Say what has changed from one published run to another, and why
      scoresheet  Write the spreadsheet in which people judge accounts
      runs        List the published runs of a pipeline
      keep        Keep the tables of a run as a review that later runs are held against
      quarantine  List the lines that a run could not use, and why
      stages      List the kinds of stages, or print the manual of one
      demo-data   Make invoices, accounts and judgements of an invented company
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes: 0 done; 1 failed while running; 2 the pipeline or the arguments are wrong; 3 the data
    broke a declared rule; 4 another run holds the lock; 130 interrupted.
    ");
}

#[test]
fn every_command_explains_its_arguments() {
    for command in ["run", "check", "plan", "runs", "stages", "demo-data"] {
        let done = small().vitalfew(&[command, "--help"]);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{command}");
        assert!(done.stdout.contains(&format!("Usage: vitalfew {command}")), "{}", done.stdout);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(small().vitalfew(&["--version"]).stdout, format!("vitalfew {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_run_says_what_it_published_and_what_to_read() {
    let project = small();
    let first = project.vitalfew(&["run", "small.yaml"]);
    let again = project.vitalfew(&["run", "small.yaml"]);
    assert_eq!((first.code, again.code), (0, 0), "{}", first.stderr);
    insta::with_settings!({filters => vec![(r"-[0-9a-f]{16}", "-HASH"), (r"in [0-9.]+ s", "in SECONDS s")]}, {
        assert_snapshot!(format!("{}{}", first.stdout, again.stdout), @"
        published out/small/runs/2024-12-31-HASH in SECONDS s
        read out/small/current/report.md
        unchanged, published before as out/small/runs/2024-12-31-HASH in SECONDS s
        read out/small/current/report.md
        ");
    });
}

#[test]
fn results_go_to_standard_output_and_the_log_to_standard_error() {
    let project = small();
    let run = |log: &[&str]| project.vitalfew(&[&["run", "small.yaml", "--fresh"], log].concat());
    // Not a terminal: plain lines.
    for log in [&[][..], &["--log", "plain"]] {
        let done = run(log);
        assert!(done.stderr.contains("done stage=\"growth\""), "{}", done.stderr);
        assert!(!done.stderr.contains('\u{1b}') && !done.stdout.contains("stage="), "{}", done.stdout);
    }
    assert_eq!(run(&["--log", "none"]).stderr, "");
    let json = run(&["--log", "json"]).stderr;
    let lines: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let stages: Vec<&str> = lines.iter().filter_map(|line| line["fields"]["stage"].as_str()).collect();
    assert_eq!(stages, ["invoices", "ledger", "account_years", "growth", "pareto", "parquet", "markdown"]);
    assert_eq!(lines.last().unwrap()["fields"]["message"], "published");
}

#[test]
fn check_reads_no_lines() {
    let done = small().vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_snapshot!(done.stdout, @"small.yaml is sound: 7 stages, 1 input file");
}

#[test]
fn plan_shows_what_would_run() {
    let project = small();
    let done = project.vitalfew(&["plan", "small.yaml"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert_snapshot!(done.stdout, @"
     1. invoices (read)
          lines.csv (146 bytes)
     2. ledger ← invoices
          makes quarantine: file, line, reason, detail, raw
          makes reconciliation: file, rows_read, rows_accepted, rows_excluded, rows_quarantined, amount_read, amount_accepted, amount_excluded, amount_quarantined, rows_without_amount, rows_without_cost
          makes outcomes: file, outcome, reason, rows, amount, first_line
          makes files: file, format, compression, encoding, delimiter, sheet, header_line, rows_empty, columns_missing, dates_ambiguous
          makes total_rows: file, line, amount, of, rows_summed, became, rows
          makes file_years: file, fiscal_year, lines, revenue
     3. account_years ← ledger
          makes account_years: account, fiscal_year, revenue, cost, lines, invoices, products, returns, active_months, first_date, last_date, complete
     4. growth ← account_years
          makes growth: account, revenue_y0, revenue_y1, growth_y1, cagr, growth_intervals, growth_status, years_grown, constant_growth, worst_growth, growth_stddev, dhs_growth
     5. pareto ← account_years
          makes pareto: account, revenue, rank, share, cum_share, class, vital_few
          makes concentration: segment, accounts, revenue, negative_revenue, unassigned_revenue, gini, hhi, effective_accounts, n_cutoff, top1_share, top5_share, top10_share, top20pct_share
     6. parquet ← account_years, growth, pareto
     7. markdown ← ledger, growth, pareto
    all stages would run: nothing was published before
    ledger: the lines of the only file would be read: nothing is kept of lines that were judged by these rules
    ");
    assert!(!project.path("out").exists());
}

#[test]
fn runs_are_listed_and_the_current_one_marked() {
    let project = small();
    let missing = project.vitalfew(&["runs", "small"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert_snapshot!(missing.stderr, @"
    error: cannot read `out/small/runs`: No such file or directory (os error 2)
    hint: `name` is the pipeline's name, `--out` the folder it was run with
    ");
    let first = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let second = project.run(&["--set", "currency=USD"]).record()["run"].as_str().unwrap().to_owned();
    let done = project.vitalfew(&["runs", "small"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let mut expected = [first, format!("{second}  current")];
    expected.sort();
    assert_eq!(done.stdout.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn stages_are_explained() {
    let project = small();
    let list = project.vitalfew(&["stages"]);
    assert_eq!((list.code, list.stderr.as_str()), (0, ""));
    let kinds: Vec<&str> = list.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(kinds, vitalfew::stages::Stage::KINDS);
    for kind in kinds {
        let manual = project.vitalfew(&["stages", kind]).stdout;
        assert!(manual.starts_with(&format!("# {kind}\n")), "{manual}");
    }
}

#[test]
fn a_wrong_kind_gets_the_nearest_one() {
    let done = small().vitalfew(&["stages", "grwoth"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""));
    assert_snapshot!(done.stderr, @"
    error: there is no kind of stage `grwoth`
    hint: did you mean `growth`?
    ");
}

#[test]
fn the_as_of_day_of_the_command_line_wins() {
    let project = small();
    let latest = project.run(&[]);
    assert_eq!(latest.record()["as_of"], "2024-12-31");
    let declared = project.run(&["--set", "as_of=2023-12-31", "--as-of", "2024-12-31"]);
    assert_eq!(declared.record()["as_of"], "2024-12-31");
    let one = project.run(&["--as-of", "2025-12-31"]);
    assert_eq!(one.table("tables/growth.parquet").texts("revenue_y1"), ["7.00", "0.00", "0.00"]);
}

#[test]
fn set_changes_settings_stages_and_the_root() {
    let project = small().with("elsewhere/lines.csv", LINES.replace("100.00", "200.00"));
    let run = project.run(&["--set", "currency=USD"]);
    assert_eq!(run.record()["currency"], "USD");
    assert!(run.text("report.md").contains("USD"));
    // The lines start in 2023, so that three years are not there.
    let refused = project.refused(&["--set", "stages.growth.years=2"]);
    assert!(refused.contains("needs 3 complete fiscal years"), "{refused}");
    let run = project.run(&["--set", "root=elsewhere"]);
    assert_eq!(run.table("tables/growth.parquet").texts("revenue_y0"), ["200.00", "90.00", "0.00"]);
    let run = project.run(&["--set", "stages.pareto.cutoff=50", "--set", "stages.pareto.b_cutoff=60"]);
    assert_eq!(run.table("tables/pareto.parquet").texts("class"), ["A", "C", "C"]);
}

#[test]
fn out_says_where_runs_go() {
    let project = small();
    let done = project.vitalfew(&["run", "small.yaml", "--out", "elsewhere/runs", "--log", "none"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(project.path("elsewhere/runs/small/current/report.md").is_file());
    assert!(!project.path("out").exists());
}

/// 0 is everywhere else in this file; 130 needs a signal.
#[test]
fn exit_codes_say_why_a_run_failed() {
    let project = small();
    project.write("blocked/small", "a file where a folder should be");
    let failed = project.vitalfew(&["run", "small.yaml", "--out", "blocked", "--log", "none"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (1, ""));
    assert!(failed.stderr.starts_with("error: cannot create `blocked/small/runs`"), "{}", failed.stderr);

    assert_eq!(project.vitalfew(&["run", "absent.yaml"]).code, 2);
    assert_eq!(project.vitalfew(&["run"]).code, 2);
    assert_eq!(project.vitalfew(&["walk", "small.yaml"]).code, 2);
    assert_eq!(project.vitalfew(&["run", "small.yaml", "--threads", "0"]).code, 2);

    project.write("lines.csv", LINES.replace("80.00", "eighty"));
    assert_eq!(project.vitalfew(&["run", "small.yaml"]).code, 3);
}

#[test]
fn a_run_that_is_being_written_is_not_disturbed() {
    let project = small();
    project.write("out/small/.lock", "");
    let lock = File::options().write(true).open(project.path("out/small/.lock")).unwrap();
    lock.lock().unwrap();
    assert_snapshot!(project.refused(&[]), @"
    exit code 4
    error: another run is writing to `out/small`
    hint: wait for it, or stop it
    ");
    drop(lock);
    project.run(&[]);
}

#[test]
fn a_failed_run_leaves_what_was_published() {
    let project = small();
    let before = project.run(&[]).files();
    project.write("lines.csv", LINES.replace("80.00", "eighty"));
    project.refused(&[]);
    let after = files_below(&project.path("out/small/current"));
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    assert_eq!(std::fs::read_dir(project.path("out/small/runs")).unwrap().count(), 1);
}

#[test]
fn the_demo_data_of_the_repository_is_what_the_program_makes() {
    let project = small();
    let done = project.vitalfew(&["demo-data", "--to", "demo"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert!(done.stdout.starts_with("wrote 69 files with 40000 invoice lines, "), "{}", done.stdout);
    let (made, mut committed) = (files_below(&project.path("demo")), files_below(&repository().join("data/demo")));
    // The reviews of the past are runs that were kept, by the script beside them.
    committed.retain(|path, _| !path.starts_with("reviews"));
    assert_eq!(made.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    for (path, bytes) in &made {
        assert!(committed.get(path) == Some(bytes), "`{path}` is not what `vitalfew demo-data` makes");
    }
}

#[test]
fn demo_data_comes_in_any_size_and_from_any_seed() {
    let project = small();
    let make = |to: &str, seed: &str| {
        let size = ["--accounts", "30", "--lines", "900", "--years", "3", "--seed", seed];
        let done = project.vitalfew(&[&["demo-data", "--to", to], &size[..]].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        files_below(&project.path(to))
    };
    let (one, same, other) = (make("one", "7"), make("same", "7"), make("other", "8"));
    assert_eq!(one, same);
    assert_ne!(one, other);
    let refused = vitalfew(&project.path("."), &["demo-data", "--to", "none", "--years", "0"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert_snapshot!(refused.stderr, @"error: cannot make demo data: years must be 1 to 50");
}

//! What `vitalfew quarantine` lists of a published run.

use crate::support::{Project, Published};
use insta::assert_snapshot;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines/*.csv\"}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}, quarantine_limit: 100%}
  - account_years: {from: ledger}
";

/// Two files: of the first, a line without an account and one of a text that would steer a terminal.
fn project() -> Project {
    let long = format!("{}.csv", "a long name ".repeat(8));
    Project::new(PIPELINE)
        .with(
            "lines/2023.csv",
            "customer,day,amount\nA,2023-12-31,1.00\n,2023-12-31,2.50\nA,\x1b[31mso\u{9b}on\u{202e},4.00\n",
        )
        .with(
            "lines/2024.csv",
            "customer,day,amount\nA,2024-12-31,1.00\nA,31/12/2024,8.00\nA,2024-12-31,ten\n,2024-12-31,0.25\n",
        )
        .with(&format!("lines/{long}"), "customer,day,amount\nA,2024-12-31,1.00,\"one, too many\"\n")
}

fn listed(project: &Project, arguments: &[&str]) -> String {
    let done = project.vitalfew(&[&["quarantine", "small"], arguments].concat());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    assert!(!done.stdout.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{:?}", done.stdout);
    // The id changes with every version of the program.
    let id = Published::of(&project.path("out"), "small").record()["run"].as_str().unwrap().to_owned();
    done.stdout.replace(&id, "<id>")
}

#[test]
fn reasons_come_first_and_then_the_lines() {
    let project = project();
    project.run(&[]);
    let text = listed(&project, &[]);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_snapshot!(text, @r"
    small, run <id>
    6 of 8 lines are quarantined, 14.75 EUR

    lines  amount  reason
        2   12.00  unreadable_date
        2    2.75  missing_account
        1    0.00  too_many_fields
        1    0.00  unreadable_amount

    lines/2023.csv:3  missing_account
        the account is empty
    lines/2023.csv:4  unreadable_date
        `\u{1b}[31mso\u{9b}on\u{202e}` is no date of the declared format
    lines/2024.csv:3  unreadable_date
        `31/12/2024` is no date of the declared format
    lines/2024.csv:4  unreadable_amount
        `ten` is no amount
    lines/2024.csv:5  missing_account
        the account is empty
    lines/a long name a long name a long name a long name a long…:2  too_many_fields
        4 fields where the header has 3
    ");
    assert_snapshot!(listed(&project, &["--limit", "2", "--raw"]), @r#"
    small, run <id>
    6 of 8 lines are quarantined, 14.75 EUR

    lines  amount  reason
        2   12.00  unreadable_date
        2    2.75  missing_account
        1    0.00  too_many_fields
        1    0.00  unreadable_amount

    lines/2023.csv:3  missing_account
        the account is empty
        {"customer":"","day":"2023-12-31","amount":"2.50"}
    lines/2023.csv:4  unreadable_date
        `\u{1b}[31mso\u{9b}on\u{202e}` is no date of the declared format
        {"customer":"A","day":"\u001b[31mso\u{9b}on\u{202e}","amount":"4.00"}
    … and 4 more; `--limit 0` lists all
    "#);
    assert_snapshot!(listed(&project, &["--reason", "missing_account", "--file", "*2024*"]), @"
    small, run <id>
    6 of 8 lines are quarantined, 14.75 EUR

    lines  amount  reason
        1    0.25  missing_account

    lines/2024.csv:5  missing_account
        the account is empty
    ");
    assert_snapshot!(listed(&project, &["--reason", "missing_acount"]), @"
    small, run <id>
    6 of 8 lines are quarantined, 14.75 EUR
    none of them is of that reason and file; reasons are unreadable_date, missing_account, too_many_fields, unreadable_amount
    ");
}

#[test]
fn programs_get_an_object_a_line() {
    let project = project();
    project.run(&[]);
    let text = listed(&project, &["--json"]);
    assert_snapshot!(text, @r#"
    {"table":"quarantine","file":"lines/2023.csv","line":3,"reason":"missing_account","detail":"the account is empty","raw":{"customer":"","day":"2023-12-31","amount":"2.50"}}
    {"table":"quarantine","file":"lines/2023.csv","line":4,"reason":"unreadable_date","detail":"`\u001b[31mso\u009bon\u202e` is no date of the declared format","raw":{"customer":"A","day":"\u001b[31mso\u009bon\u202e","amount":"4.00"}}
    {"table":"quarantine","file":"lines/2024.csv","line":3,"reason":"unreadable_date","detail":"`31/12/2024` is no date of the declared format","raw":{"customer":"A","day":"31/12/2024","amount":"8.00"}}
    {"table":"quarantine","file":"lines/2024.csv","line":4,"reason":"unreadable_amount","detail":"`ten` is no amount","raw":{"customer":"A","day":"2024-12-31","amount":"ten"}}
    {"table":"quarantine","file":"lines/2024.csv","line":5,"reason":"missing_account","detail":"the account is empty","raw":{"customer":"","day":"2024-12-31","amount":"0.25"}}
    {"table":"quarantine","file":"lines/a long name a long name a long name a long name a long name a long name a long name a long name .csv","line":2,"reason":"too_many_fields","detail":"4 fields where the header has 3","raw":{"customer":"A","day":"2024-12-31","amount":"1.00","field 4":"one, too many"}}
    "#);
    let objects = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert_eq!(objects.filter(|object| object["raw"].is_object()).count(), 6);
    assert_eq!(listed(&project, &["--json", "--limit", "1"]).lines().count(), 1);
    assert_eq!(listed(&project, &["--json", "--reason", "none"]), "");
}

#[test]
fn runs_are_found_by_pipeline_id_and_folder() {
    let project = project();
    let id = project.run(&[]).record()["run"].as_str().unwrap().to_owned();
    let listed = |name: &str| project.vitalfew(&["quarantine", name]);
    let expected = listed("small").stdout;
    assert!(expected.contains(&id));
    for name in [&id, "out/small/current", &format!("out/small/runs/{id}")] {
        assert_eq!(listed(name).stdout, expected, "{name}");
    }
    let refused = listed("smal");
    assert_eq!(refused.code, 2);
    assert_snapshot!(refused.stderr, @"
    error: there is no run `smal` below `out`
    hint: did you mean `small`?
    ");
}

#[test]
fn two_ledgers_are_listed_one_after_the_other() {
    let second = "  - ledger: {id: returns, from: invoices, columns: {account: customer, date: day, amount: amount}, \
                  exclude: [{where: customer IS NULL, because: nobody}], quarantine_limit: 100%}\n";
    let project = project();
    project.write("small.yaml", format!("{PIPELINE}{second}"));
    project.run(&[]);
    assert_snapshot!(listed(&project, &["--reason", "missing_account", "--limit", "1"]), @"
    small, run <id>
    6 of 8 lines are quarantined, 14.75 EUR

    lines  amount  reason
        2    2.75  missing_account

    lines/2023.csv:3  missing_account
        the account is empty
    … and 1 more; `--limit 0` lists all

    `returns`: 4 of 8 lines are quarantined, 12.00 EUR
    none of them is of that reason and file; reasons are unreadable_date, too_many_fields, unreadable_amount
    ");
}

#[test]
fn books_without_a_bad_line_say_so() {
    let project = Project::new(PIPELINE).with("lines/a.csv", "customer,day,amount\nA,2023-12-31,1.00\n");
    project.run(&[]);
    assert_snapshot!(listed(&project, &[]), @"
    small, run <id>
    none of 1 lines is quarantined
    ");
    assert_eq!(listed(&project, &["--json"]), "");
}

#[test]
fn a_damaged_run_is_refused() {
    let project = project();
    project.run(&[]);
    let path = project.path("out/small/current/quarantine.parquet");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let done = project.vitalfew(&["quarantine", "out/small/current", "--json"]);
    let folder = std::fs::canonicalize(project.path("out/small/current")).unwrap();
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert_snapshot!(done.stderr.replace(&folder.display().to_string(), "<run>"), @"
    error: cannot read `<run>/quarantine.parquet`: it is not what the run published
    hint: the run is damaged: put its files back, or take its folder away and run the pipeline again
    ");
}

#[test]
fn stages_cannot_read_the_quarantine() {
    let project = project();
    project.write("small.yaml", format!("{PIPELINE}  - sql: {{id: bad, query: SELECT reason FROM quarantine}}\n"));
    let done = project.vitalfew(&["check", "small.yaml"]);
    assert_eq!(done.code, 2);
    assert_snapshot!(done.stderr, @"
    error: `quarantine` is written with the run and is no table that stages can read
     --> small.yaml:7:46
      |
    7 |   - sql: {id: bad, query: SELECT reason FROM quarantine}
      |                                              ^^^^^^^^^^
      |
      = hint: its lines are in `quarantine.parquet`; `vitalfew quarantine` lists them

    1 mistake in `small.yaml`
    ");
}

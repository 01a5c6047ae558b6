//! Totals that somebody states, against what was read.

use crate::support::{Project, Published};
use insta::assert_snapshot;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: totals, path: totals.csv}
  - read: {id: invoices, path: \"invoices/*.csv\"}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount}
      exclude: [{where: invoice = '3', because: a test}]
      quarantine_limit: 100%
      control_totals: CONTROL
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const HEADER: &str = "customer,invoice,day,amount\n";

const JANUARY: &str = "A,1,2023-01-02,10.00\nB,2,2023-01-03,20.00\n";
const FEBRUARY: &str = "A,3,2023-02-02,1.00\nB,4,2023-02-03,2.50\n,5,2023-02-04,4.00\n";

fn project(control: &str, totals: &str) -> Project {
    Project::new(&PIPELINE.replace("CONTROL", control))
        .with("totals.csv", totals)
        .with("invoices/jan.csv", format!("{HEADER}{JANUARY}"))
        .with("invoices/feb.csv", format!("{HEADER}{FEBRUARY}"))
}

fn totals(run: &Published) -> String {
    run.table("control_totals.parquet").to_string()
}

const BY_FILE: &str = "{from: totals, file: file, amount: total, rows: rows}";

#[test]
fn files_add_up_to_their_control_totals() {
    let stated = "file,total,rows\njan.csv,30.00,2\ninvoices/feb.csv,7.50,3\n";
    assert_snapshot!(totals(&project(BY_FILE, stated).run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    file | invoices/feb.csv | 7.50 | 7.50 | 0.00 | 3 | 3 | null
    file | invoices/jan.csv | 30.00 | 30.00 | 0.00 | 2 | 2 | null
    ");
}

#[test]
fn every_mismatch_is_told_and_nothing_is_published() {
    let stated = "file,total,rows\njan.csv,31.00,2\nfeb.csv,7.50,4\nmar.csv,5,1\n";
    let project = project(BY_FILE, stated).with("invoices/apr.csv", format!("{HEADER}A,9,2023-04-01,3.00\n"));
    assert_snapshot!(project.refused(&[]), @"
    exit code 3
    error: 4 control totals do not match what was read
      invoices/apr.csv: found 3.00, and no control total
      invoices/feb.csv: expected 7.50, found 7.50, difference 0.00; expected 4 rows, found 3
      invoices/jan.csv: expected 31.00, found 30.00, difference -1.00
      mar.csv: expected 5.00, found nothing
    hint: read what is missing, or accept a difference with its reason: `accept: [{key: invoices/apr.csv, because: …}]`
    ");
    assert!(!project.path("out/small/current").exists());
}

#[test]
fn a_difference_is_accepted_with_its_reason() {
    let control = "{from: totals, file: file, amount: total, accept: [{key: invoices/jan.csv, because: \"a euro of rounding, agreed\"}]}";
    let run = project(control, "file,total\njan.csv,31.00\nfeb.csv,7.50\n").run(&[]);
    assert_snapshot!(totals(&run), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    file | invoices/feb.csv | 7.50 | 7.50 | 0.00 | null | 3 | null
    file | invoices/jan.csv | 31.00 | 30.00 | -1.00 | null | 2 | a euro of rounding, agreed
    ");
    // A reason for what matches is no harm; one for another file is no help.
    let control = control.replace("jan", "feb");
    assert_snapshot!(project(&control, "file,total\njan.csv,31.00\nfeb.csv,7.50\n").refused(&[]), @"
    exit code 3
    error: 1 control total does not match what was read
      invoices/jan.csv: expected 31.00, found 30.00, difference -1.00
    hint: read what is missing, or accept a difference with its reason: `accept: [{key: invoices/jan.csv, because: …}]`
    ");
}

#[test]
fn months_and_the_currency_have_totals_too() {
    let by_month = "{from: totals, month: month, amount: total}";
    assert_snapshot!(totals(&project(by_month, "month,total\n2023-01,30.00\n2023-02-28,7.50\n").run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    month | 2023-01 | 30.00 | 30.00 | 0.00 | null | 2 | null
    month | 2023-02 | 7.50 | 7.50 | 0.00 | null | 3 | null
    ");
    let accepted = "{from: totals, month: month, amount: total, of: accepted}";
    assert_snapshot!(totals(&project(accepted, "month,total\n2023-01,30.00\n2023-02,2.50\n").run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    month | 2023-01 | 30.00 | 30.00 | 0.00 | null | 2 | null
    month | 2023-02 | 2.50 | 2.50 | 0.00 | null | 1 | null
    ");
    let by_currency = "{from: totals, currency: currency, amount: total}";
    assert_snapshot!(totals(&project(by_currency, "currency,total\nEUR,37.50\n").run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    currency | EUR | 37.50 | 37.50 | 0.00 | null | 5 | null
    ");
    let accepted = "{from: totals, currency: currency, amount: total, of: accepted}";
    assert_snapshot!(project(accepted, "currency,total\nEUR,37.50\n").refused(&[]), @"
    exit code 3
    error: 1 control total does not match what was accepted
      EUR: expected 37.50, found 32.50, difference -5.00
    hint: read what is missing, or accept a difference with its reason: `accept: [{key: EUR, because: …}]`
    ");
}

/// A total of a currency is in that currency; a total row that was taken out is in none, and a line whose currency is
/// not known neither.
#[test]
fn each_currency_has_its_own_total() {
    let pipeline = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: lines, path: lines.csv}
  - read: {id: rates, path: rates.csv}
  - read: {id: totals, path: totals.csv}
  - ledger:
      from: lines
      columns: {account: customer, date: day, amount: amount, currency: money}
      rates: {from: rates, date: day, source: source, target: target, rate: rate, look_back: 31}
      total_rows: THEN
      quarantine_limit: 100%
      control_totals: {from: totals, currency: code, amount: total, rows: count}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
    let lines = "\
customer,day,amount,money
A,2023-01-02,10.00,USD
B,2023-01-03,20.00,usd
,2023-01-03,5.00,USD
Total,,35.00,USD
A,2023-01-04,7.00,EUR
A,2023-01-05,3.00,
";
    let rates = "day,source,target,rate\n2023-01-01,USD,EUR,0.9\n";
    insta::allow_duplicates! {
        for then in ["exclude", "quarantine"] {
            let project = Project::new(&pipeline.replace("THEN", then)).with("lines.csv", lines).with("rates.csv", rates);
            project.write("totals.csv", "code,total,count\neur,7.00,1\nUSD,35.00,3\n");
            assert_snapshot!(totals(&project.run(&[])), @"
            scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
            currency | EUR | 7.00 | 7.00 | 0.00 | 1 | 1 | null
            currency | USD | 35.00 | 35.00 | 0.00 | 3 | 3 | null
            ");
            project.write("totals.csv", "code,total,count\nEUR,7.00,1\nUSD,31.50,3\nGBP,1.00,1\n");
            assert_snapshot!(project.refused(&[]), @"
            exit code 3
            error: 2 control totals do not match what was read
              GBP: expected 1.00, found nothing
              USD: expected 31.50, found 35.00, difference 3.50
            hint: read what is missing, or accept a difference with its reason: `accept: [{key: GBP, because: …}]`
            ");
        }
    }
}

/// January states its total and February another one than its lines have; March states none, because its last row is a
/// line like any other.
#[test]
fn the_last_row_of_a_file_states_its_total() {
    let with = |february: &str, control: &str| {
        let pipeline = PIPELINE.replace("CONTROL", control).replace("exclude:", "total_rows: exclude\n      exclude:");
        Project::new(&pipeline)
            .with("totals.csv", "file,total\n")
            .with("invoices/jan.csv", format!("{HEADER}{JANUARY}Total January,,,30.00\n"))
            .with("invoices/feb.csv", format!("{HEADER}{FEBRUARY}Total February,,,{february}\n"))
            .with("invoices/mar.csv", format!("{HEADER}A,7,2023-03-02,6.00\n"))
    };
    assert_snapshot!(totals(&with("7.50", "{from: total_rows}").run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    file | invoices/feb.csv | 7.50 | 7.50 | 0.00 | null | 3 | null
    file | invoices/jan.csv | 30.00 | 30.00 | 0.00 | null | 2 | null
    file | invoices/mar.csv | null | 6.00 | null | null | 1 | null
    ");
    assert_snapshot!(with("8.50", "{from: total_rows}").refused(&[]), @"
    exit code 3
    error: 1 control total does not match what was read
      invoices/feb.csv: expected 8.50, found 7.50, difference -1.00
    hint: read what is missing, or accept a difference with its reason: `accept: [{key: invoices/feb.csv, because: …}]`
    ");
    let accepted = "{from: total_rows, accept: [{key: invoices/feb.csv, because: known to the controller}]}";
    assert_snapshot!(totals(&with("8.50", accepted).run(&[])), @"
    scope | key | expected | found | difference | rows_expected | rows_found | accepted_because
    file | invoices/feb.csv | 8.50 | 7.50 | -1.00 | null | 3 | known to the controller
    file | invoices/jan.csv | 30.00 | 30.00 | 0.00 | null | 2 | null
    file | invoices/mar.csv | null | 6.00 | null | null | 1 | null
    ");
}

#[test]
fn a_table_of_totals_that_cannot_be_used_says_why() {
    let stated = "file,total,rows\njan.csv,many,2\njan.csv,1.00,two\n,5,1\nfeb.csv,7.50,3\nfeb.csv,7.50,3\njan.csv\n";
    assert_snapshot!(project(BY_FILE, stated).refused(&[]), @"
    exit code 3
    error: the control totals cannot be used
      totals.csv:2: `many` is no amount
      totals.csv:3: `two` is no number of rows
      totals.csv:4: the file is empty
      totals.csv:6: `invoices/feb.csv` has a total already
      totals.csv:7: 1 field where the header has 3
    hint: one row for each total, with its key and its amount
    ");
    let by_month = "{from: totals, month: month, amount: total}";
    let refused = project(by_month, "month,total\nJanuary,30.00\n").refused(&[]);
    assert!(refused.contains("totals.csv:2: `January` is no month such as `2024-01`"), "{refused}");
}

#[test]
fn mistakes_in_the_declaration_are_found() {
    let stated = "file,total\njan.csv,30.00\n";
    for (control, message) in [
        ("{from: totals, file: name, amount: totl}", "`totals.csv` have no column `name`"),
        ("{from: totals, amount: total}", "need one of `file`, `month` and `currency`"),
        ("{from: totals, file: file, month: file, amount: total}", "need one of `file`, `month` and `currency`"),
        ("{from: totals, file: file}", "need the key `amount`"),
        ("{from: total_rows, amount: total}", "total rows state the totals of their files, and no column does"),
        ("{from: total, file: file, amount: total}", "stage `ledger` reads `total`, which does not exist"),
        (
            "{from: totals, file: file, amount: total, of: sold}",
            "`of` should be one of `read`, `accepted`, found `sold`",
        ),
        ("{from: total_rows, accept: [{key: a.csv}]}", "a difference in `accept` needs the key `because`"),
        ("{from: total_rows, accept: all}", "`accept` should be a list, found `all`"),
        ("[totals]", "`control_totals` should be a map, found a list"),
    ] {
        let refused = project(control, stated).refused(&[]);
        assert!(refused.starts_with("exit code 2\n") && refused.contains(message), "{control}:\n{refused}");
    }
    assert_snapshot!(project("{from: totals, file: name, amount: totl, rows: total}", stated).refused(&[]), @"
    exit code 2
    error: the control totals `totals.csv` have no column `name`
      --> small.yaml:12:44
       |
    12 |       control_totals: {from: totals, file: name, amount: totl, rows: total}
       |                                            ^^^^
       |
       = hint: there are: `file`, `total`

    error: the control totals `totals.csv` have no column `totl`
      --> small.yaml:12:58
       |
    12 |       control_totals: {from: totals, file: name, amount: totl, rows: total}
       |                                                          ^^^^
       |
       = hint: did you mean `total`?

    2 mistakes in `small.yaml`
    ");
}

/// What a table of totals says is data, and data may try to steer the terminal.
#[test]
fn a_key_cannot_steer_the_terminal() {
    let refused =
        project("{from: totals, file: file, amount: total}", "file,total\n\u{1b}[2Jjan.csv,30.00\n").refused(&[]);
    assert!(refused.contains(r"\u{1b}[2Jjan.csv: expected 30.00, found nothing"), "{refused}");
    assert!(!refused.contains('\u{1b}'));
}

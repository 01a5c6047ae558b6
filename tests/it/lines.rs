//! Lines that are no sales: total rows and credit notes.

use crate::support::{Project, Published, parquet_of};
use arrow::array::{ArrayRef, Float64Array, StringArray};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::sync::Arc;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: invoices, path: \"lines*\"}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, product: sku}
      quarantine_limit: 100%
      # more
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const HEADER: &str = "customer,invoice,day,sku,amount\n";

/// A project with these keys of the ledger and these lines.
fn project(keys: &str, lines: &str) -> Project {
    Project::new(&PIPELINE.replace("# more", keys)).with("lines.csv", format!("{HEADER}{lines}"))
}

fn run(keys: &str, lines: &str) -> Published {
    project(keys, lines).run(&[])
}

fn revenue(run: &Published) -> String {
    run.table("tables/account_years.parquet").select(&["account", "revenue", "lines", "returns"]).to_string()
}

/// Two groups, each with its subtotal, and a grand total behind them: with the label in the account's column and
/// the rest blank, with a date, and with nothing but the amount.
const GROUPS: &str = "\
A,1,2023-03-01,S1,10.00
A,2,2023-03-02,S2,20.00
Total A,,,,30.00
B,3,2023-03-03,S1,5.00
B,4,2023-03-04,S1,1.50
,,2023-03-31,,6.50
,,,,36.50
";

#[test]
fn subtotals_and_the_grand_total_are_recognised_by_their_amounts() {
    let run = run("total_rows: exclude", GROUPS);
    assert_snapshot!(run.table("total_rows.parquet"), @"
    file | line | amount | of | rows_summed | became | rows
    lines.csv | 4 | 30.00 | file | 2 | excluded | 1
    lines.csv | 7 | 6.50 | since_last | 2 | excluded | 1
    lines.csv | 8 | 36.50 | file | 4 | excluded | 1
    ");
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.csv | excluded | total_row | 3 | 73.00 | 4
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines | returns
    A | 30.00 | 2 | 0
    B | 6.50 | 2 | 0
    ");
}

#[test]
fn total_rows_are_quarantined_with_the_sum_that_they_equal() {
    let run = run("total_rows: {then: quarantine}", GROUPS);
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    4 | total_row | the amount is the sum of the 2 rows before it
    7 | total_row | the amount is the sum of the 2 rows since the last total
    8 | total_row | the amount is the sum of the 4 rows before it
    ");
}

#[test]
fn by_default_total_rows_are_told_and_judged_like_any_line() {
    let run = run("", GROUPS);
    assert_snapshot!(run.table("total_rows.parquet").select(&["line", "of", "became"]), @"
    line | of | became
    4 | file | quarantined
    7 | since_last | quarantined
    8 | file | quarantined
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason"]), @"
    line | reason
    4 | missing_date
    7 | missing_account
    8 | missing_account
    ");
}

/// More lines than are taken together, most of them plain: among them late ones, one that a rule excludes, some that
/// cannot be used, and one that equals the sum of all before it, the late ones with them.
#[test]
fn plain_lines_and_others_take_turns() {
    let keys = "total_rows: exclude\n      exclude: [{where: sku = 'POSTAGE', because: not a product}]";
    let mut lines = String::new();
    let mut cents = 0;
    let mut amount = |of: i64| {
        cents += of;
        format!("{}.{:02}", of / 100, of % 100)
    };
    for number in 0..3_000i64 {
        lines += &match number {
            0 | 1_024 => "A,0,2023-03-01,S1,1.00,one field too many\n".to_owned(),
            1_023 => format!("A,1,2023-03-01,POSTAGE,{}\n", amount(700)),
            1_500 => format!("A,1,2024-03-01,POSTAGE,{}\n", amount(900)),
            2_047 => format!(",1,2023-03-01,S1,{}\n", amount(1_100)),
            2_500 => "A,1,2023-03-01,S1,many\n".to_owned(),
            1_000..2_100 => format!("A,{number},2024-03-01,S1,{}\n", amount(300 + number)),
            _ => format!("A,{number},2023-03-01,S1,{}\n", amount(500 + number)),
        };
    }
    lines += &format!(",,,,{}.{:02}\n", cents / 100, cents % 100);
    let run = run(keys, &lines);
    let revenue: i64 = (1..1_000).chain(2_100..2_500).chain(2_501..3_000).map(|number| 500 + number).sum();
    let late: i64 =
        (1_000..2_100).filter(|number| ![1_023, 1_024, 1_500, 2_047].contains(number)).map(|number| 300 + number).sum();
    let years = run.table("tables/account_years.parquet").select(&["account", "fiscal_year", "revenue", "lines"]);
    assert_eq!(
        years.to_string().trim_end(),
        format!("account | fiscal_year | revenue | lines\nA | 2023 | {}.{:02} | 1898", revenue / 100, revenue % 100)
    );
    let outcomes = run.table("outcomes.parquet").select(&["outcome", "reason", "rows", "amount", "first_line"]);
    let late = format!("{}.{:02}", late / 100, late % 100);
    assert_snapshot!(outcomes.to_string().replace(&late, "LATE"), @"
    outcome | reason | rows | amount | first_line
    excluded | total_row | 1 | 57709.06 | 3002
    excluded | not a product | 2 | 16.00 | 1025
    excluded | after_as_of | 1096 | LATE | null
    quarantined | missing_account | 1 | 11.00 | 2049
    quarantined | too_many_fields | 2 | 0.00 | 2
    quarantined | unreadable_amount | 1 | 0.00 | 2502
    ");
    let totals = run.table("total_rows.parquet").select(&["line", "of", "rows_summed", "became"]);
    assert_snapshot!(totals, @"
    line | of | rows_summed | became
    3002 | file | 2997 | excluded
    ");
}

/// A day after the as-of day makes a line late only where nothing else is wrong with it, and tells how dates are written.
#[test]
fn what_else_late_lines_are() {
    let pipeline = PIPELINE
        .replace("path: \"lines*\"", "path: \"lines*\", date_format: \"%d/%m/%Y\"")
        .replace("# more", "missing_account: {keep_as: none}");
    let lines = "\
A,1,01/03/2023,S1,10.00
A,2,31/01/2024,S1,20.00
A,3,05/06/2024,S1,40.00
,4,05/06/2024,S1,80.00
none,5,06/06/2024,S1,160.00
A,6,31/06/2024,S1,320.00
A,7,05/06/2024,S1,much
";
    let project = Project::new(&pipeline).with("lines.csv", format!("{HEADER}{lines}"));
    assert_snapshot!(project.refused(&[]), @"
    exit code 3
    error: lines.csv:6: the account `none` has the name that lines without an account are kept as
    hint: give `keep_as` a name that no account has
    ");
    let project = Project::new(&pipeline.replace("keep_as: none", "keep_as: other"))
        .with("lines.csv", format!("{HEADER}{lines}"));
    let run = project.run(&[]);
    assert_snapshot!(run.table("outcomes.parquet").select(&["outcome", "reason", "rows", "amount"]), @"
    outcome | reason | rows | amount
    excluded | after_as_of | 4 | 300.00
    quarantined | unreadable_amount | 1 | 0.00
    quarantined | unreadable_date | 1 | 320.00
    ");
    assert_snapshot!(run.table("files.parquet").select(&["file", "dates_ambiguous"]), @"
    file | dates_ambiguous
    lines.csv | 0
    ");
}

/// The third line of Total Oil SA costs as much as the two before it, and is a sale; so is the last, whose amount
/// is the sum of the whole file.
#[test]
fn a_customer_called_total_is_a_customer() {
    let lines = "\
Total Oil SA,1,2023-03-01,S1,10.00
B,2,2023-03-02,S2,20.00
Total Oil SA,3,2023-03-03,S2,30.00
B,4,2023-03-04,S1,60.00
,,,,120.00
";
    let run = run("total_rows: exclude", lines);
    assert_snapshot!(run.table("total_rows.parquet"), @"
    file | line | amount | of | rows_summed | became | rows
    lines.csv | 4 | 30.00 | file | 2 | accepted | 1
    lines.csv | 5 | 60.00 | file | 3 | accepted | 1
    lines.csv | 6 | 120.00 | file | 4 | excluded | 1
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines | returns
    B | 80.00 | 2 | 0
    Total Oil SA | 40.00 | 2 | 0
    ");
}

#[test]
fn complete_lines_are_totals_only_where_that_is_declared() {
    let lines = "A,1,2023-03-01,S1,10.00\nA,2,2023-03-02,S2,20.00\nA,3,2023-03-02,S3,30.00\nB,4,2023-03-03,S1,4.00\n";
    let lines = format!("{lines}B,5,2023-03-03,S1,3.00\nB,6,2023-03-03,S1,7.00\nB,7,2023-03-03,S1,37.00\n");
    let run = run("total_rows: {then: exclude, complete: true}", &lines);
    assert_snapshot!(run.table("total_rows.parquet").select(&["line", "of", "rows_summed", "became"]), @"
    line | of | rows_summed | became
    4 | file | 2 | excluded
    7 | since_last | 2 | excluded
    8 | file | 4 | excluded
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines | returns
    A | 30.00 | 2 | 0
    B | 7.00 | 2 | 0
    ");
}

/// The complete third line stays a line, and may have been a subtotal: a row without an account behind it is the
/// total with it (60) or without it (30).
#[test]
fn a_grand_total_is_recognised_whether_or_not_complete_subtotals_count() {
    let lines = "A,1,2023-03-01,S1,10.00\nA,2,2023-03-02,S2,20.00\nA,9,2023-03-02,S3,30.00\n";
    for (total, recognised) in [("60.00", true), ("30.00", true), ("50.00", false)] {
        let found = run("total_rows: exclude", &format!("{lines},,,,{total}\n")).table("total_rows.parquet");
        assert_eq!(found.texts("line").contains(&"5".to_owned()), recognised, "{total}: {found}");
    }
}

#[test]
fn one_row_and_zero_are_no_sums() {
    let run = run("total_rows: exclude", "A,1,2023-03-01,S1,10.00\n,,,,10.00\nA,1,2023-03-01,S1,-20.00\n,,,,0.00\n");
    assert_snapshot!(run.table("total_rows.parquet").rows.len(), @"0");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason"]), @"
    line | reason
    3 | missing_account
    5 | missing_account
    ");
}

/// Of 5, -2 and 3 the third is always the sum of the two before it: once of the file, and then since the last.
/// Coincidences are counted to the last, and listed to a bound; they do not push out the row without an account.
#[test]
fn a_file_of_sums_lists_a_thousand_of_them() {
    let line = |amount: &&str| format!("A,1,2023-03-01,S1,{amount}\n");
    let lines: String = ["5.00", "-2.00", "3.00"].iter().cycle().take(4_500).map(line).collect();
    let found = run("", &(lines + ",,,,9000.00\n")).table("total_rows.parquet");
    assert_eq!(found.rows.len(), 1_002, "{found}");
    let end = crate::support::Rows { rows: found.rows[999..].to_vec(), ..found };
    assert_snapshot!(end, @"
    file | line | amount | of | rows_summed | became | rows
    lines.csv | 3001 | 3.00 | since_last | 2 | accepted | 1
    lines.csv | 4502 | 9000.00 | file | 4500 | quarantined | 1
    lines.csv | null | 1500.00 | since_last | null | accepted | 500
    ");
}

fn parquet(group_rows: usize) -> Vec<u8> {
    let texts = |values: [Option<&str>; 5]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let columns: [(&str, ArrayRef); 5] = [
        ("customer", texts([Some("A"), Some("A"), Some("B"), Some("Total"), Some("B")])),
        ("invoice", texts([Some("1"), Some("2"), Some("3"), None, Some("4")])),
        ("day", texts([Some("2023-01-01"), Some("2023-01-02"), Some("2023-01-03"), None, Some("2023-01-04")])),
        ("sku", texts([Some("S"), Some("S"), Some("S"), None, Some("S")])),
        ("amount", Arc::new(Float64Array::from(vec![1.0, 2.0, 4.0, 7.0, 9.0]))),
    ];
    parquet_of(&columns, group_rows)
}

#[test]
fn parquet_is_read_in_order_where_total_rows_matter_and_not_searched_otherwise() {
    for group_rows in [1, 2, 100] {
        let run = |keys: &str| {
            Project::new(&PIPELINE.replace("# more", keys)).with("lines.parquet", parquet(group_rows)).run(&[])
        };
        assert_eq!(run("total_rows: exclude").table("total_rows.parquet").texts("line"), ["4"]);
        assert_eq!(run("").table("total_rows.parquet").rows.len(), 0);
    }
}

const CREDITS: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines*\"}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, cost: cost, product: sku}
      quarantine_limit: 100%
      # more
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const CREDIT_LINES: &str = "\
customer,invoice,day,sku,amount,cost,kind,corrects
A,1,2022-05-01,S1,100.00,60.00,IN,
A,C2,2023-02-01,S1,30.00,18.00,CN,1
A,3,2023-03-01,S1,50.00,30.00,IN,
A,C4,2023-04-01,S1,-20.00,-12.00,CN,3
B,C5,2023-05-01,S1,5.00,,Credit memo,777
B,6,2023-12-01,S1,40.00,20.00,IN,
B,C7,2023-12-05,S1,many,1.00,CN,6
";

fn credits(keys: &str) -> Published {
    Project::new(&CREDITS.replace("# more", keys)).with("lines.csv", CREDIT_LINES).run(&[])
}

fn years(run: &Published) -> String {
    let columns = ["account", "fiscal_year", "revenue", "cost", "lines", "returns"];
    run.table("tables/account_years.parquet").select(&columns).to_string()
}

#[test]
fn credit_notes_are_below_zero_whatever_tells_them() {
    let by_type = credits("credit_notes: {by_type_column: kind, values: [CN, Credit memo]}");
    assert_snapshot!(years(&by_type), @"
    account | fiscal_year | revenue | cost | lines | returns
    A | 2022 | 100.00 | 60.00 | 1 | 0
    A | 2023 | 0.00 | 0.00 | 3 | 2
    B | 2023 | 35.00 | 20.00 | 2 | 1
    ");
    assert_snapshot!(by_type.table("credit_notes.parquet"), @"
    file | rows | amount | rows_turned | rows_moved | amount_moved | rows_unmatched | amount_unmatched
    lines.csv | 4 | -55.00 | 2 | 0 | 0.00 | 0 | 0.00
    ");
    assert_snapshot!(by_type.table("reconciliation.parquet").select(&["amount_read", "amount_accepted"]), @"
    amount_read | amount_accepted
    135.00 | 135.00
    ");
    let by_prefix = credits("credit_notes: {by_prefix: C}");
    assert_eq!(years(&by_prefix), years(&by_type));
    let by_prefixes = credits("credit_notes: {by_prefix: [X, C]}");
    assert_eq!(years(&by_prefixes), years(&by_type));
}

#[test]
fn by_sign_leaves_every_line_as_it_is() {
    assert_snapshot!(years(&credits("credit_notes: by_sign")), @"
    account | fiscal_year | revenue | cost | lines | returns
    A | 2022 | 100.00 | 60.00 | 1 | 0
    A | 2023 | 60.00 | 36.00 | 3 | 1
    B | 2023 | 45.00 | 20.00 | 2 | 0
    ");
    assert_eq!(years(&credits("credit_notes: by_sign")), years(&credits("")));
    assert_eq!(years(&credits("credit_notes: {dated: own}")), years(&credits("")));
}

/// Of invoice 1 of 2022 the credit note of 30 counts in 2022; invoice 777 is nowhere, so that one keeps its day.
#[test]
fn credit_notes_count_on_the_day_of_the_invoice_that_they_correct() {
    let run = credits(
        "credit_notes: {by_type_column: kind, values: [CN, Credit memo], dated: corrected, corrects: corrects}",
    );
    assert_snapshot!(years(&run), @"
    account | fiscal_year | revenue | cost | lines | returns
    A | 2022 | 70.00 | 42.00 | 2 | 1
    A | 2023 | 30.00 | 18.00 | 2 | 1
    B | 2023 | 35.00 | 20.00 | 2 | 1
    ");
    assert_snapshot!(run.table("credit_notes.parquet"), @"
    file | rows | amount | rows_turned | rows_moved | amount_moved | rows_unmatched | amount_unmatched
    lines.csv | 4 | -55.00 | 2 | 2 | -50.00 | 1 | -5.00
    ");
}

/// The invoice may stand in a later file, and on another thread.
#[test]
fn the_corrected_invoice_is_found_wherever_it_stands() {
    let keys = "credit_notes: {dated: corrected, corrects: corrects}";
    let header = "customer,invoice,day,sku,amount,cost,corrects\n";
    let project = Project::new(&CREDITS.replace("# more", keys))
        .with("lines_1.csv", format!("{header}A,C2,2023-02-01,S1,-30.00,-18.00,1\nB,9,2023-12-01,S1,1,1,\n"))
        .with("lines_2.csv", format!("{header}A,1,2022-05-01,S1,100.00,60.00,\n"));
    let one = project.run(&["--threads", "1", "--out", "one"]);
    let two = project.run(&["--threads", "2", "--out", "two"]);
    assert_snapshot!(years(&one), @"
    account | fiscal_year | revenue | cost | lines | returns
    A | 2022 | 70.00 | 42.00 | 2 | 1
    B | 2023 | 1.00 | 1.00 | 1 | 0
    ");
    assert_eq!(one.files(), two.files());
}

#[test]
fn a_credit_note_after_the_last_day_counts_where_its_invoice_does() {
    let keys = "credit_notes: {dated: corrected, corrects: corrects}";
    let lines = "customer,invoice,day,sku,amount,cost,corrects\nA,1,2022-05-01,S1,100.00,60.00,\n\
                 A,C2,2023-02-01,S1,-30.00,-18.00,1\nA,C3,2023-02-01,S1,-5.00,-1.00,4\n";
    let project = Project::new(&CREDITS.replace("# more", keys)).with("lines.csv", lines);
    let run = project.run(&["--as-of", "2022-12-31"]);
    assert_snapshot!(years(&run), @"
    account | fiscal_year | revenue | cost | lines | returns
    A | 2022 | 70.00 | 42.00 | 2 | 1
    ");
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.csv | excluded | after_as_of | 1 | -5.00 | null
    ");
}

#[test]
fn mistakes_in_the_declarations_are_all_found() {
    let keys = "total_rows: {then: drop, complet: true}\n      credit_notes: {by_type_column: doc_type, values: CN}";
    assert_snapshot!(project(keys, GROUPS).refused(&[]), @"
    exit code 2
    error: `then` should be one of `flag`, `exclude`, `quarantine`, found `drop`
      --> small.yaml:10:26
       |
    10 |       total_rows: {then: drop, complet: true}
       |                          ^^^^

    error: unknown key `complet` in `total_rows`
      --> small.yaml:10:32
       |
    10 |       total_rows: {then: drop, complet: true}
       |                                ^^^^^^^
       |
       = hint: did you mean `complete`?

    error: `lines.csv` has no column `doc_type`
      --> small.yaml:11:38
       |
    11 |       credit_notes: {by_type_column: doc_type, values: CN}
       |                                      ^^^^^^^^
       |
       = hint: there are: `customer`, `invoice`, `day`, `sku`, `amount`

    3 mistakes in `small.yaml`
    ");
    for (keys, message) in [
        ("total_rows: remove", "`total_rows` should be one of `flag`, `exclude`, `quarantine`, found `remove`"),
        ("credit_notes: by_color", "`credit_notes` should be `by_sign` or a map, found `by_color`"),
        ("credit_notes: {by_type_column: sku}", "`by_type_column` needs `values`"),
        ("credit_notes: {values: [CN]}", "`values` are of a `by_type_column`, and there is none"),
        ("credit_notes: {by_type_column: sku, values: [CN], by_prefix: C}", "credit notes are known by one thing"),
        ("credit_notes: {by_prefix: C, dated: corrected}", "`dated: corrected` needs `corrects`"),
        ("credit_notes: {by_prefix: C, corrects: sku}", "`corrects` says nothing"),
        ("credit_notes: {dated: corrected, corrects: skus}", "`lines.csv` has no column `skus`"),
    ] {
        let refused = project(keys, GROUPS).refused(&[]);
        assert!(refused.starts_with("exit code 2\n") && refused.contains(message), "{keys}:\n{refused}");
    }
    let without_invoice = PIPELINE.replace("invoice: invoice, ", "").replace("# more", "credit_notes: {by_prefix: C}");
    let refused = Project::new(&without_invoice).with("lines.csv", format!("{HEADER}{GROUPS}")).refused(&[]);
    assert_snapshot!(refused, @"
    exit code 2
    error: `by_prefix` looks at the number of the invoice, but the ledger declares no `invoice`
      --> small.yaml:10:33
       |
    10 |       credit_notes: {by_prefix: C}
       |                                 ^
       |
       = hint: add `invoice:` to the `columns` of the ledger

    1 mistake in `small.yaml`
    ");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// Books whose truth is known: groups of sales with their subtotals and a grand total, some lines in two copies,
    /// some lines credit notes that the file writes above zero, some without an account.
    #[test]
    fn of_messy_books_the_accepted_money_is_the_truth(
        groups in proptest::collection::vec(
            proptest::collection::vec((1i64..5_000, 0u8..4, any::<bool>()), 2..6),
            1..4,
        ),
    ) {
        let (mut lines, mut written, mut truth, mut number) = (String::new(), 0, 0, 0);
        let euros = |cents: i64| vitalfew::money::to_plain(cents, 2);
        for group in &groups {
            let mut subtotal = 0;
            for (cents, kind, twice) in group {
                number += 1;
                let (account, invoice, sign) = match kind {
                    0 => ("", format!("{number}"), 1),
                    1 => ("A", format!("C{number}"), -1),
                    _ => ("A", format!("{number}"), 1),
                };
                let line = format!("{account},{invoice},2023-03-01,S1,{}\n", euros(*cents));
                lines.push_str(&line);
                subtotal += sign * cents;
                truth += if *kind == 0 { 0 } else { sign * cents };
                if *twice {
                    lines.push_str(&line);
                    subtotal += sign * cents;
                }
            }
            lines.push_str(&format!(",,,,{}\n", euros(subtotal)));
            written += subtotal;
        }
        lines.push_str(&format!(",,,,{}\nA,end,2023-12-31,S1,0.00\n", euros(written)));
        let keys = "total_rows: exclude\n      credit_notes: {by_prefix: C}\n      \
                    duplicates: {key: [invoice, sku], then: exclude}";
        let run = run(keys, &lines);
        let reconciliation = run.table("reconciliation.parquet");
        prop_assert_eq!(&reconciliation.texts("amount_accepted"), &[euros(truth)]);
        let sum = |what: &str| {
            let parts = ["accepted", "excluded", "quarantined"].map(|part| {
                reconciliation.texts(&format!("{what}_{part}"))[0].replace('.', "").parse::<i64>().unwrap()
            });
            parts.iter().sum::<i64>().to_string()
        };
        prop_assert_eq!(sum("rows"), reconciliation.texts("rows_read")[0].clone());
        prop_assert_eq!(sum("amount"), reconciliation.texts("amount_read")[0].replace('.', "").parse::<i64>().unwrap().to_string());
    }
}

/// The subsidiary S belongs to P from 2023 on. Its invoice of 2022 is its own, and so is the credit note of 2023 that
/// corrects it; the dollars of the note are worth what they were on its own day, 0.80.
#[test]
fn a_credit_note_that_is_moved_counts_for_the_account_of_that_day() {
    let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: map, path: map.csv}
  - read: {id: rates, path: rates.csv}
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, currency: currency}
      account_map: {from: map, child: child, parent: parent, since: since}
      rates: {from: rates, date: day, source: source, target: target, rate: rate}
      credit_notes: {by_prefix: C, dated: corrected, corrects: corrects}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
    let run = Project::new(pipeline)
        .with("map.csv", "child,parent,since\nS,P,2023-01-01\nP,,\n")
        .with("rates.csv", "day,source,target,rate\n2022-05-01,USD,EUR,0.90\n2023-02-01,USD,EUR,0.80\n")
        .with(
            "lines.csv",
            "customer,invoice,day,amount,currency,corrects\nS,1,2022-05-01,100.00,USD,\nS,C2,2023-02-01,50.00,USD,1\n\
             S,C3,2023-02-01,10.00,USD,9\nP,4,2023-12-01,7.00,EUR,\n",
        )
        .run(&[]);
    assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "fiscal_year", "revenue"]), @"
    account | fiscal_year | revenue
    P | 2023 | -1.00
    S | 2022 | 50.00
    ");
    assert_snapshot!(run.table("account_map.parquet"), @"
    child | parent | since | until | rows | amount
    P | null | null | null | 0 | 0.00
    S | P | 2023-01-01 | null | 1 | -8.00
    ");
    assert_snapshot!(run.table("currencies.parquet"), @"
    file | currency | outcome | rows | amount | rows_converted | converted
    lines.csv | EUR | accepted | 1 | 7.00 | 1 | 7.00
    lines.csv | USD | accepted | 3 | 40.00 | 3 | 42.00
    ");
    assert_snapshot!(run.table("reconciliation.parquet").select(&["amount_read", "amount_accepted"]), @"
    amount_read | amount_accepted
    49.00 | 49.00
    ");
}

//! Lines that stand twice: found by their key, in one file and across files, and told with the line that stays.

use crate::support::{Project, Published, parquet_of};
use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const PIPELINE: &str = "\
name: small
currency: EUR
as_of: 2023-12-31
stages:
  - read: {id: invoices, path: \"*.*v*\"}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: amount, product: sku}
      exclude: [{where: \"sku = 'POSTAGE'\", because: not a product}]
      quarantine_limit: 100%
      # more
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const HEADER: &str = "customer,invoice,day,sku,amount\n";

/// A project with these rules on duplicates.
fn project(rules: &str) -> Project {
    Project::new(&PIPELINE.replace("# more", &format!("duplicates: {rules}")).replace("*.*v*", "*.csv"))
}

/// January exported twice: the second time with a line more, an amount corrected, and the columns in another order.
fn twice(rules: &str) -> Project {
    project(rules)
        .with("jan.csv", format!("{HEADER}A,1,2023-01-02,S1,10.00\nA,1,2023-01-02,S2,20.00\nB,2,2023-01-03,S1,5.00\n"))
        .with(
            "jan_again.csv",
            "sku,customer,invoice,day,amount\nS1,A,1,2023-01-02,10.00\nS2,A,1,2023-01-02,21.00\n\
             S1,B,2,2023-01-03,5.00\nS9,B,2,2023-02-03,7.00\n",
        )
}

fn revenue(run: &Published) -> String {
    run.table("tables/account_years.parquet").select(&["account", "revenue", "lines"]).to_string()
}

#[test]
fn the_same_month_exported_twice_counts_once() {
    let run = twice("{key: [invoice, sku]}").run(&[]);
    assert_snapshot!(run.table("duplicates.parquet"), @"
    rule | file | kept_file | then | rows_exact | rows_differing | amount | first_date | last_date
    1 | jan_again.csv | jan.csv | quarantine | 2 | 1 | 36.00 | 2023-01-02 | 2023-01-03
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["file", "line", "reason", "detail"]), @"
    file | line | reason | detail
    jan_again.csv | 2 | duplicate | the same as jan.csv:2
    jan_again.csv | 3 | duplicate | differs from jan.csv:3: `amount` is `20.00` there and `21.00` here
    jan_again.csv | 4 | duplicate | the same as jan.csv:4
    ");
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    jan_again.csv | quarantined | duplicate | 3 | 36.00 | 2
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 30.00 | 2
    B | 12.00 | 2
    ");
}

#[test]
fn the_last_or_the_newest_wins_where_that_is_declared() {
    for keep in ["last", "newest"] {
        let run = twice(&format!("{{key: [invoice, sku], keep: {keep}, then: exclude}}")).run(&[]);
        assert_eq!(run.table("duplicates.parquet").texts("file"), ["jan.csv"], "{keep}");
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["31.00", "12.00"], "{keep}");
    }
    // Equally far in time, the file whose name comes last; and the first file, where it reaches further.
    let day = |day: &str| format!("{HEADER}A,1,2023-01-02,S1,10.00\nA,9,{day},S1,1.00\n");
    for (first, kept) in [("2023-02-03", "b.csv"), ("2023-02-04", "a.csv")] {
        let project = project("{key: all, keep: newest}").with("a.csv", day(first)).with("b.csv", day("2023-02-03"));
        let found = project.run(&[]).table("duplicates.parquet");
        assert!(found.texts("kept_file").iter().all(|file| file == kept), "{found}");
    }
}

#[test]
fn equal_in_every_column_is_a_key_too() {
    let run = twice("{key: all, then: flag}").run(&[]);
    assert_snapshot!(run.table("duplicates.parquet"), @"
    rule | file | kept_file | then | rows_exact | rows_differing | amount | first_date | last_date
    1 | jan_again.csv | jan.csv | flag | 2 | 0 | 15.00 | 2023-01-02 | 2023-01-03
    ");
    assert_eq!(run.table("quarantine.parquet").rows.len(), 0);
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 61.00 | 4
    B | 17.00 | 3
    ");
}

/// What one file says twice it means twice: of three and two equal lines three stay.
#[test]
fn across_files_the_copies_of_one_file_are_lines_of_their_own() {
    let line = "A,1,2023-01-02,S1,10.00\n";
    let project = project("{key: all, across: files, then: exclude}")
        .with("a.csv", HEADER.to_owned() + &line.repeat(2))
        .with("b.csv", HEADER.to_owned() + &line.repeat(3));
    let run = project.run(&[]);
    assert_snapshot!(run.table("duplicates.parquet").select(&["file", "kept_file", "rows_exact"]), @"
    file | kept_file | rows_exact
    b.csv | a.csv | 2
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 30.00 | 3
    ");
}

/// The nine lines of March stand twice as a block, and one of them is in each copy twice: of four, two stay. Lines
/// outside the block are not looked at.
#[test]
fn a_block_that_stands_twice_leaves_what_each_copy_says() {
    let block = "A,1,2023-03-01,S1,10.00\nA,1,2023-03-01,S1,10.00\nB,2,2023-03-02,S1,4.00\n";
    let lines = format!("{HEADER}A,0,2023-02-01,S1,1.00\nA,0,2023-02-01,S1,1.00\n{block}{block}");
    let rules = "[{key: all, then: flag}, {key: all, copies: 2, where: \"day >= '2023-03'\", then: exclude}]";
    let run = project(rules).with("lines.csv", lines).run(&[]);
    assert_snapshot!(run.table("duplicates.parquet"), @"
    rule | file | kept_file | then | rows_exact | rows_differing | amount | first_date | last_date
    1 | lines.csv | lines.csv | flag | 5 | 0 | 35.00 | 2023-02-01 | 2023-03-02
    2 | lines.csv | lines.csv | exclude | 3 | 0 | 24.00 | 2023-03-01 | 2023-03-02
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 22.00 | 4
    B | 4.00 | 1
    ");
}

#[test]
fn a_line_that_is_out_already_keeps_no_other_out() {
    // The first is excluded by a rule, the second is broken, the third lacks a part of the key: the fourth is a sale.
    let lines = "A,1,2023-01-02,POSTAGE,1.00\nA,1,2023-01-02\nA,,2023-01-02,S1,2.00\nA,1,2023-01-02,S1,3.00\n\
                 A,,2023-01-02,S1,2.00\n";
    let run = project("{key: [customer, invoice]}").with("lines.csv", format!("{HEADER}{lines}")).run(&[]);
    assert_snapshot!(run.table("duplicates.parquet").rows.len(), @"0");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 7.00 | 3
    ");
    // What an earlier rule takes out, the next one does not count again.
    let rules = "[{key: invoice, where: \"sku = 'S1'\", then: exclude}, {key: customer, then: exclude}]";
    let lines = "A,1,2023-01-02,S1,1.00\nA,1,2023-01-03,S1,2.00\nA,2,2023-01-03,S2,4.00\n";
    let run = project(rules).with("lines.csv", format!("{HEADER}{lines}")).run(&[]);
    assert_snapshot!(run.table("duplicates.parquet").select(&["rule", "rows_differing", "amount"]), @"
    rule | rows_differing | amount
    1 | 1 | 2.00
    2 | 1 | 4.00
    ");
    assert_snapshot!(revenue(&run), @"
    account | revenue | lines
    A | 1.00 | 1
    ");
}

#[test]
fn what_lines_of_one_key_differ_in_is_shown() {
    let lines = "A,1,2023-01-02,S1,1.00\nB,1,2023-01-02,S1,1.00\nA,1,,,1.5\nC,1,2023-02-02,S2,9\n";
    let run = project("{key: invoice}").with("lines.csv", format!("{HEADER}{lines}")).run(&[]);
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "detail"]), @"
    line | detail
    3 | differs from lines.csv:2: `customer` is `A` there and `B` here
    4 | differs from lines.csv:2: `amount` is `1.00` there and `1.5` here, `day` is `2023-01-02` there and nothing here, `sku` is `S1` there and nothing here
    5 | differs from lines.csv:2: `amount` is `1.00` there and `9` here, `customer` is `A` there and `C` here, `day` is `2023-01-02` there and `2023-02-02` here, one more column differs
    ");
}

/// Numbers of a Parquet file and texts of a CSV file are compared as they read.
#[test]
fn files_of_different_formats_are_compared() {
    let columns: [(&str, ArrayRef); 5] = [
        ("customer", Arc::new(StringArray::from(vec!["A", "B", "B"]))),
        ("invoice", Arc::new(Int64Array::from(vec![1, 2, 2]))),
        ("day", Arc::new(StringArray::from(vec!["2023-01-02", "2023-01-03", "2023-01-03"]))),
        ("sku", Arc::new(StringArray::from(vec![Some("S1"), Some("S1"), None]))),
        ("amount", Arc::new(Float64Array::from(vec![10.0, 5.5, 1.0]))),
    ];
    let pipeline = PIPELINE.replace("# more", "duplicates: {key: all}").replace("*.*v*", "lines*");
    for group_rows in [1, 10] {
        let project = Project::new(&pipeline)
            .with("lines.csv", format!("{HEADER}A,1,2023-01-02,S1,10\nB,2,2023-01-03,S1,5.5\nB,2,2023-01-03,,1\n"))
            .with("lines.parquet", parquet_of(&columns, group_rows));
        let run = project.run(&[]);
        assert_eq!(run.table("duplicates.parquet").texts("rows_exact"), ["3"]);
        assert_eq!(
            run.table("quarantine.parquet").texts("detail"),
            ["the same as lines.csv:2", "the same as lines.csv:3", "the same as lines.csv:4"]
        );
    }
}

#[test]
fn mistakes_in_the_rules_are_all_found() {
    let rules =
        "[{key: [invoic, sku], keep: oldest}, {where: sku LIKE, copies: 1}, {key: all, copies: 2, across: files}]";
    assert_snapshot!(twice(rules).refused(&[]), @"
    exit code 2
    error: `keep` should be one of `first`, `last`, `newest`, found `oldest`
      --> small.yaml:11:47
       |
    11 |       duplicates: [{key: [invoic, sku], keep: oldest}, {where: sku LIKE, copies: 1}, {key: all, copies: 2, across: files}]
       |                                               ^^^^^^
       |
       = hint: did you mean `last`?

    error: a rule of `duplicates` needs the key `key`
      --> small.yaml:11:56
       |
    11 |       duplicates: [{key: [invoic, sku], keep: oldest}, {where: sku LIKE, copies: 1}, {key: all, copies: 2, across: files}]
       |                                                        ^

    error: `copies` should be a whole number from 2 to 1000, found `1`
      --> small.yaml:11:82
       |
    11 |       duplicates: [{key: [invoic, sku], keep: oldest}, {where: sku LIKE, copies: 1}, {key: all, copies: 2, across: files}]
       |                                                                                  ^

    error: `copies` are of one file, and `across: files` leaves what one file says alone
      --> small.yaml:11:86
       |
    11 |       duplicates: [{key: [invoic, sku], keep: oldest}, {where: sku LIKE, copies: 1}, {key: all, copies: 2, across: files}]
       |                                                                                      ^
       |
       = hint: keep one of the two

    4 mistakes in `small.yaml`
    ");
    assert_snapshot!(twice("{key: [invoic, sku], where: amount}").refused(&[]), @"
    exit code 2
    error: none of 2 files has a column `invoic`
      --> small.yaml:11:26
       |
    11 |       duplicates: {key: [invoic, sku], where: amount}
       |                          ^^^^^^
       |
       = hint: did you mean `invoice`?

    error: `amount` should be true or false, found text (in `jan.csv`)
      --> small.yaml:11:47
       |
    11 |       duplicates: {key: [invoic, sku], where: amount}
       |                                               ^^^^^^

    error: `amount` should be true or false, found text (in `jan_again.csv`)
      --> small.yaml:11:47
       |
    11 |       duplicates: {key: [invoic, sku], where: amount}
       |                                               ^^^^^^

    3 mistakes in `small.yaml`
    ");
    let refused = twice("twice").refused(&[]);
    assert!(refused.contains("a rule of `duplicates` should be a map, found `twice`"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Lines of few keys in up to three files: what stays is what a map of keys keeps, on one thread and on two.
    #[test]
    fn one_line_of_each_key_stays(
        files in proptest::collection::vec(proptest::collection::vec((0u8..4, 0u8..3, 1u32..500), 0..12), 1..4),
        keep_last in any::<bool>(),
    ) {
        prop_assume!(files.iter().any(|lines| !lines.is_empty()));
        let keep = if keep_last { "last" } else { "first" };
        let mut project = project(&format!("{{key: [invoice, sku], keep: {keep}, then: exclude}}"));
        let (mut kept, mut rows) = (BTreeMap::new(), 0);
        for (file, lines) in files.iter().enumerate() {
            let mut text = HEADER.to_owned();
            for (invoice, sku, cents) in lines {
                text.push_str(&format!("A,{invoice},2023-01-02,S{sku},0.{cents:03}\n"));
                rows += 1;
                let amount = (cents + 5) / 10;
                if keep_last {
                    kept.insert((*invoice, *sku), amount);
                } else {
                    kept.entry((*invoice, *sku)).or_insert(amount);
                }
            }
            project = project.with(&format!("lines_{file}.csv"), text);
        }
        let one = project.run(&["--threads", "1", "--out", "one"]);
        let two = project.run(&["--threads", "2", "--out", "two"]);
        prop_assert_eq!(one.files(), two.files());
        let years = one.table("tables/account_years.parquet");
        let expected: u32 = kept.values().sum();
        prop_assert_eq!(&years.texts("lines"), &[kept.len().to_string()]);
        prop_assert_eq!(&years.texts("revenue"), &[format!("{}.{:02}", expected / 100, expected % 100)]);
        let pairs = one.table("duplicates.parquet");
        let sum = |column: &str| pairs.numbers(column).into_iter().flatten().sum::<f64>();
        prop_assert_eq!(sum("rows_exact") + sum("rows_differing"), (rows - kept.len()) as f64);
    }
}

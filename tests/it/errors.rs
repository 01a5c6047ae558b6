//! Every message that a wrong pipeline or wrong data can draw, in a small pipeline each.

use crate::support::{Project, parquet_of};
use arrow::array::{ArrayRef, Int64Array, ListArray, StringArray};
use arrow::datatypes::Int32Type;
use insta::assert_snapshot;
use std::sync::Arc;

/// A pipeline without a mistake; each test puts one in.
const SOUND: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: quantity * price, product: sku}
  - account_years: {from: ledger}
  - read: {id: customers, path: customers.csv}
  - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment}}
  - growth: {from: account_years, years: 1}
  - pareto: {from: account_years, by: segment, accounts: accounts}
  - profile: {from: account_years}
  - read: {id: sheet, path: sheet.csv}
  - scorecard:
      judged: sheet
      groups:
        growth:
          weight: 60
          criteria:
            revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], [0.2, 10]]}
            strategy: {weight: 30, judged: true}
        relation:
          weight: 40
          criteria:
            size: {weight: 50, measure: pareto.revenue, scale: percentile}
            loyalty: {weight: 50, measure: profile.active_months, scale: {minmax: rising}}
  - parquet: {from: [growth, pareto, scorecard], to: tables}
  - markdown: {template: key_accounts, to: report.md}
";

const LINES: &str = "\
customer,day,quantity,price,sku
A,2023-05-01,10,10.00,S1
A,2024-05-01,10,15.00,S1
B,2023-06-01,9,10.00,S1
B,2024-12-01,8,10.00,S2
";

fn project(pipeline: &str) -> Project {
    Project::new(pipeline)
        .with("lines.csv", LINES)
        .with("customers.csv", "customer,name,segment\nA,Ana,North\nB,Bea,South\n")
        .with("sheet.csv", "account,criterion,score\nA,strategy,7\nB,strategy,4\n")
}

/// The sound pipeline with a part of it replaced.
fn with(part: &str, replacement: &str) -> Project {
    assert!(SOUND.contains(part), "`{part}` is not in the sound pipeline");
    project(&SOUND.replacen(part, replacement, 1))
}

/// What `check` says of a pipeline; `run` must say the same.
fn mistakes_with(project: &Project, arguments: &[&str]) -> String {
    let check = project.vitalfew(&[&["check", "small.yaml"], arguments].concat());
    let run = project.vitalfew(&[&["run", "small.yaml", "--log", "none"], arguments].concat());
    assert_eq!((check.code, run.code), (2, 2), "{}{}", check.stderr, run.stderr);
    assert_eq!(check.stderr, run.stderr);
    assert_eq!(format!("{}{}", check.stdout, run.stdout), "");
    assert!(!project.path("out").exists(), "a run of a wrong pipeline has written something");
    check.stderr
}

fn mistakes(project: &Project) -> String {
    mistakes_with(project, &[])
}

#[test]
fn the_sound_pipeline_is_sound() {
    let project = project(SOUND);
    assert_snapshot!(project.vitalfew(&["check", "small.yaml"]).stdout, @"small.yaml is sound: 12 stages, 3 input files");
    project.run(&[]);
}

mod yaml {
    use super::*;

    #[test]
    fn a_list_that_does_not_end() {
        assert_snapshot!(mistakes(&with("accounts: accounts}", "accounts: accounts")), @"
        error: this is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
          --> small.yaml:13:12
           |
        13 |   - profile: {from: account_years}
           |            ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_tab_that_indents() {
        assert_snapshot!(mistakes(&with("      from: invoices", "\tfrom: invoices")), @"
        error: this is not valid YAML: tabs disallowed within this context (block indentation)
         --> small.yaml:6:2
          |
        6 |     from: invoices
          |     ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_colon_within_a_value() {
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: lines: csv")), @"
        error: this is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}'
         --> small.yaml:4:37
          |
        4 |   - read: {id: invoices, path: lines: csv}
          |                                     ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_quote_that_does_not_end() {
        assert_snapshot!(mistakes(&with("to: report.md", "to: \"report.md")), @r#"
        error: this is not valid YAML: unclosed quote
          --> small.yaml:29:44
           |
        29 |   - markdown: {template: key_accounts, to: "report.md}
           |                                            ^

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn an_empty_file() {
        assert_snapshot!(mistakes(&project("")), @"
        error: the pipeline needs the key `name`
         --> small.yaml:1:1
          |
        1 |
          | ^

        error: the pipeline needs the key `currency`
         --> small.yaml:1:1
          |
        1 |
          | ^

        error: the pipeline needs the key `stages`
         --> small.yaml:1:1
          |
        1 |
          | ^

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn a_file_of_another_kind() {
        assert_snapshot!(mistakes(&project("- a\n- b\n")), @"
        error: the pipeline should be a map, found a list
         --> small.yaml:1:1
          |
        1 | - a
          | ^
          |
          = hint: write its keys as `key: value`, one per line

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn bytes_that_are_no_text() {
        let project = project(SOUND);
        project.write("small.yaml", b"name: \xff\n");
        assert_snapshot!(mistakes(&project), @"
        error: cannot read `small.yaml`: stream did not contain valid UTF-8
         --> small.yaml:1:1
          |
        1 |
          | ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn no_file() {
        let project = project(SOUND);
        std::fs::remove_file(project.path("small.yaml")).unwrap();
        assert_snapshot!(mistakes(&project), @"
        error: cannot read `small.yaml`: No such file or directory (os error 2)
         --> small.yaml:1:1
          |
        1 |
          | ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn no_stages() {
        assert_snapshot!(mistakes(&project("name: small\ncurrency: EUR\n")), @"
        error: the pipeline needs the key `stages`
         --> small.yaml:1:1
          |
        1 | name: small
          | ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn stages_that_are_no_list() {
        let pipeline = "name: small\ncurrency: EUR\nstages:\n  read: {id: invoices, path: lines.csv}\n";
        assert_snapshot!(mistakes(&project(pipeline)), @"
        error: `stages` should be a list, found a map
         --> small.yaml:4:3
          |
        4 |   read: {id: invoices, path: lines.csv}
          |   ^
          |
          = hint: each stage is a list item: `- growth: {from: account_years}`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn stages_that_are_not_maps_of_one_key() {
        let pipeline = "\
name: small
currency: EUR
stages:
  - growth
  - read:
    id: invoices
    path: lines.csv
  - 7
  - [read]
  - ledger: invoices
";
        assert_snapshot!(mistakes(&project(pipeline)), @"
        error: a stage should be a map with one key, its kind; found `growth`
         --> small.yaml:4:5
          |
        4 |   - growth
          |     ^^^^^^
          |
          = hint: indent the keys of a stage below its kind

        error: a stage should be a map with one key, its kind; found a map with 3 keys: `read`, `id`, `path`
         --> small.yaml:5:5
          |
        5 |   - read:
          |     ^
          |
          = hint: indent the keys of a stage below its kind

        error: a stage should be a map with one key, its kind; found `7`
         --> small.yaml:8:5
          |
        8 |   - 7
          |     ^
          |
          = hint: indent the keys of a stage below its kind

        error: a stage should be a map with one key, its kind; found a list
         --> small.yaml:9:5
          |
        9 |   - [read]
          |     ^
          |
          = hint: indent the keys of a stage below its kind

        error: stage `ledger` should be a map, found `invoices`
          --> small.yaml:10:13
           |
        10 |   - ledger: invoices
           |             ^^^^^^^^
           |
           = hint: write its keys as `key: value`, one per line

        5 mistakes in `small.yaml`
        ");
    }
}

mod keys {
    use super::*;

    #[test]
    fn unknown_ones_get_the_nearest_name() {
        let project = with("currency: EUR", "curency: EUR");
        assert_snapshot!(mistakes(&project), @"
        error: the pipeline needs the key `currency`
         --> small.yaml:1:1
          |
        1 | name: small
          | ^

        error: unknown key `curency` in the pipeline
         --> small.yaml:2:1
          |
        2 | curency: EUR
          | ^^^^^^^
          |
          = hint: did you mean `currency`?

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("years: 1}", "year: 1}")), @"
        error: unknown key `year` in stage `growth`
          --> small.yaml:11:35
           |
        11 |   - growth: {from: account_years, year: 1}
           |                                   ^^^^
           |
           = hint: did you mean `years`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("account: customer,", "acount: customer,")), @"
        error: `columns` needs the key `account`
         --> small.yaml:7:16
          |
        7 |       columns: {acount: customer, date: day, amount: quantity * price, product: sku}
          |                ^

        error: unknown key `acount` in `columns`
         --> small.yaml:7:17
          |
        7 |       columns: {acount: customer, date: day, amount: quantity * price, product: sku}
          |                 ^^^^^^
          |
          = hint: did you mean `account`?

        2 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn unknown_ones_like_no_other_get_all_names() {
        assert_snapshot!(mistakes(&with("years: 1}", "zoom: 1}")), @"
        error: unknown key `zoom` in stage `growth`
          --> small.yaml:11:35
           |
        11 |   - growth: {from: account_years, zoom: 1}
           |                                   ^^^^
           |
           = hint: there are: `id`, `from`, `years`, `threshold`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn unknown_kinds_get_the_nearest_one() {
        assert_snapshot!(mistakes(&with("- profile:", "- profil:")), @"
        error: unknown kind of stage `profil`
          --> small.yaml:13:5
           |
        13 |   - profil: {from: account_years}
           |     ^^^^^^
           |
           = hint: did you mean `profile`?

        error: no stage above makes a table `profile`
          --> small.yaml:27:44
           |
        27 |             loyalty: {weight: 50, measure: profile.active_months, scale: {minmax: rising}}
           |                                            ^^^^^^^^^^^^^^^^^^^^^
           |
           = hint: there are: `accounts`, `growth`, `pareto`

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("- markdown:", "- xyz:")), @"
        error: unknown kind of stage `xyz`
          --> small.yaml:29:5
           |
        29 |   - xyz: {template: key_accounts, to: report.md}
           |     ^^^
           |
           = hint: there are: `read`, `ledger`, `accounts`, `account_years`, `growth`, `pareto`, `profile`, `profitability`, `breadth`, `whitespace`, `stability`, `lifetime_value`, `sql`, `scorecard`, `robustness`, `quadrant`, `history`, `select`, `compare`, `backtest`, `kam`, `parquet`, `markdown`, `briefs`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn equal_keys() {
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\ncurrency: USD")), @"
        error: key `currency` appears twice in the pipeline
         --> small.yaml:3:1
          |
        3 | currency: USD
          | ^^^^^^^^
          |
          = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("years: 1}", "years: 1, years: 2}")), @"
        error: key `years` appears twice in stage `growth`
          --> small.yaml:11:45
           |
        11 |   - growth: {from: account_years, years: 1, years: 2}
           |                                             ^^^^^
           |
           = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("date: day", "date: day, date: sku")), @"
        error: key `date` appears twice in `columns`
         --> small.yaml:7:47
          |
        7 |       columns: {account: customer, date: day, date: sku, amount: quantity * price, product: sku}
          |                                               ^^^^
          |
          = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("{name: name,", "{name: name, name: segment,")), @"
        error: key `name` appears twice in `attributes`
          --> small.yaml:10:77
           |
        10 |   - accounts: {from: customers, account: customer, attributes: {name: name, name: segment, segment: segment}}
           |                                                                             ^^^^
           |
           = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn missing_ones() {
        assert_snapshot!(mistakes(&with("currency: EUR\n", "")), @"
        error: the pipeline needs the key `currency`
         --> small.yaml:1:1
          |
        1 | name: small
          | ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("{from: account_years, years: 1}", "{years: 1}")), @"
        error: stage `growth` needs the key `from`
          --> small.yaml:11:5
           |
        11 |   - growth: {years: 1}
           |     ^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("date: day, ", "")), @"
        error: `columns` needs the key `date`
         --> small.yaml:7:16
          |
        7 |       columns: {account: customer, amount: quantity * price, product: sku}
          |                ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn values_of_another_kind() {
        assert_snapshot!(mistakes(&with("years: 1}", "years: many}")), @"
        error: `years` should be a whole number from 1 to 30, found `many`
          --> small.yaml:11:42
           |
        11 |   - growth: {from: account_years, years: many}
           |                                          ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("years: 1}", "years: 0}")), @"
        error: `years` should be a whole number from 1 to 30, found `0`
          --> small.yaml:11:42
           |
        11 |   - growth: {from: account_years, years: 0}
           |                                          ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("years: 1}", "years: 1, threshold: high}")), @"
        error: `threshold` should be a number, found `high`
          --> small.yaml:11:56
           |
        11 |   - growth: {from: account_years, years: 1, threshold: high}
           |                                                        ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("to: tables", "to: [tables]")), @"
        error: `to` should be a text, found a list
          --> small.yaml:28:54
           |
        28 |   - parquet: {from: [growth, pareto, scorecard], to: [tables]}
           |                                                      ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("to: tables", "to: \"\"")), @r#"
        error: `to` should be a text, found an empty one
          --> small.yaml:28:54
           |
        28 |   - parquet: {from: [growth, pareto, scorecard], to: ""}
           |                                                      ^^

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&with("judged: true", "judged: perhaps")), @"
        error: criterion `strategy` is neither measured nor judged
          --> small.yaml:22:13
           |
        22 |             strategy: {weight: 30, judged: perhaps}
           |             ^^^^^^^^
           |
           = hint: add `measure: table.column` with a `scale`, or `judged: true`

        error: `judged` should be true or false, found `perhaps`
          --> small.yaml:22:44
           |
        22 |             strategy: {weight: 30, judged: perhaps}
           |                                            ^^^^^^^

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("attributes: {name: name, segment: segment}", "attributes: name")), @"
        error: `attributes` should be a map, found `name`
          --> small.yaml:10:64
           |
        10 |   - accounts: {from: customers, account: customer, attributes: name}
           |                                                                ^^^^
           |
           = hint: such as `{name: customer_name, segment: industry}`

        1 mistake in `small.yaml`
        ");
    }
}

mod wiring {
    use super::*;

    #[test]
    fn an_id_that_is_taken() {
        assert_snapshot!(mistakes(&with("id: customers", "id: invoices")), @"
        error: the id `invoices` is taken by a stage above
         --> small.yaml:9:16
          |
        9 |   - read: {id: invoices, path: customers.csv}
          |                ^^^^^^^^
          |
          = hint: give this stage an `id` of its own, such as `invoices_2`

        error: stage `accounts` reads `customers`, which does not exist
          --> small.yaml:10:22
           |
        10 |   - accounts: {from: customers, account: customer, attributes: {name: name, segment: segment}}
           |                      ^^^^^^^^^
           |
           = hint: there are: `invoices`, `ledger`, `account_years`

        2 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn an_id_that_cannot_name_a_table() {
        assert_snapshot!(mistakes(&with("- growth: {from", "- growth: {id: 3-years, from")), @"
        error: the id `3-years` should be made of letters, digits and `_`, starting with a letter
          --> small.yaml:11:18
           |
        11 |   - growth: {id: 3-years, from: account_years, years: 1}
           |                  ^^^^^^^
           |
           = hint: ids name tables and files

        error: no stage above makes a table `growth`
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^
           |
           = hint: there are: `accounts`, `3-years`, `pareto`, `profile`

        error: stage `parquet` reads `growth`, which does not exist
          --> small.yaml:28:22
           |
        28 |   - parquet: {from: [growth, pareto, scorecard], to: tables}
           |                      ^^^^^^
           |
           = hint: there are: `invoices`, `ledger`, `account_years`, `customers`, `accounts`, `3-years`, `pareto`, `profile`, `sheet`, `scorecard`

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_below() {
        assert_snapshot!(mistakes(&with("- account_years: {from: ledger}", "- account_years: {from: scorecard}")), @"
        error: stage `account_years` reads `scorecard`, which is declared below it
         --> small.yaml:8:27
          |
        8 |   - account_years: {from: scorecard}
          |                           ^^^^^^^^^
          |
          = hint: move `scorecard` above: a stage reads only stages above it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_that_reads_itself() {
        assert_snapshot!(mistakes(&with("- growth: {from: account_years", "- growth: {from: growth")), @"
        error: stage `growth` reads itself
          --> small.yaml:11:20
           |
        11 |   - growth: {from: growth, years: 1}
           |                    ^^^^^^
           |
           = hint: a stage reads only stages above it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_that_does_not_exist() {
        assert_snapshot!(mistakes(&with("- growth: {from: account_years", "- growth: {from: acount_years")), @"
        error: stage `growth` reads `acount_years`, which does not exist
          --> small.yaml:11:20
           |
        11 |   - growth: {from: acount_years, years: 1}
           |                    ^^^^^^^^^^^^
           |
           = hint: did you mean `account_years`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_of_the_wrong_kind() {
        assert_snapshot!(mistakes(&with("- growth: {from: account_years", "- growth: {from: ledger")), @"
        error: stage `growth` reads an `account_years` stage, but `ledger` is a `ledger` stage
          --> small.yaml:11:20
           |
        11 |   - growth: {from: ledger, years: 1}
           |                    ^^^^^^
           |
           = hint: stages of that kind above: `account_years`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("accounts: accounts}", "accounts: customers}")), @"
        error: stage `pareto` reads an `accounts` stage, but `customers` is a `read` stage
          --> small.yaml:12:58
           |
        12 |   - pareto: {from: account_years, by: segment, accounts: customers}
           |                                                          ^^^^^^^^^
           |
           = hint: stages of that kind above: `accounts`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("judged: sheet", "judged: growth")), @"
        error: stage `scorecard` reads a `read` stage, but `growth` is a `growth` stage
          --> small.yaml:16:15
           |
        16 |       judged: growth
           |               ^^^^^^
           |
           = hint: stages of that kind above: `invoices`, `customers`, `sheet`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_without_tables() {
        assert_snapshot!(mistakes(&with("[growth, pareto, scorecard]", "[growth, customers]")), @"
        error: stage `parquet` reads the tables of `customers`, but a `read` stage makes none
          --> small.yaml:28:30
           |
        28 |   - parquet: {from: [growth, customers], to: tables}
           |                              ^^^^^^^^^
           |
           = hint: declare its `columns` to make a table of it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_mistake_is_not_blamed_on_those_who_read_it() {
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: absent.csv")), @"
        error: there is no file `./absent.csv`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: absent.csv}
          |                                ^^^^^^^^^^
          |
          = hint: paths start at the root `.`; point it elsewhere with `--set root=…`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn two_tables_of_one_name() {
        let second = "  - growth: {id: accounts_2, from: account_years, years: 1}\n  - accounts: {id: accounts_2, from";
        let third = "  - read: {id: outcomes, path: lines.csv}\n  - growth: {id: reconciliation, from: account_years}\n  - pareto:";
        assert_snapshot!(mistakes(&with("  - accounts: {from", second)), @"
        error: the id `accounts_2` is taken by a stage above
          --> small.yaml:11:20
           |
        11 |   - accounts: {id: accounts_2, from: customers, account: customer, attributes: {name: name, segment: segment}}
           |                    ^^^^^^^^^^
           |
           = hint: give this stage an `id` of its own, such as `accounts_2_2`

        error: stage `pareto` reads `accounts`, which does not exist
          --> small.yaml:13:58
           |
        13 |   - pareto: {from: account_years, by: segment, accounts: accounts}
           |                                                          ^^^^^^^^
           |
           = hint: did you mean `accounts_2`?

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("  - pareto:", third)), @"
        error: stage `reconciliation` makes a table `reconciliation`, as a stage above does
          --> small.yaml:13:18
           |
        13 |   - growth: {id: reconciliation, from: account_years}
           |                  ^^^^^^^^^^^^^^
           |
           = hint: give one of the two stages another id

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_scorecard_without_account_years_and_a_report_without_a_ledger() {
        let pipeline = "\
name: small
currency: EUR
stages:
  - scorecard: {groups: {growth: {weight: 1, criteria: {strategy: {weight: 1, judged: true}}}}}
  - markdown: {template: key_accounts, to: report.md}
";
        assert_snapshot!(mistakes(&project(pipeline)), @"
        error: stage `scorecard` needs the account years that say which accounts there are
         --> small.yaml:4:5
          |
        4 |   - scorecard: {groups: {growth: {weight: 1, criteria: {strategy: {weight: 1, judged: true}}}}}
          |     ^^^^^^^^^
          |
          = hint: declare a stage `account_years` above

        error: stage `markdown` needs a ledger to report on
         --> small.yaml:5:5
          |
        5 |   - markdown: {template: key_accounts, to: report.md}
          |     ^^^^^^^^
          |
          = hint: declare a stage `ledger` above

        2 mistakes in `small.yaml`
        ");
    }
}

mod columns {
    use super::*;

    #[test]
    fn that_a_csv_file_does_not_have() {
        assert_snapshot!(mistakes(&with("account: customer,", "account: custmer,")), @"
        error: `lines.csv` has no column `custmer`
         --> small.yaml:7:26
          |
        7 |       columns: {account: custmer, date: day, amount: quantity * price, product: sku}
          |                          ^^^^^^^
          |
          = hint: did you mean `customer`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn that_one_of_many_files_does_not_have() {
        let project = with("path: lines.csv", "path: \"20*.csv\"")
            .with("2023.csv", LINES)
            .with("2024.csv", LINES.replace("price", "unit price"))
            .with("2025.csv", LINES);
        assert_snapshot!(mistakes(&project), @"
        error: `2024.csv` has no column `price`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^
          |
          = hint: there are: `customer`, `day`, `quantity`, `unit price`, `sku`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn that_a_parquet_file_does_not_have() {
        let column = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let file = parquet_of(&[("customer", column(["A", "B"])), ("Days", column(["2023-05-01", "2024-05-01"]))], 10);
        let project = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", file);
        assert_snapshot!(mistakes(&project), @"
        error: `lines.parquet` has no column `day`
         --> small.yaml:7:42
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                          ^^^
          |
          = hint: did you mean `Days`?

        error: `lines.parquet` has no column `price`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^
          |
          = hint: there are: `customer`, `Days`

        error: `lines.parquet` has no column `quantity`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^
          |
          = hint: there are: `customer`, `Days`

        error: `lines.parquet` has no column `sku`
         --> small.yaml:7:82
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                                                                  ^^^
          |
          = hint: there are: `customer`, `Days`

        4 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn of_a_type_that_no_line_can_have() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)]), None]);
        let column = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer", Arc::new(list.clone())),
            ("day", Arc::new(Int64Array::from(vec![20_230_501, 20_240_501]))),
            ("quantity", Arc::new(list)),
            ("price", column(["1", "2"])),
            ("sku", column(["a", "b"])),
        ];
        let project = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", parquet_of(&columns, 10));
        assert_snapshot!(mistakes(&project), @"
        error: `customer` should be text or a number, but is of type List(Int32) (in `lines.parquet`)
         --> small.yaml:7:26
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                          ^^^^^^^^

        error: `day` should be a date, found a number (in `lines.parquet`)
         --> small.yaml:7:42
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                          ^^^
          |
          = hint: the day numbers of a spreadsheet are read with `date_format: excel`

        error: the column `quantity` of `lines.parquet` is of type List(Int32), which expressions cannot use
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn that_the_other_tables_do_not_have() {
        assert_snapshot!(mistakes(&with("segment: segment}", "segment: sector}")), @"
        error: `customers.csv` has no column `sector`
          --> small.yaml:10:86
           |
        10 |   - accounts: {from: customers, account: customer, attributes: {name: name, segment: sector}}
           |                                                                                      ^^^^^^
           |
           = hint: did you mean `customer`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("by: segment", "by: sector")), @"
        error: `accounts` has no column `sector`
          --> small.yaml:12:39
           |
        12 |   - pareto: {from: account_years, by: sector, accounts: accounts}
           |                                       ^^^^^^
           |
           = hint: there are: `account`, `name`, `segment`

        1 mistake in `small.yaml`
        ");
        let project = project(SOUND).with("sheet.csv", "account,criterium,score\nA,strategy,7\n");
        assert_snapshot!(mistakes(&project), @"
        error: the sheet of judgements `sheet.csv` has no column `criterion`
          --> small.yaml:16:15
           |
        16 |       judged: sheet
           |               ^^^^^
           |
           = hint: did you mean `criterium`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: lines.csv, types: {prize: number}")), @"
        error: no file has the column `prize`
         --> small.yaml:4:51
          |
        4 |   - read: {id: invoices, path: lines.csv, types: {prize: number}}
          |                                                   ^^^^^
          |
          = hint: did you mean `price`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn attributes_that_cannot_name_one() {
        assert_snapshot!(mistakes(&with("{name: name,", "{full name: name, account: name,")), @"
        error: the attribute `full name` cannot be called so
          --> small.yaml:10:65
           |
        10 |   - accounts: {from: customers, account: customer, attributes: {full name: name, account: name, segment: segment}}
           |                                                                 ^^^^^^^^^
           |
           = hint: use letters, digits and `_`, and another name than `account`

        error: the attribute `account` cannot be called so
          --> small.yaml:10:82
           |
        10 |   - accounts: {from: customers, account: customer, attributes: {full name: name, account: name, segment: segment}}
           |                                                                                  ^^^^^^^
           |
           = hint: use letters, digits and `_`, and another name than `account`

        2 mistakes in `small.yaml`
        ");
    }
}

mod expressions {
    use super::*;

    #[test]
    fn that_do_not_parse() {
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: quantity * (price")), @"
        error: `quantity * (price` is neither a column nor a SQL expression: unable to parse 'quantity * (price' as Expr
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * (price, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^^
          |
          = hint: put names with blanks or signs inside an expression into double quotes

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: nonsense(price)")), @"
        error: `nonsense(price)` is neither a column nor a SQL expression: unsupported function 'nonsense'
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: nonsense(price), product: sku}
          |                                                       ^^^^^^^^^^^^^^^
          |
          = hint: put names with blanks or signs inside an expression into double quotes

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn that_look_beyond_a_line() {
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: SUM(price)")), @"
        error: `SUM(price)` adds up lines, but an expression sees one line at a time
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: SUM(price), product: sku}
          |                                                       ^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: LAG(price) OVER (ORDER BY day)")), @"
        error: `LAG(price) OVER (ORDER BY day)` looks at other lines, but an expression sees one line at a time
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: LAG(price) OVER (ORDER BY day), product: sku}
          |                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn of_columns_that_do_not_exist() {
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: quantity * prize")), @"
        error: `lines.csv` has no column `prize`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: quantity * prize, product: sku}
          |                                                       ^^^^^^^^^^^^^^^^
          |
          = hint: did you mean `price`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn of_the_wrong_type() {
        assert_snapshot!(mistakes(&with("amount: quantity * price", "amount: price > 1")), @"
        error: `price > 1` should be a number, found true or false (in `lines.csv`)
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: price > 1, product: sku}
          |                                                       ^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("product: sku", "product: sku * 2")), @"
        error: `sku * 2` does not fit its columns: arithmetic on dtypes str and dyn int is not allowed (lhs: column 'sku', rhs: expression `dyn int: 2`); try an explicit cast first (in `lines.csv`)
         --> small.yaml:7:82
          |
        7 |       columns: {account: customer, date: day, amount: quantity * price, product: sku * 2}
          |                                                                                  ^^^^^^^
          |
          = hint: columns of a CSV file are text unless the `read` stage declares `types`, or an amount is computed from them

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("date: day", "date: \"1 + 1\"")), @r#"
        error: `1 + 1` should be a date, found a number (in `lines.csv`)
         --> small.yaml:7:42
          |
        7 |       columns: {account: customer, date: "1 + 1", amount: quantity * price, product: sku}
          |                                          ^^^^^^^

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn rules_that_are_neither_true_nor_false() {
        let rule = |rule: &str| with("  - account_years:", &format!("      exclude: {rule}\n  - account_years:"));
        assert_snapshot!(mistakes(&rule("[{where: UPPER(sku), because: not a product}]")), @"
        error: `UPPER(sku)` should be true or false, found text (in `lines.csv`)
         --> small.yaml:8:25
          |
        8 |       exclude: [{where: UPPER(sku), because: not a product}]
          |                         ^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&rule("[{where: sku, because: not a product}]")), @"
        error: `sku` should be true or false, found text (in `lines.csv`)
         --> small.yaml:8:25
          |
        8 |       exclude: [{where: sku, because: not a product}]
          |                         ^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&rule("[{where: \"sku = 'S1\", because: not a product}]")), @r#"
        error: `sku = 'S1` is neither a column nor a SQL expression: sql parser error: Unterminated string literal at Line: 1, Column: 7
         --> small.yaml:8:25
          |
        8 |       exclude: [{where: "sku = 'S1", because: not a product}]
          |                         ^^^^^^^^^^^
          |
          = hint: put names with blanks or signs inside an expression into double quotes

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&rule("[{where: \"sku = 'S1'\"}, {because: no product}]")), @r#"
        error: an `exclude` rule needs the key `because`
         --> small.yaml:8:17
          |
        8 |       exclude: [{where: "sku = 'S1'"}, {because: no product}]
          |                 ^

        error: an `exclude` rule needs the key `where`
         --> small.yaml:8:40
          |
        8 |       exclude: [{where: "sku = 'S1'"}, {because: no product}]
          |                                        ^

        2 mistakes in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&rule("POSTAGE")), @r#"
        error: `exclude` should be a list, found `POSTAGE`
         --> small.yaml:8:16
          |
        8 |       exclude: POSTAGE
          |                ^^^^^^^
          |
          = hint: such as `- {where: "sku = 'POSTAGE'", because: not a product}`

        1 mistake in `small.yaml`
        "#);
    }
}

mod scores {
    use super::*;

    #[test]
    fn weights() {
        assert_snapshot!(mistakes(&with("weight: 60", "weight: 0")), @"
        error: a weight should be above zero, found 0
          --> small.yaml:19:19
           |
        19 |           weight: 0
           |                   ^
           |
           = hint: leave out what should not count

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("weight: 70", "weight: -5")), @"
        error: a weight should be above zero, found -5
          --> small.yaml:21:31
           |
        21 |             revenue: {weight: -5, measure: growth.cagr, scale: [[0, 1], [0.2, 10]]}
           |                               ^^
           |
           = hint: leave out what should not count

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("weight: 60", "weight: heavy")), @"
        error: `weight` should be a number, found `heavy`
          --> small.yaml:19:19
           |
        19 |           weight: heavy
           |                   ^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("weight: 60", "weight: .inf")), @"
        error: `weight` should be a number, found `.inf`
          --> small.yaml:19:19
           |
        19 |           weight: .inf
           |                   ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("{weight: 70, measure", "{measure")), @"
        error: criterion `revenue` needs the key `weight`
          --> small.yaml:21:13
           |
        21 |             revenue: {measure: growth.cagr, scale: [[0, 1], [0.2, 10]]}
           |             ^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn scales() {
        let scale = |scale: &str| with("scale: [[0, 1], [0.2, 10]]", &format!("scale: {scale}"));
        assert_snapshot!(mistakes(&scale("[[0.2, 1], [0, 10]]")), @"
        error: the points of a scale should rise, but 0 follows 0.2
          --> small.yaml:21:75
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0.2, 1], [0, 10]]}
           |                                                                           ^
           |
           = hint: order the points by their first number; for a falling scale let the scores fall

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 1], [0, 10]]")), @"
        error: the points of a scale should rise, but 0 follows 0
          --> small.yaml:21:73
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], [0, 10]]}
           |                                                                         ^
           |
           = hint: order the points by their first number; for a falling scale let the scores fall

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 0], [0.2, 11]]")), @"
        error: a score should be from 1 to 10, found 0
          --> small.yaml:21:69
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 0], [0.2, 11]]}
           |                                                                     ^

        error: a score should be from 1 to 10, found 11
          --> small.yaml:21:79
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 0], [0.2, 11]]}
           |                                                                               ^^

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 1]]")), @"
        error: a scale needs at least two points
          --> small.yaml:21:64
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1]]}
           |                                                                ^
           |
           = hint: such as `[[0, 1], [12, 10]]`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 1], 10]")), @"
        error: a point should be `[value, score]`, found `10`
          --> small.yaml:21:73
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], 10]}
           |                                                                         ^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 1], [1, 2, 3]]")), @"
        error: a point should be `[value, score]`, found 3 numbers
          --> small.yaml:21:73
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], [1, 2, 3]]}
           |                                                                         ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("[[0, 1], [much, 10]]")), @"
        error: `value` should be a number, found `much`
          --> small.yaml:21:74
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: [[0, 1], [much, 10]]}
           |                                                                          ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("quantile")), @"
        error: a scale should be a list of points, `percentile` or `minmax`, found `quantile`
          --> small.yaml:21:64
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: quantile}
           |                                                                ^^^^^^^^
           |
           = hint: such as `[[0, 1], [12, 10]]`, `percentile`, `{minmax: falling}` or `{categories: {Retail: 6}}`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&scale("{percentile: upwards}")), @"
        error: a scale should be `rising` or `falling`, found `upwards`
          --> small.yaml:21:77
           |
        21 |             revenue: {weight: 70, measure: growth.cagr, scale: {percentile: upwards}}
           |                                                                             ^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn criteria() {
        let criterion =
            |criterion: &str| with("{weight: 70, measure: growth.cagr, scale: [[0, 1], [0.2, 10]]}", criterion);
        assert_snapshot!(mistakes(&criterion("{weight: 70}")), @"
        error: criterion `revenue` is neither measured nor judged
          --> small.yaml:21:13
           |
        21 |             revenue: {weight: 70}
           |             ^^^^^^^
           |
           = hint: add `measure: table.column` with a `scale`, or `judged: true`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&criterion("{weight: 70, measure: growth.cagr}")), @"
        error: criterion `revenue` is measured but has no scale
          --> small.yaml:21:13
           |
        21 |             revenue: {weight: 70, measure: growth.cagr}
           |             ^^^^^^^
           |
           = hint: such as `scale: [[0, 1], [12, 10]]`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&criterion("{weight: 70, judged: true, scale: percentile}")), @"
        error: criterion `revenue` is judged and needs no scale
          --> small.yaml:21:13
           |
        21 |             revenue: {weight: 70, judged: true, scale: percentile}
           |             ^^^^^^^
           |
           = hint: a judged score is a score already

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&criterion("{weight: 70, judged: true, measure: growth.cagr}")), @"
        error: criterion `revenue` is both measured and judged
          --> small.yaml:21:13
           |
        21 |             revenue: {weight: 70, judged: true, measure: growth.cagr}
           |             ^^^^^^^
           |
           = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("      judged: sheet\n", "")), @"
        error: the criterion `strategy` is judged, but the scorecard names no sheet
          --> small.yaml:21:13
           |
        21 |             strategy: {weight: 30, judged: true}
           |             ^^^^^^^^
           |
           = hint: declare `judged:` with the id of a `read` stage

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("strategy: {", "size: {")), @"
        error: the criterion `size` appears twice
          --> small.yaml:26:13
           |
        26 |             size: {weight: 50, measure: pareto.revenue, scale: percentile}
           |             ^^^^
           |
           = hint: a sheet of judgements knows criteria by their name alone

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("strategy: {", "long term: {")), @"
        error: the criterion `long term` should be made of letters, digits and `_`
          --> small.yaml:22:13
           |
        22 |             long term: {weight: 30, judged: true}
           |             ^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("      judged: sheet\n", "      judged: sheet\n      min_coverage: 50%\n")), @"
        error: `min_coverage` should be a number, found `50%`
          --> small.yaml:17:21
           |
        17 |       min_coverage: 50%
           |                     ^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("      judged: sheet\n", "      judged: sheet\n      min_coverage: 1.5\n")), @"
        error: `min_coverage` should be from 0 to 1, found 1.5
          --> small.yaml:17:21
           |
        17 |       min_coverage: 1.5
           |                     ^^^
           |
           = hint: write half as `0.5`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("      judged: sheet\n", "      judged: sheet\n      missing: ignore\n")), @"
        error: `missing` should be one of `renormalise`, `neutral`, `pessimistic`, `block`, found `ignore`
          --> small.yaml:17:16
           |
        17 |       missing: ignore
           |                ^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn groups_without_criteria() {
        let groups = SOUND.find("      groups:").unwrap()..SOUND.find("  - parquet:").unwrap();
        let none = SOUND.replace(&SOUND[groups.clone()], "      groups: {}\n");
        assert_snapshot!(mistakes(&project(&none)), @"
        error: `groups` should be a map with at least one entry, found an empty map
          --> small.yaml:17:15
           |
        17 |       groups: {}
           |               ^

        1 mistake in `small.yaml`
        ");
        let empty = SOUND.replace(&SOUND[groups], "      groups: {growth: {weight: 1, criteria: []}}\n");
        assert_snapshot!(mistakes(&project(&empty)), @"
        error: `criteria` should be a map with at least one entry, found an empty list
          --> small.yaml:17:46
           |
        17 |       groups: {growth: {weight: 1, criteria: []}}
           |                                              ^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn measures() {
        let measure = |measure: &str| with("measure: growth.cagr", &format!("measure: {measure}"));
        assert_snapshot!(mistakes(&measure("cagr")), @"
        error: a measure should be `table.column`, found `cagr`
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: cagr, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^
           |
           = hint: such as `growth.cagr`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("growth.cager")), @"
        error: table `growth` has no column `cager`
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: growth.cager, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^^
           |
           = hint: did you mean `cagr`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("growth.growth_status")), @"
        error: the column `growth.growth_status` holds no numbers
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: growth.growth_status, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^^^^^^^^^^
           |
           = hint: did you mean `growth_intervals`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("grwoth.cagr")), @"
        error: no stage above makes a table `grwoth`
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: grwoth.cagr, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^
           |
           = hint: did you mean `growth`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("account_years.revenue")), @"
        error: table `account_years` has more than one row per account
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: account_years.revenue, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("invoices.quantity")), @"
        error: stage `scorecard` reads the tables of `invoices`, but a `read` stage makes none
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: invoices.quantity, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^^^^^^^
           |
           = hint: declare its `columns` to make a table of it

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&measure("parquet.revenue")), @"
        error: stage `scorecard` reads `parquet`, which is declared below it
          --> small.yaml:21:44
           |
        21 |             revenue: {weight: 70, measure: parquet.revenue, scale: [[0, 1], [0.2, 10]]}
           |                                            ^^^^^^^^^^^^^^^
           |
           = hint: move `parquet` above: a stage reads only stages above it

        1 mistake in `small.yaml`
        ");
    }
}

mod settings {
    use super::*;

    #[test]
    fn days_that_do_not_exist() {
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nas_of: 2025-02-30")), @"
        error: `as_of` should be `latest` or a day, found `2025-02-30`
         --> small.yaml:3:8
          |
        3 | as_of: 2025-02-30
          |        ^^^^^^^^^^
          |
          = hint: write a day that exists as year-month-day, such as `2025-12-31`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nas_of: 31.12.2025")), @"
        error: `as_of` should be `latest` or a day, found `31.12.2025`
         --> small.yaml:3:8
          |
        3 | as_of: 31.12.2025
          |        ^^^^^^^^^^
          |
          = hint: write a day that exists as year-month-day, such as `2025-12-31`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes_with(&project(SOUND), &["--as-of", "2025-02-30"]), @"
        error: `as_of` should be `latest` or a day, found `2025-02-30`
         --> --as-of:1:7
          |
        1 | as_of=2025-02-30
          |       ^^^^^^^^^^
          |
          = hint: write a day that exists as year-month-day, such as `2025-12-31`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_memory_limit_that_is_none() {
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nmemory_limit: plenty")), @"
        error: `memory_limit` should be a size, found `plenty`
         --> small.yaml:3:15
          |
        3 | memory_limit: plenty
          |               ^^^^^^
          |
          = hint: such as `2GB`; a run of few lines takes about 40 MB

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nmemory_limit: 10MB")), @"
        error: `memory_limit` should be 64MB or more, found `10MB`
         --> small.yaml:3:15
          |
        3 | memory_limit: 10MB
          |               ^^^^
          |
          = hint: such as `2GB`; a run of few lines takes about 40 MB

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn currencies_decimals_languages_months_and_names() {
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: Euro")), @"
        error: `currency` should be a code of three capital letters, found `Euro`
         --> small.yaml:2:11
          |
        2 | currency: Euro
          |           ^^^^
          |
          = hint: such as `EUR` or `USD`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\ndecimals: 7")), @"
        error: `decimals` should be a whole number from 0 to 6, found `7`
         --> small.yaml:3:11
          |
        3 | decimals: 7
          |           ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nlanguage: english")), @"
        error: `language` should be one of `en`, `es`, found `english`
         --> small.yaml:3:11
          |
        3 | language: english
          |           ^^^^^^^
          |
          = hint: did you mean `en`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nfiscal_year_starts: 13")), @"
        error: `fiscal_year_starts` should be a whole number from 1 to 12, found `13`
         --> small.yaml:3:21
          |
        3 | fiscal_year_starts: 13
          |                     ^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("currency: EUR", "currency: EUR\nfiscal_year_starts: April")), @"
        error: `fiscal_year_starts` should be a whole number from 1 to 12, found `April`
         --> small.yaml:3:21
          |
        3 | fiscal_year_starts: April
          |                     ^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("name: small", "name: ../small")), @"
        error: the name `../small` should be made of letters, digits, `_` and `-`
         --> small.yaml:1:7
          |
        1 | name: ../small
          |       ^^^^^^^^
          |
          = hint: it names the folder of the pipeline's runs

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("name: small", "name: key accounts")), @"
        error: the name `key accounts` should be made of letters, digits, `_` and `-`
         --> small.yaml:1:7
          |
        1 | name: key accounts
          |       ^^^^^^^^^^^^
          |
          = hint: it names the folder of the pipeline's runs

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn outputs_that_leave_the_run() {
        assert_snapshot!(mistakes(&with("to: tables", "to: ../tables")), @"
        error: `to` should be a path inside the folder of the run, found `../tables`
          --> small.yaml:28:54
           |
        28 |   - parquet: {from: [growth, pareto, scorecard], to: ../tables}
           |                                                      ^^^^^^^^^
           |
           = hint: such as `tables` or `reports/key_accounts.md`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("to: report.md", "to: /tmp/report.md")), @"
        error: `to` should be a path inside the folder of the run, found `/tmp/report.md`
          --> small.yaml:29:44
           |
        29 |   - markdown: {template: key_accounts, to: /tmp/report.md}
           |                                            ^^^^^^^^^^^^^^
           |
           = hint: such as `tables` or `reports/key_accounts.md`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("to: report.md", "to: run.json")), @"
        error: `to` should be a path inside the folder of the run, found `run.json`
          --> small.yaml:29:44
           |
        29 |   - markdown: {template: key_accounts, to: run.json}
           |                                            ^^^^^^^^
           |
           = hint: such as `tables` or `reports/key_accounts.md`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn outputs_that_are_written_twice() {
        let twice = "to: tables}\n  - parquet: {id: again, from: growth, to: tables}";
        assert_snapshot!(mistakes(&with("to: tables}", twice)), @"
        error: stage `again` writes `tables/growth.parquet`, which is written already
          --> small.yaml:29:19
           |
        29 |   - parquet: {id: again, from: growth, to: tables}
           |                   ^^^^^
           |
           = hint: give each output a `to` of its own

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("to: report.md", "to: quarantine.parquet")), @"
        error: stage `markdown` writes `quarantine.parquet`, which is written already
          --> small.yaml:29:5
           |
        29 |   - markdown: {template: key_accounts, to: quarantine.parquet}
           |     ^^^^^^^^
           |
           = hint: give each output a `to` of its own

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn pareto() {
        assert_snapshot!(mistakes(&with(", accounts: accounts}", "}")), @"
        error: `by` and `accounts` go together, but there is no `accounts`
          --> small.yaml:12:39
           |
        12 |   - pareto: {from: account_years, by: segment}
           |                                       ^^^^^^^
           |
           = hint: such as `by: segment, accounts: accounts`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("by: segment, ", "")), @"
        error: `by` and `accounts` go together, but there is no `by`
          --> small.yaml:12:45
           |
        12 |   - pareto: {from: account_years, accounts: accounts}
           |                                             ^^^^^^^^
           |
           = hint: such as `by: segment, accounts: accounts`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("by: segment", "cutoff: 96, by: segment")), @"
        error: `cutoff` is 96, past `b_cutoff`, which is 95
          --> small.yaml:12:5
           |
        12 |   - pareto: {from: account_years, cutoff: 96, by: segment, accounts: accounts}
           |     ^^^^^^
           |
           = hint: class A ends before class B does

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("by: segment", "cutoff: 101, by: segment")), @"
        error: `cutoff` should be a whole number from 1 to 100, found `101`
          --> small.yaml:12:43
           |
        12 |   - pareto: {from: account_years, cutoff: 101, by: segment, accounts: accounts}
           |                                           ^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("by: segment", "crossing: maybe, by: segment")), @"
        error: `crossing` should be one of `include`, `exclude`, found `maybe`
          --> small.yaml:12:45
           |
        12 |   - pareto: {from: account_years, crossing: maybe, by: segment, accounts: accounts}
           |                                             ^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn quarantine_limits() {
        let limit =
            |limit: &str| with("from: invoices\n", &format!("from: invoices\n      quarantine_limit: {limit}\n"));
        assert_snapshot!(mistakes(&limit("some")), @"
        error: `quarantine_limit` should be a share such as `1%` or a number of rows, found `some`
         --> small.yaml:7:25
          |
        7 |       quarantine_limit: some
          |                         ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&limit("101%")), @"
        error: `quarantine_limit` should be a share such as `1%` or a number of rows, found `101%`
         --> small.yaml:7:25
          |
        7 |       quarantine_limit: 101%
          |                         ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&limit("-1")), @"
        error: `quarantine_limit` should be a share such as `1%` or a number of rows, found `-1`
         --> small.yaml:7:25
          |
        7 |       quarantine_limit: -1
          |                         ^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&limit("0.5")), @"
        error: `quarantine_limit` should be a share such as `1%` or a number of rows, found `0.5`
         --> small.yaml:7:25
          |
        7 |       quarantine_limit: 0.5
          |                         ^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn how_files_are_written() {
        let read = |more: &str| with("path: lines.csv", &format!("path: lines.csv, {more}"));
        assert_snapshot!(mistakes(&read("date_format: dd/mm/yyyy")), @"
        error: `dd/mm/yyyy` is no date format that names day, month and year
         --> small.yaml:4:56
          |
        4 |   - read: {id: invoices, path: lines.csv, date_format: dd/mm/yyyy}
          |                                                        ^^^^^^^^^^
          |
          = hint: for 31/12/2025 write `%d/%m/%Y`, for the day numbers of a spreadsheet `excel`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&read("date_format: \"%d/%m\"")), @r#"
        error: `%d/%m` is no date format that names day, month and year
         --> small.yaml:4:56
          |
        4 |   - read: {id: invoices, path: lines.csv, date_format: "%d/%m"}
          |                                                        ^^^^^^^
          |
          = hint: for 31/12/2025 write `%d/%m/%Y`, for the day numbers of a spreadsheet `excel`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&read("types: {price: money}")), @"
        error: unknown type `money` of column `price`
         --> small.yaml:4:58
          |
        4 |   - read: {id: invoices, path: lines.csv, types: {price: money}}
          |                                                          ^^^^^
          |
          = hint: there are: `text`, `number`, `date`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&read("types: price")), @"
        error: `types` should be a map of columns, found `price`
         --> small.yaml:4:50
          |
        4 |   - read: {id: invoices, path: lines.csv, types: price}
          |                                                  ^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&read("delimiter: semicolon")), @"
        error: `delimiter` should be one of `auto`, `,`, `;`, `tab`, `|`, found `semicolon`
         --> small.yaml:4:54
          |
        4 |   - read: {id: invoices, path: lines.csv, delimiter: semicolon}
          |                                                      ^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&read("decimal: \",\", thousands: \",\"")), @r#"
        error: `decimal` and `thousands` are the same sign
         --> small.yaml:4:5
          |
        4 |   - read: {id: invoices, path: lines.csv, decimal: ",", thousands: ","}
          |     ^^^^
          |
          = hint: a number can use each sign for one thing only

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&read("format: xlsx")), @"
        error: `format` should be one of `csv`, `parquet`, `workbook`, found `xlsx`
         --> small.yaml:4:51
          |
        4 |   - read: {id: invoices, path: lines.csv, format: xlsx}
          |                                                   ^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn templates() {
        assert_snapshot!(mistakes(&with("template: key_accounts", "template: key_account")), @"
        error: cannot read the template `./key_account`: No such file or directory (os error 2)
          --> small.yaml:29:26
           |
        29 |   - markdown: {template: key_account, to: report.md}
           |                          ^^^^^^^^^^^
           |
           = hint: the built-in template is `key_accounts`; other names are paths below the root

        1 mistake in `small.yaml`
        ");
        let project = with("template: key_accounts", "template: own.md.j2").with("own.md.j2", "# Title\n\n{% if x }\n");
        assert_snapshot!(mistakes(&project), @"
        error: template `own.md.j2`, line 3: syntax error: unexpected `}`, expected end of block
          --> small.yaml:29:26
           |
        29 |   - markdown: {template: own.md.j2, to: report.md}
           |                          ^^^^^^^^^

        1 mistake in `small.yaml`
        ");
    }
}

mod files {
    use super::*;

    #[test]
    fn that_are_missing() {
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: absent.csv")), @"
        error: there is no file `./absent.csv`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: absent.csv}
          |                                ^^^^^^^^^^
          |
          = hint: paths start at the root `.`; point it elsewhere with `--set root=…`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: \"invoices/*.csv\"")), @r#"
        error: no file matches `./invoices/*.csv`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "invoices/*.csv"}
          |                                ^^^^^^^^^^^^^^^^
          |
          = hint: paths start at the root `.`; point it elsewhere with `--set root=…`

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: \"***.csv\"")), @r#"
        error: `***.csv` is no valid glob: Pattern syntax error near position 4: wildcards are either regular `*` or recursive `**`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: "***.csv"}
          |                                ^^^^^^^^^

        1 mistake in `small.yaml`
        "#);
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: []")), @"
        error: `path` should name at least one, found an empty list
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: []}
          |                                ^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes_with(&project(SOUND), &["--set", "root=elsewhere"]), @"
        error: there is no file `elsewhere/lines.csv`
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.csv}
          |                                ^^^^^^^^^
          |
          = hint: paths start at the root `elsewhere`; point it elsewhere with `--set root=…`

        error: there is no file `elsewhere/customers.csv`
         --> small.yaml:9:33
          |
        9 |   - read: {id: customers, path: customers.csv}
          |                                 ^^^^^^^^^^^^^
          |
          = hint: paths start at the root `elsewhere`; point it elsewhere with `--set root=…`

        error: there is no file `elsewhere/sheet.csv`
          --> small.yaml:14:29
           |
        14 |   - read: {id: sheet, path: sheet.csv}
           |                             ^^^^^^^^^
           |
           = hint: paths start at the root `elsewhere`; point it elsewhere with `--set root=…`

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn that_are_matched_twice() {
        assert_snapshot!(mistakes(&with("path: lines.csv", "path: [lines.csv, \"line*.csv\"]")), @r#"
        error: `lines.csv` is matched twice
         --> small.yaml:4:33
          |
        4 |   - read: {id: invoices, path: [lines.csv, "line*.csv"]}
          |                                 ^^^^^^^^^
          |
          = hint: its lines would count twice; let each path match other files

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn of_unknown_formats() {
        let project = with("path: lines.csv", "path: lines.docx").with("lines.docx", "");
        assert_snapshot!(mistakes(&project), @"
        error: the name of `lines.docx` does not tell its format
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.docx}
          |                                ^^^^^^^^^^
          |
          = hint: declare `format: csv`, `format: parquet` or `format: workbook`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn that_are_no_parquet() {
        let garbage = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", "these are no tables");
        assert_snapshot!(mistakes(&garbage), @"
        error: `lines.parquet` is not readable as Parquet: Parquet error: Invalid Parquet file. Corrupt footer
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.parquet}
          |                                ^^^^^^^^^^^^^
          |
          = hint: the file may be cut off, damaged, or of another format

        1 mistake in `small.yaml`
        ");
        let empty = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", "");
        assert_snapshot!(mistakes(&empty), @"
        error: `lines.parquet` is not readable as Parquet: EOF: Parquet file too small. Size is 0 but need 8
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.parquet}
          |                                ^^^^^^^^^^^^^
          |
          = hint: the file may be cut off, damaged, or of another format

        1 mistake in `small.yaml`
        ");
        let column = Arc::new(StringArray::from(vec!["A", "B"])) as ArrayRef;
        let mut file = parquet_of(&[("customer", column)], 10);
        file.truncate(file.len() / 2);
        let truncated = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", file);
        assert_snapshot!(mistakes(&truncated), @"
        error: `lines.parquet` is not readable as Parquet: Parquet error: Invalid Parquet file. Corrupt footer
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.parquet}
          |                                ^^^^^^^^^^^^^
          |
          = hint: the file may be cut off, damaged, or of another format

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn whose_header_is_wrong() {
        let lines = |content: &[u8]| project(SOUND).with("lines.csv", content);
        assert_snapshot!(mistakes(&lines(b"")), @"
        error: `lines.csv` is empty
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.csv}
          |                                ^^^^^^^^^
          |
          = hint: a CSV file starts with a line that names its columns

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes(&lines(b"customer,day,quantity,price,day,sku\n")), @"
        error: `lines.csv` names the column `day` twice
         --> small.yaml:4:32
          |
        4 |   - read: {id: invoices, path: lines.csv}
          |                                ^^^^^^^^^
          |
          = hint: rename one of the two in the header

        1 mistake in `small.yaml`
        ");
    }
}

mod sets {
    use super::*;

    fn set(set: &str) -> String {
        mistakes_with(&project(SOUND), &["--set", set])
    }

    #[test]
    fn that_name_nothing() {
        assert_snapshot!(set("stages.grwoth.years=2"), @"
        error: `--set` names the stage `grwoth`, which does not exist
         --> --set:1:1
          |
        1 | stages.grwoth.years=2
          | ^^^^^^^^^^^^^^^^^^^
          |
          = hint: did you mean `growth`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("stages.growth.year=2"), @"
        error: unknown key `year` in stage `growth`
         --> --set:1:1
          |
        1 | stages.growth.year=2
          | ^^^^^^^^^^^^^^^^^^
          |
          = hint: did you mean `years`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("curency=USD"), @"
        error: unknown key `curency` in the pipeline
         --> --set:1:1
          |
        1 | curency=USD
          | ^^^^^^^
          |
          = hint: did you mean `currency`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn that_are_malformed() {
        assert_snapshot!(set("currency"), @"
        error: `--set` should be `key=value`, found `currency`
         --> --set:1:1
          |
        1 | currency
          | ^^^^^^^^
          |
          = hint: such as `--set currency=USD`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("stages.growth=2"), @"
        error: `--set stages…` should name a stage's id and a key of it
         --> --set:1:1
          |
        1 | stages.growth=2
          | ^^^^^^^^^^^^^
          |
          = hint: such as `--set stages.growth.years=2`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("stages=2"), @"
        error: `--set stages…` should name a stage's id and a key of it
         --> --set:1:1
          |
        1 | stages=2
          | ^^^^^^
          |
          = hint: such as `--set stages.growth.years=2`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("currency.code=USD"), @"
        error: `--set currency.code` goes into `EUR`, which has no keys
         --> --set:1:1
          |
        1 | currency.code=USD
          | ^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("currency=[EUR"), @"
        error: this is not valid YAML: unclosed bracket '['
         --> --set:1:1
          |
        1 | currency=[EUR
          | ^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("=EUR"), @"
        error: `--set` should be `key=value`, found `=EUR`
         --> --set:1:1
          |
        1 | =EUR
          | ^^^^
          |
          = hint: such as `--set currency=USD`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn whose_value_is_wrong() {
        assert_snapshot!(set("stages.growth.years=soon"), @"
        error: `years` should be a whole number from 1 to 30, found `soon`
         --> --set:1:21
          |
        1 | stages.growth.years=soon
          |                     ^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(set("currency="), @"
        error: the pipeline needs the key `currency`
         --> small.yaml:1:1
          |
        1 | name: small
          | ^

        1 mistake in `small.yaml`
        ");
    }
}

#[test]
fn every_mistake_is_told_at_once_in_the_order_of_the_file() {
    let pipeline = "\
name: small
currency: euro
decimals: 2
colour: blue
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger:
      from: invoices
      columns: {account: custmer, date: day, amount: quantity * prize}
      quarantine_limit: lots
  - account_years: {from: leger}
  - growht: {from: account_years}
  - pareto: {from: ledger, cutoff: 80}
  - read: {id: invoices, path: absent.csv}
  - scorecard:
      groups:
        growth:
          weight: 0
          criteria:
            revenue: {weight: 1, measure: pareto.revenue, scale: [[5, 1], [1, 10]]}
  - parquet: {from: pareto, to: ../tables}
";
    let project = project(pipeline);
    let all = mistakes(&project);
    assert_snapshot!(all, @"
    error: `currency` should be a code of three capital letters, found `euro`
     --> small.yaml:2:11
      |
    2 | currency: euro
      |           ^^^^
      |
      = hint: such as `EUR` or `USD`

    error: unknown key `colour` in the pipeline
     --> small.yaml:4:1
      |
    4 | colour: blue
      | ^^^^^^
      |
      = hint: there are: `name`, `root`, `as_of`, `fiscal_year_starts`, `currency`, `decimals`, `memory_limit`, `language`, `stages`

    error: `lines.csv` has no column `custmer`
     --> small.yaml:9:26
      |
    9 |       columns: {account: custmer, date: day, amount: quantity * prize}
      |                          ^^^^^^^
      |
      = hint: did you mean `customer`?

    error: `lines.csv` has no column `prize`
     --> small.yaml:9:54
      |
    9 |       columns: {account: custmer, date: day, amount: quantity * prize}
      |                                                      ^^^^^^^^^^^^^^^^
      |
      = hint: did you mean `price`?

    error: `quarantine_limit` should be a share such as `1%` or a number of rows, found `lots`
      --> small.yaml:10:25
       |
    10 |       quarantine_limit: lots
       |                         ^^^^

    error: stage `account_years` reads `leger`, which does not exist
      --> small.yaml:11:27
       |
    11 |   - account_years: {from: leger}
       |                           ^^^^^
       |
       = hint: did you mean `ledger`?

    error: unknown kind of stage `growht`
      --> small.yaml:12:5
       |
    12 |   - growht: {from: account_years}
       |     ^^^^^^
       |
       = hint: did you mean `growth`?

    error: stage `pareto` reads an `account_years` stage, but `ledger` is a `ledger` stage
      --> small.yaml:13:20
       |
    13 |   - pareto: {from: ledger, cutoff: 80}
       |                    ^^^^^^
       |
       = hint: stages of that kind above: `account_years`

    error: the id `invoices` is taken by a stage above
      --> small.yaml:14:16
       |
    14 |   - read: {id: invoices, path: absent.csv}
       |                ^^^^^^^^
       |
       = hint: give this stage an `id` of its own, such as `invoices_2`

    error: there is no file `./absent.csv`
      --> small.yaml:14:32
       |
    14 |   - read: {id: invoices, path: absent.csv}
       |                                ^^^^^^^^^^
       |
       = hint: paths start at the root `.`; point it elsewhere with `--set root=…`

    error: a weight should be above zero, found 0
      --> small.yaml:18:19
       |
    18 |           weight: 0
       |                   ^
       |
       = hint: leave out what should not count

    error: the points of a scale should rise, but 1 follows 5
      --> small.yaml:20:75
       |
    20 |             revenue: {weight: 1, measure: pareto.revenue, scale: [[5, 1], [1, 10]]}
       |                                                                           ^
       |
       = hint: order the points by their first number; for a falling scale let the scores fall

    error: `to` should be a path inside the folder of the run, found `../tables`
      --> small.yaml:21:33
       |
    21 |   - parquet: {from: pareto, to: ../tables}
       |                                 ^^^^^^^^^
       |
       = hint: such as `tables` or `reports/key_accounts.md`

    13 mistakes in `small.yaml`
    ");
}

mod data {
    use super::*;

    #[test]
    fn too_many_lines_in_quarantine() {
        let project = project(SOUND).with(
            "lines.csv",
            format!("{LINES}C,2024-02-30,1,1.00,S1\n,2024-01-01,1,1.00,S1\nC,2024-01-01,x,1.00,S1\nC,soon,1,1.00,S1\n"),
        );
        assert_snapshot!(project.refused(&[]), @"
        exit code 3
        error: 4 of 8 lines are quarantined, more than the limit of 1%
          2 × unreadable_date
              lines.csv:6: `2024-02-30` is no date of the declared format
              lines.csv:9: `soon` is no date of the declared format
          1 × missing_account
              lines.csv:7: the account is empty
          1 × unreadable_amount
              lines.csv:8: `x` in `quantity` is no amount
        hint: mend the files, `exclude` what does not belong in the ledger, or raise `quarantine_limit`
        ");
        assert!(project.refused(&["--set", "stages.ledger.quarantine_limit=3"]).contains("limit of 3 rows"));
        project.run(&["--set", "stages.ledger.quarantine_limit=4"]);
        project.run(&["--set", "stages.ledger.quarantine_limit=50%"]);
        assert!(project.refused(&["--set", "stages.ledger.quarantine_limit=49.99%"]).contains("limit of 49.99%"));
    }

    #[test]
    fn no_line_that_can_be_used() {
        let project = project(SOUND).with("lines.csv", LINES.replace("-0", "/0").replace("-12-", "/12/"));
        assert_snapshot!(project.refused(&[]), @"
        exit code 3
        error: 4 of 4 lines are quarantined, more than the limit of 1%
          4 × unreadable_date
              lines.csv:2: `2023/05/01` is no date of the declared format
              lines.csv:3: `2024/05/01` is no date of the declared format
              lines.csv:4: `2023/06/01` is no date of the declared format
        hint: mend the files, `exclude` what does not belong in the ledger, or raise `quarantine_limit`
        ");
        assert_snapshot!(project.refused(&["--set", "stages.ledger.quarantine_limit=100%"]), @"
        exit code 3
        error: none of 4 lines was accepted
        hint: `vitalfew stages ledger` says what excludes and quarantines lines
        ");
    }

    #[test]
    fn no_line_at_all() {
        let project = project(SOUND).with("lines.csv", "customer,day,quantity,price,sku\n");
        assert_snapshot!(project.refused(&[]), @"
        exit code 3
        error: the files have no lines but their headers
        ");
    }

    #[test]
    fn every_line_after_the_as_of_day() {
        assert_snapshot!(project(SOUND).refused(&["--as-of", "2022-12-31"]), @"
        exit code 3
        error: none of 4 lines was accepted; 4 of them lie after the as-of day
        hint: `vitalfew stages ledger` says what excludes and quarantines lines
        ");
    }

    #[test]
    fn no_complete_fiscal_year() {
        let lines = "customer,day,quantity,price,sku\nA,2024-02-01,1,1,S\nA,2024-11-30,1,1,S\n";
        assert_snapshot!(project(SOUND).with("lines.csv", lines).refused(&[]), @"
        exit code 3
        error: the lines, up to 2024-11-30, complete no fiscal year
        hint: give the last day that counts: `as_of: 2025-12-31` or `--as-of 2025-12-31`
        ");
        assert_snapshot!(project(SOUND).with("lines.csv", lines).refused(&["--as-of", "2024-11-30"]), @"
        exit code 3
        error: stage `growth` needs 2 complete fiscal years up to 2024-11-30, but the data has none
        hint: declare fewer `years`, or read older invoices
        ");
    }

    #[test]
    fn too_few_years_for_growth() {
        assert_snapshot!(project(SOUND).refused(&["--set", "stages.growth.years=3"]), @"
        exit code 3
        error: stage `growth` needs 4 complete fiscal years up to 2024-12-31, but the data has 2
        hint: declare fewer `years`, or read older invoices
        ");
    }

    #[test]
    fn rows_of_accounts_that_cannot_be_used() {
        let rows = "customer,name,segment\nA,Ana,North\n,Cai,South\nD,Dan\n";
        assert_snapshot!(project(SOUND).with("customers.csv", rows).refused(&[]), @"
        exit code 3
        error: the table of accounts has unusable rows, 2 in all
          customers.csv:3: the account is empty
          customers.csv:4: 2 fields where the header has 3
        hint: each row needs the key of an account, and a day where `latest` is declared
        ");
    }

    #[test]
    fn scores_that_must_not_be_missing() {
        let project = project(SOUND).with("sheet.csv", "account,criterion,score\nA,strategy,7\n");
        assert_snapshot!(project.refused(&["--set", "stages.scorecard.missing=block"]), @"
        exit code 3
        error: scores are missing, 1 in all
          `B` has no score for `strategy`
        hint: fill in the sheet, or declare `missing: renormalise`
        ");
        project.run(&["--set", "stages.scorecard.missing=neutral"]);
    }

    #[test]
    fn a_parquet_file_whose_pages_are_damaged() {
        let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        let columns = [
            ("customer", text(["A", "A"])),
            ("day", text(["2023-05-01", "2024-12-01"])),
            ("quantity", text(["1", "2"])),
            ("price", text(["1", "2"])),
            ("sku", text(["S", "S"])),
        ];
        let mut file = parquet_of(&columns, 10);
        // Behind the signature, in the first page; the footer stays whole.
        file[4..40].fill(0xff);
        let project = with("path: lines.csv", "path: lines.parquet").with("lines.parquet", file);
        assert_eq!(project.vitalfew(&["check", "small.yaml"]).code, 0);
        let refused = project.refused(&[]);
        assert!(refused.starts_with("exit code 1\nerror: `lines.parquet` is not readable as Parquet:"), "{refused}");
    }

    #[test]
    fn a_template_that_names_what_does_not_exist() {
        let project = with("template: key_accounts", "template: own.md.j2")
            .with("own.md.j2", "# {{ pipeline }}\n\n{{ ranking.vitals }}\n");
        assert_snapshot!(project.refused(&[]), @"
        exit code 1
        error: template `own.md.j2`, line 3: `ranking.vitals` is undefined
        ");
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_with_its_line() {
        let good = |number: u32| format!("A,2024-01-{:02},{number},1.00,S1\n", number % 28 + 1);
        let lines: String = (0..40).map(good).collect();
        let project = project(SOUND).with("lines.csv", format!("{LINES}{lines}\"B,2024-02-01,99,1.00,S1\n{lines}"));
        assert_snapshot!(project.refused(&[]), @"
        exit code 1
        error: `lines.csv`, line 46: a quote is opened here that swallows 40 lines behind it
        hint: close the quote, or write a quote inside a field twice
        ");
    }

    #[test]
    fn a_line_far_ahead_of_all_others_does_not_move_the_book() {
        let project = project(SOUND).with("lines.csv", format!("{LINES}A,2099-12-31,9,1.00,S1\n"));
        assert_snapshot!(project.refused(&[]), @"
        exit code 3
        error: the newest line is dated 2099-12-31, but no line lies in the five fiscal years before
        hint: correct its date, or give the last day that counts with `as_of`
        ");
    }

    #[test]
    fn an_as_of_day_past_the_data_is_refused() {
        assert_snapshot!(project(SOUND).refused(&["--as-of", "2030-12-31"]), @"
        exit code 3
        error: the lines end on 2024-12-01, before the last fiscal year that 2030-12-31 completes
        hint: every account would seem lost; give an earlier as-of day, or read the newer invoices
        ");
    }

    #[test]
    fn a_sum_of_amounts_that_is_too_large() {
        let line = "A,2024-12-01,1,4000000000000000.00,S1\n";
        let project = project(SOUND).with("lines.csv", format!("{LINES}{line}{line}{line}"));
        assert_snapshot!(project.refused(&[]), @"
        exit code 1
        error: the money of a file has more than 18 digits
        hint: keep fewer `decimals`, or leave the absurd amounts out with an `exclude` rule
        ");
    }
}

//! How values are written: amounts, dates and names of columns as exports have them.

use crate::support::{Project, parquet_of};
use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::Int32Type;
use insta::assert_snapshot;
use std::sync::Arc;

/// A pipeline over `lines*`; the options of `read` and the columns are the test's.
fn pipeline(options: &str, columns: &str) -> String {
    format!(
        "\
name: small
currency: EUR
stages:
  - read: {{id: invoices, path: \"lines*\"{options}}}
  - ledger:
      from: invoices
      columns: {{{columns}}}
      quarantine_limit: 100%
  - account_years: {{from: ledger}}
  - parquet: {{from: account_years, to: tables}}
"
    )
}

const COLUMNS: &str = "account: customer, date: day, amount: amount";

/// A file of account `A` with an amount per line, on days of 2023.
fn amounts(amounts: &[&str]) -> String {
    let lines = amounts.iter().map(|amount| format!("A;2023-12-31;\"{amount}\"\n"));
    format!("customer;day;amount\n{}", lines.collect::<String>())
}

/// A file with these days, each with an amount of one.
fn days(days: &[&str]) -> String {
    format!("customer,day,amount\n{}", days.iter().map(|day| format!("A,{day},1\n")).collect::<String>())
}

fn checked(project: &Project) -> String {
    let done = project.vitalfew(&["check", "small.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    done.stderr
}

mod written_amounts {
    use super::*;

    #[test]
    fn with_the_marks_of_people_and_systems() {
        let lines = amounts(&[
            "1.234,50",
            "€ 1.234,50",
            "1.234,50 €",
            "EUR 2",
            "\u{a0}3,00\u{202f}",
            "4,00-",
            "\u{2212}5",
            "–6",
            "(7,00)",
            "-€8",
        ]);
        let options = ", delimiter: \";\", decimal: \",\", thousands: \".\"";
        let run = Project::new(&pipeline(options, COLUMNS)).with("lines.csv", lines).run(&[]);
        // 3 × 1234.50 + 2 + 3 − 4 − 5 − 6 − 7 − 8.
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["3678.50"]);
        assert_eq!(run.table("outcomes.parquet").rows.len(), 0);
    }

    #[test]
    fn with_signs_and_spellings_that_cannot_be_trusted() {
        let lines = amounts(&[
            "$ 5",
            "5 USD",
            "5 kr",
            "5 CR",
            "DR 5",
            "1e3",
            "NaN",
            "####",
            "#REF!",
            "1.234,5.6",
            "1,234.5",
            "1 234",
            "--5",
            "(-5)",
            "5 % ",
            "99999999999999999999",
            "€",
            "12",
        ]);
        let options = ", delimiter: \";\", decimal: \",\", thousands: \".\"";
        let run = Project::new(&pipeline(options, COLUMNS)).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        2 | unexpected_currency | `$ 5` is not in `EUR`
        3 | unexpected_currency | `5 USD` is not in `EUR`
        4 | unexpected_currency | `5 kr` is not in `EUR`
        5 | unreadable_amount | `5 CR` is marked as a credit or a debit; `credit_sign` of the `read` stage says what that means
        6 | unreadable_amount | `DR 5` is marked as a credit or a debit; `credit_sign` of the `read` stage says what that means
        7 | unreadable_amount | `1e3` is no amount
        8 | unreadable_amount | `NaN` is no amount
        9 | unreadable_amount | `####` is no amount
        10 | unreadable_amount | `#REF!` is no amount
        11 | unreadable_amount | `1.234,5.6` is no amount
        12 | unreadable_amount | `1,234.5` is no amount
        13 | unreadable_amount | `1 234` is no amount
        14 | unreadable_amount | `--5` is no amount
        15 | unreadable_amount | `(-5)` is no amount
        16 | unreadable_amount | `5 % ` is no amount
        17 | amount_out_of_range | `99999999999999999999` is too large to be exact
        18 | unreadable_amount | `€` is no amount
        ");
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["12.00"]);
    }

    #[test]
    fn that_are_computed() {
        let lines = "customer;day;quantity;price;cost\nA;2023-12-31;2-;€ 1,50;(1,00)\nA;2023-12-31;1;$ 9;1\n\
                     A;2023-12-31;3 CR;1;1\nA;2023-12-31;1;1;£ 2\nA;2023-12-31;1;\u{a0};1\n";
        let options = ", delimiter: \";\", decimal: \",\"";
        let columns = "account: customer, date: day, amount: quantity * price, cost: cost";
        let run = Project::new(&pipeline(options, columns)).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        3 | unexpected_currency | `$ 9` in `price` is not in `EUR`
        4 | unreadable_amount | `3 CR` in `quantity` is marked as a credit or a debit; `credit_sign` of the `read` stage says what that means
        5 | unexpected_currency | `£ 2` is not in `EUR`
        6 | missing_amount | `price` is empty
        ");
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["revenue", "cost", "lines"]), @"
        revenue | cost | lines
        -3.00 | -1.00 | 1
        ");
    }

    #[test]
    fn with_credits_as_declared() {
        for (credit, revenue) in [("negative", "-3.00"), ("positive", "3.00")] {
            let options = format!(", delimiter: \";\", credit_sign: {credit}");
            let project = Project::new(&pipeline(&options, COLUMNS));
            let run = project.with("lines.csv", amounts(&["5 CR", "2.00DR", "Cr 1", "EUR 1 dr"])).run(&[]);
            assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), [revenue], "{credit}");
        }
        let wrong = Project::new(&pipeline(", credit_sign: minus", COLUMNS)).with("lines.csv", amounts(&["1"]));
        assert_snapshot!(checked(&wrong), @r#"
        error: `credit_sign` should be one of `none`, `negative`, `positive`, found `minus`
         --> small.yaml:4:55
          |
        4 |   - read: {id: invoices, path: "lines*", credit_sign: minus}
          |                                                       ^^^^^

        1 mistake in `small.yaml`
        "#);
    }

    #[test]
    fn with_any_blank_between_thousands() {
        let lines = amounts(&["1 234,5", "1\u{a0}234,5", "1\u{202f}234,5 €", "12 34,5"]);
        let options = ", delimiter: \";\", decimal: \",\", thousands: \" \"";
        let run = Project::new(&pipeline(options, COLUMNS)).with("lines.csv", lines).run(&[]);
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["3703.50"]);
        assert_eq!(run.table("quarantine.parquet").texts("reason"), ["unreadable_amount"]);
    }

    #[test]
    fn in_the_currency_of_their_line() {
        let lines =
            "customer,day,amount,currency\nA,2023-12-31,€ 1,EUR\nA,2023-12-31,$ 2,EUR\nA,2023-12-31,2 USD,eur\n";
        let columns = "account: customer, date: day, amount: amount, currency: currency";
        let run = Project::new(&pipeline("", columns)).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        3 | unexpected_currency | `$ 2` is not in `EUR`
        4 | unexpected_currency | `2 USD` is not in `EUR`
        ");
    }
}

mod written_dates {
    use super::*;

    #[test]
    fn in_several_formats() {
        let lines = days(&["31/12/2023", "2023-12-30", "03/04/2023", "04/04/2023", "12/31/2023", "31/02/2023", "soon"]);
        let options = ", date_format: [\"%d/%m/%Y\", \"%m/%d/%Y\", \"%Y-%m-%d\"]";
        let run = Project::new(&pipeline(options, COLUMNS)).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        4 | ambiguous_date | `03/04/2023` is 2023-04-03 or 2023-03-04 by the declared formats
        7 | unreadable_date | `31/02/2023` is no date of the declared format
        8 | unreadable_date | `soon` is no date of the declared format
        ");
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["lines", "first_date", "last_date"]), @"
        lines | first_date | last_date
        4 | 2023-04-04 | 2023-12-31
        ");
    }

    #[test]
    fn as_day_numbers_of_a_spreadsheet() {
        let text = days(&["45291", "45290.75", "31/12/2023", "60", "045291"]);
        let options = ", date_format: [excel, \"%d/%m/%Y\"]";
        let run = Project::new(&pipeline(options, COLUMNS)).with("lines.csv", text).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        5 | unreadable_date | `60` is no date of the declared format
        6 | unreadable_date | `045291` is no date of the declared format
        ");
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["lines", "first_date", "last_date"]), @"
        lines | first_date | last_date
        3 | 2023-12-30 | 2023-12-31
        ");
        let file = |days: ArrayRef| {
            let customers = Arc::new(StringArray::from(vec!["A", "A", "A"])) as ArrayRef;
            let amounts = Arc::new(Int64Array::from(vec![1, 1, 1])) as ArrayRef;
            parquet_of(&[("customer", customers), ("day", days), ("amount", amounts)], 10)
        };
        let numbers = file(Arc::new(Float64Array::from(vec![Some(43829.0), Some(43828.5), None])));
        let project = Project::new(&pipeline(", date_format: excel-1904", COLUMNS)).with("lines.parquet", numbers);
        let run = project.run(&[]);
        assert_eq!(run.table("quarantine.parquet").texts("reason"), ["missing_date"]);
        assert_eq!(run.table("tables/account_years.parquet").texts("last_date"), ["2023-12-31"]);
        let numbers = file(Arc::new(Int64Array::from(vec![45291, 45290, 45289])));
        let undeclared = Project::new(&pipeline("", COLUMNS)).with("lines.parquet", numbers);
        assert_snapshot!(checked(&undeclared), @"
        error: `day` should be a date, found a number (in `lines.parquet`)
         --> small.yaml:7:42
          |
        7 |       columns: {account: customer, date: day, amount: amount}
          |                                          ^^^
          |
          = hint: the day numbers of a spreadsheet are read with `date_format: excel`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn with_a_time_of_day_and_with_years_of_two_digits() {
        let lines = days(&["31.12.23 23:59", "01.01.24 00:00", "31.12.2023 10:00"]);
        let run =
            Project::new(&pipeline(", date_format: \"%d.%m.%y %H:%M\"", COLUMNS)).with("lines.csv", lines).run(&[]);
        assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
        line | reason | detail
        4 | unreadable_date | `31.12.2023 10:00` is no date of the declared format
        ");
        assert_eq!(run.table("tables/account_years.parquet").texts("last_date"), ["2023-12-31"]);
    }

    #[test]
    fn of_a_file_in_which_none_shows_what_is_the_day() {
        let firsts: Vec<String> = (0..48).map(|n| format!("01/{:02}/{}", n % 12 + 1, 2020 + n / 12)).collect();
        let firsts: Vec<&str> = firsts.iter().map(String::as_str).collect();
        let project = Project::new(&pipeline(", date_format: \"%d/%m/%Y\"", COLUMNS))
            .with("lines-open.csv", days(&firsts))
            .with("lines-settled.csv", days(&[firsts.as_slice(), &["31/12/2023"]].concat()));
        let run = project.run(&[]);
        // 48 firsts of months, but for the four of January.
        assert_snapshot!(run.table("files.parquet").select(&["file", "dates_ambiguous"]), @"
        file | dates_ambiguous
        lines-open.csv | 44
        lines-settled.csv | 0
        ");
    }

    #[test]
    fn in_a_format_that_is_none() {
        let project = Project::new(&pipeline(", date_format: [\"%Y-%m-%d\", dd/mm/yyyy]", COLUMNS));
        assert_snapshot!(checked(&project.with("lines.csv", days(&["2023-12-31"]))), @r#"
        error: `dd/mm/yyyy` is no date format that names day, month and year
         --> small.yaml:4:68
          |
        4 |   - read: {id: invoices, path: "lines*", date_format: ["%Y-%m-%d", dd/mm/yyyy]}
          |                                                                    ^^^^^^^^^^
          |
          = hint: for 31/12/2025 write `%d/%m/%Y`, for the day numbers of a spreadsheet `excel`

        1 mistake in `small.yaml`
        "#);
    }
}

mod names_of_columns {
    use super::*;

    /// Three exports with other headers, in other orders; the second has no category.
    fn exports(columns: &str) -> Project {
        Project::new(&pipeline("", columns))
            .with("lines1.csv", "customer,day,net_amount,family\nA,2023-12-31,1,x\n")
            .with("lines2.csv", "Day,Importe,Customer\n2023-12-31,2,A\n")
            .with("lines3.csv", "FAMILY, Net  Amount ,customer,day\ny,3,A,2023-12-31\n")
    }

    #[test]
    fn that_differ_between_files() {
        let columns = "account: customer, date: day, amount: [net_amount, Importe], category: family";
        let run = exports(columns).run(&[]);
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["6.00"]);
        assert_snapshot!(run.table("files.parquet").select(&["file", "columns_missing"]), @"
        file | columns_missing
        lines1.csv | null
        lines2.csv | family
        lines3.csv | null
        ");
    }

    #[test]
    fn that_no_file_or_not_every_file_has() {
        let columns = "account: customer, date: [datum, data], amount: [net_amount, amount], category: famly";
        assert_snapshot!(checked(&exports(columns)), @"
        error: none of 3 files has a column `datum` or `data`
         --> small.yaml:7:43
          |
        7 |       columns: {account: customer, date: [datum, data], amount: [net_amount, amount], category: famly}
          |                                           ^^^^^
          |
          = hint: there are: `customer`, `day`, `net_amount`, `family`, `Day`, `Importe`, `Customer`, `FAMILY`, ` Net  Amount `

        error: `lines2.csv` has no column `net_amount` or `amount`
         --> small.yaml:7:66
          |
        7 |       columns: {account: customer, date: [datum, data], amount: [net_amount, amount], category: famly}
          |                                                                  ^^^^^^^^^^
          |
          = hint: there are: `Day`, `Importe`, `Customer`

        error: none of 3 files has a column `famly`
         --> small.yaml:7:97
          |
        7 |       columns: {account: customer, date: [datum, data], amount: [net_amount, amount], category: famly}
          |                                                                                                 ^^^^^
          |
          = hint: did you mean `FAMILY`?

        3 mistakes in `small.yaml`
        ");
    }

    #[test]
    fn that_could_be_two() {
        let project = Project::new(&pipeline("", "account: customer, date: day, amount: AMOUNT"));
        assert_snapshot!(checked(&project.with("lines.csv", "customer,day,amount,Amount\nA,2023-12-31,1,2\n")), @"
        error: `AMOUNT` could be `amount` or `Amount` of `lines.csv`
         --> small.yaml:7:55
          |
        7 |       columns: {account: customer, date: day, amount: AMOUNT}
          |                                                       ^^^^^^
          |
          = hint: write the name exactly as the file does

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn within_expressions() {
        let columns = "account: UPPER(customer), date: day, amount: quantity * unit_price, \
                       category: \"COALESCE(family, 'none')\"";
        let project = Project::new(&pipeline("", columns))
            .with("lines1.csv", "Customer,day,Quantity,Unit Price,Family\na,2023-12-31,2,1.50,x\n")
            .with("lines2.csv", "customer,day,unit_price,quantity\nA,2023-12-31,3,2\n");
        let run = project.run(&[]);
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue"]), @"
        account | revenue
        A | 9.00
        ");
        assert_eq!(run.table("files.parquet").texts("columns_missing"), ["", "family"]);
    }

    #[test]
    fn of_costs_and_rules_that_some_files_lack() {
        let pipeline = pipeline("", "account: customer, date: day, amount: amount, cost: cost").replace(
            "      quarantine_limit",
            "      exclude: [{where: status = 'void', because: void}]\n      quarantine_limit",
        );
        let project = Project::new(&pipeline)
            .with("lines1.csv", "customer,day,amount,cost,status\nA,2023-12-31,5,3,ok\nA,2023-12-31,5,3,void\n")
            .with("lines2.csv", "customer,day,amount\nA,2023-12-31,7\n");
        let run = project.run(&[]);
        let columns = ["file", "rows_accepted", "rows_excluded", "amount_accepted", "rows_without_cost"];
        assert_snapshot!(run.table("reconciliation.parquet").select(&columns), @"
        file | rows_accepted | rows_excluded | amount_accepted | rows_without_cost
        lines1.csv | 1 | 1 | 5.00 | 0
        lines2.csv | 1 | 0 | 7.00 | 1
        ");
        assert_eq!(run.table("files.parquet").texts("columns_missing"), ["", "cost, status"]);
    }
}

mod keys {
    use super::*;

    const KEYS: &str = "      keys: {trim: true, normalise: nfc, inner_spaces: collapse, case: upper}\n";

    const LINES: &str = "customer,day,amount,sku\nACME Ltd,2023-12-31,1,007\n acme  ltd ,2023-12-30,2,7\n\
        Cafe\u{301},2023-12-31,4,7\nCaf\u{e9},2023-12-31,8,7 \nbolt ,2023-12-31,16,7\n\u{a0},2023-12-31,32,7\n";

    fn pipeline(keys: &str) -> String {
        super::pipeline("", "account: customer, date: day, amount: amount, product: sku")
            .replace("      quarantine_limit", &format!("{keys}      quarantine_limit"))
    }

    #[test]
    fn that_are_spellings_of_one_thing() {
        let run = Project::new(&pipeline(KEYS)).with("lines.csv", LINES).run(&[]);
        let columns = ["account", "revenue", "lines", "products"];
        assert_snapshot!(run.table("tables/account_years.parquet").select(&columns), @"
        account | revenue | lines | products
        ACME LTD | 3.00 | 2 | 2
        BOLT | 16.00 | 1 | 1
        CAFÉ | 12.00 | 2 | 1
        ");
        assert_snapshot!(run.table("merged_keys.parquet"), @"
        part | key | written_as | rows
        account | ACME LTD |  acme  ltd  | 1
        account | ACME LTD | ACME Ltd | 1
        account | CAFÉ | Café | 1
        account | CAFÉ | Café | 1
        product | 7 | 7  | 1
        ");
        assert_eq!(run.table("quarantine.parquet").texts("reason"), ["missing_account"]);
    }

    #[test]
    fn are_what_is_written_where_nothing_is_declared() {
        let run = Project::new(&pipeline("")).with("lines.csv", LINES).run(&[]);
        assert_eq!(run.table("tables/account_years.parquet").rows.len(), 5);
        assert!(!run.files().contains_key("merged_keys.parquet"));
    }

    #[test]
    fn of_a_dictionary_and_of_text_are_the_same() {
        let customers = ["A", "a ", " b", "A", "a "];
        let file = |customers: ArrayRef| {
            let days = Arc::new(StringArray::from(vec!["2023-12-31"; 5])) as ArrayRef;
            let amounts = Arc::new(Int64Array::from(vec![1, 2, 4, 8, 16])) as ArrayRef;
            parquet_of(&[("customer", customers), ("day", days), ("amount", amounts)], 2)
        };
        let text = file(Arc::new(StringArray::from(customers.to_vec())));
        let coded = file(Arc::new(customers.into_iter().map(Some).collect::<DictionaryArray<Int32Type>>()));
        let pipeline =
            super::pipeline("", COLUMNS).replace("      quarantine_limit", &format!("{KEYS}      quarantine_limit"));
        let [text, coded] = [text, coded].map(|file| {
            let run = Project::new(&pipeline).with("lines.parquet", file).run(&[]);
            (run.table("merged_keys.parquet"), run.table("tables/account_years.parquet"))
        });
        assert_eq!(text, coded);
        assert_snapshot!(text.0, @"
        part | key | written_as | rows
        account | A | a  | 2
        ");
        assert_eq!(text.1.texts("revenue"), ["27.00", "4.00"]);
    }

    #[test]
    fn of_maps_and_attributes_follow_the_same_rule() {
        let keys = KEYS.trim().trim_start_matches("keys: ");
        let pipeline = pipeline(&format!("{KEYS}      account_map: {{from: map, child: child, parent: parent}}\n"))
            .replace(
                "  - ledger:",
                "  - read: {id: map, path: map.csv}\n  - read: {id: list, path: list.csv}\n  - ledger:",
            )
            .replace(
                "  - parquet: {from: account_years",
                &format!(
                    "  - accounts: {{from: list, account: id, attributes: {{name: name}}, keys: {keys}}}\n  \
                     - parquet: {{from: [account_years, accounts]"
                ),
            );
        let run = Project::new(&pipeline)
            .with("lines.csv", LINES)
            .with("map.csv", "child,parent\nBolt, Acme LTD\n")
            .with("list.csv", "id,name\nacme ltd ,Acme\n")
            .run(&[]);
        assert_eq!(run.table("tables/account_years.parquet").texts("account"), ["ACME LTD", "CAF\u{c9}"]);
        assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["19.00", "12.00"]);
        assert_eq!(run.table("tables/accounts.parquet").texts("account"), ["ACME LTD"]);
    }

    #[test]
    fn by_a_rule_that_is_none() {
        let wrong = pipeline("      keys: {trim: sometimes, normalise: nfkc, blanks: collapse}\n");
        assert_snapshot!(checked(&Project::new(&wrong).with("lines.csv", LINES)), @"
        error: `trim` should be true or false, found `sometimes`
         --> small.yaml:8:20
          |
        8 |       keys: {trim: sometimes, normalise: nfkc, blanks: collapse}
          |                    ^^^^^^^^^

        error: `normalise` should be one of `none`, `nfc`, found `nfkc`
         --> small.yaml:8:42
          |
        8 |       keys: {trim: sometimes, normalise: nfkc, blanks: collapse}
          |                                          ^^^^
          |
          = hint: did you mean `nfc`?

        error: unknown key `blanks` in `keys`
         --> small.yaml:8:48
          |
        8 |       keys: {trim: sometimes, normalise: nfkc, blanks: collapse}
          |                                                ^^^^^^
          |
          = hint: there are: `trim`, `normalise`, `inner_spaces`, `case`

        3 mistakes in `small.yaml`
        ");
    }
}

mod several_reads {
    use super::*;

    fn two(second: &str) -> String {
        format!(
            "\
name: small
currency: EUR
stages:
  - read: {{id: sap, path: \"sap/*\", delimiter: \";\", decimal: \",\", date_format: \"%d.%m.%Y\"}}
  - read: {{id: navision, path: \"{second}\"}}
  - ledger:
      from: [navision, sap]
      columns: {{account: customer, date: day, amount: amount}}
  - account_years: {{from: ledger}}
  - parquet: {{from: account_years, to: tables}}
"
        )
    }

    fn project(second: &str) -> Project {
        Project::new(&two(second))
            .with("sap/lines.csv", "customer;day;amount\nA;31.12.2023;1,50\n")
            .with("nav/lines.csv", "customer,day,amount\nA,2023-12-30,2.25\n")
    }

    #[test]
    fn are_read_each_in_its_own_form() {
        let run = project("nav/*").run(&[]);
        assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue", "lines"]), @"
        account | revenue | lines
        A | 3.75 | 2
        ");
        assert_eq!(run.table("reconciliation.parquet").texts("file"), ["nav/lines.csv", "sap/lines.csv"]);
    }

    #[test]
    fn must_not_have_a_file_in_common() {
        assert_snapshot!(checked(&project("./sap/lines.csv").with("x", "")), @"
        error: `sap/lines.csv` is matched by two `read` stages
         --> small.yaml:7:14
          |
        7 |       from: [navision, sap]
          |              ^^^^^^^^
          |
          = hint: its lines would count twice; let each stage match other files

        1 mistake in `small.yaml`
        ");
    }
}

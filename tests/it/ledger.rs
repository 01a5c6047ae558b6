//! What becomes of the lines: accepted, excluded or quarantined, from every way of writing them.

use crate::support::{Project, parquet_of};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array, LargeStringArray, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::Int32Type;
use insta::assert_snapshot;
use std::sync::Arc;

const PIPELINE: &str = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines*\"}
  - ledger:
      from: invoices
      columns: {account: customer, invoice: invoice, date: day, amount: quantity * price, cost: cost, product: sku}
      exclude:
        - {where: \"sku IN ('POSTAGE', 'BANK CHARGES')\", because: not a product}
        - {where: customer LIKE 'TEST%', because: a test}
      quarantine_limit: 100%
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";

const HEADER: &str = "customer,invoice,day,quantity,price,cost,sku\n";

fn run(lines: impl AsRef<[u8]>) -> crate::support::Published {
    Project::new(PIPELINE).with("lines.csv", lines).run(&[])
}

/// One line for every reason, in the order of the manual.
fn hostile() -> Vec<u8> {
    let mut lines = HEADER.as_bytes().to_vec();
    for line in [
        &b"A,1,2023-12-31,2,10.00,5.00,S1"[..],
        b",2,2023-12-31,2,10.00,5.00,S1",
        b"  ,3,2023-12-31,2,10.00,5.00,S1",
        b"A,4,,2,10.00,5.00,S1",
        b"A,5,2023-02-29,2,10.00,5.00,S1",
        b"A,6,31/12/2023,2,10.00,5.00,S1",
        b"A,7,1823-12-31,2,10.00,5.00,S1",
        b"A,8,2023-12-31,,10.00,5.00,S1",
        b"A,9,2023-12-31,2,ten,5.00,S1",
        b"A,10,2023-12-31,2,\"10,00\",5.00,S1",
        b"A,11,2023-12-31,1,99999999999999999999.00,5.00,S1",
        b"A,12,2023-12-31,2,10.00,five,S1",
        b"A,13,2023-12-31,2,10.00,,S1",
        b"A,14,2023-12-31,2,10.00",
        b"A,15,2023-12-31,2,10.00,5.00,S1,surplus,\"and, more\"",
        b"A,16,2023-12-31,2,10.00,5.00,caf\xc3\xa9 caf\xe9",
        b"A,17,2023-12-31,1,3.50,0,POSTAGE",
        b"TEST-1,18,soon,1,1.00,0,S1",
        b"TEST-1,18,2023-12-31,1,many,0,POSTAGE",
        b"B,19,2023-11-30,-3,10.00,-15.00,S2",
        b"B,20,2024-01-01,7,10.00,,S2",
    ] {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines
}

/// More than is held in memory: lines of 100,000 bytes in several files, that threads meet in any order.
#[test]
fn a_quarantine_larger_than_its_room_in_memory() {
    let wide = "x".repeat(100_000);
    let mut project = Project::new(PIPELINE);
    for file in 0..4 {
        let bad = (0..60).map(|line| format!("A,{line},soon,1,1.00,0,{wide}\n"));
        let lines: String = [format!("{HEADER}A,1,2023-12-31,2,10.00,5.00,S1\n")].into_iter().chain(bad).collect();
        project = project.with(&format!("lines{file}.csv"), lines);
    }
    let run = project.run(&["--threads", "1", "--out", "one"]);
    let quarantine = run.table("quarantine.parquet");
    let places: Vec<(String, String)> = quarantine.texts("file").into_iter().zip(quarantine.texts("line")).collect();
    let expected = (0..4).flat_map(|file| (3..63).map(move |line| (format!("lines{file}.csv"), line.to_string())));
    assert_eq!(places, expected.collect::<Vec<_>>());
    assert!(quarantine.texts("raw").iter().all(|raw| raw.len() > 100_000));
    for threads in ["2", "3"] {
        assert_eq!(run.files(), project.run(&["--threads", threads, "--out", threads]).files(), "{threads} threads");
    }
    let left: Vec<_> =
        std::fs::read_dir(project.path("one/small")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("scratch")), "{left:?}");
    let tables = run.record()["stages"][1]["tables"].to_string();
    assert!(tables.contains(r#"{"name":"quarantine","rows":240,"money":{}}"#), "{tables}");
}

#[test]
fn every_reason_for_quarantine() {
    assert_snapshot!(run(hostile()).table("quarantine.parquet"), @r#"
    file | line | reason | detail | raw
    lines.csv | 3 | missing_account | the account is empty | {"customer":"","invoice":"2","day":"2023-12-31","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 4 | missing_account | the account is empty | {"customer":"  ","invoice":"3","day":"2023-12-31","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 5 | missing_date | the date is empty | {"customer":"A","invoice":"4","day":"","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 6 | unreadable_date | `2023-02-29` is no date of the declared format | {"customer":"A","invoice":"5","day":"2023-02-29","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 7 | unreadable_date | `31/12/2023` is no date of the declared format | {"customer":"A","invoice":"6","day":"31/12/2023","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 8 | unreadable_date | `1823-12-31` is no date of the declared format | {"customer":"A","invoice":"7","day":"1823-12-31","quantity":"2","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 9 | missing_amount | `quantity` is empty | {"customer":"A","invoice":"8","day":"2023-12-31","quantity":"","price":"10.00","cost":"5.00","sku":"S1"}
    lines.csv | 10 | unreadable_amount | `ten` in `price` is no amount | {"customer":"A","invoice":"9","day":"2023-12-31","quantity":"2","price":"ten","cost":"5.00","sku":"S1"}
    lines.csv | 11 | unreadable_amount | `10,00` in `price` is no amount | {"customer":"A","invoice":"10","day":"2023-12-31","quantity":"2","price":"10,00","cost":"5.00","sku":"S1"}
    lines.csv | 12 | amount_out_of_range | `99999999999999999999.000000000000` is too large to be exact | {"customer":"A","invoice":"11","day":"2023-12-31","quantity":"1","price":"99999999999999999999.00","cost":"5.00","sku":"S1"}
    lines.csv | 13 | unreadable_cost | `five` is no cost | {"customer":"A","invoice":"12","day":"2023-12-31","quantity":"2","price":"10.00","cost":"five","sku":"S1"}
    lines.csv | 15 | too_few_fields | 5 fields where the header has 7 | {"customer":"A","invoice":"14","day":"2023-12-31","quantity":"2","price":"10.00"}
    lines.csv | 16 | too_many_fields | 9 fields where the header has 7 | {"customer":"A","invoice":"15","day":"2023-12-31","quantity":"2","price":"10.00","cost":"5.00","sku":"S1","field 8":"surplus","field 9":"and, more"}
    lines.csv | 17 | not_utf8 | field 7 is not valid UTF-8 | {"customer":"A","invoice":"16","day":"2023-12-31","quantity":"2","price":"10.00","cost":"5.00","sku":"café caf�"}
    "#);
}

#[test]
fn every_outcome_is_counted() {
    let run = run(hostile());
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.csv | excluded | not a product | 2 | 3.50 | 18
    lines.csv | excluded | a test | 1 | 1.00 | 19
    lines.csv | excluded | after_as_of | 1 | 70.00 | null
    lines.csv | quarantined | amount_out_of_range | 1 | 0.00 | 12
    lines.csv | quarantined | missing_account | 2 | 40.00 | 3
    lines.csv | quarantined | missing_amount | 1 | 0.00 | 9
    lines.csv | quarantined | missing_date | 1 | 20.00 | 5
    lines.csv | quarantined | not_utf8 | 1 | 0.00 | 17
    lines.csv | quarantined | too_few_fields | 1 | 0.00 | 15
    lines.csv | quarantined | too_many_fields | 1 | 0.00 | 16
    lines.csv | quarantined | unreadable_amount | 2 | 0.00 | 10
    lines.csv | quarantined | unreadable_cost | 1 | 20.00 | 13
    lines.csv | quarantined | unreadable_date | 3 | 60.00 | 6
    ");
    assert_snapshot!(run.table("reconciliation.parquet"), @"
    file | rows_read | rows_accepted | rows_excluded | rows_quarantined | amount_read | amount_accepted | amount_excluded | amount_quarantined | rows_without_amount | rows_without_cost
    lines.csv | 21 | 3 | 4 | 14 | 224.50 | 10.00 | 74.50 | 140.00 | 7 | 1
    ");
    assert_snapshot!(run.table("tables/account_years.parquet"), @"
    account | fiscal_year | revenue | cost | lines | invoices | products | returns | active_months | first_date | last_date | complete
    A | 2023 | 40.00 | 5.00 | 2 | 2 | 1 | 0 | 1 | 2023-12-31 | 2023-12-31 | true
    B | 2023 | -30.00 | -15.00 | 1 | 1 | 1 | 1 | 1 | 2023-11-30 | 2023-11-30 | true
    ");
    let ledger = &run.record()["stages"][1];
    assert_snapshot!(format!("{} {} {} {}", ledger["read"], ledger["accepted"], ledger["excluded"], ledger["quarantined"]), @r#"{"rows":21,"amount":"224.50"} {"rows":3,"amount":"10.00"} {"rows":4,"amount":"74.50"} {"rows":14,"amount":"140.00"}"#);
}

#[test]
fn lines_after_a_declared_day_are_excluded_line_by_line() {
    let project = Project::new(PIPELINE).with("lines.csv", hostile());
    let run = project.run(&["--as-of", "2023-12-30"]);
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.csv | excluded | not a product | 2 | 3.50 | 18
    lines.csv | excluded | a test | 1 | 1.00 | 19
    lines.csv | excluded | after_as_of | 3 | 110.00 | null
    lines.csv | quarantined | amount_out_of_range | 1 | 0.00 | 12
    lines.csv | quarantined | missing_account | 2 | 40.00 | 3
    lines.csv | quarantined | missing_amount | 1 | 0.00 | 9
    lines.csv | quarantined | missing_date | 1 | 20.00 | 5
    lines.csv | quarantined | not_utf8 | 1 | 0.00 | 17
    lines.csv | quarantined | too_few_fields | 1 | 0.00 | 15
    lines.csv | quarantined | too_many_fields | 1 | 0.00 | 16
    lines.csv | quarantined | unreadable_amount | 2 | 0.00 | 10
    lines.csv | quarantined | unreadable_cost | 1 | 20.00 | 13
    lines.csv | quarantined | unreadable_date | 3 | 60.00 | 6
    ");
    assert_snapshot!(run.table("tables/account_years.parquet"), @"
    account | fiscal_year | revenue | cost | lines | invoices | products | returns | active_months | first_date | last_date | complete
    B | 2023 | -30.00 | -15.00 | 1 | 1 | 1 | 1 | 1 | 2023-11-30 | 2023-11-30 | false
    ");
}

#[test]
fn no_rule_speaks_of_a_line_that_could_not_be_read() {
    let pipeline = PIPELINE.replace("customer LIKE 'TEST%'", "customer IS NULL OR sku IS NULL");
    let mut lines = HEADER.as_bytes().to_vec();
    lines.extend_from_slice(
        b"A,1\n,2,2023-12-31,1,1.00,1,S1\nA,3,2023-12-31,1,1.00,1,caf\xc3\xa9 caf\xe9\nA,4,2023-12-31,1,1.00,1,S1\n",
    );
    let run = Project::new(&pipeline).with("lines.csv", lines).run(&[]);
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.csv | excluded | a test | 1 | 1.00 | 3
    lines.csv | quarantined | not_utf8 | 1 | 0.00 | 4
    lines.csv | quarantined | too_few_fields | 1 | 0.00 | 2
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason"]), @"
    line | reason
    2 | too_few_fields
    4 | not_utf8
    ");
}

#[test]
fn a_record_of_several_lines_counts_them_all() {
    let lines = "\
customer,invoice,day,quantity,price,cost,sku
A,1,2023-12-31,1,1.00,1,\"a sku
of three
lines\"
A,2,,1,1.00,1,S1

A,3,soon,1,1.00,1,\"say \"\"hello\"\"\"
";
    let quarantine = run(lines).table("quarantine.parquet");
    assert_snapshot!(quarantine.select(&["line", "reason", "raw"]), @r#"
    line | reason | raw
    5 | missing_date | {"customer":"A","invoice":"2","day":"","quantity":"1","price":"1.00","cost":"1","sku":"S1"}
    7 | unreadable_date | {"customer":"A","invoice":"3","day":"soon","quantity":"1","price":"1.00","cost":"1","sku":"say \"hello\""}
    "#);
}

#[test]
fn byte_order_marks_and_line_ends_of_windows_change_nothing() {
    let lines = format!("{HEADER}A,1,2023-12-31,2,10.00,5.00,S1\nB,2,2023-12-01,-1,3.00,1.00,S2\nB,3,,1,1,1,S3\n");
    let plain = run(&lines);
    for other in [format!("\u{feff}{lines}"), lines.replace('\n', "\r\n"), lines.trim_end().to_owned()] {
        let other = run(other);
        for table in ["tables/account_years.parquet", "reconciliation.parquet", "quarantine.parquet"] {
            assert_eq!(plain.table(table), other.table(table));
        }
    }
}

#[test]
fn numbers_and_dates_as_a_spaniard_writes_them() {
    let lines = "\
customer;invoice;day;quantity;price;cost;sku
A;1;31/12/2023;2;1.234,50;1.000;S1
A;2;2023-12-31;2;10,00;1;S1
A;3;31/12/2023;2;10.00;1;S1
";
    let options = "[lines.csv], delimiter: \";\", decimal: \",\", thousands: \".\", date_format: \"%d/%m/%Y\"}";
    let project = Project::new(&PIPELINE.replace("\"lines*\"}", options)).with("lines.csv", lines);
    let run = project.run(&[]);
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    3 | unreadable_date | `2023-12-31` is no date of the declared format
    4 | unreadable_amount | `10.00` in `price` is no amount
    ");
    assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue", "cost", "lines"]), @"
    account | revenue | cost | lines
    A | 2469.00 | 1000.00 | 1
    ");
}

#[test]
fn tabs_and_bars_separate_too() {
    let lines = format!("{HEADER}A,1,2023-12-31,2,10.00,5.00,S1\n");
    let expected = run(&lines).table("tables/account_years.parquet");
    for (name, sign) in [("tab", "\t"), ("\"|\"", "|"), ("\"\\t\"", "\t")] {
        let pipeline = PIPELINE.replace("\"lines*\"}", &format!("lines.csv, delimiter: {name}}}"));
        let run = Project::new(&pipeline).with("lines.csv", lines.replace(',', sign)).run(&[]);
        assert_eq!(run.table("tables/account_years.parquet"), expected, "{name}");
    }
}

/// The same six lines in each of the forms below.
const DAYS: [i32; 6] = [19_722, 19_722, 19_358, 19_357, 19_000, 19_000];
const TEXT_DAYS: [&str; 6] = ["2023-12-31", "2023-12-31", "2023-01-01", "2022-12-31", "2022-01-08", "2022-01-08"];
const CENTS: [i64; 6] = [1010, -505, 7, 123_456_789, 101, 268];
const TEXT_AMOUNTS: [&str; 6] = ["10.10", "-5.05", "0.07", "1234567.89", "1.005", "2.675"];
const ACCOUNTS: [i64; 6] = [13_085, 7, 13_085, 7, 13_085, 9];

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn typed(account: ArrayRef, day: ArrayRef, amount: ArrayRef, group_rows: usize) -> Project {
    let file = parquet_of(&[("customer", account), ("day", day), ("amount", amount)], group_rows);
    Project::new(
        "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.parquet}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}, quarantine_limit: 100%}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
",
    )
    .with("lines.parquet", file)
}

fn account_years(project: &Project) -> String {
    let years = project.run(&[]).table("tables/account_years.parquet");
    years
        .select(&["account", "fiscal_year", "revenue", "lines", "active_months", "first_date", "last_date"])
        .to_string()
}

fn text_accounts() -> ArrayRef {
    texts(&ACCOUNTS.map(|account| account.to_string()).each_ref().map(String::as_str))
}

#[test]
fn every_type_of_parquet_gives_the_same_numbers() {
    let csv: Vec<String> =
        (0..6).map(|row| format!("{},{},{}\n", ACCOUNTS[row], TEXT_DAYS[row], TEXT_AMOUNTS[row])).collect();
    let csv = format!("customer,day,amount\n{}", csv.concat());
    let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.csv}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
    let expected = account_years(&Project::new(pipeline).with("lines.csv", csv));
    assert_snapshot!(expected, @"
    account | fiscal_year | revenue | lines | active_months | first_date | last_date
    13085 | 2022 | 1.01 | 1 | 1 | 2022-01-08 | 2022-01-08
    13085 | 2023 | 10.17 | 2 | 2 | 2023-01-01 | 2023-12-31
    7 | 2022 | 1234567.89 | 1 | 1 | 2022-12-31 | 2022-12-31
    7 | 2023 | -5.05 | 1 | 1 | 2023-12-31 | 2023-12-31
    9 | 2022 | 2.68 | 1 | 1 | 2022-01-08 | 2022-01-08
    ");

    let seconds = DAYS.map(|day| i64::from(day) * 86_400 + 3_600);
    let dictionary: DictionaryArray<Int32Type> = TEXT_DAYS.into_iter().collect();
    let large = LargeStringArray::from(TEXT_DAYS.to_vec());
    let days: Vec<(&str, ArrayRef)> = vec![
        ("text", texts(&TEXT_DAYS)),
        ("large text", Arc::new(large)),
        ("dictionary", Arc::new(dictionary)),
        ("date", Arc::new(Date32Array::from(DAYS.to_vec()))),
        ("seconds", Arc::new(TimestampSecondArray::from(seconds.to_vec()))),
        ("milliseconds", Arc::new(TimestampMillisecondArray::from(seconds.map(|second| second * 1_000).to_vec()))),
        ("microseconds", Arc::new(TimestampMicrosecondArray::from(seconds.map(|second| second * 1_000_000).to_vec()))),
        (
            "nanoseconds",
            Arc::new(TimestampNanosecondArray::from(seconds.map(|second| second * 1_000_000_000).to_vec())),
        ),
    ];
    for (name, day) in days {
        assert_eq!(account_years(&typed(text_accounts(), day, texts(&TEXT_AMOUNTS), 2)), expected, "{name}");
    }

    let mils = [10_100, -5_050, 70, 1_234_567_890, 1_005, 2_675];
    let decimal = |scale: i8, values: [i128; 6]| -> ArrayRef {
        Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(20, scale).unwrap())
    };
    let amounts: Vec<(&str, ArrayRef)> = vec![
        ("doubles", Arc::new(Float64Array::from(TEXT_AMOUNTS.map(|text| text.parse::<f64>().unwrap()).to_vec()))),
        ("decimals of three places", decimal(3, mils)),
        ("decimals of eight places", decimal(8, mils.map(|mil| mil * 100_000))),
        ("decimals of two places", decimal(2, CENTS.map(i128::from))),
    ];
    for (name, amount) in amounts {
        let day: ArrayRef = Arc::new(Date32Array::from(DAYS.to_vec()));
        assert_eq!(account_years(&typed(text_accounts(), day, amount, 4)), expected, "{name}");
    }

    let floats = ACCOUNTS.map(|account| account as f64);
    let dictionary: DictionaryArray<Int32Type> =
        ACCOUNTS.map(|account| account.to_string()).each_ref().map(String::as_str).into_iter().collect();
    let accounts: Vec<(&str, ArrayRef)> = vec![
        ("integers", Arc::new(Int64Array::from(ACCOUNTS.to_vec()))),
        ("small integers", Arc::new(Int32Array::from(ACCOUNTS.map(|account| account as i32).to_vec()))),
        ("doubles", Arc::new(Float64Array::from(floats.to_vec()))),
        ("singles", Arc::new(Float32Array::from(floats.map(|account| account as f32).to_vec()))),
        ("dictionary", Arc::new(dictionary)),
    ];
    for (name, account) in accounts {
        assert_eq!(account_years(&typed(account, texts(&TEXT_DAYS), texts(&TEXT_AMOUNTS), 3)), expected, "{name}");
    }
}

#[test]
fn whole_and_single_precision_amounts() {
    let days: ArrayRef = Arc::new(Date32Array::from(vec![19_722; 6]));
    let accounts = || texts(&["A"; 6]);
    let integers: ArrayRef = Arc::new(Int64Array::from(vec![1, -2, 3, 0, 1_000_000, 4]));
    assert!(account_years(&typed(accounts(), Arc::clone(&days), integers, 10)).contains("A | 2023 | 1000006.00 | 6"));
    // 0.1 as a single is 0.100000001490116…, and stands for 0.1.
    let singles: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 0.1, 0.1, 2.675, 1.005, -0.29]));
    assert!(account_years(&typed(accounts(), days, singles, 10)).contains("A | 2023 | 3.70 | 6"));
}

#[test]
fn what_parquet_can_lack() {
    let accounts: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(1), Some(1), Some(1), Some(1)]));
    let days: ArrayRef =
        Arc::new(Date32Array::from(vec![Some(19_722), Some(19_722), None, Some(19_722), Some(19_722), Some(900_000)]));
    let amounts: ArrayRef =
        Arc::new(Float64Array::from(vec![Some(1.0), Some(2.0), Some(4.0), None, Some(f64::NAN), Some(16.0)]));
    let project = typed(accounts, days, amounts, 2);
    let run = project.run(&[]);
    assert_snapshot!(run.table("quarantine.parquet"), @r#"
    file | line | reason | detail | raw
    lines.parquet | 2 | missing_account | the account is empty | {"customer":null,"day":"2023-12-31","amount":2}
    lines.parquet | 3 | missing_date | the date is empty | {"customer":1,"day":null,"amount":4}
    lines.parquet | 4 | missing_amount | the amount is empty | {"customer":1,"day":"2023-12-31","amount":null}
    lines.parquet | 5 | unreadable_amount | `NaN` is no amount | {"customer":1,"day":"2023-12-31","amount":"NaN"}
    lines.parquet | 6 | unreadable_date | `4434-02-12` is no plausible day | {"customer":1,"day":"4434-02-12","amount":16}
    "#);
    assert_snapshot!(run.table("reconciliation.parquet"), @"
    file | rows_read | rows_accepted | rows_excluded | rows_quarantined | amount_read | amount_accepted | amount_excluded | amount_quarantined | rows_without_amount | rows_without_cost
    lines.parquet | 6 | 1 | 0 | 5 | 23.00 | 1.00 | 0.00 | 22.00 | 2 | 0
    ");
}

#[test]
fn float_keys_that_are_whole_lose_their_fraction_and_others_keep_it() {
    let accounts: ArrayRef = Arc::new(Float64Array::from(vec![13_085.0, 13_085.5, -1.0, 0.0, 1e15, f64::NAN]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![19_722; 6]));
    let amounts: ArrayRef = Arc::new(Int64Array::from(vec![1; 6]));
    let run = typed(accounts, days, amounts, 10).run(&[]);
    assert_eq!(
        run.table("tables/account_years.parquet").texts("account"),
        ["-1", "0", "1000000000000000", "13085", "13085.5"]
    );
}

#[test]
fn flags_can_exclude_and_parquet_takes_expressions() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("Customer ID", Arc::new(Float64Array::from(vec![Some(1.0), Some(1.0), Some(2.0), None]))),
        ("Invoice", texts(&["1-1", "1-2", "2-1", "3-1"])),
        ("when", Arc::new(TimestampMillisecondArray::from(vec![1_703_980_800_000; 4]))),
        ("quantity", Arc::new(Int32Array::from(vec![2, 3, -1, 1]))),
        ("price", Arc::new(Float64Array::from(vec![0.1, 0.2, 4.0, 1.0]))),
        ("cancelled", Arc::new(BooleanArray::from(vec![Some(false), Some(true), None, Some(false)]))),
    ];
    let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: lines.parquet}
  - ledger:
      from: invoices
      columns:
        account: Customer ID
        invoice: SUBSTR(\"Invoice\", 1, 1)
        date: when
        amount: quantity * price
      exclude: [{where: cancelled, because: cancelled}]
      quarantine_limit: 1
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
    let run = Project::new(pipeline).with("lines.parquet", parquet_of(&columns, 3)).run(&[]);
    assert_snapshot!(run.table("outcomes.parquet"), @"
    file | outcome | reason | rows | amount | first_line
    lines.parquet | excluded | cancelled | 1 | 0.60 | 2
    lines.parquet | quarantined | missing_account | 1 | 1.00 | 4
    ");
    assert_snapshot!(run.table("tables/account_years.parquet").select(&["account", "revenue", "lines", "invoices"]), @"
    account | revenue | lines | invoices
    1 | 0.20 | 1 | 1
    2 | -4.00 | 1 | 1
    ");
}

#[test]
fn files_in_one_folder_may_differ_in_the_order_of_columns_and_in_format() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("amount", Arc::new(Int64Array::from(vec![5]))),
        ("customer", texts(&["A"])),
        ("day", texts(&["2023-12-31"])),
    ];
    let pipeline = "\
name: small
currency: EUR
stages:
  - read: {id: invoices, path: \"lines/*\"}
  - ledger: {from: invoices, columns: {account: customer, date: day, amount: amount}}
  - account_years: {from: ledger}
  - parquet: {from: account_years, to: tables}
";
    let run = Project::new(pipeline)
        .with("lines/1.csv", "customer,day,amount\nA,2023-12-31,1\n")
        .with("lines/2.csv", "amount,more,customer,day\n2,,A,2023-12-31\n")
        .with("lines/3.parquet", parquet_of(&columns, 1))
        .run(&[]);
    assert_eq!(run.table("tables/account_years.parquet").texts("revenue"), ["8.00"]);
    assert_eq!(run.table("reconciliation.parquet").texts("file"), ["lines/1.csv", "lines/2.csv", "lines/3.parquet"]);
}

#[test]
fn every_file_tells_its_revenue_by_fiscal_year() {
    let pipeline = "\
name: small
currency: EUR
as_of: 2026-03-31
fiscal_year_starts: 4
stages:
  - read: {id: invoices, path: \"lines*\"}
  - ledger:
      from: invoices
      columns: {account: customer, date: day, amount: amount}
      quarantine_limit: 100%
";
    // April 2025 begins FY2026. The line of April 2026 is past the as-of day, and the one without an account is none.
    let first = "customer,day,amount\nA,2025-03-31,10.00\nA,2025-04-01,-2.50\nB,2025-04-02,4.00\n,2025-04-02,9.00\n";
    let second = "customer,day,amount\nA,2025-03-31,1.00\nA,2026-04-01,7.00\n";
    let run = Project::new(pipeline).with("lines_1.csv", first).with("lines_2.csv", second).run(&[]);
    assert_snapshot!(run.table("file_years.parquet"), @"
    file | fiscal_year | lines | revenue
    lines_1.csv | 2025 | 1 | 10.00
    lines_1.csv | 2026 | 2 | 1.50
    lines_2.csv | 2025 | 1 | 1.00
    ");
}

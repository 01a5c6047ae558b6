//! Lines in several currencies: converted once, by day or by month, and told in both.

use crate::support::{Project, Published, Rows};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::collections::BTreeMap;

const LINES: &str = "\
customer,day,amount,cost,currency
A,2024-01-10,100.00,60.00,EUR
A,2024-01-10,100.00,60.00,USD
A,2024-01-13,10.05,,usd
B,2024-01-17,1000,500, JPY
B,2024-01-18,1000,500,JPY
C,2024-02-01,-20.00,-10.00,USD
";

const RATES: &str = "\
day,source,target,rate
2024-01-10,USD,EUR,0.9123
2024-01-12,USD,EUR,0.9
2024-01-10,JPY,EUR,0.00625
2024-01-31,USD,EUR,0.95
2024-01-10,EUR,USD,1.1
2024-01-10,USD,JPY,145.5
";

const KEYS: &str = "{from: rates, date: day, source: source, target: target, rate: rate}";

fn project(currency: &str, rates: &str) -> Project {
    let pipeline = format!(
        "\
name: small
currency: EUR
as_of: 2024-12-31
stages:
  - read: {{id: invoices, path: \"lines*.csv\"}}
  - read: {{id: rates, path: rates.csv}}
  - ledger:
      from: invoices
      columns: {{account: customer, date: day, amount: amount, cost: cost, currency: {currency}}}
      rates: {rates}
      exclude: [{{where: customer = 'X', because: a test}}]
      quarantine_limit: 100%
  - account_years: {{from: ledger}}
  - parquet: {{from: account_years, to: tables}}
"
    );
    Project::new(&pipeline).with("lines.csv", LINES).with("rates.csv", RATES)
}

fn years(run: &Published) -> Rows {
    run.table("tables/account_years.parquet").select(&["account", "revenue", "cost", "lines"])
}

fn reconciliation(run: &Published) -> Rows {
    let columns = ["amount_read", "amount_accepted", "amount_excluded", "amount_quarantined", "rows_without_amount"];
    run.table("reconciliation.parquet").select(&columns)
}

#[test]
fn the_rate_of_the_day_or_the_newest_before_it() {
    // A: 100 + 100 × 0.9123 = 191.23, and on the 13th the rate of the 12th: 10.05 × 0.9 = 9.045, rounded away from
    // zero to 9.05. Its cost is 60 + 60 × 0.9123 = 114.738, of which each is rounded: 60 + 54.74.
    // B: on the 17th the rate of seven days ago, 1000 × 0.00625 = 6.25; on the 18th it is too old.
    // C: -20 × 0.95 and -10 × 0.95.
    let run = project("currency", KEYS).run(&[]);
    assert_snapshot!(years(&run), @"
    account | revenue | cost | lines
    A | 200.28 | 114.74 | 3
    B | 6.25 | 3.13 | 1
    C | -19.00 | -9.50 | 1
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    6 | missing_rate | no rate brings `JPY` to `EUR` from 2024-01-11 to 2024-01-18
    ");
    assert_snapshot!(run.table("currencies.parquet"), @"
    file | currency | outcome | rows | amount | rows_converted | converted
    lines.csv | EUR | accepted | 1 | 100.00 | 1 | 100.00
    lines.csv | JPY | accepted | 1 | 1000.00 | 1 | 6.25
    lines.csv | JPY | quarantined | 1 | 1000.00 | 0 | 0.00
    lines.csv | USD | accepted | 3 | 90.05 | 3 | 81.28
    ");
    assert_snapshot!(reconciliation(&run), @"
    amount_read | amount_accepted | amount_excluded | amount_quarantined | rows_without_amount
    187.53 | 187.53 | 0.00 | 0.00 | 1
    ");
}

#[test]
fn the_mean_of_the_month_weighs_its_rates_the_same() {
    // January: (0.9123 + 0.9 + 0.95) / 3 = 2.7623 / 3. 100 USD are 92.07666…, 10.05 USD are 9.253705.
    // A: 100 + 92.08 + 9.25; its cost 60 + 60 × 2.7623 / 3 = 55.246. C: no rate in February.
    let run = project("currency", &KEYS.replace('}', ", by: month_average}")).run(&[]);
    assert_snapshot!(years(&run), @"
    account | revenue | cost | lines
    A | 201.33 | 115.25 | 3
    B | 12.50 | 6.26 | 2
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    7 | missing_rate | no rate brings `USD` to `EUR` in 2024-02
    ");
}

#[test]
fn an_opposite_rate_serves_only_where_told() {
    // 1.1 USD are one EUR: 100 USD are 90.909… EUR.
    let rates = "day,source,target,rate\n2024-01-10,EUR,USD,1.1\n2024-01-31,EUR,USD,1.1\n2024-01-17,EUR,JPY,160\n";
    let kept = |keys: &str| project("currency", keys).with("rates.csv", rates).run(&[]);
    assert_snapshot!(years(&kept(&KEYS.replace('}', ", inverse: true}"))), @"
    account | revenue | cost | lines
    A | 200.05 | 114.55 | 3
    B | 12.50 | 6.26 | 2
    C | -18.18 | -9.09 | 1
    ");
    assert_snapshot!(years(&kept(KEYS)), @"
    account | revenue | cost | lines
    A | 100.00 | 60.00 | 1
    ");
}

#[test]
fn all_lines_may_be_in_one_other_currency() {
    let run = project("\"'USD'\"", KEYS).run(&[]);
    assert_snapshot!(run.table("currencies.parquet").select(&["currency", "outcome", "rows", "amount", "converted"]), @"
    currency | outcome | rows | amount | converted
    USD | accepted | 6 | 2190.05 | 1972.51
    ");
}

#[test]
fn what_has_no_currency_no_rate_or_no_day_stays_in_its_own_sums() {
    let lines = "\
customer,day,amount,cost,currency
A,2024-01-10,1.00,,
A,2024-01-10,2.00,,EURO
A,2024-01-10,4.00,,GBP
A,2024-01-09,8.00,,USD
A,soon,16.00,,USD
,2024-01-10,32.00,,USD
A,2024-01-10,much,,USD
X,2024-01-10,64.00,,USD
X,2024-01-10,128.00,,CHF
A,2025-01-10,256.00,,EUR
A,2024-01-10,512.00,x,USD
A,2024-01-10,1024.00,,EUR
";
    let run = project("currency", KEYS).with("lines.csv", lines).run(&[]);
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    2 | missing_currency | the currency is empty
    3 | missing_currency | `EURO` is no code of a currency
    4 | missing_rate | no rate brings `GBP` to `EUR` from 2024-01-03 to 2024-01-10
    5 | missing_rate | no rate brings `USD` to `EUR` from 2024-01-02 to 2024-01-09
    6 | unreadable_date | `soon` is no date of the declared format
    7 | missing_account | the account is empty
    8 | unreadable_amount | `much` is no amount
    12 | unreadable_cost | `x` is no cost
    ");
    assert_snapshot!(run.table("currencies.parquet"), @"
    file | currency | outcome | rows | amount | rows_converted | converted
    lines.csv | null | quarantined | 2 | 3.00 | 0 | 0.00
    lines.csv | CHF | excluded | 1 | 128.00 | 0 | 0.00
    lines.csv | EUR | accepted | 1 | 1024.00 | 1 | 1024.00
    lines.csv | EUR | excluded | 1 | 256.00 | 1 | 256.00
    lines.csv | GBP | quarantined | 1 | 4.00 | 0 | 0.00
    lines.csv | USD | excluded | 1 | 64.00 | 1 | 58.39
    lines.csv | USD | quarantined | 5 | 568.00 | 2 | 496.29
    ");
    // In EUR: 1024 accepted; 64 USD × 0.9123 and 256 EUR excluded; (32 + 512) USD × 0.9123 quarantined.
    assert_snapshot!(reconciliation(&run), @"
    amount_read | amount_accepted | amount_excluded | amount_quarantined | rows_without_amount
    1834.68 | 1024.00 | 314.39 | 496.29 | 6
    ");
}

#[test]
fn all_digits_of_an_amount_are_converted() {
    // 0.004 at 1250 are 5.00; rounded to cents first, they would be nothing. So would 0.0000041, which are 0.005125.
    let rates = "day,source,target,rate\n2024-01-10,USD,EUR,1250\n2024-01-10,GBP,EUR,1.000000000000000001\n";
    let lines = "\
customer,day,amount,cost,currency
A,2024-01-10,0.004,,USD
B,2024-01-10,0.0000041,,USD
C,2024-01-10,0.005,,GBP
D,2024-01-10,123456789012345.67,,USD
";
    let run = project("currency", KEYS).with("lines.csv", lines).with("rates.csv", rates).run(&[]);
    assert_snapshot!(years(&run), @"
    account | revenue | cost | lines
    A | 5.00 | 0.00 | 1
    B | 0.01 | 0.00 | 1
    C | 0.01 | 0.00 | 1
    ");
    assert_snapshot!(run.table("quarantine.parquet").select(&["line", "reason", "detail"]), @"
    line | reason | detail
    5 | amount_out_of_range | `123456789012345.67` is too large to be exact
    ");
}

#[test]
fn two_currencies_without_rates_are_never_added() {
    let text = std::fs::read_to_string(project("currency", KEYS).path("small.yaml")).unwrap();
    let without = |text: &str| {
        let text: Vec<&str> = text.lines().filter(|line| !line.contains("rates")).collect();
        Project::new(&text.join("\n")).with("lines.csv", LINES)
    };
    assert_snapshot!(without(&text).refused(&[]), @"
    exit code 3
    error: the lines are not all in `EUR`, the currency of the pipeline: 2 lines in `JPY`, 3 lines in `USD`, and there are no `rates`
    hint: amounts of different currencies are never added: declare `rates`, or `exclude` the others
    ");
    // Lines that a rule excludes are not added, and lines in the pipeline's own currency need no rate.
    let excluding = text.replace("customer = 'X'", "currency <> 'EUR'");
    assert_snapshot!(years(&without(&excluding).run(&[])), @"
    account | revenue | cost | lines
    A | 100.00 | 60.00 | 1
    ");
    // The others are in one currency, but not in that of the pipeline.
    assert_snapshot!(without(&text.replace("currency: currency", "currency: \"'USD'\"")).refused(&[]), @r#"
    exit code 2
    error: the lines are in `USD`, but the pipeline is in `EUR`
     --> small.yaml:8:85
      |
    8 |       columns: {account: customer, date: day, amount: amount, cost: cost, currency: "'USD'"}
      |                                                                                     ^^^^^^^
      |
      = hint: declare `rates`, or `currency: USD` for the pipeline

    1 mistake in `small.yaml`
    "#);
}

#[test]
fn rates_that_cannot_be_used_are_told_all_at_once() {
    let rates = "\
day,source,target,rate
2024-01-10,USD,EUR,0.9
2024-01-10,usd,EUR,0.9
10.01.2024,USD,EUR,0.9
2024-01-11,Dollar,EUR,0.9
2024-01-11,USD,,0.9
2024-01-11,USD,EUR,
2024-01-12,USD,EUR,\"0,9\"
2024-01-13,USD,EUR,0
2024-01-14,USD,EUR,-0.9
2024-01-15,USD,EUR,1000000000000
2024-01-16,USD
";
    assert_snapshot!(project("currency", KEYS).with("rates.csv", rates).refused(&[]), @"
    exit code 3
    error: the table of rates has rows that cannot be used
      rates.csv:3: `USD` to `EUR` on 2024-01-10 stands in rates.csv:2 already
      rates.csv:4: `10.01.2024` is no day of the declared format
      rates.csv:5: `Dollar` is no code of a currency
      rates.csv:6: the target is empty
      rates.csv:7: the rate is empty
      rates.csv:8: `0,9` is no rate
      rates.csv:9: the rate `0` should be above zero and below 10^12
      rates.csv:10: the rate `-0.9` should be above zero and below 10^12
      rates.csv:11: the rate `1000000000000` should be above zero and below 10^12
      rates.csv:12: 2 fields where the header has 4
    hint: a rate needs a day, two currencies and a number above zero, and each pair one rate per day
    ");
}

#[test]
fn what_check_finds() {
    let check = |currency: &str, keys: &str| {
        let done = project(currency, keys).vitalfew(&["check", "small.yaml"]);
        format!("exit code {}\n{}", done.code, done.stderr)
    };
    assert_snapshot!(check("currency", "{from: rates, date: date, source: source, target: target, rate: rate, by: month, look_back: 500, inverse: 1}"), @"
    exit code 2
    error: `by` should be one of `day`, `month_average`, found `month`
      --> small.yaml:10:88
       |
    10 |       rates: {from: rates, date: date, source: source, target: target, rate: rate, by: month, look_back: 500, inverse: 1}
       |                                                                                        ^^^^^
       |
       = hint: did you mean `month_average`?

    error: `look_back` should be a whole number from 0 to 366, found `500`
      --> small.yaml:10:106
       |
    10 |       rates: {from: rates, date: date, source: source, target: target, rate: rate, by: month, look_back: 500, inverse: 1}
       |                                                                                                          ^^^

    error: `inverse` should be true or false, found `1`
      --> small.yaml:10:120
       |
    10 |       rates: {from: rates, date: date, source: source, target: target, rate: rate, by: month, look_back: 500, inverse: 1}
       |                                                                                                                        ^

    3 mistakes in `small.yaml`
    ");
    assert_snapshot!(check("\"'Euro'\"", &KEYS.replace('}', ", by: month_average, look_back: 3}")), @r#"
    exit code 2
    error: `'Euro'` is no code of a currency
     --> small.yaml:9:85
      |
    9 |       columns: {account: customer, date: day, amount: amount, cost: cost, currency: "'Euro'"}
      |                                                                                     ^^^^^^^^
      |
      = hint: such as `'EUR'` or `'USD'`

    error: `look_back` goes with `by: day`
      --> small.yaml:10:113
       |
    10 |       rates: {from: rates, date: day, source: source, target: target, rate: rate, by: month_average, look_back: 3}
       |                                                                                                                 ^
       |
       = hint: a month has the mean of its own rates or none

    2 mistakes in `small.yaml`
    "#);
    let text = std::fs::read_to_string(project("currency", KEYS).path("small.yaml")).unwrap();
    let without = Project::new(&text.replace(", currency: currency", ""));
    let done = without.with("lines.csv", LINES).with("rates.csv", RATES).vitalfew(&["check", "small.yaml"]);
    assert_snapshot!(done.stderr, @r#"
    error: `rates` convert lines from their `currency`, but `columns` declares none
      --> small.yaml:10:21
       |
    10 |       rates: {from: rates, date: day, source: source, target: target, rate: rate}
       |                     ^^^^^
       |
       = hint: add it to `columns`: a column, or `"'USD'"`

    1 mistake in `small.yaml`
    "#);
}

/// A decimal number of so many units of `10^-places`, as text.
fn decimal(units: i64, places: u32) -> String {
    let digits = format!("{:0width$}", units.unsigned_abs(), width = places as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places as usize);
    let sign = if units < 0 { "-" } else { "" };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Day 0 is 2024-01-01.
fn iso(day: i32) -> String {
    jiff::civil::date(2024, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap().to_string()
}

/// `numerator / denominator` rounded half away from zero; both small enough for 128 bits.
fn rounded(numerator: i128, denominator: i128) -> i128 {
    let twice = 2 * numerator.abs() / denominator;
    numerator.signum() * ((twice + 1) / 2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn conversion_is_that_of_fractions(
        rates in proptest::collection::btree_map((0i32..40, 0usize..2), (1i64..2_000_000, 0u32..7), 0..25),
        lines in proptest::collection::vec((0i32..60, 0usize..3, -10_000_000i64..10_000_000, 0u32..7), 1..40),
        look_back in 0i32..9,
        monthly: bool,
    ) {
        let codes = ["USD", "JPY", "EUR"];
        let mut table = "day,source,target,rate\n".to_owned();
        for ((day, code), (rate, places)) in &rates {
            table.push_str(&format!("{},{},EUR,{}\n", iso(*day), codes[*code], decimal(*rate, *places)));
        }
        let month = |day: i32| iso(day)[..7].to_owned();
        // The rate of a line as a fraction, by looking at every rate there is.
        let rate_of = |line_day: i32, line_code: usize| -> Option<(i128, i128)> {
            let of_code = rates.iter().filter(|((_, code), _)| *code == line_code);
            let exact = |(rate, places): &(i64, u32)| i128::from(*rate) * 10i128.pow(6 - places);
            if monthly {
                let rates: Vec<i128> = of_code.filter(|((day, _), _)| month(*day) == month(line_day)).map(|(_, rate)| exact(rate)).collect();
                return (!rates.is_empty()).then(|| (rates.iter().sum(), rates.len() as i128 * 1_000_000));
            }
            let back = of_code.filter(|((day, _), _)| *day <= line_day && line_day - *day <= look_back);
            back.max_by_key(|((day, _), _)| *day).map(|(_, rate)| (exact(rate), 1_000_000))
        };
        let mut book = "customer,day,amount,cost,currency\nend,2024-12-31,0,,EUR\n".to_owned();
        let mut expected: BTreeMap<String, i128> = BTreeMap::from([("end".to_owned(), 0)]);
        let mut unconverted = 0;
        for (number, (day, code, amount, places)) in lines.iter().enumerate() {
            book.push_str(&format!("a{number},{},{},,{}\n", iso(*day), decimal(*amount, *places), codes[*code]));
            let (numerator, denominator) = match (codes[*code], rate_of(*day, *code)) {
                ("EUR", _) => (1, 1),
                (_, Some(rate)) => rate,
                _ => {
                    unconverted += 1;
                    continue;
                }
            };
            let cents = rounded(i128::from(*amount) * numerator * 100, 10i128.pow(*places) * denominator);
            expected.insert(format!("a{number}"), cents);
        }
        let by = if monthly { "by: month_average".to_owned() } else { format!("look_back: {look_back}") };
        let keys = KEYS.replace('}', &format!(", {by}}}"));
        let run = project("currency", &keys).with("lines.csv", &book).with("rates.csv", &table).run(&[]);
        let years = years(&run);
        let cents = |texts: Vec<String>| -> Vec<i128> { texts.iter().map(|text| text.replace('.', "").parse().unwrap()).collect() };
        let found: BTreeMap<String, i128> = years.texts("account").into_iter().zip(cents(years.texts("revenue"))).collect();
        prop_assert_eq!(&found, &expected);
        let rows: Vec<String> = run.table("reconciliation.parquet").texts("rows_without_amount");
        prop_assert_eq!(rows, vec![unconverted.to_string()]);
        // What was converted is what the ledger took, currency by currency.
        let converted: i128 = cents(run.table("currencies.parquet").texts("converted")).iter().sum();
        prop_assert_eq!(converted, expected.values().sum::<i128>());
    }
}

//! Queries over tables, and the tables that `read` makes of files.

use crate::support::{Project, parquet_of};
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray};
use insta::assert_snapshot;
use std::fmt::Write;
use std::sync::Arc;

/// A pipeline whose last stages are a test's.
const HEAD: &str = "\
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
  - read:
      id: costs
      path: costs.csv
      columns: {account: text, amount: money, day: date, hours: number, share: ratio, visits: integer, paid: flag}
";

const LINES: &str = "\
customer,day,amount
A,2023-05-01,100.00
A,2024-05-01,150.10
B,2023-06-01,90.00
B,2024-12-01,80.05
C,2024-02-01,0.01
";

const COSTS: &str = "\
account,amount,day,hours,share,visits,paid
B,10.10,2024-03-01,1.5,0.25,2,yes
A,20.20,2024-01-31,2,0.5,3,no
A,0.30,2023-12-31,,,,
";

fn project(stages: &str) -> Project {
    Project::new(&format!("{HEAD}{stages}")).with("lines.csv", LINES).with("costs.csv", COSTS)
}

/// A stage `sql` with this query and these further keys.
fn stage(query: &str, keys: &str) -> String {
    let query = query.lines().map(|line| format!("        {line}\n")).collect::<String>();
    format!("  - sql:\n      id: answer\n{keys}      query: |\n{query}")
}

/// The result of a query.
fn answer_with(query: &str, keys: &str) -> crate::support::Rows {
    let stages = format!("{}  - parquet: {{from: answer, to: tables}}\n", stage(query, keys));
    project(&stages).run(&[]).table("tables/answer.parquet")
}

fn answer(query: &str) -> crate::support::Rows {
    answer_with(query, "")
}

/// What `check` says of a query.
fn mistakes_with(query: &str, keys: &str) -> String {
    let done = project(&stage(query, keys)).vitalfew(&["check", "small.yaml"]);
    assert_eq!(done.code, 2, "{}", done.stdout);
    done.stderr
}

fn mistakes(query: &str) -> String {
    mistakes_with(query, "")
}

/// What becomes of a run that the data of a query stops.
fn refused(query: &str, keys: &str) -> String {
    project(&stage(query, keys)).refused(&[])
}

mod results {
    use super::*;

    #[test]
    fn every_type_goes_through_a_query() {
        assert_snapshot!(answer("SELECT *, amount > 10 AS dear FROM costs"), @"
        account | amount | day | hours | share | visits | paid | dear
        A | 0.30 | 2023-12-31 | null | null | null | null | false
        A | 20.20 | 2024-01-31 | 2.0 | 0.5 | 3 | false | true
        B | 10.10 | 2024-03-01 | 1.5 | 0.25 | 2 | true | true
        ");
    }

    #[test]
    fn money_stays_exact_and_quotients_are_numbers() {
        // 150.10 + 80.05 + 0.01 = 230.16; three times 150.10 is 450.30; 150.10 / 230.16 = 0.65215…
        let query = "\
SELECT account, revenue, revenue * 3 AS thrice, -revenue AS less, SUM(revenue) OVER () AS total,
       revenue / SUM(revenue) OVER () AS part, 7 / 2 AS halves, revenue * 1.1 AS more, revenue > 80.04 AS large
FROM pareto";
        assert_snapshot!(answer(query), @"
        account | revenue | thrice | less | total | part | halves | more | large
        A | 150.10 | 450.30 | -150.10 | 230.16 | 0.6521550225929788 | 3.5 | 165.11 | true
        B | 80.05 | 240.15 | -80.05 | 230.16 | 0.34780152937087244 | 3.5 | 88.055 | true
        C | 0.01 | 0.03 | -0.01 | 230.16 | 0.00004344803614876608 | 3.5 | 0.011000000000000001 | false
        ");
    }

    #[test]
    fn columns_can_be_declared_to_be_money_numbers_or_ratios() {
        // A third of 80.05 is 26.6833…, one and a half cents round away from zero.
        let query = "\
SELECT account, revenue / 3 AS third, revenue AS plain, rank AS whole, CAST(0.015 AS DOUBLE) * -1 AS negative
FROM pareto WHERE account = 'B'";
        let keys = "      columns: {third: money, plain: number, whole: money, negative: money}\n";
        assert_snapshot!(answer_with(query, keys), @"
        account | third | plain | whole | negative
        B | 26.68 | 80.05 | 2.00 | -0.02
        ");
    }

    #[test]
    fn what_does_not_exist_is_null() {
        // Division by zero, the logarithm of zero, and what is compared with null.
        let query = "\
SELECT account, hours / 0 AS by_zero, amount / (visits - 3) AS some, LN(0.0) AS infinite, share > 0.3 AS large
FROM costs WHERE COALESCE(amount / (visits - 3), 1) > 0 OR visits = 2";
        assert_snapshot!(answer(query), @"
        account | by_zero | some | infinite | large
        A | null | null | null | null
        A | null | null | null | true
        B | null | -10.1 | null | false
        ");
    }

    #[test]
    fn dates_have_differences_in_days() {
        let query = "SELECT day, day - CAST('2023-12-31' AS DATE) AS days, EXTRACT(YEAR FROM day) AS year FROM costs";
        assert_snapshot!(answer(query), @"
        day | days | year
        2023-12-31 | 0 | 2023
        2024-01-31 | 31 | 2024
        2024-03-01 | 61 | 2024
        ");
    }

    #[test]
    fn rows_stand_by_key_by_order_or_by_all_columns() {
        let unordered = answer("SELECT paid, account, visits FROM costs");
        assert_snapshot!(unordered, @"
        paid | account | visits
        null | A | null
        false | A | 3
        true | B | 2
        ");
        let ordered = answer("SELECT account, visits FROM costs ORDER BY visits DESC NULLS LAST");
        assert_snapshot!(ordered, @"
        account | visits
        A | 3
        B | 2
        A | null
        ");
        let keyed = answer_with("SELECT account, revenue FROM pareto ORDER BY revenue", "      key: account\n");
        assert_snapshot!(keyed, @"
        account | revenue
        A | 150.10
        B | 80.05
        C | 0.01
        ");
    }

    #[test]
    fn the_whole_of_sql_is_there() {
        let query = "\
WITH per_account AS (
  SELECT account, SUM(amount) AS cost, COUNT(*) AS rows FROM costs GROUP BY account HAVING COUNT(*) > 0
), both AS (
  SELECT account, revenue, cost, rows FROM pareto LEFT JOIN per_account USING (account)
)
SELECT account, 'bought' AS what, revenue AS amount FROM both
UNION ALL
SELECT account, 'cost' AS what, cost AS amount FROM both WHERE account IN (SELECT account FROM costs)
ORDER BY account, what";
        assert_snapshot!(answer(query), @"
        account | what | amount
        A | bought | 150.10
        A | cost | 20.50
        B | bought | 80.05
        B | cost | 10.10
        C | bought | 0.01
        ");
    }

    #[test]
    fn a_query_reads_a_query_and_a_scorecard_reads_both_kinds_of_table() {
        let stages = "
  - read: {id: visits, path: visits.csv, key: account, columns: {customer: {as: account, type: text}, visits: integer}}
  - sql: {id: large, query: SELECT account FROM pareto WHERE revenue > 1}
  - sql:
      id: margins
      key: account
      query: SELECT account, MAX(revenue) - SUM(amount) AS margin FROM pareto JOIN costs USING (account) JOIN large USING (account) GROUP BY account
  - scorecard:
      groups:
        size:
          weight: 1
          criteria:
            margin: {weight: 50, measure: margins.margin, scale: [[0, 1], [100, 10]]}
            visits: {weight: 50, measure: visits.visits, scale: [[0, 1], [10, 10]]}
  - parquet: {from: [margins, visits, scorecard], to: tables}
";
        let run = project(stages).with("visits.csv", "customer,visits\nC,5\nA,10\n").run(&[]);
        // 150.10 - 20.20 - 0.30 = 129.60 and 80.05 - 10.10 = 69.95.
        assert_snapshot!(run.table("tables/margins.parquet"), @"
        account | margin
        A | 129.60
        B | 69.95
        ");
        assert_snapshot!(run.table("tables/visits.parquet"), @"
        account | visits
        A | 10
        C | 5
        ");
        assert_snapshot!(run.table("tables/contributions.parquet"), @"
        account | group | criterion | source | value | score | weight | contribution
        A | size | margin | measured | 129.6 | 10.0 | 0.5 | 5.0
        A | size | visits | measured | 10.0 | 10.0 | 0.5 | 5.0
        B | size | margin | measured | 69.95 | 7.2955000000000005 | 1.0 | 7.2955000000000005
        B | size | visits | missing | null | null | 0.0 | 0.0
        C | size | margin | missing | null | null | 0.0 | 0.0
        C | size | visits | measured | 5.0 | 5.5 | 1.0 | 5.5
        ");
    }

    #[test]
    fn a_check_that_finds_nothing_is_an_empty_table() {
        let rows =
            answer_with("SELECT account FROM pareto WHERE revenue < 0", "      must_be_empty: no returns alone\n");
        assert_eq!((rows.columns, rows.rows.len()), (vec!["account".to_owned()], 0));
    }

    /// Sums of floats that differ in their last digits with the order of their parts, and rows that LIMIT keeps.
    #[test]
    fn neither_threads_nor_chance_show() {
        let mut numbers = String::from("id,part,label,number\n");
        let mut state = 1u64;
        for id in 0..4000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (part, number) = (state >> 33, state >> 40);
            writeln!(numbers, "{id},{},L{},{}.{:03}", part % 700, part % 50, number % 100_000, part % 1000).unwrap();
        }
        let queries = [
            "SELECT SUM(number / 3) AS total, AVG(number / 7) AS mean, STDDEV(number / 3) AS spread FROM numbers WHERE part > 9",
            "SELECT SUM(mean) AS total FROM (SELECT part, AVG(number / 3) AS mean FROM numbers GROUP BY part) AS m",
            "SELECT label, SUM(mean) AS total FROM (SELECT label, part, AVG(number / 3) AS mean FROM numbers GROUP BY label, part) AS m GROUP BY label",
            "SELECT label, AVG(number) AS mean FROM numbers GROUP BY label LIMIT 7",
            "SELECT SUM(a.number / b.number) AS total FROM numbers AS a JOIN numbers AS b ON a.part = b.part",
            "SELECT part FROM numbers UNION SELECT id AS part FROM numbers LIMIT 20",
            "SELECT label, number FROM numbers ORDER BY label LIMIT 60",
            "SELECT id, SUM(number / 3) OVER (PARTITION BY label) AS total FROM numbers",
            "SELECT part FROM numbers EXCEPT SELECT id AS part FROM numbers WHERE id % 2 = 0 LIMIT 20",
            "SELECT a.id, b.id AS other FROM numbers AS a JOIN numbers AS b ON a.part = b.part AND a.id < b.id LIMIT 30",
            "SELECT FIRST(label) AS first, COUNT(*) AS rows FROM numbers GROUP BY part LIMIT 9",
        ];
        let mut pipeline = "name: small\ncurrency: EUR\nstages:\n  - read: {id: numbers, path: n.csv, columns: {id: integer, part: integer, label: text, number: number}}\n".to_owned();
        for (place, query) in queries.iter().enumerate() {
            writeln!(pipeline, "  - sql: {{id: q{place}, query: \"{query}\"}}").unwrap();
            writeln!(pipeline, "  - parquet: {{id: p{place}, from: q{place}, to: tables}}").unwrap();
        }
        let project = Project::new(&pipeline).with("n.csv", numbers);
        let run = |threads: &str| {
            let done = project.vitalfew_with(
                &["run", "small.yaml", "--log", "none", "--out", threads],
                &[("POLARS_MAX_THREADS", threads)],
            );
            assert_eq!(done.code, 0, "{}", done.stderr);
            crate::support::Published::of(&project.path(threads), "small").files()
        };
        let one = run("1");
        assert_eq!(one.len(), queries.len());
        for threads in ["2", "8"] {
            let several = run(threads);
            for (name, bytes) in &one {
                assert!(several.get(name) == Some(bytes), "`{name}` is another on {threads} threads");
            }
        }
    }
}

mod mistakes {
    use super::*;

    #[test]
    fn a_table_that_is_not_there() {
        assert_snapshot!(mistakes("SELECT account\nFROM paretto"), @"
        error: no stage above makes a table `paretto`
          --> small.yaml:19:14
           |
        19 |         FROM paretto
           |              ^^^^^^^
           |
           = hint: did you mean `pareto`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT account FROM answer"), @"
        error: stage `answer` reads itself
          --> small.yaml:18:29
           |
        18 |         SELECT account FROM answer
           |                             ^^^^^^
           |
           = hint: a stage reads only stages above it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_table_of_a_stage_below() {
        let stages = format!("{}  - sql: {{id: later, query: SELECT 1 AS one}}\n", stage("SELECT one FROM later", ""));
        let done = project(&stages).vitalfew(&["check", "small.yaml"]);
        assert_snapshot!(done.stderr, @"
        error: stage `answer` reads `later`, which is declared below it
          --> small.yaml:18:25
           |
        18 |         SELECT one FROM later
           |                         ^^^^^
           |
           = hint: move `later` above: a stage reads only stages above it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_stage_that_makes_no_table() {
        assert_snapshot!(mistakes("SELECT customer FROM invoices"), @"
        error: stage `answer` reads the tables of `invoices`, but a `read` stage makes none
          --> small.yaml:18:30
           |
        18 |         SELECT customer FROM invoices
           |                              ^^^^^^^^
           |
           = hint: declare its `columns` to make a table of it

        1 mistake in `small.yaml`
        ");
        let done = project("  - parquet: {from: invoices, to: tables}\n").vitalfew(&["check", "small.yaml"]);
        assert_snapshot!(done.stderr, @"
        error: stage `parquet` reads the tables of `invoices`, but a `read` stage makes none
          --> small.yaml:15:21
           |
        15 |   - parquet: {from: invoices, to: tables}
           |                     ^^^^^^^^
           |
           = hint: declare its `columns` to make a table of it

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_column_that_is_not_there() {
        assert_snapshot!(mistakes("SELECT account,\n       revenu\nFROM pareto"), @"
        error: the query reads a column `revenu`, which is not there
          --> small.yaml:19:16
           |
        19 |                revenu
           |                ^^^^^^
           |
           = hint: did you mean `revenue`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT p.revenu FROM pareto AS p"), @"
        error: the query reads a column `revenu`, which is not there
          --> small.yaml:18:18
           |
        18 |         SELECT p.revenu FROM pareto AS p
           |                  ^^^^^^
           |
           = hint: did you mean `revenue`?

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_function_that_is_not_there() {
        assert_snapshot!(mistakes("SELECT COALESC(revenue, 0) AS r FROM pareto"), @"
        error: the query calls `coalesc`, which is no function of Polars SQL
          --> small.yaml:18:16
           |
        18 |         SELECT COALESC(revenue, 0) AS r FROM pareto
           |                ^^^^^^^
           |
           = hint: did you mean `coalesce`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT NOW() AS moment FROM pareto"), @"
        error: the query calls `now`, which is no function of Polars SQL
          --> small.yaml:18:16
           |
        18 |         SELECT NOW() AS moment FROM pareto
           |                ^^^
           |
           = hint: a table follows from what a run reads, and not from the clock or from chance

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT RANDOM() AS luck FROM pareto"), @"
        error: the query calls `random`, which is no function of Polars SQL
          --> small.yaml:18:16
           |
        18 |         SELECT RANDOM() AS luck FROM pareto
           |                ^^^^^^
           |
           = hint: a table follows from what a run reads, and not from the clock or from chance

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn no_sql() {
        assert_snapshot!(mistakes("SELECT account\nFRM pareto WHERE x"), @"
        error: the query is no valid SQL: expected end of statement, found: pareto
          --> small.yaml:19:13
           |
        19 |         FRM pareto WHERE x
           |             ^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT 'it"), @"
        error: the query is no valid SQL: unterminated string literal
          --> small.yaml:18:16
           |
        18 |         SELECT 'it
           |                ^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT account,"), @"
        error: the query reads a column `account`, which is not there
          --> small.yaml:18:16
           |
        18 |         SELECT account,
           |                ^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn no_single_select() {
        assert_snapshot!(mistakes("SELECT 1 AS one; SELECT 2 AS two"), @"
        error: the query should be one statement, found 2
          --> small.yaml:18:9
           |
        18 |         SELECT 1 AS one; SELECT 2 AS two
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = hint: give each query a stage of its own

        1 mistake in `small.yaml`
        ");
        for query in
            ["SHOW TABLES", "DELETE FROM pareto", "DROP TABLE pareto", "CREATE TABLE x AS SELECT 1", "EXPLAIN SELECT 1"]
        {
            let message = mistakes(query);
            assert!(message.contains("the query should be a SELECT"), "{message}");
        }
        assert_snapshot!(mistakes("TRUNCATE TABLE pareto"), @"
        error: the query should be a SELECT, and nothing that changes or shows something else
          --> small.yaml:18:9
           |
        18 |         TRUNCATE TABLE pareto
           |         ^^^^^^^^
           |
           = hint: tables are made by stages, one table by each `sql` stage

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn files_are_not_for_queries() {
        assert_snapshot!(mistakes("SELECT * FROM read_csv('/etc/passwd')"), @"
        error: the query calls the table function `read_csv`, but a query reads only tables of stages above
          --> small.yaml:18:23
           |
        18 |         SELECT * FROM read_csv('/etc/passwd')
           |                       ^^^^^^^^
           |
           = hint: let a `read` stage with `columns` read the file

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT account FROM other.pareto"), @"
        error: the query reads `other.pareto`, but tables have names of one part
          --> small.yaml:18:29
           |
        18 |         SELECT account FROM other.pareto
           |                             ^^^^^^^^^^^^
           |
           = hint: tables are called as in the manuals of their stages, such as `growth`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT x FROM UNNEST([1, 2]) AS t(x)"), @"
        error: the query reads `UNNEST([1, 2]) AS t (x)`, but a query reads only tables of stages above
          --> small.yaml:18:9
           |
        18 |         SELECT x FROM UNNEST([1, 2]) AS t(x)
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = hint: name a table, or a SELECT in brackets

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_part_of_the_query_that_is_called_as_a_table() {
        assert_snapshot!(mistakes("WITH pareto AS (SELECT account FROM growth)\nSELECT account FROM pareto"), @"
        error: the query calls a part of itself `pareto`, as a table above is called
          --> small.yaml:18:14
           |
        18 |         WITH pareto AS (SELECT account FROM growth)
           |              ^^^^^^
           |
           = hint: give the part another name

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn types_that_do_not_go_together() {
        assert_snapshot!(mistakes("SELECT account + rank AS sum FROM pareto"), @"
        error: the query cannot be run: arithmetic on dtypes str and i64 is not allowed (lhs: column 'account', rhs: column 'rank'); try an explicit cast first
          --> small.yaml:18:9
           |
        18 |         SELECT account + rank AS sum FROM pareto
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT account / 2 AS half FROM pareto"), @"
        error: the query cannot be run: division with 'String' datatypes is not allowed
          --> small.yaml:18:9
           |
        18 |         SELECT account / 2 AS half FROM pareto
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes("SELECT account FROM pareto WHERE revenue"), @"
        error: the query cannot be run: filter predicate must be of type `Boolean`, got `Decimal(38, 2)`
          --> small.yaml:18:9
           |
        18 |         SELECT account FROM pareto WHERE revenue
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn columns_that_no_table_has() {
        assert_snapshot!(mistakes("SELECT g.*, p.* FROM pareto AS g JOIN growth AS p ON g.account = p.account"), @"
        error: the query yields a column `account:p`, which no table can have
          --> small.yaml:18:9
           |
        18 |         SELECT g.*, p.* FROM pareto AS g JOIN growth AS p ON g.account = p.account
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = hint: give it a name of letters, digits and `_` with `AS`

        1 mistake in `small.yaml`
        ");
        let query = "SELECT account AS \"the account\", NULL AS nothing, CAST(day AS TIMESTAMP) AS moment FROM costs";
        assert_snapshot!(mistakes(query), @r#"
        error: the query yields a column `the account`, which no table can have
          --> small.yaml:18:9
           |
        18 |         SELECT account AS "the account", NULL AS nothing, CAST(day AS TIMESTAMP) AS moment FROM costs
           |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = hint: give it a name of letters, digits and `_` with `AS`

        error: the column `nothing` holds nothing but null, which no table can hold
          --> small.yaml:18:50
           |
        18 |         SELECT account AS "the account", NULL AS nothing, CAST(day AS TIMESTAMP) AS moment FROM costs
           |                                                  ^^^^^^^
           |
           = hint: say of which type: `CAST(NULL AS DOUBLE)`

        error: the column `moment` holds moments, which no table can hold
          --> small.yaml:18:85
           |
        18 |         SELECT account AS "the account", NULL AS nothing, CAST(day AS TIMESTAMP) AS moment FROM costs
           |                                                                                     ^^^^^^
           |
           = hint: `CAST(… AS DATE)` keeps the day

        3 mistakes in `small.yaml`
        "#);
        assert_snapshot!(mistakes("SELECT account, amount - MIN(amount) AS list FROM costs GROUP BY account"), @"
        error: the column `list` holds lists, which no table can hold
          --> small.yaml:18:49
           |
        18 |         SELECT account, amount - MIN(amount) AS list FROM costs GROUP BY account
           |                                                 ^^^^
           |
           = hint: in a group each column needs an aggregate around it, such as `MAX` or `FIRST`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_key_that_is_not_there() {
        assert_snapshot!(mistakes_with("SELECT rank AS account FROM pareto", "      key: account\n"), @"
        error: the key is `account`, but the query yields no column of texts `account`
          --> small.yaml:17:12
           |
        17 |       key: account
           |            ^^^^^^^

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(mistakes_with("SELECT account FROM pareto", "      key: rank\n"), @"
        error: `key` should be one of `account`, found `rank`
          --> small.yaml:17:12
           |
        17 |       key: rank
           |            ^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn declared_columns_that_do_not_fit() {
        let keys = "      columns: {acount: text, account: money, rank: integral}\n";
        assert_snapshot!(mistakes_with("SELECT account, rank FROM pareto", keys), @"
        error: unknown type `integral` of column `rank`
          --> small.yaml:17:53
           |
        17 |       columns: {acount: text, account: money, rank: integral}
           |                                                     ^^^^^^^^
           |
           = hint: did you mean `integer`?

        1 mistake in `small.yaml`
        ");
        let keys = "      columns: {acount: text, account: money, part: integer}\n";
        assert_snapshot!(mistakes_with("SELECT account, rank / 2 AS part FROM pareto", keys), @"
        error: the query yields no column `acount`
          --> small.yaml:17:17
           |
        17 |       columns: {acount: text, account: money, part: integer}
           |                 ^^^^^^
           |
           = hint: did you mean `account`?

        error: the column `account` is declared `money`, but holds `text`
          --> small.yaml:17:40
           |
        17 |       columns: {acount: text, account: money, part: integer}
           |                                        ^^^^^
           |
           = hint: a cast in the query makes one of the other

        error: the column `part` is declared `integer`, but holds `number`
          --> small.yaml:17:53
           |
        17 |       columns: {acount: text, account: money, part: integer}
           |                                                     ^^^^^^^
           |
           = hint: a cast in the query makes one of the other

        3 mistakes in `small.yaml`
        ");
        assert_snapshot!(mistakes_with("SELECT account FROM pareto", "      columns: money\n"), @"
        error: `columns` should be a map of columns, found `money`
          --> small.yaml:17:16
           |
        17 |       columns: money
           |                ^^^^^
           |
           = hint: such as `{account: text, amount: money}`

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn a_table_with_more_than_one_row_per_account_is_no_measure() {
        let card = "  - scorecard:\n      groups: {size: {weight: 1, criteria: {x: {weight: 1, measure: answer.rank, scale: percentile}}}}\n";
        let done = project(&format!("{}{card}", stage("SELECT account, rank FROM pareto", "")))
            .vitalfew(&["check", "small.yaml"]);
        assert_snapshot!(done.stderr, @"
        error: table `answer` has more than one row per account
          --> small.yaml:20:69
           |
        20 |       groups: {size: {weight: 1, criteria: {x: {weight: 1, measure: answer.rank, scale: percentile}}}}
           |                                                                     ^^^^^^^^^^^

        1 mistake in `small.yaml`
        ");
    }

    #[test]
    fn what_only_the_data_shows() {
        assert_snapshot!(refused("SELECT account, amount FROM costs", "      key: account\n"), @"
        exit code 3
        error: the result of stage `answer` breaks its key, 1 in all
          the account `A` stands in 2 rows
        hint: a key needs one row per account: group by it, or leave `key` out
        ");
        assert_snapshot!(refused("SELECT CASE WHEN rank = 1 THEN NULL ELSE account END AS account FROM pareto", "      key: account\n"), @"
        exit code 3
        error: the result of stage `answer` breaks its key, 1 in all
          rows without an account: 1
        hint: a key needs one row per account: group by it, or leave `key` out
        ");
        assert_snapshot!(refused("SELECT CAST(account AS INTEGER) AS number FROM pareto", ""), @r#"
        exit code 3
        error: the query of stage `answer` failed: conversion from `str` to `i32` failed in column 'account' for 3 out of 3 values: ["A", "B", "C"]
        "#);
        assert_snapshot!(refused("SELECT account, revenue * 1000000000000000 * 1000 AS much FROM pareto", ""), @"
        exit code 3
        error: the result of stage `answer` does not fit: the column `much`: an amount of more than 18 digits
        ");
    }

    #[test]
    fn a_check_that_finds_something() {
        let query = "SELECT account, day, amount, hours FROM costs WHERE amount < 15 ORDER BY amount";
        assert_snapshot!(refused(query, "      must_be_empty: every cost is above 15\n"), @"
        exit code 3
        error: stage `answer` found 2 rows where there should be none: every cost is above 15
          account | day | amount | hours
          A | 2023-12-31 | 0.30 | null
          B | 2024-03-01 | 10.10 | 1.5
        ");
        let many = "SELECT a.account FROM costs AS a CROSS JOIN costs AS b CROSS JOIN costs AS c";
        assert_snapshot!(refused(many, "      must_be_empty: there are no pairs\n"), @"
        exit code 3
        error: stage `answer` found 27 rows where there should be none: there are no pairs
          account
          A
          A
          A
          A
          A
          A
          A
          A
          A
          A
          … and 17 more
        ");
    }
}

mod typed_tables {
    use super::*;

    fn read(keys: &str, file: &str) -> Project {
        let pipeline = format!(
            "name: small\ncurrency: EUR\nstages:\n  - read:\n      id: typed\n      path: \"typed*\"\n{keys}  - parquet: {{from: typed, to: tables}}\n"
        );
        Project::new(&pipeline).with("typed.csv", file)
    }

    const KEYS: &str = "      columns: {customer: {as: account, type: text}, amount: money, day: date, visits: integer, weight: number, share: ratio, active: flag}\n";

    #[test]
    fn every_type_in_its_own_form() {
        let form =
            "      delimiter: \";\"\n      decimal: \",\"\n      thousands: \".\"\n      date_format: \"%d.%m.%Y\"\n";
        let file = "\
active;customer;amount;day;visits;weight;share;more
yes;B;1.234,565;31.12.2025;1.000;-0,125;0,1;x
;A;;;;;;
NO;A;-0,5;01.01.2024;2,0;1;1;
";
        let table = read(&format!("{form}{KEYS}"), file).run(&[]).table("tables/typed.parquet");
        assert_snapshot!(table, @"
        account | amount | day | visits | weight | share | active
        B | 1234.57 | 2025-12-31 | 1000 | -0.125 | 0.1 | true
        A | null | null | null | null | null | null
        A | -0.50 | 2024-01-01 | 2 | 1.0 | 1.0 | false
        ");
    }

    #[test]
    fn a_table_with_a_key_stands_by_account() {
        let run = read(
            "      key: account\n      columns: {account: text, visits: integer}\n",
            "account,visits\nC,1\nA,2\nB,\n",
        )
        .run(&[]);
        assert_snapshot!(run.table("tables/typed.parquet"), @"
        account | visits
        A | 2
        B | null
        C | 1
        ");
    }

    #[test]
    fn typed_columns_of_parquet() {
        let columns: [(&str, ArrayRef); 7] = [
            ("customer", Arc::new(StringArray::from(vec![Some("A"), None]))),
            ("amount", Arc::new(Float64Array::from(vec![Some(1.005), Some(f64::NAN)]))),
            ("day", Arc::new(Date32Array::from(vec![Some(20_453), None]))),
            ("visits", Arc::new(Int64Array::from(vec![Some(7), None]))),
            ("weight", Arc::new(Decimal128Array::from(vec![Some(-125), None]).with_precision_and_scale(9, 3).unwrap())),
            ("share", Arc::new(Float64Array::from(vec![Some(1e-7), None]))),
            ("active", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ];
        let keys = KEYS.replace("columns", "decimal: \",\"\n      columns");
        let project = read(&keys, "").with("typed.parquet", parquet_of(&columns, 10));
        std::fs::remove_file(project.path("typed.csv")).unwrap();
        assert_snapshot!(project.run(&[]).table("tables/typed.parquet"), @"
        account | amount | day | visits | weight | share | active
        A | 1.01 | 2025-12-31 | 7 | -0.125 | 1e-7 | true
        null | null | null | null | null | null | null
        ");
    }

    #[test]
    fn cells_that_are_not_what_their_column_says() {
        let file = "\
customer,amount,day,visits,weight,share,active
A,ten,31.12.2025,1.5,heavy,50%,perhaps
B,1.00,2025-02-30,2,1,0.5,true
C,1
D,99999999999999999,2025-01-01,1,1,\"a very long text that nobody wants to see whole \u{1b}[31m\",0
";
        assert_snapshot!(read(KEYS, file).refused(&[]), @"
        exit code 3
        error: the table `typed` is not what it declares, 10 mistakes in all
          typed.csv:2: `amount` should be an amount, found `ten`
          typed.csv:2: `day` should be a date of the form `%Y-%m-%d`, found `31.12.2025`
          typed.csv:2: `visits` should be a whole number, found `1.5`
          typed.csv:2: `weight` should be a number, found `heavy`
          typed.csv:2: `share` should be a number, found `50%`
          typed.csv:2: `active` should be `true`, `yes`, `1`, `false`, `no` or `0`, found `perhaps`
          typed.csv:3: `day` should be a date of the form `%Y-%m-%d`, found `2025-02-30`
          typed.csv:4: 2 fields where the header has 7
          typed.csv:5: `amount` should be an amount of at most 18 digits, found `99999999999999999`
          typed.csv:5: `share` should be a number, found `a very long text that nobody wants to s…`
        hint: mend the rows, or declare what they hold: a `text` takes everything
        ");
        let many = format!("customer\n{}", "x\n".repeat(30));
        assert_snapshot!(read("      columns: {customer: {as: x, type: integer}}\n", &many).refused(&[]), @"
        exit code 3
        error: the table `typed` is not what it declares, 30 mistakes in all
          typed.csv:2: `customer` should be a whole number, found `x`
          typed.csv:3: `customer` should be a whole number, found `x`
          typed.csv:4: `customer` should be a whole number, found `x`
          typed.csv:5: `customer` should be a whole number, found `x`
          typed.csv:6: `customer` should be a whole number, found `x`
          typed.csv:7: `customer` should be a whole number, found `x`
          typed.csv:8: `customer` should be a whole number, found `x`
          typed.csv:9: `customer` should be a whole number, found `x`
          typed.csv:10: `customer` should be a whole number, found `x`
          typed.csv:11: `customer` should be a whole number, found `x`
          typed.csv:12: `customer` should be a whole number, found `x`
          typed.csv:13: `customer` should be a whole number, found `x`
          typed.csv:14: `customer` should be a whole number, found `x`
          typed.csv:15: `customer` should be a whole number, found `x`
          typed.csv:16: `customer` should be a whole number, found `x`
          typed.csv:17: `customer` should be a whole number, found `x`
          typed.csv:18: `customer` should be a whole number, found `x`
          typed.csv:19: `customer` should be a whole number, found `x`
          typed.csv:20: `customer` should be a whole number, found `x`
          typed.csv:21: `customer` should be a whole number, found `x`
        hint: mend the rows, or declare what they hold: a `text` takes everything
        ");
    }

    #[test]
    fn a_key_that_does_not_hold() {
        let file = "account,visits\nB,1\nA,2\n,3\nB,4\nB,5\n";
        let keys = "      key: account\n      columns: {account: text, visits: integer}\n";
        assert_snapshot!(read(keys, file).refused(&[]), @"
        exit code 3
        error: the table `typed` is not what it declares, 3 mistakes in all
          typed.csv:4: the account is empty
          typed.csv:5: the account `B` stands at typed.csv:2 already
          typed.csv:6: the account `B` stands at typed.csv:5 already
        hint: mend the rows, or declare what they hold: a `text` takes everything
        ");
    }

    #[test]
    fn declarations_that_cannot_be() {
        let check = |keys: &str| {
            let done = read(keys, "Customer No,visits\nA,1\n").vitalfew(&["check", "small.yaml"]);
            assert_eq!(done.code, 2, "{}", done.stdout);
            done.stderr
        };
        assert_snapshot!(check("      columns: {Customer No: text, visit: integer}\n"), @"
        error: the column `Customer No` cannot be called so in a table
         --> small.yaml:7:17
          |
        7 |       columns: {Customer No: text, visit: integer}
          |                 ^^^^^^^^^^^
          |
          = hint: give it a name of letters, digits and `_`: `{as: name, type: text}`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(check("      columns: {visit: integer}\n"), @"
        error: `typed.csv` has no column `visit`
         --> small.yaml:7:17
          |
        7 |       columns: {visit: integer}
          |                 ^^^^^
          |
          = hint: did you mean `visits`?

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(check("      columns: {visits: whole, Customer No: {as: account, tipe: text}}\n"), @"
        error: unknown type `whole` of column `visits`
         --> small.yaml:7:25
          |
        7 |       columns: {visits: whole, Customer No: {as: account, tipe: text}}
          |                         ^^^^^
          |
          = hint: there are: `text`, `integer`, `money`, `number`, `ratio`, `date`, `flag`

        error: column `Customer No` needs the key `type`
         --> small.yaml:7:32
          |
        7 |       columns: {visits: whole, Customer No: {as: account, tipe: text}}
          |                                ^^^^^^^^^^^

        error: unknown key `tipe` in column `Customer No`
         --> small.yaml:7:59
          |
        7 |       columns: {visits: whole, Customer No: {as: account, tipe: text}}
          |                                                           ^^^^
          |
          = hint: did you mean `type`?

        3 mistakes in `small.yaml`
        ");
        assert_snapshot!(check("      columns: {visits: {as: account, type: text}, Customer No: {as: account, type: text}}\n"), @"
        error: key `account` appears twice in the names of `columns`
         --> small.yaml:7:70
          |
        7 |       columns: {visits: {as: account, type: text}, Customer No: {as: account, type: text}}
          |                                                                      ^^^^^^^
          |
          = hint: keep one of the two

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(check("      columns: [visits]\n"), @"
        error: `columns` should be a map of columns, found a list
         --> small.yaml:7:16
          |
        7 |       columns: [visits]
          |                ^
          |
          = hint: such as `{account: text, amount: money}`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(check("      key: account\n"), @"
        error: a `read` stage has a key only where it makes a table
         --> small.yaml:7:12
          |
        7 |       key: account
          |            ^^^^^^^
          |
          = hint: declare its `columns`

        1 mistake in `small.yaml`
        ");
        assert_snapshot!(check("      key: account\n      columns: {visits: {as: account, type: integer}}\n"), @"
        error: the key is `account`, but no column is declared to be a text of that name
         --> small.yaml:7:12
          |
        7 |       key: account
          |            ^^^^^^^
          |
          = hint: such as `columns: {customer_id: {as: account, type: text}}`

        1 mistake in `small.yaml`
        ");
    }
}

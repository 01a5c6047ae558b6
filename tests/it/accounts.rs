//! Who is an account: the dated account map, contradicting customer lists, lines without an account.

use crate::support::{Project, Published, Rows};
use insta::assert_snapshot;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A small pipeline whose ledger has further keys and, above it, further stages.
fn project(above: &str, keys: &str, lines: &str) -> Project {
    let pipeline = format!(
        "name: small\ncurrency: EUR\nstages:\n  - read: {{id: invoices, path: lines.csv}}\n{above}  - ledger:\n      \
         from: invoices\n      columns: {{account: customer, date: day, amount: amount}}\n{keys}      quarantine_limit: \
         100%\n  - account_years: {{from: ledger}}\n  - parquet: {{from: account_years, to: tables}}\n"
    );
    Project::new(&pipeline).with("lines.csv", lines)
}

const MAP: &str = "  - read: {id: groups, path: groups.csv}\n";
const KEYS: &str = "      account_map: {from: groups, child: child, parent: parent, since: since, until: until}\n";

fn years(run: &Published) -> Rows {
    run.table("tables/account_years.parquet").select(&["account", "fiscal_year", "revenue", "lines"])
}

mod account_map {
    use super::*;

    const LINES: &str = "\
customer,day,amount
North,2023-03-01,1.00
North,2024-04-30,2.00
North,2024-05-01,4.00
North,2024-12-31,8.00
South,2024-06-01,16.00
Group,2024-01-01,32.00
Loner,2024-01-01,64.00
";

    fn run(map: &str) -> Published {
        project(MAP, KEYS, LINES).with("groups.csv", map).run(&[])
    }

    fn refused(map: &str) -> String {
        project(MAP, KEYS, LINES).with("groups.csv", map).refused(&[])
    }

    #[test]
    fn a_subsidiary_counts_for_its_parent_from_the_day_it_was_bought_and_not_before() {
        // North was bought on 1 May 2024: 1 + 2 stay its own, 4 + 8 are the group's, beside its own 32.
        let run = run("child,parent,since,until\nNorth,Group,2024-05-01,\n");
        assert_snapshot!(years(&run), @"
        account | fiscal_year | revenue | lines
        Group | 2024 | 44.00 | 3
        Loner | 2024 | 64.00 | 1
        North | 2023 | 1.00 | 1
        North | 2024 | 2.00 | 1
        South | 2024 | 16.00 | 1
        ");
        assert_snapshot!(run.table("account_map.parquet"), @"
        child | parent | since | until | rows | amount
        North | Group | 2024-05-01 | null | 2 | 12.00
        ");
        assert_snapshot!(run.table("reconciliation.parquet").select(&["rows_accepted", "amount_accepted"]), @"
        rows_accepted | amount_accepted
        7 | 127.00
        ");
    }

    #[test]
    fn a_chain_is_followed_as_it_was_on_the_day_of_the_line() {
        // South belongs to North all the time, North to Group from May on, Group to Holding from June on. So the 16
        // of South in June reach Holding, as do the 8 of North in December; its 4 in May stop at Group.
        let map = "\
child,parent,since,until
South,North,,
North,Group,2024-05-01,
Group,Holding,2024-06-01,
Holding,,,
";
        let run = run(map);
        assert_snapshot!(years(&run), @"
        account | fiscal_year | revenue | lines
        Group | 2024 | 36.00 | 2
        Holding | 2024 | 24.00 | 2
        Loner | 2024 | 64.00 | 1
        North | 2023 | 1.00 | 1
        North | 2024 | 2.00 | 1
        ");
        assert_snapshot!(run.table("account_map.parquet"), @"
        child | parent | since | until | rows | amount
        Group | Holding | 2024-06-01 | null | 0 | 0.00
        Holding | null | null | null | 0 | 0.00
        North | Group | 2024-05-01 | null | 2 | 12.00
        South | North | null | null | 1 | 16.00
        ");
    }

    #[test]
    fn several_rows_of_an_account_are_its_history() {
        // North belongs to Group in 2023, to South from 2024 on, and is on its own again from December on.
        let map = "child,parent,since,until\nNorth,,2024-12-01,\nNorth,Group,,\nNorth,South,2024-01-01,\n";
        let run = run(map);
        assert_snapshot!(years(&run), @"
        account | fiscal_year | revenue | lines
        Group | 2023 | 1.00 | 1
        Group | 2024 | 32.00 | 1
        Loner | 2024 | 64.00 | 1
        North | 2024 | 8.00 | 1
        South | 2024 | 22.00 | 3
        ");
        assert_snapshot!(run.table("account_map.parquet"), @"
        child | parent | since | until | rows | amount
        North | Group | null | 2023-12-31 | 1 | 1.00
        North | South | 2024-01-01 | 2024-11-30 | 2 | 6.00
        North | null | 2024-12-01 | null | 0 | 0.00
        ");
    }

    #[test]
    fn the_last_day_counts_for_the_parent_and_the_day_after_does_not() {
        let map = "child,parent,since,until\nNorth,Group,2024-04-30,2024-04-30\n";
        assert_snapshot!(years(&run(map)), @"
        account | fiscal_year | revenue | lines
        Group | 2024 | 34.00 | 2
        Loner | 2024 | 64.00 | 1
        North | 2023 | 1.00 | 1
        North | 2024 | 12.00 | 2
        South | 2024 | 16.00 | 1
        ");
    }

    #[test]
    fn lines_after_the_as_of_day_are_not_moved() {
        let project = project(MAP, KEYS, LINES).with("groups.csv", "child,parent,since,until\nNorth,Group,,\n");
        let run = project.run(&["--as-of", "2023-12-31"]);
        assert_snapshot!(run.table("account_map.parquet"), @"
        child | parent | since | until | rows | amount
        North | Group | null | null | 1 | 1.00
        ");
        assert_snapshot!(years(&run), @"
        account | fiscal_year | revenue | lines
        Group | 2023 | 1.00 | 1
        ");
    }

    #[test]
    fn dates_as_the_table_writes_them_and_rows_that_stand_twice() {
        let above = "  - read: {id: groups, path: groups.csv, date_format: \"%d.%m.%Y\"}\n";
        let keys = "      account_map: {from: groups, child: who, parent: whose, since: from}\n";
        let map = "from,whose,who\n01.05.2024,Group,North\n01.05.2024,Group,North\n";
        let run = project(above, keys, LINES).with("groups.csv", map).run(&[]);
        assert_snapshot!(run.table("account_map.parquet"), @"
        child | parent | since | until | rows | amount
        North | Group | 2024-05-01 | null | 2 | 12.00
        ");
    }

    #[test]
    fn contradictions_are_told_all_at_once() {
        let map = "\
child,parent,since,until
A,B,,
B,C,2024-01-01,
C,A,2024-03-01,2024-06-30
D,E,2024-01-01,2024-12-31
D,F,2024-12-31,
G,H,,
G,I,,
J,,2024-02-30,
K,L,2024-02-01,2024-01-31
,M,,
N
E,,,
F,,,
H,,,
I,,,
";
        assert_snapshot!(refused(map), @"
        exit code 3
        error: the account map cannot be followed
          groups.csv:9: `2024-02-30` is no day of the declared format
          groups.csv:10: `K` ends on 2024-01-31, before it begins on 2024-02-01
          groups.csv:11: the child is empty
          groups.csv:12: 1 field where the header has 4
          groups.csv:6: `D` has two parents on 2024-12-31: `F` here and `E` in groups.csv:5
          groups.csv:8: `G` has two parents at first: `I` here and `H` in groups.csv:7
          groups.csv:2, groups.csv:3, groups.csv:4: `A` → `B` → `C` → `A` count for each other in a circle from 2024-03-01 on
        hint: give an account one parent at a time, and the topmost none
        ");
    }

    #[test]
    fn parents_that_nobody_knows() {
        // Group has a line of its own; Holding has none, and neither have the others.
        let map = "child,parent,since,until\nNorth,Group,,\nSouth,Holding,2023-01-01,2023-12-31\nSouth,Hodling,2024-01-01,\nLoner,Holding,,\n";
        assert_snapshot!(refused(map), @"
        exit code 3
        error: the account map names parents that are no accounts
          groups.csv:4: `Hodling`
          groups.csv:5, groups.csv:3: `Holding`
        hint: correct the parent, or give it a row of its own in the map, without a parent
        ");
        // The customer list knows Holding, the map itself the other.
        let above = format!(
            "{MAP}  - read: {{id: customers, path: customers.csv}}\n  - accounts: {{from: customers, account: id, \
             attributes: {{name: name}}}}\n"
        );
        let keys = KEYS.replace("until: until}", "until: until, accounts: accounts}");
        let project = project(&above, &keys, LINES)
            .with("customers.csv", "id,name\nHolding,The Holding\n")
            .with("groups.csv", format!("{map}Hodling,,,\n"));
        assert_snapshot!(years(&project.run(&[])), @"
        account | fiscal_year | revenue | lines
        Group | 2023 | 1.00 | 1
        Group | 2024 | 46.00 | 4
        Hodling | 2024 | 16.00 | 1
        Holding | 2024 | 64.00 | 1
        ");
    }

    #[test]
    fn what_check_finds() {
        let check = |keys: &str| {
            let project = project(MAP, keys, LINES).with("groups.csv", "child,parent\nA,B\n");
            let done = project.vitalfew(&["check", "small.yaml"]);
            format!("exit code {}\n{}", done.code, done.stderr)
        };
        assert_snapshot!(check("      account_map: {from: invoices, child: child, parent: mother, sinse: day}\n"), @"
        exit code 2
        error: `lines.csv` has no column `child`
         --> small.yaml:9:44
          |
        9 |       account_map: {from: invoices, child: child, parent: mother, sinse: day}
          |                                            ^^^^^
          |
          = hint: there are: `customer`, `day`, `amount`

        error: `lines.csv` has no column `mother`
         --> small.yaml:9:59
          |
        9 |       account_map: {from: invoices, child: child, parent: mother, sinse: day}
          |                                                           ^^^^^^
          |
          = hint: there are: `customer`, `day`, `amount`

        error: unknown key `sinse` in `account_map`
         --> small.yaml:9:67
          |
        9 |       account_map: {from: invoices, child: child, parent: mother, sinse: day}
          |                                                                   ^^^^^
          |
          = hint: did you mean `since`?

        3 mistakes in `small.yaml`
        ");
        assert_snapshot!(check("      account_map: {from: groups, child: child, parent: parent, since: since, accounts: groups}\n"), @"
        exit code 2
        error: `groups.csv` has no column `since`
         --> small.yaml:9:72
          |
        9 |       account_map: {from: groups, child: child, parent: parent, since: since, accounts: groups}
          |                                                                        ^^^^^
          |
          = hint: there are: `child`, `parent`

        error: stage `ledger` reads an `accounts` stage, but `groups` is a `read` stage
         --> small.yaml:9:89
          |
        9 |       account_map: {from: groups, child: child, parent: parent, since: since, accounts: groups}
          |                                                                                         ^^^^^^
          |
          = hint: declare a stage `accounts` above

        2 mistakes in `small.yaml`
        ");
        assert_snapshot!(check("      account_map: groups\n"), @"
        exit code 2
        error: `account_map` should be a map, found `groups`
         --> small.yaml:9:20
          |
        9 |       account_map: groups
          |                    ^^^^^^
          |
          = hint: write its keys as `key: value`, one per line

        1 mistake in `small.yaml`
        ");
    }

    /// A row of a map: child, parent, first and last day.
    type Row = (u8, Option<u8>, i32, i32);

    /// Histories without overlaps, whose parents have higher numbers than their children: no circles.
    fn map() -> impl Strategy<Value = Vec<Row>> {
        let pieces = proptest::collection::vec((proptest::option::weighted(0.8, 0u8..8), 1i32..40, 0i32..10), 0..3);
        proptest::collection::vec(pieces, 6).prop_map(|children| {
            let mut rows = Vec::new();
            for (child, pieces) in (0u8..).zip(children) {
                let mut day = 0;
                for (parent, days, gap) in pieces {
                    let parent = parent.map(|parent| child + 1 + parent % (7 - child));
                    rows.push((child, parent, day + gap, day + gap + days - 1));
                    day += gap + days;
                }
            }
            rows
        })
    }

    /// Day 0 is 2024-01-01, and days are few enough to stay in that year.
    fn iso(day: i32) -> String {
        let date = jiff::civil::date(2024, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        date.to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn every_line_goes_where_a_walk_from_parent_to_parent_goes(
            rows in map(),
            lines in proptest::collection::vec((0u8..8, 0i32..130, -500i64..500), 1..60),
        ) {
            let mut text = "child,parent,since,until\n".to_owned();
            for (child, parent, since, until) in &rows {
                let parent = parent.map(|parent| format!("a{parent}")).unwrap_or_default();
                text.push_str(&format!("a{child},{parent},{},{}\n", iso(*since), iso(*until)));
            }
            // All parents are known.
            (6..8).for_each(|top| text.push_str(&format!("a{top},,,\n")));
            let known: BTreeSet<u8> = rows.iter().map(|row| row.0).collect();
            (0..6).filter(|child| !known.contains(child)).for_each(|child| text.push_str(&format!("a{child},,,\n")));
            let mut book = "customer,day,amount\nend,2024-12-31,0\n".to_owned();
            let mut expected: BTreeMap<String, i64> = BTreeMap::from([("end".to_owned(), 0)]);
            let mut moved: BTreeMap<(u8, i32), (i64, i64)> = BTreeMap::new();
            for (account, day, amount) in &lines {
                book.push_str(&format!("a{account},{},{amount}\n", iso(*day)));
                let row = |account: u8| rows.iter().find(|row| row.0 == account && row.2 <= *day && *day <= row.3);
                let mut top = *account;
                while let Some(parent) = row(top).and_then(|row| row.1) {
                    top = parent;
                }
                *expected.entry(format!("a{top}")).or_default() += amount;
                if let Some((_, Some(_), since, _)) = row(*account) {
                    let sum = moved.entry((*account, *since)).or_default();
                    *sum = (sum.0 + 1, sum.1 + amount);
                }
            }
            let run = project(MAP, KEYS, &book).with("groups.csv", &text).run(&[]);
            let years = years(&run);
            let found: BTreeMap<String, i64> = years.texts("account").into_iter().zip(cents(&years, "revenue")).collect();
            let expected = expected.into_iter().map(|(account, amount)| (account, amount * 100)).collect();
            prop_assert_eq!(found, expected);
            let table = run.table("account_map.parquet");
            let keys = table.texts("child").into_iter().zip(table.texts("since"));
            let counts = table.numbers("rows").into_iter().zip(cents(&table, "amount"));
            for ((child, since), (count, amount)) in keys.zip(counts) {
                let found = moved.iter().find(|((account, day), _)| format!("a{account}") == child && iso(*day) == since);
                let (rows, sum) = found.map(|(_, sums)| *sums).unwrap_or_default();
                prop_assert_eq!((count, amount), (Some(rows as f64), sum * 100));
            }
        }
    }
}

fn cents(rows: &Rows, column: &str) -> Vec<i64> {
    rows.texts(column).iter().map(|text| text.replace('.', "").parse().unwrap()).collect()
}

mod attributes {
    use super::*;

    const LIST: &str = "\
id,name,segment,seen
A,Ana,,2024-05-01
B,Bea,South,
A,Ana,North,2023-01-01
A,Ana & Co.,North,2024-03-01
B,Bea,South,
C,Ana,East,2024-01-01
";

    fn run(latest: &str) -> Published {
        let pipeline = format!(
            "name: small\ncurrency: EUR\nstages:\n  - read: {{id: list, path: \"list*.csv\"}}\n  - accounts: {{from: list, \
             account: id{latest}, attributes: {{name: name, segment: segment}}}}\n  - parquet: {{from: accounts, to: tables}}\n"
        );
        Project::new(&pipeline)
            .with("list.csv", LIST)
            .with("list2.csv", "id,name,segment,seen\nB,Beatrice,South,\n")
            .run(&[])
    }

    #[test]
    fn the_last_row_holds_and_what_did_not_is_listed() {
        let run = run("");
        assert_snapshot!(run.table("tables/accounts.parquet"), @"
        account | name | segment
        A | Ana & Co. | North
        B | Beatrice | South
        C | Ana | East
        ");
        assert_snapshot!(run.table("tables/account_conflicts.parquet"), @"
        kind | account | attribute | value | used | rows
        several_values | A | name | Ana | false | 2
        several_values | A | name | Ana & Co. | true | 1
        several_values | A | segment | null | false | 1
        several_values | A | segment | North | true | 2
        several_values | B | name | Bea | false | 2
        several_values | B | name | Beatrice | true | 1
        ");
    }

    #[test]
    fn the_newest_row_holds_where_the_list_has_days() {
        let run = run(", latest: seen");
        assert_snapshot!(run.table("tables/accounts.parquet"), @"
        account | name | segment
        A | Ana | null
        B | Beatrice | South
        C | Ana | East
        ");
    }

    #[test]
    fn mistakes_in_the_list() {
        let pipeline = |latest: &str| {
            format!(
                "name: small\ncurrency: EUR\nstages:\n  - read: {{id: list, path: list.csv}}\n  - accounts: {{from: list, \
                 account: id, latest: {latest}, attributes: {{name: name}}}}\n"
            )
        };
        let list = "id,name,seen\nA,Ana,01.05.2024\n,Bea,2024-05-01\n";
        assert_snapshot!(Project::new(&pipeline("seen")).with("list.csv", list).refused(&[]), @"
        exit code 3
        error: the table of accounts has unusable rows, 2 in all
          list.csv:2: `01.05.2024` is no day of the declared format
          list.csv:3: the account is empty
        hint: each row needs the key of an account, and a day where `latest` is declared
        ");
        assert_snapshot!(Project::new(&pipeline("last_seen")).with("list.csv", list).refused(&[]), @"
        exit code 2
        error: `list.csv` has no column `last_seen`
         --> small.yaml:5:49
          |
        5 |   - accounts: {from: list, account: id, latest: last_seen, attributes: {name: name}}
          |                                                 ^^^^^^^^^
          |
          = hint: there are: `id`, `name`, `seen`

        1 mistake in `small.yaml`
        ");
    }
}

mod missing {
    use super::*;

    const LINES: &str = "\
customer,day,amount
A,2023-02-01,100.00
B,2023-02-01,50.00
C,2023-02-01,-5.00
,2023-06-01,70.00
A,2024-12-31,120.00
B,2024-02-01,40.00
  ,2024-06-01,30.00
,2024-12-31,300.00
";

    fn pipeline(keys: &str) -> Project {
        let pipeline = format!(
            "\
name: small
currency: EUR
as_of: 2024-12-31
stages:
  - read: {{id: invoices, path: lines.csv}}
  - ledger:
      from: invoices
      columns: {{account: customer, date: day, amount: amount, cost: amount * 0.5, category: \"SUBSTR(day, 6, 2)\", product: day, invoice: day}}
      quarantine_limit: 100%
{keys}  - account_years: {{from: ledger}}
  - growth: {{from: account_years, years: 1}}
  - pareto: {{from: account_years}}
  - profile: {{from: account_years}}
  - profitability: {{from: account_years, rates: {{line: 1.00}}}}
  - breadth: {{from: ledger}}
  - stability: {{from: ledger}}
  - scorecard:
      groups:
        all:
          weight: 1
          criteria:
            size: {{weight: 1, measure: pareto.revenue, scale: percentile}}
            lines: {{weight: 1, measure: profile.lines, scale: {{minmax: rising}}}}
  - parquet: {{from: [account_years, growth, pareto, profile, profitability, breadth, stability, scorecard], to: tables}}
  - markdown: {{template: key_accounts, to: report.md}}
"
        );
        Project::new(&pipeline).with("lines.csv", LINES)
    }

    const KEPT: &str = "      missing_account: {keep_as: Counter sales}\n";

    #[test]
    fn the_bucket_counts_in_the_book_and_in_no_measure() {
        let kept = pipeline(KEPT).run(&[]);
        assert_snapshot!(years(&kept), @"
        account | fiscal_year | revenue | lines
        A | 2023 | 100.00 | 1
        A | 2024 | 120.00 | 1
        B | 2023 | 50.00 | 1
        B | 2024 | 40.00 | 1
        C | 2023 | -5.00 | 1
        Counter sales | 2023 | 70.00 | 1
        Counter sales | 2024 | 330.00 | 2
        ");
        assert_snapshot!(kept.table("reconciliation.parquet").select(&["rows_read", "rows_accepted", "amount_read", "amount_accepted"]), @"
        rows_read | rows_accepted | amount_read | amount_accepted
        8 | 8 | 705.00 | 705.00
        ");
        // Every measure has the same rows as that of the book without those lines; but what was left out is told.
        let without = pipeline("      missing_account: quarantine\n").run(&[]);
        for table in
            ["growth", "pareto", "profile", "profitability", "breadth", "stability", "scorecard", "contributions"]
        {
            let path = format!("tables/{table}.parquet");
            assert_eq!(kept.table(&path), without.table(&path), "{table}");
        }
        let concentration = |run: &Published| run.table("tables/concentration.parquet");
        assert_snapshot!(concentration(&kept).select(&["segment", "accounts", "revenue", "negative_revenue", "unassigned_revenue", "top1_share"]), @"
        segment | accounts | revenue | negative_revenue | unassigned_revenue | top1_share
        all | 2 | 160.00 | 0.00 | 330.00 | 0.75
        ");
        assert_eq!(concentration(&without).texts("unassigned_revenue"), ["0.00"]);
        assert_eq!(concentration(&without).select(&["gini", "hhi"]), concentration(&kept).select(&["gini", "hhi"]));
    }

    #[test]
    fn the_report_counts_it_in_the_course_of_revenue_and_says_that_it_is_not_ranked() {
        let report = pipeline(KEPT).run(&[]).text("report.md");
        let lines: Vec<&str> =
            report.lines().filter(|line| line.starts_with("| 202") || line.contains("without an account")).collect();
        assert_snapshot!(lines.join("\n"), @"
        | 2023 | 215.00 | – | 2 |
        | 2024 | 490.00 | 127.9% | 2 |
        Lines without an account come to 330.00 EUR; they count in the net revenue of the book and are in no rank, share or list of accounts.
        ");
        assert!(!report.contains("Counter sales"), "{report}");
    }

    #[test]
    fn account_years_restored_from_a_run_have_no_bucket_either() {
        let project = pipeline(KEPT);
        project.run(&[]);
        let set = "stages.scorecard.groups.all.criteria.lines.weight=3";
        let done = project.vitalfew(&["whatif", "small.yaml", "--set", set]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(done.stdout.contains("3 accounts") && !done.stdout.contains("Counter"), "{}", done.stdout);
    }

    #[test]
    fn an_account_of_that_very_name_is_refused() {
        let lines = format!("{LINES}Counter sales,2024-01-01,1.00\n");
        assert_snapshot!(pipeline(KEPT).with("lines.csv", lines).refused(&[]), @"
        exit code 3
        error: lines.csv:10: the account `Counter sales` has the name that lines without an account are kept as
        hint: give `keep_as` a name that no account has
        ");
    }

    #[test]
    fn so_is_one_in_the_map() {
        let keys = format!("{KEYS}{KEPT}");
        let map = "child,parent,since,until\nA,Counter sales,,\nCounter sales,B,,\n";
        let lines = "customer,day,amount\nA,2024-12-31,1\n";
        assert_snapshot!(project(MAP, &keys, lines).with("groups.csv", map).refused(&[]), @"
        exit code 3
        error: the account map cannot be followed
          groups.csv:2: `Counter sales` is the name that lines without an account are kept as
          groups.csv:3: `Counter sales` is the name that lines without an account are kept as
        hint: give an account one parent at a time, and the topmost none
        ");
    }

    #[test]
    fn what_check_finds() {
        for (keys, expected) in [
            ("      missing_account: keep\n", "`missing_account` should be `quarantine` or a map, found `keep`"),
            ("      missing_account: {keep: Counter}\n", "`missing_account` needs the key `keep_as`"),
            (
                "      missing_account: {keep_as: \" Counter\"}\n",
                "the name ` Counter` should not begin or end with a blank",
            ),
        ] {
            let done = pipeline(keys).vitalfew(&["check", "small.yaml"]);
            assert_eq!(done.code, 2);
            assert!(done.stderr.contains(expected), "{}", done.stderr);
        }
    }
}

//! The list from review to review as its users meet it: the book of twelve accounts, and every mistake.

use crate::support::{Project, Published};
use insta::assert_snapshot;
use std::fmt::Write;

/// The pages of a book that is worked by hand.
const BOOK: &str = include_str!("fixtures/selection_book.txt");

/// Four judgements, of which 30, 40, 50 and 100% of the weight can be known.
const CRITERIA: [(&str, u32); 4] = [("k1", 30), ("k2", 10), ("k3", 10), ("k4", 50)];

/// The keys of the stage in the book.
const SELECT: &str = "enter: {score: 7}, leave: {score: 6.5}, class: [A, B], coverage: 0.6, \
    require: [{measure: margins.margin, at_least: 0}], \
    at_most: 6, by: segment, accounts: accounts, at_most_each: 3, entries: 2";

fn pipeline(select: &str) -> String {
    let criteria = CRITERIA.map(|(name, weight)| format!("{name}: {{weight: {weight}, judged: true}}")).join(", ");
    format!(
        "\
name: small
currency: EUR
stages:
  - read: {{id: invoices, path: lines.csv}}
  - ledger: {{from: invoices, columns: {{account: customer, date: day, amount: amount}}}}
  - account_years: {{from: ledger}}
  - read: {{id: customers, path: accounts.csv}}
  - accounts: {{from: customers, account: customer, attributes: {{segment: segment}}}}
  - pareto: {{from: account_years}}
  - read: {{id: margins, path: margins.csv, key: account, columns: {{account: text, margin: number}}}}
  - read: {{id: sheet, path: sheet.csv}}
  - read: {{id: overruled, path: overruled.csv}}
  - scorecard:
      judged: sheet
      overrides: overruled
      groups: {{all: {{weight: 1, criteria: {{{criteria}}}}}}}
  - read: {{id: team, path: team.csv}}
  - read: {{id: assigned, path: assigned.csv}}
  - history: {{path: out/small/runs}}
  - select: {{from: scorecard, history: history, {select}}}
  - parquet: {{from: select, to: tables}}
  - markdown: {{template: key_accounts, to: report.md}}
"
    )
}

/// Writes the files that make a page of the book.
fn turn(project: &Project, page: &str, select: &str) {
    let [mut lines, mut accounts, mut margins, mut sheet, mut overruled] = [
        "customer,day,amount\n",
        "customer,segment\n",
        "account,margin\n",
        "account,criterion,score\n",
        "account,what,value,who,why,until\n",
    ]
    .map(str::to_owned);
    for line in page.lines().filter_map(|line| line.split_once('|')).map(|(account, _)| account.trim()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [account, group, score, ref odd @ ..] = words[..] else { continue };
        let value = |key: &str| odd.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        // With the revenue of the others, one euro is in class C.
        let amount = if value("class") == Some("C") { 1 } else { 100 };
        writeln!(lines, "{account},2023-06-01,{amount}\n{account},2024-12-01,{amount}").unwrap();
        writeln!(accounts, "{account},{group}").unwrap();
        match value("margin") {
            Some("?") => {}
            margin => writeln!(margins, "{account},{}", margin.unwrap_or("10")).unwrap(),
        }
        let known: f64 = value("known").unwrap_or("1").parse().unwrap();
        let mut weight = 0;
        for (criterion, more) in CRITERIA {
            weight += more;
            if f64::from(weight) <= known * 100.0 + 1e-6 {
                writeln!(sheet, "{account},{criterion},{score}").unwrap();
            }
        }
        for decision in odd.iter().filter(|word| ["always", "never"].contains(word)) {
            writeln!(overruled, "{account},decision,{decision},Ana,so agreed,2025-12-31").unwrap();
        }
    }
    project.write("small.yaml", pipeline(select));
    project.write("lines.csv", lines);
    project.write("accounts.csv", accounts);
    project.write("margins.csv", margins);
    project.write("sheet.csv", sheet);
    project.write("overruled.csv", overruled);
    project.write("team.csv", "manager,capacity\nEva,3\nLuis,2\n");
    project.write("assigned.csv", "account,manager\nA,Eva\nH,Luis\n");
}

/// The days of the pages, the keys of their stage, and their lines.
fn pages() -> Vec<(&'static str, String, &'static str)> {
    let page = |page: &'static str| {
        let (head, text) = page.split_once('\n').unwrap();
        match head.split_once(" capacity=5") {
            // The sum of what the team has.
            Some((day, _)) => (day, format!("{SELECT}, capacity: team, assigned: assigned"), text),
            None => (head, SELECT.to_owned(), text),
        }
    };
    BOOK.split("\n== ").skip(1).map(page).collect()
}

fn told(run: &Published) -> Vec<String> {
    let table = run.table("tables/selection.parquet");
    let column = |name: &str| table.texts(name);
    let (accounts, status, codes) = (column("account"), column("status"), column("reason_codes"));
    let positions = column("waiting_position");
    let row = |row: usize| {
        let position = if positions[row].is_empty() { String::new() } else { format!(" {}", positions[row]) };
        format!("{} {}{position}: {}", accounts[row], status[row], codes[row])
    };
    (0..accounts.len()).map(row).collect()
}

#[test]
fn the_book_of_twelve_accounts_comes_out_of_files_as_it_was_worked_by_hand() {
    let project = Project::new("");
    let mut last = None;
    for (day, select, text) in pages() {
        turn(&project, text, &select);
        let run = project.run(&["--as-of", day]);
        let lines = text.lines().filter_map(|line| line.split_once('|'));
        let expected: Vec<String> = lines.map(|(account, is)| format!("{} {}", &account[..1], is.trim())).collect();
        assert_eq!(told(&run), expected, "{day}");
        // A run knows those of earlier days alone: again it is the same, whatever has been published.
        if day == "2024-11-15" {
            let table = run.table("tables/selection.parquet");
            let columns = [
                "account",
                "key",
                "score",
                "class",
                "rank",
                "would_be_without_hysteresis",
                "manager",
                "since",
                "review",
            ];
            assert_snapshot!(table.select(&columns), @"
            account | key | score | class | rank | would_be_without_hysteresis | manager | since | review
            A | true | 6.0 | A | 9 | false | Eva | 2024-03-31 | 2024-09-30
            B | false | 7.7 | A | 3 | true | null | null | 2024-09-30
            C | false | 7.6 | A | 4 | true | null | null | 2024-09-30
            D | true | 7.5 | A | 5 | false | null | 2024-06-30 | 2024-09-30
            E | true | null | null | null | false | null | 2024-03-31 | 2024-09-30
            F | false | 7.05 | A | 7 | false | null | null | 2024-09-30
            G | false | 6.9 | A | 8 | false | null | null | 2024-09-30
            H | true | 8.8 | A | 1 | true | Luis | 2024-06-30 | 2024-09-30
            I | true | 8.0 | A | null | true | null | 2024-09-30 | 2024-09-30
            J | false | 7.9 | A | 2 | true | null | null | 2024-09-30
            K | false | 8.0 | A | null | false | null | null | 2024-09-30
            L | false | 7.1 | A | 6 | false | null | null | 2024-09-30
            ");
            assert!(table.texts("decided").iter().all(|decided| decided == "false"));
            assert_snapshot!(section(&run), @"
            An account enters with a score of 7.00 or more and leaves below 6.50.
            Only accounts of these classes can be on it: A, B.
            The list is that of the review of 30 September 2024. This run only watches: until the next one, on 31 December 2024, nobody enters or leaves but by decision.
            No. counts all accounts that fulfil what is asked for besides the score, also those that are not on the list.

            | No. | Account | Status | Score | Class | Since | Manager | Why |
            |---:|:---|:---|---:|:---|---:|:---|:---|
            | 1 | H | on it | 8.80 | A | 30/06/2024 | Luis | score 8.80, at least 7.00 |
            | 5 | D | on it | 7.50 | A | 30/06/2024 | – | score 7.50, at least 7.00; was on the list before better accounts that wait |
            | 9 | A | watch | 6.00 | A | 31/03/2024 | Eva | would leave if it were decided today; score 6.00 below 6.50, the least to stay |
            | – | E | watch | – | – | 31/03/2024 | – | would leave if it were decided today; no longer in the data |
            | – | I | on it | 8.00 | A | 30/09/2024 | – | protected by Ana until 31 December 2025: so agreed; margins.margin -5.00 below 0.00; score 8.00, at least 7.00 |

            1 account has its place only because it was on the list before: D.

            Wait for a place, in this order:

            | No. | Account | Score | Why |
            |---:|:---|---:|:---|
            | 1 | J | 7.90 | would enter if it were decided today; score 7.90, at least 7.00 |
            | 2 | C | 7.60 | score 7.60, at least 7.00; the managers have room for 5 accounts only; no more than 2 accounts may enter at one review |
            | 3 | L | 7.10 | score 7.10, at least 7.00; all 3 places for south are taken; the managers have room for 5 accounts only; no more than 2 accounts may enter at one review |

            To be watched: the next review would decide otherwise as things are, or something must become known by then.

            | Account | On the list | Score | Why |
            |:---|:---|---:|:---|
            | B | no | 7.70 | would enter if it were decided today; score 7.70, at least 7.00 |
            | F | no | 7.05 | would wait for a place if it were decided today; score 7.05, at least 7.00; all 3 places for south are taken; the managers have room for 5 accounts only; no more than 2 accounts may enter at one review |
            | A | yes | 6.00 | would leave if it were decided today; score 6.00 below 6.50, the least to stay |
            | E | yes | – | would leave if it were decided today; no longer in the data |

            What people decided about the list:

            | Account | Decided | Who | Why | Until | Status |
            |:---|:---|:---|:---|---:|:---|
            | I | always on it | Ana | so agreed | 31/12/2025 | acts |
            | K | never on it | Ana | so agreed | 31/12/2025 | acts |
            ");
        }
        last = Some((run.record()["run"].clone(), run.files()));
    }
    let (run, files) = last.unwrap();
    let again = project.run(&["--as-of", "2025-03-31", "--out", "again"]);
    assert_eq!(again.record()["run"], run);
    assert!(again.files() == files);
}

/// The list in the report.
fn section(run: &Published) -> String {
    let report = run.text("report.md");
    let (_, list) = report.split_once("## The list of key accounts\n").unwrap();
    list.split("\n## ").next().unwrap().trim().replace('\u{a0}', "~")
}

#[test]
fn the_reasons_are_in_the_language_of_the_pipeline() {
    let project = Project::new("");
    let (day, select, text) = pages().swap_remove(1);
    turn(&project, text, &select);
    let run = project.run(&["--as-of", day, "--set", "language=es"]);
    assert_snapshot!(run.table("tables/selection.parquet").texts("reasons").join("\n").replace('\u{a0}', "~"), @"
    puntuación 9,00, al menos 7,00
    puntuación 6,70, por debajo de 7,00
    puntuación 6,40, por debajo de 7,00
    puntuación 7,50, al menos 7,00
    puntuación 7,20, al menos 7,00
    sin puntuar: se conoce el 40~% del peso
    puntuación 7,30, al menos 7,00
    puntuación 8,80, al menos 7,00
    margins.margin: -5,00, por debajo de 0,00
    solo se conoce el 50~% del peso, no el 60~%
    vetada por Ana hasta el 31 de diciembre de 2025: so agreed; sin puntuar: se conoce el 30~% del peso
    margins.margin: no se conoce
    ");
}

fn mistakes(select: &str, change: impl Fn(String) -> String) -> String {
    let project = Project::new("");
    let (_, _, text) = pages().swap_remove(0);
    turn(&project, text, select);
    project.write("small.yaml", change(pipeline(select)));
    let done = project.vitalfew(&["check", "small.yaml"]);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{}", done.stderr);
    done.stderr
}

#[test]
fn mistakes_in_the_keys() {
    let keys = "\n      enter: {score: 7, top: 3}\n      leave: 6\n      class: D\n      coverage: 60\n      \
        require: [{measure: margins.margin}, {measure: margin, at_least: 1}, 5]\n      at_most: 0\n      by: segment\n      \
        capacity: 0\n      entries: some\n      review: weekly\n";
    let block = |text: String| {
        text.replace("  - select: {from: scorecard, history: history, \n", "  - select:\n      from: scorecard\n")
            .replace("      review: weekly\n}", "      review: weekly")
    };
    assert_snapshot!(mistakes(keys, block), @"
    error: `enter` should say either `top` or `score`, found both
      --> small.yaml:22:14
       |
    22 |       enter: {score: 7, top: 3}
       |              ^
       |
       = hint: such as `enter: {top: 20}` or `enter: {score: 6.5}`

    error: `leave` should be a map, found `6`
      --> small.yaml:23:14
       |
    23 |       leave: 6
       |              ^
       |
       = hint: write its keys as `key: value`, one per line

    error: there is no class `D`
      --> small.yaml:24:14
       |
    24 |       class: D
       |              ^
       |
       = hint: there are: `A`, `B`, `C`

    error: `coverage` should be from 0 to 1, found 60
      --> small.yaml:25:17
       |
    25 |       coverage: 60
       |                 ^^

    error: a requirement needs the key `at_least`
      --> small.yaml:26:17
       |
    26 |       require: [{measure: margins.margin}, {measure: margin, at_least: 1}, 5]
       |                 ^

    error: a measure should be `table.column`, found `margin`
      --> small.yaml:26:54
       |
    26 |       require: [{measure: margins.margin}, {measure: margin, at_least: 1}, 5]
       |                                                      ^^^^^^
       |
       = hint: such as `growth.cagr`

    error: a requirement should be a map, found `5`
      --> small.yaml:26:76
       |
    26 |       require: [{measure: margins.margin}, {measure: margin, at_least: 1}, 5]
       |                                                                            ^
       |
       = hint: write its keys as `key: value`, one per line

    error: `at_most` should be a whole number from 1 to 1000000, found `0`
      --> small.yaml:27:16
       |
    27 |       at_most: 0
       |                ^

    error: places of groups also need `accounts` and `at_most_each`
      --> small.yaml:28:11
       |
    28 |       by: segment
       |           ^^^^^^^
       |
       = hint: such as `by: segment, accounts: accounts, at_most_each: 12`

    error: `capacity` should be a whole number from 1 to 1000000, found `0`
      --> small.yaml:29:17
       |
    29 |       capacity: 0
       |                 ^

    error: `entries` should be a whole number from 1 to 1000000, found `some`
      --> small.yaml:30:16
       |
    30 |       entries: some
       |                ^^^^

    error: `review` should be one of `every_run`, `monthly`, `quarterly`, `half_yearly`, `yearly`, found `weekly`
      --> small.yaml:31:15
       |
    31 |       review: weekly
       |               ^^^^^^

    12 mistakes in `small.yaml`
    ");
}

#[test]
fn lines_that_do_not_fit_together() {
    let same = |text: String| text;
    assert_snapshot!(mistakes("enter: {score: 7}, leave: {score: 7.5}", same), @"
    error: `leave` is 7.5, above `enter`, which is 7
      --> small.yaml:20:75
       |
    20 |   - select: {from: scorecard, history: history, enter: {score: 7}, leave: {score: 7.5}}
       |                                                                           ^
       |
       = hint: an account leaves at a lower score than it enters

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("enter: {top: 40}, leave: {top: 30}", same), @"
    error: `leave` is the first 30, fewer than the 40 of `enter`
      --> small.yaml:20:74
       |
    20 |   - select: {from: scorecard, history: history, enter: {top: 40}, leave: {top: 30}}
       |                                                                          ^
       |
       = hint: an account leaves at a worse place than it enters

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("enter: {score: 7}, leave: {top: 30}", same), @"
    error: `enter` is a `score`, but `leave` a `top`
      --> small.yaml:20:75
       |
    20 |   - select: {from: scorecard, history: history, enter: {score: 7}, leave: {top: 30}}
       |                                                                           ^
       |
       = hint: such as `leave: {score: 6.5}`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("enter: {top: 7}, leave: {score: 5}", same), @"
    error: `enter` is a `top`, but `leave` a `score`
      --> small.yaml:20:73
       |
    20 |   - select: {from: scorecard, history: history, enter: {top: 7}, leave: {score: 5}}
       |                                                                         ^
       |
       = hint: such as `leave: {top: 50}`

    1 mistake in `small.yaml`
    ");
    assert_snapshot!(mistakes("leave: {score: 5}", same), @"
    error: stage `select` needs the key `enter`
      --> small.yaml:20:5
       |
    20 |   - select: {from: scorecard, history: history, leave: {score: 5}}
       |     ^^^^^^

    1 mistake in `small.yaml`
    ");
}

#[test]
fn mistakes_in_the_wiring() {
    let keys = "enter: {score: 7}, require: [{measure: margins.marge, at_least: 0}], by: sector, accounts: accounts, \
        at_most_each: {north: 0, north: 2}";
    assert_snapshot!(mistakes(keys, |text| text), @"
    error: table `margins` has no column `marge`
      --> small.yaml:20:88
       |
    20 |   - select: {from: scorecard, history: history, enter: {score: 7}, require: [{measure: margins.marge, at_least: 0}], by: sector, acc...
       |                                                                                        ^^^^^^^^^^^^^
       |
       = hint: did you mean `margin`?

    error: `accounts` has no column `sector`
      --> small.yaml:20:122
       |
    20 |   - select: {from: scorecard, history: history, enter: {score: 7}, require: [{measure: margins.marge, at_least: 0}], by: sector, acc...
       |                                                                                                                          ^^^^^^
       |
       = hint: there are: `account`, `segment`

    error: `north` should be a whole number from 1 to 1000000, found `0`
      --> small.yaml:20:172
       |
    20 | ...ast: 0}], by: sector, accounts: accounts, at_most_each: {north: 0, north: 2}}
       |                                                                    ^

    error: key `north` appears twice in `at_most_each`
      --> small.yaml:20:175
       |
    20 | ...0}], by: sector, accounts: accounts, at_most_each: {north: 0, north: 2}}
       |                                                                  ^^^^^
       |
       = hint: keep one of the two

    4 mistakes in `small.yaml`
    ");
    let keys = "enter: {score: 7}, class: A, by: sector, accounts: accounts, at_most_each: 3, capacity: assigned, \
        assigned: team";
    assert_snapshot!(
        mistakes(keys, |text| {
            text.replace("  - pareto: {from: account_years}\n", "").replace("history: history,", "history: sheet,")
        }),
        @"
    error: stage `select` reads a `history` stage, but `sheet` is a `read` stage
      --> small.yaml:19:40
       |
    19 |   - select: {from: scorecard, history: sheet, enter: {score: 7}, class: A, by: sector, accounts: accounts, at_most_each: 3, capacity...
       |                                        ^^^^^
       |
       = hint: stages of that kind above: `history`

    error: stage `select` chooses by class, but no stage above gives classes
      --> small.yaml:19:73
       |
    19 |   - select: {from: scorecard, history: sheet, enter: {score: 7}, class: A, by: sector, accounts: accounts, at_most_each: 3, capacity...
       |                                                                         ^
       |
       = hint: declare a stage `pareto` above

    error: `accounts` has no column `sector`
      --> small.yaml:19:80
       |
    19 |   - select: {from: scorecard, history: sheet, enter: {score: 7}, class: A, by: sector, accounts: accounts, at_most_each: 3, capacity...
       |                                                                                ^^^^^^
       |
       = hint: there are: `account`, `segment`

    error: the table of managers `assigned.csv` has no column `capacity`
      --> small.yaml:19:135
       |
    19 | ... by: sector, accounts: accounts, at_most_each: 3, capacity: assigned, assigned: team}
       |                                                                ^^^^^^^^
       |
       = hint: there are: `account`, `manager`

    error: the table of assignments `team.csv` has no column `account`
      --> small.yaml:19:155
       |
    19 | ...nts: accounts, at_most_each: 3, capacity: assigned, assigned: team}
       |                                                                  ^^^^
       |
       = hint: there are: `manager`, `capacity`

    5 mistakes in `small.yaml`
    "
    );
}

#[test]
fn mistakes_in_the_data() {
    let project = Project::new("");
    let (day, _, text) = pages().swap_remove(0);
    let select = "enter: {score: 7}, by: segment, accounts: accounts, at_most_each: {north: 3, nroth: 2}";
    turn(&project, text, select);
    assert_snapshot!(project.refused(&["--as-of", day]), @"
    exit code 3
    error: `at_most_each` limits `nroth`, but no account has that as its `segment`
    hint: did you mean `north`?
    ");
    turn(&project, text, "enter: {score: 7}, capacity: team");
    project.write("team.csv", "manager,capacity\nEva,eight\nLuis,2.5\nZoe,-1\nAna,\nUwe,7.0\n");
    assert_snapshot!(project.refused(&["--as-of", day]), @"
    exit code 3
    error: the table of managers has unusable rows, 4 in all
      team.csv:2: `eight` is no number of accounts
      team.csv:3: `2.5` is no number of accounts
      team.csv:4: `-1` is no number of accounts
      team.csv:5: `` is no number of accounts
    hint: a capacity is a whole number of accounts, such as `8`, or `0`
    ");
    turn(&project, text, "enter: {score: 7}, assigned: assigned");
    project.write("assigned.csv", "account,manager\nA,Eva\n,Luis\nA,Eva\nB,\nA,Luis\n");
    assert_snapshot!(project.refused(&["--as-of", day]), @"
    exit code 3
    error: the table of assignments has unusable rows, 2 in all
      assigned.csv:3: the account is empty
      assigned.csv:6: `A` has `Eva` already, and now `Luis`
    hint: each row needs an account, and each account has one manager
    ");
}

/// Somebody else's table of the same name is no list.
#[test]
fn an_earlier_run_without_a_list() {
    let project = Project::new("");
    let (_, _, text) = pages().swap_remove(0);
    turn(&project, text, "enter: {score: 7}");
    let (above, _) = pipeline("").split_once("  - history:").map(|(above, _)| (above.to_owned(), ())).unwrap();
    let sql =
        "  - sql: {id: selection, query: SELECT account FROM pareto}\n  - parquet: {from: selection, to: tables}\n";
    project.write("small.yaml", above.clone() + sql);
    project.run(&["--as-of", "2024-03-31"]);
    turn(&project, text, "enter: {score: 7}");
    let refused = project.refused(&["--as-of", "2024-06-30"]);
    let run = refused.split('`').find(|word| word.starts_with("2024-03-31-")).unwrap().to_owned();
    assert_snapshot!(refused.replace(&run, "RUN"), @"
    exit code 1
    error: the table `selection` of the earlier run `RUN` has no column `key`
    hint: it is no table of a `select` stage; take the run out of the history
    ");
    // A run that published none is passed over, and the one before it counts.
    let project = Project::new("");
    turn(&project, text, "enter: {score: 8.5}");
    project.run(&["--as-of", "2024-03-31"]);
    project.write("small.yaml", above + "  - parquet: {from: pareto, to: tables}\n");
    project.run(&["--as-of", "2024-05-31"]);
    turn(&project, text, "enter: {score: 7}");
    let run = project.run(&["--as-of", "2024-06-30"]);
    assert_eq!(told(&run)[1..3], ["B key: meets_enter", "C entered: meets_enter"]);
}

/// The run between reviews, with all those before it.
fn between_reviews() -> Project {
    let project = Project::new("");
    for (day, select, text) in pages().into_iter().take(4) {
        turn(&project, text, &select);
        let pipeline = std::fs::read_to_string(project.path("small.yaml")).unwrap();
        project.write(
            "small.yaml",
            pipeline
                .replace("from: select, to", "from: [account_years, accounts, pareto, margins, scorecard, select], to"),
        );
        project.run(&["--as-of", day]);
    }
    project
}

#[test]
fn explain_says_what_was_decided_and_why() {
    let project = between_reviews();
    let explained = |account: &str| {
        let done = project.vitalfew(&["explain", account, "--run", "small"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        let list = done.stdout.split("The list of key accounts\n").nth(1).unwrap().to_owned();
        let reach = done.stdout.lines().find(|line| line.contains("the list (")).unwrap_or_default().to_owned();
        format!("{list}{reach}").replace('\u{a0}', "~")
    };
    assert_snapshot!(explained("H"), @"
    On the list since 2024-06-30; looked after by Luis.
    - score 8.80, at least 7.00
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    No. 1 of the list (a score of 6.5 and above of class A or B), and off it with
    ");
    assert_snapshot!(explained("D"), @"
    On the list since 2024-06-30.
    - score 7.50, at least 7.00
    - was on the list before better accounts that wait
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    No. 5 of the list (a score of 6.5 and above of class A or B), and off it with
    ");
    assert_snapshot!(explained("A"), @"
    On the list since 2024-03-31, and watched; looked after by Eva.
    - would leave if it were decided today
    - score 6.00 below 6.50, the least to stay
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    ");
    assert_snapshot!(explained("B"), @"
    Not on the list, and watched.
    - would enter if it were decided today
    - score 7.70, at least 7.00
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    ");
    assert_snapshot!(explained("C"), @"
    Waits for a place, no. 2 in line.
    - score 7.60, at least 7.00
    - the managers have room for 5 accounts only
    - no more than 2 accounts may enter at one review
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    ");
    assert_snapshot!(explained("E"), @"
    On the list since 2024-03-31, and watched.
    - would leave if it were decided today
    - no longer in the data
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    ");
    assert_snapshot!(explained("G"), @"
    Not on the list.
    - score 6.90 below 7.00
    Decided for the review of 2024-09-30, by an earlier run; this one only
    watches.
    Not on the list (a score of 7 and above of class A or B) but no. 8: 0.10
    ");
    assert_snapshot!(explained("K"), @"
      Not on the list.
      - barred by Ana until 31 December 2025: so agreed
      - not rated: 30% of the weight known
      Decided for the review of 2024-09-30, by an earlier run; this one only
      watches.

    What people decided
      The list: never on it, says Ana, until 2025-12-31: so agreed.
    ");
    let done = project.vitalfew(&["explain", "C", "--run", "small", "--json"]);
    let explained: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_snapshot!(format!("{:#}", explained["selection"]), @r#"
    {
      "status": "waiting",
      "key": false,
      "rank": 4,
      "waiting_position": 2,
      "reasons": [
        "score 7.60, at least 7.00",
        "the managers have room for 5 accounts only",
        "no more than 2 accounts may enter at one review"
      ],
      "reason_codes": [
        "meets_enter",
        "full_capacity",
        "full_entries"
      ],
      "would_be_without_hysteresis": true,
      "manager": null,
      "since": null,
      "review": "2024-09-30",
      "decided": false
    }
    "#);
}

#[test]
fn whatif_asks_the_stage_that_decides() {
    let project = between_reviews();
    let answer = |arguments: &[&str]| {
        let done = project.vitalfew(&[&["whatif", "small.yaml", "--as-of", "2024-11-15"], arguments].concat());
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout.split_once('\n').unwrap().1.to_owned()
    };
    // As things are there would be I, H, D, J and B; with two more entries there is room for no more all the same.
    assert_snapshot!(answer(&["--set", "stages.select.entries=4"]), @"
    the list, as `selection` has it: 5 accounts, now 5
    0 of 12 accounts have another score or rank

    0 enter

    0 leave

    0 stay and move
    ");
    // With room for eight C comes as well, as the third of the north; the south has its three.
    assert_snapshot!(answer(&["--set", "stages.select.entries=4", "--set", "stages.select.capacity=8"]), @"
    the list, as `selection` has it: 5 accounts, now 6
    1 of 12 accounts have another score or rank

    1 enter
      C                                      7.60 → 7.60     rank    4 → 4
          would enter if it were decided today
          score 7.60, at least 7.00

    0 leave

    0 stay and move
    ");
    // With other weights only the coverage changes, for all judgements of an account are the same.
    assert_snapshot!(answer(&["--set", "stages.scorecard.groups.all.criteria.k1.weight=40"]), @"
    the list, as `selection` has it: 5 accounts, now 5
    2 of 12 accounts have another score or rank

    0 enter

    0 leave

    0 stay and move
    ");
    // Asked for another list, it is that one.
    assert_snapshot!(answer(&["--top", "3"]), @"
    the list, the 3 best by score: 3 accounts, now 3
    0 of 11 accounts have another score or rank

    0 enter

    0 leave

    0 stay and move
    ");
}
